/* SPDX-License-Identifier: MIT */
/* Keeps the windows. Sums are made anew for each sample out of at most WINDOW_SLOTS slots, so that nothing drifts. */
#include "analysis/window.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/vec.h"

enum { FIRST_SLOTS = 16, MORE_COLUMNS = 8 };

/* Calls visit for every series of a sample, in the order of their numbers. */
typedef void series_visit(void *context, uint32_t series, actop_metric id, uint32_t row);

static uint32_t each_series(const struct actop_sample_t *s, series_visit *visit, void *context)
{
    uint32_t series = 0;
    for (int id = 0; id < ACTOP_METRIC_COUNT; id++) {
        if (!metric_has_window((actop_metric)id))
            continue;
        uint32_t rows = sample_rows(s, metric_info((actop_metric)id)->scope);
        for (uint32_t row = 0; row < rows; row++, series++)
            if (visit != NULL)
                visit(context, series, (actop_metric)id, row);
    }
    return series;
}

static uint32_t slot_at(const struct windows *w, uint32_t i)
{
    return (w->first + i) % w->cap;
}

static struct window_bucket *buckets_of(const struct windows *w, uint32_t slot)
{
    return w->buckets + (size_t)slot * w->cap_columns;
}

/* ---- The ring in another shape --------------------------------------------------------------------------------- */

/* Into a ring of cap slots and room for cap_columns; of the n_columns there are, column i was from[i] (NULL: i). */
static bool reshape(struct windows *w, uint32_t cap, uint32_t cap_columns, uint32_t n_columns,
                    const uint32_t *from)
{
    struct windows wide = {.cap = cap, .cap_columns = cap_columns};
    if (!VEC_GROW(w->totals, w->cap_totals, cap_columns))
        return false;
    wide.slots = calloc(cap, sizeof *wide.slots);
    wide.buckets = calloc((size_t)cap * cap_columns + 1, sizeof *wide.buckets);
    if (wide.slots == NULL || wide.buckets == NULL) {
        free(wide.slots);
        free(wide.buckets);
        return false;
    }
    for (uint32_t i = 0; i < w->n; i++) {
        wide.slots[i] = w->slots[slot_at(w, i)];
        const struct window_bucket *old = buckets_of(w, slot_at(w, i));
        for (uint32_t column = 0; column < n_columns; column++)
            buckets_of(&wide, i)[column] = old[from == NULL ? column : from[column]];
    }
    free(w->slots);
    free(w->buckets);
    w->slots = wide.slots;
    w->buckets = wide.buckets;
    w->cap = cap;
    w->cap_columns = cap_columns;
    w->n_columns = n_columns;
    w->first = 0;
    return true;
}

struct following {
    const struct lineage *lineage;
    const struct windows *before;
    int32_t *columns; /* of the new series */
    uint32_t *from;   /* of the new columns: the old ones */
    uint32_t n_columns;
};

/* Number the series had: the rows of all windowed metrics up to it, as the topology before had them. */
static void follow_series(void *context, uint32_t series, actop_metric id, uint32_t row)
{
    struct following *f = context;
    int32_t before = lineage_before(f->lineage, metric_info(id)->scope, row);
    f->columns[series] = -1;
    if (before < 0 || f->before->n_series == 0)
        return;
    for (int other = 0; other < (int)id; other++)
        if (metric_has_window((actop_metric)other))
            before += (int32_t)f->lineage->n_before[metric_info((actop_metric)other)->scope];
    int32_t column = f->before->columns[before];
    if (column < 0 || f->n_columns == f->before->n_columns)
        return;
    f->from[f->n_columns] = (uint32_t)column;
    f->columns[series] = (int32_t)f->n_columns++;
}

actop_status windows_follow(struct windows *w, const struct lineage *l,
                            const struct actop_sample_t *s, actop_error *err)
{
    struct following f = {.lineage = l, .before = w};
    size_t cap = 0, n_series = each_series(s, NULL, NULL);
    f.from = calloc((size_t)w->n_columns + 1, sizeof *f.from);
    bool ok = f.from != NULL && VEC_GROW(f.columns, cap, n_series);
    if (ok) {
        each_series(s, follow_series, &f);
        ok = reshape(w, w->cap > 0 ? w->cap : FIRST_SLOTS, w->cap_columns, f.n_columns, f.from);
    }
    free(f.from);
    if (!ok) {
        free(f.columns);
        windows_release(w);
        return error_set(err, ACTOP_E_NOMEM, "out of memory for rolling averages");
    }
    free(w->columns);
    w->columns = f.columns;
    w->cap_series = cap;
    w->n_series = n_series;
    return ACTOP_OK;
}

/* ---- Adding ------------------------------------------------------------------------------------------------------ */

static void drop_old(struct windows *w, int64_t begin_ns)
{
    while (w->n > 0 && w->slots[w->first].end_ns <= begin_ns) {
        w->first = (w->first + 1) % w->cap;
        w->n--;
    }
}

/* The slot the interval belongs into: the last one while that is still short, else a new one. */
static struct window_bucket *open_slot(struct windows *w, int64_t begin_ns, int64_t end_ns,
                                       int64_t shortest_ns)
{
    if (w->n > 0) {
        uint32_t last = slot_at(w, w->n - 1);
        if (end_ns - w->slots[last].begin_ns <= shortest_ns || w->n == WINDOW_SLOTS) {
            w->slots[last].end_ns = end_ns;
            return buckets_of(w, last);
        }
    }
    if (w->n == w->cap && !reshape(w, w->cap * 2, w->cap_columns, w->n_columns, NULL))
        return NULL;
    uint32_t slot = slot_at(w, w->n++);
    w->slots[slot] = (struct window_slot){begin_ns, end_ns};
    if (w->cap_columns > 0)
        memset(buckets_of(w, slot), 0, w->cap_columns * sizeof(struct window_bucket));
    return buckets_of(w, slot);
}

