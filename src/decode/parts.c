/* SPDX-License-Identifier: MIT */
/* What the decoders share: makes the differences of all counters, then runs the parts of the platform. The state is
 * the counters, the parts' states, and the last moment, by which gaps are found. */
#include "decode/parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/cold.h"
#include "base/error.h"
#include "decode/collectors.h"

/* The clock that stops in sleep and the one that goes on are read one after the other, so that they differ by
 * scheduling noise; a sleep lasts longer than this (inferred: suspend to RAM takes about a second). */
static const int64_t SLEEP_NS = 500000000;

/* A stamp may be this much older than the frame that reads it and still be of the same moment (recorded on an M1 Ultra: 0.1 ms). */
static const int64_t STAMP_SLACK_NS = 1000000;

/* What is looked at of a counting channel in every frame. */
struct counting {
    uint32_t channel, first, count;
    bool plain; /* 64 bits: it never wraps */
};

struct decoder {
    const struct decode_platform *platform;
    const struct schema *schema;     /* a reference; NULL before the first frame */
    const struct topology *topology; /* a reference */
    struct counter *counters;        /* per slot; owned, like the next four */
    struct counter_step *steps;
    actop_status *taken;
    uint64_t *wrap_at; /* per channel */
    struct counting *counting;
    size_t n_counting;
    struct os_moment last;
    uint64_t last_seq;
    uint64_t gaps;
    int64_t not_before_ns; /* see struct decode_frame */
    void **states;         /* per part; owned, like what it points to; NULL for parts without */
};

/* ---- what parts ask for --------------------------------------------------------------------------------------- */

static size_t slot_of(const struct decode_frame *d, int32_t channel, uint32_t at)
{
    return (size_t)d->schema->channels[channel].first + at;
}

/* Parts know channels by key, and a recording may say anything of how many slots stand behind one. */
static bool has_slot(const struct decode_frame *d, int32_t channel, uint32_t at)
{
    return channel >= 0 && at < d->schema->channels[channel].count;
}

bool decode_step(const struct decode_frame *d, int32_t channel, uint32_t at,
                 struct counter_step *step)
{
    if (!has_slot(d, channel, at) || d->taken[slot_of(d, channel, at)] != ACTOP_OK)
        return false;
    *step = d->steps[slot_of(d, channel, at)];
    return true;
}

bool decode_rate(const struct decode_frame *d, int32_t channel, uint32_t at, double unit_per_step,
                 double *per_s)
{
    struct counter_step step;
    if (!decode_step(d, channel, at, &step))
        return false;
    *per_s = counter_rate(&step, unit_per_step);
    return true;
}

uint64_t decode_total(const struct decode_frame *d, int32_t channel, uint32_t at)
{
    return has_slot(d, channel, at) ? d->counters[slot_of(d, channel, at)].total : 0;
}

actop_state decode_absence(const struct decode_frame *d, int32_t channel)
{
    if (channel < 0)
        return ACTOP_STATE_UNSUPPORTED;
    int32_t status = d->frame->status[channel];
    if (status == SLOT_READ)
        return ACTOP_STATE_WARMING;
    if (status < 0)
        return ACTOP_STATE_NONE;
    return status_of_errno(status) == ACTOP_E_DENIED ? ACTOP_STATE_DENIED : ACTOP_STATE_FAILED;
}

void decode_put_property(const struct decode_frame *d, actop_metric id, uint32_t row,
                         const char *key, uint16_t via)
{
    const char *text = schema_get_text(d->schema, key);
    if (text != NULL && *text != '\0')
        sample_put_text(d->out, id, row, text, strlen(text), via);
}

/* ---- a new schema ------------------------------------------------------------------------------------------------ */

/* Memory for one schema, made before the old one's is given up. */
struct room {
    struct counter *counters;
    struct counter_step *steps;
    actop_status *taken;
    uint64_t *wrap_at;
    struct counting *counting;
    size_t n_counting;
};

COLD static void room_release(struct room *r)
{
    free(r->counters);
    free(r->steps);
    free(r->taken);
    free(r->wrap_at);
    free(r->counting);
    *r = (struct room){0};
}

