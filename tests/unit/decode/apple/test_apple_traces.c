/* SPDX-License-Identifier: MIT */
/* Random traces against their truth. A trace is a machine whose counters follow a power that changes all the time, published in
 * batches of even or uneven cadence, with stamps or without, stamped at the frame or long before it; it is sampled every 0.1 to
 * 60 s, sleeps, restarts its counters, stops publishing, fails to read, changes its schema. What must hold of every sample:
 *
 *   - joules never fall, and are exactly the steps the counter grew between publications that were seen, in the same awake
 *     stretch and without a restart between them;
 *   - they are the truth between the first and the newest publication: to 0.1 %, and where a counter's own steps are coarser than
 *     that to one step for each awake stretch;
 *   - what is missing of the truth of this moment is what is not published yet: less than one publication;
 *   - watts are not negative, and times the time between two stamps they are what the counter grew;
 *   - every ratio is from 0 to 1; the states of a cluster share out its interval: their ratios add up to 1 and their seconds to
 *     the seconds that were counted.
 *
 * The traces are run once, and each of these is counted and asserted by itself. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "lib/mac.h"
#include "lib/test.h"

#ifndef TRACES
#define TRACES 2000 /* `make test-long` takes 100,000 */
#endif
enum { FRAMES = 24, N_LINES = 5, N_CORES = 3, N_STATES = 5 };

/* ---- What must hold, counted -------------------------------------------------------------------------------------- */

enum law {
    NEVER_FALL,
    ARE_STEPS,
    ARE_TRUTH,
    ONE_PUBLICATION,
    NOT_NEGATIVE,
    WATTS_ARE_JOULES,
    ZERO_TO_ONE,
    RATIOS_ADD_UP,
    SECONDS_ADD_UP,
    N_LAWS
};

static struct tally {
    unsigned long held, broken;
    double worst; /* in the law's own measure */
    char first[160];
} laws[N_LAWS];
static double shortest_s = INFINITY, longest_s; /* between two frames */

/* what and seed: where, when it is broken. worse: how far from the law it was, 0 not at all. */
static void check_law(enum law law, bool holds, double worse, const char *what, uint64_t seed)
{
    struct tally *t = &laws[law];
    t->worst = worse > t->worst ? worse : t->worst;
    t->held += holds;
    if (!holds && t->broken++ == 0)
        (void)snprintf(t->first, sizeof t->first, "%s of trace %llu: %g", what,
                       (unsigned long long)seed, worse);
}

