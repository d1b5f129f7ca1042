/* SPDX-License-Identifier: MIT */
/* Numbers as text: the shortest decimal that reads back as the same double, fixed decimals, and parsing.
 *
 * Exact integers do the work. A finite double is f × 2^e with f below 2^53. The decimals that read back as it lie
 * between (2f − 1) × 2^(e−1) and (2f + 1) × 2^(e−1), ends included when f is even (round half to even, IEEE 754). Scaled
 * by 10^k so that 17 digits stand before the point, both ends are 128-bit integers over a power of two; the shortest
 * decimal is a multiple of the largest power of ten that has one in between. That covers 1e-10 to 2^53, which is what a
 * monitor prints; anything else goes through printf, whose digits (unlike its point) do not depend on the locale. */
#include "base/number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

__extension__ typedef unsigned __int128 u128;

/* A decimal: digits d1 d2 … dn, value 0.d1d2…dn × 10^point. */
struct decimal {
    char digits[24];
    int n;
    int point;
};

static const uint64_t pow10_u64[] = {
    1u,
    10u,
    100u,
    1000u,
    10000u,
    100000u,
    1000000u,
    10000000u,
    100000000u,
    1000000000u,
    10000000000u,
    100000000000u,
    1000000000000u,
    10000000000000u,
    100000000000000u,
    1000000000000000u,
    10000000000000000u,
    100000000000000000u,
};

static uint64_t pow5(int k)
{
    uint64_t p = 1;
    while (k-- > 0)
        p *= 5;
    return p;
}

/* Digits of m without its ending zeros; point is where they begin relative to 10^0 when m counts units of 10^-k. */
static void decimal_set(struct decimal *d, uint64_t m, int k)
{
    char reversed[24];
    int n = 0;
    while (m != 0) {
        reversed[n++] = (char)('0' + m % 10);
        m /= 10;
    }
    d->point = n - k;
    int zeros = 0;
    while (zeros < n - 1 && reversed[zeros] == '0')
        zeros++;
    d->n = n - zeros;
    for (int i = 0; i < d->n; i++)
        d->digits[i] = reversed[n - 1 - i];
}

/* What stands behind the point of an exact number. */
enum fraction { NOTHING, BELOW_HALF, HALF, ABOVE_HALF };

/* Of the multiples of step in [low, high], the one nearest to mid and its fraction; on a tie the even one, as printf
 * rounds. */
static uint64_t nearest_multiple(uint64_t mid, enum fraction fraction, uint64_t step, uint64_t low,
                                 uint64_t high)
{
    uint64_t below = mid / step * step;
    uint64_t rest = mid - below;
    bool up;
    if (step == 1)
        up = fraction == ABOVE_HALF || (fraction == HALF && below % 2 == 1);
    else if (rest * 2 == step && fraction == NOTHING)
        up = below / step % 2 == 1;
    else
        up = rest * 2 >= step;
    uint64_t chosen = up ? below + step : below;
    if (chosen < low)
        chosen += step;
    return chosen > high ? chosen - step : chosen;
}

/* The shortest decimal of f × 2^e, for 0 ≤ k ≤ 26 that puts 16 or 17 digits before the point, and 1 ≤ 1 − e − k ≤ 64. */
static void shortest_exact(struct decimal *d, uint64_t f, int e, int k)
{
    int s = 1 - e - k;
    uint64_t p = pow5(k);
    u128 one = 1, mask = (one << s) - 1;
    u128 middle = (u128)(2 * f) * p;
    /* Below a power of two the neighbour is half as far. p is odd, so that end is no integer and never belongs. */
    bool close_below = f == (UINT64_C(1) << 52);
    u128 lowest = close_below ? middle - (p + 1) / 2 : middle - p;
    u128 highest = middle + p;
    bool ends_belong = f % 2 == 0 && !close_below;
    uint64_t low = (uint64_t)(lowest >> s) + ((lowest & mask) != 0 || !ends_belong ? 1u : 0u);
    uint64_t high = (uint64_t)(highest >> s) - ((highest & mask) == 0 && f % 2 == 1 ? 1u : 0u);
    u128 rest = middle & mask, half = one << (s - 1);
    enum fraction fraction = rest == 0      ? NOTHING
                             : rest < half  ? BELOW_HALF
                             : rest == half ? HALF
                                            : ABOVE_HALF;
    uint64_t step = 1;
    for (size_t j = 1; j < sizeof pow10_u64 / sizeof pow10_u64[0]; j++) {
        if (high / pow10_u64[j] * pow10_u64[j] < low)
            break;
        step = pow10_u64[j];
    }
    decimal_set(d, nearest_multiple((uint64_t)(middle >> s), fraction, step, low, high), k);
}

/* Any finite v > 0: the first length that reads back. Only the digits are taken from printf's text, and strtod reads
 * that text in the locale that wrote it. */
static void shortest_printed(struct decimal *d, double v)
{
    char text[64];
    for (int digits = 1; digits <= 17; digits++) {
        (void)snprintf(text, sizeof text, "%.*e", digits - 1, v);
        if (digits == 17 || (strtod(text, NULL) <= v && strtod(text, NULL) >= v))
            break;
    }
    const char *c = text;
    for (d->n = 0; *c != 'e'; c++)
        if (*c >= '0' && *c <= '9')
            d->digits[d->n++] = *c;
    while (d->n > 1 && d->digits[d->n - 1] == '0')
        d->n--;
    d->point = (int)strtol(c + 1, NULL, 10) + 1;
}

