/* SPDX-License-Identifier: MIT */
/* The power panel: the package as a chart, the known rails a line each, then where the system's watts go. */
#include "tui/panel.h"

#include <math.h>
#include <string.h>
#include <strings.h>

/* The blocks every machine may have; what else a machine calls its rails is listed after them, where there is room. */
static const struct block {
    actop_metric metric;
    const char *name, *rail; /* rail: key of the rail that says the same, in any case */
    double floor_w; /* least scale of its chart without a reference; CPU and GPU as always */
} blocks[] = {
    {ACTOP_METRIC_CPU_POWER, "CPU", "cpu", 20},
    {ACTOP_METRIC_GPU_POWER, "GPU", "gpu", 15},
    {ACTOP_METRIC_ANE_POWER, "ANE", "ane", 8},
    {ACTOP_METRIC_DRAM_POWER, "DRAM", "dram", 5},
    {ACTOP_METRIC_GPU_SRAM_POWER, "SRAM", "gpu_sram", 2},
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
struct line {
    const char *name;
    int label; /* columns of the names */
    actop_metric metric;
    uint32_t row;
    const char *entity;
    double floor_w;
};

static void draw_line(struct scene *s, const struct area *a, int y, const struct line *l)
{
    struct value v = scene_value(s, l->metric, l->row);
    draw_name(a, y, 0, l->label, STYLE_DIM, l->name);
    struct num text = padded_value(s, FIELD_WATT, &v, num_watts);
    int x = l->label + 1 + draw_text(a, y, l->label + 1, v.has ? STYLE_TEXT : STYLE_DIM, text.s) +
            2;
    if (v.has && a->w - x >= 4) {
        struct area chart = area_part(a, y, x, 1, a->w - x);
        draw_chart(s, &chart, l->metric, l->entity, profile_top(s, l->metric), l->floor_w);
    }
}

/* As wide as "Package", so that the watts stand below its own. */
enum { LABEL = 7, LABEL_MOST = 18 };

static void draw_block(struct scene *s, const struct area *a, uint32_t i)
{
    struct line l = {
        blocks[i].name,   LABEL, blocks[i].metric, 0, scene_key(s, ACTOP_SCOPE_MACHINE, 0),
        blocks[i].floor_w};
    draw_line(s, a, 0, &l);
}

/* ---- rails ------------------------------------------------------------------------------------------ */

static bool is_block(struct scene *s, const char *rail)
{
    for (size_t i = 0; i < BLOCKS; i++) {
        if (strcasecmp(rail, blocks[i].rail) != 0)
            continue;
        struct value v = scene_value(s, blocks[i].metric, 0);
        return value_known(&v);
    }
    return false;
}

enum { MOST_RAILS = 256 };

/* Rows of the rails that no block has told of. */
struct rails {
    uint16_t rows[MOST_RAILS];
    int n, label;
};

/* Those that draw most first, in steps of four times: so they rarely change places. */
static int rail_class(struct scene *s, uint32_t row)
{
    struct value watts = scene_value(s, ACTOP_METRIC_RAIL_POWER, row);
    return watts.has && watts.now >= 0.001 ? -(ilogb(watts.now * 1000) / 2) : 1;
}

/* How many list_rails would list: asked for at each measuring. */
static int count_rails(struct scene *s)
{
    int n = 0;
    for (uint32_t row = 0; row < scene_rows(s, ACTOP_SCOPE_RAIL) && n < MOST_RAILS; row++)
        n += !is_block(s, scene_key(s, ACTOP_SCOPE_RAIL, row));
    return n;
}

static void list_rails(struct scene *s, struct rails *out)
{
    struct row_order order;
    uint32_t rows = scene_rows(s, ACTOP_SCOPE_RAIL);
    out->n = 0;
    out->label = LABEL;
    order_rows(s, rows, rail_class, &order);
    for (uint32_t place = 0; place < rows && out->n < MOST_RAILS; place++) {
        uint32_t row = row_at(&order, (int)place);
        if (is_block(s, scene_key(s, ACTOP_SCOPE_RAIL, row)))
            continue;
        int columns = text_columns(scene_name(s, ACTOP_SCOPE_RAIL, row));
        out->label = columns > out->label ? columns : out->label;
        out->rows[out->n++] = (uint16_t)row;
    }
    out->label = out->label > LABEL_MOST ? LABEL_MOST : out->label;
}

static void draw_rails(struct scene *s, const struct area *a, uint32_t arg)
{
    struct rails rails;
    list_rails(s, &rails);
    int first = list_scroll(s->view, PANEL_POWER, rails.n, a->h);
    struct area list = area_part(a, 0, 0, a->h, rails.n > a->h ? a->w - 2 : a->w);
    (void)arg;
    for (int y = 0; y < a->h && first + y < rails.n; y++) {
        uint32_t row = rails.rows[first + y];
        struct line l = {scene_name(s, ACTOP_SCOPE_RAIL, row),
                         rails.label,
                         ACTOP_METRIC_RAIL_POWER,
                         row,
                         scene_key(s, ACTOP_SCOPE_RAIL, row),
                         5};
        draw_line(s, &list, y, &l);
    }
    draw_scrollbar(a, first, rails.n);
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

void power_items(struct scene *s, int columns, struct items *out)
{
    struct value package = scene_value(s, ACTOP_METRIC_PACKAGE_POWER, 0);
    struct value system = scene_value(s, ACTOP_METRIC_SYSTEM_POWER, 0);
    int rails = count_rails(s);
    bool known = value_known(&package);
    (void)columns;
    if (known) {
        item_add(out, 0, 1, 0, draw_package_headline);
        item_add_growing(out, 1, 1, 4, 3, 0, draw_package_chart);
    }
    for (uint32_t i = 0; i < BLOCKS; i++) {
        struct value v = scene_value(s, blocks[i].metric, 0);
        if (value_known(&v))
            item_add(out, (uint8_t)(2 + i), 1, i, draw_block);
    }
    if (rails > 0) { /* beside a package welcome where there is room to spare, wanted when zoomed */
        bool wanted = s->view->zoomed || !known;
        item_add_list(out, known ? 9 : 0, wanted, wanted ? rails : 0, rails, 2, 0, draw_rails);
    }
    if (value_known(&system)) {
        item_add(out, known ? 4 : 0, 1, 0, draw_ledger_text);
        item_add(out, 7, 1, 0, draw_ledger_bar);
    }
    if (has_sources(s))
        item_add(out, 8, 1, 0, draw_sources);
}
