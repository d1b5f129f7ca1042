/* SPDX-License-Identifier: MIT */
/* A machine made by hand; see rig.h. */
#include "lib/rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/test.h"

struct analysis_options rig_options(void)
{
    static const actop_options d = ACTOP_OPTIONS_INIT;
    return (struct analysis_options){.average_window_s = d.average_window_s,
                                     .alert_bandwidth_ratio = d.alert_bandwidth_ratio,
                                     .alert_package_ratio = d.alert_package_ratio,
                                     .alert_throttle_ratio = d.alert_throttle_ratio,
                                     .alert_swap_rise_bytes = d.alert_swap_rise_bytes,
                                     .alert_sustain_samples = d.alert_sustain_samples};
}

static void add_child(struct topology *t, actop_scope scope, const char *key, actop_scope of,
                      int32_t parent, uint32_t flags)
{
    int32_t row = topology_add(t, scope, key, NULL, NULL);
    struct entity *e = topology_at(t, scope, row);
    e->parent_scope = (uint8_t)of;
    e->parent = parent;
    e->flags = flags;
}

static struct topology *make_topology(void)
{
    struct topology *t = topology_new();
    static const char *const rails[] = {"cpu", "gpu", "ane", "dram"};
    char key[16];
    assert_non_null(t);
    topology_add(t, ACTOP_SCOPE_TIER, "E", NULL, "E");
    topology_add(t, ACTOP_SCOPE_TIER, "P", NULL, "P");
    add_child(t, ACTOP_SCOPE_CLUSTER, "E0", ACTOP_SCOPE_TIER, RIG_E, 0);
    add_child(t, ACTOP_SCOPE_CLUSTER, "P0", ACTOP_SCOPE_TIER, RIG_P, 0);
    for (int i = 0; i < RIG_CORES; i++) {
        (void)snprintf(key, sizeof key, "cpu%d", i);
        add_child(t, ACTOP_SCOPE_CORE, key, ACTOP_SCOPE_CLUSTER, i < 2 ? RIG_E : RIG_P, 0);
    }
    topology_add(t, ACTOP_SCOPE_GPU, "gpu0", NULL, NULL);
    for (int i = 0; i < 4; i++)
        add_child(t, ACTOP_SCOPE_RAIL, rails[i], ACTOP_SCOPE_MACHINE, 0,
                  i < 3 ? ACTOP_ENTITY_PACKAGE : 0);
    assert_false(t->failed);
    return t;
}

struct rig *rig_new(const struct analysis_options *options)
{
    struct rig *r = calloc(1, sizeof *r);
    assert_non_null(r);
    r->options = options != NULL ? *options : rig_options();
    r->analysis = analysis_new(&r->options);
    r->pool = sample_pool_new();
    r->topology = make_topology();
    assert_non_null(r->analysis);
    assert_non_null(r->pool);
    return r;
}

void rig_free(struct rig *r)
{
    actop_sample_unref(r->s);
    analysis_free(r->analysis);
    topology_unref(r->topology);
    sample_pool_unref(r->pool);
    free(r);
}

void rig_begin(struct rig *r, double dt_s)
{
    int64_t dt_ns = (int64_t)(dt_s * 1e9 + 0.5);
    actop_sample_unref(r->s);
    r->s = sample_new(r->pool);
    assert_non_null(r->s);
    r->at_ns += dt_ns;
    struct os_moment at = {r->at_ns, r->at_ns, r->at_ns};
    sample_begin(r->s, r->topology, &at);
    r->s->interval_ns = dt_ns;
    r->s->seq = ++r->seq;
}

void rig_set(struct rig *r, actop_metric id, uint32_t row, double value)
{
    sample_put(r->s, id, row, value, ACTOP_MEASURED, 0);
}

void rig_set_text(struct rig *r, actop_metric id, uint32_t row, const char *text)
{
    sample_put_text(r->s, id, row, text, strlen(text), 0);
}

uint32_t rig_process(struct rig *r, uint64_t pid, uint64_t start, const char *name, double cpu_s)
{
    char key[32];
    int n = snprintf(key, sizeof key, "%llu", (unsigned long long)pid);
    int32_t row = sample_add_row(r->s, ACTOP_SCOPE_PROCESS, key, (size_t)n, name, strlen(name));
    assert_true(row >= 0);
    struct entity *e = sample_entity(r->s, ACTOP_SCOPE_PROCESS, (uint32_t)row);
    e->id = pid;
    e->start = start;
    rig_set_text(r, ACTOP_METRIC_PROC_COMMAND, (uint32_t)row, name);
    if (cpu_s >= 0)
        rig_set(r, ACTOP_METRIC_PROC_CPU_TIME, (uint32_t)row, cpu_s);
    return (uint32_t)row;
}

void rig_step(struct rig *r)
{
    actop_error err = {ACTOP_OK, ""};
    if (analysis_step(r->analysis, r->s, &err) != ACTOP_OK)
        fail_msg("analysis_step: %s", err.text);
}

bool rig_has(const struct rig *r, actop_metric id, uint32_t row)
{
    return cell_has(sample_cell(r->s, id, row));
}

double rig_get(const struct rig *r, actop_metric id, uint32_t row)
{
    double value = 0;
    if (!sample_get(r->s, id, row, &value))
        fail_msg("%s[%u] has no value", metric_info(id)->key, (unsigned)row);
    return value;
}

/* splitmix64. */
static uint64_t rng_next(struct rng *g)
{
    uint64_t z = g->state += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

double rng_unit(struct rng *g)
{
    return (double)(rng_next(g) >> 11) / 9007199254740992.0;
}

uint32_t rng_below(struct rng *g, uint32_t n)
{
    return (uint32_t)(rng_next(g) % n);
}
