/* SPDX-License-Identifier: MIT */
/* --help and usage. tools/gen_options.py makes the other texts (man page, completions, docs/options.md) of the same
 * lists. */
#include "cli/help.h"

#include <string.h>

#include "cli/commands.h"
#include "cli/options.h"

enum { WIDTH = 80, COLUMN = 30 };

void usage_put(struct buf *b)
{
    buf_puts(b, "usage: actop [options]\n       actop COMMAND [options]\n"
                "Try 'actop --help'.\n");
}

/* Words of text from COLUMN to WIDTH; the first line begins at column at. */
static void put_wrapped(struct buf *b, size_t at, const char *text)
{
    if (at + 2 > COLUMN) {
        buf_putc(b, '\n');
        at = 0;
    }
    buf_pad(b, ' ', COLUMN - at);
    at = COLUMN;
    while (*text != '\0') {
        size_t n = strcspn(text, " ");
        if (at > COLUMN && at + 1 + n > WIDTH) {
            buf_putc(b, '\n');
            buf_pad(b, ' ', COLUMN);
            at = COLUMN;
        } else if (at > COLUMN) {
            buf_putc(b, ' ');
            at++;
        }
        buf_put(b, text, n);
        at += n;
        text += n + (text[n] == ' ');
    }
    buf_putc(b, '\n');
}

/* "dots|block|x=dots": without the other names. */
static void put_words(struct buf *b, const char *words)
{
    for (size_t n; *words != '\0'; words += n + (words[n] == '|')) {
        n = strcspn(words, "|");
        if (memchr(words, '=', n) == NULL) {
            buf_puts(b, b->len > 0 && b->data[b->len - 1] != '{' ? "," : "");
            buf_put(b, words, n);
        }
    }
}

static void put_option(struct buf *b, const struct option_row *row)
{
    size_t from = b->len;
    buf_puts(b, row->id == OPTION_HELP ? "  -h, --" : "  --");
    buf_puts(b, row->name);
    if (row->kind == KIND_TOGGLE)
        buf_printf(b, ", --no-%s", row->name);
    if (row->kind == KIND_CHOICE) {
        buf_puts(b, " {");
        put_words(b, row->value);
        buf_putc(b, '}');
    } else if (row->value[0] != '\0') {
        buf_printf(b, " %s", row->value);
    }
    char text[400];
    struct buf help;
    buf_init_fixed(&help, text, sizeof text);
    buf_puts(&help, row->help);
    if (row->def[0] != '\0' && row->kind != KIND_SWITCH)
        buf_printf(&help, " (default: %s)",
                   row->kind != KIND_TOGGLE       ? row->def
                   : strcmp(row->def, "yes") == 0 ? "on"
                                                  : "off");
    put_wrapped(b, b->len - from, text);
}

static void put_section(struct buf *b, size_t section)
{
    if (option_headings[section][0] == '\0')
        return;
    buf_printf(b, "\n%s:\n", option_headings[section]);
    for (size_t i = 0; i < OPTION_COUNT; i++)
        if (option_rows[i].section == section)
            put_option(b, &option_rows[i]);
}

static void put_commands(struct buf *b)
{
    buf_puts(b, "\nCommands:\n");
    for (size_t i = 0; i < command_count; i++) {
        const struct command_row *row = &command_rows[i];
        size_t from = b->len;
        buf_printf(b, "  %s%s%s", row->name, row->arguments[0] != '\0' ? " " : "", row->arguments);
        put_wrapped(b, b->len - from, row->help);
    }
}

void help_put(struct buf *b)
{
    buf_puts(b,
             "usage: actop [options]\n       actop COMMAND [options]\n\n"
             "Watch a whole chip: cores, GPU, power, temperatures, memory, network, disks and\n"
             "processes. On a terminal actop opens the screen; otherwise it prints one report.\n");
    put_commands(b);
    for (size_t i = 0; i < SECTION_COUNT; i++)
        put_section(b, i);
    buf_puts(b,
             "\nEvery option but --help, --version and those of commands may also stand as a\n"
             "line 'name = value' in $XDG_CONFIG_HOME/actop/config (default\n"
             "~/.config/actop/config) and in the environment as ACTOP_NAME. The command line\n"
             "wins over the environment, and that over the file.\n"
             "\nExit status: 0 all well, 1 something failed, 2 a mistake in what was asked for,\n"
             "130 ended by Ctrl-C.\n");
}
