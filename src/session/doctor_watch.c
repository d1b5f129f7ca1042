/* SPDX-License-Identifier: MIT */
/* How often counters are published: for each group and unit of counters that carry the driver's own stamps, or that count
 * energy, the times between publications over the frames since actop_doctor_watch(). The frames' own clock counts, so a
 * recording and a simulated machine are measured like a live one.
 *
 * Words: a *publication* is a stamp that moved, or without stamps any value of the group that changed. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/vec.h"
#include "session/session.h"

/* A stamp so young at every reading was made for the reading (recorded: 0.1 ms, GPU Energy of an M1 Ultra). */
static const int64_t FRESH_NS = 20000000;
/* The decoder's rule for a frozen rail before it has learnt a period. */
static const int64_t FROZEN_AFTER_NS = INT64_C(10000000000);

struct cadence {
    char group[96], unit[16];
    char name[120], text[160]; /* as findings lend them */
    bool stamped;
    uint32_t readings, publications;
    uint64_t digest;                 /* of all values: how a change is seen without stamps */
    int64_t last_ns;                 /* the newest publication; 0 none */
    int64_t shortest_ns, longest_ns; /* between two */
    int64_t oldest_ns;               /* age of the newest publication at a reading, at most */
    uint64_t now_digest;             /* of the frame being looked at */
    int64_t now_ns;
    bool now_read;
};

struct doctor_watch {
    const struct schema *schema; /* a reference; what cadences belong to */
    uint32_t *of_channel;        /* owned: row + 1; 0: not watched */
    struct cadence *cadences;    /* owned */
    size_t n, cap;
    int64_t from_ns, to_ns; /* awake clock of the first and the newest frame */
    uint32_t frames;
    bool failed; /* out of memory: what there is stays */
};

void doctor_watch_free(struct doctor_watch *w)
{
    if (w == NULL)
        return;
    schema_unref(w->schema);
    free(w->of_channel);
    free(w->cadences);
    free(w);
}

actop_status actop_doctor_watch(actop_session *s, actop_error *err)
{
    struct doctor_watch *w = calloc(1, sizeof *w);
    if (w == NULL)
        return error_no_memory(err, "the doctor");
    doctor_watch_free(s->watch);
    s->watch = w;
    return ACTOP_OK;
}

static bool is_energy(const char *unit)
{
    size_t n = strlen(unit);
    return n > 0 && n <= 2 && unit[n - 1] == 'J';
}

/* "ioreport/Energy Model" is "Energy Model": the collector's name says the rest. */
static bool find_cadence(struct doctor_watch *w, const char *group, const char *unit, uint32_t *out)
{
    const char *slash = strchr(group, '/');
    group = slash != NULL ? slash + 1 : group;
    for (size_t i = 0; i < w->n; i++)
        if (strcmp(w->cadences[i].group, group) == 0 && strcmp(w->cadences[i].unit, unit) == 0) {
            *out = (uint32_t)i + 1;
            return true;
        }
    if (!VEC_GROW(w->cadences, w->cap, w->n + 1))
        return false;
    struct cadence *c = &w->cadences[w->n++];
    (void)snprintf(c->group, sizeof c->group, "%s", group);
    (void)snprintf(c->unit, sizeof c->unit, "%s", unit);
    *out = (uint32_t)w->n;
    return true;
}

/* Another schema: begin again. */
static bool begin(struct doctor_watch *w, const struct frame *f)
{
    const struct schema *s = f->schema;
    uint32_t *of_channel = calloc(s->n_channels + 1, sizeof *of_channel);
    if (of_channel == NULL)
        return false;
    free(w->of_channel);
    w->of_channel = of_channel;
    w->n = 0;
    schema_unref(w->schema);
    w->schema = schema_ref(s);
    if (w->cadences != NULL)
        memset(w->cadences, 0, w->cap * sizeof *w->cadences);
    w->from_ns = f->at.awake_ns;
    w->frames = 0;
    for (size_t i = 0; i < s->n_channels; i++) {
        const struct channel *c = &s->channels[i];
        const char *unit = schema_text(s, c->unit);
        bool counts = (c->flags & CHANNEL_COUNTER) != 0;
        if (counts && (f->stamps_ns[i] != 0 || is_energy(unit)) &&
            !find_cadence(w, schema_text(s, c->group), unit, &w->of_channel[i]))
            return false;
    }
    return true;
}

static void look_at(struct cadence *c, const struct frame *f, size_t channel)
{
    const struct channel *of = &f->schema->channels[channel];
    int64_t stamp_ns = f->stamps_ns[channel];
    if (f->status[channel] != SLOT_READ)
        return;
    c->now_read = true;
    c->stamped |= stamp_ns != 0;
    c->now_ns = stamp_ns > c->now_ns ? stamp_ns : c->now_ns;
    for (uint32_t k = 0; k < of->count; k++)
        c->now_digest = (c->now_digest ^ f->slots[of->first + k]) * UINT64_C(1099511628211);
}

