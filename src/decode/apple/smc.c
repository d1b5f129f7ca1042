/* SPDX-License-Identifier: MIT */
/* Decoding SMC values by type; see smc.h. */
#include "decode/apple/smc.h"

#include <stdio.h>
#include <string.h>

/* Integers and fixed points: value = integer / 2^frac_bits. */
static const struct smc_fixed {
    char type[5];
    uint8_t bytes, frac_bits;
    bool is_signed, little;
} fixed[] = {
    {"ui8 ", 1, 0, false, false}, {"ui16", 2, 0, false, false}, {"ui32", 4, 0, false, false},
    {"si8 ", 1, 0, true, false},  {"si16", 2, 0, true, false},  {"si32", 4, 0, true, false},
    {"fpe2", 2, 2, false, false}, {"sp78", 2, 8, true, false},  {"flag", 1, 0, false, false},
    {"ioft", 8, 16, true, true},
};

static uint64_t gather(uint64_t raw, unsigned bytes, bool little)
{
    uint64_t v = 0;
    for (unsigned i = 0; i < bytes; i++) {
        uint64_t byte = raw >> 8 * i & 0xff;
        v |= byte << 8 * (little ? i : bytes - 1 - i);
    }
    return v;
}

static double fixed_value(const struct smc_fixed *f, uint64_t raw)
{
    uint64_t v = gather(raw, f->bytes, f->little);
    unsigned bits = 8u * f->bytes;
    if (f->is_signed && bits < 64 && (v >> (bits - 1) & 1) != 0)
        v |= ~UINT64_C(0) << bits;
    double number = f->is_signed ? (double)(int64_t)v : (double)v;
    return number / (double)(UINT64_C(1) << f->frac_bits);
}

bool apple_smc_is_float(const struct schema *s, int32_t channel)
{
    return strncmp(schema_text(s, s->channels[channel].unit), "flt", 3) == 0;
}

bool apple_smc_value(const char *type, uint64_t raw, double *value)
{
    if (type[0] == 'f' && type[1] == 'l' && type[2] == 't') { /* nearly all */
        *value = apple_smc_float(raw);
        return *value - *value == 0;
    }
    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++) {
        /* The schema's units are trimmed: "ui8 " may stand there as "ui8". */
        size_t len = fixed[i].type[3] == ' ' ? 3 : 4;
        if (strncmp(type, fixed[i].type, len) != 0 || (type[len] != '\0' && type[len] != ' '))
            continue;
        *value = fixed_value(&fixed[i], raw);
        return true;
    }
    return false;
}

int32_t apple_smc_find(const struct schema *s, const char *key)
{
    char name[16];
    (void)snprintf(name, sizeof name, "smc/%s", key);
    return schema_find_channel(s, name);
}

bool apple_smc_read(const struct decode_frame *d, int32_t channel, double *value)
{
    if (!frame_has(d->frame, channel))
        return false;
    const char *type = schema_text(d->schema, d->schema->channels[channel].unit);
    return apple_smc_value(type, frame_u64(d->frame, channel), value);
}
