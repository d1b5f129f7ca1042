/* SPDX-License-Identifier: MIT */
/* Layout: for every size panels lie inside the screen, below the header and above the lines, and never on each other. */
#include "lib/test.h"

#include <string.h>

#include "tui/layout.h"

/* Panels that want more in narrow columns, as real ones do. */
static struct share measure(const void *context, enum panel_id panel, int columns)
{
    const int *size = context;
    int more = columns < 60 ? 2 : 0;
    return (struct share){2 + (int)panel % 3,
                          *size + (int)panel + more,
                          1,
                          panel != PANEL_SENSORS,
                          0,
                          0,
                          panel == PANEL_SENSORS ? 3 * *size : 0};
}

static struct layout_input input_of(int rows, int cols, bool stack, unsigned wanted, int zoomed,
                                    const int *size)
{
    struct layout_input in = {.rows = rows,
                              .cols = cols,
                              .stack = stack,
                              .zoomed = zoomed,
                              .measure = measure,
                              .context = size};
    for (int id = 0; id < PANEL_COUNT; id++)
        in.wanted[id] = (wanted >> id & 1) != 0;
    return in;
}

static void check_plan(const struct layout_input *in)
{
    static unsigned char used[120][320];
    struct layout plan;
    layout_plan(in, &plan);
    if (in->rows < LAYOUT_MIN_ROWS || in->cols < LAYOUT_MIN_COLS) {
        assert_true(plan.too_small);
        return;
    }
    assert_false(plan.too_small);
    memset(used, 0, sizeof used);
    const struct place *places[PANEL_COUNT + 3] = {&plan.header, &plan.status, &plan.footer};
    for (int id = 0; id < PANEL_COUNT; id++)
        places[3 + id] = &plan.panels[id];
    for (size_t i = 0; i < PANEL_COUNT + 3; i++) {
        const struct place *p = places[i];
        assert_true(p->h >= 0 && p->w >= 0 && p->y >= 0 && p->x >= 0);
        assert_true(p->h == 0 || (p->y + p->h <= in->rows && p->x + p->w <= in->cols));
        for (int y = p->y; y < p->y + p->h; y++)
            for (int x = p->x; x < p->x + p->w; x++)
                assert_int_equal(used[y][x]++, 0);
    }
}

static void no_size_puts_panels_outside_or_on_each_other(void **state)
{
    (void)state;
    static const unsigned wanted[] = {0xff, 0x7f, 0x81, 0x80, 0x01, 0x55};
    static const int sizes[] = {2, 9, 40};
    for (int rows = 1; rows <= 100; rows += rows < 30 ? 1 : 7)
        for (int cols = 1; cols <= 300; cols += cols < 30 ? 1 : 13)
            for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
                for (size_t k = 0; k < 3; k++)
                    for (int stack = 0; stack < 2; stack++) {
                        struct layout_input in =
                            input_of(rows, cols, stack, wanted[i], -1, &sizes[k]);
                        check_plan(&in);
                    }
}

static void a_zoomed_panel_has_the_screen_to_itself(void **state)
{
    (void)state;
    int size = 3;
    struct layout plan;
    for (int id = 0; id < PANEL_COUNT; id++) {
        struct layout_input in = input_of(30, 100, false, 0xff, id, &size);
        check_plan(&in);
        layout_plan(&in, &plan);
        for (int other = 0; other < PANEL_COUNT; other++)
            assert_int_equal(plan.panels[other].h > 0, other == id);
        assert_int_equal(plan.panels[id].w, 100);
        assert_int_equal(plan.panels[id].h, 27);
    }
}

static int columns_at(int cols, bool stack)
{
    int size = 3;
    int starts = 0;
    struct layout plan;
    struct layout_input in = input_of(60, cols, stack, 0x7f, -1, &size);
    layout_plan(&in, &plan);
    for (int id = 0; id < PANEL_COUNT; id++)
        starts += plan.panels[id].h > 0 && plan.panels[id].y == 1;
    return starts;
}

static void columns_come_with_width_and_stacking_keeps_one(void **state)
{
    (void)state;
    assert_int_equal(columns_at(95, false), 1);
    assert_int_equal(columns_at(96, false), 2);
    assert_int_equal(columns_at(120, false), 2);
    assert_int_equal(columns_at(180, false), 3);
    assert_int_equal(columns_at(240, false), 4);
    assert_int_equal(columns_at(240, true), 1);
}

static void the_highest_rank_is_left_out_first(void **state)
{
    (void)state;
    int size = 3;
    struct layout plan;
    for (int rows = 5; rows < 40; rows++) {
        struct layout_input in = input_of(rows, 60, false, 0x7f, -1, &size);
        layout_plan(&in, &plan);
        assert_true(plan.panels[PANEL_CPU].h > 0);
        assert_true(plan.panels[PANEL_GPU].h > 0 || plan.panels[PANEL_DISK].h == 0);
        assert_true(plan.panels[PANEL_NETWORK].h > 0 || plan.panels[PANEL_SENSORS].h == 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_size_puts_panels_outside_or_on_each_other),
        cmocka_unit_test(a_zoomed_panel_has_the_screen_to_itself),
        cmocka_unit_test(columns_come_with_width_and_stacking_keeps_one),
        cmocka_unit_test(the_highest_rank_is_left_out_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
