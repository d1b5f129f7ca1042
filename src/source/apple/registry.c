/* SPDX-License-Identifier: MIT */
/* The registry's standing facts: clock tables of the power manager and the CPU nodes of the device tree. Blobs are handed
 * on as they are. Recorded: an M1's whole registry, blobs of A18 Pro, M2 Max, M4 Pro and M5 Max. */
#include <stdio.h>
#include <string.h>

#include "source/apple/apple.h"
#include "source/apple/cf.h"

enum { MAX_TABLES = 64, NAME_SIZE = 128 };

static const enum apple_row registry_needed[] = {
    CF_ROWS, REGISTRY_ROWS, APPLE_ROW_IORegistryEntryGetName,
    APPLE_ROW_IORegistryEntryCreateCFProperty, APPLE_ROW_END};
static const enum apple_row topology_needed[] = {CF_ROWS,
                                                 APPLE_ROW_IOIteratorNext,
                                                 APPLE_ROW_IOObjectRelease,
                                                 APPLE_ROW_IORegistryEntryFromPath,
                                                 APPLE_ROW_IORegistryEntryGetName,
                                                 APPLE_ROW_IORegistryEntryGetChildIterator,
                                                 APPLE_ROW_IORegistryEntryCreateCFProperty,
                                                 APPLE_ROW_END};

/* ---- pmgr ---- */

static bool put_blob(struct apple_probe *p, apple_port entry, const char *name)
{
    apple_cf value = registry_property(p->api, entry, name);
    char key[64];
    size_t n;
    const uint8_t *bytes = cf_bytes(p->api, value, &n);

    if (bytes != NULL && n > 0) {
        snprintf(key, sizeof key, "pmgr/%s", name);
        schema_put_bytes(p->schema, key, bytes, n);
    }
    cf_release(p->api, value);
    return bytes != NULL && n > 0;
}

static unsigned put_tables(struct apple_probe *p, apple_port pmgr)
{
    char name[48];
    unsigned found = 0;

    for (unsigned i = 0; i < MAX_TABLES; i++) {
        snprintf(name, sizeof name, "voltage-states%u", i);
        found += put_blob(p, pmgr, name);
        snprintf(name, sizeof name, "voltage-states%u-sram", i);
        found += put_blob(p, pmgr, name);
    }
    put_blob(p, pmgr, "acc-clusters");
    put_blob(p, pmgr, "clusters");
    put_blob(p, pmgr, "compatible");
    return found;
}

static void pmgr_describe(void *state, struct apple_probe *p)
{
    apple_port services = registry_services(p->api, "AppleARMIODevice"), entry;
    bool is_there = false;
    unsigned tables = 0;
    char name[NAME_SIZE];

    (void)state;
    while (services != 0 && (entry = p->api->IOIteratorNext(services)) != 0) {
        if (!is_there && p->api->IORegistryEntryGetName(entry, name) == 0 &&
            strcmp(name, "pmgr") == 0) {
            is_there = true;
            tables = put_tables(p, entry);
        }
        p->api->IOObjectRelease(entry);
    }
    if (services != 0)
        p->api->IOObjectRelease(services);
    if (!is_there)
        apple_report(p, SLOT_ABSENT, NULL,
                     "the registry has no power manager node (a virtual machine has none)");
    else if (tables == 0)
        apple_report(p, SLOT_ABSENT, NULL, "the power manager node has no clock tables");
}

const struct apple_part apple_pmgr_part = {
    .name = "registry/pmgr",
    .needed = registry_needed,
    .describe = pmgr_describe,
};

/* ---- CPU nodes ---- */

static const char *const node_texts[] = {"cluster-type", "compatible"};
static const char *const node_numbers[] = {"logical-cpu-id", "cluster-id", "logical-cluster-id",
                                           "cpu-id",         "die-id",     "reg",
                                           "l2-cache-size"};

static void put_node(struct apple_probe *p, apple_port node, const char *name)
{
    char key[NAME_SIZE + 32], text[256];
    int64_t number;

    for (size_t i = 0; i < sizeof node_texts / sizeof node_texts[0]; i++) {
        apple_cf value = registry_property(p->api, node, node_texts[i]);
        snprintf(key, sizeof key, "cpu/%s/%s", name, node_texts[i]);
        if (cf_text(p->api, value, text, sizeof text))
            schema_put_text(p->schema, key, text);
        cf_release(p->api, value);
    }
    for (size_t i = 0; i < sizeof node_numbers / sizeof node_numbers[0]; i++) {
        apple_cf value = registry_property(p->api, node, node_numbers[i]);
        snprintf(key, sizeof key, "cpu/%s/%s", name, node_numbers[i]);
        if (cf_i64(p->api, value, &number))
            schema_put_u64(p->schema, key, &(uint64_t){(uint64_t)number}, 1);
        cf_release(p->api, value);
    }
}

static void topology_describe(void *state, struct apple_probe *p)
{
    apple_port cpus = p->api->IORegistryEntryFromPath(0, "IODeviceTree:/cpus"), nodes = 0, node;
    unsigned found = 0;
    char name[NAME_SIZE];

    (void)state;
    if (cpus != 0 && p->api->IORegistryEntryGetChildIterator(cpus, "IODeviceTree", &nodes) != 0)
        nodes = 0;
    while (nodes != 0 && (node = p->api->IOIteratorNext(nodes)) != 0) {
        if (p->api->IORegistryEntryGetName(node, name) == 0 && strncmp(name, "cpu", 3) == 0) {
            put_node(p, node, name);
            found++;
        }
        p->api->IOObjectRelease(node);
    }
    if (nodes != 0)
        p->api->IOObjectRelease(nodes);
    if (cpus != 0)
        p->api->IOObjectRelease(cpus);
    if (found == 0)
        apple_report(p, SLOT_ABSENT, NULL, "the device tree has no CPU nodes");
}

const struct apple_part apple_topology_part = {
    .name = "registry/cpu",
    .needed = topology_needed,
    .describe = topology_describe,
};
