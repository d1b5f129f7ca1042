/* SPDX-License-Identifier: MIT */
/* What the formats share; see export.h. */
#include "export/export.h"

#include <math.h>
#include <string.h>

bool export_value(const struct actop_sample_t *s, actop_metric id, int32_t row, double *value)
{
    return row >= 0 && sample_get(s, id, (uint32_t)row, value) && isfinite(*value);
}

const char *export_text(const struct actop_sample_t *s, actop_metric id, int32_t row)
{
    const struct cell *c = row >= 0 ? sample_cell(s, id, (uint32_t)row) : NULL;
    return cell_has(c) && metric_info(id)->kind == ACTOP_KIND_INFO ? pool_at(&s->pool, c->text)
                                                                   : NULL;
}

int32_t export_tier_high(const struct actop_sample_t *s)
{
    return (int32_t)sample_rows(s, ACTOP_SCOPE_TIER) - 1;
}

int32_t export_tier_low(const struct actop_sample_t *s)
{
    return sample_rows(s, ACTOP_SCOPE_TIER) > 1 ? 0 : -1;
}

int32_t export_tier_of_core(const struct actop_sample_t *s, uint32_t row)
{
    const struct entity *e = sample_entity_get(s, ACTOP_SCOPE_CORE, row);
    for (int steps = 0; e != NULL && e->parent >= 0 && steps < 3; steps++) {
        if (e->parent_scope == ACTOP_SCOPE_TIER)
            return e->parent;
        e = sample_entity_get(s, (actop_scope)e->parent_scope, (uint32_t)e->parent);
    }
    return -1;
}

uint64_t export_core_number(const struct actop_sample_t *s, uint32_t row)
{
    const struct entity *e = sample_entity_get(s, ACTOP_SCOPE_CORE, row);
    const char *source = export_text(s, ACTOP_METRIC_SOURCE, 0);
    if (e == NULL)
        return row;
    return source != NULL && strncmp(source, "linux", 5) == 0 ? e->id : e->index;
}

void export_put_name(struct buf *b, actop_metric id, bool member)
{
    const actop_metric_info *m = metric_info(id);
    const char *key = m->key;
    if (!member && m->json_key != NULL && m->json_key[0] != '\0') {
        buf_puts(b, m->json_key);
        return;
    }
    if (member)
        key = strchr(key, '.') + 1;
    if (member && strncmp(key, "one_", 4) == 0)
        key += 4;
    metric_put_joined(b, key, m->unit);
}

bool export_percents(const double *shares, size_t n, int *percents)
{
    double sum = 0, rest[8];
    int left = 100;
    for (size_t i = 0; i < n; i++)
        sum += shares[i] > 0 ? shares[i] : 0;
    if (!(sum > 0) || !isfinite(sum))
        return false;
    for (size_t i = 0; i < n; i++) {
        double exact = (shares[i] > 0 ? shares[i] : 0) / sum * 100;
        percents[i] = (int)exact;
        rest[i] = exact - percents[i];
        left -= percents[i];
    }
    for (; left > 0; left--) {
        size_t most = 0;
        for (size_t i = 1; i < n; i++)
            if (rest[i] > rest[most])
                most = i;
        percents[most]++;
        rest[most] = -1;
    }
    return true;
}
