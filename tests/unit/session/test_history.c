/* SPDX-License-Identifier: MIT */
/* History: frames in a bounded ring, and samples made again from them that equal those of then. */
#include <actop/actop.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/alloc.h"
#include "lib/frames.h"
#include "lib/test.h"
#include "session/history.h"

/* ---- the ring ---- */

/* Checkpoints of these tests are the number of the sample they stand before. */
static atomic_int checkpoints;

static void free_checkpoint(void *checkpoint)
{
    if (checkpoint != NULL)
        atomic_fetch_sub(&checkpoints, 1);
    free(checkpoint);
}

static bool add(struct history *h, const struct frame *f, uint64_t seq)
{
    uint64_t *checkpoint = NULL;
    if (history_wants_checkpoint(h) && (checkpoint = malloc(sizeof *checkpoint)) != NULL) {
        *checkpoint = seq;
        atomic_fetch_add(&checkpoints, 1);
    }
    return history_add(h, f, seq, checkpoint, 1000, NULL) == ACTOP_OK;
}

/* Choose the first n processes of a frame. */
static bool keep(struct history *h, const struct frame *f, uint64_t seq, uint32_t n)
{
    struct history_process chosen[64];
    for (uint32_t i = 0; i < n; i++)
        chosen[i] = (struct history_process){frame_cell(f, 1, i, 0), frame_cell(f, 1, i, 1)};
    return history_keep(h, seq, chosen, n, NULL) == ACTOP_OK;
}

/* Frames of a walk to a sample, until its last. */
static struct frame *walk_to(struct history *h, uint64_t seq, uint64_t *from)
{
    struct history_walk *w = NULL;
    static struct frame f;
    uint64_t at = 0;
    assert_int_equal(history_seek(h, seq, &w, NULL), ACTOP_OK);
    *from = *(const uint64_t *)history_walk_checkpoint(w);
    uint64_t next = *from;
    while (history_walk_next(w, &f, &at, NULL) == ACTOP_OK) {
        assert_int_equal(at, next);
        assert_int_equal(f.seq, next);
        next++;
    }
    assert_int_equal(next, seq + 1);
    history_walk_free(w);
    return &f;
}

static void every_sample_in_range_can_be_walked_to(void **state)
{
    (void)state;
    enum { SAMPLES = 1200 };
    static struct frame copies[SAMPLES + 1];
    struct frames m;
    struct history *h = NULL;
    uint64_t first, last, from = 0;
    assert_true(frames_open(&m, 2, 0));
    assert_int_equal(history_new(1 << 20, free_checkpoint, &h, NULL), ACTOP_OK);
    history_range(h, &first, &last);
    assert_true(first == 0 && last == 0);
    for (uint64_t seq = 1; seq <= SAMPLES; seq++) {
        assert_true(seq % 150 != 0 || frames_change(&m)); /* hot-plug */
        assert_true(frames_next(&m));
        assert_int_equal(frame_copy(&copies[seq], &m.frame, NULL), ACTOP_OK);
        assert_true(add(h, &m.frame, seq) && keep(h, &m.frame, seq, 0));
        history_range(h, &first, &last);
        assert_true(first == 1 && last == seq);
        if (seq % 10 == 0 || seq < 5)
            assert_null(frames_differ(walk_to(h, seq, &from), &copies[seq]));
    }
    for (uint64_t seq = 1; seq <= SAMPLES; seq += 7) {
        struct frame *f = walk_to(h, seq, &from);
        const char *what = frames_differ(f, &copies[seq]);
        if (what != NULL)
            fail_msg("sample %llu: %s differs", (unsigned long long)seq, what);
        assert_true(from <= seq && seq - from < 960);
        assert_ptr_equal(f->schema,
                         copies[seq].schema); /* the same one, so that a decoder sees no change */
    }
    struct history_walk *w = NULL;
    assert_int_equal(history_seek(h, 0, &w, NULL), ACTOP_E_NOT_FOUND);
    assert_int_equal(history_seek(h, SAMPLES + 1, &w, NULL), ACTOP_E_NOT_FOUND);
    for (int i = 1; i <= SAMPLES; i++)
        frame_release(&copies[i]);
    (void)memset(copies, 0, sizeof copies);
    frame_release(walk_to(h, 1, &from));
    history_free(h);
    frames_close(&m);
    assert_int_equal(atomic_load(&checkpoints), 0);
}

