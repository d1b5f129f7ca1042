/* SPDX-License-Identifier: MIT */
/* The head of an HTTP request, read strictly: RFC 9112 without its leniencies, no body, GET and HEAD only. Reading is pure:
 * bytes in, a verdict out, the same however the bytes were cut. */
#ifndef SERVE_REQUEST_H
#define SERVE_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

enum { REQUEST_MOST = 8192, REQUEST_TEXT = 256, REQUEST_HEADERS = 64 };

/* What was asked. Texts end with a zero; one that was too long to be of use is empty. */
struct request {
    bool head;         /* HEAD: no body in the answer */
    bool keep_alive;
    bool openmetrics;  /* Accept prefers OpenMetrics to plain text */
    bool gzip;         /* Accept-Encoding allows gzip */
    bool cross_site;   /* Sec-Fetch-Site says so */
    double q_openmetrics, q_plain; /* of Accept, all its lines */
    char path[REQUEST_TEXT];
    char query[REQUEST_TEXT];
    char host[REQUEST_TEXT];          /* without port */
    char authorization[REQUEST_TEXT];
    char last_event_id[32];
};

/* Look at n bytes from the beginning of a request. Returns 0: not complete yet; 200: *out holds it and *used says how many
 * bytes it took; else the status to answer with before closing. */
int request_read(const char *bytes, size_t n, struct request *out, size_t *used);

/* Value of a number in the query ("seconds=60"); fallback when it is not there, -1 when it is no number. */
long request_number(const struct request *r, const char *name, long fallback);

#endif
