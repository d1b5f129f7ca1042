/* SPDX-License-Identifier: MIT */
/* The whole screen without a terminal: every size, any keys, hostile names; and what is written to a terminal.
 *
 * ACTOP_EVERY_SIZE=1 walks all 30,000 sizes of three machines and 1e5 names instead of a sample of them. */
#include "lib/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "tui/app.h"
#include "tui/caps.h"
#include "tui/term.h"
#include "tui/widget.h"
#include "unit/tui/maker.h"
#include "unit/tui/vt.h"

static bool every(void)
{
    return getenv("ACTOP_EVERY_SIZE") != NULL;
}

struct bench {
    struct app app;
    struct maker *maker;
    struct grid grid;
    struct tui_options options;
};

static void bench_open(struct bench *b, const struct maker_machine *machine, bool processes)
{
    static const struct tui_options defaults = TUI_OPTIONS_INIT;
    memset(b, 0, sizeof *b);
    b->options = defaults;
    b->options.show_processes = processes;
    b->options.source_label = "made by hand";
    actop_error err;
    assert_int_equal(app_init(&b->app, NULL, &b->options, &err), ACTOP_OK);
    b->maker = maker_new(machine);
    assert_non_null(b->maker);
}

static void bench_take(struct bench *b, int n)
{
    for (int i = 0; i < n; i++)
        app_take(&b->app, maker_next(b->maker));
}

static void bench_draw(struct bench *b, int rows, int cols)
{
    assert_true(grid_resize(&b->grid, rows, cols));
    app_draw(&b->app, &b->grid);
}

static void bench_close(struct bench *b)
{
    app_release(&b->app);
    maker_free(b->maker);
    grid_release(&b->grid);
}

static void press(struct bench *b, const char *keys)
{
    for (; *keys != '\0'; keys++) {
        struct event e = {(uint32_t)(unsigned char)*keys, -1, -1};
        e.key = *keys == 'v'    ? KEY_DOWN
                : *keys == '^'  ? KEY_UP
                : *keys == '!'  ? KEY_ENTER
                : *keys == '\\' ? KEY_ESCAPE
                                : e.key;
        app_event(&b->app, &e, 1000);
    }
}

static bool rows_are_sound(const struct grid *g)
{
    for (int y = 0; y < g->rows; y++)
        for (int x = 0; x < g->cols; x++) {
            const struct grid_cell *c = grid_at(g, y, x);
            bool half_follows = x + 1 < g->cols && grid_at(g, y, x + 1)->width == 0;
            if ((c->width == 2) != half_follows || c->code < 0x20 ||
                (c->code >= 0x7f && c->code < 0xa0))
                return false;
        }
    return true;
}

static const char *screen_text(const struct grid *g)
{
    static char text[200000];
    size_t n = 0;
    for (int y = 0; y < g->rows; y++) {
        for (int x = 0; x < g->cols; x++)
            if (grid_at(g, y, x)->width != 0 && n + 8 < sizeof text)
                n += utf8_encode(grid_at(g, y, x)->code, text + n);
        text[n++] = '\n';
    }
    text[n] = '\0';
    return text;
}

/* ---- sizes ----------------------------------------------------------------------------------------- */

static void draw_all_sizes(const struct maker_machine *machine, bool processes)
{
    struct bench b;
    bench_open(&b, machine, processes);
    bench_take(&b, 9);
    int step_y = every() ? 1 : 5;
    int step_x = every() ? 1 : 11;
    for (int rows = 1; rows <= 100; rows += rows < 9 ? 1 : step_y)
        for (int cols = 1; cols <= 300; cols += cols < 24 ? 1 : step_x) {
            bench_draw(&b, rows, cols);
            if (!rows_are_sound(&b.grid))
                fail_msg("%s at %d × %d", machine->name, cols, rows);
        }
    bench_close(&b);
}

static void every_size_from_1_by_1_to_300_by_100_can_be_drawn(void **state)
{
    (void)state;
    for (int i = 0; i < n_maker_machines; i++)
        draw_all_sizes(&maker_machines[i], i % 2 == 0);
}

static void readings_are_never_cut_from_twenty_columns_on(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, &maker_machines[0], false);
    bench_take(&b, 9);
    for (int cols = 20; cols < 130; cols++) {
        bench_draw(&b, 60, cols);
        const char *text = screen_text(&b.grid);
        assert_non_null(strstr(text, "P-CPU"));
        if (strstr(text, "P-CPU  31%") == NULL)
            fail_msg("%d columns:\n%s", cols, text);
    }
    bench_close(&b);
}

/* Every sensor and the last of the agents. */
static void a_high_screen_shows_lists_to_their_end(void **state)
{
    (void)state;
    static const struct {
        int rows, cols;
    } sizes[] = {{70, 240}, {100, 120}, {70, 180}};
    const struct maker_machine *machine = &maker_machines[0];
    struct bench b;
    bench_open(&b, machine, false);
    bench_take(&b, 9);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        char agent[24];
        bench_draw(&b, sizes[i].rows, sizes[i].cols);
        const char *text = screen_text(&b.grid);
        (void)snprintf(agent, sizeof agent, "agent%d", machine->agents - 1);
        for (int k = 0; k < machine->sensors; k++) {
            char sensor[24];
            (void)snprintf(sensor, sizeof sensor, "sensor Tp%d ", k);
            if (strstr(text, sensor) == NULL)
                fail_msg("%s is not in view:\n%s", sensor, text);
        }
        if (strstr(text, agent) == NULL)
            fail_msg("%s is not in view:\n%s", agent, text);
    }
    bench_close(&b);
}

