/* SPDX-License-Identifier: MIT */
/* The GPU as its driver shows it in the registry: PerformanceStatistics of the accelerator, and what each client has used
 * (recorded: an M1's registry; value tables of six other chips). */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "source/apple/apple.h"
#include "source/apple/cf.h"

static const enum apple_row agx_needed[] = {CF_ROWS, REGISTRY_ROWS, APPLE_ROW_IOObjectGetClass,
                                            APPLE_ROW_IORegistryEntryCreateCFProperty,
                                            APPLE_ROW_END};
static const enum apple_row clients_needed[] = {CF_ROWS,
                                                REGISTRY_ROWS,
                                                APPLE_ROW_IORegistryEntryCreateCFProperty,
                                                APPLE_ROW_IORegistryEntryGetRegistryEntryID,
                                                APPLE_ROW_IORegistryEntryGetChildIterator,
                                                APPLE_ROW_END};

static const struct agx_field {
    const char *name, *unit;
} agx_fields[] = {
    {"Device Utilization %", "%"},
    {"Renderer Utilization %", "%"},
    {"Tiler Utilization %", "%"},
    {"In use system memory", "B"},
    {"In use system memory (driver)", "B"},
    {"Alloc system memory", "B"},
    {"recoveryCount", ""},
};
enum { N_AGX_FIELDS = sizeof agx_fields / sizeof agx_fields[0] };

/* The accelerator that has "Device Utilization %": a compatibility tree can hold a second, empty one (reported). The caller
 * releases it; 0: none. */
static apple_port find_accelerator(const struct apple_api *api)
{
    apple_port services = registry_services(api, "IOAccelerator"), entry, chosen = 0;
    apple_cf key = cf_string(api, agx_fields[0].name);

    while (services != 0 && (entry = api->IOIteratorNext(services)) != 0) {
        apple_cf statistics = registry_property(api, entry, "PerformanceStatistics");
        if (chosen == 0 && cf_in(api, statistics, key) != NULL)
            chosen = entry;
        else
            api->IOObjectRelease(entry);
        cf_release(api, statistics);
    }
    if (services != 0)
        api->IOObjectRelease(services);
    cf_release(api, key);
    return chosen;
}

struct agx_state {
    apple_port accelerator;         /* owned */
    apple_cf statistics;            /* owned: the property's name */
    apple_cf names[N_AGX_FIELDS];   /* owned */
    int32_t channels[N_AGX_FIELDS]; /* -1: not there */
};

static void put_property(struct apple_probe *p, apple_cf dictionary, const char *name)
{
    apple_cf key = cf_string(p->api, name);
    char text[96];
    int64_t value;

    if (cf_i64(p->api, cf_in(p->api, dictionary, key), &value)) {
        snprintf(text, sizeof text, "agx/GPUConfigurationVariable/%s", name);
        schema_put_u64(p->schema, text, &(uint64_t){(uint64_t)value}, 1);
    }
    cf_release(p->api, key);
}

static void put_facts(struct apple_probe *p, apple_port accelerator)
{
    apple_cf cores = registry_property(p->api, accelerator, "gpu-core-count");
    apple_cf configuration = registry_property(p->api, accelerator, "GPUConfigurationVariable");
    char class_name[128];
    int64_t value;

    if (p->api->IOObjectGetClass(accelerator, class_name) == 0)
        schema_put_text(p->schema, "agx/class", class_name);
    if (cf_i64(p->api, cores, &value))
        schema_put_u64(p->schema, "agx/gpu-core-count", &(uint64_t){(uint64_t)value}, 1);
    put_property(p, configuration, "num_cores");
    put_property(p, configuration, "num_gps");
    put_property(p, configuration, "num_mgpus");
    cf_release(p->api, cores);
    cf_release(p->api, configuration);
}

