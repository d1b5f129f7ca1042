/* SPDX-License-Identifier: MIT */
/* The fake's IOKit: a registry of nodes with properties, iterators, SMC connections, HID services. Names of ports
 * are counted; whoever gets one has to give it back. */
#include "fake_apple/plain_alloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake_apple/fake_internal.h"

enum node_kind {
    NODE_PLAIN,
    NODE_PMGR,
    NODE_CPUS,
    NODE_CPU,
    NODE_AGX,
    NODE_CLIENT,
    NODE_SMC,
    NODE_BATTERY,
    NODE_DISK,
    NODE_APFS
};

struct node {
    enum node_kind kind;
    const char *class_name, *matches; /* matches: the class it is also found by */
    char name[64];
    uint64_t id;
    size_t index;  /* of the cluster's core, process, disk … */
    size_t parent; /* node + 1; 0: none */
};

static struct node *nodes;
static size_t n_nodes, cap_nodes;

static struct node *add_node(enum node_kind kind, const char *class_name, const char *matches,
                             const char *name)
{
    struct node *n;

    if (n_nodes == cap_nodes) {
        cap_nodes = cap_nodes > 0 ? 2 * cap_nodes : 64;
        nodes = realloc(nodes, cap_nodes * sizeof *nodes);
        if (nodes == NULL)
            abort();
    }
    n = &nodes[n_nodes++];
    *n = (struct node){
        .kind = kind, .class_name = class_name, .matches = matches, .id = 0x100000100 + n_nodes};
    snprintf(n->name, sizeof n->name, "%s", name);
    return n;
}

static void add_cpus(const struct machine *m)
{
    size_t cpus;
    char name[32];

    add_node(NODE_CPUS, "IOPlatformDevice", "", "cpus");
    cpus = n_nodes;
    for (size_t i = 0; i < m->cpus; i++) {
        struct node *n;
        snprintf(name, sizeof name, "cpu%zu", i);
        n = add_node(NODE_CPU, "IOPlatformDevice", "IOPlatformDevice", name);
        n->index = i;
        n->parent = cpus;
    }
}

static void add_gpu(const struct machine *m)
{
    size_t gpu;

    add_node(NODE_PLAIN, "IOAccelCompat", "IOAccelerator",
             "AGXAcceleratorCompat"); /* an empty second one */
    add_node(NODE_AGX, m->gpu.class_name, "IOAccelerator", "AGXAccelerator");
    gpu = n_nodes;
    for (size_t i = 0; i < m->n_processes; i++) {
        for (int k = 0; m->processes[i].gpu > 0 && k < 2;
             k++) { /* two clients a process: they have to be summed */
            struct node *n =
                add_node(NODE_CLIENT, "AGXDeviceUserClient", "", "AGXDeviceUserClient");
            n->index = i;
            n->parent = gpu;
        }
    }
    add_node(NODE_PLAIN, "AGXShared", "", "AGXShared")->parent = gpu;
}

static size_t n_keys; /* SMC keys listed; 0: list them again */

bool fake_registry_start(void)
{
    const struct machine *m = fake_machine_truth.machine;

    n_keys = 0; /* another machine may stand where the last one stood */
    add_node(NODE_PLAIN, "AppleARMIODevice", "AppleARMIODevice", "aic");
    if (m->n_tables > 0)
        add_node(NODE_PMGR, "AppleARMIODevice", "AppleARMIODevice", "pmgr");
    add_node(NODE_PLAIN, "AppleARMIODevice", "AppleARMIODevice", "uart0");
    add_cpus(m);
    if (m->gpu.class_name[0] != '\0')
        add_gpu(m);
    if (strcmp(m->smc.service, "AppleSMCKeysEndpoint") == 0)
        add_node(NODE_PLAIN, "AppleSMC", "AppleSMC",
                 "AppleSMC"); /* a first one that answers nothing */
    if (m->smc.service[0] != '\0')
        add_node(NODE_SMC, "AppleSMC", "AppleSMC", m->smc.service);
    if (m->n_battery > 0)
        add_node(NODE_BATTERY, "AppleSmartBattery", "AppleSmartBattery", "AppleSmartBattery");
    for (size_t i = 0; i < m->n_disks; i++)
        add_node(NODE_DISK, "IOBlockStorageDriver", "IOBlockStorageDriver", "IOBlockStorageDriver")
            ->index = i;
    for (size_t i = 0; i < m->n_apfs; i++)
        add_node(NODE_APFS, "AppleAPFSVolume", "AppleAPFSVolume", m->apfs[i].volume)->index = i;
    return true;
}

