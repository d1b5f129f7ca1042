/* SPDX-License-Identifier: MIT */
#include "lib/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "source/linux/parse.h"

#define STAT_TAIL                                                                                    \
    " S 7 10 10 0 -1 4194560 5 6 7 8 900 100 11 12 20 0 3 0 123456 4096000 250 18446744073709551615" \
    " 1 1 0 0 0 0 0 0 0 0 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 0\n"

static bool same(struct span s, const char *text)
{
    return span_is(s, text);
}

static void a_process_is_read_whatever_its_name_is(void **state)
{
    static const struct {
        const char *what, *name;
    } rows[] = {
        {"plain", "bash"},
        {"empty", ""},
        {"a blank", "tmux: server"},
        {"a parenthesis", "a)b"},
        {"what looks like the rest", ") S 1 2 3"},
        {"only parentheses", "))))((("},
        {"a newline", "a\nb"},
        {"escape sequences", "\033[2J\007"},
        {"a worker", "kworker/u256:12+events_unbound_and_a_long_name_that_goes_on_and_on"},
        {"bytes that are no text", "\xff\xfe\x80"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[512];
        struct pid_stat stat;
        int n = snprintf(text, sizeof text, "4242 (%s)" STAT_TAIL, rows[i].name);
        CHECK_ROW(parse_pid_stat(text, (size_t)n, &stat), rows[i].what);
        CHECK_ROW(same(stat.name, rows[i].name), rows[i].what);
        CHECK_ROW(stat.pid == 4242 && stat.state == 'S' && stat.ppid == 7, rows[i].what);
        CHECK_ROW(stat.flags == 4194560 && stat.utime == 900 && stat.stime == 100, rows[i].what);
        CHECK_ROW(stat.threads == 3 && stat.start == 123456 && stat.rss_pages == 250, rows[i].what);
        CHECK_ROW(stat.exit_signal == 17, rows[i].what);
    }
}

static void a_process_cut_off_anywhere_is_refused_or_right(void **state)
{
    static const char text[] = "4242 (a b)" STAT_TAIL;
    (void)state;
    for (size_t n = 0; n < sizeof text; n++) {
        struct pid_stat stat;
        char *cut = malloc(n + 1); /* of its own, so that reading past it is seen */
        assert_non_null(cut);
        memcpy(cut, text, n);
        cut[n] = '\0';
        if (parse_pid_stat(cut, n, &stat))
            assert_true(stat.start == 123456 && stat.threads == 3);
        free(cut);
    }
}

static void odd_processes_are_refused(void **state)
{
    static const char *const rows[] = {
        "",
        ")",
        "(",
        "1 (a",
        "1 a) S 1",
        "x (a) S 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1",
        "1 (a) S",
        "1 (a) 7 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1",
        "1 (a) S 99999999999999999999 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1",
    };
    struct pid_stat stat;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        CHECK_ROW(!parse_pid_stat(rows[i], strlen(rows[i]), &stat), rows[i]);
}

static void resident_pages_below_zero_are_none(void **state)
{
    static const char text[] =
        "1 (a) R 0 1 1 0 -1 0 0 0 0 0 18446744073709551615 0 0 0 -100 -20 1 0 5 0 -3 0";
    struct pid_stat stat;
    (void)state;
    assert_true(parse_pid_stat(text, sizeof text - 1, &stat));
    assert_int_equal(stat.rss_pages, 0);
    assert_true(stat.utime == UINT64_MAX);
}

static void pairs_are_found_between_lines_of_other_shapes(void **state)
{
    const char *at =
        "MemTotal:       16384 kB\nnothing\nHugePages_Total:    0\n\npswpin 7\nbad: x\n"
        "huge: 99999999999999999999\nlast 3";
    static const struct {
        const char *name;
        uint64_t value;
    } want[] = {{"MemTotal", 16384}, {"HugePages_Total", 0}, {"pswpin", 7}, {"last", 3}};
    struct span name;
    uint64_t value;
    (void)state;
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        CHECK_ROW(parse_pair(&at, &name, &value), want[i].name);
        CHECK_ROW(same(name, want[i].name) && value == want[i].value, want[i].name);
    }
    assert_false(parse_pair(&at, &name, &value));
}

