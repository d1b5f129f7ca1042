/* SPDX-License-Identifier: MIT */
/* CPU time per logical CPU from /proc/stat, in ticks of 1/100 s (USER_HZ, the same on every architecture we know;
 * documented in proc(5)). Only CPUs that are online have a line; a line that comes or goes is a changed topology. */
#include "source/linux/stat.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/vec.h"
#include "source/linux/scan.h"
#include "source/linux/values.h"

const char *const stat_columns[STAT_COLUMNS] = {"user",   "nice", "system",  "idle",
                                                "iowait", "irq",  "softirq", "steal"};

struct stat_state {
    int32_t file;
    int32_t *channels; /* by logical CPU; -1: offline when described. Owned. */
    size_t cap;
    size_t n; /* logical CPUs channels covers */
    size_t n_online;
    bool kept; /* file is valid */
};

bool stat_next_cpu(const char **at, uint64_t *cpu, uint64_t ticks[STAT_COLUMNS])
{
    const char *p = *at;
    while (scan_text(&p, "cpu ") && scan_next_line(&p)) /* the sum over all CPUs */
        *at = p;
    if (!scan_text(&p, "cpu") || !scan_u64(&p, cpu))
        return false;
    memset(ticks, 0, STAT_COLUMNS * sizeof *ticks);
    for (size_t i = 0; i < STAT_COLUMNS && scan_u64(&p, &ticks[i]); i++)
        ;
    (void)scan_next_line(&p);
    *at = p;
    return true;
}

static bool add_cpu(struct stat_state *s, struct linux_probe *p, uint64_t cpu)
{
    char key[32], name[16];
    if (cpu >= LINUX_MAX_CPUS || !VEC_GROW(s->channels, s->cap, cpu + 1))
        return false;
    for (; s->n <= cpu; s->n++)
        s->channels[s->n] = -1;
    (void)snprintf(key, sizeof key, "cpu/%u/time", (unsigned)cpu);
    (void)snprintf(name, sizeof name, "%u", (unsigned)cpu);
    s->channels[cpu] =
        schema_add_channel(p->schema, &(struct channel_spec){.key = key,
                                                             .group = "cpu/time",
                                                             .name = name,
                                                             .unit = "ticks",
                                                             .label = "",
                                                             .collector = p->collector,
                                                             .type = SLOT_U64,
                                                             .count = STAT_COLUMNS,
                                                             .states = stat_columns,
                                                             .flags = CHANNEL_COUNTER});
    s->n_online++;
    return true;
}

static void describe(void *state, struct linux_probe *p)
{
    struct stat_state *s = state;
    struct root_text text;
    struct linux_list online = {0};
    uint64_t cpu, ticks[STAT_COLUMNS];
    int errnum = root_load(p->root, "proc/stat", &text);
    bool ok = true;
    s->file = root_keep(p->root, "proc/stat");
    s->kept = s->file >= 0;
    const char *at = errnum == 0 ? text.text : "";
    while (ok && stat_next_cpu(&at, &cpu, ticks))
        ok = add_cpu(s, p, cpu) && list_add(&online, cpu);
    schema_put_u64(p->schema, "cpu/online", online.at, online.n);
    if (errnum != 0)
        linux_report(p, errnum == ENOENT ? -1 : errnum, errnum == ENOENT ? "mount /proc" : NULL,
                     "/proc/stat cannot be read: %s", strerror(errnum));
    else if (s->n_online == 0)
        linux_report(p, EINVAL, NULL, "/proc/stat names no CPU");
    list_release(&online);
}

static void fail(const struct stat_state *s, struct frame *f, int errnum)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->channels[i] >= 0)
            frame_set_status(f, s->channels[i], errnum);
}

static bool read(void *state, struct root *root, struct frame *f)
{
    struct stat_state *s = state;
    struct root_text text;
    uint64_t cpu, ticks[STAT_COLUMNS];
    size_t online = 0;
    int errnum = s->kept ? root_read(root, s->file, &text) : ENOENT;
    if (errnum != 0) {
        fail(s, f, errnum);
        return false;
    }
    for (const char *at = text.text; stat_next_cpu(&at, &cpu, ticks); online++) {
        if (cpu >= s->n || s->channels[cpu] < 0)
            return cpu < LINUX_MAX_CPUS;
        memcpy(frame_array(f, s->channels[cpu]), ticks, sizeof ticks);
    }
    return online != s->n_online;
}

static void close_stat(void *state, struct root *root)
{
    struct stat_state *s = state;
    if (s->kept)
        root_forget(root, s->file);
    free(s->channels);
}

const struct linux_part linux_part_stat = {.name = "stat",
                                           .state_size = sizeof(struct stat_state),
                                           .describe = describe,
                                           .read = read,
                                           .close = close_stat};
