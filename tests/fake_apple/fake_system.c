/* SPDX-License-Identifier: MIT */
/* The fake's libSystem and Objective-C runtime: clocks, sysctl, mach, libproc, notify, mounts. */
#include "fake_apple/plain_alloc.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake_apple/fake_internal.h"

const apple_port fake_mach_task_self_ = 0x203;

void fake_before_tick(void); /* the shared library lets time pass here */

/* ---- clocks ---- */

static uint64_t to_ticks(int64_t ns)
{
    return (uint64_t)ns / 125 * 3 + (uint64_t)ns % 125 * 3 / 125;
}

int fake_gettimeofday(void *out, void *zone)
{
    struct apple_timeval t;

    (void)zone;
    fake_before_tick();
    if (fake_fails(APPLE_ROW_gettimeofday))
        return -1;
    t = (struct apple_timeval){fake_machine_truth.wall_ns / 1000000000,
                               (int32_t)(fake_machine_truth.wall_ns % 1000000000 / 1000), 0};
    memcpy(out, &t, sizeof t);
    return 0;
}

uint64_t fake_mach_absolute_time(void)
{
    fake_count(APPLE_ROW_mach_absolute_time);
    return to_ticks(fake_machine_truth.awake_ns);
}

uint64_t fake_mach_continuous_time(void)
{
    fake_count(APPLE_ROW_mach_continuous_time);
    return to_ticks(fake_machine_truth.boot_ns);
}

apple_kern fake_mach_timebase_info(struct apple_timebase *out)
{
    if (fake_fails(APPLE_ROW_mach_timebase_info))
        return 1;
    *out = (struct apple_timebase){125, 3};
    return 0;
}

uint32_t fake_getuid(void)
{
    fake_count(APPLE_ROW_getuid);
    return fake_machine_truth.machine->user;
}

/* ---- sysctl ---- */

static int give(const void *value, size_t size, void *out, size_t *n)
{
    if (out == NULL) {
        *n = size;
        return 0;
    }
    if (*n < size) {
        errno = ENOMEM;
        return -1;
    }
    memcpy(out, value, size);
    *n = size;
    return 0;
}

static int give_text(const char *text, void *out, size_t *n)
{
    return give(text, strlen(text) + 1, out, n);
}

static int give_number(uint64_t value, size_t size, void *out, size_t *n)
{
    return give(&value, size, out, n); /* little-endian, as every Apple chip */
}

static int absent(void)
{
    errno = ENOENT;
    return -1;
}

static int level_sysctl(const char *name, void *out, size_t *n)
{
    const struct machine *m = fake_machine_truth.machine;
    unsigned level = (unsigned)(name[0] - '0');
    const char *what = name[0] != '\0' && name[1] == '.' ? name + 2 : "";

    if (level >= m->n_levels)
        return absent();
    if (strcmp(what, "name") == 0)
        return m->levels[level].name[0] != '\0' ? give_text(m->levels[level].name, out, n)
                                                : absent();
    if (strcmp(what, "physicalcpu") == 0 || strcmp(what, "logicalcpu") == 0)
        return give_number(m->levels[level].cores, 4, out, n);
    if (strcmp(what, "cpusperl2") == 0 && m->levels[level].per_l2 > 0)
        return give_number(m->levels[level].per_l2, 4, out, n);
    if (strcmp(what, "l2cachesize") == 0 && m->levels[level].l2_b > 0)
        return give_number(m->levels[level].l2_b, 8, out, n);
    return absent();
}

static int structs_sysctl(const char *name, void *out, size_t *n)
{
    const struct truth *t = &fake_machine_truth;
    struct apple_swap_usage swap = {2147483648u, 1610612736u, 536870912u, 16384, 1};
    struct apple_loadavg load = {{2048, 3072, 2560}, 0, 2048};
    struct apple_timeval boot = {(t->wall_ns - t->boot_ns) / 1000000000, 250000, 0};

    if (strcmp(name, "vm.swapusage") == 0)
        return give(&swap, sizeof swap, out, n);
    if (strcmp(name, "vm.loadavg") == 0)
        return give(&load, sizeof load, out, n);
    if (strcmp(name, "kern.boottime") == 0)
        return give(&boot, sizeof boot, out, n);
    return absent();
}

