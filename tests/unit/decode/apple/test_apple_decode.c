/* SPDX-License-Identifier: MIT */
/* The Apple decoder on frames made by hand: residencies of real machines, publications, resets, sleep, frozen and refused
 * channels, SMC types, network counters cut to 32 bits. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "decode/apple/smc.h"

#include "lib/mac.h"
#include "lib/test.h"

#define S MAC_S

/* ---- Residency -------------------------------------------------------------------------------------------------- */

/* Recorded on an M1 Ultra (all-smi): the P core's residencies are 3226 MHz at 72.10 %, the E core's 1846 MHz at 73.14 %. */
static void residencies_of_an_m1_ultra_give_its_clock_and_load(void **state)
{
    (void)state;
    static const char *const e_states[] = {"IDLE", "V0P4", "V1P3", "V2P2", "V3P1", "V4P0"};
    static const char *const p_states[] = {"IDLE",  "V0P14", "V1P13", "V2P12", "V3P11", "V4P10",
                                           "V5P9",  "V6P8",  "V7P7",  "V8P6",  "V9P5",  "V10P4",
                                           "V11P3", "V12P2", "V13P1", "V14P0"};
    static const uint64_t e_ticks[] = {1999280, 0, 511855, 576745, 568251, 3786908};
    static const uint64_t p_ticks[] = {2076468, 0, 0, 1874, 0, 0, 953, 0,
                                       0,       0, 0, 0,    0, 0, 0,   5363773};
    static const uint32_t e_mhz[] = {600, 972, 1332, 1704, 2064};
    static const uint32_t p_mhz[] = {600,  828,  1056, 1296, 1524, 1752, 1980, 2208,
                                     2448, 2676, 2904, 3036, 3132, 3168, 3228};
    struct mac m;
    mac_init(&m);
    int32_t e = mac_states(&m, MAC_CORES, "DIE_0_ECPU_CPU0", e_states, 6);
    int32_t p = mac_states(&m, MAC_CORES, "DIE_0_PCPU_CPU0", p_states, 16);
    mac_table_mhz(&m, "pmgr/voltage-states1-sram", e_mhz, 5);
    mac_table_mhz(&m, "pmgr/voltage-states5-sram", p_mhz, 15);
    mac_seal(&m);
    for (uint64_t tick = 0; tick < 2; tick++) {
        mac_begin(&m, S);
        for (uint32_t i = 0; i < 6; i++)
            frame_array(&m.frame, e)[i] = 1000 + tick * e_ticks[i];
        for (uint32_t i = 0; i < 16; i++)
            frame_array(&m.frame, p)[i] = 1000 + tick * p_ticks[i];
        mac_end(&m);
        assert_int_equal(mac_state(&m, "core.util", "cpu0"),
                         tick == 0 ? ACTOP_STATE_WARMING : ACTOP_STATE_OK);
    }
    assert_int_equal(lround(mac_read(&m, "core.freq", "cpu0") / 1e6), 1846);
    assert_int_equal(lround(mac_read(&m, "core.util", "cpu0") * 1e4), 7314);
    assert_int_equal((long)(mac_read(&m, "core.freq", "cpu1") / 1e6), 3226); /* 3226.98 */
    assert_int_equal(lround(mac_read(&m, "core.util", "cpu1") * 1e4), 7210);
    assert_int_equal(lround(mac_read(&m, "tier.util", "P") * 1e4), 7210);
    assert_true(mac_read(&m, "tier.max_freq", "E") == 2064e6);
    double sum = 0;
    for (uint32_t row = 0; row < actop_rows(m.sample, ACTOP_SCOPE_PSTATE); row++)
        sum += actop_read(m.sample, ACTOP_METRIC_PSTATE_RATIO, row).value;
    assert_true(fabs(sum - 2) < 1e-12); /* each cluster's states sum to one */
    mac_release(&m);
}

static void an_invalid_residency_is_no_value(void **state)
{
    (void)state;
    static const char *const states[] = {"IDLE", "V0P0"};
    struct mac m;
    mac_init(&m);
    int32_t c = mac_states(&m, MAC_CORES, "ECPU0", states, 2);
    mac_seal(&m);
    static const uint64_t busy[] = {100, 200, (uint64_t)INT64_MIN, 400, 500};
    static const bool has[] = {false, true, false, true, true};
    for (size_t i = 0; i < 5; i++) {
        mac_begin(&m, S);
        frame_array(&m.frame, c)[0] = 1000 * (i + 1);
        frame_array(&m.frame, c)[1] = busy[i];
        mac_end(&m);
        assert_int_equal(mac_state(&m, "core.util", "cpu0") == ACTOP_STATE_OK, has[i]);
    }
    mac_release(&m);
}

/* The driver publishes every 2 s, frames come every 0.5 s: the last interval's values stand, with their age, until the next; after a
 * standstill of 10 s there is no value, and mach's ticks stand in. */
static void residencies_are_held_between_publications_until_they_are_frozen(void **state)
{
    (void)state;
    static const char *const states[] = {"DOWN", "IDLE", "V0P1", "V1P0"};
    static const uint32_t mhz[] = {1000, 2000};
    struct mac m;
    mac_init(&m);
    int32_t core = mac_states(&m, MAC_CORES, "PCPU0", states, 4);
    int32_t fabric = mac_states(&m, MAC_COMPLEXES, "PCPM", states, 4);
    mac_table_mhz(&m, "pmgr/voltage-states5-sram", mhz, 2);
    mac_seal(&m);
    uint64_t ticks[4] = {0, 0, 0, 0};
    int64_t stamp = 0;
    for (int i = 0; i < 60; i++) {
        mac_begin(&m, S / 2);
        if (i % 4 == 0 && i <= 24) {
            stamp = m.awake_ns;
            ticks[1] += 12000000;
            ticks[3] += 36000000;
        }
        memcpy(frame_array(&m.frame, core), ticks, sizeof ticks);
        memcpy(frame_array(&m.frame, fabric), ticks, sizeof ticks);
        frame_set_stamp(&m.frame, core, stamp);
        frame_set_stamp(&m.frame, fabric, stamp);
        mac_end(&m);
        actop_reading util = actop_read_key(m.sample, "core.util", "cpu0");
        if (i < 4 || m.awake_ns - stamp > 10 * S) {
            assert_int_equal(util.state, i < 4 ? ACTOP_STATE_WARMING : ACTOP_STATE_FROZEN);
            continue;
        }
        assert_int_equal(util.age_ns, m.awake_ns - stamp);
        assert_int_equal(util.state, util.age_ns <= S / 2 ? ACTOP_STATE_OK : ACTOP_STATE_STALE);
        assert_true(util.value == 0.75 && mac_read(&m, "core.freq", "cpu0") == 2000e6);
        assert_true(mac_read(&m, "tier.util", "P") == 0.75);
        assert_true(mac_read(&m, "tier.realized_freq", "P") == 2000e6);
        assert_true(mac_read(&m, "pstate.ratio", "V1P0") == 0.75);
        assert_int_equal(mac_state(&m, "pstate.ratio", "V1P0"), util.state);
    }
    assert_int_equal(mac_state(&m, "tier.util", "P"), ACTOP_STATE_FROZEN);
    mac_release(&m);
}

