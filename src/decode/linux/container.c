/* SPDX-License-Identifier: MIT */
/* Limits of the control groups we run in: the tightest of all levels. They stand beside the machine's own figures and
 * never replace them. Usage is that of the group whose limit holds. */
#include <stdio.h>

#include "decode/linux.h"

enum { MAX_LEVELS = 16 };

struct container {
    int32_t limit[MAX_LEVELS], usage[MAX_LEVELS], quota[MAX_LEVELS], period[MAX_LEVELS];
    uint16_t via;
};

static int32_t find(const struct schema *s, size_t level, const char *name)
{
    char key[64];
    (void)snprintf(key, sizeof key, "cgroup/%zu/%s", level, name);
    return schema_find_channel(s, key);
}

static bool container_begin(void *state, struct decode_schema *d)
{
    struct container *c = state;
    for (size_t i = 0; i < MAX_LEVELS; i++) {
        c->limit[i] = find(d->schema, i, "memory_limit");
        c->usage[i] = find(d->schema, i, "memory_usage");
        c->quota[i] = find(d->schema, i, "cpu_quota");
        c->period[i] = find(d->schema, i, "cpu_period");
    }
    c->via = topology_via(d->topology, "container");
    return true;
}

static void put_memory(const struct container *c, struct decode_frame *d)
{
    int32_t tightest = -1;
    for (int32_t i = 0; i < MAX_LEVELS; i++)
        if (frame_has(d->frame, c->limit[i]) &&
            (tightest < 0 ||
             frame_u64(d->frame, c->limit[i]) < frame_u64(d->frame, c->limit[tightest])))
            tightest = i;
    if (tightest < 0)
        return;
    sample_put(d->out, ACTOP_METRIC_CGROUP_MEM_LIMIT, 0,
               (double)frame_u64(d->frame, c->limit[tightest]), ACTOP_MEASURED, c->via);
    if (frame_has(d->frame, c->usage[tightest]))
        sample_put(d->out, ACTOP_METRIC_CGROUP_MEM_USED, 0,
                   (double)frame_u64(d->frame, c->usage[tightest]), ACTOP_MEASURED, c->via);
}

static void put_cpu(const struct container *c, struct decode_frame *d)
{
    double least = -1;
    for (size_t i = 0; i < MAX_LEVELS; i++) {
        if (!frame_has(d->frame, c->quota[i]) || !frame_has(d->frame, c->period[i]) ||
            frame_u64(d->frame, c->period[i]) == 0)
            continue;
        double cpus = (double)frame_u64(d->frame, c->quota[i]) /
                      (double)frame_u64(d->frame, c->period[i]);
        if (least < 0 || cpus < least)
            least = cpus;
    }
    if (least >= 0)
        sample_put(d->out, ACTOP_METRIC_CGROUP_CPU_LIMIT, 0, least, ACTOP_DERIVED, c->via);
}

static void container_step(void *state, struct decode_frame *d)
{
    put_memory(state, d);
    put_cpu(state, d);
}

const struct decode_part decode_part_container = {
    .name = "container",
    .state_size = sizeof(struct container),
    .begin = container_begin,
    .step = container_step,
};
