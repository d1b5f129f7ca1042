/* SPDX-License-Identifier: MIT */
/* Sample: one sample of the C library, held by a reference. Immutable; any thread. A snapshot is made of it: the plain
 * values of the Python actop at once, everything else when it is first asked for. */
#include <string.h>

#include "fields.h"

struct sample_object {
    PyObject_HEAD const actop_sample_t *sample; /* a reference */
};

static const actop_sample_t *sample_of(PyObject *self)
{
    return ((struct sample_object *)self)->sample;
}

PyObject *sample_wrap(struct binding *b, const actop_sample_t *taken)
{
    struct sample_object *o = PyObject_New(struct sample_object, b->sample);
    if (o == NULL) {
        actop_sample_unref(taken);
        return NULL;
    }
    o->sample = taken;
    return (PyObject *)o;
}

const actop_sample_t *sample_unwrap(struct binding *b, PyObject *object)
{
    if (PyObject_TypeCheck(object, b->sample))
        return sample_of(object);
    PyErr_SetString(PyExc_TypeError, "an actop Sample is expected");
    return NULL;
}

static void sample_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    actop_sample_unref(sample_of(self));
    PyObject_Free(self);
    Py_DECREF(type);
}

/* ---- Fields --------------------------------------------------------------------------------------------------------- */

static const struct field *field_named(struct binding *b, PyObject *name)
{
    Py_ssize_t n = 0;
    const char *key = PyUnicode_AsUTF8AndSize(name, &n);
    const struct field *f = key != NULL ? field_find(b->fields, b->n_fields, key) : NULL;
    if (key != NULL && f == NULL)
        PyErr_Format(PyExc_KeyError, "there is no field %R", name);
    return f;
}

/* The classes snapshots are made of: actop.models brings them by bind() when it is imported. */
static int have_classes(const struct binding *b)
{
    PyObject *models = b->snapshot_class == NULL ? PyImport_ImportModule("actop.models") : NULL;
    Py_XDECREF(models);
    if (b->snapshot_class == NULL && !PyErr_Occurred())
        PyErr_SetString(PyExc_ImportError, "actop.models does not bind its classes");
    return b->snapshot_class != NULL;
}

static PyObject *sample_field(PyObject *self, PyObject *name)
{
    struct binding *b = binding_of(Py_TYPE(self));
    const struct field *f = have_classes(b) ? field_named(b, name) : NULL;
    return f != NULL ? make_field(b, f, sample_of(self)) : NULL;
}

static PyObject *sample_evidence(PyObject *self, PyObject *name)
{
    struct binding *b = binding_of(Py_TYPE(self));
    const struct field *f = field_named(b, name);
    if (f == NULL)
        return NULL;
    int32_t row = field_row(f, sample_of(self));
    if (!field_is_value(f) || f->form == FORM_PRESENT)
        return PyErr_Format(PyExc_KeyError, "%R is not one value: it has no evidence of its own",
                            name);
    actop_reading r = {0};
    if (row >= 0)
        r = actop_read(sample_of(self), f->metric, (uint32_t)row);
    return make_evidence(&r);
}

/* What a snapshot has from the start: the plain values of 1.x. */
static int is_eager(const struct field *f)
{
    return f->is_of_1x && f->form != FORM_ROWS &&
           (f->form != FORM_SHAPE || strcmp(f->key, "timestamp") == 0 ||
            strcmp(f->key, "fan_available") == 0 || strcmp(f->key, "ram_used_percent") == 0);
}

static int fill(struct binding *b, PyObject *dict, const actop_sample_t *s)
{
    for (size_t i = 0; i < b->n_fields; i++) {
        if (!is_eager(&b->fields[i]))
            continue;
        PyObject *value = make_field(b, &b->fields[i], s);
        if (value == NULL)
            return 0;
        int failed = PyDict_SetItem(dict, b->names[i], value);
        Py_DECREF(value);
        if (failed)
            return 0;
    }
    return 1;
}

