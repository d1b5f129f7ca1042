/* SPDX-License-Identifier: MIT */
/* Building the map of CPUs; see cpus.h. */
#include "decode/linux/cpus.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/vec.h"

/* Designs of Apple's cores by part number of implementer 0x61: names as lscpu has them (documented there), and the rank
 * within their chip. Among all known parts the efficiency cores have even numbers and the performance cores odd ones:
 * unknown parts are ranked so (inferred). */
static const struct {
    uint32_t part;
    const char *name;
} apple_parts[] = {
    {0x022, "Icestorm"},  {0x024, "Icestorm"},  {0x028, "Icestorm"},  {0x023, "Firestorm"},
    {0x025, "Firestorm"}, {0x029, "Firestorm"}, {0x032, "Blizzard"},  {0x034, "Blizzard"},
    {0x038, "Blizzard"},  {0x033, "Avalanche"}, {0x035, "Avalanche"}, {0x039, "Avalanche"},
    {0x042, "Sawtooth"},  {0x044, "Sawtooth"},  {0x048, "Sawtooth"},  {0x043, "Everest"},
    {0x045, "Everest"},   {0x049, "Everest"},
};

/* As many CPUs as a kernel can be built for; a recording may name more, and some steps here take the square. */
enum { APPLE = 0x61, MAX_TIERS = 8, MAX_CPUS = 8192 };

int64_t property_at(const struct schema *s, const char *key, size_t i)
{
    uint64_t value;
    return schema_get_u64(s, key, i, &value) ? (int64_t)value : -1;
}

size_t property_count(const struct schema *s, const char *key)
{
    const struct property *p = schema_find_property(s, key);
    return p != NULL && p->type != SLOT_BYTES ? p->count : 0;
}

/* ---- policies -------------------------------------------------------------------------------------------------- */

static int32_t policy_channel(const struct schema *s, uint32_t number, const char *name)
{
    char key[64];
    (void)snprintf(key, sizeof key, "cpufreq/%u/%s", number, name);
    return schema_find_channel(s, key);
}

static double policy_max_hz(const struct schema *s, uint32_t number)
{
    char key[64];
    (void)snprintf(key, sizeof key, "cpufreq/%u/table_khz", number);
    int64_t khz = -1;
    for (size_t i = 0; i < property_count(s, key); i++)
        khz = property_at(s, key, i) > khz ? property_at(s, key, i) : khz;
    if (khz <= 0) {
        (void)snprintf(key, sizeof key, "cpufreq/%u/max_khz", number);
        khz = property_at(s, key, 0);
    }
    return khz > 0 ? (double)khz * 1e3 : 0;
}

/* scaling_cur_freq is what the hardware did where the kernel computes it from the APERF and MPERF counters (documented:
 * arch_freq_get_on_cpu) and on Apple's driver, which reads the cluster's current state (documented: its get callback).
 * Elsewhere it is what was asked for. */
static bool cur_is_real(const struct schema *s, uint32_t number)
{
    char key[64];
    (void)snprintf(key, sizeof key, "cpufreq/%u/driver", number);
    const char *driver = schema_get_text(s, key);
    return schema_find_property(s, "cpu/flag/aperfmperf") != NULL ||
           (driver != NULL && strncmp(driver, "apple", 5) == 0);
}

/* The names of the states of a time channel are their frequencies in kHz. */
static bool find_state_hz(struct cpu_map *m, const struct schema *s)
{
    m->state_hz = calloc(m->n_state_hz + 1, sizeof *m->state_hz);
    for (size_t i = 0; m->state_hz != NULL && i < m->n_policies; i++) {
        const struct policy *p = &m->policies[i];
        for (uint32_t k = 0; k < p->n_states; k++)
            m->state_hz[p->first_hz + k] =
                strtod(schema_state_name(s, &s->channels[p->time], k), NULL) * 1e3;
    }
    return m->state_hz != NULL;
}

