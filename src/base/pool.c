/* SPDX-License-Identifier: MIT */
/* String pool and hash; see pool.h. */
#include "base/pool.h"

#include <stdlib.h>
#include <string.h>

#include "base/cold.h"
#include "base/vec.h"

void pool_clear(struct pool *p)
{
    p->len = 0;
    p->failed = false;
}

void pool_release(struct pool *p)
{
    free(p->bytes);
    *p = (struct pool)POOL_INIT;
}

uint32_t pool_add(struct pool *p, const void *bytes, size_t n)
{
    if (n == 0)
        return 0;
    size_t at = p->len == 0 ? 1 : p->len; /* byte 0 is the empty string */
    if (at + n + 1 > UINT32_MAX || !VEC_RESERVE(p->bytes, p->cap, at + n + 1)) {
        p->failed = true;
        return 0;
    }
    p->bytes[0] = '\0';
    memcpy(p->bytes + at, bytes, n);
    p->bytes[at + n] = '\0';
    p->len = at + n + 1;
    return (uint32_t)at;
}

uint32_t pool_adds(struct pool *p, const char *text)
{
    return text == NULL ? 0 : pool_add(p, text, strlen(text));
}

NOINLINE const char *pool_at(const struct pool *p, uint32_t offset)
{
    return offset < p->len ? p->bytes + offset : "";
}

uint64_t hash_bytes(const void *bytes, size_t n)
{
    const unsigned char *c = bytes;
    uint64_t h = 0xcbf29ce484222325u;
    for (size_t i = 0; i < n; i++)
        h = (h ^ c[i]) * 0x100000001b3u;
    return h;
}
