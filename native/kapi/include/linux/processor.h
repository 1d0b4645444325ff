/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_PROCESSOR_H
#define _LINUX_PROCESSOR_H

#include <linux/sched.h>

/** A loop that waits for another thread lets it run. */
#define cpu_relax() schedule()

#endif
