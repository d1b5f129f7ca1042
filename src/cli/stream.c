/* SPDX-License-Identifier: MIT */
/* Samples at their time; see stream.h. Sampling stands in this thread: a reader who is slow delays the next sample, and no
 * sample is ever left out. Deadlines are absolute; one that was missed is skipped, not made up for. */
#include "cli/stream.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/os.h"
#include "base/signals.h"

static int64_t awake_of(const actop_sample_t *sample)
{
    actop_times t = {.size = sizeof t};
    actop_sample_times(sample, &t);
    return t.awake_ns;
}

static enum output_state take(struct stream *st, actop_error *err)
{
    st->sample = actop_sample(st->session, err);
    if (st->sample == NULL && signals_ended() != 0 && err->status == ACTOP_E_STATE)
        return OUTPUT_STOPPED;
    if (st->sample == NULL)
        return err->status == ACTOP_END ? OUTPUT_CLOSED : OUTPUT_FAILED;
    st->samples++;
    actop_record_stats stats = {.size = sizeof stats};
    bool failed = st->recording && actop_record_get(st->session, &stats, err) != ACTOP_OK;
    return failed ? OUTPUT_FAILED : OUTPUT_GOOD;
}

enum output_state stream_open(struct stream *st, const struct cli *cli, actop_session *s,
                              actop_error *err)
{
    const struct options *o = &cli->options;
    int64_t interval_ns = (int64_t)(o->interval_s * 1e9);
    *st = (struct stream){.session = s,
                          .interval_ns = interval_ns,
                          .part_ns = interval_ns - interval_ns / o->subsamples,
                          .speed = o->speed,
                          .live = actop_is_live(s) != 0,
                          .recording = o->record != NULL};
    if (o->speed < 0)
        st->speed = isatty(STDOUT_FILENO) ? 1 : 0;
    st->deadline_ns = os_awake_ns();
    enum output_state state = take(st, err);
    if (state == OUTPUT_GOOD) {
        st->from_ns = awake_of(st->sample);
        st->at_ns = os_awake_ns();
    }
    return state;
}

static enum output_state next_live(struct stream *st, actop_error *err)
{
    int64_t now_ns = os_awake_ns();
    st->deadline_ns += st->interval_ns;
    if (st->deadline_ns < now_ns)
        st->deadline_ns += (now_ns - st->deadline_ns) / st->interval_ns * st->interval_ns +
                           st->interval_ns;
    enum output_state state = output_wait(st->deadline_ns - st->part_ns, !st->quiet);
    return state == OUTPUT_GOOD ? take(st, err) : state;
}

/* When the newest sample is due. A clock that went back (another recording behind the first) starts afresh. */
static int64_t due_ns(struct stream *st)
{
    int64_t theirs_ns = awake_of(st->sample);
    if (theirs_ns < st->from_ns) {
        st->from_ns = theirs_ns;
        st->at_ns = os_awake_ns();
    }
    if (st->speed <= 0)
        return 0;
    double after_ns = (double)(theirs_ns - st->from_ns) / st->speed;
    return ns_sum(st->at_ns, after_ns < 9e18 ? (int64_t)after_ns : INT64_MAX);
}

int64_t stream_due_ns(const struct stream *st)
{
    return st->live ? st->deadline_ns + st->interval_ns - st->part_ns : 0;
}

enum output_state stream_next(struct stream *st, actop_error *err)
{
    if (st->live)
        return next_live(st, err);
    enum output_state state = take(st, err);
    return state == OUTPUT_GOOD ? output_wait(due_ns(st), !st->quiet) : state;
}

enum output_state stream_write(const struct stream *st, actop_format_id format,
                               const actop_format_options *o, char **text, size_t *size,
                               actop_error *err)
{
    size_t needs = actop_format(st->sample, format, o, *text, *size);
    if (needs >= *size) {
        char *grown = realloc(*text, needs + needs / 4 + 1);
        if (grown == NULL) {
            (void)error_set(err, ACTOP_E_NOMEM, "out of memory for a record of %zu bytes", needs);
            return OUTPUT_FAILED;
        }
        *text = grown;
        *size = needs + needs / 4 + 1;
        (void)actop_format(st->sample, format, o, *text, *size);
    }
    return output_write(*text, needs, err);
}