static bool find_policies(struct cpu_map *m, const struct schema *s)
{
    m->n_policies = property_count(s, "cpufreq/policies");
    m->n_policies = m->n_policies < MAX_CPUS ? m->n_policies : MAX_CPUS;
    m->policies = calloc(m->n_policies + 1, sizeof *m->policies);
    if (m->policies == NULL)
        return false;
    for (size_t i = 0; i < m->n_policies; i++) {
        struct policy *p = &m->policies[i];
        p->number = (uint32_t)property_at(s, "cpufreq/policies", i);
        p->cur = policy_channel(s, p->number, "cur");
        p->limit = policy_channel(s, p->number, "limit");
        p->avg = policy_channel(s, p->number, "avg");
        p->time = policy_channel(s, p->number, "time");
        p->cluster = -1;
        p->n_states = p->time < 0 ? 0 : s->channels[p->time].count;
        p->first_hz = (uint32_t)m->n_state_hz;
        m->n_state_hz += p->n_states;
        p->max_hz = policy_max_hz(s, p->number);
        p->cur_is_real = cur_is_real(s, p->number);
    }
    return find_state_hz(m, s);
}

static struct cpu *cpu_of(const struct cpu_map *m, int64_t number)
{
    /* CPUs stand in ascending order and nearly always without holes. */
    size_t at = number >= 0 && (size_t)number < m->n_cpus ? (size_t)number : 0;
    if (m->n_cpus > 0 && m->cpus[at].number == number)
        return &m->cpus[at];
    for (size_t i = 0; i < m->n_cpus; i++)
        if (m->cpus[i].number == number)
            return &m->cpus[i];
    return NULL;
}

/* Give the CPUs of a policy their policy; where it spans more than one core, they share a clock. */
static void apply_policy(struct cpu_map *m, const struct schema *s, size_t at)
{
    char key[64];
    (void)snprintf(key, sizeof key, "cpufreq/%u/cpus", m->policies[at].number);
    const struct cpu *first = NULL;
    bool spans = false;
    for (size_t i = 0; i < property_count(s, key); i++) {
        struct cpu *c = cpu_of(m, property_at(s, key, i));
        if (c == NULL)
            continue;
        c->policy = (int32_t)at;
        first = first == NULL ? c : first;
        spans = spans || c->core != first->core || c->package != first->package ||
                (c != first && c->core < 0);
    }
    for (size_t i = 0; spans && i < m->n_cpus; i++)
        if (m->cpus[i].policy == (int32_t)at)
            m->cpus[i].shared = (uint32_t)at + 1;
}

/* ---- CPUs and their ranks ------------------------------------------------------------------------------------------ */

static const char *apple_part(int64_t midr)
{
    uint32_t part = (uint32_t)(midr >> 4) & 0xfff;
    for (size_t i = 0; i < sizeof apple_parts / sizeof apple_parts[0]; i++)
        if (midr > 0 && (midr >> 24 & 0xff) == APPLE && apple_parts[i].part == part)
            return apple_parts[i].name;
    return NULL;
}

/* A core's main ID register without variant and revision; Apple's as 0 or 1 by the part's last bit. */
static int64_t midr_rank(int64_t midr)
{
    if (midr > 0 && (midr >> 24 & 0xff) == APPLE)
        return midr >> 4 & 1;
    return 0;
}

static bool differs(const struct schema *s, const char *key)
{
    for (size_t i = 1; i < property_count(s, key); i++)
        if (property_at(s, key, i) != property_at(s, key, 0))
            return true;
    return false;
}

/* Capacities are of 1024; those of one design differ by their clocks alone when they are this near. */
static int64_t capacity_rank(const struct schema *s, size_t i)
{
    int64_t own = property_at(s, "cpu/capacity", i), rank = own;
    for (size_t other = 0; other < property_count(s, "cpu/capacity"); other++) {
        int64_t c = property_at(s, "cpu/capacity", other);
        if (c > rank && (double)c * 95 <= (double)own * 100)
            rank = c;
    }
    return rank;
}

/* What the CPU's rank is made of; offline CPUs may lack it. */
static const char *rank_fact(const struct schema *s)
{
    if (property_count(s, "cpu/kind") > 0)
        return "cpu/kind";
    return differs(s, "cpu/capacity") ? "cpu/capacity" : "cpu/midr";
}

