/* SPDX-License-Identifier: MIT */
/* Notes of the Apple decoder: tables and why, rails and what they are read from, channels unknown, sensors left out, balance. */
#include <stdio.h>
#include <string.h>

#include "lib/alloc.h"
#include "lib/mac.h"
#include "lib/test.h"

/* The sentence about something; "" when there is no such note. */
static const char *find(const struct notes *n, actop_note_kind kind, const char *about)
{
    for (size_t i = 0; i < n->n; i++)
        if (n->rows[i].kind == kind && strcmp(pool_at(&n->pool, n->rows[i].about), about) == 0)
            return pool_at(&n->pool, n->rows[i].text);
    return "";
}

static void gather(const struct mac *m, struct notes *into)
{
    notes_clear(into);
    m->ops->notes(m->decoder, &m->frame, m->sample, into);
    assert_false(into->failed);
}

static void tables_are_named_with_why_and_what_speaks_against_them(void **state)
{
    (void)state;
    static const char *const states[] = {"IDLE", "V0P2", "V1P1", "V2P0"};
    static const uint32_t four[] = {600000000, 912000000, 1284000000, 1752000000};
    static const uint32_t periods[] = {109226, 71860, 51040, 20000};
    static const uint32_t gpu_hz[] = {0, 338000000, 796000000, 618000000};
    static const char *const gpu_states[] = {"OFF", "P1", "P2", "P3"};
    struct mac m;
    struct notes n = {0};
    mac_init(&m);
    mac_states(&m, MAC_CORES, "ECPU0", states, 4);
    mac_states(&m, MAC_CORES, "PCPU0", states, 4);
    mac_states(&m, MAC_GPU, "GPUPH", gpu_states, 4);
    mac_states(&m, MAC_COMPLEXES, "PCPM_IDLE", states, 4);
    mac_table(&m, "pmgr/voltage-states1-sram", four, 4);
    mac_table(&m, "pmgr/voltage-states1", periods, 4);
    mac_table(&m, "pmgr/voltage-states7-sram", four + 1, 3);
    mac_table(&m, "pmgr/voltage-states9", gpu_hz, 4);
    mac_seal(&m);
    mac_begin(&m, MAC_S);
    mac_end(&m);
    gather(&m, &n);
    assert_string_equal(find(&n, ACTOP_NOTE_TABLE, "E0"),
                        "voltage-states1-sram (Hz), 4 clocks from 600 MHz to 1752 MHz: it is the "
                        "usual one; doubt: its periods tell other clocks; 3 states, matched by "
                        "name from the top");
    assert_string_equal(find(&n, ACTOP_NOTE_TABLE, "P0"),
                        "voltage-states7-sram (Hz), 3 clocks from 912 MHz to 1752 MHz: it fits "
                        "best in length and range");
    assert_string_equal(find(&n, ACTOP_NOTE_TABLE, "gpu0"),
                        "voltage-states9 (Hz), 3 clocks from 338 MHz to 796 MHz: it is the usual "
                        "one; not ascending");
    assert_string_not_equal(find(&n, ACTOP_NOTE_CHANNEL, MAC_COMPLEXES "/PCPM_IDLE"), "");
    notes_release(&n);
    mac_release(&m);
}

