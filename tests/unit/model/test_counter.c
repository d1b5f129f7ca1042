/* SPDX-License-Identifier: MIT */
/* Counters: wrap, reset, stall, gaps, and the ends of their range. */
#include "model/counter.h"

#include "lib/test.h"

#define S INT64_C(1000000000)

static void a_step_is_right_at_every_edge(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        uint64_t raw0, raw1;
        int64_t dt_ns;
        unsigned bits;
        uint64_t wrap_at;
        actop_status want;
        uint64_t grew;
    } rows[] = {
        {"steady", 1000, 3000, 2 * S, 64, 0, ACTOP_OK, 2000},
        {"stalled", 1000, 1000, S, 64, 0, ACTOP_OK, 0},
        {"32-bit wrap", 0xffffffff, 999, S, 32, 0, ACTOP_OK, 1000},
        {"32-bit wrap to zero", 0xffffffff, 0, S, 32, 0, ACTOP_OK, 1},
        {"wrap at a stated range", 262143328850, 49, S, 64, 262143328850, ACTOP_OK, 50},
        {"fall past a stated range", 300, 49, S, 64, 200, ACTOP_E_RESET, 0},
        {"fall past 32 bits", UINT64_C(1) << 40, 5, S, 32, 0, ACTOP_E_RESET, 0},
        {"64-bit reset", 3000, 1000, S, 64, 0, ACTOP_E_RESET, 0},
        {"64-bit reset to zero", UINT64_MAX, 0, S, 0, 0, ACTOP_E_RESET, 0},
        {"no time passed", 1, 2, 0, 64, 0, ACTOP_E_GAP, 0},
        {"time went back", 1, 2, -S, 64, 0, ACTOP_E_GAP, 0},
        {"over 2^63", (UINT64_C(1) << 63) - 1, (UINT64_C(1) << 63) + 1, S, 64, 0, ACTOP_OK, 2},
        {"to the last value", 0, UINT64_MAX, S, 64, 0, ACTOP_OK, UINT64_MAX},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct counter c = {0};
        struct counter_step step = {0, 0};
        CHECK_ROW(counter_take(&c, rows[i].raw0, 10 * S, rows[i].bits, rows[i].wrap_at, &step) ==
                      ACTOP_E_STATE,
                  rows[i].what);
        actop_status got = counter_take(&c, rows[i].raw1, 10 * S + rows[i].dt_ns, rows[i].bits,
                                        rows[i].wrap_at, &step);
        CHECK_ROW(got == rows[i].want, rows[i].what);
        CHECK_ROW(got != ACTOP_OK || (step.grew == rows[i].grew && step.dt_ns == rows[i].dt_ns),
                  rows[i].what);
    }
}

static void a_total_goes_on_across_wraps_resets_and_breaks(void **state)
{
    (void)state;
    struct counter c = {0};
    struct counter_step step;
    counter_take(&c, 100, 1 * S, 32, 0, &step);
    counter_take(&c, 150, 2 * S, 32, 0, &step);
    counter_break(&c);
    assert_int_equal(counter_take(&c, 9000, 3 * S, 32, 0, &step), ACTOP_E_STATE);
    counter_take(&c, 9010, 4 * S, 32, 0, &step);
    assert_int_equal(c.total, 60);
    struct counter wide = {0};
    counter_take(&wide, 100, 1 * S, 64, 0, &step);
    counter_take(&wide, 50, 2 * S, 64, 0, &step);
    counter_take(&wide, 75, 3 * S, 64, 0, &step);
    assert_int_equal(wide.total, 25);
    assert_int_equal(wide.resets, 1);
}

static void a_rate_divides_by_the_time_between_the_readings(void **state)
{
    (void)state;
    struct counter_step step = {2000, 2 * S};
    assert_true(counter_rate(&step, 1e-3) == 1.0);
    step = (struct counter_step){1, 1};
    assert_true(counter_rate(&step, 1.0) > 9.99e8);
}

/* ---- each case by its name, through the one function that makes rates ---------------------------------------------- */

/* Two readings; the rate a second where there is one. */
static actop_status rate_between(struct counter *c, uint64_t raw, int64_t dt_ns, unsigned bits,
                                 double *per_s)
{
    struct counter_step step;
    actop_status st = counter_take(c, raw, c->at_ns + dt_ns, bits, 0, &step);
    if (st == ACTOP_OK)
        *per_s = counter_rate(&step, 1);
    return st;
}

static struct counter counter_at(uint64_t raw)
{
    return (struct counter){.raw = raw, .at_ns = 10 * S, .valid = true};
}

