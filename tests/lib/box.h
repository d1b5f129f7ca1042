/* SPDX-License-Identifier: MIT */
/* A directory tree that stands for a Linux machine, made by a test below TMPDIR, and what the Linux source and decoder
 * make of it. */
#ifndef ACTOP_TESTS_BOX_H
#define ACTOP_TESTS_BOX_H

#include "decode/decode.h"
#include "model/sample.h"
#include "source/linux/linux.h"

struct box {
    char dir[128];
};

void box_make(struct box *t);   /* asserts */
void box_remove(struct box *t);
void box_put(const struct box *t, const char *path, const char *text); /* directories are made */
void box_put_bytes(const struct box *t, const char *path, const void *bytes, size_t n);
void box_link(const struct box *t, const char *path, const char *target);
void box_drop(const struct box *t, const char *path); /* a file, link or empty directory */
/* Moment n: wall 1.7e18 + n seconds, awake and boot n + 100 seconds. */
void box_moment(const struct box *t, unsigned n);

/* A machine read from a tree: open, then view_next for each moment. */
struct view {
    struct source *source;
    struct schema *schema;
    struct frame frame;
    struct decoder *decoder;
    struct sample_pool *pool;
    struct actop_sample_t *sample; /* the newest */
    uint32_t want;
};

actop_status view_open(struct view *v, const char *dir, uint32_t want); /* E_NOMEM, or what the source says */
actop_status view_next(struct view *v); /* read and decode one frame; the schema is followed */
void view_close(struct view *v);

/* Values of the newest sample; fail the test when there is none. */
double view_value(const struct view *v, actop_metric id, const char *key); /* key NULL: the machine */
actop_state view_state(const struct view *v, actop_metric id, const char *key);
actop_origin view_origin(const struct view *v, actop_metric id, const char *key);
const char *view_text(const struct view *v, actop_metric id, const char *key);
int64_t view_row(const struct view *v, actop_scope scope, const char *key); /* -1: none */

#endif
