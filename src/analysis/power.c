/* SPDX-License-Identifier: MIT */
/* Watts of one sample; the rules stand in docs/analysis.md. */
#include "analysis/power.h"

/* The sum of the readable ones among CPU, GPU and Neural Engine; none when CPU and GPU both are missing. */
static void derive_package(struct actop_sample_t *s)
{
    const struct cell *cpu = sample_cell(s, ACTOP_METRIC_CPU_POWER, 0);
    const struct cell *gpu = sample_cell(s, ACTOP_METRIC_GPU_POWER, 0);
    struct cell *package = sample_cell(s, ACTOP_METRIC_PACKAGE_POWER, 0);
    struct sum sum = {0};
    if (cell_has(package))
        return;
    if (!cell_has(cpu) && !cell_has(gpu)) {
        if (package->state == ACTOP_STATE_NONE && cpu->state != ACTOP_STATE_NONE)
            sample_put_state(s, ACTOP_METRIC_PACKAGE_POWER, 0, (actop_state)cpu->state, cpu->via);
        return;
    }
    sum_add(&sum, cpu);
    sum_add(&sum, gpu);
    sum_add(&sum, sample_cell(s, ACTOP_METRIC_ANE_POWER, 0));
    sum_put(&sum, s, ACTOP_METRIC_PACKAGE_POWER, 0);
}

/* A reference is a figure from a table, never a measurement. */
static void put_references(const struct step *step)
{
    struct actop_sample_t *s = step->s;
    put_missing(s, ACTOP_METRIC_CPU_POWER_REFERENCE, 0, step->soc.cpu_w, ACTOP_ESTIMATED);
    put_missing(s, ACTOP_METRIC_GPU_POWER_REFERENCE, 0, step->soc.gpu_w, ACTOP_ESTIMATED);
    put_missing(s, ACTOP_METRIC_ANE_POWER_REFERENCE, 0, step->soc.ane_w, ACTOP_ESTIMATED);
    if (step->soc.match != SOC_UNKNOWN)
        put_missing(s, ACTOP_METRIC_BANDWIDTH_PEAK, 0, step->soc.dram_bps,
                    step->soc.match == SOC_EXACT ? ACTOP_DERIVED : ACTOP_ESTIMATED);
}

static void derive_ane_util(const struct step *step)
{
    const struct cell *ane = sample_cell(step->s, ACTOP_METRIC_ANE_POWER, 0);
    if (!cell_has(ane) || cell_has(sample_cell(step->s, ACTOP_METRIC_ANE_UTIL, 0)))
        return;
    double ratio = ane->value / step->soc.ane_w;
    ratio = ratio < 0 ? 0 : ratio > 1 ? 1 : ratio;
    sample_put_at(step->s, ACTOP_METRIC_ANE_UTIL, 0, ratio, ane->at_ns, (actop_state)ane->state,
                  ACTOP_ESTIMATED, ane->via);
}

/* The worse of thermalState and thermal pressure: Moderate and Heavy are Fair, Trapping and Sleeping are Critical
 * (docs/analysis.md). */
static void derive_thermal_state(struct actop_sample_t *s)
{
    static const double of_pressure[] = {0, 1, 1, 3, 3};
    double level = value_or(s, ACTOP_METRIC_THERMAL_LEVEL, 0, -1);
    double pressure = value_or(s, ACTOP_METRIC_THERMAL_PRESSURE, 0, -1);
    if (pressure >= 0 && pressure <= 4 && of_pressure[(int)pressure] > level)
        level = of_pressure[(int)pressure];
    if (level >= 0)
        put_missing(s, ACTOP_METRIC_THERMAL_STATE, 0, level, ACTOP_DERIVED);
}

/* ---- The ledger ------------------------------------------------------------------------------------------------- */

/* What the package has beyond CPU, GPU and Neural Engine (on a PC: caches, fabric, memory controller) is another known
 * block, so that the ledger's lines add up to the system. */
static void derive_other(struct actop_sample_t *s)
{
    struct sum other = {0};
    struct sum blocks = {0};
    const struct cell *package = sample_cell(s, ACTOP_METRIC_PACKAGE_POWER, 0);
    sum_add(&blocks, sample_cell(s, ACTOP_METRIC_CPU_POWER, 0));
    sum_add(&blocks, sample_cell(s, ACTOP_METRIC_GPU_POWER, 0));
    sum_add(&blocks, sample_cell(s, ACTOP_METRIC_ANE_POWER, 0));
    if (!cell_has(package) || !blocks.any || !(package->value > blocks.value))
        return;
    sum_add(&other, package);
    other.value -= blocks.value;
    sum_add(&other, sample_cell(s, ACTOP_METRIC_OTHER_POWER, 0));
    /* An Apple package is exactly the sum; what floating point leaves of it is not a block. */
    if (other.value > 1e-9 * package->value)
        sum_put(&other, s, ACTOP_METRIC_OTHER_POWER, 0);
}

static void derive_unaccounted(struct actop_sample_t *s)
{
    static const actop_metric known[] = {ACTOP_METRIC_CPU_POWER,      ACTOP_METRIC_GPU_POWER,
                                         ACTOP_METRIC_ANE_POWER,      ACTOP_METRIC_DRAM_POWER,
                                         ACTOP_METRIC_GPU_SRAM_POWER, ACTOP_METRIC_OTHER_POWER};
    const struct cell *system = sample_cell(s, ACTOP_METRIC_SYSTEM_POWER, 0);
    struct sum blocks = {0};
    struct sum rest = {0};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        sum_add(&blocks, sample_cell(s, known[i], 0));
    if (!cell_has(system) || !blocks.any ||
        cell_has(sample_cell(s, ACTOP_METRIC_UNACCOUNTED_POWER, 0)))
        return;
    sum_add(&rest, system);
    rest.value -= blocks.value;
    if (rest.value >= 0)
        sum_put(&rest, s, ACTOP_METRIC_UNACCOUNTED_POWER, 0);
    else /* impossible: the meters disagree, and a negative rest would hide it */
        sample_put_state(s, ACTOP_METRIC_UNACCOUNTED_POWER, 0, ACTOP_STATE_FAILED, system->via);
}

void power_derive(const struct step *step)
{
    derive_package(step->s);
    derive_ane_util(step);
    derive_thermal_state(step->s);
    derive_other(step->s);
    derive_unaccounted(step->s);
    put_references(step);
}

void power_add(struct power *p, const struct step *step)
{
    double package_w, system_w;
    if (!sample_get(step->s, ACTOP_METRIC_SYSTEM_POWER, 0, &system_w))
        return;
    p->system_seen = true;
    if (sample_get(step->s, ACTOP_METRIC_PACKAGE_POWER, 0, &package_w) && package_w > system_w)
        p->violations++;
}

void power_put(const struct power *p, const struct step *step)
{
    if (p->system_seen)
        put_total(step->s, ACTOP_METRIC_LEDGER_VIOLATIONS, (double)p->violations);
}
