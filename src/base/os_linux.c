/* SPDX-License-Identifier: MIT */
/* Clocks and facts about this process on Linux. CLOCK_MONOTONIC stands still in suspend, CLOCK_BOOTTIME does not
 * (documented: clock_gettime(2)). /proc/self is our own process, not a measurement, so it is read here. */
#define _GNU_SOURCE
#include "base/os.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static int64_t clock_ns(clockid_t id)
{
    struct timespec t = {0, 0};
    (void)clock_gettime(id, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

void os_now(struct os_moment *out)
{
    out->wall_ns = clock_ns(CLOCK_REALTIME);
    out->awake_ns = clock_ns(CLOCK_MONOTONIC);
    out->boot_ns = clock_ns(CLOCK_BOOTTIME);
}

int64_t os_awake_ns(void)
{
    return clock_ns(CLOCK_MONOTONIC);
}

void os_sleep_until(int64_t deadline_ns)
{
    struct timespec t = {(time_t)(deadline_ns / 1000000000), (long)(deadline_ns % 1000000000)};
    (void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
}

bool os_cond_init(pthread_cond_t *cond)
{
    pthread_condattr_t attr;
    if (pthread_condattr_init(&attr) != 0)
        return false;
    bool ok = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0 &&
              pthread_cond_init(cond, &attr) == 0;
    (void)pthread_condattr_destroy(&attr);
    return ok;
}

bool os_cond_wait_until(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t deadline_ns)
{
    struct timespec t = {(time_t)(deadline_ns / 1000000000), (long)(deadline_ns % 1000000000)};
    return pthread_cond_timedwait(cond, lock, &t) != ETIMEDOUT;
}

/* Virtual size, resident size (pages) and threads: fields 23, 24 and 20 of /proc/self/stat, counted behind the last
 * ')' because the name may hold anything; field 22 is the start in clock ticks after boot. */
static void read_self_stat(struct os_self *out)
{
    char text[1024];
    FILE *f = fopen("/proc/self/stat", "re");
    if (f == NULL)
        return;
    size_t n = fread(text, 1, sizeof text - 1, f);
    (void)fclose(f);
    text[n] = '\0';
    const char *after = strrchr(text, ')');
    unsigned long long start = 0;
    unsigned long long vsize = 0;
    long long rss = 0;
    unsigned threads = 0;
    if (after == NULL ||
        sscanf(
            after + 2,
            "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %u %*d %llu %llu %lld",
            &threads, &start, &vsize, &rss) != 4)
        return;
    struct os_moment now;
    os_now(&now);
    out->threads = threads;
    out->virtual_bytes = vsize;
    out->rss_bytes = (uint64_t)rss * (uint64_t)sysconf(_SC_PAGESIZE);
    out->start_ns = now.wall_ns - now.boot_ns +
                    (int64_t)start * (1000000000 / sysconf(_SC_CLK_TCK));
}

static uint32_t count_open_fds(void)
{
    DIR *d = opendir("/proc/self/fd");
    if (d == NULL)
        return 0;
    uint32_t n = 0;
    while (readdir(d) != NULL)
        n++;
    (void)closedir(d);
    return n > 3 ? n - 3 : 0; /* ".", ".." and the directory's own */
}

static void read_cpu_time(struct os_self *out)
{
    struct rusage use;
    memset(out, 0, sizeof *out);
    if (getrusage(RUSAGE_SELF, &use) == 0)
        out->cpu_ns = ((int64_t)use.ru_utime.tv_sec + use.ru_stime.tv_sec) * 1000000000 +
                      ((int64_t)use.ru_utime.tv_usec + use.ru_stime.tv_usec) * 1000;
}

void os_self_read(struct os_self *out)
{
    read_cpu_time(out);
    read_self_stat(out);
    out->open_fds = count_open_fds();
}

/* /proc/self/statm: size and resident size in pages. */
void os_self_cost(struct os_self *out)
{
    char text[128];
    read_cpu_time(out);
    int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (fd >= 0)
        (void)close(fd);
    if (n <= 0)
        return;
    text[n] = '\0';
    const char *resident = strchr(text, ' ');
    if (resident != NULL)
        out->rss_bytes = strtoull(resident, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE);
}

bool os_program_path(char *out, size_t size)
{
    ssize_t n = readlink("/proc/self/exe", out, size);
    if (n <= 0 || (size_t)n >= size)
        return false;
    out[n] = '\0';
    return out[0] == '/';
}

bool os_pipe(int fds[2], bool waits)
{
    if (pipe2(fds, O_CLOEXEC | (waits ? 0 : O_NONBLOCK)) == 0)
        return true;
    fds[0] = fds[1] = -1;
    return false;
}

int os_socket(int family, int type, int protocol)
{
    return socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
}

int os_accept(int listen_fd)
{
    return accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
}

const char *os_service_manager(void)
{
    return "systemd";
}

/* glibc keeps what was freed between blocks still in use (documented: malloc_trim(3)); other C libraries have no such call. */
#ifdef __GLIBC__
#include <malloc.h>

void os_memory_trim(void)
{
    (void)malloc_trim(0);
}
#else
void os_memory_trim(void) {}
#endif
