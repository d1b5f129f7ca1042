/* SPDX-License-Identifier: MIT */
/* The source that reads nothing: the template for a new one, and the proof that everything else runs without a
 * system. It describes one collector, which says that there is nothing to read. */
#include <stdlib.h>

#include "base/error.h"
#include "source/source.h"

struct source {
    const struct schema *schema; /* a reference, taken by describe */
    uint64_t seq;
};

static actop_status none_open(struct source **out, const struct source_env *env, actop_error *err)
{
    (void)env;
    struct source *s = calloc(1, sizeof *s);
    if (s == NULL)
        return error_no_memory(err, "the source none");
    *out = s;
    return ACTOP_OK;
}

static actop_status none_describe(struct source *s, struct schema **out, actop_error *err)
{
    struct schema *schema = schema_new("none", "none");
    if (schema == NULL)
        return error_no_memory(err, "the source none");
    schema_add_collector(schema, "none", SLOT_ABSENT, "this source reads nothing",
                         "choose another --source");
    actop_status st = schema_seal(schema, err);
    if (st != ACTOP_OK) {
        schema_unref(schema);
        return st;
    }
    schema_unref(s->schema);
    s->schema = schema_ref(schema);
    *out = schema;
    return ACTOP_OK;
}

static actop_status none_read(struct source *s, uint32_t want, int64_t interval_ns,
                              struct frame *into, actop_error *err)
{
    (void)interval_ns;
    actop_status st = frame_begin(into, s->schema, want, err);
    if (st != ACTOP_OK)
        return st;
    os_now(&into->at);
    into->seq = ++s->seq;
    return ACTOP_OK;
}

static void none_close(struct source *s)
{
    if (s == NULL)
        return;
    schema_unref(s->schema);
    free(s);
}

const struct source_ops none_source = {
    .name = "none",
    .scheme = "none",
    .open = none_open,
    .describe = none_describe,
    .read = none_read,
    .close = none_close,
};
