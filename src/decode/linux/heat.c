/* SPDX-License-Identifier: MIT */
/* Temperatures, fans, throttling and the thermal state.
 *
 * Every plausible sensor (15 to 125 °C) is a SENSOR row; those of the CPU and the GPU are told by chip and label. A thermal
 * zone is left out where hwmon shows the same one (the kernel registers each zone there too, with '-' as '_';
 * documented: thermal_hwmon.c). The thermal state is what the kernel does about heat: nominal while no cooling device
 * of the CPU is at work, fair when one is or a throttle count rose, serious from half of its states on, critical when
 * a sensor is at its critical limit. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/vec.h"
#include "decode/linux/chips.h"
#include "decode/linux/cpus.h"

static const double COLDEST_C = 15, HOTTEST_C = 125;

/* What a controller gives for a fan that is not there, all bits of 16 (reported widely). */
enum { NO_FAN_RPM = 65535 };

enum group { NO_GROUP, CPU, GPU };

struct sensor {
    int32_t channel, row;
    enum group group;
    double limit_c, critical_c; /* UNKNOWN */
    int32_t package, core;      /* of coretemp's "Core N"; -1 */
    double c;                   /* this frame; UNKNOWN */
};

struct fan {
    int32_t channel, target, row;
    double min_rpm, max_rpm; /* UNKNOWN */
};

struct cooling {
    int32_t channel;
    int64_t most;
};

/* A CPU whose core has a sensor. */
struct heated {
    size_t sensor; /* in sensors */
    uint32_t row, cluster, tier;
};

struct heat_state {
    struct sensor *sensors; /* owned, like the next four */
    struct fan *fans;
    struct cooling *coolings;
    int32_t *throttles; /* channels */
    struct heated *cores;
    size_t n_sensors, cap_sensors, n_fans, cap_fans, n_coolings, cap_coolings, n_throttles,
        cap_throttles;
    size_t n_cores, cap_cores;
    uint16_t via_hwmon, via_thermal;
};

/* ---- whose sensor is it ---------------------------------------------------------------------------------------------- */

static const char *const cpu_chips[] = {"coretemp", "k10temp",     "k8temp",
                                        "zenpower", "via_cputemp", "fam15h_power"};
static const char *const gpu_chips[] = {"amdgpu", "radeon", "nouveau", "i915", "xe"};
static const char *const cpu_words[] = {"cpu",  "x86_pkg_temp", "soc_thermal", "soc-thermal",
                                        "Tctl", "Tdie",         "CPU"};
static const char *const gpu_words[] = {"gpu", "GPU"};

#define ANY_IS(list, text) any_is(list, sizeof(list) / sizeof(list)[0], text)
#define ANY_IN(list, text) any_in(list, sizeof(list) / sizeof(list)[0], text)

static bool any_is(const char *const *list, size_t n, const char *text)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(list[i], text) == 0)
            return true;
    return false;
}

static bool any_in(const char *const *list, size_t n, const char *text)
{
    for (size_t i = 0; i < n; i++)
        if (strstr(text, list[i]) != NULL)
            return true;
    return false;
}

static enum group group_of(const char *chip, const char *label)
{
    if (ANY_IS(gpu_chips, chip))
        return strcmp(label, "mem") == 0 ? NO_GROUP : GPU;
    if (ANY_IS(cpu_chips, chip))
        return CPU;
    if (ANY_IN(gpu_words, chip) || ANY_IN(gpu_words, label))
        return GPU;
    return ANY_IN(cpu_words, chip) || ANY_IN(cpu_words, label) ? CPU : NO_GROUP;
}

/* Tctl is the control value, on some processors Tdie plus an offset (documented: k10temp.rst): with both there, only Tdie
 * says how hot the processor is. */
