/* SPDX-License-Identifier: MIT */
/* IOReport: the counters of the power manager, the GPU and the memory controller.
 *
 * Calls and dictionary keys are reported (macmon, socpowerbud, a public decompilation); groups, names and units are
 * recorded on the machines that docs/apple-frames.md lists. One subscription covers just the channels we hand on, chosen before
 * subscribing. A group may list its channels and yet refuse them, alone with NULL or together with others by
 * silence (reported, M4 Max and M5 Max): such a group is tried alone and dropped with its reason.
 *
 * Words: a *row* is one group and subgroup we know; a *channel* one dictionary of a sample. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/vec.h"
#include "source/apple/apple.h"
#include "source/apple/cf.h"

enum { NAME_SIZE = 96, MAX_STATES = 256, MAX_UNREAD = 512 };

static const enum apple_row ioreport_needed[] = {CF_ROWS,
                                                 APPLE_ROW_CFArrayCreateMutable,
                                                 APPLE_ROW_CFArrayAppendValue,
                                                 APPLE_ROW_CFDictionaryCreateMutableCopy,
                                                 APPLE_ROW_CFDictionarySetValue,
                                                 APPLE_ROW_kCFTypeArrayCallBacks,
                                                 APPLE_ROW_IOReportCopyChannelsInGroup,
                                                 APPLE_ROW_IOReportCreateSubscription,
                                                 APPLE_ROW_IOReportCreateSamples,
                                                 APPLE_ROW_IOReportChannelGetGroup,
                                                 APPLE_ROW_IOReportChannelGetSubGroup,
                                                 APPLE_ROW_IOReportChannelGetChannelName,
                                                 APPLE_ROW_IOReportChannelGetUnitLabel,
                                                 APPLE_ROW_IOReportChannelGetFormat,
                                                 APPLE_ROW_IOReportSimpleGetIntegerValue,
                                                 APPLE_ROW_IOReportStateGetCount,
                                                 APPLE_ROW_IOReportStateGetNameForIndex,
                                                 APPLE_ROW_IOReportStateGetResidency,
                                                 APPLE_ROW_END};

/* ---- which channels ---- */

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);

    return n >= m && strcmp(text + n - m, end) == 0;
}

static bool any(const char *name, bool has_dcs)
{
    (void)name;
    (void)has_dcs;
    return true;
}

/* DTL steps are hundreds of tables of no use to us; a core's _SRAM is part of the core. */
static bool is_rail(const char *name, bool has_dcs)
{
    (void)has_dcs;
    return strstr(name, "DTL") == NULL &&
           (!ends_with(name, "_SRAM") || strncmp(name, "GPU", 3) == 0);
}

static bool is_dram_bytes(const char *name, bool has_dcs)
{
    const char *dcs = strstr(name, "DCS");

    (void)has_dcs;
    return dcs != NULL && (dcs == name || dcs[-1] == ' ') &&
           (ends_with(name, " RD") || ends_with(name, " WR"));
}

/* Fabric histograms repeat the DRAM ones; where those exist only the Neural Engine is worth having. */
static bool is_fabric(const char *name, bool has_dcs)
{
    return !has_dcs || strncmp(name, "ANE", 3) == 0;
}

/* Reasons by cluster stand beside it. */
static bool is_whole_reason(const char *name, bool has_dcs)
{
    (void)has_dcs;
    return strcmp(name, "Dominant reason") == 0;
}

static const struct row {
    const char *group, *subgroup; /* subgroup NULL: all */
    bool (*wanted)(const char *name, bool has_dcs);
} rows[] = {
    {"Energy Model", NULL, is_rail},
    {"CPU Stats", "CPU Core Performance States", any},
    {"CPU Stats", "CPU Complex Performance States", any},
    {"CPU Stats", "CPU Complex Voltage States", any},
    {"GPU Stats", "GPU Performance States", any},
    {"AMC Stats", "Perf Counters", is_dram_bytes},
    {"PMP", "Energy Counters", any},
    {"PMP", "DCS BW", any},
    {"PMP", "DRAM BW", any},
    {"PMP", "DRAM Bandwidth", any},
    {"PMP", "AF BW", is_fabric},
    {"PMP", "AFI BW", any},
    {"PMP0", "Energy Counters", any},
    {"PMP0", "DCS BW", any},
    {"PMP0", "DRAM BW", any},
    {"PMP0", "DRAM Bandwidth", any},
    {"PMP0", "AF BW", is_fabric},
    {"PMP0", "AFI BW", any},
    {"CLPC Stats", "Lost Performance", is_whole_reason},
};
enum { N_ROWS = sizeof rows / sizeof rows[0] };

