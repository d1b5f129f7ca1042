/* SPDX-License-Identifier: MIT */
/* GPUs: DRM cards that have a render node (others only show pictures), with what their drivers put into sysfs: amdgpu
 * (documented in gpu/amdgpu/driver-misc.rst and thermal.rst), i915 and xe (documented in their ABI files), and the devfreq
 * device of ARM's drivers. Asahi's has neither busy share nor clock there (reported: Asahi's kernel documentation). */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "source/linux/scan.h"
#include "source/linux/values.h"

static const char directory[] = "sys/class/drm";

/* Files below the card's directory. The same name twice: the first that is there is taken. */
static const struct {
    const char *name, *file, *unit;
    uint8_t flags;
} files[] = {
    {"busy", "device/gpu_busy_percent", "%", 0},
    {"vram_used", "device/mem_info_vram_used", "B", 0},
    {"gtt_used", "device/mem_info_gtt_used", "B", 0},
    {"act", "gt/gt0/rps_act_freq_mhz", "MHz", 0},
    {"act", "gt_act_freq_mhz", "MHz", 0},
    {"act", "device/tile0/gt0/freq0/act_freq", "MHz", 0},
    {"cur", "gt/gt0/rps_cur_freq_mhz", "MHz", 0},
    {"cur", "gt_cur_freq_mhz", "MHz", 0},
    {"cur", "device/tile0/gt0/freq0/cur_freq", "MHz", 0},
    {"idle", "gt/gt0/rc6_residency_ms", "ms", CHANNEL_COUNTER},
    {"idle", "power/rc6_residency_ms", "ms", CHANNEL_COUNTER},
    {"idle", "device/tile0/gt0/gtidle/idle_residency_ms", "ms", CHANNEL_COUNTER},
};

/* Numbers that do not change, likewise. */
static const struct {
    const char *name, *file;
} facts[] = {
    {"vram_total", "device/mem_info_vram_total"},   {"gtt_total", "device/mem_info_gtt_total"},
    {"max_mhz", "gt/gt0/rps_RP0_freq_mhz"},         {"max_mhz", "gt_RP0_freq_mhz"},
    {"max_mhz", "device/tile0/gt0/freq0/rp0_freq"},
};

struct card {
    char name[16]; /* card0 */
    char path[48];
};

static void add_channel(struct linux_values *v, struct linux_probe *p, const struct card *c,
                        size_t i)
{
    char path[160], key[64];
    (void)snprintf(path, sizeof path, "%s/%s", c->path, files[i].file);
    (void)snprintf(key, sizeof key, "drm/%s/%s", c->name, files[i].name);
    (void)values_add(v, p,
                     &(struct channel_spec){.key = key,
                                            .group = "drm",
                                            .name = c->name,
                                            .unit = files[i].unit,
                                            .label = files[i].name,
                                            .collector = p->collector,
                                            .type = SLOT_U64,
                                            .flags = files[i].flags},
                     path);
}

static bool has_file(struct linux_probe *p, const struct card *c, const char *file)
{
    char path[160];
    (void)snprintf(path, sizeof path, "%s/%s", c->path, file);
    return root_exists(p->root, path);
}

static void add_files(struct linux_values *v, struct linux_probe *p, const struct card *c)
{
    const char *last = "";
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        if (strcmp(files[i].name, last) != 0 && has_file(p, c, files[i].file)) {
            add_channel(v, p, c, i);
            last = files[i].name;
        }
}

static void put_facts(struct linux_probe *p, const struct card *c)
{
    char path[160], key[64];
    const char *last = "";
    uint64_t value;
    for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", c->path, facts[i].file);
        (void)snprintf(key, sizeof key, "drm/%s/%s", c->name, facts[i].name);
        if (strcmp(facts[i].name, last) == 0 || root_load_u64(p->root, path, &value) != 0)
            continue;
        schema_put_u64(p->schema, key, &value, 1);
        last = facts[i].name;
    }
}

/* amdgpu's table of clocks: "2: 2450Mhz *". The highest is put. */
static void put_sclk_max(struct linux_probe *p, const struct card *c)
{
    struct root_text text;
    char path[96], key[64];
    uint64_t state, mhz, most = 0;
    (void)snprintf(path, sizeof path, "%s/device/pp_dpm_sclk", c->path);
    if (root_load(p->root, path, &text) != 0)
        return;
    for (const char *at = text.text;;) {
        const char *line = at;
        if (scan_u64(&line, &state) && scan_text(&line, ":") && scan_u64(&line, &mhz) && mhz > most)
            most = mhz;
        if (!scan_next_line(&at))
            break;
    }
    (void)snprintf(key, sizeof key, "drm/%s/max_mhz", c->name);
    if (most > 0)
        schema_put_u64(p->schema, key, &most, 1);
}

