/* SPDX-License-Identifier: MIT */
/* Memory, containers, interfaces, disks, volumes and batteries: from a tree to the sample. */
#include "lib/test.h"

#include <stdio.h>
#include <string.h>

#include "lib/alloc.h"
#include "lib/box.h"

#define GIB 1073741824.0

/* The auxiliary vector of a machine with these pages, as the process part reads it. */
static void put_auxv(const struct box *t, uint64_t page_size)
{
    const uint64_t auxv[] = {33, 0x7fff0000, 6, page_size, 17, 100, 0, 0};
    box_put_bytes(t, "proc/self/auxv", auxv, sizeof auxv);
}

static void open_moments(struct view *v, const struct box *t, unsigned moments)
{
    assert_int_equal(view_open(v, t->dir, ACTOP_WANT_DEFAULT), ACTOP_OK);
    for (unsigned i = 0; i < moments; i++)
        assert_int_equal(view_next(v), ACTOP_OK);
}

/* ---- memory ------------------------------------------------------------------------------------------------------ */

#define MEMINFO                                                                                    \
    "MemTotal:       16777216 kB\nMemFree:         1048576 kB\nMemAvailable:    8388608 kB\n"      \
    "Buffers:          524288 kB\nCached:          4194304 kB\nSwapCached:            0 kB\n"      \
    "SwapTotal:       4194304 kB\nSwapFree:        3145728 kB\nZswap:            102400 kB\n"      \
    "AnonPages:       5242880 kB\nShmem:           1048576 kB\nSReclaimable:     262144 kB\n"      \
    "SUnreclaim:       131072 kB\nKernelStack:      16384 kB\nPageTables:        32768 kB\n"

static void memory_is_split_and_swap_counted_in_pages_of_any_size(void **state)
{
    struct box t;
    struct view v;
    (void)state;
    box_make(&t);
    box_moment(&t, 0);
    box_moment(&t, 2); /* t2 alone would not be found */
    box_moment(&t, 1);
    put_auxv(&t, 16384);
    box_put(&t, "proc/meminfo", MEMINFO);
    box_put(&t, "sys/block/zram0/mm_stat", "  4096000  1024000  1048576  0  1048576  3  0  0  0\n");
    box_put(&t, "t0/proc/vmstat", "nr_free_pages 5\npswpin 100\npswpout 1000\nthp 3\n");
    box_put(&t, "t1/proc/vmstat", "nr_free_pages 5\npswpin 110\npswpout 1064\nthp 3\n");
    open_moments(&v, &t, 1);
    assert_int_equal(view_state(&v, ACTOP_METRIC_SWAP_IN, NULL), ACTOP_STATE_WARMING);
    assert_int_equal(view_next(&v), ACTOP_OK);
    assert_true(view_value(&v, ACTOP_METRIC_RAM_TOTAL, NULL) == 16 * GIB);
    assert_true(view_value(&v, ACTOP_METRIC_RAM_USED, NULL) == 8 * GIB);
    assert_int_equal(view_origin(&v, ACTOP_METRIC_RAM_AVAILABLE, NULL), ACTOP_MEASURED);
    assert_true(view_value(&v, ACTOP_METRIC_RAM_CACHED, NULL) == 3.75 * GIB);
    assert_true(view_value(&v, ACTOP_METRIC_RAM_WIRED, NULL) == 180224.0 * 1024);
    assert_true(view_value(&v, ACTOP_METRIC_RAM_COMPRESSED, NULL) == 102400.0 * 1024 + 1048576);
    assert_true(view_value(&v, ACTOP_METRIC_SWAP_USED, NULL) == 1 * GIB);
    assert_true(view_value(&v, ACTOP_METRIC_SWAP_IN, NULL) == 10 * 16384.0);
    assert_true(view_value(&v, ACTOP_METRIC_SWAP_OUT, NULL) == 64 * 16384.0);
    view_close(&v);
    box_remove(&t);
}

static void a_kernel_that_does_not_say_what_is_available_is_estimated(void **state)
{
    struct box t;
    struct view v;
    (void)state;
    box_make(&t);
    box_put(&t, "proc/meminfo",
            "MemTotal:  1000000 kB\nMemFree:  200000 kB\nBuffers:  50000 kB\nCached:  150000 kB\n"
            "Shmem:  20000 kB\nSReclaimable: 10000 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n");
    open_moments(&v, &t, 1);
    assert_true(view_value(&v, ACTOP_METRIC_RAM_AVAILABLE, NULL) == 390000.0 * 1024);
    assert_int_equal(view_origin(&v, ACTOP_METRIC_RAM_AVAILABLE, NULL), ACTOP_ESTIMATED);
    assert_int_equal(view_origin(&v, ACTOP_METRIC_RAM_USED, NULL), ACTOP_ESTIMATED);
    assert_int_equal(view_state(&v, ACTOP_METRIC_RAM_COMPRESSED, NULL), ACTOP_STATE_UNSUPPORTED);
    assert_true(view_value(&v, ACTOP_METRIC_SWAP_TOTAL, NULL) == 0);
    view_close(&v);
    box_remove(&t);
}

static void memory_pressure_is_judged_by_stalls_or_else_by_what_is_left(void **state)
{
    static const struct {
        const char *what, *some1, *full1;
        unsigned long available_kb;
        double want;
    } rows[] = {
        {"no stalls", "0", "0", 1000, 0},
        {"a little", "50000", "10000", 1000, 0},
        {"some waited", "150000", "50000", 1000, 1},
        {"all waited", "500000", "200000", 900000, 2},
        {"enough left", NULL, NULL, 500000, 0},
        {"little left", NULL, NULL, 90000, 1},
        {"nothing left", NULL, NULL, 30000, 2},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct box t;
        struct view v;
        char text[256];
        box_make(&t);
        box_moment(&t, 0);
        box_moment(&t, 1);
        (void)snprintf(text, sizeof text, "MemTotal: 1000000 kB\nMemAvailable: %lu kB\n",
                       rows[i].available_kb);
        box_put(&t, "proc/meminfo", text);
        if (rows[i].some1 != NULL) {
            box_put(&t, "t0/proc/pressure/memory",
                    "some avg10=0.00 total=0\nfull avg10=0.00 total=0\n");
            (void)snprintf(text, sizeof text,
                           "some avg10=0.00 total=%s\nfull avg10=0.00 total=%s\n", rows[i].some1,
                           rows[i].full1);
            box_put(&t, "t1/proc/pressure/memory", text);
        }
        open_moments(&v, &t, 2);
        CHECK_ROW(view_value(&v, ACTOP_METRIC_MEMORY_PRESSURE, NULL) == rows[i].want, rows[i].what);
        view_close(&v);
        box_remove(&t);
    }
}

