/* SPDX-License-Identifier: MIT */
/* Small files of text that a program keeps for its user: read whole, and written whole or not at all. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/buf.h"

/* Append what the file holds, at most that many bytes. E_NOT_FOUND where there is none, E_DENIED, E_IO, E_NOMEM. */
actop_status file_read(const char *path, size_t most, struct buf *out, actop_error *err);

/* Put this in place of what the file held, with the mode it had (0644 for a new one). Folders above it that are missing are
 * made. On failure the file is what it was. E_NOMEM, or by errno. */
actop_status file_replace(const char *path, const struct buf *text, actop_error *err);

#endif
