/* SPDX-License-Identifier: MIT */
/* Blocks; see block.h. zstd is used one call a block with kept contexts, so that nothing is allocated per block once
 * the largest was seen. */
#include "frame/block.h"

#include <stdlib.h>
#include <string.h>

#include <zstd.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/vec.h"
#include "frame/residual.h"

/* Level 3 is zstd's default; higher ones gain 1 to 2 % on frames. Small contents and small gains stay as they are, because
 * those are read without a decompressor. */
enum { ZSTD_LEVEL = 3, PACK_LEAST = 64, PACK_GAIN_SHARE = 32, ZSTD_MAGIC_BYTES = 4 };

static const uint8_t zstd_magic[ZSTD_MAGIC_BYTES] = {0x28, 0xb5, 0x2f, 0xfd};

/* ---- checksum ---- */

void crc32_init(struct crc32 *c)
{
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t rest = i;
        for (int bit = 0; bit < 8; bit++)
            rest = rest >> 1 ^ (0xedb88320u & (~(rest & 1) + 1));
        c->table[0][i] = rest;
    }
    for (uint32_t i = 0; i < 256; i++)
        for (int t = 1; t < 8; t++)
            c->table[t][i] = c->table[t - 1][i] >> 8 ^ c->table[0][c->table[t - 1][i] & 0xff];
}

uint32_t crc32_of(const struct crc32 *c, const void *bytes, size_t n)
{
    const uint8_t *at = bytes;
    uint32_t crc = UINT32_MAX;
    for (; n >= 8; n -= 8, at += 8) {
        crc ^= le32_get(at);
        crc = c->table[7][crc & 0xff] ^ c->table[6][crc >> 8 & 0xff] ^
              c->table[5][crc >> 16 & 0xff] ^ c->table[4][crc >> 24] ^ c->table[3][at[4]] ^
              c->table[2][at[5]] ^ c->table[1][at[6]] ^ c->table[0][at[7]];
    }
    for (; n > 0; n--, at++)
        crc = crc >> 8 ^ c->table[0][(crc ^ *at) & 0xff];
    return ~crc;
}

/* ---- life ---- */

actop_status block_packer_init(struct block_packer *p, actop_error *err)
{
    memset(p, 0, sizeof *p);
    crc32_init(&p->crc);
    p->zstd = ZSTD_createCCtx();
    return p->zstd != NULL ? ACTOP_OK : error_no_memory(err, "compressing a recording");
}

void block_packer_release(struct block_packer *p)
{
    ZSTD_freeCCtx(p->zstd);
    free(p->packed);
    memset(p, 0, sizeof *p);
}

actop_status block_unpacker_init(struct block_unpacker *u, actop_error *err)
{
    memset(u, 0, sizeof *u);
    crc32_init(&u->crc);
    u->zstd = ZSTD_createDCtx();
    return u->zstd != NULL ? ACTOP_OK : error_no_memory(err, "reading a recording");
}

void block_unpacker_release(struct block_unpacker *u)
{
    ZSTD_freeDCtx(u->zstd);
    free(u->packed);
    free(u->content);
    memset(u, 0, sizeof *u);
}

/* ---- writing ---- */

/* Compress into p->packed; returns the bytes without the magic number, or 0 when it does not pay. */
static size_t pack(struct block_packer *p, const void *content, size_t n)
{
    if (n < PACK_LEAST || !VEC_GROW(p->packed, p->cap_packed, ZSTD_compressBound(n)))
        return 0;
    size_t got = ZSTD_compressCCtx(p->zstd, p->packed, p->cap_packed, content, n, ZSTD_LEVEL);
    if (ZSTD_isError(got) || got < ZSTD_MAGIC_BYTES ||
        memcmp(p->packed, zstd_magic, ZSTD_MAGIC_BYTES) != 0)
        return 0;
    got -= ZSTD_MAGIC_BYTES;
    return got < n - n / PACK_GAIN_SHARE ? got : 0;
}

