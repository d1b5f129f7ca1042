/* SPDX-License-Identifier: MIT */
/* The second half of reading a machine: its IOReport channels, patterns expanded. For machine.c only. */
#ifndef SOURCE_SIM_MACHINE_CHANNELS_H
#define SOURCE_SIM_MACHINE_CHANNELS_H

#include "source/sim/machine.h"

/* Zeroed memory that lives as long as the machine; NULL when there is none. */
void *machine_keep(struct machine *m, size_t n);
char *machine_keep_text(struct machine *m, const char *text, size_t n);

/* A new channel; its name is copied, group, subgroup and unit are borrowed. NULL when out of memory. */
struct machine_channel *machine_add_channel(struct machine *m, const char *group,
                                            const char *subgroup, const char *name,
                                            const char *unit, enum machine_channel_kind kind);

/* "   1GB/s" … as the power manager names its buckets. NULL when out of memory. */
const char **machine_bucket_names(struct machine *m, double step_gb, unsigned n);

/* Add what follows from clusters and GPU: CPU Stats, GPU Stats, the rails of clusters and cores; number the logical
 * CPUs; connect energy channels with their publications. False when out of memory. */
bool machine_finish(struct machine *m);

#endif
