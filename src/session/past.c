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

static double value_of(const struct cell *column, uint32_t row)
{
    return cell_has(&column[row]) ? column[row].value : 0;
}

static struct history_process process_of(const struct actop_sample_t *sample, uint32_t row)
{
    const struct entity *e = sample_entity_get(sample, ACTOP_SCOPE_PROCESS, row);
    return (struct history_process){e->id, e->start};
}

/* Rows with most memory, most first; among equals in the order they came. */
struct largest {
    uint32_t rows[PAST_PROCESSES];
    double rss_b[PAST_PROCESSES];
    size_t n, room;
};

static void largest_add(struct largest *l, uint32_t row, double rss_b)
{
    if (l->n == l->room && (l->n == 0 || rss_b <= l->rss_b[l->n - 1]))
        return;
    l->n += l->n < l->room ? 1 : 0;
    size_t at = l->n - 1;
    for (; at > 0 && l->rss_b[at - 1] < rss_b; at--) {
        l->rss_b[at] = l->rss_b[at - 1];
        l->rows[at] = l->rows[at - 1];
    }
    l->rss_b[at] = rss_b;
    l->rows[at] = row;
}

/* Processes of a sample that use the CPU, in its order (most first), and then those with most memory. */
static size_t choose(struct actop_session *s, const struct actop_sample_t *sample)
{
    size_t n = 0;
    uint32_t rows = sample_rows(sample, ACTOP_SCOPE_PROCESS);
    const struct cell *cpu = sample_cell(sample, ACTOP_METRIC_PROC_CPU, 0);
    const struct cell *rss = sample_cell(sample, ACTOP_METRIC_PROC_RSS, 0);
    for (uint32_t row = 0; row < rows && n < PAST_PROCESSES; row++)
        if (is_alive(sample, row) && value_of(cpu, row) > 0)
            s->chosen[n++] = process_of(sample, row);
    struct largest idle = {.room = PAST_PROCESSES - n};
    for (uint32_t row = 0; row < rows && idle.room > 0; row++)
        if (is_alive(sample, row) && value_of(cpu, row) <= 0)
            largest_add(&idle, row, value_of(rss, row));
    for (size_t i = 0; i < idle.n; i++)
        s->chosen[n++] = process_of(sample, idle.rows[i]);
    return n;
}

/* ---- taking ---- */

/* Samples that were made on the way to one, or around one, stay for a while: whoever walks asks for its neighbours next. */
enum { PAST_KEPT = 32, PAST_BEFORE = 16 };
static const int64_t PAST_IDLE_NS = 20000000000;

/* Places on the way stay as well: who walks back begins at one of them, and not at the group's checkpoint again. They are
 * as many as a group of a simple session has. */
enum { PAST_MARKS = 12, MARK_EVERY = 80 };

/* A place between two samples, and what was folded up to there. */
struct mark {
    struct history_mark *at; /* owned; NULL: none */
    struct fold fold;
    uint64_t seq; /* of the sample that comes next */
};

/* Samples of the past being made, and a place in history to go on from. */
struct past {
    struct actop_session *session;
    struct history_walk *walk; /* owned; NULL: no place yet */
    struct fold fold;
    struct frame frame;
    struct sample_pool *pool;      /* a reference */
    struct actop_sample_t **parts; /* references, of the sample seq */
    size_t n_parts, cap_parts;
    uint64_t seq, target;
    unsigned filter; /* number of the process filter that the samples were chosen by */
    int64_t used_ns;
    struct actop_sample_t *kept[PAST_KEPT]; /* references */
    struct mark marks[PAST_MARKS];
};

static void past_drop_parts(struct past *p)
{
    for (size_t i = 0; i < p->n_parts; i++)
        actop_sample_unref(p->parts[i]);
    p->n_parts = 0;
}

/* Leave the place; samples stay. */
static void past_leave(struct past *p)
{
    past_drop_parts(p);
    history_walk_free(p->walk);
    p->walk = NULL;
    fold_release(&p->fold);
    p->seq = 0;
}

static void mark_release(struct mark *m)
{
    history_mark_free(m->at);
    fold_release(&m->fold);
    *m = (struct mark){.at = NULL};
}

static void past_release(struct past *p)
{
    past_leave(p);
    for (size_t i = 0; i < PAST_MARKS; i++)
        mark_release(&p->marks[i]);
    for (size_t i = 0; i < PAST_KEPT; i++)
        actop_sample_unref(p->kept[i]);
    sample_pool_unref(p->pool);
    free(p->parts);
    frame_release(&p->frame);
    *p = (struct past){.session = p->session};
}

