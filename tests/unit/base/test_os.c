/* SPDX-License-Identifier: MIT */
/* Pipes and sockets: inherited by nobody, and waiting only where that is asked for. */
#include "lib/test.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
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

static void check_socket(int fd)
{
    assert_true(fd >= 0);
    assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    assert_int_equal(fcntl(fd, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
}

static void a_socket_and_what_it_accepts_are_inherited_by_nobody_and_never_wait(void **state)
{
    (void)state;
    struct sockaddr_in at = {.sin_family = AF_INET};
    socklen_t size = sizeof at;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int listens = os_socket(AF_INET, SOCK_STREAM, 0), asks = os_socket(AF_INET, SOCK_STREAM, 0);
    check_socket(listens);
    check_socket(asks);
    assert_int_equal(bind(listens, (struct sockaddr *)&at, size), 0);
    assert_int_equal(listen(listens, 1), 0);
    assert_int_equal(getsockname(listens, (struct sockaddr *)&at, &size), 0);
    assert_int_equal(os_accept(listens), -1);
    assert_int_equal(errno, EAGAIN);
    (void)connect(asks, (struct sockaddr *)&at, size);
    struct pollfd came = {listens, POLLIN, 0};
    assert_int_equal(poll(&came, 1, 2000), 1);
    int accepted = os_accept(listens);
    check_socket(accepted);
    assert_int_equal(os_socket(-1, SOCK_STREAM, 0), -1);
    assert_int_equal(close(accepted) + close(asks) + close(listens), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pipe_is_inherited_by_nobody_and_waits_only_when_asked),
        cmocka_unit_test(a_socket_and_what_it_accepts_are_inherited_by_nobody_and_never_wait),
        cmocka_unit_test(without_a_descriptor_left_there_is_no_pipe_and_errno_says_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
