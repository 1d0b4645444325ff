/* SPDX-License-Identifier: GPL-2.0-only */
/* mmap_lock for drivers: mmap_read_lock(), mmap_write_lock() and their ends. Calls between keep the lock. */
#include "call/mmap_lock.h"

#include <errno.h>

#include "call/syscall.h"

static int fail_has_lock(struct hmmu *m, u32 tid)
{
	return hmmu_fail(m, -EDEADLK, HMMU_ERR_BUSY, "task %u has mmap_lock already, and would wait for itself", tid);
}

int hmmu_mmap_lock(struct hmmu *m, uint32_t tid, bool write)
{
	const struct call call = { .op = OP_MMAP_LOCK, .args = { write } };
	struct ctx ctx;
	int err = task_enter(m, tid, call, &ctx);

	if (err)
		return err;
	if (ctx.nested)
		return fail_has_lock(m, tid);
	err = write ? down_write(&ctx) : down_read(&ctx);
	if (err)
		return task_leave(&ctx, call, err);
	ctx.self->sem_of_driver = 1;
	return 0;
}

int driver_enter(struct hmmu *m, u32 tid, struct ctx *ctx)
{
	int err = check_task(m, tid);

	if (!err)
		err = check_outside_page_free(m);
	if (err)
		return err;
	*ctx = (struct ctx){ .m = m, .task = tid, .self = task_of(m, tid) };
	ctx->mm = ctx->self->mm;
	ctx->space = mm_of(m, ctx->mm);
	ctx->cpu = ctx->self->cpu;
	if (!ctx->self->sem_of_driver)
		return hmmu_fail(m, -EINVAL, HMMU_ERR_REFERENCE, "task %u has not taken mmap_lock", tid);
	return 0;
}

int hmmu_mmap_unlock(struct hmmu *m, uint32_t tid)
{
	struct ctx ctx;
	int err = driver_enter(m, tid, &ctx);

	if (err)
		return err;
	if (ctx.self->op)
		return hmmu_fail(m, -EBUSY, HMMU_ERR_BUSY, "task %u is in the middle of a call", tid);
	ctx.self->sem_of_driver = 0;
	up_sem(&ctx);
	return 0;
}
