/* SPDX-License-Identifier: MIT */
/* How the CPUs are arranged, read once: packages, dies, clusters and cores of each logical CPU (documented in the
 * kernel's cputopology.rst), its capacity, its main ID register, the hybrid kind by the lists of the performance units,
 * and the processor's name. Arrays run parallel to cpu/present; what is not known is -1. */
#include <stdio.h>

#include "source/linux/cpuinfo.h"
#include "source/linux/scan.h"
#include "source/linux/stat.h"
#include "source/linux/values.h"

/* Facts of one logical CPU that are a file each. */
static const struct {
    const char *key, *file;
} facts[] = {
    {"cpu/package", "topology/physical_package_id"},
    {"cpu/die", "topology/die_id"},
    {"cpu/cluster", "topology/cluster_id"},
    {"cpu/core", "topology/core_id"},
    {"cpu/capacity", "cpu_capacity"},
};

/* Performance units of hybrid processors and the kind of their CPUs, slowest first (documented: perf's intel-hybrid). */
static const char *const units[] = {"sys/devices/cpu_lowpower/cpus", "sys/devices/cpu_atom/cpus",
                                    "sys/devices/cpu_core/cpus"};

static void load_present(struct linux_probe *p, struct linux_list *cpus)
{
    struct root_text text;
    uint64_t cpu, ticks[STAT_COLUMNS];
    if (list_load_cpus(cpus, p, "sys/devices/system/cpu/present") == 0 && cpus->n > 0)
        return;
    if (root_load(p->root, "proc/stat", &text) != 0)
        return;
    for (const char *at = text.text; stat_next_cpu(&at, &cpu, ticks);)
        if (cpu < LINUX_MAX_CPUS)
            p->schema->failed = !list_add(cpus, cpu) || p->schema->failed;
}

/* One fact of every CPU, unless no CPU has it. values has room for all. */
static void put_fact(struct linux_probe *p, const struct linux_list *cpus, size_t fact,
                     struct linux_list *values)
{
    char path[128];
    bool any = false;
    values->n = 0;
    for (size_t i = 0; i < cpus->n; i++) {
        int64_t value = -1;
        (void)snprintf(path, sizeof path, "sys/devices/system/cpu/cpu%u/%s", (unsigned)cpus->at[i],
                       facts[fact].file);
        any = root_load_i64(p->root, path, &value) == 0 || any;
        (void)list_add(values, (uint64_t)value);
    }
    p->schema->failed = p->schema->failed || values->n != cpus->n;
    if (any && values->n == cpus->n)
        schema_put_i64(p->schema, facts[fact].key, (const int64_t *)values->at, values->n);
}

static void put_kinds(struct linux_probe *p, const struct linux_list *cpus,
                      struct linux_list *values)
{
    struct linux_list members = {0};
    bool any = false;
    values->n = 0;
    for (size_t i = 0; i < cpus->n; i++)
        (void)list_add(values, (uint64_t)-1);
    p->schema->failed = p->schema->failed || values->n != cpus->n;
    for (size_t unit = 0; unit < sizeof units / sizeof units[0]; unit++) {
        if (list_load_cpus(&members, p, units[unit]) != 0 || values->n != cpus->n)
            continue;
        for (size_t i = 0; i < cpus->n; i++)
            if (list_has(&members, cpus->at[i])) {
                values->at[i] = unit;
                any = true;
            }
    }
    if (any)
        schema_put_i64(p->schema, "cpu/kind", (const int64_t *)values->at, values->n);
    list_release(&members);
}

/* ---- /proc/cpuinfo --------------------------------------------------------------------------------------------- */

struct block {
    uint64_t cpu, implementer, variant, part, revision;
    bool open; /* a part was seen */
};

static bool hex_value(const struct cpuinfo_line *line, uint64_t *value)
{
    const char *at = line->value;
    return scan_hex(&at, value);
}

static void end_block(const struct block *b, const struct linux_list *cpus,
                      struct linux_list *midrs)
{
    for (size_t i = 0; b->open && i < cpus->n && i < midrs->n; i++)
        if (cpus->at[i] == b->cpu)
            midrs->at[i] = cpuinfo_midr(b->implementer, b->variant, b->part, b->revision);
}

