/* SPDX-License-Identifier: MIT */
/* Views of a sample that take more than one reading: scales of charts, the application of a process. */
#include <string.h>

#include "analysis/scale.h"
#include "session/session.h"

double actop_chart_scale(const actop_sample_t *sample, actop_metric id, uint32_t row, int automatic)
{
    return (unsigned)id < ACTOP_METRIC_COUNT ? chart_scale(sample, id, row, automatic != 0) : 0;
}

size_t actop_application(const actop_sample_t *sample, uint32_t row, char *buf, size_t size)
{
    actop_reading exe = actop_read(sample, ACTOP_METRIC_PROC_EXE, row);
    actop_reading command = actop_read(sample, ACTOP_METRIC_PROC_COMMAND, row);
    const char *name = "";
    size_t n = 0;
    if (actop_has_value(&exe))
        name = application_of_path(exe.text, &n);
    if (n == 0 && actop_has_value(&command)) {
        name = command.text;
        n = strlen(name);
    }
    if (size > 0) {
        size_t kept = n < size ? n : size - 1;
        memcpy(buf, name, kept);
        buf[kept] = '\0';
    }
    return n;
}
