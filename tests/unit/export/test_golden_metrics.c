/* SPDX-License-Identifier: MIT */
/* Golden bodies: what a scrape of each simulated machine gives, kept as text in tests/golden/metrics and reviewed by eye.
 *
 * NAME.prom is the Prometheus text whole. NAME.openmetrics holds only the lines of the OpenMetrics body that differ from it, as
 * "LINE: TEXT": the formats stand line by line beside each other, which this proves by making the one of the other. The
 * version is written VERSION. A number may differ in its last digits (by 1e-9 of itself): C libraries round sin() and
 * pow() differently. `tools/golden_metrics` writes all of it anew. */
#include "lib/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <actop/actop.h>

#include "base/buf.h"

enum { SAMPLES = 12, NAME = 300 };

static const double LAST_DIGITS = 1e-9;

static void golden_path(char out[NAME], const char *machine, const char *ending)
{
    const char *root = getenv("ACTOP_SOURCE");
    (void)snprintf(out, NAME, "%s/tests/golden/metrics/%s.%s", root != NULL ? root : ".", machine,
                   ending);
}

static void put_file(const char *machine, const char *ending, const struct buf *text)
{
    char path[NAME];
    golden_path(path, machine, ending);
    FILE *f = fopen(path, "w");
    if (f == NULL || fwrite(text->data, 1, text->len, f) != text->len || fclose(f) != 0)
        fail_msg("cannot write %s", path);
}

static void get_file(const char *machine, const char *ending, struct buf *out)
{
    char path[NAME], bytes[4096];
    golden_path(path, machine, ending);
    FILE *f = fopen(path, "r");
    if (f == NULL)
        fail_msg("no %s: tools/golden_metrics writes it", path);
    for (size_t n; (n = fread(bytes, 1, sizeof bytes, f)) > 0;)
        buf_put(out, bytes, n);
    (void)fclose(f);
    assert_false(out->failed);
}

/* ---- bodies -------------------------------------------------------------------------------------------------------- */

/* The sample's body with VERSION for the version. */
static void put_body(struct buf *out, const actop_sample_t *sample, actop_format_id format)
{
    actop_format_options f = ACTOP_FORMAT_OPTIONS_INIT;
    f.processes = 1;
    size_t n = actop_format(sample, format, &f, NULL, 0);
    char *text = malloc(n + 1);
    assert_non_null(text);
    assert_int_equal(actop_format(sample, format, &f, text, n + 1), n);
    const char *version = strstr(text, "{version=\"");
    assert_non_null(version);
    version += strlen("{version=\"");
    buf_put(out, text, (size_t)(version - text));
    buf_puts(out, "VERSION");
    buf_puts(out, version + strlen(actop_version()));
    free(text);
    assert_false(out->failed);
}

static void take_machine(const char *machine, struct buf *prometheus, struct buf *openmetrics)
{
    char source[64];
    actop_options o = ACTOP_OPTIONS_INIT;
    actop_error err = {0};
    actop_session *s = NULL;
    const actop_sample_t *sample = NULL;
    (void)snprintf(source, sizeof source, "sim:%s+llm", machine);
    o.source = source;
    o.speed = 0;
    o.history_bytes = 0;
    o.interval_ns = 1000000000;
    o.want = ACTOP_WANT_DEFAULT | ACTOP_WANT(ACTOP_SCOPE_PROCESS) | ACTOP_WANT_GPU_CLIENTS;
    if (actop_open(&o, &s, &err) != ACTOP_OK)
        fail_msg("%s: %s", source, err.text);
    for (int i = 0; i < SAMPLES; i++) {
        sample = actop_sample(s, &err);
        assert_non_null(sample);
    }
    put_body(prometheus, sample, ACTOP_FORMAT_PROMETHEUS);
    put_body(openmetrics, sample, ACTOP_FORMAT_OPENMETRICS);
    actop_close(s);
}

