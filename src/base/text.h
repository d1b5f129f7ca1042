/* SPDX-License-Identifier: MIT */
/* UTF-8 and text from outside. Names of processes, sensors and files may hold anything; each output makes them
 * safe once, here. "Safe" means: valid UTF-8, no C0, DEL or C1 control, no bidirectional override, no newline. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stddef.h>
#include <stdint.h>

/* Decode one code point from at most n > 0 bytes. Returns the bytes used (at least 1). An invalid sequence gives
 * U+FFFD and uses its maximal invalid prefix, as Unicode recommends. */
size_t utf8_decode(const char *s, size_t n, uint32_t *code);

/* Encode; returns 1 to 4 bytes written to out[4]. Surrogates and values past U+10FFFF are written as U+FFFD. */
size_t utf8_encode(uint32_t code, char out[4]);

/* Columns a code point takes on a terminal: 0, 1 or 2, independent of the locale; controls count 0. */
int utf8_width(uint32_t code);

/* Make text safe for a terminal into out[cap] with an ending zero; what is not safe becomes '?' (one per code point),
 * and U+FFFD stands for broken bytes. Cut at a whole code point. Returns the length. */
size_t text_safe(char *out, size_t cap, const char *s, size_t n);

#endif
