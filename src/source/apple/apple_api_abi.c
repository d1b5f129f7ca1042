/* SPDX-License-Identifier: MIT */
/* Our declarations of Apple's structures against the sizes they must have, and, in a macOS build, against the headers.
 * Nothing here runs. ACTOP_APPLE_HEADERS is set by the build for macOS targets. */
#include "source/apple/apple_types.h"

#define SIZE(type, n) _Static_assert(sizeof(type) == (n), #type)
#define AT(type, member, n) _Static_assert(offsetof(type, member) == (n), #type "." #member)

SIZE(struct apple_ioreport_element, 64);
AT(struct apple_ioreport_element, stamp_ticks, 24);
AT(struct apple_ioreport_element, v, 32);
SIZE(struct apple_smc_block, 80);
AT(struct apple_smc_block, limit, 12);
AT(struct apple_smc_block, info, 28);
AT(struct apple_smc_block, result, 40);
AT(struct apple_smc_block, command, 42);
AT(struct apple_smc_block, index, 44);
AT(struct apple_smc_block, bytes, 48);
SIZE(struct apple_vm_statistics, 152);
SIZE(struct apple_swap_usage, 32);
SIZE(struct apple_proc_bsdinfo, 136);
SIZE(struct apple_proc_taskinfo, 96);
SIZE(struct apple_proc_taskallinfo, 232);
AT(struct apple_proc_taskallinfo, task, 136);
SIZE(struct apple_proc_shortinfo, 64);
SIZE(struct apple_proc_fdinfo, 8);
SIZE(struct apple_rusage, 464);
SIZE(struct apple_if_data64, 128);
SIZE(struct apple_if_message, 160);
AT(struct apple_if_message, data, 32);
SIZE(struct apple_statfs, 2168);
SIZE(struct apple_timeval, 16);

#ifdef ACTOP_APPLE_HEADERS
#include <libproc.h>
#include <mach/host_info.h>
#include <mach/mach_time.h>
#include <mach/processor_info.h>
#include <mach/vm_statistics.h>
#include <net/if.h>
#include <net/if_dl.h>
#include <net/if_var.h>
#include <net/route.h>
#include <sys/mount.h>
#include <sys/proc_info.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/sysctl.h>
#include <sys/time.h>

