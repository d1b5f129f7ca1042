/* SPDX-License-Identifier: MIT */
/* Parsing /proc/stat; apart from its part so that it can be tested and fuzzed. */
#ifndef SOURCE_LINUX_STAT_H
#define SOURCE_LINUX_STAT_H

#include <stdbool.h>
#include <stdint.h>

/* What a cpuN line counts that we take, in ticks: user nice system idle iowait irq softirq steal. guest and
 * guest_nice are part of user and nice (documented in proc(5)) and left out. */
enum { STAT_COLUMNS = 8 };
extern const char *const stat_columns[STAT_COLUMNS];

/* Find the next cpuN line from *at on, fill what it holds (columns an old kernel lacks are 0), and move behind it. False
 * when there is none: the lines of the CPUs stand together at the top. */
bool stat_next_cpu(const char **at, uint64_t *cpu, uint64_t ticks[STAT_COLUMNS]);

#endif
