/* SPDX-License-Identifier: MIT */
/* Which interfaces stand for the machine, on frames of made-up interfaces: few of every kind, and as many as a machine of
 * containers has. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "decode/decode.h"
#include "lib/test.h"

enum { NAME, IFINDEX, RX_BYTES, TX_BYTES, TYPE, IFLINK, DEVICE, MASTER, N_COLUMNS };

static const struct column_spec columns[N_COLUMNS] = {
    [NAME] = {"name", "", SLOT_BYTES, COLUMN_KEY, 0},
    [IFINDEX] = {"ifindex", "", SLOT_U64, COLUMN_KEY, 0},
    [RX_BYTES] = {"rx_bytes", "B", SLOT_U64, CHANNEL_COUNTER, 0},
    [TX_BYTES] = {"tx_bytes", "B", SLOT_U64, CHANNEL_COUNTER, 0},
    [TYPE] = {"type", "ARPHRD", SLOT_U64, 0, 0},
    [IFLINK] = {"iflink", "", SLOT_U64, 0, 0},
    [DEVICE] = {"device", "", SLOT_U64, 0, 0},
    [MASTER] = {"master", "", SLOT_BYTES, 0, 0},
};

struct net_row {
    const char *name;
    uint64_t ifindex, iflink, device;
    const char *master;
    uint64_t rate; /* bytes received in each second; half as many sent */
};

struct rig {
    struct schema *schema;
    struct frame frame;
    const struct decode_ops *ops;
    struct decoder *decoder;
    struct sample_pool *pool;
    struct actop_sample_t *sample;
    int64_t tick;
};

static void rig_open(struct rig *r)
{
    *r = (struct rig){.ops = decode_for("linux"), .pool = sample_pool_new()};
    r->schema = schema_new("linux", "linux");
    int32_t collector = schema_add_collector(r->schema, "network", 0, "", "");
    assert_int_equal(schema_add_rowset(r->schema, "interfaces", ACTOP_SCOPE_MACHINE, collector,
                                       columns, N_COLUMNS),
                     0);
    assert_int_equal(schema_seal(r->schema, NULL), ACTOP_OK);
    r->decoder = r->ops->create();
    assert_non_null(r->decoder);
}

static void rig_close(struct rig *r)
{
    actop_sample_unref(r->sample);
    sample_pool_unref(r->pool);
    r->ops->destroy(r->decoder);
    frame_release(&r->frame);
    schema_unref(r->schema);
}

static void rig_step(struct rig *r, const struct net_row *rows, size_t n)
{
    struct frame *f = &r->frame;
    assert_int_equal(frame_begin(f, r->schema, 0, NULL), ACTOP_OK);
    f->seq = (uint64_t)++r->tick;
    f->at = (struct os_moment){r->tick * 1000000000, r->tick * 1000000000, r->tick * 1000000000};
    f->rows[0].status = SLOT_READ;
    for (size_t i = 0; i < n; i++) {
        uint32_t row = frame_row(f, 0);
        frame_cell_bytes(f, 0, row, NAME, rows[i].name, strlen(rows[i].name));
        frame_cell_u64(f, 0, row, IFINDEX, rows[i].ifindex);
        frame_cell_u64(f, 0, row, RX_BYTES, rows[i].rate * (uint64_t)r->tick);
        frame_cell_u64(f, 0, row, TX_BYTES, rows[i].rate / 2 * (uint64_t)r->tick);
        frame_cell_u64(f, 0, row, TYPE, 1);
        frame_cell_u64(f, 0, row, IFLINK, rows[i].iflink);
        frame_cell_u64(f, 0, row, DEVICE, rows[i].device);
        if (rows[i].master != NULL)
            frame_cell_bytes(f, 0, row, MASTER, rows[i].master, strlen(rows[i].master));
    }
    actop_sample_unref(r->sample);
    r->sample = sample_new(r->pool);
    assert_int_equal(r->ops->step(r->decoder, f, r->sample, NULL), ACTOP_OK);
    assert_false(r->sample->failed);
}

static uint64_t rate(const struct rig *r, actop_metric id)
{
    double v = -1;
    assert_true(sample_get(r->sample, id, 0, &v));
    return (uint64_t)(v + 0.5);
}

static void each_byte_counts_once(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        struct net_row rows[4];
        uint64_t rx;
    } cases[] = {
        {"hardware, and not what runs through it",
         {{"lo", 1, 1, 0, NULL, 7}, {"eth0", 2, 2, 1, NULL, 1000}, {"vlan5", 3, 2, 0, NULL, 400}},
         1000},
        {"both ports of a bond, not the bond",
         {{"eth0", 1, 1, 1, "bond0", 100},
          {"eth1", 2, 2, 1, "bond0", 200},
          {"bond0", 3, 3, 0, NULL, 300}},
         300},
        {"a virtual function below its hypervisor's interface",
         {{"hv0", 1, 1, 1, NULL, 500}, {"vf0", 2, 2, 1, "hv0", 450}},
         500},
        {"a master that is not there", {{"eth0", 1, 1, 1, "gone", 500}}, 500},
        {"a port of a switch chip, through the interface it names",
         {{"end0", 2, 2, 1, NULL, 900}, {"lan1", 3, 2, 1, NULL, 800}},
         900},
        {"in a container, what leads out of it",
         {{"lo", 1, 1, 0, NULL, 5}, {"eth0", 7, 12, 0, NULL, 60}, {"br0", 8, 8, 0, NULL, 60}},
         60},
        {"in a container, no pair whose ends are both here",
         {{"eth0", 7, 12, 0, NULL, 60}, {"va", 20, 21, 0, NULL, 70}, {"vb", 21, 20, 0, NULL, 70}},
         60},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct rig r;
        size_t n = 0;
        while (n < 4 && cases[i].rows[n].name != NULL)
            n++;
        rig_open(&r);
        rig_step(&r, cases[i].rows, n);
        rig_step(&r, cases[i].rows, n);
        CHECK_ROW(rate(&r, ACTOP_METRIC_NET_RX) == cases[i].rx, cases[i].what);
        CHECK_ROW(rate(&r, ACTOP_METRIC_NET_TX) == cases[i].rx / 2, cases[i].what);
        rig_close(&r);
    }
}

/* Looking at all rows for each row's link takes minutes here. All share an ifindex in the second round: a tree somebody
 * made, in which a table of numbers must not become a list. */
static void tens_of_thousands_of_interfaces_take_no_time(void **state)
{
    enum { N = 40000 };
    static struct net_row rows[N];
    static char names[N][16];
    (void)state;
    for (int round = 0; round < 2; round++) {
        struct rig r;
        for (size_t i = 0; i < N; i++) {
            (void)snprintf(names[i], sizeof names[i], "veth%zu", i);
            rows[i] = (struct net_row){.name = names[i],
                                       .ifindex = round == 0 ? i + 1 : 1,
                                       .iflink = N + 10 + i,
                                       .master = "br0",
                                       .rate = 10};
        }
        rig_open(&r);
        rig_step(&r, rows, N);
        clock_t from = clock();
        rig_step(&r, rows, N);
        double took_s = (double)(clock() - from) / CLOCKS_PER_SEC;
        assert_int_equal(rate(&r, ACTOP_METRIC_NET_RX), N * 10);
        if (took_s > 3)
            fail_msg("%.1f s for %d interfaces", took_s, (int)N);
        rig_close(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_byte_counts_once),
        cmocka_unit_test(tens_of_thousands_of_interfaces_take_no_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
