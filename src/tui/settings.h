/* SPDX-License-Identifier: MIT */
/* Settings: `W` writes what was changed on the screen into the configuration, and nothing else of it. */
#ifndef TUI_SETTINGS_H
#define TUI_SETTINGS_H

#include "tui/view.h"

/* Put the values that differ from saved into the file at path: a line "name = value" that is there is replaced (the last one,
 * which is the one that counts), others are appended; all other lines stay. The file is replaced whole or not at all; its
 * folder is made where there is none. *changed counts the values. */
actop_status settings_save(const char *path, const struct settings *now, const struct settings *saved, int *changed,
                           actop_error *err);

#endif
