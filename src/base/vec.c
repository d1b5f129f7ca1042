/* SPDX-License-Identifier: MIT */
/* Growing arrays; see vec.h. The array is reached as bytes of a pointer, so that one function serves every type. */
#include "base/vec.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cold.h"

bool vec_reserve(void *array, size_t *cap, size_t want, size_t size)
{
    if (want <= *cap)
        return true;
    size_t most = SIZE_MAX / size;
    size_t next = *cap < 8 ? 8 : *cap > most / 2 ? most : *cap + *cap / 2;
    next = next < want ? want : next;
    if (next > most)
        return false;
    char *old;
    memcpy(&old, array, sizeof old);
    char *grown = realloc(old, next * size);
    if (grown == NULL)
        return false;
    memcpy(array, &grown, sizeof grown);
    *cap = next;
    return true;
}

bool vec_grow(void *array, size_t *cap, size_t want, size_t size)
{
    size_t before = *cap;
    if (!vec_reserve(array, cap, want, size))
        return false;
    if (*cap > before) {
        char *grown;
        memcpy(&grown, array, sizeof grown);
        memset(grown + before * size, 0, (*cap - before) * size);
    }
    return true;
}

COLD bool vec_own(void *array, size_t cap, size_t n, size_t size)
{
    char *theirs;
    memcpy(&theirs, array, sizeof theirs);
    if (theirs == NULL)
        return true;
    char *ours = calloc(cap > 0 ? cap : 1, size);
    if (ours != NULL)
        memcpy(ours, theirs, n * size);
    memcpy(array, &ours, sizeof ours);
    return ours != NULL;
}
