/* SPDX-License-Identifier: MIT */
/* Host names against DNS rebinding, tokens against everybody else; see access.h. */
#include "serve/access.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <errno.h>

#include "base/error.h"

static actop_status check_token_file(int fd, const char *path, actop_error *err)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return error_errno(err, errno, "token file %s", path);
    if (!S_ISREG(st.st_mode))
        return error_set(err, ACTOP_E_ARGUMENT, "token file %s: not a plain file", path);
    if ((st.st_mode & 077) != 0)
        return error_set(err, ACTOP_E_DENIED, "token file %s: others can read it; chmod 600 it",
                         path);
    return ACTOP_OK;
}

static actop_status take_token(struct access *a, const char *text, size_t n, const char *path,
                               actop_error *err)
{
    while (n > 0 && strchr("\r\n\t ", text[n - 1]) != NULL)
        n--;
    if (n < 16 || n > TOKEN_MOST)
        return error_set(err, ACTOP_E_ARGUMENT, "token file %s: a token has 16 to %d characters",
                         path, TOKEN_MOST);
    for (size_t i = 0; i < n; i++)
        if (text[i] <= ' ' || text[i] > '~')
            return error_set(err, ACTOP_E_ARGUMENT, "token file %s: a token is one word of ASCII",
                             path);
    memcpy(a->token, text, n);
    a->token[n] = '\0';
    return ACTOP_OK;
}

static actop_status read_token(struct access *a, const char *path, actop_error *err)
{
    char text[TOKEN_MOST + 8];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe is refused, not waited for */
    if (fd < 0)
        return error_errno(err, errno, "token file %s", path);
    actop_status st = check_token_file(fd, path, err);
    ssize_t n = st == ACTOP_OK ? read(fd, text, sizeof text) : 0;
    if (n < 0)
        st = error_errno(err, errno, "token file %s", path);
    (void)close(fd);
    return st == ACTOP_OK ? take_token(a, text, (size_t)n, path, err) : st;
}

static void lower_case(char *text)
{
    for (; *text != '\0'; text++)
        if (*text >= 'A' && *text <= 'Z')
            *text = (char)(*text - 'A' + 'a');
}

actop_status access_open(struct access *a, const char *const *hosts, size_t n_hosts,
                         const char *token_file, actop_error *err)
{
    *a = (struct access){.hosts = hosts, .n_hosts = n_hosts};
    if (gethostname(a->own, sizeof a->own - 1) != 0)
        a->own[0] = '\0';
    lower_case(a->own);
    return token_file != NULL ? read_token(a, token_file, err) : ACTOP_OK;
}

static bool is_literal(const char *host)
{
    unsigned char bytes[16];
    char inner[64];
    size_t n = strlen(host);
    if (inet_pton(AF_INET, host, bytes) == 1)
        return true;
    if (n < 4 || n >= sizeof inner || host[0] != '[' || host[n - 1] != ']')
        return false;
    memcpy(inner, host + 1, n - 2);
    inner[n - 2] = '\0';
    return inet_pton(AF_INET6, inner, bytes) == 1;
}

static bool ends_with(const char *text, const char *suffix)
{
    size_t n = strlen(text), m = strlen(suffix);
    return n > m && strcmp(text + n - m, suffix) == 0;
}

/* "studio.lan" answers to studio.lan, studio and studio.local. */
static bool is_own(const struct access *a, const char *host)
{
    size_t first = strcspn(a->own, ".");
    if (first == 0)
        return false;
    if (strcmp(host, a->own) == 0)
        return true;
    return strncmp(host, a->own, first) == 0 &&
           (host[first] == '\0' || strcmp(host + first, ".local") == 0);
}

static bool is_allowed(const struct access *a, const char *host)
{
    char allowed[256];
    for (size_t i = 0; i < a->n_hosts; i++) {
        if (strlen(a->hosts[i]) >= sizeof allowed)
            continue;
        memcpy(allowed, a->hosts[i], strlen(a->hosts[i]) + 1);
        lower_case(allowed);
        if (strcmp(host, allowed) == 0)
            return true;
    }
    return false;
}

bool access_host(const struct access *a, const char *given)
{
    char host[256];
    size_t n = strlen(given);
    if (n == 0 || n >= sizeof host)
        return false;
    memcpy(host, given, n + 1);
    lower_case(host);
    if (host[n - 1] == '.')
        host[n - 1] = '\0';
    return is_literal(host) || strcmp(host, "localhost") == 0 || ends_with(host, ".localhost") ||
           is_own(a, host) || is_allowed(a, host);
}

/* Every byte of the longer one is looked at, whatever was found before. */
static bool same_token(const char *own, const char *given)
{
    size_t n = strlen(own), m = strlen(given);
    unsigned char differs = n == m ? 0 : 1;
    for (size_t i = 0; i < m; i++)
        differs |= (unsigned char)(given[i] ^ own[i % n]);
    return differs == 0;
}

bool access_token(const struct access *a, const char *authorization)
{
    static const char scheme[] = "Bearer ";
    if (a->token[0] == '\0')
        return true;
    if (strncmp(authorization, scheme, sizeof scheme - 1) != 0)
        return false;
    return same_token(a->token, authorization + sizeof scheme - 1);
}
