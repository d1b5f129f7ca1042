/* SPDX-License-Identifier: MIT */
/* doctor: every collector and metric with its state, why, and what would help; then what users wonder about most often,
 * where it applies. Status 0: all well. 1: something is denied or failed. 2: nothing is readable. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "cli/stream.h"

enum { NAME_COLUMNS = 28, STATE_COLUMNS = 12, BUNDLE_FRAMES = 4 };

static void put_cell(struct buf *b, const char *text, size_t columns)
{
    char safe[200];
    size_t n = text_safe(safe, sizeof safe, text, strlen(text));
    buf_put(b, safe, n);
    buf_pad(b, ' ', n < columns ? columns - n : 1);
}

static void put_text(struct buf *b, const char *text)
{
    char safe[400];
    buf_put(b, safe, text_safe(safe, sizeof safe, text, strlen(text)));
}

static void put_finding(struct buf *b, const actop_finding *f)
{
    buf_puts(b, "  ");
    put_cell(b, actop_state_name(f->state), STATE_COLUMNS);
    if (f->detail[0] == '\0') {
        put_text(b, f->name);
    } else {
        put_cell(b, f->name, NAME_COLUMNS);
        put_text(b, f->detail);
    }
    buf_putc(b, '\n');
    if (f->remedy[0] == '\0')
        return;
    buf_pad(b, ' ', 2 + STATE_COLUMNS + NAME_COLUMNS);
    put_text(b, f->remedy);
    buf_putc(b, '\n');
}

/* What the findings come to. */
struct tally {
    size_t collectors, readable, trouble;
};

static void put_findings(struct buf *b, actop_session *s, int metrics, struct tally *tally)
{
    actop_finding f;
    for (size_t i = 0; i < actop_doctor_count(s) && actop_doctor_at(s, i, &f) == ACTOP_OK; i++) {
        if (f.is_metric != metrics)
            continue;
        put_finding(b, &f);
        bool good = f.state == ACTOP_STATE_OK || f.state == ACTOP_STATE_STALE;
        tally->collectors += !metrics && good;
        tally->readable += metrics && good;
        tally->trouble += f.state == ACTOP_STATE_DENIED || f.state == ACTOP_STATE_FAILED;
    }
}

/* ---- Troubles ------------------------------------------------------------------------------------------------------ */

static bool has(const actop_sample_t *sample, actop_metric id)
{
    uint32_t n = actop_rows(sample, actop_metric_get(id)->scope);
    for (uint32_t row = 0; row < n; row++) {
        actop_reading r = actop_read(sample, id, row);
        if (actop_has_value(&r))
            return true;
    }
    return false;
}

static bool no_bandwidth(const actop_sample_t *sample)
{
    return !has(sample, ACTOP_METRIC_BANDWIDTH);
}

static bool thermal_unknown(const actop_sample_t *sample)
{
    return !has(sample, ACTOP_METRIC_THERMAL_STATE);
}

static bool no_frequencies(const actop_sample_t *sample)
{
    return !has(sample, ACTOP_METRIC_CORE_FREQ) && !has(sample, ACTOP_METRIC_TIER_FREQ);
}

static bool ane_at_zero(const actop_sample_t *sample)
{
    actop_reading r = actop_read(sample, ACTOP_METRIC_ANE_POWER, 0);
    return r.state == ACTOP_STATE_FROZEN || (actop_has_value(&r) && r.value <= 0);
}

static bool always(const actop_sample_t *sample)
{
    return sample != NULL;
}

static void put_troubles(struct buf *b, const actop_sample_t *sample)
{
    static const struct {
        bool (*applies)(const actop_sample_t *sample);
        const char *heading, *sentence;
    } rows[] = {
#define TROUBLE(test, heading, sentence) {test, heading, sentence},
#include "cli/troubles.def"
#undef TROUBLE
    };
    buf_puts(b, "\nOften asked (docs/troubleshooting.md has more)\n");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].applies(sample))
            buf_printf(b, "  %s: %s\n", rows[i].heading, rows[i].sentence);
}

/* ---- The report ------------------------------------------------------------------------------------------------------- */

static int put_doctor(struct buf *b, actop_session *s, const actop_sample_t *sample)
{
    struct tally tally = {0, 0, 0};
    buf_puts(b, "actop ");
    buf_puts(b, actop_version());
    buf_puts(b, ", source ");
    put_text(b, actop_source_name(s));
    buf_puts(b, "\n\nCollectors\n");
    put_findings(b, s, 0, &tally);
    buf_puts(b, "\nMetrics\n");
    put_findings(b, s, 1, &tally);
    put_troubles(b, sample);
    /* What is counted without any collector are references and verdicts, not this machine. */
    if (tally.collectors == 0) {
        buf_puts(b, "\nNothing is readable.\n");
        return 2;
    }
    buf_printf(b, "\n%zu metrics readable. ", tally.readable);
    buf_puts(b,
             tally.trouble == 0 ? "All well.\n" : "Some of it is denied or failed; see above.\n");
    return tally.trouble > 0 ? 1 : 0;
}

int command_doctor(struct cli *cli, const struct option_list *words)
{
    actop_session *s = NULL; /* owned */
    actop_error err = {ACTOP_OK, ""};
    struct buf b = BUF_INIT;
    struct stream st;
    uint32_t want = ACTOP_WANT(ACTOP_SCOPE_PROCESS) | ACTOP_WANT_GPU_CLIENTS;
    (void)words;
    cli->options.interval_s = 1; /* long enough for rates, short enough to wait for */
    if (cli->options.bundle != NULL) {
        cli->options.record = cli->options.bundle;
        cli->options.scrub = true;
    }
    if (cli_open(cli, CLI_STREAM, want, &s, &err) != ACTOP_OK) {
        (void)cli_fail(&err);
        return 2; /* nothing is readable */
    }
    enum output_state state = stream_open(&st, cli, s, &err);
    for (int more = cli->options.bundle != NULL ? BUNDLE_FRAMES - 1 : 1;
         more > 0 && state == OUTPUT_GOOD; more--)
        state = stream_next(&st, &err);
    int status = 2;
    if (state == OUTPUT_GOOD) {
        status = put_doctor(&b, s, st.sample);
        state = output_write(b.data != NULL ? b.data : "", b.len, &err);
    }
    if (state != OUTPUT_GOOD)
        status = output_status(state, &err);
    buf_release(&b);
    if (cli_close(s, &err) != ACTOP_OK)
        status = cli_fail(&err);
    return status;
}
