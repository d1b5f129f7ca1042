/* SPDX-License-Identifier: MIT */
/* sleepers N: fork N processes that sleep, print a line, and end with them when standard input is closed. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static void sleep_for_ever(void)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)signal(SIGTERM, SIG_DFL);
    for (;;)
        (void)pause();
}

int main(int argc, char **argv)
{
    long n = argc > 1 ? strtol(argv[1], NULL, 10) : 0;
    char byte;
    (void)setpgid(0, 0);
    (void)signal(SIGTERM, SIG_IGN);
    for (long i = 0; i < n; i++) {
        pid_t pid = fork();
        if (pid == 0)
            sleep_for_ever();
        if (pid < 0) {
            perror("fork");
            break;
        }
    }
    puts("ready");
    (void)fflush(stdout);
    while (read(0, &byte, 1) > 0)
        ;
    (void)kill(0, SIGTERM); /* the others; this one ignores it */
    while (wait(NULL) > 0)
        ;
    return 0;
}