static bool is_offset(const struct schema *s, const struct channel *c)
{
    if (strcmp(schema_text(s, c->label), "Tctl") != 0)
        return false;
    for (size_t i = 0; i < s->n_channels; i++)
        if (s->channels[i].name == c->name ||
            strcmp(schema_text(s, s->channels[i].name), schema_text(s, c->name)) == 0)
            if (strcmp(schema_text(s, s->channels[i].label), "Tdie") == 0)
                return true;
    return false;
}

/* ---- begin ------------------------------------------------------------------------------------------------------------- */

static double limit_of(const struct schema *s, const char *key, const char *item)
{
    char name[192], file[32];
    uint64_t value;
    chip_channel(key, file, sizeof file);
    (void)snprintf(name, sizeof name, "%.*s/%s_%s", (int)chip_id_length(key), key, file, item);
    return schema_get_u64(s, name, 0, &value) ? (double)(int64_t)value : UNKNOWN;
}

/* "Core 3" on coretemp.1 is core 3 of package 1 (documented: coretemp.rst). */
static void find_core(const char *key, const char *label, struct sensor *sensor)
{
    const char *device = strstr(key, "@coretemp.");
    unsigned package, core;
    sensor->package = sensor->core = -1;
    if (device == NULL || sscanf(device, "@coretemp.%u", &package) != 1 ||
        sscanf(label, "Core %u", &core) != 1)
        return;
    sensor->package = (int32_t)package;
    sensor->core = (int32_t)core;
}

static bool add_sensor(struct heat_state *s, struct decode_schema *d, int32_t channel,
                       const char *key, const char *name, enum group group)
{
    if (!VEC_GROW(s->sensors, s->cap_sensors, s->n_sensors + 1))
        return false;
    int32_t row = topology_add(d->topology, ACTOP_SCOPE_SENSOR, key, name, NULL);
    if (row < 0)
        return false;
    topology_at(d->topology, ACTOP_SCOPE_SENSOR, row)->flags = group == CPU ? ACTOP_ENTITY_GROUP_CPU
                                                               : group == GPU
                                                                   ? ACTOP_ENTITY_GROUP_GPU
                                                                   : 0;
    s->sensors[s->n_sensors++] = (struct sensor){.channel = channel,
                                                 .row = row,
                                                 .group = group,
                                                 .limit_c = UNKNOWN,
                                                 .critical_c = UNKNOWN,
                                                 .package = -1,
                                                 .core = -1};
    return true;
}

static bool add_hwmon_sensor(struct heat_state *s, struct decode_schema *d, int32_t channel)
{
    const struct channel *c = &d->schema->channels[channel];
    const char *key = schema_text(d->schema, c->key), *chip = schema_text(d->schema, c->name);
    const char *label = schema_text(d->schema, c->label);
    char file[32], short_key[192], name[160];
    chip_channel(key, file, sizeof file);
    (void)snprintf(short_key, sizeof short_key, "%.*s/%s", (int)(chip_id_length(key) - 6), key + 6,
                   file);
    (void)snprintf(name, sizeof name, "%s %s", chip, *label != '\0' ? label : file);
    enum group group = is_offset(d->schema, c) ? NO_GROUP : group_of(chip, label);
    if (!add_sensor(s, d, channel, short_key, name, group))
        return false;
    struct sensor *sensor = &s->sensors[s->n_sensors - 1];
    sensor->critical_c = limit_of(d->schema, key, "crit") / 1e3;
    sensor->limit_c = isnan(sensor->critical_c) ? limit_of(d->schema, key, "max") / 1e3
                                                : sensor->critical_c;
    find_core(key, label, sensor);
    return true;
}

/* Does hwmon show this zone too? Its chip is then called like the zone. */
static bool is_in_hwmon(const struct schema *s, const char *type)
{
    for (size_t i = 0; i < s->n_channels; i++) {
        if (strcmp(schema_text(s, s->channels[i].group), "hwmon/temp") != 0)
            continue;
        const char *chip = schema_text(s, s->channels[i].name);
        size_t at = 0;
        while (chip[at] != '\0' && (chip[at] == type[at] || (chip[at] == '_' && type[at] == '-')))
            at++;
        if (chip[at] == '\0' && type[at] == '\0')
            return true;
    }
    return false;
}

