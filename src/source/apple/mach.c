/* SPDX-License-Identifier: MIT */
/* mach: CPU ticks and memory pages of the host (documented in <mach/mach_host.h>). The host port is a name we are given and
 * give back; the array of ticks is memory the kernel maps into us and we unmap. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "source/apple/apple.h"

static const enum apple_row cpu_needed[] = {
    APPLE_ROW_mach_host_self, APPLE_ROW_mach_port_deallocate, APPLE_ROW_host_processor_info,
    APPLE_ROW_vm_deallocate,  APPLE_ROW_mach_task_self_,      APPLE_ROW_END};
static const enum apple_row memory_needed[] = {
    APPLE_ROW_mach_host_self, APPLE_ROW_mach_port_deallocate, APPLE_ROW_host_statistics64,
    APPLE_ROW_mach_task_self_, APPLE_ROW_END};

/* ---- CPU ticks ---- */

struct cpu_state {
    apple_port host; /* owned */
    uint32_t cpus;
    int32_t first; /* channels are consecutive */
};

/* The ticks of all CPUs; *n words that vm_deallocate takes back. NULL on failure. */
static uint32_t *get_ticks(const struct apple_api *api, apple_port host, uint32_t *cpus,
                           uint32_t *n)
{
    uint32_t *words = NULL;

    if (api->host_processor_info(host, APPLE_PROCESSOR_CPU_LOAD_INFO, cpus, &words, n) != 0)
        return NULL;
    return words;
}

static void give_back(const struct apple_api *api, const uint32_t *words, uint32_t n)
{
    if (words != NULL)
        api->vm_deallocate(*api->mach_task_self_, (uintptr_t)words, (uintptr_t)n * sizeof *words);
}

static void cpu_describe(void *state, struct apple_probe *p)
{
    static const char *const names[] = {"user", "system", "idle", "nice"};
    struct cpu_state *s = state;
    uint32_t n = 0, *words;

    s->host = p->api->mach_host_self();
    words = get_ticks(p->api, s->host, &s->cpus, &n);
    if (words == NULL || n / APPLE_CPU_STATES < s->cpus) {
        apple_report(p, EIO, NULL, "host_processor_info gave no CPU ticks");
        s->cpus = 0;
    }
    give_back(p->api, words, n);
    for (uint32_t i = 0; i < s->cpus; i++) {
        char key[48], name[16];
        snprintf(key, sizeof key, "mach/cpu/%u/ticks", i);
        snprintf(name, sizeof name, "%u", i);
        int32_t c = schema_add_channel(p->schema, &(struct channel_spec){.key = key,
                                                                         .group = "mach/cpu",
                                                                         .name = name,
                                                                         .unit = "ticks",
                                                                         .collector = p->collector,
                                                                         .type = SLOT_U64,
                                                                         .count = APPLE_CPU_STATES,
                                                                         .states = names,
                                                                         .flags = CHANNEL_COUNTER,
                                                                         .bits = 32});
        if (i == 0)
            s->first = c;
    }
}

static bool cpu_read(void *state, struct apple_tick *t)
{
    struct cpu_state *s = state;
    uint32_t cpus = 0, n = 0, *words = get_ticks(t->api, s->host, &cpus, &n);
    bool fits = words != NULL && cpus == s->cpus && n / APPLE_CPU_STATES >= cpus;

    for (uint32_t i = 0; i < s->cpus; i++) {
        if (!fits) {
            frame_set_status(t->frame, s->first + (int32_t)i, EIO);
            continue;
        }
        uint64_t *slots = frame_array(t->frame, s->first + (int32_t)i);
        for (uint32_t k = 0; k < APPLE_CPU_STATES; k++)
            slots[k] = words[i * APPLE_CPU_STATES + k];
    }
    give_back(t->api, words, n);
    return words != NULL && cpus != s->cpus;
}

static void cpu_close(void *state, const struct apple_api *api)
{
    struct cpu_state *s = state;

    if (s->host != 0)
        api->mach_port_deallocate(*api->mach_task_self_, s->host);
}

