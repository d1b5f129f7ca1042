/* SPDX-License-Identifier: MIT */
/* Reading machine descriptions (machines/README.md is the manual of the format).
 *
 * The text is cut into lines and words; a block word chooses a table of line words, and each line word a function that
 * takes the values. What is not in the tables is an error that names file and line: a typing slip in a
 * description must not become a machine that lacks something. */
#include "source/sim/machine.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/vec.h"
#include "source/sim/machine_channels.h"

enum { MAX_WORDS = 64 };

struct reader {
    struct machine *m;
    const char *file;
    unsigned line;
    actop_error *err;
    actop_status status; /* OK until the first error */
    const char *provenance;
    const char *block_name;
    machine_find *find;
    void *context;
    unsigned depth;
    /* of the block being read */
    const char *group, *subgroup, *unit;
    bool refused;
    double step_gb;
    unsigned buckets;
    unsigned words_n;
    char *words[MAX_WORDS];
};

typedef void line_fn(struct reader *r, unsigned n, char **v);

struct line_word {
    const char *word;
    unsigned least; /* values it needs */
    line_fn *fn;
};

struct block_word {
    const char *kind;
    line_fn *begin;                /* with the block's name; NULL: nothing */
    const struct line_word *lines; /* ended by a NULL word */
    line_fn *other; /* takes lines whose word is no word of the list; NULL: an error */
};

static void fail(struct reader *r, const char *fmt, ...) ACTOP_PRINTF(2, 3);
static void fail(struct reader *r, const char *fmt, ...)
{
    char what[160];
    va_list args;

    if (r->status != ACTOP_OK)
        return;
    va_start(args, fmt);
    vsnprintf(what, sizeof what, fmt, args);
    va_end(args);
    r->status =
        error_set(r->err, ACTOP_E_FORMAT, "machine %s, line %u: %s", r->file, r->line, what);
}

static void out_of_memory(struct reader *r)
{
    if (r->status == ACTOP_OK)
        r->status = error_set(r->err, ACTOP_E_NOMEM, "machine %s: out of memory", r->file);
}

/* Memory that lives as long as the machine; zeroed. NULL and an error when there is none. */
void *machine_keep(struct machine *m, size_t n)
{
    void *p = NULL;

    if (VEC_GROW(m->blocks, m->cap_blocks, m->n_blocks + 1) && (p = calloc(1, n)) != NULL)
        m->blocks[m->n_blocks++] = p;
    return p;
}

char *machine_keep_text(struct machine *m, const char *text, size_t n)
{
    char *p = machine_keep(m, n + 1);

    if (p != NULL)
        memcpy(p, text, n);
    return p;
}

static const char *keep(struct reader *r, const char *text)
{
    const char *p = machine_keep_text(r->m, text, strlen(text));

    if (p == NULL)
        out_of_memory(r);
    return p != NULL ? p : "";
}

