/* SPDX-License-Identifier: MIT */
/* Building and reading schemas; see schema.h. */
#include "frame/schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/vec.h"

struct schema *schema_new(const char *platform, const char *source)
{
    struct schema *s = calloc(1, sizeof *s);
    if (s == NULL)
        return NULL;
    s->refs = 1;
    s->platform = pool_adds(&s->pool, platform);
    s->source = pool_adds(&s->pool, source);
    return s;
}

struct schema *schema_ref(const struct schema *s)
{
    struct schema *shared = (struct schema *)(uintptr_t)s;
    if (shared != NULL)
        shared->refs++;
    return shared;
}

void schema_unref(const struct schema *s)
{
    struct schema *shared = (struct schema *)(uintptr_t)s;
    if (shared == NULL || --shared->refs > 0)
        return;
    pool_release(&shared->pool);
    free(shared->channels);
    free(shared->properties);
    free(shared->columns);
    free(shared->rowsets);
    free(shared->collectors);
    free(shared->values);
    free(shared->state_names);
    free(shared->index);
    free(shared);
}

const char *schema_text(const struct schema *s, uint32_t offset)
{
    return pool_at(&s->pool, offset);
}

/* ---- Keys: one hash table for channels (number) and properties (number + n_channels) ---------------------------------- */

static const char *key_of(const struct schema *s, uint32_t entry)
{
    uint32_t n = (uint32_t)s->n_channels;
    return schema_text(s, entry < n ? s->channels[entry].key : s->properties[entry - n].key);
}

static void index_put(const struct schema *s, uint32_t *index, size_t size, uint32_t entry)
{
    const char *key = key_of(s, entry);
    size_t at = (size_t)hash_bytes(key, strlen(key)) & (size - 1);
    while (index[at] != 0)
        at = (at + 1) & (size - 1);
    index[at] = entry + 1;
}

static bool index_build(struct schema *s)
{
    size_t entries = s->n_channels + s->n_properties;
    size_t size = 16;
    while (size < entries * 2)
        size *= 2;
    uint32_t *index = calloc(size, sizeof *index);
    if (index == NULL)
        return false;
    for (uint32_t i = 0; i < entries; i++)
        index_put(s, index, size, i);
    free(s->index);
    s->index = index;
    s->n_index = size;
    return true;
}

/* Entry number of a key among channels (of_channels) or properties; -1 none. Keys of both kinds may be equal. */
static int64_t index_find(const struct schema *s, const char *key, bool of_channels)
{
    if (s->n_index == 0)
        return -1;
    size_t at = (size_t)hash_bytes(key, strlen(key)) & (s->n_index - 1);
    for (; s->index[at] != 0; at = (at + 1) & (s->n_index - 1)) {
        uint32_t entry = s->index[at] - 1;
        if ((entry < s->n_channels) == of_channels && strcmp(key_of(s, entry), key) == 0)
            return entry;
    }
    return -1;
}

/* ---- Building ------------------------------------------------------------------------------------------------------- */

static int32_t fail(struct schema *s)
{
    s->failed = true;
    return -1;
}

int32_t schema_add_channel(struct schema *s, const struct channel_spec *spec)
{
    uint32_t count = spec->count == 0 ? 1 : spec->count;
    if (!VEC_GROW(s->channels, s->cap_channels, s->n_channels + 1))
        return fail(s);
    struct channel *c = &s->channels[s->n_channels];
    *c = (struct channel){.key = pool_adds(&s->pool, spec->key),
                          .group = pool_adds(&s->pool, spec->group),
                          .name = pool_adds(&s->pool, spec->name),
                          .unit = pool_adds(&s->pool, spec->unit),
                          .label = pool_adds(&s->pool, spec->label),
                          .collector = (uint32_t)spec->collector,
                          .first = s->n_slots,
                          .count = count,
                          .type = (uint8_t)spec->type,
                          .flags = spec->flags,
                          .bits = spec->bits};
    if (spec->states != NULL) {
        if (!VEC_GROW(s->state_names, s->cap_states, s->n_states + count))
            return fail(s);
        c->states = (uint32_t)s->n_states;
        c->has_states = true;
        for (uint32_t i = 0; i < count; i++)
            s->state_names[s->n_states++] = pool_adds(&s->pool, spec->states[i]);
    }
    s->n_slots += count;
    return (int32_t)s->n_channels++;
}

int32_t schema_add_collector(struct schema *s, const char *name, int32_t status, const char *reason,
                             const char *remedy)
{
    if (!VEC_GROW(s->collectors, s->cap_collectors, s->n_collectors + 1))
        return fail(s);
    s->collectors[s->n_collectors].name = pool_adds(&s->pool, name);
    int32_t row = (int32_t)s->n_collectors++;
    schema_set_collector(s, row, status, reason, remedy);
    return row;
}

void schema_set_collector(struct schema *s, int32_t collector, int32_t status, const char *reason,
                          const char *remedy)
{
    if (collector < 0)
        return;
    struct collector *c = &s->collectors[collector];
    c->status = status;
    c->reason = pool_adds(&s->pool, reason);
    c->remedy = pool_adds(&s->pool, remedy);
}

