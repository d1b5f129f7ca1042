/* SPDX-License-Identifier: MIT */
/* The plain report: one screenful for people, and for bug reports. text.def lists its lines; this file knows how a value
 * is written, where a line is broken, and the parts that are not one value. What is absent is named at the end with its
 * state. Text from outside is made safe before it is written. */
#include <math.h>
#include <string.h>

#include "base/text.h"
#include "export/export.h"

enum form {
    PERCENT,
    WATT,
    JOULE,
    CELSIUS,
    OF_MHZ,
    OF_GIB,
    GIB,
    GBPS,
    RATE,
    LOAD,
    WORD,
    EACH,
    NUMBER
};

enum {
    INDENT = 9,        /* columns of a label */
    GAP = 3,           /* columns between two items */
    ITEM_SIZE = 320,   /* bytes of one item */
    PROCESS_ROWS = 15, /* a screenful with the rest */
};

/* The report being written. A label is printed with its first item: a line without any is left out. */
struct report {
    struct buf *b;
    const struct actop_sample_t *s;
    size_t width, at;  /* columns: of the report, used on this line */
    const char *label; /* of a line nothing stands on yet; NULL: something does */
};

typedef void part_fn(struct report *r);

struct text_row {
    const char *line; /* not NULL: begins a line */
    part_fn *part;    /* not NULL: a part */
    enum form form;
    const char *label, *name;
    actop_metric metric, other;
};

/* ---- Lines and items --------------------------------------------------------------------------------------------- */

static size_t columns_of(const char *text, size_t n)
{
    size_t columns = 0;
    for (size_t i = 0; i < n;) {
        uint32_t code;
        i += utf8_decode(text + i, n - i, &code);
        columns += (size_t)utf8_width(code);
    }
    return columns;
}

static void put_padded(struct buf *b, const char *text, size_t columns)
{
    size_t used = columns_of(text, strlen(text));
    buf_puts(b, text);
    buf_pad(b, ' ', used < columns ? columns - used : 1);
}

static void begin_line(struct report *r, const char *label)
{
    if (r->label == NULL)
        buf_putc(r->b, '\n');
    r->label = label;
    r->at = 0;
}

/* An item goes on this line when it fits, else on the next, below the others. */
static void put_item(struct report *r, const char *text, size_t n)
{
    size_t columns = columns_of(text, n);
    if (r->label != NULL) {
        put_padded(r->b, r->label, INDENT);
        r->label = NULL;
        r->at = INDENT;
    } else if (r->at + GAP + columns > r->width) {
        buf_putc(r->b, '\n');
        buf_pad(r->b, ' ', INDENT);
        r->at = INDENT;
    } else {
        buf_pad(r->b, ' ', GAP);
        r->at += GAP;
    }
    buf_put(r->b, text, n);
    r->at += columns;
}

struct item {
    struct buf b;
    char text[ITEM_SIZE];
};

static void item_open(struct item *i)
{
    buf_init_fixed(&i->b, i->text, sizeof i->text);
}

static void item_close(struct item *i, struct report *r)
{
    put_item(r, i->text, strlen(i->text));
}

static void put_safe(struct buf *b, const char *text)
{
    char safe[200];
    text_safe(safe, sizeof safe, text, strlen(text));
    buf_puts(b, safe);
}

/* ---- Values ------------------------------------------------------------------------------------------------------ */

/* Decimal prefixes, as the network and disks are sold: B/s, KB/s and MB/s with one decimal, GB/s with two. */
static void put_rate(struct buf *b, double v)
{
    static const struct {
        double from, per;
        int decimals;
        const char *unit;
    } steps[] = {{999.95e6, 1e9, 2, " GB/s"},
                 {999.95e3, 1e6, 1, " MB/s"},
                 {999.5, 1e3, 1, " KB/s"},
                 {0, 1, 0, " B/s"}};
    size_t i = 0;
    while (v < steps[i].from && i + 1 < sizeof steps / sizeof steps[0])
        i++;
    buf_put_fixed(b, v / steps[i].per, steps[i].decimals);
    buf_puts(b, steps[i].unit);
}

