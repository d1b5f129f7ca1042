/* SPDX-License-Identifier: MIT */
/* actop._actop: the extension module. What a user sees is the Python package around it; see python/actop. */
#include <stdlib.h>
#include <string.h>

#include "fields.h"
#include "recorder.h"

/* src/cli/main.c, compiled with main renamed. */
int actop_program(int argc, char **argv);

static struct binding *state_of(PyObject *module)
{
    return PyModule_GetState(module);
}

/* ---- Functions --------------------------------------------------------------------------------------------------------- */

/* argv for the program: borrowed texts of a list of str. */
static char **make_argv(PyObject *list, PyObject *bytes)
{
    Py_ssize_t n = PyList_Size(list);
    char **argv = PyMem_Calloc((size_t)n + 1, sizeof *argv);
    if (argv == NULL) {
        (void)PyErr_NoMemory();
        return NULL;
    }
    for (Py_ssize_t i = 0; i < n; i++) {
        PyObject *word = NULL;
        if (!PyUnicode_FSConverter(PyList_GetItem(list, i), &word) || !list_give(bytes, word)) {
            PyMem_Free(argv);
            return NULL;
        }
        argv[i] = PyBytes_AsString(word);
    }
    return argv;
}

static PyObject *module_main(PyObject *module, PyObject *list)
{
    (void)module;
    if (!PyList_Check(list) || PyList_Size(list) < 1 || PyList_Size(list) > 100000) {
        PyErr_SetString(PyExc_TypeError,
                        "main() takes a list of str: the program's name and its arguments");
        return NULL;
    }
    PyObject *bytes = PyList_New(0);
    char **argv = bytes != NULL ? make_argv(list, bytes) : NULL;
    int status = 1;
    if (argv != NULL) {
        int argc = (int)PyList_Size(list);
        Py_BEGIN_ALLOW_THREADS status = actop_program(argc, argv);
        Py_END_ALLOW_THREADS
    }
    int failed = argv == NULL;
    PyMem_Free(argv);
    Py_XDECREF(bytes);
    return failed ? NULL : PyLong_FromLong(status);
}

static PyObject *module_metrics(PyObject *module, PyObject *unused)
{
    PyObject *list = PyList_New(0);
    static const char *const kinds[ACTOP_KIND_COUNT] = {"gauge", "counter", "state", "info"};
    (void)module;
    (void)unused;
    for (int id = 0; list != NULL && id < ACTOP_METRIC_COUNT; id++) {
        const actop_metric_info *m = actop_metric_get((actop_metric)id);
        PyObject *row = Py_BuildValue("(sNsss)", m->key, make_text(actop_unit_symbol(m->unit)),
                                      kinds[m->kind], actop_scope_name(m->scope), m->help);
        if (!list_give(list, row))
            Py_CLEAR(list);
    }
    return list;
}

static PyObject *module_machines(PyObject *module, PyObject *unused)
{
    PyObject *list = PyList_New(0);
    (void)module;
    (void)unused;
    for (size_t i = 0; list != NULL && actop_machine_name(i) != NULL; i++)
        if (!list_give(list, make_text(actop_machine_name(i))))
            Py_CLEAR(list);
    return list;
}

/* (name, type, is of 1.x, metric key or None) of each field of a snapshot; alerts are in a record only. */
static PyObject *module_fields(PyObject *module, PyObject *unused)
{
    static const char *const forms[] = {
        [FORM_FLOAT] = "float",  [FORM_INTEGER] = "int",  [FORM_WORD] = "str",
        [FORM_THERMAL] = "str",  [FORM_TEXT] = "str",     [FORM_FLAG] = "bool",
        [FORM_VERDICT] = "bool", [FORM_PRESENT] = "bool", [FORM_TENTH] = "float",
        [FORM_SHAPE] = "object", [FORM_ROWS] = "list",    [FORM_REST] = "",
    };
    struct binding *b = state_of(module);
    PyObject *list = PyList_New(0);
    (void)unused;
    for (size_t i = 0; list != NULL && i < b->n_fields; i++) {
        const struct field *f = &b->fields[i];
        const char *metric = field_is_value(f) ? actop_metric_get(f->metric)->key : NULL;
        if (!f->is_alert && !list_give(list, Py_BuildValue("(ssNz)", f->key, forms[f->form],
                                                           PyBool_FromLong(f->is_of_1x), metric)))
            Py_CLEAR(list);
    }
    return list;
}

