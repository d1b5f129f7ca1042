/* SPDX-License-Identifier: MIT */
/* Growing arrays; see vec.h. The array is reached as bytes of a pointer, so that one function serves every type. */
#include "base/vec.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

bool vec_grow(void *array, size_t *cap, size_t want, size_t size)
{
    if (want <= *cap)
        return true;
    size_t next = *cap < 8 ? 8 : *cap;
    while (next < want) {
        if (next > SIZE_MAX / 2 / size)
            return false;
        next *= 2;
    }
    char *old;
    memcpy(&old, array, sizeof old);
    char *grown = realloc(old, next * size);
    if (grown == NULL)
        return false;
    memset(grown + *cap * size, 0, (next - *cap) * size);
    memcpy(array, &grown, sizeof grown);
    *cap = next;
    return true;
}
