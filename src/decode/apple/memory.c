/* SPDX-License-Identifier: MIT */
/* Memory: pages of host_statistics64, swap, pressure. Used is what Python actop counts: internal less purgeable, wired and
 * compressor pages (docs/metrics.md, ram.used). */
#include "decode/apple/apple.h"

enum page { FREE, WIRE, PURGEABLE, COMPRESSOR, EXTERNAL, INTERNAL, SPECULATIVE, N_PAGES };
static const char *const page_keys[] = {
    "mach/vm/free",     "mach/vm/wire",     "mach/vm/purgeable",  "mach/vm/compressor",
    "mach/vm/external", "mach/vm/internal", "mach/vm/speculative"};

struct memory {
    int32_t pages[N_PAGES];
    int32_t swapins, swapouts, swap, pressure, wired_limit;
    double page_b, total_b;
    uint16_t via, via_sysctl;
};

static bool begin(void *state, struct decode_schema *d)
{
    struct memory *m = state;
    const struct schema *s = d->schema;
    uint64_t value = 0;
    for (size_t i = 0; i < N_PAGES; i++)
        m->pages[i] = schema_find_channel(s, page_keys[i]);
    m->swapins = schema_find_channel(s, "mach/vm/swapins");
    m->swapouts = schema_find_channel(s, "mach/vm/swapouts");
    m->swap = schema_find_channel(s, "sysctl/vm.swapusage");
    m->pressure = schema_find_channel(s, "sysctl/kern.memorystatus_vm_pressure_level");
    m->wired_limit = schema_find_channel(s, "sysctl/iogpu.wired_limit_mb");
    m->page_b = schema_get_u64(s, "sysctl/hw.pagesize", 0, &value) ? (double)value : 16384;
    m->total_b = schema_get_u64(s, "sysctl/hw.memsize", 0, &value) ? (double)value : 0;
    m->via = topology_via(d->topology, "mach/vm");
    m->via_sysctl = topology_via(d->topology, "sysctl");
    return true;
}

static double bytes_of(const struct memory *m, const struct decode_frame *d, enum page page)
{
    return frame_has(d->frame, m->pages[page])
               ? (double)frame_u64(d->frame, m->pages[page]) * m->page_b
               : 0;
}

static void put(const struct memory *m, struct decode_frame *d, actop_metric id, double value,
                actop_origin origin)
{
    sample_put(d->out, id, 0, value < 0 ? 0 : value, origin, m->via);
}

static void put_pages(const struct memory *m, struct decode_frame *d)
{
    for (size_t i = 0; i <= INTERNAL; i++)
        if (!frame_has(d->frame, m->pages[i])) {
            sample_put_state(d->out, ACTOP_METRIC_RAM_USED, 0, decode_absence(d, m->pages[i]),
                             m->via);
            return;
        }
    double app = bytes_of(m, d, INTERNAL) - bytes_of(m, d, PURGEABLE);
    double wired = bytes_of(m, d, WIRE), compressed = bytes_of(m, d, COMPRESSOR);
    double used = (app < 0 ? 0 : app) + wired + compressed;
    put(m, d, ACTOP_METRIC_RAM_APP, app, ACTOP_DERIVED);
    put(m, d, ACTOP_METRIC_RAM_WIRED, wired, ACTOP_MEASURED);
    put(m, d, ACTOP_METRIC_RAM_COMPRESSED, compressed, ACTOP_MEASURED);
    put(m, d, ACTOP_METRIC_RAM_CACHED, bytes_of(m, d, EXTERNAL) + bytes_of(m, d, PURGEABLE),
        ACTOP_DERIVED);
    put(m, d, ACTOP_METRIC_RAM_FREE, bytes_of(m, d, FREE) - bytes_of(m, d, SPECULATIVE),
        ACTOP_DERIVED);
    put(m, d, ACTOP_METRIC_RAM_USED, used, ACTOP_DERIVED);
    if (m->total_b > 0)
        put(m, d, ACTOP_METRIC_RAM_AVAILABLE, m->total_b - used, ACTOP_DERIVED);
}

static void put_swap(const struct memory *m, struct decode_frame *d)
{
    double per_s;
    if (frame_has(d->frame, m->swap) && d->schema->channels[m->swap].count >= 3) {
        /* total, avail, used */
        const uint64_t *v = d->frame->slots + d->schema->channels[m->swap].first;
        sample_put(d->out, ACTOP_METRIC_SWAP_TOTAL, 0, (double)v[0], ACTOP_MEASURED, m->via_sysctl);
        sample_put(d->out, ACTOP_METRIC_SWAP_USED, 0, (double)v[2], ACTOP_MEASURED, m->via_sysctl);
    }
    if (decode_rate(d, m->swapins, 0, m->page_b, &per_s))
        put(m, d, ACTOP_METRIC_SWAP_IN, per_s, ACTOP_MEASURED);
    if (decode_rate(d, m->swapouts, 0, m->page_b, &per_s))
        put(m, d, ACTOP_METRIC_SWAP_OUT, per_s, ACTOP_MEASURED);
}

static void step(void *state, struct decode_frame *d)
{
    const struct memory *m = state;
    if (m->total_b > 0)
        sample_put(d->out, ACTOP_METRIC_RAM_TOTAL, 0, m->total_b, ACTOP_MEASURED, m->via_sysctl);
    put_pages(m, d);
    put_swap(m, d);
    if (frame_has(d->frame, m->pressure)) { /* 1 normal, 2 warning, 4 critical */
        uint64_t level = frame_u64(d->frame, m->pressure);
        sample_put(d->out, ACTOP_METRIC_MEMORY_PRESSURE, 0,
                   level >= 4   ? 2
                   : level >= 2 ? 1
                                : 0,
                   ACTOP_MEASURED, m->via_sysctl);
    }
    if (frame_has(d->frame, m->wired_limit) &&
        frame_u64(d->frame, m->wired_limit) >
            0) { /* 0: the system's own choice, which it does not tell */
        double limit_b = (double)frame_u64(d->frame, m->wired_limit) * 1048576.0;
        sample_put(d->out, ACTOP_METRIC_GPU_WIRED_LIMIT, 0, limit_b, ACTOP_MEASURED, m->via_sysctl);
        sample_put(d->out, ACTOP_METRIC_GPU_MEM_TOTAL, 0, limit_b, ACTOP_MEASURED, m->via_sysctl);
    }
}

const struct decode_part decode_part_apple_memory = {
    .name = "memory",
    .state_size = sizeof(struct memory),
    .begin = begin,
    .step = step,
};
