/* SPDX-License-Identifier: MIT */
/* The sampling thread, the server and 64 clients of its stream at once, in one program: under the thread sanitizer
 * (make tsan) the proof that none of them looks at what another is changing. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/os.h"
#include "lib/test.h"
#include "serve/serve.h"

enum { STREAMS = 64, EVENTS = 12, SCRAPES = 30, ANSWER = 1 << 17 };

static const int64_t PATIENCE_NS = 60000000000;

struct server {
    actop_session *session;
    struct serve *serve;
    int stop_fds[2];
    pthread_t thread;
    actop_status ended;
    uint16_t port;
};

static void *serve_main(void *arg)
{
    struct server *s = arg;
    s->ended = serve_run(s->serve, s->stop_fds[0], -1, NULL);
    return NULL;
}

static void server_open(struct server *s)
{
    actop_options o = ACTOP_OPTIONS_INIT;
    const struct serve_options options = {.interval_ns = 20000000, .processes = true};
    o.source = "sim:m4-max+llm";
    o.want = ACTOP_WANT_DEFAULT | ACTOP_WANT(ACTOP_SCOPE_PROCESS) | ACTOP_WANT_GPU_CLIENTS;
    assert_int_equal(actop_open(&o, &s->session, NULL), ACTOP_OK);
    assert_int_equal(actop_start(s->session, 20000000, NULL), ACTOP_OK);
    assert_int_equal(serve_open(&s->serve, s->session, &options, NULL), ACTOP_OK);
    assert_int_equal(pipe(s->stop_fds), 0);
    const char *colon = strrchr(serve_url(s->serve), ':');
    s->port = (uint16_t)strtoul(colon + 1, NULL, 10);
    assert_int_equal(pthread_create(&s->thread, NULL, serve_main, s), 0);
}

static void server_close(struct server *s)
{
    assert_int_equal(close(s->stop_fds[1]), 0);
    assert_int_equal(pthread_join(s->thread, NULL), 0);
    assert_int_equal(s->ended, ACTOP_OK);
    serve_close(s->serve);
    actop_close(s->session);
    (void)close(s->stop_fds[0]);
}

/* A connection on which path was asked for. */
static int ask(const struct server *s, const char *path)
{
    char request[200];
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(s->port)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int n = snprintf(request, sizeof request,
                     "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", path);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(send(fd, request, (size_t)n, 0), n);
    return fd;
}

/* Status of the whole answer, read to its end. */
static int get(const struct server *s, const char *path)
{
    static char answer[ANSWER];
    int fd = ask(s, path), status = 0;
    size_t n = 0;
    for (ssize_t got;
         n < sizeof answer - 1 && (got = recv(fd, answer + n, sizeof answer - 1 - n, 0)) > 0;)
        n += (size_t)got;
    (void)close(fd);
    answer[n] = '\0';
    assert_int_equal(sscanf(answer, "HTTP/1.1 %d ", &status), 1);
    return status;
}

static void wait_for_sample(const struct server *s)
{
    int64_t last_ns = os_awake_ns() + PATIENCE_NS;
    while (get(s, "/metrics") != 200) {
        assert_true(os_awake_ns() < last_ns);
        os_sleep_until(os_awake_ns() + 10000000);
    }
}

/* What one client has got. The server sends an event at a time, so that what is received may end anywhere: matched is how
 * far into the mark of an event it came. */
struct got {
    unsigned events;
    size_t matched;
};

/* The text "id: " stands at the beginning of each event and of no other line. */
static void count_events(struct got *g, const char *bytes, size_t n)
{
    static const char mark[] = "\nid: ";
    for (size_t i = 0; i < n; i++) {
        g->matched = bytes[i] == mark[g->matched] ? g->matched + 1 : bytes[i] == mark[0];
        if (mark[g->matched] != '\0')
            continue;
        g->events++;
        g->matched = 0;
    }
}

static void read_streams(struct pollfd streams[STREAMS], struct got clients[STREAMS])
{
    static char bytes[65536];
    assert_true(poll(streams, STREAMS, 5000) > 0);
    for (int i = 0; i < STREAMS; i++) {
        if (streams[i].revents == 0)
            continue;
        ssize_t got = recv(streams[i].fd, bytes, sizeof bytes, 0);
        assert_true(got > 0);
        count_events(&clients[i], bytes, (size_t)got);
    }
}