/* ---- containers --------------------------------------------------------------------------------------------------- */

static void the_tightest_limit_of_all_levels_holds(void **state)
{
    static const struct {
        const char *what;
        const char *files[12];     /* path, text, path, text … */
        double memory, used, cpus; /* -1: none */
    } rows[] = {
        {"v2, nested, limit above us",
         {"proc/self/cgroup", "0::/a/b\n", "sys/fs/cgroup/a/memory.max", "1000\n",
          "sys/fs/cgroup/a/memory.current", "900\n", "sys/fs/cgroup/a/b/memory.max", "max\n",
          "sys/fs/cgroup/a/b/cpu.max", "150000 100000\n"},
         1000,
         900,
         1.5},
        {"v2, no limits",
         {"proc/self/cgroup", "0::/a\n", "sys/fs/cgroup/a/memory.max", "max\n",
          "sys/fs/cgroup/a/cpu.max", "max 100000\n"},
         -1,
         -1,
         -1},
        {"v2, a namespace of its own",
         {"proc/self/cgroup", "0::/\n", "sys/fs/cgroup/memory.max", "5000\n",
          "sys/fs/cgroup/memory.current", "1\n"},
         5000,
         1,
         -1},
        {"v2, outside of the namespace",
         {"proc/self/cgroup", "0::/../x\n", "sys/fs/cgroup/memory.max", "7\n"},
         7,
         -1,
         -1},
        {"v1, mounted from our group down",
         {"proc/self/cgroup", "4:memory:/docker/x\n2:cpu,cpuacct:/docker/x\n",
          "sys/fs/cgroup/memory/memory.limit_in_bytes", "2000\n",
          "sys/fs/cgroup/memory/memory.usage_in_bytes", "10\n",
          "sys/fs/cgroup/cpu/cpu.cfs_quota_us", "50000\n", "sys/fs/cgroup/cpu/cpu.cfs_period_us",
          "100000\n"},
         2000,
         10,
         0.5},
        {"v1, no limits",
         {"proc/self/cgroup", "4:memory:/\n2:cpu:/\n", "sys/fs/cgroup/memory/memory.limit_in_bytes",
          "9223372036854771712\n", "sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n",
          "sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n"},
         -1,
         -1,
         -1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        static const actop_metric ids[] = {ACTOP_METRIC_CGROUP_MEM_LIMIT,
                                           ACTOP_METRIC_CGROUP_MEM_USED,
                                           ACTOP_METRIC_CGROUP_CPU_LIMIT};
        const double want[] = {rows[i].memory, rows[i].used, rows[i].cpus};
        struct box t;
        struct view v;
        box_make(&t);
        box_put(&t, "proc/meminfo", MEMINFO);
        for (size_t k = 0; k < 12 && rows[i].files[k] != NULL; k += 2)
            box_put(&t, rows[i].files[k], rows[i].files[k + 1]);
        open_moments(&v, &t, 1);
        for (size_t k = 0; k < 3; k++) {
            if (want[k] < 0)
                CHECK_ROW(view_state(&v, ids[k], NULL) == ACTOP_STATE_NONE, rows[i].what);
            else
                CHECK_ROW(view_value(&v, ids[k], NULL) == want[k], rows[i].what);
        }
        /* The machine's own memory stays what it is. */
        CHECK_ROW(view_value(&v, ACTOP_METRIC_RAM_TOTAL, NULL) == 16 * GIB, rows[i].what);
        view_close(&v);
        box_remove(&t);
    }
}

/* ---- interfaces ----------------------------------------------------------------------------------------------------- */

/* One line of /proc/net/dev with these bytes received and sent. */
static void put_line(char *text, size_t size, const char *name, unsigned long rx, unsigned long tx)
{
    size_t n = strlen(text);
    (void)snprintf(text + n, size - n, "%6s: %lu 1 0 0 0 0 0 0 %lu 1 0 0 0 0 0 0\n", name, rx, tx);
}

struct link {
    const char *name, *type, *ifindex, *iflink, *device, *master, *devtype, *operstate, *speed;
};

static void put_link(const struct box *t, const struct link *l)
{
    char path[128], text[128];
    static const char *const files[] = {"type", "iflink", "operstate", "speed"};
    const char *const values[] = {l->type, l->iflink, l->operstate, l->speed};
    for (size_t i = 0; i < 4; i++) {
        if (values[i] == NULL)
            continue;
        (void)snprintf(path, sizeof path, "sys/class/net/%s/%s", l->name, files[i]);
        box_put(t, path, values[i]);
    }
    (void)snprintf(path, sizeof path, "sys/class/net/%s/uevent", l->name);
    (void)snprintf(text, sizeof text, "%s%s%sINTERFACE=%s\nIFINDEX=%s\n",
                   l->devtype != NULL ? "DEVTYPE=" : "", l->devtype != NULL ? l->devtype : "",
                   l->devtype != NULL ? "\n" : "", l->name, l->ifindex);
    box_put(t, path, text);
    if (l->device != NULL) {
        (void)snprintf(path, sizeof path, "sys/class/net/%s/device", l->name);
        (void)snprintf(text, sizeof text, "sys/devices/%s/uevent", l->device);
        box_put(t, text, "");
        (void)snprintf(text, sizeof text, "../../../devices/%s", l->device);
        box_link(t, path, text);
    }
    if (l->master != NULL) {
        (void)snprintf(path, sizeof path, "sys/class/net/%s/master", l->name);
        (void)snprintf(text, sizeof text, "../%s", l->master);
        box_link(t, path, text);
    }
}

static void traffic_is_summed_once_whatever_stands_on_what(void **state)
{
    static const struct link links[] = {
        {"lo", "772\n", "1", "1\n", NULL, NULL, NULL, "unknown\n", NULL},
        {"eth0", "1\n", "2", "2\n", "pci0", "bond0", NULL, "up\n", "1000\n"},
        {"eth1", "1\n", "3", "3\n", "pci1", "bond0", NULL, "down\n", "-1\n"},
        {"bond0", "1\n", "4", "4\n", NULL, NULL, "bond", "up\n", "1000\n"},
        {"bond0.7", "1\n", "5", "4\n", NULL, NULL, "vlan", "up\n", "1000\n"},
        {"br0", "1\n", "6", "6\n", NULL, NULL, "bridge", "up\n", NULL},
        {"tun0", "65534\n", "7", "7\n", NULL, NULL, NULL, "unknown\n", "10\n"},
        {"veth9", "1\n", "8", "2\n", NULL, "br0", NULL, "up\n", "10000\n"},
        {"hv0", "1\n", "9", "9\n", "vmbus", NULL, NULL, "up\n", NULL},
        {"vf0", "1\n", "10", "10\n", "pci2", "hv0", NULL, "up\n", NULL},
        {"lan1", "1\n", "11", "2\n", "mdio", NULL, "dsa", "up\n", NULL},
        {"wlan0", "1\n", "12", "12\n", "pci3", NULL, "wlan", "up\n", NULL},
    };
    enum { N = sizeof links / sizeof *links };
    char before[2048] = "", after[2048] = "";
    struct box t;
    struct view v;
    (void)state;
    box_make(&t);
    box_moment(&t, 0);
    box_moment(&t, 1);
    for (unsigned i = 0; i < N; i++) {
        put_link(&t, &links[i]);
        put_line(before, sizeof before, links[i].name, 5000, 7000);
        put_line(after, sizeof after, links[i].name, 5000 + (1ul << i), 7000 + (2ul << i));
    }
    box_put(&t, "t0/proc/net/dev", before);
    box_put(&t, "t1/proc/net/dev", after);
    open_moments(&v, &t, 1);
    assert_int_equal(view_state(&v, ACTOP_METRIC_NET_RX, NULL), ACTOP_STATE_WARMING);
    assert_int_equal(view_next(&v), ACTOP_OK);
    /* eth0, eth1, hv0 and wlan0: hardware that stands on nothing. */
    double want = (1 << 1) + (1 << 2) + (1 << 8) + (1 << 11);
    assert_true(view_value(&v, ACTOP_METRIC_NET_RX, NULL) == want);
    assert_true(view_value(&v, ACTOP_METRIC_NET_TX, NULL) == 2 * want);
    assert_int_equal(view_origin(&v, ACTOP_METRIC_NET_RX, NULL), ACTOP_MEASURED);
    assert_true(view_value(&v, ACTOP_METRIC_IF_RX, "br0") == 32);
    assert_true(view_value(&v, ACTOP_METRIC_IF_RX_BYTES, "br0") == 32);
    assert_true(view_value(&v, ACTOP_METRIC_IF_PHYSICAL, "br0") == 0);
    assert_true(view_value(&v, ACTOP_METRIC_IF_PHYSICAL, "eth1") == 1);
    assert_true(view_value(&v, ACTOP_METRIC_IF_UP, "eth1") == 0);
    assert_true(view_value(&v, ACTOP_METRIC_IF_UP, "lo") == 1);
    assert_true(view_value(&v, ACTOP_METRIC_IF_SPEED, "eth0") == 125e6);
    assert_int_equal(view_state(&v, ACTOP_METRIC_IF_SPEED, "eth1"), ACTOP_STATE_NONE);
    view_close(&v);
    box_remove(&t);
}

static void in_a_container_what_leads_out_stands_for_the_machine(void **state)
{
    static const struct link links[] = {
        {"lo", "772\n", "1", "1\n", NULL, NULL, NULL, "unknown\n", NULL},
        {"eth0", "1\n", "2", "31\n", NULL, NULL, NULL, "up\n", "10000\n"},
        {"veth0", "1\n", "3", "4\n", NULL, NULL, NULL, "up\n", "10000\n"},
        {"veth1", "1\n", "4", "3\n", NULL, NULL, NULL, "up\n", "10000\n"},
    };
    char before[512] = "", after[512] = "";
    struct box t;
    struct view v;
    (void)state;
    box_make(&t);
    box_moment(&t, 0);
    box_moment(&t, 1);
    for (unsigned i = 0; i < 4; i++) {
        put_link(&t, &links[i]);
        put_line(before, sizeof before, links[i].name, 0, 0);
        put_line(after, sizeof after, links[i].name, 10 + i, 20 + i);
    }
    box_put(&t, "t0/proc/net/dev", before);
    box_put(&t, "t1/proc/net/dev", after);
    open_moments(&v, &t, 2);
    assert_true(view_value(&v, ACTOP_METRIC_NET_RX, NULL) == 11);
    assert_int_equal(view_origin(&v, ACTOP_METRIC_NET_RX, NULL), ACTOP_DERIVED);
    view_close(&v);
    box_remove(&t);
}

static void interfaces_that_come_and_go_leave_the_others_rates_alone(void **state)
{
    static const struct link eth0 = {"eth0", "1\n", "2",    "2\n",   "pci0",
                                     NULL,   NULL,  "up\n", "1000\n"};
    struct box t;
    struct view v;
    (void)state;
    box_make(&t);
    for (unsigned i = 0; i < 5; i++) {
        char path[32], text[1024] = "";
        box_moment(&t, i);
        if (i == 1 || i == 2)
            put_line(text, sizeof text, "usb0", 1000 + i * 50, 0);
        put_line(text, sizeof text, "eth0", i * 100, 0);
        if (i == 4) /* the same name, another device: its counters begin anew */
            put_line(text, sizeof text, "usb0", 7, 0);
        (void)snprintf(path, sizeof path, "t%u/proc/net/dev", i);
        box_put(&t, path, text);
    }
    put_link(&t, &eth0);
    box_put(&t, "t1/sys/class/net/usb0/uevent", "IFINDEX=9\n");
    box_put(&t, "t4/sys/class/net/usb0/uevent", "IFINDEX=10\n");
    assert_int_equal(view_open(&v, t.dir, ACTOP_WANT_DEFAULT), ACTOP_OK);
    for (unsigned i = 0; i < 5; i++) {
        assert_int_equal(view_next(&v), ACTOP_OK);
        if (i > 0)
            assert_true(view_value(&v, ACTOP_METRIC_IF_RX, "eth0") == 100);
        assert_true((view_row(&v, ACTOP_SCOPE_INTERFACE, "usb0") >= 0) ==
                    (i == 1 || i == 2 || i == 4));
        if (i == 1 || i == 4)
            assert_int_equal(view_state(&v, ACTOP_METRIC_IF_RX, "usb0"), ACTOP_STATE_WARMING);
        if (i == 2)
            assert_true(view_value(&v, ACTOP_METRIC_IF_RX, "usb0") == 50);
    }
    view_close(&v);
    box_remove(&t);
}

/* ---- disks ---------------------------------------------------------------------------------------------------------- */

static void put_disk(const struct box *t, const char *name, const char *size, bool device,
                     const char *model)
{
    char path[128];
    (void)snprintf(path, sizeof path, "sys/block/%s/size", name);
    box_put(t, path, size);
    if (!device)
        return;
    (void)snprintf(path, sizeof path, "sys/block/%s/device/model", name);
    box_put(t, path, model);
}

static void disks_are_counted_once_and_in_sectors_of_512_bytes(void **state)
{
    static const char before[] = "   8 0 sda 10 0 1000 0 20 0 2000 0 0 4294967000 0\n"
                                 "   8 1 sda1 10 0 1000 0 20 0 2000 0 0 300 0\n"
                                 " 259 0 nvme0n1 1 0 1 0 1 0 1 0 0 0 0\n"
                                 " 259 9 nvme0c0n1 1 0 1 0 1 0 1 0 0 0 0\n"
                                 " 253 0 dm-0 10 0 1000 0 20 0 2000 0 0 300 0\n"
                                 "   9 0 md0 10 0 1000 0 20 0 2000 0 0 300 0\n"
                                 "   7 0 loop0 10 0 1000 0 20 0 2000 0 0 300 0\n"
                                 " 251 0 zram0 10 0 1000 0 20 0 2000 0 0 300 0\n"
                                 "  11 0 sr0 0 0 0 0 0 0 0 0 0 0 0\n"
                                 " 104 0 cciss/c0d0 5 0 5 0 5 0 5 0 0 5 0\n";
    static const char after[] = "   8 0 sda 15 0 1100 0 22 0 2400 0 0 204 0\n"
                                "   8 1 sda1 15 0 1100 0 22 0 2400 0 0 800 0\n"
                                " 259 0 nvme0n1 2 0 9 0 2 0 17 0 0 2000 0\n"
                                " 259 9 nvme0c0n1 2 0 9 0 2 0 17 0 0 2000 0\n"
                                " 253 0 dm-0 15 0 1100 0 22 0 2400 0 0 800 0\n"
                                "   9 0 md0 15 0 1100 0 22 0 2400 0 0 800 0\n"
                                "   7 0 loop0 15 0 1100 0 22 0 2400 0 0 800 0\n"
                                " 251 0 zram0 15 0 1100 0 22 0 2400 0 0 800 0\n"
                                "  11 0 sr0 0 0 0 0 0 0 0 0 0 0 0\n"
                                " 104 0 cciss/c0d0 5 0 5 0 5 0 5 0 0 5 0\n";
    struct box t;
    struct view v;
    (void)state;
    box_make(&t);
    box_moment(&t, 0);
    box_moment(&t, 1);
    box_put(&t, "t0/proc/diskstats", before);
    box_put(&t, "t1/proc/diskstats", after);
    put_disk(&t, "sda", "2000\n", true, "Invented Disk 3000  \n");
    put_disk(&t, "nvme0n1", "4000\n", true, "Made-Up SSD\n");
    put_disk(&t, "nvme0c0n1", "4000\n", true, "Made-Up SSD\n");
    box_put(&t, "sys/block/nvme0c0n1/hidden", "1\n");
    put_disk(&t, "dm-0", "2000\n", false, NULL);
    put_disk(&t, "md0", "2000\n", false, NULL);
    put_disk(&t, "loop0", "2000\n", false, NULL);
    put_disk(&t, "zram0", "2000\n", false, NULL);
    put_disk(&t, "sr0", "0\n", true, "Drive\n");
    put_disk(&t, "cciss!c0d0", "8\n", true, "Array\n");
    open_moments(&v, &t, 2);
    assert_int_equal(sample_rows(v.sample, ACTOP_SCOPE_DISK), 3);
    assert_true(view_value(&v, ACTOP_METRIC_DISK_READ, NULL) == (100 + 8) * 512);
    assert_true(view_value(&v, ACTOP_METRIC_DISK_WRITE, NULL) == (400 + 16) * 512);
    assert_true(view_value(&v, ACTOP_METRIC_DISK_READ_OPS, "sda") == 5);
    assert_true(view_value(&v, ACTOP_METRIC_DISK_BUSY, "sda") ==
                0.5); /* over the wrap of 32 bits */
    assert_true(view_value(&v, ACTOP_METRIC_DISK_BUSY, "nvme0n1") == 1);
    assert_true(view_value(&v, ACTOP_METRIC_DISK_SIZE, "sda") == 2000 * 512);
    assert_string_equal(view_text(&v, ACTOP_METRIC_DISK_MODEL, "sda"), "Invented Disk 3000");
    assert_string_equal(view_text(&v, ACTOP_METRIC_DISK_MODEL, "cciss/c0d0"), "Array");
    view_close(&v);
    box_remove(&t);
}

static void a_disk_that_is_plugged_in_leaves_the_others_alone(void **state)
{
    struct box t;
    struct view v;
    (void)state;
    box_make(&t);
    for (unsigned i = 0; i < 4; i++) {
        char path[32], text[512];
        box_moment(&t, i);
        (void)snprintf(text, sizeof text, "%s   8 16 sdb 0 0 %u 0 0 0 0 0 0 0 0\n",
                       i == 1 || i == 2 ? "   8 0 sda 0 0 8 0 0 0 0 0 0 0 0\n" : "", i * 10);
        (void)snprintf(path, sizeof path, "t%u/proc/diskstats", i);
        box_put(&t, path, text);
    }
    put_disk(&t, "sda", "2\n", true, "A\n");
    put_disk(&t, "sdb", "2\n", true, "B\n");
    assert_int_equal(view_open(&v, t.dir, ACTOP_WANT_DEFAULT), ACTOP_OK);
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(view_next(&v), ACTOP_OK);
        assert_int_equal(sample_rows(v.sample, ACTOP_SCOPE_DISK), i == 1 || i == 2 ? 2 : 1);
        if (i > 0)
            assert_true(view_value(&v, ACTOP_METRIC_DISK_ONE_READ, "sdb") == 5120);
    }
    view_close(&v);
    box_remove(&t);
}

