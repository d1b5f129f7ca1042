/* SPDX-License-Identifier: MIT */
/* Widgets; see widget.h. */
#include "tui/widget.h"

#include <math.h>
#include <string.h>

/* ---- headlines ------------------------------------------------------------------------------------ */

void headline_add(struct headline *h, uint8_t style, uint8_t rank, uint8_t gap, struct num text)
{
    if (h->n < MOST_PIECES)
        h->pieces[h->n++] = (struct piece){text, style, rank, gap};
}

static int pieces_columns(const struct headline *h, int highest_rank)
{
    int columns = 0;
    for (size_t i = 0; i < h->n; i++)
        if (h->pieces[i].rank <= highest_rank)
            columns += text_columns(h->pieces[i].text.s) + (columns == 0 ? 0 : h->pieces[i].gap);
    return columns;
}

static int highest_rank(const struct headline *h)
{
    int rank = 0;
    for (size_t i = 0; i < h->n; i++)
        if (h->pieces[i].rank > rank)
            rank = h->pieces[i].rank;
    return rank;
}

/* The longest remark that fits beside all pieces; NULL for none. */
static const char *fitting_remark(const struct headline *h, int room)
{
    const char *remarks[] = {h->remark, h->short_remark};
    for (size_t i = 0; i < 2; i++)
        if (remarks[i] != NULL && text_columns(remarks[i]) + 2 <= room)
            return remarks[i];
    return NULL;
}

void headline_draw(const struct area *a, int y, const struct headline *h)
{
    int rank = highest_rank(h);
    while (rank > 0 && pieces_columns(h, rank) > a->w)
        rank--;
    const char *remark = fitting_remark(h, a->w - pieces_columns(h, rank));
    int x = 0;
    for (size_t i = 0; i < h->n; i++) {
        const struct piece *p = &h->pieces[i];
        if (p->rank > rank)
            continue;
        x += x == 0 ? 0 : p->gap;
        x += draw_text(a, y, x, p->style, p->text.s);
    }
    if (remark != NULL)
        draw_text_right(a, y, a->w, STYLE_DIM, remark);
}

void headline_window(struct headline *h, struct scene *s, actop_metric metric, uint32_t row,
                     enum field field, struct num (*format)(double, bool))
{
    actop_window w = {.size = sizeof w};
    if (s->base != NULL || s->sample == NULL ||
        actop_read_window(s->sample, metric, row, &w) != ACTOP_OK || w.count == 0)
        return;
    struct num average = padded(s, field, format(w.average, false));
    struct num peak = padded(s, field, format(w.peak, false));
    h->remark_text = num_text("avg %s · max %s", average.s, peak.s);
    h->short_text = num_text("max %s", peak.s);
    h->remark = h->remark_text.s;
    h->short_remark = h->short_text.s;
}

/* ---- items ---------------------------------------------------------------------------------------- */

static struct item *push(struct items *items, struct item item)
{
    if (items->n >= MOST_ITEMS)
        return NULL;
    items->list[items->n] = item;
    return &items->list[items->n++];
}

void item_add(struct items *items, uint8_t rank, int rows, uint32_t arg,
              void (*draw)(struct scene *, const struct area *, uint32_t))
{
    (void)push(items, (struct item){draw, arg, {rows, rows, 0, false, 0, 0, 0}, rank, NULL});
}

void item_add_growing(struct items *items, uint8_t rank, int min, int want, int weight,
                      uint32_t arg, void (*draw)(struct scene *, const struct area *, uint32_t))
{
    (void)push(items, (struct item){draw, arg, {min, want, weight, true, 0, 0, 0}, rank, NULL});
}

struct item *item_add_list(struct items *items, uint8_t rank, int min, int want, int n, int weight,
                           uint32_t arg,
                           void (*draw)(struct scene *, const struct area *, uint32_t))
{
    if (want > n)
        want = n;
    if (want < min)
        want = min;
    return push(items, (struct item){draw, arg, {min, want, weight, false, 0, 0, n}, rank, NULL});
}

