/* SPDX-License-Identifier: MIT */
/* Thermal pressure (a notify key) and thermalState (NSProcessInfo), side by side. thermalState can stand at its first value where no
 * run loop runs (reported: macmade/Hot 37, mactop 71), so the worse of the two is what counts. Beside them the power manager's own
 * word for why the CPU gets less than it asks for (CLPC Stats, Lost Performance), where it publishes one. */
#include <string.h>

#include "decode/apple/apple.h"

/* Numbers of throttle.reason (model/metrics.def). */
enum { REASON_NONE, REASON_HEAT, REASON_POWER, REASON_LOW_POWER_MODE };

struct thermal {
    int32_t pressure, level;
    int32_t reasons; /* channel of the dominant reason; -1 none */
    uint8_t reason_of[APPLE_MAX_STATES];
    int reason; /* of the last interval that ended */
    int64_t reason_at_ns;
    bool has_reason;
    uint16_t via_notify, via_objc, via_clpc;
};

/* The names are recorded on a base M1, what they mean is inferred from the words. Words that say nothing to us (HIP, UPO-AV,
 * BLKDSLOT, OTHER) leave the judgement to what else is known. */
static uint8_t reason_by_name(const char *name)
{
    static const struct {
        const char *name;
        uint8_t reason;
    } rows[] = {{"FASTTEMP", REASON_HEAT},  {"SLOWTEMP", REASON_HEAT},
                {"PKGZONE", REASON_POWER},  {"CPUZONE", REASON_POWER},
                {"SMCPOWER", REASON_POWER}, {"LOWPOWER", REASON_LOW_POWER_MODE}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (strcmp(name, rows[i].name) == 0)
            return rows[i].reason;
    return REASON_NONE;
}

static void find_reasons(struct thermal *t, const struct schema *s)
{
    t->has_reason = false;
    t->reasons = schema_find_channel(s, "ioreport/CLPC Stats/Lost Performance/Dominant reason");
    const struct channel *c = t->reasons < 0 ? NULL : &s->channels[t->reasons];
    if (c == NULL || c->count < 2 || c->count > APPLE_MAX_STATES) {
        t->reasons = -1;
        return;
    }
    for (uint32_t i = 0; i < c->count; i++)
        t->reason_of[i] = reason_by_name(schema_state_name(s, c, i));
}

static bool begin(void *state, struct decode_schema *d)
{
    struct thermal *t = state;
    t->pressure = schema_find_channel(d->schema, "notify/thermalpressurelevel");
    t->level = schema_find_channel(d->schema, "objc/thermalState");
    find_reasons(t, d->schema);
    t->via_clpc = topology_via(d->topology, "ioreport/CLPC Stats");
    t->via_notify = topology_via(d->topology, "thermal/notify");
    t->via_objc = topology_via(d->topology, "thermal/objc");
    return true;
}

/* As docs/analysis.md maps them: Moderate and Heavy are Fair, Trapping and Sleeping Critical. */
static double state_of_pressure(uint64_t pressure)
{
    return pressure == 0 ? 0 : pressure <= 2 ? 1 : 3;
}

/* The reason that held for the most of an interval, if it held for a twentieth or more. False: no interval ended. */
static bool take_reasons(struct thermal *t, const struct decode_frame *d)
{
    double by_reason[REASON_LOW_POWER_MODE + 1] = {0}, all = 0;
    for (uint32_t i = 0; i < d->schema->channels[t->reasons].count; i++) {
        struct counter_step grown;
        if (!decode_step(d, t->reasons, i, &grown))
            return false;
        by_reason[t->reason_of[i]] += (double)grown.grew;
        all += (double)grown.grew;
    }
    if (all <= 0)
        return false;
    t->reason = REASON_NONE;
    for (int r = REASON_HEAT; r <= REASON_LOW_POWER_MODE; r++)
        if (by_reason[r] * 20 >= all &&
            (t->reason == REASON_NONE || by_reason[r] > by_reason[t->reason]))
            t->reason = r;
    return true;
}

/* Held between publications, like watts. */
static void step_reasons(struct thermal *t, struct decode_frame *d)
{
    if (t->reasons < 0)
        return;
    t->has_reason = t->has_reason && !d->gap;
    if (take_reasons(t, d)) {
        t->has_reason = true;
        t->reason_at_ns = frame_stamp(d->frame, t->reasons);
    }
    if (t->has_reason && frame_has(d->frame, t->reasons))
        apple_put(d, ACTOP_METRIC_THROTTLE_REASON, 0, t->reason, t->reason_at_ns, ACTOP_MEASURED,
                  t->via_clpc);
}

static void step(void *state, struct decode_frame *d)
{
    struct thermal *t = state;
    step_reasons(t, d);
    bool has_pressure = frame_has(d->frame, t->pressure) && frame_u64(d->frame, t->pressure) <= 4;
    bool has_level = frame_has(d->frame, t->level) && frame_u64(d->frame, t->level) <= 3;
    double pressure = has_pressure ? (double)frame_u64(d->frame, t->pressure) : 0;
    double level = has_level ? (double)frame_u64(d->frame, t->level) : 0;
    double worse = has_pressure ? state_of_pressure((uint64_t)pressure) : 0;
    worse = level > worse ? level : worse;
    if (has_pressure)
        sample_put(d->out, ACTOP_METRIC_THERMAL_PRESSURE, 0, pressure, ACTOP_MEASURED,
                   t->via_notify);
    else
        sample_put_state(d->out, ACTOP_METRIC_THERMAL_PRESSURE, 0, decode_absence(d, t->pressure),
                         t->via_notify);
    if (has_level)
        sample_put(d->out, ACTOP_METRIC_THERMAL_LEVEL, 0, level, ACTOP_MEASURED, t->via_objc);
    if (has_pressure || has_level)
        sample_put(d->out, ACTOP_METRIC_THERMAL_STATE, 0, worse, ACTOP_DERIVED,
                   has_pressure ? t->via_notify : t->via_objc);
    else
        sample_put_state(d->out, ACTOP_METRIC_THERMAL_STATE, 0, decode_absence(d, t->level),
                         t->via_objc);
}

const struct decode_part decode_part_apple_thermal = {
    .name = "thermal",
    .state_size = sizeof(struct thermal),
    .begin = begin,
    .step = step,
};
