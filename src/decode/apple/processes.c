/* SPDX-License-Identifier: MIT */
/* Processes and the GPU's clients. CPU times are mach ticks (documented nowhere, recorded: 125/3 ns on Apple silicon); times are told only
 * of processes of the same user, so of others a row has its name and no more (documented: XNU's proc_info.c). GPU time is the sum over a
 * process's clients and is told of all. Energy is ri_energy_nj, which moves for own processes on macOS 13 and later (recorded: M4 Max). */

#include "decode/apple/apple.h"
#include "decode/rowmap.h"
#include "decode/rows.h"

enum {
    PID,
    START,
    PPID,
    UID,
    NAME,
    PATH,
    CMDLINE,
    OWN,
    USER_TICKS,
    SYSTEM_TICKS,
    RSS,
    THREADS,
    READ_B,
    WRITTEN_B,
    ENERGY,
    N_COLUMNS
};
static const char *const names[N_COLUMNS] = {"pid",         "start_us",       "ppid",     "uid",
                                             "name",        "path",           "cmdline",  "own",
                                             "user_ticks",  "system_ticks",   "rss_b",    "threads",
                                             "disk_read_b", "disk_written_b", "energy_nj"};
enum { CLIENT_ID, CLIENT_PID, CLIENT_NS, N_CLIENT };
static const char *const client_names[N_CLIENT] = {"client", "pid", "gpu_ns"};
enum { CPU_COUNTER, READ_COUNTER, WRITE_COUNTER, ENERGY_COUNTER, N_COUNTERS };

struct processes {
    struct rowmap map, clients;
    int32_t rows, client_rows;
    int32_t columns[N_COLUMNS], client_columns[N_CLIENT];
    double tick_s;
    uint16_t via, via_rusage, via_gpu;
};

/* One frame being decoded. */
struct pass {
    struct processes *s;
    struct decode_frame *d;
    double cpu_s, gpu_s;
    bool any_gpu;
};

static bool begin(void *state, struct decode_schema *d)
{
    struct processes *s = state;
    uint64_t numer, denom;
    s->map.n_counters = N_COUNTERS;
    s->clients.n_counters = 1;
    s->rows = rows_find(d->schema, "process", names, s->columns, N_COLUMNS);
    s->client_rows = rows_find(d->schema, "gpu_client", client_names, s->client_columns, N_CLIENT);
    bool known = schema_get_u64(d->schema, "mach/timebase", 0, &numer) &&
                 schema_get_u64(d->schema, "mach/timebase", 1, &denom) && denom > 0;
    s->tick_s = known ? (double)numer / (double)denom * 1e-9 : 125.0 / 3.0 * 1e-9;
    s->via = topology_via(d->topology, "process");
    s->via_rusage = topology_via(d->topology, "rusage");
    s->via_gpu = topology_via(d->topology, "registry/agx");
    return true;
}

static bool number(const struct pass *p, uint32_t row, int column, uint64_t *v)
{
    return row_u64(p->d->frame, p->s->rows, row, p->s->columns[column], v);
}

static void put(const struct pass *p, actop_metric id, uint32_t out, double v, actop_origin origin)
{
    sample_put(p->d->out, id, out, v, origin, p->s->via);
}

static void put_text(const struct pass *p, actop_metric id, uint32_t row, uint32_t out, int column)
{
    size_t n;
    const char *text = row_text(p->d->frame, p->s->rows, row, p->s->columns[column], &n);
    if (n > 0)
        sample_put_text(p->d->out, id, out, text, n, p->s->via);
}

static size_t put_digits(char *end, uint64_t v)
{
    size_t n = 0;
    do
        end[-(ptrdiff_t)++n] = (char)('0' + v % 10);
    while ((v /= 10) > 0);
    return n;
}

static int32_t add_row(const struct pass *p, uint32_t row, uint64_t pid)
{
    char digits[24];
    size_t n_key = put_digits(digits + sizeof digits, pid), n_name;
    const char *name = row_text(p->d->frame, p->s->rows, row, p->s->columns[NAME], &n_name);
    int32_t out = sample_add_row(p->d->out, ACTOP_SCOPE_PROCESS, digits + sizeof digits - n_key,
                                 n_key, name, n_name);
    if (out < 0)
        return -1;
    struct entity *e = sample_entity(p->d->out, ACTOP_SCOPE_PROCESS, (uint32_t)out);
    e->id = pid;
    (void)number(p, row, START, &e->start);
    return out;
}

