/* SPDX-License-Identifier: MIT */
/* Shares the watts; see attribution.h. Reading order: attribution_add, match_rows, shares_of, put_rows. */
#include "analysis/attribution.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cold.h"
#include "base/error.h"
#include "base/vec.h"

/* Rows may be limited or filtered, and then a process without a row has not ended. */
static const double COMPLETE_RATIO = 0.9;
/* Steps after which a process that is not seen, though it may live, is forgotten. */
static const uint64_t FORGET_STEPS = 600;

/* ---- Finding a process again -------------------------------------------------------------------------------------- */

static uint32_t slot_of(const struct attribution *a, uint64_t pid, uint64_t start)
{
    uint64_t key[2] = {pid, start};
    return (uint32_t)hash_bytes(key, sizeof key) & a->index_mask;
}

static void index_entries(struct attribution *a)
{
    memset(a->index, 0, ((size_t)a->index_mask + 1) * sizeof *a->index);
    for (size_t i = 0; i < a->n_before; i++) {
        uint32_t slot = slot_of(a, a->before[i].pid, a->before[i].start);
        while (a->index[slot] != 0)
            slot = (slot + 1) & a->index_mask;
        a->index[slot] = (uint32_t)i + 1;
    }
}

static struct process_entry *find_entry(struct attribution *a, uint64_t pid, uint64_t start)
{
    for (uint32_t slot = slot_of(a, pid, start); a->index[slot] != 0;
         slot = (slot + 1) & a->index_mask) {
        struct process_entry *e = &a->before[a->index[slot] - 1];
        if (e->pid == pid && e->start == start)
            return e;
    }
    return NULL;
}

/* Room for a sample of that many rows, all of it before anything changes. */
static bool make_room(struct attribution *a, size_t rows)
{
    size_t slots = 16;
    while (slots < 2 * (a->n_before + 1))
        slots *= 2;
    a->n_now = 0;
    if (!VEC_RESERVE(a->deltas, a->cap_deltas, rows) ||
        !VEC_RESERVE(a->index, a->cap_index, slots) ||
        !VEC_RESERVE(a->now, a->cap_now, rows + a->n_before + 1) ||
        !VEC_RESERVE(a->matched, a->cap_matched, a->n_before + 1))
        return false;
    a->index_mask = (uint32_t)slots - 1;
    memset(a->matched, 0, a->n_before * sizeof *a->matched);
    index_entries(a);
    return true;
}

/* ---- What each row did -------------------------------------------------------------------------------------------- */

/* A total in units of 1e-9, -1 when there is none. */
static int64_t read_nano(const struct actop_sample_t *s, actop_metric id, uint32_t row)
{
    double value;
    if (!sample_get(s, id, row, &value) || value < 0 || value > 9e9)
        return -1;
    return (int64_t)llround(value * 1e9);
}

/* A total that fell belongs to a counter that was reset: nothing is known of this interval. */
static int64_t grew(int64_t before, int64_t now)
{
    return before < 0 || now < before ? -1 : now - before;
}

static void copy_name(char into[PROCESS_NAME_SIZE], const char *name)
{
    size_t n = strlen(name);
    if (n > PROCESS_NAME_SIZE - 1)
        n = PROCESS_NAME_SIZE - 1;
    memcpy(into, name, n);
    into[n] = '\0';
}

