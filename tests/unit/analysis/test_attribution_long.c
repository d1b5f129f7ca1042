/* SPDX-License-Identifier: MIT */
/* The tests of power per process, with a hundred thousand random traces. */
#define TRACES 100000
#include "test_attribution.c"