/* What one frame says of one group. */
static void take(struct cadence *c, int64_t at_ns)
{
    int64_t stamp_ns = c->stamped ? c->now_ns : at_ns;
    bool is_news = c->stamped ? stamp_ns > c->last_ns : c->now_digest != c->digest;
    if (!c->now_read)
        return;
    if (c->readings++ > 0 && is_news) {
        int64_t period_ns = stamp_ns - c->last_ns;
        c->publications++;
        if (c->shortest_ns == 0 || period_ns < c->shortest_ns)
            c->shortest_ns = period_ns;
        c->longest_ns = period_ns > c->longest_ns ? period_ns : c->longest_ns;
    }
    if (is_news || c->readings == 1)
        c->last_ns = stamp_ns;
    c->digest = c->now_digest;
    c->oldest_ns = at_ns - c->last_ns > c->oldest_ns ? at_ns - c->last_ns : c->oldest_ns;
}

void doctor_watch_frame(struct doctor_watch *w, const struct frame *f)
{
    if (w->failed)
        return;
    if (w->schema != f->schema && !begin(w, f)) {
        w->failed = true;
        w->n = 0;
        return;
    }
    for (size_t i = 0; i < w->n; i++) {
        w->cadences[i].now_digest = 0;
        w->cadences[i].now_ns = 0;
        w->cadences[i].now_read = false;
    }
    for (size_t i = 0; i < f->schema->n_channels; i++)
        if (w->of_channel[i] != 0)
            look_at(&w->cadences[w->of_channel[i] - 1], f, i);
    for (size_t i = 0; i < w->n; i++)
        take(&w->cadences[i], f->at.awake_ns);
    w->to_ns = f->at.awake_ns;
    w->frames++;
}

int64_t actop_doctor_watched_ns(const actop_session *s)
{
    return s->watch != NULL && s->watch->frames > 0 ? s->watch->to_ns - s->watch->from_ns : 0;
}

size_t actop_publication_count(const actop_session *s)
{
    return s->watch != NULL ? s->watch->n : 0;
}

static double seconds(int64_t ns)
{
    return (double)ns * 1e-9;
}

static void say_period(const struct doctor_watch *w, struct cadence *c)
{
    double watched_s = seconds(w->to_ns - w->from_ns);
    const char *how = c->stamped ? "" : ", seen by change: it has no stamps";
    bool each = c->publications + 1 == c->readings;
    if (each && c->stamped && c->oldest_ns < FRESH_NS)
        (void)snprintf(c->text, sizeof c->text, "made for each reading, at most %.1f ms old",
                       seconds(c->oldest_ns) * 1e3);
    else if (each)
        (void)snprintf(c->text, sizeof c->text, "with each reading, every %.3f s%s",
                       seconds(c->longest_ns), how);
    else if (c->longest_ns - c->shortest_ns <= c->longest_ns / 20)
        (void)snprintf(c->text, sizeof c->text, "every %.2f s (%" PRIu32 " in %.1f s%s)",
                       seconds(c->longest_ns), c->publications, watched_s, how);
    else
        (void)snprintf(c->text, sizeof c->text, "every %.2f to %.2f s (%" PRIu32 " in %.1f s%s)",
                       seconds(c->shortest_ns), seconds(c->longest_ns), c->publications, watched_s,
                       how);
}

/* OK: published; STALE: not while it was watched; FROZEN: not for longer than the decoder waits. */
static actop_state say(const struct doctor_watch *w, struct cadence *c)
{
    int64_t age_ns = w->to_ns - c->last_ns;
    if (c->readings < 2) {
        (void)snprintf(c->text, sizeof c->text, "read less than twice: nothing to compare");
        return ACTOP_STATE_WARMING;
    }
    if (c->publications > 0) {
        say_period(w, c);
        return ACTOP_STATE_OK;
    }
    (void)snprintf(c->text, sizeof c->text, "none in %.1f s, the last one %s%.1f s before the end",
                   seconds(w->to_ns - w->from_ns), c->stamped ? "" : "more than ", seconds(age_ns));
    return age_ns > FROZEN_AFTER_NS ? ACTOP_STATE_FROZEN : ACTOP_STATE_STALE;
}

actop_status actop_publication_at(actop_session *s, size_t index, actop_finding *out)
{
    if (index >= actop_publication_count(s))
        return ACTOP_E_NOT_FOUND;
    struct cadence *c = &s->watch->cadences[index];
    actop_state state = say(s->watch, c);
    (void)snprintf(c->name, sizeof c->name, "%s%s%s", c->group, c->unit[0] != '\0' ? ", " : "",
                   c->unit);
    *out = (actop_finding){.name = c->name, .detail = c->text, .remedy = "", .state = state};
    return ACTOP_OK;
}
