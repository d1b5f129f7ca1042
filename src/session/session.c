/* SPDX-License-Identifier: MIT */
/* Sessions: opening, the way of one sample from frame to verdict, and closing. The thread stands in sampler.c, reading
 * of samples in read.c. Reading order: actop_open, session_next, actop_sample. */
#include "session/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/vec.h"
#include "source/sim/sim.h"

const char *actop_version(void)
{
    return ACTOP_VERSION;
}

/* ---- Frames to samples ------------------------------------------------------------------------------------------ */

void fold_release(struct fold *f)
{
    if (f->ops != NULL)
        f->ops->destroy(f->decoder);
    analysis_free(f->analysis);
    *f = (struct fold){NULL, NULL, NULL};
}

actop_status fold_clone(struct fold *into, const struct fold *f, actop_error *err)
{
    *into = (struct fold){NULL, NULL, NULL};
    if (f->decoder == NULL || f->analysis == NULL) /* nothing folded yet */
        return ACTOP_OK;
    into->ops = f->ops;
    into->decoder = f->ops->clone(f->decoder);
    into->analysis = analysis_clone(f->analysis);
    if (into->decoder != NULL && into->analysis != NULL)
        return ACTOP_OK;
    fold_release(into);
    return error_no_memory(err, "a copy of the decoder");
}

static actop_status fold_prepare(struct fold *f, const struct analysis_options *judge,
                                 const char *platform, actop_error *err)
{
    const struct decode_ops *ops = decode_for(platform);
    if (ops == NULL)
        return error_set(err, ACTOP_E_UNSUPPORTED, "no decoder for frames of platform '%s'",
                         platform);
    if (f->ops != ops) {
        fold_release(f);
        f->ops = ops;
        f->decoder = ops->create();
        f->analysis = analysis_new(judge);
    }
    if (f->decoder == NULL || f->analysis == NULL)
        return error_no_memory(err, "the decoder");
    return ACTOP_OK;
}

actop_status fold_frame(struct fold *f, const struct analysis_options *judge,
                        const struct frame *frame, struct actop_sample_t *out, actop_error *err)
{
    actop_status st =
        fold_prepare(f, judge, schema_text(frame->schema, frame->schema->platform), err);
    if (st != ACTOP_OK)
        return st;
    st = f->ops->step(f->decoder, frame, out, err);
    if (st == ACTOP_OK && (out->failed || frame->failed))
        st = error_no_memory(err, "a sample");
    return st;
}

/* ---- Reading frames ------------------------------------------------------------------------------------------------ */

static actop_status describe(struct actop_session *s, actop_error *err)
{
    struct schema *schema = NULL;
    actop_status st = s->ops->describe(s->source, &schema, err);
    if (st != ACTOP_OK)
        return st;
    schema_unref(s->schema);
    s->schema = schema;
    /* Lent until the session is closed, so the first one's stays: a source keeps its name. */
    if (s->source_name[0] == '\0')
        (void)snprintf(s->source_name, sizeof s->source_name, "%s",
                       schema_text(schema, schema->source));
    return ACTOP_OK;
}

/* A filter matches the command line second, whatever else is wanted. */
static uint32_t wanted(struct actop_session *s)
{
    uint32_t want = atomic_load(&s->want);
    pthread_mutex_lock(&s->lock);
    bool filters = s->has_filter && (want & ACTOP_WANT(ACTOP_SCOPE_PROCESS)) != 0;
    pthread_mutex_unlock(&s->lock);
    return filters ? want | ACTOP_WANT_CMDLINE : want;
}

/* A topology that changes with every read would keep us here for ever; after a few times it is a failure. */
static actop_status read_frame(struct actop_session *s, actop_error *err)
{
    uint32_t want = wanted(s);
    for (int tries = 0; tries < 8; tries++) {
        actop_status st = s->ops->read(s->source, want, s->interval_ns, &s->frame, err);
        if (st != ACTOP_SCHEMA_CHANGED)
            return st;
        st = describe(s, err);
        if (st != ACTOP_OK)
            return st;
    }
    return error_set(err, ACTOP_E_IO, "%s: the topology does not settle", s->ops->name);
}

/* Wait, unless somebody is in a hurry: then time goes on from this frame. False when the session should stop. */
static bool wait_or_hurry(struct actop_session *s, int64_t deadline_ns)
{
    pthread_mutex_lock(&s->lock);
    while (s->sampler != SAMPLER_STOPPING && s->hurry_seq <= s->seq && os_awake_ns() < deadline_ns)
        (void)os_cond_wait_until(&s->changed, &s->lock, deadline_ns);
    bool go_on = s->sampler != SAMPLER_STOPPING;
    bool hurried = s->hurry_seq > s->seq;
    pthread_mutex_unlock(&s->lock);
    if (hurried) {
        s->pace_from_ns = s->frame.at.awake_ns;
        s->pace_at_ns = os_awake_ns();
    }
    return go_on;
}