struct share items_measure(const struct items *items)
{
    struct share s = {0, 0, 1, false, 0, 0, 0};
    for (size_t i = 0; i < items->n; i++) {
        const struct item *item = &items->list[i];
        s.good += item->rows.min;
        s.min += item->rank == 0 ? item->rows.min : 0;
        s.want += item->rows.want;
        s.full += item->rows.full > item->rows.want ? item->rows.full : item->rows.want;
        s.grows = s.grows || item->rows.grows;
    }
    return s;
}

static int items_min(const struct items *items)
{
    int sum = 0;
    for (size_t i = 0; i < items->n; i++)
        sum += items->list[i].rows.min;
    return sum;
}

/* Leave out the item of the highest rank; among equals the last. */
static void drop_item(struct items *items)
{
    size_t worst = 0;
    for (size_t i = 1; i < items->n; i++)
        if (items->list[i].rank >= items->list[worst].rank)
            worst = i;
    items->n--;
    memmove(&items->list[worst], &items->list[worst + 1],
            (items->n - worst) * sizeof items->list[0]);
}

/* Share the rows; what an item would leave blank of its own goes to the others. */
static void share_items(const struct items *items, struct scene *s, const struct area *a,
                        struct share *rows)
{
    bool again = false;
    for (size_t i = 0; i < items->n; i++)
        rows[i] = items->list[i].rows;
    share_rows(rows, items->n, a->h);
    for (size_t i = 0; i < items->n; i++) {
        const struct item *item = &items->list[i];
        int used = item->uses == NULL ? rows[i].got : item->uses(s, a->w, rows[i].got);
        if (used >= rows[i].got || used < rows[i].min)
            continue;
        rows[i].want = rows[i].full = used;
        again = true;
    }
    if (again)
        share_rows(rows, items->n, a->h);
}

void items_draw(struct items *items, struct scene *s, const struct area *a)
{
    struct share rows[MOST_ITEMS];
    int y = 0;
    while (items->n > 0 && items_min(items) > a->h)
        drop_item(items);
    share_items(items, s, a, rows);
    for (size_t i = 0; i < items->n; i++) {
        struct area part = area_part(a, y, 0, rows[i].got, a->w);
        if (part.h > 0 && part.w > 0)
            items->list[i].draw(s, &part, items->list[i].arg);
        y += rows[i].got;
    }
}

/* ---- charts and lists ----------------------------------------------------------------------------- */

/* What fills the chart. More than what is said to be the most is not cut off: a reference may be of another chip. */
static double scale_for(double top, double high, double floor)
{
    if (top > 0)
        return top > high ? top : high;
    return high * 1.25 > floor ? high * 1.25 : floor;
}

/* What every value was at the baseline; 0 without one. */
static float base_value(const struct scene *s, actop_metric metric, const char *entity)
{
    if (s->base == NULL)
        return 0;
    actop_scope scope = actop_metric_get(metric)->scope;
    int64_t row = scope == ACTOP_SCOPE_MACHINE ? 0 : actop_entity_find(s->base, scope, entity);
    actop_reading r = row < 0 ? (actop_reading){0} : actop_read(s->base, metric, (uint32_t)row);
    return actop_has_value(&r) ? (float)r.value : 0;
}

