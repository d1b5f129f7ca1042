/* SPDX-License-Identifier: MIT */
/* Processes: CPU and GPU time as shares of what there was, memory, threads, owners. Times are compared with those of the
 * same identity (pid and start time) in the frame before; a process seen for the first time is warming. */
#include <stdlib.h>
#include <string.h>

#include "base/cold.h"
#include "base/vec.h"
#include "decode/rows.h"
#include "decode/rowmap.h"

enum {
    PID,
    START,
    PPID,
    STATE,
    COMM,
    UTIME,
    STIME,
    THREADS,
    RSS,
    FLAGS,
    UID,
    USER,
    CMDLINE,
    EXE,
    GPU_TIME,
    GPU_MEMORY,
    GPU_CYCLES,
    GPU_CLOCK,
    STAMP,
    READ_AT,
    CLOCK,
    DISK_READ,
    DISK_WRITTEN,
    DISK_ERRNO,
    N_COLUMNS
};

static const char *const names[N_COLUMNS] = {
    "pid",     "start",   "ppid",     "state",      "comm",         "utime",
    "stime",   "threads", "rss",      "flags",      "uid",          "user",
    "cmdline", "exe",     "gpu_time", "gpu_memory", "gpu_cycles",   "gpu_clock",
    "stamp",   "read",    "clock",    "disk_read",  "disk_written", "disk_errno",
};

/* CYCLES_COUNTER is stamped with the GPU's clock; WORKED_COUNTER has as its total the nanoseconds those cycles come to. */
enum {
    CPU_COUNTER,
    CLOCK_COUNTER,
    GPU_COUNTER,
    CYCLES_COUNTER,
    WORKED_COUNTER,
    READ_COUNTER,
    WRITE_COUNTER,
    N_COUNTERS
};
static const double MOST_NS = 1e18;
/* Order of the states of cpu/N/time; see source/linux/stat.h. Busy are user, nice, system, irq and softirq. */
static const uint32_t busy_states[] = {0, 1, 2, 5, 6};

static const uint64_t PF_KTHREAD = 0x200000;
/* Where the source does not say (documented, for all but alpha). */
static const double USER_HZ = 100;

struct processes {
    struct rowmap map;
    int32_t rowset, count;
    int32_t columns[N_COLUMNS];
    int32_t *times; /* channels of the CPUs' time; owned */
    size_t n_times, cap_times;
    double tick_s, page_b; /* page_b 0: unknown */
    uint16_t via;
};

/* What one frame adds up. */
struct sums {
    double cpu_s, gpu_s;
    bool any_gpu;
};

/* Texts that many rows share stand in a sample once. */
struct shared_text {
    uint64_t slot;
    uint32_t offset;
};
enum { N_SHARED = 8 };

/* One frame being decoded. */
struct pass {
    struct processes *s;
    struct decode_frame *d;
    struct sums sums;
    int64_t asked_ns; /* until when it is known what the row's process ran */
    int64_t read_ns;  /* when everything else of it was read */
    struct shared_text users[N_SHARED];
};

static actop_state state_of_errno(uint64_t errnum)
{
    actop_status status = errnum <= INT32_MAX ? status_of_errno((int)errnum) : ACTOP_E_IO;
    if (status == ACTOP_E_NOT_FOUND)
        return ACTOP_STATE_UNSUPPORTED;
    return status == ACTOP_E_DENIED ? ACTOP_STATE_DENIED : ACTOP_STATE_FAILED;
}

static bool find_times(struct processes *s, const struct schema *schema)
{
    s->n_times = 0;
    for (size_t i = 0; i < schema->n_channels; i++) {
        const char *key = schema_text(schema, schema->channels[i].key);
        size_t n = strlen(key);
        if (strncmp(key, "cpu/", 4) != 0 || n < 9 || strcmp(key + n - 5, "/time") != 0 ||
            schema->channels[i].count < 7)
            continue;
        if (!VEC_GROW(s->times, s->cap_times, s->n_times + 1))
            return false;
        s->times[s->n_times++] = (int32_t)i;
    }
    return true;
}

COLD static bool process_begin(void *state, struct decode_schema *d)
{
    struct processes *s = state;
    uint64_t number;
    s->map.n_counters = N_COUNTERS;
    s->rowset = rows_find(d->schema, "processes", names, s->columns, N_COLUMNS);
    s->count = schema_find_channel(d->schema, "proc/processes");
    s->tick_s = 1 / (schema_get_u64(d->schema, "process/ticks_per_second", 0, &number) && number > 0
                         ? (double)number
                         : USER_HZ);
    s->page_b = schema_get_u64(d->schema, "process/page_size", 0, &number) ? (double)number : 0;
    s->via = topology_via(d->topology, "process");
    return find_times(s, d->schema);
}

