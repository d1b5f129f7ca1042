/* SPDX-License-Identifier: MIT */
/* /proc/self/mountinfo, as bytes anybody may have written. */
#include <stdlib.h>
#include <string.h>

#include "source/linux/parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A part of the text that is no part of it would be read past its end. */
static void check(const char *text, size_t size, struct span s)
{
    if (s.n > 0 && (s.at < text || s.at + s.n > text + size))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    if (text == NULL)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    struct mount m;
    char plain[64];
    for (const char *at = text, *last = NULL; parse_mount(&at, &m); last = at) {
        if (at == last || at > text + size)
            abort(); /* it must go on, and not past the end */
        if (parse_unescape(plain, sizeof plain, m.point) >= sizeof plain)
            abort();
        check(text, size, m.root);
        check(text, size, m.point);
        check(text, size, m.type);
        check(text, size, m.device);
    }
    free(text);
    return 0;
}
