/* SPDX-License-Identifier: MIT */
/* Who may ask: by the name the request uses for us, and by a token. */
#ifndef SERVE_ACCESS_H
#define SERVE_ACCESS_H

#include <stdbool.h>
#include <stddef.h>

#include <actop/types.h>

enum { TOKEN_MOST = 240 };

struct access {
    const char *const *hosts; /* borrowed: --allow-host */
    size_t n_hosts;
    char own[256];            /* this machine's name, lower case; "" when it has none */
    char token[TOKEN_MOST + 1]; /* "": none is asked for */
};

/* Read the token file, which must be a plain file only its owner can read. NULL: no token. */
actop_status access_open(struct access *a, const char *const *hosts, size_t n_hosts, const char *token_file,
                         actop_error *err);

/* A name no DNS answer of somebody else's can be behind: a literal address, localhost, this machine's own name (also
 * without its domain, and under .local), or one that was allowed. */
bool access_host(const struct access *a, const char *host);

/* The value of Authorization; takes the same time for every wrong token of a length. */
bool access_token(const struct access *a, const char *authorization);

#endif