static uint64_t number(const struct pass *p, uint32_t row, int column)
{
    uint64_t v = 0;
    (void)row_u64(p->d->frame, p->s->rowset, row, p->s->columns[column], &v);
    return v;
}

/* ---- one row ----------------------------------------------------------------------------------------------------------- */

static int32_t add_entity(const struct pass *p, uint32_t row)
{
    char key[24];
    size_t n_key = sizeof key, n_name;
    uint64_t pid = number(p, row, PID);
    const char *name = row_text(p->d->frame, p->s->rowset, row, p->s->columns[COMM], &n_name);
    uint64_t left = pid;
    do
        key[--n_key] = (char)('0' + left % 10);
    while ((left /= 10) > 0);
    int32_t out = sample_add_row(p->d->out, ACTOP_SCOPE_PROCESS, key + n_key, sizeof key - n_key,
                                 name, n_name);
    if (out < 0)
        return -1;
    struct entity *e = sample_entity(p->d->out, ACTOP_SCOPE_PROCESS, (uint32_t)out);
    e->id = pid;
    e->start = number(p, row, START);
    return out;
}

/* A text that stands in the sample already. */
static void put_offset(const struct pass *p, actop_metric id, uint32_t out, uint32_t offset)
{
    struct cell *c = sample_cell(p->d->out, id, out);
    *c = (struct cell){
        .at_ns = p->d->out->at.awake_ns, .text = offset, .via = p->s->via, .state = ACTOP_STATE_OK};
}

/* Name of the owner, or the number where the machine has no name for it. */
static void put_user(struct pass *p, uint32_t row, uint32_t out)
{
    const struct frame *f = p->d->frame;
    uint64_t slot, uid;
    size_t n;
    char digits[24];
    if (row_u64(f, p->s->rowset, row, p->s->columns[USER], &slot)) {
        struct shared_text *known = &p->users[slot % N_SHARED];
        if (known->offset == 0 || known->slot != slot) {
            const char *name = frame_bytes(f, slot, &n);
            sample_put_text(p->d->out, ACTOP_METRIC_PROC_USER, out, name, n, p->s->via);
            *known = (struct shared_text){
                slot, sample_cell(p->d->out, ACTOP_METRIC_PROC_USER, out)->text};
        }
        put_offset(p, ACTOP_METRIC_PROC_USER, out, known->offset);
    } else if (row_u64(f, p->s->rowset, row, p->s->columns[UID], &uid)) {
        size_t at = sizeof digits;
        do
            digits[--at] = (char)('0' + uid % 10);
        while ((uid /= 10) > 0);
        sample_put_text(p->d->out, ACTOP_METRIC_PROC_USER, out, digits + at, sizeof digits - at,
                        p->s->via);
    }
}

/* Words of a command line are separated by zero bytes. */
static void put_cmdline(const struct pass *p, uint32_t row, uint32_t out)
{
    const struct frame *f = p->d->frame;
    size_t n;
    const char *text = row_text(f, p->s->rowset, row, p->s->columns[CMDLINE], &n);
    if (n > 0) {
        sample_put_text(p->d->out, ACTOP_METRIC_PROC_CMDLINE, out, text, n, p->s->via);
        uint32_t offset = sample_cell(p->d->out, ACTOP_METRIC_PROC_CMDLINE, out)->text;
        for (size_t i = 0; offset != 0 && i < n; i++)
            if (p->d->out->pool.bytes[offset + i] == '\0')
                p->d->out->pool.bytes[offset + i] = ' ';
    }
    text = row_text(f, p->s->rowset, row, p->s->columns[EXE], &n);
    if (n > 0)
        sample_put_text(p->d->out, ACTOP_METRIC_PROC_EXE, out, text, n, p->s->via);
}

static actop_state state_at(const struct pass *p, int64_t at_ns)
{
    return at_ns == p->d->frame->at.awake_ns ? ACTOP_STATE_OK : ACTOP_STATE_STALE;
}

static void put_number(const struct pass *p, actop_metric id, uint32_t out, double value)
{
    sample_put_at(p->d->out, id, out, value, p->read_ns, state_at(p, p->read_ns), ACTOP_MEASURED,
                  p->s->via);
}

static bool has(const struct pass *p, uint32_t row, int column)
{
    return row_has(p->d->frame, p->s->rowset, row, p->s->columns[column]);
}

