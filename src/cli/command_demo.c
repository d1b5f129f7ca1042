/* SPDX-License-Identifier: MIT */
/* demo [CHIP]: the screen, stream or report of a simulated machine; --list names the machines there are. */
#include <stdio.h>

#include "base/buf.h"
#include "cli/commands.h"
#include "cli/output.h"

static const char DEFAULT_CHIP[] = "m4-max";

static int list_machines(void)
{
    struct buf b = BUF_INIT;
    actop_error err = {ACTOP_OK, ""};
    for (size_t i = 0; actop_machine_name(i) != NULL; i++) {
        buf_puts(&b, actop_machine_name(i));
        buf_putc(&b, '\n');
    }
    enum output_state state = output_put(&b, &err);
    buf_release(&b);
    return output_status(state, &err);
}

int command_demo(struct cli *cli, const struct option_list *words)
{
    char source[96];
    if (cli->options.list)
        return list_machines();
    const char *chip = words->n > 0 ? words->items[0] : DEFAULT_CHIP;
    actop_error err = {ACTOP_OK, ""};
    (void)snprintf(source, sizeof source, "sim:%.80s", chip);
    if (options_set(&cli->options, OPTION_SOURCE, source, PLACE_COMMAND_LINE, &err) != ACTOP_OK)
        return cli_fail(&err);
    int status = command_none(cli, words);
    cli->options.source = NULL;
    return status;
}
