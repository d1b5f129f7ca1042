/* SPDX-License-Identifier: MIT */
/* Frames to blocks: the writing half of the codec, and the past both halves share. See codec.h for the idea and
 * docs/recording-format.md ("Frame block") for the bytes. Reading order: codec_put_frame, put_head, put_rows. */
#include "frame/codec.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/vec.h"

/* ---- the past ---- */

/* Find each channel's channel before it in its group. */
static bool find_leaders(struct codec_past *p, const struct schema *s)
{
    size_t size = 16;
    while (size < s->n_channels * 2)
        size *= 2;
    uint32_t *last = calloc(size, sizeof *last); /* owned; by group: its last channel, + 1 */
    if (last == NULL || !VEC_GROW(p->leaders, p->cap_leaders, s->n_channels)) {
        free(last);
        return false;
    }
    for (uint32_t i = 0; i < s->n_channels; i++) {
        const char *group = schema_text(s, s->channels[i].group);
        size_t at = (size_t)hash_bytes(group, strlen(group)) & (size - 1);
        while (last[at] != 0 && strcmp(schema_text(s, s->channels[last[at] - 1].group), group) != 0)
            at = (at + 1) & (size - 1);
        p->leaders[i] = last[at] - 1; /* none: 0 - 1 is CODEC_NO_LEADER */
        last[at] = i + 1;
    }
    free(last);
    return true;
}

static bool find_texts(struct codec_past *p, const struct schema *s)
{
    p->n_texts = 0;
    for (uint32_t i = 0; i < s->n_channels; i++) {
        if (s->channels[i].type != SLOT_BYTES)
            continue;
        if (!VEC_GROW(p->texts, p->cap_texts, p->n_texts + 1))
            return false;
        p->texts[p->n_texts++] = i;
    }
    return true;
}

/* What is looked up once for a schema. */
static bool follow_schema(struct codec_past *p, const struct schema *s)
{
    if (p->led == s)
        return true;
    schema_unref(p->led);
    p->led = NULL;
    if (!find_leaders(p, s) || !find_texts(p, s))
        return false;
    p->led = schema_ref(s);
    return true;
}

actop_status codec_past_begin(struct codec_past *p, const struct schema *s, uint32_t schema_crc,
                              actop_error *err)
{
    actop_status st = frame_begin(&p->frame, s, 0, err);
    if (st != ACTOP_OK)
        return st;
    if (!VEC_GROW(p->slots, p->cap_slots, s->n_slots) ||
        !VEC_GROW(p->lean, p->cap_lean, s->n_channels) || !follow_schema(p, s))
        return error_no_memory(err, "the frame before");
    if (s->n_channels > 0)
        memset(p->lean, 0, s->n_channels * sizeof *p->lean);
    if (s->n_slots > 0)
        memset(p->slots, 0, s->n_slots * sizeof *p->slots);
    p->frame.seq = 0;
    p->frame.at = (struct os_moment){0, 0, 0};
    p->awake_growth_ns = 0;
    p->recent = (struct stamp_recent){{0}};
    p->stamped = false;
    p->schema_crc = schema_crc;
    return ACTOP_OK;
}

actop_status codec_past_copy(struct codec_past *into, const struct codec_past *from,
                             actop_error *err)
{
    const struct schema *s = from->frame.schema;
    actop_status st = codec_past_begin(into, s, from->schema_crc, err);
    if (st == ACTOP_OK)
        st = frame_copy(&into->frame, &from->frame, err);
    if (st != ACTOP_OK)
        return st;
    if (s->n_slots > 0)
        memcpy(into->slots, from->slots, s->n_slots * sizeof *into->slots);
    if (s->n_channels > 0)
        memcpy(into->lean, from->lean, s->n_channels * sizeof *into->lean);
    into->awake_growth_ns = from->awake_growth_ns;
    into->recent = from->recent;
    into->stamped = from->stamped;
    return ACTOP_OK;
}

