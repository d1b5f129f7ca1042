/* SPDX-License-Identifier: MIT */
/* The metric table: its rows fit together. Naming rules are checked by tools/check_metrics. */
#include "model/metric.h"

#include "lib/test.h"

static void rows_of_a_scope_stand_together_and_columns_count_them(void **state)
{
    (void)state;
    uint32_t seen[ACTOP_SCOPE_COUNT] = {0};
    for (uint32_t id = 0; id < ACTOP_METRIC_COUNT; id++) {
        const actop_metric_info *m = metric_info((actop_metric)id);
        assert_int_equal(m->id, id);
        CHECK_ROW(metric_column(m->id) == seen[m->scope], m->key);
        seen[m->scope]++;
    }
    for (uint32_t scope = 0; scope < ACTOP_SCOPE_COUNT; scope++)
        CHECK_ROW(scope_columns((actop_scope)scope) == seen[scope],
                  actop_scope_name((actop_scope)scope));
}

static void every_metric_is_found_by_its_key_and_by_nothing_else(void **state)
{
    (void)state;
    for (uint32_t id = 0; id < ACTOP_METRIC_COUNT; id++) {
        const actop_metric_info *m = actop_metric_get((actop_metric)id);
        assert_ptr_equal(actop_metric_find(m->key), m);
        assert_true(m->help[0] != '\0');
    }
    assert_null(actop_metric_find("cpu"));
    assert_null(actop_metric_find(""));
    assert_null(actop_metric_find(NULL));
    assert_null(actop_metric_get((actop_metric)ACTOP_METRIC_COUNT));
}

static void enumerated_values_have_words(void **state)
{
    (void)state;
    assert_string_equal(actop_value_name(ACTOP_METRIC_THERMAL_STATE, 2), "Serious");
    assert_string_equal(actop_value_name(ACTOP_METRIC_THERMAL_PRESSURE, 4), "Sleeping");
    assert_null(actop_value_name(ACTOP_METRIC_THERMAL_STATE, 4));
    assert_null(actop_value_name(ACTOP_METRIC_THERMAL_STATE, -1));
    assert_null(actop_value_name(ACTOP_METRIC_THERMAL_STATE, 1e300));
    assert_null(actop_value_name(ACTOP_METRIC_CPU_POWER, 1));
}

static void names_of_the_lists_are_there_and_out_of_range_is_harmless(void **state)
{
    (void)state;
    for (int i = 0; i < ACTOP_STATE_COUNT; i++)
        assert_true(actop_state_name((actop_state)i)[0] != '\0');
    assert_string_equal(actop_state_name((actop_state)99), "none");
    assert_string_equal(actop_origin_name(ACTOP_ESTIMATED), "estimated");
    assert_string_equal(actop_unit_symbol(ACTOP_UNIT_WATT), "W");
    assert_string_equal(actop_unit_symbol((actop_unit)99), "");
    assert_string_equal(actop_scope_name((actop_scope)99), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_of_a_scope_stand_together_and_columns_count_them),
        cmocka_unit_test(every_metric_is_found_by_its_key_and_by_nothing_else),
        cmocka_unit_test(enumerated_values_have_words),
        cmocka_unit_test(names_of_the_lists_are_there_and_out_of_range_is_harmless),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
