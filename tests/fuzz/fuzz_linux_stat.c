/* SPDX-License-Identifier: MIT */
/* /proc/stat, as bytes anybody may have written. */
#include <stdlib.h>
#include <string.h>

#include "source/linux/stat.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    uint64_t cpu, ticks[STAT_COLUMNS];
    if (text == NULL)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    for (const char *at = text, *last = NULL; stat_next_cpu(&at, &cpu, ticks); last = at)
        if (at == last || at > text + size)
            abort(); /* it must go on, and not past the end */
    free(text);
    return 0;
}
