/* SPDX-License-Identifier: MIT */
/* One HTTP/1.1 GET over plain TCP, read as it comes: all that a remote source needs. No TLS, no redirects, no keep-alive.
 * Everything waits in poll(2), so that another thread can end it through a pipe, and nothing waits for ever. */
#ifndef SOURCE_REMOTE_HTTP_H
#define SOURCE_REMOTE_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include <actop/types.h>

/* Where to: the parts of "http://HOST:PORT". */
struct http_target {
    char host[256]; /* without the brackets of an IPv6 address */
    char port[8];
    bool brackets;  /* it had some */
    char token[512]; /* bearer token; "" for none */
};

/* E_ARGUMENT with a sentence when text is no such address. */
actop_status http_parse_target(const char *text, struct http_target *out, actop_error *err);

/* Read the bearer token: the first line of a file that others may not read. */
actop_status http_read_token(const char *path, struct http_target *out, actop_error *err);

struct http;

/* Ask for a path and read the head of the answer. stop_fd ends all waiting when it becomes readable (E_STATE). OK only for
 * status 200; E_DENIED for 401 and 403; E_NOT_FOUND for 404; E_BUSY for 503; E_IO for others and for what failed;
 * E_FORMAT for what is no HTTP. */
actop_status http_get(const struct http_target *target, const char *path, int stop_fd, struct http **out,
                      actop_error *err);

/* More of the body, like read(2): 0 at its end, -1 with errno; ECANCELED when stopped, ETIMEDOUT after long silence, EPROTO
 * for what is no HTTP. */
ssize_t http_read(struct http *h, void *bytes, size_t n);
void http_close(struct http *h); /* accepts NULL */

/* Wait; false when stop_fd became readable or the program was asked to end. */
bool http_pause(int stop_fd, int timeout_ms);

#endif