static void rank_cpus(struct cpu_map *m, const struct schema *s)
{
    const char *fact = rank_fact(s);
    for (size_t i = 0; i < m->n_cpus; i++) {
        int64_t value = property_at(s, fact, i);
        if (strcmp(fact, "cpu/capacity") == 0)
            value = capacity_rank(s, i);
        else if (strcmp(fact, "cpu/midr") == 0)
            value = midr_rank(value);
        bool guess = m->cpus[i].time < 0 && i > 0 && property_at(s, fact, i) < 0;
        m->cpus[i].rank = guess ? m->cpus[i - 1].rank : value;
    }
}

/* Running number of (package, die) in the order they are met; dies is room for one pair a CPU. */
static uint32_t die_number(int64_t (*dies)[2], size_t *n, int64_t package, int64_t die)
{
    for (size_t i = 0; i < *n; i++)
        if (dies[i][0] == package && dies[i][1] == die)
            return (uint32_t)i;
    dies[*n][0] = package;
    dies[*n][1] = die;
    return (uint32_t)(*n)++;
}

static int32_t time_channel(const struct schema *s, uint32_t number)
{
    char key[32];
    (void)snprintf(key, sizeof key, "cpu/%u/time", number);
    return schema_find_channel(s, key);
}

static bool find_cpus(struct cpu_map *m, const struct schema *s)
{
    m->n_cpus = property_count(s, "cpu/present");
    m->n_cpus = m->n_cpus < MAX_CPUS ? m->n_cpus : MAX_CPUS;
    m->cpus = calloc(m->n_cpus + 1, sizeof *m->cpus);
    int64_t(*dies)[2] = calloc(m->n_cpus + 1, sizeof *dies);
    size_t n_dies = 0;
    for (size_t i = 0; m->cpus != NULL && dies != NULL && i < m->n_cpus; i++) {
        struct cpu *c = &m->cpus[i];
        c->number = (uint32_t)property_at(s, "cpu/present", i);
        c->cluster = c->policy = -1;
        c->time = time_channel(s, c->number);
        c->package = property_at(s, "cpu/package", i);
        c->core = property_at(s, "cpu/core", i);
        /* An offline CPU has no topology: it is taken to stand beside the one before it. */
        c->die = c->time < 0 && c->package < 0 && i > 0
                     ? m->cpus[i - 1].die
                     : die_number(dies, &n_dies, c->package, property_at(s, "cpu/die", i));
        c->part = apple_part(property_at(s, "cpu/midr", i));
    }
    free(dies);
    return m->cpus != NULL && dies != NULL;
}

/* ---- tiers ---------------------------------------------------------------------------------------------------------- */

/* Distinct ranks, ascending. More than MAX_TIERS are no tiers: the last one takes the rest. */
static size_t distinct_ranks(const struct cpu_map *m, int64_t ranks[MAX_TIERS])
{
    size_t n = 0;
    for (size_t i = 0; i < m->n_cpus; i++) {
        size_t at = 0;
        while (at < n && ranks[at] < m->cpus[i].rank)
            at++;
        if ((at < n && ranks[at] == m->cpus[i].rank) || n == MAX_TIERS)
            continue;
        memmove(ranks + at + 1, ranks + at, (n - at) * sizeof *ranks);
        ranks[at] = m->cpus[i].rank;
        n++;
    }
    return n;
}

/* Labels of tier i of n: the highest is P, the lowest of several E, those between M (M1, M2 … when there are more). */
static void tier_label(char label[8], size_t i, size_t n)
{
    if (i + 1 == n)
        (void)snprintf(label, 8, "P");
    else if (i == 0)
        (void)snprintf(label, 8, "E");
    else if (n == 3)
        (void)snprintf(label, 8, "M");
    else
        (void)snprintf(label, 8, "M%u", (unsigned)i);
}

