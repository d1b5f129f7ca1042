/* SPDX-License-Identifier: MIT */
/* Alerts, throttling and the bottleneck verdict: formulas by rows, and loads of known kind on several chips. */
#include <stdio.h>
#include <string.h>

#include "analysis/bottleneck.h"
#include "analysis/throttle.h"
#include "lib/rig.h"
#include "lib/test.h"

/* ---- Alerts ----------------------------------------------------------------------------------------------------- */

static void step_with(struct rig *r, actop_metric id, double value)
{
    rig_begin(r, 1);
    rig_set_text(r, ACTOP_METRIC_CHIP, 0, "Apple M4"); /* 120 GB/s, 30 + 20 + 8 W */
    rig_set(r, id, 0, value);
    rig_step(r);
}

static void an_alert_stands_once_its_condition_has_held_and_falls_at_once(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        actop_metric input, alert;
        double below, at;
    } rows[] = {
        {"bandwidth", ACTOP_METRIC_BANDWIDTH, ACTOP_METRIC_ALERT_MEM_BOUND, 101.9e9, 102e9},
        {"package", ACTOP_METRIC_PACKAGE_POWER, ACTOP_METRIC_ALERT_PACKAGE, 49.2, 49.3},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct rig *r = rig_new(NULL);
        static const struct {
            bool holds;
            double alert;
        } steps[] = {{true, 0}, {true, 0}, {false, 0}, {true, 0},
                     {true, 0}, {true, 1}, {true, 1},  {false, 0}};
        for (size_t k = 0; k < sizeof steps / sizeof *steps; k++) {
            step_with(r, rows[i].input, steps[k].holds ? rows[i].at : rows[i].below);
            CHECK_ROW(rig_get(r, rows[i].alert, 0) == steps[k].alert, rows[i].what);
        }
        rig_free(r);
    }
}

static void a_ceiling_ratchets(void **state)
{
    (void)state;
    struct rig *r = rig_new(NULL);
    step_with(r, ACTOP_METRIC_BANDWIDTH, 200e9);
    assert_true(rig_get(r, ACTOP_METRIC_MAX_BANDWIDTH, 0) == 200e9);
    for (int i = 0; i < 4; i++)
        step_with(r, ACTOP_METRIC_BANDWIDTH,
                  110e9); /* over 85 % of the chip's 120, not of the 200 seen */
    assert_true(rig_get(r, ACTOP_METRIC_MAX_BANDWIDTH, 0) == 200e9);
    assert_true(rig_get(r, ACTOP_METRIC_ALERT_MEM_BOUND, 0) == 0);
    assert_true(rig_get(r, ACTOP_METRIC_BANDWIDTH_RATIO, 0) == 0.55);
    rig_free(r);
}

