/* SPDX-License-Identifier: MIT */
/* Thermal pressure by its notify key (five levels, documented in <libkern/OSThermalNotification.h>), and beside it
 * NSProcessInfo's thermalState (four levels, documented), which may stand still in a process without a run loop
 * (reported, Hot issues 37 and 73). Both are read as they are; decode prefers the first. */
#include <errno.h>

#include "source/apple/apple.h"

static const enum apple_row notify_needed[] = {APPLE_ROW_notify_register_check,
                                               APPLE_ROW_notify_get_state, APPLE_ROW_notify_cancel,
                                               APPLE_ROW_END};
static const enum apple_row state_needed[] = {APPLE_ROW_objc_getClass,
                                              APPLE_ROW_sel_registerName,
                                              APPLE_ROW_objc_msgSend,
                                              APPLE_ROW_objc_autoreleasePoolPush,
                                              APPLE_ROW_objc_autoreleasePoolPop,
                                              APPLE_ROW_END};

struct notify_state {
    bool registered;
    int token;
    int32_t channel;
};

static void notify_describe(void *state, struct apple_probe *p)
{
    struct notify_state *s = state;
    uint32_t status =
        p->api->notify_register_check("com.apple.system.thermalpressurelevel", &s->token);

    if (status != 0) {
        apple_report(p, EIO, NULL, "notify_register_check failed with status %u", status);
        return;
    }
    s->registered = true;
    s->channel =
        schema_add_channel(p->schema, &(struct channel_spec){.key = "notify/thermalpressurelevel",
                                                             .group = "thermal",
                                                             .name = "thermalpressurelevel",
                                                             .collector = p->collector,
                                                             .type = SLOT_U64});
}

static bool notify_read(void *state, struct apple_tick *t)
{
    struct notify_state *s = state;
    uint64_t level = 0;

    if (t->api->notify_get_state(s->token, &level) == 0)
        frame_set_u64(t->frame, s->channel, level);
    else
        frame_set_status(t->frame, s->channel, EIO);
    return false;
}

static void notify_close(void *state, const struct apple_api *api)
{
    struct notify_state *s = state;

    if (s->registered)
        api->notify_cancel(s->token);
}

const struct apple_part apple_notify_part = {
    .name = "thermal/notify",
    .state_size = sizeof(struct notify_state),
    .needed = notify_needed,
    .describe = notify_describe,
    .read = notify_read,
    .close = notify_close,
};

struct process_info_state {
    void *class_object, *get_info, *get_state; /* borrowed: the Objective-C runtime keeps them */
    int32_t channel;
};

/* +[NSProcessInfo processInfo] is a shared object: nothing to release, but it may autorelease inside. */
static bool get_thermal_state(const struct apple_api *api, const struct process_info_state *s,
                              int64_t *out)
{
    void *pool = api->objc_autoreleasePoolPush();
    intptr_t info = api->objc_msgSend(s->class_object, s->get_info);

    if (info != 0)
        *out = api->objc_msgSend((void *)info, s->get_state);
    api->objc_autoreleasePoolPop(pool);
    return info != 0;
}

static void state_describe(void *state, struct apple_probe *p)
{
    struct process_info_state *s = state;

    s->class_object = p->api->objc_getClass("NSProcessInfo");
    s->get_info = p->api->sel_registerName("processInfo");
    s->get_state = p->api->sel_registerName("thermalState");
    if (s->class_object == NULL || s->get_info == NULL || s->get_state == NULL) {
        apple_report(p, EIO, NULL, "there is no class NSProcessInfo: Foundation is not there");
        return;
    }
    s->channel = schema_add_channel(p->schema, &(struct channel_spec){.key = "objc/thermalState",
                                                                      .group = "thermal",
                                                                      .name = "thermalState",
                                                                      .collector = p->collector,
                                                                      .type = SLOT_I64});
}

static bool state_read(void *state, struct apple_tick *t)
{
    struct process_info_state *s = state;
    int64_t value = 0;

    if (get_thermal_state(t->api, s, &value))
        frame_set_i64(t->frame, s->channel, value);
    else
        frame_set_status(t->frame, s->channel, EIO);
    return false;
}

const struct apple_part apple_state_part = {
    .name = "thermal/objc",
    .state_size = sizeof(struct process_info_state),
    .needed = state_needed,
    .describe = state_describe,
    .read = state_read,
};
