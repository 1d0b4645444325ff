/* SPDX-License-Identifier: GPL-2.0-only */
/* Linux 4.14. */
#define KERNEL V4_14
#define KERNEL_OPS kernel_4_14
#define KERNEL_PROFILES HMMU_IN_BOTH /* whose quirks it knows */
#include "kernel/floors.h"
