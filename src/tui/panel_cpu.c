/* SPDX-License-Identifier: MIT */
/* The CPU panel: a headline, chart and residency bar for each tier, the highest first, then the cores. */
#include "tui/panel.h"

#include <math.h>
#include <string.h>

bool cpu_present(struct scene *s)
{
    return s->sample != NULL &&
           (scene_rows(s, ACTOP_SCOPE_TIER) > 0 || scene_rows(s, ACTOP_SCOPE_CORE) > 0);
}

/* ---- tiers ---------------------------------------------------------------------------------------- */

/* "P-CPU"; a machine with one tier has just a CPU. */
static struct num tier_label(struct scene *s, uint32_t tier)
{
    if (scene_rows(s, ACTOP_SCOPE_TIER) == 1)
        return padded(s, FIELD_LABEL_CPU, num_text("CPU"));
    return padded_right(s, FIELD_LABEL_CPU,
                        num_text("%.12s-CPU", scene_key(s, ACTOP_SCOPE_TIER, tier)));
}

static void add_watts(struct headline *h, struct scene *s, const struct value *watts, uint8_t rank)
{
    if (value_known(watts) && watts->has)
        headline_add(h, STYLE_TEXT, rank, 2, padded_value(s, FIELD_WATT, watts, num_watts));
}

/* The machine's temperature stands for its highest tier where tiers have none of their own. */
static struct value tier_temperature(struct scene *s, uint32_t tier)
{
    struct value v = scene_value(s, ACTOP_METRIC_TIER_TEMP, tier);
    if (!value_known(&v) && tier + 1 == scene_rows(s, ACTOP_SCOPE_TIER))
        v = scene_value(s, ACTOP_METRIC_CPU_TEMP, 0);
    return v;
}

static void draw_tier_headline(struct scene *s, const struct area *a, uint32_t tier)
{
    struct headline h = {.n = 0};
    struct value util = scene_value(s, ACTOP_METRIC_TIER_UTIL, tier);
    struct value asked = scene_value(s, ACTOP_METRIC_TIER_FREQ, tier);
    struct value granted = scene_value(s, ACTOP_METRIC_TIER_REALIZED_FREQ, tier);
    struct value celsius = tier_temperature(s, tier);
    struct value watts = scene_value(s, ACTOP_METRIC_TIER_POWER, tier);
    if (!value_known(&watts) && scene_rows(s, ACTOP_SCOPE_TIER) == 1)
        watts = scene_value(s, ACTOP_METRIC_CPU_POWER, 0);
    headline_add(&h, STYLE_TITLE, 0, 0, tier_label(s, tier));
    headline_add(&h, util.has ? STYLE_STRONG : STYLE_DIM, 0, 1,
                 padded_value(s, FIELD_PERCENT, &util, num_percent));
    add_frequency(&h, s, FIELD_FREQ, &asked, &granted);
    add_temperature(&h, &celsius);
    add_watts(&h, s, &watts, 3);
    headline_window(&h, s, ACTOP_METRIC_TIER_UTIL, tier, FIELD_WINDOW_PERCENT, num_percent);
    headline_draw(a, 0, &h);
}

static void draw_tier_chart(struct scene *s, const struct area *a, uint32_t tier)
{
    draw_chart(s, a, ACTOP_METRIC_TIER_UTIL, scene_key(s, ACTOP_SCOPE_TIER, tier), 1, 1);
}

static void draw_tier_residency(struct scene *s, const struct area *a, uint32_t tier)
{
    draw_residency(s, a, ACTOP_METRIC_TIER_IDLE, tier);
}

