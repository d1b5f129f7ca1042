/* SPDX-License-Identifier: MIT */
/* Decoder of frames without content: the template for a new one. */
#include <stdlib.h>

#include "base/error.h"
#include "decode/collectors.h"
#include "decode/decode.h"

struct decoder {
    const struct schema *schema; /* a reference: the one the topology was made for */
    struct topology *topology;
    int64_t last_awake_ns;
};

static struct decoder *none_create(void)
{
    return calloc(1, sizeof(struct decoder));
}

static void none_destroy(struct decoder *d)
{
    if (d == NULL)
        return;
    schema_unref(d->schema);
    topology_unref(d->topology);
    free(d);
}

static actop_status none_step(struct decoder *d, const struct frame *f, struct actop_sample_t *out,
                              actop_error *err)
{
    if (d->schema != f->schema) {
        struct topology *t = topology_new();
        if (t != NULL)
            collectors_describe(t, f->schema);
        if (t == NULL || t->failed) {
            topology_unref(t);
            return error_no_memory(err, "the topology");
        }
        topology_unref(d->topology);
        d->topology = t;
        schema_unref(d->schema);
        d->schema = schema_ref(f->schema);
    }
    sample_begin(out, d->topology, &f->at);
    out->collectors_failed = collectors_failed(f);
    out->interval_ns = d->last_awake_ns == 0 ? 0 : f->at.awake_ns - d->last_awake_ns;
    d->last_awake_ns = f->at.awake_ns;
    return ACTOP_OK;
}

static struct decoder *none_clone(const struct decoder *d)
{
    struct decoder *copy = none_create();
    if (copy == NULL)
        return NULL;
    *copy = *d;
    (void)schema_ref(copy->schema);
    (void)topology_ref(copy->topology);
    return copy;
}

const struct decode_ops decode_none = {
    .platform = "none",
    .create = none_create,
    .step = none_step,
    .clone = none_clone,
    .destroy = none_destroy,
};
