/* SPDX-License-Identifier: MIT */
/* What the walk over the table and the grouping of processes share. */
#ifndef EXPORT_PROMETHEUS_FAMILIES_H
#define EXPORT_PROMETHEUS_FAMILIES_H

#include "export/prometheus.h"

enum { FAMILY_NAME_SIZE = 128 };

struct writer {
    struct buf *b;
    const struct actop_sample_t *s;
    bool openmetrics;
    bool process_pids;
};

/* HELP and TYPE. evidence may be NULL: a reading to tell the origin from. */
void family_begin(const struct writer *w, const char *family, actop_kind kind, const char *help, const struct cell *evidence);

/* One line: family, labels ("" or "{…}") and value. Nothing for a value that is not finite. */
void family_put(const struct writer *w, const char *family, const char *labels, double value);

/* Factor from a metric's base unit to the one its family's name promises. */
double family_factor(actop_metric id, const char *family);

/* Families of processes: by name, at most PROCESS_GROUPS of them and "other". */
enum { PROCESS_GROUPS = 50 };
void processes_put(const struct writer *w);

#endif
