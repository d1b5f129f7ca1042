/* SPDX-License-Identifier: MIT */
/* Processes: from a tree to the sample, and those of this very machine. */
#define _GNU_SOURCE
#include "lib/test.h"

#include <errno.h>
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/alloc.h"
#include "lib/box.h"
#include "source/linux/root_pids.h"
#include "source/linux/signal.h"

#define WANT (ACTOP_WANT_DEFAULT | ACTOP_WANT(ACTOP_SCOPE_PROCESS))

static void put_process(const struct box *b, const char *where, unsigned pid, const char *name,
                        unsigned long ticks, unsigned long start)
{
    char path[64], text[256];
    (void)snprintf(path, sizeof path, "%sproc/%u/stat", where, pid);
    (void)snprintf(text, sizeof text,
                   "%u (%s) S 1 1 1 0 -1 0 0 0 0 0 %lu 5 0 0 20 0 3 0 %lu 4096 250\n", pid, name,
                   ticks, start);
    box_put(b, path, text);
}

static void put_units(const struct box *b, uint64_t page_size)
{
    const uint64_t auxv[] = {6, page_size, 17, 100, 0, 0};
    box_put_bytes(b, "proc/self/auxv", auxv, sizeof auxv);
}

static void shares_are_of_all_busy_time_and_rates_of_the_identity(void **state)
{
    struct box b;
    struct view v;
    (void)state;
    box_make(&b);
    box_moment(&b, 0);
    box_moment(&b, 1);
    put_units(&b, 16384);
    box_put(&b, "etc/passwd", "root:x:0:0::/root:/bin/sh\nada:x:1000:1000::/nonexistent:/bin/sh\n");
    put_process(&b, "t0/", 10, "busy", 1000, 77);
    put_process(&b, "t1/", 10, "busy", 1060, 77);
    put_process(&b, "t0/", 11, "reused", 5000, 78);
    put_process(&b, "t1/", 11, "reused", 1, 999);
    put_process(&b, "t0/", 12, "gone", 1, 79);
    put_process(&b, "t1/", 13, "new) R", 3, 80);
    put_process(&b, "", 14, "idle", 3, 81);
    box_put(&b, "t1/ERRNOS", "ENOENT proc/12\n");
    box_put(&b, "proc/10/status", "Name:\tbusy\nUid:\t1000\t1000\t1000\t1000\n");
    box_put(&b, "proc/14/status", "Name:\tidle\nUid:\t4242\t4242\t4242\t4242\n");
    box_put(&b, "t0/proc/stat",
            "cpu  0 0 0 0 0 0 0 0 0 0\ncpu0 0 0 0 0 0 0 0 0 0 0\ncpu1 0 0 0 0 0 0 0 0 0 0\n");
    box_put(
        &b, "t1/proc/stat",
        "cpu  120 0 0 80 0 0 0 0 0 0\ncpu0 60 0 0 40 0 0 0 0 0 0\ncpu1 60 0 0 40 0 0 0 0 0 0\n");
    assert_int_equal(view_open(&v, b.dir, WANT), ACTOP_OK);
    assert_int_equal(view_next(&v), ACTOP_OK);
    assert_int_equal(view_state(&v, ACTOP_METRIC_PROC_CPU, "10"), ACTOP_STATE_WARMING);
    assert_int_equal(view_next(&v), ACTOP_OK);
    assert_true(view_value(&v, ACTOP_METRIC_PROCESS_COUNT, NULL) == 4);
    assert_float_equal(view_value(&v, ACTOP_METRIC_PROC_CPU, "10"), 0.6, 1e-9);
    assert_float_equal(view_value(&v, ACTOP_METRIC_PROC_CPU_SHARE, "10"), 0.5, 1e-9);
    assert_true(view_value(&v, ACTOP_METRIC_PROC_RSS, "10") == 250 * 16384);
    assert_true(view_value(&v, ACTOP_METRIC_PROC_THREADS, "10") == 3);
    assert_float_equal(view_value(&v, ACTOP_METRIC_PROC_CPU_TIME, "10"), 10.65, 1e-9);
    assert_string_equal(view_text(&v, ACTOP_METRIC_PROC_USER, "10"), "ada");
    assert_string_equal(view_text(&v, ACTOP_METRIC_PROC_USER, "14"), "4242");
    assert_int_equal(view_state(&v, ACTOP_METRIC_PROC_CPU, "11"), ACTOP_STATE_WARMING);
    assert_int_equal(view_state(&v, ACTOP_METRIC_PROC_CPU, "13"), ACTOP_STATE_WARMING);
    assert_string_equal(view_text(&v, ACTOP_METRIC_PROC_COMMAND, "13"), "new) R");
    assert_true(view_value(&v, ACTOP_METRIC_PROC_CPU, "14") == 0);
    assert_int_equal(view_row(&v, ACTOP_SCOPE_PROCESS, "12"), -1);
    const struct entity *e = sample_entity_get(v.sample, ACTOP_SCOPE_PROCESS, 1);
    assert_true(e->id == 11 && e->start == 999);
    view_close(&v);
    box_remove(&b);
}

