/* SPDX-License-Identifier: MIT */
/* Filling, reading and copying frames; see frame.h. */
#include "frame/frame.h"

#include <stdlib.h>

#include "base/cold.h"
#include "base/error.h"
#include "base/pool.h"
#include "base/vec.h"

COLD void frame_release(struct frame *f)
{
    for (size_t i = 0; i < f->cap_rows; i++) {
        free(f->rows[i].cells);
        free(f->rows[i].present);
    }
    free(f->rows);
    free(f->slots);
    free(f->stamps_ns);
    free(f->status);
    free(f->bytes);
    schema_unref(f->schema);
    memset(f, 0, sizeof *f);
}

static bool frame_room(struct frame *f, const struct schema *s)
{
    return VEC_GROW(f->slots, f->cap_slots, s->n_slots) &&
           VEC_GROW(f->stamps_ns, f->cap_stamps, s->n_channels) &&
           VEC_GROW(f->status, f->cap_status, s->n_channels) &&
           VEC_GROW(f->rows, f->cap_rows, s->n_rowsets);
}

static actop_status frame_prepare(struct frame *f, const struct schema *s, actop_error *err)
{
    if (!frame_room(f, s)) {
        frame_release(f);
        return error_no_memory(err, "a frame");
    }
    if (f->schema != s) {
        schema_unref(f->schema);
        f->schema = schema_ref(s);
    }
    return ACTOP_OK;
}

actop_status frame_begin(struct frame *f, const struct schema *s, uint32_t want, actop_error *err)
{
    actop_status st = frame_prepare(f, s, err);
    if (st != ACTOP_OK)
        return st;
    f->want = want;
    f->n_bytes = 0;
    f->failed = false;
    if (s->n_slots > 0)
        memset(f->slots, 0, s->n_slots * sizeof *f->slots);
    if (s->n_channels > 0)
        memset(f->stamps_ns, 0, s->n_channels * sizeof *f->stamps_ns);
    for (size_t i = 0; i < s->n_channels; i++)
        f->status[i] = SLOT_ABSENT;
    for (size_t i = 0; i < s->n_rowsets; i++) {
        f->rows[i].n = 0;
        f->rows[i].status = SLOT_ABSENT;
    }
    return ACTOP_OK;
}

/* Copy bytes in and return the slot that names them. */
static uint64_t keep_bytes(struct frame *f, const void *bytes, size_t n)
{
    if (f->n_bytes + n + 1 > UINT32_MAX ||
        !VEC_RESERVE(f->bytes, f->cap_bytes, f->n_bytes + n + 1)) {
        f->failed = true;
        return 0;
    }
    uint64_t slot = (uint64_t)f->n_bytes << 32 | n;
    if (n > 0)
        memcpy(f->bytes + f->n_bytes, bytes, n);
    f->bytes[f->n_bytes + n] = '\0';
    f->n_bytes += n + 1;
    return slot;
}

void frame_set_bytes(struct frame *f, int32_t channel, const void *bytes, size_t n)
{
    frame_set_u64(f, channel, keep_bytes(f, bytes, n));
}

uint64_t *frame_array(struct frame *f, int32_t channel)
{
    f->status[channel] = SLOT_READ;
    return f->slots + f->schema->channels[channel].first;
}

void frame_expect(struct frame *f, int32_t rowset, size_t rows)
{
    struct rows *r = &f->rows[rowset];
    size_t columns = f->schema->rowsets[rowset].n_columns;
    (void)(VEC_RESERVE(r->cells, r->cap_cells, rows * columns) &&
           VEC_RESERVE(r->present, r->cap_present, rows));
}

uint32_t frame_row(struct frame *f, int32_t rowset)
{
    struct rows *r = &f->rows[rowset];
    size_t columns = f->schema->rowsets[rowset].n_columns;
    if (!VEC_RESERVE(r->cells, r->cap_cells, ((size_t)r->n + 1) * columns) ||
        !VEC_RESERVE(r->present, r->cap_present, (size_t)r->n + 1)) {
        f->failed = true;
        return UINT32_MAX;
    }
    memset(r->cells + r->n * columns, 0, columns * sizeof *r->cells);
    r->present[r->n] = 0;
    r->status = SLOT_READ;
    return r->n++;
}

