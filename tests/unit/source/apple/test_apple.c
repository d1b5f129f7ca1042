/* SPDX-License-Identifier: MIT */
/* The Apple source over the fake: what a frame says is what the machine did, for every machine described; each failing call,
 * missing call and odd answer costs only what hangs on it, and everything taken is given back. */
#include "apple_case.h"

#include <errno.h>
#include <unistd.h>

static void every_machine_opens_reads_and_closes_with_nothing_left(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_APPLE_MACHINES; i++) {
        struct apple_case c;
        case_fake(apple_machines[i]);
        case_open(&c);
        for (int tick = 0; tick < 3; tick++) {
            truth_run(fake_truth(), 1000000000);
            case_read(&c);
            CHECK_ROW(c.frame.seq == (uint64_t)tick + 1, apple_machines[i]);
            CHECK_ROW(c.frame.at.awake_ns == fake_truth()->awake_ns, apple_machines[i]);
            CHECK_ROW(c.frame.at.boot_ns == fake_truth()->boot_ns, apple_machines[i]);
        }
        CHECK_ROW(strcmp(schema_get_text(c.schema, "sysctl/machdep.cpu.brand_string"),
                         fake_truth()->machine->brand) == 0,
                  apple_machines[i]);
        case_end(&c, apple_machines[i]);
    }
}

/* Values and stamps of a channel against the truth. */
static void check_channel(const struct apple_case *c, size_t at)
{
    const struct machine_channel *m = &fake_truth()->machine->channels[at];
    char key[256];
    int32_t row;

    snprintf(key, sizeof key, "ioreport/%s%s%s/%s", m->group, m->subgroup[0] != '\0' ? "/" : "",
             m->subgroup, m->name);
    row = schema_find_channel(c->schema, key);
    if (row < 0)
        return;
    CHECK_ROW(frame_has(&c->frame, row), key);
    CHECK_ROW(c->frame.stamps_ns[row] == fake_truth()->stamp_ns[at], key);
    CHECK_ROW(strcmp(schema_text(c->schema, c->schema->channels[row].unit), m->unit) == 0, key);
    for (unsigned s = 0; s < m->n_states; s++)
        CHECK_ROW(c->frame.slots[c->schema->channels[row].first + s] ==
                      (uint64_t)fake_truth()->published[at][s],
                  key);
    if (m->n_states == 0)
        CHECK_ROW(frame_i64(&c->frame, row) == fake_truth()->published[at][0], key);
}

static void ioreport_values_and_stamps_are_what_was_published(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_APPLE_MACHINES; i++) {
        struct apple_case c;
        size_t n = 0;
        case_fake(apple_machines[i]);
        case_open(&c);
        for (unsigned k = 0; k < LOAD_LEVELS; k++)
            fake_truth()->load.cpu[k] = 0.6;
        fake_truth()->load.gpu = 0.5;
        truth_run(fake_truth(), 2400000000);
        case_read(&c);
        for (size_t k = 0; k < fake_truth()->machine->n_channels; k++)
            check_channel(&c, k);
        for (size_t k = 0; k < c.schema->n_channels; k++)
            n += strncmp(schema_text(c.schema, c.schema->channels[k].key), "ioreport/", 9) == 0;
        CHECK_ROW(n > 20 || strcmp(apple_machines[i], "vm") == 0, apple_machines[i]);
        case_end(&c, apple_machines[i]);
    }
}

static void the_channels_a_decoder_needs_are_there(void **state)
{
    static const struct {
        const char *machine, *key;
    } rows[] = {
        {"m1", "ioreport/Energy Model/CPU Energy"},
        {"m1", "ioreport/PMP/Energy Counters/ANE"},
        {"m1", "ioreport/AMC Stats/Perf Counters/DCS RD"},
        {"m1", "hid/temperature/PMU tdie1"},
        {"m1", "hid/temperature/gas gauge battery~3"},
        {"m1", "smc/TCMb"},
        {"m1-ultra", "ioreport/Energy Model/DIE_1_CPU Energy"},
        {"m1-ultra", "ioreport/CPU Stats/CPU Core Performance States/DIE_1_PCPU1_CPU3"},
        {"m3-max", "ioreport/PMP0/DCS BW/AMCC RD+WR"},
        {"m4-max", "ioreport/PMP/DCS BW/AGX RD+WR"},
        {"m4-max", "ioreport/PMP/AF BW/ANE0 RD"},
        {"m4-max", "smc/PSTR"},
        {"m4-max", "smc/F1Ac"},
        {"m5-max", "ioreport/Energy Model/MCPU1_3"},
        {"m5-max", "ioreport/PMP0/AF BW/AGX RD+WR"},
        {"m5-max", "ioreport/CPU Stats/CPU Complex Voltage States/PCPU"},
        {"a18-pro", "ioreport/PMP/DRAM BW/F5 WR"},
        {"m2", "mach/cpu/7/ticks"},
        {"m2", "mach/vm/compressor"},
        {"m2", "sysctl/vm.swapusage"},
        {"m2", "notify/thermalpressurelevel"},
        {"m2", "objc/thermalState"},
        {"m2", "agx/Device Utilization %"},
        {"m2", "ioreport/CLPC Stats/Lost Performance/Dominant reason"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct apple_case c;
        case_fake(rows[i].machine);
        case_open(&c);
        CHECK_ROW(schema_find_channel(c.schema, rows[i].key) >= 0, rows[i].key);
        case_end(&c, rows[i].machine);
    }
}

static void what_is_of_no_use_is_not_subscribed_to(void **state)
{
    struct apple_case c;
    (void)state;
    case_fake("m4-max");
    case_open(&c);
    for (size_t k = 0; k < c.schema->n_channels; k++) {
        const char *key = schema_text(c.schema, c.schema->channels[k].key);
        CHECK_ROW(strstr(key, "DTL") == NULL, key);
        CHECK_ROW(strncmp(key, "ioreport/PMP/AF BW/", 19) != 0 || strstr(key, "/ANE") != NULL, key);
    }
    case_end(&c, "m4-max");
}

/* Only where asked for: groups of which nothing is read, and unknown parts of groups that are. */
static void a_survey_names_the_groups_that_are_not_read(void **state)
{
    static const struct {
        const char *machine, *key;
        bool there;
    } rows[] = {
        {"m1", "ioreport/unread/H11ANE", true},
        {"m4-max", "ioreport/unread/CPU Stats/CPU Complex Idle", true},
        {"odd", "ioreport/unread/PMP1", true},
        {"m4-max", "ioreport/unread/Energy Model/", false},
        {"m4-max", "ioreport/unread/AMC Stats/Perf Counters", false}, /* asked for, and refused */
    };
    (void)state;
    for (int survey = 0; survey < 2; survey++)
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
            struct apple_case c;
            uint64_t channels = 0;
            memset(&c, 0, sizeof c);
            case_fake(rows[i].machine);
            fake_fill(&c.api);
            assert_int_equal(apple_open_api(&c.source, &c.api, NULL), ACTOP_OK);
            if (survey == 1)
                apple_survey(c.source);
            assert_int_equal(apple_source.describe(c.source, &c.schema, NULL), ACTOP_OK);
            CHECK_ROW(schema_get_u64(c.schema, rows[i].key, 0, &channels) ==
                          (rows[i].there && survey == 1),
                      rows[i].key);
            CHECK_ROW((channels > 0) == (rows[i].there && survey == 1), rows[i].key);
            case_end(&c, rows[i].machine);
        }
}

