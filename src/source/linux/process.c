/* SPDX-License-Identifier: MIT */
/* Processes: one row each, identified by pid and start time (ticks since boot, /proc/PID/stat, proc(5), documented). Their
 * number is always read; rows only when processes are wanted, and then one read a process: /proc/PID/stat. Of a live
 * machine those that sleep and have not run of late are asked by turns only, every fourth tick, and not for more than the
 * clock of their CPU time: while it stands, nothing in that file moves but what others do to them, above all the kernel
 * that takes memory from them, and the file is read every 32nd tick. Where there are no such clocks it is read
 * every fourth or eighth tick instead. What a process made disks read and write (/proc/PID/io) is read when the clock has
 * moved since: only who runs does either. Rows say of when they are; what was run is taken from the clock, for the times in
 * the file are in ticks of 10 ms. If the CPUs were busier than the processes that were
 * asked explain, the others are asked too, so that none that uses more than a twentieth of a core waits for its turn. What changes
 * rarely is remembered per identity and looked at again in turn: the owner (that of the directory), command line and
 * executable (only with ACTOP_WANT_CMDLINE). GPU clients (only with ACTOP_WANT_GPU_CLIENTS) need the list of
 * descriptors, where the machine has a DRM device at all. A process may end between any two of these: it is no row
 * then. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cold.h"
#include "base/pool.h"
#include "base/vec.h"
#include "source/linux/linux.h"
#include "source/linux/parse.h"
#include "source/linux/process.h"
#include "source/linux/root_pids.h"
#include "source/linux/scan.h"

enum {
    PID,
    START,
    PPID,
    STATE,
    COMM,
    UTIME,
    STIME,
    THREADS,
    RSS,
    FLAGS,
    UID,
    USER,
    CMDLINE,
    EXE,
    GPU_TIME,
    GPU_MEMORY,
    GPU_CYCLES,
    GPU_CLOCK,
    STAMP,
    READ_AT,
    CLOCK,
    DISK_READ,
    DISK_WRITTEN,
    DISK_ERRNO,
    N_COLUMNS
};

static const struct column_spec columns[N_COLUMNS] = {
    [PID] = {"pid", "", SLOT_U64, COLUMN_KEY, 0},
    [START] = {"start", "ticks", SLOT_U64, COLUMN_KEY, 0},
    [PPID] = {"ppid", "", SLOT_U64, 0, 0},
    [STATE] = {"state", "", SLOT_U64, 0, 0},
    [COMM] = {"comm", "", SLOT_BYTES, 0, 0},
    [UTIME] = {"utime", "ticks", SLOT_U64, CHANNEL_COUNTER, 0},
    [STIME] = {"stime", "ticks", SLOT_U64, CHANNEL_COUNTER, 0},
    [THREADS] = {"threads", "", SLOT_U64, 0, 0},
    [RSS] = {"rss", "pages", SLOT_U64, 0, 0},
    [FLAGS] = {"flags", "", SLOT_U64, 0, 0},
    [UID] = {"uid", "", SLOT_U64, 0, 0},
    [USER] = {"user", "", SLOT_BYTES, 0, 0},
    [CMDLINE] = {"cmdline", "", SLOT_BYTES, 0, 0},
    [EXE] = {"exe", "", SLOT_BYTES, 0, 0},
    [GPU_TIME] = {"gpu_time", "ns", SLOT_U64, CHANNEL_COUNTER, 0},
    [GPU_MEMORY] = {"gpu_memory", "B", SLOT_U64, 0, 0},
    [GPU_CYCLES] = {"gpu_cycles", "cycles", SLOT_U64, CHANNEL_COUNTER, 0},
    [GPU_CLOCK] = {"gpu_clock", "cycles", SLOT_U64, CHANNEL_COUNTER, 0},
    [STAMP] = {"stamp", "ns", SLOT_I64, 0, 0}, /* awake clock; in rows not asked in this tick */
    [READ_AT] = {"read", "ns", SLOT_I64, 0,
                 0}, /* the same; in rows whose file was read before that */
    [CLOCK] = {"clock", "ns", SLOT_U64, CHANNEL_COUNTER, 0},
    [DISK_READ] = {"disk_read", "B", SLOT_U64, CHANNEL_COUNTER, 0},
    [DISK_WRITTEN] = {"disk_written", "B", SLOT_U64, CHANNEL_COUNTER, 0},
    [DISK_ERRNO] = {"disk_errno", "", SLOT_U64, 0, 0}, /* instead of both, where they were denied */
};

