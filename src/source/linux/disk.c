/* SPDX-License-Identifier: MIT */
/* Disks: one row for each whole block device of /proc/diskstats (admin-guide/iostats.rst, documented: sectors there are
 * 512 bytes, times are milliseconds and wrap at 32 bits). A device is whole when it stands in /sys/block, where
 * partitions do not; what it is made of (a `device` link means hardware, or a driver that claims some) is remembered.
 * dm, md, loop and zram devices are rows too: that they repeat others' traffic is decode's business. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/vec.h"
#include "source/linux/linux.h"
#include "source/linux/parse.h"

enum {
    NAME,
    MAJOR,
    MINOR,
    READS,
    READ_SECTORS,
    WRITES,
    WRITTEN_SECTORS,
    BUSY,
    DEVICE,
    HIDDEN,
    SIZE,
    MODEL,
    N_COLUMNS
};

static const struct column_spec columns[N_COLUMNS] = {
    [NAME] = {"name", "", SLOT_BYTES, COLUMN_KEY, 0},
    [MAJOR] = {"major", "", SLOT_U64, COLUMN_KEY, 0},
    [MINOR] = {"minor", "", SLOT_U64, COLUMN_KEY, 0},
    [READS] = {"reads", "requests", SLOT_U64, CHANNEL_COUNTER, 0},
    [READ_SECTORS] = {"read_sectors", "512B", SLOT_U64, CHANNEL_COUNTER, 0},
    [WRITES] = {"writes", "requests", SLOT_U64, CHANNEL_COUNTER, 0},
    [WRITTEN_SECTORS] = {"written_sectors", "512B", SLOT_U64, CHANNEL_COUNTER, 0},
    [BUSY] = {"busy", "ms", SLOT_U64, CHANNEL_COUNTER, 32},
    [DEVICE] = {"device", "", SLOT_U64, 0, 0},
    [HIDDEN] = {"hidden", "", SLOT_U64, 0, 0},
    [SIZE] = {"size", "512B", SLOT_U64, 0, 0},
    [MODEL] = {"model", "", SLOT_BYTES, 0, 0},
};

enum { NAME_SIZE = 64, MODEL_SIZE = 64, FACTS_EVERY = 8, FACTS_A_TICK = 4 };

struct disk {
    char name[NAME_SIZE];
    char model[MODEL_SIZE];
    uint64_t device, hidden, size;
    bool whole;
    bool denied; /* /sys/block may not be looked at: nobody knows whether it is whole */
    bool is_new;
    bool has_row;
    uint32_t seen; /* tick that had it last */
    uint32_t row;  /* in that tick's frame */
};

struct disks {
    int32_t file, rowset;
    struct disk *known; /* owned; whole disks and partitions, in the order of the file */
    size_t n, cap;
    size_t facts_next; /* whose turn it is */
    uint32_t tick;
    bool described;
};

/* A slash in a device's name is an exclamation mark in /sys (documented: cciss!c0d0). */
static bool fact_path(char *path, size_t size, const struct disk *d, const char *what)
{
    int n = snprintf(path, size, "sys/block/%s%s", d->name, what);
    if (n < 0 || (size_t)n >= size)
        return false;
    for (size_t i = 10; i < 10 + strlen(d->name); i++)
        if (path[i] == '/')
            path[i] = '!';
    return true;
}

static uint64_t fact_u64(struct root *root, const struct disk *d, const char *what)
{
    char path[160];
    uint64_t value = 0;
    if (!fact_path(path, sizeof path, d, what) || root_load_u64(root, path, &value) != 0)
        return 0;
    return value;
}

static void read_facts(struct root *root, struct disk *d)
{
    char path[160];
    int errnum = fact_path(path, sizeof path, d, "") ? root_look(root, path) : ENAMETOOLONG;
    d->whole = errnum == 0;
    d->denied = errnum == EACCES || errnum == EPERM;
    if (!d->whole)
        return;
    d->device = fact_path(path, sizeof path, d, "/device") && root_exists(root, path) ? 1 : 0;
    d->hidden = fact_u64(root, d, "/hidden");
    d->size = fact_u64(root, d, "/size");
    d->model[0] = '\0';
    /* SCSI, ATA and NVMe name it model; SD cards name. */
    if (fact_path(path, sizeof path, d, "/device/model"))
        (void)root_load_line(root, path, d->model, sizeof d->model);
    if (d->model[0] == '\0' && fact_path(path, sizeof path, d, "/device/name"))
        (void)root_load_line(root, path, d->model, sizeof d->model);
}

/* The device of that name: mostly the one behind the last. NULL: out of memory. */
static struct disk *find(struct disks *s, struct span name, size_t *at)
{
    size_t n = name.n < NAME_SIZE ? name.n : NAME_SIZE - 1;
    for (size_t tried = 0; tried < s->n; tried++) {
        size_t k = *at + tried < s->n ? *at + tried : *at + tried - s->n;
        struct disk *d = &s->known[k];
        if (memcmp(d->name, name.at, n) == 0 && d->name[n] == '\0') {
            *at = k + 1;
            return d;
        }
    }
    if (!VEC_GROW(s->known, s->cap, s->n + 1))
        return NULL;
    struct disk *d = &s->known[s->n++];
    *d = (struct disk){.is_new = true};
    memcpy(d->name, name.at, n);
    *at = s->n;
    return d;
}

