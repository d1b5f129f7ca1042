/* SPDX-License-Identifier: MIT */
/* The memory panel: main memory with its parts, swap, then bandwidth and who uses it. */
#include "tui/panel.h"

#include <math.h>
#include <string.h>

bool memory_present(struct scene *s)
{
    struct value total = scene_value(s, ACTOP_METRIC_RAM_TOTAL, 0);
    struct value bandwidth = scene_value(s, ACTOP_METRIC_BANDWIDTH, 0);
    return value_known(&total) || value_known(&bandwidth);
}

/* ---- RAM ------------------------------------------------------------------------------------------- */

static void add_pressure(struct headline *h, struct scene *s)
{
    struct value v = scene_value(s, ACTOP_METRIC_MEMORY_PRESSURE, 0);
    actop_reading r = actop_read(s->sample, ACTOP_METRIC_MEMORY_PRESSURE, 0);
    const char *name = v.has ? actop_value_name(ACTOP_METRIC_MEMORY_PRESSURE, r.value) : NULL;
    if (name == NULL)
        return;
    uint8_t style = r.value >= 2 ? STYLE_BAD : r.value >= 1 ? STYLE_WARN : STYLE_GOOD;
    headline_add(h, STYLE_DIM, 2, 2, num_text("pressure"));
    headline_add(h, style, 2, 1, num_text("%.16s", name));
}

static void draw_ram_headline(struct scene *s, const struct area *a, uint32_t arg)
{
    struct headline h = {.n = 0};
    struct value used = scene_value(s, ACTOP_METRIC_RAM_USED, 0);
    struct value total = scene_value(s, ACTOP_METRIC_RAM_TOTAL, 0);
    (void)arg;
    headline_add(&h, STYLE_TITLE, 0, 0, num_text("RAM "));
    if (used.has && total.has && total.now > 0) {
        headline_add(&h, STYLE_STRONG, 0, 1,
                     padded(s, FIELD_PERCENT, num_percent(used.v / total.now, used.diff)));
        headline_add(&h, STYLE_TEXT, 1, 2,
                     padded(s, FIELD_RAM, num_of_bytes(used.v, total.now, used.diff)));
    } else {
        headline_add(&h, STYLE_DIM, 0, 1, value_text(&used, num_bytes));
    }
    add_pressure(&h, s);
    headline_draw(a, 0, &h);
}

static const struct ram_part {
    actop_metric metric;
    const char *name;
    uint8_t style;
    char fill;
} ram_parts[] = {
    {ACTOP_METRIC_RAM_APP, "app", STYLE_SERIES_1, 'a'},
    {ACTOP_METRIC_RAM_WIRED, "wired", STYLE_SERIES_5, 'w'},
    {ACTOP_METRIC_RAM_COMPRESSED, "compressed", STYLE_SERIES_2, 'z'},
    {ACTOP_METRIC_RAM_SHARED, "shared", STYLE_SERIES_4, 's'},
    {ACTOP_METRIC_RAM_CACHED, "cached", STYLE_SERIES_6, 'c'},
};
enum { RAM_PARTS = sizeof ram_parts / sizeof ram_parts[0] };

/* Shared memory is part of the file cache: it is taken out of it, so that the bar adds up. */
static double part_bytes(struct scene *s, size_t i)
{
    struct value v = scene_value(s, ram_parts[i].metric, 0);
    double bytes = v.has ? v.now : 0;
    if (ram_parts[i].metric == ACTOP_METRIC_RAM_CACHED) {
        struct value shared = scene_value(s, ACTOP_METRIC_RAM_SHARED, 0);
        bytes -= shared.has ? shared.now : 0;
    }
    return bytes > 0 ? bytes : 0;
}

static void draw_ram_bar(struct scene *s, const struct area *a, uint32_t arg)
{
    struct part parts[RAM_PARTS + 1];
    struct value total = scene_value(s, ACTOP_METRIC_RAM_TOTAL, 0);
    struct value used = scene_value(s, ACTOP_METRIC_RAM_USED, 0);
    double sum = 0;
    (void)arg;
    if (!total.has || total.now <= 0)
        return;
    for (size_t i = 0; i < RAM_PARTS; i++) {
        parts[i] =
            (struct part){part_bytes(s, i) / total.now, ram_parts[i].style, ram_parts[i].fill};
        sum += parts[i].ratio;
    }
    if (sum > 0)
        parts_draw(a, 0, 0, a->w, s->view->now.glyph, parts, RAM_PARTS);
    else
        bar_draw(a, 0, 0, a->w, s->view->now.glyph, style_heat(used.now / total.now),
                 used.now / total.now);
}

