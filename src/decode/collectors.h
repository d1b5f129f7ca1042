/* SPDX-License-Identifier: MIT */
/* Collectors on their way from the schema to samples: every decoder hands them on in the same way. */
#ifndef DECODE_COLLECTORS_H
#define DECODE_COLLECTORS_H

#include "frame/frame.h"
#include "model/sample.h"

/* Tell a topology being built what collectors there are, in the schema's order. */
void collectors_describe(struct topology *t, const struct schema *s);

/* A bit for each of the first 64 collectors of which something failed to be read in this frame and nothing was read. */
uint64_t collectors_failed(const struct frame *f);

#endif
