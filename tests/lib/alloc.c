/* SPDX-License-Identifier: MIT */
/* Counted and failing allocations; see alloc.h. */
/* This file calls the originals. */
#include "alloc.h"
#undef malloc
#undef calloc
#undef realloc
#undef strdup
#undef strndup

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

void *alloc_malloc(size_t size);
void *alloc_calloc(size_t n, size_t size);
void *alloc_realloc(void *old, size_t size);
char *alloc_strdup(const char *text);
char *alloc_strndup(const char *text, size_t n);

static atomic_ulong count;
static atomic_long fail_at;   /* countdown; 0: no plan */
static atomic_bool fail_rest; /* keep failing after the countdown */
static atomic_bool has_failed;

void alloc_fail_nth(long n)
{
    atomic_store(&fail_rest, false);
    atomic_store(&has_failed, false);
    atomic_store(&fail_at, n);
}

void alloc_fail_from(long n)
{
    alloc_fail_nth(n);
    atomic_store(&fail_rest, n > 0);
}

bool alloc_failed(void)
{
    return atomic_load(&has_failed);
}

unsigned long alloc_count(void)
{
    return atomic_load(&count);
}

static bool must_fail(void)
{
    atomic_fetch_add(&count, 1);
    bool rest = atomic_load(&has_failed) && atomic_load(&fail_rest);
    bool now = atomic_load(&fail_at) > 0 && atomic_fetch_sub(&fail_at, 1) == 1;
    if (now)
        atomic_store(&has_failed, true);
    return now || rest;
}

void *alloc_malloc(size_t size)
{
    return must_fail() ? NULL : malloc(size);
}

void *alloc_calloc(size_t n, size_t size)
{
    return must_fail() ? NULL : calloc(n, size);
}

void *alloc_realloc(void *old, size_t size)
{
    return must_fail() ? NULL : realloc(old, size);
}

char *alloc_strndup(const char *text, size_t n)
{
    size_t len = 0;
    while (len < n && text[len] != '\0')
        len++;
    char *copy = alloc_malloc(len + 1);
    if (copy == NULL)
        return NULL;
    memcpy(copy, text, len);
    copy[len] = '\0';
    return copy;
}

char *alloc_strdup(const char *text)
{
    return alloc_strndup(text, strlen(text));
}
