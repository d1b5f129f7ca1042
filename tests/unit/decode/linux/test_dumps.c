/* SPDX-License-Identifier: MIT */
/* What real machines' kernels said, where it is at hand (../shared/dumps beside the checkout, or $ACTOP_DUMPS); without it
 * these cases are skipped. Of a listing of sysfs each "path=value" or "path=-> target" line becomes a file of a tree, which
 * is then read and decoded; of a table each row. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/test.h"
#include "lib/tree.h"
#include "source/linux/stat.h"

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

/* "\n" in a value stands for a newline. */
static void unescape(char *text)
{
    char *to = text;
    for (const char *at = text; *at != '\0'; at++)
        if (at[0] == '\\' && at[1] == 'n') {
            *to++ = '\n';
            at++;
        } else {
            *to++ = *at;
        }
    *to = '\0';
}

static void put_line(const struct box *t, char *line)
{
    char *value = strchr(line, '=');
    line[strcspn(line, "\n")] = '\0';
    if (line[0] == '#' || value == NULL || strncmp(line, "sys/", 4) != 0)
        return;
    *value++ = '\0';
    if (strncmp(value, "-> ", 3) == 0) {
        box_link(t, line, value + 3);
    } else {
        unescape(value);
        box_put(t, line, value);
    }
}

static bool open_machine(struct machine *m, const char *name)
{
    char line[4096];
    FILE *f = open_dump(name);
    memset(m, 0, sizeof *m);
    if (f == NULL)
        return false;
    box_make(&m->tree);
    while (fgets(line, sizeof line, f) != NULL)
        put_line(&m->tree, line);
    (void)fclose(f);
    machine_open_tree(m);
    return true;
}

static void a_listing_of_node_exporter_is_read(void **state)
{
    struct machine m;
    double value;
    (void)state;
    if (!open_machine(&m, "LINUX-sysfs_powercap_hwmon_thermal-node_exporter.txt"))
        SKIP_BECAUSE("the dump is not here");
    assert_true(machine_next(&m) && machine_next(&m));
    assert_true(machine_get(&m, ACTOP_METRIC_CPU_TEMP, 0) == 55);
    (void)machine_row(&m, ACTOP_SCOPE_RAIL, "package-0");
    (void)machine_row(&m, ACTOP_SCOPE_RAIL, "package-0/core");
    /* 12.4 °C is nobody's processor */
    assert_int_equal(machine_state(&m, ACTOP_METRIC_SENSOR_TEMP,
                                   machine_row(&m, ACTOP_SCOPE_SENSOR, "thermal/thermal_zone0")),
                     ACTOP_STATE_NONE);
    assert_true(sample_get(m.sample, ACTOP_METRIC_FAN_SPEED,
                           machine_row(&m, ACTOP_SCOPE_FAN, "nct6779/fan2"), &value));
    assert_true(value == 1098);
    machine_close(&m);
}

static void a_listing_of_kepler_has_no_disabled_channel_and_no_zone_twice(void **state)
{
    struct machine m;
    (void)state;
    if (!open_machine(&m, "LINUX-sysfs_powercap_hwmon-kepler.txt"))
        SKIP_BECAUSE("the dump is not here");
    assert_true(machine_next(&m) && machine_next(&m));
    assert_true(machine_get(&m, ACTOP_METRIC_RAIL_POWER,
                            machine_row(&m, ACTOP_SCOPE_RAIL, "test_power_chip/PSU_Rail_A")) == 45);
    assert_true(machine_get(&m, ACTOP_METRIC_RAIL_POWER,
                            machine_row(&m, ACTOP_SCOPE_RAIL, "amdgpu/GPU")) == 118);
    size_t packages = 0;
    for (uint32_t row = 0; row < sample_rows(m.sample, ACTOP_SCOPE_RAIL); row++) {
        const char *key = sample_entity_text(
            m.sample, ACTOP_SCOPE_RAIL, sample_entity_get(m.sample, ACTOP_SCOPE_RAIL, row)->key);
        assert_null(strstr(key, "PSU_Rail_C")); /* power3_enable is 0 */
        packages += strcmp(key, "package-0") == 0 ? 1 : 0;
    }
    assert_true(packages <= 1);
    machine_close(&m);
}

