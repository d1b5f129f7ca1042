/* SPDX-License-Identifier: MIT */
/* The process list (order, tree, groups, filter), the series behind the charts, and the settings `W` writes. */
#include "lib/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tui/process_list.h"
#include "lib/alloc.h"
#include "tui/series.h"
#include "tui/settings.h"
#include "unit/tui/maker.h"

/* ---- processes ------------------------------------------------------------------------------------- */

static const struct maker_process family[] = {
    {"init", 1, 0, 0.0, 10, NULL},   {"shell", 10, 1, 0.1, 20, NULL},
    {"make", 20, 10, 0.2, 30, NULL}, {"cc", 31, 20, 0.9, 90, NULL},
    {"cc", 32, 20, 0.8, 80, NULL},   {"ring", 50, 51, 0.3, 5, NULL},
    {"ring", 51, 50, 0.4, 5, NULL},  {"orphan", 60, 999, 0.5, 1, NULL},
};
enum { FAMILY = sizeof family / sizeof family[0] };

static const char *listed(const struct process_list *l)
{
    static char text[400];
    size_t n = 0;
    for (size_t i = 0; i < l->n; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "%s%.*s%s%d", i > 0 ? " " : "",
                              l->rows[i].depth, "....", l->rows[i].name, (int)l->rows[i].pid);
    return text;
}

static void processes_stand_in_the_order_asked_for(void **state)
{
    (void)state;
    static const struct {
        const char *what, *filter, *want;
        int order;
        bool reverse, tree, group;
    } rows[] = {
        {"by CPU", "", "cc31 cc32 orphan60 ring51 ring50 make20 shell10 init1", ORDER_CPU, false,
         false, false},
        {"reversed", "", "init1 shell10 make20 ring50 ring51 orphan60 cc32 cc31", ORDER_CPU, true,
         false, false},
        {"by memory", "", "cc31 cc32 make20 shell10 init1 ring50 ring51 orphan60", ORDER_MEMORY,
         false, false, false},
        {"by pid", "", "init1 shell10 make20 cc31 cc32 ring50 ring51 orphan60", ORDER_PID, false,
         false, false},
        {"nothing has GPU time: those with most memory first, then by pid", "",
         "cc31 cc32 make20 shell10 init1 ring50 ring51 orphan60", ORDER_GPU, false, false, false},
        {"a tree; a ring of parents is not lost", "",
         "orphan60 init1 .shell10 ..make20 ...cc31 ...cc32 ring51 ring50", ORDER_CPU, false, true,
         false},
        {"groups", "", "cc31 ring50 orphan60 make20 shell10 init1", ORDER_CPU, false, false, true},
        {"filtered", "^CC$|ring", "cc31 cc32 ring51 ring50", ORDER_CPU, false, false, false},
        {"a tree without its root", "cc", "cc31 cc32", ORDER_CPU, false, true, false},
    };
    struct maker *m = maker_new(&maker_machines[0]);
    const actop_sample_t *s = maker_processes(m, family, FAMILY);
    struct process_list l = {0};
    char problem[100];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_true(process_list_filter(&l, rows[i].filter, problem, sizeof problem));
        assert_true(
            process_list_take(&l, s, rows[i].order, rows[i].reverse, rows[i].tree, rows[i].group));
        if (strcmp(listed(&l), rows[i].want) != 0)
            fail_msg("%s: %s", rows[i].what, listed(&l));
    }
    process_list_release(&l);
    actop_sample_unref(s);
    maker_free(m);
}

/* Name, CPU and memory of every row. */
static const char *numbers(const struct process_list *l)
{
    static char text[400];
    size_t n = 0;
    for (size_t i = 0; i < l->n; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "%s%s %.2f %.0f%s", i > 0 ? ", " : "",
                              l->rows[i].name, l->rows[i].cpu, l->rows[i].rss,
                              l->rows[i].diff ? " diff" : "");
    return text;
}

static void with_a_baseline_processes_are_differences_from_then(void **state)
{
    (void)state;
    static const struct maker_process then[] = {{"a", 10, 1, 0.50, 4000, NULL},
                                                {"b", 11, 1, 0.10, 9000, NULL}};
    static const struct maker_process now[] = {{"a", 10, 1, 0.20, 5000, NULL},
                                               {"b", 11, 1, 0.75, 8000, NULL},
                                               {"new", 12, 1, 0.30, 100, NULL}};
    struct maker *m = maker_new(&maker_machines[0]);
    const actop_sample_t *none = maker_processes(m, NULL, 0);
    const actop_sample_t *base = maker_processes(m, then, 2);
    const actop_sample_t *sample = maker_processes(m, now, 3);
    struct process_list l = {.base = base};
    assert_true(process_list_take(&l, sample, ORDER_CPU, false, false, false));
    assert_string_equal(numbers(&l), "b 0.65 -1000 diff, new 0.30 100 diff, a -0.30 1000 diff");
    l.base = none; /* nobody looked at processes then */
    assert_true(process_list_take(&l, sample, ORDER_CPU, false, false, false));
    assert_string_equal(numbers(&l), "b 0.75 8000, new 0.30 100, a 0.20 5000");
    process_list_release(&l);
    actop_sample_unref(none);
    actop_sample_unref(base);
    actop_sample_unref(sample);
    maker_free(m);
}

