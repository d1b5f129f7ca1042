/* SPDX-License-Identifier: MIT */
/* Scene: everything a panel may draw from, for one moment: a sample, the baseline it is compared with, the series behind
 * the charts, the view. Panels read numbers only through here, so that differences, missing values and estimates look
 * alike everywhere. */
#ifndef TUI_SCENE_H
#define TUI_SCENE_H

#include "tui/number.h"
#include "tui/process_list.h"
#include "tui/series.h"
#include "tui/view.h"

enum field {
#define FIELD(id, least) FIELD_##id,
#include "tui/fields.def"
#undef FIELD
    FIELD_COUNT
};

struct scene {
    const actop_sample_t *sample; /* NULL before the first */
    const actop_sample_t *base;   /* NULL: no baseline */
    const struct series *series;
    struct view *view;
    struct process_list *processes;
    uint8_t widths[FIELD_COUNT];  /* high-water marks */
    actop_times at;               /* of sample */
    actop_times base_at;
    uint64_t history_first, history_last;
    actop_span span;              /* of a recording; last is 0: not known */
    bool running;                 /* ahead to the moment asked for, which was not played yet */
    uint64_t seek;                /* while paused: the moment asked for; the sample may still be on its way */
    bool live;
    uint32_t silent_s;            /* no sample has come for so long, and one should have; 0: all is well */
    const char *source_label;     /* what the header says when not live */
    double alert_bandwidth_ratio, alert_package_ratio;
    double self_cpu_ratio;        /* own cost; NAN: not known yet */
    uint64_t self_rss;
    struct {                      /* of the process whose detail is open, asked at each sample */
        actop_status status;      /* OK, or why there is no number */
        uint64_t count;
    } files;
    struct {                      /* last baseline row asked for */
        actop_scope scope;
        uint32_t row;
        int64_t base_row;
    } cache;
};

/* Forget the high-water marks: the screen has a new size, or the numbers a new meaning. */
void scene_reset_widths(struct scene *s);

struct value {
    double v;           /* a difference when a baseline is set */
    bool has;
    bool diff;          /* v is a difference: show its sign */
    bool estimated;
    actop_state state;  /* why there is none */
    double now;         /* the plain value, for bars and charts */
};

struct value scene_value(struct scene *s, actop_metric metric, uint32_t row);
/* The first of two that the machine can tell. */
struct value scene_either(struct scene *s, actop_metric metric, uint32_t row, actop_metric other, uint32_t other_row);
/* True when the machine can tell it, be it not at this moment. */
static inline bool value_known(const struct value *v)
{
    return v->state != ACTOP_STATE_NONE && v->state != ACTOP_STATE_UNSUPPORTED;
}
/* A text metric; NULL when there is none. Borrowed from the sample. */
const char *scene_text(const struct scene *s, actop_metric metric, uint32_t row);
/* Name and key of a row; "" when there is none. */
const char *scene_name(const struct scene *s, actop_scope scope, uint32_t row);
const char *scene_key(const struct scene *s, actop_scope scope, uint32_t row);
uint32_t scene_rows(const struct scene *s, actop_scope scope);

/* True when what is shown comes from a source of that scheme: "replay:", "http://". */
bool scene_source_is(const struct scene *s, const char *scheme);
/* Time between two samples: a recording and a server have their own, whatever was asked for. */
double scene_interval_s(const struct scene *s);

/* Text of a value by one of number.h's functions: "~" before an estimate, a dash and the reason for none. */
struct num value_text(const struct value *v, struct num (*format)(double, bool));

/* Pad on the left to the widest this field has been. */
struct num padded(struct scene *s, enum field field, struct num text);
/* The same with the blanks on the right: for numbers at the left edge of what follows. */
struct num padded_right(struct scene *s, enum field field, struct num text);
struct num padded_value(struct scene *s, enum field field, const struct value *v, struct num (*format)(double, bool));

/* Values of a chart of that width ending at the moment shown; chart.h says how many. */
void scene_chart(const struct scene *s, actop_metric metric, const char *entity, int width, float *out);
double highest(const float *values, size_t n);

#endif