/* With a baseline a chart shows what came on top of it upwards and what fell below it downwards. */
static void draw_differences(const struct scene *s, const struct area *a, float *values, float base,
                             double floor)
{
    float below[CHART_VALUES];
    size_t n = chart_values(s->view->now.glyph, a->w);
    for (size_t i = 0; i < n; i++) {
        float diff = values[i] - base;
        below[i] = isnan(diff) ? diff : diff < 0 ? -diff : (float)NAN;
        values[i] = isnan(diff) ? diff : diff >= 0 ? diff : (float)NAN;
    }
    double high = fmax(highest(values, n), highest(below, n));
    int upper = a->h - a->h / 2;
    struct area top = area_part(a, 0, 0, upper, a->w);
    struct area bottom = area_part(a, upper, 0, a->h / 2, a->w);
    double scale = scale_for(0, high, floor);
    chart_draw(&top, s->view->now.glyph, &(struct chart){values, scale, false, false, STYLE_WARN});
    chart_draw(&bottom, s->view->now.glyph, &(struct chart){below, scale, true, false, STYLE_GOOD});
}

void draw_chart(const struct scene *s, const struct area *a, actop_metric metric,
                const char *entity, double top, double floor)
{
    float values[CHART_VALUES];
    scene_chart(s, metric, entity, a->w, values);
    if (s->base != NULL && a->h > 1) {
        draw_differences(s, a, values, base_value(s, metric, entity),
                         top > 0 ? top / 20 : floor / 20);
        return;
    }
    double high = highest(values, chart_values(s->view->now.glyph, a->w));
    struct chart c = {values, scale_for(top, high, floor), false, true, STYLE_TEXT};
    chart_draw(a, s->view->now.glyph, &c);
}

double draw_pair(const struct scene *s, const struct area *a, actop_metric up, actop_metric down,
                 const char *entity, double floor)
{
    float above[CHART_VALUES];
    float below[CHART_VALUES];
    size_t n = chart_values(s->view->now.glyph, a->w);
    scene_chart(s, up, entity, a->w, above);
    scene_chart(s, down, entity, a->w, below);
    double scale = scale_for(0, fmax(highest(above, n), highest(below, n)), floor);
    struct chart one = {above, scale, false, false, STYLE_SERIES_3};
    struct chart two = {below, scale, true, false, STYLE_SERIES_2};
    if (a->h == 1 && s->view->now.glyph == GLYPH_DOTS) {
        pair_draw(a, &one, &two);
        return scale;
    }
    int upper = a->h - a->h / 2;
    struct area top = area_part(a, 0, 0, upper, a->w);
    struct area bottom = area_part(a, upper, 0, a->h / 2, a->w);
    chart_draw(&top, s->view->now.glyph, &one);
    chart_draw(&bottom, s->view->now.glyph, &two);
    return scale;
}

void order_rows(struct scene *s, uint32_t n, int (*class_of)(struct scene *s, uint32_t row),
                struct row_order *out)
{
    int classes[MOST_ROWS];
    out->n = n > MOST_ROWS ? MOST_ROWS : (int)n;
    for (int i = 0; i < out->n; i++) {
        int class = class_of(s, (uint32_t)i);
        int at = i;
        for (; at > 0 && classes[at - 1] > class; at--) {
            classes[at] = classes[at - 1];
            out->rows[at] = out->rows[at - 1];
        }
        classes[at] = class;
        out->rows[at] = (uint16_t)i;
    }
}

uint32_t row_at(const struct row_order *order, int place)
{
    return place < order->n ? order->rows[place] : (uint32_t)place;
}

int list_scroll(struct view *v, enum panel_id panel, int n, int h)
{
    int limit = n > h ? n - h : 0;
    if (v->scroll[panel] > limit)
        v->scroll[panel] = limit;
    if (v->scroll[panel] < 0)
        v->scroll[panel] = 0;
    v->scroll_limit[panel] = limit;
    v->page[panel] = h;
    return v->scroll[panel];
}

void draw_scrollbar(const struct area *a, int first, int n)
{
    if (n <= a->h || a->h < 2)
        return;
    int length = a->h * a->h / n;
    length = length < 1 ? 1 : length;
    int at = first * (a->h - length) / (n - a->h);
    for (int y = 0; y < length; y++)
        draw_code(a, at + y, a->w - 1, STYLE_FRAME, 0x2503);
}
