/* SPDX-License-Identifier: MIT */
/* Cells: whatever is drawn, every row of the grid stays exactly as wide as it is, and no control gets in. */
#include "lib/test.h"

#include <string.h>

#include "base/text.h"
#include "tui/grid.h"

/* A row as text; right halves of wide characters give nothing. */
static const char *row_text(const struct grid *g, int y)
{
    static char text[4096];
    size_t n = 0;
    for (int x = 0; x < g->cols; x++) {
        const struct grid_cell *c = grid_at(g, y, x);
        if (c->width == 0)
            continue;
        n += utf8_encode(c->code, text + n);
        if (c->mark != 0)
            n += utf8_encode(c->mark, text + n);
    }
    text[n] = '\0';
    return text;
}

/* Σ widths of a row is its columns, wide ones are followed by their half, and nothing else is a half. */
static bool row_is_sound(const struct grid *g, int y)
{
    for (int x = 0; x < g->cols; x++) {
        const struct grid_cell *c = grid_at(g, y, x);
        bool half_follows = x + 1 < g->cols && grid_at(g, y, x + 1)->width == 0;
        if (c->code < 0x20 || (c->code >= 0x7f && c->code < 0xa0) || c->width > 2)
            return false;
        if ((c->width == 2) != half_follows)
            return false;
    }
    return g->cols == 0 || grid_at(g, y, 0)->width != 0;
}

static void names_are_cut_to_their_width_with_an_ellipsis(void **state)
{
    (void)state;
    static const struct {
        const char *what, *name;
        int width;
        const char *shown;
    } rows[] = {
        {"fits", "ollama", 10, "ollama    |"},
        {"exactly", "ollama", 6, "ollama|    "},
        {"cut", "ollama-server", 6, "ollam…|    "},
        {"one column", "ollama", 1, "…|         "},
        {"wide fits", "日本", 4, "日本|      "},
        {"wide cut in the middle", "日本語", 4, "日… |      "},
        {"combining", "e\xcc\x81t\xcc\xa3", 3, "e\xcc\x81t\xcc\xa3 |       "},
        {"escape", "a\033[31mb", 8, "a?[31mb |  "},
        {"broken bytes", "a\xff\xc3", 4, "a\xef\xbf\xbd\xef\xbf\xbd |      "},
        {"newline and tab", "a\nb\tc", 6, "a?b?c |    "},
        {"C1 control",
         "a\xc2\x9b"
         "31m",
         6, "a?31m |    "},
        {"bidirectional override",
         "a\xe2\x80\xae"
         "b",
         6, "a?b   |    "},
        {"joined emoji", "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb", 6,
         "\xf0\x9f\x91\xa9\xf0\x9f\x92\xbb  |    "},
        {"flag", "\xf0\x9f\x87\xa9\xf0\x9f\x87\xaa", 4, "DE  |      "},
    };
    struct grid g = {0};
    assert_true(grid_resize(&g, 1, 11));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        grid_clear(&g);
        struct area a = area_of(&g);
        draw_code(&a, 0, rows[i].width, STYLE_TEXT, '|');
        int used = draw_name(&a, 0, 0, rows[i].width, STYLE_TEXT, rows[i].name);
        CHECK_ROW(used <= rows[i].width, rows[i].what);
        CHECK_ROW(row_is_sound(&g, 0), rows[i].what);
        if (strcmp(row_text(&g, 0), rows[i].shown) != 0)
            fail_msg("%s: '%s', not '%s'", rows[i].what, row_text(&g, 0), rows[i].shown);
    }
    grid_release(&g);
}

static void overwriting_half_of_a_wide_character_leaves_a_blank(void **state)
{
    (void)state;
    struct grid g = {0};
    assert_true(grid_resize(&g, 1, 6));
    struct area a = area_of(&g);
    for (int at = 0; at < 6; at++) {
        grid_clear(&g);
        draw_text(&a, 0, 0, STYLE_TEXT, "日本語");
        draw_code(&a, 0, at, STYLE_TEXT, 'x');
        assert_true(row_is_sound(&g, 0));
        grid_clear(&g);
        draw_text(&a, 0, 0, STYLE_TEXT, "日本語");
        draw_code(&a, 0, at, STYLE_TEXT, 0x65e5);
        assert_true(row_is_sound(&g, 0));
    }
    grid_release(&g);
}

