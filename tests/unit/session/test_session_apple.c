/* SPDX-License-Identifier: MIT */
/* A whole session over the fake of Apple's libraries, against what the faked machine really did: energy that is published in
 * batches adds up to the counter's own growth at any pace, sleep is a gap and no spike, counters that start again are counted as
 * such, a new session begins at nothing, a refused group and invalid values cost only themselves. */
#include "lib/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <actop/actop.h>

#include "fake_apple/fake.h"
#include "session/session.h"
#include "source/apple/apple.h"

enum { MS = 1000000 };

struct rig {
    actop_session *s;
    const actop_sample_t *sample; /* borrowed: the newest */
    int64_t first_mj;             /* what had been published when the session began */
};

static void start_machine(const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/machines", getenv("ACTOP_SOURCE"));
    assert_true(fake_start(path, name));
}

/* What the machine has published of its CPU's energy, all dies, in mJ. */
static int64_t published_mj(void)
{
    const struct machine *m = fake_truth()->machine;
    int64_t sum = 0;
    for (size_t i = 0; i < m->n_channels; i++) {
        const char *name = m->channels[i].name;
        size_t n = strlen(name);
        if (strcmp(m->channels[i].group, "Energy Model") == 0 && n >= 10 &&
            strcmp(name + n - 10, "CPU Energy") == 0)
            sum += fake_truth()->published[i][0];
    }
    return sum;
}

static void set_load(double cpu)
{
    struct load *l = &fake_truth()->load;
    for (int i = 0; i < LOAD_LEVELS; i++) {
        l->cpu[i] = cpu;
        l->speed[i] = 0.8;
    }
    l->gpu = l->gpu_speed = l->net = l->disk_read = cpu;
    l->read_gbps = 100 * cpu;
}

/* A session whose source is the fake's machine as it is now, and its first sample. */
static void rig_open(struct rig *r)
{
    struct apple_api api;
    struct schema *schema = NULL;
    actop_options o = ACTOP_OPTIONS_INIT;
    o.source = "none";
    o.history_bytes = 0; /* memory for what it keeps */
    assert_int_equal(actop_open(&o, &r->s, NULL), ACTOP_OK);
    r->s->ops->close(r->s->source);
    fake_fill(&api);
    r->s->ops = &apple_source;
    assert_int_equal(apple_open_api(&r->s->source, &api, NULL), ACTOP_OK);
    assert_int_equal(apple_source.describe(r->s->source, &schema, NULL), ACTOP_OK);
    schema_unref(r->s->schema);
    r->s->schema = schema;
    r->first_mj = published_mj();
    r->sample = actop_sample(r->s, NULL);
    assert_non_null(r->sample);
}

static void rig_close(struct rig *r, const char *what)
{
    actop_close(r->s);
    CHECK_ROW(fake_live_objects() == 0 && fake_live_ports() == 0 && fake_live_others() == 0, what);
}

static void rig_step(struct rig *r, int64_t ms)
{
    truth_run(fake_truth(), ms * MS);
    r->sample = actop_sample(r->s, NULL);
    assert_non_null(r->sample);
}

static int find_rail(const struct rig *r, const char *key)
{
    actop_entity e;
    for (uint32_t i = 0; actop_entity_at(r->sample, ACTOP_SCOPE_RAIL, i, &e) == ACTOP_OK; i++)
        if (strcmp(e.key, key) == 0)
            return (int)i;
    fail_msg("no rail %s", key);
    return -1;
}

static double of_cpu_rail(const struct rig *r, actop_metric id)
{
    actop_reading x = actop_read(r->sample, id, (uint32_t)find_rail(r, "cpu"));
    return actop_has_value(&x) ? x.value : -1;
}

/* NAN without a value. */
static double of_machine(const struct rig *r, actop_metric id)
{
    actop_reading x = actop_read(r->sample, id, 0);
    return actop_has_value(&x) ? x.value : (double)NAN;
}

static double published_j(const struct rig *r)
{
    return (double)(published_mj() - r->first_mj) * 1e-3;
}

/* A base M1's PMP counts, too, and publishes first: until the CPU's own counter has spoken its share stands, which may differ by what
 * lies between their publications (slack_j, once; counted as a discontinuity). From then on it is the counter's growth. */
