/* SPDX-License-Identifier: MIT */
/* Frames: slots, rows, bytes, copies, and no allocation once warm. */
#include "frame/frame.h"

#include "lib/alloc.h"
#include "lib/test.h"

static struct schema *sealed(void)
{
    static const struct column_spec columns[] = {{"pid", "", SLOT_U64, COLUMN_KEY, 0},
                                                 {"start", "", SLOT_U64, COLUMN_KEY, 0},
                                                 {"name", "", SLOT_BYTES, 0, 0}};
    struct schema *s = schema_new("test", "test");
    assert_non_null(s);
    schema_add_channel(s, &(struct channel_spec){.key = "states", .count = 4});
    schema_add_channel(s, &(struct channel_spec){.key = "value", .type = SLOT_F64});
    schema_add_channel(s, &(struct channel_spec){.key = "text", .type = SLOT_BYTES});
    schema_add_rowset(s, "processes", ACTOP_SCOPE_PROCESS, 0, columns, 3);
    assert_int_equal(schema_seal(s, NULL), ACTOP_OK);
    return s;
}

static void fill(struct frame *f, const struct schema *s, uint32_t rows)
{
    assert_int_equal(frame_begin(f, s, 0, NULL), ACTOP_OK);
    frame_array(f, 0)[3] = 42;
    frame_set_f64(f, 1, 1.5);
    frame_set_bytes(f, 2, "a\0b", 3);
    for (uint32_t i = 0; i < rows; i++) {
        uint32_t row = frame_row(f, 0);
        frame_cell_u64(f, 0, row, 0, i);
        frame_cell_u64(f, 0, row, 1, 7);
        frame_cell_bytes(f, 0, row, 2, "name", 4);
    }
}

static void a_begun_frame_is_absent_everywhere(void **state)
{
    (void)state;
    struct schema *s = sealed();
    struct frame f = {0};
    fill(&f, s, 3);
    assert_int_equal(frame_begin(&f, s, 0, NULL), ACTOP_OK);
    for (int32_t c = 0; c < 3; c++)
        assert_false(frame_has(&f, c));
    assert_int_equal(f.slots[3], 0);
    assert_int_equal(f.rows[0].n, 0);
    assert_int_equal(f.rows[0].status, SLOT_ABSENT);
    frame_release(&f);
    schema_unref(s);
}

static void what_is_filled_in_is_read_back(void **state)
{
    (void)state;
    struct schema *s = sealed();
    struct frame f = {0};
    fill(&f, s, 2);
    f.at.awake_ns = 500;
    frame_set_stamp(&f, 1, 400);
    assert_int_equal(f.slots[s->channels[0].first + 3], 42);
    assert_true(bits_f64(frame_u64(&f, 1)) == 1.5);
    assert_int_equal(frame_stamp(&f, 1), 400);
    assert_int_equal(frame_stamp(&f, 2), 500);
    size_t n = 0;
    assert_memory_equal(frame_bytes(&f, frame_u64(&f, 2), &n), "a\0b", 3);
    assert_int_equal(n, 3);
    assert_true(frame_cell_has(&f, 0, 1, 2));
    assert_int_equal(frame_cell(&f, 0, 1, 0), 1);
    (void)frame_bytes(&f, UINT64_MAX, &n);
    assert_int_equal(n, 0);
    frame_release(&f);
    schema_unref(s);
}

static void a_row_is_known_by_its_key_columns_alone(void **state)
{
    (void)state;
    struct schema *s = sealed();
    struct frame f = {0};
    fill(&f, s, 3);
    uint64_t first = frame_row_key(&f, 0, 0);
    assert_true(first != frame_row_key(&f, 0, 1));
    frame_cell_bytes(&f, 0, 0, 2, "renamed", 7);
    assert_true(first == frame_row_key(&f, 0, 0));
    frame_cell_u64(&f, 0, 0, 1, 8);
    assert_true(first != frame_row_key(&f, 0, 0));
    frame_release(&f);
    schema_unref(s);
}

static void a_copy_is_equal_and_its_own(void **state)
{
    (void)state;
    struct schema *s = sealed();
    struct frame f = {0};
    struct frame copy = {0};
    fill(&f, s, 100);
    f.seq = 9;
    assert_int_equal(frame_copy(&copy, &f, NULL), ACTOP_OK);
    frame_release(&f);
    assert_int_equal(copy.seq, 9);
    assert_int_equal(copy.rows[0].n, 100);
    size_t n = 0;
    assert_memory_equal(frame_bytes(&copy, frame_cell(&copy, 0, 99, 2), &n), "name", 4);
    frame_release(&copy);
    schema_unref(s);
}

static void a_warm_frame_allocates_nothing(void **state)
{
    (void)state;
    struct schema *s = sealed();
    struct frame f = {0};
    fill(&f, s, 500);
    unsigned long before = alloc_count();
    for (int tick = 0; tick < 100; tick++)
        fill(&f, s, 500);
    assert_int_equal(alloc_count(), before);
    frame_release(&f);
    schema_unref(s);
}

static bool fill_with_failures(const struct schema *s)
{
    struct frame f = {0};
    struct frame copy = {0};
    if (frame_begin(&f, s, 0, NULL) == ACTOP_OK) {
        frame_set_bytes(&f, 2, "abc", 3);
        for (int i = 0; i < 20; i++) {
            uint32_t row = frame_row(&f, 0);
            if (row != UINT32_MAX)
                frame_cell_bytes(&f, 0, row, 2, "name", 4);
        }
        bool told = f.failed;
        if (frame_copy(&copy, &f, NULL) != ACTOP_OK)
            told = true;
        assert_int_equal(told, alloc_failed());
    }
    frame_release(&f);
    frame_release(&copy);
    return alloc_failed();
}

static void every_failing_allocation_is_survived_and_told(void **state)
{
    (void)state;
    struct schema *s = sealed();
    long n = 1;
    for (alloc_fail_nth(n); fill_with_failures(s); alloc_fail_nth(++n))
        ;
    alloc_fail_nth(0);
    assert_true(n > 8);
    schema_unref(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_begun_frame_is_absent_everywhere),
        cmocka_unit_test(what_is_filled_in_is_read_back),
        cmocka_unit_test(a_row_is_known_by_its_key_columns_alone),
        cmocka_unit_test(a_copy_is_equal_and_its_own),
        cmocka_unit_test(a_warm_frame_allocates_nothing),
        cmocka_unit_test(every_failing_allocation_is_survived_and_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
