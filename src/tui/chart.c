/* SPDX-License-Identifier: MIT */
/* Charts and bars; see chart.h. Braille patterns (U+2800 and a bit a dot) are documented in the Unicode chart. */
#include "tui/chart.h"

#include <math.h>

size_t chart_values(enum glyph glyph, int width)
{
    size_t columns = width < 0 ? 0 : width > CHART_COLUMNS ? CHART_COLUMNS : (size_t)width;
    return glyph == GLYPH_DOTS ? 2 * columns : columns;
}

uint64_t chart_end(enum glyph glyph, uint64_t end)
{
    return glyph == GLYPH_DOTS ? end | 1u : end;
}

/* Steps of height a value has when a cell has that many; at least 1. 0: no value. */
static int steps_of(float value, double top, int steps)
{
    if (isnan(value))
        return 0;
    double share = (double)value / top;
    if (!(share > 0))
        return 1;
    if (share >= 1)
        return steps;
    int n = (int)lround(share * steps);
    return n < 1 ? 1 : n;
}

static int clamp(int v, int high)
{
    return v < 0 ? 0 : v > high ? high : v;
}

/* Dots of one column of a cell, filled from the bottom or from the top. */
static const uint8_t left_up[] = {0, 0x40, 0x44, 0x46, 0x47};
static const uint8_t right_up[] = {0, 0x80, 0xa0, 0xb0, 0xb8};
static const uint8_t left_down[] = {0, 0x01, 0x03, 0x07, 0x47};
static const uint8_t right_down[] = {0, 0x08, 0x18, 0x38, 0xb8};

static uint32_t braille(int left, int right, bool down)
{
    uint8_t dots = down ? left_down[left] | right_down[right] : left_up[left] | right_up[right];
    return dots == 0 ? ' ' : 0x2800u + dots;
}

static uint32_t block(int eighths, bool down)
{
    if (eighths == 0)
        return ' ';
    if (!down)
        return 0x2580u + (uint32_t)eighths;
    return eighths < 3 ? 0x2594 : eighths < 7 ? 0x2580 : 0x2588;
}

static uint32_t ascii(int halves, bool down)
{
    return (uint32_t)(halves == 0 ? ' ' : halves == 2 ? '#' : down ? '\'' : '.');
}

static const int steps_a_cell[GLYPH_COUNT] = {
    [GLYPH_DOTS] = 4, [GLYPH_BLOCK] = 8, [GLYPH_ASCII] = 2};

/* A chart of one row tells by colour what its height cannot. */
static uint8_t style_of(const struct chart *c, int row, int rows, float a, float b)
{
    if (!c->heat)
        return c->style;
    if (rows > 1)
        return style_heat((row + 0.5) / rows);
    double value = isnan(a) || b > a ? (double)b : (double)a;
    return style_heat(value / c->top);
}

static void draw_column(const struct area *a, enum glyph glyph, const struct chart *c, int x,
                        float first, float second)
{
    int unit = steps_a_cell[glyph];
    int one = steps_of(first, c->top, unit * a->h);
    int two = steps_of(second, c->top, unit * a->h);
    for (int row = 0; row < a->h; row++) {
        int left = clamp(one - unit * row, unit);
        int right = clamp(two - unit * row, unit);
        if (left == 0 && right == 0)
            break;
        uint32_t code = glyph == GLYPH_DOTS    ? braille(left, right, c->down)
                        : glyph == GLYPH_BLOCK ? block(left, c->down)
                                               : ascii(left, c->down);
        draw_code(a, c->down ? row : a->h - 1 - row, x, style_of(c, row, a->h, first, second),
                  code);
    }
}

void chart_draw(const struct area *a, enum glyph glyph, const struct chart *c)
{
    int columns = a->w > CHART_COLUMNS ? CHART_COLUMNS : a->w;
    for (int x = 0; x < columns; x++) {
        float first = glyph == GLYPH_DOTS ? c->values[2 * x] : c->values[x];
        float second = glyph == GLYPH_DOTS ? c->values[2 * x + 1] : (float)NAN;
        draw_column(a, glyph, c, a->w - columns + x, first, second);
    }
}

void pair_draw(const struct area *a, const struct chart *up, const struct chart *down)
{
    static const uint8_t dots[2][2][3] = {{{0, 0x02, 0x03}, {0, 0x10, 0x18}},
                                          {{0, 0x04, 0x44}, {0, 0x20, 0xa0}}};
    int columns = a->w > CHART_COLUMNS ? CHART_COLUMNS : a->w;
    for (int x = 0; x < columns; x++) {
        uint32_t code = 0x2800;
        for (int side = 0; side < 2; side++) {
            code |= dots[0][side][steps_of(up->values[2 * x + side], up->top, 2)];
            code |= dots[1][side][steps_of(down->values[2 * x + side], up->top, 2)];
        }
        if (code != 0x2800)
            draw_code(a, 0, a->w - columns + x, up->style, code);
    }
}

/* ---- bars ---------------------------------------------------------------------------------------- */

/* Lines for dots (in half cells), low blocks for blocks, so that bars below each other stay apart; ascii. */
static void bar_cell(const struct area *a, int y, int x, enum glyph glyph, uint8_t style, int steps)
{
    static const uint32_t codes[GLYPH_COUNT][3] = {[GLYPH_DOTS] = {0x2500, 0x2578, 0x2501},
                                                   [GLYPH_BLOCK] = {0x2584, 0x2584, 0x2584},
                                                   [GLYPH_ASCII] = {'.', '|', '|'}};
    draw_code(a, y, x, steps == 0 ? STYLE_TRACK : style, codes[glyph][steps]);
}

void bar_draw(const struct area *a, int y, int x, int width, enum glyph glyph, uint8_t style,
              double ratio)
{
    int unit = glyph == GLYPH_DOTS ? 2 : 1;
    double filled = isfinite(ratio) && ratio > 0 ? (ratio < 1 ? ratio : 1) * width * unit : 0;
    int steps = (int)lround(filled);
    if (steps == 0 && filled > 0)
        steps = 1;
    for (int i = 0; i < width; i++)
        bar_cell(a, y, x + i, glyph, style, clamp(steps - i * unit, unit));
}

/* Every part that is not nothing gets a cell as long as there are cells; ends are rounded from the running sum, so
 * that the bar as a whole is right. */
void parts_draw(const struct area *a, int y, int x, int width, enum glyph glyph,
                const struct part *parts, size_t n)
{
    double sum = 0;
    int at = 0;
    for (size_t i = 0; i < n; i++) {
        double ratio = isfinite(parts[i].ratio) && parts[i].ratio > 0 ? parts[i].ratio : 0;
        sum += ratio;
        int end = clamp((int)lround((sum < 1 ? sum : 1) * width), width);
        if (ratio > 0.004 && end == at && at < width)
            end = at + 1;
        uint32_t code = glyph == GLYPH_DOTS    ? 0x2501
                        : glyph == GLYPH_BLOCK ? 0x2584
                                               : (uint32_t)parts[i].fill;
        for (; at < end; at++)
            draw_code(a, y, x + at, parts[i].style, code);
    }
    for (; at < width; at++)
        bar_cell(a, y, x + at, glyph, STYLE_TRACK, 0);
}
