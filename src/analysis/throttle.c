/* SPDX-License-Identifier: MIT */
/* Judges each cluster and the GPU by requested, realized and highest frequency; see throttle.h and docs/analysis.md. */
#include "analysis/throttle.h"

/* Loaded: half of the cluster, or one of its cores nearly all the time. Below that a low frequency is what was asked for. */
static const double LOADED_RATIO = 0.50;
static const double LOADED_CORE_RATIO = 0.80;
static const double HOT_C = 90;

/* A cluster, a tier where there are no clusters, or a GPU. -1: unknown. */
struct domain {
    double util_ratio, busiest_ratio;
    double requested_hz, realized_hz, top_hz, limit_hz;
    double cores;
    bool upper; /* of the tier that gets what is urgent; a lower one may be slow without reason */
    bool hot;
};

/* What speaks for a limit, beside the frequencies. */
struct evidence {
    bool heat, low_power_mode, power;
    int reason; /* the system's own word, REASON_NONE if it has none */
};

static double speed_of(const struct domain *d)
{
    return d->realized_hz >= 0 ? d->realized_hz : d->requested_hz;
}

static bool is_loaded(const struct domain *d)
{
    return d->util_ratio >= LOADED_RATIO || d->busiest_ratio >= LOADED_CORE_RATIO;
}

/* Why the domain is throttled; REASON_NONE when it is not. */
static int judge(const struct domain *d, const struct evidence *e, double ratio)
{
    bool heat = e->heat || d->hot;
    bool limited = d->limit_hz >= 0 && d->limit_hz < ratio * d->top_hz;
    bool below_request = d->realized_hz >= 0 && d->requested_hz > 0 &&
                         d->realized_hz < ratio * d->requested_hz;
    bool below_top = d->upper && d->top_hz > 0 && speed_of(d) >= 0 &&
                     speed_of(d) < ratio * d->top_hz && (heat || e->low_power_mode || limited);
    if (!is_loaded(d) || !(below_request || below_top))
        return REASON_NONE;
    if (e->reason != REASON_NONE)
        return e->reason;
    if (heat)
        return REASON_HEAT;
    if (e->low_power_mode)
        return REASON_LOW_POWER_MODE;
    return limited || e->power ? REASON_POWER : REASON_UNKNOWN;
}

/* Cycles asked for and not granted; nothing where the realized frequency is not known. */
static struct loss loss_of(const struct domain *d, double dt_s)
{
    struct loss loss = {0, 0};
    if (d->util_ratio < 0 || d->realized_hz < 0 || d->requested_hz <= 0)
        return loss;
    loss.active_s = d->util_ratio * d->cores * dt_s;
    if (d->realized_hz < d->requested_hz)
        loss.lost_s = loss.active_s * (d->requested_hz - d->realized_hz) / d->requested_hz;
    return loss;
}

static void loss_add(struct loss *into, const struct loss *loss)
{
    into->active_s += loss->active_s;
    into->lost_s += loss->lost_s;
}

static void put_loss(struct actop_sample_t *s, actop_metric id, uint32_t row,
                     const struct loss *loss)
{
    if (loss->active_s > 0)
        sample_put(s, id, row, loss->lost_s / loss->active_s, ACTOP_DERIVED, 0);
}

/* ---- What a sample says of the domains ------------------------------------------------------------------------- */

static double hottest(const struct actop_sample_t *s, actop_metric of_domain, uint32_t row,
                      actop_metric of_machine)
{
    return value_or(s, of_domain, row, value_or(s, of_machine, 0, -1));
}

/* Some systems tell only what was realized, and it stands under both names (x86, where the processor chooses: docs/
 * linux-frames.md). One measurement twice says nothing of what was asked for; a mean of states, derived, does. */
static double requested_of(const struct actop_sample_t *s, actop_metric requested,
                           actop_metric realized, uint32_t row)
{
    const struct cell *a = sample_cell(s, requested, row);
    const struct cell *b = sample_cell(s, realized, row);
    if (cell_has(a) && cell_has(b) && a->origin == ACTOP_MEASURED && b->origin == ACTOP_MEASURED &&
        a->via == b->via && a->via != 0 && a->at_ns == b->at_ns && !(a->value < b->value) &&
        !(a->value > b->value))
        return -1;
    return cell_has(a) ? a->value : -1;
}

