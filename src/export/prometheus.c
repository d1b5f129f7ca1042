/* SPDX-License-Identifier: MIT */
/* The walk over the metric table; see prometheus.h. Rules: Prometheus' naming and exposition formats, OpenMetrics 1.0. */
#include "export/prometheus.h"

#include <math.h>
#include <string.h>

#include "base/text.h"
#include "export/export.h"
#include "export/prometheus_families.h"

enum { LABEL_BYTES = 64, PATH_BYTES = 224, LABELS_SIZE = 512 };

/* ---- Names -------------------------------------------------------------------------------------------------------- */

static bool ends_with_word(const char *text, size_t n, const char *word)
{
    size_t m = strlen(word);
    return n > m && memcmp(text + n - m, word, m) == 0 && text[n - m - 1] == '_';
}

static void put_joined(struct buf *b, const char *word)
{
    if (word[0] == '\0' || ends_with_word(b->data, b->len, word))
        return;
    buf_putc(b, '_');
    buf_puts(b, word);
}

void prometheus_put_family(struct buf *b, actop_metric id)
{
    const actop_metric_info *m = metric_info(id);
    if (m->prometheus != NULL) {
        buf_put(b, m->prometheus, strcspn(m->prometheus, "|"));
        return;
    }
    if (m->kind == ACTOP_KIND_INFO)
        return;
    buf_puts(b, "actop_");
    for (const char *c = m->key; *c != '\0'; c++)
        buf_putc(b, *c == '.' ? '_' : *c);
    put_joined(b, unit_prometheus_suffix(m->unit));
    if (m->kind == ACTOP_KIND_COUNTER)
        put_joined(b, "total");
}

static void family_of(actop_metric id, char name[FAMILY_NAME_SIZE])
{
    struct buf b;
    buf_init_fixed(&b, name, FAMILY_NAME_SIZE);
    prometheus_put_family(&b, id);
}

double family_factor(actop_metric id, const char *family)
{
    static const struct {
        const char *word;
        actop_unit unit;
        double factor;
    } promises[] = {
        {"percent", ACTOP_UNIT_RATIO, 100},
        {"mhz", ACTOP_UNIT_HERTZ, 1e-6},
        {"gbps", ACTOP_UNIT_BYTE_PER_SECOND, 1e-9},
        {"gib", ACTOP_UNIT_BYTE, 1.0 / 1073741824.0},
    };
    for (size_t i = 0; i < sizeof promises / sizeof *promises; i++)
        if (metric_info(id)->unit == promises[i].unit &&
            ends_with_word(family, strlen(family), promises[i].word))
            return promises[i].factor;
    return 1;
}

/* ---- Lines -------------------------------------------------------------------------------------------------------- */

static void put_escaped(struct buf *b, const char *text, size_t most)
{
    char safe[PATH_BYTES + 1];
    (void)text_safe(safe, most + 1, text, strlen(text));
    for (const char *c = safe; *c != '\0'; c++) {
        if (*c == '"' || *c == '\\')
            buf_putc(b, '\\');
        buf_putc(b, *c);
    }
}

void prometheus_put_label(struct buf *b, const char *text)
{
    put_escaped(b, text, LABEL_BYTES);
}

/* OpenMetrics names the family of a counter without the ending its samples have. */
static size_t described_length(const struct writer *w, const char *family, actop_kind kind)
{
    size_t n = strlen(family);
    return w->openmetrics && kind == ACTOP_KIND_COUNTER ? n - strlen("_total") : n;
}

void family_begin(const struct writer *w, const char *family, actop_kind kind, const char *help,
                  const struct cell *evidence)
{
    size_t n = described_length(w, family, kind);
    buf_puts(w->b, "# HELP ");
    buf_put(w->b, family, n);
    buf_putc(w->b, ' ');
    buf_puts(w->b, help);
    if (evidence != NULL) {
        const struct topology *t = w->s->topology;
        buf_puts(w->b, " (");
        buf_puts(w->b, actop_origin_name((actop_origin)evidence->origin));
        if (evidence->via != 0) {
            buf_puts(w->b, ", ");
            prometheus_put_label(w->b, pool_at(&t->pool, t->via[evidence->via]));
        }
        buf_putc(w->b, ')');
    }
    buf_puts(w->b, "\n# TYPE ");
    buf_put(w->b, family, n);
    buf_puts(w->b, kind == ACTOP_KIND_COUNTER ? " counter\n" : " gauge\n");
}

