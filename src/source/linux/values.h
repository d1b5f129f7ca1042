/* SPDX-License-Identifier: MIT */
/* Files that hold one number each, and numbers that stand in a list: what most of /sys is made of. */
#ifndef SOURCE_LINUX_VALUES_H
#define SOURCE_LINUX_VALUES_H

#include "source/linux/linux.h"

/* Channels that are one file with one whole number. Zeroed memory is an empty list. */
struct linux_values {
    struct linux_value *rows; /* owned */
    size_t n, cap;
};

/* Read the file once; when it is there (readable or not), add the channel and the file. Returns what the read said: ENOENT
 * (nothing was added), another errno (added: its frames will say so), or 0. Types I64 and U64. */
int values_add(struct linux_values *v, struct linux_probe *p, const struct channel_spec *spec, const char *path);
void values_read(const struct linux_values *v, struct root *root, struct frame *f);
void values_release(struct linux_values *v, struct root *root);

/* read and close of a part whose whole state is such a list. */
bool values_read_part(void *state, struct root *root, struct frame *f);
void values_close_part(void *state, struct root *root);

/* A growing list of numbers. Zeroed memory is an empty one. */
struct linux_list {
    uint64_t *at; /* owned */
    size_t n, cap;
};
bool list_add(struct linux_list *l, uint64_t value); /* false: out of memory */
bool list_has(const struct linux_list *l, uint64_t value);
void list_release(struct linux_list *l);

/* Most CPUs a list may name: the kernel's own limit is 8192 (documented, NR_CPUS of x86-64). */
enum { LINUX_MAX_CPUS = 8192 };

/* "0-3,8,10-11" into numbers, in the order they stand; what is past LINUX_MAX_CPUS or no number ends it. Replaces what
 * the list held. False: out of memory. */
bool list_cpus(struct linux_list *l, const char *text);
/* The same from a file; an errno, with nothing in the list. The schema remembers ENOMEM. */
int list_load_cpus(struct linux_list *l, struct linux_probe *p, const char *path);

#endif