static void registry_facts_arrive_as_they_are(void **state)
{
    struct apple_case c;
    const struct property *p;
    uint64_t value;

    (void)state;
    case_fake("m5-max");
    case_open(&c);
    p = schema_find_property(c.schema, "pmgr/acc-clusters");
    assert_non_null(p);
    assert_int_equal(p->count, 24);
    assert_memory_equal(pool_at(&c.schema->pool, p->first),
                        "\x16\0\0\0\0\0\0\0\x17\1\0\0\0\0\0\0\5\2\0\0\0\0\0\0", 24);
    p = schema_find_property(c.schema, "pmgr/voltage-states22-sram");
    assert_non_null(p);
    assert_int_equal(p->count, 15 * 8);
    assert_memory_equal(pool_at(&c.schema->pool, p->first), "\x00\x82\x14\x00\xfd\x02\0\0", 8);
    assert_non_null(schema_find_property(c.schema, "pmgr/voltage-states22"));
    assert_non_null(schema_find_property(c.schema, "pmgr/voltage-states9"));
    assert_null(schema_find_property(c.schema, "pmgr/voltage-states1-sram"));
    assert_string_equal(schema_get_text(c.schema, "cpu/cpu0/cluster-type"), "M");
    assert_string_equal(schema_get_text(c.schema, "cpu/cpu17/cluster-type"), "P");
    assert_true(schema_get_u64(c.schema, "cpu/cpu17/logical-cpu-id", 0, &value) && value == 17);
    assert_true(schema_get_u64(c.schema, "cpu/cpu17/cluster-id", 0, &value) && value == 2);
    assert_true(schema_get_u64(c.schema, "sysctl/hw.nperflevels", 0, &value) && value == 2);
    assert_string_equal(schema_get_text(c.schema, "sysctl/hw.perflevel0.name"), "Super");
    assert_true(schema_get_u64(c.schema, "agx/gpu-core-count", 0, &value) && value == 40);
    assert_true(schema_get_u64(c.schema, "mach/timebase", 0, &value) && value == 125);
    case_end(&c, "m5-max");
}

static void a_virtual_machine_says_what_it_lacks(void **state)
{
    static const char *const absent[] = {"registry/pmgr", "ioreport",     "smc",
                                         "hid",           "registry/agx", "registry/battery"};
    static const char *const works[] = {"sysctl",  "mach/cpu", "mach/vm",       "network",
                                        "process", "volumes",  "thermal/notify"};
    struct apple_case c;
    const char *reason;

    (void)state;
    case_fake("vm");
    case_open(&c);
    for (size_t i = 0; i < sizeof absent / sizeof absent[0]; i++) {
        CHECK_ROW(case_collector(&c, absent[i], &reason) == SLOT_ABSENT, absent[i]);
        CHECK_ROW(reason[0] != '\0', absent[i]);
    }
    for (size_t i = 0; i < sizeof works / sizeof works[0]; i++)
        CHECK_ROW(case_collector(&c, works[i], &reason) == 0, works[i]);
    case_end(&c, "vm");
}

/* What a sandbox may do, as strictly as can be: everything that asks the kernel about others is refused, or answers with nothing. */
static int refused_sysctl(int *name, unsigned n, void *out, size_t *size, void *new_value, size_t m)
{
    (void)name, (void)n, (void)out, (void)new_value, (void)m;
    *size = 0;
    return 0;
}

static int refused_pids(void *out, int size)
{
    (void)out, (void)size;
    errno = EPERM;
    return 0;
}

static int no_mounts(void *out, int size, int flags)
{
    (void)out, (void)size, (void)flags;
    return 0;
}

static apple_kern refused_open(apple_port service, apple_port task, uint32_t type, apple_port *out)
{
    (void)service, (void)task, (void)type;
    *out = 0;
    return (apple_kern)0xe00002e2; /* kIOReturnNotPermitted */
}

static apple_cf refused_all(uint64_t options, uint64_t nothing)
{
    (void)options;
    (void)nothing;
    return NULL;
}

static apple_cf refused_group(apple_cf group, apple_cf subgroup, uint64_t a, uint64_t b, uint64_t c)
{
    (void)group, (void)subgroup, (void)a, (void)b, (void)c;
    return NULL;
}

static apple_cf refused_client(apple_cf allocator)
{
    (void)allocator;
    return NULL;
}

static uint32_t refused_notify(const char *name, int *token)
{
    (void)name, (void)token;
    return 7; /* NOTIFY_STATUS_NOT_AUTHORIZED */
}

