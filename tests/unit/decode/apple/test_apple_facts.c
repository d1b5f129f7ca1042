/* SPDX-License-Identifier: MIT */
/* Figures that real machines gave, each a named test or a named row: clock tables, periods, residencies with the mean clock and load
 * another tool printed for them, energy over a span, byte counters, SMC bytes, battery numbers, and the wrong numbers that users
 * of other monitors reported by chip. Names of machines and tools say where a figure was seen; none of them is ours. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decode/apple/apple.h"
#include "decode/apple/smc.h"
#include "lib/mac.h"
#include "lib/test.h"

#define S MAC_S

/* Numbers of a text, at most 48. */
static uint32_t numbers(const char *text, double *out)
{
    uint32_t n = 0;
    for (char *end; n < 48; text = end) {
        double value = strtod(text, &end);
        if (end == text)
            break;
        out[n++] = value;
    }
    return n;
}

/* A voltage-states property from frequencies and, where given, millivolts. */
static void put_table(struct mac *m, unsigned number, const char *suffix, const char *frequencies,
                      const char *millivolts, double unit)
{
    double first[48], second[48];
    uint8_t blob[48 * 8] = {0};
    char key[48];
    uint32_t n = numbers(frequencies, first), n_mv = numbers(millivolts, second);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t frequency = (uint32_t)(first[i] * unit), mv = i < n_mv ? (uint32_t)second[i] : 0;
        for (unsigned b = 0; b < 4; b++) {
            blob[i * 8 + b] = (uint8_t)(frequency >> 8 * b);
            blob[i * 8 + 4 + b] = (uint8_t)(mv >> 8 * b);
        }
    }
    (void)snprintf(key, sizeof key, "pmgr/voltage-states%u%s", number, suffix);
    schema_put_bytes(m->schema, key, blob, n * 8);
}

static void check_table(const struct apple_dvfs *t, const char *mhz, const char *what)
{
    double want[48];
    uint32_t n = numbers(mhz, want);
    if (t->n != n)
        fail_msg("%s: %u entries, not %u", what, t->n, n);
    for (uint32_t i = 0; i < n; i++)
        if (fabs(t->hz[i] / 1e6 - want[i]) > 0.5)
            fail_msg("%s: entry %u is %g MHz, not %g", what, i, t->hz[i] / 1e6, want[i]);
}

/* ---- Clock tables --------------------------------------------------------------------------------------------------- */

#define M1_PRO_E "600 972 1332 1704 2064"
#define M1_PRO_P "600 828 1056 1296 1524 1752 1980 2208 2448 2676 2904 3036 3132 3168 3228"
#define M1_PRO_GPU "0 388.8 486 648 777.6 972 1296"
#define M2_PRO_E "912 1284 1752 2004 2256 2424"
#define M2_PRO_P                                                                                   \
    "702 948 1188 1452 1704 1968 2208 2400 2568 2724 2868 3000 3132 3264 3360 3408 3504"
#define M2_GPU "0 444 612 808 968 1110 1236 1338 1398"
#define M3_GPU "0 338 618 796 836 928 952 1056 1053 1170 1152 1278 1204 1338"
#define M4_PRO_E "1020 1404 1788 2112 2352 2532 2592"
#define M4_PRO_GPU "0 338 618 796 924 952 1056 1062 1182 1182 1312 1242 1380 1326 1470 1578"
#define M5_PERFORMANCE "1344 1644 1992 2304 2652 2964 3240 3504 3696 3876 4044 4176 4284 4308 4380"
#define M5_SUPER                                                                                   \
    "1308 1620 1980 2292 2580 2880 3180 3432 3648 3828 3984 4104 4188 4236 4284 4308 4332 4428 "   \
    "4512 4608"
#define M5_GPU "0 338 486 636 796 888 988 1084 1182 1278 1374 1470 1578 1620"

/* Tables of a chip: E in 1, P in 5 (a second P cluster in 13), GPU in 9; unit of the CPU's. NULL: not known for that chip. */
static const struct chip {
    const char *name;
    double unit; /* raw steps per MHz */
    bool two_p;
    const char *e, *p, *gpu;
} chips[] = {
    {"M1", 1e6, false, "600 972 1332 1704 2064",
     "600 828 1056 1284 1500 1728 1956 2184 2388 2592 2772 2988 3096 3144 3204",
     "0 396 528 720 924 1128 1278"},
    {"M1 Pro, Max, Ultra", 1e6, true, M1_PRO_E, M1_PRO_P, M1_PRO_GPU},
    {"M2", 1e6, false, "600 912 1284 1752 2004 2256 2424",
     "660 924 1188 1452 1704 1968 2208 2400 2568 2724 2868 2988 3096 3204 3324 3408 3504", M2_GPU},
    {"M2 Pro, Max, Ultra", 1e6, true, M2_PRO_E, M2_PRO_P, M2_GPU},
    {"M2 Max of the Mac14,6", 1e6, true, M2_PRO_E, M2_PRO_P " 3528 3696", M2_GPU},
    {"M3", 1e6, false, "744 1044 1476 2004 2268 2556 2748",
     "816 1092 1356 1596 1884 2172 2424 2616 2808 2988 3144 3288 3420 3540 3636 3720 3780 3864 "
     "3960 4056",
     M3_GPU},
    {"M3 Pro", 1e6, false, "744 1044 1476 2004 2268 2448 2640 2748",
     "696 1092 1356 1596 1884 2172 2424 2616 2808 2988 3144 3288 3420 3576 3624 3708 3780 3864 "
     "3960 4056",
     "0 338 618 796 832 924 952 1056 1064 1182 1182 1312 1242 1380"},
    {"M3 Max", 1e6, true, NULL,
     "1092 1356 1596 1884 2172 2424 2616 2808 2988 3144 3288 3420 3516 3576 3624 3708 3780 3864 "
     "3960 4056",
     NULL},
    {"M4", 1e3, false, "900 1080 1476 1860 2172 2496 2808 2892",
     "912 1260 1512 1800 2088 2352 2616 2868 3096 3300 3468 3624 3756 3876 3936 3984 4044 4104 "
     "4416 4464",
     M3_GPU " 1326 1470"},
    {"M4 Pro", 1e3, true, M4_PRO_E,
     "1260 1512 1800 2088 2352 2616 2868 3096 3300 3468 3624 3756 3852 3924 3996 4044 4104 4416 "
     "4512",
     M4_PRO_GPU},
    {"M4 Max", 1e3, true, M4_PRO_E,
     "1260 1512 1800 2088 2352 2616 2868 3096 3300 3468 3624 3756 3828 3888 3948 3996 4044 4104 "
     "4416 4512",
     M4_PRO_GPU},
    /* Reported by exelban/stats 3439: a base M5 has tables 1 and 5, no 22. Its Super table is not known: the M5 Max's. */
    {"M5", 1e3, false, "972 1152 1584 1992 2352 2700 2964 3048", M5_SUPER, NULL},
    {"A18 Pro", 1e6, false, "816 1140 1464 1788 2112 2424",
     "744 1260 1620 1944 2196 2472 2688 2916 3144 3336 3504 3648 3756 3864 3924 3972 4044",
     "0 338 492 618 796 928 952 1056 1053 1170 1152 1278 1204 1338 1326 1470"},
};

