/* SPDX-License-Identifier: MIT */
/* Options from the command line, the environment and the configuration file: values, precedence, and a sentence for each
 * mistake. The rows of bad values are tried in all three places, because one table checks all three. */
#include "lib/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/options.h"

/* ---- Helpers: a command line from one string, an environment of one variable -------------------------------------- */

enum { WORDS = 16, TEXT = 512 };

static struct {
    char name[64], value[TEXT];
} variable; /* the whole environment of a test */

static const char *fake_env(const char *name)
{
    return variable.name[0] != '\0' && strcmp(name, variable.name) == 0 ? variable.value : NULL;
}

static const char *no_env(const char *name)
{
    (void)name;
    return NULL;
}

/* Words of line, separated by blanks; the text is kept alive for the options that point into it. */
static actop_status parse_line(struct options *o, const char *line, actop_error *err)
{
    static char text[TEXT];
    char *argv[WORDS] = {(char *)(uintptr_t) "actop"};
    int argc = 1;
    (void)snprintf(text, sizeof text, "%s", line);
    for (char *at = text; *at != '\0' && argc < WORDS - 1;) {
        char *end = at + strcspn(at, " ");
        argv[argc++] = at;
        at = *end == ' ' ? end + 1 : end;
        *end = '\0';
    }
    argv[argc] = NULL;
    options_init(o);
    return options_parse_command_line(o, argc, argv, err);
}

static actop_status parse_config(struct options *o, const char *lines, actop_error *err)
{
    static char text[TEXT];
    (void)snprintf(text, sizeof text, "%s", lines);
    return options_parse_config(o, text, strlen(text), "file", err);
}

/* ---- Good values ------------------------------------------------------------------------------------------------------- */

static void the_defaults_are_those_of_the_contract(void **state)
{
    struct options o;
    char word[24];
    (void)state;
    options_init(&o);
    assert_true(o.interval_s > 1.99 && o.interval_s < 2.01);
    assert_true(o.avg_s > 29.9 && o.avg_s < 30.1);
    assert_int_equal(o.subsamples, 1);
    assert_true(o.show_cores && o.show_residency);
    assert_false(o.show_processes || o.json || o.evidence || o.scrub || o.help);
    assert_int_equal(o.process_limit, 50);
    assert_int_equal(o.alert_bw_sat_percent, 85);
    assert_int_equal(o.alert_package_power_percent, 85);
    assert_int_equal(o.alert_throttle_freq_percent, 90);
    assert_int_equal(o.alert_sustain_samples, 3);
    assert_true(o.alert_swap_rise_gib > 0.299 && o.alert_swap_rise_gib < 0.301);
    assert_int_equal(o.samples, 0);
    assert_int_equal(o.serve_port, -1);
    assert_string_equal(o.listen, "127.0.0.1");
    assert_string_equal(o.source, "auto");
    assert_null(o.proc_filter);
    assert_string_equal(options_choice(&o, OPTION_THEME, word, sizeof word), "dark");
    assert_string_equal(options_choice(&o, OPTION_LAYOUT, word, sizeof word), "grid");
    options_release(&o);
}

static void every_default_in_the_table_is_valid(void **state)
{
    struct options o;
    (void)state;
    options_init(&o);
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        actop_error err = {ACTOP_OK, ""};
        if (option_rows[i].def[0] != '\0' && options_set(&o, (enum option_id)i, option_rows[i].def,
                                                         PLACE_COMMAND_LINE, &err) != ACTOP_OK)
            fail_msg("%s: %s", option_rows[i].name, err.text);
    }
    options_release(&o);
}

