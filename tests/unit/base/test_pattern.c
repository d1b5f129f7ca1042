/* SPDX-License-Identifier: MIT */
/* Regular expressions: what compiles, what is refused, and that a refusal comes before regcomp() has begun. */
#include "lib/test.h"

#include <stdio.h>
#include <string.h>

#include "base/pattern.h"

static void expressions_match_extended_and_in_any_case(void **state)
{
    static const struct {
        const char *pattern, *text;
        bool matches;
    } rows[] = {
        {"python", "/usr/bin/Python3", true},
        {"^a+b{2,3}$", "aaabb", true},
        {"^a+b{2,3}$", "aaab", false},
        {"(llama|mlx)[-_](server|lm)", "MLX_lm.server", true},
        {"[]x]{3}", "a]x]", true},
        {"^(python|node)+$", "Python", true},
        {"^ollama|llama$|^mlx.+", "my-llama", true},
        {"[[:digit:]]+[^]a]", "12b", true},
        {"\\(\\+\\)", "(+)", true},
        {"a{1", "a{1", true}, /* not a repetition: glibc takes it as text, others refuse it */
        {"", "anything", true},
        {"((a+b)*c)+", "aabcc", true},
        {"^([0-9]{1,3}\\.){3}[0-9]{1,3}$", "127.0.0.1", true},
        {"^ollama$|^llama$|(^|-)mlx$|()", "my-mlx", true},
        {"^(a|b)?$", "b", true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        regex_t r;
        char why[128];
        if (!pattern_compile(&r, rows[i].pattern, why, sizeof why)) {
            CHECK_ROW(strcmp(rows[i].pattern, "a{1") == 0, why);
            continue;
        }
        CHECK_ROW((regexec(&r, rows[i].text, 0, NULL, 0) == 0) == rows[i].matches, rows[i].pattern);
        regfree(&r);
    }
}

static void broken_expressions_are_refused_with_what_regcomp_says(void **state)
{
    static const char *const rows[] = {"(", "[a", "a{2,1}", "(a|b", "[[:nothing:]]"};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        regex_t r;
        char why[128] = "";
        CHECK_ROW(!pattern_compile(&r, rows[i], why, sizeof why), rows[i]);
        CHECK_ROW(why[0] != '\0' && strstr(why, "too much") == NULL, rows[i]);
    }
}

static void repetitions_of_repetitions_are_refused_before_they_are_compiled(void **state)
{
    static const struct {
        const char *head, *again, *tail;
        int times;
    } rows[] = {
        {"a", "+", "", 100},      {"a", "+", "", 18},
        {"a", "{9}", "", 8},      {"", "(", "", 200},
        {"(x+", "+", ")", 60},    {"((((((((a{200}){200}){200}", "){9}", "", 5},
        {"(a|b", "+", "|c)", 40}, {"mp+*+", "?", "+++++", 62},
        {"", "\\b", "", 40},      {".", "{,4}", "", 4},
        {"b()", "{,4}", "", 3},   {"(a+b", "|", ")", 40},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[1024];
        size_t n = (size_t)snprintf(text, sizeof text, "%s", rows[i].head);
        for (int k = 0; k < rows[i].times; k++)
            n += (size_t)snprintf(text + n, sizeof text - n, "%s", rows[i].again);
        (void)snprintf(text + n, sizeof text - n, "%s", rows[i].tail);
        regex_t r;
        char why[128] = "";
        CHECK_ROW(!pattern_compile(&r, text, why, sizeof why), text);
        assert_string_equal(why, "it repeats too much");
    }
}

static void long_expressions_without_repetitions_are_fine(void **state)
{
    char text[4096] = "";
    size_t n = 0;
    regex_t r;
    char why[128] = "";
    (void)state;
    for (int i = 0; i < 300; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "%sname%d+", i > 0 ? "|" : "", i);
    assert_true(pattern_compile(&r, text, why, sizeof why));
    assert_int_equal(regexec(&r, "NAME299", 0, NULL, 0), 0);
    regfree(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(expressions_match_extended_and_in_any_case),
        cmocka_unit_test(broken_expressions_are_refused_with_what_regcomp_says),
        cmocka_unit_test(repetitions_of_repetitions_are_refused_before_they_are_compiled),
        cmocka_unit_test(long_expressions_without_repetitions_are_fine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
