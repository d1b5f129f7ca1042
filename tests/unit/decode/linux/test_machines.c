/* SPDX-License-Identifier: MIT */
/* Machines that are not Apple's: the fixtures read and decoded moment by moment. Figures are those the fixtures were
 * composed for. */
#include <math.h>
#include <stdio.h>

#include "decode/parts.h"
#include "lib/test.h"
#include "lib/tree.h"

static void near(double value, double want)
{
    if (fabs(value - want) > fabs(want) * 1e-9 + 1e-12)
        fail_msg("%.12g is not %.12g", value, want);
}

static void advance(struct machine *m, int moments)
{
    for (int i = 0; i < moments; i++)
        assert_true(machine_next(m));
}

static void a_hybrid_laptop_has_tiers_by_its_performance_units(void **state)
{
    struct machine m;
    (void)state;
    machine_open(&m, "intel-hybrid");
    advance(&m, 2);
    assert_int_equal(sample_rows(m.sample, ACTOP_SCOPE_TIER), 2);
    assert_int_equal(sample_rows(m.sample, ACTOP_SCOPE_CLUSTER), 2);
    uint32_t e = machine_row(&m, ACTOP_SCOPE_TIER, "E"), p = machine_row(&m, ACTOP_SCOPE_TIER, "P");
    assert_true(e < p);
    near(machine_get(&m, ACTOP_METRIC_TIER_FREQ, p), 4000e6);
    near(machine_get(&m, ACTOP_METRIC_TIER_MAX_FREQ, e), 3300e6);
    /* CPU 0 was busy at 4 GHz, its neighbours idle: the mean over active time is its clock. */
    near(machine_get(&m, ACTOP_METRIC_CLUSTER_FREQ, machine_row(&m, ACTOP_SCOPE_CLUSTER, "P0")),
         4000e6);
    near(machine_get(&m, ACTOP_METRIC_CORE_TEMP, machine_row(&m, ACTOP_SCOPE_CORE, "cpu1")), 61);
    near(machine_get(&m, ACTOP_METRIC_CORE_TEMP, machine_row(&m, ACTOP_SCOPE_CORE, "cpu3")), 54);
    near(machine_get(&m, ACTOP_METRIC_TIER_TEMP, e), 51);
    assert_string_equal(machine_text(&m, ACTOP_METRIC_MODEL, 0), "LENOVO 21XXCTO1WW");
    machine_close(&m);
}

static void energy_zones_are_watts_over_a_wrap_and_no_zone_counts_twice(void **state)
{
    struct machine m;
    (void)state;
    machine_open(&m, "intel-hybrid");
    advance(&m, 2);
    assert_int_equal(sample_rows(m.sample, ACTOP_SCOPE_RAIL),
                     4); /* the mmio zone is package-0 again */
    near(machine_get(&m, ACTOP_METRIC_PACKAGE_POWER, 0), 12);
    near(machine_get(&m, ACTOP_METRIC_CPU_POWER, 0), 7); /* its counter wrapped */
    near(machine_get(&m, ACTOP_METRIC_GPU_POWER, 0), 2);
    near(machine_get(&m, ACTOP_METRIC_SYSTEM_POWER, 0), 20);
    uint32_t core = machine_row(&m, ACTOP_SCOPE_RAIL, "package-0/core");
    near(machine_get(&m, ACTOP_METRIC_RAIL_ENERGY, core), 14);
    near(machine_get(&m, ACTOP_METRIC_RAIL_DISCONTINUITIES, core), 0);
    assert_int_equal(machine_state(&m, ACTOP_METRIC_DRAM_POWER, 0), ACTOP_STATE_UNSUPPORTED);
    m.frame.seq += 5; /* frames are missing: nothing is known of that time */
    m.frame.at.awake_ns += 1000000000;
    assert_int_equal(decode_parts_step(m.decoder, &m.frame, m.sample, NULL), ACTOP_OK);
    near(machine_get(&m, ACTOP_METRIC_RAIL_ENERGY, core), 14);
    near(machine_get(&m, ACTOP_METRIC_RAIL_DISCONTINUITIES, core), 1);
    near(machine_get(&m, ACTOP_METRIC_RAIL_GAPS, core), 1);
    near(machine_get(&m, ACTOP_METRIC_RAIL_RESETS, core), 0);
    machine_close(&m);
}

