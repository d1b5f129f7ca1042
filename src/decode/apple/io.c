/* SPDX-License-Identifier: MIT */
/* Network interfaces, disks and volumes.
 *
 * The byte counters of interfaces, and no others, are cut to 32 bits and to whole KiB for every program that is not Apple's own
 * (documented: XNU's rtsock.c from macOS 12 on; reported: btop 1850): one that falls has wrapped there, or was reset. Disks are the block storage drivers; where there are none, APFS volumes
 * (containers repeat them and are not in the frame). */

#include "decode/apple/apple.h"
#include "decode/rowmap.h"
#include "decode/rows.h"

/* ---- Interfaces --------------------------------------------------------------------------------------------------- */

enum {
    IF_NAME,
    IF_TYPE,
    IF_FLAGS,
    IF_BAUD,
    IF_RX_B,
    IF_TX_B,
    IF_RX_PACKETS,
    IF_TX_PACKETS,
    IF_RX_ERRORS,
    IF_TX_ERRORS,
    N_IF
};
static const char *const if_names[N_IF] = {"name",      "type",     "flags",      "baud",
                                           "rx_b",      "tx_b",     "rx_packets", "tx_packets",
                                           "rx_errors", "tx_errors"};
enum { N_IF_COUNTERS = IF_TX_ERRORS - IF_RX_B + 1 };

enum {
    DISK_NAME,
    DISK_VOLUME,
    DISK_READ_B,
    DISK_WRITTEN_B,
    DISK_READS,
    DISK_WRITES,
    DISK_READ_NS,
    DISK_WRITE_NS,
    N_DISK
};
static const char *const disk_names[N_DISK] = {"name",  "volume", "read_b",  "written_b",
                                               "reads", "writes", "read_ns", "write_ns"};
enum { N_DISK_COUNTERS = DISK_WRITE_NS - DISK_READ_B + 1 };

enum { VOL_MOUNT, VOL_DEVICE, VOL_TYPE, VOL_BLOCK_B, VOL_BLOCKS, VOL_FREE, VOL_AVAIL, N_VOL };
static const char *const vol_names[N_VOL] = {"mount",  "device",      "type",        "block_b",
                                             "blocks", "blocks_free", "blocks_avail"};

struct io {
    struct rowmap interfaces, disks;
    int32_t if_rows, disk_rows, apfs_rows, vol_rows;
    int32_t if_columns[N_IF], disk_columns[N_DISK], apfs_columns[N_DISK], vol_columns[N_VOL];
    uint16_t via_net, via_disk, via_apfs, via_volumes;
};

static bool begin(void *state, struct decode_schema *d)
{
    struct io *io = state;
    io->interfaces.n_counters = N_IF_COUNTERS;
    io->disks.n_counters = N_DISK_COUNTERS;
    io->if_rows = rows_find(d->schema, "interface", if_names, io->if_columns, N_IF);
    io->disk_rows = rows_find(d->schema, "disk", disk_names, io->disk_columns, N_DISK);
    io->apfs_rows = rows_find(d->schema, "apfs", disk_names, io->apfs_columns, N_DISK);
    io->vol_rows = rows_find(d->schema, "volume", vol_names, io->vol_columns, N_VOL);
    io->via_net = topology_via(d->topology, "network");
    io->via_disk = topology_via(d->topology, "registry/disk");
    io->via_apfs = topology_via(d->topology, "registry/apfs");
    io->via_volumes = topology_via(d->topology, "volumes");
    return true;
}

/* Hardware, by the kernel's type: Ethernet and Wi-Fi are 6 (documented: net/if_types.h); what macOS makes itself has that type too
 * and is told by its name (the list of names other tools leave out). */
static bool is_physical(const char *name, uint64_t type)
{
    static const char *const made[] = {"lo", "bridge", "awdl",   "llw",  "utun", "gif", "stf",
                                       "ap", "anpi",   "vmenet", "feth", "vlan", "bond"};
    bool may_be = type == 6 || apple_starts(name, "en");
    for (size_t i = 0; may_be && i < sizeof made / sizeof made[0]; i++)
        may_be = !apple_starts(name, made[i]);
    return may_be;
}

/* Whether bytes that fell went past 2^32: when they then grew by no more than half of that, or by no more than a link of that
 * speed carries (half as much again, as its speed is a nominal one). Else they began anew. */