static struct domain cluster_domain(const struct step *step, uint32_t row)
{
    const struct actop_sample_t *s = step->s;
    const struct entity *e = sample_entity_get(s, ACTOP_SCOPE_CLUSTER, row);
    const struct cluster_facts *facts = &step->facts->clusters[row];
    uint32_t tiers = sample_rows(s, ACTOP_SCOPE_TIER);
    return (struct domain){
        .util_ratio = value_or(s, ACTOP_METRIC_CLUSTER_UTIL, row, -1),
        .busiest_ratio = facts->busiest_ratio,
        .requested_hz =
            requested_of(s, ACTOP_METRIC_CLUSTER_FREQ, ACTOP_METRIC_CLUSTER_REALIZED_FREQ, row),
        .realized_hz = value_or(s, ACTOP_METRIC_CLUSTER_REALIZED_FREQ, row, -1),
        .top_hz = value_or(s, ACTOP_METRIC_CLUSTER_MAX_FREQ, row, -1),
        .limit_hz = value_or(s, ACTOP_METRIC_CLUSTER_LIMIT_FREQ, row, -1),
        .cores = facts->cores > 0 ? facts->cores : 1,
        .upper = e->parent_scope != ACTOP_SCOPE_TIER || e->parent + 1 == (int32_t)tiers,
        .hot = hottest(s, ACTOP_METRIC_CLUSTER_TEMP, row, ACTOP_METRIC_CPU_TEMP) >= HOT_C,
    };
}

static struct domain tier_domain(const struct actop_sample_t *s, uint32_t row)
{
    return (struct domain){
        .util_ratio = value_or(s, ACTOP_METRIC_TIER_UTIL, row, -1),
        .busiest_ratio = -1,
        .requested_hz =
            requested_of(s, ACTOP_METRIC_TIER_FREQ, ACTOP_METRIC_TIER_REALIZED_FREQ, row),
        .realized_hz = value_or(s, ACTOP_METRIC_TIER_REALIZED_FREQ, row, -1),
        .top_hz = value_or(s, ACTOP_METRIC_TIER_MAX_FREQ, row, -1),
        .limit_hz = -1,
        .cores = 1,
        .upper = row + 1 == sample_rows(s, ACTOP_SCOPE_TIER),
        .hot = hottest(s, ACTOP_METRIC_TIER_TEMP, row, ACTOP_METRIC_CPU_TEMP) >= HOT_C,
    };
}

static struct domain gpu_domain(const struct actop_sample_t *s)
{
    struct domain d = {.util_ratio = value_or(s, ACTOP_METRIC_GPU_UTIL, 0, -1),
                       .busiest_ratio = -1};
    uint32_t busiest = 0;
    double most = -1;
    for (uint32_t row = 0; row < sample_rows(s, ACTOP_SCOPE_GPU); row++) {
        double util_ratio = value_or(s, ACTOP_METRIC_GPU_ONE_UTIL, row, -1);
        if (util_ratio > most) {
            most = util_ratio;
            busiest = row;
        }
    }
    d.util_ratio = d.util_ratio < 0 ? most : d.util_ratio;
    d.requested_hz =
        value_or(s, ACTOP_METRIC_GPU_ONE_FREQ, busiest, value_or(s, ACTOP_METRIC_GPU_FREQ, 0, -1));
    d.realized_hz = value_or(s, ACTOP_METRIC_GPU_ONE_REALIZED_FREQ, busiest, -1);
    d.top_hz = value_or(s, ACTOP_METRIC_GPU_ONE_MAX_FREQ, busiest,
                        value_or(s, ACTOP_METRIC_GPU_MAX_FREQ, 0, -1));
    d.limit_hz = -1;
    d.cores = 1;
    d.upper = true;
    d.hot = hottest(s, ACTOP_METRIC_GPU_ONE_TEMP, busiest, ACTOP_METRIC_GPU_TEMP) >= HOT_C;
    return d;
}

static struct throttle_facts alert_facts(const struct actop_sample_t *s, const struct domain *d,
                                         actop_metric temp)
{
    return (struct throttle_facts){d->util_ratio, speed_of(d), d->top_hz,
                                   value_or(s, ACTOP_METRIC_THERMAL_STATE, 0, -1),
                                   value_or(s, temp, 0, -1)};
}

struct throttle_facts throttle_cpu_facts(const struct actop_sample_t *s)
{
    uint32_t tiers = sample_rows(s, ACTOP_SCOPE_TIER);
    struct domain upper = tier_domain(s, tiers > 0 ? tiers - 1 : 0);
    return alert_facts(s, &upper, ACTOP_METRIC_CPU_TEMP);
}

struct throttle_facts throttle_gpu_facts(const struct actop_sample_t *s)
{
    struct domain gpu = gpu_domain(s);
    return alert_facts(s, &gpu, ACTOP_METRIC_GPU_TEMP);
}

/* ---- Judging ----------------------------------------------------------------------------------------------------- */

/* Thermal throttle events that rose tell of heat even where no temperature is read. */
static bool events_rose(struct throttle *t, const struct actop_sample_t *s)
{
    double count;
    if (!sample_get(s, ACTOP_METRIC_CPU_THROTTLES, 0, &count))
        return false;
    bool rose = t->throttles_known && count > t->throttles;
    t->throttles = count;
    t->throttles_known = true;
    return rose;
}

