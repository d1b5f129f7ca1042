/* SPDX-License-Identifier: MIT */
/* Processes by libproc: full task info for those of our own user, the short info for all others (documented in <libproc.h>; who
 * may ask what: XNU's proc_info.c). Times are mach ticks on Apple Silicon (reported, osquery issue 7459) and stay so.
 * Energy is rusage's ri_energy_nj, which moves without privilege where ri_billed_energy stands still (reported). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/vec.h"
#include "source/apple/apple.h"

static const enum apple_row process_needed[] = {APPLE_ROW_proc_listallpids, APPLE_ROW_proc_pidinfo,
                                                APPLE_ROW_END};

enum {
    COLUMN_PID,
    COLUMN_START,
    COLUMN_PPID,
    COLUMN_UID,
    COLUMN_NAME,
    COLUMN_PATH,
    COLUMN_CMDLINE,
    COLUMN_OWN,
    COLUMN_USER_TICKS,
    COLUMN_SYSTEM_TICKS,
    COLUMN_RSS,
    COLUMN_VSIZE,
    COLUMN_THREADS,
    COLUMN_FOOTPRINT,
    COLUMN_READ,
    COLUMN_WRITTEN,
    COLUMN_ENERGY,
    COLUMN_PENERGY,
    COLUMN_NEURAL,
    N_COLUMNS
};

static const struct column_spec columns[N_COLUMNS] = {
    {"pid", "", SLOT_U64, COLUMN_KEY, 0},
    {"start_us", "us", SLOT_U64, COLUMN_KEY, 0},
    {"ppid", "", SLOT_U64, 0, 0},
    {"uid", "", SLOT_U64, 0, 0},
    {"name", "", SLOT_BYTES, 0, 0},
    {"path", "", SLOT_BYTES, 0, 0},
    {"cmdline", "", SLOT_BYTES, 0, 0},
    {"own", "", SLOT_U64, 0, 0},
    {"user_ticks", "ticks", SLOT_U64, CHANNEL_COUNTER, 0},
    {"system_ticks", "ticks", SLOT_U64, CHANNEL_COUNTER, 0},
    {"rss_b", "B", SLOT_U64, 0, 0},
    {"vsize_b", "B", SLOT_U64, 0, 0},
    {"threads", "", SLOT_U64, 0, 0},
    {"footprint_b", "B", SLOT_U64, 0, 0},
    {"disk_read_b", "B", SLOT_U64, CHANNEL_COUNTER, 0},
    {"disk_written_b", "B", SLOT_U64, CHANNEL_COUNTER, 0},
    {"energy_nj", "nJ", SLOT_U64, CHANNEL_COUNTER, 0},
    {"penergy_nj", "nJ", SLOT_U64, CHANNEL_COUNTER, 0},
    {"neural_footprint_b", "B", SLOT_U64, 0, 0},
};

/* Texts of a process that do not change while it lives, asked once. */
struct remembered {
    int32_t pid;
    uint32_t seen; /* the tick it was last seen in */
    uint64_t start_us;
    char *path, *cmdline; /* owned; NULL: could not be read */
};

struct process_state {
    int32_t *pids; /* owned */
    size_t cap_pids;
    char *arguments; /* owned; scratch for KERN_PROCARGS2 */
    size_t arguments_size;
    struct remembered *known; /* owned */
    size_t n_known, cap_known;
    uint32_t *index; /* owned; hash table over known: row + 1, 0 is free */
    size_t cap_index;
    uint32_t tick;
    bool has_rusage, has_v6, index_stale;
    int32_t rows;
};

/* ---- the list ---- */

/* How many pids are in s->pids; -1: failed. */
static int list_pids(struct process_state *s, const struct apple_api *api)
{
    int n = api->proc_listallpids(NULL, 0);

    if (n <= 0)
        return -1;
    if (!VEC_GROW(s->pids, s->cap_pids, (size_t)n + 32))
        return -1;
    n = api->proc_listallpids(s->pids,
                              (int)(s->cap_pids * sizeof *s->pids)); /* the size is in bytes */
    if (n <= 0) /* a failed call gives 0, too (documented: XNU's libproc.c) */
        return -1;
    return n < (int)s->cap_pids ? n : (int)s->cap_pids;
}

static void process_describe(void *state, struct apple_probe *p)
{
    struct process_state *s = state;

    if (list_pids(s, p->api) < 0) {
        apple_report(p, EIO, NULL, "proc_listallpids gave no processes");
        return;
    }
    s->has_rusage = s->has_v6 = p->api->proc_pid_rusage != NULL;
    if (!s->has_rusage)
        apple_report(p, 0, NULL,
                     "proc_pid_rusage is missing from this system: no energy per process");
    s->rows = schema_add_rowset(p->schema, "process", ACTOP_SCOPE_PROCESS, p->collector, columns,
                                N_COLUMNS);
}

