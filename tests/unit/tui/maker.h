/* SPDX-License-Identifier: MIT */
/* Maker: samples made by hand for the tests of the screen, without source, decoder or analysis: whatever the screen may meet,
 * always the same. The numbers are plausible and mean nothing. */
#ifndef ACTOP_TESTS_TUI_MAKER_H
#define ACTOP_TESTS_TUI_MAKER_H

#include <stdbool.h>

#include <actop/actop.h>

struct maker;

/* What a machine has. */
struct maker_machine {
    const char *name, *chip;
    int e_cores, p_cores; /* e_cores is 0: one tier without a letter */
    int gpu_cores;        /* 0: no GPU */
    int pstates;          /* of each cluster */
    int sensors, fans, interfaces, disks, agents, processes;
    bool power, bandwidth, battery, heat;
};

/* A laptop with everything, a small one, a virtual machine that tells next to nothing, a server of 256 CPUs. */
extern const struct maker_machine maker_machines[];
extern const int n_maker_machines;

struct maker *maker_new(const struct maker_machine *machine);
void maker_free(struct maker *m);

/* The next sample, one second later, with a reference of the caller's. */
const actop_sample_t *maker_next(struct maker *m);

/* A sample with nothing but these processes. */
struct maker_process {
    const char *name;
    double pid, parent, cpu, rss;
    const char *executable; /* NULL: not known */
};
const actop_sample_t *maker_processes(struct maker *m, const struct maker_process *rows, int n);

/* From now on processes have these names, in turn. Borrowed. */
struct maker_name {
    const char *bytes;
    unsigned long n;
};
void maker_names(struct maker *m, const struct maker_name *names, int n);

/* From now on there is one more interface, which receives so much. Borrowed. */
void maker_interface(struct maker *m, const char *name, double rx_bps);

#endif