static void match_row(struct attribution *a, const struct step *step, uint32_t row)
{
    const struct actop_sample_t *s = step->s;
    const struct entity *e = sample_entity_get(s, ACTOP_SCOPE_PROCESS, row);
    struct process_delta *d = &a->deltas[row];
    *d = (struct process_delta){-1, -1, -1, 0, false};
    if ((e->flags & (ACTOP_ENTITY_HIDDEN | ACTOP_ENTITY_EXITED)) != 0)
        return;
    struct process_entry *before = find_entry(a, e->id, e->start);
    struct process_entry *now = &a->now[a->n_now];
    *now = (struct process_entry){.pid = e->id, .start = e->start, .seen = a->step};
    now->cpu_ns = read_nano(s, ACTOP_METRIC_PROC_CPU_TIME, row);
    now->gpu_ns = read_nano(s, ACTOP_METRIC_PROC_GPU_TIME, row);
    now->kernel_nj = read_nano(s, ACTOP_METRIC_PROC_ENERGY_RAW, row);
    d->entry = (uint32_t)a->n_now++;
    d->counts = true;
    if (before == NULL) {
        copy_name(now->name,
                  sample_entity_text(s, ACTOP_SCOPE_PROCESS, e->name != 0 ? e->name : e->key));
        return;
    }
    memcpy(now->name, before->name, sizeof now->name);
    now->energy_j = before->energy_j;
    now->has_energy = before->has_energy;
    a->matched[before - a->before] = true;
    if (before->seen + 1 != a->step || step->dt_s <= 0 || s->gap)
        return;
    d->cpu_ns = grew(before->cpu_ns, now->cpu_ns);
    /* A client that appears starts from nothing; so does the time of one that is there for the first time. */
    d->gpu_ns = now->gpu_ns < 0 ? -1 : grew(before->gpu_ns < 0 ? 0 : before->gpu_ns, now->gpu_ns);
    d->kernel_nj = grew(before->kernel_nj, now->kernel_nj);
    a->kernel_moves = a->kernel_moves || d->kernel_nj > 0;
}

/* ---- Shares --------------------------------------------------------------------------------------------------------- */

struct shares {
    double dt_s;
    double cpu_w, gpu_w; /* -1: unknown */
    double scale;        /* of the kernel's energies, at most 1 */
    double rest_w;       /* of the CPU, for those whose energy the kernel does not count */
    int64_t cpu_ns;      /* what rest_w is shared over */
    int64_t gpu_ns;
    int64_t all_cpu_ns; /* what shares of CPU time are of */
    double hidden_w, unattributed_w;
    double hidden_ratio; /* of all CPU time */
    bool gpu_known;      /* GPU time of processes is read at all */
    bool any;            /* some row has a difference */
};

struct totals {
    int64_t visible_ns, measured_ns, gpu_ns, kernel_nj;
    bool any, gpu_known;
};

static bool is_measured(const struct attribution *a, const struct process_delta *d)
{
    return a->kernel_moves && d->kernel_nj >= 0;
}

static struct totals count_totals(const struct attribution *a, uint32_t rows)
{
    struct totals t = {0};
    for (uint32_t row = 0; row < rows; row++) {
        const struct process_delta *d = &a->deltas[row];
        if (!d->counts)
            continue;
        t.gpu_known = t.gpu_known || a->now[d->entry].gpu_ns >= 0;
        t.gpu_ns = ns_sum(t.gpu_ns, d->gpu_ns > 0 ? d->gpu_ns : 0);
        t.visible_ns = ns_sum(t.visible_ns, d->cpu_ns > 0 ? d->cpu_ns : 0);
        t.any = t.any || d->cpu_ns >= 0 || d->gpu_ns >= 0;
        if (!is_measured(a, d))
            continue;
        t.kernel_nj = ns_sum(t.kernel_nj, d->kernel_nj);
        t.measured_ns = ns_sum(t.measured_ns, d->cpu_ns > 0 ? d->cpu_ns : 0);
    }
    return t;
}

static int64_t busy_ns(const struct step *step)
{
    double cores = step->facts->busy_cores;
    if (cores < 0)
        cores = value_or(step->s, ACTOP_METRIC_CPU_UTIL, 0, 0) * step->facts->cores;
    double ns = cores * step->dt_s * 1e9;
    return ns < 0 ? 0 : ns > 9e18 ? INT64_MAX : (int64_t)llround(ns);
}

