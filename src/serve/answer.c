/* SPDX-License-Identifier: MIT */
/* From a request to an answer: who may ask, what there is, and bodies made once for everybody who asks at the same time. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/gzip.h"
#include "base/os.h"
#include "serve/server.h"

enum { LEAST_GZIP = 1024, HISTORY_SECONDS = 3600 };

static const struct {
    int status;
    const char *reason, *sentence;
} statuses[] = {
    {200, "OK", ""},
    {400, "Bad Request", "This is not a request we understand.\n"},
    {401, "Unauthorized", "A token is needed.\n"},
    {403, "Forbidden", "Not under this host name. See --allow-host.\n"},
    {404, "Not Found", "There is nothing here. See /.\n"},
    {405, "Method Not Allowed", "Only GET and HEAD.\n"},
    {408, "Request Timeout", "The request took too long.\n"},
    {413, "Content Too Large", "A request has no body here.\n"},
    {414, "URI Too Long", "The address is too long.\n"},
    {417, "Expectation Failed", "Nothing is expected here.\n"},
    {431, "Request Header Fields Too Large", "The head of the request is too large.\n"},
    {503, "Service Unavailable", "No sample yet.\n"},
};

static size_t status_index(int status)
{
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++)
        if (statuses[i].status == status)
            return i;
    return 1;
}

/* ---- Heads ---------------------------------------------------------------------------------------------------------- */

static void put_date(struct buf *b)
{
    static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    struct os_moment now;
    struct tm tm;
    os_now(&now);
    time_t seconds = (time_t)(now.wall_ns / 1000000000);
    if (gmtime_r(&seconds, &tm) != NULL)
        buf_printf(b, "Date: %s, %02d %s %04d %02d:%02d:%02d GMT\r\n", days[tm.tm_wday % 7],
                   tm.tm_mday, months[tm.tm_mon % 12], tm.tm_year + 1900, tm.tm_hour, tm.tm_min,
                   tm.tm_sec);
}

struct answer {
    int status;
    const char *type;
    struct body *body; /* a reference, given on */
    bool gzipped, head, stream;
};

/* Nobody's page may read, frame or guess at what is here, and nothing is allowed to load anything. */
static void put_safety(struct buf *b)
{
    buf_puts(
        b,
        "X-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\nX-Frame-Options: DENY\r\n"
        "Cross-Origin-Resource-Policy: same-origin\r\nContent-Security-Policy: default-src 'none'; "
        "script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'\r\n"
        "Cache-Control: no-store\r\n");
}

static void start(struct connection *c, const struct answer *a)
{
    struct buf b;
    buf_init_fixed(&b, c->head, sizeof c->head);
    buf_printf(&b, "HTTP/1.1 %d %s\r\n", a->status, statuses[status_index(a->status)].reason);
    put_date(&b);
    buf_printf(&b, "Content-Type: %s\r\n", a->type);
    if (!a->stream)
        buf_printf(&b, "Content-Length: %zu\r\n", a->body != NULL ? a->body->n : 0);
    if (a->gzipped)
        buf_puts(&b, "Content-Encoding: gzip\r\n");
    if (a->status == 200 && !a->stream)
        buf_puts(&b, "Vary: Accept, Accept-Encoding\r\n");
    if (a->status == 401)
        buf_puts(&b, "WWW-Authenticate: Bearer\r\n");
    if (a->status == 405)
        buf_puts(&b, "Allow: GET, HEAD\r\n");
    if (a->status == 503)
        buf_puts(&b, "Retry-After: 1\r\n");
    put_safety(&b);
    buf_puts(&b, c->close_after ? "Connection: close\r\n\r\n" : "\r\n");
    c->n_head = b.len < sizeof c->head ? b.len : 0;
    c->sent_head = c->sent_body = 0;
    c->body = a->body;
    if (a->head && c->body != NULL) {
        body_unref(c->body);
        c->body = NULL;
    }
}

static void refuse(struct serve *sv, struct connection *c, int status, bool head)
{
    const char *sentence = statuses[status_index(status)].sentence;
    struct answer a = {
        status, "text/plain; charset=utf-8", body_new(sentence, strlen(sentence)), false, head,
        false};
    sv->self.refused += status != 503;
    start(c, &a);
}

void answer_status(struct serve *sv, struct connection *c, int status)
{
    c->close_after = true;
    refuse(sv, c, status, false);
}

/* ---- Bodies ----------------------------------------------------------------------------------------------------------- */

static void make(struct serve *sv, enum content_kind kind, struct buf *b, int64_t now_ns)
{
    sv->self.sample_age_ns = now_ns - sv->newest_ns;
    sv->self.connections = (uint32_t)sv->n;
    sv->self.streams = sv->streams;
    switch (kind) {
    case METRICS:
    case OPENMETRICS:
        content_metrics(b, sv->newest, &sv->content, &sv->self, kind == OPENMETRICS);
        break;
    case SAMPLE:
        content_sample(b, sv->newest, &sv->content);
        break;
    case MACMON:
        content_macmon(b, sv->newest);
        break;
    default:
        content_info(b, sv->newest, &sv->content);
    }
}

