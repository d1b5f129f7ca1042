/* SPDX-License-Identifier: MIT */
/* The plain report and CSV: layout, units, what is absent, names from outside. */
#include "lib/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "export/export.h"

struct made {
    struct sample_pool *pool;
    struct actop_sample_t *s;
};

static void begin(struct made *m, struct topology *t)
{
    const struct os_moment at = {
        .wall_ns = 1764000000500000000, .awake_ns = 5000000000, .boot_ns = 6000000000};
    m->pool = sample_pool_new();
    assert_non_null(m->pool);
    m->s = sample_new(m->pool);
    assert_non_null(m->s);
    sample_begin(m->s, t, &at);
    m->s->seq = 2;
    m->s->interval_ns = 2000000000;
    topology_unref(t);
}

static void end(struct made *m, char *text)
{
    free(text);
    actop_sample_unref(m->s);
    sample_pool_unref(m->pool);
}

static void put(struct made *m, actop_metric id, double v)
{
    sample_put(m->s, id, 0, v, ACTOP_MEASURED, 0);
}

static char *text_of(const struct made *m, actop_format_id format, int processes, int width)
{
    actop_format_options o = ACTOP_FORMAT_OPTIONS_INIT;
    o.processes = processes;
    o.width = width;
    size_t needs = actop_format(m->s, format, &o, NULL, 0);
    char *text = malloc(needs + 1);
    assert_non_null(text);
    assert_int_equal(actop_format(m->s, format, &o, text, needs + 1), needs);
    return text;
}

static void expect(const char *text, const char *fragment)
{
    if (text == NULL || strstr(text, fragment) == NULL)
        fail_msg("\"%s\" is not in:\n%s", fragment, text != NULL ? text : "nothing");
}

static size_t columns(const char *line, size_t n)
{
    size_t width = 0;
    for (size_t i = 0; i < n;) {
        uint32_t code;
        i += utf8_decode(line + i, n - i, &code);
        width += (size_t)utf8_width(code);
    }
    return width;
}

static void the_report_says_values_with_units_and_names_what_is_absent(void **state)
{
    struct made m;
    (void)state;
    begin(&m, topology_new());
    sample_put_text(m.s, ACTOP_METRIC_CHIP, 0, "Chip\x1b[31m", 9, 0);
    put(&m, ACTOP_METRIC_CPU_UTIL, 0.125);
    put(&m, ACTOP_METRIC_CPU_POWER, 6.594);
    sample_put_state(m.s, ACTOP_METRIC_GPU_POWER, 0, ACTOP_STATE_DENIED, 0);
    sample_put(m.s, ACTOP_METRIC_PACKAGE_POWER, 0, 9.5, ACTOP_ESTIMATED, 0);
    sample_put_at(m.s, ACTOP_METRIC_DRAM_POWER, 0, 1.25, 2000000000, ACTOP_STATE_STALE,
                  ACTOP_MEASURED, 0);
    put(&m, ACTOP_METRIC_CPU_TEMP, 51.25);
    put(&m, ACTOP_METRIC_RAM_USED, 1.5 * 1073741824.0);
    put(&m, ACTOP_METRIC_RAM_TOTAL, 8 * 1073741824.0);
    put(&m, ACTOP_METRIC_NET_RX, 999.4);
    put(&m, ACTOP_METRIC_NET_TX, 1234567);
    put(&m, ACTOP_METRIC_ALERT_THERMAL, 1);
    char *text = text_of(&m, ACTOP_FORMAT_TEXT, 0, 80);
    expect(text, "2025-11-24 16:00:00 UTC, over 2.0 s");
    expect(text, "Chip?[31m");
    expect(text, "CPU      12.5 %");
    expect(text, "Power    CPU 6.59 W   package ~9.50 W   DRAM 1.25 W (3 s old)");
    expect(text, "Heat     CPU 51.3 °C");
    expect(text, "Memory   1.5 of 8.0 GiB");
    expect(text, "Network  in 999 B/s   out 1.2 MB/s");
    expect(text, "Alerts   THERMAL");
    expect(text, "Denied   GPU power\n");
    expect(text, "Absent   GPU utilization   GPU frequency   Neural Engine power");
    end(&m, text);
}

