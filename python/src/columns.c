/* SPDX-License-Identifier: MIT */
/* The columnar store; see columns.h. */
#include "columns.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/os.h"
#include "base/vec.h"

enum { FIRST_CHUNK = 64, LARGEST_CHUNK = 8192, MAX_WORDS = 255 };

/* What a process row keeps beside its name: five of ProcessSample's, then what sums up. */
const actop_metric process_metrics[N_PROCESS_METRICS] = {
    ACTOP_METRIC_PROC_CPU,     ACTOP_METRIC_PROC_CPU_SHARE, ACTOP_METRIC_PROC_GPU_SHARE,
    ACTOP_METRIC_PROC_THREADS, ACTOP_METRIC_PROC_POWER,     ACTOP_METRIC_PROC_RSS,
    ACTOP_METRIC_PROC_ENERGY,  ACTOP_METRIC_PROC_CPU_TIME,
};

/* ---- Chunks ---------------------------------------------------------------------------------------------------------- */

struct chunk *chunk_new(uint32_t cap, size_t n_strips, uint64_t base, int processes)
{
    struct chunk *c = calloc(1, sizeof *c);
    if (c == NULL)
        return NULL;
    atomic_init(&c->refs, 1);
    c->cap = cap;
    c->base = base;
    c->n_strips = n_strips;
    c->strips = calloc(n_strips, sizeof *c->strips);
    c->process_from = processes ? calloc((size_t)cap + 1, sizeof *c->process_from) : NULL;
    if (c->strips != NULL && (c->process_from != NULL || !processes))
        return c;
    chunk_unref(c);
    return NULL;
}

struct chunk *chunk_ref(struct chunk *c)
{
    atomic_fetch_add(&c->refs, 1);
    return c;
}

void chunk_unref(struct chunk *c)
{
    if (c == NULL || atomic_fetch_sub(&c->refs, 1) != 1)
        return;
    for (size_t i = 0; c->strips != NULL && i < c->n_strips; i++) {
        free(c->strips[i].data);
        free(c->strips[i].valid);
    }
    free(c->strips);
    free(c->process_from);
    free(c->processes);
    free(c->text);
    free(atomic_load(&c->zeros));
    free(c);
}

const void *chunk_zeros(struct chunk *c)
{
    void *there = atomic_load(&c->zeros);
    if (there != NULL)
        return there;
    void *made = calloc(c->cap, sizeof(double));
    if (made != NULL && !atomic_compare_exchange_strong(&c->zeros, &there, made)) {
        free(made);
        return there;
    }
    return made;
}

size_t column_width(enum column_type type)
{
    static const size_t widths[] = {
        [COLUMN_F64] = 8, [COLUMN_F32] = 4, [COLUMN_I64] = 8,  [COLUMN_I32] = 4,
        [COLUMN_U32] = 4, [COLUMN_U8] = 1,  [COLUMN_BOOL] = 0, [COLUMN_WORD] = 1,
    };
    return widths[type];
}

static size_t bitmap_bytes(uint32_t rows)
{
    return ((size_t)rows + 63) / 64 * 8; /* Arrow's readers like whole words */
}

int strip_open(struct strip *s, enum column_type type, uint32_t cap)
{
    size_t width = column_width(type);
    if (s->data != NULL)
        return 1;
    s->valid = calloc(1, bitmap_bytes(cap));
    s->data = s->valid != NULL ? calloc(1, width > 0 ? width * cap : bitmap_bytes(cap)) : NULL;
    if (s->data != NULL)
        return 1;
    free(s->valid);
    s->valid = NULL;
    return 0;
}

static int is_float(enum column_type type)
{
    return type == COLUMN_F64 || type == COLUMN_F32;
}

