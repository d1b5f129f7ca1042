/* SPDX-License-Identifier: MIT */
/* Fixture machines as directories: tests/lib/tree.py builds them, this asks it to, below a temporary directory.
 *
 *     struct box t;
 *     tree_open(&t, "asahi-m1");            // fails the test when it cannot
 *     source over t.dir …
 *     box_remove(&t);
 */
#ifndef ACTOP_TESTS_TREE_H
#define ACTOP_TESTS_TREE_H

#include <stdbool.h>

#include "lib/box.h"

void tree_open(struct box *t, const char *machine);

/* A machine read and decoded moment by moment. */
struct machine {
    struct box tree;
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

#endif