struct ioreport_channel {
    uint64_t provider, id;
    int32_t channel; /* of the schema; -1: of a format we do not read */
    uint8_t format;
    uint32_t states;
};

struct ioreport_state {
    apple_cf channels_key, raw_key; /* owned: names of dictionary entries */
    /* Owned until subscribed: arrays of wanted channels, the channels of the group being listed, and a dictionary of the
     * system's making, which may be in_group. */
    apple_cf listed[N_ROWS], in_group, template_channels;
    apple_cf subscription, subbed;     /* owned */
    struct ioreport_channel *channels; /* owned; one per dictionary of a sample, in its order */
    size_t n_channels, cap_channels;
    unsigned lacking; /* so many samples in turn lacked a channel */
    uint64_t total;   /* channels listed */
    bool alive[N_ROWS], found[N_ROWS];
    const char *why[N_ROWS]; /* NULL, or why the row gives nothing */
};

static bool same_group(size_t a, size_t b)
{
    return strcmp(rows[a].group, rows[b].group) == 0;
}

/* Text of one of the accessors, trimmed; "" when it has none. */
static void text_of(const struct apple_api *api, apple_cf text, char out[NAME_SIZE])
{
    if (!cf_text(api, text, out, NAME_SIZE))
        out[0] = '\0';
    cf_trim(out);
}

/* The first raw element; false when the channel does not show them. */
static bool first_element(const struct apple_api *api, const struct ioreport_state *s,
                          apple_cf channel, struct apple_ioreport_element *out)
{
    size_t n;
    const uint8_t *bytes = cf_bytes(api, cf_in(api, channel, s->raw_key), &n);

    if (bytes == NULL || n < sizeof *out)
        return false;
    memcpy(out, bytes, sizeof *out);
    return true;
}

/* The id's bytes as text: zeros are passed over wherever they stand, and one byte that cannot be printed means that the id is
 * no name (documented: IOReportTypes.h, IOREPORT_MAKEID). Recorded on an M1: "ECPU0" at the upper end, "GPUPH" at the lower. */
static void name_of_id(uint64_t id, char out[NAME_SIZE])
{
    size_t n = 0;

    for (int shift = 56; shift >= 0; shift -= 8) {
        unsigned char c = (unsigned char)(id >> shift);
        if (c == 0)
            continue;
        if (c < ' ' || c >= 0x7f) {
            n = 0;
            break;
        }
        out[n++] = (char)c;
    }
    out[n] = '\0';
    cf_trim(out);
}

/* A name, or that of its id where there is none (recorded: 222 channels of an M1's legend have no name). The library of iOS 18
 * does the same itself (reported: a decompiled libIOReport). */
static void name_of(const struct apple_api *api, const struct ioreport_state *s, apple_cf channel,
                    char out[NAME_SIZE])
{
    struct apple_ioreport_element element;

    text_of(api, api->IOReportChannelGetChannelName(channel), out);
    if (out[0] == '\0' && first_element(api, s, channel, &element))
        name_of_id(element.channel_id, out);
}

/* ---- choosing ---- */

static int row_of(const char *group, const char *subgroup)
{
    for (size_t i = 0; i < N_ROWS; i++)
        if (strcmp(rows[i].group, group) == 0 &&
            (rows[i].subgroup == NULL || strcmp(rows[i].subgroup, subgroup) == 0))
            return (int)i;
    return -1;
}