/* Without tiers: the machine as a whole. */
static void draw_whole_headline(struct scene *s, const struct area *a, uint32_t arg)
{
    struct headline h = {.n = 0};
    struct value util = scene_value(s, ACTOP_METRIC_CPU_UTIL, 0);
    struct value celsius = scene_value(s, ACTOP_METRIC_CPU_TEMP, 0);
    (void)arg;
    headline_add(&h, STYLE_TITLE, 0, 0, padded(s, FIELD_LABEL_CPU, num_text("CPU")));
    headline_add(&h, util.has ? STYLE_STRONG : STYLE_DIM, 0, 1,
                 padded_value(s, FIELD_PERCENT, &util, num_percent));
    add_temperature(&h, &celsius);
    headline_window(&h, s, ACTOP_METRIC_CPU_UTIL, 0, FIELD_WINDOW_PERCENT, num_percent);
    headline_draw(a, 0, &h);
}

static void draw_whole_chart(struct scene *s, const struct area *a, uint32_t arg)
{
    (void)arg;
    draw_chart(s, a, ACTOP_METRIC_CPU_UTIL, scene_key(s, ACTOP_SCOPE_MACHINE, 0), 1, 1);
}

/* ---- shared with the GPU --------------------------------------------------------------------------- */

void add_frequency(struct headline *h, struct scene *s, enum field field, const struct value *asked,
                   const struct value *granted)
{
    const struct value *shown = asked->has ? asked : granted;
    if (!shown->has)
        return;
    struct num text = num_mhz(shown->v, shown->diff);
    bool less = asked->has && granted->has && fabs(granted->now - asked->now) > 0.02 * asked->now;
    text = less ? num_text("@%s→%sMHz", text.s, num_mhz(granted->v, granted->diff).s)
                : num_text("@%sMHz", text.s);
    headline_add(h, STYLE_TEXT, 1, 1, padded_right(s, field, text));
}

static uint8_t temperature_style(const struct value *celsius)
{
    return celsius->now >= 95 ? STYLE_BAD : celsius->now >= 85 ? STYLE_WARN : STYLE_TEXT;
}

void add_temperature(struct headline *h, const struct value *celsius)
{
    if (celsius->has)
        headline_add(h, temperature_style(celsius), 2, 1,
                     num_text("(%s)", num_celsius(celsius->v, celsius->diff).s));
}

static const struct bucket {
    const char *name;
    uint8_t style;
    char fill;
} buckets[4] = {{"idle", STYLE_TRACK, '.'},
                {"low", STYLE_HEAT_2, '-'},
                {"mid", STYLE_HEAT_9, '='},
                {"high", STYLE_HEAT_14, '#'}};

static int draw_bucket_numbers(struct scene *s, const struct area *a, const struct value *v)
{
    int x = a->w;
    int needed = 0;
    for (size_t i = 0; i < 4; i++)
        needed += 3 + (int)strlen(buckets[i].name) + (i > 0 ? 2 : 0);
    if (a->w < needed + 10)
        return a->w;
    for (size_t i = 4; i-- > 0;) {
        struct num percent = num_count(v[i].v * 100, v[i].diff);
        struct num number = padded(s, FIELD_BUCKET, num_text(" %s", percent.s));
        x -= text_columns(number.s);
        draw_text(a, 0, x, STYLE_TEXT, number.s);
        x -= (int)strlen(buckets[i].name);
        draw_text(a, 0, x, i == 0 ? STYLE_DIM : buckets[i].style, buckets[i].name);
        x -= 2;
    }
    return x;
}

void draw_residency(struct scene *s, const struct area *a, actop_metric first, uint32_t row)
{
    struct value v[4];
    struct part parts[4];
    for (size_t i = 0; i < 4; i++) {
        v[i] = scene_value(s, (actop_metric)(first + i), row);
        parts[i] = (struct part){v[i].has ? v[i].now : 0, buckets[i].style, buckets[i].fill};
    }
    if (!v[0].has && !v[3].has) {
        draw_text(a, 0, 0, STYLE_DIM, num_text("residency – %s", actop_state_name(v[0].state)).s);
        return;
    }
    /* busy first, so that the bar grows with the load; idle is what is left */
    struct part busy[3] = {parts[3], parts[2], parts[1]};
    int width = draw_bucket_numbers(s, a, v);
    parts_draw(a, 0, 0, width, s->view->now.glyph, busy, 3);
}

