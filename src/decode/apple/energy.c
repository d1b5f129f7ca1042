/* SPDX-License-Identifier: MIT */
/* Energy counters: rails, by the drivers' own publications.
 *
 * The power manager publishes its counters in batches: on an M1 Ultra every 18 to 1,725 ms, on a headless M5 Ultra every 30 minutes
 * (recorded: all-smi 424, tacos8me). So a rate is the growth between two publications divided by the time between their stamps,
 * held with its age until the next one; what is added to a rail is exactly the growth of its counter. Where the stamp cannot be
 * reached, a publication is seen when any counter of the same group and unit has changed.
 *
 * A rail is read from the first of its candidates that lives: counters of the whole (dies added), then the sum of its clusters, then the
 * PMP's counters. Never added to each other: a roll-up and its parts, "GPU" (mJ) and "GPU Energy" (nJ), steps (DTL), SRAM parts.
 * A candidate is frozen when its publication stands still for longer than max(10 s, 3 learnt periods) while cores work. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cold.h"
#include "base/vec.h"
#include "decode/apple/smc.h"

/* Far more counters than any machine lists (725 on an M5 Ultra, recorded); a recording may say anything. */
enum { NONE = -1, MAX_METERS = 4096 };

/* ---- Counters ------------------------------------------------------------------------------------------------------ */

struct meter {
    int32_t channel;
    uint32_t batch; /* row in batches: counters published together */
    double j_per_step;
    struct counter counter;
    uint32_t key;     /* hash of the channel's key, to carry the state over a schema change */
    uint32_t name;    /* hash of its name */
    double watts;     /* of the last publication interval */
    uint64_t grew;    /* steps taken in this frame */
    int64_t grew_ns;  /* and the time they took, up to at_ns */
    uint64_t counted; /* steps that went into its rail since the schema began */
    uint64_t raw;     /* last reading of one without stamps */
    int64_t at_ns;    /* stamp of the last publication taken; 0 none */
    struct apple_period period; /* awake time counts while cores work */
    bool has_watts, ever_moved, read, has_raw;
    bool broke; /* reset in this frame */
};

struct batch {
    uint32_t group, unit; /* pool offsets of the schema */
    bool changed;         /* some counter without stamps changed in this frame */
};

/* ---- Rails ----------------------------------------------------------------------------------------------------------- */

enum rail_id {
    RAIL_CPU,
    RAIL_GPU,
    RAIL_ANE,
    RAIL_DRAM,
    RAIL_GPU_SRAM,
    RAIL_OTHER
}; /* others are named by their block */

struct candidate {
    uint32_t rail;  /* row in rails */
    uint8_t rank;   /* lower is preferred */
    uint32_t first; /* members: meters, in the members array */
    uint32_t n;
};

struct rail {
    char key[40];
    uint8_t id;      /* enum rail_id */
    int32_t row;     /* in the topology */
    double before_j; /* of earlier schemas, and what stood in for counters */
    double joules;   /* since the session began: before_j and the steps its meters counted */
    uint64_t resets, gaps, takeovers; /* discontinuities, by their reason */
    int64_t counted_ns;               /* stamp of the last publication that went into joules */
    uint32_t chosen;                  /* candidate it was read from last; UINT32_MAX none */
    uint32_t first, end;              /* its candidates */
};

struct part_power {
    int32_t cluster, core; /* rows of the topology; one is -1 */
    uint32_t meter;
    bool pmp;
};

/* SMC keys that follow the CPU's load where its counters do not. What the keys mean differs between generations, so they stand
 * in on the chips they were checked on only, and are marked estimated:
 *   M3 Max    counters stand still under macOS 27; cores and rest of both P clusters, E cluster (reported: macmon 77, build 26A428)
 *   A18 Pro   counters read 0 also under load; 0.8 W idle, 6.2 W loaded; PZC1 moves with it and is not added (reported:
 *             SiliconScope 12) */
enum { N_STAND_IN = 5 };
static const struct stand_in {
    const char *chip;
    const char *keys[N_STAND_IN]; /* NULL: no more */
} stand_ins[] = {
    {"Apple M3 Max", {"PC02", "PC03", "PC42", "PC43", "PP5b"}},
    {"Apple A18 Pro", {"PZC0"}},
};

struct energy {
    struct meter *meters; /* owned, like the next four */
    struct batch *batches;
    struct rail *rails;
    struct candidate *candidates;
    uint32_t *members;
    struct part_power *parts; /* owned */
    size_t n_meters, cap_meters, n_batches, cap_batches, n_rails, cap_rails, n_candidates,
        cap_candidates, n_members, cap_members, n_parts, cap_parts;
    int32_t busy_channel; /* a core's residency, to see that time passes with work; -1 none */
    int32_t system, adapter;
    int32_t stand_in[N_STAND_IN]; /* SMC keys that are added */
    uint32_t n_stand_in;          /* 0: nothing stands in on this chip */
    uint16_t via, via_pmp, via_smc;
};