static void wrap_of_every_width_counts_on(void **state)
{
    (void)state;
    for (unsigned bits = 1; bits < 64; bits++) {
        double per_s = -1;
        struct counter c = counter_at((UINT64_C(1) << bits) - 1);
        assert_int_equal(rate_between(&c, 0, 2 * S, bits, &per_s), ACTOP_OK);
        assert_true(per_s == 0.5);
        assert_int_equal(c.total, 1);
        assert_int_equal(c.resets, 0);
    }
}

static void reset_loses_one_interval_and_is_counted(void **state)
{
    (void)state;
    double per_s = -1;
    struct counter c = counter_at(5000);
    assert_int_equal(rate_between(&c, 100, S, 64, &per_s), ACTOP_E_RESET);
    assert_true(per_s == -1);
    assert_int_equal(c.resets, 1);
    assert_int_equal(rate_between(&c, 300, S, 64, &per_s), ACTOP_OK);
    assert_true(per_s == 200);
    assert_int_equal(c.total, 200);
}

static void stall_is_a_rate_of_zero(void **state)
{
    (void)state;
    double per_s = -1;
    struct counter c = counter_at(77);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(rate_between(&c, 77, S, 64, &per_s), ACTOP_OK);
        assert_true(per_s == 0);
    }
    assert_int_equal(rate_between(&c, 78, S, 64, &per_s), ACTOP_OK);
    assert_true(per_s == 1);
}

static void zero_interval_has_no_rate_and_loses_nothing(void **state)
{
    (void)state;
    double per_s = -1;
    struct counter c = counter_at(100);
    assert_int_equal(rate_between(&c, 500, 0, 64, &per_s), ACTOP_E_GAP);
    assert_true(per_s == -1);
    assert_int_equal(rate_between(&c, 600, S, 64, &per_s), ACTOP_OK);
    assert_true(per_s == 500);
    assert_int_equal(c.total, 500);
}

static void negative_interval_has_no_rate_and_starts_afresh(void **state)
{
    (void)state;
    double per_s = -1;
    struct counter c = counter_at(100);
    assert_int_equal(rate_between(&c, 500, -3 * S, 64, &per_s), ACTOP_E_GAP);
    assert_true(per_s == -1);
    assert_int_equal(rate_between(&c, 600, S, 64, &per_s), ACTOP_OK);
    assert_true(per_s == 100);
    assert_int_equal(c.total, 100);
}

static void sleep_is_a_gap_that_no_rate_spans(void **state)
{
    (void)state;
    double per_s = -1;
    struct counter c = counter_at(100);
    counter_break(&c);
    assert_int_equal(rate_between(&c, 9000, 3600 * S, 64, &per_s), ACTOP_E_STATE);
    assert_true(per_s == -1);
    assert_int_equal(rate_between(&c, 9010, S, 64, &per_s), ACTOP_OK);
    assert_true(per_s == 10);
    assert_int_equal(c.total, 10);
}

static void two_to_the_63_is_a_value_like_any_other(void **state)
{
    (void)state;
    static const uint64_t half = UINT64_C(1) << 63;
    double per_s = -1;
    struct counter c = counter_at(half - 1);
    assert_int_equal(rate_between(&c, half, S, 64, &per_s), ACTOP_OK);
    assert_true(per_s == 1);
    assert_int_equal(rate_between(&c, half + 1, S, 64, &per_s), ACTOP_OK);
    assert_true(per_s == 1);
    struct counter whole = counter_at(0);
    assert_int_equal(rate_between(&whole, half, S, 64, &per_s), ACTOP_OK);
    assert_true(per_s == 9223372036854775808.0);
    assert_int_equal(rate_between(&whole, half - 1, S, 64, &per_s), ACTOP_E_RESET);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_step_is_right_at_every_edge),
        cmocka_unit_test(a_total_goes_on_across_wraps_resets_and_breaks),
        cmocka_unit_test(a_rate_divides_by_the_time_between_the_readings),
        cmocka_unit_test(wrap_of_every_width_counts_on),
        cmocka_unit_test(reset_loses_one_interval_and_is_counted),
        cmocka_unit_test(stall_is_a_rate_of_zero),
        cmocka_unit_test(zero_interval_has_no_rate_and_loses_nothing),
        cmocka_unit_test(negative_interval_has_no_rate_and_starts_afresh),
        cmocka_unit_test(sleep_is_a_gap_that_no_rate_spans),
        cmocka_unit_test(two_to_the_63_is_a_value_like_any_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
