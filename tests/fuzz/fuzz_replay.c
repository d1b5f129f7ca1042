/* SPDX-License-Identifier: MIT */
/* Recordings that say anything at all, all the way: read, decoded by the platform's decoder, judged, and put out in every
 * format. The input is pieces (pieces.h). Nothing a frame says may break what stands behind it, a decoder's copy goes on as
 * the original does, and a line of NDJSON is one line without a byte that is no text. */
#include <stdint.h>
#include <stdlib.h>

#include "analysis/analysis.h"
#include "decode/decode.h"
#include "export/export.h"
#include "fuzz/pieces.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Frames of one input, and rows of one output: the time for an input is limited. */
enum { FRAMES_MOST = 16, ROWS_MOST = 4096 };

struct fold {
    const struct decode_ops *ops;
    struct decoder *decoder, *twin;
    struct analysis *analysis;
    struct sample_pool *pool;
    struct buf out, twin_out;
};

static void require(int condition)
{
    if (!condition)
        abort();
}

static bool platform(struct fold *f, const struct schema *schema)
{
    const struct decode_ops *ops = decode_for(schema_text(schema, schema->platform));
    if (ops != f->ops) {
        if (f->ops != NULL)
            f->ops->destroy(f->decoder);
        f->ops = ops;
        f->decoder = ops != NULL ? ops->create() : NULL;
        require(ops == NULL || f->decoder != NULL);
    }
    return ops != NULL;
}

static bool is_small(const struct actop_sample_t *s)
{
    uint32_t rows = 0;
    for (int scope = 0; scope < ACTOP_SCOPE_COUNT; scope++)
        rows += sample_rows(s, (actop_scope)scope);
    return rows <= ROWS_MOST;
}

/* One line, and no control character in it. */
static void check_line(const struct buf *line)
{
    require(line->len > 1 && line->data[line->len - 1] == '\n');
    for (size_t i = 0; i + 1 < line->len; i++)
        require((unsigned char)line->data[i] >= 0x20 && line->data[i] != 0x7f);
}

static void put_all(struct fold *f, const struct actop_sample_t *s)
{
    actop_format_options o = ACTOP_FORMAT_OPTIONS_INIT;
    o.processes = o.process_pids = o.evidence = o.cmdlines = 1;
    f->out.len = 0;
    ndjson_put(&f->out, s, &o);
    check_line(&f->out);
    f->out.len = 0;
    text_put(&f->out, s, &o);
    csv_put(&f->out, s, &o);
}

static void step(struct fold *f, const struct frame *frame)
{
    struct decoder *twin = f->ops->clone(f->decoder);
    struct actop_sample_t *s = sample_new(f->pool), *other = sample_new(f->pool);
    require(twin != NULL && s != NULL && other != NULL);
    require(f->ops->step(f->decoder, frame, s, NULL) == ACTOP_OK);
    require(f->ops->step(twin, frame, other, NULL) == ACTOP_OK);
    if (is_small(s)) {
        actop_format_options o = ACTOP_FORMAT_OPTIONS_INIT;
        f->out.len = f->twin_out.len = 0;
        ndjson_put(&f->out, s, &o);
        ndjson_put(&f->twin_out, other, &o);
        require(f->out.len == f->twin_out.len &&
                memcmp(f->out.data, f->twin_out.data, f->out.len) == 0);
        require(analysis_step(f->analysis, s, NULL) == ACTOP_OK);
        put_all(f, s);
    }
    f->ops->destroy(twin);
    actop_sample_unref(s);
    actop_sample_unref(other);
}

static void read_all(struct fold *f, struct memory m)
{
    struct recording_reader *r = NULL;
    struct frame frame = {0};
    actop_status st =
        recording_reader_new((struct recording_feed){memory_read, &m}, "input", &r, NULL);
    for (int i = 0; i < FRAMES_MOST && (st == ACTOP_OK || st == ACTOP_SCHEMA_CHANGED); i++) {
        st = recording_read(r, &frame, NULL);
        if (st == ACTOP_OK && platform(f, frame.schema))
            step(f, &frame);
    }
    recording_reader_free(r);
    frame_release(&frame);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct analysis_options judge = {30, 0.85, 0.85, 0.9, 3e8, 3};
    struct block_packer packer;
    struct buf file = BUF_INIT;
    struct fold f = {.analysis = analysis_new(&judge), .pool = sample_pool_new()};
    require(f.analysis != NULL && f.pool != NULL);
    require(block_packer_init(&packer, NULL) == ACTOP_OK);
    pieces_put(&packer, data, size, &file);
    read_all(&f, (struct memory){file.data, file.len});
    if (f.ops != NULL)
        f.ops->destroy(f.decoder);
    analysis_free(f.analysis);
    sample_pool_unref(f.pool);
    block_packer_release(&packer);
    buf_release(&f.out);
    buf_release(&f.twin_out);
    buf_release(&file);
    return 0;
}
