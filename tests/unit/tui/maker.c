/* SPDX-License-Identifier: MIT */
/* Maker; see maker.h. Waves are triangles of integers, so that no libm has a say. */
#include "unit/tui/maker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/sample.h"

const struct maker_machine maker_machines[] = {
    {"m4-max", "Apple M4 Max", 4, 12, 40, 12, 24, 2, 3, 1, 5, 40, true, true, true, true},
    {"m1", "Apple M1", 4, 4, 8, 6, 8, 0, 1, 1, 0, 25, true, true, true, true},
    {"vm", "Apple M2 (Virtual)", 0, 4, 0, 0, 0, 0, 1, 1, 0, 12, false, false, false, false},
    {"laptop", "AMD Ryzen 7 7840U", 0, 16, 12, 0, 9, 1, 2, 1, 0, 60, true, false, true, true},
    {"server", "AMD EPYC 9754", 0, 256, 0, 0, 60, 8, 4, 12, 0, 200, true, false, false, true},
};
const int n_maker_machines = sizeof maker_machines / sizeof maker_machines[0];

struct maker {
    const char *interface; /* borrowed; NULL: no more than the machine has */
    double interface_rx;
    const struct maker_machine *is;
    struct sample_pool *pool;
    struct topology *topology;
    uint64_t seq;
    const struct maker_name *names;
    int n_names;
};

static const double GIB = 1073741824.0;

/* 0 … 1 … 0 over a period, shifted by phase. */
static double wave(uint64_t seq, int period, int phase)
{
    int at = (int)((seq + (uint64_t)phase) % (uint64_t)period) * 2;
    return (double)(at < period ? at : 2 * period - at) / period;
}

/* ---- what there is ----------------------------------------------------------------------------------- */

static void add_cores(struct topology *t, const char *tier, int tier_row, int cluster_row, int n)
{
    for (int i = 0; i < n; i++) {
        char key[16];
        (void)snprintf(key, sizeof key, "%s%d", *tier == '\0' ? "cpu" : tier, i);
        int32_t row = topology_add(t, ACTOP_SCOPE_CORE, key, NULL, tier);
        struct entity *e = topology_at(t, ACTOP_SCOPE_CORE, row);
        e->parent = cluster_row;
        e->parent_scope = ACTOP_SCOPE_CLUSTER;
        e->index = (uint32_t)i;
    }
    struct entity *cluster = topology_at(t, ACTOP_SCOPE_CLUSTER, cluster_row);
    cluster->parent = tier_row;
    cluster->parent_scope = ACTOP_SCOPE_TIER;
}

static void add_pstates(struct topology *t, actop_scope scope, int32_t parent, int n)
{
    for (int i = 0; i < n; i++) {
        char key[24];
        (void)snprintf(key, sizeof key, "%d/%d/%d", (int)scope, parent, i);
        int32_t row = topology_add(t, ACTOP_SCOPE_PSTATE, key, i == 0 ? "IDLE" : key, NULL);
        struct entity *e = topology_at(t, ACTOP_SCOPE_PSTATE, row);
        e->parent = parent;
        e->parent_scope = (uint8_t)scope;
        e->index = (uint32_t)i;
        e->flags = i == 0 ? ACTOP_ENTITY_IDLE : 0;
    }
}

static void add_tier(struct topology *t, const struct maker_machine *is, const char *tier,
                     int cores)
{
    char name[32];
    (void)snprintf(name, sizeof name, "%sCPU", tier);
    int32_t tier_row = topology_add(t, ACTOP_SCOPE_TIER, *tier == '\0' ? "P" : tier, NULL, tier);
    int32_t cluster_row = topology_add(t, ACTOP_SCOPE_CLUSTER, name, NULL, tier);
    add_cores(t, tier, tier_row, cluster_row, cores);
    add_pstates(t, ACTOP_SCOPE_CLUSTER, cluster_row, is->pstates);
}

static void add_numbered(struct topology *t, actop_scope scope, const char *format_name, int n)
{
    for (int i = 0; i < n; i++) {
        char key[32];
        (void)snprintf(key, sizeof key, "%s%d", format_name, i);
        (void)topology_add(t, scope, key, NULL, NULL);
    }
}

