/* SPDX-License-Identifier: MIT */
/* sysctl: what this machine is, and the few numbers the kernel keeps there. Names are documented (hw.*, vm.swapusage,
 * kern.boottime) or recorded in sysctl listings of M1 to M6 machines. A name that is not there is left out. */
#include <errno.h>
#include <stdio.h>

#include "source/apple/apple.h"

static const enum apple_row sysctl_needed[] = {APPLE_ROW_sysctlbyname, APPLE_ROW_END};

static const char *const texts[] = {
    "machdep.cpu.brand_string", "hw.model",       "hw.targettype", "hw.machine",
    "kern.osproductversion",    "kern.osversion", "kern.hostname",
};

static const char *const numbers[] = {
    "hw.memsize",     "hw.memsize_usable", "hw.pagesize",  "hw.physicalcpu",  "hw.logicalcpu",
    "hw.tbfrequency", "hw.nperflevels",    "hw.cpufamily", "hw.cpusubfamily", "kern.hv_vmm_present",
};

static const char *const level_numbers[] = {"physicalcpu", "logicalcpu", "cpusperl2",
                                            "l2cachesize"};

/* Read at each tick. */
static const struct gauge {
    const char *name, *unit;
} gauges[] = {
    {"kern.memorystatus_vm_pressure_level", ""},
    {"kern.memorystatus_level", "%"},
    {"iogpu.wired_limit_mb", "MiB"},
};
enum { N_GAUGES = sizeof gauges / sizeof gauges[0], MAX_LEVELS = 8 };

struct sysctl_state {
    int32_t gauge[N_GAUGES]; /* channels; -1: not there */
    int32_t swap, load;
};

/* An integer of 4 or 8 bytes; returns an errno. */
static int get_number(const struct apple_api *api, const char *name, uint64_t *out)
{
    uint64_t value = 0;
    size_t n = sizeof value;

    if (api->sysctlbyname(name, &value, &n, NULL, 0) != 0)
        return errno != 0 ? errno : EIO;
    if (n != 4 && n != 8)
        return ERANGE;
    *out = n == 4 ? (uint32_t)value : value; /* little-endian, as every Apple chip */
    return 0;
}

static void put_text(struct apple_probe *p, const char *name)
{
    char text[256], key[96];
    size_t n = sizeof text - 1;

    if (p->api->sysctlbyname(name, text, &n, NULL, 0) != 0 || n >= sizeof text)
        return;
    text[n] = '\0';
    snprintf(key, sizeof key, "sysctl/%s", name);
    schema_put_text(p->schema, key, text);
}

static bool put_number(struct apple_probe *p, const char *name, uint64_t *value)
{
    char key[96];

    if (get_number(p->api, name, value) != 0)
        return false;
    snprintf(key, sizeof key, "sysctl/%s", name);
    schema_put_u64(p->schema, key, value, 1);
    return true;
}

static void put_levels(struct apple_probe *p)
{
    uint64_t levels = 0, value;
    char name[64];

    if (get_number(p->api, "hw.nperflevels", &levels) != 0)
        return;
    for (unsigned i = 0; i < levels && i < MAX_LEVELS; i++) {
        snprintf(name, sizeof name, "hw.perflevel%u.name", i);
        put_text(p, name);
        for (size_t k = 0; k < sizeof level_numbers / sizeof level_numbers[0]; k++) {
            snprintf(name, sizeof name, "hw.perflevel%u.%s", i, level_numbers[k]);
            put_number(p, name, &value);
        }
    }
}

static void put_boot_time(struct apple_probe *p)
{
    struct apple_timeval t = {0};
    size_t n = sizeof t;

    if (p->api->sysctlbyname("kern.boottime", &t, &n, NULL, 0) == 0 && n == sizeof t) {
        uint64_t pair[2] = {(uint64_t)t.seconds, (uint64_t)t.microseconds};
        schema_put_u64(p->schema, "sysctl/kern.boottime", pair, 2);
    }
}

