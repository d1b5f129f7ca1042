/* SPDX-License-Identifier: MIT */
/* Every call the probe makes into Apple's libraries, as one list.
 *
 * From APPLE_API_MAP come the table of pointers the probe calls through, the loader that fills it, the tests' fake that
 * fills it instead, and the names in error messages. A row that is not found stays NULL: who needs it says so with
 * apple_api_need() and goes without, by name. Prototypes are documented (macOS SDK) for CoreFoundation, IOKit and
 * libSystem; reported (open tools agree) for IOReport and the HID event system, which have no public header.
 *
 * Words: a *row* is one call or one data symbol; a *library* is a file they are looked for in. */
#ifndef ACTOP_APPLE_API_H
#define ACTOP_APPLE_API_H

#include "source/apple/apple_types.h"

#include <stdbool.h>

/* X(id, path). The paths are the real ones; below a prefix the file may also end in .so or in nothing. */
#define APPLE_LIB_MAP(X)                                                                           \
    X(CORE, "/System/Library/Frameworks/CoreFoundation.framework/CoreFoundation")                  \
    X(FOUNDATION, "/System/Library/Frameworks/Foundation.framework/Foundation")                    \
    X(IOKIT, "/System/Library/Frameworks/IOKit.framework/IOKit")                                   \
    X(IOREPORT, "/usr/lib/libIOReport.dylib")                                                      \
    X(OBJC, "/usr/lib/libobjc.A.dylib")                                                            \
    X(SYSTEM, "/usr/lib/libSystem.B.dylib")

/* X(library, return type, name, arguments). Ownership is in the name: Create and Copy give, Get lends. */
#define APPLE_CORE_MAP(X)                                                                          \
    X(CORE, void, CFRelease, (apple_cf))                                                           \
    X(CORE, apple_typeid, CFGetTypeID, (apple_cf))                                                 \
    X(CORE, apple_typeid, CFStringGetTypeID, (void))                                               \
    X(CORE, apple_typeid, CFNumberGetTypeID, (void))                                               \
    X(CORE, apple_typeid, CFBooleanGetTypeID, (void))                                              \
    X(CORE, apple_typeid, CFDataGetTypeID, (void))                                                 \
    X(CORE, apple_typeid, CFArrayGetTypeID, (void))                                                \
    X(CORE, apple_typeid, CFDictionaryGetTypeID, (void))                                           \
    X(CORE, apple_cf, CFStringCreateWithCString, (apple_cf, const char *, uint32_t))               \
    X(CORE, uint8_t, CFStringGetCString, (apple_cf, char *, apple_index, uint32_t))                \
    X(CORE, apple_cf, CFNumberCreate, (apple_cf, apple_index, const void *))                       \
    X(CORE, uint8_t, CFNumberGetValue, (apple_cf, apple_index, void *))                            \
    X(CORE, uint8_t, CFBooleanGetValue, (apple_cf))                                                \
    X(CORE, const uint8_t *, CFDataGetBytePtr, (apple_cf))                                         \
    X(CORE, apple_index, CFDataGetLength, (apple_cf))                                              \
    X(CORE, apple_index, CFArrayGetCount, (apple_cf))                                              \
    X(CORE, apple_cf, CFArrayGetValueAtIndex, (apple_cf, apple_index))                             \
    X(CORE, apple_cf, CFArrayCreateMutable, (apple_cf, apple_index, const void *))                 \
    X(CORE, void, CFArrayAppendValue, (apple_cf, apple_cf))                                        \
    X(CORE, apple_index, CFDictionaryGetCount, (apple_cf))                                         \
    X(CORE, apple_cf, CFDictionaryGetValue, (apple_cf, apple_cf))                                  \
    X(CORE, apple_cf, CFDictionaryCreateMutable,                                                   \
      (apple_cf, apple_index, const void *, const void *))                                         \
    X(CORE, apple_cf, CFDictionaryCreateMutableCopy, (apple_cf, apple_index, apple_cf))            \
    X(CORE, void, CFDictionarySetValue, (apple_cf, apple_cf, apple_cf))