static void energy_is_the_growth_of_what_was_published_at_any_pace(void **state)
{
    static const struct {
        const char *machine;
        int64_t ms;
        double slack_j;
    } rows[] = {{"m4-max", 100, 0},   {"m4-max", 1000, 0},  {"m4-max", 2030, 0},
                {"m4-max", 60000, 0}, {"m1-ultra", 300, 0}, {"m1", 250, 16},
                {"m5-max", 700, 0},   {"m3-max", 5000, 0}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rig r;
        double off_j = 0;
        start_machine(rows[i].machine);
        set_load(0.5);
        truth_run(fake_truth(), INT64_C(7000000000));
        rig_open(&r);
        for (int64_t done = 0; done < 60000; done += rows[i].ms) {
            set_load(done / 10000 % 2 == 0 ? 0.5 : 0.1);
            rig_step(&r, rows[i].ms);
            double j = of_cpu_rail(&r, ACTOP_METRIC_RAIL_ENERGY), want_j = published_j(&r);
            if (done < 10000 && rows[i].slack_j > 0)
                off_j = j - want_j;
            CHECK_ROW(fabs(off_j) <= rows[i].slack_j, rows[i].machine);
            CHECK_ROW(j < 0 || fabs(j - off_j - want_j) < 1e-6 * (1 + want_j), rows[i].machine);
        }
        CHECK_ROW(of_cpu_rail(&r, ACTOP_METRIC_RAIL_ENERGY) > 10, rows[i].machine);
        CHECK_ROW(of_cpu_rail(&r, ACTOP_METRIC_RAIL_DISCONTINUITIES) == (rows[i].slack_j > 0),
                  rows[i].machine);
        rig_close(&r, rows[i].machine);
        fake_stop();
    }
}

/* Ten readings a publication: the last rate is held, it does not alternate between nothing and double. */
static void power_is_steady_between_publications(void **state)
{
    struct rig r;
    double low = 1e9, high = 0;
    size_t held = 0;
    (void)state;
    start_machine("m4-max");
    set_load(0.5);
    truth_run(fake_truth(), INT64_C(20000000000));
    rig_open(&r);
    for (int n = 0; n < 50; n++) /* two publications: from then on there is a rate */
        rig_step(&r, 200);
    for (int n = 0; n < 200; n++) {
        rig_step(&r, 200);
        actop_reading w = actop_read(r.sample, ACTOP_METRIC_CPU_POWER, 0);
        assert_true(actop_has_value(&w));
        low = w.value < low ? w.value : low;
        high = w.value > high ? w.value : high;
        held += w.state == ACTOP_STATE_STALE;
    }
    assert_true(low > 1 && high < 1.01 * low);
    assert_true(held > 150);
    rig_close(&r, "m4-max");
    fake_stop();
}

/* What must not jump, whatever happens to the machine. */
static void check_no_spike(const struct rig *r, double most_w, const char *when)
{
    static const struct {
        actop_metric id;
        double most;
    } rows[] = {{ACTOP_METRIC_NET_RX, 1.3e8},
                {ACTOP_METRIC_DISK_READ, 2.3e9},
                {ACTOP_METRIC_BANDWIDTH, 2e11},
                {ACTOP_METRIC_CPU_UTIL, 1}};
    double w = of_machine(r, ACTOP_METRIC_CPU_POWER);
    CHECK_ROW(isnan(w) || (w >= 0 && w <= most_w), when);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        double value = of_machine(r, rows[i].id);
        CHECK_ROW(isnan(value) || (value >= 0 && value <= rows[i].most), when);
    }
}

static void sleep_is_a_gap_and_no_spike(void **state)
{
    struct rig r;
    double most_w, before_j, after_j;
    (void)state;
    start_machine("m4-max");
    set_load(0.5);
    rig_open(&r);
    for (int n = 0; n < 12; n++)
        rig_step(&r, 1000);
    most_w = 1.05 * of_machine(&r, ACTOP_METRIC_CPU_POWER);
    before_j = of_cpu_rail(&r, ACTOP_METRIC_RAIL_ENERGY);
    assert_true(most_w > 1 && before_j > 10);
    assert_true(of_machine(&r, ACTOP_METRIC_GAPS) == 0);
    truth_sleep(fake_truth(), 8 * 3600 * INT64_C(1000000000));
    for (int n = 0; n < 12; n++) {
        rig_step(&r, 1000);
        check_no_spike(&r, most_w, "behind a sleep");
    }
    assert_true(of_machine(&r, ACTOP_METRIC_GAPS) == 1);
    after_j = of_cpu_rail(&r, ACTOP_METRIC_RAIL_ENERGY);
    /* Twelve seconds awake, less what was published across the gap; not eight hours. */
    assert_true(after_j > before_j && after_j - before_j < 13 * most_w);
    assert_true(of_machine(&r, ACTOP_METRIC_CPU_POWER) > 0.9 * most_w / 1.05);
    rig_close(&r, "sleep");
    fake_stop();
}

