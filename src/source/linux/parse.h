/* SPDX-License-Identifier: MIT */
/* Pure parsers of the text files that have more than one number a line: /proc/PID/stat, /proc/net/dev, /proc/diskstats,
 * /proc/self/mountinfo, uevent files, DRM fdinfo, /etc/passwd, cgroup files. No I/O, no allocation. Facts: the kernel's
 * Documentation/filesystems/proc.rst, admin-guide/iostats.rst, ABI/testing/sysfs-class-power, gpu/drm-usage-stats.rst
 * (all documented). Text ends with a zero byte at text[n]; what is parsed stays in the file's own unit. */
#ifndef SOURCE_LINUX_PARSE_H
#define SOURCE_LINUX_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of the text being parsed. */
struct span {
    const char *at;
    size_t n;
};

/* /proc/PID/stat. The name stands in parentheses and may hold anything, also ") S 1" and newlines; what follows it
 * never holds a parenthesis, so it ends at the last one. */
struct pid_stat {
    uint64_t pid, ppid, flags, utime, stime, threads, start;
    uint64_t children; /* cutime and cstime: of children that ended and were waited for */
    uint64_t rss_pages;
    int64_t exit_signal; /* -1 for a thread that does not lead its group */
    struct span name;
    char state;
};
bool parse_pid_stat(const char *text, size_t n, struct pid_stat *out);

/* /proc/PID/io: bytes the process made disks read and write (task_io_accounting, documented in proc.rst). What it wrote
 * and then took back before it reached a disk stays counted. False unless both are there. */
struct pid_io {
    uint64_t read_b, written_b;
};
bool parse_pid_io(const char *text, struct pid_io *out);

/* One "Name: value" line of meminfo and /proc/PID/io, "name value" of vmstat and memory.stat: moves *at behind it.
 * False at the end of the text; lines of another shape are passed over. */
bool parse_pair(const char **at, struct span *name, uint64_t *value);

/* One interface of /proc/net/dev. */
struct net_dev {
    struct span name;
    uint64_t rx_bytes, rx_packets, rx_errors, tx_bytes, tx_packets, tx_errors;
};
bool parse_net_dev(const char **at, struct net_dev *out);

/* One line of /proc/diskstats: sectors are 512 bytes, whatever the disk's own are; ticks are milliseconds. */
struct disk_stat {
    struct span name;
    uint64_t major, minor, reads, read_sectors, writes, written_sectors, busy_ms;
};
bool parse_disk_stat(const char **at, struct disk_stat *out);

/* One mount. Names are as they stand in the file, with octal escapes. */
struct mount {
    uint64_t id, parent, major, minor;
    struct span root, point, type, device;
};
bool parse_mount(const char **at, struct mount *out);
/* Undo octal escapes (\040 for a blank) into out, ended by a zero and cut to fit; returns the length. */
size_t parse_unescape(char *out, size_t size, struct span s);

/* One KEY=value line of a uevent file. */
bool parse_uevent(const char **at, struct span *key, struct span *value);

/* What a DRM file descriptor's fdinfo says. Engine time is summed over engines; so is memory over regions, of which the
 * newest wording a driver uses counts (drm-resident-, drm-memory-, drm-total-). */
struct drm_client {
    bool is_drm;     /* there was a drm-driver or drm-client-id line */
    bool has_id;
    uint64_t id;     /* drm-client-id: the same behind every copy of the descriptor */
    struct span driver, device; /* drm-driver, drm-pdev */
    uint64_t busy_ns;
    bool has_busy;
    uint64_t cycles;            /* xe counts busy time in cycles of a clock, which it also gives */
    uint64_t clock;
    bool has_cycles;            /* both */
    uint64_t memory_b;
    bool has_memory;
};
void parse_drm_fdinfo(const char *text, struct drm_client *out);

/* One line of /etc/passwd. */
bool parse_passwd(const char **at, struct span *name, uint64_t *uid);

/* The path of a cgroup hierarchy in /proc/self/cgroup: that of cgroup v2 ("0::/path") for controller NULL, else of
 * the v1 hierarchy that has the controller. False: none. */
bool parse_cgroup_path(const char *text, const char *controller, struct span *path);

/* True when s is exactly this text. */
bool span_is(struct span s, const char *text);

#endif
