/* SPDX-License-Identifier: MIT */
/* The Apple source: opens the table of calls, lets every part describe and read, and keeps the three clocks. A wake and a
 * changed machine are answered with ACTOP_SCHEMA_CHANGED, so that the session describes anew: IOReport subscriptions
 * have been seen frozen after sleep (reported, macmon issue 76). */
#include "source/apple/apple.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "source/apple/cf.h"

static const struct apple_part *const parts[] = {
#define PART(part) &part,
#include "source/apple/parts.def"
#undef PART
};
enum { N_PARTS = sizeof parts / sizeof parts[0] };

/* Asleep for longer than this between two frames is a wake: describe again. */
static const int64_t wake_ns = 500000000;

struct source {
    struct apple_libs libs;      /* opened; empty over a given table */
    struct apple_api own;        /* filled from libs, or a copy of the caller's */
    const struct apple_api *api; /* own */
    bool is_given;               /* own is a copy: the processes are no real ones */
    struct apple_timebase timebase;
    const struct schema *schema; /* a reference, taken by describe */
    void *states[N_PARTS];       /* owned; NULL: the part has none or is absent */
    bool works[N_PARTS];         /* read is to be called */
    int32_t collectors[N_PARTS]; /* rows of the schema */
    struct os_moment last;
    uint64_t seq;
    bool stale;  /* a part said that the machine has changed */
    bool survey; /* describe also names what is not read */
};

void apple_report(struct apple_probe *p, int32_t status, const char *remedy, const char *reason,
                  ...)
{
    va_list args;
    int rank = status > 0 ? 2 : status<0, had = p->status> 0 ? 2 : p->status < 0;

    if (p->reason[0] != '\0' && rank <= had)
        return;
    va_start(args, reason);
    vsnprintf(p->reason, sizeof p->reason, reason, args);
    va_end(args);
    snprintf(p->remedy, sizeof p->remedy, "%s", remedy != NULL ? remedy : "");
    p->status = status;
}

int64_t apple_ns(struct apple_timebase t, uint64_t ticks)
{
    if (t.denom == 0)
        return (int64_t)ticks;
    return (int64_t)(ticks / t.denom * t.numer + ticks % t.denom * t.numer / t.denom);
}

static void read_clocks(const struct source *s, struct os_moment *at)
{
    struct apple_timeval wall = {0};

    os_now(at); /* what the table lacks */
    if (s->api->gettimeofday != NULL && s->api->gettimeofday(&wall, NULL) == 0)
        at->wall_ns = wall.seconds * 1000000000 + wall.microseconds * INT64_C(1000);
    if (s->api->mach_absolute_time != NULL && s->api->mach_continuous_time != NULL) {
        at->awake_ns = apple_ns(s->timebase, s->api->mach_absolute_time());
        at->boot_ns = apple_ns(s->timebase, s->api->mach_continuous_time());
    }
}

static void close_parts(struct source *s)
{
    for (size_t i = 0; i < N_PARTS; i++) {
        if (s->states[i] != NULL && parts[i]->close != NULL)
            parts[i]->close(s->states[i], s->api);
        free(s->states[i]);
        s->states[i] = NULL;
        s->works[i] = false;
    }
}

static void apple_close(struct source *s)
{
    if (s == NULL)
        return;
    close_parts(s);
    schema_unref(s->schema);
    apple_libs_close(&s->libs);
    free(s);
}

/* Ticks are nanoseconds times 3/125 on Apple Silicon (documented), but ask. */
static void read_timebase(struct source *s)
{
    s->timebase = (struct apple_timebase){1, 1};
    if (s->api->mach_timebase_info != NULL && s->api->mach_timebase_info(&s->timebase) != 0)
        s->timebase = (struct apple_timebase){125, 3};
}

