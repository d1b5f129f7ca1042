/* SPDX-License-Identifier: MIT */
/* What the formats share: values of a sample that can be printed, the choice of tiers, names that are derived.
 *
 * A format is one function from a sample to bytes in a buf; format.c lists them. It walks the metric table; only the
 * .def lists of a format name metrics. */
#ifndef EXPORT_EXPORT_H
#define EXPORT_EXPORT_H

#include "base/buf.h"
#include "model/sample.h"

/* The formats. */
void text_put(struct buf *b, const struct actop_sample_t *s, const actop_format_options *o);
void ndjson_put(struct buf *b, const struct actop_sample_t *s, const actop_format_options *o);
void csv_put(struct buf *b, const struct actop_sample_t *s, const actop_format_options *o);
void csv_put_header(struct buf *b, const struct actop_sample_t *s, const actop_format_options *o);

/* A finite value, if there is one; row may be -1 (none). */
bool export_value(const struct actop_sample_t *s, actop_metric id, int32_t row, double *value);

/* A text, if there is one; NULL otherwise. Borrowed from the sample. */
const char *export_text(const struct actop_sample_t *s, actop_metric id, int32_t row);

/* Rows of the tiers that the old names mean: the highest fills pcpu_*, the lowest ecpu_*; with one tier there is no
 * lower one. -1: none. */
int32_t export_tier_high(const struct actop_sample_t *s);
int32_t export_tier_low(const struct actop_sample_t *s);

/* Tier of a core by its owners; -1 when it has none. */
int32_t export_tier_of_core(const struct actop_sample_t *s, uint32_t row);

/* Number of a core as outputs show it: the logical CPU on Linux, where everything else calls it so; elsewhere the
 * running number within its tier. */
uint64_t export_core_number(const struct actop_sample_t *s, uint32_t row);

/* The JSON name of a metric: as its row gives it, or key and unit joined, none said twice. member: the name within an
 * object of its scope, without the scope ("cluster.limit_freq" is limit_freq_hz). */
void export_put_name(struct buf *b, actop_metric id, bool member);

/* Whole percents that add up to 100 (largest remainder) of n ≤ 8 shares; false when they add up to nothing. */
bool export_percents(const double *shares, size_t n, int *percents);

#endif
