/* SPDX-License-Identifier: MIT */
/* Reads request heads; see request.h. What a lenient server lets pass and another one reads differently — bare line
 * feeds, folded lines, blanks before a colon, two Hosts, a body announced twice — is refused (400). */
#include "serve/request.h"

#include <string.h>

/* ---- Characters ---------------------------------------------------------------------------------------------------- */

static bool is_token(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

/* Printable ASCII, and bytes of UTF-8 in header values. */
static bool is_text(char c)
{
    return c == '\t' || ((unsigned char)c >= 0x20 && c != 0x7f);
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Is text[0..n) this word, in any case? */
static bool is_word(const char *text, size_t n, const char *word)
{
    if (strlen(word) != n)
        return false;
    for (size_t i = 0; i < n; i++)
        if (lower(text[i]) != word[i])
            return false;
    return true;
}

static void keep(char *into, size_t size, const char *text, size_t n)
{
    if (n >= size)
        n = 0;
    memcpy(into, text, n);
    into[n] = '\0';
}

/* ---- Lists: Accept, Accept-Encoding, Connection ----------------------------------------------------------------------- */

struct item {
    const char *text;
    size_t n;
    double q;
};

static void trim(const char **text, size_t *n)
{
    while (*n > 0 && ((*text)[0] == ' ' || (*text)[0] == '\t')) {
        (*text)++;
        (*n)--;
    }
    while (*n > 0 && ((*text)[*n - 1] == ' ' || (*text)[*n - 1] == '\t'))
        (*n)--;
}

/* "0.75" as RFC 9110 allows it; what is not a quality counts as 0: it is safer not to give. */
static double quality(const char *text, size_t n)
{
    double q = 0, part = 0.1;
    if (n == 0 || n > 5 || (text[0] != '0' && text[0] != '1') || (n > 1 && text[1] != '.'))
        return 0;
    q = text[0] - '0';
    for (size_t i = 2; i < n; i++, part /= 10) {
        if (text[i] < '0' || text[i] > '9')
            return 0;
        q += part * (text[i] - '0');
    }
    return q > 1 ? 0 : q;
}

/* The quality among an item's parameters; 1 without one. */
static double item_quality(const char *parameters, size_t n)
{
    while (n > 0) {
        const char *semicolon = memchr(parameters, ';', n);
        const char *text = parameters;
        size_t length = semicolon != NULL ? (size_t)(semicolon - parameters) : n;
        n -= length + (semicolon != NULL);
        parameters += length + (semicolon != NULL);
        trim(&text, &length);
        if (length >= 2 && lower(text[0]) == 'q' && text[1] == '=')
            return quality(text + 2, length - 2);
    }
    return 1;
}

/* The next item of a list separated by commas; false at its end. */
static bool next_item(const char **list, size_t *n, struct item *out)
{
    if (*n == 0)
        return false;
    const char *comma = memchr(*list, ',', *n);
    size_t length = comma != NULL ? (size_t)(comma - *list) : *n;
    const char *semicolon = memchr(*list, ';', length);
    size_t name = semicolon != NULL ? (size_t)(semicolon - *list) : length;
    *out = (struct item){*list, name, 1};
    if (semicolon != NULL)
        out->q = item_quality(semicolon + 1, length - name - 1);
    trim(&out->text, &out->n);
    *n -= length + (comma != NULL);
    *list += length + (comma != NULL);
    return true;
}

static void read_accept(struct request *r, const char *value, size_t n)
{
    struct item item;
    while (next_item(&value, &n, &item)) {
        if (is_word(item.text, item.n, "application/openmetrics-text") && item.q > r->q_openmetrics)
            r->q_openmetrics = item.q;
        if (is_word(item.text, item.n, "text/plain") && item.q > r->q_plain)
            r->q_plain = item.q;
    }
    r->openmetrics = r->q_openmetrics > 0 && r->q_openmetrics >= r->q_plain;
}

static void read_encodings(struct request *r, const char *value, size_t n)
{
    struct item item;
    while (next_item(&value, &n, &item))
        if (is_word(item.text, item.n, "gzip"))
            r->gzip = item.q > 0;
}

static void read_connection(struct request *r, const char *value, size_t n)
{
    struct item item;
    while (next_item(&value, &n, &item)) {
        if (is_word(item.text, item.n, "close"))
            r->keep_alive = false;
        if (is_word(item.text, item.n, "keep-alive"))
            r->keep_alive = true;
    }
}

/* ---- Host ---------------------------------------------------------------------------------------------------------------- */

/* "name", "name:port", "[::1]", "[::1]:port"; the name is kept. */
static bool read_host(struct request *r, const char *value, size_t n)
{
    const char *end = n > 0 && value[0] == '[' ? memchr(value, ']', n) : memchr(value, ':', n);
    if (n > 0 && value[0] == '[') {
        if (end == NULL)
            return false;
        end++;
    }
    size_t name = end != NULL ? (size_t)(end - value) : n;
    const char *port = value + name;
    if (name == 0 || name >= sizeof r->host || (name < n && (*port != ':' || n - name > 6)))
        return false;
    for (size_t i = 1; i < n - name; i++)
        if (port[i] < '0' || port[i] > '9')
            return false;
    for (size_t i = 0; i < name; i++)
        if (!is_token(value[i]) && strchr("[]:", value[i]) == NULL)
            return false;
    keep(r->host, sizeof r->host, value, name);
    return true;
}

/* ---- Header fields --------------------------------------------------------------------------------------------------------- */

struct seen {
    int hosts, headers;
    bool length;
};

/* A body is not wanted: one that is announced is refused before it comes. */
static int read_length(struct seen *seen, const char *value, size_t n)
{
    if (seen->length || n == 0 || n > 18)
        return 400;
    seen->length = true;
    for (size_t i = 0; i < n; i++)
        if (value[i] < '0' || value[i] > '9')
            return 400;
    for (size_t i = 0; i < n; i++)
        if (value[i] != '0')
            return 413;
    return 200;
}

/* Of an absolute target the host stands already: then both have to say the same. */
static int read_host_field(struct request *r, struct seen *seen, const char *value, size_t n)
{
    char before[REQUEST_TEXT];
    memcpy(before, r->host, sizeof before);
    if (++seen->hosts > 1 || !read_host(r, value, n))
        return 400;
    return before[0] == '\0' || strcmp(before, r->host) == 0 ? 200 : 400;
}

static int read_field(struct request *r, struct seen *seen, const char *name, size_t n,
                      const char *value, size_t length)
{
    if (is_word(name, n, "host"))
        return read_host_field(r, seen, value, length);
    if (is_word(name, n, "transfer-encoding"))
        return 400;
    if (is_word(name, n, "content-length"))
        return read_length(seen, value, length);
    if (is_word(name, n, "expect"))
        return 417;
    if (is_word(name, n, "accept"))
        read_accept(r, value, length);
    else if (is_word(name, n, "accept-encoding"))
        read_encodings(r, value, length);
    else if (is_word(name, n, "connection"))
        read_connection(r, value, length);
    else if (is_word(name, n, "authorization"))
        keep(r->authorization, sizeof r->authorization, value, length);
    else if (is_word(name, n, "last-event-id"))
        keep(r->last_event_id, sizeof r->last_event_id, value, length);
    else if (is_word(name, n, "sec-fetch-site"))
        r->cross_site = r->cross_site || is_word(value, length, "cross-site");
    return 200;
}

/* One line of the head, without its end. */
static int read_line(struct request *r, struct seen *seen, const char *line, size_t n)
{
    const char *colon = memchr(line, ':', n);
    if (colon == NULL || colon == line || ++seen->headers > REQUEST_HEADERS)
        return colon != NULL && colon != line ? 431 : 400;
    size_t name = (size_t)(colon - line);
    for (size_t i = 0; i < name; i++) /* also a folded line, and a blank before the colon */
        if (!is_token(line[i]))
            return 400;
    const char *value = colon + 1;
    size_t length = n - name - 1;
    trim(&value, &length);
    return read_field(r, seen, line, name, value, length);
}

/* ---- The request line ------------------------------------------------------------------------------------------------------- */

static int read_version(struct request *r, const char *text, size_t n)
{
    if (n != 8 || memcmp(text, "HTTP/1.", 7) != 0 || text[7] < '0' || text[7] > '9')
        return 400;
    r->keep_alive = text[7] != '0';
    return 200;
}

/* A target names its server only when it is absolute. */
static int read_target(struct request *r, const char *target, size_t n)
{
    static const char scheme[] = "http://";
    size_t m = sizeof scheme - 1;
    if (n > m && is_word(target, m, scheme)) {
        const char *slash = memchr(target + m, '/', n - m);
        size_t authority = (slash != NULL ? (size_t)(slash - target) : n) - m;
        if (slash == NULL || !read_host(r, target + m, authority))
            return 400;
        n -= (size_t)(slash - target);
        target = slash;
    }
    if (n == 0 || target[0] != '/')
        return 400;
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)target[i] <= 0x20 || (unsigned char)target[i] >= 0x7f ||
            target[i] == '#')
            return 400;
    const char *question = memchr(target, '?', n);
    size_t path = question != NULL ? (size_t)(question - target) : n;
    if (path >= sizeof r->path || n - path > sizeof r->query)
        return 414;
    keep(r->path, sizeof r->path, target, path);
    if (question != NULL)
        keep(r->query, sizeof r->query, question + 1, n - path - 1);
    return 200;
}

