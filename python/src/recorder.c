/* SPDX-License-Identifier: MIT */
/* Recorder as Python sees it; see recorder.h. Reading copies what it needs under the store's lock and makes Python
 * objects after, so that the sampling thread waits for a copy at most, never for Python. */
#include "recorder.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/os.h"

static struct recorder_object *recorder_of(PyObject *self)
{
    return (struct recorder_object *)self;
}

/* The store, unless the object came through a fork. */
struct columns *recorder_columns_of(PyObject *self)
{
    struct recorder_object *r = recorder_of(self);
    return binding_forked(r->box.pid) ? NULL : &r->columns;
}

/* ---- Life ------------------------------------------------------------------------------------------------------------ */

static int recorder_open(struct recorder_object *r, PyTypeObject *type)
{
    struct session_arguments a;
    if (!session_parse(r->args, r->kwargs, &a))
        return 0;
    int stop_when_full = strcmp(a.when_full, "stop") == 0;
    if (!stop_when_full && strcmp(a.when_full, "ring") != 0) {
        PyErr_SetString(PyExc_ValueError, "when_full must be 'ring' or 'stop'");
        return 0;
    }
    struct binding *b = binding_of(type);
    if (!r->ready)
        r->ready = columns_init(&r->columns, b->fields, b->n_fields, (uint64_t)a.max_samples,
                                stop_when_full);
    if (!r->ready) {
        (void)PyErr_NoMemory();
        return 0;
    }
    r->columns.processes = a.processes;
    r->columns.root_pid = a.root_pid;
    return session_box_open(b, &r->box, &a.options);
}

static PyObject *recorder_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    allocfunc alloc = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    PyObject *self = alloc(type, 0);
    if (self == NULL)
        return NULL;
    struct recorder_object *r = recorder_of(self);
    r->box.pid = (long)getpid();
    Py_INCREF(args);
    Py_XINCREF(kwargs);
    r->args = args;
    r->kwargs = kwargs;
    if (!recorder_open(r, type))
        Py_CLEAR(self);
    return self;
}

/* Called by the sampling thread, without the GIL. The first sample is where intervals begin: it has no rates. */
static int keep(void *user, const actop_sample_t *sample, const actop_error *end)
{
    struct recorder_object *r = user;
    actop_times t = {.size = sizeof t};
    if (sample == NULL) {
        columns_end(&r->columns, end);
        return 0;
    }
    actop_sample_times(sample, &t);
    if (t.seq == 1) { /* under the lock, so that Python sees all three or none */
        pthread_mutex_lock(&r->columns.lock);
        r->began[0] = t.wall_ns;
        r->began[1] = t.awake_ns;
        r->began[2] = os_awake_ns();
        pthread_mutex_unlock(&r->columns.lock);
        return 0;
    }
    return !columns_append(&r->columns, sample, os_awake_ns());
}

/* What happened since the last deadline is worth a row of its own: a run of less than an interval has one, and the
 * energy of the last part is not lost. */
static void keep_last(struct recorder_object *r, actop_session *s)
{
    const actop_sample_t *sample = actop_sample(s, NULL);
    actop_times t = {.size = sizeof t};
    if (sample == NULL)
        return;
    actop_sample_times(sample, &t);
    if (t.seq > 1 && t.interval_ns >= 1000000)
        (void)columns_append(&r->columns, sample, os_awake_ns());
}

static void forget(struct recorder_object *r)
{
    struct binding *b = binding_of(Py_TYPE((PyObject *)r));
    PyObject *key = PyLong_FromVoidPtr(r);
    if (key != NULL && b->recorders != NULL && PyDict_Contains(b->recorders, key) == 1)
        (void)PyDict_DelItem(b->recorders, key);
    Py_XDECREF(key);
}

static int remember(struct recorder_object *r)
{
    struct binding *b = binding_of(Py_TYPE((PyObject *)r));
    PyObject *key = PyLong_FromVoidPtr(r);
    int failed = key == NULL || PyDict_SetItem(b->recorders, key, Py_None) != 0;
    Py_XDECREF(key);
    return !failed;
}

