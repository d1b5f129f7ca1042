/* SPDX-License-Identifier: MIT */
/* Series: see series.h. */
#include "tui/series.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/pool.h"

enum { FIRST_CAP = 128 };

void series_release(struct series *s)
{
    for (size_t i = 0; i < s->cap; i++)
        free(s->rings[i].data);
    free(s->rings);
    memset(s, 0, sizeof *s);
}

static uint16_t pack(float value)
{
    uint32_t bits;
    if (isnan(value))
        return 0x7fc0;
    memcpy(&bits, &value, sizeof bits);
    return (uint16_t)((bits + 0x8000u) >> 16);
}

static float unpack(uint16_t half)
{
    uint32_t bits = (uint32_t)half << 16;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static uint64_t id_of(actop_metric metric, const char *entity)
{
    uint64_t id = hash_bytes(entity, strlen(entity)) * 31u + (uint64_t)metric;
    return id == 0 ? 1 : id;
}

/* Slot of an id: where it is, or the empty one where it belongs. The table is never full. */
static struct ring *slot_of(const struct series *s, uint64_t id)
{
    size_t i = (size_t)(id ^ id >> 32) & (s->cap - 1);
    while (s->rings[i].id != 0 && s->rings[i].id != id)
        i = (i + 1) & (s->cap - 1);
    return &s->rings[i];
}

static uint32_t longest(const struct series *s)
{
    return s->most == 0 ? SERIES_LONG : s->most;
}

/* Has a value of the time that is kept. What is gone for longer, as a container's interface, will not come back. */
static bool is_alive(const struct series *s, const struct ring *r, uint64_t seq)
{
    return r->id != 0 && (r->last >= seq || seq - r->last <= longest(s));
}

/* Room for one more: rings of what is gone are let go, and the table doubles when that is not enough. */
static bool grow_table(struct series *s, uint64_t seq)
{
    struct series next = {NULL, 0, s->cap == 0 ? 64 : s->cap, s->last, s->most};
    for (size_t i = 0; i < s->cap; i++)
        next.n += is_alive(s, &s->rings[i], seq);
    if (next.n > next.cap / 3)
        next.cap *= 2;
    next.rings = calloc(next.cap, sizeof *next.rings);
    if (next.rings == NULL)
        return false;
    for (size_t i = 0; i < s->cap; i++)
        if (is_alive(s, &s->rings[i], seq))
            *slot_of(&next, s->rings[i].id) = s->rings[i];
        else
            free(s->rings[i].data);
    free(s->rings);
    *s = next;
    return true;
}

/* Values from seq - cap + 1 to seq are in the ring. */
static bool grow_ring(struct ring *r)
{
    uint32_t cap = r->cap == 0 ? FIRST_CAP : r->cap * 2;
    uint16_t *data = malloc(cap * sizeof *data);
    if (data == NULL)
        return false;
    for (uint32_t i = 0; i < cap; i++)
        data[i] = pack(NAN);
    for (uint64_t i = 0; i < r->cap && i < r->last; i++)
        data[(r->last - i) & (cap - 1)] = r->data[(r->last - i) & (r->cap - 1)];
    free(r->data);
    r->data = data;
    r->cap = cap;
    return true;
}

static struct ring *ring_for(struct series *s, uint64_t id, uint64_t seq)
{
    struct ring *r = s->cap == 0 ? NULL : slot_of(s, id);
    if (r != NULL && r->id != 0)
        return r; /* also where there is no memory for more */
    if (2 * (s->n + 1) > s->cap && !grow_table(s, seq))
        return NULL;
    r = slot_of(s, id);
    if (r->id == 0) {
        if (!grow_ring(r))
            return NULL;
        r->id = id;
        r->last = seq - 1;
        s->n++;
    }
    return r;
}

static void ring_put(struct ring *r, uint64_t seq, float value, uint32_t limit)
{
    if (seq >= r->cap && r->cap < limit)
        grow_ring(r); /* without memory the ring stays as long as it is */
    uint64_t from = seq - r->last > r->cap ? seq - r->cap : r->last;
    for (uint64_t missed = from + 1; missed < seq; missed++)
        r->data[missed & (r->cap - 1)] = pack(NAN);
    r->data[seq & (r->cap - 1)] = pack(value);
    r->last = seq;
}

static void take_row(struct series *s, const actop_sample_t *sample, actop_metric metric,
                     actop_scope scope, uint32_t row, uint64_t seq)
{
    actop_entity e;
    actop_reading r = actop_read(sample, metric, row);
    if (r.state == ACTOP_STATE_NONE || r.state == ACTOP_STATE_UNSUPPORTED)
        return;
    if (actop_entity_at(sample, scope, row, &e) != ACTOP_OK)
        return;
    struct ring *ring = ring_for(s, id_of(metric, e.key), seq);
    if (ring == NULL)
        return;
    uint32_t limit = scope == ACTOP_SCOPE_MACHINE || actop_rows(sample, scope) <= SERIES_MANY
                         ? longest(s)
                         : SERIES_SHORT;
    ring_put(ring, seq, actop_has_value(&r) ? (float)r.value : NAN, limit);
}

void series_take(struct series *s, const actop_sample_t *sample)
{
    static const actop_metric metrics[] = {
#define CHART(id) ACTOP_METRIC_##id,
#include "tui/charts.def"
#undef CHART
    };
    actop_times at = {.size = sizeof at};
    actop_sample_times(sample, &at);
    if (at.seq <= s->last)
        return;
    for (size_t i = 0; i < sizeof metrics / sizeof metrics[0]; i++) {
        actop_scope scope = actop_metric_get(metrics[i])->scope;
        uint32_t rows = actop_rows(sample, scope);
        for (uint32_t row = 0; row < rows; row++)
            take_row(s, sample, metrics[i], scope, row, at.seq);
    }
    s->last = at.seq;
}

void series_get(const struct series *s, actop_metric metric, const char *entity, uint64_t end,
                float *out, size_t n)
{
    const struct ring *r = s->cap == 0 ? NULL : slot_of(s, id_of(metric, entity));
    for (size_t i = 0; i < n; i++) {
        uint64_t back = n - 1 - i;
        uint64_t seq = end - back;
        bool there = r != NULL && r->id != 0 && back < end && seq <= r->last &&
                     r->last - seq < r->cap;
        out[i] = there ? unpack(r->data[seq & (r->cap - 1)]) : NAN;
    }
}
