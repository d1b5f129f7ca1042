/* SPDX-License-Identifier: MIT */
/* DVFS tables of the power manager (pmgr) and the states that stand in them.
 *
 * A blob is 8-byte little-endian pairs {u32 frequency, u32 millivolt}. Recorded: frequencies in Hz up to M3 and on A18, in kHz
 * on M4 and M5; the blob without "-sram" holds periods, MHz = 65536000 / value, exact on the tables of M1, M1 Ultra, M4 Pro and
 * M5 Max; GPU tables begin with 0 Hz and are not ascending from M3 on; a table may be longer than the list of
 * states (M2 E cores: 7 and 6), so states are matched from the top by the P of their names. Hz or kHz is told by magnitude; a
 * frequency past 2^32 Hz wraps (inferred: none that fast is recorded). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "decode/apple/apple.h"

enum { PAIR_BYTES = 8 };

/* Hz per step by the size of the first value that is not 0; 0 when it can be no frequency. The first is the lowest in CPU
 * tables, so it has not wrapped. */
static double hz_per_step(const unsigned char *blob, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        uint32_t v = le32_get(blob + (size_t)i * PAIR_BYTES);
        if (v == 0)
            continue;
        /* Periods reach 110,000; no core clock is slower than 200 MHz. */
        return v >= 100000000 ? 1.0 : v >= 200000 ? 1000.0 : 0.0;
    }
    return 0;
}

static double volts_of(const unsigned char *pair)
{
    uint32_t mv = le32_get(pair + 4);
    return mv > 0 && mv < 5000 ? mv * 1e-3 : 0; /* 0xFFFFFFFF is recorded where there is none */
}

/* CPU tables ascend: a value far below its predecessor past 3 GHz has lost 2^32. */
static double mend_wrap(struct apple_dvfs *t, double hz, double step)
{
    double before = t->n == 0 ? 0 : t->hz[t->n - 1];
    if (step > 1.0 || before < 3e9 || hz == 0 || hz >= before / 2)
        return hz;
    t->mended = true;
    return hz + 4294967296.0;
}

static bool fill_frequencies(struct apple_dvfs *t, const unsigned char *blob, uint32_t n)
{
    double step = hz_per_step(blob, n);
    if (step == 0)
        return false;
    t->hz_per_step = (uint32_t)step;
    for (uint32_t i = 0; i < n; i++) {
        const unsigned char *pair = blob + (size_t)i * PAIR_BYTES;
        t->hz[i] = mend_wrap(t, le32_get(pair) * step, step);
        t->volts[i] = volts_of(pair);
        t->n = i + 1;
    }
    return true;
}

static bool fill_periods(struct apple_dvfs *t, const unsigned char *blob, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        const unsigned char *pair = blob + (size_t)i * PAIR_BYTES;
        uint32_t period = le32_get(pair);
        if (period < 7000 ||
            period > 700000) /* 94 MHz to 9.4 GHz: anything else is no period of a core clock */
            return false;
        t->hz[i] = 65536000e6 / period;
        t->volts[i] = volts_of(pair);
    }
    t->n = n;
    t->from_period = true;
    return true;
}

static const unsigned char *find_blob(const struct schema *s, uint32_t number, const char *suffix,
                                      uint32_t *n)
{
    char key[48];
    (void)snprintf(key, sizeof key, "pmgr/voltage-states%u%s", number, suffix);
    const struct property *p = schema_find_property(s, key);
    if (p == NULL || p->type != SLOT_BYTES || p->count < PAIR_BYTES)
        return NULL;
    *n = p->count / PAIR_BYTES;
    if (*n > APPLE_MAX_STATES)
        *n = APPLE_MAX_STATES;
    return (const unsigned char *)schema_text(s, p->first);
}

/* Half a percent: rounding of periods is below 0.01 % on the recorded tables, a wrong unit or table is far above. */
static enum apple_dvfs_periods compare_periods(const struct apple_dvfs *t,
                                               const unsigned char *blob, uint32_t n)
{
    struct apple_dvfs periods = {0};
    if (blob == NULL || n != t->n || !fill_periods(&periods, blob, n))
        return APPLE_PERIODS_NONE;
    for (uint32_t i = 0; i < n; i++)
        if (t->hz[i] < periods.hz[i] * 0.995 || t->hz[i] > periods.hz[i] * 1.005)
            return APPLE_PERIODS_DIFFER;
    return APPLE_PERIODS_AGREE;
}

