/* SPDX-License-Identifier: MIT */
/* uevent files of power supplies and interfaces, as bytes anybody may have written. */
#include "fuzz/text.h"

static void parse_text(const char *text, size_t size)
{
    struct span key, value;
    for (const char *at = text, *last = NULL; parse_uevent(&at, &key, &value); last = at) {
        check_step(text, size, last, at);
        check_span(text, size, key);
        check_span(text, size, value);
    }
}
