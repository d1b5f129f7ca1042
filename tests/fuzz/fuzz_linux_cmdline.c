/* SPDX-License-Identifier: MIT */
/* What a process may call itself: /proc/PID/cmdline, comm, exe and the name of its owner as any bytes, from the frame to a
 * line of NDJSON, which is one object of valid UTF-8 without control characters whose strings all end. The first three bytes
 * say how long name, executable and owner are; the rest is the command line. */
#define _GNU_SOURCE /* memmem */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "decode/decode.h"
#include "export/export.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PID, START, COMM, USER, CMDLINE, EXE, N_COLUMNS };

static const struct column_spec columns[N_COLUMNS] = {
    [PID] = {"pid", "", SLOT_U64, COLUMN_KEY, 0},  [START] = {"start", "", SLOT_U64, COLUMN_KEY, 0},
    [COMM] = {"comm", "", SLOT_BYTES, 0, 0},       [USER] = {"user", "", SLOT_BYTES, 0, 0},
    [CMDLINE] = {"cmdline", "", SLOT_BYTES, 0, 0}, [EXE] = {"exe", "", SLOT_BYTES, 0, 0},
};

static void require(int condition)
{
    if (!condition)
        abort();
}

static struct schema *make_schema(void)
{
    struct schema *s = schema_new("linux", "linux");
    require(s != NULL);
    (void)schema_add_collector(s, "process", 0, "", "");
    (void)schema_add_rowset(s, "processes", ACTOP_SCOPE_PROCESS, 0, columns, N_COLUMNS);
    require(schema_seal(s, NULL) == ACTOP_OK);
    return s;
}

/* The next part of the input, of at most that many bytes. */
static void put(struct frame *f, uint32_t column, const uint8_t **data, size_t *size, size_t n)
{
    n = n < *size ? n : *size;
    if (n > 0)
        frame_cell_bytes(f, 0, 0, column, *data, n);
    *data += n;
    *size -= n;
}

static void fill(struct frame *f, const uint8_t *data, size_t size)
{
    const uint8_t *lengths = data;
    data += 3;
    size -= 3;
    require(frame_row(f, 0) == 0);
    frame_cell_u64(f, 0, 0, PID, 4711);
    frame_cell_u64(f, 0, 0, START, 1);
    put(f, COMM, &data, &size, lengths[0] % 65);
    put(f, EXE, &data, &size, lengths[1]);
    put(f, USER, &data, &size, lengths[2] % 65);
    put(f, CMDLINE, &data, &size, 4096);
}

/* From the processes on: valid UTF-8 with no control character in it, and every string in it ends. */
static void check(const struct buf *line)
{
    bool quoted = false;
    require(line->len > 2 && line->data[line->len - 1] == '\n');
    size_t n = line->len - 1, used = 1;
    const char *from = memmem(line->data, n, "\"processes\":[{", 14);
    require(from != NULL && line->data[0] == '{' && line->data[n - 1] == '}');
    for (size_t at = (size_t)(from - line->data); at < n; at += used) {
        uint32_t code;
        used = utf8_decode(line->data + at, n - at, &code);
        require(code != 0xfffd || memcmp(line->data + at, "\xef\xbf\xbd", 3) == 0);
        require(code >= 0x20 && code != 0x7f && !(code >= 0x80 && code < 0xa0));
        if (code == '\\' && quoted) {
            require(strchr("\"\\/bfnrtu", line->data[at + 1]) != NULL);
            used++;
        } else if (code == '"') {
            quoted = !quoted;
        }
    }
    require(!quoted);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct schema *schema;
    static struct sample_pool *pool;
    actop_format_options o = ACTOP_FORMAT_OPTIONS_INIT;
    struct frame f = {0};
    struct buf out = BUF_INIT;
    if (size < 3)
        return 0;
    if (schema == NULL) {
        schema = make_schema();
        pool = sample_pool_new();
    }
    struct decoder *d = decode_for("linux")->create();
    struct actop_sample_t *s = sample_new(pool);
    require(d != NULL && s != NULL && frame_begin(&f, schema, UINT32_MAX, NULL) == ACTOP_OK);
    fill(&f, data, size);
    require(decode_for("linux")->step(d, &f, s, NULL) == ACTOP_OK);
    require(sample_rows(s, ACTOP_SCOPE_PROCESS) == 1);
    o.processes = o.cmdlines = 1;
    ndjson_put(&out, s, &o);
    check(&out);
    actop_sample_unref(s);
    decode_for("linux")->destroy(d);
    buf_release(&out);
    frame_release(&f);
    return 0;
}
