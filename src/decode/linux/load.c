/* SPDX-License-Identifier: MIT */
/* Load averages, threads and pressure stall information. */
#include "decode/linux.h"

static const struct {
    const char *key;
    actop_metric id;
} stalls[] = {
    {"psi/cpu/some", ACTOP_METRIC_CPU_PSI_SOME},
    {"psi/io/some", ACTOP_METRIC_IO_PSI_SOME},
    {"psi/io/full", ACTOP_METRIC_IO_PSI_FULL},
    {"psi/memory/some", ACTOP_METRIC_MEMORY_PSI_SOME},
    {"psi/memory/full", ACTOP_METRIC_MEMORY_PSI_FULL},
};

enum { N_STALLS = sizeof stalls / sizeof stalls[0] };

struct load_state {
    int32_t averages, threads;
    int32_t stalls[N_STALLS];
    uint16_t via;
};

static bool begin(void *state, struct decode_schema *d)
{
    struct load_state *s = state;
    s->via = topology_via(d->topology, "load");
    s->averages = schema_find_channel(d->schema, "load/average");
    s->threads = schema_find_channel(d->schema, "load/threads");
    for (size_t i = 0; i < N_STALLS; i++)
        s->stalls[i] = schema_find_channel(d->schema, stalls[i].key);
    return true;
}

static void step(void *state, struct decode_frame *d)
{
    static const actop_metric averages[] = {ACTOP_METRIC_LOAD_1, ACTOP_METRIC_LOAD_5,
                                            ACTOP_METRIC_LOAD_15};
    const struct load_state *s = state;
    bool known = frame_has(d->frame, s->averages) && d->schema->channels[s->averages].count >= 3;
    const uint64_t *slots = known ? d->frame->slots + d->schema->channels[s->averages].first : NULL;
    for (size_t i = 0; i < 3; i++)
        if (known)
            sample_put(d->out, averages[i], 0, (double)slots[i] / 100, ACTOP_MEASURED, s->via);
        else
            sample_put_state(d->out, averages[i], 0, decode_absence(d, s->averages), s->via);
    if (frame_has(d->frame, s->threads))
        sample_put(d->out, ACTOP_METRIC_THREAD_COUNT, 0, (double)frame_u64(d->frame, s->threads),
                   ACTOP_MEASURED, s->via);
    else
        sample_put_state(d->out, ACTOP_METRIC_THREAD_COUNT, 0, decode_absence(d, s->threads),
                         s->via);
    for (size_t i = 0; i < N_STALLS; i++) {
        double ratio;
        if (decode_rate(d, s->stalls[i], 0, 1e-6, &ratio))
            sample_put(d->out, stalls[i].id, 0, ratio > 1 ? 1 : ratio, ACTOP_MEASURED, s->via);
        else
            sample_put_state(d->out, stalls[i].id, 0, decode_absence(d, s->stalls[i]), s->via);
    }
}

const struct decode_part decode_part_load = {
    .name = "load",
    .state_size = sizeof(struct load_state),
    .begin = begin,
    .step = step,
};
