/* SPDX-License-Identifier: MIT */
/* DRM fdinfo, as bytes anybody may have written. */
#include "fuzz/text.h"

static void parse_text(const char *text, size_t size)
{
    struct drm_client client;
    parse_drm_fdinfo(text, &client);
    check_span(text, size, client.driver);
    check_span(text, size, client.device);
}