int32_t schema_add_rowset(struct schema *s, const char *key, actop_scope scope, int32_t collector,
                          const struct column_spec *columns, size_t n_columns)
{
    if (n_columns > ROWSET_MAX_COLUMNS || !VEC_GROW(s->rowsets, s->cap_rowsets, s->n_rowsets + 1) ||
        !VEC_GROW(s->columns, s->cap_columns, s->n_columns + n_columns))
        return fail(s);
    struct rowset *r = &s->rowsets[s->n_rowsets];
    *r = (struct rowset){.key = pool_adds(&s->pool, key),
                         .first = (uint32_t)s->n_columns,
                         .n_columns = (uint32_t)n_columns,
                         .collector = (uint32_t)collector,
                         .scope = (uint32_t)scope};
    for (size_t i = 0; i < n_columns; i++) {
        if ((columns[i].flags & COLUMN_KEY) != 0 && r->n_keys == i)
            r->n_keys++;
        s->columns[s->n_columns++] = (struct column){.key = pool_adds(&s->pool, columns[i].key),
                                                     .unit = pool_adds(&s->pool, columns[i].unit),
                                                     .type = (uint8_t)columns[i].type,
                                                     .flags = columns[i].flags,
                                                     .bits = columns[i].bits};
    }
    return (int32_t)s->n_rowsets++;
}

static struct property *add_property(struct schema *s, const char *key, enum slot_type type)
{
    if (!VEC_GROW(s->properties, s->cap_properties, s->n_properties + 1)) {
        s->failed = true;
        return NULL;
    }
    struct property *p = &s->properties[s->n_properties++];
    *p = (struct property){.key = pool_adds(&s->pool, key), .type = (uint8_t)type};
    return p;
}

void schema_put_numbers(struct schema *s, const char *key, enum slot_type type, const void *values,
                        size_t n)
{
    struct property *p = add_property(s, key, type);
    if (p == NULL || !VEC_GROW(s->values, s->cap_values, s->n_values + n)) {
        s->failed = true;
        return;
    }
    p->first = (uint32_t)s->n_values;
    p->count = (uint32_t)n;
    if (n > 0)
        memcpy(s->values + s->n_values, values, n * sizeof *s->values);
    s->n_values += n;
}

void schema_put_i64(struct schema *s, const char *key, const int64_t *values, size_t n)
{
    schema_put_numbers(s, key, SLOT_I64, values, n);
}

void schema_put_u64(struct schema *s, const char *key, const uint64_t *values, size_t n)
{
    schema_put_numbers(s, key, SLOT_U64, values, n);
}

void schema_put_bytes(struct schema *s, const char *key, const void *bytes, size_t n)
{
    struct property *p = add_property(s, key, SLOT_BYTES);
    if (p == NULL)
        return;
    p->first = pool_add(&s->pool, bytes, n);
    p->count = (uint32_t)n;
}

void schema_put_text(struct schema *s, const char *key, const char *text)
{
    schema_put_bytes(s, key, text, strlen(text));
}

/* ---- Sealing ---------------------------------------------------------------------------------------------------------- */

static uint32_t *key_slot(struct schema *s, uint32_t entry)
{
    uint32_t n = (uint32_t)s->n_channels;
    return entry < n ? &s->channels[entry].key : &s->properties[entry - n].key;
}

/* Give later twins of a key "#2", "#3" …: the system lists some names twice, and merging them would add what must not be
 * added (130 energy channels of an M1 Ultra are listed twice; reported, all-smi 415). */
static bool make_keys_unique(struct schema *s)
{
    if (!index_build(s))
        return false;
    bool renamed = false;
    size_t entries = s->n_channels + s->n_properties;
    for (uint32_t i = 0; i < entries; i++) {
        bool of_channels = i < s->n_channels;
        const char *key = key_of(s, i);
        if (index_find(s, key, of_channels) == i)
            continue;
        char name[512];
        unsigned n = 2;
        do
            (void)snprintf(name, sizeof name, "%.480s#%u", key_of(s, i), n++);
        while (index_find(s, name, of_channels) >= 0);
        *key_slot(s, i) = pool_adds(&s->pool, name);
        renamed = true;
        if (s->pool.failed || !index_build(s))
            return false;
    }
    return !renamed || index_build(s);
}

actop_status schema_seal(struct schema *s, actop_error *err)
{
    if (s->failed || s->pool.failed || !make_keys_unique(s))
        return error_no_memory(err, "describing the machine");
    return ACTOP_OK;
}

/* ---- Reading ------------------------------------------------------------------------------------------------------------ */

int32_t schema_find_channel(const struct schema *s, const char *key)
{
    return (int32_t)index_find(s, key, true);
}

const struct property *schema_find_property(const struct schema *s, const char *key)
{
    int64_t entry = index_find(s, key, false);
    return entry < 0 ? NULL : &s->properties[(size_t)entry - s->n_channels];
}

const char *schema_get_text(const struct schema *s, const char *key)
{
    const struct property *p = schema_find_property(s, key);
    return p != NULL && p->type == SLOT_BYTES ? schema_text(s, p->first) : NULL;
}

bool schema_get_u64(const struct schema *s, const char *key, size_t at, uint64_t *out)
{
    const struct property *p = schema_find_property(s, key);
    if (p == NULL || p->type == SLOT_BYTES || at >= p->count)
        return false;
    *out = s->values[p->first + at];
    return true;
}

int32_t schema_find_rowset(const struct schema *s, const char *key)
{
    for (size_t i = 0; i < s->n_rowsets; i++)
        if (strcmp(schema_text(s, s->rowsets[i].key), key) == 0)
            return (int32_t)i;
    return -1;
}

int32_t schema_find_column(const struct schema *s, int32_t rowset, const char *key)
{
    if (rowset < 0)
        return -1;
    const struct rowset *r = &s->rowsets[rowset];
    for (uint32_t i = 0; i < r->n_columns; i++)
        if (strcmp(schema_text(s, s->columns[r->first + i].key), key) == 0)
            return (int32_t)i;
    return -1;
}

const char *schema_state_name(const struct schema *s, const struct channel *c, uint32_t state)
{
    return c->has_states && state < c->count ? schema_text(s, s->state_names[c->states + state])
                                             : "";
}
