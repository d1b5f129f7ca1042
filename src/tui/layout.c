/* SPDX-License-Identifier: MIT */
/* Layout; see layout.h. */
#include "tui/layout.h"

#include <limits.h>
#include <string.h>

#include <actop/actop.h>

enum { MOST_COLUMNS = 4, COLUMN_COLS = 58, SIDE_COLS = 180, SIDE_LEAST = 84, TABLE_LEAST = 5 };

static const struct {
    const char *title;
    int weight, rank;
    unsigned scopes;
} rows[PANEL_COUNT] = {
#define PANEL(id, title, weight, rank, scopes) {title, weight, rank, scopes},
#include "tui/panels.def"
#undef PANEL
};

const char *panel_title(enum panel_id panel)
{
    return rows[panel].title;
}

unsigned panel_scopes(enum panel_id panel)
{
    return rows[panel].scopes;
}

enum pass { TO_WANT, TO_FULL, BEYOND, PASSES };

static bool takes_more(const struct share *s, enum pass pass)
{
    return s->weight > 0 &&
           (pass == BEYOND ? s->grows : s->got < (pass == TO_FULL ? s->full : s->want));
}

/* The one that has grown least for its weight, among those below their limit; n when there is none. */
static size_t hungriest(const struct share *s, size_t n, enum pass pass)
{
    size_t best = n;
    for (size_t i = 0; i < n; i++) {
        if (!takes_more(&s[i], pass))
            continue;
        if (best == n || (s[i].got - s[i].min + 1) * s[best].weight <
                             (s[best].got - s[best].min + 1) * s[i].weight)
            best = i;
    }
    return best;
}

void share_rows(struct share *s, size_t n, int total)
{
    for (size_t i = 0; i < n; i++) {
        s[i].got = s[i].min;
        total -= s[i].min;
    }
    for (int pass = TO_WANT; pass < PASSES; pass++) {
        size_t i;
        while (total > 0 && (i = hungriest(s, n, (enum pass)pass)) < n) {
            s[i].got++;
            total--;
        }
    }
}

/* ---- one column ------------------------------------------------------------------------------------ */

struct column {
    enum panel_id ids[PANEL_COUNT];
    size_t n;
    struct place at;
};

static int frame_rows(enum frame frame)
{
    return frame == FRAME_BOX ? 2 : frame == FRAME_RULE ? 1 : 0;
}

static int content_columns(int w, enum frame frame)
{
    int inside = w - (frame == FRAME_BOX ? 4 : 2);
    return inside < 0 ? 0 : inside;
}

static struct share measured(const struct layout_input *in, enum panel_id id, int w,
                             enum frame frame)
{
    struct share s = in->measure(in->context, id, content_columns(w, frame));
    int more = frame_rows(frame);
    s.min += more;
    s.want = (s.want < s.min - more ? s.min - more : s.want) + more;
    s.full += more;
    s.weight = rows[id].weight;
    return s;
}

static int least_rows(const struct layout_input *in, const struct column *c, enum frame frame)
{
    int sum = 0;
    for (size_t i = 0; i < c->n; i++)
        sum += measured(in, c->ids[i], c->at.w, frame).min;
    return sum;
}

static void drop_highest_rank(struct column *c)
{
    size_t worst = 0;
    for (size_t i = 1; i < c->n; i++)
        if (rows[c->ids[i]].rank > rows[c->ids[worst]].rank)
            worst = i;
    c->n--;
    memmove(&c->ids[worst], &c->ids[worst + 1], (c->n - worst) * sizeof c->ids[0]);
}

static void place_column(const struct layout_input *in, struct column *c, enum frame frame,
                         struct layout *out)
{
    struct share shares[PANEL_COUNT];
    while (c->n > 1 && least_rows(in, c, frame) > c->at.h)
        drop_highest_rank(c);
    for (size_t i = 0; i < c->n; i++)
        shares[i] = measured(in, c->ids[i], c->at.w, frame);
    if (c->n == 1) { /* alone: whatever there is */
        shares[0].got = c->at.h;
    } else {
        share_rows(shares, c->n, c->at.h);
    }
    int y = c->at.y;
    for (size_t i = 0; i < c->n; i++) {
        out->panels[c->ids[i]] = (struct place){y, c->at.x, shares[i].got, c->at.w};
        y += shares[i].got;
    }
}

