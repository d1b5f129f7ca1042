/* SPDX-License-Identifier: MIT */
/* GPU: residency of GPUPH against the GPU's DVFS table, and the driver's own numbers beside it. The driver's percentages flip
 * between 0 and 100 on some systems (reported: exelban/stats 2399, 2525, 3359), so residency is what utilization is, and the
 * driver's is used only where there is no residency; gpu.util_source says which. */
#include <string.h>

#include "decode/apple/apple.h"

struct gpu {
    int32_t residency;   /* channel; -1 none */
    int32_t row;         /* -1: no GPU */
    int32_t first_state; /* -1 none */
    int32_t device, renderer, tiler, in_use;
    struct apple_dvfs dvfs;
    struct apple_states states;
    struct apple_follow follow;
    double ratio[APPLE_MAX_STATES]; /* of the last interval */
    double ticks_total[APPLE_MAX_STATES];
    double ticks_per_s; /* 0 unknown */
    double cores;
    uint16_t via, via_driver;
};

static int32_t find_residency(const struct schema *s)
{
    for (int32_t i = 0; i < (int32_t)s->n_channels; i++)
        if (apple_in_group(s, &s->channels[i], "ioreport/GPU Stats/GPU Performance States") &&
            strcmp(schema_text(s, s->channels[i].name), "GPUPH") == 0)
            return i;
    return -1;
}

/* What macOS says; where it says fewer than the hardware has, the machine was sold with fewer (recorded: M3 Ultra, 60 of 80). */
static double count_cores(const struct schema *s)
{
    uint64_t n = 0;
    if (schema_get_u64(s, "agx/gpu-core-count", 0, &n) ||
        schema_get_u64(s, "agx/GPUConfigurationVariable/num_cores", 0, &n))
        return (double)n;
    return 0;
}

static void find_clock(struct gpu *g, const struct schema *s)
{
    uint32_t active = 0;
    const struct channel *c = g->residency < 0 ? NULL : &s->channels[g->residency];
    memset(&g->dvfs, 0, sizeof g->dvfs);
    g->states.n = 0;
    g->ticks_per_s = 0;
    for (uint32_t i = 0; c != NULL && i < c->count; i++)
        active += apple_state_kind(schema_state_name(s, c, i)) == APPLE_STATE_ACTIVE;
    apple_dvfs_for_gpu(s, active, &g->dvfs);
    if (c == NULL)
        return;
    apple_states_init(&g->states, s, g->residency, &g->dvfs);
    g->ticks_per_s = apple_ticks_per_s(schema_text(s, c->unit));
}

static bool add_states(struct gpu *g, const struct schema *s, struct topology *t)
{
    g->first_state = -1;
    for (uint32_t i = 0; i < g->states.n; i++) {
        const char *name = schema_state_name(s, &s->channels[g->residency], i);
        int32_t row = topology_add(t, ACTOP_SCOPE_PSTATE, name, NULL, NULL);
        if (row < 0)
            return false;
        struct entity *e = topology_at(t, ACTOP_SCOPE_PSTATE, row);
        e->parent = g->row;
        e->parent_scope = ACTOP_SCOPE_GPU;
        e->index = i;
        e->flags = g->states.kind[i] == APPLE_STATE_ACTIVE ? 0 : ACTOP_ENTITY_IDLE;
        g->first_state = i == 0 ? row : g->first_state;
    }
    return true;
}

static bool begin(void *state, struct decode_schema *d)
{
    struct gpu *g = state;
    const struct schema *s = d->schema;
    uint32_t n_before = g->states.n;
    double per_s_before = g->ticks_per_s;
    g->residency = find_residency(s);
    g->device = schema_find_channel(s, "agx/Device Utilization %");
    g->renderer = schema_find_channel(s, "agx/Renderer Utilization %");
    g->tiler = schema_find_channel(s, "agx/Tiler Utilization %");
    g->in_use = schema_find_channel(s, "agx/In use system memory");
    g->cores = count_cores(s);
    g->row = g->first_state = -1;
    find_clock(g, s);
    if (g->states.n != n_before || g->ticks_per_s < per_s_before || g->ticks_per_s > per_s_before) {
        memset(g->ticks_total, 0, sizeof g->ticks_total);
        g->follow.has = false;
    }
    if (g->residency < 0 && g->device < 0)
        return true;
    g->via = topology_via(d->topology, "ioreport/GPU Stats");
    g->via_driver = topology_via(d->topology, "registry/agx");
    const char *class_name = schema_get_text(s, "agx/class");
    g->row = topology_add(d->topology, ACTOP_SCOPE_GPU, "gpu0", class_name, NULL);
    return g->row >= 0 && add_states(g, s, d->topology);
}

static void keep_ratios(struct gpu *g, const double *ticks)
{
    double all = 0;
    for (uint32_t i = 0; i < g->states.n; i++) {
        g->ticks_total[i] += ticks[i];
        all += ticks[i];
    }
    for (uint32_t i = 0; all > 0 && i < g->states.n; i++)
        g->ratio[i] = ticks[i] / all;
}

