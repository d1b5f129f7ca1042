/* SPDX-License-Identifier: MIT */
/* CPU: tiers, clusters and cores, their clocks and residencies.
 *
 * Clusters are what the complexes and core channels of IOReport name, by (die, letter, number); where the device tree knows the
 * logical CPUs they give order and numbers. Tiers are the distinct letters, ordered by logical CPU (recorded: the lowest tier
 * has the lowest numbers on every machine seen), else by highest frequency. A tier is called by the first letter
 * of its performance level's name where macOS gives one whose core count fits ("Super" → S), else by its own letter. A machine
 * without these channels (a virtual machine) has the cores its performance levels count, and mach's ticks.
 *
 * The channels tell the *requested* state; the cluster's fabric channel (…CPM) follows the realized clock (reported: oshi, on
 * an M4 under throttle). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cold.h"
#include "decode/apple/apple.h"

/* Far more cores, clusters and nodes than any machine has; a recording may say anything. */
enum { MAX_LETTERS = 26, MAX_LEVELS = 8, MAX_CORES = 1024, MAX_CLUSTERS = 128, MAX_NODES = 1024 };

#define GROUP_CORES "ioreport/CPU Stats/CPU Core Performance States"
#define GROUP_COMPLEXES "ioreport/CPU Stats/CPU Complex Performance States"
#define GROUP_VOLTS "ioreport/CPU Stats/CPU Complex Voltage States"

struct core {
    struct apple_cluster_name cluster;
    uint32_t number; /* within the cluster */
    int32_t channel; /* -1 none */
    int32_t ticks;   /* mach channel; -1 none */
    int32_t row;     /* in the topology */
    int32_t parent;  /* in clusters */
    uint32_t logical;
    bool has_logical;
    struct apple_follow follow;
};

struct cluster {
    struct apple_cluster_name name;
    int32_t complex, fabric, volts; /* channels; -1 none */
    int32_t tier;                   /* row */
    int32_t row;
    int32_t first_state; /* row of its first P-state; -1 none */
    double ticks_per_s;  /* of its cores' residencies; 0 unknown */
    uint32_t rank;       /* among the clusters of its die, lowest tier first */
    uint32_t n_cores;
    struct apple_dvfs dvfs;
    struct apple_states states, complex_states, fabric_states, volts_states;
    struct apple_follow whole, realized, supply; /* of the complex, the fabric and the voltage */
    double ratio[APPLE_MAX_STATES];              /* of its cores' last interval */
    int64_t ratio_at_ns;
    bool has_ratio;
    double time_s[APPLE_MAX_STATES]; /* of a core on average, since the session began */
};

struct tier {
    char letter;
    char label[8];
    uint32_t n_cores;
    uint32_t lowest_logical; /* UINT32_MAX unknown */
    double max_hz;
};

struct cpu {
    struct core *cores;       /* owned; in order of rows */
    struct cluster *clusters; /* owned; in order of rows */
    struct tier tiers[MAX_LETTERS];
    size_t n_cores, cap_cores, n_clusters, cap_clusters;
    uint32_t n_tiers;
    uint16_t via, via_mach;
};

/* ---- What the schema names -------------------------------------------------------------------------------------------- */

static struct cluster *find_cluster(struct cpu *cpu, const struct apple_cluster_name *name)
{
    for (size_t i = 0; i < cpu->n_clusters; i++)
        if (apple_same_cluster(&cpu->clusters[i].name, name))
            return &cpu->clusters[i];
    return NULL;
}

static struct cluster *need_cluster(struct cpu *cpu, const struct apple_cluster_name *name)
{
    struct cluster *c = find_cluster(cpu, name);
    if (c != NULL)
        return c;
    if (!VEC_GROW(cpu->clusters, cpu->cap_clusters, cpu->n_clusters + 1))
        return NULL;
    c = &cpu->clusters[cpu->n_clusters++];
    *c = (struct cluster){.name = *name,
                          .complex = -1,
                          .fabric = -1,
                          .volts = -1,
                          .tier = -1,
                          .row = -1,
                          .first_state = -1};
    return c;
}

static struct core *add_core(struct cpu *cpu)
{
    if (!VEC_GROW(cpu->cores, cpu->cap_cores, cpu->n_cores + 1))
        return NULL;
    struct core *c = &cpu->cores[cpu->n_cores++];
    *c = (struct core){.channel = -1, .ticks = -1, .row = -1, .parent = -1};
    return c;
}

static struct core *find_core(struct cpu *cpu, const struct apple_cluster_name *name,
                              uint32_t number)
{
    for (size_t i = 0; i < cpu->n_cores; i++)
        if (cpu->cores[i].number == number && apple_same_cluster(&cpu->cores[i].cluster, name))
            return &cpu->cores[i];
    return NULL;
}

/* For another core, and for its cluster. */
static bool has_room(struct cpu *cpu, const struct apple_cluster_name *cluster)
{
    return cpu->n_cores < MAX_CORES &&
           (cpu->n_clusters < MAX_CLUSTERS || find_cluster(cpu, cluster) != NULL);
}

static bool take_core_channel(struct cpu *cpu, const struct schema *s, int32_t channel)
{
    struct apple_cpu_name name =
        apple_parse_cpu(schema_text(s, s->channels[channel].name), APPLE_NAME_CORES);
    if (name.kind != APPLE_CPU_CORE || !has_room(cpu, &name.cluster) ||
        find_core(cpu, &name.cluster, name.core) != NULL)
        return true;
    struct core *core = add_core(cpu);
    if (core == NULL || need_cluster(cpu, &name.cluster) == NULL)
        return false;
    core->cluster = name.cluster;
    core->number = name.core;
    core->channel = channel;
    return true;
}

