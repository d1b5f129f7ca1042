/* SPDX-License-Identifier: MIT */
/* Parsers of the source's text files; see parse.h. Those of processes stand in parse_pid.c. */
#define _GNU_SOURCE /* memrchr */
#include "source/linux/parse.h"

#include <string.h>

#include "source/linux/scan.h"

bool span_is(struct span s, const char *text)
{
    return strlen(text) == s.n && memcmp(s.at, text, s.n) == 0;
}

static bool span_starts(struct span s, const char *text, struct span *rest)
{
    size_t n = strlen(text);
    if (s.n < n || memcmp(s.at, text, n) != 0)
        return false;
    *rest = (struct span){s.at + n, s.n - n};
    return true;
}

/* The word at *at, which moves behind it; empty at the end of the line. */
static struct span take_word(const char **at)
{
    scan_blanks(at);
    struct span s = {*at, scan_word(*at)};
    *at += s.n;
    return s;
}

/* Move to the next line, or to the end. */
static void end_line(const char **at)
{
    (void)scan_next_line(at);
}

/* ---- /proc/net/dev ------------------------------------------------------------------------------------------------ */

/* The name may hold a colon (an alias, "eth0:1"); the one that ends it is followed by the first counter. Old kernels
 * leave no blank between the two. */
static bool net_dev_line(const char *p, struct net_dev *out)
{
    scan_blanks(&p);
    size_t line = strcspn(p, "\n");
    const char *colon = memrchr(p, ':', line);
    if (colon == NULL || colon == p)
        return false;
    out->name = (struct span){p, (size_t)(colon - p)};
    p = colon + 1;
    uint64_t field[16];
    for (size_t i = 0; i < 16; i++)
        if (!scan_u64(&p, &field[i]))
            return false;
    out->rx_bytes = field[0];
    out->rx_packets = field[1];
    out->rx_errors = field[2];
    out->tx_bytes = field[8];
    out->tx_packets = field[9];
    out->tx_errors = field[10];
    return true;
}

bool parse_net_dev(const char **at, struct net_dev *out)
{
    while (**at != '\0') {
        const char *p = *at;
        end_line(at);
        if (net_dev_line(p, out))
            return true;
    }
    return false;
}

/* ---- /proc/diskstats ----------------------------------------------------------------------------------------------- */

static bool disk_stat_line(const char *p, struct disk_stat *out)
{
    uint64_t field[10];
    if (!scan_u64(&p, &out->major) || !scan_u64(&p, &out->minor))
        return false;
    out->name = take_word(&p);
    if (out->name.n == 0)
        return false;
    for (size_t i = 0; i < 10; i++)
        if (!scan_u64(&p, &field[i]))
            return false;
    out->reads = field[0];
    out->read_sectors = field[2];
    out->writes = field[4];
    out->written_sectors = field[6];
    out->busy_ms = field[9];
    return true;
}

bool parse_disk_stat(const char **at, struct disk_stat *out)
{
    while (**at != '\0') {
        const char *p = *at;
        end_line(at);
        if (disk_stat_line(p, out))
            return true;
    }
    return false;
}

/* ---- /proc/self/mountinfo ------------------------------------------------------------------------------------------ */

/* id parent major:minor root point options [optional…] - type device super-options */
static bool mount_line(const char *p, struct mount *out)
{
    if (!scan_u64(&p, &out->id) || !scan_u64(&p, &out->parent) || !scan_u64(&p, &out->major) ||
        *p++ != ':' || !scan_u64(&p, &out->minor))
        return false;
    out->root = take_word(&p);
    out->point = take_word(&p);
    (void)take_word(&p);
    struct span word;
    do
        word = take_word(&p);
    while (word.n > 0 && !span_is(word, "-"));
    out->type = take_word(&p);
    out->device = take_word(&p);
    return out->point.n > 0 && out->type.n > 0;
}

bool parse_mount(const char **at, struct mount *out)
{
    while (**at != '\0') {
        const char *p = *at;
        end_line(at);
        if (mount_line(p, out))
            return true;
    }
    return false;
}

static bool is_octal(const char *p)
{
    return p[0] >= '0' && p[0] <= '3' && p[1] >= '0' && p[1] <= '7' && p[2] >= '0' && p[2] <= '7';
}

size_t parse_unescape(char *out, size_t size, struct span s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n && n + 1 < size; n++) {
        const char *p = s.at + i;
        if (*p == '\\' && s.n - i >= 4 && is_octal(p + 1)) {
            out[n] = (char)((p[1] - '0') * 64 + (p[2] - '0') * 8 + (p[3] - '0'));
            i += 4;
        } else {
            out[n] = *p;
            i++;
        }
    }
    out[n] = '\0';
    return n;
}

/* ---- uevent --------------------------------------------------------------------------------------------------------- */

bool parse_uevent(const char **at, struct span *key, struct span *value)
{
    while (**at != '\0') {
        const char *p = *at;
        end_line(at);
        size_t n = strcspn(p, "=\n");
        if (n == 0 || p[n] != '=')
            continue;
        *key = (struct span){p, n};
        *value = (struct span){p + n + 1, strcspn(p + n + 1, "\n")};
        return true;
    }
    return false;
}

/* ---- DRM fdinfo ------------------------------------------------------------------------------------------------------- */

