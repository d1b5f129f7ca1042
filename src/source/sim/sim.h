/* SPDX-License-Identifier: MIT */
/* The simulated machine as a source: its parts. Frames look as the apple source fills them (docs/apple-frames.md), so they
 * go through the real decoder. */
#ifndef SOURCE_SIM_SIM_H
#define SOURCE_SIM_SIM_H

#include "frame/frame.h"
#include "source/sim/truth.h"

/* Where the channels of a machine stand in its schema; -1 is none. Arrays are as long as the machine's lists. */
struct sim_map {
    int32_t *channels; /* per machine channel; owned, like the others */
    int32_t *ticks;    /* per logical CPU */
    int32_t *smc;      /* per SMC key */
    int32_t *hid;      /* per HID sensor */
    int32_t *fans;     /* per fan, 3 each: actual, minimum, maximum */
    int32_t vm[16];
    int32_t swap, pressure, loadavg, thermal, level, agx[5];
    int32_t processes, clients, interfaces, disks, apfs, volumes, batteries;
};

/* A sealed schema of the machine, under a source name such as "sim:m4-max", and where things are in it. */
actop_status sim_describe(const struct machine *m, const char *source, struct schema **out, struct sim_map *map,
                          actop_error *err);
void sim_map_release(struct sim_map *map);

/* True for what a registry gives as a number: numbers, and yes and no. */
bool sim_pair_is_number(const struct machine_pair *p);

/* Write the truth into a frame that was begun. */
void sim_fill(const struct truth *t, const struct sim_map *map, struct frame *f);

/* Load scripts: what the machine does at a time since the start. name NULL is the tour through all scenes. */
struct sim_script;
const struct sim_script *sim_script_find(const char *name); /* NULL: no such script */
const char *sim_script_name(size_t index);                  /* NULL past the last */
/* The load at a moment, with some noise by seed. Returns true when the machine should sleep for *sleep_ns now. */
bool sim_script_load(const struct sim_script *s, const struct machine *m, int64_t at_ns, uint64_t seed, struct load *load,
                     int64_t *sleep_ns);

/* Texts of machines/, compiled in: for machine_load. context is a struct sim_texts. */
struct sim_texts {
    char *bytes; /* owned; all texts */
    size_t n;
};
actop_status sim_texts_open(struct sim_texts *t, actop_error *err);
void sim_texts_close(struct sim_texts *t);
const char *sim_texts_find(void *texts, const char *name, size_t *n);

/* Names of the machines there are, in the order of the list; NULL past the last. Static. */
const char *sim_machine_name(size_t index);

#endif