void family_put(const struct writer *w, const char *family, const char *labels, double value)
{
    if (!isfinite(value))
        return;
    buf_puts(w->b, family);
    buf_puts(w->b, labels);
    buf_putc(w->b, ' ');
    if (value > -1e15 && value < 1e15 && value - (double)(int64_t)value == 0)
        buf_put_i64(w->b, (int64_t)value);
    else
        buf_put_double(w->b, value);
    buf_putc(w->b, '\n');
}

/* ---- Labels of rows --------------------------------------------------------------------------------------------------- */

static const char *const scope_labels[ACTOP_SCOPE_COUNT] = {
    [ACTOP_SCOPE_TIER] = "tier",       [ACTOP_SCOPE_CLUSTER] = "cluster",
    [ACTOP_SCOPE_GPU] = "gpu",         [ACTOP_SCOPE_RAIL] = "rail",
    [ACTOP_SCOPE_SENSOR] = "sensor",   [ACTOP_SCOPE_FAN] = "fan",
    [ACTOP_SCOPE_AGENT] = "agent",     [ACTOP_SCOPE_INTERFACE] = "device",
    [ACTOP_SCOPE_DISK] = "device",     [ACTOP_SCOPE_VOLUME] = "volume",
    [ACTOP_SCOPE_BATTERY] = "battery",
};

static void put_pair(struct buf *b, const char *name, const char *value)
{
    buf_putc(b, b->len == 0 ? '{' : ',');
    buf_puts(b, name);
    buf_puts(b, "=\"");
    prometheus_put_label(b, value);
    buf_putc(b, '"');
}

/* Mount points are long where containers run, and differ at their ends. */
static void put_path(struct buf *b, const char *name, const char *value)
{
    buf_printf(b, "%c%s=\"", b->len == 0 ? '{' : ',', name);
    put_escaped(b, value, PATH_BYTES);
    buf_putc(b, '"');
}

/* The tier a core belongs to by what it fills: the highest P, the lowest E, those between M; without any, P. */
static void put_core(struct buf *b, const struct actop_sample_t *s, uint32_t row)
{
    const struct entity *core = sample_entity_get(s, ACTOP_SCOPE_CORE, row);
    int32_t tier = export_tier_of_core(s, row);
    int32_t tiers = (int32_t)sample_rows(s, ACTOP_SCOPE_TIER);
    char number[24];
    struct buf n;
    put_pair(b, "cluster", tier < 0 || tier + 1 == tiers ? "P" : tier == 0 ? "E" : "M");
    if (tiers > 3 && tier > 0 && tier + 1 < tiers) /* two tiers in the middle would be one */
        put_pair(b, "tier", sample_entity_text(s, ACTOP_SCOPE_CORE, core->tier));
    buf_init_fixed(&n, number, sizeof number);
    buf_put_u64(&n, export_core_number(s, row));
    put_pair(b, "core", number);
}

/* Of P-states only a cluster's are exported; a GPU's would need another family. */
static bool put_pstate(struct buf *b, const struct actop_sample_t *s, const struct entity *state)
{
    if (state->parent_scope != ACTOP_SCOPE_CLUSTER || state->parent < 0)
        return false;
    const struct entity *owner = sample_entity_get(s, ACTOP_SCOPE_CLUSTER, (uint32_t)state->parent);
    if (owner == NULL)
        return false;
    put_pair(b, "cluster", sample_entity_text(s, ACTOP_SCOPE_CLUSTER, owner->key));
    put_pair(
        b, "state",
        sample_entity_text(s, ACTOP_SCOPE_PSTATE, state->name != 0 ? state->name : state->key));
    return true;
}