/* Joules of a step by the unit's label; 0 for units we do not know, which are left out, not guessed. */
static double joules_of(const char *unit)
{
    static const struct {
        const char *label;
        double joules;
    } rows[] = {{"mJ", 1e-3}, {"uJ", 1e-6}, {"nJ", 1e-9}, {"J", 1}, {"kJ", 1e3}, {"pJ", 1e-12}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (strcmp(unit, rows[i].label) == 0)
            return rows[i].joules;
    return 0;
}

/* Texts are pooled one by one, so equal ones stand at different offsets: compare by content once, remember the first. */
static bool need_batch(struct energy *e, const struct schema *s, const struct channel *c,
                       uint32_t *out)
{
    for (size_t i = 0; i < e->n_batches; i++)
        if (strcmp(schema_text(s, e->batches[i].group), schema_text(s, c->group)) == 0 &&
            strcmp(schema_text(s, e->batches[i].unit), schema_text(s, c->unit)) == 0) {
            *out = (uint32_t)i;
            return true;
        }
    if (!VEC_GROW(e->batches, e->cap_batches, e->n_batches + 1))
        return false;
    *out = (uint32_t)e->n_batches;
    e->batches[e->n_batches++] = (struct batch){c->group, c->unit, false};
    return true;
}

static uint32_t need_rail(struct energy *e, const char *key, enum rail_id id)
{
    for (size_t i = 0; i < e->n_rails; i++)
        if (strcmp(e->rails[i].key, key) == 0)
            return (uint32_t)i;
    if (!VEC_GROW(e->rails, e->cap_rails, e->n_rails + 1))
        return UINT32_MAX;
    struct rail *r = &e->rails[e->n_rails];
    memset(r, 0, sizeof *r);
    (void)snprintf(r->key, sizeof r->key, "%s", key);
    r->id = (uint8_t)id;
    r->row = NONE;
    r->chosen = UINT32_MAX;
    return (uint32_t)e->n_rails++;
}

/* ---- Which counter is what --------------------------------------------------------------------------------------------- */

/* Exact names without die and instance. rank orders candidates of one rail; PMP's come after all of Energy Model's. */
static const struct {
    const char *base, *rail;
    uint8_t id, rank;
} known_blocks[] = {
    {"CPU Energy", "cpu", RAIL_CPU, 0},
    {"GPU Energy", "gpu", RAIL_GPU, 0},
    {"GPU", "gpu", RAIL_GPU, 1},
    {"ANE", "ane", RAIL_ANE, 0},
    {"DRAM", "dram", RAIL_DRAM, 0},
    {"GPU SRAM", "gpu_sram", RAIL_GPU_SRAM, 0},
    {"GPU CS SRAM", "gpu_sram", RAIL_GPU_SRAM, 0},
};
enum { RANK_CLUSTERS = 2, RANK_CORES = 3, RANK_PMP = 4, RANK_PMP_CLUSTERS = 5 };

/* A block of another name is a rail of its own: "AMCC" → "amcc", "PCIe Port 0 Energy" → "pcie_port_0". */
static void rail_key_of(const char *base, char *key, size_t cap)
{
    size_t n = strlen(base);
    if (n > 7 && strcmp(base + n - 7, " Energy") == 0)
        n -= 7;
    size_t at = 0;
    for (size_t i = 0; i < n && at + 1 < cap; i++) {
        char c = base[i];
        key[at++] = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c == ' ' ? '_' : c);
    }
    key[at] = '\0';
}

/* Parts of a core's or cluster's own rail, and steps, which add up to something already counted. */
static bool is_part(const char *name)
{
    size_t n = strlen(name);
    bool sram = n > 5 && strcmp(name + n - 5, "_SRAM") == 0;
    return strstr(name, "DTL") != NULL || sram;
}

/* A candidate gathers meters of one rail and rank; the dies of a chip come as several meters. */
static bool add_member(struct energy *e, uint32_t rail, uint8_t rank, uint32_t meter)
{
    size_t at = 0;
    while (at < e->n_candidates &&
           (e->candidates[at].rail != rail || e->candidates[at].rank != rank))
        at++;
    if (!VEC_GROW(e->members, e->cap_members, e->n_members + 1) ||
        !VEC_GROW(e->candidates, e->cap_candidates, e->n_candidates + 1))
        return false;
    if (at == e->n_candidates)
        e->candidates[e->n_candidates++] =
            (struct candidate){rail, rank, (uint32_t)e->n_members, 0};
    /* Members of a candidate stand together: make room behind its last. */
    struct candidate *c = &e->candidates[at];
    uint32_t place = c->first + c->n;
    memmove(e->members + place + 1, e->members + place,
            (e->n_members - place) * sizeof *e->members);
    e->members[place] = meter;
    e->n_members++;
    c->n++;
    for (size_t i = 0; i < e->n_candidates; i++)
        if (i != at && e->candidates[i].first >= place)
            e->candidates[i].first++;
    return true;
}

/* Row of a cluster by the name of its complex; -1 none. */
static int32_t find_cluster_row(const struct decode_schema *d,
                                const struct apple_cluster_name *name)
{
    const struct topology *t = d->topology;
    for (size_t i = 0; i < t->n[ACTOP_SCOPE_CLUSTER]; i++) {
        const struct entity *c = &t->entities[ACTOP_SCOPE_CLUSTER][i];
        struct apple_cpu_name known =
            apple_parse_cpu(pool_at(&t->pool, c->name), APPLE_NAME_COMPLEXES);
        if (known.kind == APPLE_CPU_CLUSTER && apple_same_cluster(&known.cluster, name))
            return (int32_t)i;
    }
    return NONE;
}

static int32_t find_core_row(const struct decode_schema *d, int32_t cluster, uint32_t number)
{
    const struct topology *t = d->topology;
    uint32_t seen = 0;
    for (size_t i = 0; cluster >= 0 && i < t->n[ACTOP_SCOPE_CORE]; i++)
        if (t->entities[ACTOP_SCOPE_CORE][i].parent == cluster && seen++ == number)
            return (int32_t)i;
    return NONE;
}

static bool is_complex(const struct topology *t, const char *name)
{
    for (size_t i = 0; i < t->n[ACTOP_SCOPE_CLUSTER]; i++)
        if (strcmp(pool_at(&t->pool, t->entities[ACTOP_SCOPE_CLUSTER][i].name), name) == 0)
            return true;
    return false;
}

/* "MCPU0" is a cluster where a complex is called exactly so (recorded: M5 Max), "PCPU0" a core where the complex is "PCPU" (M1 to M4). */
static struct apple_cpu_name parse_rail(const struct decode_schema *d, const char *name)
{
    struct apple_cpu_name n = apple_parse_cpu(name, APPLE_NAME_RAILS);
    if (n.kind != APPLE_CPU_CLUSTER || is_complex(d->topology, name))
        return n;
    struct apple_cpu_name core = apple_parse_cpu(name, APPLE_NAME_CORES);
    return core.kind == APPLE_CPU_CORE ? core : n;
}

