/* SPDX-License-Identifier: MIT */
/* A unit of the user's own systemd. Documented: systemd.service(5) for quoting and "%" and "$", systemd.exec(5) for what
 * a user's manager, which has no privileges, can still confine: what seccomp does, with NoNewPrivileges. File system and
 * user namespaces are left out: they would hide to whom processes belong. */
#include <string.h>

#include "base/error.h"
#include "base/os.h"
#include "cli/service.h"

#define UNIT "actop.service"

static const char head[] = "[Unit]\n"
                           "Description=actop metrics over HTTP\n"
                           "Documentation=man:actop(1)\n"
                           "\n"
                           "[Service]\n";

static const char tail[] = "Restart=on-failure\n"
                           "RestartSec=5\n"
                           "NoNewPrivileges=yes\n"
                           "RestrictNamespaces=yes\n"
                           "RestrictRealtime=yes\n"
                           "RestrictSUIDSGID=yes\n"
                           "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK\n"
                           "LockPersonality=yes\n"
                           "MemoryDenyWriteExecute=yes\n"
                           "SystemCallArchitectures=native\n"
                           "SystemCallFilter=@system-service\n"
                           "SystemCallFilter=~@privileged @resources\n"
                           "SystemCallErrorNumber=EPERM\n"
                           "UMask=0077\n"
                           "LimitNOFILE=4096\n"
                           "LimitCORE=0\n"
                           "MemoryMax=256M\n"
                           "TasksMax=16\n"
                           "\n"
                           "[Install]\n"
                           "WantedBy=default.target\n";

static bool put_path(struct buf *b, const char *home, const char *config_home)
{
    if (config_home != NULL && config_home[0] == '/')
        buf_puts(b, config_home);
    else if (home != NULL && home[0] == '/')
        buf_printf(b, "%s/.config", home);
    else
        return false;
    buf_puts(b, "/systemd/user/" UNIT);
    return true;
}

/* One word as ExecStart= reads it. "$" stands for itself only in the first one. */
static void put_word(struct buf *b, const char *word, bool first)
{
    buf_puts(b, first ? "\"" : " \"");
    for (; *word != '\0'; word++) {
        if (*word == '"' || *word == '\\')
            buf_putc(b, '\\');
        if (*word == '%' || (*word == '$' && !first))
            buf_putc(b, *word);
        buf_putc(b, *word);
    }
    buf_putc(b, '"');
}

static void put_text(struct buf *b, const struct service_words *words, const char *home)
{
    (void)home;
    buf_puts(b, "# Written by 'actop service install'; 'actop service uninstall' removes it.\n");
    buf_puts(b, head);
    buf_puts(b, "ExecStart=");
    for (const char *w = NULL; (w = service_next_word(words, w)) != NULL;)
        put_word(b, w, w == words->text.data);
    buf_putc(b, '\n');
    buf_puts(b, tail);
}

static actop_status reload(actop_error *err)
{
    static const char *const argv[] = {"systemctl", "--user", "daemon-reload", NULL};
    return service_tell(argv, err);
}

static actop_status start(const char *path, bool changed, actop_error *err)
{
    static const char *const enable[] = {"systemctl", "--user", "enable", UNIT, NULL};
    const char *const run[] = {"systemctl", "--user", changed ? "restart" : "start", UNIT, NULL};
    (void)path;
    actop_status st = reload(err);
    if (st == ACTOP_OK)
        st = service_tell(enable, err);
    return st == ACTOP_OK ? service_tell(run, err) : st;
}

static actop_status stop(const char *path, actop_error *err)
{
    static const char *const argv[] = {"systemctl", "--user", "disable", "--now", UNIT, NULL};
    (void)path;
    return service_tell(argv, err);
}

/* is-active prints one word, whatever its status (documented: systemctl(1)); one with blanks is a complaint. */
static actop_status state(char word[SERVICE_SAID], bool *runs, actop_error *err)
{
    static const char *const argv[] = {"systemctl", "--user", "is-active", UNIT, NULL};
    struct service_answer answer;
    actop_status st = service_ask(argv, &answer, err);
    if (st != ACTOP_OK)
        return st;
    answer.said[strcspn(answer.said, "\n")] = '\0';
    if (answer.said[0] == '\0' || strchr(answer.said, ' ') != NULL)
        return error_set(err, ACTOP_E_IO, "systemctl: %s", answer.said);
    *runs = answer.status == 0 && strcmp(answer.said, "active") == 0;
    memcpy(word, answer.said, strlen(answer.said) + 1);
    return ACTOP_OK;
}

const struct service_manager service_systemd = {
    .name = "systemd",
    .what = "user unit",
    .log = "journalctl --user -u actop",
    .put_path = put_path,
    .put_text = put_text,
    .start = start,
    .stop = stop,
    .forget = reload,
    .state = state,
};