static bool all_have_enough(const struct got clients[STREAMS])
{
    for (int i = 0; i < STREAMS; i++)
        if (clients[i].events < EVENTS)
            return false;
    return true;
}

static void sampler_server_and_sixty_four_streams_get_on(void **state)
{
    struct server s;
    struct pollfd streams[STREAMS];
    struct got clients[STREAMS] = {{0, 0}};
    static const char *const paths[] = {
        "/metrics", "/api/v1/sample", "/api/v1/history?seconds=60", "/api/v1/info", "/json", "/"};
    (void)state;
    server_open(&s);
    wait_for_sample(&s);
    for (int i = 0; i < STREAMS; i++)
        streams[i] = (struct pollfd){ask(&s, "/api/v1/stream"), POLLIN, 0};
    int64_t last_ns = os_awake_ns() + PATIENCE_NS;
    for (unsigned scrapes = 0; scrapes < SCRAPES || !all_have_enough(clients); scrapes++) {
        assert_true(os_awake_ns() < last_ns);
        assert_int_equal(get(&s, paths[scrapes % (sizeof paths / sizeof *paths)]), 200);
        read_streams(streams, clients);
    }
    assert_int_equal(get(&s, "/api/v1/stream"), 503); /* one too many */
    assert_int_equal(get(&s, "/api/v1/frames"), 503);
    for (int i = 0; i < STREAMS; i++)
        (void)close(streams[i].fd);
    server_close(&s);
}

/* Clients of the frames have readers of their own in the session. */
static void those_who_read_frames_end_with_the_server(void **state)
{
    struct server s;
    int fds[8];
    char bytes[4096];
    (void)state;
    server_open(&s);
    wait_for_sample(&s);
    for (int i = 0; i < 8; i++)
        fds[i] = ask(&s, "/api/v1/frames");
    for (int i = 0; i < 8; i++)
        assert_true(recv(fds[i], bytes, sizeof bytes, 0) > 0);
    int64_t begun_ns = os_awake_ns();
    server_close(&s);
    assert_true(os_awake_ns() - begun_ns < 10000000000);
    for (int i = 0; i < 8; i++) {
        while (recv(fds[i], bytes, sizeof bytes, 0) > 0)
            ;
        (void)close(fds[i]);
    }
}

static size_t take_all_descriptors(int fds[], size_t cap)
{
    size_t n = 0;
    while (n < cap && (fds[n] = dup(STDIN_FILENO)) >= 0)
        n++;
    assert_true(n < cap);
    return n;
}

static int64_t cpu_ns(void)
{
    struct timespec t;
    assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t), 0);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* A stream may not be dropped for a new client: until a descriptor is free there is nothing to do. */
static void without_descriptors_a_client_waits_and_the_server_rests(void **state)
{
    struct server s;
    struct rlimit before, low;
    int fds[256];
    char byte;
    (void)state;
    const char *preloaded = getenv("LD_PRELOAD");
    if (preloaded != NULL && strstr(preloaded, "vgpreload") != NULL)
        SKIP_BECAUSE(
            "valgrind takes the connection, closes it, and says that there is no descriptor");
    server_open(&s);
    wait_for_sample(&s);
    int stream = ask(&s, "/api/v1/stream");
    assert_int_equal(recv(stream, &byte, 1, 0), 1);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(s.port)};
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    actop_stop(s.session); /* what runs now is the server */
    int late = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    low = before;
    low.rlim_cur = 128;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
    size_t n = take_all_descriptors(fds, sizeof fds / sizeof *fds);
    assert_int_equal(connect(late, (struct sockaddr *)&at, sizeof at), 0);
    int64_t used_ns = cpu_ns();
    os_sleep_until(os_awake_ns() + 600000000);
    used_ns = cpu_ns() - used_ns;
    while (n > 0)
        (void)close(fds[--n]);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    static const char request[] = "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n";
    assert_int_equal(send(late, request, sizeof request - 1, 0), sizeof request - 1);
    assert_int_equal(recv(late, &byte, 1, 0), 1);
    (void)printf("# the server ran %lld ms of 600\n", (long long)(used_ns / 1000000));
    assert_true(used_ns < 300000000);
    (void)close(late);
    (void)close(stream);
    server_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sampler_server_and_sixty_four_streams_get_on),
        cmocka_unit_test(those_who_read_frames_end_with_the_server),
        cmocka_unit_test(without_descriptors_a_client_waits_and_the_server_rests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
