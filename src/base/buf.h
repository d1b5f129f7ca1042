/* SPDX-License-Identifier: MIT */
/* A growing byte buffer for output. Invariants: data is NULL or holds len bytes and an ending zero; after an
 * allocation failed, failed is set, later puts do nothing, and the caller asks once at the end.
 *
 * put writes at the end. Numbers never depend on the locale. buf.h interacts only with the C library. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <actop/types.h>

struct buf {
    char *data; /* owned */
    size_t len;
    size_t cap;
    bool failed; /* out of memory since the last clear */
    bool fixed;  /* data is the caller's: what does not fit is counted in len, not stored */
};

/* Life. */
#define BUF_INIT {NULL, 0, 0, false, false}
void buf_clear(struct buf *b);                              /* len = 0, memory kept */
void buf_release(struct buf *b);                            /* memory freed, reusable */
void buf_init_fixed(struct buf *b, char *data, size_t cap); /* write into the caller's memory, like snprintf */
bool buf_reserve(struct buf *b, size_t more);               /* room for more bytes; false sets failed */

/* Text. */
void buf_put(struct buf *b, const void *bytes, size_t n);
void buf_puts(struct buf *b, const char *text);
void buf_putc(struct buf *b, char c);
void buf_pad(struct buf *b, char c, size_t n);
void buf_printf(struct buf *b, const char *fmt, ...) ACTOP_PRINTF(2, 3); /* no floating point: the locale matters */

/* Numbers. */
void buf_put_i64(struct buf *b, int64_t v);
void buf_put_u64(struct buf *b, uint64_t v);
/* Shortest text that reads back as the same double, as Python's repr writes it: "30.0", "1e-05", "0.1". Finite only. */
void buf_put_double(struct buf *b, double v);
/* Fixed decimals (0 to 9), rounded half away from zero: "12.3". Finite only. */
void buf_put_fixed(struct buf *b, double v, int decimals);

/* A JSON string with quotes; invalid UTF-8 becomes U+FFFD, control characters and DEL are escaped. */
void buf_put_json(struct buf *b, const char *text, size_t n);

#endif
