/* SPDX-License-Identifier: MIT */
/* actop: read what a whole chip is doing. This header is the manual of the C library.
 *
 * A *session* reads one *source* (this machine, a recording, a simulated machine, another actop). Each reading of it
 * makes a *sample*: an immutable set of *readings*, one for each metric and instance. A metric belongs to a *scope*
 * (the machine, a core, a rail …); the scope's instances are its *rows*. A reading always has a state; only OK and
 * STALE carry a value, so a missing value can never be mistaken for 0.
 *
 * The library has no globals, installs no signal handlers, reads no environment and no configuration, and prints
 * nothing. Different sessions are independent. Functions return an actop_status; those that take an actop_error fill
 * it on failure and accept NULL. Strings are UTF-8. Times are nanoseconds.
 *
 * Threads. What takes neither session, condition, feed nor stream of frames (versions, names, the metric table, machines)
 * may be called by any thread at any time. So may what takes only a sample, which never changes: any number of threads
 * read the same one at once, each with a reference, or while the one it is borrowed from stands. Of a session, functions
 * that say "Any thread" may be called while others use it; all others by one thread at a time. actop_close() is the last
 * call of all. A condition, a feed, a stream of frames: one thread at a time for each.
 *
 * Growth. Structs whose first member is their size may get more members at their end; the caller sets size, and the
 * library fills or reads what both sides know. actop_metric_info is only reached by pointer and may grow likewise.
 * actop_reading, actop_entity, actop_finding, actop_note and actop_error keep their layout as long as the library keeps
 * its soname: what else there is to say of a row or a finding will be another function.
 *
 * The shortest program:
 *
 *     actop_session *s = NULL;
 *     actop_error err;
 *     if (actop_open(NULL, &s, &err) != ACTOP_OK) { fputs(err.text, stderr); return 1; }
 *     actop_sample(s, NULL);
 *     sleep(1);
 *     const actop_sample_t *now = actop_sample(s, &err);
 *     actop_reading w = actop_read(now, ACTOP_METRIC_CPU_POWER, 0);
 *     if (actop_has_value(&w)) printf("%.1f W\n", w.value);
 *     actop_close(s);
 *
 * It stands in full, compiled and run by the tests, in examples/. */
#ifndef ACTOP_H
#define ACTOP_H

#include <actop/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** One source being read, with its history. Since 2.0. */
typedef struct actop_session actop_session;

/** What one reading of the source gave; immutable. Since 2.0. */
typedef struct actop_sample_t actop_sample_t;

/* ---- Version, statuses, metrics --------------------------------------------------------------------------- */

/** The version of the library, e.g. "2.0.0". Static. Since 2.0. */
ACTOP_API const char *actop_version(void);

/** Short text of a status, e.g. "permission denied". Static, never NULL. Since 2.0. */
ACTOP_API const char *actop_status_text(actop_status status);

/** Exit code a program should end with for a status: 0, 1 or 2. Since 2.0. */
ACTOP_API int actop_status_exit_code(actop_status status);

/** Name of a state, e.g. "denied". Static, never NULL. Since 2.0. */
ACTOP_API const char *actop_state_name(actop_state state);

/** Name of an origin, e.g. "measured". Static, never NULL. Since 2.0. */
ACTOP_API const char *actop_origin_name(actop_origin origin);

/** A row of the metric table. All strings are static. Since 2.0. */
typedef struct actop_metric_info {
    const char *key;        /**< Stable name, e.g. "cpu.power". */
    const char *help;       /**< One sentence. */
    const char *json_key;   /**< Key in NDJSON where one is given; NULL when derived, "" when carried otherwise. */
    const char *prometheus; /**< Family where one is given; NULL when derived, "" when not exported. */
    actop_metric id;
    actop_unit unit;
    actop_kind kind;
    actop_scope scope;
} actop_metric_info;

/** Row of the metric table; NULL when id is out of range. Ids run from 0 to ACTOP_METRIC_COUNT - 1. Static.
 *  Since 2.0. */
ACTOP_API const actop_metric_info *actop_metric_get(actop_metric id);

/** Find a metric by its key; NULL when there is none. Static. Since 2.0. */
ACTOP_API const actop_metric_info *actop_metric_find(const char *key);

