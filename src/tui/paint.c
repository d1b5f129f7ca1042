/* SPDX-License-Identifier: MIT */
/* Paint: from two grids to the bytes that turn one into the other. Pure but for terminfo's interpreter in caps.c.
 *
 * Sequences used: cursor position and forward (CUP, CUF), select graphic rendition (SGR), and what caps.h lists. */
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "tui/caps.h"
#include "tui/term.h"

struct painter {
    struct buf *out;
    const struct term_caps *caps;
    const struct looks *looks;
    struct look look; /* in force */
    bool look_known;
    int y, x; /* cursor; -1: unknown */
};

/* ---- looks ----------------------------------------------------------------------------------------- */

static void put_colour(struct painter *p, int32_t colour, bool back)
{
    struct buf *out = p->out;
    if (colour == COLOUR_DEFAULT) {
        buf_puts(out, back ? "\033[49m" : "\033[39m");
    } else if (p->caps->colours == COLOURS_TRUE) {
        buf_puts(out, back ? "\033[48;2;" : "\033[38;2;");
        buf_put_i64(out, colour >> 16 & 0xff);
        buf_putc(out, ';');
        buf_put_i64(out, colour >> 8 & 0xff);
        buf_putc(out, ';');
        buf_put_i64(out, colour & 0xff);
        buf_putc(out, 'm');
    } else if (p->caps->colours == COLOURS_256) {
        buf_puts(out, back ? "\033[48;5;" : "\033[38;5;");
        buf_put_i64(out, colour);
        buf_putc(out, 'm');
    } else {
        buf_puts(out, "\033[");
        buf_put_i64(out, colour < 8 ? colour + (back ? 40 : 30) : colour - 8 + (back ? 100 : 90));
        buf_putc(out, 'm');
    }
}

static void put_attributes(struct painter *p, uint32_t attr)
{
    buf_puts(p->out, p->caps->reset);
    if (attr & ATTR_BOLD)
        buf_puts(p->out, p->caps->bold);
    if (attr & ATTR_UNDERLINE)
        buf_puts(p->out, p->caps->underline);
    if (attr & ATTR_REVERSE)
        buf_puts(p->out, p->caps->reverse);
    p->look = (struct look){COLOUR_DEFAULT, COLOUR_DEFAULT, attr};
    p->look_known = true;
}

static void put_look(struct painter *p, const struct look *look)
{
    if (!p->look_known || p->look.attr != look->attr)
        put_attributes(p, look->attr);
    if (p->caps->colours == COLOURS_NONE)
        return;
    if (p->look.fore != look->fore)
        put_colour(p, look->fore, false);
    if (p->look.back != look->back)
        put_colour(p, look->back, true);
    p->look = *look;
}

/* A blank shows nothing of its foreground, nor of bold: it can be written in what is in force. */
static bool look_will_do(const struct painter *p, const struct grid_cell *c,
                         const struct look *look)
{
    uint8_t seen = ATTR_UNDERLINE | ATTR_REVERSE;
    return c->code == ' ' && c->mark == 0 && p->look_known && p->look.back == look->back &&
           (p->look.attr & seen) == 0 && (look->attr & seen) == 0;
}

/* ---- cells ----------------------------------------------------------------------------------------- */

static bool same(const struct grid_cell *a, const struct grid_cell *b)
{
    return a->code == b->code && a->mark == b->mark && a->width == b->width && a->style == b->style;
}

/* Terminals agree on the width of these; after anything else the cursor is placed anew, so that a terminal with another
 * opinion spoils one cell and not the line. */
static bool is_sure(const struct grid_cell *c)
{
    return c->mark == 0 && c->width == 1 &&
           (c->code < 0x250 || (c->code >= 0x2190 && c->code <= 0x2193) ||
            (c->code >= 0x2500 && c->code <= 0x259f) || (c->code >= 0x2800 && c->code <= 0x28ff) ||
            c->code == 0x2026 || c->code == 0x2013);
}

