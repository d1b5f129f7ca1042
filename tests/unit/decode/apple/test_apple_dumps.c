/* SPDX-License-Identifier: MIT */
/* Listings of real Macs, where they are at hand (../shared/dumps beside the checkout, or $ACTOP_DUMPS): what can be read by
 * machine is put into schemas and frames and decoded. Without them every test is skipped, by name. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decode/apple/apple.h"
#include "lib/mac.h"
#include "lib/test.h"

static FILE *open_dump(const char *name)
{
    const char *source = getenv("ACTOP_SOURCE"), *given = getenv("ACTOP_DUMPS");
    char path[512];
    if (given != NULL)
        (void)snprintf(path, sizeof path, "%s/%s", given, name);
    else
        (void)snprintf(path, sizeof path, "%s/../shared/dumps/%s", source != NULL ? source : ".",
                       name);
    return fopen(path, "r");
}

/* The dump, or the test is skipped. */
static FILE *need_dump(const char *name)
{
    FILE *f = open_dump(name);
    if (f == NULL)
        SKIP_BECAUSE("the dump is not here");
    return f;
}

static bool next_line(FILE *f, char *line, size_t size)
{
    if (fgets(line, (int)size, f) == NULL)
        return false;
    line[strcspn(line, "\n")] = '\0';
    return true;
}

static size_t from_hex(const char *text, uint8_t *out, size_t size)
{
    size_t n = 0;
    for (unsigned byte; n < size && sscanf(text, "%2x", &byte) == 1; text += 2)
        out[n++] = (uint8_t)byte;
    return n;
}

/* ---- Clock tables ------------------------------------------------------------------------------------------------- */

static void check_top(const struct schema *s, uint32_t number, uint32_t n, double lowest_mhz,
                      double highest_mhz)
{
    struct apple_dvfs t;
    assert_true(apple_dvfs_read(s, number, &t));
    assert_int_equal(t.n, n);
    assert_int_equal(lround(t.hz[t.hz[0] == 0] / 1e6), lround(lowest_mhz));
    assert_int_equal(lround(t.max_hz / 1e6), lround(highest_mhz));
}

/* Lines of ioreg: | "voltage-states5-sram" = <0046c323…> */
static void the_power_managers_node_of_an_m1_has_its_tables_and_periods_that_agree(void **state)
{
    (void)state;
    static char line[65536];
    uint8_t blob[1024];
    char key[80];
    struct mac m;
    FILE *f = need_dump("M1-ioreg_pmgr-ThomasKaiser.txt");
    mac_init(&m);
    while (next_line(f, line, sizeof line)) {
        char *name = strstr(line, "\"voltage-states");
        char *hex = name != NULL ? strstr(name, "\" = <") : NULL;
        if (hex == NULL)
            continue;
        *hex = '\0';
        (void)snprintf(key, sizeof key, "pmgr/%.60s", name + 1);
        schema_put_bytes(m.schema, key, blob, from_hex(hex + 5, blob, sizeof blob));
    }
    (void)fclose(f);
    mac_seal(&m);
    check_top(m.schema, 1, 5, 600, 2064);
    check_top(m.schema, 5, 15, 600, 3204);
    check_top(m.schema, 9, 7, 396, 1278);
    for (uint32_t number = 1; number <= 5; number += 4) {
        struct apple_dvfs t;
        assert_true(apple_dvfs_read(m.schema, number, &t));
        assert_int_equal(t.periods, APPLE_PERIODS_AGREE);
        assert_int_equal(t.hz_per_step, 1);
    }
    /* Index tables are no clocks. */
    struct apple_dvfs none;
    for (uint32_t number = 0; number <= 11; number += number == 0 ? 2 : 9)
        assert_false(apple_dvfs_read(m.schema, number, &none));
    mac_release(&m);
}