static void every_table_of_the_facts_is_given_to_its_cluster(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof chips / sizeof chips[0]; i++) {
        const struct chip *c = &chips[i];
        static const struct apple_cluster_name e = {0, 'E', 0}, p = {0, 'P', 0}, p1 = {0, 'P', 1};
        double scratch[48];
        struct apple_dvfs t;
        struct mac m;
        mac_init(&m);
        put_table(&m, 0, "", "1 1 1 1", "660 670 740 835", 1); /* no clocks (recorded: A18 Pro) */
        put_table(&m, 2, "", "1 1 1 1 1", "580 655 710 855 930", 1);
        put_table(&m, 8, "", "432 732 1464", "", 1e6); /* not a core's */
        put_table(&m, 5, "-sram", c->p, "", c->unit);
        if (c->e != NULL)
            put_table(&m, 1, "-sram", c->e, "", c->unit);
        if (c->two_p)
            put_table(&m, 13, "-sram", c->p, "", c->unit);
        if (c->gpu != NULL)
            put_table(&m, 9, "", c->gpu, "", 1e6);
        mac_seal(&m);
        apple_dvfs_for_cluster(m.schema, &p, c->e != NULL, numbers(c->p, scratch), &t);
        check_table(&t, c->p, c->name);
        if (c->e != NULL) {
            apple_dvfs_for_cluster(m.schema, &e, 0, numbers(c->e, scratch), &t);
            check_table(&t, c->e, c->name);
        }
        if (c->two_p) {
            apple_dvfs_for_cluster(m.schema, &p1, 2, numbers(c->p, scratch), &t);
            assert_int_equal(t.number, 13);
        }
        if (c->gpu != NULL) {
            apple_dvfs_for_gpu(m.schema, numbers(c->gpu, scratch) - 1, &t);
            check_table(&t, c->gpu, c->name);
        }
        mac_release(&m);
    }
}

