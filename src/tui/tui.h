/* SPDX-License-Identifier: MIT */
/* The screen: a customer of actop.h that draws what a session tells until the user quits.
 *
 * tui_run owns the terminal while it runs and leaves it as it found it, however it ends. It starts the session's
 * sampling thread and stops it again. docs/screen.md says what is shown and how it is built. */
#ifndef TUI_TUI_H
#define TUI_TUI_H

#include <stdbool.h>

#include <actop/actop.h>

/* What the command line, the environment and the configuration say about the screen. Strings are borrowed while
 * tui_run runs; NULL is the default of each. Initialise with TUI_OPTIONS_INIT. */
struct tui_options {
    double interval_s;            /* time between samples; at least 0.1 */
    bool show_cores;              /* per-core rows */
    bool show_residency;          /* residency bars */
    bool show_processes;          /* the process table */
    bool scale_auto;              /* power charts scale to their peak instead of the chip's reference */
    const char *chart_glyph;      /* "dots" "block" "ascii" */
    const char *layout;           /* "grid" "stack" */
    const char *palette;          /* "thermal" "viridis" "mono" */
    const char *theme;            /* a name of themes.def, or its alias */
    const char *process_filter;   /* the one the session was opened with */
    double average_window_s;      /* the one the session was opened with; shown in the help */
    double alert_bandwidth_ratio; /* named in the alert tokens: MEM-BOUND>85% */
    double alert_package_ratio;   /* PKG>85% */
    uint32_t want;                /* scopes somebody else needs (a recording): acquired besides what is shown */
    const char *config_path;      /* the file `W` changes; NULL: `W` says that there is none */
    const char *source_label;     /* what the header says about a source that is not live, e.g. "replay mac.actop" */
};

#define TUI_OPTIONS_INIT                                                                                               \
    {                                                                                                                  \
        2.0, true, true, false, false, NULL, NULL, NULL, NULL, NULL, 30.0, 0.85, 0.85, 0, NULL, NULL                   \
    }

/* Draw the session on the terminal of standard input and output until the user quits or the process is told to end.
 *
 * The session must be open and its thread not running; it is left open. ACTOP_OK when the user quit, the recording
 * ended and the user left, or a signal asked for the end (signals_ended() tells which). E_UNSUPPORTED: standard input
 * or output is no terminal, or one that cannot place its cursor (TERM unset or dumb), or this build has no screen;
 * nothing was written. E_ARGUMENT: an unknown name in the options. */
actop_status tui_run(actop_session *s, const struct tui_options *o, actop_error *err);

#endif
