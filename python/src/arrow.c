/* SPDX-License-Identifier: MIT */
/* Arrow's C data interface over the columnar store, without Arrow (documented: The Arrow C data interface, C stream
 * interface, and PyCapsule interface). A batch is a chunk: its buffers are the store's own, kept alive by a reference each
 * child array has of its own, so that children may be moved out of their parent. A column that is constant in a
 * chunk is written out once per stream and shared by the batches; one without values is zeros and all null. */
#include <stdlib.h>
#include <string.h>

#include "recorder.h"

struct ArrowSchema {
    const char *format;
    const char *name;
    const char *metadata;
    int64_t flags;
    int64_t n_children;
    struct ArrowSchema **children;
    struct ArrowSchema *dictionary;
    void (*release)(struct ArrowSchema *);
    void *private_data;
};

struct ArrowArray {
    int64_t length;
    int64_t null_count;
    int64_t offset;
    int64_t n_buffers;
    int64_t n_children;
    const void **buffers;
    struct ArrowArray **children;
    struct ArrowArray *dictionary;
    void (*release)(struct ArrowArray *);
    void *private_data;
};

struct ArrowArrayStream {
    int (*get_schema)(struct ArrowArrayStream *, struct ArrowSchema *out);
    int (*get_next)(struct ArrowArrayStream *, struct ArrowArray *out);
    const char *(*get_last_error)(struct ArrowArrayStream *);
    void (*release)(struct ArrowArrayStream *);
    void *private_data;
};

enum { ARROW_NULLABLE = 2, OUT_OF_MEMORY = 12 /* ENOMEM everywhere we build for */ };

/* Bytes shared by several arrays. */
struct shared {
    atomic_uint refs;
    int64_t words;   /* of a dictionary */
    size_t split;    /* of a dictionary: where its text begins */
    struct strip of; /* of a constant */
    unsigned char bytes[];
};

static struct shared *shared_new(size_t n)
{
    struct shared *s = calloc(1, sizeof *s + n);
    if (s != NULL)
        atomic_init(&s->refs, 1);
    return s;
}

static struct shared *shared_ref(struct shared *s)
{
    atomic_fetch_add(&s->refs, 1);
    return s;
}

static void shared_unref(struct shared *s)
{
    if (s != NULL && atomic_fetch_sub(&s->refs, 1) == 1)
        free(s);
}

/* What is exported: a fixed list of chunks and columns. */
struct view {
    struct chunk **chunk; /* references */
    uint64_t *from;       /* first row of each, within it */
    uint32_t *n;
    size_t n_chunks;
    size_t next; /* chunk that comes next */
    struct view_column {
        char *name; /* owned */
        enum column_type type;
        size_t strip;
        struct shared *constant; /* a reference; NULL: none yet */
    } * column;
    size_t n_columns;
    struct shared *dictionary; /* a reference */
};

static void view_free(struct view *v)
{
    if (v == NULL)
        return;
    for (size_t i = 0; i < v->n_chunks; i++)
        chunk_unref(v->chunk[i]);
    for (size_t i = 0; i < v->n_columns; i++) {
        free(v->column[i].name);
        shared_unref(v->column[i].constant);
    }
    shared_unref(v->dictionary);
    free(v->chunk);
    free(v->from);
    free(v->n);
    free(v->column);
    free(v);
}

/* ---- Taking a view, with the store's lock held ---------------------------------------------------------------- */

/* All words as Arrow has texts: 32-bit offsets, then the bytes. */
static struct shared *make_dictionary(const struct columns *c)
{
    size_t bytes = 0, at = 0, split = (c->n_words + 1) * sizeof(int32_t);
    for (size_t i = 0; i < c->n_words; i++)
        bytes += strlen(c->word[i]);
    struct shared *s = shared_new(split + bytes + 1);
    if (s == NULL)
        return NULL;
    s->words = (int64_t)c->n_words;
    s->split = split;
    for (size_t i = 0; i < c->n_words; i++) {
        int32_t offset = (int32_t)at;
        memcpy(s->bytes + i * sizeof offset, &offset, sizeof offset);
        memcpy(s->bytes + split + at, c->word[i], strlen(c->word[i]));
        at += strlen(c->word[i]);
    }
    int32_t end = (int32_t)at;
    memcpy(s->bytes + c->n_words * sizeof end, &end, sizeof end);
    return s;
}

static int view_columns(struct view *v, const struct columns *c)
{
    v->column = calloc(c->n + 1, sizeof *v->column);
    for (size_t i = 0; v->column != NULL && i < c->n; i++) {
        if (!column_shown(&c->column[i]))
            continue;
        struct view_column *col = &v->column[v->n_columns];
        col->name = strdup(c->column[i].name);
        col->type = c->column[i].type;
        col->strip = i;
        if (col->name == NULL)
            return 0;
        v->n_columns++;
    }
    return v->column != NULL;
}

