/* SPDX-License-Identifier: MIT */
/* The machine descriptions compiled in: one zstd frame of all texts, each "NAME\0LENGTH\0TEXT\0", made from machines/ by
 * tools/embed_machines.c when actop is built. */
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "base/error.h"
#include "source/sim/sim.h"

extern const unsigned char embedded_machines[];
extern const size_t embedded_machines_size;         /* compressed */
extern const size_t embedded_machines_raw_size;     /* as it was */
extern const char *const embedded_machines_names[]; /* machines only, ended by NULL */

actop_status sim_texts_open(struct sim_texts *t, actop_error *err)
{
    t->n = embedded_machines_raw_size;
    t->bytes = malloc(t->n + 1);
    if (t->bytes == NULL)
        return error_no_memory(err, "the machine descriptions");
    size_t n = ZSTD_decompress(t->bytes, t->n, embedded_machines, embedded_machines_size);
    if (ZSTD_isError(n) || n != t->n) {
        sim_texts_close(t);
        return error_set(err, ACTOP_E_FORMAT,
                         "the machine descriptions in this program are damaged");
    }
    t->bytes[t->n] = '\0';
    return ACTOP_OK;
}

void sim_texts_close(struct sim_texts *t)
{
    free(t->bytes);
    *t = (struct sim_texts){NULL, 0};
}

const char *sim_texts_find(void *texts, const char *name, size_t *n)
{
    const struct sim_texts *t = texts;
    for (size_t at = 0; at < t->n;) {
        const char *key = t->bytes + at;
        const char *length = key + strlen(key) + 1;
        const char *text = length + strlen(length) + 1;
        *n = strtoul(length, NULL, 10);
        if (strcmp(key, name) == 0)
            return text;
        at = (size_t)(text - t->bytes) + *n + 1;
    }
    return NULL;
}

const char *sim_machine_name(size_t index)
{
    for (size_t i = 0; embedded_machines_names[i] != NULL; i++)
        if (i == index)
            return embedded_machines_names[i];
    return NULL;
}
