/* SPDX-License-Identifier: MIT */
/* Batteries and adapters: one row for each entry of /sys/class/power_supply (ABI/testing/sysfs-class-power, documented:
 * µAh, µWh, µA, µV, µW, tenths of °C, seconds). All properties of a supply stand in its uevent file, one read instead of
 * thirty. What a driver does not give is a cell that is not there. Where a live machine had none, it is asked again every
 * eighth tick only. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "source/linux/linux.h"
#include "source/linux/parse.h"
#include "source/linux/scan.h"

/* Columns behind the name: property of uevent without POWER_SUPPLY_, column, unit, type. */
#define SUPPLY_COLUMNS(X)                                                                          \
    X("TYPE", "type", "", SLOT_BYTES)                                                              \
    X("SCOPE", "scope", "", SLOT_BYTES)                                                            \
    X("STATUS", "status", "", SLOT_BYTES)                                                          \
    X("HEALTH", "health", "", SLOT_BYTES)                                                          \
    X("MODEL_NAME", "model_name", "", SLOT_BYTES)                                                  \
    X("PRESENT", "present", "", SLOT_I64)                                                          \
    X("ONLINE", "online", "", SLOT_I64)                                                            \
    X("CAPACITY", "capacity", "%", SLOT_I64)                                                       \
    X("CHARGE_NOW", "charge_now", "uAh", SLOT_I64)                                                 \
    X("CHARGE_FULL", "charge_full", "uAh", SLOT_I64)                                               \
    X("CHARGE_FULL_DESIGN", "charge_full_design", "uAh", SLOT_I64)                                 \
    X("ENERGY_NOW", "energy_now", "uWh", SLOT_I64)                                                 \
    X("ENERGY_FULL", "energy_full", "uWh", SLOT_I64)                                               \
    X("ENERGY_FULL_DESIGN", "energy_full_design", "uWh", SLOT_I64)                                 \
    X("POWER_NOW", "power_now", "uW", SLOT_I64)                                                    \
    X("CURRENT_NOW", "current_now", "uA", SLOT_I64)                                                \
    X("VOLTAGE_NOW", "voltage_now", "uV", SLOT_I64)                                                \
    X("VOLTAGE_MIN_DESIGN", "voltage_min_design", "uV", SLOT_I64)                                  \
    X("CYCLE_COUNT", "cycle_count", "", SLOT_I64)                                                  \
    X("TEMP", "temp", "0.1C", SLOT_I64)                                                            \
    X("TIME_TO_EMPTY_NOW", "time_to_empty_now", "s", SLOT_I64)                                     \
    X("TIME_TO_FULL_NOW", "time_to_full_now", "s", SLOT_I64)

static const struct column_spec columns[] = {{"name", "", SLOT_BYTES, COLUMN_KEY, 0},
#define X(property, key, unit, type) {key, unit, type, 0, 0},
                                             SUPPLY_COLUMNS(X)
#undef X
};

static const char *const properties[] = {"NAME",
#define X(property, key, unit, type) property,
                                         SUPPLY_COLUMNS(X)
#undef X
};

enum { N_COLUMNS = sizeof columns / sizeof *columns };

static const char directory[] = "sys/class/power_supply";

struct batteries {
    int32_t rowset;
    uint32_t tick;
    bool none;               /* the last listing was empty */
    struct root_names names; /* memory kept */
};

enum { LIST_AGAIN = 8 };

static void put_property(struct frame *f, int32_t rowset, uint32_t row, struct span key,
                         struct span value)
{
    static const char prefix[] = "POWER_SUPPLY_";
    size_t n = sizeof prefix - 1;
    if (key.n <= n || memcmp(key.at, prefix, n) != 0)
        return;
    struct span rest = {key.at + n, key.n - n};
    for (uint32_t c = 1; c < N_COLUMNS; c++) {
        const char *at = value.at;
        int64_t number;
        if (!span_is(rest, properties[c]))
            continue;
        if (columns[c].type == SLOT_BYTES)
            frame_cell_bytes(f, rowset, row, c, value.at, value.n);
        else if (scan_i64(&at, &number))
            frame_cell_u64(f, rowset, row, c, (uint64_t)number);
        return;
    }
}

static void read_supply(struct batteries *b, struct root *root, struct frame *f, const char *name)
{
    char path[320];
    struct root_text text;
    struct span key, value;
    int n = snprintf(path, sizeof path, "%s/%s/uevent", directory, name);
    /* A supply may go between list and read. */
    if (n < 0 || (size_t)n >= sizeof path || root_load(root, path, &text) != 0)
        return;
    uint32_t row = frame_row(f, b->rowset);
    if (row == UINT32_MAX)
        return;
    frame_cell_bytes(f, b->rowset, row, 0, name, strlen(name));
    const char *at = text.text;
    while (parse_uevent(&at, &key, &value))
        put_property(f, b->rowset, row, key, value);
}

static bool battery_read(void *state, struct root *root, struct frame *f)
{
    struct batteries *b = state;
    if (b->rowset < 0)
        return false;
    if (b->none && ++b->tick % LIST_AGAIN != 0 && root_is_live(root)) {
        f->rows[b->rowset].status = 0;
        return false;
    }
    int errnum = root_list(root, directory, ROOT_SORTED, &b->names);
    b->none = errnum == 0 && b->names.n == 0;
    f->rows[b->rowset].status = errnum;
    for (size_t i = 0; errnum == 0 && i < b->names.n; i++)
        read_supply(b, root, f, root_name(&b->names, i));
    return false;
}

static void battery_describe(void *state, struct linux_probe *p)
{
    struct batteries *b = state;
    b->rowset = -1;
    int errnum = root_list(p->root, directory, ROOT_SORTED, &b->names);
    if (errnum != 0) {
        linux_report(p, errnum == ENOENT ? -1 : errnum, NULL, "/%s: %s", directory,
                     strerror(errnum));
        return;
    }
    b->rowset = schema_add_rowset(p->schema, "power_supplies", ACTOP_SCOPE_MACHINE, p->collector,
                                  columns, N_COLUMNS);
}

static void battery_close(void *state, struct root *root)
{
    struct batteries *b = state;
    (void)root;
    root_names_release(&b->names);
}

const struct linux_part linux_part_battery = {
    .name = "battery",
    .state_size = sizeof(struct batteries),
    .describe = battery_describe,
    .read = battery_read,
    .close = battery_close,
};
