/* SPDX-License-Identifier: MIT */
/* /proc/net/dev, as bytes anybody may have written. */
#include "fuzz/text.h"

static void parse_text(const char *text, size_t size)
{
    struct net_dev dev;
    for (const char *at = text, *last = NULL; parse_net_dev(&at, &dev); last = at) {
        check_step(text, size, last, at);
        check_span(text, size, dev.name);
    }
}
