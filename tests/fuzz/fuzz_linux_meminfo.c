/* SPDX-License-Identifier: MIT */
/* /proc/meminfo, vmstat and their like, as bytes anybody may have written. */
#include "fuzz/text.h"

static void parse_text(const char *text, size_t size)
{
    struct span name;
    uint64_t value;
    for (const char *at = text, *last = NULL; parse_pair(&at, &name, &value); last = at) {
        check_step(text, size, last, at);
        check_span(text, size, name);
    }
}
