/* SPDX-License-Identifier: MIT */
#include "lib/test.h"

#include "decode/rowmap.h"
#include "lib/alloc.h"

enum { SECOND = 1000000000 };

/* Read one row's only counter; -1 when there is no difference. */
static int64_t take(struct rowmap *m, uint64_t key, uint64_t raw, int64_t at_s)
{
    struct counter_step step;
    struct counter *c = rowmap_find(m, key);
    assert_non_null(c);
    return counter_take(c, raw, at_s * SECOND, 64, 0, &step) == ACTOP_OK ? (int64_t)step.grew : -1;
}

static void rows_that_come_and_go_leave_the_others_alone(void **state)
{
    struct rowmap m;
    (void)state;
    rowmap_init(&m, 1);
    rowmap_begin(&m);
    assert_int_equal(take(&m, 10, 100, 1), -1);
    assert_int_equal(take(&m, 20, 200, 1), -1);
    assert_int_equal(take(&m, 30, 300, 1), -1);
    rowmap_end(&m);
    rowmap_begin(&m); /* 20 goes, 40 comes, the order changes */
    assert_int_equal(take(&m, 30, 330, 2), 30);
    assert_int_equal(take(&m, 40, 400, 2), -1);
    assert_int_equal(take(&m, 10, 101, 2), 1);
    rowmap_end(&m);
    assert_int_equal(m.n, 3);
    rowmap_begin(&m); /* 20 comes back as a stranger */
    assert_int_equal(take(&m, 10, 105, 3), 4);
    assert_int_equal(take(&m, 20, 900, 3), -1);
    assert_int_equal(take(&m, 30, 330, 3), 0);
    assert_int_equal(take(&m, 40, 401, 3), 1);
    rowmap_end(&m);
    rowmap_begin(&m);
    rowmap_end(&m);
    assert_int_equal(m.n, 0);
    rowmap_release(&m);
}

static void a_gap_breaks_differences_but_keeps_totals(void **state)
{
    struct rowmap m;
    (void)state;
    rowmap_init(&m, 1);
    for (int64_t s = 1; s <= 3; s++) {
        rowmap_begin(&m);
        (void)take(&m, 7, (uint64_t)s * 10, s);
        rowmap_end(&m);
    }
    rowmap_break(&m);
    rowmap_begin(&m);
    assert_int_equal(take(&m, 7, 1000, 50), -1);
    assert_int_equal(rowmap_find(&m, 7)->total, 20);
    rowmap_end(&m);
    rowmap_release(&m);
}

static void a_hundred_thousand_rows_settle_without_allocating(void **state)
{
    enum { ROWS = 100000 };
    struct rowmap m, copy;
    unsigned long before = 0;
    (void)state;
    rowmap_init(&m, 2);
    for (int64_t s = 1; s <= 4; s++) {
        before = alloc_count();
        rowmap_begin(&m);
        /* A tenth is exchanged each time; keys that share low bits are hard on the table. */
        for (uint64_t i = 0; i < ROWS; i++) {
            uint64_t key = (i % 10 == 0 ? i + (uint64_t)s * 1000000 : i) << 20;
            int64_t grew = take(&m, key, i + (uint64_t)s, s);
            assert_int_equal(grew, s == 1 || i % 10 == 0 ? -1 : 1);
        }
        rowmap_end(&m);
        assert_int_equal(m.n, ROWS);
    }
    assert_int_equal(alloc_count(), before);
    copy = m;
    assert_true(rowmap_own(&copy));
    rowmap_begin(&copy);
    assert_int_equal(take(&copy, UINT64_C(1) << 20, 1000, 9), 1000 - 5);
    rowmap_release(&copy);
    rowmap_begin(&m);
    assert_int_equal(take(&m, UINT64_C(1) << 20, 6, 9), 1);
    rowmap_release(&m);
}

static bool fill(struct rowmap *m)
{
    struct rowmap copy = {0};
    bool ok = true;
    rowmap_begin(m);
    for (uint64_t key = 0; key < 40 && ok; key++)
        ok = rowmap_find(m, key) != NULL;
    rowmap_end(m);
    if (ok) {
        copy = *m;
        ok = rowmap_own(&copy);
    }
    rowmap_release(&copy);
    return ok;
}

static void every_failing_allocation_leaves_a_usable_map(void **state)
{
    (void)state;
    for (long n = 1;; n++) {
        struct rowmap m;
        rowmap_init(&m, 1);
        alloc_fail_nth(n);
        bool ok = fill(&m);
        bool failed = alloc_failed();
        alloc_fail_nth(0);
        assert_true(ok == !failed);
        assert_true(fill(&m));
        assert_int_equal(m.n, 40);
        rowmap_release(&m);
        if (!failed)
            break;
        assert_true(n < 1000);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_that_come_and_go_leave_the_others_alone),
        cmocka_unit_test(a_gap_breaks_differences_but_keeps_totals),
        cmocka_unit_test(a_hundred_thousand_rows_settle_without_allocating),
        cmocka_unit_test(every_failing_allocation_leaves_a_usable_map),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
