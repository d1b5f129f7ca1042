/* SPDX-License-Identifier: MIT */
/* The metric table: one row per metric of metrics.def; every pass over metrics walks it. */
#ifndef MODEL_METRIC_H
#define MODEL_METRIC_H

#include <stdbool.h>

#include <actop/actop.h>

extern const actop_metric_info metric_table[];
/* A scope's metrics stand together in metrics.def, scopes in the order of scopes.def (a test asserts both): the first
 * metric of each, and the end of the last. */
extern const uint16_t metric_first_of[ACTOP_SCOPE_COUNT + 1];

/* Rows by id; never NULL for a valid id. */
static inline const actop_metric_info *metric_info(actop_metric id)
{
    return &metric_table[id];
}

/* Where a metric stands in a sample: its scope's table, its number among the metrics of that scope, and whether a rolling
 * window is kept of it. Beside the table of metrics because every value of every tick asks for it. */
struct metric_place {
    uint8_t scope, column;
    bool window;
};
extern const struct metric_place metric_places[];

/* The columns of a sample's table: one for each metric of its scope. */
static inline uint32_t metric_column(actop_metric id)
{
    return metric_places[id].column;
}
static inline uint32_t scope_columns(actop_scope scope)
{
    return (uint32_t)metric_first_of[scope + 1] - metric_first_of[scope];
}

/* Scopes whose gauges have a rolling window. */
enum {
    WINDOW_SCOPES = 1 << ACTOP_SCOPE_MACHINE | 1 << ACTOP_SCOPE_TIER | 1 << ACTOP_SCOPE_CLUSTER | 1 << ACTOP_SCOPE_GPU |
                    1 << ACTOP_SCOPE_RAIL
};
static inline bool scope_has_windows(actop_scope scope)
{
    return (WINDOW_SCOPES >> scope & 1) != 0;
}

/* True for scopes whose rows come and go. */
bool scope_is_coming(actop_scope scope);

/* Key and unit of a metric joined, none said twice: "cpu_power_w". */
struct buf;
void metric_put_joined(struct buf *b, const char *key, actop_unit unit);

const char *unit_prometheus_suffix(actop_unit unit); /* "watts" */

#endif
