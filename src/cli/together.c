/* SPDX-License-Identifier: MIT */
/* Which options of the command line make sense together. What somebody wrote there is done or refused; an option of
 * 1.x that cannot do anything is said to do nothing, because scripts may pass it (1.x left it out unsaid). What stands in
 * the environment or the configuration file is for whom it concerns. Settings of how things look and are judged
 * (--theme, --avg, --alert-…) fit everywhere: they say how, not what. */
#include "cli/together.h"

#include <string.h>

#include "base/error.h"

/* The help of an option of commands begins with whose it is: "demo: …". */
static bool is_of_command(const struct option_row *row, const struct command_row *command)
{
    size_t n = strcspn(row->help, ":");
    return command != NULL && strlen(command->name) == n &&
           strncmp(row->help, command->name, n) == 0;
}

static bool runs(const struct command_row *command,
                 int (*run)(struct cli *cli, const struct option_list *words))
{
    return command != NULL && command->run == run;
}

/* Do these make their own output, for which a stream or a server would be left out unsaid? */
static bool has_own_output(const struct command_row *command)
{
    return command != NULL && !runs(command, command_replay) && !runs(command, command_demo) &&
           !runs(command, command_service);
}

/* Do these choose themselves what is read, or where it is recorded? Another choice would be left out unsaid. */
static bool chooses_itself(const struct command_row *command, enum option_id id)
{
    if (id == OPTION_SOURCE)
        return runs(command, command_replay) || runs(command, command_demo);
    return id == OPTION_RECORD && (runs(command, command_record) || runs(command, command_doctor));
}

/* ---- What an option needs ---------------------------------------------------------------------------------------- */

typedef bool need_fn(const struct options *o, const struct command_row *command);

static bool streams(const struct options *o, const struct command_row *command)
{
    return o->json && !has_own_output(command);
}

static bool serves(const struct options *o, const struct command_row *command)
{
    return runs(command, command_service) || (o->serve_port >= 0 && !has_own_output(command));
}

static bool serves_processes(const struct options *o, const struct command_row *command)
{
    return serves(o, command) && cli_serves_processes(o);
}

static bool counts_samples(const struct options *o, const struct command_row *command)
{
    return streams(o, command) || runs(command, command_record);
}

/* A bundle is scrubbed without being asked. */
static bool records(const struct options *o, const struct command_row *command)
{
    return o->record != NULL || o->bundle != NULL || runs(command, command_record);
}

static bool shows_cmdlines(const struct options *o, const struct command_row *command)
{
    return serves_processes(o, command) || (records(o, command) && cli_process_want(o) != 0);
}

static bool source_begins(const struct options *o, const char *scheme)
{
    return strncmp(o->source, scheme, strlen(scheme)) == 0;
}

static bool has_speed(const struct options *o, const struct command_row *command)
{
    return source_begins(o, "replay:") || source_begins(o, "sim:") ||
           chooses_itself(command, OPTION_SOURCE);
}

static bool reads_tree(const struct options *o, const struct command_row *command)
{
    return (strcmp(o->source, "auto") == 0 || strcmp(o->source, "linux") == 0) &&
           !chooses_itself(command, OPTION_SOURCE);
}

static bool has_token(const struct options *o, const struct command_row *command)
{
    return serves(o, command) ||
           (source_begins(o, "http://") && !chooses_itself(command, OPTION_SOURCE));
}

static const struct need {
    enum option_id id;
    bool is_old; /* 1.x knew it: said to do nothing instead of refused */
    need_fn *is_met;
    const char *where;
} needs[] = {
    {OPTION_SAMPLES, true, counts_samples, "--json, or the command record"},
    {OPTION_EVIDENCE, false, streams, "--json"},
    {OPTION_SCRUB, false, records, "--record, or the command record"},
    {OPTION_SPEED, false, has_speed, "a recording or a simulation"},
    {OPTION_ROOT, false, reads_tree, "--source auto or linux"},
    {OPTION_TOKEN_FILE, false, has_token, "--serve, or --source http://HOST:PORT"},
    {OPTION_LISTEN, false, serves, "--serve"},
    {OPTION_ALLOW_HOST, false, serves, "--serve"},
    {OPTION_SERVE_PIDS, false, serves_processes, "--serve and --serve-processes"},
    {OPTION_EXPOSE_CMDLINE, false, shows_cmdlines, "--serve and --serve-processes"},
};

/* The need of an option that is not met; NULL: it does what it is for. */
static const struct need *unmet(const struct options *o, const struct command_row *command,
                                enum option_id id)
{
    for (size_t i = 0; i < sizeof needs / sizeof needs[0]; i++)
        if (needs[i].id == id && !needs[i].is_met(o, command))
            return &needs[i];
    return NULL;
}

static actop_status check_need(const struct options *o, const struct command_row *command,
                               enum option_id id, actop_error *err)
{
    const struct need *need = unmet(o, command, id);
    if (need == NULL)
        return ACTOP_OK;
    const char *name = option_rows[id].name;
    if (!need->is_old)
        return error_set(err, ACTOP_E_ARGUMENT, "argument --%s: only with %s", name, need->where);
    cli_say("--%s does nothing here, only with %s", name, need->where);
    return ACTOP_OK;
}

bool together_fits_service(const struct options *o, enum option_id id)
{
    static const struct command_row service = {.name = "service", .run = command_service};
    return unmet(o, &service, id) == NULL;
}

actop_status together_check(const struct options *o, const struct command_row *command,
                            actop_error *err)
{
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const struct option_row *row = &option_rows[i];
        bool output = row->id == OPTION_JSON || row->id == OPTION_SERVE;
        if (o->set_by[i] != PLACE_COMMAND_LINE)
            continue;
        if (row->section == SECTION_COMMANDS && !is_of_command(row, command))
            return error_set(err, ACTOP_E_ARGUMENT, "argument --%s: only with %.*s", row->name,
                             (int)strcspn(row->help, ":"), row->help);
        if ((output && has_own_output(command)) || chooses_itself(command, row->id))
            return error_set(err, ACTOP_E_ARGUMENT, "argument --%s: not with %s", row->name,
                             command->name);
        actop_status st = check_need(o, command, (enum option_id)i, err);
        if (st != ACTOP_OK)
            return st;
    }
    return ACTOP_OK;
}