void strip_store(struct strip *s, enum column_type type, uint32_t row, double number,
                 int64_t integer)
{
    uint8_t bit = (uint8_t)(1u << (row % 8));
    s->valid[row / 8] |= bit;
    switch (type) {
    case COLUMN_F64:
        ((double *)s->data)[row] = number;
        break;
    case COLUMN_F32:
        ((float *)s->data)[row] = (float)number;
        break;
    case COLUMN_I64:
        ((int64_t *)s->data)[row] = integer;
        break;
    case COLUMN_I32:
        ((int32_t *)s->data)[row] = (int32_t)integer;
        break;
    case COLUMN_U32:
        ((uint32_t *)s->data)[row] = (uint32_t)integer;
        break;
    case COLUMN_U8:
    case COLUMN_WORD:
        ((uint8_t *)s->data)[row] = (uint8_t)integer;
        break;
    case COLUMN_BOOL:
        if (integer != 0)
            ((uint8_t *)s->data)[row / 8] |= bit;
        break;
    }
}

/* A constant of the first n rows becomes data. */
static int strip_expand(struct strip *s, enum column_type type, uint32_t cap, uint32_t n)
{
    if (!strip_open(s, type, cap))
        return 0;
    for (uint32_t row = 0; s->constant && row < n; row++)
        strip_store(s, type, row, s->same.number, s->same.integer);
    s->constant = 0;
    return 1;
}

static int strip_put(struct strip *s, enum column_type type, uint32_t cap, uint32_t row,
                     double number, int64_t integer)
{
    if (s->constant || (s->data == NULL && row == 0)) {
        struct strip new = {.same.integer = integer};
        if (is_float(type))
            new.same.number = type == COLUMN_F32 ? (double)(float)number : number;
        if (row == 0 || memcmp(&s->same, &new.same, sizeof new.same) == 0) {
            s->constant = 1;
            s->same = new.same;
            return 1;
        }
    }
    if (!strip_expand(s, type, cap, row))
        return 0;
    strip_store(s, type, row, number, integer);
    return 1;
}

int strip_number(const struct strip *s, enum column_type type, uint32_t row, double *number,
                 int64_t *integer)
{
    *number = is_float(type) ? s->same.number : (double)s->same.integer;
    *integer = is_float(type) ? 0 : s->same.integer;
    if (s->constant)
        return 1;
    *number = 0;
    *integer = 0;
    if (s->data == NULL || (s->valid[row / 8] >> (row % 8) & 1) == 0)
        return 0;
    switch (type) {
    case COLUMN_F64:
        *number = ((const double *)s->data)[row];
        return 1;
    case COLUMN_F32:
        *number = ((const float *)s->data)[row];
        return 1;
    case COLUMN_I64:
        *integer = ((const int64_t *)s->data)[row];
        break;
    case COLUMN_I32:
        *integer = ((const int32_t *)s->data)[row];
        break;
    case COLUMN_U32:
        *integer = ((const uint32_t *)s->data)[row];
        break;
    case COLUMN_U8:
    case COLUMN_WORD:
        *integer = ((const uint8_t *)s->data)[row];
        break;
    case COLUMN_BOOL:
        *integer = ((const uint8_t *)s->data)[row / 8] >> (row % 8) & 1;
        break;
    }
    *number = (double)*integer;
    return 1;
}

/* Rows whose bit is not set become NaN; whole bytes of set bits are passed over. */
static void blank(const uint8_t *valid, uint32_t from, uint32_t n, double *out)
{
    for (uint32_t i = 0; i < n; i++) {
        uint32_t row = from + i;
        if (row % 8 == 0 && i + 8 <= n && valid[row / 8] == 0xFF)
            i += 7;
        else if ((valid[row / 8] >> (row % 8) & 1) == 0)
            out[i] = NAN;
    }
}

void strip_doubles(const struct strip *s, enum column_type type, uint32_t from, uint32_t n,
                   double *out)
{
    double number = is_float(type) ? s->same.number : (double)s->same.integer;
    int64_t integer = 0;
    if (type == COLUMN_WORD || (s->data == NULL && !s->constant))
        number = NAN;
    if (type == COLUMN_WORD || s->data == NULL) {
        for (uint32_t i = 0; i < n; i++)
            out[i] = number;
        return;
    }
    switch (type) {
#define WIDEN(column, c_type)                                                                      \
    case column:                                                                                   \
        for (uint32_t i = 0; i < n; i++)                                                           \
            out[i] = (double)((const c_type *)s->data)[from + i];                                  \
        break;
        WIDEN(COLUMN_F64, double)
        WIDEN(COLUMN_F32, float)
        WIDEN(COLUMN_I64, int64_t)
        WIDEN(COLUMN_I32, int32_t)
        WIDEN(COLUMN_U32, uint32_t)
        WIDEN(COLUMN_U8, uint8_t)
#undef WIDEN
    case COLUMN_BOOL:
    case COLUMN_WORD:
        for (uint32_t i = 0; i < n; i++)
            (void)strip_number(s, type, from + i, &out[i], &integer);
        break;
    }
    blank(s->valid, from, n, out);
}