static void the_throttling_alert_needs_load_a_low_frequency_and_heat(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        struct throttle_facts f;
        bool wanted;
    } rows[] = {
        {"hot state", {0.80, 2.6e9, 3e9, 1, 60}, true},
        {"hot die", {0.95, 2.6e9, 3e9, 0, 90}, true},
        {"hot die, state unknown", {0.95, 2.6e9, 3e9, -1, 95}, true},
        {"cool", {0.95, 2.6e9, 3e9, 0, 89.9}, false},
        {"nothing known of heat", {0.95, 2.6e9, 3e9, -1, -1}, false},
        {"lightly loaded", {0.79, 1e9, 3e9, 2, 100}, false},
        {"fast enough", {1.0, 2.7e9, 3e9, 2, 100}, false},
        {"no table", {1.0, 1e9, -1, 2, 100}, false},
        {"no frequency", {1.0, -1, 3e9, 2, 100}, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        CHECK_ROW(alert_is_throttled(&rows[i].f, 0.90) == rows[i].wanted, rows[i].what);
}

static void the_throttling_alert_goes_by_the_realized_frequency_of_the_upper_tier(void **state)
{
    (void)state;
    struct rig *r = rig_new(NULL);
    for (int i = 0; i < 3; i++) {
        rig_begin(r, 1);
        for (uint32_t tier = RIG_E; tier <= RIG_P; tier++) {
            rig_set(r, ACTOP_METRIC_TIER_UTIL, tier, 0.9);
            rig_set(r, ACTOP_METRIC_TIER_FREQ, tier, 4e9);
            rig_set(r, ACTOP_METRIC_TIER_MAX_FREQ, tier, 4e9);
        }
        rig_set(r, ACTOP_METRIC_TIER_REALIZED_FREQ, i < 2 ? RIG_P : RIG_E, 3e9);
        rig_set(r, ACTOP_METRIC_THERMAL_STATE, 0, 1);
        rig_step(r);
    }
    assert_true(rig_get(r, ACTOP_METRIC_ALERT_CPU, 0) ==
                0); /* the third one slowed the lower tier only */
    assert_true(rig_get(r, ACTOP_METRIC_ALERT_THERMAL, 0) == 1);
    rig_free(r);
}

static void the_swap_alert_looks_over_the_last_samples_and_needs_swap_to_be_there(void **state)
{
    (void)state;
    static const double gib = 1073741824.0;
    static const struct {
        const char *what;
        double total, used[5], rise, alert;
    } rows[] = {
        {"rises", 4, {1, 1.1, 1.2, 1.31, 1.31}, 0.21, 0},
        {"rises enough", 4, {1, 1, 1.1, 1.2, 1.35}, 0.35, 1},
        {"falls", 4, {2, 1.5, 1, 0.5, 0.2}, 0, 0},
        {"no swap to speak of", 0.05, {0, 0, 0, 0, 0.5}, 0.5, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct rig *r = rig_new(NULL);
        for (int k = 0; k < 5; k++) {
            rig_begin(r, 1);
            rig_set(r, ACTOP_METRIC_SWAP_USED, 0, rows[i].used[k] * gib);
            rig_set(r, ACTOP_METRIC_SWAP_TOTAL, 0, rows[i].total * gib);
            rig_step(r);
            if (k < 3)
                CHECK_ROW(rig_get(r, ACTOP_METRIC_ALERT_SWAP, 0) == 0, rows[i].what);
        }
        double error = rig_get(r, ACTOP_METRIC_SWAP_RISE, 0) / gib - rows[i].rise;
        CHECK_ROW(error < 1e-9 && error > -1e-9, rows[i].what);
        CHECK_ROW(rig_get(r, ACTOP_METRIC_ALERT_SWAP, 0) == rows[i].alert, rows[i].what);
        rig_free(r);
    }
}

/* ---- Throttling that is visible ------------------------------------------------------------------------------------ */

struct throttle_row {
    const char *what;
    uint32_t cluster;
    double util, requested, realized, limit, thermal, low_power, package; /* -1: not read */
    double throttled, reason, lost;
};

static void set_if(struct rig *r, actop_metric id, uint32_t row, double value)
{
    if (value >= 0)
        rig_set(r, id, row, value);
}

static void throttling_names_its_reason_and_spares_the_lightly_loaded(void **state)
{
    (void)state;
    static const struct throttle_row rows[] = {
        {"gets what it asks for", RIG_P, 0.9, 4e9, 4e9, -1, 0, 0, 5, 0, REASON_NONE, 0},
        {"heat", RIG_P, 0.9, 4e9, 3e9, -1, 1, 0, 5, 1, REASON_HEAT, 0.25},
        {"low-power mode", RIG_P, 0.9, 4e9, 3e9, -1, 0, 1, 5, 1, REASON_LOW_POWER_MODE, 0.25},
        {"power limit", RIG_P, 0.9, 4e9, 3e9, -1, 0, 0, 65, 1, REASON_POWER, 0.25},
        {"unknown", RIG_P, 0.9, 4e9, 3e9, -1, 0, 0, 5, 1, REASON_UNKNOWN, 0.25},
        {"lightly loaded", RIG_P, 0.2, 4e9, 1e9, -1, 2, 1, 5, 0, REASON_NONE, 0.75},
        {"idle", RIG_P, 0, 4e9, 1e9, -1, 2, 1, 5, 0, REASON_NONE, -1},
        {"a little below", RIG_P, 0.9, 4e9, 3.7e9, -1, 1, 0, 5, 0, REASON_NONE, 0.075},
        {"asks for less when hot", RIG_P, 0.9, 2e9, 2e9, -1, 1, 0, 5, 1, REASON_HEAT, 0},
        {"asks for less, cool", RIG_P, 0.9, 2e9, 2e9, -1, 0, 0, 5, 0, REASON_NONE, 0},
        {"realized unknown, hot", RIG_P, 0.9, 2e9, -1, -1, 1, 0, 5, 1, REASON_HEAT, -1},
        {"realized unknown, capped", RIG_P, 0.9, 2e9, -1, 2e9, 0, 0, 5, 1, REASON_POWER, -1},
        {"lower tier, slow because nothing is urgent", RIG_E, 0.9, 1e9, 1e9, -1, 1, 0, 5, 0,
         REASON_NONE, 0},
        {"lower tier, not given what it asks for", RIG_E, 0.9, 2e9, 1e9, -1, 1, 0, 5, 1,
         REASON_HEAT, 0.5},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct throttle_row *t = &rows[i];
        struct rig *r = rig_new(NULL);
        rig_begin(r, 1);
        rig_set(r, ACTOP_METRIC_CLUSTER_UTIL, t->cluster, t->util);
        rig_set(r, ACTOP_METRIC_CLUSTER_FREQ, t->cluster, t->requested);
        set_if(r, ACTOP_METRIC_CLUSTER_REALIZED_FREQ, t->cluster, t->realized);
        rig_set(r, ACTOP_METRIC_CLUSTER_MAX_FREQ, t->cluster, 4e9);
        set_if(r, ACTOP_METRIC_CLUSTER_LIMIT_FREQ, t->cluster, t->limit);
        rig_set(r, ACTOP_METRIC_THERMAL_STATE, 0, t->thermal);
        rig_set(r, ACTOP_METRIC_LOW_POWER_MODE, 0, t->low_power);
        rig_set(r, ACTOP_METRIC_PACKAGE_POWER, 0, t->package);
        rig_step(r);
        CHECK_ROW(rig_get(r, ACTOP_METRIC_CPU_THROTTLED, 0) == t->throttled, t->what);
        CHECK_ROW(rig_get(r, ACTOP_METRIC_CLUSTER_THROTTLED, t->cluster) == t->throttled, t->what);
        CHECK_ROW(rig_get(r, ACTOP_METRIC_THROTTLE_REASON, 0) == t->reason, t->what);
        CHECK_ROW(rig_has(r, ACTOP_METRIC_CPU_LOST, 0) == (t->lost >= 0), t->what);
        if (t->lost >= 0) {
            double error = rig_get(r, ACTOP_METRIC_CPU_LOST, 0) - t->lost;
            CHECK_ROW(error < 1e-12 && error > -1e-12, t->what);
        }
        actop_origin origin = t->realized >= 0 ? ACTOP_DERIVED : ACTOP_ESTIMATED;
        CHECK_ROW(actop_read(r->s, ACTOP_METRIC_CPU_THROTTLED, 0).origin == origin, t->what);
        rig_free(r);
    }
}

static void one_reading_under_both_names_says_nothing_of_what_was_lost(void **state)
{
    static const struct {
        const char *what;
        double realized;
        actop_origin origin; /* of what was requested */
        uint16_t via;
        bool known;
    } rows[] = {
        {"the same reading", 3e9, ACTOP_MEASURED, 1, false},
        {"another value", 2.4e9, ACTOP_MEASURED, 1, true},
        {"a mean of states", 3e9, ACTOP_DERIVED, 1, true},
        {"from elsewhere", 3e9, ACTOP_MEASURED, 2, true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct rig *r = rig_new(NULL);
        rig_begin(r, 1);
        rig_set(r, ACTOP_METRIC_CLUSTER_UTIL, RIG_P, 0.9);
        sample_put(r->s, ACTOP_METRIC_CLUSTER_FREQ, RIG_P, 3e9, rows[i].origin, 1);
        sample_put(r->s, ACTOP_METRIC_CLUSTER_REALIZED_FREQ, RIG_P, rows[i].realized,
                   ACTOP_MEASURED, rows[i].via);
        rig_set(r, ACTOP_METRIC_CLUSTER_MAX_FREQ, RIG_P, 4e9);
        rig_step(r);
        CHECK_ROW(rig_has(r, ACTOP_METRIC_CPU_LOST, 0) == rows[i].known, rows[i].what);
        CHECK_ROW(rig_has(r, ACTOP_METRIC_CPU_LOST_SESSION, 0) == rows[i].known, rows[i].what);
        CHECK_ROW(rig_has(r, ACTOP_METRIC_CLUSTER_LOST, RIG_P) == rows[i].known, rows[i].what);
        CHECK_ROW(rig_has(r, ACTOP_METRIC_CLUSTER_THROTTLED, RIG_P), rows[i].what);
        rig_free(r);
    }
}

static void lost_performance_is_weighed_by_active_time_now_and_over_the_session(void **state)
{
    (void)state;
    struct rig *r = rig_new(NULL);
    for (int i = 0; i < 2; i++) {
        rig_begin(r, i == 0 ? 1 : 3);
        rig_set(r, ACTOP_METRIC_CLUSTER_UTIL, RIG_E, 1);   /* 2 cores */
        rig_set(r, ACTOP_METRIC_CLUSTER_UTIL, RIG_P, 0.5); /* 4 cores */
        rig_set(r, ACTOP_METRIC_CLUSTER_FREQ, RIG_E, 2e9);
        rig_set(r, ACTOP_METRIC_CLUSTER_FREQ, RIG_P, 4e9);
        rig_set(r, ACTOP_METRIC_CLUSTER_REALIZED_FREQ, RIG_E, 2e9);
        rig_set(r, ACTOP_METRIC_CLUSTER_REALIZED_FREQ, RIG_P, i == 0 ? 3e9 : 4e9);
        rig_set(r, ACTOP_METRIC_GPU_UTIL, 0, 1);
        rig_set(r, ACTOP_METRIC_GPU_ONE_FREQ, 0, 1e9);
        rig_set(r, ACTOP_METRIC_GPU_ONE_REALIZED_FREQ, 0, 0.5e9);
        rig_step(r);
    }
    assert_true(rig_get(r, ACTOP_METRIC_CPU_LOST, 0) == 0);
    assert_true(rig_get(r, ACTOP_METRIC_CPU_LOST_SESSION, 0) ==
                0.5 / 16); /* 2 s at a quarter lost, of 16 s */
    assert_true(rig_get(r, ACTOP_METRIC_GPU_LOST, 0) == 0.5);
    assert_true(rig_get(r, ACTOP_METRIC_GPU_LOST_SESSION, 0) == 0.5);
    assert_true(rig_get(r, ACTOP_METRIC_GPU_THROTTLED, 0) == 1);
    rig_free(r);
}

/* ---- The verdict --------------------------------------------------------------------------------------------------- */

/* A load as it looks on a chip; -1: not read. core: the busiest core; the others share the rest of cpu. */
struct load {
    const char *what, *chip;
    double cpu, core, gpu, bandwidth_gbps, ane_w, pressure, swap_mbps, iowait, disk;
    int verdict;
    const char *because; /* begins with; NULL: not asked */
};

static const struct load loads[] = {
    {"LLM prefill", "Apple M1", 0.15, 0.5, 0.98, 22, 0, 0, 0, -1, -1, VERDICT_GPU,
     "GPU 98%, bandwidth 32% of its ceiling"},
    {"LLM decode", "Apple M1", 0.12, 0.5, 0.95, 55, 0, 0, 0, -1, -1, VERDICT_BANDWIDTH,
     "bandwidth 81% of its ceiling, GPU 95%"},
    {"LLM prefill", "Apple M4 Max", 0.08, 0.4, 0.99, 190, 0, 0, 0, -1, -1, VERDICT_GPU,
     "GPU 99%, bandwidth 35% of its ceiling"},
    {"LLM decode", "Apple M4 Max", 0.06, 0.4, 0.93, 455, 0, 0, 0, -1, -1, VERDICT_BANDWIDTH,
     "bandwidth 83% of its ceiling"},
    {"LLM prefill", "Apple M5 Max", 0.08, 0.4, 0.99, 230, 0, 0, 0, -1, -1, VERDICT_GPU, NULL},
    {"LLM decode", "Apple M5 Max", 0.06, 0.4, 0.93, 520, 0, 0, 0, -1, -1, VERDICT_BANDWIDTH, NULL},
    {"LLM decode", "Apple M1 Ultra", 0.06, 0.4, 0.90, 610, 0, 0, 0, -1, -1, VERDICT_BANDWIDTH,
     NULL},
    {"STREAM on the CPU", "Apple M2 Pro", 0.95, 1, 0.02, 170, 0, 0, 0, -1, -1, VERDICT_BANDWIDTH,
     NULL},
    {"compiling on all cores", "Apple M2 Pro", 0.97, 1, 0.03, 40, 0, 0, 0, -1, -1, VERDICT_CPU_ALL,
     "CPU 97%, busiest core 100%"},
    {"one thread", "Apple M3", 0.19, 0.99, 0.03, 8, 0, 0, 0, -1, -1, VERDICT_CPU_ONE,
     "busiest core 99%, CPU 19%"},
    {"one thread", "AMD EPYC", 0.02, 1, -1, -1, -1, -1, 0, 0, 0, VERDICT_CPU_ONE, NULL},
    {"Core ML", "Apple M1 Max", 0.10, 0.5, 0.10, 60, 4.2, 0, 0, -1, -1, VERDICT_ANE,
     "Neural Engine 53%, GPU 10%"},
    {"too little memory", "Apple M1", 0.50, 0.8, 0.40, 30, 0, 2, 300, -1, -1, VERDICT_MEMORY, NULL},
    {"warned of, and swapping", "Apple M1", 0.50, 0.8, 0.40, 30, 0, 1, 120, -1, -1, VERDICT_MEMORY,
     "memory pressure 60%, swap 120.0 MB/s"},
    {"warned of, not swapping", "Apple M1", 0.50, 0.8, 0.40, 30, 0, 1, 0, -1, -1, VERDICT_NOTHING,
     NULL},
    {"copying files", "Intel Xeon", 0.15, 0.4, -1, -1, -1, -1, 0, 0.30, 0.99, VERDICT_IO,
     "waiting for disks 30%, busiest disk 99%"},
    {"idle", "Apple M4", 0.03, 0.1, 0.01, 2, 0, 0, 0, -1, -1, VERDICT_IDLE, "CPU 3%, GPU 1%"},
    {"browsing", "Apple M4", 0.25, 0.5, 0.30, 15, 0, 0, 0, -1, -1, VERDICT_NOTHING,
     "CPU 25%, GPU 30%"},
};

static void fill_load(struct rig *r, const struct load *l)
{
    rig_begin(r, 1);
    rig_set_text(r, ACTOP_METRIC_CHIP, 0, l->chip);
    set_if(r, ACTOP_METRIC_CPU_UTIL, 0, l->cpu);
    for (uint32_t i = 0; i < RIG_CORES; i++)
        rig_set(r, ACTOP_METRIC_CORE_UTIL, i, i == 3 ? l->core : l->core / 10);
    set_if(r, ACTOP_METRIC_GPU_UTIL, 0, l->gpu);
    set_if(r, ACTOP_METRIC_BANDWIDTH, 0, l->bandwidth_gbps * 1e9);
    set_if(r, ACTOP_METRIC_ANE_POWER, 0, l->ane_w);
    set_if(r, ACTOP_METRIC_MEMORY_PRESSURE, 0, l->pressure);
    set_if(r, ACTOP_METRIC_SWAP_OUT, 0, l->swap_mbps * 1e6);
    set_if(r, ACTOP_METRIC_CPU_IOWAIT, 0, l->iowait);
    if (l->disk >= 0) {
        int32_t row = sample_add_row(r->s, ACTOP_SCOPE_DISK, "sda", 3, NULL, 0);
        rig_set(r, ACTOP_METRIC_DISK_BUSY, (uint32_t)row, l->disk);
    }
}

static void loads_of_known_kind_get_their_verdict_and_its_two_numbers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof loads / sizeof *loads; i++) {
        char what[96];
        (void)snprintf(what, sizeof what, "%s on %s", loads[i].what, loads[i].chip);
        struct rig *r = rig_new(NULL);
        fill_load(r, &loads[i]);
        rig_step(r);
        CHECK_ROW(rig_get(r, ACTOP_METRIC_BOTTLENECK, 0) == loads[i].verdict, what);
        double confidence = rig_get(r, ACTOP_METRIC_BOTTLENECK_CONFIDENCE, 0);
        CHECK_ROW(confidence >= 0 && confidence <= 1, what);
        const char *because = actop_read(r->s, ACTOP_METRIC_BOTTLENECK_BECAUSE, 0).text;
        if (loads[i].because != NULL &&
            strncmp(because, loads[i].because, strlen(loads[i].because)) != 0)
            fail_msg("%s: \"%s\" does not begin with \"%s\"", what, because, loads[i].because);
        rig_free(r);
    }
}

static void heat_comes_before_everything_else(void **state)
{
    (void)state;
    struct rig *r = rig_new(NULL);
    fill_load(r, &loads[8]);
    rig_set(r, ACTOP_METRIC_TIER_UTIL, RIG_P, 0.98);
    rig_set(r, ACTOP_METRIC_TIER_FREQ, RIG_P, 2.4e9);
    rig_set(r, ACTOP_METRIC_TIER_MAX_FREQ, RIG_P, 4e9);
    rig_set(r, ACTOP_METRIC_CLUSTER_UTIL, RIG_P, 0.98);
    rig_set(r, ACTOP_METRIC_CLUSTER_FREQ, RIG_P, 2.4e9);
    rig_set(r, ACTOP_METRIC_CLUSTER_MAX_FREQ, RIG_P, 4e9);
    rig_set(r, ACTOP_METRIC_CPU_TEMP, 0, 101);
    rig_step(r);
    assert_true(rig_get(r, ACTOP_METRIC_BOTTLENECK, 0) == VERDICT_HEAT);
    assert_string_equal(actop_read(r->s, ACTOP_METRIC_BOTTLENECK_BECAUSE, 0).text,
                        "running at 60% of the highest frequency, 101 °C");
    rig_free(r);
}

static void a_verdict_stays_between_its_two_thresholds_and_changes_after_two_samples(void **state)
{
    (void)state;
    static const struct {
        double gpu;
        int verdict;
    } rows[] = {{0.85, VERDICT_GPU},    {0.75, VERDICT_GPU},     {0.72, VERDICT_GPU},
                {0.5, VERDICT_GPU},     {0.85, VERDICT_GPU},     {0.5, VERDICT_GPU},
                {0.5, VERDICT_NOTHING}, {0.75, VERDICT_NOTHING}, {0.85, VERDICT_NOTHING},
                {0.85, VERDICT_GPU}};
    struct rig *r = rig_new(NULL);
    struct load l = loads[17];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        l.gpu = rows[i].gpu;
        fill_load(r, &l);
        rig_step(r);
        assert_int_equal((int)rig_get(r, ACTOP_METRIC_BOTTLENECK, 0), rows[i].verdict);
    }
    rig_free(r);
}

