/* SPDX-License-Identifier: GPL-2.0-only */
/** @file task.h Tasks: the beginning and the end of their calls, mmap_sem, waiting. */
#ifndef HMMU_TASK_H
#define HMMU_TASK_H

#include "host/migration.h"
#include "mm/call.h"
#include "page/page.h"

/** Result of internal calls, besides 0 and negative errnos: the task waits, and its wait is recorded. Callers see
 * -EAGAIN. */
#define BLOCKED (-4095)

static int task_enter_slow(struct hmmu *m, u32 tid, const struct call *call, struct ctx *ctx);
static int task_leave_slow(struct ctx *ctx, const struct call *call, int result);
/** task_enter() of a task that is in no call, unless something else is to be looked at. */
static ALWAYS_INLINE bool task_enter_idle(struct hmmu *m, u32 tid, struct ctx *ctx)
{
	const struct task *task = task_of(m, tid);

	if (!SHORTCUTS || tid - 1u >= m->st->slabs[SLAB_TASK].high - 1u || !task->mm || (task->op | m->in_page_free))
		return false;
	/* In a call from a callback the call around it keeps its semaphore. */
	*ctx = (struct ctx){
		.m = m,
		.self = task_of(m, tid),
		.space = mm_of(m, task->mm),
		.task = tid,
		.mm = task->mm,
		.cpu = task->cpu,
		.nested = task->sem_hold,
	};
	return true;
}
/** Begin a call of a task: checks the handle and finds out whether this is the blocked call, which goes on. The call is
 * passed by value, so that it is put together only where it is looked at. */
static ALWAYS_INLINE int task_enter(struct hmmu *m, u32 tid, struct call call, struct ctx *ctx)
{
	if (!task_enter_idle(m, tid, ctx)) {
		const struct call made = call;

		return task_enter_slow(m, tid, &made, ctx);
	}
	return 0;
}
/** End a call: a result of BLOCKED keeps wait, progress and semaphore, any other drops the semaphore. */
static ALWAYS_INLINE int task_leave(struct ctx *ctx, struct call call, int result)
{
	const struct task *task = ctx->self;

	if (!SHORTCUTS || result || task->op || task->sem_hold) {
		const struct call made = call;

		return task_leave_slow(ctx, &made, result);
	}
	return 0;
}
/** mmap_sem of the task's mm. 0 or BLOCKED; 0 at once if the task has it. */
static int down_slow(struct ctx *ctx, bool write);
static inline int down_read(struct ctx *ctx)
{
	struct rwsem *sem = &ctx->space->mmap_sem;
	struct task *task = ctx->self;

	if (!SHORTCUTS)
		return down_slow(ctx, false);
	if (task->sem_hold)
		return 0;
	/* The call around this one, if there was one, has ended meanwhile. */
	ctx->nested = false;
	if (sem->writer | sem->first_waiter)
		return down_slow(ctx, false);
	task->sem_hold = SEM_READ;
	sem->readers++;
	return 0;
}
static inline int down_write(struct ctx *ctx)
{
	return down_slow(ctx, true);
}
static inline void sem_drop(struct task *task, struct rwsem *sem)
{
	if (task->sem_hold == SEM_READ)
		sem->readers--;
	else if (task->sem_hold == SEM_WRITE)
		sem->writer = 0;
	task->sem_hold = SEM_NONE;
}
/** The semaphore was given up, or a waiter has gone: readers that may come in now are in. Linux 6.12. */
static void sem_wake(struct hmmu *m, struct mm *space);
/** The writer gives mmap_lock up: its marks go. */
static void vma_end_write_all_slow(struct mm *space);
static inline void vma_end_write_all(struct hmmu *m, const struct task *task)
{
	if (KERNEL >= V6_12 && task->sem_hold == SEM_WRITE && mm_of(m, task->mm)->vmas_marked)
		vma_end_write_all_slow(mm_of(m, task->mm));
}
/** A migration that the task has begun meanwhile keeps the semaphore until it ends. */
static inline void up_sem(struct ctx *ctx)
{
	vma_end_write_all(ctx->m, ctx->self);
	if (ctx->self->migrations) {
		ctx->self->sem_of_migration = 1;
		return;
	}
	sem_drop(ctx->self, &ctx->space->mmap_sem);
	if (KERNEL >= V6_12 && ctx->space->mmap_sem.first_waiter)
		sem_wake(ctx->m, ctx->space);
}
static void downgrade_write(struct ctx *ctx);
/** wait_on_page_locked() or lock_page(): returns BLOCKED with the wait recorded. With @p with_ref the caller hands its
 * reference over to the wait. -EDEADLK: a migration of this very task has the page, and a callback of it makes this
 * call; a kernel would hang. */
static int wait_on_page(struct ctx *ctx, u32 pfn, bool with_ref, enum resume resume);
/** Take a page's lock: 0, or what wait_on_page() returns. The call goes on with the lock, after a wait with a reference. */
static inline int lock_page(struct ctx *ctx, u32 pfn)
{
	if (trylock_page(ctx->m, pfn))
		return 0;
	get_page(ctx->m, pfn);
	return wait_on_page(ctx, pfn, true, RESUME_LOCKED);
}
/** 0, or -ESRCH with an error if there is no such task. */
static int check_task(const struct hmmu *m, u32 tid);
/** Give up the call that a task is blocked in, with all that the call holds. */
static void task_abandon(struct hmmu *m, u32 tid);
/** A callback has left a call of this task blocked: give it up, as it can't go on after the call around it. */
static void abandon_nested_call(struct ctx *ctx);
/** Drop what a wait that is over holds. */
static void wait_done(struct hmmu *m, u32 task);
static bool task_ready(const struct hmmu *m, u32 task);
/** A task begins to wait; returns what its call then does. */
static int note_wait(struct ctx *ctx);
static u32 task_alloc(struct hmmu *m, u32 mm);
static void task_free(struct hmmu *m, u32 task);

#endif
