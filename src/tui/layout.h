/* SPDX-License-Identifier: MIT */
/* Layout: a pure function from the size of the screen and the panels wanted to the place of each.
 *
 * Below 20×5 nothing fits. Up to 96 columns, or when asked to stack, there is one column; then two, three, four. The
 * process table, where shown, lies across the bottom, or takes the right side of a very wide screen. Each column's
 * height is shared by weight. Where the panels do not fit with boxes they get a line each, then nothing, and then the
 * ones with the highest rank are left out; one column has boxes only where they cost no content. */
#ifndef TUI_LAYOUT_H
#define TUI_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>

#include "tui/grid.h"

enum { LAYOUT_MIN_COLS = 20, LAYOUT_MIN_ROWS = 5, LAYOUT_GRID_COLS = 96 };

enum panel_id {
#define PANEL(id, title, weight, rank, scopes) PANEL_##id,
#include "tui/panels.def"
#undef PANEL
    PANEL_COUNT
};

/* Something that gets a share of a height. */
struct share {
    int min;    /* least it can do with */
    int want;   /* what it would like; at least min */
    int weight; /* how fast it grows, up to want */
    bool grows; /* and beyond full, where there is still room */
    int got;    /* result */
    int good;   /* of a panel: with everything it has, each at its least; 0: min */
    int full;   /* with which nothing in it has to scroll; below want: want */
};

/* Share total rows: to everybody's want, then to the end of lists, then to what grows without end. Σ min must not exceed
 * total; got never falls below min. Rows that nobody wants stay unused. */
void share_rows(struct share *s, size_t n, int total);

struct place {
    int y, x, h, w;
};

struct layout_input {
    int rows, cols;
    bool stack;
    bool wanted[PANEL_COUNT]; /* shown if there is room */
    int zoomed;               /* the panel that has the screen to itself; -1: none */
    /* Rows of content a panel needs and wants in that many columns. Pure. */
    struct share (*measure)(const void *context, enum panel_id panel, int columns);
    const void *context;
};

struct layout {
    bool too_small;
    enum frame frame;              /* of all panels but the process table */
    enum frame table_frame;        /* of that: a line that says what is shown, where it costs one row of several */
    struct place header, status, footer; /* h is 0: left out */
    struct place panels[PANEL_COUNT];    /* h is 0: left out */
};

static inline enum frame layout_frame(const struct layout *l, enum panel_id panel)
{
    return panel == PANEL_PROCESSES ? l->table_frame : l->frame;
}

void layout_plan(const struct layout_input *in, struct layout *out);

/* Title of a panel, its weight, and what it wants acquired. */
const char *panel_title(enum panel_id panel);
unsigned panel_scopes(enum panel_id panel);

#endif
