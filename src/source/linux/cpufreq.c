/* SPDX-License-Identifier: MIT */
/* Clocks by cpufreq policy (documented in the kernel's admin-guide/pm/cpufreq.rst): which CPUs a policy covers, its driver
 * and limits, and each tick its frequency, its ceiling and, where the kernel keeps them, the times per frequency. */
#include "source/linux/cpufreq.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/vec.h"
#include "source/linux/scan.h"
#include "source/linux/values.h"

/* More states than any table has (the largest known have about 60); keeps a wild file from growing the schema. */
enum { MAX_STATES = 512 };

static const char directory[] = "sys/devices/system/cpu/cpufreq";

struct policy_times {
    int32_t file, channel;
    uint32_t first, n; /* its frequencies in khz[] */
};

struct cpufreq_state {
    struct linux_values values;
    struct policy_times *times; /* owned */
    size_t n_times, cap_times;
    struct linux_list khz; /* frequencies of all tables */
};

bool time_in_state_next(const char **at, uint64_t *khz, uint64_t *ticks)
{
    const char *p = *at;
    if (!scan_u64(&p, khz) || !scan_u64(&p, ticks) || (*p != '\n' && *p != '\0'))
        return false;
    (void)scan_next_line(&p);
    *at = p;
    return true;
}

/* Files of a policy that are one number at each tick. */
static const struct {
    const char *name, *file;
} numbers[] = {
    {"cur", "scaling_cur_freq"},
    {"limit", "scaling_max_freq"},
    {"avg", "cpuinfo_avg_freq"},
};

/* Files of a policy that do not change. */
static const struct {
    const char *name, *file;
} limits[] = {
    {"max_khz", "cpuinfo_max_freq"},
    {"min_khz", "cpuinfo_min_freq"},
};

static void path_of(char *path, size_t size, uint64_t policy, const char *file)
{
    (void)snprintf(path, size, "%s/policy%u/%s", directory, (unsigned)policy, file);
}

static void add_numbers(struct cpufreq_state *s, struct linux_probe *p, uint64_t policy)
{
    char key[48], name[16], path[128];
    (void)snprintf(name, sizeof name, "policy%u", (unsigned)policy);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        (void)snprintf(key, sizeof key, "cpufreq/%u/%s", (unsigned)policy, numbers[i].name);
        path_of(path, sizeof path, policy, numbers[i].file);
        int errnum = values_add(&s->values, p,
                                &(struct channel_spec){.key = key,
                                                       .group = "cpufreq",
                                                       .name = name,
                                                       .unit = "kHz",
                                                       .label = "",
                                                       .collector = p->collector,
                                                       .type = SLOT_U64},
                                path);
        if (errnum == EACCES || errnum == EPERM)
            linux_report(p, errnum, "run actop as root", "%s may not be read", path);
    }
}

static void put_limits(struct linux_probe *p, uint64_t policy)
{
    char key[48], path[128], driver[64];
    uint64_t khz;
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        (void)snprintf(key, sizeof key, "cpufreq/%u/%s", (unsigned)policy, limits[i].name);
        path_of(path, sizeof path, policy, limits[i].file);
        if (root_load_u64(p->root, path, &khz) == 0)
            schema_put_u64(p->schema, key, &khz, 1);
    }
    (void)snprintf(key, sizeof key, "cpufreq/%u/driver", (unsigned)policy);
    path_of(path, sizeof path, policy, "scaling_driver");
    if (root_load_line(p->root, path, driver, sizeof driver) == 0)
        schema_put_text(p->schema, key, driver);
}

/* related_cpus has the offline ones too; blanks stand between the numbers. */
static void put_cpus(struct linux_probe *p, uint64_t policy, struct linux_list *cpus)
{
    struct root_text text;
    char key[48], path[128];
    uint64_t cpu;
    cpus->n = 0;
    path_of(path, sizeof path, policy, "related_cpus");
    if (root_load(p->root, path, &text) != 0)
        return;
    for (const char *at = text.text; cpus->n < LINUX_MAX_CPUS && scan_u64(&at, &cpu);)
        p->schema->failed = !list_add(cpus, cpu) || p->schema->failed;
    (void)snprintf(key, sizeof key, "cpufreq/%u/cpus", (unsigned)policy);
    schema_put_u64(p->schema, key, cpus->at, cpus->n);
}

/* Frequencies the driver may choose from; boost frequencies stand in a file of their own. */
static void put_table(struct linux_probe *p, uint64_t policy, struct linux_list *khz)
{
    static const char *const files[] = {"scaling_available_frequencies",
                                        "scaling_boost_frequencies"};
    struct root_text text;
    char key[48], path[128];
    uint64_t value;
    khz->n = 0;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        path_of(path, sizeof path, policy, files[i]);
        if (root_load(p->root, path, &text) != 0)
            continue;
        for (const char *at = text.text; khz->n < MAX_STATES && scan_u64(&at, &value);)
            p->schema->failed = !list_add(khz, value) || p->schema->failed;
    }
    (void)snprintf(key, sizeof key, "cpufreq/%u/table_khz", (unsigned)policy);
    if (khz->n > 0)
        schema_put_u64(p->schema, key, khz->at, khz->n);
}

