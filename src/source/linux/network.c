/* SPDX-License-Identifier: MIT */
/* Network interfaces: one row each. Counters of all of them come out of one read of /proc/net/dev (64 bits since Linux
 * 2.6.36); what an interface is made of comes from /sys/class/net/NAME (ABI/testing/sysfs-class-net, documented) and is
 * remembered: one file for all instead of eight for each interface.
 *
 * Of a live machine a few interfaces' facts are read again each tick, in turn: `speed` asks the hardware and can take
 * milliseconds. A captured tree is read whole each tick. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/vec.h"
#include "source/linux/linux.h"
#include "source/linux/parse.h"
#include "source/linux/scan.h"

enum {
    NAME,
    IFINDEX,
    RX_BYTES,
    RX_PACKETS,
    RX_ERRORS,
    TX_BYTES,
    TX_PACKETS,
    TX_ERRORS,
    TYPE,
    IFLINK,
    DEVICE,
    MASTER,
    DEVTYPE,
    OPERSTATE,
    SPEED,
    N_COLUMNS
};

static const struct column_spec columns[N_COLUMNS] = {
    [NAME] = {"name", "", SLOT_BYTES, COLUMN_KEY, 0},
    [IFINDEX] = {"ifindex", "", SLOT_U64, COLUMN_KEY, 0},
    [RX_BYTES] = {"rx_bytes", "B", SLOT_U64, CHANNEL_COUNTER, 0},
    [RX_PACKETS] = {"rx_packets", "packets", SLOT_U64, CHANNEL_COUNTER, 0},
    [RX_ERRORS] = {"rx_errors", "packets", SLOT_U64, CHANNEL_COUNTER, 0},
    [TX_BYTES] = {"tx_bytes", "B", SLOT_U64, CHANNEL_COUNTER, 0},
    [TX_PACKETS] = {"tx_packets", "packets", SLOT_U64, CHANNEL_COUNTER, 0},
    [TX_ERRORS] = {"tx_errors", "packets", SLOT_U64, CHANNEL_COUNTER, 0},
    [TYPE] = {"type", "ARPHRD", SLOT_U64, 0, 0},
    [IFLINK] = {"iflink", "", SLOT_U64, 0, 0},
    [DEVICE] = {"device", "", SLOT_U64, 0, 0},
    [MASTER] = {"master", "", SLOT_BYTES, 0, 0},
    [DEVTYPE] = {"devtype", "", SLOT_BYTES, 0, 0},
    [OPERSTATE] = {"operstate", "", SLOT_BYTES, 0, 0},
    [SPEED] = {"speed", "Mbit/s", SLOT_I64, 0, 0},
};

enum { NAME_SIZE = 32, FACTS_A_TICK = 4, OPERSTATES_A_TICK = 16 };

/* What is remembered of an interface. */
struct interface {
    char name[NAME_SIZE];
    char master[NAME_SIZE], devtype[NAME_SIZE], operstate[NAME_SIZE];
    uint64_t ifindex, iflink, type, device;
    int64_t speed;
    bool has_facts; /* it has a directory in /sys */
    bool has_speed;
    bool is_new;
    int32_t state_file; /* its operstate, kept open */
    uint32_t seen;      /* tick that had it last */
    uint32_t row;       /* in that tick's frame */
};

struct network {
    int32_t file, rowset;
    struct interface *known; /* owned; in the order of the file, as far as nothing changed */
    size_t n, cap;
    size_t facts_next, operstate_next; /* whose turn it is */
    uint32_t tick;
    bool described;
};

static bool fact_path(char *path, size_t size, const struct interface *i, const char *what)
{
    int n = snprintf(path, size, "sys/class/net/%s/%s", i->name, what);
    return n > 0 && (size_t)n < size;
}

static uint64_t fact_u64(struct root *root, const struct interface *i, const char *what)
{
    char path[128];
    uint64_t value = 0;
    if (!fact_path(path, sizeof path, i, what) || root_load_u64(root, path, &value) != 0)
        return 0;
    return value;
}

