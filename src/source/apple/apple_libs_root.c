/* SPDX-License-Identifier: MIT */
/* Apple's libraries below a directory, for systems that are not macOS: a fake, ours or somebody else's.
 *
 * A library is looked for at its real path behind the root, and may end in .dylib, in .so or in nothing. A symbol counts
 * only if the file it lies in is below the root: RTLD_LOCAL look-ups go on into a library's own dependencies, and
 * libc has a getuid of its own. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* dladdr */
#endif
#include "source/apple/apple_api.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const suffixes[] = {".dylib", ".so", ""};

/* "/usr/lib/libIOReport.dylib" without its ".dylib"; framework binaries have none. */
static int stem_length(const char *path)
{
    const char *dot = strrchr(path, '.');

    if (dot != NULL && strcmp(dot, ".dylib") == 0)
        return (int)(dot - path);
    return (int)strlen(path);
}

static void *open_below(const char *root, const char *path)
{
    char file[2048];

    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        int n = snprintf(file, sizeof file, "%s%.*s%s", root, stem_length(path), path, suffixes[i]);
        void *handle = n > 0 && (size_t)n < sizeof file ? dlopen(file, RTLD_NOW | RTLD_LOCAL)
                                                        : NULL;
        if (handle != NULL)
            return handle;
    }
    return NULL;
}

bool apple_libs_open(struct apple_libs *libs, const char *root, char *why, size_t n)
{
    unsigned opened = 0;
    char *absolute = NULL; /* owned */

    *libs = (struct apple_libs){0};
    if (root == NULL || root[0] == '\0') {
        snprintf(why, n, "this system has no Apple libraries");
        return false;
    }
    absolute = realpath(root, NULL);
    if (absolute == NULL || strlen(absolute) >= sizeof libs->root) {
        snprintf(why, n, "%s: no such directory", root);
        free(absolute);
        return false;
    }
    snprintf(libs->root, sizeof libs->root, "%s", absolute);
    free(absolute);
    for (int i = 0; i < APPLE_LIB_COUNT; i++) {
        libs->handle[i] = open_below(libs->root, apple_lib_path((enum apple_lib)i));
        opened += libs->handle[i] != NULL;
    }
    if (opened == 0)
        snprintf(why, n, "%s: none of Apple's libraries is below this directory", libs->root);
    return opened > 0;
}

void *apple_libs_find(void *context, enum apple_lib lib, const char *name)
{
    const struct apple_libs *libs = context;
    size_t length = strlen(libs->root);
    Dl_info info;
    void *symbol;

    if (libs->handle[lib] == NULL)
        return NULL;
    symbol = dlsym(libs->handle[lib], name);
    if (symbol == NULL || dladdr(symbol, &info) == 0 || info.dli_fname == NULL)
        return NULL;
    if (strncmp(info.dli_fname, libs->root, length) != 0 || info.dli_fname[length] != '/')
        return NULL;
    return symbol;
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
    (void)pid;
    (void)signal;
    return ENOTSUP; /* the pids of a fake are not ours to signal */
}
