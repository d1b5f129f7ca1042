/* SPDX-License-Identifier: MIT */
/* Reading samples: the public view of model/sample.h. */
#include <string.h>

#include "session/session.h"

void session_fill_sized(void *out, const void *from, size_t size)
{
    size_t known;
    memcpy(&known, out, sizeof known);
    known = known < size ? known : size;
    memcpy(out, from, known);
    memcpy(out, &known, sizeof known);
}

void actop_sample_times(const actop_sample_t *sample, actop_times *out)
{
    actop_times t = {.seq = sample->seq,
                     .wall_ns = sample->at.wall_ns,
                     .awake_ns = sample->at.awake_ns,
                     .boot_ns = sample->at.boot_ns,
                     .interval_ns = sample->interval_ns,
                     .gap = sample->gap};
    session_fill_sized(out, &t, sizeof t);
}

uint32_t actop_rows(const actop_sample_t *sample, actop_scope scope)
{
    return (unsigned)scope < ACTOP_SCOPE_COUNT ? sample_rows(sample, scope) : 0;
}

actop_status actop_entity_at(const actop_sample_t *sample, actop_scope scope, uint32_t row,
                             actop_entity *out)
{
    const struct entity *e =
        (unsigned)scope < ACTOP_SCOPE_COUNT ? sample_entity_get(sample, scope, row) : NULL;
    if (e == NULL)
        return ACTOP_E_NOT_FOUND;
    *out =
        (actop_entity){.key = sample_entity_text(sample, scope, e->key),
                       .name = sample_entity_text(sample, scope, e->name != 0 ? e->name : e->key),
                       .tier = sample_entity_text(sample, scope, e->tier),
                       .id = e->id,
                       .start = e->start,
                       .parent = e->parent,
                       .parent_scope = (actop_scope)e->parent_scope,
                       .index = e->index,
                       .die = e->die,
                       .flags = e->flags};
    return ACTOP_OK;
}

int64_t actop_entity_find(const actop_sample_t *sample, actop_scope scope, const char *key)
{
    uint32_t n = actop_rows(sample, scope);
    for (uint32_t row = 0; key != NULL && row < n; row++) {
        const struct entity *e = sample_entity_get(sample, scope, row);
        if (strcmp(sample_entity_text(sample, scope, e->key), key) == 0)
            return row;
    }
    return -1;
}

actop_reading actop_read(const actop_sample_t *sample, actop_metric id, uint32_t row)
{
    actop_reading r = {0};
    const struct cell *c = (unsigned)id < ACTOP_METRIC_COUNT ? sample_cell(sample, id, row) : NULL;
    if (c == NULL)
        return r;
    r.state = (actop_state)c->state;
    r.origin = (actop_origin)c->origin;
    if (c->via != 0)
        r.via = pool_at(&sample->topology->pool, sample->topology->via[c->via]);
    if (!cell_has(c))
        return r;
    r.value = c->value;
    r.age_ns = sample->at.awake_ns > c->at_ns ? sample->at.awake_ns - c->at_ns : 0;
    if (metric_info(id)->kind == ACTOP_KIND_INFO)
        r.text = pool_at(&sample->pool, c->text);
    return r;
}

actop_reading actop_read_key(const actop_sample_t *sample, const char *metric_key,
                             const char *entity_key)
{
    const actop_metric_info *m = actop_metric_find(metric_key);
    int64_t row = m == NULL            ? -1
                  : entity_key == NULL ? 0
                                       : actop_entity_find(sample, m->scope, entity_key);
    return row < 0 ? (actop_reading){0} : actop_read(sample, m->id, (uint32_t)row);
}

actop_status actop_read_window(const actop_sample_t *sample, actop_metric id, uint32_t row,
                               actop_window *out)
{
    if ((unsigned)id >= ACTOP_METRIC_COUNT)
        return ACTOP_E_NOT_FOUND;
    const struct window_cell *w = sample_window_get(sample, id, row);
    if (w == NULL || w->count == 0)
        return ACTOP_E_NOT_FOUND;
    actop_window all = {.average = w->average, .peak = w->peak, .count = w->count};
    session_fill_sized(out, &all, sizeof all);
    return ACTOP_OK;
}
