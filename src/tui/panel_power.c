/* SPDX-License-Identifier: MIT */
/* The power panel: the package as a chart, the known rails a line each, then where the system's watts go. */
#include "tui/panel.h"

#include <math.h>

/* The blocks every machine may have; what a machine calls its own rails is listed when the panel is zoomed. */
static const struct block {
    actop_metric metric;
    const char *name;
    double floor_w; /* least scale of its chart where it has no reference; CPU and GPU as always */
} blocks[] = {
    {ACTOP_METRIC_CPU_POWER, "CPU", 20},      {ACTOP_METRIC_GPU_POWER, "GPU", 15},
    {ACTOP_METRIC_ANE_POWER, "ANE", 8},       {ACTOP_METRIC_DRAM_POWER, "DRAM", 5},
    {ACTOP_METRIC_GPU_SRAM_POWER, "SRAM", 2},
};
enum { BLOCKS = sizeof blocks / sizeof blocks[0] };

bool power_present(struct scene *s)
{
    struct value package = scene_value(s, ACTOP_METRIC_PACKAGE_POWER, 0);
    struct value system = scene_value(s, ACTOP_METRIC_SYSTEM_POWER, 0);
    return value_known(&package) || value_known(&system) || scene_rows(s, ACTOP_SCOPE_RAIL) > 0;
}

/* The chip's reference where charts are to be comparable and it has one; 0: as the values come. */
static double profile_top(const struct scene *s, actop_metric metric)
{
    return s->view->now.scale_auto ? 0 : actop_chart_scale(s->sample, metric, 0, 0);
}

static void draw_package_headline(struct scene *s, const struct area *a, uint32_t arg)
{
    struct headline h = {.n = 0};
    struct value v = scene_value(s, ACTOP_METRIC_PACKAGE_POWER, 0);
    (void)arg;
    headline_add(&h, STYLE_TITLE, 0, 0, num_text("Package"));
    headline_add(&h, v.has ? STYLE_STRONG : STYLE_DIM, 0, 1,
                 padded_value(s, FIELD_WATT, &v, num_watts));
    headline_window(&h, s, ACTOP_METRIC_PACKAGE_POWER, 0, FIELD_WINDOW_WATT, num_watts);
    headline_draw(a, 0, &h);
}

static void draw_package_chart(struct scene *s, const struct area *a, uint32_t arg)
{
    (void)arg;
    draw_chart(s, a, ACTOP_METRIC_PACKAGE_POWER, scene_key(s, ACTOP_SCOPE_MACHINE, 0),
               profile_top(s, ACTOP_METRIC_PACKAGE_POWER), 20);
}

/* A line: name, watts, a chart as wide as there is room. */
static void draw_line(struct scene *s, const struct area *a, int y, const char *name,
                      actop_metric metric, uint32_t row, const char *entity, double floor_w)
{
    struct value v = scene_value(s, metric, row);
    int label = s->widths[FIELD_LABEL_POWER];
    draw_name(a, y, 0, label, STYLE_DIM, name);
    struct num text = padded_value(s, FIELD_WATT, &v, num_watts);
    int x = label + 1 + draw_text(a, y, label + 1, v.has ? STYLE_TEXT : STYLE_DIM, text.s) + 2;
    if (v.has && a->w - x >= 4) {
        struct area chart = area_part(a, y, x, 1, a->w - x);
        draw_chart(s, &chart, metric, entity, profile_top(s, metric), floor_w);
    }
}

static void draw_block(struct scene *s, const struct area *a, uint32_t i)
{
    draw_line(s, a, 0, blocks[i].name, blocks[i].metric, 0, scene_key(s, ACTOP_SCOPE_MACHINE, 0),
              blocks[i].floor_w);
}

static void draw_rails(struct scene *s, const struct area *a, uint32_t arg)
{
    int n = (int)scene_rows(s, ACTOP_SCOPE_RAIL);
    int first = list_scroll(s->view, PANEL_POWER, n, a->h);
    (void)arg;
    for (int y = 0; y < a->h && first + y < n; y++) {
        uint32_t row = (uint32_t)(first + y);
        draw_line(s, a, y, scene_name(s, ACTOP_SCOPE_RAIL, row), ACTOP_METRIC_RAIL_POWER, row,
                  scene_key(s, ACTOP_SCOPE_RAIL, row), 5);
    }
    draw_scrollbar(a, first, n);
}

/* ---- the ledger ------------------------------------------------------------------------------------ */

static const struct ledger_part {
    actop_metric metric;
    uint8_t style;
    char fill;
} ledger[] = {
    {ACTOP_METRIC_CPU_POWER, STYLE_SERIES_1, 'c'},
    {ACTOP_METRIC_GPU_POWER, STYLE_SERIES_2, 'g'},
    {ACTOP_METRIC_ANE_POWER, STYLE_SERIES_3, 'a'},
    {ACTOP_METRIC_DRAM_POWER, STYLE_SERIES_4, 'd'},
    {ACTOP_METRIC_OTHER_POWER, STYLE_SERIES_5, 'o'},
    {ACTOP_METRIC_UNACCOUNTED_POWER, STYLE_SERIES_6, '?'},
};
enum { LEDGER = sizeof ledger / sizeof ledger[0] };

