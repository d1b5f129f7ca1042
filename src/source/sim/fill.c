/* SPDX-License-Identifier: MIT */
/* Writing a simulated machine's truth into a frame. */
#include <math.h>
#include <string.h>

#include "source/sim/sim.h"

static const double NS_PER_TICK = 125.0 / 3.0;

static void fill_channels(const struct truth *t, const struct sim_map *map, struct frame *f)
{
    const struct machine *m = t->machine;
    for (size_t i = 0; i < m->n_channels; i++) {
        int32_t at = map->channels[i];
        if (at < 0)
            continue;
        uint64_t *slots = frame_array(f, at);
        for (unsigned k = 0; k < (m->channels[i].n_states > 0 ? m->channels[i].n_states : 1); k++)
            slots[k] = (uint64_t)t->published[i][k];
        frame_set_stamp(f, at, t->stamp_ns[i]);
    }
}

static void fill_cpus(const struct truth *t, const struct sim_map *map, struct frame *f)
{
    for (unsigned i = 0; i < t->machine->cpus; i++) {
        uint32_t ticks[4];
        uint64_t *slots = frame_array(f, map->ticks[i]);
        truth_cpu_ticks(t, i, ticks);
        for (size_t k = 0; k < 4; k++)
            slots[k] = ticks[k];
    }
}

static void fill_memory(const struct truth *t, const struct sim_map *map, struct frame *f)
{
    struct truth_memory p;
    truth_memory(t, &p);
    const uint64_t pages[] = {p.free,
                              p.active,
                              p.inactive,
                              p.wire,
                              p.purgeable,
                              p.speculative,
                              p.compressor,
                              0,
                              p.external,
                              p.internal,
                              p.uncompressed,
                              (uint64_t)(t->page_faults / 50),
                              (uint64_t)(t->page_faults / 80)};
    for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++)
        frame_set_u64(f, map->vm[i], pages[i]);
    uint64_t *swap = frame_array(f, map->swap);
    swap[0] = UINT64_C(2) << 30;
    swap[2] = t->load.memory > 0.7 ? (uint64_t)((t->load.memory - 0.7) * 3e9) : 0;
    swap[1] = swap[0] - swap[2];
    frame_set_u64(f, map->pressure, t->load.memory > 0.9 ? 4 : t->load.memory > 0.8 ? 2 : 1);
    uint64_t *load = frame_array(f, map->loadavg);
    load[0] = load[1] = load[2] = (uint64_t)(t->load.cpu[0] * (double)t->machine->cpus * 2048);
    load[3] = 2048;
}

static void fill_thermal(const struct truth *t, const struct sim_map *map, struct frame *f)
{
    frame_set_u64(f, map->thermal, t->load.pressure);
    frame_set_u64(f, map->level, t->load.pressure == 0 ? 0 : t->load.pressure <= 2 ? 1 : 3);
}

static void fill_agx(const struct truth *t, const struct sim_map *map, struct frame *f)
{
    if (map->agx[0] < 0)
        return;
    uint64_t busy = (uint64_t)truth_gpu_percent(t), memory = truth_gpu_memory(t);
    const uint64_t values[] = {busy, busy > 1 ? busy - 1 : 0, busy / 40, memory, memory * 3 / 2};
    for (size_t i = 0; i < 5; i++)
        frame_set_u64(f, map->agx[i], values[i]);
}

static uint64_t first_bytes(const uint8_t bytes[32])
{
    uint64_t raw = 0;
    for (unsigned i = 0; i < 8; i++)
        raw |= (uint64_t)bytes[i] << 8 * i;
    return raw;
}

static void fill_sensors(const struct truth *t, const struct sim_map *map, struct frame *f)
{
    const struct machine *m = t->machine;
    uint8_t bytes[32];
    for (size_t i = 0; i < m->n_smc_keys; i++)
        if (truth_smc_bytes(m->smc_keys[i].type, truth_smc(t, i), bytes) > 0)
            frame_set_u64(f, map->smc[i], first_bytes(bytes));
    for (size_t i = 0; i < m->n_fans; i++) {
        const double rpm[] = {truth_fan(t, i), m->fans[i].min_rpm, m->fans[i].max_rpm};
        for (size_t k = 0; k < 3; k++) {
            (void)truth_smc_bytes("flt ", rpm[k], bytes);
            frame_set_u64(f, map->fans[3 * i + k], first_bytes(bytes));
        }
    }
    for (size_t i = 0; i < m->n_hid;
         i++) /* events carry 16 bits behind the point (documented: IOFixed) */
        frame_set_f64(f, map->hid[i], floor(truth_hid(t, i) * 65536) / 65536);
}

/* ---- Rows ---------------------------------------------------------------------------------------------------------- */

/* A row being written, column after column. */
struct writer {
    struct frame *f;
    int32_t rows;
    uint32_t row, column;
};

static bool row_begin(struct writer *w, struct frame *f, int32_t rows)
{
    *w = (struct writer){f, rows, frame_row(f, rows), 0};
    return w->row != UINT32_MAX;
}

static void put(struct writer *w, double value)
{
    frame_cell_u64(w->f, w->rows, w->row, w->column++, value < 0 ? 0 : (uint64_t)value);
}

static void put_text(struct writer *w, const char *text)
{
    frame_cell_bytes(w->f, w->rows, w->row, w->column++, text, strlen(text));
}

