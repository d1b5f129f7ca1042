/* SPDX-License-Identifier: MIT */
/* Session: one open source, sampled by hand. The GIL is released wherever the library may wait, so a lock of our own
 * keeps two threads from sampling the same session at once. */
#include <unistd.h>

#include "session.h"

struct session_object {
    PyObject_HEAD struct session_box box;
};

static struct session_box *box_of(PyObject *self)
{
    return &((struct session_object *)self)->box;
}

actop_session *session_box_get(const struct session_box *box)
{
    if (box->session == NULL) {
        PyErr_SetString(PyExc_ValueError, "it is closed");
        return NULL;
    }
    return binding_forked(box->pid) ? NULL : box->session;
}

/* ---- Opening -------------------------------------------------------------------------------------------------------- */

int session_parse(PyObject *args, PyObject *kwargs, struct session_arguments *a)
{
    static char *names[] = {"source",        "interval_s", "subsamples", "processes",
                            "process_limit", "root",       "apple_root", "token_file",
                            "script",        "seed",       "speed",      "average_s",
                            "max_samples",   "when_full",  "root_pid",   NULL};
    *a = (struct session_arguments){.options = ACTOP_OPTIONS_INIT,
                                    .interval_s = 1,
                                    .when_full = "ring",
                                    .max_samples = 1000000};
    int subsamples = 1, limit = 0;
    unsigned long long seed = 0;
    if (!PyArg_ParseTupleAndKeywords(
            args, kwargs, "|sdipizzzzKddnsK", names, &a->options.source, &a->interval_s,
            &subsamples, &a->processes, &limit, &a->options.root, &a->options.apple_root,
            &a->options.token_file, &a->options.sim_script, &seed, &a->options.speed,
            &a->options.average_window_s, &a->max_samples, &a->when_full, &a->root_pid))
        return 0;
    if (!(a->interval_s >= 0.001 && a->interval_s < 1e9) || subsamples < 1 || limit < 0 ||
        a->max_samples < 1) {
        PyErr_SetString(PyExc_ValueError,
                        "interval_s must be at least 0.001, subsamples and max_samples at least 1");
        return 0;
    }
    a->options.subsamples = (uint32_t)subsamples;
    a->options.process_limit = (uint32_t)limit;
    a->options.sim_seed = seed;
    a->options.interval_ns = (int64_t)(a->interval_s * 1e9);
    a->options.history_bytes = 0;
    if (a->processes)
        a->options.want |= WANT_PROCESSES;
    return 1;
}

int session_box_open(struct binding *b, struct session_box *box, const actop_options *options)
{
    actop_error err = {ACTOP_OK, ""};
    actop_session *opened = NULL;
    actop_status st = ACTOP_OK;
    Py_BEGIN_ALLOW_THREADS st = actop_open(options, &opened, &err);
    Py_END_ALLOW_THREADS if (st != ACTOP_OK)
    {
        (void)raise_error(b, &err);
        return 0;
    }
    box->session = opened;
    box->pid = (long)getpid();
    return 1;
}

/* In a forked child its thread and locks are not there: what the parent opened is left alone. */
void session_box_close(struct session_box *box)
{
    actop_session *s = box->session;
    box->session = NULL;
    if (s == NULL || (long)getpid() != box->pid)
        return;
    Py_BEGIN_ALLOW_THREADS actop_close(s);
    Py_END_ALLOW_THREADS
}

static PyObject *session_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    struct session_arguments a;
    if (!session_parse(args, kwargs, &a))
        return NULL;
    allocfunc alloc = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    PyObject *self = alloc(type, 0);
    if (self != NULL && !session_box_open(binding_of(type), box_of(self), &a.options))
        Py_CLEAR(self);
    return self;
}

static void session_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    session_box_close(box_of(self));
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    release(self);
    Py_DECREF(type);
}

static PyObject *session_close(PyObject *self, PyObject *unused)
{
    struct session_box *box = box_of(self);
    (void)unused;
    if (box->busy) {
        PyErr_SetString(PyExc_RuntimeError, "another thread is sampling it");
        return NULL;
    }
    session_box_close(box);
    Py_RETURN_NONE;
}

/* ---- Sampling ------------------------------------------------------------------------------------------------------- */