/* Panfrost, msm, lima and others have a devfreq device; its own number of state is its frequency in Hz. */
static void add_devfreq(struct linux_values *v, struct linux_probe *p, const struct card *c)
{
    struct root_names names = {0};
    char path[160], key[64];
    uint64_t hz;
    (void)snprintf(path, sizeof path, "%s/device/devfreq", c->path);
    if (root_list(p->root, path, ROOT_SORTED, &names) == 0 && names.n > 0) {
        (void)snprintf(path, sizeof path, "%s/device/devfreq/%.60s/cur_freq", c->path,
                       root_name(&names, 0));
        (void)snprintf(key, sizeof key, "drm/%s/cur_hz", c->name);
        (void)values_add(v, p,
                         &(struct channel_spec){.key = key,
                                                .group = "drm",
                                                .name = c->name,
                                                .unit = "Hz",
                                                .label = "cur_hz",
                                                .collector = p->collector,
                                                .type = SLOT_U64},
                         path);
        (void)snprintf(path, sizeof path, "%s/device/devfreq/%.60s/max_freq", c->path,
                       root_name(&names, 0));
        (void)snprintf(key, sizeof key, "drm/%s/max_hz", c->name);
        if (root_load_u64(p->root, path, &hz) == 0)
            schema_put_u64(p->schema, key, &hz, 1);
    }
    root_names_release(&names);
}

static void put_link(struct linux_probe *p, const struct card *c, const char *name,
                     const char *file)
{
    char path[96], key[64], text[64];
    (void)snprintf(path, sizeof path, "%s/%s", c->path, file);
    (void)snprintf(key, sizeof key, "drm/%s/%s", c->name, name);
    if (root_link_name(p->root, path, text, sizeof text) == 0)
        schema_put_text(p->schema, key, text);
}

static bool has_render_node(struct linux_probe *p, const struct card *c)
{
    struct root_names names = {0};
    char path[96];
    bool has = false;
    (void)snprintf(path, sizeof path, "%s/device/drm", c->path);
    if (root_list(p->root, path, ROOT_SORTED, &names) == 0)
        for (size_t i = 0; i < names.n; i++)
            has = has || strncmp(root_name(&names, i), "renderD", 7) == 0;
    root_names_release(&names);
    return has;
}

static bool is_card(const char *name)
{
    uint64_t number;
    return scan_text(&name, "card") && *name != ' ' && scan_u64(&name, &number) && *name == '\0' &&
           number < 1000;
}

static bool add_card(struct linux_values *v, struct linux_probe *p, const char *name)
{
    struct card c;
    (void)snprintf(c.name, sizeof c.name, "%.15s", name);
    (void)snprintf(c.path, sizeof c.path, "%s/%s", directory, c.name);
    if (!has_render_node(p, &c))
        return false;
    put_link(p, &c, "driver", "device/driver");
    put_link(p, &c, "device", "device");
    put_facts(p, &c);
    put_sclk_max(p, &c);
    add_files(v, p, &c);
    add_devfreq(v, p, &c);
    return true;
}

/* The list of the cards that count stands in one property, the names separated by zero bytes. */
static void describe(void *state, struct linux_probe *p)
{
    struct root_names names = {0};
    char cards[1024];
    size_t n = 0;
    int errnum = root_list(p->root, directory, ROOT_SORTED, &names);
    if (errnum == 0)
        for (size_t i = 0; i < names.n; i++) {
            const char *name = root_name(&names, i);
            size_t length = strlen(name) + 1;
            if (!is_card(name) || n + length > sizeof cards || !add_card(state, p, name))
                continue;
            memcpy(cards + n, name, length);
            n += length;
        }
    root_names_release(&names);
    if (n > 0)
        schema_put_bytes(p->schema, "drm/cards", cards, n);
    else
        linux_report_nothing(p, errnum, directory, NULL,
                             "the kernel shows no GPU with a render node");
}

const struct linux_part linux_part_drm = {.name = "drm",
                                          .state_size = sizeof(struct linux_values),
                                          .describe = describe,
                                          .read = values_read_part,
                                          .close = values_close_part};
