/* SPDX-License-Identifier: MIT */
/* Screen: a scene drawn into a grid. Pure but for the marks it leaves in the scene (widths that only grow, scroll limits);
 * what is on the terminal is term.c's business. */
#ifndef TUI_SCREEN_H
#define TUI_SCREEN_H

#include "tui/scene.h"

/* Draw everything; plan says where the panels are (for the mouse). */
void screen_draw(struct scene *s, struct grid *g, struct layout *plan);

#endif
