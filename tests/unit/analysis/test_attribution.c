/* SPDX-License-Identifier: MIT */
/* Power per process: the formula by rows, and by random traces: conserved to 1e-9, never negative, the same in any order. */

#include "lib/rig.h"
#include "lib/test.h"

#ifndef TRACES /* test_attribution_long.c asks for more */
#define TRACES 2000
#endif

static int64_t row_of(const struct rig *r, uint64_t pid)
{
    for (uint32_t row = 0; row < sample_rows(r->s, ACTOP_SCOPE_PROCESS); row++)
        if (sample_entity_get(r->s, ACTOP_SCOPE_PROCESS, row)->id == pid)
            return row;
    return -1;
}

static int64_t row_with(const struct rig *r, uint32_t flag)
{
    for (uint32_t row = 0; row < sample_rows(r->s, ACTOP_SCOPE_PROCESS); row++)
        if ((sample_entity_get(r->s, ACTOP_SCOPE_PROCESS, row)->flags & flag) != 0)
            return row;
    return -1;
}

static double power_of(const struct rig *r, uint64_t pid)
{
    int64_t row = row_of(r, pid);
    assert_true(row >= 0);
    return rig_get(r, ACTOP_METRIC_PROC_POWER, (uint32_t)row);
}

static void near(double value, double wanted)
{
    double error = value - wanted;
    if (error > 1e-9 || error < -1e-9)
        fail_msg("%.12g is not %.12g", value, wanted);
}

static void busy_cores(struct rig *r, double cores)
{
    for (uint32_t i = 0; i < RIG_CORES; i++)
        rig_set(r, ACTOP_METRIC_CORE_UTIL, i, cores / RIG_CORES);
}

static void watts_are_shared_by_time_and_what_is_not_visible_has_a_row(void **state)
{
    (void)state;
    struct rig *r = rig_new(NULL);
    rig_begin(r, 1);
    (void)rig_process(r, 10, 1, "a", 5);
    (void)rig_process(r, 20, 1, "b", 7);
    rig_set(r, ACTOP_METRIC_CPU_POWER, 0, 8);
    rig_step(r);
    assert_false(rig_has(r, ACTOP_METRIC_PROC_POWER, 0)); /* before the first difference */
    assert_int_equal(row_with(r, ACTOP_ENTITY_HIDDEN), -1);
    rig_begin(r, 1);
    uint32_t a = rig_process(r, 10, 1, "a", 6);
    (void)rig_process(r, 20, 1, "b", 7.5);
    uint32_t c = rig_process(r, 30, 1, "c", 100);
    rig_set(r, ACTOP_METRIC_PROC_GPU_TIME, a, 0.25);
    rig_set(r, ACTOP_METRIC_CPU_POWER, 0, 8);
    rig_set(r, ACTOP_METRIC_GPU_POWER, 0, 3);
    busy_cores(r, 2);
    rig_step(r);
    near(power_of(r, 10), 8 * 1 / 2.0 + 3);
    near(power_of(r, 20), 8 * 0.5 / 2.0);
    assert_false(rig_has(r, ACTOP_METRIC_PROC_POWER, c));
    int64_t hidden = row_with(r, ACTOP_ENTITY_HIDDEN);
    assert_true(hidden >= 0);
    near(rig_get(r, ACTOP_METRIC_PROC_POWER, (uint32_t)hidden), 8 * 0.5 / 2.0);
    near(rig_get(r, ACTOP_METRIC_PROC_CPU_SHARE, (uint32_t)hidden), 0.25);
    near(rig_get(r, ACTOP_METRIC_PROC_CPU_SHARE, a), 0.5);
    near(rig_get(r, ACTOP_METRIC_PROC_CPU, a), 1.0);
    near(rig_get(r, ACTOP_METRIC_PROC_GPU_SHARE, a), 1.0);
    near(rig_get(r, ACTOP_METRIC_PROC_ENERGY, a), 7);
    near(rig_get(r, ACTOP_METRIC_UNATTRIBUTED_POWER, 0), 0);
    assert_int_equal(actop_read(r->s, ACTOP_METRIC_PROC_POWER, a).origin, ACTOP_ESTIMATED);
    rig_free(r);
}

