/* SPDX-License-Identifier: MIT */
/* Memory bandwidth, from the best of three sources that is there:
 *   AMC Stats        byte counters, total and by agent. Exact. Recorded on M1 to M3; later chips list the group and refuse it.
 *   PMP DRAM BW      byte counters by channel (recorded: A18 Pro, M1). Exact, no agents.
 *   PMP DCS/AFI BW   residency in bandwidth buckets ("  32GB/s"). Estimated: the mean of bucket midpoints. It has a floor when idle
 *                    (half a bucket: 16.8 GB/s on an M4 Max, recorded) and cannot tell more than its last bucket; agents clamp at
 *                    theirs (32 GB/s) and are marked saturated.
 * GB/s is decimal: 1e9 bytes. Dies add up. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/vec.h"
#include "decode/apple/apple.h"

enum method { BY_AMC, BY_DRAM, BY_BUCKETS, N_METHODS };
enum direction { READ, WRITE, BOTH, N_DIRECTIONS };
enum { TOTAL = -1, MAX_BUCKETS = 256 };

struct source_channel {
    int32_t channel;
    int32_t agent; /* in agents; TOTAL for the whole memory */
    uint8_t method, direction;
};

struct agent {
    char name[32];
    int32_t row;
};

struct bandwidth {
    struct source_channel *channels; /* owned */
    struct agent *agents;            /* owned */
    size_t n_channels, cap_channels, n_agents, cap_agents;
    uint16_t via[N_METHODS];
};

/* "PCPU0 DCS RD" → agent "PCPU0", READ; "DIE0 DCS WR" → total, WRITE; "AMCC RD+WR" → agent "AMCC", BOTH. False for others. */
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
    b->channels[b->n_channels++] =
        (struct source_channel){channel, which, (uint8_t)method, (uint8_t)direction};
    return true;
}

/* The memory controllers' own buckets stand for everything: AMCC, AMCC0 … */
static bool is_memory_controller(const char *agent)
{
    return apple_starts(agent, "AMCC") && strspn(agent + 4, "0123456789_") == strlen(agent + 4);
}

/* Which of the three a group is; N_METHODS none. PMP is called PMP0 on some systems (recorded: M5 Max). */
static enum method method_of(const char *group)
{
    const char *subgroup = strrchr(group, '/');
    if (strcmp(group, "ioreport/AMC Stats/Perf Counters") == 0)
        return BY_AMC;
    if (!apple_starts(group, "ioreport/PMP") || subgroup == NULL)
        return N_METHODS;
    if (strcmp(subgroup, "/DRAM BW") == 0 || strcmp(subgroup, "/DRAM Bandwidth") == 0)
        return BY_DRAM;
    bool buckets = strcmp(subgroup, "/DCS BW") == 0 || strcmp(subgroup, "/AF BW") == 0 ||
                   strcmp(subgroup, "/AFI BW") == 0;
    return buckets ? BY_BUCKETS : N_METHODS;
}

static bool take_channel(struct bandwidth *b, const struct schema *s, int32_t channel)
{
    const struct channel *c = &s->channels[channel];
    const char *unit = schema_text(s, c->unit);
    char agent[48];
    enum direction direction;
    enum method method = method_of(schema_text(s, c->group));
    if (method == N_METHODS ||
        !parse_name(schema_text(s, c->name), agent, sizeof agent, &direction))
        return true;
    if (method == BY_BUCKETS) {
        if (c->count < 2 || c->count > MAX_BUCKETS)
            return true;
        if (is_memory_controller(agent))
            agent[0] = '\0';
        return add_channel(b, channel, agent, method, direction);
    }
    if (c->count != 1 || (strcmp(unit, "B") != 0 && unit[0] != '\0'))
        return true;
    if (method == BY_DRAM)
        agent[0] = '\0';
    else
        trim_agent(agent);
    return add_channel(b, channel, agent, method, direction);
}

