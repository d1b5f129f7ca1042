/* SPDX-License-Identifier: MIT */
/* Reference figures of a chip, by its name: what 100 percent means on a chart and for an alert. A chip's row never decides
 * what is read. */
#ifndef MODEL_SOC_H
#define MODEL_SOC_H

#include <stdint.h>

/* How well the name was known. */
enum soc_match {
    SOC_UNKNOWN, /* no chip of Apple's: figures to have some */
    SOC_TIER,    /* an unknown generation: the newest row of its tier */
    SOC_EXACT,   /* a row of its own */
};

struct soc {
    enum soc_match match;
    double cpu_w, gpu_w, ane_w;
    double dram_bps; /* bytes per second */
};

/* Figures for a chip's name as the system gives it ("Apple M4 Max"; blanks may repeat, words may follow). gpu_cores, 0 when
 * unknown, picks the bin. Never fails: NULL and foreign names give SOC_UNKNOWN. */
struct soc soc_find(const char *chip, uint32_t gpu_cores);

#endif
