/* SPDX-License-Identifier: MIT */
/* Overlays; see overlay.h. */
#include "tui/overlay.h"

#include <math.h>
#include <signal.h>
#include <string.h>

#include "base/text.h"
#include "tui/keys.h"
#include "tui/widget.h"

const struct kill_row kill_rows[] = {
#define KILL(signal, key, name, help) {signal, key, name, help},
#include "tui/kills.def"
#undef KILL
};

const int n_kill_rows = sizeof kill_rows / sizeof kill_rows[0];

const struct process *selected_process(const struct scene *s)
{
    for (size_t i = 0; i < s->processes->n; i++)
        if (s->processes->rows[i].pid == s->view->selected_pid &&
            s->processes->rows[i].start == s->view->selected_start)
            return &s->processes->rows[i];
    return NULL;
}

/* An empty box in the middle; returns its inside. */
static struct area open_box(const struct area *body, int h, int w, const char *title,
                            const char *remark)
{
    h = h > body->h ? body->h : h;
    w = w > body->w ? body->w : w;
    struct area box = area_part(body, (body->h - h) / 2, (body->w - w) / 2, h, w);
    draw_blank(&box);
    draw_frame(&box, FRAME_BOX, STYLE_FOCUS, title, remark);
    return frame_inside(&box, FRAME_BOX);
}

/* ---- help ------------------------------------------------------------------------------------------ */

static int help_rows(void)
{
    int n = 0;
    for (size_t i = 0; i < n_key_rows; i++)
        n += key_rows[i].label[0] != '\0';
    return n;
}

static void draw_help(struct scene *s, const struct area *body)
{
    int n = help_rows();
    struct area in = open_box(body, n + 2, 70, "Keys", "Esc closes");
    int limit = n > in.h ? n - in.h : 0;
    if (s->view->overlay_scroll > limit)
        s->view->overlay_scroll = limit;
    int y = -s->view->overlay_scroll;
    for (size_t i = 0; i < n_key_rows; i++) {
        if (key_rows[i].label[0] == '\0')
            continue;
        if (y >= 0) {
            draw_text(&in, y, 0, STYLE_KEY, key_rows[i].label);
            draw_name(&in, y, 9, in.w - 9, STYLE_TEXT, key_rows[i].help);
        }
        y++;
    }
    draw_scrollbar(&in, s->view->overlay_scroll, n);
}

/* ---- detail ---------------------------------------------------------------------------------------- */

/* A label and a text that may take several lines; returns the next free one. */
static int draw_wrapped(const struct area *a, int y, const char *label, const char *text, int most)
{
    char safe[2048];
    size_t n = text_safe(safe, sizeof safe, text, strnlen(text, sizeof safe));
    int x = 10;
    int first = y;
    draw_text(a, y, 0, STYLE_DIM, label);
    for (size_t i = 0; i < n && y < a->h;) {
        uint32_t code;
        i += utf8_decode(safe + i, n - i, &code);
        int width = utf8_width(code);
        if (x + width > a->w && ++y - first < most)
            x = 10;
        if (y - first >= most)
            break;
        x += draw_code(a, y, x, STYLE_TEXT, code);
    }
    return (y - first >= most ? y : y + 1);
}

static int draw_fact(const struct area *a, int y, const char *label, struct num text)
{
    draw_text(a, y, 0, STYLE_DIM, label);
    draw_text(a, y, 10, STYLE_TEXT, text.s);
    return y + 1;
}

static struct num fact(struct scene *s, actop_metric metric, const struct process *p,
                       struct num (*format)(double, bool))
{
    struct value v = scene_value(s, metric, p->row);
    return value_text(&v, format);
}

static struct num state_text(struct scene *s, const struct process *p)
{
    actop_reading r = actop_read(s->sample, ACTOP_METRIC_PROC_STATE, p->row);
    int code = actop_has_value(&r) && r.value > 32 && r.value < 127 ? (int)r.value : '-';
    return num_text("%c   parent %llu   user %.20s", code, (unsigned long long)p->parent, p->user);
}

static const char *text_or_why(struct scene *s, actop_metric metric, const struct process *p)
{
    actop_reading r = actop_read(s->sample, metric, p->row);
    if (actop_has_value(&r) && r.text != NULL)
        return r.text;
    return r.state == ACTOP_STATE_NONE ? "not known here" : actop_state_name(r.state);
}

