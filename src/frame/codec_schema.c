/* SPDX-License-Identifier: MIT */
/* Schemas to bytes and back; see codec.h and docs/recording-format.md ("Schema block"). A schema that was read is built
 * by the same functions a source builds it with, so nothing in it can be what a source could not have made. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/vec.h"
#include "frame/codec.h"

/* ---- writing ---- */

static void put_text(struct buf *out, const struct schema *s, uint32_t text)
{
    const char *words = schema_text(s, text);
    size_t n = strlen(words);
    varint_put(out, n);
    buf_put(out, words, n);
}

static void put_collectors(struct buf *out, const struct schema *s)
{
    varint_put(out, s->n_collectors);
    for (size_t i = 0; i < s->n_collectors; i++) {
        const struct collector *c = &s->collectors[i];
        put_text(out, s, c->name);
        varint_put(out, zigzag(c->status));
        put_text(out, s, c->reason);
        put_text(out, s, c->remedy);
    }
}

static void put_channels(struct buf *out, const struct schema *s)
{
    varint_put(out, s->n_channels);
    for (size_t i = 0; i < s->n_channels; i++) {
        const struct channel *c = &s->channels[i];
        put_text(out, s, c->key);
        put_text(out, s, c->group);
        put_text(out, s, c->name);
        put_text(out, s, c->unit);
        put_text(out, s, c->label);
        varint_put(out, zigzag((int32_t)c->collector));
        buf_putc(out, (char)c->type);
        buf_putc(out, (char)c->flags);
        buf_putc(out, (char)c->bits);
        varint_put(out, (uint64_t)c->count << 1 | c->has_states);
        for (uint32_t state = 0; c->has_states && state < c->count; state++)
            put_text(out, s, s->state_names[c->states + state]);
    }
}

static void put_rowsets(struct buf *out, const struct schema *s)
{
    varint_put(out, s->n_rowsets);
    for (size_t i = 0; i < s->n_rowsets; i++) {
        const struct rowset *r = &s->rowsets[i];
        put_text(out, s, r->key);
        varint_put(out, r->scope);
        varint_put(out, zigzag((int32_t)r->collector));
        varint_put(out, r->n_columns);
        for (uint32_t at = r->first; at < r->first + r->n_columns; at++) {
            const struct column *c = &s->columns[at];
            put_text(out, s, c->key);
            put_text(out, s, c->unit);
            buf_putc(out, (char)c->type);
            buf_putc(out, (char)c->flags);
            buf_putc(out, (char)c->bits);
        }
    }
}

static void put_properties(struct buf *out, const struct schema *s)
{
    varint_put(out, s->n_properties);
    for (size_t i = 0; i < s->n_properties; i++) {
        const struct property *p = &s->properties[i];
        put_text(out, s, p->key);
        buf_putc(out, (char)p->type);
        varint_put(out, p->count);
        if (p->type == SLOT_BYTES)
            buf_put(out, schema_text(s, p->first), p->count);
        for (uint32_t at = 0; p->type != SLOT_BYTES && at < p->count; at++)
            varint_put(out, zigzag((int64_t)s->values[p->first + at]));
    }
}

actop_status codec_put_schema_content(const struct schema *s, struct buf *out, actop_error *err)
{
    put_text(out, s, s->platform);
    put_text(out, s, s->source);
    put_collectors(out, s);
    put_channels(out, s);
    put_rowsets(out, s);
    put_properties(out, s);
    return out->failed ? error_no_memory(err, "recording a schema") : ACTOP_OK;
}

/* ---- reading ---- */

/* Text of a schema being read: copied out of the content, because there it has no ending zero. */
struct schema_in {
    struct residual_in in;
    struct schema *schema; /* owned */
    struct pool words;     /* texts of the row being read */
    uint64_t *keys;        /* hashes of keys, channels and properties apart */
    size_t n_keys, cap_keys;
    uint32_t *offsets; /* of state names in words */
    const char **states;
    size_t cap_offsets, cap_states;
    struct column_spec columns[ROWSET_MAX_COLUMNS];
};

static void schema_in_release(struct schema_in *si)
{
    schema_unref(si->schema);
    pool_release(&si->words);
    free(si->keys);
    free(si->offsets);
    free(si->states);
}

/* Begin the texts of another row. */
static void clear_words(struct schema_in *si)
{
    if (si->words.failed)
        si->schema->failed = true;
    pool_clear(&si->words);
}

static void schema_in_bad(struct schema_in *si)
{
    si->in.bad = true;
    si->in.at = si->in.end;
}