static int view_chunks(struct view *v, struct columns *c)
{
    v->chunk = calloc(c->n_chunks + 1, sizeof(struct chunk *));
    v->from = calloc(c->n_chunks + 1, sizeof *v->from);
    v->n = calloc(c->n_chunks + 1, sizeof *v->n);
    if (v->chunk == NULL || v->from == NULL || v->n == NULL)
        return 0;
    columns_seal(c);
    for (size_t i = 0; i < c->n_chunks; i++) {
        uint64_t from = c->first > c->chunk[i]->base ? c->first - c->chunk[i]->base : 0;
        v->chunk[i] = chunk_ref(c->chunk[i]);
        v->from[i] = from;
        v->n[i] = c->chunk[i]->n - (uint32_t)from;
        v->n_chunks++;
    }
    return 1;
}

static struct view *view_take(struct columns *c)
{
    struct view *v = calloc(1, sizeof *v);
    if (v == NULL)
        return NULL;
    pthread_mutex_lock(&c->lock);
    int ok = view_columns(v, c) && view_chunks(v, c);
    v->dictionary = ok ? make_dictionary(c) : NULL;
    pthread_mutex_unlock(&c->lock);
    if (v->dictionary != NULL)
        return v;
    view_free(v);
    return NULL;
}

/* The rows of all chunks in one, for those who want a single array. False: out of memory. */
static int view_merge(struct view *v)
{
    uint64_t total = 0;
    for (size_t i = 0; i < v->n_chunks; i++)
        total += v->n[i];
    struct chunk *all = total <= UINT32_MAX ? chunk_new((uint32_t)total + 1, v->n_columns + 1, 0, 0)
                                            : NULL;
    if (all == NULL)
        return 0;
    for (size_t k = 0; k < v->n_columns; k++) {
        uint32_t at = 0;
        struct view_column *col = &v->column[k];
        for (size_t i = 0; i < v->n_chunks; i++)
            for (uint32_t row = 0; row < v->n[i]; row++, at++) {
                double number = 0;
                int64_t integer = 0;
                if (col->strip >= v->chunk[i]->n_strips ||
                    !strip_number(&v->chunk[i]->strips[col->strip], col->type,
                                  (uint32_t)v->from[i] + row, &number, &integer))
                    continue;
                if (!strip_open(&all->strips[k], col->type, all->cap)) {
                    chunk_unref(all);
                    return 0;
                }
                strip_store(&all->strips[k], col->type, at, number, integer);
            }
        col->strip = k;
    }
    all->n = (uint32_t)total;
    for (size_t i = 0; i < v->n_chunks; i++)
        chunk_unref(v->chunk[i]);
    v->chunk[0] = all; /* there is room for one more than there were */
    v->from[0] = 0;
    v->n[0] = all->n;
    v->n_chunks = 1;
    return 1;
}

/* ---- Schemas ------------------------------------------------------------------------------------------------------- */

static void schema_release(struct ArrowSchema *s)
{
    for (int64_t i = 0; i < s->n_children; i++) {
        if (s->children[i]->release != NULL)
            s->children[i]->release(s->children[i]);
        free(s->children[i]);
    }
    if (s->dictionary != NULL && s->dictionary->release != NULL)
        s->dictionary->release(s->dictionary);
    free(s->dictionary);
    free(s->children);
    free((void *)(uintptr_t)s->name);
    s->release = NULL;
}

static int schema_init(struct ArrowSchema *s, const char *format, const char *name)
{
    memset(s, 0, sizeof *s);
    s->format = format;
    s->flags = ARROW_NULLABLE;
    s->release = schema_release;
    s->name = strdup(name);
    return s->name != NULL;
}

static int column_schema(struct ArrowSchema *s, const struct view_column *col)
{
    static const char *const formats[] = {
        [COLUMN_F64] = "g", [COLUMN_F32] = "f", [COLUMN_I64] = "l",  [COLUMN_I32] = "i",
        [COLUMN_U32] = "I", [COLUMN_U8] = "C",  [COLUMN_BOOL] = "b", [COLUMN_WORD] = "C",
    };
    if (!schema_init(s, formats[col->type], col->name))
        return 0;
    if (col->type != COLUMN_WORD)
        return 1;
    s->dictionary = calloc(1, sizeof *s->dictionary);
    return s->dictionary != NULL && schema_init(s->dictionary, "u", "");
}

