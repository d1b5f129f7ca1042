/* SPDX-License-Identifier: MIT */
/* A source over the fake of one machine, for the tests of the Apple source. */
#ifndef ACTOP_TESTS_APPLE_CASE_H
#define ACTOP_TESTS_APPLE_CASE_H

#include "lib/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake_apple/fake.h"
#include "source/apple/apple.h"

static const char *const apple_machines[] = {
    "m1", "m1-pro", "m1-max", "m1-ultra", "m2", "m2-pro", "m2-max", "m2-ultra",
    "m3", "m3-pro", "m3-max", "m3-ultra", "m4", "m4-pro", "m4-max",
    "m5", "m5-pro", "m5-max", "m5-ultra", "a18-pro", "m6", "vm", "odd",
};
enum { N_APPLE_MACHINES = sizeof apple_machines / sizeof apple_machines[0] };

static const uint32_t want_all =
    ACTOP_WANT_DEFAULT | ACTOP_WANT(ACTOP_SCOPE_PROCESS) | ACTOP_WANT_CMDLINE | ACTOP_WANT_GPU_CLIENTS;

struct apple_case {
    struct apple_api api;
    struct source *source;
    struct schema *schema;
    struct frame frame;
};

static inline void case_fake(const char *name)
{
    bool is_tiny = strcmp(name, "tiny") == 0; /* made for the tests: one of everything */
    char path[512];

    snprintf(path, sizeof path, "%s/%s", getenv("ACTOP_SOURCE"), is_tiny ? "tests/fake_apple/machines" : "machines");
    if (!fake_start(path, name))
        fail_msg("%s does not start", name);
}

/* The fake has to be started. */
static inline void case_open(struct apple_case *c)
{
    *c = (struct apple_case){.source = NULL};
    fake_fill(&c->api);
    assert_int_equal(apple_open_api(&c->source, &c->api, NULL), ACTOP_OK);
    assert_int_equal(apple_source.describe(c->source, &c->schema, NULL), ACTOP_OK);
}

static inline void case_read(struct apple_case *c)
{
    actop_error err = {ACTOP_OK, ""};
    actop_status st = apple_source.read(c->source, want_all, 0, &c->frame, &err);

    if (st != ACTOP_OK)
        fail_msg("read: %d %s", st, err.text);
}

static inline void case_close(struct apple_case *c)
{
    frame_release(&c->frame);
    schema_unref(c->schema);
    apple_source.close(c->source);
}

/* Close, and see that nothing of the fake's is still held. */
static inline void case_end(struct apple_case *c, const char *what)
{
    case_close(c);
    CHECK_ROW(fake_live_objects() == 0, what);
    CHECK_ROW(fake_live_ports() == 0, what);
    CHECK_ROW(fake_live_others() == 0, what);
    fake_stop();
}

static inline int32_t case_channel(const struct apple_case *c, const char *key)
{
    int32_t channel = schema_find_channel(c->schema, key);

    CHECK_ROW(channel >= 0, key);
    return channel;
}

/* A collector's status; -100: no such collector. */
static inline int32_t case_collector(const struct apple_case *c, const char *name, const char **reason)
{
    for (size_t i = 0; i < c->schema->n_collectors; i++)
        if (strcmp(schema_text(c->schema, c->schema->collectors[i].name), name) == 0) {
            *reason = schema_text(c->schema, c->schema->collectors[i].reason);
            return c->schema->collectors[i].status;
        }
    *reason = "";
    return -100;
}

#endif
