/* SPDX-License-Identifier: MIT */
/* Choosing a source by its text. The list itself differs by platform: source_list_linux.c, source_list_darwin.c. */
#include <string.h>

#include "base/error.h"
#include "source/source.h"

static const struct source_ops *first_live(void)
{
    for (size_t i = 0; source_list[i] != NULL; i++)
        if ((source_list[i]->flags & SOURCE_LIVE) != 0)
            return source_list[i];
    return NULL;
}

/* "linux" names its source alone; "replay:" stands before an argument, "http://" is part of it. */
static bool answers_to(const struct source_ops *ops, const char *text, const char **argument)
{
    size_t n = strlen(ops->scheme);
    if (strncmp(text, ops->scheme, n) != 0)
        return false;
    bool whole_word = n == 0 || ops->scheme[n - 1] != ':';
    bool is_address = n > 3 && strcmp(ops->scheme + n - 3, "://") == 0;
    *argument = is_address ? text : text + n;
    return is_address || !whole_word || text[n] == '\0';
}

actop_status source_select(const char *text, const struct source_ops **ops, const char **argument,
                           actop_error *err)
{
    *argument = "";
    if (text == NULL || strcmp(text, "auto") == 0) {
        *ops = first_live();
        return *ops != NULL ? ACTOP_OK
                            : error_set(err, ACTOP_E_UNSUPPORTED,
                                        "this build has no source for a live machine");
    }
    for (size_t i = 0; source_list[i] != NULL; i++)
        if (answers_to(source_list[i], text, argument)) {
            *ops = source_list[i];
            return ACTOP_OK;
        }
    return error_set(err, ACTOP_E_ARGUMENT, "unknown source '%s'", text);
}