static void values_are_read_from_the_command_line(void **state)
{
    struct options o;
    actop_error err = {ACTOP_OK, ""};
    char word[24];
    (void)state;
    assert_int_equal(
        parse_line(&o, "--interval 0.5 --avg=10 --subsamples 4 --json --samples=3", &err),
        ACTOP_OK);
    assert_true(o.interval_s > 0.49 && o.interval_s < 0.51);
    assert_true(o.avg_s > 9.9 && o.avg_s < 10.1);
    assert_int_equal(o.subsamples, 4);
    assert_true(o.json);
    assert_int_equal(o.samples, 3);
    options_release(&o);

    assert_int_equal(parse_line(&o, "--int 1 --sam 2 --js", &err),
                     ACTOP_E_ARGUMENT); /* --json, --json-processes */
    options_release(&o);
    assert_int_equal(parse_line(&o, "--int 1 --sam 2", &err), ACTOP_OK);
    assert_int_equal(o.samples, 2);
    options_release(&o);

    assert_int_equal(
        parse_line(&o, "--no-show_cores --no-show-residency --theme textual-light --palette mono",
                   &err),
        ACTOP_OK);
    assert_false(o.show_cores || o.show_residency);
    assert_string_equal(options_choice(&o, OPTION_THEME, word, sizeof word), "light");
    assert_string_equal(options_choice(&o, OPTION_PALETTE, word, sizeof word), "mono");
    options_release(&o);

    assert_int_equal(
        parse_line(&o, "--no-show-cores --show-cores --speed max --alert-swap-rise-gb 1.5", &err),
        ACTOP_OK);
    assert_true(o.show_cores);
    assert_true(o.speed >= 0 && o.speed <= 0);
    assert_true(o.alert_swap_rise_gib > 1.49 && o.alert_swap_rise_gib < 1.51);
    options_release(&o);

    assert_int_equal(parse_line(&o, "--allow-host a --allow-host b --serve 0", &err), ACTOP_OK);
    assert_int_equal(o.allow_hosts.n, 2);
    assert_string_equal(o.allow_hosts.items[1], "b");
    assert_int_equal(o.serve_port, 0);
    options_release(&o);
}

static void words_keep_their_order_around_options(void **state)
{
    struct options o;
    actop_error err = {ACTOP_OK, ""};
    (void)state;
    assert_int_equal(parse_line(&o, "--json replay --interval 1 file -- --not-an-option", &err),
                     ACTOP_OK);
    assert_int_equal(o.words.n, 3);
    assert_string_equal(o.words.items[0], "replay");
    assert_string_equal(o.words.items[1], "file");
    assert_string_equal(o.words.items[2], "--not-an-option");
    options_release(&o);
}

/* ---- Mistakes ------------------------------------------------------------------------------------------------------------ */

static void a_mistake_on_the_command_line_is_named(void **state)
{
    static const struct {
        const char *line, *text;
    } rows[] = {
        {"--max_count 3", "unrecognized arguments: --max_count"},
        {"--color", "unrecognized arguments: --color"},
        {"-x", "unrecognized arguments: -x"},
        {"--interval", "argument --interval: expected one argument"},
        {"--json=yes", "argument --json: takes no value"},
        {"--no-json", "unrecognized arguments: --no-json"},
        {"--apple-root /x", "unrecognized arguments: --apple-root"},
        {"--show-c", NULL},
        {"--layo stack", NULL},
        {"--alert",
         "ambiguous option: --alert could match --alert-bw-sat-percent, --alert-package-power-percent, "},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct options o;
        actop_error err = {ACTOP_OK, ""};
        actop_status st = parse_line(&o, rows[i].line, &err);
        CHECK_ROW((st == ACTOP_OK) == (rows[i].text == NULL), rows[i].line);
        CHECK_ROW(rows[i].text == NULL ||
                      strncmp(err.text, rows[i].text, strlen(rows[i].text)) == 0,
                  err.text);
        options_release(&o);
    }
}

/* A value and why it is refused, for the option and in the words its place adds. */
static const struct {
    const char *name, *value, *why;
} bad[] = {
    {"interval", "x", "must be a number: 'x'"},
    {"interval", "0", "must be at least 0.1"},
    {"interval", "-1", "must be at least 0.1"},
    {"interval", "1,5", "must be a number: '1,5'"},
    {"interval", "nan", "must be a number: 'nan'"},
    {"interval", "inf", "must be a number: 'inf'"},
    {"interval", "0x2", "must be a number: '0x2'"},
    {"interval", "100000", "must be at most 86400"},
    {"avg", "0", "must be above 0"},
    {"avg", "-3", "must be above 0"},
    {"avg", "1e7", "must be at most 1000000"},
    {"subsamples", "0", "must be in the range 1-1000"},
    {"subsamples", "1.5", "must be a whole number: '1.5'"},
    {"subsamples", "two", "must be a whole number: 'two'"},
    {"subsamples", "99999999999999999999", "must be in the range 1-1000"},
    {"proc-filter", "(", "not a regular expression: "},
    {"process-limit", "0", "must be at least 1"},
    {"process-limit", "2000000", "must be at most 1000000"},
    {"power-scale", "log", "invalid choice: 'log' (choose from profile, auto)"},
    {"chart-glyph", "stars", "invalid choice: 'stars' (choose from dots, block, ascii)"},
    {"layout", "GRID", "invalid choice: 'GRID' (choose from grid, stack)"},
    {"palette", "rainbow", "invalid choice: 'rainbow' (choose from thermal, viridis, mono)"},
    {"theme", "solarized",
     "invalid choice: 'solarized' (choose from dark, light, nord, dracula, tokyo-night, monokai, "
     "gruvbox, catppuccin-mocha)"},
    {"alert-bw-sat-percent", "0", "must be in the range 1-100"},
    {"alert-bw-sat-percent", "101", "must be in the range 1-100"},
    {"alert-package-power-percent", "-5", "must be in the range 1-100"},
    {"alert-throttle-freq-percent", "90%", "must be a whole number: '90%'"},
    {"alert-swap-rise-gib", "-0.1", "must be at least 0"},
    {"alert-swap-rise-gb", "much", "must be a number: 'much'"},
    {"alert-sustain-samples", "0", "must be at least 1"},
    {"samples", "-1", "must be at least 0"},
    {"serve", "65536", "must be in the range 0-65535"},
    {"serve", "http", "must be a whole number: 'http'"},
    {"source", "windows",
     "must be auto, apple, linux, replay:FILE, sim:CHIP or http://HOST:PORT: 'windows'"},
    {"source", "replay:", "must be auto, "},
    {"speed", "0", "must be above 0"},
    {"speed", "fast", "must be a number or max: 'fast'"},
};