/* ---- Energy -------------------------------------------------------------------------------------------------------- */

/* One counter, published every period; the frame sees what was published last, with its stamp or without. */
struct publisher {
    int64_t period_ns, next_ns, stamp_ns;
    double watts;
    uint64_t published_mj;
};

static void publish(struct publisher *p, int64_t now_ns)
{
    for (; p->next_ns <= now_ns; p->next_ns += p->period_ns) {
        p->stamp_ns = p->next_ns;
        p->published_mj += (uint64_t)llround(p->watts * (double)p->period_ns * 1e-9 * 1e3);
    }
}

static void power_is_held_between_publications_and_never_zero_then_double(void **state)
{
    (void)state;
    for (int stamped = 0; stamped < 2; stamped++) {
        struct mac m;
        mac_init(&m);
        int32_t c = mac_energy(&m, MAC_MODEL, "CPU Energy", "mJ");
        mac_seal(&m);
        struct publisher p = {.period_ns = 2100000000, .next_ns = 1000 * S, .watts = 10};
        bool seen = false;
        for (int i = 0; i < 100; i++) {
            mac_begin(&m, 500000000);
            publish(&p, m.awake_ns);
            frame_set_i64(&m.frame, c, (int64_t)p.published_mj);
            frame_set_stamp(&m.frame, c, stamped ? p.stamp_ns : 0);
            mac_end(&m);
            actop_reading w = actop_read(m.sample, ACTOP_METRIC_CPU_POWER, 0);
            seen = seen || actop_has_value(&w);
            if (!seen)
                continue;
            assert_true(actop_has_value(&w));
            /* Without stamps a publication is seen up to one sample late at either end. */
            assert_true(fabs(w.value - 10) < (stamped ? 1e-9 : 4.0));
            assert_true(w.age_ns <= INT64_C(2600000000));
            assert_int_equal(w.state, w.age_ns <= 500000000 ? ACTOP_STATE_OK : ACTOP_STATE_STALE);
            actop_reading joules = actop_read(m.sample, ACTOP_METRIC_RAIL_ENERGY, 0);
            assert_true(actop_has_value(&joules));
            assert_int_equal(joules.age_ns, w.age_ns); /* of the same publication */
        }
        assert_true(seen);
        mac_release(&m);
    }
}

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

/* Σ of publications equals the counter's difference exactly, whatever the cadence and the sampling rate, with restarts in between. */
static void joules_are_the_counters_own_growth(void **state)
{
    (void)state;
    uint32_t seed = 7;
    for (int round = 0; round < 60; round++) {
        struct mac m;
        mac_init(&m);
        int32_t c = mac_energy(&m, MAC_MODEL, "CPU Energy", "mJ");
        mac_seal(&m);
        int64_t sampling_ns = 100000000 + (int64_t)(next_random(&seed) % 600) * 100000000;
        struct publisher p = {.period_ns = 18000000 +
                                           (int64_t)(next_random(&seed) % 2000) * 1000000,
                              .next_ns = 1000 * S};
        uint64_t first = 0, last_taken = 0, truth_mj = 0;
        int64_t last_stamp = 0;
        for (int i = 0; i < 60; i++) {
            p.watts = next_random(&seed) % 100;
            mac_begin(&m, sampling_ns);
            publish(&p, m.awake_ns);
            frame_set_i64(&m.frame, c, (int64_t)p.published_mj);
            frame_set_stamp(&m.frame, c, p.stamp_ns);
            mac_end(&m);
            if (p.stamp_ns != last_stamp) {
                truth_mj += last_stamp == 0 ? 0 : p.published_mj - last_taken;
                first = last_stamp == 0 ? p.published_mj : first;
                last_taken = p.published_mj;
                last_stamp = p.stamp_ns;
            }
            double joules = actop_read(m.sample, ACTOP_METRIC_RAIL_ENERGY, 0).value;
            assert_true(joules >= 0);
            assert_true(fabs(joules - (double)truth_mj * 1e-3) <= 1e-9 * (1 + (double)truth_mj));
        }
        mac_release(&m);
    }
}

static void a_reset_and_a_sleep_are_gaps_not_power(void **state)
{
    (void)state;
    struct mac m;
    mac_init(&m);
    int32_t c = mac_energy(&m, MAC_MODEL, "CPU Energy", "mJ");
    mac_seal(&m);
    static const uint64_t mj[] = {1000, 2000, 3000, 10, 1010, 500000, 501000};
    for (size_t i = 0; i < 7; i++) {
        if (i == 5)
            m.boot_ns += 3600 * S; /* an hour of sleep */
        mac_begin(&m, S);
        frame_set_i64(&m.frame, c, (int64_t)mj[i]);
        frame_set_stamp(&m.frame, c, m.awake_ns);
        mac_end(&m);
        actop_reading w = actop_read(m.sample, ACTOP_METRIC_CPU_POWER, 0);
        bool steady = i == 1 || i == 2 || i == 4 || i == 6;
        assert_int_equal(actop_has_value(&w), steady);
        assert_true(!steady || fabs(w.value - 1) < 1e-9);
    }
    assert_true(fabs(mac_read(&m, "rail.energy", "cpu") - 4.0) < 1e-9);
    assert_true(mac_read(&m, "machine.gaps", NULL) == 1);
    assert_true(mac_read(&m, "rail.discontinuities", "cpu") == 2);
    assert_true(mac_read(&m, "rail.resets", "cpu") == 1);
    assert_true(mac_read(&m, "rail.gaps", "cpu") == 1);
    assert_true(mac_read(&m, "rail.takeovers", "cpu") == 0);
    mac_release(&m);
}

static void a_counter_that_stands_while_cores_work_is_frozen_and_another_stands_in(void **state)
{
    (void)state;
    static const char *const states[] = {"IDLE", "V0P0"};
    struct mac m;
    mac_init(&m);
    int32_t core = mac_states(&m, MAC_CORES, "PCPU0", states, 2);
    int32_t total = mac_energy(&m, MAC_MODEL, "CPU Energy", "mJ");
    int32_t gpu = mac_energy(&m, MAC_MODEL, "GPU Energy", "nJ");
    int32_t pmp = mac_energy(&m, "ioreport/PMP/Energy Counters", "PCPU", "mJ");
    mac_seal(&m);
    actop_state last = ACTOP_STATE_NONE;
    for (int i = 0; i < 40; i++) {
        mac_begin(&m, S);
        frame_array(&m.frame, core)[0] = frame_array(&m.frame, core)[1] = (uint64_t)(i + 1) *
                                                                          12000000;
        frame_set_i64(&m.frame, total, i < 5 ? (i + 1) * 2000 : 10000);
        frame_set_stamp(&m.frame, total, i < 5 ? m.awake_ns : 1005 * S);
        frame_set_i64(&m.frame, gpu, (i + 1) * INT64_C(3000000000));
        frame_set_stamp(&m.frame, gpu, m.awake_ns);
        frame_set_i64(&m.frame, pmp, (i + 1) * 5000);
        frame_set_stamp(&m.frame, pmp, i < 25 ? 1001 * S : m.awake_ns);
        mac_end(&m);
        last = mac_state(&m, "cpu.power", NULL);
        if (i >= 1 && i < 5)
            assert_true(mac_read(&m, "cpu.power", NULL) == 2.0);
        if (i == 20)
            assert_int_equal(last, ACTOP_STATE_FROZEN);
        if (i >= 1)
            assert_true(mac_read(&m, "gpu.power", NULL) == 3.0);
    }
    assert_int_equal(last, ACTOP_STATE_OK);
    assert_true(mac_read(&m, "cpu.power", NULL) == 5.0); /* the PMP's counter, once it lives */
    mac_release(&m);
}