/** Key a metric has in NDJSON, given or derived: at the top of the record for a metric of the machine, in the objects of
 *  its rows for another. Like snprintf: returns the bytes the whole key needs; 0 when id is out of range or the metric
 *  has no key of its own there. Since 2.0. */
ACTOP_API size_t actop_metric_json_key(actop_metric id, char *buf, size_t size);

/** Symbol of a unit for people, e.g. "W"; "" for none. Static. Since 2.0. */
ACTOP_API const char *actop_unit_symbol(actop_unit unit);

/** Name of a scope, e.g. "core". Static. Since 2.0. */
ACTOP_API const char *actop_scope_name(actop_scope scope);

/** Name of an enumerated value of a metric of kind STATE, e.g. "Serious" for thermal.state 2; NULL when the metric has
 *  no names for it. Static. Since 2.0. */
ACTOP_API const char *actop_value_name(actop_metric id, double value);

/* ---- Opening ------------------------------------------------------------------------------------------------- */

/** How to open a session. Initialise with ACTOP_OPTIONS_INIT, then change what you want. Strings are read during
 *  actop_open() only. Since 2.0. */
typedef struct actop_options {
    size_t size;                 /**< sizeof(actop_options); lets old programs run with a newer library. */
    const char *source;          /**< "auto" "apple" "linux" "replay:FILE" "sim:CHIP" "http://HOST:PORT" "none". */
    const char *root;            /**< Directory the Linux source reads below; NULL is "/". */
    const char *apple_root;      /**< Directory put before the paths of Apple's libraries, for fakes; NULL for none. */
    const char *token_file;      /**< File (mode 0600) with the bearer token sent to a remote source; NULL for none. */
    const char *sim_script;      /**< Load script of a simulated machine; NULL is its default. */
    uint64_t sim_seed;           /**< Seed of a simulated machine. */
    double speed;                /**< Speed of replays and simulations: 1 is real time, 0 as fast as possible. */
    uint32_t want;               /**< Scopes to acquire: ACTOP_WANT bits. */
    uint32_t process_limit;      /**< Most process rows a sample has (union of the top N by CPU and by RSS); 0: all. */
    const char *process_filter;  /**< POSIX extended regex on short name, then command line, any case; NULL for none. */
    uint32_t subsamples;         /**< Frames folded into one sample, averaged by their durations; at least 1. */
    int64_t interval_ns;         /**< Time the caller leaves between two actop_sample(): what subsamples are spread over
                                  *   and how far a simulation goes; 0: as it comes, and no subsamples of a live source. */
    double average_window_s;     /**< Window of rolling averages and peaks. */
    size_t history_bytes;        /**< Most bytes of compressed frames kept for going back; 0 keeps none. */
    double alert_bandwidth_ratio;   /**< Bandwidth alert at this share of the ceiling. */
    double alert_package_ratio;     /**< Package power alert at this share of the ceiling. */
    double alert_throttle_ratio;    /**< Throttling below this share of the highest frequency. */
    double alert_swap_rise_bytes;   /**< Swap alert at this rise. */
    uint32_t alert_sustain_samples; /**< Samples a condition must hold. */
    int stop_fd;                 /**< A descriptor that, once it can be read, ends what actop_sample() waits for between
                                  *   subsamples or for a frame to be due: it fails with E_STATE. -1: none. */
} actop_options;

/** The defaults of actop_options. Since 2.0. */
#define ACTOP_OPTIONS_INIT                                                                                             \
    {                                                                                                                  \
        sizeof(actop_options), "auto", NULL, NULL, NULL, NULL, 0, 1.0, ACTOP_WANT_DEFAULT, 50, NULL, 1, 0, 30.0,       \
            (size_t)4 << 20, 0.85, 0.85, 0.90, 0.3 * 1073741824.0, 3, -1                                               \
    }

/** Open a session.
 *
 *  Opens the source and describes it; takes no sample yet. Blocks only for system calls.
 *
 *  @param options  NULL for all defaults.
 *  @param out      set on success; release with actop_close(). Unchanged on failure.
 *  @return ACTOP_OK; E_ARGUMENT for bad options; E_NOT_FOUND, E_UNSUPPORTED, E_DENIED, E_FORMAT, E_VERSION, E_IO or
 *          E_NOMEM from the source, with a sentence in err.
 *  Thread-safe: sessions are independent. Since 2.0. */
