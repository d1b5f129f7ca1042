/* SPDX-License-Identifier: MIT */
/* GPUs: one row a card, and the machine's GPU metrics, which are those of the busiest card (of the first while none is
 * known to be busy); memory is summed over the cards: video memory, and main memory the GPU may use (gtt) where it is part
 * of the processor, which its missing fan tells (see energy.c). i915 and xe count idle time: the rest is busy (estimated, since an
 * engine that is powered up need not work). Power, temperature and clock come from the chip on the same device. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/vec.h"
#include "decode/linux.h"
#include "decode/linux/chips.h"

struct gpu {
    int32_t busy, idle, act, cur, cur_hz, vram_used, gtt_used; /* channels; -1 none */
    int32_t sclk, power, energy, temp;                         /* of its sensor chip */
    uint32_t row;
    double max_hz, vram_total_b, gtt_total_b; /* UNKNOWN */
    char name[48];
    double util, hz, used_b, total_b, c; /* this frame; UNKNOWN */
    uint16_t via_clock;                  /* who gave hz */
};

struct gpu_state {
    struct gpu *gpus; /* owned */
    size_t n, cap;
    uint16_t via_drm, via_hwmon;
};

/* ---- begin ------------------------------------------------------------------------------------------------------- */

static int32_t channel_of(const struct schema *s, const char *card, const char *name)
{
    char key[64];
    (void)snprintf(key, sizeof key, "drm/%s/%s", card, name);
    return schema_find_channel(s, key);
}

static double fact_of(const struct schema *s, const char *card, const char *name, double unit)
{
    char key[64];
    uint64_t value;
    (void)snprintf(key, sizeof key, "drm/%s/%s", card, name);
    return schema_get_u64(s, key, 0, &value) ? (double)value * unit : UNKNOWN;
}

/* First channel of a group on a device; preferred is the label to take where there are several, or NULL. */
static int32_t sensor_on(const struct schema *s, const char *device, const char *group,
                         const char *preferred)
{
    int32_t found = -1;
    for (int32_t i = 0; device != NULL && i < (int32_t)s->n_channels; i++) {
        const struct channel *c = &s->channels[i];
        if (strcmp(schema_text(s, c->group), group) != 0 ||
            !chip_is_on(schema_text(s, c->key), device))
            continue;
        if (found < 0 || (preferred != NULL && strcmp(schema_text(s, c->label), preferred) == 0))
            found = i;
    }
    return found;
}

static void find_channels(struct gpu *g, const struct schema *s, const char *card,
                          const char *device)
{
    g->busy = channel_of(s, card, "busy");
    g->idle = channel_of(s, card, "idle");
    g->act = channel_of(s, card, "act");
    g->cur = channel_of(s, card, "cur");
    g->cur_hz = channel_of(s, card, "cur_hz");
    g->vram_used = channel_of(s, card, "vram_used");
    g->gtt_used = channel_of(s, card, "gtt_used");
    g->sclk = sensor_on(s, device, "hwmon/freq", "sclk");
    g->power = sensor_on(s, device, "hwmon/power", NULL);
    g->energy = sensor_on(s, device, "hwmon/energy", NULL);
    g->temp = sensor_on(s, device, "hwmon/temp", "edge");
    if (sensor_on(s, device, "hwmon/fan", NULL) >= 0)
        g->gtt_used = -1;
    g->vram_total_b = fact_of(s, card, "vram_total", 1);
    g->gtt_total_b = g->gtt_used >= 0 ? fact_of(s, card, "gtt_total", 1) : UNKNOWN;
    g->max_hz = fact_of(s, card, "max_mhz", 1e6);
    if (isnan(g->max_hz))
        g->max_hz = fact_of(s, card, "max_hz", 1);
}

static bool add_gpu(struct gpu_state *s, struct decode_schema *d, const char *card)
{
    char key[64];
    if (!VEC_GROW(s->gpus, s->cap, s->n + 1))
        return false;
    struct gpu *g = &s->gpus[s->n];
    memset(g, 0, sizeof *g);
    (void)snprintf(key, sizeof key, "drm/%s/driver", card);
    const char *driver = schema_get_text(d->schema, key);
    (void)snprintf(key, sizeof key, "drm/%s/device", card);
    find_channels(g, d->schema, card, schema_get_text(d->schema, key));
    (void)snprintf(g->name, sizeof g->name, "%.40s", driver != NULL ? driver : card);
    int32_t row = topology_add(d->topology, ACTOP_SCOPE_GPU, card, g->name, NULL);
    g->row = (uint32_t)row;
    s->n++;
    return row >= 0;
}