static void add_everything(struct topology *t, const struct maker_machine *is)
{
    if (is->e_cores > 0)
        add_tier(t, is, "E", is->e_cores);
    add_tier(t, is, is->e_cores > 0 ? "P" : "", is->p_cores);
    if (is->gpu_cores > 0)
        add_pstates(t, ACTOP_SCOPE_GPU, topology_add(t, ACTOP_SCOPE_GPU, "gpu", NULL, NULL),
                    is->pstates);
    static const char *const rails[] = {"CPU", "GPU", "ANE", "DRAM", "DISP", "AVE", "ISP"};
    for (size_t i = 0; is->power && i < sizeof rails / sizeof rails[0]; i++)
        (void)topology_add(t, ACTOP_SCOPE_RAIL, rails[i], NULL, NULL);
    add_numbered(t, ACTOP_SCOPE_SENSOR, "sensor Tp", is->sensors);
    add_numbered(t, ACTOP_SCOPE_FAN, "Fan ", is->fans);
    add_numbered(t, ACTOP_SCOPE_AGENT, "agent", is->agents);
}

struct maker *maker_new(const struct maker_machine *machine)
{
    struct maker *m = calloc(1, sizeof *m);
    if (m == NULL)
        return NULL;
    m->is = machine;
    m->pool = sample_pool_new();
    m->topology = topology_new();
    add_everything(m->topology, machine);
    return m;
}

void maker_free(struct maker *m)
{
    if (m == NULL)
        return;
    topology_unref(m->topology);
    sample_pool_unref(m->pool);
    free(m);
}

void maker_interface(struct maker *m, const char *name, double rx_bps)
{
    m->interface = name;
    m->interface_rx = rx_bps;
}

void maker_names(struct maker *m, const struct maker_name *names, int n)
{
    m->names = names;
    m->n_names = n;
}

/* ---- one sample ------------------------------------------------------------------------------------------ */

static void put(struct actop_sample_t *s, actop_metric id, uint32_t row, double value)
{
    sample_put(s, id, row, value, ACTOP_MEASURED, 0);
}

static void put_text(struct actop_sample_t *s, actop_metric id, uint32_t row, const char *text)
{
    sample_put_text(s, id, row, text, strlen(text), 0);
}

static void window(struct actop_sample_t *s, actop_metric id, uint32_t row, double average,
                   double peak)
{
    struct window_cell *windows = sample_windows(s);
    if (windows != NULL && row < sample_rows(s, metric_info(id)->scope))
        windows[window_index(s, id, row)] = (struct window_cell){average, peak, 30};
}

static void put_residency(struct actop_sample_t *s, actop_metric idle, uint32_t row, double util)
{
    put(s, idle, row, 1 - util);
    put(s, (actop_metric)(idle + 1), row, util * 0.2);
    put(s, (actop_metric)(idle + 2), row, util * 0.3);
    put(s, (actop_metric)(idle + 3), row, util * 0.5);
}

static void put_cpu(struct maker *m, struct actop_sample_t *s)
{
    uint32_t tiers = sample_rows(s, ACTOP_SCOPE_TIER);
    put(s, ACTOP_METRIC_CPU_UTIL, 0, wave(m->seq, 40, 0));
    for (uint32_t i = 0; i < tiers; i++) {
        double util = wave(m->seq, 40 + 13 * (int)i, 0) * (i + 1 == tiers ? 0.9 : 0.3);
        put(s, ACTOP_METRIC_TIER_UTIL, i, util);
        window(s, ACTOP_METRIC_TIER_UTIL, i, 0.31, 0.87);
        put(s, ACTOP_METRIC_TIER_FREQ, i, 1.2e9 + 3.2e9 * util);
        put(s, ACTOP_METRIC_TIER_MAX_FREQ, i, 4.5e9);
        if (m->is->heat)
            put(s, ACTOP_METRIC_TIER_REALIZED_FREQ, i, 1.2e9 + 2.9e9 * util);
        if (m->is->power)
            put(s, ACTOP_METRIC_TIER_POWER, i, 0.1 + 20 * util);
        if (m->is->pstates > 0)
            put_residency(s, ACTOP_METRIC_TIER_IDLE, i, util);
    }
    for (uint32_t i = 0; i < sample_rows(s, ACTOP_SCOPE_CORE); i++) {
        double util = wave(m->seq + i, 17 + (int)(i % 7), (int)i * 3);
        put(s, ACTOP_METRIC_CORE_UTIL, i, util);
        put(s, ACTOP_METRIC_CORE_FREQ, i, 1e9 + 3e9 * util);
        put(s, ACTOP_METRIC_CORE_ONLINE, i, i % 61 == 60 ? 0 : 1);
    }
    for (uint32_t i = 0; i < sample_rows(s, ACTOP_SCOPE_PSTATE); i++) {
        put(s, ACTOP_METRIC_PSTATE_FREQ, i, (i % 12) * 4e8);
        put(s, ACTOP_METRIC_PSTATE_RATIO, i, wave(m->seq, 24, (int)i) / 12);
    }
}

