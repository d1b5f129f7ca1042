/* SPDX-License-Identifier: MIT */
/* What follows from the watts, energies and P-states of a sample; windows, gaps, clones, and no allocation once warm. */
#include <string.h>

#include "lib/alloc.h"
#include "lib/rig.h"
#include "lib/test.h"

static void check_near(double value, double wanted, const char *what)
{
    double error = value - wanted;
    double scale = wanted < 0 ? -wanted : wanted;
    if (error > 1e-9 * scale + 1e-12 || -error > 1e-9 * scale + 1e-12)
        fail_msg("%s: %.12g is not %.12g", what, value, wanted);
}

/* ---- Power ----------------------------------------------------------------------------------------------------- */

enum { NO = -1 };

static void set_known(struct rig *r, actop_metric id, double value)
{
    if (value >= 0)
        rig_set(r, id, 0, value);
}

static void the_package_is_the_sum_of_the_readable_ones_and_none_without_cpu_and_gpu(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        double cpu, gpu, ane, given, wanted;
    } rows[] = {
        {"all three", 10, 5, 1, NO, 16},
        {"no Neural Engine", 10, 5, NO, NO, 15},
        {"CPU alone", 10, NO, NO, NO, 10},
        {"GPU and Neural Engine", NO, 5, 1, NO, 6},
        {"Neural Engine alone", NO, NO, 1, NO, NO},
        {"nothing", NO, NO, NO, NO, NO},
        {"the source's own", 10, 5, 1, 40, 40},
        {"zeros", 0, 0, 0, NO, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct rig *r = rig_new(NULL);
        rig_begin(r, 0);
        set_known(r, ACTOP_METRIC_CPU_POWER, rows[i].cpu);
        set_known(r, ACTOP_METRIC_GPU_POWER, rows[i].gpu);
        set_known(r, ACTOP_METRIC_ANE_POWER, rows[i].ane);
        set_known(r, ACTOP_METRIC_PACKAGE_POWER, rows[i].given);
        rig_step(r);
        CHECK_ROW(rig_has(r, ACTOP_METRIC_PACKAGE_POWER, 0) == (rows[i].wanted >= 0), rows[i].what);
        if (rows[i].wanted >= 0)
            check_near(rig_get(r, ACTOP_METRIC_PACKAGE_POWER, 0), rows[i].wanted, rows[i].what);
        rig_free(r);
    }
}

static void a_sum_is_as_old_as_its_oldest_part(void **state)
{
    (void)state;
    struct rig *r = rig_new(NULL);
    rig_begin(r, 5);
    rig_set(r, ACTOP_METRIC_CPU_POWER, 0, 10);
    sample_put_at(r->s, ACTOP_METRIC_GPU_POWER, 0, 5, r->at_ns - 1000, ACTOP_STATE_STALE,
                  ACTOP_ESTIMATED, 0);
    rig_step(r);
    actop_reading package = actop_read(r->s, ACTOP_METRIC_PACKAGE_POWER, 0);
    assert_true(package.value == 15 && package.age_ns == 1000);
    assert_int_equal(package.state, ACTOP_STATE_STALE);
    assert_int_equal(package.origin, ACTOP_ESTIMATED);
    rig_free(r);
}

static void the_watt_ledger_adds_up_and_counts_the_impossible(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        double cpu, gpu, package, dram, system, other, unaccounted, violations;
    } rows[] = {
        {"Apple", 10, 5, NO, 2, 30, NO, 13, 0},
        {"PC: the package has more than cores", 10, 5, 20, 2, 40, 5, 18, 0},
        {"no system meter", 10, 5, NO, 2, NO, NO, NO, NO},
        {"package beyond system", 20, 5, NO, 2, 24, NO, NO, 1},
        {"blocks beyond system, package within", 20, 3, NO, 3, 24, NO, NO, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct rig *r = rig_new(NULL);
        rig_begin(r, 1);
        set_known(r, ACTOP_METRIC_CPU_POWER, rows[i].cpu);
        set_known(r, ACTOP_METRIC_GPU_POWER, rows[i].gpu);
        set_known(r, ACTOP_METRIC_PACKAGE_POWER, rows[i].package);
        set_known(r, ACTOP_METRIC_DRAM_POWER, rows[i].dram);
        set_known(r, ACTOP_METRIC_SYSTEM_POWER, rows[i].system);
        rig_step(r);
        static const actop_metric ids[] = {ACTOP_METRIC_OTHER_POWER, ACTOP_METRIC_UNACCOUNTED_POWER,
                                           ACTOP_METRIC_LEDGER_VIOLATIONS};
        const double wanted[] = {rows[i].other, rows[i].unaccounted, rows[i].violations};
        for (int k = 0; k < 3; k++) {
            CHECK_ROW(rig_has(r, ids[k], 0) == (wanted[k] >= 0), rows[i].what);
            if (wanted[k] >= 0)
                check_near(rig_get(r, ids[k], 0), wanted[k], rows[i].what);
        }
        rig_free(r);
    }
}

