/* SPDX-License-Identifier: MIT */
/* View: what the user has chosen and where they are. Plain data; actions.c changes it, panels read it. */
#ifndef TUI_VIEW_H
#define TUI_VIEW_H

#include "tui/chart.h"
#include "tui/layout.h"
#include "tui/tui.h"

/* What `W` saves. Names stand as they are written in the configuration. */
struct settings {
    double interval_s;
    bool show_cores, show_residency, show_processes, scale_auto, stack;
    enum glyph glyph;
    int palette; /* enum palette_id of theme.h */
    int theme;
    char filter[256];
};

/* The orders of the process table, in the order `s` walks them. */
enum order { ORDER_CPU, ORDER_GPU, ORDER_POWER, ORDER_MEMORY, ORDER_PID, ORDER_COUNT };

/* What lies over the panels. */
enum overlay { OVERLAY_NONE, OVERLAY_HELP, OVERLAY_DETAIL, OVERLAY_KILL, OVERLAY_FILTER };

struct view {
    struct settings now, saved;
    bool pstates, tree, group, reverse;
    enum order order;
    enum panel_id focus;
    bool zoomed;
    int scroll[PANEL_COUNT];
    int scroll_limit[PANEL_COUNT]; /* as of the last drawing */
    int page[PANEL_COUNT];         /* rows of the list in view, as of the last drawing */
    bool paused;
    enum overlay overlay;
    int overlay_scroll;
    char edit[256];     /* the filter being typed */
    char problem[128];  /* why it is not taken */
    int kill_row;       /* row of kills.def */
    uint64_t selected_pid, selected_start; /* 0: the first row */
    int selected_row;   /* where it was drawn last */
    char toast[160];    /* a sentence shown for a while */
    int64_t toast_until_ns; /* awake clock; 0: none */
};

/* From the options; E_ARGUMENT names what is unknown. */
actop_status view_init(struct view *v, const struct tui_options *o, actop_error *err);

const char *glyph_name(enum glyph glyph);

/* Scopes the panels shown need beyond the default. */
unsigned view_scopes(const struct view *v);

/* Show a sentence until now_ns + 4 s. */
void view_toast(struct view *v, int64_t now_ns, const char *fmt, ...) ACTOP_PRINTF(3, 4);

#endif
