/* SPDX-License-Identifier: MIT */
/* Reading recordings; see recording.h. Bytes come through a feed into a buffer that holds at least the next block. What is
 * no block is damage: reading goes on at the next schema or keyframe whose checksum is right. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/vec.h"
#include "frame/recording.h"

/* How much is asked of the feed at once; and how far a search after damage goes in all: checksums are tried at every
 * byte, and a hostile file could make each of them long. */
enum { FEED_BYTES = 1 << 16, SEARCH_BLOCK_MAX = 1 << 20, SEARCH_EFFORT = 256 << 20 };

struct recording_reader {
    struct recording_feed feed;
    int fd;         /* of recording_open; -1 */
    char *name;     /* owned */
    uint8_t *bytes; /* owned; from at to n is not read yet */
    size_t at, n, cap;
    uint64_t offset; /* of bytes[at] in the recording */
    bool ended;      /* the feed has no more */
    struct codec_reader codec;
    bool got_schema;
    uint64_t frames, last_seq;
    uint64_t damaged_bytes, damaged_at; /* of the first damage */
    uint64_t effort;                    /* bytes checked while searching */
    bool cut;                           /* it ends within a block */
    uint64_t schema_at, schema_end;     /* of the schema in use */
    uint64_t keyframe_at;               /* of the keyframe read last; 0: none */
    bool passing;                       /* recording_pass(): frames that come could be read */
};

/* ---- bytes ---- */

/* Have at least want unread bytes in the buffer, or all there are. */
static actop_status fill(struct recording_reader *r, size_t want, actop_error *err)
{
    while (r->n - r->at < want && !r->ended) {
        if (r->at > 0) {
            memmove(r->bytes, r->bytes + r->at, r->n - r->at);
            r->n -= r->at;
            r->at = 0;
        }
        if (!VEC_GROW(r->bytes, r->cap, r->n + FEED_BYTES))
            return error_no_memory(err, "reading a recording");
        ssize_t got = r->feed.read(r->feed.self, r->bytes + r->n, r->cap - r->n);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return error_errno(err, errno, "%s", r->name);
        r->ended = got == 0;
        r->n += (size_t)got;
    }
    return ACTOP_OK;
}

static void skip(struct recording_reader *r, size_t n)
{
    r->at += n;
    r->offset += n;
}

/* ---- blocks ---- */

/* The block at the reader's place, as block_find says; END: it ends first. */
static actop_status next_block(struct recording_reader *r, struct block *b, size_t most,
                               actop_error *err)
{
    size_t want = BLOCK_OVERHEAD;
    for (;;) {
        actop_status st = fill(r, want, err);
        if (st != ACTOP_OK)
            return st;
        if (r->n == r->at)
            return ACTOP_END;
        st = block_find(&r->codec.unpacker.crc, r->bytes + r->at, r->n - r->at, b);
        if (st != ACTOP_END)
            return st;
        if (r->ended || b->size > most)
            return ACTOP_END;
        want = b->size;
    }
}

/* True when a block that reading can start at stands at the reader's place. */
static actop_status starts_here(struct recording_reader *r, bool *starts, actop_error *err)
{
    struct block b = {.size = 0};
    const uint8_t *at = r->bytes + r->at;
    *starts = false;
    if (at[0] != BLOCK_SCHEMA &&
        (at[0] != BLOCK_FRAME || r->n - r->at < 2 || (at[1] & BLOCK_KEYFRAME) == 0))
        return ACTOP_OK;
    actop_status st = next_block(r, &b, SEARCH_BLOCK_MAX, err);
    *starts = st == ACTOP_OK;
    if (st == ACTOP_E_FORMAT)
        r->effort += b.size;
    return st == ACTOP_END || st == ACTOP_E_FORMAT ? ACTOP_OK : st;
}

/* Go on to the next block that reading can start at. OK: the reader stands there; END: there is none. */
static actop_status search(struct recording_reader *r, actop_error *err)
{
    bool starts = false;
    while (!starts && r->effort <= SEARCH_EFFORT) {
        skip(r, 1);
        actop_status st = fill(r, BLOCK_OVERHEAD, err);
        if (st == ACTOP_OK && r->n == r->at)
            return ACTOP_END;
        if (st == ACTOP_OK)
            st = starts_here(r, &starts, err);
        if (st != ACTOP_OK)
            return st;
    }
    return starts ? ACTOP_OK : ACTOP_END;
}