static void counters_that_start_again_are_counted_and_never_negative(void **state)
{
    struct rig r;
    double most_w, last_j;
    (void)state;
    start_machine("m4-max");
    set_load(0.5);
    truth_run(fake_truth(), INT64_C(50000000000));
    rig_open(&r);
    for (int n = 0; n < 12; n++)
        rig_step(&r, 1000);
    most_w = 1.05 * of_machine(&r, ACTOP_METRIC_CPU_POWER);
    last_j = of_cpu_rail(&r, ACTOP_METRIC_RAIL_ENERGY);
    assert_true(of_cpu_rail(&r, ACTOP_METRIC_RAIL_DISCONTINUITIES) == 0);
    truth_restart(fake_truth(), "Energy Model");
    for (int n = 0; n < 12; n++) {
        rig_step(&r, 1000);
        double j = of_cpu_rail(&r, ACTOP_METRIC_RAIL_ENERGY);
        check_no_spike(&r, most_w, "behind a restart of the counters");
        CHECK_ROW(j >= last_j && j - last_j < 3 * most_w, "energy goes on");
        last_j = j;
    }
    assert_true(of_cpu_rail(&r, ACTOP_METRIC_RAIL_DISCONTINUITIES) == 1);
    rig_close(&r, "restart");
    fake_stop();
}

/* An agent that is started again counts from nothing, exactly what is published from then on. */
static void a_session_begun_anew_counts_from_its_own_beginning(void **state)
{
    (void)state;
    start_machine("m4-max");
    set_load(0.4);
    for (int life = 0; life < 4; life++) {
        struct rig r;
        rig_open(&r);
        double first_j = of_cpu_rail(&r, ACTOP_METRIC_RAIL_ENERGY);
        assert_true(first_j <= 0); /* nothing yet, or no value yet */
        for (int n = 0; n < 30; n++)
            rig_step(&r, 500);
        double j = of_cpu_rail(&r, ACTOP_METRIC_RAIL_ENERGY);
        assert_true(j > 10 && fabs(j - published_j(&r)) < 1e-6 * j);
        rig_close(&r, "another life");
    }
    fake_stop();
}

static void a_refused_group_and_invalid_values_cost_only_themselves(void **state)
{
    struct rig r;
    (void)state;
    start_machine("m4-max");
    fake_quirks.refuse_together = true;
    set_load(0.5);
    rig_open(&r);
    for (int n = 0; n < 8; n++)
        rig_step(&r, 1000);
    assert_true(of_machine(&r, ACTOP_METRIC_CPU_POWER) > 1);
    assert_true(of_machine(&r, ACTOP_METRIC_BANDWIDTH) > 1e9); /* the histograms stand in */
    rig_close(&r, "refused");
    fake_stop();

    start_machine("m1"); /* byte counters of its own */
    set_load(0.5);
    rig_open(&r);
    for (int n = 0; n < 8; n++)
        rig_step(&r, 1000);
    assert_true(of_machine(&r, ACTOP_METRIC_BANDWIDTH) > 1e9);
    fake_quirks.invalid_bytes = true;
    for (int n = 0; n < 4; n++) {
        rig_step(&r, 1000);
        check_no_spike(&r, 1e3, "INT64_MIN");
        assert_true(of_machine(&r, ACTOP_METRIC_CPU_POWER) > 0.1);
    }
    fake_quirks.invalid_bytes = false;
    for (int n = 0; n < 4; n++) {
        rig_step(&r, 1000);
        check_no_spike(&r, 1e3, "behind INT64_MIN");
    }
    assert_true(of_machine(&r, ACTOP_METRIC_BANDWIDTH) > 1e9);
    rig_close(&r, "invalid");
    fake_stop();
}

/* Past the 30 s that averages go back, twice a second: what grew before was their window, and the decoder's and source's room for
 * what they had not seen. */
static void once_the_windows_are_full_nothing_is_allocated(void **state)
{
    enum { SIZE = 1 << 20, WARM = 70, TICKS = 60 };
    actop_format_options f = ACTOP_FORMAT_OPTIONS_INIT;
    char *text = malloc(SIZE);
    unsigned long before = 0;
    struct rig r;

    (void)state;
    assert_non_null(text);
    f.processes = f.evidence = 1;
    start_machine("m4-max");
    set_load(0.5);
    rig_open(&r);
    actop_want(r.s, ACTOP_WANT_DEFAULT | ACTOP_WANT(ACTOP_SCOPE_PROCESS) | ACTOP_WANT_CMDLINE |
                        ACTOP_WANT_GPU_CLIENTS);
    for (int n = 0; n < WARM + TICKS; n++) {
        size_t length;
        if (n == WARM)
            before = alloc_count();
        rig_step(&r, 500);
        length = actop_format(r.sample, ACTOP_FORMAT_NDJSON, &f, text, SIZE);
        assert_true(length > 10000 && length < SIZE);
    }
    assert_int_equal(alloc_count(), before);
    rig_close(&r, "steady");
    fake_stop();
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(energy_is_the_growth_of_what_was_published_at_any_pace),
        cmocka_unit_test(power_is_steady_between_publications),
        cmocka_unit_test(sleep_is_a_gap_and_no_spike),
        cmocka_unit_test(counters_that_start_again_are_counted_and_never_negative),
        cmocka_unit_test(a_session_begun_anew_counts_from_its_own_beginning),
        cmocka_unit_test(a_refused_group_and_invalid_values_cost_only_themselves),
        cmocka_unit_test(once_the_windows_are_full_nothing_is_allocated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
