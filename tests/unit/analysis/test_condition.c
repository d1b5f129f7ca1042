/* SPDX-License-Identifier: MIT */
/* The condition language: what it means, where it says it does not understand, and what it says about its numbers. */
#include <string.h>

#include "lib/alloc.h"
#include "lib/rig.h"
#include "lib/test.h"

static struct rig *warm_machine(void)
{
    struct rig *r = rig_new(NULL);
    rig_begin(r, 1);
    rig_set_text(r, ACTOP_METRIC_CHIP, 0, "Apple M4");
    rig_set(r, ACTOP_METRIC_CPU_TEMP, 0, 51.2);
    rig_set(r, ACTOP_METRIC_CPU_POWER, 0, 2.5);
    rig_set(r, ACTOP_METRIC_GPU_UTIL, 0, 0.4);
    rig_set(r, ACTOP_METRIC_TIER_UTIL, RIG_E, 0.1);
    rig_set(r, ACTOP_METRIC_TIER_UTIL, RIG_P, 0.9);
    rig_set(r, ACTOP_METRIC_TIER_FREQ, RIG_P, 3.2e9);
    rig_set(r, ACTOP_METRIC_CORE_UTIL, 2, 1);
    rig_set(r, ACTOP_METRIC_CORE_UTIL, 3, 0.5);
    rig_set(r, ACTOP_METRIC_THERMAL_STATE, 0, 2);
    rig_set(r, ACTOP_METRIC_BANDWIDTH, 0, 60e9);
    rig_set(r, ACTOP_METRIC_SWAP_USED, 0, 1073741824.0);
    rig_set(r, ACTOP_METRIC_RAM_USED, 0, 6e9);
    rig_set(r, ACTOP_METRIC_RAM_TOTAL, 0, 8e9);
    rig_set(r, ACTOP_METRIC_LOAD_1, 0, 2.5);
    rig_set(r, ACTOP_METRIC_MEMORY_PSI_SOME, 0, 0.06);
    rig_step(r);
    return r;
}

static actop_truth ask(const struct rig *r, const char *text)
{
    actop_condition *c = NULL;
    actop_error err;
    if (actop_condition_parse(text, &c, NULL, &err) != ACTOP_OK)
        fail_msg("%s: %s", text, err.text);
    actop_truth truth = actop_condition_step(c, r->s);
    actop_condition_free(c);
    return truth;
}

static void a_condition_means_what_it_says(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        actop_truth wanted;
    } rows[] = {
        {"cpu_temp_c < 45", ACTOP_FALSE},
        {"cpu_temp_c < 60 and package_watts < 3", ACTOP_TRUE},
        {"cpu.temp>51&&cpu.power<=2.5", ACTOP_TRUE},
        {"not cpu_temp_c < 45", ACTOP_TRUE},
        {"! (cpu_temp_c < 45 or cpu_temp_c > 50)", ACTOP_FALSE},
        {"cpu_temp_c < 45 or cpu_temp_c > 50 and gpu_util_pct == 40", ACTOP_TRUE},
        {"(cpu_temp_c > 50 or cpu_temp_c < 45) and gpu_util_pct == 41", ACTOP_FALSE},
        {"gpu_util_pct = 40", ACTOP_TRUE},
        {"gpu.util == 0.4", ACTOP_TRUE},
        {"gpu.util == 40%", ACTOP_TRUE},
        {"gpu.util != 40 %", ACTOP_FALSE},
        {"gpu_util_pct == 40%",
         ACTOP_TRUE}, /* not 0.4, which any GPU that does something exceeds */
        {"90% < gpu_util_pct", ACTOP_FALSE},
        {"max(core.util) > 99 %", ACTOP_TRUE},
        {"ram_used_percent == 75", ACTOP_TRUE},
        {"ram_used_percent > 80%", ACTOP_FALSE},
        {"load_1m > 2", ACTOP_TRUE},
        {"memory_pressure_some_ratio > 5%", ACTOP_TRUE},
        {"alert_swap_rise == true", ACTOP_FALSE},
        {"alert_swap_rise == false", ACTOP_TRUE},
        {"thermal_state == serious", ACTOP_TRUE},
        {"pcpu_util_pct > 89 and ecpu_util_pct < 11", ACTOP_TRUE},
        {"pcpu_freq_mhz >= 3200", ACTOP_TRUE},
        {"ecpu_freq_mhz > 0", ACTOP_UNKNOWN},
        {"tier.util[P] > 0.5", ACTOP_TRUE},
        {"tier.util[Q] > 0.5", ACTOP_UNKNOWN},
        {"max(core.util) == 1", ACTOP_TRUE},
        {"min(core.util) == 0.5", ACTOP_TRUE},
        {"sum(core.util) == 1.5", ACTOP_TRUE},
        {"mean(core.util) == 0.75", ACTOP_TRUE},
        {"max(process.cpu) > 0", ACTOP_UNKNOWN},
        {"thermal_state == Serious", ACTOP_TRUE},
        {"thermal_state > Fair", ACTOP_TRUE},
        {"Fair < thermal_state", ACTOP_TRUE},
        {"chip == \"Apple M4\"", ACTOP_TRUE},
        {"chip != 'Apple M4'", ACTOP_FALSE},
        {"host == 'x'", ACTOP_UNKNOWN},
        {"bandwidth_gbps >= 60", ACTOP_TRUE},
        {"swap_used_gb == 1", ACTOP_TRUE},
        {"cpu_temp_c > gpu_util_pct", ACTOP_TRUE},
        {"3 > cpu_watts", ACTOP_TRUE},
        {"ane_watts > 1", ACTOP_UNKNOWN},
        {"ane_watts > 1 and cpu_temp_c < 45", ACTOP_FALSE},
        {"ane_watts > 1 and cpu_temp_c > 45", ACTOP_UNKNOWN},
        {"ane_watts > 1 or cpu_temp_c > 45", ACTOP_TRUE},
        {"not ane_watts > 1", ACTOP_UNKNOWN},
        {"cpu_temp_c > 45 for 0s", ACTOP_TRUE},
        {"cpu_temp_c > 45 for 1ms", ACTOP_FALSE},
        {"bottleneck == 'CPU one thread'", ACTOP_TRUE},
    };
    struct rig *r = warm_machine();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        CHECK_ROW(ask(r, rows[i].text) == rows[i].wanted, rows[i].text);
    rig_free(r);
}