/* Name for people: the design of the cores where it is known. */
static const char *tier_name(const struct cpu_map *m, size_t tier, size_t n)
{
    for (size_t i = 0; i < m->n_cpus; i++)
        if (m->cpus[i].tier == (int32_t)tier && m->cpus[i].part != NULL)
            return m->cpus[i].part;
    return n == 1 ? "CPU" : tier + 1 == n ? "Performance" : tier == 0 ? "Efficiency" : "Middle";
}

static bool make_tiers(struct cpu_map *m, struct topology *t)
{
    int64_t ranks[MAX_TIERS] = {0};
    char label[8];
    m->n_tiers = distinct_ranks(m, ranks);
    m->tier_max_hz = calloc(m->n_tiers + 1, sizeof *m->tier_max_hz);
    if (m->tier_max_hz == NULL)
        return false;
    for (size_t i = 0; i < m->n_cpus; i++)
        for (size_t tier = 0; tier < m->n_tiers && m->cpus[i].rank >= ranks[tier]; tier++)
            m->cpus[i].tier = (int32_t)tier;
    for (size_t tier = 0; tier < m->n_tiers; tier++) {
        tier_label(label, tier, m->n_tiers);
        (void)topology_add(t, ACTOP_SCOPE_TIER, label, tier_name(m, tier, m->n_tiers), label);
    }
    return true;
}

/* ---- clusters -------------------------------------------------------------------------------------------------------- */

static bool same_cluster(const struct cpu *a, const struct cpu *b)
{
    return a->tier == b->tier && a->die == b->die && a->shared == b->shared;
}

static void add_cluster(struct cpu_map *m, struct topology *t, const struct cpu *first,
                        unsigned number)
{
    char key[16], label[8];
    tier_label(label, (size_t)first->tier, m->n_tiers);
    (void)snprintf(key, sizeof key, "%s%u", label, number);
    int32_t row = topology_add(t, ACTOP_SCOPE_CLUSTER, key, NULL, label);
    if (row < 0)
        return;
    struct entity *e = topology_at(t, ACTOP_SCOPE_CLUSTER, row);
    e->parent = first->tier;
    e->parent_scope = ACTOP_SCOPE_TIER;
    e->index = number;
    e->die = first->die;
    m->clusters[row] = (struct cluster){.tier = first->tier, .table = -1, .first_state = -1};
    m->n_clusters++;
}

/* Clusters in the order of tier, then of their first CPU. */
static bool make_clusters(struct cpu_map *m, struct topology *t)
{
    m->clusters = calloc(m->n_cpus + 1, sizeof *m->clusters);
    for (size_t tier = 0; m->clusters != NULL && tier < m->n_tiers; tier++) {
        unsigned number = 0;
        for (size_t i = 0; i < m->n_cpus; i++) {
            const struct cpu *first = &m->cpus[i];
            if (first->tier != (int32_t)tier || first->cluster >= 0)
                continue;
            size_t row = m->n_clusters;
            add_cluster(m, t, first, number++);
            for (size_t j = i; m->n_clusters > row && j < m->n_cpus; j++)
                if (m->cpus[j].cluster < 0 && same_cluster(&m->cpus[j], first)) {
                    m->cpus[j].cluster = (int32_t)row;
                    m->clusters[row].n_cpus++;
                }
        }
    }
    return m->clusters != NULL;
}

static void make_cores(const struct cpu_map *m, struct topology *t)
{
    char key[16], label[8];
    for (size_t i = 0; i < m->n_cpus; i++) {
        const struct cpu *c = &m->cpus[i];
        (void)snprintf(key, sizeof key, "cpu%u", c->number);
        tier_label(label, (size_t)c->tier, m->n_tiers);
        int32_t row = topology_add(t, ACTOP_SCOPE_CORE, key, NULL, label);
        if (row < 0)
            return;
        struct entity *e = topology_at(t, ACTOP_SCOPE_CORE, row);
        e->parent = c->cluster;
        e->parent_scope = ACTOP_SCOPE_CLUSTER;
        e->id = e->index = c->number;
        e->die = c->die;
    }
}

