/* SPDX-License-Identifier: MIT */
<<<<<<< HEAD
/* Fixture machines; see tree.h. */
#include "tree.h"

#include <fcntl.h>
#include <ftw.h>
#include <spawn.h>
=======
/* Trees of tests and the machines read from them; see tree.h. */
#define _GNU_SOURCE /* nftw */
#include "lib/tree.h"

#include <errno.h>
#include <ftw.h>
>>>>>>> 6e78b57 (Signal processes by identity; test parsers and the map of coming rows)
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
<<<<<<< HEAD
#include <sys/wait.h>
#include <unistd.h>

#include "decode/decode.h"
#include "lib/test.h"

extern char **environ;

void tree_open_empty(struct tree *t)
{
    const char *tmp = getenv("TMPDIR");
    int n = snprintf(t->path, sizeof t->path, "%s/actop-tree.XXXXXX",
                     tmp != NULL && strlen(tmp) < 32 ? tmp : "/tmp");
    assert_true(n > 0 && (size_t)n < sizeof t->path);
    assert_non_null(mkdtemp(t->path));
}

void tree_open(struct tree *t, const char *machine)
{
    const char *source = getenv("ACTOP_SOURCE");
    char script[512], name[64];
    char python[] = "python3";
    pid_t pid;
    int status = -1;
    tree_open_empty(t);
    (void)snprintf(script, sizeof script, "%s/tests/lib/tree.py", source != NULL ? source : ".");
    (void)snprintf(name, sizeof name, "%s", machine);
    char *argv[] = {python, script, name, t->path, NULL};
    assert_int_equal(posix_spawnp(&pid, python, NULL, NULL, argv, environ), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

/* Make the directories a path needs and give its full name. */
static void place(const struct tree *t, const char *path, char *full, size_t size)
{
    int n = snprintf(full, size, "%s/%s", t->path, path);
    assert_true(n > 0 && (size_t)n < size);
    for (char *at = full + strlen(t->path) + 1; (at = strchr(at, '/')) != NULL; at++) {
        *at = '\0';
        (void)mkdir(full, 0700);
        *at = '/';
    }
}

void tree_write(const struct tree *t, const char *path, const char *text)
{
    char full[512];
    place(t, path, full, sizeof full);
    FILE *f = fopen(full, "w");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

void tree_link(const struct tree *t, const char *path, const char *target)
{
    char full[512];
    place(t, path, full, sizeof full);
    assert_int_equal(symlink(target, full), 0);
}

static int remove_one(const char *path, const struct stat *s, int kind, struct FTW *at)
{
    (void)s;
    (void)kind;
    (void)at;
    return remove(path);
}

void tree_close(struct tree *t)
{
    if (t->path[0] != '\0')
        (void)nftw(t->path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    t->path[0] = '\0';
}

/* ---- machines ---------------------------------------------------------------------------------------------------- */

void machine_open_tree(struct machine *m)
{
    struct source_env env = {.argument = "", .root = m->tree.path};
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
    tree_close(&m->tree);
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
=======
#include <unistd.h>

#include "lib/test.h"

void tree_make(struct tree *t)
{
    const char *tmp = getenv("TMPDIR");
    (void)snprintf(t->dir, sizeof t->dir, "%s/actop-tree.XXXXXX", tmp != NULL ? tmp : "/tmp");
    assert_non_null(mkdtemp(t->dir));
}

static int remove_one(const char *path, const struct stat *s, int type, struct FTW *f)
{
    (void)s, (void)type, (void)f;
    return remove(path);
}

void tree_remove(struct tree *t)
{
    assert_int_equal(nftw(t->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

static void full_path(const struct tree *t, const char *path, char *full, size_t size)
{
    int n = snprintf(full, size, "%s/%s", t->dir, path);
    assert_true(n > 0 && (size_t)n < size);
    for (char *slash = full + strlen(t->dir) + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
        *slash = '\0';
        assert_true(mkdir(full, 0755) == 0 || errno == EEXIST);
        *slash = '/';
    }
}

void tree_put_bytes(const struct tree *t, const char *path, const void *bytes, size_t n)
{
    char full[512];
    full_path(t, path, full, sizeof full);
    FILE *f = fopen(full, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

void tree_put(const struct tree *t, const char *path, const char *text)
{
    tree_put_bytes(t, path, text, strlen(text));
}

void tree_link(const struct tree *t, const char *path, const char *target)
{
    char full[512];
    full_path(t, path, full, sizeof full);
    assert_int_equal(symlink(target, full), 0);
}

void tree_drop(const struct tree *t, const char *path)
{
    char full[512];
    full_path(t, path, full, sizeof full);
    assert_int_equal(remove(full), 0);
}

void tree_moment(const struct tree *t, unsigned n)
{
    char path[32], text[160];
    (void)snprintf(path, sizeof path, "t%u/clock", n);
    (void)snprintf(text, sizeof text, "wall %u000000000\nawake %u000000000\nboot %u000000000\n",
                   1700000000 + n, 100 + n, 100 + n);
    tree_put(t, path, text);
}

/* ---- views -------------------------------------------------------------------------------------------------------- */

actop_status view_open(struct view *v, const char *dir, uint32_t want)
{
    struct source_env env = {.argument = "", .root = dir};
    *v = (struct view){.want = want};
    actop_status st = linux_source.open(&v->source, &env, NULL);
    if (st == ACTOP_OK)
        st = linux_source.describe(v->source, &v->schema, NULL);
    if (st != ACTOP_OK)
        return st;
    v->decoder = decode_for("linux")->create();
    v->pool = sample_pool_new();
    return v->decoder != NULL && v->pool != NULL ? ACTOP_OK : ACTOP_E_NOMEM;
}

actop_status view_next(struct view *v)
{
    actop_status st = linux_source.read(v->source, v->want, 0, &v->frame, NULL);
    if (st == ACTOP_SCHEMA_CHANGED) {
        schema_unref(v->schema);
        v->schema = NULL;
        st = linux_source.describe(v->source, &v->schema, NULL);
        if (st == ACTOP_OK)
            st = linux_source.read(v->source, v->want, 0, &v->frame, NULL);
    }
    if (st != ACTOP_OK)
        return st;
    actop_sample_unref(v->sample);
    v->sample = sample_new(v->pool);
    return v->sample == NULL ? ACTOP_E_NOMEM
                             : decode_for("linux")->step(v->decoder, &v->frame, v->sample, NULL);
}

void view_close(struct view *v)
{
    actop_sample_unref(v->sample);
    sample_pool_unref(v->pool);
    if (v->decoder != NULL)
        decode_for("linux")->destroy(v->decoder);
    frame_release(&v->frame);
    schema_unref(v->schema);
    linux_source.close(v->source);
    *v = (struct view){0};
}

int64_t view_row(const struct view *v, actop_scope scope, const char *key)
{
    if (key == NULL)
        return 0;
    for (uint32_t row = 0; row < sample_rows(v->sample, scope); row++) {
        const struct entity *e = sample_entity_get(v->sample, scope, row);
        if (strcmp(sample_entity_text(v->sample, scope, e->key), key) == 0)
            return row;
    }
    return -1;
}

static const struct cell *cell_of(const struct view *v, actop_metric id, const char *key)
{
    int64_t row = view_row(v, metric_info(id)->scope, key);
    if (row < 0)
        fail_msg("%s: no row %s", metric_info(id)->key, key);
    return sample_cell(v->sample, id, (uint32_t)row);
}

double view_value(const struct view *v, actop_metric id, const char *key)
{
    const struct cell *c = cell_of(v, id, key);
    if (!cell_has(c))
        fail_msg("%s of %s: %s", metric_info(id)->key, key == NULL ? "the machine" : key,
                 actop_state_name((actop_state)c->state));
    return c->value;
}

actop_state view_state(const struct view *v, actop_metric id, const char *key)
{
    return (actop_state)cell_of(v, id, key)->state;
}

actop_origin view_origin(const struct view *v, actop_metric id, const char *key)
{
    return (actop_origin)cell_of(v, id, key)->origin;
}

const char *view_text(const struct view *v, actop_metric id, const char *key)
{
    const struct cell *c = cell_of(v, id, key);
    return cell_has(c) ? pool_at(&v->sample->pool, c->text) : NULL;
>>>>>>> 6e78b57 (Signal processes by identity; test parsers and the map of coming rows)
}
