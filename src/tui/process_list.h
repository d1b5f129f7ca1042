/* SPDX-License-Identifier: MIT */
/* Process list: the process rows of a sample in the order, tree or groups the user asked for. Strings are borrowed from
 * the sample, which must outlive the list. */
#ifndef TUI_PROCESS_LIST_H
#define TUI_PROCESS_LIST_H

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <actop/actop.h>

struct process {
    uint32_t row;     /* in the sample */
    uint32_t members; /* processes in a group; 1 otherwise */
    uint64_t pid, start, parent;
    const char *name, *user; /* name: of the application in a group */
    double cpu, gpu, watts, energy_j, rss, threads, time_s; /* NAN: none */
    bool estimated;   /* watts */
    bool diff;        /* the numbers are differences from the baseline */
    uint32_t flags;   /* ACTOP_ENTITY bits */
    uint16_t depth;   /* in the tree */
    bool last;        /* of its siblings */
    double order;     /* what it is sorted by, highest first */
    int32_t first_child, next_sibling; /* while the tree is built; -1: none */
};

struct process_list {
    struct process *rows; /* owned */
    size_t n, cap;
    size_t total;         /* rows of the sample before the filter */
    size_t living;        /* of n: processes, neither ended nor a stand-in */
    double shown_watts;   /* Σ of what is shown, those that ended left out */
    double exited_j;      /* energy of the ones that ended */
    uint32_t exited;
    char (*applications)[64]; /* owned: names of groups, cut; as many as rows when there are groups */
    size_t cap_applications;
    const actop_sample_t *base; /* borrowed: numbers are differences from this sample; NULL: they are plain */
    regex_t filter;
    bool has_filter;
};

/* Zeroed memory is an empty list. */
void process_list_release(struct process_list *l);

/* Set the filter: POSIX extended, any case, on the name, then on the command line; "" for none. False with regerror's text
 * in problem leaves the old one. */
bool process_list_filter(struct process_list *l, const char *regex, char *problem, size_t size);

/* Fill from a sample. order is an enum order of view.h. False: out of memory, the list is empty. */
bool process_list_take(struct process_list *l, const actop_sample_t *sample, int order, bool reverse, bool tree,
                       bool group);

#endif
