/* SPDX-License-Identifier: MIT */
/* A made-up machine; see frames.h. Rates are those of a laptop that is used a little. */
#include "lib/frames.h"

#include <errno.h>
#include <stdio.h>

enum { STATES = 12, MEMORY = 24, SENSORS = 8, RAILS = 4 };

static uint64_t below(struct frames *m, uint64_t n)
{
    m->random ^= m->random << 13;
    m->random ^= m->random >> 7;
    m->random ^= m->random << 17;
    return m->random % n;
}

/* ---- schema ---- */

static void add(struct schema *s, const char *group, const char *name, const char *unit,
                struct channel_spec spec)
{
    char key[128];
    (void)snprintf(key, sizeof key, "%s/%s", group, name);
    spec.key = key;
    spec.group = group;
    spec.name = name;
    spec.unit = unit;
    (void)schema_add_channel(s, &spec);
}

static void add_core(struct schema *s, uint32_t core, int32_t collector)
{
    static const char *const times[] = {"user",   "nice", "system",  "idle",
                                        "iowait", "irq",  "softirq", "steal"};
    char group[32], names[STATES][16];
    const char *states[STATES];
    (void)snprintf(group, sizeof group, "cpu/%u", core);
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++)
        add(s, group, times[i], "ticks",
            (struct channel_spec){
                .collector = collector, .type = SLOT_U64, .flags = CHANNEL_COUNTER});
    add(s, group, "frequency", "kHz",
        (struct channel_spec){.collector = collector, .type = SLOT_U64});
    for (int i = 0; i < STATES; i++) {
        (void)snprintf(names[i], sizeof names[i], "%d", 600000 + 200000 * i);
        states[i] = names[i];
    }
    add(s, group, "residency", "ticks",
        (struct channel_spec){.collector = collector,
                              .type = SLOT_U64,
                              .flags = CHANNEL_COUNTER,
                              .count = STATES,
                              .states = states});
}

static void add_numbered(struct schema *s, const char *group, int n, const char *unit,
                         struct channel_spec spec)
{
    for (int i = 0; i < n; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "%d", i);
        add(s, group, name, unit, spec);
    }
}

static void add_rowsets(struct schema *s)
{
    static const struct column_spec interface[] = {
        {"name", "", SLOT_BYTES, COLUMN_KEY, 0},      {"rx_b", "B", SLOT_U64, CHANNEL_COUNTER, 0},
        {"tx_b", "B", SLOT_U64, CHANNEL_COUNTER, 32}, {"mtu", "B", SLOT_U64, 0, 0},
        {"speed", "Mbit/s", SLOT_I64, 0, 0},
    };
    static const struct column_spec process[] = {
        {"pid", "", SLOT_U64, COLUMN_KEY, 0},
        {"start", "ticks", SLOT_U64, COLUMN_KEY, 0},
        {"name", "", SLOT_BYTES, 0, 0},
        {"user", "", SLOT_BYTES, 0, 0},
        {"cpu", "ticks", SLOT_U64, CHANNEL_COUNTER, 0},
        {"rss", "B", SLOT_U64, 0, 0},
        {"share", "", SLOT_F64, 0, 0},
    };
    (void)schema_add_rowset(s, "interface", ACTOP_SCOPE_INTERFACE, 0, interface,
                            sizeof interface / sizeof interface[0]);
    (void)schema_add_rowset(s, "process", ACTOP_SCOPE_PROCESS, 1, process,
                            sizeof process / sizeof process[0]);
}

static void add_properties(struct schema *s)
{
    static const uint64_t table_hz[] = {600000000, 1200000000, UINT64_MAX};
    static const int64_t signs[] = {-1, INT64_MIN, INT64_MAX, 0};
    static const double floats[] = {0.1, -1e300};
    schema_put_text(s, "host/name", "made-up");
    schema_put_text(s, "host/serial", "C02XY1234567");
    schema_put_bytes(s, "blob", "a\0b\xff", 4);
    schema_put_bytes(s, "nothing", "", 0);
    schema_put_u64(s, "dvfs", table_hz, 3);
    schema_put_i64(s, "signs", signs, 4);
    schema_put_numbers(s, "floats", SLOT_F64, floats, 2);
}

