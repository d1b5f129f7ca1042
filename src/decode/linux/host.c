/* SPDX-License-Identifier: MIT */
/* Who the machine is, and whether actop runs in a container or a virtual machine. Chip names of device trees are from
 * the kernel's arch/arm64/boot/dts/apple (documented); everything else is the machine's own words. */
#include <stdio.h>
#include <string.h>

#include "decode/linux.h"

struct host {
    uint16_t via;
    char chip[128];
    char model[192];
    char kernel[192];
    const char *container; /* static, or NULL */
};

/* Device-tree names of Apple's chips; documented. */
static const struct {
    const char *compatible, *chip;
} apple_chips[] = {
    {"apple,t8103", "Apple M1"},       {"apple,t6000", "Apple M1 Pro"},
    {"apple,t6001", "Apple M1 Max"},   {"apple,t6002", "Apple M1 Ultra"},
    {"apple,t8112", "Apple M2"},       {"apple,t6020", "Apple M2 Pro"},
    {"apple,t6021", "Apple M2 Max"},   {"apple,t6022", "Apple M2 Ultra"},
    {"apple,t8122", "Apple M3"},       {"apple,t6030", "Apple M3 Pro"},
    {"apple,t6031", "Apple M3 Max"},   {"apple,t6034", "Apple M3 Max"},
    {"apple,t6032", "Apple M3 Ultra"}, {"apple,t8132", "Apple M4"},
    {"apple,t6040", "Apple M4 Pro"},   {"apple,t6041", "Apple M4 Max"},
};

/* Texts that give a container or machine away, strongest first: a word in a property's text ("" is any text). */
static const struct {
    const char *key, *word, *name;
} traces[] = {
    {"host/container", "docker", "docker"},
    {"host/container", "podman", "podman"},
    {"host/container", "lxc", "lxc"},
    {"host/container", "wsl", "wsl"},
    {"host/container", "systemd-nspawn", "systemd-nspawn"},
    {"host/container", "", "container"},
    {"host/dockerenv", NULL, "docker"},
    {"host/containerenv", NULL, "podman"},
    {"host/cgroup", "kubepods", "kubernetes"},
    {"host/cgroup", "/docker", "docker"},
    {"host/cgroup", "libpod", "podman"},
    {"host/cgroup", "/lxc", "lxc"},
    {"host/cgroup", "machine.slice/systemd-nspawn", "systemd-nspawn"},
    {"host/osrelease", "WSL", "wsl"},
    {"host/hypervisor_type", "xen", "xen"},
    {"host/dmi/product_name", "KVM", "kvm"},
    {"host/dmi/sys_vendor", "QEMU", "qemu"},
    {"host/dmi/product_name", "VMware", "vmware"},
    {"host/dmi/product_name", "VirtualBox", "virtualbox"},
    {"host/dmi/sys_vendor", "Parallels", "parallels"},
    {"host/dmi/sys_vendor", "Amazon EC2", "amazon"},
    {"host/dmi/sys_vendor", "Apple Inc. Virtualization", "apple"},
    {"host/dmi/product_name", "Google Compute Engine", "google"},
    {"host/dmi/product_name", "Virtual Machine", "hyper-v"},
    {"host/dt/compatible", "linux,dummy-virt", "qemu"},
    {"cpu/flag/hypervisor", NULL, "virtual machine"},
};

static const char *text_or(const struct schema *s, const char *key, const char *otherwise)
{
    const char *text = schema_get_text(s, key);
    return text != NULL && *text != '\0' ? text : otherwise;
}

/* True when a property of zero-separated words has this one. */
static bool has_word(const struct schema *s, const char *key, const char *word)
{
    const struct property *p = schema_find_property(s, key);
    if (p == NULL || p->type != SLOT_BYTES)
        return false;
    const char *bytes = schema_text(s, p->first);
    for (size_t at = 0; at < p->count; at += strlen(bytes + at) + 1)
        if (strcmp(bytes + at, word) == 0)
            return true;
    return false;
}