static void command_lines_are_read_only_when_wanted(void **state)
{
    struct box b;
    struct view v;
    (void)state;
    box_make(&b);
    put_process(&b, "", 10, "java", 1, 2);
    box_put_bytes(&b, "proc/10/cmdline", "/usr/bin/java\0-jar\0a b.jar\0\0", 29);
    box_link(&b, "proc/10/exe", "/usr/lib/jvm/java");
    assert_int_equal(view_open(&v, b.dir, WANT), ACTOP_OK);
    assert_int_equal(view_next(&v), ACTOP_OK);
    assert_null(view_text(&v, ACTOP_METRIC_PROC_CMDLINE, "10"));
    v.want |= ACTOP_WANT_CMDLINE;
    assert_int_equal(view_next(&v), ACTOP_OK);
    assert_string_equal(view_text(&v, ACTOP_METRIC_PROC_CMDLINE, "10"),
                        "/usr/bin/java -jar a b.jar");
    assert_string_equal(view_text(&v, ACTOP_METRIC_PROC_EXE, "10"), "/usr/lib/jvm/java");
    v.want &= ~(uint32_t)ACTOP_WANT(ACTOP_SCOPE_PROCESS);
    assert_int_equal(view_next(&v), ACTOP_OK);
    assert_int_equal(sample_rows(v.sample, ACTOP_SCOPE_PROCESS), 0);
    assert_true(view_value(&v, ACTOP_METRIC_PROCESS_COUNT, NULL) == 1);
    view_close(&v);
    box_remove(&b);
}

/* A client of the GPU behind descriptor fd of a process. */
static void put_client(const struct box *b, const char *where, unsigned pid, unsigned fd,
                       unsigned id, unsigned long busy_ns)
{
    char path[64], text[256];
    (void)snprintf(path, sizeof path, "%sproc/%u/fdinfo/%u", where, pid, fd);
    (void)snprintf(text, sizeof text,
                   "pos:\t0\ndrm-driver:\tmade-up\ndrm-pdev:\t0000:01:00.0\ndrm-client-id:\t%u\n"
                   "drm-engine-gfx:\t%lu ns\ndrm-resident-vram:\t100 KiB\n",
                   id, busy_ns);
    box_put(b, path, text);
}

static void a_client_behind_several_descriptors_counts_once(void **state)
{
    struct box b;
    struct view v;
    (void)state;
    box_make(&b);
    box_moment(&b, 0);
    box_moment(&b, 1);
    put_process(&b, "", 10, "game", 1, 2);
    put_process(&b, "", 20, "compositor", 1, 2);
    put_process(&b, "", 30, "shell", 1, 2);
    box_put(&b, "sys/class/drm/card0/uevent", "");
    box_link(&b, "proc/10/fd/3", "/dev/dri/renderD128");
    box_link(&b, "proc/10/fd/4", "/dev/dri/renderD128");
    box_link(&b, "proc/10/fd/5", "/tmp/dri");
    box_link(&b, "proc/20/fd/8", "/dev/dri/card0");
    box_link(&b, "proc/20/fd/9", "/dev/dri/renderD128");
    box_link(&b, "proc/30/fd/0", "/dev/null");
    for (unsigned m = 0; m < 2; m++) {
        const char *where = m == 0 ? "t0/" : "t1/";
        put_client(&b, where, 10, 3, 1, 1000 + m * 300000000ul);
        put_client(&b, where, 10, 4, 1, 1000 + m * 300000000ul); /* the same, duplicated */
        put_client(&b, where, 10, 5, 9, 1000 + m * 999999999ul); /* no GPU at all */
        put_client(&b, where, 20, 8, 2, 500 + m * 100000000ul);
        put_client(&b, where, 20, 9, 1, 1000 + m * 300000000ul); /* passed on by 10 */
    }
    assert_int_equal(view_open(&v, b.dir, WANT | ACTOP_WANT_GPU_CLIENTS), ACTOP_OK);
    assert_int_equal(view_next(&v), ACTOP_OK);
    assert_int_equal(view_state(&v, ACTOP_METRIC_PROC_GPU_SHARE, "10"), ACTOP_STATE_WARMING);
    assert_int_equal(view_next(&v), ACTOP_OK);
    assert_float_equal(view_value(&v, ACTOP_METRIC_PROC_GPU_SHARE, "10"), 0.75, 1e-9);
    assert_float_equal(view_value(&v, ACTOP_METRIC_PROC_GPU_SHARE, "20"), 0.25, 1e-9);
    assert_float_equal(view_value(&v, ACTOP_METRIC_PROC_GPU_SHARE, "30"), 0, 1e-9);
    assert_true(view_value(&v, ACTOP_METRIC_PROC_GPU_MEM, "10") == 102400);
    assert_int_equal(view_state(&v, ACTOP_METRIC_PROC_GPU_MEM, "30"), ACTOP_STATE_NONE);
    view_close(&v);
    box_remove(&b);
}

/* A client of xe, whose clock runs at 19.2 MHz. */
static void put_xe_client(const struct box *b, const char *where, unsigned pid, unsigned fd,
                          const char *device, unsigned long cycles, unsigned long clock)
{
    char path[64], text[320];
    (void)snprintf(path, sizeof path, "%sproc/%u/fdinfo/%u", where, pid, fd);
    (void)snprintf(text, sizeof text,
                   "drm-driver:\txe\ndrm-pdev:\t%s\ndrm-client-id:\t%u\n"
                   "drm-cycles-rcs:\t%lu\ndrm-total-cycles-rcs:\t%lu\n"
                   "drm-cycles-vcs:\t0\ndrm-total-cycles-vcs:\t%lu\n",
                   device, pid, cycles, clock, clock);
    box_put(b, path, text);
}

