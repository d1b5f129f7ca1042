/* SPDX-License-Identifier: MIT */
/* NDJSON: one object and a newline. ndjson.def lists its keys in order; this file knows the forms of values, the
 * objects of rows, and the few shapes that are neither. Reading order: ndjson_put, put_field, put_rows, put_…. */
#include <math.h>
#include <string.h>

#include "export/export.h"

enum form {
    FORM_FLOAT,
    FORM_INTEGER,
    FORM_WORD,
    FORM_THERMAL,
    FORM_TEXT,
    FORM_FLAG,
    FORM_VERDICT,
    FORM_PRESENT,
    FORM_TENTH
};

/* What an object says about its row before its values. */
enum {
    ID_KEY = 1,
    ID_NAME = 2,
    ID_TIER = 4,
    ID_DIE = 8,
    ID_CORES = 16,
    ID_INDEX = 32,
    ID_PID = 64,
    ID_RESIDENCY = 128 /* after the members: the P-states the row owns */
};

enum row_of { ROW_MACHINE, ROW_HIGH, ROW_LOW };

/* One record being written. */
struct record {
    struct buf *b;
    const struct actop_sample_t *s;
    const actop_format_options *o;
    bool carried[ACTOP_METRIC_COUNT]; /* by a list: not to be repeated among the rest */
};

/* Rows are small because there are many: numbers of enums, and factors that a float holds exactly. */
struct value_row {
    const char *key;
    uint16_t metric;
    uint8_t form;
    float times, per;
};

typedef void shape_fn(const struct record *r);

struct key_row {
    struct value_row value; /* key is NULL: the rest of the machine's metrics */
    shape_fn *shape;        /* not NULL: a shape */
    uint8_t row;            /* enum row_of */
    uint8_t scope;          /* not MACHINE: rows */
    uint8_t identity;
};

/* ---- Punctuation ----------------------------------------------------------------------------------------------- */

/* A comma unless something has just been opened. A fixed buffer may have lost its last byte, so what stands before is
 * known by the caller. */
static void put_separator(struct buf *b, bool *first)
{
    if (!*first)
        buf_putc(b, ',');
    *first = false;
}

static void put_key(struct buf *b, bool *first, const char *key)
{
    put_separator(b, first);
    buf_putc(b, '"');
    buf_puts(b, key);
    buf_puts(b, "\":");
}

/* The key of a metric that no list names. */
static void put_derived_key(struct buf *b, bool *first, actop_metric id, bool member)
{
    put_separator(b, first);
    buf_putc(b, '"');
    export_put_name(b, id, member);
    buf_puts(b, "\":");
}

static void put_text(struct buf *b, const char *text)
{
    if (text == NULL)
        buf_puts(b, "null");
    else
        buf_put_json(b, text, strlen(text));
}

static void put_float(struct buf *b, bool has, double v)
{
    if (has && isfinite(v))
        buf_put_double(b, v);
    else
        buf_puts(b, "null");
}

static void put_integer(struct buf *b, bool has, double v)
{
    if (has && fabs(v) < 9.2e18)
        buf_put_i64(b, (int64_t)llround(v));
    else
        buf_puts(b, "null");
}

static void put_bool(struct buf *b, bool v)
{
    buf_puts(b, v ? "true" : "false");
}

/* ---- Values ------------------------------------------------------------------------------------------------------ */

/* The word of a state; its number when it has no words. */
static void put_word(struct buf *b, actop_metric id, bool has, double v)
{
    const char *word = has ? actop_value_name(id, v) : NULL;
    if (word != NULL)
        put_text(b, word);
    else
        put_integer(b, has, v);
}

/* In the key's unit. Percents to 10 decimals: 0.29 × 100 is 28.999999999999996, which nobody measured. */
static double scaled(const struct value_row *f, double v)
{
    return f->times > 1 ? rint(v * f->times * 1e10) / 1e10 : v / f->per;
}

