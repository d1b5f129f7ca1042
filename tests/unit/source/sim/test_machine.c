/* SPDX-License-Identifier: MIT */
/* source/sim: every machine description reads; its tables give the bytes that real registries were seen to have; slips
 * are refused by file and line; and the truth behind a simulated machine keeps its books: what is published is what
 * was used, at the stamp it carries, and never goes back. */
#include "lib/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actop/actop.h"
#include "base/os.h"
#include "source/sim/machine.h"
#include "source/sim/truth.h"

static const char *const names[] = {
    "m1",     "m1-pro", "m1-max",   "m1-ultra", "m2", "m2-pro", "m2-max", "m2-ultra",
    "m3",     "m3-pro", "m3-max",   "m3-ultra", "m4", "m4-pro", "m4-max", "m5",
    "m5-pro", "m5-max", "m5-ultra", "a18-pro",  "m6", "vm",     "odd",
};
enum { N_NAMES = sizeof names / sizeof names[0] };

static struct machine *load(const char *name)
{
    char path[512];
    const char *source = getenv("ACTOP_SOURCE");
    struct machine_directory d = {.path = path};
    struct machine *m = NULL;
    actop_error err = {ACTOP_OK, ""};

    assert_non_null(source);
    snprintf(path, sizeof path, "%s/machines", source);
    if (machine_load(&m, name, machine_find_file, &d, &err) != ACTOP_OK)
        fail_msg("%s", err.text);
    machine_directory_release(&d);
    return m;
}

static void every_description_reads_and_hangs_together(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_NAMES; i++) {
        struct machine *m = load(names[i]);
        uint64_t cores = 0;
        CHECK_ROW(strcmp(m->name, names[i]) == 0, names[i]);
        CHECK_ROW(m->brand[0] != '\0' && m->model[0] != '\0' && m->memory_b > 0 && m->cpus > 0,
                  names[i]);
        for (size_t k = 0; k < m->n_levels; k++)
            cores += m->levels[k].cores;
        CHECK_ROW(m->n_levels == 0 || cores == m->cpus, names[i]);
        for (size_t k = 0; k < m->n_clusters; k++) {
            const struct machine_table *t = machine_table_of(m, m->clusters[k].table);
            CHECK_ROW(t != NULL && t->n >= m->clusters[k].states, names[i]);
            CHECK_ROW(m->clusters[k].level < m->n_levels, names[i]);
        }
        for (size_t k = 0; k < m->n_tables; k++)
            for (unsigned s = 0; s < m->tables[k].n; s++)
                CHECK_ROW(m->tables[k].mv[s] > 0, names[i]);
        CHECK_ROW(m->n_processes > 10, names[i]);
        machine_free(m);
    }
}

