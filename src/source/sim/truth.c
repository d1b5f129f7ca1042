/* SPDX-License-Identifier: MIT */
/* A simulated machine's counters. Time runs in steps that end at publications, so that a batch carries exactly what had
 * been used when it was stamped. */
#include "source/sim/truth.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double ticks_per_us = 24;
static const double page_b = 16384;
/* Byte counters of the memory controller go in bursts (recorded: all of an M1 Pro's are multiples of 64). */
static const double burst_b = 64;

void load_idle(struct load *l)
{
    *l = (struct load){.realized = 1, .memory = 0.45, .read_gbps = 0.4, .write_gbps = 0.2};
    for (int i = 0; i < LOAD_LEVELS; i++)
        l->cpu[i] = i == 0 ? 0.005 : 0.03;
}

static double clamp01(double x)
{
    return x < 0 ? 0 : x > 1 ? 1 : x;
}

/* Busy share of one core: the first of a cluster takes more than the last, the mean is the level's. */
static double core_busy(const struct truth *t, const struct machine_cluster *c, unsigned core)
{
    double mean = t->load.cpu[c->level % LOAD_LEVELS];
    double tilt = c->cores > 1 ? 1 - 2.0 * core / (c->cores - 1) : 0;

    return clamp01(mean + tilt * 0.6 * mean * (1 - mean));
}

static unsigned level_index(double speed, unsigned n)
{
    return n == 0 ? 0 : (unsigned)(clamp01(speed) * (n - 1) + 0.5);
}

/* Clock of a cluster as a share of its top, requested or realized. */
static double clock_share(const struct truth *t, const struct machine_cluster *c, bool realized)
{
    const struct machine_table *table = machine_table_of(t->machine, c->table);
    unsigned at = level_index(t->load.speed[c->level % LOAD_LEVELS], table != NULL ? table->n : 0);
    double top = 0;

    if (table == NULL || table->n == 0)
        return 1;
    for (unsigned i = 0; i < table->n; i++)
        top = fmax(top, table->mhz[i]);
    return table->mhz[at] / top * (realized ? t->load.realized : 1);
}

static double core_watts(const struct truth *t, const struct machine_cluster *c, unsigned core)
{
    double share = clock_share(t, c, true);

    return c->idle_w +
           core_busy(t, c, core) * (c->busy_w - c->idle_w) * share * share * sqrt(share);
}

static double cluster_watts(const struct truth *t, const struct machine_cluster *c)
{
    double sum = 0;

    for (unsigned i = 0; i < c->cores; i++)
        sum += core_watts(t, c, i);
    return sum * 1.06; /* its shared cache */
}

static double fabric_watts(const struct truth *t, const struct machine_cluster *c)
{
    return cluster_watts(t, c) * 0.06;
}

static double cpu_watts(const struct truth *t, int die)
{
    double sum = 0;

    for (size_t i = 0; i < t->machine->n_clusters; i++)
        if (die < 0 || t->machine->clusters[i].die == (unsigned)die)
            sum += cluster_watts(t, &t->machine->clusters[i]) +
                   fabric_watts(t, &t->machine->clusters[i]);
    return sum;
}

static double gpu_watts(const struct truth *t)
{
    double f = 0.25 + 0.75 * clamp01(t->load.gpu_speed);

    return t->machine->gpu.idle_w +
           clamp01(t->load.gpu) * (t->machine->gpu.busy_w - t->machine->gpu.idle_w) * f * f;
}

static double dram_watts(const struct truth *t)
{
    return 0.12 + 0.028 * (t->load.read_gbps + t->load.write_gbps);
}

static double system_watts(const struct truth *t)
{
    return t->machine->base_w + cpu_watts(t, -1) + gpu_watts(t) + 8 * clamp01(t->load.ane) +
           dram_watts(t);
}

