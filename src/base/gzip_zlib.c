/* SPDX-License-Identifier: MIT */
/* zlib at its quickest level: a scrape is text of few words, and the time is the scraper's. */
#define ZLIB_CONST /* input is not written to */
#include "base/gzip.h"

#include <limits.h>
#include <zlib.h>

enum { GZIP_WINDOW = 15 + 16, GZIP_MEMORY = 8 };

static bool deflate_all(z_stream *z, struct buf *b, size_t room)
{
    z->next_out = (Bytef *)b->data + b->len;
    z->avail_out = (uInt)room;
    if (deflate(z, Z_FINISH) != Z_STREAM_END)
        return false;
    b->len += z->total_out;
    b->data[b->len] = '\0';
    return true;
}

bool gzip_put(struct buf *b, const char *bytes, size_t n)
{
    z_stream z = {0};
    if (n == 0 || n > INT_MAX || !buf_reserve(b, n) ||
        deflateInit2(&z, Z_BEST_SPEED, Z_DEFLATED, GZIP_WINDOW, GZIP_MEMORY, Z_DEFAULT_STRATEGY) !=
            Z_OK)
        return false;
    z.next_in = (const Bytef *)bytes;
    z.avail_in = (uInt)n;
    bool ok = deflate_all(&z, b, n);
    (void)deflateEnd(&z);
    return ok;
}
