/* SPDX-License-Identifier: MIT */
/* Golden screens: what the screen looks like, kept as text in tests/golden/screens and reviewed by eye.
 *
 * A file has the screen as it is and, below it, the style of each cell: for each row runs of a count and the style's letter
 * (styles.def). `tools/golden_screens` writes them anew. Machines of simulations are taken after the same number of
 * samples of the same load script; those of Linux are made by hand (maker.c), since no simulation has them. */
#include "lib/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "tui/app.h"
#include "unit/tui/maker.h"

enum { SAMPLES = 140 };

static const char *const machines[] = {
    "sim:m1+llm",    "sim:m1-ultra+compile", "sim:m4-max+llm", "sim:m5-max+throttle",
    "sim:m6+export", "sim:vm+compile",       "laptop",         "server"};
static const struct {
    int cols, rows;
} sizes[] = {{80, 24}, {100, 30}, {120, 40}, {200, 60}};

static const char style_letters[] = {
#define STYLE(id, letter, colour, ansi, attr) letter,
#include "tui/styles.def"
#undef STYLE
};

/* ---- drawing ---------------------------------------------------------------------------------------- */

static void take_simulated(struct app *a, const char *source, actop_session **session)
{
    actop_options o = ACTOP_OPTIONS_INIT;
    actop_error err = {0};
    o.source = source;
    o.speed = 0;
    o.want = ACTOP_WANT_DEFAULT | ACTOP_WANT(ACTOP_SCOPE_PROCESS) | ACTOP_WANT_GPU_CLIENTS;
    if (actop_open(&o, session, &err) != ACTOP_OK)
        fail_msg("%s: %s", source, err.text);
    for (int i = 0; i < SAMPLES; i++) {
        const actop_sample_t *sample = actop_sample(*session, &err);
        assert_non_null(sample);
        app_take(a, actop_sample_ref(sample));
    }
}

static void take_made(struct app *a, const char *name, struct maker **maker)
{
    for (int i = 0; i < n_maker_machines; i++)
        if (strcmp(maker_machines[i].name, name) == 0)
            *maker = maker_new(&maker_machines[i]);
    assert_non_null(*maker);
    for (int i = 0; i < SAMPLES; i++)
        app_take(a, maker_next(*maker));
}

static void put_text(struct buf *out, const struct grid *g, int y)
{
    size_t from = out->len;
    for (int x = 0; x < g->cols; x++) {
        const struct grid_cell *c = grid_at(g, y, x);
        char bytes[4];
        if (c->width == 0)
            continue;
        buf_put(out, bytes, utf8_encode(c->code, bytes));
        if (c->mark != 0)
            buf_put(out, bytes, utf8_encode(c->mark, bytes));
    }
    while (out->len > from && out->data[out->len - 1] == ' ')
        out->len--;
    buf_putc(out, '\n');
}

static void put_styles(struct buf *out, const struct grid *g, int y)
{
    for (int x = 0; x < g->cols;) {
        uint8_t style = grid_at(g, y, x)->style;
        int n = 0;
        for (; x < g->cols && grid_at(g, y, x)->style == style; x++)
            n++;
        buf_put_i64(out, n);
        buf_putc(out, style_letters[style & 0x7f]);
        buf_puts(out, style & STYLE_SELECTED ? "+" : "");
    }
    buf_putc(out, '\n');
}

static void put_screen(struct buf *out, const struct grid *g)
{
    for (int y = 0; y < g->rows; y++)
        put_text(out, g, y);
    buf_puts(out, "--- styles\n");
    for (int y = 0; y < g->rows; y++)
        put_styles(out, g, y);
}

/* ---- comparing -------------------------------------------------------------------------------------- */

static void path_of(char *out, size_t size, const char *machine, int cols, int rows,
                    enum glyph glyph)
{
    const char *name = strchr(machine, ':') == NULL ? machine : strchr(machine, ':') + 1;
    int n = (int)strcspn(name, "+");
    (void)snprintf(out, size, "%s/tests/golden/screens/%.*s-%dx%d-%s.screen",
                   getenv("ACTOP_SOURCE"), n, name, cols, rows, glyph_name(glyph));
}

static void write_golden(const char *path, const struct buf *now)
{
    FILE *file = fopen(path, "wb");
    if (file == NULL)
        fail_msg("cannot write %s", path);
    assert_int_equal(fwrite(now->data, 1, now->len, file), now->len);
    assert_int_equal(fclose(file), 0);
}

static void compare(const char *path, const struct buf *now)
{
    FILE *file = fopen(path, "rb");
    int line = 1;
    if (file == NULL)
        fail_msg("%s is missing (tools/golden_screens writes it)", path);
    for (size_t i = 0; i <= now->len; i++) {
        int c = fgetc(file);
        if (c != (i < now->len ? (unsigned char)now->data[i] : EOF)) {
            (void)fclose(file);
            fail_msg("%s: line %d differs (tools/golden_screens writes what is drawn now)", path,
                     line);
        }
        line += c == '\n';
    }
    (void)fclose(file);
}

static void check_machine(const char *machine)
{
    static const struct tui_options defaults = TUI_OPTIONS_INIT;
    struct tui_options o = defaults;
    struct app a;
    actop_session *session = NULL;
    struct maker *maker = NULL;
    struct grid g = {0};
    struct buf now = BUF_INIT;
    memset(&a, 0, sizeof a);
    o.interval_s = 1;
    o.source_label = strncmp(machine, "sim:", 4) == 0 ? "simulated" : "made by hand";
    assert_int_equal(app_init(&a, NULL, &o, NULL), ACTOP_OK);
    if (strncmp(machine, "sim:", 4) == 0)
        take_simulated(&a, machine, &session);
    else
        take_made(&a, machine, &maker);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        for (int glyph = 0; glyph < GLYPH_COUNT; glyph++) {
            char path[512];
            a.view.now.glyph = (enum glyph)glyph;
            a.view.now.show_processes = sizes[i].cols > 80;
            app_refresh(&a);
            scene_reset_widths(&a.scene);
            assert_true(grid_resize(&g, sizes[i].rows, sizes[i].cols));
            app_draw(&a, &g);
            buf_clear(&now);
            put_screen(&now, &g);
            path_of(path, sizeof path, machine, sizes[i].cols, sizes[i].rows, (enum glyph)glyph);
            if (getenv("ACTOP_GOLDEN_WRITE") != NULL)
                write_golden(path, &now);
            else
                compare(path, &now);
        }
    buf_release(&now);
    grid_release(&g);
    app_release(&a);
    maker_free(maker);
    actop_close(session);
}

static void a_machine_looks_as_it_was_approved(void **state)
{
    check_machine(*state);
}

int main(void)
{
    enum { N = sizeof machines / sizeof machines[0] };
    struct CMUnitTest tests[N];
    static char names[N][80];
    (void)setenv("TZ", "UTC", 1);
    if (getenv("ACTOP_SOURCE") == NULL)
        return 99;
    for (size_t i = 0; i < N; i++) {
        (void)snprintf(names[i], sizeof names[i], "%s looks as it was approved", machines[i]);
        tests[i] = (struct CMUnitTest){names[i], a_machine_looks_as_it_was_approved, NULL, NULL,
                                       (void *)(uintptr_t)machines[i]};
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
