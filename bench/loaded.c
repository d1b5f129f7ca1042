/* SPDX-License-Identifier: MIT */
/* loaded LIBRARY: bytes that become resident when a shared library is loaded and has started itself: what a program that runs on the
 * tests' fake of Apple's libraries does not take for itself. */
#include <dlfcn.h>
#include <stdio.h>
#include <unistd.h>

static long resident(void)
{
    long total, pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (f == NULL || fscanf(f, "%ld %ld", &total, &pages) != 2)
        pages = 0;
    if (f != NULL)
        fclose(f);
    return pages * sysconf(_SC_PAGESIZE);
}

int main(int argc, char **argv)
{
    long before = resident();
    if (argc != 2 || dlopen(argv[1], RTLD_NOW) == NULL)
        return 1;
    printf("%ld\n", resident() - before);
    return 0;
}
