/* SPDX-License-Identifier: MIT */
/* /etc/passwd and /proc/self/cgroup, as bytes anybody may have written. */
#include "fuzz/text.h"

static void parse_text(const char *text, size_t size)
{
    struct span name, path;
    uint64_t uid;
    for (const char *at = text, *last = NULL; parse_passwd(&at, &name, &uid); last = at) {
        check_step(text, size, last, at);
        check_span(text, size, name);
    }
    if (parse_cgroup_path(text, NULL, &path))
        check_span(text, size, path);
    if (parse_cgroup_path(text, "memory", &path))
        check_span(text, size, path);
}