static void bytes_of_a_process_are_read_or_refused(void **state)
{
    static const struct {
        const char *what, *text;
        bool ok;
        uint64_t read_b, written_b;
    } rows[] = {
        {"as it is",
         "rchar: 9\nwchar: 8\nsyscr: 7\nsyscw: 6\nread_bytes: 4096\nwrite_bytes: 512\n"
         "cancelled_write_bytes: 3\n",
         true, 4096, 512},
        {"the most there can be",
         "read_bytes: 18446744073709551615\nwrite_bytes: 18446744073709551615", true, UINT64_MAX,
         UINT64_MAX},
        {"too much", "read_bytes: 18446744073709551616\nwrite_bytes: 1\n", false, 0, 0},
        {"cut", "rchar: 9\nread_bytes: 4096\nwrite_by", false, 0, 0},
        {"negative", "read_bytes: -1\nwrite_bytes: 1\n", false, 0, 0},
        {"another name", "xread_bytes: 1\nread_bytes: 2\nwrite_bytes: 3\n", true, 2, 3},
        {"only what was taken back", "read_bytes: 1\ncancelled_write_bytes: 3\n", false, 0, 0},
        {"nothing", "", false, 0, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct pid_io io = {0};
        CHECK_ROW(parse_pid_io(rows[i].text, &io) == rows[i].ok, rows[i].what);
        CHECK_ROW(!rows[i].ok || (io.read_b == rows[i].read_b && io.written_b == rows[i].written_b),
                  rows[i].what);
    }
}

static void interfaces_are_read_with_aliases_and_without_blanks(void **state)
{
    const char *at =
        "Inter-|   Receive                                                |  Transmit\n"
        " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs\n"
        "    lo: 10 1 0 0 0 0 0 0 10 1 0 0 0 0 0 0\n"
        "eth0:18446744073709551615 2 3 0 0 0 0 0 500 4 5 0 0 0 0 0\n"
        "eth0:1: 7 1 0 0 0 0 0 0 8 1 0 0 0 0 0 0\n"
        "cut0: 1 2 3\n"
        "wlp2s0: 1 2 3 0 0 0 0 0 4 5 6 0 0 0 0 0";
    static const struct {
        const char *name;
        uint64_t rx, rx_errors, tx, tx_errors;
    } want[] = {
        {"lo", 10, 0, 10, 0},
        {"eth0", UINT64_MAX, 3, 500, 5},
        {"eth0:1", 7, 0, 8, 0},
        {"wlp2s0", 1, 3, 4, 6},
    };
    struct net_dev dev;
    (void)state;
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        CHECK_ROW(parse_net_dev(&at, &dev), want[i].name);
        CHECK_ROW(same(dev.name, want[i].name), want[i].name);
        CHECK_ROW(dev.rx_bytes == want[i].rx && dev.tx_bytes == want[i].tx, want[i].name);
        CHECK_ROW(dev.rx_errors == want[i].rx_errors && dev.tx_errors == want[i].tx_errors,
                  want[i].name);
    }
    assert_false(parse_net_dev(&at, &dev));
}

static void disks_are_read_with_the_columns_of_old_and_new_kernels(void **state)
{
    const char *at = "   8       0 sda 100 1 2000 3 400 5 6000 7 0 88 99\n"
                     " 259       0 nvme0n1 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17\n"
                     "   8       1 sda1 1 2 3 4\n"
                     " 104       0 cciss/c0d0 1 2 3 4 5 6 7 8 9 10 11\n";
    static const struct {
        const char *name;
        uint64_t major, reads, read_sectors, writes, written_sectors, busy_ms;
    } want[] = {
        {"sda", 8, 100, 2000, 400, 6000, 88},
        {"nvme0n1", 259, 1, 3, 5, 7, 10},
        {"cciss/c0d0", 104, 1, 3, 5, 7, 10},
    };
    struct disk_stat s;
    (void)state;
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        CHECK_ROW(parse_disk_stat(&at, &s) && same(s.name, want[i].name), want[i].name);
        CHECK_ROW(s.major == want[i].major && s.reads == want[i].reads, want[i].name);
        CHECK_ROW(s.read_sectors == want[i].read_sectors && s.writes == want[i].writes,
                  want[i].name);
        CHECK_ROW(s.written_sectors == want[i].written_sectors, want[i].name);
        CHECK_ROW(s.busy_ms == want[i].busy_ms, want[i].name);
    }
    assert_false(parse_disk_stat(&at, &s));
}

