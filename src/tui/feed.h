/* SPDX-License-Identifier: MIT */
/* Feed: the samples of a session's thread as something poll(2) can wait for. The thread's observer puts the newest sample
 * aside and writes a byte into a pipe; those nobody took are dropped. */
#ifndef TUI_FEED_H
#define TUI_FEED_H

#include <pthread.h>
#include <stdbool.h>

#include <actop/actop.h>

struct feed {
    actop_session *session;
    pthread_mutex_t lock; /* of what follows */
    const actop_sample_t *newest; /* a reference; NULL: taken */
    bool ended;
    actop_error err; /* why */
    int pipe[2];
};

/* Become the session's observer and start its thread. */
actop_status feed_start(struct feed *f, actop_session *s, int64_t interval_ns, actop_error *err);
/* Stop it. */
void feed_stop(struct feed *f);
int feed_fd(const struct feed *f);
/* Make it readable from any thread. The argument is a struct feed. */
void feed_wake(void *feed);
/* The newest sample not taken yet, with a reference; NULL for none. */
const actop_sample_t *feed_take(struct feed *f);
/* True once sampling has ended by itself: err says END, or how the source failed. */
bool feed_ended(struct feed *f, actop_error *err);

#endif
