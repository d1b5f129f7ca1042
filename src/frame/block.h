/* SPDX-License-Identifier: MIT */
/* Blocks: the outer layer of recordings, of the history ring and of /api/v1/frames. A block is a type, flags, a
 * length, that many bytes and a checksum of all of it; its content may be compressed by zstd. What blocks hold is the
 * business of codec.h. The bytes are described in docs/recording-format.md.
 *
 * find reads from bytes somebody else may have written: nothing in them is believed before the checksum agrees, and
 * no length is believed at all. */
#ifndef FRAME_BLOCK_H
#define FRAME_BLOCK_H

#include <stddef.h>
#include <stdint.h>

#include <actop/types.h>

#include "base/buf.h"

enum block_type {
    BLOCK_SCHEMA = 1,
    BLOCK_FRAME = 2,
    BLOCK_SKIPPABLE = 0x80 /* types from here on may be skipped by a reader that does not know them */
};

enum {
    BLOCK_ZSTD = 1,    /* the content is a zstd frame without its magic number */
    BLOCK_KEYFRAME = 2 /* needs no frame before it */
};

/* Most bytes of a content, compressed or not; and of what stands around it. */
enum { BLOCK_MAX = 64 << 20, BLOCK_OVERHEAD = 2 + 5 + 4 };

/* Tables of the checksum (CRC-32 as in zlib and Ethernet), for eight bytes at a time. */
struct crc32 {
    uint32_t table[8][256];
};
void crc32_init(struct crc32 *c);
uint32_t crc32_of(const struct crc32 *c, const void *bytes, size_t n);

/* Compressor, decompressor and their memory, kept from block to block. Zeroed memory is one that was never used. */
struct block_packer {
    struct crc32 crc;
    void *zstd;         /* ZSTD_CCtx */
    char *packed;       /* owned */
    size_t cap_packed;
};
struct block_unpacker {
    struct crc32 crc;
    void *zstd;         /* ZSTD_DCtx */
    char *packed, *content; /* owned */
    size_t cap_packed, cap_content;
};
actop_status block_packer_init(struct block_packer *p, actop_error *err);
void block_packer_release(struct block_packer *p);
actop_status block_unpacker_init(struct block_unpacker *u, actop_error *err);
void block_unpacker_release(struct block_unpacker *u);

/* Append a block with this content, compressed where that pays. On failure nothing is appended. */
actop_status block_put(struct block_packer *p, uint8_t type, uint8_t flags, const void *content, size_t n,
                       struct buf *out, actop_error *err);

/* One block in somebody's memory. */
struct block {
    uint8_t type, flags;
    const uint8_t *stored; /* the content as it stands, perhaps compressed */
    size_t n_stored;
    size_t size;           /* of the whole block */
};

/* Look for a block at the start of n bytes. ACTOP_OK: *b describes it, its checksum is right. ACTOP_END: there may be
 * one, and it needs b->size bytes (an estimate that only grows). E_FORMAT: there is none. */
actop_status block_find(const struct crc32 *crc, const void *bytes, size_t n, struct block *b);

/* The content of a block: borrowed from the block or from u until the next call. */
actop_status block_content(struct block_unpacker *u, const struct block *b, const uint8_t **content, size_t *n,
                           actop_error *err);

#endif
