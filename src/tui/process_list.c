/* SPDX-License-Identifier: MIT */
/* Process list; see process_list.h. */
#include "tui/process_list.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/pattern.h"
#include "base/vec.h"
#include "tui/view.h"

void process_list_release(struct process_list *l)
{
    if (l->has_filter)
        regfree(&l->filter);
    free(l->rows);
    free(l->applications);
    memset(l, 0, sizeof *l);
}

bool process_list_filter(struct process_list *l, const char *regex, char *problem, size_t size)
{
    regex_t compiled;
    if (*regex != '\0' && !pattern_compile(&compiled, regex, problem, size))
        return false;
    if (l->has_filter)
        regfree(&l->filter);
    l->has_filter = *regex != '\0';
    if (l->has_filter)
        l->filter = compiled;
    return true;
}

/* ---- one row --------------------------------------------------------------------------------------- */

static double number(const actop_sample_t *sample, actop_metric metric, uint32_t row)
{
    actop_reading r = actop_read(sample, metric, row);
    return actop_has_value(&r) ? r.value : NAN;
}

static const char *text(const actop_sample_t *sample, actop_metric metric, uint32_t row)
{
    actop_reading r = actop_read(sample, metric, row);
    return actop_has_value(&r) && r.text != NULL ? r.text : "";
}

static void fill(struct process *p, const actop_sample_t *sample, uint32_t row)
{
    actop_entity e;
    memset(p, 0, sizeof *p);
    memset(&e, 0, sizeof e);
    (void)actop_entity_at(sample, ACTOP_SCOPE_PROCESS, row, &e);
    actop_reading watts = actop_read(sample, ACTOP_METRIC_PROC_POWER, row);
    double parent = number(sample, ACTOP_METRIC_PROC_PARENT, row);
    p->row = row;
    p->members = 1;
    p->pid = e.id;
    p->start = e.start;
    p->flags = e.flags;
    p->parent = parent > 0 && parent < 0x1p64 ? (uint64_t)parent : 0;
    p->name = text(sample, ACTOP_METRIC_PROC_COMMAND, row);
    if (*p->name == '\0')
        p->name = e.name;
    p->user = text(sample, ACTOP_METRIC_PROC_USER, row);
    p->cpu = number(sample, ACTOP_METRIC_PROC_CPU, row);
    p->gpu = number(sample, ACTOP_METRIC_PROC_GPU_SHARE, row);
    p->watts = actop_has_value(&watts) ? watts.value : NAN;
    p->estimated = watts.origin == ACTOP_ESTIMATED;
    p->energy_j = number(sample, ACTOP_METRIC_PROC_ENERGY, row);
    p->rss = number(sample, ACTOP_METRIC_PROC_RSS, row);
    p->threads = number(sample, ACTOP_METRIC_PROC_THREADS, row);
    p->time_s = number(sample, ACTOP_METRIC_PROC_CPU_TIME, row);
    p->first_child = p->next_sibling = -1;
}

/* What was not there at the baseline has come since, with all it has. */
static void subtract(double *value, const actop_sample_t *base, actop_metric metric, int64_t row)
{
    if (row >= 0)
        *value -= number(base, metric, (uint32_t)row);
}

/* Differences from the baseline; of one that ended, and where the baseline has no processes, there are none. */
static void compare(struct process *p, const actop_sample_t *sample, const actop_sample_t *base)
{
    actop_entity e, then;
    if (base == NULL || actop_rows(base, ACTOP_SCOPE_PROCESS) == 0 ||
        (p->flags & ACTOP_ENTITY_EXITED) != 0 ||
        actop_entity_at(sample, ACTOP_SCOPE_PROCESS, p->row, &e) != ACTOP_OK)
        return;
    int64_t row = actop_entity_find(base, ACTOP_SCOPE_PROCESS, e.key);
    if (row >= 0 && (actop_entity_at(base, ACTOP_SCOPE_PROCESS, (uint32_t)row, &then) != ACTOP_OK ||
                     then.id != e.id || then.start != e.start))
        row = -1; /* another one that got its number */
    subtract(&p->cpu, base, ACTOP_METRIC_PROC_CPU, row);
    subtract(&p->gpu, base, ACTOP_METRIC_PROC_GPU_SHARE, row);
    subtract(&p->watts, base, ACTOP_METRIC_PROC_POWER, row);
    subtract(&p->rss, base, ACTOP_METRIC_PROC_RSS, row);
    subtract(&p->threads, base, ACTOP_METRIC_PROC_THREADS, row);
    subtract(&p->time_s, base, ACTOP_METRIC_PROC_CPU_TIME, row);
    p->diff = true;
}