/* ---- Columns ----------------------------------------------------------------------------------------------------------- */

int64_t columns_find(const struct columns *c, const char *name)
{
    for (size_t i = 0; i < c->n; i++)
        if (strcmp(c->column[i].name, name) == 0)
            return (int64_t)i;
    return -1;
}

int column_shown(const struct column *col)
{
    return col->kind < KIND_ROW || col->seen;
}

static char *join(const char *a, const char *b, const char *c)
{
    size_t na = strlen(a), nb = strlen(b), nc = strlen(c);
    char *text = malloc(na + nb + nc + 3);
    if (text == NULL)
        return NULL;
    memcpy(text, a, na);
    if (nb > 0)
        text[na++] = '.';
    memcpy(text + na, b, nb);
    if (nc > 0)
        text[na + nb++] = '.';
    memcpy(text + na + nb, c, nc + 1);
    return text;
}

/* What has a key of its own in NDJSON is kept as exactly as there; the rest of the floats is no better than 32 bits, but
 * for times. */
static int is_exact(const struct field *f)
{
    return f->text[0] == '\0' || actop_metric_get(f->metric)->unit == ACTOP_UNIT_SECOND;
}

static enum column_type type_of(const struct field *f)
{
    switch (f->form) {
    case FORM_FLAG:
    case FORM_VERDICT:
    case FORM_PRESENT:
        return COLUMN_BOOL;
    case FORM_WORD: /* some states are numbers that have no names */
        return actop_value_name(f->metric, 0) != NULL || actop_value_name(f->metric, 1) != NULL
                   ? COLUMN_WORD
                   : COLUMN_I32;
    case FORM_THERMAL:
    case FORM_TEXT:
        return COLUMN_WORD;
    case FORM_INTEGER:
        /* MHz, percents and counts are small. */
        return f->per > 1e5 || f->times > 1 || actop_metric_get(f->metric)->unit == ACTOP_UNIT_EACH
                   ? COLUMN_I32
                   : COLUMN_I64;
    default:
        return is_exact(f) ? COLUMN_F64 : COLUMN_F32;
    }
}

/* A column of this name, which is made when there is none; its row is set. Takes the name. */
static void column_at(struct columns *c, char *name, struct column like)
{
    int64_t at = name != NULL ? columns_find(c, name) : -1;
    if (name == NULL || (at < 0 && !VEC_GROW(c->column, c->cap, c->n + 1))) {
        c->failed = 1;
        free(name);
        return;
    }
    if (at >= 0) {
        free(name);
        c->column[at].row = like.row;
        return;
    }
    like.name = name;
    c->column[c->n++] = like;
}

static void add_plain(struct columns *c, const char *name, enum column_type type,
                      enum column_kind kind)
{
    column_at(c, join(name, "", ""), (struct column){.type = type, .kind = kind});
}

static void add_field(struct columns *c, const struct field *f)
{
    static const struct {
        const char *key;
        enum column_type type;
        enum column_kind kind;
    } shapes[] = {
        {"timestamp", COLUMN_F64, KIND_TIMESTAMP},
        {"ram_used_percent", COLUMN_F64, KIND_RAM_PERCENT},
        {"fan_available", COLUMN_BOOL, KIND_FAN_AVAILABLE},
    };
    if (field_is_value(f)) {
        column_at(c, join(f->key, "", ""),
                  (struct column){.type = type_of(f), .kind = KIND_FIELD, .field = *f});
        return;
    }
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
        if (strcmp(shapes[i].key, f->key) == 0)
            add_plain(c, f->key, shapes[i].type, shapes[i].kind);
}

