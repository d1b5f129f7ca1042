/* SPDX-License-Identifier: MIT */
/* App: samples in, drawing out, keys to where they belong; see app.h. */
#include "tui/app.h"

#include <math.h>
#include <string.h>

#include "base/os.h"
#include "base/text.h"
#include "tui/lines.h"
#include "tui/overlay.h"
#include "tui/panel.h"

actop_status app_init(struct app *a, actop_session *s, const struct tui_options *o,
                      actop_error *err)
{
    actop_status st = view_init(&a->view, o, err);
    if (st != ACTOP_OK)
        return st;
    a->session = s;
    a->options = o;
    a->scene.view = &a->view;
    a->scene.series = &a->series;
    a->scene.processes = &a->processes;
    a->scene.live = s != NULL && actop_is_live(s);
    a->scene.source_label = o->source_label != NULL ? o->source_label
                            : s != NULL             ? actop_source_name(s)
                                                    : NULL;
    a->scene.alert_bandwidth_ratio = o->alert_bandwidth_ratio;
    a->scene.alert_package_ratio = o->alert_package_ratio;
    a->scene.self_cpu_ratio = (double)NAN;
    a->scene.at.size = sizeof a->scene.at;
    a->scene.base_at.size = sizeof a->scene.base_at;
    a->scene.span.size = sizeof a->scene.span;
    scene_reset_widths(&a->scene);
    if (!process_list_filter(&a->processes, a->view.now.filter, a->view.problem,
                             sizeof a->view.problem))
        a->view.now.filter[0] = '\0';
    a->view.problem[0] = '\0';
    a->dirty = true;
    app_want(a);
    return ACTOP_OK;
}

void app_release(struct app *a)
{
    actop_sample_unref(a->newest);
    actop_sample_unref(a->shown);
    actop_sample_unref(a->base);
    series_release(&a->series);
    process_list_release(&a->processes);
    memset(a, 0, sizeof *a);
}

void app_want(struct app *a)
{
    uint32_t want = view_scopes(&a->view) | a->options->want;
    if (a->session != NULL && want != a->wanted)
        actop_want(a->session, want);
    a->wanted = want;
}

/* Files are counted only while somebody looks, and only now: history has no such number. */
static void count_files(struct app *a)
{
    const struct process *p = a->view.overlay == OVERLAY_DETAIL ? selected_process(&a->scene)
                                                                : NULL;
    if (p == NULL)
        return;
    a->scene.files.status =
        a->session == NULL || a->view.paused
            ? ACTOP_E_STATE
            : actop_process_files(a->session, p->pid, p->start, &a->scene.files.count, NULL);
}

void app_refresh(struct app *a)
{
    struct scene *s = &a->scene;
    s->sample = a->shown;
    s->base = a->base;
    s->cache.scope = ACTOP_SCOPE_MACHINE;
    if (a->shown != NULL)
        actop_sample_times(a->shown, &s->at);
    if (a->base != NULL)
        actop_sample_times(a->base, &s->base_at);
    if (a->session != NULL)
        actop_history_range(a->session, &s->history_first, &s->history_last);
    a->processes.base = a->base;
    if (a->view.now.show_processes)
        (void)process_list_take(&a->processes, a->shown, (int)a->view.order, a->view.reverse,
                                a->view.tree, a->view.group);
    count_files(a);
    a->dirty = true;
}

static void show(struct app *a, const actop_sample_t *sample)
{
    actop_sample_unref(a->shown);
    a->shown = sample;
    app_refresh(a);
}

static void show_newest(struct app *a)
{
    show(a, actop_sample_ref(a->newest));
    a->scene.seek = a->scene.at.seq;
}

static void stop_running(struct app *a)
{
    if (a->target != 0 && a->session != NULL)
        actop_hurry(a->session, 0);
    a->target = 0;
    a->scene.running = false;
}

