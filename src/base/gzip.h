/* SPDX-License-Identifier: MIT */
/* gzip for answers, in a build with zlib. gzip_zlib.c or gzip_none.c implements it; the build picks one. */
#ifndef BASE_GZIP_H
#define BASE_GZIP_H

#include "base/buf.h"

/* Append n bytes compressed; false without zlib, when out of memory, or when it would not get smaller (and then nothing
 * was appended). */
bool gzip_put(struct buf *b, const char *bytes, size_t n);

#endif
