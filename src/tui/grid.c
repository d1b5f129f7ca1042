/* SPDX-License-Identifier: MIT */
/* Cells, areas and safe text; see grid.h. Widths come from base/text.h, so they do not depend on the locale. */
#include "tui/grid.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

uint8_t style_heat(double ratio)
{
    if (!(ratio > 0))
        return STYLE_HEAT_0;
    if (ratio >= 1)
        return STYLE_HEAT_15;
    return (uint8_t)(STYLE_HEAT_0 + (int)(ratio * HEAT_STEPS));
}

/* ---- the grid ---------------------------------------------------------------------------------- */

void grid_clear(struct grid *g)
{
    const struct grid_cell blank = {' ', 0, 1, STYLE_TEXT};
    size_t n = (size_t)g->rows * (size_t)g->cols;
    for (size_t i = 0; i < n; i++)
        g->cells[i] = blank;
}

bool grid_resize(struct grid *g, int rows, int cols)
{
    size_t n = rows < 0 || cols < 0 ? 0 : (size_t)rows * (size_t)cols;
    if (n > g->cap) {
        struct grid_cell *cells = realloc(g->cells, n * sizeof *cells);
        if (cells == NULL)
            return false;
        g->cells = cells;
        g->cap = n;
    }
    g->rows = rows;
    g->cols = cols;
    grid_clear(g);
    return true;
}

void grid_release(struct grid *g)
{
    free(g->cells);
    memset(g, 0, sizeof *g);
}

/* What ASCII makes of the characters the panels draw. */
static const struct {
    uint32_t first, last;
    char ascii;
} ascii_rows[] = {
    {0x00b0, 0x00b0, ' '},                        /* degree */
    {0x00b5, 0x00b5, 'u'}, {0x00b7, 0x00b7, '|'}, /* middle dot between parts */
    {0x00d7, 0x00d7, 'x'}, {0x0394, 0x0394, 'd'}, {0x03a3, 0x03a3, 'S'}, /* difference, sum */
    {0x2013, 0x2014, '-'}, {0x2026, 0x2026, '~'},                        /* dashes, ellipsis */
    {0x2190, 0x2190, '<'}, {0x2191, 0x2191, '^'}, {0x2192, 0x2192, '>'}, {0x2193, 0x2193, 'v'},
    {0x2205, 0x2205, '-'}, {0x2212, 0x2212, '-'}, {0x221e, 0x221e, '-'}, {0x2248, 0x2248, '~'},
    {0x2261, 0x2261, '='}, /* light and heavy lines, then corners and crossings */
    {0x2500, 0x2500, '-'}, {0x2501, 0x2501, '='}, {0x2502, 0x2502, '|'}, {0x2503, 0x2503, '#'},
    {0x2504, 0x2504, '.'}, {0x2505, 0x250b, '-'}, {0x250c, 0x254b, '+'}, {0x256d, 0x2570, '+'},
    {0x2574, 0x257f, '-'}, {0x2580, 0x2580, '"'}, {0x2581, 0x2584, '_'}, {0x2585, 0x258f, '#'},
    {0x2591, 0x2591, '.'}, {0x2592, 0x2592, ':'}, {0x2593, 0x2593, '#'}, {0x2594, 0x2594, '\''},
    {0x25a0, 0x25ff, '*'}, {0x2800, 0x2800, ' '}, {0x2801, 0x28ff, ':'},
};

static uint32_t ascii_of(uint32_t code)
{
    for (size_t i = 0; i < sizeof ascii_rows / sizeof ascii_rows[0]; i++)
        if (code >= ascii_rows[i].first && code <= ascii_rows[i].last)
            return (uint32_t)ascii_rows[i].ascii;
    return 0;
}

void grid_own_to_ascii(struct grid *g)
{
    size_t n = (size_t)g->rows * (size_t)g->cols;
    for (size_t i = 0; i < n; i++) {
        struct grid_cell *c = &g->cells[i];
        uint32_t plain = c->code > 0x7e && c->width == 1 ? ascii_of(c->code) : 0;
        if (plain != 0)
            c->code = plain;
    }
}