int fake_sysctlbyname(const char *name, void *out, size_t *n, void *new_value, size_t new_size)
{
    const struct machine *m = fake_machine_truth.machine;
    const struct {
        const char *name, *text;
    } texts[] = {
        {"machdep.cpu.brand_string", m->brand},
        {"hw.model", m->model},
        {"hw.targettype", m->target},
        {"hw.machine", "arm64"},
        {"kern.osproductversion", m->os_version},
        {"kern.osversion", m->os_build},
        {"kern.hostname", "fake.local"},
    };
    const struct {
        const char *name;
        uint64_t value;
        size_t size;
    } numbers[] = {
        {"hw.memsize", m->memory_b, 8},
        {"hw.pagesize", 16384, 8},
        {"hw.physicalcpu", m->cpus, 4},
        {"hw.logicalcpu", m->cpus, 4},
        {"hw.tbfrequency", 24000000, 8},
        {"hw.nperflevels", m->n_levels, 4},
        {"hw.cpufamily", (uint64_t)m->cpu_family, 4},
        {"hw.cpusubfamily", (uint64_t)m->cpu_subfamily, 4},
        {"kern.hv_vmm_present", m->is_virtual, 4},
        {"iogpu.wired_limit_mb", 0, 4},
        {"kern.memorystatus_vm_pressure_level", fake_machine_truth.load.memory > 0.9 ? 2 : 1, 4},
        {"kern.memorystatus_level", (uint64_t)(100 * (1 - fake_machine_truth.load.memory)), 4},
        {"kern.argmax", 65536, 4},
    };

    if (fake_fails(APPLE_ROW_sysctlbyname) || new_value != NULL || new_size != 0) {
        errno = EPERM;
        return -1;
    }
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (strcmp(texts[i].name, name) == 0)
            return give_text(texts[i].text, out, n);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        if (strcmp(numbers[i].name, name) == 0 &&
            (m->n_levels > 0 || strcmp(name, "hw.nperflevels") != 0))
            return give_number(numbers[i].value, numbers[i].size, out, n);
    if (strncmp(name, "hw.perflevel", 12) == 0)
        return level_sysctl(name + 12, out, n);
    return structs_sysctl(name, out, n);
}

/* One RTM_IFINFO2 message with its link address behind it; a message of another kind before each. */
static size_t put_interface(char *at, size_t index)
{
    const struct machine_interface *i = &fake_machine_truth.machine->interfaces[index];
    struct apple_if_message m = {
        .version = 5, .type = APPLE_RTM_IFINFO2, .flags = 0x8863, .index = (uint16_t)(index + 1)};
    struct apple_sockaddr_dl link = {
        .length = 20, .family = APPLE_AF_LINK, .type = (uint8_t)i->type};
    struct {
        uint16_t length;
        uint8_t version, type;
        uint32_t rest;
    } other = {8, 5, 0xc, 0};
    uint64_t mask = fake_quirks.whole_net ? UINT64_MAX : 0xfffffc00;
    size_t name = strlen(i->name), total = sizeof m + 8 + 12;

    m.length = (uint16_t)total;
    m.data.type = (uint8_t)i->type;
    m.data.mtu = 1500;
    m.data.baudrate = i->baud;
    m.data.ibytes = (uint64_t)fake_machine_truth.net_rx[index] & mask;
    m.data.obytes = (uint64_t)fake_machine_truth.net_tx[index] & mask;
    m.data.ipackets = (uint64_t)(fake_machine_truth.net_rx[index] / 1400);
    m.data.opackets = (uint64_t)(fake_machine_truth.net_tx[index] / 1400);
    link.name_length = (uint8_t)name;
    memcpy(link.data, i->name, name < sizeof link.data ? name : sizeof link.data);
    memcpy(at, &other, sizeof other);
    memcpy(at + sizeof other, &m, sizeof m);
    memcpy(at + sizeof other + sizeof m, &link, sizeof link);
    return sizeof other + total;
}

static const struct machine_process *process_of(int pid, size_t *at)
{
    const struct machine *m = fake_machine_truth.machine;

    for (size_t i = 0; i < m->n_processes; i++)
        if ((int)m->processes[i].pid == pid) {
            *at = i;
            return &m->processes[i];
        }
    return NULL;
}

