/* SPDX-License-Identifier: MIT */
/* Residual streams; see residual.h and docs/recording-format.md. */
#include "frame/residual.h"

#include "base/cold.h"

/* Values after which a place may raise its shift, and the bits that must be gained by it: a change costs two bytes. */
enum { PLACE_WINDOW = 8, PLACE_GAIN_BITS = 6, PLACE_GAIN_AT_ONCE = 3, LONGEST_TOKEN = 11 };

void varint_put(struct buf *out, uint64_t v)
{
    char bytes[10];
    size_t n = 0;
    while (v >= 0x80) {
        bytes[n++] = (char)(v | 0x80);
        v >>= 7;
    }
    bytes[n++] = (char)v;
    buf_put(out, bytes, n);
}

NOINLINE uint64_t varint_get(struct residual_in *in)
{
    uint64_t v = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        if (in->at == in->end)
            break;
        uint8_t byte = *in->at++;
        v |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return v;
    }
    in->bad = true;
    in->at = in->end;
    return 0;
}

/* ---- writing ---- */

static unsigned bytes_of(uint64_t z)
{
    if (z < RESIDUAL_TWO_BASE)
        return 1;
    if (z < RESIDUAL_THREE_BASE)
        return 2;
    if (z < RESIDUAL_WIDE_BASE)
        return 3;
    unsigned n = 3;
    while (n < 8 && z >> (8 * n) != 0)
        n++;
    return 1 + n;
}

void residual_flush(struct residual_out *out)
{
    uint64_t n = out->zeros;
    out->zeros = 0;
    if (n == 0)
        return;
    if (n < 32) {
        buf_putc(out->buf, (char)(RESIDUAL_ONE + n - 1));
    } else {
        buf_putc(out->buf, (char)RESIDUAL_LONG);
        varint_put(out->buf, n - 32);
    }
}

static size_t token_of(uint64_t z, uint8_t bytes[LONGEST_TOKEN])
{
    unsigned n = bytes_of(z);
    if (n == 1) {
        bytes[0] = (uint8_t)(z - 1);
    } else if (n == 2) {
        uint64_t rest = z - RESIDUAL_TWO_BASE;
        bytes[0] = (uint8_t)(RESIDUAL_TWO | rest >> 8);
        bytes[1] = (uint8_t)rest;
    } else if (n == 3) {
        uint64_t rest = z - RESIDUAL_THREE_BASE;
        bytes[0] = (uint8_t)(RESIDUAL_THREE | rest >> 16);
        bytes[1] = (uint8_t)(rest >> 8);
        bytes[2] = (uint8_t)rest;
    } else {
        bytes[0] = (uint8_t)(RESIDUAL_WIDE + n - 4);
        for (unsigned i = 1; i < n; i++)
            bytes[i] = (uint8_t)(z >> 8 * (i - 1));
    }
    return n;
}

void residual_put_raw(struct residual_out *out, uint64_t z)
{
    if (z == 0) {
        out->zeros++;
        return;
    }
    residual_flush(out);
    uint8_t bytes[LONGEST_TOKEN];
    buf_put(out->buf, bytes, token_of(z, bytes));
}

static uint8_t zero_bits(uint64_t v)
{
    uint8_t n = 0;
    for (; (v & 1) == 0; v >>= 1)
        n++;
    return n;
}

/* The shift this value is to be written with: a lower one when it must be, a higher one when that pays, be it for
 * this value alone or for all of the last ones. Shifts past 63 do not exist, so v is not 0. */
static uint8_t place_shift(struct residual_place *p, int64_t v)
{
    uint8_t zeros = zero_bits((uint64_t)v);
    if (p->seen == 0 || zeros < p->least)
        p->least = zeros;
    p->seen++;
    uint8_t least = p->least;
    if (p->seen == PLACE_WINDOW)
        p->seen = 0;
    if (zeros < p->shift)
        return zeros;
    if (p->seen == 0 && least >= p->shift + PLACE_GAIN_BITS)
        return least;
    if (bytes_of(zigzag(v >> p->shift)) >= bytes_of(zigzag(v >> zeros)) + PLACE_GAIN_AT_ONCE)
        return zeros;
    return p->shift;
}

void residual_put(struct residual_out *out, struct residual_place *place, int64_t v)
{
    if (v == 0) {
        out->zeros++;
        return;
    }
    residual_flush(out);
    uint8_t shift = place_shift(place, v);
    uint8_t bytes[LONGEST_TOKEN];
    if (shift != place->shift) {
        place->shift = shift;
        bytes[0] = RESIDUAL_SHIFT;
        bytes[1] = shift;
        buf_put(out->buf, bytes, 2);
    }
    /* An arithmetic shift of a multiple is a division: gcc and clang define it so. */
    buf_put(out->buf, bytes, token_of(zigzag(v >> shift), bytes));
}

/* ---- reading ---- */

static uint64_t residual_fail(struct residual_in *in)
{
    in->bad = true;
    in->at = in->end;
    return 0;
}

static uint64_t get_wide(struct residual_in *in, unsigned n)
{
    if ((size_t)(in->end - in->at) < n)
        return residual_fail(in);
    uint64_t z = 0;
    for (unsigned i = 0; i < n; i++)
        z |= (uint64_t)in->at[i] << 8 * i;
    in->at += n;
    return z;
}

static uint64_t get_zeros(struct residual_in *in, uint8_t first)
{
    if (first < RESIDUAL_LONG) {
        in->zeros = (uint64_t)(first - RESIDUAL_ONE);
        return 0;
    }
    uint64_t more = varint_get(in);
    in->zeros = more + 31;
    if (in->zeros < more)
        return residual_fail(in);
    return 0;
}

static uint64_t get_value(struct residual_in *in, uint8_t first)
{
    size_t left = (size_t)(in->end - in->at);
    if (first < RESIDUAL_THREE) {
        if (left < 1)
            return residual_fail(in);
        in->at += 1;
        return RESIDUAL_TWO_BASE + ((uint64_t)(first & 15) << 8 | in->at[-1]);
    }
    if (first < RESIDUAL_WIDE) {
        if (left < 2)
            return residual_fail(in);
        in->at += 2;
        return RESIDUAL_THREE_BASE +
               ((uint64_t)(first & 7) << 16 | (uint64_t)in->at[-2] << 8 | in->at[-1]);
    }
    if (first < RESIDUAL_SHIFT)
        return get_wide(in, (unsigned)(first - RESIDUAL_WIDE + 3));
    return residual_fail(in);
}

uint64_t residual_get_any(struct residual_in *in, uint8_t *shift)
{
    if (in->at == in->end)
        return residual_fail(in);
    uint8_t first = *in->at++;
    if (first == RESIDUAL_SHIFT) {
        if (in->end - in->at < 2 || *in->at > 63)
            return residual_fail(in);
        *shift = *in->at++;
        first = *in->at++;
    }
    if (first < RESIDUAL_ONE)
        return (uint64_t)first + 1;
    if (first < RESIDUAL_TWO)
        return get_zeros(in, first);
    return get_value(in, first);
}
