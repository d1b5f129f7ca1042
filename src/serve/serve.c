/* SPDX-License-Identifier: MIT */
/* Accepting, and the loop; see serve.h. Reading order: serve_run, turn, accept_all. */
#include "serve/serve.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "base/os.h"
#include "base/vec.h"
#include "serve/server.h"

enum { ACCEPTED_AT_ONCE = 512, SERVED_IN_A_ROW = 64 };
enum { POLL_WAKE = 0, POLL_STOP, POLL_END, POLL_LISTEN, FIXED_FDS = POLL_LISTEN + MOST_LISTEN };

bool serve_prepare_fd(int fd)
{
    int flags = fcntl(fd, F_GETFL);
    return flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0 &&
           fcntl(fd, F_SETFD, FD_CLOEXEC) == 0;
}

/* ---- Waking up for samples -------------------------------------------------------------------------------------------- */

static bool should_stop(struct serve *sv)
{
    pthread_mutex_lock(&sv->lock);
    bool stop = sv->stop_waiter;
    pthread_mutex_unlock(&sv->lock);
    return stop;
}

/* Writes a byte for each sample. The pipe may be full: then the server has one to wake up for already. */
static void *waiter_main(void *arg)
{
    struct serve *sv = arg;
    const actop_sample_t *sample = NULL;
    actop_times t = {.size = sizeof t};
    actop_status st = ACTOP_OK;
    for (uint64_t seq = 0; !should_stop(sv) && (st == ACTOP_OK || st == ACTOP_E_TIMEOUT);) {
        st = actop_wait_next(sv->session, seq, 500000000, &sample, NULL);
        if (st != ACTOP_OK)
            continue;
        actop_sample_times(sample, &t);
        seq = t.seq;
        actop_sample_unref(sample);
        ssize_t n = write(sv->wake_fds[1], "", 1);
        (void)n;
    }
    return NULL;
}

static actop_status start_waiter(struct serve *sv, actop_error *err)
{
    if (!os_pipe(sv->wake_fds, false))
        return error_errno(err, errno, "cannot make a pipe");
    int failed = pthread_create(&sv->waiter, NULL, waiter_main, sv);
    if (failed != 0)
        return error_errno(err, failed, "cannot start a thread");
    sv->waiting = true;
    return ACTOP_OK;
}

/* It ends by itself within half a second. */
static void tell_waiter(struct serve *sv)
{
    pthread_mutex_lock(&sv->lock);
    sv->stop_waiter = true;
    pthread_mutex_unlock(&sv->lock);
}

static void stop_waiter(struct serve *sv)
{
    if (!sv->waiting)
        return;
    tell_waiter(sv);
    (void)pthread_join(sv->waiter, NULL);
    sv->waiting = false;
}

/* ---- Life --------------------------------------------------------------------------------------------------------------- */

size_t serve_history_bytes(void)
{
    return trail_needs();
}

actop_status serve_open(struct serve **out, actop_session *s, const struct serve_options *options,
                        actop_error *err)
{
    struct serve *sv = calloc(1, sizeof *sv);
    if (sv == NULL)
        return error_no_memory(err, "the server");
    sv->session = s;
    sv->options = *options;
    sv->wake_fds[0] = sv->wake_fds[1] = -1;
    if (sv->options.listen == NULL)
        sv->options.listen = "127.0.0.1";
    (void)pthread_mutex_init(&sv->lock, NULL);
    actop_status st = trail_open(&sv->trail) ? ACTOP_OK
                                             : error_no_memory(err, "an hour of history");
    sv->content = (struct content_options){options->processes, options->process_pids,
                                           options->cmdlines,
                                           st == ACTOP_OK ? trail_bytes(&sv->trail) : 0};
    if (st == ACTOP_OK)
        st = access_open(&sv->access, options->allow_hosts, options->n_allow_hosts,
                         options->token_file, err);
    if (st == ACTOP_OK)
        st = listeners_open(sv, err);
    if (st == ACTOP_OK)
        st = start_waiter(sv, err);
    if (st != ACTOP_OK) {
        serve_close(sv);
        return st;
    }
    *out = sv;
    return ACTOP_OK;
}

static void close_fd(int fd)
{
    if (fd >= 0)
        (void)close(fd);
}

void serve_close(struct serve *sv)
{
    if (sv == NULL)
        return;
    stop_waiter(sv);
    for (size_t i = 0; i < sv->n; i++)
        connection_free(sv->connections[i]);
    free(sv->connections);
    answer_release(sv);
    trail_release(&sv->trail);
    listeners_close(sv);
    close_fd(sv->wake_fds[0]);
    close_fd(sv->wake_fds[1]);
    (void)pthread_mutex_destroy(&sv->lock);
    free(sv);
}

