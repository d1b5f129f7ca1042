/* SPDX-License-Identifier: MIT */
/* The remote source against a server of a few lines that says what the test wants: frames whole, in pieces and chunks,
 * lost connections, refusals, nonsense and silence. */
#include <actop/actop.h>

#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/os.h"
#include "frame/codec.h"
#include "frame/recording.h"
#include "lib/frames.h"
#include "lib/test.h"
#include "source/remote/http.h"
#include "source/source.h"

/* ---- the server ---- */

enum { ANSWERS_MOST = 8 };

struct answer {
    const char *head; /* NULL: closes without a word */
    struct buf body;
    size_t chunk; /* 0: plain; else chunks of that many bytes */
    bool stays;   /* open, silent, until the server ends */
};

struct server {
    int fd;
    pthread_t thread;
    char url[64];
    struct answer answers[ANSWERS_MOST]; /* one a connection; the last one again */
    int n_answers;
    atomic_int connections;
    atomic_bool ends;
    char request[2048]; /* the last one */
};

static void send_text(int fd, const char *bytes, size_t n)
{
    while (n > 0) {
        ssize_t sent = send(fd, bytes, n, MSG_NOSIGNAL);
        if (sent <= 0)
            return;
        bytes += sent;
        n -= (size_t)sent;
    }
}

static void send_chunks(int fd, const struct answer *a)
{
    for (size_t at = 0; at < a->body.len; at += a->chunk) {
        char line[32];
        size_t n = a->body.len - at < a->chunk ? a->body.len - at : a->chunk;
        send_text(fd, line, (size_t)snprintf(line, sizeof line, "%zX;note=1\r\n", n));
        send_text(fd, a->body.data + at, n);
        send_text(fd, "\r\n", 2);
    }
    if (!a->stays)
        send_text(fd, "0\r\n\r\n", 5);
}

static void serve_one(struct server *s, int fd)
{
    size_t n = 0;
    ssize_t got = 1;
    while (got > 0 && n + 1 < sizeof s->request && strstr(s->request, "\r\n\r\n") == NULL) {
        got = recv(fd, s->request + n, sizeof s->request - 1 - n, 0);
        n += got > 0 ? (size_t)got : 0;
        s->request[n] = '\0';
    }
    int which = atomic_fetch_add(&s->connections, 1);
    const struct answer *a = &s->answers[which < s->n_answers ? which : s->n_answers - 1];
    if (a->head != NULL)
        send_text(fd, a->head, strlen(a->head));
    if (a->chunk > 0)
        send_chunks(fd, a);
    else if (a->body.len > 0)
        send_text(fd, a->body.data, a->body.len);
    while (a->stays && !atomic_load(&s->ends)) {
        struct timespec t = {0, 5000000};
        (void)nanosleep(&t, NULL);
    }
}

static void *serve(void *arg)
{
    struct server *s = arg;
    for (;;) {
        int fd = accept(s->fd, NULL, NULL);
        if (fd < 0 || atomic_load(&s->ends)) {
            if (fd >= 0)
                (void)close(fd);
            return NULL;
        }
        memset(s->request, 0, sizeof s->request);
        serve_one(s, fd);
        (void)shutdown(fd, SHUT_RDWR);
        (void)close(fd);
    }
}

static void server_start(struct server *s)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof at;
    s->fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(s->fd >= 0 && bind(s->fd, (struct sockaddr *)&at, sizeof at) == 0 &&
                listen(s->fd, 8) == 0);
    assert_int_equal(getsockname(s->fd, (struct sockaddr *)&at, &n), 0);
    (void)snprintf(s->url, sizeof s->url, "http://127.0.0.1:%u", (unsigned)ntohs(at.sin_port));
    assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
}

static void server_end(struct server *s)
{
    atomic_store(&s->ends, true);
    (void)shutdown(s->fd, SHUT_RDWR); /* wakes accept */
    assert_int_equal(pthread_join(s->thread, NULL), 0);
    (void)close(s->fd);
    for (int i = 0; i < s->n_answers; i++)
        buf_release(&s->answers[i].body);
}

/* ---- answers ---- */

static struct answer *answer(struct server *s, const char *head)
{
    struct answer *a = &s->answers[s->n_answers++];
    a->head = head;
    return a;
}

#define OK_HEAD "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n\r\n"
#define CHUNKED_HEAD                                                                               \
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-Long: "                                    \
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"                                                             \
    "\r\n\r\n"