static struct body *body_of(struct buf *b)
{
    struct body *body = b->failed || b->data == NULL ? NULL : body_new(b->data, b->len);
    buf_release(b);
    return body;
}

static bool is_fresh(const struct serve *sv, const struct cached *c, int64_t now_ns)
{
    return c->body != NULL && c->seq == sv->seq && now_ns - c->made_ns < FRESH_NS;
}

static void remember(struct serve *sv, struct cached *c, struct body *body, int64_t now_ns)
{
    body_unref(c->body);
    *c = (struct cached){body, now_ns, sv->seq};
}

/* A reference to the body of a kind, plain or, when that is wished and smaller, compressed. NULL: out of memory. */
static struct body *cached_body(struct serve *sv, enum content_kind kind, bool *gzip,
                                int64_t now_ns)
{
    struct cached *plain = &sv->cache[kind][0], *small = &sv->cache[kind][1];
    struct buf b = BUF_INIT;
    if (!is_fresh(sv, plain, now_ns)) {
        make(sv, kind, &b, now_ns);
        struct body *body = body_of(&b);
        if (body == NULL)
            return NULL;
        remember(sv, plain, body, now_ns);
    }
    *gzip = *gzip && plain->body->n >= LEAST_GZIP;
    if (*gzip && (!is_fresh(sv, small, now_ns) || small->made_ns < plain->made_ns)) {
        b = (struct buf)BUF_INIT;
        *gzip = gzip_put(&b, plain->body->data, plain->body->n);
        struct body *body = *gzip ? body_of(&b) : NULL;
        *gzip = body != NULL;
        if (body != NULL)
            remember(sv, small, body, now_ns);
        else
            buf_release(&b);
    }
    return body_ref(*gzip ? small->body : plain->body);
}

/* ---- Routes ------------------------------------------------------------------------------------------------------------ */

static const char json_type[] = "application/json";

static const struct route {
    const char *path;
    enum content_kind kind;
    const char *type;
} routes[] = {
    {"/metrics", METRICS, "text/plain; version=0.0.4; charset=utf-8"},
    {"/api/v1/sample", SAMPLE, json_type},
    {"/api/v1/stream", STREAM, "text/event-stream"},
    {"/api/v1/frames", FRAMES, "application/octet-stream"},
    {"/api/v1/history", HISTORY, json_type},
    {"/api/v1/info", INFO, json_type},
    {"/json", MACMON, json_type},
    {"/healthz", HEALTH, "text/plain; charset=utf-8"},
    {"/", PAGE, "text/html; charset=utf-8"},
};

static const struct route *find_route(char *path)
{
    size_t n = strlen(path);
    while (n > 1 && path[n - 1] == '/') /* as the old server did */
        path[--n] = '\0';
    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++)
        if (strcmp(routes[i].path, path) == 0)
            return &routes[i];
    return NULL;
}

/* Well: the newest sample is not older than five intervals, and ten seconds. */
static bool is_well(const struct serve *sv, int64_t now_ns)
{
    int64_t most_ns = 5 * sv->options.interval_ns;
    return sv->newest != NULL &&
           now_ns - sv->newest_ns <= (most_ns > 10000000000 ? most_ns : 10000000000);
}

static void add_event(struct serve *sv)
{
    struct buf b = BUF_INIT;
    struct event *e = &sv->events[sv->seq % EVENTS];
    buf_printf(&b, "id: %llu\ndata: ", (unsigned long long)sv->seq);
    content_sample(&b, sv->newest, &sv->content); /* ends with a newline */
    buf_putc(&b, '\n');
    body_unref(e->body);
    *e = (struct event){sv->seq, body_of(&b)};
}

/* From now on bytes come as there are samples; the end of the stream is the end of the connection. */
static void begin_stream(struct serve *sv, struct connection *c, int64_t now_ns)
{
    c->state = STREAMING;
    c->wrote_ns = now_ns;
    sv->streams++;
}

static void answer_stream(struct serve *sv, struct connection *c, const struct request *r,
                          int64_t now_ns)
{
    static const char retry[] = "retry: 2000\n\n";
    char *end = NULL;
    unsigned long long last = strtoull(r->last_event_id, &end, 10);
    bool again = r->last_event_id[0] != '\0' && *end == '\0' && last < sv->seq;
    memcpy(c->head + c->n_head, retry, sizeof retry - 1); /* heads are far from HEAD_SIZE */
    c->n_head += sizeof retry - 1;
    c->event = again ? last + 1 : sv->seq;
    sv->streamed_ns = now_ns;
    begin_stream(sv, c, now_ns);
    if (sv->events[sv->seq % EVENTS].seq != sv->seq) /* nobody was streaming when it came */
        add_event(sv);
}

