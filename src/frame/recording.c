/* SPDX-License-Identifier: MIT */
/* Writing recordings; see recording.h. The file is only ever appended to, one write(2) a frame. What a write left
 * half done is taken away again where the file allows it, and is a cut end for readers where it does not. */
#include "frame/recording.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "frame/scrub.h"

struct recording_writer {
    int fd;
    bool regular; /* a file that can be cut */
    char *path;   /* owned; for sentences */
    struct recording_encoder encoder;
    struct buf out;
    struct recording_stats stats;
    actop_status status; /* of the write that failed */
    actop_error error;
};

void recording_put_header(uint8_t header[RECORDING_HEADER])
{
    /* A byte past ASCII, and line ends of both kinds: a file that was carried as text shows at once. */
    static const uint8_t bytes[RECORDING_HEADER] = {
        0x8b, 'a', 'c', 't', 'o', 'p', '\r', '\n', RECORDING_VERSION, 0, 0, 0};
    memcpy(header, bytes, sizeof bytes);
}

/* ---- frames to bytes ---- */

actop_status recording_encoder_init(struct recording_encoder *e, unsigned flags, actop_error *err)
{
    actop_status st = codec_writer_init(&e->codec, err);
    if (st == ACTOP_OK && (flags & RECORDING_SCRUB) != 0)
        st = scrub_new(&e->scrub, err);
    return st;
}

void recording_encoder_release(struct recording_encoder *e)
{
    codec_writer_release(&e->codec);
    scrub_free(e->scrub);
    *e = (struct recording_encoder){.scrub = NULL};
}

actop_status recording_encode(struct recording_encoder *e, const struct frame *f, struct buf *out,
                              actop_error *err)
{
    actop_status st = ACTOP_OK;
    if (e->scrub != NULL)
        st = scrub_frame(e->scrub, f, &f, err);
    if (st == ACTOP_OK && e->schema != f->schema) {
        st = codec_put_schema(&e->codec, f->schema, out, err);
        e->schema = f->schema;
        e->since_keyframe = 0;
    }
    if (st == ACTOP_OK)
        st = codec_put_frame(&e->codec, f, e->since_keyframe == 0, out, err);
    e->since_keyframe = (e->since_keyframe + 1) % RECORDING_KEYFRAME_EVERY;
    if (st != ACTOP_OK)
        e->schema = NULL;
    return st;
}

/* ---- opening ---- */

/* Two programs appending to one file would spoil it. Systems and file systems without locks do without. */
static actop_status lock_file(const struct recording_writer *w, actop_error *err)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(w->fd, F_SETLK, &whole) == 0 || (errno != EAGAIN && errno != EACCES))
        return ACTOP_OK;
    return error_set(err, ACTOP_E_BUSY, "%s: another recording is being written to it", w->path);
}

static actop_status check_file(struct recording_writer *w, actop_error *err)
{
    struct stat st;
    if (fstat(w->fd, &st) != 0)
        return error_errno(err, errno, "%s", w->path);
    w->regular = S_ISREG(st.st_mode);
    if (!w->regular)
        return ACTOP_OK;
    actop_status locked = lock_file(w, err);
    if (locked != ACTOP_OK)
        return locked;
    /* Asked again, because the other one may have begun before we had the lock. */
    if (fstat(w->fd, &st) != 0)
        return error_errno(err, errno, "%s", w->path);
    if (st.st_size > 0)
        return error_set(err, ACTOP_E_ARGUMENT, "%s: exists and is not empty", w->path);
    return ACTOP_OK;
}

static actop_status open_file(struct recording_writer *w, actop_error *err)
{
    w->fd = open(w->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0666);
    if (w->fd < 0)
        return error_errno(err, errno, "%s", w->path);
    return check_file(w, err);
}

/* ---- writing ---- */

static actop_status write_all(int fd, const char *bytes, size_t n, size_t *written)
{
    while (*written < n) {
        ssize_t got = write(fd, bytes + *written, n - *written);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return ACTOP_E_IO;
        *written += (size_t)got;
    }
    return ACTOP_OK;
}

static actop_status keep_failure(struct recording_writer *w, actop_status st,
                                 const actop_error *why, actop_error *err)
{
    w->status = st;
    w->error = *why;
    return error_set(err, st, "%s", w->error.text);
}

/* Write what stands in out as one piece. */
static actop_status write_out(struct recording_writer *w, actop_error *err)
{
    size_t written = 0;
    actop_status st = write_all(w->fd, w->out.data, w->out.len, &written);
    if (st == ACTOP_OK) {
        w->stats.bytes += w->out.len;
        return ACTOP_OK;
    }
    actop_error why = {ACTOP_OK, ""};
    st = error_errno(&why, errno, "%s", w->path);
    if (w->regular && written > 0 && ftruncate(w->fd, (off_t)w->stats.bytes) != 0)
        w->stats.bytes += written; /* a cut end: readers stop before it */
    return keep_failure(w, st, &why, err);
}

actop_status recording_write(struct recording_writer *w, const struct frame *f, actop_error *err)
{
    if (w->status != ACTOP_OK)
        return error_set(err, w->status, "%s", w->error.text);
    actop_error why = {ACTOP_OK, ""};
    buf_clear(&w->out);
    actop_status st = recording_encode(&w->encoder, f, &w->out, &why);
    if (st != ACTOP_OK)
        return keep_failure(w, st, &why, err);
    st = write_out(w, err);
    if (st == ACTOP_OK)
        w->stats.frames++;
    return st;
}

static actop_status write_header(struct recording_writer *w, actop_error *err)
{
    uint8_t header[RECORDING_HEADER];
    recording_put_header(header);
    buf_put(&w->out, header, sizeof header);
    if (w->out.failed)
        return error_no_memory(err, "a recording");
    return write_out(w, err);
}

/* ---- life ---- */

static actop_status start(struct recording_writer *w, const char *path, unsigned flags,
                          actop_error *err)
{
    w->path = strdup(path);
    if (w->path == NULL)
        return error_no_memory(err, "a recording");
    actop_status st = recording_encoder_init(&w->encoder, flags, err);
    if (st == ACTOP_OK)
        st = open_file(w, err);
    return st == ACTOP_OK ? write_header(w, err) : st;
}

actop_status recording_create(const char *path, unsigned flags, struct recording_writer **out,
                              actop_error *err)
{
    struct recording_writer *w = calloc(1, sizeof *w);
    if (w == NULL)
        return error_no_memory(err, "a recording");
    w->fd = -1;
    actop_status st = start(w, path, flags, err);
    if (st != ACTOP_OK) {
        (void)recording_close(w, NULL);
        return st;
    }
    *out = w;
    return ACTOP_OK;
}

void recording_get_stats(const struct recording_writer *w, struct recording_stats *out)
{
    *out = w->stats;
}

actop_status recording_get_status(const struct recording_writer *w, actop_error *err)
{
    return w->status == ACTOP_OK ? ACTOP_OK : error_set(err, w->status, "%s", w->error.text);
}

actop_status recording_close(struct recording_writer *w, actop_error *err)
{
    if (w == NULL)
        return ACTOP_OK;
    actop_status st = recording_get_status(w, err);
    if (w->fd >= 0 && close(w->fd) != 0 && st == ACTOP_OK)
        st = error_errno(err, errno, "%s", w->path);
    recording_encoder_release(&w->encoder);
    buf_release(&w->out);
    free(w->path);
    free(w);
    return st;
}
