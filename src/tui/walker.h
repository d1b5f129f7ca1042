/* SPDX-License-Identifier: MIT */
/* Walker: samples of the past, made by a thread of their own. Decoding a moment again takes longer than a key may wait; the
 * newest wish counts, those before it that were not begun are dropped. It also looks how far a recording goes, at first and
 * again with each wish, because the file may grow. */
#ifndef TUI_WALKER_H
#define TUI_WALKER_H

#include <pthread.h>
#include <stdbool.h>

#include <actop/actop.h>

struct walker {
    actop_session *session;
    void (*wake)(void *context); /* called from the thread when a sample is there */
    void *context;
    pthread_t thread;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t wish;
    uint64_t wanted;              /* 0: nothing */
    const actop_sample_t *found;  /* a reference; NULL: none, or taken */
    actop_span span;              /* of a recording; last is 0: none, or taken */
    uint64_t last;                /* the thread's own: span.last it saw last */
    bool stop;
};

actop_status walker_start(struct walker *w, actop_session *s, void (*wake)(void *), void *context, actop_error *err);
void walker_stop(struct walker *w);
void walker_want(struct walker *w, uint64_t seq);
/* What was found since the last call, with a reference; NULL for nothing. */
const actop_sample_t *walker_take(struct walker *w);
/* True when the recording goes further than at the last call. */
bool walker_take_span(struct walker *w, actop_span *out);

#endif
