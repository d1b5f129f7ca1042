/* SPDX-License-Identifier: MIT */
/* A machine description: one readable text of machines/ as a struct.
 *
 * Used by the simulator and by the tests' fake of Apple's libraries, by nothing else: what a real machine has is asked,
 * never looked up. machines/README.md is the manual of the format. All texts are borrowed from the machine's own
 * pool of memory and live as long as it. */
#ifndef SOURCE_SIM_MACHINE_H
#define SOURCE_SIM_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <actop/types.h>

/* Whose activity a rail, an agent or a sensor follows. */
enum machine_domain_kind {
    DOMAIN_NONE,
    DOMAIN_CPU,     /* all cores, or those of one die */
    DOMAIN_CLUSTER, /* one cluster */
    DOMAIN_CORE,    /* one core of it */
    DOMAIN_FABRIC,  /* a cluster's fabric */
    DOMAIN_GPU,
    DOMAIN_GPU_SRAM,
    DOMAIN_ANE,
    DOMAIN_DRAM,
    DOMAIN_OTHER, /* steady watts, or whoever else reads memory */
    DOMAIN_TOTAL, /* all traffic; the whole machine */
    DOMAIN_ADAPTER,
    DOMAIN_BATTERY,
};

struct machine_domain {
    enum machine_domain_kind kind;
    int die;        /* -1: all */
    int cluster;    /* row in clusters, -1: none */
    int core;       /* within the cluster */
    unsigned parts; /* an Nth of it; at least 1 */
    double watts;   /* of DOMAIN_OTHER */
};

struct machine_level {
    const char *name; /* "" on macOS 12 */
    uint64_t cores, per_l2, l2_b;
};

struct machine_cluster {
    const char *name, *type, *provenance;
    const char *complex_channel, *fabric_channel, *core_channel; /* "" is none; {core} in the last */
    const char *rail, *core_rail, *fabric_rail;
    unsigned level, die, cores, table, first_cpu;
    unsigned states; /* of IOReport, without IDLE and DOWN */
    bool has_down;
    double idle_w, busy_w; /* of one core */
};

struct machine_table {
    unsigned number;
    bool khz, sram, period;
    unsigned n;
    double mhz[48];
    uint32_t mv[48];
    const char *provenance;
};

/* One IOReport channel, patterns expanded. */
enum machine_channel_kind {
    CHANNEL_ENERGY,
    CHANNEL_STEP, /* a DTL step: listed, stands still */
    CHANNEL_CORE,
    CHANNEL_COMPLEX,
    CHANNEL_FABRIC,
    CHANNEL_VOLTAGE,
    CHANNEL_GPU,
    CHANNEL_READ, /* bytes */
    CHANNEL_WRITE,
    CHANNEL_HISTOGRAM, /* residency at a bandwidth */
    CHANNEL_OTHER,     /* states that rest in the first one */
    CHANNEL_ANE,       /* counts while the Neural Engine works */
};

struct machine_channel {
    const char *group, *subgroup, *name, *unit;
    uint64_t id; /* the name's first eight bytes, as real ids often are */
    enum machine_channel_kind kind;
    bool refused; /* its group lists and cannot be subscribed to */
    struct machine_domain domain;
    int direction;        /* histograms: 1 read, 2 write, 3 both */
    double step_gb;       /* histograms */
    double joules;        /* energy: one unit of it in joules */
    unsigned publication; /* energy: row in publications */
    unsigned n_states;    /* 0: a simple channel */
    const char **states;
};

/* How often counters of one unit are published, in turn; all of a kind at once. */
struct machine_publication {
    const char *group, *unit;
    unsigned n;
    int64_t period_ns[4];
};

struct machine_smc_key {
    char key[5], type[5];
    double idle;
    struct machine_domain domain; /* temperature or power of; NONE: constant */
    bool is_power;
};

struct machine_hid {
    const char *product;
    double idle;
};
struct machine_fan {
    double min_rpm, max_rpm;
};
struct machine_pair {
    const char *key;
    int64_t value;
    const char *text;
};
struct machine_disk {
    const char *name, *media;
    uint64_t size_b, read_bps, write_bps;
};
struct machine_apfs {
    const char *name, *volume;
    double share;
};
struct machine_mount {
    const char *path, *device, *type;
    double used;
};
struct machine_interface {
    const char *name;
    unsigned type;
    uint64_t baud, receive_bps, send_bps;
};
struct machine_process {
    const char *name;
    uint32_t pid, user, threads;
    double cpu, gpu;
    uint64_t rss_b;
};

struct machine {
    const char *name, *title, *brand, *model, *target, *os_version, *os_build, *body, *provenance;
    uint64_t memory_b, cpus;
    int64_t cpu_family, cpu_subfamily;
    bool is_virtual;
    uint32_t user; /* whose session it is */
    double base_w;
    struct {
        const char *class_name, *channel, *provenance;
        unsigned cores, die_cores, table, states;
        double idle_w, busy_w;
    } gpu;
    struct {
        const char *service, *provenance;
        uint64_t keys;
    } smc;
    bool battery_telemetry;
    unsigned n_dies;
    struct {
        unsigned table, cluster;
    } acc_clusters[8];
    unsigned n_acc_clusters;

#define MACHINE_LIST(type, name)                                                                   \
    struct type *name;                                                                             \
    size_t n_##name, cap_##name
    MACHINE_LIST(machine_level, levels);
    MACHINE_LIST(machine_cluster, clusters);
    MACHINE_LIST(machine_table, tables);
    MACHINE_LIST(machine_channel, channels);
    MACHINE_LIST(machine_publication, publications);
    MACHINE_LIST(machine_smc_key, smc_keys);
    MACHINE_LIST(machine_hid, hid);
    MACHINE_LIST(machine_fan, fans);
    MACHINE_LIST(machine_pair, battery);
    MACHINE_LIST(machine_disk, disks);
    MACHINE_LIST(machine_apfs, apfs);
    MACHINE_LIST(machine_mount, mounts);
    MACHINE_LIST(machine_interface, interfaces);
    MACHINE_LIST(machine_process, processes);
#undef MACHINE_LIST
    void **blocks; /* every allocation but the lists */
    size_t n_blocks, cap_blocks;
};

/* Text of machines/NAME.txt, or NULL. Borrowed; n is its length. */
typedef const char *machine_find(void *context, const char *name, size_t *n);

/* Read machines/NAME.txt and what it uses. The caller owns *out (machine_free). E_NOT_FOUND: no such name;
 * E_FORMAT names the file and line. */
actop_status machine_load(struct machine **out, const char *name, machine_find *find, void *context,
                          actop_error *err);
void machine_free(struct machine *m); /* accepts NULL */

/* The table a cluster or the GPU is clocked by; NULL when the description has none. */
const struct machine_table *machine_table_of(const struct machine *m, unsigned number);

/* One pair of a voltage-states blob as the registry has it: frequency in the table's own unit modulo 2^32. */
void machine_table_pair(const struct machine_table *t, unsigned i, bool as_period, uint8_t out[8]);

/* A machine_find that reads DIRECTORY/NAME.txt: context is a struct machine_directory. Keeps the texts it read. */
struct machine_directory {
    const char *path;
    char *texts[4]; /* owned */
    unsigned n;
};
const char *machine_find_file(void *directory, const char *name, size_t *n);
void machine_directory_release(struct machine_directory *d);

#endif
