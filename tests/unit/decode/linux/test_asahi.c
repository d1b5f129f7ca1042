/* SPDX-License-Identifier: MIT */
/* Apple Silicon under Asahi Linux: the fixtures asahi-m1 and asahi-m2 read and decoded moment by moment. */
#include <math.h>

#include "lib/test.h"
#include "lib/tree.h"

static void near(double value, double want)
{
    if (fabs(value - want) > fabs(want) * 1e-9 + 1e-12)
        fail_msg("%.12g is not %.12g", value, want);
}

static void an_m1_says_what_it_is(void **state)
{
    struct machine m;
    (void)state;
    machine_open(&m, "asahi-m1");
    assert_true(machine_next(&m));
    assert_string_equal(machine_text(&m, ACTOP_METRIC_CHIP, 0), "Apple M1");
    assert_string_equal(machine_text(&m, ACTOP_METRIC_HOST, 0), "orchard");
    assert_string_equal(machine_text(&m, ACTOP_METRIC_MODEL, 0),
                        "Apple MacBook Pro (13-inch, M1, 2020)");
    assert_string_equal(machine_text(&m, ACTOP_METRIC_OS, 0),
                        "Fedora Linux Asahi Remix 42 (Workstation Edition)");
    assert_string_equal(machine_text(&m, ACTOP_METRIC_CONTAINER, 0), "");
    near(machine_get(&m, ACTOP_METRIC_UPTIME, 0), 900);
    assert_int_equal(sample_rows(m.sample, ACTOP_SCOPE_TIER), 2);
    assert_int_equal(sample_rows(m.sample, ACTOP_SCOPE_CLUSTER), 2);
    assert_int_equal(sample_rows(m.sample, ACTOP_SCOPE_CORE), 8);
    assert_int_equal(machine_state(&m, ACTOP_METRIC_CPU_UTIL, 0), ACTOP_STATE_WARMING);
    /* Nothing gives these on Asahi: absent, not 0. */
    assert_int_equal(machine_state(&m, ACTOP_METRIC_CPU_POWER, 0), ACTOP_STATE_UNSUPPORTED);
    assert_int_equal(machine_state(&m, ACTOP_METRIC_CPU_TEMP, 0), ACTOP_STATE_UNSUPPORTED);
    assert_int_equal(machine_state(&m, ACTOP_METRIC_GPU_UTIL, 0), ACTOP_STATE_UNSUPPORTED);
    machine_close(&m);
}

static void an_m1s_clusters_have_their_own_time_clock_and_residency(void **state)
{
    struct machine m;
    (void)state;
    machine_open(&m, "asahi-m1");
    assert_true(machine_next(&m) && machine_next(&m));
    uint32_t e = machine_row(&m, ACTOP_SCOPE_CLUSTER, "E0"),
             p = machine_row(&m, ACTOP_SCOPE_CLUSTER, "P0");
    near(machine_get(&m, ACTOP_METRIC_CPU_UTIL, 0), 0.25);
    near(machine_get(&m, ACTOP_METRIC_CLUSTER_UTIL, e), 0.25);
    near(machine_get(&m, ACTOP_METRIC_CORE_UTIL, machine_row(&m, ACTOP_SCOPE_CORE, "cpu4")), 1);
    near(machine_get(&m, ACTOP_METRIC_CORE_UTIL, machine_row(&m, ACTOP_SCOPE_CORE, "cpu5")), 0);
    /* 40 ticks at 600 MHz, 60 at 2064 MHz */
    near(machine_get(&m, ACTOP_METRIC_CLUSTER_FREQ, e), (40 * 600e6 + 60 * 2064e6) / 100);
    near(machine_get(&m, ACTOP_METRIC_CLUSTER_MAX_FREQ, p), 3204e6);
    near(machine_get(&m, ACTOP_METRIC_CLUSTER_LIMIT_FREQ, p), 2448e6);
    near(machine_get(&m, ACTOP_METRIC_TIER_IDLE, 0), 0.75);
    near(machine_get(&m, ACTOP_METRIC_TIER_LOW, 0), 0.10);
    near(machine_get(&m, ACTOP_METRIC_TIER_MID, 0), 0);
    near(machine_get(&m, ACTOP_METRIC_TIER_HIGH, 0), 0.15);
    near(machine_get(&m, ACTOP_METRIC_PSTATE_TIME,
                     machine_row(&m, ACTOP_SCOPE_PSTATE, "E0/2064000")),
         0.6);
    near(machine_get(&m, ACTOP_METRIC_PSTATE_RATIO, machine_row(&m, ACTOP_SCOPE_PSTATE, "E0/idle")),
         0.75);
    assert_int_equal(machine_origin(&m, ACTOP_METRIC_TIER_HIGH, 0), ACTOP_ESTIMATED);
    machine_close(&m);
}

