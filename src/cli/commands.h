/* SPDX-License-Identifier: MIT */
/* What the program does once the options are known: the commands of commands.def, and without one a stream, the screen
 * or a report. Each returns the exit status; nothing else of the program's prints. */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include <sys/resource.h>

#include <actop/actop.h>

#include "cli/options.h"

struct cli;

/* Who reaches a server: this machine alone, others with the token, others. */
enum cli_reach { CLI_LOCAL, CLI_GUARDED, CLI_EXPOSED };

/* What stands in other folders and only main.c knows. */
struct cli_parts {
    /* The screen; E_UNSUPPORTED when there is none here, and then nothing was written. MAY be NULL. */
    actop_status (*screen)(actop_session *s, const struct options *o, uint32_t want, actop_error *err);
    /* The HTTP server, for a session that samples in the background: until one of the descriptors becomes readable.
     * announce is called once it listens. */
    actop_status (*serve)(actop_session *s, const struct options *o, int stop_fd, int end_fd,
                          void (*announce)(const char *url, enum cli_reach reach), actop_error *err);
    /* What the server's history takes; 0: built without. */
    size_t (*history_bytes)(void);
};

/* Everything a command needs. */
struct cli {
    struct options options;
    const struct cli_parts *parts;
    struct rlimit descriptors; /* how many there might be open before we allowed ourselves more */
};

struct command_row {
    const char *name;
    const char *arguments; /* as help shows them */
    int fewest, most;      /* arguments; most -1: any number */
    int (*run)(struct cli *cli, const struct option_list *words);
    const char *help;
};

extern const struct command_row command_rows[];
extern const size_t command_count;

#define COMMAND(id, name, arguments, fewest, most, function, help)                                                     \
    int function(struct cli *cli, const struct option_list *words);
#include "cli/commands.def"
#undef COMMAND

/* Without a command. */
int command_none(struct cli *cli, const struct option_list *words);

/* --serve. */
int command_serve(struct cli *cli);

/* The program. argv is getopt's; parts is borrowed. */
int cli_main(int argc, char **argv, const struct cli_parts *parts);

/* Print "actop: error: TEXT" on stderr; returns the exit status of err. */
int cli_fail(const actop_error *err);

/* Print "actop: TEXT" on stderr. */
void cli_say(const char *fmt, ...) ACTOP_PRINTF(1, 2);

/* Open a session as the options say, and start its recording when they ask for one. want is added to the default scopes.
 * A screen goes back in history; others keep none, a server has its own of few numbers. Screen and server leave the pace of
 * recordings to the session; a stream paces itself, so that a signal ends its waiting. */
enum cli_use { CLI_STREAM, CLI_SERVER, CLI_SCREEN };
actop_status cli_open(const struct cli *cli, enum cli_use use, uint32_t want, actop_session **out, actop_error *err);

/* Close it; ends the recording, whose failure is returned. Accepts NULL. */
actop_status cli_close(actop_session *s, actop_error *err);

/* Is there a filter of processes? It asks for their rows in a stream and on a server. */
bool cli_is_filtered(const struct options *o);

/* Are processes served over HTTP? */
bool cli_serves_processes(const struct options *o);

/* The process scopes a stream needs: what the options ask for. */
uint32_t cli_process_want(const struct options *o);

#endif