/* What the own cost takes in the header is given up before the chip or its cores are cut. */
static void the_header_names_chip_and_cores_before_its_own_cost(void **state)
{
    (void)state;
    static const struct {
        const char *source, *keys, *shown, *not_shown;
    } rows[] = {
        {"sim", "", "4E+12P+40GPU", NULL},
        {"sim", "", " 6.13 MiB", NULL},
        {"simulated m4-max+llm", "", "4E+12P+40GPU", "MiB"},
        {"simulated m4-max+llm", "", "self 2.8%", "MiB"},
        {"simulated m4-max+llm", "p", "4E+12P", "self"},
        {"simulated m4-max+llm", "pb", "Apple M4 Max ", "self"},
        {"replay:/recordings/of/a/long/day.actop", "p", "Apple M4 Max ", "self"},
        {"replay:/recordings/of/a/long/day.actop", "p", "/recordings/of/a/long/day.actop", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bench b;
        bench_open(&b, &maker_machines[0], false);
        b.app.scene.source_label = rows[i].source;
        bench_take(&b, 3);
        b.app.scene.self_cpu_ratio = 0.028;
        b.app.scene.self_rss = 6427771;
        press(&b, rows[i].keys);
        bench_draw(&b, 24, 80);
        char line[400];
        (void)snprintf(line, sizeof line, "%.*s", (int)strcspn(screen_text(&b.grid), "\n"),
                       screen_text(&b.grid));
        if (strstr(line, rows[i].shown) == NULL ||
            (rows[i].not_shown != NULL && strstr(line, rows[i].not_shown) != NULL))
            fail_msg("row %zu, '%s', not '%s': %s", i, rows[i].shown,
                     rows[i].not_shown == NULL ? "" : rows[i].not_shown, line);
        bench_close(&b);
    }
}

/* The maker's samples are a second apart, whatever is asked for; two columns of dots are four of them. */
static void the_span_is_that_of_the_samples(void **state)
{
    (void)state;
    static const struct {
        const char *source, *keys, *shown, *span;
    } rows[] = {
        {"made by hand", "", "span", "span 1m56s"},
        {"made by hand", "g", "span", "span 58s"},
        {"replay:a", "+", "a recording has an interval of its own", "span 1m56s"},
        {"http://a", "-", "a server has an interval of its own", "span 1m56s"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bench b;
        bench_open(&b, &maker_machines[1], false);
        b.app.scene.source_label = rows[i].source;
        bench_take(&b, 3);
        press(&b, rows[i].keys);
        bench_draw(&b, 40, 124);
        const char *text = screen_text(&b.grid);
        if (strstr(text, rows[i].shown) == NULL || strstr(text, rows[i].span) == NULL)
            fail_msg("row %zu: not '%s' and '%s':\n%s", i, rows[i].shown, rows[i].span, text);
        bench_close(&b);
    }
}

/* A click on each column's title sorts by it, however little room there is; and the sum of watts has a place. */
static void the_table_keeps_its_title_and_its_header_takes_clicks(void **state)
{
    (void)state;
    static const struct {
        int rows, cols;
    } sizes[] = {{24, 80}, {30, 100}, {40, 120}, {60, 200}};
    static const struct {
        const char *title;
        enum order order;
    } columns[] = {{"PWR ", ORDER_POWER}, {"MEM ", ORDER_MEMORY}, {"CPU%", ORDER_CPU}};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct bench b;
        bench_open(&b, &maker_machines[0], true);
        bench_take(&b, 3);
        bench_draw(&b, sizes[i].rows, sizes[i].cols);
        const struct place *p = &b.app.plan.panels[PANEL_PROCESSES];
        if (strstr(screen_text(&b.grid), "\u03a3 ") == NULL)
            fail_msg("no sum at %d × %d:\n%s", sizes[i].cols, sizes[i].rows, screen_text(&b.grid));
        for (size_t k = 0; k < sizeof columns / sizeof columns[0]; k++) {
            struct event e = {KEY_CLICK, p->y + 1, -1};
            for (int x = p->x; x + 3 < p->x + p->w; x++)
                if (grid_at(&b.grid, p->y + 1, x)->code == (uint32_t)columns[k].title[0] &&
                    grid_at(&b.grid, p->y + 1, x + 2)->code == (uint32_t)columns[k].title[2])
                    e.x = x;
            assert_int_not_equal(e.x, -1);
            app_event(&b.app, &e, 1000);
            assert_int_equal(b.app.view.order, columns[k].order);
        }
        bench_close(&b);
    }
}

static void all_parts_of_memory_are_told_at_120_columns(void **state)
{
    (void)state;
    static const struct {
        int cols;
        const char *shown;
    } rows[] = {{200, "app 22.5 GiB   wired 6.25 GiB   compressed 3.00 GiB   cached 30.0 GiB "},
                {120, "app 22.5G  wired 6.25G  compressed 3.00G  cached 30.0G "},
                {100, "app 22.5G  wired 6.25G  compressed 3.00G "}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bench b;
        bench_open(&b, &maker_machines[0], false);
        b.app.view.now.stack = rows[i].cols == 200;
        bench_take(&b, 3);
        bench_draw(&b, 60, rows[i].cols);
        if (strstr(screen_text(&b.grid), rows[i].shown) == NULL)
            fail_msg("not '%s':\n%s", rows[i].shown, screen_text(&b.grid));
        bench_close(&b);
    }
}

/* Beside a chart; where there is no room for both, the chart. */
static void a_zoomed_panel_tells_packets_requests_and_how_busy_a_disk_is(void **state)
{
    (void)state;
    static const struct {
        enum panel_id panel;
        int cols;
        const char *shown;
        bool is;
    } rows[] = {
        {PANEL_NETWORK, 80, " 1400+180 packets/s ", true},
        {PANEL_DISK, 100, " 27500+2750 requests/s  busy  44% ", true},
        {PANEL_NETWORK, 60, "packets/s", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bench b;
        bench_open(&b, &maker_machines[n_maker_machines - 1], false);
        b.app.view.focus = rows[i].panel;
        bench_take(&b, 3);
        press(&b, "z");
        bench_draw(&b, 40, rows[i].cols);
        if ((strstr(screen_text(&b.grid), rows[i].shown) != NULL) != rows[i].is)
            fail_msg("'%s':\n%s", rows[i].shown, screen_text(&b.grid));
        bench_close(&b);
    }
}

static int times(const char *text, const char *what)
{
    int n = 0;
    for (const char *at = strstr(text, what); at != NULL; at = strstr(at + 1, what))
        n++;
    return n;
}

/* With a chart, where there is room; and what stands among the blocks is not listed again. */
static void each_rail_is_shown_once(void **state)
{
    (void)state;
    static const char *const rails[] = {"CPU ", "GPU ", "ANE ", "DRAM ", "DISP ", "AVE ", "ISP "};
    for (int zoomed = 0; zoomed < 2; zoomed++) {
        struct bench b;
        bench_open(&b, &maker_machines[0], false);
        b.app.view.focus = PANEL_POWER;
        bench_take(&b, 9);
        press(&b, zoomed ? "z" : "");
        bench_draw(&b, zoomed ? 24 : 60, zoomed ? 80 : 180);
        const char *text = screen_text(&b.grid);
        size_t first = zoomed ? 0 : 3; /* other panels have lines of these names */
        for (size_t i = first; i < sizeof rails / sizeof rails[0]; i++) {
            char line[16];
            (void)snprintf(line, sizeof line, "\u2502 %-7s", rails[i]);
            if (times(text, line) != 1)
                fail_msg("'%s' is %d times in:\n%s", line, times(text, line), text);
        }
        bench_close(&b);
    }
}

/* en0 of this machine is idle, and stands first in what the source tells. */
static void interfaces_that_move_something_stand_first(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, &maker_machines[0], false);
    maker_interface(b.maker, "tun9", 5e6);
    b.app.view.focus = PANEL_NETWORK;
    bench_take(&b, 3);
    press(&b, "z");
    bench_draw(&b, 24, 80);
    const char *text = screen_text(&b.grid);
    const char *names[] = {"en1 ", "en2 ", "tun9 ", "en0 "};
    for (size_t i = 0, last = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *at = strstr(text, names[i]);
        if (at == NULL || (size_t)(at - text) < last)
            fail_msg("%s does not come %zu.:\n%s", names[i], i + 1, text);
        last = (size_t)(at - text);
    }
    bench_close(&b);
}

static int class_of_three(struct scene *s, uint32_t row)
{
    (void)s;
    return -(int)(row % 3);
}

/* Also more rows than can be put into order: those come as they come. */
static void rows_are_ordered_by_class_and_else_stay(void **state)
{
    (void)state;
    static const uint32_t counts[] = {0, 1, 2, 7, MOST_ROWS - 1, MOST_ROWS, MOST_ROWS + 40};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        struct row_order order;
        bool seen[MOST_ROWS + 40] = {false};
        order_rows(NULL, counts[i], class_of_three, &order);
        for (uint32_t place = 0; place < counts[i]; place++) {
            uint32_t row = row_at(&order, (int)place);
            uint32_t before = place == 0 ? row : row_at(&order, (int)place - 1);
            assert_in_range(row, 0, counts[i] - 1);
            assert_false(seen[row]);
            seen[row] = true;
            if (place > 0 && place < MOST_ROWS)
                assert_true(row % 3 < before % 3 || (row % 3 == before % 3 && row > before));
            if (place >= MOST_ROWS)
                assert_int_equal(row, place);
        }
    }
}