static int32_t add_channel(struct apple_probe *p, const char *name, const char *unit,
                           uint32_t count, const char *const *elements)
{
    char key[96];

    snprintf(key, sizeof key, "sysctl/%s", name);
    return schema_add_channel(p->schema, &(struct channel_spec){.key = key,
                                                                .group = "sysctl",
                                                                .name = name,
                                                                .unit = unit,
                                                                .collector = p->collector,
                                                                .type = SLOT_U64,
                                                                .count = count,
                                                                .states = elements});
}

static void sysctl_describe(void *state, struct apple_probe *p)
{
    static const char *const swap_names[] = {"total", "avail", "used"};
    static const char *const load_names[] = {"1", "5", "15", "scale"};
    struct sysctl_state *s = state;
    struct apple_swap_usage swap;
    struct apple_loadavg load;
    uint64_t value;
    size_t n, found = 0;

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        put_text(p, texts[i]);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        found += put_number(p, numbers[i], &value);
    put_levels(p);
    put_boot_time(p);
    for (size_t i = 0; i < N_GAUGES; i++)
        s->gauge[i] = get_number(p->api, gauges[i].name, &value) == 0
                          ? add_channel(p, gauges[i].name, gauges[i].unit, 1, NULL)
                          : -1;
    n = sizeof swap;
    s->swap = p->api->sysctlbyname("vm.swapusage", &swap, &n, NULL, 0) == 0 && n == sizeof swap
                  ? add_channel(p, "vm.swapusage", "B", 3, swap_names)
                  : -1;
    n = sizeof load;
    s->load = p->api->sysctlbyname("vm.loadavg", &load, &n, NULL, 0) == 0 && n == sizeof load
                  ? add_channel(p, "vm.loadavg", "", 4, load_names)
                  : -1;
    if (found == 0)
        apple_report(p, EIO, NULL, "sysctlbyname answers to no name");
}

static void read_swap(const struct apple_api *api, struct frame *f, int32_t channel)
{
    struct apple_swap_usage swap = {0};
    size_t n = sizeof swap;
    uint64_t *slots;

    if (api->sysctlbyname("vm.swapusage", &swap, &n, NULL, 0) != 0 || n != sizeof swap) {
        frame_set_status(f, channel, EIO);
        return;
    }
    slots = frame_array(f, channel);
    slots[0] = swap.total;
    slots[1] = swap.avail;
    slots[2] = swap.used;
}

static void read_load(const struct apple_api *api, struct frame *f, int32_t channel)
{
    struct apple_loadavg load = {.scale = 0};
    size_t n = sizeof load;
    uint64_t *slots;

    if (api->sysctlbyname("vm.loadavg", &load, &n, NULL, 0) != 0 || n != sizeof load) {
        frame_set_status(f, channel, EIO);
        return;
    }
    slots = frame_array(f, channel);
    for (int i = 0; i < 3; i++)
        slots[i] = load.average[i];
    slots[3] = (uint64_t)load.scale;
}

static bool sysctl_read(void *state, struct apple_tick *t)
{
    struct sysctl_state *s = state;
    uint64_t value;

    for (size_t i = 0; i < N_GAUGES; i++) {
        int e = s->gauge[i] >= 0 ? get_number(t->api, gauges[i].name, &value) : 0;
        if (s->gauge[i] < 0)
            continue;
        if (e == 0)
            frame_set_u64(t->frame, s->gauge[i], value);
        else
            frame_set_status(t->frame, s->gauge[i], e);
    }
    if (s->swap >= 0)
        read_swap(t->api, t->frame, s->swap);
    if (s->load >= 0)
        read_load(t->api, t->frame, s->load);
    return false;
}

const struct apple_part apple_sysctl_part = {
    .name = "sysctl",
    .state_size = sizeof(struct sysctl_state),
    .needed = sysctl_needed,
    .describe = sysctl_describe,
    .read = sysctl_read,
};
