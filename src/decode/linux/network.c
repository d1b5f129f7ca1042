/* SPDX-License-Identifier: MIT */
/* Network interfaces. What is hardware has a device behind it. The machine's figures add hardware only, and of that
 * nothing that stands on another interface: bonds, bridges and VLANs are not hardware; a virtual function below
 * its hypervisor's interface has that as its master; a port of a switch chip names the interface its traffic runs
 * through (iflink). In a container there is no hardware: there what leads out of it (an Ethernet whose other end is
 * not among the interfaces) stands for the machine, and is marked derived. */
#include <stdlib.h>
#include <string.h>

#include "base/pool.h"
#include "decode/rows.h"
#include "decode/rowmap.h"

enum {
    NAME,
    IFINDEX,
    RX_BYTES,
    TX_BYTES,
    RX_PACKETS,
    TX_PACKETS,
    RX_ERRORS,
    TX_ERRORS,
    TYPE,
    IFLINK,
    DEVICE,
    MASTER,
    OPERSTATE,
    SPEED,
    N_COLUMNS
};

static const char *const names[N_COLUMNS] = {
    "name",      "ifindex", "rx_bytes", "tx_bytes", "rx_packets", "tx_packets", "rx_errors",
    "tx_errors", "type",    "iflink",   "device",   "master",     "operstate",  "speed",
};

enum { FIRST_COUNTER = RX_BYTES, N_COUNTERS = TX_ERRORS - RX_BYTES + 1 };
enum { ARPHRD_ETHERNET = 1 };

struct network {
    struct rowmap map;
    int32_t rowset;
    int32_t columns[N_COLUMNS];
    uint16_t via;
    /* Rows of this frame by their ifindex and by their name, row + 1, 0 is free: a machine of containers has thousands of
     * interfaces, each with a link to look for. Owned. */
    uint32_t *index;
    size_t cap_index; /* a power of two, or 0 */
};

/* Sums over what counts for the machine. */
struct sums {
    double rx, tx;
    uint32_t counted, with_rates;
};

static bool network_begin(void *state, struct decode_schema *d)
{
    struct network *net = state;
    net->map.n_counters = N_COUNTERS;
    net->rowset = rows_find(d->schema, "interfaces", names, net->columns, N_COLUMNS);
    net->via = topology_via(d->topology, "network");
    return true;
}

static uint64_t number(const struct network *net, const struct frame *f, uint32_t row, int column)
{
    return row_number(f, net->rowset, row, net->columns[column]);
}

static bool is_physical(const struct network *net, const struct frame *f, uint32_t row)
{
    return number(net, f, row, DEVICE) != 0;
}

static bool same_name(const struct network *net, const struct frame *f, uint32_t row,
                      const char *name, size_t n)
{
    size_t n_own;
    const char *own = row_text(f, net->rowset, row, net->columns[NAME], &n_own);
    return n == n_own && memcmp(own, name, n) == 0;
}

/* ---- Rows by ifindex and by name ---------------------------------------------------------------------------------- */

static bool make_room(struct network *net, size_t rows)
{
    size_t cap = net->cap_index == 0 ? 64 : net->cap_index;
    while (cap < rows * 4) /* two places a row, half of them free */
        cap *= 2;
    if (cap > net->cap_index) {
        uint32_t *index = calloc(cap, sizeof *index);
        if (index == NULL)
            return false;
        free(net->index);
        net->index = index;
        net->cap_index = cap;
    }
    memset(net->index, 0, net->cap_index * sizeof *net->index);
    return true;
}

static size_t start_of(const struct network *net, uint64_t key)
{
    return (size_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> 32) & (net->cap_index - 1);
}

/* Where the first row of that ifindex stands, or would. */
static size_t place_of_number(const struct network *net, const struct frame *f, uint64_t ifindex)
{
    size_t at = start_of(net, ifindex);
    while (net->index[at] != 0 && number(net, f, net->index[at] - 1, IFINDEX) != ifindex)
        at = (at + 1) & (net->cap_index - 1);
    return at;
}

static size_t place_of_name(const struct network *net, const struct frame *f, const char *name,
                            size_t n)
{
    size_t at = start_of(net, hash_bytes(name, n));
    while (net->index[at] != 0 && !same_name(net, f, net->index[at] - 1, name, n))
        at = (at + 1) & (net->cap_index - 1);
    return at;
}

