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

/* Make *array hold at least want elements of size bytes, doubling; memory past the old capacity is zero. On failure
 * nothing changes and false is returned. */
bool vec_grow(void *array, size_t *cap, size_t want, size_t size);

#define VEC_GROW(array, cap, want) vec_grow(&(array), &(cap), (want), sizeof *(array))

#endif