/* Plain tables hold clock periods: MHz = 65536000 / value. */
static void every_period_table_of_the_facts_gives_its_clocks(void **state)
{
    (void)state;
    static const struct {
        const char *what, *periods, *mhz;
    } rows[] = {
        {"M1 P",
         "109226 79149 62060 51040 43690 37925 33505 30007 27443 25283 23642 21933 21167 20844 20454",
         "600 828 1056 1284 1500 1728 1956 2184 2388 2592 2772 2988 3096 3144 3204"},
        {"M1 Ultra P",
         "109226 79149 62060 50567 43002 37406 33098 29681 26771 24490 22567 21586 20924 20686 20302",
         M1_PRO_P},
        {"A18 Pro E", "80313 57487 44765 36653 31030 27036", "816 1140 1464 1788 2112 2424"},
        {"A18 Pro P",
         "88086 52012 40454 33711 29843 26511 24380 22474 20844 19645 18703 17964 17448 16960 16701 "
         "16499 16205",
         "744 1260 1620 1944 2196 2472 2688 2916 3144 3336 3504 3648 3756 3864 3924 3972 4044"},
        {"M5 Max Super",
         "50103 40454 33098 28593 25401 22755 20608 19095 17964 17120 16449 15968 15648 15471 15297 "
         "15212 15128 14800 14524 14222",
         M5_SUPER},
        {"M5 Max Performance, first 13",
         "48761 39863 32899 28444 24711 22110 20227 18703 17731 16908 16205 15693 15297",
         "1344 1644 1992 2304 2652 2964 3240 3504 3696 3876 4044 4176 4284"},
        {"M4 Pro E, lowest two of the table's range", "64250 25284", "1020 2592"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct apple_dvfs t;
        struct mac m;
        mac_init(&m);
        put_table(&m, 5, "", rows[i].periods, "", 1);
        put_table(&m, 6, "-sram", rows[i].mhz, "", 1e3);
        put_table(&m, 6, "", rows[i].periods, "", 1);
        mac_seal(&m);
        CHECK_ROW(apple_dvfs_read(m.schema, 5, &t) && t.from_period, rows[i].what);
        check_table(&t, rows[i].mhz, rows[i].what);
        CHECK_ROW(apple_dvfs_read(m.schema, 6, &t) && t.periods == APPLE_PERIODS_AGREE,
                  rows[i].what);
        mac_release(&m);
    }
}

/* Recorded by oshi: acc-clusters 22:0 23:1 5:2, tables 22 and 5 in kHz, 9 in Hz, no table 1. */
static void tables_of_an_m5_max_give_their_clocks_and_volts(void **state)
{
    (void)state;
    static const uint8_t acc[24] = {[0] = 0x16, [8] = 0x17, [9] = 1, [16] = 5, [17] = 2};
    static const char mv22[] = "765 795 830 860 890 925 945 970 995 1015 1030 1045 1060 1060 1060";
    static const char mv5[] = "760 785 820 855 885 920 950 980 1010 1020 1045 1065 1075 1075 1075 "
                              "1075 1075 1075 1120 1120";
    static const char mv9[] = "125 595 630 670 735 745 770 805 815 860 900 945 1020 1055";
    static const struct {
        struct apple_cluster_name name;
        uint32_t rank, states, table;
        const char *mhz, *mv;
    } rows[] = {{{0, 'M', 0}, 0, 15, 22, M5_PERFORMANCE, mv22},
                {{0, 'M', 1}, 1, 15, 23, M5_PERFORMANCE, mv22},
                {{0, 'P', 0}, 2, 20, 5, M5_SUPER, mv5}};
    struct apple_dvfs t;
    struct mac m;
    double volts[48];
    mac_init(&m);
    schema_put_bytes(m.schema, "pmgr/acc-clusters", acc, sizeof acc);
    put_table(&m, 22, "-sram", M5_PERFORMANCE, mv22, 1e3);
    put_table(&m, 23, "-sram", M5_PERFORMANCE, mv22, 1e3);
    put_table(&m, 5, "-sram", M5_SUPER, mv5, 1e3);
    put_table(&m, 9, "", M5_GPU, mv9, 1e6);
    mac_seal(&m);
    for (size_t i = 0; i < 3; i++) {
        apple_dvfs_for_cluster(m.schema, &rows[i].name, rows[i].rank, rows[i].states, &t);
        assert_int_equal(t.number, rows[i].table);
        assert_int_equal(t.why, APPLE_DVFS_TOLD);
        check_table(&t, rows[i].mhz, "M5 Max");
        for (uint32_t k = 0; k < numbers(rows[i].mv, volts); k++)
            assert_true(fabs(t.volts[k] - volts[k] * 1e-3) < 1e-9);
    }
    apple_dvfs_for_gpu(m.schema, 13, &t);
    check_table(&t, M5_GPU, "M5 Max GPU");
    assert_true(t.volts[13] == 1.055);
    mac_release(&m);
}

/* The bytes of an M4 Pro's first pair: 60 90 0F 00 16 03 00 00 (macmon 66). */
static void the_first_pair_of_an_m4_pro_is_1020_mhz_at_790_mv(void **state)
{
    (void)state;
    static const uint8_t blob[] = {0x60, 0x90, 0x0F, 0, 0x16, 3, 0, 0,
                                   0x60, 0x90, 0x1F, 0, 0x20, 3, 0, 0};
    struct apple_dvfs t;
    struct mac m;
    mac_init(&m);
    schema_put_bytes(m.schema, "pmgr/voltage-states1-sram", blob, sizeof blob);
    mac_seal(&m);
    assert_true(apple_dvfs_read(m.schema, 1, &t));
    assert_true(t.hz[0] == 1020e6 && fabs(t.volts[0] - 0.790) < 1e-12);
    mac_release(&m);
}

/* ---- Residencies ------------------------------------------------------------------------------------------------------ */

/* Ticks by state name, in the order the system has them, and what they come to. mean MHz 0: never active. */
static const struct residency {
    const char *what, *group, *channel, *key, *mhz, *states;
    const char *ticks;
    double mean_mhz, percent, tolerance_mhz;
} residencies[] = {
    {"M2 Ultra E (macmon 17)", MAC_CORES, "DIE_0_ECPU_CPU0", "pmgr/voltage-states1-sram", M2_PRO_E,
     "IDLE V0P5 V1P4 V2P3 V3P2 V4P1 V5P0", "182394 874635 49617 736918 0 204657 594088", 1648.1,
     93.10, 0.5},
    {"M3 Pro E (oshi)", MAC_CORES, "ECPU0", "pmgr/voltage-states1-sram",
     "744 1044 1476 2004 2268 2448 2640 2748", "IDLE V0P7 V1P6 V2P5 V3P4 V4P3 V5P2 V6P1 V7P0",
     "1567158 890293 8869 34395 95064 0 0 0 15183", 914.6, 39.98, 0.5},
    {"M3 Pro P, seldom awake (oshi)", MAC_CORES, "PCPU0", "pmgr/voltage-states5-sram",
     "696 1092 1356 1596 1884 2172 2424 2616 2808 2988 3144 3288 3420 3576 3624 3708 3780 3864 "
     "3960 4056",
     "IDLE V0P19 V1P18 V2P17 V3P16 V4P15 V5P14 V6P13 V7P12 V8P11 V9P10 V10P9 V11P8 V12P7 V13P6 "
     "V14P5 V15P4 V16P3 V17P2 V18P1 V19P0",
     "2553514 656 0 0 0 0 0 0 0 0 40607 10414 6130 0 0 0 0 0 0 0 229", 3026.0, 2.22, 0.5},
    {"M3 Pro P, asleep (oshi)", MAC_CORES, "PCPU3", "pmgr/voltage-states5-sram", "696 1092 1356",
     "IDLE V0P2 V1P1 V2P0", "2611550 0 0 0", 0, 0, 0},
    {"M4 Pro P, states that are given (macmon 66)", MAC_CORES, "PCPU000",
     "pmgr/voltage-states5-sram",
     "1260 1512 1800 2088 2352 2616 2868 3096 3300 3468 3624 3756 3852 3924 3996 4044 4104 4416 "
     "4512",
     "DOWN IDLE V0P18 V1P17 V2P16 V3P15 V4P14 V5P13", "0 2331234 7631 17880 2366 88 0 267841",
     2507.6, 11.26, 0.5},
    {"M2 E with DOWN, no V5P0 (socpowerbud 8)", MAC_CORES, "ECPU00", "pmgr/voltage-states1-sram",
     "600 912 1284 1752 2004 2256 2424", "DOWN IDLE V0P5 V1P4 V2P3 V3P2 V4P1",
     "566584785952418 60952780612142 8887097121286 672552765950 634074382591 423823376311 "
     "377830817012",
     1071.5, 1.72, 0.5},
    {"M1 Max E as shares of 10,000 (socpwrbud 13)", MAC_CORES, "ECPU000",
     "pmgr/voltage-states1-sram", M1_PRO_E, "IDLE V0P4 V1P3 V2P2 V3P1 V4P0",
     "6737 0 1897 294 220 852", 1339, 32.63, 1},
    {"M1 Max P as shares of 10,000 (socpwrbud 13)", MAC_CORES, "PCPU000",
     "pmgr/voltage-states5-sram", M1_PRO_P,
     "IDLE V0P14 V1P13 V2P12 V3P11 V4P10 V5P9 V6P8 V7P7 V8P6 V9P5 V10P4 V11P3 V12P2 V13P1 V14P0",
     "42997 78 16 549 1297 229 86 0 364 4142 2487 28 280 14 9 422", 2278, 18.87, 12},
    {"M5 E CPU 0 as shares of 10,000 (stats 3325)", MAC_CORES, "ECPU0", "pmgr/voltage-states1-sram",
     "972 1152 1584 1992 2352 2700 2964 3048", "IDLE V0P7 V1P6 V2P5 V3P4 V4P3 V5P2 V6P1 V7P0",
     "7802 1000 100 110 87 350 180 0 180", 1631, 20.46, 20},
    {"M4 Pro GPU (macmon 66)", MAC_GPU, "GPUPH", "pmgr/voltage-states9", M4_PRO_GPU,
     "OFF P1 P2 P3 P4 P5 P6 P7 P8 P9 P10 P11 P12 P13 P14 P15",
     "1148773 1480080 0 0 0 0 0 0 0 0 0 0 0 0 0 0", 338, 56.30, 0.5},
    {"M3 Ultra GPU (a public file)", MAC_GPU, "GPUPH", "pmgr/voltage-states9",
     "0 338 618 796 832 924 952 1056 1064 1182 1182 1312 1242 1380",
     "OFF P1 P2 P3 P4 P5 P6 P7 P8 P9 P10 P11 P12 P13", "157882 22280 0 2443593 0 0 0 0 0 0 0 0 0 0",
     791.9, 93.98, 0.5},
    {"M3 GPU (applegpuinfo 15)", MAC_GPU, "GPUPH", "pmgr/voltage-states9", M3_GPU,
     "OFF P1 P2 P3 P4 P5 P6 P7 P8 P9 P10 P11 P12 P13", "7775 2225 0 0 0 0 0 0 0 0 0 0 0 0", 338,
     22.25, 0.5},
};

/* Words of a text, which is cut up. */
static uint32_t split(char *text, const char **out)
{
    uint32_t n = 0;
    for (char *blank = text; n < 48 && blank != NULL; text = blank + 1) {
        blank = strchr(text, ' ');
        if (blank != NULL)
            *blank = '\0';
        out[n++] = text;
    }
    return n;
}

static void check_residency(const struct residency *row)
{
    char text[512];
    const char *states[48];
    double ticks[48];
    struct mac m;
    (void)snprintf(text, sizeof text, "%s", row->states);
    uint32_t n = split(text, states);
    assert_int_equal(numbers(row->ticks, ticks), n);
    mac_init(&m);
    int32_t channel = mac_states(&m, row->group, row->channel, states, n);
    unsigned number = (unsigned)strtoul(row->key + strlen("pmgr/voltage-states"), NULL, 10);
    put_table(&m, number, strstr(row->key, "-sram") != NULL ? "-sram" : "", row->mhz, "", 1e6);
    mac_seal(&m);
    for (int tick = 0; tick < 2; tick++) {
        mac_begin(&m, S);
        for (uint32_t i = 0; i < n; i++)
            frame_array(&m.frame, channel)[i] = 7 + (tick == 0 ? 0 : (uint64_t)ticks[i]);
        mac_end(&m);
    }
    bool gpu = strcmp(row->group, MAC_GPU) == 0;
    actop_reading util = actop_read_key(m.sample, gpu ? "gpu.util" : "core.util", NULL);
    actop_reading freq = actop_read_key(m.sample, gpu ? "gpu.freq" : "core.freq", NULL);
    CHECK_ROW(util.state == ACTOP_STATE_OK && fabs(util.value * 100 - row->percent) < 0.006,
              row->what);
    CHECK_ROW(actop_has_value(&freq) == (row->mean_mhz > 0), row->what);
    CHECK_ROW(fabs(freq.value / 1e6 - row->mean_mhz) <= row->tolerance_mhz, row->what);
    mac_release(&m);
}

static void every_residency_of_the_facts_gives_its_clock_and_load(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof residencies / sizeof residencies[0]; i++)
        check_residency(&residencies[i]);
}