ACTOP_API actop_status actop_open(const actop_options *options, actop_session **out, actop_error *err);

/** Close a session: stops its thread and its recording and frees what it holds. Samples still referenced stay valid
 *  until they are released. NULL is a harmless no-op. Since 2.0. */
ACTOP_API void actop_close(actop_session *s);

/** Change which scopes the next samples acquire. A bit mask of ACTOP_WANT values. Any thread. Since 2.0. */
ACTOP_API void actop_want(actop_session *s, uint32_t want);

/** Change the process filter; NULL or "" takes it away. E_SYNTAX keeps the old one, with regerror's text in err.
 *  Any thread. Since 2.0. */
ACTOP_API actop_status actop_set_process_filter(actop_session *s, const char *regex, actop_error *err);

/** Name of the source as it appears in outputs, e.g. "linux" or "sim:m4-max". Borrowed until actop_close().
 *  Since 2.0. */
ACTOP_API const char *actop_source_name(const actop_session *s);

/** True while the session reads this very machine now (not a recording, simulation or another machine). Since 2.0. */
ACTOP_API int actop_is_live(const actop_session *s);

/* ---- Sampling ------------------------------------------------------------------------------------------------ */

/** Take a sample now.
 *
 *  Blocks for at most the time the system calls take; for a paced replay or a remote source until its next frame is
 *  due; with subsamples of a live source until the last of them, actop_options.interval_ns less one share of it. The
 *  first sample after opening leaves rates in ACTOP_STATE_WARMING. Not while actop_start() runs, and by one thread at
 *  a time per session.
 *
 *  @param err  filled on failure; may be NULL. END at the end of a recording.
 *  @return the sample, borrowed until the next actop_sample() or actop_close() on s (take a reference to keep it);
 *          NULL on failure. A machine that lacks a metric is not a failure: see actop_reading.state.
 *  Since 2.0.  Example: examples/power.c. */
ACTOP_API const actop_sample_t *actop_sample(actop_session *s, actop_error *err);

/** Start one background thread that samples every interval_ns on absolute deadlines (at least 1 ms). E_BUSY when it
 *  runs already. Since 2.0. */
ACTOP_API actop_status actop_start(actop_session *s, int64_t interval_ns, actop_error *err);

/** Called by the background thread with every sample it takes, none left out, before the sample is published; it may take
 *  a reference. Return 0 to go on; anything else ends sampling as the end of a recording does. Once, when sampling has
 *  ended by itself, sample is NULL and end says why; otherwise end is NULL. It should be quick (the next deadline waits
 *  for it) and must not call functions of the session. Since 2.0. */
typedef int actop_observer(void *user, const actop_sample_t *sample, const actop_error *end);

/** Set the observer of a session; NULL takes it away. user is borrowed and given to each call. Only while no background
 *  thread runs. Since 2.0. */
ACTOP_API void actop_observe(actop_session *s, actop_observer *observer, void *user);

/** Change the interval of the running thread from its next deadline on. For a simulated machine it is also how much time passes
 *  between two samples by hand; 1 s before the first call. Any thread. Since 2.0. */
ACTOP_API void actop_set_interval(actop_session *s, int64_t interval_ns);

/** Stop the background thread and wait until it has ended; no-op when none runs. Since 2.0. */
ACTOP_API void actop_stop(actop_session *s);

/** The newest sample the thread has published, with a reference of the caller's; NULL before the first. Never waits
 *  for sampling. Any thread. Since 2.0. */
ACTOP_API const actop_sample_t *actop_latest(actop_session *s);

/** Wait until a sample newer than after_seq is published.
 *
 *  @param after_seq   sequence number already seen; 0 for any.
 *  @param timeout_ns  longest wait; negative waits for ever.
 *  @param out         set to a sample with a reference of the caller's on ACTOP_OK.
 *  @return ACTOP_OK, E_TIMEOUT, E_STATE when no thread runs, END or the source's failure when sampling has ended.
 *  Any thread. Since 2.0. */