static void put_of(struct buf *b, bool has_other, double v, double other, int decimals,
                   const char *unit)
{
    buf_put_fixed(b, v, decimals);
    if (has_other) {
        buf_puts(b, " of ");
        buf_put_fixed(b, other, decimals);
    }
    buf_puts(b, unit);
}

/* Bytes of memory or a volume. What is less than 1 GiB as a whole would be "0.1 GiB" or nothing. */
static void put_bytes_of(struct buf *b, bool has_other, double v, double other)
{
    bool small = (has_other ? other : v) < 1073741824;
    double per = small ? 1048576 : 1073741824;
    put_of(b, has_other, v / per, other / per, small ? 0 : 1, small ? " MiB" : " GiB");
}

static void put_load(struct buf *b, const struct actop_sample_t *s)
{
    static const actop_metric loads[] = {ACTOP_METRIC_LOAD_1, ACTOP_METRIC_LOAD_5,
                                         ACTOP_METRIC_LOAD_15};
    double v = 0;
    for (size_t i = 0; i < 3; i++)
        if (export_value(s, loads[i], 0, &v)) {
            buf_puts(b, i > 0 ? " " : "");
            buf_put_fixed(b, v, 2);
        }
}

static void put_word(struct buf *b, actop_metric id, double v)
{
    const char *word = actop_value_name(id, v);
    if (word != NULL)
        buf_puts(b, word);
    else
        buf_put_fixed(b, v, 0);
}

/* one simple value: scale, decimals, unit */
static const struct {
    double per;
    int decimals;
    const char *unit;
} simple[] = {
    [PERCENT] = {0.01, 1, " %"}, [WATT] = {1, 2, " W"},       [JOULE] = {1, 1, " J"},
    [CELSIUS] = {1, 1, " °C"},   [OF_MHZ] = {1e6, 0, " MHz"}, [GBPS] = {1e9, 1, " GB/s"},
    [EACH] = {1, 0, ""},         [NUMBER] = {1, 2, ""},
};

static void put_number(struct buf *b, const struct actop_sample_t *s, const struct text_row *row,
                       double v)
{
    double other = 0;
    bool of = row->other != row->metric && export_value(s, row->other, 0, &other);
    switch (row->form) {
    case RATE:
        put_rate(b, v);
        break;
    case LOAD:
        put_load(b, s);
        break;
    case WORD:
        put_word(b, row->metric, v);
        break;
    case OF_GIB:
    case GIB:
        put_bytes_of(b, of, v, other);
        break;
    default:
        put_of(b, of, v / simple[row->form].per, other / simple[row->form].per,
               simple[row->form].decimals, simple[row->form].unit);
    }
}

/* What the reader must know of a value beside its size: that it is estimated, or old. */
static void put_quality(struct buf *b, const struct actop_sample_t *s, const struct cell *c)
{
    if (c->state == ACTOP_STATE_STALE) {
        buf_puts(b, " (");
        buf_put_fixed(b, (double)(s->at.awake_ns - c->at_ns) / 1e9, 0);
        buf_puts(b, " s old)");
    }
}

/* "0.0 of 0.0 GiB" of what this machine has none of. */
static bool is_of_nothing(const struct actop_sample_t *s, const struct text_row *row, double v)
{
    double other = 1;
    return row->form == OF_GIB && row->label[0] != '\0' && v <= 0 &&
           export_value(s, row->other, 0, &other) && other <= 0;
}

static void put_row(struct report *r, const struct text_row *row)
{
    const struct cell *c = sample_cell(r->s, row->metric, 0);
    double v = 0;
    struct item i;
    if (!export_value(r->s, row->metric, 0, &v))
        return;
    item_open(&i);
    if (is_of_nothing(r->s, row, v)) {
        buf_printf(&i.b, "no %s", row->label);
        item_close(&i, r);
        return;
    }
    buf_puts(&i.b, row->label);
    buf_puts(&i.b, row->label[0] != '\0' ? " " : "");
    buf_puts(&i.b, c->origin == ACTOP_ESTIMATED ? "~" : "");
    put_number(&i.b, r->s, row, v);
    put_quality(&i.b, r->s, c);
    item_close(&i, r);
}

/* ---- Parts ------------------------------------------------------------------------------------------------------------ */