static const char *name_in_messages(const char *name)
{
    return options_find(name, strlen(name))->name;
}

static void a_bad_value_is_refused_on_the_command_line(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct options o;
        actop_error err = {ACTOP_OK, ""};
        char line[TEXT], want[TEXT];
        (void)snprintf(line, sizeof line, "--%s=%s", bad[i].name, bad[i].value);
        (void)snprintf(want, sizeof want, "argument --%s: %s", name_in_messages(bad[i].name),
                       bad[i].why);
        CHECK_ROW(parse_line(&o, line, &err) == ACTOP_E_ARGUMENT, line);
        CHECK_ROW(strncmp(err.text, want, strlen(want)) == 0, err.text);
        options_release(&o);
    }
}

static void a_bad_value_is_refused_in_the_environment(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct options o;
        actop_error err = {ACTOP_OK, ""};
        char want[TEXT];
        size_t n = (size_t)snprintf(variable.name, sizeof variable.name, "ACTOP_%s", bad[i].name);
        for (size_t k = 6; k < n; k++)
            variable.name[k] = variable.name[k] == '-' ? '_'
                                                       : (char)(variable.name[k] - ('a' - 'A'));
        (void)snprintf(variable.value, sizeof variable.value, "%s", bad[i].value);
        (void)snprintf(want, sizeof want, "environment %s: %s", variable.name, bad[i].why);
        options_init(&o);
        CHECK_ROW(options_parse_environment(&o, fake_env, &err) == ACTOP_E_ARGUMENT, variable.name);
        CHECK_ROW(strncmp(err.text, want, strlen(want)) == 0, err.text);
        options_release(&o);
    }
    variable.name[0] = '\0';
}

static void a_bad_value_is_refused_in_the_file_with_its_line(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct options o;
        actop_error err = {ACTOP_OK, ""};
        char lines[TEXT], want[TEXT];
        (void)snprintf(lines, sizeof lines, "# a comment\n\n%s = %s\n", bad[i].name, bad[i].value);
        (void)snprintf(want, sizeof want, "file:3: %s: %s", name_in_messages(bad[i].name),
                       bad[i].why);
        options_init(&o);
        CHECK_ROW(parse_config(&o, lines, &err) == ACTOP_E_ARGUMENT, lines);
        CHECK_ROW(strncmp(err.text, want, strlen(want)) == 0, err.text);
        options_release(&o);
    }
}