static void put_value(struct buf *b, const struct actop_sample_t *s, const struct value_row *f,
                      int32_t row)
{
    double v = 0;
    bool has = export_value(s, f->metric, row, &v);
    v = scaled(f, v);
    switch ((enum form)f->form) {
    case FORM_FLOAT:
        put_float(b, has, v);
        break;
    case FORM_TENTH:
        put_float(b, has, round(v * 10) / 10);
        break;
    case FORM_INTEGER:
        put_integer(b, has, v);
        break;
    case FORM_WORD:
        put_word(b, f->metric, has, v);
        break;
    case FORM_THERMAL:
        put_text(b, has ? actop_value_name(f->metric, v) : "Unknown");
        break;
    case FORM_TEXT:
        put_text(b, export_text(s, f->metric, row));
        break;
    case FORM_FLAG:
        if (has)
            put_bool(b, v > 0);
        else
            buf_puts(b, "null");
        break;
    case FORM_VERDICT:
        put_bool(b, has && v > 0);
        break;
    case FORM_PRESENT:
        put_bool(b, has);
        break;
    }
}

/* How a metric that no list names is written. */
static struct value_row plain_value(actop_metric id)
{
    const actop_metric_info *m = metric_info(id);
    bool whole = m->unit == ACTOP_UNIT_BYTE || m->unit == ACTOP_UNIT_EACH;
    enum form form = m->kind == ACTOP_KIND_INFO    ? FORM_TEXT
                     : m->kind == ACTOP_KIND_STATE ? FORM_WORD
                     : whole                       ? FORM_INTEGER
                                                   : FORM_FLOAT;
    return (struct value_row){NULL, (uint16_t)id, (uint8_t)form, 1, 1};
}

/* ---- The lists --------------------------------------------------------------------------------------------------- */

static const struct value_row members[] = {
#define MEMBER(form, key, metric, times, per) {key, ACTOP_METRIC_##metric, FORM_##form, times, per},
#include "export/ndjson.def"
};

static const actop_metric carried_otherwise[] = {
#define CARRIED(metric) ACTOP_METRIC_##metric,
#include "export/ndjson.def"
};

/* ---- Objects of rows ---------------------------------------------------------------------------------------------- */

static uint32_t cores_of(const struct actop_sample_t *s, uint32_t cluster)
{
    uint32_t n = 0, rows = sample_rows(s, ACTOP_SCOPE_CORE);
    for (uint32_t i = 0; i < rows; i++) {
        const struct entity *e = sample_entity_get(s, ACTOP_SCOPE_CORE, i);
        n += e->parent_scope == ACTOP_SCOPE_CLUSTER && e->parent == (int32_t)cluster;
    }
    return n;
}

static void put_identity(const struct record *r, actop_scope scope, uint32_t row, unsigned what,
                         bool *first)
{
    const struct entity *e = sample_entity_get(r->s, scope, row);
    const char *key = sample_entity_text(r->s, scope, e->key);
    const char *name = e->name != 0 ? sample_entity_text(r->s, scope, e->name) : key;
    const struct {
        unsigned bit;
        const char *key, *text;
        uint64_t number;
    } rows[] = {
        {ID_PID, "pid", NULL, e->id},
        {ID_KEY, "key", key, 0},
        {ID_NAME, "name", (what & ID_KEY) != 0 ? name : key, 0},
        {ID_INDEX, "index", NULL, scope == ACTOP_SCOPE_CORE ? export_core_number(r->s, row) : row},
        {ID_TIER, "tier", sample_entity_text(r->s, scope, e->tier), 0},
        {ID_DIE, "die", NULL, e->die},
        {ID_CORES, "cores", NULL, (what & ID_CORES) != 0 ? cores_of(r->s, row) : 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if ((what & rows[i].bit) == 0)
            continue;
        put_key(r->b, first, rows[i].key);
        if (rows[i].text != NULL)
            put_text(r->b, rows[i].text);
        else
            buf_put_u64(r->b, rows[i].number);
    }
}

static void put_members(const struct record *r, actop_scope scope, uint32_t row, bool *first)
{
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++)
        if (metric_info(members[i].metric)->scope == scope) {
            put_key(r->b, first, members[i].key);
            put_value(r->b, r->s, &members[i], (int32_t)row);
        }
}

static bool some_row_has(const struct actop_sample_t *s, actop_metric id)
{
    uint32_t n = sample_rows(s, metric_info(id)->scope);
    for (uint32_t row = 0; row < n; row++)
        if (sample_cell(s, id, row)->state != ACTOP_STATE_NONE)
            return true;
    return false;
}

