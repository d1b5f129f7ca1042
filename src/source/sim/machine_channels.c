/* SPDX-License-Identifier: MIT */
/* From clusters and a GPU to the channels that IOReport lists for them. The order of groups and the state names are
 * recorded (M1 registry legend; residencies of M1 Ultra, M3 Pro, M4 Pro). */
#include "source/sim/machine_channels.h"

#include <stdio.h>
#include <string.h>

#include "base/vec.h"

static uint64_t id_of(const char *name)
{
    uint64_t id = 0;

    for (unsigned i = 0; i < 8; i++) {
        id = id << 8 | (unsigned char)*name;
        name += *name != '\0';
    }
    return id;
}

struct machine_channel *machine_add_channel(struct machine *m, const char *group,
                                            const char *subgroup, const char *name,
                                            const char *unit, enum machine_channel_kind kind)
{
    const char *kept = machine_keep_text(m, name, strlen(name));
    struct machine_channel *c;

    if (kept == NULL || !VEC_GROW(m->channels, m->cap_channels, m->n_channels + 1))
        return NULL;
    c = &m->channels[m->n_channels++];
    *c = (struct machine_channel){
        .group = group, .subgroup = subgroup, .name = kept, .unit = unit, .kind = kind};
    c->id = id_of(name);
    c->domain = (struct machine_domain){.die = -1, .cluster = -1, .parts = 1};
    return c;
}

const char **machine_bucket_names(struct machine *m, double step_gb, unsigned n)
{
    const char **names = machine_keep(m, n * sizeof *names);
    char *text = machine_keep(m, n * 16);

    if (names == NULL || text == NULL)
        return NULL;
    for (unsigned i = 0; i < n; i++) {
        snprintf(text + i * 16, 16, "%4.0fGB/s", step_gb * (i + 1));
        names[i] = text + i * 16;
    }
    return names;
}

/* V0 … Vn-1, of which none is idle (recorded: counted on an M1, named on an M1 Pro). */
static const char **voltage_states(struct machine *m, unsigned n)
{
    const char **names = machine_keep(m, (n + 1) * sizeof *names);
    char *text = machine_keep(m, (n + 1) * 16);

    if (names == NULL || text == NULL)
        return NULL;
    for (unsigned i = 0; i < n; i++) {
        snprintf(text + i * 16, 16, "V%u", i);
        names[i] = text + i * 16;
    }
    return names;
}

/* [DOWN,] IDLE, V0Pn-1 … Vn-1P0. */
static const char **cluster_states(struct machine *m, bool has_down, unsigned n, unsigned *total)
{
    const char **names;
    char *text = machine_keep(m, (n + 1) * 24);
    unsigned at = 0;

    *total = n + has_down + 1;
    names = machine_keep(m, (*total + 1) * sizeof *names);
    if (names == NULL || text == NULL)
        return NULL;
    if (has_down)
        names[at++] = "DOWN";
    names[at++] = "IDLE";
    for (unsigned i = 0; i < n; i++) {
        snprintf(text + i * 24, 24, "V%uP%u", i, n - 1 - i);
        names[at++] = text + i * 24;
    }
    return names;
}

static const char **gpu_states(struct machine *m, unsigned n)
{
    const char **names = machine_keep(m, (n + 1) * sizeof *names);
    char *text = machine_keep(m, (n + 1) * 8);

    if (names == NULL || text == NULL)
        return NULL;
    names[0] = "OFF";
    for (unsigned i = 1; i <= n; i++) {
        snprintf(text + i * 8, 8, "P%u", i);
        names[i] = text + i * 8;
    }
    return names;
}

/* PATTERN with {core} replaced. */
static void expand(const char *pattern, unsigned core, char *out, size_t n)
{
    const char *at = strstr(pattern, "{core}");

    if (at == NULL)
        snprintf(out, n, "%s", pattern);
    else
        snprintf(out, n, "%.*s%u%s", (int)(at - pattern), pattern, core, at + 6);
}

static bool add_states(struct machine *m, const char *subgroup, const char *name,
                       enum machine_channel_kind kind, struct machine_domain d, const char **states,
                       unsigned n)
{
    struct machine_channel *c;

    if (name[0] == '\0' || states == NULL)
        return states != NULL;
    c = machine_add_channel(m, "CPU Stats", subgroup, name, "24Mticks", kind);
    if (c == NULL)
        return false;
    c->domain = d;
    c->states = states;
    c->n_states = n;
    return true;
}

static bool add_rail(struct machine *m, const char *name, struct machine_domain d)
{
    struct machine_channel *c;

    if (name[0] == '\0')
        return true;
    c = machine_add_channel(m, "Energy Model", "", name, "mJ", CHANNEL_ENERGY);
    if (c == NULL)
        return false;
    c->domain = d;
    c->joules = 1e-3;
    return true;
}

