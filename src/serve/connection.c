/* SPDX-License-Identifier: MIT */
/* One client: bytes in, a request, an answer, bytes out. Nothing here waits. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/vec.h"
#include "serve/server.h"

enum { FIRST_IN = 1024, ANSWERS_IN_A_TURN = 4 };

struct body *body_new(const char *bytes, size_t n)
{
    struct body *b = malloc(sizeof *b + n);
    if (b == NULL)
        return NULL;
    b->refs = 1;
    b->n = n;
    memcpy(b->data, bytes, n);
    return b;
}

struct body *body_ref(struct body *b)
{
    b->refs++;
    return b;
}

void body_unref(struct body *b)
{
    if (b != NULL && --b->refs == 0)
        free(b);
}

struct connection *connection_new(int fd, int64_t now_ns)
{
    struct connection *c = calloc(1, sizeof *c);
    if (c == NULL)
        return NULL;
    c->fd = fd;
    c->since_ns = now_ns;
    return c;
}

void connection_free(struct connection *c)
{
    (void)close(c->fd);
    actop_frames_close(c->frames);
    body_unref(c->body);
    free(c->in);
    free(c);
}

bool connection_is_idle(const struct connection *c)
{
    return c->state == READING && !c->begun;
}

short connection_wants(const struct connection *c)
{
    bool unsent = c->sent_head < c->n_head || (c->body != NULL && c->sent_body < c->body->n);
    if (c->state == STREAMING)
        return unsent ? POLLIN | POLLOUT : POLLIN;
    return c->state == WRITING ? POLLOUT : POLLIN;
}

int64_t connection_deadline(const struct connection *c)
{
    switch (c->state) {
    case READING:
        return c->since_ns + (c->begun ? HEAD_NS : IDLE_NS);
    case WRITING:
        return c->since_ns + ANSWER_NS;
    case STREAMING:
        return c->wrote_ns + (c->body != NULL ? STUCK_NS : PING_NS);
    default:
        return c->since_ns + LINGER_NS;
    }
}

/* ---- Out -------------------------------------------------------------------------------------------------------- */

enum sent { SENT_ALL, SENT_SOME, SENT_BROKEN };

static enum sent send_rest(struct connection *c, int64_t now_ns)
{
    struct iovec parts[2] = {{c->head + c->sent_head, c->n_head - c->sent_head}, {NULL, 0}};
    if (c->body != NULL)
        parts[1] = (struct iovec){c->body->data + c->sent_body, c->body->n - c->sent_body};
    if (parts[0].iov_len + parts[1].iov_len == 0)
        return SENT_ALL;
    ssize_t n = writev(c->fd, parts, 2); /* SIGPIPE is ignored by the program */
    if (n < 0)
        return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? SENT_SOME : SENT_BROKEN;
    size_t of_head = (size_t)n < parts[0].iov_len ? (size_t)n : parts[0].iov_len;
    c->sent_head += of_head;
    c->sent_body += (size_t)n - of_head;
    c->wrote_ns = now_ns;
    return c->sent_head == c->n_head && (c->body == NULL || c->sent_body == c->body->n) ? SENT_ALL
                                                                                        : SENT_SOME;
}

static void forget_answer(struct connection *c)
{
    body_unref(c->body);
    c->body = NULL;
    c->n_head = c->sent_head = c->sent_body = 0;
}

/* Give the client the time to read the answer: closing with unread bytes of its own would reset the connection. */
static void linger(struct connection *c, int64_t now_ns)
{
    forget_answer(c);
    (void)shutdown(c->fd, SHUT_WR);
    c->state = LINGERING;
    c->since_ns = now_ns;
    c->n_in = 0;
}

/* After an answer has gone out: the next request may be here already. */
static void finish_answer(const struct serve *sv, struct connection *c, int64_t now_ns)
{
    if (c->close_after || sv->stopping) {
        linger(c, now_ns);
        return;
    }
    forget_answer(c);
    c->state = READING;
    c->begun = c->n_in > 0;
    c->since_ns = now_ns;
}

/* ---- The stream ---------------------------------------------------------------------------------------------------- */

static const struct event *event_at(const struct serve *sv, uint64_t seq)
{
    const struct event *e = &sv->events[seq % EVENTS];
    return e->body != NULL && e->seq == seq ? e : NULL;
}

/* The next event there is: a client that fell behind by more than the ring goes on with the oldest one kept. */
static const struct event *next_event(const struct serve *sv, struct connection *c)
{
    if (sv->seq >= EVENTS && c->event + EVENTS <= sv->seq)
        c->event = sv->seq - EVENTS + 1;
    for (; c->event <= sv->seq; c->event++)
        if (event_at(sv, c->event) != NULL)
            return event_at(sv, c->event);
    return NULL;
}

