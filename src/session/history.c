/* SPDX-License-Identifier: MIT */
/* The ring of compressed frames; see history.h. Groups are shared: a walk holds one while it decodes its copy of the
 * bytes, so that dropping the oldest group never takes a checkpoint away from somebody. */
#include "session/history.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/vec.h"
#include "frame/codec.h"

/* Frames of a group: a seek folds half of them on average, and each group has a checkpoint, which takes what some 300
 * frames take. Fewer where they have many slots, so that folding them all takes much the same time on any machine. A group
 * is also full at this share of the limit, so that dropping one does not drop most of the history.
 * Frames that wait for their sample to end are at most WAITING_MOST; past it (very many subsamples) they are compressed
 * before the choice of their sample is known. Memory for blocks grows by BLOCKS_MORE bytes, so that little lies idle. */
enum {
    GROUP_FRAMES = 960,
    GROUP_SLOTS = 3 << 20,
    GROUP_SHARE = 4,
    WAITING_MOST = 16,
    BLOCKS_MORE = 16384
};

struct entry {
    uint64_t seq;
    uint32_t end;    /* in blocks */
    uint32_t schema; /* in schemas */
};

struct group {
    uint32_t refs; /* guarded by the history's lock */
    void *checkpoint;
    size_t checkpoint_bytes;
    char *blocks;
    size_t n_blocks, cap_blocks; /* bytes */
    struct entry *entries;
    const struct schema **schemas; /* references */
    uint32_t *schema_crcs;
    size_t n_entries, cap_entries, n_schemas, cap_schemas, cap_crcs;
    size_t n_frames;    /* those that wait included */
    size_t n_slots;     /* of all these */
    uint64_t first_seq; /* sample of the first frame */
};

struct waiting {
    struct frame frame;
    uint64_t seq;
    struct group *group; /* one of groups */
};

struct choice {
    struct history_process *processes; /* by pid */
    size_t n, cap;
};

struct history {
    pthread_mutex_t lock; /* guards everything seekers read: groups, waiting, last_seq, used */
    size_t limit, used;
    void (*free_checkpoint)(void *);
    struct group **groups; /* oldest first */
    size_t n_groups, cap_groups;
    struct waiting *waiting; /* oldest first */
    size_t n_waiting, cap_waiting;
    uint64_t last_seq, added_seq; /* kept; added */
    /* The adding thread's own: */
    struct codec_writer codec;
    struct choice before, now; /* chosen for the last two samples */
    struct buf block;
};

/* ---- groups ---- */

static size_t group_bytes(const struct group *g)
{
    return sizeof *g + g->cap_blocks + g->cap_entries * sizeof *g->entries + g->checkpoint_bytes;
}

static void group_free(const struct history *h, struct group *g)
{
    h->free_checkpoint(g->checkpoint);
    free(g->blocks);
    for (size_t i = 0; i < g->n_schemas; i++)
        schema_unref(g->schemas[i]);
    free(g->schemas);
    free(g->schema_crcs);
    free(g->entries);
    free(g);
}

/* With the lock held. */
static void group_unref(const struct history *h, struct group *g)
{
    if (--g->refs == 0)
        group_free(h, g);
}

static size_t frame_size(const struct frame *f)
{
    size_t n = f->cap_bytes + (f->cap_slots + f->cap_stamps) * 8 + f->cap_status * 4;
    for (size_t i = 0; i < f->cap_rows; i++)
        n += (f->rows[i].cap_cells + f->rows[i].cap_present) * 8;
    return n;
}

/* With the lock held. */
static void count_bytes(struct history *h)
{
    h->used = 0;
    for (size_t i = 0; i < h->n_groups; i++)
        h->used += group_bytes(h->groups[i]);
    for (size_t i = 0; i < h->n_waiting; i++)
        h->used += frame_size(&h->waiting[i].frame);
}