/* A metric of the scope that no list carries; json_key "" keeps it out, too. */
static bool is_other(const struct record *r, size_t id, actop_scope scope)
{
    const actop_metric_info *m = metric_info((actop_metric)id);
    bool out = m->json_key != NULL && m->json_key[0] == '\0';
    return m->scope == scope && !r->carried[id] && !out;
}

static void put_other_members(const struct record *r, actop_scope scope, uint32_t row, bool *first)
{
    for (size_t i = 0; i < ACTOP_METRIC_COUNT; i++) {
        if (!is_other(r, i, scope) || !some_row_has(r->s, (actop_metric)i))
            continue;
        struct value_row plain = plain_value((actop_metric)i);
        put_derived_key(r->b, first, (actop_metric)i, true);
        put_value(r->b, r->s, &plain, (int32_t)row);
    }
}

static void put_residency_states(const struct record *r, actop_scope owner, uint32_t row)
{
    bool first = true;
    uint32_t n = sample_rows(r->s, ACTOP_SCOPE_PSTATE);
    buf_putc(r->b, '[');
    for (uint32_t i = 0; i < n; i++) {
        const struct entity *e = sample_entity_get(r->s, ACTOP_SCOPE_PSTATE, i);
        if (e->parent_scope != (uint8_t)owner || e->parent != (int32_t)row)
            continue;
        bool inner = true;
        put_separator(r->b, &first);
        buf_putc(r->b, '{');
        put_members(r, ACTOP_SCOPE_PSTATE, i, &inner);
        put_other_members(r, ACTOP_SCOPE_PSTATE, i, &inner);
        buf_putc(r->b, '}');
    }
    buf_putc(r->b, ']');
}

static void put_object(const struct record *r, actop_scope scope, uint32_t row, unsigned identity)
{
    bool first = true;
    buf_putc(r->b, '{');
    put_identity(r, scope, row, identity, &first);
    put_members(r, scope, row, &first);
    if ((identity & ID_RESIDENCY) != 0) {
        put_key(r->b, &first, "residency");
        put_residency_states(r, scope, row);
    }
    put_other_members(r, scope, row, &first);
    buf_putc(r->b, '}');
}

static void put_rows(const struct record *r, actop_scope scope, unsigned identity)
{
    uint32_t n = sample_rows(r->s, scope);
    buf_putc(r->b, '[');
    for (uint32_t row = 0; row < n; row++) {
        if (row > 0)
            buf_putc(r->b, ',');
        put_object(r, scope, row, identity);
    }
    buf_putc(r->b, ']');
}

/* ---- Shapes --------------------------------------------------------------------------------------------------------- */

static void put_timestamp(const struct record *r)
{
    buf_put_double(r->b, (double)r->s->at.wall_ns / 1e9);
}

static void put_schema(const struct record *r)
{
    put_text(r->b, "actop/1");
}

static void put_seq(const struct record *r)
{
    buf_put_u64(r->b, r->s->seq);
}

/* Whole percents, rounded half to even and at most 100, as the Python actop does. */
static void put_ram_percent(const struct record *r)
{
    double used = 0, total = 0;
    bool has = export_value(r->s, ACTOP_METRIC_RAM_USED, 0, &used) &&
               export_value(r->s, ACTOP_METRIC_RAM_TOTAL, 0, &total) && total > 0;
    put_float(r->b, has, has ? fmin(100, rint(used / total * 100)) : 0);
}

static void put_fans(const struct record *r)
{
    uint32_t n = sample_rows(r->s, ACTOP_SCOPE_FAN);
    bool first = true;
    buf_putc(r->b, '[');
    for (uint32_t row = 0; row < n; row++) {
        double speed = 0, top = 0;
        if (!export_value(r->s, ACTOP_METRIC_FAN_SPEED, (int32_t)row, &speed))
            continue;
        put_separator(r->b, &first);
        buf_putc(r->b, '[');
        buf_put_double(r->b, speed);
        buf_putc(r->b, ',');
        bool has = export_value(r->s, ACTOP_METRIC_FAN_MAX, (int32_t)row, &top);
        put_float(r->b, has, top);
        buf_putc(r->b, ']');
    }
    buf_putc(r->b, ']');
}

