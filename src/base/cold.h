/* SPDX-License-Identifier: MIT */
/* COLD marks a function that runs once and not for every tick: what begins with a new schema, copies or ends, and
 * failures. It is compiled for size also in a file that is compiled for speed, and whatever calls it is taken to be
 * unlikely to. */
#ifndef BASE_COLD_H
#define BASE_COLD_H

#define COLD __attribute__((cold))

/* A small function that is called in so many places that its copies would be kilobytes. */
#define NOINLINE __attribute__((noinline))

#endif