/* With the lock held. The newest group stays: it is being written to, and so does one that frames wait for. */
static void drop_oldest(struct history *h)
{
    count_bytes(h);
    while (h->used > h->limit && h->n_groups > 1 &&
           (h->n_waiting == 0 || h->waiting[0].group != h->groups[0])) {
        group_unref(h, h->groups[0]);
        memmove(h->groups, h->groups + 1, --h->n_groups * sizeof *h->groups);
        count_bytes(h);
    }
}

/* With the lock held. */
static bool group_push(struct history *h, void *checkpoint, size_t checkpoint_bytes, uint64_t seq)
{
    if (!VEC_GROW(h->groups, h->cap_groups, h->n_groups + 1))
        return false;
    struct group *g = calloc(1, sizeof *g);
    if (g == NULL)
        return false;
    *g = (struct group){.refs = 1,
                        .checkpoint = checkpoint,
                        .checkpoint_bytes = checkpoint_bytes,
                        .first_seq = seq};
    h->groups[h->n_groups++] = g;
    return true;
}

static struct group *newest(const struct history *h)
{
    return h->n_groups == 0 ? NULL : h->groups[h->n_groups - 1];
}

/* ---- compressing ---- */

static int by_pid(const void *a, const void *b)
{
    const struct history_process *p = a;
    const struct history_process *q = b;
    return p->pid < q->pid ? -1 : p->pid > q->pid;
}

/* Rows mostly come by pid as well, so that the place of the one before is where to look on from. */
static bool is_chosen(const struct choice *c, size_t *at, uint64_t pid, uint64_t start,
                      bool any_start)
{
    if (*at > 0 && c->processes[*at - 1].pid >= pid)
        *at = 0;
    while (*at < c->n && c->processes[*at].pid < pid)
        ++*at;
    return *at < c->n && c->processes[*at].pid == pid &&
           (any_start || c->processes[*at].start == start);
}

/* The column that names the process of a row, and whether the one behind it is its start time; false: the rows are no
 * processes' rows. */
static bool process_columns(const struct schema *s, size_t rowset, int32_t *pid, bool *has_start)
{
    const struct rowset *r = &s->rowsets[rowset];
    if (r->scope != ACTOP_SCOPE_PROCESS)
        return false;
    *has_start = r->n_keys == 2;
    *pid = *has_start ? 0 : schema_find_column(s, (int32_t)rowset, "pid");
    return *pid >= 0;
}

/* Leave the rows of chosen processes. */
static void thin_rows(const struct history *h, struct frame *f, size_t rowset)
{
    int32_t pid = -1;
    bool has_start = false;
    if (!process_columns(f->schema, rowset, &pid, &has_start))
        return;
    struct rows *r = &f->rows[rowset];
    size_t columns = f->schema->rowsets[rowset].n_columns;
    uint32_t kept = 0;
    size_t before = 0, now = 0;
    for (uint32_t row = 0; row < r->n; row++) {
        const uint64_t *cells = r->cells + row * columns;
        uint64_t start = has_start ? cells[1] : 0;
        if (!is_chosen(&h->before, &before, cells[pid], start, !has_start) &&
            !is_chosen(&h->now, &now, cells[pid], start, !has_start))
            continue;
        memmove(r->cells + kept * columns, cells, columns * sizeof *cells);
        r->present[kept++] = r->present[row];
    }
    r->n = kept;
}

/* Announce the frame's schema to the codec and note it in the group; its bytes are not needed, because the schema itself
 * is held. */
static actop_status use_schema(struct history *h, struct group *g, const struct schema *s,
                               actop_error *err)
{
    if (g->n_schemas > 0 && g->schemas[g->n_schemas - 1] == s)
        return ACTOP_OK;
    actop_status st = ACTOP_OK;
    buf_clear(&h->block);
    if (h->codec.schema != s)
        st = codec_put_schema(&h->codec, s, &h->block, err);
    if (st != ACTOP_OK)
        return st;
    pthread_mutex_lock(&h->lock);
    bool fits = VEC_GROW(g->schemas, g->cap_schemas, g->n_schemas + 1) &&
                VEC_GROW(g->schema_crcs, g->cap_crcs, g->n_schemas + 1);
    if (fits) {
        g->schemas[g->n_schemas] = schema_ref(s);
        g->schema_crcs[g->n_schemas++] = h->codec.past.schema_crc;
    }
    pthread_mutex_unlock(&h->lock);
    return fits ? ACTOP_OK : error_no_memory(err, "history");
}

