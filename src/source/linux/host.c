/* SPDX-License-Identifier: MIT */
/* Who this machine is: host name, kernel, distribution, model, and the traces containers and virtual machines leave.
 * Read once. Words are the kernel's own; which container a trace means is decode's business. */
#include <string.h>

#include "source/linux/linux.h"
#include "source/linux/scan.h"

static const struct {
    const char *key, *path;
} lines[] = {
    {"host/hostname", "proc/sys/kernel/hostname"},
    {"host/ostype", "proc/sys/kernel/ostype"},
    {"host/osrelease", "proc/sys/kernel/osrelease"},
    {"host/arch", "proc/sys/kernel/arch"},
    {"host/dmi/sys_vendor", "sys/class/dmi/id/sys_vendor"},
    {"host/dmi/product_name", "sys/class/dmi/id/product_name"},
    {"host/dmi/product_version", "sys/class/dmi/id/product_version"},
    {"host/dt/model", "proc/device-tree/model"},
    {"host/hypervisor_type", "sys/hypervisor/type"},
    {"host/container", "run/systemd/container"},
};

static const struct {
    const char *key, *path;
} marks[] = {
    {"host/dockerenv", ".dockerenv"},
    {"host/containerenv", "run/.containerenv"},
    {"host/lxcfs", "proc/1/root/dev/.lxc"},
};

/* A value of os-release: NAME=value, quoted or not (documented in os-release(5)). */
static size_t os_release_value(const char *text, const char *name, const char **value)
{
    for (const char *at = text;;) {
        if (scan_text(&at, name)) {
            char quote = *at == '"' || *at == '\'' ? *at++ : '\n';
            const char ends[] = {quote, '\n', '\0'};
            *value = at;
            return strcspn(at, ends);
        }
        if (!scan_next_line(&at))
            return 0;
    }
}

static void describe_os(struct linux_probe *p)
{
    struct root_text text;
    const char *value = "";
    if (root_load(p->root, "etc/os-release", &text) != 0 &&
        root_load(p->root, "usr/lib/os-release", &text) != 0)
        return;
    size_t n = os_release_value(text.text, "PRETTY_NAME=", &value);
    if (n == 0)
        n = os_release_value(text.text, "NAME=", &value);
    if (n > 0)
        schema_put_bytes(p->schema, "host/os", value, n);
}

/* The first process's control group, up to a size no real one reaches. */
static void describe_cgroup(struct linux_probe *p)
{
    struct root_text text;
    if (root_load(p->root, "proc/1/cgroup", &text) == 0 && text.n > 0)
        schema_put_bytes(p->schema, "host/cgroup", text.text, text.n < 4096 ? text.n : 4096);
}

static void describe_compatible(struct linux_probe *p)
{
    struct root_text text;
    if (root_load(p->root, "proc/device-tree/compatible", &text) == 0 && text.n > 0)
        schema_put_bytes(p->schema, "host/dt/compatible", text.text, text.n < 1024 ? text.n : 1024);
}

static void describe(void *state, struct linux_probe *p)
{
    char line[256];
    uint64_t one = 1;
    size_t found = 0;
    (void)state;
    schema_put_text(p->schema, "source/os", "linux");
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        if (root_load_line(p->root, lines[i].path, line, sizeof line) == 0 && line[0] != '\0') {
            schema_put_text(p->schema, lines[i].key, line);
            found++;
        }
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
        if (root_exists(p->root, marks[i].path))
            schema_put_u64(p->schema, marks[i].key, &one, 1);
    describe_os(p);
    describe_cgroup(p);
    describe_compatible(p);
    if (found == 0)
        linux_report(p, -1, "mount /proc and /sys, or name another --root",
                     "neither /proc/sys/kernel nor /sys/class/dmi is there");
}

const struct linux_part linux_part_host = {.name = "host", .describe = describe};
