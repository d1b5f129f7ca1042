/* SPDX-License-Identifier: MIT */
/* Signals by identity; see signal.h. A pidfd holds on to one process: it is opened first, then the start time is compared,
 * then the signal goes to what the pidfd holds, so that no other process can slip in between (pidfd_open(2), Linux 5.3,
 * documented). Older kernels get the next best: compare, and kill at once. */
#define _GNU_SOURCE /* syscall(2): the C library of Debian 11 has no wrappers */
#include "source/linux/signal.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"
#include "source/linux/parse.h"

/* Into memory of our own: whoever asks is seldom the thread that samples. */
static actop_status check_start(const struct root *root, uint64_t pid, uint64_t start,
                                actop_error *err)
{
    char path[48], text[4096];
    size_t n;
    struct pid_stat stat;
    (void)snprintf(path, sizeof path, "proc/%llu/stat", (unsigned long long)pid);
    int errnum = root_load_aside(root, path, text, sizeof text, &n);
    if (errnum == ENOENT || errnum == ESRCH)
        return error_set(err, ACTOP_E_GONE, "process %llu has ended", (unsigned long long)pid);
    if (errnum != 0)
        return error_errno(err, errnum, "/%s", path);
    if (!parse_pid_stat(text, n, &stat))
        return error_set(err, ACTOP_E_FORMAT, "/%s: not understood", path);
    if (stat.start != start)
        return error_set(err, ACTOP_E_GONE,
                         "process %llu has ended; its number belongs to another now",
                         (unsigned long long)pid);
    return ACTOP_OK;
}

static actop_status sent(int result, uint64_t pid, actop_error *err)
{
    if (result == 0)
        return ACTOP_OK;
    if (errno == ESRCH)
        return error_set(err, ACTOP_E_GONE, "process %llu has ended", (unsigned long long)pid);
    return error_errno(err, errno, "signalling process %llu", (unsigned long long)pid);
}

actop_status linux_signal(const struct root *root, uint64_t pid, uint64_t start, int signal,
                          actop_error *err)
{
    if (!root_is_live(root))
        return error_set(err, ACTOP_E_STATE, "only processes of this machine can be signalled");
    /* Zero and negative numbers mean groups to kill(2). */
    if (pid == 0 || pid > INT32_MAX || signal < 0 || signal > SIGRTMAX)
        return error_set(err, ACTOP_E_ARGUMENT, "no such process or signal");
    int fd = (int)syscall(SYS_pidfd_open, (pid_t)pid, 0);
    if (fd < 0 && errno == ESRCH)
        return sent(-1, pid, err);
    actop_status st = check_start(root, pid, start, err);
    if (st == ACTOP_OK && fd >= 0)
        st = sent((int)syscall(SYS_pidfd_send_signal, fd, signal, NULL, 0), pid, err);
    else if (st == ACTOP_OK)
        st = sent(kill((pid_t)pid, signal), pid, err);
    if (fd >= 0)
        (void)close(fd);
    return st;
}

actop_status linux_count_files(const struct root *root, uint64_t pid, uint64_t start,
                               uint64_t *count, actop_error *err)
{
    char path[48];
    uint64_t n = 0;
    if (!root_is_live(root))
        return error_set(err, ACTOP_E_STATE, "only this machine's processes can be asked");
    if (pid == 0 || pid > INT32_MAX)
        return error_set(err, ACTOP_E_ARGUMENT, "no such process");
    (void)snprintf(path, sizeof path, "proc/%llu/fd", (unsigned long long)pid);
    int errnum = root_count_aside(root, path, &n);
    /* Who it was is looked at afterwards: if it still is, it was when the files were counted. */
    actop_status st = check_start(root, pid, start, err);
    if (st == ACTOP_OK && errnum != 0)
        st = error_errno(err, errnum, "/%s", path);
    if (st == ACTOP_OK)
        *count = n;
    return st;
}
