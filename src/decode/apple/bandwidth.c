/* SPDX-License-Identifier: MIT */
/* Memory bandwidth, from the best of four sources that is there:
 *   AMC Stats        byte counters, total and by agent. Exact. Recorded on M1 to M3; later chips list the group and refuse it.
 *   PMP DRAM BW      byte counters by channel (recorded: A18 Pro, M1). Exact, no agents.
 *   PMP DCS BW       residency in bandwidth buckets ("  32GB/s"). Estimated: the mean of bucket midpoints. It has a floor when idle
 *                    (half a bucket: 16.8 GB/s on an M4 Max, recorded) and cannot tell more than its last bucket; agents clamp at
 *                    theirs (32 GB/s) and are marked saturated.
 *   PMP AF/AFI BW    the same at the fabric, where the other is not there: both know some agents, and each alone is the whole.
 * GB/s is decimal: 1e9 bytes. Dies add up. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cold.h"
#include "base/vec.h"
#include "decode/apple/apple.h"

enum method { BY_AMC, BY_DRAM, BY_DCS, BY_FABRIC, N_METHODS }; /* in order of preference */
enum direction { READ, WRITE, BOTH, N_DIRECTIONS };
enum { TOTAL = -1, MAX_BUCKETS = 256, AGENT_SIZE = 48 };
enum { MAX_CHANNELS = 8192 }; /* far more than any machine lists; a recording may say anything */

/* A channel, and what its last interval gave: held until the next one, as watts are. */
struct source_channel {
    int32_t channel;
    int32_t agent;      /* in agents; TOTAL for the whole memory */
    uint32_t first_mid; /* of buckets: in mids, one a bucket */
    uint8_t method, direction;
    bool has, saturated;
    double per_s;
    int64_t at_ns;
    struct apple_period period;
};

/* Sums of one target by one method in one frame. */
struct flows {
    double per_s[N_DIRECTIONS];
    int64_t at_ns; /* of the oldest */
    bool valid[N_DIRECTIONS], any, saturated;
};

struct agent {
    char name[AGENT_SIZE];
    int32_t row;
};

struct bandwidth {
    struct source_channel *channels; /* owned */
    struct agent *agents;            /* owned */
    double *mids;                    /* owned; bytes per second in the middle of each bucket */
    struct flows *sums; /* owned; scratch of a frame: (agent + 1) * N_METHODS + method */
    size_t n_channels, cap_channels, n_agents, cap_agents, n_mids, cap_mids, cap_sums;
    actop_state absence; /* of the total, where no channel has a value */
    uint16_t via[N_METHODS];
};

static bool has_buckets(enum method method)
{
    return method == BY_DCS || method == BY_FABRIC;
}

/* "PCPU0 DCS RD" → agent "PCPU0", READ; "DIE0 DCS WR" → total, WRITE; "AMCC RD+WR" → agent "AMCC", BOTH. False for others,
 * and for names no agent has: a cut name could be another's. */
static bool parse_name(const char *name, char *agent, size_t cap, enum direction *direction)
{
    static const struct {
        const char *end;
        enum direction direction;
    } ends[] = {{" RD+WR", BOTH}, {" RD", READ}, {" WR", WRITE}};
    size_t n = strlen(name);
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        size_t len = strlen(ends[i].end);
        if (n <= len || strcmp(name + n - len, ends[i].end) != 0)
            continue;
        if (n - len >= cap)
            return false;
        *direction = ends[i].direction;
        (void)snprintf(agent, cap, "%.*s", (int)(n - len), name);
        return true;
    }
    return false;
}

/* Prefixes of dies and partitions: DIE0, PRIM, F1 (reported on macOS 27). */
static bool is_partition(const char *word, size_t n)
{
    if (n >= 4 && strncmp(word, "DIE", 3) == 0)
        return strspn(word + 3, "0123456789_") >= n - 3;
    return (n == 4 && strncmp(word, "PRIM", 4) == 0) ||
           (n >= 2 && word[0] == 'F' && strspn(word + 1, "0123456789") >= n - 1);
}

/* Take the partition off the front and " DCS" off the end; what is left is the agent, nothing is the total. */
static void trim_agent(char *agent)
{
    size_t first = strcspn(agent, " ");
    if (is_partition(agent, first))
        memmove(agent, agent + first + (agent[first] == ' '),
                strlen(agent + first) + (agent[first] != ' '));
    size_t n = strlen(agent);
    if (n >= 4 && strcmp(agent + n - 4, " DCS") == 0)
        agent[n - 4] = '\0';
    else if (strcmp(agent, "DCS") == 0)
        agent[0] = '\0';
}