static PyObject *session_sample(PyObject *self, PyObject *unused)
{
    struct binding *b = binding_of(Py_TYPE(self));
    struct session_box *box = box_of(self);
    actop_session *s = session_box_get(box);
    const actop_sample_t *sample = NULL;
    actop_error err = {ACTOP_OK, ""};
    (void)unused;
    if (s == NULL)
        return NULL;
    if (box->busy) {
        PyErr_SetString(PyExc_RuntimeError, "another thread is sampling it");
        return NULL;
    }
    box->busy = 1; /* guarded by the GIL */
    Py_BEGIN_ALLOW_THREADS sample = actop_sample_ref(actop_sample(s, &err));
    Py_END_ALLOW_THREADS box->busy = 0;
    if (sample != NULL)
        return sample_wrap(b, sample);
    if (err.status == ACTOP_END)
        Py_RETURN_NONE;
    return raise_error(b, &err);
}

static PyObject *session_want(PyObject *self, PyObject *args)
{
    actop_session *s = session_box_get(box_of(self));
    int processes = 0;
    if (s == NULL || !PyArg_ParseTuple(args, "p:want", &processes))
        return NULL;
    actop_want(s, ACTOP_WANT_DEFAULT | (processes ? WANT_PROCESSES : 0));
    Py_RETURN_NONE;
}

static PyObject *session_record(PyObject *self, PyObject *args)
{
    struct binding *b = binding_of(Py_TYPE(self));
    actop_session *s = session_box_get(box_of(self));
    PyObject *path = NULL;
    int scrub = 0;
    actop_error err = {ACTOP_OK, ""};
    if (s == NULL || !PyArg_ParseTuple(args, "O&|p:record", PyUnicode_FSConverter, &path, &scrub))
        return NULL;
    actop_status st =
        actop_record_start(s, PyBytes_AsString(path), scrub ? ACTOP_RECORD_SCRUB : 0, &err);
    Py_DECREF(path);
    if (st != ACTOP_OK)
        return raise_error(b, &err);
    Py_RETURN_NONE;
}

static PyObject *session_record_stop(PyObject *self, PyObject *unused)
{
    actop_session *s = session_box_get(box_of(self));
    actop_error err = {ACTOP_OK, ""};
    (void)unused;
    if (s == NULL)
        return NULL;
    if (actop_record_stop(s, &err) != ACTOP_OK)
        return raise_error(binding_of(Py_TYPE(self)), &err);
    Py_RETURN_NONE;
}

static PyObject *session_source(PyObject *self, void *unused)
{
    actop_session *s = session_box_get(box_of(self));
    (void)unused;
    return s != NULL ? make_text(actop_source_name(s)) : NULL;
}

static PyObject *session_live(PyObject *self, void *unused)
{
    actop_session *s = session_box_get(box_of(self));
    (void)unused;
    return s != NULL ? PyBool_FromLong(actop_is_live(s)) : NULL;
}

static PyMethodDef session_methods[] = {
    {"sample", session_sample, METH_NOARGS,
     "sample($self, /)\n--\n\nTake a sample now; None at the end of a recording. Waits without the GIL."},
    {"want", session_want, METH_VARARGS,
     "want($self, processes, /)\n--\n\nWhether the next samples have processes."},
    {"record", session_record, METH_VARARGS,
     "record($self, path, scrub=False, /)\n--\n\nRecord every frame from now on into a new file."},
    {"record_stop", session_record_stop, METH_NOARGS,
     "record_stop($self, /)\n--\n\nEnd the recording."},
    {"close", session_close, METH_NOARGS,
     "close($self, /)\n--\n\nClose the source; again is a no-op."},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef session_getset[] = {
    {"source", session_source, NULL, "Name of the source as it appears in outputs.", NULL},
    {"live", session_live, NULL, "True when it reads this very machine.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot session_slots[] = {
    {Py_tp_doc,
     "Session(source='auto', interval_s=1.0, subsamples=1, processes=False, process_limit=0, root=None,\n"
     "        apple_root=None, token_file=None, script=None, seed=0, speed=1.0, average_s=30.0)\n\n"
     "One open source, sampled by hand."},
    {Py_tp_new, session_new},
    {Py_tp_dealloc, session_dealloc},
    {Py_tp_methods, session_methods},
    {Py_tp_getset, session_getset},
    {0, NULL},
};

PyType_Spec session_spec = {
    .name = "actop._actop.Session",
    .basicsize = sizeof(struct session_object),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = session_slots,
};
