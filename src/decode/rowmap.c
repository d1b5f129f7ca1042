/* SPDX-License-Identifier: MIT */
/* Counters of rows that come and go; see rowmap.h. Rows stand densely in the order they came. The hash table maps keys to
 * rows by linear probing at a load of at most one half; it is made anew when rows were forgotten or room ran out, which
 * costs what one frame costs. */
#include "decode/rowmap.h"

#include <stdlib.h>
#include <string.h>

#include "base/vec.h"

void rowmap_init(struct rowmap *m, uint32_t n_counters)
{
    memset(m, 0, sizeof *m);
    m->n_counters = n_counters;
}

void rowmap_release(struct rowmap *m)
{
    free(m->keys);
    free(m->seen);
    free(m->counters);
    free(m->index);
    rowmap_init(m, m->n_counters);
}

/* Where the key stands in the table, or the free place where it belongs. */
static size_t place(const struct rowmap *m, uint64_t key)
{
    size_t mask = m->cap_index - 1;
    /* High bits of a product depend on all bits of the key, low ones do not. */
    size_t at = (size_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> 32) & mask;
    while (m->index[at] != 0 && m->keys[m->index[at] - 1] != key)
        at = (at + 1) & mask;
    return at;
}

static void fill_index(struct rowmap *m)
{
    memset(m->index, 0, m->cap_index * sizeof *m->index);
    for (size_t i = 0; i < m->n; i++)
        m->index[place(m, m->keys[i])] = (uint32_t)(i + 1);
}

static bool room(struct rowmap *m, size_t want)
{
    if (!VEC_GROW(m->keys, m->cap_keys, want) || !VEC_GROW(m->seen, m->cap_seen, want) ||
        !VEC_GROW(m->counters, m->cap_counters, want * m->n_counters))
        return false;
    if (want * 2 <= m->cap_index)
        return true;
    size_t cap = m->cap_index == 0 ? 16 : m->cap_index;
    while (cap < want * 2)
        cap *= 2;
    uint32_t *index = malloc(cap * sizeof *index);
    if (index == NULL)
        return false;
    free(m->index);
    m->index = index;
    m->cap_index = cap;
    fill_index(m);
    return true;
}

bool rowmap_own(struct rowmap *m)
{
    m->cap_keys = m->cap_seen = m->n;
    m->cap_counters = m->n * m->n_counters;
    bool ok = VEC_OWN(m->keys, m->cap_keys, m->n);
    ok = VEC_OWN(m->seen, m->cap_seen, m->n) && ok;
    ok = VEC_OWN(m->counters, m->cap_counters, m->cap_counters) && ok;
    return VEC_OWN(m->index, m->cap_index, m->cap_index) && ok;
}

void rowmap_begin(struct rowmap *m)
{
    m->frame++;
    m->next = 0;
    m->n_seen = 0;
}

void rowmap_expect(struct rowmap *m, size_t rows)
{
    (void)room(m, rows);
}

static size_t add(struct rowmap *m, uint64_t key)
{
    size_t row = m->n++;
    m->keys[row] = key;
    m->seen[row] = 0;
    memset(m->counters + row * m->n_counters, 0, m->n_counters * sizeof *m->counters);
    m->index[place(m, key)] = (uint32_t)(row + 1);
    return row;
}

struct counter *rowmap_find(struct rowmap *m, uint64_t key)
{
    size_t row = m->next;
    if (row >= m->n || m->keys[row] != key) {
        size_t at = m->n > 0 ? place(m, key) : 0;
        if (m->n > 0 && m->index[at] != 0)
            row = m->index[at] - 1;
        else if (room(m, m->n + 1))
            row = add(m, key);
        else
            return NULL;
    }
    m->n_seen += m->seen[row] != m->frame ? 1 : 0;
    m->seen[row] = m->frame;
    m->next = row + 1;
    return m->counters + row * m->n_counters;
}

void rowmap_end(struct rowmap *m)
{
    if (m->n_seen == m->n)
        return;
    size_t kept = 0;
    for (size_t i = 0; i < m->n; i++) {
        if (m->seen[i] != m->frame)
            continue;
        m->keys[kept] = m->keys[i];
        m->seen[kept] = m->seen[i];
        if (kept != i)
            memcpy(m->counters + kept * m->n_counters, m->counters + i * m->n_counters,
                   m->n_counters * sizeof *m->counters);
        kept++;
    }
    m->n = kept;
    fill_index(m);
}

void rowmap_break(struct rowmap *m)
{
    for (size_t i = 0; i < m->n * m->n_counters; i++)
        counter_break(&m->counters[i]);
}