/* The CPU's watts: first what the kernel measured, scaled if that is more than there is; the rest by time. */
static void share_cpu(struct attribution *a, const struct step *step, const struct totals *t,
                      struct shares *sh)
{
    double kernel_w = (double)t->kernel_nj / 1e9 / sh->dt_s;
    int64_t busy = busy_ns(step);
    int64_t others_ns = t->visible_ns - t->measured_ns;
    int64_t left_ns = busy - t->measured_ns;
    sh->all_cpu_ns = busy > t->visible_ns ? busy : t->visible_ns;
    sh->cpu_ns = left_ns > others_ns ? left_ns : others_ns;
    sh->scale = 1;
    if (sh->all_cpu_ns > 0)
        sh->hidden_ratio = (double)(sh->all_cpu_ns - t->visible_ns) / (double)sh->all_cpu_ns;
    if (sh->cpu_w < 0)
        return;
    if (kernel_w > sh->cpu_w) {
        sh->scale = sh->cpu_w / kernel_w;
        a->scaled++;
    }
    sh->rest_w = sh->cpu_w - kernel_w * sh->scale;
    sh->rest_w = sh->rest_w < 0 ? 0 : sh->rest_w;
    if (sh->cpu_ns > 0)
        sh->hidden_w = sh->rest_w * ((double)(sh->cpu_ns - others_ns) / (double)sh->cpu_ns);
    else
        sh->unattributed_w += sh->rest_w;
}

static struct shares shares_of(struct attribution *a, const struct step *step, uint32_t rows)
{
    struct totals t = count_totals(a, rows);
    struct shares sh = {.dt_s = step->dt_s,
                        .cpu_w = value_or(step->s, ACTOP_METRIC_CPU_POWER, 0, -1),
                        .gpu_w = value_or(step->s, ACTOP_METRIC_GPU_POWER, 0, -1),
                        .gpu_ns = t.gpu_ns,
                        .gpu_known = t.gpu_known,
                        .any = t.any};
    if (!sh.any)
        return sh;
    share_cpu(a, step, &t, &sh);
    if (sh.gpu_w >= 0 && sh.gpu_ns == 0)
        sh.unattributed_w += sh.gpu_w;
    return sh;
}

/* ---- Writing -------------------------------------------------------------------------------------------------------- */

struct row_power {
    double watts;
    actop_origin origin;
    bool known;
};

static struct row_power power_of(const struct attribution *a, const struct process_delta *d,
                                 const struct shares *sh)
{
    struct row_power p = {0, ACTOP_ESTIMATED, false};
    bool measured = is_measured(a, d);
    if (sh->cpu_w >= 0 && measured) {
        p.watts = (double)d->kernel_nj / 1e9 / sh->dt_s * sh->scale;
        p.origin = sh->scale < 1 ? ACTOP_DERIVED : ACTOP_MEASURED;
        p.known = true;
    } else if (sh->cpu_w >= 0 && d->cpu_ns >= 0) {
        p.watts = sh->cpu_ns > 0 ? sh->rest_w * ((double)d->cpu_ns / (double)sh->cpu_ns) : 0;
        p.known = true;
    }
    if (sh->gpu_w >= 0 && d->gpu_ns >= 0) {
        p.known = true;
        if (d->gpu_ns > 0) {
            p.watts += sh->gpu_w * ((double)d->gpu_ns / (double)sh->gpu_ns);
            p.origin = ACTOP_ESTIMATED;
        }
    }
    return p;
}

static void put_shares(struct actop_sample_t *s, uint32_t row, const struct process_delta *d,
                       const struct shares *sh)
{
    if (d->cpu_ns >= 0) {
        double of_all = sh->all_cpu_ns > 0 ? (double)d->cpu_ns / (double)sh->all_cpu_ns : 0;
        put_missing(s, ACTOP_METRIC_PROC_CPU, row, (double)d->cpu_ns / 1e9 / sh->dt_s,
                    ACTOP_DERIVED);
        put_missing(s, ACTOP_METRIC_PROC_CPU_SHARE, row, of_all, ACTOP_DERIVED);
    }
    if (sh->gpu_known && (d->cpu_ns >= 0 || d->gpu_ns >= 0)) {
        double of_all = sh->gpu_ns > 0 && d->gpu_ns > 0 ? (double)d->gpu_ns / (double)sh->gpu_ns
                                                        : 0;
        put_missing(s, ACTOP_METRIC_PROC_GPU_SHARE, row, of_all, ACTOP_DERIVED);
    }
}

