/* SPDX-License-Identifier: MIT */
/* Blocks to frames: the reading half of the codec; codec.c is the writing half and has the same functions in the same
 * order under the name put_. Nothing that is read here is believed: counts are compared with what is left of the
 * bytes and with the limits of codec.h before anything is made for them. */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/cold.h"
#include "base/error.h"
#include "base/vec.h"
#include "frame/codec.h"

/* ---- life ---- */

actop_status codec_reader_init(struct codec_reader *r, actop_error *err)
{
    memset(r, 0, sizeof *r);
    return block_unpacker_init(&r->unpacker, err);
}

void codec_reader_release(struct codec_reader *r)
{
    block_unpacker_release(&r->unpacker);
    codec_past_release(&r->past);
    schema_unref(r->schema);
    free(r->shifts);
    free(r->match);
    free(r->moved);
    memset(r, 0, sizeof *r);
}

void codec_reader_forget(struct codec_reader *r)
{
    r->ready = false;
}

actop_status codec_reader_use(struct codec_reader *r, const struct schema *s, uint32_t schema_crc,
                              actop_error *err)
{
    r->ready = false;
    if (!VEC_GROW(r->shifts, r->cap_shifts, (size_t)s->n_slots + s->n_columns))
        return error_no_memory(err, "reading frames");
    struct schema *old = r->schema;
    r->schema = schema_ref(s);
    schema_unref(old);
    r->schema_crc = schema_crc;
    return ACTOP_OK;
}

/* ---- places ---- */

void codec_place_release(struct codec_place *p)
{
    codec_past_release(&p->past);
    schema_unref(p->schema);
    free(p->shifts);
    *p = (struct codec_place){.schema = NULL};
}

COLD actop_status codec_place_take(struct codec_place *into, const struct codec_reader *r,
                                   actop_error *err)
{
    if (!r->ready)
        return error_set(err, ACTOP_E_STATE, "no frame was read yet");
    size_t shifts = (size_t)r->schema->n_slots + r->schema->n_columns;
    actop_status st = VEC_GROW(into->shifts, into->cap_shifts, shifts)
                          ? codec_past_copy(&into->past, &r->past, err)
                          : error_no_memory(err, "a place among frames");
    if (st != ACTOP_OK) {
        codec_place_release(into);
        return st;
    }
    if (shifts > 0)
        memcpy(into->shifts, r->shifts, shifts);
    schema_unref(into->schema);
    into->schema = schema_ref(r->schema);
    into->schema_crc = r->schema_crc;
    return ACTOP_OK;
}

COLD actop_status codec_place_go(const struct codec_place *from, struct codec_reader *r,
                                 actop_error *err)
{
    actop_status st = codec_reader_use(r, from->schema, from->schema_crc, err);
    if (st == ACTOP_OK)
        st = codec_past_copy(&r->past, &from->past, err);
    if (st != ACTOP_OK)
        return st;
    size_t shifts = (size_t)from->schema->n_slots + from->schema->n_columns;
    if (shifts > 0)
        memcpy(r->shifts, from->shifts, shifts);
    r->ready = true;
    return ACTOP_OK;
}

/* ---- numbers of stamps, both ways ---- */

static uint64_t swapped(uint64_t z, uint64_t a, uint64_t b)
{
    return z == a ? b : z == b ? a : z;
}

/* What stands at 1, 2 … before they change places with what is likely; returns how many. */
static unsigned find_likely(uint64_t likely[1 + STAMP_RECENT], int64_t guess_ns,
                            const struct stamp_recent *recent)
{
    unsigned n = 0;
    for (int i = -1; i < STAMP_RECENT; i++) {
        int64_t grew_ns = i < 0 ? 0 : recent->grew_ns[i];
        if (grew_ns == guess_ns || (grew_ns == 0 && i >= 0))
            continue;
        uint64_t z = zigzag(difference(grew_ns, guess_ns));
        for (unsigned before = 0; before < n; before++)
            z = swapped(z, before + 1, likely[before]);
        likely[n++] = z;
    }
    return n;
}

uint64_t stamp_number(uint64_t z, int64_t guess_ns, const struct stamp_recent *recent)
{
    uint64_t likely[1 + STAMP_RECENT];
    unsigned n = find_likely(likely, guess_ns, recent);
    for (unsigned i = 0; i < n; i++)
        z = swapped(z, i + 1, likely[i]);
    return z;
}

