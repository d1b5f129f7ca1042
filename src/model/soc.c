/* SPDX-License-Identifier: MIT */
/* Looks a chip's name up in soc.def. The name is read as "Apple", a letter with a number, and words among which one may be
 * Ultra, Max or Pro: "Apple M1 (Virtual)" is an M1 of no tier (recorded: sysctl machdep.cpu.brand_string). */
#include "model/soc.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

enum tier { TIER_NONE, TIER_PRO, TIER_MAX, TIER_ULTRA };

struct row {
    char letter;
    unsigned generation;
    enum tier tier;
    double cpu_w, gpu_w, ane_w, dram_gbps;
    uint32_t bin_cores;
    double bin_gbps;
};

static const struct row rows[] = {
#define SOC(letter, generation, tier, cpu, gpu, ane, dram, bin_cores, bin_dram)                    \
    {(#letter)[0], generation, TIER_##tier, cpu, gpu, ane, dram, bin_cores, bin_dram},
#include "model/soc.def"
#undef SOC
};

static const struct {
    const char *word;
    enum tier tier;
} tier_words[] = {{"Ultra", TIER_ULTRA}, {"Max", TIER_MAX}, {"Pro", TIER_PRO}};

struct name {
    char letter;
    unsigned generation;
    enum tier tier;
};

/* The next word of a text; NULL at its end. */
static const char *next_word(const char **text, size_t *n)
{
    const char *word = *text + strspn(*text, " \t");
    *n = strcspn(word, " \t");
    *text = word + *n;
    return *n > 0 ? word : NULL;
}

static bool word_is(const char *word, size_t n, const char *wanted)
{
    return word != NULL && strlen(wanted) == n && memcmp(word, wanted, n) == 0;
}

static bool parse_model(const char *word, size_t n, struct name *out)
{
    if (word == NULL || n < 2 || n > 4 || (word[0] != 'M' && word[0] != 'A'))
        return false;
    out->letter = word[0];
    out->generation = 0;
    for (size_t i = 1; i < n; i++) {
        if (word[i] < '0' || word[i] > '9')
            return false;
        out->generation = out->generation * 10 + (unsigned)(word[i] - '0');
    }
    return true;
}

static bool parse_name(const char *chip, struct name *out)
{
    size_t n;
    const char *word = next_word(&chip, &n);
    if (!word_is(word, n, "Apple"))
        return false;
    word = next_word(&chip, &n);
    if (!parse_model(word, n, out))
        return false;
    out->tier = TIER_NONE;
    while ((word = next_word(&chip, &n)) != NULL)
        for (size_t i = 0; i < sizeof tier_words / sizeof *tier_words; i++)
            if (word_is(word, n, tier_words[i].word) && tier_words[i].tier > out->tier)
                out->tier = tier_words[i].tier;
    return true;
}

/* The row itself, else the last one of the tier, for M chips only: nothing says what another letter's next chip is. */
static const struct row *find_row(const struct name *name, enum soc_match *match)
{
    const struct row *newest = NULL;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].letter != name->letter || rows[i].tier != name->tier)
            continue;
        if (rows[i].generation == name->generation) {
            *match = SOC_EXACT;
            return &rows[i];
        }
        if (rows[i].letter == 'M')
            newest = &rows[i];
    }
    *match = SOC_TIER;
    return newest;
}

struct soc soc_find(const char *chip, uint32_t gpu_cores)
{
    struct soc soc = {SOC_UNKNOWN, 30, 30, 8, 100e9};
    struct name name;
    enum soc_match match;
    if (chip == NULL || !parse_name(chip, &name))
        return soc;
    const struct row *row = find_row(&name, &match);
    if (row == NULL)
        return soc;
    /* Cores up to the bin's: a smaller chip of the family is never faster (recorded: M4 Max 32 and 40 cores). */
    bool small = gpu_cores != 0 && gpu_cores <= row->bin_cores;
    return (struct soc){match, row->cpu_w, row->gpu_w, row->ane_w,
                        (small ? row->bin_gbps : row->dram_gbps) * 1e9};
}