static void put_states(const struct gpu *g, struct decode_frame *d, bool has)
{
    for (uint32_t i = 0; g->first_state >= 0 && i < g->states.n; i++) {
        uint32_t row = (uint32_t)g->first_state + i;
        if (g->states.hz[i] > 0 || g->states.kind[i] != APPLE_STATE_ACTIVE)
            sample_put(d->out, ACTOP_METRIC_PSTATE_FREQ, row, g->states.hz[i], ACTOP_MEASURED,
                       g->via);
        if (g->states.volts[i] > 0)
            sample_put(d->out, ACTOP_METRIC_PSTATE_VOLTAGE, row, g->states.volts[i], ACTOP_MEASURED,
                       g->via);
        if (has)
            apple_put(d, ACTOP_METRIC_PSTATE_RATIO, row, g->ratio[i], g->follow.at_ns,
                      ACTOP_MEASURED, g->via);
        if (g->ticks_per_s > 0)
            sample_put(d->out, ACTOP_METRIC_PSTATE_TIME, row, g->ticks_total[i] / g->ticks_per_s,
                       ACTOP_DERIVED, g->via);
    }
}

static void put_util(struct gpu *g, struct decode_frame *d, double util, const char *source,
                     int64_t at_ns, uint16_t via)
{
    apple_put(d, ACTOP_METRIC_GPU_UTIL, 0, util, at_ns, ACTOP_MEASURED, via);
    apple_put(d, ACTOP_METRIC_GPU_ONE_UTIL, (uint32_t)g->row, util, at_ns, ACTOP_MEASURED, via);
    sample_put_text(d->out, ACTOP_METRIC_GPU_UTIL_SOURCE, 0, source, strlen(source), via);
}

static void put_clock(const struct gpu *g, struct decode_frame *d)
{
    const struct apple_follow *r = &g->follow;
    double max = g->dvfs.max_hz;
    uint32_t row = (uint32_t)g->row;
    if (r->hz <= 0)
        return;
    apple_put(d, ACTOP_METRIC_GPU_FREQ, 0, r->hz, r->at_ns, ACTOP_DERIVED, g->via);
    apple_put(d, ACTOP_METRIC_GPU_ONE_FREQ, row, r->hz, r->at_ns, ACTOP_DERIVED, g->via);
    if (max > 0)
        apple_put(d, ACTOP_METRIC_GPU_ONE_SCALED, row, r->active * r->hz / max, r->at_ns,
                  ACTOP_DERIVED, g->via);
}

/* A number of the driver. */
static bool driver_value(const struct decode_frame *d, int32_t channel, double *value)
{
    if (!frame_has(d->frame, channel) || frame_u64(d->frame, channel) == APPLE_INVALID)
        return false;
    *value = (double)frame_i64(d->frame, channel);
    return *value >= 0;
}

/* A percentage as a ratio; the driver rounds, and is not believed past 100. */
static bool driver_ratio(const struct decode_frame *d, int32_t channel, double *ratio)
{
    double percent;
    if (!driver_value(d, channel, &percent))
        return false;
    *ratio = percent < 100 ? percent * 0.01 : 1;
    return true;
}

static void put_driver(const struct gpu *g, struct decode_frame *d)
{
    static const actop_metric metrics[] = {
        ACTOP_METRIC_GPU_DEVICE_UTIL, ACTOP_METRIC_GPU_RENDERER_UTIL, ACTOP_METRIC_GPU_TILER_UTIL};
    const int32_t channels[] = {g->device, g->renderer, g->tiler};
    double value;
    for (size_t i = 0; i < 3; i++)
        if (driver_ratio(d, channels[i], &value))
            sample_put(d->out, metrics[i], 0, value, ACTOP_MEASURED, g->via_driver);
    if (driver_value(d, g->in_use, &value)) {
        sample_put(d->out, ACTOP_METRIC_GPU_MEM_USED, 0, value, ACTOP_MEASURED, g->via_driver);
        sample_put(d->out, ACTOP_METRIC_GPU_ONE_MEM_USED, (uint32_t)g->row, value, ACTOP_MEASURED,
                   g->via_driver);
    }
}

static void put_facts(const struct gpu *g, struct decode_frame *d)
{
    double max = g->dvfs.max_hz;
    uint32_t row = (uint32_t)g->row;
    if (max > 0) {
        sample_put(d->out, ACTOP_METRIC_GPU_MAX_FREQ, 0, max, ACTOP_MEASURED, g->via);
        sample_put(d->out, ACTOP_METRIC_GPU_ONE_MAX_FREQ, row, max, ACTOP_MEASURED, g->via);
    }
    if (g->cores > 0)
        sample_put(d->out, ACTOP_METRIC_GPU_CORES, row, g->cores, ACTOP_MEASURED, g->via_driver);
    decode_put_property(d, ACTOP_METRIC_GPU_NAME, row, "agx/class", g->via_driver);
}

static void step(void *state, struct decode_frame *d)
{
    struct gpu *g = state;
    if (g->row < 0)
        return;
    double ticks[APPLE_MAX_STATES] = {0};
    actop_state has = apple_follow(&g->follow, d, g->residency, &g->states, ticks);
    keep_ratios(g, ticks);
    put_facts(g, d);
    put_states(g, d, apple_has(has));
    put_driver(g, d);
    double device;
    if (apple_has(has)) {
        put_util(g, d, g->follow.active, "residency", g->follow.at_ns, g->via);
        put_clock(g, d);
    } else if (has != ACTOP_STATE_WARMING && driver_ratio(d, g->device, &device)) {
        put_util(g, d, device, "ioaccelerator", d->frame->at.awake_ns, g->via_driver);
    } else {
        sample_put_state(d->out, ACTOP_METRIC_GPU_UTIL, 0, has, g->via);
    }
}

static void notes(const void *state, const struct decode_notes *d)
{
    const struct gpu *g = state;
    if (g->residency >= 0)
        apple_dvfs_note(&g->dvfs, "gpu0", d->into);
}

const struct decode_part decode_part_apple_gpu = {
    .name = "gpu",
    .state_size = sizeof(struct gpu),
    .begin = begin,
    .step = step,
    .notes = notes,
};