/* With the lock held. */
static bool put_block(struct group *g, const struct buf *block)
{
    size_t want = g->n_blocks + block->len;
    if (want > UINT32_MAX)
        return false;
    if (want > g->cap_blocks) {
        char *more = realloc(g->blocks, want + BLOCKS_MORE);
        if (more == NULL)
            return false;
        g->blocks = more;
        g->cap_blocks = want + BLOCKS_MORE;
    }
    memcpy(g->blocks + g->n_blocks, block->data, block->len);
    g->n_blocks = want;
    return true;
}

/* Compress a frame that waited into its group. */
static actop_status compress(struct history *h, struct waiting *w, actop_error *err)
{
    struct group *g = w->group;
    struct frame *f = &w->frame;
    pthread_mutex_lock(&h->lock); /* it may be looked at while it waits */
    for (size_t i = 0; i < f->schema->n_rowsets; i++)
        thin_rows(h, f, i);
    pthread_mutex_unlock(&h->lock);
    actop_status st = use_schema(h, g, f->schema, err);
    buf_clear(&h->block);
    if (st == ACTOP_OK)
        st = codec_put_frame(&h->codec, f, g->n_entries == 0, &h->block, err);
    if (st != ACTOP_OK)
        return st;
    pthread_mutex_lock(&h->lock);
    bool fits = !h->block.failed && put_block(g, &h->block) &&
                VEC_GROW(g->entries, g->cap_entries, g->n_entries + 1);
    if (fits)
        g->entries[g->n_entries++] = (struct entry){
            .seq = w->seq, .end = (uint32_t)g->n_blocks, .schema = (uint32_t)g->n_schemas - 1};
    pthread_mutex_unlock(&h->lock);
    return fits ? ACTOP_OK : error_no_memory(err, "history");
}

/* Compress the frames that wait for a sample before seq, and more where too many wait. Their memory goes to the end of the
 * array, to be used again. */
static actop_status compress_before(struct history *h, uint64_t seq, actop_error *err)
{
    while (h->n_waiting > 0 && (h->waiting[0].seq < seq || h->n_waiting > WAITING_MOST)) {
        actop_status st = compress(h, &h->waiting[0], err);
        if (st != ACTOP_OK)
            return st;
        pthread_mutex_lock(&h->lock);
        struct waiting done = h->waiting[0];
        memmove(h->waiting, h->waiting + 1, --h->n_waiting * sizeof *h->waiting);
        h->waiting[h->n_waiting] = done;
        drop_oldest(h);
        pthread_mutex_unlock(&h->lock);
    }
    return ACTOP_OK;
}

/* ---- adding ---- */

bool history_wants_checkpoint(const struct history *h)
{
    const struct group *g = newest(h);
    return g == NULL || g->n_frames >= GROUP_FRAMES || g->n_slots >= GROUP_SLOTS ||
           g->n_blocks > h->limit / GROUP_SHARE;
}