static PyObject *module_bind(PyObject *module, PyObject *args)
{
    struct binding *b = state_of(module);
    PyObject *snapshot, *core, *fan, *process;
    if (!PyArg_ParseTuple(args, "OOOO:bind", &snapshot, &core, &fan, &process))
        return NULL;
    PyObject **slots[] = {&b->snapshot_class, &b->core_class, &b->fan_class, &b->process_class};
    PyObject *values[] = {snapshot, core, fan, process};
    for (size_t i = 0; i < 4; i++) {
        PyObject *old = *slots[i];
        Py_INCREF(values[i]);
        *slots[i] = values[i];
        Py_XDECREF(old);
    }
    Py_RETURN_NONE;
}

/* Before Python ends: its threads may not outlive what they read. */
static PyObject *module_shutdown(PyObject *module, PyObject *unused)
{
    struct binding *b = state_of(module);
    PyObject *keys = PyDict_Keys(b->recorders);
    (void)unused;
    for (Py_ssize_t i = 0; keys != NULL && i < PyList_Size(keys); i++) {
        struct recorder_object *r = PyLong_AsVoidPtr(PyList_GetItem(keys, i));
        if (PyDict_Contains(b->recorders, PyList_GetItem(keys, i)) != 1)
            continue;
        Py_INCREF((PyObject *)r);
        recorder_stop_now(r);
        Py_DECREF((PyObject *)r);
    }
    Py_XDECREF(keys);
    Py_RETURN_NONE;
}

static PyMethodDef module_methods[] = {
    {"main", module_main, METH_O,
     "main($module, argv, /)\n--\n\nThe program actop: its name and arguments; returns its exit status."},
    {"metrics", module_metrics, METH_NOARGS,
     "metrics($module, /)\n--\n\n[(key, unit, kind, scope, help)] of every metric any source can give."},
    {"machines", module_machines, METH_NOARGS,
     "machines($module, /)\n--\n\nNames of the simulated machines."},
    {"fields", module_fields, METH_NOARGS,
     "fields($module, /)\n--\n\n[(name, type, is the Python actop's, metric key)] of a snapshot's fields."},
    {"bind", module_bind, METH_VARARGS,
     "bind($module, snapshot, core, fan, process, /)\n--\n\nThe classes that snapshots are made of."},
    {"shutdown", module_shutdown, METH_NOARGS,
     "shutdown($module, /)\n--\n\nStop every running Recorder."},
    {NULL, NULL, 0, NULL},
};

/* ---- Making the module ---------------------------------------------------------------------------------------------- */

#ifndef ACTOP_WITHOUT
#define ACTOP_WITHOUT "" /* features left out for want of a library, by setup.py: "screen gzip" */
#endif

static PyObject *make_features(void)
{
    static const char *const names[] = {"screen", "serve", "gzip"};
    PyObject *dict = PyDict_New();
    for (size_t i = 0; dict != NULL && i < sizeof names / sizeof names[0]; i++)
        if (!dict_give(dict, names[i], PyBool_FromLong(strstr(ACTOP_WITHOUT, names[i]) == NULL)))
            Py_CLEAR(dict);
    return dict;
}

static int add_types(PyObject *module, struct binding *b)
{
    struct {
        PyType_Spec *spec;
        PyTypeObject **into;
    } rows[] = {{&sample_spec, &b->sample},
                {&session_spec, &b->session},
                {&recorder_spec, &b->recorder},
                {&feed_spec, &b->feed}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        *rows[i].into = (PyTypeObject *)PyType_FromModuleAndSpec(module, rows[i].spec, NULL);
        if (*rows[i].into == NULL || PyModule_AddType(module, *rows[i].into) != 0)
            return 0;
    }
    return 1;
}

