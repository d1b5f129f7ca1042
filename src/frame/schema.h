/* SPDX-License-Identifier: MIT */
/* Schema: what this machine has, read once when a source opens and again when the topology changes.
 *
 * It lists *channels* (one or more 64-bit slots that every frame fills), *row sets* (tables of rows that come and go),
 * *properties* (facts that do not change: names, DVFS tables, core numbers, raw registry blobs) and *collectors* (the
 * parts of the probe, and whether each works: what `actop doctor` prints). Every one has a stable key; across a schema
 * change values are matched by key. Names and numbers are the system's own: nothing is converted here.
 *
 * A schema is built by one thread, then immutable and shared by reference. Strings live in its pool. */
#ifndef FRAME_SCHEMA_H
#define FRAME_SCHEMA_H

#include <stdbool.h>
#include <stdint.h>

#include <actop/types.h>

#include "base/pool.h"

enum slot_type {
    SLOT_I64,  /* int64_t as bits */
    SLOT_U64,  /* uint64_t */
    SLOT_F64,  /* double as bits */
    SLOT_BYTES /* offset << 32 | length into the frame's bytes; text or raw */
};

/* A slot whose value only grows (until it wraps or is reset): recordings store its growth of growth. */
enum { CHANNEL_COUNTER = 1 };

struct channel {
    uint32_t key;       /* pool; unique: "cpu/3/user", "Energy Model/ECPU#7" */
    uint32_t group;     /* pool; what the system calls the family: "Energy Model", "stat" */
    uint32_t name;      /* pool; the system's own name: "ECPU0", "temp1_input" */
    uint32_t unit;      /* pool; the system's own unit, trimmed: "mJ", "nJ", "uJ", "kHz", "pages", "" unknown */
    uint32_t label;     /* pool; label the system gives beside the name ("Tctl"), or "" */
    uint32_t collector; /* row in collectors */
    uint32_t first;     /* first slot in frame.slots */
    uint32_t count;     /* slots: 1, or the number of states or buckets */
    uint32_t states;    /* first of count consecutive entries in state_names; 0 with no names */
    uint8_t type;       /* enum slot_type */
    uint8_t flags;      /* CHANNEL_ bits */
    uint8_t bits;       /* width of a counter: 32, 64 …; 0 is 64 */
    bool has_states;    /* states is valid */
};

struct property {
    uint32_t key;   /* pool; unique */
    uint32_t first; /* numbers: first in values; bytes: offset in pool */
    uint32_t count; /* numbers: how many; bytes: length */
    uint8_t type;   /* enum slot_type */
};

struct column {
    uint32_t key;  /* pool; unique within the row set */
    uint32_t unit; /* pool */
    uint8_t type;  /* enum slot_type */
    uint8_t flags; /* CHANNEL_COUNTER, COLUMN_KEY */
    uint8_t bits;  /* width of a counter; 0 is 64 */
};

/* The column is part of a row's identity. Key columns come first. */
enum { COLUMN_KEY = 2 };

/* A row's cells that are present are a 64-bit mask. */
enum { ROWSET_MAX_COLUMNS = 64 };

struct rowset {
    uint32_t key;       /* pool: "processes", "interfaces" */
    uint32_t first;     /* first column in columns */
    uint32_t n_columns; /* at most ROWSET_MAX_COLUMNS */
    uint32_t n_keys;    /* leading columns that are the identity */
    uint32_t collector; /* row in collectors */
    uint32_t scope;     /* enum actop_scope that makes it wanted, or ACTOP_SCOPE_MACHINE for always */
};

struct collector {
    uint32_t name;   /* pool: "powercap", "ioreport" */
    uint32_t reason; /* pool; why it does not work or works in part, one sentence; "" when all is well */
    uint32_t remedy; /* pool; what would help, one sentence; "" when nothing would */
    int32_t status;  /* 0 works, -1 absent on this machine, > 0 errno */
};

struct schema {
    _Atomic uint32_t refs; /* use schema_ref and schema_unref */
    uint32_t platform;    /* pool: "linux", "apple": which decoder reads it */
    uint32_t source;      /* pool: name of the source as outputs show it */
    struct pool pool;     /* all strings and byte properties */
    struct channel *channels;
    struct property *properties;
    struct column *columns;
    struct rowset *rowsets;
    struct collector *collectors;
    uint64_t *values;     /* numeric properties */
    uint32_t *state_names; /* pool offsets */
    size_t n_channels, cap_channels, n_properties, cap_properties, n_columns, cap_columns, n_rowsets, cap_rowsets;
    size_t n_collectors, cap_collectors, n_values, cap_values, n_states, cap_states;
    uint32_t n_slots;     /* slots of all channels */
    bool failed;          /* an allocation failed while building: schema_seal says so */
    uint32_t *index;      /* hash table of channels and properties by key, made by schema_seal */
    size_t n_index;
};

/* Life. A new schema has one reference. */
struct schema *schema_new(const char *platform, const char *source); /* NULL: out of memory */
struct schema *schema_ref(const struct schema *s);
void schema_unref(const struct schema *s); /* accepts NULL */

/* Building. Each returns the row's number (or -1 when out of memory; also remembered, so callers may ask only once, in
 * schema_seal). A channel or property whose key exists already gets "#2", "#3" … appended: nothing is ever merged. */
struct channel_spec {
    const char *key, *group, *name, *unit, *label;
    int32_t collector;
    enum slot_type type;
    uint32_t count;            /* 0 means 1 */
    const char *const *states; /* count names, or NULL */
    uint8_t flags, bits;
};
int32_t schema_add_channel(struct schema *s, const struct channel_spec *spec);
int32_t schema_add_collector(struct schema *s, const char *name, int32_t status, const char *reason,
                             const char *remedy);
void schema_set_collector(struct schema *s, int32_t collector, int32_t status, const char *reason, const char *remedy);
struct column_spec {
    const char *key, *unit;
    enum slot_type type;
    uint8_t flags, bits;
};
int32_t schema_add_rowset(struct schema *s, const char *key, actop_scope scope, int32_t collector,
                          const struct column_spec *columns, size_t n_columns);
void schema_put_i64(struct schema *s, const char *key, const int64_t *values, size_t n);
void schema_put_u64(struct schema *s, const char *key, const uint64_t *values, size_t n);
/* n 64-bit words of a type that is not SLOT_BYTES. */
void schema_put_numbers(struct schema *s, const char *key, enum slot_type type, const void *values, size_t n);
void schema_put_bytes(struct schema *s, const char *key, const void *bytes, size_t n);
void schema_put_text(struct schema *s, const char *key, const char *text);
actop_status schema_seal(struct schema *s, actop_error *err); /* E_NOMEM if anything failed; then immutable */

/* Reading. Borrowed pointers live as long as the schema. */
const char *schema_text(const struct schema *s, uint32_t offset);
int32_t schema_find_channel(const struct schema *s, const char *key); /* -1: none */
const struct property *schema_find_property(const struct schema *s, const char *key); /* NULL: none */
const char *schema_get_text(const struct schema *s, const char *key); /* NULL: none or not bytes */
bool schema_get_u64(const struct schema *s, const char *key, size_t at, uint64_t *out); /* any number type, as bits */
int32_t schema_find_rowset(const struct schema *s, const char *key);
int32_t schema_find_column(const struct schema *s, int32_t rowset, const char *key); /* number within the row set; -1 */
const char *schema_state_name(const struct schema *s, const struct channel *c, uint32_t state); /* "" without names */

#endif
