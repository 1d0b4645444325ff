/* SPDX-License-Identifier: GPL-2.0-only */
/** @file task_work.h What a call does when it has given its locks up: it closes the files that it has unmapped. */
#ifndef HMMU_TASK_WORK_H
#define HMMU_TASK_WORK_H

#include "host/machine.h"

/** A mapping gives its file up. The last mapping of the unlinked file leaves it to the task to close the file. */
static void fput(struct ctx *ctx, u32 file);
/** At the end of a call that has unmapped files: drop mmap_sem, and close those that have no mapping any more. Returns
 * @p result, or BLOCKED: a page is locked. The wait ends with ctx.resume RESUME_TASK_WORK. */
static int task_work_run(struct ctx *ctx, int result);
/** The result of the call whose wait ended with RESUME_TASK_WORK. */
static inline int task_work_result(const struct ctx *ctx)
{
	return ctx->self->work_result;
}
/** A call is given up: its files are closed at once, also if somebody has locked pages of them. */
static void task_work_give_up(struct hmmu *m, struct task *task);

#endif
