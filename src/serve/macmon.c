/* SPDX-License-Identifier: MIT */
/* /json in the shape that macmon 0.8 serves (recorded: its keys, alphabetical; documented: its source), for the tools that
 * read that. What is not known is null, which macmon never says; nothing is 0 that is not. */
#include <math.h>
#include <string.h>
#include <time.h>

#include "serve/content.h"
#include "serve/json.h"

enum tier_word { TIER_E, TIER_P };

static int64_t tier_row(const actop_sample_t *s, enum tier_word tier)
{
    int64_t rows = actop_rows(s, ACTOP_SCOPE_TIER);
    return tier == TIER_P ? rows - 1 : rows > 1 ? 0 : -1;
}

static double tier_value(const actop_sample_t *s, actop_metric id, enum tier_word tier)
{
    int64_t row = tier_row(s, tier);
    return row >= 0 ? json_value(s, id, (uint32_t)row) : (double)NAN;
}

/* Row of the tier a core belongs to; -1: none. */
static int64_t tier_of(const actop_sample_t *s, const actop_entity *core)
{
    actop_entity cluster;
    if (core->parent_scope == ACTOP_SCOPE_TIER || core->parent < 0)
        return core->parent;
    if (actop_entity_at(s, core->parent_scope, (uint32_t)core->parent, &cluster) != ACTOP_OK)
        return -1;
    return cluster.parent_scope == ACTOP_SCOPE_TIER ? cluster.parent : -1;
}

/* Frequencies and fans are whole numbers for macmon's readers. */
static void put_whole(struct buf *b, double value)
{
    if (isfinite(value) && fabs(value) < 1e15)
        buf_put_i64(b, (int64_t)value);
    else
        buf_puts(b, "null");
}

static void put_core(struct buf *b, const actop_sample_t *s, uint32_t row, const actop_entity *core)
{
    json_separator(b);
    buf_putc(b, '{');
    json_number(b, "active_ratio", json_value(s, ACTOP_METRIC_CORE_UTIL, row));
    json_number(b, "core_id", core->index);
    json_number(b, "die_id", core->die);
    json_number(b, "freq_mhz", floor(json_value(s, ACTOP_METRIC_CORE_FREQ, row) / 1e6 + 0.5));
    json_number(b, "scaled_ratio", json_value(s, ACTOP_METRIC_CORE_SCALED, row));
    buf_putc(b, '}');
}

/* The mean of a metric over the cores of a tier, and of all cores for tier -1. */
static double core_mean(const actop_sample_t *s, actop_metric id, int64_t tier)
{
    double sum = 0;
    uint32_t n = 0;
    actop_entity core;
    for (uint32_t row = 0; row < actop_rows(s, ACTOP_SCOPE_CORE); row++) {
        double value = json_value(s, id, row);
        if (isnan(value) || actop_entity_at(s, ACTOP_SCOPE_CORE, row, &core) != ACTOP_OK ||
            (tier >= 0 && tier_of(s, &core) != tier))
            continue;
        sum += value;
        n++;
    }
    return n > 0 ? sum / n : (double)NAN;
}

static double scaled(const actop_sample_t *s, enum tier_word tier)
{
    int64_t row = tier_row(s, tier);
    return row < 0 ? (double)NAN : core_mean(s, ACTOP_METRIC_CORE_SCALED, row);
}

static double mhz(double hz)
{
    return floor(hz / 1e6 + 0.5);
}

static void put_usage(struct buf *b, const char *key, double freq_mhz, double ratio)
{
    json_key(b, key);
    buf_putc(b, '[');
    put_whole(b, freq_mhz);
    buf_putc(b, ',');
    if (isfinite(ratio))
        buf_put_double(b, ratio);
    else
        buf_puts(b, "null");
    buf_putc(b, ']');
}

static void put_tier(struct buf *b, const actop_sample_t *s, enum tier_word tier)
{
    static const char *const keys[2][5] = {
        {"ecpu_active_ratio", "ecpu_cores", "ecpu_freq_mhz", "ecpu_scaled_ratio", "ecpu_usage"},
        {"pcpu_active_ratio", "pcpu_cores", "pcpu_freq_mhz", "pcpu_scaled_ratio", "pcpu_usage"}};
    int64_t wanted = tier_row(s, tier);
    actop_entity core;
    json_number(b, keys[tier][0], tier_value(s, ACTOP_METRIC_TIER_UTIL, tier));
    json_key(b, keys[tier][1]);
    buf_putc(b, '[');
    for (uint32_t row = 0; row < actop_rows(s, ACTOP_SCOPE_CORE) && wanted >= 0; row++)
        if (actop_entity_at(s, ACTOP_SCOPE_CORE, row, &core) == ACTOP_OK &&
            tier_of(s, &core) == wanted)
            put_core(b, s, row, &core);
    buf_putc(b, ']');
    json_number(b, keys[tier][2], mhz(tier_value(s, ACTOP_METRIC_TIER_FREQ, tier)));
    json_number(b, keys[tier][3], scaled(s, tier));
    put_usage(b, keys[tier][4], mhz(tier_value(s, ACTOP_METRIC_TIER_FREQ, tier)), scaled(s, tier));
}

