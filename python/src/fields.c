/* SPDX-License-Identifier: MIT */
/* Fields of a snapshot and how their values are read; see fields.h. The numbers are those NDJSON prints: percents to ten
 * decimals, integers rounded. */
#include "fields.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct field listed[] = {
#define FIELD(form, key, row, metric, times, per)                                                  \
    {key, FORM_##form, ACTOP_METRIC_##metric, ROW_##row, times,                                    \
     per, NULL,        ACTOP_SCOPE_MACHINE,   0,         0,                                        \
     0,   ""},
#define SHAPE(key, function)                                                                       \
    {key,                                                                                          \
     FORM_SHAPE,                                                                                   \
     ACTOP_METRIC_COUNT,                                                                           \
     ROW_MACHINE,                                                                                  \
     1,                                                                                            \
     1,                                                                                            \
     make_##function,                                                                              \
     ACTOP_SCOPE_MACHINE,                                                                          \
     0,                                                                                            \
     0,                                                                                            \
     0,                                                                                            \
     ""},
#define ROWS(key, scope, identity)                                                                 \
    {key,  FORM_ROWS,           ACTOP_METRIC_COUNT, ROW_MACHINE, 1, 1,                             \
     NULL, ACTOP_SCOPE_##scope, identity,           0,           0, ""},
#define REST                                                                                       \
    {NULL, FORM_REST, ACTOP_METRIC_COUNT, ROW_MACHINE, 1, 1, NULL, ACTOP_SCOPE_MACHINE, 0, 0,      \
     0,    ""},
#include "export/ndjson.def"
};

static const struct field members[] = {
#define MEMBER(form, key, metric, times, per)                                                      \
    {key, FORM_##form, ACTOP_METRIC_##metric, ROW_MACHINE, times,                                  \
     per, NULL,        ACTOP_SCOPE_MACHINE,   0,           0,                                      \
     0,   ""},
#include "export/ndjson.def"
};

static const actop_metric carried_otherwise[] = {
#define CARRIED(metric) ACTOP_METRIC_##metric,
#include "export/ndjson.def"
};

enum {
    N_LISTED = sizeof listed / sizeof listed[0],
    N_MEMBERS = sizeof members / sizeof members[0]
};

const struct field *field_members(size_t *n)
{
    *n = N_MEMBERS;
    return members;
}

struct field plain_field(actop_metric id)
{
    const actop_metric_info *m = actop_metric_get(id);
    int whole = m->unit == ACTOP_UNIT_BYTE || m->unit == ACTOP_UNIT_EACH;
    struct field f = {.metric = id, .times = 1, .per = 1};
    f.form = m->kind == ACTOP_KIND_INFO    ? FORM_TEXT
             : m->kind == ACTOP_KIND_STATE ? FORM_WORD
             : whole                       ? FORM_INTEGER
                                           : FORM_FLOAT;
    return f;
}

static int carries(const struct field *fields, size_t n, actop_metric id)
{
    for (size_t i = 0; i < n; i++)
        if (fields[i].metric == id && fields[i].row == ROW_MACHINE)
            return 1;
    return 0;
}

/* As NDJSON does: a metric of the machine that no row names and that is not kept out. */
static int in_rest(actop_metric id)
{
    const actop_metric_info *m = actop_metric_get(id);
    for (size_t i = 0; i < sizeof carried_otherwise / sizeof carried_otherwise[0]; i++)
        if (carried_otherwise[i] == id)
            return 0;
    return m->scope == ACTOP_SCOPE_MACHINE && !(m->json_key != NULL && m->json_key[0] == '\0') &&
           !carries(listed, N_LISTED, id) && !carries(members, N_MEMBERS, id);
}

/* The alert keys begin with the first verdict and end where the new keys begin. */
static int is_alert(const struct field *f)
{
    return f->form == FORM_VERDICT || f->metric == ACTOP_METRIC_SWAP_RISE ||
           f->metric == ACTOP_METRIC_SESSION_ENERGY || f->metric == ACTOP_METRIC_MAX_BANDWIDTH ||
           f->metric == ACTOP_METRIC_MAX_PACKAGE;
}

static size_t add_rest(struct field *fields, size_t n)
{
    for (int id = 0; id < ACTOP_METRIC_COUNT; id++) {
        if (!in_rest((actop_metric)id))
            continue;
        struct field f = plain_field((actop_metric)id);
        (void)actop_metric_json_key((actop_metric)id, f.text, sizeof f.text);
        fields[n++] = f;
    }
    return n;
}

struct field *fields_new(size_t *n)
{
    struct field *fields = calloc(N_LISTED + ACTOP_METRIC_COUNT, sizeof *fields);
    int of_1x = 1;
    *n = 0;
    if (fields == NULL)
        return NULL;
    for (size_t i = 0; i < N_LISTED; i++) {
        if (listed[i].form == FORM_REST) {
            *n = add_rest(fields, *n);
            continue;
        }
        fields[*n] = listed[i];
        fields[*n].is_alert = is_alert(&listed[i]);
        of_1x = of_1x && listed[i].metric != ACTOP_METRIC_MAX_PACKAGE; /* the last key of 1.x */
        fields[(*n)++].is_of_1x = of_1x && !is_alert(&listed[i]);
    }
    for (size_t i = 0; i < *n; i++)
        if (fields[i].key == NULL)
            fields[i].key = fields[i].text;
    return fields;
}

