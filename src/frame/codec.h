/* SPDX-License-Identifier: MIT */
/* Codec: schemas and frames to blocks and back. Recordings, the history ring and /api/v1/frames are sequences of these
 * blocks; docs/recording-format.md describes every byte.
 *
 * A frame is written as what differs from the frame before it, in the order of the schema: what a counter grew is
 * compared with what it grew before, rows are matched by their key columns, and what stays is a run of zeros. A
 * *keyframe* needs no frame before it: from there reading can start. Writer and reader keep the same *past*: the last
 * frame and, slot by slot, what is expected of it.
 *
 * Reading takes bytes that somebody else may have written: every length and number is checked, memory is bounded by
 * the limits below, and what is not right is E_FORMAT. After warm-up neither way allocates. */
#ifndef FRAME_CODEC_H
#define FRAME_CODEC_H

#include "base/buf.h"
#include "frame/block.h"
#include "frame/frame.h"
#include "frame/residual.h"

/* What a reader accepts. Far past any machine, and small enough that a hostile file cannot eat the memory of one. */
enum {
    CODEC_MAX_SLOTS = 1 << 20,  /* of all channels of a schema; its values and state names too */
    CODEC_MAX_ROWS = 1 << 20,   /* of one row set */
    CODEC_MAX_CELLS = 1 << 24,  /* of one row set */
};

/* What is expected of a slot. */
struct slot_past {
    uint64_t value;
    int64_t growth; /* from the frame before to the last one */
    int64_t expect; /* growth expected next: 0 but for what grows steadily */
};

/* How stamps grew of late: different growths, the last one first; 0 is none. */
enum { STAMP_RECENT = 5 };

struct stamp_recent {
    int64_t grew_ns[STAMP_RECENT];
};

/* What writer and reader both know. */
struct codec_past {
    struct frame frame;      /* the last one; its schema is NULL before the first keyframe */
    uint32_t schema_crc;     /* of the schema's content: ties keyframes to their schema */
    struct slot_past *slots;
    size_t cap_slots;
    uint32_t *lean;          /* per channel, what its residuals are compared with: see near_base and array_base */
    size_t cap_lean;
    int64_t awake_growth_ns; /* time between the last two frames */
    struct stamp_recent recent;
    bool stamped;            /* reader: a channel had a stamp since the keyframe */
    const struct schema *led; /* the schema that leaders and texts are of; a reference */
    uint32_t *leaders;        /* per channel: the channel before it in its group, or CODEC_NO_LEADER */
    size_t cap_leaders;
    uint32_t *texts;          /* channels of type SLOT_BYTES, of which there are few */
    size_t n_texts, cap_texts;
};

struct codec_writer {
    struct block_packer packer;
    struct codec_past past;
    const struct schema *schema;   /* announced last; a reference */
    struct residual_place *places; /* per slot, then per column */
    size_t cap_places;
    uint32_t *match;               /* scratch: rows of all row sets to rows before, or CODEC_NEW_ROW */
    size_t cap_match;
    uint32_t *index;               /* scratch: rows before by key */
    size_t cap_index;
    struct buf content;            /* scratch */
};

struct codec_reader {
    struct block_unpacker unpacker;
    struct codec_past past;
    struct schema *schema; /* of the last schema block; a reference */
    uint32_t schema_crc;
    bool ready;            /* past holds a frame of this schema */
    uint8_t *shifts;       /* per slot, then per column */
    size_t cap_shifts;
    uint32_t *match;       /* scratch, as the writer's */
    size_t cap_match;
    bool *moved;           /* scratch: row sets whose rows are not the ones before */
    size_t cap_moved;
};

actop_status codec_writer_init(struct codec_writer *w, actop_error *err);
void codec_writer_release(struct codec_writer *w); /* also of zeroed memory */

/* Append a block with the whole schema, as it is before the first frame of that schema. */
actop_status codec_put_schema(struct codec_writer *w, const struct schema *s, struct buf *out, actop_error *err);

