/* SPDX-License-Identifier: MIT */
/* Volumes: space of the file systems the source lists. Used is what is not free; free is what an ordinary user can still
 * fill, which is less where blocks are reserved. File systems behind a network or a process are not asked. */
#include "decode/rows.h"

enum { POINT, TYPE, SOURCE, REMOTE, BLOCK_SIZE, BLOCKS, FREE, AVAILABLE, ERROR, N_COLUMNS };

static const char *const names[N_COLUMNS] = {
    "mount_point", "type", "source", "remote", "block_size", "blocks", "free", "available", "errno",
};

struct volumes {
    int32_t rowset;
    int32_t columns[N_COLUMNS];
    uint16_t via;
};

static bool volume_begin(void *state, struct decode_schema *d)
{
    struct volumes *v = state;
    v->rowset = rows_find(d->schema, "volumes", names, v->columns, N_COLUMNS);
    v->via = topology_via(d->topology, "volume");
    return true;
}

static void put_none(const struct volumes *v, struct decode_frame *d, uint32_t row, uint32_t out)
{
    uint64_t errnum = 0;
    actop_state none = ACTOP_STATE_UNSUPPORTED;
    if (row_u64(d->frame, v->rowset, row, v->columns[ERROR], &errnum))
        none = status_of_errno((int)(errnum & INT32_MAX)) == ACTOP_E_DENIED ? ACTOP_STATE_DENIED
                                                                            : ACTOP_STATE_FAILED;
    sample_put_state(d->out, ACTOP_METRIC_VOLUME_TOTAL, out, none, v->via);
    sample_put_state(d->out, ACTOP_METRIC_VOLUME_USED, out, none, v->via);
    sample_put_state(d->out, ACTOP_METRIC_VOLUME_FREE, out, none, v->via);
}

static void put_space(const struct volumes *v, struct decode_frame *d, uint32_t row, uint32_t out)
{
    const struct frame *f = d->frame;
    uint64_t size, blocks, free, available;
    if (!row_u64(f, v->rowset, row, v->columns[BLOCK_SIZE], &size) ||
        !row_u64(f, v->rowset, row, v->columns[BLOCKS], &blocks) ||
        !row_u64(f, v->rowset, row, v->columns[FREE], &free) ||
        !row_u64(f, v->rowset, row, v->columns[AVAILABLE], &available)) {
        put_none(v, d, row, out);
        return;
    }
    double unit = (double)size;
    double used = blocks > free ? (double)(blocks - free) * unit : 0;
    sample_put(d->out, ACTOP_METRIC_VOLUME_TOTAL, out, (double)blocks * unit, ACTOP_MEASURED,
               v->via);
    sample_put(d->out, ACTOP_METRIC_VOLUME_USED, out, used, ACTOP_DERIVED, v->via);
    sample_put(d->out, ACTOP_METRIC_VOLUME_FREE, out, (double)available * unit, ACTOP_MEASURED,
               v->via);
}

static void volume_step(void *state, struct decode_frame *d)
{
    const struct volumes *v = state;
    const struct frame *f = d->frame;
    if (!rows_read(f, v->rowset))
        return;
    for (uint32_t row = 0; row < f->rows[v->rowset].n; row++) {
        size_t n, n_type, n_source;
        const char *point = row_text(f, v->rowset, row, v->columns[POINT], &n);
        const char *type = row_text(f, v->rowset, row, v->columns[TYPE], &n_type);
        const char *source = row_text(f, v->rowset, row, v->columns[SOURCE], &n_source);
        int32_t out = sample_add_row(d->out, ACTOP_SCOPE_VOLUME, point, n, point, n);
        if (out < 0)
            return;
        sample_put_text(d->out, ACTOP_METRIC_VOLUME_TYPE, (uint32_t)out, type, n_type, v->via);
        sample_put_text(d->out, ACTOP_METRIC_VOLUME_DEVICE, (uint32_t)out, source, n_source,
                        v->via);
        put_space(v, d, row, (uint32_t)out);
    }
}

const struct decode_part decode_part_volume = {
    .name = "volume",
    .state_size = sizeof(struct volumes),
    .begin = volume_begin,
    .step = volume_step,
};
