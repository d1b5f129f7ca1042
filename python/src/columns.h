/* SPDX-License-Identifier: MIT */
/* The columnar store behind Recorder: one row a sample, one column a value, in chunks that Arrow can read where they
 * lie. Filled by the sampling thread; knows nothing of Python's objects. A column takes memory in a chunk only once it has
 * a value there. Bounded: beyond max_rows the oldest row goes, or filling ends.
 *
 * Columns, in this order: seq, awake_ns, received_ns, gap; then every field of a record that is one value under its name;
 * then, flattened with dots, the residencies, fans.N.rpm, e_cores.N.active_pct, clusters.NAME.KEY, rails.NAME.KEY,
 * (those floats are of 32 bits), energy_j.RAIL and energy_age_us.RAIL (how old the counter's value was at the sample: its
 * publication stamp is awake_ns less that). */
#ifndef PYTHON_COLUMNS_H
#define PYTHON_COLUMNS_H

#include <pthread.h>
#include <stdatomic.h>

#include "fields.h"

enum column_type { COLUMN_F64, COLUMN_F32, COLUMN_I64, COLUMN_I32, COLUMN_U32, COLUMN_U8, COLUMN_BOOL, COLUMN_WORD };

enum column_kind {
    KIND_FIELD,
    KIND_SEQ,
    KIND_AWAKE,
    KIND_RECEIVED,
    KIND_GAP,
    KIND_TIMESTAMP,
    KIND_RAM_PERCENT,
    KIND_FAN_AVAILABLE,
    KIND_ROW,       /* a metric of one row of a scope */
    KIND_AGE,       /* its age, in microseconds */
    KIND_RESIDENCY, /* one of four whole percents */
};

struct column {
    char *name; /* owned */
    enum column_type type;
    enum column_kind kind;
    struct field field; /* metric, form, scale */
    int32_t row;        /* of KIND_ROW … RESIDENCY; -1: not there now */
    int part;           /* of KIND_RESIDENCY: 0 idle … 3 high */
    int seen;           /* has had a value */
};

/* One column in one chunk. data is NULL while no row has a value, and while every row has the same one (constant):
 * much of a machine never changes. valid has a bit a row; BOOL data are bits too. */
struct strip {
    void *data;
    uint8_t *valid;
    union {
        double number; /* of F64 and F32 */
        int64_t integer;
    } same; /* the value of a constant */
    int constant;
};

struct process_row {
    uint64_t pid, start, parent;
    double value[8]; /* in the order of process_metrics; NaN: none */
    uint32_t command, command_len; /* in the chunk's text */
    uint32_t flags;
};

enum { N_PROCESS_METRICS = 8 };
extern const actop_metric process_metrics[N_PROCESS_METRICS];

/* Rows of one piece of time. Once sealed it never changes, and may outlive the store. */
struct chunk {
    atomic_uint refs;
    uint64_t base; /* number of its first row */
    uint32_t cap, n;
    size_t n_strips;
    struct strip *strips;
    uint32_t *process_from; /* cap + 1; NULL: no processes */
    struct process_row *processes;
    size_t n_processes, cap_processes;
    char *text;
    size_t n_text, cap_text;
    _Atomic(void *) zeros; /* what columns without values point to in an export; made when needed */
};

struct chunk *chunk_new(uint32_t cap, size_t n_strips, uint64_t base, int processes); /* NULL: out of memory */
struct chunk *chunk_ref(struct chunk *c);
void chunk_unref(struct chunk *c); /* accepts NULL */
const void *chunk_zeros(struct chunk *c); /* cap × 8 zero bytes; NULL: out of memory */

struct columns {
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t news;
    struct column *column;
    size_t n, cap;
    struct chunk **chunk;
    size_t n_chunks, cap_chunks;
    uint64_t first, total; /* rows first … total - 1 are there */
    uint64_t max_rows;
    int stop_when_full;
    int open;     /* the last chunk may still be filled */
    int failed;   /* memory ran out: rows were lost */
    int ended;    /* nothing more will come */
    actop_error end;
    char **word; /* texts of WORD columns, by number */
    size_t n_words, cap_words;
    char **layout; /* keys of the rows the columns were made for */
    size_t n_layout, cap_layout;
    const struct field *fields; /* borrowed */
    size_t n_fields;
    int processes;
    uint64_t root_pid; /* 0: all that the sample has */
    const actop_sample_t *latest; /* a reference */
};

int columns_init(struct columns *c, const struct field *fields, size_t n_fields, uint64_t max_rows, int stop_when_full);
void columns_release(struct columns *c);
/* Forget all rows. */
void columns_clear(struct columns *c);
/* Append a row. False when the store is full and does not take more, or out of memory. */
int columns_append(struct columns *c, const actop_sample_t *s, int64_t received_ns);
void columns_end(struct columns *c, const actop_error *why); /* nothing more will come */
/* Wait until there are more than n rows ever, or the end; false when deadline_ns on the awake clock passed. */
int columns_wait(struct columns *c, uint64_t n, int64_t deadline_ns);

/* With the lock held: */
void columns_seal(struct columns *c); /* the rows so far will never change */
int64_t columns_find(const struct columns *c, const char *name); /* -1: none */
int column_shown(const struct column *col); /* fields always, others once they have had a value */
size_t column_width(enum column_type type); /* bytes of a value; 0 for bits */
/* A value of a chunk as a number; false: there is none. */
int strip_number(const struct strip *s, enum column_type type, uint32_t row, double *number, int64_t *integer);

/* n rows from a row on as doubles, NaN where there is no value; texts are all NaN. */
void strip_doubles(const struct strip *s, enum column_type type, uint32_t from, uint32_t n, double *out);
int strip_open(struct strip *s, enum column_type type, uint32_t cap); /* memory for cap rows; false: there is none */
void strip_store(struct strip *s, enum column_type type, uint32_t row, double number, int64_t integer);

#endif