static uint32_t cores_of_tier(const struct actop_sample_t *s, int32_t tier)
{
    uint32_t n = 0, rows = sample_rows(s, ACTOP_SCOPE_CORE);
    for (uint32_t i = 0; i < rows; i++)
        n += tier < 0 || export_tier_of_core(s, i) == tier;
    return n;
}

static void put_cores(struct buf *b, uint32_t n)
{
    buf_put_u64(b, n);
    buf_puts(b, n == 1 ? " core" : " cores");
}

static void put_core_count(struct report *r)
{
    uint32_t n = cores_of_tier(r->s, -1);
    struct item i;
    if (n == 0)
        return;
    item_open(&i);
    put_cores(&i.b, n);
    item_close(&i, r);
}

static void put_tier_residency(struct report *r, int32_t tier)
{
    static const char *const words[] = {"idle ", "  low ", "  mid ", "  high "};
    double shares[4];
    int percents[4];
    struct item i;
    for (size_t k = 0; k < 4; k++)
        if (!export_value(r->s, (actop_metric)(ACTOP_METRIC_TIER_IDLE + k), tier, &shares[k]))
            return;
    if (!export_percents(shares, 4, percents))
        return;
    item_open(&i);
    for (size_t k = 0; k < 4; k++) {
        buf_puts(&i.b, words[k]);
        buf_put_i64(&i.b, percents[k]);
    }
    buf_puts(&i.b, " %");
    item_close(&i, r);
}

static void put_tier_value(struct report *r, actop_metric id, actop_metric other, int32_t tier,
                           enum form form)
{
    double v = 0, of = 0;
    struct item i;
    if (!export_value(r->s, id, tier, &v))
        return;
    bool has = other != id && export_value(r->s, other, tier, &of);
    item_open(&i);
    put_of(&i.b, has, v / simple[form].per, of / simple[form].per, simple[form].decimals,
           simple[form].unit);
    item_close(&i, r);
}

static void put_tier(struct report *r, int32_t tier)
{
    const struct entity *e = sample_entity_get(r->s, ACTOP_SCOPE_TIER, (uint32_t)tier);
    const char *name = sample_entity_text(r->s, ACTOP_SCOPE_TIER, e->tier != 0 ? e->tier : e->key);
    char label[32];
    struct item i;
    label[0] = label[1] = ' ';
    text_safe(label + 2, INDENT - 3, name, strlen(name));
    begin_line(r, label);
    item_open(&i);
    put_cores(&i.b, cores_of_tier(r->s, tier));
    item_close(&i, r); /* prints the label, which lives no longer than this function */
    put_tier_value(r, ACTOP_METRIC_TIER_UTIL, ACTOP_METRIC_TIER_UTIL, tier, PERCENT);
    put_tier_value(r, ACTOP_METRIC_TIER_FREQ, ACTOP_METRIC_TIER_MAX_FREQ, tier, OF_MHZ);
    put_tier_value(r, ACTOP_METRIC_TIER_POWER, ACTOP_METRIC_TIER_POWER, tier, WATT);
    put_tier_value(r, ACTOP_METRIC_TIER_TEMP, ACTOP_METRIC_TIER_TEMP, tier, CELSIUS);
    put_tier_residency(r, tier);
}

/* Highest first, as they matter. A single tier says no more than the line above, but its clock and its residency. */
static void put_tiers(struct report *r)
{
    for (int32_t tier = export_tier_high(r->s); tier >= 0; tier--)
        put_tier(r, tier);
}

static void put_fans(struct report *r)
{
    uint32_t n = sample_rows(r->s, ACTOP_SCOPE_FAN);
    for (uint32_t row = 0; row < n && row < 8; row++) {
        double speed = 0, top = 0;
        struct item i;
        if (!export_value(r->s, ACTOP_METRIC_FAN_SPEED, (int32_t)row, &speed))
            continue;
        bool has = export_value(r->s, ACTOP_METRIC_FAN_MAX, (int32_t)row, &top);
        item_open(&i);
        buf_puts(&i.b, "fan ");
        put_of(&i.b, has, speed, top, 0, " rpm");
        item_close(&i, r);
    }
}