/* Lines NAME TAB HEX, and below "# NAME: frequency/millivolt …" as somebody else decoded them. */
static void the_blobs_of_an_m5_max_decode_as_another_tool_did(void **state)
{
    (void)state;
    static char line[16384];
    uint8_t blob[1024];
    char key[80];
    struct mac m;
    uint32_t checked = 0;
    FILE *f = need_dump("M5Max-pmgr_blobs-oshi.tsv");
    mac_init(&m);
    while (next_line(f, line, sizeof line)) {
        char *tab = strchr(line, '\t');
        if (line[0] == '#' || tab == NULL)
            continue;
        *tab = '\0';
        (void)snprintf(key, sizeof key, "pmgr/%.60s", line);
        schema_put_bytes(m.schema, key, blob, from_hex(tab + 1, blob, sizeof blob));
    }
    mac_seal(&m);
    rewind(f);
    while (next_line(f, line, sizeof line)) {
        struct apple_dvfs t;
        unsigned number;
        char *at = strchr(line, ':');
        if (sscanf(line, "# voltage-states%u", &number) != 1 || at == NULL)
            continue;
        assert_true(apple_dvfs_read(m.schema, number, &t));
        double frequency, mv;
        int used;
        for (uint32_t i = 0; sscanf(at + 1, " %lf/%lf%n", &frequency, &mv, &used) == 2; i++) {
            assert_true(i < t.n && t.hz[i] == frequency * t.hz_per_step);
            assert_true(fabs(t.volts[i] - mv * 1e-3) < 1e-9);
            at += used;
            checked++;
        }
    }
    (void)fclose(f);
    assert_int_equal(checked, 15 + 20 + 14);
    mac_release(&m);
}

/* ---- Channels ------------------------------------------------------------------------------------------------------- */

/* One row of the legend, as the source would give it: the unit by its code, states that are not named made up by their number. */
static void add_legend_row(struct mac *m, char *fields[14])
{
    static const struct {
        const char *code, *label;
    } units[] = {{"0x300007c00000000", "mJ"},
                 {"0x300007900000000", "uJ"},
                 {"0x300007600000000", "nJ"},
                 {"0x900820000000000", "B"},
                 {"0x100007980000018", "24Mticks"}};
    const char *unit = "";
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        unit = strcmp(fields[13], units[i].code) == 0 ? units[i].label : unit;
    unsigned n = (unsigned)strtoul(fields[10], NULL, 10);
    bool gpu = strcmp(fields[2], "GPU Stats") == 0;
    char names[64][24], group[128];
    const char *states[64];
    for (unsigned i = 0; i < n && i < 64; i++) {
        (void)snprintf(names[i], sizeof names[i], gpu ? "P%u" : "V%uP%u", gpu ? i : i - 1,
                       n - 1 - i);
        states[i] = i > 0 ? names[i] : gpu ? "OFF" : "IDLE";
    }
    (void)snprintf(group, sizeof group, "ioreport/%s%s%s", fields[2],
                   fields[3][0] != '\0' ? "/" : "", fields[3]);
    if (strcmp(fields[8], "2") == 0 && n > 1 && n <= 64)
        mac_states(m, group, fields[4], states, n);
    else if (strcmp(fields[8], "1") == 0 && strstr(fields[4], "DTL") == NULL)
        mac_energy(m, group, fields[4], unit);
}

static bool is_wanted(const char *group, const char *subgroup)
{
    return (strcmp(group, "Energy Model") == 0 && subgroup[0] == '\0') ||
           (strcmp(group, "CPU Stats") == 0 && strstr(subgroup, "Performance States") != NULL) ||
           (strcmp(group, "GPU Stats") == 0 && strcmp(subgroup, "GPU Performance States") == 0) ||
           (strcmp(group, "PMP") == 0 && strcmp(subgroup, "Energy Counters") == 0);
}

/* The name of a channel without one is its id's text (recorded: ECPU0, GPUPH). */
static void name_row(char *fields[14], char *name, size_t cap)
{
    if (fields[4][0] != '\0')
        return;
    size_t at = 0, n = 0;
    for (; fields[6][at] != '\0' && n + 1 < cap; at++)
        if (fields[6][at] != '.')
            name[n++] = fields[6][at];
    name[n] = '\0';
    fields[4] = name;
}

static void split(char *line, char *fields[14])
{
    for (int i = 0; i < 14; i++) {
        char *tab = strchr(line, '\t');
        fields[i] = line;
        line = tab != NULL ? tab + 1 : line + strlen(line);
        if (tab != NULL)
            *tab = '\0';
    }
}