static void bytes_are_bounded_and_the_oldest_groups_go(void **state)
{
    (void)state;
    enum { LIMIT = 200000 };
    struct frames m;
    struct history *h = NULL;
    uint64_t first = 0, last = 0, from = 0;
    size_t used, limit, most = 0;
    assert_true(frames_open(&m, 8, 0));
    assert_int_equal(history_new(LIMIT, free_checkpoint, &h, NULL), ACTOP_OK);
    for (uint64_t seq = 1; seq <= 5000; seq++) {
        uint64_t was = first;
        assert_true(frames_next(&m) && add(h, &m.frame, seq) && keep(h, &m.frame, seq, 0));
        history_range(h, &first, &last);
        history_size(h, &used, &limit);
        most = used > most ? used : most;
        assert_true(first >= was && last == seq && limit == LIMIT);
    }
    assert_true(most <= LIMIT && most > LIMIT / 2);
    print_message("# %zu bytes hold %zu samples\n", used, (size_t)(last - first + 1));
    assert_true(first > 1000 && last - first > 300);
    (void)walk_to(h, first, &from);
    assert_int_equal(from, first);
    struct history_walk *w = NULL;
    assert_int_equal(history_seek(h, first - 1, &w, NULL), ACTOP_E_NOT_FOUND);
    history_clear(h);
    history_range(h, &first, &last);
    assert_true(first == 0 && last == 0);
    assert_true(frames_next(&m) && add(h, &m.frame, 5001) && keep(h, &m.frame, 5001, 0));
    frame_release(walk_to(h, 5001, &from));
    history_free(h);
    frames_close(&m);
    assert_int_equal(atomic_load(&checkpoints), 0);
}

static bool has_process(const struct frame *f, uint64_t pid)
{
    for (uint32_t row = 0; row < f->rows[1].n; row++)
        if (frame_cell(f, 1, row, 0) == pid)
            return true;
    return false;
}

static void chosen_processes_stay_with_the_frame_before_them(void **state)
{
    (void)state;
    struct frames m;
    struct history *h = NULL;
    uint64_t from = 0, pids[31][20];
    assert_true(frames_open(&m, 1, 100));
    m.still = true; /* always the same processes */
    assert_int_equal(history_new(1 << 20, free_checkpoint, &h, NULL), ACTOP_OK);
    for (uint64_t seq = 1; seq <= 30; seq++) {
        struct history_process chosen[20];
        assert_true(frames_next(&m) && add(h, &m.frame, seq));
        for (uint32_t i = 0; i < 20; i++) { /* a window that moves by three */
            uint32_t row = (uint32_t)(seq * 3 + i) % 100;
            chosen[i] = (struct history_process){frame_cell(&m.frame, 1, row, 0),
                                                 frame_cell(&m.frame, 1, row, 1)};
            pids[seq][i] = chosen[i].pid;
        }
        assert_int_equal(history_keep(h, seq, chosen, 20, NULL), ACTOP_OK);
    }
    for (uint64_t seq = 2; seq <= 28; seq++) {
        const struct frame *f = walk_to(h, seq, &from);
        assert_int_equal(f->rows[1].n, 23);
        for (uint32_t i = 0; i < 20; i++)
            assert_true(has_process(f, pids[seq][i]) && has_process(f, pids[seq + 1][i]));
    }
    assert_int_equal(walk_to(h, 30, &from)->rows[1].n, 100); /* still waits */
    frame_release(walk_to(h, 1, &from));
    history_free(h);
    frames_close(&m);
}

static void samples_of_many_frames_are_walked_frame_by_frame(void **state)
{
    (void)state;
    struct frames m;
    struct history *h = NULL;
    struct history_walk *w = NULL;
    struct frame f = {0};
    uint64_t seq = 0, first, last;
    assert_true(frames_open(&m, 1, 0));
    assert_int_equal(history_new(1 << 20, free_checkpoint, &h, NULL), ACTOP_OK);
    for (uint64_t s = 1; s <= 10; s++) {
        for (int part = 0; part < 40; part++)
            assert_true(frames_next(&m) && add(h, &m.frame, s));
        history_range(h, &first, &last);
        assert_int_equal(last, s - 1); /* not before it is done */
        assert_true(keep(h, &m.frame, s, 0));
    }
    assert_int_equal(history_seek(h, 9, &w, NULL), ACTOP_OK);
    uint64_t from = *(const uint64_t *)history_walk_checkpoint(w);
    int parts[11] = {0};
    while (history_walk_next(w, &f, &seq, NULL) == ACTOP_OK)
        parts[seq]++;
    for (uint64_t s = from; s <= 9; s++)
        assert_int_equal(parts[s], 40);
    history_walk_free(w);
    frame_release(&f);
    history_free(h);
    frames_close(&m);
}