static const uint8_t *get_bytes(struct schema_in *si, uint64_t n)
{
    if (n > (uint64_t)(si->in.end - si->in.at)) {
        schema_in_bad(si);
        return NULL;
    }
    const uint8_t *bytes = si->in.at;
    si->in.at += n;
    return bytes;
}

/* The offset of the next text in words; texts hold no zero byte. */
static uint32_t get_text(struct schema_in *si)
{
    uint64_t n = varint_get(&si->in);
    const uint8_t *bytes = get_bytes(si, n);
    if (bytes == NULL || n == 0)
        return 0;
    if (memchr(bytes, 0, n) != NULL) {
        schema_in_bad(si);
        return 0;
    }
    return pool_add(&si->words, bytes, n);
}

static uint8_t get_byte(struct schema_in *si)
{
    const uint8_t *byte = get_bytes(si, 1);
    return byte == NULL ? 0 : *byte;
}

/* A number of things of which each takes at least one byte. */
static uint64_t get_count(struct schema_in *si, uint64_t most)
{
    uint64_t n = varint_get(&si->in);
    if (n > most || n > (uint64_t)(si->in.end - si->in.at)) {
        schema_in_bad(si);
        return 0;
    }
    return n;
}

static enum slot_type get_type(struct schema_in *si)
{
    uint8_t type = get_byte(si);
    if (type > SLOT_BYTES)
        schema_in_bad(si);
    return (enum slot_type)type;
}

/* Number of a collector, or -1. */
static int32_t get_collector(struct schema_in *si)
{
    int64_t number = unzigzag(varint_get(&si->in));
    if (number < -1 || number >= (int64_t)si->schema->n_collectors)
        schema_in_bad(si);
    return (int32_t)number;
}

/* Keys of a sealed schema are unique; sealing many equal ones again would take for ever. salt keeps kinds apart. */
static void keep_key(struct schema_in *si, const char *key, uint64_t salt)
{
    if (!VEC_GROW(si->keys, si->cap_keys, si->n_keys + 1)) {
        si->schema->failed = true;
        return;
    }
    si->keys[si->n_keys++] = hash_bytes(key, strlen(key)) ^ salt;
}

static void get_collectors(struct schema_in *si)
{
    uint64_t n = get_count(si, CODEC_MAX_SLOTS);
    for (uint64_t i = 0; i < n && !si->in.bad; i++) {
        clear_words(si);
        uint32_t name = get_text(si);
        int64_t status = unzigzag(varint_get(&si->in));
        uint32_t reason = get_text(si), remedy = get_text(si);
        if (!si->in.bad)
            (void)schema_add_collector(si->schema, pool_at(&si->words, name), (int32_t)status,
                                       pool_at(&si->words, reason), pool_at(&si->words, remedy));
    }
}

/* State names of one channel; NULL when there are none or no memory. */
static const char *const *get_states(struct schema_in *si, uint32_t count)
{
    if (!VEC_GROW(si->offsets, si->cap_offsets, count) ||
        !VEC_GROW(si->states, si->cap_states, count)) {
        si->schema->failed = true;
        return NULL;
    }
    for (uint32_t i = 0; i < count && !si->in.bad; i++)
        si->offsets[i] = get_text(si);
    for (uint32_t i = 0; i < count && !si->in.bad; i++)
        si->states[i] = pool_at(&si->words, si->offsets[i]);
    return si->states;
}

static void get_channel(struct schema_in *si)
{
    clear_words(si);
    uint32_t text[5]; /* key, group, name, unit, label */
    for (size_t i = 0; i < 5; i++)
        text[i] = get_text(si);
    struct channel_spec spec = {.collector = get_collector(si)};
    spec.type = get_type(si);
    spec.flags = get_byte(si);
    spec.bits = get_byte(si);
    uint64_t count = varint_get(&si->in);
    bool has_states = (count & 1) != 0;
    count >>= 1;
    if (count == 0 || count > CODEC_MAX_SLOTS - si->schema->n_slots ||
        (has_states && count > (uint64_t)(si->in.end - si->in.at)))
        schema_in_bad(si);
    if (si->in.bad)
        return;
    spec.count = (uint32_t)count;
    spec.states = has_states ? get_states(si, spec.count) : NULL;
    if (si->in.bad || (has_states && spec.states == NULL))
        return;
    spec.key = pool_at(&si->words, text[0]);
    spec.group = pool_at(&si->words, text[1]);
    spec.name = pool_at(&si->words, text[2]);
    spec.unit = pool_at(&si->words, text[3]);
    spec.label = pool_at(&si->words, text[4]);
    keep_key(si, spec.key, 0);
    (void)schema_add_channel(si->schema, &spec);
}