static void what_only_root_may_read_is_denied_and_its_total_goes_on_later(void **state)
{
    struct machine m;
    (void)state;
    machine_open(&m, "intel-hybrid");
    advance(&m, 3);
    assert_int_equal(machine_state(&m, ACTOP_METRIC_PACKAGE_POWER, 0), ACTOP_STATE_DENIED);
    assert_int_equal(machine_state(&m, ACTOP_METRIC_CPU_POWER, 0), ACTOP_STATE_DENIED);
    uint32_t package = machine_row(&m, ACTOP_SCOPE_RAIL, "package-0");
    assert_int_equal(machine_state(&m, ACTOP_METRIC_RAIL_ENERGY, package), ACTOP_STATE_DENIED);
    advance(&m, 1);
    near(machine_get(&m, ACTOP_METRIC_RAIL_ENERGY, machine_row(&m, ACTOP_SCOPE_RAIL, "package-0")),
         24);
    machine_close(&m);
}

static void a_cpu_that_goes_offline_and_comes_back_keeps_its_place(void **state)
{
    struct machine m;
    (void)state;
    machine_open(&m, "intel-hybrid");
    advance(&m, 3);
    assert_int_equal(m.schema_changes, 1);
    uint32_t cpu7 = machine_row(&m, ACTOP_SCOPE_CORE, "cpu7");
    near(machine_get(&m, ACTOP_METRIC_CORE_ONLINE, cpu7), 0);
    assert_int_equal(machine_state(&m, ACTOP_METRIC_CORE_UTIL, cpu7), ACTOP_STATE_NONE);
    assert_int_equal(sample_rows(m.sample, ACTOP_SCOPE_CLUSTER), 2);
    assert_int_equal(sample_rows(m.sample, ACTOP_SCOPE_TIER), 2);
    /* The others' differences went on across the change: CPU 0 was busy for 100 of 200 ticks. */
    near(machine_get(&m, ACTOP_METRIC_CORE_UTIL, machine_row(&m, ACTOP_SCOPE_CORE, "cpu0")), 0.5);
    assert_false(m.sample->gap);
    advance(&m, 1);
    assert_int_equal(m.schema_changes, 2);
    near(machine_get(&m, ACTOP_METRIC_CORE_ONLINE, machine_row(&m, ACTOP_SCOPE_CORE, "cpu7")), 1);
    machine_close(&m);
}

static void throttle_counts_are_taken_once_a_core_and_raise_the_thermal_state(void **state)
{
    struct machine m;
    (void)state;
    machine_open(&m, "intel-hybrid");
    advance(&m, 1);
    near(machine_get(&m, ACTOP_METRIC_THERMAL_STATE, 0), 0);
    advance(&m, 1);
    near(machine_get(&m, ACTOP_METRIC_CPU_THROTTLES, 0),
         3); /* 2 of a core, seen by two CPUs, and 1 of the package */
    near(machine_get(&m, ACTOP_METRIC_THERMAL_STATE, 0), 1);
    advance(&m, 1);
    near(machine_get(&m, ACTOP_METRIC_THERMAL_STATE, 0), 0);
    advance(&m, 1);
    near(machine_get(&m, ACTOP_METRIC_THERMAL_STATE, 0),
         2); /* a cooling device beyond half of its states */
    machine_close(&m);
}

