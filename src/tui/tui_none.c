/* SPDX-License-Identifier: MIT */
/* What stands in for the screen in a build without ncursesw: it says so. */
#include "tui/tui.h"

#include "base/error.h"

actop_status tui_run(actop_session *s, const struct tui_options *o, actop_error *err)
{
    (void)s;
    (void)o;
    return error_set(err, ACTOP_E_UNSUPPORTED, "this actop was built without the screen");
}
