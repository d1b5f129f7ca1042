/* SPDX-License-Identifier: MIT */
/* Recordings from a hostile hand. The first byte of the input chooses: even, the rest is a recording as it stands; odd,
 * the rest is pieces (type, flags, u16 length, content) that are made into blocks with right checksums, because no
 * mutation would ever get past those. Seeds are made by seed_recording.c. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "frame/block.h"
#include "frame/recording.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Frames of one input: each may be large, and the time for an input is limited. */
enum { FRAMES_MOST = 64 };

struct memory {
    const char *bytes;
    size_t left;
};

static ssize_t read_memory(void *self, void *bytes, size_t n)
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

static void put_blocks(struct block_packer *packer, const uint8_t *data, size_t size,
                       struct buf *out)
{
    uint8_t header[RECORDING_HEADER];
    recording_put_header(header);
    buf_put(out, header, sizeof header);
    while (size > 4) {
        size_t n = (size_t)data[2] | (size_t)data[3] << 8;
        n = n < size - 4 ? n : size - 4;
        (void)block_put(packer, data[0], data[1] & (BLOCK_ZSTD | BLOCK_KEYFRAME), data + 4, n, out,
                        NULL);
        data += 4 + n;
        size -= 4 + n;
    }
}

static void read_all(const char *bytes, size_t n)
{
    struct memory m = {bytes, n};
    struct recording_reader *r = NULL;
    struct frame f = {0};
    actop_error err;
    actop_status st =
        recording_reader_new((struct recording_feed){read_memory, &m}, "input", &r, &err);
    for (int i = 0; i < FRAMES_MOST && (st == ACTOP_OK || st == ACTOP_SCHEMA_CHANGED); i++)
        st = recording_read(r, &f, &err);
    recording_reader_free(r);
    frame_release(&f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    if (data[0] % 2 == 0) {
        read_all((const char *)data + 1, size - 1);
        return 0;
    }
    struct block_packer packer;
    struct buf file = BUF_INIT;
    if (block_packer_init(&packer, NULL) != ACTOP_OK)
        abort();
    put_blocks(&packer, data + 1, size - 1, &file);
    read_all(file.data, file.len);
    block_packer_release(&packer);
    buf_release(&file);
    return 0;
}