static bool need_agent(struct bandwidth *b, const char *name, int32_t *out)
{
    for (size_t i = 0; i < b->n_agents; i++)
        if (strcmp(b->agents[i].name, name) == 0) {
            *out = (int32_t)i;
            return true;
        }
    if (!VEC_GROW(b->agents, b->cap_agents, b->n_agents + 1))
        return false;
    (void)snprintf(b->agents[b->n_agents].name, sizeof b->agents[0].name, "%s", name);
    b->agents[b->n_agents].row = -1;
    *out = (int32_t)b->n_agents++;
    return true;
}

static bool add_channel(struct bandwidth *b, int32_t channel, const char *agent, enum method method,
                        enum direction direction)
{
    int32_t which = TOTAL;
    if (agent[0] != '\0' && !need_agent(b, agent, &which))
        return false;
    if (!VEC_GROW(b->channels, b->cap_channels, b->n_channels + 1))
        return false;
    b->channels[b->n_channels++] = (struct source_channel){.channel = channel,
                                                           .agent = which,
                                                           .method = (uint8_t)method,
                                                           .direction = (uint8_t)direction};
    return true;
}

/* "  32GB/s" → 32e9; 0 for another form. */
static double bucket_edge(const char *name)
{
    char *end;
    long gb = strtol(name, &end, 10);
    return gb > 0 && strcmp(end, "GB/s") == 0 ? (double)gb * 1e9 : 0;
}

/* A bucket is named by its upper edge. False: a name of another form, the channel is not read. */
static bool are_buckets(const struct schema *s, const struct channel *c)
{
    for (uint32_t i = 0; i < c->count; i++)
        if (bucket_edge(schema_state_name(s, c, i)) <= 0)
            return false;
    return c->count >= 2 && c->count <= MAX_BUCKETS;
}

static bool add_buckets(struct bandwidth *b, const struct schema *s, int32_t channel,
                        const char *agent, enum method method, enum direction direction)
{
    const struct channel *c = &s->channels[channel];
    double before = 0;
    if (!VEC_GROW(b->mids, b->cap_mids, b->n_mids + c->count) ||
        !add_channel(b, channel, agent, method, direction))
        return false;
    b->channels[b->n_channels - 1].first_mid = (uint32_t)b->n_mids;
    for (uint32_t i = 0; i < c->count; i++) {
        double edge = bucket_edge(schema_state_name(s, c, i));
        b->mids[b->n_mids++] = (before + edge) / 2;
        before = edge;
    }
    return true;
}

/* The memory controllers' own buckets stand for everything: AMCC, AMCC0 … */
static bool is_memory_controller(const char *agent)
{
    return apple_starts(agent, "AMCC") && strspn(agent + 4, "0123456789_") == strlen(agent + 4);
}

/* Which of them a group is; N_METHODS none. PMP is called PMP0 on some systems (recorded: M5 Max). */
static enum method method_of(const char *group)
{
    const char *subgroup = strrchr(group, '/');
    if (strcmp(group, "ioreport/AMC Stats/Perf Counters") == 0)
        return BY_AMC;
    if (!apple_starts(group, "ioreport/PMP") || subgroup == NULL)
        return N_METHODS;
    if (strcmp(subgroup, "/DRAM BW") == 0 || strcmp(subgroup, "/DRAM Bandwidth") == 0)
        return BY_DRAM;
    if (strcmp(subgroup, "/DCS BW") == 0)
        return BY_DCS;
    bool fabric = strcmp(subgroup, "/AF BW") == 0 || strcmp(subgroup, "/AFI BW") == 0;
    return fabric ? BY_FABRIC : N_METHODS;
}

static bool take_channel(struct bandwidth *b, const struct schema *s, int32_t channel)
{
    const struct channel *c = &s->channels[channel];
    const char *unit = schema_text(s, c->unit);
    char agent[AGENT_SIZE];
    enum direction direction;
    enum method method = method_of(schema_text(s, c->group));
    if (method == N_METHODS || b->n_channels == MAX_CHANNELS ||
        !parse_name(schema_text(s, c->name), agent, sizeof agent, &direction))
        return true;
    if (has_buckets(method)) {
        if (is_memory_controller(agent))
            agent[0] = '\0';
        return !are_buckets(s, c) || add_buckets(b, s, channel, agent, method, direction);
    }
    if (c->count != 1 || (strcmp(unit, "B") != 0 && unit[0] != '\0'))
        return true;
    if (method == BY_DRAM)
        agent[0] = '\0';
    else
        trim_agent(agent);
    return add_channel(b, channel, agent, method, direction);
}

