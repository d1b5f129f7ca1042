/* SPDX-License-Identifier: MIT */
/* service: actop --serve in the background, for the user who asks. install writes the file of this system's manager
 * (service.h) with the options given, and starts it; a second time it changes only what differs. uninstall ends it and
 * removes the file. status: 0 it runs, 1 it does not. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/os.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/service.h"
#include "cli/together.h"

enum { DEFAULT_PORT = 9123, MOST_TEXT = 65536 };

static const char our_mark[] = "Written by 'actop service install'";
/* A program that cannot serve has ended by then. */
static const int64_t SETTLE_NS = 2000000000, LOOK_NS = 250000000;

struct service {
    const struct service_manager *manager;
    const char *home;     /* borrowed from the environment; NULL: none */
    struct buf path;      /* of the file */
    struct buf installed; /* its text; empty: there is none */
};

/* ---- The command line of the service ---------------------------------------------------------------------------------- */

static void put_absolute(struct buf *b, const char *path)
{
    char cwd[SERVICE_PATH];
    if (path[0] != '/' && getcwd(cwd, sizeof cwd) != NULL)
        buf_printf(b, "%s/", cwd);
    buf_puts(b, path);
}

/* A value as the option's own parser reads it back; files by their whole path: a service has another directory. */
static void put_value(struct buf *b, const struct options *o, const struct option_row *row)
{
    static const char replay[] = "replay:";
    const char *field = (const char *)o + row->offset;
    double number;
    int64_t count;
    const char *text;
    char word[24];
    if (row->kind == KIND_CHOICE) {
        buf_puts(b, options_choice(o, row->id, word, sizeof word));
    } else if (row->kind == KIND_COUNT) {
        memcpy(&count, field, sizeof count);
        buf_put_i64(b, count);
    } else if (row->kind == KIND_NUMBER || row->kind == KIND_POSITIVE || row->kind == KIND_SPEED) {
        memcpy(&number, field, sizeof number);
        if (row->kind == KIND_SPEED && number == 0)
            buf_puts(b, "max");
        else
            buf_put_double(b, number);
    } else {
        memcpy(&text, field, sizeof text);
        if (strcmp(row->value, "FILE") == 0 || strcmp(row->value, "DIR") == 0) {
            put_absolute(b, text);
        } else if (strncmp(text, replay, sizeof replay - 1) == 0) {
            buf_puts(b, replay);
            put_absolute(b, text + sizeof replay - 1);
        } else {
            buf_puts(b, text);
        }
    }
}

static void add_option(struct service_words *words, const struct options *o,
                       const struct option_row *row)
{
    struct buf *b = &words->text;
    if (row->kind == KIND_LIST) {
        struct option_list list;
        memcpy(&list, (const char *)o + row->offset, sizeof list);
        for (size_t i = 0; i < list.n; i++) {
            buf_printf(b, "--%s=%s", row->name, list.items[i]);
            buf_putc(b, '\0');
        }
        words->n += list.n;
        return;
    }
    bool on = false;
    if (row->kind == KIND_SWITCH)
        memcpy(&on, (const char *)o + row->offset, sizeof on);
    if (row->kind == KIND_SWITCH && !on)
        return;
    buf_printf(b, "--%s%s", row->name, row->kind == KIND_SWITCH ? "" : "=");
    if (row->kind != KIND_SWITCH)
        put_value(b, o, row);
    buf_putc(b, '\0');
    words->n++;
}

static bool is_for_services(const struct option_row *row)
{
    return row->places == (PLACE_FILE | PLACE_ENVIRONMENT | PLACE_COMMAND_LINE) &&
           row->kind != KIND_TOGGLE && /* none of these sections has one */
           (row->section == SECTION_SAMPLING || row->section == SECTION_PROCESSES ||
            row->section == SECTION_ALERTS || row->section == SECTION_SERVER);
}