static int row_of_channel(const struct apple_api *api, apple_cf channel)
{
    char group[NAME_SIZE], subgroup[NAME_SIZE];
    bool known = false;

    text_of(api, api->IOReportChannelGetGroup(channel), group);
    for (size_t i = 0; i < N_ROWS && !known;
         i++) /* most channels of a machine are of no group we know */
        known = strcmp(rows[i].group, group) == 0;
    if (!known)
        return -1;
    text_of(api, api->IOReportChannelGetSubGroup(channel), subgroup);
    return row_of(group, subgroup);
}

/* Sort channels into the rows they are of, as arrays. */
static void sort_channels(struct ioreport_state *s, const struct apple_api *api, apple_cf channels)
{
    apple_cf array = cf_in(api, channels, s->channels_key);
    apple_index n = cf_count(api, array);

    for (apple_index i = 0; i < n; i++) {
        apple_cf channel = api->CFArrayGetValueAtIndex(array, i);
        int row = row_of_channel(api, channel);
        if (row < 0)
            continue;
        s->total++;
        if (s->listed[row] == NULL)
            s->listed[row] = api->CFArrayCreateMutable(NULL, 0, api->kCFTypeArrayCallBacks);
        if (s->listed[row] != NULL)
            api->CFArrayAppendValue(s->listed[row], channel);
    }
}

/* Takes the channels over, if they are the first that came. */
static void take_channels(struct ioreport_state *s, const struct apple_api *api, apple_cf channels)
{
    sort_channels(s, api, channels);
    if (s->template_channels == NULL)
        s->template_channels = channels;
    else
        cf_release(api, channels);
}

/* All channels of the machine, asked once: the call for a group makes as many, and throws most of them away again (reported: a
 * decompiled libIOReport of iOS 18; macmon asks so, too). Group by group where that gives nothing; for a group that is not
 * there the system gives an empty dictionary. */
static void list_channels(struct ioreport_state *s, const struct apple_api *api)
{
    if (api->IOReportCopyAllChannels != NULL)
        take_channels(s, api, api->IOReportCopyAllChannels(0, 0));
    bool one_by_one = s->total == 0;
    for (size_t row = 0; one_by_one && row < N_ROWS; row++) {
        if (row > 0 && same_group(row - 1, row)) /* they stand together */
            continue;
        apple_cf group = cf_string(api, rows[row].group);
        if (group != NULL)
            take_channels(s, api, api->IOReportCopyChannelsInGroup(group, NULL, 0, 0, 0));
        cf_release(api, group);
    }
}

/* The wanted ones of an array of channels, as another. */
static apple_cf choose(const struct ioreport_state *s, const struct apple_api *api, size_t row)
{
    apple_cf all = s->listed[row],
             chosen = api->CFArrayCreateMutable(NULL, 0, api->kCFTypeArrayCallBacks);
    apple_index n = cf_count(api, all);
    bool has_dcs = false;
    char name[NAME_SIZE];

    for (size_t i = 0; i < N_ROWS; i++)
        has_dcs |= s->listed[i] != NULL && same_group(i, row) && rows[i].subgroup != NULL &&
                   strcmp(rows[i].subgroup, "DCS BW") == 0;
    for (apple_index i = 0; i < n && chosen != NULL; i++) {
        apple_cf channel = api->CFArrayGetValueAtIndex(all, i);
        name_of(api, s, channel, name);
        if (rows[row].wanted(name, has_dcs))
            api->CFArrayAppendValue(chosen, channel);
    }
    return chosen;
}

static void list_rows(struct ioreport_state *s, const struct apple_api *api)
{
    list_channels(s, api);
    for (size_t row = 0; row < N_ROWS; row++) {
        if (s->listed[row] == NULL)
            continue;
        apple_cf chosen = choose(s, api, row);
        cf_release(api, s->listed[row]);
        s->listed[row] = chosen;
        s->found[row] = chosen != NULL;
        s->alive[row] = cf_count(api, chosen) > 0;
    }
}

/* ---- subscribing ---- */