/* Labels of a row into text; false when the row is not exported. */
static bool row_labels(const struct actop_sample_t *s, actop_metric id, uint32_t row,
                       char text[LABELS_SIZE])
{
    const actop_metric_info *m = metric_info(id);
    const struct entity *e = sample_entity_get(s, m->scope, row);
    struct buf b;
    buf_init_fixed(&b, text, LABELS_SIZE);
    text[0] = '\0';
    if (m->scope == ACTOP_SCOPE_CORE)
        put_core(&b, s, row);
    else if (m->scope == ACTOP_SCOPE_PSTATE && !put_pstate(&b, s, e))
        return false;
    else if (m->scope == ACTOP_SCOPE_VOLUME)
        put_path(&b, scope_labels[m->scope], sample_entity_text(s, m->scope, e->key));
    else if (scope_labels[m->scope] != NULL)
        put_pair(&b, scope_labels[m->scope], sample_entity_text(s, m->scope, e->key));
    const char *more = m->prometheus != NULL ? strchr(m->prometheus, '|') : NULL;
    const char *equals = more != NULL ? strchr(more, '=') : NULL;
    if (equals != NULL) {
        buf_putc(&b, b.len == 0 ? '{' : ',');
        buf_put(&b, more + 1, (size_t)(equals - more - 1));
        buf_puts(&b, "=\"");
        buf_puts(&b, equals + 1);
        buf_putc(&b, '"');
    }
    if (b.len > 0)
        buf_putc(&b, '}');
    return b.len < LABELS_SIZE;
}

/* ---- Families of the table ---------------------------------------------------------------------------------------------- */

/* Labels that were there already in this family, by their hash. Rows beyond its size are not looked at: a scope with so
 * many is not exported whole anyway. */
struct seen {
    uint64_t hash[2048];
    uint32_t n;
};

static bool see(struct seen *seen, const char *labels)
{
    uint64_t hash = hash_bytes(labels, strlen(labels)) | 1u;
    uint32_t at = (uint32_t)(hash >> 20) % 2048;
    if (seen->n >= 1024)
        return false;
    while (seen->hash[at] != 0) {
        if (seen->hash[at] == hash)
            return false;
        at = (at + 1) % 2048;
    }
    seen->hash[at] = hash;
    seen->n++;
    return true;
}

/* The first of the least certain values: HELP must not call measured what is so for some rows only. */
static const struct cell *least_certain(const struct actop_sample_t *s, actop_metric id)
{
    const struct cell *least = NULL;
    for (uint32_t row = 0; row < sample_rows(s, metric_info(id)->scope); row++) {
        const struct cell *c = sample_cell(s, id, row);
        if (cell_has(c) && (least == NULL || c->origin > least->origin))
            least = c;
    }
    return least;
}

static void put_rows(const struct writer *w, actop_metric id, const char *family, struct seen *seen)
{
    char labels[LABELS_SIZE];
    double factor = family_factor(id, family), value;
    for (uint32_t row = 0; row < sample_rows(w->s, metric_info(id)->scope); row++)
        if (sample_get(w->s, id, row, &value) && row_labels(w->s, id, row, labels) &&
            see(seen, labels))
            family_put(w, family, labels, value * factor);
}

static bool has_sibling_before(actop_metric id, const char *family)
{
    char other[FAMILY_NAME_SIZE];
    if (strchr(metric_info(id)->prometheus != NULL ? metric_info(id)->prometheus : "", '|') == NULL)
        return false;
    for (int k = 0; k < (int)id; k++) {
        family_of((actop_metric)k, other);
        if (strcmp(other, family) == 0)
            return true;
    }
    return false;
}

/* All metrics of one family, which stands where the first of them does. */
static void put_family(const struct writer *w, actop_metric id, struct seen *seen)
{
    char family[FAMILY_NAME_SIZE], other[FAMILY_NAME_SIZE];
    const struct cell *evidence = least_certain(w->s, id);
    family_of(id, family);
    bool shared = metric_info(id)->prometheus != NULL &&
                  strchr(metric_info(id)->prometheus, '|') != NULL;
    if (family[0] == '\0' || has_sibling_before(id, family))
        return;
    for (int k = (int)id + 1; k < ACTOP_METRIC_COUNT && shared && evidence == NULL; k++) {
        family_of((actop_metric)k, other);
        if (strcmp(other, family) == 0)
            evidence = least_certain(w->s, (actop_metric)k);
    }
    if (evidence == NULL)
        return;
    memset(seen, 0, sizeof *seen);
    family_begin(w, family, metric_info(id)->kind, metric_info(id)->help, evidence);
    put_rows(w, id, family, seen);
    for (int k = (int)id + 1; k < ACTOP_METRIC_COUNT && shared; k++) {
        family_of((actop_metric)k, other);
        if (strcmp(other, family) == 0)
            put_rows(w, (actop_metric)k, family, seen);
    }
}

/* ---- Families beside the table -------------------------------------------------------------------------------------------- */

enum { ROW_MACHINE, ROW_TIER_LOW, ROW_TIER_HIGH };

