/* SPDX-License-Identifier: MIT */
/* The fake's CoreFoundation: reference-counted strings, numbers, booleans, data, arrays and dictionaries. The sum of all references
 * is kept, so that a leaked or doubly released one shows, also of an object that lives on. */
#include "fake_apple/plain_alloc.h"

#include <stdlib.h>
#include <string.h>

#include "fake_apple/fake_internal.h"

enum { MAGIC = 0x0b1ec7, DEAD = 0x0dead };

const char fake_kCFTypeDictionaryKeyCallBacks[1] = "";
const char fake_kCFTypeDictionaryValueCallBacks[1] = "";
const char fake_kCFTypeArrayCallBacks[1] = "";

static long references, baseline;

long fake_live_objects(void)
{
    return references - baseline;
}

void fake_mark_baseline(void)
{
    baseline = references;
}

struct fake_object *fake_new(enum fake_type type)
{
    struct fake_object *o = calloc(1, sizeof *o);

    if (o == NULL)
        abort();
    o->magic = MAGIC;
    o->type = type;
    o->refs = 1;
    references++;
    return o;
}

struct fake_object *fake_checked(apple_cf object, const char *caller)
{
    struct fake_object *o;

    memcpy(&o, &object, sizeof o);
    if (o == NULL || o->magic != MAGIC)
        fake_broken(caller);
    return o;
}

void fake_retain(struct fake_object *o)
{
    o->refs++;
    references++;
}

void fake_release_object(struct fake_object *o)
{
    size_t n = o->type == FAKE_DICTIONARY ? 2 * o->n : o->n;

    references--;
    if (--o->refs > 0)
        return;
    for (size_t i = 0; o->items != NULL && i < n; i++)
        fake_release_object(o->items[i]);
    free(o->items);
    free(o->bytes);
    o->magic = DEAD;
    free(o);
}

struct fake_object *fake_data(const void *bytes, size_t n)
{
    struct fake_object *o = fake_new(FAKE_DATA);

    o->bytes = malloc(n + 1);
    if (o->bytes == NULL)
        abort();
    if (n > 0)
        memcpy(o->bytes, bytes, n);
    o->bytes[n] = '\0';
    o->n = n;
    return o;
}

struct fake_object *fake_text(const char *text)
{
    struct fake_object *o = fake_data(text, strlen(text));

    o->type = FAKE_STRING;
    return o;
}

struct fake_object *fake_number(int64_t value)
{
    struct fake_object *o = fake_new(FAKE_NUMBER);

    o->number = value;
    return o;
}

struct fake_object *fake_bool(bool value)
{
    struct fake_object *o = fake_new(FAKE_BOOLEAN);

    o->number = value;
    return o;
}

struct fake_object *fake_array(void)
{
    return fake_new(FAKE_ARRAY);
}

struct fake_object *fake_dictionary(void)
{
    return fake_new(FAKE_DICTIONARY);
}

static void grow(struct fake_object *o, size_t items)
{
    if (items <= o->cap)
        return;
    o->cap = items < 8 ? 8 : 2 * items;
    o->items = realloc(o->items, o->cap * sizeof(struct fake_object *));
    if (o->items == NULL)
        abort();
}

void fake_append_give(struct fake_object *array, struct fake_object *value)
{
    grow(array, array->n + 1);
    array->items[array->n++] = value;
}

void fake_shrink(struct fake_object *array, size_t n)
{
    while (array->n > n)
        fake_release_object(array->items[--array->n]);
}

static size_t find(const struct fake_object *d, const char *key)
{
    for (size_t i = 0; i < d->n; i++)
        if (strcmp(d->items[2 * i]->bytes, key) == 0)
            return i;
    return d->n;
}

const struct fake_object *fake_get(const struct fake_object *d, const char *key)
{
    size_t at = find(d, key);

    return at < d->n ? d->items[2 * at + 1] : NULL;
}

static void set(struct fake_object *d, struct fake_object *key, struct fake_object *value)
{
    size_t at = find(d, key->bytes);

    if (at < d->n) {
        fake_release_object(d->items[2 * at + 1]);
        fake_release_object(key);
        d->items[2 * at + 1] = value;
        return;
    }
    grow(d, 2 * (d->n + 1));
    d->items[2 * d->n] = key;
    d->items[2 * d->n++ + 1] = value;
}

