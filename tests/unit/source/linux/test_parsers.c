/* SPDX-License-Identifier: MIT */
/* The parsers of the Linux source, row by row: what is right, what is cut, what is wrong. */
#include <string.h>

#include "lib/test.h"
#include "source/linux/cpufreq.h"
#include "source/linux/cpuinfo.h"
#include "source/linux/hwmon.h"
#include "source/linux/scan.h"
#include "source/linux/stat.h"
#include "source/linux/values.h"

static void the_lines_of_the_cpus_are_taken_and_no_others(void **state)
{
    static const struct {
        const char *what, *text;
        size_t cpus;
        uint64_t last_cpu, last_user, last_steal;
    } rows[] = {
        {"nothing", "", 0, 0, 0, 0},
        {"only the sum", "cpu  1 2 3 4 5 6 7 8 9 10\nintr 5\n", 0, 0, 0, 0},
        {"one", "cpu  1 2 3 4 5 6 7 8 9 10\ncpu0 1 2 3 4 5 6 7 8 9 10\nintr 5 6\n", 1, 0, 1, 8},
        {"an old kernel's four columns", "cpu 1 2 3 4\ncpu0 9 2 3 4\n", 1, 0, 9, 0},
        {"holes", "cpu  1\ncpu0 1 1 1 1 1 1 1 1\ncpu7 7 1 1 1 1 1 1 3 1 1\n", 2, 7, 7, 3},
        {"no sum", "cpu3 5 0 0 0 0 0 0 6\n", 1, 3, 5, 6},
        {"cut in a number", "cpu0 1 2 3 4 5 6 7 8\ncpu1 12", 2, 1, 12, 0},
        {"cut in the name", "cpu0 1 2 3 4 5 6 7 8\ncp", 1, 0, 1, 8},
        {"a number too large ends its line", "cpu0 99999999999999999999999 5\n", 1, 0, 0, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint64_t cpu = 0, ticks[STAT_COLUMNS] = {0};
        size_t n = 0;
        for (const char *at = rows[i].text; stat_next_cpu(&at, &cpu, ticks); n++)
            ;
        CHECK_ROW(n == rows[i].cpus, rows[i].what);
        CHECK_ROW(n == 0 || cpu == rows[i].last_cpu, rows[i].what);
        CHECK_ROW(n == 0 || (ticks[0] == rows[i].last_user && ticks[7] == rows[i].last_steal),
                  rows[i].what);
    }
}

static void a_table_of_times_ends_at_the_first_line_that_is_none(void **state)
{
    static const struct {
        const char *text;
        size_t n;
        uint64_t last_khz, last_ticks;
    } rows[] = {
        {"", 0, 0, 0},
        {"600000 1\n972000 22\n", 2, 972000, 22},
        {"600000 1\n972000 22", 2, 972000, 22},
        {"600000 1\n972000\n", 1, 600000, 1},
        {"600000 1 x\n", 0, 0, 0},
        {"cpu0 1\n", 0, 0, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint64_t khz = 0, ticks = 0, last_khz = 0, last_ticks = 0;
        size_t n = 0;
        for (const char *at = rows[i].text; time_in_state_next(&at, &khz, &ticks); n++) {
            last_khz = khz;
            last_ticks = ticks;
        }
        CHECK_ROW(n == rows[i].n && last_khz == rows[i].last_khz &&
                      last_ticks == rows[i].last_ticks,
                  rows[i].text);
    }
}

static void names_of_sensor_files_are_told_apart(void **state)
{
    static const struct {
        const char *name, *group;
        uint32_t number;
    } rows[] = {
        {"temp1_input", "hwmon/temp", 1},
        {"temp12_input", "hwmon/temp", 12},
        {"power1_average", "hwmon/power", 1},
        {"power10_input", "hwmon/power", 10},
        {"energy3_input", "hwmon/energy", 3},
        {"fan2_input", "hwmon/fan", 2},
        {"fan2_target", "hwmon/fan_target", 2},
        {"freq1_input", "hwmon/freq", 1},
        {"temp1_label", NULL, 0},
        {"temp_input", NULL, 0},
        {"temp1_inputs", NULL, 0},
        {"temp1 _input", NULL, 0},
        {"temp 1_input", NULL, 0},
        {"temp9999_input", NULL, 0},
        {"temp1", NULL, 0},
        {"", NULL, 0},
        {"pwm1", NULL, 0},
        {"in0_input", NULL, 0},
        {"temp99999999999999999999_input", NULL, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint32_t number = 0;
        const struct hwmon_kind *kind = hwmon_file(rows[i].name, &number);
        CHECK_ROW((kind != NULL) == (rows[i].group != NULL), rows[i].name);
        if (kind != NULL)
            CHECK_ROW(strcmp(kind->group, rows[i].group) == 0 && number == rows[i].number,
                      rows[i].name);
    }
}

static void lists_of_cpus_are_read_up_to_what_is_wrong(void **state)
{
    static const struct {
        const char *text;
        size_t n;
        uint64_t last;
    } rows[] = {
        {"0-3\n", 4, 3},        {"0\n", 1, 0},
        {"0-1,4,6-7\n", 5, 7},  {"", 0, 0},
        {"\n", 0, 0},           {"x", 0, 0},
        {"3-1", 0, 0},          {"0-", 0, 0},
        {"5,-", 1, 5},          {"0-4294967295", LINUX_MAX_CPUS, LINUX_MAX_CPUS - 1},
        {"8191-8193", 1, 8191},
    };
    struct linux_list l = {0};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(list_cpus(&l, rows[i].text), rows[i].text);
        CHECK_ROW(l.n == rows[i].n && (l.n == 0 || l.at[l.n - 1] == rows[i].last), rows[i].text);
    }
    list_release(&l);
}

static void lines_of_cpuinfo_have_a_name_and_a_value_without_blanks(void **state)
{
    const char *at =
        "processor\t: 0\nno colon here\n\nflags\t\t: fpu  aperfmperf x\n : empty name\nCPU part\t:\nlast : 1";
    struct cpuinfo_line line;
    (void)state;
    assert_true(cpuinfo_next(&at, &line) && cpuinfo_is(&line, "processor"));
    assert_true(line.n_value == 1 && line.value[0] == '0');
    assert_true(cpuinfo_next(&at, &line) && cpuinfo_is(&line, "flags"));
    assert_true(cpuinfo_has_word(&line, "aperfmperf") && cpuinfo_has_word(&line, "fpu") &&
                cpuinfo_has_word(&line, "x"));
    assert_false(cpuinfo_has_word(&line, "aperf"));
    assert_true(cpuinfo_next(&at, &line) && cpuinfo_is(&line, ""));
    assert_true(cpuinfo_next(&at, &line) && cpuinfo_is(&line, "CPU part") && line.n_value == 0);
    assert_true(cpuinfo_next(&at, &line) && cpuinfo_is(&line, "last"));
    assert_false(cpuinfo_next(&at, &line));
}

static void the_main_id_register_is_put_together_from_its_fields(void **state)
{
    (void)state;
    assert_int_equal(cpuinfo_midr(0x61, 0x1, 0x022, 1), 0x611f0221);
    assert_int_equal(cpuinfo_midr(0x41, 0x0, 0xd08, 3), 0x410fd083);
}

static void fractions_keep_as_many_digits_as_asked_for(void **state)
{
    static const struct {
        const char *text;
        unsigned digits;
        uint64_t value;
        const char *rest;
    } rows[] = {
        {"0.20 x", 2, 20, " x"},   {"12.3", 2, 1230, ""}, {"12", 2, 1200, ""},
        {"1.239 4", 2, 123, " 4"}, {"7.", 1, 70, ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *at = rows[i].text;
        uint64_t value = 0;
        CHECK_ROW(scan_fixed(&at, rows[i].digits, &value) && value == rows[i].value, rows[i].text);
        CHECK_ROW(strcmp(at, rows[i].rest) == 0, rows[i].text);
    }
    const char *at = "18446744073709551615.5";
    uint64_t value;
    assert_false(scan_fixed(&at, 2, &value));
    at = "0xffffffffffffffff1";
    assert_false(scan_hex(&at, &value));
    at = "0x611F0221\n";
    assert_true(scan_hex(&at, &value) && value == 0x611f0221);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_lines_of_the_cpus_are_taken_and_no_others),
        cmocka_unit_test(a_table_of_times_ends_at_the_first_line_that_is_none),
        cmocka_unit_test(names_of_sensor_files_are_told_apart),
        cmocka_unit_test(lists_of_cpus_are_read_up_to_what_is_wrong),
        cmocka_unit_test(lines_of_cpuinfo_have_a_name_and_a_value_without_blanks),
        cmocka_unit_test(the_main_id_register_is_put_together_from_its_fields),
        cmocka_unit_test(fractions_keep_as_many_digits_as_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