/* n frames of the made-up machine as a recording. */
static void put_frames(struct buf *out, struct frames *m, int n)
{
    uint8_t header[RECORDING_HEADER];
    struct codec_writer w;
    recording_put_header(header);
    buf_put(out, header, sizeof header);
    assert_int_equal(codec_writer_init(&w, NULL), ACTOP_OK);
    assert_int_equal(codec_put_schema(&w, m->schema, out, NULL), ACTOP_OK);
    for (int i = 0; i < n; i++) {
        assert_true(frames_next(m));
        assert_int_equal(codec_put_frame(&w, &m->frame, false, out, NULL), ACTOP_OK);
    }
    codec_writer_release(&w);
}

static struct source *open_remote(const char *url, const char *token_file, actop_status want)
{
    struct source *s = NULL;
    actop_error err = {ACTOP_OK, ""};
    struct source_env env = {.argument = url, .token_file = token_file};
    actop_status st = remote_source.open(&s, &env, &err);
    if (st != want)
        fail_msg("%s: status %d (%s), not %d", url, (int)st, err.text, (int)want);
    assert_true(st == ACTOP_OK || err.text[0] != '\0');
    return s;
}

/* Read a frame, describing where that is asked for; returns how often it was. */
static int read_frame(struct source *s, struct frame *f)
{
    int described = 0;
    actop_status st = remote_source.read(s, 0, 0, f, NULL);
    while (st == ACTOP_SCHEMA_CHANGED) {
        struct schema *schema = NULL;
        assert_int_equal(remote_source.describe(s, &schema, NULL), ACTOP_OK);
        schema_unref(schema);
        described++;
        st = remote_source.read(s, 0, 0, f, NULL);
    }
    assert_int_equal(st, ACTOP_OK);
    return described;
}

/* ---- tests ---- */

static void frames_come_in_whatever_pieces(void **state)
{
    (void)state;
    static const struct {
        const char *what, *head;
        size_t chunk;
    } rows[] = {{"plain", OK_HEAD, 0},
                {"chunks of one byte", CHUNKED_HEAD, 1},
                {"of 7", CHUNKED_HEAD, 7},
                {"one chunk", CHUNKED_HEAD, 1 << 20}};
    for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
        struct server server = {.n_answers = 0};
        struct frames sent, same;
        struct frame f = {0};
        assert_true(frames_open(&sent, 2, 10) && frames_open(&same, 2, 10));
        struct answer *a = answer(&server, rows[r].head);
        a->chunk = rows[r].chunk;
        put_frames(&a->body, &sent, 5);
        server_start(&server);
        struct source *s = open_remote(server.url, NULL, ACTOP_OK);
        for (int i = 0; i < 5; i++) {
            (void)read_frame(s, &f);
            assert_true(frames_next(&same));
            CHECK_ROW(frames_differ(&same.frame, &f) == NULL, rows[r].what);
        }
        assert_non_null(strstr(server.request, "GET /api/v1/frames HTTP/1.1\r\nHost: 127.0.0.1:"));
        assert_null(strstr(server.request, "Authorization"));
        remote_source.close(s);
        server_end(&server);
        frame_release(&f);
        frames_close(&sent);
        frames_close(&same);
    }
}

static void a_lost_connection_is_made_again_and_counts_as_a_gap(void **state)
{
    (void)state;
    struct server server = {.n_answers = 0};
    struct frames m;
    struct frame f = {0};
    assert_true(frames_open(&m, 1, 0));
    struct answer *first = answer(&server, OK_HEAD);
    put_frames(&first->body, &m, 3);
    first->body.len -= 5; /* lost within the third frame */
    (void)answer(&server, NULL);
    (void)answer(&server, "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\n\r\n");
    put_frames(&answer(&server, OK_HEAD)->body, &m, 2); /* the other one went on meanwhile */
    server_start(&server);
    struct source *s = open_remote(server.url, NULL, ACTOP_OK);
    assert_int_equal(read_frame(s, &f), 1);
    assert_int_equal(f.seq, 1);
    assert_int_equal(read_frame(s, &f), 0);
    assert_int_equal(f.seq, 2);
    assert_int_equal(read_frame(s, &f), 1); /* described again */
    assert_int_equal(f.seq, 4);             /* a jump */
    assert_int_equal(read_frame(s, &f), 0);
    assert_int_equal(f.seq, 5);
    assert_int_equal(atomic_load(&server.connections), 4);
    remote_source.close(s);
    server_end(&server);
    frame_release(&f);
    frames_close(&m);
}