const char *serve_url(const struct serve *sv)
{
    return sv->url;
}

bool serve_is_exposed(const struct serve *sv)
{
    return sv->exposed;
}

/* ---- Connections ---------------------------------------------------------------------------------------------------------- */

static void end_connection(struct serve *sv, size_t i, int64_t now_ns)
{
    struct connection *c = sv->connections[i];
    if (c->state == STREAMING) {
        sv->streams--;
        sv->streamed_ns = now_ns;
    }
    connection_free(c);
    sv->connections[i] = sv->connections[--sv->n];
    if (sv->n > CROWD / 4 || sv->most < CROWD)
        return;
    sv->most = sv->n; /* a crowd has gone: be as small as before it came */
    os_memory_trim();
}

/* Make room: the one that has been idle longest goes, else the one that has been at its request longest. False when
 * everybody is being answered. */
static bool drop_oldest(struct serve *sv, int64_t now_ns)
{
    size_t oldest = sv->n;
    bool idle = false;
    for (size_t i = 0; i < sv->n; i++) {
        const struct connection *c = sv->connections[i];
        bool is_idle = connection_is_idle(c) || c->state == LINGERING;
        if (c->state != READING && !is_idle)
            continue;
        if (oldest < sv->n && (idle && !is_idle))
            continue;
        if (oldest == sv->n || (is_idle && !idle) ||
            c->since_ns < sv->connections[oldest]->since_ns) {
            oldest = i;
            idle = is_idle;
        }
    }
    if (oldest == sv->n)
        return false;
    sv->self.dropped++;
    end_connection(sv, oldest, now_ns);
    return true;
}

static void take_connection(struct serve *sv, int fd, int64_t now_ns)
{
    struct connection *c = NULL;
    if ((sv->n < MOST_CONNECTIONS || drop_oldest(sv, now_ns)) &&
        VEC_GROW(sv->connections, sv->cap, sv->n + 1))
        c = connection_new(fd, now_ns);
    if (c == NULL) {
        sv->self.dropped++;
        (void)close(fd);
        return;
    }
    sv->connections[sv->n++] = c;
    if (sv->n > sv->most)
        sv->most = sv->n;
    /* Who waited in the queue has asked meanwhile: do not let it wait for the next turn of a crowd. */
    if (!connection_ready(sv, c, POLLIN, now_ns))
        end_connection(sv, sv->n - 1, now_ns);
}

/* Without a descriptor accept fails before it has looked whether somebody is there. */
static bool somebody_waits(int listen_fd)
{
    struct pollfd p = {listen_fd, POLLIN, 0};
    return poll(&p, 1, 0) > 0;
}

/* At most so many at once, so that those who are here already are answered in between. Those who are served just now must
 * keep their places: then nobody is dropped for the new ones. */
static void accept_at(struct serve *sv, int listen_fd, bool may_drop, int64_t now_ns)
{
    for (int i = 0; i < ACCEPTED_AT_ONCE && (may_drop || sv->n < MOST_CONNECTIONS); i++) {
        int fd = os_accept(listen_fd);
        if (fd >= 0)
            take_connection(sv, fd, now_ns);
        else if ((errno != EMFILE && errno != ENFILE) || !may_drop || !somebody_waits(listen_fd))
            return;
        else if (!drop_oldest(sv, now_ns)) {
            sv->deaf_until_ns = now_ns + DEAF_NS;
            return;
        }
    }
}

static void accept_all(struct serve *sv, bool may_drop, int64_t now_ns)
{
    for (size_t i = 0; i < sv->n_listen && sv->deaf_until_ns == 0; i++)
        accept_at(sv, sv->listen_fds[i], may_drop, now_ns);
}

/* ---- The loop ---------------------------------------------------------------------------------------------------------------- */

static void take_sample(struct serve *sv, int64_t now_ns)
{
    char bytes[64];
    while (read(sv->wake_fds[0], bytes, sizeof bytes) > 0)
        ;
    const actop_sample_t *sample = actop_latest(sv->session);
    if (sample == NULL || sample == sv->newest) {
        actop_sample_unref(sample);
        return;
    }
    answer_new_sample(sv, sample, now_ns);
    for (size_t i = 0; i < sv->n; i++)
        connection_stream(sv, sv->connections[i], now_ns);
}

