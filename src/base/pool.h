/* SPDX-License-Identifier: MIT */
/* A pool of strings addressed by offset. Offset 0 is always the empty string, so zeroed structs have valid names.
 * Offsets stay valid while the pool grows; pointers do not. Clearing keeps the memory. */
#ifndef BASE_POOL_H
#define BASE_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pool {
    char *bytes; /* owned */
    size_t len;
    size_t cap;
    bool failed; /* an allocation failed since the last clear */
};

#define POOL_INIT {NULL, 0, 0, false}
void pool_clear(struct pool *p);
void pool_release(struct pool *p);

/* Copy n bytes and an ending zero in; returns their offset, 0 (and failed) when out of memory. Zero bytes inside are
 * kept; readers of text stop there. */
uint32_t pool_add(struct pool *p, const void *bytes, size_t n);
uint32_t pool_adds(struct pool *p, const char *text);

/* Borrowed until the next add or clear. Never NULL. */
const char *pool_at(const struct pool *p, uint32_t offset);

/* 64-bit FNV-1a, for hash tables of keys. */
uint64_t hash_bytes(const void *bytes, size_t n);

#endif
