/* SPDX-License-Identifier: MIT */
/* Samples and their pool; see sample.h. A sample that nobody references any more goes back to its pool with all its
 * memory, so that sampling settles without allocations; the pool lives until its last sample has come home. */
#include "model/sample.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/cold.h"
#include "base/error.h"
#include "base/vec.h"

struct sample_pool {
    pthread_mutex_t lock;
    struct actop_sample_t *free; /* owned */
    size_t refs;                 /* the owner's, and one for each sample handed out */
};

struct sample_pool *sample_pool_new(void)
{
    struct sample_pool *p = calloc(1, sizeof *p);
    if (p == NULL)
        return NULL;
    if (pthread_mutex_init(&p->lock, NULL) != 0) {
        free(p);
        return NULL;
    }
    p->refs = 1;
    return p;
}

COLD static void sample_destroy(struct actop_sample_t *s)
{
    topology_unref(s->topology);
    for (size_t i = 0; i < ACTOP_SCOPE_COUNT; i++) {
        free(s->tables[i].cells);
        free(s->tables[i].own);
    }
    free(s->windows);
    free(s->aside);
    free(s->entities_aside);
    pool_release(&s->pool);
    free(s);
}

void sample_pool_unref(struct sample_pool *p)
{
    if (p == NULL)
        return;
    pthread_mutex_lock(&p->lock);
    size_t left = --p->refs;
    pthread_mutex_unlock(&p->lock);
    if (left > 0)
        return;
    while (p->free != NULL) {
        struct actop_sample_t *s = p->free;
        p->free = s->next;
        sample_destroy(s);
    }
    (void)pthread_mutex_destroy(&p->lock);
    free(p);
}

struct actop_sample_t *sample_new(struct sample_pool *p)
{
    pthread_mutex_lock(&p->lock);
    struct actop_sample_t *s = p->free;
    if (s != NULL)
        p->free = s->next;
    p->refs++;
    pthread_mutex_unlock(&p->lock);
    if (s == NULL)
        s = calloc(1, sizeof *s);
    if (s == NULL) {
        sample_pool_unref(p);
        return NULL;
    }
    s->next = NULL;
    s->home = p;
    s->refs = 1;
    return s;
}

const actop_sample_t *actop_sample_ref(const actop_sample_t *sample)
{
    if (sample != NULL)
        ((struct actop_sample_t *)(uintptr_t)sample)->refs++;
    return sample;
}

void actop_sample_unref(const actop_sample_t *sample)
{
    struct actop_sample_t *s = (struct actop_sample_t *)(uintptr_t)sample;
    if (s == NULL || --s->refs > 0)
        return;
    struct sample_pool *home = s->home;
    pthread_mutex_lock(&home->lock);
    s->next = home->free;
    home->free = s;
    pthread_mutex_unlock(&home->lock);
    sample_pool_unref(home);
}

/* ---- Filling --------------------------------------------------------------------------------------------------- */

/* Room for rows in a table; every cell of the rows in use is kept in place when the columns move apart. */
static bool table_room(struct table *t, uint32_t columns, size_t rows)
{
    if (rows <= t->cap)
        return true;
    size_t old = t->cap;
    size_t cap = old + old / 4 < rows ? rows : old + old / 4;
    if (!VEC_RESERVE(t->cells, t->cap_cells, cap * columns))
        return false;
    for (uint32_t c = columns; c-- > 1;)
        memmove(t->cells + c * cap, t->cells + c * old, t->n * sizeof *t->cells);
    t->cap = cap;
    t->blank = 0;
    return true;
}

static void table_zero(struct table *t, uint32_t columns, size_t from, size_t to)
{
    if (from == 0 && to == t->cap && to > 0) { /* all of it */
        memset(t->cells, 0, columns * to * sizeof *t->cells);
        return;
    }
    for (uint32_t c = 0; c < columns && to > from; c++)
        memset(t->cells + c * t->cap + from, 0, (to - from) * sizeof *t->cells);
}

static void begin_table(struct actop_sample_t *s, actop_scope scope)
{
    struct table *t = &s->tables[scope];
    t->n = 0;
    t->blank = 0;
    if (scope_is_coming(scope))
        return;
    size_t rows = s->topology->n[scope];
    if (!table_room(t, scope_columns(scope), rows)) {
        s->failed = true;
        return;
    }
    t->n = (uint32_t)rows;
    table_zero(t, scope_columns(scope), 0, rows);
}

