/* SPDX-License-Identifier: MIT */
/* What the parts of the Apple decoder share: reading channel names, DVFS tables, and the keys of the probe
 * (docs/apple-frames.md). Facts about names, units and tables stand beside the code that uses them, each with its evidence
 * word. "Recorded" means seen in the output of a real machine, never on one of ours. */
#ifndef DECODE_APPLE_APPLE_H
#define DECODE_APPLE_APPLE_H

#include "base/vec.h"
#include "decode/parts.h"

/* Apple's "no value" (recorded: returned for channels without data). */
#define APPLE_INVALID ((uint64_t)INT64_MIN)

/* ---- Names ------------------------------------------------------------------------------------------------------- */

/* A cluster as Apple's names tell it: (die, letter, number). "ECPU" is number 0 of letter E, "PCPU1" number 1 of P. */
struct apple_cluster_name {
    uint32_t die;
    char letter;
    uint32_t number;
};

enum apple_cpu_kind {
    APPLE_CPU_NONE,    /* not a CPU's name */
    APPLE_CPU_CLUSTER, /* ECPU, DIE_0_PCPU1, EACC_CPU, PACC1_CPU */
    APPLE_CPU_CORE,    /* ECPU3, PCPU120, DIE_0_PCPU_CPU2, PACC0_CPU4, MCPU0_3, PACC_5 */
    APPLE_CPU_FABRIC,  /* ECPM, PCPM1, EACC_CPM, DIE_1_MCPM0 */
};

struct apple_cpu_name {
    enum apple_cpu_kind kind;
    struct apple_cluster_name cluster;
    uint32_t core; /* within the cluster */
};

/* Where a name stands decides what "PCPU1" is: a core of base chips' core channels and rails, a cluster among complexes. */
enum apple_name_place { APPLE_NAME_CORES, APPLE_NAME_COMPLEXES, APPLE_NAME_RAILS };
struct apple_cpu_name apple_parse_cpu(const char *name, enum apple_name_place place);

static inline bool apple_same_cluster(const struct apple_cluster_name *a, const struct apple_cluster_name *b)
{
    return a->die == b->die && a->letter == b->letter && a->number == b->number;
}

/* "DIE_1_CPU Energy" → "CPU Energy" with die 1; "ANE0_1" → "ANE" with die 1; "GPU SRAM0_0" → "GPU SRAM"; "DRAM0" → "DRAM". */
struct apple_block_name {
    char base[40];
    uint32_t die;
};
struct apple_block_name apple_parse_block(const char *name);

/* True when text starts with prefix. */
bool apple_starts(const char *text, const char *prefix);

/* True when the channel is of this group. */
bool apple_in_group(const struct schema *s, const struct channel *c, const char *group);

/* ---- P-states ------------------------------------------------------------------------------------------------------ */

enum { APPLE_MAX_STATES = 64 };

/* Why a table was given to a cluster or GPU. */
enum apple_dvfs_why {
    APPLE_DVFS_NONE,
    APPLE_DVFS_TOLD,  /* acc-clusters names it */
    APPLE_DVFS_USUAL, /* where chips without acc-clusters keep it */
    APPLE_DVFS_FITS,  /* as many entries as states, and a plausible top */
};

/* What the periods in the table without -sram say of the frequencies. */
enum apple_dvfs_periods { APPLE_PERIODS_NONE, APPLE_PERIODS_AGREE, APPLE_PERIODS_DIFFER };

struct apple_dvfs {
    uint32_t number; /* N of voltage-statesN; 0 with n 0: no table */
    uint32_t n;
    uint32_t n_states; /* active states it was chosen for */
    uint32_t hz_per_step; /* 1 or 1000; 0 when made of periods */
    uint8_t why, periods; /* enums above */
    bool sram;            /* from the -sram property */
    double max_hz; /* the highest of the table; 0 without one */
    double hz[APPLE_MAX_STATES];
    double volts[APPLE_MAX_STATES]; /* 0 unknown */
    bool from_period; /* made of periods, not of frequencies */
    bool mended;      /* 32-bit wrap was undone */
};

/* Table N of pmgr: the -sram one, else the periods of the other one. False when there is none or it is no clock's. */
bool apple_dvfs_read(const struct schema *s, uint32_t number, struct apple_dvfs *out);

/* The table of a cluster. rank is its place among the clusters of a die, lowest tier first (what acc-clusters counts by),
 * n_states how many active states its channels have. */
void apple_dvfs_for_cluster(const struct schema *s, const struct apple_cluster_name *name, uint32_t rank,
                            uint32_t n_states, struct apple_dvfs *out);