actop_status history_add(struct history *h, const struct frame *f, uint64_t seq, void *checkpoint,
                         size_t checkpoint_bytes, actop_error *err)
{
    struct frame copy = {0};
    pthread_mutex_lock(&h->lock);
    bool fits = checkpoint == NULL || group_push(h, checkpoint, checkpoint_bytes, seq);
    if (fits && checkpoint != NULL)
        checkpoint = NULL; /* given */
    fits = fits && VEC_GROW(h->waiting, h->cap_waiting, h->n_waiting + 1);
    if (fits)
        copy = h->waiting[h->n_waiting].frame; /* its memory */
    struct group *g = newest(h);
    pthread_mutex_unlock(&h->lock);
    if (checkpoint != NULL)
        h->free_checkpoint(checkpoint);
    if (fits && g == NULL)
        return error_set(err, ACTOP_E_STATE, "history begins with a checkpoint");
    actop_status st = fits ? frame_copy(&copy, f, err) : error_no_memory(err, "history");
    pthread_mutex_lock(&h->lock);
    if (fits)
        h->waiting[h->n_waiting].frame = copy;
    if (st == ACTOP_OK) {
        h->waiting[h->n_waiting].seq = seq;
        h->waiting[h->n_waiting++].group = g;
        g->n_frames++;
        g->n_slots += f->schema->n_slots;
        h->added_seq = seq;
        drop_oldest(h);
    }
    pthread_mutex_unlock(&h->lock);
    if (st == ACTOP_OK)
        st = compress_before(h, 0, err); /* where too many wait */
    if (st != ACTOP_OK)
        history_clear(h);
    return st;
}

static actop_status choose(struct history *h, const struct history_process *chosen, size_t n,
                           actop_error *err)
{
    struct choice last = h->before;
    if (!VEC_GROW(last.processes, last.cap, n)) {
        h->before = last;
        return error_no_memory(err, "history");
    }
    h->before = h->now;
    h->now = last;
    h->now.n = n;
    if (n > 0) {
        memcpy(h->now.processes, chosen, n * sizeof *chosen);
        qsort(h->now.processes, n, sizeof *chosen, by_pid);
    }
    return ACTOP_OK;
}

actop_status history_keep(struct history *h, uint64_t seq, const struct history_process *chosen,
                          size_t n, actop_error *err)
{
    actop_status st = choose(h, chosen, n, err);
    if (st == ACTOP_OK)
        st = compress_before(h, seq, err);
    if (st != ACTOP_OK) {
        history_clear(h);
        return st;
    }
    pthread_mutex_lock(&h->lock);
    if (h->added_seq == seq && h->n_groups > 0)
        h->last_seq = seq;
    pthread_mutex_unlock(&h->lock);
    return ACTOP_OK;
}

void history_clear(struct history *h)
{
    pthread_mutex_lock(&h->lock);
    while (h->n_groups > 0)
        group_unref(h, h->groups[--h->n_groups]);
    h->n_waiting = 0;
    h->last_seq = h->added_seq = 0;
    count_bytes(h);
    pthread_mutex_unlock(&h->lock);
}

/* ---- seeking ---- */

void history_range(struct history *h, uint64_t *first, uint64_t *last)
{
    pthread_mutex_lock(&h->lock);
    *last = h->last_seq;
    *first = h->last_seq == 0 ? 0 : h->groups[0]->first_seq;
    if (*first > *last) /* only a sample that is not kept yet is left */
        *first = *last = 0;
    pthread_mutex_unlock(&h->lock);
}

void history_size(struct history *h, size_t *used, size_t *limit)
{
    pthread_mutex_lock(&h->lock);
    *used = h->used;
    *limit = h->limit;
    pthread_mutex_unlock(&h->lock);
}

struct history_walk {
    struct history *history;
    struct group *group; /* a reference */
    uint64_t target;     /* the last sample to walk to */
    size_t taken;        /* frames of the group given out */
    size_t read;   /* frames of the group that the codec has read; frames may be given out before */
    size_t offset; /* of the next block */
    struct buf block; /* a copy of one */
    struct codec_reader codec;
    const struct schema *schema; /* in use; held by the group */
    uint32_t schema_crc;
};

/* With the lock held. */
static struct group *group_of(const struct history *h, uint64_t seq)
{
    for (size_t i = h->n_groups; i > 0; i--)
        if (h->groups[i - 1]->first_seq <= seq)
            return h->groups[i - 1];
    return NULL;
}

