/* SPDX-License-Identifier: MIT */
/* Makes the seeds of fuzz_decode_apple out of simulated machines: `seed_decode_apple DIR N MACHINE…`. Only needed when the form of that
 * input changes; built by hand from this file and libactop.a. Of each group only the first N channels are taken, of states all: six,
 * and two for m1-small, which the fuzzer can grow within its bound (tests/lib/run_fuzz). */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "source/source.h"

static const char *const groups[] = {
    "ioreport/CPU Stats/CPU Core Performance States",
    "ioreport/CPU Stats/CPU Complex Performance States",
    "ioreport/GPU Stats/GPU Performance States",
    "ioreport/Energy Model",
    "ioreport/PMP/Energy Counters",
    "ioreport/AMC Stats/Perf Counters",
    "ioreport/PMP/DCS BW",
    "ioreport/PMP0/AFI BW",
    "ioreport/PMP/DRAM BW",
    "smc",
    "hid/temperature",
    "agx",
    "mach/cpu",
    "thermal",
};
enum { N_GROUPS = sizeof groups / sizeof groups[0] };

/* A letter whose code is the group's number modulo the fifteen the target knows. */
static char letter_of(int group)
{
    return (char)(75 + group); /* 'K' is 75, a multiple of 15 */
}

static int group_of(const struct schema *s, const struct channel *c)
{
    for (int g = 0; g < N_GROUPS; g++)
        if (strcmp(schema_text(s, c->group), groups[g]) == 0)
            return g;
    return -1;
}

static void put_properties(FILE *out, const struct schema *s)
{
    for (size_t i = 0; i < s->n_properties; i++) {
        const struct property *p = &s->properties[i];
        const char *key = schema_text(s, p->key);
        const unsigned char *bytes = (const unsigned char *)schema_text(s, p->first);
        if (p->type != SLOT_BYTES)
            continue;
        if (strncmp(key, "pmgr/", 5) == 0) {
            (void)fprintf(out, "b %s\t", key);
            for (uint32_t k = 0; k < p->count; k++)
                (void)fprintf(out, "%02x", bytes[k]);
            (void)fputc('\n', out);
        } else if (strstr(key, "brand_string") != NULL || strstr(key, "cluster-type") != NULL) {
            (void)fprintf(out, "t %s\t%s\n", key, (const char *)bytes);
        }
    }
}

static size_t put_channels(FILE *out, const struct schema *s, long of_each, uint32_t *taken)
{
    size_t n = 0;
    long count[N_GROUPS] = {0};
    for (uint32_t i = 0; i < s->n_channels; i++) {
        const struct channel *c = &s->channels[i];
        int g = group_of(s, c);
        if (g < 0 || count[g]++ >= of_each)
            continue;
        (void)fprintf(out, "c %c\t%s\t%s", letter_of(g), schema_text(s, c->name),
                      schema_text(s, c->unit));
        for (uint32_t k = 0; k < c->count && c->count > 1; k++)
            (void)fprintf(out, "\t%s", schema_state_name(s, c, k));
        (void)fputc('\n', out);
        taken[n++] = i;
    }
    return n;
}

static void put_frame(FILE *out, const struct frame *f, const uint32_t *taken, size_t n)
{
    (void)fprintf(out, "f 1000000000 0\nv");
    for (size_t i = 0; i < n; i++) {
        const struct channel *c = &f->schema->channels[taken[i]];
        for (uint32_t k = 0; k < c->count; k++)
            (void)fprintf(out, " %" PRIu64, f->slots[c->first + k]);
    }
    (void)fprintf(out, "\nm");
    for (size_t i = 0; i < n; i++)
        (void)fprintf(out, " %" PRId64,
                      f->stamps_ns[taken[i]] == 0 ? 0 : f->at.awake_ns - f->stamps_ns[taken[i]]);
    (void)fputc('\n', out);
}

static int make_seed(const char *directory, long of_each, const char *machine)
{
    const struct source_ops *ops;
    struct source_env env = {.script = "compile"};
    struct source *source = NULL;
    struct schema *schema = NULL;
    struct frame frame = {0};
    uint32_t taken[4096];
    char text[512];
    (void)snprintf(text, sizeof text, "sim:%s", machine);
    if (source_select(text, &ops, &env.argument, NULL) != ACTOP_OK ||
        ops->open(&source, &env, NULL) != ACTOP_OK ||
        ops->describe(source, &schema, NULL) != ACTOP_OK)
        return 1;
    (void)snprintf(text, sizeof text, "%s/%s", directory, machine);
    FILE *out = fopen(text, "w");
    if (out == NULL)
        return 1;
    put_properties(out, schema);
    size_t n = put_channels(out, schema, of_each, taken);
    (void)fputs("s\n", out);
    for (int i = 0;
         i < 3 && ops->read(source, UINT32_MAX, INT64_C(1000000000), &frame, NULL) == ACTOP_OK; i++)
        put_frame(out, &frame, taken, n);
    int failed = fclose(out);
    frame_release(&frame);
    schema_unref(schema);
    ops->close(source);
    return failed;
}

int main(int argc, char **argv)
{
    for (int i = 3; i < argc; i++)
        if (make_seed(argv[1], strtol(argv[2], NULL, 10), argv[i]) != 0) {
            (void)fprintf(stderr, "seed_decode_apple: %s failed\n", argv[i]);
            return 1;
        }
    return argc < 4;
}
