/* SPDX-License-Identifier: MIT */
/* Counters; see counter.h. A fall of a narrow counter is taken as one wrap: at the rates these count, two wraps between
 * readings would take longer than any interval we allow (32-bit bytes at 100 Gbit/s wrap in 0.3 s and cannot be told). */
#include "model/counter.h"

/* The value after which a counter starts again at 0. */
static uint64_t last_value(unsigned bits, uint64_t wrap_at)
{
    return wrap_at != 0 ? wrap_at : bits > 0 && bits < 64 ? (UINT64_C(1) << bits) - 1 : UINT64_MAX;
}

static void remember(struct counter *c, uint64_t raw, int64_t at_ns)
{
    c->raw = raw;
    c->at_ns = at_ns;
    c->valid = true;
}

actop_status counter_take(struct counter *c, uint64_t raw, int64_t at_ns, unsigned bits,
                          uint64_t wrap_at, struct counter_step *step)
{
    if (!c->valid) {
        remember(c, raw, at_ns);
        return ACTOP_E_STATE;
    }
    int64_t dt_ns = at_ns - c->at_ns;
    if (dt_ns <= 0) {
        if (dt_ns < 0)
            remember(c, raw, at_ns);
        return ACTOP_E_GAP;
    }
    uint64_t last = last_value(bits, wrap_at);
    bool fell = raw < c->raw;
    /* A value past the wrap cannot be one of this counter; treat the fall as a reset. */
    if (fell && (last == UINT64_MAX || c->raw > last)) {
        remember(c, raw, at_ns);
        c->resets++;
        return ACTOP_E_RESET;
    }
    step->grew = fell ? last - c->raw + 1 + raw : raw - c->raw;
    step->dt_ns = dt_ns;
    c->total += step->grew;
    remember(c, raw, at_ns);
    return ACTOP_OK;
}

void counter_break(struct counter *c)
{
    c->valid = false;
}

double counter_rate(const struct counter_step *step, double unit_per_step)
{
    return (double)step->grew * unit_per_step / ((double)step->dt_ns * 1e-9);
}
