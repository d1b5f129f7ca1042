/* SPDX-License-Identifier: MIT */
/* Runs a service manager's own program and keeps what it says; see service.h. No shell is involved: words stay words. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/os.h"
#include "cli/service.h"

extern char **environ;

static const int64_t LONGEST_NS = 30000000000;

const char *service_next_word(const struct service_words *words, const char *word)
{
    const char *end = words->text.data + words->text.len;
    word = word == NULL ? words->text.data : word + strlen(word) + 1;
    return word != NULL && word < end ? word : NULL;
}

/* Both outputs into the pipe, nothing to read, and signals as they were before us. */
static int spawn(const char *const argv[], const int fds[2], pid_t *pid)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attr;
    sigset_t normal;
    (void)sigemptyset(&normal);
    (void)sigaddset(&normal, SIGPIPE);
    int failed = posix_spawn_file_actions_init(&files);
    if (failed != 0)
        return failed;
    failed = posix_spawnattr_init(&attr);
    if (failed == 0) {
        (void)posix_spawnattr_setsigdefault(&attr, &normal);
        (void)posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGDEF);
        failed = posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        for (int fd = STDOUT_FILENO; failed == 0 && fd <= STDERR_FILENO; fd++)
            failed = posix_spawn_file_actions_adddup2(&files, fds[1], fd);
        for (int i = 0; failed == 0 && i < 2; i++)
            failed = posix_spawn_file_actions_addclose(&files, fds[i]);
        if (failed == 0) /* neither it nor what it starts writes to argv */
            failed =
                posix_spawnp(pid, argv[0], &files, &attr, (char *const *)(uintptr_t)argv, environ);
        (void)posix_spawnattr_destroy(&attr);
    }
    (void)posix_spawn_file_actions_destroy(&files);
    return failed;
}

/* Keep the beginning, read the rest away. False when time is up. */
static bool listen_to(int fd, char said[SERVICE_SAID])
{
    int64_t last_ns = os_awake_ns() + LONGEST_NS;
    char waste[512];
    size_t n = 0;
    for (;;) {
        struct pollfd p = {fd, POLLIN, 0};
        int64_t left_ms = (last_ns - os_awake_ns()) / 1000000;
        if (left_ms <= 0)
            return false;
        if (poll(&p, 1, (int)left_ms) <= 0)
            continue;
        bool full = n == SERVICE_SAID - 1;
        ssize_t got = full ? read(fd, waste, sizeof waste)
                           : read(fd, said + n, SERVICE_SAID - 1 - n);
        if (got == 0 || (got < 0 && errno != EINTR))
            return true;
        n += full || got < 0 ? 0 : (size_t)got;
        said[n] = '\0';
    }
}

static int wait_for(pid_t pid)
{
    int waited = 0;
    while (waitpid(pid, &waited, 0) < 0)
        if (errno != EINTR)
            return -1;
    return WIFEXITED(waited) ? WEXITSTATUS(waited) : 128 + WTERMSIG(waited);
}

actop_status service_ask(const char *const argv[], struct service_answer *answer, actop_error *err)
{
    int fds[2];
    pid_t pid = -1;
    *answer = (struct service_answer){0, ""};
    if (!os_pipe(fds, true)) /* what it starts expects outputs that wait */
        return error_errno(err, errno, "cannot make a pipe");
    int failed = spawn(argv, fds, &pid);
    (void)close(fds[1]);
    bool ended = failed != 0 || listen_to(fds[0], answer->said);
    (void)close(fds[0]);
    if (failed == ENOENT)
        return error_set(err, ACTOP_E_NOT_FOUND, "there is no %s along PATH", argv[0]);
    if (failed != 0)
        return error_errno(err, failed, "cannot run %s", argv[0]);
    if (!ended)
        (void)kill(pid, SIGKILL);
    answer->status = wait_for(pid);
    return ended ? ACTOP_OK
                 : error_set(err, ACTOP_E_TIMEOUT, "%s did not come to an end in 30 s", argv[0]);
}

actop_status service_tell(const char *const argv[], actop_error *err)
{
    struct service_answer answer;
    actop_status st = service_ask(argv, &answer, err);
    if (st != ACTOP_OK || answer.status == 0)
        return st;
    answer.said[strcspn(answer.said, "\n")] = '\0';
    const char *verb = argv[1];
    for (size_t i = 1; argv[i] != NULL && verb[0] == '-'; i++)
        verb = argv[i];
    return error_set(err, ACTOP_E_IO, "%s %s ended with status %d%s%s", argv[0], verb,
                     answer.status, answer.said[0] != '\0' ? ": " : "", answer.said);
}