static bool take_cpu_rail(struct energy *e, struct decode_schema *d, const struct apple_cpu_name *n,
                          uint32_t meter, bool pmp)
{
    int32_t cluster = find_cluster_row(d, &n->cluster);
    if (!VEC_GROW(e->parts, e->cap_parts, e->n_parts + 1))
        return false;
    uint32_t rail = need_rail(e, "cpu", RAIL_CPU);
    if (rail == UINT32_MAX)
        return false;
    if (n->kind == APPLE_CPU_CORE) {
        int32_t core = find_core_row(d, cluster, n->core);
        if (core < 0)
            return true;
        e->parts[e->n_parts++] = (struct part_power){NONE, core, meter, pmp};
        return pmp || add_member(e, rail, RANK_CORES, meter);
    }
    if (cluster >= 0)
        e->parts[e->n_parts++] = (struct part_power){cluster, NONE, meter, pmp};
    /* A cluster's total holds its cores; the fabric (CPM) stands beside them and belongs to the CPU. */
    return add_member(e, rail, pmp ? RANK_PMP_CLUSTERS : RANK_CLUSTERS, meter);
}

static bool take_block(struct energy *e, const char *name, uint32_t meter, bool pmp)
{
    struct apple_block_name block = apple_parse_block(name);
    for (size_t i = 0; i < sizeof known_blocks / sizeof known_blocks[0]; i++) {
        if (strcmp(block.base, known_blocks[i].base) != 0)
            continue;
        uint32_t rail = need_rail(e, known_blocks[i].rail, (enum rail_id)known_blocks[i].id);
        uint8_t rank = (uint8_t)(known_blocks[i].rank + (pmp ? RANK_PMP : 0));
        return rail != UINT32_MAX && add_member(e, rail, rank, meter);
    }
    /* What flows into the battery is no block of the chip; ECORE0 and its like are parts of their cluster. */
    if (pmp && (strcmp(block.base, "BAT") == 0 ||
                strcmp(block.base + (block.base[0] != '\0'), "CORE") == 0))
        return true;
    char key[40];
    rail_key_of(block.base, key, sizeof key);
    uint32_t rail = need_rail(e, key, RAIL_OTHER);
    return rail != UINT32_MAX && add_member(e, rail, pmp ? RANK_PMP : 0, meter);
}

static bool is_pmp_energy(const char *group)
{
    return apple_starts(group, "ioreport/PMP") && strstr(group, "/Energy Counters") != NULL;
}

/* Whether a rail can be called by this name whole: a cut name could be another's. */
static bool has_room_for(const char *name)
{
    return strlen(name) < sizeof((struct rail *)0)->key;
}

/* A name that stands twice (in a legend, or in PMP and PMP0) is one counter listed twice: the first one counts. */
static bool stands_already(const struct energy *e, const struct schema *s, uint32_t hash,
                           const char *name, bool pmp)
{
    for (size_t i = 0; i < e->n_meters; i++) {
        const struct channel *c = &s->channels[e->meters[i].channel];
        if (e->meters[i].name == hash && strcmp(schema_text(s, c->name), name) == 0 &&
            is_pmp_energy(schema_text(s, c->group)) == pmp)
            return true;
    }
    return false;
}

static bool take_channel(struct energy *e, struct decode_schema *d, int32_t channel, bool pmp)
{
    const struct channel *c = &d->schema->channels[channel];
    const char *name = schema_text(d->schema, c->name);
    double j_per_step = joules_of(schema_text(d->schema, c->unit));
    uint32_t hash = (uint32_t)hash_bytes(name, strlen(name));
    if (j_per_step == 0 || c->count != 1 || is_part(name) || !has_room_for(name) ||
        e->n_meters == MAX_METERS || stands_already(e, d->schema, hash, name, pmp))
        return true;
    struct meter m = {.channel = channel, .j_per_step = j_per_step, .name = hash};
    const char *key = schema_text(d->schema, c->key);
    m.key = (uint32_t)hash_bytes(key, strlen(key));
    if (!need_batch(e, d->schema, c, &m.batch) ||
        !VEC_GROW(e->meters, e->cap_meters, e->n_meters + 1))
        return false;
    uint32_t meter = (uint32_t)e->n_meters;
    e->meters[e->n_meters++] = m;
    struct apple_cpu_name cpu = parse_rail(d, name);
    return cpu.kind != APPLE_CPU_NONE ? take_cpu_rail(e, d, &cpu, meter, pmp)
                                      : take_block(e, name, meter, pmp);
}

static bool take_channels(struct energy *e, struct decode_schema *d)
{
    for (int32_t i = 0; i < (int32_t)d->schema->n_channels; i++) {
        const char *group = schema_text(d->schema, d->schema->channels[i].group);
        bool pmp = is_pmp_energy(group);
        if ((pmp || strcmp(group, "ioreport/Energy Model") == 0) && !take_channel(e, d, i, pmp))
            return false;
    }
    return true;
}

/* ---- A new schema -------------------------------------------------------------------------------------------------------- */

/* What a meter has learnt goes on under the same key. */
static void carry_meters(struct energy *e, const struct meter *old, size_t n)
{
    for (size_t i = 0; i < e->n_meters; i++)
        for (size_t k = 0; k < n; k++)
            if (old[k].key == e->meters[i].key && old[k].j_per_step == e->meters[i].j_per_step) {
                struct meter m = old[k];
                m.counted = 0; /* stands in its rail's before_j */
                m.name = e->meters[i].name;
                m.channel = e->meters[i].channel;
                m.batch = e->meters[i].batch;
                e->meters[i] = m;
                break;
            }
}

/* The package is the sum of CPU, GPU and Neural Engine (docs/metrics.md, package.power). */
static uint32_t flags_of_rail(enum rail_id id)
{
    switch (id) {
    case RAIL_CPU:
        return ACTOP_ENTITY_PACKAGE | ACTOP_ENTITY_GROUP_CPU;
    case RAIL_GPU:
        return ACTOP_ENTITY_PACKAGE | ACTOP_ENTITY_GROUP_GPU;
    case RAIL_ANE:
        return ACTOP_ENTITY_PACKAGE;
    default:
        return 0;
    }
}

