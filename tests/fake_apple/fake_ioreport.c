/* SPDX-License-Identifier: MIT */
/* The fake's IOReport: lists channels of a group, subscribes (or refuses), samples raw 64-byte elements with their stamps. */
#include "fake_apple/plain_alloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake_apple/fake_internal.h"

/* Per channel: its dictionary as the registry lists it; shared by all samples. Owned. */
static struct fake_object **listed;
static size_t n_listed;
static struct fake_object *padded[2];

static uint64_t type_of(const struct machine_channel *c)
{
    uint64_t format = c->n_states > 0 ? APPLE_IOREPORT_STATE : APPLE_IOREPORT_SIMPLE;

    return format | (uint64_t)2 << 16 | (uint64_t)(c->n_states > 0 ? c->n_states : 1) << 32;
}

static struct fake_object *list_channel(const struct machine_channel *c, size_t at)
{
    struct fake_object *d = fake_dictionary(), *legend = fake_array(), *states = fake_array();

    fake_append_give(legend, fake_number((int64_t)c->id));
    fake_append_give(legend, fake_number((int64_t)type_of(c)));
    fake_append_give(legend, fake_text(c->name));
    fake_set_give(d, "IOReportGroupName", fake_text(c->group));
    fake_set_give(d, "IOReportSubGroupName", fake_text(c->subgroup));
    fake_set_give(d, "LegendChannel", legend);
    fake_set_give(d, "FakeUnit", fake_text(c->unit));
    for (unsigned i = 0; i < c->n_states; i++)
        fake_append_give(states, fake_text(c->states[i]));
    fake_set_give(d, "FakeStates", states);
    d->number = (int64_t)at + 1;
    return d;
}

bool fake_ioreport_start(void)
{
    const struct machine *m = fake_machine_truth.machine;

    n_listed = m->n_channels;
    listed = calloc(n_listed + 1, sizeof(struct fake_object *));
    if (listed == NULL)
        return false;
    for (size_t i = 0; i < n_listed; i++)
        listed[i] = list_channel(&m->channels[i], i);
    padded[0] = fake_text("mJ  ");
    padded[1] = fake_text("nJ ");
    return true;
}

void fake_ioreport_stop(void)
{
    for (size_t i = 0; i < n_listed; i++)
        fake_release_object(listed[i]);
    free(listed);
    listed = NULL;
    n_listed = 0;
    fake_release_object(padded[0]);
    fake_release_object(padded[1]);
}

static struct fake_object *with_channels(struct fake_object *array)
{
    struct fake_object *d = fake_dictionary();

    fake_set_give(d, "IOReportChannels", array);
    fake_set_give(d, "QueryOpts", fake_number(0));
    return d;
}

apple_cf fake_IOReportCopyChannelsInGroup(apple_cf group, apple_cf subgroup, uint64_t a, uint64_t b,
                                          uint64_t c)
{
    const char *g = fake_checked(group, "IOReportCopyChannelsInGroup")->bytes;
    const char *s = subgroup != NULL ? fake_checked(subgroup, "IOReportCopyChannelsInGroup")->bytes
                                     : NULL;
    struct fake_object *array;

    if (fake_fails(APPLE_ROW_IOReportCopyChannelsInGroup) || (a | b | c) != 0)
        return NULL;
    array = fake_array();
    for (size_t i = 0; i < n_listed; i++) {
        const struct machine_channel *ch = &fake_machine_truth.machine->channels[i];
        if (strcmp(ch->group, g) != 0 || (s != NULL && strcmp(ch->subgroup, s) != 0))
            continue;
        fake_retain(listed[i]);
        fake_append_give(array, listed[i]);
    }
    if (array->n == 0) { /* no such group (reported: a decompiled libIOReport) */
        struct fake_object *nothing = fake_dictionary();
        fake_release_object(array);
        fake_set_give(nothing, "QueryOpts", fake_number(0));
        return nothing;
    }
    return with_channels(array);
}

apple_cf fake_IOReportCopyAllChannels(uint64_t a, uint64_t b)
{
    struct fake_object *array;

    if (fake_fails(APPLE_ROW_IOReportCopyAllChannels) || (a | b) != 0)
        return NULL;
    array = fake_array();
    for (size_t i = 0; i < n_listed; i++) {
        fake_retain(listed[i]);
        fake_append_give(array, listed[i]);
    }
    return with_channels(array);
}

