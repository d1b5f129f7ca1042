/* SPDX-License-Identifier: MIT */
/* Samples: states, rows that come and go, order, averages, the pool, and no allocation once warm. */
#include "model/sample.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "lib/alloc.h"
#include "lib/test.h"

static const struct os_moment noon = {43200, 1000, 2000};

static struct topology *two_cores(void)
{
    struct topology *t = topology_new();
    assert_non_null(t);
    topology_add(t, ACTOP_SCOPE_CORE, "cpu0", NULL, "E");
    topology_add(t, ACTOP_SCOPE_CORE, "cpu1", "performance 1", "P");
    assert_false(t->failed);
    return t;
}

static void a_fresh_sample_has_no_values_only_states(void **state)
{
    (void)state;
    struct sample_pool *pool = sample_pool_new();
    struct topology *t = two_cores();
    struct actop_sample_t *s = sample_new(pool);
    sample_begin(s, t, &noon);
    assert_int_equal(sample_rows(s, ACTOP_SCOPE_MACHINE), 1);
    assert_int_equal(sample_rows(s, ACTOP_SCOPE_CORE), 2);
    double value = 7;
    assert_false(sample_get(s, ACTOP_METRIC_CORE_UTIL, 1, &value));
    assert_int_equal(sample_cell(s, ACTOP_METRIC_CORE_UTIL, 1)->state, ACTOP_STATE_NONE);
    assert_null(sample_cell(s, ACTOP_METRIC_CORE_UTIL, 2));
    actop_sample_unref(s);
    topology_unref(t);
    sample_pool_unref(pool);
}

static void what_is_put_is_read_back_and_not_a_number_is_a_failure(void **state)
{
    (void)state;
    struct sample_pool *pool = sample_pool_new();
    struct topology *t = two_cores();
    uint16_t via = topology_via(t, "stat");
    assert_int_equal(topology_via(t, "stat"), via);
    struct actop_sample_t *s = sample_new(pool);
    sample_begin(s, t, &noon);
    sample_put(s, ACTOP_METRIC_CORE_UTIL, 1, 0.5, ACTOP_MEASURED, via);
    sample_put_at(s, ACTOP_METRIC_CPU_POWER, 0, 3.5, 400, ACTOP_STATE_STALE, ACTOP_DERIVED, via);
    sample_put(s, ACTOP_METRIC_GPU_POWER, 0, (double)NAN, ACTOP_MEASURED, via);
    sample_put(s, ACTOP_METRIC_ANE_POWER, 0, (double)INFINITY, ACTOP_MEASURED, via);
    sample_put(s, ACTOP_METRIC_CORE_UTIL, 99, 1, ACTOP_MEASURED, via);
    sample_put_text(s, ACTOP_METRIC_CHIP, 0, "Apple M4 Max", 12, via);
    actop_reading r = actop_read(s, ACTOP_METRIC_CORE_UTIL, 1);
    assert_true(r.value == 0.5 && r.state == ACTOP_STATE_OK && r.age_ns == 0);
    assert_string_equal(r.via, "stat");
    r = actop_read(s, ACTOP_METRIC_CPU_POWER, 0);
    assert_true(r.value == 3.5 && r.state == ACTOP_STATE_STALE && r.age_ns == 600 &&
                r.origin == ACTOP_DERIVED);
    assert_int_equal(actop_read(s, ACTOP_METRIC_GPU_POWER, 0).state, ACTOP_STATE_FAILED);
    assert_int_equal(actop_read(s, ACTOP_METRIC_ANE_POWER, 0).state, ACTOP_STATE_FAILED);
    assert_string_equal(actop_read(s, ACTOP_METRIC_CHIP, 0).text, "Apple M4 Max");
    assert_true(actop_read_key(s, "core.util", "cpu1").value == 0.5);
    assert_int_equal(actop_read_key(s, "core.util", "cpu7").state, ACTOP_STATE_NONE);
    assert_int_equal(actop_read_key(s, "no.such", NULL).state, ACTOP_STATE_NONE);
    actop_entity e;
    assert_int_equal(actop_entity_at(s, ACTOP_SCOPE_CORE, 0, &e), ACTOP_OK);
    assert_string_equal(e.name, "cpu0");
    assert_string_equal(e.tier, "E");
    assert_int_equal(actop_entity_at(s, ACTOP_SCOPE_CORE, 2, &e), ACTOP_E_NOT_FOUND);
    actop_sample_unref(s);
    topology_unref(t);
    sample_pool_unref(pool);
}