#define APPLE_IOKIT_MAP(X)                                                                         \
    X(IOKIT, apple_cf, IOServiceMatching, (const char *))                                          \
    X(IOKIT, apple_kern, IOServiceGetMatchingServices, (apple_port, apple_cf, apple_port *))       \
    X(IOKIT, apple_port, IOIteratorNext, (apple_port))                                             \
    X(IOKIT, apple_kern, IOObjectRelease, (apple_port))                                            \
    X(IOKIT, apple_kern, IOObjectGetClass, (apple_port, char *))                                   \
    X(IOKIT, apple_port, IORegistryEntryFromPath, (apple_port, const char *))                      \
    X(IOKIT, apple_kern, IORegistryEntryGetName, (apple_port, char *))                             \
    X(IOKIT, apple_kern, IORegistryEntryGetRegistryEntryID, (apple_port, uint64_t *))              \
    X(IOKIT, apple_cf, IORegistryEntryCreateCFProperty,                                            \
      (apple_port, apple_cf, apple_cf, uint32_t))                                                  \
    X(IOKIT, apple_kern, IORegistryEntryCreateCFProperties, (apple_port, apple_cf *, apple_cf, uint32_t)) \
    X(IOKIT, apple_cf, IORegistryEntrySearchCFProperty, (apple_port, const char *, apple_cf, apple_cf, uint32_t)) \
    X(IOKIT, apple_kern, IORegistryEntryGetChildIterator,                                          \
      (apple_port, const char *, apple_port *))                                                    \
    X(IOKIT, apple_kern, IOServiceOpen, (apple_port, apple_port, uint32_t, apple_port *))          \
    X(IOKIT, apple_kern, IOServiceClose, (apple_port))                                             \
    X(IOKIT, apple_kern, IOConnectCallStructMethod,                                                \
      (apple_port, uint32_t, const void *, size_t, void *, size_t *))                              \
    X(IOKIT, apple_cf, IOHIDEventSystemClientCreate, (apple_cf))                                   \
    X(IOKIT, void, IOHIDEventSystemClientSetMatching, (apple_cf, apple_cf))                        \
    X(IOKIT, apple_cf, IOHIDEventSystemClientCopyServices, (apple_cf))                             \
    X(IOKIT, apple_cf, IOHIDServiceClientCopyProperty, (apple_cf, apple_cf))                       \
    X(IOKIT, apple_cf, IOHIDServiceClientCopyEvent, (apple_cf, uint32_t, apple_cf, uint32_t))      \
    X(IOKIT, double, IOHIDEventGetFloatValue, (apple_cf, uint32_t))

#define APPLE_IOREPORT_MAP(X)                                                                      \
    X(IOREPORT, apple_cf, IOReportCopyAllChannels, (uint64_t, uint64_t))                           \
    X(IOREPORT, apple_cf, IOReportCopyChannelsInGroup,                                             \
      (apple_cf, apple_cf, uint64_t, uint64_t, uint64_t))                                          \
    X(IOREPORT, apple_cf, IOReportCreateSubscription,                                              \
      (const void *, apple_cf, apple_cf *, uint64_t, apple_cf))                                    \
    X(IOREPORT, apple_cf, IOReportCreateSamples, (apple_cf, apple_cf, apple_cf))                   \
    X(IOREPORT, apple_cf, IOReportChannelGetGroup, (apple_cf))                                        \
    X(IOREPORT, apple_cf, IOReportChannelGetSubGroup, (apple_cf))                                  \
    X(IOREPORT, apple_cf, IOReportChannelGetChannelName, (apple_cf))                               \
    X(IOREPORT, apple_cf, IOReportChannelGetUnitLabel, (apple_cf))                                 \
    X(IOREPORT, int32_t, IOReportChannelGetFormat, (apple_cf))                                     \
    X(IOREPORT, int64_t, IOReportSimpleGetIntegerValue, (apple_cf, uint64_t *))                    \
    X(IOREPORT, int32_t, IOReportStateGetCount, (apple_cf))                                        \
    X(IOREPORT, apple_cf, IOReportStateGetNameForIndex, (apple_cf, int32_t))                       \
    X(IOREPORT, int64_t, IOReportStateGetResidency, (apple_cf, int32_t))

#define APPLE_OBJC_MAP(X)                                                                          \
    X(OBJC, void *, objc_getClass, (const char *))                                                 \
    X(OBJC, void *, sel_registerName, (const char *))                                              \
    X(OBJC, void *, objc_autoreleasePoolPush, (void))                                              \
    X(OBJC, void, objc_autoreleasePoolPop, (void *))

#define APPLE_SYSTEM_MAP(X)                                                                        \
    X(SYSTEM, int, sysctl, (int *, unsigned, void *, size_t *, void *, size_t))                    \
    X(SYSTEM, int, sysctlbyname, (const char *, void *, size_t *, void *, size_t))                 \
    X(SYSTEM, int, gettimeofday, (void *, void *))                                                 \
    X(SYSTEM, uint32_t, getuid, (void))                                                            \
    X(SYSTEM, int, getfsstat, (void *, int, int))                                                  \
    X(SYSTEM, uint64_t, mach_absolute_time, (void))                                                \
    X(SYSTEM, uint64_t, mach_continuous_time, (void))                                              \
    X(SYSTEM, apple_kern, mach_timebase_info, (struct apple_timebase *))                           \
    X(SYSTEM, apple_port, mach_host_self, (void))                                                  \
    X(SYSTEM, apple_kern, mach_port_deallocate, (apple_port, apple_port))                          \
    X(SYSTEM, apple_kern, vm_deallocate, (apple_port, uintptr_t, uintptr_t))                       \
    X(SYSTEM, apple_kern, host_statistics64, (apple_port, int, void *, uint32_t *))                \
    X(SYSTEM, apple_kern, host_processor_info,                                                     \
      (apple_port, int, uint32_t *, uint32_t **, uint32_t *))                                      \
    X(SYSTEM, int, proc_listallpids, (void *, int))                                                \
    X(SYSTEM, int, proc_pidinfo, (int, int, uint64_t, void *, int))                                \
    X(SYSTEM, int, proc_pidpath, (int, void *, uint32_t))                                          \
    X(SYSTEM, int, proc_pid_rusage, (int, int, void *))                                            \
    X(SYSTEM, uint32_t, notify_register_check, (const char *, int *))                              \
    X(SYSTEM, uint32_t, notify_get_state, (int, uint64_t *))                                       \
    X(SYSTEM, uint32_t, notify_cancel, (int))