static void what_stands_twice_is_counted_once(void **state)
{
    (void)state;
    static const struct {
        const char *name, *unit;
        int64_t per_s;
    } rails[] = {
        {"DIE_0_CPU Energy", "mJ", 4000},
        {"DIE_1_CPU Energy", "mJ", 1000},
        {"GPU Energy", "nJ", INT64_C(7000000000)},
        {"GPU0_0", "mJ", 6900},
        {"ANE0_0", "mJ", 100},
        {"ANE0_1", "mJ", 200},
        {"DIE_0_PACC0_CPU", "mJ", 3900},
        {"PCPUDTL00", "mJ", 99999},
        {"DIE_0_PACC0_CPU0_SRAM", "mJ", 99999},
        {"Quantum Energy", "parsec", 99999},
        {"A BLOCK WITH A NAME LONGER THAN ANY EVER SEEN 0", "mJ", 99999},
        {"A BLOCK WITH A NAME LONGER THAN ANY EVER SEEN 1", "mJ", 99999},
        {"AMCC0_0", "mJ", 300},
        {"AMCC0_1", "mJ", 300},
    };
    enum { N_RAILS = sizeof rails / sizeof rails[0] };
    struct mac m;
    int32_t channels[N_RAILS];
    mac_init(&m);
    for (size_t i = 0; i < N_RAILS; i++)
        channels[i] = mac_energy(&m, MAC_MODEL, rails[i].name, rails[i].unit);
    mac_seal(&m);
    for (int tick = 1; tick <= 3; tick++) {
        mac_begin(&m, S);
        for (size_t i = 0; i < N_RAILS; i++) {
            frame_set_i64(&m.frame, channels[i], tick * rails[i].per_s);
            frame_set_stamp(&m.frame, channels[i], m.awake_ns);
        }
        mac_end(&m);
    }
    assert_true(mac_read(&m, "cpu.power", NULL) == 5.0);
    assert_true(mac_read(&m, "gpu.power", NULL) == 7.0);
    assert_true(fabs(mac_read(&m, "ane.power", NULL) - 0.3) < 1e-9);
    assert_true(fabs(mac_read(&m, "rail.power", "amcc") - 0.6) < 1e-9);
    assert_true(fabs(mac_read(&m, "other.power", NULL) - 0.6) < 1e-9);
    assert_int_equal(mac_state(&m, "rail.power", "quantum"), ACTOP_STATE_NONE);
    mac_release(&m);
}

/* A legend may list a channel twice, PMP and PMP0 may both be there: the same counter, whichever way it is listed. */
static void a_name_that_stands_twice_is_one_counter(void **state)
{
    (void)state;
    struct mac m;
    mac_init(&m);
    int32_t channels[4];
    for (int i = 0; i < 2; i++) {
        char key[64];
        (void)snprintf(key, sizeof key, "%s/CPU Energy~%d", MAC_MODEL, i);
        channels[i] =
            schema_add_channel(m.schema, &(struct channel_spec){.key = key,
                                                                .group = MAC_MODEL,
                                                                .name = "CPU Energy",
                                                                .unit = "mJ",
                                                                .type = SLOT_I64,
                                                                .flags = CHANNEL_COUNTER});
    }
    channels[2] = mac_energy(&m, "ioreport/PMP/Energy Counters", "DRAM", "mJ");
    channels[3] = mac_energy(&m, "ioreport/PMP0/Energy Counters", "DRAM", "mJ");
    mac_seal(&m);
    for (int tick = 1; tick <= 2; tick++) {
        mac_begin(&m, S);
        for (size_t i = 0; i < 4; i++) {
            frame_set_i64(&m.frame, channels[i], tick * 3000);
            frame_set_stamp(&m.frame, channels[i], m.awake_ns);
        }
        mac_end(&m);
    }
    assert_true(mac_read(&m, "cpu.power", NULL) == 3);
    assert_true(mac_read(&m, "dram.power", NULL) == 3);
    assert_true(mac_read(&m, "rail.energy", "cpu") == 3);
    mac_release(&m);
}

/* The fabric alone is not the CPU: without the totals of all clusters their cores are asked, or nothing is said. */
static void fabric_without_its_clusters_is_not_the_cpu(void **state)
{
    (void)state;
    static const char *const states[] = {"IDLE", "V0P0"};
    for (int cores = 0; cores < 2; cores++) {
        struct mac m;
        mac_init(&m);
        (void)mac_states(&m, MAC_CORES, "ECPU0", states, 2);
        (void)mac_states(&m, MAC_CORES, "PCPU0", states, 2);
        int32_t fabric = mac_energy(&m, MAC_MODEL, "PCPM", "mJ"), e = -1, p = -1;
        if (cores == 1) {
            e = mac_energy(&m, MAC_MODEL, "ECPU0", "mJ");
            p = mac_energy(&m, MAC_MODEL, "PCPU0", "mJ");
        }
        mac_seal(&m);
        for (int tick = 1; tick <= 2; tick++) {
            mac_begin(&m, S);
            frame_set_i64(&m.frame, fabric, tick * 500);
            if (cores == 1) {
                frame_set_i64(&m.frame, e, tick * 1000);
                frame_set_i64(&m.frame, p, tick * 2000);
            }
            mac_end(&m);
        }
        if (cores == 1)
            assert_true(mac_read(&m, "cpu.power", NULL) == 3);
        else
            assert_int_equal(mac_state(&m, "cpu.power", NULL), ACTOP_STATE_NONE);
        assert_true(mac_read(&m, "cluster.power", "P0") == 0.5);
        mac_release(&m);
    }
}