static void put_row(struct attribution *a, struct actop_sample_t *s, uint32_t row,
                    const struct shares *sh)
{
    const struct process_delta *d = &a->deltas[row];
    struct process_entry *e = &a->now[d->entry];
    if (sh->any) {
        struct row_power p = power_of(a, d, sh);
        put_shares(s, row, d, sh);
        if (p.known) {
            sample_put(s, ACTOP_METRIC_PROC_POWER, row, p.watts, p.origin, 0);
            e->energy_j += p.watts * sh->dt_s;
            e->has_energy = true;
        }
    }
    if (e->has_energy)
        sample_put(s, ACTOP_METRIC_PROC_ENERGY, row, e->energy_j, ACTOP_ESTIMATED, 0);
}

static void put_hidden(struct attribution *a, struct actop_sample_t *s, const struct shares *sh)
{
    static const char key[] = "hidden";
    static const char name[] = "(not visible)";
    bool power_known = sh->any && sh->cpu_w >= 0;
    a->hidden_j += power_known ? sh->hidden_w * sh->dt_s : 0;
    if (!(a->hidden_j > 0) && !(sh->hidden_ratio > 0))
        return;
    int32_t added =
        sample_add_row(s, ACTOP_SCOPE_PROCESS, key, sizeof key - 1, name, sizeof name - 1);
    if (added < 0)
        return;
    uint32_t row = (uint32_t)added;
    struct entity *e = sample_entity(s, ACTOP_SCOPE_PROCESS, row);
    e->flags = ACTOP_ENTITY_HIDDEN;
    e->id = 0;
    sample_put_text(s, ACTOP_METRIC_PROC_COMMAND, row, name, sizeof name - 1, 0);
    if (sh->any)
        sample_put(s, ACTOP_METRIC_PROC_CPU_SHARE, row, sh->hidden_ratio, ACTOP_DERIVED, 0);
    if (power_known)
        sample_put(s, ACTOP_METRIC_PROC_POWER, row, sh->hidden_w, ACTOP_ESTIMATED, 0);
    sample_put(s, ACTOP_METRIC_PROC_ENERGY, row, a->hidden_j, ACTOP_ESTIMATED, 0);
}

/* ---- Those that ended ----------------------------------------------------------------------------------------------- */

/* Room for one more: its own, or that of the one with the least, which goes to the others. */
static struct exited_process *exited_slot(struct attribution *a, double energy_j)
{
    if (a->n_exited < EXITED_MOST)
        return &a->exited[a->n_exited++];
    struct exited_process *least = &a->exited[0];
    for (uint32_t i = 1; i < EXITED_MOST; i++)
        if (a->exited[i].energy_j < least->energy_j)
            least = &a->exited[i];
    if (!(least->energy_j < energy_j)) {
        a->exited_others_j += energy_j;
        return NULL;
    }
    a->exited_others_j += least->energy_j;
    return least;
}

static void retire(struct attribution *a, const struct process_entry *e)
{
    struct exited_process *x = e->energy_j > 0 ? exited_slot(a, e->energy_j) : NULL;
    if (x == NULL)
        return;
    *x = (struct exited_process){.pid = e->pid, .start = e->start, .energy_j = e->energy_j};
    memcpy(x->name, e->name, sizeof x->name);
}

