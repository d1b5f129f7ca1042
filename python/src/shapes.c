/* SPDX-License-Identifier: MIT */
/* The fields of a snapshot that are not one value: lists of cores, fans and processes, residencies, and the rows of a
 * scope as dicts with the keys NDJSON gives them. */
#include <math.h>

#include "fields.h"

static int value_of(const actop_sample_t *s, actop_metric id, int32_t row, double *value)
{
    actop_reading r = {0};
    if (row >= 0)
        r = actop_read(s, id, (uint32_t)row);
    *value = r.value;
    return actop_has_value(&r) && isfinite(r.value);
}

/* ---- Simple ones --------------------------------------------------------------------------------------------------- */

PyObject *make_put_timestamp(struct binding *b, const actop_sample_t *s)
{
    actop_times t = {.size = sizeof t};
    (void)b;
    actop_sample_times(s, &t);
    return PyFloat_FromDouble((double)t.wall_ns / 1e9);
}

PyObject *make_put_schema(struct binding *b, const actop_sample_t *s)
{
    (void)b;
    (void)s;
    return PyUnicode_FromString("actop/1");
}

PyObject *make_put_seq(struct binding *b, const actop_sample_t *s)
{
    actop_times t = {.size = sizeof t};
    (void)b;
    actop_sample_times(s, &t);
    return PyLong_FromUnsignedLongLong(t.seq);
}

/* Whole percents, rounded half to even and at most 100, as the Python actop did. */
PyObject *make_put_ram_percent(struct binding *b, const actop_sample_t *s)
{
    double used = 0, total = 0;
    (void)b;
    int has = value_of(s, ACTOP_METRIC_RAM_USED, 0, &used) &&
              value_of(s, ACTOP_METRIC_RAM_TOTAL, 0, &total) && total > 0;
    return make_float(has, has ? fmin(100, rint(used / total * 100)) : 0);
}

/* ---- Fans ------------------------------------------------------------------------------------------------------------- */

/* One entry for each fan that can be read: what make says of its row. */
static PyObject *make_fan_list(const actop_sample_t *s, PyObject *fan_class)
{
    uint32_t n = actop_rows(s, ACTOP_SCOPE_FAN);
    PyObject *list = PyList_New(0);
    for (uint32_t row = 0; list != NULL && row < n; row++) {
        double speed = 0, top = 0;
        if (!value_of(s, ACTOP_METRIC_FAN_SPEED, (int32_t)row, &speed))
            continue;
        int has = value_of(s, ACTOP_METRIC_FAN_MAX, (int32_t)row, &top);
        PyObject *fan = fan_class == NULL
                            ? PyFloat_FromDouble(speed)
                            : PyObject_CallFunction(fan_class, "dN", speed, make_float(has, top));
        if (!list_give(list, fan))
            Py_CLEAR(list);
    }
    return list;
}

PyObject *make_put_fans(struct binding *b, const actop_sample_t *s)
{
    return make_fan_list(s, b->fan_class);
}

PyObject *make_put_fan_rpms(struct binding *b, const actop_sample_t *s)
{
    (void)b;
    return make_fan_list(s, NULL);
}

PyObject *make_put_fan_available(struct binding *b, const actop_sample_t *s)
{
    uint32_t n = actop_rows(s, ACTOP_SCOPE_FAN);
    double speed = 0;
    int any = 0;
    (void)b;
    for (uint32_t row = 0; row < n; row++)
        any = any || value_of(s, ACTOP_METRIC_FAN_SPEED, (int32_t)row, &speed);
    return PyBool_FromLong(any);
}

/* ---- Cores ------------------------------------------------------------------------------------------------------------ */

static PyObject *make_core(struct binding *b, const actop_sample_t *s, uint32_t row)
{
    double util = 0, freq = 0;
    actop_entity e;
    if (actop_entity_at(s, ACTOP_SCOPE_CORE, row, &e) != ACTOP_OK)
        Py_RETURN_NONE;
    int has_util = value_of(s, ACTOP_METRIC_CORE_UTIL, (int32_t)row, &util);
    int has_freq = value_of(s, ACTOP_METRIC_CORE_FREQ, (int32_t)row, &freq);
    return PyObject_CallFunction(b->core_class, "KNN", (unsigned long long)core_number(s, &e),
                                 make_integer(has_util, util * 100),
                                 make_integer(has_freq, freq / 1e6));
}