uint64_t stamp_unnumber(uint64_t number, int64_t guess_ns, const struct stamp_recent *recent)
{
    uint64_t likely[1 + STAMP_RECENT];
    for (unsigned i = find_likely(likely, guess_ns, recent); i-- > 0;)
        number = swapped(number, i + 1, likely[i]);
    return number;
}

/* ---- head: times, statuses, stamps, slots ---- */

static int64_t sum(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a + (uint64_t)b);
}

static int64_t get_difference(struct residual_in *in, int64_t then)
{
    return sum(unzigzag(residual_get_raw(in)), then);
}

static void get_times(struct codec_past *p, struct frame *f, struct residual_in *in)
{
    struct os_moment *now = &f->at, *then = &p->frame.at;
    f->seq = p->frame.seq + (uint64_t)get_difference(in, 1);
    p->awake_growth_ns = get_difference(in, p->awake_growth_ns);
    now->awake_ns = sum(then->awake_ns, p->awake_growth_ns);
    now->boot_ns =
        sum(now->awake_ns, get_difference(in, difference(then->boot_ns, then->awake_ns)));
    now->wall_ns =
        sum(now->awake_ns, get_difference(in, difference(then->wall_ns, then->awake_ns)));
    f->want = p->frame.want ^ (uint32_t)residual_get_raw(in);
}

/* Zeros that are still to come, at most n of them, taken at once: most of a frame is these. */
static size_t take_zeros(struct residual_in *in, size_t n)
{
    size_t run = in->zeros < n ? (size_t)in->zeros : n;
    in->zeros -= run;
    return run;
}

static void get_statuses(const struct codec_past *p, struct frame *f, struct residual_in *in)
{
    size_t n = f->schema->n_channels;
    for (size_t i = 0; i < n; i++) {
        size_t run = take_zeros(in, n - i);
        if (run > 0)
            memcpy(f->status + i, p->frame.status + i, run * sizeof *f->status);
        i += run;
        if (i < n)
            f->status[i] = (int32_t)get_difference(in, p->frame.status[i]);
    }
}

static void get_stamps(struct codec_past *p, struct frame *f, struct residual_in *from)
{
    size_t n = f->schema->n_channels;
    if (!p->stamped && from->zeros >= n) { /* a machine without stamps */
        from->zeros -= n;
        return;
    }
    struct residual_in in = *from;
    const uint32_t *leaders = p->leaders;
    const int64_t *past_ns = p->frame.stamps_ns;
    int64_t *now_ns = f->stamps_ns, last_ns = p->awake_growth_ns, any_ns = 0, before_ns = 0;
    stamp_remember(&p->recent, p->awake_growth_ns);
    for (size_t i = 0; i < n; i++) {
        uint32_t leader = leaders[i];
        int64_t then_ns = past_ns[i];
        int64_t grew_ns = leader == CODEC_NO_LEADER ? then_ns == 0 ? 0 : last_ns
                          : leader + 1 == i         ? before_ns /* nearly always */
                                                    : difference(now_ns[leader], past_ns[leader]);
        uint64_t number = residual_get_raw(&in);
        if (number != 0) {
            grew_ns = sum(grew_ns, unzigzag(stamp_unnumber(number, grew_ns, &p->recent)));
            stamp_remember(&p->recent, grew_ns);
        }
        if (leader == CODEC_NO_LEADER && grew_ns != 0)
            last_ns = grew_ns;
        now_ns[i] = sum(then_ns, grew_ns);
        before_ns = grew_ns;
        any_ns |= grew_ns;
        for (; i + 1 < n && in.zeros > 0 && leaders[i + 1] == i; i++, in.zeros--)
            now_ns[i + 1] = sum(past_ns[i + 1], grew_ns); /* a group was published at once */
    }
    p->stamped = p->stamped || any_ns != 0;
    *from = in;
}

/* Where the slots come from and go to. */
struct slots_in {
    const struct channel *channels;
    const int32_t *status;
    struct slot_past *past;
    uint32_t *lean;  /* per channel */
    uint8_t *shifts; /* per slot */
    uint64_t *values;
};