static void add_process(struct actop_sample_t *s, unsigned pid, double cpu)
{
    char key[16];
    (void)snprintf(key, sizeof key, "%u", pid);
    int32_t row = sample_add_row(s, ACTOP_SCOPE_PROCESS, key, strlen(key), "worker", 6);
    assert_true(row >= 0);
    sample_entity(s, ACTOP_SCOPE_PROCESS, (uint32_t)row)->id = pid;
    sample_put(s, ACTOP_METRIC_PROC_CPU, (uint32_t)row, cpu, ACTOP_MEASURED, 0);
}

static void rows_keep_their_cells_while_the_table_grows_and_is_reordered(void **state)
{
    (void)state;
    struct sample_pool *pool = sample_pool_new();
    struct topology *t = two_cores();
    struct actop_sample_t *s = sample_new(pool);
    sample_begin(s, t, &noon);
    for (unsigned i = 0; i < 1000; i++)
        add_process(s, 100 + i, i);
    double value = 0;
    for (uint32_t i = 0; i < 1000; i++)
        assert_true(sample_get(s, ACTOP_METRIC_PROC_CPU, i, &value) && value == i);
    static const uint32_t order[] = {999, 0, 500, 0};
    assert_true(sample_reorder(s, ACTOP_SCOPE_PROCESS, order, 4));
    assert_int_equal(sample_rows(s, ACTOP_SCOPE_PROCESS), 4);
    for (uint32_t i = 0; i < 4; i++) {
        assert_true(sample_get(s, ACTOP_METRIC_PROC_CPU, i, &value) && value == order[i]);
        assert_int_equal(sample_entity_get(s, ACTOP_SCOPE_PROCESS, i)->id, 100 + order[i]);
    }
    actop_sample_unref(s);
    topology_unref(t);
    sample_pool_unref(pool);
}

static void a_warm_sample_allocates_nothing(void **state)
{
    (void)state;
    struct sample_pool *pool = sample_pool_new();
    struct topology *t = two_cores();
    unsigned long before = 0;
    for (int tick = 0; tick < 50; tick++) {
        if (tick == 5)
            before = alloc_count();
        struct actop_sample_t *s = sample_new(pool);
        sample_begin(s, t, &noon);
        for (unsigned i = 0; i < 200; i++)
            add_process(s, i, i);
        sample_windows(s)[window_index(s, ACTOP_METRIC_CPU_POWER, 0)].count = 1;
        actop_sample_unref(s);
    }
    assert_int_equal(alloc_count(), before);
    topology_unref(t);
    sample_pool_unref(pool);
}