void fake_registry_stop(void)
{
    free(nodes);
    nodes = NULL;
    n_nodes = cap_nodes = 0;
}

/* ---- properties ------------------------------------------------------------------------------------------------- */

static struct fake_object *table_blob(const struct machine_table *t, bool as_period)
{
    uint8_t bytes[8 * 48];

    for (unsigned i = 0; i < t->n; i++)
        machine_table_pair(t, i, as_period, bytes + 8 * i);
    return fake_data(bytes, 8 * (size_t)t->n);
}

static struct fake_object *pmgr_property(const char *key)
{
    const struct machine *m = fake_machine_truth.machine;
    unsigned number;
    char rest[16] = "";

    if (strcmp(key, "acc-clusters") == 0 && m->n_acc_clusters > 0) {
        uint8_t bytes[64] = {0};
        for (unsigned i = 0; i < m->n_acc_clusters; i++) {
            bytes[8 * i] = (uint8_t)m->acc_clusters[i].table;
            bytes[8 * i + 1] = (uint8_t)m->acc_clusters[i].cluster;
        }
        return fake_data(bytes, 8 * (size_t)m->n_acc_clusters);
    }
    if (sscanf(key, "voltage-states%u%15s", &number, rest) < 1)
        return NULL;
    const struct machine_table *t = machine_table_of(m, number);
    if (t == NULL)
        return NULL;
    if (strcmp(rest, "-sram") == 0)
        return t->sram ? table_blob(t, false) : NULL;
    return !t->sram || t->period ? table_blob(t, t->sram) : NULL;
}

static struct fake_object *le32(uint32_t value)
{
    uint8_t bytes[4] = {(uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16),
                        (uint8_t)(value >> 24)};

    return fake_data(bytes, 4);
}

/* As recorded on an M1: logical ids are numbers, the others data; a virtual machine has no cluster-type. */
static struct fake_object *cpu_property(size_t cpu, const char *key)
{
    const struct machine *m = fake_machine_truth.machine;
    size_t at = 0;

    if (strcmp(key, "logical-cpu-id") == 0)
        return fake_number((int64_t)cpu);
    if (strcmp(key, "cpu-id") == 0)
        return le32((uint32_t)cpu);
    while (at < m->n_clusters && cpu >= m->clusters[at].first_cpu + m->clusters[at].cores)
        at++;
    if (at == m->n_clusters) {
        if (strcmp(key, "compatible") == 0)
            return fake_data("ARM,v8", 7);
        return strcmp(key, "logical-cluster-id") == 0 ? fake_number(0) : NULL;
    }
    const struct machine_cluster *c = &m->clusters[at];
    if (strcmp(key, "cluster-type") == 0)
        return fake_data(c->type, strlen(c->type) + 1);
    if (strcmp(key, "cluster-id") == 0)
        return le32((uint32_t)at);
    if (strcmp(key, "logical-cluster-id") == 0)
        return fake_number((int64_t)at);
    if (strcmp(key, "reg") == 0)
        return le32((uint32_t)(c->die << 11 | at << 8 | (cpu - c->first_cpu)));
    if (strcmp(key, "die-id") == 0 && m->n_dies > 1)
        return le32(c->die);
    return strcmp(key, "compatible") == 0 ? fake_data("apple,fake\0ARM,v8", 18) : NULL;
}

static struct fake_object *agx_property(const char *key)
{
    const struct truth *t = &fake_machine_truth;
    struct fake_object *d;