/* Walks that go on, while frames are added behind them: also from one that waited when it was given out. */
static void a_walk_goes_on_where_it_stopped(void **state)
{
    (void)state;
    enum { SAMPLES = 300, AHEAD = 3 };
    static struct frame copies[SAMPLES + 1];
    struct frames m;
    struct history *h = NULL;
    struct history_walk *w = NULL;
    struct frame f = {0};
    uint64_t seq = 0, expected = 1;
    assert_true(frames_open(&m, 2, 0));
    assert_int_equal(history_new(1 << 20, free_checkpoint, &h, NULL), ACTOP_OK);
    for (uint64_t s = 1; s <= SAMPLES; s++) {
        assert_true(s % 70 != 0 || frames_change(&m));
        assert_true(frames_next(&m));
        assert_int_equal(frame_copy(&copies[s], &m.frame, NULL), ACTOP_OK);
        assert_true(add(h, &m.frame, s) && keep(h, &m.frame, s, 0));
        if (s % AHEAD != 0) /* so that it is now level with the newest, now behind */
            continue;
        if (w == NULL)
            assert_int_equal(history_seek(h, s - s % 2, &w, NULL), ACTOP_OK);
        else
            assert_true(history_walk_on(w, s - s % 2));
        for (; history_walk_next(w, &f, &seq, NULL) == ACTOP_OK; expected++) {
            assert_int_equal(seq, expected);
            assert_null(frames_differ(&f, &copies[seq]));
        }
        assert_int_equal(expected, s - s % 2 + 1);
    }
    assert_false(history_walk_on(w, SAMPLES + 1)); /* not there yet */
    assert_false(history_walk_on(w, 5));           /* passed */
    history_clear(h);
    assert_false(history_walk_on(w, SAMPLES));
    history_walk_free(w);
    frame_release(&f);
    for (int i = 1; i <= SAMPLES; i++)
        frame_release(&copies[i]);
    (void)memset(copies, 0, sizeof copies);
    history_free(h);
    frames_close(&m);
    assert_int_equal(atomic_load(&checkpoints), 0);
}

static void a_walk_can_return_to_where_it_was(void **state)
{
    (void)state;
    enum { SAMPLES = 200, EVERY = 23 };
    static struct frame copies[SAMPLES + 1];
    struct history_mark *marks[SAMPLES / EVERY + 1] = {NULL};
    struct frames m;
    struct history *h = NULL;
    struct history_walk *w = NULL, *other = NULL;
    struct history_mark *none = NULL;
    struct frame f = {0};
    uint64_t seq = 0, next = 0;
    assert_true(frames_open(&m, 2, 0));
    assert_int_equal(history_new(1 << 20, free_checkpoint, &h, NULL), ACTOP_OK);
    for (uint64_t s = 1; s <= SAMPLES; s++) {
        assert_true(s % 70 != 0 || frames_change(&m));
        assert_true(frames_next(&m));
        assert_int_equal(frame_copy(&copies[s], &m.frame, NULL), ACTOP_OK);
        assert_true(add(h, &m.frame, s) && keep(h, &m.frame, s, 0));
    }
    assert_int_equal(history_seek(h, SAMPLES, &w, NULL), ACTOP_OK);
    assert_int_equal(history_mark_new(w, &none, NULL), ACTOP_E_STATE); /* nothing was read yet */
    for (uint64_t s = 1; s <= SAMPLES; s++) {
        if (s % EVERY == 0)
            assert_int_equal(history_mark_new(w, &marks[s / EVERY], NULL), ACTOP_OK);
        assert_int_equal(history_walk_peek(w, &next), ACTOP_OK);
        assert_int_equal(history_walk_next(w, &f, &seq, NULL), ACTOP_OK);
        assert_int_equal(seq, s);
        assert_int_equal(next, s);
    }
    assert_int_equal(history_walk_peek(w, &next), ACTOP_END);
    for (uint64_t k = SAMPLES / EVERY; k >= 1; k--) { /* also twice to the same place */
        assert_int_equal(history_seek(h, SAMPLES, &other, NULL), ACTOP_OK);
        assert_int_equal(history_walk_to(k % 2 == 0 ? w : other, marks[k], NULL), ACTOP_OK);
        assert_int_equal(history_walk_to(other, marks[k], NULL), ACTOP_OK);
        for (uint64_t s = k * EVERY; s <= SAMPLES; s++) {
            assert_int_equal(history_walk_next(other, &f, &seq, NULL), ACTOP_OK);
            assert_int_equal(seq, s);
            assert_null(frames_differ(&f, &copies[s]));
        }
        assert_int_equal(history_walk_next(other, &f, &seq, NULL), ACTOP_END);
        history_walk_free(other);
        history_mark_free(marks[k]);
    }
    history_walk_free(w);
    frame_release(&f);
    for (int i = 1; i <= SAMPLES; i++)
        frame_release(&copies[i]);
    (void)memset(copies, 0, sizeof copies);
    history_free(h);
    frames_close(&m);
    assert_int_equal(atomic_load(&checkpoints), 0);
}

