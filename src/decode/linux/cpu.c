/* SPDX-License-Identifier: MIT */
/* CPU time, clocks and residency. Busy is user, nice, system and interrupts; iowait and steal are neither busy nor left
 * out: shares are of all ticks. Where a tick counter falls (iowait may; documented in proc(5)) it counts as 0.
 *
 * The frequency of a core is the mean of its policy's time_in_state over the interval, else scaling_cur_freq now. What
 * time_in_state calls residency includes idle time: shares per state are those of the clock, scaled to the busy
 * share, and marked estimated. */
#include <stdlib.h>
#include <string.h>

#include "base/cold.h"
#include "base/vec.h"
#include "decode/linux/cpus.h"

/* Order of the states of cpu/N/time; see source/linux/stat.h. */
enum { USER, NICE, SYSTEM, IDLE, IOWAIT, IRQ, SOFTIRQ, STEAL, COLUMNS };

/* Ticks a second of /proc/stat and time_in_state (USER_HZ); documented. */
static const double TICK_S = 0.01;

/* What one CPU or a group of them did; ratios from ticks. */
struct usage {
    uint64_t ticks[COLUMNS];
    uint64_t all;
};

/* A frequency and how it is known. */
struct clock {
    double hz, real_hz; /* UNKNOWN: unknown */
    actop_origin origin;
};

/* Ticks in one state of a cluster. */
struct state_ticks {
    double now, ever;
};

struct cpu_state {
    struct cpu_map map;
    struct clock *clocks;      /* of each policy, this frame; owned, like the next two */
    double *utils;             /* of each CPU, this frame; UNKNOWN unknown */
    struct state_ticks *ticks; /* scratch: of one cluster's states */
    size_t cap_clocks, cap_utils, cap_ticks;
    uint16_t via_stat, via_freq, via_topology;
};

static uint64_t busy_of(const struct usage *u)
{
    return u->ticks[USER] + u->ticks[NICE] + u->ticks[SYSTEM] + u->ticks[IRQ] + u->ticks[SOFTIRQ];
}

static double ratio(uint64_t part, uint64_t all)
{
    return all == 0 ? UNKNOWN : (double)part / (double)all;
}

static void put_ratio(struct decode_frame *d, actop_metric id, uint32_t row, double value,
                      uint16_t via, actop_state otherwise)
{
    if (isnan(value))
        sample_put_state(d->out, id, row, otherwise, via);
    else
        sample_put(d->out, id, row, value, ACTOP_MEASURED, via);
}

/* ---- time ------------------------------------------------------------------------------------------------------- */

/* Ticks of one CPU in this interval; false when there is no difference. */
static bool usage_of(const struct decode_frame *d, int32_t channel, struct usage *u)
{
    struct counter_step step;
    bool any = false;
    *u = (struct usage){0};
    for (uint32_t i = 0; channel >= 0 && i < COLUMNS; i++) {
        if (!decode_step(d, channel, i, &step))
            continue;
        any = true;
        u->ticks[i] = step.grew;
        u->all += step.grew;
    }
    return any && u->all > 0;
}

static void put_machine_time(const struct cpu_state *s, struct decode_frame *d,
                             const struct usage *u)
{
    actop_state none = s->map.n_cpus > 0 ? decode_absence(d, s->map.cpus[0].time)
                                         : ACTOP_STATE_UNSUPPORTED;
    put_ratio(d, ACTOP_METRIC_CPU_UTIL, 0, ratio(busy_of(u), u->all), s->via_stat, none);
    put_ratio(d, ACTOP_METRIC_CPU_USER, 0, ratio(u->ticks[USER] + u->ticks[NICE], u->all),
              s->via_stat, none);
    put_ratio(d, ACTOP_METRIC_CPU_SYSTEM, 0,
              ratio(u->ticks[SYSTEM] + u->ticks[IRQ] + u->ticks[SOFTIRQ], u->all), s->via_stat,
              none);
    put_ratio(d, ACTOP_METRIC_CPU_IOWAIT, 0, ratio(u->ticks[IOWAIT], u->all), s->via_stat, none);
    put_ratio(d, ACTOP_METRIC_CPU_STEAL, 0, ratio(u->ticks[STEAL], u->all), s->via_stat, none);
}

