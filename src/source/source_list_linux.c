/* SPDX-License-Identifier: MIT */
/* The sources of a build for Linux. "auto" takes the first live one: where more than one reads live machines,
 * this one's own kind stands first. */
#include "source/source.h"

extern const struct source_ops apple_source;
extern const struct source_ops linux_source;
extern const struct source_ops replay_source;
extern const struct source_ops remote_source;
extern const struct source_ops sim_source;
extern const struct source_ops none_source;

const struct source_ops *const source_list[] = {
    &linux_source, &apple_source, &replay_source, &remote_source, &sim_source, &none_source, NULL,
};
