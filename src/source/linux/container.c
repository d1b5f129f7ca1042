/* SPDX-License-Identifier: MIT */
/* Limits of the control groups this process is in: memory and CPU, at every level from its own group to the root, because
 * the tightest one holds. cgroup v2 (admin-guide/cgroup-v2.rst: memory.max, memory.current, cpu.max) and v1
 * (memory.limit_in_bytes, memory.usage_in_bytes, cpu.cfs_quota_us, cpu.cfs_period_us), documented. "max", a quota of -1
 * and v1's largest number of pages are no limits: the channel is absent in that frame. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "source/linux/linux.h"
#include "source/linux/parse.h"
#include "source/linux/scan.h"

enum { MAX_LEVELS = 16, PATH_ROOM = 1024 };

struct level {
    int32_t limit, usage, quota, period; /* files; -1: none. v2's cpu.max is quota */
    int32_t limit_channel, usage_channel, cpu_channels[2]; /* quota, period */
};

struct container {
    struct level levels[MAX_LEVELS];
    size_t n;
};

static int32_t add_channel(struct linux_probe *p, size_t level, const char *name, const char *unit)
{
    char key[64];
    (void)snprintf(key, sizeof key, "cgroup/%zu/%s", level, name);
    return schema_add_channel(p->schema, &(struct channel_spec){.key = key,
                                                                .group = "cgroup",
                                                                .name = name,
                                                                .unit = unit,
                                                                .label = "",
                                                                .collector = p->collector,
                                                                .type = SLOT_U64});
}

/* Keep a file of a group if it is there. */
static int32_t keep(struct linux_probe *p, const char *group, const char *name)
{
    int32_t file = root_keep(p->root, "%s/%s", group, name);
    struct root_text text;
    if (file >= 0 && root_read(p->root, file, &text) != 0) {
        root_forget(p->root, file);
        return -1;
    }
    return file;
}

static const struct level no_level = {-1, -1, -1, -1, -1, -1, {-1, -1}};

static struct level *level_at(struct container *c, size_t i)
{
    while (c->n <= i)
        c->levels[c->n++] = no_level;
    return &c->levels[i];
}

static void add_memory(struct container *c, struct linux_probe *p, size_t i, const char *group,
                       const char *limit, const char *usage)
{
    int32_t file = keep(p, group, limit);
    if (file < 0)
        return;
    struct level *l = level_at(c, i);
    l->limit = file;
    l->usage = keep(p, group, usage);
    l->limit_channel = add_channel(p, i, "memory_limit", "B");
    l->usage_channel = add_channel(p, i, "memory_usage", "B");
}

static void add_cpu(struct container *c, struct linux_probe *p, size_t i, const char *group,
                    const char *quota, const char *period)
{
    int32_t file = keep(p, group, quota);
    if (file < 0)
        return;
    struct level *l = level_at(c, i);
    l->quota = file;
    l->period = period != NULL ? keep(p, group, period) : -1;
    l->cpu_channels[0] = add_channel(p, i, "cpu_quota", "us");
    l->cpu_channels[1] = add_channel(p, i, "cpu_period", "us");
}

enum kind { V2, V1_MEMORY, V1_CPU };

static void add_level(struct container *c, struct linux_probe *p, enum kind kind, size_t i,
                      const char *group)
{
    if (kind != V1_CPU)
        add_memory(c, p, i, group, kind == V2 ? "memory.max" : "memory.limit_in_bytes",
                   kind == V2 ? "memory.current" : "memory.usage_in_bytes");
    if (kind != V1_MEMORY)
        add_cpu(c, p, i, group, kind == V2 ? "cpu.max" : "cpu.cfs_quota_us",
                kind == V2 ? NULL : "cpu.cfs_period_us");
}

/* Every level of one hierarchy, our own first. In a container whose hierarchy is mounted from its own group down, the path
 * in /proc/self/cgroup does not exist below the mount, and the mount's top is our group. */