static void cycles_of_a_clock_are_gpu_time_too(void **state)
{
    static const unsigned long hz = 19200000;
    static const char *const moments[] = {"t0/", "t1/", "t2/", "t3/"};
    struct box b;
    struct view v;
    (void)state;
    box_make(&b);
    put_process(&b, "", 10, "game", 1, 2);
    put_process(&b, "", 20, "player", 1, 2);
    box_put(&b, "sys/class/drm/card0/uevent", "");
    box_link(&b, "proc/10/fd/3", "/dev/dri/renderD128");
    box_link(&b, "proc/20/fd/5", "/dev/dri/renderD128");
    box_link(&b, "proc/20/fd/6", "/dev/dri/renderD129");
    for (unsigned m = 0; m < 4; m++) {
        /* Half of the clock and a tenth of it, the clock set back before the last moment. */
        unsigned long clock = m < 3 ? (90 + m) * hz : 5;
        box_moment(&b, m);
        put_xe_client(&b, moments[m], 10, 3, "0000:03:00.0", m * hz / 2, clock);
        put_xe_client(&b, moments[m], 20, 5, "0000:03:00.0", 777 + m * hz / 10, clock);
        put_xe_client(&b, moments[m], 20, 6, "0000:09:00.0", m * hz, clock + 99 * hz);
    }
    assert_int_equal(view_open(&v, b.dir, WANT | ACTOP_WANT_GPU_CLIENTS), ACTOP_OK);
    assert_int_equal(view_next(&v), ACTOP_OK);
    assert_int_equal(view_state(&v, ACTOP_METRIC_PROC_GPU_SHARE, "10"), ACTOP_STATE_WARMING);
    assert_int_equal(view_next(&v), ACTOP_OK);
    assert_float_equal(view_value(&v, ACTOP_METRIC_PROC_GPU_TIME, "10"), 0.5, 1e-8);
    assert_float_equal(view_value(&v, ACTOP_METRIC_PROC_GPU_TIME, "20"), 0.1, 1e-8);
    assert_float_equal(view_value(&v, ACTOP_METRIC_PROC_GPU_SHARE, "10"), 5.0 / 6, 1e-7);
    assert_int_equal(view_origin(&v, ACTOP_METRIC_PROC_GPU_TIME, "10"), ACTOP_DERIVED);
    assert_int_equal(view_next(&v), ACTOP_OK);
    assert_float_equal(view_value(&v, ACTOP_METRIC_PROC_GPU_TIME, "10"), 1.0, 1e-8);
    assert_int_equal(view_next(&v), ACTOP_OK);
    assert_float_equal(view_value(&v, ACTOP_METRIC_PROC_GPU_TIME, "10"), 1.0, 1e-8);
    view_close(&v);
    box_remove(&b);
}

static void put_io(const struct box *b, const char *where, unsigned pid, unsigned long read_b,
                   unsigned long written_b)
{
    char path[64], text[256];
    (void)snprintf(path, sizeof path, "%sproc/%u/io", where, pid);
    (void)snprintf(text, sizeof text,
                   "rchar: 1\nwchar: 2\nsyscr: 3\nsyscw: 4\nread_bytes: %lu\nwrite_bytes: %lu\n"
                   "cancelled_write_bytes: 5\n",
                   read_b, written_b);
    box_put(b, path, text);
}

static void what_a_process_moves_to_and_from_disks_is_a_rate_or_says_why_not(void **state)
{
    static const char *const moments[] = {"t0/", "t1/", "t2/"};
    static const struct {
        const char *key;
        actop_state before, state;
        double read, written;
    } rows[] = {
        {"10", ACTOP_STATE_WARMING, ACTOP_STATE_OK, 4096000, 512},
        {"11", ACTOP_STATE_DENIED, ACTOP_STATE_DENIED, 0, 0},
        {"12", ACTOP_STATE_UNSUPPORTED, ACTOP_STATE_UNSUPPORTED, 0, 0}, /* a kernel without */
        {"13", ACTOP_STATE_WARMING, ACTOP_STATE_WARMING, 0, 0},         /* it fell */
        {"14", ACTOP_STATE_FAILED, ACTOP_STATE_FAILED, 0, 0},           /* no such lines */
        {"15", ACTOP_STATE_WARMING, ACTOP_STATE_WARMING, 0, 0},         /* another process */
    };
    struct box b;
    struct view v;
    (void)state;
    box_make(&b);
    for (unsigned m = 0; m < 3; m++) {
        box_moment(&b, m);
        put_io(&b, moments[m], 10, m * 4096000ul, m * 512ul);
        put_io(&b, moments[m], 13, 9000ul - m, 9000ul - m);
        put_io(&b, moments[m], 15, m * 4096000ul, 0);
        put_process(&b, moments[m], 15, "reused", 1, 100 + m);
    }
    for (unsigned pid = 10; pid < 15; pid++)
        put_process(&b, "", pid, "disk", 1, 2);
    put_io(&b, "", 11, 1, 2);
    box_put(&b, "ERRNOS", "EACCES proc/11/io\n");
    box_put(&b, "proc/14/io", "rchar: 1\nread_bytes: x\nwrite_bytes: 7\n");
    assert_int_equal(view_open(&v, b.dir, WANT), ACTOP_OK);
    for (unsigned m = 0; m < 3; m++) {
        assert_int_equal(view_next(&v), ACTOP_OK);
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
            actop_state want = m == 0 ? rows[i].before : rows[i].state;
            assert_int_equal(view_state(&v, ACTOP_METRIC_PROC_READ, rows[i].key), want);
            assert_int_equal(view_state(&v, ACTOP_METRIC_PROC_WRITE, rows[i].key), want);
            if (want != ACTOP_STATE_OK)
                continue;
            assert_true(view_value(&v, ACTOP_METRIC_PROC_READ, rows[i].key) == rows[i].read);
            assert_true(view_value(&v, ACTOP_METRIC_PROC_WRITE, rows[i].key) == rows[i].written);
        }
    }
    view_close(&v);
    box_remove(&b);
}

