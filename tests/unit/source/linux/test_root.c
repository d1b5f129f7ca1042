/* SPDX-License-Identifier: MIT */
/* The root module: nothing outside the directory is ever seen, moments lie over each other, faults come where asked. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "lib/test.h"
#include "lib/tree.h"

static struct root *open_tree(const struct box *t)
{
    struct root *r = NULL;
    actop_error err;
    if (root_open(&r, t->dir, &err) != ACTOP_OK)
        fail_msg("%s", err.text);
    return r;
}

static void a_link_in_a_tree_never_leads_out_of_it(void **state)
{
    static const struct {
        const char *what, *path, *target, *reads;
    } rows[] = {
        {"an absolute target starts at the root", "a/absolute", "/inside", "in"},
        {"one outside is looked for inside", "a/outside", "/etc/passwd", NULL},
        {"dots stop at the root", "a/up", "../../../../../../inside", "in"},
        {"dots stop at the root, then go down", "a/etc", "../../../../../../etc/passwd", NULL},
        {"a relative target stands where the link does", "a/b/near", "../file", "here"},
        {"a link to a link", "a/again", "b/near", "here"},
        {"a loop", "a/loop", "loop", NULL},
        {"a broken one", "a/broken", "nothing", NULL},
    };
    struct box t;
    struct root_text text;
    (void)state;
    box_make(&t);
    box_put(&t, "inside", "in");
    box_put(&t, "a/file", "here");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        box_link(&t, rows[i].path, rows[i].target);
    struct root *r = open_tree(&t);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int errnum = root_load(r, rows[i].path, &text);
        CHECK_ROW((errnum == 0) == (rows[i].reads != NULL), rows[i].what);
        if (rows[i].reads != NULL)
            CHECK_ROW(strcmp(text.text, rows[i].reads) == 0, rows[i].what);
    }
    assert_int_equal(root_load(r, "a/loop", &text), ELOOP);
    assert_int_not_equal(root_load(r, "../../../../../etc/passwd", &text), 0);
    assert_int_not_equal(root_load(r, "/etc/passwd", &text), 0);
    root_close(r);
    box_remove(&t);
}

/* A name may be a directory in one moment and a link in the tree: what is looked up below it must not go through the
 * link, which the system would follow to wherever it leads. */
static void a_link_below_a_directory_of_a_moment_is_not_walked_through(void **state)
{
    struct box outside, t;
    struct root *r = NULL;
    struct root_text text;
    struct root_names names = {0};
    char target[64];
    (void)state;
    box_make(&outside);
    box_make(&t);
    box_put(&outside, "secret", "not of this machine");
    box_link(&outside, "link", "not of this machine");
    box_moment(&t, 0);
    box_put(&t, "t0/a/mine", "of the moment");
    box_link(&t, "a", outside.dir);
    assert_int_equal(root_open(&r, t.dir, NULL), ACTOP_OK);
    assert_int_equal(root_load(r, "a/mine", &text), 0);
    assert_string_equal(text.text, "of the moment");
    assert_int_equal(root_load(r, "a/secret", &text), ENOENT);
    assert_int_equal(root_look(r, "a/secret"), ENOENT);
    assert_int_not_equal(root_readlink(r, "a/link", target, sizeof target), 0);
    assert_int_equal(root_list(r, "a", 0, &names), 0);
    assert_int_equal(names.n, 1);
    assert_string_equal(root_name(&names, 0), "mine");
    root_names_release(&names);
    root_close(r);
    box_remove(&t);
    box_remove(&outside);
}

static void a_directory_behind_a_link_is_walked_inside_the_tree(void **state)
{
    struct box t;
    char name[32], target[64];
    uint64_t value;
    (void)state;
    box_make(&t);
    box_put(&t, "sys/devices/pci/gpu/busy", "37\n");
    box_link(&t, "sys/class/drm/card0/device", "../../../devices/pci/gpu");
    box_link(&t, "sys/devices/pci/gpu/driver", "../../../bus/drivers/amdgpu");
    struct root *r = open_tree(&t);
    assert_int_equal(root_load_u64(r, "sys/class/drm/card0/device/busy", &value), 0);
    assert_int_equal(value, 37);
    /* ".." goes up from where the link leads to, as in the kernel. */
    assert_int_equal(
        root_load_u64(r, "sys/class/drm/card0/device/../../../class/drm/card0/device/busy", &value),
        0);
    assert_int_equal(root_load_u64(r, "sys/class/drm/card0/device/../card0/device/busy", &value),
                     ENOENT);
    assert_int_equal(root_link_name(r, "sys/class/drm/card0/device/driver", name, sizeof name), 0);
    assert_string_equal(name, "amdgpu");
    assert_int_equal(root_readlink(r, "sys/class/drm/card0/device", target, sizeof target), 0);
    assert_string_equal(target, "../../../devices/pci/gpu");
    assert_int_equal(root_readlink(r, "sys/devices", target, sizeof target), EINVAL);
    root_close(r);
    box_remove(&t);
}

