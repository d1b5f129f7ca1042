/* SPDX-License-Identifier: MIT */
/* What 100 percent means on a chart. The floors and the factor are promised in docs/analysis.md. */
#include "analysis/scale.h"

#include <string.h>

static const double ROOM = 1.25; /* above the rolling peak */

/* Rows: a metric, what its profile scale is (itself: none), its partner of the other direction (itself: none), its floor. */
static const struct scale {
    actop_metric id, reference, partner;
    double floor;
    bool always_automatic;
} scales[] = {
    {ACTOP_METRIC_CPU_POWER, ACTOP_METRIC_CPU_POWER_REFERENCE, ACTOP_METRIC_CPU_POWER, 20, false},
    {ACTOP_METRIC_GPU_POWER, ACTOP_METRIC_GPU_POWER_REFERENCE, ACTOP_METRIC_GPU_POWER, 15, false},
    {ACTOP_METRIC_ANE_POWER, ACTOP_METRIC_ANE_POWER_REFERENCE, ACTOP_METRIC_ANE_POWER, 0, false},
    {ACTOP_METRIC_PACKAGE_POWER, ACTOP_METRIC_MAX_PACKAGE, ACTOP_METRIC_PACKAGE_POWER, 20, false},
    {ACTOP_METRIC_NET_RX, ACTOP_METRIC_NET_RX, ACTOP_METRIC_NET_TX, 1e6, true},
    {ACTOP_METRIC_NET_TX, ACTOP_METRIC_NET_TX, ACTOP_METRIC_NET_RX, 1e6, true},
    {ACTOP_METRIC_DISK_READ, ACTOP_METRIC_DISK_READ, ACTOP_METRIC_DISK_WRITE, 1e7, true},
    {ACTOP_METRIC_DISK_WRITE, ACTOP_METRIC_DISK_WRITE, ACTOP_METRIC_DISK_READ, 1e7, true},
};

/* A metric whose scale is another metric of the same row. */
static const struct {
    actop_metric id, top;
} tops[] = {
    {ACTOP_METRIC_BANDWIDTH, ACTOP_METRIC_MAX_BANDWIDTH},
    {ACTOP_METRIC_GPU_FREQ, ACTOP_METRIC_GPU_MAX_FREQ},
    {ACTOP_METRIC_TIER_FREQ, ACTOP_METRIC_TIER_MAX_FREQ},
    {ACTOP_METRIC_TIER_REALIZED_FREQ, ACTOP_METRIC_TIER_MAX_FREQ},
    {ACTOP_METRIC_CLUSTER_FREQ, ACTOP_METRIC_CLUSTER_MAX_FREQ},
    {ACTOP_METRIC_CLUSTER_REALIZED_FREQ, ACTOP_METRIC_CLUSTER_MAX_FREQ},
    {ACTOP_METRIC_CORE_FREQ, ACTOP_METRIC_CORE_MAX_FREQ},
    {ACTOP_METRIC_GPU_ONE_FREQ, ACTOP_METRIC_GPU_ONE_MAX_FREQ},
    {ACTOP_METRIC_GPU_ONE_REALIZED_FREQ, ACTOP_METRIC_GPU_ONE_MAX_FREQ},
};

static double peak_of(const struct actop_sample_t *s, actop_metric id)
{
    const struct window_cell *w = sample_window_get(s, id, 0);
    double now = 0;
    (void)sample_get(s, id, 0, &now);
    return w != NULL && w->count > 0 && w->peak > now ? w->peak : now;
}

static double scale_of(const struct actop_sample_t *s, const struct scale *scale, bool automatic)
{
    double peak = peak_of(s, scale->id);
    double other = peak_of(s, scale->partner);
    double full = ROOM * (peak > other ? peak : other);
    if (!automatic && !scale->always_automatic && !sample_get(s, scale->reference, 0, &full))
        full = 0;
    return full > scale->floor ? full : scale->floor;
}

double chart_scale(const struct actop_sample_t *s, actop_metric id, uint32_t row, bool automatic)
{
    double top = 0;
    for (size_t i = 0; i < sizeof scales / sizeof *scales; i++)
        if (scales[i].id == id)
            return scale_of(s, &scales[i], automatic);
    for (size_t i = 0; i < sizeof tops / sizeof *tops; i++)
        if (tops[i].id == id)
            return sample_get(s, tops[i].top, row, &top) ? top : 0;
    return metric_info(id)->unit == ACTOP_UNIT_RATIO ? 1 : 0;
}

/* The outermost bundle is the application; a helper inside it belongs to it. Without one, the last part of the path. */
const char *application_of_path(const char *path, size_t *n)
{
    static const char suffix[] = ".app/";
    const char *bundle = strstr(path, suffix);
    const char *end = bundle != NULL ? bundle : path + strlen(path);
    const char *start = end;
    while (start > path && start[-1] != '/')
        start--;
    *n = (size_t)(end - start);
    return start;
}
