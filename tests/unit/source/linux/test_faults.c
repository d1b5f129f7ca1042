/* SPDX-License-Identifier: MIT */
/* Nothing that fails takes the rest along: every call of the Linux source fails in turn, then every allocation, then
 * whole directories are gone. What is asked each time: no crash, no leak, no value out of nowhere. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "decode/decode.h"
#include "lib/alloc.h"
#include "lib/test.h"
#include "lib/tree.h"

/* All fixture machines, and what each n-th failure is tried of: of a machine with thousands of calls the short test tries
 * some (a prime apart, so that they are others in each tick), the long one all. */
static const struct {
    const char *name;
    uint64_t call_step;
    long allocation_step;
} machines[] = {
    {"asahi-m2", 1, 1},    {"vm", 1, 1},        {"container", 1, 1},     {"arm-board", 1, 1},
    {"amd-desktop", 3, 1}, {"asahi-m1", 11, 3}, {"intel-hybrid", 11, 3}, {"two-socket", 769, 37},
};

#ifdef EVERY_FAILURE
#define STEP(step) 1
#else
#define STEP(step) (step)
#endif

enum {
    N_MACHINES = sizeof machines / sizeof machines[0],
    WANT = ACTOP_WANT_DEFAULT | ACTOP_WANT(ACTOP_SCOPE_PROCESS) | ACTOP_WANT_CMDLINE |
           ACTOP_WANT_GPU_CLIENTS
};

/* One life of a source and a decoder over a root. */
struct life {
    struct root *root;
    struct source *source;
    struct schema *schema;
    struct frame frame;
    struct decoder *decoder;
    struct sample_pool *pool;
    struct actop_sample_t *sample;
};

static actop_status describe(struct life *l)
{
    schema_unref(l->schema);
    l->schema = NULL;
    return linux_source.describe(l->source, &l->schema, NULL);
}

/* One frame of whatever the machine is now. */
static actop_status read_settled(struct life *l)
{
    actop_status st = linux_source.read(l->source, WANT, 0, &l->frame, NULL);
    for (int again = 0; st == ACTOP_SCHEMA_CHANGED && again < 3; again++) {
        st = describe(l);
        if (st == ACTOP_OK)
            st = linux_source.read(l->source, WANT, 0, &l->frame, NULL);
    }
    return st;
}

static actop_status tick(struct life *l)
{
    actop_status st = read_settled(l);
    if (st != ACTOP_OK)
        return st;
    actop_sample_unref(l->sample);
    l->sample = sample_new(l->pool);
    return l->sample == NULL ? ACTOP_E_NOMEM
                             : decode_for("linux")->step(l->decoder, &l->frame, l->sample, NULL);
}

/* Open, describe, read all moments, close. The first status that is neither OK nor the end. */
static actop_status live(const struct box *t, uint64_t fail_call, uint64_t *calls)
{
    struct life l = {0};
    struct decoder *twin = NULL;
    actop_status st = root_open(&l.root, t->dir, NULL);
    if (st == ACTOP_OK) {
        root_fail_nth(l.root, fail_call);
        st = linux_open_root(&l.source, l.root, NULL);
    }
    if (st == ACTOP_OK)
        st = describe(&l);
    if (st == ACTOP_OK) {
        l.decoder = decode_for("linux")->create();
        l.pool = sample_pool_new();
        st = l.decoder == NULL || l.pool == NULL ? ACTOP_E_NOMEM : ACTOP_OK;
    }
    while (st == ACTOP_OK)
        st = tick(&l);
    if (l.decoder != NULL)
        twin = decode_for("linux")->clone(l.decoder);
    decode_for("linux")->destroy(twin);
    *calls = l.source != NULL ? root_calls(l.root) : 0;
    actop_sample_unref(l.sample);
    if (l.pool != NULL)
        sample_pool_unref(l.pool);
    decode_for("linux")->destroy(l.decoder);
    frame_release(&l.frame);
    schema_unref(l.schema);
    linux_source.close(l.source);
    return st == ACTOP_END ? ACTOP_OK : st;
}

