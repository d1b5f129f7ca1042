/* SPDX-License-Identifier: MIT */
/* The metric table: one row per metric of metrics.def; every pass over metrics walks it. */
#ifndef MODEL_METRIC_H
#define MODEL_METRIC_H

#include <stdbool.h>

#include <actop/actop.h>

/* Rows by id; never NULL for a valid id. */
const actop_metric_info *metric_info(actop_metric id);

/* Number of a metric among the metrics of its scope, and how many a scope has: the columns of a sample's table. */
uint32_t metric_column(actop_metric id);
uint32_t scope_columns(actop_scope scope);

/* True for scopes whose rows come and go. */
bool scope_is_coming(actop_scope scope);

const char *unit_key_suffix(actop_unit unit);        /* "w" */
const char *unit_prometheus_suffix(actop_unit unit); /* "watts" */

#endif
