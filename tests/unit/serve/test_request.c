/* SPDX-License-Identifier: MIT */
/* Heads of requests: each gets its status, however its bytes are cut; who may ask; tokens. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <fcntl.h>

#include "lib/test.h"
#include "serve/access.h"
#include "serve/request.h"

static const struct {
    const char *what, *bytes;
    size_t n;
    int status;
} requests[] = {
#define REQUEST(what, bytes, status) {what, bytes, sizeof(bytes) - 1, status},
#include "unit/serve/requests.def"
#undef REQUEST
};

static void each_head_gets_its_status(void **state)
{
    (void)state;
    assert_true(sizeof requests / sizeof *requests >= 150);
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        struct request r;
        size_t used = 0;
        int status = request_read(requests[i].bytes, requests[i].n, &r, &used);
        if (status != requests[i].status)
            fail_msg("%s: %d is not %d", requests[i].what, status, requests[i].status);
        CHECK_ROW(status != 200 || (used > 0 && used <= requests[i].n && r.host[0] != '\0'),
                  requests[i].what);
    }
}

/* Read as a server does that gets the bytes one by one: the first verdict counts. */
static void a_head_means_the_same_however_it_is_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        struct request r;
        size_t used = 0;
        int status = 0;
        for (size_t n = 1; n <= requests[i].n && status == 0; n++)
            status = request_read(requests[i].bytes, n, &r, &used);
        if (status != requests[i].status)
            fail_msg("%s: byte by byte %d is not %d", requests[i].what, status, requests[i].status);
    }
}

static void a_zero_byte_is_refused_wherever_it_stands(void **state)
{
    (void)state;
    static const char good[] = "GET /metrics HTTP/1.1\r\nHost: localhost\r\nAccept: x\r\n\r\n";
    char bytes[sizeof good];
    struct request r;
    size_t used;
    for (size_t at = 0; at < sizeof good - 1; at++) {
        memcpy(bytes, good, sizeof good);
        bytes[at] = '\0';
        assert_int_not_equal(request_read(bytes, sizeof good - 1, &r, &used), 200);
        assert_int_not_equal(request_read(bytes, sizeof good - 1, &r, &used), 0);
    }
}

static void what_is_too_large_is_refused(void **state)
{
    (void)state;
    static char bytes[REQUEST_MOST + 4096];
    static const char start[] = "GET / HTTP/1.1\r\nHost: localhost\r\n";
    struct request r;
    size_t used = 0, n = sizeof start - 1;
    memset(bytes, 'a', sizeof bytes);
    memcpy(bytes, "GET /", 5);
    assert_int_equal(request_read(bytes, REQUEST_MOST - 1, &r, &used), 0);
    assert_int_equal(request_read(bytes, REQUEST_MOST, &r, &used), 414);
    memcpy(bytes + 600, " HTTP/1.1\r\n", 11);
    assert_int_equal(request_read(bytes, 700, &r, &used), 414); /* a path longer than any of ours */
    memset(bytes, 'a', sizeof bytes);
    memcpy(bytes, start, n);
    memcpy(bytes + n, "X: ", 3);
    assert_int_equal(request_read(bytes, REQUEST_MOST, &r, &used), 431);
    memcpy(bytes, start, n);
    for (int i = 0; i < 70; i++, n += 6)
        memcpy(bytes + n, "A: b\r\n", 6);
    memcpy(bytes + n, "\r\n", 2);
    assert_int_equal(request_read(bytes, n + 2, &r, &used), 431);
}

static struct request read_with(const char *header)
{
    char bytes[512];
    struct request r;
    size_t used = 0;
    int n = snprintf(bytes, sizeof bytes, "GET /a?b=1&seconds=60 HTTP/1.1\r\nHost: x\r\n%s\r\n",
                     header);
    assert_int_equal(request_read(bytes, (size_t)n, &r, &used), 200);
    return r;
}

