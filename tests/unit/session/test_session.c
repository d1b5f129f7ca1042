/* SPDX-License-Identifier: MIT */
/* Sessions over the source that reads nothing: opening, sampling by hand and by thread, references, and every failing
 * allocation. */
#include <actop/actop.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "lib/alloc.h"
#include "lib/test.h"
#include "session/session.h"

static actop_session *open_none(void)
{
    actop_options o = ACTOP_OPTIONS_INIT;
    o.source = "none";
    actop_session *s = NULL;
    actop_error err = {ACTOP_OK, ""};
    if (actop_open(&o, &s, &err) != ACTOP_OK)
        assert_int_equal(err.status, ACTOP_E_NOMEM);
    return s;
}

static void bad_options_are_refused_with_a_sentence(void **state)
{
    (void)state;
    static const struct {
        const char *what, *source;
        uint32_t subsamples;
        double speed;
        const char *filter;
        actop_status want;
    } rows[] = {
        {"unknown source", "moon", 1, 1, NULL, ACTOP_E_ARGUMENT},
        {"a word that begins like a source", "nonexistent", 1, 1, NULL, ACTOP_E_ARGUMENT},
        {"no subsample", "none", 0, 1, NULL, ACTOP_E_ARGUMENT},
        {"negative speed", "none", 1, -1, NULL, ACTOP_E_ARGUMENT},
        {"bad regex", "none", 1, 1, "(", ACTOP_E_SYNTAX},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        actop_options o = ACTOP_OPTIONS_INIT;
        o.source = rows[i].source;
        o.subsamples = rows[i].subsamples;
        o.speed = rows[i].speed;
        o.process_filter = rows[i].filter;
        actop_session *s = NULL;
        actop_error err = {ACTOP_OK, ""};
        CHECK_ROW(actop_open(&o, &s, &err) == rows[i].want && s == NULL, rows[i].what);
        CHECK_ROW(err.text[0] != '\0' && err.status == rows[i].want, rows[i].what);
    }
}

static void samples_by_hand_are_numbered_and_timed(void **state)
{
    (void)state;
    actop_session *s = open_none();
    actop_times t = {.size = sizeof t};
    for (uint64_t i = 1; i <= 3; i++) {
        const actop_sample_t *sample = actop_sample(s, NULL);
        assert_non_null(sample);
        actop_sample_times(sample, &t);
        assert_int_equal(t.seq, i);
        assert_true(i == 1 ? t.interval_ns == 0 : t.interval_ns > 0);
    }
    assert_string_equal(actop_source_name(s), "none");
    assert_false(actop_is_live(s));
    actop_close(s);
    actop_close(NULL);
}

static void a_kept_reference_outlives_the_session(void **state)
{
    (void)state;
    actop_session *s = open_none();
    const actop_sample_t *kept = actop_sample_ref(actop_sample(s, NULL));
    (void)actop_sample(s, NULL);
    actop_close(s);
    assert_int_equal(actop_rows(kept, ACTOP_SCOPE_MACHINE), 1);
    actop_sample_unref(kept);
    actop_sample_unref(NULL);
}

static void the_thread_publishes_and_stops_when_asked(void **state)
{
    (void)state;
    actop_session *s = open_none();
    assert_null(actop_latest(s));
    const actop_sample_t *sample = NULL;
    assert_int_equal(actop_wait_next(s, 0, 0, &sample, NULL), ACTOP_E_STATE);
    assert_int_equal(actop_start(s, 1000, NULL), ACTOP_E_ARGUMENT);
    assert_int_equal(actop_start(s, 2000000, NULL), ACTOP_OK);
    assert_int_equal(actop_start(s, 2000000, NULL), ACTOP_E_BUSY);
    assert_null(actop_sample(s, NULL));
    uint64_t seq = 0;
    for (int i = 0; i < 5; i++) {
        assert_int_equal(actop_wait_next(s, seq, INT64_C(10000000000), &sample, NULL), ACTOP_OK);
        actop_times t = {.size = sizeof t};
        actop_sample_times(sample, &t);
        assert_true(t.seq > seq);
        seq = t.seq;
        actop_sample_unref(sample);
    }
    actop_set_interval(s, INT64_C(3600000000000));
    actop_stop(s);
    actop_stop(s);
    assert_int_equal(actop_start(s, 1000000, NULL), ACTOP_OK);
    actop_close(s);
}