ACTOP_API actop_status actop_wait_next(actop_session *s, uint64_t after_seq, int64_t timeout_ns,
                                       const actop_sample_t **out, actop_error *err);

/** Take another reference. Returns its argument; NULL gives NULL. Any thread. Since 2.0. */
ACTOP_API const actop_sample_t *actop_sample_ref(const actop_sample_t *sample);

/** Give a reference back. NULL is a harmless no-op. Any thread, also after actop_close(). Since 2.0. */
ACTOP_API void actop_sample_unref(const actop_sample_t *sample);

/* ---- Reading a sample ------------------------------------------------------------------------------------------ */

/** When and over which interval a sample was taken. Since 2.0. */
typedef struct actop_times {
    size_t size;         /**< sizeof(actop_times), set by the caller. */
    uint64_t seq;        /**< Number of the sample in its session, from 1, without gaps. */
    int64_t wall_ns;     /**< Wall clock, since 1970-01-01T00:00:00Z. */
    int64_t awake_ns;    /**< Monotonic clock that stops while the machine sleeps. */
    int64_t boot_ns;     /**< Monotonic clock that goes on while the machine sleeps. */
    int64_t interval_ns; /**< Awake time since the previous sample; 0 for the first. */
    int gap;             /**< 1 when the interval was dropped: sleep, clock jump or missing frames. */
} actop_times;

/** Times of a sample. Since 2.0. */
ACTOP_API void actop_sample_times(const actop_sample_t *sample, actop_times *out);

/** Rows a scope has in this sample; 1 for the machine. Since 2.0. */
ACTOP_API uint32_t actop_rows(const actop_sample_t *sample, actop_scope scope);

/** Flags of an entity. Since 2.0. */
enum {
    ACTOP_ENTITY_PHYSICAL = 1, /**< An interface or disk made of hardware. */
    ACTOP_ENTITY_IDLE = 2,     /**< A P-state in which nothing runs. */
    ACTOP_ENTITY_HIDDEN = 4,   /**< A stand-in row: all processes that may not be seen. */
    ACTOP_ENTITY_GROUP_CPU = 8,  /**< A sensor or rail of the CPU. */
    ACTOP_ENTITY_GROUP_GPU = 16, /**< A sensor or rail of the GPU. */
    ACTOP_ENTITY_EXITED = 32,  /**< A process that has ended and keeps its totals. */
    ACTOP_ENTITY_PACKAGE = 64, /**< A rail of package power: the rails so marked add up to it. */
};

/** One instance of a scope. Strings are borrowed from the sample. Since 2.0. */
typedef struct actop_entity {
    const char *key;  /**< Stable name within the scope: "E0", "cpu3", "eth0", "1234". */
    const char *name; /**< Name for people; the key when there is no better one. */
    const char *tier; /**< Label of the tier a core or cluster belongs to: "E", "P", "S", "M"; "" for none. */
    uint64_t id;      /**< Process: pid. Core: logical CPU number. Others: position. */
    uint64_t start;   /**< Process: start time in the system's own unit, part of its identity. Others: 0. */
    int32_t parent;   /**< Row of the owner (core → cluster, cluster → tier, P-state → cluster or GPU); -1 for none. */
    actop_scope parent_scope; /**< Scope of parent. */
    uint32_t index;   /**< Running number within tier and scope, in the order die, cluster, core. */
    uint32_t die;     /**< Die number. */
    uint32_t flags;   /**< ACTOP_ENTITY bits. */
} actop_entity;

/** Describe a row. Returns E_NOT_FOUND when there is no such row. Since 2.0. */
ACTOP_API actop_status actop_entity_at(const actop_sample_t *sample, actop_scope scope, uint32_t row,
                                       actop_entity *out);

/** Row of an entity by its key; -1 when there is none. Since 2.0. */
ACTOP_API int64_t actop_entity_find(const actop_sample_t *sample, actop_scope scope, const char *key);

/** Read one metric of one row (row 0 for machine metrics). A metric or row that does not exist gives state NONE.
 *  Strings are borrowed from the sample. Since 2.0. */
ACTOP_API actop_reading actop_read(const actop_sample_t *sample, actop_metric id, uint32_t row);

