/* SPDX-License-Identifier: MIT */
/* What every part of the analysis is told about one step, and the few ways in which parts read and put values.
 *
 * Parts are named for what they judge. Each has a state of its own and two functions: PART_add folds a sample in, PART_put
 * writes what is known into it. A sample after a gap is only put, never added. */
#ifndef ANALYSIS_STEP_H
#define ANALYSIS_STEP_H

#include "analysis/analysis.h"
#include "model/soc.h"

/* What the cores say of their cluster. */
struct cluster_facts {
    uint32_t cores;       /* cores of the cluster that are online */
    double busiest_ratio; /* highest utilization among them */
};

/* What several parts ask about all cores, counted once a step. */
struct facts {
    struct cluster_facts *clusters; /* by cluster row */
    size_t cap;
    uint32_t cores;       /* online cores */
    double busiest_ratio; /* highest utilization of one core; -1: unknown */
    double busy_cores;    /* sum of the cores' utilizations; -1: unknown */
};

struct step {
    struct actop_sample_t *s;
    const struct analysis_options *options;
    const struct facts *facts;
    struct soc soc;
    double dt_s; /* awake time since the sample before; 0 for the first */
};

/* Count the cores. E_NOMEM when there are more clusters than ever and no memory for them. */
actop_status facts_take(struct facts *f, const struct actop_sample_t *s, actop_error *err);

/* The value of a metric of row 0, or what stands in for it. */
double value_or(const struct actop_sample_t *s, actop_metric id, uint32_t row, double otherwise);

/* A sum of readings. It is as old as its oldest part, and no better known than its least known one. */
struct sum {
    double value;
    int64_t at_ns;
    uint8_t state, origin;
    uint16_t via;
    bool any;
};

void sum_add(struct sum *sum, const struct cell *part); /* a part without a value, or NULL, changes nothing */
void sum_put(const struct sum *sum, struct actop_sample_t *s, actop_metric id, uint32_t row);

/* Put a value unless decode has put one already. */
void put_missing(struct actop_sample_t *s, actop_metric id, uint32_t row, double value, actop_origin origin);

/* A total that parts keep for the whole session. */
void put_total(struct actop_sample_t *s, actop_metric id, double value);

#endif
