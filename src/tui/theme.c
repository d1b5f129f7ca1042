/* SPDX-License-Identifier: MIT */
/* Themes and palettes; see theme.h. The 256 colours are documented in xterm's 256colres: a cube of 6 levels and 24
 * greys. */
#include "tui/theme.h"

#include <string.h>

#define NONE COLOUR_DEFAULT

struct theme {
    const char *name, *alias;
    bool light;
    int32_t back, text, dim, frame, title, accent, good, warn, bad, track, select;
    int32_t series_1, series_2, series_3, series_4, series_5, series_6;
};

static const struct theme themes[] = {
#define THEME(...) {__VA_ARGS__},
#include "tui/themes.def"
#undef THEME
};

enum { THEME_COUNT = sizeof themes / sizeof themes[0] };

/* Stops of the palettes, evenly spaced, cold to hot. thermal begins and ends with the colours the screen always had;
 * viridis (from its authors' published table) starts where it can be read on black. */
enum { STOPS = 5 };
static const struct {
    const char *name;
    uint32_t stops[STOPS];
} palettes[PALETTE_COUNT] = {
    [PALETTE_THERMAL] = {"thermal", {0x4287f5, 0x45b5c4, 0x8fc56b, 0xe8b04b, 0xf04640}},
    [PALETTE_VIRIDIS] = {"viridis", {0x50589e, 0x31688e, 0x21918c, 0x5ec962, 0xfde725}},
    [PALETTE_MONO] = {"mono", {0x6e6e6e, 0x8c8c8c, 0xaaaaaa, 0xc8c8c8, 0xe6e6e6}},
};

int theme_find(const char *name)
{
    for (int i = 0; i < THEME_COUNT; i++)
        if (strcmp(name, themes[i].name) == 0 ||
            (*name != '\0' && strcmp(name, themes[i].alias) == 0))
            return i;
    return -1;
}

const char *theme_name(int theme)
{
    return theme >= 0 && theme < THEME_COUNT ? themes[theme].name : NULL;
}

int palette_find(const char *name)
{
    for (int i = 0; i < PALETTE_COUNT; i++)
        if (strcmp(name, palettes[i].name) == 0)
            return i;
    return -1;
}

const char *palette_name(int palette)
{
    return palette >= 0 && palette < PALETTE_COUNT ? palettes[palette].name : NULL;
}

static int channel(uint32_t rgb, int shift)
{
    return (int)(rgb >> shift & 0xff);
}

static int level_of(int value)
{
    return value < 48 ? 0 : value < 115 ? 1 : (value - 35) / 40;
}

static int level_value(int level)
{
    return level == 0 ? 0 : 55 + level * 40;
}

static int distance(uint32_t rgb, int r, int g, int b)
{
    int dr = channel(rgb, 16) - r;
    int dg = channel(rgb, 8) - g;
    int db = channel(rgb, 0) - b;
    return dr * dr + dg * dg + db * db;
}

int colour_256(uint32_t rgb)
{
    int r = level_of(channel(rgb, 16));
    int g = level_of(channel(rgb, 8));
    int b = level_of(channel(rgb, 0));
    int mean = (channel(rgb, 16) + channel(rgb, 8) + channel(rgb, 0)) / 3;
    int grey = mean < 8 ? 0 : mean > 238 ? 23 : (mean - 3) / 10;
    int grey_value = 8 + grey * 10;
    bool is_grey = distance(rgb, grey_value, grey_value, grey_value) <
                   distance(rgb, level_value(r), level_value(g), level_value(b));
    return is_grey ? 232 + grey : 16 + 36 * r + 6 * g + b;
}

static uint32_t mix(uint32_t a, uint32_t b, double share)
{
    uint32_t out = 0;
    for (int shift = 0; shift <= 16; shift += 8) {
        double value = channel(a, shift) + (channel(b, shift) - channel(a, shift)) * share;
        out |= (uint32_t)(value + 0.5) << shift;
    }
    return out;
}

