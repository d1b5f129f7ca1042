/* SPDX-License-Identifier: MIT */
/* The source of recordings: frames as they were recorded, with their own numbers, clocks and statuses, in a schema as it
 * was then. "replay:FILE" reads a file, also one that is still being written (up to its end); "replay:-" reads
 * standard input. What is asked for (want, interval) was decided when it was recorded. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "frame/recording.h"
#include "source/source.h"

struct source {
    struct recording_reader *reader; /* owned */
    struct recording_survey *survey; /* owned; NULL until somebody asks how far it goes */
    char *path;                      /* owned */
};

static void replay_close(struct source *s)
{
    if (s == NULL)
        return;
    recording_survey_close(s->survey);
    recording_reader_free(s->reader);
    free(s->path);
    free(s);
}

static actop_status replay_open(struct source **out, const struct source_env *env, actop_error *err)
{
    if (env->argument[0] == '\0')
        return error_set(err, ACTOP_E_ARGUMENT, "replay: a file must be named, as in replay:FILE");
    struct source *s = calloc(1, sizeof *s);
    if (s == NULL)
        return error_no_memory(err, "the replay source");
    actop_status st = recording_open(env->argument, &s->reader, err);
    if (st == ACTOP_OK && (s->path = strdup(env->argument)) == NULL)
        st = error_no_memory(err, "the replay source");
    if (st != ACTOP_OK) {
        replay_close(s);
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

static actop_status replay_span(struct source *s, struct source_span *out, actop_error *err)
{
    struct recording_span span;
    actop_status st = ACTOP_OK;
    if (strcmp(s->path, "-") == 0)
        return error_set(err, ACTOP_E_UNSUPPORTED, "standard input cannot be looked ahead in");
    if (s->survey == NULL)
        st = recording_survey_open(s->path, &s->survey, err);
    if (st == ACTOP_OK)
        st = recording_survey_read(s->survey, &span, err);
    if (st == ACTOP_OK)
        *out = (struct source_span){span.frames, span.first_wall_ns, span.last_wall_ns};
    return st;
}

const struct source_ops replay_source = {
    .name = "replay",
    .scheme = "replay:",
    .flags = SOURCE_OWN_TIME,
    .open = replay_open,
    .describe = replay_describe,
    .read = replay_read,
    .span = replay_span,
    .close = replay_close,
};
