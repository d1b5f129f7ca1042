/* SPDX-License-Identifier: MIT */
/* Statuses and error sentences; see error.h. strerror_r differs between systems, so strerror's text is copied at
 * once: a race could at worst mix two texts of the C library. */
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
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

/* Length of a text that was cut, without the part of a character at its end. */
static size_t whole_characters(const char *text)
{
    size_t n = strlen(text), back = 0;
    while (back < 3 && back < n && ((unsigned char)text[n - 1 - back] & 0xc0) == 0x80)
        back++;
    unsigned char lead = back < n ? (unsigned char)text[n - 1 - back] : 0;
    size_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
    return size > back + 1 ? n - 1 - back : n;
}

actop_status error_set(actop_error *err, actop_status status, const char *fmt, ...)
{
    if (err == NULL)
        return status;
    char raw[ACTOP_ERROR_SIZE]; /* also because an argument may be err's own text */
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(raw, sizeof raw, fmt, args);
    va_end(args);
    size_t len = n < 0 ? 0 : (size_t)n < sizeof raw ? (size_t)n : whole_characters(raw);
    (void)text_safe(err->text, sizeof err->text, raw, len);
    err->status = status;
    return status;
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
    char place[ACTOP_ERROR_SIZE];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(place, sizeof place, fmt, args);
    va_end(args);
    return error_set(err, status, "%s: %s", place, strerror(errnum));
}