/* A new zeroed element at the end of a list, or NULL with the error set. */
#define APPEND(r, list)                                                                            \
    (VEC_GROW((r)->m->list, (r)->m->cap_##list, (r)->m->n_##list + 1)                              \
         ? &(r)->m->list[(r)->m->n_##list++]                                                       \
         : (out_of_memory(r), NULL))
/* The element being described; blocks begin with APPEND, so there is one unless memory ran out. */
#define LAST(r, list) (&(r)->m->list[(r)->m->n_##list - 1])

static double number(struct reader *r, const char *text)
{
    char *end;
    double value = strtod(text, &end);

    if (end == text || *end != '\0')
        fail(r, "%s is not a number", text);
    return value;
}

static uint64_t whole(struct reader *r, const char *text)
{
    char *end;
    unsigned long long value = strtoull(text, &end, 10);

    if (end == text || *end != '\0' || text[0] == '-')
        fail(r, "%s is not a whole number", text);
    return value;
}

static unsigned small(struct reader *r, const char *text)
{
    uint64_t value = whole(r, text);

    if (value > 1000000)
        fail(r, "%s is too large", text);
    return (unsigned)value;
}

static bool yes(const char *text)
{
    return strcmp(text, "yes") == 0;
}

/* ---- machine, level, cluster ------------------------------------------------------------------------------------ */

static void use(struct reader *r, unsigned n, char **v);

#define TEXT_WORD(fn, target)                                                                      \
    static void fn(struct reader *r, unsigned n, char **v)                                         \
    {                                                                                              \
        (void)n;                                                                                   \
        (target) = keep(r, v[0]);                                                                  \
    }
#define NUMBER_WORD(fn, target, read)                                                              \
    static void fn(struct reader *r, unsigned n, char **v)                                         \
    {                                                                                              \
        (void)n;                                                                                   \
        (target) = read(r, v[0]);                                                                  \
    }
#define YES_WORD(fn, target)                                                                       \
    static void fn(struct reader *r, unsigned n, char **v)                                         \
    {                                                                                              \
        (void)n;                                                                                   \
        (void)r;                                                                                   \
        (target) = yes(v[0]);                                                                      \
    }

TEXT_WORD(machine_name, r->m->name)
TEXT_WORD(machine_brand, r->m->brand)
TEXT_WORD(machine_model, r->m->model)
TEXT_WORD(machine_target, r->m->target)
TEXT_WORD(machine_body, r->m->body)
NUMBER_WORD(machine_memory, r->m->memory_b, whole)
NUMBER_WORD(machine_cpus, r->m->cpus, whole)
YES_WORD(machine_virtual, r->m->is_virtual)

static void machine_begin(struct reader *r, unsigned n, char **v)
{
    (void)n;
    (void)v;
    r->m->provenance = r->provenance;
}

static void machine_os(struct reader *r, unsigned n, char **v)
{
    (void)n;
    r->m->os_version = keep(r, v[0]);
    r->m->os_build = keep(r, v[1]);
}

static void machine_family(struct reader *r, unsigned n, char **v)
{
    (void)n;
    r->m->cpu_family = (int64_t)number(r, v[0]);
    r->m->cpu_subfamily = (int64_t)number(r, v[1]);
}

static const struct line_word machine_lines[] = {
    {"name", 1, machine_name},
    {"brand", 1, machine_brand},
    {"model", 1, machine_model},
    {"target", 1, machine_target},
    {"os", 2, machine_os},
    {"memory", 1, machine_memory},
    {"body", 1, machine_body},
    {"family", 2, machine_family},
    {"virtual", 1, machine_virtual},
    {"cpus", 1, machine_cpus},
    {"use", 1, use},
    {NULL, 0, NULL},
};

static void level_begin(struct reader *r, unsigned n, char **v)
{
    struct machine_level *level = APPEND(r, levels);

    (void)n;
    (void)v;
    if (level != NULL)
        level->name = "";
}

TEXT_WORD(level_name, LAST(r, levels)->name)
NUMBER_WORD(level_cores, LAST(r, levels)->cores, whole)
NUMBER_WORD(level_per_l2, LAST(r, levels)->per_l2, whole)
NUMBER_WORD(level_l2, LAST(r, levels)->l2_b, whole)

static const struct line_word level_lines[] = {
    {"name", 1, level_name}, {"cores", 1, level_cores}, {"per-l2", 1, level_per_l2},
    {"l2", 1, level_l2},     {NULL, 0, NULL},
};

static void cluster_begin(struct reader *r, unsigned n, char **v)
{
    struct machine_cluster *c = APPEND(r, clusters);

    (void)n;
    if (c == NULL)
        return;
    *c = (struct machine_cluster){.name = keep(r, v[0]), .type = "", .provenance = r->provenance};
    c->complex_channel = c->fabric_channel = c->core_channel = c->rail = c->core_rail =
        c->fabric_rail = "";
}

TEXT_WORD(cluster_type, LAST(r, clusters)->type)
TEXT_WORD(cluster_complex, LAST(r, clusters)->complex_channel)
TEXT_WORD(cluster_fabric, LAST(r, clusters)->fabric_channel)
TEXT_WORD(cluster_core, LAST(r, clusters)->core_channel)
TEXT_WORD(cluster_rail, LAST(r, clusters)->rail)
TEXT_WORD(cluster_core_rail, LAST(r, clusters)->core_rail)
TEXT_WORD(cluster_fabric_rail, LAST(r, clusters)->fabric_rail)
NUMBER_WORD(cluster_level, LAST(r, clusters)->level, small)
NUMBER_WORD(cluster_die, LAST(r, clusters)->die, small)
NUMBER_WORD(cluster_cores, LAST(r, clusters)->cores, small)
NUMBER_WORD(cluster_table, LAST(r, clusters)->table, small)
NUMBER_WORD(cluster_states, LAST(r, clusters)->states, small)
YES_WORD(cluster_down, LAST(r, clusters)->has_down)

static void cluster_watts(struct reader *r, unsigned n, char **v)
{
    (void)n;
    LAST(r, clusters)->idle_w = number(r, v[0]);
    LAST(r, clusters)->busy_w = number(r, v[1]);
}

static const struct line_word cluster_lines[] = {
    {"type", 1, cluster_type},
    {"level", 1, cluster_level},
    {"die", 1, cluster_die},
    {"cores", 1, cluster_cores},
    {"table", 1, cluster_table},
    {"states", 1, cluster_states},
    {"down", 1, cluster_down},
    {"complex", 1, cluster_complex},
    {"fabric", 1, cluster_fabric},
    {"core", 1, cluster_core},
    {"rail", 1, cluster_rail},
    {"core-rail", 1, cluster_core_rail},
    {"fabric-rail", 1, cluster_fabric_rail},
    {"watts", 2, cluster_watts},
    {NULL, 0, NULL},
};

/* ---- tables, GPU ------------------------------------------------------------------------------------------------ */

static void table_begin(struct reader *r, unsigned n, char **v)
{
    struct machine_table *t = APPEND(r, tables);

    (void)n;
    if (t != NULL)
        *t = (struct machine_table){.number = small(r, v[0]), .provenance = r->provenance};
}

static void table_unit(struct reader *r, unsigned n, char **v)
{
    (void)n;
    LAST(r, tables)->khz = strcmp(v[0], "kHz") == 0;
}

static void table_mhz(struct reader *r, unsigned n, char **v)
{
    struct machine_table *t = LAST(r, tables);

    for (unsigned i = 0; i < n; i++) {
        if (t->n == sizeof t->mhz / sizeof t->mhz[0]) {
            fail(r, "more frequencies than fit");
            return;
        }
        t->mhz[t->n++] = number(r, v[i]);
    }
}

/* Voltages come after the frequencies; they fill up from the first zero one. */
static void table_mv(struct reader *r, unsigned n, char **v)
{
    struct machine_table *t = LAST(r, tables);
    unsigned at = 0;

    while (at < t->n && t->mv[at] != 0)
        at++;
    for (unsigned i = 0; i < n; i++) {
        if (at == t->n) {
            fail(r, "more voltages than frequencies");
            return;
        }
        t->mv[at++] = (uint32_t)whole(r, v[i]);
    }
}

YES_WORD(table_sram, LAST(r, tables)->sram)
YES_WORD(table_period, LAST(r, tables)->period)

static const struct line_word table_lines[] = {
    {"unit", 1, table_unit}, {"sram", 1, table_sram}, {"period", 1, table_period},
    {"mhz", 1, table_mhz},   {"mv", 1, table_mv},     {NULL, 0, NULL},
};

static void acc_entries(struct reader *r, unsigned n, char **v)
{
    struct machine *m = r->m;

    for (unsigned i = 0; i < n; i++) {
        char *colon = strchr(v[i], ':');
        if (colon == NULL ||
            m->n_acc_clusters == sizeof m->acc_clusters / sizeof m->acc_clusters[0]) {
            fail(r, "%s is not TABLE:CLUSTER, or one too many", v[i]);
            return;
        }
        *colon = '\0';
        m->acc_clusters[m->n_acc_clusters].table = small(r, v[i]);
        m->acc_clusters[m->n_acc_clusters++].cluster = small(r, colon + 1);
    }
}

static const struct line_word acc_lines[] = {{"entries", 1, acc_entries}, {NULL, 0, NULL}};

static void gpu_begin(struct reader *r, unsigned n, char **v)
{
    (void)n;
    (void)v;
    r->m->gpu.provenance = r->provenance;
}

TEXT_WORD(gpu_class, r->m->gpu.class_name)
TEXT_WORD(gpu_channel, r->m->gpu.channel)
NUMBER_WORD(gpu_cores, r->m->gpu.cores, small)
NUMBER_WORD(gpu_die_cores, r->m->gpu.die_cores, small)
NUMBER_WORD(gpu_table, r->m->gpu.table, small)
NUMBER_WORD(gpu_states, r->m->gpu.states, small)

static void gpu_watts(struct reader *r, unsigned n, char **v)
{
    (void)n;
    r->m->gpu.idle_w = number(r, v[0]);
    r->m->gpu.busy_w = number(r, v[1]);
}

static const struct line_word gpu_lines[] = {
    {"class", 1, gpu_class},         {"cores", 1, gpu_cores},
    {"die-cores", 1, gpu_die_cores}, {"table", 1, gpu_table},
    {"channel", 1, gpu_channel},     {"states", 1, gpu_states},
    {"watts", 2, gpu_watts},         {NULL, 0, NULL},
};

/* ---- channels --------------------------------------------------------------------------------------------------- */

static int cluster_by_name(const struct machine *m, const char *name)
{
    for (size_t i = 0; i < m->n_clusters; i++)
        if (strcmp(m->clusters[i].name, name) == 0)
            return (int)i;
    return -1;
}

static const struct {
    const char *word;
    enum machine_domain_kind kind;
} domain_words[] = {
    {"none", DOMAIN_NONE}, {"cpu", DOMAIN_CPU},           {"cpu-cluster", DOMAIN_CLUSTER},
    {"gpu", DOMAIN_GPU},   {"gpu-sram", DOMAIN_GPU_SRAM}, {"ane", DOMAIN_ANE},
    {"dram", DOMAIN_DRAM}, {"other", DOMAIN_OTHER},       {"total", DOMAIN_TOTAL},
};

/* WORD, WORD@DIE, WORD=VALUE, each with /PARTS behind it. */
static struct machine_domain domain(struct reader *r, char *text)
{
    struct machine_domain d = {.die = -1, .cluster = -1, .parts = 1};
    char *parts = strchr(text, '/'), *die = strchr(text, '@'), *value = strchr(text, '=');

    if (parts != NULL) {
        *parts = '\0';
        d.parts = small(r, parts + 1);
    }
    if (die != NULL) {
        *die = '\0';
        d.die = (int)small(r, die + 1);
    }
    if (value != NULL)
        *value++ = '\0';
    for (size_t i = 0; i < sizeof domain_words / sizeof domain_words[0]; i++) {
        if (strcmp(domain_words[i].word, text) != 0)
            continue;
        d.kind = domain_words[i].kind;
        if (d.kind == DOMAIN_CLUSTER &&
            (d.cluster = cluster_by_name(r->m, value != NULL ? value : "")) < 0)
            fail(r, "no cluster %s before this line", value != NULL ? value : "");
        if (d.kind == DOMAIN_OTHER && value != NULL)
            d.watts = number(r, value);
        if (d.parts == 0)
            fail(r, "a zeroth part");
        return d;
    }
    fail(r, "%s is no domain", text);
    return d;
}

/* A block's name GROUP/SUBGROUP, or GROUP alone. */
static void group_begin(struct reader *r, unsigned n, char **v)
{
    const char *slash = strchr(v[0], '/');

    (void)n;
    r->refused = false;
    r->unit = "";
    r->subgroup = slash != NULL ? keep(r, slash + 1) : "";
    r->group = slash != NULL ? machine_keep_text(r->m, v[0], (size_t)(slash - v[0]))
                             : keep(r, v[0]);
    if (r->group == NULL) {
        out_of_memory(r);
        r->group = "";
    }
}

static struct machine_channel *channel(struct reader *r, const char *name,
                                       enum machine_channel_kind kind)
{
    struct machine_channel *c =
        machine_add_channel(r->m, r->group, r->subgroup, name, r->unit, kind);

    if (c == NULL) {
        out_of_memory(r);
        return NULL;
    }
    c->refused = r->refused;
    return c;
}

static void rails_publish(struct reader *r, unsigned n, char **v)
{
    struct machine_publication *p = APPEND(r, publications);

    if (p == NULL)
        return;
    p->group = r->group;
    p->unit = keep(r, v[0]);
    for (unsigned i = 1; i < n && p->n < 4; i++)
        p->period_ns[p->n++] = (int64_t)whole(r, v[i]) * 1000000;
    if (p->n == 0 || p->period_ns[0] == 0)
        fail(r, "a period of nothing");
}

static void rails_other(struct reader *r, unsigned n, char **v)
{
    static const struct {
        const char *unit;
        double joules;
    } units[] = {
        {"J", 1}, {"mJ", 1e-3}, {"uJ", 1e-6}, {"nJ", 1e-9}, {"pJ", 1e-12},
    };
    struct machine_domain d;

    for (size_t u = 0; u < sizeof units / sizeof units[0]; u++) {
        if (strcmp(v[0], units[u].unit) != 0 || n < 3)
            continue;
        d = domain(r, v[1]);
        r->unit = units[u].unit;
        for (unsigned i = 2; i < n; i++) {
            struct machine_channel *c = channel(r, v[i], CHANNEL_ENERGY);
            if (c == NULL)
                return;
            c->domain = d;
            c->joules = units[u].joules;
        }
        return;
    }
    fail(r, "%s is no unit of energy, or has no domain and name behind it", v[0]);
}

/* steps PREFIX FROM TO [twice]: PREFIX00 PREFIX01 … in hex. */
static void rails_steps(struct reader *r, unsigned n, char **v)
{
    unsigned long from = strtoul(v[1], NULL, 16), to = strtoul(v[2], NULL, 16);
    unsigned times = n > 3 && strcmp(v[3], "twice") == 0 ? 2 : 1;
    char name[64];

    r->unit = "mJ";
    for (unsigned t = 0; t < times; t++)
        for (unsigned long i = from; i <= to && i < 4096 && r->status == ACTOP_OK; i++) {
            struct machine_channel *c;
            snprintf(name, sizeof name, "%s%02lx", v[0], i);
            c = channel(r, name, CHANNEL_STEP);
            if (c != NULL)
                c->joules = 1e-3;
        }
}

static const struct line_word rails_lines[] = {
    {"publish", 2, rails_publish},
    {"steps", 3, rails_steps},
    {NULL, 0, NULL},
};

YES_WORD(bytes_refused, r->refused)

/* Two byte counters, read and write. */
static void byte_pair(struct reader *r, const char *name, const char *between,
                      struct machine_domain d)
{
    static const char *const ends[] = {"RD", "WR"};
    char full[96];

    r->unit = "B";
    for (int i = 0; i < 2; i++) {
        struct machine_channel *c;
        snprintf(full, sizeof full, "%s%s%s", name, between, ends[i]);
        c = channel(r, full, i == 0 ? CHANNEL_READ : CHANNEL_WRITE);
        if (c != NULL)
            c->domain = d;
    }
}

static void bytes_total(struct reader *r, unsigned n, char **v)
{
    (void)n;
    byte_pair(r, v[0], " ",
              (struct machine_domain){.kind = DOMAIN_TOTAL, .die = -1, .cluster = -1, .parts = 1});
}

static void bytes_agent(struct reader *r, unsigned n, char **v)
{
    struct machine_domain d = domain(r, v[0]);

    d.parts *= n - 1;
    for (unsigned i = 1; i < n; i++)
        byte_pair(r, v[i], " DCS ", d);
}

static void bytes_split(struct reader *r, unsigned n, char **v)
{
    for (unsigned i = 0; i < n; i++)
        byte_pair(
            r, v[i], " ",
            (struct machine_domain){.kind = DOMAIN_TOTAL, .die = -1, .cluster = -1, .parts = n});
}

static const struct line_word bytes_lines[] = {
    {"refused", 1, bytes_refused}, {"total", 1, bytes_total}, {"agent", 2, bytes_agent},
    {"split", 1, bytes_split},     {NULL, 0, NULL},
};

static void histogram_step(struct reader *r, unsigned n, char **v)
{
    (void)n;
    r->step_gb = number(r, v[0]);
    r->buckets = small(r, v[1]);
    if (r->buckets == 0 || r->buckets > 128 || !(r->step_gb > 0))
        fail(r, "a histogram has 1 to 128 buckets of more than nothing");
}

static void histogram_trio(struct reader *r, const char *name, double step_gb,
                           struct machine_domain d)
{
    static const struct {
        const char *end;
        int direction;
    } ends[] = {{" RD", 1}, {" WR", 2}, {" RD+WR", 3}};
    const char **states = machine_bucket_names(r->m, step_gb, r->buckets);
    char full[96];

    if (states == NULL) {
        out_of_memory(r);
        return;
    }
    r->unit = "events";
    for (int i = 0; i < 3; i++) {
        struct machine_channel *c;
        snprintf(full, sizeof full, "%s%s", name, ends[i].end);
        c = channel(r, full, CHANNEL_HISTOGRAM);
        if (c == NULL)
            return;
        c->domain = d;
        c->direction = ends[i].direction;
        c->step_gb = step_gb;
        c->n_states = r->buckets;
        c->states = states;
    }
}

static void histogram_total(struct reader *r, unsigned n, char **v)
{
    (void)n;
    histogram_trio(
        r, v[1], number(r, v[0]),
        (struct machine_domain){.kind = DOMAIN_TOTAL, .die = -1, .cluster = -1, .parts = 1});
}

static void histogram_agent(struct reader *r, unsigned n, char **v)
{
    struct machine_domain d = domain(r, v[0]);

    d.parts *= n - 1;
    for (unsigned i = 1; i < n; i++)
        histogram_trio(r, v[i], r->step_gb, d);
}

static const struct line_word histogram_lines[] = {
    {"step", 2, histogram_step},
    {"total", 2, histogram_total},
    {"agent", 2, histogram_agent},
    {NULL, 0, NULL},
};

TEXT_WORD(states_unit, r->unit)

static void states_channel(struct reader *r, unsigned n, char **v)
{
    struct machine_channel *c = channel(r, v[0], CHANNEL_OTHER);
    const char **names = machine_keep(r->m, (n - 1) * sizeof *names);

    if (c == NULL || names == NULL) {
        out_of_memory(r);
        return;
    }
    for (unsigned i = 1; i < n; i++)
        names[i - 1] = keep(r, v[i]);
    c->n_states = n - 1;
    c->states = names;
}

static void simple_ane(struct reader *r, unsigned n, char **v)
{
    for (unsigned i = 0; i < n; i++) {
        struct machine_channel *c = channel(r, v[i], CHANNEL_ANE);
        if (c != NULL)
            c->domain =
                (struct machine_domain){.kind = DOMAIN_ANE, .die = -1, .cluster = -1, .parts = 1};
    }
}

static const struct line_word states_lines[] = {
    {"unit", 1, states_unit},
    {"channel", 2, states_channel},
    {"ane", 1, simple_ane},
    {NULL, 0, NULL},
};

/* ---- sensors ---------------------------------------------------------------------------------------------------- */

static void smc_begin(struct reader *r, unsigned n, char **v)
{
    (void)n;
    (void)v;
    r->m->smc.provenance = r->provenance;
}

TEXT_WORD(smc_service, r->m->smc.service)
NUMBER_WORD(smc_count, r->m->smc.keys, whole)

static struct machine_smc_key *smc_key(struct reader *r, const char *key, const char *type)
{
    struct machine_smc_key *k;

    if (strlen(key) != 4) {
        fail(r, "%s is not four characters", key);
        return NULL;
    }
    k = APPEND(r, smc_keys);
    if (k == NULL)
        return NULL;
    *k = (struct machine_smc_key){.domain = {.die = -1, .cluster = -1, .parts = 1}};
    memcpy(k->key, key, 4);
    memcpy(k->type, type, 4);
    return k;
}

/* What a temperature key follows, by its letters; below 15 degrees it is a gated sensor's constant, and TR0Z and TTPD
 * are constants everywhere (recorded in all dumps). */
static enum machine_domain_kind heated_by(const struct machine_smc_key *k)
{
    if (k->key[0] != 'T' || k->idle < 15 || memcmp(k->key, "TR0Z", 4) == 0)
        return DOMAIN_NONE;
    if (strchr("pefsC", k->key[1]) != NULL)
        return DOMAIN_CPU;
    return k->key[1] == 'g' ? DOMAIN_GPU : DOMAIN_TOTAL;
}

static void smc_values(struct reader *r, unsigned n, char **v, const char *type)
{
    for (unsigned i = 0; i < n; i++) {
        char *equals = strchr(v[i], '=');
        struct machine_smc_key *k;
        if (equals == NULL) {
            fail(r, "%s is not KEY=VALUE", v[i]);
            return;
        }
        *equals = '\0';
        k = smc_key(r, v[i], type);
        if (k == NULL)
            return;
        k->idle = number(r, equals + 1);
        k->domain.kind = heated_by(k);
    }
}

static void smc_flt(struct reader *r, unsigned n, char **v)
{
    smc_values(r, n, v, "flt ");
}
static void smc_ioft(struct reader *r, unsigned n, char **v)
{
    smc_values(r, n, v, "ioft");
}

static const struct line_word smc_lines[] = {
    {"service", 1, smc_service}, {"keys", 1, smc_count}, {"flt", 1, smc_flt},
    {"ioft", 1, smc_ioft},       {NULL, 0, NULL},
};

NUMBER_WORD(power_base, r->m->base_w, number)

static void power_keys(struct reader *r, unsigned n, char **v, struct machine_domain d)
{
    for (unsigned i = 0; i < n; i++) {
        struct machine_smc_key *k = smc_key(r, v[i], "flt ");
        if (k == NULL)
            return;
        k->is_power = true;
        k->domain = d;
    }
}

static void power_system(struct reader *r, unsigned n, char **v)
{
    power_keys(r, n, v,
               (struct machine_domain){.kind = DOMAIN_TOTAL, .die = -1, .cluster = -1, .parts = 1});
}

static void power_adapter(struct reader *r, unsigned n, char **v)
{
    power_keys(
        r, n, v,
        (struct machine_domain){.kind = DOMAIN_ADAPTER, .die = -1, .cluster = -1, .parts = 1});
}

static void power_battery(struct reader *r, unsigned n, char **v)
{
    power_keys(
        r, n, v,
        (struct machine_domain){.kind = DOMAIN_BATTERY, .die = -1, .cluster = -1, .parts = 1});
}

static void power_other(struct reader *r, unsigned n, char **v)
{
    struct machine_domain d = domain(r, v[0]);

    d.parts = n > 1 ? n - 1 : 1;
    power_keys(r, n - 1, v + 1, d);
}

static const struct line_word power_lines[] = {
    {"base", 1, power_base},
    {"system", 1, power_system},
    {"adapter", 1, power_adapter},
    {"battery", 1, power_battery},
    {NULL, 0, NULL},
};

static void fan_rpm(struct reader *r, unsigned n, char **v)
{
    struct machine_fan *f = APPEND(r, fans);

    (void)n;
    if (f != NULL)
        *f = (struct machine_fan){number(r, v[0]), number(r, v[1])};
}

static const struct line_word fan_lines[] = {{"rpm", 2, fan_rpm}, {NULL, 0, NULL}};

static void hid_line(struct reader *r, unsigned n, char **v)
{
    struct machine_hid *h = n == 2 ? APPEND(r, hid) : NULL;

    if (n != 2)
        fail(r, "a sensor is PRODUCT CELSIUS");
    if (h != NULL)
        *h = (struct machine_hid){keep(r, v[0]), number(r, v[1])};
}

static void battery_line(struct reader *r, unsigned n, char **v)
{
    struct machine_pair *p;
    char *end;

    if (n != 2) {
        fail(r, "a battery's property is NAME VALUE");
        return;
    }
    if (strcmp(v[0], "telemetry") == 0) {
        r->m->battery_telemetry = yes(v[1]);
        return;
    }
    p = APPEND(r, battery);
    if (p == NULL)
        return;
    *p = (struct machine_pair){.key = keep(r, v[0]), .value = strtoll(v[1], &end, 10)};
    if (*end != '\0')
        p->text = keep(r, v[1]);
}

/* ---- common ----------------------------------------------------------------------------------------------------- */

static void disk_begin(struct reader *r, unsigned n, char **v)
{
    struct machine_disk *d = APPEND(r, disks);

    (void)n;
    if (d != NULL)
        *d = (struct machine_disk){.name = keep(r, v[0]), .media = ""};
}

TEXT_WORD(disk_media, LAST(r, disks)->media)
NUMBER_WORD(disk_size, LAST(r, disks)->size_b, whole)
NUMBER_WORD(disk_read, LAST(r, disks)->read_bps, whole)
NUMBER_WORD(disk_write, LAST(r, disks)->write_bps, whole)

static const struct line_word disk_lines[] = {
    {"media", 1, disk_media}, {"size", 1, disk_size}, {"read", 1, disk_read},
    {"write", 1, disk_write}, {NULL, 0, NULL},
};

static void apfs_begin(struct reader *r, unsigned n, char **v)
{
    struct machine_apfs *a = APPEND(r, apfs);

    (void)n;
    if (a != NULL)
        *a = (struct machine_apfs){.name = keep(r, v[0]), .volume = ""};
}

TEXT_WORD(apfs_volume, LAST(r, apfs)->volume)
NUMBER_WORD(apfs_share, LAST(r, apfs)->share, number)

static const struct line_word apfs_lines[] = {
    {"volume", 1, apfs_volume}, {"share", 1, apfs_share}, {NULL, 0, NULL}};

static void mount_begin(struct reader *r, unsigned n, char **v)
{
    struct machine_mount *m = APPEND(r, mounts);

    (void)n;
    if (m != NULL)
        *m = (struct machine_mount){.path = keep(r, v[0]), .device = "", .type = ""};
}

TEXT_WORD(mount_device, LAST(r, mounts)->device)
TEXT_WORD(mount_type, LAST(r, mounts)->type)
NUMBER_WORD(mount_used, LAST(r, mounts)->used, number)

static const struct line_word mount_lines[] = {
    {"device", 1, mount_device},
    {"type", 1, mount_type},
    {"used", 1, mount_used},
    {NULL, 0, NULL},
};

static void interface_begin(struct reader *r, unsigned n, char **v)
{
    struct machine_interface *i = APPEND(r, interfaces);

    (void)n;
    if (i != NULL)
        *i = (struct machine_interface){.name = keep(r, v[0])};
}

NUMBER_WORD(interface_type, LAST(r, interfaces)->type, small)
NUMBER_WORD(interface_baud, LAST(r, interfaces)->baud, whole)
NUMBER_WORD(interface_receive, LAST(r, interfaces)->receive_bps, whole)
NUMBER_WORD(interface_send, LAST(r, interfaces)->send_bps, whole)

static const struct line_word interface_lines[] = {
    {"type", 1, interface_type},
    {"baud", 1, interface_baud},
    {"receive", 1, interface_receive},
    {"send", 1, interface_send},
    {NULL, 0, NULL},
};

NUMBER_WORD(processes_user, r->m->user, (uint32_t)whole)

static void processes_process(struct reader *r, unsigned n, char **v)
{
    struct machine_process *p = APPEND(r, processes);

    if (p == NULL)
        return;
    *p = (struct machine_process){.name = keep(r, v[0]), .user = r->m->user, .threads = 1};
    for (unsigned i = 1; i + 1 < n; i += 2) {
        if (strcmp(v[i], "pid") == 0)
            p->pid = (uint32_t)whole(r, v[i + 1]);
        else if (strcmp(v[i], "user") == 0)
            p->user = (uint32_t)whole(r, v[i + 1]);
        else if (strcmp(v[i], "cpu") == 0)
            p->cpu = number(r, v[i + 1]);
        else if (strcmp(v[i], "gpu") == 0)
            p->gpu = number(r, v[i + 1]);
        else if (strcmp(v[i], "rss") == 0)
            p->rss_b = whole(r, v[i + 1]);
        else if (strcmp(v[i], "threads") == 0)
            p->threads = (uint32_t)whole(r, v[i + 1]);
        else
            fail(r, "%s is no word of a process", v[i]);
    }
}

static const struct line_word processes_lines[] = {
    {"user", 1, processes_user},
    {"process", 1, processes_process},
    {NULL, 0, NULL},
};

static const struct line_word no_lines[] = {{NULL, 0, NULL}};

static const struct block_word blocks[] = {
    {"machine", machine_begin, machine_lines, NULL},
    {"level", level_begin, level_lines, NULL},
    {"cluster", cluster_begin, cluster_lines, NULL},
    {"table", table_begin, table_lines, NULL},
    {"acc-clusters", NULL, acc_lines, NULL},
    {"gpu", gpu_begin, gpu_lines, NULL},
    {"rails", group_begin, rails_lines, rails_other},
    {"bytes", group_begin, bytes_lines, NULL},
    {"histograms", group_begin, histogram_lines, NULL},
    {"states", group_begin, states_lines, NULL},
    {"simple", group_begin, states_lines, NULL},
    {"smc", smc_begin, smc_lines, NULL},
    {"power", NULL, power_lines, power_other},
    {"fan", NULL, fan_lines, NULL},
    {"hid", NULL, no_lines, hid_line},
    {"battery", NULL, no_lines, battery_line},
    {"disk", disk_begin, disk_lines, NULL},
    {"apfs", apfs_begin, apfs_lines, NULL},
    {"mount", mount_begin, mount_lines, NULL},
    {"interface", interface_begin, interface_lines, NULL},
    {"processes", NULL, processes_lines, NULL},
};

/* ---- lines ------------------------------------------------------------------------------------------------------ */

/* Cut a line into words in place; a word in double quotes may hold blanks, # outside of quotes ends the line. */
static void split(struct reader *r, char *line)
{
    r->words_n = 0;
    while (r->words_n < MAX_WORDS) {
        line += strspn(line, " \t");
        if (*line == '\0' || *line == '#')
            return;
        if (*line == '"') {
            r->words[r->words_n++] = ++line;
            line = strchr(line, '"');
            if (line == NULL) {
                fail(r, "a quote is not closed");
                return;
            }
        } else {
            r->words[r->words_n++] = line;
            line += strcspn(line, " \t");
        }
        if (*line == '\0')
            return;
        if (*line == '"' && line[1] != '\0' && strchr(" \t", line[1]) == NULL) {
            fail(r, "no blank behind a quote");
            return;
        }
        *line++ = '\0';
    }
    fail(r, "more than %d words", MAX_WORDS);
}

/* "[kind NAME] provenance: reason": cut the head and look its kind up. */
static const struct block_word *begin_block(struct reader *r, char *line)
{
    static const char *const provenances[] = {"recorded", "reported", "inferred", "invented"};
    char *end = strchr(line, ']'), *after;
    const struct block_word *found = NULL;

    if (end == NULL) {
        fail(r, "a block's head has no ]");
        return NULL;
    }
    *end = '\0';
    after = end + 1 + strspn(end + 1, " ");
    after[strcspn(after, ": ")] = '\0';
    r->provenance = NULL;
    for (size_t i = 0; i < 4; i++)
        if (strcmp(after, provenances[i]) == 0)
            r->provenance = provenances[i];
    if (r->provenance == NULL)
        fail(r, "%s is no word of provenance", after);
    split(r, line + 1);
    for (size_t i = 0; i < sizeof blocks / sizeof blocks[0] && r->words_n > 0; i++)
        if (strcmp(blocks[i].kind, r->words[0]) == 0)
            found = &blocks[i];
    if (found == NULL) {
        fail(r, "no such block");
    } else if (found->begin != NULL && r->status == ACTOP_OK) {
        char *nameless[] = {after + strlen(after)};
        found->begin(r, r->words_n > 1 ? 1 : 0, r->words_n > 1 ? r->words + 1 : nameless);
    }
    return found;
}

static void take_line(struct reader *r, const struct block_word *block)
{
    if (block == NULL) {
        fail(r, "a line before the first block");
        return;
    }
    for (const struct line_word *w = block->lines; w->word != NULL; w++) {
        if (strcmp(w->word, r->words[0]) != 0)
            continue;
        if (r->words_n - 1 < w->least)
            fail(r, "%s needs %u values", w->word, w->least);
        else
            w->fn(r, r->words_n - 1, r->words + 1);
        return;
    }
    if (block->other != NULL)
        block->other(r, r->words_n, r->words);
    else
        fail(r, "%s is no word of %s", r->words[0], block->kind);
}

static void read_text(struct reader *r, const char *text, size_t n)
{
    const struct block_word *block = NULL;
    char line[4096];

    r->line = 0;
    for (size_t at = 0; at < n && r->status == ACTOP_OK;) {
        const char *end = memchr(text + at, '\n', n - at);
        size_t length = end != NULL ? (size_t)(end - text) - at : n - at;
        r->line++;
        if (length >= sizeof line) {
            fail(r, "the line is too long");
            return;
        }
        memcpy(line, text + at, length);
        line[length] = '\0';
        at += length + 1;
        if (r->line == 1 && line[0] == '#' && r->depth == 0)
            r->m->title = keep(r, line + 1 + strspn(line + 1, " "));
        if (line[0] == '[') {
            block = begin_block(r, line);
            continue;
        }
        split(r, line);
        if (r->words_n > 0 && r->status == ACTOP_OK)
            take_line(r, block);
    }
}

static void use(struct reader *r, unsigned n, char **v)
{
    struct reader inner = {
        .m = r->m, .file = v[0], .err = r->err, .find = r->find, .context = r->context};
    size_t length = 0;
    const char *text = r->depth == 0 ? r->find(r->context, v[0], &length) : NULL;

    (void)n;
    inner.depth = 1;
    if (text == NULL) {
        fail(r, "%s is not there to be used", v[0]);
        return;
    }
    read_text(&inner, text, length);
    if (r->status == ACTOP_OK)
        r->status = inner.status;
}

static void defaults(struct machine *m)
{
    m->name = m->title = m->brand = m->model = m->target = m->os_version = m->os_build = m->body =
        "";
    m->provenance = m->gpu.provenance = m->smc.provenance = "invented";
    m->gpu.class_name = m->gpu.channel = "";
    m->smc.service = "";
}

actop_status machine_load(struct machine **out, const char *name, machine_find *find, void *context,
                          actop_error *err)
{
    struct reader r = {.file = name, .err = err, .find = find, .context = context};
    size_t n = 0;
    const char *text = find(context, name, &n);
    struct machine *m = NULL; /* owned until given */

    if (text == NULL)
        return error_set(err, ACTOP_E_NOT_FOUND, "no machine is called %s", name);
    m = calloc(1, sizeof *m);
    if (m == NULL)
        return error_set(err, ACTOP_E_NOMEM, "machine %s: out of memory", name);
    defaults(m);
    r.m = m;
    read_text(&r, text, n);
    if (r.status == ACTOP_OK && !machine_finish(m))
        out_of_memory(&r);
    if (r.status == ACTOP_OK) {
        *out = m;
        m = NULL;
    }
    machine_free(m);
    return r.status;
}

void machine_free(struct machine *m)
{
    if (m == NULL)
        return;
    for (size_t i = 0; i < m->n_blocks; i++)
        free(m->blocks[i]);
    free(m->blocks);
    free(m->levels);
    free(m->clusters);
    free(m->tables);
    free(m->channels);
    free(m->publications);
    free(m->smc_keys);
    free(m->hid);
    free(m->fans);
    free(m->battery);
    free(m->disks);
    free(m->apfs);
    free(m->mounts);
    free(m->interfaces);
    free(m->processes);
    free(m);
}

const char *machine_find_file(void *context, const char *name, size_t *n)
{
    struct machine_directory *d = context;
    char path[1024];
    FILE *f = NULL;
    char *text = NULL; /* owned until kept */
    const char *found = NULL;
    size_t cap = 1 << 18;

    if (strchr(name, '/') != NULL || d->n == sizeof d->texts / sizeof d->texts[0])
        return NULL;
    snprintf(path, sizeof path, "%s/%s.txt", d->path, name);
    f = fopen(path, "r");
    text = f != NULL ? malloc(cap) : NULL;
    if (text != NULL) {
        *n = fread(text, 1, cap, f);
        found = d->texts[d->n++] = text;
    }
    if (f != NULL)
        fclose(f);
    return found;
}

void machine_directory_release(struct machine_directory *d)
{
    for (unsigned i = 0; i < d->n; i++)
        free(d->texts[i]);
    d->n = 0;
}
