/* SPDX-License-Identifier: MIT */
/* replay FILE: decode every frame of a recording as fast as possible, without writing anything out; prints frames and
 * seconds of CPU time. */
#include <stdio.h>
#include <time.h>

#include <actop/actop.h>

static double cpu_s(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

int main(int argc, char **argv)
{
    char source[4096];
    actop_options options = ACTOP_OPTIONS_INIT;
    actop_session *session = NULL;
    actop_error err;
    unsigned long frames = 0;
    (void)snprintf(source, sizeof source, "replay:%s", argc > 1 ? argv[1] : "");
    options.source = source;
    options.speed = 0;
    options.history_bytes = 0;
    if (actop_open(&options, &session, &err) != ACTOP_OK) {
        (void)fprintf(stderr, "replay: %s\n", err.text);
        return 1;
    }
    double start_s = cpu_s();
    while (actop_sample(session, &err) != NULL)
        frames++;
    printf("%lu %.6f\n", frames, cpu_s() - start_s);
    actop_close(session);
    return 0;
}