static void any_call_may_fail_and_the_source_goes_on(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_MACHINES; i++) {
        const char *name = machines[i].name;
        struct box t;
        uint64_t calls = 1;
        tree_open(&t, name);
        for (uint64_t n = 1; n <= calls; n += STEP(machines[i].call_step))
            CHECK_ROW(live(&t, n, &calls) == ACTOP_OK, name);
        CHECK_ROW(calls > 50, name);
        print_message("# %s: %lu calls\n", name, (unsigned long)calls);
        box_remove(&t);
    }
}

/* The n-th allocation of a life fails; the number of the last that there was. */
static long fail_allocations(const struct box *t, const char *name, long step)
{
    uint64_t calls;
    for (long n = 1;; n += step) {
        alloc_fail_nth(n);
        actop_status st = live(t, 0, &calls);
        bool hit = alloc_failed();
        alloc_fail_nth(0);
        CHECK_ROW(st == ACTOP_OK || st == ACTOP_E_NOMEM, name);
        CHECK_ROW(hit || st == ACTOP_OK, name);
        if (!hit)
            return n - step;
    }
}

static void any_allocation_may_fail_and_nothing_leaks(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_MACHINES; i++) {
        const char *name = machines[i].name;
        struct box t;
        tree_open(&t, name);
        long last = fail_allocations(&t, name, STEP(machines[i].allocation_step));
        CHECK_ROW(last > 50, name);
        print_message("# %s: %ld allocations\n", name, last);
        box_remove(&t);
    }
}

/* A CPU comes, and there is no memory to describe the machine again: the next tick does. */
static void a_machine_that_could_not_be_described_again_is_described_in_the_next_tick(void **state)
{
    struct box t;
    (void)state;
    box_make(&t);
    for (unsigned m = 0; m < 3; m++)
        box_moment(&t, m);
    box_put(&t, "proc/loadavg", "0.20 0.18 0.12 1/80 1\n");
    box_put(&t, "proc/1/stat", "1 (init) S 0 1 1 0 -1 0 0 0 0 0 1 5 0 0 20 0 3 0 2 4096 250\n");
    box_put(&t, "proc/diskstats", "8 0 sda 1 0 8 1 1 0 8 1 0 1 1\n");
    box_put(&t, "proc/net/dev", "lo: 1 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0\n");
    box_put(&t, "t0/proc/stat", "cpu0 1 0 0 0 0 0 0 0\n");
    box_put(&t, "t1/proc/stat", "cpu0 1 0 0 0 0 0 0 0\ncpu1 1 0 0 0 0 0 0 0\n");
    box_put(&t, "t2/proc/stat", "cpu0 1 0 0 0 0 0 0 0\ncpu1 1 0 0 0 0 0 0 0\n");
    bool hit = true;
    for (long n = 1; hit; n++) {
        struct life l = {0};
        assert_int_equal(root_open(&l.root, t.dir, NULL), ACTOP_OK);
        assert_int_equal(linux_open_root(&l.source, l.root, NULL), ACTOP_OK);
        assert_int_equal(describe(&l), ACTOP_OK);
        assert_int_equal(read_settled(&l), ACTOP_OK);
        assert_int_equal(linux_source.read(l.source, WANT, 0, &l.frame, NULL),
                         ACTOP_SCHEMA_CHANGED);
        alloc_fail_nth(n);
        actop_status st = describe(&l);
        hit = alloc_failed();
        alloc_fail_nth(0);
        assert_true(hit ? st == ACTOP_OK || st == ACTOP_E_NOMEM : st == ACTOP_OK);
        assert_int_equal(read_settled(&l), ACTOP_OK);
        assert_ptr_equal(l.frame.schema, l.schema);
        /* A part that had no memory of its own says so to doctor; the others are there. */
        int32_t rowset = schema_find_rowset(l.schema, "processes");
        assert_true(rowset >= 0 || (hit && st == ACTOP_OK));
        assert_int_equal(rowset < 0 ? 1 : l.frame.rows[rowset].n, 1);
        frame_release(&l.frame);
        schema_unref(l.schema);
        linux_source.close(l.source);
    }
    box_remove(&t);
}

