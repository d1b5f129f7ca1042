/* SPDX-License-Identifier: MIT */
/* The codec: what goes in comes out, little of it, nothing is believed, and no failure does harm. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frame/codec.h"
#include "lib/alloc.h"
#include "lib/frames.h"
#include "lib/test.h"

/* ---- residuals ---- */

static void residuals_come_back_whatever_their_size(void **state)
{
    (void)state;
    struct buf b = BUF_INIT;
    struct residual_out out = {.buf = &b};
    struct residual_place place = {0, 0, 0};
    int64_t values[1000];
    size_t n = 0;
    for (unsigned bits = 0; bits < 64; bits++)
        for (int64_t near = -2; near <= 2; near++) {
            values[n++] = (int64_t)((UINT64_C(1) << bits) + (uint64_t)near);
            values[n++] = (int64_t)(~(UINT64_C(1) << bits) + (uint64_t)near);
        }
    for (size_t zeros = 0; zeros < 200; zeros++)
        values[n++] = zeros == 32 || zeros == 65 ? INT64_MIN : 0;
    for (size_t i = 0; i < n; i++)
        residual_put(&out, &place, values[i]);
    residual_flush(&out);
    struct residual_in in = {.at = (const uint8_t *)b.data, .end = (const uint8_t *)b.data + b.len};
    uint8_t shift = 0;
    for (size_t i = 0; i < n; i++)
        assert_int_equal(residual_get(&in, &shift), values[i]);
    assert_false(in.bad);
    assert_true(in.at == in.end && in.zeros == 0);
    buf_release(&b);
}

static void residuals_that_are_multiples_take_fewer_bytes(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        int64_t step;
        size_t most_bytes;
    } rows[] = {
        {"one by one", 1, 100},
        {"pages in kB", 4, 100},
        {"pages in bytes", 4096, 120},
        {"sixteenths of a double between 32 and 64", INT64_C(1) << 43, 106},
    };
    for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
        struct buf b = BUF_INIT;
        struct residual_out out = {.buf = &b};
        struct residual_place place = {0, 0, 0};
        for (int64_t i = 0; i < 100; i++)
            residual_put(&out, &place, (i % 2 == 0 ? -rows[r].step : rows[r].step) * (1 + i % 5));
        CHECK_ROW(b.len <= rows[r].most_bytes, rows[r].what);
        buf_release(&b);
    }
}

static void broken_residuals_are_bad_and_read_nothing_past_the_end(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        uint8_t bytes[12];
        size_t n;
    } rows[] = {
        {"nothing", {0}, 0},
        {"half of two bytes", {0xe1}, 1},
        {"two of three bytes", {0xf1, 1}, 2},
        {"a wide value cut", {0xfd, 1, 2, 3, 4, 5, 6, 7}, 8},
        {"a reserved byte", {0xff, 1, 1}, 3},
        {"a shift of 64", {0xfe, 64, 1}, 3},
        {"a shift of nothing", {0xfe, 3}, 2},
        {"a shift of a shift", {0xfe, 3, 0xfe, 3, 1}, 5},
        {"a run without its length", {0xdf}, 1},
        {"a run that overflows",
         {0xdf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1},
         11},
        {"a length without end",
         {0xdf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
         11},
    };
    for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
        uint8_t *bytes = malloc(rows[r].n + 1); /* of exact size for the sanitizer */
        assert_non_null(bytes);
        bytes = realloc(bytes, rows[r].n == 0 ? 1 : rows[r].n);
        memcpy(bytes, rows[r].bytes, rows[r].n);
        struct residual_in in = {.at = bytes, .end = bytes + rows[r].n};
        uint8_t shift = 0;
        (void)residual_get(&in, &shift);
        CHECK_ROW(in.bad && in.at == in.end, rows[r].what);
        CHECK_ROW(residual_get(&in, &shift) == 0, rows[r].what);
        free(bytes);
    }
}

/* ---- frames ---- */

struct pair {
    struct codec_writer writer;
    struct codec_reader reader;
    struct frame got;
    struct buf out;
    size_t at; /* bytes of out that were read */
};

