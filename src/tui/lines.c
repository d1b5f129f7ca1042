/* SPDX-License-Identifier: MIT */
/* The header, the status line and the footer; see lines.h. */
#include "tui/lines.h"

#include <math.h>
#include <string.h>
#include <time.h>

#include "tui/keys.h"
#include "tui/widget.h"

/* ---- the header ------------------------------------------------------------------------------------ */

static struct num clock_text(int64_t wall_ns)
{
    struct tm local;
    time_t seconds = (time_t)(wall_ns / 1000000000);
    if (localtime_r(&seconds, &local) == NULL)
        return num_text("--:--:--");
    return num_text("%02d:%02d:%02d", local.tm_hour, local.tm_min, local.tm_sec);
}

static unsigned cores_of(const struct scene *s, const char *tier)
{
    unsigned n = 0;
    actop_entity e;
    for (uint32_t row = 0; row < scene_rows(s, ACTOP_SCOPE_CORE); row++)
        if (actop_entity_at(s->sample, ACTOP_SCOPE_CORE, row, &e) == ACTOP_OK &&
            strcmp(e.tier, tier) == 0)
            n++;
    return n;
}

static void append(struct num *text, const char *more)
{
    size_t used = strlen(text->s);
    size_t n = strlen(more);
    if (used + n < sizeof text->s)
        memcpy(text->s + used, more, n + 1);
}

/* "4E+12P+40GPU"; "16 cores" where there is only one tier. */
static struct num shape_text(struct scene *s)
{
    struct num text = num_text("%s", "");
    uint32_t tiers = scene_rows(s, ACTOP_SCOPE_TIER);
    if (tiers < 2 && scene_rows(s, ACTOP_SCOPE_CORE) > 0)
        text = num_text("%u cores", scene_rows(s, ACTOP_SCOPE_CORE));
    for (uint32_t i = 0; tiers >= 2 && i < tiers; i++) {
        const char *key = scene_key(s, ACTOP_SCOPE_TIER, i);
        append(&text, num_text("%s%u%.8s", i > 0 ? "+" : "", cores_of(s, key), key).s);
    }
    double gpu = 0;
    for (uint32_t i = 0; i < scene_rows(s, ACTOP_SCOPE_GPU); i++) {
        struct value v = scene_value(s, ACTOP_METRIC_GPU_CORES, i);
        gpu += v.has ? v.now : 0;
    }
    if (gpu > 0)
        append(&text, num_text("%s%sGPU", tiers < 2 ? " + " : "+", num_count(gpu, false).s).s);
    return text;
}

/* The file that is replayed; NULL: none is. */
static const char *replayed(const struct scene *s)
{
    static const char scheme[] = "replay:";
    return scene_source_is(s, scheme) ? s->source_label + sizeof scheme - 1 : NULL;
}

/* How much of the own cost is told: it makes room for the chip, then for its cores. */
enum self_form { SELF_FULL, SELF_CPU, SELF_NONE };

static struct num self_text(struct scene *s, enum self_form form)
{
    struct num cpu = num_plain(s->self_cpu_ratio * 100, 1, false);
    if (form == SELF_CPU)
        return padded(s, FIELD_SELF_CPU, num_text("self %s%%", cpu.s));
    return padded(s, FIELD_SELF,
                  num_text("self %s%% %s", cpu.s, num_bytes((double)s->self_rss, false).s));
}

/* Own cost, the clock, and what is unusual about them, from the right. */
static int draw_header_right(struct scene *s, const struct area *a, enum self_form form)
{
    int x = a->w - 1;
    struct num parts[2];
    size_t n = 0;
    if (s->sample != NULL)
        parts[n++] =
            num_text("%s%s", replayed(s) != NULL ? "replay " : "", clock_text(s->at.wall_ns).s);
    if (!isnan(s->self_cpu_ratio) && a->w >= 70 && form != SELF_NONE)
        parts[n++] = self_text(s, form);
    for (size_t i = 0; i < n; i++) {
        int columns = text_columns(parts[i].s);
        if (x - columns < 8)
            break;
        draw_text(a, 0, x - columns, i == 0 ? STYLE_STRONG : STYLE_DIM, parts[i].s);
        x -= columns + 2;
    }
    return x;
}

