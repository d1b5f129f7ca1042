/* SPDX-License-Identifier: MIT */
/* Signals as flags and a self-pipe; see signals.h. A flag is written before the byte and taken after the pipe was
 * drained, so that no signal is lost between the two. */
#include "base/signals.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <unistd.h>

#include "base/os.h"

enum { SIGNALS = 65 }; /* numbers end at 31 on macOS and at 64 on Linux */

static volatile sig_atomic_t flags[SIGNALS]; /* writable: signal flags */
static bool watched[SIGNALS];                /* writable: signal flags */
static int pipe_fds[2] = {-1, -1};           /* writable: self-pipe */

/* The last four are no crashes, but end a program that does not expect them just as well. */
static const int crashes[] = {SIGSEGV, SIGBUS,  SIGFPE,  SIGILL,  SIGABRT,
                              SIGTRAP, SIGQUIT, SIGALRM, SIGUSR1, SIGUSR2};
enum { CRASHES = sizeof crashes / sizeof crashes[0] };
static struct sigaction before_crash[CRASHES]; /* writable: what crash signals did before */
static void (*crash_clean_up)(void);           /* writable: what a crash calls first */

static void on_signal(int sig)
{
    int saved = errno;
    flags[sig] = 1;
    ssize_t n = write(pipe_fds[1], "", 1); /* a full pipe wakes up as well as one more byte would */
    (void)n;
    errno = saved;
}

bool signals_open(void)
{
    return pipe_fds[0] >= 0 || os_pipe(pipe_fds, false);
}

static bool set_handler(int sig, void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler};
    sigemptyset(&action.sa_mask);
    return sig > 0 && sig < SIGNALS && sigaction(sig, &action, NULL) == 0;
}

bool signals_watch(int sig)
{
    if (!set_handler(sig, on_signal))
        return false;
    watched[sig] = true;
    return true;
}

bool signals_ignore(int sig)
{
    return set_handler(sig, SIG_IGN);
}

bool signals_ignored(int sig)
{
    struct sigaction now;
    return sigaction(sig, NULL, &now) == 0 && now.sa_handler == SIG_IGN;
}

void signals_default(int sig)
{
    if (set_handler(sig, SIG_DFL))
        (void)raise(sig);
}

int signals_fd(void)
{
    return pipe_fds[0];
}

void signals_drain(void)
{
    char bytes[64];
    while (pipe_fds[0] >= 0 && read(pipe_fds[0], bytes, sizeof bytes) > 0)
        continue;
}

bool signals_take(int sig)
{
    bool came = flags[sig] != 0;
    flags[sig] = 0;
    return came;
}

int signals_ended(void)
{
    static const int ends[] = {SIGINT, SIGTERM, SIGHUP};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
        if (flags[ends[i]] != 0)
            return ends[i];
    return 0;
}

/* The handler returns into the instruction that failed, which fails again, now as it did before; a signal that was sent
 * is raised again. */
static void on_crash(int sig)
{
    if (crash_clean_up != NULL)
        crash_clean_up();
    for (size_t i = 0; i < CRASHES; i++)
        if (crashes[i] == sig)
            (void)sigaction(sig, &before_crash[i], NULL);
    (void)raise(sig);
}

bool signals_on_crash(void (*clean_up)(void))
{
    bool had = crash_clean_up != NULL;
    bool ok = true;
    crash_clean_up = clean_up;
    for (size_t i = 0; i < CRASHES; i++) {
        struct sigaction action = {.sa_handler = on_crash};
        sigemptyset(&action.sa_mask);
        if (clean_up == NULL && had)
            ok = sigaction(crashes[i], &before_crash[i], NULL) == 0 && ok;
        else if (clean_up != NULL && !had)
            ok = sigaction(crashes[i], &action, &before_crash[i]) == 0 && ok;
    }
    return ok;
}

void signals_close(void)
{
    for (int sig = 1; sig < SIGNALS; sig++)
        if (watched[sig]) {
            (void)set_handler(sig, SIG_DFL);
            watched[sig] = false;
        }
    for (int i = 0; i < 2; i++) {
        if (pipe_fds[i] >= 0)
            close(pipe_fds[i]);
        pipe_fds[i] = -1;
    }
}