static void a_mistake_is_shown_with_its_place(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t position;
        const char *says;
    } rows[] = {
        {"", 0, "column 1: expected a name or a number, found the end"},
        {"cpu_temp_c", 10, "column 11: expected <, <=, >, >=, == or !=, found the end"},
        {"cpu_temp_c <", 12, "column 13: expected a name or a number, found the end"},
        {"cpu_temp < 45", 0, "column 1: there is no such name: cpu_temp"},
        {"cpu_temp_c < 45 package_watts", 16,
         "column 17: expected and, or, for or the end, found \"package_watts\""},
        {"cpu_temp_c < 45 and", 19, "column 20: expected a name or a number, found the end"},
        {"(cpu_temp_c < 45", 16, "column 17: expected ), found the end"},
        {"cpu_temp_c < 45 for", 19,
         "column 20: expected a duration like 30s, 500ms, 2m or 1h, found the end"},
        {"cpu_temp_c < 45 for 30", 22, "column 23: expected ms, s, m or h, found the end"},
        {"cpu_temp_c < 45 for 30 days", 23, "column 24: expected ms, s, m or h, found \"days\""},
        {"cpu_temp_c < 45 for 1e9h", 20, "column 21: this is too long"},
        {"core.util > 1", 0,
         "column 1: this has many rows: name one in [ ], or take max( ), min( ), sum( ) or mean( )"},
        {"core.util[ > 1", 9, "column 10: expected a row's key and ], found \"[\""},
        {"cpu.util[0] > 1", 8, "column 9: a value of the whole machine has no rows, found \"[\""},
        {"max(chip) > 1", 4, "column 5: expected the name of a number with rows, found \"chip\""},
        {"chip > 'a'", 5, "column 6: texts can only be compared with == and !="},
        {"chip == 3", 0, "column 1: a text cannot be compared with that"},
        {"thermal_state == Warm", 17, "column 18: there is no such name: Warm"},
        {"cpu_temp_c < \"x", 13, "column 14: this text is not closed"},
        {"cpu_watts > 50%", 12, "column 13: a percentage can only be compared with a share"},
        {"cpu_watts > 1e300", 12,
         "column 13: this number is too long or too large, found \"1e300\""},
        {"alert_swap_rise == maybe", 19, "column 20: there is no such name: maybe"},
        {"cpu_temp_c # 3", 11, "column 12: this character does not belong here"},
        {"3 < 'a'", 4, "column 5: there is no such name: a"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        actop_condition *c = NULL;
        size_t position = 999;
        actop_error err = {ACTOP_OK, ""};
        CHECK_ROW(actop_condition_parse(rows[i].text, &c, &position, &err) == ACTOP_E_SYNTAX,
                  rows[i].text);
        CHECK_ROW(c == NULL && err.status == ACTOP_E_SYNTAX, rows[i].text);
        if (strcmp(err.text, rows[i].says) != 0 || position != rows[i].position)
            fail_msg("%s: at %zu: %s", rows[i].text, position, err.text);
    }
    assert_int_equal(actop_condition_parse("cpu_temp_c <", &(actop_condition *){NULL}, NULL, NULL),
                     ACTOP_E_SYNTAX);
}

static void what_is_too_long_or_too_deep_is_refused(void **state)
{
    (void)state;
    char text[4096];
    actop_condition *c = NULL;
    actop_error err;
    memset(text, '(', 400);
    text[400] = '\0';
    assert_int_equal(actop_condition_parse(text, &c, NULL, &err), ACTOP_E_SYNTAX);
    assert_non_null(strstr(err.text, "nested too deeply"));
    text[0] = '\0';
    for (int i = 0; i < 80; i++)
        memcpy(text + strlen(text), "gpu.util<1 or ", 15);
    assert_int_equal(actop_condition_parse(text, &c, NULL, &err), ACTOP_E_SYNTAX);
    assert_non_null(strstr(err.text, "too long"));
    alloc_fail_nth(1);
    assert_int_equal(actop_condition_parse("1 < 2", &c, NULL, &err), ACTOP_E_NOMEM);
    alloc_fail_nth(0);
}

