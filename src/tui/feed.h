/* SPDX-License-Identifier: MIT */
/* Feed: the samples of a session's thread as something poll(2) can wait for. The thread's observer puts samples aside and
 * writes a byte into a pipe. A live session never waits for the screen: only the newest stays. A recording or a
 * simulation does wait, for room, so that one that runs ahead of its time leaves no hole in the charts. */
#ifndef TUI_FEED_H
#define TUI_FEED_H

#include <pthread.h>
#include <stdbool.h>

#include <actop/actop.h>

enum { FEED_MOST = 16 };

struct feed {
    actop_session *session;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t taken;
    const actop_sample_t *samples[FEED_MOST]; /* references, oldest first */
    size_t n;
    bool waits;    /* the thread does, for room */
    bool stopping;
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
/* The samples not taken yet, at most FEED_MOST, oldest first, with references; returns how many. */
size_t feed_take(struct feed *f, const actop_sample_t **out);
/* True once sampling has ended by itself: err says END, or how the source failed. */
bool feed_ended(struct feed *f, actop_error *err);

#endif
