/* SPDX-License-Identifier: MIT */
/* Going back: what the session gives to its history, and samples of the past made again from it. The sampling thread
 * gives frames and checkpoints (copies of decoder and analysis); whoever asks folds the frames of one group again, with
 * memory of his own, and holds nobody up. */
#include <stdlib.h>

#include "base/error.h"
#include "base/vec.h"
#include "session/session.h"

/* Most process rows of a sample of the past. */
enum { PAST_PROCESSES = 50 };

/* ---- giving ---- */

static void free_checkpoint(void *checkpoint)
{
    if (checkpoint == NULL)
        return;
    fold_release(checkpoint);
    free(checkpoint);
}

/* What a checkpoint takes. Decoder and analysis do not say; copies were measured (malloc's own count) to take 67 kB on a
 * machine of 56 slots, 97 kB at 114, 253 kB at 2,316, and 220 bytes more for each process. */
static size_t checkpoint_size(const struct actop_session *s)
{
    size_t rows = 0;
    for (size_t i = 0; i < s->frame.schema->n_rowsets; i++)
        rows += s->frame.rows[i].n;
    return ((size_t)88 << 10) + (size_t)s->frame.schema->n_slots * 80 + rows * 256;
}

static struct fold *make_checkpoint(const struct actop_session *s)
{
    struct fold *f = calloc(1, sizeof *f);
    if (f == NULL || fold_clone(f, &s->fold, NULL) == ACTOP_OK)
        return f;
    free(f);
    return NULL;
}

actop_status session_history_open(struct actop_session *s, actop_error *err)
{
    if (s->options.history_bytes == 0)
        return ACTOP_OK;
    return history_new(s->options.history_bytes, free_checkpoint, &s->history, err);
}

void session_history_close(struct actop_session *s)
{
    history_free(s->history);
    free(s->chosen);
}

/* History is a convenience: where memory for it is lacking it begins anew, and sampling goes on. */
void session_history_add(struct actop_session *s)
{
    if (s->history == NULL)
        return;
    struct fold *checkpoint = NULL;
    uint64_t seq = s->seq + 1;
    if (seq != s->history_seq && history_wants_checkpoint(s->history))
        checkpoint = make_checkpoint(s);
    s->history_seq = seq;
    (void)history_add(s->history, &s->frame, seq, checkpoint, checkpoint_size(s), NULL);
}

void session_history_fail(struct actop_session *s)
{
    if (s->history != NULL)
        history_clear(s->history);
    s->history_seq = 0;
}

static bool is_alive(const struct actop_sample_t *sample, uint32_t row)
{
    const struct entity *e = sample_entity_get(sample, ACTOP_SCOPE_PROCESS, row);
    return (e->flags & (ACTOP_ENTITY_HIDDEN | ACTOP_ENTITY_EXITED)) == 0;
}

static double value_of(const struct actop_sample_t *sample, actop_metric id, uint32_t row)
{
    double value = 0;
    return sample_get(sample, id, row, &value) ? value : 0;
}

/* The row with most memory among those that use no CPU, after the one picked last: less memory, or a later row. */
static int64_t next_largest(const struct actop_sample_t *sample, uint32_t rows, int64_t last)
{
    int64_t best = -1;
    double limit_b = last < 0 ? 0 : value_of(sample, ACTOP_METRIC_PROC_RSS, (uint32_t)last);
    double best_b = -1;
    for (uint32_t row = 0; row < rows; row++) {
        if (!is_alive(sample, row) || value_of(sample, ACTOP_METRIC_PROC_CPU, row) > 0)
            continue;
        double rss_b = value_of(sample, ACTOP_METRIC_PROC_RSS, row);
        bool after = last < 0 || rss_b < limit_b || (!(rss_b > limit_b) && row > (uint32_t)last);
        if (after && rss_b > best_b) {
            best_b = rss_b;
            best = row;
        }
    }
    return best;
}

static struct history_process process_of(const struct actop_sample_t *sample, uint32_t row)
{
    const struct entity *e = sample_entity_get(sample, ACTOP_SCOPE_PROCESS, row);
    return (struct history_process){e->id, e->start};
}

/* Processes of a sample that use the CPU, in its order (most first), and then those with most memory. */
static size_t choose(struct actop_session *s, const struct actop_sample_t *sample)
{
    size_t n = 0;
    uint32_t rows = sample_rows(sample, ACTOP_SCOPE_PROCESS);
    for (uint32_t row = 0; row < rows && n < PAST_PROCESSES; row++)
        if (is_alive(sample, row) && value_of(sample, ACTOP_METRIC_PROC_CPU, row) > 0)
            s->chosen[n++] = process_of(sample, row);
    int64_t row = rows == 0 ? -1 : next_largest(sample, rows, -1);
    for (; row >= 0 && n < PAST_PROCESSES; row = next_largest(sample, rows, row))
        s->chosen[n++] = process_of(sample, (uint32_t)row);
    return n;
}

