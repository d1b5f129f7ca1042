/* SPDX-License-Identifier: MIT */
/* Prometheus text 0.0.4 and OpenMetrics 1.0: one walk over the metric table, one writer of families.
 *
 * A value that cannot be read is absent, never 0 and never NaN. Families are written whole; a row whose labels repeat an
 * earlier one's is left out, because a scraper would drop one of the two silently. */
#ifndef EXPORT_PROMETHEUS_H
#define EXPORT_PROMETHEUS_H

#include "base/buf.h"
#include "model/sample.h"

void prometheus_put(struct buf *b, const struct actop_sample_t *s, const actop_format_options *o);
void openmetrics_put(struct buf *b, const struct actop_sample_t *s, const actop_format_options *o);

/* The text of a label's value: safe, at most 64 bytes, quotes, backslashes and newlines escaped. */
void prometheus_put_label(struct buf *b, const char *text);

/* The family of a metric, without what follows a '|'; derived where metrics.def gives none. Empty: not exported. */
void prometheus_put_family(struct buf *b, actop_metric id);

#endif
