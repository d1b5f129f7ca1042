/* SPDX-License-Identifier: MIT */
/* Parsing /proc/cpuinfo: "name : value" lines in blocks, one block a CPU. What stands there differs by architecture
 * (documented in the kernel's sources only); taken are the name of the processor, two flags of x86, and on ARM the
 * parts of the main ID register. */
#ifndef SOURCE_LINUX_CPUINFO_H
#define SOURCE_LINUX_CPUINFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One line. The name has no blanks at its end, the value none at either. Pointers into the text. */
struct cpuinfo_line {
    const char *name, *value;
    size_t n_name, n_value;
};

/* The next line that has a colon; moves behind it. False at the end. */
bool cpuinfo_next(const char **at, struct cpuinfo_line *line);
bool cpuinfo_is(const struct cpuinfo_line *line, const char *name);
/* True when the value has this word among others. */
bool cpuinfo_has_word(const struct cpuinfo_line *line, const char *word);

/* MIDR_EL1 as its fields give it (documented: Arm Architecture Reference Manual). */
static inline uint64_t cpuinfo_midr(uint64_t implementer, uint64_t variant, uint64_t part, uint64_t revision)
{
    return (implementer & 0xff) << 24 | (variant & 0xf) << 20 | UINT64_C(0xf) << 16 | (part & 0xfff) << 4 | (revision & 0xf);
}

#endif
