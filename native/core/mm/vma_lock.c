/* SPDX-License-Identifier: GPL-2.0-only */
/* Locks of mappings: who holds one while it waits, and who waits for one. */
#include "mm/vma_lock.h"

int vma_start_write_slow(struct ctx *ctx, u32 vma)
{
	struct task *task = ctx->self;

	vma_of(ctx->m, vma)->write_locked = 1;
	ctx->space->vmas_marked = 1;
	if (!vma_of(ctx->m, vma)->readers)
		return 0;
	task->wait = HMMU_WAIT_VMA_LOCK;
	task->vma_lock = vma;
	return note_wait(ctx);
}

void vma_lock_keep(struct ctx *ctx)
{
	ctx->self->vma_lock = ctx->vma_lock;
	vma_of(ctx->m, ctx->vma_lock)->readers++;
	ctx->space->vma_readers++;
}

void vma_lock_let_go(struct hmmu *m, struct task *task, u32 wait)
{
	if (wait != HMMU_WAIT_VMA_LOCK) {
		vma_of(m, task->vma_lock)->readers--;
		mm_of(m, task->mm)->vma_readers--;
	}
	task->vma_lock = 0;
}

void vma_end_write_all_slow(struct hmmu *m, u32 mm)
{
	for (u32 vma = mm_of(m, mm)->mmap; vma; vma = vma_of(m, vma)->next)
		vma_of(m, vma)->write_locked = 0;
	mm_of(m, mm)->vmas_marked = 0;
}
