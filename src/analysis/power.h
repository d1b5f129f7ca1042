/* SPDX-License-Identifier: MIT */
/* Power: what follows from the watts of one sample. The package as a sum where the source gives none, the Neural Engine's
 * utilization, the chip's references, and the ledger: system = CPU + GPU + Neural Engine + memory + other + unaccounted. */
#ifndef ANALYSIS_POWER_H
#define ANALYSIS_POWER_H

#include "analysis/step.h"

struct power {
    uint64_t violations; /* samples in which the package drew more than the system */
    bool system_seen;
};

/* Package and references: before anything that asks for them. */
void power_derive(const struct step *step);

void power_add(struct power *p, const struct step *step);
void power_put(const struct power *p, const struct step *step);

#endif
