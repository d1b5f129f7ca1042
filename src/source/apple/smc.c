/* SPDX-License-Identifier: MIT */
/* The system management controller: temperatures, fans, power, by four-character keys (protocol reported: all open SMC
 * readers agree; key lists recorded on 25 machines).
 *
 * The key list is sorted by key (recorded), so the temperature keys are one range: found by halving, then walked. What is
 * wanted is asked for its type once; each tick reads bytes only. A list that turns out unsorted is walked whole. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/vec.h"
#include "source/apple/apple.h"
#include "source/apple/cf.h"

static const enum apple_row smc_needed[] = {CF_ROWS,
                                            REGISTRY_ROWS,
                                            APPLE_ROW_IORegistryEntryGetName,
                                            APPLE_ROW_IOServiceOpen,
                                            APPLE_ROW_IOServiceClose,
                                            APPLE_ROW_IOConnectCallStructMethod,
                                            APPLE_ROW_mach_task_self_,
                                            APPLE_ROW_END};

/* Asked for by name: power and current. Reported by several tools; which machine has which is found out. */
static const char *const named_keys[] = {
    "PSTR", "PDTR", "PPBR", "PMVR", "PHPC", "PDBR", "PBwo", "PZC0",
    "PZC1", "PC02", "PC03", "PC42", "PC43", "PP5b", "VD0R", "ID0R",
};
static const char *const fan_keys[] = {"Ac", "Mn", "Mx", "Tg"}; /* behind F and a digit */
enum { MAX_FANS = 10, MAX_MUTE = 32 };

struct smc_key {
    uint32_t key, size;
    int32_t channel;
};

struct smc_state {
    apple_port connection; /* owned */
    struct smc_key *keys;  /* owned */
    size_t n_keys, cap_keys;
    uint32_t total; /* what #KEY says */
    unsigned mute;  /* places of the list without an answer */
    unsigned other; /* temperature keys that are no number */
};

static void text_of(uint32_t code, char out[5])
{
    for (int i = 0; i < 4; i++)
        out[i] = (char)(code >> (24 - 8 * i));
    out[4] = '\0';
}

/* One round trip; false when the call or the controller says no. */
static bool ask(const struct apple_api *api, apple_port connection, struct apple_smc_block *block)
{
    struct apple_smc_block answer = {0};
    size_t n = sizeof answer;

    if (api->IOConnectCallStructMethod(connection, APPLE_SMC_SELECTOR, block, sizeof *block,
                                       &answer, &n) != 0)
        return false;
    if (n != sizeof answer || answer.result != 0)
        return false;
    *block = answer;
    return true;
}

static bool get_info(const struct apple_api *api, apple_port connection, uint32_t key,
                     uint32_t *size, uint32_t *type)
{
    struct apple_smc_block block = {.key = key, .command = APPLE_SMC_KEY_INFO};

    if (!ask(api, connection, &block))
        return false;
    *size = block.info.size;
    *type = block.info.type;
    return true;
}

static bool get_bytes(const struct apple_api *api, apple_port connection, uint32_t key,
                      uint32_t size, uint8_t out[32])
{
    struct apple_smc_block block = {.key = key, .command = APPLE_SMC_READ, .info = {.size = size}};

    if (!ask(api, connection, &block))
        return false;
    memcpy(out, block.bytes, sizeof block.bytes);
    return true;
}

static bool key_at(const struct apple_api *api, apple_port connection, uint32_t index,
                   uint32_t *key)
{
    struct apple_smc_block block = {.command = APPLE_SMC_KEY_AT, .index = index};

    if (!ask(api, connection, &block))
        return false;
    *key = block.key;
    return true;
}

/* ---- opening ---- */

