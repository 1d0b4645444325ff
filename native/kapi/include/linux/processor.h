/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_PROCESSOR_H
#define _LINUX_PROCESSOR_H

/** A loop that waits for another thread lets it run, under a spinlock as well. */
void cpu_relax(void);

#endif