static bool matches(const struct process_list *l, const actop_sample_t *sample,
                    const struct process *p)
{
    return !l->has_filter || regexec(&l->filter, p->name, 0, NULL, 0) == 0 ||
           regexec(&l->filter, text(sample, ACTOP_METRIC_PROC_CMDLINE, p->row), 0, NULL, 0) == 0;
}

/* What there is not sorts after everything. */
static double order_of(const struct process *p, int order, bool reverse)
{
    double v = order == ORDER_CPU     ? p->cpu
               : order == ORDER_GPU   ? p->gpu
               : order == ORDER_POWER ? p->watts
               : order == ORDER_PID   ? -(double)p->pid
                                      : p->rss;
    if (isnan(v))
        return -HUGE_VAL;
    return reverse ? -v : v;
}

static int by_order(const void *a, const void *b)
{
    const struct process *p = a;
    const struct process *q = b;
    int ended = (p->flags & ACTOP_ENTITY_EXITED) != 0;
    int other_ended = (q->flags & ACTOP_ENTITY_EXITED) != 0;
    if (ended != other_ended)
        return ended - other_ended;
    if (p->order != q->order)
        return p->order < q->order ? 1 : -1;
    double p_rss = isnan(p->rss) ? 0
                                 : p->rss; /* among equals, above all the idle: what takes room */
    double q_rss = isnan(q->rss) ? 0 : q->rss;
    if (p_rss != q_rss)
        return p_rss < q_rss ? 1 : -1;
    return p->pid < q->pid ? -1 : p->pid > q->pid;
}

/* ---- groups ---------------------------------------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
    const struct process *p = a;
    const struct process *q = b;
    int order = strcmp(p->name, q->name);
    return order != 0 ? order : p->pid < q->pid ? -1 : p->pid > q->pid;
}

static void add(double *sum, double v)
{
    if (!isnan(v))
        *sum = isnan(*sum) ? v : *sum + v;
}

static void join(struct process *into, const struct process *p)
{
    into->members++;
    add(&into->cpu, p->cpu);
    add(&into->gpu, p->gpu);
    add(&into->watts, p->watts);
    add(&into->energy_j, p->energy_j);
    add(&into->rss, p->rss);
    add(&into->threads, p->threads);
    add(&into->time_s, p->time_s);
    into->estimated = into->estimated || p->estimated;
}

/* Processes of one application are one row: those of the same bundle, else of the same executable, else of the same name. */
static bool group_rows(struct process_list *l, const actop_sample_t *sample)
{
    size_t n = 0;
    if (!VEC_GROW(l->applications, l->cap_applications, l->n + 1))
        return false;
    for (size_t i = 0; i < l->n; i++) {
        struct process *p = &l->rows[i];
        if ((p->flags & ACTOP_ENTITY_HIDDEN) == 0 &&
            actop_application(sample, p->row, l->applications[i], sizeof *l->applications) > 0)
            p->name = l->applications[i];
    }
    qsort(l->rows, l->n, sizeof *l->rows, by_name);
    for (size_t i = 0; i < l->n; i++) {
        bool ended = (l->rows[i].flags & ACTOP_ENTITY_EXITED) != 0;
        bool same = n > 0 && strcmp(l->rows[n - 1].name, l->rows[i].name) == 0 &&
                    ended == ((l->rows[n - 1].flags & ACTOP_ENTITY_EXITED) != 0);
        if (same)
            join(&l->rows[n - 1], &l->rows[i]);
        else
            l->rows[n++] = l->rows[i];
    }
    l->n = n;
    return true;
}

/* ---- the tree -------------------------------------------------------------------------------------- */

struct pid_row {
    uint64_t pid;
    int32_t row;
};

static int by_pid(const void *a, const void *b)
{
    const struct pid_row *p = a;
    const struct pid_row *q = b;
    return p->pid < q->pid ? -1 : p->pid > q->pid;
}