void grid_to_ascii(struct grid *g)
{
    size_t n = (size_t)g->rows * (size_t)g->cols;
    grid_own_to_ascii(g);
    for (size_t i = 0; i < n; i++) {
        struct grid_cell *c = &g->cells[i];
        c->mark = 0;
        if (c->width == 0)
            c->code = ' ';
        else if (c->code > 0x7e)
            c->code = '?';
        c->width = 1;
    }
}

/* ---- areas --------------------------------------------------------------------------------------- */

struct area area_of(struct grid *g)
{
    return (struct area){g, 0, 0, g->rows, g->cols};
}

static void cut(int *at, int *size, int limit)
{
    if (*at < 0) {
        *size += *at;
        *at = 0;
    }
    if (*at > limit)
        *at = limit;
    if (*size > limit - *at)
        *size = limit - *at;
    if (*size < 0)
        *size = 0;
}

struct area area_part(const struct area *a, int y, int x, int h, int w)
{
    cut(&y, &h, a->h);
    cut(&x, &w, a->w);
    return (struct area){a->grid, a->y + y, a->x + x, h, w};
}

/* ---- cells --------------------------------------------------------------------------------------- */

/* The cell of an area, or NULL outside of it. */
static struct grid_cell *cell_at(const struct area *a, int y, int x)
{
    if (y < 0 || x < 0 || y >= a->h || x >= a->w)
        return NULL;
    return grid_at(a->grid, a->y + y, a->x + x);
}

/* A cell is about to change: if it is half of a wide character, the other half becomes blank. */
static void break_wide(const struct area *a, int y, int x)
{
    int gy = a->y + y;
    int gx = a->x + x;
    struct grid_cell *c = grid_at(a->grid, gy, gx);
    if (c->width == 0 && gx > 0) {
        c[-1].code = ' ';
        c[-1].mark = 0;
        c[-1].width = 1;
    } else if (c->width == 2 && gx + 1 < a->grid->cols) {
        c[1].code = ' ';
        c[1].width = 1;
    }
}

static void cell_set(const struct area *a, int y, int x, uint8_t style, uint32_t code, int width)
{
    struct grid_cell *c = cell_at(a, y, x);
    if (c == NULL)
        return;
    break_wide(a, y, x);
    *c = (struct grid_cell){code, 0, (uint8_t)width, style};
}

/* Characters that terminals join with what stands beside them, each in its own way. */
static bool joins(uint32_t code)
{
    if (code < 0x200b)
        return code == 0xad || code == 0x61c;
    return (code >= 0x200b && code <= 0x200f) || (code >= 0x2060 && code <= 0x206f) ||
           (code >= 0xfe00 && code <= 0xfe0f) || (code >= 0x1f3fb && code <= 0x1f3ff) ||
           code >= 0xe0000 || code == 0xfeff;
}

int draw_code(const struct area *a, int y, int x, uint8_t style, uint32_t code)
{
    if (code < 0x20 || (code >= 0x7f && code < 0xa0))
        code = '?';
    if (code >= 0x1f1e6 && code <= 0x1f1ff)
        code = 'A' + (code - 0x1f1e6);
    if (joins(code))
        return 0;
    int width = utf8_width(code);
    if (width == 0) {
        struct grid_cell *c = cell_at(a, y, x - 1);
        if (c != NULL && c->width == 0)
            c = cell_at(a, y, x - 2);
        if (c != NULL && c->mark == 0 && c->width != 0)
            c->mark = code;
        return 0;
    }
    if (width == 2 && (x + 1 >= a->w || x < 0)) {
        cell_set(a, y, x, style, ' ', 1);
        cell_set(a, y, x + 1, style, ' ', 1);
        return 2;
    }
    cell_set(a, y, x, style, code, width);
    if (width == 2)
        cell_set(a, y, x + 1, style, ' ', 0);
    return width;
}

/* cell_set breaks wide characters in two; setting the right half must not undo the left one. */
static int draw_n(const struct area *a, int y, int x, uint8_t style, const char *text, size_t n)
{
    int start = x;
    for (size_t i = 0; i < n;) {
        uint32_t code;
        i += utf8_decode(text + i, n - i, &code);
        x += draw_code(a, y, x, style, code);
    }
    return x - start;
}

int draw_text(const struct area *a, int y, int x, uint8_t style, const char *text)
{
    return draw_n(a, y, x, style, text, strlen(text));
}