static void skip(struct writer *w, uint32_t n)
{
    w->column += n;
}

/* As on a Mac, another user's process has a name and no more. */
static void fill_process(const struct truth *t, const struct sim_map *map, struct frame *f,
                         size_t i)
{
    const struct machine_process *p = &t->machine->processes[i];
    const struct truth_process *v = &t->processes[i];
    struct writer w;
    bool own = p->user == t->machine->user;
    if (!row_begin(&w, f, map->processes))
        return;
    put(&w, p->pid);
    put(&w, own ? 1767260000000000.0 + p->pid * 1000.0 : 0);
    put(&w, p->pid == 0 ? 0 : 1);
    put(&w, p->user);
    put_text(&w, p->name);
    put(&w, own);
    if (!own)
        return;
    put(&w, v->cpu_ns * 0.8 / NS_PER_TICK);
    put(&w, v->cpu_ns * 0.2 / NS_PER_TICK);
    put(&w, (double)p->rss_b);
    put(&w, p->threads);
    put(&w, v->disk_read_b);
    put(&w, v->disk_written_b);
    put(&w, v->energy_nj);
}

static void fill_processes(const struct truth *t, const struct sim_map *map, struct frame *f)
{
    const struct machine *m = t->machine;
    struct writer w;
    if ((f->want & ACTOP_WANT(ACTOP_SCOPE_PROCESS)) == 0) {
        f->rows[map->processes].status = SLOT_NOT_WANTED;
        return;
    }
    f->rows[map->processes].status = SLOT_READ;
    for (size_t i = 0; i < m->n_processes; i++)
        fill_process(t, map, f, i);
    for (size_t i = 0; map->clients >= 0 && i < m->n_processes; i++)
        if (m->processes[i].gpu > 0 && row_begin(&w, f, map->clients)) {
            put(&w, 4294967296.0 + (double)i); /* registry ids are large */
            put(&w, m->processes[i].pid);
            put_text(&w, m->processes[i].name);
            put(&w, t->processes[i].gpu_ns);
        }
}

static void fill_interfaces(const struct truth *t, const struct sim_map *map, struct frame *f)
{
    const struct machine *m = t->machine;
    struct writer w;
    for (size_t i = 0; i < m->n_interfaces && row_begin(&w, f, map->interfaces); i++) {
        put_text(&w, m->interfaces[i].name);
        put(&w, (double)i + 1);
        put(&w, m->interfaces[i].type);
        put(&w, 0x8863);
        put(&w, (double)m->interfaces[i].baud);
        put(&w, t->net_rx[i]);
        put(&w, t->net_tx[i]);
        put(&w, t->net_rx[i] / 1200);
        put(&w, t->net_tx[i] / 900);
        put(&w, 0);
        put(&w, 0);
    }
}

static void fill_disks(const struct truth *t, const struct sim_map *map, struct frame *f)
{
    const struct machine *m = t->machine;
    struct writer w;
    for (size_t i = 0; i < m->n_disks && row_begin(&w, f, map->disks); i++) {
        put_text(&w, m->disks[i].name);
        put(&w, t->disk_read[i]);
        put(&w, t->disk_written[i]);
        put(&w, t->disk_read[i] / 65536);
        put(&w, t->disk_written[i] / 65536);
        put(&w, t->disk_read[i] / 3);
        put(&w, t->disk_written[i] / 2);
    }
    for (size_t i = 0; i < m->n_mounts && row_begin(&w, f, map->volumes); i++) {
        double blocks = m->n_disks > 0 ? (double)m->disks[0].size_b / 4096 : 0;
        put_text(&w, m->mounts[i].path);
        put_text(&w, m->mounts[i].device);
        put_text(&w, m->mounts[i].type);
        put(&w, 4096);
        put(&w, blocks);
        put(&w, blocks * (1 - m->mounts[i].used));
        put(&w, blocks * (1 - m->mounts[i].used));
    }
}

/* Booleans come as 0 and 1, as CFBoolean does. */
static uint64_t battery_value(const struct truth *t, const struct machine_pair *p)
{
    if (strcmp(p->key, "ExternalConnected") == 0)
        return t->load.on_battery ? 0 : 1;
    if (p->text != NULL && p->text[0] != '\0')
        return strcmp(p->text, "yes") == 0 ? 1 : 0;
    return (uint64_t)p->value;
}

static void fill_battery(const struct truth *t, const struct sim_map *map, struct frame *f)
{
    const struct machine *m = t->machine;
    struct writer w;
    if (map->batteries < 0 || !row_begin(&w, f, map->batteries))
        return;
    put_text(&w, "battery");
    for (size_t i = 0; i < m->n_battery && w.column < 1 + 32; i++)
        if (sim_pair_is_number(&m->battery[i])) {
            frame_cell_u64(f, w.rows, w.row, w.column, battery_value(t, &m->battery[i]));
            skip(&w, 1);
        }
}

void sim_fill(const struct truth *t, const struct sim_map *map, struct frame *f)
{
    fill_channels(t, map, f);
    fill_cpus(t, map, f);
    fill_memory(t, map, f);
    fill_thermal(t, map, f);
    fill_agx(t, map, f);
    fill_sensors(t, map, f);
    fill_processes(t, map, f);
    fill_interfaces(t, map, f);
    fill_disks(t, map, f);
    fill_battery(t, map, f);
}
