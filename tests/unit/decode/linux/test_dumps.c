/* SPDX-License-Identifier: MIT */
/* Listings of real machines' sysfs, where they are at hand (../shared/dumps beside the checkout, or $ACTOP_DUMPS): each
 * "path=value" or "path=-> target" line becomes a file of a tree, which is then read and decoded. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/test.h"
#include "lib/tree.h"

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

static void put_line(const struct tree *t, char *line)
{
    char *value = strchr(line, '=');
    line[strcspn(line, "\n")] = '\0';
    if (line[0] == '#' || value == NULL || strncmp(line, "sys/", 4) != 0)
        return;
    *value++ = '\0';
    if (strncmp(value, "-> ", 3) == 0) {
        tree_link(t, line, value + 3);
    } else {
        unescape(value);
        tree_write(t, line, value);
    }
}

static bool open_machine(struct machine *m, const char *name)
{
    char line[4096];
    FILE *f = open_dump(name);
    memset(m, 0, sizeof *m);
    if (f == NULL)
        return false;
    tree_open_empty(&m->tree);
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
        skip();
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
        skip();
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_listing_of_node_exporter_is_read),
        cmocka_unit_test(a_listing_of_kepler_has_no_disabled_channel_and_no_zone_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