static void get_channels(struct schema_in *si)
{
    uint64_t n = get_count(si, CODEC_MAX_SLOTS);
    for (uint64_t i = 0; i < n && !si->in.bad && !si->schema->failed; i++)
        get_channel(si);
}

static void get_rowset(struct schema_in *si)
{
    clear_words(si);
    uint32_t key = get_text(si);
    uint64_t scope = varint_get(&si->in);
    int32_t collector = get_collector(si);
    uint64_t n = get_count(si, ROWSET_MAX_COLUMNS);
    uint32_t text[2 * ROWSET_MAX_COLUMNS];
    for (uint64_t i = 0; i < n; i++) {
        text[2 * i] = get_text(si);
        text[2 * i + 1] = get_text(si);
        si->columns[i] = (struct column_spec){.type = get_type(si)};
        si->columns[i].flags = get_byte(si);
        si->columns[i].bits = get_byte(si);
    }
    if (scope >= ACTOP_SCOPE_COUNT || n == 0)
        schema_in_bad(si);
    if (si->in.bad)
        return;
    for (uint64_t i = 0; i < n; i++) {
        si->columns[i].key = pool_at(&si->words, text[2 * i]);
        si->columns[i].unit = pool_at(&si->words, text[2 * i + 1]);
    }
    (void)schema_add_rowset(si->schema, pool_at(&si->words, key), (actop_scope)scope, collector,
                            si->columns, n);
}

static void get_rowsets(struct schema_in *si)
{
    uint64_t n = get_count(si, CODEC_MAX_SLOTS);
    for (uint64_t i = 0; i < n && !si->in.bad && !si->schema->failed; i++)
        get_rowset(si);
}

static void get_property(struct schema_in *si, uint64_t **values, size_t *cap)
{
    clear_words(si);
    uint32_t text = get_text(si);
    enum slot_type type = get_type(si);
    uint64_t n = get_count(si, BLOCK_MAX);
    const uint8_t *bytes = type == SLOT_BYTES ? get_bytes(si, n) : NULL;
    if (type != SLOT_BYTES && !VEC_GROW(*values, *cap, n)) {
        si->schema->failed = true;
        return;
    }
    for (uint64_t i = 0; type != SLOT_BYTES && i < n; i++)
        (*values)[i] = (uint64_t)unzigzag(varint_get(&si->in));
    if (si->in.bad)
        return;
    const char *key = pool_at(&si->words, text);
    keep_key(si, key, UINT64_C(0x9e3779b97f4a7c15));
    if (type == SLOT_BYTES)
        schema_put_bytes(si->schema, key, bytes, n);
    else
        schema_put_numbers(si->schema, key, type, *values, n);
}

static void get_properties(struct schema_in *si)
{
    uint64_t *values = NULL; /* owned */
    size_t cap = 0;
    uint64_t n = get_count(si, CODEC_MAX_SLOTS);
    for (uint64_t i = 0; i < n && !si->in.bad && !si->schema->failed; i++)
        get_property(si, &values, &cap);
    free(values);
}

static int compare_keys(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static bool keys_repeat(struct schema_in *si)
{
    if (si->n_keys > 1)
        qsort(si->keys, si->n_keys, sizeof *si->keys, compare_keys);
    for (size_t i = 1; i < si->n_keys; i++)
        if (si->keys[i] == si->keys[i - 1])
            return true;
    return false;
}

static actop_status get_schema(struct schema_in *si, actop_error *err)
{
    uint32_t platform = get_text(si), source = get_text(si);
    si->schema = schema_new(pool_at(&si->words, platform), pool_at(&si->words, source));
    if (si->schema == NULL)
        return error_no_memory(err, "a recorded schema");
    get_collectors(si);
    get_channels(si);
    get_rowsets(si);
    get_properties(si);
    if (si->words.failed)
        si->schema->failed = true;
    if (!si->schema->failed && (si->in.bad || si->in.at != si->in.end || keys_repeat(si)))
        return error_set(err, ACTOP_E_FORMAT, "a schema of the recording makes no sense");
    return schema_seal(si->schema, err);
}

actop_status codec_get_schema_content(const uint8_t *content, size_t n, struct schema **out,
                                      actop_error *err)
{
    struct schema_in si = {.in = {.at = content, .end = content + n}};
    actop_status st = get_schema(&si, err);
    if (st == ACTOP_OK) {
        *out = si.schema;
        si.schema = NULL; /* given */
    }
    schema_in_release(&si);
    return st;
}