/* Eight disks, as many as there is room for at first, and a ninth. */
static void put_disks(const struct box *b, const char *path, unsigned n)
{
    char text[1024] = "";
    for (unsigned i = 0; i < n; i++)
        (void)snprintf(text + strlen(text), sizeof text - strlen(text),
                       "8 %u sd%c 1 0 8 1 1 0 8 1 0 1 1\n", i * 16, 'a' + (char)i);
    box_put(b, path, text);
}

/* A disk that is seen first when memory ran out, or between two reads of the file, is learnt in the next tick, and the
 * others' figures of that tick stay. */
static void a_disk_that_could_not_be_learnt_at_once_takes_no_other_along(void **state)
{
    bool hit = true;
    (void)state;
    for (long n = 1; hit; n++) {
        struct box b;
        struct view v;
        char path[32];
        box_make(&b);
        for (unsigned m = 0; m < 3; m++) {
            box_moment(&b, m);
            (void)snprintf(path, sizeof path, "t%u/proc/diskstats", m);
            put_disks(&b, path, m == 0 ? 8 : 9);
        }
        for (char name = 'a'; name < 'j'; name++) {
            (void)snprintf(path, sizeof path, "sys/block/sd%c/size", name);
            box_put(&b, path, "1\n");
        }
        assert_int_equal(view_open(&v, b.dir, ACTOP_WANT_DEFAULT), ACTOP_OK);
        assert_int_equal(view_next(&v), ACTOP_OK);
        alloc_fail_nth(n);
        actop_status st = view_next(&v);
        hit = alloc_failed();
        alloc_fail_nth(0);
        assert_true(st == ACTOP_OK || (hit && st == ACTOP_E_NOMEM));
        assert_int_equal(view_next(&v), ACTOP_OK);
        assert_int_equal(sample_rows(v.sample, ACTOP_SCOPE_DISK), 9);
        view_close(&v);
        box_remove(&b);
    }
}