static void an_idle_interval_leaves_the_watts_unattributed(void **state)
{
    (void)state;
    struct rig *r = rig_new(NULL);
    for (int i = 0; i < 2; i++) {
        rig_begin(r, 1);
        (void)rig_process(r, 10, 1, "a", 5);
        rig_set(r, ACTOP_METRIC_CPU_POWER, 0, 0.5);
        rig_set(r, ACTOP_METRIC_GPU_POWER, 0, 0.25);
        busy_cores(r, 0);
        rig_step(r);
    }
    near(power_of(r, 10), 0);
    near(rig_get(r, ACTOP_METRIC_UNATTRIBUTED_POWER, 0), 0.75);
    rig_free(r);
}

static void energy_the_kernel_counts_is_used_once_it_moves_and_scaled_when_it_is_too_much(
    void **state)
{
    (void)state;
    static const struct {
        const char *what;
        double kernel_j, rail_w, wanted_a, wanted_b;
        actop_origin origin;
        double scaled;
    } rows[] = {
        {"does not move", 0, 6, 6 * 1 / 2.0, 6 * 1 / 2.0, ACTOP_ESTIMATED, -1},
        {"measured", 1.5, 6, 1.5, 4.5, ACTOP_MEASURED, 0},
        {"more than the rail", 8, 6, 6, 0, ACTOP_DERIVED, 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct rig *r = rig_new(NULL);
        uint32_t a = 0;
        for (int k = 0; k < 2; k++) {
            rig_begin(r, 1);
            a = rig_process(r, 10, 1, "a", k);
            rig_set(r, ACTOP_METRIC_PROC_ENERGY_RAW, a, 100 + k * rows[i].kernel_j);
            (void)rig_process(r, 20, 1, "b", k);
            rig_set(r, ACTOP_METRIC_CPU_POWER, 0, rows[i].rail_w);
            busy_cores(r, 2);
            rig_step(r);
        }
        near(power_of(r, 10), rows[i].wanted_a);
        near(power_of(r, 20), rows[i].wanted_b);
        CHECK_ROW(actop_read(r->s, ACTOP_METRIC_PROC_POWER, a).origin == rows[i].origin,
                  rows[i].what);
        CHECK_ROW(rig_has(r, ACTOP_METRIC_ATTRIBUTION_SCALED, 0) == (rows[i].scaled >= 0),
                  rows[i].what);
        if (rows[i].scaled >= 0)
            near(rig_get(r, ACTOP_METRIC_ATTRIBUTION_SCALED, 0), rows[i].scaled);
        rig_free(r);
    }
}

static void a_reused_pid_is_a_new_process_and_a_gap_gives_nobody_power(void **state)
{
    (void)state;
    struct rig *r = rig_new(NULL);
    static const struct {
        uint64_t start;
        double cpu_s;
        bool gap, power;
    } rows[] = {{1, 10, false, false}, {1, 11, false, true}, {2, 12, false, false},
                {2, 13, true, false},  {2, 14, false, true}, {2, 3, false, false}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        rig_begin(r, 1);
        r->s->gap = rows[i].gap;
        (void)rig_process(r, 10, rows[i].start, "a", rows[i].cpu_s);
        (void)rig_process(r, 11, 1, "b", (double)i);
        rig_set(r, ACTOP_METRIC_CPU_POWER, 0, 4);
        busy_cores(r, 2);
        rig_step(r);
        assert_int_equal(rig_has(r, ACTOP_METRIC_PROC_POWER, 0), rows[i].power);
    }
    near(rig_get(r, ACTOP_METRIC_PROC_ENERGY, 0),
         2); /* the new process's own: one second of half of 4 W */
    rig_free(r);
}

static void totals_survive_their_process_and_their_number_is_bounded(void **state)
{
    (void)state;
    struct rig *r = rig_new(NULL);
    double total_j = 0;
    for (int i = 0; i < 3; i++) {
        rig_begin(r, 1);
        for (unsigned p = 1; p <= 70; p++)
            if (i < 2)
                (void)rig_process(r, p, 1, "short-lived", i * 0.01 * p);
        (void)rig_process(r, 1000, 1, "stays", i);
        rig_set(r, ACTOP_METRIC_CPU_POWER, 0, 10);
        busy_cores(r, RIG_CORES);
        rig_step(r);
    }
    uint32_t ended = 0;
    for (uint32_t row = 0; row < sample_rows(r->s, ACTOP_SCOPE_PROCESS); row++) {
        total_j += rig_get(r, ACTOP_METRIC_PROC_ENERGY, row);
        ended += (sample_entity_get(r->s, ACTOP_SCOPE_PROCESS, row)->flags & ACTOP_ENTITY_EXITED) !=
                 0;
    }
    assert_int_equal(ended, 51); /* fifty and the rest of them */
    near(total_j, 20);           /* two intervals of 10 W: nothing was lost */
    rig_free(r);
}

static void a_limited_list_ends_nobody(void **state)
{
    (void)state;
    struct rig *r = rig_new(NULL);
    for (int i = 0; i < 4; i++) {
        rig_begin(r, 1);
        rig_set(r, ACTOP_METRIC_PROCESS_COUNT, 0, 2);
        (void)rig_process(r, 1, 1, "always", i);
        if (i != 2)
            (void)rig_process(r, 2, 1, "at times", i);
        rig_set(r, ACTOP_METRIC_CPU_POWER, 0, 10);
        busy_cores(r, 2);
        rig_step(r);
        assert_int_equal(row_with(r, ACTOP_ENTITY_EXITED), -1);
    }
    near(rig_get(r, ACTOP_METRIC_PROC_ENERGY, 1),
         5); /* the interval after its absence is not its own */
    rig_free(r);
}

/* ---- Random traces ------------------------------------------------------------------------------------------------- */

enum { MOST = 24 };

struct trace {
    uint32_t n;
    uint64_t pid[MOST];
    double cpu_s[MOST], gpu_s[MOST], kernel_j[MOST]; /* -1: not read */
};

static double add_some(struct rng *g, double before, double most)
{
    return before < 0 ? -1 : before + (rng_below(g, 3) == 0 ? 0 : rng_unit(g) * most);
}

static void trace_start(struct trace *t, struct rng *g)
{
    t->n = 1 + rng_below(g, MOST);
    bool kernel = rng_below(g, 2) == 0;
    for (uint32_t i = 0; i < t->n; i++) {
        t->pid[i] = i + 1;
        t->cpu_s[i] = rng_below(g, 8) == 0 ? -1 : rng_unit(g) * 1e5;
        t->gpu_s[i] = rng_below(g, 2) == 0 ? -1 : rng_unit(g) * 1e3;
        t->kernel_j[i] = kernel && rng_below(g, 3) != 0 ? rng_unit(g) * 1e4 : -1;
    }
}

static void trace_go_on(struct trace *t, struct rng *g, double dt)
{
    for (uint32_t i = 0; i < t->n; i++) {
        t->cpu_s[i] = add_some(g, t->cpu_s[i], dt * 2);
        t->gpu_s[i] = add_some(g, t->gpu_s[i], dt);
        t->kernel_j[i] = add_some(g, t->kernel_j[i], dt * 3);
    }
}

static void set_process(struct rig *r, const struct trace *t, uint32_t i)
{
    uint32_t row = rig_process(r, t->pid[i], 1, "p", t->cpu_s[i]);
    if (t->gpu_s[i] >= 0)
        rig_set(r, ACTOP_METRIC_PROC_GPU_TIME, row, t->gpu_s[i]);
    if (t->kernel_j[i] >= 0)
        rig_set(r, ACTOP_METRIC_PROC_ENERGY_RAW, row, t->kernel_j[i]);
}

static void fill_trace(struct rig *r, const struct trace *t, const uint32_t order[MOST], double dt,
                       double cpu_w, double gpu_w, double cores)
{
    rig_begin(r, dt);
    for (uint32_t i = 0; i < t->n; i++)
        set_process(r, t, order[i]);
    rig_set(r, ACTOP_METRIC_CPU_POWER, 0, cpu_w);
    if (gpu_w >= 0)
        rig_set(r, ACTOP_METRIC_GPU_POWER, 0, gpu_w);
    busy_cores(r, cores);
    rig_step(r);
}

static void check_conserved(const struct rig *r, double rails_w)
{
    double sum = rig_get(r, ACTOP_METRIC_UNATTRIBUTED_POWER, 0);
    assert_true(sum >= 0);
    for (uint32_t row = 0; row < sample_rows(r->s, ACTOP_SCOPE_PROCESS); row++) {
        double w;
        if (!sample_get(r->s, ACTOP_METRIC_PROC_POWER, row, &w))
            continue;
        assert_true(w >= 0);
        sum += w;
    }
    double error = sum - rails_w;
    if (error > 1e-9 * rails_w || -error > 1e-9 * rails_w)
        fail_msg("the rows add up to %.15g, the rails to %.15g", sum, rails_w);
}

static void check_same(const struct rig *a, const struct rig *b)
{
    for (uint32_t row = 0; row < sample_rows(a->s, ACTOP_SCOPE_PROCESS); row++) {
        const struct entity *e = sample_entity_get(a->s, ACTOP_SCOPE_PROCESS, row);
        int64_t other = row_of(b, e->id);
        assert_true(other >= 0);
        double x = -1, y = -1;
        (void)sample_get(a->s, ACTOP_METRIC_PROC_POWER, row, &x);
        (void)sample_get(b->s, ACTOP_METRIC_PROC_POWER, (uint32_t)other, &y);
        assert_memory_equal(&x, &y, sizeof x); /* to the last bit */
    }
}

static void shuffle(uint32_t order[MOST], uint32_t n, struct rng *g)
{
    for (uint32_t i = 0; i < n; i++)
        order[i] = i;
    for (uint32_t i = n; i > 1; i--) {
        uint32_t k = rng_below(g, i);
        uint32_t t = order[i - 1];
        order[i - 1] = order[k];
        order[k] = t;
    }
}

static void random_traces_are_conserved_never_negative_and_the_same_in_any_order(void **state)
{
    (void)state;
    for (uint32_t seed = 0; seed < TRACES; seed++) {
        struct rng g = {seed};
        struct trace t;
        uint32_t plain[MOST], mixed[MOST];
        struct rig *a = rig_new(NULL);
        struct rig *b = rig_new(NULL);
        trace_start(&t, &g);
        for (int i = 0; i < 4; i++) {
            double dt = 0.1 + rng_unit(&g) * 5;
            double cpu_w = rng_below(&g, 10) == 0 ? 0 : rng_unit(&g) * 50;
            double gpu_w = rng_below(&g, 4) == 0 ? -1 : rng_unit(&g) * 30;
            double cores = rng_below(&g, 4) == 0 ? 0 : rng_unit(&g) * RIG_CORES;
            for (uint32_t k = 0; k < MOST; k++)
                plain[k] = k;
            shuffle(mixed, t.n, &g);
            fill_trace(a, &t, plain, dt, cpu_w, gpu_w, cores);
            fill_trace(b, &t, mixed, dt, cpu_w, gpu_w, cores);
            check_same(a, b);
            if (rig_has(a, ACTOP_METRIC_UNATTRIBUTED_POWER, 0))
                check_conserved(a, cpu_w + (gpu_w > 0 ? gpu_w : 0));
            trace_go_on(&t, &g, dt);
        }
        rig_free(a);
        rig_free(b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(watts_are_shared_by_time_and_what_is_not_visible_has_a_row),
        cmocka_unit_test(an_idle_interval_leaves_the_watts_unattributed),
        cmocka_unit_test(
            energy_the_kernel_counts_is_used_once_it_moves_and_scaled_when_it_is_too_much),
        cmocka_unit_test(a_reused_pid_is_a_new_process_and_a_gap_gives_nobody_power),
        cmocka_unit_test(totals_survive_their_process_and_their_number_is_bounded),
        cmocka_unit_test(a_limited_list_ends_nobody),
        cmocka_unit_test(random_traces_are_conserved_never_negative_and_the_same_in_any_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
