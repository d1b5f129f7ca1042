/* SPDX-License-Identifier: MIT */
/* Recording a session: every frame the source gives is appended to a file before it is folded. Writing happens on the
 * sampling thread; starting, asking and stopping may come from any other, so the writer has a lock of its own: who
 * reads samples never waits for a disk. */
#include "base/error.h"
#include "frame/recording.h"
#include "session/session.h"

actop_status actop_record_start(actop_session *s, const char *path, uint32_t flags,
                                actop_error *err)
{
    if (path == NULL || path[0] == '\0')
        return error_set(err, ACTOP_E_ARGUMENT, "a recording needs the name of a file");
    if ((flags & ~ACTOP_RECORD_SCRUB) != 0)
        return error_set(err, ACTOP_E_ARGUMENT, "unknown flags for a recording");
    actop_status st = ACTOP_OK;
    unsigned how = (flags & ACTOP_RECORD_SCRUB) != 0 ? RECORDING_SCRUB : 0;
    pthread_mutex_lock(&s->record.lock);
    if (s->record.writer != NULL)
        st = error_set(err, ACTOP_E_BUSY, "this session is being recorded already");
    else
        st = recording_create(path, how, &s->record.writer, err);
    pthread_mutex_unlock(&s->record.lock);
    return st;
}

void session_record(struct actop_session *s, const struct frame *f)
{
    pthread_mutex_lock(&s->record.lock);
    if (s->record.writer != NULL) /* it remembers a failure; actop_record_get says so */
        (void)recording_write(s->record.writer, f, NULL);
    pthread_mutex_unlock(&s->record.lock);
}

actop_status actop_record_get(actop_session *s, actop_record_stats *out, actop_error *err)
{
    struct recording_stats written = {0, 0};
    actop_status st = ACTOP_OK;
    pthread_mutex_lock(&s->record.lock);
    if (s->record.writer == NULL) {
        st = error_set(err, ACTOP_E_STATE, "this session is not being recorded");
    } else {
        recording_get_stats(s->record.writer, &written);
        st = recording_get_status(s->record.writer, err);
    }
    pthread_mutex_unlock(&s->record.lock);
    actop_record_stats stats = {.frames = written.frames, .bytes = written.bytes};
    session_fill_sized(out, &stats, sizeof stats);
    return st;
}

actop_status actop_record_stop(actop_session *s, actop_error *err)
{
    pthread_mutex_lock(&s->record.lock);
    struct recording_writer *w = s->record.writer;
    s->record.writer = NULL;
    pthread_mutex_unlock(&s->record.lock);
    return recording_close(w, err);
}