static bool has_wrapped(const struct counter *c, uint64_t raw, int64_t at_ns, uint64_t baud)
{
    double grew = (uint32_t)raw - (uint32_t)c->raw; /* modulo 2^32 */
    double carries = (double)baud / 8 * 1.5 * (double)(at_ns - c->at_ns) * 1e-9;
    return c->valid && raw < c->raw && c->raw <= UINT32_MAX &&
           (grew <= (double)(UINT32_MAX / 2) || grew <= carries);
}

static actop_status take_one(const struct io *io, const struct frame *f, uint32_t row, size_t i,
                             struct counter *c, struct counter_step *step)
{
    bool is_bytes = i <= IF_TX_B - IF_RX_B;
    uint64_t raw, baud = 0;
    if (!row_u64(f, io->if_rows, row, io->if_columns[IF_RX_B + i], &raw))
        return ACTOP_E_STATE;
    (void)row_u64(f, io->if_rows, row, io->if_columns[IF_BAUD], &baud);
    bool cut = is_bytes && has_wrapped(c, raw, f->at.awake_ns, baud);
    return counter_take(c, raw, f->at.awake_ns, cut ? 32 : 64, 0, step);
}

/* What a row's counter is in this frame, and its rate; a row that does not have it says nothing of it. */
struct flow {
    bool there, known;
    double per_s;
};

static void put_rate(struct decode_frame *d, actop_metric id, uint32_t row, const struct flow *flow,
                     uint16_t via)
{
    if (flow->known)
        sample_put(d->out, id, row, flow->per_s, ACTOP_MEASURED, via);
    else if (flow->there)
        sample_put_state(d->out, id, row, ACTOP_STATE_WARMING, via);
}

static void put_total(struct decode_frame *d, actop_metric id, uint32_t row,
                      const struct flow *flow, const struct counter *c, uint16_t via)
{
    if (flow->there)
        sample_put(d->out, id, row, (double)c->total, ACTOP_MEASURED, via);
}

/* Sums for the machine. */
struct pair {
    double in, out;
    bool any, known;
};

static void add_pair(struct pair *p, const struct flow *flows)
{
    p->any = p->any || (flows[0].there && flows[1].there);
    if (flows[0].known && flows[1].known) {
        p->in += flows[0].per_s;
        p->out += flows[1].per_s;
        p->known = true;
    }
}

static void put_pair(struct decode_frame *d, actop_metric in, actop_metric out,
                     const struct pair *p, uint16_t via)
{
    actop_state absent = p->any ? ACTOP_STATE_WARMING : ACTOP_STATE_UNSUPPORTED;
    if (p->known) {
        sample_put(d->out, in, 0, p->in, ACTOP_DERIVED, via);
        sample_put(d->out, out, 0, p->out, ACTOP_DERIVED, via);
    } else {
        sample_put_state(d->out, in, 0, absent, via);
        sample_put_state(d->out, out, 0, absent, via);
    }
}

static void take_interface(const struct io *io, const struct frame *f, uint32_t row,
                           struct counter *counters, struct flow *flows)
{
    for (size_t i = 0; i < N_IF_COUNTERS; i++) {
        struct counter_step step;
        flows[i].there = row_has(f, io->if_rows, row, io->if_columns[IF_RX_B + i]);
        flows[i].known = take_one(io, f, row, i, &counters[i], &step) == ACTOP_OK;
        flows[i].per_s = flows[i].known ? counter_rate(&step, 1) : 0;
    }
}

static void put_interface(struct decode_frame *d, uint32_t out, const struct counter *counters,
                          const struct flow *flows, uint16_t via)
{
    static const actop_metric ids[] = {ACTOP_METRIC_IF_RX, ACTOP_METRIC_IF_TX,
                                       ACTOP_METRIC_IF_RX_PACKETS, ACTOP_METRIC_IF_TX_PACKETS};
    struct flow errors = {flows[4].there && flows[5].there, flows[4].known && flows[5].known,
                          flows[4].per_s + flows[5].per_s};
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++)
        put_rate(d, ids[i], out, &flows[i], via);
    put_rate(d, ACTOP_METRIC_IF_ERRORS, out, &errors, via);
    put_total(d, ACTOP_METRIC_IF_RX_BYTES, out, &flows[0], &counters[0], via);
    put_total(d, ACTOP_METRIC_IF_TX_BYTES, out, &flows[1], &counters[1], via);
}

