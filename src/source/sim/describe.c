/* SPDX-License-Identifier: MIT */
/* Describing a simulated machine with the keys of the apple source (docs/apple-frames.md). What a real machine would not let us
 * subscribe to is left out here as there. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "source/sim/sim.h"

/* ---- Properties ---------------------------------------------------------------------------------------------------- */

static void put_u64(struct schema *s, const char *key, uint64_t value)
{
    schema_put_u64(s, key, &value, 1);
}

static void put_sysctls(struct schema *s, const struct machine *m)
{
    static const uint64_t timebase[] = {125, 3};
    schema_put_text(s, "source/os", "macos");
    schema_put_text(s, "sysctl/machdep.cpu.brand_string", m->brand);
    schema_put_text(s, "sysctl/hw.model", m->model);
    schema_put_text(s, "sysctl/hw.targettype", m->target);
    schema_put_text(s, "sysctl/kern.osproductversion", m->os_version);
    schema_put_text(s, "sysctl/kern.osversion", m->os_build);
    schema_put_text(s, "sysctl/kern.hostname", "simulated");
    put_u64(s, "sysctl/hw.memsize", m->memory_b);
    put_u64(s, "sysctl/hw.pagesize", 16384);
    put_u64(s, "sysctl/hw.logicalcpu", m->cpus);
    put_u64(s, "sysctl/hw.physicalcpu", m->cpus);
    put_u64(s, "sysctl/hw.nperflevels", m->n_levels);
    put_u64(s, "sysctl/kern.hv_vmm_present", m->is_virtual);
    put_u64(s, "self/uid", m->user);
    schema_put_u64(s, "mach/timebase", timebase, 2);
}

static void put_levels(struct schema *s, const struct machine *m)
{
    char key[64];
    for (size_t i = 0; i < m->n_levels; i++) {
        (void)snprintf(key, sizeof key, "sysctl/hw.perflevel%zu.physicalcpu", i);
        put_u64(s, key, m->levels[i].cores);
        (void)snprintf(key, sizeof key, "sysctl/hw.perflevel%zu.logicalcpu", i);
        put_u64(s, key, m->levels[i].cores);
        (void)snprintf(key, sizeof key, "sysctl/hw.perflevel%zu.name", i);
        if (m->levels[i].name[0] != '\0')
            schema_put_text(s, key, m->levels[i].name);
    }
}

static void put_node(struct schema *s, const struct machine_cluster *c, unsigned cpu,
                     unsigned cluster)
{
    char key[64];
    static const char *const names[] = {"logical-cpu-id", "cluster-id", "die-id"};
    const uint64_t values[] = {cpu, cluster, c->die};
    (void)snprintf(key, sizeof key, "cpu/cpu%u/cluster-type", cpu);
    schema_put_text(s, key, c->type);
    for (size_t i = 0; i < 3; i++) {
        (void)snprintf(key, sizeof key, "cpu/cpu%u/%s", cpu, names[i]);
        put_u64(s, key, values[i]);
    }
}

static void put_nodes(struct schema *s, const struct machine *m)
{
    for (size_t i = 0; i < m->n_clusters; i++) {
        unsigned number = 0; /* of the cluster on its die */
        for (size_t k = 0; k < i; k++)
            number += m->clusters[k].die == m->clusters[i].die;
        for (unsigned core = 0; core < m->clusters[i].cores; core++)
            put_node(s, &m->clusters[i], m->clusters[i].first_cpu + core, number);
    }
}

static void put_table(struct schema *s, const struct machine_table *t, bool as_period)
{
    uint8_t blob[48 * 8];
    char key[64];
    for (unsigned i = 0; i < t->n; i++)
        machine_table_pair(t, i, as_period, blob + (size_t)i * 8);
    (void)snprintf(key, sizeof key, "pmgr/voltage-states%u%s", t->number,
                   t->sram && !as_period ? "-sram" : "");
    schema_put_bytes(s, key, blob, (size_t)t->n * 8);
}

