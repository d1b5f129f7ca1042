/* SPDX-License-Identifier: MIT */
/* The Apple decoder on schemas and frames that say anything: channel names, units, states, blobs, SMC types, stamps. The input is
 * text, so that mutations meet names as names:
 *     t KEY TAB TEXT           a text property          b KEY TAB HEX       a blob
 *     c GROUP TAB NAME TAB UNIT TAB STATE TAB STATE …   a channel (no state: a single value); group by number, see groups[]
 *     s                        the schema is done; another may follow
 *     f NS SLEEP_NS            a frame, that long after the last one
 *     v NUMBER NUMBER …        its values, slot after slot          m STAMP_NS …  stamps before now, channel after channel
 * Seeds are made of simulated machines by seed_decode_apple.c. Whatever it says: no value is no number, no energy falls below 0 or
 * shrinks, every ratio that residency gives is from 0 to 1, a copy goes on like the original, and notes can be gathered. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decode/decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CHANNELS_MOST = 400, STATES_MOST = 80, FRAMES_MOST = 12 };

static const char *const groups[] = {
    "ioreport/CPU Stats/CPU Core Performance States",
    "ioreport/CPU Stats/CPU Complex Performance States",
    "ioreport/GPU Stats/GPU Performance States",
    "ioreport/Energy Model",
    "ioreport/PMP/Energy Counters",
    "ioreport/AMC Stats/Perf Counters",
    "ioreport/PMP/DCS BW",
    "ioreport/PMP0/AFI BW",
    "ioreport/PMP/DRAM BW",
    "smc",
    "hid/temperature",
    "agx",
    "mach/cpu",
    "thermal",
    "sysctl",
    "ioreport/CPU Stats/CPU Complex Voltage States",
};
enum { N_GROUPS = sizeof groups / sizeof groups[0] };

struct fuzz {
    const struct decode_ops *ops;
    struct decoder *decoder;
    struct sample_pool *pool;
    struct schema *schema, *building; /* building is NULL outside of one */
    struct frame frame;
    struct actop_sample_t *last;
    bool filling;
    uint64_t seq;
    int64_t awake_ns, boot_ns;
    int frames;
};

static void require(bool condition)
{
    if (!condition)
        abort();
}

/* ---- What must hold ------------------------------------------------------------------------------------------------- */

static void check_cell(actop_metric id, const struct cell *c, const struct cell *before)
{
    if (!cell_has(c) || metric_info(id)->kind == ACTOP_KIND_INFO)
        return;
    require(c->value - c->value == 0);
    if (id == ACTOP_METRIC_RAIL_ENERGY || id == ACTOP_METRIC_PSTATE_TIME)
        require(c->value >= 0 && (!cell_has(before) || c->value >= before->value));
    if (id == ACTOP_METRIC_RAIL_POWER || id == ACTOP_METRIC_CPU_POWER)
        require(c->value >= 0);
    if (id == ACTOP_METRIC_CORE_UTIL || id == ACTOP_METRIC_PSTATE_RATIO ||
        id == ACTOP_METRIC_CLUSTER_UTIL || id == ACTOP_METRIC_TIER_UTIL ||
        id == ACTOP_METRIC_CLUSTER_GATED || id == ACTOP_METRIC_CPU_UTIL)
        require(c->value >= 0 && c->value <= 1 + 1e-9);
    if (id == ACTOP_METRIC_SENSOR_TEMP)
        require(c->value >= 15 && c->value <= 125);
}

static void check_sample(const struct actop_sample_t *s, const struct actop_sample_t *before)
{
    bool comparable = before != NULL && before->topology == s->topology;
    for (int id = 0; id < ACTOP_METRIC_COUNT; id++)
        for (uint32_t row = 0; row < sample_rows(s, metric_info((actop_metric)id)->scope); row++)
            check_cell((actop_metric)id, sample_cell(s, (actop_metric)id, row),
                       comparable ? sample_cell(before, (actop_metric)id, row) : NULL);
}

static void check_notes(const struct fuzz *f, const struct actop_sample_t *s)
{
    struct notes n = {0};
    f->ops->notes(f->decoder, &f->frame, s, &n);
    require(!n.failed);
    notes_release(&n);
}

static void end_frame(struct fuzz *f)
{
    if (!f->filling)
        return;
    f->filling = false;
    struct actop_sample_t *s = sample_new(f->pool);
    struct decoder *copy = f->frames % 3 == 1 ? f->ops->clone(f->decoder) : NULL;
    if (copy != NULL) {
        f->ops->destroy(f->decoder);
        f->decoder = copy;
    }
    require(s != NULL && f->ops->step(f->decoder, &f->frame, s, NULL) == ACTOP_OK);
    check_sample(s, f->last);
    check_notes(f, s);
    actop_sample_unref(f->last);
    f->last = s;
}

/* ---- Reading the input ------------------------------------------------------------------------------------------------ */

/* The next part of a line, up to a tab; NULL when there is none. */
static char *part(char **line)
{
    char *text = *line;
    if (text == NULL)
        return NULL;
    char *tab = strchr(text, '\t');
    *line = tab != NULL ? tab + 1 : NULL;
    if (tab != NULL)
        *tab = '\0';
    return text;
}

static unsigned hex(char c)
{
    return c >= 'a' ? (unsigned)(c - 'a') + 10 : (unsigned)(c - '0');
}

