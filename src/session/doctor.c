/* SPDX-License-Identifier: MIT */
/* What is readable: the collectors as the schema tells, then every metric by the best state it has in the newest sample.
 * Why a metric is not readable is known by the collector it would come from. */
#include <string.h>

#include "base/error.h"
#include "session/session.h"

/* The better a state, the earlier it stands: a metric that one row has is there. */
static const actop_state by_rank[] = {
    ACTOP_STATE_OK,     ACTOP_STATE_STALE,  ACTOP_STATE_WARMING,     ACTOP_STATE_FROZEN,
    ACTOP_STATE_FAILED, ACTOP_STATE_DENIED, ACTOP_STATE_UNSUPPORTED, ACTOP_STATE_NONE};

static size_t rank_of(actop_state state)
{
    size_t n = sizeof by_rank / sizeof by_rank[0], i = 0;
    while (i < n - 1 && by_rank[i] != state)
        i++;
    return i;
}

static actop_state state_of_status(int32_t status)
{
    if (status <= 0)
        return status == 0 ? ACTOP_STATE_OK : ACTOP_STATE_UNSUPPORTED;
    actop_status st = status_of_errno(status);
    return st == ACTOP_E_DENIED      ? ACTOP_STATE_DENIED
           : st == ACTOP_E_NOT_FOUND ? ACTOP_STATE_UNSUPPORTED
                                     : ACTOP_STATE_FAILED;
}

static void find_collector(const struct actop_sample_t *sample, size_t index, actop_finding *out)
{
    const struct topology *t = sample->topology;
    const struct topology_collector *c = &t->collectors[index];
    *out = (actop_finding){.name = pool_at(&t->pool, c->name),
                           .detail = pool_at(&t->pool, c->reason),
                           .remedy = pool_at(&t->pool, c->remedy),
                           .state = state_of_status(c->status)};
    if (c->status == 0 && sample_collector_success(sample, index) == 0) {
        out->state = ACTOP_STATE_FAILED;
        out->detail = "nothing of it could be read this time";
    }
}

/* The same, before there is any sample. */
static void find_described(const struct schema *schema, size_t index, actop_finding *out)
{
    const struct collector *c = &schema->collectors[index];
    *out = (actop_finding){.name = schema_text(schema, c->name),
                           .detail = schema_text(schema, c->reason),
                           .remedy = schema_text(schema, c->remedy),
                           .state = state_of_status(c->status)};
}

static const char *words_of(actop_state state)
{
    switch (state) {
    case ACTOP_STATE_OK:
    case ACTOP_STATE_STALE:
        return "";
    case ACTOP_STATE_WARMING:
        return "needs another sample";
    case ACTOP_STATE_FROZEN:
        return "its counter stands still while the machine works";
    case ACTOP_STATE_DENIED:
        return "not for this user";
    case ACTOP_STATE_FAILED:
        return "reading it failed";
    case ACTOP_STATE_UNSUPPORTED:
        return "this machine or system cannot give it";
    default:
        return "nothing gives it here";
    }
}

/* The best cell of a metric; NULL when its scope has no rows. */
static const struct cell *best_cell(const struct actop_sample_t *sample, actop_metric id)
{
    const struct cell *best = NULL;
    uint32_t n = sample_rows(sample, metric_info(id)->scope);
    for (uint32_t row = 0; row < n; row++) {
        const struct cell *c = sample_cell(sample, id, row);
        if (best == NULL || rank_of((actop_state)c->state) < rank_of((actop_state)best->state))
            best = c;
    }
    return best;
}

/* A metric that is not readable is explained by its collector, when it names one that has something to say. */
static void find_metric(const struct actop_sample_t *sample, actop_metric id, actop_finding *out)
{
    const struct cell *c = sample != NULL ? best_cell(sample, id) : NULL;
    actop_state state = c != NULL ? (actop_state)c->state : ACTOP_STATE_NONE;
    *out = (actop_finding){.name = metric_info(id)->key,
                           .detail = words_of(state),
                           .remedy = "",
                           .state = state,
                           .is_metric = 1};
    if (c == NULL || c->via == 0 || cell_has(c))
        return;
    const struct topology *t = sample->topology;
    const char *via = pool_at(&t->pool, t->via[c->via]);
    for (size_t i = 0; i < t->n_collectors; i++) {
        actop_finding from;
        find_collector(sample, i, &from);
        if (strcmp(from.name, via) == 0 && from.detail[0] != '\0') {
            out->detail = from.detail;
            out->remedy = from.remedy;
        }
    }
}

/* The newest sample, with a reference, so that the sampling thread may go on while it is looked at; NULL: none yet. *sampling: another thread may be changing the schema. */
static const struct actop_sample_t *newest(struct actop_session *s, bool *sampling)
{
    pthread_mutex_lock(&s->lock);
    const struct actop_sample_t *sample = s->current;
    if (sample == NULL || (s->published != NULL && s->published->seq > sample->seq))
        sample = s->published;
    sample = actop_sample_ref(sample);
    *sampling = session_is_sampling(s);
    pthread_mutex_unlock(&s->lock);
    return sample;
}

static size_t count_collectors(const struct actop_session *s)
{
    return s->examined != NULL    ? s->examined->topology->n_collectors
           : s->examined_sampling ? 0
                                  : s->schema->n_collectors;
}

size_t actop_doctor_count(actop_session *s)
{
    const struct actop_sample_t *sample = newest(s, &s->examined_sampling);
    actop_sample_unref(s->examined);
    s->examined = sample;
    return count_collectors(s) + ACTOP_METRIC_COUNT;
}

actop_status actop_doctor_at(actop_session *s, size_t index, actop_finding *out)
{
    if (s->examined == NULL)
        (void)actop_doctor_count(s);
    size_t n = count_collectors(s);
    if (index >= n + ACTOP_METRIC_COUNT)
        return ACTOP_E_NOT_FOUND;
    if (index >= n)
        find_metric(s->examined, (actop_metric)(index - n), out);
    else if (s->examined != NULL)
        find_collector(s->examined, index, out);
    else
        find_described(s->schema, index, out);
    return ACTOP_OK;
}

size_t actop_notes(actop_session *s)
{
    bool sampling;
    const struct actop_sample_t *sample = newest(s, &sampling); /* a reference */
    notes_clear(&s->notes);
    if (!sampling && sample != NULL && s->fold.ops != NULL && s->fold.ops->notes != NULL)
        s->fold.ops->notes(s->fold.decoder, &s->frame, sample, &s->notes);
    actop_sample_unref(sample);
    return s->notes.failed ? 0 : s->notes.n;
}

actop_status actop_note_at(const actop_session *s, size_t index, actop_note *out)
{
    if (s->notes.failed || index >= s->notes.n)
        return ACTOP_E_NOT_FOUND;
    const struct note *note = &s->notes.rows[index];
    *out = (actop_note){.about = pool_at(&s->notes.pool, note->about),
                        .text = pool_at(&s->notes.pool, note->text),
                        .kind = note->kind};
    return ACTOP_OK;
}
