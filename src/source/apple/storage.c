/* SPDX-License-Identifier: MIT */
/* Byte counters of block devices and APFS volumes, out of the registry (recorded: an M1). Containers are not asked: they repeat
 * the sum of their volumes. Services are matched at every tick, because disks come and go; what does not change of one
 * (its BSD name) is remembered by registry entry id. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/vec.h"
#include "source/apple/apple.h"
#include "source/apple/cf.h"

enum { MAX_STATISTICS = 8, PLANE_RECURSIVE = 1 };

static const enum apple_row storage_needed[] = {CF_ROWS,
                                                REGISTRY_ROWS,
                                                APPLE_ROW_IORegistryEntryCreateCFProperty,
                                                APPLE_ROW_IORegistryEntryGetRegistryEntryID,
                                                APPLE_ROW_IORegistryEntryGetName,
                                                APPLE_ROW_IORegistryEntrySearchCFProperty,
                                                APPLE_ROW_END};

struct known {
    uint64_t id;
    char name[64], label[64];
};

struct statistic {
    const char *column, *property, *unit;
};

static const struct statistic disk_statistics[] = {
    {"read_b", "Bytes (Read)", "B"},        {"written_b", "Bytes (Write)", "B"},
    {"reads", "Operations (Read)", ""},     {"writes", "Operations (Write)", ""},
    {"read_ns", "Total Time (Read)", "ns"}, {"write_ns", "Total Time (Write)", "ns"},
    {"errors", "Errors (Read)", ""},
};

static const struct statistic apfs_statistics[] = {
    {"read_b", "Bytes read from block device", "B"},
    {"written_b", "Bytes written to block device", "B"},
};

static const struct storage_kind {
    const char *rowset, *class_name, *absent;
    const struct statistic *statistics;
    unsigned n;
    bool has_label; /* the entry's own name is worth showing, and its BSD name is not its child's */
    actop_scope scope;
} disk_kind =
    {
        .rowset = "disk",
        .class_name = "IOBlockStorageDriver",
        .absent = "there is no block device",
        .statistics = disk_statistics,
        .n = sizeof disk_statistics / sizeof disk_statistics[0],
        .scope = ACTOP_SCOPE_DISK,
},
  apfs_kind = {
      .rowset = "apfs",
      .class_name = "AppleAPFSVolume",
      .absent = "there is no APFS volume",
      .statistics = apfs_statistics,
      .n = sizeof apfs_statistics / sizeof apfs_statistics[0],
      .has_label = true,
      .scope = ACTOP_SCOPE_DISK,
};

struct storage_state {
    const struct storage_kind *kind;
    apple_cf statistics, bsd_name, names[MAX_STATISTICS]; /* owned */
    struct known *known;                                  /* owned */
    size_t n_known, cap_known;
    int32_t rows;
};

static void describe_kind(struct storage_state *s, struct apple_probe *p,
                          const struct storage_kind *kind)
{
    struct column_spec columns[MAX_STATISTICS + 2] = {{"name", "", SLOT_BYTES, COLUMN_KEY, 0}};
    apple_port services = registry_services(p->api, kind->class_name), entry = 0;
    size_t at = 1;

    s->kind = kind;
    if (services != 0) {
        entry = p->api->IOIteratorNext(services);
        p->api->IOObjectRelease(services);
    }
    if (entry == 0) {
        apple_report(p, SLOT_ABSENT, NULL, "%s", kind->absent);
        return;
    }
    p->api->IOObjectRelease(entry);
    s->statistics = cf_string(p->api, "Statistics");
    s->bsd_name = cf_string(p->api, "BSD Name");
    if (kind->has_label)
        columns[at++] = (struct column_spec){"volume", "", SLOT_BYTES, 0, 0};
    for (unsigned i = 0; i < kind->n; i++) {
        columns[at++] = (struct column_spec){kind->statistics[i].column, kind->statistics[i].unit,
                                             SLOT_U64, CHANNEL_COUNTER, 0};
        s->names[i] = cf_string(p->api, kind->statistics[i].property);
    }
    s->rows = schema_add_rowset(p->schema, kind->rowset, kind->scope, p->collector, columns, at);
}