static void put_blob(struct fuzz *f, const char *key, char *text)
{
    size_t n = strlen(text) / 2;
    for (size_t i = 0; i < n; i++)
        text[i] = (char)(hex(text[2 * i]) << 4 | (hex(text[2 * i + 1]) & 15));
    schema_put_bytes(f->building, key, text, n);
}

static void add_channel(struct fuzz *f, const char *group, const char *name, const char *unit,
                        char *rest)
{
    const char *states[STATES_MOST];
    uint32_t n = 0;
    char key[200];
    const char *place = groups[(unsigned char)group[0] % N_GROUPS];
    for (const char *state; n < STATES_MOST && (state = part(&rest)) != NULL;)
        states[n++] = state;
    bool ticks = strcmp(place, "mach/cpu") == 0,
         gauge = place[0] == 's' || place[0] == 'h' || place[0] == 'a';
    (void)snprintf(key, sizeof key, ticks ? "%s/%s/ticks" : "%s/%s", place, name);
    schema_add_channel(f->building, &(struct channel_spec){.key = key,
                                                           .group = place,
                                                           .name = name,
                                                           .unit = unit,
                                                           .type = n > 0 ? SLOT_U64 : SLOT_I64,
                                                           .count = n > 0 ? n : 1,
                                                           .states = n > 0 ? states : NULL,
                                                           .flags = gauge ? 0 : CHANNEL_COUNTER,
                                                           .bits = ticks ? 32 : 64});
}

static void build(struct fuzz *f, char kind, char *line)
{
    if (f->building == NULL && (f->building = schema_new("apple", "fuzz")) != NULL)
        schema_add_collector(f->building, "fuzz", 0, "", "");
    require(f->building != NULL);
    char *first = part(&line), *second = part(&line), *third = part(&line);
    if (kind == 't' && second != NULL)
        schema_put_text(f->building, first, second);
    else if (kind == 'b' && second != NULL)
        put_blob(f, first, second);
    else if (kind == 'c' && third != NULL && f->building->n_channels < CHANNELS_MOST)
        add_channel(f, first, second, third, line);
}

static void seal(struct fuzz *f)
{
    if (f->building == NULL)
        return;
    end_frame(f); /* it is of the schema before */
    require(schema_seal(f->building, NULL) == ACTOP_OK);
    schema_unref(f->schema);
    f->schema = f->building;
    f->building = NULL;
}

static void begin_frame(struct fuzz *f, char *line)
{
    end_frame(f);
    if (f->schema == NULL || f->frames++ == FRAMES_MOST)
        return;
    /* A year at most: what clocks may say beyond it is held back where recordings are read. */
    int64_t ns = strtoll(line, &line, 10) % INT64_C(31536000000000000);
    int64_t sleep_ns = strtoll(line, &line, 10) % INT64_C(31536000000000000);
    f->awake_ns += ns;
    f->boot_ns += ns + sleep_ns;
    require(frame_begin(&f->frame, f->schema, 0, NULL) == ACTOP_OK);
    f->frame.seq = ++f->seq;
    f->frame.at = (struct os_moment){f->boot_ns, f->awake_ns, f->boot_ns};
    f->filling = true;
}

static void put_values(struct fuzz *f, char *line)
{
    uint32_t slot = 0;
    for (char *end; f->filling && slot < f->schema->n_slots; line = end) {
        uint64_t value = strtoull(line, &end, 10);
        if (end == line)
            break;
        f->frame.slots[slot++] = value;
    }
    for (uint32_t i = 0; f->filling && i < f->schema->n_channels; i++)
        if (f->schema->channels[i].first + f->schema->channels[i].count <= slot)
            f->frame.status[i] = SLOT_READ;
}

static void put_stamps(struct fuzz *f, char *line)
{
    char *end;
    for (uint32_t i = 0; f->filling && i < f->schema->n_channels; i++, line = end) {
        int64_t before_ns = strtoll(line, &end, 10);
        if (end == line)
            break;
        f->frame.stamps_ns[i] = f->awake_ns - before_ns % INT64_C(31536000000000000);
    }
}

static void take_line(struct fuzz *f, char *line)
{
    char *rest = line[0] != '\0' && line[1] != '\0' ? line + 2 : line;
    switch (line[0]) {
    case 't':
    case 'b':
    case 'c':
        build(f, line[0], rest);
        break;
    case 's':
        seal(f);
        break;
    case 'f':
        seal(f);
        begin_frame(f, rest);
        break;
    case 'v':
        put_values(f, rest);
        break;
    case 'm':
        put_stamps(f, rest);
        break;
    default:
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz f = {.ops = decode_for("apple"),
                     .awake_ns = INT64_C(100000000000),
                     .boot_ns = INT64_C(100000000000)};
    char *text = malloc(size + 1);
    f.decoder = f.ops->create();
    f.pool = sample_pool_new();
    require(text != NULL && f.decoder != NULL && f.pool != NULL);
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    for (char *line = text, *end; line != NULL; line = end) {
        end = strchr(line, '\n');
        if (end != NULL)
            *end++ = '\0';
        take_line(&f, line);
    }
    end_frame(&f);
    actop_sample_unref(f.last);
    f.ops->destroy(f.decoder);
    frame_release(&f.frame);
    schema_unref(f.schema);
    schema_unref(f.building);
    sample_pool_unref(f.pool);
    free(text);
    return 0;
}