double truth_watts(const struct truth *t, const struct machine_domain *d)
{
    const struct machine_cluster *c = d->cluster >= 0 ? &t->machine->clusters[d->cluster] : NULL;
    double w = 0;

    switch (d->kind) {
    case DOMAIN_NONE:
        w = 0;
        break;
    case DOMAIN_CPU:
        w = cpu_watts(t, d->die);
        break;
    case DOMAIN_CLUSTER:
        w = cluster_watts(t, c);
        break;
    case DOMAIN_CORE:
        w = core_watts(t, c, (unsigned)d->core);
        break;
    case DOMAIN_FABRIC:
        w = fabric_watts(t, c);
        break;
    case DOMAIN_GPU:
        w = gpu_watts(t);
        break;
    case DOMAIN_GPU_SRAM:
        w = gpu_watts(t) * 0.03;
        break;
    case DOMAIN_ANE:
        w = 8 * clamp01(t->load.ane);
        break;
    case DOMAIN_DRAM:
        w = dram_watts(t);
        break;
    case DOMAIN_OTHER:
        w = d->watts;
        break;
    case DOMAIN_TOTAL:
        w = system_watts(t);
        break;
    case DOMAIN_ADAPTER:
        w = t->load.on_battery ? 0 : system_watts(t) * 1.06;
        break;
    case DOMAIN_BATTERY:
        w = t->load.on_battery ? system_watts(t) : 0;
        break;
    }
    return w / d->parts;
}

/* ---- channels over a step --------------------------------------------------------------------------------------- */

/* Time in the states of one core or cluster: idle (or DOWN), the rest at the clock's state and a little below. */
static void run_states(struct truth *t, size_t at, const struct machine_cluster *c, double busy,
                       double speed, double ticks)
{
    const struct machine_channel *ch = &t->machine->channels[at];
    unsigned first = c->has_down ? 2 : 1, n = c->states;
    unsigned top = level_index(speed, n);
    double *v = t->total[at];

    if (n == 0 || ch->n_states != n + first)
        return;
    if (c->has_down && busy < 0.01) {
        v[0] += 0.9 * (1 - busy) * ticks;
        v[1] += 0.1 * (1 - busy) * ticks;
    } else {
        v[first - 1] += (1 - busy) * ticks;
    }
    v[first + top] += busy * (top > 0 ? 0.85 : 1) * ticks;
    if (top > 0)
        v[first + top - 1] += busy * 0.15 * ticks;
}

/* The state whose clock is nearest to the realized one. */
static double realized_speed(const struct truth *t, const struct machine_cluster *c)
{
    const struct machine_table *table = machine_table_of(t->machine, c->table);
    double want = clock_share(t, c, true), best = 2, top = 0, speed = 0;

    if (table == NULL || table->n < 2)
        return 0;
    for (unsigned i = 0; i < table->n; i++)
        top = fmax(top, table->mhz[i]);
    for (unsigned i = 0; i < table->n; i++)
        if (fabs(table->mhz[i] / top - want) < best) {
            best = fabs(table->mhz[i] / top - want);
            speed = (double)i / (table->n - 1);
        }
    return speed;
}

static void run_cluster_channel(struct truth *t, size_t at, double ticks)
{
    const struct machine_channel *ch = &t->machine->channels[at];
    const struct machine_cluster *c = &t->machine->clusters[ch->domain.cluster];
    double speed = t->load.speed[c->level % LOAD_LEVELS], busiest = 0;

    if (ch->kind == CHANNEL_CORE) {
        run_states(t, at, c, core_busy(t, c, (unsigned)ch->domain.core), speed, ticks);
        return;
    }
    for (unsigned i = 0; i < c->cores; i++)
        busiest = fmax(busiest, core_busy(t, c, i));
    busiest = clamp01(busiest * 1.2); /* a complex is up while any of its cores is */
    if (ch->kind == CHANNEL_VOLTAGE)
        t->total[at][level_index(speed, ch->n_states)] += ticks;
    else
        run_states(t, at, c, busiest, ch->kind == CHANNEL_FABRIC ? realized_speed(t, c) : speed,
                   ticks);
}

static void run_gpu(struct truth *t, size_t at, double ticks)
{
    unsigned n = t->machine->channels[at].n_states;

    t->total[at][0] += (1 - clamp01(t->load.gpu)) * ticks;
    t->total[at][n > 1 ? 1 + level_index(t->load.gpu_speed, n - 1) : 0] += clamp01(t->load.gpu) *
                                                                           ticks;
}