enum {
    NAME_ROOM = 64,
    LOOK_AGAIN = 32,
    LOOK_RARELY = 256,
    GPU_EVERY = 8,
    READ_EVERY = 32,
    YOUNG = 3,
    CMDLINE_ROOM = 4096,
    EXE_ROOM = 1024,
    MAX_USERS = 16384
};
static const uint64_t PF_KTHREAD = 0x200000; /* include/linux/sched.h, stable since Linux 2.6.29 */

/* What is remembered of a process. */
struct known {
    uint32_t pid;
    int fd;    /* of its stat file; -1: none kept */
    int io_fd; /* of its io file; the same */
    uint64_t start;
    struct pid_stat stat; /* as last read; its name stands in name */
    char name[NAME_ROOM];
    uint8_t idle;     /* readings in which it had not run, up to 255 */
    int64_t read_ns;  /* awake clock */
    int64_t asked_ns; /* the same: until then it has not run since */
    int64_t clock_ns; /* of its CPU time, before that reading; -1: unknown */
    struct pid_io io;
    int64_t io_clock_ns; /* the clock before those were read, or when it was first seen */
    int32_t io_errnum;   /* why they could not be read */
    uint32_t uid;
    uint32_t user; /* row in users; 0: no name */
    bool has_uid, has_gpu, has_texts;
    bool has_io, io_shut; /* shut: it would say the same errno again */
    uint8_t fate;
    bool renamed;         /* in this tick */
    uint8_t looks;        /* at its descriptors so far, up to YOUNG */
    uint64_t gpu_ticks;   /* CPU time at the last one */
    uint64_t owner_ticks; /* the same when the owner was looked at */
    char *texts;          /* owned: command line, then executable */
    uint16_t n_cmdline, n_exe;
};

/* A user and the frame's copy of the name, so that it stands in a frame once. */
struct user {
    uint32_t uid;
    uint32_t name; /* pool */
    uint64_t slot; /* in the frame of tick */
    uint32_t tick;
};

struct processes {
    struct root_pids pids;
    int32_t rowset, count; /* count: channel */
    struct known *known;   /* owned; by pid */
    size_t n_known, cap_known;
    struct user *users; /* owned; [0] is nobody known */
    size_t n_users, cap_users;
    struct pool names;
    struct gpu_clients gpu;
    uint32_t tick;
    int32_t *times; /* channels of the CPUs' time; owned */
    size_t n_times, cap_times;
    const struct schema *times_of; /* the schema they are of */
    uint64_t busy_ticks;           /* of all CPUs, at the last tick */
    bool has_busy;
    int64_t last_ns;     /* awake clock at the last tick */
    uint64_t dark;       /* busy ticks that reading all of them did not explain, of late */
    uint64_t gone_ticks; /* of processes that ended since: all they and their children ran */
    bool has_gpu;        /* there is a DRM device whose clients could be looked for */
    bool hides;          /* /proc does not list the processes of others */
    bool described;
};

/* ---- users ---------------------------------------------------------------------------------------------------------- */

static void load_users(struct processes *s, struct root *root)
{
    struct root_text text;
    struct span name;
    uint64_t uid;
    if (!VEC_GROW(s->users, s->cap_users, 1))
        return;
    s->n_users = 1;
    if (root_load(root, "etc/passwd", &text) != 0)
        return;
    const char *at = text.text;
    while (s->n_users < MAX_USERS && parse_passwd(&at, &name, &uid)) {
        if (uid > UINT32_MAX || !VEC_GROW(s->users, s->cap_users, s->n_users + 1))
            continue;
        s->users[s->n_users++] =
            (struct user){.uid = (uint32_t)uid, .name = pool_add(&s->names, name.at, name.n)};
    }
}

static uint32_t find_user(const struct processes *s, uint32_t uid)
{
    for (uint32_t i = 1; i < s->n_users; i++)
        if (s->users[i].uid == uid)
            return i;
    return 0;
}

