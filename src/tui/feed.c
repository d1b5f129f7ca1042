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

/* With the lock held: room for one more sample; what has to go for it is given to the caller. */
static const actop_sample_t *make_room(struct feed *f)
{
    while (f->waits && f->n == FEED_MOST && !f->stopping)
        (void)pthread_cond_wait(&f->taken, &f->lock);
    if (f->n < (f->waits ? FEED_MOST : 1))
        return NULL;
    const actop_sample_t *oldest = f->samples[0];
    memmove(f->samples, f->samples + 1, --f->n * sizeof f->samples[0]);
    return oldest;
}

/* On the session's thread, with every sample. */
static int observe(void *feed, const actop_sample_t *sample, const actop_error *end)
{
    struct feed *f = feed;
    const actop_sample_t *dropped = NULL;
    pthread_mutex_lock(&f->lock);
    bool news = sample == NULL || f->n == 0;
    if (sample != NULL) {
        dropped = make_room(f);
        news = news || f->n == 0;
        f->samples[f->n++] = actop_sample_ref(sample);
    } else {
        f->ended = true;
        f->err = *end;
    }
    pthread_mutex_unlock(&f->lock);
    actop_sample_unref(dropped);
    if (news)
        feed_wake(f);
    return 0;
}

actop_status feed_start(struct feed *f, actop_session *s, int64_t interval_ns, actop_error *err)
{
    memset(f, 0, sizeof *f);
    f->session = s;
    f->waits = actop_is_live(s) == 0;
    if (!os_pipe(f->pipe, false))
        return error_errno(err, errno, "the screen's pipe");
    actop_status st = ACTOP_OK;
    if (pthread_mutex_init(&f->lock, NULL) != 0) {
        st = error_set(err, ACTOP_E_NOMEM, "the screen cannot make a lock");
        goto close;
    }
    if (pthread_cond_init(&f->taken, NULL) != 0) {
        st = error_set(err, ACTOP_E_NOMEM, "the screen cannot make a condition variable");
        goto lock;
    }
    actop_observe(s, observe, f);
    st = actop_start(s, interval_ns, err);
    if (st == ACTOP_OK)
        return ACTOP_OK;
    actop_observe(s, NULL, NULL);
    (void)pthread_cond_destroy(&f->taken);
lock:
    (void)pthread_mutex_destroy(&f->lock);
close:
    (void)close(f->pipe[0]);
    (void)close(f->pipe[1]);
    return st;
}

void feed_stop(struct feed *f)
{
    const actop_sample_t *left[FEED_MOST];
    pthread_mutex_lock(&f->lock);
    f->stopping = true;
    (void)pthread_cond_signal(&f->taken);
    pthread_mutex_unlock(&f->lock);
    actop_stop(f->session);
    actop_observe(f->session, NULL, NULL);
    for (size_t n = feed_take(f, left); n > 0; n--)
        actop_sample_unref(left[n - 1]);
    (void)pthread_cond_destroy(&f->taken);
    (void)pthread_mutex_destroy(&f->lock);
    (void)close(f->pipe[0]);
    (void)close(f->pipe[1]);
}

int feed_fd(const struct feed *f)
{
    return f->pipe[0];
}

size_t feed_take(struct feed *f, const actop_sample_t **out)
{
    char bytes[64];
    while (read(f->pipe[0], bytes, sizeof bytes) > 0)
        ;
    pthread_mutex_lock(&f->lock);
    size_t n = f->n;
    memcpy(out, f->samples, n * sizeof *out);
    f->n = 0;
    (void)pthread_cond_signal(&f->taken);
    pthread_mutex_unlock(&f->lock);
    return n;
}

bool feed_ended(struct feed *f, actop_error *err)
{
    pthread_mutex_lock(&f->lock);
    bool ended = f->ended;
    *err = f->err;
    pthread_mutex_unlock(&f->lock);
    return ended;
}
