/* SPDX-License-Identifier: MIT */
/* The table of options, and one value of one option: checked by its kind, stored when its place is not beaten. */
#include "cli/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <actop/actop.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/number.h"
#include "base/pattern.h"
#include "base/vec.h"

enum {
    ANYWHERE = PLACE_FILE | PLACE_ENVIRONMENT | PLACE_COMMAND_LINE,
    COMMAND_LINE = PLACE_COMMAND_LINE,
    ENVIRONMENT = PLACE_ENVIRONMENT
};

const struct option_row option_rows[] = {
#define OPTION(id, kind, field, name, alias, value, low, high, def, section, places, help)         \
    {name,                                                                                         \
     alias,                                                                                        \
     value,                                                                                        \
     def,                                                                                          \
     help,                                                                                         \
     low,                                                                                          \
     high,                                                                                         \
     offsetof(struct options, field),                                                              \
     OPTION_##id,                                                                                  \
     KIND_##kind,                                                                                  \
     SECTION_##section,                                                                            \
     places},
#include "cli/options.def"
#undef OPTION
};

const char *const option_headings[] = {
#define SECTION(id, heading) heading,
#include "cli/sections.def"
#undef SECTION
};

/* ---- Kinds: what a text must be, and how it is stored ---------------------------------------------------------- */

static const struct {
    const char *text;
    bool value;
} switch_words[] = {
    {"yes", true}, {"true", true},   {"on", true},   {"1", true},
    {"no", false}, {"false", false}, {"off", false}, {"0", false},
};

static actop_status set_switch(const struct option_row *row, const char *text, void *field,
                               actop_error *err)
{
    (void)row;
    for (size_t i = 0; i < sizeof switch_words / sizeof switch_words[0]; i++)
        if (strcmp(text, switch_words[i].text) == 0) {
            *(bool *)field = switch_words[i].value;
            return ACTOP_OK;
        }
    return error_set(err, ACTOP_E_ARGUMENT, "must be yes or no: '%s'", text);
}

static void put_bound(struct buf *b, double bound)
{
    if (bound >= (double)(int64_t)bound && bound <= (double)(int64_t)bound)
        buf_put_i64(b, (int64_t)bound);
    else
        buf_put_double(b, bound);
}

/* Whether v may stand; the sentence says which end it passed, or both ends of a short range. */
static actop_status check_range(const struct option_row *row, double v, actop_error *err)
{
    bool positive = row->kind == KIND_POSITIVE || row->kind == KIND_SPEED;
    bool low = v < row->low || (positive && v <= 0);
    if (!low && v <= row->high)
        return ACTOP_OK;
    char text[64];
    struct buf b;
    buf_init_fixed(&b, text, sizeof text);
    bool both = row->kind == KIND_COUNT && row->high <= 65535;
    buf_puts(&b, both ? "in the range " : !low ? "at most " : positive ? "above " : "at least ");
    put_bound(&b, low || both ? row->low : row->high);
    if (both) {
        buf_putc(&b, '-');
        put_bound(&b, row->high);
    }
    return error_set(err, ACTOP_E_ARGUMENT, "must be %s", text);
}

static actop_status set_count(const struct option_row *row, const char *text, void *field,
                              actop_error *err)
{
    const char *digits = text[0] == '-' || text[0] == '+' ? text + 1 : text;
    size_t n = strlen(digits);
    if (n == 0 || strspn(digits, "0123456789") != n)
        return error_set(err, ACTOP_E_ARGUMENT, "must be a whole number: '%s'", text);
    double v = text[0] == '-' ? -1e15 : 1e18; /* what has too many digits is past any range */
    (void)number_parse(text, n + (size_t)(digits - text), &v);
    actop_status st = check_range(row, v, err);
    if (st == ACTOP_OK)
        *(int64_t *)field = (int64_t)v;
    return st;
}

static actop_status set_number(const struct option_row *row, const char *text, void *field,
                               actop_error *err)
{
    double v = 0;
    if (!number_parse(text, strlen(text), &v))
        return error_set(err, ACTOP_E_ARGUMENT, "must be a number: '%s'", text);
    actop_status st = check_range(row, v, err);
    if (st == ACTOP_OK)
        *(double *)field = v;
    return st;
}

static actop_status set_speed(const struct option_row *row, const char *text, void *field,
                              actop_error *err)
{
    double v;
    if (strcmp(text, "max") != 0)
        return number_parse(text, strlen(text), &v)
                   ? set_number(row, text, field, err)
                   : error_set(err, ACTOP_E_ARGUMENT, "must be a number or max: '%s'", text);
    *(double *)field = 0;
    return ACTOP_OK;
}