struct adding {
    const struct step *step;
    struct windows *windows;
    struct window_bucket *into;
    bool failed;
};

/* A first value makes a column. */
static void add_column(void *context, uint32_t series, actop_metric id, uint32_t row)
{
    struct adding *a = context;
    struct windows *w = a->windows;
    double value;
    if (w->columns[series] >= 0 || a->failed || !sample_get(a->step->s, id, row, &value))
        return;
    a->failed = w->n_columns == w->cap_columns &&
                !reshape(w, w->cap, w->cap_columns + MORE_COLUMNS, w->n_columns, NULL);
    if (!a->failed)
        w->columns[series] = (int32_t)w->n_columns++;
}

static void add_series(void *context, uint32_t series, actop_metric id, uint32_t row)
{
    const struct adding *a = context;
    double value;
    if (a->windows->columns[series] < 0 || !sample_get(a->step->s, id, row, &value))
        return;
    struct window_bucket *b = &a->into[a->windows->columns[series]];
    b->sum += value * a->step->dt_s;
    b->weight_s += a->step->dt_s;
    if (b->count == 0 || value > b->peak)
        b->peak = value;
    b->count++;
}

actop_status windows_add(struct windows *w, const struct step *step, actop_error *err)
{
    int64_t length_ns = (int64_t)(step->options->average_window_s * 1e9);
    int64_t end_ns = step->s->at.awake_ns;
    if (step->dt_s <= 0)
        return ACTOP_OK;
    drop_old(w, end_ns - length_ns);
    struct adding a = {.step = step, .windows = w};
    each_series(step->s, add_column, &a);
    if (!a.failed)
        a.into = open_slot(w, end_ns - step->s->interval_ns, end_ns, length_ns / WINDOW_SLOTS);
    if (a.into == NULL)
        return error_set(err, ACTOP_E_NOMEM, "out of memory for rolling averages");
    each_series(step->s, add_series, &a);
    return ACTOP_OK;
}

/* ---- Writing ----------------------------------------------------------------------------------------------------- */

/* Add a slot to the totals, with the part of it that lies after begin_ns. */
static void total_slot(const struct windows *w, uint32_t slot, int64_t begin_ns)
{
    const struct window_slot *at = &w->slots[slot];
    const struct window_bucket *b = buckets_of(w, slot);
    double part = 1;
    if (at->begin_ns < begin_ns)
        part = (double)(at->end_ns - begin_ns) / (double)(at->end_ns - at->begin_ns);
    for (uint32_t i = 0; i < w->n_columns; i++) {
        struct window_bucket *t = &w->totals[i];
        if (b[i].count == 0)
            continue;
        t->sum += b[i].sum * part;
        t->weight_s += b[i].weight_s * part;
        if (t->count == 0 || b[i].peak > t->peak)
            t->peak = b[i].peak;
        t->count += b[i].count;
    }
}

struct putting {
    const struct windows *w;
    struct actop_sample_t *s;
};

static void put_series(void *context, uint32_t series, actop_metric id, uint32_t row)
{
    const struct putting *p = context;
    int32_t column = p->w->columns[series];
    const struct window_bucket *t = column >= 0 ? &p->w->totals[column] : NULL;
    struct window_cell *cell = t != NULL && t->count > 0 ? sample_window(p->s, id, row) : NULL;
    if (cell != NULL)
        *cell = (struct window_cell){t->sum / t->weight_s, t->peak, t->count};
}

void windows_put(const struct windows *w, const struct step *step)
{
    int64_t length_ns = (int64_t)(step->options->average_window_s * 1e9);
    int64_t begin_ns = step->s->at.awake_ns - length_ns;
    if (w->n == 0 || w->n_columns == 0)
        return;
    memset(w->totals, 0, w->n_columns * sizeof *w->totals);
    for (uint32_t i = 0; i < w->n; i++)
        if (w->slots[slot_at(w, i)].end_ns > begin_ns)
            total_slot(w, slot_at(w, i), begin_ns);
    struct putting p = {w, step->s};
    each_series(step->s, put_series, &p);
}

/* ---- Life -------------------------------------------------------------------------------------------------------- */

void windows_release(struct windows *w)
{
    free(w->slots);
    free(w->buckets);
    free(w->totals);
    free(w->columns);
    *w = (struct windows){0};
}

bool windows_copy(struct windows *into, const struct windows *from)
{
    *into = (struct windows){0};
    if (from->cap == 0)
        return true;
    struct windows like = *from;
    like.totals = NULL;
    like.columns = NULL;
    like.cap_totals = like.cap_series = 0;
    like.slots = calloc(from->cap, sizeof *like.slots);
    like.buckets = calloc((size_t)from->cap * from->cap_columns + 1, sizeof *like.buckets);
    if (like.slots == NULL || like.buckets == NULL ||
        !VEC_GROW(like.totals, like.cap_totals, (size_t)from->cap_columns) ||
        !VEC_GROW(like.columns, like.cap_series, from->n_series)) {
        windows_release(&like);
        return false;
    }
    memcpy(like.slots, from->slots, from->cap * sizeof *like.slots);
    memcpy(like.buckets, from->buckets,
           (size_t)from->cap * from->cap_columns * sizeof *like.buckets);
    if (from->n_series > 0)
        memcpy(like.columns, from->columns, from->n_series * sizeof *like.columns);
    *into = like;
    return true;
}
