/* SPDX-License-Identifier: MIT */
/* Vt; see vt.h. Colours of 256 only: the tests paint for such a terminal. */
#include "unit/tui/vt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static void blank(struct vt *v, int y, int from)
{
    for (int x = from; x < v->cols; x++)
        v->cells[y * v->cols + x] = (struct vt_cell){' ', 0, 1, {COLOUR_DEFAULT, v->look.back, 0}};
}

void vt_init(struct vt *v, int rows, int cols)
{
    memset(v, 0, sizeof *v);
    v->rows = rows;
    v->cols = cols;
    v->cells = calloc((size_t)(rows * cols) + 1, sizeof *v->cells);
    v->look = (struct look){COLOUR_DEFAULT, COLOUR_DEFAULT, 0};
    for (int y = 0; y < rows; y++)
        blank(v, y, 0);
}

void vt_release(struct vt *v)
{
    free(v->cells);
}

/* ---- sequences ------------------------------------------------------------------------------------- */

static void set_look(struct vt *v, const int *p, int n)
{
    if (n == 0 || (n == 1 && p[0] == 0))
        v->look = (struct look){COLOUR_DEFAULT, COLOUR_DEFAULT, 0};
    else if (n == 1 && p[0] == 1)
        v->look.attr |= ATTR_BOLD;
    else if (n == 1 && p[0] == 4)
        v->look.attr |= ATTR_UNDERLINE;
    else if (n == 1 && p[0] == 7)
        v->look.attr |= ATTR_REVERSE;
    else if (n == 1 && p[0] == 39)
        v->look.fore = COLOUR_DEFAULT;
    else if (n == 1 && p[0] == 49)
        v->look.back = COLOUR_DEFAULT;
    else if (n == 3 && p[0] == 38 && p[1] == 5)
        v->look.fore = p[2];
    else if (n == 3 && p[0] == 48 && p[1] == 5)
        v->look.back = p[2];
    else
        v->strange++;
}

static void clear(struct vt *v)
{
    for (int y = 0; y < v->rows; y++)
        blank(v, y, 0);
}

static void control(struct vt *v, char final, const int *p, int n)
{
    if (final == 'm') {
        set_look(v, p, n);
    } else if (final == 'H' && n <= 2) {
        v->y = n > 0 && p[0] > 0 ? p[0] - 1 : 0;
        v->x = n > 1 && p[1] > 0 ? p[1] - 1 : 0;
    } else if (final == 'C' && n <= 1) {
        v->x += n == 1 ? p[0] : 1;
    } else if (final == 'K' && n == 0) {
        blank(v, v->y, v->x);
    } else if (final == 'J' && n == 1 && p[0] == 2) {
        clear(v);
    } else {
        v->strange++;
    }
    if (v->y >= v->rows || v->x > v->cols)
        v->strange++;
}

/* A control sequence after ESC; returns its length. */
static size_t take_escape(struct vt *v, const char *s, size_t n)
{
    int p[4] = {0};
    int n_p = 0;
    size_t i = 1;
    if (n > 2 && s[0] == '(' && s[1] == 'B') /* terminfo's sgr0 of xterm chooses ASCII */
        return 2;
    if (n == 0 || s[0] != '[') {
        v->strange++;
        return 0;
    }
    while (i < n && ((s[i] >= '0' && s[i] <= '9') || s[i] == ';')) {
        if (s[i] == ';' || n_p == 0)
            n_p++;
        if (s[i] != ';' && n_p <= 4)
            p[n_p - 1] = p[n_p - 1] * 10 + (s[i] - '0');
        if (n_p > 3)
            v->strange++;
        i++;
    }
    if (i == n) {
        v->strange++;
        return n;
    }
    control(v, s[i], p, n_p);
    return i + 1;
}

/* ---- characters ------------------------------------------------------------------------------------ */

static void write_code(struct vt *v, uint32_t code)
{
    int width = utf8_width(code);
    if (code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0xfffe) {
        v->strange++;
        return;
    }
    if (width == 0) {
        int back = v->x > 1 && v->cells[v->y * v->cols + v->x - 1].width == 0 ? 2 : 1;
        if (v->x >= back)
            v->cells[v->y * v->cols + v->x - back].mark = code;
        return;
    }
    if (v->y >= v->rows || v->x + width > v->cols) {
        v->strange++;
        return;
    }
    v->cells[v->y * v->cols + v->x] = (struct vt_cell){code, 0, width, v->look};
    if (width == 2)
        v->cells[v->y * v->cols + v->x + 1] = (struct vt_cell){' ', 0, 0, v->look};
    v->x += width;
}

void vt_feed(struct vt *v, const char *bytes, size_t n)
{
    for (size_t i = 0; i < n;) {
        uint32_t code;
        if (bytes[i] == 27) {
            i += 1 + take_escape(v, bytes + i + 1, n - i - 1);
            continue;
        }
        i += utf8_decode(bytes + i, n - i, &code);
        write_code(v, code);
    }
}

/* A blank shows only its background. */
static bool same_look(const struct vt_cell *c, const struct look *look)
{
    bool is_blank = c->code == ' ' &&
                    ((c->look.attr | look->attr) & (ATTR_UNDERLINE | ATTR_REVERSE)) == 0;
    return c->look.back == look->back &&
           (is_blank || (c->look.fore == look->fore && c->look.attr == look->attr));
}

bool vt_shows(const struct vt *v, const struct grid *g, const struct looks *looks, char *why,
              size_t size)
{
    for (int y = 0; y < g->rows; y++)
        for (int x = 0; x < g->cols; x++) {
            const struct grid_cell *want = grid_at(g, y, x);
            const struct vt_cell *got = &v->cells[y * v->cols + x];
            if (want->width != 0 &&
                (got->code != want->code || got->mark != want->mark || got->width != want->width ||
                 !same_look(got, look_of(looks, want->style)))) {
                (void)snprintf(why, size,
                               "row %d column %d: U+%04X colour %d on %d, not U+%04X style %d", y,
                               x, (unsigned)got->code, (int)got->look.fore, (int)got->look.back,
                               (unsigned)want->code, want->style);
                return false;
            }
        }
    return true;
}
