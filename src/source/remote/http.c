/* SPDX-License-Identifier: MIT */
/* The client; see http.h. The body comes plain up to the end of the connection, or chunked (RFC 9112, 7.1). */
#include "source/remote/http.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/os.h"
#include "base/signals.h"

/* POSIX has it; some systems' headers do not, and there a closed socket may raise SIGPIPE. */
#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0
#endif

/* A server says nothing between two of its frames: silence is long only past any interval people use. */
enum { CONNECT_MS = 10000, HEAD_MS = 20000, SILENCE_MS = 180000, BUFFER = 8192, HEAD_MOST = 16384 };

struct http {
    int fd, stop_fd;
    bool chunked, ended;
    bool first_chunk;
    size_t left; /* of the chunk */
    size_t at, n;
    char bytes[BUFFER];
};

/* ---- where to ---- */

static bool copy_part(char *into, size_t cap, const char *from, size_t n)
{
    if (n == 0 || n >= cap)
        return false;
    memcpy(into, from, n);
    into[n] = '\0';
    return true;
}

static bool is_plain(const char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text <= ' ' || *text == 0x7f)
            return false;
    return true;
}

actop_status http_parse_target(const char *text, struct http_target *out, actop_error *err)
{
    memset(out, 0, sizeof *out);
    const char *host = text + strlen("http://");
    bool ours = strncmp(text, "http://", strlen("http://")) == 0;
    out->brackets = ours && host[0] == '[';
    host += out->brackets;
    const char *end = !ours ? NULL : strchr(host, out->brackets ? ']' : ':');
    const char *port = end == NULL ? NULL : end + out->brackets;
    size_t digits = port == NULL || *port != ':' ? 0 : strspn(port + 1, "0123456789");
    bool well = digits > 0 && digits < 6 &&
                (port[1 + digits] == '\0' || strcmp(port + 1 + digits, "/") == 0) &&
                copy_part(out->host, sizeof out->host, host, (size_t)(end - host)) &&
                copy_part(out->port, sizeof out->port, port + 1, digits) && is_plain(out->host);
    if (!well || strtol(out->port, NULL, 10) < 1 || strtol(out->port, NULL, 10) > 65535)
        return error_set(err, ACTOP_E_ARGUMENT, "'%s' is no address like http://HOST:PORT", text);
    return ACTOP_OK;
}

actop_status http_read_token(const char *path, struct http_target *out, actop_error *err)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK); /* never wait for a pipe */
    if (fd < 0)
        return error_errno(err, errno, "%s", path);
    bool known = fstat(fd, &st) == 0;
    bool plain = known && S_ISREG(st.st_mode);
    ssize_t n = plain ? read(fd, out->token, sizeof out->token - 1) : known ? 0 : -1;
    int failed = errno;
    (void)close(fd);
    if (n < 0)
        return error_errno(err, failed, "%s", path);
    if (!plain)
        return error_set(err, ACTOP_E_ARGUMENT, "%s: not a plain file", path);
    out->token[n] = '\0';
    out->token[strcspn(out->token, "\r\n")] = '\0';
    if ((st.st_mode & 077) != 0)
        return error_set(err, ACTOP_E_ARGUMENT,
                         "%s: others can read the token: its mode must be 0600", path);
    if (out->token[0] == '\0' || !is_plain(out->token))
        return error_set(err, ACTOP_E_ARGUMENT, "%s: holds no token", path);
    return ACTOP_OK;
}

/* ---- waiting ---- */

/* Wait for the socket. 0, or an errno. */
static int wait_for(int fd, int stop_fd, short events, int timeout_ms)
{
    struct pollfd fds[2] = {{.fd = fd, .events = events}, {.fd = stop_fd, .events = POLLIN}};
    int64_t deadline_ns = os_awake_ns() + (int64_t)timeout_ms * 1000000;
    for (;;) {
        int64_t left_ms = (deadline_ns - os_awake_ns()) / 1000000;
        int got = poll(fds, 2, left_ms < 0 ? 0 : (int)left_ms);
        if (got < 0 && errno != EINTR)
            return errno;
        if (signals_ended() != 0 || (got > 0 && fds[1].revents != 0))
            return ECANCELED;
        if (got > 0)
            return 0;
        if (got == 0)
            return ETIMEDOUT;
    }
}

bool http_pause(int stop_fd, int timeout_ms)
{
    return wait_for(-1, stop_fd, 0, timeout_ms) == ETIMEDOUT;
}