void codec_past_release(struct codec_past *p)
{
    frame_release(&p->frame);
    schema_unref(p->led);
    free(p->leaders);
    free(p->texts);
    free(p->lean);
    free(p->slots);
    memset(p, 0, sizeof *p);
}

/* ---- life ---- */

actop_status codec_writer_init(struct codec_writer *w, actop_error *err)
{
    memset(w, 0, sizeof *w);
    return block_packer_init(&w->packer, err);
}

void codec_writer_release(struct codec_writer *w)
{
    block_packer_release(&w->packer);
    codec_past_release(&w->past);
    schema_unref(w->schema);
    free(w->places);
    free(w->match);
    free(w->index);
    buf_release(&w->content);
    memset(w, 0, sizeof *w);
}

actop_status codec_put_schema(struct codec_writer *w, const struct schema *s, struct buf *out,
                              actop_error *err)
{
    buf_clear(&w->content);
    actop_status st = codec_put_schema_content(s, &w->content, err);
    if (st == ACTOP_OK)
        st = block_put(&w->packer, BLOCK_SCHEMA, 0, w->content.data, w->content.len, out, err);
    if (st != ACTOP_OK)
        return st;
    size_t places = (size_t)s->n_slots + s->n_columns;
    if (!VEC_GROW(w->places, w->cap_places, places))
        return error_no_memory(err, "recording frames");
    if (places > 0)
        memset(w->places, 0, places * sizeof *w->places);
    if (w->schema != s) {
        schema_unref(w->schema);
        w->schema = schema_ref(s);
    }
    frame_release(&w->past.frame); /* the next frame is a keyframe */
    w->past.schema_crc = crc32_of(&w->packer.crc, w->content.data, w->content.len);
    return ACTOP_OK;
}

/* ---- head: times, statuses, stamps, slots ---- */

static void put_difference(struct residual_out *out, int64_t now, int64_t then)
{
    residual_put_raw(out, zigzag(difference(now, then)));
}

static void put_times(struct codec_past *p, const struct frame *f, struct residual_out *out)
{
    const struct os_moment *now = &f->at, *then = &p->frame.at;
    int64_t grew_ns = difference(now->awake_ns, then->awake_ns);
    put_difference(out, (int64_t)(f->seq - p->frame.seq), 1);
    put_difference(out, grew_ns, p->awake_growth_ns);
    put_difference(out, difference(now->boot_ns, now->awake_ns),
                   difference(then->boot_ns, then->awake_ns));
    put_difference(out, difference(now->wall_ns, now->awake_ns),
                   difference(then->wall_ns, then->awake_ns));
    residual_put_raw(out, f->want ^ p->frame.want);
    p->awake_growth_ns = grew_ns;
}

static void put_channels(struct codec_past *p, const struct frame *f, struct residual_out *out)
{
    size_t n = f->schema->n_channels;
    for (size_t i = 0; i < n; i++)
        put_difference(out, f->status[i], p->frame.status[i]);
    stamp_remember(&p->recent, p->awake_growth_ns);
    int64_t last_ns = p->awake_growth_ns;
    for (size_t i = 0; i < n; i++) {
        uint32_t leader = p->leaders[i];
        int64_t grew_ns = difference(f->stamps_ns[i], p->frame.stamps_ns[i]);
        int64_t guess_ns = leader != CODEC_NO_LEADER
                               ? difference(f->stamps_ns[leader], p->frame.stamps_ns[leader])
                           : p->frame.stamps_ns[i] == 0 ? 0
                                                        : last_ns;
        uint64_t z = zigzag(difference(grew_ns, guess_ns));
        residual_put_raw(out, z == 0 ? 0 : stamp_number(z, guess_ns, &p->recent));
        if (z != 0)
            stamp_remember(&p->recent, grew_ns);
        if (leader == CODEC_NO_LEADER && grew_ns != 0)
            last_ns = grew_ns;
    }
}

