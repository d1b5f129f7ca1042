/* SPDX-License-Identifier: MIT */
/* The whole program while memory runs out: its n-th allocation fails, for n = 1, 2, … until none is left to fail. It ends
 * with status 0 and everything it prints otherwise, or with status 1, a sentence, and whole lines of that; it never
 * crashes, and under AddressSanitizer nothing leaks. Each run is a child, because signals and descriptors are the
 * process's. Between the first and the last few every so-manieth allocation is tried; test_memory_long.c tries all. */
#include "lib/test.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/commands.h"

enum { WORDS = 12, TEXT = 1 << 20, FIRST = 12, TRIES = 32 };

struct row {
    const char *what;
    const char *words[WORDS];
    bool may_differ; /* a failure may show in what is printed, with status 1 */
};

struct run {
    int status; /* exit status, or -1 for a signal */
    bool failed;
    char out[TEXT], err[4096];
};

static const struct cli_parts no_parts;

static _Noreturn void be_program(const struct row *row, long n, const int fds[3])
{
    char *argv[WORDS + 1] = {(char *)(uintptr_t) "actop"};
    int argc = 1;
    for (; row->words[argc - 1] != NULL; argc++)
        argv[argc] = (char *)(uintptr_t)row->words[argc - 1];
    if (dup2(fds[0], STDOUT_FILENO) < 0 || dup2(fds[1], STDERR_FILENO) < 0)
        _exit(99);
    alloc_fail_nth(n);
    int status = cli_main(argc, argv, &no_parts);
    char failed = alloc_failed() ? '1' : '0';
    alloc_fail_nth(0);
    if (write(fds[2], &failed, 1) != 1)
        _exit(98);
    exit(status);
}

static int open_scratch(void)
{
    char name[] = "/tmp/actop-memory.XXXXXX";
    int fd = mkstemp(name);
    assert_true(fd >= 0);
    assert_int_equal(unlink(name), 0);
    return fd;
}

static void take(int fd, char *into, size_t size)
{
    ssize_t n = pread(fd, into, size - 1, 0);
    assert_true(n >= 0);
    into[n] = '\0';
    assert_int_equal(close(fd), 0);
}

static void run(const struct row *row, long n, struct run *r)
{
    int waited = 0;
    char failed[2];
    int fds[3] = {open_scratch(), open_scratch(), open_scratch()};
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        be_program(row, n, fds);
    while (waitpid(pid, &waited, 0) < 0)
        assert_int_equal(errno, EINTR);
    r->status = WIFEXITED(waited) ? WEXITSTATUS(waited) : -1;
    take(fds[0], r->out, sizeof r->out);
    take(fds[1], r->err, sizeof r->err);
    take(fds[2], failed, sizeof failed);
    r->failed = failed[0] == '1';
}

static bool is_whole_lines_of(const char *text, const char *all)
{
    size_t n = strlen(text);
    return strncmp(text, all, n) == 0 && (n == 0 || text[n - 1] == '\n');
}

/* What is wrong with a run in which an allocation failed; NULL: nothing. */
static const char *fault_of(const struct row *row, const struct run *r, const struct run *want)
{
    if (r->status != 1 && r->status != want->status)
        return "status";
    if (row->may_differ)
        return NULL;
    if (r->status == want->status && strcmp(r->out, want->out) == 0)
        return NULL;
    if (r->status == want->status)
        return "something is missing, and the status does not tell";
    if (strstr(r->err, "actop: error: ") == NULL || strstr(r->err, "memory") == NULL)
        return "no sentence";
    return is_whole_lines_of(r->out, want->out) ? NULL : "no whole lines";
}

#ifndef EVERY_ALLOCATION
static long allocations_of(const struct row *row)
{
    static struct run r;
    long low = 0, high = 1;
    for (run(row, high, &r); r.failed; run(row, high, &r))
        high *= 2;
    for (low = high / 2; high - low > 1;) {
        long middle = low + (high - low) / 2;
        run(row, middle, &r);
        if (r.failed)
            low = middle;
        else
            high = middle;
    }
    return high;
}
#endif

static void try_row(const struct row *row)
{
    static struct run want, r;
    run(row, 0, &want);
    CHECK_ROW(want.status == 0, row->what);
#ifdef EVERY_ALLOCATION
    long all = 0, step = 1;
#else
    long all = allocations_of(row), step = all / TRIES + 1;
#endif
    for (long n = 1;; n += n < FIRST || n >= all - step ? 1 : step) {
        run(row, n, &r);
        const char *fault = fault_of(row, &r, &want);
        if (fault != NULL)
            fail_msg("%s, allocation %ld: %s: status %d: %s", row->what, n, fault, r.status, r.err);
        if (!r.failed)
            break;
    }
}

static void a_failed_allocation_is_a_sentence_and_whole_lines(void **state)
{
    static const struct row rows[] = {
        {"help", {"--help"}, false},
        {"version", {"--version"}, false},
        {"machines", {"demo", "--list"}, false},
        {"info", {"info", "--source", "sim:m1"}, false},
        {"report", {"--source", "sim:m1", "--speed", "max"}, false},
        {"stream", {"--json", "--source", "sim:m1", "--speed", "max", "--samples", "2"}, false},
        {"subsamples",
         {"--json", "--source", "sim:m1", "--speed", "max", "--samples", "1", "--subsamples", "2"},
         false},
        {"processes and evidence",
         {"--json", "--source", "sim:m4", "--speed", "max", "--samples", "1", "--json-processes",
          "--evidence"},
         false},
        {"filter",
         {"--json", "--source", "sim:m1", "--speed", "max", "--samples", "1", "--proc-filter", "a"},
         false},
        {"condition", {"wait", "cpu_util_pct >= 0", "--source", "sim:m1", "--speed", "max"}, true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        try_row(&rows[i]);
}

int main(void)
{
    (void)unsetenv("ACTOP_SOURCE"); /* the tests' own; the program takes it for --source */
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failed_allocation_is_a_sentence_and_whole_lines),
    };
    /* Configuration of whoever runs the tests is none of theirs. */
    (void)setenv("XDG_CONFIG_HOME", "/dev/null", 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