#define SAME_SIZE(ours, theirs) _Static_assert(sizeof(ours) == sizeof(theirs), #ours)
#define SAME(ours, a, theirs, b)                                                                   \
    _Static_assert(offsetof(ours, a) == offsetof(theirs, b) &&                                     \
                       sizeof(((ours *)0)->a) == sizeof(((theirs *)0)->b),                         \
                   #ours "." #a)

SAME_SIZE(struct apple_timebase, mach_timebase_info_data_t);
SAME(struct apple_timebase, numer, mach_timebase_info_data_t, numer);
SAME(struct apple_timebase, denom, mach_timebase_info_data_t, denom);
SAME_SIZE(struct apple_timeval, struct timeval);
SAME(struct apple_timeval, seconds, struct timeval, tv_sec);
SAME(struct apple_timeval, microseconds, struct timeval, tv_usec);

SAME(struct apple_vm_statistics, free, struct vm_statistics64, free_count);
SAME(struct apple_vm_statistics, active, struct vm_statistics64, active_count);
SAME(struct apple_vm_statistics, inactive, struct vm_statistics64, inactive_count);
SAME(struct apple_vm_statistics, zero_fill, struct vm_statistics64, zero_fill_count);
SAME(struct apple_vm_statistics, wire, struct vm_statistics64, wire_count);
SAME(struct apple_vm_statistics, pageins, struct vm_statistics64, pageins);
SAME(struct apple_vm_statistics, pageouts, struct vm_statistics64, pageouts);
SAME(struct apple_vm_statistics, faults, struct vm_statistics64, faults);
SAME(struct apple_vm_statistics, purgeable, struct vm_statistics64, purgeable_count);
SAME(struct apple_vm_statistics, speculative, struct vm_statistics64, speculative_count);
SAME(struct apple_vm_statistics, decompressions, struct vm_statistics64, decompressions);
SAME(struct apple_vm_statistics, compressions, struct vm_statistics64, compressions);
SAME(struct apple_vm_statistics, swapins, struct vm_statistics64, swapins);
SAME(struct apple_vm_statistics, swapouts, struct vm_statistics64, swapouts);
SAME(struct apple_vm_statistics, compressor, struct vm_statistics64, compressor_page_count);
SAME(struct apple_vm_statistics, throttled, struct vm_statistics64, throttled_count);
SAME(struct apple_vm_statistics, external, struct vm_statistics64, external_page_count);
SAME(struct apple_vm_statistics, internal, struct vm_statistics64, internal_page_count);
SAME(struct apple_vm_statistics, uncompressed, struct vm_statistics64,
     total_uncompressed_pages_in_compressor);
_Static_assert(HOST_VM_INFO64 == APPLE_HOST_VM_INFO64, "HOST_VM_INFO64");
_Static_assert(PROCESSOR_CPU_LOAD_INFO == APPLE_PROCESSOR_CPU_LOAD_INFO, "PROCESSOR_CPU_LOAD_INFO");
_Static_assert(CPU_STATE_MAX == APPLE_CPU_STATES && CPU_STATE_USER == 0 && CPU_STATE_SYSTEM == 1 &&
                   CPU_STATE_IDLE == 2 && CPU_STATE_NICE == 3,
               "CPU_STATE_*");

SAME_SIZE(struct apple_swap_usage, struct xsw_usage);
SAME(struct apple_swap_usage, total, struct xsw_usage, xsu_total);
SAME(struct apple_swap_usage, avail, struct xsw_usage, xsu_avail);
SAME(struct apple_swap_usage, used, struct xsw_usage, xsu_used);
SAME_SIZE(struct apple_loadavg, struct loadavg);
SAME(struct apple_loadavg, average, struct loadavg, ldavg);
SAME(struct apple_loadavg, scale, struct loadavg, fscale);

SAME_SIZE(struct apple_proc_taskallinfo, struct proc_taskallinfo);
SAME(struct apple_proc_taskallinfo, bsd, struct proc_taskallinfo, pbsd);
SAME(struct apple_proc_taskallinfo, task, struct proc_taskallinfo, ptinfo);
SAME(struct apple_proc_bsdinfo, pid, struct proc_bsdinfo, pbi_pid);
SAME(struct apple_proc_bsdinfo, ppid, struct proc_bsdinfo, pbi_ppid);
SAME(struct apple_proc_bsdinfo, uid, struct proc_bsdinfo, pbi_uid);
SAME(struct apple_proc_bsdinfo, comm, struct proc_bsdinfo, pbi_comm);
SAME(struct apple_proc_bsdinfo, name, struct proc_bsdinfo, pbi_name);
SAME(struct apple_proc_bsdinfo, start_s, struct proc_bsdinfo, pbi_start_tvsec);
SAME(struct apple_proc_bsdinfo, start_us, struct proc_bsdinfo, pbi_start_tvusec);
SAME(struct apple_proc_taskinfo, virtual_size, struct proc_taskinfo, pti_virtual_size);
SAME(struct apple_proc_taskinfo, total_user, struct proc_taskinfo, pti_total_user);
SAME(struct apple_proc_taskinfo, resident_size, struct proc_taskinfo, pti_resident_size);
SAME(struct apple_proc_taskinfo, total_system, struct proc_taskinfo, pti_total_system);
SAME(struct apple_proc_taskinfo, threads, struct proc_taskinfo, pti_threadnum);
SAME_SIZE(struct apple_proc_fdinfo, struct proc_fdinfo);
SAME_SIZE(struct apple_proc_shortinfo, struct proc_bsdshortinfo);
SAME(struct apple_proc_shortinfo, pid, struct proc_bsdshortinfo, pbsi_pid);
SAME(struct apple_proc_shortinfo, ppid, struct proc_bsdshortinfo, pbsi_ppid);
SAME(struct apple_proc_shortinfo, comm, struct proc_bsdshortinfo, pbsi_comm);
SAME(struct apple_proc_shortinfo, uid, struct proc_bsdshortinfo, pbsi_uid);
_Static_assert(PROC_PIDTASKALLINFO == APPLE_PROC_TASKALLINFO, "PROC_PIDTASKALLINFO");
_Static_assert(PROC_PIDT_SHORTBSDINFO == APPLE_PROC_SHORTBSDINFO, "PROC_PIDT_SHORTBSDINFO");
_Static_assert(PROC_PIDPATHINFO_MAXSIZE == APPLE_PROC_PATH_MAX, "PROC_PIDPATHINFO_MAXSIZE");

SAME_SIZE(struct apple_rusage, struct rusage_info_v6);
SAME(struct apple_rusage, phys_footprint, struct rusage_info_v6, ri_phys_footprint);
SAME(struct apple_rusage, diskio_bytesread, struct rusage_info_v6, ri_diskio_bytesread);
SAME(struct apple_rusage, diskio_byteswritten, struct rusage_info_v6, ri_diskio_byteswritten);
SAME(struct apple_rusage, billed_energy, struct rusage_info_v6, ri_billed_energy);
SAME(struct apple_rusage, energy_nj, struct rusage_info_v6, ri_energy_nj);
SAME(struct apple_rusage, penergy_nj, struct rusage_info_v6, ri_penergy_nj);
SAME(struct apple_rusage, neural_footprint, struct rusage_info_v6, ri_neural_footprint);
_Static_assert(offsetof(struct apple_rusage, flags) == sizeof(struct rusage_info_v4), "rusage v4");
_Static_assert(RUSAGE_INFO_V4 == APPLE_RUSAGE_V4 && RUSAGE_INFO_V6 == APPLE_RUSAGE_V6, "RUSAGE");

SAME_SIZE(struct apple_if_message, struct if_msghdr2);
SAME(struct apple_if_message, length, struct if_msghdr2, ifm_msglen);
SAME(struct apple_if_message, type, struct if_msghdr2, ifm_type);
SAME(struct apple_if_message, flags, struct if_msghdr2, ifm_flags);
SAME(struct apple_if_message, index, struct if_msghdr2, ifm_index);
SAME(struct apple_if_message, data, struct if_msghdr2, ifm_data);
SAME(struct apple_if_data64, type, struct if_data64, ifi_type);
SAME(struct apple_if_data64, ipackets, struct if_data64, ifi_ipackets);
SAME(struct apple_if_data64, ierrors, struct if_data64, ifi_ierrors);
SAME(struct apple_if_data64, opackets, struct if_data64, ifi_opackets);
SAME(struct apple_if_data64, oerrors, struct if_data64, ifi_oerrors);
SAME(struct apple_if_data64, mtu, struct if_data64, ifi_mtu);
SAME(struct apple_if_data64, baudrate, struct if_data64, ifi_baudrate);
SAME(struct apple_if_data64, ibytes, struct if_data64, ifi_ibytes);
SAME(struct apple_if_data64, obytes, struct if_data64, ifi_obytes);
SAME_SIZE(struct apple_sockaddr_dl, struct sockaddr_dl);
SAME(struct apple_sockaddr_dl, family, struct sockaddr_dl, sdl_family);
SAME(struct apple_sockaddr_dl, name_length, struct sockaddr_dl, sdl_nlen);
SAME(struct apple_sockaddr_dl, data, struct sockaddr_dl, sdl_data);
_Static_assert(CTL_KERN == APPLE_CTL_KERN && KERN_PROCARGS2 == APPLE_KERN_PROCARGS2, "procargs2");
_Static_assert(CTL_NET == APPLE_CTL_NET && PF_ROUTE == APPLE_PF_ROUTE && AF_LINK == APPLE_AF_LINK &&
                   NET_RT_IFLIST2 == APPLE_NET_RT_IFLIST2 && RTM_IFINFO2 == APPLE_RTM_IFINFO2,
               "route");

SAME_SIZE(struct apple_statfs, struct statfs);
SAME(struct apple_statfs, block_size, struct statfs, f_bsize);
SAME(struct apple_statfs, blocks, struct statfs, f_blocks);
SAME(struct apple_statfs, blocks_free, struct statfs, f_bfree);
SAME(struct apple_statfs, blocks_avail, struct statfs, f_bavail);
SAME(struct apple_statfs, type_name, struct statfs, f_fstypename);
SAME(struct apple_statfs, mounted_on, struct statfs, f_mntonname);
SAME(struct apple_statfs, mounted_from, struct statfs, f_mntfromname);
_Static_assert(MNT_NOWAIT == APPLE_MNT_NOWAIT, "MNT_NOWAIT");
#endif
