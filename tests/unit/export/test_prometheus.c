/* SPDX-License-Identifier: MIT */
/* Names and labels of Prometheus' formats; processes by name, bounded and conserved, whatever their names are. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "export/prometheus.h"
#include "lib/rig.h"
#include "lib/test.h"

static void labels_are_safe_and_escaped(void **state)
{
    (void)state;
    static const struct {
        const char *text, *wanted;
    } rows[] = {
        {"plain", "plain"},
        {"a \"quoted\" \\ name", "a \\\"quoted\\\" \\\\ name"},
        {"new\nline", "new?line"},
        {"\x1b[2J", "?[2J"},
        {"\xe5\x90\x8c", "\xe5\x90\x8c"},
        {"cut \xe5\x90", "cut \xef\xbf\xbd"},
        {"\xe2\x80\xae"
         "evil",
         "?evil"},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf b = BUF_INIT;
        prometheus_put_label(&b, rows[i].text);
        CHECK_ROW(strcmp(b.data != NULL ? b.data : "", rows[i].wanted) == 0, rows[i].wanted);
        buf_release(&b);
    }
}

static void families_are_derived_or_as_given(void **state)
{
    (void)state;
    static const struct {
        actop_metric id;
        const char *wanted;
    } rows[] = {
        {ACTOP_METRIC_CPU_POWER, "actop_cpu_power_watts"},
        {ACTOP_METRIC_DRAM_POWER, "actop_dram_power_watts"},
        {ACTOP_METRIC_GAPS, "actop_machine_gaps_total"},
        {ACTOP_METRIC_CLUSTER_FREQ, "actop_cluster_frequency_hertz"},
        {ACTOP_METRIC_CLUSTER_REALIZED_FREQ, "actop_cluster_frequency_hertz"},
        {ACTOP_METRIC_RAIL_ENERGY, "actop_energy_joules_total"},
        {ACTOP_METRIC_CHIP, ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf b = BUF_INIT;
        prometheus_put_family(&b, rows[i].id);
        CHECK_ROW(strcmp(b.data != NULL ? b.data : "", rows[i].wanted) == 0, rows[i].wanted);
        buf_release(&b);
    }
}

/* Sum and number of the samples of a family. */
static double sum_of(const char *body, const char *family, uint32_t *n)
{
    double sum = 0;
    *n = 0;
    for (const char *line = body; *line != '\0'; line += strcspn(line, "\n") + 1) {
        if (strncmp(line, family, strlen(family)) != 0 || line[strlen(family)] != '{')
            continue;
        size_t length = strcspn(line, "\n");
        const char *value = line + length;
        while (value[-1] != ' ')
            value--;
        sum += strtod(value, NULL);
        (*n)++;
    }
    return sum;
}

static void any_number_of_names_makes_at_most_51_groups_that_add_up(void **state)
{
    (void)state;
    enum { PROCESSES = 20000 };
    struct rig *r = rig_new(NULL);
    struct buf b = BUF_INIT;
    actop_format_options o = ACTOP_FORMAT_OPTIONS_INIT;
    struct rng g = {42};
    double rss = 0;
    uint32_t n;
    o.processes = 1;
    rig_begin(r, 1);
    for (unsigned p = 0; p < PROCESSES; p++) {
        char name[40];
        (void)snprintf(name, sizeof name, "%s%u", p % 7 == 0 ? "other" : "n\"\\\n\x1b\xff",
                       p % 7 == 0 ? 0 : p);
        uint32_t row = rig_process(r, p + 1, 1, p % 7 == 0 ? "other" : name, -1);
        double bytes = rng_below(&g, 1000000);
        rig_set(r, ACTOP_METRIC_PROC_RSS, row, bytes);
        rig_set(r, ACTOP_METRIC_PROC_CPU, row, rng_unit(&g));
        rss += bytes;
    }
    prometheus_put(&b, r->s, &o);
    assert_false(b.failed);
    double sum = sum_of(b.data, "actop_process_rss_bytes", &n);
    assert_int_equal(n, 51);
    assert_true(sum == rss);
    assert_null(strstr(b.data, "\x1b"));
    buf_release(&b);
    rig_free(r);
}

static void volumes_that_differ_at_the_end_of_long_paths_are_two(void **state)
{
    (void)state;
    static const char *const paths[] = {
        "/var/lib/kubelet/pods/0a1b2c3d-0000-1111-2222-333344445555/volumes/csi/one/mount",
        "/var/lib/kubelet/pods/0a1b2c3d-0000-1111-2222-333344445555/volumes/csi/two/mount"};
    struct rig *r = rig_new(NULL);
    struct buf b = BUF_INIT;
    actop_format_options o = ACTOP_FORMAT_OPTIONS_INIT;
    rig_begin(r, 1);
    for (size_t i = 0; i < 2; i++) {
        size_t n = strlen(paths[i]);
        int32_t row = sample_add_row(r->s, ACTOP_SCOPE_VOLUME, paths[i], n, paths[i], n);
        assert_true(row >= 0);
        rig_set(r, ACTOP_METRIC_VOLUME_TOTAL, (uint32_t)row, 1000);
    }
    prometheus_put(&b, r->s, &o);
    for (size_t i = 0; i < 2; i++)
        assert_non_null(strstr(b.data, paths[i]));
    buf_release(&b);
    rig_free(r);
}