static bool take_complex_channel(struct cpu *cpu, const struct schema *s, int32_t channel)
{
    struct apple_cpu_name name =
        apple_parse_cpu(schema_text(s, s->channels[channel].name), APPLE_NAME_COMPLEXES);
    if ((name.kind != APPLE_CPU_CLUSTER && name.kind != APPLE_CPU_FABRIC) ||
        !has_room(cpu, &name.cluster))
        return true;
    struct cluster *c = need_cluster(cpu, &name.cluster);
    if (c == NULL)
        return false;
    int32_t *which = name.kind == APPLE_CPU_FABRIC ? &c->fabric : &c->complex;
    if (*which < 0)
        *which = channel;
    return true;
}

static bool take_channels(struct cpu *cpu, const struct schema *s)
{
    for (int32_t i = 0; i < (int32_t)s->n_channels; i++) {
        const struct channel *c = &s->channels[i];
        if (c->count < 2)
            continue;
        if (apple_in_group(s, c, GROUP_CORES) && !take_core_channel(cpu, s, i))
            return false;
        if (apple_in_group(s, c, GROUP_COMPLEXES) && !take_complex_channel(cpu, s, i))
            return false;
    }
    return true;
}

/* Voltage states belong to clusters that others name. */
static void take_volts(struct cpu *cpu, const struct schema *s)
{
    for (int32_t i = 0; i < (int32_t)s->n_channels; i++) {
        if (!apple_in_group(s, &s->channels[i], GROUP_VOLTS))
            continue;
        struct apple_cpu_name name =
            apple_parse_cpu(schema_text(s, s->channels[i].name), APPLE_NAME_COMPLEXES);
        struct cluster *c = name.kind == APPLE_CPU_CLUSTER ? find_cluster(cpu, &name.cluster)
                                                           : NULL;
        if (c != NULL && c->volts < 0)
            c->volts = i;
    }
}

/* ---- What the device tree knows ----------------------------------------------------------------------------------------- */

/* One node: its letter, die, cluster and logical CPU. */
struct node {
    char letter;
    uint64_t die, cluster, logical;
};

static uint64_t node_number(const struct schema *s, const char *node, size_t node_len,
                            const char *what, uint64_t otherwise)
{
    char key[96];
    uint64_t value = otherwise;
    (void)snprintf(key, sizeof key, "cpu/%.*s/%s", (int)node_len, node, what);
    return schema_get_u64(s, key, 0, &value) ? value : otherwise;
}

/* Fill *out from a property "cpu/NAME/cluster-type"; false when it is not one. */
static bool read_node(const struct schema *s, const struct property *p, struct node *out)
{
    const char *key = schema_text(s, p->key);
    const char *end = strrchr(key, '/');
    if (!apple_starts(key, "cpu/") || end == NULL || end <= key + 4 ||
        strcmp(end, "/cluster-type") != 0)
        return false;
    size_t len = (size_t)(end - key) - 4;
    out->letter = schema_text(s, p->first)[0];
    out->die = node_number(s, key + 4, len, "die-id", 0);
    out->cluster = node_number(s, key + 4, len, "cluster-id", 0);
    out->logical = node_number(s, key + 4, len, "logical-cpu-id", UINT64_MAX);
    return out->letter != '\0';
}

/* All nodes with a logical CPU; *n of them in a new array that is the caller's. NULL: out of memory. */
static struct node *read_nodes(const struct schema *s, size_t *n)
{
    struct node *nodes = NULL;
    size_t cap = 0;
    *n = 0;
    if (!VEC_GROW(nodes, cap, 16))
        return NULL;
    for (size_t i = 0; i < s->n_properties && *n < MAX_NODES; i++) {
        struct node node;
        if (!read_node(s, &s->properties[i], &node))
            continue;
        if (!VEC_GROW(nodes, cap, *n + 1)) {
            free(nodes);
            *n = 0;
            return NULL;
        }
        nodes[(*n)++] = node;
    }
    return nodes;
}

/* The number of a node's cluster among those of its letter and die: distinct lower cluster ids. Its core: lower logical CPUs in
 * the same cluster. */
static void place_node(const struct node *nodes, size_t n_nodes, const struct node *n,
                       uint32_t *number, uint32_t *core)
{
    uint64_t lower[64];
    uint32_t n_lower = 0;
    *core = 0;
    for (size_t i = 0; i < n_nodes; i++) {
        const struct node *other = &nodes[i];
        if (other->letter != n->letter || other->die != n->die)
            continue;
        if (other->cluster == n->cluster)
            *core += other->logical < n->logical;
        bool known = other->cluster >= n->cluster;
        for (uint32_t k = 0; k < n_lower && !known; k++)
            known = lower[k] == other->cluster;
        if (!known && n_lower < 64)
            lower[n_lower++] = other->cluster;
    }
    *number = n_lower;
}

/* A node's core, made when there are no channels to name it (nameless); NULL in *out: none. False: out of memory. */
static bool core_of_node(struct cpu *cpu, const struct apple_cluster_name *name, uint32_t index,
                         bool nameless, struct core **out)
{
    *out = find_core(cpu, name, index);
    if (*out != NULL || !nameless || !has_room(cpu, name))
        return true;
    *out = add_core(cpu);
    if (*out == NULL || need_cluster(cpu, name) == NULL)
        return false;
    (*out)->cluster = *name;
    (*out)->number = index;
    return true;
}

/* Give cores their logical CPUs; a node without channels becomes a core when the schema names none at all. */
static bool take_nodes(struct cpu *cpu, const struct schema *s)
{
    bool nameless = cpu->n_cores == 0, ok = true;
    size_t n_nodes;
    struct node *nodes = read_nodes(s, &n_nodes); /* owned */
    for (size_t i = 0; i < n_nodes && ok; i++) {
        const struct node *n = &nodes[i];
        uint32_t number, index;
        struct core *core = NULL;
        if (n->logical >= 4096)
            continue;
        place_node(nodes, n_nodes, n, &number, &index);
        struct apple_cluster_name name = {(uint32_t)n->die, n->letter, number};
        ok = core_of_node(cpu, &name, index, nameless, &core);
        if (ok && core != NULL && !core->has_logical) {
            core->logical = (uint32_t)n->logical;
            core->has_logical = true;
        }
    }
    free(nodes);
    return ok && nodes != NULL;
}

