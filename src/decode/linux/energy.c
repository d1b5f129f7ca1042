/* SPDX-License-Identifier: MIT */
/* Power and energy: a RAIL row for every energy counter and power sensor, and the machine's sums.
 *
 * cpu.power is RAPL's core zones, else its package zones (marked estimated: they hold more than the cores). On AMD the core
 * zone counts one core only (documented: intel_rapl_msr reads MSR_AMD_CORE_ENERGY_STATUS, a register of each core), so
 * the package is taken there. package.power is the package zones plus discrete GPUs; system.power psys, macsmc's total
 * or an ACPI power meter. A zone of the mmio interface is the same counter again and left out.
 * Counters give rail.energy here; what a power sensor comes to is integrated by the analysis. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/pool.h"
#include "base/vec.h"
#include "decode/linux.h"
#include "decode/linux/chips.h"

enum role { OTHER, PACKAGE, CORE, UNCORE, DRAM, PSYS, SYSTEM, ADAPTER, METER, GPU, APU, N_ROLES };

struct rail {
    int32_t channel, row;
    enum role role;
    bool counts;       /* a counter of microjoules; else a gauge of microwatts */
    double w;          /* this frame; UNKNOWN */
    actop_state state; /* why, where w is unknown */
};

struct energy_state {
    struct rail *rails; /* owned */
    size_t n, cap;
    int64_t still_ns; /* how long no powercap zone has grown */
    uint64_t gaps;    /* intervals without a difference, since the session began */
    bool is_amd;
    uint16_t via_powercap, via_hwmon;
};

/* Longer than any publication period of RAPL (about 1 ms; documented): a counter that stands so long is not counting. */
static const int64_t FROZEN_NS = 10000000000;

/* ---- which rail is what ------------------------------------------------------------------------------------------ */

static const struct {
    const char *name;
    enum role role;
} zones[] = {
    {"package-", PACKAGE}, {"core", CORE}, {"uncore", UNCORE}, {"dram", DRAM}, {"psys", PSYS},
};

/* Chips whose power is known to be something; an empty label is any. */
static const struct {
    const char *chip, *label;
    enum role role;
} sensors[] = {
    {"macsmc_hwmon", "Total System Power", SYSTEM},
    {"macsmc_hwmon", "AC Input Power", ADAPTER},
    {"power_meter", "", METER},
    {"amd_energy", "Esocket", PACKAGE},
    {"i915", "", GPU},
    {"xe", "", GPU},
    {"nouveau", "", GPU},
    {"radeon", "", GPU},
};

