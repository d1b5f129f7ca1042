/* SPDX-License-Identifier: MIT */
/* Charts and bars: values to cells, in three glyph sets.
 *
 * dots   braille: two values a cell, four dots high. Pairs are bound to sequence numbers, so that a cell once drawn only
 *        ever moves by whole cells: the chart steps, it does not shimmer, and half of the updates touch one column
 * block  one value a cell, eight steps high
 * ascii  one value a cell, two steps high
 * A value that is there draws at least one dot; one that is not (NAN) draws nothing. */
#ifndef TUI_CHART_H
#define TUI_CHART_H

#include "tui/grid.h"

enum glyph { GLYPH_DOTS, GLYPH_BLOCK, GLYPH_ASCII, GLYPH_COUNT };

/* Most columns a chart draws, and values it needs for them. */
enum { CHART_COLUMNS = 512, CHART_VALUES = 2 * CHART_COLUMNS };

/* How many values a chart of that width takes, and with which sequence number they end when the newest value to be
 * shown is end: series_get(…, chart_end(glyph, end), values, chart_values(glyph, width)). A value past
 * end must be NAN: scene_chart sees to it. */
size_t chart_values(enum glyph glyph, int width);
uint64_t chart_end(enum glyph glyph, uint64_t end);

struct chart {
    const float *values; /* chart_values of them */
    double top;          /* value that fills the height; > 0 */
    bool down;           /* grows downwards from the top edge */
    bool heat;           /* coloured by height; else all in style */
    uint8_t style;
};

void chart_draw(const struct area *a, enum glyph glyph, const struct chart *c);

/* Two charts of dots in one row: up has the upper two dots of each column, down the lower two. The scale is up's. */
void pair_draw(const struct area *a, const struct chart *up, const struct chart *down);

/* A horizontal bar of one row: ratio of its width in style, the rest as track. */
void bar_draw(const struct area *a, int y, int x, int width, enum glyph glyph, uint8_t style, double ratio);

/* A bar of parts, each a share of the whole; what is left is track. fill is the letter that tells the parts apart where
 * there are no colours (ascii glyphs). */
struct part {
    double ratio;
    uint8_t style;
    char fill;
};
void parts_draw(const struct area *a, int y, int x, int width, enum glyph glyph, const struct part *parts, size_t n);

#endif
