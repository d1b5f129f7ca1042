/* SPDX-License-Identifier: MIT */
/* base/error: statuses have texts and exit codes from one list; sentences are kept whole, or cut with a zero at
 * the end, and never carry a control character from outside. */
#include "lib/test.h"

#include <errno.h>
#include <string.h>

#include <actop/actop.h>

#include "base/error.h"

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

    for (size_t i = 0; i < sizeof longer - 2; i += 2)
        memcpy(longer + i, "\xc3\xa9", 2);
    longer[sizeof longer - 2] = '\0';
    (void)error_set(&err, ACTOP_E_IO, "%s", longer);
    assert_int_equal(strlen(err.text), ACTOP_ERROR_SIZE - 2); /* not half of the last one */
    assert_int_equal((unsigned char)err.text[ACTOP_ERROR_SIZE - 3], 0xa9);

    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    (void)error_set(&err, ACTOP_E_IO, "%s", longer);
    assert_int_equal(strlen(err.text), ACTOP_ERROR_SIZE - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_status_has_a_text_of_its_own_and_an_exit_code),
        cmocka_unit_test(an_unknown_status_is_told_as_a_failure_of_io),
        cmocka_unit_test(an_errno_becomes_a_status_and_a_sentence),
        cmocka_unit_test(a_sentence_is_kept_cut_and_made_printable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
