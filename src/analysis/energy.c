/* SPDX-License-Identifier: MIT */
/* Ledgers of rails and session; see energy.h. */
#include "analysis/energy.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/vec.h"

/* Energy since the last reading: this reading's watts over the awake time between the two. 0 for the first one and for one
 * that is only held. */
static double integrate(struct integral *i, const struct cell *watts)
{
    double grew_j = 0;
    if (!cell_has(watts))
        return 0;
    if (i->valid && watts->at_ns > i->at_ns && watts->value > 0)
        grew_j = watts->value * (double)(watts->at_ns - i->at_ns) / 1e9;
    i->at_ns = watts->at_ns;
    i->valid = true;
    i->total_j += grew_j;
    return grew_j;
}

actop_status energy_follow(struct energy *e, const struct lineage *l, actop_error *err)
{
    size_t n = l->topology->n[ACTOP_SCOPE_RAIL];
    if (!VEC_GROW(e->carried, e->cap_carried, n + 1) || !VEC_GROW(e->rails, e->cap, n + 1))
        return error_no_memory(err, "energy ledgers");
    for (uint32_t row = 0; row < n; row++) {
        int32_t before = lineage_before(l, ACTOP_SCOPE_RAIL, row);
        e->carried[row] = before < 0 ? (struct rail_ledger){0} : e->rails[before];
    }
    memcpy(e->rails, e->carried, n * sizeof *e->rails);
    return ACTOP_OK;
}

static bool is_package_rail(const struct actop_sample_t *s, uint32_t row)
{
    return (sample_entity_get(s, ACTOP_SCOPE_RAIL, row)->flags & ACTOP_ENTITY_PACKAGE) != 0;
}

/* How much a rail used since the sample before; *known when it says anything at all. */
static double step_rail(struct rail_ledger *r, const struct actop_sample_t *s, uint32_t row,
                        bool *known)
{
    const struct cell *counter = sample_cell(s, ACTOP_METRIC_RAIL_ENERGY, row);
    const struct cell *watts = sample_cell(s, ACTOP_METRIC_RAIL_POWER, row);
    if (cell_has(counter)) {
        double grew_j = counter->value - r->counter_j;
        r->counter_j = counter->value;
        *known = true;
        return grew_j > 0 ? grew_j : 0;
    }
    *known = cell_has(watts);
    return integrate(&r->watts, watts);
}

static bool is_to_come(const struct actop_sample_t *s, actop_metric id)
{
    return sample_cell(s, id, 0)->state == ACTOP_STATE_WARMING;
}

void energy_add(struct energy *e, const struct step *step)
{
    const struct actop_sample_t *s = step->s;
    const struct cell *package = sample_cell(s, ACTOP_METRIC_PACKAGE_POWER, 0);
    bool by_rails = false;
    double rails_j = 0;
    for (uint32_t row = 0; row < sample_rows(s, ACTOP_SCOPE_RAIL); row++) {
        bool known;
        double grew_j = step_rail(&e->rails[row], s, row, &known);
        if (!known || !is_package_rail(s, row))
            continue;
        by_rails = true;
        rails_j += grew_j;
    }
    double package_j = integrate(&e->package, package);
    e->session_j += by_rails ? rails_j : package_j;
    e->known = e->known || by_rails || cell_has(package) ||
               is_to_come(s, ACTOP_METRIC_PACKAGE_POWER) || is_to_come(s, ACTOP_METRIC_CPU_POWER);
}

void energy_skip(struct energy *e, const struct step *step)
{
    const struct actop_sample_t *s = step->s;
    e->package.valid = false;
    for (uint32_t row = 0; row < sample_rows(s, ACTOP_SCOPE_RAIL); row++) {
        e->rails[row].watts.valid = false;
        e->rails[row].counter_j =
            value_or(s, ACTOP_METRIC_RAIL_ENERGY, row, e->rails[row].counter_j);
    }
}

void energy_put(const struct energy *e, const struct step *step)
{
    struct actop_sample_t *s = step->s;
    for (uint32_t row = 0; row < sample_rows(s, ACTOP_SCOPE_RAIL); row++)
        if (e->rails[row].watts.valid || e->rails[row].watts.total_j > 0)
            put_missing(s, ACTOP_METRIC_RAIL_ENERGY, row, e->rails[row].watts.total_j,
                        ACTOP_DERIVED);
    if (e->known)
        put_total(s, ACTOP_METRIC_SESSION_ENERGY, e->session_j);
}

void energy_release(struct energy *e)
{
    free(e->rails);
    free(e->carried);
    *e = (struct energy){0};
}

bool energy_copy(struct energy *into, const struct energy *from)
{
    *into = *from;
    into->carried = NULL; /* scratch */
    into->cap_carried = 0;
    if (VEC_OWN(into->rails, into->cap, into->cap))
        return true;
    *into = (struct energy){0};
    return false;
}
