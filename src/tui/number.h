/* SPDX-License-Identifier: MIT */
/* Numbers for people: base units in, short text of a steady width out, whatever the locale.
 *
 * Three digits that count, so that 9.87, 12.3 and 123 take the same columns. Byte sizes are binary (GiB), byte rates
 * decimal (GB/s), as the readers of memory and of links expect them. Each has a signed form for differences. */
#ifndef TUI_NUMBER_H
#define TUI_NUMBER_H

#include <stdbool.h>

struct num {
    char s[64];
};

/* With sign, positive values get a '+': the value is a difference. */
struct num num_percent(double ratio, bool sign);   /* "41%" */
struct num num_watts(double watts, bool sign);     /* "12.3 W" */
struct num num_mhz(double hertz, bool sign);       /* "3200" */
struct num num_celsius(double celsius, bool sign); /* "52°C" */
struct num num_bytes(double bytes, bool sign);     /* "41.2 GiB" */
struct num num_rate(double bytes_per_s, bool sign); /* "12.3 MB/s" */
struct num num_energy(double joules, bool sign);   /* "12 mWh", "0.12 Wh" */
struct num num_count(double count, bool sign);     /* "1523" */
struct num num_plain(double value, int decimals, bool sign);
struct num num_span(double seconds);               /* "2m08s", "1h02m", "3d04h" */
struct num num_cpu_time(double seconds);           /* "0:12.34", "12:34", "1h02m" */
/* "41.2/128 GiB": both in the unit of the second. */
struct num num_of_bytes(double used, double total, bool sign);

/* Text of a printf format, cut; no floating point. */
struct num num_text(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
