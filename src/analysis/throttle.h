/* SPDX-License-Identifier: MIT */
/* Throttling: who asks for a frequency and is not given it, why, and what that costs. An idle or lightly loaded cluster is
 * never throttled. Lost performance is Σ active time × (requested − realized) / requested over Σ active time. */
#ifndef ANALYSIS_THROTTLE_H
#define ANALYSIS_THROTTLE_H

#include "analysis/alert.h"

enum { REASON_NONE, REASON_HEAT, REASON_POWER, REASON_LOW_POWER_MODE, REASON_UNKNOWN };

struct loss {
    double active_s, lost_s;
};

struct throttle {
    struct loss cpu_session, gpu_session;
    double throttles; /* last count of the CPU's own throttle events */
    bool throttles_known;
};

/* What the alerts ask about the upper CPU tier and the GPU. */
struct throttle_facts throttle_cpu_facts(const struct actop_sample_t *s);
struct throttle_facts throttle_gpu_facts(const struct actop_sample_t *s);

/* After alerts_raise. */
void throttle_add(struct throttle *t, const struct step *step);
void throttle_put(const struct throttle *t, const struct step *step);

#endif