/* ---- P-states -------------------------------------------------------------------------------------- */

enum { PSTATE_COLS = 18 };

static bool is_state_of(struct scene *s, uint32_t row, actop_scope scope, uint32_t parent)
{
    actop_entity e;
    return actop_entity_at(s->sample, ACTOP_SCOPE_PSTATE, row, &e) == ACTOP_OK &&
           e.parent == (int32_t)parent && e.parent_scope == scope;
}

int pstate_lines(struct scene *s, actop_scope parent_scope, uint32_t parent, int columns)
{
    int states = 0;
    for (uint32_t row = 0; row < scene_rows(s, ACTOP_SCOPE_PSTATE); row++)
        states += is_state_of(s, row, parent_scope, parent);
    int across = columns / PSTATE_COLS < 1 ? 1 : columns / PSTATE_COLS;
    return (states + across - 1) / across;
}

static void draw_pstate(struct scene *s, const struct area *a, uint32_t row)
{
    actop_entity e;
    (void)actop_entity_at(s->sample, ACTOP_SCOPE_PSTATE, row, &e);
    struct value freq = scene_value(s, ACTOP_METRIC_PSTATE_FREQ, row);
    struct value ratio = scene_value(s, ACTOP_METRIC_PSTATE_RATIO, row);
    bool idle = (e.flags & ACTOP_ENTITY_IDLE) != 0 || !freq.has || freq.now <= 0;
    if (idle)
        draw_name(a, 0, 0, 4, STYLE_DIM, e.name);
    else
        draw_text_right(a, 0, 4, STYLE_DIM, num_mhz(freq.now, false).s);
    uint8_t style = idle ? STYLE_SERIES_6 : STYLE_SERIES_1;
    bar_draw(a, 0, 5, a->w - 12, s->view->now.glyph, style, ratio.has ? ratio.now : 0);
    draw_text_right(a, 0, a->w - 2, ratio.has && ratio.now > 0 ? STYLE_TEXT : STYLE_DIM,
                    padded_value(s, FIELD_PERCENT, &ratio, num_percent).s);
}

void draw_pstates(struct scene *s, const struct area *a, actop_scope parent_scope, uint32_t parent)
{
    struct area all = area_part(a, 1, 0, a->h - 1, a->w);
    int lines = pstate_lines(s, parent_scope, parent, a->w);
    int across = a->w / PSTATE_COLS < 1 ? 1 : a->w / PSTATE_COLS;
    int width = a->w / across;
    int n = 0;
    for (uint32_t row = 0; row < scene_rows(s, ACTOP_SCOPE_PSTATE); row++) {
        if (!is_state_of(s, row, parent_scope, parent))
            continue;
        struct area cell = area_part(&all, n % lines, n / lines * width, 1, width);
        draw_pstate(s, &cell, row);
        n++;
    }
    if (lines > all.h && a->w >= 44)
        draw_text_right(a, 0, a->w, STYLE_DIM, s->view->zoomed ? "more" : "z zooms to all");
}

static void draw_cluster_pstates(struct scene *s, const struct area *a, uint32_t cluster)
{
    draw_text(a, 0, 0, STYLE_DIM, "P-states of ");
    const char *name = scene_name(s, ACTOP_SCOPE_CLUSTER, cluster);
    int x = 12 + draw_name(a, 0, 12, a->w - 12, STYLE_TEXT, name);
    draw_text(a, 0, x, STYLE_DIM, " in MHz");
    draw_pstates(s, a, ACTOP_SCOPE_CLUSTER, cluster);
}

/* ---- cores ----------------------------------------------------------------------------------------- */

/* Four forms of a core: with bar and frequency, with a short bar, only the number, and a single cell in a strip. */
enum { CORE_FULL = 26, CORE_SHORT = 15, CORE_TINY = 9, CORE_STRIP = 1, CORE_GAP = 2 };

static int cores_across(int columns, int cell)
{
    int across = (columns + CORE_GAP) / (cell + CORE_GAP);
    return across < 1 ? 1 : across;
}

