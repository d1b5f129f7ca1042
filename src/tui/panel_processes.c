/* SPDX-License-Identifier: MIT */
/* The process table. Its rows come from process_list.c in order; here they become columns. */
#include "tui/panel.h"

#include <math.h>
#include <string.h>

enum column_id {
#define COLUMN(id, title, width, rank, right) COLUMN_##id,
#include "tui/columns.def"
#undef COLUMN
    COLUMN_COUNT
};

static const struct column_row {
    const char *title;
    uint8_t width, rank;
    bool right;
} column_rows[COLUMN_COUNT] = {
#define COLUMN(id, title, width, rank, right) {title, width, rank, right},
#include "tui/columns.def"
#undef COLUMN
};

/* Where each column stands; w is 0 where it is left out. */
struct columns {
    int x[COLUMN_COUNT], w[COLUMN_COUNT];
};

enum { COMMAND_LEAST = 14, NAME_COLS = 18 };

/* Columns of which no row has a value are left out. */
static bool has_column(const struct process_list *l, int column)
{
    if (column != COLUMN_GPU && column != COLUMN_POWER)
        return true;
    for (size_t i = 0; i < l->n; i++)
        if (!isnan(column == COLUMN_GPU ? l->rows[i].gpu : l->rows[i].watts))
            return true;
    return false;
}

static bool is_in(const struct process_list *l, int column, int highest_rank)
{
    return column_rows[column].rank <= highest_rank && has_column(l, column);
}

static void plan_columns(const struct process_list *l, int width, struct columns *c)
{
    int highest = 0;
    int fixed = 0;
    for (int i = 0; i < COLUMN_COUNT; i++)
        highest = column_rows[i].rank > highest ? column_rows[i].rank : highest;
    for (; highest >= 0; highest--) {
        fixed = 0;
        for (int i = 0; i < COLUMN_COUNT; i++)
            if (i != COLUMN_COMMAND && is_in(l, i, highest))
                fixed += column_rows[i].width + 1;
        if (highest == 0 || fixed + COMMAND_LEAST <= width)
            break;
    }
    int x = 0;
    for (int i = 0; i < COLUMN_COUNT; i++) {
        int own = i == COLUMN_COMMAND ? (width - fixed > 4 ? width - fixed : 4)
                                      : column_rows[i].width;
        c->x[i] = x;
        c->w[i] = is_in(l, i, highest) ? own : 0;
        x += c->w[i] > 0 ? c->w[i] + 1 : 0;
    }
}

static const int order_columns[ORDER_COUNT] = {[ORDER_CPU] = COLUMN_CPU,
                                               [ORDER_GPU] = COLUMN_GPU,
                                               [ORDER_POWER] = COLUMN_POWER,
                                               [ORDER_MEMORY] = COLUMN_MEMORY,
                                               [ORDER_PID] = COLUMN_PID};

bool processes_have_order(const struct process_list *l, int order)
{
    return l->n == 0 || has_column(l, order_columns[order]);
}

const char *processes_order_title(int order)
{
    return column_rows[order_columns[order]].title;
}

static int sorted_column(const struct scene *s)
{
    return order_columns[s->view->order];
}

int processes_order_at(const struct scene *s, int width, int x)
{
    struct columns c;
    plan_columns(s->processes, width - 1, &c);
    for (int order = 0; order < ORDER_COUNT; order++) {
        int column = order_columns[order];
        if (c.w[column] > 0 && x >= c.x[column] && x <= c.x[column] + c.w[column])
            return order;
    }
    return -1;
}

/* The filter that is kept stands where it applies. */
static void draw_kept_filter(const struct scene *s, const struct area *a, const struct columns *c)
{
    int title = text_columns(column_rows[COLUMN_COMMAND].title) + 2;
    int room = c->w[COLUMN_COMMAND] - title - 1;
    if (s->view->now.filter[0] == '\0' || room < 4)
        return;
    int x = c->x[COLUMN_COMMAND] + title;
    x += draw_code(a, 0, x, STYLE_DIM, '/');
    draw_name(a, 0, x, room, STYLE_ACCENT, s->view->now.filter);
}

