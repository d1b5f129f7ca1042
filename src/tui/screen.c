/* SPDX-License-Identifier: MIT */
/* Screen; see screen.h. */
#include "tui/screen.h"

#include <string.h>

#include "tui/lines.h"
#include "tui/overlay.h"
#include "tui/panel.h"

static struct area area_at(struct grid *g, const struct place *p)
{
    struct area all = area_of(g);
    return area_part(&all, p->y, p->x, p->h, p->w);
}

/* layout_plan measures through a const context; measuring changes only what the scene remembers of widths. */
struct measuring {
    struct scene *scene;
};

static struct share measure(const void *context, enum panel_id panel, int columns)
{
    const struct measuring *m = context;
    struct items items;
    panel_items(m->scene, panel, columns, &items);
    return items_measure(&items);
}

static void draw_panel(struct scene *s, struct grid *g, const struct layout *plan, enum panel_id id)
{
    struct area a = area_at(g, &plan->panels[id]);
    struct items items;
    if (a.h <= 0 || a.w <= 0)
        return;
    uint8_t style = s->view->focus == id ? STYLE_FOCUS : STYLE_TITLE;
    enum frame frame = layout_frame(plan, id);
    draw_frame(&a, frame, style, panel_title(id), panel_remark(s, id).s);
    struct area in = frame_inside(&a, frame);
    panel_items(s, id, in.w, &items);
    items_draw(&items, s, &in);
}

static void draw_too_small(struct grid *g)
{
    struct area a = area_of(g);
    draw_name(&a, a.h / 2, 0, a.w, STYLE_WARN, a.w < 20 ? "too small" : "the window is too small");
}

static void draw_waiting(const struct area *body)
{
    const char *text = "measuring…";
    draw_text(body, body->h / 2, (body->w - text_columns(text)) / 2, STYLE_DIM, text);
}

static void plan_panels(struct scene *s, const struct grid *g, struct layout *plan)
{
    struct measuring m = {s};
    struct layout_input in = {
        .rows = g->rows, .cols = g->cols, .stack = s->view->now.stack, .zoomed = -1};
    in.measure = measure;
    in.context = &m;
    for (int id = 0; id < PANEL_COUNT; id++)
        in.wanted[id] = id == PANEL_PROCESSES ? s->view->now.show_processes
                                              : panel_present(s, (enum panel_id)id);
    if (s->view->zoomed && in.wanted[s->view->focus])
        in.zoomed = (int)s->view->focus;
    layout_plan(&in, plan);
}

/* Columns of the charts, for the span they show: those of the first panel that is there. */
static int chart_columns(const struct layout *plan)
{
    for (int id = 0; id < PANEL_COUNT; id++)
        if (plan->panels[id].h > 0)
            return plan->panels[id].w -
                   (layout_frame(plan, (enum panel_id)id) == FRAME_BOX ? 4 : 2);
    return 0;
}

void screen_draw(struct scene *s, struct grid *g, struct layout *plan)
{
    grid_clear(g);
    memset(plan, 0, sizeof *plan);
    if (g->cols < LAYOUT_MIN_COLS || g->rows < LAYOUT_MIN_ROWS) {
        plan->too_small = true;
        draw_too_small(g);
        return;
    }
    plan_panels(s, g, plan);
    struct area header = area_at(g, &plan->header);
    struct area status = area_at(g, &plan->status);
    struct area footer = area_at(g, &plan->footer);
    struct area all = area_of(g);
    struct area body =
        area_part(&all, 1, 0, g->rows - 1 - plan->status.h - plan->footer.h, g->cols);
    if (s->sample == NULL)
        draw_waiting(&body);
    else
        for (int id = 0; id < PANEL_COUNT; id++)
            draw_panel(s, g, plan, (enum panel_id)id);
    header_draw(s, &header);
    if (status.h > 0)
        status_draw(s, &status, chart_columns(plan));
    overlay_draw(s, &body);
    if (footer.h == 0 && s->view->overlay == OVERLAY_FILTER)
        footer = area_part(&all, g->rows - 1, 0, 1, g->cols);
    if (footer.h > 0)
        footer_draw(s, &footer);
    if (s->view->now.glyph == GLYPH_ASCII)
        grid_own_to_ascii(g);
}
