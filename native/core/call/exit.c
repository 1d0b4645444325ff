/* SPDX-License-Identifier: GPL-2.0-only */
/* The end of a process. */
#include <errno.h>

#include "call/unmap.h"
#include "fault/munlock.h"
#include "host/arena.h"
#include "host/stats.h"
#include "mm/mm.h"
#include "mm/task.h"

/* Whether a task of the process is in the middle of a call, or would have to be waited for. One that holds mmap_sem is in
 * a fault whose handler makes this call. */
static bool process_busy(const struct hmmu *m, u32 pid)
{
	if (mm_of(m, pid)->migrations)
		return true;
	for (u32 left = mm_of(m, pid)->tasks, task = mm_of(m, pid)->main_task;; task = next_task_of_mm(m, task)) {
		if (task_of(m, task)->op || task_of(m, task)->sem_hold)
			return true;
		if (!--left)
			return false;
	}
}

/* The first one goes with the address space. */
static void free_other_tasks(struct hmmu *m, u32 pid)
{
	struct mm *mm = mm_of(m, pid);

	for (; mm->tasks > 1; mm->tasks--)
		slab_free(m, SLAB_TASK, next_task_of_mm(m, mm->main_task));
}

int hmmu_exit(struct hmmu *m, uint32_t pid)
{
	struct ctx ctx = { .m = m, .mm = pid };
	struct span span;
	u64 pages;
	int err;

	if (check_process(m, pid))
		return -ESRCH;
	if (m->in_page_free)
		return check_outside_page_free(m);
	if (process_busy(m, pid))
		return hmmu_fail(m, -EBUSY, HMMU_ERR_BUSY, "process %u migrates, or a task of it is in a call", pid);
	ctx.task = mm_of(m, pid)->main_task;
	ctx.cpu = task_of(m, ctx.task)->cpu;
	pages = resident_pages(m, pid);
	span = span_begin(m, HMMU_SPAN_EXIT);
	err = exit_mmap(&ctx);
	span_end(m, &span, 1, pages);
	if (err) {
		/* A mlocked page is locked by somebody: its owner has to let go first. */
		wait_done(m, ctx.task);
		munlock_give_up(m, pid, ctx.progress.munlock_at);
		return hmmu_fail(m, -EBUSY, HMMU_ERR_BUSY, "process %u waits for the lock of a mlocked page", pid);
	}
	mm_of(m, pid)->state = MM_DEAD;
	free_other_tasks(m, pid);
	mm_free(m, pid);
	return 0;
}
