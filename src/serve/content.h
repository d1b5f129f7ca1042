/* SPDX-License-Identifier: MIT */
/* What is served: bodies made of a sample through actop.h. */
#ifndef SERVE_CONTENT_H
#define SERVE_CONTENT_H

#include <actop/actop.h>

#include "base/buf.h"

/* What the server knows of itself, for /metrics. */
struct content_self {
    uint64_t requests, refused, dropped;
    uint32_t connections, streams;
    int64_t sample_age_ns;
};

struct content_options {
    bool processes, process_pids, cmdlines;
    size_t history_bytes;
};

void content_metrics(struct buf *b, const actop_sample_t *s, const struct content_options *o,
                     const struct content_self *self, bool openmetrics);
void content_sample(struct buf *b, const actop_sample_t *s, const struct content_options *o);
void content_info(struct buf *b, const actop_sample_t *s, const struct content_options *o);
void content_macmon(struct buf *b, const actop_sample_t *s); /* the shape of macmon's /json */
void content_page(struct buf *b, const actop_sample_t *s);   /* s may be NULL */

#endif
