/* SPDX-License-Identifier: MIT */
/* Analysis: a deterministic fold over samples that adds what follows from the readings: sums, ledgers, windows, alerts,
 * throttling, verdicts, attribution. It knows no platform and no frame. State is explicit and can be copied. */
#ifndef ANALYSIS_ANALYSIS_H
#define ANALYSIS_ANALYSIS_H

#include "model/sample.h"

struct analysis_options {
    double average_window_s;
    double alert_bandwidth_ratio, alert_package_ratio, alert_throttle_ratio;
    double alert_swap_rise_bytes;
    uint32_t alert_sustain_samples;
};

struct analysis;

/* A state that has seen nothing. NULL: out of memory. */
struct analysis *analysis_new(const struct analysis_options *options);
struct analysis *analysis_clone(const struct analysis *a);
void analysis_free(struct analysis *a); /* accepts NULL */

/* Add verdicts to a decoded sample, in order of time. E_NOMEM only. */
actop_status analysis_step(struct analysis *a, struct actop_sample_t *s, actop_error *err);

#endif