/* Untyped or variadic calls, declared with the one prototype we call them by. Here: a method without arguments that
 * returns a pointer or an NSInteger, which come back in the same register on arm64 and x86-64. */
#define APPLE_UNTYPED_MAP(X) X(OBJC, intptr_t, objc_msgSend, (void *, void *))

/* X(library, type, name): the address of data. The callbacks are used as addresses only. */
#define APPLE_DATA_MAP(X)                                                                          \
    X(CORE, const void, kCFTypeDictionaryKeyCallBacks)                                             \
    X(CORE, const void, kCFTypeDictionaryValueCallBacks)                                           \
    X(CORE, const void, kCFTypeArrayCallBacks)                                                     \
    X(SYSTEM, const apple_port, mach_task_self_)

#define APPLE_API_MAP(X)                                                                           \
    APPLE_CORE_MAP(X)                                                                              \
    APPLE_IOKIT_MAP(X)                                                                             \
    APPLE_IOREPORT_MAP(X)                                                                          \
    APPLE_OBJC_MAP(X)                                                                              \
    APPLE_SYSTEM_MAP(X)                                                                            \
    APPLE_UNTYPED_MAP(X)

enum apple_lib {
#define X(id, path) APPLE_LIB_##id,
    APPLE_LIB_MAP(X)
#undef X
        APPLE_LIB_COUNT
};

/* APPLE_ROW_CFRelease … : a row's number, for apple_api_need() and for tests that take rows away. */
enum apple_row {
#define X(lib, ret, name, args) APPLE_ROW_##name,
    APPLE_API_MAP(X)
#undef X
#define X(lib, type, name) APPLE_ROW_##name,
        APPLE_DATA_MAP(X)
#undef X
            APPLE_ROW_COUNT,
    APPLE_ROW_END = APPLE_ROW_COUNT /* ends a list of needed rows */
};

struct apple_api {
#define X(lib, ret, name, args) ret(*name) args;
    APPLE_API_MAP(X)
#undef X
#define X(lib, type, name) type *name;
    APPLE_DATA_MAP(X)
#undef X
    /* What CoreFoundation's type calls say, asked once by cf_learn_types(): they are constants of a process. */
    struct {
        apple_typeid text, number, boolean, data, array, dictionary;
    } types;
};

/* Finds one symbol; NULL when the library is not there or lacks it. */
typedef void *apple_find(void *context, enum apple_lib lib, const char *name);

/* Fill the table; what is not found is NULL. Returns how many rows were found. */
unsigned apple_api_fill(struct apple_api *api, apple_find *find, void *context);

/* The name of the first row of the list (ended by APPLE_ROW_END) that is missing; NULL when all are there. */
const char *apple_api_need(const struct apple_api *api, const enum apple_row *rows);

const char *apple_row_name(enum apple_row row);
enum apple_lib apple_row_lib(enum apple_row row);
const char *apple_lib_path(enum apple_lib lib);

/* Take one row out of the table, as if the system lacked it. For tests. */
void apple_api_drop(struct apple_api *api, enum apple_row row);

/* The opened libraries. Chosen by the build: on macOS the real ones and root is ignored; elsewhere only files below
 * root, and a symbol counts only if it lies in a file below root (glibc has a sysctl-like name or two of its own). */
struct apple_libs {
    void *handle[APPLE_LIB_COUNT]; /* owned; NULL: not there */
    char root[1024];               /* absolute, no slash at the end; "" on macOS */
};

/* Open what is there. False when not one library is: why is then a sentence in why[] (of size n). */
bool apple_libs_open(struct apple_libs *libs, const char *root, char *why, size_t n);
void *apple_libs_find(void *libs, enum apple_lib lib, const char *name); /* an apple_find */
void apple_libs_close(struct apple_libs *libs);
/* Send a signal to a process of the machine the libraries belong to; an errno, ENOTSUP where that is not this machine. */
int apple_libs_signal(int pid, int signal);

#endif