static int columns_of(uint32_t code)
{
    if (joins(code))
        return 0;
    return code < 0x20 || (code >= 0x7f && code < 0xa0) ? 1 : utf8_width(code);
}

int text_columns(const char *text)
{
    int columns = 0;
    size_t n = strlen(text);
    for (size_t i = 0; i < n;) {
        uint32_t code;
        i += utf8_decode(text + i, n - i, &code);
        columns += columns_of(code);
    }
    return columns;
}

void draw_text_right(const struct area *a, int y, int right, uint8_t style, const char *text)
{
    draw_text(a, y, right - text_columns(text), style, text);
}

int draw_name(const struct area *a, int y, int x, int width, uint8_t style, const char *text)
{
    char safe[1024];
    if (width <= 0)
        return 0;
    size_t n = text_safe(safe, sizeof safe, text, strnlen(text, sizeof safe));
    struct area part = area_part(a, y, x, 1, width);
    if (text_columns(safe) <= width)
        return draw_n(&part, 0, 0, style, safe, n);
    int used = 0;
    for (size_t i = 0; i < n;) {
        uint32_t code;
        i += utf8_decode(safe + i, n - i, &code);
        if (used + columns_of(code) > width - 1)
            break;
        used += draw_code(&part, 0, used, style, code);
    }
    return used + draw_code(&part, 0, used, style, 0x2026);
}

void draw_repeat(const struct area *a, int y, int x, int n, uint8_t style, uint32_t code)
{
    for (int i = 0; i < n && x + i < a->w; i++)
        draw_code(a, y, x + i, style, code);
}

void draw_selected(const struct area *a, int y)
{
    for (int x = 0; x < a->w; x++) {
        struct grid_cell *c = cell_at(a, y, x);
        if (c != NULL)
            c->style |= STYLE_SELECTED;
    }
}

void draw_blank(const struct area *a)
{
    for (int y = 0; y < a->h; y++)
        for (int x = 0; x < a->w; x++)
            cell_set(a, y, x, STYLE_TEXT, ' ', 1);
}

/* ---- frames -------------------------------------------------------------------------------------- */

static void draw_sides(const struct area *a)
{
    draw_code(a, 0, 0, STYLE_FRAME, 0x256d);
    draw_code(a, 0, a->w - 1, STYLE_FRAME, 0x256e);
    for (int y = 1; y < a->h - 1; y++) {
        draw_code(a, y, 0, STYLE_FRAME, 0x2502);
        draw_code(a, y, a->w - 1, STYLE_FRAME, 0x2502);
    }
    draw_repeat(a, a->h - 1, 1, a->w - 2, STYLE_FRAME, 0x2500);
    draw_code(a, a->h - 1, 0, STYLE_FRAME, 0x2570);
    draw_code(a, a->h - 1, a->w - 1, STYLE_FRAME, 0x256f);
}

void draw_frame(const struct area *a, enum frame frame, uint8_t title_style, const char *title,
                const char *right)
{
    if (frame == FRAME_NONE)
        return;
    draw_repeat(a, 0, 0, a->w, STYLE_FRAME, 0x2500);
    if (frame == FRAME_BOX)
        draw_sides(a);
    int used = 2;
    int room = a->w - 4;
    if (title != NULL && room > 2) {
        draw_code(a, 0, used, STYLE_TEXT, ' ');
        used += 1 + draw_name(a, 0, used + 1, room - 2, title_style, title);
        draw_code(a, 0, used++, STYLE_TEXT, ' ');
    }
    int columns = right == NULL || *right == '\0' ? 0 : text_columns(right) + 2;
    if (columns > 0 && a->w - 2 - columns > used) {
        draw_code(a, 0, a->w - 2 - columns, STYLE_TEXT, ' ');
        draw_text(a, 0, a->w - 1 - columns, STYLE_TEXT, right);
        draw_code(a, 0, a->w - 3, STYLE_TEXT, ' ');
    }
}

struct area frame_inside(const struct area *a, enum frame frame)
{
    switch (frame) {
    case FRAME_BOX:
        return area_part(a, 1, 2, a->h - 2, a->w - 4);
    case FRAME_RULE:
        return area_part(a, 1, 1, a->h - 1, a->w - 2);
    case FRAME_NONE:
        break;
    }
    return area_part(a, 0, 1, a->h, a->w - 2);
}
