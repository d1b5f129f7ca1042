/* SPDX-License-Identifier: MIT */
/* Sensor chips: taking the keys of hwmon's channels apart ("hwmon/amdgpu@0000:03:00.0/power1_average"). */
#ifndef DECODE_LINUX_CHIPS_H
#define DECODE_LINUX_CHIPS_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes of the key up to its last slash: what all channels of one chip begin with. 0 without a slash. */
size_t chip_id_length(const char *key);

/* Is the chip of this key on that device (what stands behind the @)? */
bool chip_is_on(const char *key, const char *device);

/* The file of the key without what follows its underscore: "power1". Copied, cut to fit. */
void chip_channel(const char *key, char *name, size_t size);

#endif
