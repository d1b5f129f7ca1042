/* SPDX-License-Identifier: MIT */
/* NDJSON of hand-made samples: byte for byte what the Python actop 1.9.10 printed for the same values, up to its last key. */
#include "lib/test.h"

#include <stdlib.h>
#include <string.h>

#include "export/export.h"

/* What `actop.export` 1.9.10 prints for this snapshot, but for values it could not know to be absent: three residencies
 * were printed as all 0 there and are measured here. */
static const char golden[] =
    "{\"timestamp\":1764000000.5,\"cpu_watts\":12.3456789,\"gpu_watts\":30.0,\"ane_watts\":0.0,\"package_watts\":42.3456789,"
    "\"ecpu_util_pct\":35.0,\"pcpu_util_pct\":81.0,\"gpu_util_pct\":97.0,\"cpu_temp_c\":88.25,\"gpu_temp_c\":71.0,"
    "\"ecpu_freq_mhz\":1850,\"pcpu_freq_mhz\":4100,\"gpu_freq_mhz\":1398,\"thermal_state\":\"Nominal\",\"bandwidth_gbps\":312.5,"
    "\"bandwidth_available\":true,\"ecpu_max_freq_mhz\":2592,\"pcpu_max_freq_mhz\":4512,\"gpu_max_freq_mhz\":1578,"
    "\"ram_used_percent\":62.0,\"ram_used_bytes\":42949672960,\"ram_total_bytes\":68719476736,\"swap_used_bytes\":1073741824,"
    "\"swap_total_bytes\":2147483648,\"ane_util_pct\":0.0,\"gpu_device_pct\":96.0,\"gpu_renderer_pct\":95.0,"
    "\"gpu_tiler_pct\":1.0,\"gpu_perf_stats_available\":true,\"gpu_util_source\":\"residency\","
    "\"fans\":[[1350.5,5777.0],[1400.0,null]],\"fan_rpms\":[1350.5,1400.0],\"fan_available\":true,\"net_rx_bps\":1234.5,"
    "\"net_tx_bps\":0.0,\"net_available\":true,\"disk_read_bps\":1e-05,\"disk_write_bps\":4096.0,\"disk_available\":true,"
    "\"e_cores\":[{\"index\":0,\"active_pct\":40,\"freq_mhz\":1900},{\"index\":1,\"active_pct\":30,\"freq_mhz\":1800}],"
    "\"p_cores\":[{\"index\":4,\"active_pct\":81,\"freq_mhz\":4100}],"
    "\"processes\":[{\"pid\":4242,\"command\":\"llama \\\"server\\\"\\\\x\",\"cpu_percent\":312.4,\"cpu_time_share\":0.71,"
    "\"gpu_time_share\":0.99,\"num_threads\":12,\"attributed_w\":38.5,\"rss_bytes\":8589934592},"
    "{\"pid\":1,\"command\":\"launchd\",\"cpu_percent\":0.0,\"cpu_time_share\":null,\"gpu_time_share\":0.0,\"num_threads\":3,"
    "\"attributed_w\":null,\"rss_bytes\":12345}],\"ecpu_residency_pct\":{\"idle\":60,\"low\":20,\"mid\":10,\"high\":10},"
    "\"pcpu_residency_pct\":{\"idle\":34,\"low\":33,\"mid\":33,\"high\":0},\"gpu_residency_pct\":null,"
    "\"alert_thermal\":false,\"alert_cpu_throttle\":false,\"alert_gpu_throttle\":false,\"alert_mem_bound\":false,"
    "\"alert_package_power\":false,\"alert_swap_rise\":false,\"alert_swap_rise_gib\":0.0,\"session_energy_j\":0.0,"
    "\"effective_max_bw_gbps\":546.0,\"effective_max_package_w\":153.0,";

/* ---- A sample ---------------------------------------------------------------------------------------------------------- */