static uint32_t put_counters(struct frame *f, int32_t rowset, const struct disk_stat *stat)
{
    uint32_t row = frame_row(f, rowset);
    if (row == UINT32_MAX)
        return row;
    frame_cell_bytes(f, rowset, row, NAME, stat->name.at, stat->name.n);
    frame_cell_u64(f, rowset, row, MAJOR, stat->major);
    frame_cell_u64(f, rowset, row, MINOR, stat->minor);
    frame_cell_u64(f, rowset, row, READS, stat->reads);
    frame_cell_u64(f, rowset, row, READ_SECTORS, stat->read_sectors);
    frame_cell_u64(f, rowset, row, WRITES, stat->writes);
    frame_cell_u64(f, rowset, row, WRITTEN_SECTORS, stat->written_sectors);
    frame_cell_u64(f, rowset, row, BUSY, stat->busy_ms);
    return row;
}

static void put_facts(struct frame *f, int32_t rowset, const struct disk *d)
{
    frame_cell_u64(f, rowset, d->row, DEVICE, d->device);
    frame_cell_u64(f, rowset, d->row, HIDDEN, d->hidden);
    frame_cell_u64(f, rowset, d->row, SIZE, d->size);
    if (d->model[0] != '\0')
        frame_cell_bytes(f, rowset, d->row, MODEL, d->model, strlen(d->model));
}

/* Whether a device is whole is known after its facts were read, which would overwrite the text being parsed: the names
 * that are new are looked at first. False: none were, and the text stands. */
static bool learn(struct disks *s, struct root *root, struct frame *f, const char *at)
{
    struct disk_stat stat;
    size_t next = 0;
    while (parse_disk_stat(&at, &stat)) {
        struct disk *d = find(s, stat.name, &next);
        if (d == NULL)
            f->failed = true;
        else
            d->seen = s->tick;
    }
    bool learnt = false;
    size_t kept = 0;
    for (size_t k = 0; k < s->n; k++) {
        struct disk *d = &s->known[k];
        learnt = learnt || d->is_new;
        if (d->is_new)
            read_facts(root, d);
        d->is_new = false;
        d->has_row = false;
        if (d->seen == s->tick)
            s->known[kept++] = *d;
    }
    s->n = kept;
    return learnt;
}

static void refresh(struct disks *s, struct root *root)
{
    bool all = !root_is_live(root);
    if (s->n == 0 || (!all && s->tick % FACTS_EVERY != 0))
        return;
    for (size_t left = all || s->n < FACTS_A_TICK ? s->n : FACTS_A_TICK; left > 0; left--)
        read_facts(root, &s->known[s->facts_next++ % s->n]);
}

/* The rows of whole disks. EACCES: there would be some, but for what may not be looked at. */
static int put_rows(struct disks *s, struct frame *f, const char *at)
{
    struct disk_stat stat;
    size_t next = 0;
    bool any = false, denied = false;
    while (parse_disk_stat(&at, &stat)) {
        struct disk *d = find(s, stat.name, &next);
        denied = denied || (d != NULL && d->denied);
        if (d == NULL || !d->whole || d->has_row)
            continue;
        d->row = put_counters(f, s->rowset, &stat);
        if (d->row == UINT32_MAX)
            break;
        any = d->has_row = true;
        put_facts(f, s->rowset, d);
    }
    return denied && !any ? EACCES : 0;
}

static bool disk_read(void *state, struct root *root, struct frame *f)
{
    struct disks *s = state;
    struct root_text text;
    if (s->rowset < 0)
        return false;
    s->tick++;
    refresh(s, root);
    int errnum = root_read(root, s->file, &text);
    if (errnum == 0 && learn(s, root, f, text.text))
        errnum = root_read(root, s->file, &text);
    if (errnum == 0)
        errnum = put_rows(s, f, text.text);
    f->rows[s->rowset].status = errnum;
    return false;
}

static void disk_describe(void *state, struct linux_probe *p)
{
    struct disks *s = state;
    struct root_text text;
    s->rowset = -1;
    s->file = root_keep(p->root, "proc/diskstats");
    s->described = true;
    int errnum = root_read(p->root, s->file, &text);
    if (errnum != 0) {
        linux_report(p, errnum == ENOENT ? -1 : errnum, NULL, "/proc/diskstats: %s",
                     strerror(errnum));
        return;
    }
    s->rowset = schema_add_rowset(p->schema, "disks", ACTOP_SCOPE_MACHINE, p->collector, columns,
                                  N_COLUMNS);
}

static void disk_close(void *state, struct root *root)
{
    struct disks *s = state;
    if (s->described)
        root_forget(root, s->file);
    free(s->known);
}

const struct linux_part linux_part_disk = {
    .name = "disk",
    .state_size = sizeof(struct disks),
    .describe = disk_describe,
    .read = disk_read,
    .close = disk_close,
};
