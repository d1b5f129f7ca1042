/* SPDX-License-Identifier: MIT */
/* Widgets: what several panels draw, and the items a panel is made of.
 *
 * A panel lists its items for a width; each knows the rows it needs and wants. The same list measures the panel for the
 * layout and draws it. */
#ifndef TUI_WIDGET_H
#define TUI_WIDGET_H

#include "tui/scene.h"

/* ---- headlines ---------------------------------------------------------------------------------- */

/* A line of pieces from the left and a remark at the right end. As the line gets narrow the remark is shortened, then
 * left out, then pieces go, the highest rank first; rank 0, the reading itself, is never left out. */
struct piece {
    struct num text;
    uint8_t style;
    uint8_t rank;
    uint8_t gap; /* columns before it */
};

enum { MOST_PIECES = 12 };

struct headline {
    struct piece pieces[MOST_PIECES];
    size_t n;
    const char *remark, *short_remark; /* NULL: none; borrowed */
    struct num remark_text, short_text; /* room for them */
};

void headline_add(struct headline *h, uint8_t style, uint8_t rank, uint8_t gap, struct num text);
void headline_draw(const struct area *a, int y, const struct headline *h);
/* "avg 12% · max 87%" of a metric's window. Nothing when there is none, or a baseline is set. */
void headline_window(struct headline *h, struct scene *s, actop_metric metric, uint32_t row,
                     enum field field, struct num (*format)(double, bool));

/* ---- items -------------------------------------------------------------------------------------- */

struct item {
    void (*draw)(struct scene *s, const struct area *a, uint32_t arg);
    uint32_t arg;
    struct share rows;
    uint8_t rank; /* 0: always there; the highest goes first */
    int (*uses)(struct scene *s, int columns, int rows); /* of that many rows; NULL: all of them */
};

enum { MOST_ITEMS = 96 };

struct items {
    struct item list[MOST_ITEMS];
    size_t n;
};

/* Add an item of fixed height, and one that grows: at least min, wants want, then by weight. */
void item_add(struct items *items, uint8_t rank, int rows, uint32_t arg,
              void (*draw)(struct scene *, const struct area *, uint32_t));
void item_add_growing(struct items *items, uint8_t rank, int min, int want, int weight, uint32_t arg,
                      void (*draw)(struct scene *, const struct area *, uint32_t));
/* A list of n rows: wants some of them, takes all where nobody wants more, never more than those. Returns it, to set
 * uses; NULL when there was no place for it. */
struct item *item_add_list(struct items *items, uint8_t rank, int min, int want, int n, int weight, uint32_t arg,
                           void (*draw)(struct scene *, const struct area *, uint32_t));
struct share items_measure(const struct items *items);
void items_draw(struct items *items, struct scene *s, const struct area *a);

/* ---- charts and lists --------------------------------------------------------------------------- */

/* A chart of one metric over the whole area, in the colours of the palette. top <= 0: 1.25 × the highest in view, at least
 * floor. */
void draw_chart(const struct scene *s, const struct area *a, actop_metric metric, const char *entity, double top,
                double floor);
/* Two metrics on one scale: the first upwards from the middle, the second downwards. Returns the scale. */
double draw_pair(const struct scene *s, const struct area *a, actop_metric up, actop_metric down, const char *entity,
                 double floor);

/* The rows of a list in the order they are shown: by class, the lowest first, and within a class as they come, so that
 * what is worth a look does not have to be scrolled to and little moves. Rows beyond MOST_ROWS come last. */
enum { MOST_ROWS = 512 };

struct row_order {
    uint16_t rows[MOST_ROWS];
    int n;
};

void order_rows(struct scene *s, uint32_t n, int (*class_of)(struct scene *s, uint32_t row), struct row_order *out);
/* The row shown in that place. */
uint32_t row_at(const struct row_order *order, int place);

/* Keep a panel's scroll position in range for a list of n rows in a window of height h, remember both for the keys,
 * and return the first row to draw. */
int list_scroll(struct view *v, enum panel_id panel, int n, int h);
/* A mark at the right edge that says where in a list of n rows the h from first on are; nothing when all are in view. */
void draw_scrollbar(const struct area *a, int first, int n);

#endif