static int view_schema(const struct view *v, struct ArrowSchema *out)
{
    struct ArrowSchema s;
    int ok = schema_init(&s, "+s", "");
    s.flags = 0;
    s.children = ok ? calloc(v->n_columns + 1, sizeof *s.children) : NULL;
    ok = s.children != NULL;
    for (size_t i = 0; ok && i < v->n_columns; i++) {
        s.children[i] = calloc(1, sizeof **s.children);
        ok = s.children[i] != NULL;
        if (ok) {
            s.n_children++;
            ok = column_schema(s.children[i], &v->column[i]);
        }
    }
    if (!ok) {
        schema_release(&s);
        return OUT_OF_MEMORY;
    }
    *out = s;
    return 0;
}

/* ---- Arrays -------------------------------------------------------------------------------------------------------- */

/* What one array keeps alive, and its pointers. */
struct keeper {
    struct chunk *chunk;
    struct shared *shared;
    const void *buffers[3];
};

static void array_release(struct ArrowArray *a)
{
    struct keeper *k = a->private_data;
    for (int64_t i = 0; i < a->n_children; i++) {
        if (a->children[i]->release != NULL)
            a->children[i]->release(a->children[i]);
        free(a->children[i]);
    }
    if (a->dictionary != NULL && a->dictionary->release != NULL)
        a->dictionary->release(a->dictionary);
    free(a->dictionary);
    free(a->children);
    if (k != NULL) {
        chunk_unref(k->chunk);
        shared_unref(k->shared);
    }
    free(k);
    a->release = NULL;
}

static struct keeper *array_init(struct ArrowArray *a, int64_t length, int64_t n_buffers)
{
    struct keeper *k = calloc(1, sizeof *k);
    memset(a, 0, sizeof *a);
    a->length = length;
    a->n_buffers = n_buffers;
    a->release = array_release;
    a->private_data = k;
    a->buffers = k != NULL ? k->buffers : NULL;
    return k;
}

/* The value of a constant column cap times, made once per column and value. */
static struct shared *constant_bytes(struct view_column *col, const struct strip *s)
{
    enum { ROWS = 8192 };
    size_t width = column_width(col->type);
    if (col->constant != NULL && memcmp(&col->constant->of.same, &s->same, sizeof s->same) == 0)
        return col->constant;
    struct shared *made = shared_new(width > 0 ? width * ROWS : ROWS / 8);
    struct shared *flags = shared_new(ROWS / 8); /* where strip_store wants to mark what is valid */
    if (made != NULL && flags != NULL) {
        struct strip into = {.data = made->bytes, .valid = flags->bytes};
        made->of.same = s->same;
        for (uint32_t row = 0; row < ROWS; row++)
            strip_store(&into, col->type, row, s->same.number, s->same.integer);
        shared_unref(col->constant);
        col->constant = made;
        made = NULL;
    }
    struct shared *result = flags != NULL && col->constant != NULL && made == NULL ? col->constant
                                                                                   : NULL;
    shared_unref(made);
    shared_unref(flags);
    return result;
}

static int dictionary_array(struct ArrowArray *a, struct shared *words)
{
    struct keeper *k = array_init(a, words->words, 3);
    if (k == NULL)
        return 0;
    k->shared = shared_ref(words);
    k->buffers[1] = words->bytes;
    k->buffers[2] = words->bytes + words->split;
    return 1;
}

static int column_buffers(struct ArrowArray *a, struct keeper *k, struct view_column *col,
                          struct chunk *ch)
{
    const struct strip *s = col->strip < ch->n_strips ? &ch->strips[col->strip] : NULL;
    if (s != NULL && s->constant) {
        struct shared *same = constant_bytes(col, s);
        k->shared = same != NULL ? shared_ref(same) : NULL;
        k->buffers[1] = same != NULL ? same->bytes : NULL;
        a->offset = 0;
    } else if (s != NULL && s->data != NULL) {
        k->buffers[0] = s->valid;
        k->buffers[1] = s->data;
        a->null_count = -1;
    } else {
        k->buffers[0] = k->buffers[1] = chunk_zeros(ch);
        a->null_count = a->length;
    }
    return k->buffers[1] != NULL;
}

static int column_array(struct ArrowArray *a, struct view *v, size_t column, size_t chunk)
{
    struct view_column *col = &v->column[column];
    struct keeper *k = array_init(a, v->n[chunk], 2);
    if (k == NULL)
        return 0;
    k->chunk = chunk_ref(v->chunk[chunk]);
    a->offset = (int64_t)v->from[chunk];
    if (!column_buffers(a, k, col, v->chunk[chunk]))
        return 0;
    if (col->type != COLUMN_WORD)
        return 1;
    a->dictionary = calloc(1, sizeof *a->dictionary);
    return a->dictionary != NULL && dictionary_array(a->dictionary, v->dictionary);
}

