/* SPDX-License-Identifier: MIT */
/* Bodies of answers; see content.h. */
#include "serve/content.h"

#include <string.h>

#include "base/os.h"
#include "serve/json.h"

/* A format of the library, appended. It may have found memory at one of both calls only. */
static void put_format(struct buf *b, const actop_sample_t *s, actop_format_id format,
                       const actop_format_options *f)
{
    size_t n = actop_format(s, format, f, NULL, 0);
    if (n > 0 && buf_reserve(b, n + 1) && actop_format(s, format, f, b->data + b->len, n + 1) == n)
        b->len += n;
    else
        b->failed = true;
}

/* ---- /metrics ----------------------------------------------------------------------------------------------------- */

static void put_family(struct buf *b, const char *family, const char *type, const char *help,
                       double value)
{
    buf_puts(b, "# HELP ");
    buf_puts(b, family);
    buf_putc(b, ' ');
    buf_puts(b, help);
    buf_puts(b, "\n# TYPE ");
    buf_puts(b, family);
    buf_putc(b, ' ');
    buf_puts(b, type);
    buf_putc(b, '\n');
    buf_puts(b, family);
    if (type[0] == 'c')
        buf_puts(b, "_total");
    buf_putc(b, ' ');
    buf_put_double(b, value);
    buf_putc(b, '\n');
}

/* A counter: its family ends in _total in the old format, and only its sample does in OpenMetrics. */
static void put_counter(struct buf *b, const char *family, const char *help, double value,
                        bool openmetrics)
{
    if (openmetrics) {
        put_family(b, family, "counter", help, value);
        return;
    }
    buf_puts(b, "# HELP ");
    buf_puts(b, family);
    buf_puts(b, "_total ");
    buf_puts(b, help);
    buf_puts(b, "\n# TYPE ");
    buf_puts(b, family);
    buf_puts(b, "_total counter\n");
    buf_puts(b, family);
    buf_puts(b, "_total ");
    buf_put_double(b, value);
    buf_putc(b, '\n');
}

/* About the process itself; what cannot be read is left out. */
static void put_process(struct buf *b, bool openmetrics)
{
    struct os_self self;
    os_self_read(&self);
    put_counter(b, "process_cpu_seconds", "CPU time actop has used.", (double)self.cpu_ns / 1e9,
                openmetrics);
    if (self.start_ns != 0)
        put_family(b, "process_start_time_seconds", "gauge", "When actop was started, since 1970.",
                   (double)self.start_ns / 1e9);
    if (self.rss_bytes != 0)
        put_family(b, "process_resident_memory_bytes", "gauge", "Resident memory of actop.",
                   (double)self.rss_bytes);
    if (self.virtual_bytes != 0)
        put_family(b, "process_virtual_memory_bytes", "gauge", "Address space of actop.",
                   (double)self.virtual_bytes);
    if (self.open_fds != 0)
        put_family(b, "process_open_fds", "gauge", "File descriptors actop has open.",
                   self.open_fds);
    if (self.threads != 0)
        put_family(b, "process_threads", "gauge", "Threads of actop.", self.threads);
}

static void put_self(struct buf *b, const struct content_self *self, bool openmetrics)
{
    put_family(b, "actop_sample_age_seconds", "gauge",
               "Time since the sample all other values are of.", (double)self->sample_age_ns / 1e9);
    put_counter(b, "actop_http_requests", "Requests answered.", (double)self->requests,
                openmetrics);
    put_counter(b, "actop_http_refused", "Requests that were refused: not valid, not allowed.",
                (double)self->refused, openmetrics);
    put_counter(b, "actop_http_dropped", "Connections dropped: too slow, or one too many.",
                (double)self->dropped, openmetrics);
    put_family(b, "actop_http_connections", "gauge", "Connections that are open.",
               self->connections);
    put_family(b, "actop_http_streams", "gauge", "Clients of the event stream.", self->streams);
    put_process(b, openmetrics);
}

void content_metrics(struct buf *b, const actop_sample_t *s, const struct content_options *o,
                     const struct content_self *self, bool openmetrics)
{
    static const char eof[] = "# EOF\n";
    actop_format_options f = ACTOP_FORMAT_OPTIONS_INIT;
    f.processes = o->processes;
    f.process_pids = o->process_pids;
    put_format(b, s, openmetrics ? ACTOP_FORMAT_OPENMETRICS : ACTOP_FORMAT_PROMETHEUS, &f);
    if (openmetrics && b->len >= sizeof eof - 1)
        b->len -= sizeof eof - 1;
    put_self(b, self, openmetrics);
    if (openmetrics)
        buf_puts(b, eof);
}

/* ---- JSON ----------------------------------------------------------------------------------------------------------- */

void content_sample(struct buf *b, const actop_sample_t *s, const struct content_options *o)
{
    actop_format_options f = ACTOP_FORMAT_OPTIONS_INIT;
    f.processes = o->processes;
    f.cmdlines = o->cmdlines;
    f.evidence = 1;
    put_format(b, s, ACTOP_FORMAT_NDJSON, &f);
}

