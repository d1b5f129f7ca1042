/* SPDX-License-Identifier: MIT */
/* Settings; see settings.h. The names are those of the command line, which reads the file. */
#include "tui/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/file.h"
#include "tui/theme.h"

enum { SETTINGS = 9 };

struct setting {
    const char *name;
    char value[280];
    bool changed;
};

static void set(struct setting *out, const char *name, const char *value, bool changed)
{
    out->name = name;
    out->changed = changed;
    (void)snprintf(out->value, sizeof out->value, "%s", value);
}

static const char *yes_no(bool v)
{
    return v ? "true" : "false";
}

static void list_settings(struct setting out[SETTINGS], const struct settings *now,
                          const struct settings *saved)
{
    char interval[32];
    struct buf b;
    double diff = now->interval_s - saved->interval_s;
    buf_init_fixed(&b, interval, sizeof interval);
    buf_put_double(&b, now->interval_s);
    set(&out[0], "interval", interval, diff > 1e-9 || diff < -1e-9);
    set(&out[1], "show_cores", yes_no(now->show_cores), now->show_cores != saved->show_cores);
    set(&out[2], "show-residency", yes_no(now->show_residency),
        now->show_residency != saved->show_residency);
    set(&out[3], "show-processes", yes_no(now->show_processes),
        now->show_processes != saved->show_processes);
    set(&out[4], "proc-filter", now->filter, strcmp(now->filter, saved->filter) != 0);
    set(&out[5], "chart-glyph", glyph_name(now->glyph), now->glyph != saved->glyph);
    set(&out[6], "layout", now->stack ? "stack" : "grid", now->stack != saved->stack);
    set(&out[7], "palette", palette_name(now->palette), now->palette != saved->palette);
    set(&out[8], "theme", theme_name(now->theme), now->theme != saved->theme);
}

/* True for "name = …", whatever the blanks; - and _ are the same in names. */
static bool line_is(const char *line, size_t n, const char *name)
{
    size_t i = 0;
    while (i < n && (line[i] == ' ' || line[i] == '\t'))
        i++;
    for (; *name != '\0'; name++, i++) {
        char c = i < n && line[i] == '_' ? '-' : i < n ? line[i] : '\0';
        if (c != (*name == '_' ? '-' : *name))
            return false;
    }
    while (i < n && (line[i] == ' ' || line[i] == '\t'))
        i++;
    return i < n && line[i] == '=';
}

static void put_setting(struct buf *out, const struct setting *s)
{
    buf_puts(out, s->name);
    buf_puts(out, " = ");
    buf_puts(out, s->value);
    buf_putc(out, '\n');
}

/* Start of the last line of a name; NULL for none. */
static const char *last_line_of(const struct buf *text, const char *name)
{
    const char *found = NULL;
    const char *end = text->data + text->len;
    for (const char *line = text->data; line != NULL && line < end;) {
        const char *stop = memchr(line, '\n', (size_t)(end - line));
        stop = stop == NULL ? end : stop;
        if (line_is(line, (size_t)(stop - line), name))
            found = line;
        line = stop + 1;
    }
    return found;
}

static void replace(struct buf *text, const struct setting *s)
{
    struct buf out = BUF_INIT;
    const char *line = last_line_of(text, s->name);
    if (line == NULL) {
        if (text->len > 0 && text->data[text->len - 1] != '\n')
            buf_putc(text, '\n');
        put_setting(text, s);
        return;
    }
    const char *end = text->data + text->len;
    const char *stop = memchr(line, '\n', (size_t)(end - line));
    buf_put(&out, text->data, (size_t)(line - text->data));
    put_setting(&out, s);
    if (stop != NULL)
        buf_put(&out, stop + 1, (size_t)(end - stop - 1));
    out.failed = out.failed || text->failed;
    buf_release(text);
    *text = out;
}

actop_status settings_save(const char *path, const struct settings *now,
                           const struct settings *saved, int *changed, actop_error *err)
{
    struct setting list[SETTINGS];
    struct buf text = BUF_INIT;
    *changed = 0;
    list_settings(list, now, saved);
    char *real = realpath(path, NULL); /* a link stays one: many keep their settings elsewhere */
    path = real != NULL ? real : path;
    actop_status st = file_read(path, SIZE_MAX, &text, err);
    st = st == ACTOP_E_NOT_FOUND ? ACTOP_OK : st;
    for (size_t i = 0; st == ACTOP_OK && i < SETTINGS; i++) {
        if (!list[i].changed)
            continue;
        replace(&text, &list[i]);
        (*changed)++;
    }
    if (st == ACTOP_OK && text.failed)
        st = error_no_memory(err, "the configuration");
    if (st == ACTOP_OK && *changed > 0)
        st = file_replace(path, &text, err);
    buf_release(&text);
    free(real);
    return st;
}
