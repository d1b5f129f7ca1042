/* SPDX-License-Identifier: MIT */
/* Decode: a deterministic fold over frames. The state is explicit, owned by the session, and can be copied (checkpoints
 * of history). No I/O, no clock, no globals, no allocation per tick after warm-up: same frames in, same bytes out. */
#ifndef DECODE_DECODE_H
#define DECODE_DECODE_H

#include "frame/frame.h"
#include "model/notes.h"
#include "model/sample.h"

struct decoder; /* each platform's own; begins with nothing shared */

struct decode_ops {
    const char *platform; /* schema platform it reads: "linux", "apple" */
    /* MUST. Make a state that has seen nothing. NULL: out of memory. */
    struct decoder *(*create)(void);
    /* MUST. Fold one frame in and fill *out (sample_begin included). A frame with another schema than the last one is a
     * changed topology: state is matched by key. E_NOMEM only. */
    actop_status (*step)(struct decoder *d, const struct frame *f, struct actop_sample_t *out, actop_error *err);
    /* MUST. A copy that continues like the original. NULL: out of memory. */
    struct decoder *(*clone)(const struct decoder *d);
    /* MAY be NULL. What it decided and doubts, as of the last frame it folded and the sample that became of it. */
    void (*notes)(const struct decoder *d, const struct frame *f, const struct actop_sample_t *sample, struct notes *into);
    /* MUST. Accepts NULL. */
    void (*destroy)(struct decoder *d);
};

extern const struct decode_ops decode_apple, decode_linux, decode_none;

/* The decoder for a platform name; NULL when there is none. */
const struct decode_ops *decode_for(const char *platform);

#endif
