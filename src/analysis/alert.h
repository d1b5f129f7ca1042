/* SPDX-License-Identifier: MIT */
/* Alerts: conditions that have to hold for a number of samples, and the ceilings they are measured against, which only
 * rise. docs/analysis.md has the formulas in a table. */
#ifndef ANALYSIS_ALERT_H
#define ANALYSIS_ALERT_H

#include "analysis/step.h"

enum { SUSTAINED_CPU, SUSTAINED_GPU, SUSTAINED_BANDWIDTH, SUSTAINED_PACKAGE, SUSTAINED_COUNT };

struct alerts {
    uint32_t held[SUSTAINED_COUNT]; /* samples the condition has held */
    double seen_bps, seen_w;        /* highest ever */
    double ceiling_bps, ceiling_w;  /* with the references */
    double *swap_b;                 /* ring of swap in use, oldest at first */
    uint32_t cap, n, first;
    double swap_rise_b;
    bool swap_known, swap_alert, thermal;
};

bool alerts_init(struct alerts *a, const struct analysis_options *options); /* false: out of memory */
void alerts_release(struct alerts *a);
bool alerts_copy(struct alerts *into, const struct alerts *from); /* false: out of memory; *into is empty */

/* Raise the ceilings and write them and the bandwidth's share: before anything that asks for them. */
void alerts_raise(struct alerts *a, const struct step *step);
void alerts_add(struct alerts *a, const struct step *step);
void alerts_put(const struct alerts *a, const struct step *step);

/* The alert's condition for one domain: busy, below the given share of its highest frequency, and hot. */
struct throttle_facts {
    double util_ratio, hz, top_hz;     /* -1: unknown; hz is realized where that is known, else requested */
    double thermal_state, celsius;     /* -1: unknown */
};
bool alert_is_throttled(const struct throttle_facts *f, double ratio);

#endif