void recorder_stop_now(struct recorder_object *r)
{
    if (!r->running || (long)getpid() != r->box.pid)
        return;
    static const actop_error stopped = {ACTOP_OK, "stopped"};
    r->running = 0;
    forget(r);
    actop_session *s = r->box.session;
    r->box.session = NULL; /* ours alone while the GIL is released */
    Py_BEGIN_ALLOW_THREADS actop_stop(s);
    if (actop_is_live(s) && !r->columns.ended)
        keep_last(r, s);
    actop_close(s);
    if (!r->columns.ended)
        columns_end(&r->columns, &stopped);
    Py_END_ALLOW_THREADS
}

static void recorder_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    struct recorder_object *r = recorder_of(self);
    int ours = (long)getpid() == r->box.pid;
    PyObject *type_, *value, *trace;
    PyErr_Fetch(&type_, &value, &trace);
    recorder_stop_now(r);
    session_box_close(&r->box);
    if (r->ready && ours)
        columns_release(&r->columns);
    PyErr_Restore(type_, value, trace);
    Py_XDECREF(r->args);
    Py_XDECREF(r->kwargs);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    release(self);
    Py_DECREF(type);
}

/* ---- Running --------------------------------------------------------------------------------------------------------- */

static PyObject *recorder_start(PyObject *self, PyObject *unused)
{
    struct recorder_object *r = recorder_of(self);
    struct session_arguments a;
    actop_error err = {ACTOP_OK, ""};
    (void)unused;
    if (recorder_columns_of(self) == NULL)
        return NULL;
    if (r->running) {
        PyErr_SetString(PyExc_RuntimeError, "it runs already");
        return NULL;
    }
    if (!session_parse(r->args, r->kwargs, &a) ||
        (r->box.session == NULL && !recorder_open(r, Py_TYPE(self))))
        return NULL;
    columns_clear(&r->columns);
    memset(r->began, 0, sizeof r->began);
    if (!remember(r))
        return NULL;
    actop_observe(r->box.session, keep, r);
    if (actop_start(r->box.session, a.options.interval_ns, &err) != ACTOP_OK) {
        forget(r);
        return raise_error(binding_of(Py_TYPE(self)), &err);
    }
    r->running = 1;
    Py_RETURN_NONE;
}

static PyObject *recorder_stop(PyObject *self, PyObject *unused)
{
    (void)unused;
    if (recorder_columns_of(self) == NULL)
        return NULL;
    recorder_stop_now(recorder_of(self));
    Py_RETURN_NONE;
}

/* Everything a source of its own time has, as fast as it goes: for recordings. */
static PyObject *recorder_fill(PyObject *self, PyObject *unused)
{
    struct recorder_object *r = recorder_of(self);
    actop_session *s = recorder_columns_of(self) != NULL ? session_box_get(&r->box) : NULL;
    actop_error err = {ACTOP_OK, ""};
    (void)unused;
    if (s == NULL)
        return NULL;
    if (r->running || r->box.busy) {
        PyErr_SetString(PyExc_RuntimeError, "it runs already");
        return NULL;
    }
    r->box.busy = 1;
    int signalled = 0;
    for (int more = 1; more && !signalled; signalled = PyErr_CheckSignals() != 0) {
        Py_BEGIN_ALLOW_THREADS int64_t until_ns = os_awake_ns() + 50000000;
        while (more && os_awake_ns() < until_ns) {
            const actop_sample_t *sample = actop_sample(s, &err);
            more = sample != NULL && keep(r, sample, NULL) == 0;
        }
        Py_END_ALLOW_THREADS
    }
    r->box.busy = 0;
    columns_end(&r->columns, &err);
    if (signalled)
        return NULL;
    return err.status == ACTOP_OK || err.status == ACTOP_END
               ? make_text(err.text)
               : raise_error(binding_of(Py_TYPE(self)), &err);
}

/* A row of a sample that somebody took by hand. */
static PyObject *recorder_append(PyObject *self, PyObject *object)
{
    struct columns *c = recorder_columns_of(self);
    const actop_sample_t *s = c != NULL ? sample_unwrap(binding_of(Py_TYPE(self)), object) : NULL;
    if (s == NULL)
        return NULL;
    if (recorder_of(self)->running || recorder_of(self)->box.busy) {
        PyErr_SetString(PyExc_RuntimeError, "its own thread fills it");
        return NULL;
    }
    return PyBool_FromLong(columns_append(c, s, os_awake_ns()));
}