static void voltage_states_that_do_not_match_the_clocks_are_named_and_not_guessed(void **state)
{
    static const char *const clocks[] = {"IDLE", "V0P2", "V1P1", "V2P0"};
    static const unsigned char table[] = {/* 600, 912 and 1284 MHz, at 500 mV each */
                                          0x00, 0x46, 0xc3, 0x23, 0xf4, 1, 0, 0,
                                          0x00, 0x04, 0x5c, 0x36, 0xf4, 1, 0, 0,
                                          0x00, 0x49, 0x88, 0x4c, 0xf4, 1, 0, 0};
    static const struct {
        const char *what, *channel;
        const char *names[4];
        uint32_t n;
        bool known;
    } rows[] = {
        {"one a clock", "PCPU", {"V0", "V1", "V2"}, 3, true},
        {"one a clock, and idle", "PCPU", {"OFF", "V0", "V1", "V2"}, 4, true},
        {"fewer", "PCPU", {"V0", "V1"}, 2, false},
        {"more", "PCPU", {"V0", "V1", "V2", "V3"}, 4, false},
        {"from another number", "PCPU", {"V1", "V2", "V3"}, 3, false},
        {"names of another form", "PCPU", {" v2", " v3", " v4"}, 3, false},
        {"only idle", "PCPU", {"OFF", "IDLE"}, 2, false},
        {"another cluster's", "PCPU1", {"V0", "V1", "V2"}, 3, false},
        {"no cluster's", "SOC", {"V0", "V1", "V2"}, 3, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char key[96];
        struct mac m;
        struct notes n = {0};
        mac_init(&m);
        mac_states(&m, MAC_CORES, "PCPU0", clocks, 4);
        int32_t volts = mac_states(&m, MAC_VOLTS, rows[i].channel, rows[i].names, rows[i].n);
        schema_put_bytes(m.schema, "pmgr/voltage-states5-sram", table, sizeof table);
        mac_seal(&m);
        for (uint64_t tick = 0; tick < 2; tick++) {
            mac_begin(&m, MAC_S);
            for (uint32_t k = 0; k < rows[i].n; k++)
                frame_array(&m.frame, volts)[k] = tick * 100;
            mac_end(&m);
        }
        gather(&m, &n);
        snprintf(key, sizeof key, "%s/%s", MAC_VOLTS, rows[i].channel);
        CHECK_ROW((find(&n, ACTOP_NOTE_CHANNEL, key)[0] == '\0') == rows[i].known, rows[i].what);
        CHECK_ROW((mac_state(&m, "cluster.voltage", NULL) == ACTOP_STATE_OK) == rows[i].known,
                  rows[i].what);
        CHECK_ROW(!rows[i].known || mac_read(&m, "cluster.voltage", NULL) == 0.5, rows[i].what);
        notes_release(&n);
        mac_release(&m);
    }
}

static void rails_name_their_counters_cadence_and_what_they_stand_in_for(void **state)
{
    (void)state;
    static const char *const states[] = {"IDLE", "V0P0"};
    struct mac m;
    struct notes n = {0};
    mac_init(&m);
    int32_t core = mac_states(&m, MAC_CORES, "PCPU0", states, 2);
    int32_t total = mac_energy(&m, MAC_MODEL, "CPU Energy", "mJ");
    int32_t pmp = mac_energy(&m, "ioreport/PMP/Energy Counters", "PCPU", "mJ");
    mac_energy(&m, MAC_MODEL, "Quantum Energy", "parsec");
    mac_seal(&m);
    for (int i = 0; i < 40; i++) {
        mac_begin(&m, MAC_S);
        frame_array(&m.frame, core)[0] = frame_array(&m.frame, core)[1] = (uint64_t)(i + 1) * 1200;
        frame_set_i64(&m.frame, total, i < 5 ? (i + 1) * 2000 : 10000);
        frame_set_stamp(&m.frame, total, i < 5 ? m.awake_ns : 1005 * MAC_S);
        frame_set_i64(&m.frame, pmp, (i / 2 + 1) * 5000);
        mac_end(&m);
    }
    gather(&m, &n);
    assert_string_equal(find(&n, ACTOP_NOTE_RAIL, "cpu"),
                        "PCPU of the PMP, published every 2.0 s, last 1.0 s ago, without time "
                        "stamps: seen when a counter changes; instead of CPU Energy, which is "
                        "frozen");
    assert_string_not_equal(find(&n, ACTOP_NOTE_CHANNEL, MAC_MODEL "/Quantum Energy"), "");
    notes_release(&n);
    mac_release(&m);
}

static void sensors_left_out_are_named_with_the_reason(void **state)
{
    (void)state;
    static const struct {
        const char *key, *type;
        float celsius;
        const char *text;
    } rows[] = {
        {"Tp01", "flt ", 60, ""},
        {"Tp05", "flt ", 4.633f, "reads 4.633 °C: gated, or a placeholder"},
        {"Tg05", "flt ", 0, "reads 0.000 °C: not there, or off"},
        {"Tg0f", "flt ", 130, "reads 130.000 °C: too hot for a die"},
        {"TTPD", "flt ", -306783232.0f, "reads -306783232.000 °C: gated, or a placeholder"},
        {"Tp0a", "hex_", 50, "gives no number (type 'hex_')"},
        {"TR0Z", "flt ", 51.85f, "a calibration constant, not a sensor"},
        {"TV0i", "si32", 50, "an index, not a temperature"},
        {"PSTR", "flt ", 5, ""},
    };
    enum { N_ROWS = sizeof rows / sizeof rows[0] };
    struct mac m;
    struct notes n = {0};
    int32_t channels[N_ROWS];
    mac_init(&m);
    for (size_t i = 0; i < N_ROWS; i++)
        channels[i] = mac_smc(&m, rows[i].key, rows[i].type);
    mac_seal(&m);
    mac_begin(&m, MAC_S);
    for (size_t i = 0; i < N_ROWS; i++) {
        uint32_t bits;
        memcpy(&bits, &rows[i].celsius, sizeof bits);
        frame_set_u64(&m.frame, channels[i], bits);
    }
    mac_end(&m);
    gather(&m, &n);
    for (size_t i = 0; i < N_ROWS; i++)
        assert_string_equal(find(&n, ACTOP_NOTE_SENSOR, rows[i].key), rows[i].text);
    notes_release(&n);
    mac_release(&m);
}

/* ---- Through a session ------------------------------------------------------------------------------------------------- */

static actop_session *open_sim(const char *source, int samples)
{
    actop_options o = ACTOP_OPTIONS_INIT;
    actop_session *s = NULL;
    o.source = source;
    o.speed = 0;
    assert_int_equal(actop_open(&o, &s, NULL), ACTOP_OK);
    for (int i = 0; i < samples; i++)
        assert_non_null(actop_sample(s, NULL));
    return s;
}

static void a_session_lends_the_notes_of_its_newest_sample(void **state)
{
    (void)state;
    actop_session *s = open_sim("sim:m5-max", 0);
    actop_note note;
    size_t by_kind[ACTOP_NOTE_COUNT] = {0};
    assert_int_equal(actop_notes(s), 0);
    for (int i = 0; i < 6; i++)
        assert_non_null(actop_sample(s, NULL));
    size_t n = actop_notes(s);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(actop_note_at(s, i, &note), ACTOP_OK);
        assert_true(note.about[0] != '\0' && note.text[0] != '\0');
        by_kind[note.kind]++;
    }
    assert_int_equal(by_kind[ACTOP_NOTE_TABLE], 4);
    assert_int_equal(by_kind[ACTOP_NOTE_CHANNEL], 0);
    assert_int_equal(by_kind[ACTOP_NOTE_BALANCE], 3);
    assert_true(by_kind[ACTOP_NOTE_SENSOR] > 20 && by_kind[ACTOP_NOTE_RAIL] > 4);
    assert_int_equal(actop_note_at(s, n, &note), ACTOP_E_NOT_FOUND);
    actop_close(s);
    s = open_sim("none", 1);
    assert_int_equal(actop_notes(s), 0);
    actop_close(s);
}

static void no_memory_means_no_notes_and_no_harm(void **state)
{
    (void)state;
    size_t whole = 0, n = 0;
    long fail = 1;
    for (bool failed = true; failed; fail++) {
        actop_session *s = open_sim("sim:m1", 3);
        alloc_fail_nth(fail);
        n = actop_notes(s);
        failed = alloc_failed();
        alloc_fail_nth(0);
        whole = actop_notes(s);
        assert_int_equal(n, failed ? 0 : whole);
        actop_close(s);
    }
    assert_true(fail > 5 && whole > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_are_named_with_why_and_what_speaks_against_them),
        cmocka_unit_test(voltage_states_that_do_not_match_the_clocks_are_named_and_not_guessed),
        cmocka_unit_test(rails_name_their_counters_cadence_and_what_they_stand_in_for),
        cmocka_unit_test(sensors_left_out_are_named_with_the_reason),
        cmocka_unit_test(a_session_lends_the_notes_of_its_newest_sample),
        cmocka_unit_test(no_memory_means_no_notes_and_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
