/* SPDX-License-Identifier: MIT */
/* The sim source: a machine description and a load script, as frames. "sim:m4-max" plays the tour, "sim:m4-max+llm" one script. The
 * same machine, script and seed give the same frames; time begins at a fixed moment, and passes as asked for. */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/signals.h"
#include "source/sim/sim.h"
#include "source/source.h"

static const int64_t START_WALL_NS = INT64_C(1767268800000000000); /* 2026-01-01 12:00 UTC */
static const int64_t DEFAULT_INTERVAL_NS = INT64_C(1000000000);

struct source {
    struct sim_texts texts;
    struct machine *machine; /* owned */
    const struct sim_script *script;
    uint64_t seed;
    char name[64];
    struct truth truth;
    bool has_truth;
    const struct schema *schema; /* a reference */
    struct sim_map map;
    uint64_t seq;
    int64_t played_ns;
    int64_t asleep_until_ns; /* of the script's time: one sleep a scene */
    atomic_bool stop;        /* a read is to end: a day takes minutes to pass */
};

static void sim_close(struct source *s)
{
    if (s == NULL)
        return;
    schema_unref(s->schema);
    sim_map_release(&s->map);
    if (s->has_truth)
        truth_release(&s->truth);
    machine_free(s->machine);
    sim_texts_close(&s->texts);
    free(s);
}

/* What a wrong name is answered with: the names there are. */
static actop_status unknown(const char *what, const char *name, const char *(*nth)(size_t),
                            actop_error *err)
{
    char list[200] = "";
    for (size_t i = 0; nth(i) != NULL; i++) {
        size_t n = strlen(list);
        (void)snprintf(list + n, sizeof list - n, "%s%s", i == 0 ? "" : " ", nth(i));
    }
    return error_set(err, ACTOP_E_ARGUMENT, "no %s '%s'; there are: %s", what, name, list);
}

static actop_status choose_script(struct source *s, char *name, const char *given, actop_error *err)
{
    char *plus = strchr(name, '+');
    const char *script = given;
    if (plus != NULL) {
        *plus = '\0';
        script = plus + 1;
    }
    s->script = sim_script_find(script);
    if (s->script != NULL)
        return ACTOP_OK;
    return unknown("load script", script, sim_script_name, err);
}

static bool is_machine(const char *name)
{
    for (size_t i = 0; sim_machine_name(i) != NULL; i++)
        if (strcmp(sim_machine_name(i), name) == 0)
            return true;
    return false;
}

static actop_status sim_prepare(struct source *s, const struct source_env *env, actop_error *err)
{
    char name[64];
    (void)snprintf(name, sizeof name, "%s", env->argument[0] != '\0' ? env->argument : "m4-max");
    (void)snprintf(s->name, sizeof s->name, "sim:%.50s", name);
    s->seed = env->seed;
    actop_status st = choose_script(s, name, env->script, err);
    if (st == ACTOP_OK && !is_machine(name))
        st = unknown("simulated machine", name, sim_machine_name, err);
    if (st == ACTOP_OK)
        st = sim_texts_open(&s->texts, err);
    if (st == ACTOP_OK)
        st = machine_load(&s->machine, name, sim_texts_find, &s->texts, err);
    if (st == ACTOP_OK && !(s->has_truth = truth_init(&s->truth, s->machine, START_WALL_NS)))
        st = error_no_memory(err, "a simulated machine");
    return st;
}

static actop_status sim_open(struct source **out, const struct source_env *env, actop_error *err)
{
    struct source *s = calloc(1, sizeof *s);
    if (s == NULL)
        return error_no_memory(err, "a simulated machine");
    actop_status st = sim_prepare(s, env, err);
    if (st != ACTOP_OK) {
        sim_close(s);
        return st;
    }
    *out = s;
    return ACTOP_OK;
}

static actop_status sim_describe_source(struct source *s, struct schema **out, actop_error *err)
{
    struct schema *schema = NULL;
    sim_map_release(&s->map);
    actop_status st = sim_describe(s->machine, s->name, &schema, &s->map, err);
    if (st != ACTOP_OK)
        return st;
    schema_unref(s->schema);
    s->schema = schema_ref(schema);
    *out = schema;
    return ACTOP_OK;
}

/* Let time pass in steps of a tenth of a second, so that a slow reader sees the same counters as a fast one. False: told to
 * stop before it was over. */
static bool play(struct source *s, int64_t ns)
{
    while (ns > 0) {
        if (atomic_load(&s->stop) || signals_ended() != 0)
            return false;
        int64_t step = 100000000 - s->played_ns % 100000000;
        int64_t sleep_ns = 0;
        step = step < ns ? step : ns;
        bool sleeps = sim_script_load(s->script, s->machine, s->played_ns, s->seed, &s->truth.load,
                                      &sleep_ns);
        if (sleeps && s->played_ns >= s->asleep_until_ns) {
            truth_sleep(&s->truth, sleep_ns);
            s->asleep_until_ns = s->played_ns + 2000000000;
        }
        truth_run(&s->truth, step);
        s->played_ns += step;
        ns -= step;
    }
    return true;
}

static actop_status sim_read(struct source *s, uint32_t want, int64_t interval_ns,
                             struct frame *into, actop_error *err)
{
    atomic_store(&s->stop, false);
    actop_status st = frame_begin(into, s->schema, want, err);
    if (st != ACTOP_OK)
        return st;
    if (s->seq > 0 && !play(s, interval_ns > 0 ? interval_ns : DEFAULT_INTERVAL_NS))
        return error_set(err, ACTOP_E_STATE, "stopped");
    into->seq = ++s->seq;
    into->at = (struct os_moment){s->truth.wall_ns, s->truth.awake_ns, s->truth.boot_ns};
    sim_fill(&s->truth, &s->map, into);
    return ACTOP_OK;
}

static void sim_interrupt(struct source *s)
{
    atomic_store(&s->stop, true);
}

const struct source_ops sim_source = {
    .name = "sim",
    .scheme = "sim:",
    .flags = SOURCE_OWN_TIME,
    .open = sim_open,
    .describe = sim_describe_source,
    .read = sim_read,
    .interrupt = sim_interrupt,
    .close = sim_close,
};