static bool try_history(void)
{
    struct history_mark *mark = NULL;
    struct frames m = {0};
    struct history *h = NULL;
    struct history_walk *w = NULL;
    struct frame f = {0};
    uint64_t seq = 0, n = 0;
    bool well = frames_open(&m, 1, 10) &&
                history_new(1 << 20, free_checkpoint, &h, NULL) == ACTOP_OK;
    for (uint64_t s = 1; well && s <= 6; s++)
        well = (s != 4 || frames_change(&m)) && frames_next(&m) && add(h, &m.frame, s) &&
               keep(h, &m.frame, s, 5);
    well = well && history_seek(h, 6, &w, NULL) == ACTOP_OK;
    while (well && history_walk_next(w, &f, &seq, NULL) == ACTOP_OK)
        if (++n == 3)
            well = history_mark_new(w, &mark, NULL) == ACTOP_OK;
    well = well && mark != NULL && history_walk_to(w, mark, NULL) == ACTOP_OK;
    while (well && history_walk_next(w, &f, &seq, NULL) == ACTOP_OK)
        n++;
    history_walk_free(w);
    history_mark_free(mark);
    frame_release(&f);
    history_free(h);
    frames_close(&m);
    return well && n == 9;
}

static void every_failing_allocation_is_survived(void **state)
{
    (void)state;
    long n = 1;
    bool well;
    do {
        alloc_fail_nth(n++);
        well = try_history();
    } while (alloc_failed());
    alloc_fail_nth(0);
    assert_true(well);
    assert_int_equal(atomic_load(&checkpoints), 0);
}

/* ---- sessions ---- */

static actop_session *open_session(const char *source, uint32_t want, uint32_t subsamples)
{
    actop_options o = ACTOP_OPTIONS_INIT;
    o.source = source;
    o.want = want;
    o.subsamples = subsamples;
    o.speed = 0; /* simulations do not wait */
    actop_session *s = NULL;
    return actop_open(&o, &s, NULL) == ACTOP_OK ? s : NULL;
}

static void check_reading(const actop_reading *a, const actop_reading *b, const char *what)
{
    CHECK_ROW(a->state == b->state && a->origin == b->origin && a->age_ns == b->age_ns, what);
    CHECK_ROW(memcmp(&a->value, &b->value, sizeof a->value) == 0, what);
    CHECK_ROW((a->text == NULL) == (b->text == NULL) &&
                  (a->text == NULL || strcmp(a->text, b->text) == 0),
              what);
}

