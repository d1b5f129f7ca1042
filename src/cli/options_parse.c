/* SPDX-License-Identifier: MIT */
/* The three places an option may stand: the command line (getopt_long), the environment, the configuration file. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/vec.h"
#include "cli/options.h"

/* ---- Command line ---------------------------------------------------------------------------------------------- */

enum {
    SPELLINGS = 4,          /* of one option at most: name, alias, and both with no- */
    LONG_OPTION = 256,      /* getopt's val of row i is this + 2 i, + 1 for --no- */
    NAME_SIZE = 48,         /* bytes of the longest spelling, its ending zero included */
    CONFIG_MAX = 64 * 1024, /* a configuration file is a page of text; more is a mistake */
};

struct spellings {
    struct option table[OPTION_COUNT * SPELLINGS + 1];
    char negated[OPTION_COUNT * 2][NAME_SIZE];
    size_t n, n_negated;
};

static void add_spelling(struct spellings *s, const struct option_row *row, const char *name)
{
    bool is_switch = row->kind == KIND_SWITCH || row->kind == KIND_TOGGLE;
    if (name[0] == '\0')
        return;
    s->table[s->n++] = (struct option){name, is_switch ? no_argument : required_argument, NULL,
                                       LONG_OPTION + 2 * (int)row->id};
    if (row->kind != KIND_TOGGLE)
        return;
    char *negated = s->negated[s->n_negated++];
    (void)snprintf(negated, NAME_SIZE, "no-%s", name);
    s->table[s->n++] =
        (struct option){negated, no_argument, NULL, LONG_OPTION + 2 * (int)row->id + 1};
}

static void list_spellings(struct spellings *s)
{
    s->n = s->n_negated = 0;
    for (size_t i = 0; i < OPTION_COUNT; i++)
        if ((option_rows[i].places & PLACE_COMMAND_LINE) != 0) {
            add_spelling(s, &option_rows[i], option_rows[i].name);
            add_spelling(s, &option_rows[i], option_rows[i].alias);
        }
    s->table[s->n] = (struct option){NULL, 0, NULL, 0};
}

/* getopt says only that it could not choose; the sentence names what it could have been. */
static actop_status unknown_option(const struct spellings *s, const char *word, actop_error *err)
{
    char names[160] = "";
    size_t used = 0, matches = 0, n = strcspn(word, "=");
    for (size_t i = 0; i < s->n && strncmp(word, "--", 2) == 0; i++)
        if (strncmp(s->table[i].name, word + 2, n - 2) == 0) {
            bool fits = used + strlen(s->table[i].name) + sizeof ", --, …" <= sizeof names;
            matches++;
            if (used < sizeof names)
                used += (size_t)snprintf(names + used, sizeof names - used, "%s%s%s",
                                         used == 0 ? "" : ", ", fits ? "--" : "…",
                                         fits ? s->table[i].name : "");
            used = fits ? used : sizeof names;
        }
    if (matches > 1)
        return error_set(err, ACTOP_E_ARGUMENT, "ambiguous option: %.*s could match %s", (int)n,
                         word, names);
    return error_set(err, ACTOP_E_ARGUMENT, "unrecognized arguments: %s", word);
}

static actop_status about_option(actop_error *err, const char *name, actop_status st,
                                 const char *why)
{
    return error_set(err, st, "argument --%s: %s", name, why);
}

static actop_status add_word(struct options *o, const char *word, actop_error *err)
{
    if (!VEC_GROW(o->words.items, o->words.cap, o->words.n + 1))
        return error_no_memory(err, "the command line");
    o->words.items[o->words.n++] = word;
    return ACTOP_OK;
}

static actop_status take_option(struct options *o, int found, const char *value, actop_error *err)
{
    const struct option_row *row = &option_rows[(found - LONG_OPTION) / 2];
    bool negated = (found - LONG_OPTION) % 2 == 1;
    bool is_switch = row->kind == KIND_SWITCH || row->kind == KIND_TOGGLE;
    actop_error why = {ACTOP_OK, ""};
    actop_status st = options_set(o, row->id, is_switch ? (negated ? "no" : "yes") : value,
                                  PLACE_COMMAND_LINE, &why);
    return st == ACTOP_OK ? st : about_option(err, row->name, st, why.text);
}

