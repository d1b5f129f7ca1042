/* SPDX-License-Identifier: MIT */
<<<<<<< HEAD
/* Fixture machines as directories: tests/lib/tree.py builds them, this asks it to, below a temporary directory.
 *
 *     struct tree t;
 *     tree_open(&t, "asahi-m1");            // fails the test when it cannot
 *     source over t.path …
 *     tree_close(&t);
 */
#ifndef ACTOP_TESTS_TREE_H
#define ACTOP_TESTS_TREE_H

#include <stdbool.h>

=======
/* A directory tree that stands for a Linux machine, made by a test below TMPDIR, and what the Linux source and decoder
 * make of it. */
#ifndef ACTOP_TESTS_TREE_H
#define ACTOP_TESTS_TREE_H

#include "decode/decode.h"
>>>>>>> 6e78b57 (Signal processes by identity; test parsers and the map of coming rows)
#include "model/sample.h"
#include "source/linux/linux.h"

struct tree {
<<<<<<< HEAD
    char path[64];
};

void tree_open(struct tree *t, const char *machine);
void tree_open_empty(struct tree *t); /* a tree with nothing in it */
void tree_write(const struct tree *t, const char *path, const char *text); /* makes directories as needed */
void tree_link(const struct tree *t, const char *path, const char *target);
void tree_close(struct tree *t); /* removes the directory */

/* A machine read and decoded moment by moment. */
struct machine {
    struct tree tree;
    struct source *source;
    struct frame frame;
    struct decoder *decoder;
    struct sample_pool *pool;
    struct actop_sample_t *sample; /* of the newest moment */
    unsigned schema_changes;
};

void machine_open(struct machine *m, const char *machine);
void machine_open_tree(struct machine *m); /* over m->tree, which is there already */
bool machine_next(struct machine *m); /* the next moment; false after the last */
void machine_close(struct machine *m);

/* What the newest sample says: a value (fails the test without one), a state, a text ("" without one), and the row of a
 * key (fails the test when there is none). */
double machine_get(const struct machine *m, actop_metric id, uint32_t row);
actop_state machine_state(const struct machine *m, actop_metric id, uint32_t row);
actop_origin machine_origin(const struct machine *m, actop_metric id, uint32_t row);
const char *machine_text(const struct machine *m, actop_metric id, uint32_t row);
uint32_t machine_row(const struct machine *m, actop_scope scope, const char *key);
=======
    char dir[128];
};

void tree_make(struct tree *t);   /* asserts */
void tree_remove(struct tree *t);
void tree_put(const struct tree *t, const char *path, const char *text); /* directories are made */
void tree_put_bytes(const struct tree *t, const char *path, const void *bytes, size_t n);
void tree_link(const struct tree *t, const char *path, const char *target);
void tree_drop(const struct tree *t, const char *path); /* a file, link or empty directory */
/* Moment n: wall 1.7e18 + n seconds, awake and boot n + 100 seconds. */
void tree_moment(const struct tree *t, unsigned n);

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
>>>>>>> 6e78b57 (Signal processes by identity; test parsers and the map of coming rows)

#endif