static void read_operstate(struct root *root, struct interface *i)
{
    struct root_text text;
    if (i->state_file < 0)
        i->state_file = root_keep(root, "sys/class/net/%s/operstate", i->name);
    bool ok = root_read(root, i->state_file, &text) == 0;
    size_t n = ok ? strcspn(text.text, "\n") : 0;
    n = n < sizeof i->operstate ? n : sizeof i->operstate - 1;
    memcpy(i->operstate, ok ? text.text : "", n);
    i->operstate[n] = '\0';
}

/* DEVTYPE=vlan|bridge|bond|wlan|…, INTERFACE=…, IFINDEX=… */
static void read_uevent(struct root *root, struct interface *i)
{
    char path[128];
    struct root_text text;
    struct span key, value;
    i->devtype[0] = '\0';
    i->has_facts = fact_path(path, sizeof path, i, "uevent") && root_load(root, path, &text) == 0;
    const char *at = i->has_facts ? text.text : "";
    while (parse_uevent(&at, &key, &value)) {
        const char *number = value.at;
        if (span_is(key, "DEVTYPE"))
            (void)parse_unescape(i->devtype, sizeof i->devtype, value);
        else if (span_is(key, "IFINDEX"))
            (void)scan_u64(&number, &i->ifindex);
    }
}

static void read_facts(struct root *root, struct interface *i)
{
    char path[128];
    read_uevent(root, i);
    if (!i->has_facts)
        return;
    i->iflink = fact_u64(root, i, "iflink");
    i->type = fact_u64(root, i, "type");
    i->device = fact_path(path, sizeof path, i, "device") && root_exists(root, path) ? 1 : 0;
    i->master[0] = '\0';
    if (fact_path(path, sizeof path, i, "master"))
        (void)root_link_name(root, path, i->master, sizeof i->master);
    i->has_speed = fact_path(path, sizeof path, i, "speed") &&
                   root_load_i64(root, path, &i->speed) == 0;
    read_operstate(root, i);
}

/* The interface of that name: mostly the one behind the last. NULL: out of memory. */
static struct interface *find(struct network *net, struct span name, size_t *at)
{
    size_t n = name.n < NAME_SIZE ? name.n : NAME_SIZE - 1;
    for (size_t tried = 0; tried < net->n; tried++) {
        size_t k = *at + tried < net->n ? *at + tried : *at + tried - net->n;
        struct interface *i = &net->known[k];
        if (memcmp(i->name, name.at, n) == 0 && i->name[n] == '\0') {
            *at = k + 1;
            return i;
        }
    }
    if (!VEC_GROW(net->known, net->cap, net->n + 1))
        return NULL;
    struct interface *i = &net->known[net->n++];
    *i = (struct interface){.is_new = true, .state_file = -1};
    memcpy(i->name, name.at, n);
    *at = net->n;
    return i;
}

static void put_text(struct frame *f, int32_t rowset, uint32_t row, uint32_t column,
                     const char *text)
{
    if (*text != '\0')
        frame_cell_bytes(f, rowset, row, column, text, strlen(text));
}

static uint32_t put_counters(struct frame *f, int32_t rowset, const struct net_dev *dev)
{
    uint32_t row = frame_row(f, rowset);
    if (row == UINT32_MAX)
        return row;
    frame_cell_bytes(f, rowset, row, NAME, dev->name.at, dev->name.n);
    frame_cell_u64(f, rowset, row, RX_BYTES, dev->rx_bytes);
    frame_cell_u64(f, rowset, row, RX_PACKETS, dev->rx_packets);
    frame_cell_u64(f, rowset, row, RX_ERRORS, dev->rx_errors);
    frame_cell_u64(f, rowset, row, TX_BYTES, dev->tx_bytes);
    frame_cell_u64(f, rowset, row, TX_PACKETS, dev->tx_packets);
    frame_cell_u64(f, rowset, row, TX_ERRORS, dev->tx_errors);
    return row;
}