/* ---- columns --------------------------------------------------------------------------------------- */

/* Wanted panels but the process table. */
static size_t ordinary(const struct layout_input *in, enum panel_id ids[PANEL_COUNT])
{
    size_t n = 0;
    for (int id = 0; id < PANEL_COUNT; id++)
        if (in->wanted[id] && id != PANEL_PROCESSES)
            ids[n++] = (enum panel_id)id;
    return n;
}

/* Height a run of panels would like. */
static int run_height(const int *heights, size_t from, size_t to)
{
    int sum = 0;
    for (size_t i = from; i < to; i++)
        sum += heights[i];
    return sum;
}

/* Cut n heights into k runs so that the highest run is as low as can be; ends[i] is the end of run i. Returns the
 * height of the highest. At most 7 panels and 4 columns, so trying all cuts is cheap. */
static int cut_runs(const int *heights, size_t from, size_t n, size_t k, size_t *ends)
{
    if (k == 1) {
        ends[0] = n;
        return run_height(heights, from, n);
    }
    int best = INT_MAX;
    for (size_t end = from + 1; end + (k - 1) <= n; end++) {
        size_t rest[MOST_COLUMNS];
        int first = run_height(heights, from, end);
        int others = cut_runs(heights, end, n, k - 1, rest);
        int worst = first > others ? first : others;
        if (worst < best) {
            best = worst;
            ends[0] = end;
            memcpy(ends + 1, rest, (k - 1) * sizeof *ends);
        }
    }
    return best;
}

static size_t column_count(const struct layout_input *in, int width, size_t panels)
{
    if (in->stack || in->cols < LAYOUT_GRID_COLS)
        return 1;
    size_t k = (size_t)(width / COLUMN_COLS);
    k = k < 1 ? 1 : k > MOST_COLUMNS ? MOST_COLUMNS : k;
    if (k == 1 && width >= LAYOUT_GRID_COLS)
        k = 2;
    return k > panels ? panels : k;
}

/* What the panels would have if their k columns were a single one as high as all of these: for the cut, so that what
 * needs most gets a column of its own where the screen is high enough. */
static void spread_heights(const struct layout_input *in, struct place body, int k,
                           const enum panel_id *ids, size_t n, int *heights)
{
    struct share shares[PANEL_COUNT];
    int least = 0;
    for (size_t i = 0; i < n; i++) {
        shares[i] = measured(in, ids[i], body.w / k, FRAME_BOX);
        least += shares[i].min;
    }
    if (least <= k * body.h)
        share_rows(shares, n, k * body.h);
    for (size_t i = 0; i < n; i++)
        heights[i] = shares[i].got > shares[i].want ? shares[i].got : shares[i].want;
}

static size_t make_columns(const struct layout_input *in, struct place body, struct column *columns)
{
    enum panel_id ids[PANEL_COUNT];
    int heights[PANEL_COUNT];
    size_t ends[MOST_COLUMNS];
    size_t n = ordinary(in, ids);
    if (n == 0)
        return 0;
    size_t k = column_count(in, body.w, n);
    spread_heights(in, body, (int)k, ids, n, heights);
    cut_runs(heights, 0, n, k, ends);
    size_t from = 0;
    for (size_t i = 0; i < k; i++) {
        int x = body.w * (int)i / (int)k;
        int right = body.w * (int)(i + 1) / (int)k;
        columns[i].n = ends[i] - from;
        memcpy(columns[i].ids, ids + from, columns[i].n * sizeof ids[0]);
        columns[i].at = (struct place){body.y, body.x + x, body.h, right - x};
        from = ends[i];
    }
    return k;
}

/* Rows with which a column leaves nothing out. */
static int good_rows(const struct layout_input *in, const struct column *c, enum frame frame)
{
    int sum = 0;
    for (size_t i = 0; i < c->n; i++) {
        struct share s = measured(in, c->ids[i], c->at.w, frame);
        sum += s.good > s.min ? s.good + frame_rows(frame) : s.min;
    }
    return sum;
}