/* Append a block with one frame of the schema put last. The first frame after a schema is always a keyframe; others
 * are when asked for. When this fails the past is lost: put a schema and a keyframe next. */
actop_status codec_put_frame(struct codec_writer *w, const struct frame *f, bool keyframe, struct buf *out,
                             actop_error *err);

actop_status codec_reader_init(struct codec_reader *r, actop_error *err);
void codec_reader_release(struct codec_reader *r); /* also of zeroed memory */

/* Forget what was read, so that the next frame has to be a keyframe: after damage, or to begin elsewhere. */
void codec_reader_forget(struct codec_reader *r);

/* Take a schema from elsewhere instead of a schema block (the history ring keeps them apart). */
actop_status codec_reader_use(struct codec_reader *r, const struct schema *s, uint32_t schema_crc, actop_error *err);

/* Take one block. ACTOP_SCHEMA_CHANGED: it was a schema, now r->schema. ACTOP_OK: a frame, now in *into. E_STATE: a
 * frame that cannot be read without its keyframe or schema, or a block to be skipped. E_FORMAT, E_VERSION, E_NOMEM. */
actop_status codec_take(struct codec_reader *r, const struct block *b, struct frame *into, actop_error *err);

/* Where a reader is, for going on from there later, as often as wanted. Zeroed memory is an empty place. */
struct codec_place {
    struct codec_past past;
    struct schema *schema; /* a reference */
    uint32_t schema_crc;
    uint8_t *shifts;
    size_t cap_shifts;
};

/* Remember where a reader that has read a frame is (else E_STATE), and bring a reader there. On failure the place is
 * empty, or the reader has forgotten what it read. */
actop_status codec_place_take(struct codec_place *into, const struct codec_reader *r, actop_error *err);
actop_status codec_place_go(const struct codec_place *from, struct codec_reader *r, actop_error *err);
void codec_place_release(struct codec_place *p);

/* ---- For the codec's own files ---- */

#define CODEC_NEW_ROW UINT32_MAX
#define CODEC_NO_LEADER UINT32_MAX

/* Steps that make the rows of a frame from those of the one before; two low bits of a number whose rest is arg. */
enum row_step {
    ROWS_COPY = 0, /* the next arg + 1 rows of before */
    ROWS_SKIP = 1, /* arg + 1 rows of before are not next */
    ROWS_NEW = 2,  /* arg + 1 rows that were not there; as many masks of present cells follow */
    ROWS_SEEK = 3  /* row number arg of before is next */
};

/* The row that a row's cells are compared with: the same row before, or for a new one the row above it. */
struct row_base {
    const struct frame *frame; /* NULL: nothing; its cells are 0 */
    uint32_t row;
};

static inline struct row_base row_base_of(const struct codec_past *p, const struct frame *now, uint32_t match,
                                          uint32_t row)
{
    if (match != CODEC_NEW_ROW)
        return (struct row_base){&p->frame, match};
    return row > 0 ? (struct row_base){now, row - 1} : (struct row_base){NULL, 0};
}

/* Without a limit: clocks and stamps of a recording may say anything. */
static inline int64_t difference(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a - (uint64_t)b);
}

/* How a stamp grew is compared with how that of the channel before it in its group did, because drivers publish a group at
 * once; that of a group's first with the last first that grew at all. Where that is not so, few outcomes are likely: it did
 * not grow at all, or as another one did of late. These get the numbers 1, 2 …, by changing places with whatever has
 * them. */
static inline void stamp_remember(struct stamp_recent *recent, int64_t grew_ns)
{
    int64_t carried = grew_ns;
    for (int i = 0; i < STAMP_RECENT && carried != 0; i++) {
        int64_t was = recent->grew_ns[i];
        recent->grew_ns[i] = carried;
        carried = was == grew_ns ? 0 : was;
    }
}