static void names_are_listed_in_natural_order_over_all_moments(void **state)
{
    struct box t;
    struct root_names names = {0};
    struct os_moment at;
    (void)state;
    box_make(&t);
    box_put(&t, "d/cpu10", "");
    box_put(&t, "d/cpu9", "");
    box_put(&t, "t0/clock", "wall 1\nawake 2\nboot 3\n");
    box_put(&t, "t0/d/cpu2", "");
    box_put(&t, "t1/clock", "wall 11\nawake 12\nboot 13\n");
    box_put(&t, "t1/d/7", "");
    box_put(&t, "t1/ERRNOS", "ENOENT d/cpu9\n");
    struct root *r = open_tree(&t);
    assert_int_equal(root_list(r, "d", 0, &names), 0);
    assert_int_equal(names.n, 3);
    assert_string_equal(root_name(&names, 0), "cpu2");
    assert_string_equal(root_name(&names, 1), "cpu9");
    assert_string_equal(root_name(&names, 2), "cpu10");
    assert_int_equal(root_advance(r, &at, NULL), ACTOP_OK);
    assert_int_equal(root_advance(r, &at, NULL), ACTOP_OK);
    assert_int_equal(root_list(r, "d", 0, &names), 0);
    assert_int_equal(names.n, 3); /* 7 came, cpu9 went */
    assert_string_equal(root_name(&names, 0), "7");
    assert_int_equal(root_list(r, "d", ROOT_NUMBERS, &names), 0);
    assert_int_equal(names.n, 1);
    assert_int_equal(root_list(r, "nowhere", 0, &names), ENOENT);
    assert_int_equal(root_list(r, "t0/clock", 0, &names), ENOENT);
    root_names_release(&names);
    root_close(r);
    box_remove(&t);
}

static void a_kept_file_shows_its_newest_moment_and_the_clock_goes_along(void **state)
{
    struct box t;
    struct os_moment at;
    uint64_t value;
    actop_error err;
    (void)state;
    box_make(&t);
    box_put(&t, "a", "1\n");
    box_put(&t, "t0/clock", "wall 100\nawake 200\nboot 300\n");
    box_put(&t, "t0/b", "5");
    box_put(&t, "t1/clock", "wall 101\nawake 201\nboot 301\n");
    box_put(&t, "t1/a", " 2 \n");
    box_put(&t, "t2/clock", "wall 102\nawake 202\nboot 302\n");
    struct root *r = open_tree(&t);
    int32_t a = root_keep(r, "%s", "a"), b = root_keep(r, "b");
    for (uint64_t i = 0; i < 3; i++) {
        assert_int_equal(root_advance(r, &at, NULL), ACTOP_OK);
        assert_int_equal(at.awake_ns, 200 + i);
        assert_int_equal(root_read_u64(r, a, &value), 0);
        assert_int_equal(value, i == 0 ? 1 : 2);
        assert_int_equal(root_read_u64(r, b, &value), 0);
        assert_int_equal(value, 5);
    }
    assert_int_equal(root_advance(r, &at, &err), ACTOP_END);
    root_forget(r, a);
    assert_int_equal(root_keep(r, "again"), a); /* its place is used again */
    root_close(r);
    box_remove(&t);
}