static uint32_t cores_of(const actop_sample_t *s, uint32_t tier)
{
    uint32_t n = 0;
    actop_entity core, cluster;
    for (uint32_t row = 0; row < actop_rows(s, ACTOP_SCOPE_CORE); row++) {
        if (actop_entity_at(s, ACTOP_SCOPE_CORE, row, &core) != ACTOP_OK || core.parent < 0)
            continue;
        int32_t owner = core.parent;
        if (core.parent_scope == ACTOP_SCOPE_CLUSTER &&
            actop_entity_at(s, ACTOP_SCOPE_CLUSTER, (uint32_t)core.parent, &cluster) == ACTOP_OK)
            owner = cluster.parent;
        n += owner == (int32_t)tier;
    }
    return n;
}

static void put_tiers(struct buf *b, const actop_sample_t *s)
{
    actop_entity e;
    json_key(b, "tiers");
    buf_putc(b, '[');
    for (uint32_t row = 0; row < actop_rows(s, ACTOP_SCOPE_TIER); row++) {
        if (actop_entity_at(s, ACTOP_SCOPE_TIER, row, &e) != ACTOP_OK)
            continue;
        if (row > 0)
            buf_putc(b, ',');
        buf_putc(b, '{');
        json_key(b, "name");
        buf_put_json(b, e.key, strlen(e.key));
        json_number(b, "cores", cores_of(s, row));
        json_number(b, "max_freq_hz", json_value(s, ACTOP_METRIC_TIER_MAX_FREQ, row));
        buf_putc(b, '}');
    }
    buf_putc(b, ']');
}

void content_info(struct buf *b, const actop_sample_t *s, const struct content_options *o)
{
    static const struct {
        const char *key;
        actop_metric id;
    } texts[] = {{"chip", ACTOP_METRIC_CHIP},     {"host", ACTOP_METRIC_HOST},
                 {"model", ACTOP_METRIC_MODEL},   {"os", ACTOP_METRIC_OS},
                 {"kernel", ACTOP_METRIC_KERNEL}, {"source", ACTOP_METRIC_SOURCE}};
    actop_times t = {.size = sizeof t};
    actop_sample_times(s, &t);
    buf_puts(b, "{\"schema\":\"actop/1\",\"version\":\"");
    buf_puts(b, actop_version());
    buf_putc(b, '"');
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        json_text(b, texts[i].key, s, texts[i].id);
    json_number(b, "seq", (double)t.seq);
    json_number(b, "interval_s", (double)t.interval_ns / 1e9);
    put_tiers(b, s);
    json_number(b, "gpu_cores", json_value(s, ACTOP_METRIC_GPU_CORES, 0));
    json_number(b, "ram_total_bytes", json_value(s, ACTOP_METRIC_RAM_TOTAL, 0));
    json_number(b, "bandwidth_peak_bps", json_value(s, ACTOP_METRIC_BANDWIDTH_PEAK, 0));
    json_number(b, "history_bytes", (double)o->history_bytes);
    buf_puts(b, "}\n");
}

/* ---- / ---------------------------------------------------------------------------------------------------------------- */

static void put_html(struct buf *b, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '<')
            buf_puts(b, "&lt;");
        else if (*text == '&')
            buf_puts(b, "&amp;");
        else if ((unsigned char)*text >= 0x20)
            buf_putc(b, *text);
    }
}

void content_page(struct buf *b, const actop_sample_t *s)
{
    static const struct {
        const char *path, *what;
    } links[] = {
        {"/metrics", "all metrics, for Prometheus; OpenMetrics when the request asks for it"},
        {"/api/v1/sample", "the newest sample as JSON, with evidence"},
        {"/api/v1/stream", "the same as server-sent events"},
        {"/api/v1/frames",
         "the frames as they are read, for another actop: --source http://HOST:PORT"},
        {"/api/v1/history?seconds=60",
         "the machine's numbers over the last seconds, up to an hour"},
        {"/api/v1/info", "what this machine is"},
        {"/json", "the newest sample in the shape macmon's readers know"},
        {"/healthz", "200 while sampling goes on"},
    };
    buf_puts(
        b,
        "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>actop</title>\n<h1>actop ");
    buf_puts(b, actop_version());
    buf_puts(b, "</h1>\n<p>");
    actop_reading chip = s != NULL ? actop_read(s, ACTOP_METRIC_CHIP, 0) : (actop_reading){0};
    actop_reading host = s != NULL ? actop_read(s, ACTOP_METRIC_HOST, 0) : (actop_reading){0};
    put_html(b, actop_has_value(&chip) ? chip.text : "unknown chip");
    buf_puts(b, ", ");
    put_html(b, actop_has_value(&host) ? host.text : "unknown host");
    buf_puts(b, "</p>\n<ul>\n");
    for (size_t i = 0; i < sizeof links / sizeof *links; i++) {
        buf_puts(b, "<li><a href=\"");
        buf_puts(b, links[i].path);
        buf_puts(b, "\">");
        buf_puts(b, links[i].path);
        buf_puts(b, "</a> — ");
        buf_puts(b, links[i].what);
        buf_puts(b, "</li>\n");
    }
    buf_puts(b, "</ul>\n</html>\n");
}