    if (strcmp(key, "gpu-core-count") == 0)
        return fake_number(t->machine->gpu.cores);
    if (strcmp(key, "GPUConfigurationVariable") == 0) {
        d = fake_dictionary();
        fake_set_give(d, "num_cores",
                      fake_number(t->machine->gpu.die_cores > 0 ? t->machine->gpu.die_cores
                                                                : t->machine->gpu.cores));
        fake_set_give(d, "num_mgpus", fake_number((int64_t)t->machine->n_dies));
        return d;
    }
    if (strcmp(key, "PerformanceStatistics") != 0)
        return NULL;
    d = fake_dictionary();
    fake_set_give(d, "Device Utilization %", fake_number(truth_gpu_percent(t)));
    fake_set_give(d, "Renderer Utilization %", fake_number(truth_gpu_percent(t)));
    fake_set_give(d, "Tiler Utilization %", fake_number(truth_gpu_percent(t) / 2));
    fake_set_give(d, "In use system memory", fake_number((int64_t)truth_gpu_memory(t)));
    fake_set_give(d, "In use system memory (driver)", fake_number(0));
    fake_set_give(d, "Alloc system memory", fake_number((int64_t)truth_gpu_memory(t) * 4));
    fake_set_give(d, "recoveryCount", fake_number(0));
    return d;
}

static void append_use(struct fake_object *array, const char *api, int64_t ns, int64_t last)
{
    struct fake_object *d = fake_dictionary();

    fake_set_give(d, "API", fake_text(api));
    fake_set_give(d, "accumulatedGPUTime", fake_number(ns));
    fake_set_give(d, "lastSubmittedTime", fake_number(last));
    fake_append_give(array, d);
}

static struct fake_object *client_property(const struct node *n, const char *key)
{
    const struct machine_process *p = &fake_machine_truth.machine->processes[n->index];
    struct fake_object *array;
    int64_t all_ns;
    char text[64];

    if (strcmp(key, "IOUserClientCreator") == 0) {
        snprintf(text, sizeof text, "pid %u, %.16s", p->pid, p->name);
        return fake_text(text);
    }
    if (strcmp(key, "AppUsage") != 0)
        return NULL;
    array = fake_array();
    all_ns = (int64_t)(fake_machine_truth.processes[n->index].gpu_ns / 2);
    if (fake_quirks.many_uses) {
        append_use(array, "GL/CL", all_ns / 4, 21771134242083 + 7);
        all_ns -= all_ns / 4;
    }
    append_use(array, "Metal", all_ns, 21771134242083);
    return array;
}

static struct fake_object *telemetry(void)
{
    struct machine_domain whole = {.kind = DOMAIN_TOTAL, .die = -1, .cluster = -1, .parts = 1};
    struct machine_domain in = {.kind = DOMAIN_ADAPTER, .die = -1, .cluster = -1, .parts = 1};
    struct machine_domain out = {.kind = DOMAIN_BATTERY, .die = -1, .cluster = -1, .parts = 1};
    struct fake_object *d = fake_dictionary();

    fake_set_give(d, "SystemLoad",
                  fake_number((int64_t)(truth_watts(&fake_machine_truth, &whole) * 1000)));
    fake_set_give(d, "SystemPowerIn",
                  fake_number((int64_t)(truth_watts(&fake_machine_truth, &in) * 1000)));
    fake_set_give(d, "BatteryPower",
                  fake_number(-(int64_t)(truth_watts(&fake_machine_truth, &out) * 1000)));
    fake_set_give(d, "SystemVoltageIn", fake_number(20180));
    fake_set_give(d, "AdapterEfficiencyLoss", fake_number(-55));
    return d;
}

static struct fake_object *battery_value(const struct machine_pair *p)
{
    const struct truth *t = &fake_machine_truth;

    if (p->text != NULL && (strcmp(p->text, "yes") == 0 || strcmp(p->text, "no") == 0)) {
        bool yes = strcmp(p->text, "yes") == 0;
        return fake_bool(strcmp(p->key, "ExternalConnected") == 0 ? !t->load.on_battery : yes);
    }
    if (p->text != NULL)
        return fake_text(p->text);
    if (strcmp(p->key, "AppleRawCurrentCapacity") == 0)
        return fake_number(p->value - (int64_t)t->battery_mah);
    return fake_number(p->value);
}