static int give_arguments(int pid, void *out, size_t *n)
{
    size_t at, used = 4;
    const struct machine_process *p = process_of(pid, &at);
    char block[512] = {0};
    int32_t argc = 3;

    if (p == NULL || p->user != fake_machine_truth.machine->user) {
        errno = EINVAL;
        return -1;
    }
    memcpy(block, &argc, 4);
    used += (size_t)snprintf(block + used, 200, "/usr/bin/%s", p->name) + 1;
    used = (used + 7) / 8 * 8; /* zeros up to a boundary */
    used += (size_t)snprintf(block + used, 100, "%s", p->name) + 1;
    used += (size_t)snprintf(block + used, 50, "--flag") + 1;
    used += (size_t)snprintf(block + used, 50, "value %d", pid) + 1;
    used += (size_t)snprintf(block + used, 50, "HOME=/secret") + 1;
    return give(block, used, out, n);
}

int fake_sysctl(int *name, unsigned names, void *out, size_t *n, void *new_value, size_t new_size)
{
    char list[4096];
    size_t used = 0;

    if (fake_fails(APPLE_ROW_sysctl) || new_value != NULL || new_size != 0) {
        errno = EPERM;
        return -1;
    }
    if (names == 3 && name[0] == APPLE_CTL_KERN && name[1] == APPLE_KERN_PROCARGS2)
        return give_arguments(name[2], out, n);
    if (names != 6 || name[0] != APPLE_CTL_NET || name[1] != APPLE_PF_ROUTE ||
        name[4] != APPLE_NET_RT_IFLIST2)
        return absent();
    for (size_t i = 0; i < fake_machine_truth.machine->n_interfaces && used + 256 < sizeof list;
         i++)
        used += put_interface(list + used, i);
    return give(list, used, out, n);
}

/* ---- mach ---- */

apple_port fake_mach_host_self(void)
{
    fake_count(APPLE_ROW_mach_host_self);
    return fake_port_new(FAKE_PORT_HOST);
}

apple_kern fake_mach_port_deallocate(apple_port task, apple_port name)
{
    fake_count(APPLE_ROW_mach_port_deallocate);
    if (task != fake_mach_task_self_)
        return 1;
    fake_port_release(name, "mach_port_deallocate");
    return 0;
}

apple_kern fake_vm_deallocate(apple_port task, uintptr_t address, uintptr_t size)
{
    void *memory = (void *)address;

    fake_count(APPLE_ROW_vm_deallocate);
    if (task != fake_mach_task_self_ || size == 0)
        fake_broken("vm_deallocate");
    free(memory);
    fake_others--;
    return 0;
}

apple_kern fake_host_processor_info(apple_port host, int flavor, uint32_t *cpus, uint32_t **out,
                                    uint32_t *n)
{
    uint32_t count = (uint32_t)fake_machine_truth.machine->cpus, *words;

    fake_port_at(host, FAKE_PORT_HOST, "host_processor_info");
    if (fake_fails(APPLE_ROW_host_processor_info) || flavor != APPLE_PROCESSOR_CPU_LOAD_INFO)
        return 5;
    words = calloc(4 * count + 1, sizeof *words);
    if (words == NULL)
        abort();
    for (uint32_t i = 0; i < count; i++)
        truth_cpu_ticks(&fake_machine_truth, i, words + 4 * i);
    fake_others++;
    *cpus = count;
    *n = 4 * count;
    *out = words;
    return 0;
}

apple_kern fake_host_statistics64(apple_port host, int flavor, void *out, uint32_t *n)
{
    struct apple_vm_statistics vm = {0};
    struct truth_memory p;

    fake_port_at(host, FAKE_PORT_HOST, "host_statistics64");
    if (fake_fails(APPLE_ROW_host_statistics64) || flavor != APPLE_HOST_VM_INFO64 ||
        *n < sizeof vm / 4)
        return 5;
    truth_memory(&fake_machine_truth, &p);
    vm.free = (uint32_t)p.free;
    vm.active = (uint32_t)p.active;
    vm.inactive = (uint32_t)p.inactive;
    vm.wire = (uint32_t)p.wire;
    vm.purgeable = (uint32_t)p.purgeable;
    vm.speculative = (uint32_t)p.speculative;
    vm.compressor = (uint32_t)p.compressor;
    vm.external = (uint32_t)p.external;
    vm.internal = (uint32_t)p.internal;
    vm.uncompressed = p.uncompressed;
    vm.faults = (uint64_t)fake_machine_truth.page_faults;
    memcpy(out, &vm, sizeof vm);
    *n = sizeof vm / 4;
    return 0;
}

/* ---- processes ---- */

enum { XNU_SPARE = 20 }; /* asked without memory, lists say that many more than there are */

