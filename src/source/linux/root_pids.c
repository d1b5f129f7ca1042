/* SPDX-License-Identifier: MIT */
/* Processes through the root; see root_pids.h. */
#define _GNU_SOURCE /* getdents64 by syscall(2) */
#include "source/linux/root_pids.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/cold.h"
#include "base/vec.h"
#include "source/linux/scan.h"

enum {
    DIRENTS_SIZE = 65536,
    FRESH_SIZE = 2048,

    TEXT_SIZE = 4096,
    MOST_KEPT = 16384,
    PATH_ROOM = 32
};

/* What getdents64 fills; documented in getdents(2). */
struct linux_dirent {
    uint64_t inode;
    int64_t offset; /* position of the next entry */
    uint16_t length;
    uint8_t type;
    char name[];
};

static bool pid_of(const char *name, uint32_t *pid)
{
    uint64_t v = 0;
    size_t i = 0;
    for (; name[i] >= '0' && name[i] <= '9' && i < 10; i++)
        v = v * 10 + (uint64_t)(name[i] - '0');
    *pid = (uint32_t)v;
    return i > 0 && name[i] == '\0' && v > 0 && v <= INT32_MAX;
}

/* ---- listing a live /proc ----------------------------------------------------------------------------------------- */

/* What a listing found beside the pids. */
struct found {
    uint64_t directories; /* that are no processes */
    int64_t constant;     /* position less pid, where it was the same for all */
    bool is_constant;
};

/* List pids up to last from a position on. The kernel makes an inode for every entry it returns, so that a small buffer
 * is right where few are wanted. */
static int list_from(struct root_pids *p, int64_t position, uint32_t last, size_t buffer,
                     uint32_t **pids, size_t *n, size_t *cap, struct found *found)
{
    int64_t next = -1; /* position of the entry being looked at */
    *n = 0;
    *found = (struct found){.is_constant = true};
    int errnum = root_gate(p->root);
    if (errnum == 0 && lseek(p->proc, (off_t)position, SEEK_SET) < 0)
        errnum = errno;
    while (errnum == 0) {
        long got = syscall(SYS_getdents64, p->proc, p->dirents, buffer);
        if (got <= 0)
            return got == 0 ? 0 : errno;
        for (long at = 0; at < got;) {
            const struct linux_dirent *d = (const void *)(p->dirents + at);
            uint32_t pid;
            at += d->length;
            if (pid_of(d->name, &pid)) {
                if (pid > last)
                    return 0;
                if (!VEC_GROW(*pids, *cap, *n + 1))
                    return ENOMEM;
                (*pids)[(*n)++] = pid;
                if (*n == 2)
                    found->constant = next - (int64_t)pid;
                found->is_constant = found->is_constant &&
                                     (*n < 2 || next - (int64_t)pid == found->constant);
            } else {
                found->directories += d->type == DT_DIR && d->name[0] != '.' ? 1 : 0;
            }
            next = d->offset;
        }
    }
    return errnum;
}

static bool proc_links(const struct root_pids *p, uint64_t *links)
{
    struct stat s;
    if (fstat(p->proc, &s) != 0)
        return false;
    *links = (uint64_t)s.st_nlink;
    return true;
}

/* A directory has two links and one for each directory in it. If that leaves exactly the processes listed, the count can be
 * trusted from now on; in a pid namespace or with hidepid= it counts processes we do not see. */
static int list_whole(struct root_pids *p)
{
    struct found found;
    uint64_t before = 0, after = 0;
    bool counted = proc_links(p, &before);
    int errnum = list_from(p, 0, UINT32_MAX, DIRENTS_SIZE, &p->pids, &p->n, &p->cap, &found);
    counted = counted && proc_links(p, &after) && before == after;
    p->ticks = 0;
    p->can_seek = errnum == 0 && found.is_constant && p->n > 2;
    p->position = found.constant;
    if (counted && errnum == 0) {
        p->links = found.directories + 2;
        p->counts = after == p->links + p->n;
    }
    return errnum;
}

