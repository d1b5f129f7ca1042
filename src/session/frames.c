/* SPDX-License-Identifier: MIT */
/* The frames of a session as a stream in the recording format, for another actop to read. The sampling thread only copies a
 * frame, and only while somebody reads; each reader makes its own bytes of the newest one in its own thread. Who reads
 * slower than frames come misses some, which is a jump in their numbers: nobody holds sampling up. */
#include <stdlib.h>

#include "base/error.h"
#include "frame/recording.h"
#include "session/session.h"

/* A frame that readers share. */
struct shared_frame {
    uint32_t refs;   /* guarded by the lock of the broadcast */
    uint64_t number; /* of the broadcast, from 1 */
    struct frame frame;
};

struct actop_frames {
    struct actop_session *session;
    struct recording_encoder encoder;
    struct buf out; /* from at on not read yet */
    size_t at;
    uint64_t seen; /* number of the last frame taken */
};

/* ---- the sampling side ---- */

/* With the lock held: one frame stays for the next time. */
static void frame_unref(struct broadcast *b, struct shared_frame *f)
{
    if (f == NULL || --f->refs > 0)
        return;
    if (b->spare == NULL) {
        b->spare = f;
        return;
    }
    frame_release(&f->frame);
    free(f);
}

static struct shared_frame *take_spare(struct broadcast *b)
{
    pthread_mutex_lock(&b->lock);
    struct shared_frame *f = b->spare;
    b->spare = NULL;
    pthread_mutex_unlock(&b->lock);
    return f != NULL ? f : calloc(1, sizeof *f);
}

void session_broadcast(struct actop_session *s, const struct frame *f)
{
    struct broadcast *b = &s->broadcast;
    pthread_mutex_lock(&b->lock);
    bool wanted = b->readers > 0;
    pthread_mutex_unlock(&b->lock);
    if (!wanted)
        return;
    struct shared_frame *next = take_spare(b);
    if (next == NULL || frame_copy(&next->frame, f, NULL) != ACTOP_OK) {
        free(next); /* readers miss this one */
        return;
    }
    pthread_mutex_lock(&b->lock);
    next->refs = 1;
    next->number = ++b->number;
    b->ended = false;
    struct shared_frame *old = b->newest;
    b->newest = next;
    frame_unref(b, old);
    pthread_cond_broadcast(&b->news);
    pthread_mutex_unlock(&b->lock);
}

void session_broadcast_end(struct actop_session *s, bool ended)
{
    pthread_mutex_lock(&s->broadcast.lock);
    s->broadcast.ended = ended;
    pthread_cond_broadcast(&s->broadcast.news);
    pthread_mutex_unlock(&s->broadcast.lock);
}

bool broadcast_init(struct broadcast *b)
{
    if (pthread_mutex_init(&b->lock, NULL) != 0)
        return false;
    if (os_cond_init(&b->news))
        return true;
    (void)pthread_mutex_destroy(&b->lock);
    return false;
}

void broadcast_release(struct broadcast *b)
{
    struct shared_frame *left[] = {b->newest, b->spare};
    for (size_t i = 0; i < 2; i++) {
        if (left[i] != NULL)
            frame_release(&left[i]->frame);
        free(left[i]);
    }
    (void)pthread_cond_destroy(&b->news);
    (void)pthread_mutex_destroy(&b->lock);
}

/* ---- the readers ---- */

/* Wait for a frame not seen yet; a reference of the caller's on OK. */
static actop_status next_frame(struct actop_frames *r, int64_t timeout_ns,
                               struct shared_frame **out, actop_error *err)
{
    struct broadcast *b = &r->session->broadcast;
    int64_t deadline_ns = timeout_ns < 0 ? INT64_MAX : ns_sum(os_awake_ns(), timeout_ns);
    actop_status st = ACTOP_OK;
    pthread_mutex_lock(&b->lock);
    while ((b->newest == NULL || b->newest->number <= r->seen) && st == ACTOP_OK) {
        if (b->ended)
            st = error_set(err, ACTOP_END, "sampling has ended");
        else if (timeout_ns < 0)
            (void)pthread_cond_wait(&b->news, &b->lock);
        else if (os_awake_ns() >= deadline_ns)
            st = error_set(err, ACTOP_E_TIMEOUT, "no frame in time");
        else
            (void)os_cond_wait_until(&b->news, &b->lock, deadline_ns);
    }
    if (st == ACTOP_OK) {
        *out = b->newest;
        (*out)->refs++;
        r->seen = (*out)->number;
    }
    pthread_mutex_unlock(&b->lock);
    return st;
}

actop_status actop_frames_read(actop_frames *r, void *buf, size_t size, size_t *n,
                               int64_t timeout_ns, actop_error *err)
{
    struct shared_frame *f = NULL;
    *n = 0;
    if (r->at == r->out.len) {
        actop_status st = next_frame(r, timeout_ns, &f, err);
        if (st != ACTOP_OK)
            return st;
        buf_clear(&r->out);
        r->at = 0;
        st = recording_encode(&r->encoder, &f->frame, &r->out, err);
        pthread_mutex_lock(&r->session->broadcast.lock);
        frame_unref(&r->session->broadcast, f);
        pthread_mutex_unlock(&r->session->broadcast.lock);
        if (st != ACTOP_OK) {
            buf_clear(&r->out);
            return st;
        }
    }
    *n = r->out.len - r->at < size ? r->out.len - r->at : size;
    memcpy(buf, r->out.data + r->at, *n);
    r->at += *n;
    return ACTOP_OK;
}

static actop_status start(struct actop_frames *r, uint32_t flags, actop_error *err)
{
    uint8_t header[RECORDING_HEADER];
    recording_put_header(header);
    buf_put(&r->out, header, sizeof header);
    if (r->out.failed)
        return error_no_memory(err, "a stream of frames");
    return recording_encoder_init(&r->encoder,
                                  (flags & ACTOP_RECORD_SCRUB) != 0 ? RECORDING_SCRUB : 0, err);
}

static void frames_free(struct actop_frames *r)
{
    recording_encoder_release(&r->encoder);
    buf_release(&r->out);
    free(r);
}

actop_status actop_frames_open(actop_session *s, uint32_t flags, actop_frames **out,
                               actop_error *err)
{
    if ((flags & ~ACTOP_RECORD_SCRUB) != 0)
        return error_set(err, ACTOP_E_ARGUMENT, "unknown flags for a stream of frames");
    struct actop_frames *r = calloc(1, sizeof *r);
    if (r == NULL)
        return error_no_memory(err, "a stream of frames");
    r->session = s;
    actop_status st = start(r, flags, err);
    if (st != ACTOP_OK) {
        frames_free(r);
        return st;
    }
    pthread_mutex_lock(&s->broadcast.lock);
    if (s->broadcast.readers++ == 0 && s->broadcast.newest != NULL)
        r->seen = s->broadcast.newest->number; /* from when somebody read last: too old */
    pthread_mutex_unlock(&s->broadcast.lock);
    *out = r;
    return ACTOP_OK;
}

void actop_frames_close(actop_frames *r)
{
    if (r == NULL)
        return;
    pthread_mutex_lock(&r->session->broadcast.lock);
    r->session->broadcast.readers--;
    pthread_mutex_unlock(&r->session->broadcast.lock);
    frames_free(r);
}