/* Cores of one tier; where nothing names tiers, all of them stand under the upper one. */
static PyObject *make_cores(struct binding *b, const actop_sample_t *s, int32_t tier,
                            int also_without)
{
    uint32_t n = actop_rows(s, ACTOP_SCOPE_CORE);
    PyObject *list = PyList_New(0);
    for (uint32_t row = 0; list != NULL && row < n; row++) {
        int32_t of = tier_of_core(s, row);
        if ((of >= 0 ? of == tier : also_without) && !list_give(list, make_core(b, s, row)))
            Py_CLEAR(list);
    }
    return list;
}

PyObject *make_put_e_cores(struct binding *b, const actop_sample_t *s)
{
    int32_t tier = tier_low(s);
    return tier < 0 ? PyList_New(0) : make_cores(b, s, tier, 0);
}

PyObject *make_put_p_cores(struct binding *b, const actop_sample_t *s)
{
    return make_cores(b, s, tier_high(s), 1);
}

/* ---- Processes -------------------------------------------------------------------------------------------------------- */

/* The fields of ProcessSample are pid and the list's members of a process, in this order. */
static PyObject *make_process(struct binding *b, const actop_sample_t *s, uint32_t row,
                              const actop_entity *e)
{
    size_t n_members = 0, at = 1;
    const struct field *members = field_members(&n_members);
    PyObject *args = PyTuple_New(8);
    PyObject *made = NULL;
    if (args == NULL)
        return NULL;
    int ok = PyTuple_SetItem(args, 0, PyLong_FromUnsignedLongLong(e->id)) == 0;
    for (size_t i = 0; ok && i < n_members; i++) {
        if (actop_metric_get(members[i].metric)->scope != ACTOP_SCOPE_PROCESS)
            continue;
        struct field_value v = field_read(&members[i], s, (int32_t)row);
        PyObject *value = make_value(&members[i], &v);
        ok = value != NULL && PyTuple_SetItem(args, (Py_ssize_t)at++, value) == 0;
    }
    if (ok)
        made = PyObject_Call(b->process_class, args, NULL);
    Py_DECREF(args);
    return made;
}

/* Those that run: one that has ended only keeps its energy. */
PyObject *make_put_processes(struct binding *b, const actop_sample_t *s)
{
    uint32_t n = actop_rows(s, ACTOP_SCOPE_PROCESS);
    PyObject *list = PyList_New(0);
    for (uint32_t row = 0; list != NULL && row < n; row++) {
        actop_entity e;
        if (actop_entity_at(s, ACTOP_SCOPE_PROCESS, row, &e) != ACTOP_OK ||
            (e.flags & ACTOP_ENTITY_EXITED) != 0)
            continue;
        if (!list_give(list, make_process(b, s, row, &e)))
            Py_CLEAR(list);
    }
    return list;
}

/* ---- Residency -------------------------------------------------------------------------------------------------------- */

/* Four consecutive metrics: idle, low, mid, high. None when they are not known. */
static PyObject *make_residency(const actop_sample_t *s, actop_metric idle, int32_t row)
{
    double shares[4] = {0, 0, 0, 0};
    int percents[4];
    for (int i = 0; i < 4; i++)
        if (!value_of(s, (actop_metric)((int)idle + i), row, &shares[i]))
            Py_RETURN_NONE;
    if (!whole_percents(shares, 4, percents))
        Py_RETURN_NONE;
    return Py_BuildValue("{s:i,s:i,s:i,s:i}", "idle", percents[0], "low", percents[1], "mid",
                         percents[2], "high", percents[3]);
}

_Static_assert(ACTOP_METRIC_TIER_HIGH == ACTOP_METRIC_TIER_IDLE + 3, "idle, low, mid, high");
_Static_assert(ACTOP_METRIC_GPU_HIGH == ACTOP_METRIC_GPU_IDLE + 3, "idle, low, mid, high");

