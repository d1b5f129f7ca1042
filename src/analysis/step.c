/* SPDX-License-Identifier: MIT */
/* Counts what several parts ask, and reads and puts values the way all of them do. */
#include "analysis/step.h"

#include "base/error.h"
#include "base/vec.h"

double value_or(const struct actop_sample_t *s, actop_metric id, uint32_t row, double otherwise)
{
    double value;
    return sample_get(s, id, row, &value) ? value : otherwise;
}

static void count_core(struct facts *f, const struct actop_sample_t *s, uint32_t row,
                       size_t clusters)
{
    const struct entity *core = sample_entity_get(s, ACTOP_SCOPE_CORE, row);
    double util_ratio = value_or(s, ACTOP_METRIC_CORE_UTIL, row, -1);
    if (value_or(s, ACTOP_METRIC_CORE_ONLINE, row, 1) == 0)
        return;
    f->cores++;
    if (util_ratio >= 0)
        f->busy_cores = (f->busy_cores < 0 ? 0 : f->busy_cores) + util_ratio;
    if (util_ratio > f->busiest_ratio)
        f->busiest_ratio = util_ratio;
    if (core == NULL || core->parent_scope != ACTOP_SCOPE_CLUSTER || core->parent < 0 ||
        (size_t)core->parent >= clusters)
        return;
    struct cluster_facts *cluster = &f->clusters[core->parent];
    cluster->cores++;
    if (util_ratio > cluster->busiest_ratio)
        cluster->busiest_ratio = util_ratio;
}

actop_status facts_take(struct facts *f, const struct actop_sample_t *s, actop_error *err)
{
    size_t clusters = sample_rows(s, ACTOP_SCOPE_CLUSTER);
    if (!VEC_GROW(f->clusters, f->cap, clusters))
        return error_set(err, ACTOP_E_NOMEM, "out of memory for %zu clusters", clusters);
    for (size_t i = 0; i < clusters; i++)
        f->clusters[i] = (struct cluster_facts){0, 0};
    f->cores = 0;
    f->busiest_ratio = -1;
    f->busy_cores = -1;
    for (uint32_t row = 0; row < sample_rows(s, ACTOP_SCOPE_CORE); row++)
        count_core(f, s, row, clusters);
    return ACTOP_OK;
}

void sum_add(struct sum *sum, const struct cell *part)
{
    if (!cell_has(part))
        return;
    sum->value += part->value;
    if (!sum->any || part->at_ns < sum->at_ns)
        sum->at_ns = part->at_ns;
    if (!sum->any || part->state == ACTOP_STATE_STALE)
        sum->state = part->state;
    if (sum->origin < ACTOP_DERIVED)
        sum->origin = ACTOP_DERIVED;
    if (part->origin > sum->origin)
        sum->origin = part->origin;
    if (!sum->any)
        sum->via = part->via;
    sum->any = true;
}

void sum_put(const struct sum *sum, struct actop_sample_t *s, actop_metric id, uint32_t row)
{
    if (sum->any)
        sample_put_at(s, id, row, sum->value, sum->at_ns, sum->state, sum->origin, sum->via);
}

void put_missing(struct actop_sample_t *s, actop_metric id, uint32_t row, double value,
                 actop_origin origin)
{
    if (!cell_has(sample_cell(s, id, row)))
        sample_put(s, id, row, value, origin, 0);
}

void put_total(struct actop_sample_t *s, actop_metric id, double value)
{
    sample_put(s, id, 0, value, ACTOP_DERIVED, 0);
}