/* The number of a growth that differs from the guess, and back. Neither is ever 0. */
uint64_t stamp_number(uint64_t z, int64_t guess_ns, const struct stamp_recent *recent);
uint64_t stamp_unnumber(uint64_t number, int64_t guess_ns, const struct stamp_recent *recent);

static inline uint64_t base_cell(struct row_base base, int32_t rowset, uint32_t column)
{
    bool has = base.frame != NULL && frame_cell_has(base.frame, rowset, base.row, column);
    return has ? frame_cell(base.frame, rowset, base.row, column) : 0;
}

actop_status codec_put_schema_content(const struct schema *s, struct buf *out, actop_error *err);
actop_status codec_get_schema_content(const uint8_t *content, size_t n, struct schema **out, actop_error *err);

/* Make the past ready for frames of a schema and forget all frames. */
actop_status codec_past_begin(struct codec_past *p, const struct schema *s, uint32_t schema_crc, actop_error *err);
void codec_past_release(struct codec_past *p);
/* A copy of a past with a frame; on failure *into holds none. */
actop_status codec_past_copy(struct codec_past *into, const struct codec_past *from, actop_error *err);

/* What was left of a slot is known to both sides: the same step for writer and reader. A growth much like the one before
 * it is expected to go on; of counters more readily than of other values, which come back as often as they go on. */
static inline void slot_past_step(struct slot_past *p, int64_t residual, bool counter)
{
    int64_t grew = (int64_t)((uint64_t)p->expect + (uint64_t)residual);
    uint64_t change = (uint64_t)grew - (uint64_t)p->growth;
    uint64_t change_size = (int64_t)change < 0 ? ~change + 1 : change;
    uint64_t size = grew < 0 ? ~(uint64_t)grew + 1 : (uint64_t)grew;
    p->expect = change_size < (counter ? size : size / 2) ? grew : 0;
    p->growth = grew;
    p->value += (uint64_t)grew;
}

/* The same step where nothing is left: what is expected is 0, or the last growth and goes on. */
static inline void slot_past_stay(struct slot_past *p)
{
    p->growth = p->expect;
    p->value += (uint64_t)p->expect;
}

/* Values next to each other are often of one cause: temperatures of one block, bytes of clients that run together. What
 * was left of a channel with one slot is therefore compared with what was left of the last two such channels, as soon as
 * that would have been much smaller, and for as long as it is smaller: a value with noise of its own is not to be led
 * astray. */
struct near {
    uint64_t first, second; /* residuals of the last channel with one slot, and of the one before that */
};

/* What a channel leans on: nothing, or one of near; how many bits smaller it must make what is left to be leant on. */
enum { LEAN_NONE = 0, LEAN_FIRST = 1, LEAN_SECOND = 2, LEAN_BITS = 2 };

static inline uint64_t near_base(uint32_t lean, const struct near *near)
{
    return lean == LEAN_FIRST ? near->first : lean == LEAN_SECOND ? near->second : 0;
}

static inline uint64_t distance(uint64_t a, uint64_t b)
{
    uint64_t d = a - b;
    return (int64_t)d < 0 ? ~d + 1 : d;
}

static inline uint32_t near_choose(uint32_t lean, uint64_t residual, const struct near *near)
{
    uint64_t none = distance(residual, 0), first = distance(residual, near->first);
    uint64_t second = distance(residual, near->second);
    uint64_t best = second < first ? second : first;
    return best < (lean == LEAN_NONE ? none >> LEAN_BITS : none) ? 1 + (second < first) : LEAN_NONE;
}

static inline void near_move(struct near *near, uint64_t residual)
{
    near->second = near->first;
    near->first = residual;
}

/* Residencies share the time: what some states had more than expected, others had less. So the slot of a counter with
 * several that was the last to grow in the frame before is expected to make up for all before it. lean is its number
 * + 1; 0: none. */
static inline uint64_t array_base(uint32_t lean, uint32_t at, uint64_t sum)
{
    return lean == at + 1 ? ~sum + 1 : 0;
}

#endif
