/* SPDX-License-Identifier: MIT */
/* info: what this machine is, from one sample: names, cores by tier and cluster, GPUs, memory, what else has rows. */
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "cli/stream.h"

enum { LABEL_COLUMNS = 12 };

static void put_safe(struct buf *b, const char *text)
{
    char safe[400];
    buf_put(b, safe, text_safe(safe, sizeof safe, text, strlen(text)));
}

static void put_label(struct buf *b, const char *label)
{
    size_t n = strlen(label);
    buf_puts(b, label);
    buf_pad(b, ' ', n < LABEL_COLUMNS ? LABEL_COLUMNS - n : 1);
}

static void put_names(struct buf *b, const actop_sample_t *sample)
{
    static const struct {
        const char *label;
        actop_metric id;
    } rows[] = {
#define INFO(label, metric) {label, ACTOP_METRIC_##metric},
#include "cli/info.def"
#undef INFO
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        actop_reading r = actop_read(sample, rows[i].id, 0);
        if (r.text == NULL || r.text[0] == '\0')
            continue;
        put_label(b, rows[i].label);
        put_safe(b, r.text);
        buf_putc(b, '\n');
    }
}

static uint32_t owned(const actop_sample_t *sample, actop_scope scope, actop_scope owner,
                      uint32_t row)
{
    uint32_t count = 0, n = actop_rows(sample, scope);
    actop_entity e;
    for (uint32_t i = 0; i < n; i++)
        if (actop_entity_at(sample, scope, i, &e) == ACTOP_OK)
            count += e.parent_scope == owner && e.parent == (int32_t)row;
    return count;
}

static void put_mhz(struct buf *b, const actop_sample_t *sample, actop_metric id, uint32_t row)
{
    actop_reading r = actop_read(sample, id, row);
    if (!actop_has_value(&r))
        return;
    buf_puts(b, ", up to ");
    buf_put_fixed(b, r.value / 1e6, 0);
    buf_puts(b, " MHz");
}

static void put_clusters(struct buf *b, const actop_sample_t *sample)
{
    uint32_t n = actop_rows(sample, ACTOP_SCOPE_CLUSTER);
    put_label(b, "cores");
    buf_printf(b, "%u in %u cluster%s\n", actop_rows(sample, ACTOP_SCOPE_CORE), n,
               n == 1 ? "" : "s");
    for (uint32_t row = 0; row < n; row++) {
        actop_entity e;
        if (actop_entity_at(sample, ACTOP_SCOPE_CLUSTER, row, &e) != ACTOP_OK)
            continue;
        put_label(b, row == 0 ? "clusters" : "");
        put_safe(b, e.key);
        uint32_t cores = owned(sample, ACTOP_SCOPE_CORE, ACTOP_SCOPE_CLUSTER, row);
        buf_printf(b, ": %u core%s", cores, cores == 1 ? "" : "s");
        put_mhz(b, sample, ACTOP_METRIC_CLUSTER_MAX_FREQ, row);
        buf_putc(b, '\n');
    }
}

static void put_gpus(struct buf *b, const actop_sample_t *sample)
{
    uint32_t n = actop_rows(sample, ACTOP_SCOPE_GPU);
    for (uint32_t row = 0; row < n; row++) {
        actop_entity e;
        actop_reading name = actop_read(sample, ACTOP_METRIC_GPU_NAME, row);
        actop_reading cores = actop_read(sample, ACTOP_METRIC_GPU_CORES, row);
        if (actop_entity_at(sample, ACTOP_SCOPE_GPU, row, &e) != ACTOP_OK)
            continue;
        put_label(b, "gpu");
        put_safe(b, name.text != NULL ? name.text : e.name);
        if (actop_has_value(&cores)) {
            buf_puts(b, ", ");
            buf_put_fixed(b, cores.value, 0);
            buf_puts(b, " cores");
        }
        put_mhz(b, sample, ACTOP_METRIC_GPU_ONE_MAX_FREQ, row);
        buf_putc(b, '\n');
    }
}

static void put_gib(struct buf *b, const actop_sample_t *sample, const char *label, actop_metric id)
{
    actop_reading r = actop_read(sample, id, 0);
    if (!actop_has_value(&r))
        return;
    put_label(b, label);
    buf_put_fixed(b, r.value / 1073741824, 1);
    buf_puts(b, " GiB\n");
}

/* Keys of the rows of a scope, as many as fit on a line. */
static void put_keys(struct buf *b, const actop_sample_t *sample, const char *label,
                     actop_scope scope)
{
    uint32_t n = actop_rows(sample, scope), shown = 0;
    size_t from;
    if (n == 0)
        return;
    put_label(b, label);
    from = b->len;
    buf_printf(b, "%u", n);
    for (actop_entity e; shown < n && b->len - from < 60; shown++)
        if (actop_entity_at(sample, scope, shown, &e) == ACTOP_OK) {
            buf_puts(b, shown == 0 ? ": " : ", ");
            put_safe(b, e.name);
        }
    buf_puts(b, shown < n ? ", …\n" : "\n");
}

static void put_info(struct buf *b, const actop_sample_t *sample)
{
    put_names(b, sample);
    put_clusters(b, sample);
    put_gpus(b, sample);
    put_gib(b, sample, "memory", ACTOP_METRIC_RAM_TOTAL);
    put_gib(b, sample, "swap", ACTOP_METRIC_SWAP_TOTAL);
    put_keys(b, sample, "rails", ACTOP_SCOPE_RAIL);
    put_keys(b, sample, "sensors", ACTOP_SCOPE_SENSOR);
    put_keys(b, sample, "fans", ACTOP_SCOPE_FAN);
    put_keys(b, sample, "interfaces", ACTOP_SCOPE_INTERFACE);
    put_keys(b, sample, "disks", ACTOP_SCOPE_DISK);
    put_keys(b, sample, "volumes", ACTOP_SCOPE_VOLUME);
    put_keys(b, sample, "batteries", ACTOP_SCOPE_BATTERY);
}

int command_info(struct cli *cli, const struct option_list *words)
{
    actop_session *s = NULL; /* owned */
    actop_error err = {ACTOP_OK, ""};
    struct buf b = BUF_INIT;
    enum output_state state = OUTPUT_FAILED;
    (void)words;
    if (cli_open(cli, CLI_STREAM, 0, &s, &err) == ACTOP_OK) {
        const actop_sample_t *sample = actop_sample(s, &err);
        if (sample != NULL) {
            put_info(&b, sample);
            state = output_put(&b, &err);
        }
    }
    buf_release(&b);
    actop_error stopped = {ACTOP_OK, ""};
    if (cli_close(s, &stopped) != ACTOP_OK && state != OUTPUT_FAILED)
        return cli_fail(&stopped);
    return output_status(state, &err);
}
