/* SPDX-License-Identifier: MIT */
/* What the program says about itself, made from the tables of options and commands. */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include "base/buf.h"

void help_put(struct buf *b);  /* --help */
void usage_put(struct buf *b); /* the first lines of it, for errors */

#endif
