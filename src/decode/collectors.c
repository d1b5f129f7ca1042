/* SPDX-License-Identifier: MIT */
/* Which parts of a source work; see collectors.h. What is absent or was not asked for is no failure. */
#include "decode/collectors.h"

#include "base/error.h"

void collectors_describe(struct topology *t, const struct schema *s)
{
    for (size_t i = 0; i < s->n_collectors; i++) {
        const struct collector *c = &s->collectors[i];
        topology_add_collector(t, schema_text(s, c->name), c->status, schema_text(s, c->reason),
                               schema_text(s, c->remedy));
    }
}

static bool any_errno(const struct frame *f)
{
    const int32_t *status = f->status;
    int32_t most = 0;
    for (size_t i = 0, n = f->schema->n_channels; i < n; i++)
        most = status[i] > most ? status[i] : most;
    for (size_t i = 0; i < f->schema->n_rowsets; i++)
        most = f->rows[i].status > most ? f->rows[i].status : most;
    return most > 0;
}

uint64_t collectors_failed(const struct frame *f)
{
    const struct schema *s = f->schema;
    uint64_t read = 0, failed = 0;
    if (!any_errno(f))
        return 0;
    for (size_t i = 0; i < s->n_channels + s->n_rowsets; i++) {
        bool rows = i >= s->n_channels;
        uint32_t of = rows ? s->rowsets[i - s->n_channels].collector : s->channels[i].collector;
        int32_t status = rows ? f->rows[i - s->n_channels].status : f->status[i];
        if (of >= 64)
            continue;
        read |= (uint64_t)(status == SLOT_READ) << of;
        if (status > 0 && status_of_errno(status) != ACTOP_E_NOT_FOUND)
            failed |= (uint64_t)1 << of;
    }
    return failed & ~read;
}