const struct apple_part apple_cpu_part = {
    .name = "mach/cpu",
    .state_size = sizeof(struct cpu_state),
    .needed = cpu_needed,
    .describe = cpu_describe,
    .read = cpu_read,
    .close = cpu_close,
};

/* ---- memory ---- */

static const struct vm_field {
    const char *name;
    uint16_t offset;
    uint8_t size; /* 4 or 8 */
    uint8_t flags;
} vm_fields[] = {
#define GAUGE(name)                                                                                \
    {                                                                                              \
#name, offsetof(struct apple_vm_statistics, name),                                         \
            sizeof(((struct apple_vm_statistics *)0)->name), 0                                     \
    }
#define COUNTER(name)                                                                              \
    {                                                                                              \
#name, offsetof(struct apple_vm_statistics, name), 8, CHANNEL_COUNTER                      \
    }
    GAUGE(free),       GAUGE(active),      GAUGE(inactive),       GAUGE(wire),
    GAUGE(purgeable),  GAUGE(speculative), GAUGE(compressor),     GAUGE(throttled),
    GAUGE(external),   GAUGE(internal),    GAUGE(uncompressed),   COUNTER(pageins),
    COUNTER(pageouts), COUNTER(faults),    COUNTER(compressions), COUNTER(decompressions),
    COUNTER(swapins),  COUNTER(swapouts),
#undef GAUGE
#undef COUNTER
};
enum { N_VM_FIELDS = sizeof vm_fields / sizeof vm_fields[0] };

struct memory_state {
    apple_port host; /* owned */
    int32_t first;   /* channels are consecutive */
};

static bool get_vm(const struct apple_api *api, apple_port host, struct apple_vm_statistics *vm)
{
    uint32_t words = sizeof *vm / 4;

    memset(vm, 0, sizeof *vm);
    return api->host_statistics64(host, APPLE_HOST_VM_INFO64, vm, &words) == 0 &&
           words >= sizeof *vm / 4;
}

static void memory_describe(void *state, struct apple_probe *p)
{
    struct memory_state *s = state;
    struct apple_vm_statistics vm;

    s->host = p->api->mach_host_self();
    /* Reported: fails on betas of macOS 27 (macmon issue 66). */
    if (!get_vm(p->api, s->host, &vm)) {
        apple_report(p, EIO, NULL, "host_statistics64 gave no memory statistics");
        return;
    }
    for (size_t i = 0; i < N_VM_FIELDS; i++) {
        char key[48];
        snprintf(key, sizeof key, "mach/vm/%s", vm_fields[i].name);
        int32_t c =
            schema_add_channel(p->schema, &(struct channel_spec){.key = key,
                                                                 .group = "mach/vm",
                                                                 .name = vm_fields[i].name,
                                                                 .unit = "pages",
                                                                 .collector = p->collector,
                                                                 .type = SLOT_U64,
                                                                 .flags = vm_fields[i].flags});
        if (i == 0)
            s->first = c;
    }
}

static bool memory_read(void *state, struct apple_tick *t)
{
    struct memory_state *s = state;
    struct apple_vm_statistics vm;
    bool ok = get_vm(t->api, s->host, &vm);

    for (size_t i = 0; i < N_VM_FIELDS; i++) {
        uint64_t value = 0;
        memcpy(&value, (const char *)&vm + vm_fields[i].offset,
               vm_fields[i].size); /* little-endian */
        if (ok)
            frame_set_u64(t->frame, s->first + (int32_t)i, value);
        else
            frame_set_status(t->frame, s->first + (int32_t)i, EIO);
    }
    return false;
}

static void memory_close(void *state, const struct apple_api *api)
{
    struct memory_state *s = state;

    if (s->host != 0)
        api->mach_port_deallocate(*api->mach_task_self_, s->host);
}

const struct apple_part apple_memory_part = {
    .name = "mach/vm",
    .state_size = sizeof(struct memory_state),
    .needed = memory_needed,
    .describe = memory_describe,
    .read = memory_read,
    .close = memory_close,
};
