/* SPDX-License-Identifier: GPL-2.0-only */
/* Comes before the source of each test that looks at internals: the kernel that it is a part of. What the library has
 * for that kernel stays unused. */
#include "kernel/v4_14.c"

#undef HMMU_API
#define HMMU_API
