/* SPDX-License-Identifier: MIT */
/* The program: what the command line needs from the other customers of actop.h, put together. */
#include "cli/commands.h"

int main(int argc, char **argv)
{
    static const struct cli_parts parts = {.screen = NULL};
    return cli_main(argc, argv, &parts);
}
