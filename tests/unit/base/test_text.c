/* SPDX-License-Identifier: MIT */
/* UTF-8, widths, and text that is safe to show. */
#include "base/text.h"

#include <string.h>

#include "lib/test.h"

static void every_code_point_survives_encoding_and_decoding(void **state)
{
    (void)state;
    for (uint32_t code = 0; code <= 0x10ffff; code++) {
        if (code >= 0xd800 && code <= 0xdfff)
            continue;
        char bytes[4];
        size_t n = utf8_encode(code, bytes);
        uint32_t back = 0;
        if (utf8_decode(bytes, n, &back) != n || back != code)
            fail_msg("U+%04X", code);
    }
}

static void broken_sequences_give_one_replacement_for_each_maximal_prefix(void **state)
{
    (void)state;
    static const struct {
        const char *what, *bytes;
        size_t used;
    } rows[] = {
        {"stray continuation", "\x80x", 1},
        {"two of three bytes", "\xe5\x90x", 2},
        {"one of four bytes", "\xf0x", 1},
        {"past the last code point", "\xf4\x90\x80\x80", 1},
        {"surrogate", "\xed\xa0\x80", 1},
        {"overlong", "\xc0\xaf", 1},
        {"three of four bytes", "\xf0\x9f\x91", 3},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint32_t code = 0;
        size_t used = utf8_decode(rows[i].bytes, strlen(rows[i].bytes), &code);
        CHECK_ROW(code == 0xfffd && used == rows[i].used, rows[i].what);
    }
}

static void widths_are_those_of_a_terminal(void **state)
{
    (void)state;
    static const struct {
        uint32_t code;
        int width;
    } rows[] = {
        {'a', 1},     {0x1b, 0},    {0x7f, 0},   {0x9b, 0},   {0xad, 0},    {0xe9, 1},
        {0x301, 0},   {0x540c, 2},  {0xff21, 2}, {0xff61, 1}, {0x1f469, 2}, {0x200d, 0},
        {0xfe0f, 0},  {0x2588, 1},  {0x28ff, 1}, {0xac00, 2}, {0x3000, 2},  {0x0e31, 0},
        {0x1f3fd, 0}, {0x20000, 2}, {0x2502, 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (utf8_width(rows[i].code) != rows[i].width)
            fail_msg("U+%04X is %d wide", rows[i].code, utf8_width(rows[i].code));
}

static void unsafe_text_becomes_safe_and_is_cut_at_a_whole_character(void **state)
{
    (void)state;
    static const struct {
        const char *text, *safe;
        size_t cap;
    } rows[] = {
        {"firefox", "firefox", 32},
        {"\x1b]52;c;AAAA\x07", "?]52;c;AAAA?", 32},
        {"a\nb", "a?b", 32},
        {"\xe2\x80\xaegpj.exe", "?gpj.exe", 32},
        {"\xc2\x9b"
         "31m",
         "?31m", 32},
        {"\x9b"
         "31m",
         "\xef\xbf\xbd"
         "31m",
         32},
        {"\xe5\x90\x8c\xe6\xad\xa5", "\xe5\x90\x8c", 6},
        {"abc", "", 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char out[32];
        size_t n = text_safe(out, rows[i].cap, rows[i].text, strlen(rows[i].text));
        CHECK_ROW(strcmp(out, rows[i].safe) == 0 && n == strlen(out), rows[i].text);
    }
}

static void no_byte_string_gets_a_control_through(void **state)
{
    (void)state;
    uint32_t seed = 1;
    for (int round = 0; round < 20000; round++) {
        char raw[24];
        for (size_t i = 0; i < sizeof raw; i++) {
            seed = seed * 1664525u + 1013904223u;
            raw[i] = (char)(seed >> 24);
        }
        char out[128];
        size_t n = text_safe(out, sizeof out, raw, sizeof raw);
        for (size_t i = 0; i < n;) {
            uint32_t code = 0;
            i += utf8_decode(out + i, n - i, &code);
            if (code < 0x20 || (code >= 0x7f && code < 0xa0))
                fail_msg("U+%04X came through in round %d", code, round);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_point_survives_encoding_and_decoding),
        cmocka_unit_test(broken_sequences_give_one_replacement_for_each_maximal_prefix),
        cmocka_unit_test(widths_are_those_of_a_terminal),
        cmocka_unit_test(unsafe_text_becomes_safe_and_is_cut_at_a_whole_character),
        cmocka_unit_test(no_byte_string_gets_a_control_through),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
