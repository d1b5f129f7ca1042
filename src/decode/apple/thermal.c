/* SPDX-License-Identifier: MIT */
/* Thermal pressure (a notify key) and thermalState (NSProcessInfo), side by side. thermalState can stand at its first value where no
 * run loop runs (reported: macmade/Hot 37, mactop 71), so the worse of the two is what counts. */
#include "decode/apple/apple.h"

struct thermal {
    int32_t pressure, level;
    uint16_t via_notify, via_objc;
};

static bool begin(void *state, struct decode_schema *d)
{
    struct thermal *t = state;
    t->pressure = schema_find_channel(d->schema, "notify/thermalpressurelevel");
    t->level = schema_find_channel(d->schema, "objc/thermalState");
    t->via_notify = topology_via(d->topology, "thermal/notify");
    t->via_objc = topology_via(d->topology, "thermal/objc");
    return true;
}

/* As docs/analysis.md maps them: Moderate and Heavy are Fair, Trapping and Sleeping Critical. */
static double state_of_pressure(uint64_t pressure)
{
    return pressure == 0 ? 0 : pressure <= 2 ? 1 : 3;
}

static void step(void *state, struct decode_frame *d)
{
    const struct thermal *t = state;
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
