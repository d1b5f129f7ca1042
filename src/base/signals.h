/* SPDX-License-Identifier: MIT */
/* Signals as flags and a file descriptor, for programs (the library installs none). A handler only sets the flag of
 * its signal and writes one byte into a pipe, so that poll(2) wakes up. The flags and the pipe are the only writable
 * globals of base/.
 *
 *     signals_open();
 *     signals_watch(SIGINT);
 *     … poll signals_fd() …
 *     if (signals_take(SIGINT)) …
 */
#ifndef BASE_SIGNALS_H
#define BASE_SIGNALS_H

#include <stdbool.h>

/* Make the pipe; false when the system has no descriptors left. A second call does nothing. */
bool signals_open(void);

/* From now on the signal sets its flag instead of what it did before. System calls are interrupted. */
bool signals_watch(int sig);

/* As if the signal did not exist (SIGPIPE). */
bool signals_ignore(int sig);

/* Is it ignored at this moment? A program inherits that from who started it. */
bool signals_ignored(int sig);

/* Give the signal its first meaning back and raise it: how a program stops or ends as the shell expects. */
void signals_default(int sig);

/* Readable while a flag may be up. Drained by signals_drain(). -1 before signals_open(). */
int signals_fd(void);
void signals_drain(void);

/* True when the signal came since the last take; takes it. */
bool signals_take(int sig);

/* SIGINT, SIGTERM or SIGHUP when one of these came, 0 otherwise; not taken: who asked to end stays asked. */
int signals_ended(void);

/* When the program crashes (SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP) or is ended by a signal nobody watches
 * (SIGQUIT, SIGALRM, SIGUSR1, SIGUSR2), call this first; then the signal does what it did before. clean_up must be
 * async-signal-safe. NULL takes it back. */
bool signals_on_crash(void (*clean_up)(void));

/* Put every watched signal back to its first meaning and close the pipe. */
void signals_close(void);

#endif
