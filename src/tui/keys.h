/* SPDX-License-Identifier: MIT */
/* Keys: the table of keys.def. */
#ifndef TUI_KEYS_H
#define TUI_KEYS_H

#include <stddef.h>
#include <stdint.h>

enum action {
    ACTION_NONE,
    ACTION_QUIT,
    ACTION_HELP,
    ACTION_PAUSE,
    ACTION_PROCESSES,
    ACTION_SORT,
    ACTION_REVERSE,
    ACTION_FILTER,
    ACTION_TREE,
    ACTION_GROUP,
    ACTION_ENTER,
    ACTION_KILL,
    ACTION_ZOOM,
    ACTION_NEXT,
    ACTION_PREVIOUS,
    ACTION_BASELINE,
    ACTION_CORES,
    ACTION_PSTATES,
    ACTION_LAYOUT,
    ACTION_GLYPH,
    ACTION_THEME,
    ACTION_SLOWER,
    ACTION_FASTER,
    ACTION_SAVE,
    ACTION_BACKWARD,
    ACTION_FORWARD,
    ACTION_UP,
    ACTION_DOWN,
    ACTION_PAGE_UP,
    ACTION_PAGE_DOWN,
    ACTION_TOP,
    ACTION_NOW,
    ACTION_BACK,
    ACTION_COUNT
};

struct key_row {
    uint32_t key;
    enum action action;
    const char *label, *footer;
    int importance;
    const char *help;
};

extern const struct key_row key_rows[];
extern const size_t n_key_rows;

/* The action of a key: as written, else in the other case unless the row is a capital. */
enum action key_action(uint32_t key);

#endif