static void refusals_and_nonsense_are_sentences(void **state)
{
    (void)state;
    static const struct {
        const char *what, *head;
        actop_status want;
    } rows[] = {
        {"no token", "HTTP/1.1 401 Unauthorized\r\n\r\n", ACTOP_E_DENIED},
        {"wrong host name", "HTTP/1.1 403 Forbidden\r\n\r\n", ACTOP_E_DENIED},
        {"no frames there", "HTTP/1.0 404 Not Found\r\n\r\n", ACTOP_E_NOT_FOUND},
        {"not ready", "HTTP/1.1 503 Service Unavailable\r\n\r\n", ACTOP_E_BUSY},
        {"moved", "HTTP/1.1 301 Moved Permanently\r\nLocation: /\r\n\r\n", ACTOP_E_IO},
        {"no HTTP", "SSH-2.0-OpenSSH_9.2\r\n", ACTOP_E_FORMAT},
        {"no status", "HTTP/1.1\r\n\r\n", ACTOP_E_FORMAT},
        {"nothing", NULL, ACTOP_E_IO},
        {"a head cut", "HTTP/1.1 200 OK\r\nContent-", ACTOP_E_IO},
        {"no recording", OK_HEAD "<html>", ACTOP_E_FORMAT},
        {"no bytes", OK_HEAD, ACTOP_E_FORMAT},
        {"a bad chunk", CHUNKED_HEAD "xyz\r\n", ACTOP_E_IO},
        {"a negative chunk", CHUNKED_HEAD "-5\r\n", ACTOP_E_IO},
        {"another version",
         OK_HEAD "\x8b"
                 "actop\r\n\x09\x01zz",
         ACTOP_E_VERSION},
    };
    for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
        struct server server = {.n_answers = 0};
        (void)answer(&server, rows[r].head);
        server_start(&server);
        print_message("# %s\n", rows[r].what);
        assert_null(open_remote(server.url, NULL, rows[r].want));
        server_end(&server);
    }
}

static void another_version_after_a_lost_connection_ends_it(void **state)
{
    (void)state;
    struct server server = {.n_answers = 0};
    struct frames m;
    struct frame f = {0};
    actop_error err;
    assert_true(frames_open(&m, 1, 0));
    put_frames(&answer(&server, OK_HEAD)->body, &m, 1);
    (void)answer(&server, OK_HEAD "\x8b"
                                  "actop\r\n\x03\x01zz");
    server_start(&server);
    struct source *s = open_remote(server.url, NULL, ACTOP_OK);
    (void)read_frame(s, &f);
    assert_int_equal(remote_source.read(s, 0, 0, &f, &err), ACTOP_E_VERSION);
    assert_non_null(strstr(err.text, "this actop reads version 2"));
    remote_source.close(s);
    server_end(&server);
    frame_release(&f);
    frames_close(&m);
}

static void addresses_are_checked(void **state)
{
    (void)state;
    static const struct {
        const char *text, *host, *port;
    } rows[] = {
        {"http://localhost:9", "localhost", "9"},
        {"http://[::1]:65535/", "::1", "65535"},
        {"http://10.0.0.1:80", "10.0.0.1", "80"},
        {"http://localhost", NULL, NULL},
        {"http://:80", NULL, NULL},
        {"http://h:", NULL, NULL},
        {"http://h:0", NULL, NULL},
        {"http://h:65536", NULL, NULL},
        {"http://h:80/x", NULL, NULL},
        {"http://[::1:80", NULL, NULL},
        {"https://h:80", NULL, NULL},
        {"http://h\r\nX: y:80", NULL, NULL},
        {"http://h:8x", NULL, NULL},
    };
    for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
        struct http_target t;
        actop_error err;
        actop_status st = http_parse_target(rows[r].text, &t, &err);
        CHECK_ROW(st == (rows[r].host != NULL ? ACTOP_OK : ACTOP_E_ARGUMENT), rows[r].text);
        if (rows[r].host != NULL)
            CHECK_ROW(strcmp(t.host, rows[r].host) == 0 && strcmp(t.port, rows[r].port) == 0,
                      rows[r].text);
    }
}