COLD static bool room_init(struct room *r, const struct schema *s)
{
    size_t slots = (size_t)s->n_slots + 1, channels = s->n_channels + 1;
    r->n_counting = 0;
    r->counters = calloc(slots, sizeof *r->counters);
    r->steps = calloc(slots, sizeof *r->steps);
    r->taken = calloc(slots, sizeof *r->taken);
    r->wrap_at = calloc(channels, sizeof *r->wrap_at);
    r->counting = calloc(channels, sizeof *r->counting);
    for (size_t i = 0; r->taken != NULL && i < slots; i++)
        r->taken[i] = ACTOP_E_STATE; /* also for good, where the channel is no counter */
    return r->counters != NULL && r->steps != NULL && r->taken != NULL && r->wrap_at != NULL &&
           r->counting != NULL;
}

/* Counters go on under the same key, if they still have the same shape. */
COLD static void carry_counters(const struct decoder *d, struct room *r, const struct schema *s)
{
    for (uint32_t i = 0; i < s->n_channels; i++) {
        const struct channel *c = &s->channels[i];
        if ((c->flags & CHANNEL_COUNTER) == 0)
            continue;
        r->counting[r->n_counting++] =
            (struct counting){.channel = i, .first = c->first, .count = c->count};
        int32_t was = d->schema == NULL ? -1
                                        : schema_find_channel(d->schema, schema_text(s, c->key));
        const struct channel *old = was < 0 ? NULL : &d->schema->channels[was];
        if (old != NULL && old->count == c->count && old->type == c->type &&
            (old->flags & CHANNEL_COUNTER) != 0)
            memcpy(r->counters + c->first, d->counters + old->first,
                   c->count * sizeof *r->counters);
    }
}

/* Parts have said by now where counters wrap. */
COLD static void find_plain(struct room *r, const struct schema *s)
{
    for (size_t i = 0; i < r->n_counting; i++) {
        struct counting *n = &r->counting[i];
        uint8_t bits = s->channels[n->channel].bits;
        n->plain = (bits == 0 || bits >= 64) && r->wrap_at[n->channel] == 0;
    }
}

COLD static void take_room(struct decoder *d, const struct room *r)
{
    free(d->counters);
    free(d->steps);
    free(d->taken);
    free(d->wrap_at);
    free(d->counting);
    d->counters = r->counters;
    d->steps = r->steps;
    d->taken = r->taken;
    d->wrap_at = r->wrap_at;
    d->counting = r->counting;
    d->n_counting = r->n_counting;
}

COLD static bool begin_parts(struct decoder *d, struct decode_schema *with)
{
    bool ok = true;
    for (size_t i = 0; i < d->platform->n_parts && ok; i++)
        ok = d->platform->parts[i]->begin(d->states[i], with);
    return ok && !with->topology->failed;
}

COLD static actop_status new_schema(struct decoder *d, const struct schema *s, actop_error *err)
{
    struct room room = {0};
    struct topology *topology = topology_new();
    bool ok = room_init(&room, s) && topology != NULL;
    if (ok) {
        struct decode_schema with = {s, topology, room.wrap_at};
        carry_counters(d, &room, s);
        collectors_describe(topology, s);
        ok = begin_parts(d, &with);
    }
    if (!ok) {
        room_release(&room);
        topology_unref(topology);
        /* Parts may be half way between the schemas: start afresh with the next frame. */
        schema_unref(d->schema);
        d->schema = NULL;
        return error_no_memory(err, "the decoder");
    }
    find_plain(&room, s);
    take_room(d, &room);
    schema_unref(d->schema);
    topology_unref(d->topology);
    d->schema = schema_ref(s);
    d->topology = topology;
    return ACTOP_OK;
}

/* ---- a frame -------------------------------------------------------------------------------------------------------- */

/* Sleep (the two monotonic clocks drift apart), a clock that went back (another boot), or missing frames. */
static bool is_gap(const struct decoder *d, const struct frame *f)
{
    if (d->last_seq == 0)
        return false;
    int64_t awake_ns = f->at.awake_ns - d->last.awake_ns, boot_ns = f->at.boot_ns - d->last.boot_ns;
    return awake_ns < 0 || boot_ns - awake_ns > SLEEP_NS || f->seq != d->last_seq + 1;
}

/* A publication of before a gap is not read: the next one's growth would span the sleep. */
static bool is_read(const struct decoder *d, const struct frame *f, const struct counting *n)
{
    const uint64_t *raw = f->slots + n->first;
    uint64_t invalid = d->platform->invalid;
    bool any_invalid = false;
    int64_t stamp_ns = f->stamps_ns[n->channel];
    if (f->status[n->channel] != SLOT_READ || (stamp_ns != 0 && stamp_ns < d->not_before_ns))
        return false;
    for (uint32_t i = 0; i < n->count; i++)
        any_invalid |= raw[i] == invalid;
    return !any_invalid || !d->platform->has_invalid;
}

