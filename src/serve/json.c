/* SPDX-License-Identifier: MIT */
/* JSON pieces; see json.h. */
#include "serve/json.h"

#include <math.h>
#include <string.h>

void json_separator(struct buf *b)
{
    char last = b->len > 0 ? b->data[b->len - 1] : '{';
    if (last != '{' && last != '[')
        buf_putc(b, ',');
}

void json_key(struct buf *b, const char *key)
{
    json_separator(b);
    buf_putc(b, '"');
    buf_puts(b, key);
    buf_puts(b, "\":");
}

void json_number(struct buf *b, const char *key, double value)
{
    json_key(b, key);
    if (!isfinite(value))
        buf_puts(b, "null");
    else if (value > -1e15 && value < 1e15 && value - (double)(int64_t)value == 0)
        buf_put_i64(b, (int64_t)value);
    else
        buf_put_double(b, value);
}

void json_text(struct buf *b, const char *key, const actop_sample_t *s, actop_metric id)
{
    actop_reading r = actop_read(s, id, 0);
    json_key(b, key);
    if (actop_has_value(&r))
        buf_put_json(b, r.text, strlen(r.text));
    else
        buf_puts(b, "null");
}

double json_value(const actop_sample_t *s, actop_metric id, uint32_t row)
{
    actop_reading r = actop_read(s, id, row);
    return actop_has_value(&r) ? r.value : (double)NAN;
}