static bool add_rows(struct energy *e, struct decode_schema *d)
{
    for (size_t i = 0; i < e->n_rails; i++) {
        struct rail *r = &e->rails[i];
        bool in_use = r->first < r->end;
        r->row = in_use ? topology_add(d->topology, ACTOP_SCOPE_RAIL, r->key, NULL, NULL) : NONE;
        if (in_use && r->row < 0)
            return false;
        if (in_use)
            topology_at(d->topology, ACTOP_SCOPE_RAIL, r->row)->flags =
                flags_of_rail((enum rail_id)r->id);
        r->chosen = UINT32_MAX;
        r->before_j = r->joules;
    }
    return true;
}

static int32_t find_busy_channel(const struct schema *s)
{
    for (int32_t i = 0; i < (int32_t)s->n_channels; i++)
        if (apple_in_group(s, &s->channels[i], "ioreport/CPU Stats/CPU Core Performance States"))
            return i;
    return NONE;
}

/* All keys of this chip, or none. */
static void find_stand_in(struct energy *e, const struct schema *s)
{
    const char *chip = schema_get_text(s, "sysctl/machdep.cpu.brand_string");
    e->n_stand_in = 0;
    for (size_t i = 0; chip != NULL && i < sizeof stand_ins / sizeof stand_ins[0]; i++) {
        if (strcmp(chip, stand_ins[i].chip) != 0)
            continue;
        uint32_t n = 0;
        while (n < N_STAND_IN && stand_ins[i].keys[n] != NULL) {
            e->stand_in[n] = apple_smc_find(s, stand_ins[i].keys[n]);
            if (e->stand_in[n++] < 0)
                return;
        }
        e->n_stand_in = n;
    }
}

/* Totals of how many clusters the Energy Model has. */
static uint32_t count_totals(const struct energy *e, const struct decode_schema *d)
{
    uint32_t n = 0;
    for (size_t i = 0; i < e->n_parts; i++) {
        const struct part_power *p = &e->parts[i];
        const struct channel *c = &d->schema->channels[e->meters[p->meter].channel];
        n += p->cluster >= 0 && !p->pmp &&
             parse_rail(d, schema_text(d->schema, c->name)).kind == APPLE_CPU_CLUSTER;
    }
    return n;
}

/* Cores or clusters stand for the CPU only when all of them have a counter. */
static void drop_incomplete(struct energy *e, const struct decode_schema *d)
{
    const struct topology *t = d->topology;
    size_t kept = 0;
    for (size_t i = 0; i < e->n_candidates; i++) {
        const struct candidate *c = &e->candidates[i];
        bool cpu = e->rails[c->rail].id == RAIL_CPU;
        bool cores = cpu && c->rank == RANK_CORES && c->n < t->n[ACTOP_SCOPE_CORE];
        bool clusters = cpu && c->rank == RANK_CLUSTERS &&
                        count_totals(e, d) < t->n[ACTOP_SCOPE_CLUSTER];
        if (!cores && !clusters)
            e->candidates[kept++] = *c;
    }
    e->n_candidates = kept;
}

/* Candidates of a rail stand together from here on, in the order they came. */
static void sort_candidates(struct energy *e)
{
    for (size_t i = 1; i < e->n_candidates; i++) {
        struct candidate c = e->candidates[i];
        size_t at = i;
        for (; at > 0 && e->candidates[at - 1].rail > c.rail; at--)
            e->candidates[at] = e->candidates[at - 1];
        e->candidates[at] = c;
    }
    for (size_t i = 0; i < e->n_rails; i++)
        e->rails[i].first = e->rails[i].end = 0;
    for (uint32_t i = 0; i < e->n_candidates; i++) {
        struct rail *r = &e->rails[e->candidates[i].rail];
        r->first = r->end == 0 ? i : r->first;
        r->end = i + 1;
    }
}

COLD static bool begin(void *state, struct decode_schema *d)
{
    struct energy *e = state;
    struct meter *old = e->meters;
    size_t n_old = e->n_meters;
    e->meters = NULL;
    e->n_meters = e->cap_meters = e->n_batches = e->n_candidates = e->n_members = e->n_parts = 0;
    bool ok = take_channels(e, d);
    drop_incomplete(e, d);
    sort_candidates(e);
    carry_meters(e, old, n_old);
    free(old);
    e->busy_channel = find_busy_channel(d->schema);
    e->system = apple_smc_find(d->schema, "PSTR");
    e->adapter = apple_smc_find(d->schema, "PDTR");
    find_stand_in(e, d->schema);
    e->via = topology_via(d->topology, "ioreport/Energy Model");
    e->via_pmp = topology_via(d->topology, "ioreport/PMP");
    e->via_smc = topology_via(d->topology, "smc");
    return ok && add_rows(e, d);
}

/* ---- A frame: publications ------------------------------------------------------------------------------------------------- */

static bool meter_read(const struct meter *m, const struct decode_frame *d)
{
    return frame_has(d->frame, m->channel) && frame_u64(d->frame, m->channel) != APPLE_INVALID;
}

static bool has_stamp(const struct meter *m, const struct decode_frame *d)
{
    return d->frame->stamps_ns[m->channel] != 0;
}

static void take_publication(struct meter *m, uint64_t raw, int64_t at_ns)
{
    struct counter_step step = {0, 0};
    actop_status st = counter_take(&m->counter, raw, at_ns, 64, 0, &step);
    if (st == ACTOP_E_GAP)
        return;
    m->at_ns = at_ns;
    apple_period_take(&m->period, step.dt_ns, st == ACTOP_OK);
    if (st == ACTOP_OK) {
        m->grew = step.grew;
        m->grew_ns = step.dt_ns;
        m->watts = counter_rate(&step, m->j_per_step);
        m->has_watts = true;
        m->ever_moved = m->ever_moved || step.grew > 0;
    } else if (st == ACTOP_E_RESET) {
        m->broke = true;
        m->has_watts = false;
    }
}