static int32_t find_parent(const struct pid_row *index, size_t n, const struct process *p)
{
    struct pid_row key = {p->parent, 0};
    const struct pid_row *found =
        p->parent == 0 || p->parent == p->pid ? NULL : bsearch(&key, index, n, sizeof key, by_pid);
    return found == NULL ? -1 : found->row;
}

/* Hang every row below its parent, keeping the order among siblings: rows are walked from the last. Returns the first
 * root. */
static int32_t link_rows(struct process_list *l, const struct pid_row *index)
{
    int32_t root = -1;
    for (size_t i = l->n; i-- > 0;) {
        struct process *p = &l->rows[i];
        int32_t parent = find_parent(index, l->n, p);
        int32_t *first = parent < 0 ? &root : &l->rows[parent].first_child;
        p->last = *first < 0;
        p->next_sibling = *first;
        *first = (int32_t)i;
    }
    return root;
}

/* Depth first, without recursion: depth is the program's stack. Rows in a ring of parents are never reached from a root
 * and are appended by the caller. */
static size_t walk(const struct process_list *l, int32_t root, struct process *out, bool *seen,
                   int32_t *stack)
{
    size_t n = 0;
    size_t depth = 0;
    int32_t at = root;
    while (at >= 0 || depth > 0) {
        if (at < 0) {
            at = l->rows[stack[--depth]].next_sibling;
            continue;
        }
        seen[at] = true;
        out[n] = l->rows[at];
        out[n].depth = (uint16_t)(depth < 40 ? depth : 40);
        n++;
        stack[depth++] = at;
        at = l->rows[at].first_child;
    }
    return n;
}

static bool tree_rows(struct process_list *l)
{
    bool ok = false;
    struct pid_row *index = calloc(l->n + 1, sizeof *index);
    struct process *out = calloc(l->n + 1, sizeof *out);
    bool *seen = calloc(l->n + 1, sizeof *seen);
    int32_t *stack = calloc(l->n + 1, sizeof *stack);
    if (index == NULL || out == NULL || seen == NULL || stack == NULL)
        goto out;
    for (size_t i = 0; i < l->n; i++)
        index[i] = (struct pid_row){l->rows[i].pid, (int32_t)i};
    qsort(index, l->n, sizeof *index, by_pid);
    size_t n = walk(l, link_rows(l, index), out, seen, stack);
    for (size_t i = 0; i < l->n; i++)
        if (!seen[i])
            out[n++] = l->rows[i];
    memcpy(l->rows, out, n * sizeof *out);
    ok = true;
out:
    free(index);
    free(out);
    free(seen);
    free(stack);
    return ok;
}

/* ---- filling --------------------------------------------------------------------------------------- */

static void count(struct process_list *l, const struct process *p)
{
    if (p->flags & ACTOP_ENTITY_EXITED) {
        l->exited++;
        add(&l->exited_j, p->energy_j);
    } else {
        add(&l->shown_watts, p->watts);
        l->living += (p->flags & ACTOP_ENTITY_HIDDEN) == 0;
    }
}

bool process_list_take(struct process_list *l, const actop_sample_t *sample, int order,
                       bool reverse, bool tree, bool group)
{
    uint32_t rows = sample == NULL ? 0 : actop_rows(sample, ACTOP_SCOPE_PROCESS);
    l->n = 0;
    l->total = rows;
    l->living = 0;
    l->exited = 0;
    l->shown_watts = l->exited_j = NAN;
    if (!VEC_GROW(l->rows, l->cap, (size_t)rows + 1))
        return false;
    for (uint32_t row = 0; row < rows; row++) {
        struct process *p = &l->rows[l->n];
        fill(p, sample, row);
        if (!matches(l, sample, p))
            continue;
        count(l, p);
        compare(p, sample, l->base);
        l->n++;
    }
    if (group && !group_rows(l, sample)) {
        l->n = 0;
        return false;
    }
    for (size_t i = 0; i < l->n; i++)
        l->rows[i].order = order_of(&l->rows[i], order, reverse);
    qsort(l->rows, l->n, sizeof *l->rows, by_order);
    return !tree || group || tree_rows(l);
}