static void without_bandwidth_a_busy_gpu_is_at_most_half_certain(void **state)
{
    (void)state;
    struct rig *r = rig_new(NULL);
    struct load l = loads[0];
    fill_load(r, &l);
    rig_step(r);
    assert_true(rig_get(r, ACTOP_METRIC_BOTTLENECK_CONFIDENCE, 0) > 0.49);
    rig_free(r);
    r = rig_new(NULL);
    l.bandwidth_gbps = -1;
    l.gpu = 1;
    fill_load(r, &l);
    rig_step(r);
    assert_true(rig_get(r, ACTOP_METRIC_BOTTLENECK_CONFIDENCE, 0) == 0.5);
    rig_free(r);
    r = rig_new(NULL);
    rig_begin(r, 1);
    rig_step(r);
    assert_false(rig_has(r, ACTOP_METRIC_BOTTLENECK, 0)); /* nothing is known: no verdict */
    rig_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_alert_stands_once_its_condition_has_held_and_falls_at_once),
        cmocka_unit_test(a_ceiling_ratchets),
        cmocka_unit_test(the_throttling_alert_needs_load_a_low_frequency_and_heat),
        cmocka_unit_test(the_throttling_alert_goes_by_the_realized_frequency_of_the_upper_tier),
        cmocka_unit_test(the_swap_alert_looks_over_the_last_samples_and_needs_swap_to_be_there),
        cmocka_unit_test(throttling_names_its_reason_and_spares_the_lightly_loaded),
        cmocka_unit_test(one_reading_under_both_names_says_nothing_of_what_was_lost),
        cmocka_unit_test(lost_performance_is_weighed_by_active_time_now_and_over_the_session),
        cmocka_unit_test(loads_of_known_kind_get_their_verdict_and_its_two_numbers),
        cmocka_unit_test(heat_comes_before_everything_else),
        cmocka_unit_test(a_verdict_stays_between_its_two_thresholds_and_changes_after_two_samples),
        cmocka_unit_test(without_bandwidth_a_busy_gpu_is_at_most_half_certain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