static bool pair_open(struct pair *p)
{
    memset(p, 0, sizeof *p);
    return codec_writer_init(&p->writer, NULL) == ACTOP_OK &&
           codec_reader_init(&p->reader, NULL) == ACTOP_OK;
}

static void pair_close(struct pair *p)
{
    codec_writer_release(&p->writer);
    codec_reader_release(&p->reader);
    frame_release(&p->got);
    buf_release(&p->out);
}

static actop_status take_next(struct pair *p)
{
    struct block b;
    actop_error err;
    actop_status st =
        block_find(&p->reader.unpacker.crc, p->out.data + p->at, p->out.len - p->at, &b);
    if (st != ACTOP_OK)
        return st;
    p->at += b.size;
    return codec_take(&p->reader, &b, &p->got, &err);
}

static void check_frame(struct pair *p, const struct frame *f)
{
    assert_int_equal(take_next(p), ACTOP_OK);
    const char *what = frames_differ(f, &p->got);
    if (what != NULL)
        fail_msg("frame %llu: %s differs", (unsigned long long)f->seq, what);
}

static void frames_come_back_as_they_went_in(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        uint32_t cores, processes;
        int every; /* a keyframe every */
    } rows[] = {{"eight cores", 8, 0, 60},
                {"with processes", 4, 200, 60},
                {"keyframes only", 2, 20, 1},
                {"one keyframe", 2, 20, 1000}};
    for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
        struct frames m;
        struct pair p;
        assert_true(frames_open(&m, rows[r].cores, rows[r].processes) && pair_open(&p));
        assert_int_equal(codec_put_schema(&p.writer, m.schema, &p.out, NULL), ACTOP_OK);
        assert_int_equal(take_next(&p), ACTOP_SCHEMA_CHANGED);
        const char *what = schemas_differ(m.schema, p.reader.schema);
        CHECK_ROW(what == NULL, what);
        for (int i = 0; i < 200; i++) {
            assert_true(frames_next(&m));
            assert_int_equal(
                codec_put_frame(&p.writer, &m.frame, i % rows[r].every == 0, &p.out, NULL),
                ACTOP_OK);
            check_frame(&p, &m.frame);
        }
        pair_close(&p);
        frames_close(&m);
    }
}

static void extreme_values_come_back(void **state)
{
    (void)state;
    static const uint64_t values[] = {0,  UINT64_MAX, 1, (uint64_t)INT64_MAX, (uint64_t)INT64_MIN,
                                      42, UINT64_MAX, 0};
    struct frames m;
    struct pair p;
    assert_true(frames_open(&m, 2, 3) && pair_open(&p));
    assert_int_equal(codec_put_schema(&p.writer, m.schema, &p.out, NULL), ACTOP_OK);
    assert_int_equal(take_next(&p), ACTOP_SCHEMA_CHANGED);
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        assert_true(frames_next(&m));
        for (uint32_t at = 0; at < m.schema->n_slots - 1; at++) /* the last one is bytes */
            m.frame.slots[at] = values[i] + at % 3;
        m.frame.at = (struct os_moment){(int64_t)values[i], (int64_t)values[(i + 1) % 8],
                                        (int64_t)values[(i + 2) % 8]};
        m.frame.stamps_ns[3] = (int64_t)values[i];
        m.frame.seq = values[i];
        m.frame.want = (uint32_t)values[i];
        m.frame.status[0] = i % 2 == 0 ? SLOT_READ : INT32_MIN;
        assert_int_equal(codec_put_frame(&p.writer, &m.frame, false, &p.out, NULL), ACTOP_OK);
        check_frame(&p, &m.frame);
    }
    pair_close(&p);
    frames_close(&m);
}