static PyObject *recorder_wait(PyObject *self, PyObject *args)
{
    struct columns *c = recorder_columns_of(self);
    unsigned long long n = 0;
    double timeout_s = -1;
    int there = 0;
    if (c == NULL || !PyArg_ParseTuple(args, "K|d:wait", &n, &timeout_s))
        return NULL;
    int64_t now_ns = os_awake_ns();
    int64_t deadline_ns = timeout_s >= 0 && timeout_s < 1e9 ? now_ns + (int64_t)(timeout_s * 1e9)
                                                            : INT64_MAX;
    do {
        int64_t slice_ns = os_awake_ns() + 200000000; /* how long Ctrl-C may take */
        Py_BEGIN_ALLOW_THREADS there =
            columns_wait(c, n, deadline_ns < slice_ns ? deadline_ns : slice_ns);
        Py_END_ALLOW_THREADS if (PyErr_CheckSignals() != 0) return NULL;
    } while (!there && os_awake_ns() < deadline_ns);
    return PyBool_FromLong(there && columns_wait(c, n, 0));
}

/* ---- What there is --------------------------------------------------------------------------------------------------- */

static const char *const type_codes[] = {
    [COLUMN_F64] = "float64", [COLUMN_F32] = "float32", [COLUMN_I64] = "int64",
    [COLUMN_I32] = "int32",   [COLUMN_U32] = "uint32",  [COLUMN_U8] = "uint8",
    [COLUMN_BOOL] = "bool",   [COLUMN_WORD] = "text",
};

static PyObject *recorder_columns(PyObject *self, PyObject *unused)
{
    struct columns *c = recorder_columns_of(self);
    PyObject *list = c != NULL ? PyList_New(0) : NULL;
    (void)unused;
    if (list == NULL)
        return NULL;
    pthread_mutex_lock(&c->lock);
    size_t n = c->n;
    char **names = calloc(n + 1, sizeof *names);
    enum column_type *types = calloc(n + 1, sizeof *types);
    size_t shown = 0;
    for (size_t i = 0; names != NULL && types != NULL && i < n; i++)
        if (column_shown(&c->column[i])) {
            names[shown] = strdup(c->column[i].name);
            types[shown++] = c->column[i].type;
        }
    pthread_mutex_unlock(&c->lock);
    for (size_t i = 0; i < shown; i++)
        if (list != NULL &&
            !list_give(list, names[i] == NULL
                                 ? PyErr_NoMemory()
                                 : Py_BuildValue("(ss)", names[i], type_codes[types[i]])))
            Py_CLEAR(list);
    for (size_t i = 0; i < shown; i++)
        free(names[i]);
    free(names);
    free(types);
    return list;
}

/* A copy of one column's rows from … to - 1. */
struct copy {
    enum column_type type;
    size_t n;
    double *number;
    int64_t *integer;
    uint8_t *has;
    char **word; /* texts of a WORD column */
    size_t n_words;
};

static void copy_release(struct copy *copy)
{
    for (size_t i = 0; i < copy->n_words; i++)
        free(copy->word[i]);
    free(copy->word);
    free(copy->number);
    free(copy->integer);
    free(copy->has);
}

static void copy_rows(const struct columns *c, size_t column, uint64_t from, uint64_t to,
                      struct copy *copy)
{
    size_t at = 0;
    for (size_t i = 0; i < c->n_chunks; i++) {
        const struct chunk *ch = c->chunk[i];
        uint64_t begin = from > ch->base ? from - ch->base : 0;
        uint64_t end = to > ch->base ? to - ch->base : 0;
        for (uint64_t row = begin; row < end && row < ch->n; row++, at++)
            if (column < ch->n_strips)
                copy->has[at] = (uint8_t)strip_number(&ch->strips[column], copy->type,
                                                      (uint32_t)row, &copy->number[at],
                                                      &copy->integer[at]);
    }
    copy->n = at;
}

static int copy_words(const struct columns *c, struct copy *copy)
{
    copy->word = calloc(c->n_words + 1, sizeof *copy->word);
    for (size_t i = 0; copy->word != NULL && i < c->n_words; i++, copy->n_words++)
        if ((copy->word[i] = strdup(c->word[i])) == NULL)
            return 0;
    return copy->word != NULL;
}

