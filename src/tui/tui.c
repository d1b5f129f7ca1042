/* SPDX-License-Identifier: MIT */
/* The screen's loop: keys, samples, signals and time, whatever comes first; then at most one frame. Sampling goes on in the
 * session's thread, so that a key is answered at once and a slow terminal delays no sample. */
#include "tui/tui.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>

#include "base/error.h"
#include "base/os.h"
#include "base/signals.h"
#include "tui/app.h"
#include "tui/feed.h"
#include "tui/term.h"
#include "tui/walker.h"

#ifndef SIGWINCH
#define SIGWINCH 28 /* documented on Linux and macOS; hidden by strict POSIX headers */
#endif

/* A lone Escape is one when nothing follows it for that long. */
enum { ESCAPE_MS = 25 };

/* How often the screen is drawn while a recording runs ahead. */
static const int64_t RUN_DRAW_NS = 50000000;

/* The program's own cost is measured with each sample; where none come any more it stands for so long. */
static const int64_t SELF_OLD_NS = 2000000000;

struct loop {
    struct app app;
    struct term *term;
    struct feed feed;
    struct walker walker;
    struct input input;
    struct grid grid;
    struct looks looks;
    int64_t drawn_ns; /* awake clock */
    bool ended_told;  /* that sampling has ended */
    bool gone;        /* the terminal */
};

/* ---- signals ---------------------------------------------------------------------------------------- */

static const int watched[] = {SIGINT, SIGTERM, SIGHUP, SIGWINCH, SIGTSTP, SIGCONT};

static bool watch_signals(void)
{
    bool ok = signals_open();
    for (size_t i = 0; i < sizeof watched / sizeof watched[0]; i++)
        ok = signals_watch(watched[i]) && ok;
    return signals_on_crash(term_emergency) && ok;
}

/* Stopped from the keyboard: the terminal is the shell's until we go on. */
static void stop_self(struct loop *l)
{
    term_suspend(l->term);
    signals_default(SIGTSTP);
    (void)signals_watch(SIGTSTP);
    (void)signals_take(SIGCONT);
    term_resume(l->term);
    l->app.dirty = true;
}

static void take_signals(struct loop *l)
{
    signals_drain();
    if (signals_take(SIGTSTP))
        stop_self(l);
    if (signals_take(SIGCONT)) { /* stopped by somebody else */
        term_suspend(l->term);
        term_resume(l->term);
        l->app.dirty = true;
    }
    if (signals_take(SIGWINCH))
        l->app.dirty = true;
    if (signals_ended() != 0)
        l->app.quit = true;
}

/* ---- samples ---------------------------------------------------------------------------------------- */

/* That a recording ends is short, that it is cut or the source fails takes the sentence. */
static void tell_end(struct loop *l)
{
    actop_error err;
    if (l->ended_told || !feed_ended(&l->feed, &err))
        return;
    bool well = err.status == ACTOP_END;
    const char *cut = well ? strstr(err.text, "the recording is cut") : err.text;
    l->ended_told = true;
    app_end(&l->app, well);
    view_toast(&l->app.view, os_awake_ns(), "%.150s",
               cut != NULL ? cut : "the recording ends here");
}

static void fetch(void *walker, uint64_t seq)
{
    walker_want(walker, seq);
}

static void take_samples(struct loop *l)
{
    const actop_sample_t *samples[FEED_MOST];
    actop_span span;
    size_t n = feed_take(&l->feed, samples);
    if (n > 0)
        app_measure_self(&l->app);
    for (size_t i = 0; i < n; i++)
        app_take(&l->app, samples[i]);
    const actop_sample_t *past = walker_take(&l->walker);
    if (past != NULL)
        app_arrive(&l->app, past);
    if (walker_take_span(&l->walker, &span))
        app_span(&l->app, &span);
    tell_end(l);
    if (l->app.scene.running && os_awake_ns() - l->drawn_ns >= RUN_DRAW_NS)
        l->app.dirty = true;
}