static void mounts_are_read_with_any_number_of_optional_fields(void **state)
{
    const char *at =
        "22 1 259:2 / / rw,relatime shared:1 - ext4 /dev/nvme0n1p2 rw\n"
        "30 22 0:33 /sub /mnt/a\\040b rw shared:2 master:3 - btrfs /dev/sdb1 rw,subvol=/sub\n"
        "40 22 0:45 / /srv rw - nfs4 server:/export rw\n"
        "broken\n50 22 0:x / /bad rw - ext4 /dev/x rw\n"
        "60 22 8:1 / /old rw - ext2 none";
    static const struct {
        const char *point, *type, *device, *root;
        uint64_t major, minor;
    } want[] = {
        {"/", "ext4", "/dev/nvme0n1p2", "/", 259, 2},
        {"/mnt/a\\040b", "btrfs", "/dev/sdb1", "/sub", 0, 33},
        {"/srv", "nfs4", "server:/export", "/", 0, 45},
        {"/old", "ext2", "none", "/", 8, 1},
    };
    struct mount m;
    (void)state;
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        CHECK_ROW(parse_mount(&at, &m) && same(m.point, want[i].point), want[i].point);
        CHECK_ROW(same(m.type, want[i].type) && same(m.device, want[i].device), want[i].point);
        CHECK_ROW(same(m.root, want[i].root), want[i].point);
        CHECK_ROW(m.major == want[i].major && m.minor == want[i].minor, want[i].point);
    }
    assert_false(parse_mount(&at, &m));
}

