/* SPDX-License-Identifier: MIT */
/* Schemas and frames no machine would give, as a recording or another actop may hold them: those of real layouts, bent.
 * Channels lose states, types, units and names, numbers go to their ends, clocks jump, rows come without cells. What
 * follows (decoding, judging, every format) has to end without touching anything that is not its own, which the
 * sanitizers tell, and has to put out numbers only. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/rig.h"
#include "lib/test.h"
#include "lib/tree.h"
#include "session/session.h"

enum { FRAMES = 4 };

/* One in n. */
static bool chance(struct rng *g, uint32_t n)
{
    return rng_below(g, n) == 0;
}

static uint64_t extreme(struct rng *g)
{
    static const uint64_t ends[] = {0,
                                    1,
                                    7,
                                    100,
                                    1000000,
                                    UINT32_MAX,
                                    UINT64_C(1) << 32,
                                    INT64_MAX,
                                    UINT64_C(1) << 63,
                                    UINT64_MAX,
                                    0x3ff0000000000000,
                                    0x7ff0000000000000,
                                    0x7ff8000000000000,
                                    0xffefffffffffffff,
                                    0x0000000000000001,
                                    0x40b0000000000000};
    if (chance(g, 4))
        return (uint64_t)rng_below(g, UINT32_MAX) << 32 | rng_below(g, UINT32_MAX);
    return ends[rng_below(g, sizeof ends / sizeof ends[0])];
}

/* ---- schemas ---- */

static const char *bent_text(struct rng *g, const struct schema *s, const char *text)
{
    static const char *const odd[] = {
        "",     "/",    "mJ",    "nJ",       "0",           "-1",  "999999999999", "IDLE",
        "V0P0", "%s%n", "hwmon", "\xff\xfe", "a/b/c/d/e/f", "GPU", "DIE_9"};
    if (!chance(g, 40))
        return text;
    if (chance(g, 2) && s->n_channels > 0) {
        const struct channel *other = &s->channels[rng_below(g, (uint32_t)s->n_channels)];
        return schema_text(s, chance(g, 2) ? other->name : other->group);
    }
    return odd[rng_below(g, sizeof odd / sizeof odd[0])];
}

static uint32_t bent_count(struct rng *g, uint32_t count)
{
    if (!chance(g, 8))
        return count;
    return count > 1 && !chance(g, 4) ? 1 + rng_below(g, count) : count + 1 + rng_below(g, 3);
}

static void bend_channel(struct rng *g, const struct schema *from, struct schema *to, size_t at)
{
    const struct channel *c = &from->channels[at];
    uint32_t count = bent_count(g, c->count);
    const char **states = calloc(count, sizeof *states);
    assert_non_null(states);
    for (uint32_t i = 0; i < count; i++)
        states[i] = bent_text(g, from, schema_state_name(from, c, i));
    static const uint8_t widths[] = {0, 1, 8, 32, 63, 64, 65, 255};
    struct channel_spec spec = {
        .key = schema_text(from, c->key),
        .group = bent_text(g, from, schema_text(from, c->group)),
        .name = bent_text(g, from, schema_text(from, c->name)),
        .unit = bent_text(g, from, schema_text(from, c->unit)),
        .label = bent_text(g, from, schema_text(from, c->label)),
        .collector = chance(g, 8) ? -1 : (int32_t)c->collector,
        .type = chance(g, 16) ? (enum slot_type)rng_below(g, 4) : (enum slot_type)c->type,
        .count = count,
        .states = c->has_states && !chance(g, 16) ? states : NULL,
        .flags = chance(g, 16) ? (uint8_t)rng_below(g, 4) : c->flags,
        .bits = chance(g, 16) ? widths[rng_below(g, sizeof widths)] : c->bits};
    (void)schema_add_channel(to, &spec);
    free(states);
}