/* What we know of an entry; asked once. A disk's BSD name is that of the medium below it. NULL: no memory, no id. */
static const struct known *know(struct storage_state *s, const struct apple_api *api,
                                apple_port entry)
{
    struct known *k;
    apple_cf name = NULL;
    uint64_t id = 0;

    if (api->IORegistryEntryGetRegistryEntryID(entry, &id) != 0)
        return NULL;
    for (size_t i = 0; i < s->n_known; i++)
        if (s->known[i].id == id)
            return &s->known[i];
    if (s->bsd_name == NULL || !VEC_GROW(s->known, s->cap_known, s->n_known + 1))
        return NULL;
    k = &s->known[s->n_known];
    *k = (struct known){.id = id};
    if (s->kind->has_label)
        name = api->IORegistryEntryCreateCFProperty(entry, s->bsd_name, NULL, 0);
    else
        name = api->IORegistryEntrySearchCFProperty(entry, "IOService", s->bsd_name, NULL,
                                                    PLANE_RECURSIVE);
    if (!cf_text(api, name, k->name, sizeof k->name))
        snprintf(k->name, sizeof k->name, "driver%zu", s->n_known);
    cf_release(api, name);
    if (s->kind->has_label) {
        char label[128];
        if (api->IORegistryEntryGetName(entry, label) == 0)
            snprintf(k->label, sizeof k->label, "%.63s", label);
    }
    s->n_known++;
    return k;
}

static void add_device(struct storage_state *s, struct apple_tick *t, apple_port entry)
{
    const struct known *k = know(s, t->api, entry);
    apple_cf values = s->statistics != NULL
                          ? t->api->IORegistryEntryCreateCFProperty(entry, s->statistics, NULL, 0)
                          : NULL;
    uint32_t row = k != NULL && values != NULL ? frame_row(t->frame, s->rows) : UINT32_MAX,
             column = 0;
    int64_t value;

    if (row != UINT32_MAX) {
        frame_cell_bytes(t->frame, s->rows, row, column++, k->name, strlen(k->name));
        if (s->kind->has_label)
            frame_cell_bytes(t->frame, s->rows, row, column++, k->label, strlen(k->label));
        for (unsigned i = 0; i < s->kind->n; i++, column++)
            if (cf_i64(t->api, cf_in(t->api, values, s->names[i]), &value))
                frame_cell_u64(t->frame, s->rows, row, column, (uint64_t)value);
    }
    cf_release(t->api, values);
}

static bool storage_read(void *state, struct apple_tick *t)
{
    struct storage_state *s = state;
    apple_port services = registry_services(t->api, s->kind->class_name), entry;

    t->frame->rows[s->rows].status = services != 0 ? SLOT_READ : EIO;
    while (services != 0 && (entry = t->api->IOIteratorNext(services)) != 0) {
        add_device(s, t, entry);
        t->api->IOObjectRelease(entry);
    }
    if (services != 0)
        t->api->IOObjectRelease(services);
    return false;
}

static void storage_close(void *state, const struct apple_api *api)
{
    struct storage_state *s = state;

    cf_release(api, s->statistics);
    cf_release(api, s->bsd_name);
    for (size_t i = 0; i < MAX_STATISTICS; i++)
        cf_release(api, s->names[i]);
    free(s->known);
}

static void disk_describe(void *state, struct apple_probe *p)
{
    describe_kind(state, p, &disk_kind);
}

static void apfs_describe(void *state, struct apple_probe *p)
{
    describe_kind(state, p, &apfs_kind);
}

const struct apple_part apple_disk_part = {
    .name = "registry/disk",
    .state_size = sizeof(struct storage_state),
    .want = ACTOP_WANT(ACTOP_SCOPE_MACHINE) | ACTOP_WANT(ACTOP_SCOPE_DISK),
    .needed = storage_needed,
    .describe = disk_describe,
    .read = storage_read,
    .close = storage_close,
};

const struct apple_part apple_apfs_part = {
    .name = "registry/apfs",
    .state_size = sizeof(struct storage_state),
    .want = ACTOP_WANT(ACTOP_SCOPE_MACHINE) | ACTOP_WANT(ACTOP_SCOPE_DISK),
    .needed = storage_needed,
    .describe = apfs_describe,
    .read = storage_read,
    .close = storage_close,
};