/* Processes of the sample before without a row: they ended, if this sample has all rows; else they are kept a while. */
static void settle_unmatched(struct attribution *a, const struct actop_sample_t *s)
{
    double count = value_or(s, ACTOP_METRIC_PROCESS_COUNT, 0, 0);
    bool complete = (double)a->n_now >= COMPLETE_RATIO * count;
    for (size_t i = 0; i < a->n_before; i++) {
        const struct process_entry *e = &a->before[i];
        if (a->matched[i])
            continue;
        if (!complete && a->step - e->seen < FORGET_STEPS)
            a->now[a->n_now++] = *e;
        else
            retire(a, e);
    }
}

static void put_exited_row(struct actop_sample_t *s, uint64_t pid, uint64_t start, const char *name,
                           double energy_j)
{
    int32_t added = sample_add_row(s, ACTOP_SCOPE_PROCESS, "exited", 6, name, strlen(name));
    if (added < 0)
        return;
    uint32_t row = (uint32_t)added;
    struct entity *e = sample_entity(s, ACTOP_SCOPE_PROCESS, row);
    e->flags = ACTOP_ENTITY_EXITED;
    e->id = pid;
    e->start = start;
    sample_put_text(s, ACTOP_METRIC_PROC_COMMAND, row, name, strlen(name), 0);
    sample_put(s, ACTOP_METRIC_PROC_ENERGY, row, energy_j, ACTOP_ESTIMATED, 0);
}

static void put_exited(const struct attribution *a, struct actop_sample_t *s)
{
    for (uint32_t i = 0; i < a->n_exited; i++)
        put_exited_row(s, a->exited[i].pid, a->exited[i].start, a->exited[i].name,
                       a->exited[i].energy_j);
    if (a->exited_others_j > 0)
        put_exited_row(s, 0, 0, "(others that ended)", a->exited_others_j);
}

/* ---- The step --------------------------------------------------------------------------------------------------------- */

static void swap_entries(struct attribution *a)
{
    struct process_entry *entries = a->before;
    size_t cap = a->cap_before;
    a->before = a->now;
    a->cap_before = a->cap_now;
    a->n_before = a->n_now;
    a->now = entries;
    a->cap_now = cap;
}

actop_status attribution_add(struct attribution *a, const struct step *step, actop_error *err)
{
    struct actop_sample_t *s = step->s;
    uint32_t rows = sample_rows(s, ACTOP_SCOPE_PROCESS);
    a->step++;
    if (rows == 0)
        return ACTOP_OK;
    if (!make_room(a, rows))
        return error_set(err, ACTOP_E_NOMEM, "out of memory for %u processes", (unsigned)rows);
    for (uint32_t row = 0; row < rows; row++)
        match_row(a, step, row);
    struct shares sh = shares_of(a, step, rows);
    for (uint32_t row = 0; row < rows; row++)
        if (a->deltas[row].counts)
            put_row(a, s, row, &sh);
    settle_unmatched(a, s);
    swap_entries(a);
    put_hidden(a, s, &sh);
    put_exited(a, s);
    if (sh.any && (sh.cpu_w >= 0 || sh.gpu_w >= 0))
        sample_put(s, ACTOP_METRIC_UNATTRIBUTED_POWER, 0, sh.unattributed_w, ACTOP_ESTIMATED, 0);
    if (a->kernel_moves)
        put_total(s, ACTOP_METRIC_ATTRIBUTION_SCALED, (double)a->scaled);
    return ACTOP_OK;
}

COLD void attribution_release(struct attribution *a)
{
    free(a->before);
    free(a->now);
    free(a->index);
    free(a->matched);
    free(a->deltas);
    *a = (struct attribution){0};
}

COLD bool attribution_copy(struct attribution *into, const struct attribution *from)
{
    *into = *from;
    into->now = NULL; /* this and what follows is scratch */
    into->index = NULL;
    into->matched = NULL;
    into->deltas = NULL;
    into->cap_now = into->cap_index = into->cap_matched = into->cap_deltas = 0;
    into->cap_before = into->n_before;
    if (VEC_OWN(into->before, into->cap_before, into->n_before))
        return true;
    *into = (struct attribution){0};
    return false;
}