static int core_lines(int cores, int columns, int cell)
{
    int across = cores_across(columns, cell);
    return (cores + across - 1) / across;
}

/* A strip is a line for each tier, wrapped. A core takes one column, or four where that needs no more lines: then its
 * percent stands beside the bar. Where the lines are more than there is room for, neighbours share a bar. */
enum { STRIP_LABEL = 4, STRIP_CELL = 4 };

static int tier_cores(struct scene *s, const char *key)
{
    int own = 0;
    for (uint32_t row = 0; row < scene_rows(s, ACTOP_SCOPE_CORE); row++) {
        actop_entity e;
        own += actop_entity_at(s->sample, ACTOP_SCOPE_CORE, row, &e) == ACTOP_OK &&
               strcmp(e.tier, key) == 0;
    }
    return own;
}

/* Lines of a strip with so many cores to a bar and so many columns a bar. */
static int strip_lines_of(struct scene *s, int columns, int cell, int group)
{
    int cores = (int)scene_rows(s, ACTOP_SCOPE_CORE);
    int tiers = (int)scene_rows(s, ACTOP_SCOPE_TIER);
    int across = (tiers < 2 ? columns : columns - STRIP_LABEL) / cell;
    across = (across < 1 ? 1 : across) * group;
    if (tiers < 2)
        return (cores + across - 1) / across;
    int lines = 0;
    for (int tier = 0; tier < tiers; tier++)
        lines += (tier_cores(s, scene_key(s, ACTOP_SCOPE_TIER, (uint32_t)tier)) + across - 1) /
                 across;
    return lines;
}

static int strip_lines(struct scene *s, int columns)
{
    return strip_lines_of(s, columns, 1, 1);
}

/* Cores to a bar: as few as let the strip have no more lines than that. Each tier keeps a line. */
static int strip_group(struct scene *s, int columns, int height)
{
    int cores = (int)scene_rows(s, ACTOP_SCOPE_CORE);
    int group = 1;
    while (group < cores && strip_lines_of(s, columns, 1, group) > height)
        group++;
    return group;
}

static int strip_cell(struct scene *s, int columns, int group)
{
    return strip_lines_of(s, columns, STRIP_CELL, group) == strip_lines_of(s, columns, 1, group)
               ? STRIP_CELL
               : 1;
}

/* Rows that each of so many lines can have. */
static int strip_high(int lines, int height)
{
    int high = lines > 0 ? height / lines : 1;
    return high < 1 ? 1 : high > 4 ? 4 : high;
}

/* The widest form in which all cores are in view; else the strip. A panel that has the screen to itself scrolls instead. */
static int core_cell(struct scene *s, int columns, int height)
{
    static const int forms[] = {CORE_FULL, CORE_SHORT, CORE_TINY};
    int cores = (int)scene_rows(s, ACTOP_SCOPE_CORE);
    for (size_t i = 0; i < 3; i++)
        if (core_lines(cores, columns, forms[i]) <= height)
            return forms[i];
    return s->view->zoomed ? CORE_TINY : CORE_STRIP;
}

/* Rows of the cores in the order they are drawn: the highest tier first, as the tiers stand above them. */
enum { MOST_CORES = 4096 };

struct core_order {
    uint16_t rows[MOST_CORES];
    int n;
};

static void order_cores(struct scene *s, struct core_order *out)
{ /* a core of a tier that is not listed would be lost: then all stand as they come */
    uint32_t cores = scene_rows(s, ACTOP_SCOPE_CORE);
    uint32_t tiers = scene_rows(s, ACTOP_SCOPE_TIER);
    actop_entity e;
    out->n = 0;
    for (uint32_t tier = tiers < 2 ? 1 : tiers; tier-- > 0;) {
        const char *key = tiers < 2 ? NULL : scene_key(s, ACTOP_SCOPE_TIER, tier);
        for (uint32_t row = 0; row < cores && out->n < MOST_CORES; row++)
            if (actop_entity_at(s->sample, ACTOP_SCOPE_CORE, row, &e) == ACTOP_OK &&
                (key == NULL || strcmp(e.tier, key) == 0))
                out->rows[out->n++] = (uint16_t)row;
    }
    if (out->n < (int)cores && cores <= MOST_CORES)
        for (out->n = 0; out->n < (int)cores; out->n++)
            out->rows[out->n] = (uint16_t)out->n;
}