static void put_fan_rpms(const struct record *r)
{
    uint32_t n = sample_rows(r->s, ACTOP_SCOPE_FAN);
    bool first = true;
    buf_putc(r->b, '[');
    for (uint32_t row = 0; row < n; row++) {
        double speed = 0;
        if (!export_value(r->s, ACTOP_METRIC_FAN_SPEED, (int32_t)row, &speed))
            continue;
        put_separator(r->b, &first);
        buf_put_double(r->b, speed);
    }
    buf_putc(r->b, ']');
}

static void put_fan_available(const struct record *r)
{
    uint32_t n = sample_rows(r->s, ACTOP_SCOPE_FAN);
    double speed;
    bool any = false;
    for (uint32_t row = 0; row < n && !any; row++)
        any = export_value(r->s, ACTOP_METRIC_FAN_SPEED, (int32_t)row, &speed);
    put_bool(r->b, any);
}

/* Cores of one tier; where nothing names tiers, all of them stand under the upper one. */
static void put_cores(const struct record *r, int32_t tier, bool also_without)
{
    uint32_t n = sample_rows(r->s, ACTOP_SCOPE_CORE);
    bool first = true;
    buf_putc(r->b, '[');
    for (uint32_t row = 0; row < n; row++) {
        double util = 0, freq = 0;
        int32_t of = export_tier_of_core(r->s, row);
        if (!(of >= 0 ? of == tier : also_without))
            continue;
        put_separator(r->b, &first);
        buf_puts(r->b, "{\"index\":");
        buf_put_u64(r->b, export_core_number(r->s, row));
        buf_puts(r->b, ",\"active_pct\":");
        bool has = export_value(r->s, ACTOP_METRIC_CORE_UTIL, (int32_t)row, &util);
        put_integer(r->b, has, util * 100);
        buf_puts(r->b, ",\"freq_mhz\":");
        has = export_value(r->s, ACTOP_METRIC_CORE_FREQ, (int32_t)row, &freq);
        put_integer(r->b, has, freq / 1e6);
        buf_putc(r->b, '}');
    }
    buf_putc(r->b, ']');
}

static void put_e_cores(const struct record *r)
{
    int32_t tier = export_tier_low(r->s);
    if (tier < 0)
        buf_puts(r->b, "[]");
    else
        put_cores(r, tier, false);
}

static void put_p_cores(const struct record *r)
{
    put_cores(r, export_tier_high(r->s), true);
}

static void put_processes(const struct record *r)
{
    uint32_t n = r->o->processes ? sample_rows(r->s, ACTOP_SCOPE_PROCESS) : 0;
    bool first = true;
    buf_putc(r->b, '[');
    for (uint32_t row = 0; row < n; row++) {
        bool inner = true;
        /* One that has ended only keeps its energy; readers of this list expect what runs. */
        if (sample_entity_get(r->s, ACTOP_SCOPE_PROCESS, row)->flags & ACTOP_ENTITY_EXITED)
            continue;
        put_separator(r->b, &first);
        buf_putc(r->b, '{');
        put_identity(r, ACTOP_SCOPE_PROCESS, row, ID_PID, &inner);
        put_members(r, ACTOP_SCOPE_PROCESS, row, &inner);
        if (r->o->cmdlines) {
            put_key(r->b, &inner, "cmdline");
            put_text(r->b, export_text(r->s, ACTOP_METRIC_PROC_CMDLINE, (int32_t)row));
        }
        buf_putc(r->b, '}');
    }
    buf_putc(r->b, ']');
}

/* Four consecutive metrics: idle, low, mid, high. */
static bool put_residency(const struct record *r, actop_metric idle, int32_t row)
{
    static const char *const names[] = {"{\"idle\":", ",\"low\":", ",\"mid\":", ",\"high\":"};
    double shares[4] = {0, 0, 0, 0};
    int percents[4];
    for (size_t i = 0; i < 4; i++)
        if (!export_value(r->s, (actop_metric)(idle + i), row, &shares[i]))
            return false;
    if (!export_percents(shares, 4, percents))
        return false;
    for (size_t i = 0; i < 4; i++) {
        buf_puts(r->b, names[i]);
        buf_put_i64(r->b, percents[i]);
    }
    buf_putc(r->b, '}');
    return true;
}