static double highest(const struct apple_dvfs *t)
{
    double max_hz = 0;
    for (uint32_t i = 0; i < t->n; i++)
        max_hz = t->hz[i] > max_hz ? t->hz[i] : max_hz;
    return max_hz;
}

bool apple_dvfs_read(const struct schema *s, uint32_t number, struct apple_dvfs *out)
{
    memset(out, 0, sizeof *out);
    uint32_t n = 0, n_plain = 0;
    const unsigned char *blob = find_blob(s, number, "-sram", &n);
    if (blob != NULL && fill_frequencies(out, blob, n)) {
        out->number = number;
        out->max_hz = highest(out);
        out->sram = true;
        blob = find_blob(s, number, "", &n_plain);
        out->periods = (uint8_t)compare_periods(out, blob, n_plain);
        return true;
    }
    memset(out, 0, sizeof *out);
    blob = find_blob(s, number, "", &n);
    if (blob != NULL && (fill_frequencies(out, blob, n) || fill_periods(out, blob, n))) {
        out->number = number;
        out->max_hz = highest(out);
        return true;
    }
    memset(out, 0, sizeof *out);
    return false;
}

/* ---- Which table -------------------------------------------------------------------------------------------------- */

enum { MAX_TABLE = 255 };

/* Which tables there are: asking for each number of 255 would take most of the time a schema takes. */
static void find_tables(const struct schema *s, bool there[MAX_TABLE + 1])
{
    static const char prefix[] = "pmgr/voltage-states";
    memset(there, 0, (MAX_TABLE + 1) * sizeof there[0]);
    for (size_t i = 0; i < s->n_properties; i++) {
        const char *key = schema_text(s, s->properties[i].key);
        if (!apple_starts(key, prefix))
            continue;
        unsigned long number = strtoul(key + sizeof prefix - 1, NULL, 10);
        if (number <= MAX_TABLE)
            there[number] = true;
    }
}

/* What acc-clusters says: 8-byte entries, byte 0 the table, byte 1 the cluster (recorded: M5 Max 22:0 23:1 5:2). */
static uint32_t table_by_acc_clusters(const struct schema *s, uint32_t rank)
{
    const struct property *p = schema_find_property(s, "pmgr/acc-clusters");
    if (p == NULL || p->type != SLOT_BYTES)
        return 0;
    const unsigned char *entry = (const unsigned char *)schema_text(s, p->first);
    for (uint32_t i = 0; i + PAIR_BYTES <= p->count; i += PAIR_BYTES)
        if (entry[i + 1] == rank)
            return entry[i];
    return 0;
}

/* Where chips without acc-clusters keep them (recorded on M1 to M4): E in 1, the first P cluster in 5, the second in 13. */
static uint32_t table_by_convention(const struct apple_cluster_name *name)
{
    if (name->letter == 'E')
        return 1;
    if (name->letter == 'P')
        return name->number == 0 ? 5 : 13;
    return 0;
}

/* How well a table fits a CPU cluster: no zero entry, a plausible top, and as many entries as states. */
static int fitness(const struct apple_dvfs *t, uint32_t n_states)
{
    double top = t->max_hz;
    if (t->n < 2 || t->hz[0] == 0 || top < 500e6 || top > 10e9)
        return -1000;
    int difference = n_states == 0 ? 0 : abs((int)t->n - (int)n_states);
    return 100 - 10 * difference;
}

void apple_dvfs_for_cluster(const struct schema *s, const struct apple_cluster_name *name,
                            uint32_t rank, uint32_t n_states, struct apple_dvfs *out)
{
    memset(out, 0, sizeof *out);
    uint32_t told = table_by_acc_clusters(s, rank);
    uint32_t usual = table_by_convention(name);
    int best = 0;
    bool there[MAX_TABLE + 1];
    find_tables(s, there);
    for (uint32_t number = 1; number <= MAX_TABLE; number++) {
        struct apple_dvfs t;
        if (!there[number] || !apple_dvfs_read(s, number, &t))
            continue;
        int fits = fitness(&t, n_states) + (number == told ? 500 : 0) +
                   (told == 0 && number == usual ? 60 : 0);
        if (fits > best) {
            best = fits;
            *out = t;
            out->n_states = n_states;
            out->why = number == told    ? APPLE_DVFS_TOLD
                       : told != 0       ? APPLE_DVFS_FITS
                       : number == usual ? APPLE_DVFS_USUAL
                                         : APPLE_DVFS_FITS;
        }
    }
}

