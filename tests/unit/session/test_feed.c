/* SPDX-License-Identifier: MIT */
/* Values of one's own through the public functions only, scales of charts, applications of processes. */
#include <string.h>

#include <actop/actop.h>

#include "analysis/scale.h"
#include "lib/alloc.h"
#include "lib/test.h"

static double value_of(const actop_sample_t *s, actop_metric id)
{
    actop_reading r = actop_read(s, id, 0);
    if (!actop_has_value(&r))
        fail_msg("%s has no value", actop_metric_get(id)->key);
    return r.value;
}

static void a_feed_judges_what_it_is_given(void **state)
{
    (void)state;
    actop_feed *f = NULL;
    actop_options o = ACTOP_OPTIONS_INIT;
    const actop_sample_t *s = NULL;
    o.alert_sustain_samples = 2;
    assert_int_equal(actop_feed_new(&o, &f, NULL), ACTOP_OK);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(actop_feed_set_text(f, ACTOP_METRIC_CHIP, 0, "Apple M1", NULL), ACTOP_OK);
        assert_int_equal(actop_feed_set(f, ACTOP_METRIC_BANDWIDTH, 0, 60e9, NULL), ACTOP_OK);
        assert_int_equal(actop_feed_set(f, ACTOP_METRIC_CPU_POWER, 0, 7, NULL), ACTOP_OK);
        assert_int_equal(actop_feed_set(f, ACTOP_METRIC_TIER_UTIL, 1, 0.9, NULL), ACTOP_OK);
        s = actop_feed_step(f, (int64_t)i * 2000000000, NULL);
        assert_non_null(s);
        assert_true(value_of(s, ACTOP_METRIC_SESSION_ENERGY) == 14.0 * i);
        assert_true(value_of(s, ACTOP_METRIC_ALERT_MEM_BOUND) == (i >= 1)); /* 60 of 68 GB/s */
    }
    actop_times t = {.size = sizeof t};
    actop_sample_times(s, &t);
    assert_true(t.seq == 3 && t.interval_ns == 2000000000 && t.awake_ns == 4000000000);
    assert_true(actop_read(s, ACTOP_METRIC_CPU_POWER, 0).age_ns == 0);
    const actop_sample_t *kept = actop_sample_ref(s);
    s = actop_feed_step(f, 5000000000, NULL);
    assert_int_equal(actop_read(s, ACTOP_METRIC_CPU_POWER, 0).state,
                     ACTOP_STATE_NONE); /* for one sample only */
    actop_feed_free(f);
    assert_true(value_of(kept, ACTOP_METRIC_CPU_POWER) == 7);
    actop_sample_unref(kept);
    actop_feed_free(NULL);
}

static void a_feed_says_what_it_cannot_take(void **state)
{
    (void)state;
    actop_feed *f = NULL;
    actop_error err;
    actop_options bad = ACTOP_OPTIONS_INIT;
    volatile double zero = 0;
    bad.average_window_s = 0;
    assert_int_equal(actop_feed_new(&bad, &f, &err), ACTOP_E_ARGUMENT);
    assert_null(f);
    assert_int_equal(actop_feed_new(NULL, &f, &err), ACTOP_OK);
    assert_int_equal(actop_feed_set(f, ACTOP_METRIC_TIER_UTIL, 2, 1, &err), ACTOP_E_NOT_FOUND);
    assert_string_equal(err.text, "tier.util has no row 2");
    assert_int_equal(actop_feed_set(f, (actop_metric)9999, 0, 1, &err), ACTOP_E_NOT_FOUND);
    assert_int_equal(actop_feed_set(f, ACTOP_METRIC_CHIP, 0, 1, &err), ACTOP_E_ARGUMENT);
    assert_int_equal(actop_feed_set_text(f, ACTOP_METRIC_CPU_UTIL, 0, "x", &err), ACTOP_E_ARGUMENT);
    assert_int_equal(actop_feed_set(f, ACTOP_METRIC_CPU_UTIL, 0, 1 / zero, &err), ACTOP_E_ARGUMENT);
    assert_non_null(actop_feed_step(f, 100, &err));
    assert_null(actop_feed_step(f, 99, &err));
    assert_int_equal(err.status, ACTOP_E_ARGUMENT);
    assert_non_null(actop_feed_step(f, 100, &err));
    actop_feed_free(f);
    /* Two moments are never farther apart than a number can say. */
    assert_int_equal(actop_feed_new(NULL, &f, &err), ACTOP_OK);
    assert_null(actop_feed_step(f, INT64_MIN, &err));
    assert_int_equal(err.status, ACTOP_E_ARGUMENT);
    assert_non_null(actop_feed_step(f, -(INT64_MAX / 2), &err));
    const actop_sample_t *last = actop_feed_step(f, INT64_MAX / 2, &err);
    actop_times times = {.size = sizeof times};
    assert_non_null(last);
    actop_sample_times(last, &times);
    assert_true(times.interval_ns == INT64_MAX - 1);
    assert_null(actop_feed_step(f, INT64_MAX / 2 + 1, &err));
    actop_feed_free(f);
    long n = 1;
    for (bool failed = true; failed; n++) {
        alloc_fail_nth(n);
        f = NULL;
        actop_status st = actop_feed_new(NULL, &f, &err);
        failed = alloc_failed();
        alloc_fail_nth(0);
        assert_true(failed == (st == ACTOP_E_NOMEM));
        actop_feed_free(f);
    }
    assert_true(n > 5);
}