static uint64_t level_number(const struct schema *s, uint64_t level, const char *what)
{
    char key[64];
    uint64_t value = 0;
    (void)snprintf(key, sizeof key, "sysctl/hw.perflevel%u.%s", (unsigned)level, what);
    return schema_get_u64(s, key, 0, &value) ? value : 0;
}

static const char *level_name(const struct schema *s, uint64_t level)
{
    char key[64];
    (void)snprintf(key, sizeof key, "sysctl/hw.perflevel%u.name", (unsigned)level);
    const char *name = schema_get_text(s, key);
    return name != NULL ? name : "";
}

static uint64_t level_count(const struct schema *s)
{
    uint64_t n = 0;
    if (!schema_get_u64(s, "sysctl/hw.nperflevels", 0, &n) || n > MAX_LEVELS)
        return 0;
    return n;
}

/* A machine that names no core anywhere: as many as its levels count, the slowest level first (inferred from the order of
 * logical CPUs elsewhere). Letters Z, Y, X … only keep the levels apart. */
static bool count_levels(struct cpu *cpu, const struct schema *s)
{
    uint64_t levels = level_count(s);
    uint32_t logical = 0;
    for (uint64_t at = 0; at < (levels == 0 ? 1 : levels); at++) {
        uint64_t level = levels == 0 ? 0 : levels - 1 - at;
        uint64_t n = levels == 0 ? 0 : level_number(s, level, "logicalcpu");
        if (n == 0 && levels <= 1)
            (void)schema_get_u64(s, "sysctl/hw.logicalcpu", 0, &n);
        struct apple_cluster_name name = {0, (char)('Z' - (char)level), 0};
        if (n > MAX_CORES || (n > 0 && need_cluster(cpu, &name) == NULL))
            return n > MAX_CORES;
        for (uint64_t i = 0; i < n; i++) {
            struct core *core = add_core(cpu);
            if (core == NULL)
                return false;
            core->cluster = name;
            core->number = (uint32_t)i;
            core->logical = logical++;
            core->has_logical = true;
        }
    }
    return true;
}

/* ---- Tiers ----------------------------------------------------------------------------------------------------------------- */

static struct tier *tier_of(struct cpu *cpu, char letter)
{
    for (uint32_t i = 0; i < cpu->n_tiers; i++)
        if (cpu->tiers[i].letter == letter)
            return &cpu->tiers[i];
    return NULL;
}

static void count_tiers(struct cpu *cpu)
{
    cpu->n_tiers = 0;
    for (size_t i = 0; i < cpu->n_cores; i++) {
        const struct core *core = &cpu->cores[i];
        struct tier *t = tier_of(cpu, core->cluster.letter);
        if (t == NULL && cpu->n_tiers < MAX_LETTERS) {
            t = &cpu->tiers[cpu->n_tiers++];
            *t = (struct tier){.letter = core->cluster.letter, .lowest_logical = UINT32_MAX};
        }
        if (t == NULL)
            continue;
        t->n_cores++;
        if (core->has_logical && core->logical < t->lowest_logical)
            t->lowest_logical = core->logical;
    }
    for (size_t i = 0; i < cpu->n_clusters; i++) {
        struct tier *t = tier_of(cpu, cpu->clusters[i].name.letter);
        double max = cpu->clusters[i].dvfs.max_hz;
        if (t != NULL && max > t->max_hz)
            t->max_hz = max;
    }
}

/* Lowest first. Without logical CPUs and clocks the letters decide, in the order E, M, P, S, others before them: that is how they
 * are ranked on every chip seen. */
static int letter_rank(char letter)
{
    static const char order[] = "EMPS";
    const char *at = strchr(order, letter);
    return letter != '\0' && at != NULL ? (int)(at - order) + 1 : 0;
}

COLD static int compare_tiers(const void *a, const void *b)
{
    const struct tier *x = a, *y = b;
    if (x->lowest_logical != y->lowest_logical)
        return x->lowest_logical < y->lowest_logical ? -1 : 1;
    if (letter_rank(x->letter) != letter_rank(y->letter))
        return letter_rank(x->letter) < letter_rank(y->letter) ? -1 : 1;
    return x->max_hz < y->max_hz   ? -1
           : x->max_hz > y->max_hz ? 1
                                   : (x->letter > y->letter) - (x->letter < y->letter);
}

/* By logical CPU where that is known of all tiers: two ways to compare give no order. */
static void sort_tiers(struct cpu *cpu)
{
    bool known = true;
    for (uint32_t i = 0; i < cpu->n_tiers; i++)
        known = known && cpu->tiers[i].lowest_logical != UINT32_MAX;
    for (uint32_t i = 0; i < cpu->n_tiers && !known; i++)
        cpu->tiers[i].lowest_logical = UINT32_MAX;
    qsort(cpu->tiers, cpu->n_tiers, sizeof cpu->tiers[0], compare_tiers);
}

/* Levels are counted from the fastest, tiers from the slowest. A level's name is a tier's if their core counts agree. */
static void label_tiers(struct cpu *cpu, const struct schema *s)
{
    uint64_t levels = level_count(s);
    for (uint32_t i = 0; i < cpu->n_tiers; i++) {
        struct tier *t = &cpu->tiers[i];
        uint64_t level = cpu->n_tiers - 1 - i;
        const char *name = level_name(s, level);
        bool same = levels == cpu->n_tiers && level_number(s, level, "physicalcpu") == t->n_cores;
        bool unnamed = t->letter > 'S' && letter_rank(t->letter) == 0;
        char usual = i + 1 == cpu->n_tiers ? 'P' : i == 0 ? 'E' : 'M';
        char label = same && name[0] != '\0' ? name[0] : unnamed ? usual : t->letter;
        (void)snprintf(t->label, sizeof t->label, "%c", label);
    }
}

