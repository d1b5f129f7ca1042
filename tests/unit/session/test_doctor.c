/* SPDX-License-Identifier: MIT */
/* Findings: collectors first, then every metric of the table in its order, each with a state and, where there is no value,
 * a reason. */
#include "lib/test.h"

#include <stdbool.h>
#include <string.h>

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

static actop_session *open_watched(const char *source)
{
    actop_options o = ACTOP_OPTIONS_INIT;
    actop_session *s = NULL;
    o.source = source;
    o.speed = 0;
    o.interval_ns = 100000000;
    assert_int_equal(actop_open(&o, &s, NULL), ACTOP_OK);
    assert_int_equal(actop_publication_count(s), 0);
    assert_int_equal(actop_doctor_watched_ns(s), 0);
    assert_int_equal(actop_doctor_watch(s, NULL), ACTOP_OK);
    return s;
}

static void publications_are_counted_by_the_machines_own_clock(void **state)
{
    actop_session *s = open_watched("sim:m4-max");
    actop_finding f;
    size_t found = 0;
    (void)state;
    assert_int_equal(actop_publication_at(s, 0, &f), ACTOP_E_NOT_FOUND);
    for (int n = 0; n < 51; n++)
        assert_non_null(actop_sample(s, NULL));
    assert_true(actop_doctor_watched_ns(s) == INT64_C(5000000000));
    for (size_t i = 0; actop_publication_at(s, i, &f) == ACTOP_OK; i++) {
        CHECK_ROW(f.state == ACTOP_STATE_OK && f.detail[0] != '\0' && !f.is_metric, f.name);
        if (strcmp(f.name, "Energy Model, mJ") == 0) {
            assert_string_equal(f.detail, "every 2.03 s (2 in 5.0 s)");
            found++;
        }
    }
    assert_int_equal(found, 1);
    assert_int_equal(actop_publication_at(s, actop_publication_count(s), &f), ACTOP_E_NOT_FOUND);
    actop_close(s);
}

/* A watch that begins again forgets what it saw. */
static void a_source_without_counters_of_that_kind_has_no_publications(void **state)
{
    actop_session *s = open_watched("none");
    (void)state;
    assert_non_null(actop_sample(s, NULL));
    assert_int_equal(actop_publication_count(s), 0);
    actop_close(s);
    s = open_watched("sim:m1");
    assert_non_null(actop_sample(s, NULL));
    assert_true(actop_publication_count(s) > 3);
    assert_int_equal(actop_doctor_watch(s, NULL), ACTOP_OK);
    assert_int_equal(actop_publication_count(s), 0);
    actop_close(s);
}

static void the_watch_does_without_memory(void **state)
{
    (void)state;
    for (long n = 1, hits = 0; n < 12; n++) {
        actop_session *s = open_watched("sim:m1");
        assert_non_null(actop_sample(s, NULL)); /* what sampling itself needs is there */
        alloc_fail_nth(1);
        assert_int_equal(actop_doctor_watch(s, NULL), ACTOP_E_NOMEM);
        alloc_fail_nth(0);
        assert_int_equal(actop_doctor_watch(s, NULL), ACTOP_OK);
        alloc_fail_nth(n);
        (void)actop_sample(s, NULL);
        hits += alloc_failed();
        alloc_fail_nth(0);
        assert_non_null(actop_sample(s, NULL));
        actop_close(s);
        assert_true(hits > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(findings_are_the_collectors_and_then_every_metric),
        cmocka_unit_test(before_the_first_sample_no_metric_has_a_value),
        cmocka_unit_test(publications_are_counted_by_the_machines_own_clock),
        cmocka_unit_test(a_source_without_counters_of_that_kind_has_no_publications),
        cmocka_unit_test(the_watch_does_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
