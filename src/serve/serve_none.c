/* SPDX-License-Identifier: MIT */
/* A build without the server (-Dserve=disabled). */
#include "base/error.h"
#include "serve/serve.h"

actop_status serve_open(struct serve **out, actop_session *s, const struct serve_options *options,
                        actop_error *err)
{
    (void)out;
    (void)s;
    (void)options;
    return error_set(err, ACTOP_E_UNSUPPORTED, "this actop was built without its HTTP server");
}

void serve_close(struct serve *sv)
{
    (void)sv;
}

const char *serve_url(const struct serve *sv)
{
    (void)sv;
    return "";
}

bool serve_is_exposed(const struct serve *sv)
{
    (void)sv;
    return false;
}

size_t serve_history_bytes(void)
{
    return 0;
}

actop_status serve_run(struct serve *sv, int stop_fd, int end_fd, actop_error *err)
{
    (void)sv;
    (void)stop_fd;
    (void)end_fd;
    return error_set(err, ACTOP_E_UNSUPPORTED, "this actop was built without its HTTP server");
}