/* What the row does not say stays without a value. */
static void put_cell(const struct pass *p, actop_metric id, uint32_t row, uint32_t out, int column)
{
    if (has(p, row, column))
        put_number(p, id, out, (double)number(p, row, column));
}

static void put_facts(struct pass *p, uint32_t row, uint32_t out)
{
    const struct processes *s = p->s;
    put_offset(p, ACTOP_METRIC_PROC_COMMAND, out,
               sample_entity(p->d->out, ACTOP_SCOPE_PROCESS, out)->name);
    put_cell(p, ACTOP_METRIC_PROC_PARENT, row, out, PPID);
    put_cell(p, ACTOP_METRIC_PROC_STATE, row, out, STATE);
    put_cell(p, ACTOP_METRIC_PROC_THREADS, row, out, THREADS);
    if (has(p, row, FLAGS))
        put_number(p, ACTOP_METRIC_PROC_KERNEL, out,
                   (number(p, row, FLAGS) & PF_KTHREAD) != 0 ? 1 : 0);
    if (s->page_b > 0 && has(p, row, RSS))
        put_number(p, ACTOP_METRIC_PROC_RSS, out, (double)number(p, row, RSS) * s->page_b);
    put_user(p, row, out);
    put_cmdline(p, row, out);
}

/* Of a row whose process was not asked in this frame: it had not run when it was. */
static void put_waiting(const struct pass *p, uint32_t out)
{
    sample_put_at(p->d->out, ACTOP_METRIC_PROC_CPU, out, 0, p->asked_ns, ACTOP_STATE_STALE,
                  ACTOP_MEASURED, p->s->via);
    sample_put_at(p->d->out, ACTOP_METRIC_PROC_CPU_SHARE, out, 0, p->asked_ns, ACTOP_STATE_STALE,
                  ACTOP_DERIVED, p->s->via);
}

/* CPU time a second, and for the share its part of this interval: a process asked for the first time in several frames used
 * it over all of them. Kept in the share's cell until the sums are known. */
static void put_cpu(struct pass *p, uint32_t row, uint32_t out, struct counter *counters)
{
    struct counter_step step;
    const struct processes *s = p->s;
    uint64_t ticks = number(p, row, UTIME) + number(p, row, STIME), ran = ticks;
    if (!has(p, row, UTIME))
        return;
    actop_state state = state_at(p, p->asked_ns);
    bool exact = row_u64(p->d->frame, s->rowset, row, s->columns[CLOCK], &ran);
    struct counter *c = &counters[exact ? CLOCK_COUNTER : CPU_COUNTER];
    sample_put_at(p->d->out, ACTOP_METRIC_PROC_CPU_TIME, out, (double)ticks * s->tick_s,
                  p->asked_ns, state, ACTOP_MEASURED, s->via);
    if (state == ACTOP_STATE_STALE && c->valid) {
        put_waiting(p, out);
        return;
    }
    if (counter_take(c, ran, p->d->frame->at.awake_ns, 64, 0, &step) != ACTOP_OK) {
        sample_put_state(p->d->out, ACTOP_METRIC_PROC_CPU, out, ACTOP_STATE_WARMING, s->via);
        sample_put_state(p->d->out, ACTOP_METRIC_PROC_CPU_SHARE, out, ACTOP_STATE_WARMING, s->via);
        return;
    }
    double rate = counter_rate(&step, exact ? 1e-9 : s->tick_s);
    double used_s = rate * (double)p->d->interval_ns * 1e-9;
    p->sums.cpu_s += used_s;
    sample_put(p->d->out, ACTOP_METRIC_PROC_CPU, out, rate, ACTOP_MEASURED, s->via);
    sample_put(p->d->out, ACTOP_METRIC_PROC_CPU_SHARE, out, used_s, ACTOP_DERIVED, s->via);
}

/* Of a row without bytes: they were denied, or nobody asked yet. A source that has the column asks once a process has run;
 * as long as it has not, it moved none. */
static void put_no_disk(const struct pass *p, uint32_t row, uint32_t out)
{
    const struct processes *s = p->s;
    uint64_t errnum;
    struct cell *read = cell_at(p->d->out, ACTOP_METRIC_PROC_READ, out);
    const struct cell *cpu = cell_at(p->d->out, ACTOP_METRIC_PROC_CPU, out);
    if (read == NULL || s->columns[DISK_ERRNO] < 0)
        return;
    *read = (struct cell){.at_ns = p->asked_ns, .via = s->via, .state = ACTOP_STATE_WARMING};
    if (row_u64(p->d->frame, s->rowset, row, s->columns[DISK_ERRNO], &errnum)) {
        read->state = (uint8_t)state_of_errno(errnum);
    } else if (cell_has(cpu) && cpu->value <= 0) {
        read->state = cpu->state;
        read->origin = ACTOP_DERIVED;
    }
    *cell_at(p->d->out, ACTOP_METRIC_PROC_WRITE, out) = *read;
}