static void for_counts_awake_time_and_starts_afresh_after_a_gap_or_a_break(void **state)
{
    (void)state;
    static const struct {
        double dt, celsius; /* -1: not read */
        bool gap;
        actop_truth wanted;
    } rows[] = {
        {1, 40, false, ACTOP_FALSE},   {1, 40, false, ACTOP_FALSE}, {1, 40, false, ACTOP_TRUE},
        {1, 50, false, ACTOP_FALSE},   {1, 40, false, ACTOP_FALSE}, {3, 40, false, ACTOP_TRUE},
        {9, 40, true, ACTOP_FALSE},    {1, 40, false, ACTOP_FALSE}, {1, 40, false, ACTOP_TRUE},
        {1, -1, false, ACTOP_UNKNOWN}, {1, 40, false, ACTOP_FALSE},
    };
    struct rig *r = rig_new(NULL);
    actop_condition *c = NULL;
    assert_int_equal(actop_condition_parse("cpu_temp_c < 45 for 2s", &c, NULL, NULL), ACTOP_OK);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        rig_begin(r, rows[i].dt);
        r->s->gap = rows[i].gap;
        if (rows[i].celsius >= 0)
            rig_set(r, ACTOP_METRIC_CPU_TEMP, 0, rows[i].celsius);
        assert_int_equal(actop_condition_step(c, r->s), rows[i].wanted);
    }
    actop_condition_reset(c);
    assert_int_equal(actop_condition_step(c, r->s), ACTOP_FALSE);
    actop_condition_free(c);
    actop_condition_free(NULL);
    rig_free(r);
}

static void hysteresis_holds_on_to_what_held(void **state)
{
    (void)state;
    static const struct {
        double celsius;
        actop_truth wanted;
    } rows[] = {{79, ACTOP_FALSE},   {81, ACTOP_TRUE},  {79, ACTOP_TRUE},  {76.1, ACTOP_TRUE},
                {75.9, ACTOP_FALSE}, {79, ACTOP_FALSE}, {80.1, ACTOP_TRUE}};
    struct rig *r = rig_new(NULL);
    actop_condition *c = NULL;
    assert_int_equal(actop_condition_parse("cpu_temp_c > 80", &c, NULL, NULL), ACTOP_OK);
    actop_condition_set_hysteresis(c, 0.05);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        rig_begin(r, 1);
        rig_set(r, ACTOP_METRIC_CPU_TEMP, 0, rows[i].celsius);
        assert_int_equal(actop_condition_step(c, r->s), rows[i].wanted);
    }
    actop_condition_free(c);
    rig_free(r);
}

static void an_explanation_has_the_numbers(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } rows[] = {
        {"cpu_temp_c < 45", "cpu_temp_c is 51.2, not < 45.0"},
        {"cpu_temp_c < 60 and package_watts < 3 for 30s",
         "cpu_temp_c is 51.2, < 60.0; package_watts is 2.500, < 3.000; held for 0.0 of 30.0 s"},
        {"ane_watts > 1", "ane_watts is not known: > 1.000"},
        {"max(core.util) > gpu.util", "max(core.util) is 1.000, > gpu.util = 0.400"},
        {"chip == 'Apple M3'", "chip is not == Apple M3"},
        {"thermal_state == Critical", "thermal_state is Serious, not == Critical"},
        {"Critical <= thermal_state", "Critical is not <= thermal_state = Serious"},
        {"thermal_state >= 2", "thermal_state is 2.000, >= 2.000"},
        {"bottleneck == 'memory bandwidth'",
         "bottleneck is CPU one thread, not == memory bandwidth"},
    };
    struct rig *r = warm_machine();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        actop_condition *c = NULL;
        char text[200];
        assert_int_equal(actop_condition_parse(rows[i].text, &c, NULL, NULL), ACTOP_OK);
        assert_int_equal(actop_condition_explain(c, text, sizeof text), 0);
        (void)actop_condition_step(c, r->s);
        assert_int_equal(actop_condition_explain(c, text, sizeof text), strlen(rows[i].says));
        assert_string_equal(text, rows[i].says);
        assert_int_equal(actop_condition_explain(c, text, 8), strlen(rows[i].says));
        assert_int_equal(strlen(text), 7);
        actop_condition_free(c);
    }
    rig_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_condition_means_what_it_says),
        cmocka_unit_test(a_mistake_is_shown_with_its_place),
        cmocka_unit_test(what_is_too_long_or_too_deep_is_refused),
        cmocka_unit_test(for_counts_awake_time_and_starts_afresh_after_a_gap_or_a_break),
        cmocka_unit_test(hysteresis_holds_on_to_what_held),
        cmocka_unit_test(an_explanation_has_the_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
