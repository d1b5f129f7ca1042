/* SPDX-License-Identifier: MIT */
/* Overlays: help, the detail of one process, the kill dialog; drawn over the panels. */
#ifndef TUI_OVERLAY_H
#define TUI_OVERLAY_H

#include "tui/scene.h"

/* Draw what view->overlay says over the body of the screen. */
void overlay_draw(struct scene *s, const struct area *body);

/* Rows of kills.def. */
struct kill_row {
    int signal;
    uint32_t key;
    const char *name, *help;
};
extern const struct kill_row kill_rows[];
extern const int n_kill_rows;

/* The selected process of the list; NULL when there is none. */
const struct process *selected_process(const struct scene *s);

#endif
