/* SPDX-License-Identifier: MIT */
/* Load scripts of simulated machines: lists of scenes that repeat. Deterministic: the load is a function of the machine, the time and
 * the seed. */
#include <math.h>
#include <string.h>

#include "model/soc.h"
#include "source/sim/sim.h"

struct scene {
    const char *name;
    double seconds, top, low, speed, realized, gpu, gpu_speed, ane, read, write, memory, disk_read,
        disk_write, net;
    unsigned pressure;
};

static const struct scene scenes[] = {
#define SCENE(name, ...) {#name, __VA_ARGS__},
#include "source/sim/scenes.def"
#undef SCENE
};

enum { N_SCENES = sizeof scenes / sizeof scenes[0], MAX_STEPS = 8 };

struct sim_script {
    const char *name;
    const char *steps[MAX_STEPS]; /* scenes, ended by NULL */
};

static const struct sim_script scripts[] = {
    {"tour", {"idle", "prefill", "decode", "compile", "export", "throttle", "idle", NULL}},
    {"idle", {"idle", NULL}},
    {"compile", {"compile", NULL}},
    {"llm", {"prefill", "decode", NULL}},
    {"prefill", {"prefill", NULL}},
    {"decode", {"decode", NULL}},
    {"export", {"export", NULL}},
    {"throttle", {"throttle", NULL}},
    {"sleep", {"compile", "sleep", NULL}},
};

const struct sim_script *sim_script_find(const char *name)
{
    for (size_t i = 0; i < sizeof scripts / sizeof scripts[0]; i++)
        if (name == NULL || strcmp(scripts[i].name, name) == 0)
            return &scripts[i];
    return NULL;
}

const char *sim_script_name(size_t index)
{
    return index < sizeof scripts / sizeof scripts[0] ? scripts[index].name : NULL;
}

static const struct scene *scene_find(const char *name)
{
    for (size_t i = 0; i < N_SCENES; i++)
        if (strcmp(scenes[i].name, name) == 0)
            return &scenes[i];
    return &scenes[0];
}

/* The scene at a time, how long it has run, and which round of the script this is. */
static const struct scene *scene_at(const struct sim_script *s, double seconds, double *into,
                                    double *round)
{
    double all = 0;
    for (size_t i = 0; s->steps[i] != NULL; i++)
        all += scene_find(s->steps[i])->seconds;
    *round = floor(seconds / all);
    double left = seconds - *round * all;
    size_t i = 0;
    while (s->steps[i + 1] != NULL && left >= scene_find(s->steps[i])->seconds)
        left -= scene_find(s->steps[i++])->seconds;
    *into = left;
    return scene_find(s->steps[i]);
}

/* Noise in -1 … 1 that is the same for the same seed, time and lane (splitmix64). */
static double noise(uint64_t seed, int64_t at_ns, uint64_t lane)
{
    uint64_t z = seed +
                 UINT64_C(0x9e3779b97f4a7c15) * ((uint64_t)(at_ns / 100000000) * 16 + lane + 1);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    z ^= z >> 31;
    return (double)(z >> 11) / 4503599627370496.0 - 1.0;
}

static double shake(double value, double by)
{
    double v = value * (1 + by);
    return v < 0 ? 0 : v > 1 ? 1 : v;
}

bool sim_script_load(const struct sim_script *s, const struct machine *m, int64_t at_ns,
                     uint64_t seed, struct load *load, int64_t *sleep_ns)
{
    double into, round;
    const struct scene *scene = scene_at(s, (double)at_ns * 1e-9, &into, &round);
    double peak_gbps = soc_find(m->brand, m->gpu.cores).dram_bps * 1e-9;
    load_idle(load);
    for (unsigned level = 0; level < LOAD_LEVELS; level++) {
        load->cpu[level] =
            shake(level == 0 ? scene->top : scene->low, 0.06 * noise(seed, at_ns, level));
        load->speed[level] = scene->speed;
    }
    load->realized = scene->realized;
    load->gpu = shake(scene->gpu, 0.03 * noise(seed, at_ns, 8));
    load->gpu_speed = scene->gpu_speed;
    load->ane = shake(scene->ane, 0.10 * noise(seed, at_ns, 9));
    load->read_gbps = scene->read * peak_gbps * (1 + 0.03 * noise(seed, at_ns, 10));
    load->write_gbps = scene->write * peak_gbps * (1 + 0.05 * noise(seed, at_ns, 11));
    load->memory = scene->memory;
    load->disk_read = shake(scene->disk_read, 0.3 * noise(seed, at_ns, 12));
    load->disk_write = shake(scene->disk_write, 0.3 * noise(seed, at_ns, 13));
    load->net = shake(scene->net, 0.5 * noise(seed, at_ns, 14));
    load->pressure = scene->pressure;
    *sleep_ns = strcmp(scene->name, "sleep") == 0 && into < 1.0 ? INT64_C(600000000000) : 0;
    return *sleep_ns > 0;
}
