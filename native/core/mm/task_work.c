/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * fput(): a task closes the files that it has unmapped before it returns to its user, or as the last thing before it is
 * gone. It has given its locks up by then, and its mappings. The last file comes first ("task_work: remove fifo ordering
 * guarantee").
 */
#include "mm/task_work.h"

#include "mm/file.h"
#include "mm/swapped_file.h"
#include "mm/task.h"

void fput(struct ctx *ctx, u32 file)
{
	struct task *task = task_of(ctx->m, ctx->task);
	struct file *f = file_of(ctx->m, file);

	if (--f->users)
		return;
	f->next = task->task_works;
	task->task_works = file;
}

/* shmem_evict_inode() */
static int evict_file(struct ctx *ctx, u32 file)
{
	u32 page;
	int err;

	if (ctx->resume != RESUME_TASK_WORK)
		truncate_unlocked(ctx, file, 0);
	ctx->resume = RESUME_RETRY;
	for (err = next_to_truncate(ctx, file, RESUME_TASK_WORK, &page); !err && page;
	     err = next_to_truncate(ctx, file, RESUME_TASK_WORK, &page))
		truncate_page(ctx->m, page);
	return err;
}

/* A page may have been reclaimed while the task waited for another one. */
static void close_first(struct hmmu *m, struct task *task)
{
	u32 file = task->task_works;

	truncate_swapped(m, file, 0);
	task->task_works = file_of(m, file)->next;
	file_free(m, file);
}

int task_work_run(struct ctx *ctx, int result)
{
	struct task *task = ctx->self;

	if (!task->task_works || result == BLOCKED)
		return result;
	up_sem(ctx);
	while (task->task_works) {
		int err = evict_file(ctx, task->task_works);

		task->work_result = err ? result : 0;
		if (err)
			return err;
		close_first(ctx->m, task);
	}
	return result;
}

void task_work_give_up(struct hmmu *m, struct task *task)
{
	for (; task->task_works; close_first(m, task))
		truncate_pages(m, task->task_works, 0, true);
	task->work_result = 0;
}