/* ---- texts ---- */

static size_t slot_of(const struct process_state *s, int32_t pid)
{
    return (uint32_t)pid * 2654435761u & (s->cap_index - 1);
}

/* Build the hash table anew: after growth, and after rows moved. */
static bool index_known(struct process_state *s)
{
    size_t want = 64;

    while (want < 2 * (s->n_known + 1))
        want *= 2;
    if (want > s->cap_index) {
        uint32_t *index = realloc(s->index, want * sizeof *index);
        if (index == NULL)
            return false;
        s->index = index;
        s->cap_index = want;
    }
    memset(s->index, 0, s->cap_index * sizeof *s->index);
    for (size_t i = 0; i < s->n_known; i++) {
        size_t at = slot_of(s, s->known[i].pid);
        while (s->index[at] != 0)
            at = (at + 1) & (s->cap_index - 1);
        s->index[at] = (uint32_t)i + 1;
    }
    s->index_stale = false;
    return true;
}

static struct remembered *find_known(struct process_state *s, int32_t pid, uint64_t start_us)
{
    if ((s->index_stale || s->index == NULL) && !index_known(s))
        return NULL;
    for (size_t at = slot_of(s, pid); s->index[at] != 0; at = (at + 1) & (s->cap_index - 1)) {
        struct remembered *r = &s->known[s->index[at] - 1];
        if (r->pid == pid && r->start_us == start_us)
            return r;
    }
    return NULL;
}

static char *copy_path(const struct apple_api *api, int32_t pid)
{
    char path[APPLE_PROC_PATH_MAX];
    int n = api->proc_pidpath != NULL ? api->proc_pidpath(pid, path, sizeof path) : 0;
    char *copy = n > 0 && (size_t)n < sizeof path ? malloc((size_t)n + 1) : NULL;

    if (copy != NULL) {
        memcpy(copy, path, (size_t)n);
        copy[n] = '\0';
    }
    return copy;
}

/* KERN_PROCARGS2 is: argc, the executable's path, zeros, argc texts, the environment (documented by ps's source). Gives
 * the arguments with blanks between them. */
static char *join_arguments(const char *block, size_t n)
{
    int32_t argc = 0;
    size_t at = sizeof argc, used = 0;
    char *text;

    if (n < sizeof argc)
        return NULL;
    memcpy(&argc, block, sizeof argc);
    at += strnlen(block + at, n - at);
    while (at < n && block[at] == '\0')
        at++;
    text = malloc(n - at + 1);
    if (text == NULL)
        return NULL;
    for (; argc > 0 && at < n; argc--) {
        size_t length = strnlen(block + at, n - at);
        memcpy(text + used, block + at, length);
        used += length;
        at += length + 1;
        if (argc > 1 && at < n)
            text[used++] = ' ';
    }
    text[used] = '\0';
    return text;
}

static char *copy_cmdline(struct process_state *s, const struct apple_api *api, int32_t pid)
{
    int name[] = {APPLE_CTL_KERN, APPLE_KERN_PROCARGS2, pid};
    int32_t most = 0;
    size_t n = sizeof most;

    if (api->sysctl == NULL || api->sysctlbyname == NULL)
        return NULL;
    if (s->arguments == NULL) {
        if (api->sysctlbyname("kern.argmax", &most, &n, NULL, 0) != 0 || n != sizeof most ||
            most < 4096 || most > 1 << 22)
            most = 1 << 18;
        s->arguments_size = (size_t)most;
        s->arguments = malloc(s->arguments_size);
        if (s->arguments == NULL)
            return NULL;
    }
    n = s->arguments_size;
    if (api->sysctl(name, 3, s->arguments, &n, NULL, 0) != 0 || n > s->arguments_size)
        return NULL;
    return join_arguments(s->arguments, n);
}

static const struct remembered *remember(struct process_state *s, const struct apple_api *api,
                                         int32_t pid, uint64_t start_us)
{
    struct remembered *r = find_known(s, pid, start_us);

    if (r == NULL && VEC_GROW(s->known, s->cap_known, s->n_known + 1)) {
        r = &s->known[s->n_known++];
        *r = (struct remembered){.pid = pid, .start_us = start_us};
        r->path = copy_path(api, pid);
        r->cmdline = copy_cmdline(s, api, pid);
        s->index_stale = true;
    }
    if (r != NULL)
        r->seen = s->tick;
    return r;
}