static void disks_that_may_not_be_looked_at_are_denied_not_none(void **state)
{
    struct box t;
    struct view v;
    (void)state;
    box_make(&t);
    box_moment(&t, 0);
    box_moment(&t, 1);
    box_put(&t, "proc/diskstats", "   8 0 sda 10 0 1000 0 20 0 2000 0 0 300 0\n");
    box_put(&t, "sys/block/sda/size", "2000\n");
    box_put(&t, "ERRNOS", "EACCES sys/block\n");
    open_moments(&v, &t, 2);
    assert_int_equal(sample_rows(v.sample, ACTOP_SCOPE_DISK), 0);
    assert_int_equal(view_state(&v, ACTOP_METRIC_DISK_READ, NULL), ACTOP_STATE_DENIED);
    view_close(&v);
    box_remove(&t);
}

/* ---- volumes ----------------------------------------------------------------------------------------------------------- */

static void real_file_systems_are_listed_once_and_remote_ones_not_asked(void **state)
{
    struct box t;
    struct view v;
    (void)state;
    box_make(&t);
    box_put(&t, "proc/self/mountinfo",
            "20 1 259:2 / / rw - ext4 /dev/nvme0n1p2 rw\n"
            "21 20 0:5 / /proc rw - proc proc rw\n"
            "22 20 0:6 / /run rw - tmpfs tmpfs rw\n"
            "23 20 259:2 /var/lib /mnt/bind rw - ext4 /dev/nvme0n1p2 rw\n"
            "24 20 0:31 /@home /home rw - btrfs /dev/sdb1 rw\n"
            "25 20 0:32 /@srv /srv rw - btrfs /dev/sdb1 rw\n"
            "26 20 0:40 / /net rw - nfs4 server:/x rw\n"
            "27 20 7:1 / /snap/a rw - squashfs /dev/loop1 ro\n"
            "28 20 8:17 / /old rw - vfat /dev/sdc1 rw\n"
            "29 20 8:33 / /old rw - vfat /dev/sdd1 rw\n"
            "30 20 0:44 / /fuse rw - fuse.sshfs host: rw\n"
            "31 20 0:45 / /run/user/doc rw - fuse.portal portal rw\n"
            "32 20 8:49 / /my\\040disk rw - xfs /dev/sde1 rw\n"
            "33 20 8:65 / /locked rw - ext4 /dev/sdf1 rw\n"
            "34 20 8:81 / /hid\\040den rw - ext4 /dev/sdg1 rw\n"
            "35 34 0:50 / /hid\\040den rw - tmpfs tmpfs rw\n"
            "36 20 0:51 / /auto rw - autofs systemd-1 rw\n"
            "37 36 8:97 / /auto rw - vfat /dev/sdh1 rw\n");
    box_put(&t, "STATVFS", " 4096 1000 400 300\nhome 4096 10 5 5\nold 512 100 100 100\n");
    box_put(&t, "ERRNOS", "EACCES locked\n");
    open_moments(&v, &t, 1);
    assert_int_equal(sample_rows(v.sample, ACTOP_SCOPE_VOLUME), 8);
    assert_true(view_row(&v, ACTOP_SCOPE_VOLUME, "/auto") >= 0);
    assert_true(view_value(&v, ACTOP_METRIC_VOLUME_TOTAL, "/") == 4096000);
    assert_true(view_value(&v, ACTOP_METRIC_VOLUME_USED, "/") == 600 * 4096);
    assert_true(view_value(&v, ACTOP_METRIC_VOLUME_FREE, "/") == 300 * 4096);
    assert_string_equal(view_text(&v, ACTOP_METRIC_VOLUME_TYPE, "/home"), "btrfs");
    assert_string_equal(view_text(&v, ACTOP_METRIC_VOLUME_DEVICE, "/old"), "/dev/sdd1");
    assert_int_equal(view_state(&v, ACTOP_METRIC_VOLUME_TOTAL, "/net"), ACTOP_STATE_UNSUPPORTED);
    assert_string_equal(view_text(&v, ACTOP_METRIC_VOLUME_TYPE, "/net"), "nfs4");
    assert_int_equal(view_state(&v, ACTOP_METRIC_VOLUME_USED, "/fuse"), ACTOP_STATE_UNSUPPORTED);
    assert_int_equal(view_state(&v, ACTOP_METRIC_VOLUME_TOTAL, "/locked"), ACTOP_STATE_DENIED);
    assert_true(view_row(&v, ACTOP_SCOPE_VOLUME, "/my disk") >= 0);
    view_close(&v);
    box_remove(&t);
}