static void put_cell(struct painter *p, const struct grid_cell *c)
{
    char bytes[4];
    const struct look *look = look_of(p->looks, c->style);
    if (!look_will_do(p, c, look))
        put_look(p, look);
    buf_put(p->out, bytes, utf8_encode(c->code, bytes));
    if (c->mark != 0)
        buf_put(p->out, bytes, utf8_encode(c->mark, bytes));
    p->x = is_sure(c) ? p->x + 1 : -1;
}

/* To a cell of the same line a few columns on it is shorter to write what stands there again. */
static void move_to(struct painter *p, const struct grid *g, int y, int x)
{
    if (p->y == y && p->x == x)
        return;
    bool near = p->y == y && p->x >= 0 && p->x < x && x - p->x <= 3;
    for (int i = p->x; near && i < x; i++)
        near = is_sure(grid_at(g, y, i)) && grid_at(g, y, i)->style == grid_at(g, y, p->x)->style;
    if (near && p->look_known &&
        memcmp(look_of(p->looks, grid_at(g, y, p->x)->style), &p->look, sizeof p->look) == 0) {
        while (p->x < x)
            put_cell(p, grid_at(g, y, p->x));
        return;
    }
    if (p->caps->ansi && p->y == y && p->x >= 0 && p->x < x) {
        buf_puts(p->out, "\033[");
        if (x - p->x > 1)
            buf_put_i64(p->out, x - p->x);
        buf_putc(p->out, 'C');
    } else {
        caps_put_move(p->out, p->caps, y, x);
    }
    p->y = y;
    p->x = x;
}

/* First column from which on a line is blank in the screen's own look. */
static int blank_from(const struct painter *p, const struct grid *g, int y)
{
    int x = g->cols;
    while (x > 0) {
        const struct grid_cell *c = grid_at(g, y, x - 1);
        const struct look *look = look_of(p->looks, c->style);
        if (c->code != ' ' || c->mark != 0 || c->width != 1 || look->back != p->looks->blank.back ||
            (look->attr & (ATTR_UNDERLINE | ATTR_REVERSE)) != 0)
            break;
        x--;
    }
    return x;
}

static bool rest_differs(const struct grid *shown, const struct grid *g, int y, int x)
{
    for (; x < g->cols; x++)
        if (!same(grid_at(shown, y, x), grid_at(g, y, x)))
            return true;
    return false;
}

static void paint_line(struct painter *p, const struct grid *shown, const struct grid *g, int y)
{
    bool erases = p->caps->clear_line[0] != '\0' &&
                  (p->caps->paints || p->looks->blank.back == COLOUR_DEFAULT);
    int blank = erases ? blank_from(p, g, y) : g->cols;
    for (int x = 0; x < blank; x++) {
        const struct grid_cell *c = grid_at(g, y, x);
        if (c->width == 0 || (shown != NULL && same(c, grid_at(shown, y, x))))
            continue;
        if (p->caps->wraps_early && y == g->rows - 1 && x == g->cols - 1)
            continue;
        move_to(p, g, y, x);
        put_cell(p, c);
        if (x + 1 >= g->cols)
            p->x = -1; /* where the cursor is now, terminals disagree on */
    }
    if (blank < g->cols && (shown == NULL || rest_differs(shown, g, y, blank))) {
        move_to(p, g, y, blank);
        put_look(p, &p->looks->blank);
        buf_puts(p->out, p->caps->clear_line);
    }
}

void term_put_frame(struct buf *out, const struct term_caps *caps, const struct grid *shown,
                    const struct grid *g, const struct looks *looks)
{
    struct painter p = {out, caps, looks, {COLOUR_DEFAULT, COLOUR_DEFAULT, 0}, false, -1, -1};
    bool whole = shown == NULL || shown->rows != g->rows || shown->cols != g->cols;
    if (whole) {
        put_look(&p, &looks->blank);
        buf_puts(out, caps->clear);
    }
    for (int y = 0; y < g->rows; y++)
        paint_line(&p, whole ? NULL : shown, g, y);
    if (p.look_known && out->len > 0)
        buf_puts(out, caps->reset);
}
