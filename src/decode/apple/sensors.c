/* SPDX-License-Identifier: MIT */
/* Temperatures and fans. Every T key of the SMC that gives a number is a named sensor; HID services are sensors too, and stand
 * in for the CPU's and GPU's where the SMC has no such keys (recorded: a base M1 on macOS 11.2.3 has no Tp0x).
 *
 * A value outside 15 to 125 °C is no temperature of this die: gated sensors read 4.6 to 10.9, placeholders 0 or -3e8 (recorded on
 * M1 to M5). Left out by name: TR0Z and "PMU tcal", which read 51.8 on every machine (recorded: a calibration constant), and si32 keys,
 * which are indexes (recorded on M5). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cold.h"
#include "base/vec.h"
#include "decode/apple/smc.h"

static const double MIN_C = 15, MAX_C = 125;

enum group { GROUP_NONE, GROUP_E, GROUP_P, GROUP_CPU, GROUP_GPU, N_GROUPS };

struct sensor {
    int32_t channel;
    int32_t row;
    uint8_t group;
    bool is_hid;
    bool is_float; /* of the SMC: type "flt " */
};

enum fan_value { FAN_SPEED, FAN_MIN, FAN_MAX, FAN_TARGET, N_FAN_VALUES };
enum { MAX_FANS = 16 };

struct sensors {
    struct sensor *list; /* owned */
    size_t n, cap;
    int32_t fans[MAX_FANS][N_FAN_VALUES];
    uint32_t n_fans;
    uint16_t via_smc, via_hid;
};

/* Groups of SMC keys by their prefix, as tools agree: Te efficiency cores, Tp and Tf performance cores, Tg GPU. */
static enum group group_of_key(const char *key)
{
    if (apple_starts(key, "Te"))
        return GROUP_E;
    if (apple_starts(key, "Tp") || apple_starts(key, "Tf"))
        return GROUP_P;
    return apple_starts(key, "Tg") ? GROUP_GPU : GROUP_NONE;
}