/* What is left of a slot's growth, of a channel that was read. */
static uint64_t residual_of(const struct codec_writer *w, const struct frame *f, uint32_t slot)
{
    const struct slot_past *past = &w->past.slots[slot];
    return f->slots[slot] - past->value - (uint64_t)past->expect;
}

static void put_single(struct codec_writer *w, const struct frame *f, size_t channel,
                       struct near *near, struct residual_out *out)
{
    const struct channel *c = &f->schema->channels[channel];
    bool read = f->status[channel] == SLOT_READ && c->type != SLOT_BYTES;
    uint32_t *lean = &w->past.lean[channel];
    uint64_t residual = read ? residual_of(w, f, c->first) : 0;
    uint64_t base = read ? near_base(*lean, near) : 0;
    residual_put(out, &w->places[c->first], (int64_t)(residual - base));
    slot_past_step(&w->past.slots[c->first], (int64_t)residual, (c->flags & CHANNEL_COUNTER) != 0);
    *lean = read ? near_choose(*lean, residual, near) : *lean;
    near_move(near, residual);
}

static void put_array(struct codec_writer *w, const struct frame *f, size_t channel,
                      struct residual_out *out)
{
    const struct channel *c = &f->schema->channels[channel];
    bool read = f->status[channel] == SLOT_READ && c->type != SLOT_BYTES;
    bool counter = (c->flags & CHANNEL_COUNTER) != 0;
    uint32_t lean = read && counter ? w->past.lean[channel] : 0, last = 0;
    uint64_t sum = 0;
    for (uint32_t i = 0; i < c->count; i++) {
        uint64_t residual = read ? residual_of(w, f, c->first + i) : 0;
        residual_put(out, &w->places[c->first + i], (int64_t)(residual - array_base(lean, i, sum)));
        sum += residual;
        slot_past_step(&w->past.slots[c->first + i], (int64_t)residual, counter);
        if (w->past.slots[c->first + i].growth != 0)
            last = i + 1;
    }
    if (read)
        w->past.lean[channel] = last;
}

static void put_slots(struct codec_writer *w, const struct frame *f, struct residual_out *out)
{
    struct near near = {0, 0};
    for (size_t i = 0; i < f->schema->n_channels; i++) {
        if (f->schema->channels[i].count == 1)
            put_single(w, f, i, &near, out);
        else
            put_array(w, f, i, out);
    }
}

/* ---- rows: which is which ---- */

static bool same_bytes(const struct frame *a, uint64_t slot_a, const struct frame *b,
                       uint64_t slot_b)
{
    size_t n_a, n_b;
    const char *bytes_a = frame_bytes(a, slot_a, &n_a), *bytes_b = frame_bytes(b, slot_b, &n_b);
    return n_a == n_b && (n_a == 0 || memcmp(bytes_a, bytes_b, n_a) == 0);
}

static bool same_key(const struct frame *a, uint32_t row_a, const struct frame *b, uint32_t row_b,
                     int32_t rowset)
{
    const struct rowset *def = &a->schema->rowsets[rowset];
    for (uint32_t c = 0; c < def->n_keys; c++) {
        uint64_t cell_a = frame_cell(a, rowset, row_a, c), cell_b = frame_cell(b, rowset, row_b, c);
        bool bytes = a->schema->columns[def->first + c].type == SLOT_BYTES;
        if (bytes ? !same_bytes(a, cell_a, b, cell_b) : cell_a != cell_b)
            return false;
    }
    return true;
}

static size_t index_size(uint32_t rows)
{
    size_t size = 16;
    while (size < (size_t)rows * 2)
        size *= 2;
    return size;
}

/* The place of a row's key in the index of the rows before: its entry, or where it would stand. */
static size_t index_place(const struct codec_writer *w, const struct frame *f, int32_t rowset,
                          uint32_t row)
{
    const struct frame *past = &w->past.frame;
    size_t mask = index_size(past->rows[rowset].n) - 1;
    size_t at = (size_t)frame_row_key(f, rowset, row) & mask;
    while (w->index[at] != 0 && !same_key(f, row, past, w->index[at] - 1, rowset))
        at = (at + 1) & mask;
    return at;
}