/* Bars of the strip, which in ascii are digits, in the lines that have at least n of them in a row. */
static int digits_in_runs(const struct grid *g, int n)
{
    int sum = 0;
    for (int y = 0; y < g->rows; y++)
        for (int x = 0, run = 0; x <= g->cols; x++) {
            uint32_t code = x < g->cols ? grid_at(g, y, x)->code : ' ';
            if (code >= '0' && code <= '9') {
                run++;
            } else {
                sum += run >= n ? run : 0;
                run = 0;
            }
        }
    return sum;
}

/* A bar may stand for neighbours where there is little room, and then it is said for how many. */
static void every_core_of_a_large_machine_has_its_part_of_a_bar(void **state)
{
    (void)state;
    static const struct {
        int rows, cols, cores; /* of a bar */
    } sizes[] = {{24, 80, 2}, {24, 60, 3}, {30, 100, 1}, {40, 120, 1}, {60, 200, 1}, {18, 200, 1}};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        char told[32];
        int of_a_bar = sizes[i].cores;
        struct bench b;
        bench_open(&b, &maker_machines[n_maker_machines - 1], false);
        b.app.view.now.glyph = GLYPH_ASCII;
        bench_take(&b, 3);
        bench_draw(&b, sizes[i].rows, sizes[i].cols);
        (void)snprintf(told, sizeof told, " %d cores a bar", of_a_bar);
        if (digits_in_runs(&b.grid, 6) != (256 + of_a_bar - 1) / of_a_bar ||
            (strstr(screen_text(&b.grid), told) != NULL) != (of_a_bar > 1))
            fail_msg("%d × %d: not 256 cores with %d a bar, but %d bars:\n%s", sizes[i].cols,
                     sizes[i].rows, of_a_bar, digits_in_runs(&b.grid, 6), screen_text(&b.grid));
        bench_close(&b);
    }
}