/* Let a recording run to a sample that was not played yet; it is shown when it is there. False: nothing runs ahead. */
static bool run_to(struct app *a, uint64_t seq)
{
    struct scene *s = &a->scene;
    uint64_t most = s->span.last != 0 ? s->span.last : s->history_last + 1;
    seq = seq < most ? seq : most;
    if (s->live || a->over || seq <= s->history_last)
        return false;
    actop_hurry(a->session, seq);
    a->target = s->seek = seq;
    s->running = true;
    if (a->fetch != NULL) /* which also looks whether the recording goes further by now */
        a->fetch(a->fetch_context, seq);
    return true;
}

/* The newest is at hand; what lies further back is decoded again, which takes a while. */
void app_walk(struct app *a, uint64_t seq)
{
    struct scene *s = &a->scene;
    const actop_sample_t *past = NULL;
    if (a->session == NULL || a->newest == NULL)
        return;
    actop_history_range(a->session, &s->history_first, &s->history_last);
    seq = seq < s->history_first ? s->history_first : seq;
    a->dirty = true;
    if (run_to(a, seq))
        return;
    stop_running(a);
    if (seq >= s->history_last) {
        show_newest(a);
        return;
    }
    s->seek = seq;
    if (a->fetch != NULL)
        a->fetch(a->fetch_context, seq);
    else if (actop_history_at(a->session, seq, &past, NULL) == ACTOP_OK)
        show(a, past);
}

void app_now(struct app *a)
{
    stop_running(a);
    if (a->newest != NULL)
        show_newest(a);
}

void app_take(struct app *a, const actop_sample_t *sample)
{
    actop_times at = {.size = sizeof at};
    actop_sample_times(sample, &at);
    actop_sample_unref(a->newest);
    a->newest = sample;
    a->taken++;
    series_take(&a->series, sample);
    if (a->session != NULL) /* the seek bar moves */
        actop_history_range(a->session, &a->scene.history_first, &a->scene.history_last);
    if (a->target != 0 && at.seq < a->target)
        return; /* on the way; the screen holds */
    if (a->target != 0)
        app_walk(a, a->target);
    else if (!a->view.paused)
        show_newest(a);
    a->dirty = true;
}

void app_end(struct app *a, bool well)
{
    a->ended = well;
    a->over = true;
    a->dirty = true;
    if (a->target != 0)
        app_now(a);
}

void app_span(struct app *a, const actop_span *span)
{
    a->scene.span = *span;
    a->series.most = SERIES_WHOLE;
    a->dirty = true;
}

void app_arrive(struct app *a, const actop_sample_t *sample)
{
    actop_times at = {.size = sizeof at};
    actop_sample_times(sample, &at);
    if (a->view.paused && a->scene.seek < a->scene.history_last && at.seq != a->scene.at.seq)
        show(a, sample);
    else /* the screen is back at now, or shows it already */
        actop_sample_unref(sample);
}

void app_measure_self(struct app *a)
{
    struct os_self self;
    int64_t now_ns = os_awake_ns();
    os_self_cost(&self);
    if (a->self_at_ns != 0 && now_ns > a->self_at_ns)
        a->scene.self_cpu_ratio = (double)(self.cpu_ns - a->self_cpu_ns) /
                                  (double)(now_ns - a->self_at_ns);
    a->self_cpu_ns = self.cpu_ns;
    a->self_at_ns = now_ns;
    a->scene.self_rss = self.rss_bytes;
}

/* Silent: for three intervals, also of those that samples really come at (a slow replay), and five seconds. */
static int64_t watch_silence(struct app *a, int64_t now_ns)
{
    const int64_t second_ns = 1000000000;
    if (a->newest == NULL || a->ended)
        return -1;
    if (a->timed != a->taken) {
        a->spacing_ns = a->took_ns != 0 ? now_ns - a->took_ns : 0;
        a->took_ns = now_ns;
        a->timed = a->taken;
    }
    int64_t interval_ns = (int64_t)(a->view.now.interval_s * 1e9);
    int64_t least_ns = 3 * (a->spacing_ns > interval_ns ? a->spacing_ns : interval_ns);
    least_ns = least_ns > 5 * second_ns ? least_ns : 5 * second_ns;
    int64_t silent_ns = now_ns - a->took_ns;
    uint32_t silent_s = silent_ns >= least_ns ? (uint32_t)(silent_ns / second_ns) : 0;
    a->dirty = a->dirty || silent_s != a->scene.silent_s;
    a->scene.silent_s = silent_s;
    return a->took_ns + (silent_s == 0 ? least_ns : (silent_s + 1) * second_ns);
}