static bool add_zone(struct heat_state *s, struct decode_schema *d, int32_t channel)
{
    const struct channel *c = &d->schema->channels[channel];
    const char *key = schema_text(d->schema, c->key), *type = schema_text(d->schema, c->name);
    char short_key[96], property[112];
    uint64_t value;
    if (is_in_hwmon(d->schema, type))
        return true;
    (void)snprintf(short_key, sizeof short_key, "%.*s", (int)chip_id_length(key), key);
    if (!add_sensor(s, d, channel, short_key, type, group_of(type, "")))
        return false;
    (void)snprintf(property, sizeof property, "%s/crit", short_key);
    if (schema_get_u64(d->schema, property, 0, &value))
        s->sensors[s->n_sensors - 1].limit_c = s->sensors[s->n_sensors - 1].critical_c =
            (double)(int64_t)value / 1e3;
    return true;
}

static bool add_fan(struct heat_state *s, struct decode_schema *d, int32_t channel)
{
    const struct channel *c = &d->schema->channels[channel];
    const char *key = schema_text(d->schema, c->key), *label = schema_text(d->schema, c->label);
    char file[32], short_key[192], target[224], name[160];
    if (!VEC_GROW(s->fans, s->cap_fans, s->n_fans + 1))
        return false;
    chip_channel(key, file, sizeof file);
    (void)snprintf(short_key, sizeof short_key, "%.*s/%s", (int)(chip_id_length(key) - 6), key + 6,
                   file);
    (void)snprintf(target, sizeof target, "hwmon/%s_target", short_key);
    (void)snprintf(name, sizeof name, "%s %s", schema_text(d->schema, c->name), file);
    s->fans[s->n_fans] = (struct fan){.channel = channel,
                                      .target = schema_find_channel(d->schema, target),
                                      .min_rpm = limit_of(d->schema, key, "min"),
                                      .max_rpm = limit_of(d->schema, key, "max")};
    s->fans[s->n_fans].row =
        topology_add(d->topology, ACTOP_SCOPE_FAN, short_key, *label != '\0' ? label : name, NULL);
    return s->fans[s->n_fans++].row >= 0;
}

/* Cooling devices that slow the CPU down. "TCC Offset" is a setting and fans do not throttle. */
static bool is_throttle(const char *type)
{
    return strcmp(type, "Processor") == 0 || strstr(type, "cpufreq") != NULL ||
           strcmp(type, "intel_powerclamp") == 0 || strstr(type, "cpuidle") != NULL;
}

static bool add_cooling(struct heat_state *s, struct decode_schema *d, int32_t channel)
{
    const struct channel *c = &d->schema->channels[channel];
    char property[96];
    uint64_t most = 0;
    if (!is_throttle(schema_text(d->schema, c->name)))
        return true;
    if (!VEC_GROW(s->coolings, s->cap_coolings, s->n_coolings + 1))
        return false;
    const char *key = schema_text(d->schema, c->key);
    (void)snprintf(property, sizeof property, "%.*s/max_state", (int)chip_id_length(key), key);
    (void)schema_get_u64(d->schema, property, 0, &most);
    s->coolings[s->n_coolings++] = (struct cooling){channel, (int64_t)most};
    return true;
}

static bool add_throttle(struct heat_state *s, struct decode_schema *d, int32_t channel)
{
    (void)d;
    if (!VEC_GROW(s->throttles, s->cap_throttles, s->n_throttles + 1))
        return false;
    s->throttles[s->n_throttles++] = channel;
    return true;
}