static void before_the_first_sample_it_says_that_it_measures(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, &maker_machines[0], true);
    bench_draw(&b, 24, 80);
    assert_non_null(strstr(screen_text(&b.grid), "measuring"));
    bench_draw(&b, 4, 80);
    assert_non_null(strstr(screen_text(&b.grid), "too small"));
    bench_close(&b);
}

/* ---- keys ------------------------------------------------------------------------------------------ */

static struct event random_event(uint32_t *random, int rows, int cols)
{
    *random = *random * 1664525u + 1013904223u;
    uint32_t r = *random >> 8;
    struct event e = {r % 128, -1, -1};
    if (r % 3 == 0)
        e.key = KEY_UP + r / 3 % (KEY_WHEEL_DOWN - KEY_UP + 1);
    if (r % 41 == 0)
        e.key = 0x65e5;
    if (e.key >= KEY_CLICK) {
        e.y = (int)(r / 100) % (rows + 2);
        e.x = (int)(r / 9000) % (cols + 2);
    }
    return e;
}

static void ten_thousand_random_keys_leave_a_sound_screen(void **state)
{
    (void)state;
    struct bench b;
    uint32_t random = 11;
    bench_open(&b, &maker_machines[0], true);
    for (int i = 0; i < 10000; i++) {
        int rows = 6 + (int)(random >> 9) % 60;
        int cols = 20 + (int)(random >> 15) % 180;
        struct event e = random_event(&random, rows, cols);
        app_event(&b.app, &e, i * 1000000L);
        b.app.quit = false;
        if (i % 40 == 0)
            bench_take(&b, 1);
        if (i % 7 == 0) {
            bench_draw(&b, rows, cols);
            assert_true(rows_are_sound(&b.grid));
        }
        (void)app_tick(&b.app, i * 1000000L);
    }
    bench_close(&b);
}