/* Frames with times of their own are due when as much of our time has passed as of theirs, times the speed. */
static bool pace(struct actop_session *s)
{
    if ((s->ops->flags & SOURCE_OWN_TIME) == 0 || s->options.speed <= 0)
        return true;
    if (s->pace_at_ns == 0 || s->frame.at.awake_ns < s->pace_from_ns) {
        s->pace_from_ns = s->frame.at.awake_ns;
        s->pace_at_ns = os_awake_ns();
        return true;
    }
    double theirs_ns = (double)(s->frame.at.awake_ns - s->pace_from_ns) / s->options.speed;
    return wait_or_hurry(s,
                         ns_sum(s->pace_at_ns, theirs_ns < 9e18 ? (int64_t)theirs_ns : INT64_MAX));
}

/* The last sample of actop_sample() is given back before the next is made, which then takes its memory: the rows of all
 * processes once, not twice. Where there is no next one it stays, for doctor to look at. */
static void give_back(struct actop_session *s)
{
    pthread_mutex_lock(&s->lock);
    if (!session_is_sampling(s)) {
        actop_sample_unref(s->current);
        s->current = NULL;
    }
    pthread_mutex_unlock(&s->lock);
}

static actop_status next_part(struct actop_session *s, struct actop_sample_t **out,
                              actop_error *err)
{
    actop_status st = read_frame(s, err);
    if (st != ACTOP_OK)
        return st;
    session_record(s, &s->frame);
    session_broadcast(s, &s->frame);
    if (s->watch != NULL)
        doctor_watch_frame(s->watch, &s->frame);
    if (!pace(s))
        return error_set(err, ACTOP_E_STATE, "stopped");
    session_history_add(s);
    give_back(s);
    struct actop_sample_t *sample = sample_new(s->pool);
    if (sample == NULL)
        return error_no_memory(err, "a sample");
    st = fold_frame(&s->fold, &s->judge, &s->frame, sample, err);
    if (st != ACTOP_OK) {
        actop_sample_unref(sample);
        return st;
    }
    *out = sample;
    return ACTOP_OK;
}

/* ---- One sample ------------------------------------------------------------------------------------------------------ */

/* The first sample is one frame: there is no interval to divide yet. */
static size_t parts_wanted(const struct actop_session *s, int64_t interval_ns)
{
    bool paced = interval_ns > 0 || (s->ops->flags & SOURCE_LIVE) == 0;
    return s->seq == 0 || !paced ? 1 : s->options.subsamples;
}

static actop_status read_parts(struct actop_session *s, int64_t interval_ns, size_t n,
                               actop_error *err)
{
    if (!VEC_GROW(s->parts, s->cap_parts, n))
        return error_no_memory(err, "subsamples");
    bool live = (s->ops->flags & SOURCE_LIVE) != 0;
    /* The caller has waited for the first part's deadline. */
    int64_t from_ns = os_awake_ns() - interval_ns / (int64_t)n;
    s->interval_ns = (interval_ns > 0 ? interval_ns : session_interval(s)) / (int64_t)n;
    for (size_t i = 0; i < n; i++) {
        if (live && i > 0 && !session_wait_until(s, from_ns + (int64_t)(i + 1) * s->interval_ns))
            return error_set(err, ACTOP_E_STATE, "stopped");
        actop_status st = next_part(s, &s->parts[i], err);
        if (st != ACTOP_OK)
            return st;
    }
    return ACTOP_OK;
}

static actop_status join_parts(struct sample_pool *pool, struct actop_sample_t **parts, size_t n,
                               struct actop_sample_t **out, actop_error *err)
{
    if (n == 1) {
        *out = parts[0];
        parts[0] = NULL;
        return ACTOP_OK;
    }
    struct actop_sample_t *joined = sample_new(pool);
    if (joined == NULL)
        return error_no_memory(err, "a sample");
    sample_average(joined, parts, n);
    *out = joined;
    return joined->failed ? error_no_memory(err, "a sample") : ACTOP_OK;
}

static void drop_parts(struct actop_sample_t **parts, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        actop_sample_unref(parts[i]);
        parts[i] = NULL;
    }
}

actop_status fold_parts(struct fold *f, struct sample_pool *pool, struct actop_sample_t **parts,
                        size_t n, struct actop_sample_t **out, actop_error *err)
{
    struct actop_sample_t *sample = NULL; /* owned until given to *out */
    actop_status st = join_parts(pool, parts, n, &sample, err);
    drop_parts(parts, n);
    if (st == ACTOP_OK)
        st = analysis_step(f->analysis, sample, err);
    if (st != ACTOP_OK) {
        actop_sample_unref(sample);
        return st;
    }
    *out = sample;
    return ACTOP_OK;
}