static void sensors_seen_twice_and_fans_that_are_not_there_are_left_out(void **state)
{
    struct machine m;
    (void)state;
    machine_open(&m, "intel-hybrid");
    advance(&m, 2);
    for (uint32_t row = 0; row < sample_rows(m.sample, ACTOP_SCOPE_SENSOR); row++) {
        const struct entity *e = sample_entity_get(m.sample, ACTOP_SCOPE_SENSOR, row);
        assert_string_not_equal(sample_entity_text(m.sample, ACTOP_SCOPE_SENSOR, e->key),
                                "thermal/thermal_zone0");
    }
    near(machine_get(&m, ACTOP_METRIC_FAN_SPEED, machine_row(&m, ACTOP_SCOPE_FAN, "thinkpad/fan1")),
         2345);
    assert_int_equal(machine_state(&m, ACTOP_METRIC_FAN_SPEED,
                                   machine_row(&m, ACTOP_SCOPE_FAN, "thinkpad/fan2")),
                     ACTOP_STATE_NONE);
    machine_close(&m);
}

static void an_i915_is_busy_when_it_does_not_sleep(void **state)
{
    struct machine m;
    (void)state;
    machine_open(&m, "intel-hybrid");
    advance(&m, 1);
    assert_int_equal(machine_state(&m, ACTOP_METRIC_GPU_UTIL, 0), ACTOP_STATE_WARMING);
    advance(&m, 1);
    near(machine_get(&m, ACTOP_METRIC_GPU_UTIL, 0), 0.25);
    assert_int_equal(machine_origin(&m, ACTOP_METRIC_GPU_UTIL, 0), ACTOP_ESTIMATED);
    near(machine_get(&m, ACTOP_METRIC_GPU_FREQ, 0), 900e6);
    near(machine_get(&m, ACTOP_METRIC_GPU_MAX_FREQ, 0), 1300e6);
    assert_string_equal(machine_text(&m, ACTOP_METRIC_GPU_UTIL_SOURCE, 0), "driver");
    machine_close(&m);
}

static void an_amd_desktop_takes_the_package_for_its_cores_and_adds_its_card(void **state)
{
    struct machine m;
    (void)state;
    machine_open(&m, "amd-desktop");
    advance(&m, 2);
    near(machine_get(&m, ACTOP_METRIC_CPU_POWER, 0), 40); /* not the 2 W of one core */
    assert_int_equal(machine_origin(&m, ACTOP_METRIC_CPU_POWER, 0), ACTOP_ESTIMATED);
    near(machine_get(&m, ACTOP_METRIC_GPU_POWER, 0), 120); /* the average, not the instant */
    near(machine_get(&m, ACTOP_METRIC_PACKAGE_POWER, 0), 160);
    near(machine_get(&m, ACTOP_METRIC_CPU_TEMP, 0), 50); /* Tdie, not Tctl with its offset */
    near(machine_get(&m, ACTOP_METRIC_GPU_TEMP, 0), 83);
    near(machine_get(&m, ACTOP_METRIC_GPU_UTIL, 0), 0.37);
    near(machine_get(&m, ACTOP_METRIC_GPU_FREQ, 0), 2400e6);
    near(machine_get(&m, ACTOP_METRIC_GPU_MAX_FREQ, 0), 2755e6);
    near(machine_get(&m, ACTOP_METRIC_GPU_MEM_TOTAL, 0), 8589934592.0);
    near(machine_get(&m, ACTOP_METRIC_GPU_MEM_USED, 0), 2147483648.0);
    assert_string_equal(machine_text(&m, ACTOP_METRIC_MODEL, 0), "B650M Workbench");
    /* 127 °C is a pin nobody connected */
    assert_int_equal(machine_state(&m, ACTOP_METRIC_SENSOR_TEMP,
                                   machine_row(&m, ACTOP_SCOPE_SENSOR, "nct6799/temp2")),
                     ACTOP_STATE_NONE);
    machine_close(&m);
}