static void bend_rowset(struct rng *g, const struct schema *from, struct schema *to, size_t at)
{
    const struct rowset *r = &from->rowsets[at];
    struct column_spec columns[ROWSET_MAX_COLUMNS];
    size_t n = 0;
    for (uint32_t i = 0; i < r->n_columns; i++) {
        const struct column *c = &from->columns[r->first + i];
        if (chance(g, 10))
            continue;
        columns[n++] = (struct column_spec){
            schema_text(from, c->key), bent_text(g, from, schema_text(from, c->unit)),
            chance(g, 10) ? (enum slot_type)rng_below(g, 4) : (enum slot_type)c->type,
            chance(g, 10) ? (uint8_t)rng_below(g, 4) : c->flags,
            chance(g, 10) ? (uint8_t)rng_below(g, 256) : c->bits};
    }
    if (n > 0)
        (void)schema_add_rowset(to, schema_text(from, r->key), (actop_scope)r->scope,
                                chance(g, 8) ? -1 : (int32_t)r->collector, columns, n);
}

static void bend_property(struct rng *g, const struct schema *from, struct schema *to, size_t at)
{
    const struct property *p = &from->properties[at];
    const char *key = schema_text(from, p->key);
    size_t n = chance(g, 8) ? rng_below(g, p->count + 2) : p->count;
    if (p->type == SLOT_BYTES) {
        char *bytes = calloc(n + 1, 1);
        assert_non_null(bytes);
        memcpy(bytes, schema_text(from, p->first), n < p->count ? n : p->count);
        for (size_t i = 0; i < n && chance(g, 6); i++)
            bytes[rng_below(g, (uint32_t)n)] = (char)rng_below(g, 256);
        schema_put_bytes(to, key, bytes, n);
        free(bytes);
        return;
    }
    uint64_t *values = calloc(n + 1, sizeof *values);
    assert_non_null(values);
    for (size_t i = 0; i < n; i++)
        values[i] = i >= p->count || chance(g, 24) ? extreme(g) : from->values[p->first + i];
    if (chance(g, 16))
        schema_put_bytes(to, key, values, n * sizeof *values);
    else
        schema_put_u64(to, key, values, n);
    free(values);
}

static struct schema *bent_schema(struct rng *g, const struct schema *from)
{
    struct schema *to =
        schema_new(schema_text(from, from->platform), schema_text(from, from->source));
    assert_non_null(to);
    for (size_t i = 0; i < from->n_collectors; i++)
        (void)schema_add_collector(to, schema_text(from, from->collectors[i].name),
                                   (int32_t)rng_below(g, 14) - 1, "a reason", "");
    /* Few channels and another one last: what reaches past its channel reaches past the frame then. */
    uint32_t few = chance(g, 3) ? 2 : 12, first = rng_below(g, (uint32_t)from->n_channels);
    for (size_t i = 0; i < from->n_channels; i++)
        if (!chance(g, few))
            bend_channel(g, from, to, (first + i) % from->n_channels);
    for (size_t i = 0; i < from->n_rowsets; i++)
        bend_rowset(g, from, to, i);
    for (size_t i = 0; i < from->n_properties; i++)
        if (!chance(g, 12))
            bend_property(g, from, to, i);
    assert_int_equal(schema_seal(to, NULL), ACTOP_OK);
    return to;
}

/* ---- frames ---- */

/* A slot of what was in the frame, else an end. Bytes stay within the frame's, because the codec makes them so. */
static void bend_slots(struct rng *g, const struct frame *from, struct frame *to, size_t at)
{
    const struct channel *c = &to->schema->channels[at];
    int32_t was = schema_find_channel(from->schema, schema_text(to->schema, c->key));
    to->status[at] = was >= 0 && !chance(g, 20) ? from->status[was] : (int32_t)rng_below(g, 20) - 2;
    to->stamps_ns[at] = was >= 0 ? from->stamps_ns[was] : 0;
    if (chance(g, 30))
        to->stamps_ns[at] = (int64_t)extreme(g);
    if (c->type == SLOT_BYTES) {
        frame_set_bytes(to, (int32_t)at, "text\0more", rng_below(g, 10));
        return;
    }
    for (uint32_t i = 0; i < c->count; i++)
        to->slots[c->first + i] = was < 0 || i >= from->schema->channels[was].count || chance(g, 24)
                                      ? extreme(g)
                                      : from->slots[from->schema->channels[was].first + i];
}