static void the_legend_of_an_m1_is_a_machine_we_know_all_of(void **state)
{
    (void)state;
    char line[1024], name[32], *fields[14];
    struct mac m;
    struct notes n = {0};
    FILE *f = need_dump("M1-ioreport_legend-ThomasKaiser.tsv");
    mac_init(&m);
    while (next_line(f, line, sizeof line)) {
        if (line[0] == '#')
            continue;
        split(line, fields);
        name_row(fields, name, sizeof name);
        if (is_wanted(fields[2], fields[3]))
            add_legend_row(&m, fields);
    }
    (void)fclose(f);
    mac_seal(&m);
    for (int tick = 1; tick <= 3; tick++) {
        mac_begin(&m, MAC_S);
        for (uint32_t i = 0; i < m.schema->n_channels; i++)
            for (uint32_t k = 0; k < m.schema->channels[i].count; k++)
                frame_array(&m.frame, (int32_t)i)[k] = (uint64_t)tick * 1000000;
        mac_end(&m);
    }
    assert_int_equal(actop_rows(m.sample, ACTOP_SCOPE_TIER), 2);
    assert_int_equal(actop_rows(m.sample, ACTOP_SCOPE_CLUSTER), 2);
    assert_int_equal(actop_rows(m.sample, ACTOP_SCOPE_CORE), 8);
    assert_int_equal(actop_rows(m.sample, ACTOP_SCOPE_PSTATE), 6 + 16 + 7);
    /* CPU and GPU from the Energy Model, what it lacks from the PMP. */
    static const struct {
        const char *metric;
        double watts;
    } rails[] = {
        {"cpu.power", 1000}, {"gpu.power", 0.001}, {"ane.power", 1000}, {"dram.power", 1000}};
    for (size_t i = 0; i < 4; i++)
        CHECK_ROW(fabs(mac_read(&m, rails[i].metric, NULL) - rails[i].watts) < 1e-9,
                  rails[i].metric);
    m.ops->notes(m.decoder, &m.frame, m.sample, &n);
    for (size_t i = 0; i < n.n; i++)
        CHECK_ROW(n.rows[i].kind != ACTOP_NOTE_CHANNEL, pool_at(&n.pool, n.rows[i].about));
    notes_release(&n);
    mac_release(&m);
}

/* ---- SMC keys ---------------------------------------------------------------------------------------------------------- */

enum { KEYS_MOST = 512 };

struct smc_dump {
    struct mac mac;
    int32_t channels[KEYS_MOST];
    uint64_t raw[KEYS_MOST];
    double printed[KEYS_MOST]; /* NAN: none was */
    size_t n;
    size_t cores; /* keys of CPU cores */
};

/* "  TB0T  [flt ]  35 (bytes c8 cc c4 41)"; the number is whole or missing. */
static void read_smc(struct smc_dump *d, FILE *f)
{
    char line[256], key[8], type[8];
    mac_init(&d->mac);
    d->n = d->cores = 0;
    while (next_line(f, line, sizeof line)) {
        const char *bytes = strstr(line, "(bytes ");
        if (sscanf(line, " %4s [%4[^]]]", key, type) != 2 || bytes == NULL || d->n == KEYS_MOST)
            continue;
        unsigned byte;
        uint64_t raw = 0;
        int shift = 0;
        for (bytes += 7; shift < 64 && sscanf(bytes, "%2x", &byte) == 1; bytes += 3, shift += 8)
            raw |= (uint64_t)byte << shift;
        d->channels[d->n] = mac_smc(&d->mac, key, type);
        d->raw[d->n] = raw;
        if (sscanf(strchr(line, ']') + 1, "%lf (", &d->printed[d->n]) != 1)
            d->printed[d->n] = NAN;
        d->cores += key[1] == 'p' || key[1] == 'e' || key[1] == 'f';
        d->n++;
    }
    mac_seal(&d->mac);
}