static struct fake_object *battery_properties(void)
{
    const struct machine *m = fake_machine_truth.machine;
    struct fake_object *d = fake_dictionary(), *adapter;

    for (size_t i = 0; i < m->n_battery; i++)
        fake_set_give(d, m->battery[i].key, battery_value(&m->battery[i]));
    adapter = fake_dictionary();
    fake_set_give(adapter, "Watts", fake_number(96));
    fake_set_give(adapter, "Current", fake_number(4700));
    fake_set_give(adapter, "Voltage", fake_number(20000));
    fake_set_give(d, "AdapterDetails", adapter);
    if (m->battery_telemetry)
        fake_set_give(d, "PowerTelemetryData", telemetry());
    return d;
}

static struct fake_object *disk_property(size_t disk, const char *key)
{
    const struct truth *t = &fake_machine_truth;
    struct fake_object *d;

    if (strcmp(key, "Statistics") != 0)
        return NULL;
    d = fake_dictionary();
    fake_set_give(d, "Bytes (Read)", fake_number((int64_t)t->disk_read[disk]));
    fake_set_give(d, "Bytes (Write)", fake_number((int64_t)t->disk_written[disk]));
    fake_set_give(d, "Operations (Read)", fake_number((int64_t)(t->disk_read[disk] / 65536)));
    fake_set_give(d, "Operations (Write)", fake_number((int64_t)(t->disk_written[disk] / 65536)));
    fake_set_give(d, "Total Time (Read)", fake_number((int64_t)(t->disk_read[disk] / 3)));
    fake_set_give(d, "Total Time (Write)", fake_number((int64_t)(t->disk_written[disk] / 3)));
    fake_set_give(d, "Errors (Read)", fake_number(0));
    return d;
}

static struct fake_object *apfs_property(size_t volume, const char *key)
{
    const struct truth *t = &fake_machine_truth;
    const struct machine_apfs *a = &t->machine->apfs[volume];
    struct fake_object *d;

    if (strcmp(key, "BSD Name") == 0)
        return fake_text(a->name);
    if (strcmp(key, "Statistics") != 0 || t->machine->n_disks == 0)
        return NULL;
    d = fake_dictionary();
    fake_set_give(d, "Bytes read from block device",
                  fake_number((int64_t)(t->disk_read[0] * a->share)));
    fake_set_give(d, "Bytes written to block device",
                  fake_number((int64_t)(t->disk_written[0] * a->share)));
    fake_set_give(d, "Calls to VNOP_READ", fake_number(12345));
    return d;
}

static struct fake_object *property(const struct node *n, const char *key)
{
    const struct fake_object *value;
    struct fake_object *all, *out = NULL;

    switch (n->kind) {
    case NODE_PMGR:
        return pmgr_property(key);
    case NODE_CPU:
        return cpu_property(n->index, key);
    case NODE_AGX:
        return agx_property(key);
    case NODE_CLIENT:
        return client_property(n, key);
    case NODE_DISK:
        return disk_property(n->index, key);
    case NODE_APFS:
        return apfs_property(n->index, key);
    case NODE_BATTERY:
        all = battery_properties();
        value = fake_get(all, key);
        if (value != NULL) {
            out = fake_checked(value, "battery");
            fake_retain(out);
        }
        fake_release_object(all);
        return out;
    default:
        return NULL;
    }
}

/* ---- the calls -------------------------------------------------------------------------------------------------- */

static const struct node *entry(apple_port name, const char *caller)
{
    return &nodes[fake_port_at(name, FAKE_PORT_ENTRY, caller)->node];
}

static void remember(struct fake_port *iterator, size_t node)
{
    size_t *more = realloc(iterator->entries, (iterator->n + 1) * sizeof *more);

    if (more == NULL)
        abort();
    iterator->entries = more;
    iterator->entries[iterator->n++] = node;
}

apple_cf fake_IOServiceMatching(const char *name)
{
    struct fake_object *d;

    if (fake_fails(APPLE_ROW_IOServiceMatching))
        return NULL;
    d = fake_dictionary();
    fake_set_give(d, "IOProviderClass", fake_text(name));
    return d;
}

