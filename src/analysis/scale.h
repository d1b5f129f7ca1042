/* SPDX-License-Identifier: MIT */
/* Scales of charts, and the application a process belongs to: pure functions of a sample that analysis has been over. */
#ifndef ANALYSIS_SCALE_H
#define ANALYSIS_SCALE_H

#include "model/sample.h"

/* See actop_chart_scale(). */
double chart_scale(const struct actop_sample_t *s, actop_metric id, uint32_t row, bool automatic);

/* The part of an executable's path that names its application; points into path, *n is its length. */
const char *application_of_path(const char *path, size_t *n);

#endif
