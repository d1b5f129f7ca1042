/* SPDX-License-Identifier: MIT */
/* GPU time and memory of processes: /proc/PID/fdinfo of descriptors that are DRM devices (gpu/drm-usage-stats.rst,
 * documented). A descriptor that was duplicated or passed on has the same drm-client-id everywhere and counts once, for
 * the process with the lowest pid. Clients of drivers without an id count for each descriptor. xe counts cycles of a clock of
 * its own, and gives that clock, where the others count nanoseconds (documented: gpu/xe/xe-drm-usage-stats.rst). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/pool.h"
#include "source/linux/parse.h"
#include "source/linux/process.h"

void gpu_clients_begin(struct gpu_clients *g)
{
    g->n = 0;
    if (g->cap > 0)
        memset(g->seen, 0, g->cap * sizeof *g->seen);
}

void gpu_clients_release(struct gpu_clients *g)
{
    free(g->seen);
    root_names_release(&g->names);
    *g = (struct gpu_clients){0};
}

static bool put(uint64_t *seen, size_t cap, uint64_t key)
{
    size_t at = (size_t)key & (cap - 1);
    while (seen[at] != 0 && seen[at] != key)
        at = (at + 1) & (cap - 1);
    bool is_new = seen[at] == 0;
    seen[at] = key;
    return is_new;
}

static uint64_t device_hash(const struct drm_client *c)
{
    return hash_bytes(c->device.at, c->device.n) ^ hash_bytes(c->driver.at, c->driver.n);
}

/* True when the client was not there before in this tick; also when there is no memory to tell. */
static bool is_new_client(struct gpu_clients *g, const struct drm_client *c)
{
    uint64_t key = device_hash(c) * 31 + c->id;
    key = (key ^ key >> 29) * UINT64_C(0xbf58476d1ce4e5b9) | 1;
    if ((g->n + 1) * 2 > g->cap) {
        size_t cap = g->cap == 0 ? 64 : g->cap * 2;
        uint64_t *seen = calloc(cap, sizeof *seen);
        if (seen == NULL)
            return true;
        for (size_t i = 0; i < g->cap; i++)
            if (g->seen[i] != 0)
                (void)put(seen, cap, g->seen[i]);
        free(g->seen);
        g->seen = seen;
        g->cap = cap;
    }
    bool is_new = put(g->seen, g->cap, key);
    g->n += is_new ? 1 : 0;
    return is_new;
}

static bool is_drm_descriptor(struct root *root, uint32_t pid, const char *fd)
{
    char path[64], target[32];
    (void)snprintf(path, sizeof path, "proc/%lu/fd/%.16s", (unsigned long)pid, fd);
    return root_readlink(root, path, target, sizeof target) == 0 &&
           strncmp(target, "/dev/dri/", 9) == 0;
}

/* Cycles of another device are of another clock: those of the first count. */
static void add_cycles(struct gpu_use *use, const struct drm_client *c)
{
    if (!c->has_cycles || (use->has_cycles && use->clock_of != device_hash(c)))
        return;
    use->clock_of = device_hash(c);
    use->cycles += c->cycles;
    use->clock = c->clock > use->clock ? c->clock : use->clock;
    use->has_cycles = true;
}

static void read_client(struct gpu_clients *g, struct root *root, uint32_t pid, const char *fd,
                        struct gpu_use *use)
{
    char path[64];
    struct root_text text;
    struct drm_client client;
    (void)snprintf(path, sizeof path, "proc/%lu/fdinfo/%.16s", (unsigned long)pid, fd);
    if (root_load(root, path, &text) != 0)
        return;
    parse_drm_fdinfo(text.text, &client);
    if (!client.is_drm || (client.has_id && !is_new_client(g, &client)))
        return;
    add_cycles(use, &client);
    use->busy_ns += client.busy_ns;
    use->memory_b += client.memory_b;
    use->has_busy = use->has_busy || client.has_busy;
    use->has_memory = use->has_memory || client.has_memory;
}

bool gpu_clients_read(struct gpu_clients *g, struct root *root, uint32_t pid, struct gpu_use *use)
{
    char path[64];
    *use = (struct gpu_use){0};
    (void)snprintf(path, sizeof path, "proc/%lu/fd", (unsigned long)pid);
    if (root_list(root, path, ROOT_NUMBERS, &g->names) != 0)
        return false;
    for (size_t i = 0; i < g->names.n; i++)
        if (is_drm_descriptor(root, pid, root_name(&g->names, i)))
            read_client(g, root, pid, root_name(&g->names, i), use);
    return use->has_busy || use->has_cycles || use->has_memory;
}