static void draw_head(struct scene *s, const struct area *a, const struct columns *c)
{
    for (int i = 0; i < COLUMN_COUNT; i++) {
        bool sorted = i == sorted_column(s);
        struct num title = num_text("%s%s", column_rows[i].title,
                                    !sorted            ? ""
                                    : s->view->reverse ? "↑"
                                                       : "↓");
        uint8_t style = sorted ? STYLE_ACCENT : STYLE_DIM;
        if (c->w[i] == 0)
            continue;
        if (column_rows[i].right)
            draw_text_right(a, 0, c->x[i] + c->w[i], style, title.s);
        else
            draw_text(a, 0, c->x[i], style, title.s);
    }
    draw_kept_filter(s, a, c);
}

/* ---- one row --------------------------------------------------------------------------------------- */

static struct num none_or(double v, struct num text)
{
    return isnan(v) ? num_text("–") : text;
}

static struct num cell_text(const struct process *p, int column)
{
    switch (column) {
    case COLUMN_PID:
        if (p->members > 1)
            return num_text("×%u", p->members);
        return p->flags & ACTOP_ENTITY_HIDDEN ? num_text("–")
                                              : num_text("%llu", (unsigned long long)p->pid);
    case COLUMN_CPU:
        return none_or(p->cpu, num_plain(p->cpu * 100, 1, p->diff));
    case COLUMN_GPU:
        return none_or(p->gpu, num_plain(p->gpu * 100, 1, p->diff));
    case COLUMN_POWER:
        if (isnan(p->watts))
            return num_text("–");
        return num_text("%s%s", p->estimated ? "~" : "", num_watts(p->watts, p->diff).s);
    case COLUMN_MEMORY:
        return none_or(p->rss > 0 || p->diff ? p->rss : (double)NAN, num_bytes(p->rss, p->diff));
    case COLUMN_THREADS:
        return none_or(p->threads, num_count(p->threads, p->diff));
    case COLUMN_TIME:
        return none_or(p->time_s, num_text("%s%s", p->diff ? "+" : "", num_cpu_time(p->time_s).s));
    default:
        return num_text(" ");
    }
}

static uint8_t cell_style(const struct process *p, int column)
{
    if (p->flags & (ACTOP_ENTITY_EXITED | ACTOP_ENTITY_HIDDEN))
        return STYLE_DIM;
    if (column == COLUMN_CPU && p->cpu >= 0.005)
        return style_heat(p->cpu > 1 ? 1 : p->cpu);
    if (column == COLUMN_GPU && p->gpu >= 0.005)
        return style_heat(p->gpu);
    bool minor = column == COLUMN_PID || column == COLUMN_USER || column == COLUMN_THREADS ||
                 column == COLUMN_TIME;
    bool nothing = (column == COLUMN_MEMORY && !(p->rss > 0)) ||
                   (column == COLUMN_CPU && !(p->cpu >= 0.0005)) ||
                   (column == COLUMN_GPU && !(p->gpu >= 0.0005));
    return minor || nothing ? STYLE_DIM : STYLE_TEXT;
}

/* The command line behind the name, where it is known and says more: at the same place in all rows. */
static void draw_arguments(const struct scene *s, const struct area *a, const struct process *p,
                           int x, int w, int used)
{
    const char *line = p->members > 1 ? NULL : scene_text(s, ACTOP_METRIC_PROC_CMDLINE, p->row);
    int from = used + 2 > NAME_COLS ? used + 2 : NAME_COLS;
    if (line != NULL && strcmp(line, p->name) != 0 && w - from >= 10)
        draw_name(a, 0, x + from, w - from, STYLE_DIM, line);
}

static void draw_command(const struct scene *s, const struct area *a, const struct process *p,
                         int x, int w)
{
    if (s->view->tree && p->depth > 0) {
        int indent = 2 * (p->depth - 1);
        indent = indent > w / 2 ? w / 2 : indent;
        int used = indent + draw_text(a, 0, x + indent, STYLE_FRAME, p->last ? "└ " : "├ ");
        x += used;
        w -= used;
    }
    uint8_t style = p->flags & (ACTOP_ENTITY_EXITED | ACTOP_ENTITY_HIDDEN) ? STYLE_DIM : STYLE_TEXT;
    int used = draw_name(a, 0, x, w, style, p->name);
    draw_arguments(s, a, p, x, w, used);
    if (p->flags & ACTOP_ENTITY_EXITED && !isnan(p->energy_j))
        draw_name(a, 0, x + used + 1, w - used - 1, STYLE_DIM,
                  num_text("ended, %s", num_energy(p->energy_j, false).s).s);
}

