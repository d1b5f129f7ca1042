/* SPDX-License-Identifier: MIT */
/* The program: what the command line needs from the other customers of actop.h, put together. The only file that knows
 * the screen, the server and the command line. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/commands.h"
#include "serve/serve.h"
#include "tui/tui.h"

/* What --source says about a source that is not this machine, for the screen's header: a simulated one is called so. */
static const char *source_label(const struct options *o, const actop_session *s, char *text,
                                size_t n)
{
    if (actop_is_live(s) || o->source == NULL || strncmp(o->source, "sim:", 4) != 0)
        return actop_is_live(s) ? NULL : o->source;
    (void)snprintf(text, n, "simulated %s", o->source + 4);
    return text;
}

static actop_status run_screen(actop_session *s, const struct options *o, uint32_t want,
                               actop_error *err)
{
    char glyph[24], layout[24], palette[24], theme[24], label[96];
    struct tui_options t = TUI_OPTIONS_INIT;
    t.interval_s = o->interval_s;
    t.show_cores = o->show_cores;
    t.show_residency = o->show_residency;
    t.show_processes = o->show_processes;
    t.scale_auto = o->power_scale != 0;
    t.chart_glyph = options_choice(o, OPTION_CHART_GLYPH, glyph, sizeof glyph);
    t.layout = options_choice(o, OPTION_LAYOUT, layout, sizeof layout);
    t.palette = options_choice(o, OPTION_PALETTE, palette, sizeof palette);
    t.theme = options_choice(o, OPTION_THEME, theme, sizeof theme);
    t.process_filter = o->proc_filter;
    t.average_window_s = o->avg_s;
    t.alert_bandwidth_ratio = (double)o->alert_bw_sat_percent / 100;
    t.alert_package_ratio = (double)o->alert_package_power_percent / 100;
    t.want = want;
    t.config_path = o->config_path;
    t.source_label = source_label(o, s, label, sizeof label);
    return tui_run(s, &t, err);
}

enum { FIRST_INHERITED = 3 };

/* Socket activation: LISTEN_PID is us, and LISTEN_FDS says how many sockets there are (documented: sd_listen_fds(3)). */
static size_t inherited_sockets(void)
{
    const char *pid = getenv("LISTEN_PID");
    const char *fds = getenv("LISTEN_FDS");
    if (pid == NULL || fds == NULL || strtol(pid, NULL, 10) != (long)getpid())
        return 0;
    long n = strtol(fds, NULL, 10);
    return n > 0 ? (size_t)n : 0;
}

static actop_status serve(actop_session *s, const struct options *o, int stop_fd, int end_fd,
                          void (*announce)(const char *url, enum cli_reach reach), actop_error *err)
{
    struct serve *sv = NULL;
    const struct serve_options options = {.port = (int)o->serve_port,
                                          .listen = o->listen,
                                          .first_inherited = FIRST_INHERITED,
                                          .n_inherited = inherited_sockets(),
                                          .allow_hosts = o->allow_hosts.items,
                                          .n_allow_hosts = o->allow_hosts.n,
                                          .token_file = o->token_file,
                                          .interval_ns = (int64_t)(o->interval_s * 1e9),
                                          .processes = cli_serves_processes(o),
                                          .process_pids = o->serve_process_pids,
                                          .cmdlines = o->expose_cmdline};
    actop_status st = serve_open(&sv, s, &options, err);
    if (st == ACTOP_OK) {
        announce(serve_url(sv), !serve_is_exposed(sv)   ? CLI_LOCAL
                                : o->token_file != NULL ? CLI_GUARDED
                                                        : CLI_EXPOSED);
        st = serve_run(sv, stop_fd, end_fd, err);
    }
    serve_close(sv);
    return st;
}

int main(int argc, char **argv)
{
    static const struct cli_parts parts = {
        .screen = run_screen, .serve = serve, .history_bytes = serve_history_bytes};
    return cli_main(argc, argv, &parts);
}