static const struct {
    const char *group;
    bool (*add)(struct heat_state *s, struct decode_schema *d, int32_t channel);
} adders[] = {
    {"hwmon/temp", add_hwmon_sensor}, {"hwmon/fan", add_fan},     {"thermal/zone", add_zone},
    {"thermal/cooling", add_cooling}, {"throttle", add_throttle},
};

static bool add_channels(struct heat_state *s, struct decode_schema *d)
{
    for (int32_t i = 0; i < (int32_t)d->schema->n_channels; i++)
        for (size_t k = 0; k < sizeof adders / sizeof adders[0]; k++)
            if (strcmp(schema_text(d->schema, d->schema->channels[i].group), adders[k].group) ==
                    0 &&
                !adders[k].add(s, d, i))
                return false;
    return true;
}

/* The sensor of a core, or n_sensors. */
static size_t sensor_of(const struct heat_state *s, int64_t package, int64_t core)
{
    size_t i = 0;
    while (i < s->n_sensors && (s->sensors[i].core < 0 || s->sensors[i].core != core ||
                                s->sensors[i].package != package))
        i++;
    return i;
}

/* Which CPUs have a sensor, from the rows the cpu part has made: CORE rows are in the order of cpu/present. */
static bool find_cores(struct heat_state *s, const struct decode_schema *d)
{
    const struct topology *t = d->topology;
    for (uint32_t row = 0; row < t->n[ACTOP_SCOPE_CORE]; row++) {
        int32_t cluster = t->entities[ACTOP_SCOPE_CORE][row].parent;
        size_t sensor = sensor_of(s, property_at(d->schema, "cpu/package", row),
                                  property_at(d->schema, "cpu/core", row));
        if (cluster < 0 || sensor == s->n_sensors)
            continue;
        if (!VEC_GROW(s->cores, s->cap_cores, s->n_cores + 1))
            return false;
        uint32_t tier = (uint32_t)t->entities[ACTOP_SCOPE_CLUSTER][cluster].parent;
        s->cores[s->n_cores++] = (struct heated){sensor, row, (uint32_t)cluster, tier};
    }
    return true;
}

static bool begin(void *state, struct decode_schema *d)
{
    struct heat_state *s = state;
    s->n_sensors = s->n_fans = s->n_coolings = s->n_throttles = s->n_cores = 0;
    s->via_hwmon = topology_via(d->topology, "hwmon");
    s->via_thermal = topology_via(d->topology, "thermal");
    return add_channels(s, d) && find_cores(s, d);
}

/* ---- step --------------------------------------------------------------------------------------------------------------- */

static uint16_t via_of(const struct heat_state *s, const struct decode_frame *d, int32_t channel)
{
    return strncmp(schema_text(d->schema, d->schema->channels[channel].group), "hwmon", 5) == 0
               ? s->via_hwmon
               : s->via_thermal;
}

static void step_sensor(const struct heat_state *s, struct decode_frame *d, struct sensor *sensor)
{
    uint32_t row = (uint32_t)sensor->row;
    uint16_t via = via_of(s, d, sensor->channel);
    sensor->c = UNKNOWN;
    if (!isnan(sensor->limit_c) && sensor->limit_c > 0)
        sample_put(d->out, ACTOP_METRIC_SENSOR_MAX, row, sensor->limit_c, ACTOP_MEASURED, via);
    if (!frame_has(d->frame, sensor->channel)) {
        sample_put_state(d->out, ACTOP_METRIC_SENSOR_TEMP, row, decode_absence(d, sensor->channel),
                         via);
        return;
    }
    double c = (double)frame_i64(d->frame, sensor->channel) / 1e3;
    if (c < COLDEST_C || c > HOTTEST_C) {
        sample_put_state(d->out, ACTOP_METRIC_SENSOR_TEMP, row, ACTOP_STATE_NONE, via);
        return;
    }
    sensor->c = c;
    sample_put(d->out, ACTOP_METRIC_SENSOR_TEMP, row, c, ACTOP_MEASURED, via);
}

