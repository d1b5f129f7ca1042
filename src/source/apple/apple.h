/* SPDX-License-Identifier: MIT */
/* The parts of the Apple source. A *part* is one row of parts.def: it looks at the machine once (describe), adds its
 * channels, row sets and properties to the schema, and reads them at each tick. Each fails alone, with a reason.
 * docs/apple-frames.md lists every key. All calls go through struct apple_api. */
#ifndef SOURCE_APPLE_APPLE_H
#define SOURCE_APPLE_APPLE_H

#include "source/apple/apple_api.h"
#include "source/source.h"

/* What a part is given while it describes. */
struct apple_probe {
    const struct apple_api *api;
    struct schema *schema; /* being built */
    struct apple_timebase timebase;
    bool survey;       /* also name what is not read */
    int32_t collector; /* this part's row, for channel_spec.collector and row sets */
    int32_t status;    /* set by apple_report: 0 works, -1 absent, > 0 errno */
    char reason[200];
    char remedy[160];
};

/* What a part is given while it reads. */
struct apple_tick {
    const struct apple_api *api;
    struct frame *frame;
    uint32_t want;
    struct apple_timebase timebase;
};

struct apple_part {
    const char *name;             /* Stable: doctor and `via` show it. */
    size_t state_size;            /* Bytes of state, zeroed before describe; 0 for none. */
    uint32_t want;                /* ACTOP_WANT bits, any of which makes read run; 0 for always. */
    const enum apple_row *needed; /* Calls without which the part is absent, ended by APPLE_ROW_END. */
    /* MUST. Add to the schema what is there. Out of memory is remembered by the schema. */
    void (*describe)(void *state, struct apple_probe *p);
    /* MAY be NULL. Fill the frame. Returns true when the machine is no longer what describe saw. */
    bool (*read)(void *state, struct apple_tick *t);
    /* MAY be NULL. Give back what describe took. The state may be zeroed memory. */
    void (*close)(void *state, const struct apple_api *api);
};

/* Say how a part stands. The first report of the worst kind stays: an errno beats absent, absent beats 0 (works in part).
 * remedy may be NULL. */
void apple_report(struct apple_probe *p, int32_t status, const char *remedy, const char *reason, ...)
    ACTOP_PRINTF(4, 5);

/* Nanoseconds of mach ticks; exact, without overflow for 2^63 ns. */
int64_t apple_ns(struct apple_timebase timebase, uint64_t ticks);

/* A source over a table of calls, which is copied: how tests reach the fake. */
actop_status apple_open_api(struct source **out, const struct apple_api *api, actop_error *err);

/* Let describe also list the channel groups that are not read: slow, for doctor. */
void apple_survey(struct source *s);

/* E_GONE unless pid is still the process that started then (start_us of its row); else what proc_pidinfo says. */
actop_status apple_process_check(const struct apple_api *api, uint64_t pid, uint64_t start_us, actop_error *err);
/* How many files it has open, if it is still that process. E_GONE, E_DENIED, E_UNSUPPORTED, E_NOMEM. */
actop_status apple_process_files(const struct apple_api *api, uint64_t pid, uint64_t start_us, uint64_t *count,
                                 actop_error *err);

#define PART(part) extern const struct apple_part part;
#include "source/apple/parts.def"
#undef PART

#endif
