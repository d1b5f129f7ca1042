/* SPDX-License-Identifier: MIT */
/* Parsers of what is read of every process in every tick, and of the names and values that several files share; see
 * parse.h. Written, and compiled, for speed. */
#define _GNU_SOURCE /* memrchr */
#include <string.h>

#include "source/linux/parse.h"
#include "source/linux/scan.h"

/* ---- /proc/PID/stat --------------------------------------------------------------------------------------------- */

/* Pass over n numbers of any sign. */
static bool skip_fields(const char **at, unsigned n)
{
    const char *p = *at;
    for (; n > 0; n--) {
        if (*p != ' ')
            return false;
        do
            p++;
        while ((*p >= '0' && *p <= '9') || *p == '-');
    }
    *at = p;
    return true;
}

bool parse_pid_stat(const char *text, size_t n, struct pid_stat *out)
{
    const char *p = text;
    const char *close = memrchr(text, ')', n);
    if (close == NULL || !scan_u64(&p, &out->pid) || p[0] != ' ' || p[1] != '(' || close < p + 2)
        return false;
    out->name = (struct span){p + 2, (size_t)(close - p - 2)};
    if (close[1] != ' ' || close[2] < 'A' || close[2] > 'z')
        return false;
    out->state = close[2];
    p = close + 3;
    int64_t rss = 0, cutime = 0, cstime = 0;
    bool ok = scan_u64(&p, &out->ppid) && skip_fields(&p, 4)     /* pgrp session tty tpgid */
              && scan_u64(&p, &out->flags) && skip_fields(&p, 4) /* minflt cminflt majflt cmajflt */
              && scan_u64(&p, &out->utime) && scan_u64(&p, &out->stime) && scan_i64(&p, &cutime) &&
              scan_i64(&p, &cstime) && skip_fields(&p, 2)          /* priority nice */
              && scan_u64(&p, &out->threads) && skip_fields(&p, 1) /* itrealvalue */
              && scan_u64(&p, &out->start) && skip_fields(&p, 1)   /* vsize */
              && scan_i64(&p, &rss);
    out->children = (cutime > 0 ? (uint64_t)cutime : 0) + (cstime > 0 ? (uint64_t)cstime : 0);
    out->rss_pages = rss > 0 ? (uint64_t)rss : 0;
    out->exit_signal = 0;
    if (ok && skip_fields(&p, 13)) /* rsslim … wchan nswap cnswap: a very old kernel ends here */
        (void)scan_i64(&p, &out->exit_signal);
    return ok;
}

/* ---- name and value ----------------------------------------------------------------------------------------------- */

bool parse_pair(const char **at, struct span *name, uint64_t *value)
{
    while (**at != '\0') {
        const char *p = *at;
        size_t n = strcspn(p, ": \t\n");
        *name = (struct span){p, n};
        p += n;
        p += *p == ':' ? 1 : 0;
        bool ok = n > 0 && scan_u64(&p, value);
        (void)scan_next_line(&p);
        *at = p;
        if (ok)
            return true;
    }
    return false;
}

bool parse_pid_io(const char *text, struct pid_io *out)
{
    struct span name;
    uint64_t value;
    bool has_read = false, has_written = false;
    while (parse_pair(&text, &name, &value)) {
        if (span_is(name, "read_bytes")) {
            out->read_b = value;
            has_read = true;
        } else if (span_is(name, "write_bytes")) {
            out->written_b = value;
            has_written = true;
        }
    }
    return has_read && has_written;
}