static int32_t add_field(struct apple_probe *p, const struct agx_field *field)
{
    char key[64];

    snprintf(key, sizeof key, "agx/%s", field->name);
    return schema_add_channel(p->schema, &(struct channel_spec){.key = key,
                                                                .group = "agx",
                                                                .name = field->name,
                                                                .unit = field->unit,
                                                                .collector = p->collector,
                                                                .type = SLOT_I64});
}

static void agx_describe(void *state, struct apple_probe *p)
{
    struct agx_state *s = state;
    apple_cf values;

    s->accelerator = find_accelerator(p->api);
    if (s->accelerator == 0) {
        apple_report(p, SLOT_ABSENT, NULL, "no accelerator in the registry shows its utilization");
        return;
    }
    put_facts(p, s->accelerator);
    s->statistics = cf_string(p->api, "PerformanceStatistics");
    values = s->statistics != NULL
                 ? p->api->IORegistryEntryCreateCFProperty(s->accelerator, s->statistics, NULL, 0)
                 : NULL;
    for (size_t i = 0; i < N_AGX_FIELDS; i++) {
        s->names[i] = cf_string(p->api, agx_fields[i].name);
        s->channels[i] = cf_in(p->api, values, s->names[i]) != NULL ? add_field(p, &agx_fields[i])
                                                                    : -1;
    }
    cf_release(p->api, values);
}

static bool agx_read(void *state, struct apple_tick *t)
{
    struct agx_state *s = state;
    apple_cf values = s->statistics != NULL ? t->api->IORegistryEntryCreateCFProperty(
                                                  s->accelerator, s->statistics, NULL, 0)
                                            : NULL;
    int64_t value;

    for (size_t i = 0; i < N_AGX_FIELDS; i++) {
        if (s->channels[i] < 0)
            continue;
        if (cf_i64(t->api, cf_in(t->api, values, s->names[i]), &value))
            frame_set_i64(t->frame, s->channels[i], value);
        else
            frame_set_status(t->frame, s->channels[i], values == NULL ? EIO : SLOT_ABSENT);
    }
    cf_release(t->api, values);
    return false;
}

static void agx_close(void *state, const struct apple_api *api)
{
    struct agx_state *s = state;

    for (size_t i = 0; i < N_AGX_FIELDS; i++)
        cf_release(api, s->names[i]);
    cf_release(api, s->statistics);
    if (s->accelerator != 0)
        api->IOObjectRelease(s->accelerator);
}

const struct apple_part apple_agx_part = {
    .name = "registry/agx",
    .state_size = sizeof(struct agx_state),
    .needed = agx_needed,
    .describe = agx_describe,
    .read = agx_read,
    .close = agx_close,
};

/* ---- clients ---- */

struct clients_state {
    apple_port accelerator;                  /* owned */
    apple_cf usage, creator, gpu_time, last; /* owned: names of properties */
    int32_t rows;
};

enum { COLUMN_CLIENT, COLUMN_PID, COLUMN_NAME, COLUMN_GPU_NS, COLUMN_LAST };

static void clients_describe(void *state, struct apple_probe *p)
{
    static const struct column_spec columns[] = {
        {"client", "", SLOT_U64, COLUMN_KEY, 0},
        {"pid", "", SLOT_U64, 0, 0},
        {"name", "", SLOT_BYTES, 0, 0},
        {"gpu_ns", "ns", SLOT_U64, CHANNEL_COUNTER, 0},
        {"last_submitted", "ticks", SLOT_U64, 0, 0},
    };
    struct clients_state *s = state;

    s->accelerator = find_accelerator(p->api);
    s->usage = cf_string(p->api, "AppUsage");
    s->creator = cf_string(p->api, "IOUserClientCreator");
    s->gpu_time = cf_string(p->api, "accumulatedGPUTime");
    s->last = cf_string(p->api, "lastSubmittedTime");
    if (s->accelerator == 0) {
        apple_report(p, SLOT_ABSENT, NULL, "no accelerator in the registry shows its utilization");
        return;
    }
    if (s->usage == NULL || s->creator == NULL || s->gpu_time == NULL || s->last == NULL) {
        apple_report(p, ENOMEM, NULL, "CoreFoundation gave no strings");
        return;
    }
    s->rows = schema_add_rowset(p->schema, "gpu_client", ACTOP_SCOPE_PROCESS, p->collector, columns,
                                sizeof columns / sizeof columns[0]);
}

