/* SPDX-License-Identifier: MIT */
/* Names and values of sensor files, as bytes anybody may have written. */
#include "fuzz/text.h"
#include "source/linux/hwmon.h"
#include "source/linux/scan.h"

static void parse_text(const char *text, size_t size)
{
    (void)size;
    uint32_t number = 0;
    int64_t i;
    uint64_t u;
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
}