void fake_set_give(struct fake_object *d, const char *key, struct fake_object *value)
{
    set(d, fake_text(key), value);
}

struct fake_object *fake_copy_dictionary(const struct fake_object *from)
{
    struct fake_object *d = fake_dictionary();

    grow(d, 2 * from->n + 2);
    for (size_t i = 0; i < 2 * from->n; i++) {
        fake_retain(from->items[i]);
        d->items[i] = from->items[i];
    }
    d->n = from->n;
    d->number = from->number;
    return d;
}

/* ---- the calls -------------------------------------------------------------------------------------------------- */

static struct fake_object *of_type(apple_cf object, enum fake_type type, const char *caller)
{
    struct fake_object *o = fake_checked(object, caller);

    if (o->type != type)
        fake_broken(caller);
    return o;
}

void fake_CFRelease(apple_cf object)
{
    fake_count(APPLE_ROW_CFRelease);
    fake_release_object(fake_checked(object, "CFRelease"));
}

apple_typeid fake_CFGetTypeID(apple_cf object)
{
    fake_count(APPLE_ROW_CFGetTypeID);
    return (apple_typeid)fake_checked(object, "CFGetTypeID")->type;
}

apple_typeid fake_CFStringGetTypeID(void)
{
    fake_count(APPLE_ROW_CFStringGetTypeID);
    return FAKE_STRING;
}

apple_typeid fake_CFNumberGetTypeID(void)
{
    fake_count(APPLE_ROW_CFNumberGetTypeID);
    return FAKE_NUMBER;
}

apple_typeid fake_CFBooleanGetTypeID(void)
{
    fake_count(APPLE_ROW_CFBooleanGetTypeID);
    return FAKE_BOOLEAN;
}

apple_typeid fake_CFDataGetTypeID(void)
{
    fake_count(APPLE_ROW_CFDataGetTypeID);
    return FAKE_DATA;
}

apple_typeid fake_CFArrayGetTypeID(void)
{
    fake_count(APPLE_ROW_CFArrayGetTypeID);
    return FAKE_ARRAY;
}

apple_typeid fake_CFDictionaryGetTypeID(void)
{
    fake_count(APPLE_ROW_CFDictionaryGetTypeID);
    return FAKE_DICTIONARY;
}

apple_cf fake_CFStringCreateWithCString(apple_cf allocator, const char *text, uint32_t encoding)
{
    (void)allocator;
    if (fake_fails(APPLE_ROW_CFStringCreateWithCString) || encoding != APPLE_CF_UTF8)
        return NULL;
    return fake_text(text);
}

uint8_t fake_CFStringGetCString(apple_cf object, char *out, apple_index n, uint32_t encoding)
{
    const struct fake_object *o = of_type(object, FAKE_STRING, "CFStringGetCString");

    if (fake_fails(APPLE_ROW_CFStringGetCString) || encoding != APPLE_CF_UTF8 ||
        (size_t)n < o->n + 1)
        return 0;
    memcpy(out, o->bytes, o->n + 1);
    return 1;
}

apple_cf fake_CFNumberCreate(apple_cf allocator, apple_index type, const void *value)
{
    int32_t narrow;

    (void)allocator;
    if (fake_fails(APPLE_ROW_CFNumberCreate) || type != APPLE_CF_SINT32)
        return NULL;
    memcpy(&narrow, value, sizeof narrow);
    return fake_number(narrow);
}

uint8_t fake_CFNumberGetValue(apple_cf object, apple_index type, void *out)
{
    const struct fake_object *o = of_type(object, FAKE_NUMBER, "CFNumberGetValue");

    if (fake_fails(APPLE_ROW_CFNumberGetValue) || type != APPLE_CF_SINT64)
        return 0;
    memcpy(out, &o->number, sizeof o->number);
    return 1;
}

uint8_t fake_CFBooleanGetValue(apple_cf object)
{
    fake_count(APPLE_ROW_CFBooleanGetValue);
    return of_type(object, FAKE_BOOLEAN, "CFBooleanGetValue")->number != 0;
}