/* Milliseconds until the next deadline; -1: none. */
static int time_left(const struct serve *sv, int64_t now_ns, int64_t last_ns)
{
    int64_t next_ns = sv->deaf_until_ns != 0 && sv->deaf_until_ns < last_ns ? sv->deaf_until_ns
                                                                            : last_ns;
    for (size_t i = 0; i < sv->n; i++) {
        int64_t deadline_ns = connection_deadline(sv->connections[i]);
        if (deadline_ns < next_ns)
            next_ns = deadline_ns;
    }
    if (next_ns == INT64_MAX)
        return -1;
    int64_t left_ms = (next_ns - now_ns + 999999) / 1000000;
    return left_ms < 0 ? 0 : left_ms > 60000 ? 60000 : (int)left_ms;
}

struct polled {
    struct pollfd *fds; /* owned */
    size_t cap;
};

static bool fill_polled(struct serve *sv, struct polled *p, int stop_fd, int end_fd)
{
    if (!VEC_GROW(p->fds, p->cap, FIXED_FDS + sv->n))
        return false;
    bool deaf = sv->stopping || sv->deaf_until_ns != 0;
    for (size_t i = 0; i < MOST_LISTEN; i++)
        p->fds[POLL_LISTEN + i] =
            (struct pollfd){deaf || i >= sv->n_listen ? -1 : sv->listen_fds[i], POLLIN, 0};
    p->fds[POLL_WAKE] = (struct pollfd){sv->wake_fds[0], POLLIN, 0};
    p->fds[POLL_STOP] = (struct pollfd){sv->stopping ? -1 : stop_fd, POLLIN, 0};
    p->fds[POLL_END] = (struct pollfd){sv->stopping ? -1 : end_fd, POLLIN, 0};
    for (size_t i = 0; i < sv->n; i++)
        p->fds[FIXED_FDS + i] =
            (struct pollfd){sv->connections[i]->fd, connection_wants(sv->connections[i]), 0};
    return true;
}

static bool somebody_knocks(const struct polled *p)
{
    bool any = false;
    for (size_t i = 0; i < MOST_LISTEN; i++)
        any = any || p->fds[POLL_LISTEN + i].revents != 0;
    return any;
}

/* From the last to the first: one that ends is replaced by one that has had its turn. New ones, who have theirs when they
 * come, need not wait for all of a crowd. */
static void serve_connections(struct serve *sv, const struct polled *p, size_t n, int64_t now_ns)
{
    for (size_t i = n; i-- > 0;) {
        struct connection *c = sv->connections[i];
        short events = p->fds[FIXED_FDS + i].revents;
        bool alive = events == 0 || connection_ready(sv, c, events, now_ns);
        if (alive && now_ns >= connection_deadline(c))
            alive = connection_expired(sv, c, now_ns);
        if (!alive)
            end_connection(sv, i, now_ns);
        if (i % SERVED_IN_A_ROW == 0 && i > 0 && p->fds[POLL_LISTEN].fd >= 0)
            accept_all(sv, false, now_ns);
    }
}

/* Told to stop: nobody new, idle ones and streams end now, answers may finish. */
static void begin_stop(struct serve *sv, int64_t now_ns)
{
    sv->stopping = true;
    tell_waiter(sv);
    for (size_t i = sv->n; i-- > 0;)
        if (sv->connections[i]->state != WRITING && sv->connections[i]->state != LINGERING)
            end_connection(sv, i, now_ns);
}

actop_status serve_run(struct serve *sv, int stop_fd, int end_fd, actop_error *err)
{
    struct polled p = {NULL, 0};
    actop_status st = ACTOP_OK;
    int64_t last_ns = INT64_MAX;
    take_sample(sv, os_awake_ns());
    while (!sv->stopping || (sv->n > 0 && os_awake_ns() < last_ns)) {
        size_t n = sv->n;
        if (os_awake_ns() >= sv->deaf_until_ns)
            sv->deaf_until_ns = 0;
        if (!fill_polled(sv, &p, stop_fd, end_fd)) {
            st = error_no_memory(err, "connections");
            break;
        }
        int ready = poll(p.fds, (nfds_t)(FIXED_FDS + n), time_left(sv, os_awake_ns(), last_ns));
        int64_t now_ns = os_awake_ns();
        if (ready < 0 && errno != EINTR) {
            st = error_errno(err, errno, "poll");
            break;
        }
        if (ready < 0)
            continue;
        serve_connections(sv, &p, n, now_ns);
        if (p.fds[POLL_WAKE].revents != 0)
            take_sample(sv, now_ns);
        if (somebody_knocks(&p))
            accept_all(sv, true, now_ns);
        if (p.fds[POLL_STOP].revents != 0 || p.fds[POLL_END].revents != 0) {
            begin_stop(sv, now_ns);
            last_ns = now_ns + DRAIN_NS;
        }
    }
    free(p.fds);
    return st;
}
