/* SPDX-License-Identifier: MIT */
/* A fake of Apple's libraries, filled from a machine description of machines/ through the same table of calls that the
 * probe uses. CoreFoundation objects have real reference counts, kernel objects are names that have to be given
 * back, the SMC speaks its protocol byte for byte, IOReport publishes energy in batches with stamps. The test
 * drives the clock, takes calls away, makes the n-th call fail, and asks at the end what was not given back.
 *
 * It proves our logic, not Apple's behaviour. Built twice: into the tests, as functions named fake_…; and as a shared library
 * with Apple's names (FAKE_APPLE_EXPORTED), for ACTOP_APPLE_ROOT. */
#ifndef ACTOP_TESTS_FAKE_APPLE_FAKE_H
#define ACTOP_TESTS_FAKE_APPLE_FAKE_H

#include <stdbool.h>

#include "source/apple/apple_api.h"
#include "source/sim/truth.h"

#ifdef FAKE_APPLE_EXPORTED
#define FAKE_NAME(name) __asm__(#name)
#else
#define FAKE_NAME(name)
#endif

/* The whole table as prototypes. */
#define X(lib, ret, name, args) ret fake_##name args FAKE_NAME(name);
APPLE_API_MAP(X)
#undef X
extern const char fake_kCFTypeDictionaryKeyCallBacks[1] FAKE_NAME(kCFTypeDictionaryKeyCallBacks);
extern const char fake_kCFTypeDictionaryValueCallBacks[1] FAKE_NAME(kCFTypeDictionaryValueCallBacks);
extern const char fake_kCFTypeArrayCallBacks[1] FAKE_NAME(kCFTypeArrayCallBacks);
extern const apple_port fake_mach_task_self_ FAKE_NAME(mach_task_self_);

/* Quirks, zero by default. Change them between calls. */
struct fake_quirks {
    bool no_raw_elements;     /* channels do not show their elements */
    bool no_names;            /* channels have no name, only an id */
    bool refuse_together;     /* one refused channel makes the whole subscription NULL, instead of being left out */
    bool wide_units;          /* unit labels carry trailing blanks */
    bool invalid_bytes;       /* byte counters read INT64_MIN */
    bool whole_net;           /* bytes of interfaces are not cut to 32 bits and KiB, as they are for all but Apple's programs */
    bool unsorted_smc;        /* the key list is in no order */
    unsigned mute_smc;        /* so many places in the midst of its temperatures do not answer */
    unsigned odd_smc;         /* so many temperature keys say they have two bytes */
    unsigned lost_channels;   /* samples lack so many channels at their end */
    unsigned skipped_channel; /* samples lack this channel, counted from 1 */
    bool many_uses;           /* GPU clients have two uses each */
    bool old_rusage;          /* no version 6 */
    const char *hidden_class; /* a registry class that is not there */
};
extern struct fake_quirks fake_quirks;

/* Start the fake of machines/NAME.txt below directory. False: why is on stderr. One at a time. */
bool fake_start(const char *directory, const char *name);
void fake_stop(void);

/* Fill a table with the fake's functions. */
void fake_fill(struct apple_api *api);

/* The machine behind it: change its load, let it run or sleep. */
struct truth *fake_truth(void);

/* Make the n-th call from now that can fail do so (n from 1; 0: none). fake_fault_hit: it was reached. */
void fake_fail_call(unsigned long n);
bool fake_fault_hit(void);
/* Calls since the last plan that could have failed; counted only under a plan. */
unsigned long fake_fallible(void);

/* How often a row was called since the start, and all of them. */
unsigned long fake_calls(enum apple_row row);
unsigned long fake_all_calls(void);
void fake_reset_calls(void);

/* What the caller has not given back: object references, port names, mappings, tokens, open connections, pools. */
long fake_live_objects(void);
long fake_live_ports(void);
long fake_live_others(void);

#endif