static void forget_the_gone(struct process_state *s)
{
    size_t kept = 0;

    for (size_t i = 0; i < s->n_known; i++) {
        if (s->known[i].seen == s->tick) {
            s->known[kept++] = s->known[i];
            continue;
        }
        free(s->known[i].path);
        free(s->known[i].cmdline);
        s->index_stale = true;
    }
    s->n_known = kept;
}

/* ---- rows ---- */

static void put(struct process_state *s, struct frame *f, uint32_t row, uint32_t column,
                uint64_t value)
{
    frame_cell_u64(f, s->rows, row, column, value);
}

static void put_name(struct process_state *s, struct frame *f, uint32_t row, const char *name,
                     size_t size)
{
    frame_cell_bytes(f, s->rows, row, COLUMN_NAME, name, strnlen(name, size));
}

/* Version 6 came with macOS 13; asking an older kernel for it fails with EINVAL, then version 4 has no energy. */
static void put_rusage(struct process_state *s, struct apple_tick *t, uint32_t row, int32_t pid)
{
    struct apple_rusage usage;
    bool v6 = s->has_v6;

    if (!s->has_rusage)
        return;
    memset(&usage, 0, sizeof usage);
    if (v6 && t->api->proc_pid_rusage(pid, APPLE_RUSAGE_V6, &usage) != 0) {
        if (errno != EINVAL)
            return;
        s->has_v6 = v6 = false;
    }
    if (!v6 && t->api->proc_pid_rusage(pid, APPLE_RUSAGE_V4, &usage) != 0)
        return;
    put(s, t->frame, row, COLUMN_FOOTPRINT, usage.phys_footprint);
    put(s, t->frame, row, COLUMN_READ, usage.diskio_bytesread);
    put(s, t->frame, row, COLUMN_WRITTEN, usage.diskio_byteswritten);
    if (v6) {
        put(s, t->frame, row, COLUMN_ENERGY, usage.energy_nj);
        put(s, t->frame, row, COLUMN_PENERGY, usage.penergy_nj);
        put(s, t->frame, row, COLUMN_NEURAL, usage.neural_footprint);
    }
}

static void put_own(struct process_state *s, struct frame *f, uint32_t row,
                    const struct apple_proc_taskallinfo *info)
{
    const struct apple_proc_bsdinfo *bsd = &info->bsd;

    put(s, f, row, COLUMN_START, bsd->start_s * 1000000 + bsd->start_us);
    put(s, f, row, COLUMN_PPID, bsd->ppid);
    put(s, f, row, COLUMN_UID, bsd->uid);
    put(s, f, row, COLUMN_OWN, 1);
    put(s, f, row, COLUMN_USER_TICKS, info->task.total_user);
    put(s, f, row, COLUMN_SYSTEM_TICKS, info->task.total_system);
    put(s, f, row, COLUMN_RSS, info->task.resident_size);
    put(s, f, row, COLUMN_VSIZE, info->task.virtual_size);
    put(s, f, row, COLUMN_THREADS, (uint32_t)info->task.threads);
    if (bsd->name[0] != '\0')
        put_name(s, f, row, bsd->name, sizeof bsd->name);
    else
        put_name(s, f, row, bsd->comm, sizeof bsd->comm);
}

static void put_texts(struct process_state *s, struct apple_tick *t, uint32_t row, int32_t pid,
                      uint64_t start_us)
{
    const struct remembered *r = remember(s, t->api, pid, start_us);

    if (r != NULL && r->path != NULL)
        frame_cell_bytes(t->frame, s->rows, row, COLUMN_PATH, r->path, strlen(r->path));
    if (r != NULL && r->cmdline != NULL)
        frame_cell_bytes(t->frame, s->rows, row, COLUMN_CMDLINE, r->cmdline, strlen(r->cmdline));
}

static void add_process(struct process_state *s, struct apple_tick *t, int32_t pid)
{
    struct apple_proc_taskallinfo full;
    struct apple_proc_shortinfo brief;
    uint64_t start_us = 0;
    uint32_t row;
    int n = t->api->proc_pidinfo(pid, APPLE_PROC_TASKALLINFO, 0, &full, sizeof full);
    bool own = n == (int)sizeof full;

    if (!own) {
        n = t->api->proc_pidinfo(pid, APPLE_PROC_SHORTBSDINFO, 0, &brief, sizeof brief);
        if (n != (int)sizeof brief) /* gone between the list and the question */
            return;
    }
    row = frame_row(t->frame, s->rows);
    if (row == UINT32_MAX)
        return;
    put(s, t->frame, row, COLUMN_PID, (uint32_t)pid);
    if (own) {
        start_us = full.bsd.start_s * 1000000 + full.bsd.start_us;
        put_own(s, t->frame, row, &full);
        put_rusage(s, t, row, pid);
    } else {
        put(s, t->frame, row, COLUMN_PPID, brief.ppid);
        put(s, t->frame, row, COLUMN_UID, brief.uid);
        put(s, t->frame, row, COLUMN_OWN, 0);
        put_name(s, t->frame, row, brief.comm, sizeof brief.comm);
    }
    if ((t->want & ACTOP_WANT_CMDLINE) != 0)
        put_texts(s, t, row, pid, start_us);
}