static bool index_rows(struct codec_writer *w, int32_t rowset)
{
    uint32_t n = w->past.frame.rows[rowset].n;
    size_t size = index_size(n);
    if (!VEC_GROW(w->index, w->cap_index, size))
        return false;
    memset(w->index, 0, size * sizeof *w->index);
    for (uint32_t row = 0; row < n; row++) {
        size_t at = index_place(w, &w->past.frame, rowset, row);
        if (w->index[at] == 0)
            w->index[at] = row + 1;
    }
    return true;
}

/* Find each row's row in the frame before. Most come in the same order, so the next one is tried first and the index
 * is made only when that fails. At most as many rows match as there were, even where keys repeat: readers rely on it. */
static bool match_rows(struct codec_writer *w, const struct frame *f, int32_t rowset,
                       uint32_t *match)
{
    uint32_t n = f->rows[rowset].n, n_past = w->past.frame.rows[rowset].n;
    uint32_t cursor = 0, matched = 0;
    bool indexed = false, keyed = f->schema->rowsets[rowset].n_keys > 0;
    for (uint32_t row = 0; row < n; row++) {
        match[row] = CODEC_NEW_ROW;
        if (cursor < n_past && same_key(f, row, &w->past.frame, cursor, rowset)) {
            match[row] = cursor;
        } else if (keyed && n_past > 0) {
            if (!indexed && !index_rows(w, rowset))
                return false;
            indexed = true;
            /* none: 0 - 1 is CODEC_NEW_ROW */
            match[row] = w->index[index_place(w, f, rowset, row)] - 1;
        }
        if (match[row] != CODEC_NEW_ROW && matched++ == n_past)
            match[row] = CODEC_NEW_ROW;
        if (match[row] != CODEC_NEW_ROW)
            cursor = match[row] + 1;
    }
    return true;
}

static bool rows_stay(const uint32_t *match, uint32_t n, uint32_t n_past)
{
    if (n != n_past)
        return false;
    for (uint32_t i = 0; i < n; i++)
        if (match[i] != i)
            return false;
    return true;
}

static bool match_all(struct codec_writer *w, const struct frame *f)
{
    size_t total = 0;
    for (size_t i = 0; i < f->schema->n_rowsets; i++)
        total += f->rows[i].n;
    if (!VEC_GROW(w->match, w->cap_match, total + 1))
        return false;
    uint32_t *match = w->match;
    for (size_t i = 0; i < f->schema->n_rowsets; match += f->rows[i++].n)
        if (!match_rows(w, f, (int32_t)i, match))
            return false;
    return true;
}

static void put_row_counts(const struct codec_writer *w, const struct frame *f,
                           struct residual_out *out)
{
    const uint32_t *match = w->match;
    for (size_t i = 0; i < f->schema->n_rowsets; match += f->rows[i++].n) {
        const struct rows *now = &f->rows[i], *then = &w->past.frame.rows[i];
        put_difference(out, now->status, then->status);
        residual_put_raw(out, rows_stay(match, now->n, then->n) ? 0 : (uint64_t)now->n + 1);
    }
}

/* ---- rows: how they came about, and their cells ---- */

static uint32_t run_of(const uint32_t *match, uint32_t row, uint32_t n)
{
    uint32_t run = 1;
    while (row + run < n &&
           match[row + run] == (match[row] == CODEC_NEW_ROW ? CODEC_NEW_ROW : match[row] + run))
        run++;
    return run;
}

static void put_step(struct buf *out, enum row_step step, uint32_t arg)
{
    varint_put(out, (uint64_t)arg << 2 | step);
}