/* The channels of all rows that are alive, or of one, as the dictionary that subscribing takes. */
static apple_cf wanted_channels(const struct ioreport_state *s, const struct apple_api *api,
                                int only)
{
    apple_cf array = api->CFArrayCreateMutable(NULL, 0, api->kCFTypeArrayCallBacks);
    apple_cf dictionary =
        array != NULL ? api->CFDictionaryCreateMutableCopy(NULL, 0, s->template_channels) : NULL;

    for (size_t row = 0; row < N_ROWS && dictionary != NULL; row++) {
        if (only >= 0 ? row != (size_t)only : !s->alive[row])
            continue;
        apple_index n = cf_count(api, s->listed[row]);
        for (apple_index i = 0; i < n; i++)
            api->CFArrayAppendValue(array, api->CFArrayGetValueAtIndex(s->listed[row], i));
    }
    if (dictionary != NULL)
        api->CFDictionarySetValue(dictionary, s->channels_key, array);
    cf_release(api, array);
    return dictionary;
}

/* Subscribe; *subbed is what was subscribed to, a copy that is ours to release (reported: osquery and others release it; a
 * decompiled libIOReport clones it). */
static apple_cf subscribe(const struct ioreport_state *s, const struct apple_api *api, int only,
                          apple_cf *subbed)
{
    apple_cf wanted = wanted_channels(s, api, only), subscription = NULL;

    *subbed = NULL;
    if (wanted != NULL)
        subscription = api->IOReportCreateSubscription(NULL, wanted, subbed, 0, NULL);
    if (subscription != NULL && *subbed == NULL) {
        *subbed = wanted;
        wanted = NULL; /* given */
    }
    cf_release(api, wanted);
    return subscription;
}

static void unsubscribe(struct ioreport_state *s, const struct apple_api *api)
{
    cf_release(api, s->subscription);
    cf_release(api, s->subbed);
    s->subscription = s->subbed = NULL;
}

static bool works_alone(const struct ioreport_state *s, const struct apple_api *api, size_t row)
{
    apple_cf subbed, subscription = subscribe(s, api, (int)row, &subbed);
    bool works = subscription != NULL;

    cf_release(api, subscription);
    cf_release(api, subbed);
    return works;
}

static const char *const refused_alone = "lists its channels, and cannot be subscribed to";
static const char *const refused_silently = "can be subscribed to, and gives no channels";

/* A sample's array of channels; *sample is ours to release. */
static apple_cf take_sample(const struct ioreport_state *s, const struct apple_api *api,
                            apple_cf *sample)
{
    *sample = api->IOReportCreateSamples(s->subscription, s->subbed, NULL);
    return cf_in(api, *sample, s->channels_key);
}

/* Drop the rows that a sample has no channel of. Returns how many were dropped. */
static unsigned drop_silent(struct ioreport_state *s, const struct apple_api *api, apple_cf array)
{
    bool seen[N_ROWS] = {false};
    unsigned dropped = 0;
    apple_index n = cf_count(api, array);

    for (apple_index i = 0; i < n; i++) {
        int row = row_of_channel(api, api->CFArrayGetValueAtIndex(array, i));
        if (row >= 0)
            seen[row] = true;
    }
    for (size_t row = 0; row < N_ROWS; row++) {
        if (!s->alive[row] || seen[row])
            continue;
        s->alive[row] = false;
        s->why[row] = works_alone(s, api, row) ? refused_silently : refused_alone;
        dropped++;
    }
    return dropped;
}

static bool anything_alive(const struct ioreport_state *s)
{
    for (size_t row = 0; row < N_ROWS; row++)
        if (s->alive[row])
            return true;
    return false;
}