/* Hottest and mean of a group; why there is none, where there is none. */
static void put_group(const struct heat_state *s, struct decode_frame *d, enum group group,
                      actop_metric hottest, actop_metric mean)
{
    double sum = 0, most = UNKNOWN;
    uint32_t n = 0;
    uint16_t via = s->via_hwmon;
    actop_state none = ACTOP_STATE_UNSUPPORTED;
    for (size_t i = 0; i < s->n_sensors; i++) {
        const struct sensor *sensor = &s->sensors[i];
        if (sensor->group != group)
            continue;
        if (isnan(sensor->c)) {
            none = frame_has(d->frame, sensor->channel) ? ACTOP_STATE_NONE
                                                        : decode_absence(d, sensor->channel);
            continue;
        }
        if (isnan(most) || sensor->c > most) {
            most = sensor->c;
            via = via_of(s, d, sensor->channel);
        }
        sum += sensor->c;
        n++;
    }
    if (n == 0) {
        sample_put_state(d->out, hottest, 0, none, via);
        sample_put_state(d->out, mean, 0, none, via);
        return;
    }
    sample_put(d->out, hottest, 0, most, ACTOP_MEASURED, via);
    sample_put(d->out, mean, 0, sum / n, ACTOP_DERIVED, via);
}

static void put_hotter(struct decode_frame *d, actop_metric id, uint32_t row, double c,
                       uint16_t via)
{
    double was;
    if (!sample_get(d->out, id, row, &was) || c > was)
        sample_put(d->out, id, row, c, ACTOP_MEASURED, via);
}

static void put_cores(const struct heat_state *s, struct decode_frame *d)
{
    for (size_t i = 0; i < s->n_cores; i++) {
        const struct heated *core = &s->cores[i];
        double c = s->sensors[core->sensor].c;
        if (isnan(c))
            continue;
        sample_put(d->out, ACTOP_METRIC_CORE_TEMP, core->row, c, ACTOP_MEASURED, s->via_hwmon);
        put_hotter(d, ACTOP_METRIC_CLUSTER_TEMP, core->cluster, c, s->via_hwmon);
        put_hotter(d, ACTOP_METRIC_TIER_TEMP, core->tier, c, s->via_hwmon);
    }
}

static void put_rpm(struct decode_frame *d, actop_metric id, uint32_t row, double rpm, uint16_t via)
{
    if (!isnan(rpm) && rpm >= 0)
        sample_put(d->out, id, row, rpm, ACTOP_MEASURED, via);
}

static void step_fan(const struct heat_state *s, struct decode_frame *d, const struct fan *fan)
{
    uint32_t row = (uint32_t)fan->row;
    if (!frame_has(d->frame, fan->channel))
        sample_put_state(d->out, ACTOP_METRIC_FAN_SPEED, row, decode_absence(d, fan->channel),
                         s->via_hwmon);
    else if (frame_u64(d->frame, fan->channel) < NO_FAN_RPM)
        put_rpm(d, ACTOP_METRIC_FAN_SPEED, row, (double)frame_u64(d->frame, fan->channel),
                s->via_hwmon);
    put_rpm(d, ACTOP_METRIC_FAN_MIN, row, fan->min_rpm, s->via_hwmon);
    put_rpm(d, ACTOP_METRIC_FAN_MAX, row, fan->max_rpm > 0 ? fan->max_rpm : UNKNOWN, s->via_hwmon);
    if (frame_has(d->frame, fan->target))
        put_rpm(d, ACTOP_METRIC_FAN_TARGET, row, (double)frame_u64(d->frame, fan->target),
                s->via_hwmon);
}

/* ---- throttling ----------------------------------------------------------------------------------------------------------- */

