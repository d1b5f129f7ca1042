/* SPDX-License-Identifier: MIT */
/* What can fail fails, in turn, on machines of every kind: the n-th call over opening, ticks, a wake and closing; each symbol; each
 * set of libraries; each class of the registry. Whatever it is, everything taken is given back and the rest is read.
 * With EVERY (test_apple_faults_long.c) no n is left out. */
#include "apple_case.h"

#include "base/error.h"

#ifdef EVERY
#define STEP(n) 1
#else
#define STEP(n) (n)
#endif

static void check_nothing_is_held(const char *what)
{
    CHECK_ROW(fake_live_objects() == 0, what);
    CHECK_ROW(fake_live_ports() == 0, what);
    CHECK_ROW(fake_live_others() == 0, what);
}

/* A life under a fault plan: describe, two ticks, asleep, the tick that notices it, describe, a tick. */
static void try_life(const char *name, unsigned long n)
{
    struct apple_case c;

    memset(&c, 0, sizeof c);
    fake_fail_call(n);
    fake_fill(&c.api);
    assert_int_equal(apple_open_api(&c.source, &c.api, NULL), ACTOP_OK);
    apple_survey(c.source); /* all there is */
    for (int part = 0; part < 2; part++) {
        schema_unref(c.schema);
        c.schema = NULL;
        if (apple_source.describe(c.source, &c.schema, NULL) != ACTOP_OK)
            break;
        for (int tick = 0; tick < 2; tick++) {
            truth_run(fake_truth(), 500000000);
            (void)apple_source.read(c.source, want_all, 0, &c.frame, NULL);
            if (part == 1)
                break;
        }
        truth_sleep(fake_truth(), 60000000000);
        (void)apple_source.read(c.source, want_all, 0, &c.frame, NULL);
    }
    case_close(&c);
    check_nothing_is_held(name);
}

static void each_failing_call_leaves_nothing_behind(void **state)
{
    static const struct {
        const char *machine;
        unsigned long step; /* make test takes every so manieth call of machines with many */
    } rows[] = {{"tiny", 1},
                {"vm", 1},
                {"odd", STEP(19)},
                {"m1", STEP(23)},
                {"m1-ultra", STEP(83)},
                {"m3-max", STEP(127)},
                {"m4-max", STEP(131)},
                {"m5-max", STEP(137)},
                {"m6", STEP(89)}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        unsigned long n = 1;
        case_fake(rows[i].machine);
        do {
            try_life(rows[i].machine, n);
            n += rows[i].step;
        } while (fake_fault_hit());
        fake_stop();
        CHECK_ROW(n > 600, rows[i].machine); /* the plan ran through whole lives */
        print_message("# %s: %lu calls a life, each %lu failed\n", rows[i].machine, n,
                      rows[i].step);
    }
}

static const char *const kinds[] = {"vm", "odd", "m1", "m4-max"};
enum { N_KINDS = sizeof kinds / sizeof kinds[0] };

/* Open and read once over the table; collectors that work, and those that name what is missing. */
static void try_table(struct apple_case *c, const char *what, const char *name, size_t *working,
                      size_t *named)
{
    *working = *named = 0;
    assert_int_equal(apple_open_api(&c->source, &c->api, NULL), ACTOP_OK);
    CHECK_ROW(apple_source.describe(c->source, &c->schema, NULL) == ACTOP_OK, what);
    CHECK_ROW(apple_source.read(c->source, want_all, 0, &c->frame, NULL) == ACTOP_OK, what);
    for (size_t i = 0; i < c->schema->n_collectors; i++) {
        const struct collector *k = &c->schema->collectors[i];
        const char *reason = schema_text(c->schema, k->reason);
        *working += k->status == 0;
        *named += strstr(reason, name) != NULL;
        CHECK_ROW(k->status == 0 || reason[0] != '\0', what);
    }
    case_close(c);
    check_nothing_is_held(what);
}

static void each_missing_call_costs_only_what_hangs_on_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_KINDS; i++) {
        case_fake(kinds[i]);
        for (int row = 0; row < APPLE_ROW_COUNT; row++) {
            const char *name = apple_row_name((enum apple_row)row);
            struct apple_case c;
            size_t working, named;
            memset(&c, 0, sizeof c);
            fake_fill(&c.api);
            apple_api_drop(&c.api, (enum apple_row)row);
            fake_reset_calls();
            try_table(&c, name, name, &working, &named);
            CHECK_ROW(working >= 6, name);
            CHECK_ROW(named > 0, name); /* at least by its library's collector */
        }
        fake_stop();
    }
}

static void each_set_of_missing_libraries_leaves_the_rest(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_KINDS; i++) {
        case_fake(kinds[i]);
        for (unsigned set = 0; set < 1u << APPLE_LIB_COUNT; set++) {
            struct apple_case c;
            size_t working, named;
            char what[64];
            memset(&c, 0, sizeof c);
            fake_fill(&c.api);
            for (int row = 0; row < APPLE_ROW_COUNT; row++)
                if ((set >> apple_row_lib((enum apple_row)row) & 1u) != 0)
                    apple_api_drop(&c.api, (enum apple_row)row);
            snprintf(what, sizeof what, "%s without %02x", kinds[i], set);
            try_table(&c, what, "missing from this system", &working, &named);
            /* Foundation alone has no call. Parts of libSystem work without all others. */
            CHECK_ROW((named > 0) == ((set & ~(1u << APPLE_LIB_FOUNDATION)) != 0), what);
            CHECK_ROW(working >= 5 || (set >> APPLE_LIB_SYSTEM & 1u) != 0, what);
        }
        fake_stop();
    }
}

static void each_class_that_the_registry_lacks_is_said_and_costs_only_itself(void **state)
{
    static const struct {
        const char *class_name, *collector;
    } rows[] = {
        {"AppleARMIODevice", "registry/pmgr"},     {"AppleSMC", "smc"},
        {"IOAccelerator", "registry/agx"},         {"IOAccelerator", "registry/gpu_clients"},
        {"AppleSmartBattery", "registry/battery"}, {"IOBlockStorageDriver", "registry/disk"},
        {"AppleAPFSVolume", "registry/apfs"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct apple_case c;
        const char *reason;
        size_t trouble = 0;
        case_fake("m4-max");
        fake_quirks.hidden_class = rows[i].class_name;
        case_open(&c);
        case_read(&c);
        CHECK_ROW(case_collector(&c, rows[i].collector, &reason) == SLOT_ABSENT, rows[i].collector);
        CHECK_ROW(reason[0] != '\0', rows[i].collector);
        for (size_t k = 0; k < c.schema->n_collectors; k++)
            trouble += c.schema->collectors[k].status > 0;
        CHECK_ROW(trouble == 1, rows[i].collector); /* AMC Stats, which this machine refuses */
        case_end(&c, rows[i].collector);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_failing_call_leaves_nothing_behind),
        cmocka_unit_test(each_missing_call_costs_only_what_hangs_on_it),
        cmocka_unit_test(each_set_of_missing_libraries_leaves_the_rest),
        cmocka_unit_test(each_class_that_the_registry_lacks_is_said_and_costs_only_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
