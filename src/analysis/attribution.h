/* SPDX-License-Identifier: MIT */
/* Power per process, and the ledger of what each has used.
 *
 * The CPU's watts are shared by CPU time over max(busy time of all CPUs, Σ visible), the GPU's by GPU time. Where the kernel
 * counts energy for a process and that moves, it is used instead. What no visible process accounts for is the row of those
 * we may not see. Rows + unattributed = CPU + GPU. Times and energies are summed as integers, so that the order of rows
 * never matters. Totals survive their process. */
#ifndef ANALYSIS_ATTRIBUTION_H
#define ANALYSIS_ATTRIBUTION_H

#include "analysis/step.h"

enum { EXITED_MOST = 50, PROCESS_NAME_SIZE = 32 };

/* What is remembered of a process: its counters as of the last sample that had it, and its total. */
struct process_entry {
    uint64_t pid, start;
    int64_t cpu_ns, gpu_ns, kernel_nj; /* -1: not read */
    double energy_j;
    uint64_t seen; /* step in which it was last there */
    bool has_energy; /* energy_j holds a total: there has been a difference */
    char name[PROCESS_NAME_SIZE];
};

/* What a row did since the sample before; -1: not known. */
struct process_delta {
    int64_t cpu_ns, gpu_ns, kernel_nj;
    uint32_t entry; /* in now */
    bool counts;    /* a row of a real process */
};

struct exited_process {
    uint64_t pid, start;
    double energy_j;
    char name[PROCESS_NAME_SIZE];
};

struct attribution {
    struct process_entry *before, *now;
    size_t n_before, n_now, cap_before, cap_now;
    uint32_t *index; /* open addressing over before: entry + 1; 0: free */
    size_t cap_index;
    uint32_t index_mask;
    bool *matched; /* entries of before that have a row; scratch */
    size_t cap_matched;
    struct process_delta *deltas; /* by row; scratch */
    size_t cap_deltas;
    struct exited_process exited[EXITED_MOST];
    uint32_t n_exited;
    double exited_others_j; /* ended processes there was no more room for */
    double hidden_j;
    uint64_t step;
    uint64_t scaled; /* samples in which the kernel's energies exceeded the CPU's */
    bool kernel_moves; /* the kernel's energy of some process has ever moved */
};

/* Fold a sample's process rows in and put power, energy and shares, also the rows of those not seen and of those that
 * ended. gap: only remember the counters. E_NOMEM: the rows are as decode left them. */
actop_status attribution_add(struct attribution *a, const struct step *step, actop_error *err);

void attribution_release(struct attribution *a);
bool attribution_copy(struct attribution *into, const struct attribution *from); /* false: out of memory; *into is empty */

#endif