/* What counter_take does with nearly all slots, without a call for each: a counter of 64 bits that did not fall, some
 * time after its last reading. */
static bool take_plain(struct counter *c, uint64_t raw, int64_t at_ns, struct counter_step *step)
{
    if (!c->valid || raw < c->raw || at_ns <= c->at_ns)
        return false;
    uint64_t grew = raw - c->raw;
    step->grew = grew;
    step->dt_ns = at_ns - c->at_ns;
    c->total += grew;
    c->raw = raw;
    c->at_ns = at_ns;
    return true;
}

static void take_channel(struct decoder *d, const struct frame *f, const struct counting *n)
{
    int64_t at_ns = frame_stamp(f, (int32_t)n->channel);
    struct counter *counters = d->counters + n->first;
    struct counter_step *steps = d->steps + n->first;
    actop_status *taken = d->taken + n->first;
    const uint64_t *raw = f->slots + n->first;
    uint32_t i = 0, end = n->count, plain_end = n->plain ? end : 0;
    for (; i < plain_end && take_plain(&counters[i], raw[i], at_ns, &steps[i]); i++)
        taken[i] = ACTOP_OK;
    for (; i < end; i++)
        taken[i] = counter_take(&counters[i], raw[i], at_ns, d->schema->channels[n->channel].bits,
                                d->wrap_at[n->channel], &steps[i]);
}

static void break_all(struct decoder *d, const struct counting *n)
{
    for (uint32_t i = 0; i < n->count; i++)
        counter_break(&d->counters[n->first + i]);
}

static void take_counters(struct decoder *d, const struct frame *f, bool gap)
{
    for (size_t i = 0; i < d->n_counting; i++) {
        const struct counting *n = &d->counting[i];
        if (gap)
            break_all(d, n);
        if (is_read(d, f, n))
            take_channel(d, f, n);
        else
            for (uint32_t slot = 0; slot < n->count; slot++)
                d->taken[n->first + slot] = ACTOP_E_STATE;
    }
}

static bool describes_nothing(const struct schema *s, size_t collector)
{
    for (size_t i = 0; i < s->n_channels; i++)
        if (s->channels[i].collector == collector)
            return false;
    for (size_t i = 0; i < s->n_rowsets; i++)
        if (s->rowsets[i].collector == collector)
            return false;
    return true;
}

/* What is not there because a part of the source failed before it could say what there is. */
static void blame(const struct schema *s, size_t collector, struct actop_sample_t *out)
{
    const char *name = schema_text(s, s->collectors[collector].name);
    actop_state state = status_of_errno(s->collectors[collector].status) == ACTOP_E_DENIED
                            ? ACTOP_STATE_DENIED
                            : ACTOP_STATE_FAILED;
    for (int id = 0; id < ACTOP_METRIC_COUNT; id++) {
        struct cell *c;
        for (uint32_t row = 0; (c = sample_cell(out, (actop_metric)id, row)) != NULL; row++)
            if (c->state == ACTOP_STATE_UNSUPPORTED && c->via != 0 &&
                strcmp(pool_at(&out->topology->pool, out->topology->via[c->via]), name) == 0)
                c->state = (uint8_t)state;
    }
}

static void blame_parts(const struct schema *s, struct actop_sample_t *out)
{
    for (size_t i = 0; i < s->n_collectors; i++)
        if (s->collectors[i].status > 0 && describes_nothing(s, i))
            blame(s, i, out);
}

actop_status decode_parts_step(struct decoder *d, const struct frame *f, struct actop_sample_t *out,
                               actop_error *err)
{
    if (f->schema != d->schema) {
        actop_status st = new_schema(d, f->schema, err);
        if (st != ACTOP_OK)
            return st;
    }
    bool gap = is_gap(d, f);
    int64_t interval_ns = d->last_seq == 0 || gap ? 0 : f->at.awake_ns - d->last.awake_ns;
    d->gaps += gap ? 1 : 0;
    d->not_before_ns = gap ? f->at.awake_ns - STAMP_SLACK_NS : d->not_before_ns;
    take_counters(d, f, gap);
    sample_begin(out, d->topology, &f->at);
    out->seq = f->seq;
    out->interval_ns = interval_ns;
    out->gap = gap;
    out->collectors_failed = collectors_failed(f);
    struct decode_frame with = {.frame = f,
                                .schema = d->schema,
                                .out = out,
                                .counters = d->counters,
                                .steps = d->steps,
                                .taken = d->taken,
                                .interval_ns = interval_ns,
                                .gap = gap,
                                .not_before_ns = d->not_before_ns};
    bool room = !out->failed; /* parts count on the cells that are always there */
    for (size_t i = 0; room && i < d->platform->n_parts; i++)
        d->platform->parts[i]->step(d->states[i], &with);
    blame_parts(d->schema, out);
    sample_put(out, ACTOP_METRIC_GAPS, 0, (double)d->gaps, ACTOP_DERIVED, 0);
    d->last = f->at;
    d->last_seq = f->seq;
    return out->failed ? error_no_memory(err, "a sample") : ACTOP_OK;
}