/* Both streams: events, and frames for another actop, without the names of anybody or anything. */
static void answer_streams(struct serve *sv, struct connection *c, const struct request *r,
                           const struct route *route, int64_t now_ns)
{
    struct answer a = {200, route->type, NULL, false, r->head, true};
    actop_frames *frames = NULL;
    if (sv->streams >= MOST_STREAMS ||
        (route->kind == FRAMES && !r->head &&
         actop_frames_open(sv->session, ACTOP_RECORD_SCRUB, &frames, NULL) != ACTOP_OK)) {
        refuse(sv, c, 503, r->head);
        return;
    }
    c->close_after = true;
    start(c, &a);
    c->frames = frames;
    if (r->head)
        return;
    if (route->kind == FRAMES)
        begin_stream(sv, c, now_ns);
    else
        answer_stream(sv, c, r, now_ns);
}

static struct body *body_of_history(struct serve *sv, long seconds)
{
    struct buf b = BUF_INIT;
    trail_put(&b, &sv->trail, sv->newest, seconds);
    return body_of(&b);
}

static struct body *body_of_page(struct serve *sv)
{
    struct buf b = BUF_INIT;
    content_page(&b, sv->newest);
    return body_of(&b);
}

static void answer_body(struct serve *sv, struct connection *c, const struct request *r,
                        struct answer a)
{
    if (a.body != NULL)
        start(c, &a);
    else
        refuse(sv, c, 503, r->head);
}

static void answer_history(struct serve *sv, struct connection *c, const struct request *r)
{
    long seconds = request_number(r, "seconds", HISTORY_SECONDS);
    if (seconds < 1) {
        refuse(sv, c, 400, r->head);
        return;
    }
    struct answer a = {200, json_type, body_of_history(sv, seconds), false, r->head, false};
    answer_body(sv, c, r, a);
}

static void answer_cached(struct serve *sv, struct connection *c, const struct request *r,
                          const struct route *route, int64_t now_ns)
{
    static const char openmetrics_type[] =
        "application/openmetrics-text; version=1.0.0; charset=utf-8";
    bool openmetrics = route->kind == METRICS && r->openmetrics;
    bool gzip = r->gzip;
    struct answer a = {200,  openmetrics ? openmetrics_type : route->type, NULL, false, r->head,
                       false};
    a.body = cached_body(sv, openmetrics ? OPENMETRICS : route->kind, &gzip, now_ns);
    a.gzipped = gzip;
    answer_body(sv, c, r, a);
}

static void answer_route(struct serve *sv, struct connection *c, const struct request *r,
                         const struct route *route, int64_t now_ns)
{
    struct answer a = {200, route->type, NULL, false, r->head, false};
    if (route->kind == PAGE) {
        a.body = body_of_page(sv);
        answer_body(sv, c, r, a);
    } else if (route->kind == HEALTH) {
        a.status = is_well(sv, now_ns) ? 200 : 503;
        a.body = a.status == 200 ? body_new("ok\n", 3) : body_new("sampling stands still\n", 22);
        answer_body(sv, c, r, a);
    } else if (sv->newest == NULL) {
        refuse(sv, c, 503, r->head);
    } else if (route->kind == STREAM || route->kind == FRAMES) {
        answer_streams(sv, c, r, route, now_ns);
    } else if (route->kind == HISTORY) {
        answer_history(sv, c, r);
    } else {
        answer_cached(sv, c, r, route, now_ns);
    }
}

void answer_request(struct serve *sv, struct connection *c, const struct request *r, int64_t now_ns)
{
    char path[REQUEST_TEXT];
    memcpy(path, r->path, sizeof path);
    const struct route *route = find_route(path);
    c->close_after = !r->keep_alive || sv->stopping;
    sv->self.requests++;
    if (!access_host(&sv->access, r->host) || r->cross_site)
        refuse(sv, c, 403, r->head);
    else if (!access_token(&sv->access, r->authorization))
        refuse(sv, c, 401, r->head);
    else if (route == NULL)
        refuse(sv, c, 404, r->head);
    else
        answer_route(sv, c, r, route, now_ns);
}

/* ---- New samples --------------------------------------------------------------------------------------------------------- */

/* After the last client of the stream has left. */
static const int64_t KEEP_EVENTS_NS = 60000000000;

void answer_new_sample(struct serve *sv, const actop_sample_t *sample, int64_t now_ns)
{
    actop_times t = {.size = sizeof t};
    actop_sample_times(sample, &t);
    actop_sample_unref(sv->newest);
    sv->newest = sample;
    sv->seq = t.seq;
    sv->newest_ns = now_ns;
    trail_add(&sv->trail, sample);
    if (sv->streams > 0 || (sv->streamed_ns != 0 && now_ns - sv->streamed_ns < KEEP_EVENTS_NS))
        add_event(sv);
}

void answer_release(struct serve *sv)
{
    for (int i = 0; i < EVENTS; i++)
        body_unref(sv->events[i].body);
    for (int kind = 0; kind < CACHED_KINDS; kind++)
        for (int k = 0; k < 2; k++)
            body_unref(sv->cache[kind][k].body);
    actop_sample_unref(sv->newest);
}