/* Which places of volumes are shown, in their order. */
static void assert_places(const char *mountinfo, const char *want)
{
    struct box t;
    struct view v;
    char got[200] = "";
    box_make(&t);
    box_put(&t, "proc/self/mountinfo", mountinfo);
    open_moments(&v, &t, 1);
    for (uint32_t row = 0; row < sample_rows(v.sample, ACTOP_SCOPE_VOLUME); row++) {
        const struct entity *e = sample_entity_get(v.sample, ACTOP_SCOPE_VOLUME, row);
        (void)snprintf(got + strlen(got), sizeof got - strlen(got), "%s ",
                       sample_entity_text(v.sample, ACTOP_SCOPE_VOLUME, e->key));
    }
    assert_string_equal(got, want);
    view_close(&v);
    box_remove(&t);
}

#define ROOT_MOUNT "30 1 8:1 / / rw - ext4 /dev/sda1 rw\n"

static void a_volume_stands_at_the_first_place_that_nothing_hides(void **state)
{
    static const struct {
        const char *what, *mountinfo, *want;
    } rows[] = {
        {"a place mounted over later",
         ROOT_MOUNT "31 30 8:2 / /a rw - ext4 /dev/sdb1 rw\n"
                    "32 30 8:2 / /b rw - ext4 /dev/sdb1 rw\n"
                    "33 31 0:9 / /a rw - tmpfs tmpfs rw\n",
         "/ /b "},
        {"a directory above it mounted over",
         ROOT_MOUNT "31 30 8:2 / /m/a rw - ext4 /dev/sdb1 rw\n"
                    "32 30 8:2 / /m2/b rw - ext4 /dev/sdb1 rw\n"
                    "33 30 0:9 / /m rw - tmpfs tmpfs rw\n",
         "/ /m2/b "},
        {"mounted again on what hides it",
         ROOT_MOUNT "31 30 8:2 / /m/a rw - ext4 /dev/sdb1 rw\n"
                    "33 30 0:9 / /m rw - tmpfs tmpfs rw\n"
                    "34 33 8:2 / /m/a rw - ext4 /dev/sdb1 rw\n",
         "/ /m/a "},
        {"inside of what is hidden",
         ROOT_MOUNT "31 30 8:2 / /m rw - ext4 /dev/sdb1 rw\n"
                    "32 31 8:3 / /m/c rw - ext4 /dev/sdc1 rw\n"
                    "33 31 8:4 / /m rw - ext4 /dev/sdd1 rw\n",
         "/ /m "},
        {"everywhere hidden",
         ROOT_MOUNT "31 30 8:2 / /a rw - ext4 /dev/sdb1 rw\n"
                    "33 31 0:9 / /a rw - tmpfs t rw\n",
         "/ "},
        {"a part stays when the whole is hidden",
         ROOT_MOUNT "31 30 8:2 / /a rw - ext4 /dev/sdb1 rw\n"
                    "32 30 8:2 /x /b rw - ext4 /dev/sdb1 rw\n"
                    "33 31 0:9 / /a rw - tmpfs tmpfs rw\n",
         "/ /b "},
        {"the root behind what is mounted on it, over the first root",
         "1 1 0:1 / / rw - rootfs rootfs rw\n31 30 8:2 / /usr rw - ext4 /dev/sdb1 rw\n" ROOT_MOUNT,
         "/usr / "},
        {"ids that go in circles",
         "31 32 8:2 / /a rw - ext4 /dev/sdb1 rw\n32 31 8:3 / /b rw - ext4 /dev/sdc1 rw\n",
         "/a /b "},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        print_message("# %s\n", rows[i].what);
        assert_places(rows[i].mountinfo, rows[i].want);
    }
}