static void check_smc(struct smc_dump *d, const char *name)
{
    struct mac *m = &d->mac;
    mac_begin(m, MAC_S);
    for (size_t i = 0; i < d->n; i++)
        frame_set_u64(&m->frame, d->channels[i], d->raw[i]);
    mac_end(m);
    uint32_t rows = actop_rows(m->sample, ACTOP_SCOPE_SENSOR), plausible = 0;
    CHECK_ROW(rows > 50 && rows <= d->n, name);
    for (uint32_t row = 0; row < rows; row++) {
        actop_reading r = actop_read(m->sample, ACTOP_METRIC_SENSOR_TEMP, row);
        actop_entity e;
        assert_int_equal(actop_entity_at(m->sample, ACTOP_SCOPE_SENSOR, row, &e), ACTOP_OK);
        CHECK_ROW(strcmp(e.key, "TR0Z") != 0 && strcmp(e.key, "TTPD") != 0 ? 1
                                                                           : !actop_has_value(&r),
                  name);
        plausible += actop_has_value(&r) ? 1 : 0;
        CHECK_ROW(!actop_has_value(&r) || (r.value >= 15 && r.value <= 125), name);
        for (size_t i = 0; i < d->n; i++)
            if (actop_has_value(&r) && !isnan(d->printed[i]) &&
                strcmp(schema_text(m->schema, m->schema->channels[d->channels[i]].name), e.key) ==
                    0)
                CHECK_ROW(fabs(r.value - d->printed[i]) <= 1, e.key);
    }
    CHECK_ROW(plausible > rows / 3, name);
    actop_reading max = actop_read_key(m->sample, "cpu.temp", NULL);
    actop_reading mean = actop_read_key(m->sample, "cpu.temp_mean", NULL);
    CHECK_ROW(d->cores == 0 || (max.value > 20 && max.value < 115 && mean.value <= max.value),
              name);
}

static void the_smc_keys_of_every_listed_mac_are_sensors_or_left_out(void **state)
{
    (void)state;
    static const char *const names[] = {
        "A18",   "M1Max",   "M1Pro",   "M1Pro.2", "M1Ultra", "M2",      "M2Max", "M3Max", "M3Max.2",
        "M3Pro", "M3Pro.2", "M3Pro.3", "M4",      "M4.2",    "M4.3",    "M4.4",  "M4.5",  "M4.6",
        "M4Max", "M4Pro",   "M4Pro.2", "M4Pro.3", "M5Max",   "M5Max.2", "M5Pro"};
    static struct smc_dump d;
    size_t found = 0;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char name[64];
        (void)snprintf(name, sizeof name, "%s-smc_Tkeys-iSMC.txt", names[i]);
        FILE *f = open_dump(name);
        if (f == NULL)
            continue;
        read_smc(&d, f);
        (void)fclose(f);
        check_smc(&d, name);
        mac_release(&d.mac);
        found++;
    }
    if (found == 0)
        SKIP_BECAUSE("no dump is here");
    assert_int_equal(found, sizeof names / sizeof names[0]);
}

/* ---- HID ------------------------------------------------------------------------------------------------------------------ */

static void check_hid(FILE *f, const char *name)
{
    char line[256], key[128];
    double celsius[128];
    int32_t channels[128];
    size_t n = 0;
    struct mac m;
    mac_init(&m);
    while (n < 128 && next_line(f, line, sizeof line)) {
        char *tab = strchr(line, '\t');
        if (line[0] == '#' || tab == NULL || strcmp(line, "name\tC") == 0)
            continue;
        *tab = '\0';
        celsius[n] = strtod(tab + 1, NULL);
        (void)snprintf(key, sizeof key, "hid/temperature/%.100s", line);
        channels[n++] =
            schema_add_channel(m.schema, &(struct channel_spec){.key = key,
                                                                .group = "hid/temperature",
                                                                .name = line,
                                                                .unit = "C",
                                                                .type = SLOT_F64});
    }
    mac_seal(&m);
    mac_begin(&m, MAC_S);
    for (size_t i = 0; i < n; i++)
        frame_set_f64(&m.frame, channels[i], celsius[i]);
    mac_end(&m);
    uint32_t rows = actop_rows(m.sample, ACTOP_SCOPE_SENSOR);
    CHECK_ROW(n > 20 && rows == n - 1, name); /* all but PMU tcal */
    CHECK_ROW(actop_entity_find(m.sample, ACTOP_SCOPE_SENSOR, "PMU tcal") < 0, name);
    for (uint32_t row = 0; row < rows; row++) {
        actop_reading r = actop_read(m.sample, ACTOP_METRIC_SENSOR_TEMP, row);
        CHECK_ROW(!actop_has_value(&r) || r.value >= 15, name);
    }
    double cpu = mac_read(&m, "cpu.temp", NULL);
    CHECK_ROW(cpu > 15 && cpu < 60 && cpu != 51.9, name);
    mac_release(&m);
}

