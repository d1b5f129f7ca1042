/* SPDX-License-Identifier: MIT */
/* Counters: one function makes every difference, and one every rate.
 *
 * A counter remembers its last reading; the next one gives how much it grew and over which time, by the stamps of the
 * readings themselves. Narrow counters wrap; 64-bit ones that fall were reset. A total goes on across both. */
#ifndef MODEL_COUNTER_H
#define MODEL_COUNTER_H

#include <stdbool.h>
#include <stdint.h>

#include <actop/types.h>

struct counter {
    uint64_t raw;       /* last reading */
    int64_t at_ns;      /* its time on the awake clock */
    uint64_t total;     /* raw steps since the first reading, across wraps and resets */
    uint32_t resets;    /* discontinuities since the first reading */
    bool valid;         /* raw and at_ns hold a reading */
};

struct counter_step {
    uint64_t grew;  /* raw steps */
    int64_t dt_ns;  /* time they took; > 0 */
};

/* Take a reading of a counter of that many bits (0 is 64) at a time. ACTOP_OK: *step says how much it grew (0 is
 * fine). E_STATE: the first reading, no difference yet. E_GAP: no time passed since the last reading, or the clock went
 * back; the reading is ignored if the time is the same. E_RESET: the counter fell and cannot have wrapped; counted.
 * A narrow counter that fell wrapped once; wrap_at, if not 0, is the value after which it starts again at 0. */
actop_status counter_take(struct counter *c, uint64_t raw, int64_t at_ns, unsigned bits, uint64_t wrap_at,
                          struct counter_step *step);

/* Forget the last reading but keep the total: the next reading starts afresh. For sleep and other gaps. */
void counter_break(struct counter *c);

/* Steps per second × unit_per_step. */
double counter_rate(const struct counter_step *step, double unit_per_step);

#endif