static bool put_throttles(const struct heat_state *s, struct decode_frame *d)
{
    struct counter_step step;
    uint64_t total = 0;
    bool rose = false;
    for (size_t i = 0; i < s->n_throttles; i++) {
        total += decode_total(d, s->throttles[i], 0);
        rose = rose || (decode_step(d, s->throttles[i], 0, &step) && step.grew > 0);
    }
    if (s->n_throttles > 0)
        sample_put(d->out, ACTOP_METRIC_CPU_THROTTLES, 0, (double)total, ACTOP_MEASURED,
                   s->via_thermal);
    else
        sample_put_state(d->out, ACTOP_METRIC_CPU_THROTTLES, 0, ACTOP_STATE_UNSUPPORTED,
                         s->via_thermal);
    return rose;
}

/* 0 no cooling device of the CPU is at work, 1 one is, 2 one is at half of its states or beyond. -1: none was read. */
static int cooling_level(const struct heat_state *s, const struct decode_frame *d)
{
    int level = -1;
    for (size_t i = 0; i < s->n_coolings; i++) {
        const struct cooling *c = &s->coolings[i];
        if (!frame_has(d->frame, c->channel))
            continue;
        int64_t state = frame_i64(d->frame, c->channel);
        int own = state <= 0 ? 0 : c->most > 1 && state >= c->most - c->most / 2 ? 2 : 1;
        level = own > level ? own : level;
    }
    return level;
}

static void put_thermal_state(const struct heat_state *s, struct decode_frame *d, bool rose)
{
    int level = cooling_level(s, d);
    if (s->n_throttles > 0 && level < (rose ? 1 : 0))
        level = rose ? 1 : 0;
    for (size_t i = 0; i < s->n_sensors; i++) {
        const struct sensor *sensor = &s->sensors[i];
        if (sensor->group != NO_GROUP && !isnan(sensor->c) && sensor->critical_c > COLDEST_C &&
            sensor->c >= sensor->critical_c)
            level = 3;
    }
    if (level < 0)
        sample_put_state(d->out, ACTOP_METRIC_THERMAL_STATE, 0, ACTOP_STATE_UNSUPPORTED,
                         s->via_thermal);
    else
        sample_put(d->out, ACTOP_METRIC_THERMAL_STATE, 0, level, ACTOP_DERIVED, s->via_thermal);
}

static void step(void *state, struct decode_frame *d)
{
    struct heat_state *s = state;
    for (size_t i = 0; i < s->n_sensors; i++)
        step_sensor(s, d, &s->sensors[i]);
    put_group(s, d, CPU, ACTOP_METRIC_CPU_TEMP, ACTOP_METRIC_CPU_TEMP_MEAN);
    put_group(s, d, GPU, ACTOP_METRIC_GPU_TEMP, ACTOP_METRIC_GPU_TEMP_MEAN);
    put_cores(s, d);
    for (size_t i = 0; i < s->n_fans; i++)
        step_fan(s, d, &s->fans[i]);
    put_thermal_state(s, d, put_throttles(s, d));
}

/* ---- part -------------------------------------------------------------------------------------------------------------------- */

static void release(void *state)
{
    struct heat_state *s = state;
    free(s->sensors);
    free(s->fans);
    free(s->coolings);
    free(s->throttles);
    free(s->cores);
}

static bool own(void *state)
{
    struct heat_state *s = state;
    bool ok = VEC_OWN(s->sensors, s->cap_sensors, s->n_sensors);
    ok = VEC_OWN(s->fans, s->cap_fans, s->n_fans) && ok;
    ok = VEC_OWN(s->coolings, s->cap_coolings, s->n_coolings) && ok;
    ok = VEC_OWN(s->throttles, s->cap_throttles, s->n_throttles) && ok;
    return VEC_OWN(s->cores, s->cap_cores, s->n_cores) && ok;
}

const struct decode_part decode_part_heat = {
    .name = "heat",
    .state_size = sizeof(struct heat_state),
    .begin = begin,
    .step = step,
    .own = own,
    .release = release,
};
