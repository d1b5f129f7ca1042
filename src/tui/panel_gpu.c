/* SPDX-License-Identifier: MIT */
/* The GPU panel: each GPU as the CPU's tiers are, renderer and tiler, memory, then the Neural Engine. */
#include "tui/panel.h"

#include <math.h>

bool gpu_present(struct scene *s)
{
    struct value util = scene_value(s, ACTOP_METRIC_GPU_UTIL, 0);
    struct value watts = scene_value(s, ACTOP_METRIC_GPU_POWER, 0);
    struct value ane = scene_value(s, ACTOP_METRIC_ANE_POWER, 0);
    return scene_rows(s, ACTOP_SCOPE_GPU) > 0 || value_known(&util) || value_known(&watts) ||
           value_known(&ane);
}

/* One GPU: what is said of the machine is of it, and the other way round. */
static struct value gpu_value(struct scene *s, uint32_t gpu, actop_metric one, actop_metric machine)
{
    struct value v = scene_value(s, one, gpu);
    return value_known(&v) || scene_rows(s, ACTOP_SCOPE_GPU) > 1 ? v : scene_value(s, machine, 0);
}

static void draw_gpu_headline(struct scene *s, const struct area *a, uint32_t gpu)
{
    struct headline h = {.n = 0};
    struct value util = gpu_value(s, gpu, ACTOP_METRIC_GPU_ONE_UTIL, ACTOP_METRIC_GPU_UTIL);
    struct value asked = gpu_value(s, gpu, ACTOP_METRIC_GPU_ONE_FREQ, ACTOP_METRIC_GPU_FREQ);
    struct value granted = scene_value(s, ACTOP_METRIC_GPU_ONE_REALIZED_FREQ, gpu);
    struct value celsius = gpu_value(s, gpu, ACTOP_METRIC_GPU_ONE_TEMP, ACTOP_METRIC_GPU_TEMP);
    struct value watts = gpu_value(s, gpu, ACTOP_METRIC_GPU_ONE_POWER, ACTOP_METRIC_GPU_POWER);
    bool many = scene_rows(s, ACTOP_SCOPE_GPU) > 1;
    struct num label = many ? num_text("GPU%u ", gpu) : num_text("GPU  ");
    headline_add(&h, STYLE_TITLE, 0, 0, label);
    headline_add(&h, util.has ? STYLE_STRONG : STYLE_DIM, 0, 1,
                 padded_value(s, FIELD_PERCENT, &util, num_percent));
    add_frequency(&h, s, FIELD_GPU_FREQ, &asked, &granted);
    add_temperature(&h, &celsius);
    if (watts.has)
        headline_add(&h, STYLE_TEXT, 3, 2, padded_value(s, FIELD_WATT, &watts, num_watts));
    if (many)
        headline_window(&h, s, ACTOP_METRIC_GPU_ONE_UTIL, gpu, FIELD_WINDOW_PERCENT, num_percent);
    else
        headline_window(&h, s, ACTOP_METRIC_GPU_UTIL, 0, FIELD_WINDOW_PERCENT, num_percent);
    headline_draw(a, 0, &h);
}

static void draw_gpu_chart(struct scene *s, const struct area *a, uint32_t gpu)
{
    if (scene_rows(s, ACTOP_SCOPE_GPU) > 1)
        draw_chart(s, a, ACTOP_METRIC_GPU_ONE_UTIL, scene_key(s, ACTOP_SCOPE_GPU, gpu), 1, 1);
    else
        draw_chart(s, a, ACTOP_METRIC_GPU_UTIL, scene_key(s, ACTOP_SCOPE_MACHINE, 0), 1, 1);
}

static void draw_gpu_residency(struct scene *s, const struct area *a, uint32_t gpu)
{
    draw_residency(s, a, ACTOP_METRIC_GPU_IDLE, gpu);
}

static void add_labelled(struct headline *h, const char *label, uint8_t rank, struct num number)
{
    headline_add(h, STYLE_DIM, rank, 3, num_text("%s", label));
    headline_add(h, STYLE_TEXT, rank, 1, number);
}

