/* SPDX-License-Identifier: MIT */
/* Energy counters of the powercap class (documented in the kernel's power/powercap): every zone that has energy_uj, with
 * its own name and the value after which it starts again. Since 5.10 only root may read them (documented: the change
 * against CVE-2020-8694); a zone that may not be read is a channel that says so. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "source/linux/values.h"

static const char directory[] = "sys/class/powercap";

static void add_zone(struct linux_values *v, struct linux_probe *p, const char *zone)
{
    char path[128], key[128], name[64];
    uint64_t range_uj;
    (void)snprintf(path, sizeof path, "%s/%.60s/name", directory, zone);
    if (root_load_line(p->root, path, name, sizeof name) != 0)
        return;
    (void)snprintf(key, sizeof key, "powercap/%.60s/energy_uj", zone);
    (void)snprintf(path, sizeof path, "%s/%.60s/energy_uj", directory, zone);
    int errnum = values_add(v, p,
                            &(struct channel_spec){.key = key,
                                                   .group = "powercap",
                                                   .name = name,
                                                   .unit = "uJ",
                                                   .label = zone,
                                                   .collector = p->collector,
                                                   .type = SLOT_U64,
                                                   .flags = CHANNEL_COUNTER},
                            path);
    if (errnum == EACCES || errnum == EPERM)
        linux_report(p, errnum,
                     "run actop as root, or let your group read /sys/class/powercap/*/energy_uj",
                     "the processor's energy counters are readable by root only");
    if (errnum == ENOENT)
        return;
    (void)snprintf(key, sizeof key, "powercap/%.60s/max_energy_range_uj", zone);
    (void)snprintf(path, sizeof path, "%s/%.60s/max_energy_range_uj", directory, zone);
    if (root_load_u64(p->root, path, &range_uj) == 0)
        schema_put_u64(p->schema, key, &range_uj, 1);
}

static void describe(void *state, struct linux_probe *p)
{
    struct root_names names = {0};
    struct linux_values *v = state;
    int errnum = root_list(p->root, directory, ROOT_SORTED, &names);
    if (errnum == 0)
        for (size_t i = 0; i < names.n; i++)
            if (strchr(root_name(&names, i), ':') != NULL)
                add_zone(v, p, root_name(&names, i));
    root_names_release(&names);
    if (v->n == 0)
        linux_report_nothing(p, errnum, directory,
                             "load intel_rapl_msr (it also serves AMD); virtual machines have none",
                             "the kernel shows no energy counter of the processor");
}

const struct linux_part linux_part_powercap = {.name = "powercap",
                                               .state_size = sizeof(struct linux_values),
                                               .describe = describe,
                                               .read = values_read_part,
                                               .close = values_close_part};