static int read_request_line(struct request *r, const char *line, size_t n)
{
    const char *blank = memchr(line, ' ', n);
    const char *end = line + n;
    size_t method = blank != NULL ? (size_t)(blank - line) : 0;
    if (method == 0 || method > 32)
        return 400;
    for (size_t i = 0; i < method; i++)
        if (!is_token(line[i]))
            return 400;
    const char *target = blank + 1;
    blank = memchr(target, ' ', (size_t)(end - target));
    if (blank == NULL || memchr(blank + 1, ' ', (size_t)(end - blank - 1)) != NULL)
        return 400;
    int status = read_version(r, blank + 1, (size_t)(end - blank - 1));
    if (status != 200)
        return status;
    r->head = method == 4 && memcmp(line, "HEAD", 4) == 0;
    if (!r->head && !(method == 3 && memcmp(line, "GET", 3) == 0))
        return 405;
    return read_target(r, target, (size_t)(blank - target));
}

/* ---- The head ---------------------------------------------------------------------------------------------------------------- */

/* End of the line that begins at `from`: the place of its CR. -1: not there yet, -2: a byte that may not be in a head. */
static long line_end(const char *bytes, size_t n, size_t from)
{
    for (size_t i = from; i < n; i++) {
        if (bytes[i] == '\r')
            return i + 1 == n ? -1 : bytes[i + 1] == '\n' ? (long)i : -2;
        if (!is_text(bytes[i]))
            return -2;
    }
    return -1;
}

