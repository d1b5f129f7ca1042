/* SPDX-License-Identifier: MIT */
/* /proc/cpuinfo; see cpuinfo.h. */
#include "source/linux/cpuinfo.h"

#include <string.h>

#include "source/linux/scan.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static size_t without_end(const char *text, size_t n)
{
    while (n > 0 && is_blank(text[n - 1]))
        n--;
    return n;
}

bool cpuinfo_next(const char **at, struct cpuinfo_line *line)
{
    while (**at != '\0') {
        const char *from = *at;
        size_t n = strcspn(from, "\n"), colon = strcspn(from, ":\n");
        *at = from + n + (from[n] == '\n' ? 1 : 0);
        if (from[colon] != ':')
            continue;
        size_t skip = colon + 1;
        while (skip < n && is_blank(from[skip]))
            skip++;
        *line = (struct cpuinfo_line){from, from + skip, without_end(from, colon),
                                      without_end(from + skip, n - skip)};
        return true;
    }
    return false;
}

bool cpuinfo_is(const struct cpuinfo_line *line, const char *name)
{
    return strlen(name) == line->n_name && memcmp(line->name, name, line->n_name) == 0;
}

bool cpuinfo_has_word(const struct cpuinfo_line *line, const char *word)
{
    size_t n = strlen(word);
    for (size_t at = 0; at + n <= line->n_value; at++) {
        bool starts = at == 0 || is_blank(line->value[at - 1]);
        bool ends = at + n == line->n_value || is_blank(line->value[at + n]);
        if (starts && ends && memcmp(line->value + at, word, n) == 0)
            return true;
    }
    return false;
}