static bool add_cluster(struct machine *m, unsigned at)
{
    struct machine_cluster *c = &m->clusters[at];
    struct machine_domain d = {
        .kind = DOMAIN_CLUSTER, .die = (int)c->die, .cluster = (int)at, .parts = 1};
    const char **states, **volts;
    unsigned n;
    char name[96];
    bool ok;

    states = cluster_states(m, c->has_down, c->states, &n);
    volts = voltage_states(m, c->states);
    ok = add_states(m, "CPU Complex Performance States", c->complex_channel, CHANNEL_COMPLEX, d,
                    states, n) &&
         add_states(m, "CPU Complex Voltage States", c->complex_channel, CHANNEL_VOLTAGE, d, volts,
                    c->states) &&
         add_rail(m, c->rail, d);
    d.kind = DOMAIN_FABRIC;
    ok = ok &&
         add_states(m, "CPU Complex Performance States", c->fabric_channel, CHANNEL_FABRIC, d,
                    states, n) &&
         add_rail(m, c->fabric_rail, d);
    d.kind = DOMAIN_CORE;
    for (unsigned i = 0; i < c->cores && ok; i++) {
        d.core = (int)i;
        expand(c->core_channel, i, name, sizeof name);
        ok = add_states(m, "CPU Core Performance States", name, CHANNEL_CORE, d, states, n);
        expand(c->core_rail, i, name, sizeof name);
        ok = ok && add_rail(m, name, d);
    }
    return ok;
}

static bool add_gpu(struct machine *m)
{
    const char **states;
    struct machine_channel *c;

    if (m->gpu.channel[0] == '\0')
        return true;
    states = gpu_states(m, m->gpu.states);
    c = states != NULL ? machine_add_channel(m, "GPU Stats", "GPU Performance States",
                                             m->gpu.channel, "24Mticks", CHANNEL_GPU)
                       : NULL;
    if (c == NULL)
        return false;
    while (c->id != 0 && (c->id & 0xff) == 0) /* recorded on an M1: at the lower end */
        c->id >>= 8;
    c->domain.kind = DOMAIN_GPU;
    c->states = states;
    c->n_states = m->gpu.states + 1;
    return true;
}

/* Every energy channel gets the publication of its unit in its group, or a second of its own. */
static bool connect_publications(struct machine *m)
{
    for (size_t i = 0; i < m->n_channels; i++) {
        struct machine_channel *c = &m->channels[i];
        size_t p = 0;
        if (c->kind != CHANNEL_ENERGY && c->kind != CHANNEL_STEP)
            continue;
        while (p < m->n_publications && (strcmp(m->publications[p].group, c->group) != 0 ||
                                         strcmp(m->publications[p].unit, c->unit) != 0))
            p++;
        if (p == m->n_publications) {
            if (!VEC_GROW(m->publications, m->cap_publications, p + 1))
                return false;
            m->publications[m->n_publications++] = (struct machine_publication){
                .group = c->group, .unit = c->unit, .n = 1, .period_ns = {1000000000}};
        }
        c->publication = (unsigned)p;
    }
    return true;
}

bool machine_finish(struct machine *m)
{
    unsigned cpu = 0;

    m->n_dies = 1;
    for (size_t i = 0; i < m->n_clusters; i++) {
        struct machine_cluster *c = &m->clusters[i];
        const struct machine_table *t = machine_table_of(m, c->table);
        c->first_cpu = cpu;
        cpu += c->cores;
        if (c->states == 0 && t != NULL)
            c->states = t->n;
        if (c->die + 1 > m->n_dies)
            m->n_dies = c->die + 1;
        if (!add_cluster(m, (unsigned)i))
            return false;
    }
    if (cpu > 0)
        m->cpus = cpu;
    return add_gpu(m) && connect_publications(m);
}

const struct machine_table *machine_table_of(const struct machine *m, unsigned number)
{
    for (size_t i = 0; i < m->n_tables; i++)
        if (m->tables[i].number == number)
            return &m->tables[i];
    return NULL;
}

void machine_table_pair(const struct machine_table *t, unsigned i, bool as_period, uint8_t out[8])
{
    double hz = t->mhz[i] * 1e6;
    uint64_t f = (uint64_t)((t->khz ? hz / 1e3 : hz) + 0.5);

    if (as_period) /* recorded on five chips: MHz = 65536000 / value, the value cut to a whole number */
        f = t->mhz[i] > 0 ? (uint64_t)(65536000 / t->mhz[i]) : 0;
    for (unsigned b = 0; b < 4; b++) {
        out[b] = (uint8_t)(f >> 8 * b); /* what does not fit 32 bits is lost, as in the registry */
        out[4 + b] = (uint8_t)(t->mv[i] >> 8 * b);
    }
}