static void trees_with_broken_rules_or_clocks_are_refused_with_a_sentence(void **state)
{
    static const struct {
        const char *file, *text, *says;
    } rows[] = {
        {"ERRNOS", "EWHAT sys/x\n", "ERRNOS"},
        {"ERRNOS", "EACCES\n", "ERRNOS"},
        {"STATVFS", "home 4096 1 2\n", "STATVFS"},
        {"t0/STATVFS", "home x\n", "STATVFS"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct box t;
        struct root *r = NULL;
        actop_error err;
        box_make(&t);
        box_put(&t, rows[i].file, rows[i].text);
        CHECK_ROW(root_open(&r, t.dir, &err) == ACTOP_E_FORMAT, rows[i].text);
        CHECK_ROW(strstr(err.text, rows[i].says) != NULL, rows[i].text);
        box_remove(&t);
    }
    struct box t;
    struct os_moment at;
    actop_error err;
    box_make(&t);
    box_put(&t, "t0/x", "");
    struct root *r = open_tree(&t);
    assert_int_equal(root_advance(r, &at, &err), ACTOP_E_NOT_FOUND);
    box_put(&t, "t0/clock", "wall 5\n");
    assert_int_equal(root_advance(r, &at, &err), ACTOP_END); /* it tried its only moment */
    root_close(r);
    assert_int_equal(root_open(&r, "/nowhere/at/all", &err), ACTOP_E_NOT_FOUND);
    box_remove(&t);
}

static void a_rule_gives_its_errno_to_everything_that_touches_the_path(void **state)
{
    struct box t;
    struct root_text text;
    struct root_names names = {0};
    struct root_space space;
    char target[16];
    (void)state;
    box_make(&t);
    box_put(&t, "ERRNOS", "# denied\nEACCES a/file\nEIO a/dir\nEPERM a/link\n\n");
    box_put(&t, "STATVFS", "home 4096 1000 500 400\n 512 10 9 8\n");
    box_put(&t, "a/file", "1");
    box_put(&t, "a/dir/x", "1");
    box_link(&t, "a/link", "file");
    box_link(&t, "way", "a/file");
    struct root *r = open_tree(&t);
    assert_int_equal(root_load(r, "a/file", &text), EACCES);
    assert_int_equal(root_load(r, "way", &text), EACCES); /* also when it is reached by a link */
    assert_int_equal(root_list(r, "a/dir", 0, &names), EIO);
    assert_int_equal(root_load(r, "a/dir/x", &text), EIO);
    assert_int_equal(root_readlink(r, "a/link", target, sizeof target), EPERM);
    assert_int_equal(root_statvfs(r, "home", &space), 0);
    assert_int_equal(space.available, 400);
    assert_int_equal(root_statvfs(r, "", &space), 0);
    assert_int_equal(space.block_size, 512);
    assert_int_equal(root_statvfs(r, "var", &space), ENOENT);
    assert_int_equal(root_fail_path(r, "a/file", EBUSY), ACTOP_OK);
    assert_int_equal(root_load(r, "way", &text), EBUSY);
    assert_int_equal(root_fail_path(r, "a/file", 0), ACTOP_OK);
    assert_int_equal(root_load(r, "way", &text), 0);
    root_names_release(&names);
    root_close(r);
    box_remove(&t);
}

static void numbers_are_whole_and_alone_or_no_numbers(void **state)
{
    static const struct {
        const char *text;
        int errnum;
        int64_t value;
    } rows[] = {
        {"0", 0, 0},
        {"42\n", 0, 42},
        {"  7 \n", 0, 7},
        {"-5\n", 0, -5},
        {"", EINVAL, 0},
        {"\n", EINVAL, 0},
        {"x", EINVAL, 0},
        {"1 2", EINVAL, 0},
        {"3.5", EINVAL, 0},
        {"- 5", EINVAL, 0},
        {"<unknown>\n", EINVAL, 0},
        {"9223372036854775807", 0, INT64_MAX},
        {"9223372036854775808", EINVAL, 0},
        {"-9223372036854775808", 0, INT64_MIN},
        {"99999999999999999999999", EINVAL, 0},
    };
    struct box t;
    (void)state;
    box_make(&t);
    struct root *r = open_tree(&t);
    int32_t file = root_keep(r, "n");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t value = 0;
        box_put(&t, "n", rows[i].text);
        CHECK_ROW(root_read_i64(r, file, &value) == rows[i].errnum, rows[i].text);
        CHECK_ROW(rows[i].errnum != 0 || value == rows[i].value, rows[i].text);
    }
    uint64_t value;
    box_put(&t, "n", "18446744073709551615");
    assert_int_equal(root_read_u64(r, file, &value), 0);
    assert_true(value == UINT64_MAX);
    box_put(&t, "n", "18446744073709551616");
    assert_int_equal(root_read_u64(r, file, &value), EINVAL);
    root_close(r);
    box_remove(&t);
}

static void a_file_larger_than_the_buffer_is_read_whole(void **state)
{
    enum { SIZE = 300000 };
    struct box t;
    struct root_text text;
    char *big = malloc(SIZE + 1);
    (void)state;
    assert_non_null(big);
    memset(big, 'x', SIZE);
    big[SIZE] = '\0';
    box_make(&t);
    box_put(&t, "big", big);
    struct root *r = open_tree(&t);
    assert_int_equal(root_load(r, "big", &text), 0);
    assert_int_equal(text.n, SIZE);
    assert_string_equal(text.text, big);
    free(big);
    root_close(r);
    box_remove(&t);
}