/* What getopt_long returned: an option, a word, or why it is neither. */
static actop_status take(struct options *o, const struct spellings *s, int found, char **argv,
                         actop_error *err)
{
    if (found == 1)
        return add_word(o, optarg, err);
    if (found == 'h')
        return take_option(o, LONG_OPTION + 2 * OPTION_HELP, NULL, err);
    if (found >= LONG_OPTION)
        return take_option(o, found, optarg, err);
    if (optopt >= LONG_OPTION)
        return about_option(err, option_rows[(optopt - LONG_OPTION) / 2].name, ACTOP_E_ARGUMENT,
                            found == ':' ? "expected one argument" : "takes no value");
    if (optopt != 0)
        return error_set(err, ACTOP_E_ARGUMENT, "unrecognized arguments: -%c", optopt);
    return unknown_option(s, argv[optind - 1], err);
}

/* "-" keeps words in their place whatever POSIXLY_CORRECT says, ":" keeps getopt quiet about missing values. */
actop_status options_parse_command_line(struct options *o, int argc, char **argv, actop_error *err)
{
    struct spellings s;
    actop_status st = ACTOP_OK;
    list_spellings(&s);
    opterr = 0;
    optind = 0; /* start again: glibc, musl and Apple's take 0 so */
    while (st == ACTOP_OK) {
        int found = getopt_long(argc, argv, "-:h", s.table, NULL);
        if (found == -1)
            break;
        st = take(o, &s, found, argv, err);
    }
    for (int i = optind; st == ACTOP_OK && i < argc; i++)
        st = add_word(o, argv[i], err);
    return st;
}

/* ---- Environment --------------------------------------------------------------------------------------------------- */

/* ACTOP_NAME of "na-me"; not toupper, which in Turkish makes no I of i. */
static void variable_name(char out[NAME_SIZE + 8], const char *name)
{
    size_t n = (size_t)snprintf(out, NAME_SIZE + 8, "ACTOP_%s", name);
    for (size_t i = 6; i < n; i++)
        out[i] = out[i] == '-'                    ? '_'
                 : out[i] >= 'a' && out[i] <= 'z' ? (char)(out[i] - 32)
                                                  : out[i];
}

static actop_status parse_variable(struct options *o, const struct option_row *row,
                                   const char *name, option_env env, actop_error *err)
{
    char variable[NAME_SIZE + 8];
    actop_error why = {ACTOP_OK, ""};
    variable_name(variable, name);
    const char *value = env(variable);
    if (name[0] == '\0' || value == NULL || value[0] == '\0')
        return ACTOP_OK;
    actop_status st = options_set(o, row->id, value, PLACE_ENVIRONMENT, &why);
    return st == ACTOP_OK ? st : error_set(err, st, "environment %s: %s", variable, why.text);
}

actop_status options_parse_environment(struct options *o, option_env env, actop_error *err)
{
    actop_status st = ACTOP_OK;
    for (size_t i = 0; i < OPTION_COUNT && st == ACTOP_OK; i++) {
        const struct option_row *row = &option_rows[i];
        if ((row->places & PLACE_ENVIRONMENT) == 0)
            continue;
        st = parse_variable(o, row, row->alias, env, err);
        if (st == ACTOP_OK)
            st = parse_variable(o, row, row->name, env, err);
    }
    return st;
}

/* ---- File ---------------------------------------------------------------------------------------------------------- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static char *trim(char *from, char *to)
{
    while (from < to && is_blank(*from))
        from++;
    while (to > from && is_blank(to[-1]))
        to--;
    *to = '\0';
    return from;
}

/* "name = value"; the line is ended by a zero and may be changed. */
static actop_status parse_line(struct options *o, char *line, size_t n, actop_error *err)
{
    if (strlen(line) != n)
        return error_set(err, ACTOP_E_ARGUMENT, "a zero byte");
    line = trim(line, line + n);
    if (line[0] == '\0' || line[0] == '#')
        return ACTOP_OK;
    char *equals = strchr(line, '=');
    if (equals == NULL)
        return error_set(err, ACTOP_E_ARGUMENT, "expected name = value: '%.60s'", line);
    char *value = trim(equals + 1, equals + strlen(equals));
    line = trim(line, equals);
    const struct option_row *row = options_find(line, strlen(line));
    if (row == NULL || (row->places & PLACE_FILE) == 0)
        return error_set(err, ACTOP_E_ARGUMENT, "unknown option: '%.60s'", line);
    actop_error why = {ACTOP_OK, ""};
    actop_status st = options_set(o, row->id, value, PLACE_FILE, &why);
    return st == ACTOP_OK ? st : error_set(err, st, "%s: %s", row->name, why.text);
}

