/* SPDX-License-Identifier: MIT */
/* A LaunchAgent of the user's. Documented: launchd.plist(5), launchctl(1) of macOS 10.11 and later (bootstrap, bootout,
 * print with a domain "gui/UID"). Inferred, and never seen on a Mac of ours: that bootstrap may fail for a moment while
 * the service of that name is still going (it is asked again), and the line "state = running" of print. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/os.h"
#include "cli/service.h"

#define LABEL "local.actop.serve"

enum { TARGET = 64, BOOTSTRAP_TRIES = 5 };

static bool put_path(struct buf *b, const char *home, const char *config_home)
{
    (void)config_home;
    if (home == NULL || home[0] != '/')
        return false;
    buf_puts(b, home);
    buf_puts(b, "/Library/LaunchAgents/" LABEL ".plist");
    return true;
}

static void put_string(struct buf *b, const char *text, const char *more)
{
    buf_puts(b, "<string>");
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '<' || *c == '>')
            buf_puts(b, *c == '<' ? "&lt;" : "&gt;");
        else if (*c == '&')
            buf_puts(b, "&amp;");
        else
            buf_putc(b, *c);
    }
    buf_puts(b, more);
    buf_puts(b, "</string>\n");
}

/* SuccessfulExit false: started again after a failure, not after SIGTERM (status 0). */
static void put_text(struct buf *b, const struct service_words *words, const char *home)
{
    buf_puts(b,
             "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
             "<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" "
             "\"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n"
             "<!-- Written by 'actop service install'; 'actop service uninstall' removes it. -->\n"
             "<plist version=\"1.0\">\n<dict>\n"
             "\t<key>Label</key>\n\t<string>" LABEL "</string>\n"
             "\t<key>ProgramArguments</key>\n\t<array>\n");
    for (const char *w = NULL; (w = service_next_word(words, w)) != NULL;) {
        buf_puts(b, "\t\t");
        put_string(b, w, "");
    }
    buf_puts(b, "\t</array>\n"
                "\t<key>RunAtLoad</key>\n\t<true/>\n"
                "\t<key>KeepAlive</key>\n\t<dict>\n\t\t<key>SuccessfulExit</key>\n\t\t<false/>\n"
                "\t</dict>\n"
                "\t<key>ThrottleInterval</key>\n\t<integer>10</integer>\n"
                "\t<key>ProcessType</key>\n\t<string>Background</string>\n"
                "\t<key>Umask</key>\n\t<integer>63</integer>\n"
                "\t<key>SoftResourceLimits</key>\n\t<dict>\n"
                "\t\t<key>NumberOfFiles</key>\n\t\t<integer>4096</integer>\n\t</dict>\n"
                "\t<key>StandardErrorPath</key>\n\t");
    put_string(b, home, "/Library/Logs/actop.log");
    buf_puts(b, "</dict>\n</plist>\n");
}

/* "gui/501", or with the service's own name behind it. */
static void target(char out[TARGET], bool service)
{
    (void)snprintf(out, TARGET, "gui/%lu%s", (unsigned long)getuid(), service ? "/" LABEL : "");
}

static actop_status print(struct service_answer *answer, actop_error *err)
{
    char service[TARGET];
    const char *const argv[] = {"launchctl", "print", service, NULL};
    target(service, true);
    return service_ask(argv, answer, err);
}

static actop_status bootout(actop_error *err)
{
    char service[TARGET];
    const char *const argv[] = {"launchctl", "bootout", service, NULL};
    target(service, true);
    return service_tell(argv, err);
}

static actop_status bootstrap(const char *path, actop_error *err)
{
    char domain[TARGET], service[TARGET];
    const char *const enable[] = {"launchctl", "enable", service, NULL};
    const char *const argv[] = {"launchctl", "bootstrap", domain, path, NULL};
    target(domain, false);
    target(service, true);
    actop_status st = service_tell(enable, err);
    for (int i = 0; st == ACTOP_OK && i < BOOTSTRAP_TRIES; i++) {
        actop_status asked = service_tell(argv, err);
        if (asked != ACTOP_E_IO || i + 1 == BOOTSTRAP_TRIES)
            return asked;
        os_sleep_until(os_awake_ns() + 200000000);
    }
    return st;
}

static actop_status start(const char *path, bool changed, actop_error *err)
{
    struct service_answer loaded;
    char service[TARGET];
    const char *const kickstart[] = {"launchctl", "kickstart", service, NULL};
    target(service, true);
    actop_status st = print(&loaded, err);
    if (st != ACTOP_OK)
        return st;
    if (loaded.status == 0 && !changed)
        return service_tell(kickstart, err);
    if (loaded.status == 0)
        st = bootout(err);
    return st == ACTOP_OK ? bootstrap(path, err) : st;
}

static actop_status stop(const char *path, actop_error *err)
{
    struct service_answer loaded;
    (void)path;
    actop_status st = print(&loaded, err);
    return st == ACTOP_OK && loaded.status == 0 ? bootout(err) : st;
}

static actop_status forget(actop_error *err)
{
    (void)err;
    return ACTOP_OK;
}

/* The line "state = WORD" of print; a service that is not loaded is no failure. */
static actop_status state(char word[SERVICE_SAID], bool *runs, actop_error *err)
{
    static const char key[] = "state = ";
    struct service_answer answer;
    actop_status st = print(&answer, err);
    if (st != ACTOP_OK)
        return st;
    const char *at = answer.status == 0 ? strstr(answer.said, key) : NULL;
    (void)snprintf(word, SERVICE_SAID, "%s",
                   at != NULL           ? at + sizeof key - 1
                   : answer.status == 0 ? "loaded"
                                        : "not loaded");
    word[strcspn(word, "\n")] = '\0';
    *runs = strcmp(word, "running") == 0;
    return ACTOP_OK;
}

const struct service_manager service_launchd = {
    .name = "launchd",
    .what = "LaunchAgent",
    .log = "~/Library/Logs/actop.log",
    .put_path = put_path,
    .put_text = put_text,
    .start = start,
    .stop = stop,
    .forget = forget,
    .state = state,
};
