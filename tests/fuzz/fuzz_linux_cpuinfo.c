/* SPDX-License-Identifier: MIT */
/* /proc/cpuinfo, as bytes anybody may have written. */
#include "fuzz/text.h"
#include "source/linux/cpuinfo.h"

static void parse_text(const char *text, size_t size)
{
    struct cpuinfo_line line;
    for (const char *at = text; cpuinfo_next(&at, &line);) {
        if (line.name + line.n_name > text + size || line.value + line.n_value > text + size)
            abort();
        (void)cpuinfo_has_word(&line, "aperfmperf");
        (void)cpuinfo_is(&line, "CPU part");
    }
}