static void put_user(struct processes *s, struct frame *f, uint32_t row, const struct known *k)
{
    frame_cell_u64(f, s->rowset, row, UID, k->uid);
    if (k->user == 0)
        return;
    struct user *u = &s->users[k->user];
    if (u->tick != s->tick) {
        const char *name = pool_at(&s->names, u->name);
        frame_cell_bytes(f, s->rowset, row, USER, name, strlen(name));
        u->slot = frame_cell(f, s->rowset, row, USER);
        u->tick = s->tick;
    }
    frame_cell_u64(f, s->rowset, row, USER, u->slot);
}

/* ---- what is remembered ----------------------------------------------------------------------------------------------- */

static void forget_texts(struct known *k)
{
    free(k->texts);
    k->texts = NULL;
    k->n_cmdline = k->n_exe = 0;
    k->has_texts = false;
}

static void forget(struct known *k)
{
    root_pids_shut(&k->fd);
    root_pids_shut(&k->io_fd);
    forget_texts(k);
}

static void look_at_owner(struct processes *s, struct known *k)
{
    uint64_t uid;
    if (root_pids_owner(&s->pids, k->pid, &uid) != 0)
        return;
    if (!k->has_uid || k->uid != (uint32_t)uid) {
        k->user = find_user(s, (uint32_t)uid);
        k->io_shut = false;
    }
    k->uid = (uint32_t)uid;
    k->has_uid = true;
    k->owner_ticks = k->stat.utime + k->stat.stime;
}

/* Words of a command line end in zero bytes; those at its end say nothing. */
static size_t load_cmdline(struct root *root, uint32_t pid, char *into)
{
    char path[64];
    struct root_text text;
    (void)snprintf(path, sizeof path, "proc/%lu/cmdline", (unsigned long)pid);
    if (root_load(root, path, &text) != 0)
        return 0;
    size_t n = text.n < CMDLINE_ROOM ? text.n : CMDLINE_ROOM;
    while (n > 0 && text.text[n - 1] == '\0')
        n--;
    memcpy(into, text.text, n);
    return n;
}

static void look_at_texts(struct root *root, struct known *k)
{
    char both[CMDLINE_ROOM + EXE_ROOM];
    char path[64];
    size_t n_cmdline = load_cmdline(root, k->pid, both);
    (void)snprintf(path, sizeof path, "proc/%lu/exe", (unsigned long)k->pid);
    if (root_readlink(root, path, both + n_cmdline, EXE_ROOM) != 0)
        both[n_cmdline] = '\0';
    size_t n_exe = strlen(both + n_cmdline);
    if (k->has_texts && k->n_cmdline == n_cmdline && k->n_exe == n_exe &&
        (k->texts == NULL || memcmp(k->texts, both, n_cmdline + n_exe) == 0))
        return;
    forget_texts(k);
    k->has_texts = true;
    if (n_cmdline + n_exe == 0 || (k->texts = malloc(n_cmdline + n_exe)) == NULL)
        return;
    memcpy(k->texts, both, n_cmdline + n_exe);
    k->n_cmdline = (uint16_t)n_cmdline;
    k->n_exe = (uint16_t)n_exe;
}

/* A few processes are looked at again each tick, by pid, so that it is each one's turn every LOOK_AGAIN ticks. */
static bool is_turn(const struct processes *s, uint32_t pid, uint32_t every)
{
    return (pid + s->tick) % every == 0;
}

/* ---- rows ------------------------------------------------------------------------------------------------------------- */

static void put_stat(struct frame *f, int32_t rowset, uint32_t row, const struct known *k)
{
    const struct pid_stat *stat = &k->stat;
    frame_cell_u64(f, rowset, row, PID, stat->pid);
    frame_cell_u64(f, rowset, row, START, stat->start);
    frame_cell_u64(f, rowset, row, PPID, stat->ppid);
    frame_cell_u64(f, rowset, row, STATE, (uint64_t)stat->state);
    frame_cell_bytes(f, rowset, row, COMM, k->name, stat->name.n);
    frame_cell_u64(f, rowset, row, UTIME, stat->utime);
    frame_cell_u64(f, rowset, row, STIME, stat->stime);
    frame_cell_u64(f, rowset, row, THREADS, stat->threads);
    frame_cell_u64(f, rowset, row, RSS, stat->rss_pages);
    frame_cell_u64(f, rowset, row, FLAGS, stat->flags);
    if (k->clock_ns >= 0)
        frame_cell_u64(f, rowset, row, CLOCK, (uint64_t)k->clock_ns);
    if (k->has_io) {
        frame_cell_u64(f, rowset, row, DISK_READ, k->io.read_b);
        frame_cell_u64(f, rowset, row, DISK_WRITTEN, k->io.written_b);
    } else if (k->io_errnum != 0) {
        frame_cell_u64(f, rowset, row, DISK_ERRNO, (uint64_t)k->io_errnum);
    }
}

