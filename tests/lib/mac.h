/* SPDX-License-Identifier: MIT */
/* A Mac made by hand for tests of the Apple decoder: a schema with the channels a test adds, frames it fills, and the sample
 * each frame becomes.
 *
 *     struct mac m;
 *     mac_init(&m);
 *     int32_t c = mac_energy(&m, MAC_MODEL, "CPU Energy", "mJ");
 *     mac_seal(&m);
 *     mac_begin(&m, MAC_S);                             // a frame, 1 s after the one before
 *     frame_set_i64(&m.frame, c, 2000);
 *     mac_end(&m);
 *     assert_true(mac_read(&m, "cpu.power", NULL) == 2);
 *     mac_release(&m);
 */
#ifndef ACTOP_TESTS_MAC_H
#define ACTOP_TESTS_MAC_H

#include "decode/decode.h"

#define MAC_S INT64_C(1000000000)
#define MAC_MODEL "ioreport/Energy Model"
#define MAC_CORES "ioreport/CPU Stats/CPU Core Performance States"
#define MAC_COMPLEXES "ioreport/CPU Stats/CPU Complex Performance States"
#define MAC_VOLTS "ioreport/CPU Stats/CPU Complex Voltage States"
#define MAC_GPU "ioreport/GPU Stats/GPU Performance States"

struct mac {
    const struct decode_ops *ops;
    struct decoder *decoder;       /* owned, like all below */
    struct schema *schema;
    struct sample_pool *pool;
    struct frame frame;            /* the one being filled, or the last */
    struct actop_sample_t *sample; /* of the last frame; NULL before */
    int64_t awake_ns, boot_ns;
};

void mac_init(struct mac *m);
void mac_seal(struct mac *m);
void mac_release(struct mac *m);
/* Another schema from now on, to be built and sealed; the decoder goes on. */
void mac_change(struct mac *m);

/* Channels. The key is GROUP/NAME. */
int32_t mac_states(struct mac *m, const char *group, const char *name, const char *const *states, uint32_t n);
int32_t mac_energy(struct mac *m, const char *group, const char *name, const char *unit);
int32_t mac_smc(struct mac *m, const char *key, const char *type);
/* A property voltage-statesN[-sram] with these first words of its pairs, second words 0. */
void mac_table(struct mac *m, const char *key, const uint32_t *values, size_t n);
/* The same from MHz, in Hz. */
void mac_table_mhz(struct mac *m, const char *key, const uint32_t *mhz, size_t n);

/* One frame, ns of awake time after the last one. */
void mac_begin(struct mac *m, int64_t ns);
void mac_end(struct mac *m);

/* Readings of the last sample by names; entity NULL is row 0. mac_read fails the test when there is no value. */
double mac_read(const struct mac *m, const char *metric, const char *entity);
actop_state mac_state(const struct mac *m, const char *metric, const char *entity);

#endif
