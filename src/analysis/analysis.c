/* SPDX-License-Identifier: MIT */
/* The fold over samples; see analysis.h. */
#include "analysis/analysis.h"

#include <stdlib.h>

#include "base/error.h"

struct analysis {
    struct analysis_options options;
};

struct analysis *analysis_new(const struct analysis_options *options)
{
    struct analysis *a = calloc(1, sizeof *a);
    if (a != NULL)
        a->options = *options;
    return a;
}

struct analysis *analysis_clone(const struct analysis *a)
{
    return analysis_new(&a->options);
}

void analysis_free(struct analysis *a)
{
    free(a);
}

/* Package power is the sum of the readable ones among CPU, GPU and Neural Engine where the source gives none itself; without
 * CPU and GPU there is none (the contract's rule). */
static void derive_package(struct actop_sample_t *s)
{
    static const actop_metric parts[] = {ACTOP_METRIC_CPU_POWER, ACTOP_METRIC_GPU_POWER,
                                         ACTOP_METRIC_ANE_POWER};
    double sum = 0;
    double watts = 0;
    bool known = false;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (sample_get(s, parts[i], 0, &watts)) {
            sum += watts;
            known = known || parts[i] != ACTOP_METRIC_ANE_POWER;
        }
    if (known && !cell_has(sample_cell(s, ACTOP_METRIC_PACKAGE_POWER, 0)))
        sample_put(s, ACTOP_METRIC_PACKAGE_POWER, 0, sum, ACTOP_DERIVED, 0);
}

actop_status analysis_step(struct analysis *a, struct actop_sample_t *s, actop_error *err)
{
    (void)a;
    derive_package(s);
    return s->failed ? error_set(err, ACTOP_E_NOMEM, "out of memory for analysis") : ACTOP_OK;
}
