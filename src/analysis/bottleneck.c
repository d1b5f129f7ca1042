/* SPDX-License-Identifier: MIT */
/* Makes the signals out of a sample and asks the rules; see bottleneck.h. */
#include "analysis/bottleneck.h"

#include "analysis/throttle.h"
#include "base/buf.h"

static const uint32_t SAMPLES_TO_CHANGE = 2;

enum {
    SIGNAL_HEAT,
    SIGNAL_MEMORY,
    SIGNAL_BANDWIDTH,
    SIGNAL_GPU,
    SIGNAL_ANE,
    SIGNAL_CPU,
    SIGNAL_CORE,
    SIGNAL_IO,
    SIGNAL_QUIET,
    SIGNAL_ALWAYS,
    SIGNAL_COUNT
};

enum {
#define RULE(verdict, signal, enter, leave, first, second)
#define FACT(id, before, factor, decimals, behind) FACT_##id,
#include "analysis/bottleneck.def"
#undef RULE
#undef FACT
    FACT_COUNT
};

static const struct rule {
    int verdict, signal;
    double enter, leave;
    int first, second;
} rules[] = {
#define RULE(verdict, signal, enter, leave, first, second)                                         \
    {VERDICT_##verdict, SIGNAL_##signal, enter, leave, FACT_##first, FACT_##second},
#define FACT(id, before, factor, decimals, behind)
#include "analysis/bottleneck.def"
#undef RULE
#undef FACT
};
enum { N_RULES = sizeof rules / sizeof *rules };

static const struct fact {
    const char *before, *behind;
    double factor;
    int decimals;
} facts[FACT_COUNT] = {
#define RULE(verdict, signal, enter, leave, first, second)
#define FACT(id, before, factor, decimals, behind) {before, behind, factor, decimals},
#include "analysis/bottleneck.def"
#undef RULE
#undef FACT
};

/* -1: unknown. */
struct signals {
    double signal[SIGNAL_COUNT];
    double fact[FACT_COUNT];
};

static double highest(double a, double b)
{
    return a > b ? a : b;
}

static double at_most_1(double ratio)
{
    return ratio > 1 ? 1 : ratio;
}

/* ---- Signals ------------------------------------------------------------------------------------------------------ */

/* How far below its highest frequency something runs that is throttled by heat. */
static void read_heat(struct signals *g, const struct actop_sample_t *s)
{
    struct throttle_facts cpu = throttle_cpu_facts(s);
    struct throttle_facts gpu = throttle_gpu_facts(s);
    bool heat = value_or(s, ACTOP_METRIC_THROTTLE_REASON, 0, REASON_NONE) == REASON_HEAT;
    bool by_gpu = value_or(s, ACTOP_METRIC_CPU_THROTTLED, 0, 0) == 0;
    const struct throttle_facts *slow = by_gpu ? &gpu : &cpu;
    double speed = slow->top_hz > 0 && slow->hz >= 0 ? slow->hz / slow->top_hz : -1;
    g->fact[FACT_SPEED] = speed;
    g->fact[FACT_TEMP] = slow->celsius;
    g->signal[SIGNAL_HEAT] = !heat || speed < 0 ? 0 : highest(1 - speed, 0);
}

/* The kernel's pressure level (warning 0.3, critical 1), with swapping at a warning 0.6; or twice the share of time in which
 * a task waited for memory. */
static void read_memory(struct signals *g, const struct actop_sample_t *s)
{
    double level = value_or(s, ACTOP_METRIC_MEMORY_PRESSURE, 0, -1);
    double psi = value_or(s, ACTOP_METRIC_MEMORY_PSI_SOME, 0, -1);
    double swap_bps = value_or(s, ACTOP_METRIC_SWAP_IN, 0, 0) +
                      value_or(s, ACTOP_METRIC_SWAP_OUT, 0, 0);
    double by_level = level < 0 ? -1 : level >= 2 ? 1 : level < 1 ? 0 : swap_bps >= 1e6 ? 0.6 : 0.3;
    double by_psi = psi < 0 ? -1 : at_most_1(2 * psi);
    g->signal[SIGNAL_MEMORY] = highest(by_level, by_psi);
    g->fact[FACT_PRESSURE] = g->signal[SIGNAL_MEMORY];
    g->fact[FACT_SWAP] = swap_bps;
}

/* Half of the highest signal at: a quarter of the time waited for disks, a disk busy nine tenths of the time, a link used
 * to four fifths. */
static void read_io(struct signals *g, const struct actop_sample_t *s)
{
    double wait = highest(value_or(s, ACTOP_METRIC_IO_PSI_SOME, 0, -1),
                          value_or(s, ACTOP_METRIC_CPU_IOWAIT, 0, -1));
    double busy = -1;
    double link = -1;
    for (uint32_t row = 0; row < sample_rows(s, ACTOP_SCOPE_DISK); row++)
        busy = highest(busy, value_or(s, ACTOP_METRIC_DISK_BUSY, row, -1));
    for (uint32_t row = 0; row < sample_rows(s, ACTOP_SCOPE_INTERFACE); row++) {
        double speed_bps = value_or(s, ACTOP_METRIC_IF_SPEED, row, 0);
        double used_bps = highest(value_or(s, ACTOP_METRIC_IF_RX, row, -1),
                                  value_or(s, ACTOP_METRIC_IF_TX, row, -1));
        bool physical =
            (sample_entity_get(s, ACTOP_SCOPE_INTERFACE, row)->flags & ACTOP_ENTITY_PHYSICAL) != 0;
        if (physical && speed_bps > 0)
            link = highest(link, used_bps / speed_bps);
    }
    g->fact[FACT_WAIT] = wait;
    g->fact[FACT_DISK] = busy;
    g->signal[SIGNAL_IO] = at_most_1(highest(wait * 2, highest(busy / 1.8, link / 1.6)));
}

static void read_signals(struct signals *g, const struct step *step)
{
    const struct actop_sample_t *s = step->s;
    double cpu = value_or(s, ACTOP_METRIC_CPU_UTIL, 0, -1);
    double gpu = value_or(s, ACTOP_METRIC_GPU_UTIL, 0, -1);
    double ane = value_or(s, ACTOP_METRIC_ANE_UTIL, 0, -1);
    double bandwidth = value_or(s, ACTOP_METRIC_BANDWIDTH_RATIO, 0, -1);
    double busiest = highest(cpu, highest(gpu, ane));
    read_heat(g, s);
    read_memory(g, s);
    read_io(g, s);
    g->signal[SIGNAL_CPU] = g->fact[FACT_CPU] = cpu;
    g->signal[SIGNAL_CORE] = g->fact[FACT_CORE] = step->facts->busiest_ratio;
    g->signal[SIGNAL_GPU] = g->fact[FACT_GPU] = gpu;
    g->signal[SIGNAL_ANE] = g->fact[FACT_ANE] = ane;
    g->signal[SIGNAL_BANDWIDTH] = g->fact[FACT_BANDWIDTH] = bandwidth;
    g->signal[SIGNAL_QUIET] = busiest < 0 ? -1 : 1 - busiest;
    g->signal[SIGNAL_ALWAYS] = busiest < 0 ? -1 : 1;
}

/* ---- Rules -------------------------------------------------------------------------------------------------------- */

static const struct rule *find_rule(int verdict)
{
    for (int i = 0; i < N_RULES; i++)
        if (rules[i].verdict == verdict)
            return &rules[i];
    return NULL;
}

/* The first rule that holds; NULL when too little is known for any. */
static const struct rule *first_rule(const struct signals *g, const struct bottleneck *b)
{
    for (int i = 0; i < N_RULES; i++) {
        bool standing = b->any && rules[i].verdict == b->verdict;
        double signal = g->signal[rules[i].signal];
        if (signal >= 0 && signal >= (standing ? rules[i].leave : rules[i].enter))
            return &rules[i];
    }
    return NULL;
}

static void follow(struct bottleneck *b, const struct rule *rule)
{
    if (b->any && rule->verdict == b->verdict) {
        b->seen = 0;
        return;
    }
    b->seen = b->seen > 0 && rule->verdict == b->candidate ? b->seen + 1 : 1;
    b->candidate = rule->verdict;
    if (b->any && b->seen < SAMPLES_TO_CHANGE)
        return;
    b->verdict = rule->verdict;
    b->any = true;
    b->seen = 0;
}

/* The smaller of: how far the rule's own signal is above its threshold, and how far those of the rules before it are below
 * theirs; each as a share of the whole way. A GPU that is busy while the bandwidth is not known may as well wait for memory:
 * then it is at most a half. */
static double confidence(const struct signals *g, const struct rule *rule)
{
    double own = g->signal[rule->signal];
    double least = rule->enter < 1 ? (own - rule->enter) / (1 - rule->enter) : 1;
    for (const struct rule *r = rules; r < rule; r++) {
        double other = g->signal[r->signal];
        double margin = other < 0 ? 1 : (r->enter - other) / r->enter;
        least = margin < least ? margin : least;
    }
    bool blind = g->signal[SIGNAL_BANDWIDTH] < 0 &&
                 (rule->verdict == VERDICT_GPU || rule->verdict == VERDICT_CPU_ALL);
    if (blind && least > 0.5)
        least = 0.5;
    return least < 0 ? 0 : least;
}

/* ---- Words -------------------------------------------------------------------------------------------------------- */

static void put_fact(struct buf *b, const struct signals *g, int which)
{
    double value = g->fact[which];
    if (value < 0)
        return;
    if (b->len > 0)
        buf_puts(b, ", ");
    buf_puts(b, facts[which].before);
    buf_put_fixed(b, value * facts[which].factor, facts[which].decimals);
    buf_puts(b, facts[which].behind);
}

void bottleneck_add(struct bottleneck *b, const struct step *step)
{
    struct signals g;
    char text[128];
    struct buf because;
    read_signals(&g, step);
    const struct rule *rule = first_rule(&g, b);
    if (rule == NULL)
        return;
    follow(b, rule);
    const struct rule *standing = find_rule(b->verdict);
    buf_init_fixed(&because, text, sizeof text);
    put_fact(&because, &g, standing->first);
    put_fact(&because, &g, standing->second);
    sample_put(step->s, ACTOP_METRIC_BOTTLENECK, 0, b->verdict, ACTOP_ESTIMATED, 0);
    sample_put(step->s, ACTOP_METRIC_BOTTLENECK_CONFIDENCE, 0, confidence(&g, standing),
               ACTOP_ESTIMATED, 0);
    if (because.len > 0 && because.len < sizeof text)
        sample_put_text(step->s, ACTOP_METRIC_BOTTLENECK_BECAUSE, 0, text, because.len, 0);
}