COLD static bool begin(void *state, struct decode_schema *d)
{
    struct bandwidth *b = state;
    b->n_channels = b->n_agents = b->n_mids = 0;
    for (int32_t i = 0; i < (int32_t)d->schema->n_channels; i++)
        if (!take_channel(b, d->schema, i))
            return false;
    for (size_t i = 0; i < b->n_agents; i++) {
        b->agents[i].row =
            topology_add(d->topology, ACTOP_SCOPE_AGENT, b->agents[i].name, NULL, NULL);
        if (b->agents[i].row < 0)
            return false;
    }
    if (!VEC_GROW(b->sums, b->cap_sums, (b->n_agents + 1) * N_METHODS))
        return false;
    b->via[BY_AMC] = topology_via(d->topology, "ioreport/AMC Stats");
    b->via[BY_DRAM] = topology_via(d->topology, "ioreport/PMP/DRAM BW");
    b->via[BY_DCS] = topology_via(d->topology, "ioreport/PMP/DCS BW");
    b->via[BY_FABRIC] = topology_via(d->topology, "ioreport/PMP/AF BW");
    return true;
}

/* ---- A frame ------------------------------------------------------------------------------------------------------- */

/* Mean of bucket midpoints by residency. Saturated: half the time or more in the last. False: no interval ended. */
static bool take_buckets(struct source_channel *c, const struct decode_frame *d, const double *mids)
{
    const struct channel *ch = &d->schema->channels[c->channel];
    double sum = 0, hits = 0, last = 0;
    for (uint32_t i = 0; i < ch->count; i++) {
        if (d->taken[ch->first + i] != ACTOP_OK)
            return false;
        last = (double)d->steps[ch->first + i].grew;
        sum += mids[i] * last;
        hits += last;
    }
    if (hits <= 0)
        return false;
    c->per_s = sum / hits;
    c->saturated = last * 2 >= hits;
    return true;
}

/* Fold a frame into a channel; ACTOP_STATE_OK when it has a value, be it of an earlier interval. */
static actop_state follow(struct source_channel *c, const struct decode_frame *d,
                          const double *mids)
{
    bool ended = has_buckets((enum method)c->method)
                     ? take_buckets(c, d, mids + c->first_mid)
                     : decode_rate(d, c->channel, 0, 1.0, &c->per_s);
    if (ended) {
        int64_t at_ns = frame_stamp(d->frame, c->channel);
        apple_period_take(&c->period, at_ns - c->at_ns, c->has);
        c->at_ns = at_ns;
        c->has = true;
        return ACTOP_STATE_OK;
    }
    c->has = c->has && !d->gap;
    if (!frame_has(d->frame, c->channel))
        return decode_absence(d, c->channel);
    if (frame_u64(d->frame, c->channel) == APPLE_INVALID) {
        c->has = false;
        return ACTOP_STATE_UNSUPPORTED; /* recorded: all of an M3 Max under a beta of macOS 27 */
    }
    if (d->frame->stamps_ns[c->channel] != 0)
        c->period.waited_ns = ns_sum(c->period.waited_ns, d->interval_ns);
    if (apple_is_frozen(&c->period))
        return ACTOP_STATE_FROZEN;
    return c->has ? ACTOP_STATE_OK : ACTOP_STATE_WARMING;
}

static void add_up(struct bandwidth *b, const struct decode_frame *d)
{
    memset(b->sums, 0, (b->n_agents + 1) * N_METHODS * sizeof *b->sums);
    b->absence = ACTOP_STATE_UNSUPPORTED;
    for (size_t i = 0; i < b->n_channels; i++) {
        struct source_channel *c = &b->channels[i];
        struct flows *f = &b->sums[(size_t)(c->agent + 1) * N_METHODS + c->method];
        actop_state state = follow(c, d, b->mids);
        if (state != ACTOP_STATE_OK) {
            b->absence = c->agent == TOTAL ? state : b->absence;
            continue;
        }
        f->at_ns = !f->any || c->at_ns < f->at_ns ? c->at_ns : f->at_ns;
        f->per_s[c->direction] += c->per_s;
        f->valid[c->direction] = f->any = true;
        f->saturated = f->saturated || (has_buckets((enum method)c->method) && c->saturated);
    }
}

/* A channel for both directions stands beside one for each: it is not their sum again, but what to take when they lack. */
static void join_directions(struct flows *f)
{
    if (!f->valid[READ] || !f->valid[WRITE] || f->valid[BOTH])
        return;
    f->per_s[BOTH] = f->per_s[READ] + f->per_s[WRITE];
    f->valid[BOTH] = true;
}

static void put(struct decode_frame *d, const actop_metric *ids, uint32_t row,
                const struct flows *f, enum method m, uint16_t via)
{
    for (size_t i = 0; i < N_DIRECTIONS; i++)
        if (f->valid[i])
            apple_put(d, ids[i], row, f->per_s[i], f->at_ns,
                      has_buckets(m) ? ACTOP_ESTIMATED
                      : i == BOTH    ? ACTOP_DERIVED
                                     : ACTOP_MEASURED,
                      via);
}

