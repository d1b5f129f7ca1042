/* SPDX-License-Identifier: MIT */
/* Findings: collectors first, then every metric of the table in its order, each with a state and, where there is no value,
 * a reason. */
#include "lib/test.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <actop/actop.h>

#include "frame/recording.h"

static actop_session *open_none(void)
{
    actop_options o = ACTOP_OPTIONS_INIT;
    actop_session *s = NULL;
    o.source = "none";
    assert_int_equal(actop_open(&o, &s, NULL), ACTOP_OK);
    return s;
}

static void findings_are_the_collectors_and_then_every_metric(void **state)
{
    actop_session *s = open_none();
    actop_finding f;
    (void)state;
    assert_non_null(actop_sample(s, NULL));
    assert_int_equal(actop_doctor_count(s), 1 + ACTOP_METRIC_COUNT);
    assert_int_equal(actop_doctor_at(s, 0, &f), ACTOP_OK);
    assert_string_equal(f.name, "none");
    assert_int_equal(f.is_metric, 0);
    assert_int_equal(f.state, ACTOP_STATE_UNSUPPORTED);
    assert_true(f.detail[0] != '\0' && f.remedy[0] != '\0');
    for (size_t i = 0; i < ACTOP_METRIC_COUNT; i++) {
        assert_int_equal(actop_doctor_at(s, i + 1, &f), ACTOP_OK);
        assert_int_equal(f.is_metric, 1);
        assert_string_equal(f.name, actop_metric_get((actop_metric)i)->key);
        bool has = f.state == ACTOP_STATE_OK || f.state == ACTOP_STATE_STALE;
        CHECK_ROW((f.detail[0] == '\0') == has, f.name);
    }
    assert_int_equal(actop_doctor_at(s, 1 + ACTOP_METRIC_COUNT, &f), ACTOP_E_NOT_FOUND);
    actop_close(s);
}

static void before_the_first_sample_no_metric_has_a_value(void **state)
{
    actop_session *s = open_none();
    actop_finding f;
    (void)state;
    for (size_t i = 1; actop_doctor_at(s, i, &f) == ACTOP_OK; i++)
        assert_int_equal(f.state, ACTOP_STATE_NONE);
    actop_close(s);
}

static actop_session *open_watched(const char *source)
{
    actop_options o = ACTOP_OPTIONS_INIT;
    actop_session *s = NULL;
    o.source = source;
    o.speed = 0;
    o.interval_ns = 100000000;
    assert_int_equal(actop_open(&o, &s, NULL), ACTOP_OK);
    assert_int_equal(actop_publication_count(s), 0);
    assert_int_equal(actop_doctor_watched_ns(s), 0);
    assert_int_equal(actop_doctor_watch(s, NULL), ACTOP_OK);
    return s;
}

static void publications_are_counted_by_the_machines_own_clock(void **state)
{
    actop_session *s = open_watched("sim:m4-max");
    actop_finding f;
    size_t found = 0;
    (void)state;
    assert_int_equal(actop_publication_at(s, 0, &f), ACTOP_E_NOT_FOUND);
    for (int n = 0; n < 51; n++)
        assert_non_null(actop_sample(s, NULL));
    assert_true(actop_doctor_watched_ns(s) == INT64_C(5000000000));
    for (size_t i = 0; actop_publication_at(s, i, &f) == ACTOP_OK; i++) {
        CHECK_ROW(f.state == ACTOP_STATE_OK && f.detail[0] != '\0' && !f.is_metric, f.name);
        if (strcmp(f.name, "Energy Model, mJ") == 0) {
            assert_string_equal(f.detail, "every 2.03 s (2 in 5.0 s)");
            found++;
        }
    }
    assert_int_equal(found, 1);
    assert_int_equal(actop_publication_at(s, actop_publication_count(s), &f), ACTOP_E_NOT_FOUND);
    actop_close(s);
}

/* A watch that begins again forgets what it saw. */
static void a_source_without_counters_of_that_kind_has_no_publications(void **state)
{
    actop_session *s = open_watched("none");
    (void)state;
    assert_non_null(actop_sample(s, NULL));
    assert_int_equal(actop_publication_count(s), 0);
    actop_close(s);
    s = open_watched("sim:m1");
    assert_non_null(actop_sample(s, NULL));
    assert_true(actop_publication_count(s) > 3);
    assert_int_equal(actop_doctor_watch(s, NULL), ACTOP_OK);
    assert_int_equal(actop_publication_count(s), 0);
    actop_close(s);
}

static void the_watch_does_without_memory(void **state)
{
    (void)state;
    for (long n = 1, hits = 0; n < 12; n++) {
        actop_session *s = open_watched("sim:m1");
        assert_non_null(actop_sample(s, NULL)); /* what sampling itself needs is there */
        alloc_fail_nth(1);
        assert_int_equal(actop_doctor_watch(s, NULL), ACTOP_E_NOMEM);
        alloc_fail_nth(0);
        assert_int_equal(actop_doctor_watch(s, NULL), ACTOP_OK);
        alloc_fail_nth(n);
        (void)actop_sample(s, NULL);
        hits += alloc_failed();
        alloc_fail_nth(0);
        assert_non_null(actop_sample(s, NULL));
        actop_close(s);
        assert_true(hits > 0);
    }
}

/* ---- Beside the sampling thread ----------------------------------------------------------------------------------- */

static char source[64]; /* "replay:PATH", a file of this test's own */
static const char *const recording = source + 7;

