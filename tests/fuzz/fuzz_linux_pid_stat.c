/* SPDX-License-Identifier: MIT */
/* /proc/PID/stat and io, as bytes anybody may have written. */
#include <stdlib.h>
#include <string.h>

#include "source/linux/parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A part of the text that is no part of it would be read past its end. */
static void check(const char *text, size_t size, struct span s)
{
    if (s.n > 0 && (s.at < text || s.at + s.n > text + size))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    if (text == NULL)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    struct pid_stat stat;
    struct pid_io io;
    if (parse_pid_stat(text, size, &stat))
        check(text, size, stat.name);
    (void)parse_pid_io(text, &io);
    free(text);
    return 0;
}
