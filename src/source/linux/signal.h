/* SPDX-License-Identifier: MIT */
/* Sending a signal to the process that is meant, and asking it: the one with this pid that started at this time. */
#ifndef SOURCE_LINUX_SIGNAL_H
#define SOURCE_LINUX_SIGNAL_H

#include "source/linux/root.h"

/* E_STATE when the root is not this machine; E_GONE when the process has ended or its pid belongs to another by now;
 * E_DENIED; E_ARGUMENT for a signal or pid that cannot be one. Any thread. */
actop_status linux_signal(const struct root *root, uint64_t pid, uint64_t start, int signal, actop_error *err);

/* How many files it has open. Errors as above. */
actop_status linux_count_files(const struct root *root, uint64_t pid, uint64_t start, uint64_t *count, actop_error *err);

#endif