/* Every reading of two samples but those of processes. */
static void check_samples(const actop_sample_t *a, const actop_sample_t *b)
{
    actop_times ta = {.size = sizeof ta}, tb = {.size = sizeof tb};
    actop_sample_times(a, &ta);
    actop_sample_times(b, &tb);
    /* By fields: the padding between them may hold anything. */
    assert_true(ta.seq == tb.seq && ta.wall_ns == tb.wall_ns && ta.awake_ns == tb.awake_ns);
    assert_true(ta.boot_ns == tb.boot_ns && ta.interval_ns == tb.interval_ns && ta.gap == tb.gap);
    for (int id = 0; id < ACTOP_METRIC_COUNT; id++) {
        const actop_metric_info *info = actop_metric_get((actop_metric)id);
        if (info->scope == ACTOP_SCOPE_PROCESS || strncmp(info->key, "proc", 4) == 0)
            continue;
        assert_int_equal(actop_rows(a, info->scope), actop_rows(b, info->scope));
        for (uint32_t row = 0; row < actop_rows(a, info->scope); row++) {
            actop_reading ra = actop_read(a, info->id, row), rb = actop_read(b, info->id, row);
            check_reading(&ra, &rb, info->key);
        }
    }
}

static void nap(void)
{
    struct timespec t = {0, 20000000};
    (void)nanosleep(&t, NULL);
}

static void the_past_reads_as_it_did_then(void **state)
{
    (void)state;
    enum { SAMPLES = 12 };
    static const struct {
        const char *what;
        uint32_t want;
    } rows[] = {{"without processes", ACTOP_WANT_DEFAULT},
                {"with processes", ACTOP_WANT_DEFAULT | ACTOP_WANT(ACTOP_SCOPE_PROCESS)}};
    for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
        const actop_sample_t *then[SAMPLES + 1];
        actop_session *s = open_session("auto", rows[r].want, 1);
        assert_non_null(s);
        for (int i = 1; i <= SAMPLES; i++, nap()) {
            then[i] = actop_sample_ref(actop_sample(s, NULL));
            assert_non_null(then[i]);
        }
        uint64_t first, last;
        actop_history_range(s, &first, &last);
        assert_true(first == 1 && last == SAMPLES);
        for (uint64_t seq = 1; seq <= SAMPLES; seq++) {
            const actop_sample_t *now = NULL;
            assert_int_equal(actop_history_at(s, seq, &now, NULL), ACTOP_OK);
            check_samples(then[seq], now);
            assert_true(actop_rows(now, ACTOP_SCOPE_PROCESS) <= 110);
            assert_true((actop_rows(then[seq], ACTOP_SCOPE_PROCESS) > 0) ==
                        (actop_rows(now, ACTOP_SCOPE_PROCESS) > 0));
            actop_sample_unref(now);
            actop_sample_unref(then[seq]);
        }
        const actop_sample_t *none = NULL;
        assert_int_equal(actop_history_at(s, SAMPLES + 1, &none, NULL), ACTOP_E_NOT_FOUND);
        assert_null(none);
        actop_close(s);
    }
}

/* What was made on the way to a sample is kept for the next steps: in whatever order they come, they read as then. */
static void steps_in_any_order_read_as_it_was_then(void **state)
{
    (void)state;
    enum { SAMPLES = 260, STEPS = 400 };
    for (unsigned subsamples = 1; subsamples <= 3; subsamples += 2) {
        const actop_sample_t *then[SAMPLES + 1];
        actop_session *s = open_session(
            "sim:m1+idle", ACTOP_WANT_DEFAULT | ACTOP_WANT(ACTOP_SCOPE_PROCESS), subsamples);
        uint64_t at = SAMPLES;
        uint32_t random = 7;
        assert_non_null(s);
        for (int i = 1; i <= SAMPLES; i++)
            assert_non_null(then[i] = actop_sample_ref(actop_sample(s, NULL)));
        for (int i = 0; i < STEPS; i++) { /* mostly to a neighbour, sometimes anywhere */
            random = random * 1664525u + 1013904223u;
            unsigned dice = random >> 24;
            at = dice < 110             ? at - (at > 1)
                 : dice < 220 && at > 0 ? at + (at < SAMPLES)
                                        : 1 + (random >> 8) % SAMPLES;
            const actop_sample_t *now = NULL;
            assert_int_equal(actop_history_at(s, at, &now, NULL), ACTOP_OK);
            check_samples(then[at], now);
            actop_sample_unref(now);
        }
        for (int i = 1; i <= SAMPLES; i++)
            actop_sample_unref(then[i]);
        actop_close(s);
    }
}