/* Subscribe to all rows; when that is refused, to those that are not refused alone; then without those that say nothing. */
static void subscribe_to_what_works(struct ioreport_state *s, const struct apple_api *api)
{
    apple_cf sample = NULL, array;

    s->subscription = subscribe(s, api, -1, &s->subbed);
    for (size_t row = 0; s->subscription == NULL && row < N_ROWS; row++)
        if (s->alive[row] && !works_alone(s, api, row)) {
            s->alive[row] = false;
            s->why[row] = refused_alone;
        }
    if (s->subscription == NULL && anything_alive(s))
        s->subscription = subscribe(s, api, -1, &s->subbed);
    if (s->subscription == NULL)
        return;
    array = take_sample(s, api, &sample);
    if (cf_count(api, array) > 0 && drop_silent(s, api, array) > 0) {
        unsubscribe(s, api);
        if (anything_alive(s))
            s->subscription = subscribe(s, api, -1, &s->subbed);
    }
    cf_release(api, sample);
}

/* ---- describing ---- */

struct described {
    char group[NAME_SIZE], subgroup[NAME_SIZE], name[NAME_SIZE];
    uint64_t provider, id;
};

static bool same_name(const struct described *a, const struct described *b)
{
    return strcmp(a->name, b->name) == 0 && strcmp(a->subgroup, b->subgroup) == 0 &&
           strcmp(a->group, b->group) == 0;
}

/* GROUP/SUBGROUP/NAME, and ~ID or ~ID.N behind a name that is not alone. */
static void key_of(const struct described *all, size_t n, size_t at, char *out, size_t size)
{
    const struct described *d = &all[at];
    const char *slash = d->subgroup[0] != '\0' ? "/" : "";
    unsigned same = 0, nth = 1;

    for (size_t i = 0; i < n; i++) {
        bool is_same = same_name(&all[i], d);
        same += is_same;
        nth += is_same && i < at && all[i].id == d->id;
    }
    if (same < 2)
        snprintf(out, size, "ioreport/%s%s%s/%s", d->group, slash, d->subgroup, d->name);
    else if (nth < 2)
        snprintf(out, size, "ioreport/%s%s%s/%s~%llx", d->group, slash, d->subgroup, d->name,
                 (unsigned long long)d->id);
    else
        snprintf(out, size, "ioreport/%s%s%s/%s~%llx.%u", d->group, slash, d->subgroup, d->name,
                 (unsigned long long)d->id, nth);
}

/* State names of a channel into the schema's terms; NULL names become "". */
static int32_t add_state_channel(struct apple_probe *p, apple_cf channel, struct channel_spec *spec,
                                 uint32_t n)
{
    static const size_t name_size = 32;
    char *text = calloc(n, name_size);             /* owned */
    const char **names = calloc(n, sizeof *names); /* owned */
    int32_t row = -1;

    if (text == NULL || names == NULL) {
        p->schema->failed = true;
        goto out;
    }
    for (uint32_t i = 0; i < n; i++) {
        char *name = text + i * name_size;
        if (!cf_text(p->api, p->api->IOReportStateGetNameForIndex(channel, (int32_t)i), name,
                     name_size))
            name[0] = '\0';
        cf_trim(name);
        names[i] = name;
    }
    spec->type = SLOT_U64;
    spec->count = n;
    spec->states = names;
    row = schema_add_channel(p->schema, spec);
out:
    free(text);
    free(names);
    return row;
}

static void add_channel(struct ioreport_state *s, struct apple_probe *p, apple_cf channel,
                        const struct described *all, size_t n, size_t at, const int32_t *collectors)
{
    struct ioreport_channel *c = &s->channels[at];
    char key[3 * NAME_SIZE + 32], group[2 * NAME_SIZE + 16], unit[NAME_SIZE];
    int row = row_of(all[at].group, all[at].subgroup);
    struct channel_spec spec = {
        .key = key, .group = group, .name = all[at].name, .unit = unit, .flags = CHANNEL_COUNTER};

    *c = (struct ioreport_channel){.provider = all[at].provider, .id = all[at].id, .channel = -1};
    c->format = (uint8_t)p->api->IOReportChannelGetFormat(channel);
    if (row < 0)
        return;
    spec.collector = collectors[row];
    key_of(all, n, at, key, sizeof key);
    snprintf(group, sizeof group, "ioreport/%s%s%s", all[at].group,
             all[at].subgroup[0] != '\0' ? "/" : "", all[at].subgroup);
    text_of(p->api, p->api->IOReportChannelGetUnitLabel(channel), unit);
    if (c->format == APPLE_IOREPORT_SIMPLE) {
        spec.type = SLOT_I64;
        c->channel = schema_add_channel(p->schema, &spec);
    } else if (c->format == APPLE_IOREPORT_STATE) {
        int32_t states = p->api->IOReportStateGetCount(channel);
        if (states > 0 && states <= MAX_STATES) {
            c->states = (uint32_t)states;
            c->channel = add_state_channel(p, channel, &spec, c->states);
        }
    }
}

