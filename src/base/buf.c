/* SPDX-License-Identifier: MIT */
/* Output buffer; see buf.h. Floating point stands in number.c. */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cold.h"
#include "base/text.h"

void buf_clear(struct buf *b)
{
    b->len = 0;
    b->failed = false;
    if (b->data != NULL && b->cap > 0)
        b->data[0] = '\0';
}

void buf_release(struct buf *b)
{
    if (!b->fixed)
        free(b->data);
    *b = (struct buf)BUF_INIT;
}

NOINLINE void buf_init_fixed(struct buf *b, char *data, size_t cap)
{
    *b = (struct buf){data, 0, cap, false, true};
    if (cap > 0)
        data[0] = '\0';
}

bool buf_reserve(struct buf *b, size_t more)
{
    if (b->fixed)
        return true;
    if (b->failed)
        return false;
    if (b->len + more + 1 <= b->cap)
        return true;
    size_t cap = b->cap < 256 ? 256 : b->cap;
    while (cap < b->len + more + 1)
        cap *= 2;
    char *grown = realloc(b->data, cap);
    if (grown == NULL) {
        b->failed = true;
        return false;
    }
    b->data = grown;
    b->cap = cap;
    return true;
}

/* What does not fit into the caller's memory is only counted, so that the caller learns the size it needs. */
static void put_fixed(struct buf *b, const void *bytes, size_t n)
{
    if (b->len + 1 < b->cap) {
        size_t room = b->cap - 1 - b->len;
        size_t fits = n < room ? n : room;
        memcpy(b->data + b->len, bytes, fits);
        b->data[b->len + fits] = '\0';
    }
    b->len += n;
}

void buf_put(struct buf *b, const void *bytes, size_t n)
{
    if (n == 0)
        return;
    if (b->fixed) {
        put_fixed(b, bytes, n);
        return;
    }
    if (!buf_reserve(b, n))
        return;
    memcpy(b->data + b->len, bytes, n);
    b->len += n;
    b->data[b->len] = '\0';
}

void buf_puts(struct buf *b, const char *text)
{
    buf_put(b, text, strlen(text));
}

void buf_putc(struct buf *b, char c)
{
    buf_put(b, &c, 1);
}

void buf_pad(struct buf *b, char c, size_t n)
{
    char run[64];
    memset(run, c, sizeof run);
    for (; n > sizeof run; n -= sizeof run)
        buf_put(b, run, sizeof run);
    buf_put(b, run, n);
}

/* Straight into the memory where there is some: once for the length, and again where that did not fit. */
void buf_printf(struct buf *b, const char *fmt, ...)
{
    va_list args;
    for (int tries = 0; tries < 2 && !b->failed; tries++) {
        size_t room = b->len < b->cap ? b->cap - b->len : 0;
        va_start(args, fmt);
        int n = vsnprintf(room > 0 ? b->data + b->len : NULL, room, fmt, args);
        va_end(args);
        if (n < 0)
            b->failed = true;
        else if (b->fixed || (size_t)n < room)
            b->len += (size_t)n;
        else if (buf_reserve(b, (size_t)n))
            continue;
        break;
    }
    if (b->failed && b->len < b->cap)
        b->data[b->len] = '\0';
}

void buf_put_u64(struct buf *b, uint64_t v)
{
    char digits[20];
    size_t at = sizeof digits;
    do
        digits[--at] = (char)('0' + v % 10);
    while ((v /= 10) != 0);
    buf_put(b, digits + at, sizeof digits - at);
}

void buf_put_i64(struct buf *b, int64_t v)
{
    if (v < 0)
        buf_putc(b, '-');
    buf_put_u64(b, v < 0 ? 0 - (uint64_t)v : (uint64_t)v);
}

static void put_json_escape(struct buf *b, uint32_t code)
{
    static const char hex[] = "0123456789abcdef";
    const char *named = code == '"'    ? "\\\""
                        : code == '\\' ? "\\\\"
                        : code == '\n' ? "\\n"
                        : code == '\t' ? "\\t"
                        : code == '\r' ? "\\r"
                                       : NULL;
    if (named != NULL) {
        buf_puts(b, named);
        return;
    }
    char text[6] = {
        '\\', 'u', hex[code >> 12 & 15], hex[code >> 8 & 15], hex[code >> 4 & 15], hex[code & 15]};
    buf_put(b, text, sizeof text);
}

/* C1 controls and the bidirectional overrides are escaped too: a line may be shown on a terminal by `tail -f`. */
static bool json_must_escape(uint32_t code)
{
    return code < 0x20 || code == '"' || code == '\\' || (code >= 0x7f && code < 0xa0) ||
           (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069) ||
           code == 0x2028 || code == 0x2029;
}

static bool json_plain(unsigned char c)
{
    return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

void buf_put_json(struct buf *b, const char *text, size_t n)
{
    buf_putc(b, '"');
    size_t i = 0;
    while (i < n) {
        size_t run = i;
        while (run < n && json_plain((unsigned char)text[run]))
            run++;
        buf_put(b, text + i, run - i);
        i = run;
        if (i == n)
            break;
        uint32_t code;
        size_t used = utf8_decode(text + i, n - i, &code);
        char bytes[4];
        if (json_must_escape(code))
            put_json_escape(b, code);
        else
            buf_put(b, bytes, utf8_encode(code, bytes));
        i += used;
    }
    buf_putc(b, '"');
}