/* What the machine's figures leave out: not hardware, where there is hardware, and a loopback, which leads nowhere. */
static bool is_left_out(const struct actop_sample_t *s, uint32_t row, bool any_physical)
{
    const struct entity *e = sample_entity_get(s, ACTOP_SCOPE_INTERFACE, row);
    const char *name = sample_entity_text(s, ACTOP_SCOPE_INTERFACE, e->key);
    if (any_physical)
        return (e->flags & ACTOP_ENTITY_PHYSICAL) == 0;
    return strcmp(name, "lo") == 0 || strcmp(name, "lo0") == 0;
}

static bool any_physical(const struct actop_sample_t *s)
{
    uint32_t n = sample_rows(s, ACTOP_SCOPE_INTERFACE);
    for (uint32_t row = 0; row < n; row++)
        if ((sample_entity_get(s, ACTOP_SCOPE_INTERFACE, row)->flags & ACTOP_ENTITY_PHYSICAL) != 0)
            return true;
    return false;
}

/* Names of the interfaces that moved something of what is shown before them. */
static void put_interfaces(struct report *r)
{
    uint32_t n = sample_rows(r->s, ACTOP_SCOPE_INTERFACE), shown = 0;
    bool physical = any_physical(r->s);
    struct item i;
    item_open(&i);
    for (uint32_t row = 0; row < n && shown < 6; row++) {
        double rx = 0, tx = 0;
        bool has = export_value(r->s, ACTOP_METRIC_IF_RX, (int32_t)row, &rx);
        has = export_value(r->s, ACTOP_METRIC_IF_TX, (int32_t)row, &tx) || has;
        if (!has || rx + tx <= 0 || is_left_out(r->s, row, physical))
            continue;
        const struct entity *e = sample_entity_get(r->s, ACTOP_SCOPE_INTERFACE, row);
        buf_puts(&i.b, shown++ == 0 ? "on " : ", ");
        put_safe(&i.b, sample_entity_text(r->s, ACTOP_SCOPE_INTERFACE, e->key));
    }
    if (shown > 0)
        item_close(&i, r);
}

static void put_volumes(struct report *r)
{
    uint32_t n = sample_rows(r->s, ACTOP_SCOPE_VOLUME);
    for (uint32_t row = 0; row < n && row < 4; row++) {
        double used = 0, total = 0;
        struct item i;
        const struct entity *e = sample_entity_get(r->s, ACTOP_SCOPE_VOLUME, row);
        if (!export_value(r->s, ACTOP_METRIC_VOLUME_USED, (int32_t)row, &used))
            continue;
        item_open(&i);
        put_safe(&i.b, sample_entity_text(r->s, ACTOP_SCOPE_VOLUME, e->key));
        buf_putc(&i.b, ' ');
        bool has = export_value(r->s, ACTOP_METRIC_VOLUME_TOTAL, (int32_t)row, &total);
        put_bytes_of(&i.b, has, used, total);
        item_close(&i, r);
    }
}

static void put_batteries(struct report *r)
{
    uint32_t n = sample_rows(r->s, ACTOP_SCOPE_BATTERY);
    for (uint32_t row = 0; row < n; row++) {
        double v = 0;
        struct item i;
        item_open(&i);
        if (export_value(r->s, ACTOP_METRIC_BATTERY_CHARGE, (int32_t)row, &v)) {
            buf_put_fixed(&i.b, v * 100, 0);
            buf_puts(&i.b, " %");
        }
        if (export_value(r->s, ACTOP_METRIC_BATTERY_STATE, (int32_t)row, &v) && v > 0) {
            buf_putc(&i.b, ' ');
            put_word(&i.b, ACTOP_METRIC_BATTERY_STATE, v);
        }
        /* A battery at rest: its state says so. */
        if (export_value(r->s, ACTOP_METRIC_BATTERY_FLOW, (int32_t)row, &v) && fabs(v) >= 0.005) {
            buf_putc(&i.b, ' ');
            buf_put_fixed(&i.b, v, 2);
            buf_puts(&i.b, " W");
        }
        if (i.b.len > 0)
            item_close(&i, r);
    }
}