static inline void get_single(const struct slots_in *s, size_t channel, struct near *near,
                              struct residual_in *in)
{
    const struct channel *c = &s->channels[channel];
    struct slot_past *past = &s->past[c->first];
    bool read = s->status[channel] == SLOT_READ && c->type != SLOT_BYTES;
    uint32_t *lean = &s->lean[channel];
    uint64_t residual = (uint64_t)residual_get(in, &s->shifts[c->first]);
    if (read)
        residual += near_base(*lean, near);
    if (residual == 0) { /* half of them */
        slot_past_stay(past);
        *lean = read ? LEAN_NONE : *lean;
    } else {
        slot_past_step(past, (int64_t)residual, (c->flags & CHANNEL_COUNTER) != 0);
        *lean = read ? near_choose(*lean, residual, near) : *lean;
    }
    if (read)
        s->values[c->first] = past->value;
    near_move(near, residual);
}

static inline void get_array(const struct slots_in *s, size_t channel, struct residual_in *in)
{
    const struct channel *c = &s->channels[channel];
    bool read = s->status[channel] == SLOT_READ && c->type != SLOT_BYTES;
    bool counter = (c->flags & CHANNEL_COUNTER) != 0;
    uint32_t lean = read && counter ? s->lean[channel] : 0, last = 0, n = c->count;
    struct slot_past *past = s->past + c->first;
    uint8_t *shifts = s->shifts + c->first;
    uint64_t *values = s->values + c->first, sum = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint64_t residual = (uint64_t)residual_get(in, &shifts[i]) + array_base(lean, i, sum);
        if ((residual | (uint64_t)past[i].expect | (uint64_t)past[i].growth) != 0) {
            sum += residual;
            slot_past_step(&past[i], (int64_t)residual, counter);
            last = past[i].growth != 0 ? i + 1 : last;
        }
        if (read)
            values[i] = past[i].value;
    }
    if (read)
        s->lean[channel] = last;
}

static void get_slots(struct codec_reader *r, struct frame *f, struct residual_in *from)
{
    struct near near = {0, 0};
    struct residual_in in = *from;
    const struct slots_in s = {f->schema->channels, f->status, r->past.slots,
                               r->past.lean,        r->shifts, f->slots};
    for (size_t i = 0, n = f->schema->n_channels; i < n; i++) {
        if (s.channels[i].count == 1)
            get_single(&s, i, &near, &in);
        else
            get_array(&s, i, &in);
    }
    *from = in;
}

/* ---- rows: which is which ---- */

static bool rows_allowed(const struct rowset *def, uint64_t n, uint32_t n_past,
                         const struct residual_in *in)
{
    return n <= CODEC_MAX_ROWS && n * def->n_columns <= CODEC_MAX_CELLS &&
           n <= n_past + (uint64_t)(in->end - in->at);
}

/* A bit for each column a row set has. */
static uint64_t column_bits(const struct rowset *def)
{
    return def->n_columns == 64 ? UINT64_MAX : (UINT64_C(1) << def->n_columns) - 1;
}

/* Make a row set's rows, empty, as those before: where they moved, get_moved says so. */
static bool make_rows(struct codec_reader *r, struct frame *f, size_t rowset, uint32_t n, size_t at)
{
    /* One more than needed, here and when writing: the array is there also when no row set has a row. */
    if (!VEC_GROW(r->match, r->cap_match, at + n + 1))
        return false;
    for (uint32_t row = 0; row < n; row++) {
        if (frame_row(f, (int32_t)rowset) == UINT32_MAX)
            return false;
        r->match[at + row] = row;
    }
    return true;
}

static actop_status get_row_counts(struct codec_reader *r, struct frame *f, struct residual_in *in)
{
    size_t total = 0;
    if (!VEC_GROW(r->moved, r->cap_moved, f->schema->n_rowsets))
        return ACTOP_E_NOMEM;
    for (size_t i = 0; i < f->schema->n_rowsets; i++) {
        const struct rows *then = &r->past.frame.rows[i];
        int32_t status = (int32_t)get_difference(in, then->status);
        uint64_t moved = residual_get_raw(in);
        uint64_t n = moved == 0 ? then->n : moved - 1;
        if (in->bad || !rows_allowed(&f->schema->rowsets[i], n, then->n, in))
            return ACTOP_E_FORMAT;
        if (!make_rows(r, f, i, (uint32_t)n, total))
            return ACTOP_E_NOMEM;
        r->moved[i] = moved != 0;
        f->rows[i].status = status;
        total += n;
    }
    return ACTOP_OK;
}