static void put_agents(const struct bandwidth *b, struct decode_frame *d)
{
    static const actop_metric ids[] = {ACTOP_METRIC_AGENT_READ, ACTOP_METRIC_AGENT_WRITE,
                                       ACTOP_METRIC_AGENT_TOTAL};
    for (size_t i = 0; i < b->n_agents; i++)
        for (size_t m = 0; m < N_METHODS; m++) {
            struct flows *f = &b->sums[(i + 1) * N_METHODS + m];
            if (!f->any)
                continue;
            uint32_t row = (uint32_t)b->agents[i].row;
            join_directions(f);
            put(d, ids, row, f, (enum method)m, b->via[m]);
            if (has_buckets((enum method)m))
                apple_put(d, ACTOP_METRIC_AGENT_SATURATED, row, f->saturated, f->at_ns,
                          ACTOP_ESTIMATED, b->via[m]);
            break;
        }
}

static void step(void *state, struct decode_frame *d)
{
    static const actop_metric ids[] = {ACTOP_METRIC_BANDWIDTH_READ, ACTOP_METRIC_BANDWIDTH_WRITE,
                                       ACTOP_METRIC_BANDWIDTH};
    struct bandwidth *b = state;
    add_up(b, d);
    sample_put_state(d->out, ACTOP_METRIC_BANDWIDTH, 0, b->absence, 0);
    for (size_t m = 0; m < N_METHODS; m++) {
        struct flows *f = &b->sums[m];
        join_directions(f);
        if (!f->valid[BOTH])
            continue;
        put(d, ids, 0, f, (enum method)m, b->via[m]);
        break;
    }
    put_agents(b, d);
}

/* ---- Notes ---------------------------------------------------------------------------------------------------------- */

static void note_method(const struct decode_notes *d)
{
    const struct cell *c = sample_cell(d->sample, ACTOP_METRIC_BANDWIDTH, 0);
    struct buf *b = notes_begin(d->into, ACTOP_NOTE_BANDWIDTH, "memory");
    if (!cell_has(c))
        buf_printf(b, "%s", actop_state_name((actop_state)c->state));
    else if (c->origin == ACTOP_ESTIMATED)
        buf_puts(b, "from residency in buckets: half a bucket when idle, never more than the "
                    "last one");
    else
        buf_puts(b, "from byte counters");
    if (cell_has(c)) {
        buf_puts(b, ", ");
        buf_puts(b, pool_at(&d->sample->topology->pool, d->sample->topology->via[c->via]));
    }
    notes_end(d->into);
}

COLD static void notes(const void *state, const struct decode_notes *d)
{
    const struct bandwidth *b = state;
    const struct schema *s = d->schema;
    if (b->n_channels > 0)
        note_method(d);
    for (size_t i = 0; i < b->n_agents; i++) {
        double full;
        if (sample_get(d->sample, ACTOP_METRIC_AGENT_SATURATED, (uint32_t)b->agents[i].row,
                       &full) &&
            full != 0)
            notes_add(d->into, ACTOP_NOTE_BANDWIDTH, b->agents[i].name,
                      "in its last bucket: the true bandwidth may be higher");
    }
    size_t next = 0; /* channels were taken in the schema's order */
    for (int32_t i = 0; i < (int32_t)s->n_channels; i++) {
        bool taken = next < b->n_channels && b->channels[next].channel == i;
        next += taken;
        if (!taken && method_of(schema_text(s, s->channels[i].group)) != N_METHODS)
            notes_add(d->into, ACTOP_NOTE_CHANNEL, schema_text(s, s->channels[i].key),
                      "bandwidth in a unit or form not known here");
    }
}

COLD static void release(void *state)
{
    struct bandwidth *b = state;
    free(b->channels);
    free(b->agents);
    free(b->mids);
    free(b->sums);
}

COLD static bool own(void *state)
{
    struct bandwidth *b = state;
    bool ok = VEC_OWN(b->channels, b->cap_channels, b->n_channels);
    ok = VEC_OWN(b->agents, b->cap_agents, b->n_agents) && ok;
    ok = VEC_OWN(b->mids, b->cap_mids, b->n_mids) && ok;
    return VEC_OWN(b->sums, b->cap_sums, 0) && ok;
}

const struct decode_part decode_part_apple_bandwidth = {
    .name = "bandwidth",
    .state_size = sizeof(struct bandwidth),
    .begin = begin,
    .step = step,
    .notes = notes,
    .own = own,
    .release = release,
};