static void put_gpu(struct maker *m, struct actop_sample_t *s)
{
    double util = wave(m->seq, 33, 9);
    if (m->is->gpu_cores == 0) {
        sample_put_state(s, ACTOP_METRIC_GPU_UTIL, 0, ACTOP_STATE_UNSUPPORTED, 0);
        return;
    }
    put(s, ACTOP_METRIC_GPU_CORES, 0, m->is->gpu_cores);
    put(s, ACTOP_METRIC_GPU_UTIL, 0, util);
    window(s, ACTOP_METRIC_GPU_UTIL, 0, 0.44, 1);
    put(s, ACTOP_METRIC_GPU_ONE_UTIL, 0, util);
    put(s, ACTOP_METRIC_GPU_FREQ, 0, 3.4e8 + 1.2e9 * util);
    put(s, ACTOP_METRIC_GPU_TEMP, 0, 45 + 30 * util);
    put(s, ACTOP_METRIC_GPU_POWER, 0, 0.5 + 50 * util);
    put(s, ACTOP_METRIC_GPU_RENDERER_UTIL, 0, util * 0.9);
    put(s, ACTOP_METRIC_GPU_TILER_UTIL, 0, util * 0.2);
    put(s, ACTOP_METRIC_GPU_MEM_USED, 0, 12.3 * GIB);
    put_residency(s, ACTOP_METRIC_GPU_IDLE, 0, util);
    put(s, ACTOP_METRIC_ANE_UTIL, 0, 0.05);
    put(s, ACTOP_METRIC_ANE_POWER, 0, 0.4);
}

static void put_memory(struct maker *m, struct actop_sample_t *s)
{
    put(s, ACTOP_METRIC_RAM_TOTAL, 0, 128 * GIB);
    put(s, ACTOP_METRIC_RAM_USED, 0, (40 + 20 * wave(m->seq, 90, 0)) * GIB);
    put(s, ACTOP_METRIC_RAM_APP, 0, 22.5 * GIB);
    put(s, ACTOP_METRIC_RAM_WIRED, 0, 6.25 * GIB);
    put(s, ACTOP_METRIC_RAM_COMPRESSED, 0, 3 * GIB);
    put(s, ACTOP_METRIC_RAM_CACHED, 0, 30 * GIB);
    put(s, ACTOP_METRIC_SWAP_TOTAL, 0, 2 * GIB);
    put(s, ACTOP_METRIC_SWAP_USED, 0, 0.25 * GIB);
    put(s, ACTOP_METRIC_MEMORY_PRESSURE, 0, 0);
    if (!m->is->bandwidth)
        return;
    double bandwidth = 5e9 + 4e11 * wave(m->seq, 33, 9);
    put(s, ACTOP_METRIC_BANDWIDTH, 0, bandwidth);
    put(s, ACTOP_METRIC_BANDWIDTH_READ, 0, bandwidth * 0.7);
    put(s, ACTOP_METRIC_BANDWIDTH_WRITE, 0, bandwidth * 0.3);
    put(s, ACTOP_METRIC_BANDWIDTH_RATIO, 0, bandwidth / 5.46e11);
    put(s, ACTOP_METRIC_MAX_BANDWIDTH, 0, 5.46e11);
    for (uint32_t i = 0; i < sample_rows(s, ACTOP_SCOPE_AGENT); i++)
        put(s, ACTOP_METRIC_AGENT_TOTAL, i, bandwidth / (i + 2));
}

static void put_power(struct maker *m, struct actop_sample_t *s)
{
    if (!m->is->power)
        return;
    double cpu = 0.5 + 30 * wave(m->seq, 53, 0);
    double gpu = m->is->gpu_cores > 0 ? 0.5 + 50 * wave(m->seq, 33, 9) : 0;
    put(s, ACTOP_METRIC_CPU_POWER, 0, cpu);
    put(s, ACTOP_METRIC_PACKAGE_POWER, 0, cpu + gpu);
    window(s, ACTOP_METRIC_PACKAGE_POWER, 0, 33, 78);
    put(s, ACTOP_METRIC_DRAM_POWER, 0, 3.25);
    put(s, ACTOP_METRIC_SYSTEM_POWER, 0, cpu + gpu + 14);
    put(s, ACTOP_METRIC_OTHER_POWER, 0, 4);
    put(s, ACTOP_METRIC_UNACCOUNTED_POWER, 0, 6.75);
    put(s, ACTOP_METRIC_MAX_PACKAGE, 0, 153);
    put(s, ACTOP_METRIC_SESSION_ENERGY, 0, 40.0 * (double)m->seq);
    for (uint32_t i = 0; i < sample_rows(s, ACTOP_SCOPE_RAIL); i++)
        put(s, ACTOP_METRIC_RAIL_POWER, i, wave(m->seq, 20, (int)i * 4) * 10);
}

