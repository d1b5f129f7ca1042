/* SPDX-License-Identifier: MIT */
/* DVFS tables: units by magnitude, periods, wrap, choice, states by name. Figures are those the facts give for real chips. */
#include "decode/apple/apple.h"

#include <math.h>
#include <string.h>

#include "lib/test.h"

static void put_blob(struct schema *s, const char *key, const uint32_t *values, size_t n)
{
    uint8_t blob[64 * 8] = {0};
    for (size_t i = 0; i < n; i++)
        for (unsigned b = 0; b < 4; b++)
            blob[i * 8 + b] = (uint8_t)(values[i] >> 8 * b);
    schema_put_bytes(s, key, blob, n * 8);
}

#define N(a) (sizeof(a) / sizeof((a)[0]))

static const uint32_t m1_e_hz[] = {600000000, 972000000, 1332000000, 1704000000, 2064000000};
static const uint32_t m4_p_khz[] = {1260000, 1512000, 1800000, 4512000};
/* Recorded on an M1 Ultra: the plain table 5 holds periods. */
static const uint32_t m1u_periods[] = {109226, 79149, 62060, 50567, 43002, 37406, 33098, 29681,
                                       26771,  24490, 22567, 21586, 20924, 20686, 20302};
static const double m1u_mhz[] = {600,  828,  1056, 1296, 1524, 1752, 1980, 2208,
                                 2448, 2676, 2904, 3036, 3132, 3168, 3228};
static const uint32_t wrapping_hz[] = {2000000000, 4000000000, 4400000000u - 4294967296u + 0u};
static const uint32_t gpu_hz[] = {0, 338000000, 618000000, 796000000, 1053000000, 1056000000};

static struct schema *chip(void)
{
    struct schema *s = schema_new("apple", "test");
    put_blob(s, "pmgr/voltage-states1-sram", m1_e_hz, N(m1_e_hz));
    put_blob(s, "pmgr/voltage-states5-sram", m4_p_khz, N(m4_p_khz));
    put_blob(s, "pmgr/voltage-states13", m1u_periods, N(m1u_periods));
    put_blob(s, "pmgr/voltage-states9", gpu_hz, N(gpu_hz));
    assert_int_equal(schema_seal(s, NULL), ACTOP_OK);
    return s;
}

static void hertz_and_kilohertz_are_told_by_their_size(void **state)
{
    (void)state;
    struct schema *s = chip();
    struct apple_dvfs t;
    assert_true(apple_dvfs_read(s, 1, &t));
    assert_int_equal(t.n, 5);
    assert_true(t.hz[0] == 600e6 && t.hz[4] == 2064e6);
    assert_true(apple_dvfs_read(s, 5, &t));
    assert_true(t.hz[0] == 1260e6 && t.hz[3] == 4512e6);
    assert_false(apple_dvfs_read(s, 7, &t));
    schema_unref(s);
}

static void periods_of_an_m1_ultra_give_its_clocks(void **state)
{
    (void)state;
    struct schema *s = chip();
    struct apple_dvfs t;
    assert_true(apple_dvfs_read(s, 13, &t));
    assert_true(t.from_period);
    for (size_t i = 0; i < N(m1u_mhz); i++)
        assert_int_equal(lround(t.hz[i] / 1e6), (long)m1u_mhz[i]);
    schema_unref(s);
}

static void a_frequency_past_32_bits_is_mended(void **state)
{
    (void)state;
    struct schema *s = schema_new("apple", "test");
    put_blob(s, "pmgr/voltage-states5-sram", wrapping_hz, N(wrapping_hz));
    assert_int_equal(schema_seal(s, NULL), ACTOP_OK);
    struct apple_dvfs t;
    assert_true(apple_dvfs_read(s, 5, &t));
    assert_true(t.mended && t.hz[2] == 4400e6);
    schema_unref(s);
}

static void a_gpu_table_begins_with_zero_and_need_not_ascend(void **state)
{
    (void)state;
    struct schema *s = chip();
    struct apple_dvfs t;
    apple_dvfs_for_gpu(s, 5, &t);
    assert_int_equal(t.number, 9);
    assert_true(apple_state_hz(&t, "P4", NULL) == 1053e6);
    assert_true(t.max_hz == 1056e6);
    schema_unref(s);
}

static void tables_are_chosen_by_acc_clusters_before_convention(void **state)
{
    (void)state;
    /* Recorded on an M5 Max: table 22 is cluster 0, 23 cluster 1, 5 cluster 2. */
    static const uint8_t acc[] = {0x16, 0, 0, 0, 0, 0, 0, 0, 0x17, 1, 0, 0,
                                  0,    0, 0, 0, 5, 2, 0, 0, 0,    0, 0, 0};
    static const uint32_t performance[] = {1344000, 1644000, 4380000},
                          super[] = {1308000, 1620000, 4608000};
    struct schema *s = schema_new("apple", "test");
    put_blob(s, "pmgr/voltage-states22-sram", performance, 3);
    put_blob(s, "pmgr/voltage-states23-sram", performance, 3);
    put_blob(s, "pmgr/voltage-states5-sram", super, 3);
    schema_put_bytes(s, "pmgr/acc-clusters", acc, sizeof acc);
    assert_int_equal(schema_seal(s, NULL), ACTOP_OK);
    static const struct {
        struct apple_cluster_name name;
        uint32_t rank, table;
    } rows[] = {{{0, 'M', 0}, 0, 22}, {{0, 'M', 1}, 1, 23}, {{0, 'P', 0}, 2, 5}};
    for (size_t i = 0; i < N(rows); i++) {
        struct apple_dvfs t;
        apple_dvfs_for_cluster(s, &rows[i].name, rows[i].rank, 3, &t);
        assert_int_equal(t.number, rows[i].table);
    }
    schema_unref(s);
}

static void states_are_matched_from_the_top_of_a_longer_table(void **state)
{
    (void)state;
    /* M2 E cores: seven entries, six states; V0P5 is the second entry. */
    struct apple_dvfs t = {.n = 7, .hz = {600e6, 912e6, 1284e6, 1752e6, 2004e6, 2256e6, 2424e6}};
    assert_true(apple_state_hz(&t, "V0P5", NULL) == 912e6);
    assert_true(apple_state_hz(&t, "V5P0", NULL) == 2424e6);
    assert_true(apple_state_hz(&t, "V0P7", NULL) == 0);
    static const char *const others[] = {"",
                                         "IDLE",
                                         "DOWN",
                                         "V",
                                         "V0",
                                         "V0P",
                                         "VxP1",
                                         "P",
                                         "F1",
                                         "V0P1x",
                                         "V99999999999999999999P1"};
    for (size_t i = 0; i < N(others); i++)
        CHECK_ROW(apple_state_hz(&t, others[i], NULL) == 0 ||
                      strcmp(others[i], "V99999999999999999999P1") == 0,
                  others[i]);
    assert_int_equal(apple_state_kind("DOWN"), APPLE_STATE_DOWN);
    assert_int_equal(apple_state_kind("OFF"), APPLE_STATE_IDLE);
    assert_int_equal(apple_state_kind("V0P1"), APPLE_STATE_ACTIVE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hertz_and_kilohertz_are_told_by_their_size),
        cmocka_unit_test(periods_of_an_m1_ultra_give_its_clocks),
        cmocka_unit_test(a_frequency_past_32_bits_is_mended),
        cmocka_unit_test(a_gpu_table_begins_with_zero_and_need_not_ascend),
        cmocka_unit_test(tables_are_chosen_by_acc_clusters_before_convention),
        cmocka_unit_test(states_are_matched_from_the_top_of_a_longer_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