actop_status history_seek(struct history *h, uint64_t seq, struct history_walk **out,
                          actop_error *err)
{
    struct history_walk *w = calloc(1, sizeof *w);
    if (w == NULL)
        return error_no_memory(err, "going back");
    w->history = h;
    w->target = seq;
    pthread_mutex_lock(&h->lock);
    w->group = seq == 0 || seq > h->last_seq ? NULL : group_of(h, seq);
    if (w->group != NULL)
        w->group->refs++;
    pthread_mutex_unlock(&h->lock);
    actop_status st = w->group == NULL
                          ? error_set(err, ACTOP_E_NOT_FOUND, "this moment is not in history")
                          : codec_reader_init(&w->codec, err);
    if (st != ACTOP_OK) {
        history_walk_free(w);
        return st;
    }
    *out = w;
    return ACTOP_OK;
}

bool history_walk_on(struct history_walk *w, uint64_t seq)
{
    struct history *h = w->history;
    pthread_mutex_lock(&h->lock);
    bool ok = seq >= w->target && seq <= h->last_seq && group_of(h, seq) == w->group;
    pthread_mutex_unlock(&h->lock);
    if (ok)
        w->target = seq;
    return ok;
}

const void *history_walk_checkpoint(const struct history_walk *w)
{
    return w->group->checkpoint;
}

/* With the lock held: copy the block that comes next. */
static actop_status copy_block(struct history_walk *w, actop_error *err)
{
    const struct group *g = w->group;
    const struct entry *e = &g->entries[w->read];
    buf_clear(&w->block);
    buf_put(&w->block, g->blocks + w->offset, e->end - w->offset);
    w->offset = e->end;
    w->schema_crc = g->schema_crcs[e->schema];
    w->schema = g->schemas[e->schema];
    return w->block.failed ? error_no_memory(err, "going back") : ACTOP_OK;
}

/* With the lock held: the frame that waits and was not given out yet; NULL for none. */
static const struct waiting *next_waiting(const struct history_walk *w)
{
    const struct history *h = w->history;
    size_t skip = w->taken - w->group->n_entries;
    for (size_t i = 0; i < h->n_waiting; i++)
        if (h->waiting[i].group == w->group && skip-- == 0)
            return &h->waiting[i];
    return NULL;
}

/* With the lock held. END: there is no next frame up to the target. *copied: it is a block, to be read. */
static actop_status take_next(struct history_walk *w, struct frame *into, uint64_t *seq,
                              bool *copied, actop_error *err)
{
    const struct group *g = w->group;
    *copied = w->taken < g->n_entries;
    if (*copied) {
        *seq = g->entries[w->read].seq;
        return *seq > w->target ? ACTOP_END : copy_block(w, err);
    }
    const struct waiting *next = next_waiting(w);
    if (next == NULL || next->seq > w->target)
        return ACTOP_END;
    *seq = next->seq;
    return frame_copy(into, &next->frame, err);
}

actop_status history_walk_peek(struct history_walk *w, uint64_t *seq)
{
    *seq = UINT64_MAX;
    pthread_mutex_lock(&w->history->lock);
    const struct group *g = w->group;
    const struct waiting *next = w->taken < g->n_entries ? NULL : next_waiting(w);
    if (w->taken < g->n_entries)
        *seq = g->entries[w->taken].seq;
    else if (next != NULL)
        *seq = next->seq;
    pthread_mutex_unlock(&w->history->lock);
    return *seq > w->target ? ACTOP_END : ACTOP_OK;
}

static actop_status read_block(struct history_walk *w, struct frame *into, actop_error *err)
{
    struct block b;
    actop_status st = ACTOP_OK;
    if (w->codec.schema != w->schema)
        st = codec_reader_use(&w->codec, w->schema, w->schema_crc, err);
    if (st != ACTOP_OK)
        return st;
    if (block_find(&w->codec.unpacker.crc, w->block.data, w->block.len, &b) != ACTOP_OK)
        return error_set(err, ACTOP_E_FORMAT, "history is damaged");
    return codec_take(&w->codec, &b, into, err);
}