/* ---- batteries ---------------------------------------------------------------------------------------------------------- */

static void batteries_of_every_kind_of_driver_are_understood(void **state)
{
    static const double none = -1e9;
    static const struct {
        const char *what, *uevent;
        double charge, flow_w, health, full_j, time_s;
        actop_origin origin;
    } rows[] = {
        {"energy and power, discharging, magnitude only",
         "POWER_SUPPLY_STATUS=Discharging\nPOWER_SUPPLY_CAPACITY=50\nPOWER_SUPPLY_ENERGY_NOW=25000000\n"
         "POWER_SUPPLY_ENERGY_FULL=50000000\nPOWER_SUPPLY_ENERGY_FULL_DESIGN=62500000\nPOWER_SUPPLY_POWER_NOW=10000000\n",
         0.5, -10, 0.8, 180000, 9000, ACTOP_MEASURED},
        {"charge and current, charging",
         "POWER_SUPPLY_STATUS=Charging\nPOWER_SUPPLY_CHARGE_NOW=2000000\nPOWER_SUPPLY_CHARGE_FULL=4000000\n"
         "POWER_SUPPLY_CHARGE_FULL_DESIGN=4000000\nPOWER_SUPPLY_CURRENT_NOW=1000000\nPOWER_SUPPLY_VOLTAGE_NOW=12000000\n"
         "POWER_SUPPLY_VOLTAGE_MIN_DESIGN=10000000\nPOWER_SUPPLY_TIME_TO_FULL_NOW=1234\n",
         0.5, 12, 1, 144000, 1234, ACTOP_DERIVED},
        {"signed current, discharging",
         "POWER_SUPPLY_STATUS=Discharging\nPOWER_SUPPLY_CAPACITY=99\nPOWER_SUPPLY_CURRENT_NOW=-500000\n"
         "POWER_SUPPLY_VOLTAGE_NOW=10000000\n",
         0.99, -5, -1e9, -1e9, -1e9, ACTOP_MEASURED},
        {"macsmc: a charge of several times the full one",
         "POWER_SUPPLY_STATUS=Discharging\nPOWER_SUPPLY_CAPACITY=100\nPOWER_SUPPLY_CHARGE_NOW=30000000\n"
         "POWER_SUPPLY_CHARGE_FULL=5000000\nPOWER_SUPPLY_CHARGE_FULL_DESIGN=5000000\nPOWER_SUPPLY_ENERGY_NOW=400000000\n"
         "POWER_SUPPLY_ENERGY_FULL=60000000\nPOWER_SUPPLY_POWER_NOW=-6000000\n",
         1, -6, 1, 216000, -1e9, ACTOP_DERIVED},
        {"full, on the adapter",
         "POWER_SUPPLY_STATUS=Full\nPOWER_SUPPLY_CAPACITY=100\nPOWER_SUPPLY_POWER_NOW=0\n", 1, 0,
         -1e9, -1e9, -1e9, ACTOP_MEASURED},
        {"a driver that says nothing", "POWER_SUPPLY_STATUS=Unknown\n", -1e9, -1e9, -1e9, -1e9,
         -1e9, ACTOP_MEASURED},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        static const actop_metric ids[] = {ACTOP_METRIC_BATTERY_CHARGE, ACTOP_METRIC_BATTERY_FLOW,
                                           ACTOP_METRIC_BATTERY_HEALTH, ACTOP_METRIC_BATTERY_FULL,
                                           ACTOP_METRIC_BATTERY_TIME};
        const double want[] = {rows[i].charge, rows[i].flow_w, rows[i].health, rows[i].full_j,
                               rows[i].time_s};
        struct box t;
        struct view v;
        char text[1024];
        box_make(&t);
        (void)snprintf(
            text, sizeof text,
            "POWER_SUPPLY_NAME=BAT0\nPOWER_SUPPLY_TYPE=Battery\nPOWER_SUPPLY_PRESENT=1\n%s",
            rows[i].uevent);
        box_put(&t, "sys/class/power_supply/BAT0/uevent", text);
        open_moments(&v, &t, 1);
        for (size_t k = 0; k < 5; k++) {
            if (want[k] <= none)
                CHECK_ROW(view_state(&v, ids[k], "BAT0") == ACTOP_STATE_UNSUPPORTED, rows[i].what);
            else
                assert_float_equal(view_value(&v, ids[k], "BAT0"), want[k], 1e-6);
        }
        if (want[0] > none)
            CHECK_ROW(view_origin(&v, ids[0], "BAT0") == rows[i].origin, rows[i].what);
        view_close(&v);
        box_remove(&t);
    }
}