/* "67.6 GiB" as "67.6G", for want of room. */
static struct num shorter(struct num text)
{
    char *blank = strchr(text.s, ' ');
    if (blank != NULL && blank[1] != '\0') {
        blank[0] = blank[1];
        blank[1] = '\0';
    }
    return text;
}

struct legend {
    struct num numbers[RAM_PARTS]; /* empty: not told */
    int gap;
};

/* With every number at its widest, so that the form does not change with them. */
static int legend_columns(const struct legend *l)
{
    int columns = -l->gap;
    for (size_t i = 0; i < RAM_PARTS; i++) {
        int number = text_columns(l->numbers[i].s);
        if (number > 0)
            columns += text_columns(ram_parts[i].name) + 1 + (number < 8 ? 8 : number) + l->gap;
    }
    return columns;
}

static void make_legend(struct scene *s, struct legend *l)
{
    l->gap = 3;
    for (size_t i = 0; i < RAM_PARTS; i++) {
        struct value v = scene_value(s, ram_parts[i].metric, 0);
        double bytes = v.diff ? v.v : part_bytes(s, i);
        l->numbers[i] = v.has && (v.diff || bytes > 0) ? num_bytes(bytes, v.diff)
                                                       : num_text("%s", "");
    }
}

static void draw_ram_legend(struct scene *s, const struct area *a, uint32_t arg)
{
    struct legend l;
    int x = 0;
    (void)arg;
    make_legend(s, &l);
    if (legend_columns(&l) > a->w)
        l.gap = 2;
    bool all_fit = legend_columns(&l) <= a->w;
    for (size_t i = 0; !all_fit && i < RAM_PARTS; i++)
        l.numbers[i] = shorter(l.numbers[i]);
    for (size_t i = 0; i < RAM_PARTS; i++) {
        int needed = text_columns(ram_parts[i].name) + text_columns(l.numbers[i].s) + 1;
        if (l.numbers[i].s[0] == '\0')
            continue;
        if (x + needed > a->w)
            return;
        x += draw_text(a, 0, x, ram_parts[i].style, ram_parts[i].name) + 1;
        x += draw_text(a, 0, x, STYLE_TEXT, l.numbers[i].s) + l.gap;
    }
}

static bool has_parts(struct scene *s)
{
    for (size_t i = 0; i < RAM_PARTS; i++)
        if (part_bytes(s, i) > 0)
            return true;
    return false;
}

static void draw_swap(struct scene *s, const struct area *a, uint32_t arg)
{
    struct value used = scene_value(s, ACTOP_METRIC_SWAP_USED, 0);
    struct value total = scene_value(s, ACTOP_METRIC_SWAP_TOTAL, 0);
    double ratio = used.has && total.has && total.now > 0 ? used.now / total.now : 0;
    (void)arg;
    int x = draw_text(a, 0, 0, STYLE_DIM, "swap") + 1;
    struct num number = used.has && total.has ? num_of_bytes(used.v, total.now, used.diff)
                                              : value_text(&used, num_bytes);
    x += draw_text(a, 0, x, STYLE_TEXT, padded(s, FIELD_RAM, number).s) + 2;
    if (a->w - x >= 6)
        bar_draw(a, 0, x, a->w - x, s->view->now.glyph, ratio > 0.5 ? STYLE_WARN : STYLE_SERIES_6,
                 ratio);
}

static void draw_ram_chart(struct scene *s, const struct area *a, uint32_t arg)
{
    struct value total = scene_value(s, ACTOP_METRIC_RAM_TOTAL, 0);
    (void)arg;
    draw_chart(s, a, ACTOP_METRIC_RAM_USED, scene_key(s, ACTOP_SCOPE_MACHINE, 0),
               total.has ? total.now : 0, 1e9);
}

/* ---- bandwidth ------------------------------------------------------------------------------------- */

/* What 100 percent means: the chip's peak, or the highest seen. */
static struct value ceiling(struct scene *s)
{
    return scene_either(s, ACTOP_METRIC_MAX_BANDWIDTH, 0, ACTOP_METRIC_BANDWIDTH_PEAK, 0);
}