static void the_thermal_state_is_the_worse_of_level_and_pressure(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        double level, pressure, wanted;
    } rows[] = {
        {"both nominal", 0, 0, 0}, {"moderate is fair", 0, 1, 1}, {"heavy is fair", 0, 2, 1},
        {"trapping", 1, 3, 3},     {"sleeping", NO, 4, 3},        {"serious", 2, 1, 2},
        {"level alone", 2, NO, 2}, {"neither", NO, NO, NO},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct rig *r = rig_new(NULL);
        rig_begin(r, 1);
        set_known(r, ACTOP_METRIC_THERMAL_LEVEL, rows[i].level);
        set_known(r, ACTOP_METRIC_THERMAL_PRESSURE, rows[i].pressure);
        rig_step(r);
        CHECK_ROW(rig_has(r, ACTOP_METRIC_THERMAL_STATE, 0) == (rows[i].wanted >= 0), rows[i].what);
        if (rows[i].wanted >= 0)
            check_near(rig_get(r, ACTOP_METRIC_THERMAL_STATE, 0), rows[i].wanted, rows[i].what);
        check_near(rig_get(r, ACTOP_METRIC_ALERT_THERMAL, 0), rows[i].wanted > 0, rows[i].what);
        rig_free(r);
    }
}

static void references_follow_the_chip_and_its_bin(void **state)
{
    (void)state;
    struct rig *r = rig_new(NULL);
    rig_begin(r, 1);
    rig_set_text(r, ACTOP_METRIC_CHIP, 0, "Apple M4 Max");
    rig_set(r, ACTOP_METRIC_GPU_CORES, 0, 32);
    rig_set(r, ACTOP_METRIC_ANE_POWER, 0, 2);
    rig_set(r, ACTOP_METRIC_BANDWIDTH, 0, 205e9);
    rig_step(r);
    check_near(rig_get(r, ACTOP_METRIC_BANDWIDTH_PEAK, 0), 410e9, "peak");
    check_near(rig_get(r, ACTOP_METRIC_BANDWIDTH_RATIO, 0), 0.5, "of the peak");
    check_near(rig_get(r, ACTOP_METRIC_MAX_PACKAGE, 0), 55 + 90 + 8, "package");
    check_near(rig_get(r, ACTOP_METRIC_ANE_UTIL, 0), 0.25, "Neural Engine");
    rig_begin(r, 1);
    rig_set_text(r, ACTOP_METRIC_CHIP, 0, "AMD Ryzen 7");
    rig_step(r);
    assert_false(rig_has(r, ACTOP_METRIC_BANDWIDTH_PEAK, 0));
    check_near(rig_get(r, ACTOP_METRIC_MAX_BANDWIDTH, 0), 205e9, "the ceiling never falls");
    rig_free(r);
}

/* ---- Energy ------------------------------------------------------------------------------------------------------ */

static void session_energy_is_the_increments_of_the_package_rails(void **state)
{
    (void)state;
    struct rig *r = rig_new(NULL);
    static const double cpu_j[] = {0, 10, 10, 35}; /* published in batches: not watts times time */
    for (int i = 0; i < 4; i++) {
        rig_begin(r, i == 0 ? 0 : 1);
        rig_set(r, ACTOP_METRIC_RAIL_ENERGY, RIG_CPU, cpu_j[i]);
        rig_set(r, ACTOP_METRIC_RAIL_ENERGY, RIG_DRAM, 1000.0 * i);
        rig_set(r, ACTOP_METRIC_CPU_POWER, 0, 99);
        rig_step(r);
        check_near(rig_get(r, ACTOP_METRIC_SESSION_ENERGY, 0), cpu_j[i], "session");
    }
    rig_free(r);
}