static void step_time(struct cpu_state *s, struct decode_frame *d)
{
    struct usage all = {0};
    for (size_t i = 0; i < s->map.n_cpus; i++) {
        const struct cpu *c = &s->map.cpus[i];
        struct usage u;
        bool known = usage_of(d, c->time, &u);
        s->utils[i] = known ? ratio(busy_of(&u), u.all) : UNKNOWN;
        actop_state none = c->time < 0 ? ACTOP_STATE_NONE : decode_absence(d, c->time);
        put_ratio(d, ACTOP_METRIC_CORE_UTIL, (uint32_t)i, s->utils[i], s->via_stat, none);
        put_ratio(d, ACTOP_METRIC_CORE_IOWAIT, (uint32_t)i, ratio(u.ticks[IOWAIT], u.all),
                  s->via_stat, none);
        put_ratio(d, ACTOP_METRIC_CORE_STEAL, (uint32_t)i, ratio(u.ticks[STEAL], u.all),
                  s->via_stat, none);
        sample_put(d->out, ACTOP_METRIC_CORE_ONLINE, (uint32_t)i, c->time >= 0 ? 1 : 0,
                   ACTOP_MEASURED, s->via_stat);
        for (size_t k = 0; known && k < COLUMNS; k++)
            all.ticks[k] += u.ticks[k];
        all.all += known ? u.all : 0;
    }
    put_machine_time(s, d, &all);
}

/* ---- clocks -------------------------------------------------------------------------------------------------------- */

/* Mean frequency over the interval by the times per frequency; UNKNOWN without a difference. */
static double mean_hz(const struct cpu_map *m, const struct policy *p, const struct decode_frame *d)
{
    double cycles = 0, time = 0;
    struct counter_step step;
    for (uint32_t i = 0; i < p->n_states; i++)
        if (decode_step(d, p->time, i, &step) && step.grew > 0) {
            time += (double)step.grew;
            cycles += (double)step.grew * m->state_hz[p->first_hz + i];
        }
    return time > 0 ? cycles / time : UNKNOWN;
}

static double channel_hz(const struct decode_frame *d, int32_t channel)
{
    if (channel < 0 || !frame_has(d->frame, channel) || frame_u64(d->frame, channel) == 0)
        return UNKNOWN;
    return (double)frame_u64(d->frame, channel) * 1e3;
}

static void step_policies(struct cpu_state *s, struct decode_frame *d)
{
    for (size_t i = 0; i < s->map.n_policies; i++) {
        const struct policy *p = &s->map.policies[i];
        double mean = mean_hz(&s->map, p, d), cur = channel_hz(d, p->cur),
               avg = channel_hz(d, p->avg);
        /* An instant is not compared with a mean: analysis takes requested less realized for what was lost. */
        double real = !isnan(avg) ? avg : p->cur_is_real && isnan(mean) ? cur : UNKNOWN;
        s->clocks[i] = (struct clock){.hz = isnan(mean) ? cur : mean,
                                      .real_hz = real,
                                      .origin = isnan(mean) ? ACTOP_MEASURED : ACTOP_DERIVED};
    }
}

static void step_cores(struct cpu_state *s, struct decode_frame *d)
{
    for (size_t i = 0; i < s->map.n_cpus; i++) {
        const struct cpu *c = &s->map.cpus[i];
        if (c->policy < 0)
            continue;
        const struct clock *clock = &s->clocks[c->policy];
        double max_hz = s->map.policies[c->policy].max_hz;
        if (max_hz > 0)
            sample_put(d->out, ACTOP_METRIC_CORE_MAX_FREQ, (uint32_t)i, max_hz, ACTOP_MEASURED,
                       s->via_freq);
        if (isnan(clock->hz) || c->time < 0)
            continue;
        sample_put(d->out, ACTOP_METRIC_CORE_FREQ, (uint32_t)i, clock->hz, clock->origin,
                   s->via_freq);
        if (max_hz > 0 && !isnan(s->utils[i]))
            sample_put(d->out, ACTOP_METRIC_CORE_SCALED, (uint32_t)i,
                       s->utils[i] * clock->hz / max_hz, ACTOP_DERIVED, s->via_freq);
    }
}