/* ---- rows: how they came about, and their cells ---- */

struct rows_in {
    struct residual_in *in;
    struct rows *now;
    uint32_t *match;
    uint64_t allowed;        /* bits of the columns there are */
    uint64_t mask;           /* of the last new row */
    uint32_t n_past, cursor; /* rows before; the next of them */
    uint32_t copied, row;    /* rows matched, and made, so far */
};

static void rows_bad(struct rows_in *ri)
{
    ri->in->bad = true;
    ri->in->at = ri->in->end;
}

static void get_new_rows(struct rows_in *ri, uint32_t n)
{
    for (; n > 0 && !ri->in->bad; n--, ri->row++) {
        uint64_t mask = varint_get(ri->in) ^ ri->mask;
        if ((mask & ~ri->allowed) != 0)
            rows_bad(ri);
        ri->mask = mask & ri->allowed;
        ri->now->present[ri->row] = ri->mask;
        ri->match[ri->row] = CODEC_NEW_ROW;
    }
}

static void get_copied_rows(struct rows_in *ri, uint32_t n)
{
    if (n > ri->n_past - ri->cursor || n > ri->n_past - ri->copied) {
        rows_bad(ri);
        return;
    }
    for (uint32_t i = 0; i < n; i++)
        ri->match[ri->row++] = ri->cursor++;
    ri->copied += n;
}

static void get_step(struct rows_in *ri)
{
    uint64_t number = varint_get(ri->in);
    enum row_step step = (enum row_step)(number & 3);
    uint64_t arg = number >> 2;
    bool makes = step == ROWS_COPY || step == ROWS_NEW;
    if (makes ? arg >= ri->now->n - ri->row : arg > ri->n_past) {
        rows_bad(ri);
        return;
    }
    if (step == ROWS_COPY)
        get_copied_rows(ri, (uint32_t)arg + 1);
    else if (step == ROWS_NEW)
        get_new_rows(ri, (uint32_t)arg + 1);
    else if (step == ROWS_SEEK)
        ri->cursor = (uint32_t)arg;
    else if (arg < ri->n_past - ri->cursor)
        ri->cursor += (uint32_t)arg + 1;
    else
        rows_bad(ri);
}

static void get_all_moved(struct codec_reader *r, struct frame *f, struct residual_in *in)
{
    uint32_t *match = r->match;
    for (size_t i = 0; i < f->schema->n_rowsets; match += f->rows[i++].n) {
        struct rows_in ri = {.in = in,
                             .now = &f->rows[i],
                             .match = match,
                             .allowed = column_bits(&f->schema->rowsets[i]),
                             .n_past = r->past.frame.rows[i].n};
        while (r->moved[i] && ri.row < ri.now->n && !in->bad)
            get_step(&ri);
    }
}

static void get_masks(const struct codec_reader *r, struct frame *f, size_t rowset,
                      const uint32_t *match, struct residual_in *in)
{
    uint64_t allowed = column_bits(&f->schema->rowsets[rowset]);
    struct rows *now = &f->rows[rowset];
    for (uint32_t row = 0; row < now->n; row++) {
        if (match[row] == CODEC_NEW_ROW)
            continue;
        uint64_t mask = residual_get_raw(in) ^ r->past.frame.rows[rowset].present[match[row]];
        if ((mask & ~allowed) != 0)
            in->bad = true;
        now->present[row] = mask & allowed;
    }
}

static void get_cells(struct codec_reader *r, struct frame *f, size_t rowset, const uint32_t *match,
                      struct residual_in *in)
{
    const struct rowset *def = &f->schema->rowsets[rowset];
    struct rows *now = &f->rows[rowset];
    get_masks(r, f, rowset, match, in);
    for (uint32_t c = 0; c < def->n_columns; c++) {
        if (f->schema->columns[def->first + c].type == SLOT_BYTES)
            continue;
        uint8_t *shift = &r->shifts[f->schema->n_slots + def->first + c];
        for (uint32_t row = 0; row < now->n; row++) {
            if (!frame_cell_has(f, (int32_t)rowset, row, c))
                continue;
            struct row_base base = row_base_of(&r->past, f, match[row], row);
            now->cells[(size_t)row * def->n_columns + c] = base_cell(base, (int32_t)rowset, c) +
                                                           (uint64_t)residual_get(in, shift);
        }
    }
}

