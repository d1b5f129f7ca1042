/* SPDX-License-Identifier: MIT */
/* base/error: statuses have texts and exit codes from one list; sentences are kept whole, or lose their middle,
 * and never carry a control character from outside. */
#include "lib/test.h"

#include <errno.h>
#include <string.h>

#include <actop/actop.h>

#include "base/error.h"
#include "base/text.h"

static void every_status_has_a_text_of_its_own_and_an_exit_code(void **state)
{
    (void)state;
    static const char *const names[] = {
#define STATUS(id, code, text) #id,
#include "base/status.def"
#undef STATUS
    };
    for (int n = 0; n < ACTOP_STATUS_COUNT; n++) {
        const char *text = actop_status_text((actop_status)n);
        int code = actop_status_exit_code((actop_status)n);
        CHECK_ROW(strlen(text) > 0, names[n]);
        CHECK_ROW(code >= 0 && code <= 2, names[n]);
        CHECK_ROW((code == 0) == (strncmp(names[n], "E_", 2) != 0), names[n]);
        for (int other = 0; other < n; other++)
            CHECK_ROW(strcmp(text, actop_status_text((actop_status)other)) != 0, names[n]);
    }
}

static void an_unknown_status_is_told_as_a_failure_of_io(void **state)
{
    (void)state;
    assert_string_equal(actop_status_text((actop_status)12345), actop_status_text(ACTOP_E_IO));
    assert_int_equal(actop_status_exit_code((actop_status)12345), 1);
}

static void an_errno_becomes_a_status_and_a_sentence(void **state)
{
    static const struct {
        const char *what;
        int errnum;
        actop_status want;
    } rows[] = {
        {"EACCES", EACCES, ACTOP_E_DENIED},    {"EPERM", EPERM, ACTOP_E_DENIED},
        {"ENOENT", ENOENT, ACTOP_E_NOT_FOUND}, {"ENODEV", ENODEV, ACTOP_E_NOT_FOUND},
        {"ENXIO", ENXIO, ACTOP_E_NOT_FOUND},   {"ENOMEM", ENOMEM, ACTOP_E_NOMEM},
        {"ESRCH", ESRCH, ACTOP_E_GONE},        {"EIO", EIO, ACTOP_E_IO},
    };
    (void)state;
    for (size_t n = 0; n < sizeof rows / sizeof rows[0]; n++) {
        actop_error err = {ACTOP_OK, ""};
        CHECK_ROW(error_errno(&err, rows[n].errnum, "disk %d", 3) == rows[n].want, rows[n].what);
        CHECK_ROW(err.status == rows[n].want, rows[n].what);
        CHECK_ROW(strncmp(err.text, "disk 3: ", 8) == 0, rows[n].what);
        CHECK_ROW(strcmp(err.text + 8, strerror(rows[n].errnum)) == 0, rows[n].what);
        CHECK_ROW(error_errno(NULL, rows[n].errnum, "x") == rows[n].want, rows[n].what);
    }
}

static void a_sentence_is_kept_cut_and_made_printable(void **state)
{
    actop_error err;
    char longer[2 * ACTOP_ERROR_SIZE];
    (void)state;
    assert_int_equal(error_set(NULL, ACTOP_E_SYNTAX, "nobody asks"), ACTOP_E_SYNTAX);

    assert_int_equal(error_set(&err, ACTOP_E_FORMAT, "%s: line %d", "a\x1b[2Jb\nc\x7f", 7),
                     ACTOP_E_FORMAT);
    assert_string_equal(err.text, "a?[2Jb?c?: line 7");
    assert_int_equal(err.status, ACTOP_E_FORMAT);

    (void)error_set(&err, ACTOP_E_FORMAT, "%s",
                    "C1 \xc2\x9b"
                    "31m, reversed \xe2\x80\xae, broken \xff");
    assert_string_equal(err.text, "C1 ?31m, reversed ?, broken \xef\xbf\xbd");

    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    (void)error_set(&err, ACTOP_E_IO, "%s", longer);
    assert_int_equal(strlen(err.text), ACTOP_ERROR_SIZE - 1);
}

/* The place, which is long, and the reason, which matters. */
static void a_sentence_that_is_too_long_loses_its_middle(void **state)
{
    static const struct {
        const char *what, *filling;
    } rows[] = {{"one byte each", "x"},
                {"two", "\xc3\xa9"},
                {"three", "\xe2\x82\xac"},
                {"four", "\xf0\x9f\x98\x80"},
                {"broken bytes", "\xff"}};
    char path[5000];
    actop_error err;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (size_t size = ACTOP_ERROR_SIZE / 4; size < sizeof path; size += size < 600 ? 1 : 997) {
            size_t n = strlen(rows[i].filling), used = 0;
            for (; used + n < size; used += n)
                memcpy(path + used, rows[i].filling, n);
            path[used] = '\0';
            (void)error_errno(&err, ENOSPC, "begin %s", path);
            size_t len = strlen(err.text), end = strlen(": No space left on device");
            CHECK_ROW(len < ACTOP_ERROR_SIZE, rows[i].what);
            CHECK_ROW(len > 200 || used < 200, rows[i].what);
            CHECK_ROW(strncmp(err.text, "begin ", 6) == 0, rows[i].what);
            CHECK_ROW(strcmp(err.text + len - end, ": No space left on device") == 0, rows[i].what);
            for (size_t at = 0, one; at < len; at += one) { /* no half characters */
                uint32_t code = 0;
                one = utf8_decode(err.text + at, len - at, &code);
                CHECK_ROW(one > 0 && (code != 0xfffd || rows[i].filling[0] == '\xff'),
                          rows[i].what);
            }
        }
    (void)error_set(&err, ACTOP_E_IO, "%s", path);
    (void)error_set(&err, ACTOP_E_IO, "again: %s", err.text); /* an argument may be its own text */
    assert_int_equal(strncmp(err.text, "again: \xef\xbf\xbd", 10), 0);
    alloc_fail_nth(1);
    (void)error_set(&err, ACTOP_E_IO, "without memory %s", path);
    alloc_fail_nth(0);
    assert_int_equal(strncmp(err.text, "without memory ", 15), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_status_has_a_text_of_its_own_and_an_exit_code),
        cmocka_unit_test(an_unknown_status_is_told_as_a_failure_of_io),
        cmocka_unit_test(an_errno_becomes_a_status_and_a_sentence),
        cmocka_unit_test(a_sentence_is_kept_cut_and_made_printable),
        cmocka_unit_test(a_sentence_that_is_too_long_loses_its_middle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
