/* SPDX-License-Identifier: MIT */
/* The table of Apple calls and its loader: every row is found by its name in its library, below a root only, with any suffix of a
 * shared library; what is missing is said by name; what lies outside the root does not count. */
#include "lib/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fake_apple/fake.h"
#include "source/apple/apple_api.h"

static void *find_nothing_of_a_library(void *context, enum apple_lib lib, const char *name)
{
    static char something;

    (void)name;
    return (int)lib == *(const int *)context ? NULL : &something;
}

static void what_a_missing_library_takes_away_is_said_by_name(void **state)
{
    static const enum apple_row needed[] = {APPLE_ROW_CFRelease, APPLE_ROW_IOReportCreateSamples,
                                            APPLE_ROW_END};
    struct apple_api api;
    int none = -1, ioreport = APPLE_LIB_IOREPORT;

    (void)state;
    assert_int_equal(apple_api_fill(&api, find_nothing_of_a_library, &none), APPLE_ROW_COUNT);
    assert_null(apple_api_need(&api, needed));
    assert_true(apple_api_fill(&api, find_nothing_of_a_library, &ioreport) < APPLE_ROW_COUNT);
    assert_string_equal(apple_api_need(&api, needed), "IOReportCreateSamples");
    assert_true(api.CFRelease != NULL);
}

static void every_row_has_a_name_of_its_own_and_a_library(void **state)
{
    (void)state;
    for (int i = 0; i < APPLE_ROW_COUNT; i++) {
        const char *name = apple_row_name((enum apple_row)i);
        CHECK_ROW(name[0] != '\0' && apple_row_lib((enum apple_row)i) < APPLE_LIB_COUNT, name);
        for (int k = 0; k < i; k++)
            CHECK_ROW(strcmp(name, apple_row_name((enum apple_row)k)) != 0, name);
    }
    assert_string_equal(apple_lib_path(APPLE_LIB_IOREPORT), "/usr/lib/libIOReport.dylib");
}

static void the_fake_fills_every_row(void **state)
{
    struct apple_api api;

    (void)state;
    memset(&api, 0, sizeof api);
    fake_fill(&api);
    for (int i = 0; i < APPLE_ROW_COUNT; i++) {
        enum apple_row needed[] = {(enum apple_row)i, APPLE_ROW_END};
        CHECK_ROW(apple_api_need(&api, needed) == NULL, apple_row_name((enum apple_row)i));
        apple_api_drop(&api, (enum apple_row)i);
        CHECK_ROW(apple_api_need(&api, needed) != NULL, apple_row_name((enum apple_row)i));
    }
}

static void a_root_without_libraries_is_refused_with_a_sentence(void **state)
{
    static const struct {
        const char *what, *root, *says;
    } rows[] = {
        {"none", NULL, "no Apple libraries"},
        {"empty", "", "no Apple libraries"},
        {"missing", "/proc/self/none", "/proc/self/none: no such directory"},
        {"without", "/proc/self", "none of Apple's libraries is below"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct apple_libs libs;
        char why[1200] = "";
        CHECK_ROW(!apple_libs_open(&libs, rows[i].root, why, sizeof why), rows[i].what);
        CHECK_ROW(strstr(why, rows[i].says) != NULL, why);
        apple_libs_close(&libs);
    }
}

static void make_directories(const char *root, const char *path)
{
    char whole[1024];

    snprintf(whole, sizeof whole, "%s%s", root, path);
    for (char *slash = strchr(whole + strlen(root) + 1, '/'); slash != NULL;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(whole, 0700);
        *slash = '/';
    }
}

static void remove_directories(const char *root, const char *path)
{
    char whole[1024];
    char *slash;

    snprintf(whole, sizeof whole, "%s%s", root, path);
    while ((slash = strrchr(whole, '/')) != NULL && slash > whole + strlen(root)) {
        *slash = '\0';
        rmdir(whole); /* the last one out finds it empty */
    }
}

/* Links PATH+SUFFIX below the root to the fake's shared library, opens, and counts what is found. */
static unsigned found_with(const char *root, const char *suffix)
{
    const char *fake = getenv("ACTOP_FAKE_APPLE");
    struct apple_libs libs;
    struct apple_api api;
    char file[1100], why[1200];
    unsigned found;

    for (int i = 0; i < APPLE_LIB_COUNT; i++) {
        const char *path = apple_lib_path((enum apple_lib)i);
        int stem = (int)(strstr(path, ".dylib") != NULL ? strlen(path) - 6 : strlen(path));
        make_directories(root, path);
        snprintf(file, sizeof file, "%s%.*s%s", root, stem, path, suffix);
        unlink(file);
        assert_int_equal(symlink(fake, file), 0);
    }
    if (!apple_libs_open(&libs, root, why, sizeof why))
        fail_msg("%s", why);
    found = apple_api_fill(&api, apple_libs_find, &libs);
    assert_null(
        apple_libs_find(&libs, APPLE_LIB_SYSTEM, "strlen")); /* libc's own: outside the root */
    apple_libs_close(&libs);
    for (int i = 0; i < APPLE_LIB_COUNT; i++) {
        const char *path = apple_lib_path((enum apple_lib)i);
        int stem = (int)(strstr(path, ".dylib") != NULL ? strlen(path) - 6 : strlen(path));
        snprintf(file, sizeof file, "%s%.*s%s", root, stem, path, suffix);
        unlink(file);
    }
    return found;
}

static void libraries_below_a_root_are_found_with_any_suffix(void **state)
{
    static const char *const suffixes[] = {".dylib", ".so", ""};
    char root[] = "/tmp/actop-apple-XXXXXX", machines[512];

    (void)state;
    snprintf(machines, sizeof machines, "%s/machines", getenv("ACTOP_SOURCE"));
    setenv("FAKE_APPLE_MACHINES", machines, 1); /* the library starts when it is opened */
    assert_non_null(mkdtemp(root));
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++)
        CHECK_ROW(found_with(root, suffixes[i]) == APPLE_ROW_COUNT, suffixes[i]);
    for (int i = 0; i < APPLE_LIB_COUNT; i++)
        remove_directories(root, apple_lib_path((enum apple_lib)i));
    assert_int_equal(rmdir(root), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_missing_library_takes_away_is_said_by_name),
        cmocka_unit_test(every_row_has_a_name_of_its_own_and_a_library),
        cmocka_unit_test(the_fake_fills_every_row),
        cmocka_unit_test(a_root_without_libraries_is_refused_with_a_sentence),
        cmocka_unit_test(libraries_below_a_root_are_found_with_any_suffix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
