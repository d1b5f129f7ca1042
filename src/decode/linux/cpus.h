/* SPDX-License-Identifier: MIT */
/* The map of a Linux machine's CPUs, made of the schema's facts: tiers (equal performance, lowest first), clusters
 * (share a clock: a cpufreq policy of several cores, else all cores of one tier in one package and die), and cpufreq policies.
 *
 * What makes a tier, in order: the hybrid kind (lists of x86's performance units), cpu_capacity, the core's part in its
 * main ID register, nothing (one tier). No table of chip names decides. */
#ifndef DECODE_LINUX_CPUS_H
#define DECODE_LINUX_CPUS_H

#include "decode/linux.h"

struct cpu {
    uint32_t number;    /* logical CPU; the key is "cpu<number>" */
    int32_t tier;       /* rows; -1 none */
    int32_t cluster;
    int32_t policy;     /* in map.policies; -1 none */
    int32_t time;       /* channel of its CPU time; -1: offline */
    int64_t package, core, rank;
    uint32_t die;       /* running number over all packages */
    uint32_t shared;    /* which policy groups it (its clock is shared by several cores), plus 1; else 0 */
    uint32_t first;     /* lowest CPU of its core's class, for ordering */
    const char *part;   /* name of its core's design; NULL unknown; static */
};

struct policy {
    uint32_t number;
    int32_t cur, limit, avg, time; /* channels; -1 none */
    int32_t cluster;               /* of its first CPU; -1 none */
    uint32_t first_hz, n_states;   /* of its time channel, in map.state_hz */
    double max_hz;                 /* 0 unknown */
    bool cur_is_real;              /* what cur says was measured by the processor, not asked for */
};

struct cluster {
    int32_t tier;
    uint32_t n_cpus;
    int32_t table;       /* policy whose time_in_state gives the states, -1 none */
    int32_t first_state; /* first of its PSTATE rows; the last one is idle */
    uint32_t n_states;   /* without idle */
    double max_hz;
};

struct cpu_map {
    struct cpu *cpus; /* owned, like the next four; row = CORE row */
    struct policy *policies;
    struct cluster *clusters; /* row = CLUSTER row */
    double *tier_max_hz;      /* row = TIER row */
    double *state_hz;         /* frequencies of all policies' states */
    size_t n_cpus, n_policies, n_clusters, n_tiers, n_state_hz;
};

/* Build the map of d's schema and add TIER, CLUSTER, CORE and PSTATE entities to its topology. Releases what the map
 * held. False: out of memory. */
bool cpu_map_build(struct cpu_map *m, struct decode_schema *d);
bool cpu_map_own(struct cpu_map *m); /* m is a plain copy of another: give it memory of its own. False: release it */
void cpu_map_release(struct cpu_map *m);

/* Number i of a numeric property, or -1. */
int64_t property_at(const struct schema *s, const char *key, size_t i);
size_t property_count(const struct schema *s, const char *key);

#endif
