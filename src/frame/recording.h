/* SPDX-License-Identifier: MIT */
/* Recording files: a header, then blocks (codec.h). Append-only: a frame is one write, so what is written stays readable
 * whatever happens to the program, and a file cut anywhere is read up to its last whole frame. Damage in the middle is
 * skipped up to the next keyframe. docs/recording-format.md describes every byte.
 *
 * A writer and a reader each belong to one thread at a time. */
#ifndef FRAME_RECORDING_H
#define FRAME_RECORDING_H

#include <sys/types.h>

#include "frame/codec.h"

/* First bytes of a recording, its version behind them. */
enum { RECORDING_HEADER = 12, RECORDING_VERSION = 2, RECORDING_KEYFRAME_EVERY = 60 };

/* The header; the same for files and for /api/v1/frames. */
void recording_put_header(uint8_t header[RECORDING_HEADER]);

/* Leave out names of processes, hosts, users, serial numbers and addresses (scrub.h). */
enum { RECORDING_SCRUB = 1 };

/* ---- frames to bytes ---- */

/* Frames to the blocks of a recording: a schema block before a schema's first frame, and a keyframe there and every
 * RECORDING_KEYFRAME_EVERY frames. Memory is the caller's; zeroed memory holds nothing. */
struct recording_encoder {
    struct codec_writer codec;
    struct scrub *scrub;         /* owned; NULL: names stay */
    const struct schema *schema; /* put last, which codec holds; NULL: put it first */
    uint32_t since_keyframe;
};

actop_status recording_encoder_init(struct recording_encoder *e, unsigned flags, actop_error *err);
void recording_encoder_release(struct recording_encoder *e);

/* Append a frame. On failure what was appended is to be thrown away; the next frame then begins with its schema. */
actop_status recording_encode(struct recording_encoder *e, const struct frame *f, struct buf *out, actop_error *err);

/* ---- writing ---- */

struct recording_writer;

struct recording_stats {
    uint64_t frames, bytes; /* written so far */
};

/* Begin a recording. The file must not exist, be empty, or be no regular file (a pipe, a device). E_ARGUMENT: it holds
 * something; E_BUSY: another recording is being written to it; E_DENIED, E_NOT_FOUND, E_IO, E_NOMEM. */
actop_status recording_create(const char *path, unsigned flags, struct recording_writer **out, actop_error *err);

/* Append a frame, and its schema where that is new. After a failure what was written stays readable, and every later
 * call fails alike. */
actop_status recording_write(struct recording_writer *w, const struct frame *f, actop_error *err);
void recording_get_stats(const struct recording_writer *w, struct recording_stats *out);
/* OK, or the failure that ended the recording. */
actop_status recording_get_status(const struct recording_writer *w, actop_error *err);

/* End it. Says how writing failed, if it did or if closing does. Accepts NULL. */
actop_status recording_close(struct recording_writer *w, actop_error *err);

/* ---- reading ---- */

struct recording_reader;

/* Where bytes come from: like read(2), at most n, 0 at the end, -1 with errno. */
struct recording_feed {
    ssize_t (*read)(void *self, void *bytes, size_t n);
    void *self;
};

/* Begin to read: the header and the first schema. E_FORMAT: no recording, or cut before its first schema. E_VERSION: of
 * another version. E_IO and the like: by errno. name is for sentences and is copied; the feed must outlive the reader. */
actop_status recording_reader_new(struct recording_feed feed, const char *name, struct recording_reader **out,
                                  actop_error *err);
/* The same for a file; "-" is standard input. */
actop_status recording_open(const char *path, struct recording_reader **out, actop_error *err);
void recording_reader_free(struct recording_reader *r); /* accepts NULL */

/* The schema of the next frame. Borrowed until the next read. */
const struct schema *recording_schema(const struct recording_reader *r);

/* The next frame. SCHEMA_CHANGED: the schema is another from the next frame on. END: no more frames; err has a sentence
 * that says how it ended: whole, or cut after which frame, and what was skipped. E_IO, E_NOMEM, E_VERSION. */
actop_status recording_read(struct recording_reader *r, struct frame *into, actop_error *err);

/* Where reading could start: a keyframe, and the schema it is of, as bytes of the recording. */
struct recording_place {
    uint64_t schema_at, schema_end, keyframe_at;
    bool here; /* the frame passed over is that keyframe */
};

/* Pass over the next frame: only schemas and keyframes are decoded, a keyframe into *into. The place is the last one up to
 * that frame. What recording_read() would not give is not passed over as a frame. END, E_IO … as there. */
actop_status recording_pass(struct recording_reader *r, struct frame *into, struct recording_place *out,
                            actop_error *err);

/* Bytes that were skipped because they were damaged. */
uint64_t recording_damaged_bytes(const struct recording_reader *r);

/* ---- how far a file goes ---- */

struct recording_survey;

struct recording_span {
    uint64_t frames;
    int64_t first_wall_ns, last_wall_ns; /* of the first and the last frame */
};

/* Look how far a file goes without playing it; it may grow meanwhile. E_UNSUPPORTED: it is no regular file. */
actop_status recording_survey_open(const char *path, struct recording_survey **out, actop_error *err);
/* Pass over what was not there at the last call. E_NOT_FOUND: it has no frames (yet). */
actop_status recording_survey_read(struct recording_survey *s, struct recording_span *out, actop_error *err);
void recording_survey_close(struct recording_survey *s); /* accepts NULL */

#endif