int64_t app_tick(struct app *a, int64_t now_ns)
{
    int64_t next_ns = watch_silence(a, now_ns);
    if (a->view.toast_until_ns != 0 && now_ns >= a->view.toast_until_ns) {
        a->view.toast_until_ns = 0;
        a->dirty = true;
    }
    if (a->view.toast_until_ns != 0 && (next_ns < 0 || a->view.toast_until_ns < next_ns))
        next_ns = a->view.toast_until_ns;
    return next_ns;
}

void app_draw(struct app *a, struct grid *g)
{
    screen_draw(&a->scene, g, &a->plan);
    a->dirty = false;
}

/* ---- the filter prompt ------------------------------------------------------------------------------ */

/* What is typed works at once; a bad expression keeps the last good one. */
static void try_filter(struct app *a)
{
    struct view *v = &a->view;
    actop_error err;
    v->problem[0] = '\0';
    if (!process_list_filter(&a->processes, v->edit, v->problem, sizeof v->problem))
        return;
    if (a->session != NULL)
        (void)actop_set_process_filter(a->session, v->edit, &err);
    app_refresh(a);
}

static void drop_last(char *text)
{
    size_t n = strlen(text);
    while (n > 0 && ((unsigned char)text[n - 1] & 0xc0) == 0x80)
        n--;
    if (n > 0)
        n--;
    text[n] = '\0';
}

static void append_code(char *text, size_t size, uint32_t code)
{
    char bytes[4];
    size_t n = strlen(text);
    size_t more = utf8_encode(code, bytes);
    if (n + more < size) {
        memcpy(text + n, bytes, more);
        text[n + more] = '\0';
    }
}

static void prompt_event(struct app *a, const struct event *e)
{
    struct view *v = &a->view;
    switch (e->key) {
    case KEY_ENTER:
        if (v->problem[0] == '\0')
            memcpy(v->now.filter, v->edit, sizeof v->edit);
        else
            memcpy(v->edit, v->now.filter, sizeof v->edit);
        v->overlay = OVERLAY_NONE;
        break;
    case KEY_ESCAPE:
        memcpy(v->edit, v->now.filter, sizeof v->edit);
        v->overlay = OVERLAY_NONE;
        break;
    case KEY_BACKSPACE:
    case KEY_DELETE:
        drop_last(v->edit);
        break;
    case KEY_CTRL_U:
        v->edit[0] = '\0';
        break;
    default:
        if (e->key < 0x20 || (e->key >= 0x7f && e->key < 0xa0) || e->key > 0x10ffff)
            return;
        append_code(v->edit, sizeof v->edit, e->key);
    }
    try_filter(a);
    if (v->overlay == OVERLAY_NONE)
        v->problem[0] = '\0';
    a->dirty = true;
}

/* ---- the kill dialog -------------------------------------------------------------------------------- */

static void send_signal(struct app *a, int64_t now_ns)
{
    const struct kill_row *row = &kill_rows[a->view.kill_row];
    const struct process *p = selected_process(&a->scene);
    actop_error err;
    a->view.overlay = OVERLAY_NONE;
    if (p == NULL || a->session == NULL) {
        view_toast(&a->view, now_ns, "the process has ended");
        return;
    }
    if (actop_process_signal(a->session, p->pid, p->start, row->signal, &err) == ACTOP_OK)
        view_toast(&a->view, now_ns, "sent %s to %llu", row->name, (unsigned long long)p->pid);
    else
        view_toast(&a->view, now_ns, "%.150s", err.text);
}

static void kill_event(struct app *a, const struct event *e, int64_t now_ns)
{
    struct view *v = &a->view;
    a->dirty = true;
    for (int i = 0; i < n_kill_rows; i++)
        if (kill_rows[i].key == e->key)
            v->kill_row = i;
    if (e->key == KEY_UP && v->kill_row > 0)
        v->kill_row--;
    else if (e->key == KEY_DOWN && v->kill_row + 1 < n_kill_rows)
        v->kill_row++;
    else if (e->key == KEY_ENTER)
        send_signal(a, now_ns);
    else if (e->key == KEY_ESCAPE || e->key == 'q')
        v->overlay = OVERLAY_NONE;
}