static void keys_do_what_the_help_says(void **state)
{
    (void)state;
    static const struct {
        const char *keys, *shown, *not_shown;
    } rows[] = {
        {"", "Package", "COMMAND"},
        {"t", "COMMAND", NULL},
        {"t\\", "COMMAND", NULL},
        {"tt", "Package", "COMMAND"},
        {"ts", "GPU%↓", "CPU%↓"},
        {"ts", "sorted by GPU%", NULL},
        {"tr", "CPU%↑", "CPU%↓"},
        {"s", "no process table", NULL},
        {"r", "no process table", NULL},
        {"e", "no process table", NULL},
        {"o", "no process table", NULL},
        {"?", "this help", NULL},
        {"?\\", "Package", "this help"},
        {"?q", "Package", "this help"},
        {"z", "P-CPU", "Package"},
        {"zz", "Package", NULL},
        {"c", "cores are hidden", " P11 "},
        {"cc", "cores are shown", NULL},
        {"l", "one column", NULL},
        {"ll", "side by side", NULL},
        {"b", "Δ since", NULL},
        {"bb", "Package", "Δ since"},
        {"p", "paused", NULL},
        {"pp", "Package", "paused"},
        {"d", " in MHz", "zooms to all"},
        {"tv!", "Process 1", NULL},
        {"/py", "filter py", NULL},
        {"/py!", "python3", "ollama"},
        {"/py!", "COMMAND  /py ", NULL},
        {"/py\\", "COMMAND   ", "/py"},
        {"/py\\", "ollama", NULL},
        {"/(", "filter (", NULL},
        {"tvk", "live", "Send a signal"},
        {"+", "interval 3 s", NULL},
        {"-", "interval 1 s", NULL},
        {"g", "charts of block", NULL},
        {"T", "theme light", NULL},
        {"W", "no place", NULL},
        {"to", "×", NULL},
        {"te", "└ ", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bench b;
        bench_open(&b, &maker_machines[0], false);
        bench_take(&b, 3);
        press(&b, rows[i].keys);
        bench_draw(&b, 70, 110);
        const char *text = screen_text(&b.grid);
        if (strstr(text, rows[i].shown) == NULL)
            fail_msg("'%s' does not show '%s':\n%s", rows[i].keys, rows[i].shown, text);
        if (rows[i].not_shown != NULL && strstr(text, rows[i].not_shown) != NULL)
            fail_msg("'%s' shows '%s':\n%s", rows[i].keys, rows[i].not_shown, text);
        assert_false(b.app.quit);
        bench_close(&b);
    }
}

/* A virtual machine: neither GPU% nor watts of processes, and no P-states. */
static void keys_say_what_a_machine_does_not_have(void **state)
{
    (void)state;
    static const struct {
        const char *keys, *shown;
    } rows[] = {
        {"s", "MEM\u2193"}, {"ss", "PID\u2193"}, {"sss", "CPU%\u2193"}, {"d", "tells no P-states"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bench b;
        bench_open(&b, &maker_machines[2], true);
        bench_take(&b, 3);
        press(&b, rows[i].keys);
        bench_draw(&b, 24, 80);
        if (strstr(screen_text(&b.grid), rows[i].shown) == NULL)
            fail_msg("'%s' does not show '%s':\n%s", rows[i].keys, rows[i].shown,
                     screen_text(&b.grid));
        bench_close(&b);
    }
}

static void check_ascii(const struct grid *g, const char *machine, const char *keys)
{
    for (int y = 0; y < g->rows; y++)
        for (int x = 0; x < g->cols; x++)
            if (grid_at(g, y, x)->code > 0x7e || grid_at(g, y, x)->mark != 0)
                fail_msg("%s, keys '%s', %d × %d: U+%04X at line %d, column %d", machine, keys,
                         g->cols, g->rows, (unsigned)grid_at(g, y, x)->code, y, x);
}

static void in_ascii_nothing_of_our_own_is_anything_else(void **state)
{
    (void)state;
    static const char *const keys[] = {
        "",   "z",  "\tz", "\t\tz", "\t\t\tz", "\t\t\t\tz", "\t\t\t\t\tz", "\t\t\t\t\t\tz",
        "tz", "t",  "te",  "to",    "tr",      "tv!",       "tvk",         "tvk!",
        "d",  "dz", "b",   "bz",    "p",       "?",         "/nothing",    "/(",
        "+",  "T",  "W",   "cz",    "tsss",    "tvk\\",     "l",           "tv!q"};
    static const struct {
        int rows, cols;
    } sizes[] = {{24, 80}, {40, 120}, {70, 240}, {5, 20}, {9, 30}, {2, 9}};
    static const struct maker_name plain = {"plain", 5};
    for (int m = 0; m < n_maker_machines; m++)
        for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++) {
            struct bench b;
            bench_open(&b, &maker_machines[m], false);
            maker_names(b.maker, &plain, 1);
            b.app.view.now.glyph = GLYPH_ASCII;
            for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
                bench_draw(&b, sizes[i].rows, sizes[i].cols);
                check_ascii(&b.grid, maker_machines[m].name, "before the first sample");
            }
            bench_take(&b, 3);
            press(&b, keys[k]);
            bench_take(&b, 1);
            b.app.scene.silent_s = k % 3 == 0 ? 90 : 0;
            if (k % 2 == 1)
                b.app.scene.span = (actop_span){.size = sizeof b.app.scene.span, .last = 9000};
            for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
                bench_draw(&b, sizes[i].rows, sizes[i].cols);
                check_ascii(&b.grid, maker_machines[m].name, keys[k]);
            }
            bench_close(&b);
        }
}

/* What a process is called is the system's, and stays as it is. */
static void in_ascii_names_keep_their_characters(void **state)
{
    (void)state;
    static const struct maker_name name = {"éclair 日本", 14};
    struct bench b;
    bench_open(&b, &maker_machines[0], true);
    b.app.view.now.glyph = GLYPH_ASCII;
    maker_names(b.maker, &name, 1);
    bench_take(&b, 2);
    bench_draw(&b, 40, 120);
    assert_non_null(strstr(screen_text(&b.grid), "éclair 日本"));
    bench_close(&b);
}

/* Where there is no room for all of them it says so; other panels are left out before. */
static void p_states_are_seen_when_asked_for(void **state)
{
    (void)state;
    for (int rows = 12; rows < 60; rows++)
        for (int cols = 24; cols < 240; cols += 18) {
            struct bench b;
            bench_open(&b, &maker_machines[0], false);
            bench_take(&b, 3);
            press(&b, "d");
            bench_draw(&b, rows, cols);
            if (strstr(screen_text(&b.grid), "P-states of") == NULL)
                fail_msg("%d × %d:\n%s", cols, rows, screen_text(&b.grid));
            bench_close(&b);
        }
}

