/* SPDX-License-Identifier: MIT */
/* The tests of failures, with every single call and allocation of every fixture machine failing once. */
#define EVERY_FAILURE
#include "test_faults.c"