static uint64_t calls_of_second_tick(const struct box *b)
{
    struct view v;
    assert_int_equal(view_open(&v, b->dir, WANT), ACTOP_OK);
    assert_int_equal(view_next(&v), ACTOP_OK);
    uint64_t calls = root_calls(linux_root(v.source));
    assert_int_equal(view_next(&v), ACTOP_OK);
    calls = root_calls(linux_root(v.source)) - calls;
    view_close(&v);
    return calls;
}

static void what_was_denied_is_not_asked_again_each_tick(void **state)
{
    struct box b;
    (void)state;
    box_make(&b);
    put_process(&b, "", 10, "other", 1, 2);
    put_process(&b, "", 11, "own", 1, 2);
    put_io(&b, "", 10, 1, 2);
    put_io(&b, "", 11, 1, 2);
    uint64_t allowed = calls_of_second_tick(&b);
    box_put(&b, "ERRNOS", "EACCES proc/10/io\n");
    assert_true(calls_of_second_tick(&b) + 2 == allowed); /* neither opened nor read */
    box_remove(&b);
}

/* ---- this machine --------------------------------------------------------------------------------------------------- */

enum { PROCESSES = 1000 };

struct crowd {
    pid_t leader;
    int go; /* the crowd ends when this is closed */
};

/* Fork n processes that sleep until the leader ends. */
static void crowd_start(struct crowd *c, int n)
{
    int ready[2], go[2];
    char byte = 0;
    assert_true(pipe(ready) == 0 && pipe(go) == 0);
    c->leader = fork();
    assert_true(c->leader >= 0);
    if (c->leader == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)setpgid(0, 0);
        (void)close(go[1]);
        for (int i = 0; i < n; i++) {
            pid_t pid = fork();
            if (pid == 0) {
                (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
                (void)prctl(PR_SET_NAME, "crowd ) x");
                for (;;)
                    (void)pause();
            }
            if (pid < 0)
                _exit(1);
        }
        (void)!write(ready[1], &byte, 1);
        (void)!read(go[0], &byte, 1);
        (void)signal(SIGTERM, SIG_IGN);
        (void)kill(
            0,
            SIGTERM); /* the others, which are of the same group; and wait, for init may be slow to */
        while (wait(NULL) > 0)
            ;
        _exit(0);
    }
    (void)close(ready[1]);
    (void)close(go[0]);
    c->go = go[1];
    struct pollfd wait = {.fd = ready[0], .events = POLLIN};
    assert_int_equal(poll(&wait, 1, 60000), 1);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    (void)close(ready[0]);
}

static void crowd_end(struct crowd *c)
{
    (void)close(c->go);
    (void)waitpid(c->leader, NULL, 0);
}

static uint32_t crowd_seen(const struct view *v)
{
    uint32_t n = 0;
    for (uint32_t row = 0; row < sample_rows(v->sample, ACTOP_SCOPE_PROCESS); row++) {
        const struct entity *e = sample_entity_get(v->sample, ACTOP_SCOPE_PROCESS, row);
        n += strcmp(sample_entity_text(v->sample, ACTOP_SCOPE_PROCESS, e->name), "crowd ) x") == 0
                 ? 1
                 : 0;
    }
    return n;
}

/* A tick in which time passes. */
static void tick(struct view *v)
{
    nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    assert_int_equal(view_next(v), ACTOP_OK);
}

static size_t open_descriptors(void)
{
    DIR *d = opendir("/proc/self/fd");
    size_t n = 0;
    assert_non_null(d);
    while (readdir(d) != NULL)
        n++;
    (void)closedir(d);
    return n;
}