static int view_array(struct view *v, size_t chunk, struct ArrowArray *out)
{
    struct ArrowArray a;
    int ok = array_init(&a, chunk < v->n_chunks ? v->n[chunk] : 0, 1) != NULL;
    a.children = ok ? calloc(v->n_columns + 1, sizeof *a.children) : NULL;
    ok = a.children != NULL;
    for (size_t i = 0; ok && i < v->n_columns; i++) {
        a.children[i] = calloc(1, sizeof **a.children);
        ok = a.children[i] != NULL;
        if (ok) {
            a.n_children++;
            ok = column_array(a.children[i], v, i, chunk);
        }
    }
    if (!ok) {
        array_release(&a);
        return OUT_OF_MEMORY;
    }
    *out = a;
    return 0;
}

/* ---- Streams ------------------------------------------------------------------------------------------------------- */

static int stream_schema(struct ArrowArrayStream *s, struct ArrowSchema *out)
{
    return view_schema(s->private_data, out);
}

static int stream_next(struct ArrowArrayStream *s, struct ArrowArray *out)
{
    struct view *v = s->private_data;
    if (v->next < v->n_chunks)
        return view_array(v, v->next++, out);
    memset(out, 0, sizeof *out); /* the end: not released, because never made */
    return 0;
}

static const char *stream_error(struct ArrowArrayStream *s)
{
    (void)s;
    return "out of memory";
}

static void stream_release(struct ArrowArrayStream *s)
{
    view_free(s->private_data);
    s->release = NULL;
}

/* ---- Capsules ------------------------------------------------------------------------------------------------------ */

/* A consumer that moves a structure out leaves release NULL in ours. */
#define DESTRUCTOR(function, type, name)                                                           \
    static void function(PyObject *capsule)                                                        \
    {                                                                                              \
        struct type *s = PyCapsule_GetPointer(capsule, name);                                      \
        if (s != NULL && s->release != NULL)                                                       \
            s->release(s);                                                                         \
        free(s);                                                                                   \
    }
DESTRUCTOR(free_stream, ArrowArrayStream, "arrow_array_stream")
DESTRUCTOR(free_array, ArrowArray, "arrow_array")
DESTRUCTOR(free_schema, ArrowSchema, "arrow_schema")

static PyObject *make_schema_capsule(const struct view *v)
{
    struct ArrowSchema *s = calloc(1, sizeof *s);
    if (s == NULL || view_schema(v, s) != 0) {
        free(s);
        return PyErr_NoMemory();
    }
    PyObject *capsule = PyCapsule_New(s, "arrow_schema", free_schema);
    if (capsule == NULL) {
        s->release(s);
        free(s);
    }
    return capsule;
}

static PyObject *make_array_capsule(struct view *v)
{
    struct ArrowArray *a = calloc(1, sizeof *a);
    if (a == NULL || view_array(v, 0, a) != 0) {
        free(a);
        return PyErr_NoMemory();
    }
    PyObject *capsule = PyCapsule_New(a, "arrow_array", free_array);
    if (capsule == NULL) {
        a->release(a);
        free(a);
    }
    return capsule;
}

/* The rows as they are now, unless the arguments are wrong. A requested schema is a wish, which may be passed over. */
static struct view *view_for(PyObject *self, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"requested_schema", NULL};
    PyObject *wish = NULL;
    struct columns *c = recorder_columns_of(self);
    if (c == NULL ||
        (args != NULL && !PyArg_ParseTupleAndKeywords(args, kwargs, "|O", names, &wish)))
        return NULL;
    struct view *v = view_take(c);
    if (v == NULL)
        (void)PyErr_NoMemory();
    return v;
}

PyObject *recorder_arrow_stream(PyObject *self, PyObject *args, PyObject *kwargs)
{
    struct view *v = view_for(self, args, kwargs);
    if (v == NULL)
        return NULL;
    struct ArrowArrayStream *s = calloc(1, sizeof *s);
    if (s == NULL) {
        view_free(v);
        return PyErr_NoMemory();
    }
    *s = (struct ArrowArrayStream){stream_schema, stream_next, stream_error, stream_release, v};
    PyObject *capsule = PyCapsule_New(s, "arrow_array_stream", free_stream);
    if (capsule == NULL) {
        s->release(s);
        free(s);
    }
    return capsule;
}

PyObject *recorder_arrow_schema(PyObject *self, PyObject *unused)
{
    (void)unused;
    struct view *v = view_for(self, NULL, NULL);
    PyObject *capsule = v != NULL ? make_schema_capsule(v) : NULL;
    view_free(v);
    return capsule;
}

PyObject *recorder_arrow_array(PyObject *self, PyObject *args, PyObject *kwargs)
{
    struct view *v = view_for(self, args, kwargs);
    PyObject *both = NULL;
    if (v != NULL && v->n_chunks != 1 && !view_merge(v))
        (void)PyErr_NoMemory();
    else if (v != NULL)
        both = Py_BuildValue("(NN)", make_schema_capsule(v), make_array_capsule(v));
    view_free(v);
    return both;
}
