/* SPDX-License-Identifier: MIT */
/* What each action does; see keys.def for what they are. */
#include <string.h>

#include "tui/app.h"
#include "tui/panel.h"
#include "tui/settings.h"
#include "tui/theme.h"

/* ---- panels ----------------------------------------------------------------------------------------- */

static bool is_shown(struct app *a, enum panel_id id)
{
    if (id == PANEL_PROCESSES)
        return a->view.now.show_processes;
    return a->shown != NULL && panel_present(&a->scene, id);
}

static void move_focus(struct app *a, int by)
{
    int id = (int)a->view.focus;
    for (int tries = 0; tries < PANEL_COUNT; tries++) {
        id = (id + by + PANEL_COUNT) % PANEL_COUNT;
        if (is_shown(a, (enum panel_id)id))
            break;
    }
    a->view.focus = (enum panel_id)id;
}

static void toggle_processes(struct app *a)
{
    struct view *v = &a->view;
    v->now.show_processes = !v->now.show_processes;
    if (v->now.show_processes)
        v->focus = PANEL_PROCESSES;
    else if (v->focus == PANEL_PROCESSES) {
        v->focus = PANEL_CPU;
        v->zoomed = false;
    }
    app_want(a);
    app_refresh(a);
}

/* ---- lists ------------------------------------------------------------------------------------------ */

/* Move the selection of the process table, or scroll the list of the panel in focus. */
static void move_selection(struct app *a, int by)
{
    struct view *v = &a->view;
    int n = (int)a->processes.n;
    if (n == 0)
        return;
    int row = v->selected_pid == 0
                  ? (by > 0 ? v->scroll[PANEL_PROCESSES] : v->scroll[PANEL_PROCESSES] + by)
                  : v->selected_row + by;
    row = row < 0 ? 0 : row >= n ? n - 1 : row;
    v->selected_row = row;
    v->selected_pid = a->processes.rows[row].pid;
    v->selected_start = a->processes.rows[row].start;
}

static void scroll_by(struct app *a, int by)
{
    struct view *v = &a->view;
    if (v->overlay == OVERLAY_HELP) {
        v->overlay_scroll = v->overlay_scroll + by < 0 ? 0 : v->overlay_scroll + by;
        return;
    }
    if (v->focus == PANEL_PROCESSES && v->now.show_processes) {
        move_selection(a, by);
        return;
    }
    int at = v->scroll[v->focus] + by;
    v->scroll[v->focus] = at < 0                           ? 0
                          : at > v->scroll_limit[v->focus] ? v->scroll_limit[v->focus]
                                                           : at;
}

static int page_of(const struct app *a)
{
    int page = a->view.overlay == OVERLAY_HELP ? 10 : a->view.page[a->view.focus];
    return page > 1 ? page - 1 : 1;
}

/* ---- time ------------------------------------------------------------------------------------------- */

/* Samples that the right arrow leaps over in a recording that plays. */
enum { LEAP = 30 };

static void pause_or_go_on(struct app *a)
{
    a->view.paused = !a->view.paused;
    a->scene.seek = a->scene.at.seq;
    if (!a->view.paused)
        app_now(a);
    else if (a->fetch != NULL && a->newest != NULL)
        a->fetch(a->fetch_context, a->scene.at.seq); /* so that what lies before it is at hand */
}

/* What is not live need not wait: run ahead of its time. */
static bool leap(struct app *a)
{
    if (a->scene.live || a->session == NULL || a->newest == NULL)
        return false;
    actop_hurry(a->session, a->scene.at.seq + LEAP);
    return true;
}

static void walk_by(struct app *a, int by, int64_t now_ns)
{
    if (by > 0 && !a->view.paused && leap(a))
        return;
    if (!a->view.paused) {
        view_toast(&a->view, now_ns, "pause first (p), then the arrows walk through history");
        return;
    }
    uint64_t seq = a->scene.seek;
    app_walk(a, by < 0 && seq <= (uint64_t)-by ? 1 : seq + (uint64_t)(int64_t)by);
}

/* While paused: the end of a recording, and from there or in anything else back to now. */
static void to_the_end(struct app *a)
{
    const struct scene *s = &a->scene;
    if (!a->view.paused)
        scroll_by(a, 1 << 20);
    else if (s->seek < s->span.last && !(a->over && s->seek >= s->history_last))
        app_walk(a, s->span.last);
    else
        pause_or_go_on(a);
}

/* While paused, where nothing is left to scroll: as far back as can be gone. */
static void to_the_top(struct app *a)
{
    const struct view *v = &a->view;
    bool table = v->focus == PANEL_PROCESSES && v->now.show_processes && a->processes.n > 0;
    bool on_top = table ? v->selected_pid != 0 && v->selected_row == 0 : v->scroll[v->focus] == 0;
    if (v->paused && v->overlay == OVERLAY_NONE && on_top)
        app_walk(a, 1);
    else
        scroll_by(a, -(1 << 20));
}

