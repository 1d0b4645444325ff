/* SPDX-License-Identifier: GPL-2.0-only */
/* The end of a process. */
#include <errno.h>

#include "call/unmap.h"
#include "host/arena.h"
#include "host/stats.h"
#include "mm/mm.h"
#include "mm/task.h"
#include "mm/task_work.h"

/* Whether a task of the process is in the middle of a call, or would have to be waited for. One that holds mmap_sem is in
 * a fault whose handler makes this call. */
static bool process_busy(const struct hmmu *m, u32 pid)
{
	u32 first = mm_of(m, pid)->main_task, task = first;

	if (mm_of(m, pid)->migrations)
		return true;
	do {
		if (task_of(m, task)->op || task_of(m, task)->sem_hold)
			return true;
		task = task_of(m, task)->thread_next;
	} while (task != first);
	return false;
}

/* The first one goes with the address space. */
static void free_other_tasks(struct hmmu *m, u32 pid)
{
	u32 first = mm_of(m, pid)->main_task;

	while (task_of(m, first)->thread_next != first)
		task_free(m, task_of(m, first)->thread_next);
}

static bool process_exits(const struct hmmu *m, u32 pid)
{
	return task_of(m, mm_of(m, pid)->main_task)->op == OP_EXIT;
}

/* exit_mm(): the address space goes, and all tasks but the one that waits. 4.14 has to wait for mlocked pages first. */
static int exit_mm(struct ctx *ctx)
{
	struct hmmu *m = ctx->m;
	int err = exit_mmap(ctx);

	/* The wait is given up with all that it notes: the task is in no call afterwards. */
	if (err) {
		ctx->self->progress = ctx->progress;
		task_abandon(m, ctx->task);
		return hmmu_fail(m, -EBUSY, HMMU_ERR_BUSY, "process %u waits for the lock of a mlocked page", ctx->mm);
	}
	free_other_tasks(m, ctx->mm);
	return 0;
}

static int do_exit(struct ctx *ctx)
{
	struct hmmu *m = ctx->m;
	u64 pages = resident_pages(m, ctx->mm);
	struct span span = span_begin(m, HMMU_SPAN_EXIT);
	int err = ctx->resume == RESUME_TASK_WORK ? 0 : exit_mm(ctx);

	err = task_work_run(ctx, err);
	span_end(m, &span, 1, pages);
	return err;
}

int hmmu_exit(struct hmmu *m, uint32_t pid)
{
	const struct call call = { .op = OP_EXIT };
	struct ctx ctx;
	int err = check_process(m, pid);

	if (!err)
		err = check_outside_page_free(m);
	if (err)
		return err;
	if (!process_exits(m, pid) && process_busy(m, pid))
		return hmmu_fail(m, -EBUSY, HMMU_ERR_BUSY, "process %u migrates, or a task of it is in a call", pid);
	err = task_enter(m, mm_of(m, pid)->main_task, call, &ctx);
	if (err)
		return err;
	err = do_exit(&ctx);
	if (err)
		return task_leave(&ctx, call, err);
	mm_of(m, pid)->state = MM_DEAD;
	mm_free(m, pid);
	return 0;
}