int fake_proc_listallpids(void *out, int size)
{
    const struct machine *m = fake_machine_truth.machine;
    int n = (int)m->n_processes;

    if (fake_fails(APPLE_ROW_proc_listallpids))
        return 0;
    if (out == NULL)
        return n + XNU_SPARE;
    if (size < 4 * n)
        n = size / 4;
    for (int i = 0; i < n; i++) {
        int32_t pid = (int32_t)m->processes[i].pid;
        memcpy((char *)out + 4 * i, &pid, 4);
    }
    return n;
}

/* As the kernel does it: cut to the field, and not ended when it fills it. */
static void put_name(char *out, size_t size, const char *name)
{
    size_t n = strlen(name);

    memcpy(out, name, n < size ? n : size);
}

static int task_all_info(const struct machine_process *p, size_t at, void *out)
{
    const struct truth *t = &fake_machine_truth;
    struct apple_proc_taskallinfo info = {0};

    info.bsd.pid = p->pid;
    info.bsd.ppid = 1;
    info.bsd.uid = p->user;
    put_name(info.bsd.comm, sizeof info.bsd.comm, p->name);
    put_name(info.bsd.name, sizeof info.bsd.name, p->name);
    info.bsd.start_s = 1779900000 + p->pid;
    info.bsd.start_us = 250000;
    info.task.virtual_size = p->rss_b * 8;
    info.task.resident_size = p->rss_b;
    info.task.total_user = to_ticks((int64_t)(t->processes[at].cpu_ns * 0.8));
    info.task.total_system = to_ticks((int64_t)(t->processes[at].cpu_ns * 0.2));
    info.task.threads = (int32_t)p->threads;
    memcpy(out, &info, sizeof info);
    return sizeof info;
}

/* As XNU answers: without memory, room for somewhat more; a process of somebody else is not told of. */
static int list_files(const struct machine_process *p, void *out, int size)
{
    int files = 3 + (int)(p->threads % 40);
    if (p->user != fake_machine_truth.machine->user) {
        errno = EPERM;
        return 0;
    }
    if (out == NULL)
        return (files + XNU_SPARE) * (int)sizeof(struct apple_proc_fdinfo);
    int n = size / (int)sizeof(struct apple_proc_fdinfo);
    n = n < files ? n : files;
    for (int i = 0; i < n; i++)
        ((struct apple_proc_fdinfo *)out)[i] = (struct apple_proc_fdinfo){i, 1};
    return n * (int)sizeof(struct apple_proc_fdinfo);
}

int fake_proc_pidinfo(int pid, int flavor, uint64_t arg, void *out, int size)
{
    size_t at = 0;
    const struct machine_process *p = process_of(pid, &at);
    struct apple_proc_shortinfo brief = {0};

    if (fake_fails(APPLE_ROW_proc_pidinfo) || p == NULL || arg != 0) {
        errno = ESRCH;
        return 0;
    }
    if (flavor == APPLE_PROC_TASKALLINFO && p->user == fake_machine_truth.machine->user &&
        size == (int)sizeof(struct apple_proc_taskallinfo))
        return task_all_info(p, at, out);
    if (flavor == APPLE_PROC_LISTFDS)
        return list_files(p, out, size);
    if (flavor != APPLE_PROC_SHORTBSDINFO || size != (int)sizeof brief) {
        errno = EPERM;
        return 0;
    }
    brief.pid = p->pid;
    brief.ppid = 1;
    brief.uid = p->user;
    put_name(brief.comm, sizeof brief.comm, p->name);
    memcpy(out, &brief, sizeof brief);
    return sizeof brief;
}

int fake_proc_pidpath(int pid, void *out, uint32_t size)
{
    size_t at = 0;
    const struct machine_process *p = process_of(pid, &at);

    if (fake_fails(APPLE_ROW_proc_pidpath) || p == NULL)
        return 0;
    return snprintf(out, size, "/usr/bin/%s", p->name);
}