static void step_interface(struct io *io, struct decode_frame *d, uint32_t row, struct pair *sum)
{
    const struct frame *f = d->frame;
    size_t n;
    uint64_t type = 0, flags = 0, baud = 0;
    const char *name = row_text(f, io->if_rows, row, io->if_columns[IF_NAME], &n);
    struct counter *counters = rowmap_find(&io->interfaces, frame_row_key(f, io->if_rows, row));
    int32_t at = sample_add_row(d->out, ACTOP_SCOPE_INTERFACE, name, n, NULL, 0);
    if (counters == NULL || at < 0) {
        d->out->failed = true;
        return;
    }
    uint32_t out = (uint32_t)at;
    struct flow flows[N_IF_COUNTERS];
    take_interface(io, f, row, counters, flows);
    put_interface(d, out, counters, flows, io->via_net);
    (void)row_u64(f, io->if_rows, row, io->if_columns[IF_TYPE], &type);
    if (row_u64(f, io->if_rows, row, io->if_columns[IF_FLAGS], &flags)) /* IFF_UP */
        sample_put(d->out, ACTOP_METRIC_IF_UP, out, (double)(flags & 1), ACTOP_MEASURED,
                   io->via_net);
    if (row_u64(f, io->if_rows, row, io->if_columns[IF_BAUD], &baud) && baud > 0)
        sample_put(d->out, ACTOP_METRIC_IF_SPEED, out, (double)baud / 8, ACTOP_MEASURED,
                   io->via_net);
    bool physical = is_physical(name, type);
    sample_put(d->out, ACTOP_METRIC_IF_PHYSICAL, out, physical, ACTOP_DERIVED, io->via_net);
    sample_entity(d->out, ACTOP_SCOPE_INTERFACE, out)->flags = physical ? ACTOP_ENTITY_PHYSICAL : 0;
    if (physical)
        add_pair(sum, flows);
}

/* ---- Disks ---------------------------------------------------------------------------------------------------------- */

static void put_busy(struct decode_frame *d, uint32_t out, const struct flow *flows, uint16_t via)
{
    if (!flows[4].known || !flows[5].known)
        return;
    double busy = (flows[4].per_s + flows[5].per_s) *
                  1e-9; /* total time of requests, which overlap: at least this share, at most 1 */
    sample_put(d->out, ACTOP_METRIC_DISK_BUSY, out, busy > 1 ? 1 : busy, ACTOP_ESTIMATED, via);
}

static void step_disk(struct io *io, struct decode_frame *d, int32_t rows, const int32_t *columns,
                      uint32_t row, uint16_t via, struct pair *sum)
{
    static const actop_metric ids[] = {ACTOP_METRIC_DISK_ONE_READ, ACTOP_METRIC_DISK_ONE_WRITE,
                                       ACTOP_METRIC_DISK_READ_OPS, ACTOP_METRIC_DISK_WRITE_OPS};
    const struct frame *f = d->frame;
    size_t n, n_label;
    const char *name = row_text(f, rows, row, columns[DISK_NAME], &n);
    const char *label = row_text(f, rows, row, columns[DISK_VOLUME], &n_label);
    struct counter *counters = rowmap_find(&io->disks, frame_row_key(f, rows, row));
    int32_t at = sample_add_row(d->out, ACTOP_SCOPE_DISK, name, n, label, n_label);
    if (counters == NULL || at < 0) {
        d->out->failed = true;
        return;
    }
    uint32_t out = (uint32_t)at;
    struct flow flows[N_DISK_COUNTERS];
    for (size_t i = 0; i < N_DISK_COUNTERS; i++) {
        struct counter_step step;
        flows[i].there = row_has(f, rows, row, columns[DISK_READ_B + i]);
        flows[i].known = row_take(f, rows, row, columns[DISK_READ_B + i], &counters[i], &step) ==
                         ACTOP_OK;
        flows[i].per_s = flows[i].known ? counter_rate(&step, 1) : 0;
        if (i < sizeof ids / sizeof ids[0])
            put_rate(d, ids[i], out, &flows[i], via);
    }
    put_busy(d, out, flows, via);
    put_total(d, ACTOP_METRIC_DISK_READ_BYTES, out, &flows[0], &counters[0], via);
    put_total(d, ACTOP_METRIC_DISK_WRITE_BYTES, out, &flows[1], &counters[1], via);
    sample_entity(d->out, ACTOP_SCOPE_DISK, out)->flags = ACTOP_ENTITY_PHYSICAL;
    add_pair(sum, flows);
}