static int finish(struct request *r, const struct seen *seen)
{
    return seen->hosts == 1 && r->host[0] != '\0' ? 200 : 400;
}

int request_read(const char *bytes, size_t n, struct request *out, size_t *used)
{
    struct seen seen = {0, 0, false};
    size_t at = n >= 2 && bytes[0] == '\r' && bytes[1] == '\n'
                    ? 2
                    : 0; /* RFC 9112 2.2: one empty line before */
    bool first = true;
    *out = (struct request){.keep_alive = true};
    for (;;) {
        long end = line_end(bytes, n, at);
        if (end == -2)
            return 400;
        if (end == -1)
            return n >= REQUEST_MOST ? first ? 414 : 431 : 0;
        size_t length = (size_t)end - at;
        if (!first && length == 0)
            break;
        int status = first ? read_request_line(out, bytes + at, length)
                           : read_line(out, &seen, bytes + at, length);
        if (status != 200)
            return status;
        at = (size_t)end + 2;
        first = false;
    }
    *used = (size_t)line_end(bytes, n, at) + 2;
    return finish(out, &seen);
}

long request_number(const struct request *r, const char *name, long fallback)
{
    size_t n = strlen(name);
    for (const char *at = r->query; *at != '\0';) {
        size_t length = strcspn(at, "&");
        if (length > n && at[n] == '=' && memcmp(at, name, n) == 0) {
            long value = 0;
            size_t i = n + 1;
            for (; i < length && at[i] >= '0' && at[i] <= '9' && value < 100000000; i++)
                value = value * 10 + (at[i] - '0');
            return i == length && length > n + 1 ? value : -1;
        }
        at += length + (at[length] == '&');
    }
    return fallback;
}
