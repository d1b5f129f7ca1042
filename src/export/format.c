/* SPDX-License-Identifier: MIT */
/* actop_format(): the list of formats. Each writes into the caller's memory and counts what does not fit. */
#include <string.h>

#include "export/export.h"
#include "export/prometheus.h"

typedef void format_fn(struct buf *b, const struct actop_sample_t *s,
                       const actop_format_options *o);

static format_fn *const formats[ACTOP_FORMAT_COUNT] = {
    [ACTOP_FORMAT_TEXT] = text_put,
    [ACTOP_FORMAT_NDJSON] = ndjson_put,
    [ACTOP_FORMAT_PROMETHEUS] = prometheus_put,
    [ACTOP_FORMAT_OPENMETRICS] = openmetrics_put,
    [ACTOP_FORMAT_CSV] = csv_put,
    [ACTOP_FORMAT_CSV_HEADER] = csv_put_header,
};

/* An older program's options are shorter: what it does not know keeps its default. */
static actop_format_options merge_options(const actop_format_options *given)
{
    actop_format_options o = ACTOP_FORMAT_OPTIONS_INIT;
    if (given != NULL)
        memcpy(&o, given, given->size < sizeof o ? given->size : sizeof o);
    o.size = sizeof o;
    return o;
}

size_t actop_format(const actop_sample_t *sample, actop_format_id format,
                    const actop_format_options *options, char *buf, size_t size)
{
    actop_format_options o = merge_options(options);
    struct buf b;
    buf_init_fixed(&b, buf, size);
    if ((unsigned)format < ACTOP_FORMAT_COUNT && formats[format] != NULL)
        formats[format](&b, sample, &o);
    return b.failed ? 0 : b.len;
}

size_t actop_metric_json_key(actop_metric id, char *buf, size_t size)
{
    struct buf b;
    buf_init_fixed(&b, buf, size);
    const actop_metric_info *m = actop_metric_get(id);
    if (m != NULL && !(m->json_key != NULL && m->json_key[0] == '\0'))
        export_put_name(&b, id, m->scope != ACTOP_SCOPE_MACHINE);
    return b.len;
}