/* ---- Order -------------------------------------------------------------------------------------------------------------------- */

static int compare_names(const struct cpu *cpu, const struct apple_cluster_name *a,
                         const struct apple_cluster_name *b)
{
    uint32_t tier_a = 0, tier_b = 0;
    for (uint32_t i = 0; i < cpu->n_tiers; i++) {
        tier_a = cpu->tiers[i].letter == a->letter ? i : tier_a;
        tier_b = cpu->tiers[i].letter == b->letter ? i : tier_b;
    }
    if (tier_a != tier_b)
        return tier_a < tier_b ? -1 : 1;
    if (a->die != b->die)
        return a->die < b->die ? -1 : 1;
    return (a->number > b->number) - (a->number < b->number);
}

/* Insertion sort: a few hundred elements, mostly in order, once for a schema; qsort has no context. */
static void sort_clusters(struct cpu *cpu)
{
    for (size_t i = 1; i < cpu->n_clusters; i++) {
        struct cluster c = cpu->clusters[i];
        size_t at = i;
        for (; at > 0 && compare_names(cpu, &c.name, &cpu->clusters[at - 1].name) < 0; at--)
            cpu->clusters[at] = cpu->clusters[at - 1];
        cpu->clusters[at] = c;
    }
}

static int compare_cores(const struct cpu *cpu, const struct core *a, const struct core *b)
{
    int by_name = compare_names(cpu, &a->cluster, &b->cluster);
    return by_name != 0 ? by_name : (a->number > b->number) - (a->number < b->number);
}

static bool all_logical(const struct cpu *cpu)
{
    for (size_t i = 0; i < cpu->n_cores; i++)
        if (!cpu->cores[i].has_logical)
            return false;
    return true;
}

/* First by tier, die, cluster, core: the place there is a core's logical CPU where none is known (inferred). Then by logical
 * CPU. */
static void sort_cores(struct cpu *cpu)
{
    bool known = all_logical(cpu);
    for (size_t i = 1; i < cpu->n_cores; i++) {
        struct core c = cpu->cores[i];
        size_t at = i;
        for (; at > 0; at--) {
            const struct core *before = &cpu->cores[at - 1];
            if (known ? c.logical >= before->logical : compare_cores(cpu, &c, before) >= 0)
                break;
            cpu->cores[at] = cpu->cores[at - 1];
        }
        cpu->cores[at] = c;
    }
    for (size_t i = 0; i < cpu->n_cores && !known; i++)
        cpu->cores[i].logical = (uint32_t)i;
}

/* ---- Clocks ---------------------------------------------------------------------------------------------------------------------- */

static int32_t first_core_channel(const struct cpu *cpu, const struct cluster *c)
{
    for (size_t i = 0; i < cpu->n_cores; i++)
        if (cpu->cores[i].channel >= 0 && apple_same_cluster(&cpu->cores[i].cluster, &c->name))
            return cpu->cores[i].channel;
    return -1;
}

static uint32_t count_active(const struct schema *s, int32_t channel)
{
    uint32_t n = 0;
    for (uint32_t i = 0; channel >= 0 && i < s->channels[channel].count; i++)
        n += apple_state_kind(schema_state_name(s, &s->channels[channel], i)) == APPLE_STATE_ACTIVE;
    return n;
}

static void find_clocks(struct cpu *cpu, const struct schema *s)
{
    for (size_t i = 0; i < cpu->n_clusters; i++) {
        struct cluster *c = &cpu->clusters[i];
        int32_t channel = first_core_channel(cpu, c);
        channel = channel >= 0 ? channel : c->complex;
        c->rank = 0;
        for (size_t k = 0; k < cpu->n_clusters; k++)
            c->rank += cpu->clusters[k].name.die == c->name.die &&
                       compare_names(cpu, &cpu->clusters[k].name, &c->name) < 0;
        memset(&c->dvfs, 0, sizeof c->dvfs);
        c->states.n = c->complex_states.n = c->fabric_states.n = c->volts_states.n = 0;
        if (channel < 0)
            continue;
        apple_dvfs_for_cluster(s, &c->name, c->rank, count_active(s, channel), &c->dvfs);
        apple_states_init(&c->states, s, channel, &c->dvfs);
        c->ticks_per_s = apple_ticks_per_s(schema_text(s, s->channels[channel].unit));
        if (c->complex >= 0)
            apple_states_init(&c->complex_states, s, c->complex, &c->dvfs);
        if (c->fabric >= 0)
            apple_states_init(&c->fabric_states, s, c->fabric, &c->dvfs);
        if (c->volts >= 0)
            (void)apple_volts_init(&c->volts_states, s, c->volts, &c->states);
    }
}

/* ---- Entities ---------------------------------------------------------------------------------------------------------------------- */

static int32_t tier_row(const struct cpu *cpu, char letter)
{
    for (uint32_t i = 0; i < cpu->n_tiers; i++)
        if (cpu->tiers[i].letter == letter)
            return (int32_t)i;
    return -1;
}

static bool add_states(struct cluster *c, const struct schema *s, struct topology *t,
                       int32_t channel)
{
    for (uint32_t i = 0; i < c->states.n; i++) {
        int32_t row = topology_add(t, ACTOP_SCOPE_PSTATE,
                                   schema_state_name(s, &s->channels[channel], i), NULL, NULL);
        if (row < 0)
            return false;
        struct entity *e = topology_at(t, ACTOP_SCOPE_PSTATE, row);
        e->parent = c->row;
        e->parent_scope = ACTOP_SCOPE_CLUSTER;
        e->index = i;
        e->die = c->name.die;
        e->flags = c->states.kind[i] == APPLE_STATE_ACTIVE ? 0 : ACTOP_ENTITY_IDLE;
        if (i == 0)
            c->first_state = row;
    }
    return true;
}