actop_status session_next(struct actop_session *s, int64_t interval_ns, struct actop_sample_t **out,
                          actop_error *err)
{
    size_t n = parts_wanted(s, interval_ns);
    struct actop_sample_t *sample = NULL; /* owned until given to *out */
    actop_status st = read_parts(s, interval_ns, n, err);
    if (st == ACTOP_OK)
        st = fold_parts(&s->fold, s->pool, s->parts, n, &sample, err);
    drop_parts(s->parts, s->cap_parts);
    if (st == ACTOP_OK)
        st = session_choose_processes(s, sample, s->options.process_limit, &s->order, err);
    if (st != ACTOP_OK) {
        actop_sample_unref(sample);
        if (st != ACTOP_END)
            session_history_fail(s);
        return st;
    }
    sample->seq = ++s->seq;
    session_history_keep(s, sample);
    *out = sample;
    return ACTOP_OK;
}

const actop_sample_t *actop_sample(actop_session *s, actop_error *err)
{
    pthread_mutex_lock(&s->lock);
    bool busy = session_is_sampling(s);
    pthread_mutex_unlock(&s->lock);
    if (busy) {
        (void)error_set(err, ACTOP_E_BUSY, "the background thread of this session is sampling");
        return NULL;
    }
    struct actop_sample_t *sample = NULL;
    if (session_next(s, s->options.interval_ns, &sample, err) != ACTOP_OK)
        return NULL;
    actop_sample_unref(s->current);
    s->current = sample;
    return sample;
}

/* ---- Opening and closing ------------------------------------------------------------------------------------------------ */

static actop_status check_options(const actop_options *o, actop_error *err)
{
    if (o->subsamples < 1 || o->subsamples > 1000)
        return error_set(err, ACTOP_E_ARGUMENT, "subsamples must be from 1 to 1000");
    if (!(o->average_window_s > 0))
        return error_set(err, ACTOP_E_ARGUMENT, "the average window must be longer than 0 s");
    if (!(o->speed >= 0))
        return error_set(err, ACTOP_E_ARGUMENT, "the speed must not be negative");
    if (o->alert_sustain_samples < 1 || o->alert_sustain_samples > 1000000)
        return error_set(err, ACTOP_E_ARGUMENT,
                         "alerts must be sustained for 1 to 1000000 samples");
    if (o->interval_ns < 0)
        return error_set(err, ACTOP_E_ARGUMENT, "the interval must not be negative");
    return ACTOP_OK;
}

/* An older program's options are shorter: what it does not know keeps its default. */
static actop_options merge_options(const actop_options *given)
{
    actop_options o = ACTOP_OPTIONS_INIT;
    if (given != NULL)
        memcpy(&o, given, given->size < sizeof o ? given->size : sizeof o);
    o.size = sizeof o;
    return o;
}

static struct analysis_options judge_options(const actop_options *o)
{
    return (struct analysis_options){.average_window_s = o->average_window_s,
                                     .alert_bandwidth_ratio = o->alert_bandwidth_ratio,
                                     .alert_package_ratio = o->alert_package_ratio,
                                     .alert_throttle_ratio = o->alert_throttle_ratio,
                                     .alert_swap_rise_bytes = o->alert_swap_rise_bytes,
                                     .alert_sustain_samples = o->alert_sustain_samples};
}

actop_status session_judge_options(const actop_options *options, struct analysis_options *out,
                                   actop_error *err)
{
    actop_options o = merge_options(options);
    actop_status st = check_options(&o, err);
    if (st == ACTOP_OK)
        *out = judge_options(&o);
    return st;
}

static void forget_strings(actop_options *o)
{
    o->source = o->root = o->apple_root = o->token_file = o->sim_script = o->process_filter = NULL;
}

static actop_status session_start_sync(struct actop_session *s, actop_error *err)
{
    if (pthread_mutex_init(&s->lock, NULL) != 0)
        goto out;
    if (pthread_mutex_init(&s->record.lock, NULL) != 0)
        goto no_record;
    if (!broadcast_init(&s->broadcast))
        goto no_broadcast;
    s->sync_ready = os_cond_init(&s->changed);
    if (s->sync_ready)
        return ACTOP_OK;
    broadcast_release(&s->broadcast);
no_broadcast:
    (void)pthread_mutex_destroy(&s->record.lock);
no_record:
    (void)pthread_mutex_destroy(&s->lock);
out:
    return error_no_memory(err, "the locks of a session");
}

