/* SPDX-License-Identifier: GPL-2.0-only */
/* Locks of mappings: who holds one while it waits, and who waits for one. */
#include "mm/vma_lock.h"

int vma_start_write_slow(struct ctx *ctx, u32 vma)
{
	struct task *task = ctx->self;

	vma_of(ctx->m, vma)->write_locked = 1;
	ctx->space->vmas_marked = 1;
	if (!vma_is_read(ctx->m, vma))
		return 0;
	task->wait = HMMU_WAIT_VMA_LOCK;
	task->vma_lock = vma;
	return note_wait(ctx);
}

bool vma_is_read(const struct hmmu *m, u32 vma)
{
	if (!mm_of(m, vma_of(m, vma)->mm)->vma_readers)
		return false;
	for (u32 task = 1; task < m->st->slabs[SLAB_TASK].high; task++) {
		const struct task *t = task_of(m, task);

		if (t->vma_lock == vma && t->wait != HMMU_WAIT_VMA_LOCK)
			return true;
	}
	return false;
}

void vma_lock_keep(struct ctx *ctx)
{
	ctx->self->vma_lock = ctx->vma_lock;
	ctx->space->vma_readers++;
}

void vma_lock_let_go(struct hmmu *m, struct task *task, u32 wait)
{
	task->vma_lock = 0;
	if (wait != HMMU_WAIT_VMA_LOCK)
		mm_of(m, task->mm)->vma_readers--;
}

void vma_end_write_all_slow(struct hmmu *m, u32 mm)
{
	for (u32 vma = mm_of(m, mm)->mmap; vma; vma = vma_of(m, vma)->next)
		vma_of(m, vma)->write_locked = 0;
	mm_of(m, mm)->vmas_marked = 0;
}
