/* SPDX-License-Identifier: MIT */
/* One-number files and lists; see values.h. The format of CPU lists is documented in the kernel's cputopology.rst. */
#include "source/linux/values.h"

#include <errno.h>
#include <stdlib.h>

#include "base/vec.h"
#include "source/linux/scan.h"

struct linux_value {
    int32_t file, channel;
    bool is_signed;
};

int values_add(struct linux_values *v, struct linux_probe *p, const struct channel_spec *spec,
               const char *path)
{
    int64_t i;
    uint64_t u;
    bool is_signed = spec->type == SLOT_I64;
    int errnum = is_signed ? root_load_i64(p->root, path, &i) : root_load_u64(p->root, path, &u);
    if (errnum == ENOENT)
        return errnum;
    if (!VEC_GROW(v->rows, v->cap, v->n + 1))
        return ENOMEM;
    struct linux_value row = {root_keep(p->root, "%s", path), schema_add_channel(p->schema, spec),
                              is_signed};
    if (row.file < 0 || row.channel < 0) {
        root_forget(p->root, row.file);
        return ENOMEM;
    }
    v->rows[v->n++] = row;
    return errnum;
}

static void read_value(const struct linux_value *row, struct root *root, struct frame *f)
{
    int64_t i = 0;
    uint64_t u = 0;
    int errnum = row->is_signed ? root_read_i64(root, row->file, &i)
                                : root_read_u64(root, row->file, &u);
    if (errnum != 0)
        frame_set_status(f, row->channel, errnum == ENOENT ? SLOT_ABSENT : errnum);
    else
        frame_set_u64(f, row->channel, row->is_signed ? (uint64_t)i : u);
}

void values_read(const struct linux_values *v, struct root *root, struct frame *f)
{
    for (size_t i = 0; i < v->n; i++)
        read_value(&v->rows[i], root, f);
}

void values_release(struct linux_values *v, struct root *root)
{
    for (size_t i = 0; i < v->n; i++)
        root_forget(root, v->rows[i].file);
    free(v->rows);
    *v = (struct linux_values){0};
}

bool values_read_part(void *state, struct root *root, struct frame *f)
{
    values_read(state, root, f);
    return false;
}

void values_close_part(void *state, struct root *root)
{
    values_release(state, root);
}

bool list_add(struct linux_list *l, uint64_t value)
{
    if (!VEC_GROW(l->at, l->cap, l->n + 1))
        return false;
    l->at[l->n++] = value;
    return true;
}

bool list_has(const struct linux_list *l, uint64_t value)
{
    for (size_t i = 0; i < l->n; i++)
        if (l->at[i] == value)
            return true;
    return false;
}

void list_release(struct linux_list *l)
{
    free(l->at);
    *l = (struct linux_list){0};
}

bool list_cpus(struct linux_list *l, const char *text)
{
    uint64_t first, last;
    l->n = 0;
    while (scan_u64(&text, &first)) {
        last = first;
        if (scan_text(&text, "-") && !scan_u64(&text, &last))
            return true;
        for (uint64_t cpu = first; cpu <= last; cpu++) {
            if (cpu >= LINUX_MAX_CPUS || l->n >= LINUX_MAX_CPUS)
                return true;
            if (!list_add(l, cpu))
                return false;
        }
        (void)scan_text(&text, ",");
    }
    return true;
}

int list_load_cpus(struct linux_list *l, struct linux_probe *p, const char *path)
{
    struct root_text text;
    l->n = 0;
    int errnum = root_load(p->root, path, &text);
    if (errnum == 0 && !list_cpus(l, text.text))
        errnum = ENOMEM;
    if (errnum == ENOMEM) {
        l->n = 0;
        p->schema->failed = true;
    }
    return errnum;
}
