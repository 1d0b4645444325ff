/* SPDX-License-Identifier: GPL-2.0-only */
/* Comes before the source of each test that looks at internals: the kernel that the test is a part of. What the library
 * has for that kernel stays unused. */
#include TEST_KERNEL

#undef HMMU_API
#define HMMU_API
