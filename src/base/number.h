/* SPDX-License-Identifier: MIT */
/* Numbers as text, independent of the locale. Writing them is declared in buf.h (buf_put_double, buf_put_fixed);
 * this is the other direction. */
#ifndef BASE_NUMBER_H
#define BASE_NUMBER_H

#include <stdbool.h>
#include <stddef.h>

/* Read a whole text as a number: digits with an optional sign, point and exponent ("2", "-0.5", "1e6"); no spaces,
 * no "inf", no hexadecimal. At most 15 significant digits and an exponent within 22 are exact; more is refused. */
bool number_parse(const char *text, size_t n, double *out);

#endif