static void put_pmgr(struct schema *s, const struct machine *m)
{
    uint8_t entries[8 * 8] = {0};
    for (size_t i = 0; i < m->n_tables; i++) {
        put_table(s, &m->tables[i], false);
        if (m->tables[i].period)
            put_table(s, &m->tables[i], true);
    }
    for (size_t i = 0; i < m->n_acc_clusters; i++) {
        entries[i * 8] = (uint8_t)m->acc_clusters[i].table;
        entries[i * 8 + 1] = (uint8_t)m->acc_clusters[i].cluster;
    }
    if (m->n_acc_clusters > 0)
        schema_put_bytes(s, "pmgr/acc-clusters", entries, (size_t)m->n_acc_clusters * 8);
}

static void put_agx(struct schema *s, const struct machine *m)
{
    if (m->gpu.cores == 0)
        return;
    schema_put_text(s, "agx/class", m->gpu.class_name);
    put_u64(s, "agx/gpu-core-count", m->gpu.cores);
    put_u64(s, "agx/GPUConfigurationVariable/num_cores",
            m->gpu.die_cores > 0 ? m->gpu.die_cores : m->gpu.cores);
}

/* ---- Channels -------------------------------------------------------------------------------------------------------- */

static int32_t collector(struct schema *s, const char *name, int32_t status, const char *reason)
{
    return schema_add_collector(s, name, status, reason,
                                status == 0 ? ""
                                            : "nothing: it is the system's choice on this chip");
}

/* The collector of a channel's group: one for each. */
static int32_t group_collector(struct schema *s, const struct machine_channel *c)
{
    char name[128];
    (void)snprintf(name, sizeof name, "ioreport/%s", c->group);
    for (size_t i = 0; i < s->n_collectors; i++)
        if (strcmp(schema_text(s, s->collectors[i].name), name) == 0)
            return (int32_t)i;
    return collector(s, name, c->refused ? -1 : 0,
                     c->refused ? "the group lists its channels and refuses the subscription" : "");
}

static bool name_repeats(const struct machine *m, size_t at)
{
    const struct machine_channel *c = &m->channels[at];
    for (size_t i = 0; i < m->n_channels; i++)
        if (i != at && strcmp(m->channels[i].name, c->name) == 0 &&
            strcmp(m->channels[i].group, c->group) == 0 &&
            strcmp(m->channels[i].subgroup, c->subgroup) == 0)
            return true;
    return false;
}

static int32_t add_ioreport(struct schema *s, const struct machine *m, size_t at)
{
    const struct machine_channel *c = &m->channels[at];
    char group[128], key[192];
    int32_t where = group_collector(s, c);
    if (c->refused || c->kind == CHANNEL_STEP)
        return -1;
    (void)snprintf(group, sizeof group, "ioreport/%s%s%s", c->group,
                   c->subgroup[0] != '\0' ? "/" : "", c->subgroup);
    (void)snprintf(key, sizeof key, "%s/%s", group, c->name);
    if (name_repeats(m, at))
        (void)snprintf(key + strlen(key), sizeof key - strlen(key), "~%llx",
                       (unsigned long long)c->id);
    return schema_add_channel(s,
                              &(struct channel_spec){.key = key,
                                                     .group = group,
                                                     .name = c->name,
                                                     .unit = c->unit,
                                                     .label = "",
                                                     .collector = where,
                                                     .type = c->n_states > 0 ? SLOT_U64 : SLOT_I64,
                                                     .count = c->n_states,
                                                     .states = c->n_states > 0 ? c->states : NULL,
                                                     .flags = CHANNEL_COUNTER});
}

