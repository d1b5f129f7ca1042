/* SPDX-License-Identifier: MIT */
/* The fold over samples; see analysis.h. Each part has its own file; here stands the order in which they see a sample.
 * Reading order: analysis_step, judge. */
#include "analysis/analysis.h"

#include <stdlib.h>

#include "analysis/alert.h"
#include "analysis/attribution.h"
#include "analysis/bottleneck.h"
#include "analysis/energy.h"
#include "analysis/power.h"
#include "analysis/residency.h"
#include "analysis/throttle.h"
#include "analysis/window.h"
#include "base/error.h"

struct analysis {
    struct analysis_options options;
    struct facts facts;         /* scratch */
    struct residency residency; /* scratch */
    struct lineage lineage;
    struct windows windows;
    struct energy energy;
    struct power power;
    struct alerts alerts;
    struct throttle throttle;
    struct bottleneck bottleneck;
    struct attribution attribution;
    uint64_t gaps;
};

struct analysis *analysis_new(const struct analysis_options *options)
{
    struct analysis *a = calloc(1, sizeof *a);
    if (a == NULL)
        return NULL;
    a->options = *options;
    if (a->options.alert_sustain_samples < 1)
        a->options.alert_sustain_samples = 1;
    if (alerts_init(&a->alerts, &a->options))
        return a;
    free(a);
    return NULL;
}

void analysis_free(struct analysis *a)
{
    if (a == NULL)
        return;
    free(a->facts.clusters);
    residency_release(&a->residency);
    lineage_release(&a->lineage);
    windows_release(&a->windows);
    energy_release(&a->energy);
    alerts_release(&a->alerts);
    attribution_release(&a->attribution);
    free(a);
}

struct analysis *analysis_clone(const struct analysis *a)
{
    struct analysis *copy = calloc(1, sizeof *copy);
    if (copy == NULL)
        return NULL;
    copy->options = a->options;
    copy->power = a->power;
    copy->throttle = a->throttle;
    copy->bottleneck = a->bottleneck;
    copy->gaps = a->gaps;
    lineage_copy(&copy->lineage, &a->lineage);
    bool ok = windows_copy(&copy->windows, &a->windows);
    ok = energy_copy(&copy->energy, &a->energy) && ok;
    ok = alerts_copy(&copy->alerts, &a->alerts) && ok;
    ok = attribution_copy(&copy->attribution, &a->attribution) && ok;
    if (ok)
        return copy;
    analysis_free(copy);
    return NULL;
}

/* A failure forgets the topology, so that the next step begins as with a new one. */
static actop_status follow_topology(struct analysis *a, const struct actop_sample_t *s,
                                    actop_error *err)
{
    actop_status st = lineage_follow(&a->lineage, s->topology, err);
    if (st == ACTOP_OK && a->lineage.changed)
        st = windows_follow(&a->windows, &a->lineage, s, err);
    if (st == ACTOP_OK && a->lineage.changed)
        st = energy_follow(&a->energy, &a->lineage, err);
    if (st != ACTOP_OK)
        lineage_release(&a->lineage);
    return st;
}

/* What is known of the chip. Figures that came with the sample (of a feed) stand in for the chip's row. */
static struct soc find_soc(const struct actop_sample_t *s)
{
    const struct cell *chip = sample_cell(s, ACTOP_METRIC_CHIP, 0);
    double gpu_cores = value_or(s, ACTOP_METRIC_GPU_CORES, 0, 0);
    struct soc soc = soc_find(cell_has(chip) ? pool_at(&s->pool, chip->text) : NULL,
                              gpu_cores >= 0 && gpu_cores < 1e6 ? (uint32_t)gpu_cores : 0);
    soc.cpu_w = value_or(s, ACTOP_METRIC_CPU_POWER_REFERENCE, 0, soc.cpu_w);
    soc.gpu_w = value_or(s, ACTOP_METRIC_GPU_POWER_REFERENCE, 0, soc.gpu_w);
    soc.ane_w = value_or(s, ACTOP_METRIC_ANE_POWER_REFERENCE, 0, soc.ane_w);
    soc.dram_bps = value_or(s, ACTOP_METRIC_BANDWIDTH_PEAK, 0, soc.dram_bps);
    return soc;
}

/* What a sample that belongs to the one before it adds. */
static actop_status judge(struct analysis *a, const struct step *step, actop_error *err)
{
    power_add(&a->power, step);
    energy_add(&a->energy, step);
    throttle_add(&a->throttle, step);
    alerts_add(&a->alerts, step);
    bottleneck_add(&a->bottleneck, step);
    return windows_add(&a->windows, step, err);
}

static void put_all(struct analysis *a, const struct step *step)
{
    power_put(&a->power, step);
    energy_put(&a->energy, step);
    throttle_put(&a->throttle, step);
    alerts_put(&a->alerts, step);
    windows_put(&a->windows, step);
    put_missing(step->s, ACTOP_METRIC_GAPS, 0, (double)a->gaps, ACTOP_DERIVED);
}

actop_status analysis_step(struct analysis *a, struct actop_sample_t *s, actop_error *err)
{
    actop_status st = follow_topology(a, s, err);
    if (st == ACTOP_OK)
        st = facts_take(&a->facts, s, err);
    if (st != ACTOP_OK)
        return st;
    struct step step = {s, &a->options, &a->facts, find_soc(s), (double)s->interval_ns / 1e9};
    if (s->gap) {
        a->gaps++;
        step.dt_s = 0;
        energy_skip(&a->energy, &step);
    }
    power_derive(&step);
    alerts_raise(&a->alerts, &step);
    st = residency_derive(&a->residency, &step, err);
    if (st == ACTOP_OK && !s->gap)
        st = judge(a, &step, err);
    put_all(a, &step);
    if (st == ACTOP_OK)
        st = attribution_add(&a->attribution, &step, err);
    if (st == ACTOP_OK && s->failed)
        st = error_no_memory(err, "analysis");
    return st;
}
