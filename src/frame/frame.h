/* SPDX-License-Identifier: MIT */
/* Frame: what the machine said at one moment, in its own units, against a schema.
 *
 * A source fills a frame in this order: frame_begin (all slots absent, row sets empty), frame_set_* for what it read,
 * frame_row / frame_cell_* for rows. A frame keeps its memory from one tick to the next, so that filling one
 * allocates nothing once it has seen its largest content. */
#ifndef FRAME_FRAME_H
#define FRAME_FRAME_H

#include <string.h>

#include "base/os.h"
#include "frame/schema.h"

/* Status of a channel or a row set in one frame; positive numbers are errnos. */
enum { SLOT_READ = 0, SLOT_ABSENT = -1, SLOT_NOT_WANTED = -2 };

struct rows {
    uint32_t n;
    uint64_t *cells;    /* n × n_columns, row after row */
    uint64_t *present;  /* one bit a column, one word a row */
    int32_t status;
    size_t cap_cells, cap_present;
};

struct frame {
    const struct schema *schema; /* a reference of the frame's */
    uint64_t seq;                /* from 1 in one session of the source; a jump is a gap */
    struct os_moment at;
    uint32_t want;               /* what was asked for */
    uint64_t *slots;             /* schema->n_slots */
    int64_t *stamps_ns;          /* per channel: the system's own time of it on the awake clock, 0: this moment */
    int32_t *status;             /* per channel */
    struct rows *rows;           /* schema->n_rowsets */
    char *bytes;                 /* what SLOT_BYTES slots and cells point into */
    size_t n_bytes, cap_bytes;
    size_t cap_slots, cap_stamps, cap_status, cap_rows;
    bool failed;                 /* an allocation failed since frame_begin */
};

/* Life: memory of the struct is the caller's; zeroed memory is an empty frame. */
void frame_release(struct frame *f);

/* Point the frame at a schema (takes a reference) and make everything absent. E_NOMEM leaves it empty. */
actop_status frame_begin(struct frame *f, const struct schema *s, uint32_t want, actop_error *err);

/* Filling. channel and slot numbers must be of the frame's schema. */
static inline void frame_set_u64(struct frame *f, int32_t channel, uint64_t value)
{
    f->slots[f->schema->channels[channel].first] = value;
    f->status[channel] = SLOT_READ;
}
static inline void frame_set_i64(struct frame *f, int32_t channel, int64_t value)
{
    frame_set_u64(f, channel, (uint64_t)value);
}
static inline uint64_t f64_bits(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}
static inline void frame_set_f64(struct frame *f, int32_t channel, double value)
{
    frame_set_u64(f, channel, f64_bits(value));
}
static inline void frame_set_status(struct frame *f, int32_t channel, int32_t status)
{
    f->status[channel] = status;
}
static inline void frame_set_stamp(struct frame *f, int32_t channel, int64_t awake_ns)
{
    f->stamps_ns[channel] = awake_ns;
}
void frame_set_bytes(struct frame *f, int32_t channel, const void *bytes, size_t n);
/* Slots of an array channel, to be written by the caller, and set SLOT_READ. */
uint64_t *frame_array(struct frame *f, int32_t channel);

/* Append an empty row and return its number; UINT32_MAX when out of memory. Marks the row set as read. */
uint32_t frame_row(struct frame *f, int32_t rowset);
void frame_expect(struct frame *f, int32_t rowset, size_t rows); /* room at once; a hint, never a failure */
void frame_cell_u64(struct frame *f, int32_t rowset, uint32_t row, uint32_t column, uint64_t value);
void frame_cell_bytes(struct frame *f, int32_t rowset, uint32_t row, uint32_t column, const void *bytes, size_t n);

/* Reading. */
static inline bool frame_has(const struct frame *f, int32_t channel)
{
    return channel >= 0 && f->status[channel] == SLOT_READ;
}
static inline uint64_t frame_u64(const struct frame *f, int32_t channel)
{
    return f->slots[f->schema->channels[channel].first];
}
static inline int64_t frame_i64(const struct frame *f, int32_t channel)
{
    return (int64_t)frame_u64(f, channel);
}
static inline double bits_f64(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}
/* Time of the channel's value on the awake clock. */
static inline int64_t frame_stamp(const struct frame *f, int32_t channel)
{
    return f->stamps_ns[channel] != 0 ? f->stamps_ns[channel] : f->at.awake_ns;
}
/* Bytes a SLOT_BYTES value points to; *n is 0 and the pointer "" when it is out of range. Borrowed from the frame. */
const char *frame_bytes(const struct frame *f, uint64_t slot, size_t *n);
static inline bool frame_cell_has(const struct frame *f, int32_t rowset, uint32_t row, uint32_t column)
{
    return (f->rows[rowset].present[row] >> column & 1u) != 0;
}
static inline uint64_t frame_cell(const struct frame *f, int32_t rowset, uint32_t row, uint32_t column)
{
    return f->rows[rowset].cells[(size_t)row * f->schema->rowsets[rowset].n_columns + column];
}
/* Identity of a row: a hash of its key columns (bytes hashed by content). */
uint64_t frame_row_key(const struct frame *f, int32_t rowset, uint32_t row);

/* Hold clocks and stamps within FRAME_TIME_MOST_NS of zero: nobody's clock says more (the wall's will in 2043), and what is
 * computed of them then fits. For frames that somebody else may have written. */
#define FRAME_TIME_MOST_NS (INT64_C(1) << 61)
void frame_hold_times(struct frame *f);

/* Make *into equal to f, with a reference to the same schema. E_NOMEM leaves *into empty. */
actop_status frame_copy(struct frame *into, const struct frame *f, actop_error *err);

#endif
