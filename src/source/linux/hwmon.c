/* SPDX-License-Identifier: MIT */
/* Sensors of the hwmon class: temperatures, fans, power and energy of every chip, with the labels and limits the drivers
 * give. A chip is known by its name and its device ("coretemp@coretemp.0"), since the number of its directory changes
 * from boot to boot. */
#include "source/linux/hwmon.h"

#include <stdio.h>
#include <string.h>

#include "source/linux/scan.h"
#include "source/linux/values.h"

static const char directory[] = "sys/class/hwmon";

static const struct hwmon_kind kinds[] = {
    {"temp", "input", "hwmon/temp", "mC", true, false},
    {"fan", "input", "hwmon/fan", "rpm", false, false},
    {"fan", "target", "hwmon/fan_target", "rpm", false, false},
    {"power", "average", "hwmon/power", "uW", false, false},
    {"power", "input", "hwmon/power", "uW", false, false},
    {"energy", "input", "hwmon/energy", "uJ", false, true},
    {"freq", "input", "hwmon/freq", "Hz", false, false},
};

/* Limits that do not change, by type. */
static const struct {
    const char *type, *item;
} limits[] = {
    {"temp", "crit"}, {"temp", "max"}, {"fan", "min"}, {"fan", "max"}, {"power", "cap"},
};

struct chip {
    char path[64];
    char id[96]; /* name@device */
    char name[48];
};

const struct hwmon_kind *hwmon_file(const char *name, uint32_t *number)
{
    uint64_t n;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        const char *at = name;
        if (scan_text(&at, kinds[i].type) && *at != ' ' && scan_u64(&at, &n) && n < 1000 &&
            scan_text(&at, "_") && strcmp(at, kinds[i].item) == 0) {
            *number = (uint32_t)n;
            return &kinds[i];
        }
    }
    return NULL;
}

static void put_limits(struct linux_probe *p, const struct chip *c, const char *type,
                       uint32_t number)
{
    char path[128], key[160];
    int64_t value;
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        if (strcmp(limits[i].type, type) != 0)
            continue;
        (void)snprintf(path, sizeof path, "%s/%s%u_%s", c->path, type, number, limits[i].item);
        (void)snprintf(key, sizeof key, "hwmon/%s/%s%u_%s", c->id, type, number, limits[i].item);
        if (root_load_i64(p->root, path, &value) == 0)
            schema_put_i64(p->schema, key, &value, 1);
    }
}

/* A channel that is switched off gives ENODATA for ever (documented). */
static bool is_off(struct linux_probe *p, const struct chip *c, const char *type, uint32_t number)
{
    char path[128];
    uint64_t enabled;
    (void)snprintf(path, sizeof path, "%s/%s%u_enable", c->path, type, number);
    return root_load_u64(p->root, path, &enabled) == 0 && enabled == 0;
}

/* Drivers give an average, an instant or both: the average is taken. */
static bool is_second_choice(struct linux_probe *p, const struct chip *c,
                             const struct hwmon_kind *kind, uint32_t number)
{
    char path[128];
    if (strcmp(kind->type, "power") != 0 || strcmp(kind->item, "input") != 0)
        return false;
    (void)snprintf(path, sizeof path, "%s/power%u_average", c->path, number);
    return root_exists(p->root, path);
}

static void add_file(struct linux_values *v, struct linux_probe *p, const struct chip *c,
                     const char *file)
{
    char path[128], key[160], label[64] = "";
    uint32_t number;
    const struct hwmon_kind *kind = hwmon_file(file, &number);
    if (kind == NULL || is_off(p, c, kind->type, number) || is_second_choice(p, c, kind, number))
        return;
    (void)snprintf(path, sizeof path, "%s/%s%u_label", c->path, kind->type, number);
    (void)root_load_line(p->root, path, label, sizeof label);
    (void)snprintf(path, sizeof path, "%s/%s", c->path, file);
    (void)snprintf(key, sizeof key, "hwmon/%s/%s", c->id, file);
    (void)values_add(v, p,
                     &(struct channel_spec){.key = key,
                                            .group = kind->group,
                                            .name = c->name,
                                            .unit = kind->unit,
                                            .label = label,
                                            .collector = p->collector,
                                            .type = kind->is_signed ? SLOT_I64 : SLOT_U64,
                                            .flags = kind->counts ? CHANNEL_COUNTER : 0},
                     path);
    put_limits(p, c, kind->type, number);
}

static void name_chip(struct linux_probe *p, struct chip *c)
{
    char path[128], device[48];
    (void)snprintf(path, sizeof path, "%s/name", c->path);
    if (root_load_line(p->root, path, c->name, sizeof c->name) != 0 || c->name[0] == '\0')
        (void)snprintf(c->name, sizeof c->name, "hwmon");
    (void)snprintf(path, sizeof path, "%s/device", c->path);
    (void)root_link_name(p->root, path, device, sizeof device);
    (void)snprintf(c->id, sizeof c->id, "%s%s%s", c->name, device[0] != '\0' ? "@" : "", device);
}

static void add_chip(struct linux_values *v, struct linux_probe *p, const char *entry)
{
    struct root_names files = {0};
    struct chip c;
    (void)snprintf(c.path, sizeof c.path, "%s/%.40s", directory, entry);
    name_chip(p, &c);
    if (root_list(p->root, c.path, ROOT_SORTED, &files) == 0)
        for (size_t i = 0; i < files.n; i++)
            add_file(v, p, &c, root_name(&files, i));
    root_names_release(&files);
}

static void describe(void *state, struct linux_probe *p)
{
    struct root_names names = {0};
    struct linux_values *v = state;
    int errnum = root_list(p->root, directory, ROOT_SORTED, &names);
    if (errnum == 0)
        for (size_t i = 0; i < names.n; i++)
            add_chip(v, p, root_name(&names, i));
    root_names_release(&names);
    if (v->n == 0)
        linux_report_nothing(
            p, errnum, directory,
            "load the sensor drivers (coretemp, k10temp, macsmc_hwmon …); virtual machines have none",
            "the kernel shows no sensor chip");
}

const struct linux_part linux_part_hwmon = {.name = "hwmon",
                                            .state_size = sizeof(struct linux_values),
                                            .describe = describe,
                                            .read = values_read_part,
                                            .close = values_close_part};
