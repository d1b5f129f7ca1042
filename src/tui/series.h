/* SPDX-License-Identifier: MIT */
/* Series: the values charts are drawn from, one ring for each charted metric and entity, indexed by the sample's
 * sequence number, so that a chart can end at any moment the user goes back to.
 *
 * A value takes two bytes: the upper half of a float (8 bits of precision, far more than a chart has dots). Rings grow to
 * SERIES_LONG samples, an hour at one each 0.9 s; machines with very many cores keep less, and of a recording, where all of
 * it can be gone back to, SERIES_WHOLE. */
#ifndef TUI_SERIES_H
#define TUI_SERIES_H

#include <stddef.h>
#include <stdint.h>

#include <actop/actop.h>

enum { SERIES_LONG = 4096, SERIES_WHOLE = 1 << 18, SERIES_SHORT = 512, SERIES_MANY = 96 };

struct ring {
    uint64_t id;    /* hash of metric and entity; 0: empty slot of the table */
    uint64_t last;  /* sequence number of the newest value; 0: none */
    uint16_t *data; /* owned; cap values, index is seq modulo cap */
    uint32_t cap;   /* power of two */
};

struct series {
    struct ring *rings; /* owned; open hash table by id */
    size_t n, cap;      /* cap is a power of two */
    uint64_t last;      /* newest sample taken */
    uint32_t most;      /* values of a ring: a power of two; 0: SERIES_LONG */
};

/* Life: zeroed memory is empty. */
void series_release(struct series *s);

/* Take the charted values (charts.def) of a sample; one that was taken already or is older is ignored. What cannot be
 * stored for want of memory is left out. */
void series_take(struct series *s, const actop_sample_t *sample);

/* The n values that end with sequence number end, oldest first; what there is not is NAN. */
void series_get(const struct series *s, actop_metric metric, const char *entity, uint64_t end, float *out, size_t n);

#endif