static void put_texts(struct processes *s, struct root *root, struct frame *f, uint32_t row,
                      struct known *k)
{
    if (!k->has_texts || k->renamed || is_turn(s, k->pid, LOOK_AGAIN))
        look_at_texts(root, k);
    if (k->n_cmdline > 0)
        frame_cell_bytes(f, s->rowset, row, CMDLINE, k->texts, k->n_cmdline);
    if (k->n_exe > 0)
        frame_cell_bytes(f, s->rowset, row, EXE, k->texts + k->n_cmdline, k->n_exe);
}

/* Looking for GPU clients takes longer than everything else about a process. One that has none is looked at in its first
 * ticks and then in turn, if it has run at all since: without running it can have opened none. */
static bool wants_gpu_look(const struct processes *s, const struct known *k, uint64_t ticks)
{
    if (k->has_gpu || k->looks < YOUNG)
        return true;
    return ticks != k->gpu_ticks && is_turn(s, k->pid, GPU_EVERY);
}

static void put_gpu(struct processes *s, struct root *root, struct frame *f, uint32_t row,
                    struct known *k)
{
    struct gpu_use use;
    uint64_t ticks = k->stat.utime + k->stat.stime;
    if (!s->has_gpu || !wants_gpu_look(s, k, ticks))
        return;
    k->looks = k->looks < YOUNG ? k->looks + 1 : k->looks;
    k->gpu_ticks = ticks;
    k->has_gpu = gpu_clients_read(&s->gpu, root, k->pid, &use);
    if (use.has_busy)
        frame_cell_u64(f, s->rowset, row, GPU_TIME, use.busy_ns);
    if (use.has_cycles) {
        frame_cell_u64(f, s->rowset, row, GPU_CYCLES, use.cycles);
        frame_cell_u64(f, s->rowset, row, GPU_CLOCK, use.clock);
    }
    if (use.has_memory)
        frame_cell_u64(f, s->rowset, row, GPU_MEMORY, use.memory_b);
}

/* Its owner changes only when it runs. A moment's running need not show in ticks, so that those that seem not to have run
 * are looked at too, if more rarely. */
static bool wants_owner_look(const struct processes *s, const struct known *k)
{
    bool ran = k->stat.utime + k->stat.stime != k->owner_ticks;
    return !k->has_uid || k->renamed || is_turn(s, k->pid, ran ? LOOK_AGAIN : LOOK_RARELY);
}

static void put_row(struct processes *s, struct root *root, struct frame *f, struct known *k)
{
    uint32_t row = frame_row(f, s->rowset);
    if (row == UINT32_MAX)
        return;
    put_stat(f, s->rowset, row, k);
    if (k->asked_ns != f->at.awake_ns)
        frame_cell_u64(f, s->rowset, row, STAMP, (uint64_t)k->asked_ns);
    if (k->read_ns != k->asked_ns)
        frame_cell_u64(f, s->rowset, row, READ_AT, (uint64_t)k->read_ns);
    if (wants_owner_look(s, k))
        look_at_owner(s, k);
    if (k->has_uid)
        put_user(s, f, row, k);
    if ((f->want & ACTOP_WANT_CMDLINE) != 0 && (k->stat.flags & PF_KTHREAD) == 0)
        put_texts(s, root, f, row, k);
    if ((f->want & ACTOP_WANT_GPU_CLIENTS) != 0 && (k->stat.flags & PF_KTHREAD) == 0)
        put_gpu(s, root, f, row, k);
}

