/* SPDX-License-Identifier: MIT */
/* Growing arrays: one function, used through a macro that keeps the element type.
 *
 *     struct channel *channels; size_t n, cap;
 *     if (!VEC_GROW(channels, cap, n + 1)) goto out;   // cap >= n + 1 afterwards; new memory is zero
 */
#ifndef BASE_VEC_H
#define BASE_VEC_H

#include <stdbool.h>
#include <stddef.h>

/* Make *array hold at least want elements of size bytes, and half as many more than it held; memory past the old capacity is
 * zero. On failure nothing changes and false is returned. */
bool vec_grow(void *array, size_t *cap, size_t want, size_t size);

/* The same for large arrays whose every element is set before it is read: memory past the old capacity is left as it came,
 * untouched, so that what is never used costs no memory of the machine's either. */
bool vec_reserve(void *array, size_t *cap, size_t want, size_t size);

/* *array came with a plain copy of the struct around it: put a copy of its own there, with room for cap elements, of which
 * the first n are copied and the others zero. NULL stays NULL. Out of memory: NULL, and false. */
bool vec_own(void *array, size_t cap, size_t n, size_t size);

#define VEC_GROW(array, cap, want) vec_grow(&(array), &(cap), (want), sizeof *(array))
#define VEC_RESERVE(array, cap, want) vec_reserve(&(array), &(cap), (want), sizeof *(array))
#define VEC_OWN(array, cap, n) vec_own(&(array), (cap), (n), sizeof *(array))

#endif