/* ---- clusters and tiers ---------------------------------------------------------------------------------------------- */

/* A mean by busy time; where nothing was busy, by number. */
struct mean {
    double weighted, weight, sum;
    uint32_t n;
};

static void mean_add(struct mean *m, double value, double weight)
{
    if (isnan(value))
        return;
    m->sum += value;
    m->n++;
    if (isnan(weight))
        return;
    m->weighted += value * weight;
    m->weight += weight;
}

static double mean_of(const struct mean *m)
{
    return m->weight > 0 ? m->weighted / m->weight : m->n > 0 ? m->sum / m->n : UNKNOWN;
}

/* What a group of CPUs comes to; sums over its online members. */
struct group {
    double util; /* sum */
    uint32_t n, n_util;
    struct mean hz, real_hz;
    double fastest_hz, fastest_real_hz; /* highest; UNKNOWN none */
    double limit_hz;                    /* lowest ceiling; UNKNOWN none */
    actop_origin origin;
};

static const struct group no_group = {
    .fastest_hz = UNKNOWN, .fastest_real_hz = UNKNOWN, .limit_hz = UNKNOWN};

static double higher(double a, double b)
{
    return isnan(a) || b > a ? b : a;
}

static void add_clock(struct group *g, const struct clock *clock, double util)
{
    mean_add(&g->hz, clock->hz, util);
    mean_add(&g->real_hz, clock->real_hz, util);
    if (!isnan(clock->hz)) {
        g->fastest_hz = higher(g->fastest_hz, clock->hz);
        g->origin = clock->origin;
    }
    if (!isnan(clock->real_hz))
        g->fastest_real_hz = higher(g->fastest_real_hz, clock->real_hz);
}

static void gather(const struct cpu_state *s, const struct decode_frame *d, struct group *g,
                   int32_t cluster, int32_t tier)
{
    *g = no_group;
    for (size_t i = 0; i < s->map.n_cpus; i++) {
        const struct cpu *c = &s->map.cpus[i];
        if ((cluster >= 0 && c->cluster != cluster) || (tier >= 0 && c->tier != tier) ||
            c->time < 0)
            continue;
        g->n++;
        if (!isnan(s->utils[i])) {
            g->util += s->utils[i];
            g->n_util++;
        }
        if (c->policy < 0)
            continue;
        double limit = channel_hz(d, s->map.policies[c->policy].limit);
        g->limit_hz = isnan(g->limit_hz) || limit < g->limit_hz ? limit : g->limit_hz;
        add_clock(g, &s->clocks[c->policy], s->utils[i]);
    }
}

static double mean_util(const struct group *g)
{
    return g->n_util > 0 ? g->util / g->n_util : UNKNOWN;
}

/* Why a group of CPUs has no clock: that of the first policy, as with the machine's time. */
static actop_state clock_absence(const struct cpu_state *s, const struct decode_frame *d,
                                 const struct group *g)
{
    if (g->n == 0)
        return ACTOP_STATE_NONE;
    return s->map.n_policies > 0 ? decode_absence(d, s->map.policies[0].cur)
                                 : ACTOP_STATE_UNSUPPORTED;
}

static void put_hz(struct decode_frame *d, actop_metric id, uint32_t row, double hz,
                   actop_origin origin, uint16_t via, actop_state none)
{
    /* WARMING would mean that the clock was read, and nothing gives this of it. */
    if (!isnan(hz) && hz > 0)
        sample_put(d->out, id, row, hz, origin, via);
    else if (none != ACTOP_STATE_WARMING)
        sample_put_state(d->out, id, row, none, via);
}

