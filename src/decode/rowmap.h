/* SPDX-License-Identifier: MIT */
/* Rowmap: counters of rows that come and go (interfaces, disks, processes), kept from frame to frame by identity.
 *
 * A row is found by its key (frame_row_key) and owns a fixed number of counters. Rows that a frame no longer has are
 * forgotten at its end, those that stay are never touched by others' coming and going. Finding all rows of a frame
 * takes time linear in their number: rows mostly keep their order, so the place behind the last one found is tried
 * before the hash table. Once it has seen its largest frame it allocates nothing. */
#ifndef DECODE_ROWMAP_H
#define DECODE_ROWMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/counter.h"

struct rowmap {
    uint32_t n_counters;       /* of each row */
    uint64_t *keys;            /* n rows, in the order they came */
    uint32_t *seen;            /* the frame that had the row last */
    struct counter *counters;  /* n × n_counters */
    uint32_t *index;           /* open addressing: row + 1, 0 is free */
    size_t n, cap_keys, cap_seen, cap_counters, cap_index;
    size_t next;               /* where the next row is expected */
    size_t n_seen;             /* rows of this frame so far */
    uint32_t frame;            /* number of this frame, from 1 */
};

/* Life: memory of the struct is the caller's. Nothing is allocated before the first row. */
void rowmap_init(struct rowmap *m, uint32_t n_counters);
void rowmap_release(struct rowmap *m);
bool rowmap_own(struct rowmap *m); /* m is a plain copy of another: give it memory of its own. False: release it */

/* One frame: begin, rowmap_find for each row, end. Leaving a frame out keeps everything. */
void rowmap_begin(struct rowmap *m);
/* Room for so many rows at once; a hint, never a failure. */
void rowmap_expect(struct rowmap *m, size_t rows);
/* The row's counters, new and zero when the key was not there. NULL: out of memory. Borrowed until the next call. */
struct counter *rowmap_find(struct rowmap *m, uint64_t key);
void rowmap_end(struct rowmap *m);

/* A gap: the next reading of every counter starts afresh; totals stay. */
void rowmap_break(struct rowmap *m);

#endif