static actop_status set_text(const struct option_row *row, const char *text, void *field,
                             actop_error *err)
{
    (void)row;
    if (text[0] == '\0')
        return error_set(err, ACTOP_E_ARGUMENT, "must not be empty");
    *(const char **)field = text;
    return ACTOP_OK;
}

/* Empty is allowed: it takes a filter from a lower place back. */
static actop_status set_regex(const struct option_row *row, const char *text, void *field,
                              actop_error *err)
{
    (void)row;
    regex_t compiled;
    char why[128];
    if (!pattern_compile(&compiled, text, why, sizeof why))
        return error_set(err, ACTOP_E_ARGUMENT, "not a regular expression: %s", why);
    regfree(&compiled);
    *(const char **)field = text;
    return ACTOP_OK;
}

static bool is_named(const char *(*name_at)(size_t index), const char *text, size_t n)
{
    for (size_t i = 0; name_at(i) != NULL; i++)
        if (strncmp(name_at(i), text, n) == 0 && name_at(i)[n] == '\0')
            return true;
    return false;
}

/* "m4-max", or "m4-max+LOAD". */
static actop_status check_machine(const char *text, actop_error *err)
{
    char loads[160] = "";
    size_t n = strcspn(text, "+"), used = 0;
    if (!is_named(actop_machine_name, text, n))
        return error_set(err, ACTOP_E_ARGUMENT,
                         "no simulated machine '%.*s' (see actop demo --list)", (int)n, text);
    if (text[n] == '\0' || is_named(actop_load_name, text + n + 1, strlen(text + n + 1)))
        return ACTOP_OK;
    for (size_t i = 0; actop_load_name(i) != NULL && used < sizeof loads; i++)
        used += (size_t)snprintf(loads + used, sizeof loads - used, "%s%s", i == 0 ? "" : ", ",
                                 actop_load_name(i));
    return error_set(err, ACTOP_E_ARGUMENT, "no load '%s' (choose from %s)", text + n + 1, loads);
}

static actop_status set_source(const struct option_row *row, const char *text, void *field,
                               actop_error *err)
{
    static const char *const whole[] = {"auto", "apple", "linux", "none"};
    static const char *const heads[] = {"replay:", "sim:", "http://"};
    bool good = false;
    (void)row;
    for (size_t i = 0; i < sizeof whole / sizeof whole[0]; i++)
        good = good || strcmp(text, whole[i]) == 0;
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        size_t n = strlen(heads[i]);
        good = good || (strncmp(text, heads[i], n) == 0 && text[n] != '\0');
    }
    if (!good)
        return error_set(err, ACTOP_E_ARGUMENT,
                         "must be auto, apple, linux, replay:FILE, sim:CHIP or http://HOST:PORT: "
                         "'%s'",
                         text);
    actop_status st = strncmp(text, "sim:", 4) == 0 ? check_machine(text + 4, err) : ACTOP_OK;
    if (st == ACTOP_OK)
        *(const char **)field = text;
    return st;
}

static actop_status set_list(const struct option_row *row, const char *text, void *field,
                             actop_error *err)
{
    struct option_list *list = field;
    const char *item = NULL;
    actop_status st = set_text(row, text, &item, err);
    if (st != ACTOP_OK)
        return st;
    if (!VEC_GROW(list->items, list->cap, list->n + 1))
        return error_no_memory(err, "a list of an option");
    list->items[list->n++] = item;
    return ACTOP_OK;
}

/* One word of "a|b|c=a": its length, where the next one begins (NULL: none), and what it stands for. */
struct choice_word {
    const char *name, *means, *next;
    int name_len, means_len;
};

static struct choice_word choice_word(const char *words)
{
    int n = (int)strcspn(words, "|");
    const char *equals = memchr(words, '=', (size_t)n);
    struct choice_word w = {words, words, words[n] == '|' ? words + n + 1 : NULL, n, n};
    if (equals != NULL) {
        w.name_len = (int)(equals - words);
        w.means = equals + 1;
        w.means_len = n - w.name_len - 1;
    }
    return w;
}

/* Place of a word, other names resolved; -1 when it is none. */
static int choice_place(const char *words, const char *text, size_t len)
{
    int place = 0;
    for (const char *at = words; at != NULL; place++) {
        struct choice_word w = choice_word(at);
        if ((size_t)w.name_len == len && strncmp(w.name, text, len) == 0)
            return w.means == w.name ? place : choice_place(words, w.means, (size_t)w.means_len);
        at = w.next;
    }
    return -1;
}

