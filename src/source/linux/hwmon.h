/* SPDX-License-Identifier: MIT */
/* Names of hwmon's files (documented in the kernel's hwmon/sysfs-interface.rst); apart from the part for its tests. */
#ifndef SOURCE_LINUX_HWMON_H
#define SOURCE_LINUX_HWMON_H

#include <stdbool.h>
#include <stdint.h>

/* A file that is read at each tick. */
struct hwmon_kind {
    const char *type;  /* "temp" */
    const char *item;  /* "input", "average", "target" */
    const char *group; /* of the channel */
    const char *unit;
    bool is_signed, counts;
};

/* What kind of file a name like "temp12_input" is and its number; NULL when it is not one we read. */
const struct hwmon_kind *hwmon_file(const char *name, uint32_t *number);

#endif
