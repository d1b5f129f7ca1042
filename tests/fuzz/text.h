/* SPDX-License-Identifier: MIT */
/* Fuzz targets of parsers of text. A target defines parse_text(); it gets each input as a copy of its exact size with an
 * ending zero, so that a sanitizer sees what is read past it, and checks what parsers say about places in it. */
#ifndef ACTOP_TESTS_TEXT_H
#define ACTOP_TESTS_TEXT_H

#include <stdlib.h>
#include <string.h>

#include "source/linux/parse.h"

static void parse_text(const char *text, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    if (text == NULL)
        return 0;
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    parse_text(text, size);
    free(text);
    return 0;
}

/* A part of the text that is no part of it would be read past its end. */
static inline void check_span(const char *text, size_t size, struct span s)
{
    if (s.n > 0 && (s.at < text || s.at + s.n > text + size))
        abort();
}

/* A parser that is called again and again must go on, and not past the end. */
static inline void check_step(const char *text, size_t size, const char *last, const char *at)
{
    if (at == last || at > text + size)
        abort();
}

#endif