static void numbers_of_stamps_come_back_and_likely_ones_are_small(void **state)
{
    (void)state;
    static const int64_t values[] = {
        0, 1, -1, 2, 3, 1000000000, 1725000000, INT64_MAX, INT64_MIN, -700000000, INT64_MIN + 1};
    enum { N = sizeof values / sizeof values[0] };
    struct stamp_recent recent = {{0}};
    for (int round = 0; round < N; round++) {
        for (int g = 0; g < N; g++)
            for (int v = 0; v < N; v++) {
                uint64_t z = zigzag((int64_t)((uint64_t)values[v] - (uint64_t)values[g]));
                uint64_t number = stamp_number(z, values[g], &recent);
                assert_true(stamp_unnumber(number, values[g], &recent) == z);
                assert_true((number == 0) == (z == 0));
                assert_true(values[v] != 0 || number <= 1);
            }
        stamp_remember(&recent, values[round]);
    }
    recent = (struct stamp_recent){{1725000000, 1000000000, 952000000}};
    uint64_t before_last = stamp_number(zigzag(952000000 - 1000000000), 1000000000, &recent);
    assert_int_equal(before_last, 3); /* 1 is none, 2 is 1725000000, and the guess has no number */
}

/* Temperatures of one block that go their way together, and cores whose states share the time. */
static void values_of_one_cause_take_few_bytes(void **state)
{
    (void)state;
    struct schema *s = schema_new("test", "test");
    struct codec_writer w;
    struct frame f = {0};
    struct buf out = BUF_INIT;
    char key[32];
    int32_t sensor[8], core;
    assert_non_null(s);
    (void)schema_add_collector(s, "test", 0, "", "");
    for (int i = 0; i < 8; i++) {
        (void)snprintf(key, sizeof key, "temp/%d", i);
        sensor[i] = schema_add_channel(s, &(struct channel_spec){.key = key,
                                                                 .group = "temp",
                                                                 .name = key,
                                                                 .unit = "",
                                                                 .label = "",
                                                                 .type = SLOT_I64});
    }
    core = schema_add_channel(s, &(struct channel_spec){.key = "core",
                                                        .group = "core",
                                                        .name = "core",
                                                        .unit = "",
                                                        .label = "",
                                                        .type = SLOT_U64,
                                                        .count = 4,
                                                        .flags = CHANNEL_COUNTER});
    assert_true(core >= 0);
    assert_int_equal(codec_writer_init(&w, NULL), ACTOP_OK);
    assert_int_equal(codec_put_schema(&w, s, &out, NULL), ACTOP_OK);
    int64_t temp = 40000000;
    uint64_t busy = 0, random = 1;
    for (int i = 0; i < 20; i++) {
        assert_int_equal(frame_begin(&f, s, 0, NULL), ACTOP_OK);
        random = random * UINT64_C(6364136223846793005) + 1442695040888963407u;
        temp += (int64_t)(random >> 44) - 500000;
        busy += 12000000 + (random >> 42);
        for (int k = 0; k < 8; k++)
            frame_set_u64(&f, sensor[k], (uint64_t)(temp + 1000 * k));
        uint64_t *states = frame_array(&f, core);
        states[0] = (uint64_t)(i + 1) * 24000000 - busy;
        states[2] = busy;
        f.seq = (uint64_t)i + 1;
        buf_clear(&out);
        assert_int_equal(codec_put_frame(&w, &f, i == 0, &out, NULL), ACTOP_OK);
    }
    /* A temperature and a state, each in 4 bytes; what follows from them in a run of zeros. */
    assert_in_range(out.len, 10, 30);
    codec_writer_release(&w);
    frame_release(&f);
    schema_unref(s);
    buf_release(&out);
}

/* Rows of the made-up processes in the order given, pids as named; a pid may repeat. */
static void set_rows(struct frames *m, const char *pids)
{
    m->frame.rows[1].n = 0;
    for (const char *c = pids; *c != '\0'; c++) {
        uint32_t row = frame_row(&m->frame, 1);
        frame_cell_u64(&m->frame, 1, row, 0, (uint64_t)*c);
        frame_cell_u64(&m->frame, 1, row, 1, 7);
        frame_cell_bytes(&m->frame, 1, row, 2, c, 1);
        frame_cell_u64(&m->frame, 1, row, 4, m->seq * (uint64_t)*c);
    }
}

