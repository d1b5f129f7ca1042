/* SPDX-License-Identifier: MIT */
/* Reads conditions by recursive descent. The grammar, weakest binding first:
 *
 *     condition  = either ["for" duration]
 *     either     = both { "or" both }
 *     both       = negation { "and" negation }
 *     negation   = "not" negation | "(" condition ")" | operand comparison operand
 *     operand    = number | "text" | name ["[" key "]"] | ("max" | "min" | "sum" | "mean") "(" name ")"
 *     duration   = number ("ms" | "s" | "m" | "h")
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/condition.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/number.h"

enum token_kind { TOKEN_END, TOKEN_NAME, TOKEN_NUMBER, TOKEN_STRING, TOKEN_SIGN };

struct token {
    enum token_kind kind;
    const char *at;
    size_t n;
    double number;
};

struct parser {
    const char *text;
    struct token token;
    struct actop_condition *c;
    int depth;
    actop_error *err;
    size_t *position;
};

/* ---- Words -------------------------------------------------------------------------------------------------------- */

static actop_status fail(struct parser *p, const char *at, const char *what)
{
    size_t n = p->token.at == at ? p->token.n : 0;
    if (p->position != NULL)
        *p->position = (size_t)(at - p->text);
    if (p->token.kind == TOKEN_END && p->token.at == at)
        return error_set(p->err, ACTOP_E_SYNTAX, "column %zu: %s, found the end",
                         (size_t)(at - p->text) + 1, what);
    if (n > 0)
        return error_set(p->err, ACTOP_E_SYNTAX, "column %zu: %s, found \"%.*s\"",
                         (size_t)(at - p->text) + 1, what, (int)(n > 40 ? 40 : n), at);
    return error_set(p->err, ACTOP_E_SYNTAX, "column %zu: %s", (size_t)(at - p->text) + 1, what);
}

