/* SPDX-License-Identifier: MIT */
/* /proc/self/mountinfo, as bytes anybody may have written. */
#include "fuzz/text.h"

static void parse_text(const char *text, size_t size)
{
    struct mount m;
    char plain[64];
    for (const char *at = text, *last = NULL; parse_mount(&at, &m); last = at) {
        check_step(text, size, last, at);
        if (parse_unescape(plain, sizeof plain, m.point) >= sizeof plain)
            abort();
        check_span(text, size, m.root);
        check_span(text, size, m.point);
        check_span(text, size, m.type);
        check_span(text, size, m.device);
    }
}