static void a_server_with_256_cpus_has_a_cluster_a_socket(void **state)
{
    struct machine m;
    (void)state;
    machine_open(&m, "two-socket");
    advance(&m, 2);
    assert_int_equal(sample_rows(m.sample, ACTOP_SCOPE_CORE), 256);
    assert_int_equal(sample_rows(m.sample, ACTOP_SCOPE_CLUSTER), 2);
    assert_int_equal(sample_rows(m.sample, ACTOP_SCOPE_TIER), 1);
    uint32_t second = machine_row(&m, ACTOP_SCOPE_CLUSTER, "P1");
    near(machine_get(&m, ACTOP_METRIC_CLUSTER_UTIL, second), 0.5);
    near(machine_get(&m, ACTOP_METRIC_CLUSTER_UTIL, machine_row(&m, ACTOP_SCOPE_CLUSTER, "P0")), 0);
    near(machine_get(&m, ACTOP_METRIC_CPU_UTIL, 0), 0.25);
    const struct entity *cpu =
        sample_entity_get(m.sample, ACTOP_SCOPE_CORE, machine_row(&m, ACTOP_SCOPE_CORE, "cpu255"));
    assert_int_equal(cpu->parent, second);
    assert_int_equal(cpu->die, 1);
    near(machine_get(&m, ACTOP_METRIC_PACKAGE_POWER, 0), 350);
    near(machine_get(&m, ACTOP_METRIC_DRAM_POWER, 0), 60);
    near(machine_get(&m, ACTOP_METRIC_SYSTEM_POWER, 0), 640);
    near(machine_get(&m, ACTOP_METRIC_RAIL_POWER,
                     machine_row(&m, ACTOP_SCOPE_RAIL, "package-1/dram")),
         30);
    /* Nothing says what this clock really was: no realized frequency is made up. */
    assert_int_equal(machine_state(&m, ACTOP_METRIC_CLUSTER_REALIZED_FREQ, second),
                     ACTOP_STATE_NONE);
    machine_close(&m);
}

static void an_arm_board_at_its_limit_is_critical(void **state)
{
    struct machine m;
    (void)state;
    machine_open(&m, "arm-board");
    advance(&m, 1);
    near(machine_get(&m, ACTOP_METRIC_THERMAL_STATE, 0), 1);
    advance(&m, 1);
    near(machine_get(&m, ACTOP_METRIC_CPU_TEMP, 0), 110.017);
    near(machine_get(&m, ACTOP_METRIC_THERMAL_STATE, 0), 3);
    near(machine_get(&m, ACTOP_METRIC_CLUSTER_LIMIT_FREQ, 0), 600e6);
    near(machine_get(&m, ACTOP_METRIC_CLUSTER_FREQ, 0), 600e6);
    near(machine_get(&m, ACTOP_METRIC_TIER_LOW, 0), 1);
    assert_string_equal(machine_text(&m, ACTOP_METRIC_CHIP, 0), "brcm,bcm2711");
    assert_string_equal(machine_text(&m, ACTOP_METRIC_MODEL, 0), "Raspberry Pi 4 Model B Rev 1.5");
    machine_close(&m);
}

static void a_virtual_machine_tells_its_stolen_time_and_has_no_sensors(void **state)
{
    static const actop_metric none[] = {ACTOP_METRIC_CPU_POWER, ACTOP_METRIC_PACKAGE_POWER,
                                        ACTOP_METRIC_CPU_TEMP,  ACTOP_METRIC_THERMAL_STATE,
                                        ACTOP_METRIC_GPU_UTIL,  ACTOP_METRIC_CPU_THROTTLES};
    struct machine m;
    (void)state;
    machine_open(&m, "vm");
    advance(&m, 2);
    /* Without /sys the CPUs are those of /proc/stat, whose first line is the sum of them. */
    assert_int_equal(sample_rows(m.sample, ACTOP_SCOPE_CORE), 2);
    near(machine_get(&m, ACTOP_METRIC_CPU_UTIL, 0), 0.4);
    near(machine_get(&m, ACTOP_METRIC_CPU_STEAL, 0), 0.2);
    near(machine_get(&m, ACTOP_METRIC_CPU_IOWAIT, 0), 0.2);
    near((machine_get(&m, ACTOP_METRIC_CORE_STEAL, 0) +
          machine_get(&m, ACTOP_METRIC_CORE_STEAL, 1)) /
             2,
         0.2);
    near((machine_get(&m, ACTOP_METRIC_CORE_IOWAIT, 0) +
          machine_get(&m, ACTOP_METRIC_CORE_IOWAIT, 1)) /
             2,
         0.2);
    assert_string_equal(machine_text(&m, ACTOP_METRIC_CONTAINER, 0), "qemu");
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        CHECK_ROW(machine_state(&m, none[i], 0) == ACTOP_STATE_UNSUPPORTED,
                  actop_metric_get(none[i])->key);
    machine_close(&m);
}