apple_kern fake_IOServiceGetMatchingServices(apple_port main_port, apple_cf matching,
                                             apple_port *out)
{
    struct fake_object *d = fake_checked(matching, "IOServiceGetMatchingServices");
    const char *name = fake_get(d, "IOProviderClass")->bytes;
    bool hidden = fake_quirks.hidden_class != NULL && strcmp(fake_quirks.hidden_class, name) == 0;
    bool fails = fake_fails(APPLE_ROW_IOServiceGetMatchingServices) || main_port != 0;
    struct fake_port *iterator;

    if (!fails) {
        *out = fake_port_new(FAKE_PORT_ITERATOR);
        iterator = fake_port_at(*out, FAKE_PORT_ITERATOR, "IOServiceGetMatchingServices");
        for (size_t i = 0; i < n_nodes && !hidden; i++)
            if (strcmp(nodes[i].matches, name) == 0)
                remember(iterator, i);
    }
    fake_release_object(d); /* taken over, whatever happens */
    return fails ? (apple_kern)0xe00002bc : 0;
}

apple_port fake_IOIteratorNext(apple_port name)
{
    struct fake_port *iterator = fake_port_at(name, FAKE_PORT_ITERATOR, "IOIteratorNext");
    apple_port next;
    size_t node;

    if (fake_fails(APPLE_ROW_IOIteratorNext) || iterator->at == iterator->n)
        return 0;
    node = iterator->entries[iterator->at++];
    next = fake_port_new(FAKE_PORT_ENTRY); /* may move the ports */
    fake_port_at(next, FAKE_PORT_ENTRY, "IOIteratorNext")->node = node;
    return next;
}

apple_kern fake_IOObjectRelease(apple_port name)
{
    fake_count(APPLE_ROW_IOObjectRelease);
    fake_port_release(name, "IOObjectRelease");
    return 0;
}

apple_kern fake_IOObjectGetClass(apple_port name, char *out)
{
    if (fake_fails(APPLE_ROW_IOObjectGetClass))
        return 1;
    snprintf(out, 128, "%s", entry(name, "IOObjectGetClass")->class_name);
    return 0;
}

apple_port fake_IORegistryEntryFromPath(apple_port main_port, const char *path)
{
    apple_port out;

    if (fake_fails(APPLE_ROW_IORegistryEntryFromPath) || main_port != 0 ||
        strcmp(path, "IODeviceTree:/cpus") != 0)
        return 0;
    for (size_t i = 0; i < n_nodes; i++)
        if (nodes[i].kind == NODE_CPUS) {
            out = fake_port_new(FAKE_PORT_ENTRY);
            fake_port_at(out, FAKE_PORT_ENTRY, "IORegistryEntryFromPath")->node = i;
            return out;
        }
    return 0;
}

apple_kern fake_IORegistryEntryGetName(apple_port name, char *out)
{
    if (fake_fails(APPLE_ROW_IORegistryEntryGetName))
        return 1;
    snprintf(out, 128, "%s", entry(name, "IORegistryEntryGetName")->name);
    return 0;
}

apple_kern fake_IORegistryEntryGetRegistryEntryID(apple_port name, uint64_t *out)
{
    if (fake_fails(APPLE_ROW_IORegistryEntryGetRegistryEntryID))
        return 1;
    *out = entry(name, "IORegistryEntryGetRegistryEntryID")->id;
    return 0;
}

apple_cf fake_IORegistryEntryCreateCFProperty(apple_port name, apple_cf key, apple_cf allocator,
                                              uint32_t options)
{
    (void)allocator;
    (void)options;
    if (fake_fails(APPLE_ROW_IORegistryEntryCreateCFProperty))
        return NULL;
    return property(entry(name, "IORegistryEntryCreateCFProperty"),
                    fake_checked(key, "IORegistryEntryCreateCFProperty")->bytes);
}

