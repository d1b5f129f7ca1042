/* SPDX-License-Identifier: MIT */
/* Notes: what a decoder decided and doubts, in sentences for people: clock tables chosen and why, rails and what they are
 * read from, channels it cannot read, sensors it leaves out. Gathered when somebody asks (doctor), never while sampling.
 * A note is begun, its sentence written into the buffer, and ended; kinds stand in actop/types.h. */
#ifndef MODEL_NOTES_H
#define MODEL_NOTES_H

#include <actop/types.h>

#include "base/buf.h"
#include "base/pool.h"

struct note {
    uint32_t about, text; /* pool */
    actop_note_kind kind;
};

/* Zeroed memory is an empty list. */
struct notes {
    struct note *rows; /* owned */
    size_t n, cap;
    struct pool pool;
    struct buf text; /* of the note being written */
    bool failed;     /* out of memory since the last clear */
};

void notes_clear(struct notes *n); /* memory kept */
void notes_release(struct notes *n);

/* Begin a note about something; its sentence goes into the buffer returned, up to notes_end. */
struct buf *notes_begin(struct notes *n, actop_note_kind kind, const char *about);
void notes_end(struct notes *n);

/* The same with a whole sentence. */
void notes_add(struct notes *n, actop_note_kind kind, const char *about, const char *text);

#endif