static void a_thousand_real_processes_come_are_read_and_go(void **state)
{
    struct crowd crowd;
    struct view v;
    (void)state;
    size_t before = open_descriptors();
    assert_int_equal(view_open(&v, "/", WANT), ACTOP_OK);
    tick(&v);
    uint32_t others = sample_rows(v.sample, ACTOP_SCOPE_PROCESS);
    crowd_start(&crowd, PROCESSES);
    /* New ones are found without listing all of /proc. */
    for (int i = 0; i < 3; i++)
        tick(&v);
    assert_int_equal(crowd_seen(&v), PROCESSES);
    assert_true(sample_rows(v.sample, ACTOP_SCOPE_PROCESS) >= PROCESSES + others / 2);
    double counted = view_value(&v, ACTOP_METRIC_PROCESS_COUNT, NULL);
    assert_true(counted == sample_rows(v.sample, ACTOP_SCOPE_PROCESS));
    unsigned long allocated = 0;
    for (int i = 0; i < 40; i++) { /* over whole listings and partial ones */
        if (i == 20)
            allocated = alloc_count();
        tick(&v);
        assert_int_equal(crowd_seen(&v), PROCESSES);
    }
    /* Others of this machine may start meanwhile; a tick of ours allocates nothing. */
    assert_true(alloc_count() - allocated < 40);
    crowd_end(&crowd);
    for (int i = 0; i < 100 && crowd_seen(&v) > 0; i++)
        tick(&v);
    assert_int_equal(crowd_seen(&v), 0);
    view_close(&v);
    assert_int_equal(open_descriptors(), before);
}

static void processes_that_are_not_wanted_are_counted_and_keep_no_descriptors(void **state)
{
    struct view v;
    (void)state;
    assert_int_equal(view_open(&v, "/", ACTOP_WANT_DEFAULT), ACTOP_OK);
    tick(&v);
    size_t before = open_descriptors();
    double count = view_value(&v, ACTOP_METRIC_PROCESS_COUNT, NULL);
    v.want = WANT;
    tick(&v);
    double rows = sample_rows(v.sample, ACTOP_SCOPE_PROCESS);
    assert_true(rows > 1 && rows - count < 50 && count - rows < 50); /* others start and end */
    assert_true(open_descriptors() > before);
    v.want = ACTOP_WANT_DEFAULT;
    tick(&v);
    assert_true(open_descriptors() <= before + 1);
    view_close(&v);
}

static void a_busy_process_is_seen_to_be_busy(void **state)
{
    struct view v;
    char key[16];
    (void)state;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (volatile unsigned long n = 0;; n++)
            ;
    }
    (void)snprintf(key, sizeof key, "%d", (int)pid);
    assert_int_equal(view_open(&v, "/", WANT), ACTOP_OK);
    assert_int_equal(view_next(&v), ACTOP_OK);
    nanosleep(&(struct timespec){.tv_nsec = 400000000}, NULL);
    assert_int_equal(view_next(&v), ACTOP_OK);
    double cpu = view_value(&v, ACTOP_METRIC_PROC_CPU, key);
    double share = view_value(&v, ACTOP_METRIC_PROC_CPU_SHARE, key);
    /* The machine may be shared: it gets some of one core, and no more. */
    assert_true(cpu > 0.02 && cpu < 1.2);
    assert_true(share > 0 && share <= 1);
    (void)kill(pid, SIGKILL);
    (void)waitpid(pid, NULL, 0);
    view_close(&v);
}

static volatile sig_atomic_t spin;

static void start_spinning(int sig)
{
    (void)sig;
    spin = 1;
}

/* Idle processes are read by turns, but time that nobody explains is looked for at once. */
static void a_process_that_wakes_up_is_seen_in_the_next_tick(void **state)
{
    struct view v;
    char key[16];
    double cpu = 0;
    (void)state;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)signal(SIGUSR1, start_spinning);
        while (spin == 0)
            (void)usleep(1000000);
        for (volatile unsigned long n = 0;; n++)
            ;
    }
    (void)snprintf(key, sizeof key, "%d", (int)pid);
    assert_int_equal(view_open(&v, "/", WANT), ACTOP_OK);
    for (int i = 0; i < 20; i++)
        tick(&v);
    bool waited = false;
    for (int i = 0; i < 16 && !waited; i++) {
        tick(&v);
        waited = view_state(&v, ACTOP_METRIC_PROC_CPU, key) == ACTOP_STATE_STALE;
        /* Nothing of the row is newer than what it ran. */
        assert_true(!waited || view_state(&v, ACTOP_METRIC_PROC_RSS, key) == ACTOP_STATE_STALE);
    }
    (void)kill(pid, SIGUSR1);
    for (int i = 0; i < 20 && cpu <= 0;
         i++) { /* on a crowded machine it may take a while to get a turn */
        nanosleep(&(struct timespec){.tv_nsec = 400000000}, NULL);
        assert_int_equal(view_next(&v), ACTOP_OK);
        cpu = view_value(&v, ACTOP_METRIC_PROC_CPU, key);
    }
    assert_true(cpu > 0);
    assert_int_equal(view_state(&v, ACTOP_METRIC_PROC_CPU, key), ACTOP_STATE_OK);
    (void)kill(pid, SIGKILL);
    (void)waitpid(pid, NULL, 0);
    view_close(&v);
}

/* Another program, since a sanitizer may run a thread in a fork of this one. */
static pid_t start_sleeper(char key[16])
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)execlp("sleep", "sleep", "3600", (char *)NULL);
        _exit(127);
    }
    (void)snprintf(key, 16, "%d", (int)pid);
    return pid;
}

static bool clock_of(pid_t pid, struct timespec *out)
{
    clockid_t clock;
    return clock_getcpuclockid(pid, &clock) == 0 && clock_gettime(clock, out) == 0;
}

static bool has_clock_of(pid_t pid)
{
    struct timespec t;
    return clock_of(pid, &t);
}

