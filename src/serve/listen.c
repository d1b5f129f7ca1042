/* SPDX-License-Identifier: MIT */
/* The sockets that listen: on every address of a name ("localhost" is 127.0.0.1 and ::1), or those that are handed over.
 * Reading order: listeners_open, listen_at_all, describe. */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "base/os.h"
#include "serve/server.h"

/* A full queue makes a client try again only after a second, so it is as long as the system lets it be. */
enum { BACKLOG = 4096, TRIES_FOR_A_PORT = 16 };

/* An address as bind and getsockname take it. */
union address {
    struct sockaddr_storage any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    struct sockaddr plain;
};

static in_port_t port_of(const union address *at)
{
    return at->any.ss_family == AF_INET6 ? at->v6.sin6_port : at->v4.sin_port;
}

static void set_port(union address *at, in_port_t port)
{
    if (at->any.ss_family == AF_INET6)
        at->v6.sin6_port = port;
    else
        at->v4.sin_port = port;
}

static bool is_loopback(const union address *at)
{
    if (at->any.ss_family == AF_INET)
        return (ntohl(at->v4.sin_addr.s_addr) >> 24) == 127;
    return at->any.ss_family == AF_INET6 &&
           memcmp(&at->v6.sin6_addr, &in6addr_loopback, sizeof in6addr_loopback) == 0;
}

static bool address_of(int fd, union address *at, socklen_t *size)
{
    memset(at, 0, sizeof *at);
    *size = sizeof *at;
    return getsockname(fd, &at->plain, size) == 0;
}

/* ---- Listening ------------------------------------------------------------------------------------------------------ */

/* 0, or an errno. */
static int listen_at(struct serve *sv, const union address *at, socklen_t size, bool alone)
{
    int on = 1, failed = 0;
    int fd = os_socket(at->any.ss_family, SOCK_STREAM, 0);
    if (fd < 0)
        return errno;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (!alone && at->any.ss_family == AF_INET6) /* the IPv4 address has a socket of its own */
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    if (bind(fd, &at->plain, size) != 0 || listen(fd, BACKLOG) != 0)
        failed = errno;
    if (failed == 0)
        sv->listen_fds[sv->n_listen++] = fd;
    else
        (void)close(fd);
    return failed;
}

static bool listens_at(const struct serve *sv, const union address *at)
{
    union address other;
    socklen_t size;
    for (size_t i = 0; i < sv->n_listen; i++)
        if (address_of(sv->listen_fds[i], &other, &size) && memcmp(&other, at, sizeof other) == 0)
            return true;
    return false;
}

/* On every address, on the same port; one that this machine has not (::1 without IPv6) is left out while another remains.
 * 0, or an errno. */
static int listen_at_all(struct serve *sv, const struct addrinfo *found)
{
    in_port_t port = htons((uint16_t)sv->options.port);
    int failed = 0, left_out = 0;
    for (const struct addrinfo *a = found; a != NULL && sv->n_listen < MOST_LISTEN;
         a = a->ai_next) {
        union address at;
        socklen_t size = a->ai_addrlen;
        memset(&at, 0, sizeof at);
        memcpy(&at, a->ai_addr, size < sizeof at ? size : sizeof at);
        set_port(&at, port);
        if (listens_at(sv, &at)) /* listed twice */
            continue;
        failed = listen_at(sv, &at, size, found->ai_next == NULL);
        if (failed == EAFNOSUPPORT || failed == EADDRNOTAVAIL)
            left_out = failed;
        else if (failed != 0)
            break;
        else if (address_of(sv->listen_fds[0], &at, &size))
            port = port_of(&at);
        failed = 0;
    }
    if (failed != 0)
        listeners_close(sv);
    return sv->n_listen > 0 ? 0 : failed != 0 ? failed : left_out;
}

/* A port that is free at one address may be in use at another: where any will do, another one is tried. */
static actop_status listen_at_name(struct serve *sv, actop_error *err)
{
    const struct serve_options *o = &sv->options;
    struct addrinfo hints = {.ai_flags = AI_PASSIVE | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    int failed = getaddrinfo(o->listen, "0", &hints, &found);
    if (failed != 0)
        return error_set(err, ACTOP_E_ARGUMENT, "%s: %s", o->listen, gai_strerror(failed));
    failed = EADDRINUSE;
    for (int i = o->port == 0 ? TRIES_FOR_A_PORT : 1; i > 0 && failed == EADDRINUSE; i--)
        failed = listen_at_all(sv, found);
    freeaddrinfo(found);
    if (failed == EADDRINUSE)
        return error_set(err, ACTOP_E_BUSY, "port %d of %s is in use", o->port, o->listen);
    if (failed != 0)
        return error_errno(err, failed, "cannot listen on port %d of %s", o->port, o->listen);
    return ACTOP_OK;
}

/* ---- What is said of them -------------------------------------------------------------------------------------------- */

static bool describe(struct serve *sv, int fd)
{
    union address at;
    socklen_t size;
    char host[64] = "", port[16] = "";
    if (!serve_prepare_fd(fd) || !address_of(fd, &at, &size) ||
        getnameinfo(&at.plain, size, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        return false;
    bool v6 = at.any.ss_family == AF_INET6;
    size_t n = strlen(sv->url);
    sv->exposed = sv->exposed || !is_loopback(&at);
    (void)snprintf(sv->url + n, sizeof sv->url - n, "%shttp://%s%s%s:%s/metrics",
                   n > 0 ? " and " : "", v6 ? "[" : "", host, v6 ? "]" : "", port);
    return true;
}

actop_status listeners_open(struct serve *sv, actop_error *err)
{
    const struct serve_options *o = &sv->options;
    actop_status st = ACTOP_OK;
    for (size_t i = 0; i < o->n_inherited && i < MOST_LISTEN; i++)
        sv->listen_fds[sv->n_listen++] = o->first_inherited + (int)i;
    if (sv->n_listen == 0)
        st = listen_at_name(sv, err);
    for (size_t i = 0; i < sv->n_listen; i++)
        if (!describe(sv, sv->listen_fds[i]))
            return error_set(err, ACTOP_E_IO, "cannot use the listening socket");
    return st;
}

void listeners_close(struct serve *sv)
{
    while (sv->n_listen > 0)
        (void)close(sv->listen_fds[--sv->n_listen]);
}