static void put_facts(struct frame *f, int32_t rowset, const struct interface *i)
{
    uint32_t row = i->row;
    frame_cell_u64(f, rowset, row, IFINDEX, i->ifindex);
    if (!i->has_facts)
        return;
    frame_cell_u64(f, rowset, row, TYPE, i->type);
    frame_cell_u64(f, rowset, row, IFLINK, i->iflink);
    frame_cell_u64(f, rowset, row, DEVICE, i->device);
    put_text(f, rowset, row, MASTER, i->master);
    put_text(f, rowset, row, DEVTYPE, i->devtype);
    put_text(f, rowset, row, OPERSTATE, i->operstate);
    if (i->has_speed)
        frame_cell_u64(f, rowset, row, SPEED, (uint64_t)i->speed);
}

static void forget_gone(struct network *net, struct root *root)
{
    size_t kept = 0;
    for (size_t k = 0; k < net->n; k++)
        if (net->known[k].seen == net->tick)
            net->known[kept++] = net->known[k];
        else
            root_forget(root, net->known[k].state_file);
    net->n = kept;
}

/* Facts that change while an interface lives, some each tick. */
static void refresh(struct network *net, struct root *root)
{
    bool all = !root_is_live(root);
    size_t facts = all || net->n < FACTS_A_TICK ? net->n : FACTS_A_TICK;
    size_t states = all ? 0 : net->n < OPERSTATES_A_TICK ? net->n : OPERSTATES_A_TICK;
    /* Every eighth tick is often enough for what hardly ever changes. */
    if (!all && net->tick % 8 != 0)
        facts = 0;
    if (net->n == 0)
        return;
    for (; facts > 0; facts--)
        read_facts(root, &net->known[net->facts_next++ % net->n]);
    for (; states > 0; states--)
        read_operstate(root, &net->known[net->operstate_next++ % net->n]);
}

/* Rows with their counters, from one text. What is remembered is added later: reading it would overwrite the text. */
static void read_counters(struct network *net, struct frame *f, const char *at)
{
    struct net_dev dev;
    size_t next = 0;
    while (parse_net_dev(&at, &dev)) {
        struct interface *i = find(net, dev.name, &next);
        uint32_t row = i == NULL || i->seen == net->tick ? UINT32_MAX
                                                         : put_counters(f, net->rowset, &dev);
        if (i == NULL)
            f->failed = true;
        if (row == UINT32_MAX)
            continue;
        i->row = row;
        i->seen = net->tick;
    }
}

static bool network_read(void *state, struct root *root, struct frame *f)
{
    struct network *net = state;
    struct root_text text;
    if (net->rowset < 0)
        return false;
    net->tick++;
    int errnum = root_read(root, net->file, &text);
    f->rows[net->rowset].status = errnum;
    if (errnum != 0)
        return false;
    read_counters(net, f, text.text);
    forget_gone(net, root);
    refresh(net, root);
    for (size_t k = 0; k < net->n; k++) {
        struct interface *i = &net->known[k];
        if (i->is_new)
            read_facts(root, i);
        i->is_new = false;
        put_facts(f, net->rowset, i);
    }
    return false;
}

static void network_describe(void *state, struct linux_probe *p)
{
    struct network *net = state;
    struct root_text text;
    net->rowset = -1;
    net->file = root_keep(p->root, "proc/self/net/dev");
    net->described = true;
    int errnum = root_read(p->root, net->file, &text);
    if (errnum != 0) {
        /* A captured tree has no /proc/self worth keeping. */
        root_forget(p->root, net->file);
        net->file = root_keep(p->root, "proc/net/dev");
        errnum = root_read(p->root, net->file, &text);
    }
    if (errnum != 0) {
        linux_report(p, errnum == ENOENT ? -1 : errnum, NULL, "/proc/net/dev: %s",
                     strerror(errnum));
        return;
    }
    net->rowset = schema_add_rowset(p->schema, "interfaces", ACTOP_SCOPE_MACHINE, p->collector,
                                    columns, N_COLUMNS);
}

static void network_close(void *state, struct root *root)
{
    struct network *net = state;
    for (size_t k = 0; k < net->n; k++)
        root_forget(root, net->known[k].state_file);
    if (net->described)
        root_forget(root, net->file);
    free(net->known);
}

const struct linux_part linux_part_network = {
    .name = "network",
    .state_size = sizeof(struct network),
    .describe = network_describe,
    .read = network_read,
    .close = network_close,
};
