/* SPDX-License-Identifier: MIT */
/* Allocations of ours, counted and made to fail. In a build with -Dtests=true or -Dfuzz=true meson puts this header
 * before every C file, so that malloc and its kin in our sources and tests go through alloc.c; libraries are not
 * touched.
 *
 *     for (long n = 1; alloc_fail_nth(n), try_it(); n++)      // try_it: true while a failure was hit
 *         ...
 *     alloc_fail_nth(0);
 */
#ifndef ACTOP_TESTS_ALLOC_H
#define ACTOP_TESTS_ALLOC_H

void alloc_fail_nth(long n);     /* the n-th allocation from now on fails, once; 0: none */
void alloc_fail_from(long n);    /* the n-th and all later ones fail; 0: none */
_Bool alloc_failed(void);        /* one has failed since the plan was set */
unsigned long alloc_count(void); /* allocations of ours so far, by all threads */

/* ALLOC_PLAIN: a program of its own (an example), which links the shared library like anybody else's. */
#ifndef ALLOC_PLAIN
/* No system header is included here: it would settle _GNU_SOURCE and its like before the file can. stdlib.h and
 * string.h then declare these names with the types of the originals. */
#define malloc alloc_malloc
#define calloc alloc_calloc
#define realloc alloc_realloc
#undef strdup
#undef strndup
#define strdup alloc_strdup
#define strndup alloc_strndup
#endif

#endif
