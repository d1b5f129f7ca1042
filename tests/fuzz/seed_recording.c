/* SPDX-License-Identifier: MIT */
/* Makes the seeds of fuzz_recording out of the made-up machine: `seed_recording DIR`. Only needed when the format
 * changes; built by hand, like a unit test, from this file, tests/lib/frames.c and libactop.a. */
#include <stdio.h>
#include <string.h>

#include "frame/codec.h"
#include "frame/recording.h"
#include "lib/frames.h"

static void put_piece(FILE *out, uint8_t type, uint8_t flags, const struct buf *content)
{
    uint8_t head[4] = {type, flags, (uint8_t)content->len, (uint8_t)(content->len >> 8)};
    (void)fwrite(head, 1, sizeof head, out);
    (void)fwrite(content->data, 1, content->len, out);
}

/* as_pieces: contents without checksums; else a recording. */
static int make_seed(const char *directory, const char *name, uint32_t cores, uint32_t processes,
                     bool as_pieces)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *out = fopen(path, "wb");
    struct frames m;
    struct codec_writer w;
    struct buf blocks = BUF_INIT;
    uint8_t header[RECORDING_HEADER];
    if (out == NULL || !frames_open(&m, cores, processes) ||
        codec_writer_init(&w, NULL) != ACTOP_OK)
        return 1;
    recording_put_header(header);
    buf_put(&blocks, header, sizeof header);
    (void)fputc(as_pieces ? 1 : 0, out);
    (void)codec_put_schema(&w, m.schema, &blocks, NULL);
    if (as_pieces)
        put_piece(out, BLOCK_SCHEMA, 0, &w.content);
    for (int i = 0; i < 4 && frames_next(&m); i++) {
        (void)codec_put_frame(&w, &m.frame, i == 3, &blocks, NULL);
        if (as_pieces)
            put_piece(out, BLOCK_FRAME, i % 3 == 0 ? BLOCK_KEYFRAME : 0, &w.content);
    }
    if (!as_pieces)
        (void)fwrite(blocks.data, 1, blocks.len, out);
    codec_writer_release(&w);
    buf_release(&blocks);
    frames_close(&m);
    return fclose(out);
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    return make_seed(argv[1], "file", 1, 3, false) | make_seed(argv[1], "file_empty", 0, 0, false) |
           make_seed(argv[1], "pieces", 1, 2, true) |
           make_seed(argv[1], "pieces_rows", 0, 12, true) |
           make_seed(argv[1], "pieces_empty", 0, 0, true);
}
