/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_SCHED_H
#define _LINUX_SCHED_H

#include <linux/jiffies.h>
#include <linux/mm_types.h>
#include <linux/types.h>

/** The thread that runs. */
struct task_struct {
	struct mm_struct *mm; /**< NULL: a thread of the kernel */
	pid_t pid;
	pid_t tgid;
	char comm[16];
};

struct task_struct *kapi_current(void);
#define current kapi_current()

/** Let other threads run. */
void schedule(void);
#define cond_resched() (schedule(), 0)

#endif