static int draw_mark(const struct area *a, int right, uint8_t style, const char *text)
{
    int columns = text_columns(text);
    if (columns == 0 || right - columns < 8)
        return right;
    draw_text(a, 0, right - columns, style, text);
    return right - columns - 2;
}

static int draw_marks(struct scene *s, const struct area *a, int right)
{
    struct view *v = s->view;
    if (s->silent_s > 0)
        right = draw_mark(a, right, STYLE_WARN,
                          num_text("no sample for %u s", (unsigned)s->silent_s).s);
    if (v->paused)
        right = draw_mark(a, right, STYLE_WARN, "paused");
    if (s->base != NULL)
        right = draw_mark(a, right, STYLE_WARN,
                          num_text("Δ since %s", clock_text(s->base_at.wall_ns).s).s);
    return right;
}

static int draw_source(const struct scene *s, const struct area *a, int right)
{
    char label[64];
    if (s->live || s->source_label == NULL)
        return right;
    const char *source = replayed(s) != NULL ? replayed(s) : s->source_label;
    struct area part = area_part(a, 0, 0, 1, a->w);
    size_t n = strnlen(source, sizeof label - 1);
    memcpy(label, source, n);
    label[n] = '\0';
    int columns = text_columns(label);
    if (right - columns < 20)
        return right;
    draw_name(&part, 0, right - columns, columns, STYLE_ACCENT, label);
    return right - columns - 2;
}

/* True when so many columns are left to what stands at the left, and the source has its place. Drawing onto an area
 * without rows measures. */
static bool header_fits(struct scene *s, const struct area *a, enum self_form form, int left)
{
    struct area nothing = area_part(a, 0, 0, 0, a->w);
    int right = draw_marks(s, &nothing, draw_header_right(s, &nothing, form));
    int end = draw_source(s, &nothing, right);
    return end >= left && (end < right || s->live || s->source_label == NULL);
}

static enum self_form self_form_for(struct scene *s, const struct area *a, int named, int shape)
{
    for (int form = SELF_FULL; shape > 0 && form <= SELF_NONE; form++)
        if (header_fits(s, a, (enum self_form)form, named + shape))
            return (enum self_form)form;
    for (int form = SELF_FULL; form < SELF_NONE; form++)
        if (header_fits(s, a, (enum self_form)form, named))
            return (enum self_form)form;
    return SELF_NONE;
}

void header_draw(struct scene *s, const struct area *a)
{
    const char *chip = scene_text(s, ACTOP_METRIC_CHIP, 0);
    const char *host = scene_text(s, ACTOP_METRIC_HOST, 0);
    struct num shape = shape_text(s);
    int named = 1 + 5 + 2 + (chip == NULL ? 0 : text_columns(chip) + 2);
    enum self_form form = self_form_for(s, a, named, text_columns(shape.s));
    int marks = draw_marks(s, a, draw_header_right(s, a, form));
    int right = draw_source(s, a, marks);
    int x = 1;
    x += draw_name(a, 0, x, right - x, STYLE_FOCUS, "actop") + 2;
    if (chip != NULL && right - x > 6)
        x += draw_name(a, 0, x, right - x, STYLE_STRONG, chip) + 2;
    if (text_columns(shape.s) > 0 && right - x >= text_columns(shape.s))
        x += draw_text(a, 0, x, STYLE_TEXT, shape.s) + 2;
    /* The host of a simulated machine is "simulated", which the source says as well where there is room for it. */
    bool told = host != NULL && right < marks && strncmp(s->source_label, host, strlen(host)) == 0;
    if (host != NULL && !told && right - x > 6)
        draw_name(a, 0, x, right - x, STYLE_DIM, host);
}

/* ---- the status line ------------------------------------------------------------------------------- */

static bool stands(struct scene *s, actop_metric metric)
{
    actop_reading r = actop_read(s->sample, metric, 0);
    return actop_has_value(&r) && r.value > 0;
}

