/* SPDX-License-Identifier: MIT */
/* Disks: block devices with hardware (or a driver that stands for some) behind them. What is made of other disks (dm, md,
 * loop, zram, bcache, multipath parts the kernel hides) repeats their traffic and is left out; so are drives without
 * a medium. A device that cannot be told is a disk of its own, but not of the machine's sum. */
#include <string.h>

#include "decode/rows.h"
#include "decode/rowmap.h"

enum {
    NAME,
    READ_SECTORS,
    WRITTEN_SECTORS,
    READS,
    WRITES,
    BUSY,
    DEVICE,
    HIDDEN,
    SIZE,
    MODEL,
    N_COLUMNS
};

static const char *const names[N_COLUMNS] = {
    "name", "read_sectors", "written_sectors", "reads", "writes",
    "busy", "device",       "hidden",          "size",  "model",
};

enum { FIRST_COUNTER = READ_SECTORS, N_COUNTERS = BUSY - READ_SECTORS + 1 };

enum { SECTOR_B = 512 }; /* documented: whatever the disk's own sectors are */

/* Made of other disks, or of memory. */
static const char *const stacked[] = {"dm-", "md", "loop", "zram", "ram", "bcache", "drbd"};

struct disks {
    struct rowmap map;
    int32_t rowset;
    int32_t columns[N_COLUMNS];
    uint16_t via;
};

struct sums {
    double read, written;
    uint32_t counted, with_rates;
};

static bool disk_begin(void *state, struct decode_schema *d)
{
    struct disks *s = state;
    s->map.n_counters = N_COUNTERS;
    s->rowset = rows_find(d->schema, "disks", names, s->columns, N_COLUMNS);
    s->via = topology_via(d->topology, "disk");
    return true;
}

static uint64_t number(const struct disks *s, const struct frame *f, uint32_t row, int column)
{
    return row_number(f, s->rowset, row, s->columns[column]);
}

static bool is_stacked(const char *name)
{
    for (size_t i = 0; i < sizeof stacked / sizeof *stacked; i++)
        if (strncmp(name, stacked[i], strlen(stacked[i])) == 0)
            return true;
    return false;
}

static bool is_shown(const struct disks *s, const struct frame *f, uint32_t row, const char *name)
{
    bool empty = number(s, f, row, SIZE) == 0 && number(s, f, row, READS) == 0 &&
                 number(s, f, row, WRITES) == 0;
    return !is_stacked(name) && number(s, f, row, HIDDEN) == 0 && !empty;
}

static bool put_counters(const struct disks *s, struct decode_frame *d, uint32_t row, uint32_t out,
                         struct counter *counters, double *rates)
{
    static const actop_metric ids[N_COUNTERS] = {
        ACTOP_METRIC_DISK_ONE_READ, ACTOP_METRIC_DISK_ONE_WRITE, ACTOP_METRIC_DISK_READ_OPS,
        ACTOP_METRIC_DISK_WRITE_OPS, ACTOP_METRIC_DISK_BUSY};
    static const double units[N_COUNTERS] = {SECTOR_B, SECTOR_B, 1, 1, 0.001};
    bool known = true;
    for (size_t i = 0; i < N_COUNTERS; i++) {
        struct counter_step step;
        if (row_take(d->frame, s->rowset, row, s->columns[FIRST_COUNTER + i], &counters[i],
                     &step) == ACTOP_OK) {
            rates[i] = counter_rate(&step, units[i]);
            /* Time in flight is counted when requests end: it may exceed the interval. */
            sample_put(d->out, ids[i], out,
                       ids[i] == ACTOP_METRIC_DISK_BUSY && rates[i] > 1 ? 1 : rates[i],
                       ACTOP_MEASURED, s->via);
        } else {
            known = known && i > 1;
            sample_put_state(d->out, ids[i], out, ACTOP_STATE_WARMING, s->via);
        }
    }
    sample_put(d->out, ACTOP_METRIC_DISK_READ_BYTES, out, (double)counters[0].total * SECTOR_B,
               ACTOP_MEASURED, s->via);
    sample_put(d->out, ACTOP_METRIC_DISK_WRITE_BYTES, out, (double)counters[1].total * SECTOR_B,
               ACTOP_MEASURED, s->via);
    return known;
}

