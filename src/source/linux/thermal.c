/* SPDX-License-Identifier: MIT */
/* The thermal class (documented in the kernel's driver-api/thermal/sysfs-api.rst): zones with their temperatures and
 * critical trips, cooling devices with their states; and x86's counts of thermal throttling, one file a core and one a
 * package (the CPUs of a core show the same count, so that only its first is read). */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "source/linux/scan.h"
#include "source/linux/values.h"

static const char directory[] = "sys/class/thermal";

enum { MAX_TRIPS = 32 };

static void put_critical(struct linux_probe *p, const char *zone)
{
    char path[128], key[96], type[32];
    int64_t millidegree;
    for (int trip = 0; trip < MAX_TRIPS; trip++) {
        (void)snprintf(path, sizeof path, "%s/%.40s/trip_point_%d_type", directory, zone, trip);
        if (root_load_line(p->root, path, type, sizeof type) != 0)
            return;
        (void)snprintf(path, sizeof path, "%s/%.40s/trip_point_%d_temp", directory, zone, trip);
        if (strcmp(type, "critical") != 0 || root_load_i64(p->root, path, &millidegree) != 0)
            continue;
        (void)snprintf(key, sizeof key, "thermal/%.40s/crit", zone);
        schema_put_i64(p->schema, key, &millidegree, 1);
        return;
    }
}

static void add_zone(struct linux_values *v, struct linux_probe *p, const char *zone)
{
    char path[128], key[96], type[64];
    (void)snprintf(path, sizeof path, "%s/%.40s/type", directory, zone);
    (void)root_load_line(p->root, path, type, sizeof type);
    (void)snprintf(path, sizeof path, "%s/%.40s/temp", directory, zone);
    (void)snprintf(key, sizeof key, "thermal/%.40s/temp", zone);
    int errnum = values_add(v, p,
                            &(struct channel_spec){.key = key,
                                                   .group = "thermal/zone",
                                                   .name = type,
                                                   .unit = "mC",
                                                   .label = "",
                                                   .collector = p->collector,
                                                   .type = SLOT_I64},
                            path);
    if (errnum != ENOENT)
        put_critical(p, zone);
}

static void add_cooling(struct linux_values *v, struct linux_probe *p, const char *device)
{
    char path[128], key[96], type[64];
    int64_t most;
    (void)snprintf(path, sizeof path, "%s/%.40s/type", directory, device);
    (void)root_load_line(p->root, path, type, sizeof type);
    (void)snprintf(path, sizeof path, "%s/%.40s/cur_state", directory, device);
    (void)snprintf(key, sizeof key, "thermal/%.40s/cur_state", device);
    (void)values_add(v, p,
                     &(struct channel_spec){.key = key,
                                            .group = "thermal/cooling",
                                            .name = type,
                                            .unit = "",
                                            .label = "",
                                            .collector = p->collector,
                                            .type = SLOT_I64},
                     path);
    (void)snprintf(path, sizeof path, "%s/%.40s/max_state", directory, device);
    (void)snprintf(key, sizeof key, "thermal/%.40s/max_state", device);
    if (root_load_i64(p->root, path, &most) == 0)
        schema_put_i64(p->schema, key, &most, 1);
}

/* ---- throttle counts ---------------------------------------------------------------------------------------------- */

static void add_throttle(struct linux_values *v, struct linux_probe *p, uint64_t cpu,
                         const char *of)
{
    char path[128], key[64];
    (void)snprintf(path, sizeof path,
                   "sys/devices/system/cpu/cpu%u/thermal_throttle/%s_throttle_count", (unsigned)cpu,
                   of);
    (void)snprintf(key, sizeof key, "throttle/%s/cpu%u", of, (unsigned)cpu);
    (void)values_add(v, p,
                     &(struct channel_spec){.key = key,
                                            .group = "throttle",
                                            .name = of,
                                            .unit = "",
                                            .label = "",
                                            .collector = p->collector,
                                            .type = SLOT_U64,
                                            .flags = CHANNEL_COUNTER},
                     path);
}

static int64_t load_id(struct linux_probe *p, uint64_t cpu, const char *file)
{
    char path[96];
    int64_t id = -1;
    (void)snprintf(path, sizeof path, "sys/devices/system/cpu/cpu%u/topology/%s", (unsigned)cpu,
                   file);
    return root_load_i64(p->root, path, &id) == 0 ? id : -1;
}

static void add_throttles(struct linux_values *v, struct linux_probe *p)
{
    struct linux_list cpus = {0}, cores = {0}, packages = {0};
    char path[96];
    (void)list_load_cpus(&cpus, p, "sys/devices/system/cpu/online");
    for (size_t i = 0; i < cpus.n; i++) {
        (void)snprintf(path, sizeof path, "sys/devices/system/cpu/cpu%u/thermal_throttle",
                       (unsigned)cpus.at[i]);
        if (!root_exists(p->root, path))
            break;
        int64_t package = load_id(p, cpus.at[i], "physical_package_id"),
                core = load_id(p, cpus.at[i], "core_id");
        uint64_t core_key = (uint64_t)package << 32 | (uint32_t)core;
        if (core < 0 || !list_has(&cores, core_key))
            add_throttle(v, p, cpus.at[i], "core");
        if (!list_has(&packages, (uint64_t)package))
            add_throttle(v, p, cpus.at[i], "package");
        if (!list_add(&cores, core_key) || !list_add(&packages, (uint64_t)package))
            p->schema->failed = true;
    }
    list_release(&cpus);
    list_release(&cores);
    list_release(&packages);
}

static void describe(void *state, struct linux_probe *p)
{
    struct root_names names = {0};
    struct linux_values *v = state;
    int errnum = root_list(p->root, directory, ROOT_SORTED, &names);
    if (errnum == 0)
        for (size_t i = 0; i < names.n; i++) {
            if (strncmp(root_name(&names, i), "thermal_zone", 12) == 0)
                add_zone(v, p, root_name(&names, i));
            else if (strncmp(root_name(&names, i), "cooling_device", 14) == 0)
                add_cooling(v, p, root_name(&names, i));
        }
    root_names_release(&names);
    add_throttles(v, p);
    if (v->n == 0)
        linux_report_nothing(p, errnum, directory, NULL,
                             "the kernel shows no thermal zone and no throttle counter");
}

const struct linux_part linux_part_thermal = {.name = "thermal",
                                              .state_size = sizeof(struct linux_values),
                                              .describe = describe,
                                              .read = values_read_part,
                                              .close = values_close_part};