static void add_thermal(struct headline *h, struct scene *s)
{
    actop_reading r = actop_read(s->sample, ACTOP_METRIC_THERMAL_STATE, 0);
    actop_reading pressure = actop_read(s->sample, ACTOP_METRIC_THERMAL_PRESSURE, 0);
    const char *name = actop_has_value(&r) ? actop_value_name(ACTOP_METRIC_THERMAL_STATE, r.value)
                                           : NULL;
    const char *more = actop_has_value(&pressure) && pressure.value > 0
                           ? actop_value_name(ACTOP_METRIC_THERMAL_PRESSURE, pressure.value)
                           : NULL;
    if (name == NULL)
        return;
    uint8_t style = r.value >= 2 ? STYLE_BAD : r.value >= 1 ? STYLE_WARN : STYLE_TEXT;
    uint8_t rank = r.value >= 1 || more != NULL ? 3 : 5; /* all is well: the first to go */
    headline_add(h, STYLE_DIM, rank, 3, num_text("thermal"));
    headline_add(h, style, rank, 1,
                 more == NULL ? num_text("%.20s", name) : num_text("%.20s, %.20s", name, more));
}

static struct num throttle_token(struct scene *s)
{
    bool cpu = stands(s, ACTOP_METRIC_ALERT_CPU);
    bool gpu = stands(s, ACTOP_METRIC_ALERT_GPU);
    return num_text("THROTTLING:%s%s%s", cpu ? "CPU" : "", cpu && gpu ? "," : "", gpu ? "GPU" : "");
}

/* Alerts in the order they always had, then what throttling has cost. */
static void add_alerts(struct headline *h, struct scene *s)
{
    actop_reading rise = actop_read(s->sample, ACTOP_METRIC_SWAP_RISE, 0);
    actop_reading cpu = actop_read(s->sample, ACTOP_METRIC_CPU_LOST, 0);
    actop_reading gpu = actop_read(s->sample, ACTOP_METRIC_GPU_LOST, 0);
    if (stands(s, ACTOP_METRIC_ALERT_THERMAL))
        headline_add(h, STYLE_BAD, 0, 3, num_text("THERMAL"));
    if (stands(s, ACTOP_METRIC_ALERT_CPU) || stands(s, ACTOP_METRIC_ALERT_GPU))
        headline_add(h, STYLE_BAD, 0, 2, throttle_token(s));
    if (stands(s, ACTOP_METRIC_ALERT_MEM_BOUND))
        headline_add(h, STYLE_WARN, 0, 2,
                     num_text("MEM-BOUND>%s", num_percent(s->alert_bandwidth_ratio, false).s));
    if (stands(s, ACTOP_METRIC_ALERT_SWAP))
        headline_add(h, STYLE_WARN, 0, 2,
                     num_text("SWAP+%sGi", num_plain(rise.value / 1073741824.0, 1, false).s));
    if (stands(s, ACTOP_METRIC_ALERT_PACKAGE))
        headline_add(h, STYLE_WARN, 0, 2,
                     num_text("PKG>%s", num_percent(s->alert_package_ratio, false).s));
    if (actop_has_value(&cpu) && cpu.value >= 0.005)
        headline_add(h, STYLE_WARN, 2, 2,
                     num_text("CPU loses %s", num_percent(cpu.value, false).s));
    if (actop_has_value(&gpu) && gpu.value >= 0.005)
        headline_add(h, STYLE_WARN, 2, 2,
                     num_text("GPU loses %s", num_percent(gpu.value, false).s));
}

/* Verdicts in between name what limits the work; the others say that nothing does (metrics.def). */
enum { VERDICT_FIRST_LIMIT = 1, VERDICT_LAST_LIMIT = 8, SHORT_STATUS = 110 };

/* Its two numbers; the explaining words go where the line is short: "bandwidth 92% of its ceiling". */
static struct num because_text(const char *because, int columns)
{
    static const char words[] = " of its ceiling";
    struct num text = num_text("(%.50s)", because);
    char *at = columns < SHORT_STATUS ? strstr(text.s, words) : NULL;
    if (at != NULL)
        memmove(at, at + sizeof words - 1, strlen(at + sizeof words - 1) + 1);
    return text;
}