/* ---- states ------------------------------------------------------------------------------------------------------------ */

static int32_t add_state(struct topology *t, int32_t cluster, const char *khz, uint32_t number)
{
    char key[64], owner[24];
    (void)snprintf(owner, sizeof owner, "%s",
                   pool_at(&t->pool, topology_at(t, ACTOP_SCOPE_CLUSTER, cluster)->key));
    (void)snprintf(key, sizeof key, "%s/%s", owner, khz);
    int32_t row = topology_add(t, ACTOP_SCOPE_PSTATE, key, NULL, NULL);
    if (row < 0)
        return row;
    struct entity *e = topology_at(t, ACTOP_SCOPE_PSTATE, row);
    e->parent = cluster;
    e->parent_scope = ACTOP_SCOPE_CLUSTER;
    e->index = number;
    e->flags = strcmp(khz, "idle") == 0 ? ACTOP_ENTITY_IDLE : 0;
    return row;
}

static void add_states(struct cpu_map *m, const struct decode_schema *d, int32_t row)
{
    struct cluster *c = &m->clusters[row];
    const struct channel *ch = &d->schema->channels[m->policies[c->table].time];
    c->n_states = ch->count;
    for (uint32_t i = 0; i < ch->count; i++) {
        int32_t state = add_state(d->topology, row, schema_state_name(d->schema, ch, i), i);
        c->first_state = i == 0 ? state : c->first_state;
    }
    (void)add_state(d->topology, row, "idle", ch->count);
}

/* What clusters and tiers have of their policies: the highest frequency, and whose table of states. */
static void join_policies(struct cpu_map *m, const struct decode_schema *d)
{
    for (size_t i = 0; i < m->n_cpus; i++) {
        const struct cpu *c = &m->cpus[i];
        if (c->policy < 0 || c->cluster < 0)
            continue;
        struct policy *p = &m->policies[c->policy];
        struct cluster *cluster = &m->clusters[c->cluster];
        p->cluster = p->cluster < 0 ? c->cluster : p->cluster;
        if (p->max_hz > cluster->max_hz)
            cluster->max_hz = p->max_hz;
        if (p->max_hz > m->tier_max_hz[c->tier])
            m->tier_max_hz[c->tier] = p->max_hz;
        if (cluster->table < 0 && p->time >= 0)
            cluster->table = c->policy;
    }
    for (size_t i = 0; i < m->n_clusters; i++)
        if (m->clusters[i].table >= 0)
            add_states(m, d, (int32_t)i);
}

/* ---- all ----------------------------------------------------------------------------------------------------------------- */

static bool build(struct cpu_map *m, struct decode_schema *d)
{
    if (!find_cpus(m, d->schema) || !find_policies(m, d->schema))
        return false;
    for (size_t i = 0; i < m->n_policies; i++)
        apply_policy(m, d->schema, i);
    rank_cpus(m, d->schema);
    if (!make_tiers(m, d->topology) || !make_clusters(m, d->topology))
        return false;
    make_cores(m, d->topology);
    join_policies(m, d);
    return !d->topology->failed;
}

bool cpu_map_build(struct cpu_map *m, struct decode_schema *d)
{
    cpu_map_release(m);
    if (build(m, d))
        return true;
    cpu_map_release(m);
    return false;
}

bool cpu_map_own(struct cpu_map *m)
{
    bool ok = VEC_OWN(m->cpus, m->n_cpus, m->n_cpus);
    ok = VEC_OWN(m->policies, m->n_policies, m->n_policies) && ok;
    ok = VEC_OWN(m->clusters, m->n_clusters, m->n_clusters) && ok;
    ok = VEC_OWN(m->tier_max_hz, m->n_tiers, m->n_tiers) && ok;
    return VEC_OWN(m->state_hz, m->n_state_hz, m->n_state_hz) && ok;
}

void cpu_map_release(struct cpu_map *m)
{
    free(m->cpus);
    free(m->policies);
    free(m->clusters);
    free(m->tier_max_hz);
    free(m->state_hz);
    *m = (struct cpu_map){0};
}
