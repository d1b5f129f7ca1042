/* SPDX-License-Identifier: MIT */
/* Caps: what terminfo says about a terminal, read once into plain strings. Padding ($<5>) is left out: what needed it is
 * in museums. */
#ifndef TUI_CAPS_H
#define TUI_CAPS_H

#include "base/buf.h"
#include "tui/input.h"
#include "tui/theme.h"

enum { CAP_SIZE = 64 };

struct term_caps {
    char enter[CAP_SIZE], leave[CAP_SIZE];         /* alternate screen */
    char hide[CAP_SIZE], show[CAP_SIZE];           /* cursor */
    char keypad_on[CAP_SIZE], keypad_off[CAP_SIZE];
    char clear[CAP_SIZE], clear_line[CAP_SIZE];    /* to the end of the line */
    char reset[CAP_SIZE], bold[CAP_SIZE], underline[CAP_SIZE], reverse[CAP_SIZE];
    char move[CAP_SIZE];                           /* with parameters */
    bool ansi;        /* moves and colours are ECMA-48's: written without terminfo's interpreter */
    bool paints;      /* erased cells get the background (bce) */
    bool wraps_early; /* writing the last column of the last line would scroll */
    bool mouse;       /* xterm's mouse */
    enum colours colours;
    struct {
        char bytes[INPUT_SEQUENCE_SIZE];
        uint32_t key;
    } keys[INPUT_SEQUENCES];
    size_t n_keys;
};

/* Read the terminal TERM names. no_color: NO_COLOR is set;
 * E_UNSUPPORTED: unknown, or it cannot place its cursor. */
actop_status caps_read(struct term_caps *caps, bool no_color, actop_error *err);

/* Move the cursor, from 0. */
void caps_put_move(struct buf *out, const struct term_caps *caps, int y, int x);

#endif