static void a_machine_without_any_file_is_read_and_says_so(void **state)
{
    struct machine m = {0};
    (void)state;
    box_make(&m.tree);
    box_put(&m.tree, "t0/clock", "wall 1000000000\nawake 1000000000\nboot 1000000000\n");
    machine_open_tree(&m);
    assert_true(machine_next(&m));
    assert_int_equal(machine_state(&m, ACTOP_METRIC_CPU_UTIL, 0), ACTOP_STATE_UNSUPPORTED);
    assert_int_equal(machine_state(&m, ACTOP_METRIC_CPU_POWER, 0), ACTOP_STATE_UNSUPPORTED);
    assert_int_equal(sample_rows(m.sample, ACTOP_SCOPE_CORE), 0);
    const struct schema *s = m.frame.schema;
    for (size_t i = 0; i < s->n_collectors; i++) {
        const struct collector *c = &s->collectors[i];
        CHECK_ROW(c->status != 0 || strcmp(schema_text(s, c->name), "host") != 0, "host");
        if (c->status != 0)
            CHECK_ROW(*schema_text(s, c->reason) != '\0', schema_text(s, c->name));
    }
    machine_close(&m);
}

static void what_is_denied_is_a_state_and_a_line_of_doctor(void **state)
{
    struct machine m = {0};
    (void)state;
    tree_open(&m.tree, "intel-hybrid");
    box_put(&m.tree, "ERRNOS",
            "EACCES sys/class/powercap/intel-rapl:0/energy_uj\n"
            "EACCES sys/class/powercap/intel-rapl:0:0/energy_uj\n");
    machine_open_tree(&m);
    assert_true(machine_next(&m) && machine_next(&m));
    assert_int_equal(machine_state(&m, ACTOP_METRIC_CPU_POWER, 0), ACTOP_STATE_DENIED);
    assert_int_equal(machine_state(&m, ACTOP_METRIC_PACKAGE_POWER, 0), ACTOP_STATE_DENIED);
    assert_true(machine_get(&m, ACTOP_METRIC_SYSTEM_POWER, 0) == 20); /* psys may be read */
    const struct schema *s = m.frame.schema;
    bool found = false;
    for (size_t i = 0; i < s->n_collectors; i++)
        if (strcmp(schema_text(s, s->collectors[i].name), "powercap") == 0) {
            found = true;
            assert_int_equal(s->collectors[i].status, EACCES);
            assert_non_null(strstr(schema_text(s, s->collectors[i].reason), "root"));
            assert_non_null(strstr(schema_text(s, s->collectors[i].remedy), "root"));
        }
    assert_true(found);
    machine_close(&m);
}

/* After the first ticks a tick allocates nothing. */
static void a_tick_allocates_nothing_once_everything_was_seen(void **state)
{
    struct machine m = {0};
    (void)state;
    tree_open(&m.tree, "two-socket");
    for (int i = 2; i < 8; i++) {
        char path[32], text[128];
        (void)snprintf(path, sizeof path, "t%d/clock", i);
        (void)snprintf(
            text, sizeof text,
            "wall 17640000%d0000000000\nawake 90000%d0000000000\nboot 90000%d0000000000\n", i, i,
            i);
        box_put(&m.tree, path, text);
    }
    machine_open_tree(&m);
    for (int i = 0; i < 4; i++)
        assert_true(machine_next(&m));
    unsigned long before = alloc_count();
    for (int i = 0; i < 4; i++)
        assert_true(machine_next(&m));
    assert_int_equal(alloc_count(), before);
    machine_close(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_call_may_fail_and_the_source_goes_on),
        cmocka_unit_test(any_allocation_may_fail_and_nothing_leaks),
        cmocka_unit_test(a_machine_that_could_not_be_described_again_is_described_in_the_next_tick),
        cmocka_unit_test(a_machine_without_any_file_is_read_and_says_so),
        cmocka_unit_test(what_is_denied_is_a_state_and_a_line_of_doctor),
        cmocka_unit_test(a_tick_allocates_nothing_once_everything_was_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
