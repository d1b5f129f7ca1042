/* SPDX-License-Identifier: MIT */
/* Vt: a terminal that knows the sequences term.c writes and no other. Whatever else reaches it is counted: that is how the
 * tests know that nothing a process calls itself ever gets through. */
#ifndef ACTOP_TESTS_TUI_VT_H
#define ACTOP_TESTS_TUI_VT_H

#include "tui/grid.h"
#include "tui/theme.h"

struct vt_cell {
    uint32_t code, mark;
    int width;
    struct look look;
};

struct vt {
    struct vt_cell *cells;
    int rows, cols, y, x;
    struct look look;
    long strange; /* bytes and sequences that are none of ours */
};

void vt_init(struct vt *v, int rows, int cols);
void vt_release(struct vt *v);
void vt_feed(struct vt *v, const char *bytes, size_t n);
/* True when the terminal shows the grid. */
bool vt_shows(const struct vt *v, const struct grid *g, const struct looks *looks, char *why, size_t size);

#endif