/* GB/s of one agent in the directions asked for (1 read, 2 write). */
static double traffic(const struct truth *t, const struct machine_channel *ch, int direction)
{
    const struct load *l = &t->load;
    double gbps = (direction & 1 ? l->read_gbps : 0) + (direction & 2 ? l->write_gbps : 0);
    double cpu = 0.05 + cpu_watts(t, -1), gpu = 0.02 + gpu_watts(t),
           ane = 0.01 + 8 * clamp01(l->ane);
    double sum = cpu + gpu + ane + 0.3;

    switch (ch->domain.kind) {
    case DOMAIN_CPU:
    case DOMAIN_CLUSTER:
        gbps *= cpu / sum;
        break;
    case DOMAIN_GPU:
        gbps *= gpu / sum;
        break;
    case DOMAIN_ANE:
        gbps *= ane / sum;
        break;
    case DOMAIN_OTHER:
        gbps *= 0.3 / sum;
        break;
    default:
        break;
    }
    return gbps / ch->domain.parts;
}

static void run_channel(struct truth *t, size_t at, double s)
{
    const struct machine_channel *ch = &t->machine->channels[at];
    double ticks = s * 1e6 * ticks_per_us;
    double bucket;

    switch (ch->kind) {
    case CHANNEL_ENERGY:
        t->total[at][0] += truth_watts(t, &ch->domain) * s / ch->joules;
        break;
    case CHANNEL_STEP:
        break;
    case CHANNEL_CORE:
    case CHANNEL_COMPLEX:
    case CHANNEL_FABRIC:
    case CHANNEL_VOLTAGE:
        run_cluster_channel(t, at, ticks);
        break;
    case CHANNEL_GPU:
        run_gpu(t, at, ticks);
        break;
    case CHANNEL_READ:
        t->total[at][0] += traffic(t, ch, 1) * 1e9 * s;
        break;
    case CHANNEL_WRITE:
        t->total[at][0] += traffic(t, ch, 2) * 1e9 * s;
        break;
    case CHANNEL_HISTOGRAM:
        bucket = fmin(traffic(t, ch, ch->direction) / ch->step_gb, ch->n_states - 1);
        t->total[at][(unsigned)bucket] += s * 1e6;
        break;
    case CHANNEL_OTHER:
        t->total[at][t->load.pressure > 0 && ch->n_states > 1 ? 1 : 0] += ticks;
        break;
    case CHANNEL_ANE:
        t->total[at][0] += clamp01(t->load.ane) * ticks;
        break;
    }
}

static void publish(struct truth *t, size_t at)
{
    const struct machine_channel *ch = &t->machine->channels[at];
    unsigned n = ch->n_states;
    double step = ch->kind == CHANNEL_READ || ch->kind == CHANNEL_WRITE ? burst_b : 1;

    for (unsigned i = 0; i < (n > 0 ? n : 1); i++)
        t->published[at][i] = (int64_t)(floor(t->total[at][i] / step) * step);
    t->stamp_ns[at] = t->awake_ns;
}

/* ---- the rest over a step --------------------------------------------------------------------------------------- */

static void run_cpus(struct truth *t, double ns)
{
    const struct machine *m = t->machine;

    for (size_t i = 0; i < m->n_clusters; i++)
        for (unsigned k = 0; k < m->clusters[i].cores; k++) {
            double *v = t->cpu_ns + 4 * (m->clusters[i].first_cpu + k);
            double busy = core_busy(t, &m->clusters[i], k);
            v[0] += busy * 0.8 * ns;
            v[1] += busy * 0.2 * ns;
            v[2] += (1 - busy) * ns;
        }
    for (uint64_t i = 0; m->n_clusters == 0 && i < m->cpus; i++) {
        t->cpu_ns[4 * i] += t->load.cpu[0] * ns;
        t->cpu_ns[4 * i + 2] += (1 - t->load.cpu[0]) * ns;
    }
}

