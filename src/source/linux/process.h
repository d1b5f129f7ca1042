/* SPDX-License-Identifier: MIT */
/* What process.c and process_gpu.c share: the clients of GPUs among the file descriptors of processes. */
#ifndef SOURCE_LINUX_PROCESS_H
#define SOURCE_LINUX_PROCESS_H

#include "source/linux/root.h"

/* GPU clients seen in one tick, so that a client whose descriptor several processes share counts once. */
struct gpu_clients {
    uint64_t *seen;  /* owned; open addressing by device and client id, 0 is free */
    size_t n, cap;
    struct root_names names; /* memory kept */
};

struct gpu_use {
    uint64_t busy_ns, memory_b;
    uint64_t cycles, clock; /* of one device, whose hash this is */
    uint64_t clock_of;
    bool has_busy, has_memory, has_cycles;
};

void gpu_clients_begin(struct gpu_clients *g);
void gpu_clients_release(struct gpu_clients *g);

/* Sum over the process's own clients; false: it has none, or may not be looked at. */
bool gpu_clients_read(struct gpu_clients *g, struct root *root, uint32_t pid, struct gpu_use *use);

#endif
