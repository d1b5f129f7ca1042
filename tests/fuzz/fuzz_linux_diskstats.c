/* SPDX-License-Identifier: MIT */
/* /proc/diskstats, as bytes anybody may have written. */
#include "fuzz/text.h"

static void parse_text(const char *text, size_t size)
{
    struct disk_stat stat;
    for (const char *at = text, *last = NULL; parse_disk_stat(&at, &stat); last = at) {
        check_step(text, size, last, at);
        check_span(text, size, stat.name);
    }
}