/* A channel of one or more numbers; names of its elements may be NULL. */
static int32_t add(struct schema *s, const char *key, const char *group, const char *name,
                   const char *unit, int32_t where, uint32_t count, const char *const *elements,
                   uint8_t flags, uint8_t bits)
{
    return schema_add_channel(s, &(struct channel_spec){.key = key,
                                                        .group = group,
                                                        .name = name,
                                                        .unit = unit,
                                                        .label = "",
                                                        .collector = where,
                                                        .type = SLOT_U64,
                                                        .count = count,
                                                        .states = elements,
                                                        .flags = flags,
                                                        .bits = bits});
}

static void add_cpus(struct schema *s, const struct machine *m, struct sim_map *map)
{
    static const char *const elements[] = {"user", "system", "idle", "nice"};
    int32_t where = collector(s, "mach/cpu", 0, "");
    for (unsigned i = 0; i < m->cpus; i++) {
        char key[48], name[16];
        (void)snprintf(key, sizeof key, "mach/cpu/%u/ticks", i);
        (void)snprintf(name, sizeof name, "%u", i);
        map->ticks[i] =
            add(s, key, "mach/cpu", name, "ticks", where, 4, elements, CHANNEL_COUNTER, 32);
    }
}

static const char *const vm_names[] = {
    "free",      "active",   "inactive", "wire",         "purgeable", "speculative", "compressor",
    "throttled", "external", "internal", "uncompressed", "swapins",   "swapouts"};

static void add_memory(struct schema *s, struct sim_map *map)
{
    static const char *const swap[] = {"total", "avail", "used"}, *const load[] = {"1", "5", "15",
                                                                                   "scale"};
    int32_t vm = collector(s, "mach/vm", 0, ""), sysctl = collector(s, "sysctl", 0, "");
    for (size_t i = 0; i < sizeof vm_names / sizeof vm_names[0]; i++) {
        char key[48];
        (void)snprintf(key, sizeof key, "mach/vm/%s", vm_names[i]);
        map->vm[i] = add(s, key, "mach/vm", vm_names[i], "pages", vm, 1, NULL,
                         i >= 11 ? CHANNEL_COUNTER : 0, 64);
    }
    map->swap =
        add(s, "sysctl/vm.swapusage", "sysctl", "vm.swapusage", "B", sysctl, 3, swap, 0, 64);
    map->pressure = add(s, "sysctl/kern.memorystatus_vm_pressure_level", "sysctl",
                        "kern.memorystatus_vm_pressure_level", "", sysctl, 1, NULL, 0, 64);
    map->loadavg = add(s, "sysctl/vm.loadavg", "sysctl", "vm.loadavg", "", sysctl, 4, load, 0, 64);
}

static void add_thermal(struct schema *s, struct sim_map *map)
{
    map->thermal = add(s, "notify/thermalpressurelevel", "thermal", "thermalpressurelevel", "",
                       collector(s, "thermal/notify", 0, ""), 1, NULL, 0, 64);
    map->level = add(s, "objc/thermalState", "thermal", "thermalState", "",
                     collector(s, "thermal/objc", 0, ""), 1, NULL, 0, 64);
}

static void add_agx(struct schema *s, const struct machine *m, struct sim_map *map)
{
    static const char *const names[] = {"Device Utilization %", "Renderer Utilization %",
                                        "Tiler Utilization %", "In use system memory",
                                        "Alloc system memory"};
    for (size_t i = 0; i < 5; i++)
        map->agx[i] = -1;
    if (m->gpu.cores == 0)
        return;
    int32_t where = collector(s, "registry/agx", 0, "");
    for (size_t i = 0; i < 5; i++) {
        char key[64];
        (void)snprintf(key, sizeof key, "agx/%s", names[i]);
        map->agx[i] = add(s, key, "agx", names[i], i < 3 ? "%" : "B", where, 1, NULL, 0, 64);
    }
}

