/* SPDX-License-Identifier: MIT */
/* Numbers as text: shortest round trip against strtod and printf, fixed decimals, parsing, any locale. */
#include "lib/test.h"

#include <locale.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/number.h"

static const char *text_of(double v)
{
    static char text[64];
    struct buf b;
    buf_init_fixed(&b, text, sizeof text);
    buf_put_double(&b, v);
    return text;
}

static void doubles_are_laid_out_as_python_does(void **state)
{
    static const struct {
        double v;
        const char *text;
    } rows[] = {
        {0, "0.0"},
        {-0.0, "-0.0"},
        {30, "30.0"},
        {-1.5, "-1.5"},
        {0.1, "0.1"},
        {12.3456789, "12.3456789"},
        {42.3456789, "42.3456789"},
        {1e-5, "1e-05"},
        {1.5e-5, "1.5e-05"},
        {1e-4, "0.0001"},
        {1764000000.5, "1764000000.5"},
        {1e15, "1000000000000000.0"},
        {9007199254740991, "9007199254740991.0"},
        {9007199254740993.0, "9007199254740992.0"},
        {1e16, "1e+16"},
        {1.25e100, "1.25e+100"},
        {5e-324, "5e-324"},
        {2.2250738585072014e-308, "2.2250738585072014e-308"},
        {1.7976931348623157e308, "1.7976931348623157e+308"},
        {0.3, "0.3"},
        {0.1 + 0.2, "0.30000000000000004"},
        {1.0 / 3, "0.3333333333333333"},
        {2.0 / 3, "0.6666666666666666"},
        {999.9999999999999, "999.9999999999999"},
        {0.99999999999999989, "0.9999999999999999"},
        {123456789012.34567, "123456789012.34567"},
        {4503599627370495.5, "4503599627370495.5"},
        {1.0000000000000002, "1.0000000000000002"},
        {9.5367431640625e-07, "9.5367431640625e-07"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_string_equal(text_of(rows[i].v), rows[i].text);
}

static uint64_t next(uint64_t *x)
{
    *x ^= *x << 13;
    *x ^= *x >> 7;
    *x ^= *x << 17;
    return *x;
}

/* Doubles of all kinds: any bits, fractions, a few decimals, large with a fraction, neighbours of powers of ten and two. */
static double some_double(uint64_t *x, unsigned kind)
{
    uint64_t bits = next(x);
    double v;
    switch (kind % 6) {
    case 0:
        memcpy(&v, &bits, sizeof v);
        return v;
    case 1:
        return (double)(bits >> 11) * 0x1p-53;
    case 2:
        return (double)(bits % 1000000000) / 1000.0;
    case 3:
        return (double)(bits >> 11) * 0x1p-53 * 1e12;
    case 4:
        v = pow(10, (double)(bits % 24) - 9);
        return bits % 3 == 0 ? nextafter(v, 0) : bits % 3 == 1 ? nextafter(v, HUGE_VAL) : v;
    default:
        v = ldexp(1, (int)(bits % 90) - 34);
        return bits % 3 == 0 ? nextafter(v, 0) : bits % 3 == 1 ? nextafter(v, HUGE_VAL) : v;
    }
}

/* True when no text with fewer digits reads back as v. */
static bool is_shortest(double v, int digits)
{
    char shorter[64];
    (void)snprintf(shorter, sizeof shorter, "%.*e", digits - 2, v);
    double back = strtod(shorter, NULL);
    return digits < 2 || memcmp(&back, &v, sizeof v) != 0;
}

static int significant_digits(const char *text)
{
    char digits[64];
    size_t n = 0;
    for (const char *c = text; *c != '\0' && *c != 'e'; c++)
        if (*c >= '0' && *c <= '9' && (n > 0 || *c != '0'))
            digits[n++] = *c;
    while (n > 0 && digits[n - 1] == '0')
        n--;
    return (int)n;
}

static void a_million_doubles_read_back_from_their_shortest_text(void **state)
{
    uint64_t x = 88172645463325252u;
    (void)state;
    for (unsigned i = 0; i < 1000000; i++) {
        double v = some_double(&x, i);
        if (!isfinite(v))
            continue;
        const char *text = text_of(v);
        char *end;
        double back = strtod(text, &end);
        if (*end != '\0' || memcmp(&back, &v, sizeof v) != 0)
            fail_msg("%.17g became %s", v, text);
        if (i % 16 == 0 && !is_shortest(fabs(v), significant_digits(text)))
            fail_msg("%.17g became %s, which is not the shortest", v, text);
    }
}

static const char *fixed_of(double v, int decimals)
{
    static char text[64];
    struct buf b;
    buf_init_fixed(&b, text, sizeof text);
    buf_put_fixed(&b, v, decimals);
    return text;
}

static void fixed_decimals_are_rounded_half_away_from_zero(void **state)
{
    static const struct {
        double v;
        int decimals;
        const char *text;
    } rows[] = {
        {12.34, 1, "12.3"},
        {12.25, 1, "12.3"},
        {-12.25, 1, "-12.3"},
        {0.5, 0, "1"},
        {1.5, 0, "2"},
        {2.5, 0, "3"},
        {-0.04, 1, "0.0"},
        {-0.05, 1, "-0.1"},
        {0.285, 2, "0.28"},
        {99.95, 1, "100.0"},
        {1e-30, 3, "0.000"},
        {5e-324, 9, "0.000000000"},
        {1e15, 1, "1000000000000000.0"},
        {1e22, 2, "10000000000000000000000.00"},
        {0, 2, "0.00"},
        {123456789.125, 2, "123456789.13"},
        {0.001953125, 9, "0.001953125"},
        {4503599627370495.5, 0, "4503599627370496"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_string_equal(fixed_of(rows[i].v, rows[i].decimals), rows[i].text);
}

static void a_number_is_parsed_or_refused(void **state)
{
    static const struct {
        const char *text;
        bool good;
        double v;
    } rows[] = {
        {"2", true, 2},
        {"0.1", true, 0.1},
        {"-0.5", true, -0.5},
        {"+3", true, 3},
        {".5", true, 0.5},
        {"5.", true, 5},
        {"1e3", true, 1000},
        {"1E-3", true, 0.001},
        {"30.0", true, 30},
        {"0.3", true, 0.3},
        {"123456789012345", true, 123456789012345.0},
        {"", false, 0},
        {".", false, 0},
        {"-", false, 0},
        {"1,5", false, 0},
        {"0x10", false, 0},
        {"inf", false, 0},
        {"nan", false, 0},
        {" 1", false, 0},
        {"1 ", false, 0},
        {"1e", false, 0},
        {"1e+", false, 0},
        {"1e99", false, 0},
        {"1.2.3", false, 0},
        {"--1", false, 0},
        {"1234567890123456", false, 0},
        {"1e999999999999999999", false, 0},
        {"0.0000000000000000000000001", false, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        double v = 0;
        CHECK_ROW(number_parse(rows[i].text, strlen(rows[i].text), &v) == rows[i].good,
                  rows[i].text);
        CHECK_ROW(!rows[i].good || memcmp(&v, &rows[i].v, sizeof v) == 0, rows[i].text);
    }
}

static void a_locale_with_a_decimal_comma_changes_nothing(void **state)
{
    static const char *const locales[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "tr_TR.UTF-8"};
    const char *made = getenv("ACTOP_LOCALES"); /* where tests/lib/make_locales put them */
    int tried = 0;
    (void)state;
    if (made != NULL)
        setenv("LOCPATH", made, 1);
    for (size_t i = 0; i < sizeof locales / sizeof locales[0]; i++) {
        if (setlocale(LC_ALL, locales[i]) == NULL)
            continue;
        tried++;
        double v = 0;
        assert_string_equal(text_of(12.5), "12.5");
        assert_string_equal(text_of(1.5e-300), "1.5e-300");
        assert_string_equal(text_of(1.25e+100), "1.25e+100");
        assert_string_equal(fixed_of(1234567.5, 1), "1234567.5");
        assert_string_equal(fixed_of(1e22, 1), "10000000000000000000000.0");
        assert_true(number_parse("1.5", 3, &v) && v > 1.4 && v < 1.6);
        assert_false(number_parse("1,5", 3, &v));
    }
    setlocale(LC_ALL, "C");
    unsetenv("LOCPATH");
    if (tried == 0)
        SKIP_BECAUSE("no locale with a decimal comma is here");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(doubles_are_laid_out_as_python_does),
        cmocka_unit_test(a_million_doubles_read_back_from_their_shortest_text),
        cmocka_unit_test(fixed_decimals_are_rounded_half_away_from_zero),
        cmocka_unit_test(a_number_is_parsed_or_refused),
        cmocka_unit_test(a_locale_with_a_decimal_comma_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