/* Without a stamp: counters of a batch move together, so when one of it has moved, all have been published. The value found
 * after a gap may be of before it: only the next one is a start. */
static void find_changed_batches(struct energy *e, const struct decode_frame *d)
{
    for (size_t i = 0; i < e->n_batches; i++)
        e->batches[i].changed = false;
    for (size_t i = 0; i < e->n_meters; i++) {
        struct meter *m = &e->meters[i];
        if (!meter_read(m, d) || has_stamp(m, d))
            continue;
        uint64_t raw = frame_u64(d->frame, m->channel);
        if (!d->gap && (!m->has_raw || m->raw != raw))
            e->batches[m->batch].changed = true;
        m->raw = raw;
        m->has_raw = true;
    }
}

/* Publications of before the last gap are none: their growth would span it. */
static bool is_published(const struct energy *e, const struct meter *m,
                         const struct decode_frame *d)
{
    if (!m->read)
        return false;
    return has_stamp(m, d) ? d->frame->stamps_ns[m->channel] >= d->not_before_ns
                           : e->batches[m->batch].changed;
}

static bool cores_worked(const struct energy *e, const struct decode_frame *d)
{
    struct counter_step step;
    if (e->busy_channel < 0)
        return true;
    for (uint32_t i = 0; i < d->schema->channels[e->busy_channel].count; i++)
        if (decode_step(d, e->busy_channel, i, &step) && step.grew > 0)
            return true;
    return false;
}

static void step_meters(struct energy *e, const struct decode_frame *d)
{
    bool worked = cores_worked(e, d);
    find_changed_batches(e, d);
    for (size_t i = 0; i < e->n_meters; i++) {
        struct meter *m = &e->meters[i];
        m->grew = 0;
        m->broke = false;
        m->read = meter_read(m, d);
        if (d->gap) { /* what was published over a sleep belongs to no interval */
            counter_break(&m->counter);
            m->has_watts = false;
            m->period.waited_ns = 0;
        } else if (worked) {
            m->period.waited_ns = ns_sum(m->period.waited_ns, d->interval_ns);
        }
        if (is_published(e, m, d))
            take_publication(m, frame_u64(d->frame, m->channel), frame_stamp(d->frame, m->channel));
    }
}

/* ---- A frame: rails ------------------------------------------------------------------------------------------------------------- */

/* What the meters of a candidate come to. */
struct sum {
    double watts;
    uint32_t broke; /* counters reset in this frame */
    int64_t at_ns;  /* of the oldest */
    actop_state state;
};

static struct sum sum_of(const struct energy *e, const struct candidate *c)
{
    struct sum s = {0, 0, INT64_MAX, ACTOP_STATE_OK};
    for (uint32_t i = 0; i < c->n; i++) {
        const struct meter *m = &e->meters[e->members[c->first + i]];
        s.watts += m->watts;
        s.broke += m->broke;
        s.at_ns = m->at_ns < s.at_ns ? m->at_ns : s.at_ns;
        actop_state state = !m->read                      ? ACTOP_STATE_FAILED
                            : apple_is_frozen(&m->period) ? ACTOP_STATE_FROZEN
                            : !m->has_watts               ? ACTOP_STATE_WARMING
                                                          : ACTOP_STATE_OK;
        s.state = s.state == ACTOP_STATE_OK ? state : s.state;
    }
    return s;
}

/* A CPU counter that stays at 0 while cores work is no counter (recorded: A18 Pro). */
static bool is_dead(const struct energy *e, const struct candidate *c)
{
    for (uint32_t i = 0; i < c->n; i++)
        if (e->meters[e->members[c->first + i]].ever_moved ||
            !e->meters[e->members[c->first + i]].has_watts)
            return false;
    return e->rails[c->rail].id == RAIL_CPU;
}

/* The candidate to read a rail from: the most preferred that has a value, else the most preferred one. */
static uint32_t choose(const struct energy *e, uint32_t rail)
{
    uint32_t best = UINT32_MAX, living = UINT32_MAX;
    for (uint32_t i = e->rails[rail].first; i < e->rails[rail].end; i++) {
        const struct candidate *c = &e->candidates[i];
        if (best == UINT32_MAX || c->rank < e->candidates[best].rank)
            best = i;
        if (sum_of(e, c).state == ACTOP_STATE_OK && !is_dead(e, c) &&
            (living == UINT32_MAX || c->rank < e->candidates[living].rank))
            living = i;
    }
    return living != UINT32_MAX ? living : best;
}

static void put_power(struct decode_frame *d, actop_metric id, uint32_t row, const struct sum *s,
                      actop_origin origin, uint16_t via)
{
    if (s->state != ACTOP_STATE_OK) {
        sample_put_state(d->out, id, row, s->state, via);
        return;
    }
    apple_put(d, id, row, s->watts, s->at_ns, origin, via);
}

/* When another candidate takes over, what it published just now may cover time that is counted already: only its part after
 * that is new. */
static bool has_counted(const struct energy *e, uint32_t candidate)
{
    const struct candidate *c = candidate == UINT32_MAX ? NULL : &e->candidates[candidate];
    for (uint32_t i = 0; c != NULL && i < c->n; i++)
        if (e->meters[e->members[c->first + i]].counted > 0)
            return true;
    return false;
}

static uint64_t steps_after(const struct meter *m, int64_t from_ns)
{
    if (from_ns <= m->at_ns - m->grew_ns)
        return m->grew;
    if (from_ns >= m->at_ns)
        return 0;
    return (uint64_t)((double)m->grew * ((double)(m->at_ns - from_ns) / (double)m->grew_ns) + 0.5);
}