static const struct machine_channel *channel_of(const struct fake_object *d)
{
    if (d->type != FAKE_DICTIONARY || d->number < 1 || (size_t)d->number > n_listed)
        fake_broken("an IOReport call on something that is no channel");
    return &fake_machine_truth.machine->channels[d->number - 1];
}

static const struct fake_object *channels_in(apple_cf dictionary, const char *caller)
{
    const struct fake_object *array =
        fake_get(fake_checked(dictionary, caller), "IOReportChannels");

    if (array == NULL || array->type != FAKE_ARRAY)
        fake_broken(caller);
    return array;
}

apple_cf fake_IOReportCreateSubscription(const void *nil, apple_cf wanted, apple_cf *subbed,
                                         uint64_t id, apple_cf options)
{
    const struct fake_object *array = channels_in(wanted, "IOReportCreateSubscription");
    struct fake_object *taken, *subscription;

    (void)nil;
    (void)options;
    if (fake_fails(APPLE_ROW_IOReportCreateSubscription) || id != 0)
        return NULL;
    taken = fake_array();
    for (size_t i = 0; i < array->n; i++) {
        if (channel_of(array->items[i])->refused) {
            if (!fake_quirks.refuse_together)
                continue;
            fake_shrink(taken, 0);
            break;
        }
        fake_retain(array->items[i]);
        fake_append_give(taken, array->items[i]);
    }
    if (taken->n == 0) {
        fake_release_object(taken);
        return NULL;
    }
    *subbed = with_channels(taken);
    subscription = fake_new(FAKE_SUBSCRIPTION);
    return subscription;
}

/* ---- samples ---- */

static uint64_t ticks_of(int64_t ns)
{
    return (uint64_t)ns / 125 * 3 + (uint64_t)ns % 125 * 3 / 125;
}

static int64_t value_of(size_t at, size_t state)
{
    const struct machine_channel *c = &fake_machine_truth.machine->channels[at];
    bool is_bytes = c->kind == CHANNEL_READ || c->kind == CHANNEL_WRITE;

    return fake_quirks.invalid_bytes && is_bytes ? INT64_MIN
                                                 : fake_machine_truth.published[at][state];
}

/* The state that was recorded last, by which the channel's stamp is known: the one with the most. Others have older stamps
 * (documented: XNU stamps each element when its own state is recorded). */
static unsigned newest_state(size_t at, unsigned n)
{
    unsigned newest = 0;

    for (unsigned i = 1; i < n; i++)
        if (value_of(at, i) > value_of(at, newest))
            newest = i;
    return newest;
}

static struct fake_object *raw_elements(size_t at)
{
    const struct machine_channel *c = &fake_machine_truth.machine->channels[at];
    unsigned n = c->n_states > 0 ? c->n_states : 1;
    struct apple_ioreport_element elements[160];

    if (n > 160)
        fake_broken("more states than the fake can hold");
    unsigned newest = newest_state(at, n);
    memset(elements, 0, n * sizeof elements[0]);
    for (unsigned i = 0; i < n; i++) {
        struct apple_ioreport_element *e = &elements[i];
        e->provider_id = 0x100000200 + (unsigned char)c->group[0];
        e->channel_id = c->id;
        e->format = c->n_states > 0 ? APPLE_IOREPORT_STATE : APPLE_IOREPORT_SIMPLE;
        e->categories = 2;
        e->elements = (uint16_t)n;
        e->element_index = (int16_t)i;
        e->stamp_ticks = ticks_of(fake_machine_truth.stamp_ns[at]) / (i == newest ? 1 : i + 2);
        e->v[c->n_states > 0 ? 2 : 0] = (uint64_t)value_of(at, i);
        if (c->n_states > 0)
            memcpy(&e->v[0], c->states[i], strnlen(c->states[i], 8));
    }
    return fake_data(elements, n * sizeof elements[0]);
}

