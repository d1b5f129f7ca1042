/* SPDX-License-Identifier: MIT */
/* Recorder: a session sampled by its own thread into the columnar store. The thread never touches a Python object and
 * never needs the GIL. */
#ifndef PYTHON_RECORDER_H
#define PYTHON_RECORDER_H

#include "columns.h"
#include "session.h"

struct recorder_object {
    PyObject_HEAD
    struct session_box box;
    struct columns columns;
    PyObject *args, *kwargs; /* owned: what the session is opened with each time */
    int ready;               /* columns is initialised */
    int running;             /* the thread was started and not yet stopped */
    int64_t began[3];        /* wall, awake and received time of the first sample, which is no row; 0: none yet */
};

/* Stop the thread, if it runs; waits without the GIL. */
void recorder_stop_now(struct recorder_object *r);


/* The store, unless the object came through a fork: then NULL with an exception. */
struct columns *recorder_columns_of(PyObject *self);

/* Arrow's C data interface over the rows (arrow.c): PyCapsules. */
PyObject *recorder_arrow_stream(PyObject *self, PyObject *args, PyObject *kwargs);
PyObject *recorder_arrow_array(PyObject *self, PyObject *args, PyObject *kwargs);
PyObject *recorder_arrow_schema(PyObject *self, PyObject *unused);

#endif
