/* SPDX-License-Identifier: MIT */
/* Series of processes. By name, because a label per process kills a Prometheus: the PROCESS_GROUPS names with the most CPU,
 * and all others summed as "other", so that sums are conserved. Names that are the same once they are safe are added. */
#include <stdlib.h>
#include <string.h>

#include "base/vec.h"
#include "export/prometheus_families.h"

enum { MOST_PIDS = 200, N_VALUES = 6, NAME_BYTES = 160, BY_CPU = 0, BY_RSS = 4 };

static const actop_metric value_ids[N_VALUES] = {
    ACTOP_METRIC_PROC_CPU,   ACTOP_METRIC_PROC_CPU_SHARE, ACTOP_METRIC_PROC_GPU_SHARE,
    ACTOP_METRIC_PROC_POWER, ACTOP_METRIC_PROC_RSS,       ACTOP_METRIC_PROC_THREADS,
};

struct group {
    char name[NAME_BYTES]; /* escaped */
    uint64_t pid;
    double sum[N_VALUES];
    bool has[N_VALUES];
};

/* The least certain value of each kind. */
typedef const struct cell *worst_cells[N_VALUES];

struct groups {
    struct group *items; /* owned */
    size_t n, cap;
    uint32_t *index; /* owned; open addressing: item + 1 */
    uint32_t mask;
};

static bool groups_open(struct groups *g, uint32_t rows)
{
    size_t slots = 16;
    while (slots < 2 * ((size_t)rows + 2))
        slots *= 2;
    *g = (struct groups){.mask = (uint32_t)slots - 1};
    g->index = calloc(slots, sizeof *g->index);
    return g->index != NULL && VEC_GROW(g->items, g->cap, (size_t)rows + 1);
}

static void groups_release(struct groups *g)
{
    free(g->items);
    free(g->index);
}

/* The group of a name, made when it is new. With pids each process is its own. */
static struct group *group_of(struct groups *g, const char *name, uint64_t pid)
{
    uint64_t hash = hash_bytes(name, strlen(name)) ^ pid;
    uint32_t slot = (uint32_t)(hash ^ hash >> 32) & g->mask;
    for (; g->index[slot] != 0; slot = (slot + 1) & g->mask) {
        struct group *known = &g->items[g->index[slot] - 1];
        if (known->pid == pid && strcmp(known->name, name) == 0)
            return known;
    }
    struct group *fresh = &g->items[g->n++];
    *fresh = (struct group){.pid = pid};
    memcpy(fresh->name, name, strlen(name) + 1);
    g->index[slot] = (uint32_t)g->n;
    return fresh;
}

static void add_row(struct groups *g, const struct writer *w, uint32_t row, worst_cells worst)
{
    const struct entity *e = sample_entity_get(w->s, ACTOP_SCOPE_PROCESS, row);
    const struct cell *command = sample_cell(w->s, ACTOP_METRIC_PROC_COMMAND, row);
    char name[NAME_BYTES];
    struct buf b;
    double value;
    if ((e->flags & ACTOP_ENTITY_EXITED) != 0)
        return;
    buf_init_fixed(&b, name, sizeof name);
    prometheus_put_label(&b, cell_has(command) ? pool_at(&w->s->pool, command->text) : "");
    struct group *into = group_of(g, name, w->process_pids ? e->id : 0);
    for (int i = 0; i < N_VALUES; i++) {
        const struct cell *cell = sample_cell(w->s, value_ids[i], row);
        if (!sample_get(w->s, value_ids[i], row, &value))
            continue;
        if (worst[i] == NULL || cell->origin > worst[i]->origin)
            worst[i] = cell;
        into->sum[i] += value;
        into->has[i] = true;
    }
}

static void add_group(struct group *into, const struct group *from)
{
    for (int i = 0; i < N_VALUES; i++) {
        into->sum[i] += from->sum[i];
        into->has[i] = into->has[i] || from->has[i];
    }
}

static int more_first(const void *left, const void *right)
{
    const struct group *a = left, *b = right;
    for (int by = BY_CPU; by <= BY_RSS; by += BY_RSS - BY_CPU)
        if (a->sum[by] < b->sum[by] || a->sum[by] > b->sum[by])
            return a->sum[by] < b->sum[by] ? 1 : -1;
    int names = strcmp(a->name, b->name);
    return names != 0 ? names : a->pid < b->pid ? -1 : a->pid > b->pid;
}

/* The best, and the rest as one. "other" is reserved: a process of that name belongs to the rest. */
static void limit(struct groups *g, size_t most)
{
    struct group other = {.name = "other"};
    bool any = false;
    size_t kept = 0;
    qsort(g->items, g->n, sizeof *g->items, more_first);
    for (size_t i = 0; i < g->n; i++) {
        if (kept < most && strcmp(g->items[i].name, other.name) != 0) {
            g->items[kept++] = g->items[i];
            continue;
        }
        add_group(&other, &g->items[i]);
        any = true;
    }
    g->n = kept;
    if (any)
        g->items[g->n++] = other;
}

static void put_value(const struct writer *w, const struct groups *g, const struct cell *evidence,
                      int which)
{
    char family[FAMILY_NAME_SIZE], labels[NAME_BYTES + 64];
    struct buf name, b;
    buf_init_fixed(&name, family, sizeof family);
    prometheus_put_family(&name, value_ids[which]);
    bool begun = false;
    for (size_t i = 0; i < g->n; i++) {
        if (!g->items[i].has[which])
            continue;
        if (!begun)
            family_begin(w, family, ACTOP_KIND_GAUGE, metric_info(value_ids[which])->help,
                         evidence);
        begun = true;
        buf_init_fixed(&b, labels, sizeof labels);
        buf_putc(&b, '{');
        if (w->process_pids) {
            buf_puts(&b, "pid=\"");
            buf_put_u64(&b, g->items[i].pid);
            buf_puts(&b, "\",");
        }
        buf_puts(&b, "command=\"");
        buf_puts(&b, g->items[i].name);
        buf_puts(&b, "\"}");
        family_put(w, family, labels,
                   g->items[i].sum[which] * family_factor(value_ids[which], family));
    }
}

void processes_put(const struct writer *w)
{
    struct groups g;
    worst_cells worst = {NULL};
    uint32_t rows = sample_rows(w->s, ACTOP_SCOPE_PROCESS);
    if (groups_open(&g, rows)) {
        for (uint32_t row = 0; row < rows; row++)
            add_row(&g, w, row, worst);
        limit(&g, w->process_pids ? MOST_PIDS : PROCESS_GROUPS);
        for (int i = 0; i < N_VALUES; i++)
            put_value(w, &g, worst[i], i);
    } else {
        w->b->failed = true;
    }
    groups_release(&g);
}
