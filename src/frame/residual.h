/* SPDX-License-Identifier: MIT */
/* Residuals: how recordings write the small differences that most numbers of a frame are.
 *
 * A *residual* is what is left of a value after what was predicted; zero for most. A stream of them is a sequence of
 * tokens, written byte by byte in docs/recording-format.md ("Residuals"): one byte for a run of zeros or a small value,
 * more for larger ones. A value may be a multiple of a power of two (kilobytes that come as pages, doubles with few
 * digits): then the *shift* of its place says how many zero bits are left out, until another token changes it.
 *
 * put writes into a buf; get reads from bytes somebody else may have written and never past their end: what does not
 * fit sets bad, and everything after is zero. */
#ifndef FRAME_RESIDUAL_H
#define FRAME_RESIDUAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

/* Tokens by first byte. */
enum {
    RESIDUAL_ONE = 0xc0,   /* below: the value is this byte + 1 */
    RESIDUAL_LONG = 0xdf,  /* from RESIDUAL_ONE up to here: a run of zeros, byte - 0xc0 + 1; here 32 and more follow */
    RESIDUAL_TWO = 0xe0,   /* 12 bits in two bytes, on top of what one byte says */
    RESIDUAL_THREE = 0xf0, /* 19 bits in three bytes, on top of what two say */
    RESIDUAL_WIDE = 0xf8,  /* 3 to 8 bytes follow, least first */
    RESIDUAL_SHIFT = 0xfe, /* the shift of the place whose value follows */
    RESIDUAL_TWO_BASE = 0xc0 + 1,
    RESIDUAL_THREE_BASE = RESIDUAL_TWO_BASE + (1 << 12),
    RESIDUAL_WIDE_BASE = RESIDUAL_THREE_BASE + (1 << 19)
};

/* Signed to unsigned so that small stays small: 0 -1 1 -2 2 become 0 1 2 3 4. */
static inline uint64_t zigzag(int64_t v)
{
    return (uint64_t)v << 1 ^ (v < 0 ? UINT64_MAX : 0);
}

static inline int64_t unzigzag(uint64_t z)
{
    return (int64_t)(z >> 1 ^ (~(z & 1) + 1));
}

/* Seven bits a byte, least first, the top bit says that more follow. */
void varint_put(struct buf *out, uint64_t v);

struct residual_out {
    struct buf *buf;
    uint64_t zeros; /* not yet written */
};

/* What a writer remembers of one place to choose its shift. Zeroed memory is a place that has seen nothing. */
struct residual_place {
    uint8_t shift; /* in force; the reader has the same */
    uint8_t least; /* fewest zero bits at the end of the last values */
    uint8_t seen;  /* values since least was set */
};

void residual_put_raw(struct residual_out *out, uint64_t z);
void residual_put(struct residual_out *out, struct residual_place *place, int64_t v);
void residual_flush(struct residual_out *out); /* write the zeros still pending; before anything else goes into buf */

struct residual_in {
    const uint8_t *at, *end;
    uint64_t zeros; /* still to give */
    bool bad;       /* the bytes ended, or hold what no writer writes */
};

uint64_t varint_get(struct residual_in *in);
uint64_t residual_get_any(struct residual_in *in, uint8_t *shift);

/* The next token. What most are is read here, the rest by residual_get_any with a copy of in, so that a loop can keep its
 * own in registers. */
static inline uint64_t residual_get_token(struct residual_in *in, uint8_t *shift)
{
    const uint8_t *at = in->at;
    if (in->end - at >= 3 && at[0] < RESIDUAL_WIDE && at[0] != RESIDUAL_LONG) {
        if (at[0] < RESIDUAL_ONE) {
            in->at = at + 1;
            return (uint64_t)at[0] + 1;
        }
        if (at[0] < RESIDUAL_LONG) {
            in->at = at + 1;
            in->zeros = (uint64_t)(at[0] - RESIDUAL_ONE);
            return 0;
        }
        if (at[0] < RESIDUAL_THREE) {
            in->at = at + 2;
            return RESIDUAL_TWO_BASE + ((uint64_t)(at[0] & 15) << 8 | at[1]);
        }
        in->at = at + 3;
        return RESIDUAL_THREE_BASE + ((uint64_t)(at[0] & 7) << 16 | (uint64_t)at[1] << 8 | at[2]);
    }
    struct residual_in copy = *in;
    uint64_t z = residual_get_any(&copy, shift);
    *in = copy;
    return z;
}

/* The next residual without its sign taken back and without a shift: nearly always 0, so the rest is a call. */
static inline uint64_t residual_get_raw(struct residual_in *in)
{
    if (in->zeros > 0) {
        in->zeros--;
        return 0;
    }
    uint8_t none = 0;
    struct residual_in copy = *in;
    uint64_t z = residual_get_any(&copy, &none);
    *in = copy;
    return z;
}

/* The next residual of a place with this shift. */
static inline int64_t residual_get(struct residual_in *in, uint8_t *shift)
{
    if (in->zeros > 0) {
        in->zeros--;
        return 0;
    }
    int64_t v = unzigzag(residual_get_token(in, shift));
    return (int64_t)((uint64_t)v << *shift);
}

#endif
