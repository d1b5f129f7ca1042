/* SPDX-License-Identifier: MIT */
/* Load averages and threads from /proc/loadavg, and pressure stall information from /proc/pressure (documented in
 * proc(5) and the kernel's accounting/psi.rst): microseconds in which some task, or all tasks, waited. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "source/linux/linux.h"
#include "source/linux/scan.h"

static const char *const resources[] = {"cpu", "io", "memory"};
static const char *const kinds[] = {"some", "full"};

enum { N_RESOURCES = 3, N_KINDS = 2 };

struct load_state {
    int32_t loadavg, averages, threads; /* file, channels */
    int32_t files[N_RESOURCES];
    int32_t stalls[N_RESOURCES][N_KINDS];
    bool described;
};

static void describe_loadavg(struct load_state *s, struct linux_probe *p)
{
    static const char *const names[] = {"1", "5", "15"};
    struct root_text text;
    int errnum = root_load(p->root, "proc/loadavg", &text);
    if (errnum != 0)
        linux_report_nothing(p, errnum, "proc/loadavg", "mount /proc",
                             "/proc/loadavg cannot be read");
    if (errnum == ENOENT)
        return;
    s->loadavg = root_keep(p->root, "proc/loadavg");
    s->averages = schema_add_channel(p->schema, &(struct channel_spec){.key = "load/average",
                                                                       .group = "load",
                                                                       .name = "loadavg",
                                                                       .unit = "1/100",
                                                                       .label = "",
                                                                       .collector = p->collector,
                                                                       .type = SLOT_U64,
                                                                       .count = 3,
                                                                       .states = names});
    s->threads = schema_add_channel(p->schema, &(struct channel_spec){.key = "load/threads",
                                                                      .group = "load",
                                                                      .name = "threads",
                                                                      .unit = "",
                                                                      .label = "",
                                                                      .collector = p->collector,
                                                                      .type = SLOT_U64});
}

static bool is_denied(int errnum)
{
    return errnum == EACCES || errnum == EPERM;
}

static void describe_stall(struct load_state *s, struct linux_probe *p, size_t resource)
{
    struct root_text text;
    char path[32], key[32];
    (void)snprintf(path, sizeof path, "proc/pressure/%s", resources[resource]);
    int errnum = root_load(p->root, path, &text);
    if (is_denied(errnum)) {
        linux_report(p, errnum, "run actop as root", "/%s: %s", path, strerror(errnum));
    } else if (errnum != 0) {
        /* With psi=0 on the command line the files are there and give EOPNOTSUPP. */
        linux_report(p, 0, "boot with psi=1", "the kernel keeps no pressure stall information");
        return;
    }
    s->files[resource] = root_keep(p->root, "%s", path);
    for (size_t kind = 0; kind < N_KINDS; kind++) {
        (void)snprintf(key, sizeof key, "psi/%s/%s", resources[resource], kinds[kind]);
        s->stalls[resource][kind] =
            schema_add_channel(p->schema, &(struct channel_spec){.key = key,
                                                                 .group = "psi",
                                                                 .name = resources[resource],
                                                                 .unit = "us",
                                                                 .label = kinds[kind],
                                                                 .collector = p->collector,
                                                                 .type = SLOT_U64,
                                                                 .flags = CHANNEL_COUNTER});
    }
}

static void describe(void *state, struct linux_probe *p)
{
    struct load_state *s = state;
    *s = (struct load_state){-1, -1, -1, {-1, -1, -1}, {{-1, -1}, {-1, -1}, {-1, -1}}, true};
    describe_loadavg(s, p);
    for (size_t i = 0; i < N_RESOURCES; i++)
        describe_stall(s, p, i);
}

/* "0.20 0.18 0.12 1/80 11206": averages, then running/all threads. */
static void read_loadavg(const struct load_state *s, struct root *root, struct frame *f)
{
    struct root_text text = {"", 0};
    uint64_t average[3], running, threads;
    if (s->loadavg < 0)
        return;
    int errnum = root_read(root, s->loadavg, &text);
    const char *at = text.text;
    for (size_t i = 0; errnum == 0 && i < 3; i++)
        errnum = scan_fixed(&at, 2, &average[i]) ? 0 : EINVAL;
    frame_set_status(f, s->averages, errnum);
    frame_set_status(f, s->threads, errnum);
    if (errnum != 0)
        return;
    memcpy(frame_array(f, s->averages), average, sizeof average);
    if (scan_u64(&at, &running) && scan_text(&at, "/") && scan_u64(&at, &threads))
        frame_set_u64(f, s->threads, threads);
    else
        frame_set_status(f, s->threads, EINVAL);
}

/* "some avg10=0.00 avg60=0.00 avg300=0.00 total=1234": only the total is exact. */
static bool stall_total(const char *text, const char *kind, uint64_t *total_us)
{
    for (const char *at = text;;) {
        if (scan_text(&at, kind) && *at == ' ') {
            const char *total = strstr(at, "total=");
            size_t n = strcspn(at, "\n");
            return total != NULL && total < at + n && scan_text(&total, "total=") &&
                   scan_u64(&total, total_us);
        }
        if (!scan_next_line(&at))
            return false;
    }
}

static void read_stall(const struct load_state *s, size_t resource, struct root *root,
                       struct frame *f)
{
    struct root_text text;
    uint64_t total_us;
    if (s->files[resource] < 0)
        return;
    int errnum = root_read(root, s->files[resource], &text);
    for (size_t kind = 0; kind < N_KINDS; kind++) {
        if (errnum != 0)
            frame_set_status(f, s->stalls[resource][kind], errnum);
        else if (stall_total(text.text, kinds[kind], &total_us))
            frame_set_u64(f, s->stalls[resource][kind], total_us);
    }
}

static bool read(void *state, struct root *root, struct frame *f)
{
    const struct load_state *s = state;
    if (!s->described)
        return false;
    read_loadavg(s, root, f);
    for (size_t i = 0; i < N_RESOURCES; i++)
        read_stall(s, i, root, f);
    return false;
}

static void close_load(void *state, struct root *root)
{
    struct load_state *s = state;
    if (!s->described)
        return;
    root_forget(root, s->loadavg);
    for (size_t i = 0; i < N_RESOURCES; i++)
        root_forget(root, s->files[i]);
}

const struct linux_part linux_part_load = {.name = "load",
                                           .state_size = sizeof(struct load_state),
                                           .describe = describe,
                                           .read = read,
                                           .close = close_load};
