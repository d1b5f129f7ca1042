/* SPDX-License-Identifier: MIT */
/* Sample: readings for every metric instance at one moment.
 *
 * One table a scope: rows are entities, columns the scope's metrics. Decode begins a sample, sets its rows and puts
 * values; analysis adds verdicts; then it is published: immutable, shared by reference, and reused by its pool when the
 * last reference goes. After warm-up nothing here allocates.
 *
 * Rows of fixed scopes stand in a topology that all samples share until it changes; rows of coming scopes are the
 * sample's own. */
#ifndef MODEL_SAMPLE_H
#define MODEL_SAMPLE_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#include <actop/actop.h>

#include "base/os.h"
#include "base/pool.h"
#include "model/metric.h"

struct entity {
    uint32_t key;   /* pool of the table */
    uint32_t name;  /* pool of the table; 0: the key */
    uint32_t tier;  /* pool of the table: label; 0: none */
    int32_t parent; /* row in parent_scope; -1 none */
    uint64_t id;
    uint64_t start;
    uint32_t index;
    uint32_t die;
    uint32_t flags; /* ACTOP_ENTITY bits */
    uint8_t parent_scope;
};

struct cell {
    double value;
    int64_t at_ns; /* time of the value on the awake clock */
    uint32_t text; /* pool of the sample; for kind INFO */
    uint16_t via;  /* row in topology via names; 0 none */
    uint8_t state;
    uint8_t origin;
};

struct window_cell {
    double average, peak;
    uint32_t count;
};

struct table {
    uint32_t n;                /* rows */
    size_t cap;                /* rows there is room for in cells */
    size_t blank;              /* rows below have cells that were cleared, whether in use by now or not */
    size_t cap_cells, cap_own;
    struct cell *cells;        /* column after column: cells[column * cap + row] */
    struct entity *own;        /* entities of a coming scope */
};

/* A part of the source, as the schema told: whether it works here, and why not. */
struct topology_collector {
    uint32_t name, reason, remedy; /* pool of the topology */
    int32_t status;                /* 0 works, -1 absent on this machine, > 0 errno */
};

/* Entities of the fixed scopes, names of what values come via, and collectors. Refcounted, immutable once shared. */
struct topology {
    _Atomic uint32_t refs;
    struct pool pool;
    struct entity *entities[ACTOP_SCOPE_COUNT];
    size_t n[ACTOP_SCOPE_COUNT], cap[ACTOP_SCOPE_COUNT];
    uint32_t *via; /* pool offsets; row 0 is "" */
    size_t n_via, cap_via;
    struct topology_collector *collectors;
    size_t n_collectors, cap_collectors;
    bool failed;
};

struct topology *topology_new(void); /* NULL: out of memory; has one machine row */
struct topology *topology_ref(const struct topology *t);
void topology_unref(const struct topology *t); /* accepts NULL */
/* Append an entity; returns its row, -1 when out of memory (also remembered in failed). Text is copied; name and tier
 * may be NULL. The returned row's other fields are set through topology_at. */
int32_t topology_add(struct topology *t, actop_scope scope, const char *key, const char *name, const char *tier);
struct entity *topology_at(struct topology *t, actop_scope scope, int32_t row);
uint16_t topology_via(struct topology *t, const char *name); /* the row of this name, added when new */
/* Append a collector; out of memory is remembered in failed. */
void topology_add_collector(struct topology *t, const char *name, int32_t status, const char *reason, const char *remedy);

struct sample_pool;

struct actop_sample_t {
    _Atomic uint32_t refs;
    struct sample_pool *home;   /* where it goes back to; a reference */
    struct actop_sample_t *next; /* free list of home */
    const struct topology *topology; /* a reference */
    uint64_t seq;
    struct os_moment at;
    int64_t interval_ns;
    bool gap;
    uint64_t collectors_failed; /* a bit for each of the topology's first 64: all it was asked for failed this time */
    struct table tables[ACTOP_SCOPE_COUNT];
    struct window_cell *windows; /* rolling averages and peaks; see sample_windows */
    size_t cap_windows;
    uint32_t windows_at[ACTOP_SCOPE_COUNT]; /* where a scope's begin */
    uint32_t n_windows;
    struct cell *aside;         /* scratch of sample_reorder */
    struct entity *entities_aside;
    size_t cap_aside, cap_entities_aside;
    struct pool pool;           /* texts and coming entities' names */
    bool failed;                /* an allocation failed since sample_begin */
};

/* A pool hands out samples and takes them back; it lives until the last of them is returned. */
struct sample_pool *sample_pool_new(void); /* NULL: out of memory */
void sample_pool_unref(struct sample_pool *p);
struct actop_sample_t *sample_new(struct sample_pool *p); /* one reference; NULL: out of memory */

