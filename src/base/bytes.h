/* SPDX-License-Identifier: MIT */
/* Whole numbers as bytes in an order that does not depend on the machine: le is least first, be greatest first. */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <stdint.h>

static inline uint32_t le32_get(const void *bytes)
{
    const uint8_t *b = bytes;
    return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

static inline void le32_put(uint8_t bytes[4], uint32_t v)
{
    for (int i = 0; i < 4; i++, v >>= 8)
        bytes[i] = (uint8_t)v;
}

static inline uint32_t be32_get(const void *bytes)
{
    const uint8_t *b = bytes;
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

#endif