/* ---- bytes: those that differ, with how many did not before them ---- */

struct bytes_in {
    struct residual_in *in;
    uint64_t next; /* values until the next one that differs; 0 none does */
};

/* True when the next value is its base's. */
static bool bytes_stay(struct bytes_in *bi)
{
    if (bi->next == 1)
        return false;
    bi->next -= bi->next != 0;
    return true;
}

/* The next value, which differs from its base: borrowed from the content. */
static const char *get_bytes(struct bytes_in *bi, size_t *n)
{
    uint64_t size = varint_get(bi->in);
    if (size > (uint64_t)(bi->in->end - bi->in->at)) {
        bi->in->bad = true;
        bi->in->at = bi->in->end;
        size = 0;
    }
    const char *bytes = (const char *)bi->in->at;
    *n = (size_t)size;
    bi->in->at += size;
    bi->next = varint_get(bi->in);
    return bytes;
}

/* A frame's bytes could grow without end where a few of the content say "as before". */
static bool bytes_fit(const struct frame *f, size_t n)
{
    return n < BLOCK_MAX - f->n_bytes;
}

static bool get_bytes_of_channels(const struct codec_reader *r, struct frame *f,
                                  struct bytes_in *bi)
{
    const struct frame *past = &r->past.frame;
    for (size_t text = 0; text < r->past.n_texts; text++) {
        uint32_t i = r->past.texts[text];
        const struct channel *c = &f->schema->channels[i];
        if (f->status[i] != SLOT_READ)
            continue;
        size_t n = 0;
        const char *bytes = "";
        if (!bytes_stay(bi))
            bytes = get_bytes(bi, &n);
        else if (past->status[i] == SLOT_READ)
            bytes = frame_bytes(past, past->slots[c->first], &n);
        if (!bytes_fit(f, n))
            return false;
        frame_set_bytes(f, (int32_t)i, bytes, n);
    }
    return true;
}

static bool get_bytes_of_cell(const struct codec_reader *r, struct frame *f, int32_t rowset,
                              uint32_t row, uint32_t column, uint32_t match, struct bytes_in *bi)
{
    struct row_base base = row_base_of(&r->past, f, match, row);
    size_t n = 0;
    const char *bytes = "";
    if (!bytes_stay(bi)) {
        bytes = get_bytes(bi, &n);
    } else if (base.frame == f) {
        frame_cell_u64(f, rowset, row, column,
                       base_cell(base, rowset, column)); /* shares the bytes */
        return true;
    } else if (base.frame != NULL) {
        bytes = frame_bytes(base.frame, base_cell(base, rowset, column), &n);
    }
    if (!bytes_fit(f, n))
        return false;
    frame_cell_bytes(f, rowset, row, column, bytes, n);
    return true;
}

static bool get_bytes_of_rows(const struct codec_reader *r, struct frame *f, int32_t rowset,
                              const uint32_t *match, struct bytes_in *bi)
{
    const struct rowset *def = &f->schema->rowsets[rowset];
    for (uint32_t c = 0; c < def->n_columns; c++) {
        if (f->schema->columns[def->first + c].type != SLOT_BYTES)
            continue;
        for (uint32_t row = 0; row < f->rows[rowset].n; row++)
            if (frame_cell_has(f, rowset, row, c) &&
                !get_bytes_of_cell(r, f, rowset, row, c, match[row], bi))
                return false;
    }
    return true;
}

static bool get_all_bytes(const struct codec_reader *r, struct frame *f, struct residual_in *in)
{
    struct bytes_in bi = {.in = in, .next = varint_get(in)};
    if (!get_bytes_of_channels(r, f, &bi))
        return false;
    const uint32_t *match = r->match;
    for (size_t i = 0; i < f->schema->n_rowsets; match += f->rows[i++].n)
        if (!get_bytes_of_rows(r, f, (int32_t)i, match, &bi))
            return false;
    return bi.next == 0;
}