static void count_steps(struct energy *e, struct rail *r, const struct candidate *chosen,
                        bool doubles)
{
    int64_t from_ns = doubles ? r->counted_ns : INT64_MIN;
    for (uint32_t i = 0; i < chosen->n; i++) {
        struct meter *m = &e->meters[e->members[chosen->first + i]];
        if (m->grew == 0)
            continue;
        uint64_t steps = steps_after(m, from_ns);
        m->counted = steps > UINT64_MAX - m->counted ? UINT64_MAX : m->counted + steps;
        r->counted_ns = m->at_ns > r->counted_ns ? m->at_ns : r->counted_ns;
    }
}

/* Whole steps are counted and become joules here, so that nothing is lost to rounding however long a session lasts. */
static double joules_of_rail(const struct energy *e, uint32_t rail)
{
    double joules = e->rails[rail].before_j;
    for (uint32_t k = e->rails[rail].first; k < e->rails[rail].end; k++) {
        const struct candidate *c = &e->candidates[k];
        for (uint32_t i = 0; i < c->n; i++) {
            const struct meter *m = &e->meters[e->members[c->first + i]];
            joules += (double)m->counted * m->j_per_step;
        }
    }
    return joules;
}

/* The total is as old as the publication it comes from: whoever measures a stretch of time needs to know. */
static void put_energy(struct decode_frame *d, const struct rail *r, int64_t at_ns,
                       actop_origin origin, uint16_t via)
{
    bool published = at_ns > 0 && at_ns < INT64_MAX;
    apple_put(d, ACTOP_METRIC_RAIL_ENERGY, (uint32_t)r->row, r->joules,
              published ? at_ns : d->frame->at.awake_ns, origin, via);
}

static void put_discontinuities(struct decode_frame *d, const struct rail *r, uint16_t via)
{
    const struct {
        actop_metric id;
        uint64_t count;
    } counts[] = {{ACTOP_METRIC_RAIL_DISCONTINUITIES, r->resets + r->gaps + r->takeovers},
                  {ACTOP_METRIC_RAIL_RESETS, r->resets},
                  {ACTOP_METRIC_RAIL_GAPS, r->gaps},
                  {ACTOP_METRIC_RAIL_TAKEOVERS, r->takeovers}};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        sample_put(d->out, counts[i].id, (uint32_t)r->row, (double)counts[i].count, ACTOP_DERIVED,
                   via);
}

static void step_rails(struct energy *e, struct decode_frame *d)
{
    static const actop_metric machine[] = {ACTOP_METRIC_CPU_POWER, ACTOP_METRIC_GPU_POWER,
                                           ACTOP_METRIC_ANE_POWER, ACTOP_METRIC_DRAM_POWER,
                                           ACTOP_METRIC_GPU_SRAM_POWER};
    struct sum other = {0, 0, INT64_MAX, ACTOP_STATE_NONE};
    for (uint32_t i = 0; i < e->n_rails; i++) {
        struct rail *r = &e->rails[i];
        if (r->row < 0)
            continue;
        uint32_t chosen = choose(e, i);
        const struct candidate *c = &e->candidates[chosen];
        struct sum s = sum_of(e, c);
        if (s.state == ACTOP_STATE_OK && is_dead(e, c))
            s.state = ACTOP_STATE_FROZEN;
        bool doubles = r->chosen != chosen && has_counted(e, r->chosen);
        r->chosen = chosen;
        count_steps(e, r, c, doubles);
        r->joules = joules_of_rail(e, i);
        r->resets += s.broke;
        r->gaps += d->gap ? 1 : 0;
        r->takeovers += doubles ? 1 : 0;
        uint16_t via = c->rank >= RANK_PMP ? e->via_pmp : e->via;
        actop_origin origin = c->rank == 0 ? ACTOP_MEASURED : ACTOP_DERIVED;
        put_power(d, ACTOP_METRIC_RAIL_POWER, (uint32_t)r->row, &s, origin, via);
        put_energy(d, r, s.at_ns, origin, via);
        put_discontinuities(d, r, via);
        if (r->id != RAIL_OTHER) {
            put_power(d, machine[r->id], 0, &s, origin, via);
        } else if (s.state == ACTOP_STATE_OK) {
            other.watts += s.watts;
            other.at_ns = s.at_ns < other.at_ns ? s.at_ns : other.at_ns;
            other.state = ACTOP_STATE_OK;
        }
    }
    if (other.state == ACTOP_STATE_OK)
        put_power(d, ACTOP_METRIC_OTHER_POWER, 0, &other, ACTOP_DERIVED, e->via);
}

static bool stand_in(const struct energy *e, const struct decode_frame *d, double *watts)
{
    *watts = 0;
    for (uint32_t i = 0; i < e->n_stand_in; i++) {
        double part;
        if (!apple_smc_read(d, e->stand_in[i], &part) || part < 0 || part > 500)
            return false;
        *watts += part;
    }
    return e->n_stand_in > 0;
}

static void step_stand_in(struct energy *e, struct decode_frame *d)
{
    double watts;
    for (uint32_t i = 0; i < e->n_rails; i++) {
        struct rail *r = &e->rails[i];
        if (r->id != RAIL_CPU || r->row < 0 ||
            sample_cell(d->out, ACTOP_METRIC_CPU_POWER, 0)->state != ACTOP_STATE_FROZEN ||
            !stand_in(e, d, &watts))
            continue;
        r->before_j += watts * (double)d->interval_ns * 1e-9;
        r->joules = joules_of_rail(e, i);
        sample_put(d->out, ACTOP_METRIC_CPU_POWER, 0, watts, ACTOP_ESTIMATED, e->via_smc);
        sample_put(d->out, ACTOP_METRIC_RAIL_POWER, (uint32_t)r->row, watts, ACTOP_ESTIMATED,
                   e->via_smc);
        sample_put(d->out, ACTOP_METRIC_RAIL_ENERGY, (uint32_t)r->row, r->joules, ACTOP_ESTIMATED,
                   e->via_smc);
    }
}

/* A cluster's or core's own counter. Several of one cluster (its total and its fabric) add up; the PMP's are asked only where the
 * Energy Model has none, for they count the same again. */
