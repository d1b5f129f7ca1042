/* SPDX-License-Identifier: MIT */
/* Notes; see notes.h. */
#include "model/notes.h"

#include <stdlib.h>

#include "base/vec.h"

void notes_clear(struct notes *n)
{
    n->n = 0;
    n->failed = false;
    pool_clear(&n->pool);
    buf_clear(&n->text);
}

void notes_release(struct notes *n)
{
    free(n->rows);
    pool_release(&n->pool);
    buf_release(&n->text);
    *n = (struct notes){0};
}

struct buf *notes_begin(struct notes *n, actop_note_kind kind, const char *about)
{
    buf_clear(&n->text);
    if (!VEC_GROW(n->rows, n->cap, n->n + 1)) {
        n->failed = true;
        return &n->text;
    }
    n->rows[n->n++] = (struct note){pool_adds(&n->pool, about), 0, kind};
    return &n->text;
}

void notes_end(struct notes *n)
{
    n->failed = n->failed || n->text.failed;
    if (n->n > 0 && !n->failed)
        n->rows[n->n - 1].text = pool_add(&n->pool, n->text.data, n->text.len);
    n->failed = n->failed || n->pool.failed;
}

void notes_add(struct notes *n, actop_note_kind kind, const char *about, const char *text)
{
    buf_puts(notes_begin(n, kind, about), text);
    notes_end(n);
}
