/* SPDX-License-Identifier: MIT */
/* What the files of the extension module share: the module's state, its types, and conversions. The module is written
 * for the limited API of CPython 3.11: heap types, no static objects, no writable globals. Words: *make* builds a new
 * Python object (the caller's reference, NULL with an exception set on failure). */
#ifndef PYTHON_BINDING_H
#define PYTHON_BINDING_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <actop/actop.h>

struct field;

/* Everything the module owns. */
struct binding {
    PyObject *error;           /* actop.ActopError */
    PyTypeObject *session;     /* the types */
    PyTypeObject *sample;
    PyTypeObject *recorder;
    PyTypeObject *feed;
    PyObject *core_class;      /* CoreSample, FanReading, ProcessSample, SystemSnapshot; NULL before bind() */
    PyObject *fan_class;
    PyObject *process_class;
    PyObject *snapshot_class;
    PyObject *sample_name;     /* "_sample": where a snapshot keeps the sample its lists are made of */
    struct field *fields;      /* owned; what a record has, in order */
    size_t n_fields;
    PyObject **names;          /* owned; their keys, interned */
    PyObject *recorders;       /* dict: address of each running recorder → None, to stop them before Python ends */
};

/* Bits of actop.Session's and Recorder's state that a forked child must not touch: locks and threads stay behind. */
int binding_forked(long pid); /* true, with an exception set, when pid is not this process */

/* Raise what a failed call said; returns NULL. */
PyObject *raise_error(const struct binding *b, const actop_error *err);

/* Text from outside: what is not UTF-8 is replaced. NULL gives None. */
PyObject *make_text(const char *text);
PyObject *make_text_n(const char *text, size_t n);

/* A float, or None where there is no value. */
PyObject *make_float(int has, double v);
/* An int (rounded), or None. */
PyObject *make_integer(int has, double v);

/* dict[key] = value; takes the reference of value; false when it is NULL or storing fails. */
int dict_give(PyObject *dict, const char *key, PyObject *value);
/* Append and give away. */
int list_give(PyObject *list, PyObject *value);

/* The module's state from a type of the module. */
struct binding *binding_of(PyTypeObject *type);

/* The types, made in exec. */
extern PyType_Spec session_spec, sample_spec, recorder_spec, feed_spec;

/* A new Sample that takes over a reference. */
PyObject *sample_wrap(struct binding *b, const actop_sample_t *taken);
/* The sample inside; NULL with an exception when it is none. Borrowed. */
const actop_sample_t *sample_unwrap(struct binding *b, PyObject *object);

/* An object all of whose memory and threads are C's: see session.c. */
struct session_object;
actop_session *session_get(PyObject *self); /* NULL with an exception: closed, or forked */

#endif