static void describe_channels(struct ioreport_state *s, struct apple_probe *p, apple_cf array,
                              const int32_t *collectors)
{
    size_t n = (size_t)cf_count(p->api, array);
    struct described *all = calloc(n + 1, sizeof *all); /* owned */
    struct apple_ioreport_element element;

    if (all == NULL || !VEC_GROW(s->channels, s->cap_channels, n + 1)) {
        p->schema->failed = true;
        free(all);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        apple_cf channel = p->api->CFArrayGetValueAtIndex(array, (apple_index)i);
        text_of(p->api, p->api->IOReportChannelGetGroup(channel), all[i].group);
        text_of(p->api, p->api->IOReportChannelGetSubGroup(channel), all[i].subgroup);
        name_of(p->api, s, channel, all[i].name);
        if (first_element(p->api, s, channel, &element)) {
            all[i].provider = element.provider_id;
            all[i].id = element.channel_id;
        }
    }
    s->n_channels = n;
    for (size_t i = 0; i < n; i++)
        add_channel(s, p, p->api->CFArrayGetValueAtIndex(array, (apple_index)i), all, n, i,
                    collectors);
    free(all);
}

/* One collector a group, with the first reason any of its rows has. */
static void add_collectors(struct ioreport_state *s, struct apple_probe *p, int32_t *collectors)
{
    char name[NAME_SIZE], reason[NAME_SIZE + 96];

    for (size_t row = 0; row < N_ROWS; row++) {
        bool found = false, alive = false;
        size_t first = row, refused = N_ROWS;
        for (size_t i = 0; i < N_ROWS; i++) {
            if (!same_group(i, row))
                continue;
            first = i < first ? i : first;
            found |= s->found[i];
            alive |= s->alive[i];
            refused = s->why[i] != NULL && refused == N_ROWS ? i : refused;
        }
        if (first != row) {
            collectors[row] = collectors[first];
            continue;
        }
        reason[0] = '\0';
        if (refused < N_ROWS)
            snprintf(reason, sizeof reason, "%s %s",
                     rows[refused].subgroup != NULL ? rows[refused].subgroup : "it",
                     s->why[refused]);
        else if (!found)
            snprintf(reason, sizeof reason, "this machine has no such group");
        else if (!alive)
            snprintf(reason, sizeof reason, "it has none of the channels we know");
        snprintf(name, sizeof name, "ioreport/%s", rows[row].group);
        collectors[row] = schema_add_collector(p->schema, name,
                                               alive              ? 0
                                               : refused < N_ROWS ? EACCES
                                                                  : SLOT_ABSENT,
                                               reason, "");
    }
}

/* ---- what is there and not read ---- */

/* A group none of whose subgroups we know, or an unknown subgroup of one that we know. */
struct unread {
    char name[2 * NAME_SIZE];
    uint64_t channels;
};

/* False: it is of a row. Known group: only its subgroup is not. */
static bool name_unread(const struct apple_api *api, apple_cf channel, char out[2 * NAME_SIZE])
{
    char group[NAME_SIZE], subgroup[NAME_SIZE];

    text_of(api, api->IOReportChannelGetGroup(channel), group);
    text_of(api, api->IOReportChannelGetSubGroup(channel), subgroup);
    if (row_of(group, subgroup) >= 0)
        return false;
    for (size_t row = 0; row < N_ROWS; row++)
        if (strcmp(rows[row].group, group) == 0) {
            snprintf(out, 2 * NAME_SIZE, "%s/%s", group, subgroup);
            return true;
        }
    snprintf(out, 2 * NAME_SIZE, "%s", group);
    return true;
}

