/* SPDX-License-Identifier: MIT */
/* Compares two topologies by the keys of their rows. */
#include "analysis/lineage.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/vec.h"

/* The scopes whose rows somebody keeps state by. */
static const actop_scope kept[] = {ACTOP_SCOPE_TIER, ACTOP_SCOPE_CLUSTER, ACTOP_SCOPE_GPU,
                                   ACTOP_SCOPE_RAIL};
enum { N_KEPT = sizeof kept / sizeof *kept };

static int32_t find_key(const struct topology *t, actop_scope scope, const char *key,
                        uint32_t guess)
{
    const struct entity *rows = t->entities[scope];
    if (guess < t->n[scope] && strcmp(pool_at(&t->pool, rows[guess].key), key) == 0)
        return (int32_t)guess;
    for (size_t i = 0; i < t->n[scope]; i++)
        if (strcmp(pool_at(&t->pool, rows[i].key), key) == 0)
            return (int32_t)i;
    return -1;
}

static void compare_scope(struct lineage *l, const struct topology *now, actop_scope scope)
{
    for (size_t i = 0; i < now->n[scope]; i++) {
        const char *key = pool_at(&now->pool, now->entities[scope][i].key);
        l->before[scope][i] = l->topology == NULL ? -1
                                                  : find_key(l->topology, scope, key, (uint32_t)i);
    }
}

actop_status lineage_follow(struct lineage *l, const struct topology *t, actop_error *err)
{
    l->changed = l->topology != t;
    if (!l->changed)
        return ACTOP_OK;
    for (int i = 0; i < N_KEPT; i++)
        if (!VEC_GROW(l->before[kept[i]], l->cap[kept[i]], t->n[kept[i]]))
            return error_no_memory(err, "a changed topology");
    for (int i = 0; i < N_KEPT; i++)
        compare_scope(l, t, kept[i]);
    for (int scope = 0; scope < ACTOP_SCOPE_COUNT; scope++)
        l->n_before[scope] = l->topology == NULL ? 0 : l->topology->n[scope];
    topology_unref(l->topology);
    l->topology = topology_ref(t);
    return ACTOP_OK;
}

void lineage_release(struct lineage *l)
{
    topology_unref(l->topology);
    for (int scope = 0; scope < ACTOP_SCOPE_COUNT; scope++)
        free(l->before[scope]);
    *l = (struct lineage){0};
}

void lineage_copy(struct lineage *into, const struct lineage *from)
{
    *into = (struct lineage){0};
    if (from->topology != NULL)
        into->topology = topology_ref(from->topology);
}

int32_t lineage_before(const struct lineage *l, actop_scope scope, uint32_t row)
{
    if (scope == ACTOP_SCOPE_MACHINE || !l->changed)
        return (int32_t)row;
    return l->before[scope][row];
}
