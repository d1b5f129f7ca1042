/* SPDX-License-Identifier: MIT */
/* The program from its arguments to its exit status: options, --help, the choice of a command, opening a session. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/signals.h"
#include "cli/commands.h"
#include "cli/help.h"
#include "cli/output.h"
#include "cli/together.h"

const struct command_row command_rows[] = {
#define COMMAND(id, name, arguments, fewest, most, function, help)                                 \
    {name, arguments, fewest, most, function, help},
#include "cli/commands.def"
#undef COMMAND
};

const size_t command_count = sizeof command_rows / sizeof command_rows[0];

int cli_fail(const actop_error *err)
{
    int status = actop_status_exit_code(err->status);
    fprintf(stderr, "actop: error: %s\n", err->text);
    return status != 0 ? status : 1; /* the end of a source that had to have more */
}

void cli_say(const char *fmt, ...)
{
    actop_error line;
    char text[ACTOP_ERROR_SIZE];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    (void)error_set(&line, ACTOP_OK, "%s", text); /* no control characters on somebody's terminal */
    fprintf(stderr, "actop: %s\n", line.text);
}

/* A mistake of the user's: usage, the sentence, 2. Anything else that went wrong has no use for usage. */
static int fail_with_usage(const actop_error *err)
{
    struct buf b = BUF_INIT;
    if (actop_status_exit_code(err->status) == 2) {
        usage_put(&b);
        fputs(b.data != NULL ? b.data : "", stderr);
        buf_release(&b);
    }
    return cli_fail(err);
}

static int print_and_exit(void (*put)(struct buf *b))
{
    struct buf b = BUF_INIT;
    actop_error err = {ACTOP_OK, ""};
    put(&b);
    int status = output_status(output_put(&b, &err), &err);
    buf_release(&b);
    return status;
}

static void version_put(struct buf *b)
{
    buf_puts(b, "actop ");
    buf_puts(b, actop_version());
    buf_putc(b, '\n');
}

static actop_status find_command(const struct option_list *words, const struct command_row **out,
                                 actop_error *err)
{
    for (size_t i = 0; i < command_count; i++) {
        const struct command_row *row = &command_rows[i];
        if (strcmp(words->items[0], row->name) != 0)
            continue;
        size_t n = words->n - 1;
        if (n < (size_t)row->fewest)
            return error_set(err, ACTOP_E_ARGUMENT, "%s: expected %s", row->name, row->arguments);
        if (row->most >= 0 && n > (size_t)row->most)
            return error_set(err, ACTOP_E_ARGUMENT, "unrecognized arguments: %s",
                             words->items[row->most + 1]);
        *out = row;
        return ACTOP_OK;
    }
    return error_set(err, ACTOP_E_ARGUMENT, "unknown command: %s", words->items[0]);
}

static int run(struct cli *cli)
{
    const struct options *o = &cli->options;
    struct option_list words = o->words;
    const struct command_row *command = NULL;
    actop_error err = {ACTOP_OK, ""};
    if (o->help)
        return print_and_exit(help_put);
    if (o->version)
        return print_and_exit(version_put);
    if (words.n > 0 && find_command(&words, &command, &err) != ACTOP_OK)
        return fail_with_usage(&err);
    if (together_check(o, command, &err) != ACTOP_OK)
        return fail_with_usage(&err);
    if (command == NULL)
        return command_none(cli, &words);
    words.items++;
    words.n--;
    return command->run(cli, &words);
}

/* Files that are read every tick stay open, hundreds on a machine of many CPUs and one for each process, and the usual
 * soft limit is 1024. Programs we start get it back: select(2) needs it (documented). macOS allows no more than OPEN_MAX,
 * 10240, whatever the hard limit says (documented: setrlimit(2) there). */
static void raise_descriptors(struct rlimit *before)
{
    static const rlim_t wanted[] = {32768, 10240};
    if (getrlimit(RLIMIT_NOFILE, before) != 0)
        before->rlim_cur = 0;
    for (size_t i = 0; i < 2 && before->rlim_cur != 0; i++) {
        struct rlimit more = *before;
        more.rlim_cur = more.rlim_max < wanted[i] ? more.rlim_max : wanted[i];
        if (more.rlim_cur <= before->rlim_cur || setrlimit(RLIMIT_NOFILE, &more) == 0)
            return;
    }
}

