/* SPDX-License-Identifier: MIT */
/* The contract of a source: a producer of frames. One const table a source, listed in source_list_linux.c and
 * source_list_darwin.c; slots say MUST or
 * MAY. Facts and frames are the machine's own words: a source converts, unwraps, filters and judges nothing. */
#ifndef SOURCE_SOURCE_H
#define SOURCE_SOURCE_H

#include "frame/frame.h"
#include "frame/schema.h"

struct source; /* each implementation's own */

/* How a source is opened. Strings live as long as the call to open. */
struct source_env {
    const char *argument;   /* after the colon of "replay:FILE", "sim:CHIP"; the whole text of "http://…"; or "" */
    const char *root;       /* directory for everything the linux source reads; NULL is "/" */
    const char *apple_root; /* prefix of Apple's library paths, NULL for none */
    const char *token_file; /* bearer token of a remote source, or NULL */
    const char *script;     /* load script of a simulated machine, or NULL */
    uint64_t seed;          /* of a simulated machine */
    bool survey;            /* also list what the machine has and the source does not read */
};

/* What the session must know of a source's nature. */
enum {
    SOURCE_LIVE = 1,     /* reads this machine now: paced by the session's deadlines */
    SOURCE_OWN_TIME = 2, /* frames carry their own times: paced by their differences and the session's speed */
                         /* neither: read waits for the next frame by itself (remote) */
};

struct source_span {
    uint64_t frames;
    int64_t first_wall_ns, last_wall_ns; /* of the first and the last frame */
};

struct source_ops {
    const char *name;  /* Short and stable: it appears in output. */
    const char *scheme; /* What selects it in a source text: "linux", "replay:", "sim:", "http://". */
    unsigned flags;    /* SOURCE_ bits. */
    /* MUST. Make a source, or say why not in err; on failure *out is untouched. */
    actop_status (*open)(struct source **out, const struct source_env *env, actop_error *err);
    /* MUST. What this machine has: a sealed schema with one reference for the caller. Called once, and again when read
     * says ACTOP_SCHEMA_CHANGED. */
    actop_status (*describe)(struct source *s, struct schema **out, actop_error *err);
    /* MUST. Fill the frame (frame_begin included): raw values of what is wanted (ACTOP_WANT bits), each with its own
     * status, and the three clocks. Fails only when nothing at all could be read. ACTOP_SCHEMA_CHANGED: describe again,
     * then read again; the frame is not filled. ACTOP_END: no more frames. interval_ns is for simulations:
     * how much time should pass since the last frame (0: the source decides). */
    actop_status (*read)(struct source *s, uint32_t want, int64_t interval_ns, struct frame *into, actop_error *err);
    /* MAY be NULL. Send a signal to the process that is (pid, start), for live local sources; also from another thread
     * while one reads. */
    actop_status (*signal_process)(struct source *s, uint64_t pid, uint64_t start, int signal, actop_error *err);
    /* MAY be NULL. How many files the process that is (pid, start) has open; otherwise like signal_process. */
    actop_status (*count_files)(struct source *s, uint64_t pid, uint64_t start, uint64_t *count, actop_error *err);
    /* MAY be NULL. Make a blocked read return soon, from another thread. One that comes as a read begins may be lost: the
     * caller repeats it until the read has ended. */
    void (*interrupt)(struct source *s);
    /* MAY be NULL. How many frames there are in all and when, for sources that know their end; one thread at a time, also
     * while another reads. E_UNSUPPORTED: this one does not know; E_NOT_FOUND: none yet. */
    actop_status (*span)(struct source *s, struct source_span *out, actop_error *err);
    /* MUST. Accepts NULL. */
    void (*close)(struct source *s);
};

/* Each stands in its own folder; which of them a build has, its list says. */
extern const struct source_ops apple_source, linux_source, none_source, remote_source, replay_source, sim_source;

/* Every source of this build, ended by NULL; and the one a source text names. "auto" is the first that is live.
 * E_ARGUMENT when no source answers to the text; *argument points into text behind the scheme. */
extern const struct source_ops *const source_list[];
actop_status source_select(const char *text, const struct source_ops **ops, const char **argument, actop_error *err);

#endif