static void groups_are_applications_by_bundle_executable_or_name(void **state)
{
    (void)state;
    static const struct maker_process rows[] = {
        {"Safari", 10, 1, 0.5, 10, "/Applications/Safari.app/Contents/MacOS/Safari"},
        {"Web Content", 11, 1, 0.25, 10,
         "/Applications/Safari.app/Contents/XPC/Web.xpc/Contents/MacOS/Web"},
        {"worker-1", 20, 1, 0.2, 10, "/usr/bin/python3.11"},
        {"worker-2", 21, 1, 0.1, 10, "/usr/bin/python3.11"},
        {"kworker", 30, 1, 0.0, 10, NULL},
    };
    struct maker *m = maker_new(&maker_machines[0]);
    const actop_sample_t *s = maker_processes(m, rows, 5);
    struct process_list l = {0};
    assert_true(process_list_take(&l, s, ORDER_CPU, false, false, true));
    assert_string_equal(listed(&l), "Safari10 python3.1120 kworker30");
    assert_int_equal(l.rows[0].members, 2);
    assert_true(fabs(l.rows[0].cpu - 0.75) < 1e-9);
    process_list_release(&l);
    actop_sample_unref(s);
    maker_free(m);
}

static void a_bad_expression_keeps_the_last_good_filter(void **state)
{
    (void)state;
    struct process_list l = {0};
    char problem[100] = "";
    assert_true(process_list_filter(&l, "cc", problem, sizeof problem));
    assert_false(process_list_filter(&l, "(", problem, sizeof problem));
    assert_true(problem[0] != '\0');
    assert_true(l.has_filter);
    assert_int_equal(regexec(&l.filter, "cc", 0, NULL, 0), 0);
    assert_true(process_list_filter(&l, "", problem, sizeof problem));
    assert_false(l.has_filter);
    process_list_release(&l);
}

/* ---- series ---------------------------------------------------------------------------------------- */

/* A container's interface has a new name each time: 3 × SERIES_LONG samples, a new one every fourth. */
static void series_forget_what_is_long_gone(void **state)
{
    (void)state;
    struct maker *m = maker_new(&maker_machines[2]);
    struct series s = {0};
    float got[2];
    int n = 3 * SERIES_LONG;
    for (int i = 1; i <= n; i++) {
        char key[16];
        (void)snprintf(key, sizeof key, "veth%d", i / 4);
        maker_interface(m, key, i);
        const actop_sample_t *sample = maker_next(m);
        series_take(&s, sample);
        actop_sample_unref(sample);
    }
    assert_true(s.cap <= SERIES_LONG && s.n <= SERIES_LONG / 2);
    series_get(&s, ACTOP_METRIC_IF_RX, "veth3000", 12003, got, 2);
    assert_true(fabs((double)got[0] - 12002) < 100 && fabs((double)got[1] - 12003) < 100);
    series_release(&s);
    maker_free(m);
}

/* What has a place goes on taking values; what is new begins when there is memory again. */
static void series_go_on_without_memory_for_more(void **state)
{
    (void)state;
    struct maker *m = maker_new(&maker_machines[0]);
    for (long n = 1; n <= 60; n++) {
        struct series s = {0};
        float got[3];
        for (int i = 1; i <= 3; i++) {
            const actop_sample_t *sample = maker_next(m);
            alloc_fail_nth(i == 2 ? 1 : i == 1 ? n : 0);
            series_take(&s, sample);
            alloc_fail_nth(0);
            if (i == 3) {
                actop_times at = {.size = sizeof at};
                actop_sample_times(sample, &at);
                series_get(&s, ACTOP_METRIC_GPU_UTIL, "machine", at.seq, got, 3);
                assert_true(!isnan(got[2])); /* by now all have one */
                assert_true(isnan(got[0]) || !isnan(got[1]));
            }
            actop_sample_unref(sample);
        }
        series_release(&s);
    }
    maker_free(m);
}

