/* SPDX-License-Identifier: MIT */
/* Keys; see keys.h. */
#include "tui/keys.h"

#include "tui/input.h"

const struct key_row key_rows[] = {
#define KEY(key, action, label, footer, importance, help)                                          \
    {key, ACTION_##action, label, footer, importance, help},
#include "tui/keys.def"
#undef KEY
};

const size_t n_key_rows = sizeof key_rows / sizeof key_rows[0];

static enum action find(uint32_t key)
{
    for (size_t i = 0; i < n_key_rows; i++)
        if (key_rows[i].key == key)
            return key_rows[i].action;
    return ACTION_NONE;
}

enum action key_action(uint32_t key)
{
    enum action action = find(key);
    if (action == ACTION_NONE && key >= 'A' && key <= 'Z')
        action = find(key - 'A' + 'a');
    return action;
}