static bool begin(void *state, struct decode_schema *d)
{
    struct gpu_state *s = state;
    const struct property *cards = schema_find_property(d->schema, "drm/cards");
    bool ok = true;
    s->n = 0;
    s->via_drm = topology_via(d->topology, "drm");
    s->via_hwmon = topology_via(d->topology, "hwmon");
    if (cards == NULL || cards->type != SLOT_BYTES)
        return true;
    const char *names = schema_text(d->schema, cards->first);
    for (size_t at = 0; ok && at < cards->count; at += strlen(names + at) + 1)
        ok = names[at] == '\0' || add_gpu(s, d, names + at);
    return ok;
}

/* ---- step ----------------------------------------------------------------------------------------------------------- */

static double number_of(const struct decode_frame *d, int32_t channel, double unit)
{
    return frame_has(d->frame, channel) ? (double)frame_u64(d->frame, channel) * unit : UNKNOWN;
}

static void put(struct decode_frame *d, actop_metric id, uint32_t row, double value,
                actop_origin origin, uint16_t via)
{
    if (!isnan(value))
        sample_put(d->out, id, row, value, origin, via);
}

static double sum_of(double a, double b)
{
    return isnan(a) ? b : isnan(b) ? a : a + b;
}

static void step_util(const struct gpu_state *s, struct decode_frame *d, struct gpu *g)
{
    double idle;
    int32_t channel = g->busy >= 0 ? g->busy : g->idle;
    g->util = number_of(d, g->busy, 0.01);
    if (g->busy < 0 && decode_rate(d, g->idle, 0, 1e-3, &idle))
        g->util = idle > 1 ? 0 : 1 - idle;
    if (isnan(g->util))
        sample_put_state(d->out, ACTOP_METRIC_GPU_ONE_UTIL, g->row, decode_absence(d, channel),
                         s->via_drm);
    else
        sample_put(d->out, ACTOP_METRIC_GPU_ONE_UTIL, g->row, g->util,
                   g->busy >= 0 ? ACTOP_MEASURED : ACTOP_ESTIMATED, s->via_drm);
}

/* act is what the hardware runs at (0 while it sleeps), cur what is asked for (documented: i915's and xe's ABI). */
static void step_clock(const struct gpu_state *s, struct decode_frame *d, struct gpu *g)
{
    double asked = number_of(d, g->cur, 1e6), real = number_of(d, g->act, 1e6),
           sclk = number_of(d, g->sclk, 1);
    g->via_clock = isnan(real) && !isnan(sclk) ? s->via_hwmon : s->via_drm;
    real = isnan(real) ? sclk : real;
    asked = isnan(asked) ? number_of(d, g->cur_hz, 1) : asked;
    g->hz = isnan(real) ? asked : real;
    put(d, ACTOP_METRIC_GPU_ONE_FREQ, g->row, g->hz, ACTOP_MEASURED, g->via_clock);
    put(d, ACTOP_METRIC_GPU_ONE_REALIZED_FREQ, g->row, real, ACTOP_MEASURED, g->via_clock);
    put(d, ACTOP_METRIC_GPU_ONE_MAX_FREQ, g->row, g->max_hz, ACTOP_MEASURED, s->via_drm);
    if (!isnan(g->util) && !isnan(g->hz) && g->max_hz > 0)
        put(d, ACTOP_METRIC_GPU_ONE_SCALED, g->row, g->util * g->hz / g->max_hz, ACTOP_DERIVED,
            s->via_drm);
}

static void step_sensors(const struct gpu_state *s, struct decode_frame *d, struct gpu *g)
{
    double w = number_of(d, g->power, 1e-6);
    actop_origin origin = ACTOP_MEASURED;
    if (isnan(w) && decode_rate(d, g->energy, 0, 1e-6, &w))
        origin = ACTOP_DERIVED;
    put(d, ACTOP_METRIC_GPU_ONE_POWER, g->row, w, origin, s->via_hwmon);
    g->c = frame_has(d->frame, g->temp) ? (double)frame_i64(d->frame, g->temp) * 1e-3 : UNKNOWN;
    if (g->c >= 15 && g->c <= 125)
        put(d, ACTOP_METRIC_GPU_ONE_TEMP, g->row, g->c, ACTOP_MEASURED, s->via_hwmon);
}