/* Flags of x86 that decode wants to know of. */
static const struct {
    const char *word, *key;
} flags[] = {
    {"aperfmperf", "cpu/flag/aperfmperf"},
    {"hypervisor", "cpu/flag/hypervisor"},
};

static void put_flags(struct linux_probe *p, const struct cpuinfo_line *line)
{
    uint64_t one = 1;
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
        if (cpuinfo_has_word(line, flags[i].word))
            schema_put_u64(p->schema, flags[i].key, &one, 1);
}

/* What has been said of the machine as a whole: the first line of each name counts. */
struct said {
    bool name, vendor, flags;
};

static void take_name(struct linux_probe *p, const struct cpuinfo_line *line, struct said *said)
{
    if (!said->name && cpuinfo_is(line, "model name") && line->n_value > 0) {
        schema_put_bytes(p->schema, "cpu/model", line->value, line->n_value);
        said->name = true;
    } else if (!said->vendor && cpuinfo_is(line, "vendor_id")) {
        schema_put_bytes(p->schema, "cpu/vendor", line->value, line->n_value);
        said->vendor = true;
    } else if (!said->flags && cpuinfo_is(line, "flags")) {
        put_flags(p, line);
        said->flags = true;
    }
}

static void take_part(const struct cpuinfo_line *line, struct block *b)
{
    const char *at = line->value;
    if (cpuinfo_is(line, "CPU implementer"))
        (void)hex_value(line, &b->implementer);
    else if (cpuinfo_is(line, "CPU variant"))
        (void)hex_value(line, &b->variant);
    else if (cpuinfo_is(line, "CPU part"))
        b->open = hex_value(line, &b->part);
    else if (cpuinfo_is(line, "CPU revision"))
        (void)scan_u64(&at, &b->revision);
}

static void read_cpuinfo(struct linux_probe *p, const struct linux_list *cpus,
                         struct linux_list *midrs)
{
    struct root_text text;
    struct cpuinfo_line line;
    struct block b = {0};
    struct said said = {false, false, false};
    if (root_load(p->root, "proc/cpuinfo", &text) != 0)
        return;
    for (const char *at = text.text; cpuinfo_next(&at, &line);) {
        if (cpuinfo_is(&line, "processor")) {
            const char *number = line.value;
            end_block(&b, cpus, midrs);
            b = (struct block){0};
            (void)scan_u64(&number, &b.cpu);
        }
        take_name(p, &line, &said);
        take_part(&line, &b);
    }
    end_block(&b, cpus, midrs);
}

static void put_midrs(struct linux_probe *p, const struct linux_list *cpus,
                      struct linux_list *values)
{
    struct root_text text;
    char path[128];
    bool any = false;
    values->n = 0;
    for (size_t i = 0; i < cpus->n; i++)
        (void)list_add(values, (uint64_t)-1);
    p->schema->failed = p->schema->failed || values->n != cpus->n;
    read_cpuinfo(p, cpus, values);
    for (size_t i = 0; i < values->n; i++) {
        (void)snprintf(path, sizeof path,
                       "sys/devices/system/cpu/cpu%u/regs/identification/midr_el1",
                       (unsigned)cpus->at[i]);
        if (root_load(p->root, path, &text) == 0) {
            const char *at = text.text;
            (void)scan_hex(&at, &values->at[i]);
        }
        any = any || values->at[i] != (uint64_t)-1;
    }
    if (any && values->n == cpus->n)
        schema_put_i64(p->schema, "cpu/midr", (const int64_t *)values->at, values->n);
}

static void describe(void *state, struct linux_probe *p)
{
    struct linux_list cpus = {0}, values = {0};
    (void)state;
    load_present(p, &cpus);
    schema_put_u64(p->schema, "cpu/present", cpus.at, cpus.n);
    for (size_t fact = 0; fact < sizeof facts / sizeof facts[0]; fact++)
        put_fact(p, &cpus, fact, &values);
    put_kinds(p, &cpus, &values);
    put_midrs(p, &cpus, &values);
    if (cpus.n == 0)
        linux_report(p, -1, "mount /proc and /sys",
                     "no CPU is named by /sys/devices/system/cpu or /proc/stat");
    list_release(&cpus);
    list_release(&values);
}

const struct linux_part linux_part_topology = {.name = "topology", .describe = describe};