/* Nothing that would end a line of a unit or a string of a plist. */
static actop_status check_words(const struct service_words *words, actop_error *err)
{
    char safe[4096];
    for (const char *w = NULL; (w = service_next_word(words, w)) != NULL;) {
        size_t n = strlen(w);
        if (text_safe(safe, sizeof safe, w, n) != n || memcmp(safe, w, n) != 0)
            return error_set(err, ACTOP_E_ARGUMENT,
                             "a service cannot be given control characters, broken UTF-8 or "
                             "thousands of characters: %s",
                             w);
    }
    return words->text.failed ? error_no_memory(err, "a command line") : ACTOP_OK;
}

/* This program, the port, and what was given here. What stands in the configuration file is read by the service itself. */
static actop_status make_words(struct service_words *words, const struct options *o,
                               actop_error *err)
{
    char program[SERVICE_PATH];
    if (!os_program_path(program, sizeof program) || access(program, X_OK) != 0)
        return error_set(err, ACTOP_E_NOT_FOUND, "cannot find out where this program's file is");
    buf_printf(&words->text, "%s", program);
    buf_putc(&words->text, '\0');
    words->n = 1;
    if (o->serve_port == 0)
        return error_set(err, ACTOP_E_ARGUMENT, "argument --serve: a service needs a fixed port");
    buf_printf(&words->text, "--serve=%lld",
               o->serve_port > 0 ? (long long)o->serve_port : (long long)DEFAULT_PORT);
    buf_putc(&words->text, '\0');
    words->n++;
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const struct option_row *row = &option_rows[i];
        bool given = o->set_by[i] == PLACE_COMMAND_LINE;
        if (given && !is_for_services(row))
            return error_set(err, ACTOP_E_ARGUMENT, "argument --%s: not for a service", row->name);
        if (i != OPTION_SERVE && is_for_services(row) &&
            (given || o->set_by[i] == PLACE_ENVIRONMENT) && together_fits_service(o, row->id))
            add_option(words, o, row);
    }
    return check_words(words, err);
}

/* ---- The file ----------------------------------------------------------------------------------------------------------- */

static actop_status read_installed(struct service *s, actop_error *err)
{
    actop_status st = file_read(s->path.data, MOST_TEXT, &s->installed, err);
    if (st != ACTOP_OK)
        return st == ACTOP_E_NOT_FOUND ? ACTOP_OK : st;
    if (s->installed.len == 0 || strstr(s->installed.data, our_mark) == NULL)
        return error_set(err, ACTOP_E_STATE,
                         "%s was not written by 'actop service install'; "
                         "remove or rename it first",
                         s->path.data);
    return ACTOP_OK;
}

/* ---- What is asked for --------------------------------------------------------------------------------------------------- */

static actop_status check_runs(const struct service *s, actop_error *err)
{
    char word[SERVICE_SAID] = "";
    bool runs = true;
    actop_status st = ACTOP_OK;
    int64_t last_ns = os_awake_ns() + SETTLE_NS;
    while (st == ACTOP_OK && runs && os_awake_ns() < last_ns) {
        os_sleep_until(os_awake_ns() + LOOK_NS);
        st = s->manager->state(word, &runs, err);
    }
    if (st == ACTOP_OK && !runs)
        st = error_set(err, ACTOP_E_STATE, "installed, but it does not run (%s); see %s", word,
                       s->manager->log);
    return st;
}

/* A service that could not be started where there was none leaves nothing behind that uninstall would have to be asked for:
 * it asks the same manager. */
static void take_back(const struct service *s)
{
    (void)s->manager->stop(s->path.data, NULL);
    if (unlink(s->path.data) == 0)
        (void)s->manager->forget(NULL);
}

