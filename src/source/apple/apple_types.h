/* SPDX-License-Identifier: MIT */
/* Apple's types as we declare them ourselves, on every platform.
 *
 * No Apple header is included by the probe, so that the same bytes are compiled on Linux and on a Mac. Objects are
 * opaque; structures repeat the layout of the macOS headers (documented there; apple_api_abi.c asserts every size
 * and offset against those headers in a macOS build). The SMC block (80 bytes) and the IOReport element (64 bytes)
 * have no public header: reported by several open tools, recorded in registry dumps. */
#ifndef ACTOP_APPLE_TYPES_H
#define ACTOP_APPLE_TYPES_H

#include <stddef.h>
#include <stdint.h>

typedef const void *apple_cf;       /* CFTypeRef and every CF…Ref */
typedef uint32_t apple_port;        /* mach_port_t, io_object_t: a name we must give back */
typedef int32_t apple_kern;         /* kern_return_t: 0 is success */
typedef unsigned long apple_typeid; /* CFTypeID */
typedef signed long apple_index;    /* CFIndex */

enum {
    APPLE_CF_UTF8 = 0x08000100,
    APPLE_CF_SINT32 = 3, /* kCFNumberSInt32Type */
    APPLE_CF_SINT64 = 4, /* kCFNumberSInt64Type */
    APPLE_CF_DOUBLE = 6, /* kCFNumberFloat64Type */
};

enum { /* IOReport formats */
       APPLE_IOREPORT_SIMPLE = 1,
       APPLE_IOREPORT_STATE = 2,
       APPLE_IOREPORT_HISTOGRAM = 3,
       APPLE_IOREPORT_ARRAY = 4,
};

/* One raw element of a channel, as libIOReport keeps it under "RawElements". Reported: IOReportTypes.h as published
 * by several tools, and macmon's issue 76 for the place of the time stamp. */
struct apple_ioreport_element {
    uint64_t provider_id;
    uint64_t channel_id;
    uint8_t format;
    uint8_t reserved;
    uint16_t categories;
    uint16_t elements;
    int16_t element_index;
    uint64_t stamp_ticks; /* mach_absolute_time of the publication */
    uint64_t v[4];        /* state: id, transitions in, residency, last in; simple: v[0] */
};

/* The SMC user client's call block, selector 2 both ways. Reported: all open SMC readers agree. */
struct apple_smc_block {
    uint32_t key;
    struct {
        uint8_t major, minor, build, reserved;
        uint16_t release;
    } version;
    uint16_t pad0;
    struct {
        uint16_t version, length;
        uint32_t cpu, gpu, memory;
    } limit;
    struct {
        uint32_t size;
        uint32_t type;
        uint8_t attributes;
        uint8_t pad[3];
    } info;
    uint8_t result;
    uint8_t status;
    uint8_t command;
    uint8_t pad1;
    uint32_t index;
    uint8_t bytes[32];
};

enum {
    APPLE_SMC_SELECTOR = 2,
    APPLE_SMC_READ = 5,
    APPLE_SMC_KEY_AT = 8,
    APPLE_SMC_KEY_INFO = 9,
    APPLE_SMC_NOT_FOUND = 0x84,
};

struct apple_timebase {
    uint32_t numer, denom;
};

struct apple_timeval {
    int64_t seconds;
    int32_t microseconds;
    int32_t pad;
};

/* vm_statistics64 up to revision 1 (38 words): what HOST_VM_INFO64 has given since macOS 10.9. */
struct apple_vm_statistics {
    uint32_t free, active, inactive, wire;
    uint64_t zero_fill, reactivations, pageins, pageouts, faults, cow_faults, lookups, hits, purges;
    uint32_t purgeable, speculative;
    uint64_t decompressions, compressions, swapins, swapouts;
    uint32_t compressor, throttled, external, internal;
    uint64_t uncompressed;
};

enum {
    APPLE_HOST_VM_INFO64 = 4,
    APPLE_PROCESSOR_CPU_LOAD_INFO = 2,
    APPLE_CPU_STATES = 4, /* user, system, idle, nice: this order */
};

struct apple_swap_usage {
    uint64_t total, avail, used;
    uint32_t page_size;
    int32_t encrypted;
};

struct apple_loadavg {
    uint32_t average[3];
    uint32_t pad;
    int64_t scale;
};

enum {
    APPLE_PROC_LISTFDS = 1, /* an array of proc_fdinfo, as many as there are */
    APPLE_PROC_TASKALLINFO = 2,
    APPLE_PROC_SHORTBSDINFO = 13,
    APPLE_PROC_PATH_MAX = 4096,
    APPLE_RUSAGE_V4 = 4,
    APPLE_RUSAGE_V6 = 6,
};