/* "pid 357, WindowServer": the name is cut to 16 by the kernel. */
static bool parse_creator(const char *text, uint64_t *pid, const char **name)
{
    char *end;

    if (strncmp(text, "pid ", 4) != 0)
        return false;
    *pid = strtoull(text + 4, &end, 10);
    if (end == text + 4 || strncmp(end, ", ", 2) != 0)
        return false;
    *name = end + 2;
    return true;
}

static void add_client(struct clients_state *s, struct apple_tick *t, apple_port client,
                       apple_cf usage)
{
    apple_cf creator = t->api->IORegistryEntryCreateCFProperty(client, s->creator, NULL, 0);
    uint64_t id = 0, pid = 0, gpu_ns = 0, last = 0;
    apple_index n = cf_count(t->api, usage);
    const char *name;
    char text[128];
    uint32_t row;
    int64_t value;

    if (cf_text(t->api, creator, text, sizeof text) && parse_creator(text, &pid, &name) &&
        t->api->IORegistryEntryGetRegistryEntryID(client, &id) == 0) {
        for (apple_index i = 0; i < n; i++) {
            apple_cf entry = t->api->CFArrayGetValueAtIndex(usage, i);
            if (cf_i64(t->api, cf_in(t->api, entry, s->gpu_time), &value))
                gpu_ns += (uint64_t)value;
            if (cf_i64(t->api, cf_in(t->api, entry, s->last), &value) && (uint64_t)value > last)
                last = (uint64_t)value;
        }
        row = frame_row(t->frame, s->rows);
        if (row != UINT32_MAX) {
            frame_cell_u64(t->frame, s->rows, row, COLUMN_CLIENT, id);
            frame_cell_u64(t->frame, s->rows, row, COLUMN_PID, pid);
            frame_cell_bytes(t->frame, s->rows, row, COLUMN_NAME, name, strlen(name));
            frame_cell_u64(t->frame, s->rows, row, COLUMN_GPU_NS, gpu_ns);
            frame_cell_u64(t->frame, s->rows, row, COLUMN_LAST, last);
        }
    }
    cf_release(t->api, creator);
}

static bool clients_read(void *state, struct apple_tick *t)
{
    struct clients_state *s = state;
    apple_port clients = 0, client;

    t->frame->rows[s->rows].status = SLOT_READ;
    if (t->api->IORegistryEntryGetChildIterator(s->accelerator, "IOService", &clients) != 0) {
        t->frame->rows[s->rows].status = EIO;
        return false;
    }
    while ((client = t->api->IOIteratorNext(clients)) != 0) {
        apple_cf usage = t->api->IORegistryEntryCreateCFProperty(client, s->usage, NULL, 0);
        if (usage != NULL) /* children that are no user clients have none */
            add_client(s, t, client, usage);
        cf_release(t->api, usage);
        t->api->IOObjectRelease(client);
    }
    t->api->IOObjectRelease(clients);
    return false;
}

static void clients_close(void *state, const struct apple_api *api)
{
    struct clients_state *s = state;

    cf_release(api, s->usage);
    cf_release(api, s->creator);
    cf_release(api, s->gpu_time);
    cf_release(api, s->last);
    if (s->accelerator != 0)
        api->IOObjectRelease(s->accelerator);
}

const struct apple_part apple_clients_part = {
    .name = "registry/gpu_clients",
    .state_size = sizeof(struct clients_state),
    .want = ACTOP_WANT_GPU_CLIENTS,
    .needed = clients_needed,
    .describe = clients_describe,
    .read = clients_read,
    .close = clients_close,
};
