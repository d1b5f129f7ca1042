/* SPDX-License-Identifier: MIT */
/* What Session and Recorder share: a session of the C library with the process that opened it, and how both are asked
 * for one. */
#ifndef PYTHON_SESSION_H
#define PYTHON_SESSION_H

#include "binding.h"

#define WANT_PROCESSES (ACTOP_WANT(ACTOP_SCOPE_PROCESS) | ACTOP_WANT_CMDLINE | ACTOP_WANT_GPU_CLIENTS)

struct session_box {
    actop_session *session; /* owned; NULL: closed */
    long pid;               /* who opened it */
    int busy;               /* some thread is in the library without the GIL; guarded by the GIL */
};

/* Arguments of both constructors; strings are borrowed from them. */
struct session_arguments {
    actop_options options;
    double interval_s;
    int processes;
    Py_ssize_t max_samples;
    const char *when_full;
    unsigned long long root_pid;
};

int session_parse(PyObject *args, PyObject *kwargs, struct session_arguments *a); /* false: an exception is set */
int session_box_open(struct binding *b, struct session_box *box, const actop_options *options);
void session_box_close(struct session_box *box);
actop_session *session_box_get(const struct session_box *box); /* NULL with an exception: closed, or forked */

#endif