_Static_assert(ACTOP_METRIC_TIER_HIGH == ACTOP_METRIC_TIER_IDLE + 3, "idle, low, mid, high");
_Static_assert(ACTOP_METRIC_GPU_HIGH == ACTOP_METRIC_GPU_IDLE + 3, "idle, low, mid, high");

static void put_ecpu_residency(const struct record *r)
{
    if (!put_residency(r, ACTOP_METRIC_TIER_IDLE, export_tier_low(r->s)))
        buf_puts(r->b, "null");
}

static void put_pcpu_residency(const struct record *r)
{
    if (!put_residency(r, ACTOP_METRIC_TIER_IDLE, export_tier_high(r->s)))
        buf_puts(r->b, "null");
}

/* Of the first GPU that has one. */
static void put_gpu_residency(const struct record *r)
{
    uint32_t n = sample_rows(r->s, ACTOP_SCOPE_GPU);
    for (uint32_t row = 0; row < n; row++)
        if (put_residency(r, ACTOP_METRIC_GPU_IDLE, (int32_t)row))
            return;
    buf_puts(r->b, "null");
}

static void put_battery(const struct record *r)
{
    if (sample_rows(r->s, ACTOP_SCOPE_BATTERY) == 0)
        buf_puts(r->b, "null");
    else
        put_object(r, ACTOP_SCOPE_BATTERY, 0, ID_NAME);
}

static void put_bottleneck(const struct record *r)
{
    double verdict = 0, confidence = 0;
    if (!export_value(r->s, ACTOP_METRIC_BOTTLENECK, 0, &verdict)) {
        buf_puts(r->b, "null");
        return;
    }
    bool sure = export_value(r->s, ACTOP_METRIC_BOTTLENECK_CONFIDENCE, 0, &confidence);
    buf_puts(r->b, "{\"verdict\":");
    put_word(r->b, ACTOP_METRIC_BOTTLENECK, true, verdict);
    buf_puts(r->b, ",\"because\":");
    put_text(r->b, export_text(r->s, ACTOP_METRIC_BOTTLENECK_BECAUSE, 0));
    buf_puts(r->b, ",\"confidence\":");
    put_float(r->b, sure, confidence);
    buf_putc(r->b, '}');
}

static void put_energy(const struct record *r)
{
    uint32_t n = sample_rows(r->s, ACTOP_SCOPE_RAIL);
    bool first = true;
    buf_putc(r->b, '{');
    for (uint32_t row = 0; row < n; row++) {
        const struct cell *c = sample_cell(r->s, ACTOP_METRIC_RAIL_ENERGY, row);
        double joules = 0;
        if (c->state == ACTOP_STATE_NONE)
            continue;
        const struct entity *e = sample_entity_get(r->s, ACTOP_SCOPE_RAIL, row);
        put_separator(r->b, &first);
        put_text(r->b, sample_entity_text(r->s, ACTOP_SCOPE_RAIL, e->key));
        buf_putc(r->b, ':');
        bool has = export_value(r->s, ACTOP_METRIC_RAIL_ENERGY, (int32_t)row, &joules);
        put_float(r->b, has, joules);
    }
    buf_putc(r->b, '}');
}

/* ---- The record ------------------------------------------------------------------------------------------------------ */