static void rows_are_matched_in_any_order(void **state)
{
    (void)state;
    static const char *const orders[] = {
        "abcdef", "abcdef", "bcdef",  "abcdef", "fedcba", "",     "xyz",       "zyx",
        "zyxabc", "aabbcc", "abcabc", "aaaaaa", "a",      "bcda", "abcdefghi", "ibgdacefh"};
    struct frames m;
    struct pair p;
    assert_true(frames_open(&m, 1, 0) && pair_open(&p));
    assert_int_equal(codec_put_schema(&p.writer, m.schema, &p.out, NULL), ACTOP_OK);
    assert_int_equal(take_next(&p), ACTOP_SCHEMA_CHANGED);
    for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++) {
        assert_true(frames_next(&m));
        set_rows(&m, orders[i]);
        assert_int_equal(codec_put_frame(&p.writer, &m.frame, false, &p.out, NULL), ACTOP_OK);
        check_frame(&p, &m.frame);
    }
    pair_close(&p);
    frames_close(&m);
}

static void a_changed_schema_goes_on_with_a_keyframe(void **state)
{
    (void)state;
    struct frames m;
    struct pair p;
    assert_true(frames_open(&m, 2, 5) && pair_open(&p));
    assert_int_equal(codec_put_schema(&p.writer, m.schema, &p.out, NULL), ACTOP_OK);
    assert_true(frames_next(&m));
    assert_int_equal(codec_put_frame(&p.writer, &m.frame, false, &p.out, NULL), ACTOP_OK);
    assert_true(frames_change(&m) && frames_next(&m));
    assert_int_equal(codec_put_frame(&p.writer, &m.frame, false, &p.out, NULL),
                     ACTOP_E_STATE); /* not announced */
    assert_int_equal(codec_put_schema(&p.writer, m.schema, &p.out, NULL), ACTOP_OK);
    assert_int_equal(codec_put_frame(&p.writer, &m.frame, false, &p.out, NULL), ACTOP_OK);
    assert_int_equal(take_next(&p), ACTOP_SCHEMA_CHANGED);
    assert_int_equal(take_next(&p), ACTOP_OK);
    assert_int_equal(take_next(&p), ACTOP_SCHEMA_CHANGED);
    assert_null(schemas_differ(m.schema, p.reader.schema));
    check_frame(&p, &m.frame);
    pair_close(&p);
    frames_close(&m);
}

static void frames_of_a_schema_that_was_not_read_are_refused(void **state)
{
    (void)state;
    struct frames m, other;
    struct pair p;
    assert_true(frames_open(&m, 2, 5) && frames_open(&other, 3, 5) && pair_open(&p));
    struct buf first = BUF_INIT;
    assert_int_equal(codec_put_schema(&p.writer, m.schema, &first, NULL), ACTOP_OK);
    size_t schema_len = first.len;
    assert_true(frames_next(&m) && frames_next(&other));
    assert_int_equal(codec_put_frame(&p.writer, &m.frame, false, &first, NULL), ACTOP_OK);
    buf_put(&p.out, first.data + schema_len, first.len - schema_len);
    assert_int_equal(take_next(&p), ACTOP_E_STATE); /* a frame, and no schema yet */
    assert_int_equal(codec_put_schema(&p.writer, other.schema, &p.out, NULL), ACTOP_OK);
    buf_put(&p.out, first.data + schema_len, first.len - schema_len);
    assert_int_equal(take_next(&p), ACTOP_SCHEMA_CHANGED);
    assert_int_equal(take_next(&p), ACTOP_E_STATE); /* of another schema */
    buf_release(&first);
    pair_close(&p);
    frames_close(&m);
    frames_close(&other);
}

static void an_eight_core_frame_takes_at_most_400_bytes(void **state)
{
    (void)state;
    struct frames m;
    struct pair p;
    assert_true(frames_open(&m, 8, 0) && pair_open(&p));
    assert_int_equal(codec_put_schema(&p.writer, m.schema, &p.out, NULL), ACTOP_OK);
    size_t schema_len = p.out.len;
    for (int i = 0; i < 600; i++) {
        assert_true(frames_next(&m));
        assert_int_equal(codec_put_frame(&p.writer, &m.frame, i % 60 == 0, &p.out, NULL), ACTOP_OK);
    }
    print_message("# schema %zu bytes, frames %zu bytes on average\n", schema_len,
                  (p.out.len - schema_len) / 600);
    assert_true((p.out.len - schema_len) / 600 <= 400);
    pair_close(&p);
    frames_close(&m);
}