/* Of several rows of one number or name the first is found. */
static bool make_index(struct network *net, const struct frame *f)
{
    uint32_t rows = f->rows[net->rowset].n;
    if (!make_room(net, rows))
        return false;
    for (uint32_t row = 0; row < rows; row++) {
        size_t n;
        const char *name = row_text(f, net->rowset, row, net->columns[NAME], &n);
        size_t at = place_of_number(net, f, number(net, f, row, IFINDEX));
        if (net->index[at] == 0)
            net->index[at] = row + 1;
        at = place_of_name(net, f, name, n);
        if (net->index[at] == 0)
            net->index[at] = row + 1;
    }
    return true;
}

/* ---- What counts -------------------------------------------------------------------------------------------------- */

/* The interface it is linked to stands among the others. */
static bool link_is_here(const struct network *net, const struct frame *f, uint32_t row)
{
    uint64_t link = number(net, f, row, IFLINK);
    if (link == 0 || link == number(net, f, row, IFINDEX))
        return false;
    return net->index[place_of_number(net, f, link)] != 0;
}

static bool master_is_physical(const struct network *net, const struct frame *f, uint32_t row)
{
    size_t n;
    const char *master = row_text(f, net->rowset, row, net->columns[MASTER], &n);
    uint32_t found = n > 0 ? net->index[place_of_name(net, f, master, n)] : 0;
    return found != 0 && is_physical(net, f, found - 1);
}

/* What stands for the machine when no interface is hardware. Without /sys there is nothing to tell them apart by. */
static bool leads_out(const struct network *net, const struct frame *f, uint32_t row)
{
    if (!row_has(f, net->rowset, row, net->columns[TYPE]))
        return !same_name(net, f, row, "lo", 2);
    return number(net, f, row, TYPE) == ARPHRD_ETHERNET &&
           number(net, f, row, IFLINK) != number(net, f, row, IFINDEX) &&
           !link_is_here(net, f, row);
}

static bool is_counted(const struct network *net, const struct frame *f, uint32_t row,
                       bool any_physical)
{
    if (!any_physical)
        return leads_out(net, f, row);
    return is_physical(net, f, row) && !link_is_here(net, f, row) &&
           !master_is_physical(net, f, row);
}

static void put_rate(const struct network *net, struct decode_frame *d, actop_metric id,
                     uint32_t out, bool known, double per_s)
{
    if (known)
        sample_put(d->out, id, out, per_s, ACTOP_MEASURED, net->via);
    else
        sample_put_state(d->out, id, out, ACTOP_STATE_WARMING, net->via);
}

/* Rates of one interface; true when there are any. */
static bool put_counters(const struct network *net, struct decode_frame *d, uint32_t row,
                         uint32_t out, struct counter *counters, double *rates)
{
    static const actop_metric ids[] = {ACTOP_METRIC_IF_RX, ACTOP_METRIC_IF_TX,
                                       ACTOP_METRIC_IF_RX_PACKETS, ACTOP_METRIC_IF_TX_PACKETS};
    bool known[N_COUNTERS];
    for (size_t i = 0; i < N_COUNTERS; i++) {
        struct counter_step step;
        known[i] = row_take(d->frame, net->rowset, row, net->columns[FIRST_COUNTER + i],
                            &counters[i], &step) == ACTOP_OK;
        rates[i] = known[i] ? counter_rate(&step, 1) : 0;
    }
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
        put_rate(net, d, ids[i], out, known[i], rates[i]);
    put_rate(net, d, ACTOP_METRIC_IF_ERRORS, out, known[4] && known[5], rates[4] + rates[5]);
    sample_put(d->out, ACTOP_METRIC_IF_RX_BYTES, out, (double)counters[0].total, ACTOP_MEASURED,
               net->via);
    sample_put(d->out, ACTOP_METRIC_IF_TX_BYTES, out, (double)counters[1].total, ACTOP_MEASURED,
               net->via);
    return known[0] && known[1];
}