static struct num core_label(const actop_entity *e, bool tiers)
{
    return tiers ? num_text("%.6s%u", e->tier, e->index) : num_text("%u", e->index);
}

static void draw_core(struct scene *s, const struct area *a, uint32_t row, bool tiers)
{
    actop_entity e;
    if (actop_entity_at(s->sample, ACTOP_SCOPE_CORE, row, &e) != ACTOP_OK)
        return;
    struct value util = scene_value(s, ACTOP_METRIC_CORE_UTIL, row);
    struct value freq = scene_value(s, ACTOP_METRIC_CORE_FREQ, row);
    int x = draw_text(a, 0, 0, STYLE_DIM, padded(s, FIELD_CORE_LABEL, core_label(&e, tiers)).s) + 1;
    int right = a->w;
    if (a->w >= CORE_FULL && freq.has) {
        draw_text_right(a, 0, right, STYLE_DIM,
                        padded(s, FIELD_CORE_FREQ, num_mhz(freq.v, freq.diff)).s);
        right -= s->widths[FIELD_CORE_FREQ] + 1;
    }
    struct value online = scene_value(s, ACTOP_METRIC_CORE_ONLINE, row);
    if (online.has && online.now < 1) {
        draw_text_right(a, 0, right, STYLE_DIM, "off");
        return;
    }
    struct num number = util.has ? padded_value(s, FIELD_PERCENT, &util, num_percent)
                                 : num_text("–");
    int room = right - x - s->widths[FIELD_PERCENT] - 1;
    uint8_t style = room < 3 ? style_heat(util.now)
                             : STYLE_TEXT; /* without a bar the number has its colour */
    draw_text_right(a, 0, right, util.has ? style : STYLE_DIM, number.s);
    right = x + room;
    if (room < 3)
        return;
    struct area bar = area_part(a, 0, x, 1, right - x);
    if (s->view->zoomed)
        draw_chart(s, &bar, ACTOP_METRIC_CORE_UTIL, e.key, 1, 1);
    else
        bar_draw(&bar, 0, 0, bar.w, s->view->now.glyph, style_heat(util.now),
                 util.has ? util.now : 0);
}

/* One core of a strip: a bar of eight steps a row, a digit in ascii. */
static void draw_bar_up(const struct area *a, int y, int x, int high, enum glyph glyph,
                        const struct value *util)
{
    double ratio = !util->has || util->now < 0 ? 0 : util->now > 1 ? 1 : util->now;
    uint8_t style = style_heat(ratio);
    int steps = (int)(ratio * (8 * high - 1)) + 1;
    if (!util->has || glyph == GLYPH_ASCII) {
        draw_code(a, y + high - 1, x, style,
                  util->has ? (uint32_t)('0' + (int)(ratio * 9.99)) : 0xb7);
        return;
    }
    for (int row = 0; row < high && steps > 8 * row; row++)
        draw_code(a, y + high - 1 - row, x, style,
                  0x2580u + (uint32_t)(steps - 8 * row > 8 ? 8 : steps - 8 * row));
}

/* Where the next core of a strip goes. */
struct strip {
    const char *tier; /* of the last core; NULL at the start */
    int y, x, high, cell;
};

static void next_core(const struct area *a, struct strip *at, const actop_entity *e, bool tiers)
{
    bool first = at->tier == NULL;
    bool next_tier = tiers && !first && strcmp(at->tier, e->tier) != 0;
    if (next_tier || at->x + at->cell > a->w) {
        at->y += at->high;
        at->x = 0;
    }
    if (tiers && (first || next_tier))
        draw_name(a, at->y + at->high - 1, 0, STRIP_LABEL - 1, STYLE_DIM, e->tier);
    if (tiers && at->x < STRIP_LABEL)
        at->x = STRIP_LABEL;
    at->tier = e->tier;
}