static void a_machine_without_swap_has_none_and_not_0_of_0(void **state)
{
    struct made m;
    (void)state;
    begin(&m, topology_new());
    put(&m, ACTOP_METRIC_RAM_USED, 1073741824);
    put(&m, ACTOP_METRIC_RAM_TOTAL, 2147483648);
    put(&m, ACTOP_METRIC_SWAP_USED, 0);
    put(&m, ACTOP_METRIC_SWAP_TOTAL, 0);
    char *text = text_of(&m, ACTOP_FORMAT_TEXT, 0, 100);
    expect(text, "Memory   1.0 of 2.0 GiB   no swap\n");
    put(&m, ACTOP_METRIC_SWAP_TOTAL, 1073741824);
    free(text);
    text = text_of(&m, ACTOP_FORMAT_TEXT, 0, 100);
    expect(text, "swap 0.0 of 1.0 GiB\n");
    end(&m, text);
}

static void less_than_a_gib_is_told_in_mib(void **state)
{
    struct made m;
    (void)state;
    begin(&m, topology_new());
    put(&m, ACTOP_METRIC_RAM_USED, 100 * 1048576.0);
    put(&m, ACTOP_METRIC_RAM_TOTAL, 512 * 1048576.0);
    put(&m, ACTOP_METRIC_SWAP_USED, 32 * 1048576.0);
    put(&m, ACTOP_METRIC_SWAP_TOTAL, 1073741824);
    put(&m, ACTOP_METRIC_CGROUP_MEM_LIMIT, 48 * 1048576.0);
    char *text = text_of(&m, ACTOP_FORMAT_TEXT, 0, 100);
    expect(text, "Memory   100 of 512 MiB   swap 0.0 of 1.0 GiB\n");
    expect(text, "container memory 48 MiB");
    end(&m, text);
}

static void no_line_is_wider_than_asked_for(void **state)
{
    static const int widths[] = {60, 80, 120};
    (void)state;
    for (size_t i = 0; i < sizeof widths / sizeof widths[0]; i++) {
        struct made m;
        begin(&m, topology_new());
        put(&m, ACTOP_METRIC_CPU_UTIL, 0.5);
        char *text = text_of(&m, ACTOP_FORMAT_TEXT, 0, widths[i]);
        for (const char *line = text; *line != '\0'; line = strchr(line, '\n') + 1)
            if (columns(line, strcspn(line, "\n")) > (size_t)widths[i])
                fail_msg("wider than %d: %.*s", widths[i], (int)strcspn(line, "\n"), line);
        end(&m, text);
    }
}

static void processes_stand_in_columns_and_their_names_are_safe(void **state)
{
    struct made m;
    (void)state;
    begin(&m, topology_new());
    int32_t row = sample_add_row(m.s, ACTOP_SCOPE_PROCESS, "42", 2, "x", 1);
    assert_int_equal(row, 0);
    sample_entity(m.s, ACTOP_SCOPE_PROCESS, 0)->id = 42;
    sample_put_text(m.s, ACTOP_METRIC_PROC_COMMAND, 0, "a\nb\x1b", 4, 0);
    put(&m, ACTOP_METRIC_PROC_CPU, 1.5);
    char *text = text_of(&m, ACTOP_FORMAT_TEXT, 1, 80);
    expect(text, "\n      42   150.0       -       -         -     -  a?b?\n");
    end(&m, text);
}

static void put_interface(struct made *m, const char *name, unsigned flags, double rx)
{
    int32_t row =
        sample_add_row(m->s, ACTOP_SCOPE_INTERFACE, name, strlen(name), name, strlen(name));
    sample_entity(m->s, ACTOP_SCOPE_INTERFACE, (uint32_t)row)->flags = flags;
    sample_put(m->s, ACTOP_METRIC_IF_RX, (uint32_t)row, rx, ACTOP_MEASURED, 0);
    sample_put(m->s, ACTOP_METRIC_IF_TX, (uint32_t)row, 0, ACTOP_MEASURED, 0);
}

static void only_interfaces_that_count_stand_behind_the_machines_figures(void **state)
{
    (void)state;
    for (unsigned physical = 0; physical < 2; physical++) {
        struct made m;
        begin(&m, topology_new());
        put(&m, ACTOP_METRIC_NET_RX, 20);
        put(&m, ACTOP_METRIC_NET_TX, 0);
        put_interface(&m, "lo", 0, 5000);
        put_interface(&m, "eth0", physical != 0 ? ACTOP_ENTITY_PHYSICAL : 0, 20);
        put_interface(&m, "br0", 0, 20);
        put_interface(&m, "eth1", physical != 0 ? ACTOP_ENTITY_PHYSICAL : 0, 0);
        char *text = text_of(&m, ACTOP_FORMAT_TEXT, 0, 80);
        expect(text, physical != 0 ? "out 0 B/s   on eth0\n" : "out 0 B/s   on eth0, br0\n");
        end(&m, text);
    }
}