/* False with an exception: KeyError, MemoryError. */
static int copy_column(struct columns *c, const char *name, uint64_t from, uint64_t to,
                       struct copy *copy)
{
    *copy = (struct copy){0};
    pthread_mutex_lock(&c->lock);
    int64_t column = columns_find(c, name);
    int ok = column >= 0;
    if (ok) {
        from = from < c->first ? c->first : from;
        to = to > c->total ? c->total : to;
        size_t n = to > from ? (size_t)(to - from) : 0;
        copy->type = c->column[column].type;
        copy->number = malloc((n + 1) * sizeof *copy->number);
        copy->integer = malloc((n + 1) * sizeof *copy->integer);
        copy->has = calloc(n + 1, 1);
        ok = copy->number != NULL && copy->integer != NULL && copy->has != NULL &&
             (copy->type != COLUMN_WORD || copy_words(c, copy));
        if (ok)
            copy_rows(c, (size_t)column, from, to, copy);
    }
    pthread_mutex_unlock(&c->lock);
    if (ok)
        return 1;
    if (column < 0)
        (void)PyErr_Format(PyExc_KeyError, "there is no column '%s'", name);
    else
        (void)PyErr_NoMemory();
    copy_release(copy);
    return 0;
}

/* The texts of a WORD column, made once each. */
static PyObject *make_words(const struct copy *copy)
{
    PyObject *words = PyList_New(0);
    for (size_t i = 0; words != NULL && i < copy->n_words; i++)
        if (!list_give(words, make_text(copy->word[i])))
            Py_CLEAR(words);
    return words;
}

static PyObject *make_copied(const struct copy *copy, PyObject *words, size_t i)
{
    if (!copy->has[i])
        Py_RETURN_NONE;
    if (copy->type == COLUMN_F64 || copy->type == COLUMN_F32)
        return PyFloat_FromDouble(copy->number[i]);
    if (copy->type == COLUMN_BOOL)
        return PyBool_FromLong(copy->integer[i] != 0);
    if (copy->type == COLUMN_WORD)
        return Py_NewRef(PyList_GetItem(words, (Py_ssize_t)copy->integer[i]));
    return PyLong_FromLongLong(copy->integer[i]);
}

static int parse_range(PyObject *args, const char *format, const char **name, uint64_t *from,
                       uint64_t *to)
{
    unsigned long long first = 0, last = UINT64_MAX;
    if (!PyArg_ParseTuple(args, format, name, &first, &last))
        return 0;
    *from = first;
    *to = last;
    return 1;
}

static PyObject *recorder_values(PyObject *self, PyObject *args)
{
    struct columns *c = recorder_columns_of(self);
    const char *name = NULL;
    uint64_t from = 0, to = 0;
    struct copy copy;
    if (c == NULL || !parse_range(args, "s|KK:values", &name, &from, &to) ||
        !copy_column(c, name, from, to, &copy))
        return NULL;
    PyObject *words = make_words(&copy);
    PyObject *list = words != NULL ? PyList_New((Py_ssize_t)copy.n) : NULL;
    for (size_t i = 0; list != NULL && i < copy.n; i++) {
        PyObject *value = make_copied(&copy, words, i);
        if (value == NULL || PyList_SetItem(list, (Py_ssize_t)i, value) != 0)
            Py_CLEAR(list);
    }
    copy_release(&copy);
    Py_XDECREF(words);
    return list;
}

/* Rows that a column has of those from … to - 1: how many, beginning at *first. Negative: there is no such column. */
static int64_t rows_there(struct columns *c, const char *name, uint64_t from, uint64_t to,
                          uint64_t *first)
{
    pthread_mutex_lock(&c->lock);
    int64_t column = columns_find(c, name);
    *first = from < c->first ? c->first : from;
    uint64_t last = to > c->total ? c->total : to;
    pthread_mutex_unlock(&c->lock);
    return column < 0 ? -1 : last > *first ? (int64_t)(last - *first) : 0;
}

