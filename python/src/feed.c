/* SPDX-License-Identifier: MIT */
/* Feed: the analysis over values of one's own, for actop.analytics.AlertEngine. One thread at a time, by the GIL. */
#include "binding.h"

struct feed_object {
    PyObject_HEAD actop_feed *feed; /* owned */
};

static PyObject *feed_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"bandwidth_ratio", "package_ratio", "throttle_ratio",
                            "swap_rise_bytes", "sustain",       NULL};
    actop_options o = ACTOP_OPTIONS_INIT;
    actop_error err = {ACTOP_OK, ""};
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|ddddI:Feed", names, &o.alert_bandwidth_ratio,
                                     &o.alert_package_ratio, &o.alert_throttle_ratio,
                                     &o.alert_swap_rise_bytes, &o.alert_sustain_samples))
        return NULL;
    allocfunc alloc = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    PyObject *self = alloc(type, 0);
    if (self != NULL && actop_feed_new(&o, &((struct feed_object *)self)->feed, &err) != ACTOP_OK) {
        (void)raise_error(binding_of(type), &err);
        Py_CLEAR(self);
    }
    return self;
}

static void feed_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    actop_feed_free(((struct feed_object *)self)->feed);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    release(self);
    Py_DECREF(type);
}

static PyObject *feed_set(PyObject *self, PyObject *args)
{
    const char *key = NULL;
    unsigned row = 0;
    double value = 0;
    actop_error err = {ACTOP_OK, ""};
    if (!PyArg_ParseTuple(args, "sId:set", &key, &row, &value))
        return NULL;
    const actop_metric_info *m = actop_metric_find(key);
    if (m == NULL)
        return PyErr_Format(PyExc_KeyError, "there is no metric '%s'", key);
    if (actop_feed_set(((struct feed_object *)self)->feed, m->id, row, value, &err) != ACTOP_OK)
        return raise_error(binding_of(Py_TYPE(self)), &err);
    Py_RETURN_NONE;
}

static PyObject *feed_step(PyObject *self, PyObject *args)
{
    struct binding *b = binding_of(Py_TYPE(self));
    long long at_ns = 0;
    actop_error err = {ACTOP_OK, ""};
    if (!PyArg_ParseTuple(args, "L:step", &at_ns))
        return NULL;
    const actop_sample_t *s = actop_feed_step(((struct feed_object *)self)->feed, at_ns, &err);
    return s != NULL ? sample_wrap(b, actop_sample_ref(s)) : raise_error(b, &err);
}

static PyMethodDef feed_methods[] = {
    {"set", feed_set, METH_VARARGS,
     "set($self, metric, row, value, /)\n--\n\nA value of the next sample, in base units. Rows: tier 0 E, 1 P; one GPU."},
    {"step", feed_step, METH_VARARGS,
     "step($self, at_ns, /)\n--\n\nThe next Sample, with verdicts. Moments must not go back."},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot feed_slots[] = {
    {Py_tp_doc,
     "Feed(bandwidth_ratio=0.85, package_ratio=0.85, throttle_ratio=0.9, swap_rise_bytes=0.3 GiB, sustain=3)\n\n"
     "The analysis over values of one's own."},
    {Py_tp_new, feed_new},
    {Py_tp_dealloc, feed_dealloc},
    {Py_tp_methods, feed_methods},
    {0, NULL},
};

PyType_Spec feed_spec = {
    .name = "actop._actop.Feed",
    .basicsize = sizeof(struct feed_object),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = feed_slots,
};
