/* SPDX-License-Identifier: MIT */
/* Clients that are slow, with a clock of our own: each deadline is what docs/http.md says, whatever trickles meanwhile. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/test.h"
#include "serve/server.h"

static const int64_t S = 1000000000;
static const char ask[] = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

struct client {
    struct serve serve;
    struct connection *c;
    int fd; /* its side */
};

/* Connected at 100 s. */
static void client_open(struct client *k)
{
    int fds[2], small = 4096;
    memset(k, 0, sizeof *k);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    assert_int_equal(setsockopt(fds[1], SOL_SOCKET, SO_SNDBUF, &small, sizeof small), 0);
    assert_true(serve_prepare_fd(fds[0]) && serve_prepare_fd(fds[1]));
    assert_int_equal(access_open(&k->serve.access, NULL, 0, NULL, NULL), ACTOP_OK);
    k->fd = fds[0];
    k->c = connection_new(fds[1], 100 * S);
    assert_non_null(k->c);
}

static void client_close(struct client *k)
{
    connection_free(k->c);
    answer_release(&k->serve);
    (void)close(k->fd);
}

static void say(struct client *k, const char *bytes, size_t n, int64_t now_ns)
{
    assert_int_equal(write(k->fd, bytes, n), n);
    assert_true(connection_ready(&k->serve, k->c, POLLIN, now_ns));
}

/* What the client has been sent; terminated. */
static size_t hear(const struct client *k, char *text, size_t size)
{
    ssize_t n = read(k->fd, text, size - 1);
    text[n > 0 ? n : 0] = '\0';
    return n > 0 ? (size_t)n : 0;
}

static void a_head_has_five_seconds_from_its_first_byte_however_slowly_it_trickles(void **state)
{
    (void)state;
    struct client k;
    char text[2048];
    client_open(&k);
    assert_true(connection_is_idle(k.c));
    assert_true(connection_deadline(k.c) == 160 * S); /* idle */
    for (size_t i = 0; i < sizeof ask - 2; i++) {
        say(&k, ask + i, 1, 130 * S + (int64_t)i * S / 10);
        assert_true(connection_deadline(k.c) == 135 * S && !connection_is_idle(k.c));
    }
    assert_true(connection_expired(&k.serve, k.c, 135 * S)); /* it lingers, to be read */
    assert_true(hear(&k, text, sizeof text) > 0);
    assert_int_equal(strncmp(text, "HTTP/1.1 408 ", 13), 0);
    assert_true(connection_deadline(k.c) == 136 * S);
    assert_false(connection_expired(&k.serve, k.c, 136 * S));
    assert_int_equal(k.serve.self.dropped, 1);
    client_close(&k);
}

