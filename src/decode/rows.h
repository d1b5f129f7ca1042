/* SPDX-License-Identifier: MIT */
/* Reading row sets: columns are found by key at each new schema, so that a recording of another version, with other
 * columns, is read as far as it goes. Column -1 is one the schema does not have. */
#ifndef DECODE_ROWS_H
#define DECODE_ROWS_H

#include "base/error.h"
#include "decode/parts.h"

/* Find a row set (-1: none) and n of its columns. */
static inline int32_t rows_find(const struct schema *s, const char *key, const char *const *names, int32_t *columns,
                                size_t n)
{
    int32_t rowset = schema_find_rowset(s, key);
    for (size_t i = 0; i < n; i++)
        columns[i] = rowset < 0 ? -1 : schema_find_column(s, rowset, names[i]);
    return rowset;
}

/* True when the row set is there and was read in this frame. */
static inline bool rows_read(const struct frame *f, int32_t rowset)
{
    return rowset >= 0 && f->rows[rowset].status == SLOT_READ;
}

/* State of a machine metric that would come out of a row set which was not read. */
static inline actop_state rows_absence(const struct frame *f, int32_t rowset)
{
    if (rowset < 0)
        return ACTOP_STATE_UNSUPPORTED;
    int32_t status = f->rows[rowset].status;
    if (status <= 0)
        return ACTOP_STATE_NONE;
    return status_of_errno(status) == ACTOP_E_DENIED ? ACTOP_STATE_DENIED : ACTOP_STATE_FAILED;
}

static inline bool row_has(const struct frame *f, int32_t rowset, uint32_t row, int32_t column)
{
    return column >= 0 && frame_cell_has(f, rowset, row, (uint32_t)column);
}

static inline bool row_u64(const struct frame *f, int32_t rowset, uint32_t row, int32_t column, uint64_t *value)
{
    if (!row_has(f, rowset, row, column))
        return false;
    *value = frame_cell(f, rowset, row, (uint32_t)column);
    return true;
}

/* The number, or 0 where there is none. */
static inline uint64_t row_number(const struct frame *f, int32_t rowset, uint32_t row, int32_t column)
{
    uint64_t value = 0;
    (void)row_u64(f, rowset, row, column, &value);
    return value;
}

static inline bool row_i64(const struct frame *f, int32_t rowset, uint32_t row, int32_t column, int64_t *value)
{
    uint64_t bits;
    if (!row_u64(f, rowset, row, column, &bits))
        return false;
    *value = (int64_t)bits;
    return true;
}

/* Text of a cell; "" and 0 where there is none. Borrowed from the frame; ends with a zero byte. */
static inline const char *row_text(const struct frame *f, int32_t rowset, uint32_t row, int32_t column, size_t *n)
{
    uint64_t slot;
    *n = 0;
    return row_u64(f, rowset, row, column, &slot) ? frame_bytes(f, slot, n) : "";
}

/* Take a row's counter. */
static inline actop_status row_take(const struct frame *f, int32_t rowset, uint32_t row, int32_t column, struct counter *c,
                                    struct counter_step *step)
{
    uint64_t raw;
    if (!row_u64(f, rowset, row, column, &raw))
        return ACTOP_E_STATE;
    const struct schema *s = f->schema;
    unsigned bits = s->columns[s->rowsets[rowset].first + (uint32_t)column].bits;
    return counter_take(c, raw, f->at.awake_ns, bits, 0, step);
}

#endif