static struct evidence gather(struct throttle *t, const struct step *step)
{
    const struct actop_sample_t *s = step->s;
    double package_w = value_or(s, ACTOP_METRIC_PACKAGE_POWER, 0, -1);
    double ceiling_w = value_or(s, ACTOP_METRIC_MAX_PACKAGE, 0, 0);
    return (struct evidence){
        .heat = value_or(s, ACTOP_METRIC_THERMAL_STATE, 0, 0) > 0 || events_rose(t, s),
        .low_power_mode = value_or(s, ACTOP_METRIC_LOW_POWER_MODE, 0, 0) > 0,
        .power = ceiling_w > 0 && package_w >= step->options->alert_package_ratio * ceiling_w,
        .reason = (int)value_or(s, ACTOP_METRIC_THROTTLE_REASON, 0, REASON_NONE),
    };
}

static bool can_judge(const struct domain *d)
{
    return d->util_ratio >= 0 && speed_of(d) >= 0;
}

static void put_judgement(struct actop_sample_t *s, actop_metric id, uint32_t row, int reason,
                          bool realized_known)
{
    sample_put(s, id, row, reason != REASON_NONE, realized_known ? ACTOP_DERIVED : ACTOP_ESTIMATED,
               0);
}

/* What the CPU's domains came to. */
struct outcome {
    struct loss loss;
    int reason;
    bool judged, realized_known;
};

static void take_domain(struct outcome *o, const struct domain *d, const struct evidence *e,
                        const struct step *step, int *reason, struct loss *loss)
{
    *reason = REASON_NONE;
    *loss = loss_of(d, step->dt_s);
    if (!can_judge(d))
        return;
    *reason = judge(d, e, step->options->alert_throttle_ratio);
    if (o->reason == REASON_NONE)
        o->reason = *reason;
    o->realized_known = d->realized_hz >= 0 && (o->realized_known || !o->judged);
    o->judged = true;
    loss_add(&o->loss, loss);
}

static struct outcome judge_cpu(const struct step *step, const struct evidence *e)
{
    struct outcome o = {0};
    int reason;
    struct loss loss;
    uint32_t clusters = sample_rows(step->s, ACTOP_SCOPE_CLUSTER);
    for (uint32_t row = 0; row < clusters; row++) {
        struct domain d = cluster_domain(step, row);
        take_domain(&o, &d, e, step, &reason, &loss);
        if (can_judge(&d))
            put_judgement(step->s, ACTOP_METRIC_CLUSTER_THROTTLED, row, reason, d.realized_hz >= 0);
        put_loss(step->s, ACTOP_METRIC_CLUSTER_LOST, row, &loss);
    }
    for (uint32_t row = 0; clusters == 0 && row < sample_rows(step->s, ACTOP_SCOPE_TIER); row++) {
        struct domain d = tier_domain(step->s, row);
        take_domain(&o, &d, e, step, &reason, &loss);
    }
    return o;
}

static struct outcome judge_gpu(const struct step *step, const struct evidence *e)
{
    struct outcome o = {0};
    int reason;
    struct loss loss;
    struct domain d = gpu_domain(step->s);
    take_domain(&o, &d, e, step, &reason, &loss);
    return o;
}

static void put_outcome(const struct step *step, const struct outcome *o, actop_metric throttled,
                        actop_metric lost)
{
    if (o->judged)
        put_judgement(step->s, throttled, 0, o->reason, o->realized_known);
    put_loss(step->s, lost, 0, &o->loss);
}

void throttle_add(struct throttle *t, const struct step *step)
{
    struct evidence e = gather(t, step);
    struct outcome cpu = judge_cpu(step, &e);
    struct outcome gpu = judge_gpu(step, &e);
    put_outcome(step, &cpu, ACTOP_METRIC_CPU_THROTTLED, ACTOP_METRIC_CPU_LOST);
    put_outcome(step, &gpu, ACTOP_METRIC_GPU_THROTTLED, ACTOP_METRIC_GPU_LOST);
    loss_add(&t->cpu_session, &cpu.loss);
    loss_add(&t->gpu_session, &gpu.loss);
    if (cpu.judged || gpu.judged)
        sample_put(step->s, ACTOP_METRIC_THROTTLE_REASON, 0,
                   cpu.reason != REASON_NONE ? cpu.reason : gpu.reason, ACTOP_DERIVED, 0);
}

void throttle_put(const struct throttle *t, const struct step *step)
{
    put_loss(step->s, ACTOP_METRIC_CPU_LOST_SESSION, 0, &t->cpu_session);
    put_loss(step->s, ACTOP_METRIC_GPU_LOST_SESSION, 0, &t->gpu_session);
}