/* A frame that was given out while it waited is read once more when it has become a block, because the codec has to see
 * every one. */
actop_status history_walk_next(struct history_walk *w, struct frame *into, uint64_t *seq,
                               actop_error *err)
{
    for (;;) {
        bool copied = false;
        pthread_mutex_lock(&w->history->lock);
        actop_status st = take_next(w, into, seq, &copied, err);
        pthread_mutex_unlock(&w->history->lock);
        if (st == ACTOP_OK && copied)
            st = read_block(w, into, err);
        if (st != ACTOP_OK)
            return st;
        w->read += copied ? 1 : 0;
        if (!copied || w->read > w->taken) {
            w->taken++;
            return ACTOP_OK;
        }
    }
}

void history_walk_free(struct history_walk *w)
{
    if (w == NULL)
        return;
    if (w->group != NULL) {
        pthread_mutex_lock(&w->history->lock);
        group_unref(w->history, w->group);
        pthread_mutex_unlock(&w->history->lock);
    }
    codec_reader_release(&w->codec);
    buf_release(&w->block);
    free(w);
}

/* ---- marks ---- */

struct history_mark {
    struct history *history;
    struct group *group; /* a reference */
    size_t taken, read, offset;
    struct codec_place place;
};

actop_status history_mark_new(const struct history_walk *w, struct history_mark **out,
                              actop_error *err)
{
    struct history_mark *m = calloc(1, sizeof *m);
    if (m == NULL)
        return error_no_memory(err, "a place in history");
    actop_status st = codec_place_take(&m->place, &w->codec, err);
    if (st != ACTOP_OK) {
        free(m);
        return st;
    }
    m->history = w->history;
    m->group = w->group;
    m->taken = w->taken;
    m->read = w->read;
    m->offset = w->offset;
    pthread_mutex_lock(&m->history->lock);
    m->group->refs++;
    pthread_mutex_unlock(&m->history->lock);
    *out = m;
    return ACTOP_OK;
}

actop_status history_walk_to(struct history_walk *w, const struct history_mark *mark,
                             actop_error *err)
{
    if (w->group != mark->group)
        return error_set(err, ACTOP_E_NOT_FOUND, "this place lies elsewhere in history");
    actop_status st = codec_place_go(&mark->place, &w->codec, err);
    if (st != ACTOP_OK)
        return st;
    w->taken = mark->taken;
    w->read = mark->read;
    w->offset = mark->offset;
    return ACTOP_OK;
}

void history_mark_free(struct history_mark *mark)
{
    if (mark == NULL)
        return;
    pthread_mutex_lock(&mark->history->lock);
    group_unref(mark->history, mark->group);
    pthread_mutex_unlock(&mark->history->lock);
    codec_place_release(&mark->place);
    free(mark);
}

/* ---- life ---- */

actop_status history_new(size_t limit_bytes, void (*free_checkpoint)(void *), struct history **out,
                         actop_error *err)
{
    struct history *h = calloc(1, sizeof *h);
    if (h == NULL)
        return error_no_memory(err, "history");
    h->limit = limit_bytes;
    h->free_checkpoint = free_checkpoint;
    actop_status st = codec_writer_init(&h->codec, err);
    if (st == ACTOP_OK && pthread_mutex_init(&h->lock, NULL) != 0)
        st = error_set(err, ACTOP_E_NOMEM, "cannot make a lock");
    if (st != ACTOP_OK) {
        codec_writer_release(&h->codec);
        free(h);
        return st;
    }
    *out = h;
    return ACTOP_OK;
}

void history_free(struct history *h)
{
    if (h == NULL)
        return;
    history_clear(h);
    for (size_t i = 0; i < h->cap_waiting; i++)
        frame_release(&h->waiting[i].frame);
    free(h->waiting);
    free(h->groups);
    free(h->before.processes);
    free(h->now.processes);
    buf_release(&h->block);
    codec_writer_release(&h->codec);
    (void)pthread_mutex_destroy(&h->lock);
    free(h);
}
