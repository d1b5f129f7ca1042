/* SPDX-License-Identifier: MIT */
/* The program: what the command line needs from the other customers of actop.h, put together. The only file that knows
 * the screen and the command line. */
#include "cli/commands.h"
#include "tui/tui.h"

/* What --source says about a source that is not this machine, for the screen's header. */
static const char *source_label(const struct options *o, const actop_session *s)
{
    return actop_is_live(s) ? NULL : o->source;
}

static actop_status run_screen(actop_session *s, const struct options *o, uint32_t want,
                               actop_error *err)
{
    char glyph[24], layout[24], palette[24], theme[24];
    struct tui_options t = TUI_OPTIONS_INIT;
    t.interval_s = o->interval_s;
    t.show_cores = o->show_cores;
    t.show_residency = o->show_residency;
    t.show_processes = o->show_processes;
    t.scale_auto = o->power_scale != 0;
    t.chart_glyph = options_choice(o, OPTION_CHART_GLYPH, glyph, sizeof glyph);
    t.layout = options_choice(o, OPTION_LAYOUT, layout, sizeof layout);
    t.palette = options_choice(o, OPTION_PALETTE, palette, sizeof palette);
    t.theme = options_choice(o, OPTION_THEME, theme, sizeof theme);
    t.process_filter = o->proc_filter;
    t.average_window_s = o->avg_s;
    t.alert_bandwidth_ratio = (double)o->alert_bw_sat_percent / 100;
    t.alert_package_ratio = (double)o->alert_package_power_percent / 100;
    t.want = want;
    t.config_path = o->config_path;
    t.source_label = source_label(o, s);
    return tui_run(s, &t, err);
}

int main(int argc, char **argv)
{
    static const struct cli_parts parts = {.screen = run_screen};
    return cli_main(argc, argv, &parts);
}
