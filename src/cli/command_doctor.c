/* SPDX-License-Identifier: MIT */
/* doctor: what a bug report needs. The machine; every collector with its state, why, and what would help; how often counters
 * are published, watched for five seconds of the machine's own clock; what the decoder decided and doubts; every metric; then
 * what users wonder about most often, where it applies. Status 0: all well. 1: something is denied, failed or frozen. 2: nothing
 * is readable. */
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "cli/stream.h"

enum { NAME_COLUMNS = 28, GROUP_COLUMNS = 52, STATE_COLUMNS = 12, BUNDLE_FRAMES = 10 };

/* Batches of energy come every 18 ms to about 2 s (recorded: M1 Ultra, M5 Max): several fit into the watch. */
static const int64_t WATCH_NS = INT64_C(5000000000), WATCH_STEP_NS = 100000000;
/* Where nothing is published: long enough for rates. */
static const int64_t PLAIN_STEP_NS = 1000000000;
static const int64_t BUNDLE_STEP_NS = 500000000;

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

static void put_finding(struct buf *b, const actop_finding *f, size_t name_columns)
{
    buf_puts(b, "  ");
    put_cell(b, actop_state_name(f->state), STATE_COLUMNS);
    if (f->detail[0] == '\0') {
        put_text(b, f->name);
    } else {
        put_cell(b, f->name, name_columns);
        put_text(b, f->detail);
    }
    buf_putc(b, '\n');
    if (f->remedy[0] == '\0')
        return;
    buf_pad(b, ' ', 2 + STATE_COLUMNS + name_columns);
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
        put_finding(b, &f, NAME_COLUMNS);
        bool good = f.state == ACTOP_STATE_OK || f.state == ACTOP_STATE_STALE;
        tally->collectors += !metrics && good;
        tally->readable += metrics && good;
        tally->trouble += f.state == ACTOP_STATE_DENIED || f.state == ACTOP_STATE_FAILED ||
                          f.state == ACTOP_STATE_FROZEN;
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

static void put_machine(struct buf *b, const actop_sample_t *sample)
{
    static const actop_metric names[] = {ACTOP_METRIC_CHIP, ACTOP_METRIC_MODEL, ACTOP_METRIC_OS,
                                         ACTOP_METRIC_KERNEL};
    const char *between = "";
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        actop_reading r = actop_read(sample, names[i], 0);
        if (r.text == NULL || r.text[0] == '\0')
            continue;
        buf_puts(b, between);
        put_text(b, r.text);
        between = ", ";
    }
    if (between[0] != '\0')
        buf_putc(b, '\n');
}

static void put_publications(struct buf *b, actop_session *s)
{
    actop_finding f;
    if (actop_publication_count(s) == 0)
        return;
    buf_puts(b, "\nPublications, watched for ");
    buf_put_fixed(b, (double)actop_doctor_watched_ns(s) * 1e-9, 1);
    buf_puts(b, " s\n");
    for (size_t i = 0; actop_publication_at(s, i, &f) == ACTOP_OK; i++)
        put_finding(b, &f, GROUP_COLUMNS);
}

/* What the decoder decided and doubts, kind by kind. */
static void put_notes(struct buf *b, actop_session *s)
{
    static const char *const headings[ACTOP_NOTE_COUNT] = {
        [ACTOP_NOTE_TABLE] = "Clock tables, and why these",
        [ACTOP_NOTE_RAIL] = "Power rails, and what they are read from",
        [ACTOP_NOTE_BANDWIDTH] = "Memory bandwidth",
        [ACTOP_NOTE_CHANNEL] = "Channels that are not read",
        [ACTOP_NOTE_SENSOR] = "Sensors left out",
        [ACTOP_NOTE_BALANCE] = "Watts that should add up",
    };
    size_t n = actop_notes(s);
    for (int kind = 0; kind < ACTOP_NOTE_COUNT; kind++) {
        bool first = true;
        actop_note note;
        for (size_t i = 0; i < n && actop_note_at(s, i, &note) == ACTOP_OK; i++) {
            if ((int)note.kind != kind)
                continue;
            if (first)
                buf_printf(b, "\n%s\n", headings[kind]);
            first = false;
            buf_puts(b, "  ");
            put_cell(b, note.about, NAME_COLUMNS);
            put_text(b, note.text);
            buf_putc(b, '\n');
        }
    }
}