static void change_interval(struct app *a, bool longer, int64_t now_ns)
{
    static const double steps_s[] = {0.1, 0.2, 0.5, 1, 2, 3, 5, 10, 15, 30, 60};
    enum { N = sizeof steps_s / sizeof steps_s[0] };
    double now_s = a->view.now.interval_s;
    double next_s = now_s;
    bool replay = scene_source_is(&a->scene, "replay:");
    if (replay || scene_source_is(&a->scene, "http://")) {
        view_toast(&a->view, now_ns, "%s has an interval of its own",
                   replay ? "a recording" : "a server");
        return;
    }
    for (int i = 0; i < N; i++) {
        double step_s = steps_s[longer ? i : N - 1 - i];
        if (longer ? step_s > now_s * 1.001 : step_s < now_s * 0.999) {
            next_s = step_s;
            break;
        }
    }
    a->view.now.interval_s = next_s;
    if (a->session != NULL)
        actop_set_interval(a->session, (int64_t)(next_s * 1e9));
    view_toast(&a->view, now_ns, "interval %s s", num_plain(next_s, next_s < 1 ? 1 : 0, false).s);
}

static void toggle_baseline(struct app *a)
{
    if (a->base != NULL) {
        actop_sample_unref(a->base);
        a->base = NULL;
    } else {
        a->base = actop_sample_ref(a->shown);
    }
    scene_reset_widths(&a->scene);
    app_refresh(a);
}

/* ---- the rest --------------------------------------------------------------------------------------- */

static void next_theme(struct app *a, int64_t now_ns)
{
    struct settings *s = &a->view.now;
    s->theme = theme_name(s->theme + 1) == NULL ? 0 : s->theme + 1;
    view_toast(&a->view, now_ns, "theme %s", theme_name(s->theme));
}

static void next_glyph(struct app *a, int64_t now_ns)
{
    a->view.now.glyph = (enum glyph)((a->view.now.glyph + 1) % GLYPH_COUNT);
    view_toast(&a->view, now_ns, "charts of %s", glyph_name(a->view.now.glyph));
}

static void save(struct app *a, int64_t now_ns)
{
    actop_error err;
    int changed = 0;
    const char *path = a->options->config_path;
    if (path == NULL) {
        view_toast(&a->view, now_ns, "there is no place for a configuration (HOME is not set)");
        return;
    }
    if (settings_save(path, &a->view.now, &a->view.saved, &changed, &err) != ACTOP_OK) {
        view_toast(&a->view, now_ns, "not saved: %.140s", err.text);
        return;
    }
    a->view.saved = a->view.now;
    if (changed == 0)
        view_toast(&a->view, now_ns, "nothing was changed");
    else
        view_toast(&a->view, now_ns, "saved %d setting%s in %.120s", changed,
                   changed == 1 ? "" : "s", path);
}

static void open_filter(struct app *a)
{
    struct view *v = &a->view;
    if (!v->now.show_processes)
        toggle_processes(a);
    memcpy(v->edit, v->now.filter, sizeof v->edit);
    v->problem[0] = '\0';
    v->overlay = OVERLAY_FILTER;
}

/* What acts on the table alone says so where there is none. */
static bool has_table(struct app *a, int64_t now_ns)
{
    if (!a->view.now.show_processes)
        view_toast(&a->view, now_ns, "there is no process table (t shows it)");
    return a->view.now.show_processes;
}

/* The next order that this machine has numbers for. */
static void next_order(struct app *a, int64_t now_ns)
{
    struct view *v = &a->view;
    int order = (int)v->order;
    if (!has_table(a, now_ns))
        return;
    for (int tries = 0; tries < ORDER_COUNT; tries++) {
        order = (order + 1) % ORDER_COUNT;
        if (processes_have_order(&a->processes, order))
            break;
    }
    v->order = (enum order)order;
    view_toast(v, now_ns, "sorted by %s", processes_order_title(order));
    app_refresh(a);
}

static bool select_something(struct app *a)
{
    if (!a->view.now.show_processes || a->processes.n == 0)
        return false;
    if (a->view.selected_pid == 0)
        move_selection(a, 0);
    return true;
}

static void open_kill(struct app *a, int64_t now_ns)
{
    if (!a->scene.live)
        view_toast(&a->view, now_ns, "signals can be sent only to processes of this machine, live");
    else if (a->view.paused)
        view_toast(&a->view, now_ns, "the screen is paused: End goes back to now");
    else if (a->view.group)
        view_toast(&a->view, now_ns, "a group is no process: o shows single ones");
    else if (!a->view.now.show_processes || a->processes.n == 0)
        view_toast(&a->view, now_ns, "there is no process table (t shows it)");
    else if (a->view.selected_pid == 0)
        view_toast(&a->view, now_ns, "select a process first, with the arrows");
    else {
        a->view.kill_row = 0;
        a->view.overlay = OVERLAY_KILL;
    }
}

static void zoom(struct app *a)
{
    if (!a->view.zoomed && !is_shown(a, a->view.focus))
        move_focus(a, 1);
    a->view.zoomed = !a->view.zoomed;
    scene_reset_widths(&a->scene);
    app_want(a);
}