/* Recorded names of a base M1; tdie sensors are the only ones left on M1 Pro and later (recorded: macmade/Hot 25). */
static enum group group_of_product(const char *product)
{
    static const struct {
        const char *prefix;
        enum group group;
    } rows[] = {{"eACC MTR", GROUP_E},
                {"pACC MTR", GROUP_P},
                {"GPU MTR", GROUP_GPU},
                {"PMU tdie", GROUP_CPU},
                {"PMU2 tdie", GROUP_CPU}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (apple_starts(product, rows[i].prefix))
            return rows[i].group;
    return GROUP_NONE;
}

static bool is_constant(const char *name)
{
    return strcmp(name, "TR0Z") == 0 || strcmp(name, "PMU tcal") == 0;
}

static uint32_t flags_of(enum group g)
{
    return g == GROUP_NONE ? 0 : g == GROUP_GPU ? ACTOP_ENTITY_GROUP_GPU : ACTOP_ENTITY_GROUP_CPU;
}

/* The key is unique where the name may repeat: it is the channel's, without its group. A recording may hold any key in any
 * group. */
static const char *key_behind(const char *key, const char *group)
{
    return apple_starts(key, group) ? key + strlen(group) : key;
}

static bool add_sensor(struct sensors *s, struct decode_schema *d, int32_t channel, bool is_hid)
{
    const char *name = schema_text(d->schema, d->schema->channels[channel].name);
    if (is_constant(name))
        return true;
    enum group group = is_hid ? group_of_product(name) : group_of_key(name);
    if (!VEC_GROW(s->list, s->cap, s->n + 1))
        return false;
    const char *key = key_behind(schema_text(d->schema, d->schema->channels[channel].key),
                                 is_hid ? "hid/temperature/" : "smc/");
    int32_t row = topology_add(d->topology, ACTOP_SCOPE_SENSOR, key, name, NULL);
    if (row < 0)
        return false;
    topology_at(d->topology, ACTOP_SCOPE_SENSOR, row)->flags = flags_of(group);
    bool is_float = !is_hid && apple_smc_is_float(d->schema, channel);
    s->list[s->n++] = (struct sensor){channel, row, (uint8_t)group, is_hid, is_float};
    return true;
}

static bool is_hid(const struct schema *s, const struct channel *c)
{
    return apple_in_group(s, c, "hid/temperature");
}

static bool is_smc_key(const struct schema *s, const struct channel *c)
{
    const char *name = schema_text(s, c->name);
    return apple_in_group(s, c, "smc") && name[0] == 'T' && strlen(name) == 4;
}

static bool is_index(const struct schema *s, const struct channel *c)
{
    return strcmp(schema_text(s, c->unit), "si32") == 0;
}

static bool find_sensors(struct sensors *s, struct decode_schema *d)
{
    for (int32_t i = 0; i < (int32_t)d->schema->n_channels; i++) {
        const struct channel *c = &d->schema->channels[i];
        bool smc = is_smc_key(d->schema, c) && !is_index(d->schema, c);
        if ((is_hid(d->schema, c) || smc) && !add_sensor(s, d, i, !smc))
            return false;
    }
    return true;
}

static bool find_fans(struct sensors *s, struct decode_schema *d)
{
    static const char *const values[] = {"Ac", "Mn", "Mx", "Tg"};
    s->n_fans = 0;
    for (unsigned fan = 0; fan < MAX_FANS; fan++) {
        char key[16];
        int32_t *channels = s->fans[s->n_fans];
        for (size_t v = 0; v < N_FAN_VALUES; v++) {
            (void)snprintf(key, sizeof key, "F%u%s", fan, values[v]);
            channels[v] = apple_smc_find(d->schema, key);
        }
        if (channels[FAN_SPEED] < 0)
            continue;
        (void)snprintf(key, sizeof key, "%u", fan);
        if (topology_add(d->topology, ACTOP_SCOPE_FAN, key, NULL, NULL) < 0)
            return false;
        s->n_fans++;
    }
    return true;
}

COLD static bool begin(void *state, struct decode_schema *d)
{
    struct sensors *s = state;
    s->n = 0;
    s->via_smc = topology_via(d->topology, "smc");
    s->via_hid = topology_via(d->topology, "hid");
    return find_sensors(s, d) && find_fans(s, d);
}

/* ---- A frame ----------------------------------------------------------------------------------------------------- */

struct group_sum {
    double max, sum;
    uint32_t n;
};

static bool read_sensor(const struct sensor *sensor, const struct decode_frame *d, double *celsius)
{
    if (!frame_has(d->frame, sensor->channel))
        return false;
    if (sensor->is_hid)
        *celsius = bits_f64(frame_u64(d->frame, sensor->channel));
    else if (sensor->is_float)
        *celsius = apple_smc_float(frame_u64(d->frame, sensor->channel));
    else if (!apple_smc_read(d, sensor->channel, celsius))
        return false;
    return *celsius >= MIN_C && *celsius <= MAX_C; /* false for not a number too */
}

static void add_to(struct group_sum *g, double celsius)
{
    g->max = g->n == 0 || celsius > g->max ? celsius : g->max;
    g->sum += celsius;
    g->n++;
}

/* Sums of either kind of sensor by group; CPU holds all of E, P and CPU. */
static void step_sensors(const struct sensors *s, struct decode_frame *d, struct group_sum *smc,
                         struct group_sum *hid)
{
    for (size_t i = 0; i < s->n; i++) {
        const struct sensor *sensor = &s->list[i];
        struct group_sum *sums = sensor->is_hid ? hid : smc;
        double celsius;
        uint32_t row = (uint32_t)sensor->row;
        uint16_t via = sensor->is_hid ? s->via_hid : s->via_smc;
        if (!read_sensor(sensor, d, &celsius)) {
            int32_t status = d->frame->status[sensor->channel];
            sample_put_state(
                d->out, ACTOP_METRIC_SENSOR_TEMP, row,
                status == SLOT_READ ? ACTOP_STATE_NONE : decode_absence(d, sensor->channel), via);
            continue;
        }
        sample_put(d->out, ACTOP_METRIC_SENSOR_TEMP, row, celsius, ACTOP_MEASURED, via);
        if (sensor->group != GROUP_NONE)
            add_to(&sums[sensor->group], celsius);
        if (sensor->group == GROUP_E || sensor->group == GROUP_P)
            add_to(&sums[GROUP_CPU], celsius);
    }
}

static void put_group(struct decode_frame *d, const struct group_sum *smc,
                      const struct group_sum *hid, actop_metric max, actop_metric mean,
                      const struct sensors *s)
{
    const struct group_sum *from = smc->n > 0 ? smc : hid;
    uint16_t via = smc->n > 0 ? s->via_smc : s->via_hid;
    if (from->n == 0) {
        sample_put_state(d->out, max, 0, ACTOP_STATE_UNSUPPORTED, via);
        return;
    }
    sample_put(d->out, max, 0, from->max, ACTOP_DERIVED, via);
    sample_put(d->out, mean, 0, from->sum / from->n, ACTOP_DERIVED, via);
}

/* The lowest tier's cores are the Te ones, the highest's the Tp and Tf ones; only where both are there can they be told apart. */
static void put_tiers(struct decode_frame *d, const struct group_sum *sums, uint16_t via)
{
    uint32_t tiers = sample_rows(d->out, ACTOP_SCOPE_TIER);
    if (tiers < 2 || sums[GROUP_E].n == 0 || sums[GROUP_P].n == 0)
        return;
    sample_put(d->out, ACTOP_METRIC_TIER_TEMP, 0, sums[GROUP_E].max, ACTOP_DERIVED, via);
    sample_put(d->out, ACTOP_METRIC_TIER_TEMP, tiers - 1, sums[GROUP_P].max, ACTOP_DERIVED, via);
}

static void put_fans(const struct sensors *s, struct decode_frame *d)
{
    static const actop_metric metrics[] = {ACTOP_METRIC_FAN_SPEED, ACTOP_METRIC_FAN_MIN,
                                           ACTOP_METRIC_FAN_MAX, ACTOP_METRIC_FAN_TARGET};
    for (uint32_t fan = 0; fan < s->n_fans; fan++)
        for (size_t v = 0; v < N_FAN_VALUES; v++) {
            double rpm;
            if (apple_smc_read(d, s->fans[fan][v], &rpm) && rpm >= 0 && rpm < 100000)
                sample_put(d->out, metrics[v], fan, rpm, ACTOP_MEASURED, s->via_smc);
        }
}

static void step(void *state, struct decode_frame *d)
{
    const struct sensors *s = state;
    struct group_sum smc[N_GROUPS] = {{0, 0, 0}}, hid[N_GROUPS] = {{0, 0, 0}};
    step_sensors(s, d, smc, hid);
    put_group(d, &smc[GROUP_CPU], &hid[GROUP_CPU], ACTOP_METRIC_CPU_TEMP,
              ACTOP_METRIC_CPU_TEMP_MEAN, s);
    put_group(d, &smc[GROUP_GPU], &hid[GROUP_GPU], ACTOP_METRIC_GPU_TEMP,
              ACTOP_METRIC_GPU_TEMP_MEAN, s);
    bool by_hid = smc[GROUP_GPU].n == 0;
    const struct group_sum *gpu = by_hid ? &hid[GROUP_GPU] : &smc[GROUP_GPU];
    if (sample_rows(d->out, ACTOP_SCOPE_GPU) > 0 && gpu->n > 0)
        sample_put(d->out, ACTOP_METRIC_GPU_ONE_TEMP, 0, gpu->max, ACTOP_DERIVED,
                   by_hid ? s->via_hid : s->via_smc);
    by_hid = smc[GROUP_CPU].n == 0;
    put_tiers(d, by_hid ? hid : smc, by_hid ? s->via_hid : s->via_smc);
    put_fans(s, d);
}

/* ---- Notes ---------------------------------------------------------------------------------------------------------- */

/* A sensor that was read and is no temperature now. */
static void note_value(const struct sensor *sensor, const struct decode_notes *d)
{
    const struct decode_frame with = {.frame = d->frame, .schema = d->schema};
    const struct channel *c = &d->schema->channels[sensor->channel];
    double celsius;
    if (!frame_has(d->frame, sensor->channel) || read_sensor(sensor, &with, &celsius))
        return;
    struct buf *b = notes_begin(d->into, ACTOP_NOTE_SENSOR, schema_text(d->schema, c->name));
    bool number = sensor->is_hid || apple_smc_read(&with, sensor->channel, &celsius);
    if (number && celsius - celsius == 0) {
        buf_puts(b, "reads ");
        buf_put_fixed(b, celsius, 3);
        buf_puts(b, celsius == 0      ? " °C: not there, or off"
                    : celsius < MIN_C ? " °C: gated, or a placeholder"
                                      : " °C: too hot for a die");
    } else {
        buf_printf(b, "gives no number (type '%s')", schema_text(d->schema, c->unit));
    }
    notes_end(d->into);
}

COLD static void notes(const void *state, const struct decode_notes *d)
{
    const struct sensors *s = state;
    for (size_t i = 0; i < s->n; i++)
        note_value(&s->list[i], d);
    for (uint32_t i = 0; i < d->schema->n_channels; i++) {
        const struct channel *c = &d->schema->channels[i];
        const char *name = schema_text(d->schema, c->name);
        if ((is_hid(d->schema, c) || is_smc_key(d->schema, c)) && is_constant(name))
            notes_add(d->into, ACTOP_NOTE_SENSOR, name, "a calibration constant, not a sensor");
        else if (is_smc_key(d->schema, c) && is_index(d->schema, c))
            notes_add(d->into, ACTOP_NOTE_SENSOR, name, "an index, not a temperature");
    }
}

COLD static bool own(void *state)
{
    struct sensors *s = state;
    return VEC_OWN(s->list, s->cap, s->n);
}

COLD static void release(void *state)
{
    free(((struct sensors *)state)->list);
}

const struct decode_part decode_part_apple_sensors = {
    .name = "sensors",
    .state_size = sizeof(struct sensors),
    .begin = begin,
    .step = step,
    .notes = notes,
    .own = own,
    .release = release,
};