static const struct key_row keys[] = {
#define FIELD(form, key, row, metric, times, per)                                                  \
    {{key, ACTOP_METRIC_##metric, FORM_##form, times, per},                                        \
     NULL,                                                                                         \
     ROW_##row,                                                                                    \
     ACTOP_SCOPE_MACHINE,                                                                          \
     0},
#define SHAPE(key, function)                                                                       \
    {{key, ACTOP_METRIC_COUNT, FORM_FLOAT, 1, 1}, function, ROW_MACHINE, ACTOP_SCOPE_MACHINE, 0},
#define ROWS(key, scope, identity)                                                                 \
    {{key, ACTOP_METRIC_COUNT, FORM_FLOAT, 1, 1}, NULL, ROW_MACHINE, ACTOP_SCOPE_##scope, identity},
#define REST                                                                                       \
    {{NULL, ACTOP_METRIC_COUNT, FORM_FLOAT, 1, 1}, NULL, ROW_MACHINE, ACTOP_SCOPE_MACHINE, 0},
#include "export/ndjson.def"
};

static int32_t row_of(const struct actop_sample_t *s, unsigned row)
{
    return row == ROW_MACHINE ? 0 : row == ROW_HIGH ? export_tier_high(s) : export_tier_low(s);
}

static void put_rest(const struct record *r, bool *first)
{
    for (size_t i = 0; i < ACTOP_METRIC_COUNT; i++) {
        if (!is_other(r, i, ACTOP_SCOPE_MACHINE))
            continue;
        struct value_row plain = plain_value((actop_metric)i);
        put_derived_key(r->b, first, (actop_metric)i, false);
        put_value(r->b, r->s, &plain, 0);
    }
}

/* Where the value came from, how old it is, how it came about, and its state: {source, age_ms, kind, state}. */
static void put_evidence_of(const struct record *r, actop_metric id, int32_t row)
{
    const struct cell *c = row >= 0 ? sample_cell(r->s, id, (uint32_t)row) : NULL;
    actop_state state = c != NULL ? (actop_state)c->state : ACTOP_STATE_NONE;
    uint16_t via = c != NULL ? c->via : 0;
    const struct topology *t = r->s->topology;
    buf_puts(r->b, "{\"source\":");
    put_text(r->b, via != 0 ? pool_at(&t->pool, t->via[via]) : NULL);
    buf_puts(r->b, ",\"age_ms\":");
    double age_ns =
        cell_has(c) && c->at_ns < r->s->at.awake_ns ? (double)(r->s->at.awake_ns - c->at_ns) : 0;
    put_float(r->b, cell_has(c), age_ns / 1e6);
    buf_puts(r->b, ",\"kind\":");
    put_text(r->b, cell_has(c) ? actop_origin_name((actop_origin)c->origin) : NULL);
    buf_puts(r->b, ",\"state\":");
    put_text(r->b, actop_state_name(state));
    buf_putc(r->b, '}');
}

static void put_evidence(const struct record *r)
{
    bool first = true;
    buf_putc(r->b, '{');
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        const struct key_row *k = &keys[i];
        if (k->value.metric == ACTOP_METRIC_COUNT || k->value.form == FORM_PRESENT)
            continue;
        put_key(r->b, &first, k->value.key);
        put_evidence_of(r, k->value.metric, row_of(r->s, k->row));
    }
    for (size_t i = 0; i < ACTOP_METRIC_COUNT; i++) {
        if (!is_other(r, i, ACTOP_SCOPE_MACHINE))
            continue;
        put_derived_key(r->b, &first, (actop_metric)i, false);
        put_evidence_of(r, (actop_metric)i, 0);
    }
    buf_putc(r->b, '}');
}

static void put_entry(const struct record *r, const struct key_row *k, bool *first)
{
    if (k->value.key == NULL) {
        put_rest(r, first);
        return;
    }
    put_key(r->b, first, k->value.key);
    if (k->shape != NULL)
        k->shape(r);
    else if (k->scope != ACTOP_SCOPE_MACHINE)
        put_rows(r, k->scope, k->identity);
    else
        put_value(r->b, r->s, &k->value, row_of(r->s, k->row));
}

static void mark_carried(struct record *r)
{
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (keys[i].value.metric != ACTOP_METRIC_COUNT && keys[i].row == ROW_MACHINE)
            r->carried[keys[i].value.metric] = true;
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++)
        r->carried[members[i].metric] = true;
    for (size_t i = 0; i < sizeof carried_otherwise / sizeof carried_otherwise[0]; i++)
        r->carried[carried_otherwise[i]] = true;
}

void ndjson_put(struct buf *b, const struct actop_sample_t *s, const actop_format_options *o)
{
    struct record r = {.b = b, .s = s, .o = o};
    bool first = true;
    mark_carried(&r);
    buf_putc(b, '{');
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        put_entry(&r, &keys[i], &first);
    if (o->evidence) {
        put_key(b, &first, "evidence");
        put_evidence(&r);
    }
    buf_puts(b, "}\n");
}