apple_cf fake_IOReportCreateSamples(apple_cf subscription, apple_cf subbed, apple_cf nil)
{
    const struct fake_object *array = channels_in(subbed, "IOReportCreateSamples");
    struct fake_object *samples;

    (void)nil;
    if (fake_checked(subscription, "IOReportCreateSamples")->type != FAKE_SUBSCRIPTION)
        fake_broken("IOReportCreateSamples without a subscription");
    if (fake_fails(APPLE_ROW_IOReportCreateSamples))
        return NULL;
    samples = fake_array();
    for (size_t i = 0; i + fake_quirks.lost_channels < array->n; i++) {
        struct fake_object *d;
        if (i + 1 == fake_quirks.skipped_channel)
            continue;
        d = fake_copy_dictionary(array->items[i]);
        channel_of(d);
        if (!fake_quirks.no_raw_elements)
            fake_set_give(d, "RawElements", raw_elements((size_t)d->number - 1));
        fake_append_give(samples, d);
    }
    return with_channels(samples);
}

/* ---- accessors: the Get rule ---- */

apple_cf fake_IOReportChannelGetGroup(apple_cf channel)
{
    fake_count(APPLE_ROW_IOReportChannelGetGroup);
    return fake_get(fake_checked(channel, "IOReportChannelGetGroup"), "IOReportGroupName");
}

apple_cf fake_IOReportChannelGetSubGroup(apple_cf channel)
{
    const struct fake_object *text =
        fake_get(fake_checked(channel, "IOReportChannelGetSubGroup"), "IOReportSubGroupName");

    fake_count(APPLE_ROW_IOReportChannelGetSubGroup);
    return text != NULL && text->n > 0 ? text : NULL;
}

apple_cf fake_IOReportChannelGetChannelName(apple_cf channel)
{
    const struct fake_object *legend =
        fake_get(fake_checked(channel, "IOReportChannelGetChannelName"), "LegendChannel");

    fake_count(APPLE_ROW_IOReportChannelGetChannelName);
    if (fake_quirks.no_names && legend->items[2]->n <= 8)
        return NULL;
    return legend->items[2];
}

apple_cf fake_IOReportChannelGetUnitLabel(apple_cf channel)
{
    const struct fake_object *unit =
        fake_get(fake_checked(channel, "IOReportChannelGetUnitLabel"), "FakeUnit");

    fake_count(APPLE_ROW_IOReportChannelGetUnitLabel);
    if (fake_quirks.wide_units && strcmp(unit->bytes, "mJ") == 0)
        return padded[0];
    if (fake_quirks.wide_units && strcmp(unit->bytes, "nJ") == 0)
        return padded[1];
    return unit;
}

int32_t fake_IOReportChannelGetFormat(apple_cf channel)
{
    fake_count(APPLE_ROW_IOReportChannelGetFormat);
    return channel_of(fake_checked(channel, "IOReportChannelGetFormat"))->n_states > 0
               ? APPLE_IOREPORT_STATE
               : APPLE_IOREPORT_SIMPLE;
}

int64_t fake_IOReportSimpleGetIntegerValue(apple_cf channel, uint64_t *unit)
{
    const struct fake_object *d = fake_checked(channel, "IOReportSimpleGetIntegerValue");

    (void)unit;
    fake_count(APPLE_ROW_IOReportSimpleGetIntegerValue);
    return channel_of(d)->n_states > 0 ? INT64_MIN : value_of((size_t)d->number - 1, 0);
}

int32_t fake_IOReportStateGetCount(apple_cf channel)
{
    fake_count(APPLE_ROW_IOReportStateGetCount);
    return (int32_t)channel_of(fake_checked(channel, "IOReportStateGetCount"))->n_states;
}

apple_cf fake_IOReportStateGetNameForIndex(apple_cf channel, int32_t at)
{
    const struct fake_object *d = fake_checked(channel, "IOReportStateGetNameForIndex");
    const struct fake_object *names = fake_get(d, "FakeStates");

    fake_count(APPLE_ROW_IOReportStateGetNameForIndex);
    return at >= 0 && (size_t)at < names->n ? names->items[at] : NULL;
}

int64_t fake_IOReportStateGetResidency(apple_cf channel, int32_t at)
{
    const struct fake_object *d = fake_checked(channel, "IOReportStateGetResidency");

    fake_count(APPLE_ROW_IOReportStateGetResidency);
    if (at < 0 || (unsigned)at >= channel_of(d)->n_states)
        return INT64_MIN;
    return value_of((size_t)d->number - 1, (size_t)at);
}