/* ---- the mouse -------------------------------------------------------------------------------------- */

static bool inside(const struct place *p, int y, int x)
{
    return y >= p->y && y < p->y + p->h && x >= p->x && x < p->x + p->w;
}

static int panel_at(const struct app *a, int y, int x)
{
    for (int id = 0; id < PANEL_COUNT; id++)
        if (inside(&a->plan.panels[id], y, x))
            return id;
    return -1;
}

static void click_table(struct app *a, const struct place *p, int y, int x)
{
    enum frame frame = a->plan.table_frame;
    int top = p->y + (frame == FRAME_NONE ? 0 : 1);
    int row = y - top - 1 + a->view.scroll[PANEL_PROCESSES];
    if (y == top) {
        int order = processes_order_at(&a->scene, p->w - (frame == FRAME_BOX ? 4 : 2),
                                       x - p->x - (frame == FRAME_BOX ? 2 : 1));
        if (order < 0)
            return;
        a->view.reverse = order == (int)a->view.order && !a->view.reverse;
        a->view.order = (enum order)order;
        app_refresh(a);
    } else if (row >= 0 && row < (int)a->processes.n && y > top) {
        a->view.selected_pid = a->processes.rows[row].pid;
        a->view.selected_start = a->processes.rows[row].start;
    }
}

/* A click on the seek bar goes there; on a header it sorts; on a title it zooms; elsewhere it moves the focus. */
static void click(struct app *a, int y, int x, int64_t now_ns)
{
    int id = panel_at(a, y, x);
    if (inside(&a->plan.status, y, x) && a->view.paused) {
        app_walk(a, status_seek_at(&a->scene, a->plan.status.w, x - a->plan.status.x));
        return;
    }
    if (id < 0)
        return;
    bool on_title = y == a->plan.panels[id].y;
    bool again = a->view.focus == (enum panel_id)id;
    a->view.focus = (enum panel_id)id;
    if (id == PANEL_PROCESSES && (!on_title || a->plan.table_frame == FRAME_NONE))
        click_table(a, &a->plan.panels[id], y, x);
    else if (on_title || again)
        app_act(a, ACTION_ZOOM, now_ns);
}

static void wheel(struct app *a, const struct event *e)
{
    int id = panel_at(a, e->y, e->x);
    int by = e->key == KEY_WHEEL_UP ? -3 : 3;
    if (a->view.overlay == OVERLAY_HELP) {
        a->view.overlay_scroll += by;
        if (a->view.overlay_scroll < 0)
            a->view.overlay_scroll = 0;
    } else if (id >= 0) {
        a->view.scroll[id] += by;
        if (a->view.scroll[id] > a->view.scroll_limit[id])
            a->view.scroll[id] = a->view.scroll_limit[id];
        if (a->view.scroll[id] < 0)
            a->view.scroll[id] = 0;
        if (id == PANEL_PROCESSES)
            a->view.selected_pid = 0;
    }
}

void app_event(struct app *a, const struct event *e, int64_t now_ns)
{
    a->dirty = true;
    if (e->key == KEY_CTRL_L)
        scene_reset_widths(&a->scene);
    else if (e->key == KEY_WHEEL_UP || e->key == KEY_WHEEL_DOWN)
        wheel(a, e);
    else if (a->view.overlay == OVERLAY_FILTER && e->key != KEY_CLICK && e->key != KEY_CTRL_C)
        prompt_event(a, e);
    else if (a->view.overlay == OVERLAY_KILL && e->key != KEY_CLICK && e->key != KEY_CTRL_C)
        kill_event(a, e, now_ns);
    else if (e->key == KEY_CLICK && a->view.overlay == OVERLAY_NONE)
        click(a, e->y, e->x, now_ns);
    else if (e->key != KEY_CLICK)
        app_act(a, key_action(e->key), now_ns);
}
