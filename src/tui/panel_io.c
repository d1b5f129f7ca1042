/* SPDX-License-Identifier: MIT */
/* The network and disk panels: what comes in grows up from the middle, what goes out down, both on one scale. Zoomed,
 * or where there is room, each interface or disk has a line, and volumes follow the disks. */
#include "tui/panel.h"

static const struct io {
    enum panel_id panel;
    actop_metric in, out;             /* of the machine */
    actop_metric one_in, one_out;     /* of a row */
    actop_metric count_in, count_out; /* packets and requests per second */
    actop_scope scope;
    const char *in_name, *out_name, *counted;
    double floor; /* least scale, in bytes per second */
} ios[2] = {
    {PANEL_NETWORK, ACTOP_METRIC_NET_RX, ACTOP_METRIC_NET_TX, ACTOP_METRIC_IF_RX,
     ACTOP_METRIC_IF_TX, ACTOP_METRIC_IF_RX_PACKETS, ACTOP_METRIC_IF_TX_PACKETS,
     ACTOP_SCOPE_INTERFACE, "in", "out", "packets/s", 1e6},
    {PANEL_DISK, ACTOP_METRIC_DISK_READ, ACTOP_METRIC_DISK_WRITE, ACTOP_METRIC_DISK_ONE_READ,
     ACTOP_METRIC_DISK_ONE_WRITE, ACTOP_METRIC_DISK_READ_OPS, ACTOP_METRIC_DISK_WRITE_OPS,
     ACTOP_SCOPE_DISK, "read", "write", "requests/s", 1e7},
};

static bool io_present(struct scene *s, const struct io *io)
{
    struct value in = scene_value(s, io->in, 0);
    struct value out = scene_value(s, io->out, 0);
    return value_known(&in) || value_known(&out);
}

bool network_present(struct scene *s)
{
    return io_present(s, &ios[0]);
}

bool disk_present(struct scene *s)
{
    return io_present(s, &ios[1]);
}

/* The mark of a direction, as its chart grows. */
static const char *mark_of(const struct scene *s, bool in)
{
    if (s->view->now.glyph == GLYPH_ASCII)
        return in ? "^" : "v";
    return in ? "▀" : "▄";
}

static void add_direction(struct headline *h, struct scene *s, const struct value *v, bool in,
                          const char *name)
{
    headline_add(h, in ? STYLE_SERIES_3 : STYLE_SERIES_2, 0, in ? 0 : 2,
                 num_text("%s", mark_of(s, in)));
    headline_add(h, STYLE_DIM, 1, 1, num_text("%s", name));
    headline_add(h, v->has ? STYLE_STRONG : STYLE_DIM, 0, 1,
                 padded_right(s, FIELD_IO_RATE, value_text(v, num_rate)));
}

static void draw_io_headline(struct scene *s, const struct area *a, uint32_t arg)
{
    const struct io *io = &ios[arg];
    struct headline h = {.n = 0};
    struct value in = scene_value(s, io->in, 0);
    struct value out = scene_value(s, io->out, 0);
    add_direction(&h, s, &in, true, io->in_name);
    add_direction(&h, s, &out, false, io->out_name);
    headline_draw(a, 0, &h);
}

static void draw_io_chart(struct scene *s, const struct area *a, uint32_t arg)
{
    const struct io *io = &ios[arg];
    double scale =
        draw_pair(s, a, io->in, io->out, scene_key(s, ACTOP_SCOPE_MACHINE, 0), io->floor);
    if (s->view->zoomed && a->h > 4)
        draw_text(a, 0, 0, STYLE_DIM, num_rate(scale, false).s);
}

/* What else is known of a row, for a panel that has the screen to itself: how many, and how far it is used. */
static struct num more_of(struct scene *s, const struct io *io, uint32_t row)
{
    struct value in = scene_value(s, io->count_in, row);
    struct value out = scene_value(s, io->count_out, row);
    struct num text = num_text("%s", "");
    if (in.has && out.has)
        text = num_text("%s+%s %s", num_count(in.v, in.diff).s, num_count(out.v, out.diff).s,
                        io->counted);
    struct value busy = {.has = false};
    if (io->panel == PANEL_DISK)
        busy = scene_value(s, ACTOP_METRIC_DISK_BUSY, row);
    if (busy.has)
        text = num_text("%.36s  busy %4s", text.s, num_percent(busy.v, busy.diff).s);
    return text;
}

enum { CHART_LEAST = 8 };

/* Returns the columns it took; 0 where there is nothing more, or no room beside a chart. */
static int draw_more(struct scene *s, const struct area *a, const struct io *io, uint32_t row,
                     int x)
{
    if (!s->view->zoomed)
        return 0;
    struct num text = padded_right(s, FIELD_IO_MORE, more_of(s, io, row));
    int columns = text_columns(text.s) + 2;
    if (a->w - x - 2 < columns + CHART_LEAST)
        return 0;
    draw_text(a, 0, x, STYLE_DIM, text.s);
    return columns;
}

