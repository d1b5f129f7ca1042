/* SPDX-License-Identifier: MIT */
/* Conditions: any text is parsed or refused with a place inside it and a sentence; a parsed one explains itself. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <actop/actop.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    actop_condition *c = NULL;
    actop_error err = {ACTOP_OK, ""};
    size_t position = 0;
    char text[512], said[256];
    if (size >= sizeof text)
        size = sizeof text - 1;
    memcpy(text, data, size);
    text[size] = '\0';
    if (actop_condition_parse(text, &c, &position, &err) != ACTOP_OK) {
        if (position > strlen(text) || err.text[0] == '\0')
            abort();
        return 0;
    }
    (void)actop_condition_explain(c, said, sizeof said);
    actop_condition_free(c);
    return 0;
}
