/* SPDX-License-Identifier: MIT */
/* Steps conditions: three-valued logic over the readings of a sample. A value that is not there makes its comparison
 * unknown, and unknown is never true. */
#include "analysis/condition.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

/* ---- Values ----------------------------------------------------------------------------------------------------- */

static bool find_row(const struct actop_condition *c, const struct operand *o,
                     const struct actop_sample_t *s, uint32_t *row)
{
    actop_scope scope = metric_info(o->id)->scope;
    uint32_t rows = sample_rows(s, scope);
    switch (o->row) {
    case ROW_LOWEST_TIER: /* with one tier there is no lower one */
        *row = 0;
        return rows > 1;
    case ROW_HIGHEST_TIER:
        *row = rows - 1;
        return rows > 0;
    case ROW_KEY:
        for (*row = 0; *row < rows; (*row)++)
            if (strcmp(sample_entity_text(s, scope, sample_entity_get(s, scope, *row)->key),
                       c->texts + o->text) == 0)
                return true;
        return false;
    default:
        *row = 0;
        return rows > 0;
    }
}

/* Over the rows that have a value; false when none has. */
static bool total(const struct operand *o, const struct actop_sample_t *s, double *out)
{
    uint32_t n = 0;
    double value, sum = 0, most = 0, least = 0;
    for (uint32_t row = 0; row < sample_rows(s, metric_info(o->id)->scope); row++) {
        if (!sample_get(s, o->id, row, &value))
            continue;
        sum += value;
        most = n == 0 || value > most ? value : most;
        least = n == 0 || value < least ? value : least;
        n++;
    }
    switch (o->row) {
    case ROW_MAX:
        *out = most;
        break;
    case ROW_MIN:
        *out = least;
        break;
    case ROW_SUM:
        *out = sum;
        break;
    default:
        *out = n > 0 ? sum / n : 0;
    }
    return n > 0;
}

static bool number_of(const struct actop_condition *c, const struct operand *o,
                      const struct actop_sample_t *s, double *out)
{
    uint32_t row;
    double whole = 0;
    bool known = true;
    *out = o->number;
    if (o->kind == OPERAND_NUMBER)
        return true;
    if (o->row >= ROW_MAX)
        known = total(o, s, out);
    else
        known = find_row(c, o, s, &row) && sample_get(s, o->id, row, out);
    if (o->whole != ACTOP_METRIC_COUNT) {
        known = known && sample_get(s, o->whole, 0, &whole) && whole > 0;
        *out = known ? *out / whole : 0;
    }
    *out *= o->factor;
    return known;
}

static const char *text_of(const struct actop_condition *c, const struct operand *o,
                           const struct actop_sample_t *s)
{
    uint32_t row;
    if (o->kind == OPERAND_TEXT)
        return c->texts + o->text;
    const struct cell *cell = find_row(c, o, s, &row) ? sample_cell(s, o->id, row) : NULL;
    return cell_has(cell) ? pool_at(&s->pool, cell->text) : NULL;
}

/* ---- Truth ------------------------------------------------------------------------------------------------------------ */

static actop_truth truth_of(bool holds)
{
    return holds ? ACTOP_TRUE : ACTOP_FALSE;
}

static bool is_about_text(const struct node *n)
{
    return n->left.kind == OPERAND_TEXT || n->right.kind == OPERAND_TEXT ||
           (n->left.kind == OPERAND_METRIC && metric_info(n->left.id)->kind == ACTOP_KIND_INFO);
}

/* One that held has to fail by the margin. */
static bool compare(enum comparison op, double a, double b, double margin)
{
    switch (op) {
    case LESS:
        return a < b + margin;
    case LESS_EQUAL:
        return a <= b + margin;
    case GREATER:
        return a > b - margin;
    case GREATER_EQUAL:
        return a >= b - margin;
    case EQUAL:
        return !(a < b) && !(a > b);
    default:
        return a < b || a > b;
    }
}

static actop_truth step_compare(const struct actop_condition *c, struct node *n,
                                const struct actop_sample_t *s)
{
    if (is_about_text(n)) {
        const char *left = text_of(c, &n->left, s);
        const char *right = text_of(c, &n->right, s);
        if (left == NULL || right == NULL)
            return ACTOP_UNKNOWN;
        return truth_of((strcmp(left, right) == 0) == (n->op == EQUAL));
    }
    if (!number_of(c, &n->left, s, &n->left_value) || !number_of(c, &n->right, s, &n->right_value))
        return ACTOP_UNKNOWN;
    double size = n->right_value < 0 ? -n->right_value : n->right_value;
    double margin = n->truth == ACTOP_TRUE ? c->hysteresis * size : 0;
    return truth_of(compare(n->op, n->left_value, n->right_value, margin));
}

static actop_truth both(actop_truth a, actop_truth b)
{
    if (a == ACTOP_FALSE || b == ACTOP_FALSE)
        return ACTOP_FALSE;
    return a == ACTOP_TRUE && b == ACTOP_TRUE ? ACTOP_TRUE : ACTOP_UNKNOWN;
}