static void add_fixed(struct columns *c)
{
    add_plain(c, "seq", COLUMN_I64, KIND_SEQ);
    add_plain(c, "awake_ns", COLUMN_I64, KIND_AWAKE);
    add_plain(c, "received_ns", COLUMN_I64, KIND_RECEIVED);
    add_plain(c, "gap", COLUMN_BOOL, KIND_GAP);
    for (size_t i = 0; i < c->n_fields; i++)
        add_field(c, &c->fields[i]);
}

/* ---- Columns of rows -------------------------------------------------------------------------------------------------- */

static void add_residency(struct columns *c, const char *name, actop_metric idle, int32_t row)
{
    static const char *const parts[] = {"idle", "low", "mid", "high"};
    for (int i = 0; row >= 0 && i < 4; i++) {
        struct column like = {.type = COLUMN_U8, .kind = KIND_RESIDENCY, .row = row, .part = i};
        like.field.metric = idle;
        column_at(c, join(name, parts[i], ""), like);
    }
}

static void add_row_field(struct columns *c, const char *list, const char *entity, const char *key,
                          const struct field *f, uint32_t row)
{
    struct column like = {.type = type_of(f), .kind = KIND_ROW, .field = *f, .row = (int32_t)row};
    column_at(c, join(list, entity, key), like);
}

static struct field number_field(enum form form, actop_metric id, double times, double per)
{
    return (struct field){.form = form, .metric = id, .times = times, .per = per};
}

static void add_cores(struct columns *c, const actop_sample_t *s)
{
    struct field active = number_field(FORM_INTEGER, ACTOP_METRIC_CORE_UTIL, 100, 1);
    struct field freq = number_field(FORM_INTEGER, ACTOP_METRIC_CORE_FREQ, 1, 1e6);
    for (uint32_t row = 0; row < actop_rows(s, ACTOP_SCOPE_CORE); row++) {
        actop_entity e;
        char number[24];
        int32_t tier = tier_of_core(s, row);
        if (actop_entity_at(s, ACTOP_SCOPE_CORE, row, &e) != ACTOP_OK ||
            (tier >= 0 && tier != tier_high(s) && tier != tier_low(s)))
            continue;
        const char *list = tier >= 0 && tier == tier_low(s) ? "e_cores" : "p_cores";
        (void)snprintf(number, sizeof number, "%llu", (unsigned long long)core_number(s, &e));
        add_row_field(c, list, number, "active_pct", &active, row);
        add_row_field(c, list, number, "freq_mhz", &freq, row);
    }
}

static void add_fans(struct columns *c, const actop_sample_t *s)
{
    struct field speed = number_field(FORM_FLOAT, ACTOP_METRIC_FAN_SPEED, 1, 1);
    struct field top = number_field(FORM_FLOAT, ACTOP_METRIC_FAN_MAX, 1, 1);
    for (uint32_t row = 0; row < actop_rows(s, ACTOP_SCOPE_FAN); row++) {
        char number[16];
        (void)snprintf(number, sizeof number, "%u", (unsigned)row);
        add_row_field(c, "fans", number, "rpm", &speed, row);
        add_row_field(c, "fans", number, "max", &top, row);
    }
}

/* Every number of a scope, under the keys NDJSON gives them. */
static void add_numbers(struct columns *c, const actop_sample_t *s, actop_scope scope,
                        const char *list)
{
    size_t n_members = 0;
    const struct field *members = field_members(&n_members);
    for (uint32_t row = 0; row < actop_rows(s, scope); row++) {
        actop_entity e;
        if (actop_entity_at(s, scope, row, &e) != ACTOP_OK)
            continue;
        for (int id = 0; id < ACTOP_METRIC_COUNT; id++) {
            const actop_metric_info *m = actop_metric_get((actop_metric)id);
            struct field f = plain_field(m->id);
            if (m->scope != scope || f.form == FORM_TEXT || f.form == FORM_WORD ||
                m->id == ACTOP_METRIC_RAIL_ENERGY)
                continue;
            (void)actop_metric_json_key(m->id, f.text, sizeof f.text);
            f.key = f.text;
            for (size_t i = 0; i < n_members; i++)
                if (members[i].metric == m->id)
                    f = members[i];
            struct column like = {
                .type = type_of(&f), .kind = KIND_ROW, .field = f, .row = (int32_t)row};
            like.type = like.type == COLUMN_F64 ? COLUMN_F32 : like.type;
            column_at(c, join(list, e.key, f.key), like);
        }
    }
}

