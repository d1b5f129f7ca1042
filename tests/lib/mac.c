/* SPDX-License-Identifier: MIT */
/* See mac.h. */
#include "lib/mac.h"

#include <stdio.h>
#include <string.h>

#include "lib/test.h"

void mac_init(struct mac *m)
{
    memset(m, 0, sizeof *m);
    m->ops = decode_for("apple");
    m->decoder = m->ops->create();
    m->pool = sample_pool_new();
    m->awake_ns = m->boot_ns = 1000 * MAC_S;
    mac_change(m);
}

void mac_change(struct mac *m)
{
    schema_unref(m->schema);
    m->schema = schema_new("apple", "test");
    schema_add_collector(m->schema, "test", 0, "", "");
}

void mac_seal(struct mac *m)
{
    assert_int_equal(schema_seal(m->schema, NULL), ACTOP_OK);
}

void mac_release(struct mac *m)
{
    actop_sample_unref(m->sample);
    frame_release(&m->frame);
    m->ops->destroy(m->decoder);
    schema_unref(m->schema);
    sample_pool_unref(m->pool);
}

int32_t mac_states(struct mac *m, const char *group, const char *name, const char *const *states,
                   uint32_t n)
{
    char key[160];
    (void)snprintf(key, sizeof key, "%s/%s", group, name);
    return schema_add_channel(m->schema, &(struct channel_spec){.key = key,
                                                                .group = group,
                                                                .name = name,
                                                                .unit = "24Mticks",
                                                                .type = SLOT_U64,
                                                                .count = n,
                                                                .states = states,
                                                                .flags = CHANNEL_COUNTER});
}

int32_t mac_energy(struct mac *m, const char *group, const char *name, const char *unit)
{
    char key[160];
    (void)snprintf(key, sizeof key, "%s/%s", group, name);
    return schema_add_channel(m->schema, &(struct channel_spec){.key = key,
                                                                .group = group,
                                                                .name = name,
                                                                .unit = unit,
                                                                .type = SLOT_I64,
                                                                .flags = CHANNEL_COUNTER});
}

int32_t mac_smc(struct mac *m, const char *key, const char *type)
{
    char whole[32];
    (void)snprintf(whole, sizeof whole, "smc/%s", key);
    return schema_add_channel(
        m->schema, &(struct channel_spec){.key = whole, .group = "smc", .name = key, .unit = type});
}

void mac_table(struct mac *m, const char *key, const uint32_t *values, size_t n)
{
    uint8_t blob[64 * 8] = {0};
    for (size_t i = 0; i < n; i++)
        for (unsigned b = 0; b < 4; b++)
            blob[i * 8 + b] = (uint8_t)(values[i] >> 8 * b);
    schema_put_bytes(m->schema, key, blob, n * 8);
}

void mac_table_mhz(struct mac *m, const char *key, const uint32_t *mhz, size_t n)
{
    uint32_t hz[64];
    for (size_t i = 0; i < n; i++)
        hz[i] = mhz[i] * 1000000u;
    mac_table(m, key, hz, n);
}

void mac_begin(struct mac *m, int64_t ns)
{
    uint64_t seq = m->frame.seq;
    assert_int_equal(frame_begin(&m->frame, m->schema, 0, NULL), ACTOP_OK);
    m->awake_ns += ns;
    m->boot_ns += ns;
    m->frame.seq = seq + 1;
    m->frame.at = (struct os_moment){m->boot_ns, m->awake_ns, m->boot_ns};
}

void mac_end(struct mac *m)
{
    actop_sample_unref(m->sample);
    m->sample = sample_new(m->pool);
    assert_int_equal(m->ops->step(m->decoder, &m->frame, m->sample, NULL), ACTOP_OK);
}

double mac_read(const struct mac *m, const char *metric, const char *entity)
{
    actop_reading v = actop_read_key(m->sample, metric, entity);
    if (!actop_has_value(&v))
        fail_msg("%s %s is %s", metric, entity == NULL ? "" : entity, actop_state_name(v.state));
    return v.value;
}

actop_state mac_state(const struct mac *m, const char *metric, const char *entity)
{
    assert_non_null(actop_metric_find(metric));
    return actop_read_key(m->sample, metric, entity).state;
}
