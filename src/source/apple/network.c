/* SPDX-License-Identifier: MIT */
/* Interfaces by the routing socket's list with 64-bit counters (documented: NET_RT_IFLIST2). For programs that are not Apple's
 * own the kernel cuts the two byte counters to 32 bits and whole KiB (documented: XNU's rtsock.c from macOS 12 on; reported,
 * stats issue 3493): they are handed on as they are; decode unwraps. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "source/apple/apple.h"

static const enum apple_row network_needed[] = {APPLE_ROW_sysctl, APPLE_ROW_END};

static const int list_name[] = {APPLE_CTL_NET, APPLE_PF_ROUTE, 0, 0, APPLE_NET_RT_IFLIST2, 0};
enum { LIST_NAMES = sizeof list_name / sizeof list_name[0] };

struct network_state {
    char *list; /* owned */
    size_t cap;
    int32_t rows;
};

/* Fetch the list into s->list. Returns its length, or 0 and an errno in *e. */
static size_t get_list(struct network_state *s, const struct apple_api *api, int *e)
{
    int name[LIST_NAMES];
    size_t n = s->cap;

    memcpy(name, list_name, sizeof name);
    *e = 0;
    if (s->list != NULL && api->sysctl(name, LIST_NAMES, s->list, &n, NULL, 0) == 0)
        return n;
    for (int tries = 0; tries < 3; tries++) { /* grown between the question and the answer */
        char *list;
        if (api->sysctl(name, LIST_NAMES, NULL, &n, NULL, 0) != 0)
            break;
        list = realloc(s->list, n + n / 4 + 1024);
        if (list == NULL) {
            *e = ENOMEM;
            return 0;
        }
        s->list = list;
        s->cap = n = n + n / 4 + 1024;
        if (api->sysctl(name, LIST_NAMES, s->list, &n, NULL, 0) == 0)
            return n;
        if (errno != ENOMEM)
            break;
    }
    *e = errno != 0 ? errno : EIO;
    return 0;
}

enum {
    COLUMN_NAME,
    COLUMN_INDEX,
    COLUMN_TYPE,
    COLUMN_FLAGS,
    COLUMN_MTU,
    COLUMN_BAUD,
    COLUMN_RX_B,
    COLUMN_TX_B,
    COLUMN_RX_PACKETS,
    COLUMN_TX_PACKETS,
    COLUMN_RX_ERRORS,
    COLUMN_TX_ERRORS,
    N_COLUMNS
};

static const struct column_spec columns[N_COLUMNS] = {
    {"name", "", SLOT_BYTES, COLUMN_KEY, 0},
    {"index", "", SLOT_U64, 0, 0},
    {"type", "", SLOT_U64, 0, 0},
    {"flags", "", SLOT_U64, 0, 0},
    {"mtu", "B", SLOT_U64, 0, 0},
    {"baud", "bit/s", SLOT_U64, 0, 0},
    {"rx_b", "B", SLOT_U64, CHANNEL_COUNTER, 64},
    {"tx_b", "B", SLOT_U64, CHANNEL_COUNTER, 64},
    {"rx_packets", "", SLOT_U64, CHANNEL_COUNTER, 64},
    {"tx_packets", "", SLOT_U64, CHANNEL_COUNTER, 64},
    {"rx_errors", "", SLOT_U64, CHANNEL_COUNTER, 64},
    {"tx_errors", "", SLOT_U64, CHANNEL_COUNTER, 64},
};

static void network_describe(void *state, struct apple_probe *p)
{
    struct network_state *s = state;
    int e;

    if (get_list(s, p->api, &e) == 0) { /* an empty list is an answer, too: a sandbox may give it */
        apple_report(p, e != 0 ? e : SLOT_ABSENT, NULL, "%s",
                     e != 0 ? "the list of interfaces cannot be read"
                            : "the system lists no interfaces");
        return;
    }
    s->rows = schema_add_rowset(p->schema, "interface", ACTOP_SCOPE_INTERFACE, p->collector,
                                columns, N_COLUMNS);
}

static void add_interface(const struct network_state *s, struct frame *f,
                          const struct apple_if_message *m, const char *name, size_t n)
{
    uint32_t row = frame_row(f, s->rows);
    const struct apple_if_data64 *d = &m->data;

    if (row == UINT32_MAX)
        return;
    frame_cell_bytes(f, s->rows, row, COLUMN_NAME, name, n);
    frame_cell_u64(f, s->rows, row, COLUMN_INDEX, m->index);
    frame_cell_u64(f, s->rows, row, COLUMN_TYPE, d->type);
    frame_cell_u64(f, s->rows, row, COLUMN_FLAGS, (uint32_t)m->flags);
    frame_cell_u64(f, s->rows, row, COLUMN_MTU, d->mtu);
    frame_cell_u64(f, s->rows, row, COLUMN_BAUD, d->baudrate);
    frame_cell_u64(f, s->rows, row, COLUMN_RX_B, d->ibytes);
    frame_cell_u64(f, s->rows, row, COLUMN_TX_B, d->obytes);
    frame_cell_u64(f, s->rows, row, COLUMN_RX_PACKETS, d->ipackets);
    frame_cell_u64(f, s->rows, row, COLUMN_TX_PACKETS, d->opackets);
    frame_cell_u64(f, s->rows, row, COLUMN_RX_ERRORS, d->ierrors);
    frame_cell_u64(f, s->rows, row, COLUMN_TX_ERRORS, d->oerrors);
}

/* One message of the list; what is no interface, or lies about its length, is passed over. */
static void take_message(const struct network_state *s, struct frame *f, const char *at,
                         size_t length)
{
    const size_t name_at = offsetof(struct apple_sockaddr_dl, data);
    struct apple_if_message m;
    struct apple_sockaddr_dl link;

    if (length < sizeof m + name_at)
        return;
    memcpy(&m, at, sizeof m);
    memcpy(&link, at + sizeof m, name_at);
    if (m.type != APPLE_RTM_IFINFO2 || link.family != APPLE_AF_LINK || link.name_length == 0)
        return;
    if (sizeof m + name_at + link.name_length <= length)
        add_interface(s, f, &m, at + sizeof m + name_at, link.name_length);
}

static bool network_read(void *state, struct apple_tick *t)
{
    struct network_state *s = state;
    int e;
    size_t n = get_list(s, t->api, &e);
    uint16_t length;

    t->frame->rows[s->rows].status = e;
    for (size_t at = 0; at + 4 <= n; at += length) {
        memcpy(&length, s->list + at, sizeof length);
        if (length < 4 || at + length > n)
            break;
        take_message(s, t->frame, s->list + at, length);
    }
    return false;
}

static void network_close(void *state, const struct apple_api *api)
{
    struct network_state *s = state;

    (void)api;
    free(s->list);
}

const struct apple_part apple_network_part = {
    .name = "network",
    .state_size = sizeof(struct network_state),
    .want = ACTOP_WANT(ACTOP_SCOPE_MACHINE) | ACTOP_WANT(ACTOP_SCOPE_INTERFACE),
    .needed = network_needed,
    .describe = network_describe,
    .read = network_read,
    .close = network_close,
};
