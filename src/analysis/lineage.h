/* SPDX-License-Identifier: MIT */
/* Lineage: which row of the topology before is a row of the new one, found by key. State kept by row is carried over
 * with it, so that hot-plugging a core loses no rail's ledger. */
#ifndef ANALYSIS_LINEAGE_H
#define ANALYSIS_LINEAGE_H

#include "analysis/step.h"

struct lineage {
    const struct topology *topology; /* a reference; NULL before the first sample */
    int32_t *before[ACTOP_SCOPE_COUNT]; /* row of the topology before; -1: new */
    size_t cap[ACTOP_SCOPE_COUNT];
    size_t n_before[ACTOP_SCOPE_COUNT]; /* rows before the last change */
    bool changed; /* in the last lineage_follow */
};

/* Go on to the topology of a sample. E_NOMEM leaves the old one, and the step can be tried again. */
actop_status lineage_follow(struct lineage *l, const struct topology *t, actop_error *err);
void lineage_release(struct lineage *l);

/* A copy that goes on from the same topology. Cannot fail: what a change needs is allocated when one comes. */
void lineage_copy(struct lineage *into, const struct lineage *from);

/* Row before of a row now, -1 for none; the row itself while nothing has changed. For MACHINE, TIER, CLUSTER, GPU and RAIL. */
int32_t lineage_before(const struct lineage *l, actop_scope scope, uint32_t row);

#endif