static void bend_row(struct rng *g, const struct frame *from, struct frame *to, size_t at,
                     int32_t was, uint32_t row)
{
    const struct rowset *def = &to->schema->rowsets[at];
    uint32_t out = frame_row(to, (int32_t)at);
    assert_true(out != UINT32_MAX);
    for (uint32_t i = 0; i < def->n_columns; i++) {
        const struct column *c = &to->schema->columns[def->first + i];
        int32_t column = schema_find_column(from->schema, was, schema_text(to->schema, c->key));
        bool had = column >= 0 && frame_cell_has(from, was, row, (uint32_t)column);
        uint64_t cell = had ? frame_cell(from, was, row, (uint32_t)column) : 0;
        bool was_bytes =
            had &&
            from->schema->columns[from->schema->rowsets[was].first + (uint32_t)column].type ==
                SLOT_BYTES;
        if (!had || chance(g, 20))
            continue;
        if (c->type == SLOT_BYTES) {
            size_t n = 4;
            const char *bytes = was_bytes ? frame_bytes(from, cell, &n) : "odd";
            frame_cell_bytes(to, (int32_t)at, out, i, bytes, chance(g, 20) ? n / 2 : n);
        } else {
            frame_cell_u64(to, (int32_t)at, out, i, chance(g, 20) ? extreme(g) : cell);
        }
    }
}

/* Begin a frame with no room that nobody asked for. */
static void begin_exactly(struct frame *f, const struct schema *s, uint32_t want)
{
    assert_int_equal(frame_begin(f, s, want, NULL), ACTOP_OK);
    if (s->n_slots == 0 || s->n_slots == f->cap_slots)
        return;
    uint64_t *exact = calloc(s->n_slots, sizeof *exact);
    assert_non_null(exact);
    free(f->slots);
    f->slots = exact;
    f->cap_slots = s->n_slots;
}

static void bend_frame(struct rng *g, const struct frame *from, const struct schema *s,
                       struct frame *to)
{
    begin_exactly(to, s, from->want);
    to->seq = chance(g, 8) ? extreme(g) : from->seq;
    to->at = from->at;
    if (chance(g, 6))
        to->at.awake_ns = (int64_t)extreme(g);
    if (chance(g, 8))
        to->at.boot_ns = (int64_t)extreme(g);
    if (chance(g, 8))
        to->at.wall_ns = (int64_t)extreme(g);
    for (size_t i = 0; i < s->n_channels; i++)
        bend_slots(g, from, to, i);
    frame_hold_times(to); /* as reading a recording does */
    for (size_t i = 0; i < s->n_rowsets; i++) {
        int32_t was = schema_find_rowset(from->schema, schema_text(s, s->rowsets[i].key));
        for (uint32_t row = 0; was >= 0 && row < from->rows[was].n; row++)
            if (!chance(g, 20))
                bend_row(g, from, to, i, was, row);
        if (was >= 0)
            to->rows[i].status = chance(g, 16) ? (int32_t)rng_below(g, 20) - 2
                                               : from->rows[was].status;
    }
}

/* ---- what follows ---- */

static void format_all(const struct actop_sample_t *sample)
{
    actop_format_options o = ACTOP_FORMAT_OPTIONS_INIT;
    o.processes = o.process_pids = o.evidence = o.cmdlines = 1;
    for (int format = 0; format < ACTOP_FORMAT_COUNT; format++) {
        size_t n = actop_format(sample, (actop_format_id)format, &o, NULL, 0);
        char *text = malloc(n + 1);
        assert_non_null(text);
        assert_int_equal(actop_format(sample, (actop_format_id)format, &o, text, n + 1), n);
        if (format == ACTOP_FORMAT_NDJSON)
            assert_true(strstr(text, "nan,") == NULL && strstr(text, "inf,") == NULL);
        free(text);
    }
}

static void read_all(const struct actop_sample_t *sample)
{
    for (uint32_t id = 0; id < ACTOP_METRIC_COUNT; id++) {
        uint32_t rows = sample_rows(sample, metric_info((actop_metric)id)->scope);
        for (uint32_t row = 0; row < rows; row++) {
            actop_reading r = actop_read(sample, (actop_metric)id, row);
            CHECK_ROW(isfinite(r.value), metric_info((actop_metric)id)->key);
            (void)actop_chart_scale(sample, (actop_metric)id, row, (int)(row % 2));
        }
    }
    for (uint32_t scope = 0; scope < ACTOP_SCOPE_COUNT; scope++)
        for (uint32_t row = 0; row < sample_rows(sample, (actop_scope)scope); row++) {
            actop_entity e;
            assert_int_equal(actop_entity_at(sample, (actop_scope)scope, row, &e), ACTOP_OK);
            assert_true(strlen(e.key) < 100000 && strlen(e.name) < 100000);
        }
}

