/* SPDX-License-Identifier: MIT */
/* Batteries and adapters. Supplies of scope Device belong to a mouse or a headset, not to this machine. Drivers disagree
 * about the sign of flow: some give it (negative while discharging, documented), many give a magnitude; the status
 * decides then. Charge comes in µAh or µWh, both the share of a full battery that the driver also gives in whole percent.
 *
 * macsmc (Asahi) was seen to give a charge of more than six times the full one (reported, AsahiLinux/linux 522): a
 * charge beyond full is held at full, and marked derived. */
#include <math.h>
#include <string.h>

#include "decode/rows.h"

enum {
    NAME,
    TYPE,
    SCOPE,
    STATUS,
    PRESENT,
    ONLINE,
    CAPACITY,
    CHARGE_NOW,
    CHARGE_FULL,
    CHARGE_DESIGN,
    ENERGY_NOW,
    ENERGY_FULL,
    ENERGY_DESIGN,
    POWER_NOW,
    CURRENT_NOW,
    VOLTAGE_NOW,
    VOLTAGE_DESIGN,
    CYCLES,
    TEMP,
    TO_EMPTY,
    TO_FULL,
    N_COLUMNS
};

static const char *const names[N_COLUMNS] = {
    "name",
    "type",
    "scope",
    "status",
    "present",
    "online",
    "capacity",
    "charge_now",
    "charge_full",
    "charge_full_design",
    "energy_now",
    "energy_full",
    "energy_full_design",
    "power_now",
    "current_now",
    "voltage_now",
    "voltage_min_design",
    "cycle_count",
    "temp",
    "time_to_empty_now",
    "time_to_full_now",
};

static const char *const statuses[] = {"Unknown", "Discharging", "Charging", "Full",
                                       "Not charging"};
enum { NO_STATUS, DISCHARGING, CHARGING, FULL, NOT_CHARGING, N_STATUSES };

struct batteries {
    int32_t rowset;
    int32_t columns[N_COLUMNS];
    uint16_t via;
};

/* What is known of one supply; NAN is unknown. */
struct supply {
    double v[N_COLUMNS];
    int status;
};

struct sums {
    double battery_w, adapter_w;
    bool has_battery, has_adapter;
    uint32_t online; /* adapters */
    uint32_t adapters;
};

static bool battery_begin(void *state, struct decode_schema *d)
{
    struct batteries *b = state;
    b->rowset = rows_find(d->schema, "power_supplies", names, b->columns, N_COLUMNS);
    b->via = topology_via(d->topology, "battery");
    return true;
}

static const char *text(const struct batteries *b, const struct frame *f, uint32_t row, int column)
{
    size_t n;
    return row_text(f, b->rowset, row, b->columns[column], &n);
}

static struct supply read_supply(const struct batteries *b, const struct frame *f, uint32_t row)
{
    struct supply s = {.status = NO_STATUS};
    const char *status = text(b, f, row, STATUS);
    for (int i = PRESENT; i < N_COLUMNS; i++) {
        int64_t v;
        s.v[i] = row_i64(f, b->rowset, row, b->columns[i], &v) ? (double)v : NAN;
    }
    for (int i = 0; i < N_STATUSES; i++)
        if (strcmp(status, statuses[i]) == 0)
            s.status = i;
    return s;
}

static void put(const struct batteries *b, struct decode_frame *d, actop_metric id, uint32_t out,
                double value, actop_origin origin)
{
    if (!isnan(value))
        sample_put(d->out, id, out, value, origin, b->via);
    else
        sample_put_state(d->out, id, out, ACTOP_STATE_UNSUPPORTED, b->via);
}

/* Charge or energy, whichever the driver has. */
static double share(double now, double full)
{
    return full > 0 ? now / full : NAN;
}

