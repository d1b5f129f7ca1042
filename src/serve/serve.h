/* SPDX-License-Identifier: MIT */
/* The HTTP server: metrics, samples, a stream and a small page, to a bounded number of clients.
 *
 * One thread runs the server on poll(2); a second one waits for samples and wakes it. Answers are made of the newest
 * published sample, without a lock held. It serves a session that is sampling in the background (actop_start). */
#ifndef SERVE_SERVE_H
#define SERVE_SERVE_H

#include <stdbool.h>

#include <actop/actop.h>

struct serve; /* opaque */

/* Strings and lists are borrowed until serve_close(). */
struct serve_options {
    int port;                  /* 0: any free one */
    const char *listen;        /* address, or a name: all of its addresses; NULL is 127.0.0.1 */
    int first_inherited;       /* sockets that are listening already (socket activation): the first descriptor */
    size_t n_inherited;        /* 0: none */
    const char *const *allow_hosts;
    size_t n_allow_hosts;
    const char *token_file;    /* NULL: no token is asked for */
    int64_t interval_ns;       /* of sampling: /healthz judges by it */
    bool processes, process_pids, cmdlines;
};

/* Bind and listen. E_BUSY: the port is in use. E_ARGUMENT, E_DENIED, E_IO, E_NOMEM with a sentence. */
actop_status serve_open(struct serve **out, actop_session *s, const struct serve_options *options, actop_error *err);
void serve_close(struct serve *sv); /* accepts NULL */

/* "http://127.0.0.1:9101/metrics"; several with " and " between them. Borrowed. */
const char *serve_url(const struct serve *sv);

/* True when others than this machine can reach it. */
bool serve_is_exposed(const struct serve *sv);

/* Bytes the history ring takes. */
size_t serve_history_bytes(void);

/* Serve until stop_fd or end_fd (-1: none) becomes readable or is closed; then finish the answers that are on their way,
 * for at most a second. */
actop_status serve_run(struct serve *sv, int stop_fd, int end_fd, actop_error *err);

#endif
