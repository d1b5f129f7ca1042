/* SPDX-License-Identifier: MIT */
/* /proc/cpuinfo, as bytes anybody may have written. */
#include <stdlib.h>
#include <string.h>

#include "source/linux/cpuinfo.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    struct cpuinfo_line line;
    if (text == NULL)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    for (const char *at = text; cpuinfo_next(&at, &line);) {
        if (line.name + line.n_name > text + size || line.value + line.n_value > text + size)
            abort();
        (void)cpuinfo_has_word(&line, "aperfmperf");
        (void)cpuinfo_is(&line, "CPU part");
    }
    free(text);
    return 0;
}
