/* SPDX-License-Identifier: MIT */
/* Regular expressions people type: POSIX extended, any case. regcomp() copies what a repetition repeats, so that a few
 * dozen of them one inside the other take all memory and time; such an expression is refused before. */
#ifndef BASE_PATTERN_H
#define BASE_PATTERN_H

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>

/* Compile text; release with regfree(). False: out is untouched and why has regerror's text or ours. */
bool pattern_compile(regex_t *out, const char *text, char *why, size_t size);

#endif