static void add_verdict(struct headline *h, struct scene *s, int columns)
{
    actop_reading r = actop_read(s->sample, ACTOP_METRIC_BOTTLENECK, 0);
    const char *name = actop_has_value(&r) ? actop_value_name(ACTOP_METRIC_BOTTLENECK, r.value)
                                           : NULL;
    const char *because = scene_text(s, ACTOP_METRIC_BOTTLENECK_BECAUSE, 0);
    if (name == NULL)
        return;
    if (r.value >= VERDICT_FIRST_LIMIT && r.value <= VERDICT_LAST_LIMIT)
        headline_add(h, STYLE_DIM, 3, 3, num_text("limited by"));
    headline_add(h, STYLE_ACCENT, 1, h->n > 0 && h->pieces[h->n - 1].style == STYLE_DIM ? 1 : 3,
                 num_text("%.40s", r.value > VERDICT_LAST_LIMIT ? "nothing stands out" : name));
    if (because != NULL)
        headline_add(h, STYLE_DIM, 4, 1, because_text(because, columns));
}

/* The seek bar, for drawing and for clicks: its columns, and the samples at its ends. */
struct seek_bar {
    struct num left, number, keys;
    int x, end;
    uint64_t first, last, played;
};

static bool same_day(int64_t wall_ns, int64_t other_ns)
{
    struct tm day, other_day;
    time_t seconds = (time_t)(wall_ns / 1000000000), other = (time_t)(other_ns / 1000000000);
    return localtime_r(&seconds, &day) == NULL || localtime_r(&other, &other_day) == NULL ||
           (day.tm_year == other_day.tm_year && day.tm_yday == other_day.tm_yday);
}

/* A moment at an end of the bar; with its day where there are several. */
static struct num end_text(const actop_span *span, int64_t wall_ns)
{
    struct tm local;
    time_t seconds = (time_t)(wall_ns / 1000000000);
    if (same_day(span->first_wall_ns, span->last_wall_ns) || localtime_r(&seconds, &local) == NULL)
        return clock_text(wall_ns);
    return num_text("%02d-%02d %02d:%02d", local.tm_mon + 1, local.tm_mday, local.tm_hour,
                    local.tm_min);
}

static struct num seek_keys(const struct scene *s)
{
    if (s->span.last == 0)
        return num_text("   \u2190\u2192 walk   End now");
    return num_text("   \u2190\u2192 walk   Home End   %s\u2013%s",
                    end_text(&s->span, s->span.first_wall_ns).s,
                    end_text(&s->span, s->span.last_wall_ns).s);
}

static struct seek_bar seek_bar_of(const struct scene *s, int w)
{
    struct seek_bar b = {.first = s->history_first, .played = s->history_last};
    b.last = s->span.last > b.played ? s->span.last : b.played;
    b.last = s->seek > b.last ? s->seek : b.last;
    b.left = clock_text(s->at.wall_ns);
    if (s->running && s->seek > b.first)
        b.left = num_text("reading %2.0f%%",
                          100.0 * (double)(b.played - b.first) / (double)(s->seek - b.first));
    uint64_t at = s->seek < b.first ? b.first : s->seek;
    b.number = num_text("%llu of %llu", (unsigned long long)(at - b.first + 1),
                        (unsigned long long)(b.last - b.first + 1));
    b.keys = seek_keys(s);
    b.x = 1 + text_columns(b.left.s) + 2;
    b.end = w - 1;
    int room = b.end - b.x - 22 - text_columns(b.number.s);
    if (room < text_columns(b.keys.s))
        b.keys.s[0] = '\0';
    if (room < 0)
        b.number.s[0] = '\0';
    else
        b.end -= text_columns(b.number.s) + text_columns(b.keys.s) + 2;
    return b;
}

uint64_t status_seek_at(const struct scene *s, int w, int x)
{
    struct seek_bar b = seek_bar_of(s, w);
    int columns = b.end - b.x - 1;
    double ratio = columns > 0 ? (double)(x - b.x) / columns : 0;
    ratio = ratio < 0 ? 0 : ratio > 1 ? 1 : ratio;
    return b.first + (uint64_t)(ratio * (double)(b.last - b.first) + 0.5);
}

