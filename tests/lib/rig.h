/* SPDX-License-Identifier: MIT */
/* A machine made by hand for tests of the analysis: samples with the values a test gives, one after the other.
 *
 *     struct rig *r = rig_new(NULL);
 *     rig_begin(r, 2.0);                               // 2 s after the sample before
 *     rig_set(r, ACTOP_METRIC_CPU_POWER, 0, 10);
 *     rig_step(r);
 *     assert_true(rig_get(r, ACTOP_METRIC_PACKAGE_POWER, 0) == 10);
 *     rig_free(r);
 *
 * It has tiers E and P with a cluster each (E0: 2 cores, P0: 4), a GPU, rails cpu, gpu, ane (parts of the package) and
 * dram. */
#ifndef ACTOP_TESTS_RIG_H
#define ACTOP_TESTS_RIG_H

#include "analysis/analysis.h"

enum { RIG_E = 0, RIG_P = 1, RIG_CORES = 6 };
enum { RIG_CPU = 0, RIG_GPU, RIG_ANE, RIG_DRAM };

struct rig {
    struct analysis_options options;
    struct analysis *analysis;
    struct sample_pool *pool;
    struct topology *topology;
    struct actop_sample_t *s; /* the sample being filled, or the last one */
    int64_t at_ns;
    uint64_t seq;
};

struct analysis_options rig_options(void); /* the defaults of actop_options */
struct rig *rig_new(const struct analysis_options *options); /* NULL: rig_options() */
void rig_free(struct rig *r);

void rig_begin(struct rig *r, double dt_s);
void rig_set(struct rig *r, actop_metric id, uint32_t row, double value);
void rig_set_text(struct rig *r, actop_metric id, uint32_t row, const char *text);
uint32_t rig_process(struct rig *r, uint64_t pid, uint64_t start, const char *name, double cpu_s);
void rig_step(struct rig *r); /* fails the test when the step fails */

double rig_get(const struct rig *r, actop_metric id, uint32_t row); /* fails the test when there is no value */
bool rig_has(const struct rig *r, actop_metric id, uint32_t row);

/* A small generator: the same numbers for the same seed, everywhere. */
struct rng {
    uint64_t state;
};
double rng_unit(struct rng *g); /* 0 ≤ x < 1 */
uint32_t rng_below(struct rng *g, uint32_t n);

#endif
