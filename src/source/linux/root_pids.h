/* SPDX-License-Identifier: MIT */
/* Root, the part for processes: which there are, and their /proc/PID/stat and io, as cheaply as the kernel lets us have them.
 * There are thousands, so what is fair for other files is too slow here. On a live machine
 *   - the stat files of processes (and the io files of those that run) stay open and are read again, which saves the
 *     look-up and the opening (measured: half the time), as long as the descriptors they take stay below half of the
 *     soft limit (RLIMIT_NOFILE), which is for the program to raise. Such a descriptor belongs to one process for ever:
 *     when that one is gone it says ESRCH, also when its number was given to another;
 *   - /proc is listed whole only every LIST_EVERY ticks or when something does not add up. In between only the pids
 *     given out since the last tick but one are listed: the kernel gives them out in rising order (documented in
 *     proc(5), ns_last_pid) and directory positions in /proc are pids plus a constant, as each whole listing verifies;
 *     and where fewer are there than are known, each of those is asked with signal 0 whether it has ended.
 * A captured tree is listed and read like anything else. */
#ifndef SOURCE_LINUX_ROOT_PIDS_H
#define SOURCE_LINUX_ROOT_PIDS_H

#include "source/linux/root.h"

struct root_pids {
    struct root *root;
    uint32_t *pids;     /* rising; the caller takes those that are gone out */
    size_t n;
    size_t cap;
    struct root_names names; /* of a captured tree */
    char *dirents;      /* owned */
    char *text;         /* owned; what was read last */
    uint32_t *fresh;    /* pids given out of late */
    size_t n_fresh, cap_fresh;
    int proc;           /* descriptor of /proc; -1: not live */
    int32_t loadavg;    /* file */
    int most;           /* descriptors below this may be kept */
    bool can_seek;      /* a whole listing showed positions to be pids plus a constant */
    int64_t position;   /* that constant */
    uint32_t last[2];   /* newest pid at the last tick and the one before; 0 unknown */
    uint32_t ticks;     /* since the last whole listing */
    bool own_pids;      /* /proc shows our own pid namespace, so that kill(2) means the same processes */
    bool has_clocks;    /* and clock_gettime(2) too */
    bool counts;        /* the link count of /proc tells how many processes there are */
    uint64_t links;     /* what it counts besides */
};

enum { LIST_EVERY = 32 };

/* 0 or an errno; release in either case. */
int root_pids_open(struct root_pids *p, struct root *root);
void root_pids_release(struct root_pids *p);

/* Bring pids up to date: none that has ended, and the new ones. 0 or an errno; ENOMEM. */
int root_pids_update(struct root_pids *p);

/* How many processes there are, without listing them where the kernel says so (the link count of /proc, verified by a
 * whole listing; inferred from fs/proc/root.c). */
int root_pids_count(struct root_pids *p, uint64_t *count);

/* Text of /proc/PID/name, "stat" or "io". *fd is -1 at first and afterwards a descriptor that may be kept open; close it with
 * root_pids_shut. ESRCH or ENOENT: the process is gone. Borrowed until the next call. */
int root_pids_read(struct root_pids *p, uint32_t pid, const char *name, int *fd, struct root_text *out);
void root_pids_shut(int *fd);

/* What all threads of a process have run so far, in ns, for a sixth of what its stat file costs (measured). 0 or an errno;
 * ENOTSUP of a captured tree and in another pid namespace. */
int root_pids_clock(struct root_pids *p, uint32_t pid, int64_t *ns);

/* Owner of /proc/PID: the effective user. */
int root_pids_owner(struct root_pids *p, uint32_t pid, uint64_t *uid);

#endif
