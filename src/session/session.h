/* SPDX-License-Identifier: MIT */
/* What a session holds. Locks: `lock` guards what the sampling side and the public functions share (published, filter,
 * thread state, error); the sampling side itself (source to sample) is run by one thread at a time and needs none. */
#ifndef SESSION_SESSION_H
#define SESSION_SESSION_H

#include <pthread.h>
#include <regex.h>
#include <stdatomic.h>

#include "analysis/analysis.h"
#include "decode/decode.h"
#include "model/notes.h"
#include "session/history.h"
#include "source/source.h"

enum sampler_state { SAMPLER_OFF, SAMPLER_RUNNING, SAMPLER_STOPPING, SAMPLER_ENDED };

/* Frames folded into samples: what a live session and one that goes back in history have in common. */
struct fold {
    const struct decode_ops *ops; /* NULL before the first schema */
    struct decoder *decoder;      /* owned */
    struct analysis *analysis;    /* owned */
};

/* Samples of the past around the one asked for last (past.c). */
struct past;

/* Scratch of choosing processes. */
struct process_order {
    uint32_t *rows;
    size_t cap;
};

/* The file the session is recorded to. */
struct record {
    pthread_mutex_t lock;            /* guards the rest; taken last */
    struct recording_writer *writer; /* owned; NULL: none */
};

/* The newest frame, for those who read frames as a stream (frames.c). */
struct broadcast {
    pthread_mutex_t lock; /* guards the rest; taken last */
    pthread_cond_t news;
    unsigned readers;
    uint64_t number;
    struct shared_frame *newest, *spare; /* owned */
    bool ended;
};
bool broadcast_init(struct broadcast *b);
void broadcast_release(struct broadcast *b);

struct actop_session {
    actop_options options;         /* strings are NULL: they were used at opening */
    struct analysis_options judge;
    const struct source_ops *ops;
    struct source *source;         /* owned */
    struct schema *schema;         /* a reference */
    char source_name[128];         /* as outputs show it */
    struct frame frame;            /* the newest */
    struct fold fold;
    struct record record;
    struct broadcast broadcast;
    struct sample_pool *pool;      /* a reference */
    struct actop_sample_t **parts; /* subsamples of the sample being made */
    size_t cap_parts;
    struct actop_sample_t *current; /* what actop_sample() lent; a reference */
    const struct actop_sample_t *examined; /* what the doctor looks at; a reference; NULL: no sample yet */
    bool examined_sampling;        /* the thread ran when it was taken */
    uint64_t seq;                  /* of the last sample made */
    int64_t interval_ns;           /* how far apart frames should be, for simulations */
    int64_t pace_from_ns, pace_at_ns; /* own-time sources: frame clock and ours at the first frame */
    struct process_order order;    /* scratch */
    struct history *history;       /* owned; NULL: none is kept */
    struct history_process *chosen; /* scratch: processes of the newest sample */
    size_t cap_chosen;
    struct notes notes;            /* what actop_notes() gathered last */
    struct doctor_watch *watch;    /* owned; NULL: the doctor is not watching */
    uint64_t history_seq;          /* sample whose first frame was added last */
    struct past *past;             /* owned; NULL: no history. Guarded by past_lock */
    pthread_mutex_t past_lock;     /* taken before all others */
    atomic_uint filter_number;     /* of process filters set so far */
    atomic_uint want;
    actop_observer *observer;      /* NULL: none */
    void *observer_user;           /* borrowed */

    pthread_mutex_t lock;
    pthread_cond_t changed; /* a sample was published, the thread should stop, or it ended */
    regex_t filter;
    bool has_filter;
    bool sync_ready; /* lock and changed exist */
    pthread_t thread;
    enum sampler_state sampler;
    bool sampled_last; /* the thread will not read any more */
    int64_t next_interval_ns;
    uint64_t hurry_seq; /* up to this sample own-time sources do not wait */
    struct actop_sample_t *published; /* a reference */
    actop_status end_status;
    actop_error end_error;
};

/* Fold one frame. The decoder is chosen, and changed, by the frame's schema. */
actop_status fold_frame(struct fold *f, const struct analysis_options *judge, const struct frame *frame,
                        struct actop_sample_t *out, actop_error *err);
/* Make one sample of the parts that n frames gave, and judge it. Takes the parts' references. */
actop_status fold_parts(struct fold *f, struct sample_pool *pool, struct actop_sample_t **parts, size_t n,
                        struct actop_sample_t **out, actop_error *err);
/* A copy that goes on like the original; *into is empty on failure. */
actop_status fold_clone(struct fold *into, const struct fold *f, actop_error *err);
void fold_release(struct fold *f);

/* The next sample: frames read, folded, averaged, judged, processes chosen. One reference for the caller. */
actop_status session_next(struct actop_session *s, int64_t interval_ns, struct actop_sample_t **out, actop_error *err);

/* Keep the processes the filter and the limit (0: none) leave. */
actop_status session_choose_processes(struct actop_session *s, struct actop_sample_t *sample, size_t limit,
                                      struct process_order *order, actop_error *err);

/* History (past.c). The frame just read is about to be folded into the next sample; that sample is done; it failed. */
void session_history_add(struct actop_session *s);
void session_history_keep(struct actop_session *s, const struct actop_sample_t *sample);
void session_history_fail(struct actop_session *s);
actop_status session_history_open(struct actop_session *s, actop_error *err);
void session_history_close(struct actop_session *s);

/* Append a frame to the recording, if there is one. A failure is kept for actop_record_get(). */
void session_record(struct actop_session *s, const struct frame *f);
/* Show a frame to those who read frames as a stream; tell them whether sampling has ended. */
void session_broadcast(struct actop_session *s, const struct frame *f);
void session_broadcast_end(struct actop_session *s, bool ended);

/* How often counters are published (doctor_watch.c). */
void doctor_watch_frame(struct doctor_watch *w, const struct frame *f);
void doctor_watch_free(struct doctor_watch *w); /* accepts NULL */

/* The analysis part of options, checked; options may be NULL. */
actop_status session_judge_options(const actop_options *options, struct analysis_options *out, actop_error *err);

/* With the lock held: the thread runs or is about to end, so that the sampling side is its own. */
static inline bool session_is_sampling(const struct actop_session *s)
{
    return s->sampler == SAMPLER_RUNNING || s->sampler == SAMPLER_STOPPING;
}

/* The interval set last. */
int64_t session_interval(struct actop_session *s);

/* Fill a public struct that begins with its size: as much as both sides know. */
void session_fill_sized(void *out, const void *from, size_t size);

/* Wait until deadline on the awake clock; false when the session should stop. */
bool session_wait_until(struct actop_session *s, int64_t deadline_ns);

#endif