/* Fourth and fifth word of "0.00 0.01 0.05 1/234 5678": the newest pid. */
static bool newest_pid(struct root_pids *p, uint32_t *pid)
{
    struct root_text text;
    uint64_t value;
    if (root_read(p->root, p->loadavg, &text) != 0)
        return false;
    const char *at = strrchr(text.text, ' ');
    if (at == NULL || !scan_u64(&at, &value) || value == 0 || value > INT32_MAX)
        return false;
    *pid = (uint32_t)value;
    return true;
}

/* Add the fresh ones, which are rising like the others. */
static int merge_fresh(struct root_pids *p)
{
    if (!VEC_GROW(p->pids, p->cap, p->n + p->n_fresh))
        return ENOMEM;
    size_t doubles = 0;
    for (size_t a = 0, b = 0; a < p->n && b < p->n_fresh;) {
        doubles += p->pids[a] == p->fresh[b] ? 1 : 0;
        if (p->pids[a] <= p->fresh[b])
            a++;
        else
            b++;
    }
    size_t to = p->n + p->n_fresh - doubles;
    size_t a = p->n, b = p->n_fresh;
    p->n = to;
    while (b > 0) {
        if (a > 0 && p->pids[a - 1] == p->fresh[b - 1])
            b--;
        else if (a > 0 && p->pids[a - 1] > p->fresh[b - 1])
            p->pids[--to] = p->pids[--a];
        else
            p->pids[--to] = p->fresh[--b];
    }
    return 0;
}

/* As many as the kernel counts: none of those in the list has ended and none was missed. */
static bool adds_up(const struct root_pids *p)
{
    uint64_t links;
    return proc_links(p, &links) && links == p->links + p->n;
}

/* Take out those that have ended, by asking with signal 0 (kill(2), documented: ESRCH when there is none; a zombie still
 * answers, and is still listed). Measured: a fifth of the time that listing them anew takes. What ends is mostly what began
 * last, so the newest are asked first, and no more than are missing; whether that was all, the kernel's count says. */
static void drop_ended(struct root_pids *p, uint64_t missing)
{
    size_t at = p->n, to = p->n;
    while (at > 0 && missing > 0) {
        uint32_t pid = p->pids[--at];
        if (kill((pid_t)pid, 0) != 0 && errno == ESRCH)
            missing--;
        else
            p->pids[--to] = pid;
    }
    memmove(p->pids + at, p->pids + to, (p->n - to) * sizeof *p->pids);
    p->n = at + (p->n - to);
}

/* Whether what the kernel counts is in the list, also after those that have ended are out of it. */
static bool settles(struct root_pids *p)
{
    uint64_t links;
    if (adds_up(p))
        return true;
    if (!p->own_pids || !proc_links(p, &links) || links > p->links + p->n)
        return false;
    drop_ended(p, p->links + p->n - links);
    return adds_up(p);
}

static int update_live(struct root_pids *p)
{
    uint32_t now = 0;
    bool known = newest_pid(p, &now);
    /* Pids given out since the last tick but one: a process being made while we last looked was counted but not listed. */
    uint32_t from = p->last[1];
    bool rising = known && from != 0 && p->last[0] >= from && now >= p->last[0];
    p->last[1] = p->last[0];
    p->last[0] = known ? now : 0;
    if (!rising || !p->can_seek || !p->counts || ++p->ticks >= LIST_EVERY)
        return list_whole(p);
    int errnum = 0;
    if (now != from) {
        struct found found;
        errnum = list_from(p, (int64_t)from + 1 + p->position, now, FRESH_SIZE, &p->fresh,
                           &p->n_fresh, &p->cap_fresh, &found);
        errnum = errnum == 0 ? merge_fresh(p) : errnum;
    }
    return errnum == 0 && !settles(p) ? list_whole(p) : errnum;
}

