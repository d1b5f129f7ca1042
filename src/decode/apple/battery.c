/* SPDX-License-Identifier: MIT */
/* The battery. Currents are signed values, some in unsigned 64-bit words (recorded); Apple's times are minutes and 65535 is "not
 * known". The temperature is hundredths of a degree in newer systems (reported: exelban/stats, macpow); one M1 pair fits tenths of a
 * kelvin too, so it is shown only where it is plausible in hundredths, and marked derived. */

#include "decode/apple/apple.h"
#include "decode/rows.h"

enum {
    NAME,
    CURRENT,
    MAXIMUM,
    RAW_CURRENT,
    RAW_MAXIMUM,
    DESIGN,
    CYCLES,
    VOLTAGE,
    AMPERAGE,
    TEMPERATURE,
    TO_FULL,
    TO_EMPTY,
    CHARGING,
    FULL,
    EXTERNAL,
    SYSTEM_IN,
    BATTERY_POWER,
    SYSTEM_LOAD,
    N_COLUMNS
};
static const char *const names[N_COLUMNS] = {"name",
                                             "CurrentCapacity",
                                             "MaxCapacity",
                                             "AppleRawCurrentCapacity",
                                             "AppleRawMaxCapacity",
                                             "DesignCapacity",
                                             "CycleCount",
                                             "Voltage",
                                             "Amperage",
                                             "Temperature",
                                             "AvgTimeToFull",
                                             "AvgTimeToEmpty",
                                             "IsCharging",
                                             "FullyCharged",
                                             "ExternalConnected",
                                             "PowerTelemetryData.SystemPowerIn",
                                             "PowerTelemetryData.BatteryPower",
                                             "PowerTelemetryData.SystemLoad"};

enum { UNKNOWN_MINUTES = 65535 };

struct battery {
    int32_t rows;
    int32_t columns[N_COLUMNS];
    uint16_t via;
};

static bool begin(void *state, struct decode_schema *d)
{
    struct battery *b = state;
    b->rows = rows_find(d->schema, "battery", names, b->columns, N_COLUMNS);
    b->via = topology_via(d->topology, "registry/battery");
    return true;
}

static bool value(const struct battery *b, const struct decode_frame *d, uint32_t row, int column,
                  double *out)
{
    int64_t v;
    if (!row_i64(d->frame, b->rows, row, b->columns[column], &v))
        return false;
    *out = (double)v;
    return true;
}

static void put(const struct battery *b, struct decode_frame *d, actop_metric id, uint32_t out,
                double v, actop_origin origin)
{
    sample_put(d->out, id, out, v, origin, b->via);
}

static void put_charge(const struct battery *b, struct decode_frame *d, uint32_t row, uint32_t out)
{
    double now, full, design, volts;
    if (value(b, d, row, CURRENT, &now) && value(b, d, row, MAXIMUM, &full) && full > 0)
        put(b, d, ACTOP_METRIC_BATTERY_CHARGE, out, now > full ? 1 : now / full, ACTOP_MEASURED);
    if (!value(b, d, row, RAW_MAXIMUM, &full) || !value(b, d, row, DESIGN, &design) || design <= 0)
        return;
    /* A new one may hold more than it was made for. */
    put(b, d, ACTOP_METRIC_BATTERY_HEALTH, out, full < design ? full / design : 1, ACTOP_DERIVED);
    if (value(b, d, row, VOLTAGE, &volts)) /* mAh × mV × 3600 s/h */
        put(b, d, ACTOP_METRIC_BATTERY_FULL, out, full * 1e-3 * volts * 1e-3 * 3600,
            ACTOP_ESTIMATED);
}

static double state_of(const struct battery *b, const struct decode_frame *d, uint32_t row)
{
    double charging = 0, full = 0, external = 0;
    (void)value(b, d, row, CHARGING, &charging);
    (void)value(b, d, row, FULL, &full);
    if (!value(b, d, row, EXTERNAL, &external))
        return 0;
    return charging != 0 ? 2 : full != 0 ? 3 : external != 0 ? 4 : 1;
}