/* What an M1 calls PCPU0 is a core, though an M5 Max calls a cluster so; the PMP counts clusters a second time (recorded: M1). */
static void cores_and_the_pmp_add_nothing_to_a_cluster(void **state)
{
    (void)state;
    static const char *const states[] = {"IDLE", "V0P0"};
    static const struct {
        const char *group, *name;
        int64_t mj_per_s;
    } rails[] = {
        {MAC_MODEL, "PCPU", 5000},
        {MAC_MODEL, "PCPU0", 2000},
        {MAC_MODEL, "PCPU1", 2900},
        {MAC_MODEL, "PCPM", 300},
        {"ioreport/PMP/Energy Counters", "PCPU", 5100},
        {"ioreport/PMP/Energy Counters", "PCPM", 310},
    };
    enum { N_RAILS = sizeof rails / sizeof rails[0] };
    struct mac m;
    int32_t channels[N_RAILS];
    mac_init(&m);
    mac_states(&m, MAC_CORES, "PCPU0", states, 2);
    mac_states(&m, MAC_CORES, "PCPU1", states, 2);
    mac_states(&m, MAC_COMPLEXES, "PCPU", states, 2);
    for (size_t i = 0; i < N_RAILS; i++)
        channels[i] = mac_energy(&m, rails[i].group, rails[i].name, "mJ");
    mac_seal(&m);
    for (int tick = 1; tick <= 3; tick++) {
        mac_begin(&m, S);
        for (size_t i = 0; i < N_RAILS; i++) {
            frame_set_i64(&m.frame, channels[i], tick * rails[i].mj_per_s);
            frame_set_stamp(&m.frame, channels[i], m.awake_ns);
        }
        mac_end(&m);
    }
    assert_true(fabs(mac_read(&m, "cluster.power", "P0") - 5.3) < 1e-9);
    assert_true(fabs(mac_read(&m, "tier.power", "P") - 5.3) < 1e-9);
    assert_true(fabs(mac_read(&m, "core.power", "cpu0") - 2.0) < 1e-9);
    assert_true(fabs(mac_read(&m, "cpu.power", NULL) - 5.3) <
                1e-9); /* no CPU Energy: its clusters */
    mac_release(&m);
}

/* The clusters' counter freezes for 30 s, the PMP's stands in, then the first catches up in one publication: that is not counted again. */
static void a_counter_that_comes_back_is_not_counted_for_the_time_another_stood_in(void **state)
{
    (void)state;
    static const char *const states[] = {"IDLE", "V0P0"};
    struct mac m;
    mac_init(&m);
    int32_t core = mac_states(&m, MAC_CORES, "PCPU0", states, 2);
    int32_t total = mac_energy(&m, MAC_MODEL, "CPU Energy", "mJ");
    int32_t pmp = mac_energy(&m, "ioreport/PMP/Energy Counters", "PCPU", "mJ");
    mac_seal(&m);
    for (int i = 0; i < 60; i++) {
        bool frozen = i > 5 && i < 36;
        mac_begin(&m, S);
        frame_array(&m.frame, core)[0] = (uint64_t)(i + 1) * 24000000;
        frame_set_i64(&m.frame, total, frozen ? 6000 : (i + 1) * 1000);
        frame_set_stamp(&m.frame, total, frozen ? 1006 * S : m.awake_ns);
        frame_set_i64(&m.frame, pmp, (i + 1) * 1000);
        frame_set_stamp(&m.frame, pmp, m.awake_ns);
        mac_end(&m);
        double truth = i; /* joules since the first frame, at 1 W */
        double joules = mac_read(&m, "rail.energy", "cpu");
        /* Until it is called frozen nothing stands in: those 10 s are missing, but nothing is counted twice. */
        assert_true(joules <= truth + 1e-9 && joules >= truth - 12);
    }
    assert_true(mac_read(&m, "rail.discontinuities", "cpu") == 2); /* there and back */
    mac_release(&m);
}

/* Rails in the order they are preferred; each row lacks the ones before it. */
static void the_cpu_is_read_from_the_best_that_is_there(void **state)
{
    (void)state;
    static const char *const states[] = {"IDLE", "V0P0"};
    static const struct {
        const char *group, *name;
        int64_t mj_per_s;
    } rails[] = {
        {MAC_MODEL, "CPU Energy", 1000},
        {MAC_MODEL, "PCPU", 2000},
        {MAC_MODEL, "PCPU0", 3000},
        {"ioreport/PMP/Energy Counters", "PCPU", 4000},
    };
    for (size_t first = 0; first < 4; first++) {
        struct mac m;
        int32_t channels[4];
        mac_init(&m);
        mac_states(&m, MAC_CORES, "PCPU0", states, 2);
        for (size_t i = first; i < 4; i++)
            channels[i] = mac_energy(&m, rails[i].group, rails[i].name, "mJ");
        mac_seal(&m);
        for (int tick = 1; tick <= 3; tick++) {
            mac_begin(&m, S);
            for (size_t i = first; i < 4; i++)
                frame_set_i64(&m.frame, channels[i], tick * rails[i].mj_per_s);
            mac_end(&m);
        }
        actop_reading w = actop_read(m.sample, ACTOP_METRIC_CPU_POWER, 0);
        CHECK_ROW(fabs(w.value - (double)rails[first].mj_per_s * 1e-3) < 1e-9, rails[first].name);
        assert_int_equal(w.origin, first == 0 ? ACTOP_MEASURED : ACTOP_DERIVED);
        mac_release(&m);
    }
}

/* Reported: the counters of an A18 Pro stay at 0 (SiliconScope 12), those of an M3 Max stand still under macOS 27 (macmon 77). */
static void smc_rails_stand_in_only_on_chips_they_were_checked_on(void **state)
{
    (void)state;
    static const struct {
        const char *chip;
        double watts; /* 0: nothing stands in */
    } rows[] = {{"Apple A18 Pro", 1.5}, {"Apple M3 Max", 3.75}, {"Apple M4 Max", 0}};
    static const struct {
        const char *key;
        float watts;
    } keys[] = {{"PZC0", 1.5f}, {"PC02", 1}, {"PC03", 0.5f},
                {"PC42", 1},    {"PC43", 1}, {"PP5b", 0.25f}};
    for (size_t row = 0; row < 3; row++) {
        struct mac m;
        int32_t channels[6];
        mac_init(&m);
        schema_put_text(m.schema, "sysctl/machdep.cpu.brand_string", rows[row].chip);
        int32_t cpu = mac_energy(&m, MAC_MODEL, "CPU Energy", "mJ");
        for (size_t i = 0; i < 6; i++)
            channels[i] = mac_smc(&m, keys[i].key, "flt ");
        mac_seal(&m);
        for (int tick = 1; tick <= 4; tick++) {
            mac_begin(&m, S);
            frame_set_i64(&m.frame, cpu, 0);
            frame_set_stamp(&m.frame, cpu, m.awake_ns);
            for (size_t i = 0; i < 6; i++) {
                uint32_t bits;
                memcpy(&bits, &keys[i].watts, sizeof bits);
                frame_set_u64(&m.frame, channels[i], bits);
            }
            mac_end(&m);
        }
        actop_reading w = actop_read(m.sample, ACTOP_METRIC_CPU_POWER, 0);
        CHECK_ROW(w.state == (rows[row].watts > 0 ? ACTOP_STATE_OK : ACTOP_STATE_FROZEN),
                  rows[row].chip);
        CHECK_ROW(rows[row].watts == 0 ||
                      (fabs(w.value - rows[row].watts) < 1e-6 && w.origin == ACTOP_ESTIMATED),
                  rows[row].chip);
        mac_release(&m);
    }
}

