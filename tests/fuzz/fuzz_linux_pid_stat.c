/* SPDX-License-Identifier: MIT */
/* /proc/PID/stat and io, as bytes anybody may have written. */
#include "fuzz/text.h"

static void parse_text(const char *text, size_t size)
{
    struct pid_stat stat;
    struct pid_io io;
    if (parse_pid_stat(text, size, &stat))
        check_span(text, size, stat.name);
    (void)parse_pid_io(text, &io);
}