static void a_chart_is_filled_by_its_reference_or_its_peak_but_never_less_than_its_floor(
    void **state)
{
    (void)state;
    actop_feed *f = NULL;
    const actop_sample_t *s = NULL;
    assert_int_equal(actop_feed_new(NULL, &f, NULL), ACTOP_OK);
    for (int i = 0; i < 3; i++) {
        (void)actop_feed_set_text(f, ACTOP_METRIC_CHIP, 0, "Apple M2", NULL);
        (void)actop_feed_set(f, ACTOP_METRIC_CPU_POWER, 0, i == 1 ? 32 : 4, NULL);
        (void)actop_feed_set(f, ACTOP_METRIC_GPU_POWER, 0, 1, NULL);
        (void)actop_feed_set(f, ACTOP_METRIC_NET_RX, 0, i == 1 ? 8e6 : 0, NULL);
        (void)actop_feed_set(f, ACTOP_METRIC_NET_TX, 0, 10, NULL);
        (void)actop_feed_set(f, ACTOP_METRIC_DISK_READ, 0, 1e6, NULL);
        (void)actop_feed_set(f, ACTOP_METRIC_TIER_MAX_FREQ, 1, 3.5e9, NULL);
        s = actop_feed_step(f, (int64_t)i * 1000000000, NULL);
    }
    static const struct {
        const char *what;
        actop_metric id;
        uint32_t row;
        int automatic;
        double wanted;
    } rows[] = {
        {"CPU by profile", ACTOP_METRIC_CPU_POWER, 0, 0, 25},
        {"CPU by peak", ACTOP_METRIC_CPU_POWER, 0, 1, 40},
        {"GPU by profile", ACTOP_METRIC_GPU_POWER, 0, 0, 15},
        {"GPU at its floor", ACTOP_METRIC_GPU_POWER, 0, 1, 15},
        {"package", ACTOP_METRIC_PACKAGE_POWER, 0, 0, 48},
        {"network, one scale for both", ACTOP_METRIC_NET_RX, 0, 0, 1e7},
        {"network, one scale for both", ACTOP_METRIC_NET_TX, 0, 0, 1e7},
        {"disk at its floor", ACTOP_METRIC_DISK_WRITE, 0, 0, 1e7},
        {"bandwidth", ACTOP_METRIC_BANDWIDTH, 0, 0, 100e9},
        {"frequency", ACTOP_METRIC_TIER_FREQ, 1, 0, 3.5e9},
        {"ratio", ACTOP_METRIC_GPU_UTIL, 0, 0, 1},
        {"no scale", ACTOP_METRIC_LOAD_1, 0, 0, 0},
        {"no metric", (actop_metric)9999, 0, 0, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        CHECK_ROW(actop_chart_scale(s, rows[i].id, rows[i].row, rows[i].automatic) ==
                      rows[i].wanted,
                  rows[i].what);
    actop_feed_free(f);
}

static void figures_of_ones_own_stand_in_for_the_chips(void **state)
{
    (void)state;
    actop_feed *f = NULL;
    const actop_sample_t *s = NULL;
    assert_int_equal(actop_feed_new(NULL, &f, NULL), ACTOP_OK);
    (void)actop_feed_set_text(f, ACTOP_METRIC_CHIP, 0, "Apple M2", NULL);
    (void)actop_feed_set(f, ACTOP_METRIC_CPU_POWER_REFERENCE, 0, 10, NULL);
    (void)actop_feed_set(f, ACTOP_METRIC_GPU_POWER_REFERENCE, 0, 5, NULL);
    (void)actop_feed_set(f, ACTOP_METRIC_ANE_POWER_REFERENCE, 0, 1, NULL);
    (void)actop_feed_set(f, ACTOP_METRIC_BANDWIDTH_PEAK, 0, 7e9, NULL);
    s = actop_feed_step(f, 0, NULL);
    assert_true(actop_read(s, ACTOP_METRIC_MAX_PACKAGE, 0).value == 16);
    assert_true(actop_read(s, ACTOP_METRIC_MAX_BANDWIDTH, 0).value == 7e9);
    (void)actop_feed_set_text(f, ACTOP_METRIC_CHIP, 0, "Apple M2", NULL);
    s = actop_feed_step(f, 1, NULL);
    assert_true(actop_read(s, ACTOP_METRIC_MAX_PACKAGE, 0).value == 48);
    assert_true(actop_read(s, ACTOP_METRIC_MAX_BANDWIDTH, 0).value == 100e9);
    actop_feed_free(f);
}

static void an_application_is_the_outermost_bundle_or_the_executable(void **state)
{
    (void)state;
    static const struct {
        const char *path, *name;
    } rows[] = {
        {"/Applications/Safari.app/Contents/MacOS/Safari", "Safari"},
        {"/Applications/A B.app/Contents/Frameworks/Helper.app/Contents/MacOS/Helper", "A B"},
        {"/usr/bin/python3", "python3"},
        {"python3", "python3"},
        {"/opt/x.app", "x.app"},
        {"", ""},
        {"/", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t n = 0;
        const char *name = application_of_path(rows[i].path, &n);
        CHECK_ROW(n == strlen(rows[i].name) && memcmp(name, rows[i].name, n) == 0, rows[i].path);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_feed_judges_what_it_is_given),
        cmocka_unit_test(a_feed_says_what_it_cannot_take),
        cmocka_unit_test(
            a_chart_is_filled_by_its_reference_or_its_peak_but_never_less_than_its_floor),
        cmocka_unit_test(figures_of_ones_own_stand_in_for_the_chips),
        cmocka_unit_test(an_application_is_the_outermost_bundle_or_the_executable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
