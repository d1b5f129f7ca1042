/* SPDX-License-Identifier: MIT */
/* Makes the seeds of fuzz_recording out of the made-up machine: `seed_recording DIR`, and those of fuzz_replay out of
 * recordings (of fixtures, of simulated machines): `seed_recording DIR RECORDING…`. Only needed when the format changes;
 * built by hand, like a unit test, from this file, tests/lib/frames.c and libactop.a. */
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

/* The blocks of a recording as pieces; those too long for a piece are left out. */
static int convert(const char *directory, const char *recording)
{
    static char bytes[1 << 20];
    char path[512];
    const char *name = strrchr(recording, '/');
    struct block_unpacker u = {0};
    struct block b;
    FILE *in = fopen(recording, "rb");
    (void)snprintf(path, sizeof path, "%s/%s", directory, name != NULL ? name + 1 : recording);
    FILE *out = fopen(path, "wb");
    if (in == NULL || out == NULL || block_unpacker_init(&u, NULL) != ACTOP_OK)
        return 1;
    size_t n = fread(bytes, 1, sizeof bytes, in), at = RECORDING_HEADER;
    for (; at < n && block_find(&u.crc, bytes + at, n - at, &b) == ACTOP_OK; at += b.size) {
        const uint8_t *content;
        struct buf piece = BUF_INIT;
        size_t length;
        if (block_content(&u, &b, &content, &length, NULL) != ACTOP_OK || length > UINT16_MAX)
            continue;
        buf_put(&piece, content, length);
        put_piece(out, b.type, b.flags & BLOCK_KEYFRAME, &piece);
        buf_release(&piece);
    }
    block_unpacker_release(&u);
    (void)fclose(in);
    return fclose(out);
}

int main(int argc, char **argv)
{
    int failed = 0;
    if (argc < 2)
        return 2;
    for (int i = 2; i < argc; i++)
        failed |= convert(argv[1], argv[i]);
    if (argc > 2)
        return failed;
    return make_seed(argv[1], "file", 1, 3, false) | make_seed(argv[1], "file_empty", 0, 0, false) |
           make_seed(argv[1], "pieces", 1, 2, true) |
           make_seed(argv[1], "pieces_rows", 0, 12, true) |
           make_seed(argv[1], "pieces_empty", 0, 0, true);
}
