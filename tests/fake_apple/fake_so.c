/* SPDX-License-Identifier: MIT */
/* The fake as a shared library with Apple's names: started when it is loaded, told by the environment what to be.
 *   FAKE_APPLE_MACHINES  directory of descriptions            FAKE_APPLE_MACHINE  which one (m4-max)
 *   FAKE_APPLE_STEP_MS   let so much time pass at each tick; without it, time passes as it does
 *   FAKE_APPLE_LOAD      busy share of everything, 0 to 1     FAKE_APPLE_REPORT   at the end, say on stderr what is still held */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "fake_apple/fake_internal.h"

void fake_before_tick(void);

static int64_t step_ns, last_ns;
static bool started;

static int64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

void fake_before_tick(void)
{
    int64_t now = now_ns();

    truth_run(&fake_machine_truth, step_ns > 0 ? step_ns : now - last_ns);
    last_ns = now;
}

static void put_load(struct load *l, double share)
{
    for (int i = 0; i < LOAD_LEVELS; i++) {
        l->cpu[i] = share;
        l->speed[i] = 0.5 + share / 2;
    }
    l->gpu = l->gpu_speed = l->ane = l->net = l->disk_read = share;
    l->read_gbps = 80 * share;
    l->write_gbps = 40 * share;
}

__attribute__((constructor)) static void start(void)
{
    const char *directory = getenv("FAKE_APPLE_MACHINES"), *name = getenv("FAKE_APPLE_MACHINE");
    const char *step = getenv("FAKE_APPLE_STEP_MS"), *load = getenv("FAKE_APPLE_LOAD");

    if (!fake_start(directory != NULL ? directory : "machines", name != NULL ? name : "m4-max"))
        exit(99);
    started = true;
    step_ns = step != NULL ? strtoll(step, NULL, 10) * 1000000 : 0;
    last_ns = now_ns();
    if (load != NULL)
        put_load(&fake_machine_truth.load, strtod(load, NULL));
}

__attribute__((destructor)) static void stop(void)
{
    if (!started)
        return;
    if (getenv("FAKE_APPLE_REPORT") != NULL)
        fprintf(stderr, "fake_apple: objects %ld, ports %ld, others %ld\n", fake_live_objects(),
                fake_live_ports(), fake_live_others());
    fake_stop();
}