static void a_fallen_iowait_counts_as_no_time_and_not_as_a_gap(void **state)
{
    struct machine m;
    (void)state;
    machine_open(&m, "asahi-m1");
    assert_true(machine_next(&m) && machine_next(&m));
    near(machine_get(&m, ACTOP_METRIC_CORE_UTIL, machine_row(&m, ACTOP_SCOPE_CORE, "cpu0")), 0.25);
    near(machine_get(&m, ACTOP_METRIC_CPU_IOWAIT, 0), 0);
    near(machine_get(&m, ACTOP_METRIC_GAPS, 0), 0);
    machine_close(&m);
}

static void macsmcs_rails_are_named_and_its_empty_sensors_left_out(void **state)
{
    struct machine m;
    (void)state;
    machine_open(&m, "asahi-m1");
    assert_true(machine_next(&m) && machine_next(&m) && machine_next(&m));
    uint32_t total = machine_row(&m, ACTOP_SCOPE_RAIL, "macsmc_hwmon/Total System Power");
    near(machine_get(&m, ACTOP_METRIC_SYSTEM_POWER, 0), 12.25);
    near(machine_get(&m, ACTOP_METRIC_ADAPTER_POWER, 0), 14);
    near(machine_get(&m, ACTOP_METRIC_RAIL_POWER, total), 12.25);
    near(machine_get(&m, ACTOP_METRIC_SENSOR_TEMP,
                     machine_row(&m, ACTOP_SCOPE_SENSOR, "macsmc_hwmon@macsmc-hwmon/temp1")),
         33.4);
    /* 0 °C is a sensor that is switched off */
    assert_int_equal(
        machine_state(&m, ACTOP_METRIC_SENSOR_TEMP,
                      machine_row(&m, ACTOP_SCOPE_SENSOR, "macsmc_hwmon@macsmc-hwmon/temp3")),
        ACTOP_STATE_NONE);
    near(machine_get(&m, ACTOP_METRIC_FAN_SPEED, 0), 1350);
    near(machine_get(&m, ACTOP_METRIC_FAN_MAX, 0), 7200);
    machine_close(&m);
}

static void sleep_is_a_gap_that_adds_no_time(void **state)
{
    struct machine m;
    (void)state;
    machine_open(&m, "asahi-m1");
    for (int i = 0; i < 4; i++)
        assert_true(machine_next(&m));
    assert_true(m.sample->gap);
    near(machine_get(&m, ACTOP_METRIC_GAPS, 0), 1);
    assert_int_equal(machine_state(&m, ACTOP_METRIC_CPU_UTIL, 0), ACTOP_STATE_WARMING);
    assert_false(machine_next(&m));
    machine_close(&m);
}

static void the_gpu_is_the_card_with_a_render_node(void **state)
{
    struct machine m;
    (void)state;
    machine_open(&m, "asahi-m1");
    assert_true(machine_next(&m));
    assert_int_equal(sample_rows(m.sample, ACTOP_SCOPE_GPU), 1);
    assert_string_equal(
        machine_text(&m, ACTOP_METRIC_GPU_NAME, machine_row(&m, ACTOP_SCOPE_GPU, "card1")),
        "asahi");
    machine_close(&m);
}

static void an_m2_without_capacities_has_tiers_by_its_parts(void **state)
{
    struct machine m;
    (void)state;
    machine_open(&m, "asahi-m2");
    assert_true(machine_next(&m) && machine_next(&m));
    assert_string_equal(machine_text(&m, ACTOP_METRIC_CHIP, 0), "Apple M2");
    assert_int_equal(sample_rows(m.sample, ACTOP_SCOPE_TIER), 2);
    const struct entity *e = sample_entity_get(m.sample, ACTOP_SCOPE_TIER, 0);
    assert_string_equal(sample_entity_text(m.sample, ACTOP_SCOPE_TIER, e->name), "Blizzard");
    assert_int_equal(machine_row(&m, ACTOP_SCOPE_CLUSTER, "P0"), 1);
    /* No time_in_state: the clock of the moment, which Apple's driver reads from the hardware. */
    near(machine_get(&m, ACTOP_METRIC_CLUSTER_FREQ, 0), 1284e6);
    near(machine_get(&m, ACTOP_METRIC_CLUSTER_REALIZED_FREQ, 0), 1284e6);
    assert_int_equal(machine_origin(&m, ACTOP_METRIC_CLUSTER_FREQ, 0), ACTOP_MEASURED);
    assert_int_equal(sample_rows(m.sample, ACTOP_SCOPE_PSTATE), 0);
    machine_close(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_m1_says_what_it_is),
        cmocka_unit_test(an_m1s_clusters_have_their_own_time_clock_and_residency),
        cmocka_unit_test(a_fallen_iowait_counts_as_no_time_and_not_as_a_gap),
        cmocka_unit_test(macsmcs_rails_are_named_and_its_empty_sensors_left_out),
        cmocka_unit_test(sleep_is_a_gap_that_adds_no_time),
        cmocka_unit_test(the_gpu_is_the_card_with_a_render_node),
        cmocka_unit_test(an_m2_without_capacities_has_tiers_by_its_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
