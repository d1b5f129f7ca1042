/* SPDX-License-Identifier: MIT */
/* Conditions: the insides of actop_condition (the functions are public and stand in actop.h). docs/conditions.md has the
 * language. A parsed condition is a fixed array of nodes; stepping it walks them and allocates nothing. */
#ifndef ANALYSIS_CONDITION_H
#define ANALYSIS_CONDITION_H

#include "model/sample.h"

enum { CONDITION_NODES = 64, CONDITION_TEXTS = 512, CONDITION_DEPTH = 32 };

enum row_choice { ROW_FIRST, ROW_LOWEST_TIER, ROW_HIGHEST_TIER, ROW_KEY, ROW_MAX, ROW_MIN, ROW_SUM, ROW_MEAN };

/* One side of a comparison. */
struct operand {
    enum { OPERAND_NUMBER, OPERAND_METRIC, OPERAND_TEXT } kind;
    double number;      /* NUMBER */
    bool named;         /* NUMBER: given by the name of a value */
    bool percent;       /* NUMBER: written with %, and a hundredth of what stands there */
    uint16_t text;      /* TEXT, and the key of ROW_KEY: offset in texts */
    uint16_t spelled;   /* as the user wrote it, for explanations */
    actop_metric id;    /* METRIC */
    actop_metric whole; /* METRIC: what the value is a share of; COUNT: of nothing */
    enum row_choice row;
    double factor;      /* from the base unit to the unit the name promises */
};

enum comparison { LESS, LESS_EQUAL, GREATER, GREATER_EQUAL, EQUAL, NOT_EQUAL };

enum node_kind { NODE_COMPARE, NODE_AND, NODE_OR, NODE_NOT, NODE_FOR };

struct node {
    enum node_kind kind;
    uint16_t a, b;            /* children */
    enum comparison op;       /* COMPARE */
    struct operand left, right;
    int64_t wanted_ns;        /* FOR */
    /* State. */
    int64_t held_ns;          /* FOR: how long the child has held */
    bool holding;             /* FOR: the child held in the last step */
    double left_value, right_value; /* COMPARE: of the last step */
    actop_truth truth;        /* of the last step */
};

struct actop_condition {
    struct node nodes[CONDITION_NODES];
    uint16_t n_nodes, root;
    char texts[CONDITION_TEXTS];
    uint16_t n_texts;
    double hysteresis;
    bool stepped;
};

#endif