static void add_energy(struct columns *c, const actop_sample_t *s)
{
    struct field joules = number_field(FORM_FLOAT, ACTOP_METRIC_RAIL_ENERGY, 1, 1);
    for (uint32_t row = 0; row < actop_rows(s, ACTOP_SCOPE_RAIL); row++) {
        actop_entity e;
        if (actop_entity_at(s, ACTOP_SCOPE_RAIL, row, &e) != ACTOP_OK)
            continue;
        struct column age = {
            .type = COLUMN_U32, .kind = KIND_AGE, .field = joules, .row = (int32_t)row};
        add_row_field(c, "energy_j", e.key, "", &joules, row);
        column_at(c, join("energy_age_us", e.key, ""), age);
    }
}

static const actop_scope laid_out[] = {ACTOP_SCOPE_TIER, ACTOP_SCOPE_CLUSTER, ACTOP_SCOPE_CORE,
                                       ACTOP_SCOPE_GPU,  ACTOP_SCOPE_RAIL,    ACTOP_SCOPE_FAN};

/* Are the rows those the columns were made for? */
static int layout_same(const struct columns *c, const actop_sample_t *s)
{
    size_t at = 0;
    for (size_t i = 0; i < sizeof laid_out / sizeof laid_out[0]; i++)
        for (uint32_t row = 0; row < actop_rows(s, laid_out[i]); row++, at++) {
            actop_entity e;
            if (at >= c->n_layout || actop_entity_at(s, laid_out[i], row, &e) != ACTOP_OK ||
                strcmp(c->layout[at], e.key) != 0)
                return 0;
        }
    return at == c->n_layout && c->n > 0;
}

static void layout_clear(struct columns *c)
{
    for (size_t i = 0; i < c->n_layout; i++)
        free(c->layout[i]);
    c->n_layout = 0;
}

static void layout_remember(struct columns *c, const actop_sample_t *s)
{
    layout_clear(c);
    for (size_t i = 0; i < sizeof laid_out / sizeof laid_out[0]; i++)
        for (uint32_t row = 0; row < actop_rows(s, laid_out[i]); row++) {
            actop_entity e;
            char *key = NULL;
            if (actop_entity_at(s, laid_out[i], row, &e) == ACTOP_OK)
                key = join(e.key, "", "");
            if (key == NULL || !VEC_GROW(c->layout, c->cap_layout, c->n_layout + 1)) {
                c->failed = 1;
                free(key);
                return;
            }
            c->layout[c->n_layout++] = key;
        }
}

/* Other rows than before: columns for them; those of rows that are gone stay, without values. */
static void lay_out(struct columns *c, const actop_sample_t *s)
{
    if (layout_same(c, s))
        return;
    for (size_t i = 0; i < c->n; i++)
        if (c->column[i].kind >= KIND_ROW)
            c->column[i].row = -1;
    layout_remember(c, s);
    add_residency(c, "ecpu_residency_pct", ACTOP_METRIC_TIER_IDLE, tier_low(s));
    add_residency(c, "pcpu_residency_pct", ACTOP_METRIC_TIER_IDLE, tier_high(s));
    add_residency(c, "gpu_residency_pct", ACTOP_METRIC_GPU_IDLE,
                  actop_rows(s, ACTOP_SCOPE_GPU) > 0 ? 0 : -1);
    add_fans(c, s);
    add_cores(c, s);
    add_numbers(c, s, ACTOP_SCOPE_CLUSTER, "clusters");
    add_numbers(c, s, ACTOP_SCOPE_RAIL, "rails");
    add_energy(c, s);
    c->open = 0; /* the chunk has no room for new columns */
}

/* ---- One row ----------------------------------------------------------------------------------------------------------- */

static int64_t word_number(struct columns *c, const char *text)
{
    for (size_t i = 0; i < c->n_words; i++)
        if (strcmp(c->word[i], text) == 0)
            return (int64_t)i;
    char *copy = c->n_words < MAX_WORDS ? join(text, "", "") : NULL;
    if (copy == NULL || !VEC_GROW(c->word, c->cap_words, c->n_words + 1)) {
        free(copy);
        return -1;
    }
    c->word[c->n_words] = copy;
    return (int64_t)c->n_words++;
}

