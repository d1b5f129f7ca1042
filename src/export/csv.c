/* SPDX-License-Identifier: MIT */
/* CSV: one line of names, one line a sample. Columns are the wall clock, the sequence number, every metric of the
 * machine, then every metric of each row of the fixed scopes that a sheet can hold (tiers, clusters, GPUs, rails, sensors,
 * fans): the same columns as long as the topology is the same. Names are keys and units: "cpu_power_w", "sensor_temp_c[Tp01]"; values are in base units. RFC 4180:
 * quotes where they are needed, but lines end with LF alone. An absent value is an empty cell. */
#include <string.h>

#include "export/export.h"

static const actop_scope scopes[] = {ACTOP_SCOPE_MACHINE, ACTOP_SCOPE_TIER, ACTOP_SCOPE_CLUSTER,
                                     ACTOP_SCOPE_GPU,     ACTOP_SCOPE_RAIL, ACTOP_SCOPE_SENSOR,
                                     ACTOP_SCOPE_FAN};

typedef void cell_fn(struct buf *b, const struct actop_sample_t *s, actop_metric id, uint32_t row);

/* A text as one cell. A leading = + - @ is what spreadsheets take for a formula; a name from outside must not be one. */
static void put_cell_text(struct buf *b, const char *text)
{
    buf_putc(b, '"');
    if (text[0] != '\0' && strchr("=+-@", text[0]) != NULL)
        buf_putc(b, '\'');
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '"')
            buf_putc(b, '"');
        buf_putc(b, (unsigned char)*c < 0x20 || *c == 0x7f ? ' ' : *c);
    }
    buf_putc(b, '"');
}

static void put_name(struct buf *b, const struct actop_sample_t *s, actop_metric id, uint32_t row)
{
    const actop_metric_info *m = metric_info(id);
    char name[256];
    struct buf n;
    buf_init_fixed(&n, name, sizeof name);
    metric_put_joined(&n, m->key, m->unit);
    if (m->scope != ACTOP_SCOPE_MACHINE) {
        const struct entity *e = sample_entity_get(s, m->scope, row);
        buf_putc(&n, '[');
        buf_puts(&n, sample_entity_text(s, m->scope, e->key));
        buf_putc(&n, ']');
    }
    if (strpbrk(name, ",\"\n\r") != NULL)
        put_cell_text(b, name);
    else
        buf_puts(b, name);
}

static void put_cell(struct buf *b, const struct actop_sample_t *s, actop_metric id, uint32_t row)
{
    double v = 0;
    const char *text = export_text(s, id, (int32_t)row);
    if (text != NULL)
        put_cell_text(b, text);
    else if (metric_info(id)->kind != ACTOP_KIND_INFO && export_value(s, id, (int32_t)row, &v))
        buf_put_double(b, v);
}

static void put_columns(struct buf *b, const struct actop_sample_t *s, actop_scope scope,
                        cell_fn *put)
{
    uint32_t n = sample_rows(s, scope);
    for (size_t id = 0; id < ACTOP_METRIC_COUNT; id++) {
        if (metric_info((actop_metric)id)->scope != scope)
            continue;
        for (uint32_t row = 0; row < n; row++) {
            buf_putc(b, ',');
            put(b, s, (actop_metric)id, row);
        }
    }
}

static void put_line(struct buf *b, const struct actop_sample_t *s, cell_fn *put)
{
    for (size_t i = 0; i < sizeof scopes / sizeof scopes[0]; i++)
        put_columns(b, s, scopes[i], put);
    buf_putc(b, '\n');
}

void csv_put_header(struct buf *b, const struct actop_sample_t *s, const actop_format_options *o)
{
    (void)o;
    buf_puts(b, "timestamp,seq");
    put_line(b, s, put_name);
}

void csv_put(struct buf *b, const struct actop_sample_t *s, const actop_format_options *o)
{
    (void)o;
    buf_put_double(b, (double)s->at.wall_ns / 1e9);
    buf_putc(b, ',');
    buf_put_u64(b, s->seq);
    put_line(b, s, put_cell);
}