static void enter(struct app *a)
{
    if (a->view.focus == PANEL_PROCESSES && !a->view.group && select_something(a)) {
        a->view.overlay = OVERLAY_DETAIL;
        app_want(a);
        app_refresh(a);
    } else {
        zoom(a);
    }
}

/* Escape leaves what is on top first. */
static void back(struct app *a)
{
    struct view *v = &a->view;
    if (v->overlay != OVERLAY_NONE) {
        v->overlay = OVERLAY_NONE;
        app_want(a);
    } else if (v->zoomed) {
        zoom(a);
    } else if (v->selected_pid != 0) {
        v->selected_pid = 0;
    } else if (v->paused) {
        pause_or_go_on(a);
    } else if (a->base != NULL) {
        toggle_baseline(a);
    }
}

static void toggle_help(struct app *a)
{
    a->view.overlay_scroll = 0;
    a->view.overlay = a->view.overlay == OVERLAY_HELP ? OVERLAY_NONE : OVERLAY_HELP;
    app_want(a);
}

static void flip(struct app *a, bool *flag, int64_t now_ns)
{
    if (!has_table(a, now_ns))
        return;
    *flag = !*flag;
    app_refresh(a);
}

/* Not every screen has the room to show what these change. */
static void toggle_cores(struct app *a, int64_t now_ns)
{
    struct settings *s = &a->view.now;
    s->show_cores = !s->show_cores;
    view_toast(&a->view, now_ns,
               s->show_cores ? "cores are shown where there is room; z zooms" : "cores are hidden");
}

static void toggle_pstates(struct app *a, int64_t now_ns)
{
    if (scene_rows(&a->scene, ACTOP_SCOPE_PSTATE) > 0)
        a->view.pstates = !a->view.pstates;
    else
        view_toast(&a->view, now_ns, "this source tells no P-states");
}

static void toggle_layout(struct app *a, int64_t now_ns)
{
    struct settings *s = &a->view.now;
    s->stack = !s->stack;
    if (s->stack)
        view_toast(&a->view, now_ns, "one column of panels");
    else
        view_toast(&a->view, now_ns, "panels side by side, on a screen of %d columns or more",
                   LAYOUT_GRID_COLS);
}

static void quit(struct app *a)
{
    if (a->view.overlay == OVERLAY_HELP || a->view.overlay == OVERLAY_DETAIL)
        back(a);
    else
        a->quit = true;
}

void app_act(struct app *a, enum action action, int64_t now_ns)
{ /* long: one line for each row of keys.def */
    struct view *v = &a->view;
    switch (action) {
    case ACTION_QUIT:
        quit(a);
        break;
    case ACTION_HELP:
        toggle_help(a);
        break;
    case ACTION_PAUSE:
        pause_or_go_on(a);
        break;
    case ACTION_PROCESSES:
        toggle_processes(a);
        break;
    case ACTION_SORT:
        next_order(a, now_ns);
        break;
    case ACTION_REVERSE:
        flip(a, &v->reverse, now_ns);
        break;
    case ACTION_FILTER:
        open_filter(a);
        break;
    case ACTION_TREE:
        flip(a, &v->tree, now_ns);
        break;
    case ACTION_GROUP:
        flip(a, &v->group, now_ns);
        break;
    case ACTION_ENTER:
        enter(a);
        break;
    case ACTION_KILL:
        open_kill(a, now_ns);
        break;
    case ACTION_ZOOM:
        zoom(a);
        break;
    case ACTION_NEXT:
        move_focus(a, 1);
        break;
    case ACTION_PREVIOUS:
        move_focus(a, -1);
        break;
    case ACTION_BASELINE:
        toggle_baseline(a);
        break;
    case ACTION_CORES:
        toggle_cores(a, now_ns);
        break;
    case ACTION_PSTATES:
        toggle_pstates(a, now_ns);
        break;
    case ACTION_LAYOUT:
        toggle_layout(a, now_ns);
        break;
    case ACTION_GLYPH:
        next_glyph(a, now_ns);
        break;
    case ACTION_THEME:
        next_theme(a, now_ns);
        break;
    case ACTION_SLOWER:
        change_interval(a, true, now_ns);
        break;
    case ACTION_FASTER:
        change_interval(a, false, now_ns);
        break;
    case ACTION_SAVE:
        save(a, now_ns);
        break;
    case ACTION_BACKWARD:
        walk_by(a, -1, now_ns);
        break;
    case ACTION_FORWARD:
        walk_by(a, 1, now_ns);
        break;
    case ACTION_UP:
        scroll_by(a, -1);
        break;
    case ACTION_DOWN:
        scroll_by(a, 1);
        break;
    case ACTION_PAGE_UP:
        scroll_by(a, -page_of(a));
        break;
    case ACTION_PAGE_DOWN:
        scroll_by(a, page_of(a));
        break;
    case ACTION_TOP:
        to_the_top(a);
        break;
    case ACTION_NOW:
        to_the_end(a);
        break;
    case ACTION_BACK:
        back(a);
        break;
    case ACTION_NONE:
    case ACTION_COUNT:
        break;
    }
}