struct cell_value {
    int has;
    double number;
    int64_t integer;
};

static struct cell_value field_cell(struct columns *c, const struct column *col,
                                    const actop_sample_t *s, int32_t row)
{
    struct field_value v = field_read(&col->field, s, row);
    struct cell_value cell = {v.has, v.number, 0};
    if (col->type == COLUMN_WORD) {
        cell.integer = v.text != NULL ? word_number(c, v.text) : -1;
        cell.has = cell.integer >= 0;
    } else if (v.has && fabs(v.number) < 9e18) {
        cell.integer = (int64_t)v.number;
    }
    return cell;
}

static struct cell_value residency_cell(const struct column *col, const actop_sample_t *s)
{
    double shares[4];
    int percents[4];
    for (int i = 0; i < 4; i++) {
        actop_reading r = {0};
        if (col->row >= 0)
            r = actop_read(s, (actop_metric)((int)col->field.metric + i), (uint32_t)col->row);
        if (!actop_has_value(&r))
            return (struct cell_value){0, 0, 0};
        shares[i] = r.value;
    }
    if (!whole_percents(shares, 4, percents))
        return (struct cell_value){0, 0, 0};
    return (struct cell_value){1, 0, percents[col->part]};
}

static struct cell_value age_cell(const struct column *col, const actop_sample_t *s)
{
    actop_reading r = {0};
    if (col->row >= 0)
        r = actop_read(s, col->field.metric, (uint32_t)col->row);
    int64_t us = r.age_ns / 1000;
    return (struct cell_value){actop_has_value(&r), 0, us > UINT32_MAX ? UINT32_MAX : us};
}

static struct cell_value ram_cell(const actop_sample_t *s)
{
    actop_reading used = actop_read(s, ACTOP_METRIC_RAM_USED, 0);
    actop_reading total = actop_read(s, ACTOP_METRIC_RAM_TOTAL, 0);
    int has = actop_has_value(&used) && actop_has_value(&total) && total.value > 0;
    return (struct cell_value){has, has ? fmin(100, rint(used.value / total.value * 100)) : 0, 0};
}

static int any_fan(const actop_sample_t *s)
{
    for (uint32_t row = 0; row < actop_rows(s, ACTOP_SCOPE_FAN); row++) {
        actop_reading r = actop_read(s, ACTOP_METRIC_FAN_SPEED, row);
        if (actop_has_value(&r))
            return 1;
    }
    return 0;
}

static struct cell_value cell_of(struct columns *c, const struct column *col,
                                 const actop_sample_t *s, const actop_times *t, int64_t received_ns)
{
    switch (col->kind) {
    case KIND_FIELD:
        return field_cell(c, col, s, field_row(&col->field, s));
    case KIND_SEQ:
        return (struct cell_value){1, 0, (int64_t)t->seq};
    case KIND_AWAKE:
        return (struct cell_value){1, 0, t->awake_ns};
    case KIND_RECEIVED:
        return (struct cell_value){1, 0, received_ns};
    case KIND_GAP:
        return (struct cell_value){1, 0, t->gap};
    case KIND_TIMESTAMP:
        return (struct cell_value){1, (double)t->wall_ns / 1e9, 0};
    case KIND_RAM_PERCENT:
        return ram_cell(s);
    case KIND_FAN_AVAILABLE:
        return (struct cell_value){1, 0, any_fan(s)};
    case KIND_ROW:
        return field_cell(c, col, s, col->row);
    case KIND_AGE:
        return age_cell(col, s);
    case KIND_RESIDENCY:
        return residency_cell(col, s);
    }
    return (struct cell_value){0, 0, 0};
}

/* ---- Processes --------------------------------------------------------------------------------------------------------- */

static uint64_t parent_of(const actop_sample_t *s, uint32_t row)
{
    actop_reading r = actop_read(s, ACTOP_METRIC_PROC_PARENT, row);
    return actop_has_value(&r) && r.value > 0 ? (uint64_t)r.value : 0;
}

