/* SPDX-License-Identifier: MIT */
/* Pipes: inherited by nobody, and waiting only where that is asked for. */
#include "lib/test.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/os.h"

static void a_pipe_is_inherited_by_nobody_and_waits_only_when_asked(void **state)
{
    (void)state;
    for (int waits = 0; waits < 2; waits++) {
        int fds[2];
        char byte = 0;
        assert_true(os_pipe(fds, waits == 1));
        for (int i = 0; i < 2; i++) {
            assert_int_equal(fcntl(fds[i], F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
            assert_int_equal(fcntl(fds[i], F_GETFL) & O_NONBLOCK, waits == 1 ? 0 : O_NONBLOCK);
        }
        assert_int_equal(write(fds[1], "x", 1), 1);
        assert_int_equal(read(fds[0], &byte, 1), 1);
        assert_int_equal(byte, 'x');
        assert_int_equal(close(fds[0]), 0);
        assert_int_equal(close(fds[1]), 0);
    }
}

static void without_a_descriptor_left_there_is_no_pipe_and_errno_says_why(void **state)
{
    (void)state;
    struct rlimit before, none;
    int fds[2] = {7, 7};
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = before;
    none.rlim_cur = 0;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    bool made = os_pipe(fds, false);
    int why = errno;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_false(made);
    assert_int_equal(why, EMFILE);
    assert_int_equal(fds[0], -1);
    assert_int_equal(fds[1], -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pipe_is_inherited_by_nobody_and_waits_only_when_asked),
        cmocka_unit_test(without_a_descriptor_left_there_is_no_pipe_and_errno_says_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