static void put_verdict(struct report *r)
{
    double v = 0;
    struct item i;
    if (!export_value(r->s, ACTOP_METRIC_BOTTLENECK, 0, &v))
        return;
    const char *because = export_text(r->s, ACTOP_METRIC_BOTTLENECK_BECAUSE, 0);
    item_open(&i);
    put_word(&i.b, ACTOP_METRIC_BOTTLENECK, v);
    if (because != NULL && because[0] != '\0') {
        buf_puts(&i.b, ": ");
        put_safe(&i.b, because);
    }
    item_close(&i, r);
}

static void put_alerts(struct report *r)
{
    static const struct {
        actop_metric id;
        const char *word;
    } alerts[] = {
        {ACTOP_METRIC_ALERT_THERMAL, "THERMAL"},    {ACTOP_METRIC_ALERT_CPU, "THROTTLING:CPU"},
        {ACTOP_METRIC_ALERT_GPU, "THROTTLING:GPU"}, {ACTOP_METRIC_ALERT_MEM_BOUND, "MEM-BOUND"},
        {ACTOP_METRIC_ALERT_SWAP, "SWAP"},          {ACTOP_METRIC_ALERT_PACKAGE, "PKG"},
    };
    size_t judged = 0, standing = 0;
    for (size_t i = 0; i < sizeof alerts / sizeof alerts[0]; i++) {
        double v = 0;
        bool has = export_value(r->s, alerts[i].id, 0, &v);
        judged += has;
        if (has && v > 0) {
            put_item(r, alerts[i].word, strlen(alerts[i].word));
            standing++;
        }
    }
    if (judged > 0 && standing == 0)
        put_item(r, "none", 4);
}

/* ---- The report ------------------------------------------------------------------------------------------------------- */

static const struct text_row rows[] = {
#define LINE(label) {label, NULL, PERCENT, "", "", ACTOP_METRIC_CHIP, ACTOP_METRIC_CHIP},
#define ITEM(form, label, metric, other, name)                                                     \
    {NULL, NULL, form, label, name, ACTOP_METRIC_##metric, ACTOP_METRIC_##other},
#define PART(function) {NULL, function, PERCENT, "", "", ACTOP_METRIC_CHIP, ACTOP_METRIC_CHIP},
#include "export/text.def"
};

/* Civil date from days since 1970 (the algorithm of the proleptic Gregorian calendar by 400-year eras). */
static void put_time(struct buf *b, int64_t wall_ns)
{
    int64_t s = wall_ns / 1000000000, days = s / 86400 + 719468, left = s % 86400;
    int64_t era = days / 146097, doe = days % 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
    int64_t month = mp < 10 ? mp + 3 : mp - 9;
    buf_printf(b, "%04lld-%02lld-%02lld %02lld:%02lld:%02lld UTC",
               (long long)(yoe + era * 400 + (month <= 2)), (long long)month,
               (long long)(doy - (153 * mp + 2) / 5 + 1), (long long)(left / 3600),
               (long long)(left / 60 % 60), (long long)(left % 60));
}

static void put_head(struct report *r)
{
    static const actop_metric names[] = {ACTOP_METRIC_SOURCE, ACTOP_METRIC_HOST,
                                         ACTOP_METRIC_CHIP,   ACTOP_METRIC_MODEL,
                                         ACTOP_METRIC_OS,     ACTOP_METRIC_KERNEL};
    struct item i;
    begin_line(r, "actop");
    item_open(&i);
    buf_puts(&i.b, ACTOP_VERSION);
    item_close(&i, r);
    item_open(&i);
    if (r->s->at.wall_ns > 0) {
        put_time(&i.b, r->s->at.wall_ns);
        buf_puts(&i.b, ", ");
    }
    buf_puts(&i.b, "over ");
    buf_put_fixed(&i.b, (double)r->s->interval_ns / 1e9, 1);
    buf_puts(&i.b, " s");
    item_close(&i, r);
    for (size_t k = 0; k < sizeof names / sizeof names[0]; k++) {
        const char *text = export_text(r->s, names[k], 0);
        if (text == NULL || text[0] == '\0')
            continue;
        item_open(&i);
        put_safe(&i.b, text);
        item_close(&i, r);
    }
}

/* Every named item without a value, by what became of it. */
static void put_absent(struct report *r)
{
    static const char ask[] = "(actop doctor says why, and what would help)";
    static const struct {
        unsigned states;
        const char *label;
    } kinds[] = {
        {1u << ACTOP_STATE_DENIED, "Denied"},
        {1u << ACTOP_STATE_FAILED, "Failed"},
        {1u << ACTOP_STATE_FROZEN, "Frozen"},
        {1u << ACTOP_STATE_WARMING, "Not yet"},
        {1u << ACTOP_STATE_UNSUPPORTED | 1u << ACTOP_STATE_NONE, "Absent"},
    };
    size_t named = 0;
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
        begin_line(r, kinds[k].label);
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
            double v = 0;
            const struct cell *c = sample_cell(r->s, rows[i].metric, 0);
            if (rows[i].name[0] == '\0' || export_value(r->s, rows[i].metric, 0, &v))
                continue;
            if (c == NULL || (kinds[k].states >> c->state & 1u) == 0)
                continue;
            put_item(r, rows[i].name, strlen(rows[i].name));
            named++;
        }
    }
    begin_line(r, "");
    if (named > 0)
        put_item(r, ask, strlen(ask));
}

