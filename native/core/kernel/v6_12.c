/* SPDX-License-Identifier: GPL-2.0-only */
/* Linux 6.12. */
#define KERNEL V6_12
#define KERNEL_OPS kernel_6_12
#define KERNEL_PROFILES HMMU_IN_LINUX_6_12 /* whose quirks it knows */
#include "kernel/floors.h"
