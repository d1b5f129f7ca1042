/* SPDX-License-Identifier: MIT */
/* The decoders, by the platform a schema names. All are in every build: a recording of a Mac is decoded on Linux. */
#include <string.h>

#include "decode/decode.h"

static const struct decode_ops *const decoders[] = {
    &decode_linux,
    &decode_none,
    &decode_apple,
};

const struct decode_ops *decode_for(const char *platform)
{
    for (size_t i = 0; i < sizeof decoders / sizeof decoders[0]; i++)
        if (strcmp(decoders[i]->platform, platform) == 0)
            return decoders[i];
    return NULL;
}