static void before_the_first_sample_data_is_asked_for_again_later(void **state)
{
    static const struct {
        const char *path;
        int status;
    } rows[] = {
        {"/metrics", 503},        {"/api/v1/sample", 503}, {"/api/v1/stream", 503},
        {"/api/v1/history", 503}, {"/api/v1/info", 503},   {"/api/v1/frames", 503},
        {"/json", 503},           {"/healthz", 503},       {"/", 200},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct client k;
        char text[4096], head[100], first[40];
        client_open(&k);
        int n =
            snprintf(head, sizeof head, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", rows[i].path);
        say(&k, head, (size_t)n, 101 * S);
        assert_true(hear(&k, text, sizeof text) > 0);
        (void)snprintf(first, sizeof first, "HTTP/1.1 %d ", rows[i].status);
        CHECK_ROW(strncmp(text, first, strlen(first)) == 0, rows[i].path);
        CHECK_ROW((strstr(text, "\r\nRetry-After: 1\r\n") != NULL) == (rows[i].status == 503),
                  rows[i].path);
        client_close(&k);
    }
}

static void between_requests_there_is_a_minute(void **state)
{
    (void)state;
    struct client k;
    char text[4096];
    client_open(&k);
    for (int i = 0; i < 3; i++) {
        int64_t now_ns = (110 + 50 * i) * S;
        say(&k, ask, sizeof ask - 1, now_ns);
        assert_true(hear(&k, text, sizeof text) > 0);
        assert_int_equal(strncmp(text, "HTTP/1.1 200 ", 13), 0);
        assert_true(connection_is_idle(k.c) && connection_deadline(k.c) == now_ns + 60 * S);
    }
    assert_false(connection_expired(&k.serve, k.c, 270 * S));
    client_close(&k);
}

static void an_answer_has_to_be_taken_within_ten_seconds_however_slowly_it_goes(void **state)
{
    (void)state;
    struct client k;
    char text[256];
    int64_t now_ns = 110 * S;
    client_open(&k);
    for (int i = 0; i < 1000 && (connection_wants(k.c) & POLLOUT) == 0; i++)
        say(&k, ask, sizeof ask - 1, now_ns);
    assert_true((connection_wants(k.c) & POLLOUT) != 0); /* the pipe is full */
    int64_t deadline_ns = connection_deadline(k.c);
    assert_true(deadline_ns == 120 * S);
    size_t taken = 0;
    while (now_ns < 119 * S && connection_deadline(k.c) == deadline_ns) { /* this answer */
        now_ns += S / 2;
        taken += hear(&k, text, 8);
        assert_true(connection_ready(&k.serve, k.c, POLLOUT, now_ns));
    }
    assert_true(taken > 0 && connection_deadline(k.c) == deadline_ns);
    assert_false(connection_expired(&k.serve, k.c, deadline_ns));
    assert_int_equal(k.serve.self.dropped, 1);
    client_close(&k);
}

/* An event of n bytes, as if a sample had come. */
static void event(struct client *k, size_t n)
{
    char *bytes = calloc(1, n);
    assert_non_null(bytes);
    k->serve.seq++;
    struct event *e = &k->serve.events[k->serve.seq % EVENTS];
    body_unref(e->body);
    *e = (struct event){k->serve.seq, body_new(bytes, n)};
    free(bytes);
}

static void a_stream_shows_signs_of_life_and_its_client_has_to(void **state)
{
    (void)state;
    struct client k;
    char text[4096];
    client_open(&k);
    k.c->state = STREAMING;
    k.c->event = 1;
    k.c->wrote_ns = 100 * S;
    assert_true(connection_deadline(k.c) == 115 * S);
    for (int i = 1; i <= 3; i++) { /* nothing happens */
        assert_true(connection_expired(&k.serve, k.c, (100 + 15 * i) * S));
        assert_true(hear(&k, text, sizeof text) > 0);
        assert_string_equal(text, ": ping\n\n");
        assert_true(connection_deadline(k.c) == (115 + 15 * i) * S);
    }
    event(&k, 100);
    connection_stream(&k.serve, k.c, 150 * S);
    assert_int_equal(hear(&k, text, sizeof text), 100);
    assert_true(connection_deadline(k.c) == 165 * S);
    event(&k, 1000000);
    connection_stream(&k.serve, k.c, 160 * S);
    assert_true(connection_deadline(k.c) == 190 * S); /* half a minute to take something */
    assert_true(hear(&k, text, sizeof text) > 0);
    assert_true(connection_ready(&k.serve, k.c, POLLOUT, 180 * S));
    assert_true(connection_deadline(k.c) == 210 * S); /* it did */
    assert_false(connection_expired(&k.serve, k.c, 210 * S));
    assert_int_equal(k.serve.self.dropped, 1);
    client_close(&k);
}

static void who_falls_behind_by_more_than_the_ring_goes_on_with_the_oldest_kept(void **state)
{
    (void)state;
    struct client k;
    char text[4096];
    client_open(&k);
    k.c->state = STREAMING;
    k.c->event = 1;
    for (int i = 0; i < EVENTS + 10; i++)
        event(&k, 20);
    size_t heard = 0, more = 1;
    connection_stream(&k.serve, k.c, 110 * S);
    while (more > 0) { /* the pipe is small */
        more = hear(&k, text, sizeof text);
        heard += more;
        assert_true(connection_ready(&k.serve, k.c, POLLOUT, 110 * S));
    }
    assert_int_equal(heard, 20 * EVENTS);
    assert_true(k.c->event == k.serve.seq + 1);
    client_close(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_head_has_five_seconds_from_its_first_byte_however_slowly_it_trickles),
        cmocka_unit_test(before_the_first_sample_data_is_asked_for_again_later),
        cmocka_unit_test(between_requests_there_is_a_minute),
        cmocka_unit_test(an_answer_has_to_be_taken_within_ten_seconds_however_slowly_it_goes),
        cmocka_unit_test(a_stream_shows_signs_of_life_and_its_client_has_to),
        cmocka_unit_test(who_falls_behind_by_more_than_the_ring_goes_on_with_the_oldest_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