static bool starts(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

static enum role zone_role(const char *name)
{
    for (size_t i = 0; i < sizeof zones / sizeof zones[0]; i++)
        if (starts(name, zones[i].name))
            return zones[i].role;
    return OTHER;
}

/* An amdgpu without a fan is part of a processor, and its sensor is the whole socket's (documented: amdgpu_pm.c leaves
 * the fan's files out for APUs). */
static enum role amdgpu_role(const struct schema *s, const char *key)
{
    char fan[192];
    (void)snprintf(fan, sizeof fan, "%.*s/fan1_input", (int)chip_id_length(key), key);
    return schema_find_channel(s, fan) >= 0 ? GPU : APU;
}

static enum role sensor_role(const struct schema *s, const struct channel *c)
{
    const char *chip = schema_text(s, c->name), *label = schema_text(s, c->label);
    if (strcmp(chip, "amdgpu") == 0)
        return amdgpu_role(s, schema_text(s, c->key));
    for (size_t i = 0; i < sizeof sensors / sizeof sensors[0]; i++)
        if (strcmp(chip, sensors[i].chip) == 0 && starts(label, sensors[i].label))
            return sensors[i].role;
    return OTHER;
}

/* ---- begin ----------------------------------------------------------------------------------------------------------- */

/* The zone with this directory name; NULL none. */
static const struct channel *zone_by_label(const struct schema *s, const char *label, size_t n)
{
    for (size_t i = 0; i < s->n_channels; i++) {
        const struct channel *c = &s->channels[i];
        const char *own = schema_text(s, c->label);
        if (strcmp(schema_text(s, c->group), "powercap") == 0 && strlen(own) == n &&
            memcmp(own, label, n) == 0)
            return c;
    }
    return NULL;
}

static bool is_mmio_twin(const struct schema *s, const struct channel *c)
{
    if (!starts(schema_text(s, c->label), "intel-rapl-mmio:"))
        return false;
    for (size_t i = 0; i < s->n_channels; i++) {
        const struct channel *other = &s->channels[i];
        if (strcmp(schema_text(s, other->group), "powercap") == 0 &&
            starts(schema_text(s, other->label), "intel-rapl:") &&
            strcmp(schema_text(s, other->name), schema_text(s, c->name)) == 0)
            return true;
    }
    return false;
}

/* "package-0", or "package-0/core" for a zone within one. */
static void zone_key(const struct schema *s, const struct channel *c, char *key, size_t size)
{
    const char *label = schema_text(s, c->label), *last = strrchr(label, ':');
    const struct channel *parent = last == NULL ? NULL
                                                : zone_by_label(s, label, (size_t)(last - label));
    (void)snprintf(key, size, "%s%s%s", parent != NULL ? schema_text(s, parent->name) : "",
                   parent != NULL ? "/" : "", schema_text(s, c->name));
}

/* "macsmc_hwmon/Total System Power", or with the number of the file where there is no label. */
static void sensor_key(const struct schema *s, const struct channel *c, char *key, size_t size)
{
    const char *label = schema_text(s, c->label);
    char file[32];
    chip_channel(schema_text(s, c->key), file, sizeof file);
    (void)snprintf(key, size, "%s/%s", schema_text(s, c->name), *label != '\0' ? label : file);
}

static bool is_taken(const struct topology *t, const char *key)
{
    for (size_t i = 0; i < t->n[ACTOP_SCOPE_RAIL]; i++)
        if (strcmp(pool_at(&t->pool, t->entities[ACTOP_SCOPE_RAIL][i].key), key) == 0)
            return true;
    return false;
}

static uint32_t group_flags(enum role role)
{
    return role == PACKAGE || role == CORE ? ACTOP_ENTITY_GROUP_CPU
           : role == GPU || role == UNCORE ? ACTOP_ENTITY_GROUP_GPU
                                           : 0;
}

static bool add_rail(struct energy_state *s, struct decode_schema *d, int32_t channel,
                     enum role role, const char *key)
{
    bool twin = is_taken(d->topology, key);
    if (!VEC_GROW(s->rails, s->cap, s->n + 1))
        return false;
    const struct channel *c = &d->schema->channels[channel];
    /* Two chips of a kind: the longer key tells them apart. */
    int32_t row = topology_add(d->topology, ACTOP_SCOPE_RAIL,
                               twin ? schema_text(d->schema, c->key) : key, key, NULL);
    if (row < 0)
        return false;
    topology_at(d->topology, ACTOP_SCOPE_RAIL, row)->flags = group_flags(role);
    s->rails[s->n++] = (struct rail){
        .channel = channel, .row = row, .role = role, .counts = (c->flags & CHANNEL_COUNTER) != 0};
    return true;
}

static bool add_zone(struct energy_state *s, struct decode_schema *d, int32_t channel)
{
    const struct channel *c = &d->schema->channels[channel];
    char key[192];
    uint64_t range_uj;
    if (is_mmio_twin(d->schema, c))
        return true;
    zone_key(d->schema, c, key, sizeof key);
    char property[192];
    (void)snprintf(property, sizeof property, "powercap/%.60s/max_energy_range_uj",
                   schema_text(d->schema, c->label));
    if (schema_get_u64(d->schema, property, 0, &range_uj))
        d->wrap_at[channel] = range_uj;
    return add_rail(s, d, channel, zone_role(schema_text(d->schema, c->name)), key);
}

static bool add_rails(struct energy_state *s, struct decode_schema *d)
{
    char key[192];
    bool ok = true;
    for (int32_t i = 0; ok && i < (int32_t)d->schema->n_channels; i++) {
        const struct channel *c = &d->schema->channels[i];
        const char *group = schema_text(d->schema, c->group);
        if (strcmp(group, "powercap") == 0)
            ok = add_zone(s, d, i);
        if (strcmp(group, "hwmon/power") != 0 && strcmp(group, "hwmon/energy") != 0)
            continue;
        sensor_key(d->schema, c, key, sizeof key);
        ok = add_rail(s, d, i, sensor_role(d->schema, c), key);
    }
    return ok;
}

static bool has_role(const struct energy_state *s, enum role role)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->rails[i].role == role)
            return true;
    return false;
}

