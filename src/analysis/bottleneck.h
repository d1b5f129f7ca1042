/* SPDX-License-Identifier: MIT */
/* The bottleneck: one verdict about what limits the work, with the two numbers that decided and how far they are from another
 * verdict. The rules stand in bottleneck.def. A verdict changes when another one holds for two samples. */
#ifndef ANALYSIS_BOTTLENECK_H
#define ANALYSIS_BOTTLENECK_H

#include "analysis/step.h"

/* Values of bottleneck.verdict. */
enum {
    VERDICT_IDLE = 0,
    VERDICT_CPU_ALL,
    VERDICT_CPU_ONE,
    VERDICT_GPU,
    VERDICT_BANDWIDTH,
    VERDICT_ANE,
    VERDICT_MEMORY,
    VERDICT_HEAT,
    VERDICT_IO,
    VERDICT_NOTHING,
};

struct bottleneck {
    int verdict, candidate;
    uint32_t seen; /* samples the candidate has held */
    bool any;      /* verdict holds one */
};

/* After throttle_add. */
void bottleneck_add(struct bottleneck *b, const struct step *step);

#endif