static void a_container_is_told_by_its_traces(void **state)
{
    struct machine m;
    (void)state;
    machine_open(&m, "container");
    advance(&m, 2);
    assert_string_equal(machine_text(&m, ACTOP_METRIC_CONTAINER, 0), "docker");
    near(machine_get(&m, ACTOP_METRIC_CPU_UTIL, 0), 0.1);
    assert_int_equal(sample_rows(m.sample, ACTOP_SCOPE_CORE), 4);
    machine_close(&m);
}

/* A tree made here: energy counters that stand still for longer than ten seconds. */
static void counters_that_stand_still_are_frozen_and_not_zero_watts(void **state)
{
    struct machine m = {0};
    char path[32], text[96];
    (void)state;
    box_make(&m.tree);
    for (int i = 0; i < 8; i++) {
        (void)snprintf(path, sizeof path, "t%d/clock", i);
        (void)snprintf(text, sizeof text, "wall %d000000000\nawake %d000000000\nboot %d000000000\n",
                       1 + i * 2, 1 + i * 2, 1 + i * 2);
        box_put(&m.tree, path, text);
    }
    box_put(&m.tree, "sys/class/powercap/intel-rapl:0/name", "package-0\n");
    box_put(&m.tree, "t0/sys/class/powercap/intel-rapl:0/energy_uj", "5\n");
    box_put(&m.tree, "t1/sys/class/powercap/intel-rapl:0/energy_uj", "2000005\n");
    machine_open_tree(&m);
    advance(&m, 2);
    near(machine_get(&m, ACTOP_METRIC_PACKAGE_POWER, 0), 1);
    advance(&m, 1);
    near(machine_get(&m, ACTOP_METRIC_PACKAGE_POWER, 0), 0);
    advance(&m, 5);
    assert_int_equal(machine_state(&m, ACTOP_METRIC_PACKAGE_POWER, 0), ACTOP_STATE_FROZEN);
    near(machine_get(&m, ACTOP_METRIC_RAIL_ENERGY, 0), 2);
    machine_close(&m);
}

/* A tree made here: 1,024 CPUs, each busy for its number of hundredths of a second more than the one before. */
static void what_a_process_does_not_say_is_no_zero(void **state)
{
    static const struct column_spec columns[] = {{"pid", "", SLOT_U64, COLUMN_KEY, 0},
                                                 {"start", "ticks", SLOT_U64, COLUMN_KEY, 0},
                                                 {"comm", "", SLOT_BYTES, 0, 0}};
    static const actop_metric ids[] = {ACTOP_METRIC_PROC_RSS,    ACTOP_METRIC_PROC_THREADS,
                                       ACTOP_METRIC_PROC_PARENT, ACTOP_METRIC_PROC_STATE,
                                       ACTOP_METRIC_PROC_CPU,    ACTOP_METRIC_PROC_CPU_TIME};
    const uint64_t page_b = 4096;
    (void)state;
    struct schema *s = schema_new("linux", "linux");
    assert_non_null(s);
    (void)schema_add_rowset(s, "processes", ACTOP_SCOPE_PROCESS, -1, columns, 3);
    schema_put_u64(s, "process/page_size", &page_b, 1);
    assert_int_equal(schema_seal(s, NULL), ACTOP_OK);
    struct frame f = {.schema = NULL};
    struct sample_pool *pool = sample_pool_new();
    const struct decode_ops *ops = decode_for("linux");
    struct decoder *d = ops->create();
    struct actop_sample_t *sample = sample_new(pool);
    for (uint64_t seq = 1; seq <= 2; seq++) {
        assert_int_equal(frame_begin(&f, s, 0, NULL), ACTOP_OK);
        f.seq = seq;
        f.at.awake_ns = f.at.boot_ns = (int64_t)seq * 1000000000;
        assert_int_equal(frame_row(&f, 0), 0);
        frame_cell_u64(&f, 0, 0, 0, 7);
        frame_cell_bytes(&f, 0, 0, 2, "init", 4);
        assert_int_equal(ops->step(d, &f, sample, NULL), ACTOP_OK);
    }
    assert_int_equal(sample_rows(sample, ACTOP_SCOPE_PROCESS), 1);
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++)
        CHECK_ROW(!cell_has(sample_cell(sample, ids[i], 0)), metric_info(ids[i])->key);
    actop_sample_unref(sample);
    ops->destroy(d);
    sample_pool_unref(pool);
    frame_release(&f);
    schema_unref(s);
}