/* ---- one block ---- */

static actop_status senseless(actop_error *err)
{
    return error_set(err, ACTOP_E_FORMAT, "a frame of the recording makes no sense");
}

/* A run of zeros must not reach past the part of the content it stands in. */
static bool part_ends(const struct residual_in *in)
{
    return !in->bad && in->zeros == 0;
}

static actop_status get_content(struct codec_reader *r, struct frame *f, struct residual_in *in,
                                actop_error *err)
{
    get_times(&r->past, f, in);
    get_statuses(&r->past, f, in);
    get_stamps(&r->past, f, in);
    actop_status st = get_row_counts(r, f, in);
    if (st != ACTOP_OK)
        return st == ACTOP_E_FORMAT ? senseless(err)
                                    : error_set(err, st, "no memory for a recorded frame");
    get_slots(r, f, in);
    if (!part_ends(in))
        return senseless(err);
    get_all_moved(r, f, in);
    if (in->bad)
        return senseless(err);
    const uint32_t *match = r->match;
    for (size_t i = 0; i < f->schema->n_rowsets; match += f->rows[i++].n)
        get_cells(r, f, i, match, in);
    if (!part_ends(in) || !get_all_bytes(r, f, in) || in->bad || in->at != in->end)
        return senseless(err);
    return f->failed ? error_no_memory(err, "a recorded frame") : ACTOP_OK;
}

/* The past of a keyframe is empty; its content says which schema it is of. */
static actop_status begin_keyframe(struct codec_reader *r, struct residual_in *in, actop_error *err)
{
    if (in->end - in->at < 4)
        return senseless(err);
    uint32_t crc = le32_get(in->at);
    in->at += 4;
    if (crc != r->schema_crc)
        return ACTOP_E_STATE;
    size_t shifts = (size_t)r->schema->n_slots + r->schema->n_columns;
    if (shifts > 0)
        memset(r->shifts, 0, shifts);
    return codec_past_begin(&r->past, r->schema, crc, err);
}

static actop_status take_frame(struct codec_reader *r, const struct block *b, struct frame *into,
                               actop_error *err)
{
    bool keyframe = (b->flags & BLOCK_KEYFRAME) != 0;
    if (r->schema == NULL || (!keyframe && !r->ready))
        return ACTOP_E_STATE;
    r->ready = false;
    struct residual_in in = {.at = NULL};
    size_t n = 0;
    actop_status st = block_content(&r->unpacker, b, &in.at, &n, err);
    in.end = in.at + n;
    if (st == ACTOP_OK && keyframe)
        st = begin_keyframe(r, &in, err);
    if (st == ACTOP_OK)
        st = frame_begin(into, r->schema, 0, err);
    if (st == ACTOP_OK)
        st = get_content(r, into, &in, err);
    if (st == ACTOP_OK)
        st = frame_copy(&r->past.frame, into, err);
    r->ready = st == ACTOP_OK;
    return st;
}

static actop_status take_schema(struct codec_reader *r, const struct block *b, actop_error *err)
{
    const uint8_t *content = NULL;
    size_t n = 0;
    struct schema *schema = NULL; /* owned */
    r->ready = false;
    actop_status st = block_content(&r->unpacker, b, &content, &n, err);
    if (st == ACTOP_OK)
        st = codec_get_schema_content(content, n, &schema, err);
    if (st == ACTOP_OK)
        st = codec_reader_use(r, schema, crc32_of(&r->unpacker.crc, content, n), err);
    schema_unref(schema);
    return st == ACTOP_OK ? ACTOP_SCHEMA_CHANGED : st;
}

actop_status codec_take(struct codec_reader *r, const struct block *b, struct frame *into,
                        actop_error *err)
{
    if (b->type == BLOCK_SCHEMA)
        return take_schema(r, b, err);
    if (b->type == BLOCK_FRAME)
        return take_frame(r, b, into, err);
    if (b->type >= BLOCK_SKIPPABLE)
        return ACTOP_E_STATE;
    return error_set(err, ACTOP_E_VERSION,
                     "the recording has blocks of type %u: it needs a newer actop", b->type);
}