static void run_processes(struct truth *t, double ns)
{
    const struct machine *m = t->machine;
    double busy_ns = 0, watts = cpu_watts(t, -1);

    for (size_t i = 0; i < m->n_clusters; i++)
        for (unsigned k = 0; k < m->clusters[i].cores; k++)
            busy_ns += core_busy(t, &m->clusters[i], k) * ns;
    for (size_t i = 0; i < m->n_processes; i++) {
        const struct machine_process *p = &m->processes[i];
        struct truth_process *v = &t->processes[i];
        v->cpu_ns += p->cpu * busy_ns;
        v->gpu_ns += p->gpu * clamp01(t->load.gpu) * ns;
        v->energy_nj += p->cpu * watts * ns;
        v->disk_read_b += p->cpu * t->load.disk_read * 1e9 * ns / 1e9;
        v->disk_written_b += p->cpu * t->load.disk_write * 1e9 * ns / 1e9;
    }
}

static void run_devices(struct truth *t, double s)
{
    const struct machine *m = t->machine;

    for (size_t i = 0; i < m->n_interfaces; i++) {
        t->net_rx[i] += (double)m->interfaces[i].receive_bps * t->load.net * s;
        t->net_tx[i] += (double)m->interfaces[i].send_bps * t->load.net * s;
    }
    for (size_t i = 0; i < m->n_disks; i++) {
        t->disk_read[i] += (double)m->disks[i].read_bps * t->load.disk_read * s;
        t->disk_written[i] += (double)m->disks[i].write_bps * t->load.disk_write * s;
    }
    t->page_faults += 900 * s * (1 + 20 * t->load.cpu[0]);
    if (t->load.on_battery)
        t->battery_mah += system_watts(t) / 12.41 * 1000 * s / 3600;
}

/* Die temperatures follow their watts with a time constant of 8 s, up to 38 degrees above idle. */
static void run_heat(struct truth *t, double s)
{
    double cpu_peak = 1, gpu_peak = fmax(1, t->machine->gpu.busy_w), k = 1 - exp(-s / 8);

    for (size_t i = 0; i < t->machine->n_clusters; i++)
        cpu_peak += t->machine->clusters[i].cores * t->machine->clusters[i].busy_w;
    t->cpu_rise += k * (38 * fmin(1, cpu_watts(t, -1) / cpu_peak) - t->cpu_rise);
    t->gpu_rise += k * (38 * fmin(1, gpu_watts(t) / gpu_peak) - t->gpu_rise);
}

/* ---- time ------------------------------------------------------------------------------------------------------- */

static void advance_publications(struct truth *t)
{
    const struct machine *m = t->machine;

    for (size_t p = 0; p < m->n_publications; p++) {
        const struct machine_publication *pub = &m->publications[p];
        if (t->next_ns[p] > t->awake_ns)
            continue;
        for (size_t i = 0; i < m->n_channels; i++)
            if (m->channels[i].joules > 0 && m->channels[i].publication == p)
                publish(t, i);
        t->turn[p] = (t->turn[p] + 1) % pub->n;
        t->next_ns[p] += pub->period_ns[t->turn[p]];
    }
}

static int64_t until_next(const struct truth *t, int64_t ns)
{
    for (size_t p = 0; p < t->machine->n_publications; p++)
        if (t->next_ns[p] - t->awake_ns < ns)
            ns = t->next_ns[p] - t->awake_ns;
    return ns;
}

void truth_run(struct truth *t, int64_t ns)
{
    while (ns > 0) {
        int64_t step = until_next(t, ns);
        double s = (double)step / 1e9;
        for (size_t i = 0; i < t->machine->n_channels; i++)
            run_channel(t, i, s);
        run_cpus(t, (double)step);
        run_processes(t, (double)step);
        run_devices(t, s);
        run_heat(t, s);
        t->awake_ns += step;
        t->boot_ns += step;
        t->wall_ns += step;
        ns -= step;
        advance_publications(t);
    }
    for (size_t i = 0; i < t->machine->n_channels; i++)
        if (!(t->machine->channels[i].joules > 0))
            publish(t, i); /* state and byte reports are brought up to date when somebody looks */
}