const struct field *field_find(const struct field *fields, size_t n, const char *key)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(fields[i].key, key) == 0)
            return &fields[i];
    return NULL;
}

int field_is_value(const struct field *f)
{
    return f->form != FORM_SHAPE && f->form != FORM_ROWS;
}

/* ---- Tiers and cores ------------------------------------------------------------------------------------------- */

int32_t tier_high(const actop_sample_t *s)
{
    return (int32_t)actop_rows(s, ACTOP_SCOPE_TIER) - 1;
}

int32_t tier_low(const actop_sample_t *s)
{
    return actop_rows(s, ACTOP_SCOPE_TIER) > 1 ? 0 : -1;
}

int32_t tier_of_core(const actop_sample_t *s, uint32_t row)
{
    actop_entity e;
    actop_scope scope = ACTOP_SCOPE_CORE;
    for (int steps = 0;
         steps < 3 && actop_entity_at(s, scope, row, &e) == ACTOP_OK && e.parent >= 0; steps++) {
        if (e.parent_scope == ACTOP_SCOPE_TIER)
            return e.parent;
        scope = e.parent_scope;
        row = (uint32_t)e.parent;
    }
    return -1;
}

uint64_t core_number(const actop_sample_t *s, const actop_entity *core)
{
    actop_reading source = actop_read(s, ACTOP_METRIC_SOURCE, 0);
    int is_linux = source.text != NULL && strncmp(source.text, "linux", 5) == 0;
    return is_linux ? core->id : core->index;
}

int whole_percents(const double *shares, size_t n, int *percents)
{
    double sum = 0, rest[8];
    int left = 100;
    for (size_t i = 0; i < n; i++)
        sum += shares[i] > 0 ? shares[i] : 0;
    if (!(sum > 0) || !isfinite(sum))
        return 0;
    for (size_t i = 0; i < n; i++) {
        double exact = (shares[i] > 0 ? shares[i] : 0) / sum * 100;
        percents[i] = (int)exact;
        rest[i] = exact - percents[i];
        left -= percents[i];
    }
    for (; left > 0; left--) {
        size_t most = 0;
        for (size_t i = 1; i < n; i++)
            if (rest[i] > rest[most])
                most = i;
        percents[most]++;
        rest[most] = -1;
    }
    return 1;
}

/* ---- Values -------------------------------------------------------------------------------------------------------- */

int32_t field_row(const struct field *f, const actop_sample_t *s)
{
    return f->row == ROW_MACHINE ? 0 : f->row == ROW_HIGH ? tier_high(s) : tier_low(s);
}

static double scaled(const struct field *f, double v)
{
    return f->times > 1 ? rint(v * f->times * 1e10) / 1e10 : v / f->per;
}

struct field_value field_read(const struct field *f, const actop_sample_t *s, int32_t row)
{
    struct field_value v = {0, 0, NULL};
    actop_reading r = {0};
    if (row >= 0)
        r = actop_read(s, f->metric, (uint32_t)row);
    v.has = actop_has_value(&r) && isfinite(r.value);
    v.text = v.has ? r.text : NULL;
    v.number = v.has ? scaled(f, r.value) : 0;
    if (f->form == FORM_TENTH)
        v.number = round(v.number * 10) / 10;
    else if (f->form == FORM_INTEGER)
        v.number = round(v.number);
    else if (f->form == FORM_PRESENT || f->form == FORM_VERDICT) {
        v.number = f->form == FORM_PRESENT ? v.has : v.number > 0;
        v.has = 1;
    } else if (f->form == FORM_FLAG)
        v.number = v.number > 0;
    else if (f->form == FORM_WORD || f->form == FORM_THERMAL)
        v.text = v.has                     ? actop_value_name(f->metric, r.value)
                 : f->form == FORM_THERMAL ? "Unknown"
                                           : NULL;
    return v;
}

PyObject *make_value(const struct field *f, const struct field_value *v)
{
    switch (f->form) {
    case FORM_FLAG:
    case FORM_VERDICT:
    case FORM_PRESENT:
        if (v->has)
            return PyBool_FromLong(v->number > 0);
        Py_RETURN_NONE;
    case FORM_TEXT:
    case FORM_THERMAL:
        return make_text(v->text);
    case FORM_WORD:
        return v->text != NULL ? make_text(v->text) : make_integer(v->has, v->number);
    case FORM_INTEGER:
        return make_integer(v->has, v->number);
    default:
        return make_float(v->has, v->number);
    }
}

PyObject *make_field(struct binding *b, const struct field *f, const actop_sample_t *s)
{
    if (f->form == FORM_SHAPE)
        return f->shape(b, s);
    if (f->form == FORM_ROWS)
        return make_rows(b, s, f->scope, f->identity);
    struct field_value v = field_read(f, s, field_row(f, s));
    return make_value(f, &v);
}

PyObject *make_evidence(const actop_reading *r)
{
    int has = actop_has_value(r);
    return Py_BuildValue("(NNNs)", make_text(r->via), make_float(has, (double)r->age_ns / 1e6),
                         make_text(has ? actop_origin_name(r->origin) : NULL),
                         actop_state_name(r->state));
}
