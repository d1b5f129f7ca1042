/* SPDX-License-Identifier: MIT */
/* The few ways in which bodies put JSON. Commas are put by looking at what stands before. */
#ifndef SERVE_JSON_H
#define SERVE_JSON_H

#include <actop/actop.h>

#include "base/buf.h"

/* A comma, unless something has just been opened. */
void json_separator(struct buf *b);

/* A key, with a comma before it unless it is the first. */
void json_key(struct buf *b, const char *key);

/* A key and a number; null when it is not finite. Whole numbers are written without a point. */
void json_number(struct buf *b, const char *key, double value);

/* A key and a text of the machine; null when there is none. */
void json_text(struct buf *b, const char *key, const actop_sample_t *s, actop_metric id);

/* A value, NAN when there is none: what json_number takes. */
double json_value(const actop_sample_t *s, actop_metric id, uint32_t row);

#endif