static uint32_t heat_colour(enum palette_id palette, int step, bool light)
{
    if (light && palette == PALETTE_MONO)
        step = HEAT_STEPS - 1 - step;
    double at = (double)step / (HEAT_STEPS - 1) * (STOPS - 1);
    int stop = (int)at >= STOPS - 1 ? STOPS - 2 : (int)at;
    uint32_t rgb = mix(palettes[palette].stops[stop], palettes[palette].stops[stop + 1], at - stop);
    return light ? mix(rgb, 0x101010, 0.2) : rgb;
}

static int32_t to_terminal(int32_t rgb, enum colours colours)
{
    if (rgb == COLOUR_DEFAULT || colours == COLOURS_TRUE)
        return rgb;
    return colours == COLOURS_256 ? colour_256((uint32_t)rgb) : COLOUR_DEFAULT;
}

/* What the rows of styles.def come to. */
struct style_row {
    int32_t rgb;
    int ansi;
    uint8_t attr;
};

static struct style_row style_row(const struct theme *t, enum palette_id palette, int style)
{
    const int32_t heat = style >= STYLE_HEAT_0
                             ? (int32_t)heat_colour(palette, style - STYLE_HEAT_0, t->light)
                             : COLOUR_DEFAULT;
    switch (style) {
#define STYLE(id, letter, colour, ansi, attr)                                                      \
    case STYLE_##id:                                                                               \
        return (struct style_row){STYLE_COLOUR_##colour, ansi, attr};
#define STYLE_COLOUR_heat heat
#define STYLE_COLOUR_text t->text
#define STYLE_COLOUR_dim t->dim
#define STYLE_COLOUR_frame t->frame
#define STYLE_COLOUR_title t->title
#define STYLE_COLOUR_accent t->accent
#define STYLE_COLOUR_good t->good
#define STYLE_COLOUR_warn t->warn
#define STYLE_COLOUR_bad t->bad
#define STYLE_COLOUR_track t->track
#define STYLE_COLOUR_series_1 t->series_1
#define STYLE_COLOUR_series_2 t->series_2
#define STYLE_COLOUR_series_3 t->series_3
#define STYLE_COLOUR_series_4 t->series_4
#define STYLE_COLOUR_series_5 t->series_5
#define STYLE_COLOUR_series_6 t->series_6
#include "tui/styles.def"
#undef STYLE
    default:
        return (struct style_row){COLOUR_DEFAULT, -1, 0};
    }
}

/* Bright black is invisible or bold black where there are only 8 colours. */
static int32_t ansi_colour(int ansi, enum palette_id palette, enum colours colours, int style)
{
    if (palette == PALETTE_MONO && style >= STYLE_HEAT_0)
        return COLOUR_DEFAULT;
    return ansi >= 8 && colours == COLOURS_8 ? COLOUR_DEFAULT : ansi;
}

void looks_make(struct looks *out, int theme, enum palette_id palette, enum colours colours)
{
    const struct theme *t = &themes[theme >= 0 && theme < THEME_COUNT ? theme : 0];
    bool rich = colours >= COLOURS_256;
    int32_t back = rich ? to_terminal(t->back, colours) : COLOUR_DEFAULT;
    for (int style = 0; style < STYLE_COUNT; style++) {
        struct style_row row = style_row(t, palette, style);
        struct look *look = &out->of[style];
        look->attr = row.attr;
        look->back = back;
        look->fore = rich                      ? to_terminal(row.rgb, colours)
                     : colours == COLOURS_NONE ? COLOUR_DEFAULT
                                               : ansi_colour(row.ansi, palette, colours, style);
        out->selected[style] = *look;
        if (rich)
            out->selected[style].back = to_terminal(t->select, colours);
        else
            out->selected[style].attr |= ATTR_REVERSE;
    }
    out->blank = (struct look){COLOUR_DEFAULT, back, 0};
}
