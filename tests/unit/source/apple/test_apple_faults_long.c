/* SPDX-License-Identifier: MIT */
/* The faults of test_apple_faults.c with every single call failed once, on every machine listed there.
 * Minutes, under the sanitizers: for make test-long. */
#define EVERY
#include "test_apple_faults.c"