/* Names of the states, "600000" and so on, as an array of pointers into one block. NULL: out of memory. */
static const char **state_names(const uint64_t *khz, uint32_t n)
{
    enum { WIDTH = 24 };
    const char **names = malloc(n * (sizeof *names + WIDTH));
    if (names == NULL)
        return NULL;
    char *text = (char *)(names + n);
    for (uint32_t i = 0; i < n; i++, text += WIDTH) {
        (void)snprintf(text, WIDTH, "%llu", (unsigned long long)khz[i]);
        names[i] = text;
    }
    return names;
}

static bool add_times_channel(struct cpufreq_state *s, struct linux_probe *p, uint64_t policy,
                              struct policy_times *t)
{
    char key[48], name[16];
    const char **names = state_names(s->khz.at + t->first, t->n);
    if (names == NULL || !VEC_GROW(s->times, s->cap_times, s->n_times + 1)) {
        free(names);
        return false;
    }
    (void)snprintf(key, sizeof key, "cpufreq/%u/time", (unsigned)policy);
    (void)snprintf(name, sizeof name, "policy%u", (unsigned)policy);
    t->channel = schema_add_channel(p->schema, &(struct channel_spec){.key = key,
                                                                      .group = "cpufreq/time",
                                                                      .name = name,
                                                                      .unit = "ticks",
                                                                      .label = "",
                                                                      .collector = p->collector,
                                                                      .type = SLOT_U64,
                                                                      .count = t->n,
                                                                      .states = names,
                                                                      .flags = CHANNEL_COUNTER});
    free(names);
    s->times[s->n_times++] = *t;
    return true;
}

static void add_times(struct cpufreq_state *s, struct linux_probe *p, uint64_t policy)
{
    struct root_text text;
    char path[128];
    uint64_t khz, ticks;
    path_of(path, sizeof path, policy, "stats/time_in_state");
    if (root_load(p->root, path, &text) != 0)
        return;
    struct policy_times t = {.file = -1, .channel = -1, .first = (uint32_t)s->khz.n};
    for (const char *at = text.text;
         t.n < MAX_STATES && time_in_state_next(&at, &khz, &ticks) && list_add(&s->khz, khz);)
        t.n++;
    if (t.n == 0)
        return;
    t.file = root_keep(p->root, "%s", path);
    if (t.file < 0 || !add_times_channel(s, p, policy, &t)) {
        root_forget(p->root, t.file);
        p->schema->failed = true;
    }
}

static int list_policies(struct linux_probe *p, struct linux_list *policies)
{
    struct root_names names = {0};
    int errnum = root_list(p->root, directory, ROOT_SORTED, &names);
    if (errnum == 0)
        for (size_t i = 0; i < names.n; i++) {
            uint64_t number;
            const char *at = root_name(&names, i);
            if (scan_text(&at, "policy") && scan_u64(&at, &number) && *at == '\0' &&
                number < LINUX_MAX_CPUS)
                p->schema->failed = !list_add(policies, number) || p->schema->failed;
        }
    root_names_release(&names);
    return errnum;
}

static void describe(void *state, struct linux_probe *p)
{
    struct cpufreq_state *s = state;
    struct linux_list policies = {0}, numbers_of = {0};
    int errnum = list_policies(p, &policies);
    schema_put_u64(p->schema, "cpufreq/policies", policies.at, policies.n);
    for (size_t i = 0; i < policies.n; i++) {
        put_limits(p, policies.at[i]);
        put_cpus(p, policies.at[i], &numbers_of);
        put_table(p, policies.at[i], &numbers_of);
        add_numbers(s, p, policies.at[i]);
        add_times(s, p, policies.at[i]);
    }
    if (policies.n == 0)
        linux_report_nothing(p, errnum, directory,
                             "load a cpufreq driver; virtual machines have none",
                             "the kernel has no cpufreq policy");
    list_release(&policies);
    list_release(&numbers_of);
}

/* A table that no longer has the frequencies of the schema is not read into it. */
static int read_table(const struct cpufreq_state *s, const struct policy_times *t, const char *at,
                      uint64_t *ticks)
{
    uint64_t khz;
    for (uint32_t i = 0; i < t->n; i++)
        if (!time_in_state_next(&at, &khz, &ticks[i]) || khz != s->khz.at[t->first + i])
            return ERANGE;
    return 0;
}

static bool read(void *state, struct root *root, struct frame *f)
{
    const struct cpufreq_state *s = state;
    struct root_text text;
    values_read(&s->values, root, f);
    for (size_t i = 0; i < s->n_times; i++) {
        const struct policy_times *t = &s->times[i];
        int errnum = root_read(root, t->file, &text);
        if (errnum == 0)
            errnum = read_table(s, t, text.text, frame_array(f, t->channel));
        if (errnum != 0)
            frame_set_status(f, t->channel, errnum == ENOENT ? SLOT_ABSENT : errnum);
    }
    return false;
}

static void close_cpufreq(void *state, struct root *root)
{
    struct cpufreq_state *s = state;
    for (size_t i = 0; i < s->n_times; i++)
        root_forget(root, s->times[i].file);
    values_release(&s->values, root);
    list_release(&s->khz);
    free(s->times);
}

const struct linux_part linux_part_cpufreq = {.name = "cpufreq",
                                              .state_size = sizeof(struct cpufreq_state),
                                              .describe = describe,
                                              .read = read,
                                              .close = close_cpufreq};
