/* SPDX-License-Identifier: MIT */
/* actop: the types every layer shares. Statuses, units, scopes and metrics come from the generated metrics.h;
 * this file adds errors, the states and origins of a reading, and kinds. */
#ifndef ACTOP_TYPES_H
#define ACTOP_TYPES_H

#include <stddef.h>
#include <stdint.h>

#include <actop/metrics.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define ACTOP_API __attribute__((visibility("default")))
#define ACTOP_PRINTF(fmt, first) __attribute__((format(printf, fmt, first)))
#else
#define ACTOP_API
#define ACTOP_PRINTF(fmt, first)
#endif

/** Bytes of an actop_error's sentence, its ending zero included. Since 2.0. */
#define ACTOP_ERROR_SIZE 256

/** What went wrong: a status and a sentence from the place where it happened. The caller owns it; pass NULL where
 *  a function takes one to do without. Filled only on failure. Since 2.0. */
typedef struct actop_error {
    actop_status status;
    char text[ACTOP_ERROR_SIZE]; /**< UTF-8, no newline, never empty on failure. */
} actop_error;

/** What a reading's value means. Only OK and STALE carry a value; everything else says why there is none.
 *  Zeroed memory is NONE, never a value of 0. Since 2.0. */
typedef enum actop_state {
    ACTOP_STATE_NONE = 0,    /**< Nothing gives this metric for this instance. */
    ACTOP_STATE_OK,          /**< A value of this sample. */
    ACTOP_STATE_STALE,       /**< The last value there was; age_ns says how old. */
    ACTOP_STATE_FROZEN,      /**< The system's counter stands still while the machine works. */
    ACTOP_STATE_UNSUPPORTED, /**< This machine or system cannot give it. */
    ACTOP_STATE_DENIED,      /**< It exists, but not for this user. */
    ACTOP_STATE_WARMING,     /**< It needs another sample first. */
    ACTOP_STATE_FAILED,      /**< Reading it failed this time. */
    ACTOP_STATE_COUNT
} actop_state;

/** How a value came about. Since 2.0. */
typedef enum actop_origin {
    ACTOP_MEASURED = 0, /**< The system counted or measured it. */
    ACTOP_DERIVED,      /**< Computed exactly from measured values. */
    ACTOP_ESTIMATED,    /**< A model or a share; the true value may differ. */
    ACTOP_ORIGIN_COUNT
} actop_origin;

/** What kind of number a metric is. Since 2.0. */
typedef enum actop_kind {
    ACTOP_KIND_GAUGE = 0, /**< A value now. */
    ACTOP_KIND_COUNTER,   /**< A total that only grows while the session lives. */
    ACTOP_KIND_STATE,     /**< A small enumeration; the metric's help lists it. */
    ACTOP_KIND_INFO,      /**< A text. */
    ACTOP_KIND_COUNT
} actop_kind;

/** What a note of the decoder is about. Since 2.0. */
typedef enum actop_note_kind {
    ACTOP_NOTE_TABLE = 0, /**< A clock table: the one a cluster or GPU was given, and why. */
    ACTOP_NOTE_RAIL,      /**< A power rail: what it is read from, how often that is published. */
    ACTOP_NOTE_BANDWIDTH, /**< Memory bandwidth: what it is read from, and what that cannot tell. */
    ACTOP_NOTE_CHANNEL,   /**< A channel or key that is there and that actop cannot read. */
    ACTOP_NOTE_SENSOR,    /**< A sensor that is left out, and why. */
    ACTOP_NOTE_BALANCE,   /**< Watts that should add up, and what they come to. */
    ACTOP_NOTE_COUNT
} actop_note_kind;

/** Bit of a scope for actop_options.want and actop_want(). Since 2.0. */
#define ACTOP_WANT(scope) (1u << (scope))

/** Everything but processes and their command lines. Since 2.0. */
#define ACTOP_WANT_DEFAULT ((1u << ACTOP_SCOPE_PROCESS) - 1u)

/** Command lines and executables of processes, beside ACTOP_WANT(ACTOP_SCOPE_PROCESS). Since 2.0. */
#define ACTOP_WANT_CMDLINE (1u << 30)

/** GPU time of each process, beside ACTOP_WANT(ACTOP_SCOPE_PROCESS). Since 2.0. */
#define ACTOP_WANT_GPU_CLIENTS (1u << 29)

/** Also list, while opening, the groups of channels that the machine has and nothing here reads: the notes name them.
 *  For bug reports; opening takes longer. Since 2.0. */
#define ACTOP_WANT_SURVEY (1u << 28)

/** One value of one metric for one instance. text is borrowed from the sample and not NULL only for metrics of kind
 *  INFO that have a value. Since 2.0. */
typedef struct actop_reading {
    double value;     /**< In the metric's base unit; 0 unless state is OK or STALE. */
    const char *text; /**< UTF-8 as the system gave it, not made safe for terminals; NULL for numbers. */
    const char *via;  /**< Collector or channel it came from, e.g. "powercap"; NULL when there is none. Borrowed. */
    int64_t age_ns;   /**< Time between the system's own reading and the sample; 0 for values of this moment. */
    actop_state state;
    actop_origin origin;
} actop_reading;

/** True when a reading has a value. Since 2.0. */
static inline int actop_has_value(const actop_reading *r)
{
    return r->state == ACTOP_STATE_OK || r->state == ACTOP_STATE_STALE;
}

#ifdef __cplusplus
}
#endif
#endif