/* Mark the rails that package power is the sum of. */
static void mark_package(const struct energy_state *s, struct topology *t)
{
    enum role package = has_role(s, PACKAGE) ? PACKAGE : APU;
    for (size_t i = 0; has_role(s, package) && i < s->n; i++)
        if (s->rails[i].role == package || s->rails[i].role == GPU)
            topology_at(t, ACTOP_SCOPE_RAIL, s->rails[i].row)->flags |= ACTOP_ENTITY_PACKAGE;
}

static bool begin(void *state, struct decode_schema *d)
{
    struct energy_state *s = state;
    const char *vendor = schema_get_text(d->schema, "cpu/vendor");
    s->n = 0;
    s->is_amd = vendor != NULL && strcmp(vendor, "AuthenticAMD") == 0;
    s->via_powercap = topology_via(d->topology, "powercap");
    s->via_hwmon = topology_via(d->topology, "hwmon");
    if (!add_rails(s, d))
        return false;
    mark_package(s, d->topology);
    return true;
}

/* ---- step ------------------------------------------------------------------------------------------------------------- */

static bool is_zone(const struct decode_frame *d, const struct rail *r)
{
    return strcmp(schema_text(d->schema, d->schema->channels[r->channel].group), "powercap") == 0;
}

/* Do the processor's counters stand still? Told by all of them together, and not in the first frames. */
static void watch_still(struct energy_state *s, const struct decode_frame *d)
{
    struct counter_step step;
    bool any = false, grew = false;
    for (size_t i = 0; i < s->n; i++) {
        if (!s->rails[i].counts || !is_zone(d, &s->rails[i]) ||
            !decode_step(d, s->rails[i].channel, 0, &step))
            continue;
        any = true;
        grew = grew || step.grew > 0;
    }
    s->still_ns = !any || grew ? 0 : ns_sum(s->still_ns, d->interval_ns);
}

static void read_counter(const struct energy_state *s, const struct decode_frame *d, struct rail *r)
{
    if (!decode_rate(d, r->channel, 0, 1e-6, &r->w)) {
        r->w = UNKNOWN;
        r->state = decode_absence(d, r->channel);
    } else if (s->still_ns > FROZEN_NS && is_zone(d, r)) {
        r->w = UNKNOWN;
        r->state = ACTOP_STATE_FROZEN;
    }
}

static void read_gauge(const struct decode_frame *d, struct rail *r)
{
    if (!frame_has(d->frame, r->channel)) {
        r->w = UNKNOWN;
        r->state = decode_absence(d, r->channel);
        return;
    }
    r->w = (double)frame_u64(d->frame, r->channel) * 1e-6;
}

static void put_rail(const struct energy_state *s, struct decode_frame *d, const struct rail *r)
{
    uint16_t via = is_zone(d, r) ? s->via_powercap : s->via_hwmon;
    uint32_t row = (uint32_t)r->row;
    const struct counter *c = &d->counters[d->schema->channels[r->channel].first];
    if (isnan(r->w))
        sample_put_state(d->out, ACTOP_METRIC_RAIL_POWER, row, r->state, via);
    else
        sample_put(d->out, ACTOP_METRIC_RAIL_POWER, row, r->w,
                   r->counts ? ACTOP_DERIVED : ACTOP_MEASURED, via);
    if (!r->counts)
        return;
    if (!frame_has(d->frame, r->channel)) {
        sample_put_state(d->out, ACTOP_METRIC_RAIL_ENERGY, row, r->state, via);
        return;
    }
    sample_put(d->out, ACTOP_METRIC_RAIL_ENERGY, row, (double)c->total * 1e-6, ACTOP_MEASURED, via);
    sample_put(d->out, ACTOP_METRIC_RAIL_DISCONTINUITIES, row, (double)(c->resets + s->gaps),
               ACTOP_DERIVED, via);
    sample_put(d->out, ACTOP_METRIC_RAIL_RESETS, row, (double)c->resets, ACTOP_DERIVED, via);
    sample_put(d->out, ACTOP_METRIC_RAIL_GAPS, row, (double)s->gaps, ACTOP_DERIVED, via);
}