static void a_rail_of_watts_is_integrated_between_its_readings_and_not_across_a_gap(void **state)
{
    (void)state;
    struct rig *r = rig_new(NULL);
    static const struct {
        double dt, w, age_s, wanted_j;
        bool gap;
    } rows[] = {
        {0, 5, 0, 0, false},    {2, 5, 0, 10, false}, {2, 8, 0, 26, false},
        {1, 8, 1, 26, false}, /* held: the same reading, a second old */
        {1, 4, 0, 34, false}, /* its successor covers the two seconds */
        {3600, 4, 0, 34, true}, {1, 4, 0, 34, false}, {1, 4, 0, 38, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        rig_begin(r, rows[i].dt);
        r->s->gap = rows[i].gap;
        int64_t at_ns = r->at_ns - (int64_t)(rows[i].age_s * 1e9);
        for (uint32_t rail = RIG_CPU; rail <= RIG_DRAM; rail += RIG_DRAM)
            sample_put_at(r->s, ACTOP_METRIC_RAIL_POWER, rail, rows[i].w, at_ns,
                          rows[i].age_s > 0 ? ACTOP_STATE_STALE : ACTOP_STATE_OK, ACTOP_MEASURED,
                          0);
        rig_step(r);
        check_near(rig_get(r, ACTOP_METRIC_RAIL_ENERGY, RIG_DRAM), rows[i].wanted_j, "rail");
        check_near(rig_get(r, ACTOP_METRIC_SESSION_ENERGY, 0), rows[i].wanted_j, "session");
    }
    rig_free(r);
}

static void package_power_is_integrated_where_no_rail_is_of_the_package(void **state)
{
    (void)state;
    struct rig *r = rig_new(NULL);
    rig_begin(r, 0);
    sample_put_state(r->s, ACTOP_METRIC_CPU_POWER, 0, ACTOP_STATE_WARMING, 0);
    rig_step(r);
    check_near(rig_get(r, ACTOP_METRIC_SESSION_ENERGY, 0), 0, "warming: nothing yet");
    for (int i = 0; i < 3; i++) {
        rig_begin(r, 2);
        rig_set(r, ACTOP_METRIC_CPU_POWER, 0, 10);
        rig_step(r);
        check_near(rig_get(r, ACTOP_METRIC_SESSION_ENERGY, 0), 20.0 * i, "10 W");
    }
    rig_free(r);
    r = rig_new(NULL);
    rig_begin(r, 2);
    rig_step(r);
    assert_false(
        rig_has(r, ACTOP_METRIC_SESSION_ENERGY, 0)); /* no power, no energy: absent, not 0 */
    rig_free(r);
}

static void a_gap_adds_nothing_but_the_gap(void **state)
{
    (void)state;
    struct rig *r = rig_new(NULL);
    for (int i = 0; i < 6; i++) {
        rig_begin(r, i == 0 ? 0 : 1);
        r->s->gap = i == 3;
        rig_set(r, ACTOP_METRIC_RAIL_ENERGY, RIG_CPU, i < 3 ? 10.0 * i : 1000 + 10.0 * i);
        rig_set(r, ACTOP_METRIC_CPU_POWER, 0, i == 3 ? 1e6 : 10);
        rig_set(r, ACTOP_METRIC_THERMAL_STATE, 0, 0);
        rig_step(r);
        check_near(rig_get(r, ACTOP_METRIC_GAPS, 0), i >= 3, "gaps");
    }
    check_near(rig_get(r, ACTOP_METRIC_SESSION_ENERGY, 0), 20 + 20, "energy");
    const struct window_cell *w = sample_window_get(r->s, ACTOP_METRIC_CPU_POWER, 0);
    check_near(w->peak, 10, "peak");
    check_near(rig_get(r, ACTOP_METRIC_MAX_PACKAGE, 0), 68, "ceiling");
    rig_free(r);
}

/* ---- Windows ------------------------------------------------------------------------------------------------------ */

static void averages_weigh_by_time_and_forget_what_is_older_than_the_window(void **state)
{
    (void)state;
    struct analysis_options o = rig_options();
    o.average_window_s = 10;
    struct rig *r = rig_new(&o);
    static const struct {
        double dt, value, average, peak;
        uint32_t count;
    } rows[] = {
        {2, 10, 10, 10, 1},
        {6, 20, 17.5, 20, 2},
        {2, 0, 14, 20, 3},
        {4, 0, (4 * 20.0) / 10, 20, 3}, /* 14 s: 10 leaves, 4 of the 6 s with 20 are left */
        {8, 5, (8 * 5.0 + 2 * 0) / 10, 5, 2},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        rig_begin(r, rows[i].dt);
        rig_set(r, ACTOP_METRIC_CPU_POWER, 0, rows[i].value);
        rig_set(r, ACTOP_METRIC_TIER_UTIL, RIG_P, rows[i].value / 20);
        rig_step(r);
        const struct window_cell *w = sample_window_get(r->s, ACTOP_METRIC_CPU_POWER, 0);
        assert_non_null(w);
        check_near(w->average, rows[i].average, "average");
        check_near(w->peak, rows[i].peak, "peak");
        assert_int_equal(w->count, rows[i].count);
        w = sample_window_get(r->s, ACTOP_METRIC_TIER_UTIL, RIG_P);
        check_near(w->average, rows[i].average / 20, "tier");
        assert_int_equal(sample_window_get(r->s, ACTOP_METRIC_TIER_UTIL, RIG_E)->count, 0);
    }
    rig_free(r);
}

static void many_samples_in_a_window_share_slots_and_keep_average_and_peak(void **state)
{
    (void)state;
    struct rig *r = rig_new(NULL); /* 30 s, at 20 ms: 1500 samples */
    double sum = 0;
    for (int i = 1; i <= 3000; i++) {
        double value = i % 10;
        rig_begin(r, 0.02);
        rig_set(r, ACTOP_METRIC_CPU_POWER, 0, value);
        rig_step(r);
        sum += i > 1500 ? value : 0;
    }
    const struct window_cell *w = sample_window_get(r->s, ACTOP_METRIC_CPU_POWER, 0);
    double error = w->average - sum / 1500;
    assert_true(error < 0.05 && error > -0.05);
    assert_true(w->peak == 9);
    rig_free(r);
}

/* What a window should be, from everything there ever was. */
static void check_window(const struct rig *r, size_t n, const double *begin, const double *end,
                         const double *value)
{
    double sum = 0, weight = 0, peak = 0, from = end[n - 1] - r->options.average_window_s;
    uint32_t count = 0;
    for (size_t i = 0; i < n; i++) {
        double inside = end[i] - (begin[i] > from ? begin[i] : from);
        if (value[i] < 0 || !(end[i] > from + 1e-9))
            continue;
        sum += value[i] * inside;
        weight += inside;
        peak = count == 0 || value[i] > peak ? value[i] : peak;
        count++;
    }
    const struct window_cell *w = sample_window_get(r->s, ACTOP_METRIC_CPU_POWER, 0);
    assert_int_equal(w != NULL ? w->count : 0, count);
    if (count == 0)
        return;
    check_near(w->average, sum / weight, "average");
    check_near(w->peak, peak, "peak");
}

static void windows_are_what_a_sum_over_all_samples_would_say(void **state)
{
    enum { SAMPLES = 2000 };
    static double begin[SAMPLES], end[SAMPLES], value[SAMPLES];
    struct rng g = {7};
    (void)state;
    struct analysis_options o = rig_options();
    o.average_window_s = 10;
    struct rig *r = rig_new(&o);
    for (size_t i = 0; i < SAMPLES; i++) {
        /* Mostly a few a second, some so far apart that they leave one or none behind; all longer than a slot. */
        double dt = 0.25 * (1 + rng_below(&g, 4));
        dt = rng_below(&g, 50) == 0 ? 0.25 * (1 + rng_below(&g, 60)) : dt;
        begin[i] = i == 0 ? 0 : end[i - 1];
        end[i] = begin[i] + dt;
        value[i] = rng_below(&g, 5) == 0 ? -1 : rng_unit(&g);
        rig_begin(r, dt);
        if (value[i] >= 0)
            rig_set(r, ACTOP_METRIC_CPU_POWER, 0, value[i]);
        if (i > SAMPLES / 2)
            rig_set(r, ACTOP_METRIC_GPU_UTIL, 0, 0.5); /* a column that comes later */
        if (i % 97 == 0) {
            struct analysis *copy = analysis_clone(r->analysis);
            assert_non_null(copy);
            analysis_free(r->analysis);
            r->analysis = copy;
        }
        rig_step(r);
        check_window(r, i + 1, begin, end, value);
    }
    check_near(sample_window_get(r->s, ACTOP_METRIC_GPU_UTIL, 0)->average, 0.5, "later");
    rig_free(r);
}

static void windows_and_ledgers_follow_their_rows_through_a_changed_topology(void **state)
{
    (void)state;
    struct rig *r = rig_new(NULL);
    for (int i = 0; i < 3; i++) {
        rig_begin(r, 1);
        rig_set(r, ACTOP_METRIC_RAIL_POWER, RIG_DRAM, 6);
        rig_set(r, ACTOP_METRIC_CLUSTER_UTIL, RIG_P, 0.5);
        rig_set(r, ACTOP_METRIC_GPU_UTIL, 0, 0.25);
        rig_step(r);
    }
    struct topology *other = topology_new(); /* dram first, P0 alone, a second GPU */
    topology_add(other, ACTOP_SCOPE_TIER, "P", NULL, "P");
    topology_add(other, ACTOP_SCOPE_CLUSTER, "P0", NULL, NULL);
    topology_add(other, ACTOP_SCOPE_GPU, "gpu1", NULL, NULL);
    topology_add(other, ACTOP_SCOPE_GPU, "gpu0", NULL, NULL);
    topology_add(other, ACTOP_SCOPE_RAIL, "dram", NULL, NULL);
    topology_unref(r->topology);
    r->topology = other;
    rig_begin(r, 1);
    rig_set(r, ACTOP_METRIC_RAIL_POWER, 0, 6);
    rig_step(r);
    check_near(rig_get(r, ACTOP_METRIC_RAIL_ENERGY, 0), 18, "rail");
    check_near(sample_window_get(r->s, ACTOP_METRIC_CLUSTER_UTIL, 0)->average, 0.5, "cluster");
    check_near(sample_window_get(r->s, ACTOP_METRIC_GPU_UTIL, 0)->average, 0.25, "machine");
    assert_int_equal(sample_window_get(r->s, ACTOP_METRIC_RAIL_POWER, 0)->count, 4);
    rig_free(r);
}

/* ---- Residency ---------------------------------------------------------------------------------------------------- */

static struct topology *with_pstates(struct topology *t)
{
    for (int i = 0; i < 5; i++) {
        int32_t row = topology_add(t, ACTOP_SCOPE_PSTATE, i == 0 ? "idle" : "state", NULL, NULL);
        struct entity *e = topology_at(t, ACTOP_SCOPE_PSTATE, row);
        e->parent_scope = ACTOP_SCOPE_CLUSTER;
        e->parent = RIG_P;
        e->flags = i == 0 ? ACTOP_ENTITY_IDLE : 0;
    }
    int32_t row = topology_add(t, ACTOP_SCOPE_PSTATE, "gpu", NULL, NULL);
    topology_at(t, ACTOP_SCOPE_PSTATE, row)->parent_scope = ACTOP_SCOPE_GPU;
    topology_at(t, ACTOP_SCOPE_PSTATE, row)->parent = 0;
    return t;
}

static void residencies_are_sorted_against_the_top_of_the_table(void **state)
{
    (void)state;
    struct rig *r = rig_new(NULL);
    static const double hz[] = {0, 1.5e9, 1.6e9, 3.0e9,
                                4.0e9}; /* low, mid at 0.40, high at 0.75, top */
    static const double ratio[] = {0.5, 0.05, 0.1, 0.15, 0.2};
    with_pstates(r->topology);
    rig_begin(r, 1);
    for (uint32_t i = 0; i < 5; i++) {
        rig_set(r, ACTOP_METRIC_PSTATE_FREQ, i, hz[i]);
        rig_set(r, ACTOP_METRIC_PSTATE_RATIO, i, ratio[i]);
    }
    rig_set(r, ACTOP_METRIC_PSTATE_FREQ, 5, 1e9); /* a kernel that counts no idle time */
    rig_set(r, ACTOP_METRIC_PSTATE_RATIO, 5, 1);
    rig_set(r, ACTOP_METRIC_GPU_ONE_UTIL, 0, 0.25);
    rig_step(r);
    check_near(rig_get(r, ACTOP_METRIC_TIER_IDLE, RIG_P), 0.5, "idle");
    check_near(rig_get(r, ACTOP_METRIC_TIER_LOW, RIG_P), 0.05, "low");
    check_near(rig_get(r, ACTOP_METRIC_TIER_MID, RIG_P), 0.1, "mid");
    check_near(rig_get(r, ACTOP_METRIC_TIER_HIGH, RIG_P), 0.35, "high");
    assert_false(rig_has(r, ACTOP_METRIC_TIER_IDLE, RIG_E));
    check_near(rig_get(r, ACTOP_METRIC_GPU_IDLE, 0), 0.75, "GPU idle");
    check_near(rig_get(r, ACTOP_METRIC_GPU_HIGH, 0), 0.25, "GPU high");
    rig_free(r);
}

/* ---- The fold ------------------------------------------------------------------------------------------------------- */

static void fill_any(struct rig *r, int i)
{
    for (uint32_t core = 0; core < RIG_CORES; core++)
        rig_set(r, ACTOP_METRIC_CORE_UTIL, core, 0.1 * ((i + (int)core) % 10));
    rig_set(r, ACTOP_METRIC_CPU_UTIL, 0, 0.1 * (i % 10));
    rig_set(r, ACTOP_METRIC_CPU_POWER, 0, 5 + i % 7);
    rig_set(r, ACTOP_METRIC_GPU_POWER, 0, 2 + i % 3);
    rig_set(r, ACTOP_METRIC_SYSTEM_POWER, 0, 30);
    rig_set(r, ACTOP_METRIC_GPU_UTIL, 0, 0.05 * (i % 20));
    rig_set(r, ACTOP_METRIC_BANDWIDTH, 0, 5e9 * (i % 20));
    rig_set(r, ACTOP_METRIC_SWAP_USED, 0, 1e8 * (i % 13));
    rig_set(r, ACTOP_METRIC_SWAP_TOTAL, 0, 1e10);
    rig_set(r, ACTOP_METRIC_RAIL_ENERGY, RIG_CPU, 6.0 * i);
    rig_set(r, ACTOP_METRIC_RAIL_POWER, RIG_DRAM, 1.5);
    for (unsigned p = 1; p <= 40; p++)
        if ((i / 8 + (int)p) % 9 != 0)
            (void)rig_process(r, p, 7, "worker", 0.01 * i * p);
}

static bool same_cells(const struct actop_sample_t *a, const struct actop_sample_t *b)
{
    for (int id = 0; id < ACTOP_METRIC_COUNT; id++)
        for (uint32_t row = 0; row < sample_rows(a, metric_info((actop_metric)id)->scope); row++) {
            const struct cell *x = sample_cell(a, (actop_metric)id, row);
            const struct cell *y = sample_cell(b, (actop_metric)id, row);
            if (y == NULL || x->state != y->state ||
                memcmp(&x->value, &y->value, sizeof x->value) != 0 || x->origin != y->origin ||
                x->at_ns != y->at_ns)
                return false;
            const struct window_cell *v = sample_window_get(a, (actop_metric)id, row);
            const struct window_cell *w = sample_window_get(b, (actop_metric)id, row);
            if (v != NULL &&
                (v->count != w->count || (v->count > 0 && memcmp(v, w, sizeof *v) != 0)))
                return false;
        }
    return true;
}

static void a_clone_goes_on_like_the_original(void **state)
{
    (void)state;
    struct rig *r = rig_new(NULL);
    struct rig *twin = rig_new(NULL);
    for (int i = 0; i < 60; i++) {
        if (i == 30) {
            analysis_free(twin->analysis);
            twin->analysis = analysis_clone(r->analysis);
            topology_unref(twin->topology);
            twin->topology = topology_ref(r->topology);
            twin->at_ns = r->at_ns;
        }
        rig_begin(r, 0.7);
        fill_any(r, i);
        r->s->gap = i == 40;
        rig_step(r);
        if (i < 30)
            continue;
        rig_begin(twin, 0.7);
        fill_any(twin, i);
        twin->s->gap = i == 40;
        rig_step(twin);
        assert_int_equal(sample_rows(r->s, ACTOP_SCOPE_PROCESS),
                         sample_rows(twin->s, ACTOP_SCOPE_PROCESS));
        assert_true(same_cells(r->s, twin->s));
    }
    rig_free(twin);
    rig_free(r);
}

static void nothing_is_allocated_once_the_windows_are_full(void **state)
{
    (void)state;
    struct rig *r = rig_new(NULL);
    for (int i = 0; i < 100; i++) {
        rig_begin(r, 1);
        fill_any(r, i);
        rig_step(r);
    }
    unsigned long before = alloc_count();
    for (int i = 100; i < 400; i++) {
        rig_begin(r, 1);
        fill_any(r, i);
        rig_step(r);
    }
    assert_int_equal(alloc_count() - before, 0);
    rig_free(r);
}

/* The samples are filled while nothing fails; only the step meets the failure. True while one was hit. */
static bool step_with_failure(long n)
{
    struct rig *r = rig_new(NULL);
    bool failed = false;
    for (int i = 0; i < 20; i++) {
        rig_begin(r, 1);
        fill_any(r, i);
        if (!failed)
            alloc_fail_nth(n);
        actop_status st = analysis_step(r->analysis, r->s, NULL);
        assert_true(st == ACTOP_OK || (st == ACTOP_E_NOMEM && alloc_failed()));
        failed = failed || alloc_failed();
        alloc_fail_nth(0);
    }
    rig_free(r);
    return failed;
}

static bool clone_with_failure(long n)
{
    struct rig *r = rig_new(NULL);
    for (int i = 0; i < 2; i++) {
        rig_begin(r, 1);
        fill_any(r, i);
        rig_step(r);
    }
    alloc_fail_nth(n);
    struct analysis *copy = analysis_clone(r->analysis);
    bool failed = alloc_failed();
    alloc_fail_nth(0);
    assert_true(failed == (copy == NULL));
    analysis_free(copy);
    rig_free(r);
    return failed;
}

static void every_allocation_may_fail_and_the_fold_goes_on(void **state)
{
    (void)state;
    long n = 1;
    while (step_with_failure(n))
        n++;
    assert_true(n > 8);
    n = 1;
    while (clone_with_failure(n))
        n++;
    assert_true(n > 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_package_is_the_sum_of_the_readable_ones_and_none_without_cpu_and_gpu),
        cmocka_unit_test(a_sum_is_as_old_as_its_oldest_part),
        cmocka_unit_test(the_watt_ledger_adds_up_and_counts_the_impossible),
        cmocka_unit_test(the_thermal_state_is_the_worse_of_level_and_pressure),
        cmocka_unit_test(references_follow_the_chip_and_its_bin),
        cmocka_unit_test(session_energy_is_the_increments_of_the_package_rails),
        cmocka_unit_test(a_rail_of_watts_is_integrated_between_its_readings_and_not_across_a_gap),
        cmocka_unit_test(package_power_is_integrated_where_no_rail_is_of_the_package),
        cmocka_unit_test(a_gap_adds_nothing_but_the_gap),
        cmocka_unit_test(averages_weigh_by_time_and_forget_what_is_older_than_the_window),
        cmocka_unit_test(many_samples_in_a_window_share_slots_and_keep_average_and_peak),
        cmocka_unit_test(windows_are_what_a_sum_over_all_samples_would_say),
        cmocka_unit_test(windows_and_ledgers_follow_their_rows_through_a_changed_topology),
        cmocka_unit_test(residencies_are_sorted_against_the_top_of_the_table),
        cmocka_unit_test(a_clone_goes_on_like_the_original),
        cmocka_unit_test(nothing_is_allocated_once_the_windows_are_full),
        cmocka_unit_test(every_allocation_may_fail_and_the_fold_goes_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
