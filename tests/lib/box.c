/* SPDX-License-Identifier: MIT */
/* Trees of tests and the machines read from them; see box.h. */
#define _GNU_SOURCE /* nftw */
#include "lib/box.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/test.h"

void box_make(struct box *t)
{
    const char *tmp = getenv("TMPDIR");
    (void)snprintf(t->dir, sizeof t->dir, "%s/actop-box.XXXXXX", tmp != NULL ? tmp : "/tmp");
    assert_non_null(mkdtemp(t->dir));
}

static int remove_one(const char *path, const struct stat *s, int type, struct FTW *f)
{
    (void)s, (void)type, (void)f;
    return remove(path);
}

void box_remove(struct box *t)
{
    assert_int_equal(nftw(t->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

static void full_path(const struct box *t, const char *path, char *full, size_t size)
{
    int n = snprintf(full, size, "%s/%s", t->dir, path);
    assert_true(n > 0 && (size_t)n < size);
    for (char *slash = full + strlen(t->dir) + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
        *slash = '\0';
        assert_true(mkdir(full, 0755) == 0 || errno == EEXIST);
        *slash = '/';
    }
}

void box_put_bytes(const struct box *t, const char *path, const void *bytes, size_t n)
{
    char full[512];
    full_path(t, path, full, sizeof full);
    FILE *f = fopen(full, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

void box_put(const struct box *t, const char *path, const char *text)
{
    box_put_bytes(t, path, text, strlen(text));
}

void box_link(const struct box *t, const char *path, const char *target)
{
    char full[512];
    full_path(t, path, full, sizeof full);
    assert_int_equal(symlink(target, full), 0);
}

void box_drop(const struct box *t, const char *path)
{
    char full[512];
    full_path(t, path, full, sizeof full);
    assert_int_equal(remove(full), 0);
}

void box_moment(const struct box *t, unsigned n)
{
    char path[32], text[160];
    (void)snprintf(path, sizeof path, "t%u/clock", n);
    (void)snprintf(text, sizeof text, "wall %u000000000\nawake %u000000000\nboot %u000000000\n",
                   1700000000 + n, 100 + n, 100 + n);
    box_put(t, path, text);
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
}
