/* SPDX-License-Identifier: GPL-2.0-only */
/* What a task owes when its wait ends, what it must not wait for, and what it does before it waits for memory. Only faults and munlock stop halfway; each has the
 * rest of its work in its own file. */
#include "call/fork.h"
#include "call/mirror.h"
#include "call/shrink.h"
#include "call/truncate.h"
#include "fault/device_fault.h"
#include "fault/fault.h"
#include "fault/munlock.h"
#include "migrate/migrate.h"
#include "mm/task_work.h"

static void wait_settle(struct hmmu *m, const struct task *task)
{
	wp_page_settle(m, task);
	if (task->wait == HMMU_WAIT_DEVICE_FAULT)
		device_fault_settle(m, task);
}

static void wait_give_up(struct hmmu *m, struct task *task)
{
	munlock_give_up(m, task->mm, task->progress.munlock_at);
	if (KERNEL >= V6_12 && task->op == OP_FORK)
		fork_give_up(m, task);
	if (KERNEL >= V6_12 && task->op == OP_MIRROR)
		mirror_give_up(m, task);
	if (KERNEL >= V6_12 && task->op == OP_TRUNCATE)
		truncate_give_up(m, task);
	task_work_give_up(m, task);
}

void wait_ops_init(struct hmmu *m)
{
	static const struct wait_ops ops = {
		.settle = wait_settle,
		.give_up = wait_give_up,
		.waits_for_itself = task_has_locked,
		/* Linux 4.14 does not ask. */
		.reclaim_group = KERNEL >= V6_12 ? shrink_group : NULL,
	};

	m->wait_ops = &ops;
}