static struct actop_sample_t *past_find(const struct past *p, uint64_t seq)
{
    for (size_t i = 0; i < PAST_KEPT; i++)
        if (p->kept[i] != NULL && p->kept[i]->seq == seq)
            return p->kept[i];
    return NULL;
}

static uint64_t away_from(const struct past *p, uint64_t seq)
{
    return seq > p->target ? seq - p->target : p->target - seq;
}

/* Keep a sample in place of none, of itself, or of the one farthest from the target. Takes the reference. */
static void past_keep(struct past *p, struct actop_sample_t *sample)
{
    size_t best = 0;
    uint64_t far = 0;
    for (size_t i = 0; i < PAST_KEPT; i++) {
        const struct actop_sample_t *k = p->kept[i];
        uint64_t away = k == NULL || k->seq == sample->seq ? UINT64_MAX : away_from(p, k->seq);
        if (away > far) {
            far = away;
            best = i;
        }
    }
    actop_sample_unref(p->kept[best]);
    p->kept[best] = sample;
}

static actop_status past_choose(struct past *p, struct actop_sample_t *sample, actop_error *err)
{
    struct process_order order = {NULL, 0};
    size_t limit = p->session->options.process_limit;
    limit = limit == 0 || limit > PAST_PROCESSES ? PAST_PROCESSES : limit;
    actop_status st = session_choose_processes(p->session, sample, limit, &order, err);
    free(order.rows);
    return st;
}

/* The parts so far are a whole sample. */
static actop_status past_finish(struct past *p, actop_error *err)
{
    struct actop_sample_t *done = NULL;
    if (p->n_parts == 0)
        return ACTOP_OK;
    size_t n = p->n_parts;
    p->n_parts = 0;
    actop_status st = fold_parts(&p->fold, p->pool, p->parts, n, &done, err);
    if (st == ACTOP_OK)
        done->seq = p->seq;
    if (st == ACTOP_OK && p->seq + PAST_BEFORE > p->target) {
        st = past_choose(p, done, err);
        if (st == ACTOP_OK) {
            past_keep(p, done);
            done = NULL; /* given */
        }
    }
    actop_sample_unref(done);
    return st;
}

/* Remember the place before sample seq, in place of none or of the one farthest from the target. Without memory there is
 * one place less. */
static void past_mark(struct past *p, uint64_t seq)
{
    struct mark *into = &p->marks[0];
    if (seq % MARK_EVERY != 0)
        return;
    for (size_t i = 0; i < PAST_MARKS; i++) {
        struct mark *m = &p->marks[i];
        if (m->at != NULL && m->seq == seq)
            return;
        if (into->at != NULL && (m->at == NULL || away_from(p, m->seq) > away_from(p, into->seq)))
            into = m;
    }
    mark_release(into);
    into->seq = seq;
    if (fold_clone(&into->fold, &p->fold, NULL) != ACTOP_OK ||
        history_mark_new(p->walk, &into->at, NULL) != ACTOP_OK)
        mark_release(into);
}

static actop_status past_step(struct past *p, uint64_t seq, actop_error *err)
{
    p->seq = seq;
    if (!VEC_GROW(p->parts, p->cap_parts, p->n_parts + 1))
        return error_no_memory(err, "a sample");
    struct actop_sample_t *part = sample_new(p->pool);
    if (part == NULL)
        return error_no_memory(err, "a sample");
    p->parts[p->n_parts++] = part;
    return fold_frame(&p->fold, &p->session->judge, &p->frame, part, err);
}

static actop_status past_walk(struct past *p, actop_error *err)
{
    uint64_t seq = 0;
    actop_status st = ACTOP_OK;
    while (st == ACTOP_OK && (st = history_walk_peek(p->walk, &seq)) == ACTOP_OK) {
        if (seq != p->seq) {
            st = past_finish(p, err);
            past_mark(p, seq);
        }
        if (st == ACTOP_OK)
            st = history_walk_next(p->walk, &p->frame, &seq, err);
        if (st == ACTOP_OK)
            st = past_step(p, seq, err);
    }
    return st == ACTOP_END ? past_finish(p, err) : st;
}

/* The last place from which all samples that lie just before the target are made, too; NULL: none. */
static const struct mark *best_mark(const struct past *p)
{
    const struct mark *best = NULL;
    for (size_t i = 0; i < PAST_MARKS; i++) {
        const struct mark *m = &p->marks[i];
        if (m->at != NULL && m->seq + PAST_BEFORE <= p->target &&
            (best == NULL || m->seq > best->seq))
            best = m;
    }
    return best;
}