apple_kern fake_IORegistryEntryCreateCFProperties(apple_port name, apple_cf *out,
                                                  apple_cf allocator, uint32_t options)
{
    const struct node *n = entry(name, "IORegistryEntryCreateCFProperties");

    (void)allocator;
    (void)options;
    if (fake_fails(APPLE_ROW_IORegistryEntryCreateCFProperties))
        return 1;
    *out = n->kind == NODE_BATTERY ? battery_properties() : fake_dictionary();
    return 0;
}

apple_cf fake_IORegistryEntrySearchCFProperty(apple_port name, const char *plane, apple_cf key,
                                              apple_cf allocator, uint32_t options)
{
    const struct node *n = entry(name, "IORegistryEntrySearchCFProperty");

    (void)allocator;
    if (fake_fails(APPLE_ROW_IORegistryEntrySearchCFProperty) || strcmp(plane, "IOService") != 0 ||
        options != 1)
        return NULL;
    if (n->kind == NODE_DISK &&
        strcmp(fake_checked(key, "IORegistryEntrySearchCFProperty")->bytes, "BSD Name") == 0)
        return fake_text(fake_machine_truth.machine->disks[n->index].name);
    return NULL;
}

apple_kern fake_IORegistryEntryGetChildIterator(apple_port name, const char *plane, apple_port *out)
{
    size_t parent = fake_port_at(name, FAKE_PORT_ENTRY, "IORegistryEntryGetChildIterator")->node +
                    1;
    struct fake_port *iterator;

    (void)plane;
    if (fake_fails(APPLE_ROW_IORegistryEntryGetChildIterator))
        return 1;
    *out = fake_port_new(FAKE_PORT_ITERATOR);
    iterator = fake_port_at(*out, FAKE_PORT_ITERATOR, "IORegistryEntryGetChildIterator");
    for (size_t i = 0; i < n_nodes; i++)
        if (nodes[i].parent == parent)
            remember(iterator, i);
    return 0;
}

/* ---- SMC -------------------------------------------------------------------------------------------------------- */

apple_kern fake_IOServiceOpen(apple_port name, apple_port task, uint32_t type, apple_port *out)
{
    size_t node = fake_port_at(name, FAKE_PORT_ENTRY, "IOServiceOpen")->node;

    if (fake_fails(APPLE_ROW_IOServiceOpen) || task != fake_mach_task_self_ || type != 0)
        return (apple_kern)0xe00002c1;
    *out = fake_port_new(FAKE_PORT_CONNECTION);
    fake_port_at(*out, FAKE_PORT_CONNECTION, "IOServiceOpen")->node = node;
    return 0;
}

apple_kern fake_IOServiceClose(apple_port name)
{
    fake_count(APPLE_ROW_IOServiceClose);
    fake_port_at(name, FAKE_PORT_CONNECTION, "IOServiceClose");
    fake_port_release(name, "IOServiceClose");
    return 0;
}

/* The key list: filler keys so that the count is the machine's, then what it has, all in order. */
struct listed_key {
    char key[5], type[5];
    long source; /* >= 0: a key of the description; -1: filler; -2 …: a fan's */
};

static int by_key(const void *a, const void *b)
{
    return memcmp(((const struct listed_key *)a)->key, ((const struct listed_key *)b)->key, 4);
}

enum { MAX_KEYS = 4096, FAN_COUNT = -2, FAN_FIRST = -16 };

static size_t list_keys(struct listed_key *out)
{
    static const char *const suffixes[] = {"Ac", "Mn", "Mx", "Tg"};
    const struct machine *m = fake_machine_truth.machine;
    size_t n = 0;

    for (size_t i = 0; i < m->n_smc_keys && n < MAX_KEYS; i++, n++) {
        memcpy(out[n].key, m->smc_keys[i].key, 5);
        memcpy(out[n].type, m->smc_keys[i].type, 5);
        out[n].source = (long)i;
    }
    for (size_t f = 0; f < m->n_fans && n + 4 < MAX_KEYS; f++)
        for (int k = 0; k < 4; k++, n++) {
            snprintf(out[n].key, 5, "F%u%s", (unsigned)f % 10, suffixes[k]);
            memcpy(out[n].type, "flt ", 5);
            out[n].source = FAN_FIRST - (long)(4 * f) - k;
        }
    memcpy(out[n].key, "FNum", 5);
    memcpy(out[n].type, "ui8 ", 5);
    out[n++].source = FAN_COUNT;
    for (unsigned i = 0; n < m->smc.keys && n < MAX_KEYS;
         i++, n++) { /* no T: the wanted range stays the machine's */
        snprintf(out[n].key, 5, "%c%03X", i % 2 == 0 ? 'B' : 'W', i & 0xfff);
        memcpy(out[n].type, "hex_", 5);
        out[n].source = -1;
    }
    if (!fake_quirks.unsorted_smc)
        qsort(out, n, sizeof *out, by_key);
    return n;
}

