/* SPDX-License-Identifier: MIT */
/* Standard output of a stream; see output.h. poll(2) with no events asked for still reports that the reading end of a
 * pipe was closed (documented: POSIX, POLLERR and POLLHUP need not be asked for), so a stream ends while it waits. */
#include "cli/output.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "base/error.h"
#include "base/os.h"
#include "base/signals.h"
#include "cli/commands.h"

/* Opening gives the lowest free descriptor, so filling from 0 up fills the holes. Standard output is opened for reading
 * only: writing to what was closed stays the error EBADF. */
static bool fill_holes(void)
{
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == 2 ? O_WRONLY : O_RDONLY) != fd)
            return false;
    return true;
}

/* SIGHUP stays ignored where nohup(1) says so. SIGCHLD is watched also where it was ignored: the system would keep no
 * status of what we run then (documented: POSIX, waitpid). */
bool output_open(void)
{
    return fill_holes() && signals_open() && signals_ignore(SIGPIPE) && signals_ignore(SIGXFSZ) &&
           signals_watch(SIGINT) && signals_watch(SIGTERM) && signals_watch(SIGCHLD) &&
           (signals_ignored(SIGHUP) || signals_watch(SIGHUP));
}

/* What a failed write means. A descriptor that somebody made non-blocking is waited for; *interrupted counts signals. */
static enum output_state write_failed(int *interrupted, actop_error *err)
{
    struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};
    if (errno == EPIPE)
        return OUTPUT_CLOSED;
    if (errno == EAGAIN || errno == EWOULDBLOCK) {
        *interrupted += poll(&out, 1, -1) < 0;
    } else if (errno == EINTR) {
        *interrupted += 1;
    } else {
        (void)error_errno(err, errno, "writing to standard output");
        return OUTPUT_FAILED;
    }
    return OUTPUT_GOOD;
}

enum output_state output_write(const char *text, size_t n, actop_error *err)
{
    int interrupted = 0;
    for (size_t done = 0; done < n;) {
        ssize_t wrote = write(STDOUT_FILENO, text + done, n - done);
        if (wrote >= 0) {
            done += (size_t)wrote;
            /* What a signal interrupts in its middle is a short write, no error (documented: POSIX, write). */
            interrupted += done < n && signals_ended() != 0;
            continue;
        }
        enum output_state state = write_failed(&interrupted, err);
        if (state != OUTPUT_GOOD)
            return state;
        if (interrupted > (done > 0) && signals_ended() != 0)
            return OUTPUT_STOPPED;
    }
    return OUTPUT_GOOD;
}

enum output_state output_put(const struct buf *b, actop_error *err)
{
    if (!b->failed)
        return output_write(b->data, b->len, err);
    (void)error_no_memory(err, "what is to be printed");
    return OUTPUT_FAILED;
}

/* Milliseconds until the deadline, never late by rounding; the rest below one is slept. */
static int remaining_ms(int64_t deadline_ns)
{
    int64_t left_ms = (deadline_ns - os_awake_ns()) / 1000000;
    return left_ms <= 0 ? 0 : left_ms > 60000 ? 60000 : (int)left_ms;
}

enum output_state output_wait(int64_t deadline_ns, bool watch)
{
    for (;;) {
        struct pollfd fds[2] = {{.fd = signals_fd(), .events = POLLIN}, {.fd = STDOUT_FILENO}};
        int wait_ms = remaining_ms(deadline_ns);
        (void)poll(fds, watch ? 2 : 1, wait_ms);
        signals_drain();
        if (signals_ended() != 0)
            return OUTPUT_STOPPED;
        if ((fds[1].revents & (POLLERR | POLLHUP)) != 0)
            return OUTPUT_CLOSED;
        if (wait_ms == 0)
            break;
    }
    os_sleep_until(deadline_ns);
    return signals_ended() != 0 ? OUTPUT_STOPPED : OUTPUT_GOOD;
}

int output_status(enum output_state state, const actop_error *err)
{
    if (state == OUTPUT_FAILED)
        return cli_fail(err);
    return state == OUTPUT_STOPPED && signals_ended() == SIGINT ? 130 : 0;
}
