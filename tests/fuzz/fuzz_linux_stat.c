/* SPDX-License-Identifier: MIT */
/* /proc/stat, as bytes anybody may have written. */
#include "fuzz/text.h"
#include "source/linux/stat.h"

static void parse_text(const char *text, size_t size)
{
    uint64_t cpu, ticks[STAT_COLUMNS];
    for (const char *at = text, *last = NULL; stat_next_cpu(&at, &cpu, ticks); last = at)
        check_step(text, size, last, at);
}