/* The lines of a dump that are no comments of whoever collected it; "" when it is not at hand. */
static const char *load(const char *name)
{
    static char text[1 << 18];
    char line[4096];
    size_t n = 0;
    FILE *f = open_dump(name);
    text[0] = '\0';
    while (f != NULL && fgets(line, sizeof line, f) != NULL)
        if (line[0] != '#' && n + strlen(line) < sizeof text)
            n += (size_t)snprintf(text + n, sizeof text - n, "%s", line);
    if (f != NULL)
        (void)fclose(f);
    return text;
}

/* /proc/stat of a server: every CPU is found, and they add up to the line of the sum. */
static void a_server_with_two_sockets_has_all_its_cpus_and_their_sum(void **state)
{
    const char *text = load("LINUX-cpuinfo_xeon_bisocket-scaphandre.txt");
    struct machine m = {0};
    uint64_t cpu, n = 0, ticks[STAT_COLUMNS];
    double sum[STAT_COLUMNS] = {0}, total[STAT_COLUMNS] = {0};
    (void)state;
    if (*text == '\0')
        SKIP_BECAUSE("the dump is not here");
    assert_int_equal(sscanf(text, "cpu %lf %lf %lf %lf %lf %lf %lf %lf", &total[0], &total[1],
                            &total[2], &total[3], &total[4], &total[5], &total[6], &total[7]),
                     8);
    for (const char *at = text; stat_next_cpu(&at, &cpu, ticks); n++) {
        assert_int_equal(cpu, n);
        for (size_t i = 0; i < STAT_COLUMNS; i++)
            sum[i] += (double)ticks[i];
    }
    assert_true(n > 8);
    for (size_t i = 0; i < STAT_COLUMNS; i++) /* the kernel rounds each CPU by itself */
        assert_true(fabs(sum[i] - total[i]) <= (double)n);
    box_make(&m.tree);
    box_put(&m.tree, "proc/stat", text);
    machine_open_tree(&m);
    assert_true(machine_next(&m) && machine_next(&m));
    assert_int_equal(sample_rows(m.sample, ACTOP_SCOPE_CORE), n);
    machine_close(&m);
}

static void apple_cores_are_told_by_what_cpuinfo_says_of_them(void **state)
{
    static const struct {
        const char *name;
        uint64_t part;
    } rows[] = {{"ASAHI_M1-cpuinfo-archspec.txt", 0x022}, {"ASAHI_M2-cpuinfo-archspec.txt", 0x032}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *text = load(rows[i].name);
        struct machine m = {0};
        uint64_t midr = 0;
        if (*text == '\0')
            SKIP_BECAUSE("the dump is not here");
        box_make(&m.tree);
        box_put(&m.tree, "proc/cpuinfo", text);
        box_put(&m.tree, "sys/devices/system/cpu/present", "0\n");
        box_put(&m.tree, "proc/stat", "cpu  1 0 0 1 0 0 0 0\ncpu0 1 0 0 1 0 0 0 0\n");
        machine_open_tree(&m);
        assert_true(machine_next(&m));
        CHECK_ROW(schema_get_u64(m.frame.schema, "cpu/midr", 0, &midr), rows[i].name);
        CHECK_ROW(midr >> 24 == 0x61 && (midr >> 4 & 0xfff) == rows[i].part, rows[i].name);
        machine_close(&m);
    }
}