static uint64_t random_next(uint64_t *seed)
{
    *seed += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t z = *seed;
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static uint64_t below(uint64_t *seed, uint64_t n)
{
    return random_next(seed) % n;
}

static double between(uint64_t *seed, double low, double high)
{
    return low + (high - low) * (double)(random_next(seed) >> 11) * 0x1p-53;
}

/* ---- A counter with its truth ------------------------------------------------------------------------------------- */

/* Energy of the truth up to a moment; moments only go forward. Power is constant over pieces. */
struct power {
    uint64_t seed;
    int64_t at_ns, piece_ns, until_ns;
    double watts, joules;
};

static double power_run(struct power *p, int64_t to_ns)
{
    while (p->at_ns < to_ns) {
        if (p->at_ns == p->until_ns) {
            p->until_ns += p->piece_ns;
            p->watts = below(&p->seed, 4) == 0 ? 0 : between(&p->seed, 0.001, 120);
        }
        int64_t end_ns = to_ns < p->until_ns ? to_ns : p->until_ns;
        p->joules += p->watts * (double)(end_ns - p->at_ns) * 1e-9;
        p->at_ns = end_ns;
    }
    return p->joules;
}

/* What was seen of a counter at one publication. */
struct seen {
    bool has;
    int64_t stamp_ns;
    uint64_t raw;
    double truth_j;
};

struct line {
    const char *name, *unit, *rail;
    double j_per_step;
    int32_t channel;
    bool stamped, fresh; /* stamps are given; publications are of the very frame */
    int64_t first_ns, period_ns[2], stop_ns;
    struct power power;
    uint64_t start;   /* raw value at base_j */
    double base_j;    /* of the truth: what it counts from */
    struct seen now;  /* the newest publication */
    struct seen last; /* the last one that was taken */
    uint64_t steps;   /* expected in the rail */
    double truth_j;   /* of the intervals they belong to */
    unsigned pieces;  /* such intervals */
    double joules;    /* read last */
    uint64_t read;    /* raw in the last frame, without stamps */
    bool has_read;
};

/* The last publication not after a moment. */
static int64_t publication_before(const struct line *l, int64_t at_ns)
{
    int64_t cycle_ns = l->period_ns[0] + l->period_ns[1];
    int64_t now_ns = at_ns < l->stop_ns ? at_ns : l->stop_ns;
    int64_t into_ns = (now_ns - l->first_ns) % cycle_ns;
    return now_ns - into_ns + (into_ns >= l->period_ns[0] ? l->period_ns[0] : 0);
}

static void line_publish(struct line *l, int64_t at_ns)
{
    int64_t stamp_ns = l->fresh ? at_ns : publication_before(l, at_ns);
    if (stamp_ns <= l->now.stamp_ns)
        return;
    double truth_j = power_run(&l->power, stamp_ns);
    l->now = (struct seen){.has = true, .stamp_ns = stamp_ns, .truth_j = truth_j};
    l->now.raw = l->start + (uint64_t)floor((truth_j - l->base_j) / l->j_per_step);
}

static uint64_t raw_of(const struct line *l)
{
    return l->now.has ? l->now.raw : l->start;
}

/* A restart of the driver: the counter begins at 0, and says so at once. */
static void line_restart(struct line *l, int64_t at_ns)
{
    l->base_j = power_run(&l->power, at_ns);
    l->start = 0;
    l->now = (struct seen){true, at_ns, 0, l->base_j};
}

/* ---- A trace ---------------------------------------------------------------------------------------------------------- */

struct trace {
    uint64_t seed;
    struct mac mac;
    struct line lines[N_LINES];
    int32_t cores[N_CORES], complex, gpu;
    uint64_t ticks[N_CORES + 2][N_STATES]; /* counters now */
    int64_t ticked_ns[N_CORES + 2];        /* until when they count */
    int64_t residency_period_ns;           /* 0: of the very frame */
    uint64_t counted[N_CORES + 2];         /* ticks of intervals that were seen */
    uint64_t taken[N_CORES + 2];           /* ticks of all states together, when last taken */
    int64_t taken_ns[N_CORES + 2];
    bool has_taken[N_CORES + 2];
    int64_t interval_ns;
    bool residency_stamped, restarted;
};

static void init_line(struct trace *t, struct line *l, const char *name, const char *unit,
                      const char *rail, double j_per_step)
{
    int64_t now_ns = t->mac.awake_ns;
    *l = (struct line){.name = name, .unit = unit, .rail = rail, .j_per_step = j_per_step};
    l->stamped = below(&t->seed, 4) != 0;
    l->fresh = below(&t->seed, 4) == 0;
    for (int i = 0; i < 2; i++) /* 18 ms to 2.2 s, seldom half an hour (recorded: M5 Ultra) */
        l->period_ns[i] = below(&t->seed, 30) == 0 ? INT64_C(1800000000000)
                                                   : (int64_t)between(&t->seed, 18e6, 2200e6);
    l->first_ns = now_ns - (int64_t)between(&t->seed, 0, 5e9);
    l->stop_ns = below(&t->seed, 8) == 0
                     ? now_ns + (int64_t)between(&t->seed, 0, 12.0 * (double)t->interval_ns)
                     : INT64_MAX;
    int64_t piece_ns = (int64_t)between(&t->seed, 5e6, 5e9);
    piece_ns = piece_ns < t->interval_ns / 8 ? t->interval_ns / 8 : piece_ns;
    l->power = (struct power){random_next(&t->seed), l->first_ns, piece_ns, l->first_ns, 0, 0};
    /* Far above what a restart leads to, or a fall could hide in the growth after it. */
    l->start = UINT64_C(1) << 50;
}

static void build(struct trace *t)
{
    static const char *const states[N_STATES] = {"DOWN", "IDLE", "V0P2", "V1P1", "V2P0"};
    static const char *const gpu_states[N_STATES] = {"OFF", "P1", "P2", "P3", "P4"};
    static const uint32_t mhz[] = {600, 1200, 2400}, gpu_mhz[] = {0, 300, 700, 650, 900};
    struct mac *m = &t->mac;
    t->cores[0] = mac_states(m, MAC_CORES, "ECPU0", states, N_STATES);
    t->cores[1] = mac_states(m, MAC_CORES, "PCPU0", states, N_STATES);
    t->cores[2] = mac_states(m, MAC_CORES, "PCPU1", states, N_STATES);
    t->complex = mac_states(m, MAC_COMPLEXES, "PCPU", states, N_STATES);
    t->gpu = mac_states(m, MAC_GPU, "GPUPH", gpu_states, N_STATES);
    mac_table_mhz(m, "pmgr/voltage-states1-sram", mhz, 3);
    mac_table_mhz(m, "pmgr/voltage-states5-sram", mhz, 3);
    mac_table_mhz(m, "pmgr/voltage-states9", gpu_mhz, 5);
    for (size_t i = 0; i < N_LINES; i++)
        t->lines[i].channel = mac_energy(m, MAC_MODEL, t->lines[i].name, t->lines[i].unit);
    mac_seal(m);
}

static void init(struct trace *t, uint64_t seed)
{
    memset(t, 0, sizeof *t);
    t->seed = seed;
    mac_init(&t->mac);
    t->interval_ns = (int64_t)exp(between(&t->seed, log(0.1e9), log(60e9)));
    init_line(t, &t->lines[0], "CPU Energy", "mJ", "cpu", 1e-3);
    init_line(t, &t->lines[1], "GPU Energy", "nJ", "gpu", 1e-9);
    init_line(t, &t->lines[2], "ANE0", "mJ", "ane", 1e-3);
    init_line(t, &t->lines[3], "apciec0 Energy", "uJ", "apciec0", 1e-6);
    init_line(t, &t->lines[4], "DRAM", "mJ", "dram", 1e-3);
    /* Without stamps counters of one unit must be published together: two that are not would each be taken for the other. */
    for (int i = 2; i < N_LINES; i += 2) {
        t->lines[i].stamped = t->lines[0].stamped;
        t->lines[i].fresh = t->lines[0].fresh;
        memcpy(t->lines[i].period_ns, t->lines[0].period_ns, sizeof t->lines[0].period_ns);
        t->lines[i].first_ns = t->lines[i].power.at_ns = t->lines[i].power.until_ns =
            t->lines[0].first_ns;
        t->lines[i].stop_ns = t->lines[0].stop_ns;
    }
    t->residency_stamped = below(&t->seed, 3) != 0;
    t->residency_period_ns = below(&t->seed, 2) == 0 ? 0 : (int64_t)between(&t->seed, 20e6, 4e9);
    for (int i = 0; i < N_CORES + 2; i++)
        t->ticked_ns[i] = t->mac.awake_ns;
    build(t);
}

/* ---- What happens between two frames ------------------------------------------------------------------------------------ */

static bool sleeps(struct trace *t)
{
    if (below(&t->seed, 15) != 0)
        return false;
    t->mac.boot_ns += (int64_t)between(&t->seed, 2e9, 9e12);
    for (size_t i = 0; i < N_LINES; i++) /* some counters count on */
        t->lines[i].power.joules += between(&t->seed, 0, 500);
    return true;
}

/* Once a trace: then the counter is far below where it was, whatever is published next. */
static void restarts(struct trace *t)
{
    if (t->restarted || below(&t->seed, 20) != 0)
        return;
    t->restarted = true;
    for (size_t i = 0; i < N_LINES; i++)
        line_restart(&t->lines[i], t->mac.awake_ns);
}

/* Residencies up to their own stamp: a random share of the time in each state, the last gets what is left. */
static int64_t run_states(struct trace *t, int which)
{
    int64_t to_ns = t->mac.awake_ns;
    if (t->residency_period_ns > 0)
        to_ns -= to_ns % t->residency_period_ns;
    if (to_ns <= t->ticked_ns[which])
        return t->ticked_ns[which];
    uint64_t left = (uint64_t)(to_ns - t->ticked_ns[which]) * 24 / 1000;
    for (int i = 0; i < N_STATES - 1; i++) {
        uint64_t part = below(&t->seed, 3) == 0 ? 0 : below(&t->seed, left + 1);
        t->ticks[which][i] += part;
        left -= part;
    }
    t->ticks[which][N_STATES - 1] += left;
    t->ticked_ns[which] = to_ns;
    return to_ns;
}

static int32_t state_channel(const struct trace *t, int which)
{
    return which < N_CORES ? t->cores[which] : which == N_CORES ? t->complex : t->gpu;
}

static void fill_states(struct trace *t)
{
    for (int which = 0; which < N_CORES + 2; which++) {
        int32_t channel = state_channel(t, which);
        int64_t stamp_ns = run_states(t, which);
        memcpy(frame_array(&t->mac.frame, channel), t->ticks[which], sizeof t->ticks[which]);
        frame_set_stamp(&t->mac.frame, channel, t->residency_stamped ? stamp_ns : 0);
    }
}

/* ---- What is expected ------------------------------------------------------------------------------------------------------ */

static void take(struct line *l)
{
    if (l->last.has && raw_of(l) >= l->last.raw) {
        l->steps += raw_of(l) - l->last.raw;
        l->truth_j += l->now.truth_j - l->last.truth_j;
        l->pieces++;
    }
    l->last = l->now;
    l->last.raw = raw_of(l);
    l->last.has = true;
}

/* Without stamps a publication shows in any counter of its unit; what is found after a sleep may be of before it. */
static bool unit_changed(const struct trace *t, const struct line *l)
{
    for (size_t i = 0; i < N_LINES; i++) {
        const struct line *other = &t->lines[i];
        if (strcmp(other->unit, l->unit) == 0 && !other->stamped &&
            (!other->has_read || other->read != raw_of(other)))
            return true;
    }
    return false;
}

/* gap: this frame is the first after a sleep. */
static void expect_line(struct line *l, bool gap, bool changed, int64_t now_ns)
{
    if (gap)
        l->last.has = false;
    if (!l->stamped) {
        if (changed && !gap)
            take(l);
        return;
    }
    if (gap)
        l->last.stamp_ns = now_ns - 1000001; /* older publications are of before the sleep */
    if (l->now.has && l->now.stamp_ns > l->last.stamp_ns)
        take(l);
}

/* ---- What must hold -------------------------------------------------------------------------------------------------------- */

/* Truth of this moment that was not published when the counter was last read. */
static double unpublished_j(const struct line *l, int64_t now_ns)
{
    struct power p = l->power;
    return power_run(&p, now_ns) - l->now.truth_j;
}

/* The longest that may be between two publications; 0 when they stopped. */
static int64_t period_of(const struct line *l, int64_t now_ns)
{
    int64_t longest_ns = l->period_ns[0] > l->period_ns[1] ? l->period_ns[0] : l->period_ns[1];
    return l->fresh ? 1 : now_ns > l->stop_ns ? 0 : longest_ns;
}

static void check_truth(const struct line *l, double energy_j, uint64_t seed)
{
    double error_j = fabs(energy_j - l->truth_j), step_j = l->pieces * l->j_per_step;
    if (l->truth_j > 1000 * step_j && l->truth_j > 0)
        check_law(ARE_TRUTH, error_j <= 1e-3 * l->truth_j, error_j / l->truth_j, l->rail, seed);
    else
        check_law(ARE_TRUTH, error_j <= step_j * (1 + 1e-9), 0, l->rail, seed);
}

static void check_line(const struct trace *t, struct line *l, uint64_t seed)
{
    actop_reading energy = actop_read_key(t->mac.sample, "rail.energy", l->rail);
    actop_reading power = actop_read_key(t->mac.sample, "rail.power", l->rail);
    double expected = (double)l->steps * l->j_per_step, off_j = fabs(energy.value - expected);
    int64_t now_ns = t->mac.awake_ns, period_ns = period_of(l, now_ns);
    check_law(NEVER_FALL, actop_has_value(&energy) && energy.value >= l->joules, 0, l->rail, seed);
    check_law(ARE_STEPS, off_j <= 1e-15 * expected, expected > 0 ? off_j / expected : off_j,
              l->rail, seed);
    check_truth(l, energy.value, seed);
    if (l->stamped && l->last.has && period_ns > 0) {
        int64_t age_ns = now_ns - l->last.stamp_ns;
        check_law(ONE_PUBLICATION,
                  age_ns < period_ns && energy.age_ns == age_ns &&
                      unpublished_j(l, now_ns) <= 120.0 * (double)age_ns * 1e-9 * (1 + 1e-9),
                  (double)age_ns / (double)period_ns, l->rail, seed);
    }
    check_law(NOT_NEGATIVE, !actop_has_value(&power) || power.value >= 0, 0, l->rail, seed);
    l->joules = energy.value;
}

/* Watts of an interval times its length are what the counter grew, and as old as their publication. */
static void check_watts(const struct trace *t, const struct line *l, const struct seen *before,
                        uint64_t steps_before, uint64_t seed)
{
    actop_reading power = actop_read_key(t->mac.sample, "rail.power", l->rail);
    if (!l->stamped || l->steps == steps_before || !actop_has_value(&power) || !before->has)
        return;
    double j = power.value * (double)(l->last.stamp_ns - before->stamp_ns) * 1e-9;
    double grew = (double)(l->steps - steps_before) * l->j_per_step;
    check_law(WATTS_ARE_JOULES,
              fabs(j - grew) <= 1e-9 * grew && power.age_ns == t->mac.awake_ns - l->last.stamp_ns,
              fabs(j - grew) / grew, l->rail, seed);
}

static void check_ratios(const struct trace *t, uint64_t seed)
{
    for (int id = 0; id < ACTOP_METRIC_COUNT; id++) {
        const actop_metric_info *info = actop_metric_get((actop_metric)id);
        if (info->unit != ACTOP_UNIT_RATIO)
            continue;
        for (uint32_t row = 0; row < actop_rows(t->mac.sample, info->scope); row++) {
            actop_reading r = actop_read(t->mac.sample, (actop_metric)id, row);
            if (!actop_has_value(&r))
                continue;
            double beyond = r.value < 0 ? -r.value : r.value > 1 ? r.value - 1 : 0;
            check_law(ZERO_TO_ONE, beyond <= 1e-12, beyond, info->key, seed);
        }
    }
}

/* Ticks of all states in the interval that ends at this publication, when one does. */
static void expect_states(struct trace *t, bool gap)
{
    for (int which = 0; which < N_CORES + 2; which++) {
        uint64_t all = 0;
        int64_t stamp_ns = t->residency_stamped ? t->ticked_ns[which] : t->mac.awake_ns;
        for (int i = 0; i < N_STATES; i++)
            all += t->ticks[which][i];
        if (gap) {
            t->has_taken[which] = false;
            t->taken_ns[which] = t->mac.awake_ns - 1000001; /* older is of before the sleep */
        }
        if (stamp_ns <= t->taken_ns[which])
            continue;
        if (t->has_taken[which])
            t->counted[which] += all - t->taken[which];
        t->has_taken[which] = true;
        t->taken[which] = all;
        t->taken_ns[which] = stamp_ns;
    }
}

/* The states of an owner: their ratios add up to 1, their seconds to those counted over its cores. */
static void check_states(const struct trace *t, actop_scope scope, uint32_t owner, uint64_t ticks,
                         unsigned cores, uint64_t seed)
{
    double ratios = 0, seconds = 0;
    bool has = false;
    for (uint32_t row = 0; row < actop_rows(t->mac.sample, ACTOP_SCOPE_PSTATE); row++) {
        actop_entity e;
        assert_int_equal(actop_entity_at(t->mac.sample, ACTOP_SCOPE_PSTATE, row, &e), ACTOP_OK);
        if (e.parent_scope != scope || e.parent != (int32_t)owner)
            continue;
        actop_reading r = actop_read(t->mac.sample, ACTOP_METRIC_PSTATE_RATIO, row);
        has = has || actop_has_value(&r);
        ratios += r.value;
        seconds += actop_read(t->mac.sample, ACTOP_METRIC_PSTATE_TIME, row).value;
    }
    const char *what = scope == ACTOP_SCOPE_GPU ? "gpu"
                       : owner == 0             ? "first cluster"
                                                : "second cluster";
    double off_s = fabs(seconds - (double)ticks / 24e6 / cores);
    if (has)
        check_law(RATIOS_ADD_UP, fabs(ratios - 1) < 1e-9, fabs(ratios - 1), what, seed);
    check_law(SECONDS_ADD_UP, off_s < 1e-9 * (1 + seconds), off_s / (1 + seconds), what, seed);
}

static void check_frame(struct trace *t, bool gap, uint64_t seed)
{
    bool changed[N_LINES];
    for (size_t i = 0; i < N_LINES; i++)
        changed[i] = unit_changed(t, &t->lines[i]);
    for (size_t i = 0; i < N_LINES; i++) {
        struct line *l = &t->lines[i];
        struct seen before = l->last;
        uint64_t steps = l->steps;
        expect_line(l, gap, changed[i], t->mac.awake_ns);
        l->read = raw_of(l);
        l->has_read = true;
        check_line(t, l, seed);
        if (!gap)
            check_watts(t, l, &before, steps, seed);
    }
    expect_states(t, gap);
    check_ratios(t, seed);
    check_states(t, ACTOP_SCOPE_CLUSTER, 0, t->counted[0], 1, seed);
    check_states(t, ACTOP_SCOPE_CLUSTER, 1, t->counted[1] + t->counted[2], 2, seed);
    check_states(t, ACTOP_SCOPE_GPU, 0, t->counted[N_CORES + 1], 1, seed);
}

/* ---- The run ------------------------------------------------------------------------------------------------------------------ */

/* The decoder's copy must go on like the original; the schema may be read again. */
static void disturb(struct trace *t)
{
    if (below(&t->seed, 16) == 0) {
        struct decoder *copy = t->mac.ops->clone(t->mac.decoder);
        assert_non_null(copy);
        t->mac.ops->destroy(t->mac.decoder);
        t->mac.decoder = copy;
    }
    if (below(&t->seed, 16) == 0) {
        mac_change(&t->mac);
        build(t);
    }
}

static void step(struct trace *t, uint64_t seed)
{
    bool gap = t->mac.frame.seq > 0 && sleeps(t);
    disturb(t);
    mac_begin(&t->mac, (int64_t)((double)t->interval_ns * between(&t->seed, 0.9, 1.1)));
    if (!gap)
        restarts(t);
    for (size_t i = 0; i < N_LINES; i++) {
        struct line *l = &t->lines[i];
        line_publish(l, t->mac.awake_ns);
        frame_set_i64(&t->mac.frame, l->channel, (int64_t)raw_of(l));
        frame_set_stamp(&t->mac.frame, l->channel, l->stamped && l->now.has ? l->now.stamp_ns : 0);
    }
    fill_states(t);
    mac_end(&t->mac);
    check_frame(t, gap, seed);
}

static int run_traces(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= TRACES; seed++) {
        struct trace t;
        init(&t, seed);
        double interval_s = (double)t.interval_ns * 1e-9;
        shortest_s = interval_s < shortest_s ? interval_s : shortest_s;
        longest_s = interval_s > longest_s ? interval_s : longest_s;
        for (int i = 0; i < FRAMES; i++)
            step(&t, seed);
        mac_release(&t.mac);
    }
    return 0;
}