static actop_status install(const struct cli *cli, struct service *s, actop_error *err)
{
    struct service_words words = {BUF_INIT, 0};
    struct buf text = BUF_INIT;
    actop_status st = make_words(&words, &cli->options, err);
    if (st == ACTOP_OK) {
        s->manager->put_text(&text, &words, s->home != NULL ? s->home : "");
        if (text.failed)
            st = error_no_memory(err, s->path.data);
    }
    bool changed = st == ACTOP_OK && (text.len != s->installed.len ||
                                      memcmp(text.data, s->installed.data, text.len) != 0);
    if (changed)
        st = file_replace(s->path.data, &text, err);
    if (st == ACTOP_OK) {
        st = s->manager->start(s->path.data, changed, err);
        if (st != ACTOP_OK && s->installed.len == 0)
            take_back(s);
    }
    if (st == ACTOP_OK)
        st = check_runs(s, err);
    if (st == ACTOP_OK)
        cli_say("%s %s %s; it runs", s->manager->what, s->path.data,
                changed ? "is installed" : "is as it was");
    buf_release(&text);
    buf_release(&words.text);
    return st;
}

static actop_status uninstall(const struct cli *cli, struct service *s, actop_error *err)
{
    (void)cli;
    if (s->installed.len == 0) {
        cli_say("there is no %s %s", s->manager->what, s->path.data);
        return ACTOP_OK;
    }
    actop_status st = s->manager->stop(s->path.data, err);
    if (st != ACTOP_OK)
        return st;
    if (unlink(s->path.data) != 0)
        return error_errno(err, errno, "cannot remove %s", s->path.data);
    st = s->manager->forget(err);
    if (st == ACTOP_OK)
        cli_say("%s %s is removed", s->manager->what, s->path.data);
    return st;
}

static actop_status status(const struct cli *cli, struct service *s, actop_error *err)
{
    struct buf b = BUF_INIT;
    char word[SERVICE_SAID] = "not installed";
    bool runs = false;
    (void)cli;
    actop_status st = s->installed.len > 0 ? s->manager->state(word, &runs, err) : ACTOP_OK;
    if (st == ACTOP_OK) {
        buf_printf(&b, "%s: %s %s\n", word, s->manager->what, s->path.data);
        bool said = output_put(&b, err) != OUTPUT_FAILED;
        st = !said ? err->status : runs ? ACTOP_OK : ACTOP_END;
    }
    buf_release(&b);
    return st;
}

static const struct {
    const char *word;
    actop_status (*run)(const struct cli *cli, struct service *s, actop_error *err);
} verbs[] = {{"install", install}, {"uninstall", uninstall}, {"status", status}};

static actop_status service_open(struct service *s, const struct options *o, actop_error *err)
{
    static const struct service_manager *const managers[] = {&service_systemd, &service_launchd};
    char name[24];
    (void)options_choice(o, OPTION_SERVICE_MANAGER, name, sizeof name);
    const char *wanted = strcmp(name, "auto") == 0 ? os_service_manager() : name;
    for (size_t i = 0; i < sizeof managers / sizeof *managers; i++)
        if (strcmp(managers[i]->name, wanted) == 0)
            s->manager = managers[i];
    s->home = getenv("HOME");
    if (s->manager == NULL)
        return error_set(err, ACTOP_E_UNSUPPORTED, "no service manager is known here");
    if (!s->manager->put_path(&s->path, s->home, getenv("XDG_CONFIG_HOME")))
        return error_set(err, ACTOP_E_NOT_FOUND, "HOME is not set: no place for a %s",
                         s->manager->what);
    if (s->path.failed)
        return error_no_memory(err, "a path");
    return read_installed(s, err);
}

int command_service(struct cli *cli, const struct option_list *words)
{
    struct service s = {NULL, NULL, BUF_INIT, BUF_INIT};
    actop_error err = {ACTOP_OK, ""};
    size_t verb = 0, n = sizeof verbs / sizeof *verbs;
    while (verb < n && strcmp(verbs[verb].word, words->items[0]) != 0)
        verb++;
    actop_status st = verb < n ? service_open(&s, &cli->options, &err)
                               : error_set(&err, ACTOP_E_ARGUMENT,
                                           "service: expected install, uninstall or status");
    if (st == ACTOP_OK)
        st = verbs[verb].run(cli, &s, &err);
    buf_release(&s.path);
    buf_release(&s.installed);
    if (st == ACTOP_END) /* said already: it does not run */
        return 1;
    return st == ACTOP_OK ? 0 : cli_fail(&err);
}