static void put_old(const struct writer *w)
{
    static const struct {
        const char *family;
        actop_metric id;
        int row;
        double factor;
        const char *help;
    } old[] = {
#define OLD(family, metric, row, factor, help)                                                     \
    {family, ACTOP_METRIC_##metric, ROW_##row, factor, help},
#include "export/prometheus.def"
#undef OLD
    };
    uint32_t tiers = sample_rows(w->s, ACTOP_SCOPE_TIER);
    for (size_t i = 0; i < sizeof old / sizeof *old; i++) {
        uint32_t row = old[i].row == ROW_TIER_HIGH ? tiers - 1 : 0;
        bool there = old[i].row == ROW_MACHINE ||
                     (old[i].row == ROW_TIER_HIGH ? tiers > 0 : tiers > 1);
        const struct cell *c = there ? sample_cell(w->s, old[i].id, row) : NULL;
        if (!cell_has(c))
            continue;
        family_begin(w, old[i].family, ACTOP_KIND_GAUGE, old[i].help, c);
        family_put(w, old[i].family, "", c->value * old[i].factor);
    }
}

static void put_text_pair(struct buf *b, const struct actop_sample_t *s, const char *name,
                          actop_metric id)
{
    const struct cell *c = sample_cell(s, id, 0);
    if (cell_has(c))
        put_pair(b, name, pool_at(&s->pool, c->text));
}

static void put_infos(const struct writer *w)
{
    char labels[LABELS_SIZE];
    struct buf b;
    buf_init_fixed(&b, labels, sizeof labels);
    put_pair(&b, "version", ACTOP_VERSION);
    buf_putc(&b, '}');
    family_begin(w, "actop_build_info", ACTOP_KIND_GAUGE, "Version of actop; always 1.", NULL);
    family_put(w, "actop_build_info", labels, 1);
    buf_init_fixed(&b, labels, sizeof labels);
    put_text_pair(&b, w->s, "chip", ACTOP_METRIC_CHIP);
    put_text_pair(&b, w->s, "model", ACTOP_METRIC_MODEL);
    put_text_pair(&b, w->s, "os", ACTOP_METRIC_OS);
    put_text_pair(&b, w->s, "host", ACTOP_METRIC_HOST);
    put_text_pair(&b, w->s, "source", ACTOP_METRIC_SOURCE);
    if (b.len == 0 || b.len + 1 >= sizeof labels)
        return;
    buf_putc(&b, '}');
    family_begin(w, "actop_chip_info", ACTOP_KIND_GAUGE, "What machine this is; always 1.", NULL);
    family_put(w, "actop_chip_info", labels, 1);
}

/* Collectors of what this machine has nothing of are left out: absent, not failing. */
static void put_collectors(const struct writer *w, struct seen *seen)
{
    static const char family[] = "actop_scrape_collector_success";
    const struct topology *t = w->s->topology;
    char labels[LABELS_SIZE];
    struct buf b;
    memset(seen, 0, sizeof *seen);
    for (size_t i = 0; i < t->n_collectors; i++) {
        int success = sample_collector_success(w->s, i);
        buf_init_fixed(&b, labels, sizeof labels);
        put_pair(&b, "collector", pool_at(&t->pool, t->collectors[i].name));
        buf_putc(&b, '}');
        if (success < 0)
            continue;
        if (seen->n == 0)
            family_begin(w, family, ACTOP_KIND_GAUGE,
                         "1: this part of the source gave what it could; 0: denied or failed.",
                         NULL);
        if (see(seen, labels))
            family_put(w, family, labels, success);
    }
}

static void put_all(const struct writer *w, bool processes)
{
    struct seen seen;
    put_infos(w);
    put_collectors(w, &seen);
    put_old(w);
    for (int id = 0; id < ACTOP_METRIC_COUNT; id++)
        if (metric_info((actop_metric)id)->scope != ACTOP_SCOPE_PROCESS)
            put_family(w, (actop_metric)id, &seen);
    if (processes)
        processes_put(w);
}

void prometheus_put(struct buf *b, const struct actop_sample_t *s, const actop_format_options *o)
{
    struct writer w = {b, s, false, o->process_pids != 0};
    put_all(&w, o->processes != 0);
}

void openmetrics_put(struct buf *b, const struct actop_sample_t *s, const actop_format_options *o)
{
    struct writer w = {b, s, true, o->process_pids != 0};
    put_all(&w, o->processes != 0);
    buf_puts(b, "# EOF\n");
}