static int64_t row_of_pid(const actop_sample_t *s, uint64_t pid)
{
    actop_entity e;
    for (uint32_t row = 0; row < actop_rows(s, ACTOP_SCOPE_PROCESS); row++)
        if (actop_entity_at(s, ACTOP_SCOPE_PROCESS, row, &e) == ACTOP_OK && e.id == pid)
            return row;
    return -1;
}

/* Is the process the one that is watched, or below it? */
static int is_wanted(const struct columns *c, const actop_sample_t *s, uint32_t row,
                     const actop_entity *e)
{
    uint64_t pid = e->id;
    if (c->root_pid == 0 || pid == c->root_pid)
        return 1;
    for (int steps = 0; steps < 64; steps++) {
        pid = parent_of(s, row);
        if (pid == c->root_pid)
            return 1;
        int64_t next = pid > 0 ? row_of_pid(s, pid) : -1;
        if (next < 0)
            return 0;
        row = (uint32_t)next;
    }
    return 0;
}

static int put_text(struct chunk *ch, struct process_row *p, const char *text)
{
    size_t n = strlen(text);
    if (ch->n_text + n > UINT32_MAX || !VEC_GROW(ch->text, ch->cap_text, ch->n_text + n + 1))
        return 0;
    memcpy(ch->text + ch->n_text, text, n);
    p->command = (uint32_t)ch->n_text;
    p->command_len = (uint32_t)n;
    ch->n_text += n;
    return 1;
}

static int put_process(struct chunk *ch, const actop_sample_t *s, uint32_t row,
                       const actop_entity *e)
{
    struct process_row p = {
        .pid = e->id, .start = e->start, .parent = parent_of(s, row), .flags = e->flags};
    actop_reading name = actop_read(s, ACTOP_METRIC_PROC_COMMAND, row);
    for (size_t i = 0; i < N_PROCESS_METRICS; i++) {
        actop_reading r = actop_read(s, process_metrics[i], row);
        p.value[i] = actop_has_value(&r) ? r.value : NAN;
    }
    if (ch->n_processes >= UINT32_MAX ||
        !VEC_GROW(ch->processes, ch->cap_processes, ch->n_processes + 1) ||
        !put_text(ch, &p, name.text != NULL ? name.text : ""))
        return 0;
    ch->processes[ch->n_processes++] = p;
    return 1;
}

static void put_processes(struct columns *c, struct chunk *ch, const actop_sample_t *s)
{
    uint32_t n = actop_rows(s, ACTOP_SCOPE_PROCESS);
    for (uint32_t row = 0; row < n; row++) {
        actop_entity e;
        if (actop_entity_at(s, ACTOP_SCOPE_PROCESS, row, &e) == ACTOP_OK &&
            is_wanted(c, s, row, &e) && !put_process(ch, s, row, &e))
            c->failed = 1;
    }
    ch->process_from[ch->n + 1] = (uint32_t)ch->n_processes;
}

/* ---- The store ---------------------------------------------------------------------------------------------------------- */

int columns_init(struct columns *c, const struct field *fields, size_t n_fields, uint64_t max_rows,
                 int stop_when_full)
{
    memset(c, 0, sizeof *c);
    c->fields = fields;
    c->n_fields = n_fields;
    c->max_rows = max_rows;
    c->stop_when_full = stop_when_full;
    if (pthread_mutex_init(&c->lock, NULL) != 0)
        return 0;
    if (os_cond_init(&c->news))
        return 1;
    (void)pthread_mutex_destroy(&c->lock);
    return 0;
}

void columns_clear(struct columns *c)
{
    pthread_mutex_lock(&c->lock);
    for (size_t i = 0; i < c->n_chunks; i++)
        chunk_unref(c->chunk[i]);
    for (size_t i = 0; i < c->n; i++)
        free(c->column[i].name);
    layout_clear(c);
    const actop_sample_t *latest = c->latest;
    c->n_chunks = c->n = 0;
    c->first = c->total = 0;
    c->open = c->failed = c->ended = 0;
    c->end = (actop_error){ACTOP_OK, ""};
    c->latest = NULL;
    pthread_mutex_unlock(&c->lock);
    actop_sample_unref(latest);
}