PyObject *make_put_ecpu_residency(struct binding *b, const actop_sample_t *s)
{
    (void)b;
    return make_residency(s, ACTOP_METRIC_TIER_IDLE, tier_low(s));
}

PyObject *make_put_pcpu_residency(struct binding *b, const actop_sample_t *s)
{
    (void)b;
    return make_residency(s, ACTOP_METRIC_TIER_IDLE, tier_high(s));
}

/* Of the first GPU that has one. */
PyObject *make_put_gpu_residency(struct binding *b, const actop_sample_t *s)
{
    uint32_t n = actop_rows(s, ACTOP_SCOPE_GPU);
    (void)b;
    for (uint32_t row = 0; row < n; row++) {
        PyObject *made = make_residency(s, ACTOP_METRIC_GPU_IDLE, (int32_t)row);
        if (made != Py_None)
            return made;
        Py_DECREF(made);
    }
    Py_RETURN_NONE;
}

/* ---- Rows of a scope ---------------------------------------------------------------------------------------------- */

static unsigned long cores_of(const actop_sample_t *s, uint32_t cluster)
{
    uint32_t rows = actop_rows(s, ACTOP_SCOPE_CORE);
    unsigned long n = 0;
    actop_entity e;
    for (uint32_t i = 0; i < rows; i++)
        n += actop_entity_at(s, ACTOP_SCOPE_CORE, i, &e) == ACTOP_OK &&
             e.parent_scope == ACTOP_SCOPE_CLUSTER && e.parent == (int32_t)cluster;
    return n;
}

static int give_identity(PyObject *dict, const actop_sample_t *s, actop_scope scope, uint32_t row,
                         unsigned what)
{
    actop_entity e;
    if (actop_entity_at(s, scope, row, &e) != ACTOP_OK)
        return 1;
    uint64_t index = scope == ACTOP_SCOPE_CORE ? core_number(s, &e) : row;
    const struct {
        unsigned bit;
        const char *key, *text;
        uint64_t number;
    } rows[] = {
        {ID_PID, "pid", NULL, e.id},
        {ID_KEY, "key", e.key, 0},
        {ID_NAME, "name", (what & ID_KEY) != 0 ? e.name : e.key, 0},
        {ID_INDEX, "index", NULL, index},
        {ID_TIER, "tier", e.tier, 0},
        {ID_DIE, "die", NULL, e.die},
        {ID_CORES, "cores", NULL, (what & ID_CORES) != 0 ? cores_of(s, row) : 0},
    };
    int ok = 1;
    for (size_t i = 0; ok && i < sizeof rows / sizeof rows[0]; i++)
        if ((what & rows[i].bit) != 0)
            ok = dict_give(dict, rows[i].key,
                           rows[i].text != NULL ? make_text(rows[i].text)
                                                : PyLong_FromUnsignedLongLong(rows[i].number));
    return ok;
}

static int give_members(PyObject *dict, const actop_sample_t *s, actop_scope scope, uint32_t row)
{
    size_t n = 0;
    const struct field *members = field_members(&n);
    int ok = 1;
    for (size_t i = 0; ok && i < n; i++)
        if (actop_metric_get(members[i].metric)->scope == scope) {
            struct field_value v = field_read(&members[i], s, (int32_t)row);
            ok = dict_give(dict, members[i].key, make_value(&members[i], &v));
        }
    return ok;
}

static int is_member(actop_metric id)
{
    size_t n = 0;
    const struct field *members = field_members(&n);
    for (size_t i = 0; i < n; i++)
        if (members[i].metric == id)
            return 1;
    return id == ACTOP_METRIC_RAIL_ENERGY; /* in energy_j */
}

static int some_row_has(const actop_sample_t *s, actop_metric id, actop_scope scope)
{
    uint32_t n = actop_rows(s, scope);
    for (uint32_t row = 0; row < n; row++)
        if (actop_read(s, id, row).state != ACTOP_STATE_NONE)
            return 1;
    return 0;
}