static void draw_io_row(struct scene *s, const struct area *a, const struct io *io, uint32_t row)
{
    struct value in = scene_value(s, io->one_in, row);
    struct value out = scene_value(s, io->one_out, row);
    int x = 15;
    draw_name(a, 0, 0, 14, STYLE_TEXT, scene_name(s, io->scope, row));
    x += draw_text(a, 0, x, STYLE_SERIES_3, mark_of(s, true)) + 1;
    x += draw_text(a, 0, x, STYLE_TEXT, padded_value(s, FIELD_IO_RATE, &in, num_rate).s) + 2;
    x += draw_text(a, 0, x, STYLE_SERIES_2, mark_of(s, false)) + 1;
    x += draw_text(a, 0, x, STYLE_TEXT, padded_value(s, FIELD_IO_RATE, &out, num_rate).s) + 2;
    x += draw_more(s, a, io, row, x);
    struct area chart = area_part(a, 0, x, 1, a->w - x - 2);
    if (chart.w >= 6 &&
        s->view->now.glyph == GLYPH_DOTS) /* elsewhere a line has room for one direction only */
        draw_pair(s, &chart, io->one_in, io->one_out, scene_key(s, io->scope, row), io->floor);
}

static void draw_volume(struct scene *s, const struct area *a, uint32_t row)
{
    struct value used = scene_value(s, ACTOP_METRIC_VOLUME_USED, row);
    struct value total = scene_value(s, ACTOP_METRIC_VOLUME_TOTAL, row);
    int width = a->w / 3 > 30 ? 30 : a->w / 3;
    double ratio = used.has && total.has && total.now > 0 ? used.now / total.now : 0;
    draw_name(a, 0, 0, width, STYLE_TEXT, scene_name(s, ACTOP_SCOPE_VOLUME, row));
    struct num text = used.has && total.has ? num_of_bytes(used.v, total.now, used.diff)
                                            : value_text(&used, num_bytes);
    int x = width + 1 + draw_text(a, 0, width + 1, STYLE_TEXT, padded(s, FIELD_VOLUME, text).s) + 2;
    if (a->w - x - 2 >= 6)
        bar_draw(a, 0, x, a->w - x - 2, s->view->now.glyph,
                 ratio > 0.9 ? STYLE_WARN : STYLE_SERIES_1, ratio);
}

/* Whether it has moved anything since the session began; the rate tells where there is no total. */
static bool has_moved(struct scene *s, actop_metric total, actop_metric rate, uint32_t row)
{
    struct value v = scene_value(s, total, row);
    if (!v.has)
        v = scene_value(s, rate, row);
    return v.has && v.now > 0;
}

/* First what has moved anything, hardware before tunnels and loopback, which the totals above leave out; last what is
 * down. A row changes its place only when it moves its first byte or goes down. */
static int interface_class(struct scene *s, uint32_t row)
{
    struct value up = scene_value(s, ACTOP_METRIC_IF_UP, row);
    struct value physical = scene_value(s, ACTOP_METRIC_IF_PHYSICAL, row);
    bool moved = has_moved(s, ACTOP_METRIC_IF_RX_BYTES, ACTOP_METRIC_IF_RX, row) ||
                 has_moved(s, ACTOP_METRIC_IF_TX_BYTES, ACTOP_METRIC_IF_TX, row);
    return (up.has && up.now < 1 ? 4 : 0) + (moved ? 0 : 2) +
           (physical.has && physical.now < 1 ? 1 : 0);
}

static int disk_class(struct scene *s, uint32_t row)
{
    bool moved = has_moved(s, ACTOP_METRIC_DISK_READ_BYTES, ACTOP_METRIC_DISK_ONE_READ, row) ||
                 has_moved(s, ACTOP_METRIC_DISK_WRITE_BYTES, ACTOP_METRIC_DISK_ONE_WRITE, row);
    return moved ? 0 : 1;
}

static void draw_io_rows(struct scene *s, const struct area *a, uint32_t arg)
{
    const struct io *io = &ios[arg];
    struct row_order order;
    int n = (int)scene_rows(s, io->scope);
    int all = n + (io->panel == PANEL_DISK ? (int)scene_rows(s, ACTOP_SCOPE_VOLUME) : 0);
    int first = list_scroll(s->view, io->panel, all, a->h);
    order_rows(s, (uint32_t)n, io->panel == PANEL_DISK ? disk_class : interface_class, &order);
    for (int y = 0; y < a->h && first + y < all; y++) {
        struct area line = area_part(a, y, 0, 1, a->w);
        if (first + y < n)
            draw_io_row(s, &line, io, row_at(&order, first + y));
        else
            draw_volume(s, &line, (uint32_t)(first + y - n));
    }
    draw_scrollbar(a, first, all);
}

static void io_items(struct scene *s, uint32_t which, struct items *out)
{
    const struct io *io = &ios[which];
    int rows = (int)scene_rows(s, io->scope);
    if (io->panel == PANEL_DISK)
        rows += (int)scene_rows(s, ACTOP_SCOPE_VOLUME);
    item_add(out, 0, 1, which, draw_io_headline);
    item_add_growing(out, 1, s->view->now.glyph == GLYPH_DOTS ? 1 : 2, 4, 3, which, draw_io_chart);
    if (rows > 0) /* not wanted but when zoomed, welcome where there is room to spare */
        item_add_list(out, 2, s->view->zoomed, s->view->zoomed ? rows : 0, rows, 6, which,
                      draw_io_rows);
}

void network_items(struct scene *s, int columns, struct items *out)
{
    (void)columns;
    io_items(s, 0, out);
}

void disk_items(struct scene *s, int columns, struct items *out)
{
    (void)columns;
    io_items(s, 1, out);
}