static void a_source_that_is_silent_is_told_of(void **state)
{
    (void)state;
    static const struct {
        int after_s; /* the first sample, at 2 s and 4 s more come */
        bool takes;
        const char *shown; /* NULL: nothing about it */
        int next_s;        /* when the clock has to be asked again, after the first sample */
    } rows[] = {
        {0, true, NULL, 6},
        {2, true, NULL, 8},
        {4, true, NULL, 10},
        {9, false, NULL, 10},
        {10, false, "no sample for 6 s", 11},
        {74, false, "no sample for 70 s", 75},
        {75, true, NULL, 288},
    };
    struct bench b;
    bench_open(&b, &maker_machines[0], false);
    assert_true(app_tick(&b.app, 1) < 0);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t begin_ns = 1000000000;
        if (rows[i].takes)
            bench_take(&b, 1);
        b.app.dirty = false;
        int64_t next_ns = app_tick(&b.app, begin_ns + rows[i].after_s * INT64_C(1000000000));
        assert_true(next_ns == begin_ns + rows[i].next_s * INT64_C(1000000000));
        assert_true(b.app.dirty || rows[i].shown == NULL);
        bench_draw(&b, 40, 110);
        const char *text = screen_text(&b.grid);
        assert_true((strstr(text, "no sample for") != NULL) == (rows[i].shown != NULL));
        assert_true(rows[i].shown == NULL || strstr(text, rows[i].shown) != NULL);
    }
    b.app.ended = true; /* a recording has no more */
    assert_true(app_tick(&b.app, INT64_C(1000000000000)) < 0);
    bench_close(&b);
}

static void a_table_without_processes_says_how_to_get_them(void **state)
{
    (void)state;
    static const struct {
        const char *label, *keys, *says;
    } rows[] = {
        {"http://[::1]:9123", "t", "started with --serve-processes"},
        {"replay:a file", "t", "recorded with --show-processes"},
        {"made by hand", "tp", "not read at this moment"},
        {"made by hand", "t", "measuring"},
        {"made by hand", "t/nothing", "no process matches the filter"},
        {NULL, "t", "measuring"},
    };
    struct maker_machine none = maker_machines[0];
    none.processes = 0;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bench b;
        bench_open(&b, &none, false);
        b.app.scene.source_label = rows[i].label;
        bench_take(&b, 2);
        press(&b, rows[i].keys);
        bench_draw(&b, 24, 80);
        if (strstr(screen_text(&b.grid), rows[i].says) == NULL)
            fail_msg("no '%s' in\n%s", rows[i].says, screen_text(&b.grid));
        bench_close(&b);
    }
}

static void q_leaves(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, &maker_machines[0], false);
    press(&b, "q");
    assert_true(b.app.quit);
    bench_close(&b);
}

static void numbers_do_not_move_what_stands_beside_them(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, &maker_machines[0], false);
    bench_take(&b, 200);
    for (int i = 0; i < 100; i++) { /* all widths have been seen */
        bench_draw(&b, 50, 120);
        bench_take(&b, 1);
    }
    long distance = -1;
    for (int i = 0; i < 100; i++) {
        bench_draw(&b, 50, 120);
        const char *text = screen_text(&b.grid);
        const char *ram = strstr(text, "│ RAM");
        const char *pressure = strstr(text, "pressure");
        assert_true(ram != NULL && pressure > ram);
        if (distance < 0)
            distance = pressure - ram;
        assert_int_equal(pressure - ram, distance);
        bench_take(&b, 1);
    }
    bench_close(&b);
}

static void a_value_without_data_says_why(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, &maker_machines[2], false);
    bench_take(&b, 2);
    bench_draw(&b, 40, 120);
    const char *text = screen_text(&b.grid);
    assert_null(strstr(text, "GPU"));
    assert_null(strstr(text, "Package"));
    assert_null(strstr(text, "Sensors"));
    assert_non_null(strstr(text, "Memory"));
    bench_close(&b);
}

/* ---- names ----------------------------------------------------------------------------------------- */

static void make_name(struct maker_name *name, char *bytes, size_t size, uint32_t *random)
{
    static const char *const pieces[] = {"\033[31m",
                                         "\033]0;x\007",
                                         "\033P",
                                         "\xc2\x9b#5n",
                                         "\r\n",
                                         "\xe2\x80\xae",
                                         "\xff\xfe",
                                         "日本",
                                         "e\xcc\x81\xcc\x81\xcc\x81",
                                         "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb",
                                         "\x7f",
                                         "\b\b\b",
                                         "\t",
                                         "%s%n",
                                         "a",
                                         "\xed\xa0\x80",
                                         "\xf4\x90\x80\x80",
                                         "\xe2\x80\xa8",
                                         "\x0e",
                                         "\033c"};
    size_t n = 0;
    for (int i = 0; i < 6; i++) {
        *random = *random * 1664525u + 1013904223u;
        const char *piece = pieces[(*random >> 10) % (sizeof pieces / sizeof pieces[0])];
        size_t more = strlen(piece);
        if (*random >> 28 == 0 && n + 1 < size)
            bytes[n++] = (char)(1 + (*random >> 16) % 255);
        else if (n + more < size) {
            memcpy(bytes + n, piece, more);
            n += more;
        }
    }
    *name = (struct maker_name){bytes, n};
}

static void caps_of_xterm(struct term_caps *caps)
{
    (void)setenv("TERM", "xterm-256color", 1);
    assert_int_equal(caps_read(caps, false, NULL), ACTOP_OK);
    assert_int_equal(caps->colours, COLOURS_256);
}

