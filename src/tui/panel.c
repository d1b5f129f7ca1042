/* SPDX-License-Identifier: MIT */
/* The table of panels; see panel.h. */
#include "tui/panel.h"

static bool always_present(struct scene *s)
{
    (void)s;
    return true;
}

static struct num cpu_remark(struct scene *s)
{
    struct value load = scene_value(s, ACTOP_METRIC_LOAD_1, 0);
    struct value watts = scene_value(s, ACTOP_METRIC_CPU_POWER, 0);
    if (watts.has && scene_rows(s, ACTOP_SCOPE_TIER) > 1)
        return padded_value(s, FIELD_WATT, &watts, num_watts);
    return load.has ? num_text("load %s", num_plain(load.v, 2, load.diff).s) : num_text("%s", "");
}

static struct num gpu_remark(struct scene *s)
{
    struct value cores = scene_value(s, ACTOP_METRIC_GPU_CORES, 0);
    const char *name = scene_text(s, ACTOP_METRIC_GPU_NAME, 0);
    if (cores.has)
        return num_text("%s cores", num_count(cores.now, false).s);
    return num_text("%.30s", name == NULL ? "" : name);
}

static struct num no_remark(struct scene *s)
{
    (void)s;
    return num_text("%s", "");
}

static const struct panel_row {
    bool (*present)(struct scene *s);
    void (*items)(struct scene *s, int columns, struct items *out);
    struct num (*remark)(struct scene *s);
} rows[PANEL_COUNT] = {
    [PANEL_CPU] = {cpu_present, cpu_items, cpu_remark},
    [PANEL_GPU] = {gpu_present, gpu_items, gpu_remark},
    [PANEL_MEMORY] = {memory_present, memory_items, no_remark},
    [PANEL_POWER] = {power_present, power_items, no_remark},
    [PANEL_NETWORK] = {network_present, network_items, no_remark},
    [PANEL_DISK] = {disk_present, disk_items, no_remark},
    [PANEL_SENSORS] = {sensors_present, sensors_items, no_remark},
    [PANEL_PROCESSES] = {always_present, processes_items, processes_remark},
};

bool panel_present(struct scene *s, enum panel_id panel)
{
    return rows[panel].present(s);
}

void panel_items(struct scene *s, enum panel_id panel, int columns, struct items *out)
{
    out->n = 0;
    rows[panel].items(s, columns, out);
}

struct num panel_remark(struct scene *s, enum panel_id panel)
{
    return rows[panel].remark(s);
}