static void octal_escapes_are_undone_and_long_names_cut(void **state)
{
    static const struct {
        const char *text, *want;
        size_t size;
    } rows[] = {
        {"plain", "plain", 64}, {"a\\040b", "a b", 64},
        {"\\134n", "\\n", 64},  {"end\\04", "end\\04", 64},
        {"\\777", "\\777", 64}, {"abcdef", "abc", 4},
        {"a\\040b", "a ", 3},   {"", "", 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char out[64];
        size_t n =
            parse_unescape(out, rows[i].size, (struct span){rows[i].text, strlen(rows[i].text)});
        CHECK_ROW(strcmp(out, rows[i].want) == 0 && n == strlen(rows[i].want), rows[i].text);
    }
}

static void clients_of_gpus_are_summed_over_engines_and_regions(void **state)
{
    static const struct {
        const char *what, *text;
        bool is_drm, has_id, has_busy, has_memory;
        uint64_t id, busy_ns, memory_b, cycles, clock;
    } rows[] = {
        {"an ordinary file", "pos:\t0\nflags:\t02\nmnt_id:\t9\n", false, false, false, false, 0, 0,
         0, 0, 0},
        {"two engines",
         "drm-driver:\tamdgpu\ndrm-client-id:\t42\ndrm-pdev:\t0000:03:00.0\n"
         "drm-engine-gfx:\t1000 ns\ndrm-engine-compute:\t500 ns\ndrm-engine-capacity-gfx:\t2\n",
         true, true, true, false, 42, 1500, 0, 0, 0},
        {"resident wins over total",
         "drm-driver: xe\ndrm-client-id: 1\ndrm-total-vram0: 8 MiB\ndrm-resident-vram0: 3 MiB\n"
         "drm-resident-system: 1024 KiB\ndrm-shared-vram0: 1 MiB\n",
         true, true, false, true, 1, 0, 4u << 20, 0, 0},
        {"memory in bytes", "drm-driver: x\ndrm-memory-vram: 777\n", true, false, false, true, 0, 0,
         777, 0, 0},
        {"i915: nanoseconds of each engine",
         "drm-driver:\ti915\ndrm-pdev:\t0000:00:02.0\ndrm-client-id:\t7\n"
         "drm-total-system0:\t0\ndrm-resident-system0:\t2 MiB\n"
         "drm-engine-render:\t25662044495 ns\ndrm-engine-copy:\t0 ns\ndrm-engine-video:\t5 ns\n"
         "drm-engine-capacity-video:\t2\n",
         true, true, true, true, 7, UINT64_C(25662044500), 2u << 20, 0, 0},
        {"asahi: one engine and its regions",
         "drm-driver:\tasahi\ndrm-client-id:\t12\ndrm-engine-gpu:\t400000000 ns\n"
         "drm-total-memory:\t4096 KiB\ndrm-shared-memory:\t0\ndrm-resident-memory:\t1024 KiB\n",
         true, true, true, true, 12, 400000000, 1u << 20, 0, 0},
        {"xe: cycles of a clock",
         "drm-driver:\txe\ndrm-client-id:\t3\ndrm-pdev:\t0000:03:00.0\n"
         "drm-total-gtt:\t192 KiB\ndrm-resident-gtt:\t192 KiB\n"
         "drm-cycles-rcs:\t28257900\ndrm-total-cycles-rcs:\t7655183225\n"
         "drm-cycles-vcs:\t100\ndrm-total-cycles-vcs:\t7655183226\n"
         "drm-engine-capacity-vcs:\t2\n",
         true, true, false, true, 3, 0, 192u << 10, 28258000, UINT64_C(7655183226)},
        {"cycles without their clock", "drm-driver: xe\ndrm-client-id: 3\ndrm-cycles-ccs: 5\n",
         true, true, false, false, 3, 0, 0, 0, 0},
        {"a clock without cycles", "drm-driver: xe\ndrm-client-id: 3\ndrm-total-cycles-ccs: 5\n",
         true, true, false, false, 3, 0, 0, 0, 0},
        {"sums do not wrap",
         "drm-driver: x\ndrm-engine-a: 18446744073709551615 ns\ndrm-engine-b: 5 ns\n"
         "drm-memory-x: 18446744073709551615 MiB\n",
         true, false, true, true, 0, UINT64_MAX, UINT64_MAX, 0, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct drm_client c;
        parse_drm_fdinfo(rows[i].text, &c);
        CHECK_ROW(c.is_drm == rows[i].is_drm && c.has_id == rows[i].has_id, rows[i].what);
        CHECK_ROW(c.has_busy == rows[i].has_busy && c.has_memory == rows[i].has_memory,
                  rows[i].what);
        CHECK_ROW(c.id == rows[i].id && c.busy_ns == rows[i].busy_ns, rows[i].what);
        CHECK_ROW(c.memory_b == rows[i].memory_b, rows[i].what);
        CHECK_ROW(c.has_cycles == (rows[i].clock > 0), rows[i].what);
        CHECK_ROW(!c.has_cycles || (c.cycles == rows[i].cycles && c.clock == rows[i].clock),
                  rows[i].what);
    }
}

static void users_and_properties_are_found_line_by_line(void **state)
{
    const char *users =
        "root:x:0:0:root:/root:/bin/sh\n# no\nbad:x\n:x:5:5::/:\nnobody:x:65534:65534::/:\n+::::::";
    const char *uevent =
        "POWER_SUPPLY_NAME=BAT0\n=x\nnothing\nPOWER_SUPPLY_MODEL_NAME=a = b\nPOWER_SUPPLY_EMPTY=";
    struct span name, key, value;
    uint64_t uid;
    (void)state;
    assert_true(parse_passwd(&users, &name, &uid) && same(name, "root") && uid == 0);
    assert_true(parse_passwd(&users, &name, &uid) && same(name, "nobody") && uid == 65534);
    assert_false(parse_passwd(&users, &name, &uid));
    assert_true(parse_uevent(&uevent, &key, &value) && same(key, "POWER_SUPPLY_NAME") &&
                same(value, "BAT0"));
    assert_true(parse_uevent(&uevent, &key, &value) && same(value, "a = b"));
    assert_true(parse_uevent(&uevent, &key, &value) && same(value, ""));
    assert_false(parse_uevent(&uevent, &key, &value));
}

static void control_groups_are_found_by_hierarchy(void **state)
{
    static const char hybrid[] =
        "12:cpu,cpuacct:/docker/a\n3:memory:/docker/b\n1:name=systemd:/docker/c\n0::/docker/d\n";
    static const struct {
        const char *controller, *want;
    } rows[] = {{NULL, "/docker/d"},      {"memory", "/docker/b"}, {"cpu", "/docker/a"},
                {"cpuacct", "/docker/a"}, {"pids", NULL},          {"mem", NULL}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct span path;
        bool found = parse_cgroup_path(hybrid, rows[i].controller, &path);
        CHECK_ROW(found == (rows[i].want != NULL) && (!found || same(path, rows[i].want)),
                  rows[i].controller == NULL ? "v2" : rows[i].controller);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_process_is_read_whatever_its_name_is),
        cmocka_unit_test(a_process_cut_off_anywhere_is_refused_or_right),
        cmocka_unit_test(odd_processes_are_refused),
        cmocka_unit_test(resident_pages_below_zero_are_none),
        cmocka_unit_test(pairs_are_found_between_lines_of_other_shapes),
        cmocka_unit_test(bytes_of_a_process_are_read_or_refused),
        cmocka_unit_test(interfaces_are_read_with_aliases_and_without_blanks),
        cmocka_unit_test(disks_are_read_with_the_columns_of_old_and_new_kernels),
        cmocka_unit_test(mounts_are_read_with_any_number_of_optional_fields),
        cmocka_unit_test(octal_escapes_are_undone_and_long_names_cut),
        cmocka_unit_test(clients_of_gpus_are_summed_over_engines_and_regions),
        cmocka_unit_test(users_and_properties_are_found_line_by_line),
        cmocka_unit_test(control_groups_are_found_by_hierarchy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