/* ---- the machine's sums ------------------------------------------------------------------------------------------------- */

/* A sum of rails; where one of them has no value, neither has the sum. Where there is none, it is powercap that has none. */
struct power {
    double w;
    actop_state state; /* OK, or why there is no value */
    actop_origin origin;
    uint16_t via;
};

static struct power sum_of(const struct energy_state *s, const struct decode_frame *d,
                           enum role role)
{
    struct power p = {0, ACTOP_STATE_UNSUPPORTED, ACTOP_MEASURED, s->via_powercap};
    for (size_t i = 0; i < s->n; i++) {
        const struct rail *r = &s->rails[i];
        if (r->role != role || (p.state != ACTOP_STATE_OK && p.state != ACTOP_STATE_UNSUPPORTED))
            continue;
        p.via = is_zone(d, r) ? s->via_powercap : s->via_hwmon;
        p.origin = r->counts ? ACTOP_DERIVED : p.origin;
        p.state = isnan(r->w) ? r->state : ACTOP_STATE_OK;
        p.w += isnan(r->w) ? 0 : r->w;
    }
    return p;
}

/* The first of two that is there at all. */
static struct power either(struct power a, struct power b)
{
    return a.state != ACTOP_STATE_UNSUPPORTED ? a : b;
}

static struct power plus(struct power a, struct power b)
{
    if (a.state != ACTOP_STATE_OK || b.state == ACTOP_STATE_UNSUPPORTED)
        return a;
    if (b.state != ACTOP_STATE_OK)
        return b;
    a.w += b.w;
    a.origin = ACTOP_DERIVED;
    return a;
}

static void put_power(struct decode_frame *d, actop_metric id, struct power p)
{
    if (p.state == ACTOP_STATE_OK)
        sample_put(d->out, id, 0, p.w, p.origin, p.via);
    else
        sample_put_state(d->out, id, 0, p.state, p.via);
}

static void put_machine(const struct energy_state *s, struct decode_frame *d)
{
    struct power package = either(sum_of(s, d, PACKAGE), sum_of(s, d, APU)),
                 core = sum_of(s, d, CORE);
    struct power gpu = sum_of(s, d, GPU), cpu = package;
    cpu.origin = ACTOP_ESTIMATED; /* more than the cores */
    if (core.state != ACTOP_STATE_UNSUPPORTED && !s->is_amd)
        cpu = core;
    put_power(d, ACTOP_METRIC_CPU_POWER, cpu);
    put_power(d, ACTOP_METRIC_GPU_POWER, either(gpu, sum_of(s, d, UNCORE)));
    put_power(d, ACTOP_METRIC_PACKAGE_POWER, plus(package, gpu));
    put_power(d, ACTOP_METRIC_DRAM_POWER, sum_of(s, d, DRAM));
    put_power(d, ACTOP_METRIC_SYSTEM_POWER,
              either(sum_of(s, d, PSYS), either(sum_of(s, d, SYSTEM), sum_of(s, d, METER))));
    put_power(d, ACTOP_METRIC_ADAPTER_POWER, sum_of(s, d, ADAPTER));
}

static void step(void *state, struct decode_frame *d)
{
    struct energy_state *s = state;
    watch_still(s, d);
    s->gaps += d->gap ? 1 : 0;
    for (size_t i = 0; i < s->n; i++) {
        if (s->rails[i].counts)
            read_counter(s, d, &s->rails[i]);
        else
            read_gauge(d, &s->rails[i]);
        put_rail(s, d, &s->rails[i]);
    }
    put_machine(s, d);
}

static bool own(void *state)
{
    struct energy_state *s = state;
    return VEC_OWN(s->rails, s->cap, s->n);
}

static void release(void *state)
{
    struct energy_state *s = state;
    free(s->rails);
}

const struct decode_part decode_part_energy = {
    .name = "energy",
    .state_size = sizeof(struct energy_state),
    .begin = begin,
    .step = step,
    .own = own,
    .release = release,
};