static void remember(struct known *k, const struct pid_stat *stat, int64_t now_ns)
{
    size_t n = stat->name.n < NAME_ROOM ? stat->name.n : NAME_ROOM;
    k->renamed = k->stat.name.n != n || memcmp(k->name, stat->name.at, n) != 0;
    bool ran = stat->utime + stat->stime != k->stat.utime + k->stat.stime;
    bool sleeps = stat->state != 'R' && stat->state != 'D';
    k->idle = ran || !sleeps ? 0 : (uint8_t)(k->idle + (k->idle < UINT8_MAX ? 1 : 0));
    k->stat = *stat;
    k->stat.pid = k->pid;
    memcpy(k->name, stat->name.at, n);
    k->stat.name = (struct span){NULL, n};
    k->read_ns = k->asked_ns = now_ns;
    k->io_shut = k->io_shut && !k->renamed;
}

enum { OFTEN_IDLE = 4, LONG_IDLE = 6 };

/* Whether bytes read and written may have moved since they were read, or since the process was first seen: not unless it
 * ran, for they are counted in whoever reads a block or makes a page dirty (task_io_account_read and _write, inferred).
 * Without a clock that is not known. */
static bool wants_io(const struct processes *s, const struct known *k, int64_t clock_ns)
{
    if (k->io_shut && !is_turn(s, k->pid, LOOK_RARELY))
        return false;
    /* Whose they are, only a start time says that was the same before. */
    if (k->read_ns == 0 && s->pids.proc >= 0)
        return false;
    return clock_ns < 0 || clock_ns != k->io_clock_ns;
}

static int read_io(struct processes *s, struct known *k, struct pid_io *io)
{
    struct root_text text;
    int errnum = root_pids_read(&s->pids, k->pid, "io", &k->io_fd, &text);
    return errnum == 0 && !parse_pid_io(text.text, io) ? EINVAL : errnum;
}

/* Those of others are denied (documented: proc(5), PTRACE_MODE_READ_FSCREDS), and a kernel may be without them. */
static void remember_io(struct known *k, int errnum, const struct pid_io *io, int64_t clock_ns)
{
    k->has_io = errnum == 0;
    k->io_errnum = errnum;
    k->io_shut = errnum == EACCES || errnum == EPERM || errnum == ENOENT;
    if (errnum == 0)
        k->io = *io;
    if (errnum == 0 || k->io_shut)
        k->io_clock_ns = clock_ns;
}

/* What it read and wrote is read before the start time that says whose that was. False: it is gone. */
static bool read_process(struct processes *s, struct known *k, int64_t now_ns)
{
    struct root_text text;
    struct pid_stat stat;
    struct pid_io io;
    int64_t clock_ns = -1;
    if (root_pids_clock(&s->pids, k->pid, &clock_ns) != 0)
        clock_ns = -1;
    bool asks_io = wants_io(s, k, clock_ns);
    int io_errnum = asks_io ? read_io(s, k, &io) : 0;
    if (root_pids_read(&s->pids, k->pid, "stat", &k->fd, &text) != 0 ||
        !parse_pid_stat(text.text, text.n, &stat))
        return false;
    if (k->start != stat.start || k->read_ns == 0) {
        struct known old = *k;
        forget_texts(k);
        *k = (struct known){.pid = old.pid,
                            .fd = old.fd,
                            .io_fd = old.io_fd,
                            .start = stat.start,
                            .io_clock_ns = clock_ns};
        asks_io = asks_io && s->pids.proc < 0;
    }
    k->clock_ns = clock_ns;
    remember(k, &stat, now_ns);
    if (asks_io)
        remember_io(k, io_errnum, &io, clock_ns);
    return true;
}

/* Whether a process sleeps, did not run between its last readings, and it is not its turn. */
static bool may_wait(const struct processes *s, const struct known *k)
{
    uint32_t seldom = k->clock_ns < 0 && k->idle >= LONG_IDLE ? 8 : 4;
    return k->read_ns != 0 && k->idle >= OFTEN_IDLE && !is_turn(s, k->pid, seldom);
}

/* Whether the clock of such a process says that it has not run since its file was read. */
static bool rests(struct processes *s, const struct known *k)
{
    int64_t now;
    return k->clock_ns >= 0 && k->idle >= OFTEN_IDLE && !is_turn(s, k->pid, READ_EVERY) &&
           root_pids_clock(&s->pids, k->pid, &now) == 0 && now == k->clock_ns;
}

