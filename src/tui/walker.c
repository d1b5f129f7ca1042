/* SPDX-License-Identifier: MIT */
/* Walker; see walker.h. */
#include "tui/walker.h"

#include <string.h>

#include "base/error.h"

enum { WALKER_AHEAD = 8 };

static void put_found(struct walker *w, const actop_sample_t *sample)
{
    pthread_mutex_lock(&w->lock);
    const actop_sample_t *old = w->found;
    w->found = sample;
    pthread_mutex_unlock(&w->lock);
    actop_sample_unref(old);
    w->wake(w->context);
}

/* What has no end, or none that is known, has no span. */
static void look_how_far(struct walker *w)
{
    actop_span span = {.size = sizeof span};
    if (actop_replay_span(w->session, &span, NULL) != ACTOP_OK || span.last == w->last)
        return;
    w->last = span.last;
    pthread_mutex_lock(&w->lock);
    w->span = span;
    pthread_mutex_unlock(&w->lock);
    w->wake(w->context);
}

static bool has_wish(struct walker *w)
{
    pthread_mutex_lock(&w->lock);
    bool has = w->wanted != 0 || w->stop;
    pthread_mutex_unlock(&w->lock);
    return has;
}

/* Samples come in runs from history, and those of the last run are at hand: ask for one that lies some steps back while
 * nobody waits, so that the next run is there when it is needed. */
static void look_ahead(struct walker *w, uint64_t seq)
{
    const actop_sample_t *sample = NULL;
    uint64_t first;
    uint64_t last;
    actop_history_range(w->session, &first, &last);
    if (seq <= first + WALKER_AHEAD || has_wish(w))
        return;
    (void)actop_history_at(w->session, seq - WALKER_AHEAD, &sample, NULL);
    actop_sample_unref(sample);
}

/* The next wish; 0 when it is time to end. */
static uint64_t next_wish(struct walker *w)
{
    pthread_mutex_lock(&w->lock);
    while (w->wanted == 0 && !w->stop)
        (void)pthread_cond_wait(&w->wish, &w->lock);
    uint64_t seq = w->stop ? 0 : w->wanted;
    w->wanted = 0;
    pthread_mutex_unlock(&w->lock);
    return seq;
}

static void *run(void *arg)
{
    struct walker *w = arg;
    uint64_t seq;
    look_how_far(w);
    while ((seq = next_wish(w)) != 0) {
        const actop_sample_t *sample = NULL;
        if (actop_history_at(w->session, seq, &sample, NULL) == ACTOP_OK)
            put_found(w, sample);
        look_how_far(w);
        look_ahead(w, seq);
    }
    return NULL;
}

actop_status walker_start(struct walker *w, actop_session *s, void (*wake)(void *), void *context,
                          actop_error *err)
{
    memset(w, 0, sizeof *w);
    w->session = s;
    w->wake = wake;
    w->context = context;
    if (pthread_mutex_init(&w->lock, NULL) != 0)
        return error_set(err, ACTOP_E_NOMEM, "the screen cannot make a lock");
    if (pthread_cond_init(&w->wish, NULL) != 0)
        goto lock;
    if (pthread_create(&w->thread, NULL, run, w) == 0)
        return ACTOP_OK;
    (void)pthread_cond_destroy(&w->wish);
lock:
    (void)pthread_mutex_destroy(&w->lock);
    return error_set(err, ACTOP_E_NOMEM, "the screen cannot start a thread");
}

void walker_stop(struct walker *w)
{
    pthread_mutex_lock(&w->lock);
    w->stop = true;
    (void)pthread_cond_signal(&w->wish);
    pthread_mutex_unlock(&w->lock);
    (void)pthread_join(w->thread, NULL);
    (void)pthread_cond_destroy(&w->wish);
    (void)pthread_mutex_destroy(&w->lock);
    actop_sample_unref(w->found);
}

void walker_want(struct walker *w, uint64_t seq)
{
    pthread_mutex_lock(&w->lock);
    w->wanted = seq;
    (void)pthread_cond_signal(&w->wish);
    pthread_mutex_unlock(&w->lock);
}

const actop_sample_t *walker_take(struct walker *w)
{
    pthread_mutex_lock(&w->lock);
    const actop_sample_t *sample = w->found;
    w->found = NULL;
    pthread_mutex_unlock(&w->lock);
    return sample;
}

bool walker_take_span(struct walker *w, actop_span *out)
{
    pthread_mutex_lock(&w->lock);
    bool news = w->span.last != 0;
    if (news)
        *out = w->span;
    w->span.last = 0;
    pthread_mutex_unlock(&w->lock);
    return news;
}