/* macmon 78, on an M4 under throttle: V19P0 for all of the time is asked for, the fabric's channel follows what is given. */
static void requested_and_realized_clocks_are_kept_apart(void **state)
{
    (void)state;
    static const char *const states[] = {"IDLE", "V0P3", "V1P2", "V2P1", "V3P0"};
    static const uint32_t mhz[] = {3936, 3984, 4416, 4464};
    struct mac m;
    mac_init(&m);
    int32_t core = mac_states(&m, MAC_CORES, "PCPU0", states, 5);
    int32_t fabric = mac_states(&m, MAC_COMPLEXES, "PCPM", states, 5);
    mac_table(&m, "pmgr/voltage-states5-sram",
              (const uint32_t[]){3936000, 3984000, 4416000, 4464000}, 4);
    mac_seal(&m);
    for (uint64_t tick = 0; tick < 2; tick++) {
        mac_begin(&m, S);
        frame_array(&m.frame, core)[4] = tick * 24000000;
        frame_array(&m.frame, fabric)[1] = tick * 24000000;
        mac_end(&m);
    }
    assert_true(mac_read(&m, "core.freq", "cpu0") == mhz[3] * 1e6);
    assert_true(mac_read(&m, "tier.freq", "P") == mhz[3] * 1e6);
    assert_true(mac_read(&m, "tier.realized_freq", "P") == mhz[0] * 1e6);
    mac_release(&m);
}

/* socpwrbud 13, an M1 Max: the shares of a complex at each of its millivolts, and the mean that tool printed. */
static void voltage_states_give_the_mean_voltage_of_their_cluster(void **state)
{
    (void)state;
    static const struct {
        const char *what, *core, *complex, *mhz, *mv, *shares;
        unsigned table, mean_mv;
    } rows[] = {
        {"M1 Max E", "ECPU000", "ECPU", M1_PRO_E, "0 565 596 643 718", "0 5813 902 675 2610", 1,
         613},
        {"M1 Max P", "PCPU000", "PCPU", M1_PRO_P,
         "768 768 784 812 818 843 0 912 965 1025 1068 1068 1068 1068 1068",
         "78 16 549 1297 229 86 0 364 4142 2487 28 280 14 9 422", 5, 950},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        static char clocks[16][32], volts[16][32];
        const char *clock_names[17] = {"IDLE"}, *volt_names[16];
        double shares[16];
        uint32_t n = numbers(rows[i].shares, shares);
        struct mac m;
        for (unsigned k = 0; k < n; k++) {
            (void)snprintf(clocks[k], sizeof clocks[k], "V%uP%u", k, (unsigned)(n - 1 - k));
            (void)snprintf(volts[k], sizeof volts[k], "V%u", k);
            clock_names[k + 1] = clocks[k];
            volt_names[k] = volts[k];
        }
        mac_init(&m);
        mac_states(&m, MAC_CORES, rows[i].core, clock_names, n + 1);
        int32_t channel = mac_states(&m, MAC_VOLTS, rows[i].complex, volt_names, n);
        put_table(&m, rows[i].table, "-sram", rows[i].mhz, rows[i].mv, 1e6);
        mac_seal(&m);
        for (int tick = 0; tick < 4; tick++) {
            static const actop_state want[] = {ACTOP_STATE_WARMING, ACTOP_STATE_OK, ACTOP_STATE_OK,
                                               ACTOP_STATE_STALE}; /* held, then with its age */
            mac_begin(&m, S);
            for (uint32_t k = 0; k < n; k++)
                frame_array(&m.frame, channel)[k] = tick == 0 ? 0 : (uint64_t)shares[k];
            mac_end(&m);
            CHECK_ROW(mac_state(&m, "cluster.voltage", NULL) == want[tick], rows[i].what);
        }
        CHECK_ROW(lround(mac_read(&m, "cluster.voltage", NULL) * 1e3) == rows[i].mean_mv,
                  rows[i].what);
        mac_release(&m);
    }
}

/* ---- Energy --------------------------------------------------------------------------------------------------------------- */

struct rail {
    const char *group, *name, *unit;
    int64_t grew;
    double span_ms;
};

/* Two publications of each rail, span_ms apart. */
static void run_rails(struct mac *m, const struct rail *rails, size_t n)
{
    int32_t channels[32];
    for (size_t i = 0; i < n; i++)
        channels[i] = mac_energy(m, rails[i].group, rails[i].name, rails[i].unit);
    mac_seal(m);
    for (int tick = 0; tick < 2; tick++) {
        mac_begin(m, S / 2);
        for (size_t i = 0; i < n; i++) {
            int64_t span_ns = (int64_t)(rails[i].span_ms * 1e6);
            frame_set_i64(&m->frame, channels[i], 1000 + tick * rails[i].grew);
            frame_set_stamp(&m->frame, channels[i], 1000 * S + tick * span_ns);
        }
        mac_end(m);
    }
}

/* all-smi 424, one publication: 15.87 W CPU, 0.27 W GPU, 0.17 W ANE, 3.94 W DRAM are what that tool printed. */
static void one_publication_of_an_m1_ultra_gives_its_watts(void **state)
{
    (void)state;
    static const struct rail rails[] = {
        {MAC_MODEL, "DIE_0_CPU Energy", "mJ", 4606, 326.3},
        {MAC_MODEL, "DIE_1_CPU Energy", "mJ", 573, 326.3},
        {MAC_MODEL, "GPU0_0", "mJ", 17, 326.3},
        {MAC_MODEL, "ANE0_0", "mJ", 46, 326.3},
        {MAC_MODEL, "DRAM0_0", "mJ", 646, 326.3},
        {MAC_MODEL, "ANE0_1", "mJ", 11, 326.3},
        {MAC_MODEL, "DRAM0_1", "mJ", 638, 326.3},
        {MAC_MODEL, "GPU Energy", "nJ", 32912460, 120.7},
    };
    struct mac m;
    mac_init(&m);
    run_rails(&m, rails, 8);
    assert_int_equal(lround(mac_read(&m, "cpu.power", NULL) * 100), 1587);
    assert_int_equal(lround(mac_read(&m, "gpu.power", NULL) * 100), 27);
    assert_int_equal(lround(mac_read(&m, "ane.power", NULL) * 100), 17);
    assert_int_equal(lround(mac_read(&m, "dram.power", NULL) * 100), 394);
    mac_release(&m);
}

