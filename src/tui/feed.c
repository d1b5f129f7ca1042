/* SPDX-License-Identifier: MIT */
/* Feed; see feed.h. */
#include "tui/feed.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"

/* A full pipe wakes the reader just as well. */
void feed_wake(void *feed)
{
    const struct feed *f = feed;
    while (write(f->pipe[1], "", 1) < 0 && errno == EINTR)
        ;
}

static void *run(void *arg)
{
    struct feed *f = arg;
    uint64_t seen = 0;
    actop_status st = ACTOP_OK;
    while (st == ACTOP_OK) {
        const actop_sample_t *sample = NULL;
        actop_error err;
        err.text[0] = '\0';
        st = actop_wait_next(f->session, seen, -1, &sample, &err);
        if (st == ACTOP_OK) {
            actop_times at = {.size = sizeof at};
            actop_sample_times(sample, &at);
            seen = at.seq;
        }
        pthread_mutex_lock(&f->lock);
        const actop_sample_t *old = f->newest;
        if (st == ACTOP_OK) {
            f->newest = sample;
        } else {
            old = NULL;
            f->ended = true;
            f->why = st;
            f->err = err;
        }
        pthread_mutex_unlock(&f->lock);
        actop_sample_unref(old);
        feed_wake(f);
    }
    return NULL;
}

static bool make_pipe(int fds[2])
{
    if (pipe(fds) != 0)
        return false;
    for (int i = 0; i < 2; i++) {
        (void)fcntl(fds[i], F_SETFD, FD_CLOEXEC);
        (void)fcntl(fds[i], F_SETFL, O_NONBLOCK);
    }
    return true;
}

actop_status feed_start(struct feed *f, actop_session *s, int64_t interval_ns, actop_error *err)
{
    memset(f, 0, sizeof *f);
    f->session = s;
    if (!make_pipe(f->pipe))
        return error_errno(err, errno, "the screen's pipe");
    actop_status st = actop_start(s, interval_ns, err);
    if (st != ACTOP_OK)
        goto close;
    if (pthread_mutex_init(&f->lock, NULL) != 0 || pthread_create(&f->thread, NULL, run, f) != 0) {
        st = error_set(err, ACTOP_E_NOMEM, "the screen cannot start its thread");
        goto stop;
    }
    return ACTOP_OK;
stop:
    actop_stop(s);
close:
    (void)close(f->pipe[0]);
    (void)close(f->pipe[1]);
    return st;
}

void feed_stop(struct feed *f)
{
    actop_stop(f->session);
    (void)pthread_join(f->thread, NULL);
    (void)pthread_mutex_destroy(&f->lock);
    actop_sample_unref(f->newest);
    (void)close(f->pipe[0]);
    (void)close(f->pipe[1]);
}

int feed_fd(const struct feed *f)
{
    return f->pipe[0];
}

const actop_sample_t *feed_take(struct feed *f)
{
    char bytes[64];
    while (read(f->pipe[0], bytes, sizeof bytes) > 0)
        ;
    pthread_mutex_lock(&f->lock);
    const actop_sample_t *sample = f->newest;
    f->newest = NULL;
    pthread_mutex_unlock(&f->lock);
    return sample;
}

bool feed_ended(struct feed *f, actop_status *why, actop_error *err)
{
    pthread_mutex_lock(&f->lock);
    bool ended = f->ended;
    *why = f->why;
    *err = f->err;
    pthread_mutex_unlock(&f->lock);
    return ended;
}