/* AppleSMCKeysEndpoint is the one that answers on newer systems; macOS 11 has a service named AppleSMC (recorded). */
static apple_port find_service(const struct apple_api *api)
{
    apple_port services = registry_services(api, "AppleSMC"), entry, chosen = 0;
    char name[128];

    while (services != 0 && (entry = api->IOIteratorNext(services)) != 0) {
        bool is_endpoint = api->IORegistryEntryGetName(entry, name) == 0 &&
                           strcmp(name, "AppleSMCKeysEndpoint") == 0;
        if (chosen == 0 || is_endpoint) {
            if (chosen != 0)
                api->IOObjectRelease(chosen);
            chosen = entry;
        } else {
            api->IOObjectRelease(entry);
        }
    }
    if (services != 0)
        api->IOObjectRelease(services);
    return chosen;
}

static bool open_connection(struct smc_state *s, struct apple_probe *p)
{
    apple_port service = find_service(p->api);
    apple_kern failed;

    if (service == 0) {
        apple_report(p, SLOT_ABSENT, NULL, "there is no SMC service (a virtual machine has none)");
        return false;
    }
    failed = p->api->IOServiceOpen(service, *p->api->mach_task_self_, 0, &s->connection);
    p->api->IOObjectRelease(service);
    if (failed != 0) {
        s->connection = 0;
        apple_report(p, EACCES, NULL, "IOServiceOpen refused the SMC with 0x%08x",
                     (unsigned)failed);
        return false;
    }
    return true;
}

/* ---- choosing keys ---- */

/* Of another size a type would be read wrongly. */
static bool is_number(const char type[5], uint32_t size)
{
    static const struct {
        char type[5];
        uint8_t size;
    } types[] = {{"flt ", 4}, {"ioft", 8}, {"ui8 ", 1}, {"ui16", 2}, {"ui32", 4}, {"sp78", 2},
                 {"fpe2", 2}, {"si8 ", 1}, {"si16", 2}, {"si32", 4}, {"flag", 1}};

    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (memcmp(type, types[i].type, 4) == 0)
            return size == types[i].size;
    return false;
}

/* Take a key when the SMC knows it and it is a number. False: it is not there. */
static bool add_key(struct smc_state *s, struct apple_probe *p, uint32_t key)
{
    char text[5], type[5], channel[16];
    uint32_t size, type_code;

    if (!get_info(p->api, s->connection, key, &size, &type_code))
        return false;
    text_of(key, text);
    text_of(type_code, type);
    if (!is_number(type, size)) {
        s->other += key >> 24 == 'T';
        return true;
    }
    if (!VEC_GROW(s->keys, s->cap_keys, s->n_keys + 1)) {
        p->schema->failed = true;
        return true;
    }
    snprintf(channel, sizeof channel, "smc/%s", text);
    s->keys[s->n_keys].key = key;
    s->keys[s->n_keys].size = size;
    s->keys[s->n_keys++].channel =
        schema_add_channel(p->schema, &(struct channel_spec){.key = channel,
                                                             .group = "smc",
                                                             .name = text,
                                                             .unit = type,
                                                             .collector = p->collector,
                                                             .type = SLOT_U64});
    return true;
}

/* First index whose key is not below the wanted one; total when there is none. False: an index did not answer. */
static bool lower_bound(const struct smc_state *s, const struct apple_api *api, uint32_t wanted,
                        uint32_t *at)
{
    uint32_t low = 0, high = s->total, key;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (!key_at(api, s->connection, middle, &key))
            return false;
        if (key < wanted)
            low = middle + 1;
        else
            high = middle;
    }
    *at = low;
    return true;
}

/* Walk from an index while keys begin with T, over places that do not answer. Returns false when they are not in order. */
static bool add_temperatures(struct smc_state *s, struct apple_probe *p, uint32_t at, bool sorted)
{
    uint32_t last = 0, key;

    for (; at < s->total && s->mute < MAX_MUTE; at++) {
        if (!key_at(p->api, s->connection, at, &key)) {
            s->mute++;
            continue;
        }
        if (sorted && key < last)
            return false;
        last = key;
        if (key >> 24 == 'T')
            add_key(s, p, key);
        else if (sorted)
            return true;
    }
    return true;
}