static void add_sensors(struct schema *s, const struct machine *m, struct sim_map *map)
{
    static const char *const fan_keys[] = {"Ac", "Mn", "Mx"};
    if (m->n_smc_keys == 0 && m->n_hid == 0)
        return;
    int32_t smc = collector(s, "smc", 0, ""), hid = collector(s, "hid", 0, "");
    for (size_t i = 0; i < m->n_smc_keys; i++) {
        char key[16];
        (void)snprintf(key, sizeof key, "smc/%s", m->smc_keys[i].key);
        map->smc[i] =
            add(s, key, "smc", m->smc_keys[i].key, m->smc_keys[i].type, smc, 1, NULL, 0, 64);
    }
    for (size_t i = 0; i < 3 * m->n_fans; i++) {
        char key[40];
        (void)snprintf(key, sizeof key, "smc/F%zu%s", i / 3, fan_keys[i % 3]);
        map->fans[i] = add(s, key, "smc", key + 4, "flt ", smc, 1, NULL, 0, 64);
    }
    for (size_t i = 0; i < m->n_hid; i++) {
        char key[112];
        unsigned same = 1; /* a repeated product gets ~2, ~3 … by its order, as on a Mac */
        for (size_t k = 0; k < i; k++)
            same += strcmp(m->hid[k].product, m->hid[i].product) == 0;
        (void)snprintf(key, sizeof key, same > 1 ? "hid/temperature/%s~%u" : "hid/temperature/%s",
                       m->hid[i].product, same);
        map->hid[i] = schema_add_channel(s, &(struct channel_spec){.key = key,
                                                                   .group = "hid/temperature",
                                                                   .name = m->hid[i].product,
                                                                   .unit = "C",
                                                                   .label = "",
                                                                   .collector = hid,
                                                                   .type = SLOT_F64});
    }
}

/* ---- Row sets ------------------------------------------------------------------------------------------------------------ */

#define KEY(name)                                                                                  \
    {                                                                                              \
        name, "", SLOT_U64, COLUMN_KEY, 0                                                          \
    }
#define KEY_TEXT(name)                                                                             \
    {                                                                                              \
        name, "", SLOT_BYTES, COLUMN_KEY, 0                                                        \
    }
#define TEXT(name)                                                                                 \
    {                                                                                              \
        name, "", SLOT_BYTES, 0, 0                                                                 \
    }
#define VALUE(name)                                                                                \
    {                                                                                              \
        name, "", SLOT_U64, 0, 0                                                                   \
    }
#define COUNT(name)                                                                                \
    {                                                                                              \
        name, "", SLOT_U64, CHANNEL_COUNTER, 64                                                    \
    }
#define N(columns) (sizeof(columns) / sizeof((columns)[0]))

