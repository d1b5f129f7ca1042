/* SPDX-License-Identifier: MIT */
/* See cf.h. */
#include "source/apple/cf.h"

#include <string.h>

static apple_typeid learn(apple_typeid (*ask)(void))
{
    return ask != NULL ? ask() : 0;
}

void cf_learn_types(struct apple_api *api)
{
    api->types.text = learn(api->CFStringGetTypeID);
    api->types.number = learn(api->CFNumberGetTypeID);
    api->types.boolean = learn(api->CFBooleanGetTypeID);
    api->types.data = learn(api->CFDataGetTypeID);
    api->types.array = learn(api->CFArrayGetTypeID);
    api->types.dictionary = learn(api->CFDictionaryGetTypeID);
}

/* 0, which is no type of ours, for NULL. */
static apple_typeid type_of(const struct apple_api *api, apple_cf object)
{
    return object != NULL ? api->CFGetTypeID(object) : 0;
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
    if (key == NULL || dictionary == NULL || type_of(api, dictionary) != api->types.dictionary)
        return NULL;
    return api->CFDictionaryGetValue(dictionary, key);
}

static const uint8_t *bytes_of(const struct apple_api *api, apple_cf object, apple_typeid type,
                               size_t *n)
{
    apple_index length;

    *n = 0;
    if (type == 0 || type != api->types.data)
        return NULL;
    length = api->CFDataGetLength(object);
    *n = length > 0 ? (size_t)length : 0;
    return api->CFDataGetBytePtr(object);
}

bool cf_text(const struct apple_api *api, apple_cf object, char *out, size_t n)
{
    apple_typeid type = type_of(api, object);
    const uint8_t *bytes;
    size_t length;

    if (type == 0)
        return false;
    if (type == api->types.text)
        return api->CFStringGetCString(object, out, (apple_index)n, APPLE_CF_UTF8) != 0;
    bytes = bytes_of(api, object, type, &length);
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
    apple_typeid type = type_of(api, object);
    const uint8_t *bytes;
    uint64_t value = 0;
    size_t n;

    if (type == 0)
        return false;
    if (type == api->types.number)
        return api->CFNumberGetValue(object, APPLE_CF_SINT64, out) != 0;
    if (type == api->types.boolean) {
        *out = api->CFBooleanGetValue(object) != 0;
        return true;
    }
    bytes = bytes_of(api, object, type, &n);
    if (bytes == NULL || n == 0 || n > 8)
        return false;
    for (size_t i = 0; i < n; i++)
        value |= (uint64_t)bytes[i] << 8 * i;
    *out = (int64_t)value;
    return true;
}

const uint8_t *cf_bytes(const struct apple_api *api, apple_cf object, size_t *n)
{
    return bytes_of(api, object, type_of(api, object), n);
}

apple_index cf_count(const struct apple_api *api, apple_cf array)
{
    return array != NULL && type_of(api, array) == api->types.array ? api->CFArrayGetCount(array)
                                                                    : 0;
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