static struct num files_text(const struct scene *s)
{
    switch (s->files.status) {
    case ACTOP_OK:
        return num_text("%s open", num_count((double)s->files.count, false).s);
    case ACTOP_E_DENIED:
        return num_text("– denied");
    case ACTOP_E_STATE:
        return num_text("– counted only live");
    case ACTOP_E_GONE:
        return num_text("– it has ended");
    default:
        return num_text("– not told");
    }
}

static int draw_numbers(struct scene *s, const struct area *in, int y, const struct process *p)
{
    struct num cpu = fact(s, ACTOP_METRIC_PROC_CPU, p, num_percent);
    struct num time = isnan(p->time_s)
                          ? num_text("–")
                          : num_text("%s%s", p->diff ? "+" : "", num_cpu_time(p->time_s).s);
    struct num power = fact(s, ACTOP_METRIC_PROC_POWER, p, num_watts);
    struct num energy = fact(s, ACTOP_METRIC_PROC_ENERGY, p, num_energy);
    struct num read = fact(s, ACTOP_METRIC_PROC_READ, p, num_rate);
    struct num gpu_mem = fact(s, ACTOP_METRIC_PROC_GPU_MEM, p, num_bytes);
    y = draw_fact(in, y, "state", state_text(s, p));
    y = draw_fact(in, y, "CPU",
                  num_text("%s   time %s   threads %s", cpu.s, time.s,
                           fact(s, ACTOP_METRIC_PROC_THREADS, p, num_count).s));
    y = draw_fact(in, y, "GPU",
                  num_text("%s   memory %s", fact(s, ACTOP_METRIC_PROC_GPU_SHARE, p, num_percent).s,
                           gpu_mem.s));
    y = draw_fact(in, y, "power", num_text("%s   energy %s", power.s, energy.s));
    y = draw_fact(in, y, "memory", fact(s, ACTOP_METRIC_PROC_RSS, p, num_bytes));
    y = draw_fact(in, y, "files", files_text(s));
    return draw_fact(
        in, y, "disk",
        num_text("read %s   write %s", read.s, fact(s, ACTOP_METRIC_PROC_WRITE, p, num_rate).s));
}

static void draw_detail(struct scene *s, const struct area *body)
{
    const struct process *p = selected_process(s);
    struct num title = p == NULL ? num_text("Process")
                                 : num_text("Process %llu", (unsigned long long)p->pid);
    struct area in = open_box(body, 17, 84, title.s, "Esc closes");
    if (p == NULL) {
        draw_text(&in, 0, 0, STYLE_DIM, "it has ended, or is not among the rows of this moment");
        return;
    }
    int y = draw_wrapped(&in, 0, "name", p->name, 1);
    y = draw_numbers(s, &in, y, p);
    y = draw_wrapped(&in, y, "program", text_or_why(s, ACTOP_METRIC_PROC_EXE, p), 2);
    draw_wrapped(&in, y, "command", text_or_why(s, ACTOP_METRIC_PROC_CMDLINE, p), in.h - y);
}

/* ---- kill ------------------------------------------------------------------------------------------ */

static void draw_kill(struct scene *s, const struct area *body)
{
    const struct process *p = selected_process(s);
    struct area in =
        open_box(body, n_kill_rows + 5, 64, "Send a signal", "Enter sends, Esc leaves");
    if (p == NULL) {
        draw_text(&in, 0, 0, STYLE_DIM, "the process has ended");
        return;
    }
    int x = draw_text(&in, 0, 0, STYLE_STRONG, num_text("%llu ", (unsigned long long)p->pid).s);
    x += draw_name(&in, 0, x, in.w - x - 12, STYLE_STRONG, p->name);
    draw_name(&in, 0, x + 1, in.w - x - 1, STYLE_DIM, p->user);
    for (int i = 0; i < n_kill_rows; i++) {
        struct area line = area_part(&in, 2 + i, 0, 1, in.w);
        draw_code(&line, 0, 1, STYLE_KEY, kill_rows[i].key);
        draw_text(&line, 0, 4, STYLE_TEXT, kill_rows[i].name);
        draw_text(&line, 0, 10, STYLE_DIM, kill_rows[i].help);
        if (i == s->view->kill_row)
            draw_selected(&line, 0);
    }
}

void overlay_draw(struct scene *s, const struct area *body)
{
    switch (s->view->overlay) {
    case OVERLAY_HELP:
        draw_help(s, body);
        break;
    case OVERLAY_DETAIL:
        draw_detail(s, body);
        break;
    case OVERLAY_KILL:
        draw_kill(s, body);
        break;
    case OVERLAY_FILTER:
    case OVERLAY_NONE:
        break;
    }
}