static int add_names(struct binding *b)
{
    b->fields = fields_new(&b->n_fields);
    b->names = b->fields != NULL ? calloc(b->n_fields, sizeof(PyObject *)) : NULL;
    if (b->names == NULL) {
        (void)PyErr_NoMemory();
        return 0;
    }
    for (size_t i = 0; i < b->n_fields; i++)
        if ((b->names[i] = PyUnicode_InternFromString(b->fields[i].key)) == NULL)
            return 0;
    return 1;
}

static int module_exec(PyObject *module)
{
    struct binding *b = state_of(module);
    if (PyInterpreterState_GetID(PyInterpreterState_Get()) != 0) {
        PyErr_SetString(PyExc_ImportError,
                        "actop cannot be used in a subinterpreter; import it in the main one");
        return -1;
    }
    if (!add_names(b) || !add_types(module, b))
        return -1;
    b->sample_name = PyUnicode_InternFromString("_sample");
    b->recorders = PyDict_New();
    b->error = PyErr_NewExceptionWithDoc("actop.ActopError",
                                         "A source cannot be opened or read; the text says why.",
                                         PyExc_RuntimeError, NULL);
    if (b->sample_name == NULL || b->recorders == NULL || b->error == NULL ||
        PyModule_AddObjectRef(module, "ActopError", b->error) != 0)
        return -1;
    PyObject *features = make_features();
    int failed = features == NULL || PyModule_AddObjectRef(module, "features", features) != 0;
    Py_XDECREF(features);
    return failed || PyModule_AddStringConstant(module, "__version__", actop_version()) != 0 ? -1
                                                                                             : 0;
}

static int module_traverse(PyObject *module, visitproc visit, void *arg)
{
    struct binding *b = state_of(module);
    Py_VISIT(b->error);
    Py_VISIT((PyObject *)b->session);
    Py_VISIT((PyObject *)b->sample);
    Py_VISIT((PyObject *)b->recorder);
    Py_VISIT((PyObject *)b->feed);
    Py_VISIT(b->core_class);
    Py_VISIT(b->fan_class);
    Py_VISIT(b->process_class);
    Py_VISIT(b->snapshot_class);
    return 0;
}

static int module_clear(PyObject *module)
{
    struct binding *b = state_of(module);
    Py_CLEAR(b->error);
    Py_CLEAR(b->core_class);
    Py_CLEAR(b->fan_class);
    Py_CLEAR(b->process_class);
    Py_CLEAR(b->snapshot_class);
    return 0;
}

static void module_free(void *module)
{
    struct binding *b = state_of(module);
    (void)module_clear(module);
    Py_CLEAR(b->session);
    Py_CLEAR(b->sample);
    Py_CLEAR(b->recorder);
    Py_CLEAR(b->feed);
    Py_CLEAR(b->sample_name);
    Py_CLEAR(b->recorders);
    for (size_t i = 0; b->names != NULL && i < b->n_fields; i++)
        Py_CLEAR(b->names[i]);
    free(b->names);
    free(b->fields);
    b->names = NULL;
    b->fields = NULL;
}

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, module_exec},
#ifdef Py_mod_multiple_interpreters
    {Py_mod_multiple_interpreters, Py_MOD_MULTIPLE_INTERPRETERS_NOT_SUPPORTED},
#endif
    {0, NULL},
};

static struct PyModuleDef module_def = {
    PyModuleDef_HEAD_INIT,           .m_name = "actop._actop",
    .m_doc = "The C core of actop.", .m_size = sizeof(struct binding),
    .m_methods = module_methods,     .m_slots = module_slots,
    .m_traverse = module_traverse,   .m_clear = module_clear,
    .m_free = module_free,
};

PyMODINIT_FUNC PyInit__actop(void)
{
    return PyModuleDef_Init(&module_def);
}