NOINLINE void frame_cell_u64(struct frame *f, int32_t rowset, uint32_t row, uint32_t column,
                             uint64_t value)
{
    struct rows *r = &f->rows[rowset];
    r->cells[(size_t)row * f->schema->rowsets[rowset].n_columns + column] = value;
    r->present[row] |= UINT64_C(1) << column;
}

void frame_cell_bytes(struct frame *f, int32_t rowset, uint32_t row, uint32_t column,
                      const void *bytes, size_t n)
{
    frame_cell_u64(f, rowset, row, column, keep_bytes(f, bytes, n));
}

const char *frame_bytes(const struct frame *f, uint64_t slot, size_t *n)
{
    size_t at = (size_t)(slot >> 32);
    size_t len = (size_t)(slot & UINT32_MAX);
    if (at >= f->n_bytes || len >= f->n_bytes - at) {
        *n = 0;
        return "";
    }
    *n = len;
    return f->bytes + at;
}

uint64_t frame_row_key(const struct frame *f, int32_t rowset, uint32_t row)
{
    const struct rowset *def = &f->schema->rowsets[rowset];
    uint64_t h = 0;
    for (uint32_t c = 0; c < def->n_keys; c++) {
        uint64_t part = frame_cell(f, rowset, row, c);
        if (f->schema->columns[def->first + c].type == SLOT_BYTES) {
            size_t n;
            const char *bytes = frame_bytes(f, part, &n);
            part = hash_bytes(bytes, n);
        }
        /* Mixing as in splitmix64, so that (pid, start) pairs spread. */
        h = (h ^ part) + UINT64_C(0x9e3779b97f4a7c15);
        h = (h ^ h >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
        h = (h ^ h >> 27) * UINT64_C(0x94d049bb133111eb);
        h ^= h >> 31;
    }
    return h;
}

static int64_t held(int64_t ns)
{
    return ns > FRAME_TIME_MOST_NS    ? FRAME_TIME_MOST_NS
           : ns < -FRAME_TIME_MOST_NS ? -FRAME_TIME_MOST_NS
                                      : ns;
}

void frame_hold_times(struct frame *f)
{
    f->at = (struct os_moment){held(f->at.wall_ns), held(f->at.awake_ns), held(f->at.boot_ns)};
    uint64_t most_ns = FRAME_TIME_MOST_NS, far = 0;
    for (size_t i = 0; i < f->schema->n_channels; i++) /* nobody's is, so look before */
        far |= (uint64_t)f->stamps_ns[i] + most_ns;
    for (size_t i = 0; far > 2 * most_ns && i < f->schema->n_channels; i++)
        f->stamps_ns[i] = held(f->stamps_ns[i]);
}

static bool copy_rows(struct rows *into, const struct rows *from, size_t columns)
{
    into->n = 0;
    if (!VEC_RESERVE(into->cells, into->cap_cells, from->n * columns) ||
        !VEC_RESERVE(into->present, into->cap_present, from->n))
        return false;
    if (from->n > 0) {
        memcpy(into->cells, from->cells, from->n * columns * sizeof *into->cells);
        memcpy(into->present, from->present, from->n * sizeof *into->present);
    }
    into->n = from->n;
    into->status = from->status;
    return true;
}

actop_status frame_copy(struct frame *into, const struct frame *f, actop_error *err)
{
    const struct schema *s = f->schema;
    actop_status st = frame_prepare(into, s, err);
    if (st != ACTOP_OK)
        return st;
    bool fits = VEC_RESERVE(into->bytes, into->cap_bytes, f->n_bytes);
    for (size_t i = 0; fits && i < s->n_rowsets; i++)
        fits = copy_rows(&into->rows[i], &f->rows[i], s->rowsets[i].n_columns);
    if (!fits) {
        frame_release(into);
        return error_no_memory(err, "a frame");
    }
    into->want = f->want;
    into->seq = f->seq;
    into->at = f->at;
    into->failed = f->failed;
    into->n_bytes = f->n_bytes;
    if (f->n_bytes > 0)
        memcpy(into->bytes, f->bytes, f->n_bytes);
    if (s->n_slots > 0)
        memcpy(into->slots, f->slots, s->n_slots * sizeof *f->slots);
    if (s->n_channels > 0) {
        memcpy(into->stamps_ns, f->stamps_ns, s->n_channels * sizeof *f->stamps_ns);
        memcpy(into->status, f->status, s->n_channels * sizeof *f->status);
    }
    return ACTOP_OK;
}