static struct schema *make_schema(uint32_t cores, int extra)
{
    struct schema *s = schema_new("made-up", "test");
    if (s == NULL)
        return NULL;
    int32_t fine = schema_add_collector(s, "stat", 0, "", "");
    int32_t denied =
        schema_add_collector(s, "powercap", EACCES, "readable by root only", "run it as root");
    for (uint32_t i = 0; i < cores; i++)
        add_core(s, i, fine);
    add_numbered(s, "memory", MEMORY, "kB",
                 (struct channel_spec){.collector = fine, .type = SLOT_U64});
    add_numbered(s, "sensor", SENSORS + extra, "C",
                 (struct channel_spec){.collector = fine, .type = SLOT_F64});
    add_numbered(s, "energy", RAILS, "uJ",
                 (struct channel_spec){
                     .collector = denied, .type = SLOT_I64, .flags = CHANNEL_COUNTER, .bits = 32});
    add(s, "governor", "0", "", (struct channel_spec){.collector = -1, .type = SLOT_BYTES});
    add_rowsets(s);
    add_properties(s);
    if (schema_seal(s, NULL) == ACTOP_OK)
        return s;
    schema_unref(s);
    return NULL;
}

/* ---- frames ---- */

bool frames_open(struct frames *m, uint32_t cores, uint32_t processes)
{
    memset(m, 0, sizeof *m);
    m->random = UINT64_C(88172645463325252);
    m->cores = cores;
    m->processes = processes < 512 ? processes : 512;
    m->next_pid = 300;
    m->schema = make_schema(cores, 0);
    return m->schema != NULL;
}

bool frames_change(struct frames *m)
{
    struct schema *other = make_schema(m->cores, 1);
    if (other == NULL)
        return false;
    schema_unref(m->schema);
    m->schema = other;
    return true;
}

void frames_close(struct frames *m)
{
    frame_release(&m->frame);
    schema_unref(m->schema);
    memset(m, 0, sizeof *m);
}

/* A counter that goes on from its last value, which is kept in the frame before. */
static void grow(struct frames *m, const struct frame *before, int32_t channel, uint32_t at,
                 uint64_t by)
{
    const struct channel *c = &m->schema->channels[channel];
    uint64_t last = before->schema == m->schema ? before->slots[c->first + at] : below(m, 1000000);
    frame_array(&m->frame, channel)[at] = last + by;
}

static void fill_core(struct frames *m, const struct frame *before, uint32_t core)
{
    int32_t first = (int32_t)core * 10;
    uint64_t busy = below(m, 10);
    grow(m, before, first, 0, busy);
    grow(m, before, first + 1, 0, 0);
    grow(m, before, first + 2, 0, below(m, 3));
    grow(m, before, first + 3, 0, 97 - busy + below(m, 3));
    for (int32_t i = 4; i < 8; i++)
        grow(m, before, first + i, 0, i == 6 ? below(m, 2) : 0);
    frame_set_u64(&m->frame, first + 8, 600000 + 200000 * below(m, STATES));
    uint64_t in_state = below(m, STATES);
    for (uint32_t i = 0; i < STATES; i++)
        grow(m, before, first + 9, i, i == in_state ? 30 : i == 0 ? 70 : 0);
}

static void fill_rest(struct frames *m, const struct frame *before)
{
    struct frame *f = &m->frame;
    int32_t at = (int32_t)m->cores * 10;
    for (int i = 0; i < MEMORY; i++, at++) {
        uint64_t last = before->schema == m->schema ? before->slots[m->schema->channels[at].first]
                                                    : 4000000;
        frame_set_u64(f, at, i % 3 == 0 ? last : last + 4 * below(m, 200) - 400);
    }
    for (; m->schema->channels[at].type == SLOT_F64; at++)
        frame_set_f64(f, at, 40.0 + (double)below(m, 64) / 16.0);
    for (int i = 0; i < RAILS; i++, at++) {
        grow(m, before, at, 0, 5000000 + below(m, 200000));
        frame_set_stamp(f, at, f->at.awake_ns - 1000000 * (int64_t)(m->seq % 2));
        if (!m->still && i == 3)
            frame_set_status(f, at, m->seq % 5 == 0 ? EACCES : SLOT_ABSENT);
    }
    frame_set_bytes(f, at, m->seq % 50 < 25 ? "powersave" : "performance",
                    m->seq % 50 < 25 ? 9 : 11);
}

static void fill_interfaces(struct frames *m)
{
    struct frame *f = &m->frame;
    for (uint32_t i = 0; i < 4; i++) {
        if (!m->still && m->seq % 7 == i)
            continue; /* comes and goes */
        char name[16];
        int n = snprintf(name, sizeof name, "eth%u", i);
        uint32_t row = frame_row(f, 0);
        if (row == UINT32_MAX)
            return;
        frame_cell_bytes(f, 0, row, 0, name, (size_t)n);
        frame_cell_u64(f, 0, row, 1, m->seq * 1000 * i + below(m, 1000));
        frame_cell_u64(f, 0, row, 2, m->seq * 300 * i);
        if (i != 2)
            frame_cell_u64(f, 0, row, 3, 1500);
        frame_cell_u64(f, 0, row, 4, i == 3 ? UINT64_MAX : 1000);
    }
}

