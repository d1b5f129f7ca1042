/* SPDX-License-Identifier: MIT */
/* Statuses and error sentences; see error.h. strerror_r differs between systems, so strerror's text is copied at
 * once: a race could at worst mix two texts of the C library. */
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <actop/actop.h>

static const struct {
    const char *name;
    const char *text;
    int exit_code;
} rows[] = {
#define STATUS(id, code, words) {#id, words, code},
#include "base/status.def"
#undef STATUS
};

static size_t row_of(actop_status status)
{
    size_t n = sizeof rows / sizeof rows[0];
    return (size_t)status < n ? (size_t)status : ACTOP_E_IO;
}

const char *status_name(actop_status status)
{
    return rows[row_of(status)].name;
}

const char *actop_status_text(actop_status status)
{
    return rows[row_of(status)].text;
}

int actop_status_exit_code(actop_status status)
{
    return rows[row_of(status)].exit_code;
}

static void make_printable(char *text)
{
    for (unsigned char *c = (unsigned char *)text; *c != '\0'; c++)
        if (*c < 0x20 || *c == 0x7f)
            *c = '?';
}

actop_status error_set(actop_error *err, actop_status status, const char *fmt, ...)
{
    if (err == NULL)
        return status;
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(err->text, sizeof err->text, fmt, args);
    va_end(args);
    make_printable(err->text);
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
