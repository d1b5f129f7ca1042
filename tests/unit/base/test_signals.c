/* SPDX-License-Identifier: MIT */
/* Signals become flags and a readable descriptor. */
#include "lib/test.h"

#include <poll.h>
#include <signal.h>

#include "base/signals.h"

static bool readable(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    return poll(&p, 1, 0) == 1;
}

static void a_watched_signal_raises_its_flag_and_wakes_poll(void **state)
{
    (void)state;
    assert_true(signals_open());
    assert_true(signals_watch(SIGUSR1));
    assert_false(readable(signals_fd()));
    assert_int_equal(raise(SIGUSR1), 0);
    assert_true(readable(signals_fd()));
    signals_drain();
    assert_false(readable(signals_fd()));
    assert_true(signals_take(SIGUSR1));
    assert_false(signals_take(SIGUSR1));
    signals_close();
}

static void a_full_pipe_blocks_no_handler(void **state)
{
    (void)state;
    assert_true(signals_open());
    assert_true(signals_watch(SIGUSR1));
    for (int i = 0; i < 100000; i++)
        (void)raise(SIGUSR1);
    assert_true(signals_take(SIGUSR1));
    signals_drain();
    assert_false(readable(signals_fd()));
    signals_close();
}

static void who_asked_for_the_end_stays_asked(void **state)
{
    static const int ends[] = {SIGINT, SIGTERM, SIGHUP};
    (void)state;
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        assert_true(signals_open());
        assert_int_equal(signals_ended(), 0);
        assert_true(signals_watch(ends[i]));
        (void)raise(ends[i]);
        assert_int_equal(signals_ended(), ends[i]);
        assert_int_equal(signals_ended(), ends[i]);
        assert_true(signals_take(ends[i]));
        signals_close();
    }
}

static void closing_gives_signals_their_first_meaning_back(void **state)
{
    struct sigaction now;
    (void)state;
    assert_true(signals_open());
    assert_true(signals_watch(SIGUSR2));
    signals_close();
    assert_int_equal(sigaction(SIGUSR2, NULL, &now), 0);
    assert_true(now.sa_handler == SIG_DFL);
    assert_int_equal(signals_fd(), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_watched_signal_raises_its_flag_and_wakes_poll),
        cmocka_unit_test(a_full_pipe_blocks_no_handler),
        cmocka_unit_test(who_asked_for_the_end_stays_asked),
        cmocka_unit_test(closing_gives_signals_their_first_meaning_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