/* The GPU's: table 9, or the one whose first entry is 0 Hz and whose length fits. */
void apple_dvfs_for_gpu(const struct schema *s, uint32_t n_states, struct apple_dvfs *out);

/* What a residency state is. */
enum apple_state_kind { APPLE_STATE_ACTIVE, APPLE_STATE_IDLE, APPLE_STATE_DOWN };
enum apple_state_kind apple_state_kind(const char *name);

/* Frequency of a state by its name: "V3P1" is the second from the top of a CPU's table, "P2" entry 2 of the GPU's. 0 when the
 * table does not have it or the name is of another form. row is written when not NULL. */
double apple_state_hz(const struct apple_dvfs *t, const char *name, uint32_t *row);

/* One sentence: which table, its unit and range, how many states, why, and what speaks against it. */
void apple_dvfs_note(const struct apple_dvfs *t, const char *about, struct notes *into);

/* ---- Publications -------------------------------------------------------------------------------------------------- */

/* How often something is published, and how long it has not been. */
struct apple_period {
    int64_t period_ns; /* longest recent time between publications; 0 unknown */
    int64_t waited_ns; /* awake time since the last one that counts */
};

/* A publication. The longest of recent periods is kept: uneven ones (0.8 s and 1.2 s in turn are recorded) must not look like a
 * stand-still. has_before: dt_ns is the time since the one before. */
static inline void apple_period_take(struct apple_period *p, int64_t dt_ns, bool has_before)
{
    int64_t faded = p->period_ns - p->period_ns / 8;
    p->waited_ns = 0;
    if (has_before)
        p->period_ns = dt_ns > faded ? dt_ns : faded;
}

static inline bool apple_is_frozen(const struct apple_period *p)
{
    int64_t limit_ns = INT64_C(10000000000);
    int64_t three_ns = p->period_ns > INT64_MAX / 3 ? INT64_MAX : 3 * p->period_ns;
    return p->waited_ns > (three_ns > limit_ns ? three_ns : limit_ns);
}

/* Put a value of an earlier moment: stale when it is older than this interval. */
static inline void apple_put(struct decode_frame *d, actop_metric id, uint32_t row, double value, int64_t at_ns,
                             actop_origin origin, uint16_t via)
{
    bool fresh = d->frame->at.awake_ns - at_ns <= d->interval_ns;
    sample_put_at(d->out, id, row, value, at_ns, fresh ? ACTOP_STATE_OK : ACTOP_STATE_STALE, origin, via);
}

/* ---- Residency ------------------------------------------------------------------------------------------------------ */

/* What the states of a channel mean, looked up once for a schema. Channels of more states than fit are not read. */
struct apple_states {
    uint32_t n;
    double hz[APPLE_MAX_STATES];    /* 0: idle, or not in the table */
    double volts[APPLE_MAX_STATES]; /* 0: unknown */
    uint8_t kind[APPLE_MAX_STATES]; /* enum apple_state_kind */
};
void apple_states_init(struct apple_states *states, const struct schema *s, int32_t channel, const struct apple_dvfs *t);

/* Voltage states, with volts in the place of hertz, so that an interval's mean is volts. False, with n 0, unless they are V0,
 * V1 … (recorded on an M1 Pro), as many as the cluster's clocks (recorded on an M1: 5 and 15). That Vn then is the voltage of
 * clock n is inferred. */
bool apple_volts_init(struct apple_states *volts, const struct schema *s, int32_t channel,
                      const struct apple_states *clocks);

/* Ticks a second by a residency's unit: "24Mticks", "us", "ms", "ns"; 0 for another, whose seconds are not guessed. */
double apple_ticks_per_s(const char *unit);

/* A residency channel from frame to frame: the value of its last interval, held until the next. */
struct apple_follow {
    double active; /* share of the time in active states, 0–1 */
    double down;   /* share powered down */
    double hz;     /* mean over the active time; 0 when there was none or no table */
    int64_t at_ns; /* when the interval ended */
    struct apple_period period;
    bool has;   /* the above is a value */
    bool fresh; /* its interval ended in this frame */
};
/* Fold a frame in. OK: an interval ended; STALE: the last value stands; FROZEN, WARMING and others: there is none.
 * ticks_by_state, if not NULL, gets the ticks of an interval that ended added: states->n entries. */
actop_state apple_follow(struct apple_follow *f, const struct decode_frame *d, int32_t channel,
                         const struct apple_states *states, double *ticks_by_state);

static inline bool apple_has(actop_state state)
{
    return state == ACTOP_STATE_OK || state == ACTOP_STATE_STALE;
}

#endif
