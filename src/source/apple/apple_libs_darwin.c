/* SPDX-License-Identifier: MIT */
/* Apple's own libraries on macOS. They live in the dyld shared cache, so there is no file to look at: dlopen of the
 * path is the documented way in. The root is ignored: a real Mac is never faked. */
#include "source/apple/apple_api.h"

#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>

bool apple_libs_open(struct apple_libs *libs, const char *root, char *why, size_t n)
{
    unsigned opened = 0;

    (void)root;
    *libs = (struct apple_libs){0};
    for (int i = 0; i < APPLE_LIB_COUNT; i++) {
        libs->handle[i] = dlopen(apple_lib_path((enum apple_lib)i), RTLD_NOW | RTLD_LOCAL);
        opened += libs->handle[i] != NULL;
    }
    if (opened == 0)
        snprintf(why, n, "none of Apple's libraries could be opened: %s", dlerror());
    return opened > 0;
}

void *apple_libs_find(void *context, enum apple_lib lib, const char *name)
{
    const struct apple_libs *libs = context;

    return libs->handle[lib] != NULL ? dlsym(libs->handle[lib], name) : NULL;
}

void apple_libs_close(struct apple_libs *libs)
{
    for (int i = 0; i < APPLE_LIB_COUNT; i++)
        if (libs->handle[i] != NULL)
            dlclose(libs->handle[i]);
    *libs = (struct apple_libs){0};
}

int apple_libs_signal(int pid, int signal)
{
    return kill(pid, signal) == 0 ? 0 : errno;
}
