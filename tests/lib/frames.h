/* SPDX-License-Identifier: MIT */
/* A made-up machine for tests of recordings: a schema with everything a schema can have, and frames that move like
 * those of a machine at 1 Hz. The same seed gives the same frames. */
#ifndef ACTOP_TESTS_FRAMES_H
#define ACTOP_TESTS_FRAMES_H

#include "frame/frame.h"

struct frames {
    struct schema *schema; /* owned */
    struct frame frame;    /* the newest */
    uint64_t random;
    uint64_t seq;
    uint32_t cores, processes;
    uint64_t next_pid;
    bool still;            /* nothing comes, goes or fails */
    struct {
        uint64_t pid, start, ticks, rss_b;
    } process[512];
};

/* With that many cores and processes. Zero when out of memory. */
bool frames_open(struct frames *m, uint32_t cores, uint32_t processes);
void frames_close(struct frames *m);

/* The next second in m->frame; false when out of memory. */
bool frames_next(struct frames *m);

/* A machine with other hardware from now on: one channel more, all keys of before. */
bool frames_change(struct frames *m);

/* NULL, or the name of the first thing that differs. */
const char *frames_differ(const struct frame *a, const struct frame *b);
const char *schemas_differ(const struct schema *a, const struct schema *b);

#endif
