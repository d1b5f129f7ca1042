/* SPDX-License-Identifier: MIT */
/* wait, when and assert: conditions over the metrics, on the command line. docs/conditions.md has the language and
 * what the commands promise. A child gets the signals we get, and its status is told. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/os.h"
#include "base/signals.h"
#include "cli/stream.h"

enum {
    EXIT_HELD = 0,
    EXIT_BROKEN = 1,
    EXIT_NO_EXEC = 126,
    EXIT_NO_COMMAND = 127,
    EXIT_SIGNAL = 128
};

static const double WHEN_HYSTERESIS = 0.02;
static const int64_t PATIENCE_NS = INT64_C(10000000000); /* for a command that was told to end */

/* A condition being asked of a stream. */
struct asking {
    struct stream stream;
    actop_session *session;     /* owned */
    actop_condition *condition; /* owned */
    actop_error err;
};

/* Both or neither; *status is the exit status when not. */
static bool asking_open(struct asking *a, const struct cli *cli, const char *text, int *status)
{
    *a = (struct asking){.err = {ACTOP_OK, ""}};
    if (actop_condition_parse(text, &a->condition, NULL, &a->err) != ACTOP_OK) {
        *status = cli_fail(&a->err);
        return false;
    }
    uint32_t want = cli_process_want(&cli->options);
    if (strstr(text, "process.") != NULL)
        want |= ACTOP_WANT(ACTOP_SCOPE_PROCESS) | ACTOP_WANT_GPU_CLIENTS;
    if (cli_open(cli, CLI_STREAM, want, &a->session, &a->err) == ACTOP_OK)
        return true;
    *status = cli_fail(&a->err);
    actop_condition_free(a->condition);
    return false;
}

static int asking_close(struct asking *a, int status)
{
    actop_error err = {ACTOP_OK, ""};
    actop_condition_free(a->condition);
    if (cli_close(a->session, &err) != ACTOP_OK && status == EXIT_HELD)
        return cli_fail(&err);
    return status;
}

static enum output_state ask_first(struct asking *a, const struct cli *cli, actop_truth *truth)
{
    enum output_state state = stream_open(&a->stream, cli, a->session, &a->err);
    a->stream.quiet = true; /* whoever reads what a command prints may leave before it ends */
    *truth = state == OUTPUT_GOOD ? actop_condition_step(a->condition, a->stream.sample)
                                  : ACTOP_UNKNOWN;
    return state;
}

static enum output_state ask_next(struct asking *a, actop_truth *truth)
{
    enum output_state state = stream_next(&a->stream, &a->err);
    *truth = state == OUTPUT_GOOD ? actop_condition_step(a->condition, a->stream.sample)
                                  : ACTOP_UNKNOWN;
    return state;
}

static void say_why(const struct asking *a, const char *what)
{
    char text[ACTOP_ERROR_SIZE];
    (void)actop_condition_explain(a->condition, text, sizeof text);
    cli_say("%s: %s", what, text);
}

/* A stream that ended by itself: the end of a recording, a signal, a failure. */
static int end_status(const struct asking *a, enum output_state state, int at_end)
{
    if (state == OUTPUT_CLOSED && a->err.status == ACTOP_END) {
        cli_say("%s", a->err.text);
        return at_end;
    }
    return output_status(state, &a->err);
}

/* ---- wait --------------------------------------------------------------------------------------------------------- */

int command_wait(struct cli *cli, const struct option_list *words)
{
    struct asking a;
    actop_truth truth;
    int status = EXIT_HELD;
    if (!asking_open(&a, cli, words->items[0], &status))
        return status;
    double timeout_s = cli->options.timeout_s;
    int64_t last_ns = timeout_s > 0 ? os_awake_ns() + (int64_t)(timeout_s * 1e9) : INT64_MAX;
    enum output_state state = ask_first(&a, cli, &truth);
    while (state == OUTPUT_GOOD && truth != ACTOP_TRUE && os_awake_ns() < last_ns)
        state = stream_due_ns(&a.stream) < last_ns ? ask_next(&a, &truth)
                                                   : output_wait(last_ns, false);
    if (state == OUTPUT_STOPPED) { /* 0 would say that it holds */
        status = EXIT_SIGNAL + signals_ended();
    } else if (state != OUTPUT_GOOD) {
        status = end_status(&a, state, EXIT_BROKEN);
    } else if (truth != ACTOP_TRUE) {
        say_why(&a, "timed out");
        status = EXIT_BROKEN;
    }
    return asking_close(&a, status);
}

