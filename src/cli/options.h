/* SPDX-License-Identifier: MIT */
/* What the user wants: the options of options.def with values from four places. The command line beats the
 * environment (ACTOP_NAME), which beats the configuration file, which beats the defaults.
 *
 * The texts of options are borrowed from argv, the environment and the text of the configuration file, which the struct
 * owns. Errors are sentences ready to print, beginning with the place: "argument --interval: …", "FILE:3: …". */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <actop/types.h>

enum option_id {
#define OPTION(id, kind, field, name, aliases, value, low, high, def, section, places, help) OPTION_##id,
#include "cli/options.def"
#undef OPTION
    OPTION_COUNT
};

enum option_kind {
    KIND_SWITCH,
    KIND_TOGGLE,
    KIND_COUNT,
    KIND_NUMBER,
    KIND_POSITIVE,
    KIND_SPEED,
    KIND_CHOICE,
    KIND_TEXT,
    KIND_REGEX,
    KIND_SOURCE,
    KIND_LIST
};

enum option_section {
#define SECTION(id, heading) SECTION_##id,
#include "cli/sections.def"
#undef SECTION
    SECTION_COUNT
};

/* Where an option may stand (as bits), and where its value came from (the greater wins). */
enum option_place { PLACE_DEFAULT = 0, PLACE_FILE = 1, PLACE_ENVIRONMENT = 2, PLACE_COMMAND_LINE = 4 };

struct option_row {
    const char *name;
    const char *alias; /* another name, or "" */
    const char *value; /* what stands for the value in help; words of a choice */
    const char *def;   /* "" for none */
    const char *help;
    double low, high;
    uint16_t offset; /* of the field in struct options */
    uint8_t id, kind, section; /* of the enums above */
    uint8_t places;
};

/* OPTION_COUNT rows, by id; headings by enum option_section. */
extern const struct option_row option_rows[];
extern const char *const option_headings[];

struct option_list {
    const char **items; /* owned; what they point to is borrowed */
    size_t n, cap;
};

typedef bool option_SWITCH, option_TOGGLE;
typedef int64_t option_COUNT;
typedef double option_NUMBER, option_POSITIVE, option_SPEED;
typedef int option_CHOICE;
typedef const char *option_TEXT, *option_REGEX, *option_SOURCE; /* NULL: not given */
typedef struct option_list option_LIST;

struct options {
#define OPTION(id, kind, field, name, aliases, value, low, high, def, section, places, help) option_##kind field;
#include "cli/options.def"
#undef OPTION
    uint8_t set_by[OPTION_COUNT]; /* enum option_place */
    struct option_list words;     /* what is not an option: the command and its arguments */
    char *config_text;            /* owned: what texts from the file point into */
    char *config_path;            /* owned: the file that was, or would be, read; NULL when there is no place for one */
};

/* Looks a variable of the environment up, like getenv. */
typedef const char *(*option_env)(const char *name);

/* Defaults only. options_release accepts what options_init or a failed parse left. */
void options_init(struct options *o);
void options_release(struct options *o);

/* The whole way: command line, then environment and file. When help or version were asked for, the others are not looked
 * at. E_ARGUMENT for anything the user wrote that is not valid. */
actop_status options_parse(struct options *o, int argc, char **argv, option_env env, actop_error *err);

/* The single steps. Values are checked also where a higher place has set the option already. */
actop_status options_parse_command_line(struct options *o, int argc, char **argv, actop_error *err);
actop_status options_parse_environment(struct options *o, option_env env, actop_error *err);
actop_status options_parse_file(struct options *o, const char *path, actop_error *err); /* a missing file is an empty one */
/* The lines of a configuration file. text is changed and must outlive o. name is for errors. */
actop_status options_parse_config(struct options *o, char *text, size_t n, const char *name, actop_error *err);

/* Check and store one value. The sentence in err says only why: "must be at least 1". */
actop_status options_set(struct options *o, enum option_id id, const char *value, enum option_place place, actop_error *err);

/* Row of a name or alias, with - and _ the same; NULL for none. n is the length of the name. */
const struct option_row *options_find(const char *name, size_t n);

/* Word of a CHOICE's value. */
const char *options_choice(const struct options *o, enum option_id id, char *buf, size_t size);

/* The file: $XDG_CONFIG_HOME/actop/config, else ~/.config/actop/config. Owned by the caller; NULL: no home, or no memory. */
char *options_config_path(option_env env);

#endif