static void put_rows_moved(const struct rows *now, const uint32_t *match, struct buf *out)
{
    uint32_t cursor = 0;
    uint64_t mask = 0; /* of the last new row: most have the same cells */
    for (uint32_t row = 0; row < now->n;) {
        uint32_t run = run_of(match, row, now->n);
        if (match[row] == CODEC_NEW_ROW) {
            put_step(out, ROWS_NEW, run - 1);
            for (uint32_t i = row; i < row + run; i++) {
                varint_put(out, now->present[i] ^ mask);
                mask = now->present[i];
            }
        } else {
            if (match[row] > cursor)
                put_step(out, ROWS_SKIP, match[row] - cursor - 1);
            else if (match[row] < cursor)
                put_step(out, ROWS_SEEK, match[row]);
            put_step(out, ROWS_COPY, run - 1);
            cursor = match[row] + run;
        }
        row += run;
    }
}

static void put_all_moved(struct codec_writer *w, const struct frame *f)
{
    const uint32_t *match = w->match;
    for (size_t i = 0; i < f->schema->n_rowsets; match += f->rows[i++].n)
        if (!rows_stay(match, f->rows[i].n, w->past.frame.rows[i].n))
            put_rows_moved(&f->rows[i], match, &w->content);
}

static void put_cells(struct codec_writer *w, const struct frame *f, int32_t rowset,
                      const uint32_t *match, struct residual_out *out)
{
    const struct rowset *def = &f->schema->rowsets[rowset];
    const struct rows *now = &f->rows[rowset];
    for (uint32_t row = 0; row < now->n; row++)
        if (match[row] != CODEC_NEW_ROW)
            residual_put_raw(out,
                             now->present[row] ^ w->past.frame.rows[rowset].present[match[row]]);
    for (uint32_t c = 0; c < def->n_columns; c++) {
        if (f->schema->columns[def->first + c].type == SLOT_BYTES)
            continue;
        struct residual_place *place = &w->places[f->schema->n_slots + def->first + c];
        for (uint32_t row = 0; row < now->n; row++) {
            if (!frame_cell_has(f, rowset, row, c))
                continue;
            struct row_base base = row_base_of(&w->past, f, match[row], row);
            residual_put(out, place,
                         (int64_t)(frame_cell(f, rowset, row, c) - base_cell(base, rowset, c)));
        }
    }
}

/* ---- bytes: those that differ, with how many did not before them ---- */

struct bytes_out {
    struct buf *buf;
    uint64_t gap;
};

static void put_bytes(struct bytes_out *out, const struct frame *f, uint64_t slot,
                      const struct frame *base, uint64_t base_slot)
{
    size_t n;
    const char *bytes = frame_bytes(f, slot, &n);
    if (base == NULL ? n == 0 : same_bytes(f, slot, base, base_slot)) {
        out->gap++;
        return;
    }
    varint_put(out->buf, out->gap + 1);
    varint_put(out->buf, n);
    buf_put(out->buf, bytes, n);
    out->gap = 0;
}

static void put_bytes_of_channels(const struct codec_writer *w, const struct frame *f,
                                  struct bytes_out *out)
{
    const struct frame *past = &w->past.frame;
    for (size_t i = 0; i < f->schema->n_channels; i++) {
        const struct channel *c = &f->schema->channels[i];
        if (c->type != SLOT_BYTES || f->status[i] != SLOT_READ)
            continue;
        bool had = past->status[i] == SLOT_READ;
        put_bytes(out, f, f->slots[c->first], had ? past : NULL, past->slots[c->first]);
    }
}

static void put_bytes_of_rows(const struct codec_writer *w, const struct frame *f, int32_t rowset,
                              const uint32_t *match, struct bytes_out *out)
{
    const struct rowset *def = &f->schema->rowsets[rowset];
    for (uint32_t c = 0; c < def->n_columns; c++) {
        if (f->schema->columns[def->first + c].type != SLOT_BYTES)
            continue;
        for (uint32_t row = 0; row < f->rows[rowset].n; row++) {
            if (!frame_cell_has(f, rowset, row, c))
                continue;
            struct row_base base = row_base_of(&w->past, f, match[row], row);
            bool had = base.frame != NULL && frame_cell_has(base.frame, rowset, base.row, c);
            put_bytes(out, f, frame_cell(f, rowset, row, c), had ? base.frame : NULL,
                      base_cell(base, rowset, c));
        }
    }
}