static void steady_frames_allocate_nothing(void **state)
{
    (void)state;
    struct frames m;
    struct pair p;
    assert_true(frames_open(&m, 8, 100) && pair_open(&p));
    struct buf out = BUF_INIT;
    assert_int_equal(codec_put_schema(&p.writer, m.schema, &p.out, NULL), ACTOP_OK);
    assert_int_equal(take_next(&p), ACTOP_SCHEMA_CHANGED);
    unsigned long before = 0;
    for (int i = 0; i < 300; i++) {
        assert_true(frames_next(&m)); /* allocates: it makes its frame anew */
        buf_clear(&p.out);
        p.at = 0;
        if (i == 130)
            before = alloc_count();
        unsigned long made = alloc_count();
        assert_int_equal(codec_put_frame(&p.writer, &m.frame, i % 60 == 0, &p.out, NULL), ACTOP_OK);
        check_frame(&p, &m.frame);
        if (i > 130)
            assert_int_equal(alloc_count(), made);
    }
    assert_true(before > 0);
    buf_release(&out);
    pair_close(&p);
    frames_close(&m);
}

/* ---- failures ---- */

/* A schema, frames and another schema, there and back; false when an allocation failed on the way. Nothing may leak. */
static bool try_everything(void)
{
    struct frames m = {0};
    struct pair p = {0};
    bool well = frames_open(&m, 2, 20) && pair_open(&p);
    for (int i = 0; well && i < 6; i++) {
        if (i == 4)
            well = frames_change(&m);
        well = well && frames_next(&m);
        if (well && (i == 0 || i == 4))
            well = codec_put_schema(&p.writer, m.schema, &p.out, NULL) == ACTOP_OK &&
                   take_next(&p) == ACTOP_SCHEMA_CHANGED;
        well = well && codec_put_frame(&p.writer, &m.frame, false, &p.out, NULL) == ACTOP_OK &&
               take_next(&p) == ACTOP_OK;
        if (well)
            assert_null(frames_differ(&m.frame, &p.got));
    }
    pair_close(&p);
    frames_close(&m);
    return well;
}

static void every_failing_allocation_is_survived(void **state)
{
    (void)state;
    long n = 1;
    bool well;
    do { /* until no allocation was left to fail; what could do without one may do so */
        alloc_fail_nth(n++);
        well = try_everything();
    } while (alloc_failed());
    alloc_fail_nth(0);
    assert_true(well);
    assert_true(n > 50);
}

static void flipped_bits_and_cuts_never_pass_as_a_block(void **state)
{
    (void)state;
    struct frames m;
    struct pair p;
    assert_true(frames_open(&m, 1, 2) && pair_open(&p) && frames_next(&m));
    struct buf schema = BUF_INIT;
    assert_int_equal(codec_put_schema(&p.writer, m.schema, &schema, NULL), ACTOP_OK);
    assert_int_equal(codec_put_frame(&p.writer, &m.frame, true, &p.out, NULL), ACTOP_OK);
    struct block b;
    for (size_t n = 0; n < p.out.len; n++)
        assert_int_equal(block_find(&p.reader.unpacker.crc, p.out.data, n, &b), ACTOP_END);
    for (size_t bit = 0; bit < p.out.len * 8; bit++) {
        p.out.data[bit / 8] = (char)(p.out.data[bit / 8] ^ 1 << bit % 8);
        assert_int_not_equal(block_find(&p.reader.unpacker.crc, p.out.data, p.out.len, &b),
                             ACTOP_OK);
        p.out.data[bit / 8] = (char)(p.out.data[bit / 8] ^ 1 << bit % 8);
    }
    buf_release(&schema);
    pair_close(&p);
    frames_close(&m);
}