actop_status block_put(struct block_packer *p, uint8_t type, uint8_t flags, const void *content,
                       size_t n, struct buf *out, actop_error *err)
{
    if (n > BLOCK_MAX)
        return error_set(err, ACTOP_E_FORMAT, "a frame of %zu bytes is too large for a recording",
                         n);
    size_t packed = pack(p, content, n);
    if (packed > 0) {
        flags |= BLOCK_ZSTD;
        content = p->packed + ZSTD_MAGIC_BYTES;
        n = packed;
    }
    if (out->failed || !buf_reserve(out, n + BLOCK_OVERHEAD))
        return error_no_memory(err, "a block of a recording");
    size_t start = out->len;
    uint8_t sum[4];
    buf_put(out, (uint8_t[]){type, flags}, 2);
    varint_put(out, n);
    buf_put(out, content, n);
    le32_put(sum, crc32_of(&p->crc, out->data + start, out->len - start));
    buf_put(out, sum, sizeof sum);
    return ACTOP_OK;
}

/* ---- reading ---- */

/* The length at at[2]; 0 more bytes needed, SIZE_MAX none that a writer writes, else the bytes it takes. */
static size_t get_length(const uint8_t *at, size_t n, size_t *length)
{
    *length = 0;
    for (size_t i = 0; i < 4; i++) {
        if (2 + i >= n)
            return 0;
        *length |= (size_t)(at[2 + i] & 0x7f) << 7 * i;
        if (at[2 + i] < 0x80)
            return *length <= BLOCK_MAX ? i + 1 : SIZE_MAX;
    }
    return SIZE_MAX;
}

actop_status block_find(const struct crc32 *crc, const void *bytes, size_t n, struct block *b)
{
    const uint8_t *at = bytes;
    if (n > 0 && at[0] == 0)
        return ACTOP_E_FORMAT;
    if (n > 1 && (at[1] & ~(BLOCK_ZSTD | BLOCK_KEYFRAME)) != 0)
        return ACTOP_E_FORMAT;
    size_t length = 0;
    size_t used = n < 2 ? 0 : get_length(at, n, &length);
    if (used == SIZE_MAX)
        return ACTOP_E_FORMAT;
    b->size = used == 0 ? n + 1 : 2 + used + length + 4;
    if (n < b->size)
        return ACTOP_END;
    if (crc32_of(crc, at, b->size - 4) != le32_get(at + b->size - 4))
        return ACTOP_E_FORMAT;
    b->type = at[0];
    b->flags = at[1];
    b->stored = at + 2 + used;
    b->n_stored = length;
    return ACTOP_OK;
}

static actop_status unpack_failed(const char *why, actop_error *err)
{
    return error_set(err, ACTOP_E_FORMAT, "a block of the recording cannot be unpacked: %s", why);
}

actop_status block_content(struct block_unpacker *u, const struct block *b, const uint8_t **content,
                           size_t *n, actop_error *err)
{
    *content = b->stored;
    *n = b->n_stored;
    if ((b->flags & BLOCK_ZSTD) == 0)
        return ACTOP_OK;
    size_t packed = b->n_stored + ZSTD_MAGIC_BYTES;
    if (!VEC_GROW(u->packed, u->cap_packed, packed))
        return error_no_memory(err, "a block of a recording");
    memcpy(u->packed, zstd_magic, ZSTD_MAGIC_BYTES);
    memcpy(u->packed + ZSTD_MAGIC_BYTES, b->stored, b->n_stored);
    unsigned long long size = ZSTD_getFrameContentSize(u->packed, packed);
    if (size > BLOCK_MAX)
        return unpack_failed("its size is missing or too large", err);
    if (!VEC_GROW(u->content, u->cap_content, (size_t)size + 1))
        return error_no_memory(err, "a block of a recording");
    size_t got = ZSTD_decompressDCtx(u->zstd, u->content, (size_t)size, u->packed, packed);
    if (ZSTD_isError(got) || got != size)
        return unpack_failed(ZSTD_isError(got) ? ZSTD_getErrorName(got) : "its size is wrong", err);
    *content = (const uint8_t *)u->content;
    *n = got;
    return ACTOP_OK;
}