/* What stands here is no block. Where a block can be found later that is damage; where none can and the recording ends
 * while this one goes on, it is cut here. */
static actop_status skip_damage(struct recording_reader *r, bool goes_on, actop_error *err)
{
    uint64_t from = r->offset;
    codec_reader_forget(&r->codec);
    actop_status st = search(r, err);
    if (st == ACTOP_END) {
        r->ended = true; /* also where the search was given up */
        skip(r, r->n - r->at);
        r->cut = goes_on;
    }
    if (r->cut)
        return st;
    if (r->damaged_bytes == 0)
        r->damaged_at = from;
    r->damaged_bytes += r->offset - from;
    return st;
}

/* ---- frames ---- */

static actop_status end_sentence(const struct recording_reader *r, actop_error *err)
{
    char damage[96] = "";
    if (r->damaged_bytes > 0)
        (void)snprintf(damage, sizeof damage,
                       "; %" PRIu64 " damaged bytes from byte %" PRIu64 " on were skipped",
                       r->damaged_bytes, r->damaged_at);
    const char *what = r->cut ? "the recording is cut after frame"
                              : "end of the recording after frame";
    if (r->frames == 0)
        return error_set(err, ACTOP_END, "%s: %s%s", r->name,
                         r->cut ? "the recording is cut before its first frame"
                                : "the recording has no frames",
                         damage);
    return error_set(err, ACTOP_END, "%s: %s %" PRIu64 "%s", r->name, what, r->last_seq, damage);
}

static actop_status take_block(struct recording_reader *r, struct frame *into, actop_error *err)
{
    struct block b;
    actop_status st = next_block(r, &b, SIZE_MAX, err);
    bool goes_on = st == ACTOP_END && r->n > r->at;
    if (st == ACTOP_E_FORMAT || goes_on) {
        st = skip_damage(r, goes_on, err);
        return st == ACTOP_OK ? ACTOP_E_STATE : st;
    }
    if (st != ACTOP_OK)
        return st;
    st = codec_take(&r->codec, &b, into, err);
    if (st == ACTOP_OK && (b.flags & BLOCK_KEYFRAME) != 0)
        r->keyframe_at = r->offset;
    if (st == ACTOP_SCHEMA_CHANGED) {
        r->schema_at = r->offset;
        r->schema_end = r->offset + b.size;
    }
    skip(r, b.size);
    if (st != ACTOP_E_FORMAT)
        return st;
    /* Its checksum is right and its content is not: no accident of the file, but the same to us. */
    r->damaged_at = r->damaged_bytes == 0 ? r->offset - b.size : r->damaged_at;
    r->damaged_bytes += b.size;
    return ACTOP_E_STATE;
}

actop_status recording_read(struct recording_reader *r, struct frame *into, actop_error *err)
{
    actop_status st = ACTOP_E_STATE;
    while (st == ACTOP_E_STATE) /* nothing for the caller in that block */
        st = take_block(r, into, err);
    if (st == ACTOP_END)
        return end_sentence(r, err);
    if (st == ACTOP_OK) {
        frame_hold_times(into);
        r->frames++;
        r->last_seq = into->seq;
    }
    return st;
}

/* Take the block at the reader's place if reading can start there; else pass over it. *told: it is, or follows, a keyframe
 * that can be read. */
static actop_status pass_block(struct recording_reader *r, struct frame *into, bool *told,
                               actop_error *err)
{
    struct block b;
    actop_status st = next_block(r, &b, SIZE_MAX, err);
    bool whole = st == ACTOP_OK;
    *told = false;
    if (!whole || b.type != BLOCK_FRAME || (b.flags & BLOCK_KEYFRAME) != 0) {
        r->passing = false;
        st = take_block(r, into, err);
        *told = r->passing = st == ACTOP_OK;
        return st == ACTOP_SCHEMA_CHANGED ? ACTOP_E_STATE : st;
    }
    *told = r->passing;
    skip(r, b.size);
    return *told ? ACTOP_OK : ACTOP_E_STATE;
}

actop_status recording_pass(struct recording_reader *r, struct frame *into,
                            struct recording_place *out, actop_error *err)
{
    bool told = false;
    actop_status st = ACTOP_E_STATE;
    uint64_t was = r->keyframe_at;
    while (st == ACTOP_E_STATE)
        st = pass_block(r, into, &told, err);
    if (st == ACTOP_END)
        return end_sentence(r, err);
    *out = (struct recording_place){r->schema_at, r->schema_end, r->keyframe_at,
                                    r->keyframe_at != was};
    return st;
}

