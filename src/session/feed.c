/* SPDX-License-Identifier: MIT */
/* Values of one's own: the analysis over samples a caller fills, without source, frames or decoding. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "session/session.h"

struct actop_feed {
    struct analysis *analysis;      /* owned */
    struct sample_pool *pool;       /* owned */
    struct topology *topology;      /* a reference */
    struct actop_sample_t *filling; /* owned: what is set goes here */
    struct actop_sample_t *last;    /* owned: what the last step returned */
    int64_t at_ns;
    uint64_t seq;
};

static struct topology *make_topology(void)
{
    struct topology *t = topology_new();
    if (t == NULL)
        return NULL;
    bool ok = topology_add(t, ACTOP_SCOPE_TIER, "E", NULL, "E") >= 0 &&
              topology_add(t, ACTOP_SCOPE_TIER, "P", NULL, "P") >= 0 &&
              topology_add(t, ACTOP_SCOPE_GPU, "gpu0", NULL, NULL) >= 0;
    if (ok)
        return t;
    topology_unref(t);
    return NULL;
}

/* A sample to fill. Its moment is set when it is stepped: nothing that is put depends on it before. */
static struct actop_sample_t *begin(struct actop_feed *f)
{
    static const struct os_moment never = {0, 0, 0};
    struct actop_sample_t *s = sample_new(f->pool);
    if (s == NULL)
        return NULL;
    sample_begin(s, f->topology, &never);
    if (!s->failed)
        return s;
    actop_sample_unref(s);
    return NULL;
}

actop_status actop_feed_new(const actop_options *options, actop_feed **out, actop_error *err)
{
    struct analysis_options judge;
    struct actop_feed *f = calloc(1, sizeof *f);
    actop_status st = session_judge_options(options, &judge, err);
    if (st != ACTOP_OK || f == NULL) {
        free(f);
        return st != ACTOP_OK ? st : error_no_memory(err, "a feed");
    }
    f->analysis = analysis_new(&judge);
    f->pool = sample_pool_new();
    f->topology = make_topology();
    if (f->analysis != NULL && f->pool != NULL && f->topology != NULL)
        f->filling = begin(f);
    if (f->filling == NULL) {
        actop_feed_free(f);
        return error_no_memory(err, "a feed");
    }
    *out = f;
    return ACTOP_OK;
}

static actop_status find_cell(const struct actop_feed *f, actop_metric id, uint32_t row, bool text,
                              actop_error *err)
{
    if ((unsigned)id >= ACTOP_METRIC_COUNT)
        return error_set(err, ACTOP_E_NOT_FOUND, "there is no metric %d", (int)id);
    const actop_metric_info *m = metric_info(id);
    if ((m->kind == ACTOP_KIND_INFO) != text)
        return error_set(err, ACTOP_E_ARGUMENT, "%s is %s", m->key, text ? "a number" : "a text");
    if (sample_cell(f->filling, id, row) == NULL)
        return error_set(err, ACTOP_E_NOT_FOUND, "%s has no row %u", m->key, (unsigned)row);
    return ACTOP_OK;
}

actop_status actop_feed_set(actop_feed *f, actop_metric id, uint32_t row, double value,
                            actop_error *err)
{
    actop_status st = find_cell(f, id, row, false, err);
    if (st != ACTOP_OK)
        return st;
    if (!isfinite(value))
        return error_set(err, ACTOP_E_ARGUMENT, "%s: the value is not finite",
                         metric_info(id)->key);
    sample_put(f->filling, id, row, value, ACTOP_MEASURED, 0);
    return ACTOP_OK;
}

actop_status actop_feed_set_text(actop_feed *f, actop_metric id, uint32_t row, const char *text,
                                 actop_error *err)
{
    actop_status st = find_cell(f, id, row, true, err);
    if (st != ACTOP_OK)
        return st;
    sample_put_text(f->filling, id, row, text, strlen(text), 0);
    if (f->filling->failed)
        return error_no_memory(err, "a text");
    return ACTOP_OK;
}

/* Everything that was set is of the moment of the step. */
static void stamp(struct actop_sample_t *s, int64_t at_ns)
{
    s->at = (struct os_moment){at_ns, at_ns, at_ns};
    for (int id = 0; id < ACTOP_METRIC_COUNT; id++)
        for (uint32_t row = 0; row < sample_rows(s, metric_info((actop_metric)id)->scope); row++)
            sample_cell(s, (actop_metric)id, row)->at_ns = at_ns;
}

const actop_sample_t *actop_feed_step(actop_feed *f, int64_t at_ns, actop_error *err)
{
    if (at_ns > INT64_MAX / 2 || at_ns < -(INT64_MAX / 2)) {
        (void)error_set(err, ACTOP_E_ARGUMENT, "no clock says that");
        return NULL;
    }
    if (f->seq > 0 && at_ns < f->at_ns) {
        (void)error_set(err, ACTOP_E_ARGUMENT, "time went back");
        return NULL;
    }
    struct actop_sample_t *next = begin(f);
    if (next == NULL) {
        (void)error_no_memory(err, "a sample");
        return NULL;
    }
    struct actop_sample_t *s = f->filling;
    f->filling = next;
    stamp(s, at_ns);
    s->interval_ns = f->seq > 0 ? at_ns - f->at_ns : 0;
    s->seq = ++f->seq;
    f->at_ns = at_ns;
    actop_sample_unref(f->last);
    f->last = s;
    return analysis_step(f->analysis, s, err) == ACTOP_OK ? s : NULL;
}

void actop_feed_free(actop_feed *f)
{
    if (f == NULL)
        return;
    actop_sample_unref(f->filling);
    actop_sample_unref(f->last);
    analysis_free(f->analysis);
    topology_unref(f->topology);
    sample_pool_unref(f->pool);
    free(f);
}
