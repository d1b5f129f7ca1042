/* SPDX-License-Identifier: MIT */
/* cpufreq's time_in_state and lists of CPUs, as bytes anybody may have written. */
#include "fuzz/text.h"
#include "source/linux/cpufreq.h"
#include "source/linux/values.h"

static void parse_text(const char *text, size_t size)
{
    struct linux_list cpus = {0};
    uint64_t khz, ticks;
    for (const char *at = text, *last = NULL; time_in_state_next(&at, &khz, &ticks); last = at)
        check_step(text, size, last, at);
    if (list_cpus(&cpus, text) && cpus.n > LINUX_MAX_CPUS)
        abort();
    list_release(&cpus);
}
