/* SPDX-License-Identifier: MIT */
/* Input: bytes of a terminal to keys and mouse events. Pure: it knows no terminal but through the sequences that
 * terminfo lists, which the caller adds; the usual ones of xterm and its kin are known anyway.
 *
 * A lone Escape is told from the start of a sequence by what follows in the same read or within a short time: the
 * caller polls and then says input_flush. */
#ifndef TUI_INPUT_H
#define TUI_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Keys that are no characters; beyond Unicode. */
enum key {
    KEY_NONE = 0,
    KEY_CTRL_C = 3,
    KEY_BACKSPACE = 8,
    KEY_TAB = 9,
    KEY_ENTER = 13,
    KEY_CTRL_U = 21,
    KEY_CTRL_L = 12,
    KEY_ESCAPE = 27,
    KEY_UP = 0x110001,
    KEY_DOWN,
    KEY_LEFT,
    KEY_RIGHT,
    KEY_PAGE_UP,
    KEY_PAGE_DOWN,
    KEY_HOME,
    KEY_END,
    KEY_DELETE,
    KEY_BACKTAB,
    KEY_CLICK,      /* event.y and x */
    KEY_WHEEL_UP,   /* the same */
    KEY_WHEEL_DOWN
};

struct event {
    uint32_t key; /* a code point or enum key */
    int y, x;     /* mouse: cell, from 0 */
};

/* Keys by their names in terminfo. Here and not beside what reads terminfo: <curses.h> has macros of the same names, and
 * other numbers, for keys. */
enum { INPUT_CAPS = 10 };
extern const struct input_cap {
    const char *name;
    uint32_t key;
} input_caps[INPUT_CAPS];

enum { INPUT_SEQUENCES = 24, INPUT_SEQUENCE_SIZE = 16, INPUT_BUFFER = 256 };

struct input {
    struct {
        char bytes[INPUT_SEQUENCE_SIZE];
        uint32_t key;
    } known[INPUT_SEQUENCES]; /* of terminfo */
    size_t n_known;
    char bytes[INPUT_BUFFER];
    size_t n;
};

/* Add a sequence of terminfo; NULL, too long and surplus ones are ignored. */
void input_know(struct input *in, const char *sequence, uint32_t key);

/* Take n bytes; those that do not fit are dropped (nobody types that fast). */
void input_feed(struct input *in, const char *bytes, size_t n);

/* The next event; false when there is none, or only the start of a sequence. */
bool input_next(struct input *in, struct event *out);

/* True while the start of a sequence waits for more. */
bool input_waits(const struct input *in);

/* Nothing more came: what waits is an Escape key and then plain characters. */
bool input_flush(struct input *in, struct event *out);

#endif