/* A word that stands where a name should; texts are any length. */
static actop_status fail_name(struct parser *p, const char *at, const char *name)
{
    if (p->position != NULL)
        *p->position = (size_t)(at - p->text);
    return error_set(p->err, ACTOP_E_SYNTAX, "column %zu: there is no such name: %.60s",
                     (size_t)(at - p->text) + 1, name);
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static size_t number_length(const char *s)
{
    size_t n = s[0] == '-' ? 1 : 0;
    size_t digits = 0;
    for (; is_digit(s[n]); n++)
        digits++;
    if (s[n] == '.' && is_digit(s[n + 1])) {
        n++;
        for (; is_digit(s[n]); n++)
            digits++;
    }
    if (digits > 0 && (s[n] == 'e' || s[n] == 'E')) {
        size_t e = n + 1 + (s[n + 1] == '-' || s[n + 1] == '+' ? 1 : 0);
        if (is_digit(s[e])) {
            for (n = e; is_digit(s[n]);)
                n++;
        }
    }
    return digits > 0 ? n : 0;
}

/* The sign at s: two characters before one. */
static size_t sign_length(const char *s)
{
    static const char *const signs[] = {"<=", ">=", "==", "!=", "&&", "||", "<", ">",
                                        "=",  "!",  "(",  ")",  "[",  "]",  "%"};
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (strncmp(s, signs[i], strlen(signs[i])) == 0)
            return strlen(signs[i]);
    return 0;
}

static actop_status next(struct parser *p)
{
    struct token *t = &p->token;
    const char *s = t->at + t->n;
    s += strspn(s, " \t\r\n");
    *t = (struct token){TOKEN_END, s, 0, 0};
    if (s[0] == '\0')
        return ACTOP_OK;
    if (is_letter(s[0])) {
        t->kind = TOKEN_NAME;
        for (t->n = 1; is_letter(s[t->n]) || is_digit(s[t->n]) || s[t->n] == '.';)
            t->n++;
        return ACTOP_OK;
    }
    if (s[0] == '"' || s[0] == '\'') {
        const char *end = strchr(s + 1, s[0]);
        t->kind = TOKEN_STRING;
        if (end == NULL)
            return fail(p, s, "this text is not closed");
        t->n = (size_t)(end - s) + 1;
        return ACTOP_OK;
    }
    t->n = number_length(s);
    if (t->n > 0) {
        t->kind = TOKEN_NUMBER;
        return number_parse(s, t->n, &t->number)
                   ? ACTOP_OK
                   : fail(p, s, "this number is too long or too large");
    }
    t->n = sign_length(s);
    t->kind = TOKEN_SIGN;
    return t->n > 0 ? ACTOP_OK : fail(p, s, "this character does not belong here");
}

static bool token_is(const struct parser *p, const char *word)
{
    return (p->token.kind == TOKEN_NAME || p->token.kind == TOKEN_SIGN) &&
           p->token.n == strlen(word) && memcmp(p->token.at, word, p->token.n) == 0;
}

static bool token_is_either(const struct parser *p, const char *word, const char *sign)
{
    return token_is(p, word) || token_is(p, sign);
}

static actop_status expect(struct parser *p, const char *sign, const char *what)
{
    return token_is(p, sign) ? next(p) : fail(p, p->token.at, what);
}

/* ---- Places for nodes and texts ---------------------------------------------------------------------------------------- */

static actop_status add_node(struct parser *p, enum node_kind kind, uint16_t a, uint16_t b,
                             uint16_t *out)
{
    struct actop_condition *c = p->c;
    if (c->n_nodes == CONDITION_NODES)
        return fail(p, p->token.at, "the condition is too long");
    struct node *n = &c->nodes[c->n_nodes];
    *n = (struct node){.kind = kind, .a = a, .b = b};
    *out = c->n_nodes++;
    return ACTOP_OK;
}

static actop_status keep_text(struct parser *p, const char *text, size_t n, uint16_t *out)
{
    struct actop_condition *c = p->c;
    if (n + 1 > CONDITION_TEXTS - (size_t)c->n_texts)
        return fail(p, p->token.at, "the condition is too long");
    memcpy(c->texts + c->n_texts, text, n);
    c->texts[c->n_texts + n] = '\0';
    *out = c->n_texts;
    c->n_texts = (uint16_t)(c->n_texts + n + 1);
    return ACTOP_OK;
}

/* ---- Names ------------------------------------------------------------------------------------------------------------ */

static const struct {
    const char *name;
    actop_metric id, whole;
    enum row_choice row;
    double factor;
} names[] = {
#define NAME(name, metric, row, factor)                                                            \
    {name, ACTOP_METRIC_##metric, ACTOP_METRIC_COUNT, ROW_##row, factor},
#define SHARE(name, metric, whole)                                                                 \
    {name, ACTOP_METRIC_##metric, ACTOP_METRIC_##whole, ROW_FIRST, 100},
#include "analysis/condition_names.def"
#undef NAME
#undef SHARE
};

/* NDJSON keys that promise another unit than the base unit say so at their end. */
static const struct {
    const char *suffix;
    actop_unit unit;
    double factor;
} promises[] = {
    {"_pct", ACTOP_UNIT_RATIO, 100},
    {"_mhz", ACTOP_UNIT_HERTZ, 1e-6},
    {"_gbps", ACTOP_UNIT_BYTE_PER_SECOND, 1e-9},
    {"_gib", ACTOP_UNIT_BYTE, 1.0 / 1073741824.0},
    {"_percent", ACTOP_UNIT_RATIO, 100},
};

static bool ends_with(const char *s, size_t n, const char *suffix)
{
    size_t m = strlen(suffix);
    return n >= m && memcmp(s + n - m, suffix, m) == 0;
}

static double promised_factor(const actop_metric_info *m)
{
    for (size_t i = 0; i < sizeof promises / sizeof *promises; i++)
        if (promises[i].unit == m->unit &&
            ends_with(m->json_key, strlen(m->json_key), promises[i].suffix))
            return promises[i].factor;
    return 1;
}

static bool same(const char *name, const char *s, size_t n)
{
    return name != NULL && strlen(name) == n && memcmp(name, s, n) == 0;
}

/* The NDJSON key of a value of the machine, given in metrics.def or derived there. */
static bool is_json_key(const actop_metric_info *m, const char *s, size_t n)
{
    char derived[96];
    struct buf b;
    if (m->scope != ACTOP_SCOPE_MACHINE)
        return false;
    if (m->json_key != NULL)
        return n > 0 && same(m->json_key, s, n);
    buf_init_fixed(&b, derived, sizeof derived);
    metric_put_joined(&b, m->key, m->unit);
    return same(derived, s, n);
}

static bool find_name(const char *s, size_t n, struct operand *out)
{
    out->kind = OPERAND_METRIC;
    out->whole = ACTOP_METRIC_COUNT;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (same(names[i].name, s, n)) {
            out->id = names[i].id;
            out->whole = names[i].whole;
            out->row = names[i].row;
            out->factor = names[i].factor;
            return true;
        }
    for (int id = 0; id < ACTOP_METRIC_COUNT; id++) {
        const actop_metric_info *m = metric_info((actop_metric)id);
        bool by_key = same(m->key, s, n);
        if (!by_key && !is_json_key(m, s, n))
            continue;
        out->id = (actop_metric)id;
        out->row = ROW_FIRST;
        out->factor = by_key || m->json_key == NULL ? 1 : promised_factor(m);
        return true;
    }
    return false;
}

static bool find_total(const struct parser *p, enum row_choice *out)
{
    static const struct {
        const char *name;
        enum row_choice row;
    } totals[] = {{"max", ROW_MAX}, {"min", ROW_MIN}, {"sum", ROW_SUM}, {"mean", ROW_MEAN}};
    for (size_t i = 0; i < sizeof totals / sizeof *totals; i++)
        if (token_is(p, totals[i].name)) {
            *out = totals[i].row;
            return true;
        }
    return false;
}

/* ---- Operands --------------------------------------------------------------------------------------------------------- */

static actop_status parse_key(struct parser *p, struct operand *out)
{
    const char *key = p->token.at + 1;
    const char *end = strchr(key, ']');
    if (end == NULL || end == key)
        return fail(p, p->token.at, "expected a row's key and ]");
    actop_status st = keep_text(p, key, (size_t)(end - key), &out->text);
    p->token = (struct token){TOKEN_SIGN, end, 1, 0};
    out->row = ROW_KEY;
    return st == ACTOP_OK ? next(p) : st;
}

/* A word that is no metric may be a value's name ("Serious"); the comparison decides. */
static actop_status parse_name(struct parser *p, struct operand *out)
{
    struct token name = p->token;
    actop_status st = keep_text(p, name.at, name.n, &out->spelled);
    if (st != ACTOP_OK)
        return st;
    if (!find_name(name.at, name.n, out)) {
        out->kind = OPERAND_TEXT;
        out->text = out->spelled;
        return next(p);
    }
    if ((st = next(p)) != ACTOP_OK)
        return st;
    const actop_metric_info *m = metric_info(out->id);
    if (token_is(p, "["))
        st = m->scope != ACTOP_SCOPE_MACHINE
                 ? parse_key(p, out)
                 : fail(p, p->token.at, "a value of the whole machine has no rows");
    else if (m->scope != ACTOP_SCOPE_MACHINE && out->row == ROW_FIRST)
        st = fail(p, name.at,
                  "this has many rows: name one in [ ], or take max( ), min( ), sum( ) or mean( )");
    return st;
}

static actop_status parse_total(struct parser *p, enum row_choice row, struct operand *out)
{
    const char *start = p->token.at;
    actop_status st = next(p);
    if (st == ACTOP_OK)
        st = expect(p, "(", "expected (");
    if (st != ACTOP_OK)
        return st;
    if (p->token.kind != TOKEN_NAME || !find_name(p->token.at, p->token.n, out) ||
        metric_info(out->id)->kind == ACTOP_KIND_INFO)
        return fail(p, p->token.at, "expected the name of a number with rows");
    if ((st = next(p)) != ACTOP_OK)
        return st;
    const char *end = p->token.at;
    out->row = row;
    if ((st = expect(p, ")", "expected )")) != ACTOP_OK)
        return st;
    return keep_text(p, start, (size_t)(end - start) + 1, &out->spelled);
}

static actop_status parse_number(struct parser *p, struct operand *out)
{
    out->kind = OPERAND_NUMBER;
    out->number = p->token.number;
    actop_status st = next(p);
    if (st != ACTOP_OK || !token_is(p, "%"))
        return st;
    out->number /= 100;
    out->percent = true;
    return next(p);
}

static actop_status parse_operand(struct parser *p, struct operand *out)
{
    enum row_choice row;
    *out = (struct operand){.factor = 1, .whole = ACTOP_METRIC_COUNT};
    if (p->token.kind == TOKEN_NUMBER)
        return parse_number(p, out);
    if (find_total(p, &row))
        return parse_total(p, row, out);
    if (p->token.kind == TOKEN_NAME && !token_is(p, "and") && !token_is(p, "or") &&
        !token_is(p, "for"))
        return parse_name(p, out);
    if (p->token.kind != TOKEN_STRING)
        return fail(p, p->token.at, "expected a name or a number");
    out->kind = OPERAND_TEXT;
    actop_status st = keep_text(p, p->token.at + 1, p->token.n - 2, &out->text);
    out->spelled = out->text;
    return st == ACTOP_OK ? next(p) : st;
}

/* ---- Comparisons ------------------------------------------------------------------------------------------------------ */

static bool find_comparison(const struct parser *p, enum comparison *out)
{
    static const struct {
        const char *sign;
        enum comparison op;
    } signs[] = {{"<", LESS},   {"<=", LESS_EQUAL}, {">", GREATER},   {">=", GREATER_EQUAL},
                 {"==", EQUAL}, {"=", EQUAL},       {"!=", NOT_EQUAL}};
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (token_is(p, signs[i].sign)) {
            *out = signs[i].op;
            return true;
        }
    return false;
}

static bool is_info(const struct operand *o)
{
    return o->kind == OPERAND_METRIC && metric_info(o->id)->kind == ACTOP_KIND_INFO;
}

/* Names of values are words for people: their case does not matter. */
static bool same_word(const char *a, const char *b)
{
    for (; *a != '\0' && (*a == *b || (is_letter(*a) && is_letter(*b) && (*a ^ *b) == 32)); a++)
        b++;
    return *a == *b;
}

/* The word of a value; of one that is 0 or 1, what NDJSON writes. */
static const char *value_word(actop_metric id, int value)
{
    static const char *const truths[] = {"false", "true"};
    const char *name = actop_value_name(id, value);
    bool is_truth = metric_info(id)->kind == ACTOP_KIND_STATE && actop_value_name(id, 0) == NULL;
    return name == NULL && is_truth && value < 2 ? truths[value] : name;
}

/* 80% beside a name that promises percent is 80, beside any other share 0.8. False: the name is no share. */
static bool settle_percent(struct operand *number, const struct operand *other)
{
    if (!number->percent || other->kind != OPERAND_METRIC)
        return true;
    if (other->whole == ACTOP_METRIC_COUNT && metric_info(other->id)->unit != ACTOP_UNIT_RATIO)
        return false;
    number->number *= other->factor;
    return true;
}

/* "Serious" beside a metric with names for its values becomes their number. False: the two cannot be compared. */
static bool settle_text(const struct actop_condition *c, struct operand *text,
                        const struct operand *other)
{
    if (text->kind != OPERAND_TEXT)
        return !is_info(text) || is_info(other) || other->kind == OPERAND_TEXT;
    if (other->kind != OPERAND_METRIC)
        return false;
    if (is_info(other))
        return true;
    for (int value = 0; value < 32; value++) {
        const char *name = value_word(other->id, value);
        if (name == NULL || !same_word(name, c->texts + text->text))
            continue;
        text->kind = OPERAND_NUMBER;
        text->number = value;
        text->named = true;
        return true;
    }
    return false;
}

static actop_status parse_comparison(struct parser *p, uint16_t *out)
{
    struct operand left, right;
    enum comparison op = EQUAL;
    const char *left_at = p->token.at;
    actop_status st = parse_operand(p, &left);
    if (st != ACTOP_OK)
        return st;
    const char *sign_at = p->token.at;
    if (!find_comparison(p, &op))
        return left.kind == OPERAND_TEXT ? fail_name(p, left_at, p->c->texts + left.text)
                                         : fail(p, sign_at, "expected <, <=, >, >=, == or !=");
    if ((st = next(p)) != ACTOP_OK)
        return st;
    const char *right_at = p->token.at;
    if ((st = parse_operand(p, &right)) != ACTOP_OK)
        return st;
    if (!settle_text(p->c, &left, &right))
        return left.kind == OPERAND_TEXT ? fail_name(p, left_at, p->c->texts + left.text)
                                         : fail(p, left_at, "a text cannot be compared with that");
    if (!settle_text(p->c, &right, &left))
        return right.kind == OPERAND_TEXT
                   ? fail_name(p, right_at, p->c->texts + right.text)
                   : fail(p, right_at, "a text cannot be compared with that");
    if (!settle_percent(&left, &right) || !settle_percent(&right, &left))
        return fail(p, left.percent ? left_at : right_at,
                    "a percentage can only be compared with a share");
    if ((is_info(&left) || is_info(&right)) && op != EQUAL && op != NOT_EQUAL)
        return fail(p, sign_at, "texts can only be compared with == and !=");
    if ((st = add_node(p, NODE_COMPARE, 0, 0, out)) != ACTOP_OK)
        return st;
    p->c->nodes[*out].op = op;
    p->c->nodes[*out].left = left;
    p->c->nodes[*out].right = right;
    return ACTOP_OK;
}

/* ---- The grammar ------------------------------------------------------------------------------------------------------ */

static actop_status parse_condition(struct parser *p, uint16_t *out);

static actop_status parse_negation(struct parser *p, uint16_t *out)
{
    actop_status st;
    if (++p->depth > CONDITION_DEPTH)
        return fail(p, p->token.at, "the condition is nested too deeply");
    if (token_is_either(p, "not", "!")) {
        if ((st = next(p)) == ACTOP_OK && (st = parse_negation(p, out)) == ACTOP_OK)
            st = add_node(p, NODE_NOT, *out, 0, out);
    } else if (token_is(p, "(")) {
        if ((st = next(p)) == ACTOP_OK && (st = parse_condition(p, out)) == ACTOP_OK)
            st = expect(p, ")", "expected )");
    } else {
        st = parse_comparison(p, out);
    }
    p->depth--;
    return st;
}

static actop_status parse_both(struct parser *p, uint16_t *out)
{
    uint16_t right = 0;
    actop_status st = parse_negation(p, out);
    while (st == ACTOP_OK && token_is_either(p, "and", "&&")) {
        if ((st = next(p)) == ACTOP_OK && (st = parse_negation(p, &right)) == ACTOP_OK)
            st = add_node(p, NODE_AND, *out, right, out);
    }
    return st;
}

static actop_status parse_either(struct parser *p, uint16_t *out)
{
    uint16_t right = 0;
    actop_status st = parse_both(p, out);
    while (st == ACTOP_OK && token_is_either(p, "or", "||")) {
        if ((st = next(p)) == ACTOP_OK && (st = parse_both(p, &right)) == ACTOP_OK)
            st = add_node(p, NODE_OR, *out, right, out);
    }
    return st;
}

static actop_status parse_duration(struct parser *p, int64_t *out_ns)
{
    static const struct {
        const char *unit;
        double seconds;
    } units[] = {{"ms", 0.001}, {"s", 1}, {"m", 60}, {"h", 3600}};
    double number = p->token.number;
    const char *at = p->token.at;
    if (p->token.kind != TOKEN_NUMBER || number < 0)
        return fail(p, at, "expected a duration like 30s, 500ms, 2m or 1h");
    actop_status st = next(p);
    for (size_t i = 0; st == ACTOP_OK && i < sizeof units / sizeof *units; i++) {
        if (!token_is(p, units[i].unit))
            continue;
        if (number * units[i].seconds > 1e8)
            return fail(p, at, "this is too long");
        *out_ns = (int64_t)llround(number * units[i].seconds * 1e9);
        return next(p);
    }
    return st == ACTOP_OK ? fail(p, p->token.at, "expected ms, s, m or h") : st;
}

static actop_status parse_condition(struct parser *p, uint16_t *out)
{
    int64_t wanted_ns = 0;
    actop_status st = parse_either(p, out);
    if (st != ACTOP_OK || !token_is(p, "for"))
        return st;
    if ((st = next(p)) == ACTOP_OK && (st = parse_duration(p, &wanted_ns)) == ACTOP_OK)
        st = add_node(p, NODE_FOR, *out, 0, out);
    if (st == ACTOP_OK)
        p->c->nodes[*out].wanted_ns = wanted_ns;
    return st;
}

actop_status actop_condition_parse(const char *text, actop_condition **out, size_t *position,
                                   actop_error *err)
{
    struct actop_condition *c = calloc(1, sizeof *c);
    if (c == NULL)
        return error_no_memory(err, "a condition");
    struct parser p = {.text = text, .c = c, .err = err, .position = position};
    p.token.at = text;
    actop_status st = next(&p);
    if (st == ACTOP_OK)
        st = parse_condition(&p, &c->root);
    if (st == ACTOP_OK && p.token.kind != TOKEN_END)
        st = fail(&p, p.token.at, "expected and, or, for or the end");
    if (st != ACTOP_OK) {
        free(c);
        return st;
    }
    actop_condition_reset(c);
    *out = c;
    return ACTOP_OK;
}