/* Count the channel; channels of a driver stand together, so that most are of the last group seen. False: no room. */
static bool count_unread(struct unread *list, size_t *n, const char *name)
{
    for (size_t i = *n; i > 0; i--)
        if (strcmp(list[i - 1].name, name) == 0) {
            list[i - 1].channels++;
            return true;
        }
    if (*n == MAX_UNREAD)
        return false;
    snprintf(list[*n].name, sizeof list[*n].name, "%s", name);
    list[(*n)++].channels = 1;
    return true;
}

/* All channels of the machine (6,469 on an M1, recorded), for doctor alone: properties ioreport/unread/GROUP with their number. */
static void survey(const struct ioreport_state *s, struct apple_probe *p)
{
    struct unread *list = calloc(MAX_UNREAD, sizeof *list); /* owned */
    apple_cf all = list != NULL && s->channels_key != NULL &&
                           p->api->IOReportCopyAllChannels != NULL
                       ? p->api->IOReportCopyAllChannels(0, 0)
                       : NULL;
    apple_cf array = cf_in(p->api, all, s->channels_key);
    apple_index count = cf_count(p->api, array);
    char name[2 * NAME_SIZE], key[2 * NAME_SIZE + 32];
    size_t n = 0;

    for (apple_index i = 0; i < count; i++)
        if (name_unread(p->api, p->api->CFArrayGetValueAtIndex(array, i), name) &&
            !count_unread(list, &n, name))
            break;
    for (size_t i = 0; i < n; i++) {
        snprintf(key, sizeof key, "ioreport/unread/%s", list[i].name);
        schema_put_u64(p->schema, key, &list[i].channels, 1);
    }
    cf_release(p->api, all);
    free(list);
}

static void drop_lists(struct ioreport_state *s, const struct apple_api *api)
{
    for (size_t row = 0; row < N_ROWS; row++) {
        cf_release(api, s->listed[row]);
        s->listed[row] = NULL;
    }
    cf_release(api, s->template_channels);
    s->template_channels = NULL;
}

static void ioreport_describe(void *state, struct apple_probe *p)
{
    struct ioreport_state *s = state;
    int32_t collectors[N_ROWS];
    apple_cf sample = NULL, array = NULL;

    s->channels_key = cf_string(p->api, "IOReportChannels");
    s->raw_key = cf_string(p->api, "RawElements");
    if (s->channels_key != NULL)
        list_rows(s, p->api);
    if (s->template_channels != NULL && anything_alive(s))
        subscribe_to_what_works(s, p->api);
    drop_lists(s, p->api);
    add_collectors(s, p, collectors);
    schema_put_u64(p->schema, "ioreport/channels", &s->total, 1);
    if (p->survey)
        survey(s, p);
    if (s->subscription != NULL)
        array = take_sample(s, p->api, &sample);
    if (cf_count(p->api, array) > 0)
        describe_channels(s, p, array, collectors);
    else if (s->total == 0)
        apple_report(p, SLOT_ABSENT, NULL,
                     "IOReport has none of the groups we know (a virtual machine has none)");
    else
        apple_report(p, EIO, NULL, "IOReport lists channels, and none can be sampled");
    cf_release(p->api, sample);
}

/* ---- reading ---- */

/* A state channel's stamp is its newest element's: each element is stamped when its own state is recorded, so that a state which
 * nobody was in for hours has an old one (documented: XNU's IOStateReporter.cpp). */