static struct listed_key keys[MAX_KEYS];
static const struct machine *keys_of;
static bool keys_unsorted;

static void refresh_keys(void)
{
    if (keys_of == fake_machine_truth.machine && keys_unsorted == fake_quirks.unsorted_smc &&
        n_keys > 0)
        return;
    n_keys = list_keys(keys);
    keys_of = fake_machine_truth.machine;
    keys_unsorted = fake_quirks.unsorted_smc;
}

static uint32_t code(const char *key)
{
    const unsigned char *c = (const unsigned char *)key;

    return (uint32_t)c[0] << 24 | (uint32_t)c[1] << 16 | (uint32_t)c[2] << 8 | c[3];
}

static const struct listed_key *find_key(uint32_t wanted)
{
    static const struct listed_key count = {"#KEY", "ui32", -3};

    if (wanted == code("#KEY"))
        return &count;
    for (size_t i = 0; i < n_keys; i++)
        if (code(keys[i].key) == wanted)
            return &keys[i];
    return NULL;
}

static double key_value(const struct listed_key *k)
{
    const struct truth *t = &fake_machine_truth;
    size_t fan = k->source <= FAN_FIRST ? (size_t)(FAN_FIRST - k->source) : 0;

    if (k->source >= 0)
        return truth_smc(t, (size_t)k->source);
    if (k->source == -3)
        return (double)n_keys;
    if (k->source == FAN_COUNT)
        return (double)t->machine->n_fans;
    if (k->source > FAN_FIRST)
        return 0;
    if (fan % 4 == 1)
        return t->machine->fans[fan / 4].min_rpm;
    return fan % 4 == 2 ? t->machine->fans[fan / 4].max_rpm : truth_fan(t, fan / 4);
}

/* Which of its temperatures a key is, in the order of the list; SIZE_MAX: none. */
static size_t temperature_at(const struct listed_key *k)
{
    size_t n = 0;

    for (const struct listed_key *other = keys; other < k; other++)
        n += other->key[0] == 'T';
    return k->key[0] == 'T' ? n : SIZE_MAX;
}

/* Fourth and later. */
static bool is_mute(size_t index)
{
    size_t nth = fake_quirks.mute_smc > 0 ? temperature_at(&keys[index]) : SIZE_MAX;

    return nth >= 3 && nth - 3 < fake_quirks.mute_smc;
}

static void answer_smc(const struct apple_smc_block *in, struct apple_smc_block *out)
{
    const struct listed_key *k;
    uint8_t bytes[32];
    unsigned size;

    if (in->command == APPLE_SMC_KEY_AT) {
        if (in->index >= n_keys || is_mute(in->index))
            out->result = APPLE_SMC_NOT_FOUND;
        else
            out->key = code(keys[in->index].key);
        return;
    }
    k = find_key(in->key);
    if (k == NULL || (in->command != APPLE_SMC_READ && in->command != APPLE_SMC_KEY_INFO)) {
        out->result = APPLE_SMC_NOT_FOUND;
        return;
    }
    size = truth_smc_bytes(k->type, key_value(k), bytes);
    out->key = in->key;
    if (in->command == APPLE_SMC_KEY_INFO) {
        out->info.size = size > 0 ? size : 16;
        if (fake_quirks.odd_smc > 0 && temperature_at(k) < fake_quirks.odd_smc)
            out->info.size = 2;
        out->info.type = code(k->type);
    } else if (in->info.size != size) {
        out->result = 0x89; /* the size has to be asked for first */
    } else {
        memcpy(out->bytes, bytes, sizeof out->bytes);
    }
}

