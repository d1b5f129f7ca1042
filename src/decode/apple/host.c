/* SPDX-License-Identifier: MIT */
/* Who the machine is: sysctls, as the system gives them. */
#include <stdio.h>
#include <string.h>

#include "decode/apple/apple.h"

struct host {
    uint16_t via;
    int32_t load;
    char os[96];
};

static bool begin(void *state, struct decode_schema *d)
{
    struct host *h = state;
    h->via = topology_via(d->topology, "sysctl");
    h->load = schema_find_channel(d->schema, "sysctl/vm.loadavg");
    const char *version = schema_get_text(d->schema, "sysctl/kern.osproductversion");
    const char *build = schema_get_text(d->schema, "sysctl/kern.osversion");
    (void)snprintf(h->os, sizeof h->os, "macOS%s%s%s%s%s", version != NULL ? " " : "",
                   version != NULL ? version : "", build != NULL ? " (" : "",
                   build != NULL ? build : "", build != NULL ? ")" : "");
    return true;
}

/* Elements 1, 5, 15 and scale: fixed point (documented: struct loadavg). */
static void step_load(const struct host *h, struct decode_frame *d)
{
    static const actop_metric metrics[] = {ACTOP_METRIC_LOAD_1, ACTOP_METRIC_LOAD_5,
                                           ACTOP_METRIC_LOAD_15};
    if (h->load < 0 || !frame_has(d->frame, h->load) || d->schema->channels[h->load].count < 4)
        return;
    const uint64_t *v = d->frame->slots + d->schema->channels[h->load].first;
    for (size_t i = 0; i < 3 && v[3] > 0; i++)
        sample_put(d->out, metrics[i], 0, (double)v[i] / (double)v[3], ACTOP_MEASURED, h->via);
}

static void step(void *state, struct decode_frame *d)
{
    const struct host *h = state;
    decode_put_property(d, ACTOP_METRIC_CHIP, 0, "sysctl/machdep.cpu.brand_string", h->via);
    decode_put_property(d, ACTOP_METRIC_MODEL, 0, "sysctl/hw.model", h->via);
    decode_put_property(d, ACTOP_METRIC_HOST, 0, "sysctl/kern.hostname", h->via);
    sample_put_text(d->out, ACTOP_METRIC_OS, 0, h->os, strlen(h->os), h->via);
    const char *source = schema_text(d->schema, d->schema->source);
    sample_put_text(d->out, ACTOP_METRIC_SOURCE, 0, source, strlen(source), 0);
    uint64_t is_virtual = 0;
    if (schema_get_u64(d->schema, "sysctl/kern.hv_vmm_present", 0, &is_virtual) && is_virtual != 0)
        sample_put_text(d->out, ACTOP_METRIC_CONTAINER, 0, "virtual machine", 15, h->via);
    if (d->frame->at.boot_ns > 0)
        sample_put(d->out, ACTOP_METRIC_UPTIME, 0, (double)d->frame->at.boot_ns * 1e-9,
                   ACTOP_MEASURED, h->via);
    step_load(h, d);
}

/* What the source found and does not ask for, where it was told to look (docs/apple-frames.md, properties). */
static void notes(const void *state, const struct decode_notes *d)
{
    static const char prefix[] = "ioreport/unread/";
    const struct schema *s = d->schema;
    (void)state;
    for (size_t i = 0; i < s->n_properties; i++) {
        const char *key = schema_text(s, s->properties[i].key);
        uint64_t channels = 0;
        if (!apple_starts(key, prefix) || !schema_get_u64(s, key, 0, &channels))
            continue;
        struct buf *b = notes_begin(d->into, ACTOP_NOTE_CHANNEL, key + sizeof prefix - 1);
        buf_printf(b, "%llu channel%s nobody asks for", (unsigned long long)channels,
                   channels == 1 ? "" : "s");
        notes_end(d->into);
    }
}

const struct decode_part decode_part_apple_host = {
    .name = "host",
    .state_size = sizeof(struct host),
    .begin = begin,
    .step = step,
    .notes = notes,
};