static void samples_are_taken_every_tenth_of_a_second_to_every_minute(void **state)
{
    (void)state;
    print_message("# %d traces of %d frames, %.3f s to %.2f s apart\n", TRACES, FRAMES, shortest_s,
                  longest_s);
    assert_true(shortest_s >= 0.1 && shortest_s < 0.11 && longest_s > 55 && longest_s <= 60);
}

static void check_tally(enum law law, const char *measure)
{
    const struct tally *t = &laws[law];
    print_message("# held %lu times, broken %lu; worst %.3g %s\n", t->held, t->broken, t->worst,
                  measure);
    if (t->broken > 0)
        fail_msg("%s", t->first);
    assert_true(t->held > TRACES);
}

#define LAW(name, law, measure)                                                                    \
    static void name(void **state)                                                                 \
    {                                                                                              \
        (void)state;                                                                               \
        check_tally(law, measure);                                                                 \
    }
LAW(joules_never_fall, NEVER_FALL, "")
LAW(joules_are_the_steps_the_counter_grew, ARE_STEPS, "of the joules off")
LAW(joules_are_the_truth_to_a_thousandth, ARE_TRUTH, "of the joules off")
LAW(no_more_than_one_publication_is_missing, ONE_PUBLICATION, "of a publication missing")
LAW(watts_are_not_negative, NOT_NEGATIVE, "")
LAW(watts_times_time_are_joules, WATTS_ARE_JOULES, "of the joules off")
LAW(ratios_are_from_0_to_1, ZERO_TO_ONE, "beyond")
LAW(ratios_of_states_add_up_to_1, RATIOS_ADD_UP, "off")
LAW(seconds_of_states_add_up_to_the_interval, SECONDS_ADD_UP, "of the seconds off")

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(samples_are_taken_every_tenth_of_a_second_to_every_minute),
        cmocka_unit_test(joules_never_fall),
        cmocka_unit_test(joules_are_the_steps_the_counter_grew),
        cmocka_unit_test(joules_are_the_truth_to_a_thousandth),
        cmocka_unit_test(no_more_than_one_publication_is_missing),
        cmocka_unit_test(watts_are_not_negative),
        cmocka_unit_test(watts_times_time_are_joules),
        cmocka_unit_test(ratios_are_from_0_to_1),
        cmocka_unit_test(ratios_of_states_add_up_to_1),
        cmocka_unit_test(seconds_of_states_add_up_to_the_interval),
    };
    return cmocka_run_group_tests(tests, run_traces, NULL);
}