static void let_go(struct processes *s, struct known *k)
{
    s->gone_ticks += k->stat.utime + k->stat.stime + k->stat.children;
    forget(k);
}

/* Let those go that are no more among the pids, and leave a place for each new pid, in one array: rows are large. */
static void match(struct processes *s)
{
    size_t kept = 0, at = 0;
    s->gone_ticks = 0;
    for (size_t old = 0; old < s->n_known; old++) {
        while (at < s->pids.n && s->pids.pids[at] < s->known[old].pid)
            at++;
        if (at < s->pids.n && s->pids.pids[at] == s->known[old].pid)
            s->known[kept++] = s->known[old];
        else
            let_go(s, &s->known[old]);
    }
    for (size_t i = s->pids.n; i-- > 0;) {
        if (kept > 0 && s->known[kept - 1].pid == s->pids.pids[i])
            s->known[i] = s->known[--kept];
        else
            s->known[i] = (struct known){.pid = s->pids.pids[i], .fd = -1, .io_fd = -1};
    }
    s->n_known = s->pids.n;
}

/* Busy time of all CPUs in ticks, which an earlier part read into the same frame. Columns as in stat.c; interrupts
 * are no process's. */
static bool busy_ticks(struct processes *s, const struct frame *f, uint64_t *ticks)
{
    static const uint32_t busy[] = {0, 1, 2}; /* user, nice, system */
    *ticks = 0;
    for (size_t i = 0; i < s->n_times; i++) {
        if (!frame_has(f, s->times[i]))
            continue;
        const uint64_t *slots = f->slots + f->schema->channels[s->times[i]].first;
        for (size_t k = 0; k < sizeof busy / sizeof *busy; k++)
            *ticks += slots[busy[k]];
    }
    return s->n_times > 0;
}

static void find_times(struct processes *s, const struct schema *schema)
{
    s->times_of = schema;
    s->n_times = 0;
    for (size_t i = 0; i < schema->n_channels; i++) {
        const char *key = schema_text(schema, schema->channels[i].key);
        size_t n = strlen(key);
        if (strncmp(key, "cpu/", 4) == 0 && n > 9 && strcmp(key + n - 5, "/time") == 0 &&
            schema->channels[i].count >= 7 && VEC_GROW(s->times, s->cap_times, s->n_times + 1))
            s->times[s->n_times++] = (int32_t)i;
    }
}

/* Ticks that all CPUs were busy since the last frame; false: unknown. */
static bool busy_since(struct processes *s, const struct frame *f, uint64_t *grew)
{
    uint64_t now;
    if (s->times_of != f->schema)
        find_times(s, f->schema);
    bool known = busy_ticks(s, f, &now);
    bool ok = known && s->has_busy && now >= s->busy_ticks;
    *grew = ok ? now - s->busy_ticks : 0;
    s->busy_ticks = now;
    s->has_busy = known;
    return ok;
}

/* What the processes that were read explain of the busy time, in ticks. */
struct account {
    uint64_t own;      /* what they ran */
    uint64_t children; /* what children they waited for had run */
    uint64_t gone;     /* as far as those were known, and accounted for, before */
};

/* Busy time that the processes read do not explain. */
static uint64_t unexplained(uint64_t busy, const struct account *a)
{
    uint64_t ended = a->children > a->gone ? a->children - a->gone : 0;
    return busy > a->own + ended ? busy - a->own - ended : 0;
}

/* So much of it that it may belong to a process that was not read. A twentieth of one core is let pass, and a part of the
 * whole, for /proc/stat counts by samples and processes are measured; and what lately was left even after all were read:
 * processes that came and went between two ticks, of which nobody waited. */
static bool is_suspicious(uint64_t left, uint64_t busy, uint64_t dark, int64_t interval_ns)
{
    uint64_t interval = interval_ns > 0 ? (uint64_t)interval_ns / 10000000 : 0;
    return left > interval / 20 + busy / 32 + 2 + dark;
}

/* How a process has fared in this tick. */
enum fate { WAITS, ASKED, GONE };

