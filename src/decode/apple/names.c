/* SPDX-License-Identifier: MIT */
/* Channel names of CPUs and blocks. Spellings recorded on M1 to M5 machines:
 *   base chips     ECPU3 (core), ECPU (complex, rail), ECPM (fabric)
 *   Pro and Max    PCPU120: cluster 1, core 2, and a 0; rails EACC_CPU, PACC1_CPU3, PACC1_CPM
 *   Ultra          DIE_0_PCPU1_CPU0; rails DIE_0_PACC1_CPU0
 *   M5 Pro, Max    complexes MCPU0, MCPU1, PCPU; rails MCPU0_3, PACC_3 (that a core channel reads MCPU030: inferred)
 * Names of more letters (DTL steps, SRAM, IDLE) are no cores: they end with other characters. */
#include <string.h>

#include "decode/apple/apple.h"

bool apple_starts(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* A decimal number at *at, at most 4 digits; its digits are counted in *n (0: none there). */
static uint32_t take_number(const char **at, uint32_t *n)
{
    uint32_t value = 0;
    for (*n = 0; *n < 4 && is_digit(**at); ++*n, ++*at)
        value = value * 10 + (uint32_t)(**at - '0');
    return value;
}

static const char *take_die(const char *name, uint32_t *die)
{
    *die = 0;
    if (!apple_starts(name, "DIE_"))
        return name;
    const char *at = name + 4;
    uint32_t digits;
    uint32_t value = take_number(&at, &digits);
    if (digits == 0 || *at != '_')
        return name;
    *die = value;
    return at + 1;
}

/* Behind "xCPU" of a core channel: one digit is the core of a cluster without number; of two the first is the cluster (recorded:
 * ECPU00); of three the last is a 0 and means nothing we know. */
static bool take_packed_core(const char *digits, struct apple_cpu_name *out)
{
    size_t n = strspn(digits, "0123456789");
    if (n == 0 || n > 4 || digits[n] != '\0')
        return false;
    out->cluster.number = n == 1 ? 0 : (uint32_t)(digits[0] - '0');
    out->core = 0;
    size_t last = n == 1 ? 1 : n == 2 ? 2 : n - 1;
    for (size_t i = n == 1 ? 0 : 1; i < last; i++)
        out->core = out->core * 10 + (uint32_t)(digits[i] - '0');
    return true;
}

/* "_CPU3", "_3", "_CPU", "_CPM" or nothing, behind the cluster's own name. */
static enum apple_cpu_kind take_tail(const char *at, struct apple_cpu_name *out)
{
    if (strcmp(at, "_CPM") == 0)
        return APPLE_CPU_FABRIC;
    if (*at == '\0' || strcmp(at, "_CPU") == 0)
        return APPLE_CPU_CLUSTER;
    if (*at++ != '_')
        return APPLE_CPU_NONE;
    if (apple_starts(at, "CPU"))
        at += 3;
    uint32_t digits;
    out->core = take_number(&at, &digits);
    return digits > 0 && *at == '\0' ? APPLE_CPU_CORE : APPLE_CPU_NONE;
}

struct apple_cpu_name apple_parse_cpu(const char *name, enum apple_name_place place)
{
    struct apple_cpu_name out = {APPLE_CPU_NONE, {0, 0, 0}, 0};
    const char *at = take_die(name, &out.cluster.die);
    if (*at < 'A' || *at > 'Z')
        return out;
    out.cluster.letter = *at++;
    bool fabric = apple_starts(at, "CPM");
    bool packed = apple_starts(at, "CPU");
    if (!fabric && !packed && !apple_starts(at, "ACC"))
        return out;
    at += 3;
    if (packed && place == APPLE_NAME_CORES && take_packed_core(at, &out)) {
        out.kind = APPLE_CPU_CORE;
        return out;
    }
    uint32_t digits;
    out.cluster.number = take_number(&at, &digits);
    enum apple_cpu_kind kind = take_tail(at, &out);
    out.kind = fabric ? (kind == APPLE_CPU_CLUSTER ? APPLE_CPU_FABRIC : APPLE_CPU_NONE) : kind;
    return out;
}

/* Trailing "0_1" or "0" of a block's name: the instance and the die. Names that end in a digit of their own ("apciec0
 * Energy", "PCIe Port 1 Energy") end in a word, so they are not touched. */
struct apple_block_name apple_parse_block(const char *name)
{
    struct apple_block_name out = {"", 0};
    const char *at = take_die(name, &out.die);
    size_t n = strlen(at);
    if (n >= sizeof out.base)
        n = sizeof out.base - 1;
    memcpy(out.base, at, n);
    out.base[n] = '\0';
    size_t end = n;
    while (end > 0 && is_digit(out.base[end - 1]))
        end--;
    if (end == n || end == 0)
        return out;
    if (out.base[end - 1] == '_' && end >= 2 && is_digit(out.base[end - 2])) {
        const char *die = out.base + end;
        uint32_t digits;
        out.die = take_number(&die, &digits);
        end--;
        while (end > 0 && is_digit(out.base[end - 1]))
            end--;
    }
    if (end > 0)
        out.base[end] = '\0';
    return out;
}

bool apple_in_group(const struct schema *s, const struct channel *c, const char *group)
{
    return strcmp(schema_text(s, c->group), group) == 0;
}
