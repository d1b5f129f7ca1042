/* SPDX-License-Identifier: MIT */
/* How far a recording goes: blocks are passed over, and only the first frame and those from the last keyframe on are
 * decoded. Readers are given the file as a few pieces one behind the other (its header, the schema, what follows from some
 * place on), which is a recording like any other. What was passed over is not looked at again. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "frame/recording.h"

enum { PIECES = 3 };

struct piece {
    uint64_t from, to; /* offsets in the file */
};

struct recording_survey {
    int fd;
    uint64_t size; /* of the file when it was passed over */
    /* Of the last keyframe, which goes on to the end of the file; empty: none yet. */
    struct piece schema, keyframe;
    uint64_t before; /* frames before that keyframe */
    struct recording_span span;
    struct piece pieces[PIECES]; /* what is being read */
    int at;                      /* the piece reading is in, */
    uint64_t offset;             /* and where in it */
};

static const struct piece header = {0, RECORDING_HEADER};

static ssize_t read_pieces(void *self, void *bytes, size_t n)
{
    struct recording_survey *s = self;
    while (s->at < PIECES && s->offset >= s->pieces[s->at].to) {
        s->at++;
        s->offset = s->at < PIECES ? s->pieces[s->at].from : 0;
    }
    if (s->at == PIECES)
        return 0;
    uint64_t left = s->pieces[s->at].to - s->offset;
    ssize_t got = pread(s->fd, bytes, n < left ? n : (size_t)left, (off_t)s->offset);
    s->offset += got > 0 ? (uint64_t)got : 0;
    return got;
}

/* From the last keyframe on as one recording; from the start where there is none. */
static struct recording_feed feed_of(struct recording_survey *s, uint64_t size)
{
    bool none = s->keyframe.to == 0;
    s->pieces[0] = header;
    s->pieces[1] = s->schema;
    s->pieces[2] = (struct piece){none ? RECORDING_HEADER : s->keyframe.from, size};
    s->at = 0;
    s->offset = 0;
    return (struct recording_feed){read_pieces, s};
}

/* Where a byte of what was read stands in the file. */
static uint64_t in_file(const struct recording_survey *s, uint64_t offset)
{
    for (int i = 0; i < PIECES - 1; i++) {
        uint64_t n = s->pieces[i].to - s->pieces[i].from;
        if (offset < n)
            return s->pieces[i].from + offset;
        offset -= n;
    }
    return s->pieces[PIECES - 1].from + offset;
}

static struct piece piece_of(const struct recording_survey *s, uint64_t from, uint64_t to)
{
    uint64_t at = in_file(s, from);
    return (struct piece){at, at + (to - from)};
}

/* Pass over the frames from the last keyframe on. */
static actop_status pass(struct recording_survey *s, uint64_t size, struct frame *f,
                         actop_error *err)
{
    struct recording_reader *r = NULL;
    struct recording_place at = {.here = false};
    struct recording_survey next = *s; /* what s->pieces says holds until the end */
    next.span.frames = s->before;
    actop_status st = recording_reader_new(feed_of(s, size), "the recording", &r, err);
    while (st == ACTOP_OK && (st = recording_pass(r, f, &at, err)) == ACTOP_OK) {
        if (next.span.frames++ == 0)
            next.span.first_wall_ns = f->at.wall_ns;
        if (!at.here)
            continue;
        next.before = next.span.frames - 1;
        next.schema = piece_of(s, at.schema_at, at.schema_end);
        next.keyframe = piece_of(s, at.keyframe_at, at.keyframe_at + 1);
    }
    recording_reader_free(r);
    *s = next;
    return st == ACTOP_END ? ACTOP_OK : st;
}

/* The time of the last frame. */
static actop_status read_end(struct recording_survey *s, uint64_t size, struct frame *f,
                             actop_error *err)
{
    struct recording_reader *r = NULL;
    actop_status st = recording_reader_new(feed_of(s, size), "the recording", &r, err);
    while (st == ACTOP_OK) {
        st = recording_read(r, f, err);
        if (st == ACTOP_OK)
            s->span.last_wall_ns = f->at.wall_ns;
        st = st == ACTOP_SCHEMA_CHANGED ? ACTOP_OK : st;
    }
    recording_reader_free(r);
    return st == ACTOP_END ? ACTOP_OK : st;
}

actop_status recording_survey_read(struct recording_survey *s, struct recording_span *out,
                                   actop_error *err)
{
    struct stat now;
    struct frame f = {0};
    if (fstat(s->fd, &now) != 0)
        return error_errno(err, errno, "the recording");
    uint64_t size = (uint64_t)now.st_size;
    actop_status st = ACTOP_OK;
    if (size > s->size) {
        st = pass(s, size, &f, err);
        if (st == ACTOP_OK && s->span.frames > 0)
            st = read_end(s, size, &f, err);
        frame_release(&f);
    }
    if (st == ACTOP_OK && s->span.frames == 0)
        st = error_set(err, ACTOP_E_NOT_FOUND, "the recording has no frames");
    if (st != ACTOP_OK)
        return st;
    s->size = size;
    *out = s->span;
    return ACTOP_OK;
}

actop_status recording_survey_open(const char *path, struct recording_survey **out,
                                   actop_error *err)
{
    struct stat what;
    if (stat(path, &what) == 0 && !S_ISREG(what.st_mode))
        return error_set(err, ACTOP_E_UNSUPPORTED, "%s: is not a file that can be looked ahead in",
                         path);
    struct recording_survey *s = calloc(1, sizeof *s);
    if (s == NULL)
        return error_no_memory(err, "looking at a recording");
    s->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (s->fd < 0) {
        actop_status st = error_errno(err, errno, "%s", path);
        free(s);
        return st;
    }
    *out = s;
    return ACTOP_OK;
}

void recording_survey_close(struct recording_survey *s)
{
    if (s == NULL)
        return;
    (void)close(s->fd);
    free(s);
}