/** The same by names: metric key and entity key (NULL for row 0). Since 2.0. */
ACTOP_API actop_reading actop_read_key(const actop_sample_t *sample, const char *metric_key, const char *entity_key);

/** Statistics of a metric over the average window. Since 2.0. */
typedef struct actop_window {
    size_t size;    /**< sizeof(actop_window), set by the caller. */
    double average; /**< Mean over the window, weighted by time; in the metric's unit. */
    double peak;    /**< Highest value in the window, in the metric's unit. */
    uint32_t count; /**< Values in the window; the others mean nothing when it is 0. */
} actop_window;

/** Rolling average and peak of a metric of the machine, a tier, cluster, GPU or rail. E_NOT_FOUND when none are kept
 *  for it. Since 2.0. */
ACTOP_API actop_status actop_read_window(const actop_sample_t *sample, actop_metric id, uint32_t row,
                                         actop_window *out);

/** What fills a chart of a metric: the value that means 100 percent.
 *
 *  Power (CPU, GPU, ANE, package): the chip's reference, but at least the floor of its kind; or, with automatic set,
 *  1.25 times the rolling peak, but at least that floor. Network and disk rates: 1.25 times the rolling peak of both
 *  directions, but at least 1 MB/s and 10 MB/s. Memory bandwidth: the ceiling that ratchets. Frequencies: the highest
 *  there is. Ratios: 1.
 *
 *  @return the value in the metric's unit; 0 when there is no such scale for the metric. Since 2.0. */
ACTOP_API double actop_chart_scale(const actop_sample_t *sample, actop_metric id, uint32_t row, int automatic);

/** Name of the application a process row belongs to: the outermost bundle its executable lies in ("Safari" for
 *  …/Safari.app/Contents/…), else the name of the executable, else the short name. Like snprintf: returns the bytes the
 *  whole name needs; it is cut (and ended by a zero) when size is too small; 0 when there is no such row. Since 2.0. */
ACTOP_API size_t actop_application(const actop_sample_t *sample, uint32_t row, char *buf, size_t size);

/* ---- Formats ---------------------------------------------------------------------------------------------------- */

/** Formats a sample can be written in. Since 2.0. */
typedef enum actop_format_id {
    ACTOP_FORMAT_TEXT = 0,    /**< The plain report, for people. */
    ACTOP_FORMAT_NDJSON,      /**< One JSON object and a newline. */
    ACTOP_FORMAT_PROMETHEUS,  /**< Prometheus text format 0.0.4. */
    ACTOP_FORMAT_OPENMETRICS, /**< OpenMetrics 1.0. */
    ACTOP_FORMAT_CSV,         /**< One line of comma separated values. */
    ACTOP_FORMAT_CSV_HEADER,  /**< The line of names that belongs to CSV. */
    ACTOP_FORMAT_COUNT
} actop_format_id;

/** How to format. Initialise with ACTOP_FORMAT_OPTIONS_INIT. Since 2.0. */
typedef struct actop_format_options {
    size_t size;      /**< sizeof(actop_format_options). */
    int processes;    /**< Process rows in the output. */
    int process_pids; /**< Prometheus: a pid label on process series. */
    int evidence;     /**< NDJSON: where each value came from, its age and state. */
    int cmdlines;     /**< Command lines of processes, where the sample has them. */
    int width;        /**< Text: columns to use; 0 is 80. */
} actop_format_options;

/** Nothing optional. Since 2.0. */
#define ACTOP_FORMAT_OPTIONS_INIT                                                                                      \
    {                                                                                                                  \
        sizeof(actop_format_options), 0, 0, 0, 0, 80                                                                   \
    }

/** Write a sample into a caller's buffer, like snprintf: returns the bytes the whole text needs without its ending
 *  zero, whatever size is; the text is cut (and ended by a zero) when size is too small. The locale does not matter.
 *  0: there is no such format, or no memory (Prometheus and OpenMetrics with processes need some). options may be
 *  NULL. Since 2.0. */
ACTOP_API size_t actop_format(const actop_sample_t *sample, actop_format_id format, const actop_format_options *options,
                              char *buf, size_t size);

/* ---- Recording, history ------------------------------------------------------------------------------------------ */