/* Rows of the reported charges of macsmc's driver: number, status, capacity, charge now and full, …, energy now and full. */
static void charges_beyond_full_are_full_and_marked(void **state)
{
    const char *text = load("ASAHI-power_supply-522_hardinfo123.tsv");
    unsigned rows = 0;
    (void)state;
    if (*text == '\0')
        SKIP_BECAUSE("the dump is not here");
    for (const char *at = text; (at = strchr(at, '\n')) != NULL && *++at != '\0';) {
        struct machine m = {0};
        char status[32], uevent[512];
        double capacity, now, full, energy, energy_full, raw;
        if (sscanf(at, "%*u %31s %lf %lf %lf %lf %lf %lf", status, &capacity, &now, &full, &raw,
                   &energy, &energy_full) != 7)
            continue;
        box_make(&m.tree);
        (void)snprintf(uevent, sizeof uevent,
                       "POWER_SUPPLY_TYPE=Battery\nPOWER_SUPPLY_STATUS=%s\n"
                       "POWER_SUPPLY_CAPACITY=%.0f\nPOWER_SUPPLY_CHARGE_NOW=%.0f\n"
                       "POWER_SUPPLY_CHARGE_FULL=%.0f\nPOWER_SUPPLY_ENERGY_NOW=%.0f\n"
                       "POWER_SUPPLY_ENERGY_FULL=%.0f\nPOWER_SUPPLY_POWER_NOW=-9000000\n",
                       status, capacity, now, full, energy, energy_full);
        box_put(&m.tree, "sys/class/power_supply/macsmc-battery/uevent", uevent);
        machine_open_tree(&m);
        assert_true(machine_next(&m));
        assert_true(now > full && machine_get(&m, ACTOP_METRIC_BATTERY_CHARGE, 0) == 1);
        assert_int_equal(machine_origin(&m, ACTOP_METRIC_BATTERY_CHARGE, 0), ACTOP_DERIVED);
        assert_true(machine_get(&m, ACTOP_METRIC_BATTERY_FLOW, 0) == -9);
        /* How long six times its charge would last says nothing. */
        assert_int_equal(machine_state(&m, ACTOP_METRIC_BATTERY_TIME, 0), ACTOP_STATE_UNSUPPORTED);
        machine_close(&m);
        rows++;
    }
    assert_true(rows >= 3);
}

/* Labels the device trees give to macsmc's sensors: which machines, kind of channel, key, label. */
static void every_label_of_macsmc_finds_its_place(void **state)
{
    const char *text = load("ASAHI-hwmon_labels-linux_dts.tsv");
    struct machine m = {0};
    char kind[16], label[64], path[64];
    unsigned n = 0, powers = 0;
    (void)state;
    if (*text == '\0')
        SKIP_BECAUSE("the dump is not here");
    box_make(&m.tree);
    box_put(&m.tree, "sys/class/hwmon/hwmon0/name", "macsmc_hwmon\n");
    for (const char *at = text; (at = strchr(at, '\n')) != NULL && *++at != '\0';) {
        if (sscanf(at, "%*s %15s %*s %63[^\n(]", kind, label) != 2 ||
            (strcmp(kind, "power") != 0 && strcmp(kind, "temp") != 0))
            continue;
        n++;
        powers += kind[0] == 'p' ? 1 : 0;
        (void)snprintf(path, sizeof path, "sys/class/hwmon/hwmon0/%s%u_label", kind, n);
        box_put(&m.tree, path, label);
        (void)snprintf(path, sizeof path, "sys/class/hwmon/hwmon0/%s%u_input", kind, n);
        box_put(&m.tree, path, kind[0] == 'p' ? "8000000\n" : "40000\n");
    }
    machine_open_tree(&m);
    assert_true(machine_next(&m) && machine_next(&m));
    assert_true(machine_get(&m, ACTOP_METRIC_SYSTEM_POWER, 0) == 8);
    assert_true(machine_get(&m, ACTOP_METRIC_ADAPTER_POWER, 0) == 8);
    assert_int_equal(sample_rows(m.sample, ACTOP_SCOPE_RAIL), powers);
    assert_int_equal(sample_rows(m.sample, ACTOP_SCOPE_SENSOR), n - powers);
    (void)machine_row(&m, ACTOP_SCOPE_RAIL, "macsmc_hwmon/Heatpipe Power");
    machine_close(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_listing_of_node_exporter_is_read),
        cmocka_unit_test(a_listing_of_kepler_has_no_disabled_channel_and_no_zone_twice),
        cmocka_unit_test(a_server_with_two_sockets_has_all_its_cpus_and_their_sum),
        cmocka_unit_test(apple_cores_are_told_by_what_cpuinfo_says_of_them),
        cmocka_unit_test(charges_beyond_full_are_full_and_marked),
        cmocka_unit_test(every_label_of_macsmc_finds_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
