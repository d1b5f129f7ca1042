/* SPDX-License-Identifier: MIT */
/* Scene; see scene.h. */
#include "tui/scene.h"

#include <math.h>
#include <string.h>

void scene_reset_widths(struct scene *s)
{
    static const uint8_t least[FIELD_COUNT] = {
#define FIELD(id, least) least,
#include "tui/fields.def"
#undef FIELD
    };
    memcpy(s->widths, least, sizeof least);
}

uint32_t scene_rows(const struct scene *s, actop_scope scope)
{
    return s->sample == NULL ? 0 : actop_rows(s->sample, scope);
}

const char *scene_key(const struct scene *s, actop_scope scope, uint32_t row)
{
    actop_entity e;
    if (s->sample == NULL || actop_entity_at(s->sample, scope, row, &e) != ACTOP_OK)
        return "";
    return e.key;
}

const char *scene_name(const struct scene *s, actop_scope scope, uint32_t row)
{
    actop_entity e;
    if (s->sample == NULL || actop_entity_at(s->sample, scope, row, &e) != ACTOP_OK)
        return "";
    return e.name;
}

const char *scene_text(const struct scene *s, actop_metric metric, uint32_t row)
{
    if (s->sample == NULL)
        return NULL;
    actop_reading r = actop_read(s->sample, metric, row);
    return actop_has_value(&r) ? r.text : NULL;
}

/* The same entity in the baseline, where rows may stand in another order. */
static int64_t base_row(struct scene *s, actop_scope scope, uint32_t row)
{
    if (scope == ACTOP_SCOPE_MACHINE)
        return 0;
    if (s->cache.scope != scope || s->cache.row != row) {
        s->cache.scope = scope;
        s->cache.row = row;
        s->cache.base_row = actop_entity_find(s->base, scope, scene_key(s, scope, row));
    }
    return s->cache.base_row;
}

struct value scene_value(struct scene *s, actop_metric metric, uint32_t row)
{
    struct value v = {.state = ACTOP_STATE_NONE};
    if (s->sample == NULL)
        return v;
    actop_reading r = actop_read(s->sample, metric, row);
    v.state = r.state;
    v.has = actop_has_value(&r) && r.text == NULL;
    v.estimated = r.origin == ACTOP_ESTIMATED;
    v.v = v.now = r.value;
    if (s->base == NULL || !v.has)
        return v;
    int64_t there = base_row(s, actop_metric_get(metric)->scope, row);
    actop_reading then = there < 0 ? (actop_reading){0}
                                   : actop_read(s->base, metric, (uint32_t)there);
    v.diff = true;
    v.v = r.value - (actop_has_value(&then) ? then.value : 0);
    return v;
}

struct value scene_either(struct scene *s, actop_metric metric, uint32_t row, actop_metric other,
                          uint32_t other_row)
{
    struct value v = scene_value(s, metric, row);
    return value_known(&v) ? v : scene_value(s, other, other_row);
}

struct num value_text(const struct value *v, struct num (*format)(double, bool))
{
    if (!v->has)
        return num_text("– %s", actop_state_name(v->state));
    struct num n = format(v->v, v->diff);
    return v->estimated ? num_text("~%s", n.s) : n;
}

static int missing_columns(struct scene *s, enum field field, const struct num *text)
{
    int columns = text_columns(text->s);
    if (columns > s->widths[field] && columns < 24)
        s->widths[field] = (uint8_t)columns;
    return s->widths[field] > columns ? s->widths[field] - columns : 0;
}

struct num padded(struct scene *s, enum field field, struct num text)
{
    int pad = missing_columns(s, field, &text);
    return pad > 0 ? num_text("%*s%s", pad, "", text.s) : text;
}

struct num padded_right(struct scene *s, enum field field, struct num text)
{
    int pad = missing_columns(s, field, &text);
    return pad > 0 ? num_text("%s%*s", text.s, pad, "") : text;
}

struct num padded_value(struct scene *s, enum field field, const struct value *v,
                        struct num (*format)(double, bool))
{
    struct num text = value_text(v, format);
    return v->has ? padded(s, field, text) : text; /* a reason is no number */
}

/* The last cell of dots may be half past the moment shown; the series may know that value already. */
void scene_chart(const struct scene *s, actop_metric metric, const char *entity, int width,
                 float *out)
{
    enum glyph glyph = s->view->now.glyph;
    size_t n = chart_values(glyph, width);
    uint64_t end = chart_end(glyph, s->at.seq);
    series_get(s->series, metric, entity, end, out, n);
    if (end > s->at.seq && n > 0)
        out[n - 1] = (float)NAN;
}

double highest(const float *values, size_t n)
{
    double high = 0;
    for (size_t i = 0; i < n; i++)
        if (!isnan(values[i]) && (double)values[i] > high)
            high = (double)values[i];
    return high;
}

bool scene_source_is(const struct scene *s, const char *scheme)
{
    return s->source_label != NULL && strncmp(s->source_label, scheme, strlen(scheme)) == 0;
}

/* What was measured wavers: it is that asked for where it is near, else in tenths. */
double scene_interval_s(const struct scene *s)
{
    double asked_s = s->view->now.interval_s;
    double real_s = (double)s->at.interval_ns / 1e9;
    if (s->at.interval_ns <= 0 || s->at.gap || fabs(real_s - asked_s) <= 0.1 * asked_s)
        return asked_s;
    return real_s < 1 ? real_s : round(real_s * 10) / 10;
}
