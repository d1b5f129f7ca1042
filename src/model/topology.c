/* SPDX-License-Identifier: MIT */
/* Topology: entities of the fixed scopes; see sample.h. */
#include <stdlib.h>
#include <string.h>

#include "base/vec.h"
#include "model/sample.h"

struct topology *topology_new(void)
{
    struct topology *t = calloc(1, sizeof *t);
    if (t == NULL)
        return NULL;
    t->refs = 1;
    if (topology_add(t, ACTOP_SCOPE_MACHINE, "machine", NULL, NULL) < 0 ||
        !VEC_GROW(t->via, t->cap_via, 1)) {
        topology_unref(t);
        return NULL;
    }
    t->n_via = 1;
    return t;
}

struct topology *topology_ref(const struct topology *t)
{
    struct topology *shared = (struct topology *)(uintptr_t)t;
    if (shared != NULL)
        shared->refs++;
    return shared;
}

void topology_unref(const struct topology *t)
{
    struct topology *shared = (struct topology *)(uintptr_t)t;
    if (shared == NULL || --shared->refs > 0)
        return;
    for (size_t i = 0; i < ACTOP_SCOPE_COUNT; i++)
        free(shared->entities[i]);
    free(shared->via);
    free(shared->collectors);
    pool_release(&shared->pool);
    free(shared);
}

int32_t topology_add(struct topology *t, actop_scope scope, const char *key, const char *name,
                     const char *tier)
{
    size_t row = t->n[scope];
    if (!VEC_GROW(t->entities[scope], t->cap[scope], row + 1)) {
        t->failed = true;
        return -1;
    }
    struct entity *e = &t->entities[scope][row];
    *e = (struct entity){.key = pool_adds(&t->pool, key),
                         .name = pool_adds(&t->pool, name),
                         .tier = pool_adds(&t->pool, tier),
                         .parent = -1,
                         .id = row,
                         .index = (uint32_t)row};
    if (t->pool.failed) {
        t->failed = true;
        return -1;
    }
    t->n[scope] = row + 1;
    return (int32_t)row;
}

struct entity *topology_at(struct topology *t, actop_scope scope, int32_t row)
{
    return &t->entities[scope][row];
}

uint16_t topology_via(struct topology *t, const char *name)
{
    if (name == NULL || name[0] == '\0')
        return 0;
    for (size_t i = 1; i < t->n_via; i++)
        if (strcmp(pool_at(&t->pool, t->via[i]), name) == 0)
            return (uint16_t)i;
    if (t->n_via > UINT16_MAX || !VEC_GROW(t->via, t->cap_via, t->n_via + 1)) {
        t->failed = t->failed || t->n_via <= UINT16_MAX;
        return 0;
    }
    t->via[t->n_via] = pool_adds(&t->pool, name);
    t->failed = t->failed || t->pool.failed;
    return (uint16_t)t->n_via++;
}

void topology_add_collector(struct topology *t, const char *name, int32_t status,
                            const char *reason, const char *remedy)
{
    if (!VEC_GROW(t->collectors, t->cap_collectors, t->n_collectors + 1)) {
        t->failed = true;
        return;
    }
    t->collectors[t->n_collectors++] =
        (struct topology_collector){.name = pool_adds(&t->pool, name),
                                    .reason = pool_adds(&t->pool, reason),
                                    .remedy = pool_adds(&t->pool, remedy),
                                    .status = status};
    t->failed = t->failed || t->pool.failed;
}