/* The next bytes of the stream, with a reference; NULL: none yet, or no more. *ended: no more. */
static struct body *next_bytes(const struct serve *sv, struct connection *c, bool *ended)
{
    char bytes[16384];
    size_t n = 0;
    *ended = false;
    if (c->frames != NULL) {
        actop_status st = actop_frames_read(c->frames, bytes, sizeof bytes, &n, 0, NULL);
        *ended = st != ACTOP_OK && st != ACTOP_E_TIMEOUT;
        return st == ACTOP_OK && n > 0 ? body_new(bytes, n) : NULL;
    }
    const struct event *e = next_event(sv, c);
    if (e == NULL)
        return NULL;
    c->event = e->seq + 1;
    return body_ref(e->body);
}

static bool stream_on(struct serve *sv, struct connection *c, int64_t now_ns)
{
    bool ended = false;
    enum sent sent = send_rest(c, now_ns);
    while (sent == SENT_ALL) {
        struct body *body = next_bytes(sv, c, &ended);
        forget_answer(c);
        if (body == NULL)
            return !ended;
        c->body = body;
        sent = send_rest(c, now_ns);
    }
    return sent == SENT_SOME;
}

void connection_stream(struct serve *sv, struct connection *c, int64_t now_ns)
{
    if (c->state == STREAMING && c->body == NULL && c->sent_head == c->n_head &&
        !stream_on(sv, c, now_ns))
        (void)shutdown(c->fd, SHUT_RDWR); /* poll will tell */
}

static void ping(struct connection *c)
{
    static const char text[] = ": ping\n\n";
    memcpy(c->head, text, sizeof text - 1);
    c->n_head = sizeof text - 1;
    c->sent_head = 0;
}

/* ---- In ---------------------------------------------------------------------------------------------------------------- */

/* Take the next request out of what was read; false while it is not complete. */
static bool take_request(struct serve *sv, struct connection *c, int64_t now_ns)
{
    struct request r;
    size_t used = 0;
    int status = c->n_in > 0 ? request_read(c->in, c->n_in, &r, &used) : 0;
    if (status == 0)
        return false;
    c->state = WRITING;
    c->since_ns = now_ns;
    c->begun = false;
    if (status != 200) {
        answer_status(sv, c, status);
        return true;
    }
    memmove(c->in, c->in + used, c->n_in - used);
    c->n_in -= used;
    answer_request(sv, c, &r, now_ns);
    return true;
}

/* As far as it goes without waiting: requests that came together are answered one after the other, a few in a turn. Then
 * the next answer waits to be written, so that poll comes back to it when the others have had their turn. */
static bool go_on(struct serve *sv, struct connection *c, int64_t now_ns)
{
    int answered = 0;
    while (c->state == WRITING || (c->state == READING && take_request(sv, c, now_ns))) {
        if (c->state == STREAMING)
            return stream_on(sv, c, now_ns);
        if (answered++ == ANSWERS_IN_A_TURN)
            return true;
        enum sent sent = send_rest(c, now_ns);
        if (sent != SENT_ALL)
            return sent == SENT_SOME;
        finish_answer(sv, c, now_ns);
    }
    return true;
}

/* Read into the buffer; false when the client has closed or broken the connection. */
static bool fill(struct connection *c, int64_t now_ns)
{
    size_t room = c->cap_in < FIRST_IN ? FIRST_IN : c->n_in == c->cap_in ? REQUEST_MOST : c->cap_in;
    if (!VEC_GROW(c->in, c->cap_in, room))
        return false;
    size_t most = (c->cap_in < REQUEST_MOST ? c->cap_in : REQUEST_MOST) - c->n_in;
    ssize_t n = recv(c->fd, c->in + c->n_in, most, 0);
    if (n < 0)
        return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
    if (n == 0)
        return false;
    if (!c->begun)
        c->since_ns = now_ns;
    c->begun = true;
    c->n_in += (size_t)n;
    return true;
}

/* What a client sends where nothing is asked of it is thrown away; false at its end. */
static bool drain(const struct connection *c)
{
    char waste[4096];
    ssize_t n = recv(c->fd, waste, sizeof waste, 0);
    return n > 0 || (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR));
}

bool connection_ready(struct serve *sv, struct connection *c, short events, int64_t now_ns)
{
    if ((events & (POLLERR | POLLNVAL)) != 0)
        return false;
    switch (c->state) {
    case READING:
        return fill(c, now_ns) && go_on(sv, c, now_ns);
    case WRITING:
        return go_on(sv, c, now_ns);
    case STREAMING:
        if ((events & (POLLIN | POLLHUP)) != 0 && !drain(c))
            return false;
        return (events & POLLOUT) == 0 || stream_on(sv, c, now_ns);
    default:
        return drain(c);
    }
}

bool connection_expired(struct serve *sv, struct connection *c, int64_t now_ns)
{
    if (c->state == READING && c->begun) {
        sv->self.dropped++;
        c->state = WRITING;
        c->since_ns = now_ns;
        answer_status(sv, c, 408);
        return go_on(sv, c, now_ns);
    }
    if (c->state == STREAMING && c->body == NULL && c->sent_head == c->n_head) {
        if (c->frames == NULL)
            ping(c);
        c->wrote_ns = now_ns;
        return send_rest(c, now_ns) != SENT_BROKEN;
    }
    if (c->state == WRITING || c->state == STREAMING)
        sv->self.dropped++;
    return false;
}