/* Contents with a flipped byte but a right checksum: what a hostile writer can make. Any answer but a crash is fine. */
static void senseless_contents_are_refused_or_harmless(void **state)
{
    (void)state;
    struct frames m;
    struct pair p;
    assert_true(frames_open(&m, 2, 8) && pair_open(&p));
    struct block_packer packer;
    assert_int_equal(block_packer_init(&packer, NULL), ACTOP_OK);
    assert_int_equal(codec_put_schema(&p.writer, m.schema, &p.out, NULL), ACTOP_OK);
    struct buf content = BUF_INIT;
    unsigned refused = 0, taken = 0;
    for (int i = 0; i < 3; i++) {
        struct buf ignored = BUF_INIT;
        assert_true(frames_next(&m));
        assert_int_equal(codec_put_frame(&p.writer, &m.frame, i == 0, &ignored, NULL), ACTOP_OK);
        buf_clear(&content);
        buf_put(&content, p.writer.content.data, p.writer.content.len);
        buf_release(&ignored);
        for (size_t at = 0; at < content.len * 3; at++) {
            char *byte = &content.data[at / 3], was = *byte;
            *byte = (char)(at % 3 == 0 ? 0xff : at % 3 == 1 ? 0x00 : was ^ 0x20);
            buf_clear(&p.out);
            p.at = 0;
            assert_int_equal(codec_put_schema(&p.writer, m.schema, &p.out, NULL), ACTOP_OK);
            assert_int_equal(block_put(&packer, BLOCK_FRAME, BLOCK_KEYFRAME, content.data,
                                       content.len, &p.out, NULL),
                             ACTOP_OK);
            assert_int_equal(
                block_put(&packer, BLOCK_FRAME, 0, content.data, content.len, &p.out, NULL),
                ACTOP_OK);
            assert_int_equal(take_next(&p), ACTOP_SCHEMA_CHANGED);
            taken += take_next(&p) == ACTOP_OK;
            refused += take_next(&p) != ACTOP_OK;
            *byte = was;
        }
        assert_int_equal(codec_put_frame(&p.writer, &m.frame, true, &p.out, NULL), ACTOP_OK);
    }
    assert_true(refused > 100 && taken > 100);
    block_packer_release(&packer);
    buf_release(&content);
    pair_close(&p);
    frames_close(&m);
}

static void schemas_cut_or_changed_anywhere_are_refused_or_harmless(void **state)
{
    (void)state;
    struct frames m;
    assert_true(frames_open(&m, 1, 0));
    struct buf content = BUF_INIT;
    assert_int_equal(codec_put_schema_content(m.schema, &content, NULL), ACTOP_OK);
    unsigned refused = 0;
    for (size_t n = 0; n < content.len; n++) {
        struct schema *got = NULL;
        assert_int_equal(codec_get_schema_content((const uint8_t *)content.data, n, &got, NULL),
                         ACTOP_E_FORMAT);
    }
    for (size_t at = 0; at < content.len * 2; at++) {
        struct schema *got = NULL;
        char was = content.data[at / 2];
        content.data[at / 2] = (char)(at % 2 == 0 ? 0xff : was + 1);
        refused += codec_get_schema_content((const uint8_t *)content.data, content.len, &got,
                                            NULL) != ACTOP_OK;
        schema_unref(got);
        content.data[at / 2] = was;
    }
    assert_true(refused > 100);
    buf_release(&content);
    frames_close(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(residuals_come_back_whatever_their_size),
        cmocka_unit_test(residuals_that_are_multiples_take_fewer_bytes),
        cmocka_unit_test(broken_residuals_are_bad_and_read_nothing_past_the_end),
        cmocka_unit_test(frames_come_back_as_they_went_in),
        cmocka_unit_test(extreme_values_come_back),
        cmocka_unit_test(numbers_of_stamps_come_back_and_likely_ones_are_small),
        cmocka_unit_test(values_of_one_cause_take_few_bytes),
        cmocka_unit_test(rows_are_matched_in_any_order),
        cmocka_unit_test(a_changed_schema_goes_on_with_a_keyframe),
        cmocka_unit_test(frames_of_a_schema_that_was_not_read_are_refused),
        cmocka_unit_test(an_eight_core_frame_takes_at_most_400_bytes),
        cmocka_unit_test(steady_frames_allocate_nothing),
        cmocka_unit_test(every_failing_allocation_is_survived),
        cmocka_unit_test(flipped_bits_and_cuts_never_pass_as_a_block),
        cmocka_unit_test(senseless_contents_are_refused_or_harmless),
        cmocka_unit_test(schemas_cut_or_changed_anywhere_are_refused_or_harmless),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