/* Counts samples, and says when it has enough. */
struct seen {
    uint64_t last;
    int samples, ends, enough;
    actop_status end;
};

static int see(void *user, const actop_sample_t *sample, const actop_error *end)
{
    struct seen *seen = user;
    actop_times t = {.size = sizeof t};
    if (sample == NULL) {
        seen->ends++;
        seen->end = end->status;
        return 0;
    }
    actop_sample_times(sample, &t);
    assert_true(end == NULL && t.seq == seen->last + 1); /* none left out */
    seen->last = t.seq;
    return ++seen->samples == seen->enough;
}

static void an_observer_sees_every_sample_and_can_end_sampling(void **state)
{
    (void)state;
    struct seen seen = {.enough = 40};
    actop_options o = ACTOP_OPTIONS_INIT;
    actop_session *s = NULL;
    const actop_sample_t *sample = NULL;
    actop_error err;
    o.source = "sim:m1";
    o.speed = 0;
    assert_int_equal(actop_open(&o, &s, &err), ACTOP_OK);
    actop_observe(s, see, &seen);
    assert_int_equal(actop_start(s, 1000000000, &err), ACTOP_OK);
    assert_int_equal(actop_wait_next(s, 40, 60 * INT64_C(1000000000), &sample, &err), ACTOP_END);
    actop_stop(s);
    assert_true(seen.samples == 40 && seen.ends == 1 && seen.end == ACTOP_END);
    /* Stopped from outside, there is no end of itself. Without an observer nobody is told. */
    seen = (struct seen){.last = 40};
    assert_int_equal(actop_start(s, 1000000000, &err), ACTOP_OK);
    assert_int_equal(actop_wait_next(s, 45, 60 * INT64_C(1000000000), &sample, &err), ACTOP_OK);
    actop_sample_unref(sample);
    actop_stop(s);
    assert_true(seen.samples >= 6 && seen.ends == 0);
    actop_observe(s, NULL, NULL);
    int before = seen.samples;
    assert_int_equal(actop_start(s, 1000000000, &err), ACTOP_OK);
    assert_int_equal(actop_wait_next(s, seen.last + 2, 60 * INT64_C(1000000000), &sample, &err),
                     ACTOP_OK);
    actop_sample_unref(sample);
    actop_close(s);
    assert_int_equal(seen.samples, before);
}

static void *read_latest(void *arg)
{
    for (int i = 0; i < 2000; i++) {
        const actop_sample_t *sample = actop_latest(arg);
        if (sample != NULL)
            (void)actop_read(sample, ACTOP_METRIC_CPU_POWER, 0);
        actop_sample_unref(sample);
    }
    return NULL;
}

static void many_readers_share_published_samples(void **state)
{
    (void)state;
    actop_session *s = open_none();
    assert_int_equal(actop_start(s, 1000000, NULL), ACTOP_OK);
    pthread_t readers[4];
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&readers[i], NULL, read_latest, s), 0);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_join(readers[i], NULL), 0);
    actop_close(s);
}

static void a_filter_can_be_changed_and_a_bad_one_keeps_the_last(void **state)
{
    (void)state;
    actop_session *s = open_none();
    actop_error err = {ACTOP_OK, ""};
    assert_int_equal(actop_set_process_filter(s, "^fire.*", &err), ACTOP_OK);
    assert_int_equal(actop_set_process_filter(s, "*(", &err), ACTOP_E_SYNTAX);
    assert_true(strlen(err.text) > 3);
    assert_int_equal(actop_set_process_filter(s, NULL, &err), ACTOP_OK);
    assert_int_equal(actop_process_signal(s, 1, 1, 0, &err), ACTOP_E_STATE);
    actop_close(s);
}

/* The name of this process is not its path: only its command line has that. */
static void a_filter_sees_command_lines_whatever_else_is_wanted(void **state)
{
    (void)state;
    actop_options o = ACTOP_OPTIONS_INIT;
    actop_session *s = NULL;
    if (actop_open(&o, &s, NULL) != ACTOP_OK)
        SKIP_BECAUSE("nothing here can be read");
    assert_int_equal(actop_set_process_filter(s, "/test_session", NULL), ACTOP_OK);
    actop_want(s, ACTOP_WANT_DEFAULT | ACTOP_WANT(ACTOP_SCOPE_PROCESS));
    const actop_sample_t *sample = actop_sample(s, NULL);
    char pid[24];
    (void)snprintf(pid, sizeof pid, "%d", (int)getpid());
    assert_true(actop_entity_find(sample, ACTOP_SCOPE_PROCESS, pid) >= 0);
    actop_close(s);
}