static void draw_row(struct scene *s, const struct area *a, const struct columns *c,
                     const struct process *p)
{
    for (int i = 0; i < COLUMN_COUNT; i++) {
        if (c->w[i] == 0)
            continue;
        if (i == COLUMN_COMMAND) {
            draw_command(s, a, p, c->x[i], c->w[i]);
        } else if (i == COLUMN_USER) {
            draw_name(a, 0, c->x[i], c->w[i], cell_style(p, i), p->members > 1 ? "" : p->user);
        } else {
            struct area cell = area_part(a, 0, c->x[i], 1, c->w[i]);
            draw_text_right(&cell, 0, cell.w, cell_style(p, i), cell_text(p, i).s);
        }
    }
}

/* ---- the table ------------------------------------------------------------------------------------- */

/* Row of the selected process: where it is now, else where it was. */
static int selected_row(struct scene *s)
{
    struct view *v = s->view;
    int n = (int)s->processes->n;
    for (int i = 0; v->selected_pid != 0 && i < n; i++)
        if (s->processes->rows[i].pid == v->selected_pid &&
            s->processes->rows[i].start == v->selected_start)
            return i;
    return v->selected_row < n ? v->selected_row : n - 1;
}

/* Keep the selection in view. The first row is selected only once the user has moved there. */
static int scroll_to(struct scene *s, int row, int n, int h)
{
    struct view *v = s->view;
    if (v->selected_pid != 0 && row >= 0) {
        if (row < v->scroll[PANEL_PROCESSES])
            v->scroll[PANEL_PROCESSES] = row;
        if (row >= v->scroll[PANEL_PROCESSES] + h)
            v->scroll[PANEL_PROCESSES] = row - h + 1;
    }
    return list_scroll(v, PANEL_PROCESSES, n, h);
}

/* A filter may have been applied before rows came here: without it, the reason is seen. What a server or a recording
 * sends does not depend on what is looked at here. */
static const char *nothing_to_show(const struct scene *s)
{
    if (s->processes->total > 0 || s->processes->has_filter)
        return "no process matches the filter";
    if (scene_source_is(s, "http://"))
        return "this server sends no processes: it has to be started with --serve-processes";
    if (scene_source_is(s, "replay:"))
        return "this recording has no processes: they are recorded with --show-processes";
    if (s->view->paused)
        return "processes were not read at this moment";
    struct value count = {.state = ACTOP_STATE_NONE};
    if (s->sample != NULL)
        count.state = actop_read(s->sample, ACTOP_METRIC_PROCESS_COUNT, 0).state;
    return value_known(&count) ? "measuring…" : "this source has no processes";
}

static void draw_table(struct scene *s, const struct area *a, uint32_t arg)
{
    struct columns c;
    int n = (int)s->processes->n;
    struct area body = area_part(a, 1, 0, a->h - 1, a->w);
    (void)arg;
    plan_columns(s->processes, a->w - 1, &c);
    draw_head(s, a, &c);
    int selected = selected_row(s);
    int first = scroll_to(s, selected, n, body.h);
    if (n == 0)
        draw_name(&body, 0, 0, body.w, STYLE_DIM, nothing_to_show(s));
    for (int y = 0; y < body.h && first + y < n; y++) {
        const struct process *p = &s->processes->rows[first + y];
        struct area line = area_part(&body, y, 0, 1, a->w);
        draw_row(s, &line, &c, p);
        if (s->view->selected_pid != 0 && first + y == selected)
            draw_selected(&line, 0);
    }
    s->view->selected_row = selected < 0 ? 0 : selected;
    draw_scrollbar(&body, first, n);
}

void processes_items(struct scene *s, int columns, struct items *out)
{
    (void)columns;
    (void)s;
    item_add_growing(out, 0, 2, 12, 6, 0, draw_table);
}

/* "Σ 12.3 / 31.2 W": what the rows shown draw of the package. */
struct num processes_remark(struct scene *s)
{
    struct value package = scene_value(s, ACTOP_METRIC_PACKAGE_POWER, 0);
    const struct process_list *l = s->processes;
    struct value all = scene_value(s, ACTOP_METRIC_PROCESS_COUNT, 0);
    struct num count = all.has ? num_text("%zu of %s", l->living, num_count(all.now, false).s)
                               : num_text("%zu", l->living);
    if (isnan(l->shown_watts) || !package.has)
        return count;
    struct num shown = num_watts(l->shown_watts, false);
    struct num text = num_text("Σ %s / %s · %s", shown.s, num_watts(package.now, false).s, count.s);
    return text;
}
