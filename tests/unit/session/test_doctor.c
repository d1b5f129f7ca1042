/* SPDX-License-Identifier: MIT */
/* Findings: collectors first, then every metric of the table in its order, each with a state and, where there is no value,
 * a reason. */
#include "lib/test.h"

#include <stdbool.h>

#include <actop/actop.h>

static actop_session *open_none(void)
{
    actop_options o = ACTOP_OPTIONS_INIT;
    actop_session *s = NULL;
    o.source = "none";
    assert_int_equal(actop_open(&o, &s, NULL), ACTOP_OK);
    return s;
}

static void findings_are_the_collectors_and_then_every_metric(void **state)
{
    actop_session *s = open_none();
    actop_finding f;
    (void)state;
    assert_non_null(actop_sample(s, NULL));
    assert_int_equal(actop_doctor_count(s), 1 + ACTOP_METRIC_COUNT);
    assert_int_equal(actop_doctor_at(s, 0, &f), ACTOP_OK);
    assert_string_equal(f.name, "none");
    assert_int_equal(f.is_metric, 0);
    assert_int_equal(f.state, ACTOP_STATE_UNSUPPORTED);
    assert_true(f.detail[0] != '\0' && f.remedy[0] != '\0');
    for (size_t i = 0; i < ACTOP_METRIC_COUNT; i++) {
        assert_int_equal(actop_doctor_at(s, i + 1, &f), ACTOP_OK);
        assert_int_equal(f.is_metric, 1);
        assert_string_equal(f.name, actop_metric_get((actop_metric)i)->key);
        bool has = f.state == ACTOP_STATE_OK || f.state == ACTOP_STATE_STALE;
        CHECK_ROW((f.detail[0] == '\0') == has, f.name);
    }
    assert_int_equal(actop_doctor_at(s, 1 + ACTOP_METRIC_COUNT, &f), ACTOP_E_NOT_FOUND);
    actop_close(s);
}

static void before_the_first_sample_no_metric_has_a_value(void **state)
{
    actop_session *s = open_none();
    actop_finding f;
    (void)state;
    for (size_t i = 1; actop_doctor_at(s, i, &f) == ACTOP_OK; i++)
        assert_int_equal(f.state, ACTOP_STATE_NONE);
    actop_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(findings_are_the_collectors_and_then_every_metric),
        cmocka_unit_test(before_the_first_sample_no_metric_has_a_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