/* ---- one frame ---- */

static void put_content(struct codec_writer *w, const struct frame *f)
{
    struct residual_out out = {.buf = &w->content};
    put_times(&w->past, f, &out);
    put_channels(&w->past, f, &out);
    put_row_counts(w, f, &out);
    put_slots(w, f, &out);
    residual_flush(&out);
    put_all_moved(w, f);
    const uint32_t *match = w->match;
    for (size_t i = 0; i < f->schema->n_rowsets; match += f->rows[i++].n)
        put_cells(w, f, (int32_t)i, match, &out);
    residual_flush(&out);
    struct bytes_out bytes = {.buf = &w->content};
    put_bytes_of_channels(w, f, &bytes);
    match = w->match;
    for (size_t i = 0; i < f->schema->n_rowsets; match += f->rows[i++].n)
        put_bytes_of_rows(w, f, (int32_t)i, match, &bytes);
    varint_put(&w->content, 0);
}

static actop_status check_frame(const struct codec_writer *w, const struct frame *f,
                                actop_error *err)
{
    if (f->schema != w->schema)
        return error_set(err, ACTOP_E_STATE, "a frame is recorded before its schema");
    if (f->failed)
        return error_set(err, ACTOP_E_NOMEM, "a frame to be recorded is not whole: out of memory");
    if (f->schema->n_slots > CODEC_MAX_SLOTS || f->n_bytes > BLOCK_MAX)
        return error_set(err, ACTOP_E_FORMAT, "a frame is too large for a recording");
    for (size_t i = 0; i < f->schema->n_rowsets; i++)
        if (f->rows[i].n > CODEC_MAX_ROWS ||
            (uint64_t)f->rows[i].n * f->schema->rowsets[i].n_columns > CODEC_MAX_CELLS)
            return error_set(err, ACTOP_E_FORMAT, "a table of %u rows is too large for a recording",
                             f->rows[i].n);
    return ACTOP_OK;
}

/* What the reader's shifts begin with at a keyframe; what was learnt stays. */
static void reset_shifts(struct codec_writer *w)
{
    size_t n = (size_t)w->schema->n_slots + w->schema->n_columns;
    for (size_t i = 0; i < n; i++)
        w->places[i].shift = 0;
}

static actop_status begin_keyframe(struct codec_writer *w, actop_error *err)
{
    uint32_t crc = w->past.schema_crc;
    actop_status st = codec_past_begin(&w->past, w->schema, crc, err);
    if (st != ACTOP_OK)
        return st;
    reset_shifts(w);
    uint8_t bytes[4];
    le32_put(bytes, crc);
    buf_put(&w->content, bytes, sizeof bytes);
    return ACTOP_OK;
}

actop_status codec_put_frame(struct codec_writer *w, const struct frame *f, bool keyframe,
                             struct buf *out, actop_error *err)
{
    actop_status st = check_frame(w, f, err);
    if (st != ACTOP_OK)
        return st;
    buf_clear(&w->content);
    keyframe = keyframe || w->past.frame.schema == NULL;
    if (keyframe)
        st = begin_keyframe(w, err);
    if (st != ACTOP_OK)
        goto out;
    st = match_all(w, f) ? ACTOP_OK : error_no_memory(err, "recording a frame");
    if (st != ACTOP_OK)
        goto out;
    put_content(w, f);
    st = w->content.failed ? error_no_memory(err, "recording a frame") : ACTOP_OK;
    if (st == ACTOP_OK)
        st = block_put(&w->packer, BLOCK_FRAME, keyframe ? BLOCK_KEYFRAME : 0, w->content.data,
                       w->content.len, out, err);
    if (st == ACTOP_OK)
        st = frame_copy(&w->past.frame, f, err);
out:
    if (st != ACTOP_OK)
        frame_release(&w->past.frame);
    return st;
}
