/* SPDX-License-Identifier: MIT */
/* Statuses and error sentences; see error.h. strerror_r differs between systems, so strerror's text is copied at
 * once: a race could at worst mix two texts of the C library. */
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <actop/actop.h>

#include "base/text.h"

static const struct {
    const char *text;
    int exit_code;
} rows[] = {
#define STATUS(id, code, words) {words, code},
#include "base/status.def"
#undef STATUS
};

static size_t row_of(actop_status status)
{
    size_t n = sizeof rows / sizeof rows[0];
    return (size_t)status < n ? (size_t)status : ACTOP_E_IO;
}

const char *actop_status_text(actop_status status)
{
    return rows[row_of(status)].text;
}

int actop_status_exit_code(actop_status status)
{
    return rows[row_of(status)].exit_code;
}

static size_t part_of_character(const char *at)
{
    size_t n = 0;
    while (((unsigned char)at[n] & 0xc0) == 0x80)
        n++;
    return n;
}

/* A sentence names a place and then the reason; what is too long is mostly the place. So it loses its middle: both how it
 * begins and the reason stay. */
static void put_sentence(actop_error *err, const char *safe, size_t n)
{
    static const char ellipsis[] = "\xe2\x80\xa6";
    enum { HEAD = (ACTOP_ERROR_SIZE - sizeof ellipsis) / 2 };
    if (n < sizeof err->text) {
        memcpy(err->text, safe, n + 1);
        return;
    }
    size_t head = HEAD, tail = n - (sizeof err->text - sizeof ellipsis - HEAD);
    while (head > 0 && ((unsigned char)safe[head] & 0xc0) == 0x80)
        head--;
    tail += part_of_character(safe + tail);
    memcpy(err->text, safe, head);
    memcpy(err->text + head, ellipsis, sizeof ellipsis - 1);
    memcpy(err->text + head + sizeof ellipsis - 1, safe + tail, n - tail + 1);
}

enum { MOST_BYTES_OF_ONE = 3 }; /* U+FFFD for a broken byte */

static void set_safe(actop_error *err, char *safe, const char *raw, size_t n)
{
    put_sentence(err, safe, text_safe(safe, n * MOST_BYTES_OF_ONE + 1, raw, n));
}

/* With ": reason" behind it when there is one. Without memory for a longer one its beginning has to do. The text is made
 * before err's own is touched: an argument may be that. */
static void set_text(actop_error *err, const char *reason, const char *fmt, va_list args)
    ACTOP_PRINTF(3, 0);
static void set_text(actop_error *err, const char *reason, const char *fmt, va_list args)
{
    char few[ACTOP_ERROR_SIZE], safe_few[ACTOP_ERROR_SIZE * MOST_BYTES_OF_ONE];
    va_list again;
    va_copy(again, args);
    int wanted = vsnprintf(few, sizeof few, fmt, args);
    if (wanted < 0)
        few[0] = '\0';
    size_t n = wanted > 0 ? (size_t)wanted : 0, size = n + strlen(reason) + sizeof ": ";
    char *many = size > sizeof few ? malloc(size * (1 + MOST_BYTES_OF_ONE)) : NULL; /* owned */
    char *raw = many != NULL ? many : few, *safe = many != NULL ? many + size : safe_few;
    size_t room = many != NULL ? size : sizeof few;
    if (many != NULL)
        (void)vsnprintf(many, n + 1, fmt, again);
    if (reason[0] != '\0' && n < room)
        (void)snprintf(raw + n, room - n, ": %s", reason);
    set_safe(err, safe, raw, strlen(raw));
    va_end(again);
    free(many);
}

actop_status error_set(actop_error *err, actop_status status, const char *fmt, ...)
{
    if (err == NULL)
        return status;
    va_list args;
    va_start(args, fmt);
    set_text(err, "", fmt, args);
    va_end(args);
    err->status = status;
    return status;
}

actop_status error_no_memory(actop_error *err, const char *what)
{
    return error_set(err, ACTOP_E_NOMEM, "out of memory for %s", what);
}

actop_status status_of_errno(int errnum)
{
    switch (errnum) {
    case EACCES:
    case EPERM:
        return ACTOP_E_DENIED;
    case ENOENT:
    case ENODEV:
    case ENXIO:
    case ENOTDIR:
        return ACTOP_E_NOT_FOUND;
    case ENOMEM:
        return ACTOP_E_NOMEM;
    case ESRCH:
        return ACTOP_E_GONE;
    default:
        return ACTOP_E_IO;
    }
}

actop_status error_errno(actop_error *err, int errnum, const char *fmt, ...)
{
    actop_status status = status_of_errno(errnum);
    if (err == NULL)
        return status;
    va_list args;
    va_start(args, fmt);
    set_text(err, strerror(errnum), fmt, args);
    va_end(args);
    err->status = status;
    return status;
}