/* Joules over one unnamed span, as a library's tests have them (zeus): a cluster's rail need not be the sum of its cores, nor CPU
 * Energy that of its clusters, and none is added to another. */
static void rails_of_real_machines_are_read_and_not_added(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        struct rail rails[12];
        size_t n;
        double cpu_j, gpu_j, dram_j;
    } rows[] = {
        {"M1 Max",
         {{MAC_MODEL, "EACC_CPU0", "mJ", 4, 1000},
          {MAC_MODEL, "PACC0_CPU0", "mJ", 1651, 1000},
          {MAC_MODEL, "EACC_CPU", "mJ", 10, 1000},
          {MAC_MODEL, "PACC0_CPU", "mJ", 1700, 1000},
          {MAC_MODEL, "PACC1_CPU", "mJ", 5, 1000},
          {MAC_MODEL, "EACC_CPM", "mJ", 2, 1000},
          {MAC_MODEL, "CPU Energy", "mJ", 1701, 1000},
          {MAC_MODEL, "GPU SRAM0", "mJ", 0, 1000},
          {MAC_MODEL, "DRAM0", "mJ", 358, 1000},
          {MAC_MODEL, "GPU Energy", "nJ", 9104980, 1000}},
         10,
         1.701,
         0.00910498,
         0.358},
        {"M3 Pro",
         {{MAC_MODEL, "PCPU5", "mJ", 1893, 1000},
          {MAC_MODEL, "ECPU", "mJ", 15, 1000},
          {MAC_MODEL, "PCPU", "mJ", 25, 1000},
          {MAC_MODEL, "CPU Energy", "mJ", 2131, 1000},
          {MAC_MODEL, "DRAM", "mJ", 60, 1000},
          {MAC_MODEL, "GPU Energy", "nJ", 4126124, 1000}},
         6,
         2.131,
         0.004126124,
         0.060},
        {"M4",
         {{MAC_MODEL, "PCPU2", "mJ", 2104, 1000},
          {MAC_MODEL, "PCPU", "mJ", 2200, 1000},
          {MAC_MODEL, "CPU Energy", "mJ", 2174, 1000},
          {MAC_MODEL, "DRAM", "mJ", 61, 1000},
          {MAC_MODEL, "GPU Energy", "nJ", 0, 1000}},
         5,
         2.174,
         0,
         0.061},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct mac m;
        mac_init(&m);
        run_rails(&m, rows[i].rails, rows[i].n);
        CHECK_ROW(fabs(mac_read(&m, "cpu.power", NULL) - rows[i].cpu_j) < 1e-9, rows[i].what);
        CHECK_ROW(fabs(mac_read(&m, "gpu.power", NULL) - rows[i].gpu_j) < 1e-9, rows[i].what);
        CHECK_ROW(fabs(mac_read(&m, "dram.power", NULL) - rows[i].dram_j) < 1e-9, rows[i].what);
        CHECK_ROW(fabs(mac_read(&m, "rail.energy", "cpu") - rows[i].cpu_j) < 1e-9, rows[i].what);
        mac_release(&m);
    }
}

/* all-smi 415: two publications in 2.1 s, 0.75 to 0.91 s and 1.19 to 1.32 s in turn. The watts of each are its own, never 0, never
 * their double, at any interval. */
static void uneven_publications_of_an_m1_ultra_make_no_jumps(void **state)
{
    (void)state;
    static const double intervals_s[] = {0.1, 0.5, 1, 2};
    for (size_t k = 0; k < 4; k++) {
        struct mac m;
        mac_init(&m);
        int32_t c = mac_energy(&m, MAC_MODEL, "DIE_0_CPU Energy", "mJ");
        mac_seal(&m);
        int64_t stamp_ns = m.awake_ns, next_ns = stamp_ns;
        for (int i = 0, turn = 0; i < 80; i++) {
            mac_begin(&m, (int64_t)(intervals_s[k] * 1e9));
            for (; next_ns <= m.awake_ns; turn++, next_ns += turn % 2 ? 830000000 : 1250000000)
                stamp_ns = next_ns;
            frame_set_i64(&m.frame, c, 1000000 + (stamp_ns - 1000 * S) / 1000000 * 8); /* 8 W */
            frame_set_stamp(&m.frame, c, stamp_ns);
            mac_end(&m);
            actop_reading w = actop_read(m.sample, ACTOP_METRIC_CPU_POWER, 0);
            assert_true(!actop_has_value(&w) || fabs(w.value - 8) < 1e-6);
            assert_true(actop_has_value(&w) || (double)i * intervals_s[k] < 4.2);
        }
        mac_release(&m);
    }
}

/* ---- Bandwidth --------------------------------------------------------------------------------------------------------------- */

/* NeoAsitop 2: DCS RD 5524665006223872 and DCS WR 3249285783074304 bytes since boot of an M1 Pro. */
static void byte_counters_of_an_m1_pro_are_exact_at_their_size(void **state)
{
    (void)state;
    struct mac m;
    mac_init(&m);
    int32_t rd = mac_energy(&m, "ioreport/AMC Stats/Perf Counters", "DCS RD", "B");
    int32_t wr = mac_energy(&m, "ioreport/AMC Stats/Perf Counters", "DCS WR", "B");
    int32_t all = mac_energy(&m, "ioreport/AMC Stats/Perf Counters", "DCS", "B");
    mac_seal(&m);
    for (int tick = 0; tick < 2; tick++) {
        mac_begin(&m, S);
        frame_set_i64(&m.frame, rd, INT64_C(5524665006223872) + tick * INT64_C(64000000001));
        frame_set_i64(&m.frame, wr, INT64_C(3249285783074304) + tick * INT64_C(32000000002));
        frame_set_i64(&m.frame, all, INT64_C(8773950789267456) + tick * INT64_C(96000000003));
        mac_end(&m);
    }
    assert_true(mac_read(&m, "bandwidth.read", NULL) == 64000000001);
    assert_true(mac_read(&m, "bandwidth.write", NULL) == 32000000002);
    assert_true(mac_read(&m, "bandwidth.total", NULL) == 96000000003);
    mac_release(&m);
}

/* ---- SMC, sensors -------------------------------------------------------------------------------------------------------------- */

static void smc_bytes_of_the_facts_are_their_numbers(void **state)
{
    (void)state;
    static const struct {
        const char *what, *type;
        uint64_t raw; /* byte 0 lowest */
        double value;
    } rows[] = {
        {"ioft of a battery sensor", "ioft", 0x1c8000, 28.5},
        {"TTPD of an M5", "flt ", 0xcd924920, -306783232.0},
        {"TB0p of an M1 Ultra", "flt ", 0x4224a168, 41.15762},
        {"#KEY of an M1, big-endian", "ui32", 0x5f030000, 863},
        {"LS0S of an M1", "ui16", 0x6bfa, 64107},
        {"AC-I of an M1", "ui16", 0x1300, 19},
        {"AC-N of an M1", "ui8 ", 2, 2},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        double value = 0;
        CHECK_ROW(apple_smc_value(rows[i].type, rows[i].raw, &value), rows[i].what);
        CHECK_ROW(fabs(value - rows[i].value) < 1e-5 * fabs(rows[i].value), rows[i].what);
    }
}