static void headers_are_understood(void **state)
{
    (void)state;
    static const struct {
        const char *header;
        int openmetrics, gzip, keep_alive;
    } rows[] = {
        {"", 0, 0, 1},
        {"Accept: application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
         "text/plain;version=0.0.4;q=0.5,*/*;q=0.1\r\nAccept-Encoding: gzip\r\n",
         1, 1, 1},
        {"Accept: text/plain\r\n", 0, 0, 1},
        {"Accept: */*\r\n", 0, 0, 1},
        {"Accept: application/openmetrics-text;q=0.3, text/plain;q=0.8\r\n", 0, 0, 1},
        {"Accept: application/openmetrics-text;q=0\r\n", 0, 0, 1},
        {"Accept: application/openmetrics-text; q=nan\r\n", 0, 0, 1},
        {"Accept: Application/OpenMetrics-Text ; version=1.0.0 ; q=0.9\r\n", 1, 0, 1},
        {"Accept: text/plain;q=0.5\r\nAccept: application/openmetrics-text;q=0.6\r\n", 1, 0, 1},
        {"Accept: xapplication/openmetrics-text\r\n", 0, 0, 1},
        {"Accept-Encoding: gzip;q=0\r\n", 0, 0, 1},
        {"Accept-Encoding: deflate, GZIP;q=0.1\r\n", 0, 1, 1},
        {"Accept-Encoding: br, zstd\r\n", 0, 0, 1},
        {"Accept-Encoding: gzip;q=2\r\n", 0, 0, 1},
        {"Connection: Close\r\n", 0, 0, 0},
        {"Connection: te, close\r\n", 0, 0, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct request r = read_with(rows[i].header);
        CHECK_ROW(r.gzip == (rows[i].gzip != 0), rows[i].header);
        CHECK_ROW(r.keep_alive == (rows[i].keep_alive != 0), rows[i].header);
        CHECK_ROW(r.openmetrics == (rows[i].openmetrics != 0), rows[i].header);
    }
    struct request r = read_with(
        "Authorization: Bearer abc\r\nLast-Event-ID: 17\r\nSec-Fetch-Site: cross-site\r\n");
    assert_string_equal(r.authorization, "Bearer abc");
    assert_string_equal(r.last_event_id, "17");
    assert_true(r.cross_site);
    assert_string_equal(r.path, "/a");
    assert_int_equal(request_number(&r, "seconds", 5), 60);
    assert_int_equal(request_number(&r, "b", 5), 1);
    assert_int_equal(request_number(&r, "second", 5), 5);
    memcpy(r.query, "seconds=x&b=", 13);
    assert_int_equal(request_number(&r, "seconds", 5), -1);
    assert_int_equal(request_number(&r, "b", 5), -1);
}

static void only_names_nobody_else_can_serve_are_let_in(void **state)
{
    (void)state;
    static const struct {
        const char *host;
        bool in;
    } rows[] = {
        {"localhost", true},
        {"LOCALHOST", true},
        {"localhost.", true},
        {"a.localhost", true},
        {"127.0.0.1", true},
        {"192.168.1.7", true},
        {"[::1]", true},
        {"[fe80::1]", true},
        {"[::ffff:127.0.0.1]", true},
        {"studio.lan", true},
        {"studio", true},
        {"Studio.local", true},
        {"box.example", true},
        {"BOX.example", true},
        {"evil.example", false},
        {"localhost.evil", false},
        {"evil-localhost", false},
        {"127.0.0.1.nip.io", false},
        {"studio.lan.evil", false},
        {"studio.example", false},
        {"studi", false},
        {"studios", false},
        {"xbox.example", false},
        {"box.example.evil", false},
        {"[::1", false},
        {"[evil]", false},
        {"0x7f.1", false},
        {"127.1", false},
        {"2130706433", false},
        {"", false},
        {".", false},
        {"localhost..", false},
    };
    static const char *const allowed[] = {"Box.Example"};
    struct access a;
    assert_int_equal(access_open(&a, allowed, 1, NULL, NULL), ACTOP_OK);
    memcpy(a.own, "studio.lan", 11);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        CHECK_ROW(access_host(&a, rows[i].host) == rows[i].in, rows[i].host);
}

static void write_token(const char *path, const char *text, mode_t mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    assert_int_equal(fchmod(fd, mode), 0);
    (void)close(fd);
}

static void a_token_is_private_and_compared_whole(void **state)
{
    (void)state;
    char path[] = "/tmp/actop-token-XXXXXX";
    int fd = mkstemp(path);
    struct access a;
    actop_error err;
    assert_true(fd >= 0);
    (void)close(fd);
    write_token(path, "0123456789abcdef\n", 0644);
    assert_int_equal(access_open(&a, NULL, 0, path, &err), ACTOP_E_DENIED);
    write_token(path, "short\n", 0600);
    assert_int_equal(access_open(&a, NULL, 0, path, &err), ACTOP_E_ARGUMENT);
    write_token(path, "with a blank in it", 0600);
    assert_int_equal(access_open(&a, NULL, 0, path, &err), ACTOP_E_ARGUMENT);
    assert_int_equal(access_open(&a, NULL, 0, "/tmp", &err), ACTOP_E_ARGUMENT);
    write_token(path, "0123456789abcdef\n", 0600);
    assert_int_equal(access_open(&a, NULL, 0, path, &err), ACTOP_OK);
    assert_true(access_token(&a, "Bearer 0123456789abcdef"));
    static const char *const wrong[] = {"",
                                        "Bearer ",
                                        "Bearer 0123456789abcde",
                                        "Bearer 0123456789abcdeX",
                                        "Bearer 0123456789abcdef0",
                                        "bearer 0123456789abcdef",
                                        "0123456789abcdef",
                                        "Bearer 0123456789abcdef0123456789abcdef",
                                        "Basic 0123456789abcdef"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        CHECK_ROW(!access_token(&a, wrong[i]), wrong[i]);
    (void)unlink(path);
    assert_int_equal(access_open(&a, NULL, 0, path, &err), ACTOP_E_NOT_FOUND);
    assert_int_equal(access_open(&a, NULL, 0, NULL, &err), ACTOP_OK);
    assert_true(access_token(&a, ""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_head_gets_its_status),
        cmocka_unit_test(a_head_means_the_same_however_it_is_cut),
        cmocka_unit_test(a_zero_byte_is_refused_wherever_it_stands),
        cmocka_unit_test(what_is_too_large_is_refused),
        cmocka_unit_test(headers_are_understood),
        cmocka_unit_test(only_names_nobody_else_can_serve_are_let_in),
        cmocka_unit_test(a_token_is_private_and_compared_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