static void what_has_no_value_is_absent(void **state)
{
    (void)state;
    struct rig *r = rig_new(NULL);
    struct buf b = BUF_INIT;
    actop_format_options o = ACTOP_FORMAT_OPTIONS_INIT;
    rig_begin(r, 1);
    rig_set(r, ACTOP_METRIC_CPU_POWER, 0, 0);
    sample_put_state(r->s, ACTOP_METRIC_GPU_POWER, 0, ACTOP_STATE_DENIED, 0);
    rig_set(r, ACTOP_METRIC_TIER_UTIL, RIG_P, 0.5);
    openmetrics_put(&b, r->s, &o);
    assert_non_null(strstr(b.data, "\nactop_cpu_power_watts 0\n"));
    assert_null(strstr(b.data, "actop_gpu_power_watts"));
    assert_non_null(strstr(b.data, "\nactop_pcpu_utilization_percent 50\n"));
    assert_null(strstr(b.data, "actop_ecpu_utilization_percent"));
    assert_string_equal(b.data + b.len - 6, "# EOF\n");
    buf_release(&b);
    rig_free(r);
}

static void a_process_that_ended_is_in_no_list_of_processes(void **state)
{
    (void)state;
    static const actop_format_id formats[] = {ACTOP_FORMAT_NDJSON, ACTOP_FORMAT_PROMETHEUS,
                                              ACTOP_FORMAT_TEXT};
    struct rig *r = rig_new(NULL);
    actop_format_options o = ACTOP_FORMAT_OPTIONS_INIT;
    o.processes = 1;
    rig_begin(r, 1);
    rig_set(r, ACTOP_METRIC_PROC_RSS, rig_process(r, 1, 1, "living", 1), 4096);
    uint32_t row = rig_process(r, 2, 1, "departed", -1);
    rig_set(r, ACTOP_METRIC_PROC_ENERGY, row, 5);
    sample_entity(r->s, ACTOP_SCOPE_PROCESS, row)->flags = ACTOP_ENTITY_EXITED;
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        static char text[65536];
        assert_true(actop_format(r->s, formats[i], &o, text, sizeof text) < sizeof text);
        assert_non_null(strstr(text, "living"));
        assert_null(strstr(text, "departed"));
    }
    rig_free(r);
}

static void collectors_are_told_apart_by_whether_they_work(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int32_t status;
        bool failed;
        const char *wanted; /* NULL: no such line */
    } rows[] = {{"works", 0, false, "1"},       {"fails now", 0, true, "0"},
                {"denied", EACCES, false, "0"}, {"not this machine's", -1, false, NULL},
                {"gone", ENOENT, false, NULL},  {"broken \"name\"", EIO, true, "0"}};
    static const char format[] = "actop_scrape_collector_success{collector=\"%s\"} %s\n";
    struct rig *r = rig_new(NULL);
    actop_format_options o = ACTOP_FORMAT_OPTIONS_INIT;
    struct buf b = BUF_INIT;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        topology_add_collector(r->topology, rows[i].name, rows[i].status, "", "");
    rig_begin(r, 1);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        r->s->collectors_failed |= (uint64_t)rows[i].failed << i;
    rig_step(r);
    prometheus_put(&b, r->s, &o);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char line[200], name[64];
        struct buf label;
        buf_init_fixed(&label, name, sizeof name);
        prometheus_put_label(&label, rows[i].name);
        (void)snprintf(line, sizeof line, format, name,
                       rows[i].wanted != NULL ? rows[i].wanted : "");
        line[strlen(line) - (rows[i].wanted != NULL ? 0 : 1)] = '\0';
        CHECK_ROW((strstr(b.data, line) != NULL) == (rows[i].wanted != NULL), rows[i].name);
    }
    buf_release(&b);
    rig_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(labels_are_safe_and_escaped),
        cmocka_unit_test(families_are_derived_or_as_given),
        cmocka_unit_test(any_number_of_names_makes_at_most_51_groups_that_add_up),
        cmocka_unit_test(volumes_that_differ_at_the_end_of_long_paths_are_two),
        cmocka_unit_test(what_has_no_value_is_absent),
        cmocka_unit_test(a_process_that_ended_is_in_no_list_of_processes),
        cmocka_unit_test(collectors_are_told_apart_by_whether_they_work),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
