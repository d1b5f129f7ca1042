/* SPDX-License-Identifier: MIT */
/* The parts of the Linux source. A *part* (a collector, in doctor's words) is one row of parts.def: it looks at the
 * tree once (describe), adds its channels, row sets and properties to the schema, and reads them at each tick. Each
 * fails alone, with a reason and a remedy. docs/linux-frames.md lists every key. */
#ifndef SOURCE_LINUX_LINUX_H
#define SOURCE_LINUX_LINUX_H

#include "source/linux/root.h"
#include "source/source.h"

/* What a part is given while it describes. */
struct linux_probe {
    struct root *root;
    struct schema *schema;  /* being built; NULL outside describe */
    int32_t collector;      /* this part's row, for channel_spec.collector and row sets */
    int32_t status;         /* set by linux_report: 0 works, -1 absent, > 0 errno */
    char reason[160];
    char remedy[160];
};

struct linux_part {
    const char *name; /* Stable: doctor and `via` show it. */
    size_t state_size; /* Bytes of state, zeroed before describe; 0 for none. */
    uint32_t want;     /* ACTOP_WANT bits, any of which makes read run; 0 for always. */
    /* MUST. Add to the schema what is there. Out of memory is remembered by the schema. */
    void (*describe)(void *state, struct linux_probe *p);
    /* MAY be NULL. Fill the frame. No allocation once the largest content has been seen. Returns true when the topology
     * is no longer what describe saw. */
    bool (*read)(void *state, struct root *root, struct frame *f);
    /* MAY be NULL. Free what describe made (root_forget files, free memory). The state may be zeroed memory. */
    void (*close)(void *state, struct root *root);
};

/* Say how a part stands. status 0 with a reason: works in part. The first report of the worst kind stays: an errno
 * beats absent, absent beats 0. remedy may be NULL. */
void linux_report(struct linux_probe *p, int32_t status, const char *remedy, const char *reason, ...)
    ACTOP_PRINTF(4, 5);

/* Say that a part found nothing: for the reason that its directory may not be read, if that was it (errnum of listing it),
 * else the given one. */
void linux_report_nothing(struct linux_probe *p, int errnum, const char *directory, const char *remedy,
                          const char *reason);

/* A source over a root that is given away (also on failure): how tests reach its faults. */
actop_status linux_open_root(struct source **out, struct root *root, actop_error *err);
struct root *linux_root(struct source *s);

#define PART(name) extern const struct linux_part linux_part_##name;
#include "source/linux/parts.def"
#undef PART

#endif
