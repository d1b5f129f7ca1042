/* SPDX-License-Identifier: MIT */
/* The sensors panel: fans, batteries, then every named sensor as a list in columns. */
#include "tui/panel.h"

#include <string.h>

bool sensors_present(struct scene *s)
{
    return scene_rows(s, ACTOP_SCOPE_FAN) > 0 || scene_rows(s, ACTOP_SCOPE_BATTERY) > 0 ||
           scene_rows(s, ACTOP_SCOPE_SENSOR) > 0;
}

/* A system that numbers its fans has no names for them. */
static int draw_fan_name(struct scene *s, const struct area *a, uint32_t row)
{
    const char *name = scene_name(s, ACTOP_SCOPE_FAN, row);
    int x = *name >= '0' && *name <= '9' ? draw_text(a, 0, 0, STYLE_DIM, "fan ") : 0;
    return x + draw_name(a, 0, x, 12, STYLE_DIM, name);
}

static void draw_fan(struct scene *s, const struct area *a, uint32_t row)
{
    struct value speed = scene_value(s, ACTOP_METRIC_FAN_SPEED, row);
    struct value most = scene_value(s, ACTOP_METRIC_FAN_MAX, row);
    int x = draw_fan_name(s, a, row) + 1;
    struct num text = padded_value(s, FIELD_RPM, &speed, num_count);
    x += draw_text(a, 0, x, speed.has ? STYLE_TEXT : STYLE_DIM, text.s);
    x += draw_text(a, 0, x, STYLE_DIM, speed.has && speed.now < 1 ? " off" : " rpm") + 2;
    if (most.has && most.now > 0 && speed.has && a->w - x >= 6)
        bar_draw(a, 0, x, a->w - x, s->view->now.glyph, style_heat(speed.now / most.now),
                 speed.now / most.now);
}

static void draw_battery(struct scene *s, const struct area *a, uint32_t row)
{
    struct headline h = {.n = 0};
    struct value charge = scene_value(s, ACTOP_METRIC_BATTERY_CHARGE, row);
    struct value flow = scene_value(s, ACTOP_METRIC_BATTERY_FLOW, row);
    struct value left = scene_value(s, ACTOP_METRIC_BATTERY_TIME, row);
    struct value health = scene_value(s, ACTOP_METRIC_BATTERY_HEALTH, row);
    actop_reading state = actop_read(s->sample, ACTOP_METRIC_BATTERY_STATE, row);
    const char *name =
        actop_has_value(&state) ? actop_value_name(ACTOP_METRIC_BATTERY_STATE, state.value) : NULL;
    headline_add(&h, STYLE_DIM, 0, 0, num_text("battery"));
    headline_add(&h, charge.has && charge.now < 0.1 ? STYLE_BAD : STYLE_TEXT, 0, 1,
                 padded_value(s, FIELD_PERCENT, &charge, num_percent));
    if (name != NULL && state.value > 0)
        headline_add(&h, STYLE_TEXT, 1, 2, num_text("%.20s", name));
    if (flow.has)
        headline_add(&h, STYLE_TEXT, 2, 2, num_watts(flow.v, true));
    if (left.has && left.now > 0)
        headline_add(&h, STYLE_DIM, 3, 2, num_text("%s left", num_span(left.now).s));
    if (health.has)
        headline_add(&h, STYLE_DIM, 4, 2, num_text("health %s", num_percent(health.now, false).s));
    headline_draw(a, 0, &h);
}

enum { SENSOR_COLS = 24 };

static int sensor_lines(struct scene *s, int columns)
{
    int n = (int)scene_rows(s, ACTOP_SCOPE_SENSOR);
    int across = columns / SENSOR_COLS < 1 ? 1 : columns / SENSOR_COLS;
    return (n + across - 1) / across;
}

/* What keys of Apple's SMC stand for, as far as tools agree (reported); '?' is any character. The first four are those
 * that the temperatures of CPU and GPU are taken from. */
static const struct {
    char key[5];
    const char *word;
} smc_words[] = {
    {"Te??", "CPU"}, {"Tp??", "CPU"},     {"Tf??", "CPU"},   {"Tg??", "GPU"},
    {"TH0?", "SSD"}, {"TB?T", "battery"}, {"TW0P", "Wi-Fi"},
};

static bool is_like(const char *name, const char *pattern)
{
    for (size_t i = 0; pattern[i] != '\0'; i++)
        if (name[i] == '\0' || (pattern[i] != '?' && name[i] != pattern[i]))
            return false;
    return name[strlen(pattern)] == '\0';
}

/* A word for a name that is no word; NULL: none is known. */
static const char *word_for(const char *name)
{
    for (size_t i = 0; i < sizeof smc_words / sizeof smc_words[0]; i++)
        if (is_like(name, smc_words[i].key))
            return smc_words[i].word;
    return NULL;
}

static void draw_sensor(struct scene *s, const struct area *a, uint32_t row)
{
    struct value v = scene_value(s, ACTOP_METRIC_SENSOR_TEMP, row);
    struct num text = v.has ? padded_value(s, FIELD_TEMP, &v, num_celsius) : num_text("–");
    int room = a->w - text_columns(text.s) - 3;
    const char *name = scene_name(s, ACTOP_SCOPE_SENSOR, row);
    const char *word = word_for(name);
    int x = draw_name(a, 0, 0, room, STYLE_DIM, name) + 1;
    if (word != NULL && x + text_columns(word) <= room)
        draw_text(a, 0, x, STYLE_DIM, word);
    uint8_t style = !v.has        ? STYLE_DIM
                    : v.now >= 95 ? STYLE_BAD
                    : v.now >= 85 ? STYLE_WARN
                                  : STYLE_TEXT;
    draw_text_right(a, 0, a->w - 2, style, text.s);
}

static void draw_sensors(struct scene *s, const struct area *a, uint32_t arg)
{
    int n = (int)scene_rows(s, ACTOP_SCOPE_SENSOR);
    int lines = sensor_lines(s, a->w);
    int across = a->w / SENSOR_COLS < 1 ? 1 : a->w / SENSOR_COLS;
    int width = a->w / across;
    int first = list_scroll(s->view, PANEL_SENSORS, lines, a->h);
    (void)arg;
    for (int i = 0; i < n; i++) {
        struct area one = area_part(a, i % lines - first, i / lines * width, 1, width);
        if (i % lines >= first && one.h > 0)
            draw_sensor(s, &one, (uint32_t)i);
    }
    draw_scrollbar(a, first, lines);
}

void sensors_items(struct scene *s, int columns, struct items *out)
{
    uint32_t fans = scene_rows(s, ACTOP_SCOPE_FAN);
    uint32_t batteries = scene_rows(s, ACTOP_SCOPE_BATTERY);
    int lines = sensor_lines(s, columns);
    for (uint32_t i = 0; i < fans && i < 8; i++)
        item_add(out, i == 0 ? 0 : 3, 1, i, draw_fan);
    for (uint32_t i = 0; i < batteries && i < 4; i++)
        item_add(out, fans == 0 && i == 0 ? 0 : 2, 1, i, draw_battery);
    if (lines > 0)
        item_add_list(out, fans + batteries == 0 ? 0 : 4, 1, s->view->zoomed ? lines : 4, lines, 1,
                      0, draw_sensors);
}