/** Leave out names of processes, hosts, users, serial numbers and addresses from a recording. Since 2.0. */
#define ACTOP_RECORD_SCRUB 1u

/** Record every frame from now on into a file, which must not exist or be an empty file or a device. Since 2.0. */
ACTOP_API actop_status actop_record_start(actop_session *s, const char *path, uint32_t flags, actop_error *err);

/** What a recording has come to. Since 2.0. */
typedef struct actop_record_stats {
    size_t size;     /**< sizeof(actop_record_stats), set by the caller. */
    uint64_t frames; /**< Frames written. */
    uint64_t bytes;  /**< Bytes written. */
} actop_record_stats;

/** How far the recording is; E_STATE when none runs. A write that failed ends the recording; its status is returned
 *  here and by actop_record_stop(). Any thread. Since 2.0. */
ACTOP_API actop_status actop_record_get(actop_session *s, actop_record_stats *out, actop_error *err);

/** End the recording; everything given to it so far is in the file. No-op when none runs. Since 2.0. */
ACTOP_API actop_status actop_record_stop(actop_session *s, actop_error *err);

/** The frames of a session as a stream of bytes in the recording format, for another actop to read. Since 2.0. */
typedef struct actop_frames actop_frames;

/** Begin a stream of the frames read from now on. flags as for actop_record_start(). *out is the caller's: release it with
 *  actop_frames_close(), before the session. Any thread. Since 2.0. */
ACTOP_API actop_status actop_frames_open(actop_session *s, uint32_t flags, actop_frames **out, actop_error *err);

/** The next bytes of a stream: first a header, the schema and a whole frame, then what changes. Sampling never waits for a
 *  reader: one who is too slow misses frames. One thread at a time per stream.
 *
 *  @param n           set to the bytes written to buf, at most size; 0 unless ACTOP_OK is returned.
 *  @param timeout_ns  longest wait for a frame; negative waits for ever.
 *  @return ACTOP_OK, E_TIMEOUT, END when background sampling has ended, E_NOMEM.  Since 2.0. */
ACTOP_API actop_status actop_frames_read(actop_frames *f, void *buf, size_t size, size_t *n, int64_t timeout_ns,
                                         actop_error *err);

/** End a stream. NULL is a harmless no-op. Since 2.0. */
ACTOP_API void actop_frames_close(actop_frames *f);

/** Let a recording or a simulation run as fast as it can up to the sample number seq, and at its speed again from there.
 *  Live and remote sources keep their own time. Any thread. Since 2.0. */
ACTOP_API void actop_hurry(actop_session *s, uint64_t seq);

/** How far a recording that is replayed goes, whatever was played of it. Since 2.0. */
typedef struct actop_span {
    size_t size;           /**< sizeof(actop_span), set by the caller. */
    uint64_t last;         /**< Sequence number of the last sample; the first is 1. */
    int64_t first_wall_ns; /**< Wall clock of the first and the last frame, since 1970. */
    int64_t last_wall_ns;  /**< The same. */
} actop_span;

/** Look how far the recording goes; also one that is still being written to, as far as it goes by now. The first call
 *  passes over the whole file (some 100 ms for a day of one frame a second), later ones over what is new. One thread at a
 *  time, also while the background thread samples.
 *
 *  @return ACTOP_OK, E_UNSUPPORTED where the end is not known (live sources, simulations, pipes), E_NOT_FOUND when there
 *          is no frame yet, E_IO, E_NOMEM.  Since 2.0. */
ACTOP_API actop_status actop_replay_span(actop_session *s, actop_span *out, actop_error *err);

/** First and last sequence number that can be gone back to; both 0 when history is empty. Any thread. Since 2.0. */
ACTOP_API void actop_history_range(actop_session *s, uint64_t *first, uint64_t *last);

/** A sample of the past, decoded again from history, with a reference of the caller's; process rows are the 50 most
 *  active. Samples near the one asked for last are at hand for some seconds, others take up to a few hundred
 *  milliseconds. E_NOT_FOUND outside the range. Any thread. Since 2.0. */
ACTOP_API actop_status actop_history_at(actop_session *s, uint64_t seq, const actop_sample_t **out, actop_error *err);

