/* SPDX-License-Identifier: MIT */
/* Mounted file systems by getfsstat (documented), without waiting for any of them; those that do not lie on a device of
 * /dev are left out. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "source/apple/apple.h"

static const enum apple_row volume_needed[] = {APPLE_ROW_getfsstat, APPLE_ROW_END};

struct volume_state {
    struct apple_statfs *mounts; /* owned */
    int cap;
    int32_t rows;
};

enum {
    COLUMN_MOUNT,
    COLUMN_DEVICE,
    COLUMN_TYPE,
    COLUMN_BLOCK,
    COLUMN_BLOCKS,
    COLUMN_FREE,
    COLUMN_AVAIL,
    N_COLUMNS
};

static const struct column_spec columns[N_COLUMNS] = {
    {"mount", "", SLOT_BYTES, COLUMN_KEY, 0}, {"device", "", SLOT_BYTES, 0, 0},
    {"type", "", SLOT_BYTES, 0, 0},           {"block_b", "B", SLOT_U64, 0, 0},
    {"blocks", "", SLOT_U64, 0, 0},           {"blocks_free", "", SLOT_U64, 0, 0},
    {"blocks_avail", "", SLOT_U64, 0, 0},
};

/* How many mounts are in s->mounts now; -1: failed, errno says why. */
static int get_mounts(struct volume_state *s, const struct apple_api *api)
{
    int n = api->getfsstat(NULL, 0, APPLE_MNT_NOWAIT);

    if (n > s->cap) {
        struct apple_statfs *mounts = realloc(s->mounts, ((size_t)n + 4) * sizeof *mounts);
        if (mounts == NULL) {
            errno = ENOMEM;
            return -1;
        }
        s->mounts = mounts;
        s->cap = n + 4;
    }
    if (n <= 0)
        return n;
    n = api->getfsstat(s->mounts, (int)((size_t)s->cap * sizeof *s->mounts), APPLE_MNT_NOWAIT);
    return n < s->cap ? n : s->cap;
}

static void volume_describe(void *state, struct apple_probe *p)
{
    struct volume_state *s = state;

    if (get_mounts(s, p->api) < 0) {
        apple_report(p, errno != 0 ? errno : EIO, NULL, "getfsstat failed");
        return;
    }
    s->rows = schema_add_rowset(p->schema, "volume", ACTOP_SCOPE_VOLUME, p->collector, columns,
                                N_COLUMNS);
}

static void put_text(struct frame *f, int32_t rows, uint32_t row, uint32_t column, const char *text,
                     size_t size)
{
    const char *end = memchr(text, '\0', size);

    frame_cell_bytes(f, rows, row, column, text, end != NULL ? (size_t)(end - text) : size);
}

static void add_mount(const struct volume_state *s, struct frame *f, const struct apple_statfs *m)
{
    uint32_t row;

    if (strncmp(m->mounted_from, "/dev/", 5) != 0)
        return;
    row = frame_row(f, s->rows);
    if (row == UINT32_MAX)
        return;
    put_text(f, s->rows, row, COLUMN_MOUNT, m->mounted_on, sizeof m->mounted_on);
    put_text(f, s->rows, row, COLUMN_DEVICE, m->mounted_from, sizeof m->mounted_from);
    put_text(f, s->rows, row, COLUMN_TYPE, m->type_name, sizeof m->type_name);
    frame_cell_u64(f, s->rows, row, COLUMN_BLOCK, m->block_size);
    frame_cell_u64(f, s->rows, row, COLUMN_BLOCKS, m->blocks);
    frame_cell_u64(f, s->rows, row, COLUMN_FREE, m->blocks_free);
    frame_cell_u64(f, s->rows, row, COLUMN_AVAIL, m->blocks_avail);
}

static bool volume_read(void *state, struct apple_tick *t)
{
    struct volume_state *s = state;
    int n = get_mounts(s, t->api);

    t->frame->rows[s->rows].status = n >= 0 ? SLOT_READ : errno != 0 ? errno : EIO;
    for (int i = 0; i < n; i++)
        add_mount(s, t->frame, &s->mounts[i]);
    return false;
}

static void volume_close(void *state, const struct apple_api *api)
{
    struct volume_state *s = state;

    (void)api;
    free(s->mounts);
}

const struct apple_part apple_volume_part = {
    .name = "volumes",
    .state_size = sizeof(struct volume_state),
    .want = ACTOP_WANT(ACTOP_SCOPE_VOLUME),
    .needed = volume_needed,
    .describe = volume_describe,
    .read = volume_read,
    .close = volume_close,
};