static void a_mistake_in_the_file_names_its_line(void **state)
{
    static const struct {
        const char *lines, *text;
    } rows[] = {
        {"interval = 1\ncolour = red\n", "file:2: unknown option: 'colour'"},
        {"interval\n", "file:1: expected name = value: 'interval'"},
        {"help = yes\n", "file:1: unknown option: 'help'"},
        {"\n\n\njson = maybe", "file:4: json: must be yes or no: 'maybe'"},
        {"record =\n", "file:1: record: must not be empty"},
        {"= 3\n", "file:1: unknown option: ''"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct options o;
        actop_error err = {ACTOP_OK, ""};
        options_init(&o);
        CHECK_ROW(parse_config(&o, rows[i].lines, &err) == ACTOP_E_ARGUMENT, rows[i].lines);
        assert_string_equal(err.text, rows[i].text);
        options_release(&o);
    }
}

/* ---- The file's form, precedence --------------------------------------------------------------------------------------- */

static void the_file_takes_blanks_comments_crlf_and_both_spellings(void **state)
{
    struct options o;
    actop_error err = {ACTOP_OK, ""};
    (void)state;
    options_init(&o);
    assert_int_equal(
        parse_config(&o,
                     "\xef\xbb\xbf# settings\r\n  interval=1 \r\n\tshow-cores = off\r\n"
                     "proc_filter = a = b # c\r\nevidence = on",
                     &err),
        ACTOP_OK);
    assert_true(o.interval_s > 0.99 && o.interval_s < 1.01);
    assert_false(o.show_cores);
    assert_string_equal(o.proc_filter, "a = b # c");
    assert_true(o.evidence);
    options_release(&o);
}

static void a_higher_place_wins_and_lower_ones_are_checked_all_the_same(void **state)
{
    struct options o;
    actop_error err = {ACTOP_OK, ""};
    (void)state;
    (void)snprintf(variable.name, sizeof variable.name, "ACTOP_SAMPLES");
    (void)snprintf(variable.value, sizeof variable.value, "7");
    assert_int_equal(parse_line(&o, "--samples 5", &err), ACTOP_OK);
    assert_int_equal(options_parse_environment(&o, fake_env, &err), ACTOP_OK);
    assert_int_equal(
        parse_config(&o, "samples = 9\nsubsamples = 2\nallow-host = x\nallow-host = y\n", &err),
        ACTOP_OK);
    assert_int_equal(o.samples, 5);
    assert_int_equal(o.subsamples, 2);
    assert_int_equal(o.allow_hosts.n, 2);
    options_release(&o);

    options_init(&o);
    assert_int_equal(parse_config(&o, "samples = 9\n", &err), ACTOP_OK);
    assert_int_equal(options_parse_environment(&o, fake_env, &err), ACTOP_OK);
    assert_int_equal(o.samples, 7);
    options_release(&o);

    assert_int_equal(parse_line(&o, "--samples 5 --allow-host a", &err), ACTOP_OK);
    assert_int_equal(parse_config(&o, "allow-host = b\nsamples = none\n", &err), ACTOP_E_ARGUMENT);
    assert_int_equal(o.allow_hosts.n, 1);
    options_release(&o);
    variable.name[0] = '\0';
}

static void the_file_stands_where_the_xdg_specification_says(void **state)
{
    static const struct {
        const char *variable, *value, *path;
    } rows[] = {
        {"XDG_CONFIG_HOME", "/x", "/x/actop/config"},
        {"XDG_CONFIG_HOME", "relative", NULL},
        {"HOME", "/h/me", "/h/me/.config/actop/config"},
        {"HOME", "", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        (void)snprintf(variable.name, sizeof variable.name, "%s", rows[i].variable);
        (void)snprintf(variable.value, sizeof variable.value, "%s", rows[i].value);
        char *path = options_config_path(fake_env);
        CHECK_ROW((path == NULL) == (rows[i].path == NULL), rows[i].value);
        CHECK_ROW(path == NULL || strcmp(path, rows[i].path) == 0, rows[i].value);
        free(path);
    }
    variable.name[0] = '\0';
    assert_null(options_config_path(no_env));
}

static void a_missing_file_is_an_empty_one_and_a_directory_is_not(void **state)
{
    struct options o;
    actop_error err = {ACTOP_OK, ""};
    (void)state;
    options_init(&o);
    assert_int_equal(options_parse_file(&o, "/nonexistent/actop/config", &err), ACTOP_OK);
    assert_int_equal(options_parse_file(&o, "/dev/null", &err), ACTOP_OK);
    assert_int_equal(options_parse_file(&o, "/", &err), ACTOP_E_IO);
    assert_int_equal(options_parse_file(&o, "/dev/zero", &err), ACTOP_E_ARGUMENT); /* too long */
    options_release(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_defaults_are_those_of_the_contract),
        cmocka_unit_test(every_default_in_the_table_is_valid),
        cmocka_unit_test(values_are_read_from_the_command_line),
        cmocka_unit_test(words_keep_their_order_around_options),
        cmocka_unit_test(a_mistake_on_the_command_line_is_named),
        cmocka_unit_test(a_bad_value_is_refused_on_the_command_line),
        cmocka_unit_test(a_bad_value_is_refused_in_the_environment),
        cmocka_unit_test(a_bad_value_is_refused_in_the_file_with_its_line),
        cmocka_unit_test(a_mistake_in_the_file_names_its_line),
        cmocka_unit_test(the_file_takes_blanks_comments_crlf_and_both_spellings),
        cmocka_unit_test(a_higher_place_wins_and_lower_ones_are_checked_all_the_same),
        cmocka_unit_test(the_file_stands_where_the_xdg_specification_says),
        cmocka_unit_test(a_missing_file_is_an_empty_one_and_a_directory_is_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
