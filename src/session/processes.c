/* SPDX-License-Identifier: MIT */
/* Which processes a sample keeps: those the filter matches, and of them the union of the top N by CPU and the top N by
 * RSS, most CPU first. Attribution and ledgers have seen all of them before. */
#include <string.h>

#include "base/error.h"
#include "base/pattern.h"
#include "base/vec.h"
#include "session/session.h"

actop_status actop_set_process_filter(actop_session *s, const char *regex, actop_error *err)
{
    regex_t compiled;
    bool wanted = regex != NULL && regex[0] != '\0';
    char why[128];
    if (wanted && !pattern_compile(&compiled, regex, why, sizeof why))
        return error_set(err, ACTOP_E_SYNTAX, "%s", why);
    pthread_mutex_lock(&s->lock);
    if (s->has_filter)
        regfree(&s->filter);
    s->has_filter = wanted;
    if (wanted)
        s->filter = compiled;
    pthread_mutex_unlock(&s->lock);
    atomic_fetch_add(&s->filter_number, 1);
    return ACTOP_OK;
}

static bool text_matches(const struct actop_session *s, const struct actop_sample_t *sample,
                         actop_metric id, uint32_t row)
{
    const struct cell *c = sample_cell(sample, id, row);
    return cell_has(c) && regexec(&s->filter, pool_at(&sample->pool, c->text), 0, NULL, 0) == 0;
}

static bool matches(const struct actop_session *s, const struct actop_sample_t *sample,
                    uint32_t row)
{
    return text_matches(s, sample, ACTOP_METRIC_PROC_COMMAND, row) ||
           text_matches(s, sample, ACTOP_METRIC_PROC_CMDLINE, row);
}

/* Rows that stand for something else than a live process are not limited and stay last. */
static bool is_special(const struct actop_sample_t *sample, uint32_t row)
{
    const struct entity *e = sample_entity_get(sample, ACTOP_SCOPE_PROCESS, row);
    return (e->flags & (ACTOP_ENTITY_HIDDEN | ACTOP_ENTITY_EXITED)) != 0;
}

/* What rows are ordered by: the value, highest first, then the row, so that equal rows keep their order. */
struct rank {
    const struct cell *cells; /* the metric's column */
};

static double rank_value(const struct rank *r, uint32_t row)
{
    const struct cell *c = &r->cells[row];
    return cell_has(c) ? c->value : -1;
}

static bool ranks_before(const struct rank *r, uint32_t a, uint32_t b)
{
    double x = rank_value(r, a);
    double y = rank_value(r, b);
    return x > y || (!(x < y) && a < b);
}

static void sift_down(const struct rank *r, uint32_t *rows, size_t at, size_t n)
{
    for (size_t child; (child = 2 * at + 1) < n; at = child) {
        if (child + 1 < n && ranks_before(r, rows[child], rows[child + 1]))
            child++;
        if (!ranks_before(r, rows[at], rows[child]))
            return;
        uint32_t t = rows[at];
        rows[at] = rows[child];
        rows[child] = t;
    }
}

/* Heapsort: no allocation, no recursion, and qsort has no context argument in POSIX 2008. */
static void sort_rows(const struct rank *r, uint32_t *rows, size_t n)
{
    for (size_t i = n / 2; i-- > 0;)
        sift_down(r, rows, i, n);
    for (size_t end = n; end-- > 1;) {
        uint32_t t = rows[0];
        rows[0] = rows[end];
        rows[end] = t;
        sift_down(r, rows, 0, end);
    }
}

/* Move the best `limit` (at most n) of n rows by a metric to the front, in order; the others keep no particular order. The
 * best so far stand in a heap with the least of them on top, so that most rows cost one comparison. */
static void take_top(const struct rank *r, uint32_t *rows, size_t n, size_t limit)
{
    for (size_t i = limit / 2; i-- > 0;)
        sift_down(r, rows, i, limit);
    for (size_t i = limit; i < n; i++) {
        if (!ranks_before(r, rows[i], rows[0]))
            continue;
        uint32_t t = rows[0];
        rows[0] = rows[i];
        rows[i] = t;
        sift_down(r, rows, 0, limit);
    }
    sort_rows(r, rows, limit);
}

/* Put all n rows in order. Most processes use no CPU: they rank alike and stand in order already, so that only the others
 * are sorted. aside has room for n. */
static void rank_all(const struct rank *r, uint32_t *rows, size_t n, uint32_t *aside)
{
    size_t front = 0, zero = 0, none = 0;
    for (size_t i = 0; i < n; i++) {
        double v = rank_value(r, rows[i]);
        if (v > 0)
            rows[front++] = rows[i];
        else if (v < 0)
            aside[n - ++none] = rows[i]; /* without a value, from the end */
        else
            aside[zero++] = rows[i];
    }
    sort_rows(r, rows, front);
    for (size_t i = 0; i < zero; i++)
        rows[front++] = aside[i];
    for (size_t i = 1; i <= none; i++)
        rows[front++] = aside[n - i];
}

/* Put what the limit (0: none) leaves of n rows first, in order; returns how many. aside has room for n. */
static size_t keep_top(const struct actop_sample_t *sample, uint32_t *rows, size_t n, size_t limit,
                       uint32_t *aside)
{
    struct rank by_cpu = {sample_cell(sample, ACTOP_METRIC_PROC_CPU, 0)};
    struct rank by_rss = {sample_cell(sample, ACTOP_METRIC_PROC_RSS, 0)};
    if (limit == 0 || limit >= n) {
        rank_all(&by_cpu, rows, n, aside);
        return n;
    }
    /* The top by RSS of all: those already kept count, so only as many more as rank among the best. */
    take_top(&by_cpu, rows, n, limit);
    memcpy(aside, rows, n * sizeof *aside);
    take_top(&by_rss, aside, n, limit);
    size_t kept = limit;
    uint32_t last = rows[limit - 1];
    for (size_t i = 0; i < limit; i++)
        if (ranks_before(&by_cpu, last, aside[i]))
            rows[kept++] = aside[i];
    sort_rows(&by_cpu, rows, kept);
    return kept;
}

/* Order of rows to keep, in order[3 * rows]; returns how many. */
static size_t choose(const struct actop_session *s, const struct actop_sample_t *sample,
                     size_t rows, size_t limit, uint32_t *order)
{
    uint32_t *special = order + rows;
    size_t n = 0, n_special = 0;
    for (uint32_t row = 0; row < rows; row++) {
        if (s->has_filter && !matches(s, sample, row))
            continue;
        if (is_special(sample, row))
            special[n_special++] = row;
        else
            order[n++] = row;
    }
    size_t kept = keep_top(sample, order, n, limit, order + 2 * rows);
    memmove(order + kept, special, n_special * sizeof *special);
    return kept + n_special;
}

actop_status session_choose_processes(struct actop_session *s, struct actop_sample_t *sample,
                                      size_t limit, struct process_order *order, actop_error *err)
{
    size_t rows = sample_rows(sample, ACTOP_SCOPE_PROCESS);
    if (rows == 0)
        return ACTOP_OK;
    if (!VEC_GROW(order->rows, order->cap, 3 * rows))
        return error_no_memory(err, "processes");
    pthread_mutex_lock(&s->lock);
    size_t n = choose(s, sample, rows, limit, order->rows);
    pthread_mutex_unlock(&s->lock);
    if (!sample_reorder(sample, ACTOP_SCOPE_PROCESS, order->rows, (uint32_t)n))
        return error_no_memory(err, "processes");
    return ACTOP_OK;
}
