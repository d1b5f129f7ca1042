/* SPDX-License-Identifier: MIT */
/* Values of the System Management Controller. */
#ifndef DECODE_APPLE_SMC_H
#define DECODE_APPLE_SMC_H

#include <string.h>

#include "decode/apple/apple.h"

/* Number in the first bytes of an SMC answer (byte 0 in the lowest bits of raw) by its four-character type. False: a type we
 * do not know, or not a finite number. Formats recorded: flt and ioft little-endian, integers and fixed points big-endian. */
bool apple_smc_value(const char *type, uint64_t raw, double *value);

/* The channel of an SMC key; -1 none. */
int32_t apple_smc_find(const struct schema *s, const char *key);

/* Its value in this frame. */
bool apple_smc_read(const struct decode_frame *d, int32_t channel, double *value);

/* Type "flt ", which nearly all temperatures have: asked once for a schema, and the value then has no need of its name. */
bool apple_smc_is_float(const struct schema *s, int32_t channel);
static inline double apple_smc_float(uint64_t raw)
{
    uint32_t bits = (uint32_t)raw;
    float number;
    memcpy(&number, &bits, sizeof number);
    return (double)number;
}

#endif