/** Bytes the history holds and may hold. Any thread. Since 2.0. */
ACTOP_API void actop_history_size(actop_session *s, size_t *used, size_t *limit);

/* ---- Conditions -------------------------------------------------------------------------------------------------- */

/** A condition over the metrics, e.g. "cpu_temp_c < 45 and package_watts < 3 for 30s". docs/conditions.md has the
 *  language. One thread at a time. Since 2.0. */
typedef struct actop_condition actop_condition;

/** What a condition is now. Since 2.0. */
typedef enum actop_truth {
    ACTOP_FALSE = 0,   /**< It does not hold. */
    ACTOP_TRUE = 1,    /**< It holds. */
    ACTOP_UNKNOWN = 2, /**< A value it needs is not there. */
} actop_truth;

/** Parse a condition. E_SYNTAX: err tells what was expected and where (counted from 1), and *position (may be NULL)
 *  is the byte in text, from 0. Free it with actop_condition_free(). Since 2.0. */
ACTOP_API actop_status actop_condition_parse(const char *text, actop_condition **out, size_t *position,
                                             actop_error *err);

/** Make comparisons that hold go on holding until they fail by more than this share of their right side (0, the
 *  default: none; 0.02 is 2 percent). Since 2.0. */
ACTOP_API void actop_condition_set_hysteresis(actop_condition *c, double ratio);

/** Tell the condition the next sample, in order of time, and ask what it is now. "for" counts awake time between
 *  samples; a gap starts it afresh. Allocates nothing. Since 2.0. */
ACTOP_API actop_truth actop_condition_step(actop_condition *c, const actop_sample_t *sample);

/** The comparisons that made the last step what it was, with their values, e.g. "cpu_temp_c is 51.2, not < 45". Like
 *  snprintf. Since 2.0. */
ACTOP_API size_t actop_condition_explain(const actop_condition *c, char *buf, size_t size);

/** Forget what was seen; keep the text. Since 2.0. */
ACTOP_API void actop_condition_reset(actop_condition *c);

/** Free a condition. NULL is a harmless no-op. Since 2.0. */
ACTOP_API void actop_condition_free(actop_condition *c);

/* ---- Values of one's own ----------------------------------------------------------------------------------------- */

/** The analysis of actop (alerts, session energy, ceilings, throttling, verdict) over values the caller supplies
 *  instead of a source. It has one row for the machine, the tiers E (row 0) and P (row 1), and one GPU. One thread at a
 *  time. Since 2.0. */
typedef struct actop_feed actop_feed;

/** Make a feed that has seen nothing; only the analysis options count. options may be NULL. Free it with
 *  actop_feed_free(). Since 2.0. */
ACTOP_API actop_status actop_feed_new(const actop_options *options, actop_feed **out, actop_error *err);

/** Set a value of the next sample, in the metric's base unit; it holds for that sample only. reference.* and bandwidth.peak
 *  stand in for the chip's own figures. E_NOT_FOUND for a row that does not exist, E_ARGUMENT for a value that is not
 *  finite or a metric that is a text. Since 2.0. */
ACTOP_API actop_status actop_feed_set(actop_feed *f, actop_metric id, uint32_t row, double value, actop_error *err);

/** Set a text (the chip's name decides the references). It holds for that sample only. Since 2.0. */
ACTOP_API actop_status actop_feed_set_text(actop_feed *f, actop_metric id, uint32_t row, const char *text,
                                           actop_error *err);

/** Take the next sample at a moment in ns: time that does not count sleep, from any start. Moments must not go back, nor
 *  lie more than 146 years from 0 (E_ARGUMENT). Returns the sample, borrowed until the next actop_feed_step() or
 *  actop_feed_free() (take a reference to keep it); NULL on failure. Since 2.0. */
ACTOP_API const actop_sample_t *actop_feed_step(actop_feed *f, int64_t at_ns, actop_error *err);

/** Free a feed; samples still referenced stay valid. NULL is a harmless no-op. Since 2.0. */
ACTOP_API void actop_feed_free(actop_feed *f);

/* ---- Doctor ------------------------------------------------------------------------------------------------------ */

/** One finding about what is readable. Strings are borrowed until the next actop_doctor_count() or actop_close().
 *  Since 2.0. */