struct made {
    struct sample_pool *pool;
    struct actop_sample_t *s;
};

static void put(struct made *m, actop_metric id, uint32_t row, double v)
{
    sample_put(m->s, id, row, v, ACTOP_MEASURED, 0);
}

static void put_text(struct made *m, actop_metric id, uint32_t row, const char *text)
{
    sample_put_text(m->s, id, row, text, strlen(text), 0);
}

static void own(struct topology *t, actop_scope scope, int32_t row, actop_scope owner,
                int32_t parent, uint32_t index)
{
    struct entity *e = topology_at(t, scope, row);
    e->parent_scope = (uint8_t)owner;
    e->parent = parent;
    e->index = index;
}

/* Two E cores and the P core with number 4, a GPU, two fans. */
static struct topology *two_tiers(void)
{
    struct topology *t = topology_new();
    assert_non_null(t);
    int32_t e = topology_add(t, ACTOP_SCOPE_TIER, "E", NULL, "E"),
            p = topology_add(t, ACTOP_SCOPE_TIER, "P", NULL, "P");
    int32_t e0 = topology_add(t, ACTOP_SCOPE_CLUSTER, "E0", NULL, "E"),
            p0 = topology_add(t, ACTOP_SCOPE_CLUSTER, "P0", NULL, "P");
    own(t, ACTOP_SCOPE_CLUSTER, e0, ACTOP_SCOPE_TIER, e, 0);
    own(t, ACTOP_SCOPE_CLUSTER, p0, ACTOP_SCOPE_TIER, p, 0);
    own(t, ACTOP_SCOPE_CORE, topology_add(t, ACTOP_SCOPE_CORE, "cpu0", NULL, "E"),
        ACTOP_SCOPE_CLUSTER, e0, 0);
    own(t, ACTOP_SCOPE_CORE, topology_add(t, ACTOP_SCOPE_CORE, "cpu1", NULL, "E"),
        ACTOP_SCOPE_CLUSTER, e0, 1);
    own(t, ACTOP_SCOPE_CORE, topology_add(t, ACTOP_SCOPE_CORE, "cpu2", NULL, "P"),
        ACTOP_SCOPE_CLUSTER, p0, 4);
    topology_add(t, ACTOP_SCOPE_GPU, "gpu0", NULL, NULL);
    topology_add(t, ACTOP_SCOPE_FAN, "F0", NULL, NULL);
    topology_add(t, ACTOP_SCOPE_FAN, "F1", NULL, NULL);
    return t;
}

static void begin(struct made *m, struct topology *t)
{
    const struct os_moment at = {
        .wall_ns = 1764000000500000000, .awake_ns = 5000000000, .boot_ns = 6000000000};
    m->pool = sample_pool_new();
    assert_non_null(m->pool);
    m->s = sample_new(m->pool);
    assert_non_null(m->s);
    sample_begin(m->s, t, &at);
    m->s->seq = 2;
    topology_unref(t);
}

static void end(struct made *m)
{
    actop_sample_unref(m->s);
    sample_pool_unref(m->pool);
}

struct row {
    actop_metric id;
    uint32_t row;
    double v;
};