static void no_name_gets_a_byte_of_its_own_to_the_terminal(void **state)
{
    (void)state;
    enum { NAMES = 250 };
    static char bytes[NAMES][64];
    struct maker_name names[NAMES];
    struct term_caps caps;
    struct looks looks;
    struct bench b;
    struct buf out = BUF_INIT;
    uint32_t random = 3;
    struct maker_machine machine = maker_machines[0];
    machine.processes = 50;
    caps_of_xterm(&caps);
    looks_make(&looks, 2, PALETTE_THERMAL, COLOURS_256);
    bench_open(&b, &machine, true);
    int rounds = every() ? 100000 / 50 : 60;
    for (int i = 0; i < rounds; i++) {
        char why[200];
        struct vt vt;
        for (int k = 0; k < NAMES; k++)
            make_name(&names[k], bytes[k], sizeof bytes[k], &random);
        maker_names(b.maker, names, NAMES);
        bench_take(&b, 1);
        bench_draw(&b, 70, 100);
        vt_init(&vt, 70, 100);
        buf_clear(&out);
        term_put_frame(&out, &caps, NULL, &b.grid, &looks);
        vt_feed(&vt, out.data, out.len);
        if (vt.strange != 0)
            fail_msg("round %d: %ld strange bytes", i, vt.strange);
        if (!vt_shows(&vt, &b.grid, &looks, why, sizeof why))
            fail_msg("round %d: %s", i, why);
        vt_release(&vt);
    }
    buf_release(&out);
    bench_close(&b);
}

/* ---- frames ---------------------------------------------------------------------------------------- */

static void a_frame_of_changes_gives_the_same_screen_as_a_whole_one(void **state)
{
    (void)state;
    static const char *const keys[] = {"",  "t",  "v", "s", "?", "\\", "g",
                                       "z", "zT", "e", "o", "b", "d",  "T"};
    struct term_caps caps;
    struct looks looks;
    struct bench b;
    struct grid shown = {0};
    struct vt vt;
    struct buf out = BUF_INIT;
    caps_of_xterm(&caps);
    looks_make(&looks, 0, PALETTE_VIRIDIS, COLOURS_256);
    bench_open(&b, &maker_machines[0], false);
    vt_init(&vt, 40, 120);
    for (int i = 0; i < 300; i++) {
        char why[200];
        press(&b, i % 5 == 0 ? keys[i / 5 % (int)(sizeof keys / sizeof keys[0])] : "");
        bench_take(&b, 1);
        bench_draw(&b, 40, 120);
        buf_clear(&out);
        term_put_frame(&out, &caps, i == 0 ? NULL : &shown, &b.grid, &looks);
        vt_feed(&vt, out.data, out.len);
        assert_int_equal(vt.strange, 0);
        if (!vt_shows(&vt, &b.grid, &looks, why, sizeof why))
            fail_msg("frame %d: %s", i, why);
        assert_true(grid_resize(&shown, 40, 120));
        memcpy(shown.cells, b.grid.cells, 40 * 120 * sizeof *shown.cells);
    }
    vt_release(&vt);
    grid_release(&shown);
    buf_release(&out);
    bench_close(&b);
}

static void a_frame_without_changes_is_no_byte(void **state)
{
    (void)state;
    struct term_caps caps;
    struct looks looks;
    struct bench b;
    struct buf out = BUF_INIT;
    caps_of_xterm(&caps);
    looks_make(&looks, 0, PALETTE_THERMAL, COLOURS_256);
    bench_open(&b, &maker_machines[0], true);
    bench_take(&b, 5);
    bench_draw(&b, 40, 120);
    term_put_frame(&out, &caps, &b.grid, &b.grid, &looks);
    assert_int_equal(out.len, 0);
    buf_release(&out);
    bench_close(&b);
}