/* As its complex is called, or would be; energy finds a cluster's rails by it. "" where nothing names cores. */
static void name_cluster(const struct cpu *cpu, const struct cluster *c, const struct schema *s,
                         char *name, size_t cap)
{
    name[0] = '\0';
    if (c->complex >= 0) {
        (void)snprintf(name, cap, "%s", schema_text(s, s->channels[c->complex].name));
    } else if (first_core_channel(cpu, c) >= 0) {
        char die[16] = "", number[16] = "";
        if (c->name.die > 0)
            (void)snprintf(die, sizeof die, "DIE_%u_", (unsigned)c->name.die);
        if (c->name.number > 0)
            (void)snprintf(number, sizeof number, "%u", (unsigned)c->name.number);
        (void)snprintf(name, cap, "%s%cCPU%s", die, c->name.letter, number);
    }
}

static bool add_clusters(struct cpu *cpu, const struct schema *s, struct topology *t)
{
    uint32_t index[MAX_LETTERS] = {0};
    for (size_t i = 0; i < cpu->n_clusters; i++) {
        struct cluster *c = &cpu->clusters[i];
        c->tier = tier_row(cpu, c->name.letter);
        c->first_state = -1;
        if (c->tier < 0)
            continue;
        char key[24];
        uint32_t number = index[c->tier]++;
        (void)snprintf(key, sizeof key, "%s%u", cpu->tiers[c->tier].label, number);
        char name[32];
        name_cluster(cpu, c, s, name, sizeof name);
        c->row = topology_add(t, ACTOP_SCOPE_CLUSTER, key, name, cpu->tiers[c->tier].label);
        if (c->row < 0)
            return false;
        struct entity *e = topology_at(t, ACTOP_SCOPE_CLUSTER, c->row);
        e->parent = c->tier;
        e->parent_scope = ACTOP_SCOPE_TIER;
        e->index = number;
        e->die = c->name.die;
        int32_t channel = first_core_channel(cpu, c);
        channel = channel >= 0 ? channel : c->complex;
        if (channel >= 0 && !add_states(c, s, t, channel))
            return false;
    }
    return true;
}

static bool add_cores(struct cpu *cpu, const struct schema *s, struct topology *t)
{
    uint32_t index[MAX_LETTERS] = {0};
    for (size_t i = 0; i < cpu->n_cores; i++) {
        struct core *core = &cpu->cores[i];
        struct cluster *c = find_cluster(cpu, &core->cluster);
        char key[32];
        (void)snprintf(key, sizeof key, "cpu%u", core->logical);
        core->row = c == NULL || c->tier < 0
                        ? -1
                        : topology_add(t, ACTOP_SCOPE_CORE, key, NULL, cpu->tiers[c->tier].label);
        if (core->row < 0)
            return c == NULL || c->tier < 0;
        struct entity *e = topology_at(t, ACTOP_SCOPE_CORE, core->row);
        e->id = core->logical;
        e->parent = c->row;
        e->parent_scope = ACTOP_SCOPE_CLUSTER;
        e->die = core->cluster.die;
        e->index = index[c->tier]++;
        core->parent = (int32_t)(c - cpu->clusters);
        c->n_cores++;
        (void)snprintf(key, sizeof key, "mach/cpu/%u/ticks", core->logical);
        core->ticks = schema_find_channel(s, key);
    }
    return true;
}

static bool add_entities(struct cpu *cpu, const struct schema *s, struct topology *t)
{
    for (uint32_t i = 0; i < cpu->n_tiers; i++)
        if (topology_add(t, ACTOP_SCOPE_TIER, cpu->tiers[i].label,
                         level_name(s, cpu->n_tiers - 1 - i), cpu->tiers[i].label) < 0)
            return false;
    return add_clusters(cpu, s, t) && add_cores(cpu, s, t);
}

/* What was there before a new schema. */
struct before {
    struct core *cores;       /* owned */
    struct cluster *clusters; /* owned */
    size_t n_cores, n_clusters;
};

static struct before take_before(struct cpu *cpu)
{
    struct before b = {cpu->cores, cpu->clusters, cpu->n_cores, cpu->n_clusters};
    cpu->cores = NULL;
    cpu->clusters = NULL;
    cpu->n_clusters = cpu->cap_clusters = cpu->n_cores = cpu->cap_cores = 0;
    return b;
}

/* Totals and values held go on across schemas, under the same name and states. */
static void carry_over(struct cpu *cpu, struct before *b)
{
    for (size_t i = 0; i < b->n_clusters; i++) {
        const struct cluster *old = &b->clusters[i];
        struct cluster *c = find_cluster(cpu, &old->name);
        if (c == NULL || c->states.n != old->states.n)
            continue;
        memcpy(c->time_s, old->time_s, sizeof c->time_s);
        memcpy(c->ratio, old->ratio, sizeof c->ratio);
        c->ratio_at_ns = old->ratio_at_ns;
        c->has_ratio = old->has_ratio;
        c->whole = old->whole;
        c->realized = old->realized;
        c->supply = old->supply;
    }
    for (size_t i = 0; i < b->n_cores; i++) {
        struct core *core = find_core(cpu, &b->cores[i].cluster, b->cores[i].number);
        if (core != NULL)
            core->follow = b->cores[i].follow;
    }
    free(b->cores);
    free(b->clusters);
}

COLD static bool begin(void *state, struct decode_schema *d)
{
    struct cpu *cpu = state;
    struct before before = take_before(cpu);
    bool ok = take_channels(cpu, d->schema) && take_nodes(cpu, d->schema);
    if (ok && cpu->n_cores == 0)
        ok = count_levels(cpu, d->schema);
    take_volts(cpu, d->schema);
    count_tiers(cpu);
    sort_clusters(cpu);
    find_clocks(cpu, d->schema);
    count_tiers(cpu);
    sort_tiers(cpu);
    label_tiers(cpu, d->schema);
    sort_clusters(cpu);
    find_clocks(cpu, d->schema);
    sort_cores(cpu);
    carry_over(cpu, &before);
    cpu->via = topology_via(d->topology, "ioreport/CPU Stats");
    cpu->via_mach = topology_via(d->topology, "mach/cpu");
    return ok && add_entities(cpu, d->schema, d->topology);
}