/* n rows from the first one on as doubles; NaN for one that is gone meanwhile. */
static void copy_doubles(struct columns *c, const char *name, uint64_t first, uint64_t n,
                         double *out)
{
    pthread_mutex_lock(&c->lock);
    int64_t column = columns_find(c, name);
    uint64_t at = 0;
    for (size_t i = 0; i < c->n_chunks && column >= 0; i++) {
        const struct chunk *ch = c->chunk[i];
        for (; at < n && first + at < ch->base; at++)
            out[at] = NAN;
        uint64_t begin = first + at - ch->base;
        if (at >= n || begin >= ch->n)
            continue;
        uint32_t rows = ch->n - (uint32_t)begin < n - at ? ch->n - (uint32_t)begin
                                                         : (uint32_t)(n - at);
        static const struct strip none = {NULL, NULL, {0}, 0};
        strip_doubles((size_t)column < ch->n_strips ? &ch->strips[column] : &none,
                      c->column[column].type, (uint32_t)begin, rows, out + at);
        at += rows;
    }
    for (; at < n; at++)
        out[at] = NAN;
    pthread_mutex_unlock(&c->lock);
}

/* The same as doubles for the buffer protocol, written where they are given away. */
static PyObject *recorder_doubles(PyObject *self, PyObject *args)
{
    struct columns *c = recorder_columns_of(self);
    const char *name = NULL;
    uint64_t from = 0, to = 0, first = 0;
    if (c == NULL || !parse_range(args, "s|KK:doubles", &name, &from, &to))
        return NULL;
    int64_t n = rows_there(c, name, from, to, &first);
    if (n < 0)
        return PyErr_Format(PyExc_KeyError, "there is no column '%s'", name);
    PyObject *made =
        PyByteArray_FromStringAndSize(NULL, (Py_ssize_t)n * (Py_ssize_t)sizeof(double));
    if (made != NULL)
        copy_doubles(c, name, first, (uint64_t)n, (double *)(void *)PyByteArray_AsString(made));
    return made;
}

/* Texts by number: (a byte a row, 255 where there is none; the texts). */
static PyObject *recorder_codes(PyObject *self, PyObject *args)
{
    struct columns *c = recorder_columns_of(self);
    const char *name = NULL;
    uint64_t from = 0, to = 0;
    struct copy copy;
    if (c == NULL || !parse_range(args, "s|KK:codes", &name, &from, &to) ||
        !copy_column(c, name, from, to, &copy))
        return NULL;
    PyObject *codes = copy.type == COLUMN_WORD
                          ? PyByteArray_FromStringAndSize(NULL, (Py_ssize_t)copy.n)
                          : PyErr_Format(PyExc_TypeError, "'%s' is no column of texts", name);
    char *bytes = codes != NULL ? PyByteArray_AsString(codes) : NULL;
    for (size_t i = 0; bytes != NULL && i < copy.n; i++)
        bytes[i] = (char)(uint8_t)(copy.has[i] ? copy.integer[i] : UINT8_MAX);
    PyObject *words = codes != NULL ? make_words(&copy) : NULL;
    copy_release(&copy);
    if (words != NULL)
        return Py_BuildValue("(NN)", codes, words);
    Py_XDECREF(codes);
    return NULL;
}

/* ---- Processes ------------------------------------------------------------------------------------------------------- */

static PyObject *make_process_row(const struct chunk *ch, const struct process_row *p)
{
    const double *v = p->value;
    PyObject *values[N_PROCESS_METRICS];
    for (size_t i = 0; i < N_PROCESS_METRICS; i++)
        values[i] = make_float(isfinite(v[i]), v[i]);
    return Py_BuildValue("(KKKN(NNNNNNNN)I)", (unsigned long long)p->pid,
                         (unsigned long long)p->start, (unsigned long long)p->parent,
                         make_text_n(ch->text + p->command, p->command_len), values[0], values[1],
                         values[2], values[3], values[4], values[5], values[6], values[7],
                         (unsigned)p->flags);
}

/* The chunk of a row, with a reference; sealed, so that it can be read without the lock. */
static struct chunk *chunk_of_row(struct columns *c, uint64_t row)
{
    struct chunk *found = NULL;
    pthread_mutex_lock(&c->lock);
    for (size_t i = 0; i < c->n_chunks && row >= c->first; i++)
        if (row >= c->chunk[i]->base && row < c->chunk[i]->base + c->chunk[i]->n)
            found = c->chunk[i];
    if (found != NULL && found == c->chunk[c->n_chunks - 1])
        columns_seal(c);
    found = found != NULL ? chunk_ref(found) : NULL;
    pthread_mutex_unlock(&c->lock);
    return found;
}

