/* SPDX-License-Identifier: MIT */
/* Feed; see feed.h. */
#include "tui/feed.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/os.h"

/* A full pipe wakes the reader just as well. */
void feed_wake(void *feed)
{
    const struct feed *f = feed;
    while (write(f->pipe[1], "", 1) < 0 && errno == EINTR)
        ;
}

/* On the session's thread, with every sample. */
static int observe(void *feed, const actop_sample_t *sample, const actop_error *end)
{
    struct feed *f = feed;
    pthread_mutex_lock(&f->lock);
    const actop_sample_t *old = f->newest;
    if (sample != NULL) {
        f->newest = actop_sample_ref(sample);
    } else {
        old = NULL;
        f->ended = true;
        f->err = *end;
    }
    pthread_mutex_unlock(&f->lock);
    actop_sample_unref(old);
    feed_wake(f);
    return 0;
}

actop_status feed_start(struct feed *f, actop_session *s, int64_t interval_ns, actop_error *err)
{
    memset(f, 0, sizeof *f);
    f->session = s;
    if (!os_pipe(f->pipe, false))
        return error_errno(err, errno, "the screen's pipe");
    actop_status st = ACTOP_OK;
    if (pthread_mutex_init(&f->lock, NULL) != 0) {
        st = error_set(err, ACTOP_E_NOMEM, "the screen cannot make a lock");
        goto close;
    }
    actop_observe(s, observe, f);
    st = actop_start(s, interval_ns, err);
    if (st == ACTOP_OK)
        return ACTOP_OK;
    actop_observe(s, NULL, NULL);
    (void)pthread_mutex_destroy(&f->lock);
close:
    (void)close(f->pipe[0]);
    (void)close(f->pipe[1]);
    return st;
}

void feed_stop(struct feed *f)
{
    actop_stop(f->session);
    actop_observe(f->session, NULL, NULL);
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

bool feed_ended(struct feed *f, actop_error *err)
{
    pthread_mutex_lock(&f->lock);
    bool ended = f->ended;
    *err = f->err;
    pthread_mutex_unlock(&f->lock);
    return ended;
}