static void put_part(const struct energy *e, struct decode_frame *d, const struct part_power *p)
{
    const struct meter *m = &e->meters[p->meter];
    actop_metric id = p->core >= 0 ? ACTOP_METRIC_CORE_POWER : ACTOP_METRIC_CLUSTER_POWER;
    uint32_t row = (uint32_t)(p->core >= 0 ? p->core : p->cluster);
    uint16_t via = p->pmp ? e->via_pmp : e->via;
    const struct cell *before = sample_cell(d->out, id, row);
    if (!m->read || (cell_has(before) && before->via != via))
        return;
    if (apple_is_frozen(&m->period) || !m->has_watts) {
        if (!cell_has(before))
            sample_put_state(d->out, id, row,
                             m->has_watts ? ACTOP_STATE_FROZEN : ACTOP_STATE_WARMING, via);
        return;
    }
    double watts = m->watts;
    int64_t at_ns = m->at_ns;
    if (cell_has(before)) {
        watts += before->value;
        at_ns = before->at_ns < at_ns ? before->at_ns : at_ns;
    }
    apple_put(d, id, row, watts, at_ns, ACTOP_MEASURED, via);
}

static void put_tier_power(const struct energy *e, struct decode_frame *d, uint32_t cluster)
{
    const struct cell *c = sample_cell(d->out, ACTOP_METRIC_CLUSTER_POWER, cluster);
    int32_t tier = sample_entity_get(d->out, ACTOP_SCOPE_CLUSTER, cluster)->parent;
    if (tier < 0 || !cell_has(c))
        return;
    const struct cell *before = sample_cell(d->out, ACTOP_METRIC_TIER_POWER, (uint32_t)tier);
    bool has = cell_has(before);
    apple_put(d, ACTOP_METRIC_TIER_POWER, (uint32_t)tier, c->value + (has ? before->value : 0),
              has && before->at_ns < c->at_ns ? before->at_ns : c->at_ns, ACTOP_DERIVED, e->via);
}

static void step_parts(const struct energy *e, struct decode_frame *d)
{
    for (int pmp = 0; pmp < 2; pmp++)
        for (size_t i = 0; i < e->n_parts; i++)
            if (e->parts[i].pmp == (pmp != 0))
                put_part(e, d, &e->parts[i]);
    for (uint32_t row = 0; row < sample_rows(d->out, ACTOP_SCOPE_CLUSTER); row++)
        put_tier_power(e, d, row);
}

/* Watts the SMC gives for the whole machine (reported: exelban/stats, macpow, Asahi). A negative or absurd figure is none. */
static void put_smc(const struct energy *e, struct decode_frame *d, int32_t channel,
                    actop_metric id)
{
    double watts;
    if (apple_smc_read(d, channel, &watts) && watts >= 0 && watts < 2000)
        sample_put(d->out, id, 0, watts, ACTOP_MEASURED, e->via_smc);
    else
        sample_put_state(d->out, id, 0, channel < 0 ? ACTOP_STATE_UNSUPPORTED : ACTOP_STATE_FAILED,
                         e->via_smc);
}

static void step(void *state, struct decode_frame *d)
{
    struct energy *e = state;
    step_meters(e, d);
    step_rails(e, d);
    step_stand_in(e, d);
    step_parts(e, d);
    put_smc(e, d, e->system, ACTOP_METRIC_SYSTEM_POWER);
    put_smc(e, d, e->adapter, ACTOP_METRIC_ADAPTER_POWER);
}

/* ---- Notes ------------------------------------------------------------------------------------------------------------------------------ */

static void put_seconds(struct buf *b, int64_t ns)
{
    buf_put_fixed(b, (double)ns * 1e-9, ns < 1000000000 ? 3 : 1);
    buf_puts(b, " s");
}

static void put_members(struct buf *b, const struct energy *e, const struct schema *s,
                        const struct candidate *c)
{
    enum { SHOWN = 4 };
    for (uint32_t i = 0; i < c->n && i < SHOWN; i++) {
        const struct meter *m = &e->meters[e->members[c->first + i]];
        buf_puts(b, i > 0 ? " + " : "");
        buf_puts(b, schema_text(s, s->channels[m->channel].name));
    }
    if (c->n > SHOWN)
        buf_printf(b, " + %u more", (unsigned)(c->n - SHOWN));
    if (c->rank >= RANK_PMP)
        buf_puts(b, " of the PMP");
}

/* How often it is published: by its slowest counter. */
static void put_cadence(struct buf *b, const struct energy *e, const struct decode_notes *d,
                        const struct candidate *c)
{
    int64_t period_ns = 0, at_ns = INT64_MAX;
    bool stamped = true;
    for (uint32_t i = 0; i < c->n; i++) {
        const struct meter *m = &e->meters[e->members[c->first + i]];
        period_ns = m->period.period_ns > period_ns ? m->period.period_ns : period_ns;
        at_ns = m->at_ns < at_ns ? m->at_ns : at_ns;
        stamped = stamped && d->frame->stamps_ns[m->channel] != 0;
    }
    if (period_ns == 0) {
        buf_puts(b, at_ns == 0 ? ", not published yet" : ", not published a second time yet");
    } else {
        buf_puts(b, ", published every ");
        put_seconds(b, period_ns);
        buf_puts(b, ", last ");
        put_seconds(b, d->frame->at.awake_ns - at_ns);
        buf_puts(b, " ago");
    }
    buf_puts(b, stamped ? "" : ", without time stamps: seen when a counter changes");
}

static void put_passed_over(struct buf *b, const struct energy *e, const struct decode_notes *d,
                            uint32_t rail, const struct candidate *chosen)
{
    for (uint32_t i = e->rails[rail].first; i < e->rails[rail].end; i++) {
        const struct candidate *c = &e->candidates[i];
        if (c->rank >= chosen->rank)
            continue;
        buf_puts(b, "; instead of ");
        put_members(b, e, d->schema, c);
        buf_printf(b, ", which is %s",
                   is_dead(e, c) ? "0 while cores work" : actop_state_name(sum_of(e, c).state));
    }
}

