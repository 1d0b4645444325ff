/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_SCHED_H
#define _LINUX_SCHED_H

#include <linux/atomic.h>
#include <linux/bitops.h>
#include <kapi/place.h>
#include <linux/jiffies.h>
#include <linux/mm_types.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>
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

/** Let a thread look at what it waits for again. Returns whether it waited. */
int wake_up_process(struct task_struct *task);
/** Sleep until somebody wakes this thread, at most for @p ticks. Returns those that are left. */
long kapi_schedule_timeout(long ticks, const struct kapi_place *place);
#define schedule_timeout_interruptible(ticks) kapi_schedule_timeout(ticks, KAPI_HERE)
#define schedule_timeout_uninterruptible(ticks) kapi_schedule_timeout(ticks, KAPI_HERE)
#define schedule_timeout_killable(ticks) kapi_schedule_timeout(ticks, KAPI_HERE)

/** Let other threads run. */
void kapi_schedule(const struct kapi_place *place);
#define schedule() kapi_schedule(KAPI_HERE)

static inline int cond_resched(void)
{
	schedule();
	return 0;
}

#endif
