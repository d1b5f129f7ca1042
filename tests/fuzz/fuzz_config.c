/* SPDX-License-Identifier: MIT */
/* Configuration files of any bytes: refused with a sentence that names the file and a line, or taken. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli/options.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct options o;
    actop_error err = {ACTOP_OK, ""};
    options_init(&o);
    o.config_text = malloc(size + 1);
    if (o.config_text != NULL) {
        memcpy(o.config_text, data, size);
        actop_status st = options_parse_config(&o, o.config_text, size, "file", &err);
        if (st != ACTOP_OK && strncmp(err.text, "file:", 5) != 0)
            abort();
        if (o.interval_s < 0.1 || o.subsamples < 1 || o.alert_sustain_samples < 1)
            abort();
    }
    options_release(&o);
    return 0;
}