static void put_time(const struct battery *b, struct decode_frame *d, uint32_t row, uint32_t out,
                     double state)
{
    double minutes;
    if (value(b, d, row, state == 2 ? TO_FULL : TO_EMPTY, &minutes) && minutes > 0 &&
        minutes < UNKNOWN_MINUTES)
        put(b, d, ACTOP_METRIC_BATTERY_TIME, out, minutes * 60, ACTOP_ESTIMATED);
}

/* Watts into the battery: voltage times current, which is negative while it discharges. */
static bool put_flow(const struct battery *b, struct decode_frame *d, uint32_t row, uint32_t out,
                     double *watts)
{
    double mv, ma;
    if (!value(b, d, row, VOLTAGE, &mv) || !value(b, d, row, AMPERAGE, &ma))
        return false;
    *watts = mv * ma * 1e-6;
    put(b, d, ACTOP_METRIC_BATTERY_VOLTAGE, out, mv * 1e-3, ACTOP_MEASURED);
    put(b, d, ACTOP_METRIC_BATTERY_FLOW, out, *watts, ACTOP_DERIVED);
    return true;
}

/* The power manager's own telemetry, in mW, where the SMC's keys gave nothing. */
static void put_telemetry(const struct battery *b, struct decode_frame *d, uint32_t row)
{
    double mw;
    if (!cell_has(sample_cell(d->out, ACTOP_METRIC_ADAPTER_POWER, 0)) &&
        value(b, d, row, SYSTEM_IN, &mw) && mw >= 0)
        put(b, d, ACTOP_METRIC_ADAPTER_POWER, 0, mw * 1e-3, ACTOP_MEASURED);
    if (!cell_has(sample_cell(d->out, ACTOP_METRIC_SYSTEM_POWER, 0)) &&
        value(b, d, row, SYSTEM_LOAD, &mw) && mw > 0)
        put(b, d, ACTOP_METRIC_SYSTEM_POWER, 0, mw * 1e-3, ACTOP_MEASURED);
}

static void step(void *state, struct decode_frame *d)
{
    const struct battery *b = state;
    double sum = 0;
    bool any = false;
    for (uint32_t row = 0; rows_read(d->frame, b->rows) && row < d->frame->rows[b->rows].n; row++) {
        size_t n;
        const char *name = row_text(d->frame, b->rows, row, b->columns[NAME], &n);
        int32_t out = sample_add_row(d->out, ACTOP_SCOPE_BATTERY, name, n, NULL, 0);
        double watts, v;
        if (out < 0)
            return;
        double charging = state_of(b, d, row);
        put(b, d, ACTOP_METRIC_BATTERY_STATE, (uint32_t)out, charging, ACTOP_DERIVED);
        put_charge(b, d, row, (uint32_t)out);
        put_time(b, d, row, (uint32_t)out, charging);
        if (value(b, d, row, CYCLES, &v))
            put(b, d, ACTOP_METRIC_BATTERY_CYCLES, (uint32_t)out, v, ACTOP_MEASURED);
        if (value(b, d, row, TEMPERATURE, &v) && v >= 500 && v <= 9000)
            put(b, d, ACTOP_METRIC_BATTERY_TEMP, (uint32_t)out, v * 0.01, ACTOP_DERIVED);
        if (put_flow(b, d, row, (uint32_t)out, &watts)) {
            sum += watts;
            any = true;
        }
        put_telemetry(b, d, row);
    }
    if (any)
        put(b, d, ACTOP_METRIC_BATTERY_POWER, 0, sum, ACTOP_DERIVED);
}

const struct decode_part decode_part_apple_battery = {
    .name = "battery",
    .state_size = sizeof(struct battery),
    .begin = begin,
    .step = step,
};
