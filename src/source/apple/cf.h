/* SPDX-License-Identifier: MIT */
/* CoreFoundation in the few forms the probe needs. Create rule: what cf_string gives is ours to cf_release; Get rule: what
 * cf_in lends belongs to the dictionary. Every function accepts NULL objects and then finds nothing. */
#ifndef SOURCE_APPLE_CF_H
#define SOURCE_APPLE_CF_H

#include "source/apple/apple_api.h"

/* The calls that the functions below make; a part that uses them needs all of these. */
#define CF_ROWS                                                                                     \
    APPLE_ROW_CFRelease, APPLE_ROW_CFGetTypeID, APPLE_ROW_CFStringGetTypeID, APPLE_ROW_CFNumberGetTypeID, \
        APPLE_ROW_CFBooleanGetTypeID, APPLE_ROW_CFDataGetTypeID, APPLE_ROW_CFArrayGetTypeID,        \
        APPLE_ROW_CFDictionaryGetTypeID, APPLE_ROW_CFStringCreateWithCString, APPLE_ROW_CFStringGetCString, \
        APPLE_ROW_CFNumberGetValue, APPLE_ROW_CFBooleanGetValue, APPLE_ROW_CFDataGetBytePtr,        \
        APPLE_ROW_CFDataGetLength, APPLE_ROW_CFArrayGetCount, APPLE_ROW_CFArrayGetValueAtIndex,     \
        APPLE_ROW_CFDictionaryGetValue
/* The calls that walk the registry. */
#define REGISTRY_ROWS                                                                               \
    APPLE_ROW_IOServiceMatching, APPLE_ROW_IOServiceGetMatchingServices, APPLE_ROW_IOIteratorNext,  \
        APPLE_ROW_IOObjectRelease

/* Fill api->types. Before any other call here; where a type call is missing, nothing is of that type. */
void cf_learn_types(struct apple_api *api);

apple_cf cf_string(const struct apple_api *api, const char *text); /* Create; NULL when out of memory */
void cf_release(const struct apple_api *api, apple_cf object);     /* accepts NULL */

/* Value of a key in a dictionary; NULL when it is none or has it not. */
apple_cf cf_in(const struct apple_api *api, apple_cf dictionary, apple_cf key);

/* Text of a string, or of data up to its first zero. False: neither, or longer than n. */
bool cf_text(const struct apple_api *api, apple_cf object, char *out, size_t n);
/* A number or a boolean; or data of at most 8 bytes, little-endian. */
bool cf_i64(const struct apple_api *api, apple_cf object, int64_t *out);
/* Bytes of data, borrowed; NULL when it is none. */
const uint8_t *cf_bytes(const struct apple_api *api, apple_cf object, size_t *n);
apple_index cf_count(const struct apple_api *api, apple_cf array); /* 0 when it is none */

/* Cut the blanks at both ends, in place; returns its new length. */
size_t cf_trim(char *text);

/* An iterator over the services of a class; 0 when there is none. IOObjectRelease it. */
apple_port registry_services(const struct apple_api *api, const char *class_name);
/* A property by a C name. Create rule; NULL when the entry has it not. */
apple_cf registry_property(const struct apple_api *api, apple_port entry, const char *name);

#endif