/* One core sensor of 50 °C beside each value that real machines gave for a gated or absent sensor. */
static void every_sentinel_of_the_facts_is_left_out(void **state)
{
    (void)state;
    static const float sentinels[] = {
        -306783232.0f, -57,    -21.7f, -21.5f, -4,   -3.1f, -2.7f, 0,      1,      1.5f, 2.2f,
        2.37f,         4.633f, 5,      5.2f,   6.2f, 6.7f,  8.3f,  8.425f, 8.488f, 9.8f, 10.896f};
    for (size_t i = 0; i < sizeof sentinels / sizeof sentinels[0]; i++) {
        struct mac m;
        mac_init(&m);
        int32_t good = mac_smc(&m, "Tp01", "flt "), bad = mac_smc(&m, "Tp05", "flt ");
        int32_t gpu = mac_smc(&m, "Tg05", "flt ");
        mac_seal(&m);
        mac_begin(&m, S);
        const float fifty = 50;
        uint32_t bits;
        memcpy(&bits, &fifty, sizeof bits);
        frame_set_u64(&m.frame, good, bits);
        memcpy(&bits, &sentinels[i], sizeof bits);
        frame_set_u64(&m.frame, bad, bits);
        frame_set_u64(&m.frame, gpu, bits);
        mac_end(&m);
        assert_true(mac_read(&m, "cpu.temp", NULL) == 50 &&
                    mac_read(&m, "cpu.temp_mean", NULL) == 50);
        assert_false(mac_state(&m, "gpu.temp", NULL) == ACTOP_STATE_OK); /* never 0 or 5 °C */
        mac_release(&m);
    }
}

/* ---- Battery ------------------------------------------------------------------------------------------------------------------- */

static void batteries_of_real_machines_give_their_numbers(void **state)
{
    (void)state;
    static const struct column_spec columns[] = {
        {"name", "", SLOT_BYTES, COLUMN_KEY, 0},
        {"CurrentCapacity", "", SLOT_I64, 0, 0},
        {"MaxCapacity", "", SLOT_I64, 0, 0},
        {"AppleRawMaxCapacity", "", SLOT_I64, 0, 0},
        {"DesignCapacity", "", SLOT_I64, 0, 0},
        {"Voltage", "", SLOT_I64, 0, 0},
        {"Amperage", "", SLOT_I64, 0, 0},
        {"Temperature", "", SLOT_I64, 0, 0},
        {"AvgTimeToFull", "", SLOT_I64, 0, 0},
        {"AvgTimeToEmpty", "", SLOT_I64, 0, 0},
        {"IsCharging", "", SLOT_I64, 0, 0},
        {"ExternalConnected", "", SLOT_I64, 0, 0},
        {"PowerTelemetryData.SystemPowerIn", "", SLOT_I64, 0, 0},
        {"PowerTelemetryData.SystemLoad", "", SLOT_I64, 0, 0},
    };
    static const struct {
        const char *what;
        uint64_t cells[13];
        double watts, minutes, adapter_w, system_w; /* minutes -1: unknown */
    } rows[] = {
        {"M1 MacBook Air, full",
         {100, 100, 4349, 4382, 12963, 0, 2964, 65535, 65535, 0, 1, 0, 0},
         0,
         -1,
         0,
         -1},
        {"a MacBook Pro on battery, 2^64 - 1889 mA",
         {80, 100, 8747, 8700, 11586, UINT64_C(18446744073709549727), 3045, 65535, 221, 0, 0, 0,
          9000},
         -21.886,
         221,
         0,
         9},
        {"M1 Pro, charging",
         {60, 100, 6000, 6249, 12000, 1914, 3000, 75, 65535, 1, 1, 42825, 19852},
         22.968,
         75,
         42.825,
         19.852},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct mac m;
        mac_init(&m);
        int32_t set = schema_add_rowset(m.schema, "battery", ACTOP_SCOPE_BATTERY, 0, columns, 14);
        mac_seal(&m);
        mac_begin(&m, S);
        uint32_t row = frame_row(&m.frame, set);
        frame_cell_bytes(&m.frame, set, row, 0, "bq20z451", 8);
        for (uint32_t k = 0; k < 13; k++)
            frame_cell_u64(&m.frame, set, row, k + 1, rows[i].cells[k]);
        mac_end(&m);
        actop_reading minutes = actop_read_key(m.sample, "battery.time_left", NULL);
        CHECK_ROW(fabs(mac_read(&m, "battery.power", NULL) - rows[i].watts) < 1e-3, rows[i].what);
        CHECK_ROW(actop_has_value(&minutes) == (rows[i].minutes > 0), rows[i].what);
        CHECK_ROW(rows[i].minutes < 0 || minutes.value == rows[i].minutes * 60, rows[i].what);
        CHECK_ROW(fabs(mac_read(&m, "adapter.power", NULL) - rows[i].adapter_w) < 1e-9,
                  rows[i].what);
        CHECK_ROW(rows[i].system_w < 0 ||
                      fabs(mac_read(&m, "system.power", NULL) - rows[i].system_w) < 1e-9,
                  rows[i].what);
        CHECK_ROW(mac_read(&m, "battery.health", NULL) <= 1, rows[i].what);
        mac_release(&m);
    }
}

/* ---- Wrong numbers users reported, by chip ---------------------------------------------------------------------------------------- */