/* Seconds in a state are ticks of the unit the channel names; another unit is not guessed. */
static void seconds_in_a_state_are_of_the_channels_own_unit(void **state)
{
    (void)state;
    static const struct {
        const char *unit;
        double ticks_per_s; /* 0: no seconds */
    } rows[] = {
        {"24Mticks", 24e6}, {"1000Mticks", 1e9}, {"1Gticks", 1e9}, {"us", 1e6},    {"ms", 1e3},
        {"ns", 1e9},        {"Mticks", 0},       {"-1Mticks", 0},  {"1Tticks", 0}, {"", 0},
        {"events", 0}};
    static const char *const states[] = {"OFF", "P1"};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct mac m;
        mac_init(&m);
        int32_t channels[2];
        for (int k = 0; k < 2; k++)
            channels[k] = schema_add_channel(
                m.schema, &(struct channel_spec){.key = k == 0 ? "core" : "gpu",
                                                 .group = k == 0 ? MAC_CORES : MAC_GPU,
                                                 .name = k == 0 ? "ECPU0" : "GPUPH",
                                                 .unit = rows[i].unit,
                                                 .type = SLOT_U64,
                                                 .count = 2,
                                                 .states = states,
                                                 .flags = CHANNEL_COUNTER});
        mac_seal(&m);
        for (uint64_t tick = 1; tick <= 2; tick++) {
            mac_begin(&m, S);
            for (int k = 0; k < 2; k++)
                frame_array(&m.frame, channels[k])[0] = tick * 6000000;
            mac_end(&m);
        }
        for (uint32_t row = 0; row < 4; row += 2) { /* the first state of the core, of the GPU */
            actop_reading r = actop_read(m.sample, ACTOP_METRIC_PSTATE_TIME, row);
            CHECK_ROW(actop_has_value(&r) == (rows[i].ticks_per_s > 0), rows[i].unit);
            if (actop_has_value(&r))
                CHECK_ROW(fabs(r.value - 6e6 / rows[i].ticks_per_s) < 1e-12, rows[i].unit);
            CHECK_ROW(actop_read(m.sample, ACTOP_METRIC_PSTATE_RATIO, row).value == 1,
                      rows[i].unit);
        }
        mac_release(&m);
    }
}

/* What no machine has a recording may have: it is read up to far more than any has, and at once. */
static void absurdly_many_of_everything_are_read_at_once(void **state)
{
    (void)state;
    enum { MANY = 30000 };
    static const char *const states[] = {"   1GB/s", "   2GB/s"};
    struct mac m;
    mac_init(&m);
    for (unsigned i = 0; i < MANY; i++) {
        char key[64];
        (void)snprintf(key, sizeof key, "cpu/cpu%u/cluster-type", i);
        schema_put_text(m.schema, key, "P");
        (void)snprintf(key, sizeof key, "cpu/cpu%u/logical-cpu-id", i);
        schema_put_u64(m.schema, key, &(uint64_t){i % 4000}, 1);
        (void)snprintf(key, sizeof key, "DIE_%u_PCPU_CPU%u", i % 500, i);
        (void)mac_states(&m, MAC_CORES, key, states, 2);
        (void)snprintf(key, sizeof key, "BLOCK%c%c%c%u", 'A' + i % 26, 'A' + i / 26 % 26,
                       'A' + i / 676 % 26, i);
        (void)mac_energy(&m, MAC_MODEL, key, "mJ");
        (void)snprintf(key, sizeof key, "AGENT%u RD", i);
        (void)mac_states(&m, "ioreport/PMP/DCS BW", key, states, 2);
    }
    mac_seal(&m);
    mac_begin(&m, S);
    mac_end(&m);
    assert_in_range(actop_rows(m.sample, ACTOP_SCOPE_CORE), 512, MANY / 2);
    assert_in_range(actop_rows(m.sample, ACTOP_SCOPE_CLUSTER), 64, MANY / 2);
    assert_in_range(actop_rows(m.sample, ACTOP_SCOPE_RAIL), 1024, MANY / 2);
    assert_in_range(actop_rows(m.sample, ACTOP_SCOPE_AGENT), 1024, MANY / 2);
    mac_release(&m);
}

/* The power manager's own word for why the CPU gets less (recorded names, base M1): what held for the most of the interval,
 * until the next publication. */
static void the_dominant_reason_is_why_something_is_throttled(void **state)
{
    (void)state;
    static const char *const names[] = {"FASTTEMP", "SLOWTEMP", "PKGZONE", "CPUZONE",
                                        "SMCPOWER", "LOWPOWER", "HIP",     "NONE"};
    static const struct {
        const char *what;
        uint64_t ticks[8];
        double want; /* -1: the last one stands */
    } rows[] = {
        {"nothing", {0, 0, 0, 0, 0, 0, 0, 1000}, 0},
        {"heat", {300, 0, 0, 0, 0, 0, 0, 700}, 1},
        {"not published", {0, 0, 0, 0, 0, 0, 0, 0}, -1},
        {"heat of two kinds against power", {200, 200, 300, 0, 0, 0, 0, 300}, 1},
        {"power of three kinds", {200, 0, 100, 100, 100, 0, 0, 500}, 2},
        {"low-power mode", {0, 0, 0, 0, 0, 1000, 0, 0}, 3},
        {"a moment of heat", {49, 0, 0, 0, 0, 0, 0, 951}, 0},
        {"a word that says nothing to us", {0, 0, 0, 0, 0, 0, 1000, 0}, 0},
    };
    struct mac m;
    mac_init(&m);
    int32_t c = mac_states(&m, "ioreport/CLPC Stats/Lost Performance", "Dominant reason", names, 8);
    mac_seal(&m);
    uint64_t ticks[8] = {0};
    double last = 0;
    for (size_t i = 0; i <= sizeof rows / sizeof rows[0]; i++) {
        mac_begin(&m, S);
        for (size_t k = 0; i > 0 && k < 8; k++)
            ticks[k] += rows[i - 1].ticks[k];
        memcpy(frame_array(&m.frame, c), ticks, sizeof ticks);
        mac_end(&m);
        if (i == 0) {
            assert_int_equal(mac_state(&m, "throttle.reason", NULL), ACTOP_STATE_NONE);
            continue;
        }
        last = rows[i - 1].want < 0 ? last : rows[i - 1].want;
        CHECK_ROW(mac_read(&m, "throttle.reason", NULL) == last, rows[i - 1].what);
    }
    mac_release(&m);
}

/* ---- Bandwidth, sensors, network -------------------------------------------------------------------------------------- */