static void a_sandbox_costs_what_it_refuses(void **state)
{
    static const char *const lost[] = {"network",  "process", "smc",
                                       "ioreport", "hid",     "thermal/notify"};
    static const char *const kept[] = {"sysctl", "mach/cpu", "mach/vm", "volumes", "registry/agx"};
    struct apple_case c;
    const char *reason;

    (void)state;
    memset(&c, 0, sizeof c);
    case_fake("m2");
    fake_fill(&c.api);
    c.api.sysctl = refused_sysctl;
    c.api.proc_listallpids = refused_pids;
    c.api.getfsstat = no_mounts;
    c.api.IOServiceOpen = refused_open;
    c.api.IOReportCopyAllChannels = refused_all;
    c.api.IOReportCopyChannelsInGroup = refused_group;
    c.api.IOHIDEventSystemClientCreate = refused_client;
    c.api.notify_register_check = refused_notify;
    assert_int_equal(apple_open_api(&c.source, &c.api, NULL), ACTOP_OK);
    assert_int_equal(apple_source.describe(c.source, &c.schema, NULL), ACTOP_OK);
    for (int tick = 0; tick < 3; tick++)
        case_read(&c);
    for (size_t i = 0; i < sizeof lost / sizeof lost[0]; i++) {
        CHECK_ROW(case_collector(&c, lost[i], &reason) != 0, lost[i]);
        CHECK_ROW(reason[0] != '\0', lost[i]);
    }
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++)
        CHECK_ROW(case_collector(&c, kept[i], &reason) == 0, kept[i]);
    for (size_t i = 0; i < c.schema->n_rowsets; i++) /* nobody filled another's rows */
        CHECK_ROW(strcmp(schema_text(c.schema, c.schema->rowsets[i].key), "interface") != 0,
                  "rows");
    case_end(&c, "sandbox");
}

/* Both ways in which a group is known to refuse. */
static void channels_are_the_same_whether_listed_at_once_or_by_group(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_APPLE_MACHINES; i++) {
        struct apple_case at_once, by_group;
        case_fake(apple_machines[i]);
        case_open(&at_once);
        CHECK_ROW(fake_calls(APPLE_ROW_IOReportCopyChannelsInGroup) == 0 ||
                      strcmp(apple_machines[i], "vm") == 0,
                  apple_machines[i]);
        memset(&by_group, 0, sizeof by_group);
        fake_fill(&by_group.api);
        by_group.api.IOReportCopyAllChannels = i % 2 == 0 ? NULL : refused_all;
        assert_int_equal(apple_open_api(&by_group.source, &by_group.api, NULL), ACTOP_OK);
        assert_int_equal(apple_source.describe(by_group.source, &by_group.schema, NULL), ACTOP_OK);
        CHECK_ROW(at_once.schema->n_channels == by_group.schema->n_channels, apple_machines[i]);
        for (size_t k = 0; k < at_once.schema->n_channels; k++)
            CHECK_ROW(schema_find_channel(
                          by_group.schema,
                          schema_text(at_once.schema, at_once.schema->channels[k].key)) >= 0,
                      apple_machines[i]);
        case_close(&by_group);
        case_end(&at_once, apple_machines[i]);
    }
}

static void a_group_that_refuses_costs_only_itself(void **state)
{
    (void)state;
    for (int together = 0; together < 2; together++) {
        struct apple_case c;
        const char *reason;
        case_fake("m4-max");
        fake_quirks.refuse_together = together != 0;
        case_open(&c);
        assert_int_equal(case_collector(&c, "ioreport/AMC Stats", &reason), EACCES);
        assert_string_equal(reason,
                            "Perf Counters lists its channels, and cannot be subscribed to");
        assert_int_equal(case_collector(&c, "ioreport/Energy Model", &reason), 0);
        assert_int_equal(case_collector(&c, "ioreport/PMP", &reason), 0);
        assert_int_equal(case_collector(&c, "ioreport/PMP0", &reason), SLOT_ABSENT);
        case_read(&c);
        assert_true(frame_has(&c.frame, case_channel(&c, "ioreport/Energy Model/CPU Energy")));
        case_end(&c, "m4-max");
    }
}

static void without_raw_elements_the_accessors_are_used_and_nothing_is_stamped(void **state)
{
    struct apple_case c;
    int32_t energy, core;

    (void)state;
    case_fake("m1");
    fake_quirks.no_raw_elements = true;
    case_open(&c);
    truth_run(fake_truth(), 3000000000);
    case_read(&c);
    energy = case_channel(&c, "ioreport/Energy Model/CPU Energy");
    core = case_channel(&c, "ioreport/CPU Stats/CPU Core Performance States/ECPU0");
    assert_int_equal(c.frame.stamps_ns[energy], 0);
    assert_true(frame_i64(&c.frame, energy) > 0);
    assert_int_equal(c.schema->channels[core].count, 6);
    assert_string_equal(schema_state_name(c.schema, &c.schema->channels[core], 1), "V0P4");
    case_end(&c, "m1");
}

static void names_come_from_the_id_and_units_lose_their_blanks(void **state)
{
    struct apple_case c;
    int32_t core, energy;

    (void)state;
    case_fake("m1");
    fake_quirks.no_names = fake_quirks.wide_units = true;
    case_open(&c);
    core = case_channel(&c, "ioreport/CPU Stats/CPU Core Performance States/PCPU3");
    assert_string_equal(schema_text(c.schema, c.schema->channels[core].name), "PCPU3");
    case_channel(&c, "ioreport/GPU Stats/GPU Performance States/GPUPH"); /* id 0x4750555048 */
    energy = case_channel(&c, "ioreport/Energy Model/CPU Energy");
    assert_string_equal(schema_text(c.schema, c.schema->channels[energy].unit), "mJ");
    case_end(&c, "m1");
}