static void add_rows(struct schema *s, const struct machine *m, struct sim_map *map)
{
    static const struct column_spec process[] = {
        KEY("pid"),        KEY("start_us"),  VALUE("ppid"),        VALUE("uid"),
        TEXT("name"),      VALUE("own"),     COUNT("user_ticks"),  COUNT("system_ticks"),
        VALUE("rss_b"),    VALUE("threads"), COUNT("disk_read_b"), COUNT("disk_written_b"),
        COUNT("energy_nj")};
    static const struct column_spec client[] = {KEY("client"), VALUE("pid"), TEXT("name"),
                                                COUNT("gpu_ns")};
    static const struct column_spec interface[] = {
        KEY_TEXT("name"),    VALUE("index"),     VALUE("type"),     VALUE("flags"),
        VALUE("baud"),       COUNT("rx_b"),      COUNT("tx_b"),     COUNT("rx_packets"),
        COUNT("tx_packets"), COUNT("rx_errors"), COUNT("tx_errors")};
    static const struct column_spec disk[] = {KEY_TEXT("name"), COUNT("read_b"), COUNT("written_b"),
                                              COUNT("reads"),   COUNT("writes"), COUNT("read_ns"),
                                              COUNT("write_ns")};
    static const struct column_spec volume[] = {
        KEY_TEXT("mount"), TEXT("device"),       TEXT("type"),         VALUE("block_b"),
        VALUE("blocks"),   VALUE("blocks_free"), VALUE("blocks_avail")};
    map->processes = schema_add_rowset(s, "process", ACTOP_SCOPE_PROCESS,
                                       collector(s, "process", 0, ""), process, N(process));
    map->clients = m->gpu.cores == 0
                       ? -1
                       : schema_add_rowset(s, "gpu_client", ACTOP_SCOPE_PROCESS,
                                           collector(s, "registry/gpu_clients", 0, ""), client,
                                           N(client));
    map->interfaces = schema_add_rowset(s, "interface", ACTOP_SCOPE_INTERFACE,
                                        collector(s, "network", 0, ""), interface, N(interface));
    map->disks = schema_add_rowset(s, "disk", ACTOP_SCOPE_DISK,
                                   collector(s, "registry/disk", 0, ""), disk, N(disk));
    map->volumes = schema_add_rowset(s, "volume", ACTOP_SCOPE_VOLUME,
                                     collector(s, "volumes", 0, ""), volume, N(volume));
    map->apfs = -1;
    struct column_spec battery[1 + 32] = {KEY_TEXT("name")};
    size_t n = 1;
    for (size_t i = 0; i < m->n_battery && n < 1 + 32; i++)
        if (sim_pair_is_number(&m->battery[i]))
            battery[n++] = (struct column_spec){m->battery[i].key, "", SLOT_I64, 0, 0};
    map->batteries = m->n_battery == 0
                         ? -1
                         : schema_add_rowset(s, "battery", ACTOP_SCOPE_BATTERY,
                                             collector(s, "registry/battery", 0, ""), battery, n);
}

/* ---- All of it ------------------------------------------------------------------------------------------------------------- */

void sim_map_release(struct sim_map *map)
{
    free(map->channels);
    free(map->ticks);
    free(map->smc);
    free(map->hid);
    free(map->fans);
    memset(map, 0, sizeof *map);
}

static bool map_init(struct sim_map *map, const struct machine *m)
{
    memset(map, 0, sizeof *map);
    map->channels = calloc(m->n_channels + 1, sizeof *map->channels);
    map->ticks = calloc((size_t)m->cpus + 1, sizeof *map->ticks);
    map->smc = calloc(m->n_smc_keys + 1, sizeof *map->smc);
    map->hid = calloc(m->n_hid + 1, sizeof *map->hid);
    map->fans = calloc(3 * m->n_fans + 1, sizeof *map->fans);
    return map->channels != NULL && map->ticks != NULL && map->smc != NULL && map->hid != NULL &&
           map->fans != NULL;
}

bool sim_pair_is_number(const struct machine_pair *p)
{
    return p->text == NULL || p->text[0] == '\0' || strcmp(p->text, "yes") == 0 ||
           strcmp(p->text, "no") == 0;
}

actop_status sim_describe(const struct machine *m, const char *source, struct schema **out,
                          struct sim_map *map, actop_error *err)
{
    struct schema *s = schema_new("apple", source);
    if (s == NULL || !map_init(map, m)) {
        schema_unref(s);
        sim_map_release(map);
        return error_no_memory(err, "a simulated machine");
    }
    put_sysctls(s, m);
    put_levels(s, m);
    put_nodes(s, m);
    put_pmgr(s, m);
    put_agx(s, m);
    for (size_t i = 0; i < m->n_channels; i++)
        map->channels[i] = add_ioreport(s, m, i);
    add_cpus(s, m, map);
    add_memory(s, map);
    add_thermal(s, map);
    add_agx(s, m, map);
    add_sensors(s, m, map);
    add_rows(s, m, map);
    actop_status st = schema_seal(s, err);
    if (st != ACTOP_OK) {
        schema_unref(s);
        sim_map_release(map);
        return st;
    }
    *out = s;
    return ACTOP_OK;
}
