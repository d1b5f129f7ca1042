/* SPDX-License-Identifier: MIT */
/* Samples one after the other at their time: what --json, record and the plain report are made of. */
#ifndef CLI_STREAM_H
#define CLI_STREAM_H

#include "cli/commands.h"
#include "cli/output.h"

/* A session being read at an interval (this machine) or at the speed of its own frames (recordings, simulations). */
struct stream {
    actop_session *session; /* borrowed */
    int64_t interval_ns;
    int64_t part_ns;          /* from the deadline back to when a sample with subsamples has to begin */
    int64_t deadline_ns;      /* of the next sample, on the awake clock */
    double speed;             /* of frames with times of their own; 0: as fast as possible */
    int64_t from_ns, at_ns;   /* such frames: their clock and ours at the first one */
    const actop_sample_t *sample; /* the newest; borrowed from the session */
    uint64_t samples;
    bool live;
    bool recording; /* the session writes a file: its failure is the stream's */
    bool quiet;     /* nothing is written: nobody reads standard output */
};

/* Take the first sample: it has no rates yet. */
enum output_state stream_open(struct stream *st, const struct cli *cli, actop_session *s, actop_error *err);

/* Wait for the next sample's time and take it. At the end of a recording: OUTPUT_CLOSED and err->status ACTOP_END. */
enum output_state stream_next(struct stream *st, actop_error *err);

/* When the next sample will be begun, on the awake clock; 0 for sources whose frames have times of their own. */
int64_t stream_due_ns(const struct stream *st);

/* Write the newest sample. *text and *size are the caller's buffer, grown as needed (free it in the end). */
enum output_state stream_write(const struct stream *st, actop_format_id format, const actop_format_options *o, char **text,
                               size_t *size, actop_error *err);

#endif
