/* SPDX-License-Identifier: MIT */
/* Without a command: the stream of --json, the screen on a terminal, the plain report everywhere else. `replay FILE` is
 * the same with another source. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/stream.h"

/* What a mode does with the open session; *err is filled when the state is FAILED, or END with CLOSED. */
typedef enum output_state mode_fn(const struct cli *cli, actop_session *s, actop_error *err);

static actop_format_options format_options(const struct options *o)
{
    actop_format_options f = ACTOP_FORMAT_OPTIONS_INIT;
    f.processes = cli_process_want(o) != 0;
    f.evidence = o->evidence;
    return f;
}

/* The first sample only primes: the first record comes after one full interval. */
static enum output_state print_json(const struct cli *cli, actop_session *s, actop_error *err)
{
    const actop_format_options f = format_options(&cli->options);
    uint64_t wanted = (uint64_t)cli->options.samples;
    char *text = NULL; /* owned */
    size_t size = 0;
    struct stream st;
    enum output_state state = stream_open(&st, cli, s, err);
    for (uint64_t n = 0; state == OUTPUT_GOOD && (wanted == 0 || n < wanted); n++) {
        state = stream_next(&st, err);
        if (state == OUTPUT_GOOD)
            state = stream_write(&st, ACTOP_FORMAT_NDJSON, &f, &text, &size, err);
    }
    free(text);
    return state;
}

/* Of a machine, real or simulated: what it did during one interval. Of a recording: how it ended. */
static enum output_state print_report(const struct cli *cli, actop_session *s, actop_error *err)
{
    const actop_format_options f = format_options(&cli->options);
    const actop_sample_t *last = NULL; /* a reference */
    char *text = NULL;                 /* owned */
    size_t size = 0;
    struct stream st;
    enum output_state state = stream_open(&st, cli, s, err);
    do {
        if (state != OUTPUT_GOOD)
            break;
        actop_sample_unref(last);
        last = actop_sample_ref(st.sample);
        state = stream_next(&st, err);
    } while (strncmp(cli->options.source, "replay:", 7) == 0);
    bool ended = state == OUTPUT_CLOSED && err->status == ACTOP_END;
    if (ended && last != NULL)
        st.sample = last;
    if ((state == OUTPUT_GOOD || ended) && st.sample != NULL) {
        enum output_state written = stream_write(&st, ACTOP_FORMAT_TEXT, &f, &text, &size, err);
        state = written == OUTPUT_GOOD ? state : written;
    }
    actop_sample_unref(last);
    free(text);
    return state;
}

/* Open, run the mode, and say what is left to be said: the end of a recording, a failure. */
static int run_mode(const struct cli *cli, mode_fn *mode)
{
    actop_session *s = NULL; /* owned */
    actop_error err = {ACTOP_OK, ""};
    enum output_state state = OUTPUT_FAILED;
    if (cli_open(cli, CLI_STREAM, cli_process_want(&cli->options), &s, &err) == ACTOP_OK)
        state = mode(cli, s, &err);
    if (state == OUTPUT_CLOSED && err.status == ACTOP_END)
        cli_say("%s", err.text);
    actop_error stopped = {ACTOP_OK, ""};
    if (cli_close(s, &stopped) != ACTOP_OK && state != OUTPUT_FAILED) {
        state = OUTPUT_FAILED;
        err = stopped;
    }
    return output_status(state, &err);
}

/* The exit status in *status; false when there is no screen here, and then nothing was written. */
static bool show_screen(const struct cli *cli, int *status)
{
    actop_session *s = NULL; /* owned */
    actop_error err = {ACTOP_OK, ""};
    if (cli->parts->screen == NULL) {
        cli_say("no screen: this actop was built without it");
        return false;
    }
    uint32_t want = cli_process_want(&cli->options);
    actop_status st = cli_open(cli, CLI_SCREEN, want, &s, &err);
    bool opened = st == ACTOP_OK;
    if (opened)
        st = cli->parts->screen(s, &cli->options, want, &err);
    actop_error stopped = {ACTOP_OK, ""};
    if (cli_close(s, &stopped) != ACTOP_OK && st == ACTOP_OK) {
        st = stopped.status;
        err = stopped;
    }
    if (opened && st == ACTOP_E_UNSUPPORTED) {
        cli_say("no screen: %s", err.text);
        return false;
    }
    *status = output_status(st == ACTOP_OK ? OUTPUT_STOPPED : OUTPUT_FAILED, &err);
    return true;
}

int command_none(struct cli *cli, const struct option_list *words)
{
    int status = 0;
    (void)words;
    if (cli->options.serve_port >= 0)
        return command_serve(cli);
    if (cli->options.json)
        return run_mode(cli, print_json);
    if (isatty(STDOUT_FILENO) && show_screen(cli, &status))
        return status;
    return run_mode(cli, print_report);
}

int command_replay(struct cli *cli, const struct option_list *words)
{
    static const char scheme[] = "replay:";
    size_t size = sizeof scheme + strlen(words->items[0]);
    char *source = malloc(size);
    actop_error err = {ACTOP_E_NOMEM, "out of memory"};
    if (source == NULL)
        return cli_fail(&err);
    memcpy(source, scheme, sizeof scheme - 1);
    memcpy(source + sizeof scheme - 1, words->items[0], size - sizeof scheme + 1);
    cli->options.source = source;
    int status = command_none(cli, words);
    cli->options.source = NULL;
    free(source);
    return status;
}
