/* SPDX-License-Identifier: MIT */
/* Numbers for people; see number.h. */
#include "tui/number.h"

#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include "base/buf.h"

static void put_signed(struct buf *b, double v, int decimals, bool sign)
{
    if (sign && v >= 0)
        buf_putc(b, '+');
    buf_put_fixed(b, v, decimals);
}

/* Decimals that leave three digits. The limits are those of rounding: 9.995 is shown as 10.0. */
static int decimals_of(double v)
{
    double size = fabs(v);
    if (size < 9.995)
        return 2;
    return size < 99.95 ? 1 : 0;
}

/* What cannot be written as a number: infinite, not a number, or absurd. */
static bool is_writable(double v)
{
    return isfinite(v) && fabs(v) < 1e15;
}

/* value scaled, its decimals, a unit. */
static struct num make(double value, int decimals, bool sign, const char *unit)
{
    struct num n;
    struct buf b;
    buf_init_fixed(&b, n.s, sizeof n.s);
    if (is_writable(value))
        put_signed(&b, value, decimals, sign);
    else
        buf_puts(&b, "-");
    buf_puts(&b, unit);
    return n;
}

struct num num_percent(double ratio, bool sign)
{
    return make(ratio * 100, 0, sign, "%");
}

struct num num_watts(double watts, bool sign)
{
    return make(watts, decimals_of(watts), sign, " W");
}

struct num num_mhz(double hertz, bool sign)
{
    return make(hertz / 1e6, 0, sign, "");
}

struct num num_celsius(double celsius, bool sign)
{
    return make(celsius, 0, sign, "°C");
}

struct num num_count(double count, bool sign)
{
    return make(count, 0, sign, "");
}

struct num num_plain(double value, int decimals, bool sign)
{
    return make(value, decimals, sign, "");
}

/* Divide by step until less than 999.5 of the unit are left. */
static size_t scale(double *value, double step, size_t n_units)
{
    size_t unit = 0;
    while (unit + 1 < n_units && fabs(*value) >= 999.5) {
        *value /= step;
        unit++;
    }
    return unit;
}

struct num num_bytes(double bytes, bool sign)
{
    static const char *const units[] = {" B", " KiB", " MiB", " GiB", " TiB", " PiB"};
    size_t unit = scale(&bytes, 1024, 6);
    return make(bytes, unit == 0 ? 0 : decimals_of(bytes), sign, units[unit]);
}

struct num num_rate(double bytes_per_s, bool sign)
{
    static const char *const units[] = {" B/s", " kB/s", " MB/s", " GB/s", " TB/s"};
    size_t unit = scale(&bytes_per_s, 1000, 5);
    return make(bytes_per_s, unit == 0 ? 0 : decimals_of(bytes_per_s), sign, units[unit]);
}

struct num num_of_bytes(double used, double total, bool sign)
{
    static const char *const units[] = {" B", " KiB", " MiB", " GiB", " TiB", " PiB"};
    struct num n;
    struct buf b;
    double top = total;
    size_t unit = scale(&top, 1024, 6);
    for (size_t i = 0; i < unit; i++)
        used /= 1024;
    buf_init_fixed(&b, n.s, sizeof n.s);
    if (!is_writable(used) || !is_writable(top)) {
        buf_puts(&b, "-");
        return n;
    }
    put_signed(&b, used, decimals_of(top) == 0 ? 1 : decimals_of(top), sign);
    buf_putc(&b, '/');
    buf_put_fixed(&b, top, fabs(top - round(top)) < 0.05 ? 0 : 1);
    buf_puts(&b, units[unit]);
    return n;
}

/* The energy units of 1.x: mWh below a tenth of a watt-hour. */
struct num num_energy(double joules, bool sign)
{
    double wh = joules / 3600;
    if (fabs(wh) < 0.0995)
        return make(wh * 1000, fabs(wh) < 0.00995 ? 1 : 0, sign, " mWh");
    if (fabs(wh) < 999.5)
        return make(wh, decimals_of(wh), sign, " Wh");
    return make(wh / 1000, decimals_of(wh / 1000), sign, " kWh");
}

struct num num_text(const char *fmt, ...)
{
    struct num n;
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(n.s, sizeof n.s, fmt, args);
    va_end(args);
    return n;
}

struct num num_span(double seconds)
{
    if (!is_writable(seconds) || seconds < 0)
        return num_text("-");
    unsigned long s = (unsigned long)seconds;
    if (s < 60)
        return num_text("%lus", s);
    if (s < 3600)
        return num_text("%lum%02lus", s / 60, s % 60);
    if (s < 86400)
        return num_text("%luh%02lum", s / 3600, s / 60 % 60);
    return num_text("%lud%02luh", s / 86400, s / 3600 % 24);
}

struct num num_cpu_time(double seconds)
{
    if (!is_writable(seconds) || seconds < 0)
        return num_text("-");
    unsigned long hundredths = (unsigned long)(seconds * 100 + 0.5);
    unsigned long s = hundredths / 100;
    if (s < 600)
        return num_text("%lu:%02lu.%02lu", s / 60, s % 60, hundredths % 100);
    if (s < 36000)
        return num_text("%lu:%02lu", s / 60, s % 60);
    return num_span(seconds);
}