const uint8_t *fake_CFDataGetBytePtr(apple_cf object)
{
    fake_count(APPLE_ROW_CFDataGetBytePtr);
    return (const uint8_t *)of_type(object, FAKE_DATA, "CFDataGetBytePtr")->bytes;
}

apple_index fake_CFDataGetLength(apple_cf object)
{
    fake_count(APPLE_ROW_CFDataGetLength);
    return (apple_index)of_type(object, FAKE_DATA, "CFDataGetLength")->n;
}

apple_index fake_CFArrayGetCount(apple_cf object)
{
    fake_count(APPLE_ROW_CFArrayGetCount);
    return (apple_index)of_type(object, FAKE_ARRAY, "CFArrayGetCount")->n;
}

apple_cf fake_CFArrayGetValueAtIndex(apple_cf object, apple_index at)
{
    const struct fake_object *o = of_type(object, FAKE_ARRAY, "CFArrayGetValueAtIndex");

    fake_count(APPLE_ROW_CFArrayGetValueAtIndex);
    if (at < 0 || (size_t)at >= o->n)
        fake_broken("CFArrayGetValueAtIndex: beyond the end");
    return o->items[at];
}

apple_cf fake_CFArrayCreateMutable(apple_cf allocator, apple_index capacity, const void *callbacks)
{
    (void)allocator;
    (void)capacity;
    if (callbacks != fake_kCFTypeArrayCallBacks)
        fake_broken("CFArrayCreateMutable: callbacks that do not retain");
    return fake_fails(APPLE_ROW_CFArrayCreateMutable) ? NULL : fake_array();
}

void fake_CFArrayAppendValue(apple_cf array, apple_cf value)
{
    struct fake_object *v = fake_checked(value, "CFArrayAppendValue");

    fake_count(APPLE_ROW_CFArrayAppendValue);
    fake_retain(v);
    fake_append_give(of_type(array, FAKE_ARRAY, "CFArrayAppendValue"), v);
}

apple_index fake_CFDictionaryGetCount(apple_cf object)
{
    fake_count(APPLE_ROW_CFDictionaryGetCount);
    return (apple_index)of_type(object, FAKE_DICTIONARY, "CFDictionaryGetCount")->n;
}

apple_cf fake_CFDictionaryGetValue(apple_cf object, apple_cf key)
{
    fake_count(APPLE_ROW_CFDictionaryGetValue);
    return fake_get(of_type(object, FAKE_DICTIONARY, "CFDictionaryGetValue"),
                    of_type(key, FAKE_STRING, "CFDictionaryGetValue: key")->bytes);
}

apple_cf fake_CFDictionaryCreateMutable(apple_cf allocator, apple_index capacity, const void *keys,
                                        const void *values)
{
    (void)allocator;
    (void)capacity;
    if (keys != fake_kCFTypeDictionaryKeyCallBacks ||
        values != fake_kCFTypeDictionaryValueCallBacks)
        fake_broken("CFDictionaryCreateMutable: callbacks that do not retain");
    return fake_fails(APPLE_ROW_CFDictionaryCreateMutable) ? NULL : fake_dictionary();
}

apple_cf fake_CFDictionaryCreateMutableCopy(apple_cf allocator, apple_index capacity, apple_cf from)
{
    (void)allocator;
    (void)capacity;
    if (fake_fails(APPLE_ROW_CFDictionaryCreateMutableCopy))
        return NULL;
    return fake_copy_dictionary(of_type(from, FAKE_DICTIONARY, "CFDictionaryCreateMutableCopy"));
}

void fake_CFDictionarySetValue(apple_cf dictionary, apple_cf key, apple_cf value)
{
    struct fake_object *k = of_type(key, FAKE_STRING, "CFDictionarySetValue: key");
    struct fake_object *v = fake_checked(value, "CFDictionarySetValue");

    fake_count(APPLE_ROW_CFDictionarySetValue);
    fake_retain(k);
    fake_retain(v);
    set(of_type(dictionary, FAKE_DICTIONARY, "CFDictionarySetValue"), k, v);
}
