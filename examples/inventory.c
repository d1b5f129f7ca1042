/* SPDX-License-Identifier: MIT */
/* Everything a machine gives: each metric of the table, each row that has it, by walking scopes and metrics. No metric is
 * named here, so a new one appears by itself.
 *
 *     cc inventory.c $(pkg-config --cflags --libs actop) -o inventory && ./inventory [SOURCE [RECORDING]]
 *
 * With a second argument the frames are recorded into that file as well. */
#include <stdio.h>

#include <actop/actop.h>

static void print_value(const actop_metric_info *m, const actop_reading *r)
{
    const char *word = actop_value_name(m->id, r->value);
    if (r->text != NULL)
        printf("\"%s\"", r->text);
    else if (word != NULL)
        printf("%s", word);
    else
        printf("%g %s", r->value, actop_unit_symbol(m->unit));
}

/* Rows of one metric that have a value; returns how many. */
static unsigned print_metric(const actop_sample_t *sample, const actop_metric_info *m)
{
    unsigned found = 0;
    for (uint32_t row = 0; row < actop_rows(sample, m->scope); row++) {
        actop_entity e;
        actop_reading r = actop_read(sample, m->id, row);
        if (!actop_has_value(&r) || actop_entity_at(sample, m->scope, row, &e) != ACTOP_OK)
            continue;
        printf("%-28s %-12s ", m->key, m->scope == ACTOP_SCOPE_MACHINE ? "" : e.key);
        print_value(m, &r);
        printf("  (%s%s%s)\n", actop_origin_name(r.origin), r.via != NULL ? " via " : "",
               r.via != NULL ? r.via : "");
        found++;
    }
    return found;
}

int main(int argc, char **argv)
{
    actop_options options = ACTOP_OPTIONS_INIT;
    actop_session *s = NULL;
    actop_error err;
    unsigned readings = 0;
    options.source = argc > 1 ? argv[1] : "auto";
    if (actop_open(&options, &s, &err) != ACTOP_OK ||
        (argc > 2 && actop_record_start(s, argv[2], 0, &err) != ACTOP_OK)) {
        fprintf(stderr, "inventory: %s\n", err.text);
        actop_close(s);
        return actop_status_exit_code(err.status);
    }
    const actop_sample_t *sample = actop_sample(s, &err);
    for (int id = 0; sample != NULL && id < ACTOP_METRIC_COUNT; id++)
        readings += print_metric(sample, actop_metric_get((actop_metric)id));
    printf("%u readings from %s\n", readings, actop_source_name(s));
    actop_close(s);
    return readings > 0 ? 0 : 1;
}
