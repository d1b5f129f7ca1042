/* SPDX-License-Identifier: MIT */
/* Where the server listens: names that have several addresses, ports in use, sockets that are handed over. What a name means
 * is decided here: this getaddrinfo stands in for the system's. */
#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/test.h"
#include "serve/serve.h"

enum { MOST = 10 };

static const char *const *addresses; /* what any name means; NULL: nothing */

static int number(const char *text)
{
    return (int)strtol(text, NULL, 10);
}

static struct sockaddr_storage address(const char *text, int port, socklen_t *size)
{
    struct sockaddr_storage at = {0};
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
    if (inet_pton(AF_INET, text, &v4.sin_addr) == 1) {
        *size = sizeof v4;
        memcpy(&at, &v4, sizeof v4);
    } else {
        assert_int_equal(inet_pton(AF_INET6, text, &v6.sin6_addr), 1);
        *size = sizeof v6;
        memcpy(&at, &v6, sizeof v6);
    }
    return at;
}

int getaddrinfo(const char *name, const char *port, const struct addrinfo *hints,
                struct addrinfo **out)
{
    (void)name;
    struct addrinfo *list = NULL;
    size_t n = 0;
    while (addresses != NULL && addresses[n] != NULL)
        n++;
    while (n-- > 0) {
        struct addrinfo *a = calloc(1, sizeof *a + sizeof(struct sockaddr_storage));
        assert_non_null(a);
        struct sockaddr_storage at = address(addresses[n], number(port), &a->ai_addrlen);
        a->ai_family = at.ss_family;
        a->ai_socktype = hints->ai_socktype;
        a->ai_addr = (struct sockaddr *)(a + 1);
        memcpy(a->ai_addr, &at, sizeof at);
        a->ai_next = list;
        list = a;
    }
    *out = list;
    return list != NULL ? 0 : EAI_NONAME;
}

void freeaddrinfo(struct addrinfo *a)
{
    while (a != NULL) {
        struct addrinfo *next = a->ai_next;
        free(a);
        a = next;
    }
}

static bool can_connect(const char *text, int port)
{
    socklen_t size;
    struct sockaddr_storage at = address(text, port, &size);
    int fd = socket(at.ss_family, SOCK_STREAM, 0);
    bool well = fd >= 0 && connect(fd, (struct sockaddr *)&at, size) == 0;
    if (fd >= 0)
        (void)close(fd);
    return well;
}

static int listen_somewhere(const char *text, int *port)
{
    socklen_t size;
    struct sockaddr_storage at = address(text, 0, &size);
    struct sockaddr_in v4;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(fd >= 0 && bind(fd, (struct sockaddr *)&at, size) == 0 && listen(fd, 5) == 0);
    size = sizeof v4;
    assert_int_equal(getsockname(fd, (struct sockaddr *)&v4, &size), 0);
    *port = ntohs(v4.sin_port);
    return fd;
}

static actop_session *session_new(void)
{
    actop_options o = ACTOP_OPTIONS_INIT;
    actop_session *s = NULL;
    o.source = "sim:m1";
    assert_int_equal(actop_open(&o, &s, NULL), ACTOP_OK);
    assert_int_equal(actop_start(s, 1000000000, NULL), ACTOP_OK);
    return s;
}

static void it_listens_on_every_address_of_a_name_on_one_port(void **state)
{
    (void)state;
    static const struct {
        const char *what, *named[MOST];
        int listening; /* of the first ones of the list, these */
        bool exposed;
    } rows[] = {
        {"one", {"127.0.0.1"}, 1, false},
        {"two", {"127.0.0.1", "127.0.0.2"}, 2, false},
        {"one of them twice", {"127.0.0.1", "127.0.0.1"}, 1, false},
        {"not this machine's", {"127.0.0.1", "203.0.113.1"}, 1, false},
        {"more than there is room for",
         {"127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5", "127.0.0.6", "127.0.0.7",
          "127.0.0.8", "127.0.0.9"},
         8,
         false},
        {"everywhere", {"0.0.0.0"}, 1, true},
    };
    actop_session *s = session_new();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct serve *sv = NULL;
        const struct serve_options options = {.listen = "machine", .interval_ns = 1000000000};
        char wanted[600] = "";
        addresses = rows[i].named;
        assert_int_equal(serve_open(&sv, s, &options, NULL), ACTOP_OK);
        int port = number(strrchr(serve_url(sv), ':') + 1);
        for (int k = 0; k < rows[i].listening; k++) {
            size_t n = strlen(wanted);
            (void)snprintf(wanted + n, sizeof wanted - n, "%shttp://%s:%d/metrics",
                           k > 0 ? " and " : "", rows[i].named[k], port);
            CHECK_ROW(can_connect(rows[i].named[k], port), rows[i].what);
        }
        assert_string_equal(serve_url(sv), wanted);
        CHECK_ROW(serve_is_exposed(sv) == rows[i].exposed, rows[i].what);
        serve_close(sv);
    }
    actop_close(s);
}

