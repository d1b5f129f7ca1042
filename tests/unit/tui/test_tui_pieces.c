/* SPDX-License-Identifier: MIT */
/* The small pure parts of the screen: numbers, charts, sharing of rows, keys, series, themes. */
#include "lib/test.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "tui/chart.h"
#include "tui/input.h"
#include "tui/keys.h"
#include "tui/layout.h"
#include "tui/number.h"
#include "tui/theme.h"

/* ---- numbers -------------------------------------------------------------------------------------- */

static void numbers_keep_three_digits_and_their_unit(void **state)
{
    (void)state;
    const struct {
        struct num got;
        const char *want;
    } rows[] = {
        {num_percent(0.41, false), "41%"},
        {num_percent(0.995, false), "100%"},
        {num_percent(-0.07, true), "-7%"},
        {num_percent(0.07, true), "+7%"},
        {num_watts(0.123, false), "0.12 W"},
        {num_watts(9.994, false), "9.99 W"},
        {num_watts(9.996, false), "10.0 W"},
        {num_watts(99.96, false), "100 W"},
        {num_watts((double)NAN, false), "- W"},
        {num_mhz(3.2e9, false), "3200"},
        {num_celsius(51.6, false), "52°C"},
        {num_bytes(0, false), "0 B"},
        {num_bytes(1023, false), "1.00 KiB"},
        {num_bytes(41.2 * 1073741824.0, false), "41.2 GiB"},
        {num_rate(999.4, false), "999 B/s"},
        {num_rate(999.6, false), "1.00 kB/s"},
        {num_rate(312.5e9, false), "313 GB/s"},
        {num_of_bytes(12.34 * 1073741824.0, 64 * 1073741824.0, false), "12.3/64 GiB"},
        {num_energy(43.2, false), "12 mWh"},
        {num_energy(432, false), "0.12 Wh"},
        {num_energy(7.2e6, false), "2.00 kWh"},
        {num_span(128), "2m08s"},
        {num_span(3725), "1h02m"},
        {num_span(273600), "3d04h"},
        {num_cpu_time(12.34), "0:12.34"},
        {num_cpu_time(754), "12:34"},
        {num_count(HUGE_VAL, false), "-"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (strcmp(rows[i].got.s, rows[i].want) != 0)
            fail_msg("row %zu: '%s', not '%s'", i, rows[i].got.s, rows[i].want);
}

/* ---- charts --------------------------------------------------------------------------------------- */

static uint32_t chart_cell(enum glyph glyph, bool down, float one, float two, int h, int y)
{
    struct grid g = {0};
    assert_true(grid_resize(&g, h, 1));
    struct area a = area_of(&g);
    float values[2] = {one, two};
    struct chart c = {values, 1, down, true, STYLE_TEXT};
    chart_draw(&a, glyph, &c);
    uint32_t code = grid_at(&g, y, 0)->code;
    grid_release(&g);
    return code;
}

static void a_value_fills_the_steps_of_its_share(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        enum glyph glyph;
        bool down;
        float one, two;
        int h, y;
        uint32_t code;
    } rows[] = {
        {"full", GLYPH_DOTS, false, 1, 1, 1, 0, 0x28ff},
        {"nothing known", GLYPH_DOTS, false, NAN, NAN, 1, 0, ' '},
        {"zero draws a dot", GLYPH_DOTS, false, 0, 0, 1, 0, 0x28c0},
        {"left only", GLYPH_DOTS, false, 1, NAN, 1, 0, 0x2847},
        {"half of two rows", GLYPH_DOTS, false, 0.5F, 0.5F, 2, 1, 0x28ff},
        {"the row above", GLYPH_DOTS, false, 0.5F, 0.5F, 2, 0, ' '},
        {"downwards", GLYPH_DOTS, true, 0, 0, 1, 0, 0x2809},
        {"past the top", GLYPH_DOTS, false, 7, 7, 1, 0, 0x28ff},
        {"negative", GLYPH_DOTS, false, -1, -1, 1, 0, 0x28c0},
        {"block", GLYPH_BLOCK, false, 0.5F, 0, 1, 0, 0x2584},
        {"block zero", GLYPH_BLOCK, false, 0, 0, 1, 0, 0x2581},
        {"block down", GLYPH_BLOCK, true, 0.5F, 0, 1, 0, 0x2580},
        {"ascii low", GLYPH_ASCII, false, 0.1F, 0, 1, 0, '.'},
        {"ascii high", GLYPH_ASCII, false, 1, 0, 1, 0, '#'},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint32_t got =
            chart_cell(rows[i].glyph, rows[i].down, rows[i].one, rows[i].two, rows[i].h, rows[i].y);
        if (got != rows[i].code)
            fail_msg("%s: U+%04X, not U+%04X", rows[i].what, (unsigned)got, (unsigned)rows[i].code);
    }
}

static void a_bar_is_as_long_as_its_ratio_and_never_longer_than_its_place(void **state)
{
    (void)state;
    static const double ratios[] = {-1, 0, 0.001, 0.25, 0.5, 0.999, 1, 5};
    for (int glyph = 0; glyph < GLYPH_COUNT; glyph++)
        for (size_t i = 0; i < sizeof ratios / sizeof ratios[0]; i++) {
            struct grid g = {0};
            int filled = 0;
            assert_true(grid_resize(&g, 1, 20));
            struct area a = area_of(&g);
            bar_draw(&a, 0, 4, 8, (enum glyph)glyph, STYLE_GOOD, ratios[i]);
            for (int x = 0; x < 20; x++) {
                filled += grid_at(&g, 0, x)->style == STYLE_GOOD;
                assert_true((x >= 4 && x < 12) || grid_at(&g, 0, x)->code == ' ');
            }
            double want = ratios[i] <= 0 ? 0 : ratios[i] >= 1 ? 8 : ratios[i] * 8;
            assert_true(filled >= want - 1 && filled <= want + 1);
            assert_true((filled > 0) == (ratios[i] > 0));
            grid_release(&g);
        }
}

static void parts_of_a_bar_add_up_and_small_ones_are_seen(void **state)
{
    (void)state;
    struct grid g = {0};
    int n[3] = {0};
    assert_true(grid_resize(&g, 1, 10));
    struct area a = area_of(&g);
    struct part parts[] = {
        {0.5, STYLE_SERIES_1, 'a'}, {0.02, STYLE_SERIES_2, 'b'}, {0.3, STYLE_SERIES_3, 'c'}};
    parts_draw(&a, 0, 0, 10, GLYPH_DOTS, parts, 3);
    for (int x = 0; x < 10; x++)
        for (int i = 0; i < 3; i++)
            n[i] += grid_at(&g, 0, x)->style == STYLE_SERIES_1 + i;
    assert_int_equal(n[0], 5);
    assert_int_equal(n[1], 1);
    assert_int_equal(n[2], 2);
    grid_release(&g);
}

/* ---- sharing rows --------------------------------------------------------------------------------- */

static void rows_are_shared_by_weight_between_least_and_wanted(void **state)
{
    (void)state;
    struct share s[] = {
        {2, 10, 3, true, 0, 0, 0}, {1, 3, 1, false, 0, 0, 0}, {1, 1, 0, false, 0, 0, 0}};
    for (int total = 4; total < 60; total++) {
        share_rows(s, 3, total);
        int sum = s[0].got + s[1].got + s[2].got;
        assert_true(s[0].got >= 2 && s[1].got >= 1 && s[1].got <= 3 && s[2].got == 1);
        assert_int_equal(sum, total);
    }
    share_rows(s, 3, 12);
    assert_true(s[0].got > s[1].got);
}

static void lists_leave_rows_they_do_not_want(void **state)
{
    (void)state;
    struct share s[] = {{1, 3, 1, false, 0, 0, 0}, {1, 2, 1, false, 0, 0, 0}};
    share_rows(s, 2, 50);
    assert_int_equal(s[0].got, 3);
    assert_int_equal(s[1].got, 2);
}

static void lists_are_in_view_to_their_end_before_charts_grow_beyond_what_they_want(void **state)
{
    (void)state;
    struct share s[] = {{1, 4, 9, true, 0, 0, 0}, {1, 4, 1, false, 0, 0, 12}};
    share_rows(s, 2, 8);
    assert_true(s[0].got == 4 && s[1].got == 4);
    share_rows(s, 2, 13);
    assert_true(s[0].got == 4 && s[1].got == 9);
    share_rows(s, 2, 30);
    assert_true(s[0].got == 18 && s[1].got == 12);
}

/* ---- keys ----------------------------------------------------------------------------------------- */

static size_t decode(const char *bytes, size_t n, bool flush, struct event *out, size_t most)
{
    struct input in = {0};
    size_t got = 0;
    input_know(&in, "\033Ox", KEY_HOME);
    input_feed(&in, bytes, n);
    while (got < most && (input_next(&in, &out[got]) || (flush && input_flush(&in, &out[got]))))
        got++;
    return got;
}

static void bytes_become_keys(void **state)
{
    (void)state;
    static const struct {
        const char *what, *bytes;
        uint32_t key;
        int y, x;
    } rows[] = {
        {"a letter", "q", 'q', -1, -1},
        {"UTF-8", "\xc3\xa4", 0xe4, -1, -1},
        {"return", "\r", KEY_ENTER, -1, -1},
        {"newline", "\n", KEY_ENTER, -1, -1},
        {"delete", "\x7f", KEY_BACKSPACE, -1, -1},
        {"up", "\033[A", KEY_UP, -1, -1},
        {"up in application mode", "\033OA", KEY_UP, -1, -1},
        {"of terminfo", "\033Ox", KEY_HOME, -1, -1},
        {"page down", "\033[6~", KEY_PAGE_DOWN, -1, -1},
        {"with a modifier", "\033[1;5C", KEY_RIGHT, -1, -1},
        {"back tab", "\033[Z", KEY_BACKTAB, -1, -1},
        {"click", "\033[<0;10;5M", KEY_CLICK, 4, 9},
        {"wheel", "\033[<65;1;1M", KEY_WHEEL_DOWN, 0, 0},
        {"escape alone", "\033", KEY_ESCAPE, -1, -1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct event e[4];
        size_t n = decode(rows[i].bytes, strlen(rows[i].bytes), true, e, 4);
        CHECK_ROW(n == 1, rows[i].what);
        CHECK_ROW(e[0].key == rows[i].key && e[0].y == rows[i].y && e[0].x == rows[i].x,
                  rows[i].what);
    }
}

static void half_a_sequence_waits_and_unknown_ones_are_swallowed(void **state)
{
    (void)state;
    struct event e[4];
    assert_int_equal(decode("\033", 1, false, e, 4), 0);
    assert_int_equal(decode("\033[", 2, false, e, 4), 0);
    assert_int_equal(decode("\033[<0;1", 6, false, e, 4), 0);
    assert_int_equal(decode("\xc3", 1, false, e, 4), 0);
    assert_int_equal(decode("\033[?997;1n"
                            "q",
                            10, false, e, 4),
                     1);
    assert_int_equal(e[0].key, 'q');
    assert_int_equal(decode("\033[<0;3;3mq", 10, false, e, 4), 1);
    assert_int_equal(decode("abc", 3, false, e, 4), 3);
}

static void any_bytes_are_decoded_to_the_end(void **state)
{
    (void)state;
    uint32_t random = 7;
    for (int i = 0; i < 20000; i++) {
        struct input in = {0};
        struct event e;
        char bytes[16];
        for (size_t k = 0; k < sizeof bytes; k++) {
            random = random * 1664525u + 1013904223u;
            bytes[k] = (random >> 30) == 0 ? '\033' : (char)(random >> 16);
        }
        input_feed(&in, bytes, sizeof bytes);
        for (int events = 0; input_next(&in, &e) || input_flush(&in, &e); events++)
            assert_true(events <= 16 && e.key <= KEY_WHEEL_DOWN);
        assert_false(input_waits(&in));
    }
}

static void letters_answer_in_either_case_where_that_is_unambiguous(void **state)
{
    (void)state;
    assert_int_equal(key_action('q'), ACTION_QUIT);
    assert_int_equal(key_action('Q'), ACTION_QUIT);
    assert_int_equal(key_action('t'), ACTION_PROCESSES);
    assert_int_equal(key_action('T'), ACTION_THEME);
    assert_int_equal(key_action('W'), ACTION_SAVE);
    assert_int_equal(key_action('w'), ACTION_NONE);
    assert_int_equal(key_action(0x1234), ACTION_NONE);
}

static void every_action_has_a_key_and_no_key_two(void **state)
{
    (void)state;
    for (int action = 1; action < ACTION_COUNT; action++) {
        int keys = 0;
        for (size_t i = 0; i < n_key_rows; i++)
            keys += key_rows[i].action == (enum action)action;
        assert_true(keys > 0);
    }
    for (size_t i = 0; i < n_key_rows; i++)
        for (size_t k = 0; k < i; k++)
            assert_true(key_rows[i].key != key_rows[k].key);
}

/* ---- themes --------------------------------------------------------------------------------------- */

static void colours_become_the_nearest_of_256(void **state)
{
    (void)state;
    assert_int_equal(colour_256(0x000000), 16);
    assert_int_equal(colour_256(0xffffff), 231);
    assert_int_equal(colour_256(0xff0000), 196);
    assert_int_equal(colour_256(0x808080), 244);
    assert_int_equal(colour_256(0x5f87af), 67);
}

static void every_theme_gives_every_style_a_look_in_every_depth(void **state)
{
    (void)state;
    int n = 0;
    for (; theme_name(n) != NULL; n++)
        for (int palette = 0; palette < PALETTE_COUNT; palette++)
            for (int colours = 0; colours <= COLOURS_TRUE; colours++) {
                static const int limits[] = {0, 8, 16, 256, 1 << 24};
                struct looks looks;
                looks_make(&looks, n, (enum palette_id)palette, (enum colours)colours);
                for (int style = 0; style < STYLE_COUNT; style++) {
                    assert_true(looks.of[style].fore >= -1 &&
                                looks.of[style].fore < limits[colours]);
                    assert_true(looks.of[style].back >= -1 &&
                                looks.of[style].back < limits[colours]);
                }
                assert_memory_not_equal(&looks.of[STYLE_TEXT], &looks.selected[STYLE_TEXT],
                                        sizeof(struct look));
            }
    assert_int_equal(n, 8);
    assert_int_equal(theme_find("textual-light"), theme_find("light"));
    assert_int_equal(theme_find("none such"), -1);
    assert_int_equal(theme_find(""), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_keep_three_digits_and_their_unit),
        cmocka_unit_test(a_value_fills_the_steps_of_its_share),
        cmocka_unit_test(a_bar_is_as_long_as_its_ratio_and_never_longer_than_its_place),
        cmocka_unit_test(parts_of_a_bar_add_up_and_small_ones_are_seen),
        cmocka_unit_test(rows_are_shared_by_weight_between_least_and_wanted),
        cmocka_unit_test(lists_leave_rows_they_do_not_want),
        cmocka_unit_test(lists_are_in_view_to_their_end_before_charts_grow_beyond_what_they_want),
        cmocka_unit_test(bytes_become_keys),
        cmocka_unit_test(half_a_sequence_waits_and_unknown_ones_are_swallowed),
        cmocka_unit_test(any_bytes_are_decoded_to_the_end),
        cmocka_unit_test(letters_answer_in_either_case_where_that_is_unambiguous),
        cmocka_unit_test(every_action_has_a_key_and_no_key_two),
        cmocka_unit_test(colours_become_the_nearest_of_256),
        cmocka_unit_test(every_theme_gives_every_style_a_look_in_every_depth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