void apple_dvfs_for_gpu(const struct schema *s, uint32_t n_states, struct apple_dvfs *out)
{
    memset(out, 0, sizeof *out);
    int best = 0;
    bool there[MAX_TABLE + 1];
    find_tables(s, there);
    for (uint32_t number = 1; number <= MAX_TABLE; number++) {
        struct apple_dvfs t;
        if (!there[number] || !apple_dvfs_read(s, number, &t) || t.n < 2 || t.hz[0] != 0 ||
            t.max_hz > 10e9)
            continue;
        int fits = 100 - 10 * abs((int)t.n - 1 - (int)n_states) + (number == 9 ? 50 : 0);
        if (fits > best) {
            best = fits;
            *out = t;
            out->n_states = n_states;
            out->why = number == 9 ? APPLE_DVFS_USUAL : APPLE_DVFS_FITS;
        }
    }
}

static void put_mhz(struct buf *b, double hz)
{
    buf_put_fixed(b, hz * 1e-6, 0);
    buf_puts(b, " MHz");
}

static const char *unit_of(const struct apple_dvfs *t)
{
    return t->from_period ? "periods" : t->hz_per_step == 1000 ? "kHz" : "Hz";
}

static void put_doubts(struct buf *b, const struct apple_dvfs *t)
{
    uint32_t zero = t->hz[0] == 0;
    if (t->periods == APPLE_PERIODS_AGREE)
        buf_puts(b, "; its periods agree");
    if (t->periods == APPLE_PERIODS_DIFFER)
        buf_puts(b, "; doubt: its periods tell other clocks");
    if (t->mended)
        buf_puts(b, "; mended: a frequency had lost 2^32 Hz");
    for (uint32_t i = 1 + zero; i < t->n; i++)
        if (t->hz[i] < t->hz[i - 1]) {
            buf_puts(b, "; not ascending");
            break;
        }
    if (t->n_states > 0 && t->n != t->n_states + zero)
        buf_printf(b, "; %u states, matched by name from the top", (unsigned)t->n_states);
}

void apple_dvfs_note(const struct apple_dvfs *t, const char *about, struct notes *into)
{
    static const char *const why[] = {"", "acc-clusters names it", "it is the usual one",
                                      "it fits best in length and range"};
    struct buf *b = notes_begin(into, ACTOP_NOTE_TABLE, about);
    if (t->n == 0) {
        buf_puts(b, "no clock table of this machine fits");
    } else {
        uint32_t first = t->hz[0] == 0 && t->n > 1 ? 1 : 0;
        buf_printf(b, "voltage-states%u%s (%s), %u clocks from ", (unsigned)t->number,
                   t->sram ? "-sram" : "", unit_of(t), (unsigned)(t->n - first));
        put_mhz(b, t->hz[first]);
        buf_puts(b, " to ");
        put_mhz(b, t->max_hz);
        buf_printf(b, ": %s", why[t->why]);
        put_doubts(b, t);
    }
    notes_end(into);
}

/* ---- States ---------------------------------------------------------------------------------------------------------- */

enum apple_state_kind apple_state_kind(const char *name)
{
    if (strcmp(name, "DOWN") == 0)
        return APPLE_STATE_DOWN;
    if (strcmp(name, "IDLE") == 0 || strcmp(name, "OFF") == 0)
        return APPLE_STATE_IDLE;
    return APPLE_STATE_ACTIVE;
}

static bool parse_state(const char *name, char letter, uint32_t *number, const char **rest)
{
    if (name[0] != letter || name[1] < '0' || name[1] > '9')
        return false;
    char *end;
    unsigned long value = strtoul(name + 1, &end, 10);
    *number = value > UINT32_MAX ? UINT32_MAX : (uint32_t)value;
    *rest = end;
    return true;
}

double apple_state_hz(const struct apple_dvfs *t, const char *name, uint32_t *row)
{
    uint32_t number;
    uint32_t from_top;
    const char *rest;
    uint32_t at;
    if (parse_state(name, 'V', &number, &rest) && parse_state(rest, 'P', &from_top, &rest) &&
        *rest == '\0') {
        if (from_top >= t->n)
            return 0;
        at = t->n - 1 - from_top;
    } else if (parse_state(name, 'P', &number, &rest) && *rest == '\0' && number < t->n) {
        at = number;
    } else {
        return 0;
    }
    if (row != NULL)
        *row = at;
    return t->hz[at];
}