static uint64_t saturating_add(uint64_t a, uint64_t b)
{
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

/* "123 KiB": bytes when no unit stands there (documented). */
static bool memory_value(const char *p, uint64_t *bytes)
{
    if (!scan_u64(&p, bytes))
        return false;
    struct span unit = take_word(&p);
    unsigned shift = span_is(unit, "KiB") ? 10 : span_is(unit, "MiB") ? 20 : 0;
    *bytes = *bytes > UINT64_MAX >> shift ? UINT64_MAX : *bytes << shift;
    return true;
}

/* Wordings of memory, best first; drm-shared-, drm-active- and drm-purgeable- are parts of these. */
static const char *const memory_words[] = {"drm-resident-", "drm-memory-", "drm-total-"};
enum { MEMORY_WORDS = sizeof memory_words / sizeof *memory_words };

struct drm_sums {
    uint64_t memory[MEMORY_WORDS];
    bool has[MEMORY_WORDS];
    bool has_cycles, has_clock;
};

/* drm-cycles-CLASS are summed as engine time is; drm-total-cycles-CLASS is one clock, whatever the class (documented: xe's
 * drm-usage-stats), read anew for each line by some versions: the last reading counts. */
static bool drm_cycles(struct span key, const char *value, struct drm_client *out,
                       struct drm_sums *sums)
{
    struct span rest;
    uint64_t v;
    bool is_clock = span_starts(key, "drm-total-cycles-", &rest);
    if (!is_clock && !span_starts(key, "drm-cycles-", &rest))
        return false;
    if (!scan_u64(&value, &v))
        return true;
    if (is_clock) {
        out->clock = v > out->clock ? v : out->clock;
        sums->has_clock = true;
    } else {
        out->cycles = saturating_add(out->cycles, v);
        sums->has_cycles = true;
    }
    return true;
}

static void drm_numbers(struct span key, const char *value, struct drm_client *out,
                        struct drm_sums *sums)
{
    struct span rest;
    uint64_t v;
    if (span_starts(key, "drm-engine-capacity-", &rest) || drm_cycles(key, value, out, sums))
        return;
    if (span_starts(key, "drm-engine-", &rest)) {
        if (scan_u64(&value, &v)) {
            out->busy_ns = saturating_add(out->busy_ns, v);
            out->has_busy = true;
        }
        return;
    }
    for (size_t i = 0; i < MEMORY_WORDS; i++) {
        if (span_starts(key, memory_words[i], &rest) && memory_value(value, &v)) {
            sums->memory[i] = saturating_add(sums->memory[i], v);
            sums->has[i] = true;
        }
    }
}

void parse_drm_fdinfo(const char *text, struct drm_client *out)
{
    struct drm_sums sums = {{0}, {false}, false, false};
    memset(out, 0, sizeof *out);
    for (const char *at = text; *at != '\0'; end_line(&at)) {
        size_t n = strcspn(at, ":\n");
        if (at[n] != ':')
            continue;
        struct span key = {at, n};
        const char *value = at + n + 1;
        if (span_is(key, "drm-driver")) {
            out->is_drm = true;
            out->driver = take_word(&value);
        } else if (span_is(key, "drm-pdev")) {
            out->device = take_word(&value);
        } else if (span_is(key, "drm-client-id")) {
            out->is_drm = true;
            out->has_id = scan_u64(&value, &out->id);
        } else {
            drm_numbers(key, value, out, &sums);
        }
    }
    out->has_cycles = sums.has_cycles && sums.has_clock;
    for (size_t i = 0; i < MEMORY_WORDS && !out->has_memory; i++) {
        out->has_memory = sums.has[i];
        out->memory_b = sums.memory[i];
    }
}

/* ---- /etc/passwd, cgroups ----------------------------------------------------------------------------------------------- */

bool parse_passwd(const char **at, struct span *name, uint64_t *uid)
{
    while (**at != '\0') {
        const char *p = *at;
        end_line(at);
        size_t n = strcspn(p, ":\n");
        if (n == 0 || p[n] != ':')
            continue;
        *name = (struct span){p, n};
        p += n + 1;
        p += strcspn(p, ":\n");
        if (*p++ == ':' && scan_u64(&p, uid) && *p == ':')
            return true;
    }
    return false;
}

/* True when a comma-separated list has the word. */
static bool list_has(struct span list, const char *word)
{
    while (list.n > 0) {
        const char *comma = memchr(list.at, ',', list.n);
        size_t n = comma == NULL ? list.n : (size_t)(comma - list.at);
        if (span_is((struct span){list.at, n}, word))
            return true;
        size_t used = comma == NULL ? n : n + 1;
        list = (struct span){list.at + used, list.n - used};
    }
    return false;
}

bool parse_cgroup_path(const char *text, const char *controller, struct span *path)
{
    for (const char *at = text; *at != '\0'; end_line(&at)) {
        const char *p = at;
        uint64_t id;
        if (!scan_u64(&p, &id) || *p++ != ':')
            continue;
        struct span list = {p, strcspn(p, ":\n")};
        p += list.n;
        if (*p++ != ':')
            continue;
        *path = (struct span){p, strcspn(p, "\n")};
        if (controller == NULL ? (id == 0 && list.n == 0) : list_has(list, controller))
            return true;
    }
    return false;
}
