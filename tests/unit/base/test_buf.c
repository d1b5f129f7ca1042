/* SPDX-License-Identifier: MIT */
/* The output buffer: growing, the caller's memory, integers and JSON strings. */
#include "base/buf.h"

#include <string.h>

#include "lib/alloc.h"
#include "lib/test.h"

static void a_buffer_grows_and_ends_with_a_zero(void **state)
{
    (void)state;
    struct buf b = BUF_INIT;
    for (int i = 0; i < 1000; i++)
        buf_puts(&b, "0123456789");
    assert_int_equal(b.len, 10000);
    assert_int_equal(strlen(b.data), 10000);
    buf_clear(&b);
    assert_string_equal(b.data, "");
    buf_release(&b);
    assert_null(b.data);
}

static void a_fixed_buffer_counts_what_does_not_fit(void **state)
{
    (void)state;
    char room[8];
    struct buf b;
    buf_init_fixed(&b, room, sizeof room);
    buf_puts(&b, "12345");
    buf_puts(&b, "67890");
    assert_int_equal(b.len, 10);
    assert_string_equal(room, "1234567");
    buf_init_fixed(&b, NULL, 0);
    buf_puts(&b, "abc");
    assert_int_equal(b.len, 3);
}

static void a_failed_allocation_is_remembered_and_nothing_is_written(void **state)
{
    (void)state;
    struct buf b = BUF_INIT;
    alloc_fail_nth(1);
    buf_puts(&b, "lost");
    buf_puts(&b, "also lost");
    alloc_fail_nth(0);
    assert_true(b.failed);
    assert_int_equal(b.len, 0);
    buf_release(&b);
}

static void integers_are_written_to_their_last_digit(void **state)
{
    (void)state;
    static const struct {
        int64_t value;
        const char *text;
    } rows[] = {{0, "0"},
                {-1, "-1"},
                {42, "42"},
                {INT64_MAX, "9223372036854775807"},
                {INT64_MIN, "-9223372036854775808"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buf b = BUF_INIT;
        buf_put_i64(&b, rows[i].value);
        assert_string_equal(b.data, rows[i].text);
        buf_release(&b);
    }
    struct buf b = BUF_INIT;
    buf_put_u64(&b, UINT64_MAX);
    assert_string_equal(b.data, "18446744073709551615");
    buf_release(&b);
}

static void json_strings_escape_what_must_not_reach_a_terminal_or_parser(void **state)
{
    (void)state;
    static const struct {
        const char *what, *text, *json;
    } rows[] = {
        {"plain", "actop", "\"actop\""},
        {"quote and backslash", "a\"b\\c", "\"a\\\"b\\\\c\""},
        {"newline, tab, return", "a\nb\tc\r", "\"a\\nb\\tc\\r\""},
        {"escape", "\x1b[2J", "\"\\u001b[2J\""},
        {"DEL", "\x7f", "\"\\u007f\""},
        {"C1 as UTF-8", "\xc2\x9b", "\"\\u009b\""},
        {"right-to-left override", "\xe2\x80\xae", "\"\\u202e\""},
        {"valid UTF-8", "\xe5\x90\x8c", "\"\xe5\x90\x8c\""},
        {"a character cut short", "\xe5\x90", "\"\xef\xbf\xbd\""},
        {"a lone C1 byte", "\x9b", "\"\xef\xbf\xbd\""},
        {"surrogate", "\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
        {"overlong slash", "\xc0\xaf", "\"\xef\xbf\xbd\xef\xbf\xbd\""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buf b = BUF_INIT;
        buf_put_json(&b, rows[i].text, strlen(rows[i].text));
        CHECK_ROW(strcmp(b.data, rows[i].json) == 0, rows[i].what);
        buf_release(&b);
    }
}

static void padding_is_as_long_as_asked(void **state)
{
    (void)state;
    struct buf b = BUF_INIT;
    buf_pad(&b, ' ', 0);
    buf_pad(&b, '-', 200);
    assert_int_equal(b.len, 200);
    assert_int_equal(strspn(b.data, "-"), 200);
    buf_release(&b);
}

static void formatted_text_is_as_long_as_it_is(void **state)
{
    (void)state;
    char longer[5000], room[8];
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    struct buf b = BUF_INIT;
    buf_printf(&b, "%s", "");
    buf_printf(&b, "%s.new", longer);
    assert_int_equal(b.len, sizeof longer - 1 + 4);
    assert_int_equal(strlen(b.data), b.len);
    assert_string_equal(b.data + b.len - 5, "x.new");
    buf_printf(&b, "%d", 7);
    assert_string_equal(b.data + b.len - 5, ".new7");
    alloc_fail_nth(1);
    buf_printf(&b, "%s%s", longer, longer);
    alloc_fail_nth(0);
    assert_true(b.failed);
    assert_string_equal(b.data + b.len - 5, ".new7");
    buf_release(&b);
    buf_init_fixed(&b, room, sizeof room);
    buf_printf(&b, "%s-%d", "12345", 678);
    assert_int_equal(b.len, 9);
    assert_string_equal(room, "12345-6");
    buf_printf(&b, "%d", 9);
    assert_int_equal(b.len, 10);
    assert_string_equal(room, "12345-6");
    buf_init_fixed(&b, NULL, 0);
    buf_printf(&b, "%d", 123);
    assert_int_equal(b.len, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_buffer_grows_and_ends_with_a_zero),
        cmocka_unit_test(a_fixed_buffer_counts_what_does_not_fit),
        cmocka_unit_test(a_failed_allocation_is_remembered_and_nothing_is_written),
        cmocka_unit_test(integers_are_written_to_their_last_digit),
        cmocka_unit_test(json_strings_escape_what_must_not_reach_a_terminal_or_parser),
        cmocka_unit_test(padding_is_as_long_as_asked),
        cmocka_unit_test(formatted_text_is_as_long_as_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