static int update_tree(struct root_pids *p)
{
    int errnum = root_list(p->root, "proc", ROOT_SORTED | ROOT_NUMBERS, &p->names);
    p->n = 0;
    for (size_t i = 0; errnum == 0 && i < p->names.n; i++) {
        uint32_t pid;
        if (!pid_of(root_name(&p->names, i), &pid))
            continue;
        if (!VEC_GROW(p->pids, p->cap, p->n + 1))
            return ENOMEM;
        p->pids[p->n++] = pid;
    }
    return errnum;
}

/* Half of the descriptors this process may have belong to whoever uses us. */
static int most_kept(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return 0;
    rlim_t half = limit.rlim_cur / 2;
    return half < MOST_KEPT ? (int)half : MOST_KEPT;
}

int root_pids_update(struct root_pids *p)
{
    if (p->proc < 0)
        return update_tree(p);
    if (p->ticks == 0)
        p->most = most_kept();
    return update_live(p);
}

int root_pids_count(struct root_pids *p, uint64_t *count)
{
    uint64_t links;
    if (p->proc >= 0 && p->counts && proc_links(p, &links) && links > p->links) {
        *count = links - p->links;
        return 0;
    }
    int errnum = p->proc >= 0 ? list_whole(p) : update_tree(p);
    /* What was kept for the next tick no longer fits this list. */
    p->last[0] = p->last[1] = 0;
    *count = p->n;
    return errnum;
}

/* ---- one process ---------------------------------------------------------------------------------------------------- */

/* "PID/name" below /proc; name is one of ours. */
static void pid_path(char *path, uint32_t pid, const char *name)
{
    char digits[12];
    size_t n = 0;
    do
        digits[n++] = (char)('0' + pid % 10);
    while ((pid /= 10) > 0);
    for (size_t i = 0; i < n; i++)
        path[i] = digits[n - 1 - i];
    path[n++] = '/';
    memcpy(path + n, name, strlen(name) + 1);
}

static int read_text(struct root_pids *p, int fd, struct root_text *out)
{
    ssize_t got;
    int errnum = root_gate(p->root);
    if (errnum != 0)
        return errnum;
    do
        got = pread(fd, p->text, TEXT_SIZE - 1, 0);
    while (got < 0 && errno == EINTR);
    if (got <= 0)
        return got == 0 ? ESRCH : errno;
    p->text[got] = '\0';
    *out = (struct root_text){p->text, (size_t)got};
    return 0;
}

static int open_text(struct root_pids *p, uint32_t pid, const char *name, int *fd,
                     struct root_text *out)
{
    char path[PATH_ROOM];
    int errnum = root_gate(p->root);
    if (errnum != 0)
        return errnum;
    pid_path(path, pid, name);
    *fd = openat(p->proc, path, O_RDONLY | O_CLOEXEC);
    if (*fd < 0)
        return errno;
    errnum = read_text(p, *fd, out);
    if (errnum != 0 || *fd >= p->most)
        root_pids_shut(fd);
    return errnum;
}

/* A file of a captured tree, into our own memory, which further reads leave alone. */
static int load_text(struct root_pids *p, uint32_t pid, const char *name, struct root_text *out)
{
    char path[64];
    (void)snprintf(path, sizeof path, "proc/%lu/%s", (unsigned long)pid, name);
    int errnum = root_load(p->root, path, out);
    if (errnum != 0)
        return errnum;
    size_t n = out->n < TEXT_SIZE ? out->n : TEXT_SIZE - 1;
    memcpy(p->text, out->text, n);
    p->text[n] = '\0';
    *out = (struct root_text){p->text, n};
    return 0;
}

int root_pids_read(struct root_pids *p, uint32_t pid, const char *name, int *fd,
                   struct root_text *out)
{
    if (p->proc < 0)
        return load_text(p, pid, name, out);
    if (*fd < 0)
        return open_text(p, pid, name, fd, out);
    int errnum = read_text(p, *fd, out);
    if (errnum == 0)
        return 0;
    /* Its number may belong to another process by now. */
    root_pids_shut(fd);
    return errnum == ESRCH ? open_text(p, pid, name, fd, out) : errnum;
}

