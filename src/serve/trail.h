/* SPDX-License-Identifier: MIT */
/* The last hour in numbers: every number of the machine and its tiers, at most one point a second, in a ring of fixed
 * size. It answers /api/v1/history at once; going back with every row is the session's own history. */
#ifndef SERVE_TRAIL_H
#define SERVE_TRAIL_H

#include <actop/actop.h>

#include "base/buf.h"

enum { TRAIL_POINTS = 3600, TRAIL_TIERS = 4 };

struct trail_column {
    actop_metric id;
    uint32_t row;
};

struct trail {
    struct trail_column *columns; /* owned */
    uint32_t n_columns;
    float *values;                  /* owned: point after point; NAN: no value */
    int64_t *wall_ns, *boot_ns;     /* owned: what is shown, and what is counted by: a clock that is set moves no point */
    uint32_t n, first;
};

bool trail_open(struct trail *h); /* false: out of memory; *h is empty */
void trail_release(struct trail *h);
size_t trail_bytes(const struct trail *h);
size_t trail_needs(void); /* the same, before it is opened */

/* Keep a sample's numbers, unless the last point is less than a second old. */
void trail_add(struct trail *h, const actop_sample_t *s);

/* The points of the last seconds, as columns: {"schema":…,"t":[…],"values":{"cpu.power":[…],"tier.util[P]":[…]}}. Columns
 * without any value are left out; a missing value is null. */
void trail_put(struct buf *b, const struct trail *h, const actop_sample_t *newest, long seconds);

#endif