static void put_cluster(const struct cpu_state *s, struct decode_frame *d, uint32_t row,
                        const struct group *g)
{
    double util = mean_util(g), hz = mean_of(&g->hz), max_hz = s->map.clusters[row].max_hz;
    actop_state none = clock_absence(s, d, g);
    put_ratio(d, ACTOP_METRIC_CLUSTER_UTIL, row, util, s->via_stat,
              g->n > 0 ? ACTOP_STATE_WARMING : ACTOP_STATE_NONE);
    put_hz(d, ACTOP_METRIC_CLUSTER_FREQ, row, hz, g->origin, s->via_freq, none);
    put_hz(d, ACTOP_METRIC_CLUSTER_REALIZED_FREQ, row, mean_of(&g->real_hz), ACTOP_MEASURED,
           s->via_freq, none);
    put_hz(d, ACTOP_METRIC_CLUSTER_MAX_FREQ, row, max_hz, ACTOP_MEASURED, s->via_freq, none);
    put_hz(d, ACTOP_METRIC_CLUSTER_LIMIT_FREQ, row, g->limit_hz, ACTOP_MEASURED, s->via_freq, none);
    if (!isnan(util) && !isnan(hz) && max_hz > 0)
        sample_put(d->out, ACTOP_METRIC_CLUSTER_SCALED, row, util * hz / max_hz, ACTOP_DERIVED,
                   s->via_freq);
}

static void put_tier(const struct cpu_state *s, struct decode_frame *d, uint32_t row,
                     const struct group *g)
{
    actop_state none = clock_absence(s, d, g);
    put_ratio(d, ACTOP_METRIC_TIER_UTIL, row, mean_util(g), s->via_stat,
              g->n > 0 ? ACTOP_STATE_WARMING : ACTOP_STATE_NONE);
    put_hz(d, ACTOP_METRIC_TIER_FREQ, row, g->fastest_hz, g->origin, s->via_freq, none);
    put_hz(d, ACTOP_METRIC_TIER_REALIZED_FREQ, row, g->fastest_real_hz, ACTOP_MEASURED, s->via_freq,
           none);
    put_hz(d, ACTOP_METRIC_TIER_MAX_FREQ, row, s->map.tier_max_hz[row], ACTOP_MEASURED, s->via_freq,
           none);
}

/* ---- residency ------------------------------------------------------------------------------------------------------ */

/* Shares of a tier's time by how high its clock was. */
struct buckets {
    double low, mid, high, weight;
};

/* Ticks a cluster's clocks spent in each state, in this interval and in all, summed over its policies; returns the
 * interval's sum. */
static double gather_states(struct cpu_state *s, const struct decode_frame *d, int32_t row)
{
    const struct cluster *c = &s->map.clusters[row];
    struct counter_step step;
    double all = 0;
    memset(s->ticks, 0, c->n_states * sizeof *s->ticks);
    for (size_t i = 0; i < s->map.n_policies; i++) {
        const struct policy *p = &s->map.policies[i];
        if (p->cluster != row || p->n_states != c->n_states)
            continue;
        for (uint32_t k = 0; k < c->n_states; k++) {
            double grew = decode_step(d, p->time, k, &step) ? (double)step.grew : 0;
            s->ticks[k].now += grew;
            s->ticks[k].ever += (double)decode_total(d, p->time, k);
            all += grew;
        }
    }
    return all;
}

static void add_bucket(struct buckets *b, double of_max, double share)
{
    if (of_max >= 0.75)
        b->high += share;
    else if (of_max >= 0.40)
        b->mid += share;
    else
        b->low += share;
}

static void put_states(struct cpu_state *s, struct decode_frame *d, int32_t row, double util,
                       struct buckets *b)
{
    const struct cluster *c = &s->map.clusters[row];
    const double *hz = s->map.state_hz + s->map.policies[c->table].first_hz;
    double all = gather_states(s, d, row);
    bool known = all > 0 && !isnan(util);
    for (uint32_t i = 0; i < c->n_states; i++) {
        uint32_t state = (uint32_t)c->first_state + i;
        sample_put(d->out, ACTOP_METRIC_PSTATE_FREQ, state, hz[i], ACTOP_MEASURED, s->via_freq);
        sample_put(d->out, ACTOP_METRIC_PSTATE_TIME, state, s->ticks[i].ever * TICK_S,
                   ACTOP_MEASURED, s->via_freq);
        if (!known)
            continue;
        double share = s->ticks[i].now / all * util;
        sample_put(d->out, ACTOP_METRIC_PSTATE_RATIO, state, share, ACTOP_ESTIMATED, s->via_freq);
        add_bucket(b, hz[i] / (c->max_hz > 0 ? c->max_hz : hz[i]), share * c->n_cpus);
    }
    uint32_t idle = (uint32_t)c->first_state + c->n_states;
    sample_put(d->out, ACTOP_METRIC_PSTATE_FREQ, idle, 0, ACTOP_MEASURED, s->via_freq);
    if (known) {
        sample_put(d->out, ACTOP_METRIC_PSTATE_RATIO, idle, 1 - util, ACTOP_ESTIMATED, s->via_stat);
        b->weight += c->n_cpus;
    }
}

