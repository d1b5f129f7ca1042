/* SPDX-License-Identifier: MIT */
/* Before any system header: the fake allocates with the originals, so that tests count what is ours alone. */
#ifndef ACTOP_TESTS_FAKE_APPLE_PLAIN_ALLOC_H
#define ACTOP_TESTS_FAKE_APPLE_PLAIN_ALLOC_H

#undef malloc
#undef calloc
#undef realloc
#undef strdup
#undef strndup

#endif
