/* SPDX-License-Identifier: MIT */
/* Parsing cpufreq's time_in_state; apart from its part so that it can be tested and fuzzed. */
#ifndef SOURCE_LINUX_CPUFREQ_H
#define SOURCE_LINUX_CPUFREQ_H

#include <stdbool.h>
#include <stdint.h>

/* The next line "KHZ TICKS" from *at on; moves behind it. False at the end or when the line is not understood. */
bool time_in_state_next(const char **at, uint64_t *khz, uint64_t *ticks);

#endif