static PyObject *recorder_processes(PyObject *self, PyObject *args)
{
    struct columns *c = recorder_columns_of(self);
    unsigned long long row = 0;
    if (c == NULL || !PyArg_ParseTuple(args, "K:processes", &row))
        return NULL;
    struct chunk *ch = chunk_of_row(c, row);
    if (ch == NULL)
        return PyErr_Format(PyExc_IndexError, "there is no row %llu", row);
    PyObject *list = PyList_New(0);
    size_t at = (size_t)(row - ch->base);
    uint32_t from = ch->process_from != NULL ? ch->process_from[at] : 0;
    uint32_t to = ch->process_from != NULL ? ch->process_from[at + 1] : 0;
    for (uint32_t i = from; list != NULL && i < to; i++)
        if (!list_give(list, make_process_row(ch, &ch->processes[i])))
            Py_CLEAR(list);
    chunk_unref(ch);
    return list;
}

static PyObject *recorder_latest(PyObject *self, PyObject *unused)
{
    struct columns *c = recorder_columns_of(self);
    (void)unused;
    if (c == NULL)
        return NULL;
    pthread_mutex_lock(&c->lock);
    const actop_sample_t *s = actop_sample_ref(c->latest);
    pthread_mutex_unlock(&c->lock);
    if (s == NULL)
        Py_RETURN_NONE;
    return sample_wrap(binding_of(Py_TYPE(self)), s);
}

static PyObject *recorder_size(PyObject *self, PyObject *unused)
{
    struct columns *c = recorder_columns_of(self);
    size_t bytes = 0;
    (void)unused;
    if (c == NULL)
        return NULL;
    pthread_mutex_lock(&c->lock);
    for (size_t i = 0; i < c->n_chunks; i++) {
        const struct chunk *ch = c->chunk[i];
        bytes += sizeof *ch + ch->n_strips * sizeof *ch->strips + ch->cap_text +
                 ch->cap_processes * sizeof *ch->processes;
        for (size_t k = 0; k < ch->n_strips; k++)
            if (ch->strips[k].data != NULL) {
                size_t width = column_width(c->column[k].type);
                bytes += (width > 0 ? width * ch->cap : ch->cap / 8) + ch->cap / 8;
            }
    }
    pthread_mutex_unlock(&c->lock);
    return PyLong_FromSize_t(bytes);
}

/* ---- Attributes ------------------------------------------------------------------------------------------------------ */

enum { GET_FIRST, GET_TOTAL, GET_ENDED, GET_FAILED, GET_WHY };

static PyObject *recorder_get(PyObject *self, void *what)
{
    struct columns *c = recorder_columns_of(self);
    if (c == NULL)
        return NULL;
    pthread_mutex_lock(&c->lock);
    uint64_t first = c->first, total = c->total;
    int ended = c->ended, failed = c->failed;
    actop_error end = c->end;
    pthread_mutex_unlock(&c->lock);
    switch ((int)(intptr_t)what) {
    case GET_FIRST:
        return PyLong_FromUnsignedLongLong(first);
    case GET_TOTAL:
        return PyLong_FromUnsignedLongLong(total);
    case GET_ENDED:
        return PyBool_FromLong(ended);
    case GET_FAILED:
        return PyBool_FromLong(failed);
    default:
        return ended && end.status != ACTOP_OK && end.status != ACTOP_END ? make_text(end.text)
                                                                          : make_text(NULL);
    }
}

static PyObject *recorder_running(PyObject *self, void *unused)
{
    (void)unused;
    return recorder_columns_of(self) != NULL ? PyBool_FromLong(recorder_of(self)->running) : NULL;
}

static PyObject *recorder_began(PyObject *self, void *unused)
{
    struct columns *c = recorder_columns_of(self);
    int64_t t[3];
    (void)unused;
    if (c == NULL)
        return NULL;
    pthread_mutex_lock(&c->lock);
    memcpy(t, recorder_of(self)->began, sizeof t);
    pthread_mutex_unlock(&c->lock);
    if (t[1] == 0)
        Py_RETURN_NONE;
    return Py_BuildValue("(LLL)", (long long)t[0], (long long)t[1], (long long)t[2]);
}

