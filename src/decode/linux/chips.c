/* SPDX-License-Identifier: MIT */
/* Keys of sensor chips; see chips.h. */
#include "decode/linux/chips.h"

#include <stdio.h>
#include <string.h>

size_t chip_id_length(const char *key)
{
    const char *last = strrchr(key, '/');
    return last == NULL ? 0 : (size_t)(last - key);
}

bool chip_is_on(const char *key, const char *device)
{
    size_t n = chip_id_length(key), length = strlen(device);
    const char *at = memchr(key, '@', n);
    return at != NULL && length > 0 && (size_t)(key + n - (at + 1)) == length &&
           memcmp(at + 1, device, length) == 0;
}

void chip_channel(const char *key, char *name, size_t size)
{
    size_t n = chip_id_length(key);
    const char *file = key + n + (n > 0 ? 1 : 0);
    (void)snprintf(name, size, "%.*s", (int)strcspn(file, "_"), file);
}
