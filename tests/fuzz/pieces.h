/* SPDX-License-Identifier: MIT */
/* Inputs of the fuzz targets that read recordings: pieces (type, flags, u16 length, content), which are made into a recording
 * with right checksums, because no mutation would ever get past those. Seeds are made by seed_recording.c. */
#ifndef ACTOP_TESTS_PIECES_H
#define ACTOP_TESTS_PIECES_H

#include <string.h>
#include <sys/types.h>

#include "base/buf.h"
#include "frame/block.h"
#include "frame/recording.h"

/* A recording in memory, given out some bytes at a time. */
struct memory {
    const char *bytes;
    size_t left;
};

static inline ssize_t memory_read(void *self, void *bytes, size_t n)
{
    struct memory *m = self;
    n = n < m->left ? n : m->left;
    n = n < 4096 ? n : 4096;
    if (n > 0)
        memcpy(bytes, m->bytes, n);
    m->bytes += n;
    m->left -= n;
    return (ssize_t)n;
}

/* The recording that pieces make. */
static inline void pieces_put(struct block_packer *packer, const uint8_t *data, size_t size, struct buf *out)
{
    uint8_t header[RECORDING_HEADER];
    recording_put_header(header);
    buf_put(out, header, sizeof header);
    while (size > 4) {
        size_t n = (size_t)data[2] | (size_t)data[3] << 8;
        n = n < size - 4 ? n : size - 4;
        (void)block_put(packer, data[0], data[1] & (BLOCK_ZSTD | BLOCK_KEYFRAME), data + 4, n, out, NULL);
        data += 4 + n;
        size -= 4 + n;
    }
}

#endif