static void put_flow(const struct pass *p, actop_metric id, uint64_t bytes, uint32_t out,
                     struct counter *c)
{
    struct counter_step step;
    uint16_t via = p->s->via;
    actop_state state = state_at(p, p->asked_ns);
    if (state == ACTOP_STATE_STALE && c->valid)
        sample_put_at(p->d->out, id, out, 0, p->asked_ns, state, ACTOP_MEASURED, via);
    else if (counter_take(c, bytes, p->d->frame->at.awake_ns, 64, 0, &step) == ACTOP_OK)
        sample_put(p->d->out, id, out, counter_rate(&step, 1), ACTOP_MEASURED, via);
    else
        sample_put_state(p->d->out, id, out, ACTOP_STATE_WARMING, via);
}

/* Bytes a second. They are as new as what is known of its CPU time: read again whenever that has moved. */
static void put_disk(const struct pass *p, uint32_t row, uint32_t out, struct counter *counters)
{
    if (!has(p, row, DISK_READ) || !has(p, row, DISK_WRITTEN)) {
        put_no_disk(p, row, out);
        return;
    }
    put_flow(p, ACTOP_METRIC_PROC_READ, number(p, row, DISK_READ), out, &counters[READ_COUNTER]);
    put_flow(p, ACTOP_METRIC_PROC_WRITE, number(p, row, DISK_WRITTEN), out,
             &counters[WRITE_COUNTER]);
}

/* Nanoseconds that cycles come to since the process was first looked at: the share of the GPU's clock they are, times our
 * own time between the two looks. False: the row says nothing of cycles. */
static bool worked_ns(const struct pass *p, uint32_t row, struct counter *counters,
                      uint64_t *busy_ns)
{
    struct counter *cycles = &counters[CYCLES_COUNTER], *worked = &counters[WORKED_COUNTER];
    struct counter_step step;
    int64_t now_ns = p->d->frame->at.awake_ns;
    if (!has(p, row, GPU_CYCLES) || !has(p, row, GPU_CLOCK))
        return false;
    /* The clock starts again after about an hour where hardware gives 36 bits of it: such an interval is dropped. So is
     * what no GPU could have done, which only a made-up recording says. */
    bool known = counter_take(cycles, number(p, row, GPU_CYCLES),
                              (int64_t)(number(p, row, GPU_CLOCK) & INT64_MAX), 64, 0,
                              &step) == ACTOP_OK &&
                 worked->valid;
    double grew_ns =
        known ? (double)step.grew / (double)step.dt_ns * (double)(now_ns - worked->at_ns) : 0;
    if (grew_ns < MOST_NS)
        worked->total += (uint64_t)grew_ns;
    worked->at_ns = now_ns;
    worked->valid = true;
    *busy_ns = worked->total;
    return true;
}

static void put_gpu(struct pass *p, uint32_t row, uint32_t out, struct counter *counters)
{
    struct counter_step step;
    struct counter *c = &counters[GPU_COUNTER];
    const struct processes *s = p->s;
    uint64_t busy_ns, memory_b;
    bool by_cycles = worked_ns(p, row, counters, &busy_ns);
    if (row_u64(p->d->frame, s->rowset, row, s->columns[GPU_MEMORY], &memory_b))
        sample_put(p->d->out, ACTOP_METRIC_PROC_GPU_MEM, out, (double)memory_b, ACTOP_MEASURED,
                   s->via);
    if (!by_cycles && !row_u64(p->d->frame, s->rowset, row, s->columns[GPU_TIME], &busy_ns))
        return;
    sample_put(p->d->out, ACTOP_METRIC_PROC_GPU_TIME, out, (double)busy_ns * 1e-9,
               by_cycles ? ACTOP_DERIVED : ACTOP_MEASURED, s->via);
    if (counter_take(c, busy_ns, p->d->frame->at.awake_ns, 64, 0, &step) != ACTOP_OK) {
        sample_put_state(p->d->out, ACTOP_METRIC_PROC_GPU_SHARE, out, ACTOP_STATE_WARMING, s->via);
        return;
    }
    p->sums.any_gpu = true;
    p->sums.gpu_s += (double)step.grew * 1e-9;
    sample_put(p->d->out, ACTOP_METRIC_PROC_GPU_SHARE, out, (double)step.grew * 1e-9, ACTOP_DERIVED,
               s->via);
}