/* A cluster each from core channels; mach ticks for none. labels are those of the tiers, lowest first. */
static void tiers_come_from_the_machine_not_from_its_name(void **state)
{
    (void)state;
    static const char *const states[] = {"IDLE", "V0P0"};
    static const struct {
        const char *what;
        const char *cores[8];
        struct {
            const char *name;
            uint64_t cores;
        } levels[3]; /* fastest first */
        uint64_t n_levels;
        const char *tiers[4];
    } rows[] = {
        {"M1: levels without names (macOS 12)",
         {"ECPU0", "ECPU1", "PCPU0", "PCPU1"},
         {{NULL, 2}, {NULL, 2}},
         2,
         {"E", "P"}},
        {"M5 Max: Super and Performance, no Efficiency (mactop 88)",
         {"MCPU000", "MCPU010", "MCPU100", "MCPU110", "PCPU000", "PCPU010"},
         {{"Super", 2}, {"Performance", 4}},
         2,
         {"P", "S"}},
        {"M6: three levels",
         {"ECPU000", "ECPU010", "ECPU020", "MCPU000", "MCPU010", "PCPU000"},
         {{"Super", 1}, {"Performance", 2}, {"Efficiency", 3}},
         3,
         {"E", "P", "S"}},
        {"counts that do not fit: the letters of the channels",
         {"ECPU0", "PCPU0"},
         {{"Super", 6}, {"Performance", 12}},
         2,
         {"E", "P"}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct mac m;
        mac_init(&m);
        for (size_t k = 0; k < 8 && rows[i].cores[k] != NULL; k++)
            mac_states(&m, MAC_CORES, rows[i].cores[k], states, 2);
        schema_put_u64(m.schema, "sysctl/hw.nperflevels", &rows[i].n_levels, 1);
        for (uint64_t level = 0; level < rows[i].n_levels; level++) {
            char key[64];
            (void)snprintf(key, sizeof key, "sysctl/hw.perflevel%u.physicalcpu", (unsigned)level);
            schema_put_u64(m.schema, key, &rows[i].levels[level].cores, 1);
            (void)snprintf(key, sizeof key, "sysctl/hw.perflevel%u.name", (unsigned)level);
            if (rows[i].levels[level].name != NULL)
                schema_put_text(m.schema, key, rows[i].levels[level].name);
        }
        mac_seal(&m);
        mac_begin(&m, S);
        mac_end(&m);
        uint32_t n = actop_rows(m.sample, ACTOP_SCOPE_TIER);
        for (uint32_t k = 0; k <= n; k++) {
            actop_entity e;
            if (k == n) {
                CHECK_ROW(rows[i].tiers[k] == NULL, rows[i].what);
                break;
            }
            assert_int_equal(actop_entity_at(m.sample, ACTOP_SCOPE_TIER, k, &e), ACTOP_OK);
            CHECK_ROW(rows[i].tiers[k] != NULL && strcmp(e.key, rows[i].tiers[k]) == 0,
                      rows[i].what);
        }
        mac_release(&m);
    }
}

/* mactop 38: 30 GB/s of 546 are shown as the GPU's; the histogram ends there. macmon: idle is half a bucket. */
static void a_full_histogram_says_so_and_an_empty_one_has_its_floor(void **state)
{
    (void)state;
    char names[32][12];
    const char *buckets[32];
    struct mac m;
    mac_init(&m);
    for (unsigned i = 0; i < 32; i++) {
        (void)snprintf(names[i], sizeof names[i], "%4uGB/s", (i + 1) * 32);
        buckets[i] = names[i];
    }
    int32_t rd = mac_states(&m, "ioreport/PMP0/AFI BW", "AMCC RD", buckets, 32);
    int32_t wr = mac_states(&m, "ioreport/PMP0/AFI BW", "AMCC WR", buckets, 32);
    int32_t gpu = mac_states(&m, "ioreport/PMP0/AF BW", "AGX RD+WR", buckets, 32);
    mac_seal(&m);
    for (uint64_t tick = 1; tick <= 2; tick++) {
        mac_begin(&m, S);
        frame_array(&m.frame, rd)[0] = tick * 1000;
        frame_array(&m.frame, wr)[0] = tick * 1000;
        frame_array(&m.frame, gpu)[31] = tick * 900;
        frame_array(&m.frame, gpu)[30] = tick * 100;
        mac_end(&m);
    }
    assert_true(mac_read(&m, "bandwidth.read", NULL) ==
                16e9); /* an M5 Max's floor is 32 for both */
    assert_true(mac_read(&m, "bandwidth.total", NULL) == 32e9);
    assert_true(mac_read(&m, "agent.saturated", "AGX") == 1);
    assert_int_equal(actop_read_key(m.sample, "agent.total", "AGX").origin, ACTOP_ESTIMATED);
    mac_release(&m);
}

/* SiliconScope 14: on an M3 Max under a beta all 159 byte counters read INT64_MIN. */
static void byte_counters_without_a_value_leave_the_histogram_in_place(void **state)
{
    (void)state;
    static const char *const buckets[] = {"  16GB/s", "  32GB/s"};
    struct mac m;
    mac_init(&m);
    int32_t amc[2] = {mac_energy(&m, "ioreport/AMC Stats/Perf Counters", "DIE0 DCS RD", "B"),
                      mac_energy(&m, "ioreport/AMC Stats/Perf Counters", "DIE0 DCS WR", "B")};
    int32_t rd = mac_states(&m, "ioreport/PMP0/DCS BW", "AMCC RD+WR", buckets, 2);
    mac_seal(&m);
    for (uint64_t tick = 1; tick <= 3; tick++) {
        mac_begin(&m, S);
        for (int i = 0; i < 2; i++)
            frame_set_i64(&m.frame, amc[i], INT64_MIN);
        frame_array(&m.frame, rd)[1] = tick * 1000;
        mac_end(&m);
    }
    assert_true(mac_read(&m, "bandwidth.total", NULL) == 24e9);
    mac_release(&m);
}

/* exelban/stats 2399, 2525, 3359: the driver's percentage flips between 0 and 100 while residency is steady. */
static void gpu_utilization_is_residency_with_the_drivers_number_beside_it(void **state)
{
    (void)state;
    static const char *const states[] = {"OFF", "P1", "P2"};
    struct mac m;
    mac_init(&m);
    int32_t gpu = mac_states(&m, MAC_GPU, "GPUPH", states, 3);
    int32_t device =
        schema_add_channel(m.schema, &(struct channel_spec){.key = "agx/Device Utilization %",
                                                            .group = "agx",
                                                            .name = "Device Utilization %",
                                                            .type = SLOT_I64});
    mac_seal(&m);
    for (uint64_t tick = 1; tick <= 6; tick++) {
        mac_begin(&m, S);
        frame_array(&m.frame, gpu)[0] = tick * 3000;
        frame_array(&m.frame, gpu)[1] = tick * 1000;
        frame_set_i64(&m.frame, device, tick % 2 ? 100 : 0);
        mac_end(&m);
        assert_true(mac_read(&m, "gpu.device_util", NULL) == (tick % 2 ? 1 : 0));
        assert_true(tick == 1 || mac_read(&m, "gpu.util", NULL) == 0.25);
    }
    mac_release(&m);
}

/* powermetrics' online share of a cluster is what its cores' DOWN leaves (M4 Pro 96.37 % down, M4 Max 86.53 %). */
static void the_time_a_cluster_is_down_is_what_powermetrics_calls_not_online(void **state)
{
    (void)state;
    static const char *const states[] = {"DOWN", "IDLE", "V0P0"};
    static const struct {
        const char *what;
        uint64_t ticks[3];
        double gated;
    } rows[] = {{"M4 Pro", {9637, 300, 63}, 0.9637}, {"M4 Max", {8653, 1000, 347}, 0.8653}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct mac m;
        mac_init(&m);
        int32_t core = mac_states(&m, MAC_CORES, "PCPU100", states, 3);
        mac_seal(&m);
        for (uint64_t tick = 1; tick <= 2; tick++) {
            mac_begin(&m, S);
            for (int k = 0; k < 3; k++)
                frame_array(&m.frame, core)[k] = tick * rows[i].ticks[k];
            mac_end(&m);
        }
        CHECK_ROW(fabs(mac_read(&m, "cluster.gated", NULL) - rows[i].gated) < 1e-12, rows[i].what);
        CHECK_ROW(mac_read(&m, "core.online", NULL) == 1, rows[i].what);
        CHECK_ROW(fabs(mac_read(&m, "core.util", NULL) - (double)rows[i].ticks[2] / 10000) < 1e-12,
                  rows[i].what);
        mac_release(&m);
    }
}

/* What a GPU has allocated may be more than there is (M5 Max): what is in use counts. */
static void gpu_memory_is_what_is_in_use(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        int64_t in_use, alloc;
    } rows[] = {{"M1", 6373376, 2411806720}, {"M5 Max", 112208871424, 195149987840}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        static const char *const names[] = {"Device Utilization %", "In use system memory",
                                            "Alloc system memory"};
        int32_t channels[3];
        struct mac m;
        mac_init(&m);
        for (int k = 0; k < 3; k++) {
            char key[64];
            (void)snprintf(key, sizeof key, "agx/%s", names[k]);
            channels[k] = schema_add_channel(
                m.schema, &(struct channel_spec){
                              .key = key, .group = "agx", .name = names[k], .type = SLOT_I64});
        }
        mac_seal(&m);
        mac_begin(&m, S);
        frame_set_i64(&m.frame, channels[0], 1);
        frame_set_i64(&m.frame, channels[1], rows[i].in_use);
        frame_set_i64(&m.frame, channels[2], rows[i].alloc);
        mac_end(&m);
        CHECK_ROW(mac_read(&m, "gpu.mem_used", NULL) == (double)rows[i].in_use, rows[i].what);
        mac_release(&m);
    }
}

