/* SPDX-License-Identifier: MIT */
/* demo [CHIP]: the screen, stream or report of a simulated machine; --list names the machines there are. */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "cli/commands.h"
#include "cli/output.h"

static const char DEFAULT_CHIP[] = "m4-max";

static int list_machines(void)
{
    for (size_t i = 0; actop_machine_name(i) != NULL; i++)
        if (puts(actop_machine_name(i)) == EOF)
            return 1;
    return fflush(stdout) == 0 ? 0 : 1;
}

int command_demo(struct cli *cli, const struct option_list *words)
{
    char source[96];
    if (cli->options.list)
        return list_machines();
    const char *chip = words->n > 0 ? words->items[0] : DEFAULT_CHIP;
    (void)snprintf(source, sizeof source, "sim:%.80s", chip);
    cli->options.source = source;
    int status = command_none(cli, words);
    cli->options.source = NULL;
    return status;
}
