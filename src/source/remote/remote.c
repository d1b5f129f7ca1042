/* SPDX-License-Identifier: MIT */
/* The source that reads another actop: "http://HOST:PORT", whose /api/v1/frames is a recording that never ends. Frames come
 * when the other one reads its machine. When the connection is lost it is made again, after a while that doubles each
 * time; frames are numbered on with a jump there, so that what was missed counts as a gap. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "base/os.h"
#include "frame/recording.h"
#include "source/remote/http.h"
#include "source/source.h"

enum { WAIT_LEAST_MS = 250, WAIT_MOST_MS = 30000 };

struct source {
    struct http_target target;
    int stop[2];                     /* pipe: a byte in it ends all waiting */
    struct http *http;               /* owned; NULL: not connected */
    struct recording_reader *reader; /* owned; as http */
    const struct schema *described;  /* what describe gave last; a reference */
    uint64_t seq, theirs; /* number of the last frame, ours and theirs; 0 before the first */
    bool again;           /* connected again since */
    int wait_ms;
};

static void disconnect(struct source *s)
{
    recording_reader_free(s->reader);
    http_close(s->http);
    s->reader = NULL;
    s->http = NULL;
}

static ssize_t read_body(void *self, void *bytes, size_t n)
{
    return http_read(self, bytes, n);
}

static actop_status connect_once(struct source *s, actop_error *err)
{
    actop_status st = http_get(&s->target, "/api/v1/frames", s->stop[0], &s->http, err);
    if (st == ACTOP_OK)
        st = recording_reader_new((struct recording_feed){read_body, s->http}, s->target.host,
                                  &s->reader, err);
    if (st != ACTOP_OK)
        disconnect(s);
    return st;
}

/* What may be over after a while; the rest (no token, another version) is not. */
static bool may_pass(actop_status st)
{
    return st == ACTOP_E_IO || st == ACTOP_E_BUSY || st == ACTOP_E_NOT_FOUND ||
           st == ACTOP_E_FORMAT || st == ACTOP_END;
}

static actop_status reconnect(struct source *s, actop_error *err)
{
    for (;;) {
        if (!http_pause(s->stop[0], s->wait_ms))
            return error_set(err, ACTOP_E_STATE, "stopped");
        s->wait_ms = s->wait_ms * 2 < WAIT_MOST_MS ? s->wait_ms * 2 : WAIT_MOST_MS;
        actop_status st = connect_once(s, err);
        if (st == ACTOP_OK)
            s->again = true;
        if (st == ACTOP_OK || !may_pass(st))
            return st;
    }
}

/* Several interrupts are one. */
static bool drain(int fd)
{
    char bytes[16];
    bool any = false;
    while (read(fd, bytes, sizeof bytes) > 0)
        any = true;
    return any;
}

static void remote_close(struct source *s)
{
    if (s == NULL)
        return;
    disconnect(s);
    schema_unref(s->described);
    for (int i = 0; i < 2; i++)
        if (s->stop[i] >= 0)
            (void)close(s->stop[i]);
    free(s);
}

static actop_status remote_open(struct source **out, const struct source_env *env, actop_error *err)
{
    struct source *s = calloc(1, sizeof *s);
    if (s == NULL)
        return error_no_memory(err, "the remote source");
    s->wait_ms = WAIT_LEAST_MS;
    actop_status st =
        os_pipe(s->stop, false) ? ACTOP_OK : error_errno(err, errno, "remote: cannot make a pipe");
    if (st == ACTOP_OK)
        st = http_parse_target(env->argument, &s->target, err);
    if (st == ACTOP_OK && env->token_file != NULL)
        st = http_read_token(env->token_file, &s->target, err);
    if (st == ACTOP_OK)
        st = connect_once(s, err);
    if (st != ACTOP_OK) {
        remote_close(s);
        return st;
    }
    *out = s;
    return ACTOP_OK;
}

static actop_status remote_describe(struct source *s, struct schema **out, actop_error *err)
{
    if (s->reader == NULL) {
        actop_status st = reconnect(s, err);
        if (st != ACTOP_OK)
            return st;
    }
    schema_unref(s->described);
    s->described = schema_ref(recording_schema(s->reader));
    *out = schema_ref(s->described);
    return ACTOP_OK;
}

/* Numbers of our own: theirs begin again when the other one does. */
static void number(struct source *s, struct frame *f)
{
    uint64_t grew = s->seq == 0 ? 1 : s->again || f->seq <= s->theirs ? 2 : f->seq - s->theirs;
    s->theirs = f->seq;
    s->seq += grew;
    s->again = false;
    f->seq = s->seq;
}

static actop_status remote_read(struct source *s, uint32_t want, int64_t interval_ns,
                                struct frame *into, actop_error *err)
{
    (void)want;
    (void)interval_ns;
    /* An interrupt that came after the last read had ended by itself. One that comes right now is lost with it: who wants
     * this read to end interrupts again. */
    (void)drain(s->stop[0]);
    for (;;) {
        actop_status st = s->reader == NULL ? reconnect(s, err) : ACTOP_OK;
        if (st == ACTOP_OK && recording_schema(s->reader) != s->described)
            return ACTOP_SCHEMA_CHANGED;
        if (st == ACTOP_OK)
            st = recording_read(s->reader, into, err);
        if (st == ACTOP_OK) {
            number(s, into);
            s->wait_ms = WAIT_LEAST_MS;
            return st;
        }
        if (drain(s->stop[0]))
            return error_set(err, ACTOP_E_STATE, "stopped");
        if (!may_pass(st))
            return st;
        disconnect(s);
    }
}

static void remote_interrupt(struct source *s)
{
    ssize_t written = write(s->stop[1], "", 1);
    (void)written; /* full: it is readable already */
}

const struct source_ops remote_source = {
    .name = "remote",
    .scheme = "http://",
    .open = remote_open,
    .describe = remote_describe,
    .read = remote_read,
    .interrupt = remote_interrupt,
    .close = remote_close,
};