int fake_proc_pid_rusage(int pid, int flavor, void *out)
{
    size_t at = 0;
    const struct machine_process *p = process_of(pid, &at);
    const struct truth_process *v = &fake_machine_truth.processes[at];
    struct apple_rusage usage = {.phys_footprint = p != NULL ? p->rss_b : 0};

    if (fake_fails(APPLE_ROW_proc_pid_rusage) || p == NULL ||
        p->user != fake_machine_truth.machine->user) {
        errno = EPERM;
        return -1;
    }
    if (flavor != APPLE_RUSAGE_V4 && (flavor != APPLE_RUSAGE_V6 || fake_quirks.old_rusage)) {
        errno = EINVAL;
        return -1;
    }
    usage.diskio_bytesread = (uint64_t)v->disk_read_b;
    usage.diskio_byteswritten = (uint64_t)v->disk_written_b;
    usage.energy_nj = (uint64_t)v->energy_nj;
    usage.penergy_nj = (uint64_t)(v->energy_nj * 0.9);
    memcpy(out, &usage,
           flavor == APPLE_RUSAGE_V6 ? sizeof usage : offsetof(struct apple_rusage, flags));
    return 0;
}

/* ---- mounts ---- */

int fake_getfsstat(void *out, int size, int flags)
{
    const struct machine *m = fake_machine_truth.machine;
    int n = 0;

    if (fake_fails(APPLE_ROW_getfsstat) || flags != APPLE_MNT_NOWAIT) {
        errno = EIO;
        return -1;
    }
    if (out == NULL)
        return (int)m->n_mounts + 1;
    for (size_t i = 0;
         i <= m->n_mounts && (size_t)(n + 1) * sizeof(struct apple_statfs) <= (size_t)size;
         i++, n++) {
        struct apple_statfs s = {.block_size = 4096, .io_size = 1048576};
        bool is_map = i == m->n_mounts; /* an automounter's map: on no device */
        snprintf(s.mounted_on, sizeof s.mounted_on, "%s", is_map ? "/home" : m->mounts[i].path);
        snprintf(s.mounted_from, sizeof s.mounted_from, "%s",
                 is_map ? "map auto_home" : m->mounts[i].device);
        snprintf(s.type_name, sizeof s.type_name, "%s", is_map ? "autofs" : m->mounts[i].type);
        if (!is_map && m->n_disks > 0) {
            s.blocks = m->disks[0].size_b / 4096;
            s.blocks_free = s.blocks_avail = (uint64_t)((double)s.blocks * (1 - m->mounts[i].used));
        }
        memcpy((char *)out + (size_t)n * sizeof s, &s, sizeof s);
    }
    return n;
}

/* ---- notify, Objective-C ---- */

uint32_t fake_notify_register_check(const char *name, int *token)
{
    if (fake_fails(APPLE_ROW_notify_register_check) ||
        strcmp(name, "com.apple.system.thermalpressurelevel") != 0)
        return 1;
    fake_others++;
    *token = 17;
    return 0;
}

uint32_t fake_notify_get_state(int token, uint64_t *state)
{
    if (fake_fails(APPLE_ROW_notify_get_state) || token != 17)
        return 2;
    *state = fake_machine_truth.load.pressure;
    return 0;
}

uint32_t fake_notify_cancel(int token)
{
    fake_count(APPLE_ROW_notify_cancel);
    if (token != 17)
        fake_broken("notify_cancel of a token that was not given");
    fake_others--;
    return 0;
}

static char process_info_class, process_info, selectors[2];

void *fake_objc_getClass(const char *name)
{
    return !fake_fails(APPLE_ROW_objc_getClass) && strcmp(name, "NSProcessInfo") == 0
               ? &process_info_class
               : NULL;
}

void *fake_sel_registerName(const char *name)
{
    fake_count(APPLE_ROW_sel_registerName);
    return &selectors[strcmp(name, "thermalState") == 0];
}

void *fake_objc_autoreleasePoolPush(void)
{
    fake_count(APPLE_ROW_objc_autoreleasePoolPush);
    fake_others++;
    return selectors;
}

void fake_objc_autoreleasePoolPop(void *pool)
{
    fake_count(APPLE_ROW_objc_autoreleasePoolPop);
    if (pool != selectors)
        fake_broken("objc_autoreleasePoolPop of a pool that was not pushed");
    fake_others--;
}

/* Fair covers moderate and heavy pressure (reported). */
intptr_t fake_objc_msgSend(void *self, void *selector)
{
    static const intptr_t states[] = {0, 1, 1, 2, 3};

    if (fake_fails(APPLE_ROW_objc_msgSend))
        return 0;
    if (self == &process_info_class && selector == &selectors[0])
        return (intptr_t)&process_info;
    if (self != &process_info || selector != &selectors[1])
        fake_broken("objc_msgSend of something unknown");
    return states[fake_machine_truth.load.pressure < 5 ? fake_machine_truth.load.pressure : 4];
}
