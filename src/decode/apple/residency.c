/* SPDX-License-Identifier: MIT */
/* Residency of a channel between two publications, and what to say until the next one: the last value is held with its age, as
 * watts are. A channel whose stamp stands still for longer than max(10 s, 3 learnt periods) of awake time is frozen: residency
 * grows whether or not anything runs. Without a stamp a channel that did not grow is only known to be frozen when no channel of
 * its kind grew; the part that follows it says so. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cold.h"
#include "decode/apple/apple.h"

COLD void apple_states_init(struct apple_states *states, const struct schema *s, int32_t channel,
                            const struct apple_dvfs *t)
{
    const struct channel *c = &s->channels[channel];
    memset(states, 0, sizeof *states);
    if (c->count > APPLE_MAX_STATES)
        return;
    states->n = c->count;
    for (uint32_t i = 0; i < c->count; i++) {
        const char *name = schema_state_name(s, c, i);
        uint32_t row = 0;
        states->kind[i] = (uint8_t)apple_state_kind(name);
        states->hz[i] = states->kind[i] == APPLE_STATE_ACTIVE ? apple_state_hz(t, name, &row) : 0;
        states->volts[i] = states->hz[i] > 0 ? t->volts[row] : 0;
    }
}

/* The state after *at that is a clock; false: there is none. */
static bool next_clock(const struct apple_states *clocks, uint32_t *at)
{
    while (*at < clocks->n && clocks->kind[*at] != APPLE_STATE_ACTIVE)
        ++*at;
    return *at < clocks->n;
}

COLD bool apple_volts_init(struct apple_states *volts, const struct schema *s, int32_t channel,
                           const struct apple_states *clocks)
{
    const struct channel *c = &s->channels[channel];
    uint32_t clock = 0, n = 0;
    bool same = c->count <= APPLE_MAX_STATES;
    memset(volts, 0, sizeof *volts);
    for (uint32_t i = 0; i < c->count && same; i++) {
        const char *name = schema_state_name(s, c, i);
        char usual[16];
        volts->kind[i] = (uint8_t)apple_state_kind(name);
        if (volts->kind[i] != APPLE_STATE_ACTIVE)
            continue;
        (void)snprintf(usual, sizeof usual, "V%u", (unsigned)n++);
        same = strcmp(name, usual) == 0 && next_clock(clocks, &clock);
        volts->hz[i] = same ? clocks->volts[clock++] : 0;
    }
    same = same && n > 0 && !next_clock(clocks, &clock);
    volts->n = same ? c->count : 0;
    return same;
}

/* "24Mticks" on all chips recorded; XNU has a unit of 1 GHz beside it (documented: IOReportTypes.h; its label is inferred). */
COLD double apple_ticks_per_s(const char *unit)
{
    static const struct {
        const char *unit;
        double per_s;
    } rows[] = {{"us", 1e6}, {"ms", 1e3}, {"ns", 1e9}, {"s", 1}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (strcmp(unit, rows[i].unit) == 0)
            return rows[i].per_s;
    char *end;
    long n = strtol(unit, &end, 10);
    if (n <= 0 || n > 100000)
        return 0;
    return strcmp(end, "Mticks") == 0   ? (double)n * 1e6
           : strcmp(end, "Gticks") == 0 ? (double)n * 1e9
                                        : 0;
}

/* The ticks of one interval, by what they mean. */
struct ticks {
    double by_kind[3], weighted, known;
};

/* False: no interval ends in this frame. */
static bool add_up(const struct decode_frame *d, const struct channel *c,
                   const struct apple_states *states, struct ticks *sum)
{
    const struct counter_step *steps = d->steps + c->first;
    const actop_status *taken = d->taken + c->first;
    *sum = (struct ticks){{0, 0, 0}, 0, 0};
    for (uint32_t i = 0; i < c->count; i++) {
        if (taken[i] != ACTOP_OK)
            return false;
        if (steps[i].grew == 0) /* most states of most intervals */
            continue;
        double ticks = (double)steps[i].grew;
        sum->by_kind[states->kind[i]] += ticks;
        sum->weighted += states->hz[i] * ticks;
        sum->known += states->hz[i] > 0 ? ticks : 0;
    }
    return sum->by_kind[0] + sum->by_kind[1] + sum->by_kind[2] > 0;
}

/* Neither a value nor the start of one. */
static bool is_broken(const struct decode_frame *d, const struct channel *c)
{
    for (uint32_t i = 0; i < c->count; i++)
        if (d->taken[c->first + i] == ACTOP_E_RESET ||
            d->frame->slots[c->first + i] == APPLE_INVALID)
            return true;
    return false;
}

static void take(struct apple_follow *f, const struct ticks *sum, int64_t at_ns)
{
    double all = sum->by_kind[0] + sum->by_kind[1] + sum->by_kind[2];
    apple_period_take(&f->period, at_ns - f->at_ns, f->has);
    f->active = sum->by_kind[APPLE_STATE_ACTIVE] / all;
    f->down = sum->by_kind[APPLE_STATE_DOWN] / all;
    f->hz = sum->known > 0 ? sum->weighted / sum->known : 0;
    f->at_ns = at_ns;
    f->has = f->fresh = true;
}

actop_state apple_follow(struct apple_follow *f, const struct decode_frame *d, int32_t channel,
                         const struct apple_states *states, double *ticks_by_state)
{
    struct ticks sum;
    f->fresh = false;
    if (d->gap) /* what was counted over a sleep belongs to no interval */
        f->has = false;
    if (channel < 0 || d->schema->channels[channel].count != states->n)
        return ACTOP_STATE_UNSUPPORTED;
    const struct channel *c = &d->schema->channels[channel];
    if (add_up(d, c, states, &sum)) {
        take(f, &sum, frame_stamp(d->frame, channel));
        for (uint32_t i = 0; ticks_by_state != NULL && i < c->count; i++)
            ticks_by_state[i] += (double)d->steps[c->first + i].grew;
        return ACTOP_STATE_OK;
    }
    if (!frame_has(d->frame, channel))
        return decode_absence(d, channel);
    if (is_broken(d, c))
        f->has = false;
    if (d->frame->stamps_ns[channel] != 0)
        f->period.waited_ns = ns_sum(f->period.waited_ns, d->interval_ns);
    if (apple_is_frozen(&f->period))
        return ACTOP_STATE_FROZEN;
    return f->has ? ACTOP_STATE_STALE : ACTOP_STATE_WARMING;
}