static void put_golden_values(struct made *m)
{
    static const struct row rows[] = {
        {ACTOP_METRIC_CPU_POWER, 0, 12.3456789},
        {ACTOP_METRIC_GPU_POWER, 0, 30},
        {ACTOP_METRIC_ANE_POWER, 0, 0},
        {ACTOP_METRIC_PACKAGE_POWER, 0, 42.3456789},
        {ACTOP_METRIC_TIER_UTIL, 0, 0.35},
        {ACTOP_METRIC_TIER_UTIL, 1, 0.81},
        {ACTOP_METRIC_GPU_UTIL, 0, 0.97},
        {ACTOP_METRIC_CPU_TEMP, 0, 88.25},
        {ACTOP_METRIC_GPU_TEMP, 0, 71},
        {ACTOP_METRIC_TIER_FREQ, 0, 1850e6},
        {ACTOP_METRIC_TIER_FREQ, 1, 4100e6},
        {ACTOP_METRIC_GPU_FREQ, 0, 1398e6},
        {ACTOP_METRIC_THERMAL_STATE, 0, 0},
        {ACTOP_METRIC_BANDWIDTH, 0, 312.5e9},
        {ACTOP_METRIC_TIER_MAX_FREQ, 0, 2592e6},
        {ACTOP_METRIC_TIER_MAX_FREQ, 1, 4512e6},
        {ACTOP_METRIC_GPU_MAX_FREQ, 0, 1578e6},
        {ACTOP_METRIC_RAM_USED, 0, 42949672960.0},
        {ACTOP_METRIC_RAM_TOTAL, 0, 68719476736.0},
        {ACTOP_METRIC_SWAP_USED, 0, 1073741824},
        {ACTOP_METRIC_SWAP_TOTAL, 0, 2147483648.0},
        {ACTOP_METRIC_ANE_UTIL, 0, 0},
        {ACTOP_METRIC_GPU_DEVICE_UTIL, 0, 0.96},
        {ACTOP_METRIC_GPU_RENDERER_UTIL, 0, 0.95},
        {ACTOP_METRIC_GPU_TILER_UTIL, 0, 0.01},
        {ACTOP_METRIC_FAN_SPEED, 0, 1350.5},
        {ACTOP_METRIC_FAN_MAX, 0, 5777},
        {ACTOP_METRIC_FAN_SPEED, 1, 1400},
        {ACTOP_METRIC_NET_RX, 0, 1234.5},
        {ACTOP_METRIC_NET_TX, 0, 0},
        {ACTOP_METRIC_DISK_READ, 0, 1e-5},
        {ACTOP_METRIC_DISK_WRITE, 0, 4096},
        {ACTOP_METRIC_CORE_UTIL, 0, 0.4},
        {ACTOP_METRIC_CORE_UTIL, 1, 0.3},
        {ACTOP_METRIC_CORE_UTIL, 2, 0.81},
        {ACTOP_METRIC_CORE_FREQ, 0, 1900e6},
        {ACTOP_METRIC_CORE_FREQ, 1, 1800e6},
        {ACTOP_METRIC_CORE_FREQ, 2, 4100e6},
        {ACTOP_METRIC_TIER_IDLE, 0, 0.6},
        {ACTOP_METRIC_TIER_LOW, 0, 0.2},
        {ACTOP_METRIC_TIER_MID, 0, 0.1},
        {ACTOP_METRIC_TIER_HIGH, 0, 0.1},
        {ACTOP_METRIC_TIER_IDLE, 1, 1.0 / 3},
        {ACTOP_METRIC_TIER_LOW, 1, 1.0 / 3},
        {ACTOP_METRIC_TIER_MID, 1, 1.0 / 3},
        {ACTOP_METRIC_TIER_HIGH, 1, 0},
        {ACTOP_METRIC_ALERT_CPU, 0, 0},
        {ACTOP_METRIC_SWAP_RISE, 0, 0},
        {ACTOP_METRIC_SESSION_ENERGY, 0, 0},
        {ACTOP_METRIC_MAX_BANDWIDTH, 0, 546e9},
        {ACTOP_METRIC_MAX_PACKAGE, 0, 153},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        put(m, rows[i].id, rows[i].row, rows[i].v);
    put_text(m, ACTOP_METRIC_GPU_UTIL_SOURCE, 0, "residency");
    put_text(m, ACTOP_METRIC_SOURCE, 0, "apple");
}

static void add_process(struct made *m, uint64_t pid, const char *command)
{
    char key[32];
    struct buf b;
    buf_init_fixed(&b, key, sizeof key);
    buf_put_u64(&b, pid);
    int32_t row = sample_add_row(m->s, ACTOP_SCOPE_PROCESS, key, b.len, command, strlen(command));
    assert_true(row >= 0);
    sample_entity(m->s, ACTOP_SCOPE_PROCESS, (uint32_t)row)->id = pid;
    put_text(m, ACTOP_METRIC_PROC_COMMAND, (uint32_t)row, command);
}

static void put_golden_processes(struct made *m)
{
    static const struct row rows[] = {
        {ACTOP_METRIC_PROC_CPU, 0, 3.124},      {ACTOP_METRIC_PROC_CPU_SHARE, 0, 0.71},
        {ACTOP_METRIC_PROC_GPU_SHARE, 0, 0.99}, {ACTOP_METRIC_PROC_THREADS, 0, 12},
        {ACTOP_METRIC_PROC_POWER, 0, 38.5},     {ACTOP_METRIC_PROC_RSS, 0, 8589934592.0},
        {ACTOP_METRIC_PROC_CPU, 1, 0},          {ACTOP_METRIC_PROC_GPU_SHARE, 1, 0},
        {ACTOP_METRIC_PROC_THREADS, 1, 3},      {ACTOP_METRIC_PROC_RSS, 1, 12345},
    };
    add_process(m, 4242, "llama \"server\"\\x");
    add_process(m, 1, "launchd");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        put(m, rows[i].id, rows[i].row, rows[i].v);
}

/* The record as a string of its own, made in two passes like a caller would: the size, then the text. */
static char *record_of(const struct made *m, int processes, int evidence)
{
    actop_format_options o = ACTOP_FORMAT_OPTIONS_INIT;
    o.processes = processes;
    o.evidence = evidence;
    size_t needs = actop_format(m->s, ACTOP_FORMAT_NDJSON, &o, NULL, 0);
    char *text = malloc(needs + 1);
    assert_non_null(text);
    assert_int_equal(actop_format(m->s, ACTOP_FORMAT_NDJSON, &o, text, needs + 1), needs);
    assert_int_equal(strlen(text), needs);
    return text;
}

static const char *after(const char *text, const char *key)
{
    const char *found = text != NULL ? strstr(text, key) : NULL;
    if (found != NULL)
        return found + strlen(key);
    fail_msg("%s is not in %s", key, text != NULL ? text : "nothing");
    return "";
}

static void expect(const char *text, const char *fragment)
{
    (void)after(text, fragment);
}

/* ---- Tests ----------------------------------------------------------------------------------------------------------- */

static void the_old_keys_are_byte_for_byte_the_python_actops(void **state)
{
    struct made m;
    (void)state;
    begin(&m, two_tiers());
    put_golden_values(&m);
    put_golden_processes(&m);
    char *text = record_of(&m, 1, 0);
    for (size_t i = 0; i < sizeof golden - 1; i++)
        if (text[i] != golden[i])
            fail_msg("byte %zu:\n  got  %.60s\n  want %.60s", i, text + i, golden + i);
    assert_string_equal(text + strlen(text) - 2, "}\n");
    free(text);
    end(&m);
}

static void what_cannot_be_read_is_null_and_alerts_do_not_stand(void **state)
{
    struct made m;
    (void)state;
    begin(&m, topology_new());
    char *text = record_of(&m, 0, 0);
    expect(text, "\"cpu_watts\":null,");
    expect(text, "\"ecpu_util_pct\":null,");
    expect(text,
           "\"thermal_state\":\"Unknown\",\"bandwidth_gbps\":null,\"bandwidth_available\":false,");
    expect(text, "\"fans\":[],\"fan_rpms\":[],\"fan_available\":false,");
    expect(text, "\"e_cores\":[],\"p_cores\":[],\"processes\":[],\"ecpu_residency_pct\":null,");
    expect(text, "\"alert_thermal\":false,");
    expect(text, "\"schema\":\"actop/1\",\"seq\":2,\"source\":null,");
    expect(text, "\"battery\":null,");
    expect(text, "\"energy_j\":{},");
    free(text);
    end(&m);
}

static void with_one_tier_only_the_upper_names_are_filled(void **state)
{
    struct made m;
    struct topology *t = topology_new();
    (void)state;
    int32_t tier = topology_add(t, ACTOP_SCOPE_TIER, "P", NULL, "P");
    int32_t core = topology_add(t, ACTOP_SCOPE_CORE, "cpu7", NULL, "P");
    own(t, ACTOP_SCOPE_CORE, core, ACTOP_SCOPE_TIER, tier, 0);
    topology_at(t, ACTOP_SCOPE_CORE, core)->id = 7;
    begin(&m, t);
    put_text(&m, ACTOP_METRIC_SOURCE, 0, "linux");
    put(&m, ACTOP_METRIC_TIER_UTIL, 0, 0.5);
    put(&m, ACTOP_METRIC_CORE_UTIL, 0, 0.5);
    char *text = record_of(&m, 0, 0);
    expect(text, "\"ecpu_util_pct\":null,\"pcpu_util_pct\":50.0,");
    expect(text, "\"e_cores\":[],\"p_cores\":[{\"index\":7,\"active_pct\":50,\"freq_mhz\":null}],");
    free(text);
    end(&m);
}

static void a_middle_tier_appears_only_among_clusters_and_tiers(void **state)
{
    struct made m;
    struct topology *t = topology_new();
    static const char *const names[] = {"E", "M", "P"};
    (void)state;
    for (int32_t i = 0; i < 3; i++) {
        topology_add(t, ACTOP_SCOPE_TIER, names[i], NULL, names[i]);
        topology_add(t, ACTOP_SCOPE_CLUSTER, names[i], NULL, names[i]);
        own(t, ACTOP_SCOPE_CLUSTER, i, ACTOP_SCOPE_TIER, i, 0);
        topology_add(t, ACTOP_SCOPE_CORE, names[i], NULL, names[i]);
        own(t, ACTOP_SCOPE_CORE, i, ACTOP_SCOPE_CLUSTER, i, (uint32_t)i);
    }
    begin(&m, t);
    for (uint32_t i = 0; i < 3; i++)
        put(&m, ACTOP_METRIC_TIER_UTIL, i, 0.1 * (i + 1));
    put(&m, ACTOP_METRIC_CLUSTER_UTIL, 1, 0.25);
    char *text = record_of(&m, 0, 0);
    expect(text, "\"ecpu_util_pct\":10.0,\"pcpu_util_pct\":30.0");
    expect(
        text,
        "\"e_cores\":[{\"index\":0,\"active_pct\":null,\"freq_mhz\":null}],\"p_cores\":[{\"index\":2,");
    expect(
        text,
        "{\"name\":\"M\",\"tier\":\"M\",\"die\":0,\"cores\":1,\"util_pct\":25.0,\"scaled_pct\":null,\"freq_mhz\":null,"
        "\"realized_freq_mhz\":null,\"max_freq_mhz\":null,\"watts\":null,\"residency\":[]}");
    free(text);
    end(&m);
}

static void clusters_carry_their_p_states_and_rails_their_joules(void **state)
{
    struct made m;
    struct topology *t = two_tiers();
    (void)state;
    own(t, ACTOP_SCOPE_PSTATE, topology_add(t, ACTOP_SCOPE_PSTATE, "P0/1", NULL, NULL),
        ACTOP_SCOPE_CLUSTER, 1, 0);
    own(t, ACTOP_SCOPE_PSTATE, topology_add(t, ACTOP_SCOPE_PSTATE, "P0/2", NULL, NULL),
        ACTOP_SCOPE_CLUSTER, 1, 1);
    topology_add(t, ACTOP_SCOPE_RAIL, "package", "Package", NULL);
    topology_add(t, ACTOP_SCOPE_RAIL, "dram\"", NULL, NULL);
    begin(&m, t);
    put(&m, ACTOP_METRIC_PSTATE_FREQ, 0, 600e6);
    put(&m, ACTOP_METRIC_PSTATE_RATIO, 0, 0.25);
    put(&m, ACTOP_METRIC_PSTATE_FREQ, 1, 4512e6);
    put(&m, ACTOP_METRIC_PSTATE_RATIO, 1, 0.75);
    put(&m, ACTOP_METRIC_RAIL_ENERGY, 0, 12.5);
    sample_put_state(m.s, ACTOP_METRIC_RAIL_ENERGY, 1, ACTOP_STATE_DENIED, 0);
    put(&m, ACTOP_METRIC_RAIL_POWER, 0, 3);
    char *text = record_of(&m, 0, 0);
    expect(text, "\"residency\":[{\"mhz\":600,\"ratio\":0.25},{\"mhz\":4512,\"ratio\":0.75}]}");
    expect(text, "\"energy_j\":{\"package\":12.5,\"dram\\\"\":null}");
    expect(
        text,
        "\"rails\":[{\"key\":\"package\",\"name\":\"Package\",\"power_w\":3.0},{\"key\":\"dram\\\"\"");
    free(text);
    end(&m);
}

static void hostile_names_stay_inside_their_strings(void **state)
{
    static const char name[] = "a\"b\\c\nd\x1b[31m\xff\xfe\x7f\xe2\x80\xae";
    struct made m;
    (void)state;
    begin(&m, topology_new());
    add_process(&m, 7, name);
    char *text = record_of(&m, 1, 0);
    expect(text,
           "\"command\":\"a\\\"b\\\\c\\nd\\u001b[31m\xef\xbf\xbd\xef\xbf\xbd\\u007f\\u202e\"");
    assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
    free(text);
    end(&m);
}

static void evidence_says_where_a_value_came_from(void **state)
{
    struct made m;
    struct topology *t = topology_new();
    uint16_t via = topology_via(t, "powercap");
    (void)state;
    begin(&m, t);
    sample_put_at(m.s, ACTOP_METRIC_CPU_POWER, 0, 3.5, 4000000000, ACTOP_STATE_STALE, ACTOP_DERIVED,
                  via);
    sample_put_state(m.s, ACTOP_METRIC_GPU_POWER, 0, ACTOP_STATE_DENIED, via);
    char *text = record_of(&m, 0, 1);
    const char *evidence = after(text, "\"evidence\":{");
    expect(
        evidence,
        "\"cpu_watts\":{\"source\":\"powercap\",\"age_ms\":1000.0,\"kind\":\"derived\",\"state\":\"stale\"}");
    expect(
        evidence,
        "\"gpu_watts\":{\"source\":\"powercap\",\"age_ms\":null,\"kind\":null,\"state\":\"denied\"}");
    expect(evidence,
           "\"ecpu_util_pct\":{\"source\":null,\"age_ms\":null,\"kind\":null,\"state\":\"none\"}");
    expect(evidence, "\"load_1m\":{");
    free(text);
    end(&m);
}

/* Every metric reaches the record: its name as docs/metrics.md has it, or by a list of ndjson.def. */
static void every_metric_of_the_machine_has_its_key(void **state)
{
    struct made m;
    (void)state;
    begin(&m, topology_new());
    char *text = record_of(&m, 0, 0);
    for (size_t i = 0; i < ACTOP_METRIC_COUNT; i++) {
        const actop_metric_info *info = metric_info((actop_metric)i);
        if (info->scope != ACTOP_SCOPE_MACHINE ||
            (info->json_key != NULL && info->json_key[0] == '\0'))
            continue;
        char name[96] = "\"";
        struct buf b;
        buf_init_fixed(&b, name + 1, sizeof name - 1);
        export_put_name(&b, info->id, false);
        buf_puts(&b, "\":");
        const char *first = after(text, name);
        if (strstr(first, name) != NULL)
            fail_msg("%s stands twice", name);
    }
    free(text);
    end(&m);
}

static void a_short_buffer_is_cut_and_the_size_is_told(void **state)
{
    struct made m;
    char cut[100];
    (void)state;
    begin(&m, two_tiers());
    put_golden_values(&m);
    char *text = record_of(&m, 0, 0);
    for (size_t size = 0; size <= sizeof cut; size++) {
        memset(cut, 'x', sizeof cut);
        assert_int_equal(actop_format(m.s, ACTOP_FORMAT_NDJSON, NULL, cut, size), strlen(text));
        if (size > 0) {
            assert_int_equal(strlen(cut), size - 1);
            assert_memory_equal(cut, text, size - 1);
        }
        if (size < sizeof cut)
            assert_int_equal(cut[size], 'x');
    }
    free(text);
    end(&m);
}

static void percents_add_up_to_100(void **state)
{
    static const struct {
        double shares[4];
        int percents[4];
    } rows[] = {
        {{0.6, 0.2, 0.1, 0.1}, {60, 20, 10, 10}}, {{1, 1, 1, 0}, {34, 33, 33, 0}},
        {{0.995, 0.005, 0, 0}, {100, 0, 0, 0}},   {{0.125, 0.125, 0.125, 0.625}, {13, 13, 12, 62}},
        {{1e-9, 0, 0, 0}, {100, 0, 0, 0}},
    };
    double nothing[4] = {0, 0, 0, 0};
    int percents[4];
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_true(export_percents(rows[i].shares, 4, percents));
        for (size_t k = 0; k < 4; k++)
            assert_int_equal(percents[k], rows[i].percents[k]);
    }
    assert_false(export_percents(nothing, 4, percents));
}

