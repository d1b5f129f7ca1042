/* SPDX-License-Identifier: MIT */
/* Theme: from a style to what a terminal can show of it. Pure. */
#ifndef TUI_THEME_H
#define TUI_THEME_H

#include "tui/grid.h"

enum palette_id { PALETTE_THERMAL, PALETTE_VIRIDIS, PALETTE_MONO, PALETTE_COUNT };

/* How many colours a terminal has. */
enum colours { COLOURS_NONE, COLOURS_8, COLOURS_16, COLOURS_256, COLOURS_TRUE };

enum { ATTR_BOLD = 1, ATTR_UNDERLINE = 2, ATTR_REVERSE = 4 };

/* COLOUR_DEFAULT is the terminal's own. Others: a number of the palette (8, 16, 256 colours) or 0xrrggbb. */
enum { COLOUR_DEFAULT = -1 };

struct look {
    int32_t fore, back;
    uint32_t attr; /* ATTR_ bits; of a width that leaves no gap, for looks are compared as bytes */
};

/* Looks of all styles, plain and selected, for one theme, palette and terminal. */
struct looks {
    struct look of[STYLE_COUNT];
    struct look selected[STYLE_COUNT];
    struct look blank; /* of an empty screen */
};

void looks_make(struct looks *out, int theme, enum palette_id palette, enum colours colours);
static inline const struct look *look_of(const struct looks *l, uint8_t style)
{
    return style & STYLE_SELECTED ? &l->selected[style & 0x7f] : &l->of[style];
}

/* Themes and palettes by number and name; -1 and NULL for none. A theme's alias finds it too. */
int theme_find(const char *name);
const char *theme_name(int theme);
int palette_find(const char *name);
const char *palette_name(int palette);

/* Nearest of the 256 colours (the cube and the greys; the first 16 differ from user to user). */
int colour_256(uint32_t rgb);

#endif