/* A SystemSnapshot without running its __init__: its dictionary is filled directly. */
static PyObject *sample_snapshot(PyObject *self, PyObject *unused)
{
    struct binding *b = binding_of(Py_TYPE(self));
    (void)unused;
    if (!have_classes(b))
        return NULL;
    PyObject *made = PyObject_CallMethod(b->snapshot_class, "__new__", "O", b->snapshot_class);
    PyObject *dict = made != NULL ? PyObject_GenericGetDict(made, NULL) : NULL;
    if (dict == NULL || !fill(b, dict, sample_of(self)) ||
        PyDict_SetItem(dict, b->sample_name, self) != 0)
        Py_CLEAR(made);
    Py_XDECREF(dict);
    return made;
}

/* ---- Any metric ----------------------------------------------------------------------------------------------------- */

static PyObject *make_reading(const actop_sample_t *s, const actop_metric_info *m, int64_t row)
{
    actop_reading r = {0};
    if (row >= 0)
        r = actop_read(s, m->id, (uint32_t)row);
    int has = actop_has_value(&r);
    PyObject *value = m->kind == ACTOP_KIND_INFO ? make_text(has ? r.text : NULL)
                                                 : make_float(has, r.value);
    return Py_BuildValue("(NN)", value, make_evidence(&r));
}

static PyObject *sample_read(PyObject *self, PyObject *args)
{
    const char *key = NULL, *entity = NULL;
    if (!PyArg_ParseTuple(args, "s|z:read", &key, &entity))
        return NULL;
    const actop_metric_info *m = actop_metric_find(key);
    if (m == NULL)
        return PyErr_Format(PyExc_KeyError, "there is no metric '%s'", key);
    return make_reading(sample_of(self), m,
                        entity == NULL ? 0 : actop_entity_find(sample_of(self), m->scope, entity));
}

/* Rows of a scope: (key, name, tier, id, start, parent scope or None, parent row, flags). */
static PyObject *make_entity(const actop_entity *e)
{
    return Py_BuildValue("(NNNKKNiI)", make_text(e->key), make_text(e->name), make_text(e->tier),
                         (unsigned long long)e->id, (unsigned long long)e->start,
                         make_text(e->parent >= 0 ? actop_scope_name(e->parent_scope) : NULL),
                         (int)e->parent, (unsigned)e->flags);
}

static int scope_named(const char *name)
{
    for (int i = 0; i < ACTOP_SCOPE_COUNT; i++)
        if (strcmp(actop_scope_name((actop_scope)i), name) == 0)
            return i;
    PyErr_Format(PyExc_KeyError, "there is no scope '%s'", name);
    return -1;
}

static PyObject *sample_entities(PyObject *self, PyObject *args)
{
    const char *name = NULL;
    if (!PyArg_ParseTuple(args, "s:entities", &name))
        return NULL;
    int scope = scope_named(name);
    PyObject *list = scope >= 0 ? PyList_New(0) : NULL;
    uint32_t n = scope >= 0 ? actop_rows(sample_of(self), (actop_scope)scope) : 0;
    for (uint32_t row = 0; list != NULL && row < n; row++) {
        actop_entity e;
        if (actop_entity_at(sample_of(self), (actop_scope)scope, row, &e) == ACTOP_OK &&
            !list_give(list, make_entity(&e)))
            Py_CLEAR(list);
    }
    return list;
}

static PyObject *sample_read_row(PyObject *self, PyObject *args)
{
    const char *key = NULL;
    unsigned row = 0;
    if (!PyArg_ParseTuple(args, "sI:read_row", &key, &row))
        return NULL;
    const actop_metric_info *m = actop_metric_find(key);
    if (m == NULL)
        return PyErr_Format(PyExc_KeyError, "there is no metric '%s'", key);
    return make_reading(sample_of(self), m, row);
}

/* The list of make_put_processes with what a filter needs: (row, name, command line). */
static PyObject *sample_process_names(PyObject *self, PyObject *unused)
{
    const actop_sample_t *s = sample_of(self);
    uint32_t n = actop_rows(s, ACTOP_SCOPE_PROCESS);
    PyObject *list = PyList_New(0);
    (void)unused;
    for (uint32_t row = 0; list != NULL && row < n; row++) {
        actop_entity e;
        if (actop_entity_at(s, ACTOP_SCOPE_PROCESS, row, &e) != ACTOP_OK ||
            (e.flags & ACTOP_ENTITY_EXITED) != 0)
            continue;
        PyObject *names =
            Py_BuildValue("(NN)", make_text(actop_read(s, ACTOP_METRIC_PROC_COMMAND, row).text),
                          make_text(actop_read(s, ACTOP_METRIC_PROC_CMDLINE, row).text));
        if (!list_give(list, names))
            Py_CLEAR(list);
    }
    return list;
}