static void step_row(struct pass *p, uint32_t row)
{
    const struct frame *f = p->d->frame;
    struct counter *counters = rowmap_find(&p->s->map, frame_row_key(f, p->s->rowset, row));
    int32_t out = add_entity(p, row);
    if (counters == NULL)
        p->d->out->failed = true;
    if (counters == NULL || out < 0)
        return;
    p->asked_ns = f->at.awake_ns;
    (void)row_i64(f, p->s->rowset, row, p->s->columns[STAMP], &p->asked_ns);
    p->read_ns = p->asked_ns;
    (void)row_i64(f, p->s->rowset, row, p->s->columns[READ_AT], &p->read_ns);
    put_facts(p, row, (uint32_t)out);
    put_cpu(p, row, (uint32_t)out, counters);
    put_disk(p, row, (uint32_t)out, counters);
    put_gpu(p, row, (uint32_t)out, counters);
}

/* ---- all rows ------------------------------------------------------------------------------------------------------------- */

/* Busy time of all CPUs in this interval. */
static double busy_s(const struct processes *s, const struct decode_frame *d)
{
    double ticks = 0;
    for (size_t i = 0; i < s->n_times; i++) {
        for (size_t k = 0; k < sizeof busy_states / sizeof *busy_states; k++) {
            struct counter_step step;
            if (decode_step(d, s->times[i], busy_states[k], &step))
                ticks += (double)step.grew;
        }
    }
    return ticks * s->tick_s;
}

/* Seconds become shares. */
static void put_shares(const struct pass *p)
{
    const struct decode_frame *d = p->d;
    uint32_t n = sample_rows(d->out, ACTOP_SCOPE_PROCESS);
    double busy = busy_s(p->s, d);
    double cpu_s = busy > p->sums.cpu_s ? busy : p->sums.cpu_s;
    for (uint32_t row = 0; row < n; row++) {
        struct cell *cpu = sample_cell(d->out, ACTOP_METRIC_PROC_CPU_SHARE, row);
        struct cell *gpu = sample_cell(d->out, ACTOP_METRIC_PROC_GPU_SHARE, row);
        if (cell_has(cpu))
            cpu->value = cpu_s > 0 ? cpu->value / cpu_s : 0;
        if (cell_has(gpu))
            gpu->value = p->sums.gpu_s > 0 ? gpu->value / p->sums.gpu_s : 0;
        else if (p->sums.any_gpu && gpu->state == ACTOP_STATE_NONE)
            sample_put(d->out, ACTOP_METRIC_PROC_GPU_SHARE, row, 0, ACTOP_DERIVED, p->s->via);
    }
}

static void step_rows(struct processes *s, struct decode_frame *d)
{
    struct pass p = {.s = s, .d = d};
    uint32_t n = d->frame->rows[s->rowset].n;
    rowmap_begin(&s->map);
    rowmap_expect(&s->map, n);
    sample_expect(d->out, ACTOP_SCOPE_PROCESS, n + n / 16);
    for (uint32_t row = 0; row < n; row++)
        step_row(&p, row);
    rowmap_end(&s->map);
    put_shares(&p);
}

static void process_step(void *state, struct decode_frame *d)
{
    struct processes *s = state;
    if (d->gap)
        rowmap_break(&s->map);
    if (frame_has(d->frame, s->count))
        sample_put(d->out, ACTOP_METRIC_PROCESS_COUNT, 0, (double)frame_u64(d->frame, s->count),
                   ACTOP_MEASURED, s->via);
    else
        sample_put_state(d->out, ACTOP_METRIC_PROCESS_COUNT, 0, decode_absence(d, s->count),
                         s->via);
    if (rows_read(d->frame, s->rowset))
        step_rows(s, d);
}

COLD static bool process_own(void *state)
{
    struct processes *s = state;
    s->cap_times = s->n_times;
    bool ok = VEC_OWN(s->times, s->cap_times, s->n_times);
    return rowmap_own(&s->map) && ok;
}

COLD static void process_release(void *state)
{
    struct processes *s = state;
    rowmap_release(&s->map);
    free(s->times);
}

const struct decode_part decode_part_process = {
    .name = "process",
    .state_size = sizeof(struct processes),
    .begin = process_begin,
    .step = process_step,
    .own = process_own,
    .release = process_release,
};
