/* SPDX-License-Identifier: MIT */
/* What every unit test includes: cmocka with the headers it wants before it. A test's name is a sentence, its cases
 * are rows. One group per program: `return cmocka_run_group_tests(tests, NULL, NULL);`. */
#ifndef ACTOP_TESTS_TEST_H
#define ACTOP_TESTS_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

/* Like assert_true, with a sentence about the row that failed. */
#define CHECK_ROW(condition, what)                                                                 \
    do {                                                                                           \
        if (!(condition))                                                                          \
            fail_msg("%s: %s", (what), #condition);                                                \
    } while (0)

/* Leave the rest of this test out. tools/run_tests tells the reason, which cmocka's skip() has no room for. */
#define SKIP_BECAUSE(why)                                                                          \
    do {                                                                                           \
        (void)printf("# skipped because %s\n", (why));                                             \
        (void)fflush(stdout);                                                                      \
        skip();                                                                                    \
    } while (0)

#endif
