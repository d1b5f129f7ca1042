/* SPDX-License-Identifier: MIT */
/* Grid: what the screen is to show, as cells; areas: the part of it a panel may draw into.
 *
 * Drawing is pure: nothing here knows a terminal. Coordinates are relative to an area and everything outside of it is
 * cut, so that no panel can spoil another. A wide character takes two cells, the second with width 0; cutting one in
 * half leaves a blank. A cell keeps one combining mark. Characters that some terminals join with their neighbours
 * (joiners, variation selectors, skin tones) are left out and regional indicators become letters, because their width
 * cannot be relied on. Controls never enter a cell. */
#ifndef TUI_GRID_H
#define TUI_GRID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum style {
#define STYLE(id, letter, colour, ansi, attr) STYLE_##id,
#include "tui/styles.def"
#undef STYLE
    STYLE_COUNT
};

/* Added to a style: the row is the selected one. */
enum { STYLE_SELECTED = 0x80 };

/* Steps of the chart palette, and the one for a ratio of 0 to 1. */
enum { HEAT_STEPS = STYLE_HEAT_15 - STYLE_HEAT_0 + 1 };
uint8_t style_heat(double ratio);

struct grid_cell {
    uint32_t code; /* never a control; ' ' where nothing was drawn */
    uint32_t mark; /* combining mark on it; 0: none */
    uint8_t width; /* 1 or 2; 0: right half of the wide one before */
    uint8_t style; /* enum style, perhaps with STYLE_SELECTED */
};

struct grid {
    struct grid_cell *cells; /* owned; rows × cols */
    int rows, cols;
    size_t cap;
};

/* Life: zeroed memory is an empty grid. */
bool grid_resize(struct grid *g, int rows, int cols); /* and clear; false: out of memory, the grid is unchanged */
void grid_release(struct grid *g);
void grid_clear(struct grid *g);
static inline struct grid_cell *grid_at(const struct grid *g, int y, int x)
{
    return &g->cells[(size_t)y * (size_t)g->cols + (size_t)x];
}
/* Replace the characters that panels draw by ASCII; what else there is stands in names from outside. */
void grid_own_to_ascii(struct grid *g);
/* Replace every character that is not ASCII by one that is, for terminals without UTF-8. */
void grid_to_ascii(struct grid *g);

struct area {
    struct grid *grid;
    int y, x, h, w; /* in cells of the grid; never outside of it */
};

struct area area_of(struct grid *g);
/* The part of an area; cut to it, perhaps empty. */
struct area area_part(const struct area *a, int y, int x, int h, int w);

/* Draw one code point; returns the columns it takes (0 for a mark, which joins the cell before). */
int draw_code(const struct area *a, int y, int x, uint8_t style, uint32_t code);
/* Draw the program's own text; returns its width, also where it was cut. */
int draw_text(const struct area *a, int y, int x, uint8_t style, const char *text);
/* The same, ending at column right (exclusive). */
void draw_text_right(const struct area *a, int y, int right, uint8_t style, const char *text);
/* Draw text from outside in at most width columns: made safe, cut with an ellipsis. Returns the width used. */
int draw_name(const struct area *a, int y, int x, int width, uint8_t style, const char *text);
void draw_repeat(const struct area *a, int y, int x, int n, uint8_t style, uint32_t code);
/* Columns of a text. */
int text_columns(const char *text);
/* Mark a row of an area as selected. */
void draw_selected(const struct area *a, int y);
/* Empty the area. */
void draw_blank(const struct area *a);

/* A border inside the area's edge, or only a line at its top. title may be NULL; it is drawn into the top line, as is
 * right (at its right end) where there is room. */
enum frame { FRAME_NONE, FRAME_RULE, FRAME_BOX };
void draw_frame(const struct area *a, enum frame frame, uint8_t title_style, const char *title, const char *right);
/* What a frame leaves for the content. */
struct area frame_inside(const struct area *a, enum frame frame);

#endif