static PyMethodDef recorder_methods[] = {
    {"start", recorder_start, METH_NOARGS,
     "start($self, /)\n--\n\nForget all rows and sample in a thread of its own, from now until stop() or the end."},
    {"stop", recorder_stop, METH_NOARGS,
     "stop($self, /)\n--\n\nEnd sampling and close the source; no-op when it does not run. Rows stay."},
    {"fill", recorder_fill, METH_NOARGS,
     "fill($self, /)\n--\n\nTake all samples of a recording here and now; returns how it ended."},
    {"append", recorder_append, METH_O,
     "append($self, sample, /)\n--\n\nAdd a row of a Sample taken by hand; False when the rows are full."},
    {"wait", recorder_wait, METH_VARARGS,
     "wait($self, total, timeout=-1.0, /)\n--\n\nWait without the GIL until more than total rows were taken, or the end: "
     "True. False after timeout seconds."},
    {"columns", recorder_columns, METH_NOARGS,
     "columns($self, /)\n--\n\n[(name, type)] in order; type is float64, float32, int64, int32, uint32, uint8, bool or text."},
    {"values", recorder_values, METH_VARARGS,
     "values($self, name, start=0, stop=2**64-1, /)\n--\n\nA column's rows by number as a list; None where there is no "
     "value."},
    {"doubles", recorder_doubles, METH_VARARGS,
     "doubles($self, name, start=0, stop=2**64-1, /)\n--\n\nThe same as a bytearray of C doubles; NaN where there is no "
     "value."},
    {"codes", recorder_codes, METH_VARARGS,
     "codes($self, name, start=0, stop=2**64-1, /)\n--\n\nA column of texts by number: (a bytearray, 255 where there is "
     "no value; the texts)."},
    {"processes", recorder_processes, METH_VARARGS,
     "processes($self, row, /)\n--\n\n[(pid, start, parent, command, (cpu ratio, cpu share, gpu share, threads, watts, rss "
     "bytes, joules, cpu seconds), flags)] of a row."},
    {"__arrow_c_stream__", (PyCFunction)(void (*)(void))recorder_arrow_stream,
     METH_VARARGS | METH_KEYWORDS,
     "__arrow_c_stream__($self, requested_schema=None)\n--\n\nThe rows so far as an Arrow stream: a batch a "
     "chunk, read where they lie."},
    {"__arrow_c_array__", (PyCFunction)(void (*)(void))recorder_arrow_array,
     METH_VARARGS | METH_KEYWORDS,
     "__arrow_c_array__($self, requested_schema=None)\n--\n\nThe rows so far as one Arrow array: where they lie "
     "in several chunks, a copy."},
    {"__arrow_c_schema__", recorder_arrow_schema, METH_NOARGS,
     "__arrow_c_schema__($self, /)\n--\n\nThe type of both."},
    {"latest", recorder_latest, METH_NOARGS, "latest($self, /)\n--\n\nThe newest Sample, or None."},
    {"size", recorder_size, METH_NOARGS, "size($self, /)\n--\n\nBytes the rows take."},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef recorder_getset[] = {
    {"first", recorder_get, NULL, "Number of the oldest row that is kept.",
     (void *)(intptr_t)GET_FIRST},
    {"total", recorder_get, NULL, "Rows taken since start(); rows first … total - 1 are kept.",
     (void *)(intptr_t)GET_TOTAL},
    {"ended", recorder_get, NULL, "True when nothing more will come.", (void *)(intptr_t)GET_ENDED},
    {"lost", recorder_get, NULL, "True when memory ran out and values were lost.",
     (void *)(intptr_t)GET_FAILED},
    {"error", recorder_get, NULL, "Why sampling failed; None when it did not.",
     (void *)(intptr_t)GET_WHY},
    {"running", recorder_running, NULL, "True between start() and stop().", NULL},
    {"began", recorder_began, NULL,
     "(wall_ns, awake_ns, received_ns) of the first sample, where the first row's interval begins; None before.",
     NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot recorder_slots[] = {
    {Py_tp_doc,
     "Recorder(the arguments of Session, max_samples=1000000, when_full='ring', root_pid=0)\n\n"
     "A source sampled by a thread of its own into columns. With when_full='stop' sampling ends when "
     "max_samples rows are\nthere; with root_pid only that process and those below it are kept."},
    {Py_tp_new, recorder_new},
    {Py_tp_dealloc, recorder_dealloc},
    {Py_tp_methods, recorder_methods},
    {Py_tp_getset, recorder_getset},
    {0, NULL},
};

PyType_Spec recorder_spec = {
    .name = "actop._actop.Recorder",
    .basicsize = sizeof(struct recorder_object),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = recorder_slots,
};