/* Filling. */
void sample_begin(struct actop_sample_t *s, const struct topology *t, const struct os_moment *at);
/* Make room for that many rows of a coming scope at once: growing by little leaves memory behind. A hint, never a failure. */
void sample_expect(struct actop_sample_t *s, actop_scope scope, size_t rows);
/* Append a row to a coming scope; -1 when out of memory. Its cells are NONE.
 * Texts are copied into the sample's pool. */
int32_t sample_add_row(struct actop_sample_t *s, actop_scope scope, const char *key, size_t key_len, const char *name,
                       size_t name_len);
struct entity *sample_entity(struct actop_sample_t *s, actop_scope scope, uint32_t row); /* own rows only */
/* Move the rows of a coming scope so that new row i is old row order[i], n ≤ rows: sort, filter and limit. Uses scratch
 * memory of the sample; false when out of memory (nothing changed). */
bool sample_reorder(struct actop_sample_t *s, actop_scope scope, const uint32_t *order, uint32_t n);

struct cell *sample_cell(const struct actop_sample_t *s, actop_metric id, uint32_t row); /* NULL: no such row */
void sample_put_state(struct actop_sample_t *s, actop_metric id, uint32_t row, actop_state state, uint16_t via);
void sample_put_text(struct actop_sample_t *s, actop_metric id, uint32_t row, const char *text, size_t n, uint16_t via);

/* The same without a call, for what looks at every value of every tick. */
inline struct cell *cell_at(const struct actop_sample_t *s, actop_metric id, uint32_t row)
{
    const struct table *t = &s->tables[metric_places[id].scope];
    return row < t->n ? t->cells + metric_places[id].column * t->cap + row : NULL;
}

/* Put a value. Inline where that is quick (a fast file knows the metric's place when compiled), else one call. */
inline void sample_put_at(struct actop_sample_t *s, actop_metric id, uint32_t row, double value, int64_t at_ns,
                          actop_state state, actop_origin origin, uint16_t via)
{
    struct cell *c = cell_at(s, id, row);
    if (c == NULL)
        return;
    /* Not a number is no value. A decoder that divides by zero must not reach an output. */
    if (!isfinite(value)) {
        sample_put_state(s, id, row, ACTOP_STATE_FAILED, via);
        return;
    }
    *c = (struct cell){.value = value, .at_ns = at_ns, .via = via, .state = (uint8_t)state, .origin = (uint8_t)origin};
}
inline void sample_put(struct actop_sample_t *s, actop_metric id, uint32_t row, double value, actop_origin origin,
                       uint16_t via)
{
    sample_put_at(s, id, row, value, s->at.awake_ns, ACTOP_STATE_OK, origin, via);
}

/* Reading. */
inline bool cell_has(const struct cell *c)
{
    return c != NULL && (c->state == ACTOP_STATE_OK || c->state == ACTOP_STATE_STALE);
}
/* The value, if there is one. */
inline bool sample_get(const struct actop_sample_t *s, actop_metric id, uint32_t row, double *value)
{
    const struct cell *c = cell_at(s, id, row);
    if (!cell_has(c))
        return false;
    *value = c->value;
    return true;
}
/* The entity of a row; NULL: none. */
const struct entity *sample_entity_get(const struct actop_sample_t *s, actop_scope scope, uint32_t row);
const char *sample_entity_text(const struct actop_sample_t *s, actop_scope scope, uint32_t offset);
uint32_t sample_rows(const struct actop_sample_t *s, actop_scope scope);
/* Whether a collector of the topology gave what it could: 1, or 0; -1: this machine has nothing of the kind. */
int sample_collector_success(const struct actop_sample_t *s, size_t collector);

/* Rolling window of a metric, filled by analysis; NULL when the scope keeps none. Windows exist for gauges of the scopes
 * in WINDOW_SCOPES. */
const struct window_cell *sample_window_get(const struct actop_sample_t *s, actop_metric id, uint32_t row);
static inline bool metric_has_window(actop_metric id)
{
    return metric_places[id].window;
}
/* Room for all windows, for analysis to fill: each stands at its window_index. NULL: out of memory. */
struct window_cell *sample_windows(struct actop_sample_t *s);
static inline size_t window_index(const struct actop_sample_t *s, actop_metric id, uint32_t row)
{
    return s->windows_at[metric_places[id].scope] +
           (size_t)metric_column(id) * s->tables[metric_places[id].scope].n + row;
}

/* Time-weighted mean of several samples of one interval (subsamples): gauges of ok cells averaged by interval_ns,
 * everything else from the last. The samples are in order; into must be a fresh sample. */
void sample_average(struct actop_sample_t *into, struct actop_sample_t *const *parts, size_t n);

#endif