static actop_status set_choice(const struct option_row *row, const char *text, void *field,
                               actop_error *err)
{
    int place = choice_place(row->value, text, strlen(text));
    if (place >= 0) {
        *(int *)field = place;
        return ACTOP_OK;
    }
    char words[160] = "";
    size_t n = 0;
    for (const char *at = row->value; at != NULL && n < sizeof words; at = choice_word(at).next) {
        struct choice_word w = choice_word(at);
        if (w.means == w.name)
            n += (size_t)snprintf(words + n, sizeof words - n, "%s%.*s", n == 0 ? "" : ", ",
                                  w.name_len, w.name);
    }
    return error_set(err, ACTOP_E_ARGUMENT, "invalid choice: '%s' (choose from %s)", text, words);
}

static actop_status (*const setters[])(const struct option_row *, const char *, void *,
                                       actop_error *) = {
    [KIND_SWITCH] = set_switch, [KIND_TOGGLE] = set_switch,   [KIND_COUNT] = set_count,
    [KIND_NUMBER] = set_number, [KIND_POSITIVE] = set_number, [KIND_SPEED] = set_speed,
    [KIND_CHOICE] = set_choice, [KIND_TEXT] = set_text,       [KIND_REGEX] = set_regex,
    [KIND_SOURCE] = set_source, [KIND_LIST] = set_list,
};

/* ---- Values -------------------------------------------------------------------------------------------------------- */

static void *field_of(struct options *o, const struct option_row *row)
{
    return (char *)o + row->offset;
}

/* A value from a place that is beaten is checked all the same, into a field that nobody reads. */
static actop_status check_only(const struct option_row *row, const char *value, actop_error *err)
{
    union {
        bool flag;
        int64_t count;
        double number;
        int choice;
        const char *text;
        struct option_list list;
    } unused;
    memset(&unused, 0, sizeof unused);
    actop_status st = setters[row->kind](row, value, &unused, err);
    if (row->kind == KIND_LIST)
        free(unused.list.items);
    return st;
}

actop_status options_set(struct options *o, enum option_id id, const char *value,
                         enum option_place place, actop_error *err)
{
    const struct option_row *row = &option_rows[id];
    if ((uint8_t)place < o->set_by[id])
        return check_only(row, value, err);
    if (row->kind == KIND_LIST && (uint8_t)place > o->set_by[id])
        ((struct option_list *)field_of(o, row))->n = 0;
    actop_status st = setters[row->kind](row, value, field_of(o, row), err);
    if (st == ACTOP_OK)
        o->set_by[id] = (uint8_t)place;
    return st;
}

static void set_default(struct options *o, const struct option_row *row)
{
    if (row->def[0] != '\0')
        (void)setters[row->kind](row, row->def, field_of(o, row), NULL);
    else if (row->kind == KIND_COUNT)
        *(int64_t *)field_of(o, row) = -1;
    else if (row->kind == KIND_SPEED)
        *(double *)field_of(o, row) = -1;
}

void options_init(struct options *o)
{
    memset(o, 0, sizeof *o);
    for (size_t i = 0; i < OPTION_COUNT; i++)
        set_default(o, &option_rows[i]);
}

void options_release(struct options *o)
{
    free(o->allow_hosts.items);
    free(o->words.items);
    free(o->config_text);
    free(o->config_path);
    memset(o, 0, sizeof *o);
}

const char *options_choice(const struct options *o, enum option_id id, char *buf, size_t size)
{
    const struct option_row *row = &option_rows[id];
    int place;
    memcpy(&place, (const char *)o + row->offset, sizeof place);
    const char *at = row->value;
    while (place-- > 0)
        at = choice_word(at).next;
    (void)snprintf(buf, size, "%.*s", choice_word(at).name_len, at);
    return buf;
}

/* ---- Names --------------------------------------------------------------------------------------------------------- */

static bool same_name(const char *name, const char *text, size_t n)
{
    if (name[0] == '\0' || strlen(name) != n)
        return false;
    for (size_t i = 0; i < n; i++)
        if (name[i] != text[i] && !(strchr("-_", name[i]) != NULL && strchr("-_", text[i]) != NULL))
            return false;
    return true;
}

const struct option_row *options_find(const char *name, size_t n)
{
    for (size_t i = 0; i < OPTION_COUNT; i++)
        if (same_name(option_rows[i].name, name, n) || same_name(option_rows[i].alias, name, n))
            return &option_rows[i];
    return NULL;
}