void columns_release(struct columns *c)
{
    columns_clear(c);
    for (size_t i = 0; i < c->n_words; i++)
        free(c->word[i]);
    free(c->word);
    free(c->layout);
    free(c->column);
    free(c->chunk);
    (void)pthread_cond_destroy(&c->news);
    (void)pthread_mutex_destroy(&c->lock);
}

void columns_seal(struct columns *c)
{
    c->open = 0;
}

/* The chunk the next row goes into: a quarter of what there is, so that little is left unused. */
static struct chunk *chunk_for_row(struct columns *c)
{
    struct chunk *last = c->n_chunks > 0 ? c->chunk[c->n_chunks - 1] : NULL;
    if (c->open && last != NULL && last->n < last->cap)
        return last;
    uint64_t cap = (c->total - c->first) / 4 / FIRST_CHUNK * FIRST_CHUNK;
    cap = cap < FIRST_CHUNK ? FIRST_CHUNK : cap > LARGEST_CHUNK ? LARGEST_CHUNK : cap;
    struct chunk *made = chunk_new((uint32_t)cap, c->n, c->total, c->processes);
    if (made == NULL || !VEC_GROW(c->chunk, c->cap_chunks, c->n_chunks + 1)) {
        chunk_unref(made);
        return NULL;
    }
    c->chunk[c->n_chunks++] = made;
    c->open = 1;
    return made;
}

static void drop_oldest(struct columns *c)
{
    while (c->total - c->first > c->max_rows) {
        struct chunk *oldest = c->chunk[0];
        c->first++;
        if (c->first < oldest->base + oldest->n)
            continue;
        chunk_unref(oldest);
        c->n_chunks--;
        memmove(c->chunk, c->chunk + 1, c->n_chunks * sizeof(struct chunk *));
    }
}

static void put_row(struct columns *c, struct chunk *ch, const actop_sample_t *s,
                    int64_t received_ns)
{
    actop_times t = {.size = sizeof t};
    actop_sample_times(s, &t);
    for (size_t i = 0; i < ch->n_strips; i++) {
        struct column *col = &c->column[i];
        struct cell_value v = cell_of(c, col, s, &t, received_ns);
        if (!v.has) { /* a constant has ended */
            if (ch->strips[i].constant && !strip_expand(&ch->strips[i], col->type, ch->cap, ch->n))
                c->failed = 1;
            continue;
        }
        col->seen = 1;
        if (!strip_put(&ch->strips[i], col->type, ch->cap, ch->n, v.number, v.integer))
            c->failed = 1;
    }
    if (ch->process_from != NULL)
        put_processes(c, ch, s);
    ch->n++;
    c->total++;
}

int columns_append(struct columns *c, const actop_sample_t *s, int64_t received_ns)
{
    pthread_mutex_lock(&c->lock);
    if (c->n == 0)
        add_fixed(c);
    lay_out(c, s);
    int full = c->stop_when_full && c->total - c->first >= c->max_rows;
    struct chunk *ch = full ? NULL : chunk_for_row(c);
    if (ch != NULL)
        put_row(c, ch, s, received_ns);
    c->failed = c->failed || (ch == NULL && !full);
    drop_oldest(c);
    const actop_sample_t *old = c->latest;
    c->latest = actop_sample_ref(s);
    full = full || (c->stop_when_full && c->total - c->first >= c->max_rows);
    (void)pthread_cond_broadcast(&c->news);
    pthread_mutex_unlock(&c->lock);
    actop_sample_unref(old);
    return !full && ch != NULL;
}

void columns_end(struct columns *c, const actop_error *why)
{
    pthread_mutex_lock(&c->lock);
    c->ended = 1;
    c->end = *why;
    (void)pthread_cond_broadcast(&c->news);
    pthread_mutex_unlock(&c->lock);
}

int columns_wait(struct columns *c, uint64_t n, int64_t deadline_ns)
{
    pthread_mutex_lock(&c->lock);
    while (c->total <= n && !c->ended && os_awake_ns() < deadline_ns)
        (void)os_cond_wait_until(&c->news, &c->lock, deadline_ns);
    int there = c->total > n || c->ended;
    pthread_mutex_unlock(&c->lock);
    return there;
}