static PyObject *sample_format(PyObject *self, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"format", "processes", "evidence", NULL};
    const char *format = NULL;
    actop_format_options o = ACTOP_FORMAT_OPTIONS_INIT;
    static const char *const formats[] = {"text",        "ndjson", "prometheus",
                                          "openmetrics", "csv",    "csv_header"};
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "s|pp:format", names, &format, &o.processes,
                                     &o.evidence))
        return NULL;
    size_t id = 0;
    while (id < sizeof formats / sizeof formats[0] && strcmp(formats[id], format) != 0)
        id++;
    if (id == sizeof formats / sizeof formats[0])
        return PyErr_Format(PyExc_ValueError, "there is no format '%s'", format);
    size_t n = actop_format(sample_of(self), (actop_format_id)id, &o, NULL, 0);
    char *text = n > 0 ? PyMem_Malloc(n + 1) : NULL;
    PyObject *made = NULL;
    if (text == NULL)
        return PyErr_NoMemory();
    if (actop_format(sample_of(self), (actop_format_id)id, &o, text, n + 1) == n)
        made = make_text_n(text, n);
    else
        PyErr_NoMemory();
    PyMem_Free(text);
    return made;
}

static PyObject *sample_times(PyObject *self, PyObject *unused)
{
    actop_times t = {.size = sizeof t};
    (void)unused;
    actop_sample_times(sample_of(self), &t);
    return Py_BuildValue("(KLLLLN)", (unsigned long long)t.seq, (long long)t.wall_ns,
                         (long long)t.awake_ns, (long long)t.boot_ns, (long long)t.interval_ns,
                         PyBool_FromLong(t.gap));
}

static PyMethodDef sample_methods[] = {
    {"snapshot", sample_snapshot, METH_NOARGS,
     "snapshot($self, /)\n--\n\nThe SystemSnapshot of this sample."},
    {"field", sample_field, METH_O,
     "field($self, name, /)\n--\n\nOne field of a snapshot, as NDJSON has it. KeyError when there is no such field."},
    {"evidence", sample_evidence, METH_O,
     "evidence($self, name, /)\n--\n\n(source, age_ms, kind, state) of a field that is one value."},
    {"read", sample_read, METH_VARARGS,
     "read($self, metric, entity=None, /)\n--\n\n(value, (source, age_ms, kind, state)) of a metric, in base units."},
    {"read_row", sample_read_row, METH_VARARGS,
     "read_row($self, metric, row, /)\n--\n\nThe same by row number."},
    {"entities", sample_entities, METH_VARARGS,
     "entities($self, scope, /)\n--\n\nRows of a scope: (key, name, tier, id, start, parent scope, parent row, flags)."},
    {"process_names", sample_process_names, METH_NOARGS,
     "process_names($self, /)\n--\n\n(name, command line) of each running process, in the order of the field processes."},
    {"format", (PyCFunction)(void (*)(void))sample_format, METH_VARARGS | METH_KEYWORDS,
     "format($self, /, format, processes=False, evidence=False)\n--\n\nThe sample as text, ndjson, prometheus, "
     "openmetrics, csv or csv_header."},
    {"times", sample_times, METH_NOARGS,
     "times($self, /)\n--\n\n(seq, wall_ns, awake_ns, boot_ns, interval_ns, gap)."},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot sample_slots[] = {
    {Py_tp_doc, "One sample: immutable readings of every metric. Made by Session and Recorder."},
    {Py_tp_dealloc, sample_dealloc},
    {Py_tp_methods, sample_methods},
    {0, NULL},
};

PyType_Spec sample_spec = {
    .name = "actop._actop.Sample",
    .basicsize = sizeof(struct sample_object),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = sample_slots,
};
