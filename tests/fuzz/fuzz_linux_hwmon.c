/* SPDX-License-Identifier: MIT */
/* Names and values of sensor files, as bytes anybody may have written. */
#include <stdlib.h>
#include <string.h>

#include "source/linux/hwmon.h"
#include "source/linux/scan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    uint32_t number = 0;
    int64_t i;
    uint64_t u;
    if (text == NULL)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    if (hwmon_file(text, &number) != NULL && number >= 1000)
        abort();
    const char *at = text;
    (void)scan_i64(&at, &i);
    at = text;
    (void)scan_u64(&at, &u);
    at = text;
    (void)scan_hex(&at, &u);
    at = text;
    (void)scan_fixed(&at, 3, &u);
    free(text);
    return 0;
}