actop_status apple_open_api(struct source **out, const struct apple_api *api, actop_error *err)
{
    struct source *s = calloc(1, sizeof *s);

    if (s == NULL)
        return error_no_memory(err, "the apple source");
    s->own = *api;
    s->api = &s->own;
    s->is_given = true;
    cf_learn_types(&s->own);
    read_timebase(s);
    *out = s;
    return ACTOP_OK;
}

void apple_survey(struct source *s)
{
    s->survey = true;
}

static actop_status apple_open(struct source **out, const struct source_env *env, actop_error *err)
{
    char why[1200];
    struct source *s = calloc(1, sizeof *s);

    if (s == NULL)
        return error_no_memory(err, "the apple source");
    s->api = &s->own;
    if (!apple_libs_open(&s->libs, env->apple_root, why, sizeof why)) {
        apple_close(s);
        return error_set(err, ACTOP_E_UNSUPPORTED, "apple: %s", why);
    }
    apple_api_fill(&s->own, apple_libs_find, &s->libs);
    cf_learn_types(&s->own);
    read_timebase(s);
    s->survey = env->survey;
    *out = s;
    return ACTOP_OK;
}

/* "library/IOReport": how many of its calls are there. Every macOS we run on has all of them (documented or reported for 12
 * and newer), so a missing one has failed: it is not this machine's lack, like a battery or a fan. */
static void describe_library(const struct source *s, struct schema *schema, enum apple_lib lib)
{
    const char *path = apple_lib_path(lib), *name = strrchr(path, '/') + 1, *first = NULL;
    size_t stem = strncmp(name, "lib", 3) == 0 ? strcspn(name, ".") : strlen(name);
    unsigned all = 0, missing = 0;
    char label[64], why[200] = "";

    for (int row = 0; row < APPLE_ROW_COUNT; row++) {
        if (apple_row_lib((enum apple_row)row) != lib)
            continue;
        enum apple_row needed[] = {(enum apple_row)row, APPLE_ROW_END};
        all++;
        if (apple_api_need(s->api, needed) == NULL)
            continue;
        first = first == NULL ? apple_row_name((enum apple_row)row) : first;
        missing++;
    }
    if (all == 0) /* Foundation: a class is looked for in it, no call */
        return;
    snprintf(label, sizeof label, "library/%.*s", (int)stem, name);
    if (missing == all)
        snprintf(why, sizeof why, "%s is missing from this system, or may not be loaded", path);
    else if (missing > 1)
        snprintf(why, sizeof why, "%s and %u more of its %u calls are missing", first, missing - 1,
                 all);
    else if (missing == 1)
        snprintf(why, sizeof why, "%s is missing, one of its %u calls", first, all);
    schema_add_collector(schema, label, missing > 0 ? EIO : 0, why, "");
}

/* One part: a collector, its needs, its state, its description. */
static void describe_part(struct source *s, struct schema *schema, size_t i)
{
    const struct apple_part *part = parts[i];
    struct apple_probe probe = {
        .api = s->api, .schema = schema, .timebase = s->timebase, .survey = s->survey};
    const char *missing = apple_api_need(s->api, part->needed);

    s->collectors[i] = probe.collector = schema_add_collector(schema, part->name, 0, "", "");
    s->works[i] = false;
    if (missing != NULL) {
        apple_report(&probe, EIO, NULL, "%s is missing from this system", missing);
    } else if (part->state_size > 0 && (s->states[i] = calloc(1, part->state_size)) == NULL) {
        schema->failed = true;
        return;
    } else {
        part->describe(s->states[i], &probe);
        s->works[i] = part->read != NULL && probe.status == 0;
    }
    if (probe.collector >= 0)
        schema_set_collector(schema, probe.collector, probe.status, probe.reason, probe.remedy);
}