static void put_fans(struct buf *b, const actop_sample_t *s)
{
    json_key(b, "fans");
    buf_putc(b, '[');
    for (uint32_t row = 0; row < actop_rows(s, ACTOP_SCOPE_FAN); row++) {
        if (row > 0)
            buf_putc(b, ',');
        buf_puts(b, "{");
        json_key(b, "max_rpm");
        put_whole(b, json_value(s, ACTOP_METRIC_FAN_MAX, row));
        json_key(b, "name");
        buf_puts(b, "\"fan");
        buf_put_u64(b, row);
        buf_putc(b, '"');
        json_key(b, "rpm");
        put_whole(b, floor(json_value(s, ACTOP_METRIC_FAN_SPEED, row) + 0.5));
        buf_putc(b, '}');
    }
    buf_putc(b, ']');
}

static void put_gpu(struct buf *b, const actop_sample_t *s)
{
    double freq_mhz = mhz(json_value(s, ACTOP_METRIC_GPU_FREQ, 0));
    double scaled_ratio = json_value(s, ACTOP_METRIC_GPU_ONE_SCALED, 0);
    json_number(b, "gpu_active_ratio", json_value(s, ACTOP_METRIC_GPU_UTIL, 0));
    json_number(b, "gpu_freq_mhz", freq_mhz);
    json_number(b, "gpu_power", json_value(s, ACTOP_METRIC_GPU_POWER, 0));
    json_number(b, "gpu_ram_power", json_value(s, ACTOP_METRIC_GPU_SRAM_POWER, 0));
    json_number(b, "gpu_scaled_ratio", scaled_ratio);
    put_usage(b, "gpu_usage", freq_mhz, scaled_ratio);
}

static void put_memory(struct buf *b, const actop_sample_t *s)
{
    json_key(b, "memory");
    buf_putc(b, '{');
    json_number(b, "ram_total", json_value(s, ACTOP_METRIC_RAM_TOTAL, 0));
    json_number(b, "ram_usage", json_value(s, ACTOP_METRIC_RAM_USED, 0));
    json_number(b, "swap_total", json_value(s, ACTOP_METRIC_SWAP_TOTAL, 0));
    json_number(b, "swap_usage", json_value(s, ACTOP_METRIC_SWAP_USED, 0));
    buf_putc(b, '}');
}

static uint32_t core_count(const actop_sample_t *s, enum tier_word tier)
{
    uint32_t n = 0;
    actop_entity core;
    for (uint32_t row = 0; row < actop_rows(s, ACTOP_SCOPE_CORE); row++)
        n += actop_entity_at(s, ACTOP_SCOPE_CORE, row, &core) == ACTOP_OK &&
             tier_row(s, tier) >= 0 && tier_of(s, &core) == tier_row(s, tier);
    return n;
}

static void put_tier_label(struct buf *b, const char *key, const actop_sample_t *s,
                           enum tier_word tier)
{
    actop_entity e;
    int64_t row = tier_row(s, tier);
    json_key(b, key);
    if (row >= 0 && actop_entity_at(s, ACTOP_SCOPE_TIER, (uint32_t)row, &e) == ACTOP_OK)
        buf_put_json(b, e.key, strlen(e.key));
    else
        buf_puts(b, "null");
}

/* The frequencies of a table in its order: of the first cluster of a tier, or of the first GPU. */
static void put_table(struct buf *b, const char *key, const actop_sample_t *s, actop_scope scope,
                      int64_t owner)
{
    actop_entity state;
    json_key(b, key);
    buf_putc(b, '[');
    for (uint32_t row = 0; row < actop_rows(s, ACTOP_SCOPE_PSTATE) && owner >= 0; row++) {
        double freq_mhz = mhz(json_value(s, ACTOP_METRIC_PSTATE_FREQ, row));
        if (actop_entity_at(s, ACTOP_SCOPE_PSTATE, row, &state) != ACTOP_OK ||
            state.parent_scope != scope || state.parent != owner || !(freq_mhz > 0))
            continue;
        json_separator(b);
        put_whole(b, freq_mhz);
    }
    buf_putc(b, ']');
}