static void a_mouse_is_no_battery_and_adapters_add_up(void **state)
{
    struct box t;
    struct view v;
    (void)state;
    box_make(&t);
    box_put(&t, "sys/class/power_supply/mouse/uevent",
            "POWER_SUPPLY_TYPE=Battery\nPOWER_SUPPLY_SCOPE=Device\nPOWER_SUPPLY_CAPACITY=3\n");
    box_put(
        &t, "sys/class/power_supply/BAT0/uevent",
        "POWER_SUPPLY_TYPE=Battery\nPOWER_SUPPLY_STATUS=Charging\nPOWER_SUPPLY_POWER_NOW=4000000\n");
    box_put(
        &t, "sys/class/power_supply/BAT1/uevent",
        "POWER_SUPPLY_TYPE=Battery\nPOWER_SUPPLY_STATUS=Discharging\nPOWER_SUPPLY_POWER_NOW=1000000\n");
    box_put(&t, "sys/class/power_supply/BAT2/uevent",
            "POWER_SUPPLY_TYPE=Battery\nPOWER_SUPPLY_PRESENT=0\n");
    box_put(
        &t, "sys/class/power_supply/AC/uevent",
        "POWER_SUPPLY_TYPE=Mains\nPOWER_SUPPLY_ONLINE=1\nPOWER_SUPPLY_CURRENT_NOW=2000000\nPOWER_SUPPLY_VOLTAGE_NOW=20000000\n");
    box_put(
        &t, "sys/class/power_supply/usb/uevent",
        "POWER_SUPPLY_TYPE=USB\nPOWER_SUPPLY_ONLINE=0\nPOWER_SUPPLY_CURRENT_NOW=3000000\nPOWER_SUPPLY_VOLTAGE_NOW=5000000\n");
    open_moments(&v, &t, 1);
    assert_int_equal(sample_rows(v.sample, ACTOP_SCOPE_BATTERY), 2);
    assert_float_equal(view_value(&v, ACTOP_METRIC_BATTERY_POWER, NULL), 3, 1e-9);
    assert_float_equal(view_value(&v, ACTOP_METRIC_ADAPTER_POWER, NULL), 40, 1e-9);
    view_close(&v);
    box_remove(&t);
}

/* ---- failures ------------------------------------------------------------------------------------------------------------ */

static void make_small_machine(struct box *t)
{
    static const struct link eth0 = {"eth0", "1\n", "2",    "2\n",   "pci0",
                                     NULL,   NULL,  "up\n", "1000\n"};
    box_make(t);
    put_auxv(t, 4096);
    box_put(t, "proc/meminfo", MEMINFO);
    box_put(t, "proc/vmstat", "pswpin 1\npswpout 2\n");
    box_put(t, "proc/net/dev", "eth0: 1 1 0 0 0 0 0 0 2 1 0 0 0 0 0 0\n");
    put_link(t, &eth0);
    box_put(t, "proc/diskstats", "   8 0 sda 15 0 1100 0 22 0 2400 0 0 800 0\n");
    put_disk(t, "sda", "2000\n", true, "A\n");
    box_put(t, "proc/self/mountinfo", "20 1 8:1 / / rw - ext4 /dev/sda1 rw\n");
    box_put(t, "STATVFS", " 4096 1000 400 300\n");
    box_put(t, "proc/self/cgroup", "0::/a\n");
    box_put(t, "sys/fs/cgroup/a/memory.max", "1000\n");
    box_put(t, "sys/class/power_supply/BAT0/uevent",
            "POWER_SUPPLY_TYPE=Battery\nPOWER_SUPPLY_CAPACITY=3\n");
    box_put(t, "proc/1/stat", "1 (init) S 0 1 1 0 -1 0 0 0 0 0 5 6 0 0 20 0 1 0 3 4096 10\n");
}

/* ---- graphics and CPUs ------------------------------------------------------------------------------------------------ */

static void an_xe_card_is_read_by_its_tile(void **state)
{
    struct box b;
    struct view v;
    (void)state;
    box_make(&b);
    box_moment(&b, 0);
    box_moment(&b, 1);
    box_link(&b, "sys/class/drm/card1/device", "../../../devices/0000:03:00.0");
    box_put(&b, "sys/devices/0000:03:00.0/drm/renderD129/dev", "226:129\n");
    box_link(&b, "sys/devices/0000:03:00.0/driver", "../../bus/pci/drivers/xe");
    box_put(&b, "sys/devices/0000:03:00.0/tile0/gt0/freq0/act_freq", "1950\n");
    box_put(&b, "sys/devices/0000:03:00.0/tile0/gt0/freq0/cur_freq", "2000\n");
    box_put(&b, "sys/devices/0000:03:00.0/tile0/gt0/freq0/rp0_freq", "2850\n");
    box_put(&b, "t0/sys/devices/0000:03:00.0/tile0/gt0/gtidle/idle_residency_ms", "5000\n");
    box_put(&b, "t1/sys/devices/0000:03:00.0/tile0/gt0/gtidle/idle_residency_ms", "5400\n");
    assert_int_equal(view_open(&v, b.dir, ACTOP_WANT_DEFAULT), ACTOP_OK);
    assert_int_equal(view_next(&v), ACTOP_OK);
    assert_int_equal(view_state(&v, ACTOP_METRIC_GPU_UTIL, NULL), ACTOP_STATE_WARMING);
    assert_int_equal(view_next(&v), ACTOP_OK);
    assert_float_equal(view_value(&v, ACTOP_METRIC_GPU_UTIL, NULL), 0.6, 1e-9);
    assert_int_equal(view_origin(&v, ACTOP_METRIC_GPU_UTIL, NULL), ACTOP_ESTIMATED);
    assert_true(view_value(&v, ACTOP_METRIC_GPU_FREQ, NULL) == 1950e6);
    assert_true(view_value(&v, ACTOP_METRIC_GPU_MAX_FREQ, NULL) == 2850e6);
    assert_string_equal(view_text(&v, ACTOP_METRIC_GPU_NAME, "card1"), "xe");
    view_close(&v);
    box_remove(&b);
}