/* An M1's volumes read what its container says of them together: 13,282,557,952 bytes; the driver's own 14,160,125,952 stand for
 * all where there is one. */
static void volumes_of_an_m1_add_up_to_their_container(void **state)
{
    (void)state;
    static const struct column_spec columns[] = {
        {"name", "", SLOT_BYTES, COLUMN_KEY, 0},
        {"read_b", "", SLOT_U64, CHANNEL_COUNTER, 64},
        {"written_b", "", SLOT_U64, CHANNEL_COUNTER, 64},
    };
    static const uint64_t volumes[] = {1956237312, 29556736, 333099008, 40960, 10963623936};
    for (int driver = 0; driver < 2; driver++) {
        struct mac m;
        mac_init(&m);
        int32_t apfs = schema_add_rowset(m.schema, "apfs", ACTOP_SCOPE_DISK, 0, columns, 3);
        int32_t disk = driver ? schema_add_rowset(m.schema, "disk", ACTOP_SCOPE_DISK, 0, columns, 3)
                              : -1;
        mac_seal(&m);
        for (uint64_t tick = 0; tick < 2; tick++) {
            mac_begin(&m, S);
            for (uint32_t i = 0; i < 5; i++) {
                char name[16];
                uint32_t row = frame_row(&m.frame, apfs);
                (void)snprintf(name, sizeof name, "disk3s%u", i + 1);
                frame_cell_bytes(&m.frame, apfs, row, 0, name, strlen(name));
                frame_cell_u64(&m.frame, apfs, row, 1, tick * volumes[i]);
                frame_cell_u64(&m.frame, apfs, row, 2, 0);
            }
            if (driver) {
                uint32_t row = frame_row(&m.frame, disk);
                frame_cell_bytes(&m.frame, disk, row, 0, "disk0", 5);
                frame_cell_u64(&m.frame, disk, row, 1, tick * UINT64_C(14160125952));
                frame_cell_u64(&m.frame, disk, row, 2, 0);
            }
            mac_end(&m);
        }
        assert_true(mac_read(&m, "disk.read", NULL) == (driver ? 14160125952.0 : 13282557952.0));
        mac_release(&m);
    }
}

/* Speeds of the fans of three machines; one that stands reads 0, and that is its speed. */
static void fans_of_real_machines_give_their_speeds(void **state)
{
    (void)state;
    static const char *const keys[] = {"F0Ac", "F1Ac", "F0Mn", "F0Mx"};
    static const struct {
        const char *what;
        float values[4]; /* -1: it has no such key */
    } rows[] = {{"M3 Pro, standing", {0, -1, 1350, 5349}},
                {"M4 Max", {1366, 1462, -1, -1}},
                {"M5 Max", {1378, 1494, -1, -1}}};
    static const actop_metric metrics[] = {ACTOP_METRIC_FAN_SPEED, ACTOP_METRIC_FAN_SPEED,
                                           ACTOP_METRIC_FAN_MIN, ACTOP_METRIC_FAN_MAX};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int32_t channels[4];
        struct mac m;
        mac_init(&m);
        for (int k = 0; k < 4; k++)
            channels[k] = rows[i].values[k] < 0 ? -1 : mac_smc(&m, keys[k], "flt ");
        mac_seal(&m);
        mac_begin(&m, S);
        for (int k = 0; k < 4; k++) {
            uint32_t bits;
            memcpy(&bits, &rows[i].values[k], sizeof bits);
            if (channels[k] >= 0)
                frame_set_u64(&m.frame, channels[k], bits);
        }
        mac_end(&m);
        for (uint32_t k = 0; k < 4; k++) {
            actop_reading r = actop_read(m.sample, metrics[k], k == 1);
            CHECK_ROW(actop_has_value(&r) == (channels[k] >= 0), rows[i].what);
            CHECK_ROW(channels[k] < 0 || r.value == (double)rows[i].values[k], rows[i].what);
        }
        mac_release(&m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_table_of_the_facts_is_given_to_its_cluster),
        cmocka_unit_test(every_period_table_of_the_facts_gives_its_clocks),
        cmocka_unit_test(tables_of_an_m5_max_give_their_clocks_and_volts),
        cmocka_unit_test(the_first_pair_of_an_m4_pro_is_1020_mhz_at_790_mv),
        cmocka_unit_test(every_residency_of_the_facts_gives_its_clock_and_load),
        cmocka_unit_test(requested_and_realized_clocks_are_kept_apart),
        cmocka_unit_test(voltage_states_give_the_mean_voltage_of_their_cluster),
        cmocka_unit_test(one_publication_of_an_m1_ultra_gives_its_watts),
        cmocka_unit_test(rails_of_real_machines_are_read_and_not_added),
        cmocka_unit_test(uneven_publications_of_an_m1_ultra_make_no_jumps),
        cmocka_unit_test(byte_counters_of_an_m1_pro_are_exact_at_their_size),
        cmocka_unit_test(smc_bytes_of_the_facts_are_their_numbers),
        cmocka_unit_test(every_sentinel_of_the_facts_is_left_out),
        cmocka_unit_test(batteries_of_real_machines_give_their_numbers),
        cmocka_unit_test(tiers_come_from_the_machine_not_from_its_name),
        cmocka_unit_test(a_full_histogram_says_so_and_an_empty_one_has_its_floor),
        cmocka_unit_test(byte_counters_without_a_value_leave_the_histogram_in_place),
        cmocka_unit_test(gpu_utilization_is_residency_with_the_drivers_number_beside_it),
        cmocka_unit_test(the_time_a_cluster_is_down_is_what_powermetrics_calls_not_online),
        cmocka_unit_test(gpu_memory_is_what_is_in_use),
        cmocka_unit_test(volumes_of_an_m1_add_up_to_their_container),
        cmocka_unit_test(fans_of_real_machines_give_their_speeds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
