/* SPDX-License-Identifier: MIT */
/* Scanning the text files of /proc and /sys: hand-written, because these run for every number of every tick. A scan is
 * a pointer that moves over text that ends with a zero byte; functions return false and leave it where it was when
 * the thing is not there. Numbers that do not fit in 64 bits are not numbers. */
#ifndef SOURCE_LINUX_SCAN_H
#define SOURCE_LINUX_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline void scan_blanks(const char **at)
{
    while (**at == ' ' || **at == '\t')
        (*at)++;
}

/* Digits, after blanks. */
static inline bool scan_u64(const char **at, uint64_t *value)
{
    const char *p = *at;
    uint64_t v = 0;
    scan_blanks(&p);
    if (*p < '0' || *p > '9')
        return false;
    for (; *p >= '0' && *p <= '9'; p++) {
        uint64_t digit = (uint64_t)(*p - '0');
        if (v > (UINT64_MAX - digit) / 10)
            return false;
        v = v * 10 + digit;
    }
    *at = p;
    *value = v;
    return true;
}

/* The same with an optional minus sign; saturates nowhere: out of range is false. */
static inline bool scan_i64(const char **at, int64_t *value)
{
    const char *p = *at;
    uint64_t v;
    scan_blanks(&p);
    bool negative = *p == '-';
    p += negative ? 1 : 0;
    if (*p == ' ' || !scan_u64(&p, &v) || v > (uint64_t)INT64_MAX + (negative ? 1 : 0))
        return false;
    *at = p;
    *value = negative ? (int64_t)(0 - v) : (int64_t)v;
    return true;
}

/* Hexadecimal digits with or without 0x, after blanks. */
static inline bool scan_hex(const char **at, uint64_t *value)
{
    const char *p = *at;
    uint64_t v = 0;
    int digits = 0;
    scan_blanks(&p);
    if (p[0] == '0' && (p[1] == 'x' || p[1] == 'X'))
        p += 2;
    for (;; p++, digits++) {
        unsigned c = (unsigned char)*p;
        unsigned d = c - '0' < 10 ? c - '0' : (c | 32u) - 'a' < 6 ? (c | 32u) - 'a' + 10 : 16;
        if (d == 16)
            break;
        if (v >> 60 != 0)
            return false;
        v = v << 4 | d;
    }
    if (digits == 0)
        return false;
    *at = p;
    *value = v;
    return true;
}

/* A decimal fraction like 12.34 as a whole number of 10^-digits (1234 with two digits); further digits are dropped. */
static inline bool scan_fixed(const char **at, unsigned digits, uint64_t *value)
{
    const char *p = *at;
    uint64_t v;
    if (!scan_u64(&p, &v))
        return false;
    bool point = *p == '.';
    p += point ? 1 : 0;
    for (; digits > 0; digits--) {
        uint64_t digit = point && *p >= '0' && *p <= '9' ? (uint64_t)(*p++ - '0') : 0;
        if (v > (UINT64_MAX - digit) / 10)
            return false;
        v = v * 10 + digit;
    }
    while (point && *p >= '0' && *p <= '9')
        p++;
    *at = p;
    *value = v;
    return true;
}

/* Exactly this text. */
static inline bool scan_text(const char **at, const char *text)
{
    size_t n = strlen(text);
    if (strncmp(*at, text, n) != 0)
        return false;
    *at += n;
    return true;
}

/* To the start of the next line; false at the end of the text. */
static inline bool scan_next_line(const char **at)
{
    while (**at != '\0' && **at != '\n')
        (*at)++;
    if (**at == '\0')
        return false;
    (*at)++;
    return **at != '\0';
}

/* Length of the word (up to a blank, newline or the end) that starts here. */
static inline size_t scan_word(const char *at)
{
    return strcspn(at, " \t\n");
}

#endif
