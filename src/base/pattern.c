/* SPDX-License-Identifier: MIT */
/* Regular expressions with a bound on what compiling them costs; see pattern.h. */
#include "base/pattern.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MOST_GROUPS = 64 }; /* one inside the other: regcomp() recurses */
/* Nodes that repetitions may add to an expression. Compiling nested ones takes time with the square of them: recorded with
 * glibc 2.36, "p+*++++++++++" has 4,096 and takes 0.36 s, and each further sign four times that. */
static const double most = 500;

/* Where the count has come to. An expression is a row of atoms; the last one may still be repeated. */
struct count {
    double row, atom;          /* nodes before the last atom, and of it */
    double outer[MOST_GROUPS]; /* nodes before each group that is open */
    size_t depth;
};

static const char *skip_set(const char *p)
{
    p += p[1] == '^' ? 2 : 1;
    p += *p == ']';
    while (*p != '\0' && *p != ']') {
        char kind = *p == '[' ? p[1] : '\0';
        const char *end = kind == ':' || kind == '.' || kind == '=' ? strchr(p + 2, kind) : NULL;
        p = end != NULL && end[1] == ']' ? end + 2 : p + 1;
    }
    return *p == ']' ? p : p - 1;
}

/* How many times the last atom will stand there: a+ is a a*, a{n,m} as many as the greater, a{n,} one more than n. */
static double repeated(const char *p)
{
    double most_times = 0;
    if (*p == '+')
        return 2;
    for (double n = 0; *p != '\0' && *p != '}'; p++) {
        n = *p >= '0' && *p <= '9' ? n * 10 + (*p - '0') : 0;
        most_times = fmax(most_times, n);
    }
    return most_times + 1;
}

static const char *last_of(const char *p)
{
    const char *end = *p == '['      ? skip_set(p)
                      : *p == '{'    ? strchr(p, '}')
                      : p[0] == '\\' ? p + 1
                                     : p;
    return end == NULL || *end == '\0' ? p : end;
}

static bool enter(struct count *c)
{
    if (c->depth == MOST_GROUPS)
        return false;
    c->outer[c->depth++] = c->row + c->atom;
    c->row = c->atom = 0;
    return true;
}

static void leave(struct count *c)
{
    c->atom += c->row + 1;
    c->row = c->outer[--c->depth];
}

/* Is there a ^ or $ that may be repeated, anywhere but at the very ends? Repeating one within another then takes thousands of
 * times as long: recorded with glibc 2.36, "$a*++++" takes 5 ms and "$a*+++++" 9 s. */
static bool repeats_anchors(const char *p)
{
    p += p[0] == '^' && p[1] != '\0' && strchr("*+?{", p[1]) == NULL;
    for (; *p != '\0'; p++) {
        if (*p == '^' || (*p == '$' && p[1] != '\0'))
            return true;
        p = last_of(p);
    }
    return false;
}

static bool is_affordable(const char *p)
{
    struct count c = {.depth = 0};
    double affordable = most + (double)strlen(p);
    double harder = repeats_anchors(p) ? 4 : 1;
    for (; *p != '\0' && c.row + c.atom <= affordable; p++) {
        if (*p == '(') {
            if (!enter(&c))
                return false;
        } else if (*p == ')' && c.depth > 0) {
            leave(&c);
        } else if (*p == '+' || *p == '{') {
            c.atom *= repeated(p) * harder;
        } else if (*p != '*' && *p != '?') {
            c.row += c.atom;
            c.atom = 1;
        }
        p = last_of(p);
    }
    return c.row + c.atom <= affordable;
}

bool pattern_compile(regex_t *out, const char *text, char *why, size_t size)
{
    regex_t compiled;
    if (!is_affordable(text)) {
        (void)snprintf(why, size, "it repeats too much");
        return false;
    }
    int failed = regcomp(&compiled, text, REG_EXTENDED | REG_ICASE | REG_NOSUB);
    if (failed != 0) {
        (void)regerror(failed, &compiled, why, size);
        return false;
    }
    *out = compiled;
    return true;
}