/* Until it has begun its sleep: its clock stands. */
static void let_fall_asleep(pid_t pid)
{
    struct timespec before = {0}, now = {0}, pause = {.tv_nsec = 50000000};
    do {
        before = now;
        (void)nanosleep(&pause, NULL);
        assert_true(clock_of(pid, &now));
    } while (now.tv_sec != before.tv_sec || now.tv_nsec != before.tv_nsec);
}

static void a_sleeper_is_asked_for_its_clock_and_read_rarely(void **state)
{
    enum { TICKS = 96 };
    struct view v;
    char key[16];
    int asked = 0, read = 0;
    (void)state;
    pid_t pid = start_sleeper(key);
    if (!has_clock_of(pid)) {
        (void)kill(pid, SIGKILL);
        (void)waitpid(pid, NULL, 0);
        SKIP_BECAUSE("the kernel has no clocks of other processes");
    }
    let_fall_asleep(pid);
    assert_int_equal(view_open(&v, "/", WANT), ACTOP_OK);
    for (int i = 0; i < 12; i++)
        tick(&v);
    for (int i = 0; i < TICKS; i++) {
        tick(&v);
        asked += view_state(&v, ACTOP_METRIC_PROC_CPU, key) == ACTOP_STATE_OK ? 1 : 0;
        read += view_state(&v, ACTOP_METRIC_PROC_RSS, key) == ACTOP_STATE_OK ? 1 : 0;
        assert_true(view_value(&v, ACTOP_METRIC_PROC_CPU, key) == 0);
    }
    assert_true(asked >= TICKS / 4);
    assert_int_equal(read, TICKS / 32);
    (void)kill(pid, SIGKILL);
    (void)waitpid(pid, NULL, 0);
    view_close(&v);
}

static int64_t own_cpu_ns(void)
{
    struct timespec t;
    assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t), 0);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* A tick of the kernel's is 10 ms, and this process runs a few. */
static void what_a_process_runs_is_known_below_a_tick(void **state)
{
    struct view v;
    char key[16];
    (void)state;
    if (!has_clock_of(getppid()))
        SKIP_BECAUSE("the kernel has no clocks of other processes");
    (void)snprintf(key, sizeof key, "%d", (int)getpid());
    assert_int_equal(view_open(&v, "/", WANT), ACTOP_OK);
    for (int i = 0; i < 20; i++) {
        int64_t before = own_cpu_ns();
        assert_int_equal(view_next(&v), ACTOP_OK);
        int64_t begun = own_cpu_ns(), from = v.frame.at.awake_ns;
        while (own_cpu_ns() - begun < 3000000)
            ;
        int64_t ended = own_cpu_ns();
        assert_int_equal(view_next(&v), ACTOP_OK);
        double ran_ns = view_value(&v, ACTOP_METRIC_PROC_CPU, key) *
                        (double)(v.frame.at.awake_ns - from);
        assert_true(ran_ns >= (double)(ended - begun) * 0.999);
        assert_true(ran_ns <= (double)(own_cpu_ns() - before) * 1.001);
    }
    view_close(&v);
}

static void the_clock_of_a_process_is_what_it_has_run(void **state)
{
    struct root *root = NULL;
    struct root_pids pids;
    struct timespec t;
    struct box b;
    int64_t before, after;
    (void)state;
    assert_int_equal(root_open(&root, "/", NULL), ACTOP_OK);
    assert_int_equal(root_pids_open(&pids, root), 0);
    if (pids.has_clocks) {
        assert_int_equal(root_pids_clock(&pids, (uint32_t)getpid(), &before), 0);
        assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t), 0);
        assert_int_equal(root_pids_clock(&pids, (uint32_t)getpid(), &after), 0);
        int64_t own = (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
        assert_true(before > 0 && before <= own && own <= after);
        assert_int_not_equal(root_pids_clock(&pids, 1 << 22, &after), 0);
        assert_int_equal(root_pids_clock(&pids, INT32_MAX, &after), ENOTSUP);
        root_fail_nth(root, 1);
        assert_int_equal(root_pids_clock(&pids, (uint32_t)getpid(), &after), EIO);
    }
    root_pids_release(&pids);
    root_close(root);
    box_make(&b);
    put_process(&b, "", (unsigned)getpid(), "me", 1, 2);
    assert_int_equal(root_open(&root, b.dir, NULL), ACTOP_OK);
    assert_int_equal(root_pids_open(&pids, root), 0);
    assert_int_equal(root_pids_clock(&pids, (uint32_t)getpid(), &after), ENOTSUP);
    root_pids_release(&pids);
    root_close(root);
    box_remove(&b);
}

/* A process that writes a page and syncs it for each byte it is sent. */
struct writer {
    pid_t pid;
    char key[16];
    int order, done;
};

static void write_pages(int order, int done, const char *path)
{
    char page[4096] = {1}, byte;
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    (void)unlink(path);
    while (read(order, &byte, 1) == 1) {
        (void)!write(fd, page, sizeof page);
        (void)fsync(fd);
        (void)!write(done, &byte, 1);
    }
    _exit(0);
}