static enum fate visit(struct processes *s, struct known *k, int64_t now_ns, struct account *a)
{
    if (rests(s, k)) {
        k->asked_ns = now_ns;
        return ASKED;
    }
    uint64_t own = k->stat.utime + k->stat.stime, children = k->stat.children;
    uint64_t start = k->read_ns != 0 ? k->start : UINT64_MAX;
    if (!read_process(s, k, now_ns)) {
        a->gone += own + children;
        return GONE;
    }
    uint64_t now = k->stat.utime + k->stat.stime;
    if (start !=
        k->start) { /* new: all it ran was in this interval, unless this is the first of all */
        own = s->last_ns == 0 ? now : 0;
        children = s->last_ns == 0 ? k->stat.children : 0;
    }
    a->own += now > own ? now - own : 0;
    a->children += k->stat.children > children ? k->stat.children - children : 0;
    return ASKED;
}

/* First those whose turn it is; then, if busy time is left that they do not explain, all others. */
static void read_all(struct processes *s, struct root *root, const struct frame *f)
{
    uint64_t busy = 0;
    struct account account = {.gone = s->gone_ticks};
    int64_t now_ns = f->at.awake_ns;
    bool all = !busy_since(s, f, &busy) || !root_is_live(root);
    size_t waiting = 0;
    for (size_t i = 0; i < s->n_known; i++) {
        struct known *k = &s->known[i];
        bool waits = !all && may_wait(s, k);
        k->renamed = false;
        k->fate = waits ? WAITS : (uint8_t)visit(s, k, now_ns, &account);
        waiting += waits ? 1 : 0;
    }
    uint64_t left = unexplained(busy, &account);
    s->dark -= s->dark / 8;
    if (waiting > 0 && is_suspicious(left, busy, s->dark, now_ns - s->last_ns)) {
        for (size_t i = 0; i < s->n_known; i++)
            if (s->known[i].fate == WAITS)
                s->known[i].fate = (uint8_t)visit(s, &s->known[i], now_ns, &account);
        left = unexplained(busy, &account);
        s->dark = left > s->dark ? left : s->dark;
    }
    s->last_ns = now_ns;
}

static void put_rows(struct processes *s, struct root *root, struct frame *f)
{
    size_t alive = 0;
    frame_expect(f, s->rowset, s->n_known + s->n_known / 16);
    for (size_t i = 0; i < s->n_known; i++) {
        if (s->known[i].fate == GONE) {
            forget(&s->known[i]);
            continue;
        }
        s->known[alive] = s->known[i];
        s->pids.pids[alive] = s->known[i].pid;
        put_row(s, root, f, &s->known[alive]);
        alive++;
    }
    s->n_known = s->pids.n = alive;
}

static void forget_all(struct processes *s)
{
    for (size_t i = 0; i < s->n_known; i++)
        forget(&s->known[i]);
    s->n_known = 0;
}

/* A count of those we may see is no count of processes. */
static void put_count(const struct processes *s, struct frame *f, int errnum, uint64_t count)
{
    if (errnum == 0 && s->hides)
        errnum = EACCES;
    if (errnum == 0)
        frame_set_u64(f, s->count, count);
    else
        frame_set_status(f, s->count, errnum);
}

static void read_rows(struct processes *s, struct root *root, struct frame *f)
{
    int errnum = root_pids_update(&s->pids);
    f->rows[s->rowset].status = errnum;
    if (errnum == 0 && !VEC_RESERVE(s->known, s->cap_known, s->pids.n + s->pids.n / 16 + 1))
        errnum = ENOMEM;
    f->failed = f->failed || errnum == ENOMEM;
    if (errnum != 0) {
        put_count(s, f, errnum, 0);
        return;
    }
    gpu_clients_begin(&s->gpu);
    match(s);
    read_all(s, root, f);
    put_rows(s, root, f);
    put_count(s, f, 0, s->pids.n);
}

static bool process_read(void *state, struct root *root, struct frame *f)
{
    struct processes *s = state;
    uint64_t count = 0;
    if (s->rowset < 0)
        return false;
    s->tick++;
    if ((f->want & ACTOP_WANT(ACTOP_SCOPE_PROCESS)) != 0) {
        read_rows(s, root, f);
        return false;
    }
    /* Nobody looks at processes any more: their descriptors are not ours to keep. */
    if (s->n_known > 0)
        forget_all(s);
    f->rows[s->rowset].status = SLOT_NOT_WANTED;
    int errnum = root_pids_count(&s->pids, &count);
    put_count(s, f, errnum, count);
    return false;
}