static void a_machine_with_1024_cpus_is_read_whole(void **state)
{
    enum { CPUS = 1024, LINE = 64 };
    struct machine m = {0};
    static char text[CPUS * LINE];
    (void)state;
    box_make(&m.tree);
    box_put(&m.tree, "sys/devices/system/cpu/present", "0-1023\n");
    box_put(&m.tree, "t0/clock", "wall 1000000000\nawake 1000000000\nboot 1000000000\n");
    box_put(&m.tree, "t1/clock", "wall 21480000000\nawake 21480000000\nboot 21480000000\n");
    for (int moment = 0; moment < 2; moment++) {
        size_t n = 0;
        for (int cpu = 0; cpu < CPUS; cpu++)
            n += (size_t)snprintf(text + n, sizeof text - n, "cpu%d %d 0 0 %d 0 0 0 0 0 0\n", cpu,
                                  moment * cpu, moment * (2 * CPUS - cpu));
        box_put(&m.tree, moment == 0 ? "t0/proc/stat" : "t1/proc/stat", text);
    }
    machine_open_tree(&m);
    advance(&m, 2);
    assert_int_equal(sample_rows(m.sample, ACTOP_SCOPE_CORE), CPUS);
    for (uint32_t row = 0; row < CPUS; row++)
        near(machine_get(&m, ACTOP_METRIC_CORE_UTIL, row), row / (2.0 * CPUS));
    near(machine_get(&m, ACTOP_METRIC_CPU_UTIL, 0), (CPUS - 1) / (4.0 * CPUS));
    machine_close(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hybrid_laptop_has_tiers_by_its_performance_units),
        cmocka_unit_test(energy_zones_are_watts_over_a_wrap_and_no_zone_counts_twice),
        cmocka_unit_test(what_only_root_may_read_is_denied_and_its_total_goes_on_later),
        cmocka_unit_test(a_cpu_that_goes_offline_and_comes_back_keeps_its_place),
        cmocka_unit_test(throttle_counts_are_taken_once_a_core_and_raise_the_thermal_state),
        cmocka_unit_test(sensors_seen_twice_and_fans_that_are_not_there_are_left_out),
        cmocka_unit_test(an_i915_is_busy_when_it_does_not_sleep),
        cmocka_unit_test(an_amd_desktop_takes_the_package_for_its_cores_and_adds_its_card),
        cmocka_unit_test(a_server_with_256_cpus_has_a_cluster_a_socket),
        cmocka_unit_test(an_arm_board_at_its_limit_is_critical),
        cmocka_unit_test(a_virtual_machine_tells_its_stolen_time_and_has_no_sensors),
        cmocka_unit_test(a_container_is_told_by_its_traces),
        cmocka_unit_test(counters_that_stand_still_are_frozen_and_not_zero_watts),
        cmocka_unit_test(what_a_process_does_not_say_is_no_zero),
        cmocka_unit_test(a_machine_with_1024_cpus_is_read_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
