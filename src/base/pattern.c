/* SPDX-License-Identifier: MIT */
/* Regular expressions with a bound on what compiling them costs; see pattern.h. */
#include "base/pattern.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
    MOST_GROUPS = 64, /* one inside the other: regcomp() recurses */
    MOST_DEEP = 4,    /* repetitions of repetitions of ...: who writes ((a+b)*c)+ needs three */
    MOST_EMPTY = 4,   /* anchors in a row: $|^ are two */
};
/* Nodes that repetitions may add to an expression. Compiling nested ones takes time with the square of them: recorded with
 * glibc 2.36, "p+*++++++++++" has 4,096 and takes 0.36 s, and each further sign four times that. */
static const double most = 500;

/* Where the count has come to. An expression is a row of atoms; the last one may still be repeated. */
struct count {
    double row, atom;   /* nodes before the last atom, and of it */
    int row_deep, deep; /* repetitions one around the other: before the last atom, and in it */
    int empty;          /* anchors since something that takes a character */
    size_t depth;
    struct {
        double row;
        int deep;
    } outer[MOST_GROUPS]; /* the same before each group that is open */
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

static int greater(int a, int b)
{
    return a > b ? a : b;
}

static bool enter(struct count *c)
{
    if (c->depth == MOST_GROUPS)
        return false;
    c->outer[c->depth].row = c->row + c->atom;
    c->outer[c->depth++].deep = greater(c->row_deep, c->deep);
    c->row = c->atom = 0;
    c->row_deep = c->deep = 0;
    return true;
}

static void leave(struct count *c)
{
    c->atom += c->row + 1;
    c->deep = greater(c->row_deep, c->deep);
    c->row = c->outer[--c->depth].row;
    c->row_deep = c->outer[c->depth].deep;
}

static void begin_atom(struct count *c)
{
    c->row += c->atom;
    c->row_deep = greater(c->row_deep, c->deep);
    c->atom = 1;
    c->deep = 0;
}

/* Does nothing stand here that takes a character? The anchors of POSIX, \b, \<, ... of glibc and BSD, and the empty
 * alternatives of "()" or "(a||b)". */
static bool takes_nothing(const char *p)
{
    if (*p == '(' || *p == '|')
        return p[1] == '|' || p[1] == ')';
    return *p == '^' || *p == '$' || (*p == '\\' && p[1] != '\0' && strchr("bB<>`'", p[1]) != NULL);
}

/* Is there one that may be repeated, anywhere but at the very ends? Repeating one within another then takes thousands of
 * times as long: recorded with glibc 2.36, "$a*++++" takes 5 ms and "$a*+++++" 9 s. */
static bool repeats_anchors(const char *p)
{
    p += p[0] == '^' && p[1] != '\0' && strchr("*+?{", p[1]) == NULL;
    for (; *p != '\0'; p++) {
        if (takes_nothing(p) && !(*p == '$' && p[1] == '\0'))
            return true;
        p = last_of(p);
    }
    return false;
}

static bool count_sign(struct count *c, const char *p, double harder)
{
    bool is_repeated = strchr("+{*?", *p) != NULL;
    if (takes_nothing(p))
        c->empty++;
    else if (!is_repeated && strchr("()|", *p) == NULL)
        c->empty = 0;
    if (*p == '(')
        return enter(c);
    if (*p == ')' && c->depth > 0) {
        leave(c);
    } else if (is_repeated) {
        c->atom = *p == '+' || *p == '{' ? c->atom * repeated(p) * harder * (c->deep > 0 ? 3 : 1)
                                         : c->atom + 1;
        c->deep++;
    } else {
        begin_atom(c);
    }
    return c->deep <= MOST_DEEP && c->empty <= MOST_EMPTY;
}

static bool is_affordable(const char *p)
{
    struct count c = {.depth = 0};
    double affordable = most + (double)strlen(p);
    double harder = repeats_anchors(p) ? 4 : 1;
    for (; *p != '\0' && c.row + c.atom <= affordable; p++) {
        if (!count_sign(&c, p, harder))
            return false;
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
