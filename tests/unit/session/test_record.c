/* SPDX-License-Identifier: MIT */
/* Recording a session and replaying it: the same samples, from the same frames. */
#include <actop/actop.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/alloc.h"
#include "lib/test.h"

static char directory[] = "/tmp/actop-record.XXXXXX";
static char path[64], source[80];

static int make_directory(void **state)
{
    (void)state;
    if (mkdtemp(directory) == NULL)
        return -1;
    (void)snprintf(path, sizeof path, "%s/r", directory);
    (void)snprintf(source, sizeof source, "replay:%s", path);
    return 0;
}

static int remove_directory(void **state)
{
    (void)state;
    (void)unlink(path);
    return rmdir(directory);
}

static actop_session *open_source(const char *name, actop_error *err)
{
    actop_options o = ACTOP_OPTIONS_INIT;
    o.source = name;
    o.speed = 0;
    actop_session *s = NULL;
    (void)actop_open(&o, &s, err);
    return s;
}

static void assert_same_times(const actop_times *a, const actop_times *b)
{
    assert_int_equal(a->seq, b->seq);
    assert_int_equal(a->wall_ns, b->wall_ns);
    assert_int_equal(a->awake_ns, b->awake_ns);
    assert_int_equal(a->boot_ns, b->boot_ns);
    assert_int_equal(a->interval_ns, b->interval_ns);
    assert_int_equal(a->gap, b->gap);
}

static void a_replayed_session_gives_the_same_times_and_then_ends(void **state)
{
    (void)state;
    enum { SAMPLES = 70 };
    actop_times times[SAMPLES];
    actop_error err;
    actop_session *s = open_source("none", &err);
    assert_non_null(s);
    assert_int_equal(actop_record_start(s, path, 0, &err), ACTOP_OK);
    for (int i = 0; i < SAMPLES; i++) {
        times[i].size = sizeof times[i];
        actop_sample_times(actop_sample(s, &err), &times[i]);
    }
    actop_record_stats stats = {.size = sizeof stats};
    assert_int_equal(actop_record_get(s, &stats, &err), ACTOP_OK);
    assert_int_equal(stats.frames, SAMPLES);
    assert_int_equal(actop_record_stop(s, &err), ACTOP_OK);
    actop_close(s);
    s = open_source(source, &err);
    assert_non_null(s);
    assert_string_equal(actop_source_name(s), "none"); /* what was recorded, not how it is read */
    assert_false(actop_is_live(s));
    for (int i = 0; i < SAMPLES; i++) {
        actop_times t = {.size = sizeof t};
        const actop_sample_t *sample = actop_sample(s, &err);
        assert_non_null(sample);
        actop_sample_times(sample, &t);
        assert_same_times(&t, &times[i]);
    }
    assert_null(actop_sample(s, &err));
    assert_int_equal(err.status, ACTOP_END);
    assert_non_null(strstr(err.text, "end of the recording after frame 70"));
    actop_close(s);
}

static void recordings_are_started_and_stopped_once(void **state)
{
    (void)state;
    actop_error err;
    actop_record_stats stats = {.size = sizeof stats};
    actop_session *s = open_source("none", &err);
    assert_int_equal(actop_record_get(s, &stats, &err), ACTOP_E_STATE);
    assert_int_equal(actop_record_stop(s, &err), ACTOP_OK);
    assert_int_equal(actop_record_start(s, "", 0, &err), ACTOP_E_ARGUMENT);
    assert_int_equal(actop_record_start(s, NULL, 0, &err), ACTOP_E_ARGUMENT);
    (void)unlink(path);
    assert_int_equal(actop_record_start(s, path, 2, &err), ACTOP_E_ARGUMENT);
    assert_int_equal(actop_record_start(s, path, ACTOP_RECORD_SCRUB, &err), ACTOP_OK);
    assert_int_equal(actop_record_start(s, path, 0, &err), ACTOP_E_BUSY);
    stats.size = offsetof(actop_record_stats, bytes); /* an old program's */
    stats.bytes = 77;
    assert_non_null(actop_sample(s, &err));
    assert_int_equal(actop_record_get(s, &stats, &err), ACTOP_OK);
    assert_int_equal(stats.frames, 1);
    assert_int_equal(stats.bytes, 77);
    actop_close(s); /* stops it */
    s = open_source(source, &err);
    assert_non_null(s);
    assert_non_null(actop_sample(s, &err));
    actop_close(s);
}

static void a_replay_needs_a_file_that_is_a_recording(void **state)
{
    (void)state;
    static const struct {
        const char *source;
        actop_status want;
    } rows[] = {{"replay:", ACTOP_E_ARGUMENT},
                {"replay:/nowhere/r", ACTOP_E_NOT_FOUND},
                {"replay:/dev/null", ACTOP_E_FORMAT}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        actop_error err = {ACTOP_OK, ""};
        CHECK_ROW(open_source(rows[i].source, &err) == NULL, rows[i].source);
        CHECK_ROW(err.status == rows[i].want && err.text[0] != '\0', rows[i].source);
    }
}