/* The richest frame with which all columns fit. */
static enum frame frame_for(const struct layout_input *in, const struct column *columns, size_t n)
{
    for (int frame = FRAME_BOX; frame > FRAME_NONE; frame--) {
        bool fits = true;
        for (size_t i = 0; i < n; i++)
            fits = fits && least_rows(in, &columns[i], (enum frame)frame) <= columns[i].at.h &&
                   (n > 1 || frame != FRAME_BOX ||
                    good_rows(in, &columns[i], FRAME_BOX) <= columns[i].at.h);
        if (fits)
            return (enum frame)frame;
    }
    return FRAME_NONE;
}

/* Rows with which the panels above the process table have what they want. */
static int wanted_rows(const struct layout_input *in, struct place body)
{
    struct column columns[MOST_COLUMNS + 1];
    size_t n = make_columns(in, body, columns);
    int most = 0;
    for (size_t i = 0; i < n; i++) {
        int sum = 0;
        for (size_t k = 0; k < columns[i].n; k++)
            sum += measured(in, columns[i].ids[k], columns[i].at.w, FRAME_BOX).want;
        most = sum > most ? sum : most;
    }
    return most;
}

/* Take the process table's place off the body: the right side of a very wide screen, else the bottom, where it has what
 * the others do not want, within bounds. */
static struct place cut_processes(const struct layout_input *in, struct place *body)
{
    struct place at = *body;
    enum panel_id ids[PANEL_COUNT];
    if (ordinary(in, ids) == 0) {
        body->h = 0;
        return at;
    }
    if (!in->stack && body->w >= SIDE_COLS) {
        at.w = body->w * 2 / 5 < SIDE_LEAST ? SIDE_LEAST : body->w * 2 / 5;
        at.x = body->w - at.w;
        body->w -= at.w;
        return at;
    }
    int left = body->h - wanted_rows(in, *body);
    at.h = body->h > 50 ? body->h * 2 / 5 : body->h * 7 / 20;
    at.h = left > body->h * 3 / 5 ? body->h * 3 / 5 : left > at.h ? left : at.h;
    if (at.h < 7)
        at.h = body->h < 14 ? body->h / 2 : 7;
    at.y = body->y + body->h - at.h;
    body->h -= at.h;
    return at;
}

static struct place take_lines(const struct layout_input *in, struct layout *out)
{
    int rows_left = in->rows;
    out->header = (struct place){0, 0, 1, in->cols};
    rows_left--;
    if (in->rows >= 8) {
        out->footer = (struct place){in->rows - 1, 0, 1, in->cols};
        rows_left--;
    }
    if (in->rows >= 10) {
        out->status = (struct place){in->rows - 2, 0, 1, in->cols};
        rows_left--;
    }
    return (struct place){1, 0, rows_left, in->cols};
}

void layout_plan(const struct layout_input *in, struct layout *out)
{
    struct column columns[MOST_COLUMNS + 1];
    memset(out, 0, sizeof *out);
    if (in->cols < LAYOUT_MIN_COLS || in->rows < LAYOUT_MIN_ROWS) {
        out->too_small = true;
        return;
    }
    struct place body = take_lines(in, out);
    out->frame = FRAME_BOX;
    if (in->zoomed >= 0 && in->zoomed < PANEL_COUNT) {
        out->panels[in->zoomed] = body;
        if (body.h < 5)
            out->frame = FRAME_NONE;
        out->table_frame = out->frame;
        return;
    }
    struct place table = {0, 0, 0, 0};
    if (in->wanted[PANEL_PROCESSES])
        table = cut_processes(in, &body);
    size_t n = body.h > 0 ? make_columns(in, body, columns) : 0;
    out->frame = frame_for(in, columns, n);
    if (table.h > 0 && table.h < 6 && out->frame == FRAME_BOX)
        out->frame = FRAME_RULE;
    out->table_frame = out->frame == FRAME_NONE && table.h >= TABLE_LEAST ? FRAME_RULE : out->frame;
    for (size_t i = 0; i < n; i++)
        place_column(in, &columns[i], out->frame, out);
    out->panels[PANEL_PROCESSES] = table;
}
