/* SPDX-License-Identifier: MIT */
/* Heads of HTTP requests: whatever the bytes are, the verdict is the same when they come one by one, and what is kept of a good
 * one is text that ends. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "serve/access.h"
#include "serve/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
    if (!condition)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct access nobody = {0};
    const char *bytes = (const char *)data;
    struct request whole, cut;
    size_t used = 0, used_cut = 0;
    if (size > REQUEST_MOST)
        size = REQUEST_MOST;
    int status = request_read(bytes, size, &whole, &used);
    int by_one = 0;
    for (size_t n = 1; n <= size && by_one == 0; n++)
        by_one = request_read(bytes, n, &cut, &used_cut);
    require(by_one == status);
    require(status < 500);
    if (status != 200)
        return 0;
    require(used == used_cut && used <= size);
    require(strlen(whole.path) < sizeof whole.path && whole.path[0] == '/');
    require(strlen(whole.host) < sizeof whole.host && strlen(whole.query) < sizeof whole.query);
    (void)request_number(&whole, "seconds", 1);
    (void)access_host(&nobody, whole.host);
    return 0;
}
