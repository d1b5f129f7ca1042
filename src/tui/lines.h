/* SPDX-License-Identifier: MIT */
/* Lines: the header, the status line and the footer. */
#ifndef TUI_LINES_H
#define TUI_LINES_H

#include "tui/scene.h"

void header_draw(struct scene *s, const struct area *a);
/* chart_columns: how wide the charts are, for the span they show. */
void status_draw(struct scene *s, const struct area *a, int chart_columns);
/* The sample that a click on column x of the seek bar means; the status line is w wide. */
uint64_t status_seek_at(const struct scene *s, int w, int x);
void footer_draw(struct scene *s, const struct area *a);

#endif
