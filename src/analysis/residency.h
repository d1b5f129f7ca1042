/* SPDX-License-Identifier: MIT */
/* Residency buckets: the P-states of a cluster or GPU against the top of its DVFS table: idle, low, mid (from 0.40) and
 * high (from 0.75). A tier is the mean of its clusters, weighted by cores. */
#ifndef ANALYSIS_RESIDENCY_H
#define ANALYSIS_RESIDENCY_H

#include "analysis/step.h"

enum { BUCKET_IDLE, BUCKET_LOW, BUCKET_MID, BUCKET_HIGH, BUCKET_COUNT };

/* Time in the states of one cluster or GPU. */
struct residency_owner {
    double top_hz;
    double ratio[BUCKET_COUNT];
    bool any;      /* some state has a ratio */
    bool has_idle; /* some state is an idle one */
};

/* Scratch only: nothing is kept from one sample to the next. */
struct residency {
    struct residency_owner *clusters, *gpus;
    size_t cap_clusters, cap_gpus;
};

actop_status residency_derive(struct residency *r, const struct step *step, actop_error *err);
void residency_release(struct residency *r);

#endif
