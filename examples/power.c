/* SPDX-License-Identifier: MIT */
/* Power and utilization of this machine, once a second, five times.
 *
 *     cc power.c $(pkg-config --cflags --libs actop) -o power && ./power [INTERVAL_MS]
 *
 * What a machine does not give is printed by its state: there is no 0 that means "unknown". */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <actop/actop.h>

static void print_reading(const actop_sample_t *sample, actop_metric id, double scale,
                          const char *unit)
{
    actop_reading r = actop_read(sample, id, 0);
    if (actop_has_value(&r))
        printf("  %s %.1f %s%s", actop_metric_get(id)->key, r.value * scale, unit,
               r.origin == ACTOP_ESTIMATED ? " (estimated)" : "");
    else
        printf("  %s: %s", actop_metric_get(id)->key, actop_state_name(r.state));
}

int main(int argc, char **argv)
{
    long interval_ms = argc > 1 ? strtol(argv[1], NULL, 10) : 1000;
    const struct timespec pause = {interval_ms / 1000, interval_ms % 1000 * 1000000};
    actop_session *s = NULL;
    actop_error err;
    if (actop_open(NULL, &s, &err) != ACTOP_OK) {
        fprintf(stderr, "power: %s\n", err.text);
        return actop_status_exit_code(err.status);
    }
    (void)actop_sample(s, NULL); /* rates need two samples */
    for (int i = 0; i < 5; i++) {
        nanosleep(&pause, NULL);
        const actop_sample_t *now = actop_sample(s, &err);
        if (now == NULL) {
            fprintf(stderr, "power: %s\n", err.text);
            break;
        }
        print_reading(now, ACTOP_METRIC_CPU_UTIL, 100, "%");
        print_reading(now, ACTOP_METRIC_CPU_POWER, 1, "W");
        print_reading(now, ACTOP_METRIC_PACKAGE_POWER, 1, "W");
        print_reading(now, ACTOP_METRIC_SESSION_ENERGY, 1, "J");
        putchar('\n');
    }
    actop_close(s);
    return 0;
}
