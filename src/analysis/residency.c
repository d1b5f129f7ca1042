/* SPDX-License-Identifier: MIT */
/* Sorts P-states into buckets. Decode gives PSTATE rows with frequency and ratio; both platforms share the rest. */
#include "analysis/residency.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/vec.h"

static inline struct residency_owner *owner_of(const struct residency *r,
                                               const struct actop_sample_t *s, uint32_t row)
{
    const struct entity *state = sample_entity_get(s, ACTOP_SCOPE_PSTATE, row);
    if (state->parent < 0 ||
        (uint32_t)state->parent >= sample_rows(s, (actop_scope)state->parent_scope))
        return NULL;
    if (state->parent_scope == ACTOP_SCOPE_CLUSTER)
        return &r->clusters[state->parent];
    return state->parent_scope == ACTOP_SCOPE_GPU ? &r->gpus[state->parent] : NULL;
}

static bool is_idle(const struct actop_sample_t *s, uint32_t row, double hz)
{
    return hz <= 0 ||
           (sample_entity_get(s, ACTOP_SCOPE_PSTATE, row)->flags & ACTOP_ENTITY_IDLE) != 0;
}

static double hz_of(const struct actop_sample_t *s, uint32_t row)
{
    const struct cell *c = cell_at(s, ACTOP_METRIC_PSTATE_FREQ, row);
    return cell_has(c) ? c->value : 0;
}

static void find_tops(const struct residency *r, const struct actop_sample_t *s)
{
    uint32_t rows = sample_rows(s, ACTOP_SCOPE_PSTATE);
    for (uint32_t row = 0; row < rows; row++) {
        struct residency_owner *owner = owner_of(r, s, row);
        double hz = hz_of(s, row);
        if (owner == NULL)
            continue;
        if (hz > owner->top_hz)
            owner->top_hz = hz;
        owner->has_idle = owner->has_idle || is_idle(s, row, hz);
    }
}

static int bucket_of(double hz, double top_hz)
{
    if (hz >= 0.75 * top_hz)
        return BUCKET_HIGH;
    return hz >= 0.40 * top_hz ? BUCKET_MID : BUCKET_LOW;
}

static void sort_states(const struct residency *r, const struct actop_sample_t *s)
{
    uint32_t rows = sample_rows(s, ACTOP_SCOPE_PSTATE);
    for (uint32_t row = 0; row < rows; row++) {
        struct residency_owner *owner = owner_of(r, s, row);
        const struct cell *ratio = cell_at(s, ACTOP_METRIC_PSTATE_RATIO, row);
        if (owner == NULL || !cell_has(ratio))
            continue;
        double hz = hz_of(s, row);
        owner->ratio[is_idle(s, row, hz) ? BUCKET_IDLE : bucket_of(hz, owner->top_hz)] +=
            ratio->value;
        owner->any = true;
    }
}

/* Some kernels count time at a frequency whether or not anything ran (cpufreq's time_in_state): then the utilization
 * says how much of it was idle. */
static void part_idle(struct residency_owner *owner, double util_ratio)
{
    if (!owner->any || owner->has_idle || util_ratio < 0)
        return;
    owner->ratio[BUCKET_IDLE] = 1 - util_ratio;
    for (int b = BUCKET_LOW; b <= BUCKET_HIGH; b++)
        owner->ratio[b] *= util_ratio;
}

static void put_buckets(struct actop_sample_t *s, const actop_metric ids[BUCKET_COUNT],
                        uint32_t row, const struct residency_owner *owner)
{
    for (int b = 0; b < BUCKET_COUNT; b++)
        put_missing(s, ids[b], row, owner->ratio[b],
                    owner->has_idle ? ACTOP_DERIVED : ACTOP_ESTIMATED);
}

static void put_tier(const struct residency *r, const struct step *step, uint32_t tier)
{
    static const actop_metric ids[BUCKET_COUNT] = {ACTOP_METRIC_TIER_IDLE, ACTOP_METRIC_TIER_LOW,
                                                   ACTOP_METRIC_TIER_MID, ACTOP_METRIC_TIER_HIGH};
    struct residency_owner mean = {.has_idle = true};
    double weight = 0;
    for (uint32_t row = 0; row < sample_rows(step->s, ACTOP_SCOPE_CLUSTER); row++) {
        const struct entity *cluster = sample_entity_get(step->s, ACTOP_SCOPE_CLUSTER, row);
        const struct residency_owner *owner = &r->clusters[row];
        if (cluster->parent_scope != ACTOP_SCOPE_TIER || cluster->parent != (int32_t)tier ||
            !owner->any)
            continue;
        uint32_t cores = step->facts->clusters[row].cores;
        double w = cores > 0 ? cores : 1;
        for (int b = 0; b < BUCKET_COUNT; b++)
            mean.ratio[b] += w * owner->ratio[b];
        mean.has_idle = mean.has_idle && owner->has_idle;
        weight += w;
    }
    for (int b = 0; b < BUCKET_COUNT && weight > 0; b++)
        mean.ratio[b] /= weight;
    if (weight > 0)
        put_buckets(step->s, ids, tier, &mean);
}

actop_status residency_derive(struct residency *r, const struct step *step, actop_error *err)
{
    static const actop_metric gpu_ids[BUCKET_COUNT] = {ACTOP_METRIC_GPU_IDLE, ACTOP_METRIC_GPU_LOW,
                                                       ACTOP_METRIC_GPU_MID, ACTOP_METRIC_GPU_HIGH};
    struct actop_sample_t *s = step->s;
    uint32_t clusters = sample_rows(s, ACTOP_SCOPE_CLUSTER);
    uint32_t gpus = sample_rows(s, ACTOP_SCOPE_GPU);
    if (sample_rows(s, ACTOP_SCOPE_PSTATE) == 0)
        return ACTOP_OK;
    if (!VEC_GROW(r->clusters, r->cap_clusters, (size_t)clusters + 1) ||
        !VEC_GROW(r->gpus, r->cap_gpus, (size_t)gpus + 1))
        return error_no_memory(err, "residencies");
    memset(r->clusters, 0, clusters * sizeof *r->clusters);
    memset(r->gpus, 0, gpus * sizeof *r->gpus);
    find_tops(r, s);
    sort_states(r, s);
    for (uint32_t row = 0; row < clusters; row++)
        part_idle(&r->clusters[row], value_or(s, ACTOP_METRIC_CLUSTER_UTIL, row, -1));
    for (uint32_t row = 0; row < gpus; row++)
        part_idle(&r->gpus[row], value_or(s, ACTOP_METRIC_GPU_ONE_UTIL, row, -1));
    for (uint32_t tier = 0; tier < sample_rows(s, ACTOP_SCOPE_TIER); tier++)
        put_tier(r, step, tier);
    for (uint32_t row = 0; row < gpus; row++)
        if (r->gpus[row].any)
            put_buckets(s, gpu_ids, row, &r->gpus[row]);
    return ACTOP_OK;
}

void residency_release(struct residency *r)
{
    free(r->clusters);
    free(r->gpus);
    *r = (struct residency){0};
}