/* Lines of b that are not the same in a, with their numbers. */
static void put_difference(struct buf *out, const char *a, const char *b)
{
    for (unsigned long line = 1; *b != '\0'; line++) {
        size_t n = strcspn(a, "\n"), m = strcspn(b, "\n");
        if (n != m || memcmp(a, b, m) != 0) {
            buf_printf(out, "%lu: ", line);
            buf_put(out, b, m);
            buf_putc(out, '\n');
        }
        a += n + (a[n] == '\n');
        b += m + (b[m] == '\n');
    }
}

/* ---- comparing -------------------------------------------------------------------------------------------------------- */

/* Both are the same sample line, but for the last digits of the value. */
static bool nearly_same(const char *a, size_t n, const char *b, size_t m)
{
    size_t at = 0;
    while (at < n && at < m && a[at] == b[at])
        at++;
    while (at > 0 && a[at - 1] != ' ')
        at--;
    if (at == 0 || at >= n || at >= m || a[0] == '#' || memchr(a + at, ' ', n - at) != NULL)
        return false;
    char *end_a = NULL, *end_b = NULL;
    double x = strtod(a + at, &end_a), y = strtod(b + at, &end_b);
    return end_a == a + n && end_b == b + m && fabs(x - y) <= LAST_DIGITS * fabs(x);
}

static void check_same(const char *machine, const char *ending, const char *now)
{
    struct buf golden = BUF_INIT;
    get_file(machine, ending, &golden);
    const char *was = golden.data != NULL ? golden.data : "";
    for (unsigned long line = 1; *was != '\0' || *now != '\0'; line++) {
        size_t n = strcspn(was, "\n"), m = strcspn(now, "\n");
        if ((n != m || memcmp(was, now, n) != 0) && !nearly_same(was, n, now, m))
            fail_msg(
                "%s.%s:%lu: it was\n  %.*s\nand is\n  %.*s\n(tools/golden_metrics writes it anew)",
                machine, ending, line, (int)n, was, (int)m, now);
        was += n + (was[n] == '\n');
        now += m + (now[m] == '\n');
    }
    buf_release(&golden);
}

static void every_simulated_machine_is_scraped_as_before(void **state)
{
    bool write = getenv("ACTOP_GOLDEN_WRITE") != NULL;
    size_t n = 0;
    (void)state;
    for (const char *machine; (machine = actop_machine_name(n)) != NULL; n++) {
        struct buf prometheus = BUF_INIT, openmetrics = BUF_INIT, difference = BUF_INIT;
        take_machine(machine, &prometheus, &openmetrics);
        put_difference(&difference, prometheus.data, openmetrics.data);
        assert_false(difference.failed);
        if (write) {
            put_file(machine, "prom", &prometheus);
            put_file(machine, "openmetrics", &difference);
        } else {
            check_same(machine, "prom", prometheus.data);
            check_same(machine, "openmetrics", difference.data);
        }
        buf_release(&prometheus);
        buf_release(&openmetrics);
        buf_release(&difference);
    }
    assert_true(n > 20);
}

static void only_last_digits_of_values_may_differ(void **state)
{
    static const struct {
        const char *a, *b;
        bool same;
    } rows[] = {
        {"x 1.0000000000000001", "x 1.0000000000000002", true},
        {"x 1.001", "x 1.002", false},
        {"x 0", "x 1e-30", false},
        {"x{a=\"1 2\"} 3.0000000000001", "x{a=\"1 2\"} 3", true},
        {"x{a=\"1 2\"} 3", "x{a=\"1 3\"} 3", false},
        {"# HELP x 1.0000000000000001", "# HELP x 1.0000000000000002", false},
        {"x 1", "y 1", false},
        {"x 1", "x 1 2", false},
        {"x 1", "", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        CHECK_ROW(nearly_same(rows[i].a, strlen(rows[i].a), rows[i].b, strlen(rows[i].b)) ==
                      rows[i].same,
                  rows[i].a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_last_digits_of_values_may_differ),
        cmocka_unit_test(every_simulated_machine_is_scraped_as_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