/* Shortest digits of a finite v > 0. */
static void shortest(struct decimal *d, double v)
{
    if (v < 1e-10 || v >= 9007199254740992.0) {
        shortest_printed(d, v);
        return;
    }
    int e;
    uint64_t f = (uint64_t)ldexp(frexp(v, &e), 53);
    e -= 53;
    int k = 16 - (int)floor(log10(v));
    if (k > 26)
        k = 26;
    shortest_exact(d, f, e, k);
}

/* As Python's repr lays a float out: an exponent below 1e-04 and from 1e+16 on, else a point with a digit on each side. */
static void put_decimal(struct buf *b, const struct decimal *d)
{
    if (d->point <= -4 || d->point > 16) {
        buf_put(b, d->digits, 1);
        if (d->n > 1) {
            buf_putc(b, '.');
            buf_put(b, d->digits + 1, (size_t)d->n - 1);
        }
        int exponent = d->point - 1;
        buf_puts(b, exponent < 0 ? "e-" : "e+");
        if (abs(exponent) < 10)
            buf_putc(b, '0');
        buf_put_i64(b, abs(exponent));
    } else if (d->point <= 0) {
        buf_puts(b, "0.");
        buf_pad(b, '0', (size_t)-d->point);
        buf_put(b, d->digits, (size_t)d->n);
    } else if (d->n <= d->point) {
        buf_put(b, d->digits, (size_t)d->n);
        buf_pad(b, '0', (size_t)(d->point - d->n));
        buf_puts(b, ".0");
    } else {
        buf_put(b, d->digits, (size_t)d->point);
        buf_putc(b, '.');
        buf_put(b, d->digits + d->point, (size_t)(d->n - d->point));
    }
}

void buf_put_double(struct buf *b, double v)
{
    struct decimal d;
    if (signbit(v))
        buf_putc(b, '-');
    v = fabs(v);
    if (v < 9007199254740992.0 && v >= (double)(uint64_t)v && v <= (double)(uint64_t)v) {
        buf_put_u64(b, (uint64_t)v);
        buf_puts(b, ".0");
        return;
    }
    shortest(&d, v);
    put_decimal(b, &d);
}

/* |v| × 10^decimals, rounded half away from zero; exact, because a double below 2^53 has at most 53 bits and 10^9 adds 30. */
static u128 scaled(double v, int decimals)
{
    int e;
    u128 m = (u128)(uint64_t)ldexp(frexp(v, &e), 53) * pow10_u64[decimals];
    int s = 53 - e;
    if (s > 120)
        return 0;
    if (s <= 0)
        return m << -s;
    return (m + ((u128)1 << (s - 1))) >> s;
}

void buf_put_fixed(struct buf *b, double v, int decimals)
{
    double size = fabs(v);
    if (size >= 9007199254740992.0) { /* a whole number already */
        buf_printf(b, "%.0f", v);
        if (decimals > 0) {
            buf_putc(b, '.');
            buf_pad(b, '0', (size_t)decimals);
        }
        return;
    }
    u128 m = scaled(size, decimals);
    uint64_t unit = pow10_u64[decimals];
    uint64_t whole = (uint64_t)(m / unit), rest = (uint64_t)(m % unit);
    if (v < 0 && m != 0)
        buf_putc(b, '-');
    buf_put_u64(b, whole);
    if (decimals == 0)
        return;
    buf_putc(b, '.');
    for (uint64_t digit = unit / 10; digit != 0; digit /= 10)
        buf_putc(b, (char)('0' + rest / digit % 10));
}

/* Digits from *at on into *m, at most 15 significant ones; returns how many there were, -1 when too many. */
static int take_digits(const char *text, size_t n, size_t *at, uint64_t *m)
{
    int count = 0;
    for (; *at < n && text[*at] >= '0' && text[*at] <= '9'; (*at)++, count++) {
        if (*m >= 100000000000000u)
            return -1;
        *m = *m * 10 + (uint64_t)(text[*at] - '0');
    }
    return count;
}

/* "e-5" at *at, when it is there. False: an e without digits, or an exponent nobody means. */
static bool take_exponent(const char *text, size_t n, size_t *at, int *exponent)
{
    if (*at >= n || (text[*at] != 'e' && text[*at] != 'E'))
        return true;
    (*at)++;
    bool negative = *at < n && text[*at] == '-';
    if (*at < n && (text[*at] == '-' || text[*at] == '+'))
        (*at)++;
    uint64_t value = 0;
    if (take_digits(text, n, at, &value) <= 0 || value > 99)
        return false;
    *exponent += negative ? -(int)value : (int)value;
    return true;
}

bool number_parse(const char *text, size_t n, double *out)
{
    size_t at = n > 0 && (text[0] == '-' || text[0] == '+') ? 1 : 0;
    uint64_t m = 0;
    int whole = take_digits(text, n, &at, &m), fraction = 0, exponent = 0;
    if (whole >= 0 && at < n && text[at] == '.') {
        at++;
        fraction = take_digits(text, n, &at, &m);
    }
    if (whole < 0 || fraction < 0 || whole + fraction == 0)
        return false;
    exponent = -fraction;
    if (!take_exponent(text, n, &at, &exponent) || at != n)
        return false;
    if (exponent < -22 || exponent > 22)
        return false;
    double power = 1;
    for (int i = abs(exponent); i > 0; i--)
        power *= 10;
    *out = exponent < 0 ? (double)m / power : (double)m * power;
    if (text[0] == '-')
        *out = -*out;
    return true;
}