static void writer_start(struct writer *w, const struct box *b)
{
    int order[2], done[2];
    char path[512];
    (void)snprintf(path, sizeof path, "%s/pages", b->dir);
    assert_true(pipe(order) == 0 && pipe(done) == 0);
    w->pid = fork();
    assert_true(w->pid >= 0);
    if (w->pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)close(order[1]);
        write_pages(order[0], done[1], path);
    }
    (void)close(order[0]);
    (void)close(done[1]);
    w->order = order[1];
    w->done = done[0];
    (void)snprintf(w->key, sizeof w->key, "%d", (int)w->pid);
}

static void writer_turn(const struct writer *w)
{
    char byte = 0;
    assert_int_equal(write(w->order, &byte, 1), 1);
    assert_int_equal(read(w->done, &byte, 1), 1);
}

static void writer_end(struct writer *w)
{
    (void)close(w->order);
    (void)close(w->done);
    (void)waitpid(w->pid, NULL, 0);
}

static bool counts_writes(void)
{
    char text[512];
    int fd = open("/proc/self/io", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (fd >= 0)
        (void)close(fd);
    return n > 0;
}

/* Bytes written so far, by its rates and the ticks they are of. */
static double written_b(const struct view *v, const char *key, int64_t from_ns)
{
    double rate = view_value(v, ACTOP_METRIC_PROC_WRITE, key);
    return rate * (double)(v->frame.at.awake_ns - from_ns) * 1e-9;
}

/* Every byte is counted once, however long it slept between its turns and whatever tick it is read in. */
static void a_process_that_writes_now_and_then_is_never_shown_what_is_old(void **state)
{
    struct view v;
    struct box b;
    struct writer w;
    double sum_b = 0;
    int turns = 0;
    (void)state;
    box_make(&b);
    writer_start(&w, &b);
    if (!counts_writes() || !has_clock_of(w.pid)) {
        writer_end(&w);
        box_remove(&b);
        SKIP_BECAUSE("the kernel does not count what processes write");
    }
    writer_turn(&w);
    assert_int_equal(view_open(&v, "/", WANT), ACTOP_OK);
    tick(&v);
    assert_int_equal(view_state(&v, ACTOP_METRIC_PROC_WRITE, w.key), ACTOP_STATE_WARMING);
    tick(&v); /* it has not run since it was seen first */
    assert_true(view_value(&v, ACTOP_METRIC_PROC_WRITE, w.key) == 0);
    assert_int_equal(view_origin(&v, ACTOP_METRIC_PROC_WRITE, w.key), ACTOP_DERIVED);
    writer_turn(&w);
    tick(&v); /* a first reading */
    assert_int_equal(view_state(&v, ACTOP_METRIC_PROC_WRITE, w.key), ACTOP_STATE_WARMING);
    int64_t last_ns = v.frame.at.awake_ns;
    for (int i = 0; i < 60; i++) {
        if (i % 13 == 1) {
            writer_turn(&w);
            turns++;
        }
        tick(&v);
        if (view_state(&v, ACTOP_METRIC_PROC_WRITE, w.key) == ACTOP_STATE_OK) {
            sum_b += written_b(&v, w.key, last_ns);
            last_ns = v.frame.at.awake_ns;
        } else {
            assert_true(view_value(&v, ACTOP_METRIC_PROC_WRITE, w.key) == 0);
        }
    }
    /* A page of the file each, and what the file system makes dirty beside it. */
    bool counted = sum_b >= turns * 4096 - 1;
    bool memory_only = sum_b < 1; /* the box stands in a tmpfs, which has no disk */
    assert_true(counted || memory_only);
    view_close(&v);
    writer_end(&w);
    box_remove(&b);
    if (memory_only)
        SKIP_BECAUSE("temporary files are not on a disk here");
}

static uint64_t start_of(const struct view *v, const char *key)
{
    int64_t row = view_row(v, ACTOP_SCOPE_PROCESS, key);
    assert_true(row >= 0);
    return sample_entity_get(v->sample, ACTOP_SCOPE_PROCESS, (uint32_t)row)->start;
}

static void a_signal_reaches_only_the_process_that_is_meant(void **state)
{
    struct view v;
    char key[16];
    int status = 0;
    (void)state;
    pid_t pid = start_sleeper(key);
    uint64_t id = (uint64_t)pid;
    assert_int_equal(view_open(&v, "/", WANT), ACTOP_OK);
    assert_int_equal(view_next(&v), ACTOP_OK);
    uint64_t start = start_of(&v, key);
    assert_int_equal(linux_source.signal_process(v.source, id, start + 1, SIGKILL, NULL),
                     ACTOP_E_GONE);
    assert_int_equal(linux_source.signal_process(v.source, id, start, 0, NULL), ACTOP_OK);
    assert_int_equal(linux_source.signal_process(v.source, 0, start, SIGKILL, NULL),
                     ACTOP_E_ARGUMENT);
    assert_int_equal(linux_source.signal_process(v.source, UINT64_MAX, 0, SIGKILL, NULL),
                     ACTOP_E_ARGUMENT);
    assert_int_equal(linux_source.signal_process(v.source, id, start, 9999, NULL),
                     ACTOP_E_ARGUMENT);
    assert_int_equal(linux_source.signal_process(v.source, id, start, SIGTERM, NULL), ACTOP_OK);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
    assert_int_equal(linux_source.signal_process(v.source, id, start, SIGTERM, NULL), ACTOP_E_GONE);
    view_close(&v);
}

static void open_files_are_counted_of_the_very_process_and_where_allowed(void **state)
{
    struct view v;
    struct root *root = NULL;
    char key[16], path[48];
    uint64_t files = 0, more = 0;
    int fds[8];
    (void)state;
    uint64_t id = (uint64_t)getpid();
    (void)snprintf(key, sizeof key, "%d", (int)getpid());
    (void)snprintf(path, sizeof path, "proc/%d/fd", (int)getpid());
    assert_int_equal(view_open(&v, "/", WANT), ACTOP_OK);
    assert_int_equal(view_next(&v), ACTOP_OK);
    uint64_t start = start_of(&v, key);
    assert_int_equal(linux_source.count_files(v.source, id, start, &files, NULL), ACTOP_OK);
    assert_true(files >= 3);
    for (size_t i = 0; i < 8; i++)
        assert_true((fds[i] = dup(2)) >= 0);
    assert_int_equal(linux_source.count_files(v.source, id, start, &more, NULL), ACTOP_OK);
    assert_int_equal(more, files + 8);
    for (size_t i = 0; i < 8; i++)
        (void)close(fds[i]);
    more = 7;
    assert_int_equal(linux_source.count_files(v.source, id, start + 1, &more, NULL), ACTOP_E_GONE);
    assert_int_equal(linux_source.count_files(v.source, 0, start, &more, NULL), ACTOP_E_ARGUMENT);
    assert_int_equal(more, 7);
    /* Counting by hand, as kernels before 6.2 need it, says the same of a directory without size. */
    assert_int_equal(root_open(&root, "/", NULL), ACTOP_OK);
    assert_int_equal(root_count_aside(root, "proc/self/fdinfo", &more), 0);
    assert_true(more >= 3);
    assert_int_equal(root_fail_path(root, path, EACCES), ACTOP_OK);
    assert_int_equal(linux_count_files(root, id, start, &more, NULL), ACTOP_E_DENIED);
    root_close(root);
    view_close(&v);
}

static void another_machines_processes_cannot_be_signalled(void **state)
{
    struct box b;
    struct view v;
    (void)state;
    box_make(&b);
    put_process(&b, "", (unsigned)getpid(), "me", 1, 2);
    assert_int_equal(view_open(&v, b.dir, WANT), ACTOP_OK);
    assert_int_equal(linux_source.signal_process(v.source, (uint64_t)getpid(), 2, SIGKILL, NULL),
                     ACTOP_E_STATE);
    uint64_t files;
    assert_int_equal(linux_source.count_files(v.source, (uint64_t)getpid(), 2, &files, NULL),
                     ACTOP_E_STATE);
    view_close(&v);
    box_remove(&b);
}

static void every_failing_read_of_a_live_process_is_survived(void **state)
{
    (void)state;
    /* In the first tick and in the second, where what was seen first is known. */
    for (uint64_t i = 2; i < 1200; i += i < 240 ? 1 : 17) {
        uint64_t n = i / 2;
        struct root *root = NULL;
        struct view v = {.want = WANT | ACTOP_WANT_CMDLINE};
        assert_int_equal(root_open(&root, "/", NULL), ACTOP_OK);
        assert_int_equal(linux_open_root(&v.source, root, NULL), ACTOP_OK);
        assert_int_equal(linux_source.describe(v.source, &v.schema, NULL), ACTOP_OK);
        v.decoder = decode_for("linux")->create();
        v.pool = sample_pool_new();
        if (i % 2 != 0)
            assert_int_equal(view_next(&v), ACTOP_OK);
        root_fail_nth(root, n);
        assert_int_equal(view_next(&v), ACTOP_OK);
        root_fail_nth(root, 0);
        assert_int_equal(view_next(&v), ACTOP_OK);
        assert_true(sample_rows(v.sample, ACTOP_SCOPE_PROCESS) > 0);
        view_close(&v);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(shares_are_of_all_busy_time_and_rates_of_the_identity),
        cmocka_unit_test(command_lines_are_read_only_when_wanted),
        cmocka_unit_test(a_client_behind_several_descriptors_counts_once),
        cmocka_unit_test(cycles_of_a_clock_are_gpu_time_too),
        cmocka_unit_test(what_a_process_moves_to_and_from_disks_is_a_rate_or_says_why_not),
        cmocka_unit_test(what_was_denied_is_not_asked_again_each_tick),
        cmocka_unit_test(a_thousand_real_processes_come_are_read_and_go),
        cmocka_unit_test(processes_that_are_not_wanted_are_counted_and_keep_no_descriptors),
        cmocka_unit_test(a_busy_process_is_seen_to_be_busy),
        cmocka_unit_test(a_process_that_wakes_up_is_seen_in_the_next_tick),
        cmocka_unit_test(a_sleeper_is_asked_for_its_clock_and_read_rarely),
        cmocka_unit_test(what_a_process_runs_is_known_below_a_tick),
        cmocka_unit_test(a_process_that_writes_now_and_then_is_never_shown_what_is_old),
        cmocka_unit_test(the_clock_of_a_process_is_what_it_has_run),
        cmocka_unit_test(a_signal_reaches_only_the_process_that_is_meant),
        cmocka_unit_test(open_files_are_counted_of_the_very_process_and_where_allowed),
        cmocka_unit_test(another_machines_processes_cannot_be_signalled),
        cmocka_unit_test(every_failing_read_of_a_live_process_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