/* The first whose name fits into an id. The fake's own, to be changed. */
static struct machine_channel *first_of_energy(void)
{
    const struct machine *m = fake_truth()->machine;
    size_t i = 0;

    while (i + 1 < m->n_channels &&
           (strcmp(m->channels[i].group, "Energy Model") != 0 || strlen(m->channels[i].name) > 8))
        i++;
    return &m->channels[i];
}

static void a_name_in_an_id_skips_zeros_and_ends_at_what_cannot_be_printed(void **state)
{
    static const struct {
        uint64_t id;
        const char *name;
    } rows[] = {
        {UINT64_C(0x4142430000000000), "ABC"},  {UINT64_C(0x0000000000414243), "ABC"},
        {UINT64_C(0x4100004200430044), "ABCD"}, {UINT64_C(0x4142010000000043), ""},
        {UINT64_C(0x41424344454647ff), ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct apple_case c;
        char key[64];
        case_fake("tiny");
        fake_quirks.no_names = true;
        first_of_energy()->id = rows[i].id;
        case_open(&c);
        snprintf(key, sizeof key, "ioreport/Energy Model/%s", rows[i].name);
        CHECK_ROW(schema_find_channel(c.schema, key) >= 0, key);
        case_end(&c, "tiny");
    }
}

/* A machine of our own with one name three times, as an M5 Ultra's legend has. */
static void names_that_repeat_are_kept_apart_by_id_and_position(void **state)
{
    static const char text[] =
        "# twice\n[machine] invented\nname t\nbrand T\nmodel T\nmemory 1073741824\n"
        "cpus 2\n[rails \"Energy Model\"] invented\n"
        "mJ other=1 TWIN TWIN ALONE TWIN\n";
    char directory[] = "/tmp/actop-apple-XXXXXX", path[64];
    struct apple_case c;
    FILE *f;

    (void)state;
    assert_non_null(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/t.txt", directory);
    f = fopen(path, "w");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0 && fclose(f) == 0);
    assert_true(fake_start(directory, "t"));
    case_open(&c);
    case_read(&c);
    case_channel(&c, "ioreport/Energy Model/ALONE");
    assert_int_equal(schema_find_channel(c.schema, "ioreport/Energy Model/TWIN"), -1);
    case_channel(&c, "ioreport/Energy Model/TWIN~5457494e00000000");
    case_channel(&c, "ioreport/Energy Model/TWIN~5457494e00000000.2");
    case_channel(&c, "ioreport/Energy Model/TWIN~5457494e00000000.3");
    case_end(&c, "t");
    unlink(path);
    assert_int_equal(rmdir(directory), 0);
}

static void an_invalid_value_arrives_unchanged(void **state)
{
    struct apple_case c;

    (void)state;
    case_fake("m1");
    case_open(&c);
    fake_quirks.invalid_bytes = true;
    case_read(&c);
    assert_true(frame_i64(&c.frame, case_channel(&c, "ioreport/AMC Stats/Perf Counters/DCS RD")) ==
                INT64_MIN);
    case_end(&c, "m1");
}

static double float_of(uint64_t slot)
{
    uint32_t bits = (uint32_t)slot;
    float value;

    memcpy(&value, &bits, sizeof value);
    return (double)value;
}

static size_t count_temperatures(const struct apple_case *c)
{
    size_t n = 0;

    for (size_t i = 0; i < c->schema->n_channels; i++)
        n += strncmp(schema_text(c->schema, c->schema->channels[i].key), "smc/T", 5) == 0;
    return n;
}

static void smc_bytes_are_those_of_the_protocol(void **state)
{
    (void)state;
    for (int unsorted = 0; unsorted < 2; unsorted++) {
        struct apple_case c;
        int32_t key;
        uint64_t total;
        size_t temperatures;
        case_fake("m4-max");
        fake_quirks.unsorted_smc = unsorted != 0;
        case_open(&c);
        case_read(&c);
        key = case_channel(&c, "smc/TCMb");
        assert_string_equal(schema_text(c.schema, c.schema->channels[key].unit), "flt ");
        assert_true(float_of(frame_u64(&c.frame, key)) > 30 &&
                    float_of(frame_u64(&c.frame, key)) < 90);
        key = case_channel(&c, "smc/TR0Z");
        assert_string_equal(schema_text(c.schema, c.schema->channels[key].unit), "ioft");
        assert_int_equal(frame_u64(&c.frame, key) >> 8, 0x33d9); /* 48.16 fixed, least byte first */
        key = case_channel(&c, "smc/FNum");
        assert_int_equal(frame_u64(&c.frame, key), 2);
        assert_true(schema_get_u64(c.schema, "smc/keys", 0, &total) && total == 2600);
        temperatures = count_temperatures(&c);
        for (size_t i = 0; i < fake_truth()->machine->n_smc_keys; i++)
            temperatures -= fake_truth()->machine->smc_keys[i].key[0] == 'T';
        assert_int_equal(temperatures, 0);
        case_end(&c, "m4-max");
    }
}

static void smc_keys_that_do_not_answer_or_fit_cost_only_themselves(void **state)
{
    static const struct {
        const char *what;
        unsigned mute, odd;
        const char *reason;
    } rows[] = {
        {"all answer", 0, 0, ""},
        {"a place of the list is mute", 1, 0, "1 places of the SMC's key list do not answer"},
        {"three are", 3, 0, "3 places of the SMC's key list do not answer"},
        {"a key is of another size", 0, 1, "1 temperature keys are of no type and size we know"},
        {"five are", 0, 5, "5 temperature keys are of no type and size we know"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct apple_case c;
        const char *reason;
        size_t all = 0;
        case_fake("m4-max");
        fake_quirks.mute_smc = rows[i].mute;
        fake_quirks.odd_smc = rows[i].odd;
        case_open(&c);
        case_read(&c);
        for (size_t k = 0; k < fake_truth()->machine->n_smc_keys; k++)
            all += fake_truth()->machine->smc_keys[k].key[0] == 'T';
        CHECK_ROW(count_temperatures(&c) == all - rows[i].mute - rows[i].odd, rows[i].what);
        CHECK_ROW(case_collector(&c, "smc", &reason) == 0, rows[i].what);
        CHECK_ROW(rows[i].reason[0] == '\0' ? reason[0] == '\0'
                                            : strstr(reason, rows[i].reason) == reason,
                  rows[i].what);
        case_end(&c, rows[i].what);
    }
}

static uint32_t find_row(const struct apple_case *c, int32_t rowset, uint32_t column,
                         const char *text)
{
    for (uint32_t r = 0; r < c->frame.rows[rowset].n; r++) {
        size_t n;
        const char *cell = frame_bytes(&c->frame, frame_cell(&c->frame, rowset, r, column), &n);
        if (frame_cell_has(&c->frame, rowset, r, column) && n == strlen(text) &&
            memcmp(cell, text, n) == 0)
            return r;
    }
    fail_msg("no row %s", text);
    return 0;
}

static void processes_of_others_give_the_short_info_only(void **state)
{
    struct apple_case c;
    int32_t set;
    uint32_t name, own, ticks, start, cmdline, path, energy, row;
    const char *text;
    size_t n;

    (void)state;
    case_fake("m2");
    case_open(&c);
    fake_truth()->load.cpu[0] = fake_truth()->load.cpu[1] = 0.8;
    truth_run(fake_truth(), 10000000000);
    case_read(&c);
    case_read(&c);
    set = schema_find_rowset(c.schema, "process");
    assert_true(set >= 0);
    assert_int_equal(c.frame.rows[set].n, fake_truth()->machine->n_processes);
    name = (uint32_t)schema_find_column(c.schema, set, "name");
    own = (uint32_t)schema_find_column(c.schema, set, "own");
    ticks = (uint32_t)schema_find_column(c.schema, set, "user_ticks");
    start = (uint32_t)schema_find_column(c.schema, set, "start_us");
    cmdline = (uint32_t)schema_find_column(c.schema, set, "cmdline");
    path = (uint32_t)schema_find_column(c.schema, set, "path");
    energy = (uint32_t)schema_find_column(c.schema, set, "energy_nj");
    row = find_row(&c, set, name, "WindowServer");
    assert_int_equal(frame_cell(&c.frame, set, row, own), 0);
    assert_false(frame_cell_has(&c.frame, set, row, ticks));
    assert_false(frame_cell_has(&c.frame, set, row, start));
    assert_false(frame_cell_has(&c.frame, set, row, cmdline));
    assert_true(frame_cell_has(&c.frame, set, row, path));
    row = find_row(&c, set, name, "Safari Web Content (Prewarmed)"); /* longer than comm's 16 */
    assert_int_equal(frame_cell(&c.frame, set, row, own), 1);
    assert_int_equal(frame_cell(&c.frame, set, row, start),
                     (1779900000ull + 1119) * 1000000 + 250000);
    assert_true(frame_cell(&c.frame, set, row, ticks) > 0);
    assert_true(frame_cell(&c.frame, set, row, energy) > 0);
    text = frame_bytes(&c.frame, frame_cell(&c.frame, set, row, cmdline), &n);
    assert_memory_equal(text, "Safari Web Content (Prewarmed) --flag value 1119", n);
    assert_int_equal(n, strlen("Safari Web Content (Prewarmed) --flag value 1119"));
    assert_int_equal(fake_calls(APPLE_ROW_proc_pidpath),
                     fake_truth()->machine->n_processes); /* once, not twice */
    case_end(&c, "m2");
}

static void an_old_kernel_has_no_energy_per_process(void **state)
{
    struct apple_case c;
    int32_t set;
    uint32_t row, footprint, energy;

    (void)state;
    case_fake("m1");
    fake_quirks.old_rusage = true;
    case_open(&c);
    case_read(&c);
    set = schema_find_rowset(c.schema, "process");
    footprint = (uint32_t)schema_find_column(c.schema, set, "footprint_b");
    energy = (uint32_t)schema_find_column(c.schema, set, "energy_nj");
    row = find_row(&c, set, (uint32_t)schema_find_column(c.schema, set, "name"), "zsh");
    assert_true(frame_cell_has(&c.frame, set, row, footprint));
    assert_false(frame_cell_has(&c.frame, set, row, energy));
    case_end(&c, "m1");
}

static uint64_t cell(const struct apple_case *c, const char *rowset, const char *name,
                     const char *column)
{
    int32_t set = schema_find_rowset(c->schema, rowset);
    uint32_t row, at;

    CHECK_ROW(set >= 0, rowset);
    row = find_row(c, set, 0, name);
    at = (uint32_t)schema_find_column(c->schema, set, column);
    CHECK_ROW(frame_cell_has(&c->frame, set, row, at), column);
    return frame_cell(&c->frame, set, row, at);
}

static void rows_of_devices_say_what_they_moved(void **state)
{
    struct apple_case c;

    (void)state;
    case_fake("m4-max");
    case_open(&c);
    fake_truth()->load.net = 0.5;
    fake_truth()->load.disk_read = 0.25;
    fake_truth()->load.on_battery = true;
    fake_quirks.whole_net = true;
    truth_run(fake_truth(), 100000000000);
    case_read(&c);
    assert_int_equal(cell(&c, "interface", "en0", "rx_b"), 6000000000);
    assert_int_equal(cell(&c, "interface", "en0", "type"), 6);
    assert_int_equal(cell(&c, "interface", "lo0", "type"), 24);
    assert_int_equal(cell(&c, "disk", "disk0", "read_b"), 55000000000);
    assert_int_equal(cell(&c, "apfs", "disk3s5", "read_b"), 41250000000);
    assert_int_equal(cell(&c, "volume", "/", "block_b"), 4096);
    assert_int_equal(c.frame.rows[schema_find_rowset(c.schema, "volume")].n,
                     2); /* not the automounter's */
    assert_int_equal(cell(&c, "battery", "bq40z651", "CurrentCapacity"), 86);
    assert_int_equal(cell(&c, "battery", "bq40z651", "ExternalConnected"), 0);
    assert_true((int64_t)cell(&c, "battery", "bq40z651", "PowerTelemetryData.BatteryPower") < 0);
    assert_int_equal(
        (int64_t)cell(&c, "battery", "bq40z651", "PowerTelemetryData.AdapterEfficiencyLoss"), -55);
    fake_quirks.whole_net = false;
    case_read(&c);
    assert_int_equal(cell(&c, "interface", "en0", "rx_b"), 6000000000 % 4294967296 / 1024 * 1024);
    case_end(&c, "m4-max");
}

static void gpu_time_of_a_client_is_the_sum_of_its_uses(void **state)
{
    struct apple_case c;
    int32_t set;
    uint64_t sum = 0;

    (void)state;
    for (int uses = 1; uses <= 2; uses++) {
        uint64_t last = 0;
        case_fake("m1-pro");
        fake_quirks.many_uses = uses == 2;
        case_open(&c);
        fake_truth()->load.gpu = 1;
        truth_run(fake_truth(), 10000000000);
        case_read(&c);
        set = schema_find_rowset(c.schema, "gpu_client");
        assert_true(set >= 0);
        sum = 0;
        for (uint32_t r = 0; r < c.frame.rows[set].n; r++)
            if (frame_cell(&c.frame, set, r, 1) == 1020) {
                sum += frame_cell(&c.frame, set, r, 3);
                last = frame_cell(&c.frame, set, r, 4);
            }
        assert_int_equal(sum, 8000000000); /* llama-server's 0.8 over 10 s, in two clients */
        assert_int_equal(last - 21771134242083, uses == 2 ? 7 : 0);
        case_end(&c, "m1-pro");
    }
}

/* ---- answers that change or are cut, by calls of our own in front of the fake's ---- */

static size_t cut_bytes;
static uint32_t lost_cpus;

static int cut_sysctl(int *name, unsigned names, void *out, size_t *n, void *value, size_t size)
{
    int failed = fake_sysctl(name, names, out, n, value, size);

    if (failed == 0 && out != NULL && names == 6)
        *n -= cut_bytes;
    return failed;
}

static apple_kern fewer_cpus(apple_port host, int flavor, uint32_t *cpus, uint32_t **words,
                             uint32_t *n)
{
    apple_kern failed = fake_host_processor_info(host, flavor, cpus, words, n);

    if (failed == 0)
        *cpus -= lost_cpus;
    return failed;
}

static unsigned
    failing_list; /* the first, or the second list of processes fails from now on; 0: none */

static int no_pids(void *out, int size)
{
    return failing_list == (out == NULL ? 1 : 2) ? 0 : fake_proc_listallpids(out, size);
}

static void open_behind_them(struct apple_case *c, const char *machine)
{
    cut_bytes = lost_cpus = failing_list = 0;
    case_fake(machine);
    *c = (struct apple_case){.source = NULL};
    fake_fill(&c->api);
    c->api.sysctl = cut_sysctl;
    c->api.host_processor_info = fewer_cpus;
    c->api.proc_listallpids = no_pids;
    assert_int_equal(apple_open_api(&c->source, &c->api, NULL), ACTOP_OK);
    assert_int_equal(apple_source.describe(c->source, &c->schema, NULL), ACTOP_OK);
    case_read(c);
}

static void describe_again(struct apple_case *c)
{
    assert_int_equal(apple_source.read(c->source, want_all, 0, &c->frame, NULL),
                     ACTOP_SCHEMA_CHANGED);
    schema_unref(c->schema);
    c->schema = NULL;
    assert_int_equal(apple_source.describe(c->source, &c->schema, NULL), ACTOP_OK);
    case_read(c);
}

static void a_sample_of_fewer_channels_has_the_rest_and_soon_asks_for_a_new_description(
    void **state)
{
    struct apple_case c;
    size_t before;
    int32_t last, energy;

    (void)state;
    open_behind_them(&c, "m1");
    before = c.schema->n_channels;
    last = case_channel(&c, "ioreport/CLPC Stats/Lost Performance/Dominant reason");
    energy = case_channel(&c, "ioreport/Energy Model/CPU Energy");
    for (int round = 0; round < 2; round++) { /* one that comes and goes is waited for */
        fake_quirks.lost_channels = 1;
        for (int tick = 0; tick < 4; tick++) {
            case_read(&c);
            assert_int_equal(c.frame.status[last], SLOT_ABSENT);
            assert_true(frame_has(&c.frame, energy));
        }
        fake_quirks.lost_channels = 0;
        case_read(&c);
        assert_true(frame_has(&c.frame, last));
    }
    fake_quirks.lost_channels = 1;
    for (int tick = 0; tick < 4; tick++)
        case_read(&c);
    describe_again(&c);
    assert_true(c.schema->n_channels <
                before); /* it was the only one of its group, which is left out */
    case_end(&c, "m1");
}

/* Which one is not there is told by its driver and its id. */
static void each_channel_that_is_not_in_a_sample_costs_itself(void **state)
{
    struct apple_case c;
    uint32_t absent = 1, present = 0, skipped = 0;

    (void)state;
    case_fake("tiny");
    case_open(&c);
    while (absent > 0) {
        absent = present = 0;
        fake_quirks.skipped_channel = ++skipped;
        case_read(&c);
        for (size_t i = 0; i < c.schema->n_channels; i++) {
            const char *key = schema_text(c.schema, c.schema->channels[i].key);
            if (strncmp(key, "ioreport/", 9) != 0)
                continue;
            absent += c.frame.status[i] == SLOT_ABSENT;
            present += c.frame.status[i] == SLOT_READ;
        }
        fake_quirks.skipped_channel = 0;
        case_read(&c); /* patience begins anew */
        CHECK_ROW(absent <= 1, "no other is absent");
    }
    assert_int_equal(skipped, present + 1);
    assert_true(present > 10);
    case_end(&c, "tiny");
}

static void samples_without_elements_that_lack_a_channel_are_not_guessed_at(void **state)
{
    struct apple_case c;

    (void)state;
    case_fake("m1");
    fake_quirks.no_raw_elements = true;
    case_open(&c);
    fake_quirks.lost_channels = 1;
    describe_again(&c);
    case_end(&c, "m1");
}

static void another_number_of_cpus_asks_for_a_new_description(void **state)
{
    struct apple_case c;

    (void)state;
    open_behind_them(&c, "m1");
    case_channel(&c, "mach/cpu/7/ticks");
    lost_cpus = 1;
    describe_again(&c);
    case_channel(&c, "mach/cpu/6/ticks");
    assert_int_equal(schema_find_channel(c.schema, "mach/cpu/7/ticks"), -1);
    case_end(&c, "m1");
}

static void a_list_of_interfaces_that_is_cut_gives_the_whole_ones(void **state)
{
    struct apple_case c;
    uint32_t all;
    int32_t set;

    (void)state;
    open_behind_them(&c, "m1");
    set = schema_find_rowset(c.schema, "interface");
    all = c.frame.rows[set].n;
    assert_true(all > 2);
    for (cut_bytes = 4; cut_bytes < 160; cut_bytes += 4) { /* a message is longer */
        case_read(&c);
        assert_int_equal(c.frame.rows[set].n, all - 1);
    }
    case_end(&c, "m1");
}

static void a_wake_asks_for_a_new_description(void **state)
{
    struct apple_case c;
    struct schema *again = NULL;

    (void)state;
    case_fake("m1");
    case_open(&c);
    case_read(&c);
    truth_sleep(fake_truth(), 8 * 3600 * INT64_C(1000000000));
    assert_int_equal(apple_source.read(c.source, want_all, 0, &c.frame, NULL),
                     ACTOP_SCHEMA_CHANGED);
    assert_int_equal(apple_source.describe(c.source, &again, NULL), ACTOP_OK);
    schema_unref(c.schema);
    c.schema = again;
    case_read(&c);
    assert_int_equal(c.frame.seq, 2);
    case_end(&c, "m1");
}

static void only_the_very_process_could_be_signalled_and_a_fakes_never_is(void **state)
{
    static const struct {
        const char *what;
        uint64_t pid, start_us;
        actop_status want;
    } rows[] = {
        {"the process", 742, (1779900000ull + 742) * 1000000 + 250000, ACTOP_E_UNSUPPORTED},
        {"its pid with another start", 742, 1, ACTOP_E_GONE},
        {"nobody's pid", 99999, 1, ACTOP_E_GONE},
        {"somebody else's", 357, 1, ACTOP_E_DENIED},
        {"no pid", 0, 0, ACTOP_E_UNSUPPORTED},
        {"no pid at all", UINT64_MAX, 0, ACTOP_E_UNSUPPORTED},
    };
    struct apple_case c;

    (void)state;
    case_fake("m1");
    case_open(&c);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        CHECK_ROW(apple_source.signal_process(c.source, rows[i].pid, rows[i].start_us, 15, NULL) ==
                      rows[i].want,
                  rows[i].what);
    case_end(&c, "m1");
}

static void open_files_are_counted_of_the_very_process_and_where_allowed(void **state)
{
    static const struct {
        const char *what;
        uint64_t pid, start_us;
        actop_status want;
    } rows[] = {
        {"the process", 742, (1779900000ull + 742) * 1000000 + 250000, ACTOP_OK},
        {"its pid with another start", 742, 1, ACTOP_E_GONE},
        {"nobody's pid", 99999, 1, ACTOP_E_GONE},
        {"somebody else's", 357, 1, ACTOP_E_DENIED},
        {"no pid", 0, 0, ACTOP_E_UNSUPPORTED},
    };
    struct apple_case c;

    (void)state;
    case_fake("m1");
    case_open(&c);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint64_t files = 0;
        CHECK_ROW(apple_source.count_files(c.source, rows[i].pid, rows[i].start_us, &files, NULL) ==
                      rows[i].want,
                  rows[i].what);
        CHECK_ROW((files >= 3) == (rows[i].want == ACTOP_OK), rows[i].what);
    }
    case_end(&c, "m1");
}

/* The library answers 0 to a call that failed (documented: XNU's libproc.c), which is no number of files and no list. */
static void a_failed_question_for_files_or_processes_is_not_none(void **state)
{
    const uint64_t start_us = (1779900000ull + 742) * 1000000 + 250000;
    struct apple_case c;
    int32_t set;

    (void)state;
    open_behind_them(&c, "m1");
    for (unsigned long call = 1; call <= 3; call++) { /* who it is, how many, which */
        uint64_t files = 77;
        fake_fail_call(call);
        CHECK_ROW(apple_source.count_files(c.source, 742, start_us, &files, NULL) != ACTOP_OK,
                  "count_files");
        CHECK_ROW(fake_fault_hit() && files == 77, "count_files");
    }
    set = schema_find_rowset(c.schema, "process");
    for (failing_list = 1; failing_list <= 2; failing_list++) {
        case_read(&c);
        CHECK_ROW(c.frame.rows[set].status == EIO && c.frame.rows[set].n == 0, "processes");
    }
    case_end(&c, "m1");
}

static void what_is_not_wanted_is_not_asked_for(void **state)
{
    struct apple_case c;
    int32_t set;

    (void)state;
    case_fake("m1");
    case_open(&c);
    fake_reset_calls();
    assert_int_equal(apple_source.read(c.source, ACTOP_WANT(ACTOP_SCOPE_CORE), 0, &c.frame, NULL),
                     ACTOP_OK);
    assert_int_equal(fake_calls(APPLE_ROW_proc_listallpids), 0);
    assert_int_equal(fake_calls(APPLE_ROW_IOConnectCallStructMethod), 0);
    assert_int_equal(fake_calls(APPLE_ROW_IOHIDServiceClientCopyEvent), 0);
    set = schema_find_rowset(c.schema, "process");
    assert_int_equal(c.frame.rows[set].status, SLOT_NOT_WANTED);
    assert_int_equal(c.frame.status[case_channel(&c, "smc/TCMb")], SLOT_NOT_WANTED);
    assert_true(frame_has(&c.frame, case_channel(&c, "mach/cpu/0/ticks")));
    case_end(&c, "m1");
}

static void a_steady_tick_asks_no_more_than_it_has_to(void **state)
{
    struct apple_case c;
    unsigned long smc, samples;
    size_t keys = 0;

    (void)state;
    case_fake("m4-max");
    case_open(&c);
    case_read(&c);
    fake_reset_calls();
    truth_run(fake_truth(), 1000000000);
    case_read(&c);
    for (size_t i = 0; i < c.schema->n_channels; i++)
        keys += strncmp(schema_text(c.schema, c.schema->channels[i].key), "smc/", 4) == 0;
    smc = fake_calls(APPLE_ROW_IOConnectCallStructMethod);
    samples = fake_calls(APPLE_ROW_IOReportCreateSamples);
    assert_int_equal(smc, keys);
    assert_int_equal(samples, 1);
    assert_int_equal(fake_calls(APPLE_ROW_CFStringCreateWithCString), 0);
    assert_int_equal(fake_calls(APPLE_ROW_IOReportChannelGetChannelName), 0);
    assert_int_equal(fake_calls(APPLE_ROW_proc_pidpath), 0);
    case_end(&c, "m4-max");
}

/* The second read has seen the largest content: from then on we allocate nothing. */
static void a_steady_tick_allocates_nothing(void **state)
{
    struct apple_case c;
    unsigned long before;

    (void)state;
    case_fake("m4-max");
    case_open(&c);
    case_read(&c);
    case_read(&c);
    before = alloc_count();
    for (int tick = 0; tick < 5; tick++) {
        truth_run(fake_truth(), 1000000000);
        case_read(&c);
    }
    assert_int_equal(alloc_count(), before);
    case_end(&c, "m4-max");
}

/* Open, describe and read with the n-th allocation failing; true while one was hit. */
static bool try_without_memory(long n)
{
    struct apple_case c;
    actop_error err = {ACTOP_OK, ""};
    actop_status st;

    memset(&c, 0, sizeof c);
    case_fake("odd");
    fake_fill(&c.api);
    alloc_fail_nth(n);
    st = apple_open_api(&c.source, &c.api, &err);
    if (st == ACTOP_OK)
        st = apple_source.describe(c.source, &c.schema, &err);
    if (st == ACTOP_OK)
        st = apple_source.read(c.source, want_all, 0, &c.frame, &err);
    bool hit = alloc_failed();
    alloc_fail_nth(0);
    assert_true(st == ACTOP_OK || st == ACTOP_E_NOMEM);
    case_end(&c, "odd");
    return hit;
}

static void each_failing_allocation_leaves_nothing_behind(void **state)
{
    long n = 1;

    (void)state;
    while (try_without_memory(n))
        n++;
    assert_true(n > 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_machine_opens_reads_and_closes_with_nothing_left),
        cmocka_unit_test(ioreport_values_and_stamps_are_what_was_published),
        cmocka_unit_test(the_channels_a_decoder_needs_are_there),
        cmocka_unit_test(what_is_of_no_use_is_not_subscribed_to),
        cmocka_unit_test(a_survey_names_the_groups_that_are_not_read),
        cmocka_unit_test(registry_facts_arrive_as_they_are),
        cmocka_unit_test(a_virtual_machine_says_what_it_lacks),
        cmocka_unit_test(a_sandbox_costs_what_it_refuses),
        cmocka_unit_test(channels_are_the_same_whether_listed_at_once_or_by_group),
        cmocka_unit_test(a_group_that_refuses_costs_only_itself),
        cmocka_unit_test(without_raw_elements_the_accessors_are_used_and_nothing_is_stamped),
        cmocka_unit_test(names_come_from_the_id_and_units_lose_their_blanks),
        cmocka_unit_test(a_name_in_an_id_skips_zeros_and_ends_at_what_cannot_be_printed),
        cmocka_unit_test(names_that_repeat_are_kept_apart_by_id_and_position),
        cmocka_unit_test(an_invalid_value_arrives_unchanged),
        cmocka_unit_test(smc_bytes_are_those_of_the_protocol),
        cmocka_unit_test(smc_keys_that_do_not_answer_or_fit_cost_only_themselves),
        cmocka_unit_test(processes_of_others_give_the_short_info_only),
        cmocka_unit_test(an_old_kernel_has_no_energy_per_process),
        cmocka_unit_test(rows_of_devices_say_what_they_moved),
        cmocka_unit_test(gpu_time_of_a_client_is_the_sum_of_its_uses),
        cmocka_unit_test(
            a_sample_of_fewer_channels_has_the_rest_and_soon_asks_for_a_new_description),
        cmocka_unit_test(each_channel_that_is_not_in_a_sample_costs_itself),
        cmocka_unit_test(samples_without_elements_that_lack_a_channel_are_not_guessed_at),
        cmocka_unit_test(another_number_of_cpus_asks_for_a_new_description),
        cmocka_unit_test(a_list_of_interfaces_that_is_cut_gives_the_whole_ones),
        cmocka_unit_test(a_wake_asks_for_a_new_description),
        cmocka_unit_test(only_the_very_process_could_be_signalled_and_a_fakes_never_is),
        cmocka_unit_test(open_files_are_counted_of_the_very_process_and_where_allowed),
        cmocka_unit_test(a_failed_question_for_files_or_processes_is_not_none),
        cmocka_unit_test(what_is_not_wanted_is_not_asked_for),
        cmocka_unit_test(a_steady_tick_asks_no_more_than_it_has_to),
        cmocka_unit_test(a_steady_tick_allocates_nothing),
        cmocka_unit_test(each_failing_allocation_leaves_nothing_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
