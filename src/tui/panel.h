/* SPDX-License-Identifier: MIT */
/* Panels: each says whether it has anything to show and lists its items; panel.c holds the table of them. */
#ifndef TUI_PANEL_H
#define TUI_PANEL_H

#include "tui/widget.h"

/* True when this machine gives the panel something to show. */
bool panel_present(struct scene *s, enum panel_id panel);

/* The items of a panel in that many columns. */
void panel_items(struct scene *s, enum panel_id panel, int columns, struct items *out);

/* What stands at the right end of a panel's title line; "" for nothing. */
struct num panel_remark(struct scene *s, enum panel_id panel);

/* One pair a panel. */
bool cpu_present(struct scene *s);
void cpu_items(struct scene *s, int columns, struct items *out);
bool gpu_present(struct scene *s);
void gpu_items(struct scene *s, int columns, struct items *out);
bool memory_present(struct scene *s);
void memory_items(struct scene *s, int columns, struct items *out);
bool power_present(struct scene *s);
void power_items(struct scene *s, int columns, struct items *out);
bool network_present(struct scene *s);
void network_items(struct scene *s, int columns, struct items *out);
bool disk_present(struct scene *s);
void disk_items(struct scene *s, int columns, struct items *out);
bool sensors_present(struct scene *s);
void sensors_items(struct scene *s, int columns, struct items *out);
void processes_items(struct scene *s, int columns, struct items *out);
struct num processes_remark(struct scene *s);
/* False where no row has the number that order (enum order) goes by; the title of its column. */
bool processes_have_order(const struct process_list *l, int order);
const char *processes_order_title(int order);
/* The order (enum order) a click on that column of the table's header asks for; -1 for none. */
int processes_order_at(const struct scene *s, int width, int x);

/* Shared by CPU and GPU. */

/* "@3200MHz", "@3200→2900MHz" where the chip grants less than is asked for. Nothing without a value. */
void add_frequency(struct headline *h, struct scene *s, enum field field, const struct value *asked,
                   const struct value *granted);
/* "(52°C)". */
void add_temperature(struct headline *h, const struct value *celsius);
/* Idle, low, mid, high as a bar with its numbers; four metrics in a row from first on. */
void draw_residency(struct scene *s, const struct area *a, actop_metric first, uint32_t row);
/* The P-states whose parent is that row: how many lines they take, and drawing them below a line for their title. */
int pstate_lines(struct scene *s, actop_scope parent_scope, uint32_t parent, int columns);
void draw_pstates(struct scene *s, const struct area *a, actop_scope parent_scope, uint32_t parent);

#endif