static void a_token_is_sent_and_kept_from_others(void **state)
{
    (void)state;
    char path[] = "/tmp/actop-token.XXXXXX";
    struct server server = {.n_answers = 0};
    struct frames m;
    int fd = mkstemp(path);
    assert_true(frames_open(&m, 1, 0) && fd >= 0 && write(fd, "s3cret\n", 7) == 7);
    put_frames(&answer(&server, OK_HEAD)->body, &m, 1);
    server_start(&server);
    struct source *s = open_remote(server.url, path, ACTOP_OK);
    assert_non_null(strstr(server.request, "\r\nAuthorization: Bearer s3cret\r\n"));
    remote_source.close(s);
    assert_int_equal(fchmod(fd, 0644), 0);
    assert_null(open_remote(server.url, path, ACTOP_E_ARGUMENT));
    assert_true(fchmod(fd, 0600) == 0 && ftruncate(fd, 0) == 0);
    assert_null(open_remote(server.url, path, ACTOP_E_ARGUMENT));
    assert_null(open_remote(server.url, "/nowhere/token", ACTOP_E_NOT_FOUND));
    assert_true(unlink(path) == 0 && mkfifo(path, 0600) == 0); /* not waited for */
    assert_null(open_remote(server.url, path, ACTOP_E_ARGUMENT));
    (void)unlink(path);
    (void)close(fd);
    server_end(&server);
    frames_close(&m);
}

static void *interrupt_soon(void *arg)
{
    struct timespec t = {0, 100000000};
    (void)nanosleep(&t, NULL);
    remote_source.interrupt(arg);
    return NULL;
}

static void a_read_that_waits_can_be_interrupted(void **state)
{
    (void)state;
    struct server server = {.n_answers = 0};
    struct frames m;
    struct frame f = {0};
    actop_error err;
    pthread_t thread;
    assert_true(frames_open(&m, 1, 0));
    struct answer *a = answer(&server, CHUNKED_HEAD);
    put_frames(&a->body, &m, 1);
    a->chunk = 100;
    a->stays = true;
    server_start(&server);
    struct source *s = open_remote(server.url, NULL, ACTOP_OK);
    (void)read_frame(s, &f);
    int64_t before_ns = os_awake_ns();
    assert_int_equal(pthread_create(&thread, NULL, interrupt_soon, s), 0);
    assert_int_equal(remote_source.read(s, 0, 0, &f, &err), ACTOP_E_STATE);
    assert_true(os_awake_ns() - before_ns < INT64_C(5000000000));
    assert_int_equal(pthread_join(thread, NULL), 0);
    remote_source.close(s);
    server_end(&server);
    frame_release(&f);
    frames_close(&m);
}

static void a_session_reads_another_session(void **state)
{
    (void)state;
    struct server server = {.n_answers = 0};
    actop_options o = ACTOP_OPTIONS_INIT;
    actop_session *theirs = NULL, *ours = NULL;
    actop_frames *frames = NULL;
    actop_error err;
    o.source = "none";
    assert_int_equal(actop_open(&o, &theirs, &err), ACTOP_OK);
    assert_int_equal(actop_frames_open(theirs, ACTOP_RECORD_SCRUB, &frames, &err), ACTOP_OK);
    struct answer *a = answer(&server, OK_HEAD);
    a->stays = true;
    for (int i = 0; i < 5; i++) {
        char bytes[4096];
        size_t n = 0;
        assert_non_null(actop_sample(theirs, &err));
        while (actop_frames_read(frames, bytes, sizeof bytes, &n, 0, &err) == ACTOP_OK)
            buf_put(&a->body, bytes, n);
    }
    actop_frames_close(frames);
    actop_close(theirs);
    server_start(&server);
    o.source = server.url;
    assert_int_equal(actop_open(&o, &ours, &err), ACTOP_OK);
    assert_string_equal(actop_source_name(ours), "none");
    assert_false(actop_is_live(ours));
    assert_int_equal(actop_start(ours, 1000000, &err), ACTOP_OK);
    const actop_sample_t *sample = NULL;
    for (uint64_t seq = 1; seq <= 5; seq++) {
        assert_int_equal(actop_wait_next(ours, seq - 1, INT64_C(5000000000), &sample, &err),
                         ACTOP_OK);
        actop_sample_unref(sample);
    }
    actop_close(ours); /* while it waits for a sixth frame */
    server_end(&server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_come_in_whatever_pieces),
        cmocka_unit_test(a_lost_connection_is_made_again_and_counts_as_a_gap),
        cmocka_unit_test(refusals_and_nonsense_are_sentences),
        cmocka_unit_test(another_version_after_a_lost_connection_ends_it),
        cmocka_unit_test(addresses_are_checked),
        cmocka_unit_test(a_token_is_sent_and_kept_from_others),
        cmocka_unit_test(a_read_that_waits_can_be_interrupted),
        cmocka_unit_test(a_session_reads_another_session),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
