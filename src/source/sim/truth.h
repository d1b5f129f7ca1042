/* SPDX-License-Identifier: MIT */
/* What a simulated machine really does: clocks, counters and sensors that follow a load, deterministic.
 *
 * The truth keeps, for every channel of a machine description, the exact totals in the channel's own unit and what of
 * them has been published (energy counters move in batches). The simulator writes it into frames; the tests' fake
 * hands it out through Apple's interfaces. Facts of the machine are the description's; how load becomes watts
 * and degrees is invented and only has to be plausible. */
#ifndef SOURCE_SIM_TRUTH_H
#define SOURCE_SIM_TRUTH_H

#include "source/sim/machine.h"

enum { LOAD_LEVELS = 8 };

/* What the machine is asked to do now. Ratios are 0–1. */
struct load {
    double cpu[LOAD_LEVELS];   /* busy share of the cores of each performance level */
    double speed[LOAD_LEVELS]; /* where in its table the level's requested clock stands */
    double realized; /* realized clock as a share of the requested one; 1 is no throttling */
    double gpu, gpu_speed;
    double ane;
    double read_gbps, write_gbps;      /* memory traffic, GB/s */
    double memory;                     /* share of memory in use */
    double disk_read, disk_write, net; /* share of what the device can do */
    unsigned pressure;                 /* thermal pressure, 0–4 */
    bool on_battery;
};

struct truth_process {
    double cpu_ns, gpu_ns, energy_nj, disk_read_b, disk_written_b;
};

struct truth {
    const struct machine *machine; /* borrowed */
    struct load load;
    int64_t wall_ns, awake_ns, boot_ns;
    double cpu_rise, gpu_rise; /* degrees above idle */
    double **total;            /* per channel, per state: exact, in the channel's unit */
    int64_t **published;       /* the same as a reader sees it */
    int64_t *stamp_ns;         /* per channel, of what is published */
    int64_t *next_ns;          /* per publication */
    unsigned *turn;            /* per publication: which of its periods runs */
    double *cpu_ns;            /* per logical CPU: user, system, idle, nice */
    struct truth_process *processes;
    double *net_rx, *net_tx, *disk_read, *disk_written; /* per interface, disk */
    double page_faults;
    double battery_mah; /* drawn since the start; negative: charged */
    void *memory;       /* owned: all the arrays above */
};

/* Zeroed load for an idle machine: speeds at the bottom, realized 1. */
void load_idle(struct load *l);

/* The truth of an idle machine that has been up for a while. False when out of memory. */
bool truth_init(struct truth *t, const struct machine *m, int64_t wall_ns);
void truth_release(struct truth *t);

/* Let time pass under the present load. */
void truth_run(struct truth *t, int64_t ns);
/* Let time pass asleep: only wall and boot clocks go on, counters stand. */
void truth_sleep(struct truth *t, int64_t ns);
/* Counters of a group start again from zero, as after a driver restart. */
void truth_restart(struct truth *t, const char *group);

/* Watts of a domain now. */
double truth_watts(const struct truth *t, const struct machine_domain *d);
/* Value of an SMC key now, degrees or watts; of a HID sensor; of a fan in rpm. */
double truth_smc(const struct truth *t, size_t key);
double truth_hid(const struct truth *t, size_t sensor);
double truth_fan(const struct truth *t, size_t fan);
/* SMC bytes of a value in a type; returns how many (0: unknown type). */
unsigned truth_smc_bytes(const char type[4], double value, uint8_t out[32]);

/* Ticks of 1/100 s a logical CPU has spent: user, system, idle, nice. */
void truth_cpu_ticks(const struct truth *t, unsigned cpu, uint32_t ticks[4]);
/* The GPU's utilization and memory in use as a driver says it. */
int64_t truth_gpu_percent(const struct truth *t);
uint64_t truth_gpu_memory(const struct truth *t);

struct truth_memory {
    uint64_t free, active, inactive, wire, purgeable, speculative, compressor, external, internal,
        uncompressed;
};
void truth_memory(const struct truth *t, struct truth_memory *pages); /* pages of 16 KiB */

#endif