void decode_parts_notes(const struct decoder *d, const struct frame *f,
                        const struct actop_sample_t *sample, struct notes *into)
{
    if (d->schema == NULL || f->schema != d->schema)
        return;
    struct decode_notes with = {d->schema, f, sample, into};
    for (size_t i = 0; i < d->platform->n_parts; i++)
        if (d->platform->parts[i]->notes != NULL)
            d->platform->parts[i]->notes(d->states[i], &with);
}

/* ---- life -------------------------------------------------------------------------------------------------------------- */

void decode_parts_destroy(struct decoder *d)
{
    if (d == NULL)
        return;
    for (size_t i = 0; d->states != NULL && i < d->platform->n_parts; i++) {
        const struct decode_part *part = d->platform->parts[i];
        if (part->release != NULL && (d->states[i] != NULL || part->state_size == 0))
            part->release(d->states[i]);
        free(d->states[i]);
    }
    free(d->states);
    take_room(d, &(struct room){0});
    schema_unref(d->schema);
    topology_unref(d->topology);
    free(d);
}

static bool make_states(struct decoder *d)
{
    const struct decode_platform *platform = d->platform;
    d->states = calloc(platform->n_parts + 1, sizeof *d->states);
    bool ok = d->states != NULL;
    for (size_t i = 0; ok && i < platform->n_parts; i++)
        if (platform->parts[i]->state_size > 0)
            ok = (d->states[i] = calloc(1, platform->parts[i]->state_size)) != NULL;
    return ok;
}

COLD struct decoder *decode_parts_create(const struct decode_platform *platform)
{
    struct decoder *d = calloc(1, sizeof *d);
    if (d == NULL)
        return NULL;
    d->platform = platform;
    if (make_states(d))
        return d;
    decode_parts_destroy(d);
    return NULL;
}

/* Copy a part's state; on failure the copy's state is gone, so that destroying it frees nothing of the original's. */
COLD static bool clone_state(struct decoder *to, const struct decoder *from, size_t i)
{
    const struct decode_part *part = from->platform->parts[i];
    if (to->states[i] == NULL)
        return true;
    memcpy(to->states[i], from->states[i], part->state_size);
    if (part->own == NULL || part->own(to->states[i]))
        return true;
    part->release(to->states[i]);
    free(to->states[i]);
    to->states[i] = NULL;
    return false;
}

COLD static bool clone_room(struct decoder *to, const struct decoder *from)
{
    struct room room = {0};
    const struct schema *s = from->schema;
    if (s == NULL)
        return true;
    if (!room_init(&room, s)) {
        room_release(&room);
        return false;
    }
    memcpy(room.counters, from->counters, s->n_slots * sizeof *room.counters);
    memcpy(room.wrap_at, from->wrap_at, s->n_channels * sizeof *room.wrap_at);
    memcpy(room.counting, from->counting, from->n_counting * sizeof *room.counting);
    room.n_counting = from->n_counting;
    take_room(to, &room);
    to->schema = schema_ref(s);
    to->topology = topology_ref(from->topology);
    return true;
}

COLD struct decoder *decode_parts_clone(const struct decoder *from)
{
    struct decoder *to = decode_parts_create(from->platform);
    if (to == NULL)
        return NULL;
    bool ok = clone_room(to, from);
    for (size_t i = 0; ok && i < from->platform->n_parts; i++)
        ok = clone_state(to, from, i);
    if (!ok) {
        decode_parts_destroy(to);
        return NULL;
    }
    to->last = from->last;
    to->last_seq = from->last_seq;
    to->gaps = from->gaps;
    to->not_before_ns = from->not_before_ns;
    return to;
}