static bool process_read(void *state, struct apple_tick *t)
{
    struct process_state *s = state;
    int n = list_pids(s, t->api);

    s->tick++;
    t->frame->rows[s->rows].status = n >= 0 ? SLOT_READ : EIO;
    for (int i = 0; i < n; i++)
        add_process(s, t, s->pids[i]);
    if ((t->want & ACTOP_WANT_CMDLINE) != 0)
        forget_the_gone(s);
    return false;
}

static void process_close(void *state, const struct apple_api *api)
{
    struct process_state *s = state;

    (void)api;
    for (size_t i = 0; i < s->n_known; i++) {
        free(s->known[i].path);
        free(s->known[i].cmdline);
    }
    free(s->known);
    free(s->index);
    free(s->pids);
    free(s->arguments);
}

actop_status apple_process_check(const struct apple_api *api, uint64_t pid, uint64_t start_us,
                                 actop_error *err)
{
    struct apple_proc_taskallinfo info;

    if (api->proc_pidinfo == NULL || pid == 0 || pid > INT32_MAX)
        return error_set(err, ACTOP_E_UNSUPPORTED, "process %llu cannot be looked at",
                         (unsigned long long)pid);
    if (api->proc_pidinfo((int)pid, APPLE_PROC_TASKALLINFO, 0, &info, sizeof info) !=
        (int)sizeof info)
        return error_errno(err, errno == EPERM ? EPERM : ESRCH, "process %llu",
                           (unsigned long long)pid);
    if (info.bsd.start_s * 1000000 + info.bsd.start_us != start_us)
        return error_set(err, ACTOP_E_GONE, "process %llu is another one now",
                         (unsigned long long)pid);
    return ACTOP_OK;
}

/* Asked without memory the call says how much it may take, with room to spare (reported by users of libproc; XNU adds
 * 20); with memory, how much it took. A list as long as the memory may have been cut: the process opened more meanwhile. */
actop_status apple_process_files(const struct apple_api *api, uint64_t pid, uint64_t start_us,
                                 uint64_t *count, actop_error *err)
{
    enum { TRIES = 4, SPARE = 64, MOST = 1 << 24 };
    actop_status st = apple_process_check(api, pid, start_us, err);
    struct apple_proc_fdinfo *list = NULL; /* owned */
    int got = 0, room = 0;

    for (int i = 0; st == ACTOP_OK && i < TRIES && got >= room; i++) {
        int want = api->proc_pidinfo((int)pid, APPLE_PROC_LISTFDS, 0, NULL, 0);
        free(list);
        list = NULL;
        if (want <= 0 || want > MOST)
            st = error_errno(err,
                             want > 0         ? E2BIG
                             : errno == EPERM ? EPERM
                                              : ESRCH,
                             "files of process %llu", (unsigned long long)pid);
        else if ((list = calloc((size_t)want / sizeof *list + SPARE, sizeof *list)) == NULL)
            st = error_no_memory(err, "a list of files");
        if (st != ACTOP_OK)
            break;
        room = (int)(((size_t)want / sizeof *list + SPARE) * sizeof *list);
        errno = 0; /* no files and a failed call are both 0 (documented: XNU's libproc.c) */
        got = api->proc_pidinfo((int)pid, APPLE_PROC_LISTFDS, 0, list, room);
    }
    if (st == ACTOP_OK && got <= 0 && errno != 0)
        st = error_errno(err, errno, "files of process %llu", (unsigned long long)pid);
    free(list);
    if (st == ACTOP_OK)
        *count = (uint64_t)got / sizeof *list;
    return st;
}

const struct apple_part apple_process_part = {
    .name = "process",
    .state_size = sizeof(struct process_state),
    .want = ACTOP_WANT(ACTOP_SCOPE_PROCESS),
    .needed = process_needed,
    .describe = process_describe,
    .read = process_read,
    .close = process_close,
};