static void a_metrics_key_is_the_one_it_is_written_under(void **state)
{
    (void)state;
    static const struct {
        actop_metric id;
        const char *key;
    } rows[] = {
        {ACTOP_METRIC_CPU_POWER, "cpu_watts"},       /* given */
        {ACTOP_METRIC_OTHER_POWER, "other_power_w"}, /* derived, with its unit */
        {ACTOP_METRIC_LOAD_1, "load_1m"},            /* which has none */
        {ACTOP_METRIC_CLUSTER_GATED, "gated_ratio"}, /* in an object of its row */
        {ACTOP_METRIC_GPU_ONE_TEMP, "temp_c"},       /* without "one_" */
        {ACTOP_METRIC_PROC_EXE, ""},                 /* kept out */
        {(actop_metric)9999, ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char key[64] = "?";
        assert_int_equal(actop_metric_json_key(rows[i].id, key, sizeof key), strlen(rows[i].key));
        assert_string_equal(rows[i].key[0] != '\0' ? key : "", rows[i].key);
    }
    char cut[4];
    assert_int_equal(actop_metric_json_key(ACTOP_METRIC_CPU_POWER, cut, sizeof cut), 9);
    assert_string_equal(cut, "cpu");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_old_keys_are_byte_for_byte_the_python_actops),
        cmocka_unit_test(what_cannot_be_read_is_null_and_alerts_do_not_stand),
        cmocka_unit_test(with_one_tier_only_the_upper_names_are_filled),
        cmocka_unit_test(a_middle_tier_appears_only_among_clusters_and_tiers),
        cmocka_unit_test(clusters_carry_their_p_states_and_rails_their_joules),
        cmocka_unit_test(hostile_names_stay_inside_their_strings),
        cmocka_unit_test(evidence_says_where_a_value_came_from),
        cmocka_unit_test(every_metric_of_the_machine_has_its_key),
        cmocka_unit_test(a_short_buffer_is_cut_and_the_size_is_told),
        cmocka_unit_test(a_metrics_key_is_the_one_it_is_written_under),
        cmocka_unit_test(percents_add_up_to_100),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
