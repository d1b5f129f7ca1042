/* SPDX-License-Identifier: MIT */
/* Recordings from a hostile hand. The first byte of the input chooses: even, the rest is a recording as it stands; odd,
 * the rest is pieces (pieces.h). Seeds are made by seed_recording.c. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "fuzz/pieces.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Frames of one input: each may be large, and the time for an input is limited. */
enum { FRAMES_MOST = 64 };

static void read_all(const char *bytes, size_t n)
{
    struct memory m = {bytes, n};
    struct recording_reader *r = NULL;
    struct frame f = {0};
    actop_error err;
    actop_status st =
        recording_reader_new((struct recording_feed){memory_read, &m}, "input", &r, &err);
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
    pieces_put(&packer, data + 1, size - 1, &file);
    read_all(file.data, file.len);
    block_packer_release(&packer);
    buf_release(&file);
    return 0;
}