/* The clock of a process's CPU time. clock_getcpuclockid(3) gives the same number, which is checked once, but asks the
 * kernel each time whether there is such a process. A larger pid than any (proc(5), documented: 2^22) has no room in it. */
enum { MOST_PID = 1 << 22 };

static clockid_t clock_of(uint32_t pid)
{
    return (clockid_t)(~pid << 3 | 2);
}

int root_pids_clock(struct root_pids *p, uint32_t pid, int64_t *ns)
{
    struct timespec t;
    if (!p->has_clocks || pid > MOST_PID)
        return ENOTSUP;
    int errnum = root_gate(p->root);
    if (errnum != 0)
        return errnum;
    if (clock_gettime(clock_of(pid), &t) != 0)
        return errno;
    *ns = (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
    return 0;
}

void root_pids_shut(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
    *fd = -1;
}

/* Directories of /proc belong to the effective user even where the files in them do not (proc(5), documented). Files of
 * a captured tree belong to whoever unpacked it; its status files say whose the processes were. */
static int tree_owner(struct root_pids *p, uint32_t pid, uint64_t *uid)
{
    char path[64];
    struct root_text text;
    uint64_t real;
    (void)snprintf(path, sizeof path, "proc/%lu/status", (unsigned long)pid);
    int errnum = root_load(p->root, path, &text);
    if (errnum != 0)
        return errnum;
    const char *at = strstr(text.text, "\nUid:");
    if (at == NULL)
        return EINVAL;
    at += 5;
    return scan_u64(&at, &real) && scan_u64(&at, uid) ? 0 : EINVAL;
}

int root_pids_owner(struct root_pids *p, uint32_t pid, uint64_t *uid)
{
    char path[PATH_ROOM];
    struct stat s;
    if (p->proc < 0)
        return tree_owner(p, pid, uid);
    int errnum = root_gate(p->root);
    if (errnum != 0)
        return errnum;
    pid_path(path, pid, "");
    if (fstatat(p->proc, path, &s, 0) != 0)
        return errno;
    *uid = s.st_uid;
    return 0;
}

/* ---- life ------------------------------------------------------------------------------------------------------------- */

/* A /proc of our own pid namespace calls us what we call ourselves (proc(5), documented: self). */
static bool is_own_namespace(int proc)
{
    char link[16];
    uint32_t pid;
    ssize_t n = readlinkat(proc, "self", link, sizeof link - 1);
    if (n <= 0)
        return false;
    link[n] = '\0';
    return pid_of(link, &pid) && (pid_t)pid == getpid();
}

COLD int root_pids_open(struct root_pids *p, struct root *root)
{
    *p = (struct root_pids){.root = root, .proc = -1, .loadavg = -1};
    p->dirents = malloc(DIRENTS_SIZE);
    p->text = malloc(TEXT_SIZE);
    if (p->dirents == NULL || p->text == NULL)
        return ENOMEM;
    p->loadavg = root_keep(root, "proc/loadavg");
    if (p->loadavg < 0)
        return ENOMEM;
    int errnum = root_is_live(root) ? root_open_dir(root, "proc", &p->proc) : 0;
    p->own_pids = p->proc >= 0 && is_own_namespace(p->proc);
    clockid_t own;
    p->has_clocks = p->own_pids && clock_getcpuclockid(getpid(), &own) == 0 &&
                    own == clock_of((uint32_t)getpid());
    return errnum;
}

void root_pids_release(struct root_pids *p)
{
    if (p->root == NULL)
        return;
    if (p->proc >= 0)
        (void)close(p->proc);
    root_forget(p->root, p->loadavg);
    root_names_release(&p->names);
    free(p->pids);
    free(p->fresh);
    free(p->dirents);
    free(p->text);
    *p = (struct root_pids){.proc = -1, .loadavg = -1};
}