/* The last of zero-separated words: of a board's names the most general, which is its chip. */
static const char *last_word(const struct schema *s, const char *key)
{
    const struct property *p = schema_find_property(s, key);
    const char *word = "";
    if (p == NULL || p->type != SLOT_BYTES)
        return word;
    const char *bytes = schema_text(s, p->first);
    for (size_t at = 0; at < p->count; at += strlen(bytes + at) + 1)
        if (bytes[at] != '\0' && bytes[at] != '\n')
            word = bytes + at;
    return word;
}

static void find_chip(struct host *h, const struct schema *s)
{
    const char *chip = text_or(s, "cpu/model", "");
    for (size_t i = 0; i < sizeof apple_chips / sizeof apple_chips[0]; i++)
        if (has_word(s, "host/dt/compatible", apple_chips[i].compatible))
            chip = apple_chips[i].chip;
    if (*chip == '\0')
        chip = last_word(s, "host/dt/compatible");
    (void)snprintf(h->chip, sizeof h->chip, "%s", chip);
}

/* Firmware of desktop boards leaves such texts where the maker filled nothing in (reported widely). */
static bool is_filler(const char *text)
{
    static const char *const fillers[] = {"",
                                          "To Be Filled By O.E.M.",
                                          "System Product Name",
                                          "System manufacturer",
                                          "Default string",
                                          "Not Specified",
                                          "None"};
    for (size_t i = 0; i < sizeof fillers / sizeof fillers[0]; i++)
        if (strcmp(text, fillers[i]) == 0)
            return true;
    return false;
}

static void find_model(struct host *h, const struct schema *s)
{
    const char *vendor = text_or(s, "host/dmi/sys_vendor", ""),
               *product = text_or(s, "host/dmi/product_name", "");
    const char *board = text_or(s, "host/dt/model", "");
    bool known = !is_filler(product),
         named = !is_filler(vendor) && strncmp(product, vendor, strlen(vendor)) != 0;
    if (*board != '\0')
        (void)snprintf(h->model, sizeof h->model, "%s", board);
    else
        (void)snprintf(h->model, sizeof h->model, "%s%s%s", known && named ? vendor : "",
                       known && named ? " " : "", known ? product : "");
}

static const char *find_container(const struct schema *s)
{
    for (size_t i = 0; i < sizeof traces / sizeof traces[0]; i++) {
        const char *text = schema_get_text(s, traces[i].key);
        bool there = traces[i].word == NULL
                         ? schema_find_property(s, traces[i].key) != NULL
                         : text != NULL && *text != '\0' && strstr(text, traces[i].word) != NULL;
        if (there)
            return traces[i].name;
    }
    return NULL;
}

static bool begin(void *state, struct decode_schema *d)
{
    struct host *h = state;
    h->via = topology_via(d->topology, "host");
    find_chip(h, d->schema);
    find_model(h, d->schema);
    h->container = find_container(d->schema);
    (void)snprintf(h->kernel, sizeof h->kernel, "%s %s", text_or(d->schema, "host/ostype", "Linux"),
                   text_or(d->schema, "host/osrelease", ""));
    return true;
}

static void put(struct decode_frame *d, actop_metric id, const char *text, uint16_t via)
{
    if (text != NULL && *text != '\0')
        sample_put_text(d->out, id, 0, text, strlen(text), via);
}

static void step(void *state, struct decode_frame *d)
{
    const struct host *h = state;
    put(d, ACTOP_METRIC_CHIP, h->chip, h->via);
    put(d, ACTOP_METRIC_MODEL, h->model, h->via);
    put(d, ACTOP_METRIC_KERNEL, h->kernel, h->via);
    put(d, ACTOP_METRIC_CONTAINER, h->container, h->via);
    put(d, ACTOP_METRIC_SOURCE, schema_text(d->schema, d->schema->source), 0);
    decode_put_property(d, ACTOP_METRIC_HOST, 0, "host/hostname", h->via);
    decode_put_property(d, ACTOP_METRIC_OS, 0, "host/os", h->via);
    if (d->frame->at.boot_ns > 0)
        sample_put(d->out, ACTOP_METRIC_UPTIME, 0, (double)d->frame->at.boot_ns / 1e9,
                   ACTOP_MEASURED, 0);
}

const struct decode_part decode_part_host = {
    .name = "host",
    .state_size = sizeof(struct host),
    .begin = begin,
    .step = step,
};