struct apple_proc_bsdinfo {
    uint32_t flags, status, xstatus, pid, ppid, uid, gid, ruid, rgid, svuid, svgid, reserved;
    char comm[16];
    char name[32];
    uint32_t nfiles, pgid, pjobc, tdev, tpgid;
    int32_t nice;
    uint64_t start_s, start_us;
};

struct apple_proc_taskinfo {
    uint64_t virtual_size, resident_size, total_user, total_system, threads_user, threads_system;
    int32_t policy, faults, pageins, cow_faults, messages_sent, messages_received;
    int32_t syscalls_mach, syscalls_unix, csw, threads, running, priority;
};

struct apple_proc_taskallinfo {
    struct apple_proc_bsdinfo bsd;
    struct apple_proc_taskinfo task;
};

struct apple_proc_shortinfo {
    uint32_t pid, ppid, pgid, status;
    char comm[16];
    uint32_t flags, uid, gid, ruid, rgid, svuid, svgid, reserved;
};

/* proc_fdinfo; names as proc_*. */
struct apple_proc_fdinfo {
    int32_t fd;
    uint32_t fdtype;
};

/* rusage_info_v6 (464 bytes); version 4 is its first 296. Names as ri_*. */
struct apple_rusage {
    uint8_t uuid[16];
    uint64_t user_time, system_time, pkg_idle_wkups, interrupt_wkups, pageins, wired_size,
        resident_size;
    uint64_t phys_footprint, proc_start_abstime, proc_exit_abstime;
    uint64_t child_user_time, child_system_time, child_pkg_idle_wkups, child_interrupt_wkups,
        child_pageins;
    uint64_t child_elapsed_abstime, diskio_bytesread, diskio_byteswritten;
    uint64_t qos_default, qos_maintenance, qos_background, qos_utility, qos_legacy,
        qos_user_initiated;
    uint64_t qos_user_interactive, billed_system_time, serviced_system_time, logical_writes;
    uint64_t lifetime_max_phys_footprint, instructions, cycles, billed_energy, serviced_energy;
    uint64_t interval_max_phys_footprint, runnable_time;
    uint64_t flags, user_ptime, system_ptime, pinstructions, pcycles, energy_nj, penergy_nj;
    uint64_t secure_time_in_system, secure_ptime_in_system;
    uint64_t neural_footprint, lifetime_max_neural_footprint, interval_max_neural_footprint;
    uint64_t reserved[9];
};

enum { /* sysctl names */
       APPLE_CTL_KERN = 1,
       APPLE_KERN_PROCARGS2 = 49,
       APPLE_CTL_NET = 4,
       APPLE_PF_ROUTE = 17,
       APPLE_NET_RT_IFLIST2 = 6,
       APPLE_RTM_IFINFO2 = 0x12,
       APPLE_AF_LINK = 18,
};

/* if_msghdr2 with its if_data64, laid out with 4-byte alignment as the kernel writes it. */
#pragma pack(push, 4)
struct apple_if_data64 {
    uint8_t type, typelen, physical, addrlen, hdrlen, recvquota, xmitquota, unused;
    uint32_t mtu, metric;
    uint64_t baudrate, ipackets, ierrors, opackets, oerrors, collisions, ibytes, obytes;
    uint64_t imcasts, omcasts, iqdrops, noproto;
    uint32_t recvtiming, xmittiming;
    int32_t lastchange_s, lastchange_us;
};

struct apple_if_message {
    uint16_t length;
    uint8_t version, type;
    int32_t addrs, flags;
    uint16_t index;
    uint16_t pad;
    int32_t snd_len, snd_maxlen, snd_drops, timer;
    struct apple_if_data64 data;
};
#pragma pack(pop)

struct apple_sockaddr_dl {
    uint8_t length, family;
    uint16_t index;
    uint8_t type, name_length, address_length, selector_length;
    char data[12]; /* name first, not terminated; may be longer */
};

struct apple_statfs {
    uint32_t block_size;
    int32_t io_size;
    uint64_t blocks, blocks_free, blocks_avail, files, files_free;
    int32_t fsid[2];
    uint32_t owner, type, flags, subtype;
    char type_name[16];
    char mounted_on[1024];
    char mounted_from[1024];
    uint32_t flags_ext, reserved[7];
};

enum { APPLE_MNT_NOWAIT = 2 };

enum { /* HID temperature services: usage page, usage, event */
       APPLE_HID_PAGE_VENDOR = 0xff00,
       APPLE_HID_USAGE_TEMPERATURE = 5,
       APPLE_HID_EVENT_TEMPERATURE = 15,
};

#endif
