/* SPDX-License-Identifier: MIT */
/* The fields of a snapshot: what src/export/ndjson.def lists, in its order, so that a snapshot has the keys of an NDJSON
 * record. A field is one value (a metric of the machine or of its upper or lower CPU tier, scaled to the key's unit), a
 * shape of its own, or the rows of a scope. */
#ifndef PYTHON_FIELDS_H
#define PYTHON_FIELDS_H

#include "binding.h"

enum form {
    FORM_FLOAT,
    FORM_INTEGER,
    FORM_WORD,    /* name of a state */
    FORM_THERMAL, /* the same, "Unknown" without a value */
    FORM_TEXT,
    FORM_FLAG,    /* True, False */
    FORM_VERDICT, /* a FLAG that is False without a value */
    FORM_PRESENT, /* has it a value */
    FORM_TENTH,   /* a FLOAT of one decimal */
    FORM_SHAPE,
    FORM_ROWS,
    FORM_REST     /* only in the list: stands for every metric of the machine that nothing else carries */
};

enum row_of { ROW_MACHINE, ROW_HIGH, ROW_LOW };

/* What an object of a ROWS field says about its row before its values; the names are the list's. */
enum {
    ID_KEY = 1,
    ID_NAME = 2,
    ID_TIER = 4,
    ID_DIE = 8,
    ID_CORES = 16,
    ID_INDEX = 32,
    ID_PID = 64,
    ID_RESIDENCY = 128
};

typedef PyObject *shape_fn(struct binding *b, const actop_sample_t *s);

struct field {
    const char *key; /* static, or text below */
    enum form form;
    actop_metric metric;
    enum row_of row;
    double times, per;  /* value × times / per */
    shape_fn *shape;    /* of a SHAPE */
    actop_scope scope;  /* of ROWS */
    unsigned identity;  /* of ROWS */
    int is_alert;       /* a verdict of the analysis: in a record, not in a snapshot */
    int is_of_1x;       /* a key of the Python actop 1.9 */
    char text[64];      /* key of a REST field */
};

/* One value of a field, without Python. text is borrowed from the sample. */
struct field_value {
    int has;
    double number;    /* in the key's unit; 0 or 1 for flags */
    const char *text; /* of TEXT, WORD, THERMAL */
};

/* Expand the list. The array is the caller's (free); NULL: out of memory. */
struct field *fields_new(size_t *n);
const struct field *field_find(const struct field *fields, size_t n, const char *key);
int field_is_value(const struct field *f); /* not a SHAPE or ROWS */

/* The row a value field is read of; -1: there is none. */
int32_t field_row(const struct field *f, const actop_sample_t *s);
/* Read a value of form FLOAT … TENTH. */
struct field_value field_read(const struct field *f, const actop_sample_t *s, int32_t row);

/* Python objects. */
PyObject *make_value(const struct field *f, const struct field_value *v);
PyObject *make_field(struct binding *b, const struct field *f, const actop_sample_t *s);
PyObject *make_evidence(const actop_reading *r); /* (source, age_ms, kind, state) */

/* Values in the objects of rows, as the list has them; *n is set. */
const struct field *field_members(size_t *n);

/* Rows of a scope as dicts (shapes.c). */
PyObject *make_rows(struct binding *b, const actop_sample_t *s, actop_scope scope, unsigned identity);
PyObject *make_row(struct binding *b, const actop_sample_t *s, actop_scope scope, uint32_t row, unsigned identity);
/* A metric no list names, the way NDJSON writes it: its form by unit and kind. */
struct field plain_field(actop_metric id);

/* Which tier fills pcpu_* and which ecpu_*; -1: none. */
int32_t tier_high(const actop_sample_t *s);
int32_t tier_low(const actop_sample_t *s);
int32_t tier_of_core(const actop_sample_t *s, uint32_t row); /* -1: none */
uint64_t core_number(const actop_sample_t *s, const actop_entity *core);

/* Whole percents that add up to 100 (largest remainder); false when there is nothing to share. */
int whole_percents(const double *shares, size_t n, int *percents);

/* The shapes the list names; SHAPE rows find them by these names. */
#define SHAPE(key, function) shape_fn make_##function;
#include "export/ndjson.def"

#endif