static void read_raw(struct apple_tick *t, const struct ioreport_channel *c, const uint8_t *bytes)
{
    struct apple_ioreport_element element;
    uint64_t newest = 0, *slots;

    if (c->format == APPLE_IOREPORT_SIMPLE) {
        memcpy(&element, bytes, sizeof element);
        frame_set_stamp(t->frame, c->channel, apple_ns(t->timebase, element.stamp_ticks));
        frame_set_i64(t->frame, c->channel, (int64_t)element.v[0]);
        return;
    }
    slots = frame_array(t->frame, c->channel);
    for (uint32_t i = 0; i < c->states; i++) {
        memcpy(&element, bytes + i * sizeof element, sizeof element);
        slots[i] = element.v[2];
        newest = element.stamp_ticks > newest ? element.stamp_ticks : newest;
    }
    frame_set_stamp(t->frame, c->channel, apple_ns(t->timebase, newest));
}

/* Without raw elements: the accessors, and no stamp. */
static void read_accessors(struct apple_tick *t, const struct ioreport_channel *c, apple_cf channel)
{
    uint64_t *slots;

    if (c->format == APPLE_IOREPORT_SIMPLE) {
        frame_set_i64(t->frame, c->channel, t->api->IOReportSimpleGetIntegerValue(channel, NULL));
        return;
    }
    slots = frame_array(t->frame, c->channel);
    for (uint32_t i = 0; i < c->states; i++)
        slots[i] = (uint64_t)t->api->IOReportStateGetResidency(channel, (int32_t)i);
}

/* False: this is not the channel that was described. whole: the sample has as many channels as there were then. */
static bool read_channel(const struct ioreport_state *s, struct apple_tick *t,
                         const struct ioreport_channel *c, apple_cf channel, bool whole)
{
    size_t n, need = (c->format == APPLE_IOREPORT_STATE ? c->states : 1) *
                     sizeof(struct apple_ioreport_element);
    apple_cf raw;
    const uint8_t *bytes;
    struct apple_ioreport_element first;

    if (c->channel < 0 && whole)
        return true;
    /* An element of a sample is a dictionary: every accessor of IOReport's takes it for one. */
    raw = s->raw_key != NULL ? t->api->CFDictionaryGetValue(channel, s->raw_key) : NULL;
    bytes = cf_bytes(t->api, raw, &n);
    if (bytes == NULL || n < sizeof first) {
        if (whole)
            read_accessors(t, c, channel);
        return whole;
    }
    memcpy(&first, bytes, sizeof first);
    if (first.channel_id != c->id || first.provider_id != c->provider)
        return false;
    if (c->channel < 0)
        return true;
    if (n < need) {
        frame_set_status(t->frame, c->channel, ERANGE);
        return true;
    }
    read_raw(t, c, bytes);
    return true;
}

/* A sample has its channels in the order of the subscription, without those whose driver said nothing this time (reported: a
 * decompiled libIOReport): they are absent from the frame. Lacking for longer, as after a driver's restart, is another machine. */
static bool ioreport_read(void *state, struct apple_tick *t)
{
    enum { PATIENCE = 5 };
    struct ioreport_state *s = state;
    apple_cf sample = NULL, array = take_sample(s, t->api, &sample);
    apple_index n = cf_count(t->api, array), at = 0;
    bool whole = (size_t)n == s->n_channels;

    for (size_t i = 0; i < s->n_channels; i++) {
        const struct ioreport_channel *c = &s->channels[i];
        if (at < n && read_channel(s, t, c, t->api->CFArrayGetValueAtIndex(array, at), whole))
            at++;
        else if (c->channel >= 0)
            frame_set_status(t->frame, c->channel, n == 0 ? EIO : SLOT_ABSENT);
    }
    cf_release(t->api, sample);
    s->lacking = n > 0 && at == n && !whole ? s->lacking + 1 : 0;
    return at < n || s->lacking >= PATIENCE;
}

static void ioreport_close(void *state, const struct apple_api *api)
{
    struct ioreport_state *s = state;

    drop_lists(s, api);
    unsubscribe(s, api);
    cf_release(api, s->channels_key);
    cf_release(api, s->raw_key);
    free(s->channels);
}

const struct apple_part apple_ioreport_part = {
    .name = "ioreport",
    .state_size = sizeof(struct ioreport_state),
    .needed = ioreport_needed,
    .describe = ioreport_describe,
    .read = ioreport_read,
    .close = ioreport_close,
};
