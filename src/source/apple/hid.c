/* SPDX-License-Identifier: MIT */
/* Temperature services of the HID event system: what an M1's firmware has instead of SMC die keys, and named sensors
 * everywhere (calls reported: several open tools agree; 57 services recorded on an M1). */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "source/apple/apple.h"
#include "source/apple/cf.h"

static const enum apple_row hid_needed[] = {CF_ROWS,
                                            APPLE_ROW_CFNumberCreate,
                                            APPLE_ROW_CFDictionaryCreateMutable,
                                            APPLE_ROW_CFDictionarySetValue,
                                            APPLE_ROW_kCFTypeDictionaryKeyCallBacks,
                                            APPLE_ROW_kCFTypeDictionaryValueCallBacks,
                                            APPLE_ROW_IOHIDEventSystemClientCreate,
                                            APPLE_ROW_IOHIDEventSystemClientSetMatching,
                                            APPLE_ROW_IOHIDEventSystemClientCopyServices,
                                            APPLE_ROW_IOHIDServiceClientCopyProperty,
                                            APPLE_ROW_IOHIDServiceClientCopyEvent,
                                            APPLE_ROW_IOHIDEventGetFloatValue,
                                            APPLE_ROW_END};

struct hid_state {
    apple_cf client, services; /* owned */
    apple_index n;
    int32_t *channels; /* owned; per service, -1: no channel */
};

static void put_int(const struct apple_api *api, apple_cf dictionary, const char *name,
                    int32_t value)
{
    apple_cf key = cf_string(api, name),
             number = api->CFNumberCreate(NULL, APPLE_CF_SINT32, &value);

    if (key != NULL && number != NULL)
        api->CFDictionarySetValue(dictionary, key, number);
    cf_release(api, key);
    cf_release(api, number);
}

static apple_cf copy_services(const struct apple_api *api, apple_cf client)
{
    apple_cf matching = api->CFDictionaryCreateMutable(NULL, 0, api->kCFTypeDictionaryKeyCallBacks,
                                                       api->kCFTypeDictionaryValueCallBacks);
    apple_cf services = NULL;

    if (matching != NULL) {
        put_int(api, matching, "PrimaryUsagePage", APPLE_HID_PAGE_VENDOR);
        put_int(api, matching, "PrimaryUsage", APPLE_HID_USAGE_TEMPERATURE);
        api->IOHIDEventSystemClientSetMatching(client, matching);
        services = api->IOHIDEventSystemClientCopyServices(client);
    }
    cf_release(api, matching);
    return services;
}

static void product_of(const struct apple_api *api, apple_cf service, apple_cf key, char *out,
                       size_t n)
{
    apple_cf product = api->IOHIDServiceClientCopyProperty(service, key);

    if (!cf_text(api, product, out, n) || cf_trim(out) == 0)
        snprintf(out, n, "unnamed");
    cf_release(api, product);
}

/* A repeated product gets ~2, ~3 … by its order. */
static int32_t add_service(struct hid_state *s, struct apple_probe *p, apple_index at,
                           char (*names)[64])
{
    char key[112];
    unsigned same = 1;

    for (apple_index i = 0; i < at; i++)
        same += strcmp(names[i], names[at]) == 0;
    if (same == 1)
        snprintf(key, sizeof key, "hid/temperature/%s", names[at]);
    else
        snprintf(key, sizeof key, "hid/temperature/%s~%u", names[at], same);
    (void)s;
    return schema_add_channel(p->schema, &(struct channel_spec){.key = key,
                                                                .group = "hid/temperature",
                                                                .name = names[at],
                                                                .unit = "C",
                                                                .collector = p->collector,
                                                                .type = SLOT_F64});
}

static void hid_describe(void *state, struct apple_probe *p)
{
    struct hid_state *s = state;
    apple_cf key = NULL;     /* owned */
    char(*names)[64] = NULL; /* owned */

    s->client = p->api->IOHIDEventSystemClientCreate(NULL);
    s->services = s->client != NULL ? copy_services(p->api, s->client) : NULL;
    s->n = cf_count(p->api, s->services);
    if (s->n == 0) {
        apple_report(p, SLOT_ABSENT, NULL, "the HID event system has no temperature services");
        return;
    }
    key = cf_string(p->api, "Product");
    names = calloc((size_t)s->n, sizeof *names);
    s->channels = calloc((size_t)s->n, sizeof *s->channels);
    if (key == NULL || names == NULL || s->channels == NULL) {
        p->schema->failed = true;
        s->n = 0;
        goto out;
    }
    for (apple_index i = 0; i < s->n; i++) {
        product_of(p->api, p->api->CFArrayGetValueAtIndex(s->services, i), key, names[i],
                   sizeof names[i]);
        s->channels[i] = add_service(s, p, i, names);
    }
out:
    free(names);
    cf_release(p->api, key);
}

static bool hid_read(void *state, struct apple_tick *t)
{
    struct hid_state *s = state;

    for (apple_index i = 0; i < s->n; i++) {
        apple_cf service = t->api->CFArrayGetValueAtIndex(s->services, i);
        apple_cf event =
            t->api->IOHIDServiceClientCopyEvent(service, APPLE_HID_EVENT_TEMPERATURE, NULL, 0);
        if (event ==
            NULL) { /* a service without a reading now: it has an event only when it measured */
            frame_set_status(t->frame, s->channels[i], SLOT_ABSENT);
            continue;
        }
        frame_set_f64(t->frame, s->channels[i],
                      t->api->IOHIDEventGetFloatValue(event, APPLE_HID_EVENT_TEMPERATURE << 16));
        cf_release(t->api, event);
    }
    return false;
}

static void hid_close(void *state, const struct apple_api *api)
{
    struct hid_state *s = state;

    cf_release(api, s->services);
    cf_release(api, s->client);
    free(s->channels);
}

const struct apple_part apple_hid_part = {
    .name = "hid",
    .state_size = sizeof(struct hid_state),
    .want = ACTOP_WANT(ACTOP_SCOPE_MACHINE) | ACTOP_WANT(ACTOP_SCOPE_SENSOR),
    .needed = hid_needed,
    .describe = hid_describe,
    .read = hid_read,
    .close = hid_close,
};