void sample_begin(struct actop_sample_t *s, const struct topology *t, const struct os_moment *at)
{
    if (s->topology != t) {
        topology_unref(s->topology);
        s->topology = topology_ref(t);
    }
    s->at = *at;
    s->interval_ns = 0;
    s->gap = false;
    s->collectors_failed = 0;
    s->failed = false;
    pool_clear(&s->pool);
    for (size_t i = 0; i < s->cap_windows; i++)
        s->windows[i].count = 0;
    s->n_windows = 0;
    for (uint32_t scope = 0; scope < ACTOP_SCOPE_COUNT; scope++) {
        begin_table(s, (actop_scope)scope);
        s->windows_at[scope] = s->n_windows;
        if (scope_has_windows((actop_scope)scope))
            s->n_windows += scope_columns((actop_scope)scope) * s->tables[scope].n;
    }
}

void sample_expect(struct actop_sample_t *s, actop_scope scope, size_t rows)
{
    struct table *t = &s->tables[scope];
    if (rows > t->cap)
        (void)(VEC_RESERVE(t->own, t->cap_own, rows) && table_room(t, scope_columns(scope), rows));
    if (rows <= t->cap && rows > t->blank && t->n == 0) { /* a column at once, not a cell */
        table_zero(t, scope_columns(scope), 0, rows);
        t->blank = rows;
    }
}

int32_t sample_add_row(struct actop_sample_t *s, actop_scope scope, const char *key, size_t key_len,
                       const char *name, size_t name_len)
{
    struct table *t = &s->tables[scope];
    uint32_t row = t->n;
    if (!VEC_RESERVE(t->own, t->cap_own, (size_t)row + 1) ||
        !table_room(t, scope_columns(scope), (size_t)row + 1)) {
        s->failed = true;
        return -1;
    }
    t->own[row] = (struct entity){.key = pool_add(&s->pool, key, key_len),
                                  .name = pool_add(&s->pool, name, name_len),
                                  .parent = -1,
                                  .id = row,
                                  .index = row};
    if (s->pool.failed) {
        s->failed = true;
        return -1;
    }
    if (row >= t->blank)
        table_zero(t, scope_columns(scope), row, (size_t)row + 1);
    t->n = row + 1;
    return (int32_t)row;
}

struct entity *sample_entity(struct actop_sample_t *s, actop_scope scope, uint32_t row)
{
    return &s->tables[scope].own[row];
}

/* Each column is gathered aside and put back, so that any order, also one that repeats or leaves out rows, is right and the table
 * needs no spare rows: with hundreds of processes those would cost more than everything else. */
bool sample_reorder(struct actop_sample_t *s, actop_scope scope, const uint32_t *order, uint32_t n)
{
    struct table *t = &s->tables[scope];
    if (!VEC_RESERVE(s->aside, s->cap_aside, n) ||
        !VEC_RESERVE(s->entities_aside, s->cap_entities_aside, n) ||
        !VEC_RESERVE(t->own, t->cap_own, n) || !table_room(t, scope_columns(scope), n))
        return false;
    for (uint32_t c = 0; c < scope_columns(scope) && n > 0; c++) {
        struct cell *column = t->cells + c * t->cap;
        for (uint32_t i = 0; i < n; i++)
            s->aside[i] = column[order[i]];
        memcpy(column, s->aside, n * sizeof *column);
    }
    for (uint32_t i = 0; i < n; i++)
        s->entities_aside[i] = t->own[order[i]];
    if (n > 0)
        memcpy(t->own, s->entities_aside, n * sizeof *t->own);
    t->n = n;
    return true;
}

struct cell *sample_cell(const struct actop_sample_t *s, actop_metric id, uint32_t row)
{
    return cell_at(s, id, row);
}

extern inline struct cell *cell_at(const struct actop_sample_t *s, actop_metric id, uint32_t row);
extern inline void sample_put_at(struct actop_sample_t *s, actop_metric id, uint32_t row,
                                 double value, int64_t at_ns, actop_state state,
                                 actop_origin origin, uint16_t via);
extern inline void sample_put(struct actop_sample_t *s, actop_metric id, uint32_t row, double value,
                              actop_origin origin, uint16_t via);

void sample_put_state(struct actop_sample_t *s, actop_metric id, uint32_t row, actop_state state,
                      uint16_t via)
{
    struct cell *c = sample_cell(s, id, row);
    if (c != NULL)
        *c = (struct cell){.at_ns = s->at.awake_ns, .via = via, .state = (uint8_t)state};
}

void sample_put_text(struct actop_sample_t *s, actop_metric id, uint32_t row, const char *text,
                     size_t n, uint16_t via)
{
    struct cell *c = sample_cell(s, id, row);
    if (c == NULL)
        return;
    *c = (struct cell){.at_ns = s->at.awake_ns,
                       .text = pool_add(&s->pool, text, n),
                       .via = via,
                       .state = ACTOP_STATE_OK};
    s->failed = s->failed || s->pool.failed;
}

/* ---- Windows ---------------------------------------------------------------------------------------------------- */

/* Windows stand scope after scope, of those that have some, each like its table: column after column. */