apple_kern fake_IOConnectCallStructMethod(apple_port name, uint32_t selector, const void *in,
                                          size_t in_size, void *out, size_t *out_size)
{
    const struct fake_port *p =
        fake_port_at(name, FAKE_PORT_CONNECTION, "IOConnectCallStructMethod");
    struct apple_smc_block question, answer = {0};

    if (fake_fails(APPLE_ROW_IOConnectCallStructMethod) || nodes[p->node].kind != NODE_SMC ||
        selector != APPLE_SMC_SELECTOR || in_size != sizeof question || *out_size != sizeof answer)
        return (apple_kern)0xe00002c2;
    refresh_keys();
    memcpy(&question, in, sizeof question);
    answer_smc(&question, &answer);
    memcpy(out, &answer, sizeof answer);
    return 0;
}

/* ---- HID -------------------------------------------------------------------------------------------------------- */

apple_cf fake_IOHIDEventSystemClientCreate(apple_cf allocator)
{
    (void)allocator;
    return fake_fails(APPLE_ROW_IOHIDEventSystemClientCreate) ? NULL : fake_new(FAKE_HID_CLIENT);
}

void fake_IOHIDEventSystemClientSetMatching(apple_cf client, apple_cf matching)
{
    const struct fake_object *page =
        fake_get(fake_checked(matching, "SetMatching"), "PrimaryUsagePage");
    const struct fake_object *usage =
        fake_get(fake_checked(matching, "SetMatching"), "PrimaryUsage");

    fake_count(APPLE_ROW_IOHIDEventSystemClientSetMatching);
    fake_checked(client, "SetMatching")->number = page != NULL && usage != NULL &&
                                                  page->number == APPLE_HID_PAGE_VENDOR &&
                                                  usage->number == APPLE_HID_USAGE_TEMPERATURE;
}

apple_cf fake_IOHIDEventSystemClientCopyServices(apple_cf client)
{
    struct fake_object *array;

    if (fake_fails(APPLE_ROW_IOHIDEventSystemClientCopyServices) ||
        fake_machine_truth.machine->n_hid == 0)
        return NULL;
    array = fake_array();
    for (size_t i = 0;
         i < fake_machine_truth.machine->n_hid && fake_checked(client, "CopyServices")->number;
         i++) {
        struct fake_object *service = fake_new(FAKE_HID_SERVICE);
        service->number = (int64_t)i;
        fake_append_give(array, service);
    }
    return array;
}

apple_cf fake_IOHIDServiceClientCopyProperty(apple_cf service, apple_cf key)
{
    const struct fake_object *s = fake_checked(service, "IOHIDServiceClientCopyProperty");

    if (fake_fails(APPLE_ROW_IOHIDServiceClientCopyProperty) ||
        strcmp(fake_checked(key, "IOHIDServiceClientCopyProperty")->bytes, "Product") != 0)
        return NULL;
    return fake_text(fake_machine_truth.machine->hid[s->number].product);
}

apple_cf fake_IOHIDServiceClientCopyEvent(apple_cf service, uint32_t type, apple_cf matching,
                                          uint32_t options)
{
    const struct fake_object *s = fake_checked(service, "IOHIDServiceClientCopyEvent");
    struct fake_object *event;

    if (fake_fails(APPLE_ROW_IOHIDServiceClientCopyEvent) || type != APPLE_HID_EVENT_TEMPERATURE ||
        matching != NULL || options != 0)
        return NULL;
    event = fake_new(FAKE_HID_EVENT);
    event->real = truth_hid(&fake_machine_truth, (size_t)s->number);
    return event;
}

double fake_IOHIDEventGetFloatValue(apple_cf event, uint32_t field)
{
    fake_count(APPLE_ROW_IOHIDEventGetFloatValue);
    return field == APPLE_HID_EVENT_TEMPERATURE << 16
               ? fake_checked(event, "IOHIDEventGetFloatValue")->real
               : 0;
}