const struct schema *recording_schema(const struct recording_reader *r)
{
    return r->codec.schema;
}

uint64_t recording_damaged_bytes(const struct recording_reader *r)
{
    return r->damaged_bytes;
}

/* ---- life ---- */

static actop_status read_header(struct recording_reader *r, actop_error *err)
{
    uint8_t header[RECORDING_HEADER];
    recording_put_header(header);
    actop_status st = fill(r, RECORDING_HEADER, err);
    if (st != ACTOP_OK)
        return st;
    size_t n = r->n - r->at < RECORDING_HEADER ? r->n - r->at : RECORDING_HEADER;
    const uint8_t *at = r->bytes + r->at;
    if (n == 0)
        return error_set(err, ACTOP_E_FORMAT, "%s: is empty", r->name);
    if (memcmp(at, header, n < 8 ? n : 8) != 0)
        return error_set(err, ACTOP_E_FORMAT, "%s: is not an actop recording", r->name);
    if (n < RECORDING_HEADER)
        return error_set(err, ACTOP_E_FORMAT, "%s: the recording is cut before its first frame",
                         r->name);
    unsigned version = at[8] | (unsigned)at[9] << 8;
    if (version != RECORDING_VERSION)
        return error_set(err, ACTOP_E_VERSION,
                         "%s: is a recording of version %u, and this actop reads version %d",
                         r->name, version, RECORDING_VERSION);
    skip(r, RECORDING_HEADER);
    return ACTOP_OK;
}

static ssize_t read_file(void *self, void *bytes, size_t n)
{
    struct recording_reader *r = self;
    return read(r->fd, bytes, n);
}

static actop_status start(struct recording_reader *r, const char *name, actop_error *err)
{
    r->name = strdup(name);
    if (r->name == NULL)
        return error_no_memory(err, "reading a recording");
    actop_status st = codec_reader_init(&r->codec, err);
    if (st == ACTOP_OK)
        st = read_header(r, err);
    while (st == ACTOP_OK || st == ACTOP_E_STATE) /* frames before any schema are E_STATE */
        st = take_block(r, NULL, err);
    if (st == ACTOP_END && r->damaged_bytes > 0 && !r->cut)
        return error_set(err, ACTOP_E_FORMAT,
                         "%s: the recording is damaged at byte %" PRIu64
                         ", in what describes its machine; without that no frame can be read",
                         r->name, r->damaged_at);
    if (st == ACTOP_END)
        return error_set(err, ACTOP_E_FORMAT, "%s: the recording is cut before its first frame",
                         r->name);
    return st == ACTOP_SCHEMA_CHANGED ? ACTOP_OK : st;
}

/* Over a feed, or over a file that becomes the reader's. */
static actop_status reader_new(const struct recording_feed *feed, int fd, const char *name,
                               struct recording_reader **out, actop_error *err)
{
    struct recording_reader *r = calloc(1, sizeof *r);
    if (r == NULL) {
        if (fd > STDERR_FILENO)
            (void)close(fd);
        return error_no_memory(err, "reading a recording");
    }
    r->fd = fd;
    r->feed = feed != NULL ? *feed : (struct recording_feed){read_file, r};
    actop_status st = start(r, name, err);
    if (st != ACTOP_OK) {
        recording_reader_free(r);
        return st;
    }
    *out = r;
    return ACTOP_OK;
}

actop_status recording_reader_new(struct recording_feed feed, const char *name,
                                  struct recording_reader **out, actop_error *err)
{
    return reader_new(&feed, -1, name, out, err);
}

actop_status recording_open(const char *path, struct recording_reader **out, actop_error *err)
{
    if (strcmp(path, "-") == 0)
        return reader_new(NULL, STDIN_FILENO, "standard input", out, err);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return error_errno(err, errno, "%s", path);
    return reader_new(NULL, fd, path, out, err);
}

void recording_reader_free(struct recording_reader *r)
{
    if (r == NULL)
        return;
    if (r->fd > STDERR_FILENO) /* standard input is the program's */
        (void)close(r->fd);
    codec_reader_release(&r->codec);
    free(r->bytes);
    free(r->name);
    free(r);
}
