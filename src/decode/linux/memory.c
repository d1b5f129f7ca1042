/* SPDX-License-Identifier: MIT */
/* Memory and swap. Used is total less available; kernels before 3.14 do not say what is available, it is estimated then as
 * they themselves began to: free, file cache and reclaimable slab without shared memory. Memory pressure is a verdict of
 * ours, because Linux has none: it is judged by stall time (warning: some task waited for a tenth of the time,
 * critical: all did), or where that is not counted by what is available (a tenth, a twenty-fifth). */
#include <string.h>

#include "decode/linux.h"

enum {
    MEM_TOTAL,
    MEM_FREE,
    MEM_AVAILABLE,
    BUFFERS,
    CACHED,
    SWAP_TOTAL,
    SWAP_FREE,
    ZSWAP,
    ANON,
    SHMEM,
    RECLAIMABLE,
    UNRECLAIMABLE,
    KERNEL_STACK,
    PAGE_TABLES,
    N_NAMES
};

static const char *const keys[N_NAMES] = {
    [MEM_TOTAL] = "meminfo/MemTotal",
    [MEM_FREE] = "meminfo/MemFree",
    [MEM_AVAILABLE] = "meminfo/MemAvailable",
    [BUFFERS] = "meminfo/Buffers",
    [CACHED] = "meminfo/Cached",
    [SWAP_TOTAL] = "meminfo/SwapTotal",
    [SWAP_FREE] = "meminfo/SwapFree",
    [ZSWAP] = "meminfo/Zswap",
    [ANON] = "meminfo/AnonPages",
    [SHMEM] = "meminfo/Shmem",
    [RECLAIMABLE] = "meminfo/SReclaimable",
    [UNRECLAIMABLE] = "meminfo/SUnreclaim",
    [KERNEL_STACK] = "meminfo/KernelStack",
    [PAGE_TABLES] = "meminfo/PageTables",
};

enum { MAX_ZRAM = 32 };

struct memory {
    int32_t channels[N_NAMES];
    int32_t swap_in, swap_out, some, full;
    int32_t zram[MAX_ZRAM];
    uint32_t n_zram;
    double page_size_b; /* 0 unknown */
    uint16_t via;
};

static void find_zram(struct memory *m, const struct schema *s)
{
    m->n_zram = 0;
    for (size_t i = 0; i < s->n_channels && m->n_zram < MAX_ZRAM; i++)
        if (strncmp(schema_text(s, s->channels[i].group), "zram/", 5) == 0 &&
            strcmp(schema_text(s, s->channels[i].name), "mem_used_total") == 0)
            m->zram[m->n_zram++] = (int32_t)i;
}

static bool memory_begin(void *state, struct decode_schema *d)
{
    struct memory *m = state;
    const struct schema *s = d->schema;
    uint64_t page_size;
    for (size_t i = 0; i < N_NAMES; i++)
        m->channels[i] = schema_find_channel(s, keys[i]);
    m->swap_in = schema_find_channel(s, "vmstat/pswpin");
    m->swap_out = schema_find_channel(s, "vmstat/pswpout");
    m->some = schema_find_channel(s, "psi/memory/some");
    m->full = schema_find_channel(s, "psi/memory/full");
    m->page_size_b = schema_get_u64(s, "process/page_size", 0, &page_size) ? (double)page_size : 0;
    find_zram(m, s);
    m->via = topology_via(d->topology, "memory");
    return true;
}

/* Bytes of one line of meminfo, whose "kB" are 1,024 bytes (documented); 0 where the kernel has no such line. */
static double bytes(const struct memory *m, const struct decode_frame *d, int name)
{
    int32_t channel = m->channels[name];
    return frame_has(d->frame, channel) ? (double)frame_u64(d->frame, channel) * 1024 : 0;
}

static bool has(const struct memory *m, const struct decode_frame *d, int name)
{
    return frame_has(d->frame, m->channels[name]);
}

static double positive(double v)
{
    return v > 0 ? v : 0;
}

/* A sum over lines, which is there where its main line is; else why it is not. */
static void put_sum(const struct memory *m, const struct decode_frame *d, actop_metric id, int main,
                    double sum_b)
{
    if (has(m, d, main))
        sample_put(d->out, id, 0, sum_b, ACTOP_DERIVED, m->via);
    else
        sample_put_state(d->out, id, 0, decode_absence(d, m->channels[main]), m->via);
}

static void put_line(const struct memory *m, const struct decode_frame *d, actop_metric id,
                     int name)
{
    if (has(m, d, name))
        sample_put(d->out, id, 0, bytes(m, d, name), ACTOP_MEASURED, m->via);
    else
        sample_put_state(d->out, id, 0, decode_absence(d, m->channels[name]), m->via);
}

/* Available memory, as the kernel says or as we estimate it. */
static double available_b(const struct memory *m, const struct decode_frame *d,
                          actop_origin *origin)
{
    double total = bytes(m, d, MEM_TOTAL);
    *origin = has(m, d, MEM_AVAILABLE) ? ACTOP_MEASURED : ACTOP_ESTIMATED;
    double v = *origin == ACTOP_MEASURED
                   ? bytes(m, d, MEM_AVAILABLE)
                   : positive(bytes(m, d, MEM_FREE) + bytes(m, d, BUFFERS) + bytes(m, d, CACHED) +
                              bytes(m, d, RECLAIMABLE) - bytes(m, d, SHMEM));
    return v < total ? v : total;
}