static void put_buckets(const struct cpu_state *s, struct decode_frame *d, uint32_t tier,
                        const struct buckets *b)
{
    if (b->weight <= 0)
        return;
    double low = b->low / b->weight, mid = b->mid / b->weight, high = b->high / b->weight;
    sample_put(d->out, ACTOP_METRIC_TIER_LOW, tier, low, ACTOP_ESTIMATED, s->via_freq);
    sample_put(d->out, ACTOP_METRIC_TIER_MID, tier, mid, ACTOP_ESTIMATED, s->via_freq);
    sample_put(d->out, ACTOP_METRIC_TIER_HIGH, tier, high, ACTOP_ESTIMATED, s->via_freq);
    sample_put(d->out, ACTOP_METRIC_TIER_IDLE, tier, fmax(0, 1 - low - mid - high), ACTOP_ESTIMATED,
               s->via_freq);
}

static void step_groups(struct cpu_state *s, struct decode_frame *d)
{
    for (size_t tier = 0; tier < s->map.n_tiers; tier++) {
        struct group g;
        struct buckets b = {0};
        gather(s, d, &g, -1, (int32_t)tier);
        put_tier(s, d, (uint32_t)tier, &g);
        for (size_t row = 0; row < s->map.n_clusters; row++) {
            if (s->map.clusters[row].tier != (int32_t)tier)
                continue;
            gather(s, d, &g, (int32_t)row, -1);
            put_cluster(s, d, (uint32_t)row, &g);
            if (s->map.clusters[row].table >= 0)
                put_states(s, d, (int32_t)row, mean_util(&g), &b);
        }
        put_buckets(s, d, (uint32_t)tier, &b);
    }
}

/* ---- part --------------------------------------------------------------------------------------------------------------- */

COLD static bool begin(void *state, struct decode_schema *d)
{
    struct cpu_state *s = state;
    s->via_stat = topology_via(d->topology, "stat");
    s->via_freq = topology_via(d->topology, "cpufreq");
    if (!cpu_map_build(&s->map, d))
        return false;
    return VEC_GROW(s->clocks, s->cap_clocks, s->map.n_policies + 1) &&
           VEC_GROW(s->utils, s->cap_utils, s->map.n_cpus + 1) &&
           VEC_GROW(s->ticks, s->cap_ticks, s->map.n_state_hz + 1);
}

static void step(void *state, struct decode_frame *d)
{
    struct cpu_state *s = state;
    step_time(s, d);
    step_policies(s, d);
    step_cores(s, d);
    step_groups(s, d);
}

COLD static bool own(void *state)
{
    struct cpu_state *s = state;
    bool ok = cpu_map_own(&s->map);
    ok = VEC_OWN(s->clocks, s->cap_clocks, 0) && ok; /* these are of one frame */
    ok = VEC_OWN(s->utils, s->cap_utils, 0) && ok;
    return VEC_OWN(s->ticks, s->cap_ticks, 0) && ok;
}

COLD static void release(void *state)
{
    struct cpu_state *s = state;
    cpu_map_release(&s->map);
    free(s->clocks);
    free(s->utils);
    free(s->ticks);
}

const struct decode_part decode_part_cpu = {
    .name = "cpu",
    .state_size = sizeof(struct cpu_state),
    .begin = begin,
    .step = step,
    .own = own,
    .release = release,
};