/* From where the walk is, when that is before the sample and in its group; else from a place or the group's checkpoint. */
static actop_status past_begin(struct past *p, actop_error *err)
{
    const struct mark *mark = best_mark(p);
    if (p->walk != NULL && p->seq < p->target && (mark == NULL || mark->seq <= p->seq) &&
        history_walk_on(p->walk, p->target))
        return ACTOP_OK;
    past_leave(p);
    actop_status st = history_seek(p->session->history, p->target, &p->walk, err);
    if (st != ACTOP_OK)
        return st;
    if (mark == NULL || (st = history_walk_to(p->walk, mark->at, err)) == ACTOP_E_NOT_FOUND)
        st = fold_clone(&p->fold, history_walk_checkpoint(p->walk), err);
    else if (st == ACTOP_OK)
        st = fold_clone(&p->fold, &mark->fold, err);
    if (st == ACTOP_OK && p->pool == NULL && (p->pool = sample_pool_new()) == NULL)
        st = error_no_memory(err, "a sample");
    return st;
}

/* Make the sample, or have it; borrowed. */
static actop_status past_reach(struct past *p, uint64_t seq, struct actop_sample_t **out,
                               actop_error *err)
{
    unsigned filter = atomic_load(&p->session->filter_number);
    if (p->filter != filter)
        past_release(p);
    p->filter = filter;
    p->target = seq;
    *out = past_find(p, seq);
    actop_status st = *out != NULL ? ACTOP_OK : past_begin(p, err);
    if (st == ACTOP_OK && *out == NULL)
        st = past_walk(p, err);
    if (st == ACTOP_OK && (*out = past_find(p, seq)) == NULL)
        st = error_set(err, ACTOP_E_NOT_FOUND, "this moment is not in history");
    if (st != ACTOP_OK)
        past_release(p);
    return st;
}

/* One caller at a time goes on where the last one stopped; who comes meanwhile goes the whole way. */
actop_status actop_history_at(actop_session *s, uint64_t seq, const actop_sample_t **out,
                              actop_error *err)
{
    uint64_t first = 0, last = 0;
    struct past own = {.session = s};
    struct actop_sample_t *sample = NULL;
    actop_history_range(s, &first, &last);
    if (seq == 0 || seq < first || seq > last)
        return error_set(err, ACTOP_E_NOT_FOUND,
                         s->history == NULL ? "this session keeps no history"
                                            : "this moment is not in history");
    bool mine = pthread_mutex_trylock(&s->past_lock) == 0;
    struct past *p = mine ? s->past : &own;
    actop_status st = past_reach(p, seq, &sample, err);
    if (st == ACTOP_OK)
        *out = actop_sample_ref(sample);
    p->used_ns = os_awake_ns();
    past_release(&own);
    if (mine)
        (void)pthread_mutex_unlock(&s->past_lock);
    return st;
}

/* What is kept for walking is given back when nobody has walked for a while. */
static void past_tire(struct actop_session *s)
{
    if (pthread_mutex_trylock(&s->past_lock) != 0)
        return;
    if (s->past->pool != NULL && os_awake_ns() - s->past->used_ns > PAST_IDLE_NS)
        past_release(s->past);
    (void)pthread_mutex_unlock(&s->past_lock);
}

/* ---- life ---- */

actop_status session_history_open(struct actop_session *s, actop_error *err)
{
    if (s->options.history_bytes == 0)
        return ACTOP_OK;
    s->past = calloc(1, sizeof *s->past);
    if (s->past == NULL || pthread_mutex_init(&s->past_lock, NULL) != 0) {
        free(s->past);
        s->past = NULL;
        return error_no_memory(err, "history");
    }
    s->past->session = s;
    return history_new(s->options.history_bytes, free_checkpoint, &s->history, err);
}

void session_history_close(struct actop_session *s)
{
    if (s->past != NULL) {
        past_release(s->past);
        (void)pthread_mutex_destroy(&s->past_lock);
        free(s->past);
    }
    history_free(s->history);
    free(s->chosen);
}

void session_history_keep(struct actop_session *s, const struct actop_sample_t *sample)
{
    if (s->history == NULL)
        return;
    past_tire(s);
    if (VEC_GROW(s->chosen, s->cap_chosen, PAST_PROCESSES))
        (void)history_keep(s->history, sample->seq, s->chosen, choose(s, sample), NULL);
    else
        session_history_fail(s);
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
