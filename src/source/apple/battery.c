/* SPDX-License-Identifier: MIT */
/* The smart battery's registry properties under Apple's own names (recorded: M1, M2 Max, M1 Pro and M4 telemetry). Desktops have
 * no such service. Numbers stay as they are: signed ones come as signed 64-bit. */
#include <errno.h>
#include <string.h>

#include "source/apple/apple.h"
#include "source/apple/cf.h"

static const enum apple_row battery_needed[] = {
    CF_ROWS, REGISTRY_ROWS, APPLE_ROW_IORegistryEntryCreateCFProperties, APPLE_ROW_END};

/* A property, or one in a dictionary that is a property. */
static const struct battery_field {
    const char *dictionary, *name, *column, *unit;
} battery_fields[] = {
#define OWN(name, unit)                                                                            \
    {                                                                                              \
        NULL, name, name, unit                                                                     \
    }
#define IN(dictionary, name, unit)                                                                 \
    {                                                                                              \
        dictionary, name, dictionary "." name, unit                                                \
    }
    OWN("CurrentCapacity", "%"),
    OWN("MaxCapacity", "%"),
    OWN("AppleRawCurrentCapacity", "mAh"),
    OWN("AppleRawMaxCapacity", "mAh"),
    OWN("NominalChargeCapacity", "mAh"),
    OWN("DesignCapacity", "mAh"),
    OWN("CycleCount", ""),
    OWN("Voltage", "mV"),
    OWN("Amperage", "mA"),
    OWN("InstantAmperage", "mA"),
    OWN("Temperature", ""),
    OWN("VirtualTemperature", ""),
    OWN("TimeRemaining", "min"),
    OWN("AvgTimeToFull", "min"),
    OWN("AvgTimeToEmpty", "min"),
    OWN("IsCharging", ""),
    OWN("FullyCharged", ""),
    OWN("ExternalConnected", ""),
    OWN("UpdateTime", "s"),
    IN("AdapterDetails", "Watts", "W"),
    IN("AdapterDetails", "Current", "mA"),
    IN("AdapterDetails", "Voltage", "mV"),
    IN("PowerTelemetryData", "SystemPowerIn", "mW"),
    IN("PowerTelemetryData", "SystemVoltageIn", "mV"),
    IN("PowerTelemetryData", "SystemCurrentIn", "mA"),
    IN("PowerTelemetryData", "SystemLoad", "mW"),
    IN("PowerTelemetryData", "BatteryPower", "mW"),
    IN("PowerTelemetryData", "AdapterEfficiencyLoss", "mW"),
    IN("PowerTelemetryData", "WallEnergyEstimate", ""),
    IN("PowerTelemetryData", "SystemEnergyConsumed", ""),
#undef OWN
#undef IN
};
enum { N_BATTERY_FIELDS = sizeof battery_fields / sizeof battery_fields[0] };

struct battery_state {
    apple_cf device, dictionaries[N_BATTERY_FIELDS], names[N_BATTERY_FIELDS]; /* owned */
    int32_t rows;
};

static void battery_describe(void *state, struct apple_probe *p)
{
    struct column_spec columns[N_BATTERY_FIELDS + 1] = {{"name", "", SLOT_BYTES, COLUMN_KEY, 0}};
    struct battery_state *s = state;
    apple_port services = registry_services(p->api, "AppleSmartBattery"), entry = 0;

    if (services != 0) {
        entry = p->api->IOIteratorNext(services);
        p->api->IOObjectRelease(services);
    }
    if (entry == 0) {
        apple_report(p, SLOT_ABSENT, NULL, "there is no battery");
        return;
    }
    p->api->IOObjectRelease(entry);
    s->device = cf_string(p->api, "DeviceName");
    for (size_t i = 0; i < N_BATTERY_FIELDS; i++) {
        const struct battery_field *f = &battery_fields[i];
        columns[i + 1] = (struct column_spec){f->column, f->unit, SLOT_I64, 0, 0};
        s->names[i] = cf_string(p->api, f->name);
        if (f->dictionary != NULL)
            s->dictionaries[i] = cf_string(p->api, f->dictionary);
    }
    s->rows = schema_add_rowset(p->schema, "battery", ACTOP_SCOPE_BATTERY, p->collector, columns,
                                N_BATTERY_FIELDS + 1);
}

static void add_battery(struct battery_state *s, struct apple_tick *t, apple_cf properties)
{
    uint32_t row = frame_row(t->frame, s->rows);
    char name[64];
    int64_t value;

    if (row == UINT32_MAX)
        return;
    if (!cf_text(t->api, cf_in(t->api, properties, s->device), name, sizeof name) ||
        cf_trim(name) == 0)
        memcpy(name, "battery", sizeof "battery");
    frame_cell_bytes(t->frame, s->rows, row, 0, name, strlen(name));
    for (uint32_t i = 0; i < N_BATTERY_FIELDS; i++) {
        apple_cf from = battery_fields[i].dictionary != NULL
                            ? cf_in(t->api, properties, s->dictionaries[i])
                            : properties;
        if (cf_i64(t->api, cf_in(t->api, from, s->names[i]), &value))
            frame_cell_u64(t->frame, s->rows, row, i + 1, (uint64_t)value);
    }
}

static bool battery_read(void *state, struct apple_tick *t)
{
    struct battery_state *s = state;
    apple_port services = registry_services(t->api, "AppleSmartBattery"), entry;

    t->frame->rows[s->rows].status = services != 0 ? SLOT_READ : EIO;
    while (services != 0 && (entry = t->api->IOIteratorNext(services)) != 0) {
        apple_cf properties = NULL;
        if (t->api->IORegistryEntryCreateCFProperties(entry, &properties, NULL, 0) == 0)
            add_battery(s, t, properties);
        else
            t->frame->rows[s->rows].status = EIO;
        cf_release(t->api, properties);
        t->api->IOObjectRelease(entry);
    }
    if (services != 0)
        t->api->IOObjectRelease(services);
    return false;
}

static void battery_close(void *state, const struct apple_api *api)
{
    struct battery_state *s = state;

    cf_release(api, s->device);
    for (size_t i = 0; i < N_BATTERY_FIELDS; i++) {
        cf_release(api, s->names[i]);
        cf_release(api, s->dictionaries[i]);
    }
}

const struct apple_part apple_battery_part = {
    .name = "registry/battery",
    .state_size = sizeof(struct battery_state),
    .want = ACTOP_WANT(ACTOP_SCOPE_MACHINE) | ACTOP_WANT(ACTOP_SCOPE_BATTERY),
    .needed = battery_needed,
    .describe = battery_describe,
    .read = battery_read,
    .close = battery_close,
};