static void put_column(struct buf *b, bool has, double v, int decimals, size_t width)
{
    char text[32];
    struct buf cell;
    buf_init_fixed(&cell, text, sizeof text);
    if (has)
        buf_put_fixed(&cell, v, decimals);
    else
        buf_putc(&cell, '-');
    buf_pad(b, ' ', cell.len < width ? width - cell.len : 1);
    buf_puts(b, text);
}

static void put_process(struct report *r, uint32_t row)
{
    static const struct {
        actop_metric id;
        double per;
        int decimals;
        size_t width;
    } columns[] = {
        {ACTOP_METRIC_PROC_CPU, 0.01, 1, 8},  {ACTOP_METRIC_PROC_GPU_SHARE, 0.01, 1, 8},
        {ACTOP_METRIC_PROC_POWER, 1, 2, 8},   {ACTOP_METRIC_PROC_RSS, 1048576, 1, 10},
        {ACTOP_METRIC_PROC_THREADS, 1, 0, 6},
    };
    const struct entity *e = sample_entity_get(r->s, ACTOP_SCOPE_PROCESS, row);
    const char *name = export_text(r->s, ACTOP_METRIC_PROC_COMMAND, (int32_t)row);
    put_column(r->b, true, (double)e->id, 0, 8);
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++) {
        double v = 0;
        bool has = export_value(r->s, columns[i].id, (int32_t)row, &v);
        put_column(r->b, has, v / columns[i].per, columns[i].decimals, columns[i].width);
    }
    buf_puts(r->b, "  ");
    put_safe(r->b, name != NULL ? name : sample_entity_text(r->s, ACTOP_SCOPE_PROCESS, e->name));
    buf_putc(r->b, '\n');
}

static void put_processes(struct report *r)
{
    uint32_t n = sample_rows(r->s, ACTOP_SCOPE_PROCESS);
    buf_puts(r->b, "\n     PID    CPU %   GPU %    W       MEM MiB   THR  COMMAND\n");
    uint32_t put = 0;
    for (uint32_t row = 0; row < n && put < PROCESS_ROWS; row++)
        if (!(sample_entity_get(r->s, ACTOP_SCOPE_PROCESS, row)->flags & ACTOP_ENTITY_EXITED)) {
            put_process(r, row);
            put++;
        }
    if (put == 0)
        buf_puts(r->b, "  no process matches\n");
}

void text_put(struct buf *b, const struct actop_sample_t *s, const actop_format_options *o)
{
    struct report r = {b, s, o->width >= 60 ? (size_t)o->width : 80, 0, ""};
    put_head(&r);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].line != NULL)
            begin_line(&r, rows[i].line);
        else if (rows[i].part != NULL)
            rows[i].part(&r);
        else
            put_row(&r, &rows[i]);
    }
    put_absent(&r);
    if (r.label == NULL)
        buf_putc(b, '\n');
    if (o->processes)
        put_processes(&r);
}