/* ---- A frame --------------------------------------------------------------------------------------------------------------------------- */

/* Sums over the cores of a cluster in this frame, and when the oldest of their intervals ended. */
struct sums {
    double util, scaled, weighted_hz, active, down, fastest_hz;
    double ticks[APPLE_MAX_STATES];
    int64_t at_ns;
    uint32_t n, n_clocked; /* cores with a value; those whose value is a residency */
    actop_state absence;   /* of a core without a value */
};

/* Elements user, system, idle, nice. */
static bool mach_busy(const struct decode_frame *d, int32_t channel, double *busy, double *all)
{
    double parts[4];
    for (uint32_t i = 0; i < 4; i++) {
        struct counter_step step;
        if (!decode_step(d, channel, i, &step))
            return false;
        parts[i] = (double)step.grew;
    }
    *all = parts[0] + parts[1] + parts[2] + parts[3];
    *busy = *all - parts[2];
    return *all > 0;
}

static void put_core(struct decode_frame *d, const struct core *core, const struct cluster *c,
                     uint16_t via)
{
    const struct apple_follow *r = &core->follow;
    double max = c->dvfs.max_hz;
    uint32_t row = (uint32_t)core->row;
    apple_put(d, ACTOP_METRIC_CORE_UTIL, row, r->active, r->at_ns, ACTOP_MEASURED, via);
    if (r->hz > 0)
        apple_put(d, ACTOP_METRIC_CORE_FREQ, row, r->hz, r->at_ns, ACTOP_DERIVED, via);
    if (r->hz > 0 && max > 0)
        apple_put(d, ACTOP_METRIC_CORE_SCALED, row, r->active * r->hz / max, r->at_ns,
                  ACTOP_DERIVED, via);
    apple_put(d, ACTOP_METRIC_CORE_ONLINE, row, r->down < 1.0, r->at_ns, ACTOP_DERIVED, via);
}

static void add_to_sums(struct sums *sums, const struct cluster *c, const struct apple_follow *r)
{
    double max = c->dvfs.max_hz;
    sums->util += r->active;
    sums->down += r->down;
    sums->scaled += max > 0 ? r->active * r->hz / max : 0;
    sums->weighted_hz += r->hz * r->active;
    sums->active += r->hz > 0 ? r->active : 0;
    sums->fastest_hz = r->hz > sums->fastest_hz ? r->hz : sums->fastest_hz;
    sums->at_ns = sums->n == 0 || r->at_ns < sums->at_ns ? r->at_ns : sums->at_ns;
    sums->n++;
}

/* A core's residency; mach's ticks where there is none. */
static void step_core(struct cpu *cpu, struct core *core, struct decode_frame *d, struct sums *sums)
{
    struct cluster *c = &cpu->clusters[core->parent];
    uint32_t row = (uint32_t)core->row;
    actop_state has = apple_follow(&core->follow, d, core->channel, &c->states, sums->ticks);
    double max = c->dvfs.max_hz;
    if (max > 0)
        sample_put(d->out, ACTOP_METRIC_CORE_MAX_FREQ, row, max, ACTOP_MEASURED, cpu->via);
    double busy, all;
    if (apple_has(has)) {
        put_core(d, core, c, cpu->via);
        add_to_sums(sums, c, &core->follow);
        sums->n_clocked++;
    } else if (mach_busy(d, core->ticks, &busy, &all)) {
        struct apple_follow ticks = {.active = busy / all, .at_ns = d->frame->at.awake_ns};
        sample_put(d->out, ACTOP_METRIC_CORE_UTIL, row, busy / all, ACTOP_MEASURED, cpu->via_mach);
        add_to_sums(sums, c, &ticks);
    } else {
        has = core->channel >= 0 ? has : decode_absence(d, core->ticks);
        sums->absence = has;
        sample_put_state(d->out, ACTOP_METRIC_CORE_UTIL, row, has, cpu->via);
    }
}

static void keep_ratios(struct cluster *c, const struct decode_frame *d, const struct sums *sums)
{
    double all = 0, per_s = c->ticks_per_s * c->n_cores;
    for (uint32_t i = 0; i < c->states.n; i++) {
        c->time_s[i] += per_s > 0 ? sums->ticks[i] / per_s : 0;
        all += sums->ticks[i];
    }
    for (uint32_t i = 0; all > 0 && i < c->states.n; i++)
        c->ratio[i] = sums->ticks[i] / all;
    c->has_ratio = all > 0 || (c->has_ratio && !d->gap);
    c->ratio_at_ns = all > 0 ? sums->at_ns : c->ratio_at_ns;
}

static void put_states(const struct cluster *c, struct decode_frame *d, bool has, uint16_t via)
{
    for (uint32_t i = 0; c->first_state >= 0 && i < c->states.n; i++) {
        uint32_t row = (uint32_t)c->first_state + i;
        if (c->states.hz[i] > 0 || c->states.kind[i] != APPLE_STATE_ACTIVE)
            sample_put(d->out, ACTOP_METRIC_PSTATE_FREQ, row, c->states.hz[i], ACTOP_MEASURED, via);
        if (c->states.volts[i] > 0)
            sample_put(d->out, ACTOP_METRIC_PSTATE_VOLTAGE, row, c->states.volts[i], ACTOP_MEASURED,
                       via);
        if (has)
            apple_put(d, ACTOP_METRIC_PSTATE_RATIO, row, c->ratio[i], c->ratio_at_ns,
                      ACTOP_MEASURED, via);
        if (c->n_cores > 0 && c->ticks_per_s > 0)
            sample_put(d->out, ACTOP_METRIC_PSTATE_TIME, row, c->time_s[i], ACTOP_DERIVED, via);
    }
}

