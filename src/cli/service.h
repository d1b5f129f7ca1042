/* SPDX-License-Identifier: MIT */
/* actop as a background service of one user: what the command asks of whatever keeps such programs running. A manager is
 * one const table; service_systemd.c and service_launchd.c are compiled everywhere, so that both are tested anywhere, and
 * os_service_manager() says which one is this system's.
 *
 * put writes the file's text, start and stop ask the manager's own program (found along PATH, never through a shell). */
#ifndef CLI_SERVICE_H
#define CLI_SERVICE_H

#include "base/buf.h"

enum { SERVICE_PATH = 1024, SERVICE_SAID = 1000 };

/* The command line of the service: each word ends with a zero byte. */
struct service_words {
    struct buf text;
    size_t n;
};

/* Goes from word to word: NULL first, NULL behind the last. */
const char *service_next_word(const struct service_words *words, const char *word);

struct service_manager {
    const char *name; /* as a setting names it */
    const char *what; /* what the file is called there */
    const char *log;  /* where its messages go, for a sentence */
    /* Where the file stands; home and config_home may be NULL when the environment has none. False: nowhere. */
    bool (*put_path)(struct buf *b, const char *home, const char *config_home);
    void (*put_text)(struct buf *b, const struct service_words *words, const char *home);
    /* Run what the file at path says, now and after each login; changed: it is another file than before. */
    actop_status (*start)(const char *path, bool changed, actop_error *err);
    /* No longer; the file is still there. */
    actop_status (*stop)(const char *path, actop_error *err);
    /* The file is gone. */
    actop_status (*forget)(actop_error *err);
    /* Whether it runs, and the manager's word for it. */
    actop_status (*state)(char word[SERVICE_SAID], bool *runs, actop_error *err);
};

extern const struct service_manager service_systemd;
extern const struct service_manager service_launchd;

/* What the manager's own program answered. */
struct service_answer {
    int status;              /* as a shell has it: 128 + signal */
    char said[SERVICE_SAID]; /* the beginning of what it printed, on both outputs */
};

/* Run a program to its end, at most 30 s. A program that is not there is E_NOT_FOUND; its own status is no error here. */
actop_status service_ask(const char *const argv[], struct service_answer *answer, actop_error *err);
/* The same; here a status other than 0 is an error, with the first line of what was said. */
actop_status service_tell(const char *const argv[], actop_error *err);

#endif