static actop_truth negated(actop_truth a)
{
    return a == ACTOP_UNKNOWN ? ACTOP_UNKNOWN : truth_of(a == ACTOP_FALSE);
}

/* Time between samples counts when the child held in both; a gap tells nothing about the time it spans. */
static actop_truth step_for(struct node *n, actop_truth child, const struct actop_sample_t *s)
{
    bool holds = child == ACTOP_TRUE;
    if (holds && n->holding && !s->gap)
        n->held_ns += s->interval_ns;
    else
        n->held_ns = 0;
    n->holding = holds;
    if (!holds)
        return child;
    return truth_of(n->held_ns >= n->wanted_ns);
}

/* Children stand before their parents in the array: one pass, and every "for" sees every sample. */
actop_truth actop_condition_step(actop_condition *c, const actop_sample_t *sample)
{
    for (uint16_t i = 0; i < c->n_nodes; i++) {
        struct node *n = &c->nodes[i];
        switch (n->kind) {
        case NODE_COMPARE:
            n->truth = step_compare(c, n, sample);
            break;
        case NODE_AND:
            n->truth = both(c->nodes[n->a].truth, c->nodes[n->b].truth);
            break;
        case NODE_OR:
            n->truth = negated(both(negated(c->nodes[n->a].truth), negated(c->nodes[n->b].truth)));
            break;
        case NODE_NOT:
            n->truth = negated(c->nodes[n->a].truth);
            break;
        case NODE_FOR:
            n->truth = step_for(n, c->nodes[n->a].truth, sample);
            break;
        }
    }
    c->stepped = true;
    return c->nodes[c->root].truth;
}

/* ---- Words ------------------------------------------------------------------------------------------------------------- */

static void put_number(struct buf *b, double value)
{
    double size = value < 0 ? -value : value;
    buf_put_fixed(b, value, size >= 1000 ? 0 : size >= 10 ? 1 : 3);
}

/* By name, where the condition speaks of it by name. */
static void put_value(struct buf *b, const struct operand *metric, const struct operand *beside,
                      double value)
{
    const char *name = beside->named ? actop_value_name(metric->id, value) : NULL;
    if (name != NULL)
        buf_puts(b, name);
    else
        put_number(b, value);
}

static void put_side(struct buf *b, const struct actop_condition *c, const struct operand *side)
{
    if (side->kind != OPERAND_NUMBER || side->named)
        buf_puts(b, c->texts + side->spelled);
    else
        put_number(b, side->number);
}

static void put_right(struct buf *b, const struct actop_condition *c, const struct node *n)
{
    static const char *const signs[] = {"<", "<=", ">", ">=", "==", "!="};
    buf_puts(b, signs[n->op]);
    buf_putc(b, ' ');
    put_side(b, c, &n->right);
    if (n->right.kind == OPERAND_METRIC && n->truth != ACTOP_UNKNOWN && !is_about_text(n)) {
        buf_puts(b, " = ");
        put_value(b, &n->right, &n->left, n->right_value);
    }
}

static void put_comparison(struct buf *b, const struct actop_condition *c, const struct node *n)
{
    put_side(b, c, &n->left);
    buf_puts(b, " is ");
    if (n->truth == ACTOP_UNKNOWN) {
        buf_puts(b, "not known: ");
    } else if (n->left.kind == OPERAND_METRIC && !is_about_text(n)) {
        put_value(b, &n->left, &n->right, n->left_value);
        buf_puts(b, ", ");
    }
    if (n->truth == ACTOP_FALSE)
        buf_puts(b, "not ");
    put_right(b, c, n);
}

size_t actop_condition_explain(const actop_condition *c, char *text, size_t size)
{
    struct buf b;
    buf_init_fixed(&b, text, size);
    for (uint16_t i = 0; i < c->n_nodes && c->stepped; i++) {
        const struct node *n = &c->nodes[i];
        if (n->kind != NODE_COMPARE && n->kind != NODE_FOR)
            continue;
        if (b.len > 0)
            buf_puts(&b, "; ");
        if (n->kind == NODE_COMPARE) {
            put_comparison(&b, c, n);
        } else {
            buf_puts(&b, "held for ");
            buf_put_fixed(&b, (double)n->held_ns / 1e9, 1);
            buf_puts(&b, " of ");
            buf_put_fixed(&b, (double)n->wanted_ns / 1e9, 1);
            buf_puts(&b, " s");
        }
    }
    return b.len;
}

void actop_condition_set_hysteresis(actop_condition *c, double ratio)
{
    c->hysteresis = ratio > 0 ? ratio : 0;
}

void actop_condition_reset(actop_condition *c)
{
    for (uint16_t i = 0; i < c->n_nodes; i++) {
        c->nodes[i].truth = ACTOP_UNKNOWN;
        c->nodes[i].holding = false;
        c->nodes[i].held_ns = 0;
    }
    c->stepped = false;
}

void actop_condition_free(actop_condition *c)
{
    free(c);
}
