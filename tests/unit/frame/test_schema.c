/* SPDX-License-Identifier: MIT */
/* Schemas: keys, twins, properties, row sets, and running out of memory while building one. */
#include "frame/schema.h"

#include <stdio.h>

#include "lib/alloc.h"
#include "lib/test.h"

static struct schema *build(void)
{
    static const char *const states[] = {"OFF", "IDLE", "V0P1"};
    static const uint64_t table[] = {600, 1200, 3200};
    static const struct column_spec columns[] = {{"name", "", SLOT_BYTES, COLUMN_KEY, 0},
                                                 {"rx", "B", SLOT_U64, CHANNEL_COUNTER, 32}};
    struct schema *s = schema_new("test", "test");
    if (s == NULL)
        return NULL;
    int32_t stat = schema_add_collector(s, "stat", 0, "", "");
    schema_add_channel(
        s, &(struct channel_spec){
               .key = "cpu/0", .name = "cpu0", .collector = stat, .count = 3, .states = states});
    schema_add_channel(s, &(struct channel_spec){.key = "energy", .unit = "mJ", .collector = stat});
    schema_add_channel(s, &(struct channel_spec){.key = "energy", .unit = "mJ", .collector = stat});
    schema_put_u64(s, "dvfs", table, 3);
    schema_put_text(s, "chip", "Test chip");
    schema_add_rowset(s, "interfaces", ACTOP_SCOPE_INTERFACE, stat, columns, 2);
    return s;
}

static void everything_is_found_by_its_key(void **state)
{
    (void)state;
    struct schema *s = build();
    assert_int_equal(schema_seal(s, NULL), ACTOP_OK);
    assert_int_equal(schema_find_channel(s, "cpu/0"), 0);
    assert_int_equal(schema_find_channel(s, "nothing"), -1);
    assert_int_equal(s->channels[1].first, 3);
    assert_int_equal(s->n_slots, 5);
    assert_string_equal(schema_state_name(s, &s->channels[0], 2), "V0P1");
    assert_string_equal(schema_state_name(s, &s->channels[1], 0), "");
    uint64_t mhz = 0;
    assert_true(schema_get_u64(s, "dvfs", 2, &mhz) && mhz == 3200);
    assert_false(schema_get_u64(s, "dvfs", 3, &mhz));
    assert_false(schema_get_u64(s, "chip", 0, &mhz));
    assert_string_equal(schema_get_text(s, "chip"), "Test chip");
    assert_null(schema_get_text(s, "dvfs"));
    int32_t rows = schema_find_rowset(s, "interfaces");
    assert_int_equal(schema_find_column(s, rows, "rx"), 1);
    assert_int_equal(schema_find_column(s, -1, "rx"), -1);
    assert_int_equal(s->rowsets[rows].n_keys, 1);
    schema_unref(s);
}

static void twins_are_kept_apart_by_number(void **state)
{
    (void)state;
    struct schema *s = build();
    for (int i = 0; i < 50; i++)
        schema_add_channel(s, &(struct channel_spec){.key = "twin", .collector = 0});
    assert_int_equal(schema_seal(s, NULL), ACTOP_OK);
    assert_int_equal(schema_find_channel(s, "energy"), 1);
    assert_int_equal(schema_find_channel(s, "energy#2"), 2);
    assert_int_equal(schema_find_channel(s, "twin"), 3);
    for (int i = 2; i <= 50; i++) {
        char key[16];
        (void)snprintf(key, sizeof key, "twin#%d", i);
        assert_int_equal(schema_find_channel(s, key), 2 + i);
    }
    schema_unref(s);
}

static void a_row_set_with_too_many_columns_is_refused(void **state)
{
    (void)state;
    struct column_spec columns[ROWSET_MAX_COLUMNS + 1];
    for (size_t i = 0; i <= ROWSET_MAX_COLUMNS; i++)
        columns[i] = (struct column_spec){"c", "", SLOT_U64, 0, 0};
    struct schema *s = schema_new("test", "test");
    assert_int_equal(
        schema_add_rowset(s, "wide", ACTOP_SCOPE_DISK, 0, columns, ROWSET_MAX_COLUMNS + 1), -1);
    assert_int_not_equal(schema_seal(s, NULL), ACTOP_OK);
    schema_unref(s);
}

static bool build_with_failures(void)
{
    struct schema *s = build();
    actop_error err = {ACTOP_OK, ""};
    if (s != NULL && schema_seal(s, &err) != ACTOP_OK)
        assert_int_equal(err.status, ACTOP_E_NOMEM);
    else if (s != NULL)
        assert_false(alloc_failed());
    schema_unref(s);
    return alloc_failed();
}

static void every_failing_allocation_is_told_when_sealing(void **state)
{
    (void)state;
    long n = 1;
    for (alloc_fail_nth(n); build_with_failures(); alloc_fail_nth(++n))
        ;
    alloc_fail_nth(0);
    assert_true(n > 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_is_found_by_its_key),
        cmocka_unit_test(twins_are_kept_apart_by_number),
        cmocka_unit_test(a_row_set_with_too_many_columns_is_refused),
        cmocka_unit_test(every_failing_allocation_is_told_when_sealing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