/* Where in history the moment shown is; of a recording also what was not played yet. */
static void draw_seek(struct scene *s, const struct area *a)
{
    struct seek_bar b = seek_bar_of(s, a->w);
    uint64_t seek = s->seek < b.first ? b.first : s->seek;
    double per_sample = b.last > b.first ? (b.end - b.x - 1) / (double)(b.last - b.first) : 0;
    draw_text(a, 0, 1, STYLE_WARN, b.left.s);
    draw_text_right(a, 0, a->w - 1, STYLE_DIM, b.keys.s);
    draw_text_right(a, 0, a->w - 1 - text_columns(b.keys.s), STYLE_DIM, b.number.s);
    if (b.end - b.x < 4)
        return;
    int at = b.last > b.first ? (int)((double)(seek - b.first) * per_sample + 0.5)
                              : b.end - b.x - 1;
    int played = b.last > b.first ? (int)((double)(b.played - b.first) * per_sample + 0.5) : at;
    draw_repeat(a, 0, b.x, b.end - b.x, STYLE_TRACK, 0x2504);
    draw_repeat(a, 0, b.x, played + 1, STYLE_TRACK, 0x2500);
    draw_repeat(a, 0, b.x, at < played ? at : played + 1, STYLE_ACCENT, 0x2501);
    draw_code(a, 0, b.x + at, STYLE_FOCUS, 0x25cf);
}

void status_draw(struct scene *s, const struct area *a, int chart_columns)
{
    struct headline h = {.n = 0};
    struct area line = area_part(a, 0, 1, 1, a->w - 2);
    if (s->sample == NULL)
        return;
    if (s->view->paused && s->history_last > 0) {
        draw_seek(s, a);
        return;
    }
    double per_column = scene_interval_s(s) * (s->view->now.glyph == GLYPH_DOTS ? 2 : 1);
    struct value energy = scene_value(s, ACTOP_METRIC_SESSION_ENERGY, 0);
    add_alerts(&h, s);
    add_verdict(&h, s, a->w);
    add_thermal(&h, s);
    if (energy.has) {
        headline_add(&h, STYLE_DIM, 6, 3, num_text("energy"));
        headline_add(&h, STYLE_TEXT, 6, 1,
                     padded(s, FIELD_ENERGY, num_energy(energy.v, energy.diff)));
    }
    headline_add(&h, STYLE_DIM, 7, 3, num_text("span"));
    headline_add(&h, STYLE_TEXT, 7, 1, num_span(per_column * chart_columns));
    headline_draw(&line, 0, &h);
}

/* ---- the footer ------------------------------------------------------------------------------------ */

static void draw_prompt(struct scene *s, const struct area *a)
{
    int x = 1 + draw_text(a, 0, 1, STYLE_KEY, "filter ");
    int problem = s->view->problem[0] == '\0' ? 0 : text_columns(s->view->problem) + 2;
    int room = a->w - x - 2 - problem;
    room = room < 8 ? a->w - x - 2 : room;
    x += draw_name(a, 0, x, room, STYLE_STRONG, s->view->edit);
    draw_code(a, 0, x, STYLE_TEXT | STYLE_SELECTED, ' ');
    if (problem > 0)
        draw_name(a, 0, x + 2, a->w - x - 3, STYLE_BAD, s->view->problem);
    else
        draw_name(a, 0, x + 2, a->w - x - 3, STYLE_DIM, "Enter keeps, Esc reverts");
}

static int footer_columns(int most)
{
    int columns = 1;
    for (size_t i = 0; i < n_key_rows; i++)
        if (key_rows[i].footer[0] != '\0' && key_rows[i].importance <= most)
            columns += text_columns(key_rows[i].footer) + 4;
    return columns;
}

/* The first character of the label is enough here: "p Space" is p. */
static void draw_keys(const struct area *a)
{
    int most = 0;
    for (size_t i = 0; i < n_key_rows; i++)
        most = key_rows[i].importance > most ? key_rows[i].importance : most;
    while (most > 0 && footer_columns(most) > a->w)
        most--;
    int x = 1;
    for (size_t i = 0; i < n_key_rows; i++) {
        const struct key_row *k = &key_rows[i];
        if (k->footer[0] == '\0' || k->importance > most)
            continue;
        x += draw_code(a, 0, x, STYLE_KEY, k->key) + 1;
        x += draw_text(a, 0, x, STYLE_DIM, k->footer) + 2;
    }
}

void footer_draw(struct scene *s, const struct area *a)
{
    if (s->view->overlay == OVERLAY_FILTER)
        draw_prompt(s, a);
    else if (s->view->toast_until_ns != 0)
        draw_name(a, 0, 1, a->w - 2, STYLE_WARN, s->view->toast);
    else
        draw_keys(a);
}
