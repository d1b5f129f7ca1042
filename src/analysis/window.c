/* SPDX-License-Identifier: MIT */
/* Keeps the windows; see window.h for the queue of two stacks. */
#include "analysis/window.h"

#include <math.h>
#include <stdlib.h>

#include "base/cold.h"
#include "base/error.h"
#include "base/vec.h"

enum { FIRST_SLOTS = 16, MORE_COLUMNS = 8 };

/* Calls visit for every metric that has windows, with the number of its first series and its rows; series are numbered
 * metric after metric. Returns how many there are. */
typedef void series_visit(void *context, uint32_t series, actop_metric id, uint32_t rows);

static uint32_t each_metric(const struct actop_sample_t *s, series_visit *visit, void *context)
{
    uint32_t series = 0;
    for (int id = 0; id < ACTOP_METRIC_COUNT; id++) {
        uint32_t rows = s->tables[metric_places[id].scope].n;
        if (rows == 0 || !metric_has_window((actop_metric)id))
            continue;
        if (visit != NULL)
            visit(context, series, (actop_metric)id, rows);
        series += rows;
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

static struct window_bucket *rest_of(const struct windows *w)
{
    return buckets_of(w, w->cap);
}

static const struct window_bucket nothing = {.peak = -INFINITY};

static void empty(struct window_bucket *b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        b[i] = nothing;
}

static void merge(struct window_bucket *into, const struct window_bucket *b)
{
    into->peak = b->peak > into->peak ? b->peak : into->peak;
    into->sum += b->sum;
    into->weight_s += b->weight_s;
    into->count += b->count;
}

static void merge_all(const struct windows *w, struct window_bucket *into,
                      const struct window_bucket *b)
{
    for (uint32_t i = 0; i < w->n_columns; i++)
        merge(&into[i], &b[i]);
}

/* All slots but the last become the front. */
static void make_front(struct windows *w)
{
    w->n_front = w->n > 0 ? w->n - 1 : 0;
    for (uint32_t i = w->n_front; i-- > 1;)
        merge_all(w, buckets_of(w, slot_at(w, i - 1)), buckets_of(w, slot_at(w, i)));
    empty(rest_of(w), w->n_columns);
}

/* ---- The ring in another shape --------------------------------------------------------------------------------- */

static void pick_columns(struct window_bucket *into, const struct window_bucket *old,
                         uint32_t n_columns, const uint32_t *from)
{
    for (uint32_t column = 0; column < n_columns; column++)
        into[column] = old[from == NULL ? column : from[column]];
}

/* Into a ring of cap slots and room for cap_columns; of the n_columns there are, column i was from[i] (NULL: i). */
COLD static bool reshape(struct windows *w, uint32_t cap, uint32_t cap_columns, uint32_t n_columns,
                         const uint32_t *from)
{
    struct windows wide = {.cap = cap, .cap_columns = cap_columns};
    wide.slots = calloc(cap, sizeof *wide.slots);
    wide.buckets = calloc((size_t)(cap + 1) * cap_columns + 1, sizeof *wide.buckets);
    if (wide.slots == NULL || wide.buckets == NULL) {
        free(wide.slots);
        free(wide.buckets);
        return false;
    }
    for (uint32_t i = 0; i < w->n; i++) { /* what is not in use is not touched: open_slot does */
        wide.slots[i] = w->slots[slot_at(w, i)];
        empty(buckets_of(&wide, i), cap_columns);
        pick_columns(buckets_of(&wide, i), buckets_of(w, slot_at(w, i)), n_columns, from);
    }
    empty(rest_of(&wide), cap_columns);
    if (n_columns > 0)
        pick_columns(rest_of(&wide), rest_of(w), n_columns, from);
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
    const struct windows *before; /* its series are rewritten: a column never moves up */
    const struct actop_sample_t *s;
    int32_t *columns; /* of the new series */
    uint32_t *from;   /* of the new columns: the old ones */
    uint32_t n_columns;
    struct window_waiting *waiting; /* of the new series */
    uint32_t n_waiting;
};

static struct window_series series_of(const struct actop_sample_t *s, actop_metric id, uint32_t row)
{
    return (struct window_series){metric_places[id].scope, metric_places[id].column, row,
                                  (uint32_t)window_index(s, id, row)};
}

/* Number the series had: the rows of all windowed metrics up to it, as the topology before had them. */
COLD static void follow_row(struct following *f, uint32_t series, actop_metric id, uint32_t row)
{
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
    f->before->series[f->n_columns] = series_of(f->s, id, row);
    f->columns[series] = (int32_t)f->n_columns++;
}

COLD static void follow_series(void *context, uint32_t series, actop_metric id, uint32_t rows)
{
    struct following *f = context;
    for (uint32_t row = 0; row < rows; row++) {
        follow_row(f, series + row, id, row);
        if (f->columns[series + row] < 0)
            f->waiting[f->n_waiting++] =
                (struct window_waiting){series_of(f->s, id, row), series + row};
    }
}

COLD actop_status windows_follow(struct windows *w, const struct lineage *l,
                                 const struct actop_sample_t *s, actop_error *err)
{
    struct following f = {.lineage = l, .before = w, .s = s};
    size_t cap = 0, cap_waiting = 0, n_series = each_metric(s, NULL, NULL);
    f.from = calloc((size_t)w->n_columns + 1, sizeof *f.from);
    bool ok = f.from != NULL && VEC_GROW(f.columns, cap, n_series) &&
              VEC_GROW(f.waiting, cap_waiting, n_series);
    if (ok) {
        each_metric(s, follow_series, &f);
        ok = reshape(w, w->cap > 0 ? w->cap : FIRST_SLOTS, w->cap_columns, f.n_columns, f.from);
    }
    free(f.from);
    if (!ok) {
        free(f.columns);
        free(f.waiting);
        windows_release(w);
        return error_no_memory(err, "rolling averages");
    }
    free(w->columns);
    free(w->waiting);
    w->columns = f.columns;
    w->waiting = f.waiting;
    w->n_waiting = f.n_waiting;
    w->cap_series = cap;
    w->cap_waiting = cap_waiting;
    w->n_series = n_series;
    return ACTOP_OK;
}

/* ---- Adding ------------------------------------------------------------------------------------------------------ */

/* Afterwards the oldest slot is of the front, or the only one. */
static void drop_old(struct windows *w, int64_t begin_ns)
{
    while (w->n > 0 && w->slots[w->first].end_ns <= begin_ns) {
        w->first = (w->first + 1) % w->cap;
        w->n--;
        w->n_front -= w->n_front > 0 ? 1 : 0;
        if (w->n_front == 0)
            make_front(w);
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
    if (w->n == 2) /* the one there was is the oldest */
        w->n_front = 1;
    else if (w->n > 2)
        merge_all(w, rest_of(w), buckets_of(w, slot_at(w, w->n - 2)));
    w->slots[slot] = (struct window_slot){begin_ns, end_ns};
    empty(buckets_of(w, slot), w->cap_columns);
    return buckets_of(w, slot);
}

static const struct cell *cell_of(const struct actop_sample_t *s, const struct window_series *of)
{
    const struct table *t = &s->tables[of->scope];
    return of->row < t->n ? &t->cells[of->column * t->cap + of->row] : NULL;
}

/* A first value makes a column. */
static bool add_column(struct windows *w, const struct window_waiting *of)
{
    if ((w->n_columns == w->cap_columns &&
         !reshape(w, w->cap, w->cap_columns + MORE_COLUMNS, w->n_columns, NULL)) ||
        !VEC_GROW(w->series, w->cap_of_columns, (size_t)w->n_columns + 1))
        return false;
    w->series[w->n_columns] = of->is;
    w->columns[of->series] = (int32_t)w->n_columns++;
    return true;
}

static bool add_columns(struct windows *w, const struct actop_sample_t *s)
{
    uint32_t still = 0;
    bool ok = true;
    for (uint32_t i = 0; i < w->n_waiting; i++) {
        const struct window_waiting *of = &w->waiting[i];
        if (cell_has(cell_of(s, &of->is)) && ok && (ok = add_column(w, of)))
            continue;
        w->waiting[still++] = *of;
    }
    w->n_waiting = still;
    return ok;
}

static void add_values(const struct windows *w, const struct step *step, struct window_bucket *into)
{
    for (uint32_t i = 0; i < w->n_columns; i++) {
        const struct cell *c = cell_of(step->s, &w->series[i]);
        struct window_bucket *b = &into[i];
        if (!cell_has(c))
            continue;
        b->sum += c->value * step->dt_s;
        b->weight_s += step->dt_s;
        b->peak = c->value > b->peak ? c->value : b->peak;
        b->count++;
    }
}

actop_status windows_add(struct windows *w, const struct step *step, actop_error *err)
{
    int64_t length_ns = (int64_t)(step->options->average_window_s * 1e9);
    int64_t end_ns = step->s->at.awake_ns;
    if (step->dt_s <= 0)
        return ACTOP_OK;
    drop_old(w, end_ns - length_ns);
    struct window_bucket *into = NULL;
    if (add_columns(w, step->s))
        into = open_slot(w, end_ns - step->s->interval_ns, end_ns, length_ns / WINDOW_SLOTS);
    if (into == NULL)
        return error_no_memory(err, "rolling averages");
    add_values(w, step, into);
    return ACTOP_OK;
}

/* ---- Writing ----------------------------------------------------------------------------------------------------- */

/* The slots a total is made of. Of the oldest only a part is inside: between the sums with and without it. */
struct putting {
    /* By column; without and last are NULL where there are none. */
    const struct window_bucket *with, *without, *rest, *last;
    double part; /* of the oldest slot that lies inside */
};

static struct window_bucket total_of(const struct putting *p, uint32_t column)
{
    const struct window_bucket *with = &p->with[column];
    const struct window_bucket *without = p->without != NULL ? &p->without[column] : &nothing;
    struct window_bucket t = {
        .sum = without->sum + (with->sum - without->sum) * p->part,
        .weight_s = without->weight_s + (with->weight_s - without->weight_s) * p->part,
        .peak = with->peak,
        .count = with->count,
    };
    merge(&t, &p->rest[column]);
    if (p->last != NULL)
        merge(&t, &p->last[column]);
    return t;
}

static struct putting find_parts(const struct windows *w, int64_t begin_ns)
{
    const struct window_slot *oldest = &w->slots[w->first];
    struct putting p = {.with = buckets_of(w, w->first), .rest = rest_of(w), .part = 1};
    if (w->n_front > 1)
        p.without = buckets_of(w, slot_at(w, 1));
    if (w->n_front > 0)
        p.last = buckets_of(w, slot_at(w, w->n - 1));
    if (oldest->begin_ns < begin_ns)
        p.part = (double)(oldest->end_ns - begin_ns) / (double)(oldest->end_ns - oldest->begin_ns);
    return p;
}

void windows_put(struct windows *w, const struct step *step)
{
    int64_t length_ns = (int64_t)(step->options->average_window_s * 1e9);
    int64_t begin_ns = step->s->at.awake_ns - length_ns;
    drop_old(w, begin_ns);
    if (w->n == 0 || w->n_columns == 0)
        return;
    struct putting p = find_parts(w, begin_ns);
    struct window_cell *cells = sample_windows(step->s);
    for (uint32_t i = 0; i < w->n_columns && cells != NULL; i++) {
        struct window_bucket t = total_of(&p, i);
        if (t.count > 0)
            cells[w->series[i].at] = (struct window_cell){t.sum / t.weight_s, t.peak, t.count};
    }
}

/* ---- Life -------------------------------------------------------------------------------------------------------- */

COLD void windows_release(struct windows *w)
{
    free(w->slots);
    free(w->buckets);
    free(w->columns);
    free(w->series);
    free(w->waiting);
    *w = (struct windows){0};
}

COLD bool windows_copy(struct windows *into, const struct windows *from)
{
    *into = *from;
    bool ok = VEC_OWN(into->slots, from->cap, from->cap);
    size_t n_buckets = (size_t)(from->cap + 1) * from->cap_columns;
    ok = VEC_OWN(into->buckets, n_buckets + 1, n_buckets) && ok;
    ok = VEC_OWN(into->columns, from->cap_series, from->n_series) && ok;
    ok = VEC_OWN(into->series, from->cap_of_columns, from->n_columns) && ok;
    ok = VEC_OWN(into->waiting, from->cap_waiting, from->n_waiting) && ok;
    if (!ok)
        windows_release(into);
    return ok;
}