/* What the sampling thread reads must not be what the one that signals compares, and the other way round. */
static void processes_are_signalled_while_the_thread_samples(void **state)
{
    (void)state;
    actop_options o = ACTOP_OPTIONS_INIT;
    o.want |= ACTOP_WANT(ACTOP_SCOPE_PROCESS);
    o.history_bytes = 0;
    actop_session *s = NULL;
    if (actop_open(&o, &s, NULL) != ACTOP_OK)
        SKIP_BECAUSE("nothing here can be read");
    char pid[24];
    (void)snprintf(pid, sizeof pid, "%ld", (long)getpid());
    const actop_sample_t *sample = actop_sample(s, NULL);
    actop_entity self;
    int64_t row = actop_entity_find(sample, ACTOP_SCOPE_PROCESS, pid);
    assert_true(row >= 0);
    assert_int_equal(actop_entity_at(sample, ACTOP_SCOPE_PROCESS, (uint32_t)row, &self), ACTOP_OK);
    uint64_t start = self.start;
    assert_int_equal(actop_start(s, 1000000, NULL), ACTOP_OK);
    for (int i = 0; i < 3000; i++) {
        actop_error err = {ACTOP_OK, ""};
        CHECK_ROW(actop_process_signal(s, (uint64_t)getpid(), start, 0, &err) == ACTOP_OK,
                  err.text);
    }
    actop_close(s);
}

static void waits_may_be_as_long_as_a_number_can_say(void **state)
{
    (void)state;
    actop_session *s = open_none();
    const actop_sample_t *sample = NULL;
    assert_int_equal(actop_start(s, INT64_MAX, NULL), ACTOP_OK);
    assert_int_equal(actop_wait_next(s, 0, INT64_MAX, &sample, NULL), ACTOP_OK);
    actop_sample_unref(sample);
    actop_close(s);
}

/* Watts are held between publications and joules come with them, so the two agree best just after one: never further apart
 * then than a part of a second of the power, also when another counter takes over while the session warms up. */
static void joules_are_watts_over_time_on_every_simulated_machine(void **state)
{
    (void)state;
    for (size_t i = 0; actop_machine_name(i) != NULL; i++) {
        char source[64];
        (void)snprintf(source, sizeof source, "sim:%s+compile", actop_machine_name(i));
        actop_options o = ACTOP_OPTIONS_INIT;
        o.source = source;
        o.speed = 0;
        o.history_bytes = 0;
        actop_session *s = NULL;
        assert_int_equal(actop_open(&o, &s, NULL), ACTOP_OK);
        double expected_j = 0, apart_s = 1e9;
        for (int n = 0; n < 30; n++) {
            const actop_sample_t *sample = actop_sample(s, NULL);
            actop_reading w = actop_read(sample, ACTOP_METRIC_CPU_POWER, 0);
            actop_reading j = actop_read_key(sample, "rail.energy", "cpu");
            expected_j += w.value; /* a second each */
            double seconds = actop_has_value(&w) && w.value > 0 ? (expected_j - j.value) / w.value
                                                                : apart_s;
            seconds = seconds < 0 ? -seconds : seconds;
            apart_s = n > 15 && seconds < apart_s ? seconds : apart_s;
        }
        CHECK_ROW(apart_s < 0.5 || expected_j <= 0, source);
        actop_close(s);
    }
}

static atomic_int interrupts;

/* Loses the first interrupt, as a read that begins just after it does. */
static actop_status lossy_read(struct source *s, uint32_t want, int64_t interval_ns,
                               struct frame *into, actop_error *err)
{
    (void)s;
    (void)want;
    (void)interval_ns;
    (void)into;
    struct timespec t = {0, 1000000};
    for (int i = 0; i < 10000 && atomic_load(&interrupts) < 2; i++)
        (void)nanosleep(&t, NULL);
    return error_set(err, ACTOP_E_STATE, "stopped");
}

static void count_interrupt(struct source *s)
{
    (void)s;
    (void)atomic_fetch_add(&interrupts, 1);
}