static void buckets_give_their_midpoints_and_say_when_they_are_full(void **state)
{
    (void)state;
    static const char *const buckets[] = {"  32GB/s", "  64GB/s", "  96GB/s"};
    struct mac m;
    mac_init(&m);
    int32_t rd = mac_states(&m, "ioreport/PMP/DCS BW", "AMCC RD", buckets, 3);
    int32_t wr = mac_states(&m, "ioreport/PMP/DCS BW", "AMCC WR", buckets, 3);
    int32_t gpu = mac_states(&m, "ioreport/PMP/DCS BW", "AGX RD+WR", buckets, 3);
    mac_seal(&m);
    for (uint64_t tick = 1; tick <= 2; tick++) {
        mac_begin(&m, S);
        frame_array(&m.frame, rd)[1] = tick * 100;
        frame_array(&m.frame, wr)[0] = tick * 50;
        frame_array(&m.frame, wr)[1] = tick * 50;
        frame_array(&m.frame, gpu)[2] = tick * 100;
        mac_end(&m);
    }
    assert_true(mac_read(&m, "bandwidth.read", NULL) == 48e9);
    assert_true(mac_read(&m, "bandwidth.write", NULL) == 32e9);
    assert_true(mac_read(&m, "bandwidth.total", NULL) == 80e9);
    assert_int_equal(actop_read_key(m.sample, "bandwidth.total", NULL).origin, ACTOP_ESTIMATED);
    assert_true(mac_read(&m, "agent.total", "AGX") == 80e9);
    assert_true(mac_read(&m, "agent.saturated", "AGX") == 1);
    mac_release(&m);
}

/* Buckets published every 2 s, frames every 0.5 s: the last mean stands with its age; after 10 s of standstill it is frozen. */
static void bandwidth_is_held_between_publications_until_it_is_frozen(void **state)
{
    (void)state;
    static const char *const buckets[] = {"  32GB/s", "  64GB/s"};
    struct mac m;
    mac_init(&m);
    int32_t all = mac_states(&m, "ioreport/PMP0/DCS BW", "AMCC RD+WR", buckets, 2);
    mac_seal(&m);
    int64_t stamp_ns = 0;
    uint64_t hits = 0;
    for (int i = 0; i < 60; i++) {
        mac_begin(&m, S / 2);
        if (i % 4 == 0 && i <= 24) {
            stamp_ns = m.awake_ns;
            hits += 1000;
        }
        frame_array(&m.frame, all)[1] = hits;
        frame_set_stamp(&m.frame, all, stamp_ns);
        mac_end(&m);
        actop_reading r = actop_read(m.sample, ACTOP_METRIC_BANDWIDTH, 0);
        if (i < 4 || m.awake_ns - stamp_ns > 10 * S) {
            assert_int_equal(r.state, i < 4 ? ACTOP_STATE_WARMING : ACTOP_STATE_FROZEN);
            continue;
        }
        assert_true(r.value == 48e9 && r.age_ns == m.awake_ns - stamp_ns);
        assert_int_equal(r.state, r.age_ns <= S / 2 ? ACTOP_STATE_OK : ACTOP_STATE_STALE);
    }
    mac_release(&m);
}

/* The fabric's histograms know some agents and the memory controller a second time; agents are told by their whole names. */
static void what_two_histograms_know_is_counted_once(void **state)
{
    (void)state;
    static const char *const buckets[] = {"  32GB/s", "  64GB/s"};
    static const struct {
        const char *group, *name;
    } rows[] = {
        {"ioreport/PMP0/DCS BW", "AMCC RD+WR"},
        {"ioreport/PMP0/AFI BW", "AMCC RD+WR"},
        {"ioreport/PMP0/DCS BW", "ANE0 RD+WR"},
        {"ioreport/PMP0/AF BW", "ANE0 RD+WR"},
        {"ioreport/PMP0/AF BW", "ANE L1 RD+WR"},
        {"ioreport/PMP0/DCS BW", "AN AGENT OF MORE THAN THIRTY LETTERS 0 RD+WR"},
        {"ioreport/PMP0/DCS BW", "AN AGENT OF MORE THAN THIRTY LETTERS 1 RD+WR"},
        {"ioreport/PMP0/DCS BW", "AN AGENT WHOSE NAME IS LONGER THAN ANY THAT WAS EVER SEEN RD+WR"},
    };
    enum { N = sizeof rows / sizeof rows[0] };
    int32_t channels[N];
    struct mac m;
    mac_init(&m);
    for (size_t i = 0; i < N; i++)
        channels[i] = mac_states(&m, rows[i].group, rows[i].name, buckets, 2);
    mac_seal(&m);
    for (uint64_t tick = 1; tick <= 2; tick++) {
        mac_begin(&m, S);
        for (size_t i = 0; i < N; i++)
            frame_array(&m.frame, channels[i])[1] = tick * 100;
        mac_end(&m);
    }
    assert_true(mac_read(&m, "bandwidth.total", NULL) == 48e9);
    assert_int_equal(actop_rows(m.sample, ACTOP_SCOPE_AGENT), 4);
    assert_true(mac_read(&m, "agent.total", "ANE0") == 48e9);
    assert_true(mac_read(&m, "agent.total", "ANE L1") == 48e9);
    assert_true(mac_read(&m, "agent.total", "AN AGENT OF MORE THAN THIRTY LETTERS 1") == 48e9);
    mac_release(&m);
}

static void bytes_of_the_memory_controller_add_up_over_dies(void **state)
{
    (void)state;
    static const char *const names[] = {"DIE0 DCS RD", "DIE1 DCS RD", "DIE0 DCS WR", "GFX DCS RD",
                                        "GFX DCS WR"};
    struct mac m;
    int32_t channels[5];
    mac_init(&m);
    for (size_t i = 0; i < 5; i++)
        channels[i] = mac_energy(&m, "ioreport/AMC Stats/Perf Counters", names[i], "B");
    mac_seal(&m);
    for (int tick = 1; tick <= 2; tick++) {
        mac_begin(&m, S);
        for (int i = 0; i < 5; i++)
            frame_set_i64(&m.frame, channels[i], tick * (i + 1) * 1000);
        mac_end(&m);
    }
    assert_true(mac_read(&m, "bandwidth.read", NULL) == 3000);
    assert_true(mac_read(&m, "bandwidth.total", NULL) == 6000);
    assert_true(mac_read(&m, "agent.read", "GFX") == 4000);
    mac_release(&m);
}

