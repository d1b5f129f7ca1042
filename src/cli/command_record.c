/* SPDX-License-Identifier: MIT */
/* record FILE: read at the interval and let the session write every frame, until Ctrl-C, --samples, the end of the source
 * or a failure. On a terminal a line on stderr tells how far it is. */
#include <stdio.h>
#include <unistd.h>

#include "base/buf.h"
#include "cli/stream.h"

static void put_size(struct buf *b, uint64_t bytes)
{
    if (bytes < 10000) {
        buf_put_u64(b, bytes);
        buf_puts(b, " bytes");
    } else {
        buf_put_fixed(b, (double)bytes / 1e3, 1);
        buf_puts(b, " KB");
    }
}

/* "12 frames, 3456 bytes", with the spaces that cover a longer line before it. */
static void put_progress(struct buf *b, actop_session *s)
{
    actop_record_stats stats = {.size = sizeof stats};
    (void)actop_record_get(s, &stats, NULL);
    buf_put_u64(b, stats.frames);
    buf_puts(b, stats.frames == 1 ? " frame, " : " frames, ");
    put_size(b, stats.bytes);
}

static void show_progress(actop_session *s)
{
    char text[80];
    struct buf b;
    buf_init_fixed(&b, text, sizeof text);
    put_progress(&b, s);
    fprintf(stderr, "\ractop: recording, %s (Ctrl-C ends it) ", text);
}

static enum output_state record(const struct cli *cli, actop_session *s, actop_error *err)
{
    uint64_t wanted = (uint64_t)cli->options.samples;
    bool terminal = isatty(STDERR_FILENO) != 0;
    struct stream st;
    enum output_state state = stream_open(&st, cli, s, err);
    st.quiet = true;
    while (state == OUTPUT_GOOD && (wanted == 0 || st.samples < wanted)) {
        if (terminal)
            show_progress(s);
        state = stream_next(&st, err);
    }
    if (terminal)
        fputs("\r\033[K", stderr);
    return state;
}

/* Ctrl-C is how a recording ends: status 0, and a sentence about what there is now. */
int command_record(struct cli *cli, const struct option_list *words)
{
    actop_session *s = NULL; /* owned */
    actop_error err = {ACTOP_OK, ""};
    enum output_state state = OUTPUT_FAILED;
    char text[80] = "";
    struct buf b;
    buf_init_fixed(&b, text, sizeof text);
    cli->options.record = words->items[0];
    if (cli_open(cli, CLI_STREAM, cli_process_want(&cli->options), &s, &err) == ACTOP_OK) {
        state = record(cli, s, &err);
        put_progress(&b, s);
    }
    actop_error stopped = {ACTOP_OK, ""};
    if (cli_close(s, &stopped) != ACTOP_OK && state != OUTPUT_FAILED) {
        state = OUTPUT_FAILED;
        err = stopped;
    }
    if (text[0] != '\0')
        cli_say("%s: %s", cli->options.record, text);
    return state == OUTPUT_FAILED ? cli_fail(&err) : 0;
}