static void put_facts(const struct pass *p, uint32_t row, uint32_t out)
{
    uint64_t v;
    char digits[24];
    put_text(p, ACTOP_METRIC_PROC_COMMAND, row, out, NAME);
    put_text(p, ACTOP_METRIC_PROC_EXE, row, out, PATH);
    put_text(p, ACTOP_METRIC_PROC_CMDLINE, row, out, CMDLINE);
    if (number(p, row, PPID, &v))
        put(p, ACTOP_METRIC_PROC_PARENT, out, (double)v, ACTOP_MEASURED);
    if (number(p, row, THREADS, &v))
        put(p, ACTOP_METRIC_PROC_THREADS, out, (double)v, ACTOP_MEASURED);
    if (number(p, row, RSS, &v))
        put(p, ACTOP_METRIC_PROC_RSS, out, (double)v, ACTOP_MEASURED);
    if (number(p, row, UID, &v)) {
        size_t n = put_digits(digits + sizeof digits, v);
        sample_put_text(p->d->out, ACTOP_METRIC_PROC_USER, out, digits + sizeof digits - n, n,
                        p->s->via);
    }
}

/* Seconds of CPU in this interval stand in the share's cell until all are summed. */
static void put_cpu(struct pass *p, uint32_t row, uint32_t out, struct counter *c)
{
    uint64_t user, system;
    struct counter_step step;
    if (!number(p, row, USER_TICKS, &user) || !number(p, row, SYSTEM_TICKS, &system)) {
        sample_put_state(p->d->out, ACTOP_METRIC_PROC_CPU, out, ACTOP_STATE_DENIED, p->s->via);
        sample_put_state(p->d->out, ACTOP_METRIC_PROC_CPU_SHARE, out, ACTOP_STATE_DENIED,
                         p->s->via);
        return;
    }
    put(p, ACTOP_METRIC_PROC_CPU_TIME, out, (double)(user + system) * p->s->tick_s, ACTOP_MEASURED);
    if (counter_take(c, user + system, p->d->frame->at.awake_ns, 64, 0, &step) != ACTOP_OK) {
        sample_put_state(p->d->out, ACTOP_METRIC_PROC_CPU, out, ACTOP_STATE_WARMING, p->s->via);
        sample_put_state(p->d->out, ACTOP_METRIC_PROC_CPU_SHARE, out, ACTOP_STATE_WARMING,
                         p->s->via);
        return;
    }
    double used_s = (double)step.grew * p->s->tick_s;
    p->cpu_s += used_s;
    put(p, ACTOP_METRIC_PROC_CPU, out, counter_rate(&step, p->s->tick_s), ACTOP_MEASURED);
    put(p, ACTOP_METRIC_PROC_CPU_SHARE, out, used_s, ACTOP_DERIVED);
}

static void put_rusage(const struct pass *p, uint32_t row, uint32_t out, struct counter *counters)
{
    static const struct {
        int column, counter;
        actop_metric id;
    } rates[] = {{READ_B, READ_COUNTER, ACTOP_METRIC_PROC_READ},
                 {WRITTEN_B, WRITE_COUNTER, ACTOP_METRIC_PROC_WRITE}};
    struct counter_step step;
    uint64_t v;
    for (size_t i = 0; i < 2; i++)
        if (number(p, row, rates[i].column, &v) &&
            counter_take(&counters[rates[i].counter], v, p->d->frame->at.awake_ns, 64, 0, &step) ==
                ACTOP_OK)
            sample_put(p->d->out, rates[i].id, out, counter_rate(&step, 1), ACTOP_MEASURED,
                       p->s->via_rusage);
    struct counter *energy = &counters[ENERGY_COUNTER];
    if (!number(p, row, ENERGY, &v))
        return;
    (void)counter_take(energy, v, p->d->frame->at.awake_ns, 64, 0, &step);
    sample_put(p->d->out, ACTOP_METRIC_PROC_ENERGY_RAW, out, (double)energy->total * 1e-9,
               ACTOP_MEASURED, p->s->via_rusage);
}

static void step_row(struct pass *p, uint32_t row)
{
    uint64_t pid = 0;
    struct counter *counters = rowmap_find(&p->s->map, frame_row_key(p->d->frame, p->s->rows, row));
    int32_t out = number(p, row, PID, &pid) ? add_row(p, row, pid) : -1;
    if (counters == NULL || out < 0) {
        p->d->out->failed = p->d->out->failed || counters == NULL;
        return;
    }
    put_facts(p, row, (uint32_t)out);
    put_cpu(p, row, (uint32_t)out, &counters[CPU_COUNTER]);
    put_rusage(p, row, (uint32_t)out, counters);
}

/* ---- GPU clients ----------------------------------------------------------------------------------------------------- */