static void the_hid_sensors_of_three_m1_give_a_cpu_temperature(void **state)
{
    (void)state;
    static const char *const names[] = {"M1-hid_temps-osquery7627.tsv", "M1-hid_temps-stats210.tsv",
                                        "M1-hid_temps-siliconscope.tsv"};
    for (size_t i = 0; i < 3; i++) {
        FILE *f = need_dump(names[i]);
        check_hid(f, names[i]);
        (void)fclose(f);
    }
}

/* ---- powermetrics ------------------------------------------------------------------------------------------------------------ */

/* One line "…active residency:  54% (600 MHz: .5% 972 MHz: 12% …)": frequencies and shares. */
static uint32_t read_shares(const char *line, double *mhz, double *share)
{
    const char *at = strchr(line, '(');
    uint32_t n = 0;
    int used;
    for (at = at != NULL ? at + 1 : "";
         n < 40 && sscanf(at, " %lf MHz: %lf%%%n", &mhz[n], &share[n], &used) == 2; n++)
        at += used;
    return n;
}

/* Apple's own tool calls "HW active frequency" what is decoded here as the mean over the active time: the same shares give the same
 * mean. Returns how many lines were compared. */
static unsigned check_powermetrics(FILE *f, const char *name)
{
    static char line[4096];
    double printed = 0, percent, mhz[40], share[40];
    unsigned compared = 0;
    while (next_line(f, line, sizeof line) && compared < 300) {
        if (sscanf(line, "%*s HW active frequency: %lf MHz", &printed) == 1)
            continue;
        const char *residency = strstr(line, "HW active residency:");
        if (residency == NULL || printed <= 0 || sscanf(residency + 20, "%lf%%", &percent) != 1 ||
            percent < 5) {
            printed = residency != NULL ? 0 : printed;
            continue;
        }
        uint32_t n = read_shares(residency, mhz, share);
        char names[40][24];
        const char *states[40];
        double sum = 0;
        struct mac m;
        mac_init(&m);
        for (uint32_t i = 0; i < n; i++) {
            (void)snprintf(names[i + 1 < 40 ? i + 1 : 0], sizeof names[0], "V%uP%u", i, n - 1 - i);
            sum += share[i];
        }
        states[0] = "IDLE";
        uint32_t hz[40];
        for (uint32_t i = 0; i < n; i++) {
            states[i + 1] = names[i + 1];
            hz[i] = (uint32_t)(mhz[i] * 1e6);
        }
        int32_t c = mac_states(&m, MAC_CORES, "PCPU0", states, n + 1);
        mac_table(&m, "pmgr/voltage-states5-sram", hz, n);
        mac_seal(&m);
        for (uint64_t tick = 0; tick < 2; tick++) {
            mac_begin(&m, MAC_S);
            for (uint32_t i = 0; i < n; i++)
                frame_array(&m.frame, c)[i + 1] = tick * (uint64_t)(share[i] * 1e4);
            frame_array(&m.frame, c)[0] = tick * (uint64_t)(sum * 1e4 * (100 - percent) / percent);
            mac_end(&m);
        }
        /* The shares are printed with two digits. */
        CHECK_ROW(fabs(mac_read(&m, "core.freq", "cpu0") / 1e6 - printed) <= 0.02 * printed + 5,
                  name);
        CHECK_ROW(fabs(mac_read(&m, "core.util", "cpu0") * 100 - percent) < 0.01, name);
        mac_release(&m);
        compared++;
        printed = 0;
    }
    return compared;
}

static void powermetrics_of_an_m1_agrees_on_what_a_mean_clock_is(void **state)
{
    (void)state;
    static const char *const names[] = {"M1-powermetrics_GB5-CPU-singhkays.txt",
                                        "M1-powermetrics_Cinebench-R23-singhkays.txt"};
    for (size_t i = 0; i < 2; i++) {
        FILE *f = need_dump(names[i]);
        CHECK_ROW(check_powermetrics(f, names[i]) > 100, names[i]);
        (void)fclose(f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_power_managers_node_of_an_m1_has_its_tables_and_periods_that_agree),
        cmocka_unit_test(the_blobs_of_an_m5_max_decode_as_another_tool_did),
        cmocka_unit_test(the_legend_of_an_m1_is_a_machine_we_know_all_of),
        cmocka_unit_test(the_smc_keys_of_every_listed_mac_are_sensors_or_left_out),
        cmocka_unit_test(the_hid_sensors_of_three_m1_give_a_cpu_temperature),
        cmocka_unit_test(powermetrics_of_an_m1_agrees_on_what_a_mean_clock_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