static void fill_processes(struct frames *m)
{
    struct frame *f = &m->frame;
    for (uint32_t i = 0; i < m->processes; i++) {
        if (m->process[i].pid == 0 || (!m->still && below(m, 100) == 0)) {
            m->process[i].pid = m->next_pid++;
            m->process[i].start = m->seq * 100 + i;
            m->process[i].rss_b = 4096 * (100 + below(m, 5000));
        }
        m->process[i].ticks += below(m, 10) == 0 ? below(m, 20) : 0;
        uint32_t row = frame_row(f, 1);
        if (row == UINT32_MAX)
            return;
        char name[32];
        int n = snprintf(name, sizeof name, "worker-%u", (unsigned)(m->process[i].pid % 97));
        frame_cell_u64(f, 1, row, 0, m->process[i].pid);
        frame_cell_u64(f, 1, row, 1, m->process[i].start);
        frame_cell_bytes(f, 1, row, 2, name, (size_t)n);
        if (i % 5 != 0)
            frame_cell_bytes(f, 1, row, 3, "canary", 6);
        frame_cell_u64(f, 1, row, 4, m->process[i].ticks);
        frame_cell_u64(f, 1, row, 5, m->process[i].rss_b);
        frame_cell_u64(f, 1, row, 6, f64_bits((double)(i % 16) / 16));
    }
}

bool frames_next(struct frames *m)
{
    struct frame before = m->frame;
    memset(&m->frame, 0, sizeof m->frame);
    bool fits = frame_begin(&m->frame, m->schema, 0x7fff, NULL) == ACTOP_OK;
    if (fits) {
        m->frame.seq = ++m->seq;
        int64_t jitter_ns = (int64_t)below(m, 200000);
        m->frame.at.awake_ns = INT64_C(50000000000) + (int64_t)m->seq * INT64_C(1000000000) +
                               jitter_ns;
        m->frame.at.boot_ns = m->frame.at.awake_ns + INT64_C(3600000000000) +
                              (int64_t)below(m, 200);
        m->frame.at.wall_ns = m->frame.at.awake_ns + INT64_C(1700000000000000000) +
                              (int64_t)below(m, 300);
        for (uint32_t i = 0; i < m->cores; i++)
            fill_core(m, &before, i);
        fill_rest(m, &before);
        fill_interfaces(m);
        fill_processes(m);
        fits = !m->frame.failed;
    }
    frame_release(&before);
    return fits;
}

/* ---- comparing ---- */

static bool bytes_differ(const struct frame *a, uint64_t slot_a, const struct frame *b,
                         uint64_t slot_b)
{
    size_t n_a, n_b;
    const char *bytes_a = frame_bytes(a, slot_a, &n_a), *bytes_b = frame_bytes(b, slot_b, &n_b);
    return n_a != n_b || memcmp(bytes_a, bytes_b, n_a) != 0;
}

static const char *channels_differ(const struct frame *a, const struct frame *b)
{
    for (size_t i = 0; i < a->schema->n_channels; i++) {
        const struct channel *c = &a->schema->channels[i];
        if (a->status[i] != b->status[i])
            return "status";
        if (a->stamps_ns[i] != b->stamps_ns[i])
            return "stamp";
        if (a->status[i] != SLOT_READ)
            continue;
        if (c->type == SLOT_BYTES) {
            if (bytes_differ(a, a->slots[c->first], b, b->slots[c->first]))
                return "bytes";
        } else if (memcmp(a->slots + c->first, b->slots + c->first, c->count * sizeof *a->slots) !=
                   0) {
            return schema_text(a->schema, c->key);
        }
    }
    return NULL;
}

static const char *rows_differ(const struct frame *a, const struct frame *b, int32_t rowset)
{
    const struct rowset *def = &a->schema->rowsets[rowset];
    const struct rows *rows_a = &a->rows[rowset], *rows_b = &b->rows[rowset];
    if (rows_a->n != rows_b->n || rows_a->status != rows_b->status)
        return "rows";
    for (uint32_t row = 0; row < rows_a->n; row++) {
        if (rows_a->present[row] != rows_b->present[row])
            return "present cells";
        for (uint32_t c = 0; c < def->n_columns; c++) {
            uint64_t cell_a = frame_cell(a, rowset, row, c), cell_b = frame_cell(b, rowset, row, c);
            if (!frame_cell_has(a, rowset, row, c))
                continue;
            bool bytes = a->schema->columns[def->first + c].type == SLOT_BYTES;
            if (bytes ? bytes_differ(a, cell_a, b, cell_b) : cell_a != cell_b)
                return schema_text(a->schema, a->schema->columns[def->first + c].key);
        }
    }
    return NULL;
}