static void draw_gpu_details(struct scene *s, const struct area *a, uint32_t gpu)
{
    struct headline h = {.n = 0};
    struct value render = scene_value(s, ACTOP_METRIC_GPU_RENDERER_UTIL, 0);
    struct value tiler = scene_value(s, ACTOP_METRIC_GPU_TILER_UTIL, 0);
    struct value used = gpu_value(s, gpu, ACTOP_METRIC_GPU_ONE_MEM_USED, ACTOP_METRIC_GPU_MEM_USED);
    struct value total =
        gpu_value(s, gpu, ACTOP_METRIC_GPU_ONE_MEM_TOTAL, ACTOP_METRIC_GPU_MEM_TOTAL);
    if (gpu == 0 && render.has)
        add_labelled(&h, "render", 1, padded_value(s, FIELD_PERCENT, &render, num_percent));
    if (gpu == 0 && tiler.has)
        add_labelled(&h, "tiler", 2, padded_value(s, FIELD_PERCENT, &tiler, num_percent));
    if (used.has && total.has)
        add_labelled(&h, "memory", 0, num_of_bytes(used.v, total.now, used.diff));
    else if (used.has)
        add_labelled(&h, "memory", 0, num_bytes(used.v, used.diff));
    headline_draw(a, 0, &h);
}

static bool has_details(struct scene *s, uint32_t gpu)
{
    struct value render = scene_value(s, ACTOP_METRIC_GPU_RENDERER_UTIL, 0);
    struct value used = gpu_value(s, gpu, ACTOP_METRIC_GPU_ONE_MEM_USED, ACTOP_METRIC_GPU_MEM_USED);
    return used.has || (gpu == 0 && render.has);
}

static void draw_gpu_pstates(struct scene *s, const struct area *a, uint32_t gpu)
{
    draw_text(a, 0, 0, STYLE_DIM, "P-states in MHz");
    draw_pstates(s, a, ACTOP_SCOPE_GPU, gpu);
}

static void draw_ane_headline(struct scene *s, const struct area *a, uint32_t arg)
{
    struct headline h = {.n = 0};
    struct value util = scene_value(s, ACTOP_METRIC_ANE_UTIL, 0);
    struct value watts = scene_value(s, ACTOP_METRIC_ANE_POWER, 0);
    (void)arg;
    headline_add(&h, STYLE_TITLE, 0, 0, num_text("ANE  "));
    headline_add(&h, util.has ? STYLE_STRONG : STYLE_DIM, 0, 1,
                 padded_value(s, FIELD_PERCENT, &util, num_percent));
    if (watts.has)
        headline_add(&h, STYLE_TEXT, 1, 2, padded_value(s, FIELD_WATT, &watts, num_watts));
    headline_window(&h, s, ACTOP_METRIC_ANE_UTIL, 0, FIELD_WINDOW_PERCENT, num_percent);
    headline_draw(a, 0, &h);
}

static void draw_ane_chart(struct scene *s, const struct area *a, uint32_t arg)
{
    (void)arg;
    draw_chart(s, a, ACTOP_METRIC_ANE_UTIL, scene_key(s, ACTOP_SCOPE_MACHINE, 0), 1, 1);
}

static void add_gpu(struct scene *s, uint32_t gpu, int columns, struct items *out)
{
    struct value util = gpu_value(s, gpu, ACTOP_METRIC_GPU_ONE_UTIL, ACTOP_METRIC_GPU_UTIL);
    struct value idle = scene_value(s, ACTOP_METRIC_GPU_IDLE, gpu);
    item_add(out, gpu == 0 ? 0 : 3, 1, gpu, draw_gpu_headline);
    if (value_known(&util))
        item_add_growing(out, gpu == 0 ? 0 : 3, 1, 4, 3, gpu, draw_gpu_chart);
    if (s->view->now.show_residency && value_known(&idle))
        item_add(out, 5, 1, gpu, draw_gpu_residency);
    if (has_details(s, gpu))
        item_add(out, 4, 1, gpu, draw_gpu_details);
    int lines = s->view->pstates ? pstate_lines(s, ACTOP_SCOPE_GPU, gpu, columns) : 0;
    if (lines > 0)
        item_add_list(out, gpu == 0 ? 0 : 1, lines < 2 ? 2 : 3, 1 + lines, 1 + lines, 6, gpu,
                      draw_gpu_pstates);
}

void gpu_items(struct scene *s, int columns, struct items *out)
{
    struct value ane = scene_value(s, ACTOP_METRIC_ANE_POWER, 0);
    struct value util = scene_value(s, ACTOP_METRIC_ANE_UTIL, 0);
    uint32_t gpus = scene_rows(s, ACTOP_SCOPE_GPU);
    struct value gpu = scene_value(s, ACTOP_METRIC_GPU_UTIL, 0);
    if (gpus == 0 && value_known(&gpu))
        gpus = 1;
    for (uint32_t i = 0; i < gpus; i++)
        add_gpu(s, i, columns, out);
    if (value_known(&ane) || value_known(&util)) {
        item_add(out, gpus == 0 ? 0 : 2, 1, 0, draw_ane_headline);
        item_add_growing(out, 3, 1, 2, 1, 0, draw_ane_chart);
    }
}