static void series_give_back_what_was_taken_wherever_a_chart_ends(void **state)
{
    (void)state;
    struct maker *m = maker_new(&maker_machines[0]);
    struct series s = {0};
    static float seen[SERIES_LONG + 600];
    int n = SERIES_LONG + 500;
    for (int i = 1; i <= n; i++) {
        const actop_sample_t *sample = maker_next(m);
        actop_reading r = actop_read(sample, ACTOP_METRIC_GPU_UTIL, 0);
        seen[i] = (float)r.value;
        series_take(&s, sample);
        series_take(&s, sample); /* a second time changes nothing */
        actop_sample_unref(sample);
    }
    float got[200];
    static const int ends[] = {501, 700, 2000, SERIES_LONG + 500};
    for (size_t k = 0; k < sizeof ends / sizeof ends[0]; k++) {
        series_get(&s, ACTOP_METRIC_GPU_UTIL, "machine", (uint64_t)ends[k], got, 200);
        for (int i = 0; i < 200; i++) {
            int seq = ends[k] - 199 + i;
            bool kept = seq >= 1 && seq > n - SERIES_LONG;
            assert_true(kept ? fabs((double)(got[i] - seen[seq])) <= 0.004 : isnan(got[i]));
        }
    }
    series_get(&s, ACTOP_METRIC_GPU_UTIL, "machine", (uint64_t)n + 2, got, 3);
    assert_true(!isnan(got[0]) && isnan(got[1]) && isnan(got[2]));
    series_get(&s, ACTOP_METRIC_GPU_UTIL, "no such thing", 100, got, 3);
    assert_true(isnan(got[0]) && isnan(got[2]));
    series_release(&s);
    maker_free(m);
}

/* ---- settings -------------------------------------------------------------------------------------- */

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static const char *read_text(const char *path)
{
    static char text[1000];
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    assert_int_equal(fclose(file), 0);
    return text;
}

static void only_changed_settings_are_written_and_the_rest_of_the_file_stays(void **state)
{
    (void)state;
    static const struct {
        const char *what, *before, *after;
    } rows[] = {
        {"nothing there", "", "chart-glyph = block\nlayout = stack\n"},
        {"others stay", "# mine\ntheme = nord\n",
         "# mine\ntheme = nord\nchart-glyph = block\nlayout = stack\n"},
        {"replaced in place", "layout=grid\ninterval = 3\n",
         "layout = stack\ninterval = 3\nchart-glyph = block\n"},
        {"the last one counts", "layout = grid\nlayout = grid\n",
         "layout = grid\nlayout = stack\nchart-glyph = block\n"},
        {"underscores", "chart_glyph = dots\n", "chart-glyph = block\nlayout = stack\n"},
        {"no newline at the end", "theme = nord",
         "theme = nord\nchart-glyph = block\nlayout = stack\n"},
        {"a name that only begins so", "layouts = 1\n",
         "layouts = 1\nchart-glyph = block\nlayout = stack\n"},
    };
    char folder[] = "/tmp/actop-settings.XXXXXX";
    char path[100];
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/config", folder);
    struct settings saved = {.interval_s = 2};
    struct settings now = saved;
    now.glyph = GLYPH_BLOCK;
    now.stack = true;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int changed = 0;
        actop_error err;
        write_file(path, rows[i].before);
        assert_int_equal(settings_save(path, &now, &saved, &changed, &err), ACTOP_OK);
        assert_int_equal(changed, 2);
        if (strcmp(read_text(path), rows[i].after) != 0)
            fail_msg("%s:\n%s", rows[i].what, read_text(path));
    }
    (void)unlink(path);
    (void)rmdir(folder);
}

static void a_link_to_the_configuration_stays_one(void **state)
{
    (void)state;
    char folder[] = "/tmp/actop-settings.XXXXXX";
    char path[100], real[100];
    struct stat st;
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/config", folder);
    (void)snprintf(real, sizeof real, "%s/elsewhere", folder);
    write_file(real, "interval = 3\n");
    assert_int_equal(symlink("elsewhere", path), 0);
    struct settings saved = {.interval_s = 3}, now = saved;
    now.interval_s = 5;
    int changed = 0;
    assert_int_equal(settings_save(path, &now, &saved, &changed, NULL), ACTOP_OK);
    assert_non_null(strstr(read_text(real), "interval = 5"));
    assert_true(lstat(path, &st) == 0 && S_ISLNK(st.st_mode));
    (void)unlink(path);
    (void)unlink(real);
    (void)rmdir(folder);
}

static void a_file_that_cannot_be_written_is_a_sentence_and_stays(void **state)
{
    (void)state;
    struct settings saved = {.interval_s = 2};
    struct settings now = saved;
    int changed = 0;
    actop_error err = {0};
    now.show_cores = true;
    assert_int_not_equal(settings_save("/proc/no/such/place/config", &now, &saved, &changed, &err),
                         ACTOP_OK);
    assert_true(err.text[0] != '\0');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(processes_stand_in_the_order_asked_for),
        cmocka_unit_test(with_a_baseline_processes_are_differences_from_then),
        cmocka_unit_test(groups_are_applications_by_bundle_executable_or_name),
        cmocka_unit_test(a_bad_expression_keeps_the_last_good_filter),
        cmocka_unit_test(series_forget_what_is_long_gone),
        cmocka_unit_test(series_go_on_without_memory_for_more),
        cmocka_unit_test(series_give_back_what_was_taken_wherever_a_chart_ends),
        cmocka_unit_test(only_changed_settings_are_written_and_the_rest_of_the_file_stays),
        cmocka_unit_test(a_link_to_the_configuration_stays_one),
        cmocka_unit_test(a_file_that_cannot_be_written_is_a_sentence_and_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