static void draw_ledger_text(struct scene *s, const struct area *a, uint32_t arg)
{
    struct headline h = {.n = 0};
    struct value system = scene_value(s, ACTOP_METRIC_SYSTEM_POWER, 0);
    struct value rest = scene_value(s, ACTOP_METRIC_UNACCOUNTED_POWER, 0);
    struct value other = scene_value(s, ACTOP_METRIC_OTHER_POWER, 0);
    (void)arg;
    headline_add(&h, STYLE_TITLE, 0, 0, num_text("System "));
    headline_add(&h, system.has ? STYLE_STRONG : STYLE_DIM, 0, 1,
                 padded_value(s, FIELD_WATT, &system, num_watts));
    if (other.has) {
        headline_add(&h, STYLE_SERIES_5, 2, 3, num_text("other"));
        headline_add(&h, STYLE_TEXT, 2, 1, value_text(&other, num_watts));
    }
    if (rest.has) {
        headline_add(&h, STYLE_SERIES_6, 1, 3, num_text("unaccounted"));
        headline_add(&h, STYLE_TEXT, 1, 1, value_text(&rest, num_watts));
    }
    headline_draw(a, 0, &h);
}

static void draw_ledger_bar(struct scene *s, const struct area *a, uint32_t arg)
{
    struct part parts[LEDGER];
    struct value system = scene_value(s, ACTOP_METRIC_SYSTEM_POWER, 0);
    (void)arg;
    if (!system.has || system.now <= 0)
        return;
    for (size_t i = 0; i < LEDGER; i++) {
        struct value v = scene_value(s, ledger[i].metric, 0);
        parts[i] = (struct part){v.has ? v.now / system.now : 0, ledger[i].style, ledger[i].fill};
    }
    parts_draw(a, 0, 0, a->w, s->view->now.glyph, parts, LEDGER);
}

static void draw_sources(struct scene *s, const struct area *a, uint32_t arg)
{
    struct headline h = {.n = 0};
    struct value adapter = scene_value(s, ACTOP_METRIC_ADAPTER_POWER, 0);
    struct value battery = scene_value(s, ACTOP_METRIC_BATTERY_POWER, 0);
    struct value energy = scene_value(s, ACTOP_METRIC_SESSION_ENERGY, 0);
    (void)arg;
    if (energy.has) {
        headline_add(&h, STYLE_DIM, 0, 3, num_text("session"));
        headline_add(&h, STYLE_TEXT, 0, 1,
                     padded(s, FIELD_ENERGY, num_energy(energy.v, energy.diff)));
    }
    if (adapter.has) {
        headline_add(&h, STYLE_DIM, 1, 3, num_text("adapter"));
        headline_add(&h, STYLE_TEXT, 1, 1, value_text(&adapter, num_watts));
    }
    if (battery.has) {
        headline_add(&h, STYLE_DIM, 2, 3, num_text("battery"));
        headline_add(&h, STYLE_TEXT, 2, 1, num_watts(battery.v, true));
    }
    headline_draw(a, 0, &h);
}

static bool has_sources(struct scene *s)
{
    struct value adapter = scene_value(s, ACTOP_METRIC_ADAPTER_POWER, 0);
    struct value battery = scene_value(s, ACTOP_METRIC_BATTERY_POWER, 0);
    struct value energy = scene_value(s, ACTOP_METRIC_SESSION_ENERGY, 0);
    return adapter.has || battery.has || energy.has;
}

static int label_columns(struct scene *s)
{
    int widest = 4;
    for (uint32_t i = 0; s->view->zoomed && i < scene_rows(s, ACTOP_SCOPE_RAIL); i++) {
        int columns = text_columns(scene_name(s, ACTOP_SCOPE_RAIL, i));
        widest = columns > widest ? columns : widest;
    }
    return widest > 18 ? 18 : widest;
}

void power_items(struct scene *s, int columns, struct items *out)
{
    struct value package = scene_value(s, ACTOP_METRIC_PACKAGE_POWER, 0);
    struct value system = scene_value(s, ACTOP_METRIC_SYSTEM_POWER, 0);
    int rails = (int)scene_rows(s, ACTOP_SCOPE_RAIL);
    bool known = value_known(&package);
    (void)columns;
    if (label_columns(s) > s->widths[FIELD_LABEL_POWER])
        s->widths[FIELD_LABEL_POWER] = (uint8_t)label_columns(s);
    if (known) {
        item_add(out, 0, 1, 0, draw_package_headline);
        item_add_growing(out, 1, 1, 4, 3, 0, draw_package_chart);
    }
    for (uint32_t i = 0; i < BLOCKS; i++) {
        struct value v = scene_value(s, blocks[i].metric, 0);
        if (value_known(&v))
            item_add(out, (uint8_t)(2 + i), 1, i, draw_block);
    }
    if (rails > 0 && (s->view->zoomed || !known))
        item_add_list(out, known ? 9 : 0, 1, rails, rails, 2, 0, draw_rails);
    if (value_known(&system)) {
        item_add(out, known ? 4 : 0, 1, 0, draw_ledger_text);
        item_add(out, 7, 1, 0, draw_ledger_bar);
    }
    if (has_sources(s))
        item_add(out, 8, 1, 0, draw_sources);
}