static void add_hierarchy(struct container *c, struct linux_probe *p, enum kind kind,
                          const char *mount, struct span path)
{
    char group[PATH_ROOM];
    size_t top = strlen(mount);
    if (path.n + top + 1 > sizeof group)
        return;
    memcpy(group, mount, top);
    memcpy(group + top, path.at, path.n);
    group[top + path.n] = '\0';
    if (strncmp(group + top, "/..", 3) == 0 || !root_exists(p->root, group))
        group[top] = '\0';
    for (size_t i = 0; i < MAX_LEVELS; i++) {
        while (strlen(group) > top && group[strlen(group) - 1] == '/')
            group[strlen(group) - 1] = '\0';
        add_level(c, p, kind, i, group);
        if (strlen(group) <= top)
            return;
        *strrchr(group, '/') = '\0';
    }
}

static void container_describe(void *state, struct linux_probe *p)
{
    struct container *c = state;
    struct root_text text;
    char copy[4096];
    struct span path;
    int errnum = root_load(p->root, "proc/self/cgroup", &text);
    if (errnum != 0) {
        linux_report(p, errnum == ENOENT ? -1 : errnum, NULL, "/proc/self/cgroup: %s",
                     strerror(errnum));
        return;
    }
    (void)snprintf(copy, sizeof copy, "%s", text.text);
    if (parse_cgroup_path(copy, NULL, &path))
        add_hierarchy(c, p, V2, "sys/fs/cgroup", path);
    if (parse_cgroup_path(copy, "memory", &path))
        add_hierarchy(c, p, V1_MEMORY, "sys/fs/cgroup/memory", path);
    if (parse_cgroup_path(copy, "cpu", &path))
        add_hierarchy(c, p, V1_CPU, "sys/fs/cgroup/cpu", path);
}

/* Largest limit v1 can set: PAGE_COUNTER_MAX pages, which is LONG_MAX rounded down to a page of up to 64 KiB. */
static const uint64_t V1_UNLIMITED = UINT64_C(0x7fffffffffff0000);

/* True when the group has a limit. */
static bool read_memory(const struct level *l, struct root *root, struct frame *f)
{
    uint64_t bytes;
    int errnum = root_read_u64(root, l->limit, &bytes);
    if (errnum == EINVAL || (errnum == 0 && bytes >= V1_UNLIMITED))
        return false;
    if (errnum == 0)
        frame_set_u64(f, l->limit_channel, bytes);
    else
        frame_set_status(f, l->limit_channel, errnum);
    return errnum == 0;
}

static void read_cpu(const struct level *l, struct root *root, struct frame *f)
{
    struct root_text text;
    uint64_t quota, period;
    if (root_read(root, l->quota, &text) != 0)
        return;
    const char *at = text.text;
    if (!scan_u64(&at, &quota))
        return;
    if (l->period >= 0 ? root_read_u64(root, l->period, &period) != 0 : !scan_u64(&at, &period))
        return;
    frame_set_u64(f, l->cpu_channels[0], quota);
    frame_set_u64(f, l->cpu_channels[1], period);
}

static bool container_read(void *state, struct root *root, struct frame *f)
{
    const struct container *c = state;
    for (size_t i = 0; i < c->n; i++) {
        const struct level *l = &c->levels[i];
        uint64_t bytes;
        if (l->limit_channel >= 0 && read_memory(l, root, f) && l->usage >= 0 &&
            root_read_u64(root, l->usage, &bytes) == 0)
            frame_set_u64(f, l->usage_channel, bytes);
        if (l->cpu_channels[0] >= 0 && l->cpu_channels[1] >= 0)
            read_cpu(l, root, f);
    }
    return false;
}

static void container_close(void *state, struct root *root)
{
    struct container *c = state;
    for (size_t i = 0; i < c->n; i++) {
        root_forget(root, c->levels[i].limit);
        root_forget(root, c->levels[i].usage);
        root_forget(root, c->levels[i].quota);
        root_forget(root, c->levels[i].period);
    }
}

const struct linux_part linux_part_container = {
    .name = "container",
    .state_size = sizeof(struct container),
    .describe = container_describe,
    .read = container_read,
    .close = container_close,
};
