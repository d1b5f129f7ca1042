/* SPDX-License-Identifier: MIT */
/* The Apple decoder against its truth, over a hundred thousand random traces. */
#define TRACES 100000
#include "test_apple_traces.c"