static void an_average_weighs_its_parts_by_their_time(void **state)
{
    (void)state;
    struct sample_pool *pool = sample_pool_new();
    struct topology *t = two_cores();
    struct actop_sample_t *parts[2];
    static const double watts[] = {10, 40};
    static const int64_t spans[] = {3000, 1000};
    for (int i = 0; i < 2; i++) {
        parts[i] = sample_new(pool);
        sample_begin(parts[i], t, &noon);
        parts[i]->interval_ns = spans[i];
        sample_put(parts[i], ACTOP_METRIC_CPU_POWER, 0, watts[i], ACTOP_MEASURED, 0);
        sample_put(parts[i], ACTOP_METRIC_GAPS, 0, i, ACTOP_MEASURED, 0);
        add_process(parts[i], 7, i);
    }
    sample_put(parts[1], ACTOP_METRIC_GPU_POWER, 0, 5, ACTOP_MEASURED, 0);
    struct actop_sample_t *mean = sample_new(pool);
    sample_average(mean, parts, 2);
    double value = 0;
    assert_true(sample_get(mean, ACTOP_METRIC_CPU_POWER, 0, &value) && fabs(value - 17.5) < 1e-12);
    assert_true(sample_get(mean, ACTOP_METRIC_GPU_POWER, 0, &value) && value == 5);
    assert_true(sample_get(mean, ACTOP_METRIC_GAPS, 0, &value) && value == 1);
    assert_int_equal(mean->interval_ns, 4000);
    /* Times of somebody else's recording, which may jump back and forth. */
    parts[0]->interval_ns = parts[1]->interval_ns = INT64_MAX / 2 + 1;
    sample_average(mean, parts, 2);
    assert_true(mean->interval_ns == INT64_MAX);
    assert_string_equal(sample_entity_text(mean, ACTOP_SCOPE_PROCESS,
                                           sample_entity_get(mean, ACTOP_SCOPE_PROCESS, 0)->name),
                        "worker");
    actop_sample_unref(mean);
    actop_sample_unref(parts[0]);
    actop_sample_unref(parts[1]);
    topology_unref(t);
    sample_pool_unref(pool);
}

/* One round over everything that allocates; true while a failure was hit. */
static bool fill_with_failures(void)
{
    struct sample_pool *pool = sample_pool_new();
    struct topology *t = topology_new();
    struct actop_sample_t *s = pool == NULL ? NULL : sample_new(pool);
    if (t != NULL && s != NULL) {
        topology_add(t, ACTOP_SCOPE_CORE, "cpu0", NULL, "E");
        (void)topology_via(t, "stat");
        sample_begin(s, t, &noon);
        for (int i = 0; i < 20; i++)
            (void)sample_add_row(s, ACTOP_SCOPE_PROCESS, "1", 1, "a", 1);
        (void)sample_windows(s);
        if (alloc_failed())
            assert_true(s->failed || t->failed || t->n[ACTOP_SCOPE_CORE] == 0);
    }
    actop_sample_unref(s);
    topology_unref(t);
    sample_pool_unref(pool);
    return alloc_failed();
}

static void every_failing_allocation_is_survived_and_told(void **state)
{
    (void)state;
    long n = 1;
    for (alloc_fail_nth(n); fill_with_failures(); alloc_fail_nth(++n))
        ;
    alloc_fail_nth(0);
    assert_true(n > 8);
}

static void a_sample_outlives_the_owner_of_its_pool(void **state)
{
    (void)state;
    struct sample_pool *pool = sample_pool_new();
    struct topology *t = two_cores();
    struct actop_sample_t *s = sample_new(pool);
    sample_begin(s, t, &noon);
    sample_put(s, ACTOP_METRIC_CPU_POWER, 0, 4, ACTOP_MEASURED, 0);
    const actop_sample_t *kept = actop_sample_ref(s);
    actop_sample_unref(s);
    topology_unref(t);
    sample_pool_unref(pool);
    assert_true(actop_read(kept, ACTOP_METRIC_CPU_POWER, 0).value == 4);
    actop_sample_unref(kept);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fresh_sample_has_no_values_only_states),
        cmocka_unit_test(what_is_put_is_read_back_and_not_a_number_is_a_failure),
        cmocka_unit_test(rows_keep_their_cells_while_the_table_grows_and_is_reordered),
        cmocka_unit_test(a_warm_sample_allocates_nothing),
        cmocka_unit_test(an_average_weighs_its_parts_by_their_time),
        cmocka_unit_test(every_failing_allocation_is_survived_and_told),
        cmocka_unit_test(a_sample_outlives_the_owner_of_its_pool),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