void truth_sleep(struct truth *t, int64_t ns)
{
    t->boot_ns += ns;
    t->wall_ns += ns;
    t->cpu_rise = t->gpu_rise = 0;
}

void truth_restart(struct truth *t, const char *group)
{
    for (size_t i = 0; i < t->machine->n_channels; i++) {
        const struct machine_channel *c = &t->machine->channels[i];
        if (strcmp(c->group, group) != 0)
            continue;
        for (unsigned k = 0; k < (c->n_states > 0 ? c->n_states : 1); k++)
            t->total[i][k] = 0;
        publish(t, i);
    }
}

/* All arrays in one allocation: count first, then hand out. */
static bool allocate(struct truth *t, const struct machine *m)
{
    size_t slots = 0, cells, i = 0;
    double *doubles;

    for (i = 0; i < m->n_channels; i++)
        slots += m->channels[i].n_states > 0 ? m->channels[i].n_states : 1;
    cells = 2 * slots + 4 * m->cpus + 2 * (m->n_interfaces + m->n_disks) + 5 * m->n_processes +
            3 * m->n_channels + 2 * m->n_publications + 8;
    t->memory = calloc(cells, 8);
    if (t->memory == NULL)
        return false;
    doubles = t->memory;
    t->total = (double **)(void *)doubles;
    doubles += m->n_channels;
    t->published = (int64_t **)(void *)doubles;
    doubles += m->n_channels;
    t->stamp_ns = (int64_t *)(void *)doubles;
    doubles += m->n_channels;
    t->next_ns = (int64_t *)(void *)doubles;
    doubles += m->n_publications;
    t->turn = (unsigned *)(void *)doubles;
    doubles += m->n_publications;
    for (i = 0; i < m->n_channels; i++) {
        size_t n = m->channels[i].n_states > 0 ? m->channels[i].n_states : 1;
        t->total[i] = doubles;
        t->published[i] = (int64_t *)(void *)(doubles + n);
        doubles += 2 * n;
    }
    t->cpu_ns = doubles;
    doubles += 4 * m->cpus;
    t->net_rx = doubles;
    t->net_tx = t->net_rx + m->n_interfaces;
    t->disk_read = t->net_tx + m->n_interfaces;
    t->disk_written = t->disk_read + m->n_disks;
    t->processes = (struct truth_process *)(void *)(t->disk_written + m->n_disks);
    return true;
}

bool truth_init(struct truth *t, const struct machine *m, int64_t wall_ns)
{
    *t = (struct truth){.machine = m, .wall_ns = wall_ns};
    load_idle(&t->load);
    if (!allocate(t, m))
        return false;
    t->awake_ns = 86400LL * 1000000000; /* up for a day, an hour of it asleep */
    t->boot_ns = t->awake_ns + 3600LL * 1000000000;
    for (size_t p = 0; p < m->n_publications; p++) {
        t->next_ns[p] = t->awake_ns + m->publications[p].period_ns[0];
        for (size_t i = 0; i < m->n_channels; i++)
            if (m->channels[i].publication == p && m->channels[i].kind == CHANNEL_ENERGY)
                t->total[i][0] = truth_watts(t, &m->channels[i].domain) * 3600 /
                                 m->channels[i].joules;
    }
    for (size_t i = 0; i < m->n_channels; i++)
        publish(t, i);
    for (uint64_t i = 0; i < m->cpus; i++)
        t->cpu_ns[4 * i + 2] = 8e13;
    return true;
}

void truth_release(struct truth *t)
{
    free(t->memory);
    *t = (struct truth){0};
}

/* ---- sensors and other views ------------------------------------------------------------------------------------ */

static double rise_of(const struct truth *t, enum machine_domain_kind kind)
{
    if (kind == DOMAIN_CPU)
        return t->cpu_rise;
    if (kind == DOMAIN_GPU)
        return t->gpu_rise;
    return kind == DOMAIN_NONE ? 0 : 0.2 * fmax(t->cpu_rise, t->gpu_rise);
}

