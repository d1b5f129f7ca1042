/* SPDX-License-Identifier: MIT */
/* Memory and swap: /proc/meminfo (kB, which are KiB), swap traffic in /proc/vmstat (pages), zram (bytes).
 * Documentation/filesystems/proc.rst, admin-guide/blockdev/zram.rst (documented). */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "source/linux/linux.h"
#include "source/linux/parse.h"
#include "source/linux/scan.h"

/* Lines we want, in the order kernels print them, so that one walk over the file finds them all. */
static const char *const meminfo_names[] = {
    "MemTotal",     "MemFree",    "MemAvailable", "Buffers",    "Cached",    "SwapCached",
    "SwapTotal",    "SwapFree",   "Zswap",        "Zswapped",   "AnonPages", "Shmem",
    "SReclaimable", "SUnreclaim", "KernelStack",  "PageTables",
};
static const char *const vmstat_names[] = {"pswpin", "pswpout"};
enum {
    SWAP_TOTAL = 6, /* of meminfo_names */
    N_MEMINFO = sizeof meminfo_names / sizeof *meminfo_names,
    N_VMSTAT = sizeof vmstat_names / sizeof *vmstat_names,
    MAX_ZRAM = 32,
    N_MM_STAT = 3
};
static const char *const mm_stat_names[N_MM_STAT] = {"orig_data_size", "compr_data_size",
                                                     "mem_used_total"};

struct memory {
    int32_t meminfo, vmstat; /* files */
    int32_t meminfo_channels[N_MEMINFO];
    int32_t vmstat_channels[N_VMSTAT];
    size_t n_zram;
    int32_t zram[MAX_ZRAM]; /* files */
    int32_t zram_channels[MAX_ZRAM][N_MM_STAT];
    bool described;
};

static int32_t add_channel(struct linux_probe *p, const char *group, const char *name,
                           const char *unit, uint8_t flags)
{
    char key[128];
    (void)snprintf(key, sizeof key, "%s/%s", group, name);
    return schema_add_channel(p->schema, &(struct channel_spec){.key = key,
                                                                .group = group,
                                                                .name = name,
                                                                .unit = unit,
                                                                .label = "",
                                                                .collector = p->collector,
                                                                .type = SLOT_U64,
                                                                .flags = flags});
}

/* Channels for those names a file has. */
static void describe_pairs(struct linux_probe *p, const char *text, const char *const *names,
                           size_t n, const char *group, const char *unit, uint8_t flags,
                           int32_t *channels)
{
    struct span name;
    uint64_t value;
    while (parse_pair(&text, &name, &value)) {
        size_t i = 0;
        while (i < n && !span_is(name, names[i]))
            i++;
        if (i < n && channels[i] < 0)
            channels[i] = add_channel(p, group, names[i], unit, flags);
    }
}

static void describe_zram(struct memory *m, struct linux_probe *p)
{
    struct root_names names = {0};
    if (root_list(p->root, "sys/block", ROOT_SORTED, &names) == 0) {
        for (size_t i = 0; i < names.n && m->n_zram < MAX_ZRAM; i++) {
            const char *name = root_name(&names, i);
            char path[96], group[64];
            struct root_text text;
            (void)snprintf(path, sizeof path, "sys/block/%.32s/mm_stat", name);
            if (strncmp(name, "zram", 4) != 0 || root_load(p->root, path, &text) != 0)
                continue;
            (void)snprintf(group, sizeof group, "zram/%.32s", name);
            for (size_t k = 0; k < N_MM_STAT; k++)
                m->zram_channels[m->n_zram][k] = add_channel(p, group, mm_stat_names[k], "B", 0);
            m->zram[m->n_zram++] = root_keep(p->root, "%s", path);
        }
    }
    root_names_release(&names);
}

/* A file that is there and may not be read would have had all names: their channels say in each frame why not. */
static void describe_file(struct linux_probe *p, int32_t file, const char *const *names, size_t n,
                          const char *group, const char *unit, uint8_t flags, int32_t *channels)
{
    struct root_text text;
    int errnum = root_read(p->root, file, &text);
    if (errnum == 0)
        describe_pairs(p, text.text, names, n, group, unit, flags, channels);
    else
        linux_report(p, errnum == ENOENT ? -1 : errnum, NULL, "/proc/%s: %s", group,
                     strerror(errnum));
    for (size_t i = 0; errnum != 0 && errnum != ENOENT && i < n; i++)
        channels[i] = add_channel(p, group, names[i], unit, flags);
}