/* Recorded: M1 voltage-states5-sram and its period table (MacBookAir10,1), M5 Max voltage-states22-sram and 5 (Mac17,6). */
static void tables_give_the_bytes_of_real_registries(void **state)
{
    static const struct {
        const char *machine;
        unsigned table, entry;
        bool period;
        uint8_t bytes[4];
    } rows[] = {
        {"m1", 5, 0, false, {0x00, 0x46, 0xc3, 0x23}},
        {"m1", 5, 1, false, {0x00, 0x47, 0x5a, 0x31}},
        {"m1", 5, 0, true, {0xaa, 0xaa, 0x01, 0x00}},
        {"m1", 5, 1, true, {0x2d, 0x35, 0x01, 0x00}},
        {"m5-max", 22, 0, false, {0x00, 0x82, 0x14, 0x00}},
        {"m5-max", 22, 14, false, {0x60, 0xd5, 0x42, 0x00}},
        {"m5-max", 5, 0, false, {0x60, 0xf5, 0x13, 0x00}},
        {"m5-max", 5, 0, true, {0xb7, 0xc3, 0x00, 0x00}},
        {"m5-max", 9, 13, false, {0x00, 0x3d, 0x8f, 0x60}},
        {"m4-pro", 1, 0, false, {0x60, 0x90, 0x0f, 0x00}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct machine *m = load(rows[i].machine);
        const struct machine_table *t = machine_table_of(m, rows[i].table);
        uint8_t pair[8];
        CHECK_ROW(t != NULL && t->n > rows[i].entry, rows[i].machine);
        machine_table_pair(t, rows[i].entry, rows[i].period, pair);
        CHECK_ROW(memcmp(pair, rows[i].bytes, 4) == 0, rows[i].machine);
        machine_free(m);
    }
}

static bool has_channel(const struct machine *m, const char *subgroup, const char *name)
{
    for (size_t i = 0; i < m->n_channels; i++)
        if (strcmp(m->channels[i].subgroup, subgroup) == 0 &&
            strcmp(m->channels[i].name, name) == 0)
            return true;
    return false;
}

static void channels_carry_the_names_that_were_seen(void **state)
{
    static const struct {
        const char *machine, *subgroup, *name;
    } rows[] = {
        {"m1", "CPU Core Performance States", "ECPU0"},
        {"m1-pro", "CPU Core Performance States", "ECPU010"},
        {"m4-pro", "CPU Core Performance States", "PCPU140"},
        {"m1-ultra", "CPU Core Performance States", "DIE_0_PCPU1_CPU0"},
        {"m5-max", "CPU Complex Performance States", "MCPU1"},
        {"m1-ultra", "", "DIE_1_CPU Energy"},
        {"m2-ultra", "", "DIE_0_EACC_CPU0"},
        {"m5-max", "", "PACC_5"},
        {"m1", "Energy Counters", "GPU SRAM"},
        {"m1", "Perf Counters", "PCPU DCS RD"},
        {"m4-max", "DCS BW", "AMCC RD+WR"},
        {"m3-max", "Perf Counters", "DIE0 GFX DCS WR"},
        {"m1", "", "PCPUDTL3e"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct machine *m = load(rows[i].machine);
        CHECK_ROW(has_channel(m, rows[i].subgroup, rows[i].name), rows[i].name);
        machine_free(m);
    }
}

static const char *find_text(void *context, const char *name, size_t *n)
{
    if (strcmp(name, "t") != 0)
        return NULL;
    *n = strlen(context);
    return context;
}

static void slips_are_refused_with_their_line(void **state)
{
    static const struct {
        const char *text, *says;
    } rows[] = {
        {"name x\n", "line 1: a line before"},
        {"[machine] recorded\nbrend x\n", "line 2: brend is no word"},
        {"[machine] seen\n", "seen is no word of provenance"},
        {"[machine recorded\n", "has no ]"},
        {"[wheel] invented\n", "no such block"},
        {"[machine] invented\nmemory lots\n", "not a whole number"},
        {"[machine] invented\nname \"x\n", "quote is not closed"},
        {"[machine] invented\nname \"x\"y\n", "no blank behind a quote"},
        {"[machine] invented\nuse nothing\n", "nothing is not there"},
        {"[table 1] invented\nmhz 1\nmv 1 2\n", "more voltages"},
        {"[rails \"Energy Model\"] invented\nmJ moon X\n", "moon is no domain"},
        {"[rails E] invented\npublish mJ 0\n", "a period of nothing"},
        {"[rails E] invented\nmJ cpu-cluster=Z X\n", "no cluster Z"},
        {"[smc] invented\nflt TOOLONG=1\n", "not four characters"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        actop_error err = {ACTOP_OK, ""};
        struct machine *m = NULL;
        char text[128];
        snprintf(text, sizeof text, "%s", rows[i].text);
        CHECK_ROW(machine_load(&m, "t", find_text, text, &err) == ACTOP_E_FORMAT, rows[i].text);
        CHECK_ROW(strstr(err.text, rows[i].says) != NULL, err.text);
    }
    assert_int_equal(machine_load(&(struct machine *){NULL}, "none", find_text, NULL, NULL),
                     ACTOP_E_NOT_FOUND);
}

static size_t channel_named(const struct machine *m, const char *name)
{
    for (size_t i = 0; i < m->n_channels; i++)
        if (strcmp(m->channels[i].name, name) == 0)
            return i;
    fail_msg("%s: no such channel", name);
    return 0;
}

/* Over a publication the counter moves by exactly watts times the time between the stamps (to one unit). */
static void published_energy_is_watts_times_the_time_between_stamps(void **state)
{
    struct machine *m = load("m4-max");
    struct truth t;
    size_t gpu = channel_named(m, "GPU");
    double watts, joules, seconds;
    int64_t value, stamp;

    (void)state;
    assert_true(truth_init(&t, m, 0));
    t.load.gpu = 0.7;
    t.load.gpu_speed = 1;
    truth_run(&t, 5000000000);
    watts = truth_watts(&t, &m->channels[gpu].domain);
    value = t.published[gpu][0];
    stamp = t.stamp_ns[gpu];
    truth_run(&t, 20000000000);
    joules = (double)(t.published[gpu][0] - value) * m->channels[gpu].joules;
    seconds = (double)(t.stamp_ns[gpu] - stamp) / 1e9;
    assert_true(watts > 30 && seconds > 15);
    assert_true(fabs(joules - watts * seconds) < 0.002);
    assert_true(t.stamp_ns[gpu] <= t.awake_ns);
    truth_release(&t);
    machine_free(m);
}

static void residencies_grow_by_the_time_that_passed_and_sleep_adds_none(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_NAMES; i++) {
        struct machine *m = load(names[i]);
        struct truth t;
        assert_true(truth_init(&t, m, 0));
        for (unsigned k = 0; k < LOAD_LEVELS; k++) {
            t.load.cpu[k] = 0.3 + 0.1 * k;
            t.load.speed[k] = 0.9;
        }
        truth_run(&t, 3000000000);
        truth_sleep(&t, 60000000000);
        assert_int_equal(t.boot_ns - t.awake_ns, 3660000000000);
        for (size_t c = 0; c < m->n_channels; c++) {
            double sum = 0;
            if (m->channels[c].kind != CHANNEL_CORE && m->channels[c].kind != CHANNEL_GPU)
                continue;
            for (unsigned s = 0; s < m->channels[c].n_states; s++)
                sum += t.total[c][s];
            CHECK_ROW(fabs(sum - 3e6 * 24) < 1, m->channels[c].name);
        }
        truth_release(&t);
        machine_free(m);
    }
}

/* A day in steps of a tenth of a second takes minutes; who stops does not wait for it. */
static void a_day_that_is_being_played_can_be_stopped(void **state)
{
    (void)state;
    actop_options o = ACTOP_OPTIONS_INIT;
    actop_session *s = NULL;
    actop_error err;
    o.source = "sim:m4-max";
    o.speed = 0; /* as fast as it goes */
    o.interval_ns = INT64_C(86400000000000);
    assert_int_equal(actop_open(&o, &s, &err), ACTOP_OK);
    assert_int_equal(actop_start(s, o.interval_ns, &err), ACTOP_OK);
    const actop_sample_t *sample = NULL;
    assert_int_equal(actop_wait_next(s, 0, INT64_C(5000000000), &sample, &err), ACTOP_OK);
    actop_sample_unref(sample);
    int64_t before_ns = os_awake_ns();
    actop_close(s);
    assert_true(os_awake_ns() - before_ns < INT64_C(3000000000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_description_reads_and_hangs_together),
        cmocka_unit_test(tables_give_the_bytes_of_real_registries),
        cmocka_unit_test(channels_carry_the_names_that_were_seen),
        cmocka_unit_test(slips_are_refused_with_their_line),
        cmocka_unit_test(published_energy_is_watts_times_the_time_between_stamps),
        cmocka_unit_test(a_day_that_is_being_played_can_be_stopped),
        cmocka_unit_test(residencies_grow_by_the_time_that_passed_and_sleep_adds_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
