/* SPDX-License-Identifier: MIT */
/* Counts how long each condition has held; see alert.h. */
#include "analysis/alert.h"

#include <stdlib.h>

#include "analysis/throttle.h"
#include "base/vec.h"

static const double BUSY_RATIO = 0.80;
static const double HOT_C = 90;
static const double LEAST_SWAP_B = 0.1 * 1073741824.0;

bool alerts_init(struct alerts *a, const struct analysis_options *options)
{
    *a = (struct alerts){.cap = options->alert_sustain_samples + 1};
    if (a->cap < 2)
        a->cap = 2;
    a->swap_b = calloc(a->cap, sizeof *a->swap_b);
    return a->swap_b != NULL;
}

void alerts_release(struct alerts *a)
{
    free(a->swap_b);
    *a = (struct alerts){0};
}

bool alerts_copy(struct alerts *into, const struct alerts *from)
{
    *into = *from;
    if (VEC_OWN(into->swap_b, into->cap, into->cap))
        return true;
    *into = (struct alerts){0};
    return false;
}

void alerts_raise(struct alerts *a, const struct step *step)
{
    const struct cell *bandwidth = sample_cell(step->s, ACTOP_METRIC_BANDWIDTH, 0);
    double reference_w = step->soc.cpu_w + step->soc.gpu_w + step->soc.ane_w;
    double bps = value_or(step->s, ACTOP_METRIC_BANDWIDTH, 0, 0);
    double package_w = value_or(step->s, ACTOP_METRIC_PACKAGE_POWER, 0, 0);
    if (!step->s->gap) {
        a->seen_bps = bps > a->seen_bps ? bps : a->seen_bps;
        a->seen_w = package_w > a->seen_w ? package_w : a->seen_w;
    }
    a->ceiling_bps = a->seen_bps > step->soc.dram_bps ? a->seen_bps : step->soc.dram_bps;
    a->ceiling_w = a->seen_w > reference_w ? a->seen_w : reference_w;
    sample_put(step->s, ACTOP_METRIC_MAX_BANDWIDTH, 0, a->ceiling_bps, ACTOP_ESTIMATED, 0);
    sample_put(step->s, ACTOP_METRIC_MAX_PACKAGE, 0, a->ceiling_w, ACTOP_ESTIMATED, 0);
    if (cell_has(bandwidth))
        sample_put_at(step->s, ACTOP_METRIC_BANDWIDTH_RATIO, 0, bandwidth->value / a->ceiling_bps,
                      bandwidth->at_ns, (actop_state)bandwidth->state, ACTOP_ESTIMATED,
                      bandwidth->via);
}

bool alert_is_throttled(const struct throttle_facts *f, double ratio)
{
    bool hot = f->thermal_state > 0 || f->celsius >= HOT_C;
    return f->util_ratio >= BUSY_RATIO && f->hz >= 0 && f->top_hz > 0 &&
           f->hz < ratio * f->top_hz && hot;
}

static void hold(struct alerts *a, int which, bool condition)
{
    a->held[which] = !condition ? 0 : a->held[which] < UINT32_MAX ? a->held[which] + 1 : UINT32_MAX;
}

/* The rise from the oldest to the newest of the last N + 1 samples. */
static void follow_swap(struct alerts *a, const struct step *step)
{
    double used_b;
    a->swap_known = sample_get(step->s, ACTOP_METRIC_SWAP_USED, 0, &used_b);
    a->swap_alert = false;
    if (!a->swap_known)
        return;
    if (a->n == a->cap)
        a->first = (a->first + 1) % a->cap;
    else
        a->n++;
    a->swap_b[(a->first + a->n - 1) % a->cap] = used_b;
    double rise_b = used_b - a->swap_b[a->first];
    a->swap_rise_b = rise_b > 0 ? rise_b : 0;
    a->swap_alert = a->n == a->cap && a->swap_rise_b >= step->options->alert_swap_rise_bytes &&
                    value_or(step->s, ACTOP_METRIC_SWAP_TOTAL, 0, 0) >= LEAST_SWAP_B;
}

void alerts_add(struct alerts *a, const struct step *step)
{
    const struct analysis_options *o = step->options;
    const struct actop_sample_t *s = step->s;
    struct throttle_facts cpu = throttle_cpu_facts(s);
    struct throttle_facts gpu = throttle_gpu_facts(s);
    double bps = value_or(s, ACTOP_METRIC_BANDWIDTH, 0, -1);
    double package_w = value_or(s, ACTOP_METRIC_PACKAGE_POWER, 0, -1);
    hold(a, SUSTAINED_CPU, alert_is_throttled(&cpu, o->alert_throttle_ratio));
    hold(a, SUSTAINED_GPU, alert_is_throttled(&gpu, o->alert_throttle_ratio));
    hold(a, SUSTAINED_BANDWIDTH, bps >= 0 && bps >= o->alert_bandwidth_ratio * a->ceiling_bps);
    hold(a, SUSTAINED_PACKAGE,
         package_w >= 0 && package_w >= o->alert_package_ratio * a->ceiling_w);
    follow_swap(a, step);
    a->thermal = value_or(s, ACTOP_METRIC_THERMAL_STATE, 0, 0) > 0;
}

void alerts_put(const struct alerts *a, const struct step *step)
{
    static const actop_metric ids[SUSTAINED_COUNT] = {
        ACTOP_METRIC_ALERT_CPU, ACTOP_METRIC_ALERT_GPU, ACTOP_METRIC_ALERT_MEM_BOUND,
        ACTOP_METRIC_ALERT_PACKAGE};
    for (int i = 0; i < SUSTAINED_COUNT; i++)
        put_total(step->s, ids[i], a->held[i] >= step->options->alert_sustain_samples);
    put_total(step->s, ACTOP_METRIC_ALERT_SWAP, a->swap_alert);
    put_total(step->s, ACTOP_METRIC_ALERT_THERMAL, a->thermal);
    if (a->swap_known)
        put_total(step->s, ACTOP_METRIC_SWAP_RISE, a->swap_rise_b);
}