/* One frame through decoder, analysis and formats. */
static void follow(struct fold *fold, struct sample_pool *pool, const struct frame *f)
{
    struct analysis_options judge = rig_options();
    struct actop_sample_t *part = sample_new(pool), *sample = NULL;
    assert_non_null(part);
    assert_int_equal(fold_frame(fold, &judge, f, part, NULL), ACTOP_OK);
    assert_int_equal(fold_parts(fold, pool, &part, 1, &sample, NULL), ACTOP_OK);
    read_all(sample);
    format_all(sample);
    struct notes notes = {0};
    if (fold->ops->notes != NULL)
        fold->ops->notes(fold->decoder, f, sample, &notes);
    assert_false(notes.failed);
    notes_release(&notes);
    actop_sample_unref(sample);
}

/* The first frames a source gives, with everything wanted; how many there are, at most FRAMES. */
static size_t take_frames(const struct source_ops *ops, const struct source_env *env,
                          struct frame frames[FRAMES])
{
    struct source *source = NULL;
    struct schema *schema = NULL;
    actop_error err = {ACTOP_OK, ""};
    CHECK_ROW(ops->open(&source, env, &err) == ACTOP_OK, err.text);
    assert_int_equal(ops->describe(source, &schema, &err), ACTOP_OK);
    schema_unref(schema);
    size_t n = 0;
    for (int tries = 0; n < FRAMES && tries < 2 * FRAMES; tries++) {
        actop_status st = ops->read(source, UINT32_MAX, 1000000000, &frames[n], &err);
        n += st == ACTOP_OK;
        if (st == ACTOP_SCHEMA_CHANGED) {
            assert_int_equal(ops->describe(source, &schema, &err), ACTOP_OK);
            schema_unref(schema);
        } else if (st != ACTOP_OK) {
            break;
        }
    }
    ops->close(source);
    assert_true(n >= 2);
    return n;
}

static void bend_and_follow(const struct source_ops *ops, const struct source_env *env,
                            uint64_t rounds)
{
    struct frame frames[FRAMES] = {{.schema = NULL}}, bent = {.schema = NULL};
    size_t n = take_frames(ops, env, frames);
    struct fold fold = {NULL, NULL, NULL};
    for (uint64_t round = 1; round <= rounds; round++) {
        struct rng g = {round * 977};
        struct sample_pool *pool = sample_pool_new();
        struct schema *s = bent_schema(&g, frames[0].schema);
        assert_non_null(pool);
        if (round % 3 == 0) /* else the state meets another schema */
            fold_release(&fold);
        for (size_t i = 0; i < n; i++) {
            bend_frame(&g, &frames[i], s, &bent);
            follow(&fold, pool, &bent);
        }
        schema_unref(s);
        sample_pool_unref(pool);
    }
    fold_release(&fold);
    frame_release(&bent);
    for (int i = 0; i < FRAMES; i++)
        frame_release(&frames[i]);
}

/* ---- one slot where there should be more ---- */

static void copy_channel(const struct schema *from, struct schema *to, size_t at, uint32_t count)
{
    const struct channel *c = &from->channels[at];
    const char **states = calloc(count, sizeof *states);
    assert_non_null(states);
    for (uint32_t i = 0; i < count; i++)
        states[i] = schema_state_name(from, c, i);
    struct channel_spec spec = {.key = schema_text(from, c->key),
                                .group = schema_text(from, c->group),
                                .name = schema_text(from, c->name),
                                .unit = schema_text(from, c->unit),
                                .label = schema_text(from, c->label),
                                .type = (enum slot_type)c->type,
                                .count = count,
                                .states = c->has_states ? states : NULL,
                                .flags = c->flags,
                                .bits = c->bits};
    (void)schema_add_channel(to, &spec);
    free(states);
}