double truth_smc(const struct truth *t, size_t key)
{
    const struct machine_smc_key *k = &t->machine->smc_keys[key];

    return k->is_power ? truth_watts(t, &k->domain) : k->idle + rise_of(t, k->domain.kind);
}

double truth_hid(const struct truth *t, size_t sensor)
{
    const struct machine_hid *h = &t->machine->hid[sensor];
    bool dead = h->idle < 15 || strstr(h->product, "tcal") != NULL ||
                strstr(h->product, "TR0Z") != NULL;

    if (dead)
        return h->idle;
    if (strstr(h->product, "ACC") != NULL || strstr(h->product, "tdie") != NULL)
        return h->idle + t->cpu_rise;
    return h->idle + rise_of(t, strstr(h->product, "GPU") != NULL ? DOMAIN_GPU : DOMAIN_TOTAL);
}

double truth_fan(const struct truth *t, size_t fan)
{
    const struct machine_fan *f = &t->machine->fans[fan];
    double rise = fmax(t->cpu_rise, t->gpu_rise);
    bool stops = strcmp(t->machine->body, "laptop") == 0;

    if (rise < 8)
        return stops ? 0 : f->min_rpm;
    return f->min_rpm + (f->max_rpm - f->min_rpm) * clamp01((rise - 15) / 40);
}

unsigned truth_smc_bytes(const char type[4], double value, uint8_t out[32])
{
    memset(out, 0, 32);
    if (memcmp(type, "flt ", 4) == 0) {
        float f = (float)value;
        uint32_t bits;
        memcpy(&bits, &f, 4);
        for (unsigned i = 0; i < 4; i++)
            out[i] = (uint8_t)(bits >> 8 * i);
        return 4;
    }
    if (memcmp(type, "ioft", 4) == 0) {
        uint64_t fixed = (uint64_t)(int64_t)(value * 65536);
        for (unsigned i = 0; i < 8; i++)
            out[i] = (uint8_t)(fixed >> 8 * i);
        return 8;
    }
    if (memcmp(type, "ui8 ", 4) == 0) {
        out[0] = (uint8_t)value;
        return 1;
    }
    if (memcmp(type, "ui32", 4) == 0) {
        for (unsigned i = 0; i < 4; i++)
            out[i] = (uint8_t)((uint32_t)value >> (24 - 8 * i)); /* big-endian, like #KEY */
        return 4;
    }
    return 0;
}

void truth_cpu_ticks(const struct truth *t, unsigned cpu, uint32_t ticks[4])
{
    for (unsigned i = 0; i < 4; i++)
        ticks[i] = (uint32_t)(uint64_t)(t->cpu_ns[4 * cpu + i] / 1e7);
}

int64_t truth_gpu_percent(const struct truth *t)
{
    return (int64_t)(clamp01(t->load.gpu) * 100 + 0.5);
}

uint64_t truth_gpu_memory(const struct truth *t)
{
    double used_b = (double)t->machine->memory_b * (0.01 + 0.3 * clamp01(t->load.gpu));

    return (uint64_t)(floor(used_b / (2 * page_b)) * 2 *
                      page_b); /* and 3/2 of it are whole pages too */
}

void truth_memory(const struct truth *t, struct truth_memory *p)
{
    double all = (double)t->machine->memory_b / page_b, used = clamp01(t->load.memory) * all;

    p->wire = (uint64_t)(0.12 * all);
    p->compressor = (uint64_t)(0.10 * used);
    p->purgeable = (uint64_t)(0.01 * all);
    p->internal = (uint64_t)(used - 0.12 * all - 0.10 * used + 0.01 * all > 0
                                 ? used - 0.12 * all - 0.10 * used + 0.01 * all
                                 : 0);
    p->external = (uint64_t)(0.6 * (all - used));
    p->free = (uint64_t)(0.35 * (all - used));
    p->speculative = (uint64_t)(0.02 * (all - used));
    p->active = (p->internal + p->external) / 2;
    p->inactive = (p->internal + p->external) / 2;
    p->uncompressed = 3 * p->compressor;
}