/* A device only where this test may make one: an endless one would take all memory there is. */
static void pipes_devices_and_endless_files_in_somebodys_tree_are_not_read(void **state)
{
    struct box t;
    struct root_text text;
    char path[160];
    (void)state;
    box_make(&t);
    (void)snprintf(path, sizeof path, "%s/pipe", t.dir);
    assert_int_equal(mkfifo(path, 0600), 0);
    (void)snprintf(path, sizeof path, "%s/zero", t.dir);
    bool device = mknod(path, S_IFCHR | 0600, makedev(1, 5)) == 0;
    box_link(&t, "link", "/zero");
    box_put(&t, "huge", "1\n");
    (void)snprintf(path, sizeof path, "%s/huge", t.dir);
    assert_int_equal(truncate(path, (off_t)1 << 40), 0);
    struct root *r = open_tree(&t);
    assert_int_equal(root_load(r, "pipe", &text), EINVAL);
    if (device) {
        assert_int_equal(root_load(r, "zero", &text), EINVAL);
        assert_int_equal(root_load(r, "link", &text), EINVAL);
    }
    assert_int_equal(root_load(r, "huge", &text), EFBIG);
    root_close(r);
    box_remove(&t);
}

static size_t open_files(void)
{
    size_t n = 0;
    for (int fd = 0; fd < 1024; fd++)
        n += fcntl(fd, F_GETFD) >= 0 ? 1 : 0;
    return n;
}

static void the_running_machine_is_read_through_files_that_stay_open(void **state)
{
    struct root *r = NULL;
    struct root_text text;
    actop_error err;
    uint64_t value;
    (void)state;
    if (access("/proc/stat", R_OK) != 0)
        SKIP_BECAUSE("this system has no /proc");
    size_t before = open_files();
    assert_int_equal(root_open(&r, NULL, &err), ACTOP_OK);
    assert_true(root_is_live(r));
    int32_t stat = root_keep(r, "proc/stat"), gone = root_keep(r, "proc/no-such-file");
    assert_int_equal(root_read(r, stat, &text), 0);
    assert_int_equal(strncmp(text.text, "cpu", 3), 0);
    size_t during = open_files();
    assert_int_equal(root_read(r, stat, &text), 0);
    assert_int_equal(open_files(), during);
    assert_int_equal(root_read(r, gone, &text), ENOENT);
    assert_int_equal(root_read_u64(r, stat, &value), EINVAL);
    root_forget(r, stat);
    assert_int_equal(open_files(), during - 1);
    root_close(r);
    assert_int_equal(open_files(), before);
}

static void the_nth_call_fails_and_the_next_one_does_not(void **state)
{
    struct box t;
    uint64_t value;
    (void)state;
    box_make(&t);
    box_put(&t, "a", "1");
    struct root *r = open_tree(&t);
    root_fail_nth(r, 2); /* opening is the first, reading the second */
    assert_int_equal(root_load_u64(r, "a", &value), EIO);
    assert_int_equal(root_calls(r), 2);
    assert_int_equal(root_load_u64(r, "a", &value), 0);
    root_close(r);
    box_remove(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_link_in_a_tree_never_leads_out_of_it),
        cmocka_unit_test(a_link_below_a_directory_of_a_moment_is_not_walked_through),
        cmocka_unit_test(a_directory_behind_a_link_is_walked_inside_the_tree),
        cmocka_unit_test(names_are_listed_in_natural_order_over_all_moments),
        cmocka_unit_test(a_kept_file_shows_its_newest_moment_and_the_clock_goes_along),
        cmocka_unit_test(trees_with_broken_rules_or_clocks_are_refused_with_a_sentence),
        cmocka_unit_test(a_rule_gives_its_errno_to_everything_that_touches_the_path),
        cmocka_unit_test(numbers_are_whole_and_alone_or_no_numbers),
        cmocka_unit_test(a_file_larger_than_the_buffer_is_read_whole),
        cmocka_unit_test(pipes_devices_and_endless_files_in_somebodys_tree_are_not_read),
        cmocka_unit_test(the_running_machine_is_read_through_files_that_stay_open),
        cmocka_unit_test(the_nth_call_fails_and_the_next_one_does_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
