/* SPDX-License-Identifier: MIT */
/* Two levels of error: a status from status.def, and a sentence from the place where it happened. */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <actop/types.h>

#include "base/cold.h"

/* Fill err, which may be NULL, and return status, so that a failure is one line: return error_set(err, …). What
 * came in with the arguments is made safe (base/text.h): the sentence may name a file or a process. */
COLD actop_status error_set(actop_error *err, actop_status status, const char *fmt, ...) ACTOP_PRINTF(3, 4);

/* E_NOMEM, and "out of memory for WHAT". */
COLD actop_status error_no_memory(actop_error *err, const char *what);

/* As error_set for an errno: the status that belongs to it, and "SENTENCE: strerror". */
COLD actop_status error_errno(actop_error *err, int errnum, const char *fmt, ...) ACTOP_PRINTF(3, 4);

/* Status of an errno: EACCES and EPERM are E_DENIED; ENOENT, ENODEV, ENXIO and ENOTDIR E_NOT_FOUND; ENOMEM E_NOMEM; ESRCH
 * E_GONE; others E_IO. */
actop_status status_of_errno(int errnum);

#endif
