/* SPDX-License-Identifier: MIT */
/* --serve: the session samples in the background, the server answers in this thread. A second thread prints the stream of
 * --json, watches over --record and tells when a recording ends. Signals, or the end of the stream, end both. */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/os.h"
#include "base/signals.h"
#include "cli/stream.h"

/* The stream beside the server. */
struct side {
    const struct cli *cli;
    actop_session *session;
    pthread_t thread;
    bool running;
    bool recording; /* and it has not failed */
    atomic_bool stop;
    int end_fds[2]; /* the writing end is closed when the stream ends: then the server ends too */
    enum output_state state;
    actop_error err;
};

static actop_format_options format_options(const struct options *o)
{
    actop_format_options f = ACTOP_FORMAT_OPTIONS_INIT;
    f.processes = o->json_processes || o->show_processes || cli_is_filtered(o);
    f.evidence = o->evidence;
    return f;
}

static enum output_state print_sample(const struct side *side, const actop_sample_t *sample,
                                      char **text, size_t *size, actop_error *err)
{
    const actop_format_options f = format_options(&side->cli->options);
    const struct stream one = {.sample = sample};
    return stream_write(&one, ACTOP_FORMAT_NDJSON, &f, text, size, err);
}

/* Who reads over HTTP needs the server more than the file: a recording that fails is told of at once, and serving goes on. */
static void watch_recording(struct side *side)
{
    actop_record_stats stats = {.size = sizeof stats};
    actop_error err = {ACTOP_OK, ""};
    if (!side->recording || actop_record_get(side->session, &stats, &err) == ACTOP_OK)
        return;
    cli_say("%s: the recording ends here, serving goes on", err.text);
    side->recording = false;
}

static bool is_replay(const struct options *o)
{
    return strncmp(o->source, "replay:", 7) == 0;
}

/* The end of the stream is the end of all. Without one who reads over HTTP still has the end of the recording to look at. */
static void side_end(struct side *side)
{
    if (side->state == OUTPUT_CLOSED && side->err.status == ACTOP_END) {
        bool goes_on = !side->cli->options.json;
        cli_say("%s%s", side->err.text, goes_on ? "; serving goes on" : "");
        if (goes_on)
            return;
    }
    (void)close(side->end_fds[1]);
    side->end_fds[1] = -1;
}

/* The first sample only primes, as without a server. */
static void *side_main(void *arg)
{
    struct side *side = arg;
    uint64_t wanted = (uint64_t)side->cli->options.samples;
    actop_times t = {.size = sizeof t};
    char *text = NULL; /* owned */
    size_t size = 0;
    uint64_t printed = 0, seq = 0;
    while (side->state == OUTPUT_GOOD && !atomic_load(&side->stop) &&
           (wanted == 0 || printed < wanted)) {
        const actop_sample_t *sample = NULL;
        actop_status st = actop_wait_next(side->session, seq, 200000000, &sample, &side->err);
        if (st == ACTOP_E_TIMEOUT)
            continue;
        if (st != ACTOP_OK) {
            side->state = st == ACTOP_END ? OUTPUT_CLOSED : OUTPUT_FAILED;
            break;
        }
        actop_sample_times(sample, &t);
        seq = t.seq;
        watch_recording(side);
        if (seq > 1 && side->cli->options.json) {
            side->state = print_sample(side, sample, &text, &size, &side->err);
            printed++;
        }
        actop_sample_unref(sample);
    }
    free(text);
    side_end(side);
    return NULL;
}

static actop_status side_start(struct side *side, actop_error *err)
{
    side->recording = side->cli->options.record != NULL;
    if (!side->cli->options.json && !side->recording && !is_replay(&side->cli->options))
        return ACTOP_OK;
    if (!os_pipe(side->end_fds, false))
        return error_errno(err, errno, "cannot make a pipe");
    int failed = pthread_create(&side->thread, NULL, side_main, side);
    if (failed != 0)
        return error_errno(err, failed, "cannot start a thread");
    side->running = true;
    return ACTOP_OK;
}

static void side_stop(struct side *side)
{
    atomic_store(&side->stop, true);
    if (side->running)
        (void)pthread_join(side->thread, NULL);
    for (int i = 0; i < 2; i++)
        if (side->end_fds[i] >= 0)
            (void)close(side->end_fds[i]);
}

static void announce(const char *url, enum cli_reach reach)
{
    cli_say("serving Prometheus metrics on %s; the page / there names what else there is", url);
    if (reach == CLI_EXPOSED)
        cli_say("others than this machine can reach it; --token-file asks them for a token");
    else if (reach == CLI_GUARDED)
        cli_say("others than this machine can reach it, with the token");
}

static actop_status serve_session(const struct cli *cli, struct side *side, actop_error *err)
{
    const struct options *o = &cli->options;
    actop_status st = actop_start(side->session, (int64_t)(o->interval_s * 1e9), err);
    if (st == ACTOP_OK)
        st = side_start(side, err);
    if (st == ACTOP_OK)
        st = cli->parts->serve(side->session, o, signals_fd(), side->end_fds[0], announce, err);
    side_stop(side);
    actop_stop(side->session);
    return st;
}

int command_serve(struct cli *cli)
{
    struct side side = {.cli = cli, .end_fds = {-1, -1}};
    actop_error err = {ACTOP_OK, ""};
    actop_status st =
        cli_open(cli, CLI_SERVER, cli_process_want(&cli->options), &side.session, &err);
    if (st == ACTOP_OK)
        st = serve_session(cli, &side, &err);
    actop_error stopped = {ACTOP_OK, ""};
    if (cli_close(side.session, &stopped) != ACTOP_OK && st == ACTOP_OK) {
        st = stopped.status;
        err = stopped;
    }
    if (st != ACTOP_OK)
        return cli_fail(&err);
    return output_status(signals_ended() != 0 ? OUTPUT_STOPPED : side.state, &side.err);
}
