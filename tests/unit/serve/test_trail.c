/* SPDX-License-Identifier: MIT */
/* The ring of /api/v1/history: which points the last seconds have, whatever is done to the clock on the wall. */
#include <string.h>

#include "lib/rig.h"
#include "lib/test.h"
#include "serve/trail.h"

enum { SECOND = 1000000000 };

/* A point of that moment of both clocks, in seconds. */
static void add(struct trail *h, struct rig *r, int64_t wall_s, int64_t boot_s)
{
    rig_begin(r, 1);
    rig_set(r, ACTOP_METRIC_CPU_POWER, 0, (double)boot_s);
    r->s->at.wall_ns = wall_s * SECOND;
    r->s->at.boot_ns = boot_s * SECOND;
    trail_add(h, r->s);
}

static void expect(const struct trail *h, const struct rig *r, long seconds, const char *wanted)
{
    struct buf b = BUF_INIT;
    trail_put(&b, h, r->s, seconds);
    const char *found = b.data != NULL ? strstr(b.data, "\"cpu.power\":") : NULL;
    assert_non_null(found);
    CHECK_ROW(strncmp(found + strlen("\"cpu.power\":"), wanted, strlen(wanted)) == 0, b.data);
    buf_release(&b);
}

static void a_clock_that_is_set_leaves_out_no_point_and_adds_none(void **state)
{
    static const struct {
        const char *what;
        int64_t jump_s;
    } rows[] = {{"on", 60}, {"back", -60}, {"not at all", 0}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rig *r = rig_new(NULL);
        struct trail h;
        assert_true(trail_open(&h));
        for (int64_t at = 100; at < 200; at++)
            add(&h, r, 1000000 + at + (at >= 198 ? rows[i].jump_s : 0), at);
        expect(&h, r, 3, "[196.00000,197.00000,198.00000,199.00000]");
        trail_release(&h);
        rig_free(r);
    }
}

static void another_machines_clock_begins_anew(void **state)
{
    (void)state;
    struct rig *r = rig_new(NULL);
    struct trail h;
    assert_true(trail_open(&h));
    for (int64_t at = 100; at < 110; at++)
        add(&h, r, at, at);
    add(&h, r, 111, 5);
    add(&h, r, 112, 6);
    expect(&h, r, 3600, "[5.00000,6.00000]");
    trail_release(&h);
    rig_free(r);
}

static void the_oldest_points_make_room_and_too_near_ones_are_left_out(void **state)
{
    (void)state;
    struct rig *r = rig_new(NULL);
    struct trail h;
    assert_true(trail_open(&h));
    for (int64_t at = 0; at < TRAIL_POINTS + 10; at++) {
        add(&h, r, at, at);
        add(&h, r, at, at);
    }
    assert_int_equal(h.n, TRAIL_POINTS);
    expect(&h, r, 1, "[3608.00,3609.00]");
    expect(&h, r, 100000, "[10.00000,11.00000,");
    trail_release(&h);
    rig_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_clock_that_is_set_leaves_out_no_point_and_adds_none),
        cmocka_unit_test(another_machines_clock_begins_anew),
        cmocka_unit_test(the_oldest_points_make_room_and_too_near_ones_are_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