/* Metrics of the scope that no list carries. */
static int give_others(PyObject *dict, const actop_sample_t *s, actop_scope scope, uint32_t row)
{
    int ok = 1;
    for (int id = 0; ok && id < ACTOP_METRIC_COUNT; id++) {
        const actop_metric_info *m = actop_metric_get((actop_metric)id);
        int out = m->json_key != NULL && m->json_key[0] == '\0';
        if (m->scope != scope || out || is_member(m->id) || !some_row_has(s, m->id, scope))
            continue;
        struct field f = plain_field(m->id);
        (void)actop_metric_json_key(m->id, f.text, sizeof f.text);
        struct field_value v = field_read(&f, s, (int32_t)row);
        ok = dict_give(dict, f.text, make_value(&f, &v));
    }
    return ok;
}

/* The P-states a cluster or GPU owns. */
static PyObject *make_states(struct binding *b, const actop_sample_t *s, actop_scope owner,
                             uint32_t row)
{
    uint32_t n = actop_rows(s, ACTOP_SCOPE_PSTATE);
    PyObject *list = PyList_New(0);
    for (uint32_t i = 0; list != NULL && i < n; i++) {
        actop_entity e;
        if (actop_entity_at(s, ACTOP_SCOPE_PSTATE, i, &e) == ACTOP_OK && e.parent_scope == owner &&
            e.parent == (int32_t)row && !list_give(list, make_row(b, s, ACTOP_SCOPE_PSTATE, i, 0)))
            Py_CLEAR(list);
    }
    return list;
}

PyObject *make_row(struct binding *b, const actop_sample_t *s, actop_scope scope, uint32_t row,
                   unsigned identity)
{
    PyObject *dict = PyDict_New();
    if (dict == NULL)
        return NULL;
    int ok = give_identity(dict, s, scope, row, identity) && give_members(dict, s, scope, row);
    if (ok && (identity & ID_RESIDENCY) != 0)
        ok = dict_give(dict, "residency", make_states(b, s, scope, row));
    if (!ok || !give_others(dict, s, scope, row))
        Py_CLEAR(dict);
    return dict;
}

PyObject *make_rows(struct binding *b, const actop_sample_t *s, actop_scope scope,
                    unsigned identity)
{
    uint32_t n = actop_rows(s, scope);
    PyObject *list = PyList_New(0);
    for (uint32_t row = 0; list != NULL && row < n; row++)
        if (!list_give(list, make_row(b, s, scope, row, identity)))
            Py_CLEAR(list);
    return list;
}

PyObject *make_put_battery(struct binding *b, const actop_sample_t *s)
{
    if (actop_rows(s, ACTOP_SCOPE_BATTERY) == 0)
        Py_RETURN_NONE;
    return make_row(b, s, ACTOP_SCOPE_BATTERY, 0, ID_NAME);
}

PyObject *make_put_bottleneck(struct binding *b, const actop_sample_t *s)
{
    double verdict = 0, confidence = 0;
    (void)b;
    if (!value_of(s, ACTOP_METRIC_BOTTLENECK, 0, &verdict))
        Py_RETURN_NONE;
    int sure = value_of(s, ACTOP_METRIC_BOTTLENECK_CONFIDENCE, 0, &confidence);
    const char *word = actop_value_name(ACTOP_METRIC_BOTTLENECK, verdict);
    return Py_BuildValue("{s:N,s:N,s:N}", "verdict",
                         word != NULL ? make_text(word) : make_integer(1, verdict), "because",
                         make_text(actop_read(s, ACTOP_METRIC_BOTTLENECK_BECAUSE, 0).text),
                         "confidence", make_float(sure, confidence));
}

PyObject *make_put_energy(struct binding *b, const actop_sample_t *s)
{
    uint32_t n = actop_rows(s, ACTOP_SCOPE_RAIL);
    PyObject *dict = PyDict_New();
    (void)b;
    for (uint32_t row = 0; dict != NULL && row < n; row++) {
        actop_entity e;
        double joules = 0;
        if (actop_read(s, ACTOP_METRIC_RAIL_ENERGY, row).state == ACTOP_STATE_NONE ||
            actop_entity_at(s, ACTOP_SCOPE_RAIL, row, &e) != ACTOP_OK)
            continue;
        int has = value_of(s, ACTOP_METRIC_RAIL_ENERGY, (int32_t)row, &joules);
        if (!dict_give(dict, e.key, make_float(has, joules)))
            Py_CLEAR(dict);
    }
    return dict;
}
