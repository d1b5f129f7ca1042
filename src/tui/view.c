/* SPDX-License-Identifier: MIT */
/* View; see view.h. */
#include "tui/view.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "tui/theme.h"

static const char *const glyph_words[GLYPH_COUNT] = {
    [GLYPH_DOTS] = "dots", [GLYPH_BLOCK] = "block", [GLYPH_ASCII] = "ascii"};

const char *glyph_name(enum glyph glyph)
{
    return glyph_words[glyph];
}

static int find_word(const char *const *words, int n, const char *word)
{
    for (int i = 0; i < n; i++)
        if (strcmp(words[i], word) == 0)
            return i;
    return -1;
}

/* number < 0: the name was not found. */
static actop_status found(int number, const char *what, const char *name, actop_error *err)
{
    if (number >= 0)
        return ACTOP_OK;
    return error_set(err, ACTOP_E_ARGUMENT, "there is no %s called '%s'", what, name);
}

static actop_status take_names(struct settings *s, const struct tui_options *o, actop_error *err)
{
    static const char *const layouts[] = {"grid", "stack"};
    const char *glyph = o->chart_glyph == NULL ? "dots" : o->chart_glyph;
    const char *layout = o->layout == NULL ? "grid" : o->layout;
    const char *palette = o->palette == NULL ? "thermal" : o->palette;
    const char *theme = o->theme == NULL ? "dark" : o->theme;
    int n_glyph = find_word(glyph_words, GLYPH_COUNT, glyph);
    int n_layout = find_word(layouts, 2, layout);
    s->palette = palette_find(palette);
    s->theme = theme_find(theme);
    actop_status st = found(n_glyph, "chart glyph", glyph, err);
    if (st == ACTOP_OK)
        st = found(n_layout, "layout", layout, err);
    if (st == ACTOP_OK)
        st = found(s->palette, "palette", palette, err);
    if (st == ACTOP_OK)
        st = found(s->theme, "theme", theme, err);
    if (st == ACTOP_OK) {
        s->glyph = (enum glyph)n_glyph;
        s->stack = n_layout == 1;
    }
    return st;
}

actop_status view_init(struct view *v, const struct tui_options *o, actop_error *err)
{
    memset(v, 0, sizeof *v);
    struct settings *s = &v->now;
    actop_status st = take_names(s, o, err);
    if (st != ACTOP_OK)
        return st;
    if (!(o->interval_s >= 0.1 && o->interval_s <= 86400))
        return error_set(err, ACTOP_E_ARGUMENT, "the interval must be from 0.1 s to a day");
    if (o->process_filter != NULL && strlen(o->process_filter) >= sizeof s->filter)
        return error_set(err, ACTOP_E_ARGUMENT, "the process filter is longer than %zu bytes",
                         sizeof s->filter - 1);
    s->interval_s = o->interval_s;
    s->show_cores = o->show_cores;
    s->show_residency = o->show_residency;
    s->show_processes = o->show_processes;
    s->scale_auto = o->scale_auto;
    if (o->process_filter != NULL)
        memcpy(s->filter, o->process_filter, strlen(o->process_filter) + 1);
    v->saved = *s;
    v->focus = s->show_processes ? PANEL_PROCESSES : PANEL_CPU;
    return ACTOP_OK;
}

unsigned view_scopes(const struct view *v)
{
    unsigned scopes = ACTOP_WANT_DEFAULT;
    if (v->now.show_processes)
        scopes |= panel_scopes(PANEL_PROCESSES);
    if (v->overlay == OVERLAY_DETAIL || (v->zoomed && v->focus == PANEL_PROCESSES))
        scopes |= ACTOP_WANT_CMDLINE; /* a zoomed table has room for command lines */
    if (v->now.show_processes && v->group)
        scopes |= ACTOP_WANT_CMDLINE; /* executables tell which application a process is of */
    return scopes;
}

void view_toast(struct view *v, int64_t now_ns, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(v->toast, sizeof v->toast, fmt, args);
    va_end(args);
    v->toast_until_ns = now_ns + 4000000000;
}
