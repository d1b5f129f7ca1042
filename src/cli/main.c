/* SPDX-License-Identifier: MIT */
/* The program: tells its version. */
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        puts("actop " ACTOP_VERSION);
        return 0;
    }
    fputs("usage: actop --version\n", stderr);
    return 2;
}
