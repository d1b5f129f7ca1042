/* SPDX-License-Identifier: MIT */
/* Clocks and facts about this process on macOS. CLOCK_UPTIME_RAW stands still in sleep, CLOCK_MONOTONIC_RAW does not
 * (documented: clock_gettime(3)). Compiled for macOS by `make macos`; never run there by its authors. */
#define _DARWIN_C_SOURCE
#include "base/os.h"

#include <errno.h>
#include <fcntl.h>
#include <libproc.h>
#include <mach-o/dyld.h>
#include <mach/mach.h>
#include <malloc/malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

void os_now(struct os_moment *out)
{
    out->wall_ns = (int64_t)clock_gettime_nsec_np(CLOCK_REALTIME);
    out->awake_ns = (int64_t)clock_gettime_nsec_np(CLOCK_UPTIME_RAW);
    out->boot_ns = (int64_t)clock_gettime_nsec_np(CLOCK_MONOTONIC_RAW);
}

int64_t os_awake_ns(void)
{
    return (int64_t)clock_gettime_nsec_np(CLOCK_UPTIME_RAW);
}

void os_sleep_until(int64_t deadline_ns)
{
    int64_t left = deadline_ns - os_awake_ns();
    if (left <= 0)
        return;
    struct timespec t = {(time_t)(left / 1000000000), (long)(left % 1000000000)};
    (void)nanosleep(&t, NULL);
}

bool os_cond_init(pthread_cond_t *cond)
{
    return pthread_cond_init(cond, NULL) == 0;
}

/* macOS has no condition variables on a monotonic clock, but a relative wait (documented: pthread.h). */
bool os_cond_wait_until(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t deadline_ns)
{
    int64_t left = deadline_ns - os_awake_ns();
    if (left <= 0)
        return false;
    struct timespec t = {(time_t)(left / 1000000000), (long)(left % 1000000000)};
    return pthread_cond_timedwait_relative_np(cond, lock, &t) != ETIMEDOUT;
}

/* Asked without memory, the call tells how long the table is, and 20 more (documented: XNU's proc_info.c); with memory, which
 * are open. */
static uint32_t count_open_fds(void)
{
    int room = proc_pidinfo(getpid(), PROC_PIDLISTFDS, 0, NULL, 0);
    struct proc_fdinfo *list = room > 0 ? malloc((size_t)room) : NULL;
    int size = list != NULL ? proc_pidinfo(getpid(), PROC_PIDLISTFDS, 0, list, room) : 0;
    free(list);
    return size > 0 ? (uint32_t)size / (uint32_t)sizeof(struct proc_fdinfo) : 0;
}

void os_self_cost(struct os_self *out)
{
    memset(out, 0, sizeof *out);
    struct rusage use;
    if (getrusage(RUSAGE_SELF, &use) == 0)
        out->cpu_ns = ((int64_t)use.ru_utime.tv_sec + use.ru_stime.tv_sec) * 1000000000 +
                      ((int64_t)use.ru_utime.tv_usec + use.ru_stime.tv_usec) * 1000;
    struct proc_taskallinfo info;
    if (proc_pidinfo(getpid(), PROC_PIDTASKALLINFO, 0, &info, (int)sizeof info) ==
        (int)sizeof info) {
        out->rss_bytes = info.ptinfo.pti_resident_size;
        out->virtual_bytes = info.ptinfo.pti_virtual_size;
        out->threads = (uint32_t)info.ptinfo.pti_threadnum;
        out->start_ns = (int64_t)info.pbsd.pbi_start_tvsec * 1000000000 +
                        (int64_t)info.pbsd.pbi_start_tvusec * 1000;
    }
}

void os_self_read(struct os_self *out)
{
    os_self_cost(out);
    out->open_fds = count_open_fds();
}

/* The path as it was started, links and all (documented: dyld(3)): a package's link outlives its next version. */
bool os_program_path(char *out, size_t size)
{
    char given[1024], cwd[1024];
    uint32_t n = sizeof given;
    if (_NSGetExecutablePath(given, &n) != 0)
        return false;
    bool whole = given[0] == '/';
    if (!whole && getcwd(cwd, sizeof cwd) == NULL)
        return false;
    int used = snprintf(out, size, "%s%s%s", whole ? "" : cwd, whole ? "" : "/", given);
    return used > 0 && (size_t)used < size;
}

static bool set_up(int fd, bool waits)
{
    return fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 && (waits || fcntl(fd, F_SETFL, O_NONBLOCK) == 0);
}

bool os_pipe(int fds[2], bool waits)
{
    if (pipe(fds) != 0) {
        fds[0] = fds[1] = -1;
        return false;
    }
    if (set_up(fds[0], waits) && set_up(fds[1], waits))
        return true;
    int saved = errno;
    for (int i = 0; i < 2; i++) {
        (void)close(fds[i]);
        fds[i] = -1;
    }
    errno = saved;
    return false;
}

static int set_up_or_close(int fd)
{
    if (fd < 0 || set_up(fd, false))
        return fd;
    int saved = errno;
    (void)close(fd);
    errno = saved;
    return -1;
}

int os_socket(int family, int type, int protocol)
{
    return set_up_or_close(socket(family, type, protocol));
}

int os_accept(int listen_fd)
{
    return set_up_or_close(accept(listen_fd, NULL, NULL));
}

const char *os_service_manager(void)
{
    return "launchd";
}

void os_memory_trim(void)
{
    (void)malloc_zone_pressure_relief(NULL, 0);
}