static void ipv6_and_ipv4_stand_side_by_side(void **state)
{
    (void)state;
    static const char *const both[] = {"::1", "127.0.0.1", NULL};
    struct serve *sv = NULL;
    actop_session *s = session_new();
    const struct serve_options options = {.listen = "machine", .interval_ns = 1000000000};
    addresses = both;
    assert_int_equal(serve_open(&sv, s, &options, NULL), ACTOP_OK);
    int port = number(strrchr(serve_url(sv), ':') + 1);
    bool v6 = strncmp(serve_url(sv), "http://[::1]:", 13) == 0; /* else this machine has no IPv6 */
    assert_true(can_connect("127.0.0.1", port));
    assert_true(!v6 || can_connect("::1", port));
    assert_false(serve_is_exposed(sv));
    (void)printf("# %s\n", serve_url(sv));
    serve_close(sv);
    actop_close(s);
}

static void what_cannot_be_had_is_a_sentence_and_leaves_nothing_behind(void **state)
{
    (void)state;
    int port;
    int fd = listen_somewhere("127.0.0.2", &port);
    const struct {
        const char *named[MOST];
        int port;
        actop_status status;
        const char *says;
    } rows[] = {
        {{"127.0.0.1", "127.0.0.2"}, port, ACTOP_E_BUSY, " of machine is in use"},
        {{"203.0.113.1"}, port, ACTOP_E_IO, " of machine: "},
        {{NULL}, port, ACTOP_E_ARGUMENT, "machine: "},
    };
    actop_session *s = session_new();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct serve *sv = NULL;
        actop_error err;
        const struct serve_options options = {
            .listen = "machine", .port = rows[i].port, .interval_ns = 1000000000};
        addresses = rows[i].named;
        assert_int_equal(serve_open(&sv, s, &options, &err), rows[i].status);
        if (strstr(err.text, rows[i].says) == NULL)
            fail_msg("\"%s\" does not have \"%s\"", err.text, rows[i].says);
        assert_null(sv);
        assert_false(can_connect("127.0.0.1", port));
    }
    actop_close(s);
    (void)close(fd);
}

static void sockets_that_are_handed_over_are_all_used(void **state)
{
    (void)state;
    int ports[2];
    struct serve *sv = NULL;
    actop_session *s = session_new();
    int first = listen_somewhere("127.0.0.1", &ports[0]);
    int second = listen_somewhere("127.0.0.2", &ports[1]);
    assert_int_equal(second, first + 1);
    const struct serve_options options = {
        .first_inherited = first, .n_inherited = 2, .interval_ns = 1000000000};
    char wanted[100];
    addresses = NULL;
    assert_int_equal(serve_open(&sv, s, &options, NULL), ACTOP_OK);
    (void)snprintf(wanted, sizeof wanted,
                   "http://127.0.0.1:%d/metrics and http://127.0.0.2:%d/metrics", ports[0],
                   ports[1]);
    assert_string_equal(serve_url(sv), wanted);
    serve_close(sv);
    assert_false(can_connect("127.0.0.2", ports[1]));
    actop_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_listens_on_every_address_of_a_name_on_one_port),
        cmocka_unit_test(ipv6_and_ipv4_stand_side_by_side),
        cmocka_unit_test(what_cannot_be_had_is_a_sentence_and_leaves_nothing_behind),
        cmocka_unit_test(sockets_that_are_handed_over_are_all_used),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