/* Read a stream into a file until it ends or n bytes of it are there. */
static actop_status save_stream(actop_frames *f, const char *to, size_t least, actop_error *err)
{
    FILE *file = fopen(to, "wb");
    actop_status st = ACTOP_OK;
    assert_non_null(file);
    for (size_t total = 0; st == ACTOP_OK && total < least;) {
        char bytes[100]; /* smaller than a block */
        size_t n = 0;
        st = actop_frames_read(f, bytes, sizeof bytes, &n, INT64_C(5000000000), err);
        assert_int_equal(fwrite(bytes, 1, n, file), n);
        total += n;
    }
    (void)fclose(file);
    return st;
}

static void frames_are_read_as_a_stream_from_any_moment_on(void **state)
{
    (void)state;
    actop_error err;
    actop_frames *f = NULL, *late = NULL;
    char byte;
    size_t n = 7;
    actop_session *s = open_source("none", &err);
    assert_int_equal(actop_frames_open(s, 4, &f, &err), ACTOP_E_ARGUMENT);
    assert_int_equal(actop_frames_open(s, 0, &f, &err), ACTOP_OK);
    for (int i = 0; i < 12; i++) /* the header is there at once; then nothing without a frame */
        assert_int_equal(actop_frames_read(f, &byte, 1, &n, 0, &err), ACTOP_OK);
    assert_int_equal(actop_frames_read(f, &byte, 1, &n, 1000, &err), ACTOP_E_TIMEOUT);
    assert_int_equal(n, 0);
    assert_int_equal(actop_start(s, 2000000, &err), ACTOP_OK);
    assert_int_equal(actop_frames_read(f, &byte, 1, &n, -1, &err), ACTOP_OK);
    assert_int_equal(actop_frames_open(s, ACTOP_RECORD_SCRUB, &late, &err), ACTOP_OK);
    (void)unlink(path);
    assert_int_equal(save_stream(late, path, 1500, &err), ACTOP_OK);
    actop_frames_close(f);
    actop_frames_close(late);
    actop_close(s);
    s = open_source(source, &err); /* a stream is a recording */
    assert_non_null(s);
    for (int i = 0; i < 5; i++)
        assert_non_null(actop_sample(s, &err));
    actop_close(s);
}

static void a_stream_ends_when_sampling_does(void **state)
{
    (void)state;
    actop_error err;
    actop_frames *f = NULL;
    (void)unlink(path);
    actop_session *s = open_source("none", &err);
    assert_int_equal(actop_record_start(s, path, 0, &err), ACTOP_OK);
    for (int i = 0; i < 20; i++)
        assert_non_null(actop_sample(s, &err));
    actop_close(s);
    s = open_source(source, &err);
    assert_int_equal(actop_frames_open(s, 0, &f, &err), ACTOP_OK);
    assert_int_equal(actop_start(s, 1000000, &err), ACTOP_OK);
    char copy[80];
    (void)snprintf(copy, sizeof copy, "%s/copy", directory);
    assert_int_equal(save_stream(f, copy, SIZE_MAX, &err), ACTOP_END);
    (void)unlink(copy);
    actop_frames_close(f);
    actop_close(s);
}

static bool try_everything(void)
{
    actop_error err = {ACTOP_OK, ""};
    bool well = false;
    (void)unlink(path);
    actop_session *s = open_source("none", &err);
    if (s != NULL && actop_record_start(s, path, 0, &err) == ACTOP_OK)
        well = actop_sample(s, &err) != NULL && actop_sample(s, &err) != NULL &&
               actop_record_stop(s, &err) == ACTOP_OK;
    actop_close(s);
    if (!well)
        return false;
    s = open_source(source, &err);
    well = s != NULL && actop_sample(s, &err) != NULL && actop_sample(s, &err) != NULL;
    actop_close(s);
    return well;
}

static void every_failing_allocation_is_survived(void **state)
{
    (void)state;
    long n = 1;
    bool well;
    do { /* until no allocation was left to fail; what could do without one may do so */
        alloc_fail_nth(n++);
        well = try_everything();
    } while (alloc_failed());
    alloc_fail_nth(0);
    assert_true(well);
    assert_true(n > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_replayed_session_gives_the_same_times_and_then_ends),
        cmocka_unit_test(recordings_are_started_and_stopped_once),
        cmocka_unit_test(a_replay_needs_a_file_that_is_a_recording),
        cmocka_unit_test(frames_are_read_as_a_stream_from_any_moment_on),
        cmocka_unit_test(a_stream_ends_when_sampling_does),
        cmocka_unit_test(every_failing_allocation_is_survived),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