/* ---- Children ------------------------------------------------------------------------------------------------------- */

/* With write(2) alone: nothing else may be called between fork and exec when there are threads. */
static void say_no_exec(const char *name, int failed)
{
    const char *why = failed == ENOENT   ? ": no such command\n"
                      : failed == EACCES ? ": permission denied\n"
                                         : ": cannot be run\n";
    const char *texts[] = {"actop: error: ", name, why};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        ssize_t n = write(STDERR_FILENO, texts[i], strlen(texts[i]));
        (void)n;
    }
}

/* What the child does: signals as they were before us, and the command. */
static _Noreturn void be_child(const struct cli *cli, char *const argv[], const sigset_t *mask)
{
    signals_close();
    (void)signal(SIGPIPE, SIG_DFL);
    (void)signal(SIGXFSZ, SIG_DFL);
    if (cli->descriptors.rlim_cur != 0)
        (void)setrlimit(RLIMIT_NOFILE, &cli->descriptors);
    (void)sigprocmask(SIG_SETMASK, mask, NULL);
    (void)execvp(argv[0], argv);
    int failed = errno;
    say_no_exec(argv[0], failed);
    _exit(failed == ENOENT ? EXIT_NO_COMMAND : EXIT_NO_EXEC);
}

/* Signals wait while there are two of us with one set of handlers: a signal for the child must not end up in ours. */
static int start_child(const struct cli *cli, char *const argv[], pid_t *pid, actop_error *err)
{
    sigset_t all, mask;
    (void)sigfillset(&all);
    (void)sigprocmask(SIG_SETMASK, &all, &mask);
    *pid = fork();
    if (*pid == 0)
        be_child(cli, argv, &mask);
    int failed = errno;
    (void)sigprocmask(SIG_SETMASK, &mask, NULL);
    if (*pid > 0)
        return EXIT_HELD;
    (void)error_errno(err, failed, "cannot start %s", argv[0]);
    return EXIT_BROKEN;
}

static int status_of(int waited)
{
    return WIFEXITED(waited) ? WEXITSTATUS(waited) : EXIT_SIGNAL + WTERMSIG(waited);
}

/* True when the child has ended; an end that nobody can tell of any more is one with status 1. */
static bool child_ended(pid_t pid, int *status)
{
    int waited = 0;
    pid_t ended = waitpid(pid, &waited, WNOHANG);
    if (ended == 0 || (ended < 0 && errno == EINTR))
        return false;
    *status = ended == pid ? status_of(waited) : EXIT_BROKEN;
    return true;
}

/* Wait for its end; false when a signal ends us before. The end of a child is a signal too (output_open watches it), so
 * that nothing that comes between looking and waiting is missed. */
static bool await_child(pid_t pid, int *status)
{
    while (!child_ended(pid, status)) {
        struct pollfd p = {.fd = signals_fd(), .events = POLLIN};
        if (signals_ended() != 0)
            return false;
        (void)poll(&p, 1, -1);
        signals_drain();
    }
    return true;
}

/* Pass on what we were told, and see the child to its end: one that does not care is killed after a while. */
static int end_child(pid_t pid, int sig)
{
    int waited = 0;
    pid_t ended = 0;
    int64_t until_ns = os_awake_ns() + PATIENCE_NS;
    (void)kill(pid, sig);
    while ((ended = waitpid(pid, &waited, WNOHANG)) == 0 && os_awake_ns() < until_ns)
        os_sleep_until(os_awake_ns() + 20000000);
    if (ended == 0) {
        cli_say("the command did not end within 10 s of signal %d: killed", sig);
        (void)kill(pid, SIGKILL);
        do
            ended = waitpid(pid, &waited, 0);
        while (ended < 0 && errno == EINTR);
    }
    return ended == pid ? status_of(waited) : EXIT_BROKEN;
}