actop_status options_parse_config(struct options *o, char *text, size_t n, const char *name,
                                  actop_error *err)
{
    static const char bom[] = "\xef\xbb\xbf"; /* what some editors put before UTF-8 */
    char *end = text + n, *line = text;
    actop_error why = {ACTOP_OK, ""};
    actop_status st = ACTOP_OK;
    if (n >= 3 && memcmp(text, bom, 3) == 0)
        line += 3;
    for (unsigned number = 1; line < end && st == ACTOP_OK; number++) {
        char *newline = memchr(line, '\n', (size_t)(end - line));
        char *stop = newline != NULL ? newline : end;
        *stop = '\0';
        st = parse_line(o, line, (size_t)(stop - line), &why);
        if (st != ACTOP_OK)
            (void)error_set(err, st, "%s:%u: %s", name, number, why.text);
        line = stop + 1;
    }
    return st;
}

/* The file's bytes and room for an ending zero; *text is the caller's also on failure. */
static actop_status read_config(int fd, const char *path, char **text, size_t *n, actop_error *err)
{
    *n = 0;
    *text = malloc(CONFIG_MAX + 2);
    if (*text == NULL)
        return error_no_memory(err, "the configuration");
    while (*n <= CONFIG_MAX) {
        ssize_t got = read(fd, *text + *n, CONFIG_MAX + 1 - *n);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return error_errno(err, errno, "%s", path);
        if (got == 0)
            break;
        *n += (size_t)got;
    }
    if (*n > CONFIG_MAX)
        return error_set(err, ACTOP_E_ARGUMENT, "%s: longer than %d bytes", path, CONFIG_MAX);
    return ACTOP_OK;
}

actop_status options_parse_file(struct options *o, const char *path, actop_error *err)
{
    size_t n = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int errnum = fd < 0 ? errno : 0;
    struct stat found;
    /* Who may not even look there (HOME is still root's after setpriv or su) has no file. */
    if (errnum == ENOENT || errnum == ENOTDIR || (errnum == EACCES && stat(path, &found) != 0))
        return ACTOP_OK;
    if (fd < 0)
        return error_errno(err, errnum, "%s", path);
    free(o->config_text);
    actop_status st = read_config(fd, path, &o->config_text, &n, err);
    close(fd);
    return st == ACTOP_OK ? options_parse_config(o, o->config_text, n, path, err) : st;
}

/* A relative XDG_CONFIG_HOME is ignored, as the XDG base directory specification asks. */
char *options_config_path(option_env env)
{
    const char *base = env("XDG_CONFIG_HOME"), *below = "/actop/config";
    if (base == NULL || base[0] != '/') {
        base = env("HOME");
        below = "/.config/actop/config";
    }
    if (base == NULL || base[0] == '\0')
        return NULL;
    size_t size = strlen(base) + strlen(below) + 1;
    char *path = malloc(size);
    if (path != NULL)
        (void)snprintf(path, size, "%s%s", base, below);
    return path;
}

actop_status options_parse(struct options *o, int argc, char **argv, option_env env,
                           actop_error *err)
{
    options_init(o);
    actop_status st = options_parse_command_line(o, argc, argv, err);
    if (st != ACTOP_OK || o->help || o->version)
        return st;
    st = options_parse_environment(o, env, err);
    o->config_path = options_config_path(env);
    if (st == ACTOP_OK && o->config_path != NULL)
        st = options_parse_file(o, o->config_path, err);
    return st;
}