static void put_facts(const struct network *net, struct decode_frame *d, uint32_t row, uint32_t out)
{
    const struct frame *f = d->frame;
    int64_t mbit_s;
    size_t n;
    const char *operstate = row_text(f, net->rowset, row, net->columns[OPERSTATE], &n);
    bool physical = is_physical(net, f, row);
    if (physical)
        sample_entity(d->out, ACTOP_SCOPE_INTERFACE, out)->flags |= ACTOP_ENTITY_PHYSICAL;
    if (row_has(f, net->rowset, row, net->columns[DEVICE]))
        sample_put(d->out, ACTOP_METRIC_IF_PHYSICAL, out, physical ? 1 : 0, ACTOP_MEASURED,
                   net->via);
    /* Drivers that keep no state (loopback, tunnels) say unknown while they work (documented, operstates.rst). */
    if (n > 0)
        sample_put(d->out, ACTOP_METRIC_IF_UP, out,
                   strcmp(operstate, "up") == 0 || strcmp(operstate, "unknown") == 0 ? 1 : 0,
                   ACTOP_MEASURED, net->via);
    /* -1: the driver does not know; 2^32 - 1: an older way to say so. */
    if (row_i64(f, net->rowset, row, net->columns[SPEED], &mbit_s) && mbit_s > 0 &&
        mbit_s < UINT32_MAX)
        sample_put(d->out, ACTOP_METRIC_IF_SPEED, out, (double)mbit_s * 1e6 / 8, ACTOP_MEASURED,
                   net->via);
}

static void step_row(struct network *net, struct decode_frame *d, uint32_t row, bool any_physical,
                     struct sums *sums)
{
    const struct frame *f = d->frame;
    double rates[N_COUNTERS];
    size_t n;
    const char *name = row_text(f, net->rowset, row, net->columns[NAME], &n);
    struct counter *counters = rowmap_find(&net->map, frame_row_key(f, net->rowset, row));
    int32_t out = sample_add_row(d->out, ACTOP_SCOPE_INTERFACE, name, n, name, n);
    if (counters == NULL)
        d->out->failed = true;
    if (counters == NULL || out < 0)
        return;
    bool known = put_counters(net, d, row, (uint32_t)out, counters, rates);
    put_facts(net, d, row, (uint32_t)out);
    if (!is_counted(net, f, row, any_physical))
        return;
    sums->counted++;
    sums->with_rates += known ? 1 : 0;
    sums->rx += known ? rates[0] : 0;
    sums->tx += known ? rates[1] : 0;
}

static void put_sums(const struct network *net, struct decode_frame *d, const struct sums *sums,
                     bool any_physical)
{
    actop_origin origin = any_physical ? ACTOP_MEASURED : ACTOP_DERIVED;
    if (sums->with_rates > 0) {
        sample_put(d->out, ACTOP_METRIC_NET_RX, 0, sums->rx, origin, net->via);
        sample_put(d->out, ACTOP_METRIC_NET_TX, 0, sums->tx, origin, net->via);
        return;
    }
    actop_state none = sums->counted > 0 ? ACTOP_STATE_WARMING : ACTOP_STATE_NONE;
    sample_put_state(d->out, ACTOP_METRIC_NET_RX, 0, none, net->via);
    sample_put_state(d->out, ACTOP_METRIC_NET_TX, 0, none, net->via);
}

static void network_step(void *state, struct decode_frame *d)
{
    struct network *net = state;
    const struct frame *f = d->frame;
    struct sums sums = {0};
    bool any_physical = false;
    if (d->gap)
        rowmap_break(&net->map);
    if (!rows_read(f, net->rowset)) {
        actop_state none = rows_absence(f, net->rowset);
        sample_put_state(d->out, ACTOP_METRIC_NET_RX, 0, none, net->via);
        sample_put_state(d->out, ACTOP_METRIC_NET_TX, 0, none, net->via);
        return;
    }
    uint32_t n = f->rows[net->rowset].n;
    if (!make_index(net, f)) {
        d->out->failed = true;
        return;
    }
    for (uint32_t row = 0; row < n && !any_physical; row++)
        any_physical = is_physical(net, f, row);
    rowmap_begin(&net->map);
    for (uint32_t row = 0; row < n; row++)
        step_row(net, d, row, any_physical, &sums);
    rowmap_end(&net->map);
    put_sums(net, d, &sums, any_physical);
}

static bool network_own(void *state)
{
    struct network *net = state;
    net->index = NULL; /* of one frame: made anew with the next */
    net->cap_index = 0;
    return rowmap_own(&net->map);
}

static void network_release(void *state)
{
    struct network *net = state;
    rowmap_release(&net->map);
    free(net->index);
    net->index = NULL;
    net->cap_index = 0;
}

const struct decode_part decode_part_network = {
    .name = "network",
    .state_size = sizeof(struct network),
    .begin = network_begin,
    .step = network_step,
    .own = network_own,
    .release = network_release,
};
