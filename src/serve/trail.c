/* SPDX-License-Identifier: MIT */
/* The ring of points; see trail.h. Values are kept as float: seven digits are more than a chart shows. */
#include "serve/trail.h"

#include <math.h>
#include <stdlib.h>

#include "base/os.h"

static const int64_t LEAST_APART_NS = 950000000; /* a second, less what timers are late */

static bool is_kept(const actop_metric_info *m)
{
    return (m->kind == ACTOP_KIND_GAUGE || m->kind == ACTOP_KIND_STATE) &&
           (m->scope == ACTOP_SCOPE_MACHINE || m->scope == ACTOP_SCOPE_TIER);
}

static uint32_t list_columns(struct trail_column *into)
{
    uint32_t n = 0;
    for (int id = 0; id < ACTOP_METRIC_COUNT; id++) {
        const actop_metric_info *m = actop_metric_get((actop_metric)id);
        uint32_t rows = m->scope == ACTOP_SCOPE_TIER ? TRAIL_TIERS : 1;
        for (uint32_t row = 0; row < rows && is_kept(m); row++, n++)
            if (into != NULL)
                into[n] = (struct trail_column){(actop_metric)id, row};
    }
    return n;
}

bool trail_open(struct trail *h)
{
    *h = (struct trail){.n_columns = list_columns(NULL)};
    h->columns = calloc(h->n_columns, sizeof *h->columns);
    h->values = calloc((size_t)h->n_columns * TRAIL_POINTS, sizeof *h->values);
    h->wall_ns = calloc(TRAIL_POINTS, sizeof *h->wall_ns);
    h->boot_ns = calloc(TRAIL_POINTS, sizeof *h->boot_ns);
    if (h->columns != NULL && h->values != NULL && h->wall_ns != NULL && h->boot_ns != NULL) {
        (void)list_columns(h->columns);
        return true;
    }
    trail_release(h);
    return false;
}

void trail_release(struct trail *h)
{
    free(h->columns);
    free(h->values);
    free(h->wall_ns);
    free(h->boot_ns);
    *h = (struct trail){0};
}

size_t trail_needs(void)
{
    const struct trail h = {.n_columns = list_columns(NULL)};
    return trail_bytes(&h);
}

size_t trail_bytes(const struct trail *h)
{
    return TRAIL_POINTS *
           (h->n_columns * sizeof *h->values + sizeof *h->wall_ns + sizeof *h->boot_ns);
}

static uint32_t point_at(const struct trail *h, uint32_t i)
{
    return (h->first + i) % TRAIL_POINTS;
}

void trail_add(struct trail *h, const actop_sample_t *s)
{
    actop_times t = {.size = sizeof t};
    actop_sample_times(s, &t);
    int64_t last_ns = h->n > 0 ? h->boot_ns[point_at(h, h->n - 1)] : 0;
    if (h->n > 0 && t.boot_ns >= last_ns && t.boot_ns < ns_sum(last_ns, LEAST_APART_NS))
        return;
    if (h->n == TRAIL_POINTS)
        h->first = (h->first + 1) % TRAIL_POINTS;
    else
        h->n++;
    uint32_t point = point_at(h, h->n - 1);
    float *values = h->values + (size_t)point * h->n_columns;
    h->wall_ns[point] = t.wall_ns;
    h->boot_ns[point] = t.boot_ns;
    for (uint32_t i = 0; i < h->n_columns; i++) {
        actop_reading r = actop_read(s, h->columns[i].id, h->columns[i].row);
        values[i] = actop_has_value(&r) ? (float)r.value : NAN;
    }
}

/* ---- Writing ------------------------------------------------------------------------------------------------------ */

static bool has_any(const struct trail *h, uint32_t from, uint32_t column)
{
    for (uint32_t i = from; i < h->n; i++)
        if (!isnan(h->values[(size_t)point_at(h, i) * h->n_columns + column]))
            return true;
    return false;
}

static void put_name(struct buf *b, const struct trail_column *c, const actop_sample_t *s)
{
    const actop_metric_info *m = actop_metric_get(c->id);
    actop_entity e;
    buf_putc(b, '"');
    buf_puts(b, m->key);
    if (m->scope == ACTOP_SCOPE_TIER && actop_entity_at(s, m->scope, c->row, &e) == ACTOP_OK) {
        buf_putc(b, '[');
        for (const char *k = e.key; *k != '\0'; k++) /* a recording may name tiers as it likes */
            buf_putc(b, *k > ' ' && *k < 0x7f && *k != '"' && *k != '\\' ? *k : '?');
        buf_putc(b, ']');
    }
    buf_puts(b, "\":[");
}

/* A float with as many digits as it has: nine significant ones would only be noise. */
static void put_value(struct buf *b, float value)
{
    double v = (double)value;
    double size = v < 0 ? -v : v;
    if (!isfinite(value)) /* also what is past a float */
        buf_puts(b, "null");
    else if (size >= 9e18)
        buf_put_double(b, v);
    else if (size >= 1e7)
        buf_put_i64(b, (int64_t)v);
    else
        buf_put_fixed(b, v, size >= 1000 ? 2 : 5);
}

static void put_column(struct buf *b, const struct trail *h, uint32_t from, uint32_t column,
                       const actop_sample_t *s)
{
    put_name(b, &h->columns[column], s);
    for (uint32_t i = from; i < h->n; i++) {
        if (i > from)
            buf_putc(b, ',');
        put_value(b, h->values[(size_t)point_at(h, i) * h->n_columns + column]);
    }
    buf_putc(b, ']');
}

/* The first point of the last seconds. Another machine's clock, which was restarted, ends them too. */
static uint32_t since(const struct trail *h, long seconds)
{
    uint32_t from = h->n;
    int64_t last_ns = h->n > 0 ? h->boot_ns[point_at(h, h->n - 1)] : 0;
    int64_t since_ns = ns_sum(last_ns, -(int64_t)seconds * 1000000000);
    for (; from > 0; from--) {
        int64_t at_ns = h->boot_ns[point_at(h, from - 1)];
        if (at_ns < since_ns || at_ns > last_ns)
            break;
    }
    return from;
}

void trail_put(struct buf *b, const struct trail *h, const actop_sample_t *newest, long seconds)
{
    uint32_t from = since(h, seconds);
    bool first = true;
    buf_puts(b, "{\"schema\":\"actop/1\",\"t\":[");
    for (uint32_t i = from; i < h->n; i++) {
        if (i > from)
            buf_putc(b, ',');
        buf_put_fixed(b, (double)h->wall_ns[point_at(h, i)] / 1e9, 3);
    }
    buf_puts(b, "],\"values\":{");
    for (uint32_t column = 0; column < h->n_columns; column++) {
        if (!has_any(h, from, column))
            continue;
        if (!first)
            buf_putc(b, ',');
        first = false;
        put_column(b, h, from, column, newest);
    }
    buf_puts(b, "}}\n");
}