/* A machine whose probe finds other collectors each time: what is lent of one schema must outlive the next. */
static struct schema *make_schema(int number)
{
    struct schema *s = schema_new("none", "test");
    char name[24];
    assert_non_null(s);
    for (int i = 0; i <= number % 3; i++) {
        (void)snprintf(name, sizeof name, "part %d of %d", i, number);
        int32_t part = schema_add_collector(s, name, i == 2 ? EACCES : 0, i == 2 ? "no" : "", "");
        (void)schema_add_channel(
            s, &(struct channel_spec){
                   .key = name, .group = "g", .name = name, .collector = part, .type = SLOT_U64});
    }
    assert_int_equal(schema_seal(s, NULL), ACTOP_OK);
    return s;
}

/* Of each frame the first part is read, the second fails. */
static void record(int frames)
{
    struct recording_writer *w = NULL;
    struct frame f = {0};
    assert_int_equal(recording_create(recording, 0, &w, NULL), ACTOP_OK);
    for (int n = 0; n < frames; n++) {
        struct schema *s = make_schema(n);
        assert_int_equal(frame_begin(&f, s, 0, NULL), ACTOP_OK);
        f.seq = (uint64_t)n + 1;
        f.at = (struct os_moment){INT64_C(1000000000) * (n + 1), INT64_C(1000000000) * (n + 1),
                                  INT64_C(1000000000) * (n + 1)};
        frame_set_u64(&f, 0, (uint64_t)n);
        if (s->n_channels > 1)
            frame_set_status(&f, 1, EIO);
        assert_int_equal(recording_write(w, &f, NULL), ACTOP_OK);
        schema_unref(s);
    }
    frame_release(&f);
    assert_int_equal(recording_close(w, NULL), ACTOP_OK);
}

static actop_session *open_recording(void)
{
    actop_options o = ACTOP_OPTIONS_INIT;
    actop_session *s = NULL;
    o.source = source;
    o.speed = 0;
    o.history_bytes = 0;
    assert_int_equal(actop_open(&o, &s, NULL), ACTOP_OK);
    return s;
}

static void a_collector_of_which_nothing_can_be_read_any_more_has_failed(void **state)
{
    actop_finding f;
    (void)state;
    record(3);
    actop_session *s = open_recording();
    for (int n = 0; n < 3; n++)
        assert_non_null(actop_sample(s, NULL));
    static const struct {
        const char *name;
        actop_state state;
        const char *detail;
    } rows[] = {{"part 0 of 2", ACTOP_STATE_OK, ""},
                {"part 1 of 2", ACTOP_STATE_FAILED, "nothing of it could be read this time"},
                {"part 2 of 2", ACTOP_STATE_DENIED, "no"}};
    assert_int_equal(actop_doctor_count(s), 3 + ACTOP_METRIC_COUNT);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(actop_doctor_at(s, i, &f), ACTOP_OK);
        CHECK_ROW(strcmp(f.name, rows[i].name) == 0 && f.state == rows[i].state &&
                      strcmp(f.detail, rows[i].detail) == 0,
                  rows[i].name);
    }
    actop_close(s);
    (void)unlink(recording);
}

/* Under the thread sanitizer this is the proof that nobody looks at what the sampling thread is changing. */
static void the_doctor_may_be_asked_while_a_thread_samples_a_changing_machine(void **state)
{
    actop_finding f;
    size_t asked = 0, number = 0, part = 0;
    const actop_sample_t *sample = NULL;
    (void)state;
    record(400);
    actop_session *s = open_recording();
    assert_int_equal(actop_start(s, 1000000, NULL), ACTOP_OK);
    actop_status st = ACTOP_OK;
    for (uint64_t seq = 0; st == ACTOP_OK || st == ACTOP_E_TIMEOUT; asked++) {
        size_t n = actop_doctor_count(s) - ACTOP_METRIC_COUNT;
        assert_true(n <= 3);
        for (size_t i = 0; i < n; i++) {
            assert_int_equal(actop_doctor_at(s, i, &f), ACTOP_OK);
            assert_int_equal(sscanf(f.name, "part %zu of %zu", &part, &number), 2);
            assert_true(part == i && number % 3 == n - 1);
        }
        assert_int_equal(actop_doctor_at(s, n, &f), ACTOP_OK);
        assert_int_equal(f.is_metric, 1);
        st = actop_wait_next(s, seq, 1000000, &sample, NULL);
        if (st == ACTOP_OK) {
            actop_times t = {.size = sizeof t};
            actop_sample_times(sample, &t);
            seq = t.seq;
            actop_sample_unref(sample);
        }
    }
    assert_int_equal(st, ACTOP_END);
    assert_true(asked > 1);
    assert_int_equal(actop_doctor_count(s), 1 + ACTOP_METRIC_COUNT);
    actop_close(s);
    (void)unlink(recording);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(findings_are_the_collectors_and_then_every_metric),
        cmocka_unit_test(before_the_first_sample_no_metric_has_a_value),
        cmocka_unit_test(publications_are_counted_by_the_machines_own_clock),
        cmocka_unit_test(a_source_without_counters_of_that_kind_has_no_publications),
        cmocka_unit_test(the_watch_does_without_memory),
        cmocka_unit_test(a_collector_of_which_nothing_can_be_read_any_more_has_failed),
        cmocka_unit_test(the_doctor_may_be_asked_while_a_thread_samples_a_changing_machine),
    };
    (void)snprintf(source, sizeof source, "replay:/tmp/actop-doctor-%ld", (long)getpid());
    return cmocka_run_group_tests(tests, NULL, NULL);
}