static int64_t first_cluster(const actop_sample_t *s, enum tier_word tier)
{
    actop_entity cluster;
    for (uint32_t row = 0; row < actop_rows(s, ACTOP_SCOPE_CLUSTER); row++)
        if (actop_entity_at(s, ACTOP_SCOPE_CLUSTER, row, &cluster) == ACTOP_OK &&
            cluster.parent_scope == ACTOP_SCOPE_TIER && tier_row(s, tier) >= 0 &&
            cluster.parent == tier_row(s, tier))
            return row;
    return -1;
}

/* The machine draws at least what its parts do, whatever its meter says: so macmon. */
static double system_power(const actop_sample_t *s)
{
    double system_w = json_value(s, ACTOP_METRIC_SYSTEM_POWER, 0);
    double package_w = json_value(s, ACTOP_METRIC_PACKAGE_POWER, 0);
    return package_w > system_w ? package_w : system_w;
}

static void put_soc(struct buf *b, const actop_sample_t *s)
{
    json_key(b, "soc");
    buf_putc(b, '{');
    json_text(b, "chip_name", s, ACTOP_METRIC_CHIP);
    json_number(b, "ecpu_cores", core_count(s, TIER_E));
    put_table(b, "ecpu_freqs", s, ACTOP_SCOPE_CLUSTER, first_cluster(s, TIER_E));
    put_tier_label(b, "ecpu_label", s, TIER_E);
    json_number(b, "gpu_cores", json_value(s, ACTOP_METRIC_GPU_CORES, 0));
    put_table(b, "gpu_freqs", s, ACTOP_SCOPE_GPU, 0);
    json_text(b, "mac_model", s, ACTOP_METRIC_MODEL);
    json_number(b, "memory_gb",
                floor(json_value(s, ACTOP_METRIC_RAM_TOTAL, 0) / 1073741824.0 + 0.5));
    json_number(b, "pcpu_cores", core_count(s, TIER_P));
    put_table(b, "pcpu_freqs", s, ACTOP_SCOPE_CLUSTER, first_cluster(s, TIER_P));
    put_tier_label(b, "pcpu_label", s, TIER_P);
    buf_putc(b, '}');
}

/* "2026-03-06T20:06:05.259623+00:00". */
static void put_time(struct buf *b, const actop_sample_t *s)
{
    actop_times t = {.size = sizeof t};
    struct tm tm;
    actop_sample_times(s, &t);
    time_t seconds = (time_t)(t.wall_ns / 1000000000);
    int micros = (int)(t.wall_ns % 1000000000 / 1000);
    json_key(b, "timestamp");
    if (gmtime_r(&seconds, &tm) == NULL)
        buf_puts(b, "null");
    else
        buf_printf(b, "\"%04d-%02d-%02dT%02d:%02d:%02d.%06d+00:00\"", tm.tm_year + 1900,
                   tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, micros);
}

void content_macmon(struct buf *b, const actop_sample_t *s)
{
    buf_putc(b, '{');
    json_number(b, "all_power", json_value(s, ACTOP_METRIC_PACKAGE_POWER, 0));
    json_number(b, "ane_power", json_value(s, ACTOP_METRIC_ANE_POWER, 0));
    json_number(b, "cpu_active_ratio", json_value(s, ACTOP_METRIC_CPU_UTIL, 0));
    json_number(b, "cpu_power", json_value(s, ACTOP_METRIC_CPU_POWER, 0));
    json_number(b, "cpu_scaled_ratio", core_mean(s, ACTOP_METRIC_CORE_SCALED, -1));
    json_number(b, "cpu_usage_pct", core_mean(s, ACTOP_METRIC_CORE_SCALED, -1));
    put_tier(b, s, TIER_E);
    put_fans(b, s);
    put_gpu(b, s);
    put_memory(b, s);
    put_tier(b, s, TIER_P);
    json_number(b, "ram_power", json_value(s, ACTOP_METRIC_DRAM_POWER, 0));
    put_soc(b, s);
    json_number(b, "sys_power", system_power(s));
    json_key(b, "temp");
    buf_putc(b, '{');
    json_number(b, "cpu_temp_avg", json_value(s, ACTOP_METRIC_CPU_TEMP_MEAN, 0));
    json_number(b, "gpu_temp_avg", json_value(s, ACTOP_METRIC_GPU_TEMP_MEAN, 0));
    buf_putc(b, '}');
    put_time(b, s);
    buf_puts(b, "}\n");
}