/* The realized clock, from the fabric channel while the cluster worked. */
static double put_realized(struct cluster *c, struct decode_frame *d, const struct sums *sums,
                           uint16_t via)
{
    actop_state has = apple_follow(&c->realized, d, c->fabric, &c->fabric_states, NULL);
    if (!apple_has(has) || c->realized.hz <= 0 || sums->active <= 0)
        return 0;
    apple_put(d, ACTOP_METRIC_CLUSTER_REALIZED_FREQ, (uint32_t)c->row, c->realized.hz,
              c->realized.at_ns, ACTOP_DERIVED, via);
    return c->realized.hz;
}

/* What the complex requested; the mean of its cores where there is no such channel. */
static void put_requested(struct cluster *c, struct decode_frame *d, const struct sums *sums,
                          uint16_t via)
{
    actop_state has = apple_follow(&c->whole, d, c->complex, &c->complex_states, NULL);
    bool whole = apple_has(has) && c->whole.hz > 0;
    double hz = whole ? c->whole.hz : sums->active > 0 ? sums->weighted_hz / sums->active : 0;
    if (hz > 0)
        apple_put(d, ACTOP_METRIC_CLUSTER_FREQ, (uint32_t)c->row, hz,
                  whole ? c->whole.at_ns : sums->at_ns, ACTOP_DERIVED, via);
}

/* Estimated, since which voltage a state stands for is inferred. */
static void put_supply(struct cluster *c, struct decode_frame *d, uint16_t via)
{
    if (c->volts_states.n == 0)
        return;
    actop_state has = apple_follow(&c->supply, d, c->volts, &c->volts_states, NULL);
    uint32_t row = (uint32_t)c->row;
    if (!apple_has(has))
        sample_put_state(d->out, ACTOP_METRIC_CLUSTER_VOLTAGE, row, has, via);
    else if (c->supply.hz > 0)
        apple_put(d, ACTOP_METRIC_CLUSTER_VOLTAGE, row, c->supply.hz, c->supply.at_ns,
                  ACTOP_ESTIMATED, via);
}

static double step_cluster(struct cpu *cpu, struct cluster *c, struct decode_frame *d,
                           const struct sums *sums)
{
    uint32_t row = (uint32_t)c->row;
    double max = c->dvfs.max_hz;
    if (max > 0)
        sample_put(d->out, ACTOP_METRIC_CLUSTER_MAX_FREQ, row, max, ACTOP_MEASURED, cpu->via);
    keep_ratios(c, d, sums);
    put_states(c, d, c->has_ratio && sums->n_clocked > 0, cpu->via);
    put_requested(c, d, sums, cpu->via);
    put_supply(c, d, cpu->via);
    double realized = put_realized(c, d, sums, cpu->via);
    if (sums->n == 0) {
        sample_put_state(d->out, ACTOP_METRIC_CLUSTER_UTIL, row, sums->absence, cpu->via);
        return realized;
    }
    apple_put(d, ACTOP_METRIC_CLUSTER_UTIL, row, sums->util / sums->n, sums->at_ns, ACTOP_DERIVED,
              cpu->via);
    if (sums->n_clocked < sums->n)
        return realized;
    if (max > 0)
        apple_put(d, ACTOP_METRIC_CLUSTER_SCALED, row, sums->scaled / sums->n, sums->at_ns,
                  ACTOP_DERIVED, cpu->via);
    apple_put(d, ACTOP_METRIC_CLUSTER_GATED, row, sums->down / sums->n, sums->at_ns, ACTOP_DERIVED,
              cpu->via);
    return realized;
}

/* A tier in one frame: sums over its clusters. */
struct tier_sums {
    double util, fastest_hz, realized_hz;
    int64_t at_ns, realized_at_ns;
    uint32_t n;
    actop_state absence;
};

static void add_to_tier(struct tier_sums *t, const struct cluster *c, const struct sums *sums,
                        double realized_hz)
{
    t->util += sums->util;
    t->at_ns = t->n == 0 || sums->at_ns < t->at_ns ? sums->at_ns : t->at_ns;
    t->n += sums->n;
    t->fastest_hz = sums->fastest_hz > t->fastest_hz ? sums->fastest_hz : t->fastest_hz;
    t->absence = sums->n == 0 ? sums->absence : t->absence;
    if (realized_hz > t->realized_hz) {
        t->realized_hz = realized_hz;
        t->realized_at_ns = c->realized.at_ns;
    }
}

static void put_tiers(const struct cpu *cpu, struct decode_frame *d, const struct tier_sums *sums)
{
    for (uint32_t i = 0; i < cpu->n_tiers; i++) {
        const struct tier_sums *t = &sums[i];
        if (cpu->tiers[i].max_hz > 0)
            sample_put(d->out, ACTOP_METRIC_TIER_MAX_FREQ, i, cpu->tiers[i].max_hz, ACTOP_MEASURED,
                       cpu->via);
        if (t->realized_hz > 0)
            apple_put(d, ACTOP_METRIC_TIER_REALIZED_FREQ, i, t->realized_hz, t->realized_at_ns,
                      ACTOP_DERIVED, cpu->via);
        if (t->n == 0) {
            sample_put_state(d->out, ACTOP_METRIC_TIER_UTIL, i, t->absence, cpu->via);
            continue;
        }
        apple_put(d, ACTOP_METRIC_TIER_UTIL, i, t->util / t->n, t->at_ns, ACTOP_DERIVED, cpu->via);
        if (t->fastest_hz > 0)
            apple_put(d, ACTOP_METRIC_TIER_FREQ, i, t->fastest_hz, t->at_ns, ACTOP_DERIVED,
                      cpu->via);
    }
}

