/* SPDX-License-Identifier: MIT */
/* A decoder is made of parts: a part is one row of linux_parts.def or apple_parts.def. At a new schema each part looks its
 * channels up and adds its entities to the new topology (begin); at each frame it puts values (step).
 *
 * The core makes the differences: every channel flagged CHANNEL_COUNTER is taken once per frame, before the parts run,
 * with counters that are matched by key when the schema changes and broken at a gap. Parts ask for their steps. */
#ifndef DECODE_PARTS_H
#define DECODE_PARTS_H

#include "decode/decode.h"
#include "model/counter.h"

/* What begin is given. */
struct decode_schema {
    const struct schema *schema;
    struct topology *topology; /* being built: topology_add, topology_via */
    uint64_t *wrap_at;         /* per channel: value after which a counter starts again at 0; 0 for a power of two */
};

/* What step is given. */
struct decode_frame {
    const struct frame *frame;
    const struct schema *schema;
    struct actop_sample_t *out;
    const struct counter *counters;       /* per slot; total goes on across wraps, resets and gaps */
    const struct counter_step *steps;     /* per slot */
    const actop_status *taken;            /* per slot: what counter_take said; E_STATE when the slot was not read */
    int64_t interval_ns;                  /* awake time since the last frame; 0 for the first */
    bool gap;
    int64_t not_before_ns; /* what the system stamped earlier belongs to the time before the last gap */
};

/* What notes is given: the last frame folded, and the judged sample it became. */
struct decode_notes {
    const struct schema *schema;
    const struct frame *frame;
    const struct actop_sample_t *sample;
    struct notes *into;
};

struct decode_part {
    const char *name;
    size_t state_size;
    /* MUST. A new schema; the state still holds what the last one left (zeroed at first), to be matched by key. False:
     * out of memory. */
    bool (*begin)(void *state, struct decode_schema *d);
    /* MUST. */
    void (*step)(void *state, struct decode_frame *d);
    /* MAY be NULL. Append what it decided and doubts; only when somebody asks. */
    void (*notes)(const void *state, const struct decode_notes *d);
    /* MAY be NULL when the state owns no memory. The state is a plain copy of another one: give it memory of its own. False:
     * out of memory; it is released then. */
    bool (*own)(void *state);
    /* MAY be NULL when the state owns no memory. */
    void (*release)(void *state);
};

/* A platform's parts, in the order they begin and step; later ones may rely on the entities of earlier ones. */
struct decode_platform {
    const struct decode_part *const *parts;
    size_t n_parts;
    bool has_invalid;
    uint64_t invalid; /* the system's "no value": a counter that reads it was not read */
};

/* The slots of decode_ops that are the same for every platform. */
struct decoder *decode_parts_create(const struct decode_platform *platform);
actop_status decode_parts_step(struct decoder *d, const struct frame *f, struct actop_sample_t *out, actop_error *err);
struct decoder *decode_parts_clone(const struct decoder *from);
void decode_parts_notes(const struct decoder *d, const struct frame *f, const struct actop_sample_t *sample,
                        struct notes *into);
void decode_parts_destroy(struct decoder *d); /* accepts NULL */

/* Difference of one slot of a counter channel (at is the state number, 0 for single ones). False when there is none:
 * first reading, reset, gap, not read, no counter, or no such slot. */
bool decode_step(const struct decode_frame *d, int32_t channel, uint32_t at, struct counter_step *step);

/* Growth per second times unit_per_step; false as decode_step. */
bool decode_rate(const struct decode_frame *d, int32_t channel, uint32_t at, double unit_per_step, double *per_s);

/* Steps since the decoder saw this counter first, over wraps and resets. */
uint64_t decode_total(const struct decode_frame *d, int32_t channel, uint32_t at);

/* State a metric without a value has because of what its channel says: UNSUPPORTED (no channel), NONE (absent), DENIED,
 * FAILED, or WARMING when it was read but gives no difference yet. */
actop_state decode_absence(const struct decode_frame *d, int32_t channel);

/* Text of a SLOT_BYTES channel or of a text property into an INFO metric; nothing when there is none. */
void decode_put_property(const struct decode_frame *d, actop_metric id, uint32_t row, const char *key, uint16_t via);

#endif