/* The command behind "--" as execvp wants it; owned by the caller. */
static char **child_argv(const struct option_list *words, size_t from)
{
    char **argv = calloc(words->n - from + 1, sizeof *argv);
    for (size_t i = from; argv != NULL && i < words->n; i++)
        argv[i - from] = (char *)(uintptr_t)words->items[i]; /* execvp does not write to them */
    return argv;
}

/* ---- when ------------------------------------------------------------------------------------------------------------- */

/* Run the command to its end at a rising edge; false when a signal ended us meanwhile. */
static bool run_once(const struct cli *cli, char *const argv[], actop_error *err)
{
    pid_t pid;
    int status = EXIT_HELD;
    if (start_child(cli, argv, &pid, err) != EXIT_HELD) {
        cli_say("%s", err->text);
        return true;
    }
    if (!await_child(pid, &status)) {
        (void)end_child(pid, signals_ended());
        return false;
    }
    if (status != EXIT_HELD)
        cli_say("the command ended with status %d", status);
    return true;
}

int command_when(struct cli *cli, const struct option_list *words)
{
    struct asking a;
    actop_truth truth, before = ACTOP_UNKNOWN;
    int status = EXIT_HELD;
    if (!asking_open(&a, cli, words->items[0], &status))
        return status;
    char **argv = child_argv(words, 1); /* owned */
    if (argv == NULL)
        (void)error_no_memory(&a.err, "the command");
    int64_t least_ns = (int64_t)(cli->options.every_s * 1e9), next_ns = 0;
    actop_condition_set_hysteresis(a.condition, WHEN_HYSTERESIS);
    enum output_state state = argv != NULL ? ask_first(&a, cli, &truth) : OUTPUT_FAILED;
    while (state == OUTPUT_GOOD) {
        int64_t now_ns = os_awake_ns();
        if (truth == ACTOP_TRUE && before != ACTOP_TRUE && now_ns >= next_ns) {
            say_why(&a, "now");
            next_ns = now_ns + least_ns;
            if (!run_once(cli, argv, &a.err)) {
                state = OUTPUT_STOPPED;
                break;
            }
        }
        before = truth;
        state = ask_next(&a, &truth);
    }
    status = end_status(&a, state, EXIT_HELD);
    free(argv);
    return asking_close(&a, status);
}

/* ---- assert --------------------------------------------------------------------------------------------------------------- */

/* Watch until the child ends or the condition breaks. Not knowing breaks nothing, but never having known does: a child
 * that ended before anything was known is judged by one more sample, which spans its time. */
static int watch_child(struct asking *a, const struct cli *cli, pid_t pid)
{
    actop_truth truth;
    int status = EXIT_HELD;
    bool known = false, ended = false;
    enum output_state state = ask_first(a, cli, &truth);
    for (;;) {
        known = known || truth != ACTOP_UNKNOWN;
        if (state == OUTPUT_GOOD && truth == ACTOP_FALSE) {
            say_why(a, "broken");
            if (!ended)
                (void)end_child(pid, SIGTERM);
            return EXIT_BROKEN;
        }
        if (ended)
            break;
        ended = child_ended(pid, &status);
        if (ended && (known || state != OUTPUT_GOOD))
            break;
        if (state != OUTPUT_GOOD) {
            int childs = end_child(pid, signals_ended() != 0 ? signals_ended() : SIGTERM);
            return state == OUTPUT_STOPPED ? childs : end_status(a, state, EXIT_BROKEN);
        }
        state = ask_next(a, &truth);
    }
    if (!known) {
        say_why(a, "never known");
        return EXIT_BROKEN;
    }
    return status;
}

int command_assert(struct cli *cli, const struct option_list *words)
{
    struct asking a;
    pid_t pid;
    int status = EXIT_HELD;
    actop_error err = {ACTOP_E_NOMEM, "out of memory"};
    if (!asking_open(&a, cli, words->items[0], &status))
        return status;
    char **argv = child_argv(words, 1); /* owned */
    status = argv != NULL ? start_child(cli, argv, &pid, &err) : EXIT_BROKEN;
    if (status == EXIT_HELD)
        status = watch_child(&a, cli, pid);
    else
        (void)cli_fail(&err);
    free(argv);
    return asking_close(&a, status);
}