static void stopping_interrupts_until_the_read_has_ended(void **state)
{
    (void)state;
    actop_session *s = open_none();
    const struct source_ops *none = s->ops;
    struct source_ops lossy = *none;
    lossy.read = lossy_read;
    lossy.interrupt = count_interrupt;
    s->ops = &lossy;
    for (int i = 0; i < 2; i++) {
        atomic_store(&interrupts, 0);
        assert_int_equal(actop_start(s, 1000000, NULL), ACTOP_OK);
        actop_stop(s);
        assert_true(atomic_load(&interrupts) >= 2);
    }
    atomic_store(&interrupts, 2);
    assert_int_equal(actop_start(s, 1000000, NULL), ACTOP_OK);
    const actop_sample_t *sample = NULL;
    assert_int_equal(actop_wait_next(s, 0, INT64_C(10000000000), &sample, NULL), ACTOP_E_STATE);
    actop_stop(s); /* it has ended by itself */
    assert_int_equal(atomic_load(&interrupts), 2);
    s->ops = none;
    actop_close(s);
}

static bool live_with_failures(void)
{
    actop_session *s = open_none();
    if (s != NULL)
        for (int i = 0; i < 3; i++)
            (void)actop_sample(s, NULL);
    actop_close(s);
    return alloc_failed();
}

static void every_failing_allocation_is_survived(void **state)
{
    (void)state;
    long n = 1;
    for (alloc_fail_nth(n); live_with_failures(); alloc_fail_nth(++n))
        ;
    alloc_fail_nth(0);
    assert_true(n > 10);
}

/* One tick of a stream: read, decode, analyse, publish, and write as NDJSON into memory that is there. */
static void tick(actop_session *s, char *text, size_t size)
{
    actop_format_options f = ACTOP_FORMAT_OPTIONS_INIT;
    f.processes = 1;
    f.evidence = 1;
    const actop_sample_t *sample = actop_sample(s, NULL);
    assert_non_null(sample);
    size_t n = actop_format(sample, ACTOP_FORMAT_NDJSON, &f, text, size);
    assert_true(n > 100 && n < size);
}

/* Without history, whose storage is memory for what it keeps. */
static void a_whole_tick_allocates_nothing_once_all_was_seen(void **state)
{
    (void)state;
    enum { SIZE = 1 << 20, WARM = 100, TICKS = 100 };
    static const struct {
        const char *source;
        uint32_t want;
    } rows[] = {
        {"none", 0},
        {"sim:m4-max+idle", 0},
        {"sim:m3-ultra+idle", ACTOP_WANT(ACTOP_SCOPE_PROCESS) | ACTOP_WANT_GPU_CLIENTS},
        {"auto", 0},
    };
    char *text = malloc(SIZE);
    assert_non_null(text);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        actop_options o = ACTOP_OPTIONS_INIT;
        o.source = rows[i].source;
        o.want |= rows[i].want;
        o.history_bytes = 0;
        o.speed = 0;
        actop_session *s = NULL;
        if (actop_open(&o, &s, NULL) != ACTOP_OK)
            continue; /* "auto" where there is nothing to read */
        for (int k = 0; k < WARM; k++)
            tick(s, text, SIZE);
        unsigned long before = alloc_count();
        for (int k = 0; k < TICKS; k++)
            tick(s, text, SIZE);
        CHECK_ROW(alloc_count() == before, rows[i].source);
        actop_close(s);
    }
    free(text);
}

/* In the top n by one of two values, counted by hand. */
static bool is_top(const double *values, size_t n, size_t row, size_t limit)
{
    size_t before = 0;
    for (size_t i = 0; i < n; i++)
        before += values[i] > values[row] || (!(values[i] < values[row]) && i < row);
    return before < limit;
}

static struct actop_sample_t *made_processes(struct sample_pool *pool, const double *cpu,
                                             const double *rss, size_t n)
{
    static const struct os_moment never = {0, 0, 0};
    struct topology *t = topology_new();
    struct actop_sample_t *s = sample_new(pool);
    sample_begin(s, t, &never);
    topology_unref(t);
    for (uint32_t i = 0; i < n; i++) {
        assert_int_equal(sample_add_row(s, ACTOP_SCOPE_PROCESS, "p", 1, "p", 1), i);
        sample_entity(s, ACTOP_SCOPE_PROCESS, i)->id = i;
        sample_put(s, ACTOP_METRIC_PROC_CPU, i, cpu[i], ACTOP_MEASURED, 0);
        sample_put(s, ACTOP_METRIC_PROC_RSS, i, rss[i], ACTOP_MEASURED, 0);
    }
    return s;
}