static void step_gpu(const struct gpu_state *s, struct decode_frame *d, struct gpu *g)
{
    sample_put_text(d->out, ACTOP_METRIC_GPU_NAME, g->row, g->name, strlen(g->name), s->via_drm);
    step_util(s, d, g);
    step_clock(s, d, g);
    step_sensors(s, d, g);
    g->used_b = sum_of(number_of(d, g->vram_used, 1), number_of(d, g->gtt_used, 1));
    g->total_b = sum_of(g->vram_total_b, g->gtt_total_b);
    put(d, ACTOP_METRIC_GPU_ONE_MEM_USED, g->row, g->used_b, ACTOP_MEASURED, s->via_drm);
    put(d, ACTOP_METRIC_GPU_ONE_MEM_TOTAL, g->row, g->total_b, ACTOP_MEASURED, s->via_drm);
}

/* ---- the machine ------------------------------------------------------------------------------------------------------ */

static const struct gpu *busiest(const struct gpu_state *s)
{
    const struct gpu *best = &s->gpus[0];
    for (size_t i = 1; i < s->n; i++)
        if (!isnan(s->gpus[i].util) && (isnan(best->util) || s->gpus[i].util > best->util))
            best = &s->gpus[i];
    return best;
}

static void put_util(const struct gpu_state *s, struct decode_frame *d, const struct gpu *g)
{
    static const char source[] = "driver";
    actop_origin origin = g->busy >= 0 ? ACTOP_MEASURED : ACTOP_ESTIMATED;
    if (isnan(g->util)) {
        actop_state none = decode_absence(d, g->busy >= 0 ? g->busy : g->idle);
        sample_put_state(d->out, ACTOP_METRIC_GPU_UTIL, 0, none, s->via_drm);
        return;
    }
    sample_put(d->out, ACTOP_METRIC_GPU_UTIL, 0, g->util, origin, s->via_drm);
    sample_put(d->out, ACTOP_METRIC_GPU_DEVICE_UTIL, 0, g->util, origin, s->via_drm);
    sample_put_text(d->out, ACTOP_METRIC_GPU_UTIL_SOURCE, 0, source, sizeof source - 1, s->via_drm);
}

static void put_machine(const struct gpu_state *s, struct decode_frame *d)
{
    const struct gpu *g = busiest(s);
    double used_b = UNKNOWN, total_b = UNKNOWN;
    put_util(s, d, g);
    put(d, ACTOP_METRIC_GPU_FREQ, 0, g->hz, ACTOP_MEASURED, g->via_clock);
    put(d, ACTOP_METRIC_GPU_MAX_FREQ, 0, g->max_hz, ACTOP_MEASURED, s->via_drm);
    for (size_t i = 0; i < s->n; i++) {
        used_b = sum_of(used_b, s->gpus[i].used_b);
        total_b = sum_of(total_b, s->gpus[i].total_b);
    }
    put(d, ACTOP_METRIC_GPU_MEM_USED, 0, used_b, ACTOP_DERIVED, s->via_drm);
    put(d, ACTOP_METRIC_GPU_MEM_TOTAL, 0, total_b, ACTOP_DERIVED, s->via_drm);
}

static void step(void *state, struct decode_frame *d)
{
    struct gpu_state *s = state;
    for (size_t i = 0; i < s->n; i++)
        step_gpu(s, d, &s->gpus[i]);
    if (s->n > 0)
        put_machine(s, d);
    else
        sample_put_state(d->out, ACTOP_METRIC_GPU_UTIL, 0, ACTOP_STATE_UNSUPPORTED, s->via_drm);
}

static bool own(void *state)
{
    struct gpu_state *s = state;
    return VEC_OWN(s->gpus, s->cap, s->n);
}

static void release(void *state)
{
    struct gpu_state *s = state;
    free(s->gpus);
}

const struct decode_part decode_part_gpu = {
    .name = "gpu",
    .state_size = sizeof(struct gpu_state),
    .begin = begin,
    .step = step,
    .own = own,
    .release = release,
};