static void terminals_are_taken_for_what_they_are(void **state)
{
    (void)state;
    static const struct {
        const char *term;
        bool no_color;
        actop_status st;
        enum colours colours;
    } rows[] = {
        {"xterm-256color", false, ACTOP_OK, COLOURS_256},
        {"xterm-256color", true, ACTOP_OK, COLOURS_NONE},
        {"xterm-direct", false, ACTOP_OK, COLOURS_TRUE},
        {"screen", false, ACTOP_OK, COLOURS_8},
        {"linux", false, ACTOP_OK, COLOURS_8},
        {"vt100", false, ACTOP_OK, COLOURS_NONE},
        {"xterm-16color", false, ACTOP_OK, COLOURS_16},
        {"dumb", false, ACTOP_E_UNSUPPORTED, COLOURS_NONE},
        {"no-such-terminal", false, ACTOP_E_UNSUPPORTED, COLOURS_NONE},
        {"", false, ACTOP_E_UNSUPPORTED, COLOURS_NONE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct term_caps caps;
        actop_error err;
        (void)setenv("TERM", rows[i].term, 1);
        actop_status st = caps_read(&caps, rows[i].no_color, &err);
        if (rows[i].st == ACTOP_OK && st != ACTOP_OK) {
            print_message("# %s is not in this system's terminfo\n", rows[i].term);
            continue;
        }
        CHECK_ROW(st == rows[i].st, rows[i].term);
        CHECK_ROW(st != ACTOP_OK || caps.colours == rows[i].colours, rows[i].term);
        CHECK_ROW(st == ACTOP_OK || err.text[0] != '\0', rows[i].term);
    }
}

/* In the mode the screen asks for a terminal sends other sequences than those of ECMA-48. */
static void keys_arrive_as_terminfo_says_they_are_sent(void **state)
{
    static const struct {
        const char *term, *bytes;
        uint32_t key;
    } rows[] = {
        {"xterm-256color", "\033OA", KEY_UP},
        {"xterm-256color", "\033OC", KEY_RIGHT},
        {"xterm-256color", "\033OF", KEY_END},
        {"xterm-256color", "\033[5~", KEY_PAGE_UP},
        {"tmux-256color", "\033OD", KEY_LEFT},
        {"tmux-256color", "\033[4~", KEY_END},
        {"tmux-256color", "\033[1~", KEY_HOME},
        {"screen", "\033OB", KEY_DOWN},
        {"linux", "\033[C", KEY_RIGHT},
        {"vt100", "\033OD", KEY_LEFT},
        {"xterm-256color", "\033[3~", KEY_DELETE},
        {"xterm-256color", "\033[Z", KEY_BACKTAB},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct term_caps caps;
        struct input in = {.n_known = 0};
        struct event e = {0, 0, 0};
        (void)setenv("TERM", rows[i].term, 1);
        if (caps_read(&caps, false, NULL) != ACTOP_OK) {
            print_message("# %s is not in this system's terminfo\n", rows[i].term);
            continue;
        }
        for (size_t k = 0; k < caps.n_keys; k++)
            input_know(&in, caps.keys[k].bytes, caps.keys[k].key);
        input_feed(&in, rows[i].bytes, strlen(rows[i].bytes));
        CHECK_ROW(input_next(&in, &e) && e.key == rows[i].key, rows[i].bytes + 1);
    }
}

static void every_terminal_gets_only_what_it_knows(void **state)
{
    (void)state;
    static const char *const terms[] = {"screen", "linux", "vt100", "xterm-direct",
                                        "xterm-16color"};
    struct bench b;
    bench_open(&b, &maker_machines[0], true);
    bench_take(&b, 20);
    bench_draw(&b, 24, 80);
    grid_to_ascii(&b.grid);
    for (size_t i = 0; i < sizeof terms / sizeof terms[0]; i++) {
        struct term_caps caps;
        struct looks looks;
        struct buf out = BUF_INIT;
        (void)setenv("TERM", terms[i], 1);
        if (caps_read(&caps, false, NULL) != ACTOP_OK)
            continue;
        looks_make(&looks, 4, PALETTE_THERMAL, caps.colours);
        term_put_frame(&out, &caps, NULL, &b.grid, &looks);
        CHECK_ROW(out.len > 0 && !out.failed, terms[i]);
        CHECK_ROW(strstr(out.data, "$<") == NULL, terms[i]);
        CHECK_ROW((strstr(out.data, "38;2;") != NULL) == (caps.colours == COLOURS_TRUE), terms[i]);
        CHECK_ROW(caps.colours != COLOURS_NONE || strstr(out.data, "\033[38") == NULL, terms[i]);
        for (size_t k = 0; k < out.len; k++)
            CHECK_ROW((unsigned char)out.data[k] < 0x80, terms[i]);
        buf_release(&out);
    }
    bench_close(&b);
}

int main(void)
{
    (void)setenv("TZ", "UTC", 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_size_from_1_by_1_to_300_by_100_can_be_drawn),
        cmocka_unit_test(readings_are_never_cut_from_twenty_columns_on),
        cmocka_unit_test(a_high_screen_shows_lists_to_their_end),
        cmocka_unit_test(each_rail_is_shown_once),
        cmocka_unit_test(interfaces_that_move_something_stand_first),
        cmocka_unit_test(rows_are_ordered_by_class_and_else_stay),
        cmocka_unit_test(the_header_names_chip_and_cores_before_its_own_cost),
        cmocka_unit_test(the_span_is_that_of_the_samples),
        cmocka_unit_test(the_table_keeps_its_title_and_its_header_takes_clicks),
        cmocka_unit_test(all_parts_of_memory_are_told_at_120_columns),
        cmocka_unit_test(a_zoomed_panel_tells_packets_requests_and_how_busy_a_disk_is),
        cmocka_unit_test(every_core_of_a_large_machine_has_its_part_of_a_bar),
        cmocka_unit_test(before_the_first_sample_it_says_that_it_measures),
        cmocka_unit_test(ten_thousand_random_keys_leave_a_sound_screen),
        cmocka_unit_test(keys_do_what_the_help_says),
        cmocka_unit_test(keys_say_what_a_machine_does_not_have),
        cmocka_unit_test(p_states_are_seen_when_asked_for),
        cmocka_unit_test(in_ascii_nothing_of_our_own_is_anything_else),
        cmocka_unit_test(in_ascii_names_keep_their_characters),
        cmocka_unit_test(a_source_that_is_silent_is_told_of),
        cmocka_unit_test(a_table_without_processes_says_how_to_get_them),
        cmocka_unit_test(q_leaves),
        cmocka_unit_test(numbers_do_not_move_what_stands_beside_them),
        cmocka_unit_test(a_value_without_data_says_why),
        cmocka_unit_test(no_name_gets_a_byte_of_its_own_to_the_terminal),
        cmocka_unit_test(a_frame_of_changes_gives_the_same_screen_as_a_whole_one),
        cmocka_unit_test(a_frame_without_changes_is_no_byte),
        cmocka_unit_test(terminals_are_taken_for_what_they_are),
        cmocka_unit_test(keys_arrive_as_terminfo_says_they_are_sent),
        cmocka_unit_test(every_terminal_gets_only_what_it_knows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