static void fill(double *cpu, double *rss, size_t n)
{
    uint32_t random = 1;
    for (size_t i = 0; i < n; i++) {
        random = random * 1664525 + 1013904223;
        cpu[i] = random >> 24; /* many are equal */
        rss[i] = random >> 8 & 0xfff;
    }
}

static void the_union_of_two_tops_is_kept_once_each(void **state)
{
    enum { N = 300 };
    static const size_t limits[] = {1, 2, 50, 150, 299, 300, 0};
    double cpu[N], rss[N];
    (void)state;
    fill(cpu, rss, N);
    actop_session *s = open_none();
    struct sample_pool *pool = sample_pool_new();
    struct process_order order = {NULL, 0};
    for (size_t k = 0; k < sizeof limits / sizeof *limits; k++) {
        struct actop_sample_t *sample = made_processes(pool, cpu, rss, N);
        size_t want = 0, limit = limits[k] == 0 ? N : limits[k];
        for (size_t i = 0; i < N; i++)
            want += is_top(cpu, N, i, limit) || is_top(rss, N, i, limit);
        assert_int_equal(session_choose_processes(s, sample, limits[k], &order, NULL), ACTOP_OK);
        assert_int_equal(sample_rows(sample, ACTOP_SCOPE_PROCESS), want);
        for (uint32_t i = 0; i < want; i++) {
            size_t id = sample_entity_get(sample, ACTOP_SCOPE_PROCESS, i)->id;
            assert_true(is_top(cpu, N, id, limit) || is_top(rss, N, id, limit));
            assert_true(i == 0 ||
                        cpu[sample_entity_get(sample, ACTOP_SCOPE_PROCESS, i - 1)->id] >= cpu[id]);
        }
        actop_sample_unref(sample);
    }
    free(order.rows);
    sample_pool_unref(pool);
    actop_close(s);
}

/* Comparing each of one top with each of the other took minutes under this test's checks. */
static void a_large_limit_takes_no_time(void **state)
{
    enum { N = 200000 };
    static double cpu[N], rss[N];
    (void)state;
    fill(cpu, rss, N);
    actop_session *s = open_none();
    struct sample_pool *pool = sample_pool_new();
    struct process_order order = {NULL, 0};
    struct actop_sample_t *sample = made_processes(pool, cpu, rss, N);
    clock_t from = clock();
    assert_int_equal(session_choose_processes(s, sample, N / 3, &order, NULL), ACTOP_OK);
    assert_true((double)(clock() - from) / CLOCKS_PER_SEC < 4);
    assert_true(sample_rows(sample, ACTOP_SCOPE_PROCESS) > N / 3);
    actop_sample_unref(sample);
    free(order.rows);
    sample_pool_unref(pool);
    actop_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_options_are_refused_with_a_sentence),
        cmocka_unit_test(samples_by_hand_are_numbered_and_timed),
        cmocka_unit_test(a_kept_reference_outlives_the_session),
        cmocka_unit_test(the_thread_publishes_and_stops_when_asked),
        cmocka_unit_test(an_observer_sees_every_sample_and_can_end_sampling),
        cmocka_unit_test(many_readers_share_published_samples),
        cmocka_unit_test(a_filter_can_be_changed_and_a_bad_one_keeps_the_last),
        cmocka_unit_test(a_filter_sees_command_lines_whatever_else_is_wanted),
        cmocka_unit_test(processes_are_signalled_while_the_thread_samples),
        cmocka_unit_test(joules_are_watts_over_time_on_every_simulated_machine),
        cmocka_unit_test(waits_may_be_as_long_as_a_number_can_say),
        cmocka_unit_test(stopping_interrupts_until_the_read_has_ended),
        cmocka_unit_test(a_whole_tick_allocates_nothing_once_all_was_seen),
        cmocka_unit_test(the_union_of_two_tops_is_kept_once_each),
        cmocka_unit_test(a_large_limit_takes_no_time),
        cmocka_unit_test(every_failing_allocation_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
