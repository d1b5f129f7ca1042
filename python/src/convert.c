/* SPDX-License-Identifier: MIT */
/* Small conversions between C and Python that every file of the module needs. */
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "binding.h"

int binding_forked(long pid)
{
    if ((long)getpid() == pid)
        return 0;
    PyErr_SetString(PyExc_RuntimeError,
                    "this object was made before fork() and its thread and locks stayed with the "
                    "parent; make a new one in the child");
    return 1;
}

/* The exception a status belongs to: a bad argument is a ValueError, the rest an ActopError. */
PyObject *raise_error(const struct binding *b, const actop_error *err)
{
    PyObject *class = b->error;
    if (err->status == ACTOP_E_ARGUMENT || err->status == ACTOP_E_SYNTAX)
        class = PyExc_ValueError;
    else if (err->status == ACTOP_E_NOMEM)
        class = PyExc_MemoryError;
    PyErr_SetString(class, err->text[0] != '\0' ? err->text : actop_status_text(err->status));
    return NULL;
}

PyObject *make_text_n(const char *text, size_t n)
{
    return PyUnicode_DecodeUTF8(text, (Py_ssize_t)n, "replace");
}

PyObject *make_text(const char *text)
{
    if (text == NULL)
        Py_RETURN_NONE;
    return make_text_n(text, strlen(text));
}

PyObject *make_float(int has, double v)
{
    if (has && isfinite(v))
        return PyFloat_FromDouble(v);
    Py_RETURN_NONE;
}

PyObject *make_integer(int has, double v)
{
    if (has && fabs(v) < 9.2e18)
        return PyLong_FromLongLong(llround(v));
    Py_RETURN_NONE;
}

int dict_give(PyObject *dict, const char *key, PyObject *value)
{
    if (value == NULL)
        return 0;
    int failed = PyDict_SetItemString(dict, key, value);
    Py_DECREF(value);
    return failed == 0;
}

int list_give(PyObject *list, PyObject *value)
{
    if (value == NULL)
        return 0;
    int failed = PyList_Append(list, value);
    Py_DECREF(value);
    return failed == 0;
}

struct binding *binding_of(PyTypeObject *type)
{
    return PyType_GetModuleState(type);
}