struct window_cell *sample_windows(struct actop_sample_t *s)
{
    if (VEC_GROW(s->windows, s->cap_windows, s->n_windows + 1))
        return s->windows;
    s->failed = true;
    return NULL;
}

const struct window_cell *sample_window_get(const struct actop_sample_t *s, actop_metric id,
                                            uint32_t row)
{
    if (!metric_has_window(id) || row >= s->tables[metric_places[id].scope].n)
        return NULL;
    size_t at = window_index(s, id, row);
    return at < s->cap_windows ? &s->windows[at] : NULL;
}

/* ---- Reading ---------------------------------------------------------------------------------------------------- */

extern inline bool cell_has(const struct cell *c);
extern inline bool sample_get(const struct actop_sample_t *s, actop_metric id, uint32_t row,
                              double *value);

uint32_t sample_rows(const struct actop_sample_t *s, actop_scope scope)
{
    return s->tables[scope].n;
}

const struct entity *sample_entity_get(const struct actop_sample_t *s, actop_scope scope,
                                       uint32_t row)
{
    if (row >= s->tables[scope].n)
        return NULL;
    return scope_is_coming(scope) ? &s->tables[scope].own[row] : &s->topology->entities[scope][row];
}

const char *sample_entity_text(const struct actop_sample_t *s, actop_scope scope, uint32_t offset)
{
    return pool_at(scope_is_coming(scope) ? &s->pool : &s->topology->pool, offset);
}

/* ---- Subsamples -------------------------------------------------------------------------------------------------- */

COLD static void copy_table(struct actop_sample_t *into, const struct actop_sample_t *from,
                            actop_scope scope)
{
    uint32_t columns = scope_columns(scope);
    const struct table *src = &from->tables[scope];
    struct table *dst = &into->tables[scope];
    dst->n = 0; /* nothing to keep in place */
    if (!table_room(dst, columns, src->n) ||
        (scope_is_coming(scope) && !VEC_RESERVE(dst->own, dst->cap_own, src->n))) {
        into->failed = true;
        return;
    }
    dst->n = src->n;
    for (uint32_t c = 0; c < columns && src->n > 0; c++)
        memcpy(dst->cells + c * dst->cap, src->cells + c * src->cap, src->n * sizeof *src->cells);
    if (scope_is_coming(scope) && src->n > 0)
        memcpy(dst->own, src->own, src->n * sizeof *src->own);
}

COLD static void average_cell(struct actop_sample_t *into, struct actop_sample_t *const *parts,
                              size_t n, actop_metric id, uint32_t row)
{
    struct cell *c = sample_cell(into, id, row);
    if (!cell_has(c))
        return;
    double sum = 0;
    double weight = 0;
    for (size_t i = 0; i < n; i++) {
        const struct cell *part = sample_cell(parts[i], id, row);
        if (parts[i]->topology != into->topology || !cell_has(part) || parts[i]->interval_ns <= 0)
            continue;
        sum += part->value * (double)parts[i]->interval_ns;
        weight += (double)parts[i]->interval_ns;
    }
    if (weight > 0)
        c->value = sum / weight;
}

COLD void sample_average(struct actop_sample_t *into, struct actop_sample_t *const *parts, size_t n)
{
    const struct actop_sample_t *last = parts[n - 1];
    sample_begin(into, last->topology, &last->at);
    for (size_t i = 0; i < n; i++) {
        into->interval_ns = ns_sum(into->interval_ns, parts[i]->interval_ns);
        into->gap = into->gap || parts[i]->gap;
        into->collectors_failed |= parts[i]->collectors_failed;
    }
    if (!VEC_RESERVE(into->pool.bytes, into->pool.cap, last->pool.len + 1)) {
        into->failed = true;
        return;
    }
    if (last->pool.len > 0)
        memcpy(into->pool.bytes, last->pool.bytes, last->pool.len);
    into->pool.len = last->pool.len;
    for (uint32_t scope = 0; scope < ACTOP_SCOPE_COUNT; scope++)
        copy_table(into, last, (actop_scope)scope);
    /* Rows of coming scopes may differ between the parts; theirs are the last interval's. */
    for (uint32_t id = 0; id < ACTOP_METRIC_COUNT; id++) {
        const actop_metric_info *m = metric_info((actop_metric)id);
        if (m->kind != ACTOP_KIND_GAUGE || scope_is_coming(m->scope))
            continue;
        for (uint32_t row = 0; row < into->tables[m->scope].n; row++)
            average_cell(into, parts, n, (actop_metric)id, row);
    }
}

int sample_collector_success(const struct actop_sample_t *s, size_t collector)
{
    int32_t status = s->topology->collectors[collector].status;
    if (status < 0 || (status > 0 && status_of_errno(status) == ACTOP_E_NOT_FOUND))
        return -1;
    return status == 0 && (collector >= 64 || (s->collectors_failed >> collector & 1u) == 0);
}
