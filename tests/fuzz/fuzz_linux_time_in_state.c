/* SPDX-License-Identifier: MIT */
/* cpufreq's time_in_state and lists of CPUs, as bytes anybody may have written. */
#include <stdlib.h>
#include <string.h>

#include "source/linux/cpufreq.h"
#include "source/linux/values.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    struct linux_list cpus = {0};
    uint64_t khz, ticks;
    if (text == NULL)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    for (const char *at = text, *last = NULL; time_in_state_next(&at, &khz, &ticks); last = at)
        if (at == last || at > text + size)
            abort();
    if (list_cpus(&cpus, text) && cpus.n > LINUX_MAX_CPUS)
        abort();
    list_release(&cpus);
    free(text);
    return 0;
}