typedef struct actop_finding {
    const char *name;   /**< Collector or metric key. */
    const char *detail; /**< Why; "" when all is well. */
    const char *remedy; /**< What would help; "" when nothing is needed or would. */
    actop_state state;
    int is_metric;      /**< 0 for a collector, 1 for a metric. */
} actop_finding;

/** Number of findings about the newest sample, which is kept for actop_doctor_at() until this is called again: first the
 *  collectors, then every metric some source can give. The background thread may be sampling meanwhile; of those who
 *  ask, only one at a time. Before the first sample no metric has a value, and while the background thread is at it there
 *  are no collectors yet. Since 2.0. */
ACTOP_API size_t actop_doctor_count(actop_session *s);

/** One finding, as of the last actop_doctor_count(). E_NOT_FOUND when index is out of range. Since 2.0. */
ACTOP_API actop_status actop_doctor_at(actop_session *s, size_t index, actop_finding *out);

/** One note of the decoder about this machine. Strings are borrowed until the next actop_notes() or actop_close().
 *  Since 2.0. */
typedef struct actop_note {
    const char *about; /**< Cluster, rail, channel or sensor, as the system or this library names it. */
    const char *text;  /**< One sentence for people, UTF-8 as the system gave the names in it. */
    actop_note_kind kind;
} actop_note;

/** Gather what the decoder decided and doubts about the machine as of the newest sample: clock tables, rails, channels it
 *  cannot read, sensors it leaves out. Returns how many notes there are: 0 before the first sample, while the background
 *  thread runs, and for machines whose decoder has nothing to say. Not while another thread samples this session. Since 2.0. */
ACTOP_API size_t actop_notes(actop_session *s);

/** One note of the last actop_notes(), ordered by part. E_NOT_FOUND when index is out of range. Since 2.0. */
ACTOP_API actop_status actop_note_at(const actop_session *s, size_t index, actop_note *out);

/** Begin to watch how often the system publishes its counters: every sample from now on is looked at, as long as the
 *  session lives. Not while another thread samples this session. E_NOMEM. Since 2.0. */
ACTOP_API actop_status actop_doctor_watch(actop_session *s, actop_error *err);

/** Time between the first and the newest sample watched, in ns of the machine's own clock; 0 before. Since 2.0. */
ACTOP_API int64_t actop_doctor_watched_ns(const actop_session *s);

/** Number of groups of counters that were watched: those the system stamps, and those of energy. Since 2.0. */
ACTOP_API size_t actop_publication_count(const actop_session *s);

/** How often a group was published, as a finding: its group and unit, and a sentence. STALE: not while it was watched,
 *  FROZEN: nor for ten seconds. E_NOT_FOUND when index is out of range. Since 2.0. */
ACTOP_API actop_status actop_publication_at(actop_session *s, size_t index, actop_finding *out);

/* ---- Acting ------------------------------------------------------------------------------------------------------ */

/** Send a signal to a process of a live local source, only if its pid still belongs to the process that started at
 *  start (actop_entity.start). E_STATE for other sources, E_GONE, E_DENIED. Any thread, also while
 *  actop_start() runs. Since 2.0. */
ACTOP_API actop_status actop_process_signal(actop_session *s, uint64_t pid, uint64_t start, int signal,
                                            actop_error *err);

/** Number of files a process of a live local source has open, asked now; only if its pid still belongs to the process
 *  that started at start. E_STATE for other sources, E_GONE, E_DENIED; E_UNSUPPORTED where the system does not tell. On
 *  failure *count is untouched. Any thread, also while actop_start() runs. Since 2.0. */
ACTOP_API actop_status actop_process_files(actop_session *s, uint64_t pid, uint64_t start, uint64_t *count,
                                           actop_error *err);

/** Name of a simulated machine, e.g. "m4-max"; NULL when index is past the last. Static. Since 2.0. */
ACTOP_API const char *actop_machine_name(size_t index);

/** Name of a load that every simulated machine can be put under, e.g. "llm" of the source "sim:m4-max+llm"; NULL when
 *  index is past the last. Static. Since 2.0. */
ACTOP_API const char *actop_load_name(size_t index);

#ifdef __cplusplus
}
#endif
#endif
