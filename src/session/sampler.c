/* SPDX-License-Identifier: MIT */
/* The background thread: samples on absolute deadlines and publishes; readers take references and never hold it up. A
 * deadline that was missed is skipped, not made up for. */

#include <poll.h>

#include "base/error.h"
#include "session/session.h"

enum { AGAIN_NS = 50000000 }; /* between two interrupts of the same read */

/* For actop_sample(), which nothing else can stop. */
static bool wait_by_hand(const struct actop_session *s, int64_t deadline_ns)
{
    struct pollfd stop = {.fd = s->options.stop_fd, .events = POLLIN}; /* -1 is passed over */
    for (int64_t left_ns; (left_ns = deadline_ns - os_awake_ns()) > 0;) {
        int wait_ms = left_ns > 60000000000 ? 60000 : (int)(left_ns / 1000000);
        if (poll(&stop, 1, wait_ms) > 0)
            return false;
        if (wait_ms == 0)
            os_sleep_until(deadline_ns);
    }
    return true;
}

bool session_wait_until(struct actop_session *s, int64_t deadline_ns)
{
    pthread_mutex_lock(&s->lock);
    bool by_hand = s->sampler == SAMPLER_OFF;
    pthread_mutex_unlock(&s->lock);
    if (by_hand)
        return wait_by_hand(s, deadline_ns);
    pthread_mutex_lock(&s->lock);
    while (s->sampler != SAMPLER_STOPPING && os_awake_ns() < deadline_ns)
        (void)os_cond_wait_until(&s->changed, &s->lock, deadline_ns);
    bool go_on = s->sampler != SAMPLER_STOPPING;
    pthread_mutex_unlock(&s->lock);
    return go_on;
}

static void publish(struct actop_session *s, struct actop_sample_t *sample)
{
    pthread_mutex_lock(&s->lock);
    struct actop_sample_t *old = s->published;
    s->published = sample;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
    actop_sample_unref(old);
}

/* What the observer says of a new sample: OK, or END. */
static actop_status show(struct actop_session *s, const struct actop_sample_t *sample,
                         actop_error *err)
{
    if (s->observer == NULL || s->observer(s->observer_user, sample, NULL) == 0)
        return ACTOP_OK;
    return error_set(err, ACTOP_END, "the observer has ended sampling");
}

static void end(struct actop_session *s, actop_status status, const actop_error *err)
{
    pthread_mutex_lock(&s->lock);
    bool by_itself = s->sampler != SAMPLER_STOPPING;
    s->end_status = status;
    s->end_error = *err;
    s->sampler = by_itself ? SAMPLER_ENDED : SAMPLER_STOPPING;
    s->sampled_last = true;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
    if (by_itself && s->observer != NULL)
        (void)s->observer(s->observer_user, NULL, err);
}

int64_t session_interval(struct actop_session *s)
{
    pthread_mutex_lock(&s->lock);
    int64_t interval_ns = s->next_interval_ns;
    pthread_mutex_unlock(&s->lock);
    return interval_ns;
}

/* Live sources are paced here; the others by their frames' own times or by waiting in read. The last part of a sample with
 * subsamples falls on the deadline, so we wake one part after the previous one. */
static bool wait_for_deadline(struct actop_session *s, int64_t *deadline_ns, int64_t interval_ns)
{
    if ((s->ops->flags & SOURCE_LIVE) == 0)
        return session_wait_until(s, 0);
    int64_t now_ns = os_awake_ns();
    *deadline_ns = ns_sum(*deadline_ns, interval_ns);
    if (*deadline_ns < now_ns)
        *deadline_ns += (now_ns - *deadline_ns) / interval_ns * interval_ns + interval_ns;
    return session_wait_until(s, *deadline_ns - interval_ns +
                                     interval_ns / (int64_t)s->options.subsamples);
}

static void *sampler_main(void *arg)
{
    struct actop_session *s = arg;
    actop_error err = {ACTOP_OK, ""};
    actop_status st = ACTOP_OK;
    int64_t deadline_ns = os_awake_ns();
    for (bool first = true; st == ACTOP_OK; first = false) {
        int64_t interval_ns = session_interval(s);
        if (!first && !wait_for_deadline(s, &deadline_ns, interval_ns))
            break;
        struct actop_sample_t *sample = NULL;
        st = session_next(s, interval_ns, &sample, &err);
        if (st == ACTOP_OK) {
            st = show(s, sample, &err);
            publish(s, sample);
        }
    }
    end(s, st, &err);
    session_broadcast_end(s, st != ACTOP_OK);
    return NULL;
}

