/* SPDX-License-Identifier: MIT */
/* The source of recordings: frames as they were recorded, with their own numbers, clocks and statuses, in a schema as it
 * was then. "replay:FILE" reads a file, also one that is still being written (up to its end); "replay:-" reads
 * standard input. What is asked for (want, interval) was decided when it was recorded. */
#include <stdlib.h>

#include "base/error.h"
#include "frame/recording.h"
#include "source/source.h"

struct source {
    struct recording_reader *reader; /* owned */
};

static actop_status replay_open(struct source **out, const struct source_env *env, actop_error *err)
{
    if (env->argument[0] == '\0')
        return error_set(err, ACTOP_E_ARGUMENT, "replay: a file must be named, as in replay:FILE");
    struct source *s = calloc(1, sizeof *s);
    if (s == NULL)
        return error_set(err, ACTOP_E_NOMEM, "replay: out of memory");
    actop_status st = recording_open(env->argument, &s->reader, err);
    if (st != ACTOP_OK) {
        free(s);
        return st;
    }
    *out = s;
    return ACTOP_OK;
}

static actop_status replay_describe(struct source *s, struct schema **out, actop_error *err)
{
    (void)err;
    *out = schema_ref(recording_schema(s->reader));
    return ACTOP_OK;
}

static actop_status replay_read(struct source *s, uint32_t want, int64_t interval_ns,
                                struct frame *into, actop_error *err)
{
    (void)want;
    (void)interval_ns;
    return recording_read(s->reader, into, err);
}

static void replay_close(struct source *s)
{
    if (s == NULL)
        return;
    recording_reader_free(s->reader);
    free(s);
}

extern const struct source_ops replay_source;
const struct source_ops replay_source = {
    .name = "replay",
    .scheme = "replay:",
    .flags = SOURCE_OWN_TIME,
    .open = replay_open,
    .describe = replay_describe,
    .read = replay_read,
    .close = replay_close,
};