static bool begin(void *state, struct decode_schema *d)
{
    struct bandwidth *b = state;
    b->n_channels = b->n_agents = 0;
    for (int32_t i = 0; i < (int32_t)d->schema->n_channels; i++)
        if (!take_channel(b, d->schema, i))
            return false;
    for (size_t i = 0; i < b->n_agents; i++) {
        b->agents[i].row =
            topology_add(d->topology, ACTOP_SCOPE_AGENT, b->agents[i].name, NULL, NULL);
        if (b->agents[i].row < 0)
            return false;
    }
    b->via[BY_AMC] = topology_via(d->topology, "ioreport/AMC Stats");
    b->via[BY_DRAM] = topology_via(d->topology, "ioreport/PMP/DRAM BW");
    b->via[BY_BUCKETS] = topology_via(d->topology, "ioreport/PMP/DCS BW");
    return true;
}

/* ---- A frame ------------------------------------------------------------------------------------------------------- */

/* "  32GB/s" → 32e9; 0 for another form. Once for each bucket and frame, so without strtol, which takes a tenth of all
 * decoding. */
static double bucket_edge(const char *name)
{
    uint32_t gb = 0;
    while (*name == ' ')
        name++;
    for (; *name >= '0' && *name <= '9' && gb < 100000; name++)
        gb = gb * 10 + (uint32_t)(*name - '0');
    return gb > 0 && strcmp(name, "GB/s") == 0 ? (double)gb * 1e9 : 0;
}

struct flow {
    double per_s;
    bool valid, saturated;
};

/* Mean of bucket midpoints by residency. A bucket is named by its upper edge; saturated: half the time or more in the last. */
static struct flow by_buckets(const struct decode_frame *d, int32_t channel)
{
    const struct channel *c = &d->schema->channels[channel];
    double sum = 0, hits = 0, before = 0, last = 0;
    for (uint32_t i = 0; i < c->count; i++) {
        struct counter_step step;
        double edge = bucket_edge(schema_state_name(d->schema, c, i));
        if (d->frame->slots[c->first + i] == APPLE_INVALID || edge <= 0 ||
            !decode_step(d, channel, i, &step))
            return (struct flow){0, false, false};
        last = (double)step.grew;
        sum += (before + edge) / 2 * last;
        hits += last;
        before = edge;
    }
    return hits > 0 ? (struct flow){sum / hits, true, last * 2 >= hits}
                    : (struct flow){0, false, false};
}

static struct flow read_channel(const struct source_channel *c, const struct decode_frame *d)
{
    struct flow f = {0, false, false};
    if (!frame_has(d->frame, c->channel))
        return f;
    if (c->method == BY_BUCKETS)
        return by_buckets(d, c->channel);
    f.valid = frame_u64(d->frame, c->channel) != APPLE_INVALID &&
              decode_rate(d, c->channel, 0, 1.0, &f.per_s);
    return f;
}

/* Sums of one target in one frame. */
struct flows {
    double per_s[N_DIRECTIONS];
    bool valid[N_DIRECTIONS], saturated;
};

static struct flows gather(const struct bandwidth *b, const struct decode_frame *d,
                           enum method method, int32_t agent)
{
    struct flows sums = {{0, 0, 0}, {false, false, false}, false};
    for (size_t i = 0; i < b->n_channels; i++) {
        const struct source_channel *c = &b->channels[i];
        if (c->method != method || c->agent != agent)
            continue;
        struct flow f = read_channel(c, d);
        sums.per_s[c->direction] += f.valid ? f.per_s : 0;
        sums.valid[c->direction] = sums.valid[c->direction] || f.valid;
        sums.saturated = sums.saturated || f.saturated;
    }
    /* A channel for both directions stands beside one for each: it is not their sum again, but what to take when they lack. */
    if (sums.valid[READ] && sums.valid[WRITE] && !sums.valid[BOTH]) {
        sums.per_s[BOTH] = sums.per_s[READ] + sums.per_s[WRITE];
        sums.valid[BOTH] = true;
    }
    return sums;
}