void session_history_keep(struct actop_session *s, const struct actop_sample_t *sample)
{
    if (s->history == NULL)
        return;
    if (VEC_GROW(s->chosen, s->cap_chosen, PAST_PROCESSES))
        (void)history_keep(s->history, sample->seq, s->chosen, choose(s, sample), NULL);
    else
        session_history_fail(s);
}

/* ---- taking ---- */

/* A sample of the past being made. */
struct past {
    struct actop_session *session;
    struct history_walk *walk; /* owned */
    struct fold fold;
    struct frame frame;
    struct sample_pool *pool;      /* a reference */
    struct actop_sample_t **parts; /* references, of the sample seq */
    size_t n_parts, cap_parts;
    uint64_t seq;
    struct actop_sample_t *done; /* the last whole sample; a reference */
};

static void past_release(struct past *p)
{
    for (size_t i = 0; i < p->n_parts; i++)
        actop_sample_unref(p->parts[i]);
    actop_sample_unref(p->done);
    sample_pool_unref(p->pool);
    free(p->parts);
    frame_release(&p->frame);
    fold_release(&p->fold);
    history_walk_free(p->walk);
}

/* The parts so far are a whole sample. */
static actop_status past_finish(struct past *p, actop_error *err)
{
    if (p->n_parts == 0)
        return ACTOP_OK;
    size_t n = p->n_parts;
    p->n_parts = 0;
    actop_sample_unref(p->done);
    p->done = NULL;
    actop_status st = fold_parts(&p->fold, p->pool, p->parts, n, &p->done, err);
    if (st == ACTOP_OK)
        p->done->seq = p->seq;
    return st;
}

static actop_status past_step(struct past *p, uint64_t seq, actop_error *err)
{
    actop_status st = ACTOP_OK;
    if (seq != p->seq)
        st = past_finish(p, err);
    p->seq = seq;
    if (st != ACTOP_OK)
        return st;
    if (!VEC_GROW(p->parts, p->cap_parts, p->n_parts + 1))
        return error_set(err, ACTOP_E_NOMEM, "out of memory for a sample");
    struct actop_sample_t *part = sample_new(p->pool);
    if (part == NULL)
        return error_set(err, ACTOP_E_NOMEM, "out of memory for a sample");
    p->parts[p->n_parts++] = part;
    return fold_frame(&p->fold, &p->session->judge, &p->frame, part, err);
}

static actop_status past_walk(struct past *p, actop_error *err)
{
    uint64_t seq = 0;
    actop_status st = history_walk_next(p->walk, &p->frame, &seq, err);
    for (; st == ACTOP_OK; st = history_walk_next(p->walk, &p->frame, &seq, err)) {
        st = past_step(p, seq, err);
        if (st != ACTOP_OK)
            return st;
    }
    return st == ACTOP_END ? past_finish(p, err) : st;
}

static actop_status past_choose(struct past *p, actop_error *err)
{
    struct process_order order = {NULL, 0};
    size_t limit = p->session->options.process_limit;
    limit = limit == 0 || limit > PAST_PROCESSES ? PAST_PROCESSES : limit;
    actop_status st = session_choose_processes(p->session, p->done, limit, &order, err);
    free(order.rows);
    return st;
}

actop_status actop_history_at(actop_session *s, uint64_t seq, const actop_sample_t **out,
                              actop_error *err)
{
    struct past p = {.session = s, .pool = NULL};
    if (s->history == NULL)
        return error_set(err, ACTOP_E_NOT_FOUND, "this session keeps no history");
    actop_status st = history_seek(s->history, seq, &p.walk, err);
    if (st == ACTOP_OK)
        st = fold_clone(&p.fold, history_walk_checkpoint(p.walk), err);
    if (st == ACTOP_OK && (p.pool = sample_pool_new()) == NULL)
        st = error_set(err, ACTOP_E_NOMEM, "out of memory for a sample");
    if (st == ACTOP_OK)
        st = past_walk(&p, err);
    if (st == ACTOP_OK && (p.done == NULL || p.done->seq != seq))
        st = error_set(err, ACTOP_E_NOT_FOUND, "this moment is not in history");
    if (st == ACTOP_OK)
        st = past_choose(&p, err);
    if (st == ACTOP_OK) {
        *out = p.done;
        p.done = NULL; /* given */
    }
    past_release(&p);
    return st;
}

void actop_history_range(actop_session *s, uint64_t *first, uint64_t *last)
{
    *first = *last = 0;
    if (s->history != NULL)
        history_range(s->history, first, last);
}

void actop_history_size(actop_session *s, size_t *used, size_t *limit)
{
    *used = *limit = 0;
    if (s->history != NULL)
        history_size(s->history, used, limit);
}
