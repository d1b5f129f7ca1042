/* SPDX-License-Identifier: MIT */
/* Energy of the session. A rail with a counter gives its own increments (decode's rail.energy); a rail that only gives watts
 * is integrated over the awake time between its readings. What a gap spans is added by nobody. */
#ifndef ANALYSIS_ENERGY_H
#define ANALYSIS_ENERGY_H

#include "analysis/lineage.h"

/* Watts being integrated. */
struct integral {
    double total_j;
    int64_t at_ns; /* moment of the last reading */
    bool valid;    /* at_ns holds one that no gap lies behind */
};

struct rail_ledger {
    struct integral watts;
    double counter_j; /* the counter's total in the sample before */
};

struct energy {
    struct rail_ledger *rails; /* by rail row */
    size_t cap;
    struct rail_ledger *carried; /* scratch for a changed topology */
    size_t cap_carried;
    struct integral package; /* package power, where no rail says that it is part of the package */
    double session_j;
    bool known; /* there is, or will be, a package to count */
};

/* After lineage_follow, when the topology has changed. */
actop_status energy_follow(struct energy *e, const struct lineage *l, actop_error *err);
void energy_add(struct energy *e, const struct step *step);
void energy_skip(struct energy *e, const struct step *step); /* instead of energy_add for a gap */
void energy_put(const struct energy *e, const struct step *step);

void energy_release(struct energy *e);
bool energy_copy(struct energy *into, const struct energy *from); /* false: out of memory; *into is empty */

#endif