static void put_charge(const struct batteries *b, struct decode_frame *d, uint32_t out,
                       const struct supply *s)
{
    double by_charge = share(s->v[CHARGE_NOW], s->v[CHARGE_FULL]);
    double ratio = isnan(by_charge) ? share(s->v[ENERGY_NOW], s->v[ENERGY_FULL]) : by_charge;
    bool beyond = ratio > 1;
    if (!beyond && s->v[CAPACITY] >= 0 && s->v[CAPACITY] <= 100)
        put(b, d, ACTOP_METRIC_BATTERY_CHARGE, out, s->v[CAPACITY] / 100, ACTOP_MEASURED);
    else
        put(b, d, ACTOP_METRIC_BATTERY_CHARGE, out,
            beyond      ? 1
            : ratio < 0 ? 0
                        : ratio,
            ACTOP_DERIVED);
}

/* Power into the battery. */
static double flow_w(const struct supply *s)
{
    double w = isnan(s->v[POWER_NOW]) ? s->v[CURRENT_NOW] * s->v[VOLTAGE_NOW] * 1e-12
                                      : s->v[POWER_NOW] * 1e-6;
    return s->status == DISCHARGING ? -fabs(w) : s->status == CHARGING ? fabs(w) : w;
}

/* What the driver expects, else how long the present flow takes to move what is left. */
static void put_time(const struct batteries *b, struct decode_frame *d, uint32_t out,
                     const struct supply *s, double w)
{
    double given = s->status == CHARGING      ? s->v[TO_FULL]
                   : s->status == DISCHARGING ? s->v[TO_EMPTY]
                                              : NAN;
    double left = s->status == CHARGING ? s->v[ENERGY_FULL] - s->v[ENERGY_NOW] : s->v[ENERGY_NOW];
    bool moves = (s->status == CHARGING || s->status == DISCHARGING) && fabs(w) > 0.01;
    bool sane = !(s->v[ENERGY_NOW] > s->v[ENERGY_FULL]);
    if (given > 0)
        put(b, d, ACTOP_METRIC_BATTERY_TIME, out, given, ACTOP_ESTIMATED);
    else
        put(b, d, ACTOP_METRIC_BATTERY_TIME, out, moves && sane ? left * 3600e-6 / fabs(w) : NAN,
            ACTOP_ESTIMATED);
}

static void put_full(const struct batteries *b, struct decode_frame *d, uint32_t out,
                     const struct supply *s)
{
    double by_charge = share(s->v[CHARGE_FULL], s->v[CHARGE_DESIGN]);
    put(b, d, ACTOP_METRIC_BATTERY_HEALTH, out,
        isnan(by_charge) ? share(s->v[ENERGY_FULL], s->v[ENERGY_DESIGN]) : by_charge,
        ACTOP_DERIVED);
    if (!isnan(s->v[ENERGY_FULL]))
        put(b, d, ACTOP_METRIC_BATTERY_FULL, out, s->v[ENERGY_FULL] * 3600e-6, ACTOP_MEASURED);
    else /* µAh at the voltage the maker states */
        put(b, d, ACTOP_METRIC_BATTERY_FULL, out,
            s->v[CHARGE_FULL] * s->v[VOLTAGE_DESIGN] * 3600e-12, ACTOP_ESTIMATED);
}

static void put_battery(const struct batteries *b, struct decode_frame *d, const char *name,
                        const struct supply *s, struct sums *sums)
{
    int32_t row =
        sample_add_row(d->out, ACTOP_SCOPE_BATTERY, name, strlen(name), name, strlen(name));
    if (row < 0)
        return;
    uint32_t out = (uint32_t)row;
    double w = flow_w(s);
    put_charge(b, d, out, s);
    put(b, d, ACTOP_METRIC_BATTERY_STATE, out, s->status, ACTOP_MEASURED);
    put(b, d, ACTOP_METRIC_BATTERY_FLOW, out, w,
        isnan(s->v[POWER_NOW]) ? ACTOP_DERIVED : ACTOP_MEASURED);
    put(b, d, ACTOP_METRIC_BATTERY_VOLTAGE, out, s->v[VOLTAGE_NOW] * 1e-6, ACTOP_MEASURED);
    put(b, d, ACTOP_METRIC_BATTERY_CYCLES, out, s->v[CYCLES] > 0 ? s->v[CYCLES] : NAN,
        ACTOP_MEASURED);
    put(b, d, ACTOP_METRIC_BATTERY_TEMP, out, s->v[TEMP] / 10, ACTOP_MEASURED);
    put_time(b, d, out, s, w);
    put_full(b, d, out, s);
    sums->has_battery = sums->has_battery || !isnan(w);
    sums->battery_w += isnan(w) ? 0 : w;
}