static void put_heat(struct maker *m, struct actop_sample_t *s)
{
    for (uint32_t i = 0; i < sample_rows(s, ACTOP_SCOPE_SENSOR); i++)
        put(s, ACTOP_METRIC_SENSOR_TEMP, i, 35 + (i * 7) % 60);
    for (uint32_t i = 0; i < sample_rows(s, ACTOP_SCOPE_FAN); i++) {
        put(s, ACTOP_METRIC_FAN_SPEED, i, 1500 + 100 * i);
        put(s, ACTOP_METRIC_FAN_MAX, i, 5777);
    }
    if (!m->is->heat)
        return;
    put(s, ACTOP_METRIC_CPU_TEMP, 0, 50 + 40 * wave(m->seq, 70, 0));
    put(s, ACTOP_METRIC_THERMAL_STATE, 0, 0);
    put(s, ACTOP_METRIC_ALERT_MEM_BOUND, 0, 1);
    put(s, ACTOP_METRIC_BOTTLENECK, 0, 3);
    put_text(s, ACTOP_METRIC_BOTTLENECK_BECAUSE, 0, "GPU 93%, bandwidth 40%");
}

static void put_rows(struct maker *m, struct actop_sample_t *s)
{
    put(s, ACTOP_METRIC_NET_RX, 0, 2e7 * wave(m->seq, 21, 0));
    put(s, ACTOP_METRIC_NET_TX, 0, 4e6 * wave(m->seq, 11, 3));
    put(s, ACTOP_METRIC_DISK_READ, 0, 1.2e9 * wave(m->seq, 29, 7));
    put(s, ACTOP_METRIC_DISK_WRITE, 0, 3e8 * wave(m->seq, 19, 1));
    for (int i = 0; i < m->is->interfaces; i++) {
        char key[16];
        (void)snprintf(key, sizeof key, "en%d", i);
        int32_t row = sample_add_row(s, ACTOP_SCOPE_INTERFACE, key, strlen(key), NULL, 0);
        put(s, ACTOP_METRIC_IF_RX, (uint32_t)row, 1e6 * i);
        put(s, ACTOP_METRIC_IF_TX, (uint32_t)row, 1e5 * i);
        put(s, ACTOP_METRIC_IF_RX_PACKETS, (uint32_t)row, 700 * i);
        put(s, ACTOP_METRIC_IF_TX_PACKETS, (uint32_t)row, 90 * i);
    }
    if (m->interface != NULL) {
        int32_t row =
            sample_add_row(s, ACTOP_SCOPE_INTERFACE, m->interface, strlen(m->interface), NULL, 0);
        put(s, ACTOP_METRIC_IF_RX, (uint32_t)row, m->interface_rx);
    }
    for (int i = 0; i < m->is->disks; i++) {
        char key[16];
        (void)snprintf(key, sizeof key, "disk%d", i);
        int32_t row = sample_add_row(s, ACTOP_SCOPE_DISK, key, strlen(key), NULL, 0);
        put(s, ACTOP_METRIC_DISK_ONE_READ, (uint32_t)row, 1e8 * i);
        put(s, ACTOP_METRIC_DISK_ONE_WRITE, (uint32_t)row, 1e7 * i);
        put(s, ACTOP_METRIC_DISK_READ_OPS, (uint32_t)row, 2500 * i);
        put(s, ACTOP_METRIC_DISK_WRITE_OPS, (uint32_t)row, 250 * i);
        put(s, ACTOP_METRIC_DISK_BUSY, (uint32_t)row, 0.04 * i);
    }
    if (m->is->battery) {
        int32_t row = sample_add_row(s, ACTOP_SCOPE_BATTERY, "BAT0", 4, NULL, 0);
        put(s, ACTOP_METRIC_BATTERY_CHARGE, (uint32_t)row, 0.83);
        put(s, ACTOP_METRIC_BATTERY_STATE, (uint32_t)row, 1);
        put(s, ACTOP_METRIC_BATTERY_FLOW, (uint32_t)row, -12.5);
    }
}

