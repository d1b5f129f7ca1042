/* SPDX-License-Identifier: MIT */
/* Rolling averages and peaks: for every metric that has a window, the mean by time and the highest value of the last
 * average_window_s of awake time.
 *
 * A ring of slots, one a sample, each with one bucket a column: a series (metric and row) that has ever had a value. Most
 * machines have none for most. When samples come so quickly that the ring would need more than WINDOW_SLOTS, several share
 * a slot. The oldest slot counts with the part of it that is still inside; its peak counts as long as any part is.
 *
 * A sum over all slots each time would cost more than the rest of the analysis, and a running sum that things are taken
 * from would drift. So the ring is a queue of two stacks: the front slots hold what they and the later front slots add up
 * to, the others their own, which one more sum holds together. When the front is used up, the others become it. */
#ifndef ANALYSIS_WINDOW_H
#define ANALYSIS_WINDOW_H

#include "analysis/lineage.h"

enum { WINDOW_SLOTS = 64 };

struct window_bucket {
    double sum;      /* Σ value × seconds */
    double weight_s; /* Σ seconds */
    double peak;     /* highest value; -INFINITY while count is 0 */
    uint32_t count;
};

struct window_slot {
    int64_t begin_ns, end_ns; /* awake clock */
};

/* The series of a column; one that has had no value yet, and its number. Where it stands in a sample changes only with the
 * topology: windows are of fixed scopes. */
struct window_series {
    uint8_t scope;
    uint32_t column, row; /* of the scope's table */
    uint32_t at;          /* its window */
};
struct window_waiting {
    struct window_series is;
    uint32_t series;
};

struct windows {
    struct window_slot *slots;
    struct window_bucket *buckets; /* slot after slot: buckets[slot * cap_columns + column]; behind the last of cap slots
                                    * the sum of all that are neither front nor last */
    int32_t *columns;              /* of each series; -1: it has had no value */
    size_t n_series, cap_series;
    struct window_series *series;  /* of each column */
    size_t cap_of_columns;
    struct window_waiting *waiting;
    size_t cap_waiting;
    uint32_t n_waiting;
    uint32_t n_columns, cap_columns;
    uint32_t cap, n, first; /* ring */
    uint32_t n_front;       /* slots of the front; never the last one */
};

/* Make room for the series of a sample and carry over the ones that were there. To be called
 * after lineage_follow, when the topology has changed. E_NOMEM forgets all windows. */
actop_status windows_follow(struct windows *w, const struct lineage *l, const struct actop_sample_t *s, actop_error *err);
/* Add a sample. E_NOMEM leaves the sample out. */
actop_status windows_add(struct windows *w, const struct step *step, actop_error *err);
/* Write the averages and peaks into the sample. */
void windows_put(struct windows *w, const struct step *step);

void windows_release(struct windows *w);
bool windows_copy(struct windows *into, const struct windows *from); /* false: out of memory; *into is empty */

#endif