/* Of USB-C ports current is what was agreed on, not what flows: only mains adapters that measure count. */
static void add_adapter(const struct supply *s, bool is_mains, struct sums *sums)
{
    double w = isnan(s->v[POWER_NOW]) ? s->v[CURRENT_NOW] * s->v[VOLTAGE_NOW] * 1e-12
                                      : s->v[POWER_NOW] * 1e-6;
    sums->adapters++;
    sums->online += s->v[ONLINE] > 0 ? 1 : 0;
    if (!is_mains || isnan(w) || !(s->v[ONLINE] > 0))
        return;
    sums->has_adapter = true;
    sums->adapter_w += fabs(w);
}

/* Is there a sensor of the adapter that could not be read? Why not is then what is said. */
static bool sensor_failed(const struct decode_frame *d)
{
    const struct cell *c = sample_cell(d->out, ACTOP_METRIC_ADAPTER_POWER, 0);
    return c != NULL && (c->state == ACTOP_STATE_DENIED || c->state == ACTOP_STATE_FAILED);
}

static void put_sums(const struct batteries *b, struct decode_frame *d, const struct sums *sums,
                     actop_state absence)
{
    double unused;
    if (sums->has_battery)
        sample_put(d->out, ACTOP_METRIC_BATTERY_POWER, 0, sums->battery_w, ACTOP_DERIVED, b->via);
    else
        sample_put_state(d->out, ACTOP_METRIC_BATTERY_POWER, 0, absence, b->via);
    /* A sensor of the adapter's own, read by another part, knows better. */
    if (sample_get(d->out, ACTOP_METRIC_ADAPTER_POWER, 0, &unused))
        return;
    if (sums->has_adapter)
        sample_put(d->out, ACTOP_METRIC_ADAPTER_POWER, 0, sums->adapter_w, ACTOP_MEASURED, b->via);
    else if (sums->adapters > 0 && sums->online == 0)
        sample_put(d->out, ACTOP_METRIC_ADAPTER_POWER, 0, 0, ACTOP_DERIVED, b->via);
    else if (!sensor_failed(d))
        sample_put_state(d->out, ACTOP_METRIC_ADAPTER_POWER, 0, absence, b->via);
}

static void battery_step(void *state, struct decode_frame *d)
{
    const struct batteries *b = state;
    const struct frame *f = d->frame;
    struct sums sums = {0};
    bool is_read = rows_read(f, b->rowset); /* and may have no battery */
    actop_state absence = is_read ? ACTOP_STATE_UNSUPPORTED : rows_absence(f, b->rowset);
    uint32_t n = is_read ? f->rows[b->rowset].n : 0;
    for (uint32_t row = 0; row < n; row++) {
        struct supply s = read_supply(b, f, row);
        const char *type = text(b, f, row, TYPE);
        if (strcmp(text(b, f, row, SCOPE), "Device") == 0)
            continue;
        /* A battery that is not in its bay says so. */
        if (strcmp(type, "Battery") == 0 && !(s.v[PRESENT] <= 0))
            put_battery(b, d, text(b, f, row, NAME), &s, &sums);
        else if (strcmp(type, "Mains") == 0 || strcmp(type, "USB") == 0)
            add_adapter(&s, type[0] == 'M', &sums);
    }
    put_sums(b, d, &sums, absence);
}

const struct decode_part decode_part_battery = {
    .name = "battery",
    .state_size = sizeof(struct batteries),
    .begin = battery_begin,
    .step = battery_step,
};