static void put(struct decode_frame *d, const actop_metric *ids, uint32_t row,
                const struct flows *f, enum method m, uint16_t via)
{
    for (size_t i = 0; i < N_DIRECTIONS; i++)
        if (f->valid[i])
            sample_put(d->out, ids[i], row, f->per_s[i],
                       m == BY_BUCKETS ? ACTOP_ESTIMATED
                       : i == BOTH     ? ACTOP_DERIVED
                                       : ACTOP_MEASURED,
                       via);
}

static void put_agents(const struct bandwidth *b, struct decode_frame *d)
{
    static const actop_metric ids[] = {ACTOP_METRIC_AGENT_READ, ACTOP_METRIC_AGENT_WRITE,
                                       ACTOP_METRIC_AGENT_TOTAL};
    for (size_t i = 0; i < b->n_agents; i++)
        for (size_t m = 0; m < N_METHODS; m++) {
            struct flows f = gather(b, d, (enum method)m, (int32_t)i);
            if (!f.valid[READ] && !f.valid[WRITE] && !f.valid[BOTH])
                continue;
            uint32_t row = (uint32_t)b->agents[i].row;
            put(d, ids, row, &f, (enum method)m, b->via[m]);
            if (m == BY_BUCKETS)
                sample_put(d->out, ACTOP_METRIC_AGENT_SATURATED, row, f.saturated, ACTOP_ESTIMATED,
                           b->via[m]);
            break;
        }
}

static void step(void *state, struct decode_frame *d)
{
    static const actop_metric ids[] = {ACTOP_METRIC_BANDWIDTH_READ, ACTOP_METRIC_BANDWIDTH_WRITE,
                                       ACTOP_METRIC_BANDWIDTH};
    const struct bandwidth *b = state;
    int32_t first = b->n_channels > 0 ? b->channels[0].channel : -1;
    sample_put_state(d->out, ACTOP_METRIC_BANDWIDTH, 0, decode_absence(d, first), 0);
    for (size_t m = 0; m < N_METHODS; m++) {
        struct flows f = gather(b, d, (enum method)m, TOTAL);
        if (!f.valid[BOTH])
            continue;
        put(d, ids, 0, &f, (enum method)m, b->via[m]);
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

static void notes(const void *state, const struct decode_notes *d)
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
    for (int32_t i = 0; i < (int32_t)s->n_channels; i++) {
        bool taken = method_of(schema_text(s, s->channels[i].group)) == N_METHODS;
        for (size_t k = 0; k < b->n_channels && !taken; k++)
            taken = b->channels[k].channel == i;
        if (!taken)
            notes_add(d->into, ACTOP_NOTE_CHANNEL, schema_text(s, s->channels[i].key),
                      "bandwidth in a unit or form not known here");
    }
}

static void release(void *state)
{
    struct bandwidth *b = state;
    free(b->channels);
    free(b->agents);
}

static bool clone_bandwidth(void *to, const void *from)
{
    struct bandwidth *c = to;
    const struct bandwidth *b = from;
    c->channels = NULL;
    c->agents = NULL;
    c->cap_channels = c->cap_agents = 0;
    if (!VEC_GROW(c->channels, c->cap_channels, b->n_channels) ||
        !VEC_GROW(c->agents, c->cap_agents, b->n_agents)) {
        release(c);
        return false;
    }
    if (b->n_channels > 0)
        memcpy(c->channels, b->channels, b->n_channels * sizeof *b->channels);
    if (b->n_agents > 0)
        memcpy(c->agents, b->agents, b->n_agents * sizeof *b->agents);
    return true;
}

const struct decode_part decode_part_apple_bandwidth = {
    .name = "bandwidth",
    .state_size = sizeof(struct bandwidth),
    .begin = begin,
    .step = step,
    .notes = notes,
    .clone = clone_bandwidth,
    .release = release,
};