static void a_new_filter_holds_for_the_past_too(void **state)
{
    (void)state;
    actop_session *s =
        open_session("sim:m1+idle", ACTOP_WANT_DEFAULT | ACTOP_WANT(ACTOP_SCOPE_PROCESS), 1);
    const actop_sample_t *sample = NULL;
    assert_non_null(s);
    for (int i = 1; i <= 10; i++)
        assert_non_null(actop_sample(s, NULL));
    assert_int_equal(actop_history_at(s, 5, &sample, NULL), ACTOP_OK);
    uint32_t all = actop_rows(sample, ACTOP_SCOPE_PROCESS);
    actop_sample_unref(sample);
    assert_int_equal(actop_set_process_filter(s, "^Safari$", NULL), ACTOP_OK);
    assert_int_equal(actop_history_at(s, 5, &sample, NULL), ACTOP_OK);
    uint32_t some = actop_rows(sample, ACTOP_SCOPE_PROCESS);
    actop_sample_unref(sample);
    assert_true(all > 5 && some < all);
    actop_close(s);
}

static void a_session_without_history_says_so(void **state)
{
    (void)state;
    actop_options o = ACTOP_OPTIONS_INIT;
    actop_session *s = NULL;
    actop_error err;
    uint64_t first = 7, last = 7;
    size_t used = 7, limit = 7;
    const actop_sample_t *sample = NULL;
    o.source = "none";
    o.history_bytes = 0;
    assert_int_equal(actop_open(&o, &s, NULL), ACTOP_OK);
    assert_non_null(actop_sample(s, NULL));
    actop_history_range(s, &first, &last);
    actop_history_size(s, &used, &limit);
    assert_true(first == 0 && last == 0 && used == 0 && limit == 0);
    assert_int_equal(actop_history_at(s, 1, &sample, &err), ACTOP_E_NOT_FOUND);
    actop_close(s);
}

/* ---- threads ---- */

struct reader {
    actop_session *session;
    atomic_bool *stop;
    atomic_int *seeks;
};

static void *seek_all_the_time(void *arg)
{
    struct reader *r = arg;
    for (uint64_t i = 0; !atomic_load(r->stop); i++) {
        uint64_t first, last;
        const actop_sample_t *sample = NULL;
        actop_history_range(r->session, &first, &last);
        if (last == 0 ||
            actop_history_at(r->session, first + i % (last - first + 1), &sample, NULL) != ACTOP_OK)
            continue;
        atomic_fetch_add(r->seeks, 1);
        actop_sample_unref(sample);
    }
    return NULL;
}

static void many_threads_go_back_while_one_samples(void **state)
{
    (void)state;
    atomic_bool stop = false;
    atomic_int seeks = 0;
    pthread_t threads[3];
    actop_options o = ACTOP_OPTIONS_INIT;
    actop_session *s = NULL;
    o.source = "none";
    o.history_bytes = 700000; /* a few groups, so that some go */
    assert_int_equal(actop_open(&o, &s, NULL), ACTOP_OK);
    assert_int_equal(actop_start(s, 1000000, NULL), ACTOP_OK);
    struct reader reader = {s, &stop, &seeks};
    for (int i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, seek_all_the_time, &reader), 0);
    for (int i = 0; i < 50; i++)
        nap();
    atomic_store(&stop, true);
    for (int i = 0; i < 3; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    actop_stop(s);
    uint64_t first, last;
    actop_history_range(s, &first, &last);
    actop_close(s);
    assert_true(atomic_load(&seeks) > 10 && last > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_sample_in_range_can_be_walked_to),
        cmocka_unit_test(bytes_are_bounded_and_the_oldest_groups_go),
        cmocka_unit_test(chosen_processes_stay_with_the_frame_before_them),
        cmocka_unit_test(samples_of_many_frames_are_walked_frame_by_frame),
        cmocka_unit_test(a_walk_goes_on_where_it_stopped),
        cmocka_unit_test(a_walk_can_return_to_where_it_was),
        cmocka_unit_test(every_failing_allocation_is_survived),
        cmocka_unit_test(steps_in_any_order_read_as_it_was_then),
        cmocka_unit_test(a_new_filter_holds_for_the_past_too),
        cmocka_unit_test(the_past_reads_as_it_did_then),
        cmocka_unit_test(a_session_without_history_says_so),
        cmocka_unit_test(many_threads_go_back_while_one_samples),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