static int put_doctor(struct buf *b, const struct cli *cli, actop_session *s,
                      const actop_sample_t *sample)
{
    struct tally tally = {0, 0, 0};
    buf_puts(b, "actop ");
    buf_puts(b, actop_version());
    buf_puts(b, ", source ");
    put_text(b, actop_source_name(s));
    buf_puts(b, strncmp(actop_source_name(s), "sim:", 4) == 0 ? ", simulated\n" : "\n");
    put_machine(b, sample);
    buf_puts(b, "\nCollectors\n");
    put_findings(b, s, 0, &tally);
    put_publications(b, s);
    put_notes(b, s);
    buf_puts(b, "\nMetrics\n");
    put_findings(b, s, 1, &tally);
    put_troubles(b, sample);
    size_t history_bytes = cli->parts->history_bytes != NULL ? cli->parts->history_bytes() : 0;
    if (history_bytes > 0)
        buf_printf(b, "\nWith --serve an hour of history takes %zu bytes of memory.\n",
                   history_bytes);
    /* What is counted without any collector are references and verdicts, not this machine. */
    if (tally.collectors == 0) {
        buf_puts(b, "\nNothing is readable.\n");
        return 2;
    }
    buf_printf(b, "\n%zu metrics readable. ", tally.readable);
    buf_puts(b, tally.trouble == 0 ? "All well.\n"
                                   : "Some of it is denied, failed or frozen; see above.\n");
    return tally.trouble > 0 ? 1 : 0;
}

/* ---- The examination -------------------------------------------------------------------------------------------------- */

/* The next sample; a recording that ends has been examined, too. */
static enum output_state step(struct stream *st, int64_t step_ns, bool *ended, actop_error *err)
{
    const actop_sample_t *last = st->sample; /* stays when there is no next one */
    st->interval_ns = step_ns;
    enum output_state state = stream_next(st, err);
    *ended = state == OUTPUT_CLOSED && err->status == ACTOP_END;
    if (!*ended)
        return state;
    st->sample = last;
    return OUTPUT_GOOD;
}

/* The bundle's frames follow each other, so that their replay has no gap; it is whole before the watch begins. */
static enum output_state examine(struct stream *st, const struct options *o, actop_error *err)
{
    enum output_state state = OUTPUT_GOOD;
    bool ended = false;
    for (int n = 1; o->bundle != NULL && n < BUNDLE_FRAMES && state == OUTPUT_GOOD && !ended; n++)
        state = step(st, BUNDLE_STEP_NS, &ended, err);
    if (o->bundle != NULL && actop_record_stop(st->session, err) != ACTOP_OK)
        return OUTPUT_FAILED;
    st->recording = false;
    bool published = actop_publication_count(st->session) > 0;
    if (state == OUTPUT_GOOD && !ended)
        state = step(st, published ? WATCH_STEP_NS : PLAIN_STEP_NS, &ended, err);
    while (state == OUTPUT_GOOD && !ended && published &&
           actop_doctor_watched_ns(st->session) < WATCH_NS)
        state = step(st, WATCH_STEP_NS, &ended, err);
    return state;
}

static void set_options(struct options *o)
{
    o->interval_s = (double)WATCH_STEP_NS * 1e-9;
    o->subsamples = 1;
    o->record = NULL;
    if (o->speed < 0)
        o->speed = 0; /* a recording's time is not ours */
}

/* A bundle that cannot be written is a failure of ours, and no word about the machine: status 1, not 2. */
static bool start_bundle(struct options *o, actop_session *s, actop_error *err)
{
    o->record = o->bundle;
    return o->bundle == NULL ||
           actop_record_start(s, o->bundle, ACTOP_RECORD_SCRUB, err) == ACTOP_OK;
}

/* A machine of which nothing can be opened has nothing that is readable. A recording or another actop that cannot be had says
 * nothing about a machine: that failed, as it does everywhere else. */
static int not_opened(const struct options *o, const actop_error *err)
{
    int status = cli_fail(err);
    bool elsewhere = strncmp(o->source, "replay:", 7) == 0 || strncmp(o->source, "http://", 7) == 0;
    return elsewhere || err->status == ACTOP_E_NOMEM ? status : 2;
}

int command_doctor(struct cli *cli, const struct option_list *words)
{
    actop_session *s = NULL; /* owned */
    actop_error err = {ACTOP_OK, ""};
    struct buf b = BUF_INIT;
    struct stream st;
    uint32_t want = ACTOP_WANT(ACTOP_SCOPE_PROCESS) | ACTOP_WANT_GPU_CLIENTS | ACTOP_WANT_SURVEY;
    (void)words;
    set_options(&cli->options);
    if (cli_open(cli, CLI_STREAM, want, &s, &err) != ACTOP_OK ||
        actop_doctor_watch(s, &err) != ACTOP_OK) {
        int failed = not_opened(&cli->options, &err);
        (void)cli_close(s, NULL);
        return failed;
    }
    enum output_state state = OUTPUT_FAILED;
    if (start_bundle(&cli->options, s, &err))
        state = stream_open(&st, cli, s, &err);
    if (state == OUTPUT_GOOD)
        state = examine(&st, &cli->options, &err);
    int status = 2;
    if (state == OUTPUT_GOOD) {
        status = put_doctor(&b, cli, s, st.sample);
        state = output_put(&b, &err);
    }
    if (state == OUTPUT_CLOSED && err.status == ACTOP_END)
        state = OUTPUT_FAILED; /* a recording without a frame: nothing was examined */
    if (state != OUTPUT_GOOD)
        status = output_status(state, &err);
    buf_release(&b);
    if (cli_close(s, &err) != ACTOP_OK)
        status = cli_fail(&err);
    return status;
}
