/* SPDX-License-Identifier: MIT */
/* Standard output of a stream: whole lines, one write each where the system takes it whole; waiting that notices a
 * signal and a reader who has gone. */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* What comes next after a write or a wait. */
enum output_state {
    OUTPUT_GOOD = 0,
    OUTPUT_CLOSED,  /* the reader has gone: end with status 0 */
    OUTPUT_STOPPED, /* a signal asked for the end */
    OUTPUT_FAILED   /* err says why */
};

/* Remember which of descriptors 0 to 2 were closed and put /dev/null there, so that no file takes their place. Signals that
 * end the program become flags, SIGPIPE an error. False: out of descriptors. */
bool output_open(void);

/* Write n bytes. A signal ends it only between two lines: once a byte is out, so is the rest, unless a second signal
 * comes while the reader stands still. */
enum output_state output_write(const char *text, size_t n, actop_error *err);

/* Write what was put; fails where memory ran out for it. */
enum output_state output_put(const struct buf *b, actop_error *err);

/* Wait until the awake clock reaches deadline_ns, a signal comes, or (with watch) the reader goes. */
enum output_state output_wait(int64_t deadline_ns, bool watch);

/* Exit status for how a stream ended; prints err when it failed. SIGINT is 130; SIGTERM and SIGHUP are a clean end. */
int output_status(enum output_state state, const actop_error *err);

#endif
