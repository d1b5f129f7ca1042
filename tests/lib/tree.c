/* SPDX-License-Identifier: MIT */
/* Fixture machines; see tree.h. */
#define _GNU_SOURCE /* environ */
#include "tree.h"

#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "decode/decode.h"
#include "lib/test.h"

void tree_open(struct box *t, const char *machine)
{
    const char *source = getenv("ACTOP_SOURCE");
    char script[512], name[64];
    char python[] = "python3";
    pid_t pid;
    int status = -1;
    box_make(t);
    (void)snprintf(script, sizeof script, "%s/tests/lib/tree.py", source != NULL ? source : ".");
    (void)snprintf(name, sizeof name, "%s", machine);
    char *argv[] = {python, script, name, t->dir, NULL};
    assert_int_equal(posix_spawnp(&pid, python, NULL, NULL, argv, environ), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

/* ---- machines ---------------------------------------------------------------------------------------------------- */

void machine_open_tree(struct machine *m)
{
    struct source_env env = {.argument = "", .root = m->tree.dir};
    struct schema *schema = NULL;
    actop_error err;
    actop_status st = linux_source.open(&m->source, &env, &err);
    if (st != ACTOP_OK)
        fail_msg("%s", err.text);
    assert_int_equal(linux_source.describe(m->source, &schema, &err), ACTOP_OK);
    schema_unref(schema);
    m->decoder = decode_for("linux")->create();
    m->pool = sample_pool_new();
    assert_non_null(m->decoder);
    assert_non_null(m->pool);
}

void machine_open(struct machine *m, const char *machine)
{
    memset(m, 0, sizeof *m);
    tree_open(&m->tree, machine);
    machine_open_tree(m);
}

static actop_status read_frame(struct machine *m, actop_error *err)
{
    struct schema *schema = NULL;
    actop_status st = linux_source.read(
        m->source, ACTOP_WANT_DEFAULT | ACTOP_WANT(ACTOP_SCOPE_PROCESS), 0, &m->frame, err);
    if (st != ACTOP_SCHEMA_CHANGED)
        return st;
    m->schema_changes++;
    assert_int_equal(linux_source.describe(m->source, &schema, err), ACTOP_OK);
    schema_unref(schema);
    return linux_source.read(m->source, ACTOP_WANT_DEFAULT | ACTOP_WANT(ACTOP_SCOPE_PROCESS), 0,
                             &m->frame, err);
}

bool machine_next(struct machine *m)
{
    actop_error err;
    actop_status st = read_frame(m, &err);
    if (st == ACTOP_END)
        return false;
    if (st != ACTOP_OK)
        fail_msg("%s", err.text);
    actop_sample_unref(m->sample);
    m->sample = sample_new(m->pool);
    assert_non_null(m->sample);
    assert_int_equal(decode_for("linux")->step(m->decoder, &m->frame, m->sample, &err), ACTOP_OK);
    return true;
}

void machine_close(struct machine *m)
{
    actop_sample_unref(m->sample);
    sample_pool_unref(m->pool);
    decode_for("linux")->destroy(m->decoder);
    frame_release(&m->frame);
    linux_source.close(m->source);
    box_remove(&m->tree);
}

double machine_get(const struct machine *m, actop_metric id, uint32_t row)
{
    double value = 0;
    if (!sample_get(m->sample, id, row, &value))
        fail_msg("%s of row %u has no value but is %s", actop_metric_get(id)->key, row,
                 actop_state_name(machine_state(m, id, row)));
    return value;
}

actop_state machine_state(const struct machine *m, actop_metric id, uint32_t row)
{
    const struct cell *c = sample_cell(m->sample, id, row);
    return c == NULL ? ACTOP_STATE_NONE : (actop_state)c->state;
}

actop_origin machine_origin(const struct machine *m, actop_metric id, uint32_t row)
{
    return (actop_origin)sample_cell(m->sample, id, row)->origin;
}

const char *machine_text(const struct machine *m, actop_metric id, uint32_t row)
{
    const struct cell *c = sample_cell(m->sample, id, row);
    return cell_has(c) ? pool_at(&m->sample->pool, c->text) : "";
}

uint32_t machine_row(const struct machine *m, actop_scope scope, const char *key)
{
    for (uint32_t row = 0; row < sample_rows(m->sample, scope); row++)
        if (strcmp(
                sample_entity_text(m->sample, scope, sample_entity_get(m->sample, scope, row)->key),
                key) == 0)
            return row;
    fail_msg("there is no %s called %s", actop_scope_name(scope), key);
    return 0;
}
