/* SPDX-License-Identifier: MIT */
/* History: the last frames of a session, compressed, in a bounded number of bytes. It is a ring of *groups*; each begins
 * with a keyframe and a *checkpoint*, the state of whoever folds the frames as it was before the group's first, so that a
 * seek folds at most one group. The oldest group goes when there are too many bytes.
 *
 * Frames are kept as they are but for processes: of them only those stay that were chosen for the sample they belong to,
 * or for the next one, because what they did until then is the difference of two frames. So a frame is compressed once
 * the next sample is known; until then it waits as it is.
 *
 * One thread adds; any number of threads seek at the same time. The lock is held to copy bytes, never to decode. */
#ifndef SESSION_HISTORY_H
#define SESSION_HISTORY_H

#include "frame/frame.h"

struct history;
struct history_walk;

/* A process, as the first two key columns of its row. */
struct history_process {
    uint64_t pid, start;
};

/* free_checkpoint is called for each checkpoint that was given, by any thread, once nobody can need it. */
actop_status history_new(size_t limit_bytes, void (*free_checkpoint)(void *), struct history **out, actop_error *err);
void history_free(struct history *h); /* accepts NULL; no walk may be open */

/* ---- adding: one thread ---- */

/* True when the next sample should begin a group: then its first frame is to be added with a checkpoint. */
bool history_wants_checkpoint(const struct history *h);

/* Add a frame of the sample that will be number seq. A checkpoint (NULL: none) begins a group; it is the history's from
 * now on, also on failure, and counts as checkpoint_bytes. E_NOMEM forgets everything. E_STATE: the first frame ever
 * needs a checkpoint. */
actop_status history_add(struct history *h, const struct frame *f, uint64_t seq, void *checkpoint,
                         size_t checkpoint_bytes, actop_error *err);

/* The sample seq is done, and these processes were chosen for it: from now on it can be gone back to. */
actop_status history_keep(struct history *h, uint64_t seq, const struct history_process *chosen, size_t n,
                          actop_error *err);

/* Forget everything, for instance because frames were added that became no sample. */
void history_clear(struct history *h);

/* ---- seeking: any thread ---- */

/* First and last sample that can be gone back to; both 0 for none. */
void history_range(struct history *h, uint64_t *first, uint64_t *last);
void history_size(struct history *h, size_t *used, size_t *limit);

/* Walk over the frames of samples from the start of a group up to sample seq. E_NOT_FOUND, E_NOMEM. */
actop_status history_seek(struct history *h, uint64_t seq, struct history_walk **out, actop_error *err);

/* Go on to a later sample (or the same) of the group: END was then not the end. False: seek anew. */
bool history_walk_on(struct history_walk *w, uint64_t seq);

/* State before the first frame: borrowed until the walk is freed, not to be changed. */
const void *history_walk_checkpoint(const struct history_walk *w);

/* The sample that the next frame belongs to. END as for history_walk_next(). */
actop_status history_walk_peek(struct history_walk *w, uint64_t *seq);

/* A place on a walk, to walk on from there later. Holds its group. E_STATE: nothing was read yet; E_NOMEM. */
struct history_mark;
actop_status history_mark_new(const struct history_walk *w, struct history_mark **out, actop_error *err);
/* Bring a walk to a place. E_NOT_FOUND: it lies in another group; after E_NOMEM the walk has to be freed. */
actop_status history_walk_to(struct history_walk *w, const struct history_mark *mark, actop_error *err);
void history_mark_free(struct history_mark *mark); /* accepts NULL */

/* The next frame and the sample it belongs to. END after the last frame of the sample that was asked for. */
actop_status history_walk_next(struct history_walk *w, struct frame *into, uint64_t *seq, actop_error *err);
void history_walk_free(struct history_walk *w); /* accepts NULL */

#endif