/* ---- life --------------------------------------------------------------------------------------------------------------- */

/* Page size and ticks a second of the machine the tree was taken from: the auxiliary vector the kernel gave to whoever
 * reads /proc/self (getauxval(3), documented: pairs of words, 6 is AT_PAGESZ, 17 AT_CLKTCK). */
static void describe_units(struct linux_probe *p)
{
    struct root_text text;
    uint64_t pair[2];
    if (root_load(p->root, "proc/self/auxv", &text) != 0)
        return;
    for (size_t at = 0; at + sizeof pair <= text.n; at += sizeof pair) {
        memcpy(pair, text.text + at, sizeof pair);
        if (pair[0] == 6 && pair[1] > 0)
            schema_put_u64(p->schema, "process/page_size", &pair[1], 1);
        if (pair[0] == 17 && pair[1] > 0)
            schema_put_u64(p->schema, "process/ticks_per_second", &pair[1], 1);
    }
}

static bool has_drm_device(struct root *root)
{
    struct root_names names = {0};
    bool found = false;
    if (root_list(root, "sys/class/drm", 0, &names) == 0)
        for (size_t i = 0; i < names.n && !found; i++)
            found = strncmp(root_name(&names, i), "card", 4) == 0 ||
                    strncmp(root_name(&names, i), "render", 6) == 0;
    root_names_release(&names);
    return found;
}

/* There is always a process 1, and it is somebody else's. Where /proc has it not, or not for us, it is mounted with hidepid=
 * (proc(5), documented): 2 and 4 leave the processes of others out of the list, 1 only keeps what is in their files. */
COLD static bool are_hidden(struct linux_probe *p)
{
    struct root_text text;
    int errnum = root_load(p->root, "proc/1/stat", &text);
    bool unlisted = errnum == ENOENT && root_is_live(p->root);
    if (unlisted || errnum == EACCES || errnum == EPERM)
        linux_report(p, EACCES,
                     "run actop as root, or as a member of the group that /proc's gid= names",
                     "/proc is mounted with hidepid=, which hides the processes of other users");
    return unlisted;
}

COLD static void process_describe(void *state, struct linux_probe *p)
{
    struct processes *s = state;
    struct root_text text;
    uint64_t count;
    s->rowset = -1;
    s->described = true;
    if (root_is_live(p->root) && root_load(p->root, "proc/self/stat", &text) == ENOENT) {
        linux_report(p, -1, "mount /proc", "nothing is mounted on /proc");
        return;
    }
    int errnum = root_pids_open(&s->pids, p->root);
    errnum = errnum != 0 ? errnum : root_pids_count(&s->pids, &count);
    if (errnum != 0) {
        linux_report(p, errnum == ENOENT ? -1 : errnum, NULL, "/proc: %s", strerror(errnum));
        return;
    }
    s->hides = are_hidden(p);
    load_users(s, p->root);
    describe_units(p);
    s->has_gpu = has_drm_device(p->root);
    s->count = schema_add_channel(p->schema, &(struct channel_spec){.key = "proc/processes",
                                                                    .group = "proc",
                                                                    .name = "processes",
                                                                    .unit = "",
                                                                    .label = "",
                                                                    .collector = p->collector,
                                                                    .type = SLOT_U64});
    s->rowset = schema_add_rowset(p->schema, "processes", ACTOP_SCOPE_PROCESS, p->collector,
                                  columns, N_COLUMNS);
}

COLD static void process_close(void *state, struct root *root)
{
    struct processes *s = state;
    (void)root;
    forget_all(s);
    if (s->described)
        root_pids_release(&s->pids);
    gpu_clients_release(&s->gpu);
    pool_release(&s->names);
    free(s->users);
    free(s->times);
    free(s->known);
}

const struct linux_part linux_part_process = {
    .name = "process",
    .state_size = sizeof(struct processes),
    .describe = process_describe,
    .read = process_read,
    .close = process_close,
};