static void draw_bandwidth_headline(struct scene *s, const struct area *a, uint32_t arg)
{
    struct headline h = {.n = 0};
    struct value total = scene_value(s, ACTOP_METRIC_BANDWIDTH, 0);
    struct value ratio = scene_value(s, ACTOP_METRIC_BANDWIDTH_RATIO, 0);
    struct value top = ceiling(s);
    struct value read = scene_value(s, ACTOP_METRIC_BANDWIDTH_READ, 0);
    struct value write = scene_value(s, ACTOP_METRIC_BANDWIDTH_WRITE, 0);
    (void)arg;
    headline_add(&h, STYLE_TITLE, 0, 0, num_text("DRAM"));
    headline_add(&h, total.has ? STYLE_STRONG : STYLE_DIM, 0, 1,
                 padded_right(s, FIELD_RATE, value_text(&total, num_rate)));
    if (ratio.has)
        headline_add(&h, STYLE_TEXT, 1, 2, padded_value(s, FIELD_PERCENT, &ratio, num_percent));
    if (ratio.has && top.has)
        headline_add(&h, STYLE_DIM, 2, 1, num_text("of %s", num_rate(top.now, false).s));
    if (read.has && write.has) {
        h.remark_text =
            num_text("R %s · W %s", num_rate(read.v, read.diff).s, num_rate(write.v, write.diff).s);
        h.remark = h.remark_text.s;
    } else {
        headline_window(&h, s, ACTOP_METRIC_BANDWIDTH, 0, FIELD_WINDOW_RATE, num_rate);
    }
    headline_draw(a, 0, &h);
}

static void draw_bandwidth_chart(struct scene *s, const struct area *a, uint32_t arg)
{
    struct value top = ceiling(s);
    (void)arg;
    draw_chart(s, a, ACTOP_METRIC_BANDWIDTH, scene_key(s, ACTOP_SCOPE_MACHINE, 0),
               top.has ? top.now : 0, 1e9);
}

/* Those that move most first, in steps of four times: so they rarely change places. */
static int agent_class(struct scene *s, uint32_t row)
{
    struct value total = scene_value(s, ACTOP_METRIC_AGENT_TOTAL, row);
    return total.has && total.now >= 1 ? -(ilogb(total.now) / 2) : 1;
}

/* Clients of the memory controller, as a list that scrolls. */
static void draw_agents(struct scene *s, const struct area *a, uint32_t arg)
{
    int n = (int)scene_rows(s, ACTOP_SCOPE_AGENT);
    struct value top = scene_value(s, ACTOP_METRIC_BANDWIDTH, 0);
    int first = list_scroll(s->view, PANEL_MEMORY, n, a->h);
    struct row_order order;
    (void)arg;
    order_rows(s, (uint32_t)n, agent_class, &order);
    for (int y = 0; y < a->h && first + y < n; y++) {
        uint32_t row = row_at(&order, first + y);
        struct value total = scene_value(s, ACTOP_METRIC_AGENT_TOTAL, row);
        struct value full = scene_value(s, ACTOP_METRIC_AGENT_SATURATED, row);
        draw_name(a, y, 0, 10, STYLE_DIM, scene_name(s, ACTOP_SCOPE_AGENT, row));
        struct num text = padded_value(s, FIELD_RATE, &total, num_rate);
        int x = 11 + draw_text(a, y, 11, STYLE_TEXT, text.s);
        if (full.has && full.now > 0)
            draw_code(a, y, x, STYLE_WARN, '+');
        if (a->w - x - 2 >= 6)
            bar_draw(a, y, x + 2, a->w - x - 2, s->view->now.glyph, STYLE_SERIES_1,
                     total.has && top.has && top.now > 0 ? total.now / top.now : 0);
    }
    draw_scrollbar(a, first, n);
}

void memory_items(struct scene *s, int columns, struct items *out)
{
    struct value total = scene_value(s, ACTOP_METRIC_RAM_TOTAL, 0);
    struct value swap = scene_value(s, ACTOP_METRIC_SWAP_TOTAL, 0);
    struct value bandwidth = scene_value(s, ACTOP_METRIC_BANDWIDTH, 0);
    int agents = (int)scene_rows(s, ACTOP_SCOPE_AGENT);
    (void)columns;
    if (value_known(&total)) {
        item_add(out, 0, 1, 0, draw_ram_headline);
        item_add(out, 2, 1, 0, draw_ram_bar);
        if (has_parts(s))
            item_add(out, 4, 1, 0, draw_ram_legend);
        if (swap.has && swap.now > 0)
            item_add(out, 5, 1, 0, draw_swap);
        if (!value_known(&bandwidth) || s->view->zoomed) /* else that is the chart to look at */
            item_add_growing(out, 5, 1, 3, 2, 0, draw_ram_chart);
    }
    if (value_known(&bandwidth)) {
        item_add(out, 0, 1, 0, draw_bandwidth_headline);
        item_add_growing(out, 1, 1, 4, 3, 0, draw_bandwidth_chart);
    }
    if (agents > 0)
        item_add_list(out, 6, 1, s->view->zoomed ? agents : 4, agents, 2, 0, draw_agents);
}
