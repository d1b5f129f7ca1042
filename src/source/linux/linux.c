/* SPDX-License-Identifier: MIT */
/* The Linux source: runs the parts of parts.def over a root. A part that finds nothing costs nothing and says so in its
 * collector row; a part that fails leaves the others alone. */
#include "source/linux/linux.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "source/linux/signal.h"

static const struct linux_part *const parts[] = {
#define PART(name) &linux_part_##name,
#include "source/linux/parts.def"
#undef PART
};

enum { N_PARTS = sizeof parts / sizeof parts[0] };

struct source {
    struct root *root;     /* owned */
    struct schema *schema; /* a reference; NULL before the first describe */
    uint64_t seq;
    struct os_moment at;
    bool pending; /* at was not used: a read that found a changed topology comes again */
    bool stale;   /* described once, and the parts know nothing since: describe has failed */
    void *states[N_PARTS]; /* owned; NULL for parts without */
};

void linux_report(struct linux_probe *p, int32_t status, const char *remedy, const char *reason,
                  ...)
{
    bool worse = status > 0   ? p->status <= 0
                 : status < 0 ? p->status == 0
                              : p->status == 0 && p->reason[0] == '\0';
    if (!worse)
        return;
    va_list args;
    va_start(args, reason);
    (void)vsnprintf(p->reason, sizeof p->reason, reason, args);
    va_end(args);
    (void)snprintf(p->remedy, sizeof p->remedy, "%s", remedy != NULL ? remedy : "");
    p->status = status;
}

void linux_report_nothing(struct linux_probe *p, int errnum, const char *directory,
                          const char *remedy, const char *reason)
{
    if (errnum != 0 && errnum != ENOENT)
        linux_report(p, errnum, errnum == EACCES || errnum == EPERM ? "run actop as root" : NULL,
                     "/%s: %s", directory, strerror(errnum));
    else
        linux_report(p, -1, remedy, "%s", reason);
}

static void close_parts(struct source *s)
{
    for (size_t i = 0; i < N_PARTS; i++) {
        if (parts[i]->close != NULL && (parts[i]->state_size == 0 || s->states[i] != NULL))
            parts[i]->close(s->states[i], s->root);
        if (s->states[i] != NULL)
            memset(s->states[i], 0, parts[i]->state_size);
    }
}

static void describe_part(struct source *s, struct schema *schema, size_t i)
{
    struct linux_probe p = {.root = s->root, .schema = schema};
    p.collector = schema_add_collector(schema, parts[i]->name, 0, "", "");
    if (p.collector < 0)
        return;
    parts[i]->describe(s->states[i], &p);
    schema_set_collector(schema, p.collector, p.status, p.reason, p.remedy);
}

static actop_status linux_describe(struct source *s, struct schema **out, actop_error *err)
{
    close_parts(s);
    schema_unref(s->schema);
    s->schema = NULL;
    s->stale = true;
    struct schema *schema = schema_new("linux", "linux");
    if (schema == NULL)
        return error_no_memory(err, "describing the machine");
    for (size_t i = 0; i < N_PARTS; i++)
        describe_part(s, schema, i);
    actop_status st = schema_seal(schema, err);
    if (st != ACTOP_OK) {
        schema_unref(schema);
        close_parts(s);
        return st;
    }
    s->schema = schema_ref(schema);
    *out = schema;
    return ACTOP_OK;
}

/* Collectors are added in the order of the parts, so that a part's number is its collector's. */
static void mark_unwanted(const struct schema *schema, struct frame *f, size_t part)
{
    for (size_t i = 0; i < schema->n_channels; i++)
        if (schema->channels[i].collector == part)
            f->status[i] = SLOT_NOT_WANTED;
    for (size_t i = 0; i < schema->n_rowsets; i++)
        if (schema->rowsets[i].collector == part)
            f->rows[i].status = SLOT_NOT_WANTED;
}

static bool read_parts(struct source *s, uint32_t want, struct frame *into)
{
    bool changed = false;
    for (size_t i = 0; i < N_PARTS; i++) {
        if (parts[i]->want != 0 && (parts[i]->want & want) == 0)
            mark_unwanted(s->schema, into, i);
        else if (parts[i]->read != NULL)
            changed = parts[i]->read(s->states[i], s->root, into) || changed;
    }
    return changed;
}

static actop_status linux_read(struct source *s, uint32_t want, int64_t interval_ns,
                               struct frame *into, actop_error *err)
{
    (void)interval_ns;
    if (s->schema == NULL && s->stale)
        return ACTOP_SCHEMA_CHANGED;
    if (s->schema == NULL)
        return error_set(err, ACTOP_E_STATE, "linux: read before describe");
    actop_status st = s->pending ? ACTOP_OK : root_advance(s->root, &s->at, err);
    if (st != ACTOP_OK)
        return st;
    s->pending = false;
    st = frame_begin(into, s->schema, want, err);
    if (st != ACTOP_OK)
        return st;
    into->at = s->at;
    into->want = want;
    if (read_parts(s, want, into)) {
        s->pending = !root_is_live(s->root);
        return ACTOP_SCHEMA_CHANGED;
    }
    if (into->failed)
        return error_no_memory(err, "a frame");
    into->seq = ++s->seq;
    return ACTOP_OK;
}

static void linux_close(struct source *s)
{
    if (s == NULL)
        return;
    close_parts(s);
    for (size_t i = 0; i < N_PARTS; i++)
        free(s->states[i]);
    schema_unref(s->schema);
    root_close(s->root);
    free(s);
}

actop_status linux_open_root(struct source **out, struct root *root, actop_error *err)
{
    struct source *s = calloc(1, sizeof *s);
    bool ok = s != NULL;
    if (s == NULL)
        root_close(root);
    else
        s->root = root;
    for (size_t i = 0; ok && i < N_PARTS; i++)
        if (parts[i]->state_size > 0)
            ok = (s->states[i] = calloc(1, parts[i]->state_size)) != NULL;
    if (!ok) {
        linux_close(s);
        return error_no_memory(err, "the linux source");
    }
    *out = s;
    return ACTOP_OK;
}

static actop_status linux_open(struct source **out, const struct source_env *env, actop_error *err)
{
    struct root *root = NULL;
    actop_status st = root_open(&root, env->root, err);
    return st != ACTOP_OK ? st : linux_open_root(out, root, err);
}

static actop_status signal_process(struct source *s, uint64_t pid, uint64_t start, int signal,
                                   actop_error *err)
{
    return linux_signal(s->root, pid, start, signal, err);
}

static actop_status count_files(struct source *s, uint64_t pid, uint64_t start, uint64_t *count,
                                actop_error *err)
{
    return linux_count_files(s->root, pid, start, count, err);
}

struct root *linux_root(struct source *s)
{
    return s->root;
}

const struct source_ops linux_source = {
    .name = "linux",
    .scheme = "linux",
    .flags = SOURCE_LIVE,
    .open = linux_open,
    .describe = linux_describe,
    .read = linux_read,
    .signal_process = signal_process,
    .count_files = count_files,
    .close = linux_close,
};
