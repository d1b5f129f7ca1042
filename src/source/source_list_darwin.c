/* SPDX-License-Identifier: MIT */
/* The sources of a build for macOS. "auto" takes the first live one: where more than one reads live machines,
 * this one's own kind stands first. */
#include "source/source.h"

const struct source_ops *const source_list[] = {
    &apple_source, &replay_source, &remote_source, &sim_source, &none_source, NULL,
};
