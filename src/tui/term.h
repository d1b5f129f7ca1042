/* SPDX-License-Identifier: MIT */
/* Term: the one module that owns the terminal.
 *
 * ncursesw gives what is known about terminals (terminfo); reading keys and writing cells are ours: curses would keep
 * three more copies of the screen, cannot show 24-bit colours beside the palette, takes the signals for itself, and
 * leaves open how many writes a refresh is. Here a frame is one write of what differs from the last one.
 *
 * The terminal's saved state is a writable global, because a signal handler must reach it when the program crashes. */
#ifndef TUI_TERM_H
#define TUI_TERM_H

#include <actop/types.h>

#include "tui/input.h"
#include "tui/theme.h"

struct term;

/* Take the terminal of standard input and output: raw mode, the alternate screen, no cursor. E_UNSUPPORTED says why it cannot
 * be used; nothing was written then. */
actop_status term_open(struct term **out, actop_error *err);

/* Give it back as it was. NULL is a no-op. */
void term_close(struct term *t);

/* The same for a while, and back; what is on the screen is written anew by the next frame. */
void term_suspend(struct term *t);
void term_resume(struct term *t);

/* Give the terminal back from a signal handler: async-signal-safe, does nothing when none is open. */
void term_emergency(void);

/* Its size now; 80 × 24 when it does not say. */
void term_size(const struct term *t, int *rows, int *cols);

/* What it can do. */
bool term_is_utf8(const struct term *t);
enum colours term_colours(const struct term *t);
int term_input_fd(const struct term *t);

/* Read what was typed into the decoder. False: the terminal is gone. */
bool term_read(struct term *t, struct input *in);

/* The sequences of its keys. */
void term_know_keys(const struct term *t, struct input *in);

/* Show a grid: one write of what changed since the last. The looks may change from frame to frame. False: it is gone, or
 * there is no memory. */
bool term_show(struct term *t, const struct grid *g, const struct looks *looks);

/* Forget what is on the screen: the next frame is written whole. */
void term_forget(struct term *t);

/* The bytes of a frame without a terminal: what term_show would write after shown (empty: everything). For tests. */
struct buf;
struct term_caps;
void term_put_frame(struct buf *out, const struct term_caps *caps, const struct grid *shown, const struct grid *g,
                    const struct looks *looks);

#endif
