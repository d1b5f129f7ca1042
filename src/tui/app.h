/* SPDX-License-Identifier: MIT */
/* App: the screen without a terminal. Samples and events go in, a grid comes out; tui.c connects it with the terminal and the
 * session's thread, tests with whatever they like. */
#ifndef TUI_APP_H
#define TUI_APP_H

#include "tui/input.h"
#include "tui/screen.h"

struct app {
    actop_session *session; /* borrowed; NULL: nothing can be asked of it (tests) */
    const struct tui_options *options;
    void (*fetch)(void *context, uint64_t seq); /* asks for a sample of the past, which comes by app_arrive; NULL: at once */
    void *fetch_context;
    struct view view;
    struct scene scene;
    struct series series;
    struct process_list processes;
    struct layout plan;               /* of the last drawing */
    const actop_sample_t *newest;     /* references */
    const actop_sample_t *shown;
    const actop_sample_t *base;
    uint32_t wanted;                  /* what the session was told last */
    bool quit;
    bool dirty;                       /* something to draw */
    uint64_t target;                  /* sample that a recording runs ahead to; 0: it keeps its pace */
    bool ended;                       /* no sample will come any more, and that is well */
    bool over;                        /* no sample will come any more */
    uint32_t taken, timed;            /* samples that came, and those of which app_tick knows when */
    int64_t took_ns, spacing_ns;      /* when the newest came, and how long after the one before; awake clock */
    int64_t self_cpu_ns, self_at_ns;  /* own cost at the last sample */
};

/* Zeroed memory first. */
actop_status app_init(struct app *a, actop_session *s, const struct tui_options *o, actop_error *err);
void app_release(struct app *a);

/* Take a new sample and the reference to it. */
void app_take(struct app *a, const actop_sample_t *sample);

/* A sample of the past that was asked for, and the reference to it. */
void app_arrive(struct app *a, const actop_sample_t *sample);

/* One key or click. now_ns: awake clock. */
void app_event(struct app *a, const struct event *e, int64_t now_ns);

/* Time passes: toasts end, and a silent source is told of. Returns when something will next change by itself; -1: nothing. */
int64_t app_tick(struct app *a, int64_t now_ns);

/* Measure the program's own cost since the last call. */
void app_measure_self(struct app *a);

/* Draw everything. */
void app_draw(struct app *a, struct grid *g);

/* actions.c: what each action does. */
#include "tui/keys.h"
void app_act(struct app *a, enum action action, int64_t now_ns);
/* Show a sample of the past; what was not played yet is run to, and shown when it is reached. Where nothing can run ahead
 * the newest is shown. */
void app_walk(struct app *a, uint64_t seq);
/* Show the newest, and run ahead no more. */
void app_now(struct app *a);
/* Sampling has ended by itself, and no sample will come any more. well: because nothing is left. */
void app_end(struct app *a, bool well);
/* How far the recording goes, from the session. */
void app_span(struct app *a, const actop_span *span);
/* Tell the session what is wanted now. */
void app_want(struct app *a);
/* Refresh what is derived from the sample shown and the choices. */
void app_refresh(struct app *a);

#endif
