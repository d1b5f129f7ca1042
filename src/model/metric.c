/* SPDX-License-Identifier: MIT */
/* The metric table and its lookups; see metric.h. Names of enumerated values stand here too: a state's number is
 * what travels, its word what people and the outputs of actop 1 see. */
#include "model/metric.h"

#include <string.h>

#include "base/buf.h"

const actop_metric_info metric_table[] = {
#define METRIC(id, key, unit, kind, scope, json, prometheus, help)                                 \
    {key,                                                                                          \
     help,                                                                                         \
     json,                                                                                         \
     prometheus,                                                                                   \
     ACTOP_METRIC_##id,                                                                            \
     ACTOP_UNIT_##unit,                                                                            \
     ACTOP_KIND_##kind,                                                                            \
     ACTOP_SCOPE_##scope},
#include "model/metrics.def"
#undef METRIC
};

static const struct {
    const char *key_suffix, *prometheus, *symbol;
} units[] = {
#define UNIT(id, key_suffix, prometheus, symbol, text) {key_suffix, prometheus, symbol},
#include "model/units.def"
#undef UNIT
};

enum life { FIXED, COMING };

static const struct {
    const char *name;
    enum life life;
} scopes[] = {
#define SCOPE(id, name, plural, life, text) {name, life},
#include "model/scopes.def"
#undef SCOPE
};

enum first_of {
    FIRST_OF_MACHINE = ACTOP_METRIC_CHIP,
    FIRST_OF_TIER = ACTOP_METRIC_TIER_UTIL,
    FIRST_OF_CLUSTER = ACTOP_METRIC_CLUSTER_UTIL,
    FIRST_OF_CORE = ACTOP_METRIC_CORE_UTIL,
    FIRST_OF_PSTATE = ACTOP_METRIC_PSTATE_FREQ,
    FIRST_OF_GPU = ACTOP_METRIC_GPU_NAME,
    FIRST_OF_RAIL = ACTOP_METRIC_RAIL_POWER,
    FIRST_OF_SENSOR = ACTOP_METRIC_SENSOR_TEMP,
    FIRST_OF_FAN = ACTOP_METRIC_FAN_SPEED,
    FIRST_OF_AGENT = ACTOP_METRIC_AGENT_READ,
    FIRST_OF_INTERFACE = ACTOP_METRIC_IF_RX,
    FIRST_OF_DISK = ACTOP_METRIC_DISK_MODEL,
    FIRST_OF_VOLUME = ACTOP_METRIC_VOLUME_TYPE,
    FIRST_OF_BATTERY = ACTOP_METRIC_BATTERY_CHARGE,
    FIRST_OF_PROCESS = ACTOP_METRIC_PROC_COMMAND,
    FIRST_OF_COUNT = ACTOP_METRIC_COUNT,
};

const uint16_t metric_first_of[ACTOP_SCOPE_COUNT + 1] = {
#define SCOPE(id, name, plural, life, text) FIRST_OF_##id,
#include "model/scopes.def"
#undef SCOPE
    FIRST_OF_COUNT,
};

const struct metric_place metric_places[] = {
#define METRIC(id, key, unit, kind, scope, json, prometheus, help)                                 \
    {ACTOP_SCOPE_##scope, ACTOP_METRIC_##id - FIRST_OF_##scope,                                    \
     ACTOP_KIND_##kind == ACTOP_KIND_GAUGE && (WINDOW_SCOPES >> ACTOP_SCOPE_##scope & 1) != 0},
#include "model/metrics.def"
#undef METRIC
};

const actop_metric_info *actop_metric_get(actop_metric id)
{
    return (unsigned)id < ACTOP_METRIC_COUNT ? &metric_table[id] : NULL;
}

const actop_metric_info *actop_metric_find(const char *key)
{
    for (size_t i = 0; key != NULL && i < ACTOP_METRIC_COUNT; i++)
        if (strcmp(metric_table[i].key, key) == 0)
            return &metric_table[i];
    return NULL;
}

bool scope_is_coming(actop_scope scope)
{
    return scopes[scope].life == COMING;
}

const char *actop_scope_name(actop_scope scope)
{
    return (unsigned)scope < ACTOP_SCOPE_COUNT ? scopes[scope].name : "";
}

const char *actop_unit_symbol(actop_unit unit)
{
    return (unsigned)unit < ACTOP_UNIT_COUNT ? units[unit].symbol : "";
}

const char *unit_prometheus_suffix(actop_unit unit)
{
    return units[unit].prometheus;
}

static bool ends_with_word(const char *key, const char *word)
{
    size_t n = strlen(key), m = strlen(word);
    return n > m && strcmp(key + n - m, word) == 0 && strchr("._", key[n - m - 1]) != NULL;
}

void metric_put_joined(struct buf *b, const char *key, actop_unit unit)
{
    const char *suffix = units[unit].key_suffix;
    for (const char *c = key; *c != '\0'; c++)
        buf_putc(b, *c == '.' ? '_' : *c);
    if (suffix[0] != '\0' && !ends_with_word(key, suffix)) {
        buf_putc(b, '_');
        buf_puts(b, suffix);
    }
}

const char *actop_state_name(actop_state state)
{
    static const char *const names[] = {"none",        "ok",     "stale",   "frozen",
                                        "unsupported", "denied", "warming", "failed"};
    _Static_assert(sizeof names / sizeof names[0] == ACTOP_STATE_COUNT, "a name for each state");
    return (unsigned)state < ACTOP_STATE_COUNT ? names[state] : "none";
}

const char *actop_origin_name(actop_origin origin)
{
    static const char *const names[] = {"measured", "derived", "estimated"};
    _Static_assert(sizeof names / sizeof names[0] == ACTOP_ORIGIN_COUNT, "a name for each origin");
    return (unsigned)origin < ACTOP_ORIGIN_COUNT ? names[origin] : "measured";
}

enum { MOST_WORDS = 10 };

/* Words of metrics of kind STATE that have more than two values. */
static const struct {
    actop_metric id;
    const char *words[MOST_WORDS];
} value_names[] = {
    {ACTOP_METRIC_THERMAL_STATE, {"Nominal", "Fair", "Serious", "Critical"}},
    {ACTOP_METRIC_THERMAL_LEVEL, {"Nominal", "Fair", "Serious", "Critical"}},
    {ACTOP_METRIC_THERMAL_PRESSURE, {"Nominal", "Moderate", "Heavy", "Trapping", "Sleeping"}},
    {ACTOP_METRIC_MEMORY_PRESSURE, {"normal", "warning", "critical"}},
    {ACTOP_METRIC_THROTTLE_REASON, {"none", "heat", "power limit", "low-power mode", "unknown"}},
    {ACTOP_METRIC_BATTERY_STATE, {"unknown", "discharging", "charging", "full", "not charging"}},
    {ACTOP_METRIC_BOTTLENECK,
     {"idle", "CPU", "CPU one thread", "GPU", "memory bandwidth", "Neural Engine",
      "memory pressure", "heat", "I/O", "none"}},
};

const char *actop_value_name(actop_metric id, double value)
{
    for (size_t i = 0; i < sizeof value_names / sizeof value_names[0]; i++)
        if (value_names[i].id == id && value >= 0 && value < MOST_WORDS)
            return value_names[i].words[(size_t)value];
    return NULL;
}
