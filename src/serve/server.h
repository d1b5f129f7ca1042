/* SPDX-License-Identifier: MIT */
/* The insides of the server: connections, bodies that many answers share, and what is known of the newest sample. All of
 * it belongs to the thread in serve_run(). */
#ifndef SERVE_SERVER_H
#define SERVE_SERVER_H

#include <pthread.h>

#include "base/buf.h"
#include "serve/access.h"
#include "serve/content.h"
#include "serve/trail.h"
#include "serve/request.h"
#include "serve/serve.h"

enum {
    MOST_CONNECTIONS = 2000,
    MOST_STREAMS = 64,
    MOST_LISTEN = 8, /* addresses */
    EVENTS = 64,         /* kept for clients that come back */
    HEAD_SIZE = 1024,
    CROWD = 64,          /* connections whose memory is worth giving back */
};

/* Deadlines, absolute: no byte that trickles in or out moves them. */
#define HEAD_NS 5000000000     /* from the first byte of a request to the end of its head */
#define ANSWER_NS 10000000000  /* to take an answer */
#define IDLE_NS 60000000000    /* between requests */
#define LINGER_NS 1000000000   /* for a client to read why it was refused */
#define STUCK_NS 30000000000   /* for a client of the stream to take what it was sent */
#define PING_NS 15000000000    /* between signs of life on the stream */
#define FRESH_NS 100000000     /* for how long a made body is given again */
#define DRAIN_NS 900000000     /* after being told to stop */
#define DEAF_NS 100000000      /* without a descriptor for a new client, and nobody to drop */

/* Bytes that several connections send. */
struct body {
    unsigned refs;
    size_t n;
    char data[];
};

struct body *body_new(const char *bytes, size_t n); /* one reference; NULL: out of memory */
struct body *body_ref(struct body *b);
void body_unref(struct body *b); /* accepts NULL */

enum connection_state { READING, WRITING, STREAMING, LINGERING };

struct connection {
    int fd;
    enum connection_state state;
    bool begun;          /* READING: the first byte of a request is here */
    bool close_after;
    char *in;            /* owned: what was read and not answered yet */
    size_t n_in, cap_in;
    char head[HEAD_SIZE];
    size_t n_head, sent_head;
    struct body *body;   /* a reference; NULL: none */
    size_t sent_body;
    int64_t since_ns;    /* when the state began, or the request */
    int64_t wrote_ns;    /* STREAMING: last time something was taken */
    uint64_t event;      /* STREAMING: number of the next event */
    actop_frames *frames; /* owned: STREAMING frames, not events; NULL else */
};

struct event {
    uint64_t seq;
    struct body *body; /* a reference */
};

/* A body made lately. */
struct cached {
    struct body *body; /* a reference */
    int64_t made_ns;
    uint64_t seq;
};

enum content_kind {
    METRICS, OPENMETRICS, SAMPLE, MACMON, INFO, CACHED_KINDS,
    STREAM = CACHED_KINDS, FRAMES, HISTORY, PAGE, HEALTH,
};

struct serve {
    actop_session *session; /* borrowed */
    struct serve_options options;
    struct content_options content;
    struct access access;
    int listen_fds[MOST_LISTEN];
    size_t n_listen;
    bool exposed;
    char url[MOST_LISTEN * 80];
    struct connection **connections; /* owned */
    size_t n, cap;
    size_t most;                     /* connections there were at once since a crowd has gone */
    uint32_t streams;
    const actop_sample_t *newest; /* a reference; NULL before the first */
    uint64_t seq;
    int64_t newest_ns;            /* when it came, on the awake clock */
    struct trail trail;
    struct event events[EVENTS];  /* by seq % EVENTS */
    int64_t streamed_ns;          /* when a client of the stream was last there */
    struct cached cache[CACHED_KINDS][2]; /* plain, gzip */
    struct content_self self;
    int64_t deaf_until_ns; /* until then nobody is accepted; 0: everybody is */
    int wake_fds[2];
    pthread_t waiter;
    bool waiting;                 /* the waiter runs */
    pthread_mutex_t lock;         /* of stop_waiter only */
    bool stop_waiter;
    bool stopping;
};

/* listen.c: bind and listen, or take what is handed over. E_BUSY: the port is in use. */
actop_status listeners_open(struct serve *sv, actop_error *err);
void listeners_close(struct serve *sv);

/* serve.c: neither waiting nor inherited by children. */
bool serve_prepare_fd(int fd);

/* connection.c */
struct connection *connection_new(int fd, int64_t now_ns); /* takes the descriptor; NULL: out of memory */
void connection_free(struct connection *c);
/* Poll's answer. False: the connection has ended and may be freed. */
bool connection_ready(struct serve *sv, struct connection *c, short events, int64_t now_ns);
short connection_wants(const struct connection *c);
int64_t connection_deadline(const struct connection *c);
bool connection_expired(struct serve *sv, struct connection *c, int64_t now_ns); /* at its deadline; false: free it */
/* Send the next events a client of the stream has not seen. */
void connection_stream(struct serve *sv, struct connection *c, int64_t now_ns);
bool connection_is_idle(const struct connection *c);

/* answer.c: fill head and body of a connection for a request, or for a status alone. */
void answer_request(struct serve *sv, struct connection *c, const struct request *r, int64_t now_ns);
void answer_status(struct serve *sv, struct connection *c, int status);
/* A new sample is there: keep it, its history point and, while the stream has clients, its event. */
void answer_new_sample(struct serve *sv, const actop_sample_t *sample, int64_t now_ns);
void answer_release(struct serve *sv);

#endif
