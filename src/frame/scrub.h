/* SPDX-License-Identifier: MIT */
/* Scrub: take out of schemas and frames what names somebody or something of somebody's: processes, hosts, users, serial
 * numbers, addresses, volumes. scrub.def says what becomes of which text; a text it does not know is replaced. Numbers
 * stay. The same text becomes the same pseudonym as long as the scrubber lives, so that rows stay the rows they were. */
#ifndef FRAME_SCRUB_H
#define FRAME_SCRUB_H

#include "frame/frame.h"

struct scrub;

actop_status scrub_new(struct scrub **out, actop_error *err);
void scrub_free(struct scrub *s); /* accepts NULL */

/* A frame without names, in a schema without names. Borrowed until the next call. */
actop_status scrub_frame(struct scrub *s, const struct frame *f, const struct frame **out, actop_error *err);

#endif