static actop_status session_open_source(struct actop_session *s, actop_error *err)
{
    const actop_options *o = &s->options;
    struct source_env env = {.root = o->root,
                             .apple_root = o->apple_root,
                             .token_file = o->token_file,
                             .script = o->sim_script,
                             .seed = o->sim_seed,
                             .survey = (o->want & ACTOP_WANT_SURVEY) != 0};
    actop_status st = source_select(o->source, &s->ops, &env.argument, err);
    if (st == ACTOP_OK)
        st = s->ops->open(&s->source, &env, err);
    return st == ACTOP_OK ? describe(s, err) : st;
}

actop_status actop_open(const actop_options *options, actop_session **out, actop_error *err)
{
    actop_options o = merge_options(options);
    actop_status st = check_options(&o, err);
    if (st != ACTOP_OK)
        return st;
    struct actop_session *s = calloc(1, sizeof *s);
    if (s == NULL)
        return error_no_memory(err, "a session");
    s->options = o;
    s->judge = judge_options(&o);
    atomic_store(&s->want, o.want);
    s->pool = sample_pool_new();
    st = s->pool == NULL ? error_no_memory(err, "a session") : session_start_sync(s, err);
    if (st == ACTOP_OK)
        st = actop_set_process_filter(s, o.process_filter, err);
    if (st == ACTOP_OK)
        st = session_open_source(s, err);
    forget_strings(&s->options);
    if (st == ACTOP_OK)
        st = session_history_open(s, err);
    if (st != ACTOP_OK) {
        actop_close(s);
        return st;
    }
    *out = s;
    return ACTOP_OK;
}

void actop_close(actop_session *s)
{
    if (s == NULL)
        return;
    if (s->sync_ready) {
        actop_stop(s);
        (void)actop_record_stop(s, NULL);
    }
    if (s->source != NULL)
        s->ops->close(s->source);
    fold_release(&s->fold);
    frame_release(&s->frame);
    schema_unref(s->schema);
    actop_sample_unref(s->current);
    actop_sample_unref(s->examined);
    actop_sample_unref(s->published);
    sample_pool_unref(s->pool);
    session_history_close(s);
    doctor_watch_free(s->watch);
    free(s->parts);
    notes_release(&s->notes);
    free(s->order.rows);
    if (s->has_filter)
        regfree(&s->filter);
    if (s->sync_ready) {
        (void)pthread_cond_destroy(&s->changed);
        broadcast_release(&s->broadcast);
        (void)pthread_mutex_destroy(&s->record.lock);
        (void)pthread_mutex_destroy(&s->lock);
    }
    free(s);
}

void actop_want(actop_session *s, uint32_t want)
{
    atomic_store(&s->want, want);
}

void actop_hurry(actop_session *s, uint64_t seq)
{
    pthread_mutex_lock(&s->lock);
    s->hurry_seq = seq;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
}

/* The first sample is one frame, as parts_wanted() says; frames that do not fill a sample are none. */
actop_status actop_replay_span(actop_session *s, actop_span *out, actop_error *err)
{
    struct source_span span;
    actop_status st = s->ops->span == NULL ? error_set(err, ACTOP_E_UNSUPPORTED,
                                                       "%s: its end is not known", s->ops->name)
                                           : s->ops->span(s->source, &span, err);
    if (st != ACTOP_OK)
        return st;
    actop_span found = {.last = 1 + (span.frames - 1) / s->options.subsamples,
                        .first_wall_ns = span.first_wall_ns,
                        .last_wall_ns = span.last_wall_ns};
    session_fill_sized(out, &found, sizeof found);
    return ACTOP_OK;
}

const char *actop_source_name(const actop_session *s)
{
    return s->source_name;
}

int actop_is_live(const actop_session *s)
{
    return (s->ops->flags & SOURCE_LIVE) != 0;
}

actop_status actop_process_signal(actop_session *s, uint64_t pid, uint64_t start, int signal,
                                  actop_error *err)
{
    if (!actop_is_live(s) || s->ops->signal_process == NULL)
        return error_set(err, ACTOP_E_STATE,
                         "processes can be signalled only on this machine, live");
    return s->ops->signal_process(s->source, pid, start, signal, err);
}

actop_status actop_process_files(actop_session *s, uint64_t pid, uint64_t start, uint64_t *count,
                                 actop_error *err)
{
    if (!actop_is_live(s) || s->ops->count_files == NULL)
        return error_set(err, ACTOP_E_STATE, "files are counted only on this machine, live");
    return s->ops->count_files(s->source, pid, start, count, err);
}

const char *actop_machine_name(size_t index)
{
    return sim_machine_name(index);
}

const char *actop_load_name(size_t index)
{
    return sim_script_name(index);
}