/* Bar and percent; in ascii, where a bar would be a digit, only the percent. */
static void draw_strip_core(struct scene *s, const struct area *a, const struct strip *at,
                            const struct value *util)
{
    bool ascii = s->view->now.glyph == GLYPH_ASCII;
    int y = at->y + at->high - 1;
    struct num percent = num_count(util->v * 100, util->diff);
    if (at->cell == 1 || !util->has || !ascii)
        draw_bar_up(a, at->y, at->x, at->high, s->view->now.glyph, util);
    if (at->cell > 1 && util->has && ascii)
        draw_text_right(a, y, at->x + at->cell - 1, style_heat(util->now), percent.s);
    else if (at->cell > 1 && util->has)
        draw_text(a, y, at->x + 1, STYLE_TEXT, percent.s);
}

/* The cores of a bar: what they do on average. */
struct bar_cores {
    actop_entity first;
    struct value util;
    int cores, with_value;
};

static void add_to_bar(struct bar_cores *b, const actop_entity *e, const struct value *util)
{
    if (b->cores++ == 0)
        *b = (struct bar_cores){*e, *util, 1, util->has};
    else if (util->has) {
        b->util.v = (b->util.has ? b->util.v * b->with_value : 0) + util->v;
        b->util.now = (b->util.has ? b->util.now * b->with_value : 0) + util->now;
        b->with_value++;
        b->util.v /= b->with_value;
        b->util.now /= b->with_value;
        b->util.has = true;
    }
}

static void draw_bar_cores(struct scene *s, const struct area *a, struct strip *at,
                           struct bar_cores *b)
{
    if (b->cores == 0)
        return;
    next_core(a, at, &b->first, scene_rows(s, ACTOP_SCOPE_TIER) > 1);
    draw_strip_core(s, a, at, &b->util);
    at->x += at->cell;
    b->cores = 0;
}

static void draw_strip(struct scene *s, const struct area *a)
{
    int group = strip_group(s, a->w, a->h);
    int lines = strip_lines_of(s, a->w, 1, group);
    struct strip at = {NULL, 0, 0, strip_high(lines, a->h), strip_cell(s, a->w, group)};
    struct core_order order;
    struct bar_cores bar = {.cores = 0};
    at.y = -list_scroll(s->view, PANEL_CPU, lines * at.high, a->h);
    order_cores(s, &order);
    for (int n = 0; n < order.n; n++) {
        actop_entity e;
        uint32_t row = order.rows[n];
        if (actop_entity_at(s->sample, ACTOP_SCOPE_CORE, row, &e) != ACTOP_OK)
            return;
        if (bar.cores == group || (bar.cores > 0 && strcmp(bar.first.tier, e.tier) != 0))
            draw_bar_cores(s, a, &at, &bar);
        struct value util = scene_value(s, ACTOP_METRIC_CORE_UTIL, row);
        add_to_bar(&bar, &e, &util);
    }
    draw_bar_cores(s, a, &at, &bar);
    struct num told = num_text("%d cores a bar", group);
    if (group > 1 && a->w - at.x >= text_columns(told.s) + 1)
        draw_text_right(a, at.y + at.high - 1, a->w, STYLE_DIM, told.s);
}

static void draw_cores(struct scene *s, const struct area *a, uint32_t arg)
{
    struct core_order order;
    int cores = (int)scene_rows(s, ACTOP_SCOPE_CORE);
    int cell = core_cell(s, a->w, a->h);
    if (cell == CORE_STRIP) {
        draw_strip(s, a);
        return;
    }
    int lines = core_lines(cores, a->w, cell);
    int across = lines > 0 ? (cores + lines - 1) / lines
                           : 1; /* perhaps fewer than fit: then each is wider */
    int width = (a->w + CORE_GAP) / across - CORE_GAP;
    bool tiers = scene_rows(s, ACTOP_SCOPE_TIER) > 1;
    (void)arg;
    int first = list_scroll(s->view, PANEL_CPU, lines, a->h);
    order_cores(s, &order);
    for (int n = 0; n < order.n; n++) {
        struct area one = area_part(a, n % lines - first, n / lines * (width + CORE_GAP), 1, width);
        if (n % lines >= first && one.h > 0 && one.w > 0)
            draw_core(s, &one, order.rows[n], tiers);
    }
    draw_scrollbar(a, first, lines);
}