static int64_t row_of_pid(const struct actop_sample_t *s, uint64_t pid)
{
    for (uint32_t row = 0; row < sample_rows(s, ACTOP_SCOPE_PROCESS); row++)
        if (sample_entity_get(s, ACTOP_SCOPE_PROCESS, row)->id == pid)
            return row;
    return -1;
}

static void add_to(struct decode_frame *d, actop_metric id, uint32_t row, double v, uint16_t via)
{
    double before = 0;
    (void)sample_get(d->out, id, row, &before);
    sample_put(d->out, id, row, before + v, ACTOP_DERIVED, via);
}

static void step_client(struct pass *p, uint32_t row)
{
    const struct processes *s = p->s;
    const struct frame *f = p->d->frame;
    uint64_t pid, ns;
    struct counter_step step;
    struct counter *c = rowmap_find(&p->s->clients, frame_row_key(f, s->client_rows, row));
    if (c == NULL || !row_u64(f, s->client_rows, row, s->client_columns[CLIENT_PID], &pid) ||
        !row_u64(f, s->client_rows, row, s->client_columns[CLIENT_NS], &ns)) {
        p->d->out->failed = p->d->out->failed || c == NULL;
        return;
    }
    bool known = counter_take(c, ns, f->at.awake_ns, 64, 0, &step) == ACTOP_OK;
    int64_t out = row_of_pid(p->d->out, pid);
    p->gpu_s += known ? (double)step.grew * 1e-9 : 0;
    p->any_gpu = p->any_gpu || known;
    if (out < 0)
        return;
    add_to(p->d, ACTOP_METRIC_PROC_GPU_TIME, (uint32_t)out, (double)ns * 1e-9, s->via_gpu);
    if (known)
        add_to(p->d, ACTOP_METRIC_PROC_GPU_SHARE, (uint32_t)out, (double)step.grew * 1e-9,
               s->via_gpu);
}

/* ---- Shares ------------------------------------------------------------------------------------------------------------- */

/* Busy seconds of all CPUs in the interval: utilization times cores times time. */
static double busy_seconds(const struct decode_frame *d)
{
    double util;
    if (!sample_get(d->out, ACTOP_METRIC_CPU_UTIL, 0, &util))
        return 0;
    return util * (double)sample_rows(d->out, ACTOP_SCOPE_CORE) * (double)d->interval_ns * 1e-9;
}

static void share(struct decode_frame *d, actop_metric id, uint32_t row, double whole)
{
    struct cell *c = sample_cell(d->out, id, row);
    if (cell_has(c))
        c->value = whole > 0 ? c->value / whole : 0;
}

static void step(void *state, struct decode_frame *d)
{
    struct processes *s = state;
    struct pass p = {s, d, 0, 0, false};
    if (d->gap) {
        rowmap_break(&s->map);
        rowmap_break(&s->clients);
    }
    if (!rows_read(d->frame, s->rows))
        return;
    sample_put(d->out, ACTOP_METRIC_PROCESS_COUNT, 0, d->frame->rows[s->rows].n, ACTOP_MEASURED,
               s->via);
    rowmap_begin(&s->map);
    for (uint32_t row = 0; row < d->frame->rows[s->rows].n; row++)
        step_row(&p, row);
    rowmap_end(&s->map);
    rowmap_begin(&s->clients);
    for (uint32_t row = 0;
         rows_read(d->frame, s->client_rows) && row < d->frame->rows[s->client_rows].n; row++)
        step_client(&p, row);
    rowmap_end(&s->clients);
    double busy_s = busy_seconds(d);
    double whole_s = p.cpu_s > busy_s ? p.cpu_s : busy_s;
    for (uint32_t row = 0; row < sample_rows(d->out, ACTOP_SCOPE_PROCESS); row++) {
        share(d, ACTOP_METRIC_PROC_CPU_SHARE, row, whole_s);
        share(d, ACTOP_METRIC_PROC_GPU_SHARE, row, p.gpu_s);
        if (p.any_gpu && !cell_has(sample_cell(d->out, ACTOP_METRIC_PROC_GPU_SHARE, row)))
            sample_put(d->out, ACTOP_METRIC_PROC_GPU_SHARE, row, 0, ACTOP_DERIVED, s->via_gpu);
    }
}

static void release(void *state)
{
    struct processes *s = state;
    rowmap_release(&s->map);
    rowmap_release(&s->clients);
}

static bool own(void *state)
{
    struct processes *s = state;
    bool ok = rowmap_own(&s->map);
    return rowmap_own(&s->clients) && ok;
}

const struct decode_part decode_part_apple_processes = {
    .name = "processes",
    .state_size = sizeof(struct processes),
    .begin = begin,
    .step = step,
    .own = own,
    .release = release,
};