static void nothing_is_drawn_outside_of_an_area(void **state)
{
    (void)state;
    struct grid g = {0};
    assert_true(grid_resize(&g, 8, 20));
    struct area all = area_of(&g);
    struct area a = area_part(&all, 2, 5, 3, 7);
    for (int y = -4; y < 8; y++)
        for (int x = -9; x < 12; x++) {
            draw_text(&a, y, x, STYLE_BAD, "日x本y語");
            draw_name(&a, y, x, 5, STYLE_BAD, "long name");
            draw_repeat(&a, y, x, 30, STYLE_BAD, 0x2500);
        }
    for (int y = 0; y < g.rows; y++) {
        assert_true(row_is_sound(&g, y));
        for (int x = 0; x < g.cols; x++)
            if (y < 2 || y >= 5 || x < 5 || x >= 12)
                assert_int_equal(grid_at(&g, y, x)->code, ' ');
    }
    grid_release(&g);
}

static void areas_never_leave_their_parent(void **state)
{
    (void)state;
    struct grid g = {0};
    assert_true(grid_resize(&g, 5, 9));
    struct area all = area_of(&g);
    for (int y = -3; y < 8; y++)
        for (int x = -3; x < 12; x++)
            for (int size = -2; size < 12; size++) {
                struct area a = area_part(&all, y, x, size, size);
                assert_true(a.h >= 0 && a.w >= 0 && a.y >= 0 && a.x >= 0 && a.y + a.h <= 5 &&
                            a.x + a.w <= 9);
            }
    grid_release(&g);
}

static void frames_stay_aligned_in_any_size_and_around_any_title(void **state)
{
    (void)state;
    static const char *const titles[] = {"CPU", "日本語日本語", "e\xcc\x81\xcc\x82",
                                         "a\033]0;x\007", ""};
    for (int h = 1; h < 6; h++)
        for (int w = 1; w < 30; w++)
            for (size_t i = 0; i < sizeof titles / sizeof titles[0]; i++) {
                struct grid g = {0};
                assert_true(grid_resize(&g, h, w));
                struct area a = area_of(&g);
                draw_frame(&a, FRAME_BOX, STYLE_TITLE, titles[i], "remark");
                for (int y = 0; y < h; y++)
                    assert_true(row_is_sound(&g, y));
                if (w >= 2 && h >= 2) {
                    assert_int_equal(grid_at(&g, 0, 0)->code, 0x256d);
                    assert_int_equal(grid_at(&g, 0, w - 1)->code, 0x256e);
                }
                grid_release(&g);
            }
}

static void ascii_leaves_nothing_but_ascii(void **state)
{
    (void)state;
    struct grid g = {0};
    assert_true(grid_resize(&g, 3, 20));
    struct area a = area_of(&g);
    draw_frame(&a, FRAME_BOX, STYLE_TITLE, "日本語", "52°C");
    draw_text(&a, 1, 1, STYLE_TEXT, "⣿▇━Δé·…→");
    grid_to_ascii(&g);
    for (int y = 0; y < g.rows; y++)
        for (int x = 0; x < g.cols; x++) {
            const struct grid_cell *c = grid_at(&g, y, x);
            assert_true(c->code >= 0x20 && c->code < 0x7f && c->width == 1 && c->mark == 0);
        }
    assert_int_equal(grid_at(&g, 0, 0)->code, '+');
    assert_int_equal(grid_at(&g, 1, 0)->code, '|');
    grid_release(&g);
}

static void any_bytes_in_a_name_leave_the_row_sound(void **state)
{
    (void)state;
    uint32_t random = 1;
    struct grid g = {0};
    assert_true(grid_resize(&g, 1, 12));
    struct area a = area_of(&g);
    for (int i = 0; i < 20000; i++) {
        char name[24];
        for (size_t k = 0; k + 1 < sizeof name; k++) {
            random = random * 1664525u + 1013904223u;
            name[k] = (char)(random >> 24);
        }
        name[sizeof name - 1] = '\0';
        grid_clear(&g);
        draw_code(&a, 0, 10, STYLE_TEXT, '|');
        draw_name(&a, 0, 1, 9, STYLE_TEXT, name);
        assert_true(row_is_sound(&g, 0));
        assert_int_equal(grid_at(&g, 0, 10)->code, '|');
    }
    grid_release(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_cut_to_their_width_with_an_ellipsis),
        cmocka_unit_test(overwriting_half_of_a_wide_character_leaves_a_blank),
        cmocka_unit_test(nothing_is_drawn_outside_of_an_area),
        cmocka_unit_test(areas_never_leave_their_parent),
        cmocka_unit_test(frames_stay_aligned_in_any_size_and_around_any_title),
        cmocka_unit_test(ascii_leaves_nothing_but_ascii),
        cmocka_unit_test(any_bytes_in_a_name_leave_the_row_sound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