/* Rows that the cores fill of those they get: the form they then take may need less. */
static int cores_use(struct scene *s, int columns, int rows)
{
    int cell = core_cell(s, columns, rows);
    int lines = core_lines((int)scene_rows(s, ACTOP_SCOPE_CORE), columns, cell);
    if (cell == CORE_STRIP) {
        lines = strip_lines_of(s, columns, 1, strip_group(s, columns, rows));
        lines *= strip_high(lines, rows);
    }
    return lines < rows ? lines : rows;
}

/* ---- the panel ------------------------------------------------------------------------------------- */

static void add_tier(struct scene *s, uint32_t tier, struct items *out)
{
    struct value idle = scene_value(s, ACTOP_METRIC_TIER_IDLE, tier);
    item_add(out, 0, 1, tier, draw_tier_headline);
    item_add_growing(out, tier + 1 == scene_rows(s, ACTOP_SCOPE_TIER) ? 0 : 3, 1,
                     s->view->pstates ? 1 : 4, 3, tier, draw_tier_chart);
    if (s->view->now.show_residency && value_known(&idle))
        item_add(out, 5, 1, tier, draw_tier_residency);
}

/* A strip of more lines than this gets them before the chart grows: the fewer cores share a bar. */
enum { HIGH_STRIP = 4 };

static void add_cores(struct scene *s, int columns, struct items *out)
{
    int cores = (int)scene_rows(s, ACTOP_SCOPE_CORE);
    int tiers = (int)scene_rows(s, ACTOP_SCOPE_TIER);
    int least = tiers < 2 ? 1 : tiers; /* with neighbours sharing a bar */
    int most = s->view->zoomed ? 200 : 16;
    int form = core_cell(s, columns, most);
    int want = form == CORE_STRIP ? 3 * strip_lines(s, columns) : core_lines(cores, columns, form);
    int full = core_lines(cores, columns, CORE_SHORT);
    if (cores == 0)
        return;
    if (want > full)
        full = want;
    least = s->view->pstates ? 0 : least; /* who asks for P-states gets them first */
    want = s->view->pstates ? 0 : want;
    int weight = form == CORE_STRIP && want > 3 * HIGH_STRIP ? 18 : 6;
    struct item *item = item_add_list(out, 4, least, want, full, weight, 0, draw_cores);
    if (item != NULL)
        item->uses = cores_use;
}

/* Clusters whose P-states, where they are asked for, rather have room than other panels. */
enum { ASKED_CLUSTERS = 3 };

void cpu_items(struct scene *s, int columns, struct items *out)
{
    uint32_t tiers = scene_rows(s, ACTOP_SCOPE_TIER);
    for (uint32_t i = tiers; i-- > 0;)
        add_tier(s, i, out);
    if (tiers == 0) {
        item_add(out, 0, 1, 0, draw_whole_headline);
        item_add_growing(out, 0, 1, 5, 3, 0, draw_whole_chart);
    }
    if (s->view->now.show_cores)
        add_cores(s, columns, out);
    for (uint32_t i = 0; s->view->pstates && i < scene_rows(s, ACTOP_SCOPE_CLUSTER); i++) {
        int lines = pstate_lines(s, ACTOP_SCOPE_CLUSTER, i, columns);
        if (lines > 0)
            item_add_list(out, i < ASKED_CLUSTERS ? 0 : 1, lines < 2 ? 2 : 3, 1 + lines, 1 + lines,
                          6, i, draw_cluster_pstates);
    }
}
