/* SPDX-License-Identifier: MIT */
/* What every system owes the rest: clocks and facts about this very process. os_linux.c and os_darwin.c
 * implement it; the build picks one. Pre-condition everywhere: out parameters are not NULL. */
#ifndef BASE_OS_H
#define BASE_OS_H

#include <pthread.h>
#include <stdbool.h>

#include <actop/types.h>

/* One moment on three clocks, in ns. Read close together, in this order. */
struct os_moment {
    int64_t wall_ns;  /* since 1970-01-01 UTC; may jump */
    int64_t awake_ns; /* monotonic; stands still while the machine sleeps */
    int64_t boot_ns;  /* monotonic; goes on while the machine sleeps */
};

/* The three clocks now. Cannot fail on the systems we build for: the clocks exist in every kernel since Linux 2.6.39
 * and macOS 10.12. */
void os_now(struct os_moment *out);

/* The awake clock alone, for deadlines. */
int64_t os_awake_ns(void);

/* Sum of two times in ns, held at the ends of what fits: a wait may be as long as a number can say, and clocks of a
 * recording may say anything. */
static inline int64_t ns_sum(int64_t a, int64_t b)
{
    if (b > 0 ? a > INT64_MAX - b : a < INT64_MIN - b)
        return b > 0 ? INT64_MAX : INT64_MIN;
    return a + b;
}

/* Sleep until the awake clock reaches deadline_ns or a signal arrives. */
void os_sleep_until(int64_t deadline_ns);

/* Condition variables whose deadlines are on the awake clock. wait_until returns false when the deadline has passed; it
 * may wake early, as condition variables do. */
bool os_cond_init(pthread_cond_t *cond);
bool os_cond_wait_until(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t deadline_ns);

/* CPU time and memory of this process, for its own cost on the screen and process_* on /metrics. */
struct os_self {
    int64_t cpu_ns;         /* user + system */
    int64_t start_ns;       /* wall clock at the start of the process; 0 when unknown */
    uint64_t rss_bytes;     /* 0 when unknown */
    uint64_t virtual_bytes; /* 0 when unknown */
    uint32_t threads;       /* 0 when unknown */
    uint32_t open_fds;      /* 0 when unknown */
};

void os_self_read(struct os_self *out);

/* Of these only cpu_ns and rss_bytes for sure: counting open files takes longer than everything else here. */
void os_self_cost(struct os_self *out);

/* Give memory that was freed back to the system, where it would stay with the process. Takes a moment. */
void os_memory_trim(void);

/* The file this program was started from, as an absolute path; false when the system does not say, or size is too small. */
bool os_program_path(char *out, size_t size);

/* A pipe that no program inherits, also not one that another thread starts at this moment (on macOS, which has no call for it,
 * shortly after). Unless it waits, reading and writing never do. False with errno set, and both ends -1, when there is none. */
bool os_pipe(int fds[2], bool waits);

/* A socket like that, which never waits; and the next connection of a listening one. -1 with errno set when there is none. */
int os_socket(int family, int type, int protocol);
int os_accept(int listen_fd);

/* What keeps a user's background programs running on this system: "systemd" or "launchd". */
const char *os_service_manager(void);

#endif