static void put_split(const struct memory *m, const struct decode_frame *d)
{
    put_line(m, d, ACTOP_METRIC_RAM_FREE, MEM_FREE);
    put_line(m, d, ACTOP_METRIC_RAM_APP, ANON);
    put_line(m, d, ACTOP_METRIC_RAM_SHARED, SHMEM);
    put_sum(m, d, ACTOP_METRIC_RAM_CACHED, CACHED,
            positive(bytes(m, d, CACHED) + bytes(m, d, BUFFERS) + bytes(m, d, RECLAIMABLE) -
                     bytes(m, d, SHMEM)));
    put_sum(m, d, ACTOP_METRIC_RAM_WIRED, UNRECLAIMABLE,
            bytes(m, d, UNRECLAIMABLE) + bytes(m, d, PAGE_TABLES) + bytes(m, d, KERNEL_STACK));
}

/* What the compressors hold, in the memory it takes compressed. */
static void put_compressed(const struct memory *m, const struct decode_frame *d)
{
    bool known = has(m, d, ZSWAP);
    double sum = bytes(m, d, ZSWAP);
    for (uint32_t i = 0; i < m->n_zram; i++) {
        if (!frame_has(d->frame, m->zram[i]))
            continue;
        known = true;
        sum += (double)frame_u64(d->frame, m->zram[i]);
    }
    if (known)
        sample_put(d->out, ACTOP_METRIC_RAM_COMPRESSED, 0, sum, ACTOP_MEASURED, m->via);
    else
        sample_put_state(d->out, ACTOP_METRIC_RAM_COMPRESSED, 0,
                         decode_absence(d, m->channels[ZSWAP]), m->via);
}

static void put_swap_rate(const struct memory *m, const struct decode_frame *d, actop_metric id,
                          int32_t channel)
{
    double per_s;
    if (m->page_size_b > 0 && decode_rate(d, channel, 0, m->page_size_b, &per_s))
        sample_put(d->out, id, 0, per_s, ACTOP_MEASURED, m->via);
    else
        sample_put_state(d->out, id, 0,
                         m->page_size_b > 0 || !frame_has(d->frame, channel)
                             ? decode_absence(d, channel)
                             : ACTOP_STATE_UNSUPPORTED,
                         m->via);
}

static void put_swap(const struct memory *m, const struct decode_frame *d)
{
    put_line(m, d, ACTOP_METRIC_SWAP_TOTAL, SWAP_TOTAL);
    put_sum(m, d, ACTOP_METRIC_SWAP_USED, SWAP_FREE,
            positive(bytes(m, d, SWAP_TOTAL) - bytes(m, d, SWAP_FREE)));
    put_swap_rate(m, d, ACTOP_METRIC_SWAP_IN, m->swap_in);
    put_swap_rate(m, d, ACTOP_METRIC_SWAP_OUT, m->swap_out);
}

static void put_pressure(const struct memory *m, const struct decode_frame *d,
                         double available_ratio)
{
    double some, full;
    double verdict;
    if (decode_rate(d, m->some, 0, 1e-6, &some) && decode_rate(d, m->full, 0, 1e-6, &full))
        verdict = full >= 0.10 ? 2 : some >= 0.10 ? 1 : 0;
    else if (frame_has(d->frame, m->some)) {
        sample_put_state(d->out, ACTOP_METRIC_MEMORY_PRESSURE, 0, ACTOP_STATE_WARMING, m->via);
        return;
    } else if (isnan(available_ratio)) {
        sample_put_state(d->out, ACTOP_METRIC_MEMORY_PRESSURE, 0,
                         decode_absence(d, m->channels[MEM_TOTAL]), m->via);
        return;
    } else
        verdict = available_ratio < 0.04 ? 2 : available_ratio < 0.10 ? 1 : 0;
    sample_put(d->out, ACTOP_METRIC_MEMORY_PRESSURE, 0, verdict, ACTOP_ESTIMATED, m->via);
}

/* Used and available memory. Returns the share that is available; UNKNOWN. */
static double put_use(const struct memory *m, const struct decode_frame *d)
{
    actop_origin origin;
    double total = bytes(m, d, MEM_TOTAL), available = available_b(m, d, &origin);
    if (total <= 0) {
        actop_state none = decode_absence(d, m->channels[MEM_TOTAL]);
        sample_put_state(d->out, ACTOP_METRIC_RAM_USED, 0, none, m->via);
        sample_put_state(d->out, ACTOP_METRIC_RAM_AVAILABLE, 0, none, m->via);
        return UNKNOWN;
    }
    sample_put(d->out, ACTOP_METRIC_RAM_AVAILABLE, 0, available, origin, m->via);
    sample_put(d->out, ACTOP_METRIC_RAM_USED, 0, total - available,
               origin == ACTOP_MEASURED ? ACTOP_DERIVED : origin, m->via);
    return available / total;
}

static void memory_step(void *state, struct decode_frame *d)
{
    const struct memory *m = state;
    put_line(m, d, ACTOP_METRIC_RAM_TOTAL, MEM_TOTAL);
    double ratio = put_use(m, d);
    put_split(m, d);
    put_compressed(m, d);
    put_swap(m, d);
    put_pressure(m, d, ratio);
}

const struct decode_part decode_part_memory = {
    .name = "memory",
    .state_size = sizeof(struct memory),
    .begin = memory_begin,
    .step = memory_step,
};