static void choose_temperatures(struct smc_state *s, struct apple_probe *p)
{
    uint32_t at = 0;
    size_t before = s->n_keys;

    if (lower_bound(s, p->api, be32_get("T\0\0\0"), &at) && add_temperatures(s, p, at, true) &&
        s->n_keys > before)
        return;
    if (s->n_keys > before) /* out of order half way: the rest would come twice */
        apple_report(p, 0, NULL, "the SMC's key list is not sorted: some sensors may be missing");
    else
        add_temperatures(s, p, 0, false);
}

static void choose_fans(struct smc_state *s, struct apple_probe *p)
{
    char name[8];

    add_key(s, p, be32_get("FNum"));
    for (unsigned fan = 0; fan < MAX_FANS; fan++)
        for (size_t i = 0; i < sizeof fan_keys / sizeof fan_keys[0]; i++) {
            snprintf(name, sizeof name, "F%u%s", fan % 10, fan_keys[i]);
            if (!add_key(s, p, be32_get(name)) && i == 0)
                return; /* no such fan, and so none behind it */
        }
}

static void smc_describe(void *state, struct apple_probe *p)
{
    struct smc_state *s = state;
    uint8_t bytes[32];

    if (!open_connection(s, p))
        return;
    if (!get_bytes(p->api, s->connection, be32_get("#KEY"), 4, bytes)) {
        apple_report(p, EIO, NULL, "the SMC does not say how many keys it has");
    } else {
        s->total = be32_get(bytes);
        schema_put_u64(p->schema, "smc/keys", &(uint64_t){s->total}, 1);
        if (s->total > 65536)
            s->total = 65536;
        choose_temperatures(s, p);
    }
    if (s->mute > 0)
        apple_report(p, 0, NULL,
                     "%u places of the SMC's key list do not answer: some sensors may be missing",
                     s->mute);
    if (s->other > 0)
        apple_report(p, 0, NULL, "%u temperature keys are of no type and size we know", s->other);
    for (size_t i = 0; i < sizeof named_keys / sizeof named_keys[0]; i++)
        add_key(s, p, be32_get(named_keys[i]));
    choose_fans(s, p);
    if (s->n_keys > 0 && p->status > 0)
        p->status = 0; /* works in part */
    else if (s->n_keys == 0)
        apple_report(p, EIO, NULL, "the SMC answers, and has none of the keys we know");
}

static bool smc_read(void *state, struct apple_tick *t)
{
    struct smc_state *s = state;
    uint8_t bytes[32];

    for (size_t i = 0; i < s->n_keys; i++) {
        const struct smc_key *k = &s->keys[i];
        uint64_t value = 0;
        if (!get_bytes(t->api, s->connection, k->key, k->size, bytes)) {
            frame_set_status(t->frame, k->channel, EIO);
            continue;
        }
        for (uint32_t b = 0; b < k->size; b++)
            value |= (uint64_t)bytes[b] << 8 * b;
        frame_set_u64(t->frame, k->channel, value);
    }
    return false;
}

static void smc_close(void *state, const struct apple_api *api)
{
    struct smc_state *s = state;

    if (s->connection != 0)
        api->IOServiceClose(s->connection);
    free(s->keys);
}

const struct apple_part apple_smc_part = {
    .name = "smc",
    .state_size = sizeof(struct smc_state),
    .want = ACTOP_WANT(ACTOP_SCOPE_MACHINE) | ACTOP_WANT(ACTOP_SCOPE_SENSOR) |
            ACTOP_WANT(ACTOP_SCOPE_FAN) | ACTOP_WANT(ACTOP_SCOPE_RAIL),
    .needed = smc_needed,
    .describe = smc_describe,
    .read = smc_read,
    .close = smc_close,
};
