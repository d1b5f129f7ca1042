/* SPDX-License-Identifier: MIT */
/* See cf.h. */
#include "source/apple/cf.h"

#include <string.h>

enum cf_kind cf_kind(const struct apple_api *api, apple_cf object)
{
    apple_typeid id;

    if (object == NULL)
        return CF_NOTHING;
    id = api->CFGetTypeID(object);
    if (id == api->CFStringGetTypeID())
        return CF_TEXT;
    if (id == api->CFNumberGetTypeID())
        return CF_NUMBER;
    if (id == api->CFDataGetTypeID())
        return CF_DATA;
    if (id == api->CFDictionaryGetTypeID())
        return CF_DICTIONARY;
    if (id == api->CFArrayGetTypeID())
        return CF_ARRAY;
    return id == api->CFBooleanGetTypeID() ? CF_BOOLEAN : CF_OTHER;
}

apple_cf cf_string(const struct apple_api *api, const char *text)
{
    return api->CFStringCreateWithCString(NULL, text, APPLE_CF_UTF8);
}

void cf_release(const struct apple_api *api, apple_cf object)
{
    if (object != NULL)
        api->CFRelease(object);
}

apple_cf cf_in(const struct apple_api *api, apple_cf dictionary, apple_cf key)
{
    if (key == NULL || cf_kind(api, dictionary) != CF_DICTIONARY)
        return NULL;
    return api->CFDictionaryGetValue(dictionary, key);
}

bool cf_text(const struct apple_api *api, apple_cf object, char *out, size_t n)
{
    const uint8_t *bytes;
    size_t length;

    if (cf_kind(api, object) == CF_TEXT)
        return api->CFStringGetCString(object, out, (apple_index)n, APPLE_CF_UTF8) != 0;
    bytes = cf_bytes(api, object, &length);
    if (bytes == NULL)
        return false;
    if (memchr(bytes, '\0', length) != NULL)
        length = strnlen((const char *)bytes, length);
    if (length >= n)
        return false;
    memcpy(out, bytes, length);
    out[length] = '\0';
    return true;
}

bool cf_i64(const struct apple_api *api, apple_cf object, int64_t *out)
{
    enum cf_kind kind = cf_kind(api, object);
    const uint8_t *bytes;
    uint64_t value = 0;
    size_t n;

    if (kind == CF_NUMBER)
        return api->CFNumberGetValue(object, APPLE_CF_SINT64, out) != 0;
    if (kind == CF_BOOLEAN) {
        *out = api->CFBooleanGetValue(object) != 0;
        return true;
    }
    bytes = cf_bytes(api, object, &n);
    if (bytes == NULL || n == 0 || n > 8)
        return false;
    for (size_t i = 0; i < n; i++)
        value |= (uint64_t)bytes[i] << 8 * i;
    *out = (int64_t)value;
    return true;
}

const uint8_t *cf_bytes(const struct apple_api *api, apple_cf object, size_t *n)
{
    apple_index length;

    *n = 0;
    if (cf_kind(api, object) != CF_DATA)
        return NULL;
    length = api->CFDataGetLength(object);
    *n = length > 0 ? (size_t)length : 0;
    return api->CFDataGetBytePtr(object);
}

apple_index cf_count(const struct apple_api *api, apple_cf array)
{
    return cf_kind(api, array) == CF_ARRAY ? api->CFArrayGetCount(array) : 0;
}

size_t cf_trim(char *text)
{
    size_t n = strlen(text), lead = strspn(text, " \t");

    while (n > lead && (text[n - 1] == ' ' || text[n - 1] == '\t'))
        n--;
    memmove(text, text + lead, n - lead);
    text[n - lead] = '\0';
    return n - lead;
}

apple_port registry_services(const struct apple_api *api, const char *class_name)
{
    apple_port services = 0;
    apple_cf matching = api->IOServiceMatching(class_name);

    /* GetMatchingServices takes the dictionary over, also when it fails (documented). */
    if (matching == NULL || api->IOServiceGetMatchingServices(0, matching, &services) != 0)
        return 0;
    return services;
}

apple_cf registry_property(const struct apple_api *api, apple_port entry, const char *name)
{
    apple_cf key = cf_string(api, name);
    apple_cf value = key != NULL ? api->IORegistryEntryCreateCFProperty(entry, key, NULL, 0) : NULL;

    cf_release(api, key);
    return value;
}