static size_t count(const char *text, char c)
{
    size_t n = 0;
    for (; *text != '\0'; text++)
        n += *text == c;
    return n;
}

static void processes_that_ended_take_no_line_of_those_that_run(void **state)
{
    struct made m;
    (void)state;
    begin(&m, topology_new());
    for (uint64_t pid = 1; pid <= 40; pid++) {
        char key[8];
        int n = snprintf(key, sizeof key, "%lu", (unsigned long)pid);
        int32_t row = sample_add_row(m.s, ACTOP_SCOPE_PROCESS, key, (size_t)n, "x", 1);
        struct entity *e = sample_entity(m.s, ACTOP_SCOPE_PROCESS, (uint32_t)row);
        e->id = pid;
        e->flags = pid <= 20 ? ACTOP_ENTITY_EXITED : 0;
    }
    char *text = text_of(&m, ACTOP_FORMAT_TEXT, 1, 100);
    expect(text, "\n      21 ");
    expect(text, "\n      35 ");
    assert_null(strstr(text, "\n      20 "));
    assert_null(strstr(text, "\n      36 "));
    end(&m, text);
}

static void a_sample_without_a_date_begins_with_its_length(void **state)
{
    struct made m;
    (void)state;
    begin(&m, topology_new());
    m.s->at.wall_ns = 0;
    char *text = text_of(&m, ACTOP_FORMAT_TEXT, 0, 100);
    expect(text, "over 2.0 s");
    assert_null(strstr(text, ", over"));
    end(&m, text);
}

static void a_battery_says_what_it_does_and_no_more(void **state)
{
    static const struct {
        double charge, what, flow_w;
        const char *line;
    } rows[] = {
        {0.86, 1, -12.504, "Battery  86 % discharging -12.50 W\n"},
        {0.40, 2, 30, "Battery  40 % charging 30.00 W\n"},
        {1, 3, 0, "Battery  100 % full\n"},
        {0.80, 4, -0.004, "Battery  80 % not charging\n"},
        {0.86, 0, 0, "Battery  86 %\n"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct made m;
        begin(&m, topology_new());
        assert_int_equal(sample_add_row(m.s, ACTOP_SCOPE_BATTERY, "b", 1, NULL, 0), 0);
        put(&m, ACTOP_METRIC_BATTERY_CHARGE, rows[i].charge);
        put(&m, ACTOP_METRIC_BATTERY_STATE, rows[i].what);
        put(&m, ACTOP_METRIC_BATTERY_FLOW, rows[i].flow_w);
        char *text = text_of(&m, ACTOP_FORMAT_TEXT, 0, 80);
        expect(text, rows[i].line);
        end(&m, text);
    }
}

static void csv_has_as_many_names_as_cells_and_formulas_are_texts(void **state)
{
    struct made m;
    struct topology *t = topology_new();
    (void)state;
    topology_add(t, ACTOP_SCOPE_SENSOR, "Tp01", NULL, NULL);
    begin(&m, t);
    put(&m, ACTOP_METRIC_CPU_POWER, 2.5);
    put(&m, ACTOP_METRIC_SENSOR_TEMP, 40);
    sample_put_text(m.s, ACTOP_METRIC_HOST, 0, "=1+1\"", 5, 0);
    char *head = text_of(&m, ACTOP_FORMAT_CSV_HEADER, 0, 0);
    char *line = text_of(&m, ACTOP_FORMAT_CSV, 0, 0);
    expect(head, "timestamp,seq,machine_chip,machine_host,");
    expect(head, ",cpu_power_w,");
    expect(head, ",sensor_temp_c[Tp01],");
    expect(line, "1764000000.5,2,,\"'=1+1\"\"\",");
    expect(line, ",2.5,");
    assert_int_equal(count(head, ','), count(line, ','));
    assert_int_equal(count(line, '\n'), 1);
    free(head);
    end(&m, line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_report_says_values_with_units_and_names_what_is_absent),
        cmocka_unit_test(a_machine_without_swap_has_none_and_not_0_of_0),
        cmocka_unit_test(less_than_a_gib_is_told_in_mib),
        cmocka_unit_test(no_line_is_wider_than_asked_for),
        cmocka_unit_test(only_interfaces_that_count_stand_behind_the_machines_figures),
        cmocka_unit_test(processes_stand_in_columns_and_their_names_are_safe),
        cmocka_unit_test(processes_that_ended_take_no_line_of_those_that_run),
        cmocka_unit_test(a_sample_without_a_date_begins_with_its_length),
        cmocka_unit_test(a_battery_says_what_it_does_and_no_more),
        cmocka_unit_test(csv_has_as_many_names_as_cells_and_formulas_are_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