actop_status actop_start(actop_session *s, int64_t interval_ns, actop_error *err)
{
    if (interval_ns < 1000000)
        return error_set(err, ACTOP_E_ARGUMENT, "the interval must be at least 1 ms");
    pthread_mutex_lock(&s->lock);
    actop_status st = s->sampler == SAMPLER_RUNNING
                          ? error_set(err, ACTOP_E_BUSY, "sampling already runs")
                          : ACTOP_OK;
    pthread_mutex_unlock(&s->lock);
    if (st != ACTOP_OK)
        return st;
    actop_stop(s); /* joins a thread that has ended by itself */
    pthread_mutex_lock(&s->lock);
    s->next_interval_ns = interval_ns;
    s->sampled_last = false;
    int failed = pthread_create(&s->thread, NULL, sampler_main, s);
    s->sampler = failed == 0 ? SAMPLER_RUNNING : SAMPLER_OFF;
    pthread_mutex_unlock(&s->lock);
    if (failed == 0)
        return ACTOP_OK;
    return error_errno(err, failed, "cannot start the sampling thread");
}

void actop_observe(actop_session *s, actop_observer *observer, void *user)
{
    s->observer = observer;
    s->observer_user = user;
}

void actop_set_interval(actop_session *s, int64_t interval_ns)
{
    pthread_mutex_lock(&s->lock);
    s->next_interval_ns = interval_ns < 1000000 ? 1000000 : interval_ns;
    pthread_mutex_unlock(&s->lock);
}

/* Again and again: a source may begin its read just after an interrupt, and then has not seen it. */
static void interrupt(struct actop_session *s)
{
    if (s->ops->interrupt == NULL)
        return;
    pthread_mutex_lock(&s->lock);
    while (!s->sampled_last) {
        pthread_mutex_unlock(&s->lock);
        s->ops->interrupt(s->source);
        pthread_mutex_lock(&s->lock);
        if (!s->sampled_last)
            (void)os_cond_wait_until(&s->changed, &s->lock, os_awake_ns() + AGAIN_NS);
    }
    pthread_mutex_unlock(&s->lock);
}

void actop_stop(actop_session *s)
{
    pthread_mutex_lock(&s->lock);
    bool off = s->sampler == SAMPLER_OFF;
    s->sampler = off ? SAMPLER_OFF : SAMPLER_STOPPING;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
    if (off)
        return;
    interrupt(s);
    (void)pthread_join(s->thread, NULL);
    pthread_mutex_lock(&s->lock);
    s->sampler = SAMPLER_OFF;
    pthread_mutex_unlock(&s->lock);
}

const actop_sample_t *actop_latest(actop_session *s)
{
    pthread_mutex_lock(&s->lock);
    const actop_sample_t *sample = actop_sample_ref(s->published);
    pthread_mutex_unlock(&s->lock);
    return sample;
}

/* Called with the lock held: what there is to say, or E_TIMEOUT for "wait on". */
static actop_status news(struct actop_session *s, uint64_t after_seq, const actop_sample_t **out,
                         actop_error *err)
{
    if (s->published != NULL && s->published->seq > after_seq) {
        *out = actop_sample_ref(s->published);
        return ACTOP_OK;
    }
    if (s->sampler == SAMPLER_RUNNING)
        return ACTOP_E_TIMEOUT;
    if (s->sampler == SAMPLER_ENDED && s->end_status != ACTOP_OK)
        return error_set(err, s->end_status, "%s", s->end_error.text);
    return error_set(err, ACTOP_E_STATE, "sampling does not run");
}

actop_status actop_wait_next(actop_session *s, uint64_t after_seq, int64_t timeout_ns,
                             const actop_sample_t **out, actop_error *err)
{
    int64_t deadline_ns = timeout_ns < 0 ? INT64_MAX : ns_sum(os_awake_ns(), timeout_ns);
    pthread_mutex_lock(&s->lock);
    actop_status st = news(s, after_seq, out, err);
    while (st == ACTOP_E_TIMEOUT) {
        if (timeout_ns < 0)
            (void)pthread_cond_wait(&s->changed, &s->lock);
        else if (os_awake_ns() >= deadline_ns)
            break;
        else
            (void)os_cond_wait_until(&s->changed, &s->lock, deadline_ns);
        st = news(s, after_seq, out, err);
    }
    pthread_mutex_unlock(&s->lock);
    if (st == ACTOP_E_TIMEOUT)
        (void)error_set(err, st, "no new sample in time");
    return st;
}