static void describe_files(struct memory *m, struct linux_probe *p)
{
    describe_file(p, m->meminfo, meminfo_names, N_MEMINFO, "meminfo", "kB", 0, m->meminfo_channels);
    describe_file(p, m->vmstat, vmstat_names, N_VMSTAT, "vmstat", "pages", CHANNEL_COUNTER,
                  m->vmstat_channels);
}

static void memory_describe(void *state, struct linux_probe *p)
{
    struct memory *m = state;
    for (size_t i = 0; i < N_MEMINFO; i++)
        m->meminfo_channels[i] = -1;
    for (size_t i = 0; i < N_VMSTAT; i++)
        m->vmstat_channels[i] = -1;
    m->meminfo = root_keep(p->root, "proc/meminfo");
    m->vmstat = root_keep(p->root, "proc/vmstat");
    m->described = true;
    describe_files(m, p);
    describe_zram(m, p);
}

/* Set the channels of a file of pairs; names come in the file's own order, mostly the list's. */
static void read_pairs(struct frame *f, const char *text, const char *const *names, size_t n,
                       const int32_t *channels)
{
    struct span name;
    uint64_t value;
    size_t next = 0;
    size_t left = n;
    while (left > 0 && parse_pair(&text, &name, &value)) {
        for (size_t tried = 0; tried < n; tried++) {
            size_t i = next + tried < n ? next + tried : next + tried - n;
            if (channels[i] < 0 || !span_is(name, names[i]))
                continue;
            frame_set_u64(f, channels[i], value);
            next = i + 1 < n ? i + 1 : 0;
            left--;
            break;
        }
    }
}

static void set_statuses(struct frame *f, const int32_t *channels, size_t n, int32_t status)
{
    for (size_t i = 0; i < n; i++)
        if (channels[i] >= 0)
            frame_set_status(f, channels[i], status);
}

static void read_zram(const struct memory *m, struct root *root, struct frame *f)
{
    struct root_text text = {"", 0};
    for (size_t i = 0; i < m->n_zram; i++) {
        int errnum = root_read(root, m->zram[i], &text);
        const char *at = text.text;
        for (size_t k = 0; k < N_MM_STAT; k++) {
            uint64_t value;
            if (m->zram_channels[i][k] < 0)
                continue;
            if (errnum == 0 && scan_u64(&at, &value))
                frame_set_u64(f, m->zram_channels[i][k], value);
            else if (errnum != 0)
                frame_set_status(f, m->zram_channels[i][k], errnum);
        }
    }
}

static bool memory_read(void *state, struct root *root, struct frame *f)
{
    struct memory *m = state;
    struct root_text text;
    int errnum = root_read(root, m->meminfo, &text);
    if (errnum == 0)
        read_pairs(f, text.text, meminfo_names, N_MEMINFO, m->meminfo_channels);
    else
        set_statuses(f, m->meminfo_channels, N_MEMINFO, errnum);
    /* vmstat is a long file; without swap nothing in it is wanted. */
    int32_t total = m->meminfo_channels[SWAP_TOTAL];
    if (m->vmstat_channels[0] >= 0 && !(frame_has(f, total) && frame_u64(f, total) == 0)) {
        errnum = root_read(root, m->vmstat, &text);
        if (errnum == 0)
            read_pairs(f, text.text, vmstat_names, N_VMSTAT, m->vmstat_channels);
        else
            set_statuses(f, m->vmstat_channels, N_VMSTAT, errnum);
    }
    read_zram(m, root, f);
    return false;
}

static void memory_close(void *state, struct root *root)
{
    struct memory *m = state;
    if (!m->described)
        return;
    root_forget(root, m->meminfo);
    root_forget(root, m->vmstat);
    for (size_t i = 0; i < m->n_zram; i++)
        root_forget(root, m->zram[i]);
}

const struct linux_part linux_part_memory = {
    .name = "memory",
    .state_size = sizeof(struct memory),
    .describe = memory_describe,
    .read = memory_read,
    .close = memory_close,
};