static const char *from_environment(const char *name)
{
    return getenv(name);
}

int cli_main(int argc, char **argv, const struct cli_parts *parts)
{
    struct cli cli = {.parts = parts};
    actop_error err = {ACTOP_E_IO, "no file descriptors left"};
    if (!output_open())
        return cli_fail(&err);
    raise_descriptors(&cli.descriptors);
    actop_status st = options_parse(&cli.options, argc, argv, from_environment, &err);
    int status = st == ACTOP_OK ? run(&cli) : fail_with_usage(&err);
    options_release(&cli.options);
    return status;
}

bool cli_is_filtered(const struct options *o)
{
    return o->proc_filter != NULL && o->proc_filter[0] != '\0';
}

/* --show-processes asks for them in every output (1.x: so did each of these options). */
bool cli_serves_processes(const struct options *o)
{
    return o->serve_processes || o->show_processes || cli_is_filtered(o);
}

uint32_t cli_process_want(const struct options *o)
{
    bool filtered = cli_is_filtered(o);
    if (!o->show_processes && !o->json_processes && !o->serve_processes && !filtered)
        return 0;
    uint32_t want = ACTOP_WANT(ACTOP_SCOPE_PROCESS) | ACTOP_WANT_GPU_CLIENTS;
    return o->expose_cmdline || filtered ? want | ACTOP_WANT_CMDLINE : want;
}

/* On the screen all of a recording can be gone back to: a day of one frame a second of an M4 Max takes 116 MB when all of it
 * was played. */
enum { REPLAY_HISTORY = 256 << 20 };

static bool is_replay(const struct options *o)
{
    return strncmp(o->source, "replay:", 7) == 0;
}

/* An hour of an M4 Max with its processes takes 2.5 MB at a reading every 2 s, and more at a shorter interval, so that an
 * hour is kept at any from 0.15 s on. */
static size_t live_history(double interval_s, size_t usual)
{
    enum { MOST = 64 << 20 };
    double wanted = 2 * (double)usual / interval_s;
    return wanted <= (double)usual ? usual : wanted < MOST ? (size_t)wanted : MOST;
}

actop_status cli_open(const struct cli *cli, enum cli_use use, uint32_t want, actop_session **out,
                      actop_error *err)
{
    const struct options *o = &cli->options;
    actop_options a = ACTOP_OPTIONS_INIT;
    a.source = o->source;
    a.root = o->root;
    a.apple_root = o->apple_root;
    a.token_file = o->token_file;
    a.speed = use == CLI_STREAM ? 0 : o->speed < 0 ? 1 : o->speed;
    a.history_bytes = use != CLI_SCREEN ? 0
                      : is_replay(o)    ? REPLAY_HISTORY
                                        : live_history(o->interval_s, a.history_bytes);
    a.want |= want;
    a.process_limit = (uint32_t)o->process_limit;
    a.process_filter = o->proc_filter;
    a.subsamples = (uint32_t)o->subsamples;
    a.interval_ns = (int64_t)(o->interval_s * 1e9);
    a.average_window_s = o->avg_s;
    a.alert_bandwidth_ratio = (double)o->alert_bw_sat_percent / 100;
    a.alert_package_ratio = (double)o->alert_package_power_percent / 100;
    a.alert_throttle_ratio = (double)o->alert_throttle_freq_percent / 100;
    a.alert_swap_rise_bytes = o->alert_swap_rise_gib * 1073741824.0;
    a.alert_sustain_samples = (uint32_t)o->alert_sustain_samples;
    a.stop_fd = signals_fd();
    actop_session *s = NULL; /* owned until given to *out */
    actop_status st = actop_open(&a, &s, err);
    if (st == ACTOP_OK && is_replay(o))
        cli_say("replaying %s", o->source + 7);
    if (st == ACTOP_OK && o->record != NULL)
        st = actop_record_start(s, o->record, o->scrub ? ACTOP_RECORD_SCRUB : 0, err);
    if (st != ACTOP_OK) {
        actop_close(s);
        return st;
    }
    *out = s;
    return ACTOP_OK;
}

actop_status cli_close(actop_session *s, actop_error *err)
{
    actop_status st = s != NULL ? actop_record_stop(s, err) : ACTOP_OK;
    actop_close(s);
    return st;
}