static void note_rail(const struct energy *e, const struct decode_notes *d, uint32_t rail)
{
    const struct rail *r = &e->rails[rail];
    const struct candidate *c = &e->candidates[r->chosen];
    struct buf *b = notes_begin(d->into, ACTOP_NOTE_RAIL, r->key);
    put_members(b, e, d->schema, c);
    put_cadence(b, e, d, c);
    actop_state state = sum_of(e, c).state;
    if (state != ACTOP_STATE_OK)
        buf_printf(b, "; %s", actop_state_name(state));
    put_passed_over(b, e, d, rail, c);
    const struct cell *cell = sample_cell(d->sample, ACTOP_METRIC_RAIL_POWER, (uint32_t)r->row);
    if (cell_has(cell) && cell->via == e->via_smc)
        buf_puts(b, "; the SMC's rails stand in for it");
    notes_end(d->into);
}

static void put_watts(struct buf *b, const char *name, double watts)
{
    buf_puts(b, name);
    buf_put_fixed(b, watts, 2);
    buf_puts(b, " W");
}

/* What the chip's rails come to beside what the SMC says of the whole machine. */
static void note_system(const struct decode_notes *d)
{
    double package, system, rest, violations;
    if (!sample_get(d->sample, ACTOP_METRIC_PACKAGE_POWER, 0, &package) ||
        !sample_get(d->sample, ACTOP_METRIC_SYSTEM_POWER, 0, &system))
        return;
    struct buf *b = notes_begin(d->into, ACTOP_NOTE_BALANCE, "package and system");
    put_watts(b, "package ", package);
    put_watts(b, " of the system's ", system);
    if (sample_get(d->sample, ACTOP_METRIC_UNACCOUNTED_POWER, 0, &rest))
        put_watts(b, "; outside all known blocks ", rest);
    if (sample_get(d->sample, ACTOP_METRIC_LEDGER_VIOLATIONS, 0, &violations) && violations > 0)
        buf_printf(b, "; doubt: the package was above the system in %u samples",
                   (unsigned)violations);
    notes_end(d->into);
}

/* What flows in beside what is used. */
static void note_supply(const struct decode_notes *d)
{
    double system, adapter = 0, battery = 0;
    bool has_adapter = sample_get(d->sample, ACTOP_METRIC_ADAPTER_POWER, 0, &adapter);
    bool has_battery = sample_get(d->sample, ACTOP_METRIC_BATTERY_POWER, 0, &battery);
    if (!sample_get(d->sample, ACTOP_METRIC_SYSTEM_POWER, 0, &system) ||
        (!has_adapter && !has_battery))
        return;
    struct buf *b = notes_begin(d->into, ACTOP_NOTE_BALANCE, "supply and system");
    put_watts(b, "adapter ", adapter);
    put_watts(b, " less what flows into batteries ", battery);
    put_watts(b, " is ", adapter - battery);
    put_watts(b, ", the system draws ", system);
    notes_end(d->into);
}

/* Clusters need not add up to the CPU's own counter (recorded: M1 Max, M3 Pro, M4). */
static void note_clusters(const struct decode_notes *d)
{
    double cpu, watts, sum = 0;
    uint32_t n = sample_rows(d->sample, ACTOP_SCOPE_CLUSTER), seen = 0;
    for (uint32_t row = 0; row < n; row++)
        if (sample_get(d->sample, ACTOP_METRIC_CLUSTER_POWER, row, &watts)) {
            sum += watts;
            seen++;
        }
    if (seen == 0 || seen < n || !sample_get(d->sample, ACTOP_METRIC_CPU_POWER, 0, &cpu))
        return;
    struct buf *b = notes_begin(d->into, ACTOP_NOTE_BALANCE, "clusters and CPU");
    put_watts(b, "clusters ", sum);
    put_watts(b, ", CPU ", cpu);
    notes_end(d->into);
}

COLD static void notes(const void *state, const struct decode_notes *d)
{
    const struct energy *e = state;
    const struct schema *s = d->schema;
    for (uint32_t i = 0; i < e->n_rails; i++)
        if (e->rails[i].row >= 0 && e->rails[i].chosen != UINT32_MAX)
            note_rail(e, d, i);
    for (uint32_t i = 0; i < s->n_channels; i++) {
        const struct channel *c = &s->channels[i];
        const char *group = schema_text(s, c->group);
        if ((strcmp(group, "ioreport/Energy Model") == 0 || is_pmp_energy(group)) &&
            (c->count != 1 || joules_of(schema_text(s, c->unit)) == 0 ||
             !has_room_for(schema_text(s, c->name))))
            notes_add(d->into, ACTOP_NOTE_CHANNEL, schema_text(s, c->key),
                      "energy in a unit or form not known here");
    }
    note_clusters(d);
    note_system(d);
    note_supply(d);
}

/* ---- Life ------------------------------------------------------------------------------------------------------------------------------- */

COLD static void release(void *state)
{
    struct energy *e = state;
    free(e->meters);
    free(e->batches);
    free(e->rails);
    free(e->candidates);
    free(e->members);
    free(e->parts);
}

COLD static bool own(void *state)
{
    struct energy *e = state;
    bool ok = VEC_OWN(e->meters, e->cap_meters, e->n_meters);
    ok = VEC_OWN(e->batches, e->cap_batches, e->n_batches) && ok;
    ok = VEC_OWN(e->rails, e->cap_rails, e->n_rails) && ok;
    ok = VEC_OWN(e->members, e->cap_members, e->n_members) && ok;
    ok = VEC_OWN(e->candidates, e->cap_candidates, e->n_candidates) && ok;
    return VEC_OWN(e->parts, e->cap_parts, e->n_parts) && ok;
}

const struct decode_part decode_part_apple_energy = {
    .name = "energy",
    .state_size = sizeof(struct energy),
    .begin = begin,
    .step = step,
    .notes = notes,
    .own = own,
    .release = release,
};