const char *frames_differ(const struct frame *a, const struct frame *b)
{
    if (a->schema->n_slots != b->schema->n_slots || a->schema->n_channels != b->schema->n_channels)
        return "schema";
    if (a->seq != b->seq || a->want != b->want)
        return "seq or want";
    if (memcmp(&a->at, &b->at, sizeof a->at) != 0)
        return "clocks";
    const char *what = channels_differ(a, b);
    for (size_t i = 0; what == NULL && i < a->schema->n_rowsets; i++)
        what = rows_differ(a, b, (int32_t)i);
    return what;
}

static const char *property_differs(const struct schema *a, const struct schema *b, size_t i)
{
    const struct property *p = &a->properties[i], *q = &b->properties[i];
    if (strcmp(schema_text(a, p->key), schema_text(b, q->key)) != 0 || p->type != q->type ||
        p->count != q->count)
        return "property";
    bool same = p->type == SLOT_BYTES
                    ? memcmp(schema_text(a, p->first), schema_text(b, q->first), p->count) == 0
                    : memcmp(a->values + p->first, b->values + q->first, p->count * 8) == 0;
    return same ? NULL : schema_text(a, p->key);
}

static bool channel_differs(const struct schema *a, const struct schema *b, size_t i)
{
    const struct channel *c = &a->channels[i], *d = &b->channels[i];
    const uint32_t of_c[] = {c->key, c->group, c->name, c->unit, c->label},
                   of_d[] = {d->key, d->group, d->name, d->unit, d->label};
    for (size_t t = 0; t < 5; t++)
        if (strcmp(schema_text(a, of_c[t]), schema_text(b, of_d[t])) != 0)
            return true;
    for (uint32_t s = 0; s < c->count && s < d->count; s++)
        if (strcmp(schema_state_name(a, c, s), schema_state_name(b, d, s)) != 0)
            return true;
    return c->collector != d->collector || c->first != d->first || c->count != d->count ||
           c->type != d->type || c->flags != d->flags || c->bits != d->bits ||
           c->has_states != d->has_states;
}

static bool rowset_differs(const struct schema *a, const struct schema *b, size_t i)
{
    const struct rowset *r = &a->rowsets[i], *q = &b->rowsets[i];
    if (strcmp(schema_text(a, r->key), schema_text(b, q->key)) != 0 ||
        r->n_columns != q->n_columns || r->n_keys != q->n_keys || r->scope != q->scope ||
        r->collector != q->collector)
        return true;
    for (uint32_t c = r->first; c < r->first + r->n_columns; c++) {
        const struct column *x = &a->columns[c], *y = &b->columns[c];
        if (strcmp(schema_text(a, x->key), schema_text(b, y->key)) != 0 ||
            strcmp(schema_text(a, x->unit), schema_text(b, y->unit)) != 0 || x->type != y->type ||
            x->flags != y->flags || x->bits != y->bits)
            return true;
    }
    return false;
}

const char *schemas_differ(const struct schema *a, const struct schema *b)
{
    if (strcmp(schema_text(a, a->platform), schema_text(b, b->platform)) != 0 ||
        strcmp(schema_text(a, a->source), schema_text(b, b->source)) != 0)
        return "names";
    if (a->n_channels != b->n_channels || a->n_rowsets != b->n_rowsets ||
        a->n_properties != b->n_properties || a->n_slots != b->n_slots ||
        a->n_collectors != b->n_collectors)
        return "counts";
    for (size_t i = 0; i < a->n_collectors; i++) {
        const struct collector *c = &a->collectors[i], *d = &b->collectors[i];
        if (c->status != d->status ||
            strcmp(schema_text(a, c->name), schema_text(b, d->name)) != 0 ||
            strcmp(schema_text(a, c->reason), schema_text(b, d->reason)) != 0 ||
            strcmp(schema_text(a, c->remedy), schema_text(b, d->remedy)) != 0)
            return "collector";
    }
    for (size_t i = 0; i < a->n_channels; i++)
        if (channel_differs(a, b, i))
            return schema_text(a, a->channels[i].key);
    for (size_t i = 0; i < a->n_rowsets; i++)
        if (rowset_differs(a, b, i))
            return schema_text(a, a->rowsets[i].key);
    const char *what = NULL;
    for (size_t i = 0; what == NULL && i < a->n_properties; i++)
        what = property_differs(a, b, i);
    return what;
}