static void cpus_that_are_added_become_rows_and_leave_the_others_rates_alone(void **state)
{
    struct box b;
    struct view v;
    (void)state;
    box_make(&b);
    box_moment(&b, 0);
    box_moment(&b, 1);
    box_moment(&b, 2);
    box_put(&b, "t0/proc/stat", "cpu  1 0 0 9 0 0 0 0 0 0\ncpu0 1 0 0 9 0 0 0 0 0 0\n");
    box_put(&b, "t1/proc/stat",
            "cpu  61 0 0 49 0 0 0 0 0 0\ncpu0 61 0 0 49 0 0 0 0 0 0\ncpu7 0 0 0 0 0 0 0 0 0 0\n");
    box_put(&b, "t2/proc/stat",
            "cpu  151 0 0 159 0 0 0 0 0 0\ncpu0 81 0 0 129 0 0 0 0 0 0\n"
            "cpu7 70 0 0 30 0 0 0 0 0 0\n");
    box_put(&b, "t0/sys/devices/system/cpu/present", "0\n");
    box_put(&b, "t1/sys/devices/system/cpu/present", "0,7\n");
    assert_int_equal(view_open(&v, b.dir, ACTOP_WANT_DEFAULT), ACTOP_OK);
    assert_int_equal(view_next(&v), ACTOP_OK);
    assert_int_equal(view_row(&v, ACTOP_SCOPE_CORE, "cpu7"), -1);
    assert_int_equal(view_next(&v), ACTOP_OK);
    assert_float_equal(view_value(&v, ACTOP_METRIC_CORE_UTIL, "cpu0"), 0.6, 1e-9);
    assert_int_equal(view_state(&v, ACTOP_METRIC_CORE_UTIL, "cpu7"), ACTOP_STATE_WARMING);
    assert_int_equal(view_next(&v), ACTOP_OK);
    assert_float_equal(view_value(&v, ACTOP_METRIC_CORE_UTIL, "cpu0"), 0.2, 1e-9);
    assert_float_equal(view_value(&v, ACTOP_METRIC_CORE_UTIL, "cpu7"), 0.7, 1e-9);
    assert_true(view_value(&v, ACTOP_METRIC_GAPS, NULL) == 0);
    view_close(&v);
    box_remove(&b);
}

static void every_failing_read_leaves_the_rest_and_crashes_nothing(void **state)
{
    struct box t;
    (void)state;
    make_small_machine(&t);
    uint32_t want = ACTOP_WANT_DEFAULT | ACTOP_WANT(ACTOP_SCOPE_PROCESS) | ACTOP_WANT_CMDLINE |
                    ACTOP_WANT_GPU_CLIENTS;
    for (uint64_t n = 1;; n++) {
        struct root *root = NULL;
        struct view v = {.want = want};
        assert_int_equal(root_open(&root, t.dir, NULL), ACTOP_OK);
        assert_int_equal(linux_open_root(&v.source, root, NULL), ACTOP_OK);
        root_fail_nth(root, n);
        assert_int_equal(linux_source.describe(v.source, &v.schema, NULL), ACTOP_OK);
        v.decoder = decode_for("linux")->create();
        v.pool = sample_pool_new();
        assert_int_equal(view_next(&v), ACTOP_OK);
        bool hit = root_calls(root) >= n;
        root_fail_nth(root, 0);
        assert_int_equal(view_next(&v), ACTOP_OK);
        view_close(&v);
        if (!hit)
            break;
        assert_true(n < 5000);
    }
    box_remove(&t);
}

static void every_failing_allocation_is_an_error_and_leaks_nothing(void **state)
{
    struct box t;
    (void)state;
    make_small_machine(&t);
    uint32_t want = ACTOP_WANT_DEFAULT | ACTOP_WANT(ACTOP_SCOPE_PROCESS) | ACTOP_WANT_CMDLINE;
    for (long n = 1;; n++) {
        struct view v;
        alloc_fail_nth(n);
        actop_status st = view_open(&v, t.dir, want);
        if (st == ACTOP_OK)
            st = view_next(&v);
        bool failed = alloc_failed();
        alloc_fail_nth(0);
        assert_true(st == ACTOP_OK || (failed && st == ACTOP_E_NOMEM));
        view_close(&v);
        if (!failed)
            break;
        assert_true(n < 5000);
    }
    box_remove(&t);
}

static void an_empty_tree_gives_no_figures_and_says_why(void **state)
{
    struct box t;
    struct view v;
    (void)state;
    box_make(&t);
    open_moments(&v, &t, 2);
    assert_int_equal(view_state(&v, ACTOP_METRIC_RAM_TOTAL, NULL), ACTOP_STATE_UNSUPPORTED);
    assert_int_equal(view_state(&v, ACTOP_METRIC_NET_RX, NULL), ACTOP_STATE_UNSUPPORTED);
    assert_int_equal(view_state(&v, ACTOP_METRIC_DISK_READ, NULL), ACTOP_STATE_UNSUPPORTED);
    for (size_t i = 0; i < v.schema->n_collectors; i++) {
        const struct collector *c = &v.schema->collectors[i];
        if (strcmp(schema_text(v.schema, c->name), "memory") == 0 ||
            strcmp(schema_text(v.schema, c->name), "network") == 0)
            assert_true(c->status != 0 && schema_text(v.schema, c->reason)[0] != '\0');
    }
    view_close(&v);
    box_remove(&t);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_split_and_swap_counted_in_pages_of_any_size),
        cmocka_unit_test(a_kernel_that_does_not_say_what_is_available_is_estimated),
        cmocka_unit_test(memory_pressure_is_judged_by_stalls_or_else_by_what_is_left),
        cmocka_unit_test(the_tightest_limit_of_all_levels_holds),
        cmocka_unit_test(traffic_is_summed_once_whatever_stands_on_what),
        cmocka_unit_test(in_a_container_what_leads_out_stands_for_the_machine),
        cmocka_unit_test(interfaces_that_come_and_go_leave_the_others_rates_alone),
        cmocka_unit_test(disks_are_counted_once_and_in_sectors_of_512_bytes),
        cmocka_unit_test(a_disk_that_is_plugged_in_leaves_the_others_alone),
        cmocka_unit_test(a_disk_that_could_not_be_learnt_at_once_takes_no_other_along),
        cmocka_unit_test(disks_that_may_not_be_looked_at_are_denied_not_none),
        cmocka_unit_test(real_file_systems_are_listed_once_and_remote_ones_not_asked),
        cmocka_unit_test(a_volume_stands_at_the_first_place_that_nothing_hides),
        cmocka_unit_test(batteries_of_every_kind_of_driver_are_understood),
        cmocka_unit_test(a_mouse_is_no_battery_and_adapters_add_up),
        cmocka_unit_test(an_xe_card_is_read_by_its_tile),
        cmocka_unit_test(cpus_that_are_added_become_rows_and_leave_the_others_rates_alone),
        cmocka_unit_test(every_failing_read_leaves_the_rest_and_crashes_nothing),
        cmocka_unit_test(every_failing_allocation_is_an_error_and_leaks_nothing),
        cmocka_unit_test(an_empty_tree_gives_no_figures_and_says_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