/* ---- one round -------------------------------------------------------------------------------------- */

static void take_keys(struct loop *l, bool flush)
{
    struct event e;
    int64_t now_ns = os_awake_ns();
    while (input_next(&l->input, &e) || (flush && input_flush(&l->input, &e))) {
        if (e.key == KEY_CTRL_L)
            term_forget(l->term);
        app_event(&l->app, &e, now_ns);
    }
}

static int timeout_ms(struct loop *l)
{
    int64_t now_ns = os_awake_ns();
    int64_t next_ns = app_tick(&l->app, now_ns);
    if (input_waits(&l->input))
        return ESCAPE_MS;
    if (next_ns < 0)
        return -1;
    return (int)((next_ns - now_ns) / 1000000) + 1;
}

static bool draw(struct loop *l)
{
    int rows;
    int cols;
    term_size(l->term, &rows, &cols);
    if (rows != l->grid.rows || cols != l->grid.cols) {
        scene_reset_widths(&l->app.scene);
        if (!grid_resize(&l->grid, rows, cols))
            return false;
    }
    l->drawn_ns = os_awake_ns();
    if (l->app.ended && l->drawn_ns - l->app.self_at_ns >= SELF_OLD_NS)
        app_measure_self(&l->app);
    app_draw(&l->app, &l->grid);
    if (!term_is_utf8(l->term))
        grid_to_ascii(&l->grid);
    looks_make(&l->looks, l->app.view.now.theme, (enum palette_id)l->app.view.now.palette,
               term_colours(l->term));
    return term_show(l->term, &l->grid, &l->looks);
}

static void one_round(struct loop *l)
{
    struct pollfd fds[] = {{term_input_fd(l->term), POLLIN, 0},
                           {signals_fd(), POLLIN, 0},
                           {feed_fd(&l->feed), POLLIN, 0}};
    int n = poll(fds, 3, timeout_ms(l));
    if (n < 0 && errno != EINTR) {
        l->gone = true;
        return;
    }
    if (n > 0 && fds[0].revents != 0 && !term_read(l->term, &l->input))
        l->gone = true;
    take_signals(l);
    take_keys(l, n == 0);
    if (n > 0 && fds[2].revents != 0)
        take_samples(l);
    (void)app_tick(&l->app, os_awake_ns());
    if (!l->app.quit && !l->gone && l->app.dirty && !draw(l))
        l->gone = true;
}

/* ---- start and end ---------------------------------------------------------------------------------- */

static actop_status run(struct loop *l, actop_session *s, const struct tui_options *o,
                        actop_error *err)
{
    actop_status st = app_init(&l->app, s, o, err);
    if (st == ACTOP_OK)
        st = term_open(&l->term, err);
    if (st != ACTOP_OK)
        return st;
    term_know_keys(l->term, &l->input);
    if (!watch_signals())
        return error_set(err, ACTOP_E_IO, "cannot watch signals");
    if (!term_is_utf8(l->term))
        l->app.view.now.glyph = l->app.view.saved.glyph = GLYPH_ASCII;
    st = feed_start(&l->feed, s, (int64_t)(o->interval_s * 1e9), err);
    if (st != ACTOP_OK)
        return st;
    st = walker_start(&l->walker, s, feed_wake, &l->feed, err);
    if (st == ACTOP_OK) {
        l->app.fetch = fetch;
        l->app.fetch_context = &l->walker;
        if (!draw(l))
            l->gone = true;
        while (!l->app.quit && !l->gone)
            one_round(l);
        walker_stop(&l->walker);
    }
    feed_stop(&l->feed);
    return st;
}

actop_status tui_run(actop_session *s, const struct tui_options *o, actop_error *err)
{
    struct loop l;
    memset(&l, 0, sizeof l);
    actop_status st = run(&l, s, o, err);
    term_close(l.term);
    (void)signals_on_crash(NULL);
    app_release(&l.app);
    grid_release(&l.grid);
    return st;
}