static void step_disks(struct io *io, struct decode_frame *d)
{
    struct pair sum = {0, 0, false, false};
    bool drivers = rows_read(d->frame, io->disk_rows) && d->frame->rows[io->disk_rows].n > 0;
    int32_t rows = drivers ? io->disk_rows : io->apfs_rows;
    const int32_t *columns = drivers ? io->disk_columns : io->apfs_columns;
    uint16_t via = drivers ? io->via_disk : io->via_apfs;
    rowmap_begin(&io->disks);
    for (uint32_t row = 0; rows_read(d->frame, rows) && row < d->frame->rows[rows].n; row++)
        step_disk(io, d, rows, columns, row, via, &sum);
    rowmap_end(&io->disks);
    put_pair(d, ACTOP_METRIC_DISK_READ, ACTOP_METRIC_DISK_WRITE, &sum, via);
}

/* ---- Volumes ---------------------------------------------------------------------------------------------------------- */

static void put_text(struct decode_frame *d, actop_metric id, uint32_t out, int32_t rows,
                     uint32_t row, int32_t column, uint16_t via)
{
    size_t n;
    const char *text = row_text(d->frame, rows, row, column, &n);
    if (n > 0)
        sample_put_text(d->out, id, out, text, n, via);
}

static void step_volume(const struct io *io, struct decode_frame *d, uint32_t row)
{
    const struct frame *f = d->frame;
    size_t n;
    uint64_t block = 0, blocks = 0, unused = 0, avail = 0;
    const char *mount = row_text(f, io->vol_rows, row, io->vol_columns[VOL_MOUNT], &n);
    int32_t at = sample_add_row(d->out, ACTOP_SCOPE_VOLUME, mount, n, NULL, 0);
    if (at < 0)
        return;
    uint32_t out = (uint32_t)at;
    put_text(d, ACTOP_METRIC_VOLUME_DEVICE, out, io->vol_rows, row, io->vol_columns[VOL_DEVICE],
             io->via_volumes);
    put_text(d, ACTOP_METRIC_VOLUME_TYPE, out, io->vol_rows, row, io->vol_columns[VOL_TYPE],
             io->via_volumes);
    if (!row_u64(f, io->vol_rows, row, io->vol_columns[VOL_BLOCK_B], &block) ||
        !row_u64(f, io->vol_rows, row, io->vol_columns[VOL_BLOCKS], &blocks) ||
        !row_u64(f, io->vol_rows, row, io->vol_columns[VOL_FREE], &unused) || unused > blocks)
        return;
    sample_put(d->out, ACTOP_METRIC_VOLUME_TOTAL, out, (double)blocks * (double)block,
               ACTOP_MEASURED, io->via_volumes);
    sample_put(d->out, ACTOP_METRIC_VOLUME_USED, out, (double)(blocks - unused) * (double)block,
               ACTOP_DERIVED, io->via_volumes);
    if (row_u64(f, io->vol_rows, row, io->vol_columns[VOL_AVAIL], &avail))
        sample_put(d->out, ACTOP_METRIC_VOLUME_FREE, out, (double)avail * (double)block,
                   ACTOP_MEASURED, io->via_volumes);
}

static void step(void *state, struct decode_frame *d)
{
    struct io *io = state;
    struct pair sum = {0, 0, false, false};
    if (d->gap) {
        rowmap_break(&io->interfaces);
        rowmap_break(&io->disks);
    }
    rowmap_begin(&io->interfaces);
    for (uint32_t row = 0; rows_read(d->frame, io->if_rows) && row < d->frame->rows[io->if_rows].n;
         row++)
        step_interface(io, d, row, &sum);
    rowmap_end(&io->interfaces);
    put_pair(d, ACTOP_METRIC_NET_RX, ACTOP_METRIC_NET_TX, &sum, io->via_net);
    step_disks(io, d);
    for (uint32_t row = 0;
         rows_read(d->frame, io->vol_rows) && row < d->frame->rows[io->vol_rows].n; row++)
        step_volume(io, d, row);
}

static void release(void *state)
{
    struct io *io = state;
    rowmap_release(&io->interfaces);
    rowmap_release(&io->disks);
}

static bool own(void *state)
{
    struct io *io = state;
    bool ok = rowmap_own(&io->interfaces);
    return rowmap_own(&io->disks) && ok;
}

const struct decode_part decode_part_apple_io = {
    .name = "io",
    .state_size = sizeof(struct io),
    .begin = begin,
    .step = step,
    .own = own,
    .release = release,
};