/* The same schema with one channel moved to the end and cut to its first slot. */
static struct schema *cut_schema(const struct schema *from, size_t cut)
{
    struct schema *to =
        schema_new(schema_text(from, from->platform), schema_text(from, from->source));
    assert_non_null(to);
    for (size_t i = 0; i < from->n_channels; i++)
        if (i != cut)
            copy_channel(from, to, i, from->channels[i].count);
    copy_channel(from, to, cut, 1);
    for (size_t i = 0; i < from->n_properties; i++) {
        const struct property *p = &from->properties[i];
        if (p->type == SLOT_BYTES)
            schema_put_bytes(to, schema_text(from, p->key), schema_text(from, p->first), p->count);
        else
            schema_put_u64(to, schema_text(from, p->key), from->values + p->first, p->count);
    }
    assert_int_equal(schema_seal(to, NULL), ACTOP_OK);
    return to;
}

static void fill_cut(const struct frame *from, const struct schema *s, struct frame *to)
{
    begin_exactly(to, s, from->want);
    to->seq = from->seq;
    to->at = from->at;
    for (size_t i = 0; i < s->n_channels; i++) {
        const struct channel *c = &s->channels[i];
        int32_t was = schema_find_channel(from->schema, schema_text(s, c->key));
        if (was < 0) /* the machine has changed since the first frame */
            continue;
        to->status[i] = from->status[was];
        if (c->type != SLOT_BYTES && c->count <= from->schema->channels[was].count)
            memcpy(to->slots + c->first, from->slots + from->schema->channels[was].first,
                   c->count * sizeof *to->slots);
    }
}

static void cut_and_follow(const struct source_ops *ops, const struct source_env *env)
{
    struct frame frames[FRAMES] = {{.schema = NULL}}, f = {.schema = NULL};
    size_t n = take_frames(ops, env, frames), cut = 0;
    const struct schema *from = frames[0].schema;
    for (size_t i = 0; i < from->n_channels; i++) {
        /* One of each name: others of that name are read by the same code. */
        bool seen = from->channels[i].count == 1;
        for (size_t k = 0; k < i && !seen; k++)
            seen = from->channels[k].count > 1 &&
                   strcmp(schema_text(from, from->channels[k].name),
                          schema_text(from, from->channels[i].name)) == 0;
        if (seen)
            continue;
        struct fold fold = {NULL, NULL, NULL};
        struct sample_pool *pool = sample_pool_new();
        struct schema *s = cut_schema(from, i);
        for (size_t k = 0; k < n; k++) {
            fill_cut(&frames[k], s, &f);
            follow(&fold, pool, &f);
        }
        fold_release(&fold);
        schema_unref(s);
        sample_pool_unref(pool);
        cut++;
    }
    assert_true(cut > 0);
    frame_release(&f);
    for (int i = 0; i < FRAMES; i++)
        frame_release(&frames[i]);
}

static uint64_t rounds(void)
{
    const char *given = getenv("ACTOP_HOSTILE_ROUNDS");
    return given != NULL ? strtoull(given, NULL, 10) : 20;
}

static void bent_frames_of_macs_are_decoded_within_their_bounds(void **state)
{
    static const char *const machines[] = {"m1-ultra", "m4-max", "m5-max", "m2"};
    (void)state;
    for (size_t i = 0; i < sizeof machines / sizeof machines[0]; i++) {
        struct source_env env = {.argument = machines[i], .seed = i};
        bend_and_follow(&sim_source, &env, rounds());
    }
}

static void bent_frames_of_linux_machines_are_decoded_within_their_bounds(void **state)
{
    static const char *const machines[] = {"asahi-m1", "intel-hybrid", "amd-desktop", "two-socket"};
    (void)state;
    for (size_t i = 0; i < sizeof machines / sizeof machines[0]; i++) {
        struct box tree;
        tree_open(&tree, machines[i]);
        struct source_env env = {.argument = "", .root = tree.dir};
        bend_and_follow(&linux_source, &env, rounds());
        box_remove(&tree);
    }
}

static void a_channel_with_fewer_slots_than_expected_is_not_read_past_its_end(void **state)
{
    struct source_env env = {.argument = "m4-max"};
    (void)state;
    cut_and_follow(&sim_source, &env);
    struct box tree;
    tree_open(&tree, "intel-hybrid");
    env = (struct source_env){.argument = "", .root = tree.dir};
    cut_and_follow(&linux_source, &env);
    box_remove(&tree);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_channel_with_fewer_slots_than_expected_is_not_read_past_its_end),
        cmocka_unit_test(bent_frames_of_macs_are_decoded_within_their_bounds),
        cmocka_unit_test(bent_frames_of_linux_machines_are_decoded_within_their_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