static void put_process(struct maker *m, struct actop_sample_t *s, int i)
{
    static const char *const names[] = {
        "ollama", "python3.12", "WindowServer", "kernel_task", "Safari", "日本語アプリ", "cc"};
    char key[16];
    (void)snprintf(key, sizeof key, "%d", 100 + i);
    int32_t added = sample_add_row(s, ACTOP_SCOPE_PROCESS, key, strlen(key), NULL, 0);
    uint32_t row = (uint32_t)added;
    struct entity *e = sample_entity(s, ACTOP_SCOPE_PROCESS, row);
    e->id = (uint64_t)(100 + i);
    e->start = 7;
    e->flags = i % 17 == 16 ? ACTOP_ENTITY_EXITED : 0;
    if (m->n_names > 0)
        sample_put_text(s, ACTOP_METRIC_PROC_COMMAND, row, m->names[i % m->n_names].bytes,
                        m->names[i % m->n_names].n, 0);
    else
        put_text(s, ACTOP_METRIC_PROC_COMMAND, row, names[i % 7]);
    put_text(s, ACTOP_METRIC_PROC_USER, row, i % 3 == 0 ? "root" : "somebody");
    put(s, ACTOP_METRIC_PROC_PARENT, row, i == 0 ? 1 : 100 + (i - 1) / 3);
    put(s, ACTOP_METRIC_PROC_CPU, row, 3.0 * wave(m->seq, 31, i * 5) / (i + 1));
    put(s, ACTOP_METRIC_PROC_RSS, row, (double)(1 << (i % 12)) * 3e6);
    put(s, ACTOP_METRIC_PROC_THREADS, row, 1 + i % 40);
    put(s, ACTOP_METRIC_PROC_CPU_TIME, row, (double)(m->seq + (uint64_t)(i * i)));
    if (m->is->power) {
        put(s, ACTOP_METRIC_PROC_GPU_SHARE, row, i == 0 ? 0.9 : 0.001);
        sample_put(s, ACTOP_METRIC_PROC_POWER, row, 9.0 / (i + 1), ACTOP_ESTIMATED, 0);
        put(s, ACTOP_METRIC_PROC_ENERGY, row, 100.0 / (i + 1));
    }
}

const actop_sample_t *maker_next(struct maker *m)
{
    struct actop_sample_t *s = sample_new(m->pool);
    m->seq++;
    int64_t awake_ns = (int64_t)m->seq * 1000000000;
    struct os_moment at = {1767225600000000000 + awake_ns, awake_ns, awake_ns};
    sample_begin(s, m->topology, &at);
    s->seq = m->seq;
    s->interval_ns = 1000000000;
    put_text(s, ACTOP_METRIC_CHIP, 0, m->is->chip);
    put_text(s, ACTOP_METRIC_HOST, 0, "studio");
    put_cpu(m, s);
    put_gpu(m, s);
    put_memory(m, s);
    put_power(m, s);
    put_heat(m, s);
    put_rows(m, s);
    put(s, ACTOP_METRIC_PROCESS_COUNT, 0, m->is->processes + 300);
    for (int i = 0; i < m->is->processes; i++)
        put_process(m, s, i);
    return s;
}

const actop_sample_t *maker_processes(struct maker *m, const struct maker_process *rows, int n)
{
    struct actop_sample_t *s = sample_new(m->pool);
    struct os_moment at = {1, 1, 1};
    sample_begin(s, m->topology, &at);
    for (int i = 0; i < n; i++) {
        char key[24];
        (void)snprintf(key, sizeof key, "%d", (int)rows[i].pid);
        uint32_t row = (uint32_t)sample_add_row(s, ACTOP_SCOPE_PROCESS, key, strlen(key), NULL, 0);
        sample_entity(s, ACTOP_SCOPE_PROCESS, row)->id = (uint64_t)rows[i].pid;
        put_text(s, ACTOP_METRIC_PROC_COMMAND, row, rows[i].name);
        if (rows[i].executable != NULL)
            put_text(s, ACTOP_METRIC_PROC_EXE, row, rows[i].executable);
        put(s, ACTOP_METRIC_PROC_PARENT, row, rows[i].parent);
        put(s, ACTOP_METRIC_PROC_CPU, row, rows[i].cpu);
        put(s, ACTOP_METRIC_PROC_RSS, row, rows[i].rss);
    }
    return s;
}