/* ---- connecting ---- */

static int connect_to(const struct addrinfo *a, int stop_fd, int *out)
{
    int fd = os_socket(a->ai_family, a->ai_socktype, a->ai_protocol);
    if (fd < 0)
        return errno;
    int failed = 0;
    socklen_t n = sizeof failed;
    if (connect(fd, a->ai_addr, a->ai_addrlen) != 0 && errno != EINPROGRESS)
        failed = errno;
    if (failed == 0)
        failed = wait_for(fd, stop_fd, POLLOUT, CONNECT_MS);
    if (failed == 0 && getsockopt(fd, SOL_SOCKET, SO_ERROR, &failed, &n) != 0)
        failed = errno;
    if (failed != 0) {
        (void)close(fd);
        return failed;
    }
    *out = fd;
    return 0;
}

static actop_status stopped(actop_error *err)
{
    return error_set(err, ACTOP_E_STATE, "stopped");
}

static actop_status open_socket(const struct http_target *t, int stop_fd, int *out,
                                actop_error *err)
{
    struct addrinfo want = {
        .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    struct addrinfo *found = NULL; /* owned */
    int why = getaddrinfo(t->host, t->port, &want, &found);
    if (why != 0)
        return error_set(err, ACTOP_E_NOT_FOUND, "%s: %s", t->host, gai_strerror(why));
    int failed = ECONNREFUSED;
    for (const struct addrinfo *a = found; a != NULL && failed != 0 && failed != ECANCELED;
         a = a->ai_next)
        failed = connect_to(a, stop_fd, out);
    freeaddrinfo(found);
    if (failed == ECANCELED)
        return stopped(err);
    return failed == 0 ? ACTOP_OK : error_errno(err, failed, "http://%s:%s", t->host, t->port);
}

/* ---- asking ---- */

/* Write all; MSG_NOSIGNAL because a server that is gone must not end the program. */
static int send_all(struct http *h, const char *bytes, size_t n)
{
    while (n > 0) {
        int failed = wait_for(h->fd, h->stop_fd, POLLOUT, HEAD_MS);
        if (failed != 0)
            return failed;
        ssize_t sent = send(h->fd, bytes, n, MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN && errno != EINTR)
            return errno;
        bytes += sent < 0 ? 0 : sent;
        n -= sent < 0 ? 0 : (size_t)sent;
    }
    return 0;
}

static int send_request(struct http *h, const struct http_target *t, const char *path)
{
    char text[2048];
    bool token = t->token[0] != '\0';
    int n = snprintf(
        text, sizeof text,
        "GET %s HTTP/1.1\r\nHost: %s%s%s:%s\r\nUser-Agent: actop/%s\r\nAccept: */*\r\n%s%s%sConnection: "
        "close\r\n\r\n",
        path, t->brackets ? "[" : "", t->host, t->brackets ? "]" : "", t->port, ACTOP_VERSION,
        token ? "Authorization: Bearer " : "", t->token, token ? "\r\n" : "");
    return n > 0 && (size_t)n < sizeof text ? send_all(h, text, (size_t)n) : EMSGSIZE;
}

/* ---- reading ---- */

/* Have at least one byte in the buffer. 0, an errno, or -1 at the end of the connection. */
static int fill(struct http *h, int timeout_ms)
{
    while (h->at == h->n) {
        int failed = wait_for(h->fd, h->stop_fd, POLLIN, timeout_ms);
        if (failed != 0)
            return failed;
        ssize_t got = recv(h->fd, h->bytes, sizeof h->bytes, 0);
        if (got == 0)
            return -1;
        if (got < 0 && errno != EAGAIN && errno != EINTR)
            return errno;
        h->at = 0;
        h->n = got < 0 ? 0 : (size_t)got;
    }
    return 0;
}

/* One line without its line end, cut to size; *total counts bytes of the head. 0, an errno, or -1. */
static int read_line(struct http *h, char *line, size_t size, size_t *total)
{
    size_t n = 0;
    for (;;) {
        int failed = fill(h, HEAD_MS);
        if (failed != 0)
            return failed;
        char c = h->bytes[h->at++];
        if (++*total > HEAD_MOST)
            return EPROTO;
        if (c == '\n')
            break;
        if (n + 1 < size)
            line[n++] = c;
    }
    n -= n > 0 && line[n - 1] == '\r';
    line[n] = '\0';
    return 0;
}

static bool starts_with(const char *text, const char *word)
{
    size_t n = strlen(word);
    for (size_t i = 0; i < n; i++)
        if ((text[i] | 0x20) != word[i])
            return false;
    return true;
}

static actop_status status_of(int code)
{
    switch (code) {
    case 200:
        return ACTOP_OK;
    case 401:
    case 403:
        return ACTOP_E_DENIED;
    case 404:
        return ACTOP_E_NOT_FOUND;
    case 503:
        return ACTOP_E_BUSY;
    default:
        return ACTOP_E_IO;
    }
}

static actop_status read_head(struct http *h, const struct http_target *t, actop_error *err)
{
    char line[512];
    size_t total = 0;
    int code = 0;
    int failed = read_line(h, line, sizeof line, &total);
    if (failed == 0 &&
        (strncmp(line, "HTTP/1.", 7) != 0 || sscanf(line + 7, "%*c %3d", &code) != 1))
        failed = EPROTO;
    while (failed == 0 && (failed = read_line(h, line, sizeof line, &total)) == 0 &&
           line[0] != '\0')
        if (starts_with(line, "transfer-encoding:"))
            h->chunked = strstr(line, "chunked") != NULL;
    if (failed == ECANCELED)
        return stopped(err);
    if (failed == EPROTO)
        return error_set(err, ACTOP_E_FORMAT, "http://%s:%s: the answer is no HTTP", t->host,
                         t->port);
    if (failed != 0)
        return failed > 0 ? error_errno(err, failed, "http://%s:%s", t->host, t->port)
                          : error_set(err, ACTOP_E_IO, "http://%s:%s: closed before it answered",
                                      t->host, t->port);
    actop_status st = status_of(code);
    if (st == ACTOP_OK)
        return st;
    return error_set(err, st, "http://%s:%s: answers with status %d%s", t->host, t->port, code,
                     code == 401   ? ": it asks for a token"
                     : code == 404 ? ": it gives no frames"
                                   : "");
}

actop_status http_get(const struct http_target *t, const char *path, int stop_fd, struct http **out,
                      actop_error *err)
{
    struct http *h = calloc(1, sizeof *h);
    if (h == NULL)
        return error_no_memory(err, "the remote source");
    h->fd = -1;
    h->stop_fd = stop_fd;
    h->first_chunk = true;
    actop_status st = open_socket(t, stop_fd, &h->fd, err);
    if (st == ACTOP_OK) {
        int failed = send_request(h, t, path);
        if (failed != 0)
            st = failed == ECANCELED ? stopped(err)
                                     : error_errno(err, failed, "http://%s:%s", t->host, t->port);
    }
    if (st == ACTOP_OK)
        st = read_head(h, t, err);
    if (st != ACTOP_OK) {
        http_close(h);
        return st;
    }
    *out = h;
    return ACTOP_OK;
}

/* The line before a chunk: its size in hex. 0, an errno, or -1. */
static int next_chunk(struct http *h)
{
    char line[64];
    char *end = line;
    size_t total = 0;
    int failed = h->first_chunk ? 0
                                : read_line(h, line, sizeof line, &total); /* ends the last one */
    h->first_chunk = false;
    /* Between two chunks the server waits for its next frame. */
    if (failed == 0)
        failed = fill(h, SILENCE_MS);
    if (failed == 0)
        failed = read_line(h, line, sizeof line, &total);
    if (failed != 0)
        return failed;
    unsigned long size = strtoul(line, &end, 16);
    if (end == line || line[0] == '-' || size > (1ul << 30))
        return EPROTO;
    h->left = size;
    h->ended = size == 0;
    return 0;
}

ssize_t http_read(struct http *h, void *bytes, size_t n)
{
    int failed = 0;
    if (h->chunked && h->left == 0 && !h->ended)
        failed = next_chunk(h);
    if (failed == 0 && !h->ended)
        failed = fill(h, SILENCE_MS);
    if (h->ended || failed == -1)
        return 0;
    if (failed != 0) {
        errno = failed;
        return -1;
    }
    n = n < h->n - h->at ? n : h->n - h->at;
    if (h->chunked) {
        n = n < h->left ? n : h->left;
        h->left -= n;
    }
    memcpy(bytes, h->bytes + h->at, n);
    h->at += n;
    return (ssize_t)n;
}

void http_close(struct http *h)
{
    if (h == NULL)
        return;
    if (h->fd >= 0)
        (void)close(h->fd);
    free(h);
}