/* The whole CPU from mach's ticks, which count what ran, not what was clocked; without them the mean of the cores. */
static void put_machine(const struct cpu *cpu, struct decode_frame *d, double util, uint32_t n)
{
    double sum[4] = {0, 0, 0, 0};
    for (size_t i = 0; i < cpu->n_cores; i++)
        for (uint32_t k = 0; k < 4; k++) {
            struct counter_step step;
            sum[k] += decode_step(d, cpu->cores[i].ticks, k, &step) ? (double)step.grew : 0;
        }
    double all = sum[0] + sum[1] + sum[2] + sum[3];
    if (all > 0) {
        sample_put(d->out, ACTOP_METRIC_CPU_UTIL, 0, 1.0 - sum[2] / all, ACTOP_MEASURED,
                   cpu->via_mach);
        sample_put(d->out, ACTOP_METRIC_CPU_USER, 0, (sum[0] + sum[3]) / all, ACTOP_MEASURED,
                   cpu->via_mach);
        sample_put(d->out, ACTOP_METRIC_CPU_SYSTEM, 0, sum[1] / all, ACTOP_MEASURED, cpu->via_mach);
    } else if (n > 0) {
        sample_put(d->out, ACTOP_METRIC_CPU_UTIL, 0, util / n, ACTOP_DERIVED, cpu->via);
    } else {
        sample_put_state(d->out, ACTOP_METRIC_CPU_UTIL, 0, ACTOP_STATE_WARMING, cpu->via_mach);
    }
}

static void step(void *state, struct decode_frame *d)
{
    struct cpu *cpu = state;
    struct tier_sums tiers[MAX_LETTERS];
    memset(tiers, 0, sizeof tiers);
    double util = 0;
    uint32_t n = 0;
    for (size_t i = 0; i < cpu->n_clusters; i++) {
        struct cluster *c = &cpu->clusters[i];
        if (c->tier < 0)
            continue;
        struct sums sums = {.absence = ACTOP_STATE_WARMING};
        for (size_t k = 0; k < cpu->n_cores; k++)
            if (cpu->cores[k].row >= 0 && cpu->cores[k].parent == (int32_t)i)
                step_core(cpu, &cpu->cores[k], d, &sums);
        double realized = step_cluster(cpu, c, d, &sums);
        add_to_tier(&tiers[c->tier], c, &sums, realized);
        util += sums.util;
        n += sums.n;
    }
    put_tiers(cpu, d, tiers);
    put_machine(cpu, d, util, n);
}

/* ---- Notes --------------------------------------------------------------------------------------------------------------------------------- */

/* A channel of ours without a place: its name is of no form we know, it has more states than we hold, or it stands twice. */
static bool is_known(const struct cpu *cpu, const struct schema *s, const struct channel *c)
{
    bool cores = apple_in_group(s, c, GROUP_CORES);
    if (!cores && !apple_in_group(s, c, GROUP_COMPLEXES))
        return true;
    struct apple_cpu_name name =
        apple_parse_cpu(schema_text(s, c->name), cores ? APPLE_NAME_CORES : APPLE_NAME_COMPLEXES);
    bool kind = cores ? name.kind == APPLE_CPU_CORE
                      : name.kind == APPLE_CPU_CLUSTER || name.kind == APPLE_CPU_FABRIC;
    int32_t at = (int32_t)(c - s->channels);
    if (!kind || c->count < 2 || c->count > APPLE_MAX_STATES)
        return false;
    for (size_t i = 0; cores && i < cpu->n_cores; i++)
        if (cpu->cores[i].channel == at)
            return true;
    for (size_t i = 0; !cores && i < cpu->n_clusters; i++)
        if (cpu->clusters[i].complex == at || cpu->clusters[i].fabric == at)
            return true;
    return false;
}

/* False for voltage states whose volts are not told. */
static bool has_known_volts(const struct cpu *cpu, const struct schema *s, int32_t channel)
{
    if (!apple_in_group(s, &s->channels[channel], GROUP_VOLTS))
        return true;
    for (size_t i = 0; i < cpu->n_clusters; i++)
        if (cpu->clusters[i].volts == channel)
            return cpu->clusters[i].volts_states.n > 0;
    return false;
}

COLD static void notes(const void *state, const struct decode_notes *d)
{
    const struct cpu *cpu = state;
    const struct topology *t = d->sample->topology;
    for (size_t i = 0; i < cpu->n_clusters; i++) {
        const struct cluster *c = &cpu->clusters[i];
        if (c->row >= 0 && c->states.n > 0)
            apple_dvfs_note(
                &c->dvfs, pool_at(&t->pool, t->entities[ACTOP_SCOPE_CLUSTER][c->row].key), d->into);
    }
    for (uint32_t i = 0; i < d->schema->n_channels; i++)
        if (!is_known(cpu, d->schema, &d->schema->channels[i]))
            notes_add(d->into, ACTOP_NOTE_CHANNEL,
                      schema_text(d->schema, d->schema->channels[i].key),
                      "not a core or cluster by its name and states");
        else if (!has_known_volts(cpu, d->schema, (int32_t)i))
            notes_add(d->into, ACTOP_NOTE_CHANNEL,
                      schema_text(d->schema, d->schema->channels[i].key),
                      "its voltage states are not as many as a cluster's clocks");
}

COLD static bool own(void *state)
{
    struct cpu *cpu = state;
    bool ok = VEC_OWN(cpu->cores, cpu->cap_cores, cpu->n_cores);
    return VEC_OWN(cpu->clusters, cpu->cap_clusters, cpu->n_clusters) && ok;
}

COLD static void release(void *state)
{
    struct cpu *cpu = state;
    free(cpu->cores);
    free(cpu->clusters);
}

const struct decode_part decode_part_apple_cpu = {
    .name = "cpu",
    .state_size = sizeof(struct cpu),
    .begin = begin,
    .step = step,
    .notes = notes,
    .own = own,
    .release = release,
};
