/* SPDX-License-Identifier: MIT */
/* The program while memory runs out, with every single allocation failing once. */
#define EVERY_ALLOCATION
#include "test_memory.c"