static actop_status apple_describe(struct source *s, struct schema **out, actop_error *err)
{
    struct schema *schema = schema_new("apple", "apple");
    uint64_t timebase[2] = {s->timebase.numer, s->timebase.denom};
    actop_status st;

    if (schema == NULL)
        return error_no_memory(err, "the apple source");
    close_parts(s);
    schema_put_text(schema, "source/os", "macos");
    schema_put_u64(schema, "mach/timebase", timebase, 2);
    if (s->api->getuid != NULL)
        schema_put_u64(schema, "self/uid", &(uint64_t){s->api->getuid()}, 1);
    for (int lib = 0; lib < APPLE_LIB_COUNT; lib++)
        describe_library(s, schema, (enum apple_lib)lib);
    for (size_t i = 0; i < N_PARTS; i++)
        describe_part(s, schema, i);
    st = schema_seal(schema, err);
    if (st != ACTOP_OK) {
        schema_unref(schema);
        return st;
    }
    schema_unref(s->schema);
    s->schema = schema_ref(schema);
    s->last = (struct os_moment){0};
    s->stale = false;
    *out = schema;
    return ACTOP_OK;
}

/* What a part would have filled, had it been wanted. */
static void mark_not_wanted(const struct source *s, struct frame *f, size_t part)
{
    for (size_t i = 0; i < f->schema->n_channels; i++)
        if (f->schema->channels[i].collector == (uint32_t)s->collectors[part])
            f->status[i] = SLOT_NOT_WANTED;
    for (size_t i = 0; i < f->schema->n_rowsets; i++)
        if (f->schema->rowsets[i].collector == (uint32_t)s->collectors[part])
            f->rows[i].status = SLOT_NOT_WANTED;
}

static actop_status apple_read(struct source *s, uint32_t want, int64_t interval_ns,
                               struct frame *into, actop_error *err)
{
    struct apple_tick tick = {.api = s->api, .frame = into, .want = want, .timebase = s->timebase};
    struct os_moment now;
    actop_status st;
    int64_t slept;

    (void)interval_ns;
    read_clocks(s, &now);
    slept = now.boot_ns - s->last.boot_ns - (now.awake_ns - s->last.awake_ns);
    if (s->stale || (s->last.boot_ns != 0 && slept > wake_ns)) {
        s->stale = true; /* until described again */
        return ACTOP_SCHEMA_CHANGED;
    }
    st = frame_begin(into, s->schema, want, err);
    if (st != ACTOP_OK)
        return st;
    into->at = s->last = now;
    for (size_t i = 0; i < N_PARTS; i++) {
        if (s->works[i] && (parts[i]->want == 0 || (parts[i]->want & want) != 0))
            s->stale |= parts[i]->read(s->states[i], &tick);
        else if (s->works[i])
            mark_not_wanted(s, into, i);
    }
    if (s->stale)
        return ACTOP_SCHEMA_CHANGED;
    if (into->failed)
        return error_no_memory(err, "the apple source");
    into->seq = ++s->seq;
    return ACTOP_OK;
}

static actop_status apple_signal(struct source *s, uint64_t pid, uint64_t start, int signal,
                                 actop_error *err)
{
    actop_status st = apple_process_check(s->api, pid, start, err);
    int e;

    if (st != ACTOP_OK)
        return st;
    e = s->is_given ? ENOTSUP : apple_libs_signal((int)pid, signal); /* a given table is a test's */
    if (e == ENOTSUP)
        return error_set(err, ACTOP_E_UNSUPPORTED,
                         "processes of another machine cannot be signalled");
    return e == 0 ? ACTOP_OK : error_errno(err, e, "process %llu", (unsigned long long)pid);
}

static actop_status apple_files(struct source *s, uint64_t pid, uint64_t start, uint64_t *count,
                                actop_error *err)
{
    return apple_process_files(s->api, pid, start, count, err);
}

const struct source_ops apple_source = {
    .name = "apple",
    .scheme = "apple",
    .flags = SOURCE_LIVE,
    .open = apple_open,
    .describe = apple_describe,
    .read = apple_read,
    .signal_process = apple_signal,
    .count_files = apple_files,
    .close = apple_close,
};
