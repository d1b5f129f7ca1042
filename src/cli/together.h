/* SPDX-License-Identifier: MIT */
/* Which options of the command line make sense together, and with which command. */
#ifndef CLI_TOGETHER_H
#define CLI_TOGETHER_H

#include "cli/commands.h"

/* E_ARGUMENT when an option of the command line cannot have the effect it was given for; command is NULL without one. An
 * option of 1.x is only said, on stderr, to do nothing. */
actop_status together_check(const struct options *o, const struct command_row *command, actop_error *err);

/* Has the option an effect on a service? One that has not would keep it from starting. */
bool together_fits_service(const struct options *o, enum option_id id);

#endif