static void put_facts(const struct disks *s, struct decode_frame *d, uint32_t row, uint32_t out)
{
    size_t n;
    const char *model = row_text(d->frame, s->rowset, row, s->columns[MODEL], &n);
    uint64_t sectors = number(s, d->frame, row, SIZE);
    if (number(s, d->frame, row, DEVICE) != 0)
        sample_entity(d->out, ACTOP_SCOPE_DISK, out)->flags |= ACTOP_ENTITY_PHYSICAL;
    if (n > 0)
        sample_put_text(d->out, ACTOP_METRIC_DISK_MODEL, out, model, n, s->via);
    if (sectors > 0)
        sample_put(d->out, ACTOP_METRIC_DISK_SIZE, out, (double)sectors * SECTOR_B, ACTOP_MEASURED,
                   s->via);
}

static void step_row(struct disks *s, struct decode_frame *d, uint32_t row, struct sums *sums)
{
    const struct frame *f = d->frame;
    double rates[N_COUNTERS] = {0};
    size_t n;
    const char *name = row_text(f, s->rowset, row, s->columns[NAME], &n);
    if (!is_shown(s, f, row, name))
        return;
    struct counter *counters = rowmap_find(&s->map, frame_row_key(f, s->rowset, row));
    int32_t out = sample_add_row(d->out, ACTOP_SCOPE_DISK, name, n, name, n);
    if (counters == NULL)
        d->out->failed = true;
    if (counters == NULL || out < 0)
        return;
    bool known = put_counters(s, d, row, (uint32_t)out, counters, rates);
    put_facts(s, d, row, (uint32_t)out);
    if (number(s, f, row, DEVICE) == 0)
        return;
    sums->counted++;
    sums->with_rates += known ? 1 : 0;
    sums->read += known ? rates[0] : 0;
    sums->written += known ? rates[1] : 0;
}

static void put_sums(const struct disks *s, struct decode_frame *d, const struct sums *sums,
                     actop_state otherwise)
{
    if (sums->with_rates > 0) {
        sample_put(d->out, ACTOP_METRIC_DISK_READ, 0, sums->read, ACTOP_MEASURED, s->via);
        sample_put(d->out, ACTOP_METRIC_DISK_WRITE, 0, sums->written, ACTOP_MEASURED, s->via);
        return;
    }
    actop_state none = sums->counted > 0 ? ACTOP_STATE_WARMING : otherwise;
    sample_put_state(d->out, ACTOP_METRIC_DISK_READ, 0, none, s->via);
    sample_put_state(d->out, ACTOP_METRIC_DISK_WRITE, 0, none, s->via);
}

static void disk_step(void *state, struct decode_frame *d)
{
    struct disks *s = state;
    const struct frame *f = d->frame;
    struct sums sums = {0};
    if (d->gap)
        rowmap_break(&s->map);
    if (!rows_read(f, s->rowset)) {
        put_sums(s, d, &sums, rows_absence(f, s->rowset));
        return;
    }
    rowmap_begin(&s->map);
    for (uint32_t row = 0; row < f->rows[s->rowset].n; row++)
        step_row(s, d, row, &sums);
    rowmap_end(&s->map);
    put_sums(s, d, &sums, ACTOP_STATE_NONE);
}

static bool disk_own(void *state)
{
    return rowmap_own(&((struct disks *)state)->map);
}

static void disk_release(void *state)
{
    rowmap_release(&((struct disks *)state)->map);
}

const struct decode_part decode_part_disk = {
    .name = "disk",
    .state_size = sizeof(struct disks),
    .begin = disk_begin,
    .step = disk_step,
    .own = disk_own,
    .release = disk_release,
};