static void smc_values_of_every_type_are_numbers(void **state)
{
    (void)state;
    static const struct {
        const char *type;
        uint64_t raw;
        double value;
        bool known;
    } rows[] = {
        {"flt ", 0x42280000, 42.0, true}, {"flt", 0x42280000, 42.0, true},
        {"flt ", 0x7fc00000, 0, false},   {"ioft", 0x2A8000, 42.5, true},
        {"ui8 ", 200, 200, true},         {"ui16", 0x0201, 258, true},
        {"fpe2", 0x1027, 2500, true},     {"sp78", 0x802A, 42.5, true},
        {"sp78", 0x80FF, -0.5, true},     {"si8 ", 0xff, -1, true},
        {"ui32", 0x01000000, 1, true},    {"ch8*", 1, 0, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        double value = 0;
        CHECK_ROW(apple_smc_value(rows[i].type, rows[i].raw, &value) == rows[i].known,
                  rows[i].type);
        CHECK_ROW(!rows[i].known || value == rows[i].value, rows[i].type);
    }
}

static void implausible_sensors_are_left_out(void **state)
{
    (void)state;
    static const struct {
        const char *key;
        float celsius;
    } rows[] = {{"Tp01", 60},     {"Tp05", 4.633f}, {"Te04", 45}, {"TTPD", -306783232.0f},
                {"TR0Z", 51.85f}, {"Tg0f", 130},    {"Tg05", 50}};
    struct mac m;
    int32_t channels[7];
    mac_init(&m);
    for (size_t i = 0; i < 7; i++) {
        channels[i] = mac_smc(&m, rows[i].key, "flt ");
    }
    mac_seal(&m);
    mac_begin(&m, S);
    for (size_t i = 0; i < 7; i++) {
        uint32_t bits;
        memcpy(&bits, &rows[i].celsius, sizeof bits);
        frame_set_u64(&m.frame, channels[i], bits);
    }
    mac_end(&m);
    assert_true(mac_read(&m, "cpu.temp", NULL) == 60);
    assert_true(mac_read(&m, "cpu.temp_mean", NULL) == 52.5);
    assert_true(mac_read(&m, "gpu.temp", NULL) == 50);
    assert_int_equal(actop_entity_find(m.sample, ACTOP_SCOPE_SENSOR, "TR0Z"), -1);
    assert_int_equal(mac_state(&m, "sensor.temp", "Tp05"), ACTOP_STATE_NONE);
    mac_release(&m);
}

/* A size nobody gave is none, not 0. */
static void a_volume_that_does_not_say_what_is_available_has_none(void **state)
{
    (void)state;
    static const struct column_spec columns[] = {{"mount", "", SLOT_BYTES, COLUMN_KEY, 0},
                                                 {"block_b", "", SLOT_U64, 0, 0},
                                                 {"blocks", "", SLOT_U64, 0, 0},
                                                 {"blocks_free", "", SLOT_U64, 0, 0},
                                                 {"blocks_avail", "", SLOT_U64, 0, 0}};
    struct mac m;
    mac_init(&m);
    int32_t rows = schema_add_rowset(m.schema, "volume", ACTOP_SCOPE_VOLUME, 0, columns, 5);
    mac_seal(&m);
    mac_begin(&m, S);
    for (uint32_t i = 0; i < 2; i++) {
        uint32_t row = frame_row(&m.frame, rows);
        frame_cell_bytes(&m.frame, rows, row, 0, i == 0 ? "/" : "/x", i + 1);
        for (uint32_t column = 1; column < 4 + i; column++)
            frame_cell_u64(&m.frame, rows, row, column, 1000 / column);
    }
    mac_end(&m);
    assert_true(mac_read(&m, "volume.total", "/") == 500000);
    assert_int_equal(mac_state(&m, "volume.free", "/"), ACTOP_STATE_NONE);
    assert_true(mac_read(&m, "volume.free", "/x") == 250000);
    mac_release(&m);
}

/* A recording of a system that does not count bytes: no totals of 0, no rates that are forever about to come. */
static void what_an_interface_or_disk_does_not_count_is_not_there(void **state)
{
    (void)state;
    static const struct column_spec columns[] = {
        {"name", "", SLOT_BYTES, COLUMN_KEY, 0},
        {"reads", "", SLOT_U64, CHANNEL_COUNTER, 64},
        {"rx_packets", "", SLOT_U64, CHANNEL_COUNTER, 64},
        {"tx_b", "", SLOT_U64, CHANNEL_COUNTER, 64},
    };
    struct mac m;
    mac_init(&m);
    int32_t rowsets[] = {
        schema_add_rowset(m.schema, "interface", ACTOP_SCOPE_INTERFACE, 0, columns, 4),
        schema_add_rowset(m.schema, "disk", ACTOP_SCOPE_DISK, 0, columns, 4),
    };
    mac_seal(&m);
    for (uint64_t tick = 0; tick < 2; tick++) {
        mac_begin(&m, S);
        for (int i = 0; i < 2; i++) {
            uint32_t row = frame_row(&m.frame, rowsets[i]);
            frame_cell_bytes(&m.frame, rowsets[i], row, 0, "en0", 3);
            frame_cell_u64(&m.frame, rowsets[i], row, 1, 7 * tick);
            frame_cell_u64(&m.frame, rowsets[i], row, 2, 9 * tick); /* tx_b is not in the row */
        }
        mac_end(&m);
    }
    static const struct {
        const char *metric, *entity;
        actop_state want;
    } rows[] = {
        {"interface.rx_packets", "en0", ACTOP_STATE_OK},
        {"interface.tx_packets", "en0", ACTOP_STATE_NONE},
        {"interface.rx", "en0", ACTOP_STATE_NONE},
        {"interface.tx", "en0", ACTOP_STATE_NONE},
        {"interface.rx_total", "en0", ACTOP_STATE_NONE},
        {"interface.tx_total", "en0", ACTOP_STATE_NONE},
        {"interface.errors", "en0", ACTOP_STATE_NONE},
        {"disk.read_ops", "en0", ACTOP_STATE_OK},
        {"disk.one_read", "en0", ACTOP_STATE_NONE},
        {"disk.read_total", "en0", ACTOP_STATE_NONE},
        {"disk.written_total", "en0", ACTOP_STATE_NONE},
        {"disk.busy", "en0", ACTOP_STATE_NONE},
        {"net.rx", NULL, ACTOP_STATE_UNSUPPORTED},
        {"disk.read", NULL, ACTOP_STATE_UNSUPPORTED},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        CHECK_ROW(mac_state(&m, rows[i].metric, rows[i].entity) == rows[i].want, rows[i].metric);
    mac_release(&m);
}

static void network_counters_cut_to_32_bits_are_unwrapped(void **state)
{
    (void)state;
    static const struct column_spec columns[] = {{"name", "", SLOT_BYTES, COLUMN_KEY, 0},
                                                 {"type", "", SLOT_U64, 0, 0},
                                                 {"rx_b", "", SLOT_U64, CHANNEL_COUNTER, 64},
                                                 {"tx_b", "", SLOT_U64, CHANNEL_COUNTER, 64}};
    struct mac m;
    mac_init(&m);
    int32_t rows = schema_add_rowset(m.schema, "interface", ACTOP_SCOPE_INTERFACE, 0, columns, 4);
    mac_seal(&m);
    static const uint64_t rx[] = {4294967000, 704};
    for (size_t tick = 0; tick < 2; tick++) {
        mac_begin(&m, S);
        for (int i = 0; i < 2; i++) {
            uint32_t row = frame_row(&m.frame, rows);
            frame_cell_bytes(&m.frame, rows, row, 0, i == 0 ? "en0" : "utun3", i == 0 ? 3 : 5);
            frame_cell_u64(&m.frame, rows, row, 1, i == 0 ? 6 : 1);
            frame_cell_u64(&m.frame, rows, row, 2, rx[tick]);
            frame_cell_u64(&m.frame, rows, row, 3, 500 * tick);
        }
        mac_end(&m);
    }
    assert_true(mac_read(&m, "interface.rx", "en0") == 1000);
    assert_true(mac_read(&m, "net.rx", NULL) == 1000); /* the tunnel is not hardware */
    assert_true(mac_read(&m, "net.tx", NULL) == 500);
    mac_release(&m);
}

/* Bytes alone are cut, so whatever else falls was reset; and bytes that could not have come so far were, too. */
static void a_counter_of_an_interface_that_cannot_have_wrapped_was_reset(void **state)
{
    static const struct {
        const char *what;
        uint64_t from, to, baud;
        double per_s; /* < 0: none */
    } rows[] = {
        {"past the end", 4294966272, 1024, 0, 2048},
        {"plugged in again", 50000896, 1024, 1000000000, -1},
        {"plugged in again, of no known speed", 50000896, 0, 0, -1},
        {"ten gigabits", 2147482624, 1024, 10000000000, -1},
        {"hundred gigabits", 1073741824, 1024, 100000000000, 3221226496},
    };
    static const struct column_spec columns[] = {
        {"name", "", SLOT_BYTES, COLUMN_KEY, 0},
        {"type", "", SLOT_U64, 0, 0},
        {"rx_b", "", SLOT_U64, CHANNEL_COUNTER, 64},
        {"rx_packets", "", SLOT_U64, CHANNEL_COUNTER, 64},
        {"baud", "", SLOT_U64, 0, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct mac m;
        mac_init(&m);
        int32_t set =
            schema_add_rowset(m.schema, "interface", ACTOP_SCOPE_INTERFACE, 0, columns, 5);
        mac_seal(&m);
        for (int tick = 0; tick < 2; tick++) {
            mac_begin(&m, S);
            uint32_t row = frame_row(&m.frame, set);
            frame_cell_bytes(&m.frame, set, row, 0, "en0", 3);
            frame_cell_u64(&m.frame, set, row, 1, 6);
            frame_cell_u64(&m.frame, set, row, 2, tick == 0 ? rows[i].from : rows[i].to);
            frame_cell_u64(&m.frame, set, row, 3, tick == 0 ? 4294967000 : 704);
            frame_cell_u64(&m.frame, set, row, 4, rows[i].baud);
            mac_end(&m);
        }
        CHECK_ROW(mac_state(&m, "interface.rx_packets", "en0") == ACTOP_STATE_WARMING,
                  rows[i].what);
        CHECK_ROW((mac_state(&m, "interface.rx", "en0") == ACTOP_STATE_OK) == (rows[i].per_s >= 0),
                  rows[i].what);
        CHECK_ROW(rows[i].per_s < 0 || mac_read(&m, "interface.rx", "en0") == rows[i].per_s,
                  rows[i].what);
        mac_release(&m);
    }
}

/* Of a recording: the format lets any key stand in any group. */
static void a_sensor_is_called_by_its_key_whatever_the_key_is(void **state)
{
    static const struct {
        const char *key, *group, *name, *want;
    } rows[] = {
        {"hid/temperature/PMU tdie1", "hid/temperature", "PMU tdie1", "PMU tdie1"},
        {"smc/Tp01", "smc", "Tp01", "Tp01"},
        {"x", "hid/temperature", "y", "x"},
        {"hid/temp", "hid/temperature", "z", "hid/temp"},
        {"", "smc", "Tp02", ""},
    };
    (void)state;
    struct mac m;
    mac_init(&m);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        (void)schema_add_channel(m.schema, &(struct channel_spec){.key = rows[i].key,
                                                                  .group = rows[i].group,
                                                                  .name = rows[i].name,
                                                                  .unit = "flt "});
    mac_seal(&m);
    mac_begin(&m, MAC_S);
    mac_end(&m);
    assert_int_equal(actop_rows(m.sample, ACTOP_SCOPE_SENSOR), sizeof rows / sizeof rows[0]);
    for (uint32_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        actop_entity e;
        assert_int_equal(actop_entity_at(m.sample, ACTOP_SCOPE_SENSOR, i, &e), ACTOP_OK);
        CHECK_ROW(strcmp(e.key, rows[i].want) == 0, rows[i].want);
    }
    mac_release(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(residencies_of_an_m1_ultra_give_its_clock_and_load),
        cmocka_unit_test(an_invalid_residency_is_no_value),
        cmocka_unit_test(residencies_are_held_between_publications_until_they_are_frozen),
        cmocka_unit_test(power_is_held_between_publications_and_never_zero_then_double),
        cmocka_unit_test(joules_are_the_counters_own_growth),
        cmocka_unit_test(a_reset_and_a_sleep_are_gaps_not_power),
        cmocka_unit_test(a_counter_that_stands_while_cores_work_is_frozen_and_another_stands_in),
        cmocka_unit_test(what_stands_twice_is_counted_once),
        cmocka_unit_test(fabric_without_its_clusters_is_not_the_cpu),
        cmocka_unit_test(a_name_that_stands_twice_is_one_counter),
        cmocka_unit_test(cores_and_the_pmp_add_nothing_to_a_cluster),
        cmocka_unit_test(a_counter_that_comes_back_is_not_counted_for_the_time_another_stood_in),
        cmocka_unit_test(the_cpu_is_read_from_the_best_that_is_there),
        cmocka_unit_test(smc_rails_stand_in_only_on_chips_they_were_checked_on),
        cmocka_unit_test(absurdly_many_of_everything_are_read_at_once),
        cmocka_unit_test(seconds_in_a_state_are_of_the_channels_own_unit),
        cmocka_unit_test(the_dominant_reason_is_why_something_is_throttled),
        cmocka_unit_test(buckets_give_their_midpoints_and_say_when_they_are_full),
        cmocka_unit_test(bandwidth_is_held_between_publications_until_it_is_frozen),
        cmocka_unit_test(what_two_histograms_know_is_counted_once),
        cmocka_unit_test(bytes_of_the_memory_controller_add_up_over_dies),
        cmocka_unit_test(smc_values_of_every_type_are_numbers),
        cmocka_unit_test(implausible_sensors_are_left_out),
        cmocka_unit_test(a_sensor_is_called_by_its_key_whatever_the_key_is),
        cmocka_unit_test(a_volume_that_does_not_say_what_is_available_has_none),
        cmocka_unit_test(what_an_interface_or_disk_does_not_count_is_not_there),
        cmocka_unit_test(network_counters_cut_to_32_bits_are_unwrapped),
        cmocka_unit_test(a_counter_of_an_interface_that_cannot_have_wrapped_was_reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
